#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct str
str_of(const char *text)
{
    return (struct str){ text, text == NULL ? 0 : strlen(text) };
}

bool
str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || a.p == b.p || memcmp(a.p, b.p, a.n) == 0);
}

bool
str_eq_z(struct str a, const char *b)
{
    return str_eq(a, str_of(b));
}

bool
str_eq_nocase(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

bool
str_eq_nocase_z(struct str a, const char *b)
{
    return str_eq_nocase(a, str_of(b));
}

int
str_cmp(struct str a, struct str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n == 0 ? 0 : memcmp(a.p, b.p, n);

    if (order != 0)
        return order;
    return a.n < b.n ? -1 : a.n > b.n;
}

bool
str_starts(struct str s, struct str prefix)
{
    return s.n >= prefix.n && str_eq(str_n(s.p, prefix.n), prefix);
}

bool
str_starts_nocase(struct str s, struct str prefix)
{
    return s.n >= prefix.n && str_eq_nocase(str_n(s.p, prefix.n), prefix);
}

bool
str_ends(struct str s, struct str suffix)
{
    return s.n >= suffix.n && str_eq(str_sub(s, s.n - suffix.n, s.n), suffix);
}

size_t
str_find_char(struct str s, char c)
{
    const char *hit = s.n == 0 ? NULL : memchr(s.p, c, s.n);

    return hit == NULL ? STR_NPOS : (size_t)(hit - s.p);
}

size_t
str_rfind_char(struct str s, char c)
{
    for (size_t i = s.n; i > 0; i--) {
        if (s.p[i - 1] == c)
            return i - 1;
    }
    return STR_NPOS;
}

size_t
str_find(struct str s, struct str what)
{
    const char *hit;

    if (what.n == 0)
        return 0;
    hit = s.n < what.n ? NULL : memmem(s.p, s.n, what.p, what.n);
    return hit == NULL ? STR_NPOS : (size_t)(hit - s.p);
}

struct str
str_sub(struct str s, size_t from, size_t to)
{
    if (s.p == NULL)
        return (struct str){ NULL, 0 };
    if (to > s.n)
        to = s.n;
    if (from > to)
        from = to;
    return (struct str){ s.p + from, to - from };
}

static bool
is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str
str_trim(struct str s)
{
    while (s.n > 0 && is_space(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

struct str
str_trim_right(struct str s)
{
    while (s.n > 0 && (is_space(s.p[s.n - 1]) || s.p[s.n - 1] == '\0'))
        s.n--;
    return s;
}

bool
str_token(struct str *rest, char sep, struct str *out)
{
    size_t at;

    if (rest->p == NULL)
        return false;
    at = str_find_char(*rest, sep);
    if (at == STR_NPOS) {
        *out = *rest;
        *rest = (struct str){ NULL, 0 };
        return true;
    }
    *out = str_sub(*rest, 0, at);
    *rest = str_sub(*rest, at + 1, rest->n);
    return true;
}

bool
str_line(struct str *rest, struct str *out)
{
    size_t at;

    if (rest->n == 0)
        return false;
    at = str_find_char(*rest, '\n');
    if (at == STR_NPOS) {
        *out = *rest;
        *rest = (struct str){ NULL, 0 };
    } else {
        *out = str_sub(*rest, 0, at);
        *rest = str_sub(*rest, at + 1, rest->n);
    }
    if (out->n > 0 && out->p[out->n - 1] == '\r')
        out->n--;
    return true;
}

bool
str_to_u64(struct str s, uint64_t *out)
{
    uint64_t value = 0;

    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9' ||
            __builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(s.p[i] - '0'), &value))
            return false;
    }
    *out = value;
    return true;
}

bool
str_to_i64(struct str s, int64_t *out)
{
    bool minus = s.n > 0 && s.p[0] == '-';
    uint64_t value;

    if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+'))
        s = str_sub(s, 1, s.n);
    if (!str_to_u64(s, &value) || value > (uint64_t)INT64_MAX + minus)
        return false;
    *out = minus ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

struct str
str_dup(struct arena *arena, struct str s)
{
    size_t n;
    char *copy;

    if (!size_add(s.n, 1, &n) || (copy = arena_alloc(arena, n)) == NULL)
        return (struct str){ NULL, 0 };
    if (s.n > 0)
        memcpy(copy, s.p, s.n);
    copy[s.n] = '\0';
    return (struct str){ copy, s.n };
}

struct str
str_fmt(struct arena *arena, const char *fmt, ...)
{
    va_list args, again;
    int n;
    char *text;

    va_start(args, fmt);
    va_copy(again, args);
    n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    text = n < 0 ? NULL : arena_alloc(arena, (size_t)n + 1);
    if (text != NULL)
        vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    return (struct str){ text, text == NULL ? 0 : (size_t)n };
}

static struct str
map_bytes(struct arena *arena, struct str s, char first, char last, int add)
{
    struct str copy = str_dup(arena, s);
    char *p = (char *)(uintptr_t)copy.p;

    for (size_t i = 0; i < copy.n; i++) {
        if (p[i] >= first && p[i] <= last)
            p[i] = (char)(p[i] + add);
    }
    return copy;
}

struct str
str_upper(struct arena *arena, struct str s)
{
    return map_bytes(arena, s, 'a', 'z', 'A' - 'a');
}

struct str
str_lower(struct arena *arena, struct str s)
{
    return map_bytes(arena, s, 'A', 'Z', 'a' - 'A');
}

char *
str_z(struct arena *arena, struct str s)
{
    return (char *)(uintptr_t)str_dup(arena, s).p;
}

bool
str_copy_z(struct str s, char *out, size_t cap)
{
    if (s.n >= cap || (s.n > 0 && memchr(s.p, '\0', s.n) != NULL))
        return false;
    if (s.n > 0)
        memcpy(out, s.p, s.n);
    out[s.n] = '\0';
    return true;
}

bool
str_eq_secret(struct str a, struct str b)
{
    unsigned char diff = a.n != b.n;

    for (size_t i = 0; i < b.n; i++)
        diff = (unsigned char)(diff | (b.p[i] ^ (i < a.n ? a.p[i] : ~b.p[i])));
    return diff == 0;
}

static uint64_t
mix(uint64_t a, uint64_t b)
{
    __uint128_t product = (__uint128_t)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t
str_hash(struct str s, uint64_t seed)
{
    uint64_t h = seed ^ 0x9e3779b97f4a7c15u;
    size_t i = 0;
    uint64_t word;

    for (; i + 8 <= s.n; i += 8) {
        memcpy(&word, s.p + i, 8);
        h = mix(h ^ word, 0xe7037ed1a0b428dbu);
    }
    word = 0;
    if (i < s.n)
        memcpy(&word, s.p + i, s.n - i);
    return mix(h ^ word, 0x8ebc6af09c88c6e3u ^ (uint64_t)s.n);
}
