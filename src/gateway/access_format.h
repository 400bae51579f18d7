/*
 * The lines of an access log: logFormat compiled once, then filled in for each
 * request without allocation.
 * Source: Liberty, HTTP access logging.
 */
#ifndef SALLYPORT_GATEWAY_ACCESS_FORMAT_H
#define SALLYPORT_GATEWAY_ACCESS_FORMAT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "http/server.h"

#define ACCESS_LINE_MAX 8192u /* longer lines are cut */

/* What a line may say about a request. Strings "" when unknown. */
struct access_facts {
    struct str method, target, path, query;
    const struct http_header *headers, *answer_headers;
    size_t n_headers, n_answer_headers;
    unsigned version; /* 10, 11, 20; 0 unknown */
    unsigned status;
    size_t body_bytes;
    struct str remote, local, user;
    unsigned remote_port, local_port;
    uint64_t start_ms, end_ms; /* wall clock */
    uint64_t elapsed_us;
};

struct access_format;

/* ERR_SYNTAX: a token that is none, at its byte. */
MUST_CHECK enum err access_format_new(struct arena *, struct str text,
                                      struct access_format **out,
                                      struct err_info *why);
/* Whether a line has the local address, which costs a system call. */
bool access_format_wants_local(const struct access_format *);
/* Append one line with its line feed. Peer bytes cannot begin another line or
 * end a quoted field: they are escaped. */
void access_format_line(const struct access_format *,
                        const struct access_facts *, struct buf *out);

#endif
