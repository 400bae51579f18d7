#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
buf_init(struct buf *b, size_t max_bytes)
{
    *b = (struct buf){ .max = max_bytes };
}

void
buf_fini(struct buf *b)
{
    free(b->p);
    *b = (struct buf){ .max = b->max };
}

void
buf_clear(struct buf *b)
{
    b->n = 0;
    b->failed = false;
}

struct str
buf_view(const struct buf *b)
{
    return (struct str){ b->p, b->n };
}

enum err
buf_check(const struct buf *b, struct err_info *why)
{
    if (!b->failed)
        return ERR_OK;
    return err_set(why, ERR_LIMIT, "more than %zu bytes", b->max);
}

static bool
reserve(struct buf *b, size_t n)
{
    size_t need, cap;
    char *p;

    if (b->failed || !size_add(b->n, n, &need) || need > b->max) {
        b->failed = true;
        return false;
    }
    if (need <= b->cap)
        return true;
    cap = b->cap < 128 ? 128 : b->cap;
    while (cap < need)
        cap += cap / 2;
    p = realloc(b->p, cap);
    if (p == NULL) {
        b->failed = true;
        return false;
    }
    b->p = p;
    b->cap = cap;
    return true;
}

char *
buf_grow(struct buf *b, size_t n)
{
    if (!reserve(b, n))
        return NULL;
    b->n += n;
    return b->p + b->n - n;
}

void
buf_add(struct buf *b, struct str s)
{
    if (s.n > 0 && reserve(b, s.n)) {
        memcpy(b->p + b->n, s.p, s.n);
        b->n += s.n;
    }
}

void
buf_add_z(struct buf *b, const char *text)
{
    buf_add(b, str_of(text));
}

void
buf_add_char(struct buf *b, char c)
{
    buf_add(b, str_n(&c, 1));
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list args;
    char *p;
    int n;

    va_start(args, fmt);
    n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n < 0 || !reserve(b, (size_t)n + 1)) {
        b->failed = true;
        return;
    }
    p = b->p + b->n;
    va_start(args, fmt);
    vsnprintf(p, (size_t)n + 1, fmt, args);
    va_end(args);
    b->n += (size_t)n;
}

const char *
buf_z(struct buf *b)
{
    if (!reserve(b, 1))
        return "";
    b->p[b->n] = '\0';
    return b->p;
}

static void
add_big_endian(struct buf *b, uint64_t value, unsigned n)
{
    char bytes[8];

    for (unsigned i = 0; i < n; i++)
        bytes[i] = (char)(unsigned char)(value >> (8 * (n - 1 - i)));
    buf_add(b, str_n(bytes, n));
}

void
buf_u8(struct buf *b, uint8_t value)
{
    add_big_endian(b, value, 1);
}

void
buf_u16(struct buf *b, uint16_t value)
{
    add_big_endian(b, value, 2);
}

void
buf_u32(struct buf *b, uint32_t value)
{
    add_big_endian(b, value, 4);
}

void
buf_u64(struct buf *b, uint64_t value)
{
    add_big_endian(b, value, 8);
}

void
buf_str(struct buf *b, struct str s)
{
    if (s.n > UINT32_MAX) {
        b->failed = true;
        return;
    }
    buf_u32(b, (uint32_t)s.n);
    buf_add(b, s);
}
