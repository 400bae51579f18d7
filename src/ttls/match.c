/*
 * Rules that fix the same parts of a connection (job exactly, remote port
 * exactly, a /24 of remote addresses...) have the same shape and are found by
 * one hash probe with those parts as the key. A bucket with many rules, as
 * they differ by ranges only, has a sorted list of the segments that one of
 * its dimensions falls into. Shapes are tried in the order of their best rule
 * and not at all when a better rule is known already.
 */
#include "ttls/match.h"

#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "ttls/holds.h"

#define EXACT 0xffu     /* of a name; else the length that counts */
#define NO_PREFIX 0xffu /* of an address; else its length */
#define SPREAD_MAX 64u  /* entries one rule becomes at most */
#define LINEAR_MAX 16u  /* rules of a bucket that are just tried */
#define COPIES_MAX 16u  /* a segment list may be so much longer */
#define NOTHING UINT32_MAX

typedef unsigned __int128 wide;

/* What of a connection is in the key. */
struct shape {
    uint8_t job, user;               /* EXACT or a length, 0: not at all */
    uint8_t remote, local;           /* prefix length or NO_PREFIX */
    uint8_t remote_port, local_port; /* 1: in the key */
    uint8_t pad[2];
};

struct key {
    char job[8], user[8];
    uint8_t remote[16], local[16];
    uint16_t remote_port, local_port;
    uint32_t shape; /* its number */
};

enum dimension { DIM_REMOTE_PORT, DIM_LOCAL_PORT, DIM_REMOTE, DIM_LOCAL, DIMS };

/* Rules of one key, by order. */
struct bucket {
    struct key key;
    struct {
        uint32_t *v;
        size_t n, cap;
    } rules;
    uint32_t next; /* in the hash chain */
    bool is_indexed;
    enum dimension by;
    wide *from;      /* n_segments begins, ascending */
    uint32_t *first; /* n_segments + 1 offsets in `listed` */
    uint32_t *listed;
    size_t n_segments;
};

struct ttls_match {
    struct ttls_policy *policy;
    const struct ttls_rule *const *rules;
    size_t n_rules;
    struct {
        struct shape *v;
        size_t n, cap;
    } shapes;
    uint32_t *best; /* of a shape: its first rule */
    struct {
        struct bucket *v;
        size_t n, cap;
    } buckets;
    uint32_t *chains;
    size_t n_chains; /* a power of two */
};

/* --- keys --------------------------------------------------------------- */

static uint64_t
mix(uint64_t a, uint64_t b)
{
    unsigned __int128 p = (unsigned __int128)(a ^ 0x9e3779b97f4a7c15u) *
                          (b ^ 0xe7037ed1a0b428dbu);

    return (uint64_t)p ^ (uint64_t)(p >> 64);
}

static uint64_t
hash_of(const struct key *key)
{
    uint64_t w[sizeof *key / 8], h = sizeof *key;

    memcpy(w, key, sizeof w);
    for (size_t i = 0; i < ARRAY_LEN(w); i += 2)
        h = mix(h ^ w[i], i + 1 < ARRAY_LEN(w) ? w[i + 1] : 0);
    return h;
}

static void
key_name(char out[8], uint8_t mode, struct str name)
{
    size_t n = mode == EXACT ? 8 : mode;

    memcpy(out, name.p == NULL ? "" : name.p, name.n < n ? name.n : n);
}

static void
key_addr(uint8_t out[16], uint8_t prefix, const uint8_t addr[16])
{
    size_t whole = prefix / 8u, rest = prefix % 8u;

    if (prefix == NO_PREFIX)
        return;
    memcpy(out, addr, whole);
    if (rest > 0)
        out[whole] = (uint8_t)(addr[whole] & (0xff00u >> rest));
}

/* A connection as the shape sees it; false when it cannot fit. */
static bool
key_of(const struct shape *s, uint32_t number, const struct ttls_facts *f,
       struct key *key)
{
    memset(key, 0, sizeof *key);
    if ((s->job != EXACT && f->job.n < s->job) ||
        (s->user != EXACT && f->user.n < s->user) || f->job.n > 8 ||
        f->user.n > 8)
        return false;
    key->shape = number;
    key_name(key->job, s->job, f->job);
    key_name(key->user, s->user, f->user);
    key_addr(key->remote, s->remote, f->remote.s6_addr);
    key_addr(key->local, s->local, f->local.s6_addr);
    if (s->remote_port != 0)
        key->remote_port = f->remote_port;
    if (s->local_port != 0)
        key->local_port = f->local_port;
    return true;
}

/* --- building: one rule to its entries ---------------------------------- */

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
    for (size_t i = 0; i < m->shapes.n; i++) {
        if (memcmp(&m->shapes.v[i], s, sizeof *s) == 0) {
            *out = (uint32_t)i;
            return true;
        }
    }
    *out = (uint32_t)m->shapes.n;
    return VEC_PUSH(&m->shapes, *s);
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
        size_t at = hash_of(&b->key) & (n - 1);

        b->next = chains[at];
        chains[at] = (uint32_t)i;
    }
    free(m->chains);
    m->chains = chains;
    m->n_chains = n;
    return true;
}

static struct bucket *
find_bucket(const struct ttls_match *m, const struct key *key)
{
    uint32_t i = m->n_chains == 0 ? NOTHING
                                  : m->chains[hash_of(key) & (m->n_chains - 1)];

    for (; i != NOTHING; i = m->buckets.v[i].next) {
        if (memcmp(&m->buckets.v[i].key, key, sizeof *key) == 0)
            return &m->buckets.v[i];
    }
    return NULL;
}

static bool
add_entry(struct ttls_match *m, const struct key *key, uint32_t order)
{
    struct bucket *b = find_bucket(m, key);
    struct bucket fresh = { .key = *key };
    size_t at;

    if (b == NULL) {
        if (m->buckets.n >= m->n_chains && !rehash(m))
            return false;
        at = hash_of(key) & (m->n_chains - 1);
        fresh.next = m->chains[at];
        if (!VEC_PUSH(&m->buckets, fresh))
            return false;
        m->chains[at] = (uint32_t)(m->buckets.n - 1);
        b = &m->buckets.v[m->buckets.n - 1];
    }
    return VEC_PUSH(&b->rules, order);
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
    return shape_number(m, &s, &number) && key_of(&s, number, &f, &key) &&
           add_entry(m, &key, order);
}

static bool
add_rule(struct ttls_match *m, const struct ttls_rule *r, uint32_t order)
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

/* --- building: segments of a big bucket --------------------------------- */

static wide
wide_of(const uint8_t bytes[16])
{
    wide v = 0;

    for (size_t i = 0; i < 16; i++)
        v = v << 8 | bytes[i];
    return v;
}

/* Range i of a rule's condition in one dimension; false after the last. No
 * condition is one range of everything. */
static bool
range_of(const struct ttls_rule *r, enum dimension d, size_t i, wide *from,
         wide *to)
{
    const struct ttls_addrs *a =
        d == DIM_REMOTE ? r->remote_addr : r->local_addr;
    const struct ttls_ports *p =
        d == DIM_REMOTE_PORT ? r->remote_port : r->local_port;
    bool is_port = d == DIM_REMOTE_PORT || d == DIM_LOCAL_PORT;

    if (is_port ? p == NULL : a == NULL) {
        *from = 0;
        *to = is_port ? 65535 : ~(wide)0;
        return i == 0;
    }
    if (i >= (is_port ? p->n_sorted : a->n_sorted))
        return false;
    *from = is_port ? p->sorted[i].from : wide_of(a->sorted[i].from);
    *to = is_port ? p->sorted[i].to : wide_of(a->sorted[i].to);
    return true;
}

static int
by_value(const void *a, const void *b)
{
    wide x = *(const wide *)a, y = *(const wide *)b;

    return (x > y) - (x < y);
}

static size_t
segment_of(const wide *from, size_t n, wide value)
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

struct bounds {
    wide *v;
    size_t n, cap;
};

/* Where segments begin; false without storage. */
static bool
bounds_of(const struct ttls_match *m, const struct bucket *b, enum dimension d,
          struct bounds *out)
{
    wide zero = 0, from, to;
    size_t n = 0;

    if (!VEC_PUSH(out, zero))
        return false;
    for (size_t k = 0; k < b->rules.n; k++) {
        const struct ttls_rule *r = m->rules[b->rules.v[k]];

        for (size_t i = 0; range_of(r, d, i, &from, &to); i++) {
            wide after = to + 1;

            if (!VEC_PUSH(out, from) || (after != 0 && !VEC_PUSH(out, after)))
                return false;
        }
    }
    qsort(out->v, out->n, sizeof *out->v, by_value);
    for (size_t i = 1; i < out->n; i++) {
        if (out->v[i] != out->v[n])
            out->v[++n] = out->v[i];
    }
    out->n = n + 1;
    return true;
}

/* Lengths of the segments' lists in count[]; their sum, or 0 when it is too
 * much for an index to pay. */
static size_t
count_lists(const struct ttls_match *m, const struct bucket *b,
            enum dimension d, const struct bounds *bounds, uint32_t *count)
{
    size_t total = 0, max = COPIES_MAX * b->rules.n;
    wide from, to;

    for (size_t k = 0; k < b->rules.n; k++) {
        const struct ttls_rule *r = m->rules[b->rules.v[k]];

        for (size_t i = 0; range_of(r, d, i, &from, &to); i++) {
            size_t s = segment_of(bounds->v, bounds->n, from);

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
    struct bounds bounds = { 0 };
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

        for (size_t i = 0; range_of(r, d, i, &from, &to); i++) {
            size_t s = segment_of(bounds.v, bounds.n, from);

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

static void
index_bucket(struct ttls_match *m, struct bucket *b)
{
    const struct shape *s = &m->shapes.v[b->key.shape];
    bool in_key[DIMS] = {
        [DIM_REMOTE_PORT] = s->remote_port != 0,
        [DIM_LOCAL_PORT] = s->local_port != 0,
        [DIM_REMOTE] = s->remote != NO_PREFIX,
        [DIM_LOCAL] = s->local != NO_PREFIX,
    };

    for (unsigned d = 0; d < DIMS && !b->is_indexed; d++) {
        if (!in_key[d])
            IGNORE(index_by(m, b, (enum dimension)d));
    }
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
        m->policy = ttls_policy_ref(policy);
        m->n_rules = ttls_policy_rules(policy, &m->rules);
    }
    for (size_t i = 0; is_good && i < m->n_rules; i++)
        is_good = add_rule(m, m->rules[i], (uint32_t)i);
    is_good = is_good && order_shapes(m);
    if (!is_good) {
        ttls_match_free(&m);
        return err_set(why, ERR_MEMORY, "no storage for the rules' index");
    }
    for (size_t i = 0; i < m->buckets.n; i++) {
        if (m->buckets.v[i].rules.n > LINEAR_MAX)
            index_bucket(m, &m->buckets.v[i]);
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
    free(m->chains);
    ttls_policy_unref(&m->policy);
    free(m);
}

/* --- lookup ------------------------------------------------------------- */

static wide
fact_of(const struct ttls_facts *f, enum dimension d)
{
    switch (d) {
    case DIM_REMOTE_PORT:
        return f->remote_port;
    case DIM_LOCAL_PORT:
        return f->local_port;
    case DIM_REMOTE:
        return wide_of(f->remote.s6_addr);
    case DIM_LOCAL:
        return wide_of(f->local.s6_addr);
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
        size_t s = segment_of(b->from, b->n_segments, fact_of(f, b->by));
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

    if (f->is_local_addr_unknown || f->is_local_port_unknown)
        return ttls_match_slowly(m->policy, f);
    for (size_t i = 0; i < m->shapes.n && m->best[i] < best; i++) {
        const struct bucket *b;
        struct key key;

        if (!key_of(&m->shapes.v[i], (uint32_t)i, f, &key))
            continue;
        b = find_bucket(m, &key);
        if (b != NULL)
            best = search(m, b, f, best);
    }
    return best == NOTHING ? NULL : m->rules[best];
}
