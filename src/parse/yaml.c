#include "parse/yaml.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct builder {
    yaml_parser_t parser;
    struct level {
        json_t *value; /* array or object, owned by its parent */
        json_t *key;   /* of an object: the key that waits for its value */
    } levels[YAML_DEPTH_MAX];
    uint32_t depth;
    uint32_t n_nodes;
    json_t *root;
};

static enum err
at_mark(struct err_info *why, enum err code, const yaml_mark_t *mark,
        const char *text)
{
    return err_pos(why, code, (uint32_t)mark->line + 1,
                   (uint32_t)mark->column + 1, "line %zu, column %zu: %s",
                   mark->line + 1, mark->column + 1, text);
}

static bool
is_one_of(struct str text, const char *const words[], size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq_z(text, words[i]))
            return true;
    return false;
}

/* A number of the core schema: [-+]? digits, optionally "." digits and
 * exponent. ".inf" and ".nan" are no JSON and stay strings. */
static json_t *
plain_number(struct str text)
{
    const char *digits = "0123456789";
    size_t at = text.p[0] == '-' || text.p[0] == '+' ? 1 : 0;
    size_t whole = strspn(text.p + at, digits), fraction = 0;
    int64_t integer;
    char *end;
    double real;

    if (at + whole == text.n && whole > 0 &&
        str_to_i64(str_sub(text, text.p[0] == '+' ? 1 : 0, text.n), &integer))
        return json_integer(integer);
    at += whole;
    if (text.p[at] == '.') {
        fraction = strspn(text.p + at + 1, digits);
        at += 1 + fraction;
    }
    if (whole + fraction == 0)
        return NULL;
    if (text.p[at] == 'e' || text.p[at] == 'E') {
        size_t power;

        at++;
        if (text.p[at] == '-' || text.p[at] == '+')
            at++;
        power = strspn(text.p + at, digits);
        if (power == 0)
            return NULL;
        at += power;
    }
    if (at != text.n)
        return NULL;
    real = strtod(text.p, &end);
    return isfinite(real) ? json_real(real) : NULL;
}

static json_t *
plain_value(struct str text)
{
    static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };
    static const char *const trues[] = { "true", "True", "TRUE" };
    static const char *const falses[] = { "false", "False", "FALSE" };
    json_t *number;

    if (is_one_of(text, nulls, ARRAY_LEN(nulls)))
        return json_null();
    if (is_one_of(text, trues, ARRAY_LEN(trues)))
        return json_true();
    if (is_one_of(text, falses, ARRAY_LEN(falses)))
        return json_false();
    number = plain_number(text);
    return number != NULL ? number : json_stringn(text.p, text.n);
}

/* Steals `value`. */
static enum err
put_value(struct builder *b, json_t *value, const yaml_mark_t *mark,
          struct err_info *why)
{
    struct level *top;
    const char *key;
    int failed;

    if (value == NULL)
        return at_mark(why, ERR_SYNTAX, mark, "text is not UTF-8");
    if (++b->n_nodes > YAML_NODES_MAX) {
        json_decref(value);
        return at_mark(why, ERR_LIMIT, mark, "too many nodes");
    }
    if (b->depth == 0) {
        b->root = value;
        return ERR_OK;
    }
    top = &b->levels[b->depth - 1];
    if (json_is_array(top->value))
        return json_array_append_new(top->value, value) == 0
                   ? ERR_OK
                   : err_set(why, ERR_MEMORY, "no storage");
    key = json_string_value(top->key);
    failed = json_object_setn_new(top->value, key, json_string_length(top->key),
                                  value);
    json_decref(top->key);
    top->key = NULL;
    return failed == 0 ? ERR_OK : err_set(why, ERR_MEMORY, "no storage");
}

static enum err
put_key(struct builder *b, struct str text, const yaml_mark_t *mark,
        struct err_info *why)
{
    struct level *top = &b->levels[b->depth - 1];

    if (memchr(text.p, '\0', text.n) != NULL)
        return at_mark(why, ERR_SYNTAX, mark, "key with a NUL character");
    if (json_object_get(top->value, text.p) != NULL)
        return at_mark(why, ERR_SYNTAX, mark, "key stands here twice");
    top->key = json_stringn(text.p, text.n);
    return top->key != NULL
               ? ERR_OK
               : at_mark(why, ERR_SYNTAX, mark, "text is not UTF-8");
}

static bool
wants_key(const struct builder *b)
{
    return b->depth > 0 && json_is_object(b->levels[b->depth - 1].value) &&
           b->levels[b->depth - 1].key == NULL;
}

static enum err
on_scalar(struct builder *b, const yaml_event_t *event, struct err_info *why)
{
    struct str text =
        str_n(event->data.scalar.value, event->data.scalar.length);
    struct str tag = str_of((const char *)event->data.scalar.tag);
    bool is_string = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;

    if (event->data.scalar.anchor != NULL)
        return at_mark(why, ERR_UNSUPPORTED, &event->start_mark,
                       "anchors are not supported");
    if (tag.n > 0) {
        if (str_eq_z(tag, YAML_STR_TAG) || str_eq_z(tag, "!"))
            is_string = true;
        else
            return at_mark(why, ERR_UNSUPPORTED, &event->start_mark,
                           "tags are not supported");
    }
    if (wants_key(b))
        return put_key(b, text, &event->start_mark, why);
    return put_value(
        b, is_string ? json_stringn(text.p, text.n) : plain_value(text),
        &event->start_mark, why);
}

static enum err
on_start(struct builder *b, const yaml_event_t *event, bool is_object,
         struct err_info *why)
{
    const yaml_char_t *anchor = is_object ? event->data.mapping_start.anchor
                                          : event->data.sequence_start.anchor;
    const yaml_char_t *tag = is_object ? event->data.mapping_start.tag
                                       : event->data.sequence_start.tag;
    json_t *value;
    enum err e;

    if (anchor != NULL || tag != NULL)
        return at_mark(why, ERR_UNSUPPORTED, &event->start_mark,
                       "anchors and tags are not supported");
    if (wants_key(b))
        return at_mark(why, ERR_SYNTAX, &event->start_mark,
                       "a mapping key must be a scalar");
    if (b->depth == YAML_DEPTH_MAX)
        return at_mark(why, ERR_LIMIT, &event->start_mark, "nested too deeply");
    value = is_object ? json_object() : json_array();
    if (value == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    e = put_value(b, value, &event->start_mark, why);
    if (e == ERR_OK)
        b->levels[b->depth++] = (struct level){ .value = value };
    return e;
}

static enum err
on_event(struct builder *b, const yaml_event_t *event, struct err_info *why)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return on_scalar(b, event, why);
    case YAML_SEQUENCE_START_EVENT:
        return on_start(b, event, false, why);
    case YAML_MAPPING_START_EVENT:
        return on_start(b, event, true, why);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        b->depth--;
        return ERR_OK;
    case YAML_ALIAS_EVENT:
        return at_mark(why, ERR_UNSUPPORTED, &event->start_mark,
                       "aliases are not supported");
    case YAML_DOCUMENT_START_EVENT:
        return b->root == NULL
                   ? ERR_OK
                   : at_mark(why, ERR_UNSUPPORTED, &event->start_mark,
                             "a second document");
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return ERR_OK;
    }
    return ERR_OK;
}

static enum err
parse_failed(const yaml_parser_t *parser, struct err_info *why)
{
    if (parser->error == YAML_MEMORY_ERROR)
        return err_set(why, ERR_MEMORY, "no storage");
    return at_mark(why, ERR_SYNTAX, &parser->problem_mark,
                   parser->problem == NULL ? "not YAML" : parser->problem);
}

enum err
yaml_to_json(struct str text, json_t **out, struct err_info *why)
{
    struct builder *b;
    bool is_done = false;
    enum err e = ERR_OK;

    if (text.n > YAML_BYTES_MAX)
        return err_set(why, ERR_LIMIT, "%zu bytes, at most %zu", text.n,
                       YAML_BYTES_MAX);
    b = calloc(1, sizeof *b);
    if (b == NULL || yaml_parser_initialize(&b->parser) == 0) {
        free(b);
        return err_set(why, ERR_MEMORY, "no storage");
    }
    yaml_parser_set_input_string(&b->parser, (const unsigned char *)text.p,
                                 text.n);
    while (!is_done && e == ERR_OK) {
        yaml_event_t event;

        if (yaml_parser_parse(&b->parser, &event) == 0) {
            e = parse_failed(&b->parser, why);
            break;
        }
        is_done = event.type == YAML_STREAM_END_EVENT;
        e = on_event(b, &event, why);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&b->parser);
    if (e == ERR_OK && b->root == NULL)
        e = err_set(why, ERR_SYNTAX, "no document");
    for (uint32_t i = 0; i < b->depth; i++)
        json_decref(b->levels[i].key);
    if (e == ERR_OK)
        *out = b->root;
    else
        json_decref(b->root);
    free(b);
    return e;
}
