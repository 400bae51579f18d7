/* The index over a policy's rules; see match.c for its idea. */
#ifndef SALLYPORT_TTLS_MATCH_PRIV_H
#define SALLYPORT_TTLS_MATCH_PRIV_H

#include "base/table.h"
#include "base/vec.h"
#include "ttls/holds.h"

#define EXACT 0xffu     /* of a name; else the length that counts */
#define NO_PREFIX 0xffu /* of an address; else its length */
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

enum dimension {
    DIM_REMOTE_PORT,
    DIM_LOCAL_PORT,
    DIM_REMOTE,
    DIM_LOCAL,
    DIM_JOB,
    DIM_USER,
    DIMS
};

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

/* A rule and a shape that it has entries of. */
struct match_use {
    uint32_t rule, shape;
};

/* One dimension in segments: from[0] is 0. */
struct match_axis {
    wide *from;
    size_t n;
    uint64_t *shapes; /* match_words() for each; NULL: no rule asks */
};

/* Of one connection: the shapes that may fit. */
struct match_fit {
    const uint64_t *v[DIMS + 1]; /* must be in each */
    unsigned n;
    uint64_t left; /* of the 64 before `at` */
    size_t at;
};

struct ttls_match {
    struct ttls_policy *policy;
    const struct ttls_rule *const *rules;
    size_t n_rules;
    struct {
        struct shape *v;
        size_t n, cap;
    } shapes;
    struct table numbers; /* of shapes, plus 1; while it is made */
    struct {
        struct match_use *v;
        size_t n, cap;
    } uses;                    /* by rule; while it is made */
    uint32_t *best;            /* of a shape: its first rule */
    bool is_pruned;            /* there are many shapes */
    uint64_t *of_direction[2]; /* in, out; shapes as bits */
    struct match_axis axes[DIMS];
    struct {
        struct bucket *v;
        size_t n, cap;
    } buckets;
    uint32_t *chains;
    size_t n_chains; /* a power of two */
};

uint64_t match_hash(const struct key *);
/* A connection as the shape sees it; false when it cannot fit. */
bool match_key(const struct shape *, uint32_t number, const struct ttls_facts *,
               struct key *);
struct bucket *match_bucket(const struct ttls_match *, const struct key *);
/* match_build.c: all entries of one rule; false without storage. */
MUST_CHECK bool match_add(struct ttls_match *, const struct ttls_rule *,
                          uint32_t order);
/* match_prune.c: shapes in their order, where there are many those that can
 * fit; their number after the last. */
MUST_CHECK bool match_prune_new(struct ttls_match *);
void match_prune_fini(struct ttls_match *);
void match_fit(const struct ttls_match *, const struct ttls_facts *,
               struct match_fit *out);
size_t match_next(const struct ttls_match *, struct match_fit *);
/* match_index.c: segments for a bucket with many rules, if they help. */
void match_index(struct ttls_match *, struct bucket *);
/* Range i of a rule's condition in one dimension; false after the last. No
 * condition is one range of everything. */
bool match_range(const struct ttls_rule *, enum dimension, size_t i, wide *from,
                 wide *to);
/* Where segments begin: those of one rule are added, then all sorted. */
struct match_bounds {
    wide *v;
    size_t n, cap;
};
MUST_CHECK bool match_bounds_add(struct match_bounds *,
                                 const struct ttls_rule *, enum dimension);
void match_bounds_sort(struct match_bounds *);
/* Which segment a value lies in; from[0] is 0. */
size_t match_segment(const wide *from, size_t n, wide value);
wide match_wide(const uint8_t bytes[16]);
/* At most 8 characters, in the order of names. */
wide match_name(struct str);
wide match_fact(const struct ttls_facts *, enum dimension);

/* Shapes as bits. */
static inline size_t
match_words(const struct ttls_match *m)
{
    return m->shapes.n / 64 + 1;
}

#endif
