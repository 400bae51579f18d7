#include "base/uids.h"

#include "base/file.h"
#include "base/str.h"

#define RANGE_FIRST 50000u
#define RANGE_LAST 59999u

struct uid_range
uid_range_default(void)
{
    return (struct uid_range){ RANGE_FIRST, RANGE_LAST };
}

/* first "-" last */
static bool
read_range(struct str text, struct uid_range *out)
{
    size_t dash = str_find_char(text, '-');
    uint64_t first, last;

    if (dash == STR_NPOS || !str_to_u64(str_sub(text, 0, dash), &first) ||
        !str_to_u64(str_sub(text, dash + 1, text.n), &last) || first == 0 ||
        last < first || last >= UINT32_MAX ||
        (first <= UID_OWN_LAST && last >= UID_OWN_FIRST))
        return false;
    *out = (struct uid_range){ (uint32_t)first, (uint32_t)last };
    return true;
}

/* name=value lines; only uidrange is read. */
static enum err
read_lines(const char *path, struct str rest, struct uid_range *out,
           struct err_info *why)
{
    struct str line;

    for (uint32_t n = 1; str_line(&rest, &line); n++) {
        line = str_trim(line);
        if (!str_starts(line, STR("uidrange=")))
            continue;
        line = str_sub(line, 9, line.n);
        if (!read_range(line, out))
            return err_pos(why, ERR_SYNTAX, n, 10,
                           "%s:%u: uidrange=%.*s; expected first-last, both "
                           "above 0 and without %u-%u (the angel's)",
                           path, n, STR_ARG(line), UID_OWN_FIRST, UID_OWN_LAST);
    }
    return ERR_OK;
}

enum err
uid_range_read(struct uid_range *out, struct err_info *why)
{
    struct uid_range range = uid_range_default();
    struct arena arena;
    struct buf file;
    char *path;
    enum err e = ERR_OK;

    arena_init(&arena, 8192);
    buf_init(&file, 64 * 1024);
    path = root_path(&arena, "etc/image.conf");
    if (path != NULL && file_read(path, &file, NULL) == ERR_OK)
        e = read_lines(path, buf_view(&file), &range, why);
    if (e == ERR_OK)
        *out = range;
    buf_fini(&file);
    arena_fini(&arena);
    return e;
}
