/* Shared by the files of the supervisor. */
#ifndef SALLYPORT_REGION_SUPERVISOR_PRIV_H
#define SALLYPORT_REGION_SUPERVISOR_PRIV_H

#include <sys/types.h>

#include "ipc/chan.h"
#include "ipc/task.h"
#include "isc/link.h"
#include "region/defs.h"
#include "region/internal.h"

struct partner { /* a control connection */
    int fd;
    struct chan_peer peer;
    const struct ipconn *ipconn; /* NULL until bound, or autoinstalled */
    bool is_bound;
    bool is_gone;
    bool is_remote;       /* came through the gate */
    bool has_certificate; /* and proved itself by one */
    uint16_t port;        /* of the service, when remote */
    struct buf identity;  /* what the certificate stands for, sealed */
    char name[9];         /* applid it gave */
};

struct region_session {
    uint32_t key;
    uint16_t number;
    uint32_t worker; /* index; its own one follows from the number */
    int fd;          /* the worker's end: it outlives workers */
    struct partner *partner;
};

struct region_worker {
    pid_t pid;   /* 0: none */
    uint32_t id; /* never used again */
    int chan;
    bool is_ready;
    bool is_retired;   /* its end is expected */
    unsigned failures; /* ends in a row without having become ready */
    uint64_t start_at_ms;
    /* spread.c */
    uint32_t task; /* at which it was when last looked at; 0: none */
    bool is_stuck; /* at that one still */
    bool is_lent;  /* it has just been given a session */
};

struct supervisor {
    struct region_defs defs;
    struct task *task; /* NULL: a plain process */
    int log_fd;
    int listener;
    int signals;
    int pages_fd;
    struct page *pages;
    struct region_worker *workers; /* defs.sit.mxt of them */
    uint32_t last_worker;
    pid_t committer;
    int committer_chan;
    bool committer_ready;
    pid_t gate; /* 0: none */
    int gate_chan;
    unsigned gate_failures;
    uint64_t gate_start_at_ms;
    struct partner **partners;
    size_t n_partners, cap_partners;
    struct region_session **sessions;
    size_t n_sessions, cap_sessions;
    uint32_t last_key;
    uint64_t spread_at_ms;
    bool is_announced;
    bool is_stopping;
    uint64_t stop_at_ms;
    int exit_code;
    char dir[256]; /* regions/<APPLID> */
    struct isc_packet packet;
};

/* log.c: messages.log of the region, standard output, and the operator. */
void region_log_open(struct supervisor *);
void region_log(struct supervisor *, const char *id, const struct str *inserts,
                size_t n);
#define REGION_LOG(s, id, ...)                                                 \
    region_log(                                                                \
        (s), (id), (const struct str[]){ (s)->defs.sit.applid, __VA_ARGS__ },  \
        sizeof((const struct str[]){ (s)->defs.sit.applid, __VA_ARGS__ }) /    \
            sizeof(struct str))

/* bind.c: partners and their sessions. */
MUST_CHECK enum err bind_listen(struct supervisor *, struct err_info *why);
void bind_unlisten(struct supervisor *);
void bind_accept(struct supervisor *);
/* A partner that the gate let in: the payload and descriptor of RMSG_PARTNER.
 */
void bind_remote(struct supervisor *, struct chan_msg *);
void bind_event(struct supervisor *, struct partner *);
void bind_drop(struct supervisor *, struct partner *);
/* Give a session to its worker (or another that is ready). */
void session_attach(struct supervisor *, struct region_session *);
struct region_session *session_find(struct supervisor *, uint32_t key);

/* spread.c: requests that wait behind somebody else's program; now and then. */
void spread_turn(struct supervisor *);

/* pool.c: workers, the committer and the gate. */
MUST_CHECK enum err pool_start(struct supervisor *, struct err_info *why);
void pool_turn(struct supervisor *); /* start what is due */
void pool_reap(struct supervisor *); /* after SIGCHLD */
void pool_worker_event(struct supervisor *, struct region_worker *);
void pool_committer_event(struct supervisor *);
void pool_gate_event(struct supervisor *);
void pool_retire(struct supervisor *); /* NEWCOPY: fresh workers */
void pool_kill(struct supervisor *);

#endif
