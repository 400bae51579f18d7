/*
 * Record -> JSON: straight-line steps in copybook order. Every value is
 * written with its comma behind it; a closing bracket takes the last comma's
 * place. Counters are captured where they stand, so that tables that slide
 * need no second look.
 */
#include "cobol/map_build.h"

#include <stdlib.h>

#include "parse/json_read.h"

#define SLOT_NOW 0u /* captured and used at once */

struct emitter {
    struct build *b;
    const struct shape **targets;            /* of each update */
    const struct field *counters[SLOTS_MAX]; /* slot -> its field */
    uint32_t n_counters;
};

static enum err emit_value(struct emitter *em, const struct shape *s,
                           bool with_key);

static enum err
add_op(struct build *b, struct out_op op)
{
    return VEC_PUSH(&b->ops, op) ? ERR_OK : build_memory(b);
}

/* "name": in JSON, or nothing */
static enum err
key_of(struct build *b, struct str name, bool with_key, struct out_op *op)
{
    struct buf key;
    enum err e;

    op->key = 0;
    op->key_n = 0;
    if (!with_key)
        return ERR_OK;
    buf_init(&key, UINT16_MAX);
    json_write_string(&key, name);
    buf_add_char(&key, ':');
    op->key_n = (uint16_t)key.n;
    e = buf_check(&key, b->why);
    if (e == ERR_OK)
        e = build_pool(b, buf_view(&key), &op->key);
    buf_fini(&key);
    return e;
}

static enum err
raw_key(struct build *b, struct str text, struct out_op *op)
{
    if (text.n > UINT16_MAX)
        return err_set(b->why, ERR_LIMIT, "a text of %zu bytes", text.n);
    op->key_n = (uint16_t)text.n;
    return build_pool(b, text, &op->key);
}

static enum err
emit_plain(struct emitter *em, enum out_code code)
{
    return add_op(em->b, (struct out_op){ .code = (uint8_t)code });
}

static enum err
emit_open(struct emitter *em, struct str name, bool with_key)
{
    struct out_op op = { .code = OUT_OPEN };
    enum err e = key_of(em->b, name, with_key, &op);

    return e != ERR_OK ? e : add_op(em->b, op);
}

static enum err
emit_close(struct emitter *em)
{
    struct out_op op = { .code = OUT_CLOSE };

    if (em->b->spec->options.omit_empty && !em->b->spec->is_requester)
        op.flags = OF_OMIT_EMPTY;
    return add_op(em->b, op);
}

/* How far the record must reach until the next table that slides. */
static uint32_t
next_limit(const struct build *b, uint32_t segment, const struct field *after)
{
    const struct layout *l = b->spec->segments[segment].layout;
    bool is_behind = after == NULL;

    for (struct field *f = l->root; f != NULL; f = field_next(l->root, f)) {
        if (is_behind && f->depends_on != NULL && field_slides(b, f))
            return f->offset;
        is_behind = is_behind || f == after;
    }
    return l->size;
}

static uint32_t
slot_of(const struct emitter *em, const struct field *counter)
{
    for (uint32_t i = 1; i < em->n_counters; i++)
        if (em->counters[i] == counter)
            return i;
    return NONE;
}

static enum err
emit_capture(struct emitter *em, const struct field *counter, uint32_t slot)
{
    struct out_op op = { .code = OUT_CAPTURE, .a = slot };
    enum err e = build_leaf(em->b, counter, &op.leaf);

    return e != ERR_OK ? e : add_op(em->b, op);
}

/* ---- tables ---- */

static enum err
begin_loop(struct emitter *em, const struct shape *s, bool with_key,
           bool is_silent, uint32_t *loop)
{
    struct build *b = em->b;
    const struct field *f = s->field;
    struct out_loop row = { .start = (uint32_t)b->ops.n + 1,
                            .slot = NONE,
                            .min = f->occurs_min,
                            .max = f->occurs_max,
                            .stride = f->stride,
                            .offset = f->offset };
    struct out_op op = { .code = OUT_LOOP };
    enum err e;

    if (f->depends_on != NULL) {
        row.slot = slot_of(em, f->depends_on);
        row.slides = field_slides(b, f);
        if (row.slot == NONE || field_table(f) != NULL ||
            field_in_redefinition(f))
            return err_set(b->why, ERR_UNSUPPORTED,
                           STR_FMT ": DEPENDING ON inside a table or a "
                                   "redefinition, or its counter is",
                           STR_ARG(f->name));
    } else if (f->count_field != NULL) {
        row.slot = SLOT_NOW;
        row.min = 0; /* the requester's own check of minItems is the API's */
        if ((e = emit_capture(em, f->count_field, SLOT_NOW)) != ERR_OK)
            return e;
        row.start++;
    }
    row.name_n = (uint32_t)s->name.n;
    if ((e = build_pool(b, s->name, &row.name)) != ERR_OK ||
        (e = key_of(b, s->name, with_key, &op)) != ERR_OK)
        return e;
    op.a = *loop = (uint32_t)b->loops.n;
    if (is_silent)
        op.flags = OF_SILENT_LOOP;
    if (!VEC_PUSH(&b->loops, row))
        return build_memory(b);
    return add_op(b, op);
}

static enum err
end_loop(struct emitter *em, const struct shape *s, bool is_silent,
         uint32_t loop)
{
    struct build *b = em->b;
    struct out_op op = { .code = OUT_NEXT, .a = loop };
    enum err e;

    if (is_silent)
        op.flags = OF_SILENT_LOOP;
    else if (b->spec->options.omit_empty && !b->spec->is_requester)
        op.flags = OF_OMIT_EMPTY;
    b->loops.v[loop].end = (uint32_t)b->ops.n;
    if ((e = add_op(b, op)) != ERR_OK || !b->loops.v[loop].slides)
        return e;
    return add_op(b,
                  (struct out_op){ .code = OUT_CHECK,
                                   .a = next_limit(b, s->segment, s->field) });
}

/* ---- fields ---- */

static enum err
emit_headers(struct emitter *em, const struct shape *s)
{
    const struct map_spec *spec = em->b->spec;
    enum err e;

    for (size_t i = 0; i < spec->n_updates; i++) {
        const struct map_update *u = &spec->updates[i];
        struct out_op op = { .code = OUT_VALUE, .a = (uint32_t)u->where };

        if (u->kind != MAP_MOVE || em->targets[i] != s)
            continue;
        if (u->where != MAP_HEADER || !shape_is_leaf(s) || s->in_array)
            return err_set(em->b->why, ERR_UNSUPPORTED,
                           "mapping of " STR_FMT
                           ": only single fields go to headers",
                           STR_ARG(u->target));
        if ((e = raw_key(em->b, u->name, &op)) != ERR_OK ||
            (e = build_leaf(em->b, s->value, &op.leaf)) != ERR_OK ||
            (e = add_op(em->b, op)) != ERR_OK)
            return e;
    }
    return ERR_OK;
}

/* "name":constant, */
static enum err
emit_assigned(struct emitter *em, const struct shape *s)
{
    struct out_op op = { .code = OUT_LITERAL };
    struct buf text;
    enum json_event event;
    struct json_reader r;
    enum err e;

    buf_init(&text, UINT16_MAX);
    json_write_string(&text, s->name);
    buf_add_char(&text, ':');
    json_reader_init(&r, s->assigned);
    if (s->value->kind >= FIELD_ZONED && s->value->kind <= FIELD_FLOAT8 &&
        json_next(&r, &event, NULL) == ERR_OK && event == JSON_NUMBER &&
        r.pos == s->assigned.n)
        buf_add(&text, s->assigned);
    else
        json_write_string(&text, s->assigned);
    buf_add_char(&text, ',');
    e = buf_check(&text, em->b->why);
    if (e == ERR_OK)
        e = raw_key(em->b, buf_view(&text), &op);
    buf_fini(&text);
    return e != ERR_OK ? e : add_op(em->b, op);
}

static bool
is_shown(const struct shape *s)
{
    return s->is_included && !s->is_removed &&
           (s->field == NULL || shape_is_leaf(s) || s->first != NULL);
}

static enum err
emit_children(struct emitter *em, const struct shape *s)
{
    enum err e = ERR_OK;

    for (const struct shape *c = s->first; c != NULL && e == ERR_OK;
         c = c->next)
        e = emit_value(em, c, true);
    return e;
}

/* Value of one element or of a single field. */
static enum err
emit_one(struct emitter *em, const struct shape *s, bool with_key)
{
    struct out_op op = { .code = OUT_LEAF };
    enum err e;

    if (shape_is_leaf(s)) {
        if ((e = emit_headers(em, s)) != ERR_OK || !is_shown(s))
            return e;
        if (s->has_assigned)
            return emit_assigned(em, s);
        if ((e = key_of(em->b, s->name, with_key, &op)) != ERR_OK ||
            (e = build_leaf(em->b, s->value, &op.leaf)) != ERR_OK)
            return e;
        return add_op(em->b, op);
    }
    if (is_shown(s) && (e = emit_open(em, s->name, with_key)) != ERR_OK)
        return e;
    if ((e = emit_children(em, s)) != ERR_OK || !is_shown(s))
        return e;
    return emit_close(em);
}

/* Hidden things still count and slide, and may go to headers. */
static enum err
emit_field(struct emitter *em, const struct shape *s, bool with_key)
{
    const struct field *f = s->field;
    uint32_t loop, jump = NONE;
    enum err e;

    if (slot_of(em, f) != NONE &&
        (e = emit_capture(em, f, slot_of(em, f))) != ERR_OK)
        return e;
    if (f->is_array && !is_shown(s) && f->depends_on == NULL)
        return ERR_OK;
    if (f->is_array) {
        if ((e = begin_loop(em, s, with_key && is_shown(s), !is_shown(s),
                            &loop)) != ERR_OK)
            return e;
        if (is_shown(s) && (e = emit_one(em, s, false)) != ERR_OK)
            return e;
        return end_loop(em, s, !is_shown(s), loop);
    }
    if (f->count_field != NULL) {
        jump = (uint32_t)em->b->ops.n + 1;
        if ((e = emit_capture(em, f->count_field, SLOT_NOW)) != ERR_OK ||
            (e = emit_plain(em, OUT_PRESENT)) != ERR_OK)
            return e;
    }
    if ((e = emit_one(em, s, with_key)) != ERR_OK)
        return e;
    if (jump != NONE)
        em->b->ops.v[jump].b = (uint32_t)em->b->ops.n;
    return ERR_OK;
}

static enum err
emit_segment(struct emitter *em, uint32_t segment, uint32_t *at)
{
    *at = (uint32_t)em->b->ops.n;
    return add_op(em->b,
                  (struct out_op){ .code = OUT_SEGMENT,
                                   .a = segment,
                                   .c = next_limit(em->b, segment, NULL) });
}

static enum err
emit_value(struct emitter *em, const struct shape *s, bool with_key)
{
    uint32_t jump = NONE;
    enum err e;

    if (s->field != NULL)
        return emit_field(em, s, with_key);
    if (s->is_container && (e = emit_segment(em, s->segment, &jump)) != ERR_OK)
        return e;
    if (is_shown(s) && (e = emit_open(em, s->name, with_key)) != ERR_OK)
        return e;
    if ((e = emit_children(em, s)) != ERR_OK)
        return e;
    if (is_shown(s) && (e = emit_close(em)) != ERR_OK)
        return e;
    if (jump != NONE)
        em->b->ops.v[jump].b = (uint32_t)em->b->ops.n;
    return ERR_OK;
}

/* ---- requester: parameters ---- */

static enum err
emit_parameter(struct emitter *em, const struct shape *s, enum map_where where)
{
    struct out_op op = { .code = OUT_VALUE, .a = where };
    uint32_t loop = NONE, jump = NONE;
    enum err e = ERR_OK;

    if (!s->is_included)
        return ERR_OK;
    if (!shape_is_leaf(s))
        return err_set(em->b->why, ERR_UNSUPPORTED,
                       STR_FMT ": an object cannot be a parameter",
                       STR_ARG(s->name));
    if (s->field->is_array) {
        e = begin_loop(em, s, false, true, &loop);
    } else if (s->field->count_field != NULL) {
        jump = (uint32_t)em->b->ops.n + 1;
        e = emit_capture(em, s->field->count_field, SLOT_NOW);
        if (e == ERR_OK)
            e = emit_plain(em, OUT_PRESENT);
    }
    if (e != ERR_OK || (e = raw_key(em->b, s->name, &op)) != ERR_OK ||
        (e = build_leaf(em->b, s->value, &op.leaf)) != ERR_OK ||
        (e = add_op(em->b, op)) != ERR_OK)
        return e;
    if (jump != NONE)
        em->b->ops.v[jump].b = (uint32_t)em->b->ops.n;
    return loop == NONE ? ERR_OK : end_loop(em, s, true, loop);
}

static enum err
emit_requester(struct emitter *em)
{
    static const struct {
        const char *name;
        enum map_where where;
    } groups[] = { { "ReqPathParameters", MAP_PATH },
                   { "ReqQueryParameters", MAP_QUERY },
                   { "ReqHeaders", MAP_HEADER } };
    const struct shape *group, *body;
    uint32_t at;
    enum err e = emit_segment(em, 0, &at);

    for (size_t i = 0; e == ERR_OK && i < ARRAY_LEN(groups); i++) {
        group = shape_child(em->b->top, groups[i].name);
        if (group == NULL)
            continue;
        for (const struct shape *s = group->first; s != NULL && e == ERR_OK;
             s = s->next)
            e = emit_parameter(em, s, groups[i].where);
    }
    body = shape_child(em->b->top, "ReqBody");
    if (e == ERR_OK && body != NULL) {
        e = emit_plain(em, OUT_BODY);
        if (e == ERR_OK)
            e = emit_value(em, body, false);
    }
    em->b->ops.v[at].b = (uint32_t)em->b->ops.n;
    return e;
}

/* ---- named fields, for response rules ---- */

static enum err
path_of(const struct shape *s, struct buf *path)
{
    const struct shape *chain[LAYOUT_DEPTH_MAX + 8];
    unsigned n = 0;

    for (; s != NULL && s->parent != NULL; s = s->parent) {
        if (n == ARRAY_LEN(chain))
            return ERR_LIMIT;
        chain[n++] = s;
    }
    while (n-- > 0) {
        buf_add(path, chain[n]->name);
        if (n > 0)
            buf_add_char(path, '/');
    }
    return buf_check(path, NULL);
}

static enum err
add_field_row(struct build *b, const struct shape *s)
{
    struct out_field row = { .segment = s->segment };
    struct buf path;
    enum err e;

    buf_init(&path, 1u << 20);
    e = path_of(s, &path);
    row.path_n = (uint32_t)path.n;
    if (e == ERR_OK)
        e = build_pool(b, buf_view(&path), &row.path);
    buf_fini(&path);
    if (e != ERR_OK || (e = build_leaf(b, s->value, &row.leaf)) != ERR_OK)
        return e;
    return VEC_PUSH(&b->fields, row) ? ERR_OK : build_memory(b);
}

/* Fields whose place is fixed: not in tables, not behind sliding ones. */
static enum err
add_field_rows(struct build *b)
{
    enum err e = ERR_OK;

    for (struct shape *s = b->top; s != NULL && e == ERR_OK;
         s = shape_next(b->top, s))
        if (s->field != NULL && shape_is_leaf(s) && !s->in_array &&
            s->value->offset < next_limit(b, s->segment, NULL))
            e = add_field_row(b, s);
    return e;
}

/* ---- the whole ---- */

static enum err
find_counters(struct emitter *em)
{
    const struct map_spec *spec = em->b->spec;

    em->n_counters = SLOT_NOW + 1;
    for (size_t i = 0; i < spec->n_segments; i++) {
        struct field *root = spec->segments[i].layout->root;

        for (struct field *f = root; f != NULL; f = field_next(root, f)) {
            if (f->depends_on == NULL || slot_of(em, f->depends_on) != NONE)
                continue;
            if (em->n_counters == SLOTS_MAX)
                return err_set(em->b->why, ERR_LIMIT, "more than %u counters",
                               SLOTS_MAX - 1);
            em->counters[em->n_counters++] = f->depends_on;
        }
    }
    return ERR_OK;
}

static enum err
apply_updates(struct emitter *em)
{
    struct build *b = em->b;
    const struct map_spec *spec = b->spec;

    em->targets =
        arena_array(&b->arena, spec->n_updates + 1, sizeof *em->targets);
    if (em->targets == NULL)
        return build_memory(b);
    for (size_t i = 0; i < spec->n_updates; i++) {
        const struct map_update *u = &spec->updates[i];
        struct shape *target;

        if (u->kind == MAP_ASSIGN && u->where == MAP_HEADER)
            continue;
        target = shape_find(b, u->target);
        if (target == NULL)
            return ERR_NOT_FOUND;
        em->targets[i] = target;
        if (u->kind == MAP_REMOVE) {
            for (struct shape *s = target; s != NULL; s = shape_next(target, s))
                s->is_removed = true;
        } else if (u->kind == MAP_ASSIGN) {
            if (!shape_is_leaf(target))
                return err_set(b->why, ERR_UNSUPPORTED,
                               "mapping to " STR_FMT ": not a single field",
                               STR_ARG(u->target));
            target->assigned = u->value;
            target->has_assigned = true;
            target->is_removed = false;
        }
    }
    return ERR_OK;
}

static enum err
emit_constants(struct emitter *em)
{
    const struct map_spec *spec = em->b->spec;
    enum err e;

    for (size_t i = 0; i < spec->n_updates; i++) {
        const struct map_update *u = &spec->updates[i];
        struct out_op op = { .code = OUT_CONST_VALUE,
                             .a = (uint32_t)u->where,
                             .c = (uint32_t)u->value.n };

        if (u->kind != MAP_ASSIGN || u->where != MAP_HEADER)
            continue;
        if ((e = raw_key(em->b, u->name, &op)) != ERR_OK ||
            (e = build_pool(em->b, u->value, &op.b)) != ERR_OK ||
            (e = add_op(em->b, op)) != ERR_OK)
            return e;
    }
    return ERR_OK;
}

static enum err
emit_service(struct emitter *em)
{
    uint32_t at = NONE;
    bool has_container = em->b->spec->segments[0].container.n > 0;
    enum err e = emit_plain(em, OUT_BODY);

    if (e == ERR_OK && !has_container)
        e = emit_segment(em, 0, &at);
    if (e == ERR_OK)
        e = emit_value(em, em->b->top, false);
    if (e == ERR_OK && at != NONE)
        em->b->ops.v[at].b = (uint32_t)em->b->ops.n;
    return e;
}

enum err
map_compile_out(const struct map_spec *spec, struct buf *blob,
                struct err_info *why)
{
    struct emitter *em = calloc(1, sizeof *em);
    struct build b;
    enum err e;

    if (em == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    em->b = &b;
    e = build_init(&b, spec, false, why);
    if (e == ERR_OK)
        e = find_counters(em);
    if (e == ERR_OK)
        e = apply_updates(em);
    if (e == ERR_OK)
        e = spec->is_requester ? emit_requester(em) : emit_service(em);
    if (e == ERR_OK)
        e = emit_constants(em);
    if (e == ERR_OK)
        e = emit_plain(em, OUT_END);
    if (e == ERR_OK)
        e = add_field_rows(&b);
    if (e == ERR_OK)
        e = build_finish(&b, blob);
    build_fini(&b);
    free(em);
    return e;
}
