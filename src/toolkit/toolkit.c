#include "toolkit/toolkit.h"

#include "base/file.h"
#include "base/msg.h"

#include <string.h>

#define TOOLKIT_ARENA_MAX ((size_t)512 << 20)

void
toolkit_init(struct toolkit *tk, FILE *out)
{
    *tk = (struct toolkit){ .out = out };
    arena_init(&tk->arena, TOOLKIT_ARENA_MAX);
}

void
toolkit_fini(struct toolkit *tk)
{
    arena_fini(&tk->arena);
}

void
toolkit_say(struct toolkit *tk, const char *id, const struct str *inserts,
            size_t n)
{
    struct buf line;
    char severity = id[strlen(id) - 1];

    if (severity == 'W')
        tk->n_warnings++;
    if (severity == 'E' || severity == 'S')
        tk->n_errors++;
    buf_init(&line, 65536);
    msg_line(&line, id, inserts, n);
    fprintf(tk->out, STR_FMT "\n", STR_ARG(buf_view(&line)));
    buf_fini(&line);
}

enum err
toolkit_read(struct toolkit *tk, const char *path, struct str *out,
             struct err_info *why)
{
    struct buf bytes;
    enum err e;

    if (tk->is_verbose && path != NULL)
        fprintf(tk->out, "Reading %s\n", path);
    buf_init(&bytes, TOOLKIT_FILE_MAX);
    e = path == NULL ? err_set(why, ERR_MEMORY, "no storage")
                     : file_read(path, &bytes, why);
    if (e == ERR_OK) {
        *out = str_dup(&tk->arena, buf_view(&bytes));
        if (out->p == NULL)
            e = err_set(why, ERR_MEMORY, "no storage");
    }
    buf_fini(&bytes);
    return e;
}

char *
toolkit_path(struct toolkit *tk, const char *dir, const char *name)
{
    return name == NULL ? NULL
                        : path_join(&tk->arena, str_of(dir), str_of(name));
}

enum err
toolkit_add(struct toolkit *tk, struct toolkit_items *items, struct str name,
            struct str content, struct err_info *why)
{
    struct zip_item item = { str_dup(&tk->arena, name),
                             str_dup(&tk->arena, content) };

    if (item.name.p == NULL || item.content.p == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    if (items->n == items->cap) {
        size_t cap = items->cap == 0 ? 32 : 2 * items->cap;
        struct zip_item *v = ARENA_ARRAY(&tk->arena, struct zip_item, cap);

        if (v == NULL)
            return err_set(why, ERR_MEMORY, "no storage");
        if (items->n > 0)
            memcpy(v, items->v, items->n * sizeof *v);
        items->v = v;
        items->cap = cap;
    }
    items->v[items->n++] = item;
    return ERR_OK;
}
