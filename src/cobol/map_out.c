/*
 * Records -> JSON. The steps run in order; the output cursor always has room
 * for what one step can write.
 */
#include "cobol/map_blob.h"

#include "cobol/decimal.h"
#include "cobol/fast.h"

#include <string.h>

#define SLACK 64u /* room behind every value for brackets and wide stores */

struct loop_state {
    const struct out_loop *loop;
    const uint8_t *base; /* before the table */
    uint32_t left;
    uint32_t count;
    size_t opened; /* output position of the key */
};

struct run {
    const struct blob *b;
    struct leaf_env env;
    struct map_out *out;
    struct buf *json;
    char *p, *limit;
    const uint8_t *base; /* of the record, moved by elements and slides */
    const uint8_t *begin, *end; /* of the record */
    uint32_t slots[SLOTS_MAX];
    struct loop_state loops[LOOPS_MAX];
    unsigned n_loops;
    size_t opened[4 * LOOPS_MAX + 1];
    unsigned n_opened;
    size_t n_values;
    struct err_info *why;
};

static size_t
position(const struct run *r)
{
    return (size_t)(r->p - r->json->p);
}

/* Room for n bytes and the slack; the buffer counts only what is written. */
static enum err
room_slow(struct run *r, size_t n)
{
    size_t at = r->json->p == NULL ? 0 : position(r);

    r->json->n = at;
    if (buf_grow(r->json, n + SLACK) == NULL) {
        enum err e = buf_check(r->json, r->why);

        return e == ERR_OK ? ERR_MEMORY : e;
    }
    r->json->n = at;
    r->p = r->json->p + at;
    r->limit = r->json->p + r->json->cap;
    return ERR_OK;
}

static inline enum err
room(struct run *r, size_t n)
{
    return (size_t)(r->limit - r->p) >= n + SLACK ? ERR_OK : room_slow(r, n);
}

static inline void
write_key(struct run *r, const struct out_op *op)
{
    const char *key = r->env.pool + op->key;

    /* The pool and the output have room behind: whole blocks. */
    memcpy(r->p, key, 16);
    for (size_t i = 16; i < op->key_n; i += 16)
        memcpy(r->p + i, key + i, 16);
    r->p += op->key_n;
}

static bool
has_only(const uint8_t *at, size_t n, uint8_t byte)
{
    for (size_t i = 0; i < n; i++)
        if (at[i] != byte)
            return false;
    return true;
}

/* The usual fields by whole words; NULL: the plain way. */
static inline char *
fast_leaf(const struct run *r, const struct leaf *l)
{
    const uint8_t *at = r->base + l->offset;
    const struct codepage *cp = r->env.cp;
    size_t n;

    switch ((enum leaf_code)l->code) {
    case LEAF_TEXT:
        if (!r->env.options.trim_trailing || r->env.options.trim_leading ||
            l->length != NONE)
            return NULL;
        n = trimmed_length(at, l->size, cp->blank);
        if (cp->kind == CODEPAGE_UTF8)
            return fast_text_ascii(at, n, r->p);
        return cp->kind == CODEPAGE_SINGLE
                   ? fast_text_table(cp->to_plain, at, n, r->p)
                   : NULL;
    case LEAF_PACKED:
        return fast_packed(l, r->begin, at, r->p);
    case LEAF_ZONED:
        return fast_zoned(l, r->env.sign == ABI_SIGN_EBCDIC ? 0xF0 : 0x30,
                          r->begin, at, r->p);
    case LEAF_BINARY:
        return fast_binary(l, at, r->p);
    case LEAF_NATIONAL:
    case LEAF_DBCS:
    case LEAF_FLOAT4:
    case LEAF_FLOAT8:
    case LEAF_BOOLEAN:
    case LEAF_BASE64:
    case LEAF_DATE:
    case LEAF_CODES:
        break;
    }
    return NULL;
}

static enum err
do_leaf(struct run *r, const struct out_op *op)
{
    const struct leaf *l = &r->env.leaves[op->leaf];
    enum err e = room(r, op->key_n + leaf_text_max(l));
    char *start, *value, *fast;
    size_t at;

    if (e != ERR_OK)
        return e;
    if (r->env.options.omit_by_value &&
        has_only(r->base + l->offset, l->size, r->env.options.omit_value))
        return ERR_OK;
    at = position(r);
    write_key(r, op);
    value = r->p;
    fast = fast_leaf(r, l);
    if (fast != NULL)
        r->p = fast;
    else if ((e = leaf_get(&r->env, l, r->base, &r->p, true, r->why)) != ERR_OK)
        return e;
    start = r->json->p + at;
    if (r->env.options.omit_empty && r->p - value == 2 && value[0] == '"' &&
        op->key_n > 0) {
        r->p = start;
        return ERR_OK;
    }
    *r->p++ = ',';
    return ERR_OK;
}

static enum err
do_open(struct run *r, const struct out_op *op)
{
    enum err e = room(r, op->key_n);

    if (e != ERR_OK)
        return e;
    r->opened[r->n_opened++] = position(r);
    write_key(r, op);
    *r->p++ = '{';
    return ERR_OK;
}

/* The bracket replaces the last comma; an empty one may vanish. */
static void
close_bracket(struct run *r, char bracket, size_t opened, bool omit_empty)
{
    if (r->p[-1] == ',') {
        r->p[-1] = bracket;
    } else {
        if (omit_empty && opened > 0) {
            r->p = r->json->p + opened;
            return;
        }
        *r->p++ = bracket;
    }
    *r->p++ = ',';
}

static enum err
do_close(struct run *r, const struct out_op *op)
{
    enum err e = room(r, 0);

    if (e != ERR_OK)
        return e;
    REQUIRE(r->n_opened > 0);
    r->n_opened--;
    close_bracket(r, '}', r->n_opened > 0 ? r->opened[r->n_opened] : 0,
                  (op->flags & OF_OMIT_EMPTY) != 0);
    return ERR_OK;
}

static enum err
short_record(struct run *r, uint64_t need)
{
    return err_set(r->why, ERR_RANGE,
                   "the record is shorter than its layout (%llu bytes are "
                   "needed)",
                   (unsigned long long)need);
}

static enum err
do_segment(struct run *r, const struct out_op *op, const struct str records[],
           uint32_t *pc)
{
    const struct blob_segment *s =
        &BLOB_ARRAY(r->b, struct blob_segment, segments)[op->a];
    struct str record = records[op->a];

    if (record.n == 0 && !s->is_required && s->container_n > 0) {
        *pc = op->b;
        return ERR_OK;
    }
    r->base = r->begin = (const uint8_t *)record.p;
    r->end = r->base + record.n;
    if (record.n < op->c)
        return short_record(r, op->c);
    return ERR_OK;
}

/* Behind a table that slid: base has moved, `a` is a static offset. */
static enum err
do_check(struct run *r, const struct out_op *op)
{
    if (r->end - r->base < (ptrdiff_t)op->a)
        return short_record(r, op->a);
    return ERR_OK;
}

static enum err
do_loop(struct run *r, const struct out_op *op, uint32_t *pc)
{
    const struct out_loop *l = &BLOB_ARRAY(r->b, struct out_loop, loops)[op->a];
    uint32_t count = l->slot == NONE ? l->max : r->slots[l->slot];
    struct loop_state *state = &r->loops[r->n_loops];
    enum err e = room(r, op->key_n);

    if (e != ERR_OK)
        return e;
    if (count > l->max || (count < l->min && l->slot != NONE))
        return err_set(
            r->why, ERR_RANGE, STR_FMT ": %u elements are not in %u..%u",
            (int)l->name_n, r->env.pool + l->name, count, l->min, l->max);
    if (l->slides &&
        r->end - r->base < (ptrdiff_t)(l->offset + (uint64_t)count * l->stride))
        return short_record(r, l->offset + (uint64_t)count * l->stride);
    *state = (struct loop_state){ l, r->base, count, count, position(r) };
    r->n_loops++;
    if ((op->flags & OF_SILENT_LOOP) == 0) {
        write_key(r, op);
        *r->p++ = '[';
    }
    if (count == 0)
        *pc = l->end;
    return ERR_OK;
}

static enum err
do_next(struct run *r, const struct out_op *op, uint32_t *pc)
{
    struct loop_state *state = &r->loops[r->n_loops - 1];
    const struct out_loop *l;
    enum err e = room(r, 0);

    REQUIRE(r->n_loops > 0);
    l = state->loop;
    if (e != ERR_OK)
        return e;
    if (state->left > 1) {
        state->left--;
        r->base += l->stride;
        *pc = l->start;
        return ERR_OK;
    }
    r->n_loops--;
    r->base = state->base;
    if (l->slides) /* what follows stands (max - count) elements earlier */
        r->base -= (uint64_t)(l->max - state->count) * l->stride;
    if ((op->flags & OF_SILENT_LOOP) == 0)
        close_bracket(r, ']', state->opened, (op->flags & OF_OMIT_EMPTY) != 0);
    return ERR_OK;
}

static enum err
do_present(struct run *r, const struct out_op *op, uint32_t *pc)
{
    if (r->slots[op->a] > 1)
        return err_set(r->why, ERR_RANGE,
                       "a presence count is %u (expected 0 or 1)",
                       r->slots[op->a]);
    if (r->slots[op->a] == 0)
        *pc = op->b;
    return ERR_OK;
}

/* Values are kept as offsets until the text buffer stops moving. */
static enum err
add_value(struct run *r, const struct out_op *op, struct str text)
{
    struct map_out *out = r->out;
    struct map_value *v;

    if (out->text == NULL)
        return ERR_OK;
    if (r->n_values >= out->n_values)
        return err_set(r->why, ERR_LIMIT,
                       "more than %zu values beside the "
                       "JSON text",
                       out->n_values);
    v = &out->values[r->n_values++];
    v->where = (enum map_where)op->a;
    v->name = str_n(r->env.pool + op->key, op->key_n);
    v->value = str_n((const char *)(uintptr_t)out->text->n, text.n);
    buf_add(out->text, text);
    return buf_check(out->text, r->why);
}

static enum err
do_value(struct run *r, const struct out_op *op)
{
    const struct leaf *l = &r->env.leaves[op->leaf];
    enum err e = room(r, leaf_text_max(l));
    char *end;

    if (e != ERR_OK)
        return e;
    end = r->p; /* written behind the JSON text, then taken away */
    e = leaf_get(&r->env, l, r->base, &end, false, r->why);
    if (e != ERR_OK)
        return e;
    return add_value(r, op, str_n(r->p, (size_t)(end - r->p)));
}

static enum err
run_steps(struct run *r, const struct str records[])
{
    const struct out_op *ops = BLOB_ARRAY(r->b, struct out_op, ops);
    enum err e = ERR_OK;

    for (uint32_t pc = 0; e == ERR_OK;) {
        const struct out_op *op = &ops[pc++];

        switch ((enum out_code)op->code) {
        case OUT_SEGMENT:
            e = do_segment(r, op, records, &pc);
            break;
        case OUT_CHECK:
            e = do_check(r, op);
            break;
        case OUT_OPEN:
            e = do_open(r, op);
            break;
        case OUT_CLOSE:
            e = do_close(r, op);
            break;
        case OUT_LEAF:
            e = do_leaf(r, op);
            break;
        case OUT_CAPTURE:
            e = leaf_get_count(&r->env, &r->env.leaves[op->leaf], r->base,
                               &r->slots[op->a], r->why);
            break;
        case OUT_PRESENT:
            e = do_present(r, op, &pc);
            break;
        case OUT_LOOP:
            e = do_loop(r, op, &pc);
            break;
        case OUT_NEXT:
            e = do_next(r, op, &pc);
            break;
        case OUT_VALUE:
            e = do_value(r, op);
            break;
        case OUT_CONST_VALUE:
            e = add_value(r, op, str_n(r->env.pool + op->b, op->c));
            break;
        case OUT_LITERAL:
            if ((e = room(r, op->key_n)) == ERR_OK)
                write_key(r, op);
            break;
        case OUT_BODY:
            r->out->has_body = true;
            break;
        case OUT_END:
        case OUT_CODES:
            return ERR_OK;
        }
    }
    return e;
}

enum err
map_run_out(const struct map *map, const struct str records[],
            struct map_out *out, struct err_info *why)
{
    static const uint8_t nothing[1]; /* until the first segment */
    size_t n_json = out->json->n, n_text = out->text ? out->text->n : 0;
    struct run r;
    enum err e;

    if (map->is_in)
        return err_set(why, ERR_NOT_NOW, "not a record to JSON program");
    r.b = map->base;
    r.env = leaf_env_of(map);
    r.out = out;
    r.json = out->json;
    r.base = r.begin = r.end = nothing;
    r.n_loops = r.n_opened = 0;
    r.n_values = 0;
    r.why = why;
    memset(r.slots, 0, sizeof r.slots);
    out->has_body = false;
    r.p = r.limit = r.json->p == NULL ? NULL : r.json->p + n_json;
    e = room_slow(&r, 0);
    if (e == ERR_OK)
        e = run_steps(&r, records);
    if (e != ERR_OK) {
        out->json->n = n_json;
        if (out->text != NULL)
            out->text->n = n_text;
        return e;
    }
    if (position(&r) > n_json && r.p[-1] == ',')
        r.p--;
    out->json->n = position(&r);
    out->n_values = r.n_values;
    for (size_t i = 0; i < r.n_values; i++) {
        struct str *value = &out->values[i].value;

        value->p = value->n == 0 ? "" : out->text->p + (uintptr_t)value->p;
    }
    return ERR_OK;
}

/* ---- single fields ---- */

enum err
map_field_get(const struct map *map, const struct str records[],
              struct str path, struct buf *text, struct err_info *why)
{
    const struct blob *b = map->base;
    const struct out_field *fields = BLOB_ARRAY(b, struct out_field, fields);
    struct leaf_env env = leaf_env_of(map);

    for (uint32_t i = 0; !map->is_in && i < b->n_fields; i++) {
        const struct out_field *f = &fields[i];
        const struct leaf *l = &env.leaves[f->leaf];
        struct str record = records[f->segment];
        size_t before = text->n;
        uint64_t reach = (uint64_t)l->offset + l->size;
        char *p;
        enum err e;

        if (!str_eq(str_n(env.pool + f->path, f->path_n), path))
            continue;
        if (l->length != NONE) {
            const struct leaf *length = &env.leaves[l->length];
            uint64_t end = (uint64_t)length->offset + length->size;

            reach = end > reach ? end : reach;
        }
        if (record.n < reach)
            return err_set(why, ERR_RANGE, STR_FMT ": the record ends before",
                           STR_ARG(leaf_name(&env, l)));
        p = buf_grow(text, leaf_text_max(l) + SLACK);
        if (p == NULL)
            return buf_check(text, why);
        e = leaf_get(&env, l, (const uint8_t *)record.p, &p, false, why);
        text->n = e == ERR_OK ? (size_t)(p - text->p) : before;
        return e;
    }
    return err_set(why, ERR_NOT_FOUND, "no field " STR_FMT,
                   STR_ARG(str_sub(path, 0, 200)));
}

static int
compare_digits(const char *a, uint32_t n_a, const char *b, uint32_t n_b)
{
    uint32_t n = n_a > n_b ? n_a : n_b;

    for (uint32_t i = 0; i < n; i++) {
        char x = i < n_a ? a[i] : '0', y = i < n_b ? b[i] : '0';

        if (x != y)
            return x < y ? -1 : 1;
    }
    return 0;
}

int
map_value_compare(struct str a, struct str b)
{
    struct decimal x, y;
    int order;

    if (!decimal_parse(str_trim(a), &x) || !decimal_parse(str_trim(b), &y))
        return str_cmp(a, b);
    if (x.is_negative != y.is_negative)
        return x.is_negative ? -1 : 1;
    if (x.n_integer != y.n_integer)
        order = x.n_integer < y.n_integer ? -1 : 1;
    else
        order = compare_digits(x.integer, x.n_integer, y.integer, y.n_integer);
    if (order == 0)
        order =
            compare_digits(x.fraction, x.n_fraction, y.fraction, y.n_fraction);
    return x.is_negative ? -order : order;
}
