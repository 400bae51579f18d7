/*
 * API provider: JSON to records, the program, records to JSON, response code.
 */
#include "gateway/serve.h"

#include <stdio.h>

#include "parse/url.h"

#define LOGGER "com.ibm.zosconnect.service.cics.internal.CicsService"
#define JSON_BYTES_MAX ((size_t)64 << 20)
#define JSON_KEPT_BYTES 65536u /* more is given back after the answer */
#define HEADERS_MAX 16u
#define AREAS_MAX 64u

/* What each outcome of the program means to the client. One table, since the
 * statuses marked unverified may change. See doc/internals/gateway.md. */
static const struct {
    unsigned status;
    const char *log_id; /* inserts: detail, connection, service */
} outcomes[] = {
    [PROVIDER_OK] = { 200, NULL },
    [PROVIDER_ABEND] = { 500, "BAQR0657E" },
    [PROVIDER_PROGRAM] = { 500, "BAQR0686E" },
    [PROVIDER_SECURITY] = { 500, "BAQR0658E" },
    [PROVIDER_CAPABILITY] = { 503, "BAQR0660E" },
    [PROVIDER_UNREACHABLE] = { 503, "BAQR0661E" },
    [PROVIDER_TIMEOUT] = { 503, NULL },
    [PROVIDER_CAPACITY] = { 503, "BAQR0662E" },
    [PROVIDER_FAILED] = { 500, "BAQR0687E" },
};

/* --- response ------------------------------------------------------------- */

static struct str
name_of(const struct request *r)
{
    return r->api != NULL ? r->api->info->name : r->operation->service->name;
}

static struct str
url_of(const struct request *r)
{
    return str_n(r->info.url.p, r->info.url.n);
}

static void
mapping_failed(struct request *r, const struct err_info *why)
{
    struct str inserts[] = { name_of(r), url_of(r) };
    struct str details = str_of(why->text);

    answer_error(r, 500, "BAQR0429W", inserts, ARRAY_LEN(inserts), "BAQR0494E",
                 &details, 1);
}

static void
send_records(struct request *r, const struct str *records)
{
    const struct image_response *response;
    struct map_value values[HEADERS_MAX];
    struct http_header headers[HEADERS_MAX];
    struct buf json, text;
    struct map_out out = {
        .json = &json, .text = &text, .values = values, .n_values = HEADERS_MAX
    };
    struct err_info why;
    struct serve *serve;
    struct str type = r->usage->snapshot->manager->set_utf8_response_encoding
                          ? STR("application/json; charset=UTF-8")
                          : STR("application/json");

    if (image_choose(r->operation->op, records, &response, &why) != ERR_OK) {
        mapping_failed(r, &why);
        return;
    }
    json = r->serve->json; /* taken: the answer may bring the next request */
    json.max = JSON_BYTES_MAX;
    r->serve->json = (struct buf){ .max = JSON_BYTES_MAX };
    serve = r->serve; /* outlives the request */
    buf_init(&text, 65536);
    if (map_run_out(&response->map, records, &out, &why) != ERR_OK) {
        mapping_failed(r, &why);
    } else {
        for (size_t i = 0; i < out.n_values; i++)
            headers[i] =
                (struct http_header){ values[i].name, values[i].value };
        if (json.n > JSON_KEPT_BYTES)
            answer_taking(r, response->code, type, &json, headers,
                          out.n_values);
        else
            answer(r, response->code, type, buf_view(&json), headers,
                   out.n_values);
    }
    if (json.cap <= JSON_KEPT_BYTES && serve->json.p == NULL) {
        buf_clear(&json);
        serve->json = json;
    } else {
        buf_fini(&json);
    }
    buf_fini(&text);
}

/* The areas of the answer in the order the maps want them; a container the
 * program did not return is an absent record. */
static void
order_records(struct request *r, const struct provider_result *result)
{
    const struct image_op *op = r->operation->op;
    struct str records[AREAS_MAX] = { 0 };

    for (size_t i = 0; i < op->n_out_areas && i < AREAS_MAX; i++) {
        for (size_t k = 0; k < result->n_areas; k++) {
            if (op->out_areas[i].container.n == 0 ||
                str_eq(op->out_areas[i].container, result->areas[k].name))
                records[i] = result->areas[k].data;
        }
        if (records[i].n == 0 && op->out_areas[i].is_required) {
            struct err_info why;

            (void)err_set(&why, ERR_RANGE,
                          "the program returned no container " STR_FMT,
                          STR_ARG(op->out_areas[i].container));
            mapping_failed(r, &why);
            return;
        }
    }
    send_records(r, records);
}

static void
timed_out(struct request *r)
{
    char number[32], grouped[48];
    size_t n, k = 0;

    snprintf(number, sizeof number, "%u", r->operation->timeout_ms);
    n = str_of(number).n;
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            grouped[k++] = ',';
        grouped[k++] = number[i];
    }
    ANSWER_ERROR(r, 503, "BAQR0405I", url_of(r), str_n(grouped, k));
}

static void
on_result(void *arg, const struct provider_result *result)
{
    struct request *r = arg;
    struct str inserts[] = { name_of(r), url_of(r) };
    const char *log_id = outcomes[result->outcome].log_id;

    r->invocation = NULL;
    if (result->outcome == PROVIDER_OK) {
        order_records(r, result);
        return;
    }
    if (result->outcome == PROVIDER_TIMEOUT) {
        timed_out(r);
        return;
    }
    MESSAGES_LOG(r->serve->log, LOGGER, log_id, result->detail,
                 r->operation->connection, r->operation->service->name);
    answer_error(r, outcomes[result->outcome].status, "BAQR0429W", inserts,
                 ARRAY_LEN(inserts), NULL, NULL, 0);
}

/* --- request -------------------------------------------------------------- */

static bool
needs_query(const struct image_op *op)
{
    for (size_t i = 0; i < op->n_params; i++) {
        if (op->params[i].where == MAP_QUERY)
            return true;
    }
    return false;
}

/* Path, query and header values that the request map reads. */
static enum err
collect_params(struct request *r, struct map_param **out, size_t *n,
               struct err_info *why)
{
    const struct image_op *op = r->operation->op;
    struct map_param *params = ARENA_ARRAY(
        r->http->arena, struct map_param, op->n_params + r->match.n_params + 1);
    struct url_query query = { .n = 0 };
    struct str value;

    if (params == NULL)
        return err_set(why, ERR_MEMORY, "no storage for parameters");
    *out = params;
    for (size_t i = 0; i < r->match.n_params; i++)
        params[(*n)++] = (struct map_param){ MAP_PATH, r->match.params[i].name,
                                             r->match.params[i].value };
    if (needs_query(op)) {
        enum err e =
            url_query_parse(r->http->arena, r->http->query, &query, why);

        if (e != ERR_OK)
            return e;
    }
    for (size_t i = 0; i < op->n_params; i++) {
        const struct image_param *p = &op->params[i];
        char *name;

        if (p->where == MAP_QUERY && url_query_get(&query, p->name, &value))
            params[(*n)++] = (struct map_param){ MAP_QUERY, p->name, value };
        if (p->where == MAP_HEADER &&
            (name = str_z(r->http->arena, p->name)) != NULL &&
            http_header_get(r->http, name, &value))
            params[(*n)++] = (struct map_param){ MAP_HEADER, p->name, value };
    }
    return ERR_OK;
}

/* These methods carry a payload; without one a blank record would be made. */
static bool
needs_payload(const struct request *r)
{
    struct str method = r->http->method;

    return str_eq_z(method, "POST") || str_eq_z(method, "PUT") ||
           str_eq_z(method, "PATCH");
}

static enum err
make_records(struct request *r, struct err_info *why)
{
    const struct image_op *op = r->operation->op;
    struct map_param *params = NULL;
    size_t n_params = 0, n = map_n_segments(&op->request);
    enum err e = collect_params(r, &params, &n_params, why);

    if (e != ERR_OK)
        return e;
    r->records = ARENA_ARRAY(r->http->arena, struct map_record, n);
    r->areas = ARENA_ARRAY(r->http->arena, struct provider_area, n);
    if (r->records == NULL || r->areas == NULL)
        return err_set(why, ERR_MEMORY, "no storage for the record");
    for (size_t i = 0; i < n; i++) {
        r->records[i].cap = map_record_bytes(&op->request, i);
        r->records[i].p = arena_alloc(r->http->arena, r->records[i].cap);
        if (r->records[i].p == NULL)
            return err_set(why, ERR_MEMORY, "no storage for the record");
    }
    if (r->http->body.n == 0 && needs_payload(r))
        return err_set(why, ERR_SYNTAX, "the payload is empty");
    e = map_run_in(&op->request,
                   r->http->body.n == 0 ? (struct str){ NULL, 0 }
                                        : r->http->body,
                   params, n_params, r->records, why);
    for (size_t i = 0; e == ERR_OK && i < n; i++)
        r->areas[i] = (struct provider_area){
            i < op->n_in_areas ? op->in_areas[i].container : (struct str){ 0 },
            i < op->n_in_areas && op->in_areas[i].is_char,
            str_n(r->records[i].p, r->records[i].n)
        };
    return e;
}

static void
refuse_payload(struct request *r, enum err e, const struct err_info *why)
{
    if (e == ERR_MEMORY)
        answer_plain(r, 503, "Service Unavailable");
    else
        ANSWER_ERROR(r, 400, "BAQR0417W", str_of(why->text));
}

void
provide_start(struct request *r)
{
    const struct operation *o = r->operation;
    struct provider_conn *conn;
    struct err_info why = { .at = 0 };
    struct provider_call call;
    enum err e;

    if (o->service == NULL || o->provider == NULL) {
        ANSWER_ERROR(r, 404, "BAQR0403W", o->op->service, url_of(r));
        return;
    }
    e = make_records(r, &why);
    if (e != ERR_OK) {
        refuse_payload(r, e, &why);
        return;
    }
    conn = serve_connection(r->serve, r->usage->snapshot, o->provider,
                            o->connection, &why);
    if (conn == NULL) {
        MESSAGES_LOG(r->serve->log, LOGGER, "BAQR0661E", str_of(why.text),
                     o->connection, o->service->name);
        ANSWER_ERROR(r, 503, "BAQR0429W", name_of(r), url_of(r));
        return;
    }
    call = (struct provider_call){
        .program = o->service->program,
        .transid = o->service->transid,
        .eib_and_mirror = o->service->eib_and_mirror,
        .channel = o->service->channel,
        .areas = r->areas,
        .n_areas = map_n_segments(&o->op->request),
        .caller = r->is_authenticated ? r->caller : NULL,
        .deadline_ms = o->timeout_ms,
        .service = o->service->name.p,
    };
    if (o->provider->invoke(conn, &call, on_result, r, &r->invocation, &why) !=
        ERR_OK) {
        struct provider_result failed = { .outcome = PROVIDER_FAILED,
                                          .detail = str_of(why.text) };

        on_result(r, &failed);
    }
}
