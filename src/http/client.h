/*
 * Our own HTTP/1.1 client on a loop, for the request path: connections are kept
 * for each endpoint AND identity, and never shared between identities.
 */
#ifndef SALLYPORT_HTTP_CLIENT_H
#define SALLYPORT_HTTP_CLIENT_H

#include "base/str.h"
#include "http/server.h"
#include "io/loop.h"
#include "io/tls.h"

struct http_pool; /* idle connections of one loop */

struct http_origin {
    struct str host; /* name or address, without brackets */
    unsigned port;
    struct tls_config *tls; /* NULL: clear text */
    struct str identity;    /* whose connection: endpoint configuration id and
                               user; equal bytes share, others never */
};

struct http_call_settings {      /* 0: no timeout */
    uint32_t connect_timeout_ms; /* look-up, connection and TLS together */
    uint32_t receive_timeout_ms; /* from then to the end of the answer */
    size_t max_body_bytes;
};

struct http_answer {
    unsigned status;
    const struct http_header *headers;
    size_t n_headers;
    struct str body;
};

struct http_call; /* one request under way */

/* e: ERR_OK and an answer (borrowed during the call); ERR_TIMEOUT (why says
 * connect or receive), ERR_PEER (refused, reset, TLS failure), ERR_DENIED (its
 * certificate is not trusted, or another host's: tls_refusal), ERR_SYNTAX
 * (not HTTP), ERR_LIMIT. Runs from the loop, never from http_call_start. */
typedef void (*http_call_done)(void *arg, enum err e,
                               const struct http_answer *,
                               const struct err_info *why);

MUST_CHECK enum err http_pool_new(struct loop *, struct http_pool **out,
                                  struct err_info *why);
void http_pool_free(struct http_pool **); /* cancels what is under way */
/* Close the idle connections now and busy ones after their answer: after a
 * change of keys, trust or configuration. */
void http_pool_flush(struct http_pool *);
size_t http_pool_idle(const struct http_pool *); /* connections kept */

/* ERR_SYNTAX: method, target or a header cannot be sent, or is ours: Host,
 * Content-Length, Transfer-Encoding, Connection. All strings are copied. A
 * request is sent again on a fresh connection only when a kept one closed
 * before any byte of the answer and the method is idempotent. */
MUST_CHECK enum err
http_call_start(struct http_pool *, const struct http_origin *,
                const struct http_call_settings *, struct str method,
                struct str target, const struct http_header *headers,
                size_t n_headers, struct str body, http_call_done done,
                void *arg, struct http_call **out, struct err_info *why);
/* `done` will not run any more. Not after `done` has begun. */
void http_call_cancel(struct http_call **);

#endif
