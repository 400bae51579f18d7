/*
 * One client connection of a server, and the server as its connections see it.
 * Private to this folder.
 */
#ifndef SALLYPORT_HTTP_CONN_H
#define SALLYPORT_HTTP_CONN_H

#include <netinet/in.h>
#include <stdatomic.h>

#include "http/chunked.h"
#include "http/h2.h"
#include "http/head.h"
#include "http/input.h"
#include "http/out.h"
#include "http/server.h"
#include "io/pool.h"
#include "io/stream.h"

#define CONN_BUFFER_BYTES ((size_t)16 * 1024)
#define CONN_HEAD_MAX ((size_t)128 * 1024)
/* Answers of pipelined requests are gathered up to here. */
#define CONN_GATHER_BYTES ((size_t)14 * 1024)

enum conn_state {
    CONN_HANDSHAKE, /* TLS is being set up */
    CONN_HEAD,      /* between requests, or inside a head */
    CONN_BODY,      /* the head is parsed, the body arrives */
    CONN_HANDLER,   /* the request is the handler's */
    CONN_STREAM,    /* likewise, and it waits for more of the body */
    CONN_SOURCE,    /* an answer leaves as its source makes it */
    CONN_H2,        /* HTTP/2: any number of requests, each in its stream */
    CONN_CLOSING,   /* the last answer leaves, then the connection closes */
    CONN_LINGER,    /* half closed: what still comes is thrown away */
    CONN_CLOSED,
};

/* What lives as long as a request. Kept for the next one by the server, with
 * its arena's first block. */
struct exchange {
    struct http_request request; /* first: the handler gives it back */
    struct exchange *next_free;
    struct arena arena;
    struct buf body; /* when it did not arrive together with the head */
    struct http_head head;
    struct http_chunked chunked;
    struct http_input held; /* the head stands there when a body follows */
    struct h2_stream stream;
    uint64_t started_us; /* 0 when nobody wants to know */
    /* A body that is read part by part. */
    http_part_fn *on_part;
    bool is_expected;   /* parts of it are still to be given */
    size_t given_bytes; /* of it so far */
    size_t held_bytes;  /* counted in the server's gauge besides */
    uint64_t left_ms;   /* to the read timeout, while nobody reads */
};

union conn_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

struct http_conn {
    struct http_server *server;
    struct stream stream;
    struct loop_timer timer;
    uint64_t deadline_ms; /* the timer may fire earlier and is set again */
    struct loop_post end, again;
    struct http_conn *prev, *next;
    enum conn_state state;
    bool is_waiting; /* `again` will run */
    bool is_running; /* conn_run is on the stack */
    bool is_tls;
    bool is_blocked;  /* the peer does not take what we write */
    bool must_linger; /* it may still be sending what nobody reads */
    bool is_draining; /* close after the answer under way */
    unsigned n_requests;
    struct exchange *exchange; /* from the head to the answer */
    struct h2 *h2;             /* CONN_H2; kept until its last request ends */
    struct http_input in;
    size_t scanned;        /* by http_head_end, from in.at */
    size_t progress_bytes; /* of the body when the deadline last moved */
    struct http_out out;
    struct http_source source; /* CONN_SOURCE */
    uint64_t source_left;      /* as http_out_pull has it */
    bool is_chunked;
    bool is_last;    /* the connection ends with that answer */
    bool has_unread; /* of the request it answers */
    size_t lingered_bytes;
    union conn_address peer;
    char peer_text[INET6_ADDRSTRLEN];          /* made when first asked for */
    unsigned char digest[STREAM_DIGEST_BYTES]; /* of the client's certificate */
    uint8_t digest_bytes;                      /* 0: it has none */
    bool has_digest;                           /* asked for: those hold */
    void *slot;
    void (*slot_free)(void *);
};

struct http_server {
    struct loop *loop;
    struct loop_fd listener;
    struct loop_timer retry; /* accepting again after EMFILE */
    bool is_accepting;       /* the listener is watched */
    bool is_full;            /* too many connections, and told so */
    int fd_ceiling;          /* higher descriptors are not for clients */
    bool is_freed;           /* by its owner; the last connection ends it */
    unsigned port;
    struct tls_config *tls;
    struct http_server_options options;
    struct http_server_events events;
    struct http_conn *conns; /* list */
    atomic_size_t n_conns;   /* read by other threads too */
    struct pool conn_pool, buffer_pool;
    struct exchange *free_exchanges;
    size_t n_free_exchanges;
    struct loop_post drained;
    bool is_draining, is_drain_posted;
    void (*on_drained)(void *);
    void *drained_arg;
    struct http_date date;
};

/* Takes over fd. On failure the caller closes it. */
MUST_CHECK enum err conn_new(struct http_server *, int fd,
                             const struct sockaddr *peer, size_t peer_bytes);
/* Ends at once, whatever it does; a request of its handler stays valid. */
void conn_close(struct http_conn *);
/* The request under way, if any, is answered first. */
void conn_drain(struct http_conn *);
/* Steps until the socket or a handler must be waited for. */
void conn_run(struct http_conn *);
void conn_set_deadline(struct http_conn *, uint64_t in_ms);
void conn_clear_deadline(struct http_conn *);
/* Write what `out` holds: ERR_OK all left, ERR_AGAIN, ERR_PEER (closed). */
MUST_CHECK enum err conn_flush(struct http_conn *);
/* More into `in`; false: nothing now, or the connection has closed. */
MUST_CHECK bool conn_read(struct http_conn *);
/* Free a closed connection once nobody uses it. */
void conn_try_free(struct http_conn *);
/* The request is complete, or its body is the handler's to read. */
void conn_give_to_handler(struct http_conn *, struct str body);
/* Between requests: the first has the read timeout, later ones the persist
 * timeout (Liberty, persistTimeout). */
void conn_await_request(struct http_conn *);
/* Give back what the request under way holds, if there is one. */
void conn_release_exchange(struct http_conn *);

/* conn_answer.c. CONN_SOURCE: true when another step may be possible. */
MUST_CHECK bool conn_step_source(struct http_conn *);
/* The source of a body, if there is one, is needed no more. */
void conn_end_source(struct http_conn *);
/* An answer of our own, the last one of this connection. */
void conn_refuse(struct http_conn *, unsigned status, const char *why);
/* The headers of one, *n in `to`: Retry-After when it is for want of memory. */
#define REFUSAL_HEADERS 2u
extern const char conn_no_memory[];
void conn_refusal_headers(const struct http_conn *, const char *why,
                          char text[16], struct http_header *to, size_t *n);
/* on_done for a request as far as it is known; ex may be NULL. */
void conn_tell_done(struct http_conn *, struct exchange *,
                    const struct http_reply *, bool with_body,
                    const char *refused);
/* A client is given up that can hear nothing of it. */
extern const char conn_not_taken[];
void conn_tell_stalled(struct http_conn *, const char *why);
/* The request of ex, to be given to the handler. */
struct http_request *conn_request(struct http_conn *, struct exchange *,
                                  struct str body);
/* A connection is out of the list and its storage given back. */
void server_conn_gone(struct http_server *);
/* The owner hears that a client it admitted has gone. */
void server_peer_gone(const struct http_server *, const struct sockaddr *peer);

/* body.c: the body of HTTP/1, from the end of the head on. */
void body_begin(struct http_conn *);
MUST_CHECK bool body_step(struct http_conn *);        /* CONN_BODY */
MUST_CHECK bool body_step_stream(struct http_conn *); /* CONN_STREAM */
void body_timeout(struct http_conn *);
/* The connection closed while the handler waited for more. */
void body_gone(struct exchange *);

MUST_CHECK struct exchange *exchange_get(struct http_server *);
void exchange_put(struct http_server *, struct exchange *);

#endif
