/*
 * Answers on their way out: formatted one after the other into one buffer and
 * written together. Private to this folder.
 */
#ifndef SALLYPORT_HTTP_OUT_H
#define SALLYPORT_HTTP_OUT_H

#include "http/server.h"
#include "io/pool.h"
#include "io/stream.h"

struct http_out {
    char *p;
    size_t at, n, cap; /* [at, n) has not been written */
    struct pool *pool; /* p is one of its blocks when cap says so */
};

/* The Date field's value, made once a second. */
struct http_date {
    int64_t second;
    char text[30];
};

/* The field's value now, 29 bytes. */
struct str http_date_text(struct http_date *);

void http_out_init(struct http_out *, struct pool *);
void http_out_fini(struct http_out *); /* may be called twice */
static inline bool
http_out_is_empty(const struct http_out *out)
{
    return out->at == out->n;
}

/* Whether an answer of that status may carry content (RFC 9110, 6.4.1). */
bool http_status_has_body(unsigned status);

enum http_out_connection {
    HTTP_OUT_KEEP,    /* says nothing: the default of HTTP/1.1 */
    HTTP_OUT_KEEP_10, /* Connection: Keep-Alive, for HTTP/1.0 */
    HTTP_OUT_CLOSE,
    HTTP_OUT_CLOSE_10, /* likewise; a body of unknown length ends with it */
};

/*
 * Append an answer. with_body false (HEAD): Content-Length stays, the body is
 * left out. ERR_SYNTAX when a header could not be sent as it is (nothing is
 * appended), ERR_MEMORY.
 */
MUST_CHECK enum err http_out_reply(struct http_out *, struct http_date *,
                                   const struct http_reply *, bool with_body,
                                   enum http_out_connection);
/* A part of a source's body; *left is what Content-Length promised and goes
 * down (HTTP_LENGTH_UNKNOWN: chunked, or all until the connection ends).
 * ERR_AGAIN more may follow, ERR_OK that was all, ERR_PEER the source has
 * failed, ERR_MEMORY. */
MUST_CHECK enum err http_out_pull(struct http_out *, const struct http_source *,
                                  uint64_t *left, bool is_chunked);
MUST_CHECK enum err http_out_add(struct http_out *, struct str);
/* Write what there is. ERR_OK all has left (the buffer went back to its pool);
 * ERR_AGAIN; ERR_PEER. */
MUST_CHECK enum err http_out_flush(struct http_out *, struct stream *);

#endif
