/* What the files of the gateway's control thread share; private to them. */
#ifndef SALLYPORT_GATEWAY_GATEWAY_PRIV_H
#define SALLYPORT_GATEWAY_GATEWAY_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "gateway/gateway.h"
#include "gateway/revoked.h"
#include "gateway/serve.h"

#define LOOPS_MAX 64u

struct looper {
    struct serve serve;
    struct gateway *gateway;
    pthread_t thread;
    bool is_running;
};

/* A socket the parent gave us. */
struct listener {
    char host[256];
    uint16_t port;
    int fd;
    bool is_wanted;
    char channel[128]; /* "defaultHttpEndpoint-ssl" */
};

/* An endpoint the operator paused; it stays so across refreshes. */
struct paused {
    char id[128];
};

struct gateway {
    struct gateway_options o;
    struct control control;
    struct buf token; /* what the loops' clients say who we are with */
    char *work_dir;
    struct saf_client *saf;       /* the control thread's own */
    atomic_bool is_unregistered;  /* loops set it, gateway_tick acts on it */
    struct saf_services services; /* n 0: not registered */
    bool is_angel_away;           /* and it has been said */
    bool is_without_database;     /* since the start */
    bool has_missed_rings;        /* and so no key ring could be read */
    unsigned n_ticks;
    atomic_uint dumps_wanted; /* loops set it; gateway_wants_dump */
    uint64_t next_dump_ms;
    struct checker *checker;
    struct limits *limits;
    struct gauge memory; /* what connections and requests hold */
    size_t memory_limit; /* what the system lets this process have */
    struct tls_shared tls;
    struct revoked_said revoked;
    struct metrics *metrics;
    struct artefacts *artefacts;
    struct snapshot *snapshot;
    struct looper loops[LOOPS_MAX];
    unsigned n_loops;
    struct listener listeners[SNAPSHOT_PORTS_MAX * 2];
    size_t n_listeners;
    bool must_reopen; /* a socket of ours had the port: once more without it */
    /* portOpenRetries: a second apart, until none is left */
    bool must_retry_open;
    uint32_t n_open_tries;
    uint64_t next_open_ms;
    char web_address[320]; /* of the web application; "" while it has none */
    struct paused paused[SNAPSHOT_PORTS_MAX];
    size_t n_paused;
    pthread_mutex_t lock;
    pthread_cond_t done;
    unsigned n_waiting; /* loops that have not carried out an order */
    unsigned n_busy;    /* loops with requests, while draining */
};

/* Work for one loop; fds and the rest belong to what runs. */
struct order {
    struct loop_post post;
    struct looper *looper;
    struct snapshot *snapshot;
    const int *fds;
    uint64_t slow_ms, hung_ms; /* counting */
    struct gateway_work work;
    struct buf *lines; /* of requests, with the lock held */
};

/* Run on every loop; each calls gateway_report(g, &g->n_waiting) when done. */
void gateway_order(struct gateway *, struct order *orders /* LOOPS_MAX */,
                   void (*run)(struct loop_post *), struct snapshot *,
                   const int *fds);
void gateway_report(struct gateway *, unsigned *count);
void gateway_wait(struct gateway *); /* until all loops have reported */
/* Make this the snapshot in use; takes the reference. */
void gateway_use(struct gateway *, struct snapshot *);

/* angel.c: ERR_OK also without an angel, unless it is required. */
MUST_CHECK enum err angel_register(struct gateway *, struct err_info *why);
/* On each tick: is the angel still there, or there again? */
void angel_look(struct gateway *);

/* --- ports.c --------------------------------------------------------------
 */

/* The listening sockets of the snapshot's ports, opened where they are not; -1:
 * it is paused, or cannot be (said in the log). They stay open at the next
 * ports_close_unwanted. */
void ports_open(struct gateway *, const struct snapshot *, int *fds);
/* Not ERR_OK: two ports of it are one, and were not in the snapshot in use. */
MUST_CHECK enum err ports_check_rivals(struct gateway *,
                                       const struct snapshot *,
                                       struct err_info *why);
/* Open those that the snapshot in use does not have. Not ERR_OK: one cannot be;
 * all is as it was. */
MUST_CHECK enum err ports_open_new(struct gateway *, const struct snapshot *,
                                   struct err_info *why);
void ports_close_unwanted(struct gateway *);
bool ports_is_open(const struct gateway *, const struct port_entry *);
/* What the worker before this one had paused. */
void ports_restore_paused(struct gateway *);
bool ports_is_paused(const struct gateway *, struct str endpoint_id);

/* --- web_app.c: messages about the web application ------------------------
 */

void web_app_loading(struct gateway *);
void web_app_bound(struct gateway *);
/* Ports may have been opened or closed: where it is to be found now. */
void web_app_changed(struct gateway *);
void web_app_removed(struct gateway *);

#endif
