/* COPY members from folders. Names cannot leave the folders. */
#include "cobol/copybook.h"

#include "base/file.h"

#include <ctype.h>

static bool
is_plain_name(struct str name)
{
    if (name.n == 0 || name.n > 128 || name.p[0] == '.')
        return false;
    for (size_t i = 0; i < name.n; i++)
        if (!isalnum((unsigned char)name.p[i]) &&
            str_find_char(STR("-_.$#@"), name.p[i]) == STR_NPOS)
            return false;
    return true;
}

static enum err
read_member(struct arena *arena, const char *path, struct str *text)
{
    struct buf file;
    enum err e;

    buf_init(&file, COPYBOOK_TEXT_MAX);
    e = file_read(path, &file, NULL);
    if (e == ERR_OK) {
        *text = str_dup(arena, buf_view(&file));
        if (text->p == NULL)
            e = file.n > 0 ? ERR_MEMORY : ERR_OK;
    }
    buf_fini(&file);
    return e;
}

enum err
copybook_find_file(void *ctx, struct str name, struct str library,
                   struct str *text)
{
    static const char *const endings[] = { "",     ".cpy", ".cbl", ".cob",
                                           ".CPY", ".CBL", ".COB" };
    const struct copybook_path *path = ctx;

    (void)library; /* one search path serves all libraries */
    if (!is_plain_name(name))
        return ERR_NOT_FOUND;
    for (size_t i = 0; i < path->n; i++)
        for (int form = 0; form < 3; form++) {
            struct str spelled = form == 0   ? name
                                 : form == 1 ? str_lower(path->arena, name)
                                             : str_upper(path->arena, name);

            for (size_t k = 0; k < ARRAY_LEN(endings); k++) {
                struct str full =
                    str_fmt(path->arena, "%s/" STR_FMT "%s", path->folders[i],
                            STR_ARG(spelled), endings[k]);
                enum err e;

                if (full.p == NULL)
                    return ERR_MEMORY;
                e = read_member(path->arena, full.p, text);
                if (e == ERR_OK || e == ERR_MEMORY || e == ERR_LIMIT)
                    return e;
            }
        }
    return ERR_NOT_FOUND;
}
