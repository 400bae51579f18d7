/*
 * HTTP server on a loop: HTTP/1 by llhttp, HTTP/2 by nghttp2, both strict.
 * Requests arrive whole (headers and body, limited), or, when asked for, with
 * the body to be read part by part; answers leave in one write where possible.
 * The handler may answer at once or later, from the loop's thread, and does not
 * see which protocol it serves.
 */
#ifndef SALLYPORT_HTTP_SERVER_H
#define SALLYPORT_HTTP_SERVER_H

#include <sys/socket.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/gauge.h"
#include "base/str.h"
#include "io/loop.h"
#include "io/tls.h"

struct http_header {
    struct str name; /* as received or as to be sent */
    struct str value;
};

/* Whether it can be sent as it is (RFC 9110, 5.1, 5.5). */
bool http_header_is_valid(const struct http_header *);

struct http_conn; /* one client connection */

struct http_request {
    struct http_conn *conn;
    struct arena *arena; /* lives as long as the request */
    struct str method;   /* "GET" */
    struct str target;   /* as received: "/a/b?x=1" */
    struct str path;     /* raw path of it, still percent-encoded */
    struct str query;    /* without "?", "" when none */
    const struct http_header *headers;
    size_t n_headers;
    struct str body;     /* all of it, unless has_more */
    bool has_more;       /* its body is to be read: http_body_read */
    uint64_t body_bytes; /* announced; HTTP_LENGTH_UNKNOWN */
    unsigned version;    /* 10, 11, 20 */
    void *user;          /* the handler's own */
};
#define HTTP_LENGTH_UNKNOWN UINT64_MAX

/* First header of that name (any case); false when absent. */
bool http_header_get(const struct http_request *, const char *name,
                     struct str *out);

/*
 * The body of a request that has_more. Nothing is read of it before, and after
 * each part nothing until http_body_next: a handler that is behind holds its
 * client back (the window of TCP or HTTP/2), and what arrived meanwhile is
 * bounded by one buffer or window. on_part gets
 *
 *   ERR_AGAIN  a part, borrowed until on_part returns, and more is to come
 *   ERR_OK     the last part, maybe empty
 *   else       the request has broken off (ERR_SYNTAX, ERR_LIMIT, ERR_TIMEOUT,
 *              ERR_PEER); what leaves when it is answered is our refusal
 *
 * Only after ERR_AGAIN may http_body_next be called. An answer before the last
 * part is allowed; over HTTP/1 the connection then ends with it.
 */
typedef void http_part_fn(struct http_request *, enum err, struct str part);
void http_body_read(struct http_request *, http_part_fn *on_part);
void http_body_next(struct http_request *);

/*
 * A body that is made while it leaves: asked for more only when the client has
 * taken what there was.
 *
 *   read  up to cap bytes into `to`, any number from 1 on; 0 at the end;
 *         HTTP_SOURCE_FAILED: it cannot go on, the client sees a body cut off
 *   end   once, when nothing more will be asked, whether it was all or not
 */
#define HTTP_SOURCE_FAILED SIZE_MAX
struct http_source {
    size_t (*read)(void *arg, char *to, size_t cap);
    void (*end)(void *arg);
    void *arg;
};

struct http_reply {
    unsigned status;
    const struct http_header *headers; /* Content-Length, Date, Connection and
                                          Keep-Alive are ours */
    size_t n_headers;
    struct str body; /* copied before http_reply_send returns */
    /* Instead of body, or NULL: copied, and ended in any case. */
    const struct http_source *source;
    uint64_t source_bytes; /* HTTP_LENGTH_UNKNOWN: chunked */
    bool must_close;
};

/* Exactly once for each request; the request ends here. Answers of pipelined
 * requests leave in order. */
void http_reply_send(struct http_request *, const struct http_reply *);

/* What is known of the connection. */
bool http_conn_is_tls(const struct http_conn *);
/* The client's certificate (DER), verified against the trust anchors, in the
 * arena; empty when none was presented, or the connection has gone. Made anew
 * each time, since keeping it for every connection costs too much: what is kept
 * is its SHA-256, borrowed for the life of the connection. */
struct str http_conn_certificate(struct arena *, const struct http_conn *);
struct str http_conn_certificate_digest(const struct http_conn *);
struct str http_conn_peer(const struct http_conn *); /* "127.0.0.1" */
unsigned http_conn_peer_port(const struct http_conn *);
unsigned http_conn_port(const struct http_conn *); /* local port */
/* Our own address of it, "127.0.0.1", in the arena (access log %A). Empty when
 * the connection has gone meanwhile. */
struct str http_conn_local(struct arena *, const struct http_conn *);
/* One slot for whoever caches by connection (the mapped identity); `free` runs
 * when the connection ends. */
void http_conn_set(struct http_conn *, void *value, void (*free)(void *));
void *http_conn_get(const struct http_conn *);

/* Who may fill how much of the ceiling of memory, in percent. */
#define HTTP_MEMORY_CONNECTIONS 75u
#define HTTP_MEMORY_BODIES 85u
#define HTTP_MEMORY_REQUESTS 95u

struct http_server_options {       /* defaults: Liberty's httpOptions */
    bool keep_alive;               /* true */
    int max_keep_alive_requests;   /* 100; -1 no limit */
    uint32_t persist_timeout_ms;   /* 30 s */
    uint32_t read_timeout_ms;      /* 60 s */
    uint32_t write_timeout_ms;     /* 60 s */
    uint32_t handshake_timeout_ms; /* each step of the TLS handshake: 60 s */
    uint32_t max_field_bytes;      /* 32768 */
    uint32_t max_headers;          /* 500 */
    size_t max_body_bytes;         /* 32 MiB; more is 413 */
    bool streams_bodies;      /* false: requests arrive whole. true: on_request
                                 runs before the body has arrived */
    uint32_t max_connections; /* 128000 */
    /* What connections, requests and answers hold is counted there; requests
     * that find no room are answered 503, connections closed. NULL: not. */
    struct gauge *memory;
    uint32_t retry_after_s; /* of such a 503; 1 */
    /* HTTP/2: by ALPN when the TLS configuration offers it, and on clear text
     * by prior knowledge or Upgrade: h2c. */
    bool http2;                    /* false */
    uint32_t h2_idle_timeout_ms;   /* 0: none */
    uint32_t h2_max_streams;       /* 200 */
    uint32_t h2_max_frame_bytes;   /* 57344 */
    uint32_t h2_connection_window; /* 65535 */
    uint32_t h2_stream_window;     /* 65535 */
    uint32_t h2_max_resets;        /* RST_STREAM from a client in a window: 100;
                                      the next one ends the connection */
    uint32_t h2_resets_window_ms;  /* 30 s */
    uint32_t h2_max_refused;       /* streams over h2_max_streams: 100 */
};
void http_server_defaults(struct http_server_options *);

struct http_server;

/* A request that has been answered. */
struct http_done {
    unsigned status;
    size_t body_bytes;
    const struct http_header *headers; /* of the answer, without our own */
    size_t n_headers;
    const char *refused; /* why we refused it ourselves; NULL: the handler's */
    uint64_t started_us; /* clock_mono_us when its head was complete */
};

enum http_admit {
    HTTP_ADMIT_NO, /* closed without an answer */
    HTTP_ADMIT_YES,
    HTTP_ADMIT_LATER, /* the owner keeps fd, then http_server_take or close */
};

struct http_server_events {
    void (*on_request)(struct http_request *, void *arg);
    /* An answer has been formatted; what of a refused request was not read is
     * empty. For access logs and counters; must not answer anything. May be
     * NULL. */
    void (*on_done)(const struct http_request *, const struct http_done *,
                    void *arg);
    /* Before anything is read of it. May be NULL: all are. */
    enum http_admit (*admits)(int fd, const struct sockaddr *peer, void *arg);
    /* A connection that was admitted has ended. May be NULL. */
    void (*on_closed)(const struct sockaddr *peer, void *arg);
    /* Handshake failures (for CWWKO0801E); text is JSSE's wording. May be
     * NULL. */
    void (*on_tls_error)(struct str peer, struct str text, void *arg);
    /* A TLS handshake is done. May be NULL. */
    void (*on_tls)(bool is_resumed, void *arg);
    /* max_connections was reached and a client turned away (for CWWKO0222W):
     * once, until there is room again. May be NULL. */
    void (*on_full)(void *arg);
    /* A client was turned away for want of descriptors. May be NULL. */
    void (*on_no_descriptors)(void *arg);
    void *arg;
};

/*
 * Serve connections accepted from `listener` (a listening, non-blocking socket
 * the caller keeps) on this loop. tls NULL: clear text. The options and tls
 * may be replaced later for new connections.
 */
MUST_CHECK enum err http_server_new(struct loop *, int listener,
                                    struct tls_config *tls,
                                    const struct http_server_options *,
                                    const struct http_server_events *,
                                    struct http_server **out,
                                    struct err_info *why);
void http_server_update(struct http_server *, struct tls_config *tls,
                        const struct http_server_options *);
/* A connection that was to be admitted later; fd becomes the server's. */
void http_server_take(struct http_server *, int fd, const struct sockaddr *,
                      socklen_t);
/* Stop accepting; idle connections close, busy ones finish. `done` runs when
 * the last one is gone; then the server may be freed. */
void http_server_drain(struct http_server *, void (*done)(void *arg),
                       void *arg);
void http_server_free(struct http_server **); /* closes what is left */
size_t http_server_connections(const struct http_server *); /* any thread */

#endif
