/*
 * The short cuts of the mapping: usual sizes by whole words. Each one declines
 * what is not usual (NULL, false), and the plain code in leaf_put.c and
 * leaf_get.c, which is the definition, takes over from the start.
 */
#ifndef SALLYPORT_COBOL_FAST_H
#define SALLYPORT_COBOL_FAST_H

#include "cobol/map_blob.h"
#include "parse/json_scan.h"

#include <string.h>

#define FAST_DIGITS 15u /* as nibbles, with room for a sign, in 64 bits */

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "words are taken apart from the low end");

static inline uint64_t
load_be64(const void *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof v);
    return __builtin_bswap64(v);
}

static inline void
store_be64(void *p, uint64_t v)
{
    v = __builtin_bswap64(v);
    memcpy(p, &v, sizeof v);
}

/* n bytes without a call; no byte behind either range is touched. */
static inline void
copy_exact(void *to, const void *from, size_t n)
{
    char *d = to;
    const char *s = from;

    if (n >= 16) {
        for (size_t i = 0; i + 16 < n; i += 16)
            memcpy(d + i, s + i, 16);
        memcpy(d + n - 16, s + n - 16, 16);
    } else if (n >= 8) {
        uint64_t a, b;

        memcpy(&a, s, 8);
        memcpy(&b, s + n - 8, 8);
        memcpy(d, &a, 8);
        memcpy(d + n - 8, &b, 8);
    } else if (n >= 4) {
        uint32_t a, b;

        memcpy(&a, s, 4);
        memcpy(&b, s + n - 4, 4);
        memcpy(d, &a, 4);
        memcpy(d + n - 4, &b, 4);
    } else if (n > 0) {
        d[0] = s[0];
        d[n / 2] = s[n / 2];
        d[n - 1] = s[n - 1];
    }
}

static inline void
fill_exact(void *to, uint8_t byte, size_t n)
{
    uint64_t v = UINT64_C(0x0101010101010101) * byte;
    char *d = to;

    if (n >= 8) {
        for (size_t i = 0; i + 8 < n; i += 8)
            memcpy(d + i, &v, 8);
        memcpy(d + n - 8, &v, 8);
    } else {
        for (size_t i = 0; i < n; i++)
            d[i] = (char)byte;
    }
}

/* 8 nibbles to 8 bytes, first nibble in the highest byte; and back. */
static inline uint64_t
spread_nibbles(uint64_t v)
{
    v = (v | v << 16) & UINT64_C(0x0000FFFF0000FFFF);
    v = (v | v << 8) & UINT64_C(0x00FF00FF00FF00FF);
    return (v | v << 4) & UINT64_C(0x0F0F0F0F0F0F0F0F);
}

static inline uint64_t
gather_nibbles(uint64_t v)
{
    v &= UINT64_C(0x0F0F0F0F0F0F0F0F);
    v = (v | v >> 4) & UINT64_C(0x00FF00FF00FF00FF);
    v = (v | v >> 8) & UINT64_C(0x0000FFFF0000FFFF);
    return (v | v >> 16) & UINT64_C(0xFFFFFFFF);
}

/* Every nibble of v (15 at most) is a decimal digit. */
static inline bool
are_digits(uint64_t v)
{
    const uint64_t six = UINT64_C(0x0666666666666666);

    return (((v + six) ^ v ^ six) & UINT64_C(0x1111111111111110)) == 0;
}

/* The last n (<= 8) bytes before end; `begin` is how far back may be read. */
static inline uint64_t
load_tail(const uint8_t *begin, const uint8_t *end, unsigned n)
{
    uint64_t v = 0;

    if (end - begin >= 8) {
        v = load_be64(end - 8);
        return n >= 8 ? v : v & ((UINT64_C(1) << 8 * n) - 1);
    }
    for (unsigned i = n; i > 0; i--)
        v = v << 8 | end[-(int)i];
    return v;
}

/* ---- record -> JSON ---- */

/* Nibbles (at most 15 digits) as JSON; 48 bytes of room at p. */
static inline char *
write_nibbles(char *p, uint64_t v, unsigned scale, bool is_negative)
{
    char digits[48];
    unsigned first, trailing, n_fraction;

    if (v == 0) {
        *p = '0';
        return p + 1;
    }
    store_be64(digits, spread_nibbles(v >> 32) | UINT64_C(0x3030303030303030));
    store_be64(digits + 8, spread_nibbles(v & UINT64_C(0xFFFFFFFF)) |
                               UINT64_C(0x3030303030303030));
    first = (unsigned)__builtin_clzll(v) / 4;
    if (first > 15 - scale)
        first = 15 - scale; /* one digit before the point */
    trailing = (unsigned)__builtin_ctzll(v) / 4;
    n_fraction = trailing < scale ? scale - trailing : 0;
    *p = '-';
    p += is_negative;
    memcpy(p, digits + first, 16);
    p += 16 - scale - first;
    if (n_fraction > 0) {
        *p++ = '.';
        memcpy(p, digits + 16 - scale, 16);
        p += n_fraction;
    }
    return p;
}

static inline char *
fast_packed(const struct leaf *l, const uint8_t *begin, const uint8_t *at,
            char *p)
{
    uint64_t v;
    unsigned sign;

    if (l->size > 8 || (l->flags & LF_NO_NIBBLE) != 0 || l->scale < 0 ||
        l->scale > 14)
        return NULL;
    v = load_tail(begin, at + l->size, l->size);
    sign = v & 15;
    v >>= 4;
    if (sign < 10 || !are_digits(v) || v >> 4 * l->digits != 0)
        return NULL;
    return write_nibbles(p, v, (unsigned)l->scale, sign == 0xD || sign == 0xB);
}

/* Zoned with an ASCII or EBCDIC zone; the sign in the last byte or none. */
static inline char *
fast_zoned(const struct leaf *l, uint8_t zone, const uint8_t *begin,
           const uint8_t *at, char *p)
{
    const uint64_t zones = UINT64_C(0x1010101010101010) * (zone >> 4);
    const uint64_t highs = UINT64_C(0xF0F0F0F0F0F0F0F0);
    unsigned n = l->digits, low_n = n < 8 ? n : 8;
    uint64_t low, high = 0, mask, v;
    bool is_negative = false;

    if (n > FAST_DIGITS || l->scale < 0 || l->scale > 14 ||
        (l->flags & (LF_SIGN_LEADS | LF_SIGN_SEPARATE)) != 0)
        return NULL;
    low = load_tail(begin, at + n, low_n);
    if ((l->flags & LF_SIGNED) != 0) {
        unsigned byte = low & 0xFF, digit;

        if (zone == 0xF0) {
            unsigned z = byte >> 4;

            if (z < 0xC)
                return NULL;
            digit = byte & 15;
            is_negative = z == 0xD;
        } else if (byte >= 'J' && byte <= 'R') {
            digit = byte - 'J' + 1;
            is_negative = true;
        } else if (byte >= 'A' && byte <= 'I') {
            digit = byte - 'A' + 1;
        } else if (byte == '{' || byte == '}') {
            digit = 0;
            is_negative = byte == '}';
        } else if (byte >> 4 == 3 || byte >> 4 == 7) {
            digit = byte & 15;
            is_negative = byte >> 4 == 7;
        } else {
            return NULL;
        }
        low = (low & ~UINT64_C(0xFF)) | zone | digit;
    }
    mask = low_n == 8 ? ~UINT64_C(0) : (UINT64_C(1) << 8 * low_n) - 1;
    if ((low & highs & mask) != (zones & mask))
        return NULL;
    v = gather_nibbles(low & mask);
    if (n > 8) {
        high = load_tail(begin, at + n - 8, n - 8);
        mask = (UINT64_C(1) << 8 * (n - 8)) - 1;
        if ((high & highs & mask) != (zones & mask))
            return NULL;
        v |= gather_nibbles(high) << 32;
    }
    if (!are_digits(v))
        return NULL;
    return write_nibbles(p, v, (unsigned)l->scale, is_negative);
}

static inline char *
fast_binary(const struct leaf *l, const uint8_t *at, char *p)
{
    char digits[24];
    unsigned n = sizeof digits;
    uint64_t v = 0;

    if (l->scale != 0 || (l->flags & LF_LITTLE) != 0 || l->size == 0 ||
        l->size > 8)
        return NULL;
    for (unsigned i = 0; i < l->size; i++)
        v = v << 8 | at[i];
    if ((l->flags & LF_SIGNED) != 0 && v >> (8 * l->size - 1) != 0) {
        v = (0 - v) & (UINT64_MAX >> (64 - 8 * l->size));
        *p++ = '-';
    }
    do {
        digits[--n] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    copy_exact(p, digits + n, sizeof digits - n);
    return p + sizeof digits - n;
}

/* Length without trailing blanks and X'00'. */
static inline size_t
trimmed_length(const uint8_t *at, size_t n, uint8_t blank)
{
    const uint64_t blanks = UINT64_C(0x0101010101010101) * blank;

    while (n >= 8) {
        uint64_t v;

        memcpy(&v, at + n - 8, 8);
        v ^= blanks;
        if (v != 0) {
            n -= (unsigned)__builtin_clzll(v) / 8;
            break;
        }
        n -= 8;
    }
    while (n > 0 && (at[n - 1] == blank || at[n - 1] == 0))
        n--;
    return n;
}

/* "text" of a UTF-8 field holding plain ASCII; NULL otherwise. */
static inline char *
fast_text_ascii(const uint8_t *at, size_t n, char *p)
{
    const char *s = (const char *)at, *end = s + n, *q;

    q = json_plain(s, end);
    if (q != end || memchr(s, 0x7F, n) != NULL)
        return NULL;
    *p++ = '"';
    copy_exact(p, s, n);
    p[n] = '"';
    return p + n + 1;
}

/* The same through a page's table. */
static inline char *
fast_text_table(const uint8_t *plain, const uint8_t *at, size_t n, char *p)
{
    unsigned n_bad = 0;

    *p++ = '"';
    for (size_t i = 0; i < n; i++) {
        uint8_t c = plain[at[i]];

        n_bad += c == 0;
        p[i] = (char)c;
    }
    p[n] = '"';
    return n_bad > 0 ? NULL : p + n + 1;
}

/* ---- JSON -> record ---- */

struct fast_number {
    uint64_t nibbles; /* scaled digits */
    bool is_negative;
};

/* How many of the 8 bytes at p are digits, up to the first that is none; their
 * nibbles in *v. */
static inline unsigned
digit_run(const char *p, uint64_t *v)
{
    const uint64_t highs = UINT64_C(0x8080808080808080);
    uint64_t x = load_be64(p) ^ UINT64_C(0x3030303030303030);
    uint64_t other =
        (((x & ~highs) + UINT64_C(0x7676767676767676)) | x) & highs;
    unsigned n = other == 0 ? 8 : (unsigned)__builtin_clzll(other) / 8;

    *v = n == 0 ? 0 : gather_nibbles(x >> (64 - 8 * n));
    return n;
}

/* Up to 15 digits at p; more give 16. */
static inline unsigned
digits_run(const char *p, uint64_t *v)
{
    unsigned n = digit_run(p, v), n_more;
    uint64_t more;

    if (n < 8)
        return n;
    n_more = digit_run(p + 8, &more);
    *v = n_more == 8 ? 0 : *v << 4 * n_more | more;
    return 8 + n_more;
}

/* The number at p for `digits`.`scale`; where it ends, or NULL. */
static inline const char *
fast_number(const char *p, const char *end, unsigned digits, int scale,
            struct fast_number *out)
{
    uint64_t v, fraction = 0;
    unsigned n, n_fraction = 0;

    if (end - p < 48 || scale < 0 || scale > (int)digits ||
        digits > FAST_DIGITS)
        return NULL; /* so that no read below needs the end */
    out->is_negative = *p == '-';
    p += *p == '-';
    n = digits_run(p, &v);
    if (n == 0 || (*p == '0' && n > 1))
        return NULL;
    if ((v == 0 ? 0 : n) + (unsigned)scale > digits)
        return NULL;
    p += n;
    if (*p == '.') {
        n_fraction = digits_run(++p, &fraction);
        if (n_fraction == 0 || n_fraction > (unsigned)scale)
            return NULL;
        p += n_fraction;
    }
    if (*p != ',' && *p != '}' && *p != ']' && *p != ' ' && *p != '\n' &&
        *p != '\r' && *p != '\t')
        return NULL;
    if (scale > 0) /* 4 x 15 bits at most */
        v = v << 4 * (unsigned)scale |
            fraction << 4 * ((unsigned)scale - n_fraction);
    out->nibbles = v;
    out->is_negative = out->is_negative && v != 0;
    return p;
}

static inline void
fast_put_packed(const struct leaf *l, uint8_t *at,
                const struct fast_number *number)
{
    uint64_t sign = (l->flags & LF_SIGNED) == 0 ? 0xF
                    : number->is_negative       ? 0xD
                                                : 0xC;
    uint8_t bytes[24] = { 0 };

    store_be64(bytes + 16, number->nibbles << 4 | sign);
    copy_exact(at, bytes + 24 - l->size, l->size);
}

static inline void
fast_put_zoned(const struct leaf *l, uint8_t sign_style, uint8_t *at,
               const struct fast_number *number)
{
    uint64_t zones = UINT64_C(0x0101010101010101) *
                     (sign_style == ABI_SIGN_EBCDIC ? 0xF0 : 0x30);
    unsigned last = number->nibbles & 15;
    uint8_t bytes[16];

    store_be64(bytes, spread_nibbles(number->nibbles >> 32) | zones);
    store_be64(bytes + 8,
               spread_nibbles(number->nibbles & UINT64_C(0xFFFFFFFF)) | zones);
    if ((l->flags & LF_SIGNED) != 0) {
        if (sign_style == ABI_SIGN_EBCDIC)
            bytes[15] = (uint8_t)((number->is_negative ? 0xD0 : 0xC0) | last);
        else if (sign_style == ABI_SIGN_OVERPUNCH)
            bytes[15] = (uint8_t)(number->is_negative ? "}JKLMNOPQR"
                                                      : "{ABCDEFGHI")[last];
        else if (number->is_negative)
            bytes[15] = (uint8_t)(0x70 | last);
    }
    copy_exact(at, bytes + 16 - l->digits, l->digits);
}

static inline void
fast_put_binary(const struct leaf *l, uint8_t *at,
                const struct fast_number *number)
{
    uint8_t bytes[24] = { 0 };
    uint64_t v = 0;

    for (unsigned i = l->digits; i-- > 0;)
        v = v * 10 + (number->nibbles >> 4 * i & 15);
    store_be64(bytes + 16, number->is_negative ? 0 - v : v);
    copy_exact(at, bytes + 24 - l->size, l->size);
}

/* A JSON number into a numeric leaf; where it ends, or NULL. */
static inline const char *
fast_put_number(const struct leaf_env *env, const struct leaf *l, uint8_t *base,
                const char *p, const char *end)
{
    struct fast_number number;

    if ((l->flags & (LF_SIGN_LEADS | LF_SIGN_SEPARATE | LF_NO_NIBBLE |
                     LF_LITTLE | LF_STORAGE)) != 0 ||
        l->digits == 0)
        return NULL;
    p = fast_number(p, end, l->digits, l->scale, &number);
    if (p == NULL || (number.is_negative && (l->flags & LF_SIGNED) == 0))
        return NULL;
    if (l->code == LEAF_PACKED)
        fast_put_packed(l, base + l->offset, &number);
    else if (l->code == LEAF_ZONED)
        fast_put_zoned(l, env->sign, base + l->offset, &number);
    else if (l->code == LEAF_BINARY)
        fast_put_binary(l, base + l->offset, &number);
    else
        return NULL;
    return p;
}

#endif
