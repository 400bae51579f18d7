/*
 * JSON -> record: a table of members for each object, in copybook order, so
 * that the member after the last one is the first guess for the next key; a
 * hash answers when the guess is wrong.
 */
#include "cobol/map_build.h"

uint32_t
key_hash(const char *p, size_t n)
{
    uint32_t h = 2166136261u ^ (uint32_t)n;

    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)p[i]) * 16777619u;
    return h ^ h >> 15;
}

/* ---- templates: the record before any JSON ---- */

static enum err
put_default(struct build *b, const struct field *f, uint32_t leaf,
            uint8_t *base)
{
    struct leaf_env env = build_env(b);
    struct str v = f->default_value;

    if (!f->default_is_hex)
        return leaf_put(&env, &b->leaves.v[leaf], base, v, false, b->why);
    if (v.n != 2 * (size_t)f->size)
        return err_set(b->why, ERR_RANGE,
                       STR_FMT ": default of %zu hex digits for %u bytes",
                       STR_ARG(f->name), v.n, f->size);
    for (uint32_t i = 0; i < f->size; i++) {
        unsigned byte = 0;

        for (int k = 0; k < 2; k++) {
            char c = v.p[2 * i + (uint32_t)k];
            unsigned d = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
                                                : 16;

            if (d > 15)
                return err_set(b->why, ERR_RANGE,
                               STR_FMT ": default is not hexadecimal",
                               STR_ARG(f->name));
            byte = byte << 4 | d;
        }
        base[f->offset + i] = (uint8_t)byte;
    }
    return ERR_OK;
}

static enum err
fill_field(struct build *b, const struct field *f, uint8_t *base)
{
    const struct map_options *o = &b->spec->options;
    uint32_t leaf;
    enum err e;

    /* Of several definitions of one area the selected one initialises it. */
    if (f->redefines != NULL && !f->is_included)
        return ERR_OK;
    if (f->kind == FIELD_OPAQUE)
        return ERR_OK;
    for (uint32_t i = 0; i < f->occurs_max; i++, base += f->stride) {
        if (f->kind == FIELD_GROUP)
            for (const struct field *c = f->first; c != NULL; c = c->next)
                if ((e = fill_field(b, c, base)) != ERR_OK)
                    return e;
        if (f->kind == FIELD_GROUP && !f->has_default)
            continue;
        if (!f->has_default && !o->init_fields)
            break;
        if ((e = build_leaf(b, f, &leaf)) != ERR_OK)
            return e;
        if (o->init_fields && f->kind != FIELD_GROUP) {
            struct leaf_env env = build_env(b);

            leaf_init(&env, &b->leaves.v[leaf], base);
        }
        if (f->has_default && (e = put_default(b, f, leaf, base)) != ERR_OK)
            return e;
    }
    return ERR_OK;
}

static enum err
fill_counters(struct build *b, const struct layout *l, uint8_t *record)
{
    struct field *root = l->root;
    struct leaf_env env;
    uint32_t leaf;
    enum err e;

    for (struct field *f = root; f != NULL; f = field_next(root, f)) {
        if (f->depends_on == NULL)
            continue;
        if ((e = build_leaf(b, f->depends_on, &leaf)) != ERR_OK)
            return e;
        env = build_env(b);
        e = leaf_put_count(&env, &b->leaves.v[leaf], record, f->occurs_min,
                           b->why);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

static enum err
make_template(struct build *b, uint32_t segment)
{
    const struct layout *l = b->spec->segments[segment].layout;
    uint8_t *record = calloc(1, l->size);
    bool is_zero = true;
    enum err e;

    if (record == NULL)
        return build_memory(b);
    e = fill_field(b, l->root, record);
    if (e == ERR_OK)
        e = fill_counters(b, l, record);
    for (uint32_t i = 0; i < l->size && is_zero; i++)
        is_zero = record[i] == 0;
    if (e == ERR_OK && !is_zero)
        e = build_pool(b, str_n(record, l->size),
                       &b->segments.v[segment].template_at);
    free(record);
    return e;
}

/* DEPENDING tables of a record, in order of offset (copybook order). */
static enum err
add_odos(struct build *b, uint32_t segment)
{
    struct field *root = b->spec->segments[segment].layout->root;
    struct blob_segment *row = &b->segments.v[segment];
    enum err e;

    row->first_odo = (uint32_t)b->odos.n;
    for (struct field *f = root; f != NULL; f = field_next(root, f)) {
        struct blob_odo odo = { f->offset,     f->stride, f->occurs_min,
                                f->occurs_max, 0,         0 };

        if (f->depends_on == NULL)
            continue;
        if (field_table(f) != NULL || field_in_redefinition(f))
            return err_set(b->why, ERR_UNSUPPORTED,
                           STR_FMT ": DEPENDING ON inside a table or a "
                                   "redefinition",
                           STR_ARG(f->name));
        odo.slides = field_slides(b, f);
        if ((e = build_leaf(b, f->depends_on, &odo.leaf)) != ERR_OK)
            return e;
        if (!VEC_PUSH(&b->odos, odo))
            return build_memory(b);
        row->n_odos++;
    }
    return ERR_OK;
}

/* ---- members and objects ---- */

static enum err
add_hash(struct build *b, struct in_object *o)
{
    uint32_t cap = 4;

    while (cap < 2 * o->n)
        cap *= 2;
    o->slots = (uint32_t)b->slots.n;
    o->mask = cap - 1;
    for (uint32_t i = 0; i < cap; i++)
        if (!VEC_PUSH(&b->slots, 0u))
            return build_memory(b);
    for (uint32_t i = 0; i < o->n; i++) {
        uint32_t at = b->members.v[o->first + i].hash & o->mask;

        while (b->slots.v[o->slots + at] != 0)
            at = (at + 1) & o->mask;
        b->slots.v[o->slots + at] = i + 1;
    }
    return ERR_OK;
}

static enum err
member_value(struct build *b, const struct shape *s, struct in_member *m)
{
    const struct field *f = s->field;
    enum err e;

    m->segment = (uint8_t)s->segment;
    if (f == NULL) {
        m->code = MEMBER_GROUP;
        m->level = s->is_container ? 2 : 1;
        return ERR_OK;
    }
    m->is_array = f->is_array;
    m->min = f->occurs_min;
    m->max = f->occurs_max;
    m->stride = f->stride;
    m->offset = f->offset;
    m->size = f->size;
    if (f->depends_on != NULL || f->count_field != NULL) {
        const struct field *counter =
            f->depends_on != NULL ? f->depends_on : f->count_field;

        if (field_table(counter) != field_table(f))
            return err_set(b->why, ERR_UNSUPPORTED,
                           STR_FMT ": its counter is in another table",
                           STR_ARG(f->name));
        m->is_presence = f->depends_on == NULL;
        if ((e = build_leaf(b, counter, &m->count)) != ERR_OK)
            return e;
    }
    if (shape_is_leaf(s)) {
        m->code = MEMBER_LEAF;
        return build_leaf(b, s->value, &m->leaf);
    }
    m->code = MEMBER_GROUP;
    return ERR_OK;
}

/* All definitions of one area get one number; 0 for areas with one. */
static uint16_t
alternative_of(const struct shape *parent, const struct field *f)
{
    const struct field *subject = f == NULL              ? NULL
                                  : f->redefines != NULL ? f->redefines
                                                         : f;
    uint16_t number = 0;

    for (const struct shape *c = parent->first; subject != NULL && c != NULL;
         c = c->next) {
        number++;
        if (c->field != NULL && c->field->redefines == subject)
            return number;
    }
    return 0;
}

static enum err
add_member(struct build *b, const struct shape *s)
{
    struct in_member m = { .leaf = NONE, .object = NONE, .count = NONE };
    struct buf key;
    enum err e;

    if (s->name.n > UINT16_MAX)
        return err_set(b->why, ERR_LIMIT, "a JSON name of %zu bytes",
                       s->name.n);
    buf_init(&key, s->name.n + 2);
    buf_add(&key, s->name);
    buf_add_char(&key, '"');
    e = buf_check(&key, b->why);
    if (e == ERR_OK)
        e = build_pool(b, buf_view(&key), &m.key);
    buf_fini(&key);
    if (e != ERR_OK || (e = member_value(b, s, &m)) != ERR_OK)
        return e;
    m.key_n = (uint16_t)s->name.n;
    m.hash = key_hash(s->name.p, s->name.n);
    m.alternative = s->parent == NULL ? 0 : alternative_of(s->parent, s->field);
    return VEC_PUSH(&b->members, m) ? ERR_OK : build_memory(b);
}

static bool
is_member(const struct shape *s)
{
    return s->is_included && !s->is_removed &&
           (s->field == NULL || shape_is_leaf(s) || s->first != NULL);
}

static enum err
add_object(struct build *b, const struct shape *s, uint32_t *number)
{
    struct in_object o = { .first = (uint32_t)b->members.n };
    uint32_t i = 0;
    enum err e;

    *number = (uint32_t)b->objects.n;
    for (const struct shape *c = s->first; c != NULL; c = c->next) {
        if (!is_member(c))
            continue;
        if ((e = add_member(b, c)) != ERR_OK)
            return e;
        o.n++;
        if (c->field != NULL && c->field->count_field != NULL)
            o.has_counts = 1;
    }
    if ((e = add_hash(b, &o)) != ERR_OK)
        return e;
    if (!VEC_PUSH(&b->objects, o))
        return build_memory(b);
    for (const struct shape *c = s->first; c != NULL; c = c->next) {
        uint32_t child;

        if (!is_member(c))
            continue;
        if (!shape_is_leaf(c)) {
            if ((e = add_object(b, c, &child)) != ERR_OK)
                return e;
            b->members.v[o.first + i].object = child;
        }
        i++;
    }
    return ERR_OK;
}

/* The member that the whole text is. */
static enum err
add_root(struct build *b, const struct shape *s)
{
    uint32_t object;
    enum err e;

    b->root = (uint32_t)b->members.n;
    if ((e = add_member(b, s)) != ERR_OK)
        return e;
    if (!shape_is_leaf(s)) {
        if ((e = add_object(b, s, &object)) != ERR_OK)
            return e;
        b->members.v[b->root].object = object;
    }
    return ERR_OK;
}

/* ---- updates ---- */

static void
remove_below(struct shape *target)
{
    for (struct shape *s = target; s != NULL; s = shape_next(target, s))
        s->is_removed = true;
}

static bool
is_below(const struct shape *s, const struct shape *top)
{
    while (s != NULL && s != top)
        s = s->parent;
    return s == top;
}

static enum err
add_update(struct build *b, const struct map_update *u,
           const struct shape *target)
{
    struct in_update row = { .where = (uint8_t)u->where,
                             .is_required = u->is_required,
                             .segment = (uint8_t)target->segment };
    enum err e;

    if (!shape_is_leaf(target) || target->in_array)
        return err_set(b->why, ERR_UNSUPPORTED,
                       "mapping to " STR_FMT
                       ": only single elementary fields can be set",
                       STR_ARG(u->target));
    if (u->kind == MAP_MOVE && u->where == MAP_BODY)
        return err_set(b->why, ERR_UNSUPPORTED,
                       "mapping to " STR_FMT ": moves within the body",
                       STR_ARG(u->target));
    if (u->kind == MAP_ASSIGN)
        row.where = MAP_BODY;
    if (u->name.n > UINT16_MAX)
        return err_set(b->why, ERR_LIMIT, "a parameter name of %zu bytes",
                       u->name.n);
    row.name_n = (uint16_t)u->name.n;
    row.value_n = (uint32_t)u->value.n;
    if ((e = build_pool(b, u->name, &row.name)) != ERR_OK ||
        (e = build_pool(b, u->value, &row.value)) != ERR_OK ||
        (e = build_leaf(b, target->value, &row.leaf)) != ERR_OK)
        return e;
    return VEC_PUSH(&b->updates, row) ? ERR_OK : build_memory(b);
}

/* In order; a later removal takes back earlier settings below it. */
static enum err
apply_updates(struct build *b)
{
    const struct map_spec *spec = b->spec;
    enum err e;

    for (size_t i = 0; i < spec->n_updates; i++) {
        struct shape *target = shape_find(b, spec->updates[i].target);
        bool is_undone = false;

        if (target == NULL)
            return ERR_NOT_FOUND;
        if (spec->updates[i].kind == MAP_REMOVE) {
            remove_below(target);
            continue;
        }
        for (size_t k = i + 1; k < spec->n_updates && !is_undone; k++) {
            struct shape *removed;

            if (spec->updates[k].kind != MAP_REMOVE)
                continue;
            removed = shape_find(b, spec->updates[k].target);
            is_undone = removed != NULL && is_below(target, removed);
        }
        if (!is_undone &&
            (e = add_update(b, &spec->updates[i], target)) != ERR_OK)
            return e;
    }
    return ERR_OK;
}

enum err
map_compile_in(const struct map_spec *spec, struct buf *blob,
               struct err_info *why)
{
    struct build b;
    struct shape *root;
    enum err e = build_init(&b, spec, true, why);

    if (e == ERR_OK)
        e = apply_updates(&b);
    root = b.top;
    if (e == ERR_OK && spec->is_requester)
        root = shape_child(b.top, "RespBody");
    if (e == ERR_OK && root != NULL)
        e = add_root(&b, root);
    for (uint32_t i = 0; e == ERR_OK && i < spec->n_segments; i++) {
        e = add_odos(&b, i);
        if (e == ERR_OK && !spec->is_requester)
            e = make_template(&b, i);
    }
    if (e == ERR_OK)
        e = build_finish(&b, blob);
    build_fini(&b);
    return e;
}
