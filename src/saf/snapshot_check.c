/*
 * Verification of an image before first use: whatever the bytes are, lookups
 * afterwards stay inside them and end.
 */
#include "saf/snapshot.h"

#include <string.h>

#include "saf/pattern.h"
#include "saf/snapshot_format.h"

/* start + n <= total, without overflow. */
static bool
fits(uint64_t start, uint64_t n, uint64_t total)
{
    return start <= total && n <= total - start;
}

static enum err
check_header(const struct snap_header *h, size_t n_bytes, struct err_info *why)
{
    if (h->magic != SNAP_MAGIC || h->size != n_bytes)
        return err_set(why, ERR_SYNTAX, "not a snapshot of this level");
    if (memchr(h->class_name, '\0', sizeof h->class_name) == NULL ||
        h->max_length > SAF_PROFILE_MAX)
        return err_set(why, ERR_SYNTAX, "snapshot: bad class");
    for (size_t i = 0; i < SNAP_SECTIONS; i++) {
        uint64_t at = h->section[i].at, n = h->section[i].n;

        if (at % 8 != 0 || at < sizeof *h || n > UINT32_MAX ||
            !fits(at, n * snap_element_bytes[i], n_bytes))
            return err_at(why, ERR_SYNTAX, at,
                          "snapshot: section %zu lies outside", i);
    }
    return ERR_OK;
}

static bool
is_text(const void *image, uint32_t at)
{
    const struct snap_header *h = image;
    uint64_t n = h->section[SNAP_BYTES].n;
    const char *bytes = snap_section(image, SNAP_BYTES);

    return at < n && memchr(bytes + at, '\0', n - at) != NULL;
}

static bool
profile_is_sound(const void *image, const struct snap_profile *p)
{
    const struct snap_header *h = image;

    return p->n_name > 0 && p->n_name <= SAF_PROFILE_MAX &&
           fits(p->name, p->n_name, h->section[SNAP_BYTES].n) &&
           fits(p->data, p->n_data, h->section[SNAP_BYTES].n) &&
           fits(p->access, p->n_access, h->section[SNAP_ACCESS].n) &&
           fits(p->cond, p->n_cond, h->section[SNAP_CONDS].n) &&
           p->uacc <= SAF_ALTER && (p->star <= SAF_ALTER || p->star == 0xff);
}

static enum err
check_profiles(const void *image, struct err_info *why)
{
    const struct snap_header *h = image;

    for (uint64_t i = 0; i < h->section[SNAP_PROFILES].n; i++)
        if (!profile_is_sound(image,
                              SNAP(image, SNAP_PROFILES, snap_profile, i)))
            return err_at(why, ERR_SYNTAX, i, "snapshot: bad profile");
    for (uint64_t i = 0; i < h->section[SNAP_ACCESS].n; i++)
        if (SNAP(image, SNAP_ACCESS, snap_access, i)->level > SAF_ALTER)
            return err_at(why, ERR_SYNTAX, i, "snapshot: bad access level");
    for (uint64_t i = 0; i < h->section[SNAP_CONDS].n; i++) {
        const struct snap_cond *c = SNAP(image, SNAP_CONDS, snap_cond, i);

        if (c->level > SAF_ALTER || !is_text(image, c->kind) ||
            !is_text(image, c->value))
            return err_at(why, ERR_SYNTAX, i, "snapshot: bad condition");
    }
    return ERR_OK;
}

static enum err
check_slots(const void *image, struct err_info *why)
{
    const struct snap_header *h = image;
    uint64_t n = h->section[SNAP_SLOTS].n, n_empty = 0;

    if ((n & (n - 1)) != 0)
        return err_set(why, ERR_SYNTAX, "snapshot: bad hash size");
    for (uint64_t i = 0; i < n; i++) {
        uint32_t profile = SNAP(image, SNAP_SLOTS, snap_slot, i)->profile;

        n_empty += profile == 0;
        if (profile > h->section[SNAP_PROFILES].n)
            return err_at(why, ERR_SYNTAX, i, "snapshot: bad hash slot");
    }
    if (n > 0 && n_empty == 0)
        return err_set(why, ERR_SYNTAX, "snapshot: the hash is full");
    return ERR_OK;
}

static unsigned char
label_of(const void *image, const struct snap_node *node)
{
    const unsigned char *bytes = snap_section(image, SNAP_BYTES);

    return bytes[node->label];
}

/* One node and its link to its children. Children stand breadth first, each
 * node's right after those of the node before it, so nothing is shared and a
 * walk visits each node once. */
static bool
node_is_sound(const void *image, const struct snap_node *node, uint64_t next)
{
    const struct snap_header *h = image;

    if (node->token == PATTERN_VARIABLE && node->n_label == 0 &&
        node->label >= h->section[SNAP_VARIABLES].n)
        return false;
    if (node->depth > SNAP_DEPTH_MAX - 1 ||
        node->profile > h->section[SNAP_PROFILES].n ||
        node->n_ordinary > node->n_children ||
        !fits(node->label, node->n_label, h->section[SNAP_BYTES].n) ||
        (node->n_label > 0 && node->token != label_of(image, node)))
        return false;
    if (node->n_children == 0)
        return true;
    if (node->child != next ||
        !fits(node->child, node->n_children, h->section[SNAP_NODES].n))
        return false;
    for (uint32_t i = 0; i < node->n_children; i++) {
        const struct snap_node *child =
            SNAP(image, SNAP_NODES, snap_node, node->child + i);

        if (child->depth != node->depth + 1 ||
            (i < node->n_ordinary) != (child->n_label > 0))
            return false;
    }
    return true;
}

static bool
text_is_sound(const void *image, const struct snap_text *t,
              enum snap_section in)
{
    const struct snap_header *h = image;

    return t->n > 0 && fits(t->at, t->n, h->section[in].n);
}

static bool
global_is_sound(const void *image, const struct snap_global *g)
{
    const struct snap_header *h = image;
    const unsigned char *tail = snap_section(image, SNAP_TAIL);

    return fits(g->at, g->n, h->section[SNAP_TAIL].n) &&
           g->level <= SAF_ALTER && pattern_is_sound(tail + g->at, g->n);
}

static enum err
check_tail(const void *image, struct err_info *why)
{
    const struct snap_header *h = image;

    if (h->section[SNAP_VALUES].n != h->section[SNAP_VARIABLES].n)
        return err_set(why, ERR_SYNTAX, "snapshot: variables without values");
    for (uint64_t i = 0; i < h->section[SNAP_VARIABLES].n; i++) {
        const struct snap_values *v = SNAP(image, SNAP_VALUES, snap_values, i);

        if (!text_is_sound(image, SNAP(image, SNAP_VARIABLES, snap_text, i),
                           SNAP_BYTES) ||
            !fits(v->first, v->n, h->section[SNAP_TEXTS].n))
            return err_at(why, ERR_SYNTAX, i, "snapshot: bad variable");
    }
    for (uint64_t i = 0; i < h->section[SNAP_TEXTS].n; i++)
        if (!text_is_sound(image, SNAP(image, SNAP_TEXTS, snap_text, i),
                           SNAP_TAIL))
            return err_at(why, ERR_SYNTAX, i, "snapshot: bad value");
    for (uint64_t i = 0; i < h->section[SNAP_GLOBALS].n; i++)
        if (!global_is_sound(image, SNAP(image, SNAP_GLOBALS, snap_global, i)))
            return err_at(why, ERR_SYNTAX, i, "snapshot: bad global entry");
    return ERR_OK;
}

enum err
snapshot_check_image(const void *image, size_t n_bytes, struct err_info *why)
{
    const struct snap_header *h = image;
    uint64_t next = 1;
    enum err e;

    if (n_bytes < sizeof *h || (uintptr_t)image % 8 != 0)
        return err_set(why, ERR_SYNTAX, "snapshot: too short or misaligned");
    if ((e = check_header(h, n_bytes, why)) != ERR_OK ||
        (e = check_profiles(image, why)) != ERR_OK ||
        (e = check_slots(image, why)) != ERR_OK ||
        (e = check_tail(image, why)) != ERR_OK)
        return e;
    for (uint64_t i = 0; i < h->section[SNAP_NODES].n; i++) {
        const struct snap_node *node = SNAP(image, SNAP_NODES, snap_node, i);

        if (next <= i || !node_is_sound(image, node, next))
            return err_at(why, ERR_SYNTAX, i, "snapshot: bad trie node");
        next += node->n_children;
    }
    return ERR_OK;
}
