#include "backends/cics_workers.h"

#define RANK_IDLE 100u

void
worker_begins(struct worker_view *w, struct str resource)
{
    bool is_same = str_eq_z(resource, w->resource);

    if (w->load++ > 0) {
        w->is_mixed = w->is_mixed || !is_same;
        return;
    }
    w->is_mixed = false;
    if (is_same)
        return;
    w->answered_ms = 0;
    if (!str_copy_z(resource, w->resource, sizeof w->resource))
        w->resource[0] = '\0';
}

void
worker_ends(struct worker_view *w, uint64_t now_ms)
{
    w->load--;
    w->answered_ms = now_ms;
}

static bool
is_quick(const struct worker_view *w, struct str resource, uint64_t now_ms)
{
    return w->load < WORKER_QUICK_QUEUE_MAX && !w->is_mixed &&
           w->answered_ms > 0 && now_ms - w->answered_ms <= WORKER_QUICK_MS &&
           resource.n > 0 && str_eq_z(resource, w->resource);
}

uint32_t
worker_rank(const struct worker_view *w, struct str resource, uint64_t now_ms)
{
    if (w->load >= WORKER_QUEUE_MAX)
        return WORKER_FULL;
    if (w->load > 0 && is_quick(w, resource, now_ms))
        return w->load;
    return RANK_IDLE + w->load;
}
