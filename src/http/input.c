#include "http/input.h"

#include <stdlib.h>
#include <string.h>

void
http_input_release(struct http_input *in)
{
    if (in->p != NULL && in->cap > in->pool->block_bytes) {
        gauge_give(in->pool->gauge, in->cap);
        free(in->p);
    } else if (in->p != NULL) {
        pool_put(in->pool, in->p);
    }
    http_input_init(in, in->pool);
}

/* A buffer of at least cap bytes that holds `content`. */
static bool
replace(struct http_input *in, size_t cap, struct str content)
{
    bool is_large = cap > in->pool->block_bytes;
    char *p;

    if (is_large && !gauge_take(in->pool->gauge, cap, 100))
        return false;
    p = is_large ? malloc(cap) : pool_get(in->pool);
    if (p == NULL) {
        if (is_large)
            gauge_give(in->pool->gauge, cap);
        return false;
    }
    if (content.n > 0)
        memcpy(p, content.p, content.n);
    in->p = p;
    in->at = 0;
    in->n = content.n;
    in->cap = is_large ? cap : in->pool->block_bytes;
    return true;
}

bool
http_input_room(struct http_input *in)
{
    struct http_input old = *in;

    if (in->p == NULL)
        return replace(in, in->pool->block_bytes, STR(""));
    if (in->n < in->cap)
        return true;
    if (in->at > 0) {
        memmove(in->p, in->p + in->at, in->n - in->at);
        in->n -= in->at;
        in->at = 0;
        return true;
    }
    if (!replace(in, in->cap * 2, http_input_view(in)))
        return false;
    http_input_release(&old);
    return true;
}

bool
http_input_split(struct http_input *in, struct http_input *held)
{
    struct str rest = http_input_view(in);

    *held = *in;
    http_input_init(in, held->pool);
    return replace(in, rest.n, rest);
}
