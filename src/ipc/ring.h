/*
 * Records from one process to another through shared memory: the writer makes
 * no system call, never waits, and its death loses nothing that it has put.
 * One writer, one reader. The reader trusts nothing in the memory but its
 * size, which is sealed.
 *
 *     writer: ring_put; true from ring_is_asleep: ring the bell (a message)
 *     reader: ring_take until it is empty, then ring_sleep; again at the bell,
 *             and from time to time while there is much to do
 */
#ifndef SALLYPORT_IPC_RING_H
#define SALLYPORT_IPC_RING_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define RING_BYTES (1u << 20)         /* of records; a power of two */
#define RING_RECORD_MAX (32u * 1024u) /* bytes of one */

struct ring_memory;

struct ring {
    struct ring_memory *memory; /* NULL: none */
    int fd;                     /* the writer's, to be passed on; else -1 */
    uint64_t at;                /* the reader's own: how far it has read */
};

/* The writer's end. */
MUST_CHECK enum err ring_new(struct ring *out, struct err_info *why);
/* The reader's, of a descriptor that stays the caller's: goes on where the
 * last reader ended. ERR_SYNTAX: not a ring. */
MUST_CHECK enum err ring_attach(int fd, struct ring *out, struct err_info *why);
void ring_fini(struct ring *); /* may be called twice */

/* False: no room; nothing is written. */
MUST_CHECK bool ring_put(struct ring *, struct str record);
/* The reader sleeps; asked after ring_put. True once for each sleep. */
bool ring_is_asleep(struct ring *);
/* A record had no room, nor another way; the reader is told how many. */
void ring_add_lost(struct ring *);

/* The next record replaces what `out` holds. ERR_NOT_FOUND: none. ERR_SYNTAX:
 * the writer has written nonsense; nothing more can be read. */
MUST_CHECK enum err ring_take(struct ring *, struct buf *out,
                              struct err_info *why);
/* False: something has come meanwhile. */
MUST_CHECK bool ring_sleep(struct ring *);
/* Records that were lost since the last time this was asked. */
uint64_t ring_lost(struct ring *);

#endif
