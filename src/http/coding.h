/*
 * Content codings: gzip, x-gzip, deflate, zlib, identity. Whole bodies in and
 * out, with limits on what a small body may grow to.
 */
#ifndef SALLYPORT_HTTP_CODING_H
#define SALLYPORT_HTTP_CODING_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum http_coding {
    HTTP_CODING_IDENTITY,
    HTTP_CODING_GZIP,
    HTTP_CODING_X_GZIP,
    HTTP_CODING_DEFLATE, /* zlib's format (RFC 9110, 8.4.1.2) */
    HTTP_CODING_ZLIB,    /* the same by another name */
};

/* A name in any case; false: not one of these. */
MUST_CHECK bool http_coding_of(struct str name, enum http_coding *out);
const char *http_coding_name(enum http_coding);

/*
 * The coding for an answer, of those that Accept-Encoding takes: the preferred
 * one when it may be used, else the one with the highest quality. IDENTITY when
 * none is wanted or the field is malformed.
 */
enum http_coding http_coding_choose(struct str accept_encoding,
                                    bool has_preferred,
                                    enum http_coding preferred);

/* Appends to out. */
MUST_CHECK enum err http_encode(enum http_coding, struct str body,
                                struct buf *out, struct err_info *why);

struct http_decode_limits {
    size_t max_ratio;   /* output to input of one step */
    unsigned tolerance; /* how often it may be exceeded */
};
/*
 * ERR_LIMIT   more than out->max, or the ratio was exceeded too often
 * ERR_SYNTAX  damaged, or bytes follow its end
 */
MUST_CHECK enum err http_decode(enum http_coding, struct str body,
                                const struct http_decode_limits *,
                                struct buf *out, struct err_info *why);

#endif
