/* What the files of a worker share; private to them. */
#ifndef SALLYPORT_REGION_WORKER_PRIV_H
#define SALLYPORT_REGION_WORKER_PRIV_H

#include "isc/link.h"
#include "region/internal.h"
#include "region/security.h"
#include "region/task.h"

struct session {
    size_t at; /* in worker.sessions */
    uint32_t key;
    uint16_t number;
    int fd;
    struct link_security link;
    char ipconn[9];
    bool is_gone; /* ended, or another worker's: dropped after the turn */
};

struct worker {
    struct region_defs defs;
    uint32_t id, index;
    int control;
    int epoll; /* many sessions, few of them ready: cheaper than poll */
    struct page *pages; /* [0] is the region's */
    struct page *page;
    struct session **sessions;
    size_t n_sessions, cap_sessions;
    struct committer_link committer;
    int new_committer;
    struct security security;
    struct isc_packet packet;
    struct isc_req req;
    struct isc_rsp rsp;
    struct cics_task task;
    bool is_running, is_retired, is_orphan;
    bool has_gone; /* some session is_gone */
    uint64_t began_us;
    struct session *session;
    uint32_t sequence;
    unsigned char commarea[ISC_COMMAREA_MAX];
};

extern struct worker worker; /* the process is one */

/* The request in worker.packet, from that session: decided, run, answered. */
void worker_serve(struct session *);
/* The run time of programs, and the clock for those that do not end. */
void worker_start_cobol(void);

#endif
