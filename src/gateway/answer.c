#include "gateway/serve.h"
#include "gateway/timing.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/msg.h"

#define LOGGER "com.ibm.zosconnect.internal.web.ServiceProxyServlet"
#define DECISION_LOGGER "com.ibm.ws.security.authorization.internal.Decision"
#define EXTRA_MAX 16u
#define LENT_MIN_BYTES ((size_t)64 * 1024)
#define ERROR_BYTES_MAX 16384u
#define METRICS_BYTES_MAX ((size_t)64 << 20)

/* Post-calls run before the answer leaves, in reverse order. */
static void
run_post(struct request *r, unsigned status, size_t n_bytes)
{
    r->info.status = status;
    r->info.response_bytes = n_bytes;
    if (r->n_run > 0) {
        r->info.exit_us = clock_wall_ms() * 1000u;
        chain_post(&r->access->chain, &r->info, r->n_run);
        r->n_run = 0;
    }
}

/* What a request holds. Taken out of it before the answer is sent, since that
 * ends its storage; let go after it, since the answer may borrow from it. */
struct held {
    struct serve *serve;
    struct usage *usage;
    struct acee *caller, *asserted;
    struct buf body;
    size_t bytes; /* of memory, as counted */
};

static void
release(struct held *h)
{
    buf_fini(&h->body);
    gauge_give(h->serve->memory, h->bytes);
    acee_unref(&h->caller);
    acee_unref(&h->asserted);
    if (--h->usage->n_requests == 0 && !h->usage->is_current) {
        snapshot_unref(&h->usage->snapshot);
        free(h->usage);
    }
    if (--h->serve->n_requests == 0 && h->serve->n_draining == 0 &&
        h->serve->on_idle != NULL)
        h->serve->on_idle(h->serve);
}

static void
unlist(struct request *r)
{
    if (r->next != NULL)
        r->next->previous = r->previous;
    if (r->previous != NULL)
        r->previous->next = r->next;
    else
        r->serve->requests = r->next;
}

/* Refusals for whoever runs the server with SALLYPORT_LOG=debug; all requests
 * with their decisions when the security components are traced. */
static void
trace(struct request *r, unsigned status)
{
    struct messages_log *log = r->serve->log;
    struct buf text;

    MESSAGES_TRACE(log, LOGGER, TRACE_FINER, "service", "Exit %u", status);
    if (status < 400 && !messages_log_traces(log, DECISION_LOGGER, TRACE_FINE))
        return;
    buf_init(&text, 8192);
    decision_print(&r->decision, &text);
    if (status >= 400)
        log_debug("request " STR_FMT " " STR_FMT " answered %u\n%s",
                  STR_ARG(r->http->method), STR_ARG(r->http->path), status,
                  buf_z(&text));
    MESSAGES_TRACE_DATA(log, DECISION_LOGGER, TRACE_FINE, "decide",
                        STR_FMT " " STR_FMT " answered %u\n%s",
                        STR_ARG(r->http->method), STR_ARG(r->http->path),
                        status, buf_z(&text));
    buf_fini(&text);
}

/* source: NULL, or what gives the body out in its stead, likewise body.n. */
static void
send_reply(struct request *r, unsigned status, struct str content_type,
           struct str body, const struct http_source *source,
           const struct http_header *extra, size_t n_extra)
{
    struct http_header headers[WEB_HEADERS_MAX];
    struct buf packed;
    struct http_reply reply = { .status = status,
                                .headers = headers,
                                .body = body,
                                .must_close = r->must_close };
    struct held held = { r->serve,    r->usage, r->caller,
                         r->asserted, r->body,  r->held_bytes };

    if (content_type.n > 0)
        headers[reply.n_headers++] =
            (struct http_header){ STR("Content-Type"), content_type };
    for (size_t i = 0; i < n_extra && reply.n_headers < EXTRA_MAX; i++)
        headers[reply.n_headers++] = extra[i];
    buf_init(&packed, body.n + 1024);
    web_finish(r, &reply, headers, &packed);
    run_post(r, status, reply.body.n);
    if (source != NULL) {
        reply.source = source;
        reply.source_bytes = body.n;
    }
    if (r->is_counted)
        bulkhead_leave(&r->access->bulkhead, status,
                       clock_mono_us() - r->began_us);
    trace(r, status);
    if ((r->timing_said & TIMING_SAID_HUNG) != 0)
        timing_ended(r);
    unlist(r);
    http_reply_send(r->http, &reply);
    buf_fini(&packed);
    release(&held);
}

void
answer(struct request *r, unsigned status, struct str content_type,
       struct str body, const struct http_header *extra, size_t n_extra)
{
    send_reply(r, status, content_type, body, NULL, extra, n_extra);
}

/* A large body that leaves as its client takes it, instead of being copied. */
struct lent {
    struct str rest;
    struct buf body;           /* its storage, or */
    struct snapshot *snapshot; /* what it belongs to */
    struct gauge *memory;
    size_t bytes; /* counted there */
};

static size_t
read_lent(void *arg, char *to, size_t cap)
{
    struct lent *l = arg;
    size_t n = l->rest.n < cap ? l->rest.n : cap;

    memcpy(to, l->rest.p, n);
    l->rest = str_sub(l->rest, n, l->rest.n);
    return n;
}

static void
end_lent(void *arg)
{
    struct lent *l = arg;

    gauge_give(l->memory, l->bytes);
    buf_fini(&l->body);
    if (l->snapshot != NULL)
        snapshot_unref(&l->snapshot);
    free(l);
}

/* Compression wants all of it at once. */
static bool
is_lent(const struct request *r, size_t n)
{
    return n > LENT_MIN_BYTES && (r->entry == NULL || r->entry->web == NULL ||
                                  r->entry->web->compression == NULL);
}

void
answer_taking(struct request *r, unsigned status, struct str content_type,
              struct buf *body, const struct http_header *extra, size_t n_extra)
{
    struct http_source source = { read_lent, end_lent, NULL };
    struct lent *l = NULL;

    if (is_lent(r, body->n))
        l = calloc(1, sizeof *l);
    if (l == NULL) {
        answer(r, status, content_type, buf_view(body), extra, n_extra);
        buf_fini(body);
        return;
    }
    *l = (struct lent){ .rest = buf_view(body),
                        .body = *body,
                        .memory = r->serve->memory,
                        .bytes = body->cap };
    *body = (struct buf){ .max = body->max };
    gauge_add(l->memory, l->bytes);
    source.arg = l;
    send_reply(r, status, content_type, l->rest, &source, extra, n_extra);
}

void
answer_document(struct request *r, struct str content_type, struct str document)
{
    struct http_source source = { read_lent, end_lent, NULL };
    struct lent *l = NULL;

    if (is_lent(r, document.n))
        l = calloc(1, sizeof *l);
    if (l == NULL) {
        answer(r, 200, content_type, document, NULL, 0);
        return;
    }
    *l = (struct lent){ .rest = document,
                        .snapshot = snapshot_ref(r->usage->snapshot) };
    source.arg = l;
    send_reply(r, 200, content_type, document, &source, NULL, 0);
}

/* As the original: < > ' " & become entities, and the rest is JSON. */
static void
add_text(struct buf *out, struct str text)
{
    static const struct {
        char c;
        const char *entity;
    } entities[] = { { '<', "&lt;" },
                     { '>', "&gt;" },
                     { '\'', "&#39;" },
                     { '"', "&quot;" },
                     { '&', "&amp;" } };

    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        size_t k = 0;

        while (k < ARRAY_LEN(entities) && entities[k].c != (char)c)
            k++;
        if (k < ARRAY_LEN(entities))
            buf_add_z(out, entities[k].entity);
        else if (c == '\\')
            buf_add_z(out, "\\\\");
        else if (c < ' ')
            buf_printf(out, "\\u%04x", c);
        else
            buf_add_char(out, (char)c);
    }
}

static struct str
json_type(const struct request *r)
{
    return r->usage->snapshot->manager->set_utf8_response_encoding
               ? STR("application/json; charset=UTF-8")
               : STR("application/json");
}

static void
send_error(struct request *r, unsigned status, struct str message,
           struct str details)
{
    struct buf body;

    buf_init(&body, ERROR_BYTES_MAX);
    buf_add_z(&body, "{\"errorMessage\":\"");
    add_text(&body, message);
    if (details.n > 0) {
        buf_add_z(&body, "\",\"errorDetails\":\"");
        add_text(&body, details);
    }
    buf_add_z(&body, "\"}");
    answer(r, status, json_type(r), buf_view(&body),
           &(struct http_header){ STR("Allow"), r->allow },
           status == 405 && r->allow.n > 0);
    buf_fini(&body);
}

void
answer_error(struct request *r, unsigned status, const char *id,
             const struct str *inserts, size_t n_inserts,
             const char *details_id, const struct str *details,
             size_t n_details)
{
    struct buf message, more;

    buf_init(&message, ERROR_BYTES_MAX / 2);
    buf_init(&more, ERROR_BYTES_MAX / 2);
    msg_line(&message, id, inserts, n_inserts);
    messages_log_msg(r->serve->log, LOGGER, id, inserts, n_inserts);
    if (details_id != NULL) {
        msg_line(&more, details_id, details, n_details);
        messages_log_msg(r->serve->log, LOGGER, details_id, details, n_details);
    }
    send_error(r, status, buf_view(&message), buf_view(&more));
    buf_fini(&message);
    buf_fini(&more);
}

/* "<ID>: text" from an interceptor also goes to the log. */
static void
log_line(struct request *r, const char *line)
{
    struct str text = str_of(line);
    size_t colon = str_find(text, STR(": "));
    char id[16];

    if (colon != STR_NPOS && str_copy_z(str_sub(text, 0, colon), id, sizeof id))
        messages_log_text(r->serve->log, LOGGER, id,
                          str_sub(text, colon + 2, text.n));
}

void
answer_refusal(struct request *r, const struct sallyport_refusal *refusal)
{
    log_line(r, refusal->message);
    if (refusal->details[0] != '\0')
        log_line(r, refusal->details);
    send_error(r, refusal->status == 0 ? 403 : refusal->status,
               str_of(refusal->message), str_of(refusal->details));
}

void
answer_plain(struct request *r, unsigned status, const char *text)
{
    answer(r, status, STR("text/plain"), str_of(text), NULL, 0);
}

void
answer_challenge(struct request *r)
{
    const struct snapshot *s = r->usage->snapshot;
    struct http_header header = { STR("WWW-Authenticate"),
                                  STR("Bearer realm=\"oauth\"") };

    if (!s->auth.demands_token)
        header.value = str_fmt(r->http->arena, "Basic realm=\"" STR_FMT "\"",
                               STR_ARG(s->realm));

    answer(r, 401, STR("text/plain"), STR("Unauthorized"), &header, 1);
}

/* Without the port of Host; the endpoint's https port, unless it is 443. A
 * requester gets no Location: its stub could not follow it. */
void
answer_redirect(struct request *r)
{
    struct http_header header = { STR("Location"), { 0 } };
    struct str host = STR("localhost"), name;
    unsigned port = r->port->entry.https_port;
    size_t colon;

    if (port == 0) {
        MESSAGES_LOG0(r->serve->log, LOGGER, "CWWKS9105E");
        answer_plain(r, 403, "Forbidden");
        return;
    }
    if (r->kind == RESOURCE_REQUESTER) {
        answer(r, 302, (struct str){ 0 }, (struct str){ 0 }, NULL, 0);
        return;
    }
    name = r->host;
    if (name.n > 0) {
        colon = str_rfind_char(name, ':');
        host = colon == STR_NPOS || str_find_char(str_sub(name, colon, name.n),
                                                  ']') != STR_NPOS
                   ? name
                   : str_sub(name, 0, colon);
    }
    header.value =
        port == 443 ? str_fmt(r->http->arena, "https://" STR_FMT STR_FMT,
                              STR_ARG(host), STR_ARG(r->http->target))
                    : str_fmt(r->http->arena, "https://" STR_FMT ":%u" STR_FMT,
                              STR_ARG(host), port, STR_ARG(r->http->target));
    answer(r, 302, (struct str){ 0 }, (struct str){ 0 }, &header, 1);
}

void
answer_limited(struct request *r, enum limit limit)
{
    const struct cfg_request_limits *from = r->usage->snapshot->limits;
    struct http_header header = { STR("Retry-After"), { 0 } };
    bool is_rate = limit == LIMIT_ADDRESS || limit == LIMIT_USER ||
                   limit == LIMIT_USER_CONNECTIONS;

    metrics_add(&r->serve->counted->limited[limit], 1);
    r->must_close = limit == LIMIT_USER_CONNECTIONS ||
                    limit == LIMIT_API_CONNECTIONS || limit == LIMIT_MEMORY;
    header.value = str_fmt(r->http->arena, "%lld",
                           (long long)(from->retry_after_ms + 999) / 1000);
    decision_add(&r->decision, DECISION_ROUTE, DECISION_REFUSED,
                 str_of(limit_name(limit)), r->http->path,
                 (struct saf_rc){ 0 });
    answer(r, is_rate ? 429 : 503, STR("text/plain"),
           is_rate ? STR("Too Many Requests") : STR("Service Unavailable"),
           &header, 1);
}

static void
add_family(const struct snapshot *s, unsigned family, struct buf *out)
{
    struct str name;
    void *value;

    metrics_family(out, family);
    for (size_t i = 0; i < s->n_apis; i++)
        metrics_api(out, family, "api", s->apis[i]->info->name,
                    &s->apis[i]->access.bulkhead);
    for (size_t pos = 0; table_next(&s->services, &pos, &name, &value);)
        metrics_api(out, family, "service", name,
                    &((struct service_entry *)value)->access.bulkhead);
    for (size_t pos = 0; table_next(&s->requesters, &pos, &name, &value);)
        metrics_api(out, family, "requester", name,
                    &((struct requester_entry *)value)->access.bulkhead);
}

/* Each loop's counters, then those of every API that was called. */
void
answer_metrics(struct request *r)
{
    struct buf text;

    buf_init(&text, METRICS_BYTES_MAX);
    metrics_begin(r->serve->metrics, r->usage->snapshot->auth_cache, &text);
    metrics_memory(&text, r->serve->memory);
    for (unsigned i = 0; i < METRICS_FAMILIES; i++)
        add_family(r->usage->snapshot, i, &text);
    metrics_end(&text);
    if (text.failed)
        answer_plain(r, 503, "Service Unavailable");
    else
        answer_taking(r, 200,
                      STR("application/openmetrics-text; version=1.0.0; "
                          "charset=utf-8"),
                      &text, NULL, 0);
    buf_fini(&text);
}
