/*
 * Which profile of an image controls a resource: the discrete one by its name,
 * else the first generic one that matches, by a walk of the trie in order of
 * specificity.
 */
#include "saf/snapshot.h"

#include <string.h>

#include "saf/classes.h"
#include "saf/pattern.h"
#include "saf/snapshot_format.h"
#include "saf/snapshot_private.h"

#define POSITIONS_MAX 128u /* qualifiers of a name, and its end */

static const struct snap_profile *
find_discrete(const void *image, struct str name)
{
    const struct snap_header *h = image;
    uint64_t mask = h->section[SNAP_SLOTS].n - 1;
    uint32_t hash = (uint32_t)str_hash(name, h->seed);

    if (h->section[SNAP_SLOTS].n == 0)
        return NULL;
    for (uint64_t i = hash & mask;; i = (i + 1) & mask) {
        const struct snap_slot *slot = SNAP(image, SNAP_SLOTS, snap_slot, i);
        const struct snap_profile *p;

        if (slot->profile == 0)
            return NULL; /* the verifier saw at least one empty slot */
        if (slot->hash != hash)
            continue;
        p = SNAP(image, SNAP_PROFILES, snap_profile, slot->profile - 1);
        if (str_eq(snap_name(image, p), name))
            return p;
    }
}

/* Where in the name the walk may be; more than one place only after "**". */
struct places {
    uint8_t v[POSITIONS_MAX];
    size_t n;
};

static void
add_place(struct places *places, size_t at)
{
    /* Values of a variable may lead to one place twice. */
    if (places->n > 0 && places->v[places->n - 1] == at)
        return;
    if (places->n < POSITIONS_MAX)
        places->v[places->n++] = (uint8_t)at;
}

static size_t
qualifier_end(struct str name, size_t at)
{
    const char *dot =
        at >= name.n ? NULL : memchr(name.p + at, '.', name.n - at);

    return dot == NULL ? name.n : (size_t)(dot - name.p);
}

/* All starts of qualifiers from `at` on. */
static void
add_starts(struct places *out, struct str name, size_t at)
{
    for (;;) {
        add_place(out, at);
        at = qualifier_end(name, at);
        if (at == name.n)
            return;
        at++;
    }
}

static void
step_token(unsigned char token, struct str name, size_t at, struct places *out)
{
    size_t end = qualifier_end(name, at);

    switch (token) {
    case PATTERN_END:
        if (at == name.n)
            add_place(out, at);
        break;
    case PATTERN_ALL:
    case PATTERN_REST:
        add_place(out, name.n);
        break;
    case PATTERN_REST_QUALIFIERS:
        if (at < name.n)
            add_place(out, name.n);
        break;
    case PATTERN_SOME_END:
        if (at == name.n || name.p[at] == '.')
            add_place(out, name.n);
        break;
    case PATTERN_SOME_MID:
        if (at < name.n && name.p[at] == '.')
            add_starts(out, name, at + 1);
        break;
    case PATTERN_SOME_FIRST:
        add_starts(out, name, at);
        break;
    case PATTERN_QUALIFIER:
        if (end > at)
            add_place(out, end);
        break;
    case PATTERN_QUALIFIER_END:
        add_place(out, end);
        break;
    case PATTERN_ONE:
        if (end > at)
            add_place(out, at + 1);
        break;
    default:
        break;
    }
}

static void
step_variable(const void *image, uint32_t variable, struct str name, size_t at,
              struct places *out)
{
    const struct snap_values *v =
        SNAP(image, SNAP_VALUES, snap_values, variable);
    const char *tail = snap_section(image, SNAP_TAIL);

    for (uint32_t i = 0; i < v->n; i++) {
        const struct snap_text *t =
            SNAP(image, SNAP_TEXTS, snap_text, v->first + i);

        if (t->n <= name.n - at && memcmp(name.p + at, tail + t->at, t->n) == 0)
            add_place(out, at + t->n);
    }
}

/* Most labels are one character, which the node itself has: no look at a
 * section far away. */
static bool
has_label(const void *image, const struct snap_node *node, struct str name,
          size_t at)
{
    const char *label =
        (const char *)snap_section(image, SNAP_BYTES) + node->label;

    return node->n_label <= name.n - at &&
           (unsigned char)name.p[at] == node->token &&
           (node->n_label == 1 ||
            memcmp(name.p + at, label, node->n_label) == 0);
}

static void
step(const void *image, const struct snap_node *node, struct str name,
     const struct places *from, struct places *to)
{
    to->n = 0;
    for (size_t i = 0; i < from->n; i++) {
        size_t at = from->v[i];

        if (node->n_label == 0 && node->token == PATTERN_VARIABLE)
            step_variable(image, node->label, name, at, to);
        else if (node->n_label == 0)
            step_token(node->token, name, at, to);
        else if (has_label(image, node, name, at))
            add_place(to, at + node->n_label);
    }
}

static uint32_t walk(const void *image, const struct snap_node *node,
                     struct str name, const struct places *places);

static uint32_t
try_child(const void *image, const struct snap_node *child, struct str name,
          const struct places *places)
{
    struct places next;

    step(image, child, name, places, &next);
    if (next.n == 0)
        return 0;
    if (child->profile != 0)
        return child->profile;
    return walk(image, child, name, &next);
}

/* The one ordinary child that can match at a single place, or NULL. */
static const struct snap_node *
ordinary_child(const void *image, const struct snap_node *node, struct str name,
               size_t at)
{
    size_t low = 0, high = node->n_ordinary;
    unsigned char want;

    if (at >= name.n)
        return NULL;
    want = (unsigned char)name.p[at];
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct snap_node *child =
            SNAP(image, SNAP_NODES, snap_node, node->child + middle);
        unsigned char have = child->token;

        if (have == want)
            return child;
        if (have < want)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* Depth first in the order of specificity: the first profile reached is the
 * most specific one. Each node is visited at most once. */
static uint32_t
walk(const void *image, const struct snap_node *node, struct str name,
     const struct places *places)
{
    uint32_t found;
    size_t i = 0;

    if (places->n == 1) {
        const struct snap_node *child =
            ordinary_child(image, node, name, places->v[0]);

        if (child != NULL &&
            (found = try_child(image, child, name, places)) != 0)
            return found;
        i = node->n_ordinary;
    }
    for (; i < node->n_children; i++) {
        found = try_child(image,
                          SNAP(image, SNAP_NODES, snap_node, node->child + i),
                          name, places);
        if (found != 0)
            return found;
    }
    return 0;
}

const struct snap_profile *
snap_find_profile(const void *image, struct str name)
{
    const struct snap_header *h = image;
    const struct snap_profile *p = find_discrete(image, name);
    struct places start = { .v = { 0 }, .n = 1 };
    uint32_t found;

    if (p != NULL || h->section[SNAP_NODES].n == 0)
        return p;
    found = walk(image, SNAP(image, SNAP_NODES, snap_node, 0), name, &start);
    return found == 0 ? NULL
                      : SNAP(image, SNAP_PROFILES, snap_profile, found - 1);
}

/* As saf_class_fold, with the attributes the image carries. */
bool
snap_fold(const void *image, struct str resource, char out[SAF_PROFILE_MAX + 1],
          struct str *folded)
{
    const struct snap_header *h = image;
    struct saf_class like = { .max_length = h->max_length,
                              .flags = h->class_flags };

    return saf_class_fold(&like, resource, out, folded);
}

bool
snapshot_find(const void *image, struct str resource, struct str *profile,
              bool *is_generic)
{
    char text[SAF_PROFILE_MAX + 1];
    struct str name;
    const struct snap_profile *p = snap_fold(image, resource, text, &name)
                                       ? snap_find_profile(image, name)
                                       : NULL;

    if (p == NULL)
        return false;
    *profile = snap_name(image, p);
    *is_generic = (p->flags & SNAP_GENERIC) != 0;
    return true;
}

struct str
snapshot_data(const void *image, struct str resource)
{
    char text[SAF_PROFILE_MAX + 1];
    struct str name;
    const struct snap_profile *p = snap_fold(image, resource, text, &name)
                                       ? snap_find_profile(image, name)
                                       : NULL;

    if (p == NULL)
        return (struct str){ NULL, 0 };
    return str_n((const char *)snap_section(image, SNAP_BYTES) + p->data,
                 p->n_data);
}
