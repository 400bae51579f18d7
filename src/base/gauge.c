#include "base/gauge.h"

bool
gauge_take(struct gauge *g, size_t n, unsigned percent)
{
    size_t max, used;

    if (g == NULL)
        return true;
    if (atomic_load_explicit(&g->is_tight, memory_order_relaxed))
        return false;
    max = atomic_load_explicit(&g->max, memory_order_relaxed);
    used = atomic_fetch_add_explicit(&g->used, n, memory_order_relaxed);
    if (max == 0 || (n <= max && used <= max / 100 * percent &&
                     n <= max / 100 * percent - used))
        return true;
    atomic_fetch_sub_explicit(&g->used, n, memory_order_relaxed);
    return false;
}

void
gauge_add(struct gauge *g, size_t n)
{
    if (g != NULL)
        atomic_fetch_add_explicit(&g->used, n, memory_order_relaxed);
}

void
gauge_give(struct gauge *g, size_t n)
{
    if (g != NULL)
        atomic_fetch_sub_explicit(&g->used, n, memory_order_relaxed);
}
