#include "toolkit/schema.h"

#include <stdio.h>
#include <string.h>

struct schema {
    struct jsonout *out;
    const struct schema_hidden *hidden;
    bool type_first;
    char path[4096]; /* of the property at hand, names joined by '/' */
    size_t n_path;
};

static size_t
enter(struct schema *s, struct str name)
{
    size_t before = s->n_path;
    int n = snprintf(s->path + before, sizeof s->path - before, "%s" STR_FMT,
                     before == 0 ? "" : "/", STR_ARG(name));

    if (n > 0 && (size_t)n < sizeof s->path - before)
        s->n_path += (size_t)n;
    return before;
}

static void
leave(struct schema *s, size_t before)
{
    s->n_path = before;
    s->path[before] = '\0';
}

static bool
is_hidden(const struct schema *s)
{
    for (size_t i = 0; i < s->hidden->n; i++)
        if (str_eq(s->hidden->paths[i], str_n(s->path, s->n_path)))
            return true;
    return false;
}

/* A field, or at least one below it, is shown. */
static bool
shows(struct schema *s, const struct field *field)
{
    bool is_shown = false;
    size_t before;

    if (!field->is_included || field->kind == FIELD_OPAQUE)
        return false;
    before = enter(s, field->name);
    if (!is_hidden(s)) {
        is_shown = field->kind != FIELD_GROUP || field->shown == SHOWN_TEXT;
        for (const struct field *at = field->first; at != NULL && !is_shown;
             at = at->next)
            is_shown = shows(s, at);
    }
    leave(s, before);
    return is_shown;
}

static void
put_type(struct schema *s, const char *type)
{
    jsonout_key(s->out, STR("type"));
    jsonout_string(s->out, str_of(type));
}

/* Nines with a point: digits 5, scale 2 -> 999.99 */
static void
nines(char *out, size_t cap, uint32_t digits, int32_t scale)
{
    size_t n = 0;
    uint32_t whole = scale > 0 && (uint32_t)scale < digits
                         ? digits - (uint32_t)scale
                     : scale > 0 ? 0
                                 : digits;

    if (whole == 0)
        out[n++] = '0';
    for (uint32_t i = 0; i < whole && n + 2 < cap; i++)
        out[n++] = '9';
    for (int32_t i = scale; i < 0 && n + 2 < cap; i++)
        out[n++] = '0'; /* P to the right: whole powers of ten */
    if (scale > 0 && n + 2 < cap)
        out[n++] = '.';
    for (int32_t i = (int32_t)digits; i < scale && n + 2 < cap; i++)
        out[n++] = '0'; /* P to the left */
    for (int32_t i = 0; i < scale && i < (int32_t)digits && n + 2 < cap; i++)
        out[n++] = '9';
    out[n] = '\0';
}

static void
put_bounds(struct schema *s, const struct field *f)
{
    char most[64];

    nines(most, sizeof most, f->digits, f->scale);
    /* Swagger documents of the original do without it. */
    if (f->scale > 0 && !s->type_first) {
        char step[64] = "0.";
        size_t n = 2;

        for (int32_t i = 1; i < f->scale && n + 2 < sizeof step; i++)
            step[n++] = '0';
        step[n++] = '1';
        step[n] = '\0';
        jsonout_key(s->out, STR("multipleOf"));
        jsonout_raw(s->out, str_of(step));
    }
    jsonout_key(s->out, STR("minimum"));
    if (f->is_signed)
        jsonout_printf(s->out, "-%s", most);
    else
        jsonout_raw(s->out, STR("0"));
    jsonout_key(s->out, STR("maximum"));
    jsonout_raw(s->out, str_of(most));
}

/* COMP-5 holds what its storage holds. */
static void
put_storage_bounds(struct schema *s, const struct field *f)
{
    static const char *const least[] = { "-32768", "-2147483648",
                                         "-9223372036854775808" };
    static const char *const most[] = { "32767", "2147483647",
                                        "9223372036854775807" };
    static const char *const unsigned_most[] = { "65535", "4294967295",
                                                 "18446744073709551615" };
    size_t i = f->size <= 2 ? 0 : f->size <= 4 ? 1 : 2;

    jsonout_key(s->out, STR("minimum"));
    jsonout_raw(s->out, str_of(f->is_signed ? least[i] : "0"));
    jsonout_key(s->out, STR("maximum"));
    jsonout_raw(s->out, str_of(f->is_signed ? most[i] : unsigned_most[i]));
}

static void
put_number(struct schema *s, const struct field *f)
{
    const char *type = f->scale > 0 ? "number" : "integer";

    if (s->type_first)
        put_type(s, type);
    if (f->kind == FIELD_BINARY && f->is_native && f->scale == 0)
        put_storage_bounds(s, f);
    else
        put_bounds(s, f);
    if (!s->type_first)
        put_type(s, type);
    if (f->scale > 0) {
        jsonout_key(s->out, STR("format"));
        jsonout_string(s->out, STR("decimal"));
    }
}

uint32_t
schema_max_length(const struct field *f)
{
    if (f->kind == FIELD_GROUP)
        return f->shown == SHOWN_TEXT ? f->size : 0;
    if (f->kind == FIELD_NATIONAL || f->kind == FIELD_DBCS)
        return f->size / 2;
    return f->kind == FIELD_TEXT && f->shown != SHOWN_DATE ? f->size : 0;
}

static void
put_text(struct schema *s, const struct field *f)
{
    if (s->type_first)
        put_type(s, "string");
    jsonout_key(s->out, STR("maxLength"));
    jsonout_printf(s->out, "%u", schema_max_length(f));
    if (!s->type_first)
        put_type(s, "string");
}

static void put_object(struct schema *s, const struct field *group);

static void
put_item(struct schema *s, const struct field *f)
{
    if (f->shown == SHOWN_BOOLEAN) {
        put_type(s, "boolean");
        return;
    }
    if (f->shown == SHOWN_DATE) {
        put_type(s, "string");
        jsonout_key(s->out, STR("format"));
        jsonout_string(s->out, STR("date"));
        return;
    }
    switch (f->kind) {
    case FIELD_GROUP:
        if (f->shown == SHOWN_TEXT)
            put_text(s, f);
        else
            put_object(s, f);
        return;
    case FIELD_TEXT:
    case FIELD_NATIONAL:
    case FIELD_DBCS:
    case FIELD_OPAQUE:
        put_text(s, f);
        return;
    case FIELD_ZONED:
    case FIELD_PACKED:
    case FIELD_BINARY:
        put_number(s, f);
        return;
    case FIELD_FLOAT4:
    case FIELD_FLOAT8:
        put_type(s, "number");
        jsonout_key(s->out, STR("format"));
        jsonout_string(s->out,
                       f->kind == FIELD_FLOAT4 ? STR("float") : STR("double"));
        return;
    }
}

static void
put_property(struct schema *s, const struct field *f)
{
    size_t before = enter(s, f->name);

    jsonout_key(s->out, f->name);
    jsonout_open(s->out, '{');
    if (f->is_array) {
        put_type(s, "array");
        jsonout_key(s->out, STR("minItems"));
        jsonout_printf(s->out, "%u", f->occurs_min);
        jsonout_key(s->out, STR("maxItems"));
        jsonout_printf(s->out, "%u", f->occurs_max);
        jsonout_key(s->out, STR("items"));
        jsonout_open(s->out, '{');
    }
    put_item(s, f);
    if (f->remarks.n > 0) {
        jsonout_key(s->out, STR("description"));
        jsonout_string(s->out, f->remarks);
    }
    if (f->is_array)
        jsonout_close(s->out, '}');
    jsonout_close(s->out, '}');
    leave(s, before);
}

static void
put_object(struct schema *s, const struct field *group)
{
    put_type(s, "object");
    jsonout_key(s->out, STR("properties"));
    jsonout_open(s->out, '{');
    for (const struct field *at = group->first; at != NULL; at = at->next)
        if (shows(s, at))
            put_property(s, at);
    jsonout_close(s->out, '}');
}

/* What stands directly inside a container: the 01, or its fields. */
static void
put_record(struct schema *s, const struct field *root)
{
    if (root->name.n == 0) {
        for (const struct field *at = root->first; at != NULL; at = at->next)
            if (shows(s, at))
                put_property(s, at);
    } else if (shows(s, root)) {
        put_property(s, root);
    }
}

static bool
record_shows(struct schema *s, const struct field *root)
{
    bool is_shown = false;

    if (root->name.n > 0)
        return shows(s, root);
    for (const struct field *at = root->first; at != NULL && !is_shown;
         at = at->next)
        is_shown = shows(s, at);
    return is_shown;
}

static bool
segment_shows(struct schema *s, const struct service_segment *segment)
{
    size_t before = s->n_path;
    bool is_shown;

    if (segment->container.n > 0)
        before = enter(s, segment->container);
    is_shown = !is_hidden(s) && record_shows(s, segment->layout->root);
    leave(s, before);
    return is_shown;
}

static void
put_containers(struct schema *s, const struct service_message *message)
{
    bool any = false;

    for (size_t i = 0; i < message->n_segments; i++) {
        const struct service_segment *segment = &message->segments[i];
        size_t before;

        if (!segment_shows(s, segment))
            continue;
        any |= segment->is_required;
        before = enter(s, segment->container);
        jsonout_key(s->out, segment->container);
        jsonout_open(s->out, '{');
        put_type(s, "object");
        jsonout_key(s->out, STR("properties"));
        jsonout_open(s->out, '{');
        put_record(s, segment->layout->root);
        jsonout_close(s->out, '}');
        jsonout_close(s->out, '}');
        leave(s, before);
    }
    jsonout_close(s->out, '}');
    if (!any)
        return;
    jsonout_key(s->out, STR("required"));
    jsonout_open(s->out, '[');
    for (size_t i = 0; i < message->n_segments; i++)
        if (message->segments[i].is_required &&
            segment_shows(s, &message->segments[i]))
            jsonout_string(s->out, message->segments[i].container);
    jsonout_close(s->out, ']');
}

bool
schema_message(struct jsonout *out, const struct service_message *message,
               const struct schema_hidden *hidden, bool type_first)
{
    static const struct schema_hidden none;
    struct schema s = { .out = out,
                        .hidden = hidden == NULL ? &none : hidden,
                        .type_first = type_first };
    bool is_shown = false;

    if (message->root.n > 0)
        enter(&s, message->root);
    for (size_t i = 0; i < message->n_segments && !is_shown; i++)
        is_shown = segment_shows(&s, &message->segments[i]);
    if (!is_shown)
        return false;
    jsonout_open(out, '{');
    put_type(&s, "object");
    jsonout_key(out, STR("properties"));
    jsonout_open(out, '{');
    if (message->root.n > 0) {
        jsonout_key(out, message->root);
        jsonout_open(out, '{');
        put_type(&s, "object");
        jsonout_key(out, STR("properties"));
        jsonout_open(out, '{');
        put_containers(&s, message);
        jsonout_close(out, '}');
    } else {
        put_record(&s, message->segments[0].layout->root);
    }
    jsonout_close(out, '}');
    jsonout_close(out, '}');
    return true;
}
