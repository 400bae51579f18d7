#include "toolkit/properties.h"

#include <string.h>

struct scan {
    struct arena *arena;
    struct str rest;
    struct str file;
    uint32_t line;
    struct err_info *why;
};

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\f';
}

static bool
ends_in_continuation(struct str line)
{
    size_t n = 0;

    while (n < line.n && line.p[line.n - 1 - n] == '\\')
        n++;
    return n % 2 == 1;
}

/* The next logical line: comments and empty lines skipped, continued lines
 * joined without their leading blanks. */
static bool
logical_line(struct scan *s, struct str *out, uint32_t *first_line)
{
    struct str line, joined = { 0 };
    bool continues = false;

    while (str_line(&s->rest, &line)) {
        s->line++;
        while (line.n > 0 && is_blank(line.p[0]))
            line = str_sub(line, 1, line.n);
        if (!continues && (line.n == 0 || line.p[0] == '#' || line.p[0] == '!'))
            continue;
        if (!continues)
            *first_line = s->line;
        continues = ends_in_continuation(line);
        if (continues)
            line.n--;
        joined = joined.p == NULL ? line
                                  : str_fmt(s->arena, STR_FMT STR_FMT,
                                            STR_ARG(joined), STR_ARG(line));
        if (!continues)
            break;
    }
    *out = joined;
    return joined.p != NULL;
}

static bool
hex4(struct str text, uint32_t *out)
{
    uint32_t value = 0;

    for (size_t i = 0; i < 4; i++) {
        const char *digits = "0123456789abcdef";
        const char *at =
            i < text.n && text.p[i] != '\0'
                ? strchr(digits, text.p[i] | (text.p[i] >= 'A' ? 0x20 : 0))
                : NULL;

        if (at == NULL)
            return false;
        value = value * 16 + (uint32_t)(at - digits);
    }
    *out = value;
    return true;
}

static size_t
put_utf8(char *p, uint32_t c)
{
    if (c < 0x80) {
        p[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        p[0] = (char)(0xc0 | c >> 6);
        p[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    p[0] = (char)(0xe0 | c >> 12);
    p[1] = (char)(0x80 | (c >> 6 & 0x3f));
    p[2] = (char)(0x80 | (c & 0x3f));
    return 3;
}

static enum err
unescape(struct scan *s, struct str in, uint32_t line, struct str *out)
{
    char *p = arena_alloc(s->arena, in.n + 1);
    size_t n = 0;

    if (p == NULL)
        return err_set(s->why, ERR_MEMORY, "no storage");
    for (size_t i = 0; i < in.n; i++) {
        uint32_t code;

        if (in.p[i] != '\\' || i + 1 == in.n) {
            p[n++] = in.p[i];
            continue;
        }
        switch (in.p[++i]) {
        case 't':
            p[n++] = '\t';
            break;
        case 'n':
            p[n++] = '\n';
            break;
        case 'r':
            p[n++] = '\r';
            break;
        case 'f':
            p[n++] = '\f';
            break;
        case 'u':
            if (!hex4(str_sub(in, i + 1, in.n), &code) ||
                (code >= 0xd800 && code < 0xe000) || code == 0)
                return err_pos(s->why, ERR_SYNTAX, line, 0,
                               STR_FMT ":%u: \\u needs four hexadecimal "
                                       "digits of a character",
                               STR_ARG(s->file), line);
            n += put_utf8(p + n, code);
            i += 4;
            break;
        default:
            p[n++] = in.p[i];
            break;
        }
    }
    p[n] = '\0';
    *out = str_n(p, n);
    return ERR_OK;
}

/* Key up to the first plain =, : or blank. */
static void
split(struct str line, struct str *key, struct str *value)
{
    size_t i = 0;

    while (i < line.n && line.p[i] != '=' && line.p[i] != ':' &&
           !is_blank(line.p[i]))
        i += line.p[i] == '\\' ? 2 : 1;
    *key = str_sub(line, 0, i);
    while (i < line.n && is_blank(line.p[i]))
        i++;
    if (i < line.n && (line.p[i] == '=' || line.p[i] == ':'))
        i++;
    while (i < line.n && is_blank(line.p[i]))
        i++;
    *value = str_sub(line, i, line.n);
}

static struct property *
find(const struct properties *p, struct str key)
{
    for (size_t i = 0; i < p->n; i++)
        if (str_eq(p->rows[i].key, key))
            return &p->rows[i];
    return NULL;
}

enum err
properties_read(struct arena *arena, struct str text, struct str file,
                struct properties *out, struct err_info *why)
{
    struct scan s = { arena, text, file, 0, why };
    struct properties p = { .file = file };
    struct str line;
    uint32_t at = 0;

    if (text.p == NULL)
        s.rest = STR("");
    p.rows = ARENA_ARRAY(arena, struct property, PROPERTIES_MAX);
    if (p.rows == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    while (logical_line(&s, &line, &at)) {
        struct str raw_key, raw_value, key, value;
        struct property *row;
        enum err e;

        split(line, &raw_key, &raw_value);
        if ((e = unescape(&s, raw_key, at, &key)) != ERR_OK ||
            (e = unescape(&s, raw_value, at, &value)) != ERR_OK)
            return e;
        row = find(&p, key);
        if (row == NULL && p.n == PROPERTIES_MAX)
            return err_pos(why, ERR_LIMIT, at, 0,
                           STR_FMT ":%u: more than %u properties",
                           STR_ARG(file), at, PROPERTIES_MAX);
        if (row == NULL)
            row = &p.rows[p.n++];
        *row = (struct property){ key, value, at, false };
    }
    *out = p;
    return ERR_OK;
}

struct str
properties_get(struct properties *p, const char *key)
{
    struct property *row = find(p, str_of(key));

    if (row == NULL)
        return (struct str){ 0 };
    row->is_used = true;
    return str_trim(row->value);
}

const struct property *
properties_unused(const struct properties *p, size_t *pos)
{
    while (*pos < p->n) {
        const struct property *row = &p->rows[(*pos)++];

        if (!row->is_used)
            return row;
    }
    return NULL;
}

enum err
properties_need(struct properties *p, const char *key, struct str *out,
                struct err_info *why)
{
    struct str value = properties_get(p, key);

    if (value.n == 0)
        return err_set(why, ERR_NOT_FOUND,
                       STR_FMT ": the property %s is missing", STR_ARG(p->file),
                       key);
    *out = value;
    return ERR_OK;
}

enum err
properties_flag(struct properties *p, const char *key, bool *out,
                struct err_info *why)
{
    struct str value = properties_get(p, key);

    if (value.n == 0)
        return ERR_OK;
    if (!str_eq_nocase_z(value, "true") && !str_eq_nocase_z(value, "false"))
        return err_set(why, ERR_SYNTAX,
                       STR_FMT ": %s=" STR_FMT ": expected true or false",
                       STR_ARG(p->file), key, STR_ARG(value));
    *out = str_eq_nocase_z(value, "true");
    return ERR_OK;
}

enum err
properties_number(struct properties *p, const char *key, uint32_t min,
                  uint32_t max, uint32_t *out, struct err_info *why)
{
    struct str value = properties_get(p, key);
    uint64_t number;

    if (value.n == 0)
        return ERR_OK;
    if (!str_to_u64(value, &number) || number < min || number > max)
        return err_set(why, ERR_RANGE,
                       STR_FMT ": %s=" STR_FMT ": expected a number in %u..%u",
                       STR_ARG(p->file), key, STR_ARG(value), min, max);
    *out = (uint32_t)number;
    return ERR_OK;
}
