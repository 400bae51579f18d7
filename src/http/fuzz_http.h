/* What both fuzz targets of this folder check. */
#ifndef SALLYPORT_HTTP_FUZZ_HTTP_H
#define SALLYPORT_HTTP_FUZZ_HTTP_H

#include <stdlib.h>
#include <string.h>

#include "http/chunked.h"
#include "http/head.h"

#define FUZZ_BODY_MAX 100000u
#define FUZZ_REQUIRE(cond) ((cond) ? (void)0 : abort())

static inline void
fuzz_is_inside(struct str part, struct str whole)
{
    FUZZ_REQUIRE(part.n == 0 ||
                 (part.p >= whole.p && part.p + part.n <= whole.p + whole.n));
}

/* The end of the head does not depend on how the bytes arrive. */
static inline size_t
fuzz_head_end(struct str in)
{
    size_t whole = 0, scanned = 0, n = http_head_end(in, &whole), step = 0;

    for (size_t i = 1; i <= in.n && step == 0; i++)
        step = http_head_end(str_sub(in, 0, i), &scanned);
    FUZZ_REQUIRE(step == n && n <= in.n);
    return n;
}

static inline void
fuzz_headers(const struct http_head *head, struct str whole)
{
    for (size_t i = 0; i < head->n_headers; i++) {
        fuzz_is_inside(head->headers[i].name, whole);
        fuzz_is_inside(head->headers[i].value, whole);
        FUZZ_REQUIRE(http_is_token(head->headers[i].name));
        FUZZ_REQUIRE(http_is_field_value(head->headers[i].value));
        FUZZ_REQUIRE(str_trim(head->headers[i].value).n ==
                     head->headers[i].value.n);
    }
}

/* Nor does a chunked body. */
static inline void
fuzz_chunked(struct str in)
{
    struct http_chunked whole = { 0 }, single = { 0 };
    struct buf a, b;
    size_t used = 0, one = 0, at = 0;
    enum err e, f = ERR_AGAIN;

    buf_init(&a, FUZZ_BODY_MAX);
    buf_init(&b, FUZZ_BODY_MAX);
    e = http_chunked_take(&whole, in, &used, &a);
    for (; at < in.n && f == ERR_AGAIN; at++)
        f = http_chunked_take(&single, str_sub(in, at, at + 1), &one, &b);
    FUZZ_REQUIRE(e == f);
    FUZZ_REQUIRE(e != ERR_OK || used == at);
    FUZZ_REQUIRE(e == ERR_LIMIT || str_eq(buf_view(&a), buf_view(&b)));
    buf_fini(&a);
    buf_fini(&b);
}

#endif
