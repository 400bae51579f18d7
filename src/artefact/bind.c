/*
 * Bind files of API requesters: `>ZCBIND<`, a line feed, and a JSON document
 * with the two record structures, without offsets (doc/internals/artefacts.md).
 */
#include "artefact/requester.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define BIND_EYE ">ZCBIND<\n"
#define BIND_VERSION 1
/* ">WSBIND<" in ASCII and in code page 037 */
#define FOREIGN_ASCII ">WSBIND<"
#define FOREIGN_EBCDIC "\x6e\xe6\xe2\xc2\xc9\xd5\xc4\x4c"

static const struct {
    const char *name;
    enum field_kind kind;
} kinds[] = {
    { "group", FIELD_GROUP },   { "text", FIELD_TEXT },
    { "zoned", FIELD_ZONED },   { "packed", FIELD_PACKED },
    { "binary", FIELD_BINARY }, { "float4", FIELD_FLOAT4 },
    { "float8", FIELD_FLOAT8 },
};

struct bind {
    struct arena *arena;
    struct err_info *why;
    uint32_t n_fields;
};

static enum err
bad(struct bind *b, const struct field *f, const char *what)
{
    return err_set(b->why, ERR_SYNTAX, "field \"" STR_FMT "\": %s",
                   f == NULL ? 0 : (int)f->cobol_name.n,
                   f == NULL || f->cobol_name.p == NULL ? "" : f->cobol_name.p,
                   what);
}

static struct str
get_text(struct bind *b, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return str_dup(b->arena,
                   str_n(json_string_value(value), json_string_length(value)));
}

static bool
get_number(const json_t *object, const char *key, uint32_t missing,
           uint32_t max, uint32_t *out)
{
    const json_t *value = json_object_get(object, key);

    *out = missing;
    if (value == NULL)
        return true;
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > max)
        return false;
    *out = (uint32_t)json_integer_value(value);
    return true;
}

static bool
get_flag(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

/* A sibling that stands before `f`. */
static enum err
get_companion(struct bind *b, const json_t *object, const char *key,
              struct field *f, struct field **out)
{
    struct str name = get_text(b, object, key);

    if (name.n == 0)
        return ERR_OK;
    for (struct field *at = f->parent->first; at != f; at = at->next)
        if (str_eq(at->cobol_name, name) && at->kind == FIELD_BINARY) {
            *out = at;
            return ERR_OK;
        }
    return bad(b, f, "its count or length field does not stand before it");
}

static enum err
get_shape(struct bind *b, const json_t *object, struct field *f)
{
    struct str kind = get_text(b, object, "kind");
    uint32_t scale, digits_max;
    size_t i = 0;

    while (i < ARRAY_LEN(kinds) && !str_eq_z(kind, kinds[i].name))
        i++;
    if (i == ARRAY_LEN(kinds))
        return bad(b, f, "unknown kind");
    f->kind = kinds[i].kind;
    digits_max = f->kind == FIELD_BINARY ? 18 : 31;
    if (!get_number(object, "size", 0, LAYOUT_SIZE_MAX, &f->size) ||
        !get_number(object, "digits", 0, digits_max, &f->digits) ||
        !get_number(object, "scale", 0, 31, &scale) ||
        !get_number(object, "min", 1, LAYOUT_SIZE_MAX, &f->occurs_min) ||
        !get_number(object, "max", 1, LAYOUT_SIZE_MAX, &f->occurs_max) ||
        f->occurs_min > f->occurs_max || f->occurs_max == 0)
        return bad(b, f, "size, digits, scale, min or max out of range");
    f->scale = (int32_t)scale;
    if ((f->kind == FIELD_TEXT) != (f->size > 0))
        return bad(b, f, "size goes with text, and only with text");
    if (f->digits == 0 && (f->kind == FIELD_ZONED || f->kind == FIELD_PACKED ||
                           f->kind == FIELD_BINARY))
        return bad(b, f, "a number without digits");
    f->is_array = get_flag(object, "array");
    f->is_signed = get_flag(object, "signed");
    f->is_native = get_flag(object, "native");
    f->is_synced = get_flag(object, "sync");
    f->is_wrapper = get_flag(object, "wrapper");
    f->is_included = !get_flag(object, "hidden");
    if (get_flag(object, "boolean")) {
        if (f->kind != FIELD_TEXT || f->size != 1)
            return bad(b, f, "a boolean is one byte of text");
        f->shown = SHOWN_BOOLEAN;
        f->true_value = str_n("\1", 1);
        f->false_value = str_n("\0", 1);
    }
    return ERR_OK;
}

static enum err get_members(struct bind *b, const json_t *list,
                            struct field *group, uint32_t depth);

static enum err
get_field(struct bind *b, const json_t *object, struct field *parent,
          uint32_t depth)
{
    struct field *f = field_new(b->arena, parent);
    const json_t *members = json_object_get(object, "members");
    enum err e;

    if (f == NULL)
        return err_set(b->why, ERR_MEMORY, "no storage");
    if (depth > LAYOUT_DEPTH_MAX || ++b->n_fields > LAYOUT_FIELDS_MAX)
        return err_set(b->why, ERR_LIMIT,
                       "too many or too deeply nested fields");
    f->cobol_name = get_text(b, object, "name");
    f->name = get_text(b, object, "json");
    f->level = depth;
    if ((e = get_shape(b, object, f)) != ERR_OK ||
        (e = get_companion(b, object, "count", f, &f->count_field)) != ERR_OK ||
        (e = get_companion(b, object, "length", f, &f->length_field)) != ERR_OK)
        return e;
    if (f->is_included && f->name.n == 0)
        return bad(b, f, "no JSON name");
    if ((f->kind == FIELD_GROUP) != (members != NULL))
        return bad(b, f, "members go with groups, and only with groups");
    if (f->length_field != NULL && f->kind != FIELD_TEXT)
        return bad(b, f, "a length goes with text only");
    return members == NULL ? ERR_OK : get_members(b, members, f, depth + 1);
}

static enum err
get_members(struct bind *b, const json_t *list, struct field *group,
            uint32_t depth)
{
    uint32_t n_included = 0;
    json_t *member;
    size_t i;

    if (!json_is_array(list) || json_array_size(list) == 0)
        return bad(b, group, "members is no list, or empty");
    json_array_foreach((json_t *)(uintptr_t)list, i, member)
    {
        enum err e = get_field(b, member, group, depth);

        if (e != ERR_OK)
            return e;
        n_included += group->last->is_included;
    }
    if (group->is_wrapper && n_included != 1)
        return bad(b, group, "a wrapper holds one value");
    return ERR_OK;
}

static enum err
get_structure(struct bind *b, const json_t *root, const char *key,
              struct abi abi, struct layout **out)
{
    const json_t *list = json_object_get(root, key);
    struct layout *layout;
    struct field *top;
    enum err e;

    *out = NULL;
    if (list == NULL)
        return ERR_OK;
    layout = ARENA_NEW(b->arena, struct layout);
    top = field_new(b->arena, NULL);
    if (layout == NULL || top == NULL)
        return err_set(b->why, ERR_MEMORY, "no storage");
    top->kind = FIELD_GROUP;
    if ((e = get_members(b, list, top, 1)) != ERR_OK ||
        (e = layout_place(layout, top, abi, b->why)) != ERR_OK) {
        err_prefix(b->why, "%s", key);
        return e;
    }
    *out = layout;
    return ERR_OK;
}

static enum err
read_root(struct bind *b, const json_t *root, struct abi abi,
          struct requester_operation *out)
{
    uint32_t version;
    enum err e;

    if (!get_number(root, "version", 0, 1000, &version) ||
        version != BIND_VERSION)
        return err_set(b->why, ERR_UNSUPPORTED,
                       "bind file version %u, this build reads %d", version,
                       BIND_VERSION);
    out->operation_id = get_text(b, root, "operationId");
    out->method = get_text(b, root, "method");
    out->path = get_text(b, root, "path");
    if (out->operation_id.n == 0 || out->method.n == 0 || out->path.n == 0 ||
        out->path.p[0] != '/')
        return err_set(b->why, ERR_SYNTAX,
                       "operationId, method or path is missing");
    if (!get_number(root, "responseCode", 200, 599, &out->response_code) ||
        out->response_code < 100)
        return err_set(b->why, ERR_SYNTAX, "responseCode is out of range");
    if ((e = get_structure(b, root, "request", abi, &out->request)) != ERR_OK)
        return e;
    return get_structure(b, root, "response", abi, &out->response);
}

enum err
bind_read(struct arena *arena, struct str bytes, struct abi abi,
          struct requester_operation *out, struct err_info *why)
{
    struct bind b = { .arena = arena, .why = why };
    struct requester_operation op = { 0 };
    json_error_t error;
    json_t *root;
    enum err e;

    if (str_starts(bytes, STR(FOREIGN_ASCII)) ||
        str_starts(bytes, STR(FOREIGN_EBCDIC)))
        return err_set(why, ERR_UNSUPPORTED,
                       "a bind file of another product; its format is not "
                       "public, build the archive again from the API's "
                       "description");
    if (!str_starts(bytes, STR(BIND_EYE)))
        return err_set(why, ERR_SYNTAX, "does not begin with >ZCBIND<");
    bytes = str_sub(bytes, strlen(BIND_EYE), bytes.n);
    root = json_loadb(bytes.p, bytes.n, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL)
        return err_pos(why, ERR_SYNTAX, (uint32_t)error.line + 1,
                       (uint32_t)error.column, "line %d: %s", error.line + 1,
                       error.text);
    e = read_root(&b, root, abi, &op);
    json_decref(root);
    if (e == ERR_OK)
        *out = op;
    return e;
}

static void
set_text(json_t *object, const char *key, struct str value)
{
    json_object_set_new(object, key, json_stringn(value.p, value.n));
}

static void
set_flag(json_t *object, const char *key, bool value)
{
    if (value)
        json_object_set_new(object, key, json_true());
}

static json_t *put_members(const struct field *group);

static json_t *
put_field(const struct field *f)
{
    json_t *o = json_object();

    set_text(o, "name", f->cobol_name);
    if (f->is_included)
        set_text(o, "json", f->name);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (kinds[i].kind == f->kind)
            set_text(o, "kind", str_of(kinds[i].name));
    if (f->kind == FIELD_TEXT)
        json_object_set_new(o, "size", json_integer(f->size));
    if (f->digits > 0)
        json_object_set_new(o, "digits", json_integer(f->digits));
    if (f->scale > 0)
        json_object_set_new(o, "scale", json_integer(f->scale));
    if (f->is_array) {
        set_flag(o, "array", true);
        json_object_set_new(o, "min", json_integer(f->occurs_min));
        json_object_set_new(o, "max", json_integer(f->occurs_max));
    }
    set_flag(o, "signed", f->is_signed);
    set_flag(o, "native", f->is_native);
    set_flag(o, "sync", f->is_synced);
    set_flag(o, "wrapper", f->is_wrapper);
    set_flag(o, "hidden", !f->is_included);
    set_flag(o, "boolean", f->shown == SHOWN_BOOLEAN);
    if (f->count_field != NULL)
        set_text(o, "count", f->count_field->cobol_name);
    if (f->length_field != NULL)
        set_text(o, "length", f->length_field->cobol_name);
    if (f->kind == FIELD_GROUP)
        json_object_set_new(o, "members", put_members(f));
    return o;
}

static json_t *
put_members(const struct field *group)
{
    json_t *list = json_array();

    for (const struct field *at = group->first; at != NULL; at = at->next)
        json_array_append_new(list, put_field(at));
    return list;
}

enum err
bind_write(struct buf *out, const struct requester_operation *op,
           struct err_info *why)
{
    json_t *root = json_object();
    char *text;

    json_object_set_new(root, "version", json_integer(BIND_VERSION));
    set_text(root, "operationId", op->operation_id);
    set_text(root, "method", op->method);
    set_text(root, "path", op->path);
    json_object_set_new(root, "responseCode", json_integer(op->response_code));
    if (op->request != NULL)
        json_object_set_new(root, "request", put_members(op->request->root));
    if (op->response != NULL)
        json_object_set_new(root, "response", put_members(op->response->root));
    text = json_dumps(root, JSON_INDENT(1));
    json_decref(root);
    if (text == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    buf_add_z(out, BIND_EYE);
    buf_add_z(out, text);
    buf_add_char(out, '\n');
    free(text);
    return buf_check(out, why);
}
