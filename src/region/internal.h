/*
 * Messages between the processes of one region (ipc/chan.h), and the page that
 * a worker shares with the supervisor.
 *
 *   supervisor  listens, binds partners, spawns the others, answers for the
 *               dead; never touches a request's data
 *   worker      runs one COBOL task at a time; reads files
 *   committer   holds record locks, is the only writer of files
 */
#ifndef SALLYPORT_REGION_INTERNAL_H
#define SALLYPORT_REGION_INTERNAL_H

#include <stdatomic.h>
#include <stdint.h>

#include "isc/frame.h"

enum region_message {
    /* supervisor to worker */
    RMSG_ATTACH = 1, /* u32 key, u16 session, str IPCONN, u8 userauth,
                        str link user (empty: none of its own), str sealed
                        identity of the link (CERTUSER, or empty), u8
                        RSESSION_ bits; fd: the session */
    RMSG_COMMITTER,  /* fd: a new committer's channel */
    RMSG_RETIRE,     /* end when idle (NEWCOPY, shutdown) */
    RMSG_DETACH,     /* u32 key: another worker has the session now */
    /* worker and committer to supervisor */
    RMSG_READY, /* it can work */
    RMSG_LOG,   /* str message id, then str inserts: for the region's log */
    /* gate to supervisor */
    RMSG_PARTNER, /* u16 port, u8 came with a client certificate, str sealed
                     identity it stands for (or empty); fd: the control
                     connection */

    /* worker to committer; every one but the last two is answered */
    RMSG_LOCK = 32, /* str file, str key, u32 wait ms */
    RMSG_COMMIT,    /* u64 unit, then operations (store.h) */
    RMSG_UNLOCK,    /* str file, str key */
    RMSG_BACKOUT,   /* all locks of this worker */
    /* committer to worker */
    RMSG_DONE = 48, /* u8 outcome */
    RMSG_HELLO,     /* u32 worker: whose channel this is; fd */
};

/* What a session is. */
enum {
    RSESSION_AUTOINSTALLED = 1u << 0,
    RSESSION_VOUCHED = 1u << 1, /* a remote partner that proved itself by a
                                   certificate: user ids need no seal */
};

enum region_outcome {
    OUTCOME_OK,
    OUTCOME_BUSY, /* the lock was not free in time */
    OUTCOME_FULL, /* no space in the file store */
    OUTCOME_IO,
};

/* What a new worker is told, in its environment: applid and the decimal
 * numbers of worker, index, and the descriptors of supervisor, committer and
 * pages, separated by colons. */
#define REGION_WORKER_ENV "SALLYPORT_REGION_WORKER"

enum page_state {
    PAGE_IDLE,
    PAGE_RUNNING,  /* a frame is being taken, or was, from its session */
    PAGE_ANSWERED, /* its response was sent */
};

/*
 * What the supervisor must know when a worker has died. All pages lie in one
 * memfd; the first is the region's own and counts the tasks. Written by the
 * worker alone, `state` last.
 */
#define PAGE_BYTES 1024u
struct page {
    _Atomic uint32_t state;
    _Atomic uint32_t key; /* session the request came on */
    _Atomic uint32_t task;
    /* Of the frame that was taken, written by the kernel as it is taken
     * (isc_recv_noted); zeros while none was. */
    char head[ISC_HEAD_BYTES];
    char abcode[5]; /* set by who decides to die: AICA */
    char transid[5];
    char program[9];
    char user[9];
};

#endif
