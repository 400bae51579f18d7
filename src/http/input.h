/*
 * Bytes read from a peer and not yet consumed. The buffer is a block of a pool;
 * only a long head makes it grow out of it, and a connection that waits holds
 * none. Private to this folder.
 */
#ifndef SALLYPORT_HTTP_INPUT_H
#define SALLYPORT_HTTP_INPUT_H

#include "base/str.h"
#include "io/pool.h"

struct http_input {
    struct pool *pool;
    char *p;
    size_t at, n, cap; /* [at, n) waits; cap over the pool's block: malloc */
};

static inline void
http_input_init(struct http_input *in, struct pool *pool)
{
    *in = (struct http_input){ .pool = pool };
}

/* What waits. */
static inline struct str
http_input_view(const struct http_input *in)
{
    return str_n(in->p == NULL ? "" : in->p + in->at, in->n - in->at);
}

/* Give the buffer back; may be called twice. */
void http_input_release(struct http_input *);
/* Room to read into at p + n. May move what waits: nothing may point into it.
 * False: no storage, and nothing has changed. */
MUST_CHECK bool http_input_room(struct http_input *);
/* Leave the buffer, with all that was consumed and is pointed into, to `held`
 * (initialised, empty) and move what waits to another. False: no storage. */
MUST_CHECK bool http_input_split(struct http_input *, struct http_input *held);

#endif
