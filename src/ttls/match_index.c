/* A bucket with many rules: the segments that their ranges cut one dimension
 * into, each with the rules that cover it. */
#include <stdlib.h>
#include <string.h>

#include "ttls/match_priv.h"

#define COPIES_MAX 16u /* a segment list may be so much longer */

wide
match_wide(const uint8_t bytes[16])
{
    wide v = 0;

    for (size_t i = 0; i < 16; i++)
        v = v << 8 | bytes[i];
    return v;
}

wide
match_name(struct str name)
{
    wide v = 0;

    for (size_t i = 0; i < 8; i++)
        v = v << 8 | (i < name.n ? (uint8_t)name.p[i] : 0);
    return v;
}

static bool
everything(size_t i, wide *from, wide *to)
{
    *from = 0;
    *to = ~(wide)0;
    return i == 0;
}

static bool
port_range(const struct ttls_ports *p, size_t i, wide *from, wide *to)
{
    if (p == NULL)
        return everything(i, from, to);
    if (i >= p->n_sorted)
        return false;
    *from = p->sorted[i].from;
    *to = p->sorted[i].to;
    return true;
}

static bool
addr_range(const struct ttls_addrs *a, size_t i, wide *from, wide *to)
{
    if (a == NULL)
        return everything(i, from, to);
    if (i >= a->n_sorted)
        return false;
    *from = match_wide(a->sorted[i].from);
    *to = match_wide(a->sorted[i].to);
    return true;
}

static bool
name_range(struct str pattern, size_t i, wide *from, wide *to)
{
    if (pattern.n == 0)
        return everything(i, from, to);
    *from = *to = match_name(pattern);
    if (pattern.p[pattern.n - 1] == '*') {
        size_t n = pattern.n - 1;

        *from = match_name(str_sub(pattern, 0, n));
        *to = *from | (n >= 8 ? 0 : ~(uint64_t)0 >> (8 * n));
    }
    return i == 0;
}

bool
match_range(const struct ttls_rule *r, enum dimension d, size_t i, wide *from,
            wide *to)
{
    switch (d) {
    case DIM_REMOTE_PORT:
        return port_range(r->remote_port, i, from, to);
    case DIM_LOCAL_PORT:
        return port_range(r->local_port, i, from, to);
    case DIM_REMOTE:
        return addr_range(r->remote_addr, i, from, to);
    case DIM_LOCAL:
        return addr_range(r->local_addr, i, from, to);
    case DIM_JOB:
        return name_range(r->job, i, from, to);
    case DIM_USER:
        return name_range(r->user, i, from, to);
    case DIMS:
        break;
    }
    return false;
}

static int
by_value(const void *a, const void *b)
{
    wide x = *(const wide *)a, y = *(const wide *)b;

    return (x > y) - (x < y);
}

size_t
match_segment(const wide *from, size_t n, wide value)
{
    size_t low = 0, high = n;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (from[middle] <= value)
            low = middle + 1;
        else
            high = middle;
    }
    return low - 1; /* from[0] is 0 */
}

bool
match_bounds_add(struct match_bounds *out, const struct ttls_rule *r,
                 enum dimension d)
{
    wide from, to;

    for (size_t i = 0; match_range(r, d, i, &from, &to); i++) {
        wide after = to + 1;

        if (!VEC_PUSH(out, from) || (after != 0 && !VEC_PUSH(out, after)))
            return false;
    }
    return true;
}

void
match_bounds_sort(struct match_bounds *b)
{
    size_t n = 0;

    qsort(b->v, b->n, sizeof *b->v, by_value);
    for (size_t i = 1; i < b->n; i++) {
        if (b->v[i] != b->v[n])
            b->v[++n] = b->v[i];
    }
    b->n = n + 1;
}

/* Where segments begin; false without storage. */
static bool
bounds_of(const struct ttls_match *m, const struct bucket *b, enum dimension d,
          struct match_bounds *out)
{
    wide zero = 0;

    if (!VEC_PUSH(out, zero))
        return false;
    for (size_t k = 0; k < b->rules.n; k++) {
        if (!match_bounds_add(out, m->rules[b->rules.v[k]], d))
            return false;
    }
    match_bounds_sort(out);
    return true;
}

/* Lengths of the segments' lists in count[]; their sum, or 0 when it is too
 * much for an index to pay. */
static size_t
count_lists(const struct ttls_match *m, const struct bucket *b,
            enum dimension d, const struct match_bounds *bounds,
            uint32_t *count)
{
    size_t total = 0, max = COPIES_MAX * b->rules.n;
    wide from, to;

    for (size_t k = 0; k < b->rules.n; k++) {
        const struct ttls_rule *r = m->rules[b->rules.v[k]];

        for (size_t i = 0; match_range(r, d, i, &from, &to); i++) {
            size_t s = match_segment(bounds->v, bounds->n, from);

            for (; s < bounds->n && bounds->v[s] <= to; s++) {
                count[s]++;
                if (++total > max)
                    return 0;
            }
        }
    }
    return total;
}

/* Try one dimension; true when the bucket is indexed by it. */
static bool
index_by(struct ttls_match *m, struct bucket *b, enum dimension d)
{
    struct match_bounds bounds = { 0 };
    uint32_t *count = NULL;
    size_t total = 0;
    wide from, to;

    if (!bounds_of(m, b, d, &bounds) || bounds.n < 4 ||
        (count = calloc(bounds.n + 1, sizeof *count)) == NULL ||
        (total = count_lists(m, b, d, &bounds, count)) == 0 ||
        total / bounds.n > b->rules.n / 2 ||
        (b->listed = malloc(total * sizeof *b->listed)) == NULL) {
        free(count);
        VEC_FREE(&bounds);
        return false;
    }
    for (size_t s = 0, at = 0; s <= bounds.n; s++) {
        size_t n = s < bounds.n ? count[s] : 0;

        count[s] = (uint32_t)at;
        at += n;
    }
    for (size_t k = b->rules.n; k > 0; k--) { /* back to front, see below */
        const struct ttls_rule *r = m->rules[b->rules.v[k - 1]];

        for (size_t i = 0; match_range(r, d, i, &from, &to); i++) {
            size_t s = match_segment(bounds.v, bounds.n, from);

            for (; s < bounds.n && bounds.v[s] <= to; s++)
                b->listed[count[s]++] = b->rules.v[k - 1];
        }
    }
    b->from = bounds.v;
    b->n_segments = bounds.n;
    b->first = count; /* now the ends: list s is [end of s-1, end of s) */
    b->by = d;
    b->is_indexed = true;
    return true;
}

void
match_index(struct ttls_match *m, struct bucket *b)
{
    const struct shape *s = &m->shapes.v[b->key.shape];
    bool in_key[DIMS] = {
        [DIM_REMOTE_PORT] = s->remote_port != 0,
        [DIM_LOCAL_PORT] = s->local_port != 0,
        [DIM_REMOTE] = s->remote != NO_PREFIX,
        [DIM_LOCAL] = s->local != NO_PREFIX,
        [DIM_JOB] = true, /* as far as it is a condition */
        [DIM_USER] = true,
    };

    for (unsigned d = 0; d < DIMS && !b->is_indexed; d++) {
        if (!in_key[d])
            IGNORE(index_by(m, b, (enum dimension)d));
    }
}
