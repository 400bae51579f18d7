/* The Swagger 2.0 document of an API, from its maps and services. */
#include "parse/textout.h"
#include "toolkit/schema.h"
#include "toolkit/toolkit.h"

struct writing {
    struct toolkit *tk;
    struct jsonout j;
    const struct api *api;
    const struct service *const *service_of;
};

static void
text(struct writing *w, const char *key, struct str value)
{
    jsonout_key(&w->j, str_of(key));
    jsonout_string(&w->j, value);
}

static void
list(struct writing *w, const char *key, const char *a, const char *b)
{
    jsonout_key(&w->j, str_of(key));
    jsonout_open(&w->j, '[');
    jsonout_string(&w->j, str_of(a));
    if (b != NULL)
        jsonout_string(&w->j, str_of(b));
    jsonout_close(&w->j, ']');
}

static void
flag(struct writing *w, const char *key, bool value)
{
    jsonout_key(&w->j, str_of(key));
    jsonout_raw(&w->j, value ? STR("true") : STR("false"));
}

/* Moved-to, removed, and assigned with omitFromInterface: not in the
 * document. omitted is NULL for a response. */
static struct schema_hidden
hidden_of(struct writing *w, const struct map_update *updates,
          const bool *omitted, size_t n)
{
    struct str *paths = ARENA_ARRAY(&w->tk->arena, struct str, n + 1);
    struct schema_hidden hidden = { .paths = paths };

    if (paths == NULL)
        return hidden;
    for (size_t i = 0; i < n; i++) {
        bool is_request = omitted != NULL;
        bool is_gone =
            updates[i].kind == MAP_REMOVE ||
            (is_request && (updates[i].kind == MAP_MOVE || omitted[i]));

        if (is_gone && updates[i].target.n > 0)
            paths[hidden.n++] = updates[i].target;
    }
    return hidden;
}

static const struct field *
target_field(const struct service *service, struct str path)
{
    const struct service_message *m = &service->request;
    struct str name, rest = path;

    if (m->root.n > 0 && !str_token(&rest, '/', &name))
        return NULL;
    for (size_t i = 0; i < m->n_segments; i++) {
        struct str below = rest;

        if (m->segments[i].container.n > 0 &&
            (!str_token(&below, '/', &name) ||
             !str_eq(name, m->segments[i].container)))
            continue;
        return layout_find_path(m->segments[i].layout, below);
    }
    return NULL;
}

static void
put_parameter(struct writing *w, const struct api_operation *op,
              const struct service *service, struct str name,
              enum map_where where, bool is_required)
{
    uint32_t length = 0;

    for (size_t i = 0; i < op->n_updates; i++) {
        const struct map_update *u = &op->updates[i];
        const struct field *field;

        if (u->kind != MAP_MOVE || u->where != where || !str_eq(u->name, name))
            continue;
        field = target_field(service, u->target);
        if (field != NULL)
            length = schema_max_length(field);
    }
    jsonout_open(&w->j, '{');
    text(w, "name", name);
    text(w, "in",
         where == MAP_PATH    ? STR("path")
         : where == MAP_QUERY ? STR("query")
                              : STR("header"));
    flag(w, "required", is_required);
    text(w, "type", STR("string"));
    if (length > 0) {
        jsonout_key(&w->j, STR("maxLength"));
        jsonout_printf(&w->j, "%u", length);
    }
    jsonout_close(&w->j, '}');
}

/* "{name}" segments of the path, then names after "?" in the project's. */
static void
put_parameters(struct writing *w, const struct api_operation *op,
               const struct service *service)
{
    struct str path = op->path, name;
    size_t query = str_find_char(op->project_path, '?'), at, end;

    while ((at = str_find_char(path, '{')) != STR_NPOS) {
        path = str_sub(path, at + 1, path.n);
        end = str_find_char(path, '}');
        if (end == STR_NPOS)
            break;
        put_parameter(w, op, service, str_sub(path, 0, end), MAP_PATH, true);
        path = str_sub(path, end + 1, path.n);
    }
    if (query != STR_NPOS) {
        struct str rest =
            str_sub(op->project_path, query + 1, op->project_path.n);

        while (str_token(&rest, '&', &name))
            if (name.n > 0)
                put_parameter(w, op, service, name, MAP_QUERY, true);
    }
    for (size_t i = 0; i < op->n_updates; i++)
        if (op->updates[i].kind == MAP_MOVE &&
            op->updates[i].where == MAP_HEADER &&
            !str_eq_nocase_z(op->updates[i].name, "Authorization"))
            put_parameter(w, op, service, op->updates[i].name, MAP_HEADER,
                          op->updates[i].is_required);
}

static bool
has_body(struct writing *w, const struct api_operation *op,
         const struct service *service)
{
    struct schema_hidden hidden =
        hidden_of(w, op->updates, op->omitted, op->n_updates);
    struct buf scratch;
    struct jsonout j = { .out = &scratch };
    bool has;

    buf_init(&scratch, TOOLKIT_FILE_MAX);
    has = schema_message(&j, &service->request, &hidden, true);
    buf_fini(&scratch);
    return has;
}

static void
put_ref(struct writing *w, struct str name)
{
    jsonout_key(&w->j, STR("schema"));
    jsonout_open(&w->j, '{');
    text(w, "$ref",
         str_fmt(&w->tk->arena, "#/definitions/" STR_FMT, STR_ARG(name)));
    jsonout_close(&w->j, '}');
}

static struct str
request_name(struct writing *w, const struct api_operation *op)
{
    return str_fmt(&w->tk->arena, STR_FMT "_request",
                   STR_ARG(op->operation_id));
}

static struct str
response_name(struct writing *w, const struct api_operation *op, uint32_t code)
{
    return str_fmt(&w->tk->arena, STR_FMT "_response_%u",
                   STR_ARG(op->operation_id), code);
}

static void
put_response(struct writing *w, const struct api_operation *op,
             const struct api_response *r)
{
    jsonout_key(&w->j, str_fmt(&w->tk->arena, "%u", r->code));
    jsonout_open(&w->j, '{');
    text(w, "description",
         r->description.n > 0 ? r->description : STR("normal response"));
    put_ref(w, response_name(w, op, r->code));
    jsonout_close(&w->j, '}');
}

static void
put_operation(struct writing *w, const struct api_operation *op,
              const struct service *service)
{
    jsonout_key(&w->j, str_lower(&w->tk->arena, op->method));
    jsonout_open(&w->j, '{');
    jsonout_key(&w->j, STR("tags"));
    jsonout_open(&w->j, '[');
    jsonout_string(&w->j, w->api->name);
    jsonout_close(&w->j, ']');
    text(w, "operationId", op->operation_id);
    jsonout_key(&w->j, STR("parameters"));
    jsonout_open(&w->j, '[');
    put_parameter(w, op, service, STR("Authorization"), MAP_HEADER, false);
    put_parameters(w, op, service);
    if (has_body(w, op, service)) {
        jsonout_open(&w->j, '{');
        text(w, "in", STR("body"));
        text(w, "name", request_name(w, op));
        text(w, "description", STR("request body"));
        flag(w, "required", true);
        put_ref(w, request_name(w, op));
        jsonout_close(&w->j, '}');
    }
    jsonout_close(&w->j, ']');
    jsonout_key(&w->j, STR("responses"));
    jsonout_open(&w->j, '{');
    /* The default response stands last in op->responses, first here. */
    for (size_t i = 0; i < op->n_responses; i++)
        put_response(
            w, op, &op->responses[(i + op->n_responses - 1) % op->n_responses]);
    jsonout_close(&w->j, '}');
    jsonout_close(&w->j, '}');
}

static void
put_paths(struct writing *w)
{
    const struct api *api = w->api;

    jsonout_key(&w->j, STR("paths"));
    jsonout_open(&w->j, '{');
    for (size_t i = 0; i < api->n_operations; i++) {
        bool is_first = true;

        for (size_t k = 0; k < i; k++)
            is_first &=
                !str_eq(api->operations[k].path, api->operations[i].path);
        if (!is_first)
            continue;
        jsonout_key(&w->j, api->operations[i].path.n > 0
                               ? api->operations[i].path
                               : STR("/"));
        jsonout_open(&w->j, '{');
        for (size_t k = i; k < api->n_operations; k++)
            if (str_eq(api->operations[k].path, api->operations[i].path))
                put_operation(w, &api->operations[k], w->service_of[k]);
        jsonout_close(&w->j, '}');
    }
    jsonout_close(&w->j, '}');
}

static void
put_definition(struct writing *w, struct str name,
               const struct service_message *message,
               const struct map_update *updates, const bool *omitted, size_t n)
{
    struct schema_hidden hidden = hidden_of(w, updates, omitted, n);

    jsonout_key(&w->j, name);
    if (schema_message(&w->j, message, &hidden, true))
        return;
    jsonout_open(&w->j, '{');
    text(w, "type", STR("object"));
    jsonout_close(&w->j, '}');
}

static void
put_definitions(struct writing *w)
{
    const struct api *api = w->api;

    jsonout_key(&w->j, STR("definitions"));
    jsonout_open(&w->j, '{');
    for (size_t i = 0; i < api->n_operations; i++) {
        const struct api_operation *op = &api->operations[i];
        const struct service *service = w->service_of[i];

        if (has_body(w, op, service))
            put_definition(w, request_name(w, op), &service->request,
                           op->updates, op->omitted, op->n_updates);
        for (size_t k = 0; k < op->n_responses; k++) {
            const struct api_response *r =
                &op->responses[(k + op->n_responses - 1) % op->n_responses];

            put_definition(w, response_name(w, op, r->code), &service->response,
                           r->updates, NULL, r->n_updates);
        }
    }
    jsonout_close(&w->j, '}');
}

enum err
swagger_write(struct toolkit *tk, const struct api *api,
              const struct service *const *service_of, struct buf *out,
              struct err_info *why)
{
    struct writing w = { tk, { .out = out }, api, service_of };

    jsonout_open(&w.j, '{');
    text(&w, "swagger", STR("2.0"));
    jsonout_key(&w.j, STR("info"));
    jsonout_open(&w.j, '{');
    text(&w, "description", api->description);
    text(&w, "version", api->version);
    text(&w, "title", api->title);
    jsonout_close(&w.j, '}');
    text(&w, "host", STR("localhost:8080"));
    text(&w, "basePath", api->base_path.n > 0 ? api->base_path : STR("/"));
    list(&w, "schemes", "https", "http");
    list(&w, "consumes", "application/json", NULL);
    list(&w, "produces", "application/json", NULL);
    put_paths(&w);
    put_definitions(&w);
    jsonout_close(&w.j, '}');
    return buf_check(out, why);
}
