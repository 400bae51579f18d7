/*
 * Arena: many small pieces that end together (a configuration, a connection,
 * a request). An arena has a maximum; reaching it, or the end of memory, makes
 * allocation return NULL. With -DSALLYPORT_ARENA_MALLOC every piece is its own
 * malloc, so that ASan sees one byte too far.
 */
#ifndef SALLYPORT_BASE_ARENA_H
#define SALLYPORT_BASE_ARENA_H

#include "base/defs.h"

struct arena_block;

struct arena {
    struct arena_block *head; /* newest block */
    size_t used_bytes;        /* handed out in all */
    size_t max_bytes;
    size_t block_bytes; /* payload of an ordinary block */
};

/* max_bytes: all the arena may ever hand out. */
void arena_init(struct arena *, size_t max_bytes);
void arena_fini(struct arena *); /* may be called twice */
/* Overwrite all it handed out, before arena_fini: it held passwords. */
void arena_wipe(struct arena *);
/* Forget everything, keep one block for reuse (a request's arena). */
void arena_reset(struct arena *);

/* Aligned for any type; NULL when the arena or the system has no more. */
MUST_CHECK void *arena_alloc(struct arena *, size_t n_bytes);
MUST_CHECK void *arena_zalloc(struct arena *, size_t n_bytes);
/* n elements of size bytes each, zeroed; checks the multiplication. */
MUST_CHECK void *arena_array(struct arena *, size_t n, size_t size);
/* Room for one element more than the n at p, which may be NULL: p itself, or a
 * copy with twice *cap; NULL when there is none, p and *cap stay. */
MUST_CHECK void *arena_grown(struct arena *, void *p, size_t n, size_t *cap,
                             size_t size);

#define ARENA_NEW(arena, type) ((type *)arena_zalloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, n)                                            \
    ((type *)arena_array((arena), (n), sizeof(type)))

#endif
