/*
 * One loop's part of the gateway and the requests on it: the pipeline of
 * the product as steps that each either go on, wait for an answer
 * (angel, region, endpoint), or end the request.
 */
#ifndef SALLYPORT_GATEWAY_SERVE_H
#define SALLYPORT_GATEWAY_SERVE_H

#include <stdatomic.h>

#include "auth/authenticate.h"
#include "gateway/authorization.h"
#include "gateway/doorman.h"
#include "gateway/gateway.h"
#include "gateway/metrics.h"
#include "gateway/snapshot.h"
#include "http/client.h"
#include "http/server.h"
#include "io/loop.h"
#include "saf/client.h"

/* The configuration in use on one loop; requests count without atomics. */
struct usage {
    struct snapshot *snapshot;
    size_t n_requests;
    bool is_current;
};

/* Where loops send what the control thread does. */
struct control {
    struct loop *loop;
    gateway_notice_fn notice;
    void *arg;
};

struct serve_conn; /* a provider connection of this loop, by id */

/* One listener of this loop. */
struct serve_port {
    struct serve *serve;
    struct port_entry entry; /* without its strings and tls */
    char host[256];
    char channel[128]; /* for messages */
    int fd;
    struct http_server *server;
    bool is_wanted; /* while a configuration is applied */
    /* Its entry in the snapshot in use; NULL while it closes. */
    const struct port_entry *live;
    struct loop_post end; /* frees it once drained */
    struct serve_port *next;
};

struct serve {
    struct loop *loop;
    struct messages_log *log;
    struct checker *checker; /* the gateway's */
    struct saf_client *saf;
    struct saf_view *view;
    struct loop_fd saf_watch;
    struct loop_timer saf_retry;
    struct http_pool *pool;
    atomic_bool *is_unregistered; /* the angel's services were lost */
    struct usage *usage;          /* never NULL once configured */
    struct serve_port *ports;
    struct doorman doorman;
    struct serve_conn *conns;
    struct buf json;              /* storage of the last answer, for the next */
    struct limits *limits;        /* the gateway's */
    struct gauge *memory;         /* likewise */
    struct metrics *metrics;      /* the gateway's, of all loops */
    struct metrics_loop *counted; /* our own */
    const struct control *control; /* NULL: nobody to tell */
    struct loop_timer timing_timer;
    atomic_uint *dumps_wanted; /* the gateway's: a request is hung */
    unsigned index;            /* of this loop */
    uint64_t next_request_id;
    uint64_t id_step;         /* number of loops: ids differ between them */
    size_t n_requests;        /* under way on this loop */
    uint64_t n_total;         /* since start */
    struct request *requests; /* under way, newest first */
    void (*on_idle)(struct serve *); /* set while draining */
    unsigned n_draining;             /* ports whose last connection is open */
};

/* --- one loop's life (loop_state.c); all but init run on its thread --------
 */

MUST_CHECK enum err serve_init(struct serve *, struct messages_log *,
                               struct str token, unsigned index,
                               unsigned n_loops, struct err_info *why);
/* Use this configuration for new requests; fds[i] listens for ports[i], -1 for
 * a port that could not be opened. */
void serve_apply(struct serve *, struct snapshot *, const int *fds);
/* Close all ports; `on_idle` runs when requests and connections are gone. */
void serve_drain(struct serve *, void (*on_idle)(struct serve *));
void serve_fini(struct serve *);
/* For saf_on_message: an operator's line about one of our requests. */
void serve_operator_line(void *arg, struct str line);

enum resource_kind {
    RESOURCE_API,
    RESOURCE_SERVICE,
    RESOURCE_REQUESTER,
    RESOURCE_DOCUMENT,
    RESOURCE_METRICS,
    RESOURCE_MBEAN,
};

/* One request; lives in its arena. */
struct request {
    struct serve *serve;
    struct usage *usage;
    struct http_request *http;
    struct serve_port *port;
    const struct port_entry *entry; /* of the snapshot; NULL: closing */
    struct str peer, host;          /* of the client, proxies seen through */
    struct str origin;              /* of the page that asks; "" none */
    const struct cfg_cors *cors;    /* allows that origin; NULL */
    bool is_secure;                 /* TLS, here or at a proxy */
    bool is_counted;                /* by its API's bulkhead */
    bool must_close;                /* the connection, after the answer */
    uint64_t began_us;
    uint64_t number;      /* on this loop */
    unsigned timing_said; /* timing.h */
    enum resource_kind kind;
    struct access *access;
    struct operation *operation; /* API, service */
    struct api_entry *api;       /* API, document */
    struct requester_entry *requester;
    struct route_match match;
    struct str allow; /* methods, for 405 */
    struct decision decision;
    struct request *next, *previous; /* of serve->requests */
    struct auth_attempt attempt;
    struct acee *caller;   /* authenticated, or the guest */
    bool is_authenticated; /* not the guest */
    struct acee *asserted; /* requester: the program's identity */
    struct authorization_subject subject; /* sallyport_request.host */
    struct sallyport_request info;
    unsigned n_run; /* interceptors whose pre-call ran */
    /* Its body, when that came later, and what goes on with it. */
    struct buf body;
    void (*then)(struct request *);
    size_t held_bytes; /* counted in serve->memory */
    /* provider */
    struct map_record *records;
    struct provider_area *areas;
    struct provider_invocation *invocation;
    /* requester */
    const struct image_op *op;
    struct http_call *call;
    size_t capacity; /* bytes of the program's response area */
};

/* http_server's handler; arg is the serve_port. */
void serve_on_request(struct http_request *, void *arg);

/* Steps implemented in other files; each takes the request over. */
void provide_start(struct request *); /* provider.c: APIs and services */
void require_start(struct request *); /* requester.c */
/* mbean.c: below MBEAN_ROOT; its caller is an administrator. */
#define MBEAN_ROOT "/IBMJMXConnectorREST"
void mbean_start(struct request *);

/* The whole body is there, or comes (receive.c); goes on with `then`, or ends
 * the request. */
void receive_body(struct request *, void (*then)(struct request *));
/* The request holds so much more; false: no room. Given back by its answer. */
MUST_CHECK bool receive_hold(struct request *, size_t n_bytes);

/* Provider connections of this loop. NULL and a reason when there is none. */
struct provider_conn *serve_connection(struct serve *, struct snapshot *,
                                       const struct provider *, struct str id,
                                       struct err_info *why);
void serve_close_connections(struct serve *);

/* --- answers (answer.c); each ends the request ---------------------------- */

void answer(struct request *, unsigned status, struct str content_type,
            struct str body, const struct http_header *extra, size_t n_extra);
/* The same with a body that may be large: its storage is taken over and leaves
 * as the client takes it. */
void answer_taking(struct request *, unsigned status, struct str content_type,
                   struct buf *body, const struct http_header *extra,
                   size_t n_extra);
/* 200 with what belongs to the configuration in use. */
void answer_document(struct request *, struct str content_type,
                     struct str document);
/* {"errorMessage":"<id>: text"[,"errorDetails":...]}, logged too. details_id
 * NULL: none. */
void answer_error(struct request *, unsigned status, const char *id,
                  const struct str *inserts, size_t n_inserts,
                  const char *details_id, const struct str *details,
                  size_t n_details);
#define ANSWER_ERROR(r, status, id, ...)                                       \
    answer_error((r), (status), (id), MSG_INSERTS(__VA_ARGS__),                \
                 sizeof(MSG_INSERTS(__VA_ARGS__)) / sizeof(struct str), NULL,  \
                 NULL, 0)
/* A refusal of an interceptor: its texts as they are. */
void answer_refusal(struct request *, const struct sallyport_refusal *);
/* 401 with a challenge, 302 to https, 403 and others with plain text. */
void answer_challenge(struct request *);
void answer_redirect(struct request *);
void answer_plain(struct request *, unsigned status, const char *text);
/* 503 or 429 with Retry-After, counted. */
void answer_limited(struct request *, enum limit);
/* OpenMetrics text. */
void answer_metrics(struct request *);

#endif
