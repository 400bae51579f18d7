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

/* What stands before and behind the IPv4 addresses, ::ffff:0:0/96. */
static const uint8_t before_v4[16] = {
    [10] = 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff
};
static const uint8_t behind_v4[16] = { [9] = 1 };

/* IPv6 addresses on both sides of the IPv4 ones do not mean these. */
static bool
spans_v4(const struct ttls_addr *a)
{
    return memcmp(a->from, before_v4, 16) <= 0 &&
           memcmp(a->to, behind_v4, 16) >= 0;
}

bool
ttls_addrs_sort(struct arena *arena, struct ttls_addrs *a)
{
    struct ttls_addr *v;
    size_t n = 0, n_all = a->n;

    a->sorted = a->v;
    a->n_sorted = a->n;
    if (a->n == 0 || (a->n == 1 && !spans_v4(a->v)))
        return true;
    v = ARENA_ARRAY(arena, struct ttls_addr, 2 * a->n);
    if (v == NULL)
        return false;
    memcpy(v, a->v, a->n * sizeof *v);
    for (size_t i = 0; i < a->n; i++) {
        if (!spans_v4(&v[i]))
            continue;
        v[n_all] = v[i];
        memcpy(v[i].to, before_v4, 16);
        memcpy(v[n_all++].from, behind_v4, 16);
    }
    qsort(v, n_all, sizeof *v, by_addr);
    for (size_t i = 1; i < n_all; i++) {
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
