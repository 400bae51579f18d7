#include "gateway/mbean_body.h"

#include "parse/json_read.h"

#define PARAMS 3u /* of notifyFileChanges */

bool
mbean_call_of(struct str operation, enum mbean_call *out)
{
    static const struct {
        const char *name;
        enum mbean_call call;
    } rows[] = {
        { "processConfigurationChanges", MBEAN_CONFIGURATION },
        { "processApplicationChanges", MBEAN_APPLICATIONS },
        { "notifyFileChanges", MBEAN_FILES },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (str_eq_z(operation, rows[i].name)) {
            *out = rows[i].call;
            return true;
        }
    return false;
}

struct reading {
    struct json_reader in;
    struct arena *arena;
    struct mbean_notice *out;
    struct err_info *why;
    unsigned n_params, n_signature;
};

static enum err
unexpected(struct reading *r, const char *what)
{
    return err_at(r->why, ERR_SYNTAX, r->in.pos, "expected %s", what);
}

static enum err
expect(struct reading *r, enum json_event wanted, const char *what)
{
    enum json_event event;
    enum err e = json_next(&r->in, &event, r->why);

    if (e != ERR_OK)
        return e;
    return event == wanted ? ERR_OK : unexpected(r, what);
}

static enum err
add_path(struct reading *r)
{
    struct mbean_notice *out = r->out;
    struct buf text;
    enum err e;

    if (out->n_paths == MBEAN_PATHS_MAX)
        return err_at(r->why, ERR_LIMIT, r->in.pos, "more than %u paths",
                      MBEAN_PATHS_MAX);
    if (out->paths == NULL)
        out->paths = ARENA_ARRAY(r->arena, struct str, MBEAN_PATHS_MAX);
    if (out->paths == NULL)
        return err_set(r->why, ERR_MEMORY, "no storage for paths");
    buf_init(&text, MBEAN_PATH_MAX);
    e = json_unescape(r->in.text, &text, r->why);
    if (e == ERR_OK) {
        struct str path = str_dup(r->arena, buf_view(&text));

        if (path.p == NULL)
            e = err_set(r->why, ERR_MEMORY, "no storage for paths");
        else
            out->paths[out->n_paths++] = path;
    }
    buf_fini(&text);
    return e;
}

/* [ "...", ... ] or null; each string is a path, or is the one expected. */
static enum err
read_strings(struct reading *r, const char *only, size_t *n)
{
    enum json_event event;
    enum err e = json_next(&r->in, &event, r->why);

    *n = 0;
    if (e != ERR_OK || event == JSON_NULL)
        return e;
    if (event != JSON_ARRAY)
        return unexpected(r, "an array of strings");
    for (;; (*n)++) {
        if ((e = json_next(&r->in, &event, r->why)) != ERR_OK ||
            event == JSON_ARRAY_END)
            return e;
        if (event != JSON_STRING)
            return unexpected(r, "a string");
        if (only == NULL)
            e = add_path(r);
        else if (!json_equals(&r->in, str_of(only)))
            e = unexpected(r, only);
        if (e != ERR_OK)
            return e;
    }
}

/* {"className":"java.util.ArrayList","items":[...]} or null */
static enum err
read_type(struct reading *r, size_t *n_items)
{
    static const char *const collections[] = {
        "java.util.ArrayList", "java.util.LinkedList",    "java.util.Vector",
        "java.util.HashSet",   "java.util.LinkedHashSet", "java.util.TreeSet",
    };
    enum json_event event;
    bool is_collection = false;
    enum err e = json_next(&r->in, &event, r->why);

    *n_items = 0;
    if (e != ERR_OK || event == JSON_NULL)
        return e;
    if (event != JSON_OBJECT)
        return unexpected(r, "a type");
    for (;;) {
        if ((e = json_next(&r->in, &event, r->why)) != ERR_OK)
            return e;
        if (event == JSON_OBJECT_END)
            return is_collection ? ERR_OK
                                 : unexpected(r, "a className in the type");
        if (json_equals(&r->in, STR("className"))) {
            if ((e = expect(r, JSON_STRING, "the name of a class")) != ERR_OK)
                return e;
            for (size_t i = 0; i < ARRAY_LEN(collections) && !is_collection;
                 i++)
                is_collection = json_equals(&r->in, str_of(collections[i]));
            if (!is_collection)
                return unexpected(r, "a collection of java.util");
        } else if (json_equals(&r->in, STR("items"))) {
            e = read_strings(r, "java.lang.String", n_items);
            if (e != ERR_OK)
                return e;
        } else {
            return unexpected(r, "className or items");
        }
    }
}

/* {"value":[...],"type":{...}} or null */
static enum err
read_param(struct reading *r)
{
    size_t n_values = 0, n_items = 0;
    enum json_event event;
    enum err e;

    for (;;) {
        if ((e = json_next(&r->in, &event, r->why)) != ERR_OK)
            return e;
        if (event == JSON_OBJECT_END)
            return n_values == n_items
                       ? ERR_OK
                       : unexpected(r, "an item of the type for each value");
        if (json_equals(&r->in, STR("value")))
            e = read_strings(r, NULL, &n_values);
        else if (json_equals(&r->in, STR("type")))
            e = read_type(r, &n_items);
        else
            e = unexpected(r, "value or type");
        if (e != ERR_OK)
            return e;
    }
}

static enum err
read_params(struct reading *r)
{
    enum json_event event;
    enum err e = expect(r, JSON_ARRAY, "an array of parameters");

    while (e == ERR_OK) {
        if ((e = json_next(&r->in, &event, r->why)) != ERR_OK ||
            event == JSON_ARRAY_END)
            return e;
        r->n_params++;
        if (r->out->call != MBEAN_FILES || r->n_params > PARAMS)
            return err_at(r->why, ERR_NOT_FOUND, r->in.pos,
                          "the operation has not so many parameters");
        if (event == JSON_NULL)
            continue;
        e = event == JSON_OBJECT ? read_param(r) : unexpected(r, "a parameter");
    }
    return e;
}

static enum err
read_signature(struct reading *r)
{
    enum json_event event;
    enum err e = expect(r, JSON_ARRAY, "an array of class names");

    while (e == ERR_OK) {
        if ((e = json_next(&r->in, &event, r->why)) != ERR_OK ||
            event == JSON_ARRAY_END)
            return e;
        if (event != JSON_STRING)
            return unexpected(r, "the name of a class");
        r->n_signature++;
        if (r->out->call != MBEAN_FILES || r->n_signature > PARAMS ||
            !json_equals(&r->in, STR("java.util.Collection")))
            return err_at(r->why, ERR_NOT_FOUND, r->in.pos,
                          "the operation has another signature");
    }
    return e;
}

static enum err
read_body(struct reading *r)
{
    bool has_params = false, has_signature = false;
    enum json_event event;
    enum err e = expect(r, JSON_OBJECT, "an object");

    while (e == ERR_OK) {
        if ((e = json_next(&r->in, &event, r->why)) != ERR_OK)
            return e;
        if (event == JSON_OBJECT_END)
            return expect(r, JSON_END, "nothing more");
        if (!has_params && json_equals(&r->in, STR("params"))) {
            has_params = true;
            e = read_params(r);
        } else if (!has_signature && json_equals(&r->in, STR("signature"))) {
            has_signature = true;
            e = read_signature(r);
        } else {
            return unexpected(r, "params or signature, once");
        }
    }
    return e;
}

enum err
mbean_body_parse(struct arena *arena, enum mbean_call call, struct str body,
                 struct mbean_notice *out, struct err_info *why)
{
    unsigned wanted = call == MBEAN_FILES ? PARAMS : 0;
    struct mbean_notice notice = { .call = call };
    struct reading r = { .arena = arena, .out = &notice, .why = why };
    enum err e;

    json_reader_init(&r.in, body);
    if ((e = read_body(&r)) != ERR_OK)
        return e;
    if (r.n_params != wanted || r.n_signature != wanted)
        return err_set(why, ERR_NOT_FOUND,
                       "the operation has %u parameters, not %u with a "
                       "signature of %u",
                       wanted, r.n_params, r.n_signature);
    *out = notice;
    return ERR_OK;
}
