#include "toolkit/structure.h"

#include "base/msg.h"
#include "toolkit/shape.h"

#include <stdio.h>
#include <string.h>

#define STRUCTURE_DEPTH_MAX 14u /* levels 06, 09 ... 48 */
#define STRUCTURE_FIELDS_MAX 20000u
#define TEXT_INLINE_MAX 32767u
#define LEVEL_OF(depth) (3 + 3 * (depth))

struct building {
    struct toolkit *tk;
    const json_t *root; /* of the document, for references */
    const struct structure_rules *rules;
    struct buf *notes;
    struct err_info *why;
    uint32_t n_fields;
};

/* A property on its way to fields. */
struct property_use {
    struct str name; /* JSON */
    const json_t *schema;
    bool is_required;
    struct field *parent;
    struct name_scope *scope; /* names of the parent group */
    uint32_t depth;           /* of the new fields: 1 = level 06 */
    struct str path;          /* "RespBody->a->b" */
};

static enum err
unsupported(struct building *b, const struct property_use *use,
            const char *what)
{
    return err_set(b->why, ERR_UNSUPPORTED, "property " STR_FMT ": %s",
                   STR_ARG(use->path), what);
}

static enum err
no_storage(struct building *b)
{
    return err_set(b->why, ERR_MEMORY, "no storage");
}

static enum err
add_field(struct building *b, struct field *parent, struct str cobol_name,
          uint32_t depth, enum field_kind kind, struct field **out)
{
    struct field *f = field_new(&b->tk->arena, parent);

    if (f == NULL || cobol_name.p == NULL)
        return no_storage(b);
    if (depth > STRUCTURE_DEPTH_MAX)
        return err_set(b->why, ERR_UNSUPPORTED,
                       STR_FMT ": nested more than %u levels deep",
                       STR_ARG(cobol_name), STRUCTURE_DEPTH_MAX);
    if (++b->n_fields > STRUCTURE_FIELDS_MAX)
        return err_set(b->why, ERR_UNSUPPORTED, "more than %u fields",
                       STRUCTURE_FIELDS_MAX);
    f->cobol_name = cobol_name;
    f->kind = kind;
    f->level = LEVEL_OF(depth);
    *out = f;
    return ERR_OK;
}

static struct str
with_suffix(struct building *b, struct str base, size_t n, const char *suffix)
{
    return str_fmt(&b->tk->arena, STR_FMT "%s",
                   STR_ARG(name_cut(base, n, &b->rules->names)), suffix);
}

/* N2: what stands inside group N. */
static struct str
inner_name(struct building *b, struct str name)
{
    return with_suffix(b, name, NAME_MAX_CHARS - 1, "2");
}

static struct str
count_base(struct building *b, struct str name)
{
    return str_fmt(&b->tk->arena, STR_FMT "2", STR_ARG(name));
}

/* PIC S9(9) or S9999 COMP-5 SYNC, never shown. */
static enum err
add_companion(struct building *b, struct field *parent,
              struct name_scope *scope, uint32_t depth, struct str name,
              uint32_t digits, struct field **out)
{
    struct str claimed = name_claim(&b->tk->arena, scope, name, NAME_MAX_CHARS);
    enum err e = add_field(b, parent, claimed, depth, FIELD_BINARY, out);

    if (e != ERR_OK)
        return e;
    (*out)->digits = digits;
    (*out)->is_signed = true;
    (*out)->is_native = true;
    (*out)->is_synced = true;
    (*out)->is_included = false;
    return ERR_OK;
}

static enum err
add_count(struct building *b, const struct property_use *use, struct str base,
          struct field **out)
{
    return add_companion(b, use->parent, use->scope, use->depth,
                         with_suffix(b, base, NAME_COUNT_CHARS, "-num"), 9,
                         out);
}

/* Size of a string; *is_fixed when it always has that length. */
static enum err
shape_string(struct building *b, const struct property_use *use,
             const json_t *schema, uint32_t *size, bool *is_fixed)
{
    const json_t *values = json_object_get(schema, "enum"), *value;
    json_int_t max = b->rules->default_max_length, min = -1;
    size_t i;

    if (json_array_size(values) > 0) {
        max = 1;
        json_array_foreach((json_t *)(uintptr_t)values, i,
                           value) if ((json_int_t)json_string_length(value) >
                                      max) max =
            (json_int_t)json_string_length(value);
    } else if (shape_get_integer(schema, "maxLength", &max)) {
        (void)shape_get_integer(schema, "minLength", &min);
    }
    if (max < 1 || max > (json_int_t)TEXT_INLINE_MAX)
        return unsupported(b, use, "its maxLength is not in 1..32767");
    *size = (uint32_t)max;
    *is_fixed = min == max;
    return ERR_OK;
}

/* N-length and N, or N alone. */
static enum err
add_text(struct building *b, const struct property_use *use,
         const json_t *schema, struct field *parent, struct name_scope *scope,
         uint32_t depth, struct str name, struct field **out)
{
    struct field *length = NULL;
    uint32_t size = 0;
    bool is_fixed = false;
    enum err e = shape_string(b, use, schema, &size, &is_fixed);

    if (e == ERR_OK && !is_fixed)
        e = add_companion(b, parent, scope, depth,
                          with_suffix(b, name, NAME_LENGTH_CHARS, "-length"), 4,
                          &length);
    if (e != ERR_OK)
        return e;
    name = name_claim(&b->tk->arena, scope, name, NAME_MAX_CHARS);
    e = add_field(b, parent, name, depth, FIELD_TEXT, out);
    if (e != ERR_OK)
        return e;
    (*out)->size = size;
    (*out)->length_field = length;
    (*out)->name = use->name;
    return ERR_OK;
}

static enum err
add_scalar(struct building *b, const struct property_use *use,
           const json_t *schema, const char *type, struct field *parent,
           struct name_scope *scope, uint32_t depth, struct str name,
           struct field **out)
{
    enum err e;

    if (strcmp(type, "string") == 0)
        return add_text(b, use, schema, parent, scope, depth, name, out);
    name = name_claim(&b->tk->arena, scope, name, NAME_MAX_CHARS);
    e = add_field(b, parent, name, depth, FIELD_TEXT, out);
    if (e != ERR_OK)
        return e;
    (*out)->name = use->name;
    if (strcmp(type, "integer") == 0)
        shape_integer(schema, *out);
    else if (strcmp(type, "number") == 0)
        shape_number(schema, b->rules->wide_comp3, *out);
    else if (strcmp(type, "boolean") == 0) {
        (*out)->size = 1;
        (*out)->shown = SHOWN_BOOLEAN;
        (*out)->true_value = str_n("\1", 1);
        (*out)->false_value = str_n("\0", 1);
    } else {
        return unsupported(b, use, "its type is not supported");
    }
    return ERR_OK;
}

/* Bytes and largest alignment of what stands in a group, by z/OS rules. */
static uint64_t
measure(const struct field *f, uint64_t at, uint64_t *align)
{
    uint64_t size = f->size, own = 1, element, inner = 1;

    switch (f->kind) {
    case FIELD_GROUP:
        element = 0;
        for (const struct field *c = f->first; c != NULL; c = c->next)
            element = measure(c, element, &inner);
        size = element * f->occurs_max;
        own = inner;
        break;
    case FIELD_ZONED:
        size = f->digits;
        break;
    case FIELD_PACKED:
        size = f->digits / 2 + 1;
        break;
    case FIELD_BINARY:
        size = field_binary_size(f->digits);
        own = size > 4 ? 4 : size;
        break;
    case FIELD_FLOAT4:
        size = own = 4;
        break;
    case FIELD_FLOAT8:
        size = own = 8;
        break;
    case FIELD_TEXT:
    case FIELD_NATIONAL:
    case FIELD_DBCS:
    case FIELD_OPAQUE:
        break;
    }
    if (*align < own)
        *align = own;
    return (at + own - 1) / own * own + size;
}

/* Elements of a table begin aligned: the rest is a filler. */
static enum err
add_filler(struct building *b, struct field *group, uint32_t depth)
{
    uint64_t align = 1, size = 0;
    struct field *filler;
    enum err e;

    for (const struct field *c = group->first; c != NULL; c = c->next)
        size = measure(c, size, &align);
    if (size % align == 0)
        return ERR_OK;
    e = add_field(b, group, STR("filler"), depth, FIELD_TEXT, &filler);
    if (e != ERR_OK)
        return e;
    filler->size = (uint32_t)(align - size % align);
    filler->is_included = false;
    return ERR_OK;
}

static enum err add_properties(struct building *b, const json_t *schema,
                               struct field *group, uint32_t depth,
                               struct str path);

static void
note(struct building *b, const struct property_use *use, const json_t *schema,
     const char *type, struct str cobol_name)
{
    static const char *const keywords[] = { "format",    "minimum",
                                            "maximum",   "multipleOf",
                                            "minLength", "maxLength",
                                            "minItems",  "maxItems" };
    const char *text =
        json_string_value(json_object_get(schema, "description"));

    buf_printf(b->notes, "Data name '" STR_FMT "': " STR_FMT "\n",
               STR_ARG(cobol_name), STR_ARG(use->path));
    if (text != NULL) {
        buf_add_z(b->notes, "  Description: ");
        for (size_t i = 0; text[i] != '\0'; i++)
            buf_add_char(b->notes, text[i] == '\n' ? ' ' : text[i]);
        buf_add_char(b->notes, '\n');
    }
    buf_printf(b->notes, "  Type: %s\n", type);
    for (size_t i = 0; i < ARRAY_LEN(keywords); i++) {
        const json_t *value = json_object_get(schema, keywords[i]);

        if (json_is_string(value))
            buf_printf(b->notes, "  %s: %s\n", keywords[i],
                       json_string_value(value));
        else if (json_is_integer(value))
            buf_printf(b->notes, "  %s: %lld\n", keywords[i],
                       (long long)json_integer_value(value));
        else if (json_is_real(value))
            buf_printf(b->notes, "  %s: %.15g\n", keywords[i],
                       json_real_value(value));
    }
    buf_printf(b->notes, "  Cardinality: %s\n",
               use->is_required ? "required" : "optional");
}

static enum err
add_object(struct building *b, const struct property_use *use,
           const json_t *schema, struct str name)
{
    struct field *count = NULL, *group;
    enum err e = ERR_OK;

    /* The base is N and 2, cut: a long N loses the 2. */
    if (!use->is_required)
        e = add_count(b, use, count_base(b, name), &count);
    if (e != ERR_OK)
        return e;
    name = name_claim(&b->tk->arena, use->scope, name, NAME_MAX_CHARS);
    e = add_field(b, use->parent, name, use->depth, FIELD_GROUP, &group);
    if (e != ERR_OK)
        return e;
    group->name = use->name;
    group->count_field = count;
    return add_properties(b, schema, group, use->depth + 1, use->path);
}

static enum err
array_bounds(struct building *b, const struct property_use *use,
             const json_t *schema, uint32_t *min, uint32_t *max)
{
    json_int_t low = 0, high = b->rules->default_max_items;

    (void)shape_get_integer(schema, "minItems", &low);
    (void)shape_get_integer(schema, "maxItems", &high);
    if (high < 1 || high > 32767 || low < 0 || low > high)
        return unsupported(b, use,
                           "its maxItems is not in 1..32767, or "
                           "minItems is larger");
    *min = (uint32_t)low;
    *max = (uint32_t)high;
    return ERR_OK;
}

static enum err
add_array(struct building *b, const struct property_use *use,
          const json_t *schema, struct str name)
{
    const json_t *items =
        swagger_resolve(b->root, json_object_get(schema, "items"));
    const char *type = shape_type(items);
    struct name_scope scope = { 0 };
    struct field *count = NULL, *group, *item;
    uint32_t min = 0, max = 0;
    bool is_object;
    enum err e;

    if (type == NULL || strcmp(type, "array") == 0)
        return unsupported(b, use,
                           "an array of arrays, or of items without "
                           "a type");
    is_object = strcmp(type, "object") == 0;
    if ((e = array_bounds(b, use, schema, &min, &max)) != ERR_OK)
        return e;
    if (min != max || !use->is_required)
        e = add_count(b, use, is_object ? count_base(b, name) : name, &count);
    if (e != ERR_OK)
        return e;
    name = name_claim(&b->tk->arena, use->scope, name, NAME_MAX_CHARS);
    e = add_field(b, use->parent, name, use->depth, FIELD_GROUP, &group);
    if (e != ERR_OK)
        return e;
    group->name = use->name;
    group->count_field = count;
    group->is_array = true;
    group->occurs_min = count == NULL ? max : min;
    group->occurs_max = max;
    if (is_object) {
        e = add_properties(b, items, group, use->depth + 1, use->path);
    } else {
        group->is_wrapper = true;
        e = add_scalar(b, use, items, type, group, &scope, use->depth + 1,
                       inner_name(b, name), &item);
    }
    return e == ERR_OK ? add_filler(b, group, use->depth + 1) : e;
}

static enum err
add_single(struct building *b, const struct property_use *use,
           const json_t *schema, const char *type, struct str name)
{
    struct name_scope inner = { 0 };
    struct field *count, *group, *item;
    enum err e;

    if (use->is_required)
        return add_scalar(b, use, schema, type, use->parent, use->scope,
                          use->depth, name, &item);
    if ((e = add_count(b, use, name, &count)) != ERR_OK)
        return e;
    if (strcmp(type, "string") != 0) {
        e = add_scalar(b, use, schema, type, use->parent, use->scope,
                       use->depth, name, &item);
        if (e == ERR_OK)
            item->count_field = count;
        return e;
    }
    name = name_claim(&b->tk->arena, use->scope, name, NAME_MAX_CHARS);
    e = add_field(b, use->parent, name, use->depth, FIELD_GROUP, &group);
    if (e != ERR_OK)
        return e;
    group->name = use->name;
    group->count_field = count;
    group->is_wrapper = true;
    return add_scalar(b, use, schema, type, group, &inner, use->depth + 1,
                      inner_name(b, name), &item);
}

static enum err
add_property(struct building *b, struct property_use *use)
{
    const json_t *schema = swagger_resolve(b->root, use->schema);
    const char *type = shape_type(schema);
    bool was_reserved = false;
    struct str name =
        name_make(&b->tk->arena, use->name, &b->rules->names, &was_reserved);

    if (name.p == NULL || use->path.p == NULL)
        return no_storage(b);
    if (schema == NULL)
        return unsupported(b, use, "its $ref leads nowhere in this document");
    if (type == NULL || strcmp(type, "null") == 0)
        return unsupported(b, use, "it has no type");
    if (was_reserved)
        TOOLKIT_SAY(b->tk, "DFHPI9586W", use->name, name);
    note(b, use, schema, type, name);
    if (strcmp(type, "object") == 0)
        return add_object(b, use, schema, name);
    if (strcmp(type, "array") == 0)
        return add_array(b, use, schema, name);
    return add_single(b, use, schema, type, name);
}

static bool
is_listed(const json_t *required, const char *name)
{
    const json_t *item;
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)required, i,
                       item) if (json_is_string(item) &&
                                 strcmp(json_string_value(item), name) ==
                                     0) return true;
    return false;
}

static enum err
add_own_properties(struct building *b, const json_t *schema,
                   struct field *group, struct name_scope *scope,
                   uint32_t depth, struct str path)
{
    json_t *properties = json_object_get(schema, "properties"), *value;
    const json_t *required = json_object_get(schema, "required");
    const char *name;

    json_object_foreach(properties, name, value)
    {
        struct property_use use = {
            .name = str_dup(&b->tk->arena, str_of(name)),
            .schema = value,
            .is_required = is_listed(required, name),
            .parent = group,
            .scope = scope,
            .depth = depth,
            .path = str_fmt(&b->tk->arena, STR_FMT "->%s", STR_ARG(path), name),
        };
        enum err e = add_property(b, &use);

        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

static enum err
add_properties(struct building *b, const json_t *schema, struct field *group,
               uint32_t depth, struct str path)
{
    json_t *parts = json_object_get(schema, "allOf"), *part;
    struct name_scope scope = { 0 };
    enum err e;
    size_t i;

    /* A schema that contains itself ends here, too. */
    if (depth > STRUCTURE_DEPTH_MAX)
        return err_set(b->why, ERR_UNSUPPORTED,
                       STR_FMT ": nested more than %u levels deep",
                       STR_ARG(path), STRUCTURE_DEPTH_MAX);
    json_array_foreach(parts, i, part)
    {
        e = add_own_properties(b, swagger_resolve(b->root, part), group, &scope,
                               depth, path);
        if (e != ERR_OK)
            return e;
    }
    e = add_own_properties(b, schema, group, &scope, depth, path);
    if (e != ERR_OK)
        return e;
    if (group->first == NULL)
        return err_set(b->why, ERR_UNSUPPORTED,
                       "property " STR_FMT ": an object without properties",
                       STR_ARG(path));
    return ERR_OK;
}

/* Wrapper groups are always there, so they have no count. */
static enum err
open_wrapper(struct building *b, struct structure *out, const char *name,
             struct field **group)
{
    enum err e;

    if (out->root == NULL) {
        out->root = field_new(&b->tk->arena, NULL);
        if (out->root == NULL)
            return no_storage(b);
        out->root->kind = FIELD_GROUP;
    }
    e = add_field(b, out->root, str_of(name), 1, FIELD_GROUP, group);
    if (e == ERR_OK)
        (*group)->name = (*group)->cobol_name;
    return e;
}

static enum err
add_key_parameters(struct building *b, struct field *group,
                   struct name_scope *scope, struct str names,
                   const char *wrapper)
{
    struct str name;

    while (names.n > 0 && str_token(&names, ',', &name)) {
        json_t *schema;
        struct property_use use = {
            .name = str_trim(name),
            .is_required = true,
            .parent = group,
            .scope = scope,
            .depth = 2,
            .path = str_fmt(&b->tk->arena, "%s->" STR_FMT, wrapper,
                            STR_ARG(str_trim(name))),
        };
        enum err e;

        schema = json_pack("{s:s, s:i}", "type", "string", "maxLength",
                           (int)b->rules->key_max_length);
        use.schema = schema;
        e = schema == NULL ? no_storage(b) : add_property(b, &use);
        json_decref(schema);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

static enum err
add_parameters(struct building *b, const struct swagger_operation *op,
               enum swagger_in in, const char *wrapper, struct str keys,
               struct structure *out)
{
    struct name_scope scope = { 0 };
    struct field *group = NULL;
    enum err e = ERR_OK;

    for (size_t i = 0; i < op->n_parameters && e == ERR_OK; i++) {
        const struct swagger_parameter *p = &op->parameters[i];
        struct property_use use = {
            .name = p->name,
            .schema = p->schema,
            .is_required = p->is_required,
            .scope = &scope,
            .depth = 2,
            .path = str_fmt(&b->tk->arena, "%s->" STR_FMT, wrapper,
                            STR_ARG(p->name)),
        };

        /* The gateway sets Authorization itself. */
        if (p->in != in ||
            (in == SWAGGER_HEADER && str_eq_nocase_z(p->name, "Authorization")))
            continue;
        if (group == NULL)
            e = open_wrapper(b, out, wrapper, &group);
        use.parent = group;
        if (e == ERR_OK)
            e = add_property(b, &use);
    }
    if (e == ERR_OK && keys.n > 0 && group == NULL)
        e = open_wrapper(b, out, wrapper, &group);
    return e == ERR_OK ? add_key_parameters(b, group, &scope, keys, wrapper)
                       : e;
}

static enum err
add_body(struct building *b, const json_t *given, const char *wrapper,
         struct structure *out)
{
    const json_t *schema = swagger_resolve(b->root, given);
    const char *type = shape_type(schema);
    struct field *group;
    enum err e;

    if (given == NULL)
        return ERR_OK;
    if (type == NULL || strcmp(type, "object") != 0)
        return err_set(b->why, ERR_UNSUPPORTED, "%s is not an object", wrapper);
    /* {"type": "object"} alone: nothing that could be mapped. */
    if (json_object_size(json_object_get(schema, "properties")) == 0 &&
        json_object_get(schema, "allOf") == NULL)
        return ERR_OK;
    e = open_wrapper(b, out, wrapper, &group);
    return e == ERR_OK ? add_properties(b, schema, group, 2, str_of(wrapper))
                       : e;
}

enum err
structure_request(struct toolkit *tk, const json_t *root,
                  const struct swagger_operation *op,
                  const struct structure_rules *rules, struct structure *out,
                  struct err_info *why)
{
    struct building b = { tk, root, rules, out->notes, why, 0 };
    enum err e;

    out->root = NULL;
    if ((e = add_parameters(&b, op, SWAGGER_PATH, "ReqPathParameters",
                            (struct str){ 0 }, out)) != ERR_OK ||
        (e = add_parameters(&b, op, SWAGGER_QUERY, "ReqQueryParameters",
                            rules->query_keys, out)) != ERR_OK ||
        (e = add_parameters(&b, op, SWAGGER_HEADER, "ReqHeaders",
                            rules->header_keys, out)) != ERR_OK)
        return e;
    return add_body(&b, op->body, "ReqBody", out);
}

enum err
structure_response(struct toolkit *tk, const json_t *root,
                   const struct swagger_operation *op,
                   const struct structure_rules *rules, struct structure *out,
                   struct err_info *why)
{
    struct building b = { tk, root, rules, out->notes, why, 0 };

    out->root = NULL;
    return add_body(&b, op->response, "RespBody", out);
}
