/*
 * Checks of a stored program. A blob may have been damaged or made by somebody
 * else: every offset a run will follow is proved here once, against ranges
 * that the run itself keeps (a record's length, an element inside its table).
 */
#include "cobol/map_blob.h"

#include <stdlib.h>

struct checker {
    const struct blob *b;
    const struct leaf *leaves;
    struct err_info *why;
};

static enum err
damaged(struct checker *c, const char *what)
{
    return err_set(c->why, ERR_SYNTAX, "not a mapping program: %s", what);
}

static bool
part_ok(const struct blob *b, uint32_t at, uint32_t n, size_t size)
{
    return at % 8 == 0 && at <= b->n_bytes &&
           (uint64_t)n * size <= b->n_bytes - at;
}

static bool
pool_ok(const struct blob *b, uint64_t at, uint64_t n)
{
    return at <= b->n_pool && n <= b->n_pool - at;
}

static enum err
check_head(struct checker *c, struct str blob)
{
    const struct blob *b = c->b;

    if (blob.n < sizeof *b || (uintptr_t)blob.p % 8 != 0)
        return damaged(c, "too short or not aligned");
    if (b->magic != BLOB_MAGIC || b->version != BLOB_VERSION)
        return damaged(c, "made by another version");
    if (b->n_bytes > blob.n || b->n_bytes < sizeof *b + POOL_SLACK ||
        b->is_in > 1 || b->abi_kind > ABI_GNUCOBOL ||
        b->abi_sign > ABI_SIGN_OVERPUNCH || b->n_segments == 0 ||
        b->n_segments > MAP_SEGMENTS_MAX)
        return damaged(c, "bad header");
    if (!part_ok(b, b->segments, b->n_segments, sizeof(struct blob_segment)) ||
        !part_ok(b, b->leaves, b->n_leaves, sizeof(struct leaf)) ||
        !part_ok(b, b->odos, b->n_odos, sizeof(struct blob_odo)) ||
        !part_ok(b, b->objects, b->n_objects, sizeof(struct in_object)) ||
        !part_ok(b, b->members, b->n_members, sizeof(struct in_member)) ||
        !part_ok(b, b->slots, b->n_slots, sizeof(uint32_t)) ||
        !part_ok(b, b->updates, b->n_updates, sizeof(struct in_update)) ||
        !part_ok(b, b->ops, b->n_ops, sizeof(struct out_op)) ||
        !part_ok(b, b->loops, b->n_loops, sizeof(struct out_loop)) ||
        !part_ok(b, b->fields, b->n_fields, sizeof(struct out_field)) ||
        !part_ok(b, b->pool, b->n_pool, 1) ||
        b->n_bytes - b->pool - b->n_pool < POOL_SLACK)
        return damaged(c, "a part lies outside");
    return ERR_OK;
}

/* Digits and size go together; nothing here depends on where the leaf is. */
static bool
leaf_shape_ok(const struct leaf *l, uint8_t code)
{
    uint32_t separate = (l->flags & LF_SIGN_SEPARATE) != 0;

    switch ((enum leaf_code)code) {
    case LEAF_ZONED:
        return l->digits > 0 && l->digits <= 31 &&
               l->size == l->digits + separate &&
               (!separate || (l->flags & LF_SIGNED) != 0);
    case LEAF_PACKED:
        return l->digits > 0 && l->digits <= 31 &&
               l->size == ((l->flags & LF_NO_NIBBLE) != 0 ? (l->digits + 1u) / 2
                                                          : l->digits / 2u + 1);
    case LEAF_BINARY:
        return l->digits <= 18 &&
               (l->size == 1 || l->size == 2 || l->size == 4 || l->size == 8);
    case LEAF_FLOAT4:
        return l->size == 4;
    case LEAF_FLOAT8:
        return l->size == 8;
    case LEAF_NATIONAL:
    case LEAF_DBCS:
        return l->size > 0 && l->size % 2 == 0;
    case LEAF_TEXT:
    case LEAF_BOOLEAN:
    case LEAF_BASE64:
        return l->size > 0;
    case LEAF_DATE:
    case LEAF_CODES:
        break;
    }
    return false;
}

static bool
leaf_ok(const struct checker *c, const struct leaf *l)
{
    uint8_t code = l->code == LEAF_DATE ? l->inner : l->code;

    if (!pool_ok(c->b, l->name, l->name_n) || l->size > LAYOUT_SIZE_MAX ||
        l->offset > LAYOUT_SIZE_MAX || l->scale > 40 || l->scale < -40 ||
        !leaf_shape_ok(l, code))
        return false;
    if (l->code == LEAF_DATE &&
        ((code != LEAF_TEXT && code != LEAF_ZONED && code != LEAF_PACKED) ||
         l->aux_n == 0 || l->aux_n > 40 || !pool_ok(c->b, l->aux, l->aux_n)))
        return false;
    if (l->code == LEAF_BOOLEAN &&
        !pool_ok(c->b, l->aux, 2 * (uint64_t)l->size))
        return false;
    return l->length == NONE || (l->length < c->b->n_leaves &&
                                 c->leaves[l->length].code == LEAF_BINARY &&
                                 c->leaves[l->length].length == NONE);
}

static enum err
check_common(struct checker *c)
{
    const struct blob *b = c->b;
    const struct blob_segment *segments =
        BLOB_ARRAY(b, struct blob_segment, segments);
    const struct blob_odo *odos = BLOB_ARRAY(b, struct blob_odo, odos);

    for (uint32_t i = 0; i < b->n_leaves; i++)
        if (!leaf_ok(c, &c->leaves[i]))
            return damaged(c, "a field");
    for (uint32_t i = 0; i < b->n_segments; i++) {
        const struct blob_segment *s = &segments[i];
        uint64_t end = 0;

        if (!pool_ok(b, s->container, s->container_n) || s->size == 0 ||
            s->size > LAYOUT_SIZE_MAX ||
            (s->template_at != NONE && !pool_ok(b, s->template_at, s->size)) ||
            s->first_odo > b->n_odos || s->n_odos > b->n_odos - s->first_odo)
            return damaged(c, "a record");
        for (uint32_t k = 0; k < s->n_odos; k++) {
            const struct blob_odo *o = &odos[s->first_odo + k];

            if (o->offset < end || o->max > LAYOUT_SIZE_MAX ||
                o->min > o->max || o->stride > LAYOUT_SIZE_MAX ||
                o->leaf >= b->n_leaves ||
                (uint64_t)c->leaves[o->leaf].offset + c->leaves[o->leaf].size >
                    s->size)
                return damaged(c, "a table");
            end = o->offset + (uint64_t)o->stride * o->max;
            if (end > s->size)
                return damaged(c, "a table");
        }
    }
    return ERR_OK;
}

/* ---- in ---- */

/* A leaf and its length field inside [lo, hi). */
static bool
leaf_in(const struct checker *c, uint32_t leaf, uint64_t lo, uint64_t hi)
{
    const struct leaf *l;

    if (leaf >= c->b->n_leaves)
        return false;
    l = &c->leaves[leaf];
    return l->offset >= lo && (uint64_t)l->offset + l->size <= hi &&
           (l->length == NONE || leaf_in(c, l->length, lo, hi));
}

static enum err check_object(struct checker *c, uint32_t number,
                             uint32_t parent, uint64_t lo, uint64_t hi,
                             unsigned depth);

static enum err
check_member(struct checker *c, const struct in_member *m, uint32_t parent,
             uint64_t lo, uint64_t hi, unsigned depth)
{
    const struct blob *b = c->b;
    const struct blob_segment *segments =
        BLOB_ARRAY(b, struct blob_segment, segments);

    if (!pool_ok(b, m->key, (uint64_t)m->key_n + 1) ||
        blob_pool(b, m->key)[m->key_n] != '"' || m->segment >= b->n_segments)
        return damaged(c, "a member");
    if (m->level != 0) {
        lo = 0;
        hi = segments[m->segment].size;
        if (m->is_array || m->code != MEMBER_GROUP || m->count != NONE)
            return damaged(c, "a level");
    }
    if (m->count != NONE && !leaf_in(c, m->count, lo, hi))
        return damaged(c, "a counter");
    if (m->is_array) {
        if (m->offset < lo || m->max == 0 || m->min > m->max ||
            m->max > LAYOUT_SIZE_MAX || m->stride > LAYOUT_SIZE_MAX ||
            m->offset + (uint64_t)m->stride * m->max > hi)
            return damaged(c, "an array");
        lo = m->offset;
        hi = lo + m->stride;
    }
    if (m->code == MEMBER_LEAF)
        return leaf_in(c, m->leaf, lo, hi) ? ERR_OK
                                           : damaged(c, "a member's field");
    if (m->code != MEMBER_GROUP)
        return damaged(c, "a member's kind");
    return check_object(c, m->object, parent, lo, hi, depth + 1);
}

/* Objects come after their parents, so there are no cycles. */
static enum err
check_object(struct checker *c, uint32_t number, uint32_t parent, uint64_t lo,
             uint64_t hi, unsigned depth)
{
    const struct blob *b = c->b;
    const struct in_object *o;
    const struct in_member *members = BLOB_ARRAY(b, struct in_member, members);
    const uint32_t *slots = BLOB_ARRAY(b, uint32_t, slots);

    if (number >= b->n_objects || depth > MAP_DEPTH_MAX ||
        (parent != NONE && number <= parent))
        return damaged(c, "an object");
    o = &BLOB_ARRAY(b, struct in_object, objects)[number];
    if (o->n > LAYOUT_FIELDS_MAX || o->first > b->n_members ||
        o->n > b->n_members - o->first || o->slots > b->n_slots ||
        o->mask >= b->n_slots - o->slots || (o->mask & (o->mask + 1)) != 0 ||
        o->mask < o->n)
        return damaged(c, "an object");
    for (uint32_t i = 0; i <= o->mask; i++)
        if (slots[o->slots + i] > o->n)
            return damaged(c, "an object's index");
    for (uint32_t i = 0; i < o->n; i++) {
        const struct in_member *m = &members[o->first + i];
        enum err e;

        if ((e = check_member(c, m, number, lo, hi, depth)) != ERR_OK)
            return e;
    }
    return ERR_OK;
}

/* Each object is named by one member at most, so that the walk is linear. */
static enum err
check_parents(struct checker *c)
{
    const struct blob *b = c->b;
    const struct in_member *members = BLOB_ARRAY(b, struct in_member, members);
    uint8_t *named = calloc(1, (size_t)b->n_objects + 1);
    enum err e = ERR_OK;

    if (named == NULL)
        return err_set(c->why, ERR_MEMORY, "no storage");
    for (uint32_t i = 0; i < b->n_members && e == ERR_OK; i++) {
        if (members[i].code != MEMBER_GROUP)
            continue;
        if (members[i].object >= b->n_objects ||
            named[members[i].object]++ != 0)
            e = damaged(c, "shared objects");
    }
    free(named);
    return e;
}

static enum err
check_in(struct checker *c)
{
    const struct blob *b = c->b;
    const struct blob_segment *segments =
        BLOB_ARRAY(b, struct blob_segment, segments);
    const struct in_update *updates = BLOB_ARRAY(b, struct in_update, updates);
    enum err e = check_parents(c);

    if (e != ERR_OK)
        return e;
    for (uint32_t i = 0; i < b->n_updates; i++) {
        const struct in_update *u = &updates[i];

        if (!pool_ok(b, u->name, u->name_n) ||
            !pool_ok(b, u->value, u->value_n) || u->where > MAP_HEADER ||
            u->segment >= b->n_segments ||
            !leaf_in(c, u->leaf, 0, segments[u->segment].size))
            return damaged(c, "an update");
    }
    if (b->root == NONE)
        return ERR_OK;
    if (b->root >= b->n_members)
        return damaged(c, "the root");
    return check_member(c, &BLOB_ARRAY(b, struct in_member, members)[b->root],
                        NONE, 0, segments[0].size, 0);
}

/* ---- out ---- */

/* What leaves may touch at one nesting of loops. */
struct walk {
    uint64_t lo, hi;
    uint32_t loop;
    unsigned opens; /* brackets open when the loop began */
};

/* Jumps only lead forward to a place of the same nesting; they nest. */
struct jump {
    uint32_t target;
    unsigned depth, opens;
    bool ends_record;
};

struct flow {
    struct walk stack[LOOPS_MAX + 1];
    unsigned depth, opens;
    struct jump jumps[4 * LOOPS_MAX];
    unsigned n_jumps;
};

static bool
add_jump(struct flow *f, uint32_t target, bool ends_record)
{
    if (f->n_jumps == ARRAY_LEN(f->jumps) ||
        (f->n_jumps > 0 && target > f->jumps[f->n_jumps - 1].target))
        return false;
    f->jumps[f->n_jumps++] =
        (struct jump){ target, f->depth, f->opens, ends_record };
    return true;
}

/* Step i: do the jumps that lead here fit? Behind a record nothing of it may
 * be touched. */
static bool
land_jumps(struct flow *f, uint32_t i)
{
    while (f->n_jumps > 0 && f->jumps[f->n_jumps - 1].target == i) {
        const struct jump *j = &f->jumps[--f->n_jumps];

        if (j->depth != f->depth || j->opens != f->opens)
            return false;
        if (j->ends_record)
            f->stack[0].lo = f->stack[0].hi = 0;
    }
    return true;
}

static enum err
check_loop(struct checker *c, const struct out_op *op, uint32_t at,
           const struct walk *outer, struct walk *inner)
{
    const struct blob *b = c->b;
    const struct out_loop *l;

    if (op->a >= b->n_loops)
        return damaged(c, "a loop");
    l = &BLOB_ARRAY(b, struct out_loop, loops)[op->a];
    if (l->start != at + 1 || l->end <= at || l->end >= b->n_ops ||
        (l->slot != NONE && l->slot >= SLOTS_MAX) || l->max == 0 ||
        l->min > l->max || l->max > LAYOUT_SIZE_MAX ||
        l->stride > LAYOUT_SIZE_MAX || l->offset < outer->lo ||
        !pool_ok(b, l->name, l->name_n))
        return damaged(c, "a loop");
    /* A table that the run measures itself may reach to the record's end. */
    if (!l->slides && l->offset + (uint64_t)l->stride * l->max > outer->hi)
        return damaged(c, "a loop's table");
    if (l->slides && outer->loop != NONE)
        return damaged(c, "a sliding table inside a table");
    inner->lo = l->offset;
    inner->hi = l->offset + (uint64_t)l->stride;
    inner->loop = op->a;
    return ERR_OK;
}

static enum err
check_begin_loop(struct checker *c, struct flow *f, uint32_t at)
{
    const struct blob *b = c->b;
    const struct out_loop *loops = BLOB_ARRAY(b, struct out_loop, loops);
    const struct out_op *op = &BLOB_ARRAY(b, struct out_op, ops)[at];
    struct walk *w = &f->stack[f->depth];
    enum err e;

    if (f->depth >= LOOPS_MAX)
        return damaged(c, "nesting");
    if ((e = check_loop(c, op, at, w, w + 1)) != ERR_OK)
        return e;
    if (f->depth > 0 && loops[op->a].end >= loops[w->loop].end)
        return damaged(c, "nesting of loops");
    f->depth++;
    f->stack[f->depth].opens = f->opens;
    return ERR_OK;
}

static enum err
check_end_loop(struct checker *c, struct flow *f, uint32_t at)
{
    const struct blob *b = c->b;
    const struct out_loop *loops = BLOB_ARRAY(b, struct out_loop, loops);
    const struct out_op *op = &BLOB_ARRAY(b, struct out_op, ops)[at];
    const struct walk *w = &f->stack[f->depth];

    if (f->depth == 0 || w->loop != op->a || loops[op->a].end != at ||
        w->opens != f->opens)
        return damaged(c, "the end of a loop");
    f->depth--;
    /* What slid may only be followed by what stands behind it. */
    if (loops[op->a].slides)
        f->stack[f->depth].lo =
            loops[op->a].offset +
            (uint64_t)loops[op->a].stride * loops[op->a].max;
    return ERR_OK;
}

static enum err
check_step(struct checker *c, struct flow *f, uint32_t i)
{
    const struct blob *b = c->b;
    const struct out_op *op = &BLOB_ARRAY(b, struct out_op, ops)[i];
    struct walk *w = &f->stack[f->depth];

    switch ((enum out_code)op->code) {
    case OUT_SEGMENT:
        if (op->a >= b->n_segments || op->b <= i || op->b >= b->n_ops ||
            f->depth != 0 || !add_jump(f, op->b, true))
            return damaged(c, "a record");
        w->lo = 0;
        w->hi = op->c;
        return ERR_OK;
    case OUT_CHECK:
        if (f->depth != 0 || op->a > LAYOUT_SIZE_MAX || w->hi == 0)
            return damaged(c, "a check");
        w->hi = op->a;
        return ERR_OK;
    case OUT_OPEN:
        return ++f->opens > 4 * LOOPS_MAX ? damaged(c, "nesting") : ERR_OK;
    case OUT_CLOSE:
        return f->opens-- == 0 ? damaged(c, "nesting") : ERR_OK;
    case OUT_LEAF:
    case OUT_VALUE:
        return leaf_in(c, op->leaf, w->lo, w->hi) && op->a <= MAP_HEADER
                   ? ERR_OK
                   : damaged(c, "a field's place");
    case OUT_CAPTURE:
        return leaf_in(c, op->leaf, w->lo, w->hi) && op->a < SLOTS_MAX
                   ? ERR_OK
                   : damaged(c, "a counter");
    case OUT_PRESENT:
        return op->a < SLOTS_MAX && op->b > i && op->b < b->n_ops &&
                       add_jump(f, op->b, false)
                   ? ERR_OK
                   : damaged(c, "a jump");
    case OUT_LOOP:
        return check_begin_loop(c, f, i);
    case OUT_NEXT:
        return check_end_loop(c, f, i);
    case OUT_CONST_VALUE:
        return pool_ok(b, op->b, op->c) && op->a <= MAP_HEADER
                   ? ERR_OK
                   : damaged(c, "a constant");
    case OUT_LITERAL:
    case OUT_BODY:
        return ERR_OK;
    case OUT_END:
        return i == b->n_ops - 1 ? ERR_OK : damaged(c, "an early end");
    case OUT_CODES:
        break;
    }
    return damaged(c, "an unknown step");
}

static enum err
check_out(struct checker *c)
{
    const struct blob *b = c->b;
    const struct out_op *ops = BLOB_ARRAY(b, struct out_op, ops);
    const struct out_field *fields = BLOB_ARRAY(b, struct out_field, fields);
    struct flow f = { .stack = { { 0, 0, NONE, 0 } } };
    enum err e;

    if (b->n_ops == 0 || ops[b->n_ops - 1].code != OUT_END)
        return damaged(c, "no end");
    for (uint32_t i = 0; i < b->n_ops; i++) {
        if (!pool_ok(b, ops[i].key, ops[i].key_n))
            return damaged(c, "a name");
        if (!land_jumps(&f, i))
            return damaged(c, "a jump's target");
        if ((e = check_step(c, &f, i)) != ERR_OK)
            return e;
    }
    for (uint32_t i = 0; i < b->n_fields; i++)
        if (!pool_ok(b, fields[i].path, fields[i].path_n) ||
            fields[i].leaf >= b->n_leaves || fields[i].segment >= b->n_segments)
            return damaged(c, "a named field");
    return f.depth == 0 && f.opens == 0 ? ERR_OK : damaged(c, "nesting");
}

enum err
map_open(struct str bytes, struct map *out, struct err_info *why)
{
    struct checker c = { .b = (const void *)bytes.p, .why = why };
    const struct codepage *cp;
    enum err e = check_head(&c, bytes);

    if (e != ERR_OK)
        return e;
    c.leaves = BLOB_ARRAY(c.b, struct leaf, leaves);
    cp = codepage_find(c.b->ccsid);
    if (cp == NULL)
        return damaged(&c, "unknown code page");
    if ((e = check_common(&c)) != ERR_OK ||
        (e = c.b->is_in ? check_in(&c) : check_out(&c)) != ERR_OK)
        return e;
    *out = (struct map){ .base = bytes.p,
                         .n_bytes = c.b->n_bytes,
                         .codepage = cp,
                         .is_in = c.b->is_in };
    return ERR_OK;
}

struct leaf_env
leaf_env_of(const struct map *map)
{
    const struct blob *b = map->base;

    return (struct leaf_env){
        .pool = blob_pool(b, 0),
        .leaves = BLOB_ARRAY(b, struct leaf, leaves),
        .cp = map->codepage,
        .sign = b->abi_sign,
        .is_hfp = b->abi_kind == ABI_ZOS,
        .options = b->options,
    };
}

size_t
map_n_segments(const struct map *map)
{
    return ((const struct blob *)map->base)->n_segments;
}

struct str
map_container(const struct map *map, size_t segment)
{
    const struct blob *b = map->base;
    const struct blob_segment *s =
        &BLOB_ARRAY(b, struct blob_segment, segments)[segment];

    return segment < b->n_segments
               ? str_n(blob_pool(b, s->container), s->container_n)
               : (struct str){ 0 };
}

size_t
map_record_bytes(const struct map *map, size_t segment)
{
    const struct blob *b = map->base;

    return segment < b->n_segments
               ? BLOB_ARRAY(b, struct blob_segment, segments)[segment].size
               : 0;
}
