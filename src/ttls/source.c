#include "ttls/source.h"

#include <string.h>
#include <unistd.h>

#include "base/codepage.h"
#include "base/file.h"

static bool
is_part(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              (c != '\0' && strchr("$#@.-", c) != NULL)))
            return false;
    }
    return s.n > 0 && s.p[0] != '.' && str_find(s, STR("..")) == STR_NPOS;
}

/* //'HLQ.NAME' or //'HLQ.NAME(MEMBER)'; apostrophes may be left out */
static enum err
data_set(struct arena *arena, struct str name, char **out, struct err_info *why)
{
    struct str dsn = str_sub(name, 2, name.n), member = { 0 };
    size_t open;

    if (dsn.n >= 2 && dsn.p[0] == '\'' && dsn.p[dsn.n - 1] == '\'')
        dsn = str_sub(dsn, 1, dsn.n - 1);
    dsn = str_upper(arena, dsn);
    open = str_find_char(dsn, '(');
    if (open != STR_NPOS && dsn.p[dsn.n - 1] == ')') {
        member = str_sub(dsn, open + 1, dsn.n - 1);
        dsn = str_sub(dsn, 0, open);
    }
    if (!is_part(dsn) || dsn.n > 44 ||
        (open != STR_NPOS && (!is_part(member) || member.n > 8 ||
                              str_find_char(member, '.') != STR_NPOS)))
        return err_set(why, ERR_SYNTAX,
                       "\"%.*s\" is not a data set; expected "
                       "//'HLQ.NAME(MEMBER)'",
                       name.n > 80 ? 80 : (int)name.n, name.p);
    *out = open == STR_NPOS
               ? root_path(arena, "datasets/" STR_FMT, STR_ARG(dsn))
               : root_path(arena, "datasets/" STR_FMT "/" STR_FMT, STR_ARG(dsn),
                           STR_ARG(member));
    return *out == NULL ? ERR_MEMORY : ERR_OK;
}

enum err
source_path(struct arena *arena, struct str name, char **out,
            struct err_info *why)
{
    if (str_starts(name, STR("//")))
        return data_set(arena, name, out, why);
    if (name.n == 0 || name.p[0] != '/' || memchr(name.p, '\0', name.n) != NULL)
        return err_set(why, ERR_SYNTAX,
                       "\"%.*s\" is not a path; expected /path or "
                       "//'HLQ.NAME(MEMBER)'",
                       name.n > 80 ? 80 : (int)name.n, name.p);
    *out = root_path(arena, STR_FMT, STR_ARG(str_sub(name, 1, name.n)));
    if (*out != NULL && access(*out, F_OK) != 0)
        *out = str_z(arena, name);
    return *out == NULL ? ERR_MEMORY : ERR_OK;
}

/* EBCDIC has neither: its blank is 0x40, its line ends 0x15 and 0x25. */
static bool
is_utf8(struct str text)
{
    size_t at;

    return text.n == 0 || ((str_find_char(text, '\n') != STR_NPOS ||
                            str_find_char(text, ' ') != STR_NPOS) &&
                           utf8_valid(text, &at));
}

/* Editors may begin a file with a byte order mark: no part of a word. */
static struct str
without_mark(struct str text)
{
    return str_starts(text, STR("\xef\xbb\xbf")) ? str_sub(text, 3, text.n)
                                                 : text;
}

static enum err
convert(struct str bytes, struct str codepage, struct buf *out,
        struct err_info *why)
{
    const struct codepage *page;
    uint32_t ccsid = 1047;
    enum err e =
        codepage.n == 0 ? ERR_OK : codepage_parse(codepage, &ccsid, why);

    if (e != ERR_OK)
        return e;
    page = codepage_find(ccsid);
    if (page == NULL)
        return err_set(why, ERR_UNSUPPORTED, "code page %u is not known",
                       ccsid);
    return codepage_decode(page, bytes, out, why);
}

/* NEL, the line end of z/OS UNIX files, arrives as U+0085. */
static void
fix_line_ends(struct buf *text)
{
    size_t n = 0;

    for (size_t i = 0; i < text->n; i++) {
        if (i + 1 < text->n && (unsigned char)text->p[i] == 0xc2 &&
            (unsigned char)text->p[i + 1] == 0x85) {
            text->p[n++] = '\n';
            i++;
        } else {
            text->p[n++] = text->p[i];
        }
    }
    text->n = n;
}

enum err
source_read_file(const char *path, struct str codepage, size_t max_bytes,
                 struct buf *out, struct err_info *why)
{
    struct buf bytes;
    enum err e;

    buf_init(&bytes, max_bytes);
    e = file_read(path, &bytes, why);
    if (e == ERR_OK && is_utf8(buf_view(&bytes))) {
        buf_add(out, without_mark(buf_view(&bytes)));
        e = buf_check(out, why);
    } else if (e == ERR_OK) {
        e = convert(buf_view(&bytes), codepage, out, why);
        if (e == ERR_OK)
            fix_line_ends(out);
        else
            err_prefix(why, "%s", path);
    }
    buf_fini(&bytes);
    return e;
}

enum err
source_read(struct str name, struct str codepage, size_t max_bytes,
            struct buf *out, struct err_info *why)
{
    struct arena arena;
    char *path;
    enum err e;

    arena_init(&arena, 64 * 1024);
    e = source_path(&arena, name, &path, why);
    if (e == ERR_OK)
        e = source_read_file(path, codepage, max_bytes, out, why);
    arena_fini(&arena);
    return e;
}
