/* Lists of addresses and ports in ascending order, for binary search. */
#include <stdlib.h>
#include <string.h>

#include "ttls/build_priv.h"

static int
by_addr(const void *a, const void *b)
{
    return memcmp(((const struct ttls_addr *)a)->from,
                  ((const struct ttls_addr *)b)->from, 16);
}

static int
by_port(const void *a, const void *b)
{
    return (int)((const struct ttls_port *)a)->from -
           (int)((const struct ttls_port *)b)->from;
}

bool
ttls_addrs_sort(struct arena *arena, struct ttls_addrs *a)
{
    struct ttls_addr *v;
    size_t n = 0;

    a->sorted = a->v;
    a->n_sorted = a->n;
    if (a->n < 2)
        return true;
    v = ARENA_ARRAY(arena, struct ttls_addr, a->n);
    if (v == NULL)
        return false;
    memcpy(v, a->v, a->n * sizeof *v);
    qsort(v, a->n, sizeof *v, by_addr);
    for (size_t i = 1; i < a->n; i++) {
        if (memcmp(v[i].from, v[n].to, 16) > 0)
            v[++n] = v[i];
        else if (memcmp(v[i].to, v[n].to, 16) > 0)
            memcpy(v[n].to, v[i].to, 16);
    }
    a->sorted = v;
    a->n_sorted = n + 1;
    return true;
}

bool
ttls_ports_sort(struct arena *arena, struct ttls_ports *p)
{
    struct ttls_port *v;
    size_t n = 0;

    p->sorted = p->v;
    p->n_sorted = p->n;
    if (p->n < 2)
        return true;
    v = ARENA_ARRAY(arena, struct ttls_port, p->n);
    if (v == NULL)
        return false;
    memcpy(v, p->v, p->n * sizeof *v);
    qsort(v, p->n, sizeof *v, by_port);
    for (size_t i = 1; i < p->n; i++) {
        if (v[i].from > v[n].to)
            v[++n] = v[i];
        else if (v[i].to > v[n].to)
            v[n].to = v[i].to;
    }
    p->sorted = v;
    p->n_sorted = n + 1;
    return true;
}
