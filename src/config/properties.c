#include "config/properties.h"

#include <string.h>

#include "base/reader.h"
#include "base/vec.h"

#define ENV_VALUE_MAX (64u * 1024u)

void
pairs_fini(struct pairs *p)
{
    VEC_FREE(p);
}

struct cfg_vars
pairs_view(const struct pairs *p)
{
    return (struct cfg_vars){ p->v, p->n };
}

struct str
pairs_get(const struct pairs *p, const char *name)
{
    for (size_t i = p->n; i-- > 0;)
        if (str_eq_z(p->v[i].name, name))
            return p->v[i].value;
    return (struct str){ NULL, 0 };
}

static enum err
add_pair(struct arena *arena, struct pairs *out, struct str name,
         struct str value, struct err_info *why)
{
    struct cfg_var pair = { str_dup(arena, name), str_dup(arena, value) };

    if (out->n >= PROPERTIES_MAX)
        return err_set(why, ERR_LIMIT, "more than %u properties",
                       PROPERTIES_MAX);
    if (pair.name.p == NULL || pair.value.p == NULL || !VEC_PUSH(out, pair))
        return err_set(why, ERR_MEMORY, "no storage for properties");
    return ERR_OK;
}

static bool
is_env_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
            !(c >= '0' && c <= '9') && c != '_')
            return false;
    }
    return name.n > 0;
}

enum err
env_parse(struct arena *arena, struct str text, struct pairs *out,
          void (*refused)(void *arg, uint32_t line, struct str name), void *arg,
          struct err_info *why)
{
    struct str rest = text, line;
    uint32_t number = 0;

    while (str_line(&rest, &line)) {
        size_t eq = str_find_char(line, '=');
        struct str name = str_sub(line, 0, eq == STR_NPOS ? line.n : eq);
        enum err e;

        number++;
        if (str_trim(line).n == 0 || line.p[0] == '#')
            continue;
        if (eq == STR_NPOS || !is_env_name(name)) {
            if (refused != NULL)
                refused(arg, number,
                        eq == STR_NPOS ? (struct str){ NULL, 0 } : name);
            continue;
        }
        e = add_pair(arena, out, name, str_sub(line, eq + 1, line.n), why);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

bool
env_expands(struct str text)
{
    struct str line;

    return str_line(&text, &line) && line.n > 0 && line.p[0] == '#' &&
           str_eq_z(str_trim(str_sub(line, 1, line.n)),
                    "enable_variable_expansion");
}

/* NAME / "{" NAME "}"; a "$" before anything else stands for itself. */
static enum err
expand_name(struct reader *in, const char *(*get)(const char *name),
            struct buf *out, struct err_info *why)
{
    bool has_brace = reader_accept(in, '{');
    size_t from = in->pos;
    char name[256];
    const char *value;
    struct str found;

    while (in->pos < in->in.n &&
           is_env_name(str_sub(in->in, in->pos, in->pos + 1)))
        in->pos++;
    found = str_sub(in->in, from, in->pos);
    if (has_brace && !reader_accept(in, '}'))
        return err_at(why, ERR_SYNTAX, in->pos, "expected }");
    if (found.n == 0) {
        buf_add_z(out, has_brace ? "${}" : "$");
        return ERR_OK;
    }
    value = str_copy_z(found, name, sizeof name) ? get(name) : NULL;
    buf_add_z(out, value == NULL ? "" : value);
    return ERR_OK;
}

enum err
env_expand(struct arena *arena, struct str value,
           const char *(*get)(const char *name), struct str *out,
           struct err_info *why)
{
    struct reader in = reader_of(value);
    struct buf text;
    char quote = '\0';
    enum err e = ERR_OK;

    buf_init(&text, ENV_VALUE_MAX);
    while (e == ERR_OK && in.pos < value.n) {
        char c = value.p[in.pos++];

        if (quote != '\'' && c == '$')
            e = expand_name(&in, get, &text, why);
        else if (quote == '\0' && (c == '"' || c == '\''))
            quote = c;
        else if (c == quote && quote != '\0')
            quote = '\0';
        else if (c == '\\' && quote != '\'' && in.pos < value.n)
            buf_add_char(&text, value.p[in.pos++]);
        else
            buf_add_char(&text, c);
    }
    if (e == ERR_OK && quote != '\0')
        e = err_at(why, ERR_SYNTAX, value.n, "expected %c", quote);
    if (e == ERR_OK)
        e = buf_check(&text, why);
    if (e == ERR_OK) {
        *out = str_dup(arena, buf_view(&text));
        if (out->p == NULL)
            e = err_set(why, ERR_MEMORY, "no storage for properties");
    }
    buf_fini(&text);
    return e;
}

enum err
jvm_options_parse(struct arena *arena, struct str text, struct pairs *out,
                  struct err_info *why)
{
    struct str rest = text, line;
    uint32_t number = 0;

    while (str_line(&rest, &line)) {
        struct str option = str_trim(line);
        size_t eq;
        enum err e;

        number++;
        if (option.n == 0 || option.p[0] == '#')
            continue;
        if (option.p[0] != '-')
            return err_pos(why, ERR_SYNTAX, number, 1,
                           "line %u: \"" STR_FMT
                           "\" is not an option (it must start with -)",
                           number, STR_ARG(str_sub(option, 0, 60)));
        if (!str_starts(option, STR("-D")))
            continue;
        option = str_sub(option, 2, option.n);
        eq = str_find_char(option, '=');
        if (eq == STR_NPOS)
            eq = option.n;
        e = add_pair(arena, out, str_sub(option, 0, eq),
                     str_sub(option, eq + 1, option.n), why);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

/* ---- Java properties ---- */

static bool
is_java_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\f';
}

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static void
add_utf8(struct buf *out, uint32_t c)
{
    if (c < 0x80) {
        buf_add_char(out, (char)c);
    } else if (c < 0x800) {
        buf_add_char(out, (char)(0xC0 | (c >> 6)));
        buf_add_char(out, (char)(0x80 | (c & 0x3F)));
    } else {
        buf_add_char(out, (char)(0xE0 | (c >> 12)));
        buf_add_char(out, (char)(0x80 | ((c >> 6) & 0x3F)));
        buf_add_char(out, (char)(0x80 | (c & 0x3F)));
    }
}

/* What stands behind a "\" (not a line end). */
static bool
read_escape(struct reader *in, struct buf *out)
{
    char c = reader_peek(in);
    uint32_t value = 0;

    in->pos++;
    if (c != 'u') {
        buf_add_char(out, c == 't'   ? '\t'
                          : c == 'n' ? '\n'
                          : c == 'r' ? '\r'
                          : c == 'f' ? '\f'
                                     : c);
        return true;
    }
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(reader_peek(in));

        if (digit < 0)
            return false;
        value = value * 16 + (uint32_t)digit;
        in->pos++;
    }
    add_utf8(out, value);
    return true;
}

static bool
accept_line_end(struct reader *in)
{
    if (reader_accept(in, '\r')) {
        (void)reader_accept(in, '\n');
        return true;
    }
    return reader_accept(in, '\n');
}

static void
skip_java_blanks(struct reader *in)
{
    while (is_java_blank(reader_peek(in)))
        in->pos++;
}

/* Up to the line's end, or for a key up to its separator. */
static bool
read_part(struct reader *in, bool is_key, struct buf *out)
{
    while (!reader_at_end(in)) {
        char c = reader_peek(in);

        if (c == '\n' || c == '\r')
            return true;
        if (is_key && (c == '=' || c == ':' || is_java_blank(c)))
            return true;
        in->pos++;
        if (c != '\\') {
            buf_add_char(out, c);
        } else if (reader_at_end(in)) {
            return true;
        } else if (accept_line_end(in)) {
            skip_java_blanks(in);
        } else if (!read_escape(in, out)) {
            return false;
        }
    }
    return true;
}

/* line = key [ separator value ]; blank and comment lines are skipped */
static bool
read_pair(struct reader *in, struct buf *key, struct buf *value, bool *has_pair)
{
    *has_pair = false;
    skip_java_blanks(in);
    if (accept_line_end(in) || reader_at_end(in))
        return true;
    if (reader_peek(in) == '#' || reader_peek(in) == '!') {
        while (!reader_at_end(in) && reader_peek(in) != '\n' &&
               reader_peek(in) != '\r')
            in->pos++;
        return true;
    }
    *has_pair = true;
    if (!read_part(in, true, key))
        return false;
    skip_java_blanks(in);
    if (reader_accept(in, '=') || reader_accept(in, ':'))
        skip_java_blanks(in);
    return read_part(in, false, value);
}

enum err
properties_parse(struct arena *arena, struct str text, struct pairs *out,
                 struct err_info *why)
{
    struct reader in = reader_of(text);
    struct buf key, value;
    enum err e = ERR_OK;

    buf_init(&key, text.n + 16);
    buf_init(&value, text.n + 16);
    while (!reader_at_end(&in) && e == ERR_OK) {
        bool has_pair;

        buf_clear(&key);
        buf_clear(&value);
        if (!read_pair(&in, &key, &value, &has_pair)) {
            uint32_t line, column;

            reader_line_column(text, in.pos, &line, &column);
            e = err_pos(why, ERR_SYNTAX, line, column,
                        "line %u: \\u needs four hexadecimal digits", line);
        } else if (has_pair &&
                   (str_find_char(buf_view(&key), '\0') != STR_NPOS ||
                    str_find_char(buf_view(&value), '\0') != STR_NPOS)) {
            uint32_t line, column;

            reader_line_column(text, in.pos, &line, &column);
            e = err_pos(why, ERR_SYNTAX, line, column,
                        "line %u: a property cannot hold a NUL byte", line);
        } else if (has_pair) {
            e = buf_check(&value, why);
            if (e == ERR_OK)
                e = add_pair(arena, out, buf_view(&key), buf_view(&value), why);
        }
    }
    buf_fini(&key);
    buf_fini(&value);
    return e;
}

bool
server_name_is_valid(struct str name)
{
    if (name.n == 0 || name.n > 200 || name.p[0] == '-' || name.p[0] == '.')
        return false;
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i];

        /* bytes from 0x80 belong to letters beyond ASCII */
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
            !(c >= '0' && c <= '9') && c < 0x80 && strchr("_-+.", c) == NULL)
            return false;
    }
    return true;
}
