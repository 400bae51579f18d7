#include "backoff.h"

uint64_t
backoff_next(struct backoff *b, uint64_t ready_ms, uint64_t now_ms)
{
    uint64_t delay = BACKOFF_FIRST_MS;

    if (ready_ms != 0 && now_ms - ready_ms >= BACKOFF_READY_MS)
        b->n_failures = 0;
    for (unsigned i = 0; i < b->n_failures && delay < BACKOFF_MAX_MS; i++)
        delay *= 2;
    b->n_failures++;
    return delay < BACKOFF_MAX_MS ? delay : BACKOFF_MAX_MS;
}
