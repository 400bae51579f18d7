/*
 * Blocks of one size, kept for the next user instead of given back to the
 * allocator: connection buffers and connection objects. One thread.
 */
#ifndef SALLYPORT_IO_POOL_H
#define SALLYPORT_IO_POOL_H

#include "base/defs.h"
#include "base/gauge.h"

struct pool {
    void *free;         /* list through the first word of each block */
    size_t block_bytes; /* at least a pointer */
    size_t n_free;
    size_t max_free;     /* more than that go back to the allocator */
    struct gauge *gauge; /* what is in use counts there; NULL */
};

void pool_init(struct pool *, size_t block_bytes, size_t max_free);
void pool_fini(struct pool *); /* the kept blocks; may be called twice */
MUST_CHECK void *pool_get(struct pool *);  /* uninitialised; NULL: no storage */
void pool_put(struct pool *, void *block); /* NULL is accepted */

#endif
