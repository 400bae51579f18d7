/* Files found by their folder: drop-ins, and variables named by files. */
#include "config/raw.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/msg.h"
#include "base/vec.h"

/* ---- drop-ins ---- */

static int
by_lower_name(const void *a, const void *b)
{
    const char *left = *(char *const *)a, *right = *(char *const *)b;
    int order = strcasecmp(left, right);

    return order != 0 ? order : strcmp(left, right);
}

struct names {
    char **v;
    size_t n, cap;
};

static void
names_fini(struct names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->v[i]);
    VEC_FREE(names);
}

/* Names in the folder, without those starting with "."; missing is empty. */
static enum err
list_folder(struct loading *l, const char *path, struct names *out,
            struct err_info *why)
{
    DIR *dir = l->options->read_file != NULL ? NULL : opendir(path);
    struct dirent *entry;
    enum err e = ERR_OK;

    while (dir != NULL && e == ERR_OK && (entry = readdir(dir)) != NULL) {
        char *name;

        if (entry->d_name[0] == '.')
            continue;
        name = strdup(entry->d_name);
        if (name == NULL || out->n >= l->limits.max_includes ||
            !VEC_PUSH(out, name)) {
            e = err_set(why, ERR_LIMIT, "%s: more than %u files", path,
                        l->limits.max_includes);
            free(name);
        }
    }
    if (dir != NULL)
        closedir(dir);
    if (out->n > 1)
        qsort(out->v, out->n, sizeof *out->v, by_lower_name);
    return e;
}

bool
raw_is_regular(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

enum err
raw_read_dropins(struct loading *l, const char *which, struct err_info *why)
{
    struct str folder = loading_fmt(l, STR_FMT "/configDropins/%s",
                                    STR_ARG(l->options->server_dir), which);
    struct names names = { 0 };
    enum err e;

    if (folder.n == 0 || !raw_monitor(l, folder))
        return raw_no_storage(why);
    e = list_folder(l, folder.p, &names, why);
    for (size_t i = 0; i < names.n && e == ERR_OK && !l->is_stopped; i++) {
        struct raw_doc *doc = ARENA_NEW(l->arena, struct raw_doc);
        struct str path =
            loading_fmt(l, STR_FMT "/%s", STR_ARG(folder), names.v[i]);

        if (doc == NULL || path.n == 0) {
            e = raw_no_storage(why);
            break;
        }
        doc->path = path;
        if (!str_ends(str_lower(l->arena, path), STR(".xml")) ||
            !raw_is_regular(path.p))
            continue;
        if (!raw_monitor(l, path)) {
            e = raw_no_storage(why);
            break;
        }
        SAY(l, "CWWKG0093A", path);
        e = raw_read_document(l, doc, true, why);
    }
    names_fini(&names);
    return e;
}

/* ---- the variables directory ---- */

static enum err
add_file_variable(struct loading *l, struct str path, struct str name,
                  struct err_info *why)
{
    struct str *value = ARENA_NEW(l->arena, struct str);
    struct buf text;
    struct str rest, line = STR("");
    enum err e;

    if (!raw_monitor(l, path))
        return raw_no_storage(why);
    buf_init(&text, l->limits.max_value_bytes);
    e = file_read(path.p, &text, why);
    rest = buf_view(&text);
    if (e == ERR_OK && rest.n > 0)
        (void)str_line(&rest, &line);
    if (value != NULL && e == ERR_OK)
        *value = str_dup(l->arena, line);
    if (e == ERR_OK && (value == NULL || value->p == NULL ||
                        !table_put(&l->folder, name, value, NULL)))
        e = raw_no_storage(why);
    buf_fini(&text);
    return e == ERR_MEMORY || e == ERR_LIMIT ? e : ERR_OK;
}

static enum err
read_below(struct loading *l, struct str folder, const char *prefix,
           unsigned depth, struct err_info *why)
{
    struct names names = { 0 };
    enum err e = list_folder(l, folder.p, &names, why);

    for (size_t i = 0; i < names.n && e == ERR_OK; i++) {
        struct str path =
            loading_fmt(l, STR_FMT "/%s", STR_ARG(folder), names.v[i]);
        struct str name = loading_fmt(l, "%s%s", prefix, names.v[i]);
        struct stat st;

        if (path.n == 0 || name.n == 0 || stat(path.p, &st) != 0)
            continue;
        if (S_ISREG(st.st_mode))
            e = add_file_variable(l, path, name, why);
        else if (S_ISDIR(st.st_mode) && depth == 0)
            e = read_below(
                l, path, loading_fmt(l, STR_FMT "/", STR_ARG(name)).p, 1, why);
    }
    names_fini(&names);
    return e;
}

enum err
raw_read_variables(struct loading *l, struct str folder, struct err_info *why)
{
    return read_below(l, folder, "", 0, why);
}
