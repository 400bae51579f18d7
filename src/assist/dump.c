/* From objects to JSON, by the tables that reading goes by: what is read again
 * is the same. */
#include "assist/dump.h"

#include <jansson.h>
#include <string.h>

#include "assist/schema.h"

/* No storage for a piece of it fails the whole. */
static json_t *
must(struct buf *out, json_t *v)
{
    out->failed |= v == NULL;
    return v;
}

static void
push(struct buf *out, json_t *list, json_t *v)
{
    out->failed |= json_array_append_new(list, v) != 0;
}

static void
put(struct buf *out, json_t *object, const char *key, json_t *v)
{
    out->failed |= json_object_set_new(object, key, v) != 0;
}

/* --- values ------------------------------------------------------------- */

static json_t *
text_json(struct buf *out, struct str s)
{
    return must(out, json_stringn(s.p == NULL ? "" : s.p, s.n));
}

/* Numbers as numbers, as long as they come back as the same text. */
static json_t *
value_json(struct buf *out, struct str s)
{
    uint64_t n;

    if (s.n > 0 && s.n < 10 && (s.p[0] != '0' || s.n == 1) && str_to_u64(s, &n))
        return must(out, json_integer((json_int_t)n));
    return text_json(out, s);
}

static json_t *
port_json(struct buf *out, struct str s)
{
    return str_eq(s, STR(STORE_EPHEMERAL)) ? must(out, json_string("ephemeral"))
                                           : value_json(out, s);
}

static json_t *
texts_json(struct buf *out, const struct store_texts *t,
           json_t *(*item)(struct buf *, struct str))
{
    json_t *list = must(out, json_array());

    for (size_t i = 0; i < t->n; i++)
        push(out, list, item(out, t->v[i]));
    return list;
}

/* One word for all of them, when there is one. */
static json_t *
bits_json(struct buf *out, const struct word *words, uint32_t bits)
{
    json_t *list = must(out, json_array());

    for (const struct word *w = words; w->text != NULL; w++) {
        if (w->bit == bits) {
            push(out, list, json_string(w->text));
            return list;
        }
    }
    for (const struct word *w = words; w->text != NULL; w++)
        if ((w->bit & ~bits) == 0)
            push(out, list, json_string(w->text));
    return list;
}

/* A keyword that stands there twice has a list. */
static json_t *
advanced_json(struct buf *out, const struct store_params *p)
{
    json_t *object = must(out, json_object());

    for (size_t i = 0; i < p->n; i++) {
        json_t *before = json_object_get(object, p->v[i].keyword);
        json_t *one = value_json(out, p->v[i].text);

        if (json_is_array(before)) {
            push(out, before, one);
        } else if (before == NULL) {
            put(out, object, p->v[i].keyword, one);
        } else {
            json_t *list = must(out, json_array());

            push(out, list, json_incref(before));
            push(out, list, one);
            put(out, object, p->v[i].keyword, list);
        }
    }
    return object;
}

/* --- objects ------------------------------------------------------------ */

static json_t *object_json(struct buf *, const struct schema *, const void *in);

static json_t *
list_json(struct buf *out, const struct schema *item, const void *in)
{
    const char *items = *(const char *const *)in;
    json_t *list = must(out, json_array());
    size_t n;

    memcpy(&n, (const char *)in + sizeof(void *), sizeof n);
    for (size_t i = 0; i < n; i++)
        push(out, list, object_json(out, item, items + i * item->bytes));
    return list;
}

/* NULL: not given. */
static json_t *
field_json(struct buf *out, const struct field *f, const void *in)
{
    const struct str *text = in;
    const struct store_texts *texts = in;
    const struct store_bits *bits = in;
    const struct store_params *params = in;

    switch (f->kind) {
    case NAME:
    case SYSTEM:
    case RELEASE:
    case REF:
        return text->n == 0 ? NULL : text_json(out, *text);
    case VALUE:
        return text->n == 0 ? NULL : value_json(out, *text);
    case PORTS:
        return texts->n == 0   ? must(out, json_string("all"))
               : texts->n == 1 ? port_json(out, texts->v[0])
                               : texts_json(out, texts, port_json);
    case VALUES:
    case ADDRESSES:
    case HISTORY:
        return texts->n == 0 ? NULL : texts_json(out, texts, text_json);
    case BITS:
        return bits_json(out, f->words, *(const uint32_t *)in);
    case GIVEN_BITS:
        return bits->is_given ? bits_json(out, f->words, bits->bits) : NULL;
    case ADVANCED:
        return params->n == 0 ? NULL : advanced_json(out, params);
    case LIST:
        return list_json(out, f->item, in);
    }
    return NULL;
}

static json_t *
object_json(struct buf *out, const struct schema *schema, const void *in)
{
    json_t *object = must(out, json_object());

    for (size_t i = 0; i < schema->n_fields; i++) {
        const struct field *f = &schema->fields[i];
        json_t *v = field_json(out, f, (const char *)in + f->offset);

        if (v != NULL)
            put(out, object, f->key, v);
    }
    return object;
}

static int
add(const char *bytes, size_t n, void *out)
{
    buf_add((struct buf *)out, str_n(bytes, n));
    return ((struct buf *)out)->failed ? -1 : 0;
}

void
store_dump(const struct store *s, struct buf *out)
{
    json_t *root = must(out, json_object());
    json_t *rest;

    put(out, root, "schema", json_integer(STORE_SCHEMA));
    rest = object_json(out, &store_schema, s);
    if (json_object_update(root, rest) != 0 ||
        json_dump_callback(root, add, out,
                           JSON_INDENT(2) | JSON_ENSURE_ASCII) != 0)
        out->failed = true;
    buf_add_char(out, '\n');
    json_decref(rest);
    json_decref(root);
}
