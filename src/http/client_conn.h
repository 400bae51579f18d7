/*
 * The client's connections and where they wait between calls. Private to this
 * folder. An endpoint is everything that must be equal for a connection to be
 * used again: host, port, TLS configuration and identity.
 */
#ifndef SALLYPORT_HTTP_CLIENT_CONN_H
#define SALLYPORT_HTTP_CLIENT_CONN_H

#include "base/table.h"
#include "http/client.h"
#include "io/pool.h"
#include "io/resolve.h"
#include "io/stream.h"

#define CLIENT_BUFFER_BYTES ((size_t)16 * 1024)

struct endpoint {
    struct http_pool *pool;
    struct str key; /* what the table knows it by */
    struct tls_config *tls;
    struct client_conn *idle; /* newest first */
    unsigned n_conns;         /* idle and busy */
};

struct client_conn {
    struct endpoint *endpoint;
    struct stream stream;
    struct http_call *call; /* NULL: idle */
    struct client_conn *prev, *next;
    struct loop_timer idle_timer;
    struct loop_post end;
    uint64_t generation; /* of the pool when it was made */
    bool is_reused;
    bool is_closed;
};

struct http_pool {
    struct loop *loop;
    struct table endpoints;
    struct pool buffers;
    struct http_call *calls; /* list of what is under way */
    uint64_t generation;     /* counts flushes */
    size_t n_idle;
};

/* Something happened on a connection that serves a call. */
void call_run(struct http_call *);

/* A kept connection of exactly this endpoint; NULL when there is none. */
struct client_conn *client_conn_take(struct http_pool *,
                                     const struct http_origin *);
/* A new one, connecting. ERR_PEER when the system refuses at once. */
MUST_CHECK enum err client_conn_new(struct http_pool *,
                                    const struct http_origin *,
                                    const union address *,
                                    struct client_conn **out,
                                    struct err_info *why);
/* The call is over and the connection may serve another. */
void client_conn_keep(struct client_conn *);
void client_conn_close(struct client_conn *);

#endif
