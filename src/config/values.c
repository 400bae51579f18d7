/* Texts of attributes into C values. */
#include "config/password.h"
#include "config/raw.h"

#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "base/vec.h"

bool
value_bool(struct str text, bool *out)
{
    bool is_true = str_eq_nocase_z(text, "true");

    if (!is_true && !str_eq_nocase_z(text, "false"))
        return false;
    *out = is_true;
    return true;
}

bool
value_int(struct str text, int64_t min, int64_t max, int64_t *out)
{
    int64_t n;

    if (!str_to_i64(str_trim(text), &n) || n < min || n > max)
        return false;
    *out = n;
    return true;
}

bool
value_word(struct str text, const char *const *words, unsigned *out)
{
    for (unsigned i = 0; words[i] != NULL; i++)
        if (str_eq_nocase_z(str_trim(text), words[i])) {
            *out = i;
            return true;
        }
    return false;
}

/* Unit words of all the languages the original accepts. */
static const struct {
    const char *word;
    int64_t ms;
} units[] = {
    { "ms", 1 },
    { "мс", 1 },
    { "毫秒", 1 },
    { "s", 1000 },
    { "e", 1000 },
    { "mp", 1000 },
    { "с", 1000 },
    { "秒", 1000 },
    { "m", 60000 },
    { "min", 60000 },
    { "м", 60000 },
    { "分", 60000 },
    { "h", 3600000 },
    { "hod", 3600000 },
    { "ó", 3600000 },
    { "ч", 3600000 },
    { "小時", 3600000 },
    { "d", 86400000 },
    { "g", 86400000 },
    { "j", 86400000 },
    { "n", 86400000 },
    { "t", 86400000 },
    { "z", 86400000 },
    { "dnů", 86400000 },
    { "д", 86400000 },
    { "天", 86400000 },
    /* capitals, which str_eq_nocase knows in ASCII only */
    { "МС", 1 },
    { "С", 1000 },
    { "М", 60000 },
    { "Ó", 3600000 },
    { "Ч", 3600000 },
    { "DNŮ", 86400000 },
    { "Д", 86400000 },
};

static bool
unit_find(struct str word, int64_t *ms)
{
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (str_eq_nocase_z(word, units[i].word)) {
            *ms = units[i].ms;
            return true;
        }
    return false;
}

static bool
is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_no_digit(unsigned char c)
{
    return !is_digit(c);
}

/* One "digits unit" component, cut down to whole base units. */
static bool
add_component(struct str digits, int64_t component_ms, int64_t unit_ms,
              int64_t *total_units)
{
    int64_t n, ms;

    return str_to_i64(digits, &n) &&
           !__builtin_mul_overflow(n, component_ms, &ms) &&
           !__builtin_add_overflow(*total_units, ms / unit_ms, total_units);
}

enum err
value_duration(struct str text, int64_t unit_ms, int64_t *ms,
               struct err_info *why)
{
    struct reader in = reader_of(str_trim(text));
    int64_t total = 0;
    bool has_component = false;

    if (!str_to_i64(in.in, &total)) {
        total = 0;
        (void)reader_span(&in, is_no_digit);
        while (!reader_at_end(&in)) {
            struct str digits = reader_span(&in, is_digit);
            struct str word = str_trim(reader_span(&in, is_no_digit));
            int64_t component_ms;

            if (word.n == 0)
                break; /* digits without a unit at the end are dropped */
            if (!unit_find(word, &component_ms))
                return err_at(why, ERR_SYNTAX, in.pos,
                              "\"" STR_FMT "\" is not a unit of time (d, h, m, "
                              "s, ms)",
                              STR_ARG(str_sub(word, 0, 20)));
            if (!add_component(digits, component_ms, unit_ms, &total))
                return err_at(why, ERR_RANGE, in.pos,
                              "the duration is too long");
            has_component = true;
        }
        if (!has_component)
            return err_set(why, ERR_SYNTAX,
                           "\"" STR_FMT "\" is not a duration such as 30s or "
                           "1m30s",
                           STR_ARG(str_sub(in.in, 0, 40)));
    }
    if (__builtin_mul_overflow(total, unit_ms, &total))
        return err_set(why, ERR_RANGE, "the duration is too long");
    *ms = total;
    return ERR_OK;
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/*
 * One item up to "," or the end: blanks around it are dropped unless escaped,
 * \c is c, a lone \ at the end is ignored.
 */
static struct str
list_item(struct arena *arena, struct str text, size_t *pos)
{
    char *p = arena_alloc(arena, text.n - *pos + 1);
    size_t n = 0, keep = 0;
    size_t i = *pos;

    if (p == NULL)
        return (struct str){ NULL, 0 };
    while (i < text.n && is_blank(text.p[i]))
        i++;
    for (; i < text.n && text.p[i] != ','; i++) {
        bool is_escaped = text.p[i] == '\\';

        if (is_escaped && ++i == text.n)
            break;
        p[n++] = text.p[i];
        if (is_escaped || !is_blank(text.p[i]))
            keep = n;
    }
    p[keep] = '\0';
    *pos = i;
    return str_n(p, keep);
}

enum err
value_list(struct arena *arena, struct str text, struct cfg_list *out,
           struct err_info *why)
{
    struct {
        struct str *v;
        size_t n, cap;
    } items = { 0 };
    struct str *copy;
    enum err e = ERR_OK;
    size_t pos = 0;

    while (str_trim(text).n > 0) {
        struct str item = list_item(arena, text, &pos);

        if (item.p == NULL || !VEC_PUSH(&items, item)) {
            e = err_set(why, ERR_MEMORY, "no storage for a list");
            break;
        }
        if (pos >= text.n)
            break;
        pos++; /* the comma */
    }
    copy = e == ERR_OK ? ARENA_ARRAY(arena, struct str, items.n) : NULL;
    if (e == ERR_OK && copy == NULL)
        e = err_set(why, ERR_MEMORY, "no storage for a list");
    if (e == ERR_OK) {
        if (items.n > 0)
            memcpy(copy, items.v, items.n * sizeof *copy);
        *out = (struct cfg_list){ .v = copy, .n = items.n, .is_set = true };
    }
    VEC_FREE(&items);
    return e;
}

enum err
value_password(struct str text, struct str key, bool allow_hash,
               struct secret *out, struct err_info *why)
{
    struct str tag, payload;

    if (!allow_hash || !password_split(text, &tag, &payload) ||
        !str_eq_nocase_z(tag, "hash"))
        return password_decode(text, key, out, why);
    if (!secret_dup(str_trim(text), out))
        return err_set(why, ERR_MEMORY, "no storage for a password");
    return ERR_OK;
}

void
value_list_item(struct buf *out, struct str item)
{
    for (size_t i = 0; i < item.n; i++) {
        char c = item.p[i];
        bool is_edge = is_blank(c) && (i == 0 || i + 1 == item.n);

        if (c == ',' || c == '\\' || is_edge)
            buf_add_char(out, '\\');
        buf_add_char(out, c);
    }
}
