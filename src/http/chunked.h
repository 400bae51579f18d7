/*
 * The chunked transfer coding (RFC 9112, 7.1), decoded as it arrives. Strict:
 * CR LF only, no blanks around the size. Extensions and trailer fields are
 * checked, counted and dropped.
 */
#ifndef SALLYPORT_HTTP_CHUNKED_H
#define SALLYPORT_HTTP_CHUNKED_H

#include "base/buf.h"
#include "base/err.h"

struct http_chunked {
    unsigned state;     /* private; all zero is the start */
    unsigned n_digits;  /* of the size being read */
    uint64_t left;      /* bytes of the chunk still to come */
    size_t extra_bytes; /* extensions and trailers so far */
    size_t line_bytes;  /* of the trailer line being read */
};

/*
 * Take bytes from `in`, *used of them, and append the body's to `body`.
 *
 * ERR_OK      the last byte of the coding has been taken
 * ERR_AGAIN   all of `in` was taken and more must come
 * ERR_SYNTAX  malformed (the connection cannot be used any more)
 * ERR_LIMIT   the body is larger than body->max
 */
MUST_CHECK enum err http_chunked_take(struct http_chunked *, struct str in,
                                      size_t *used, struct buf *body);

#endif
