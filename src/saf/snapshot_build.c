/*
 * The compiler of images: profiles to sections. Sorting compiled patterns
 * gives the order of specificity; the trie is cut from the sorted list.
 */
#include "saf/snapshot.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/vec.h"
#include "saf/classes.h"
#include "saf/pattern.h"
#include "saf/snapshot_format.h"

struct generic {
    const unsigned char *tokens; /* in the builder's arena */
    uint32_t n_tokens;
    uint32_t profile; /* index */
};

struct range { /* patterns that share their first n_tokens */
    size_t low, high, n_tokens;
};

struct snapshot_builder {
    struct snap_header header;
    bool is_dataset; /* patterns by the rules of data sets */
    size_t n_discrete;
    struct arena arena; /* patterns */
    struct buf sections[SNAP_SECTIONS];
    struct {
        struct generic *v;
        size_t n, cap;
    } generics;
    struct {
        struct range *v; /* of node i */
        size_t n, cap;
    } ranges;
    bool has_no_storage;
};

static void
put(struct snapshot_builder *b, enum snap_section which, const void *element)
{
    buf_add(&b->sections[which], str_n(element, snap_element_bytes[which]));
}

static size_t
count(const struct snapshot_builder *b, enum snap_section which)
{
    return b->sections[which].n / snap_element_bytes[which];
}

static uint32_t
put_text(struct snapshot_builder *b, struct str text, bool is_terminated)
{
    uint32_t at = (uint32_t)b->sections[SNAP_BYTES].n;

    buf_add(&b->sections[SNAP_BYTES], text);
    if (is_terminated)
        buf_add_char(&b->sections[SNAP_BYTES], '\0');
    return at;
}

/* --- profiles ---------------------------------------------------------- */

static int
by_id(const void *a, const void *b)
{
    const struct snap_access *x = a, *y = b;

    return x->id < y->id ? -1 : x->id > y->id;
}

static void
put_lists(struct snapshot_builder *b, const struct snapshot_profile *in,
          struct snap_profile *out)
{
    struct buf *access = &b->sections[SNAP_ACCESS];
    size_t from = access->n;

    out->star = 0xff;
    out->access = (uint32_t)count(b, SNAP_ACCESS);
    out->cond = (uint32_t)count(b, SNAP_CONDS);
    for (size_t i = 0; i < in->n_access; i++) {
        const struct saf_access *a = &in->access[i];
        bool is_star = str_eq_z(a->who, "*");

        if (a->when_kind.n > 0) {
            struct snap_cond c = { a->who_id, a->level,
                                   put_text(b, a->when_kind, true),
                                   put_text(b, a->when_value, true) };

            if (is_star || a->who_id != 0)
                put(b, SNAP_CONDS, &c);
        } else if (is_star) {
            out->star = (uint8_t)a->level;
        } else if (a->who_id != 0) {
            put(b, SNAP_ACCESS, &(struct snap_access){ a->who_id, a->level });
        }
    }
    out->n_access = (uint32_t)count(b, SNAP_ACCESS) - out->access;
    out->n_cond = (uint32_t)count(b, SNAP_CONDS) - out->cond;
    if (out->n_access > 1)
        qsort(access->p + from, out->n_access, sizeof(struct snap_access),
              by_id);
}

/* A name that is no pattern controls nothing. */
static void
put_generic(struct snapshot_builder *b, struct str name, uint32_t profile)
{
    struct pattern pattern;
    struct str kept;
    struct generic generic = { .profile = profile };

    if ((b->is_dataset ? pattern_compile_dataset
                       : pattern_compile)(name, &pattern, NULL) != ERR_OK)
        return;
    kept = str_dup(&b->arena, str_n(pattern.tokens, pattern.n));
    generic.tokens = (const unsigned char *)kept.p;
    generic.n_tokens = (uint32_t)kept.n;
    if (kept.p == NULL || !VEC_PUSH(&b->generics, generic))
        b->has_no_storage = true;
}

void
snapshot_builder_add(struct snapshot_builder *b,
                     const struct snapshot_profile *in)
{
    struct snap_profile p = {
        .name = put_text(b, in->name, false),
        .n_name = (uint16_t)in->name.n,
        .data = put_text(b, in->data, false),
        .n_data = (uint32_t)in->data.n,
        .flags = (uint8_t)((in->is_generic ? SNAP_GENERIC : 0u) |
                           (in->is_warning ? SNAP_WARNING : 0u)),
        .uacc = (uint8_t)in->uacc,
        .audit_s = (uint8_t)in->audit.success,
        .audit_f = (uint8_t)in->audit.failure,
        .gaudit_s = (uint8_t)in->global_audit.success,
        .gaudit_f = (uint8_t)in->global_audit.failure,
    };
    uint32_t index = (uint32_t)count(b, SNAP_PROFILES);

    put_lists(b, in, &p);
    put(b, SNAP_PROFILES, &p);
    if (in->is_generic)
        put_generic(b, in->name, index);
    else
        b->n_discrete++;
}

/* --- hash of discrete names -------------------------------------------- */

static void
put_hash(struct snapshot_builder *b)
{
    const struct snap_profile *profiles =
        (const void *)b->sections[SNAP_PROFILES].p;
    size_t n = count(b, SNAP_PROFILES), n_slots = 1;
    struct snap_slot *slots;

    if (b->n_discrete == 0 || b->sections[SNAP_BYTES].failed ||
        b->sections[SNAP_PROFILES].failed)
        return;
    while (n_slots < b->n_discrete * 2)
        n_slots *= 2;
    slots = (struct snap_slot *)(void *)buf_grow(&b->sections[SNAP_SLOTS],
                                                 n_slots * sizeof *slots);
    if (slots == NULL)
        return;
    memset(slots, 0, n_slots * sizeof *slots);
    for (size_t i = 0; i < n; i++) {
        struct str name = str_n(b->sections[SNAP_BYTES].p + profiles[i].name,
                                profiles[i].n_name);
        uint32_t hash;
        size_t at;

        if ((profiles[i].flags & SNAP_GENERIC) != 0)
            continue;
        hash = (uint32_t)str_hash(name, b->header.seed);
        at = hash & (n_slots - 1);
        while (slots[at].profile != 0)
            at = (at + 1) & (n_slots - 1);
        slots[at] = (struct snap_slot){ hash, (uint32_t)i + 1 };
    }
}

/* --- trie of generics -------------------------------------------------- */

/* As pattern_compare. */
static int
by_specificity(const void *a, const void *b)
{
    const struct generic *x = a, *y = b;
    uint32_t n = x->n_tokens < y->n_tokens ? x->n_tokens : y->n_tokens;
    int order = memcmp(x->tokens, y->tokens, n);

    if (order != 0)
        return order;
    return x->n_tokens < y->n_tokens ? -1 : x->n_tokens > y->n_tokens;
}

static unsigned char
token_at(const struct snapshot_builder *b, size_t i, size_t at)
{
    return b->generics.v[i].tokens[at];
}

/* Ordinary characters that all patterns of the range share from `at` on. */
static size_t
common_run(const struct snapshot_builder *b, size_t low, size_t high, size_t at)
{
    size_t n = 0;

    /* Sorted: what the first and the last share, all share. No pattern ends
     * before PATTERN_END, which is no ordinary character. */
    while (token_at(b, low, at + n) < PATTERN_FIRST &&
           token_at(b, low, at + n) == token_at(b, high - 1, at + n))
        n++;
    return n;
}

/* Tokens that belong together from `at` on: "&NAME" is one thing. */
static size_t
unit_at(const struct snapshot_builder *b, size_t i, size_t at)
{
    size_t n = 1;

    if (token_at(b, i, at) != PATTERN_VARIABLE)
        return 1;
    while (token_at(b, i, at + n - 1) != PATTERN_VARIABLE_END)
        n++;
    return n;
}

static bool
is_same_unit(const struct snapshot_builder *b, size_t i, size_t j, size_t at)
{
    size_t n;

    if (token_at(b, i, at) != PATTERN_VARIABLE)
        return token_at(b, i, at) == token_at(b, j, at);
    n = unit_at(b, i, at);
    return b->generics.v[j].n_tokens - at >= n &&
           memcmp(b->generics.v[i].tokens + at, b->generics.v[j].tokens + at,
                  n) == 0;
}

/* The variable named in these tokens: one there is, or a new one. */
static uint32_t
variable_at(struct snapshot_builder *b, const unsigned char *tokens, size_t n)
{
    struct str name = str_n(tokens + 1, n - 2);
    const struct snap_text *have = (const void *)b->sections[SNAP_VARIABLES].p;
    size_t n_have = count(b, SNAP_VARIABLES);
    struct snap_text fresh = { 0, (uint32_t)name.n };

    for (size_t i = 0; i < n_have; i++)
        if (str_eq(str_n(b->sections[SNAP_BYTES].p + have[i].at, have[i].n),
                   name))
            return (uint32_t)i;
    fresh.at = put_text(b, name, false);
    put(b, SNAP_VARIABLES, &fresh);
    put(b, SNAP_VALUES, &(struct snap_values){ 0, 0 });
    return (uint32_t)n_have;
}

static void
put_child(struct snapshot_builder *b, struct range r, uint8_t depth)
{
    unsigned char token = token_at(b, r.low, r.n_tokens);
    struct snap_node node = { .token = token, .depth = depth };
    size_t n = 1;

    if (token < PATTERN_FIRST) {
        n = common_run(b, r.low, r.high, r.n_tokens);
        node.label = put_text(
            b, str_n(b->generics.v[r.low].tokens + r.n_tokens, n), false);
        node.n_label = (uint16_t)n;
    } else {
        n = unit_at(b, r.low, r.n_tokens);
        if (token == PATTERN_VARIABLE)
            node.label =
                variable_at(b, b->generics.v[r.low].tokens + r.n_tokens, n);
        if (token == PATTERN_END)
            node.profile = b->generics.v[r.low].profile + 1;
    }
    r.n_tokens += n;
    put(b, SNAP_NODES, &node);
    if (!VEC_PUSH(&b->ranges, r))
        b->has_no_storage = true;
}

static void
put_children(struct snapshot_builder *b, size_t index)
{
    struct range r = b->ranges.v[index];
    size_t first = count(b, SNAP_NODES), n_ordinary = 0;
    struct snap_node *node;
    uint8_t depth;

    node = (struct snap_node *)(void *)b->sections[SNAP_NODES].p + index;
    depth = node->depth;
    if (node->profile != 0)
        return;
    for (size_t low = r.low, high; low < r.high; low = high) {
        unsigned char token = token_at(b, low, r.n_tokens);

        for (high = low + 1; high < r.high; high++)
            if (!is_same_unit(b, low, high, r.n_tokens))
                break;
        n_ordinary += token < PATTERN_FIRST;
        put_child(b, (struct range){ low, high, r.n_tokens },
                  (uint8_t)(depth + 1));
    }
    if (b->sections[SNAP_NODES].failed)
        return;
    node = (struct snap_node *)(void *)b->sections[SNAP_NODES].p + index;
    node->child = (uint32_t)first;
    node->n_children = (uint16_t)(count(b, SNAP_NODES) - first);
    node->n_ordinary = (uint16_t)n_ordinary;
}

static void
put_trie(struct snapshot_builder *b)
{
    struct range all = { 0, b->generics.n, 0 };

    if (b->generics.n == 0)
        return;
    qsort(b->generics.v, b->generics.n, sizeof *b->generics.v, by_specificity);
    put(b, SNAP_NODES, &(struct snap_node){ .depth = 0 });
    if (!VEC_PUSH(&b->ranges, all))
        b->has_no_storage = true;
    for (size_t i = 0; !b->has_no_storage && !b->sections[SNAP_NODES].failed &&
                       i < b->ranges.n;
         i++)
        put_children(b, i);
}

/* --- the image --------------------------------------------------------- */

static size_t
aligned(size_t n)
{
    return (n + 7) & ~(size_t)7;
}

static enum err
join(struct snapshot_builder *b, struct buf *out, struct err_info *why)
{
    size_t at = aligned(sizeof b->header);
    char *p;

    for (size_t i = 0; i < SNAP_SECTIONS; i++) {
        enum err e = buf_check(&b->sections[i], why);

        if (e != ERR_OK)
            return e;
        b->header.section[i].at = at;
        b->header.section[i].n = b->sections[i].n / snap_element_bytes[i];
        at = aligned(at + b->sections[i].n);
    }
    b->header.size = at;
    buf_clear(out);
    p = buf_grow(out, at);
    if (p == NULL)
        return buf_check(out, why);
    memset(p, 0, at);
    memcpy(p, &b->header, sizeof b->header);
    for (size_t i = 0; i < SNAP_SECTIONS; i++) {
        if (b->sections[i].n > 0)
            memcpy(p + b->header.section[i].at, b->sections[i].p,
                   b->sections[i].n);
        buf_fini(&b->sections[i]);
    }
    return ERR_OK;
}

void
snapshot_builder_free(struct snapshot_builder **builder)
{
    struct snapshot_builder *b = *builder;

    if (b == NULL)
        return;
    for (size_t i = 0; i < SNAP_SECTIONS; i++)
        buf_fini(&b->sections[i]);
    VEC_FREE(&b->generics);
    VEC_FREE(&b->ranges);
    arena_fini(&b->arena);
    free(b);
    *builder = NULL;
}

struct snapshot_builder *
snapshot_builder_new(const struct saf_class *class_, uint32_t flags,
                     uint64_t generation)
{
    struct snapshot_builder *b = calloc(1, sizeof *b);

    if (b == NULL)
        return NULL;
    b->is_dataset = (class_->flags & CLASS_DATASET) != 0;
    b->header = (struct snap_header){ .magic = SNAP_MAGIC,
                                      .generation = generation,
                                      .flags = flags,
                                      .class_flags = class_->flags,
                                      .default_rc = class_->default_rc,
                                      .raclist = (uint32_t)class_->raclist,
                                      .max_length = class_->max_length };
    strncpy(b->header.class_name, class_->name,
            sizeof b->header.class_name - 1);
    /* Without it names that collide could be chosen; 0 is only slower. */
    if (getrandom(&b->header.seed, sizeof b->header.seed, GRND_NONBLOCK) < 0)
        b->header.seed = 0;
    arena_init(&b->arena, SNAPSHOT_MAX);
    for (size_t i = 0; i < SNAP_SECTIONS; i++)
        buf_init(&b->sections[i], SNAPSHOT_MAX);
    return b;
}

enum err
snapshot_builder_finish(struct snapshot_builder *b, struct buf *out,
                        struct err_info *why)
{
    put_hash(b);
    put_trie(b);
    /* What is not needed for joining makes room for it. */
    VEC_FREE(&b->generics);
    VEC_FREE(&b->ranges);
    arena_fini(&b->arena);
    return b->has_no_storage ? err_set(why, ERR_MEMORY, "no storage")
                             : join(b, out, why);
}

enum err
snapshot_compile(const struct saf_class *class_,
                 const struct snapshot_profile *profiles, size_t n,
                 uint32_t flags, uint64_t generation, struct buf *out,
                 struct err_info *why)
{
    struct snapshot_builder *b =
        snapshot_builder_new(class_, flags, generation);
    enum err e;

    if (b == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    for (size_t i = 0; i < n; i++)
        snapshot_builder_add(b, &profiles[i]);
    e = snapshot_builder_finish(b, out, why);
    snapshot_builder_free(&b);
    return e;
}

void
snapshot_set_flags(void *image, uint32_t flags)
{
    ((struct snap_header *)image)->flags = flags;
}
