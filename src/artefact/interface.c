/*
 * Service interfaces (.si): XML to layouts. Positions are taken from the file
 * where it gives them; inside variable tables it gives none, there fields
 * follow each other.
 */
#include "artefact/service.h"

#include "artefact/bad.h"
#include "parse/xml.h"

struct si {
    struct arena *arena;
    struct str file;
    struct abi abi;
    struct err_info *why;
    uint32_t n_fields;
    struct pending { /* tables whose counter is not looked up yet */
        struct pending *next;
        struct field *table;
        struct str name;
        const struct xml_node *node;
    } * pending;
};

#define bad(r, code, at, ...)                                                  \
    artefact_bad((r)->why, code, (r)->file, at, __VA_ARGS__)

/* Missing attribute: the default. */
static enum err
read_flag(struct si *si, const struct xml_node *node, const char *name,
          bool missing, bool *out)
{
    struct str value =
        node == NULL ? (struct str){ 0 } : xml_attr_get(node, name);

    if (value.p == NULL)
        *out = missing;
    else if (str_eq_nocase_z(value, "Y") || str_eq_nocase_z(value, "true"))
        *out = true;
    else if (str_eq_nocase_z(value, "N") || str_eq_nocase_z(value, "false"))
        *out = false;
    else
        return bad(si, ERR_SYNTAX, node, "%s=\"" STR_FMT "\": expected Y or N",
                   name, STR_ARG(value));
    return ERR_OK;
}

static enum err
read_number(struct si *si, const struct xml_node *node, const char *what,
            struct str text, uint32_t max, uint32_t *out)
{
    uint64_t value;

    if (!str_to_u64(str_trim(text), &value) || value > max)
        return bad(si, ERR_RANGE, node,
                   "%s \"" STR_FMT "\" is not a number in 0..%u", what,
                   STR_ARG(text), max);
    *out = (uint32_t)value;
    return ERR_OK;
}

static enum err
read_attr_number(struct si *si, const struct xml_node *node, const char *name,
                 uint32_t missing, uint32_t max, uint32_t *out)
{
    struct str text = xml_attr_get(node, name);

    *out = missing;
    return text.p == NULL ? ERR_OK
                          : read_number(si, node, name, text, max, out);
}

static enum err
read_child_number(struct si *si, const struct xml_node *node, const char *name,
                  uint32_t max, bool *is_there, uint32_t *out)
{
    const struct xml_node *child = xml_child(node, name);

    *is_there = child != NULL;
    return child == NULL ? ERR_OK
                         : read_number(si, child, name, child->text, max, out);
}

enum datatype {
    DT_STRUCT,
    DT_ARRAY,
    DT_CHAR,
    DT_SHORT,
    DT_INT,
    DT_LONG,
    DT_USHORT,
    DT_UINT,
    DT_ULONG,
    DT_DECIMAL,
    DT_FLOAT,
    DT_DOUBLE,
    DT_BINARY,
};

static const char *const datatype_names[] = {
    [DT_STRUCT] = "STRUCT",   [DT_ARRAY] = "ARRAY", [DT_CHAR] = "CHAR",
    [DT_SHORT] = "SHORT",     [DT_INT] = "INT",     [DT_LONG] = "LONG",
    [DT_USHORT] = "USHORT",   [DT_UINT] = "UINT",   [DT_ULONG] = "ULONG",
    [DT_DECIMAL] = "DECIMAL", [DT_FLOAT] = "FLOAT", [DT_DOUBLE] = "DOUBLE",
    [DT_BINARY] = "BINARY",
};

static enum err
read_datatype(struct si *si, const struct xml_node *node, enum datatype *out,
              const struct xml_node **type_node)
{
    struct str name;

    *type_node = xml_child(node, "applicationDatatype");
    if (*type_node == NULL)
        return bad(si, ERR_SYNTAX, node, "field without applicationDatatype");
    name = xml_attr_get(*type_node, "datatype");
    for (size_t i = 0; i < ARRAY_LEN(datatype_names); i++)
        if (str_eq_nocase_z(name, datatype_names[i])) {
            *out = (enum datatype)i;
            return ERR_OK;
        }
    return bad(si, ERR_UNSUPPORTED, *type_node,
               "datatype \"" STR_FMT "\" is not supported", STR_ARG(name));
}

static enum err
read_decimal(struct si *si, const struct xml_node *marshaller,
             const struct xml_node *type, struct field *field)
{
    const struct xml_node *converter =
        marshaller == NULL ? NULL : xml_child(marshaller, "typeConverter");
    struct str name =
        converter == NULL ? STR("ZONEDDECIMAL") : str_trim(converter->text);
    uint32_t want, scale = 0;
    enum err e;

    if (str_eq_z(name, "PACKEDDECIMAL"))
        field->kind = FIELD_PACKED;
    else if (str_eq_z(name, "ZONEDDECIMAL"))
        field->kind = FIELD_ZONED;
    else
        return bad(si, ERR_UNSUPPORTED, converter,
                   "typeConverter \"" STR_FMT "\" is not supported",
                   STR_ARG(name));
    if ((e = read_attr_number(si, type, "precision", 0, 31, &field->digits)) !=
            ERR_OK ||
        (e = read_attr_number(si, type, "scale", 0, 31, &scale)) != ERR_OK ||
        (e = read_flag(si, marshaller, "isSigned", false, &field->is_signed)) !=
            ERR_OK ||
        (e = read_flag(si, marshaller, "isSignLeading", false,
                       &field->sign_leads)) != ERR_OK ||
        (e = read_flag(si, marshaller, "isSignSeparate", false,
                       &field->sign_separate)) != ERR_OK)
        return e;
    field->scale = (int32_t)scale;
    if (field->digits == 0)
        return bad(si, ERR_RANGE, type, "precision is missing or 0");
    want = field->kind == FIELD_PACKED
               ? field->digits / 2 + 1
               : field->digits + (field->sign_separate ? 1 : 0);
    if (field->size != want)
        return bad(si, ERR_RANGE, type,
                   "%u digits need %u bytes, the field has %u", field->digits,
                   want, field->size);
    return ERR_OK;
}

static enum err
read_integer(struct si *si, const struct xml_node *marshaller,
             const struct xml_node *type, enum datatype dt, struct field *field)
{
    static const uint32_t most[] = { 4, 9, 18 };
    uint32_t step = (dt - DT_SHORT) % 3;
    enum err e;

    field->kind = FIELD_BINARY;
    field->is_signed = dt < DT_USHORT;
    if (field->size != 2u << step)
        return bad(si, ERR_RANGE, type, "a %s has %u bytes, the field has %u",
                   datatype_names[dt], 2u << step, field->size);
    if ((e = read_attr_number(si, type, "precision", most[step], most[step],
                              &field->digits)) != ERR_OK)
        return e;
    if (field->digits == 0)
        field->digits = most[step];
    return read_flag(si, marshaller, "isNativeInteger", false,
                     &field->is_native);
}

static enum err
read_char(struct si *si, const struct xml_node *node,
          const struct xml_node *marshaller, struct field *field)
{
    struct str encoding = { 0 };
    bool converts = true;
    enum err e;

    if (marshaller != NULL)
        encoding = xml_attr_get(marshaller, "encoding");
    if ((e = read_flag(si, node, "codepageConversion", true, &converts)) !=
        ERR_OK)
        return e;
    field->kind = FIELD_TEXT;
    if (str_eq_nocase_z(encoding, "UTF-16BE"))
        field->kind = FIELD_NATIONAL;
    else if (encoding.n > 0)
        return bad(si, ERR_UNSUPPORTED, marshaller,
                   "encoding \"" STR_FMT "\" is not supported",
                   STR_ARG(encoding));
    if (!converts && field->kind == FIELD_TEXT)
        field->shown = SHOWN_BASE64;
    if (field->size == 0 || (field->kind == FIELD_NATIONAL && field->size % 2))
        return bad(si, ERR_RANGE, node, "a character field of %u bytes",
                   field->size);
    return ERR_OK;
}

static enum err
read_type(struct si *si, const struct xml_node *node, enum datatype dt,
          const struct xml_node *type, struct field *field)
{
    const struct xml_node *marshaller = xml_child(node, "marshaller");

    switch (dt) {
    case DT_STRUCT:
    case DT_ARRAY:
        field->kind = FIELD_GROUP;
        return ERR_OK;
    case DT_CHAR:
        return read_char(si, node, marshaller, field);
    case DT_SHORT:
    case DT_INT:
    case DT_LONG:
    case DT_USHORT:
    case DT_UINT:
    case DT_ULONG:
        return read_integer(si, marshaller, type, dt, field);
    case DT_DECIMAL:
        return read_decimal(si, marshaller, type, field);
    case DT_FLOAT:
    case DT_DOUBLE:
        field->kind = dt == DT_FLOAT ? FIELD_FLOAT4 : FIELD_FLOAT8;
        if (field->size != (dt == DT_FLOAT ? 4 : 8))
            return bad(si, ERR_RANGE, type, "a %s of %u bytes",
                       datatype_names[dt], field->size);
        return ERR_OK;
    case DT_BINARY:
        field->kind = field->is_included ? FIELD_TEXT : FIELD_OPAQUE;
        field->shown = SHOWN_BASE64;
        return ERR_OK;
    }
    return ERR_OK;
}

static enum err
read_attributes(struct si *si, const struct xml_node *node, struct field *field)
{
    struct str value;
    enum err e;

    field->name = str_dup(si->arena, xml_attr_get(node, "name"));
    field->cobol_name = str_dup(si->arena, xml_attr_get(node, "originalName"));
    if (field->name.n == 0)
        return bad(si, ERR_SYNTAX, node, "field without a name");
    if (field->cobol_name.n == 0)
        field->cobol_name = field->name;
    if ((e = read_flag(si, node, "included", true, &field->is_included)) !=
            ERR_OK ||
        (e = read_flag(si, node, "isHex", false, &field->default_is_hex)) !=
            ERR_OK)
        return e;
    value = xml_attr_get(node, "defaultValue");
    if (value.n > 0) {
        field->has_default = true;
        field->default_value = str_dup(si->arena, value);
    }
    if (xml_child(node, "remarks") != NULL)
        field->remarks = str_dup(si->arena, xml_child(node, "remarks")->text);
    field->line = node->line;
    return ERR_OK;
}

static bool
same_name(struct str a, struct str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if ((a.p[i] == '-' ? '_' : a.p[i]) != (b.p[i] == '-' ? '_' : b.p[i]))
            return false;
    return true;
}

/* The sibling this field lies over, for the place and for the rules. */
static enum err
read_redefines(struct si *si, const struct xml_node *node, struct field *field)
{
    struct str name = xml_attr_get(node, "redefines");

    if (name.n == 0)
        return ERR_OK;
    if (field->parent != NULL)
        for (struct field *at = field->parent->first; at != field;
             at = at->next)
            if (same_name(at->cobol_name, name) || str_eq(at->name, name)) {
                field->redefines = at;
                return ERR_OK;
            }
    return bad(si, ERR_NOT_FOUND, node,
               "redefines \"" STR_FMT "\", which does not stand before it",
               STR_ARG(name));
}

static enum err read_fields(struct si *si, const struct xml_node *node,
                            struct field *parent, uint32_t depth);

static uint32_t
members_end(const struct field *group)
{
    uint32_t end = group->offset;

    for (const struct field *at = group->first; at != NULL; at = at->next) {
        uint64_t n =
            at->is_array ? (uint64_t)at->stride * at->occurs_max : at->size;

        if (at->offset + n > end)
            end = (uint32_t)(at->offset + n);
    }
    return end;
}

static enum err
read_occurs(struct si *si, const struct xml_node *node, struct field *field)
{
    struct str counter = xml_attr_get(node, "dependsOn");
    enum err e;

    field->is_array = true;
    if ((e = read_attr_number(si, node, "maxOccurs", 1, LAYOUT_SIZE_MAX,
                              &field->occurs_max)) != ERR_OK ||
        (e = read_attr_number(si, node, "minOccurs", field->occurs_max,
                              LAYOUT_SIZE_MAX, &field->occurs_min)) != ERR_OK)
        return e;
    if (field->occurs_max == 0 || field->occurs_min > field->occurs_max)
        return bad(si, ERR_RANGE, node, "minOccurs %u, maxOccurs %u",
                   field->occurs_min, field->occurs_max);
    if (counter.n > 0) {
        struct pending *p = ARENA_NEW(si->arena, struct pending);

        if (p == NULL)
            return err_set(si->why, ERR_MEMORY, "no storage");
        *p = (struct pending){ si->pending, field, counter, node };
        si->pending = p;
    }
    return ERR_OK;
}

/*
 * A table's members follow it directly. A table of elementary items has one
 * member with its own name: the item.
 */
static enum err
finish_array(struct si *si, const struct xml_node *node, struct field *field,
             uint32_t bytes)
{
    struct field *only = field->first;

    if (only == NULL)
        return bad(si, ERR_SYNTAX, node, "an array without members");
    field->size = members_end(field) - field->offset;
    field->stride = field->size;
    if (bytes % field->occurs_max == 0 &&
        bytes / field->occurs_max >= field->size)
        field->stride = bytes / field->occurs_max;
    if (only->next == NULL && str_eq(only->name, field->name) &&
        !only->is_array && only->offset == field->offset) {
        field->kind = only->kind;
        field->shown = only->shown;
        field->digits = only->digits;
        field->scale = only->scale;
        field->is_signed = only->is_signed;
        field->sign_leads = only->sign_leads;
        field->sign_separate = only->sign_separate;
        field->is_native = only->is_native;
        field->has_default = only->has_default;
        field->default_is_hex = only->default_is_hex;
        field->default_value = only->default_value;
        field->first = only->first;
        field->last = only->last;
        for (struct field *at = field->first; at != NULL; at = at->next)
            at->parent = field;
    }
    return ERR_OK;
}

/* Where the field begins: as the file says, else behind its brother. */
static enum err
read_place(struct si *si, const struct xml_node *node, struct field *field,
           uint32_t *cursor)
{
    uint32_t start = 0,
             base = field->parent == NULL ? 0 : field->parent->offset;
    bool is_there;
    enum err e = read_child_number(si, node, "startPos", LAYOUT_SIZE_MAX,
                                   &is_there, &start);

    if (e != ERR_OK)
        return e;
    if (field->redefines != NULL && !is_there)
        field->offset = field->redefines->offset;
    else if (!is_there || start == 0)
        field->offset = *cursor;
    else
        field->offset = start - 1;
    /* Older tools count inside a table's element. */
    if (field->offset < base && field->parent != NULL &&
        field->parent->is_array)
        field->offset += base;
    return ERR_OK;
}

static enum err
read_field(struct si *si, const struct xml_node *node, struct field *parent,
           uint32_t depth, uint32_t *cursor, struct field **out)
{
    struct field *field = field_new(si->arena, parent);
    const struct xml_node *type;
    enum datatype dt = DT_STRUCT;
    uint32_t bytes = 0;
    bool has_bytes;
    enum err e;

    if (field == NULL)
        return err_set(si->why, ERR_MEMORY, "no storage");
    if (depth > LAYOUT_DEPTH_MAX || ++si->n_fields > LAYOUT_FIELDS_MAX)
        return bad(si, ERR_LIMIT, node, "too many or too deeply nested fields");
    if ((e = read_attributes(si, node, field)) != ERR_OK ||
        (e = read_redefines(si, node, field)) != ERR_OK ||
        (e = read_place(si, node, field, cursor)) != ERR_OK ||
        (e = read_child_number(si, node, "bytes", LAYOUT_SIZE_MAX, &has_bytes,
                               &bytes)) != ERR_OK ||
        (e = read_datatype(si, node, &dt, &type)) != ERR_OK)
        return e;
    field->level = depth;
    field->size = bytes;
    if ((e = read_type(si, node, dt, type, field)) != ERR_OK)
        return e;
    if (dt == DT_ARRAY && (e = read_occurs(si, node, field)) != ERR_OK)
        return e;
    if (dt == DT_STRUCT || dt == DT_ARRAY) {
        e = read_fields(si, node, field, depth + 1);
        if (e != ERR_OK)
            return e;
    }
    if (dt == DT_STRUCT && members_end(field) - field->offset > field->size)
        field->size = members_end(field) - field->offset;
    if (dt == DT_ARRAY && (e = finish_array(si, node, field, bytes)) != ERR_OK)
        return e;
    if (dt != DT_ARRAY)
        field->stride = field->size;
    if ((uint64_t)field->offset + (uint64_t)field->stride * field->occurs_max >
        LAYOUT_SIZE_MAX)
        return bad(si, ERR_LIMIT, node, "the record is too long");
    if (field->redefines == NULL)
        *cursor = field->offset + field->stride * field->occurs_max;
    if (out != NULL)
        *out = field;
    return ERR_OK;
}

static enum err
read_fields(struct si *si, const struct xml_node *node, struct field *parent,
            uint32_t depth)
{
    uint32_t cursor = parent->offset;

    for (const struct xml_node *at = node->child; at != NULL; at = at->next) {
        enum err e;

        if (!str_eq_z(at->name, "field"))
            continue;
        e = read_field(si, at, parent, depth, &cursor, NULL);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

/* Counters, once all names are known. */
static enum err
link_counters(struct si *si, struct field *root)
{
    for (struct pending *p = si->pending; p != NULL; p = p->next) {
        struct field *at = root;

        while (
            at != NULL && at != p->table &&
            !(at->kind != FIELD_GROUP && (same_name(at->cobol_name, p->name) ||
                                          str_eq(at->name, p->name))))
            at = field_next(root, at);
        if (at == NULL || at == p->table)
            return bad(si, ERR_NOT_FOUND, p->node,
                       "depends on \"" STR_FMT
                       "\", which does not stand before it",
                       STR_ARG(p->name));
        p->table->depends_on = at;
    }
    si->pending = NULL;
    return ERR_OK;
}

static enum err
read_segment(struct si *si, const struct xml_node *node,
             struct service_segment *out)
{
    struct field *root = NULL;
    struct str type = xml_attr_get(node, "containerType");
    uint32_t cursor = 0, n = 0;
    enum err e;

    out->container = str_dup(si->arena, xml_attr_get(node, "originalName"));
    out->is_char = str_eq_nocase_z(type, "CHAR");
    if (type.n > 0 && !out->is_char && !str_eq_nocase_z(type, "BIT"))
        return bad(si, ERR_UNSUPPORTED, node,
                   "containerType \"" STR_FMT "\": expected BIT or CHAR",
                   STR_ARG(type));
    if ((e = read_flag(si, node, "required", true, &out->is_required)) !=
        ERR_OK)
        return e;
    out->layout = ARENA_NEW(si->arena, struct layout);
    if (out->layout == NULL)
        return err_set(si->why, ERR_MEMORY, "no storage");
    for (const struct xml_node *at = node->child; at != NULL; at = at->next)
        n += str_eq_z(at->name, "field");
    if (n == 0)
        return bad(si, ERR_SYNTAX, node, "a segment without fields");
    if (n == 1) {
        e = read_field(si, xml_child(node, "field"), NULL, 1, &cursor, &root);
    } else {
        root = field_new(si->arena, NULL);
        if (root == NULL)
            return err_set(si->why, ERR_MEMORY, "no storage");
        root->kind = FIELD_GROUP;
        e = read_fields(si, node, root, 1);
        root->size = root->stride = members_end(root);
    }
    if (e != ERR_OK)
        return e;
    REQUIRE(root != NULL);
    if ((e = link_counters(si, root)) != ERR_OK)
        return e;
    out->layout->name = root->cobol_name;
    e = layout_adopt(out->layout, root, si->abi, si->why);
    if (e != ERR_OK)
        err_prefix(si->why, STR_FMT, STR_ARG(si->file));
    return e;
}

static enum err
read_message(struct si *si, const struct xml_node *root, bool is_channel,
             struct service_message *out)
{
    const struct xml_node *message = xml_child(root, "message");
    enum err e;

    if (message == NULL)
        return bad(si, ERR_SYNTAX, root, "no message inside the root");
    if (is_channel)
        out->channel = str_dup(si->arena, xml_attr_get(message, "name"));
    for (const struct xml_node *at = message->child; at != NULL; at = at->next)
        out->n_segments += str_eq_z(at->name, "segment");
    if (out->n_segments == 0 || out->n_segments > MAP_SEGMENTS_MAX ||
        (!is_channel && out->n_segments != 1))
        return bad(si, ERR_RANGE, message, "%zu segments: expected %s",
                   out->n_segments, is_channel ? "1 to 64" : "1");
    out->segments =
        ARENA_ARRAY(si->arena, struct service_segment, out->n_segments);
    if (out->segments == NULL)
        return err_set(si->why, ERR_MEMORY, "no storage");
    out->n_segments = 0;
    for (const struct xml_node *at = message->child; at != NULL;
         at = at->next) {
        struct service_segment *segment = &out->segments[out->n_segments];

        if (!str_eq_z(at->name, "segment"))
            continue;
        if ((e = read_segment(si, at, segment)) != ERR_OK)
            return e;
        if (!is_channel)
            segment->container = (struct str){ 0 };
        else if (segment->container.n == 0)
            return bad(si, ERR_SYNTAX, at, "a container without a name");
        out->n_segments++;
    }
    return ERR_OK;
}

enum err
interface_read(struct arena *arena, struct str xml, struct str file,
               struct abi abi, bool *is_channel, struct service_message *out,
               struct err_info *why)
{
    struct err_info own;
    struct si si = { .arena = arena,
                     .file = file,
                     .abi = abi,
                     .why = why == NULL ? &own : why };
    struct xml_node *root;
    struct str type;
    enum err e = xml_parse(arena, xml, NULL, &root, si.why);

    if (e != ERR_OK) {
        err_prefix(si.why, STR_FMT, STR_ARG(file));
        return e;
    }
    if (!str_eq_z(root->name, "message"))
        return bad(&si, ERR_SYNTAX, root,
                   "root is \"" STR_FMT "\": expected message",
                   STR_ARG(root->name));
    type = xml_attr_get(root, "serviceType");
    *is_channel = str_eq_z(type, "CICS_CHANNEL");
    if (!*is_channel && !str_eq_z(type, "CICS_COMM_AREA"))
        return bad(&si, ERR_UNSUPPORTED, root,
                   "serviceType \"" STR_FMT
                   "\": expected CICS_CHANNEL or CICS_COMM_AREA",
                   STR_ARG(type));
    *out = (struct service_message){ .entry = str_dup(arena, file) };
    return read_message(&si, root, *is_channel, out);
}
