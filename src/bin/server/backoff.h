/*
 * How long to wait before a process that ended is started again: 0.1 s, twice
 * as long each time up to 10 s; from the beginning when the one that ended had
 * been of use for a while.
 */
#ifndef SALLYPORT_SERVER_BACKOFF_H
#define SALLYPORT_SERVER_BACKOFF_H

#include <stdint.h>

#define BACKOFF_FIRST_MS 100u
#define BACKOFF_MAX_MS 10000u
#define BACKOFF_READY_MS 1000u /* of use, if it was ready for so long */

struct backoff {
    unsigned n_failures; /* in a row */
};
/* ready_ms: since when it was ready; 0: it never was. */
uint64_t backoff_next(struct backoff *, uint64_t ready_ms, uint64_t now_ms);

#endif
