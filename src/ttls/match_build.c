/* One rule of a policy to its entries in the index. */
#include <stdlib.h>
#include <string.h>

#include "ttls/match_priv.h"

#define SPREAD_MAX 64u /* entries one rule becomes at most */

static uint8_t
name_mode(struct str pattern)
{
    if (pattern.n == 0)
        return 0;
    return pattern.p[pattern.n - 1] == '*' ? (uint8_t)(pattern.n - 1) : EXACT;
}

/* The length when from..to is one prefix. */
static uint8_t
prefix_of(const struct ttls_addr *a)
{
    unsigned n = 0;

    while (n < 128 &&
           ((a->from[n / 8] ^ a->to[n / 8]) & (0x80u >> (n % 8))) == 0)
        n++;
    for (unsigned i = n; i < 128; i++) {
        uint8_t bit = (uint8_t)(0x80u >> (i % 8));

        if ((a->from[i / 8] & bit) != 0 || (a->to[i / 8] & bit) == 0)
            return NO_PREFIX;
    }
    return (uint8_t)n;
}

/* How many keys an address condition becomes; 0: it stays out of the key. */
static size_t
addr_keys(const struct ttls_addrs *a, size_t room)
{
    if (a == NULL || a->n_sorted > room)
        return 0;
    for (size_t i = 0; i < a->n_sorted; i++) {
        if (prefix_of(&a->sorted[i]) == NO_PREFIX)
            return 0;
    }
    return a->n_sorted;
}

static size_t
port_keys(const struct ttls_ports *p, size_t room)
{
    if (p == NULL || p->n_sorted > room)
        return 0;
    for (size_t i = 0; i < p->n_sorted; i++) {
        if (p->sorted[i].from != p->sorted[i].to)
            return 0;
    }
    return p->n_sorted;
}

static bool
shape_number(struct ttls_match *m, const struct shape *s, uint32_t *out)
{
    struct str key = str_n(s, sizeof *s);
    uintptr_t known = (uintptr_t)table_get(&m->numbers, key);

    if (known == 0) {
        if (!VEC_PUSH(&m->shapes, *s))
            return false;
        known = m->shapes.n;
        if (!table_put(&m->numbers, key, (void *)known, NULL))
            return false;
    }
    *out = (uint32_t)(known - 1);
    return true;
}

static bool
rehash(struct ttls_match *m)
{
    size_t n = m->n_chains == 0 ? 64 : 2 * m->n_chains;
    uint32_t *chains = malloc(n * sizeof *chains);

    if (chains == NULL)
        return false;
    memset(chains, 0xff, n * sizeof *chains);
    for (size_t i = 0; i < m->buckets.n; i++) {
        struct bucket *b = &m->buckets.v[i];
        size_t at = match_hash(&b->key) & (n - 1);

        b->next = chains[at];
        chains[at] = (uint32_t)i;
    }
    free(m->chains);
    m->chains = chains;
    m->n_chains = n;
    return true;
}

static bool
add_entry(struct ttls_match *m, const struct key *key, uint32_t order)
{
    struct bucket *b = match_bucket(m, key);
    struct bucket fresh = { .key = *key };
    size_t at;

    if (b == NULL) {
        if (m->buckets.n >= m->n_chains && !rehash(m))
            return false;
        at = match_hash(key) & (m->n_chains - 1);
        fresh.next = m->chains[at];
        if (!VEC_PUSH(&m->buckets, fresh))
            return false;
        m->chains[at] = (uint32_t)(m->buckets.n - 1);
        b = &m->buckets.v[m->buckets.n - 1];
    }
    return VEC_PUSH(&b->rules, order);
}

/* The entries of a rule with the same shape mostly follow each other. */
static bool
add_use(struct ttls_match *m, uint32_t rule, uint32_t shape)
{
    struct match_use use = { .rule = rule, .shape = shape };

    if (m->uses.n > 0) {
        const struct match_use *last = &m->uses.v[m->uses.n - 1];

        if (last->rule == rule && last->shape == shape)
            return true;
    }
    return VEC_PUSH(&m->uses, use);
}

/* How the four conditions with alternatives are spread over keys. */
struct spread {
    size_t n[DIMS]; /* 0: not in the key */
};

static struct spread
spread_of(const struct ttls_rule *r)
{
    struct spread s = { 0 };
    size_t room = SPREAD_MAX;

    if ((s.n[DIM_REMOTE_PORT] = port_keys(r->remote_port, room)) > 0)
        room /= s.n[DIM_REMOTE_PORT];
    if ((s.n[DIM_LOCAL_PORT] = port_keys(r->local_port, room)) > 0)
        room /= s.n[DIM_LOCAL_PORT];
    if ((s.n[DIM_REMOTE] = addr_keys(r->remote_addr, room)) > 0)
        room /= s.n[DIM_REMOTE];
    s.n[DIM_LOCAL] = addr_keys(r->local_addr, room);
    return s;
}

/* Entry number `i` of a rule: a digit for each dimension. */
static bool
add_spread(struct ttls_match *m, const struct ttls_rule *r, uint32_t order,
           const struct spread *spread, size_t i)
{
    struct shape s = { .job = name_mode(r->job),
                       .user = name_mode(r->user),
                       .remote = NO_PREFIX,
                       .local = NO_PREFIX };
    struct ttls_facts f = { .job = r->job, .user = r->user };
    size_t pick[DIMS];
    struct key key;
    uint32_t number;

    for (size_t d = 0; d < DIMS; d++) {
        size_t n = spread->n[d] == 0 ? 1 : spread->n[d];

        pick[d] = i % n;
        i /= n;
    }
    if (spread->n[DIM_REMOTE_PORT] > 0) {
        s.remote_port = 1;
        f.remote_port = r->remote_port->sorted[pick[DIM_REMOTE_PORT]].from;
    }
    if (spread->n[DIM_LOCAL_PORT] > 0) {
        s.local_port = 1;
        f.local_port = r->local_port->sorted[pick[DIM_LOCAL_PORT]].from;
    }
    if (spread->n[DIM_REMOTE] > 0) {
        const struct ttls_addr *a = &r->remote_addr->sorted[pick[DIM_REMOTE]];

        s.remote = prefix_of(a);
        memcpy(&f.remote, a->from, 16);
    }
    if (spread->n[DIM_LOCAL] > 0) {
        const struct ttls_addr *a = &r->local_addr->sorted[pick[DIM_LOCAL]];

        s.local = prefix_of(a);
        memcpy(&f.local, a->from, 16);
    }
    /* "*" alone is a pattern of length 0 */
    return shape_number(m, &s, &number) && match_key(&s, number, &f, &key) &&
           add_entry(m, &key, order) && add_use(m, order, number);
}

bool
match_add(struct ttls_match *m, const struct ttls_rule *r, uint32_t order)
{
    struct spread spread = spread_of(r);
    size_t n = 1;

    for (size_t d = 0; d < DIMS; d++)
        n *= spread.n[d] == 0 ? 1 : spread.n[d];
    for (size_t i = 0; i < n; i++) {
        if (!add_spread(m, r, order, &spread, i))
            return false;
    }
    return true;
}
