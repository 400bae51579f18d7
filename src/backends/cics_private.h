/* Shared by the files of provider `cics`. */
#ifndef SALLYPORT_BACKENDS_CICS_PRIVATE_H
#define SALLYPORT_BACKENDS_CICS_PRIVATE_H

#include "backends/cics_workers.h"
#include "backends/provider.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/secret.h"
#include "io/loop.h"
#include "io/resolve.h"
#include "isc/link.h"
#include "isc/tunnel.h"

#define CICS_WORKERS_MAX 1024u

enum conn_state {
    CONN_DOWN,
    CONN_HELLO, /* bind sent */
    CONN_UP,
};

struct session {
    struct provider_conn *conn;
    struct loop_fd watch;                /* fd -1: free slot */
    struct provider_invocation *current; /* NULL: idle, or nobody waits */
    bool is_busy;
    uint16_t number, worker;
    uint32_t sequence;
};

struct provider_invocation {
    struct provider_conn *conn; /* lives at least as long, see cics_close */
    struct provider_invocation *next, **at; /* place in the queue */
    struct session *session;                /* once sent */
    provider_done done;
    void *arg;
    struct loop_timer deadline;
    struct loop_post later; /* to fail outside invoke */
    bool is_failing;
    enum provider_outcome outcome;
    char detail[ERR_TEXT_MAX];
    struct buf frame;
    int fds[ISC_FDS_MAX];
    unsigned n_fds;
    char resource[16]; /* "CSMI,CSCVINC" */
    uint64_t began_us;
    bool is_cancelled;
};

struct provider_conn {
    struct loop *loop;
    struct arena arena;
    struct str id, host, applid, networkid, cics_applid, cics_networkid;
    struct str transid, user;
    struct secret password;
    uint32_t port, send_sessions, timeout_ms, heartbeat_ms;
    bool eib_and_mirror;
    bool is_remote; /* over the network, or TLS is wanted */
    bool is_closing;
    enum conn_state state;
    struct loop_post last_post; /* frees the connection */
    struct loop_fd control;
    struct loop_timer reconnect, heartbeat, bind_timer;
    bool ping_sent;
    struct session *sessions[ISC_SESSIONS_MAX];
    size_t n_sessions, granted;
    struct worker_view workers[CICS_WORKERS_MAX];
    struct provider_invocation *first, **last;
    size_t n_waiting;
    struct isc_packet packet;
    struct isc_rsp *rsp;
    struct isc_req *req; /* filled anew for each request */
    struct provider_invocation *spares;
    size_t n_spares;
    struct provider_area areas[ISC_AREAS_MAX];
    char region[9];
    /* is_remote */
    struct tls_config *tls; /* NULL: clear text */
    struct isc_tunnel *tunnel;
    int far_end; /* of the control connection until the tunnel has it, or -1 */
    struct resolve_job *resolving;
    union address addresses[RESOLVE_ADDRESSES_MAX]; /* still to be tried */
    size_t n_addresses;
};

/* Zeros but for its empty frame; NULL: no storage. */
struct provider_invocation *invocation_new(struct provider_conn *);
void invocation_free(struct provider_invocation *);
void invocation_queue(struct provider_invocation *);
void invocation_dequeue(struct provider_invocation *); /* also when it is not */
/* Leave queue and session; a task that runs keeps its session busy. */
void invocation_detach(struct provider_invocation *);
/* Detach, hand over the result, free. */
void invocation_finish(struct provider_invocation *,
                       const struct provider_result *);
/* From within invoke, or while a list is walked. */
void invocation_fail_later(struct provider_invocation *, enum provider_outcome,
                           const char *text);
/* The same for all that wait. */
void invocation_fail_waiting(struct provider_conn *, enum provider_outcome,
                             const char *text);
void invocation_on_deadline(struct loop_timer *);

/* Start to bind; ERR_OK does not mean that the region agrees. */
enum err cics_connect(struct provider_conn *, struct err_info *why);
/* The control connection of one over the network; it is up later. */
enum err cics_remote_connect(struct provider_conn *, int *control,
                             struct err_info *why);
void cics_remote_close(struct provider_conn *);
/* Waiting requests to free sessions. */
void cics_pump(struct provider_conn *);
/* Everything under way and waiting fails at once; a new attempt follows with
 * the next request, and by itself a second later. */
void cics_lost(struct provider_conn *, enum provider_outcome, const char *text);
void cics_on_reconnect(struct loop_timer *);
void cics_on_heartbeat(struct loop_timer *);
void cics_on_bind_timeout(struct loop_timer *);

#endif
