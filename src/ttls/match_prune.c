/*
 * Policies whose rules have many shapes: a probe for each would make a lookup
 * as long as the list of rules. So each dimension is cut wherever a range of a
 * rule begins or ends (an exact value, a prefix and a name up to its '*' are
 * ranges, too), and each segment has the shapes with a rule that covers it, as
 * bits. Of one connection those shapes are tried that have the bit in the
 * segments of all dimensions, and for its direction.
 *
 * Bits are segments times shapes: neighbours are one segment where there would
 * be too many (a false yes costs a probe, there is no false no). So an axis
 * takes 4 MiB at most: with 10,000 shapes 3,297 segments of 157 words. All six
 * then take 25 MB.
 */
#include <stdlib.h>
#include <string.h>

#include "ttls/match_priv.h"

#define FEW_SHAPES 32u               /* are just tried */
#define AXIS_WORDS ((size_t)4 << 17) /* 4 MiB */
#define SORT_EACH ((size_t)1 << 17)
#define FEW_RANGES 8u /* are looked up for each rule */

/* A rule that has entries of a shape, and its list of ranges in one dimension,
 * which rules that name one group share; NULL: a name, or no condition. */
struct listed {
    const void *list;
    size_t n; /* ranges of the list */
    uint32_t rule, shape;
};

static struct listed
listed_of(const struct ttls_match *m, const struct match_use *u,
          enum dimension d)
{
    const struct ttls_rule *r = m->rules[u->rule];
    const struct ttls_ports *p =
        d == DIM_REMOTE_PORT ? r->remote_port : r->local_port;
    const struct ttls_addrs *a =
        d == DIM_REMOTE ? r->remote_addr : r->local_addr;
    struct listed l = { .rule = u->rule, .shape = u->shape };

    if ((d == DIM_REMOTE_PORT || d == DIM_LOCAL_PORT) && p != NULL) {
        l.list = p;
        l.n = p->n_sorted;
    } else if ((d == DIM_REMOTE || d == DIM_LOCAL) && a != NULL) {
        l.list = a;
        l.n = a->n_sorted;
    }
    return l;
}

static int
by_list(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t)((const struct listed *)a)->list;
    uintptr_t y = (uintptr_t)((const struct listed *)b)->list;

    return (x > y) - (x < y);
}

/* Those of one list beside each other; NULL without storage. */
static struct listed *
list_uses(const struct ttls_match *m, enum dimension d)
{
    struct listed *v = malloc((m->uses.n + 1) * sizeof *v);

    if (v == NULL)
        return NULL;
    for (size_t i = 0; i < m->uses.n; i++)
        v[i] = listed_of(m, &m->uses.v[i], d);
    qsort(v, m->uses.n, sizeof *v, by_list);
    return v;
}

static bool
is_same_list(const struct listed *v, size_t i)
{
    return i > 0 && v[i].list != NULL && v[i].list == v[i - 1].list;
}

/* Begins of segments, as all rules' ranges cut the axis. */
static bool
bounds_of(const struct ttls_match *m, enum dimension d, const struct listed *v,
          struct match_bounds *out)
{
    size_t sort_at = SORT_EACH;
    wide zero = 0;

    if (!VEC_PUSH(out, zero))
        return false;
    for (size_t i = 0; i < m->uses.n; i++) {
        if (is_same_list(v, i))
            continue;
        if (!match_bounds_add(out, m->rules[v[i].rule], d))
            return false;
        if (out->n >= sort_at) { /* what is there already does not stay */
            match_bounds_sort(out);
            sort_at = 2 * out->n + SORT_EACH;
        }
    }
    match_bounds_sort(out);
    return true;
}

/* The segments that there is room for, with their bits. */
static bool
cut(struct ttls_match *m, enum dimension d, const struct listed *v)
{
    size_t each = match_words(m) + sizeof(wide) / sizeof(uint64_t);
    size_t max = AXIS_WORDS / each + 1, step;
    struct match_axis *a = &m->axes[d];
    struct match_bounds bounds = { 0 };

    if (bounds_of(m, d, v, &bounds)) {
        step = (bounds.n + max - 1) / max;
        a->from = calloc(bounds.n / step + 1, sizeof *a->from);
        for (size_t i = 0; a->from != NULL && i < bounds.n; i += step)
            a->from[a->n++] = bounds.v[i];
    }
    VEC_FREE(&bounds);
    return a->from != NULL;
}

/* Bits first to last. */
static void
set_bits(uint64_t *row, size_t first, size_t last)
{
    for (size_t w = first / 64; w <= last / 64; w++) {
        uint64_t bits = ~(uint64_t)0;

        if (w == first / 64)
            bits &= ~(uint64_t)0 << (first % 64);
        if (w == last / 64)
            bits &= ~(uint64_t)0 >> (63 - last % 64);
        row[w] |= bits;
    }
}

static void
set_ranges(const struct ttls_match *m, enum dimension d, uint32_t rule,
           uint64_t *row)
{
    const struct match_axis *a = &m->axes[d];
    wide from, to;

    for (size_t i = 0; match_range(m->rules[rule], d, i, &from, &to); i++)
        set_bits(row, match_segment(a->from, a->n, from),
                 match_segment(a->from, a->n, to));
}

/* The segments of each shape. A long list's are found once, in `one`. */
static void
add_rows(const struct ttls_match *m, enum dimension d, const struct listed *v,
         uint64_t *rows, uint64_t *one, size_t n_words)
{
    for (size_t i = 0; i < m->uses.n; i++) {
        uint64_t *row = &rows[v[i].shape * n_words];

        if (v[i].n <= FEW_RANGES) {
            set_ranges(m, d, v[i].rule, row);
            continue;
        }
        if (!is_same_list(v, i)) {
            memset(one, 0, n_words * sizeof *one);
            set_ranges(m, d, v[i].rule, one);
        }
        for (size_t w = 0; w < n_words; w++)
            row[w] |= one[w];
    }
}

/* The shapes of each segment: first where a shape begins or ends, which is
 * seldom, then each segment is what differs from the one before. */
static void
turn_rows(struct ttls_match *m, enum dimension d, const uint64_t *rows,
          size_t n_words)
{
    struct match_axis *a = &m->axes[d];
    size_t n = match_words(m);

    for (size_t i = 0; i < m->shapes.n; i++) {
        const uint64_t *row = &rows[i * n_words];

        for (size_t w = 0; w < n_words; w++) {
            uint64_t edges =
                row[w] ^ (row[w] << 1 | (w == 0 ? 0 : row[w - 1] >> 63));

            for (; edges != 0; edges &= edges - 1) {
                size_t s = w * 64 + (size_t)__builtin_ctzll(edges);

                if (s < a->n)
                    a->shapes[s * n + i / 64] |= (uint64_t)1 << (i % 64);
            }
        }
    }
    for (size_t k = n; k < a->n * n; k++)
        a->shapes[k] ^= a->shapes[k - n];
}

static bool
add_bits(struct ttls_match *m, enum dimension d, const struct listed *v)
{
    struct match_axis *a = &m->axes[d];
    size_t n_words = a->n / 64 + 1;
    /* One more: for a list. */
    uint64_t *rows = calloc(m->shapes.n + 1, n_words * sizeof *rows);
    bool is_good;

    a->shapes = calloc(a->n, match_words(m) * sizeof *a->shapes);
    is_good = a->shapes != NULL && rows != NULL;
    if (is_good) {
        add_rows(m, d, v, rows, &rows[m->shapes.n * n_words], n_words);
        turn_rows(m, d, rows, n_words);
    }
    free(rows);
    return is_good;
}

static bool
add_axis(struct ttls_match *m, enum dimension d)
{
    struct listed *v = list_uses(m, d);
    bool is_good = v != NULL && cut(m, d, v);

    /* One segment: no rule has a condition, it stays out of lookups. */
    if (is_good && m->axes[d].n > 1)
        is_good = add_bits(m, d, v);
    free(v);
    return is_good;
}

static bool
add_directions(struct ttls_match *m)
{
    for (unsigned k = 0; k < ARRAY_LEN(m->of_direction); k++) {
        m->of_direction[k] = calloc(match_words(m), sizeof(uint64_t));
        if (m->of_direction[k] == NULL)
            return false;
    }
    for (size_t i = 0; i < m->uses.n; i++) {
        const struct match_use *u = &m->uses.v[i];
        uint64_t bit = (uint64_t)1 << (u->shape % 64);
        enum ttls_direction direction = m->rules[u->rule]->direction;

        if ((direction & TTLS_INBOUND) != 0)
            m->of_direction[0][u->shape / 64] |= bit;
        if ((direction & TTLS_OUTBOUND) != 0)
            m->of_direction[1][u->shape / 64] |= bit;
    }
    return true;
}

bool
match_prune_new(struct ttls_match *m)
{
    bool is_good;

    if (m->shapes.n <= FEW_SHAPES)
        return true;
    is_good = add_directions(m);
    for (unsigned d = 0; is_good && d < DIMS; d++)
        is_good = add_axis(m, (enum dimension)d);
    m->is_pruned = is_good;
    return is_good;
}

void
match_prune_fini(struct ttls_match *m)
{
    for (unsigned d = 0; d < DIMS; d++) {
        free(m->axes[d].from);
        free(m->axes[d].shapes);
    }
    for (unsigned k = 0; k < ARRAY_LEN(m->of_direction); k++)
        free(m->of_direction[k]);
}

/* --- lookup ------------------------------------------------------------- */

void
match_fit(const struct ttls_match *m, const struct ttls_facts *f,
          struct match_fit *out)
{
    out->left = 0;
    out->at = 0;
    out->n = 0;
    if (!m->is_pruned)
        return;
    if (f->direction != TTLS_BOTH)
        out->v[out->n++] =
            m->of_direction[f->direction == TTLS_OUTBOUND ? 1 : 0];
    for (unsigned d = 0; d < DIMS; d++) {
        const struct match_axis *a = &m->axes[d];
        wide fact = match_fact(f, (enum dimension)d);

        if (a->shapes != NULL)
            out->v[out->n++] =
                &a->shapes[match_words(m) * match_segment(a->from, a->n, fact)];
    }
}

/* 64 shapes: those that fit in all. */
static uint64_t
fitting(const struct match_fit *fit, size_t word)
{
    uint64_t all = ~(uint64_t)0;

    for (unsigned i = 0; i < fit->n && all != 0; i++)
        all &= fit->v[i][word];
    return all;
}

size_t
match_next(const struct ttls_match *m, struct match_fit *fit)
{
    size_t bit;

    if (!m->is_pruned)
        return fit->at++;
    while (fit->left == 0) {
        if (fit->at * 64 >= m->shapes.n)
            return m->shapes.n;
        fit->left = fitting(fit, fit->at++);
    }
    bit = (size_t)__builtin_ctzll(fit->left);
    fit->left &= fit->left - 1;
    return (fit->at - 1) * 64 + bit;
}
