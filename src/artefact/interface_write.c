/* Layouts to service interfaces (.si), as the API toolkit writes them. */
#include "artefact/service.h"

#include "parse/textout.h"

static void
indent(struct buf *out, uint32_t depth)
{
    for (uint32_t i = 0; i < depth; i++)
        buf_add_z(out, "    ");
}

static const char *
yes_no(bool value)
{
    return value ? "Y" : "N";
}

static void
number(struct buf *out, uint32_t depth, const char *name, uint32_t value)
{
    indent(out, depth);
    buf_printf(out, "<%s>%u</%s>\n", name, value, name);
}

static void
put_decimal(struct buf *out, const struct field *f, uint32_t depth)
{
    bool is_packed = f->kind == FIELD_PACKED;

    indent(out, depth);
    buf_printf(out, "<marshaller isSigned=\"%s\"", yes_no(f->is_signed));
    if (!is_packed)
        buf_printf(out,
                   " isSignLeading=\"%s\" isSignSeparate=\"%s\" "
                   "isWCHAROnly=\"N\"",
                   yes_no(f->sign_leads), yes_no(f->sign_separate));
    buf_add_z(out, ">\n");
    indent(out, depth + 1);
    buf_printf(out, "<typeConverter>%sDECIMAL</typeConverter>\n",
               is_packed ? "PACKED" : "ZONED");
    indent(out, depth);
    buf_add_z(out, "</marshaller>\n");
    indent(out, depth);
    buf_printf(out,
               "<applicationDatatype datatype=\"DECIMAL\" precision=\"%u\" "
               "scale=\"%d\"/>\n",
               f->digits, f->scale);
}

static void
put_binary(struct buf *out, const struct field *f, uint32_t depth)
{
    static const char *const names[] = { "SHORT", "INT", "LONG" };
    size_t i = f->size <= 2 ? 0 : f->size <= 4 ? 1 : 2;

    indent(out, depth);
    buf_printf(out,
               "<marshaller isNativeInteger=\"%s\" alignment=\"NATURAL\"/>\n",
               yes_no(f->is_native));
    indent(out, depth);
    buf_printf(out,
               "<applicationDatatype datatype=\"%s%s\" precision=\"%u\"/>\n",
               f->is_signed ? "" : "U", names[i], f->digits);
}

static void
put_type(struct buf *out, const struct field *f, uint32_t depth)
{
    switch (f->kind) {
    case FIELD_GROUP:
        indent(out, depth);
        buf_add_z(out, "<applicationDatatype datatype=\"STRUCT\"/>\n");
        return;
    case FIELD_NATIONAL:
        indent(out, depth);
        buf_add_z(out, "<marshaller encoding=\"UTF-16BE\"/>\n");
        indent(out, depth);
        buf_add_z(out, "<applicationDatatype datatype=\"CHAR\"/>\n");
        return;
    case FIELD_TEXT:
    case FIELD_DBCS:
        indent(out, depth);
        buf_add_z(out, "<applicationDatatype datatype=\"CHAR\"/>\n");
        return;
    case FIELD_ZONED:
    case FIELD_PACKED:
        put_decimal(out, f, depth);
        return;
    case FIELD_BINARY:
        put_binary(out, f, depth);
        return;
    case FIELD_FLOAT4:
    case FIELD_FLOAT8:
        indent(out, depth);
        buf_printf(out, "<marshaller alignment=\"%s\"/>\n",
                   f->kind == FIELD_FLOAT4 ? "FULLWORD" : "DOUBLEWORD");
        indent(out, depth);
        buf_printf(out, "<applicationDatatype datatype=\"%s\"/>\n",
                   f->kind == FIELD_FLOAT4 ? "FLOAT" : "DOUBLE");
        return;
    case FIELD_OPAQUE:
        indent(out, depth);
        buf_add_z(out, "<applicationDatatype datatype=\"BINARY\"/>\n");
        return;
    }
}

/* COBOL names are kept with underscores, as the toolkit does. */
static void
cobol_attr(struct buf *out, const char *name, struct str value)
{
    buf_printf(out, " %s=\"", name);
    for (size_t i = 0; i < value.n; i++)
        buf_add_char(out, value.p[i] == '-' ? '_' : value.p[i]);
    buf_add_char(out, '"');
}

static void
put_path(struct buf *out, const struct field *f)
{
    if (f->parent != NULL && f->parent->name.n > 0) {
        put_path(out, f->parent);
        buf_add_char(out, '.');
    }
    xmlout_escape(out, f->name);
}

/* Some table at or below `at` has this field for its counter. */
static bool
is_asked(const struct field *at, const struct field *counter)
{
    bool found = at->depends_on == counter;

    for (at = at->first; at != NULL && !found; at = at->next)
        found = is_asked(at, counter);
    return found;
}

static bool
is_counter(const struct field *f)
{
    const struct field *root = f;

    while (root->parent != NULL)
        root = root->parent;
    return is_asked(root, f);
}

static bool
varies(const struct field *f)
{
    bool found = f->is_array && f->depends_on != NULL;

    for (const struct field *at = f->first; at != NULL && !found; at = at->next)
        found = varies(at);
    return found;
}

static void
put_attributes(struct buf *out, const struct field *f)
{
    bool counts = is_counter(f);
    bool is_named = f->cobol_name.n > 0;

    xmlout_attr(out, "name", f->name);
    cobol_attr(out, "originalName", is_named ? f->cobol_name : f->name);
    buf_printf(out, " included=\"%s\"", yes_no(f->is_included && !counts));
    if (f->has_default)
        xmlout_attr(out, "defaultValue", f->default_value);
    if (f->default_is_hex)
        buf_add_z(out, " isHex=\"true\"");
    buf_add_z(out, " path=\"");
    put_path(out, f);
    buf_add_char(out, '"');
    if (f->shown == SHOWN_BASE64 && f->kind == FIELD_TEXT)
        buf_add_z(out, " codepageConversion=\"N\"");
    if (f->redefines != NULL)
        cobol_attr(out, "redefines", f->redefines->cobol_name);
    if (counts)
        buf_add_z(out, " dependedOn=\"true\"");
    if (f->depends_on != NULL) {
        cobol_attr(out, "dependsOn", f->depends_on->cobol_name);
        buf_add_z(out, " dependsOnPath=\"");
        put_path(out, f->depends_on);
        buf_add_char(out, '"');
    }
    if (f->is_array)
        buf_printf(out, " minOccurs=\"%u\" maxOccurs=\"%u\"", f->occurs_min,
                   f->occurs_max);
}

static void put_field(struct buf *out, const struct field *f, uint32_t depth);

/* An elementary table holds one member of its own name. */
static void
put_array(struct buf *out, const struct field *f, uint32_t depth)
{
    struct field item = *f;

    indent(out, depth);
    buf_add_z(out, "<applicationDatatype datatype=\"ARRAY\"/>\n");
    if (f->kind == FIELD_GROUP && f->shown != SHOWN_TEXT)
        return;
    item.is_array = false;
    item.occurs_min = item.occurs_max = 1;
    item.depends_on = NULL;
    item.redefines = NULL;
    put_field(out, &item, depth);
}

static void
put_field(struct buf *out, const struct field *f, uint32_t depth)
{
    uint32_t bytes = f->is_array ? f->stride * f->occurs_max : f->size;

    indent(out, depth);
    buf_add_z(out, "<field");
    put_attributes(out, f);
    buf_add_z(out, ">\n");
    number(out, depth + 1, "startPos", f->offset + 1);
    number(out, depth + 1, "bytes", bytes);
    number(out, depth + 1, "maxBytes", varies(f) ? 0 : bytes);
    if (f->remarks.n > 0) {
        indent(out, depth + 1);
        buf_add_z(out, "<remarks>");
        xmlout_escape(out, f->remarks);
        buf_add_z(out, "</remarks>\n");
    }
    if (f->is_array)
        put_array(out, f, depth + 1);
    else
        put_type(out, f, depth + 1);
    if (f->kind == FIELD_GROUP)
        for (const struct field *at = f->first; at != NULL; at = at->next)
            put_field(out, at, depth + 1);
    indent(out, depth);
    buf_add_z(out, "</field>\n");
}

static void
put_segment(struct buf *out, const struct service_segment *s, size_t id,
            bool is_channel)
{
    const struct field *root = s->layout->root;

    indent(out, 2);
    buf_printf(out, "<segment id=\"%zu\"", id);
    xmlout_attr(out, "name", is_channel ? s->container : STR("COMMAREA"));
    xmlout_attr(out, "originalName",
                is_channel ? s->container : STR("COMMAREA"));
    if (is_channel)
        buf_printf(out, " containerType=\"%s\" required=\"%s\"",
                   s->is_char ? "CHAR" : "BIT", yes_no(s->is_required));
    buf_add_z(out, ">\n");
    if (root->name.n > 0)
        put_field(out, root, 3);
    else
        for (const struct field *at = root->first; at != NULL; at = at->next)
            put_field(out, at, 3);
    indent(out, 2);
    buf_add_z(out, "</segment>\n");
}

void
interface_write(struct buf *out, const struct service_message *message,
                struct str message_name, bool is_channel)
{
    buf_add_z(out, "<?xml version=\"1.0\" encoding=\"UTF-8\" "
                   "standalone=\"yes\"?>\n<ns2:message "
                   "xmlns:ns2=\"http://www.ibm.com/ims/Transaction\" "
                   "transactionCode=\"\"");
    xmlout_attr(out, "messageName", message_name);
    buf_printf(out, " direction=\"0\" serviceType=\"%s\">\n",
               is_channel ? "CICS_CHANNEL" : "CICS_COMM_AREA");
    indent(out, 1);
    buf_add_z(out, "<message id=\"1\"");
    xmlout_attr(out, "name", is_channel ? message->channel : message_name);
    buf_add_z(out, ">\n");
    for (size_t i = 0; i < message->n_segments; i++)
        put_segment(out, &message->segments[i], i + 1, is_channel);
    indent(out, 1);
    buf_add_z(out, "</message>\n</ns2:message>\n");
}
