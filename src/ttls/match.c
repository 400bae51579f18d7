/*
 * Rules that fix the same parts of a connection (job exactly, remote port
 * exactly, a /24 of remote addresses...) have the same shape and are found by
 * one hash probe with those parts as the key. A bucket with many rules, as
 * they differ by ranges only, has a sorted list of the segments that one of
 * its dimensions falls into. Shapes are tried in the order of their best rule
 * and not at all when a better rule is known already; where there are many,
 * those that can fit (match_prune.c).
 */
#include "ttls/match.h"

#include <stdlib.h>
#include <string.h>

#include "ttls/match_priv.h"

#define LINEAR_MAX 16u /* rules of a bucket that are just tried */

/* --- keys --------------------------------------------------------------- */

static uint64_t
mix(uint64_t a, uint64_t b)
{
    unsigned __int128 p = (unsigned __int128)(a ^ 0x9e3779b97f4a7c15u) *
                          (b ^ 0xe7037ed1a0b428dbu);

    return (uint64_t)p ^ (uint64_t)(p >> 64);
}

uint64_t
match_hash(const struct key *key)
{
    uint64_t w[sizeof *key / 8], h = sizeof *key;

    memcpy(w, key, sizeof w);
    for (size_t i = 0; i < ARRAY_LEN(w); i += 2)
        h = mix(h ^ w[i], i + 1 < ARRAY_LEN(w) ? w[i + 1] : 0);
    return h;
}

/* What of a name or address is in the key, `out` being zero; false when a name
 * is too short, or is none. */
static bool
name_part(char out[8], uint8_t mode, struct str name)
{
    size_t n = mode == EXACT ? 8 : mode;

    if (name.n > 8 || (mode != EXACT && name.n < mode))
        return false;
    memcpy(out, name.p == NULL ? "" : name.p, name.n < n ? name.n : n);
    return true;
}

static void
addr_part(uint8_t out[16], uint8_t prefix, const uint8_t addr[16])
{
    size_t whole = prefix / 8u, rest = prefix % 8u;

    if (prefix == NO_PREFIX)
        return;
    memcpy(out, addr, whole);
    if (rest > 0)
        out[whole] = (uint8_t)(addr[whole] & (0xff00u >> rest));
}

bool
match_key(const struct shape *s, uint32_t number, const struct ttls_facts *f,
          struct key *key)
{
    memset(key, 0, sizeof *key);
    if (!name_part(key->job, s->job, f->job) ||
        !name_part(key->user, s->user, f->user))
        return false;
    key->shape = number;
    addr_part(key->remote, s->remote, f->remote.s6_addr);
    addr_part(key->local, s->local, f->local.s6_addr);
    if (s->remote_port != 0)
        key->remote_port = f->remote_port;
    if (s->local_port != 0)
        key->local_port = f->local_port;
    return true;
}

struct bucket *
match_bucket(const struct ttls_match *m, const struct key *key)
{
    uint32_t i = m->n_chains == 0
                     ? NOTHING
                     : m->chains[match_hash(key) & (m->n_chains - 1)];

    for (; i != NOTHING; i = m->buckets.v[i].next) {
        if (memcmp(&m->buckets.v[i].key, key, sizeof *key) == 0)
            return &m->buckets.v[i];
    }
    return NULL;
}

/* Shapes in the order of their best rule; buckets name them by number. */
static bool
order_shapes(struct ttls_match *m)
{
    m->best = malloc((m->shapes.n + 1) * sizeof *m->best);
    if (m->best == NULL)
        return false;
    memset(m->best, 0xff, (m->shapes.n + 1) * sizeof *m->best);
    for (size_t i = 0; i < m->buckets.n; i++) {
        const struct bucket *b = &m->buckets.v[i];

        if (b->rules.v[0] < m->best[b->key.shape])
            m->best[b->key.shape] = b->rules.v[0];
    }
    return true; /* rules came in order, so shapes did, too */
}

enum err
ttls_match_new(struct ttls_policy *policy, struct ttls_match **out,
               struct err_info *why)
{
    struct ttls_match *m = calloc(1, sizeof *m);
    bool is_good = m != NULL;

    if (m != NULL) {
        table_init(&m->numbers);
        m->policy = ttls_policy_ref(policy);
        m->n_rules = ttls_policy_rules(policy, &m->rules);
    }
    for (size_t i = 0; is_good && i < m->n_rules; i++)
        is_good = match_add(m, m->rules[i], (uint32_t)i);
    if (m != NULL)
        table_fini(&m->numbers);
    is_good = is_good && order_shapes(m) && match_prune_new(m);
    if (m != NULL)
        VEC_FREE(&m->uses);
    if (!is_good) {
        ttls_match_free(&m);
        return err_set(why, ERR_MEMORY, "no storage for the rules' index");
    }
    for (size_t i = 0; i < m->buckets.n; i++) {
        if (m->buckets.v[i].rules.n > LINEAR_MAX)
            match_index(m, &m->buckets.v[i]);
    }
    *out = m;
    return ERR_OK;
}

void
ttls_match_free(struct ttls_match **match)
{
    struct ttls_match *m = *match;

    *match = NULL;
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->buckets.n; i++) {
        struct bucket *b = &m->buckets.v[i];

        VEC_FREE(&b->rules);
        free(b->from);
        free(b->first);
        free(b->listed);
    }
    VEC_FREE(&m->buckets);
    VEC_FREE(&m->shapes);
    free(m->best);
    match_prune_fini(m);
    free(m->chains);
    ttls_policy_unref(&m->policy);
    free(m);
}

/* --- lookup ------------------------------------------------------------- */

wide
match_fact(const struct ttls_facts *f, enum dimension d)
{
    switch (d) {
    case DIM_REMOTE_PORT:
        return f->remote_port;
    case DIM_LOCAL_PORT:
        return f->local_port;
    case DIM_REMOTE:
        return match_wide(f->remote.s6_addr);
    case DIM_LOCAL:
        return match_wide(f->local.s6_addr);
    case DIM_JOB:
        return match_name(f->job);
    case DIM_USER:
        return match_name(f->user);
    case DIMS:
        break;
    }
    return 0;
}

/* The best rule of a bucket that is better than `best`. */
static uint32_t
search(const struct ttls_match *m, const struct bucket *b,
       const struct ttls_facts *f, uint32_t best)
{
    if (b->is_indexed) {
        size_t s = match_segment(b->from, b->n_segments, match_fact(f, b->by));
        uint32_t begin = s == 0 ? 0 : b->first[s - 1];

        for (uint32_t i = b->first[s]; i > begin; i--) {
            uint32_t order = b->listed[i - 1];

            if (order >= best)
                break;
            if (ttls_rule_holds(m->rules[order], f))
                return order;
        }
        return best;
    }
    for (size_t i = 0; i < b->rules.n && b->rules.v[i] < best; i++) {
        if (ttls_rule_holds(m->rules[b->rules.v[i]], f))
            return b->rules.v[i];
    }
    return best;
}

const struct ttls_rule *
ttls_match_find(const struct ttls_match *m, const struct ttls_facts *f)
{
    uint32_t best = NOTHING;
    struct match_fit fit;
    size_t i;

    if (f->is_local_addr_unknown || f->is_local_port_unknown)
        return ttls_match_slowly(m->policy, f);
    match_fit(m, f, &fit);
    while ((i = match_next(m, &fit)) < m->shapes.n && m->best[i] < best) {
        const struct bucket *b;
        struct key key;

        if (!match_key(&m->shapes.v[i], (uint32_t)i, f, &key))
            continue;
        b = match_bucket(m, &key);
        if (b != NULL)
            best = search(m, b, f, best);
    }
    return best == NOTHING ? NULL : m->rules[best];
}
