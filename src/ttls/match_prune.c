/*
 * Policies whose rules have many shapes: a probe for each would make a lookup
 * as long as the list of rules. Most shapes cannot fit a connection in one
 * part alone: no rule has such a prefix of its job, or such a network. So the
 * parts are asked first, once for each length that rules have, in a filter
 * (a false yes costs a probe, there is no false no). Shapes are bits: those of
 * the lengths that fit, in all four parts, are tried, if they can fit in the
 * rest, too (match_axis.c).
 */
#include <stdlib.h>
#include <string.h>

#include "ttls/match_priv.h"

#define FEW_SHAPES 32u         /* are just tried */
#define BITS_EACH ((size_t)16) /* of the filter, for each value */

/* EXACT and NO_PREFIX, 0xff, come after all lengths, 0 to 128. */
static uint8_t
slot_of(uint8_t mode)
{
    return mode == 0xff ? MATCH_MODES - 1 : mode;
}

/* A value of a part, 16 bytes. */
static uint64_t
mark_of(enum match_part part, uint8_t mode, const void *value)
{
    uint64_t words[2];

    memcpy(words, value, sizeof words);
    return match_mix(match_mix(words[0], (uint64_t)part << 8 | mode), words[1]);
}

static void
set_mark(struct ttls_match *m, uint64_t mark)
{
    mark &= m->n_filter_bits - 1;
    m->filter[mark / 64] |= (uint64_t)1 << (mark % 64);
}

static bool
has_mark(const struct ttls_match *m, uint64_t mark)
{
    mark &= m->n_filter_bits - 1;
    return (m->filter[mark / 64] >> (mark % 64) & 1) != 0;
}

static uint8_t
mode_of(const struct shape *s, enum match_part part)
{
    return part == PART_JOB      ? s->job
           : part == PART_USER   ? s->user
           : part == PART_REMOTE ? s->remote
                                 : s->local;
}

/* The shapes of one length; NULL without storage. */
static uint64_t *
shapes_of(struct ttls_match *m, enum match_part part, uint8_t slot)
{
    uint64_t **at = &m->of_mode[part][slot];

    if (*at == NULL)
        *at = calloc(match_words(m), sizeof **at);
    return *at;
}

static bool
add_shapes(struct ttls_match *m)
{
    for (size_t i = 0; i < m->shapes.n; i++) {
        for (unsigned p = 0; p < PARTS; p++) {
            enum match_part part = (enum match_part)p;
            uint64_t *bits =
                shapes_of(m, part, slot_of(mode_of(&m->shapes.v[i], part)));

            if (bits == NULL)
                return false;
            bits[i / 64] |= (uint64_t)1 << (i % 64);
        }
    }
    return true;
}

static void
add_marks(struct ttls_match *m)
{
    for (size_t i = 0; i < m->buckets.n; i++) {
        const struct key *key = &m->buckets.v[i].key;

        for (unsigned p = 0; p < PARTS; p++) {
            enum match_part part = (enum match_part)p;
            uint8_t mode = mode_of(&m->shapes.v[key->shape], part);
            char value[16] = { 0 };

            if (part == PART_JOB || part == PART_USER)
                memcpy(value, part == PART_JOB ? key->job : key->user, 8);
            else
                memcpy(value, part == PART_REMOTE ? key->remote : key->local,
                       16);
            set_mark(m, mark_of(part, mode, value));
        }
    }
}

bool
match_prune_new(struct ttls_match *m)
{
    size_t n_bits = 1024;

    if (m->shapes.n <= FEW_SHAPES)
        return true;
    while (n_bits < m->buckets.n * PARTS * BITS_EACH)
        n_bits *= 2;
    m->filter = calloc(n_bits / 64, sizeof *m->filter);
    if (m->filter == NULL || !add_shapes(m))
        return false;
    m->n_filter_bits = n_bits;
    add_marks(m);
    return match_axes_new(m);
}

void
match_prune_fini(struct ttls_match *m)
{
    for (unsigned p = 0; p < PARTS; p++) {
        for (unsigned slot = 0; slot < MATCH_MODES; slot++)
            free(m->of_mode[p][slot]);
    }
    free(m->filter);
    match_axes_fini(m);
}

/* --- lookup ------------------------------------------------------------- */

/* Does any rule with this length of a part have what the connection has? */
static bool
fits(const struct ttls_match *m, const struct ttls_facts *f,
     enum match_part part, uint8_t mode)
{
    uint8_t value[16] = { 0 };

    if (part == PART_REMOTE)
        match_addr(value, mode, f->remote.s6_addr);
    else if (part == PART_LOCAL)
        match_addr(value, mode, f->local.s6_addr);
    else if (!match_name((char *)value, mode,
                         part == PART_JOB ? f->job : f->user))
        return false;
    return has_mark(m, mark_of(part, mode, value));
}

void
match_fit(const struct ttls_match *m, const struct ttls_facts *f,
          struct match_fit *out)
{
    out->left = 0;
    out->at = 0;
    if (m->filter == NULL)
        return;
    match_axes_fit(m, f, out);
    for (unsigned p = 0; p < PARTS; p++) {
        out->n[p] = 0;
        for (unsigned slot = 0; slot < MATCH_MODES; slot++) {
            uint8_t mode = slot == MATCH_MODES - 1 ? 0xff : (uint8_t)slot;

            if (m->of_mode[p][slot] != NULL &&
                fits(m, f, (enum match_part)p, mode))
                out->v[p][out->n[p]++] = m->of_mode[p][slot];
        }
    }
}

/* 64 shapes: those that fit in all parts. */
static uint64_t
fitting(const struct match_fit *fit, size_t word)
{
    uint64_t all = ~(uint64_t)0;

    for (unsigned i = 0; i < fit->n_all; i++)
        all &= fit->all[i][word];
    for (unsigned p = 0; p < PARTS && all != 0; p++) {
        uint64_t any = 0;

        for (unsigned i = 0; i < fit->n[p]; i++)
            any |= fit->v[p][i][word];
        all &= any;
    }
    return all;
}

size_t
match_next(const struct ttls_match *m, struct match_fit *fit)
{
    size_t bit;

    if (m->filter == NULL)
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
