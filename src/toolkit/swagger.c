#include "toolkit/swagger.h"

#include "artefact/package.h"
#include "parse/yaml.h"

#include <stdio.h>
#include <string.h>

struct reading {
    struct arena *arena;
    struct swagger *out;
    bool ignores_mime;
    struct err_info *why;
};

/* One step of "#/definitions/name": ~1 is "/", ~0 is "~". */
static const json_t *
step(const json_t *at, struct str token)
{
    char key[512];
    size_t n = 0;

    for (size_t i = 0; i < token.n && n + 1 < sizeof key; i++) {
        char c = token.p[i];

        if (c == '~' && i + 1 < token.n &&
            (token.p[i + 1] == '0' || token.p[i + 1] == '1'))
            c = token.p[++i] == '0' ? '~' : '/';
        key[n++] = c;
    }
    key[n] = '\0';
    return n + 1 == sizeof key ? NULL : json_object_get(at, key);
}

const json_t *
swagger_resolve(const json_t *root, const json_t *schema)
{
    for (uint32_t i = 0; i < SWAGGER_REFS_MAX; i++) {
        const char *ref = json_string_value(json_object_get(schema, "$ref"));
        struct str rest, token;

        if (ref == NULL)
            return schema;
        if (strncmp(ref, "#/", 2) != 0)
            return NULL;
        schema = root;
        rest = str_of(ref + 2);
        while (schema != NULL && str_token(&rest, '/', &token))
            schema = step(schema, token);
        if (schema == NULL)
            return NULL;
    }
    return NULL;
}

static struct str
text_of(struct reading *r, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    char number[64];

    if (json_is_real(value)) { /* version: 1.0 in YAML */
        snprintf(number, sizeof number, "%.15g", json_real_value(value));
        return str_fmt(r->arena, "%s%s", number,
                       strpbrk(number, ".e") == NULL ? ".0" : "");
    }
    if (json_is_integer(value))
        return str_fmt(r->arena, "%lld", (long long)json_integer_value(value));
    return str_dup(r->arena,
                   str_n(json_string_value(value), json_string_length(value)));
}

static bool
mentions_json(const json_t *list)
{
    const json_t *item;
    size_t i;

    if (!json_is_array(list) || json_array_size(list) == 0)
        return true;
    json_array_foreach((json_t *)(uintptr_t)list, i, item)
    {
        struct str type = str_of(json_string_value(item));

        if (str_find(type, STR("json")) != STR_NPOS || str_eq_z(type, "*/*"))
            return true;
    }
    return false;
}

static bool
speaks_json(struct reading *r, const json_t *operation, const char *key)
{
    const json_t *list = json_object_get(operation, key);

    return mentions_json(list != NULL ? list
                                      : json_object_get(r->out->root, key));
}

static enum err
add_parameter(struct reading *r, struct swagger_operation *op,
              const json_t *given)
{
    const json_t *p = swagger_resolve(r->out->root, given);
    struct str in = str_of(json_string_value(json_object_get(p, "in")));
    struct swagger_parameter *out = &op->parameters[op->n_parameters];

    *out = (struct swagger_parameter){
        .name = text_of(r, p, "name"),
        .is_required = json_is_true(json_object_get(p, "required")),
        .schema = p,
    };
    if (str_eq_z(in, "body")) {
        op->body = json_object_get(p, "schema");
        op->body_is_required = out->is_required;
        return ERR_OK;
    }
    if (str_eq_z(in, "path"))
        out->in = SWAGGER_PATH;
    else if (str_eq_z(in, "query"))
        out->in = SWAGGER_QUERY;
    else if (str_eq_z(in, "header"))
        out->in = SWAGGER_HEADER;
    else {
        op->refusal = str_eq_z(in, "formData")
                          ? "form parameters are not supported"
                          : "a parameter has no valid \"in\"";
        return ERR_OK;
    }
    if (out->name.n == 0)
        op->refusal = "a parameter has no name";
    /* The operation's own parameter replaces the path item's. */
    for (size_t i = 0; i < op->n_parameters; i++)
        if (op->parameters[i].in == out->in &&
            str_eq(op->parameters[i].name, out->name)) {
            op->parameters[i] = *out;
            return ERR_OK;
        }
    op->n_parameters++;
    return ERR_OK;
}

static enum err
read_parameters(struct reading *r, const json_t *item, const json_t *operation,
                struct swagger_operation *op)
{
    json_t *const lists[] = { json_object_get(item, "parameters"),
                              json_object_get(operation, "parameters") };
    size_t n = json_array_size(lists[0]) + json_array_size(lists[1]);

    op->parameters = ARENA_ARRAY(r->arena, struct swagger_parameter, n + 1);
    if (op->parameters == NULL)
        return err_set(r->why, ERR_MEMORY, "no storage");
    for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
        const json_t *p;
        size_t i;

        json_array_foreach(lists[k], i, p)
        {
            enum err e = add_parameter(r, op, p);

            if (e != ERR_OK)
                return e;
        }
    }
    return ERR_OK;
}

static void
read_response(struct reading *r, const json_t *operation,
              struct swagger_operation *op)
{
    json_t *responses = json_object_get(operation, "responses");
    const json_t *response;
    const char *code;

    json_object_foreach(responses, code, response)
    {
        uint64_t number;

        if (!str_to_u64(str_of(code), &number) || number < 200 ||
            number > 299 ||
            (op->response_code != 0 && number >= op->response_code))
            continue;
        op->response_code = (uint32_t)number;
        op->response =
            json_object_get(swagger_resolve(r->out->root, response), "schema");
    }
    if (op->response_code == 0)
        op->response_code = 200;
}

/* helloworld_hello_GET: words of base path and path, then the method. */
static struct str
make_id(struct reading *r, const struct swagger_operation *op)
{
    struct str source = str_fmt(r->arena, STR_FMT STR_FMT,
                                STR_ARG(r->out->base_path), STR_ARG(op->path));
    char *p = arena_alloc(r->arena, source.n + op->method.n + 2);
    size_t n = 0;

    if (p == NULL || source.p == NULL)
        return (struct str){ 0 };
    for (size_t i = 0; i < source.n; i++) {
        char c = source.p[i];
        bool is_word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                       (c >= 'a' && c <= 'z') || c == '-' || c == '.';

        if (is_word)
            p[n++] = c;
        else if (n > 0 && p[n - 1] != '_')
            p[n++] = '_';
    }
    if (n > 0 && p[n - 1] != '_')
        p[n++] = '_';
    memcpy(p + n, op->method.p, op->method.n);
    return str_n(p, n + op->method.n);
}

static enum err
read_operation(struct reading *r, const char *path, const json_t *item,
               const char *method, const json_t *operation)
{
    struct swagger_operation *op = &r->out->operations[r->out->n_operations];
    enum err e;

    if (r->out->n_operations == SWAGGER_OPERATIONS_MAX)
        return err_set(r->why, ERR_LIMIT, "more than %u operations",
                       SWAGGER_OPERATIONS_MAX);
    *op = (struct swagger_operation){
        .method = str_upper(r->arena, str_of(method)),
        .path = str_dup(r->arena, str_of(path)),
        .id = text_of(r, operation, "operationId"),
    };
    if (op->id.n == 0)
        op->id = make_id(r, op);
    if (!package_is_id(op->id))
        op->refusal = "its operationId cannot be a name";
    if (path[0] != '/')
        op->refusal = "its path does not begin with /";
    if (json_object_get(item, "$ref") != NULL)
        op->refusal = "a path item with $ref is not supported";
    for (size_t i = 0; i < r->out->n_operations; i++)
        if (str_eq(r->out->operations[i].id, op->id))
            op->refusal = "its operationId is used twice";
    if ((e = read_parameters(r, item, operation, op)) != ERR_OK)
        return e;
    read_response(r, operation, op);
    if (!r->ignores_mime &&
        ((op->body != NULL && !speaks_json(r, operation, "consumes")) ||
         (op->response != NULL && !speaks_json(r, operation, "produces"))))
        op->refusal = "it does not consume or produce JSON";
    r->out->n_operations++;
    return ERR_OK;
}

static bool
is_method(const char *key)
{
    static const char *const methods[] = { "get",  "put",     "post", "delete",
                                           "head", "options", "patch" };

    for (size_t i = 0; i < ARRAY_LEN(methods); i++)
        if (strcmp(key, methods[i]) == 0)
            return true;
    return false;
}

static enum err
read_paths(struct reading *r)
{
    json_t *paths = json_object_get(r->out->root, "paths"), *item;
    const char *path;

    if (!json_is_object(paths))
        return err_set(r->why, ERR_SYNTAX, "no \"paths\"");
    r->out->operations =
        ARENA_ARRAY(r->arena, struct swagger_operation, SWAGGER_OPERATIONS_MAX);
    if (r->out->operations == NULL)
        return err_set(r->why, ERR_MEMORY, "no storage");
    json_object_foreach(paths, path, item)
    {
        const json_t *operation;
        const char *method;

        json_object_foreach(item, method, operation)
        {
            enum err e;

            if (!is_method(method))
                continue;
            e = read_operation(r, path, item, method, operation);
            if (e != ERR_OK)
                return e;
        }
    }
    return ERR_OK;
}

static enum err
parse(struct str text, struct str file, json_t **out, struct err_info *why)
{
    json_error_t error;

    if (str_ends(file, STR(".yaml")) || str_ends(file, STR(".yml")))
        return yaml_to_json(text, out, why);
    *out = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &error);
    if (*out == NULL)
        return err_pos(why, ERR_SYNTAX, (uint32_t)error.line,
                       (uint32_t)error.column, "line %d, column %d: %s",
                       error.line, error.column, error.text);
    return ERR_OK;
}

enum err
swagger_read(struct arena *arena, struct str text, struct str file,
             bool ignores_mime, struct swagger *out, struct err_info *why)
{
    struct swagger swagger = { 0 };
    struct reading r = { arena, &swagger, ignores_mime, why };
    const json_t *info;
    struct str version;
    enum err e = parse(text, file, &swagger.root, why);

    if (e != ERR_OK)
        return e;
    info = json_object_get(swagger.root, "info");
    version = text_of(&r, swagger.root, "swagger");
    swagger.title = text_of(&r, info, "title");
    swagger.version = text_of(&r, info, "version");
    swagger.description = text_of(&r, info, "description");
    swagger.base_path = text_of(&r, swagger.root, "basePath");
    while (str_ends(swagger.base_path, STR("/")))
        swagger.base_path.n--;
    if (!str_eq_z(version, "2.0"))
        e = err_set(why, ERR_UNSUPPORTED,
                    "swagger is \"" STR_FMT "\": expected 2.0",
                    STR_ARG(version));
    else if (swagger.title.n == 0 || swagger.version.n == 0)
        e = err_set(why, ERR_SYNTAX, "info has no title or no version");
    else if (swagger.base_path.n > 0 && swagger.base_path.p[0] != '/')
        e = err_set(why, ERR_SYNTAX, "basePath does not begin with /");
    else
        e = read_paths(&r);
    if (e != ERR_OK)
        swagger_fini(&swagger);
    else
        *out = swagger;
    return e;
}

void
swagger_fini(struct swagger *swagger)
{
    json_decref(swagger->root);
    swagger->root = NULL;
}
