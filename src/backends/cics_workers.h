/*
 * Which of a region's workers gets the next request. Waking one costs more than
 * most programs run, so one that is at work gets the next while its program
 * answers at once: it is done before another would be awake. Nobody is made to
 * wait behind another program, which may be slow, or behind one whose answer is
 * due for longer, while somebody else is idle.
 */
#ifndef SALLYPORT_BACKENDS_CICS_WORKERS_H
#define SALLYPORT_BACKENDS_CICS_WORKERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define WORKER_QUEUE_MAX 4u       /* requests that may wait on one worker */
#define WORKER_QUICK_QUEUE_MAX 3u /* on one that answers at once */
#define WORKER_QUICK_MS 1u
#define WORKER_FULL UINT32_MAX

/* What a connection has given a worker to do; zeros at first. */
struct worker_view {
    uint16_t load;        /* requests under way */
    bool is_mixed;        /* of several programs */
    char resource[16];    /* else of this one, now or last */
    uint64_t answered_ms; /* when it answered last for that one; 0: never */
};

void worker_begins(struct worker_view *, struct str resource);
void worker_ends(struct worker_view *, uint64_t now_ms);
/* The lowest gets the request; WORKER_FULL: not this one. */
uint32_t worker_rank(const struct worker_view *, struct str resource,
                     uint64_t now_ms);

#endif
