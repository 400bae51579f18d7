/* What both compilers share: shape tree, leaves, pool, the final blob. */
#include "cobol/map_build.h"

#define SHAPES_MAX_BYTES (64u << 20)

struct map_options
map_options_default(void)
{
    return (struct map_options){ .trim_trailing = true };
}

enum err
build_memory(struct build *b)
{
    return err_set(b->why, ERR_MEMORY, "no storage");
}

enum err
build_pool(struct build *b, struct str bytes, uint32_t *at)
{
    *at = (uint32_t)b->pool.n;
    buf_add(&b->pool, bytes);
    buf_add_char(&b->pool, '\0');
    return buf_check(&b->pool, b->why);
}

/* ---- shapes ---- */

static struct shape *
shape_new(struct build *b, struct shape *parent, struct str name)
{
    struct shape *s = ARENA_NEW(&b->arena, struct shape);

    if (s == NULL)
        return NULL;
    s->name = name;
    s->parent = parent;
    s->is_included = true;
    if (parent != NULL) {
        s->is_included = parent->is_included;
        s->in_array = parent->in_array;
        s->segment = parent->segment;
        if (parent->last == NULL)
            parent->first = s;
        else
            parent->last->next = s;
        parent->last = s;
    }
    return s;
}

struct shape *
shape_next(const struct shape *top, struct shape *at)
{
    if (at->first != NULL)
        return at->first;
    while (at != top && at->next == NULL)
        at = at->parent;
    return at == top ? NULL : at->next;
}

struct shape *
shape_child(const struct shape *s, const char *name)
{
    struct shape *c = s->first;

    while (c != NULL && !str_eq_z(c->name, name))
        c = c->next;
    return c;
}

bool
shape_is_leaf(const struct shape *s)
{
    return s->value != NULL &&
           (s->value->kind != FIELD_GROUP || s->value->shown == SHOWN_TEXT);
}

static const struct field *
wrapped(const struct field *f)
{
    const struct field *found = NULL;

    for (const struct field *c = f->first; c != NULL; c = c->next)
        if (c->is_included)
            found = found == NULL ? c : f; /* a second one: no wrapper */
    return found == NULL || found == f || found->is_array ? NULL : found;
}

static enum err
add_fields(struct build *b, struct shape *parent, const struct field *f)
{
    struct shape *s = parent;
    enum err e;

    if (f->kind == FIELD_OPAQUE)
        return ERR_OK;
    if (f->name.n > 0) {
        s = shape_new(b, parent, f->name);
        if (s == NULL)
            return build_memory(b);
        s->field = s->value = f;
        s->is_included = s->is_included && f->is_included;
        s->in_array = s->in_array || f->is_array;
        if (f->is_wrapper) {
            s->value = wrapped(f);
            if (s->value == NULL)
                return err_set(b->why, ERR_UNSUPPORTED,
                               STR_FMT ": a wrapper needs exactly one child",
                               STR_ARG(f->name));
        }
        if (shape_is_leaf(s))
            return ERR_OK;
    } else if (f->is_array) {
        return err_set(b->why, ERR_UNSUPPORTED,
                       STR_FMT ": a table needs a JSON name",
                       STR_ARG(f->cobol_name));
    }
    for (const struct field *c =
             s->value != NULL && f->name.n > 0 ? s->value->first : f->first;
         c != NULL; c = c->next)
        if ((e = add_fields(b, s, c)) != ERR_OK)
            return e;
    return ERR_OK;
}

static enum err
add_segment(struct build *b, struct shape *cur, uint32_t number)
{
    const struct map_segment *seg = &b->spec->segments[number];
    struct blob_segment row = { .size = seg->layout->size,
                                .template_at = NONE,
                                .is_required = seg->is_required };
    struct shape *at = cur;
    enum err e;

    if (seg->layout->root == NULL || seg->layout->size == 0)
        return err_set(b->why, ERR_UNSUPPORTED, "a record of 0 bytes");
    if (seg->layout->abi.kind != b->abi.kind ||
        seg->layout->abi.ccsid != b->abi.ccsid)
        return err_set(b->why, ERR_UNSUPPORTED,
                       "records of different ABI or code page");
    if (seg->container.n > 0) {
        at = shape_new(b, cur, seg->container);
        if (at == NULL)
            return build_memory(b);
        at->is_container = true;
    } else if (b->spec->n_segments > 1) {
        return err_set(b->why, ERR_UNSUPPORTED,
                       "several records need container names");
    }
    at->segment = number;
    row.container_n = (uint32_t)seg->container.n;
    if ((e = build_pool(b, seg->container, &row.container)) != ERR_OK)
        return e;
    if (!VEC_PUSH(&b->segments, row))
        return build_memory(b);
    return add_fields(b, at, seg->layout->root);
}

enum err
build_init(struct build *b, const struct map_spec *spec, bool is_in,
           struct err_info *why)
{
    struct shape *cur;
    enum err e;

    memset(b, 0, sizeof *b);
    b->spec = spec;
    b->why = why;
    b->is_in = is_in;
    b->root = NONE;
    arena_init(&b->arena, SHAPES_MAX_BYTES);
    table_init(&b->leaf_of);
    buf_init(&b->pool, MAP_BLOB_MAX);
    if (spec->n_segments == 0 || spec->n_segments > MAP_SEGMENTS_MAX)
        return err_set(why, ERR_LIMIT, "%zu records (1..%u)", spec->n_segments,
                       MAP_SEGMENTS_MAX);
    if (spec->is_requester && spec->n_segments != 1)
        return err_set(why, ERR_UNSUPPORTED, "a requester has one record");
    b->abi = spec->segments[0].layout->abi;
    b->cp = codepage_find(b->abi.ccsid);
    if (b->cp == NULL)
        return err_set(why, ERR_UNSUPPORTED, "unknown code page %u",
                       b->abi.ccsid);
    b->top = cur = shape_new(b, NULL, STR(""));
    if (cur != NULL && spec->root.n > 0)
        cur = shape_new(b, cur, spec->root);
    if (cur == NULL)
        return build_memory(b);
    for (size_t i = 0; i < spec->n_segments; i++)
        if ((e = add_segment(b, cur, (uint32_t)i)) != ERR_OK)
            return e;
    return ERR_OK;
}

struct shape *
shape_find(struct build *b, struct str path)
{
    struct shape *at = b->top;
    struct str rest = path, name;

    while (at != NULL && str_token(&rest, '/', &name)) {
        at = at->first;
        while (at != NULL && !str_eq(at->name, name))
            at = at->next;
    }
    if (at == NULL || path.n == 0) {
        (void)err_set(b->why, ERR_NOT_FOUND,
                      "mapping path " STR_FMT " names no field",
                      STR_ARG(str_sub(path, 0, 200)));
        return NULL;
    }
    return at;
}

/* ---- leaves ---- */

static uint8_t
code_of(const struct field *f)
{
    switch (f->kind) {
    case FIELD_NATIONAL:
        return LEAF_NATIONAL;
    case FIELD_DBCS:
        return LEAF_DBCS;
    case FIELD_ZONED:
        return LEAF_ZONED;
    case FIELD_PACKED:
        return LEAF_PACKED;
    case FIELD_BINARY:
        return LEAF_BINARY;
    case FIELD_FLOAT4:
        return LEAF_FLOAT4;
    case FIELD_FLOAT8:
        return LEAF_FLOAT8;
    case FIELD_TEXT:
    case FIELD_GROUP:
    case FIELD_OPAQUE:
        break;
    }
    return LEAF_TEXT;
}

static uint8_t
flags_of(const struct build *b, const struct field *f)
{
    unsigned flags = 0;

    if (f->is_signed)
        flags |= LF_SIGNED;
    if (f->sign_leads)
        flags |= LF_SIGN_LEADS;
    if (f->sign_separate)
        flags |= LF_SIGN_SEPARATE;
    if (f->is_native && b->abi.kind == ABI_GNUCOBOL)
        flags |= LF_LITTLE;
    if (f->kind == FIELD_BINARY && (f->is_native || f->digits == 0))
        flags |= LF_STORAGE;
    if (f->has_no_sign_nibble)
        flags |= LF_NO_NIBBLE;
    if (f->is_justified)
        flags |= LF_JUSTIFIED;
    if (f->is_blank_when_zero)
        flags |= LF_BLANK_ZERO;
    return (uint8_t)flags;
}

static enum err
leaf_shown(struct build *b, const struct field *f, struct leaf *l)
{
    struct buf both;
    enum err e;

    switch (f->shown) {
    case SHOWN_PLAIN:
    case SHOWN_TEXT:
        return ERR_OK;
    case SHOWN_BASE64:
        l->code = LEAF_BASE64;
        return ERR_OK;
    case SHOWN_DATE:
        if (l->code != LEAF_TEXT && l->code != LEAF_ZONED &&
            l->code != LEAF_PACKED)
            break;
        if (f->date_pattern.n == 0 || f->date_pattern.n > 40)
            break;
        l->inner = l->code;
        l->code = LEAF_DATE;
        l->aux_n = (uint16_t)f->date_pattern.n;
        return build_pool(b, f->date_pattern, &l->aux);
    case SHOWN_BOOLEAN:
        if (f->true_value.n != f->size || f->false_value.n != f->size ||
            f->size > 4096)
            break;
        l->code = LEAF_BOOLEAN;
        l->aux_n = (uint16_t)f->size;
        buf_init(&both, 2 * (size_t)f->size);
        buf_add(&both, f->true_value);
        buf_add(&both, f->false_value);
        e = buf_check(&both, b->why);
        if (e == ERR_OK)
            e = build_pool(b, buf_view(&both), &l->aux);
        buf_fini(&both);
        return e;
    }
    return err_set(b->why, ERR_UNSUPPORTED,
                   STR_FMT ": this override does not fit the field",
                   STR_ARG(f->name));
}

enum err
build_leaf(struct build *b, const struct field *f, uint32_t *leaf)
{
    struct str key = str_n(&f, sizeof f);
    uintptr_t known = (uintptr_t)table_get(&b->leaf_of, key);
    struct str name = f->name.n > 0 ? f->name : f->cobol_name;
    struct leaf l = { .length = NONE };
    enum err e;

    if (known > 0) {
        *leaf = (uint32_t)known - 1;
        return ERR_OK;
    }
    l.code = code_of(f);
    l.flags = flags_of(b, f);
    l.digits = (uint8_t)f->digits;
    l.scale = f->scale;
    l.offset = f->offset;
    l.size = f->size;
    l.name_n = (uint16_t)(name.n > 255 ? 255 : name.n);
    if (f->digits > 31 || f->scale > 40 || f->scale < -40 || f->size == 0 ||
        (f->kind == FIELD_BINARY && f->size > 8) ||
        ((f->kind == FIELD_ZONED || f->kind == FIELD_PACKED) &&
         (f->digits == 0 || f->size > 40)) ||
        ((f->kind == FIELD_NATIONAL || f->kind == FIELD_DBCS) &&
         f->size % 2 != 0))
        return err_set(b->why, ERR_UNSUPPORTED,
                       STR_FMT ": digits, scale or size", STR_ARG(name));
    if ((e = build_pool(b, str_sub(name, 0, 255), &l.name)) != ERR_OK ||
        (e = leaf_shown(b, f, &l)) != ERR_OK)
        return e;
    /* Before the recursion below, which may grow the vector. */
    *leaf = (uint32_t)b->leaves.n;
    if (!VEC_PUSH(&b->leaves, l) ||
        !table_put(&b->leaf_of, key, (void *)(uintptr_t)(*leaf + 1), NULL))
        return build_memory(b);
    if (f->length_field != NULL && f->length_field != f) {
        uint32_t length;

        if (f->length_field->kind != FIELD_BINARY ||
            f->length_field->length_field != NULL ||
            field_table(f->length_field) != field_table(f))
            return err_set(b->why, ERR_UNSUPPORTED,
                           STR_FMT ": its length field", STR_ARG(name));
        if ((e = build_leaf(b, f->length_field, &length)) != ERR_OK)
            return e;
        b->leaves.v[*leaf].length = length;
    }
    return ERR_OK;
}

const struct field *
field_table(const struct field *f)
{
    for (f = f->parent; f != NULL; f = f->parent)
        if (f->is_array)
            return f;
    return NULL;
}

bool
field_in_redefinition(const struct field *f)
{
    for (; f != NULL; f = f->parent)
        if (f->redefines != NULL)
            return true;
    return false;
}

/* Data behind a DEPENDING table moves up in ABIs that slide; where nothing
 * follows, the record just ends earlier. */
bool
field_slides(const struct build *b, const struct field *table)
{
    const struct field *root = table;

    while (root->parent != NULL)
        root = root->parent;
    return b->abi.odo_slides ||
           table->offset + table->stride * table->occurs_max ==
               root->offset + root->stride;
}

struct leaf_env
build_env(const struct build *b)
{
    return (struct leaf_env){
        .pool = b->pool.p,
        .leaves = b->leaves.v,
        .cp = b->cp,
        .sign = (uint8_t)b->abi.sign,
        .is_hfp = b->abi.kind == ABI_ZOS,
    };
}

/* ---- the blob ---- */

struct part {
    const void *p;
    size_t n, size;
    uint32_t *at, *count;
};

static struct blob_options
options_of(const struct map_spec *spec, bool is_in)
{
    const struct map_options *o = &spec->options;

    if (spec->is_requester)
        return (struct blob_options){ .trim_trailing = true,
                                      .escape_control = true };
    return (struct blob_options){
        .trim_trailing = o->trim_trailing,
        .trim_leading = o->trim_leading,
        .escape_control = o->escape_control,
        .omit_by_value = o->omit_by_value,
        .omit_value = o->omit_value,
        .omit_empty = o->omit_empty,
        .enforce_min = is_in ? o->enforce_min_in : o->enforce_min_out,
        .screening_off = o->screening_off,
    };
}

enum err
build_finish(struct build *b, struct buf *out)
{
    struct blob head = {
        .magic = BLOB_MAGIC,
        .version = BLOB_VERSION,
        .is_in = b->is_in,
        .is_requester = b->spec->is_requester,
        .ccsid = b->abi.ccsid,
        .abi_kind = (uint8_t)b->abi.kind,
        .abi_sign = (uint8_t)b->abi.sign,
        .odo_slides = b->abi.odo_slides,
        .options = options_of(b->spec, b->is_in),
        .root = b->root,
    };
    const struct part parts[] = {
        { b->segments.v, b->segments.n, sizeof *b->segments.v, &head.segments,
          &head.n_segments },
        { b->leaves.v, b->leaves.n, sizeof *b->leaves.v, &head.leaves,
          &head.n_leaves },
        { b->odos.v, b->odos.n, sizeof *b->odos.v, &head.odos, &head.n_odos },
        { b->objects.v, b->objects.n, sizeof *b->objects.v, &head.objects,
          &head.n_objects },
        { b->members.v, b->members.n, sizeof *b->members.v, &head.members,
          &head.n_members },
        { b->slots.v, b->slots.n, sizeof *b->slots.v, &head.slots,
          &head.n_slots },
        { b->updates.v, b->updates.n, sizeof *b->updates.v, &head.updates,
          &head.n_updates },
        { b->ops.v, b->ops.n, sizeof *b->ops.v, &head.ops, &head.n_ops },
        { b->loops.v, b->loops.n, sizeof *b->loops.v, &head.loops,
          &head.n_loops },
        { b->fields.v, b->fields.n, sizeof *b->fields.v, &head.fields,
          &head.n_fields },
        { b->pool.p, b->pool.n, 1, &head.pool, &head.n_pool },
    };
    static const char zeros[POOL_SLACK + 8];
    size_t start = out->n, at = sizeof head;

    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        at = (at + 7) / 8 * 8;
        *parts[i].at = (uint32_t)at;
        *parts[i].count = (uint32_t)parts[i].n;
        at += parts[i].n * parts[i].size;
        if (at > MAP_BLOB_MAX)
            return err_set(b->why, ERR_LIMIT, "program above %u bytes",
                           MAP_BLOB_MAX);
    }
    head.n_bytes = (uint32_t)(at + POOL_SLACK);
    buf_add(out, str_n(&head, sizeof head));
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        buf_add(out, str_n(zeros, *parts[i].at - (out->n - start)));
        if (parts[i].n > 0)
            buf_add(out, str_n(parts[i].p, parts[i].n * parts[i].size));
        if (out->failed)
            return buf_check(out, b->why);
    }
    buf_add(out, str_n(zeros, POOL_SLACK));
    return buf_check(out, b->why);
}

void
build_fini(struct build *b)
{
    arena_fini(&b->arena);
    table_fini(&b->leaf_of);
    buf_fini(&b->pool);
    VEC_FREE(&b->leaves);
    VEC_FREE(&b->odos);
    VEC_FREE(&b->segments);
    VEC_FREE(&b->objects);
    VEC_FREE(&b->members);
    VEC_FREE(&b->slots);
    VEC_FREE(&b->updates);
    VEC_FREE(&b->ops);
    VEC_FREE(&b->loops);
    VEC_FREE(&b->fields);
}
