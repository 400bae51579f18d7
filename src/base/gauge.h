/*
 * Bytes that are held, out of a ceiling, counted by any thread. Who asks for
 * some names the share of the ceiling it may fill, so that what matters less is
 * refused earlier; what cannot be refused any more is added all the same.
 * NULL stands for no ceiling.
 */
#ifndef SALLYPORT_BASE_GAUGE_H
#define SALLYPORT_BASE_GAUGE_H

#include <stdatomic.h>

#include "base/defs.h"

struct gauge {
    atomic_size_t used;
    atomic_size_t max;    /* 0: none */
    atomic_bool is_tight; /* the process has no more: everything is refused */
};

/* n bytes more, unless `percent` of the ceiling would be exceeded. */
MUST_CHECK bool gauge_take(struct gauge *, size_t n, unsigned percent);
void gauge_add(struct gauge *, size_t n);
void gauge_give(struct gauge *, size_t n);

#endif
