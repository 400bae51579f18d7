/*
 * API requester: the program's request area to an HTTP call, the answer to its
 * response area. The wire to the stub is doc/internals/stub.md.
 */
#include "gateway/serve.h"

#include <stdio.h>
#include <string.h>

#include "gateway/endpoint.h"
#include "gateway/traceparent.h"
#include "parse/url.h"

#define LOGGER "com.ibm.zosconnect.apirequester.internal.RequesterServlet"
#define TLS_LOGGER "com.ibm.ws.ssl.core.WSX509TrustManager"
#define VALUES_MAX 64u
#define BODY_BYTES_MAX ((size_t)64 << 20)
#define AREA_BYTES_MAX ((size_t)64 << 20)

static struct str
name_of(const struct request *r)
{
    return r->requester->info->name;
}

/* --- answer --------------------------------------------------------------- */

/* Both kinds carry the API's own status; the HTTP status is 200 once the API
 * answered, so that nothing between stub and server reacts to it. */
static void
send_from_api(struct request *r, unsigned api_status, struct str type,
              struct str body)
{
    char status[16];
    struct http_header extra[2];

    snprintf(status, sizeof status, "%u", api_status);
    extra[0] = (struct http_header){ STR("Sallyport-Origin"), STR("API") };
    extra[1] =
        (struct http_header){ STR("Sallyport-Api-Status"), str_of(status) };
    answer(r, 200, type, body, extra, ARRAY_LEN(extra));
}

static void
send_area(struct request *r, const struct http_answer *reply)
{
    struct map_record record = { .p = NULL };
    struct err_info why;

    if (!r->op->has_response || reply->body.n == 0) {
        send_from_api(r, reply->status, STR("application/octet-stream"),
                      (struct str){ 0 });
        return;
    }
    record.cap = map_record_bytes(&r->op->response, 0);
    record.p = arena_zalloc(r->http->arena, record.cap);
    if (record.p == NULL) {
        answer_plain(r, 503, "Service Unavailable");
        return;
    }
    if (map_run_in(&r->op->response, reply->body, NULL, 0, &record, &why) !=
        ERR_OK) {
        ANSWER_ERROR(r, 500, "BAQR1010E", name_of(r), str_of(why.text));
        return;
    }
    if (r->capacity > 0 && record.n > r->capacity) {
        ANSWER_ERROR(r, 500, "BAQR1010E", name_of(r),
                     str_fmt(r->http->arena,
                             "the response needs %zu bytes, the program's "
                             "area has %zu",
                             record.n, r->capacity));
        return;
    }
    send_from_api(r, reply->status, STR("application/octet-stream"),
                  str_n(record.p, record.n));
}

/* The API's certificate was refused. */
static void
say_untrusted(struct request *r, const struct err_info *why)
{
    const struct endpoint *p = r->requester->endpoint;
    const struct tls_refusal *refusal = tls_refusal();
    struct messages_log *log = r->serve->log;

    if (refusal->is_other_host)
        MESSAGES_LOG(log, TLS_LOGGER, "CWPKI0824E", p->host, str_of(why->text));
    else
        MESSAGES_LOG(
            log, TLS_LOGGER, "CWPKI0823E", str_of(refusal->subject),
            str_fmt(r->http->arena, STR_FMT ":%u", STR_ARG(p->host), p->port),
            p->trust, p->ssl_id, str_of(why->text));
}

static void
on_answer(void *arg, enum err e, const struct http_answer *reply,
          const struct err_info *why)
{
    struct request *r = arg;

    r->call = NULL;
    if (e == ERR_DENIED)
        say_untrusted(r, why);
    if (e == ERR_OK && reply->status >= 200 && reply->status < 300) {
        send_area(r, reply);
    } else if (e == ERR_OK) {
        send_from_api(r, reply->status, STR("application/json"), reply->body);
    } else if (e == ERR_TIMEOUT) {
        ANSWER_ERROR(r, 504, "BAQR1003E", r->requester->endpoint->identity,
                     str_of(why->text));
    } else {
        ANSWER_ERROR(r, 500, "BAQR1002E", r->requester->endpoint->identity,
                     str_of(why->text));
    }
}

/* --- call ----------------------------------------------------------------- */

/* The operation by its method and path, as the API information area spells
 * them. */
static const struct image_op *
find_op(struct request *r)
{
    const struct image_info *info = r->requester->info;
    struct str raw, path, method;

    if (!http_header_get(r->http, "Sallyport-Api-Path", &raw) ||
        !http_header_get(r->http, "Sallyport-Api-Method", &method) ||
        url_decode(r->http->arena, raw, false, &path, NULL) != ERR_OK)
        return NULL;
    for (size_t i = 0; i < info->n_ops; i++) {
        if (str_eq_nocase(info->ops[i].method, method) &&
            str_eq(info->ops[i].path, path))
            return &info->ops[i];
    }
    return NULL;
}

/* The caller's trace goes on with the call. */
static size_t
add_trace(struct request *r, struct http_header *out)
{
    struct trace_seed seed;
    struct str parent;

    if (!http_header_get(r->http, "traceparent", &parent) ||
        trace_seed_take(&seed) != ERR_OK)
        return 0;
    return trace_carry(r->http->arena, r->http->headers, r->http->n_headers,
                       &seed, out);
}

static size_t
collect_headers(struct request *r, const struct map_value *values, size_t n,
                bool has_body, struct http_header *out)
{
    const struct endpoint *e = r->requester->endpoint;
    size_t n_out = 0;

    out[n_out++] =
        (struct http_header){ STR("Accept"), STR("application/json") };
    if (has_body)
        out[n_out++] = (struct http_header){ STR("Content-Type"),
                                             STR("application/json") };
    if (e->authorization.n > 0)
        out[n_out++] = (struct http_header){ STR("Authorization"),
                                             secret_view(&e->authorization) };
    n_out += add_trace(r, out + n_out);
    for (size_t i = 0; i < n; i++) {
        if (values[i].where == MAP_HEADER)
            out[n_out++] =
                (struct http_header){ values[i].name, values[i].value };
    }
    return n_out;
}

static enum err
send_call(struct request *r, const struct map_out *out, struct err_info *why)
{
    const struct endpoint *e = r->requester->endpoint;
    struct http_header headers[VALUES_MAX + 4 + TRACE_HEADERS_MAX];
    struct http_origin origin = { e->host, e->port, e->tls, e->identity };
    struct http_call_settings settings = { e->connect_timeout_ms,
                                           e->receive_timeout_ms,
                                           BODY_BYTES_MAX };
    struct buf target;
    enum err code;

    buf_init(&target, 32768);
    code = endpoint_target(e, r->op->path, out->values, out->n_values, &target,
                           why);
    if (code == ERR_OK)
        code = http_call_start(r->serve->pool, &origin, &settings,
                               r->op->method, buf_view(&target), headers,
                               collect_headers(r, out->values, out->n_values,
                                               out->has_body, headers),
                               out->has_body ? buf_view(out->json)
                                             : (struct str){ 0 },
                               on_answer, r, &r->call, why);
    buf_fini(&target);
    return code;
}

static void
map_and_send(struct request *r)
{
    struct map_value values[VALUES_MAX];
    struct buf json, text;
    struct map_out out = {
        .json = &json, .text = &text, .values = values, .n_values = VALUES_MAX
    };
    struct str record = r->http->body;
    struct err_info why = { .at = 0 };
    enum err e = ERR_OK;

    buf_init(&json, BODY_BYTES_MAX);
    buf_init(&text, BODY_BYTES_MAX);
    if (r->op->has_request)
        e = map_run_out(&r->op->request, &record, &out, &why);
    else
        out.n_values = 0;
    if (e == ERR_OK)
        e = send_call(r, &out, &why);
    buf_fini(&json);
    buf_fini(&text);
    if (e != ERR_OK)
        ANSWER_ERROR(r, e == ERR_PEER || e == ERR_IO ? 500 : 400, "BAQR1011E",
                     name_of(r), str_of(why.text));
}

void
require_start(struct request *r)
{
    struct str capacity;
    uint64_t n;

    if (http_header_get(r->http, "Sallyport-Response-Bytes", &capacity) &&
        str_to_u64(capacity, &n) && n <= AREA_BYTES_MAX)
        r->capacity = (size_t)n;
    r->op = find_op(r);
    if (r->op == NULL) {
        ANSWER_ERROR(r, 404, "BAQR1004E", name_of(r));
        return;
    }
    if (r->requester->endpoint->problem != NULL) {
        ANSWER_ERROR(r, 500, "BAQR1000W", r->requester->endpoint->identity,
                     str_of(r->requester->endpoint->problem));
        return;
    }
    map_and_send(r);
}
