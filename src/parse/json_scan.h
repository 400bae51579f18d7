/*
 * The pieces of JSON as inline scanners over [p, end): shared by the pull
 * reader and by the mapping, whose speed is made here. Each returns where the
 * piece ends, or NULL with *bad at the offending byte.
 */
#ifndef SALLYPORT_PARSE_JSON_SCAN_H
#define SALLYPORT_PARSE_JSON_SCAN_H

#include "base/defs.h"

#include <string.h>

static inline const char *
json_space(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    return p;
}

#if defined(__SSE2__)
#include <emmintrin.h>

/* Bytes before the first quote, backslash, control or non-ASCII byte, looking
 * at whole blocks of 16 only. */
static inline const char *
json_plain_blocks(const char *p, const char *end)
{
    while (end - p >= 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
        /* signed compare: bytes >= 0x80 are negative, so < 0x20 as well */
        __m128i bad =
            _mm_or_si128(_mm_cmplt_epi8(v, _mm_set1_epi8(0x20)),
                         _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
                                      _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))));
        unsigned mask = (unsigned)_mm_movemask_epi8(bad);

        if (mask != 0)
            return p + __builtin_ctz(mask);
        p += 16;
    }
    return p;
}
#else
static inline const char *
json_plain_blocks(const char *p, const char *end)
{
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;

    while (end - p >= 8) {
        uint64_t v, quote, slash;

        memcpy(&v, p, 8);
        quote = v ^ (ones * '"');
        slash = v ^ (ones * '\\');
        if ((((v - ones * 0x20) | (quote - ones) | (slash - ones) | v) &
             highs) != 0)
            return p; /* perhaps: the caller looks byte by byte */
        p += 8;
    }
    return p;
}
#endif

/* The first byte that is not plain: quote, backslash, control, non-ASCII. */
static inline const char *
json_plain(const char *p, const char *end)
{
    p = json_plain_blocks(p, end);
    while (p < end && (unsigned char)*p >= 0x20 && *p != '"' && *p != '\\' &&
           (unsigned char)*p < 0x80)
        p++;
    return p;
}

/* p behind the opening quote; returns the closing quote. */
const char *json_scan_string(const char *p, const char *end, bool *has_escape,
                             const char **bad);
/* p at '-' or a digit; returns behind the number. */
const char *json_scan_number(const char *p, const char *end, const char **bad);
/* One whole value at p (white space skipped); depth levels may open. On
 * failure *e is ERR_LIMIT when it is nested deeper, else ERR_SYNTAX. */
const char *json_scan_value(const char *p, const char *end, unsigned depth,
                            const char **bad, enum err *e);
/* "a string", "a number" ... of the value that begins with c. */
const char *json_kind(char c);

#endif
