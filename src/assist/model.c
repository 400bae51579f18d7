/* From JSON to objects. What names what is resolved in links.c. */
#include "assist/links.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "assist/header.h"
#include "assist/param.h"
#include "assist/schema.h"

#define STORE_ARENA_MAX ((size_t)256 << 20)

/* --- values ------------------------------------------------------------- */

static const char *
type_of(const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
        return "a number";
    case JSON_REAL:
        return "a fraction";
    case JSON_TRUE:
    case JSON_FALSE:
        return "true or false";
    case JSON_NULL:
        break;
    }
    return "null";
}

/* A value as a policy writes it: true is On. */
static bool
text_of(struct links *l, struct str path, const json_t *v, struct str *out)
{
    if (json_is_string(v))
        *out = str_dup(l->arena,
                       str_n(json_string_value(v), json_string_length(v)));
    else if (json_is_integer(v))
        *out = str_fmt(l->arena, "%lld", (long long)json_integer_value(v));
    else if (json_is_boolean(v))
        *out = json_is_true(v) ? STR("On") : STR("Off");
    else
        return links_error(l, path,
                           "found %s, expected a string, a number, or true or "
                           "false",
                           type_of(v));
    return out->p != NULL || links_no_memory(l);
}

/* 1 to max of letters, digits and `others`. */
static bool
is_word(struct str s, size_t max, bool is_upper, const char *others)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              (!is_upper && c >= 'a' && c <= 'z') ||
              (c != '\0' && strchr(others, c) != NULL)))
            return false;
    }
    return s.n > 0 && s.n <= max && s.p[0] != ' ' && s.p[s.n - 1] != ' ';
}

bool
store_is_name(struct str name)
{
    return is_word(name, STORE_NAME_MAX, false, " _-.$@");
}

bool
store_is_system(struct str name)
{
    return is_word(name, 8, true, "$@#");
}

static bool
is_release(struct str s)
{
    return s.n == 4 && s.p[0] == 'V' && s.p[1] >= '1' && s.p[1] <= '9' &&
           s.p[2] == 'R' && s.p[3] >= '1' && s.p[3] <= '9';
}

static void
read_name(struct links *l, struct str path, const struct field *f,
          const json_t *v, struct str *out)
{
    struct str s = str_of(json_string_value(v));
    const char *expected =
        f->kind == SYSTEM    ? "1 to 8 of A-Z, 0-9, $ @ #"
        : f->kind == RELEASE ? "a release such as V2R3"
                             : "1 to 32 letters, digits, blanks (not first or "
                               "last), or _ - . $ @";
    bool is_good = f->kind == SYSTEM    ? store_is_system(s)
                   : f->kind == RELEASE ? is_release(s)
                                        : store_is_name(s);

    if (!json_is_string(v))
        IGNORE(links_error(l, path, "found %s, expected %s", type_of(v),
                           expected));
    else if (!is_good)
        IGNORE(links_error(l, path, "found \"%s\", expected %s",
                           links_cut(l, s), expected));
    else if ((*out = str_dup(l->arena, s)).p == NULL)
        IGNORE(links_no_memory(l));
}

static bool
read_value(struct links *l, struct str path, const struct field *f,
           const json_t *v, struct str *out)
{
    char why[PARAM_WHY_MAX];
    const char *keyword = f->keyword;
    enum ttls_stmt stmt = f->stmt;

    if (!text_of(l, path, v, out))
        return false;
    if (f->kind == REF)
        return true;
    if (f->kind == HISTORY)
        return header_is_history(*out) ||
               links_error(l, path,
                           "found \"%s\", expected a line such as "
                           "2020-06-12 14:18:57 : Save To Disk",
                           links_cut(l, *out));
    if (f->kind == PORTS && str_eq(*out, STR("ephemeral")))
        *out = STR(STORE_EPHEMERAL);
    if (f->kind == ADDRESSES)
        stmt = param_of_address(*out, &keyword);
    return param_check(stmt, keyword, *out, why) ||
           links_error(l, path, "%s", why);
}

/* A list's length when it may be one; 0 and said otherwise. */
static size_t
list_of(struct links *l, struct str path, const json_t *v)
{
    size_t n = json_array_size(v);

    if (!json_is_array(v))
        IGNORE(links_error(l, path, "found %s, expected a list", type_of(v)));
    else if (n > STORE_ITEMS_MAX)
        IGNORE(links_error(l, path, "found %zu items, expected at most %u", n,
                           STORE_ITEMS_MAX));
    return n > STORE_ITEMS_MAX ? 0 : n;
}

static void
read_values(struct links *l, struct str path, const struct field *f,
            const json_t *v, struct store_texts *out)
{
    bool is_one = !json_is_array(v) && f->kind == PORTS;
    size_t n = is_one ? 1 : list_of(l, path, v);
    struct str *texts = ARENA_ARRAY(l->arena, struct str, n + 1);

    if (is_one && str_eq(str_of(json_string_value(v)), STR("all")))
        return;
    if (json_is_array(v) && json_array_size(v) == 0)
        IGNORE(links_error(l, path,
                           "found an empty list, expected at least "
                           "one item"));
    if (texts == NULL) {
        IGNORE(links_no_memory(l));
        return;
    }
    for (size_t i = 0; i < n; i++)
        IGNORE(read_value(l, is_one ? path : links_item(l, path, i), f,
                          is_one ? v : json_array_get(v, i), &texts[i]));
    *out = (struct store_texts){ texts, n };
}

static void
read_bits(struct links *l, struct str path, const struct field *f,
          const json_t *v, uint32_t *out)
{
    const struct word *words = f->words;
    size_t n = list_of(l, path, v);

    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(v, i);
        const char *text = json_string_value(item);
        const struct word *w = words;
        char all[128] = "";

        while (w->text != NULL && (text == NULL || strcmp(text, w->text) != 0))
            w++;
        *out |= w->bit;
        if (w->text != NULL)
            continue;
        for (w = words; w->text != NULL; w++)
            (void)snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s",
                           w == words ? "" : ", ", w->text);
        IGNORE(links_error(l, links_item(l, path, i),
                           "found \"%s\", expected one of %s",
                           links_cut(l, str_of(text)), all));
    }
}

/* One keyword, and its value or values. */
static void
read_parameter(struct links *l, struct str path, const char *key,
               const json_t *v, struct store_param *out, size_t *n)
{
    struct str at = links_key(l, path, key);
    struct field f = { .kind = VALUE };
    const char *field = NULL;

    f.keyword = schema_advanced(str_of(key), &f.stmt, &field);
    if (f.keyword == NULL) {
        IGNORE(links_error(l, at,
                           field == NULL
                               ? "found \"%s\", expected a parameter of a "
                                 "policy's actions, and no secret%.0s"
                               : "found \"%s\", expected the key %s in its "
                                 "place",
                           links_cut(l, str_of(key)), field));
        return;
    }
    for (size_t i = 0; i == 0 || (json_is_array(v) && i < json_array_size(v));
         i++) {
        out[*n] = (struct store_param){ .stmt = f.stmt, .keyword = f.keyword };
        if (!read_value(l, json_is_array(v) ? links_item(l, at, i) : at, &f,
                        json_is_array(v) ? json_array_get(v, i) : v,
                        &out[*n].text))
            return;
        (*n)++;
    }
}

static void
read_advanced(struct links *l, struct str path, const json_t *v,
              struct store_params *out)
{
    struct store_param *params;
    const char *key;
    json_t *value;
    size_t n = 0, max = 0;

    if (!json_is_object(v)) {
        IGNORE(
            links_error(l, path, "found %s, expected an object", type_of(v)));
        return;
    }
    json_object_foreach((json_t *)(uintptr_t)v, key, value)
    {
        if (json_is_array(value) &&
            (json_array_size(value) == 0 ||
             json_array_size(value) > STORE_ITEMS_MAX)) {
            IGNORE(links_error(l, links_key(l, path, key),
                               "found %zu items, expected 1 to %u",
                               json_array_size(value), STORE_ITEMS_MAX));
            return;
        }
        max += json_is_array(value) ? json_array_size(value) : 1;
    }
    params = ARENA_ARRAY(l->arena, struct store_param, max + 1);
    if (params == NULL) {
        IGNORE(links_no_memory(l));
        return;
    }
    json_object_foreach((json_t *)(uintptr_t)v, key, value)
    {
        read_parameter(l, path, key, value, params, &n);
    }
    *out = (struct store_params){ params, n };
}

/* --- objects ------------------------------------------------------------ */

static void read_object(struct links *, struct str path, const struct schema *,
                        const json_t *, void *out);

static void
read_list(struct links *l, struct str path, const struct schema *item,
          const json_t *v, void *out)
{
    size_t n = list_of(l, path, v);
    char *items = arena_array(l->arena, n + 1, item->bytes);

    if (items == NULL) {
        IGNORE(links_no_memory(l));
        return;
    }
    for (size_t i = 0; i < n; i++) {
        struct str at = links_item(l, path, i);

        ((struct store_obj *)(void *)(items + i * item->bytes))->path = at;
        read_object(l, at, item, json_array_get(v, i), items + i * item->bytes);
    }
    *(void **)out = items;
    memcpy((char *)out + sizeof(void *), &n, sizeof n);
}

static void
read_field(struct links *l, struct str path, const struct field *f,
           const json_t *v, void *out)
{
    struct store_bits *bits = out;

    switch (f->kind) {
    case NAME:
    case SYSTEM:
    case RELEASE:
        read_name(l, path, f, v, out);
        break;
    case REF:
    case VALUE:
        IGNORE(read_value(l, path, f, v, out));
        break;
    case VALUES:
    case PORTS:
    case ADDRESSES:
    case HISTORY:
        read_values(l, path, f, v, out);
        break;
    case BITS:
        read_bits(l, path, f, v, out);
        break;
    case GIVEN_BITS:
        bits->is_given = true;
        read_bits(l, path, f, v, &bits->bits);
        break;
    case ADVANCED:
        read_advanced(l, path, v, out);
        break;
    case LIST:
        read_list(l, path, f->item, v, out);
        break;
    }
}

static void
unknown_key(struct links *l, struct str path, const struct schema *schema,
            const char *key)
{
    char all[512] = "";

    for (size_t i = 0; i < schema->n_fields; i++)
        (void)snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s",
                       i == 0 ? "" : ", ", schema->fields[i].key);
    IGNORE(links_error(l, path, "found the key \"%s\", expected one of %s",
                       links_cut(l, str_of(key)), all));
}

static void
read_object(struct links *l, struct str path, const struct schema *schema,
            const json_t *v, void *out)
{
    const char *key;
    json_t *value;

    if (!json_is_object(v)) {
        IGNORE(
            links_error(l, path, "found %s, expected an object", type_of(v)));
        return;
    }
    json_object_foreach((json_t *)(uintptr_t)v, key, value)
    {
        size_t i = 0;

        while (i < schema->n_fields && strcmp(schema->fields[i].key, key) != 0)
            i++;
        if (i == schema->n_fields)
            unknown_key(l, path, schema, key);
    }
    for (size_t i = 0; i < schema->n_fields; i++) {
        const struct field *f = &schema->fields[i];
        struct str at = links_key(l, path, f->key);

        value = json_object_get(v, f->key);
        if (value != NULL)
            read_field(l, at, f, value, (char *)out + f->offset);
        else if (f->flags & MUST)
            IGNORE(links_error(l, at, "is missing"));
    }
}

/* "schema" is the file's, not an object's: it is judged first, and taken out
 * of what the tables then describe. */
static bool
schema_fits(struct links *l, json_t *root)
{
    const json_t *v = json_object_get(root, "schema");

    if (json_is_object(root) && v == NULL)
        return links_error(l, STR("schema"), "is missing; expected %d",
                           STORE_SCHEMA);
    if (v != NULL &&
        (!json_is_integer(v) || json_integer_value(v) != STORE_SCHEMA))
        return links_error(l, STR("schema"),
                           "found %s, expected %d: the file is of another "
                           "version, or no backing store",
                           json_is_integer(v) ? "another number" : type_of(v),
                           STORE_SCHEMA);
    IGNORE(json_object_del(root, "schema"));
    return true;
}

enum err
store_parse(struct str json, store_diag diag, void *arg, struct store **out,
            struct err_info *why)
{
    struct store *store = calloc(1, sizeof *store);
    struct links links = { .diag = diag, .arg = arg };
    json_error_t error;
    json_t *root = NULL;
    enum err e;

    if (store == NULL)
        return err_set(why, ERR_MEMORY, "no storage for the backing store");
    arena_init(&store->arena, STORE_ARENA_MAX);
    links.arena = &store->arena;
    store->obj.path = STR("");
    if (json.n > STORE_FILE_MAX)
        IGNORE(links_error(&links, STR(""),
                           "found %zu bytes, expected at most "
                           "%u",
                           json.n, STORE_FILE_MAX));
    else if ((root = json_loadb(json.p == NULL ? "" : json.p, json.n,
                                JSON_REJECT_DUPLICATES, &error)) == NULL)
        IGNORE(links_error(&links, STR(""),
                           "line %d, column %d: %s; expected "
                           "JSON",
                           error.line, error.column,
                           links_cut(&links, str_of(error.text))));
    else if (schema_fits(&links, root)) {
        read_object(&links, STR(""), &store_schema, root, store);
        if (links.n_errors == 0 && !links.no_memory)
            links_resolve(&links, store);
    }
    json_decref(root);
    e = links.no_memory ? err_set(why, ERR_MEMORY,
                                  "no storage for the "
                                  "backing store")
        : links.n_errors > 0
            ? err_set(why, ERR_SYNTAX, "the backing store has %zu error%s",
                      links.n_errors, links.n_errors == 1 ? "" : "s")
            : ERR_OK;
    if (e == ERR_OK)
        *out = store;
    else
        store_free(&store);
    return e;
}

void
store_free(struct store **store)
{
    if (*store == NULL)
        return;
    arena_fini(&(*store)->arena);
    free(*store);
    *store = NULL;
}
