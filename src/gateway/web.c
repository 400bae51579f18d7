#include "gateway/web.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "gateway/placed.h"
#include "gateway/serve.h"

#define LOGGER "com.ibm.ws.http.channel.internal.HttpChannelConfig"
/* Smaller answers are not worth it. [unverified] */
#define COMPRESS_MIN_BYTES 2048u
#define COMPRESS_MAX_BYTES ((size_t)64 << 20)
#define WELCOME                                                                \
    "<!DOCTYPE html><html lang=\"en\"><title>Sallyport</title>"                \
    "<h1>Sallyport</h1><p>This server answers API requests.</p></html>"

/* ---- compiling ---- */

/* \d of the original's expressions is [0-9] here. */
static struct str
posix_of(struct arena *arena, struct str text)
{
    char *out = arena_alloc(arena, text.n * 5 + 1);
    size_t n = 0;

    if (out == NULL)
        return (struct str){ 0 };
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\\' && i + 1 < text.n && text.p[i + 1] == 'd') {
            memcpy(out + n, "[0-9]", 5);
            n += 5;
            i++;
        } else {
            out[n++] = text.p[i];
        }
    }
    out[n] = '\0';
    return str_n(out, n);
}

static enum err
set_proxies(struct arena *arena, const struct cfg_remote_ip *from,
            struct web *w, struct err_info *why)
{
    struct str text;

    if (from == NULL)
        return ERR_OK;
    text = posix_of(arena, from->proxies);
    if (text.p == NULL)
        return err_set(why, ERR_MEMORY, "no storage for an endpoint");
    if (regcomp(&w->proxies, text.p, REG_EXTENDED) != 0)
        return err_set(why, ERR_SYNTAX,
                       "remoteIp: proxies \"" STR_FMT
                       "\" is not a regular expression",
                       STR_ARG(str_sub(from->proxies, 0, 100)));
    w->has_proxies = true;
    w->remote_in_log = from->use_in_access_log;
    return ERR_OK;
}

/* "Name:Value", or a name alone. */
static bool
split_header(struct str text, struct http_header *out)
{
    size_t colon = str_find_char(text, ':');

    out->name = str_trim(str_sub(text, 0, colon));
    out->value = colon == STR_NPOS ? STR("")
                                   : str_trim(str_sub(text, colon + 1, text.n));
    return out->name.n > 0;
}

static const char *const header_lists[] = { "add", "set", "setIfMissing",
                                            "remove" };

/* A name may stand in one of the lists only. */
static enum err
check_header_once(const struct cfg_list *const *lists, size_t upto,
                  const struct http_header *h, struct err_info *why)
{
    struct http_header other;

    for (size_t i = 0; i < upto; i++)
        for (size_t k = 0; k < lists[i]->n; k++)
            if (split_header(lists[i]->v[k], &other) &&
                str_eq_nocase(other.name, h->name))
                return err_set(why, ERR_SYNTAX,
                               "headers: \"" STR_FMT
                               "\" stands in %s and in %s: a header may stand "
                               "in one of them only",
                               STR_ARG(str_sub(h->name, 0, 100)),
                               header_lists[i], header_lists[upto]);
    return ERR_OK;
}

static enum err
check_headers(const struct cfg_headers *from, struct err_info *why)
{
    const struct cfg_list *lists[] = { &from->add, &from->set,
                                       &from->set_if_missing, &from->remove };
    struct http_header h;
    enum err e = ERR_OK;

    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        for (size_t k = 0; k < lists[i]->n; k++) {
            struct str text = lists[i]->v[k];
            bool is_remove = lists[i] == &from->remove;

            if (!split_header(text, &h) || !http_header_is_valid(&h) ||
                is_remove != (str_find_char(text, ':') == STR_NPOS))
                return err_set(why, ERR_SYNTAX,
                               "headers: \"" STR_FMT "\" is not %s",
                               STR_ARG(str_sub(text, 0, 100)),
                               is_remove ? "a header's name" : "Name:Value");
            if ((e = check_header_once(lists, i, &h, why)) != ERR_OK)
                return e;
        }
    return ERR_OK;
}

static bool
has_any_host(const struct cfg_tree *tree)
{
    const struct cfg_virtual_host *v;

    CFG_EACH(tree, virtual_host, v)
    {
        if (v->node.line > 0)
            return true;
    }
    return false;
}

/* Without its log an endpoint answers all the same. */
static void
open_log(struct web *w, const struct cfg_access_logging *from,
         const struct web_making *making, struct err_info *why)
{
    const char *attr;
    enum err e = access_log_check(from, &attr, why);
    struct str start = str_trim(from->rollover_start_time);
    int minute;

    if (start.n > 0 && !log_file_roll_minute(start, &minute) &&
        !making->is_said)
        PLACED_LOG(making->log, LOGGER, PLACE(&from->node, "rolloverStartTime"),
                   "SPT0411W", STR("rolloverStartTime is not HH:MM"));
    if (e == ERR_OK && !making->is_check)
        e = access_log_open(from, making->log, &w->log, why);
    if (e != ERR_OK && !making->is_said)
        PLACED_LOG(making->log, LOGGER, PLACE(&from->node, attr), "SPT0410E",
                   from->file_path, str_of(why->text));
}

enum err
web_new(struct arena *arena, const struct cfg_tree *tree,
        const struct cfg_http_endpoint *e, const struct web_making *making,
        struct web **out, struct err_info *why)
{
    struct web *w = ARENA_NEW(arena, struct web);
    enum err code = ERR_OK;

    if (w == NULL)
        return err_set(why, ERR_MEMORY, "no storage for an endpoint");
    w->tree = tree;
    w->endpoint_id = e->node.id;
    w->compression = e->compression;
    w->has_preferred =
        e->compression != NULL &&
        http_coding_of(e->compression->server_preferred_algorithm,
                       &w->preferred);
    w->headers = e->headers;
    w->decompresses = e->http_options->auto_decompression;
    w->removes_server = e->http_options->remove_server_header;
    w->cookies = (struct web_cookie_rules){
        .same_site = e->same_site,
        .sends_last_only = e->http_options->no_duplicate_set_cookies,
        .forbids_cache = e->http_options->no_cache_cookies_control,
    };
    w->decode = (struct http_decode_limits){
        (size_t)e->http_options->decompression_ratio_limit,
        (unsigned)e->http_options->decompression_tolerance
    };
    w->has_hosts = has_any_host(tree);
    w->has_cors = cfg_count(tree, &cfg_type_cors) > 0;
    if ((e->headers != NULL &&
         (code = check_headers(e->headers, why)) != ERR_OK) ||
        (code = set_proxies(arena, e->remote_ip, w, why)) != ERR_OK)
        return code;
    if (e->access_logging != NULL && e->access_logging->enabled)
        open_log(w, e->access_logging, making, why);
    *out = w;
    return ERR_OK;
}

void
web_close(struct web *w)
{
    if (w == NULL)
        return;
    if (w->has_proxies)
        regfree(&w->proxies);
    w->has_proxies = false;
    access_log_unref(&w->log);
}

/* ---- requests ---- */

bool
web_admit(struct request *r)
{
    const struct web *w;

    (void)http_header_get(r->http, "Host", &r->host);
    if (r->entry == NULL || r->entry->web == NULL)
        return true;
    w = r->entry->web;
    if (w->has_proxies)
        web_proxy_read(r);
    if (w->has_hosts &&
        !web_host_is_ours(w->tree, w->endpoint_id, r->host, r->is_secure)) {
        answer(r, 404, STR("text/plain"), STR("Not Found"), NULL, 0);
        return false;
    }
    if (w->has_cors && http_header_get(r->http, "Origin", &r->origin)) {
        r->cors = web_cors_find(w->tree, r->http->path, r->origin);
        if (r->cors != NULL && web_cors_preflight(r))
            return false;
    }
    return true;
}

#define HEADER(name, value)                                                    \
    {                                                                          \
        { name, sizeof(name) - 1 },                                            \
        {                                                                      \
            value, sizeof(value) - 1                                           \
        }                                                                      \
    }
/* Of pages for browsers: they hold nothing that runs or belongs in a frame. */
static const struct http_header page_headers[] = {
    HEADER("Content-Security-Policy",
           "default-src 'none'; style-src 'unsafe-inline'; "
           "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
    HEADER("X-Content-Type-Options", "nosniff"),
    HEADER("X-Frame-Options", "DENY"),
    HEADER("Referrer-Policy", "no-referrer"),
};

bool
web_answer_missing(struct request *r)
{
    const struct cfg_http_dispatcher *d =
        CFG_ONE(r->usage->snapshot->tree, http_dispatcher);
    bool is_read =
        str_eq_z(r->http->method, "GET") || str_eq_z(r->http->method, "HEAD");

    if (d->enable_welcome_page && is_read && str_eq_z(r->http->path, "/")) {
        answer(r, 200, STR("text/html; charset=UTF-8"), STR(WELCOME),
               page_headers, ARRAY_LEN(page_headers));
        return true;
    }
    if (d->missing_message.n == 0)
        return false;
    answer(r, 404, STR("text/html; charset=UTF-8"), d->missing_message,
           page_headers, ARRAY_LEN(page_headers));
    return true;
}

bool
web_decode_body(struct request *r)
{
    const struct web *w = r->entry == NULL ? NULL : r->entry->web;
    enum http_coding coding;
    struct err_info why;
    struct str name, copy;
    struct buf plain;
    enum err e;

    if (r->http->body.n == 0 ||
        !http_header_get(r->http, "Content-Encoding", &name) ||
        str_eq_nocase_z(name, "identity"))
        return true;
    if (w == NULL || !w->decompresses || !http_coding_of(name, &coding)) {
        answer_plain(r, 415, "Unsupported Media Type");
        return false;
    }
    buf_init(&plain, r->entry->options.max_body_bytes);
    e = http_decode(coding, r->http->body, &w->decode, &plain, &why);
    copy = e == ERR_OK ? str_dup(r->http->arena, buf_view(&plain))
                       : (struct str){ 0 };
    buf_fini(&plain);
    if (e == ERR_OK && copy.p != NULL && !receive_hold(r, copy.n)) {
        answer_limited(r, LIMIT_MEMORY);
        return false;
    }
    if (e == ERR_OK && copy.p != NULL) {
        r->http->body = copy;
        return true;
    }
    answer_plain(r,
                 e == ERR_LIMIT    ? 413
                 : e == ERR_SYNTAX ? 400
                                   : 503,
                 e == ERR_OK ? "Service Unavailable" : why.text);
    return false;
}

/* ---- answers ---- */

static bool
remove_header(struct http_header *headers, size_t *n, struct str name)
{
    size_t kept = 0;

    for (size_t i = 0; i < *n; i++)
        if (!str_eq_nocase(headers[i].name, name))
            headers[kept++] = headers[i];
    if (kept == *n)
        return false;
    *n = kept;
    return true;
}

static bool
has_header(const struct http_header *headers, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq_nocase(headers[i].name, name))
            return true;
    return false;
}

static void
add_header(struct http_header *headers, size_t *n, struct http_header h)
{
    if (*n < WEB_HEADERS_MAX)
        headers[(*n)++] = h;
}

static void
apply_headers(const struct cfg_headers *rules, struct http_header *headers,
              size_t *n)
{
    struct http_header h;

    for (size_t i = 0; i < rules->remove.n; i++)
        if (split_header(rules->remove.v[i], &h))
            (void)remove_header(headers, n, h.name);
    for (size_t i = 0; i < rules->set.n; i++)
        if (split_header(rules->set.v[i], &h)) {
            (void)remove_header(headers, n, h.name);
            add_header(headers, n, h);
        }
    for (size_t i = 0; i < rules->set_if_missing.n; i++)
        if (split_header(rules->set_if_missing.v[i], &h) &&
            !has_header(headers, *n, h.name))
            add_header(headers, n, h);
    for (size_t i = 0; i < rules->add.n; i++)
        if (split_header(rules->add.v[i], &h))
            add_header(headers, n, h);
}

static bool
fits_type(struct str pattern, struct str type)
{
    if (str_ends(pattern, STR("/*")))
        return str_starts_nocase(type, str_sub(pattern, 0, pattern.n - 1));
    return str_eq_nocase(pattern, type);
}

/* The last that fits decides; + adds, - removes, and a list of such alone
 * changes the default. */
static bool
is_compressible(const struct cfg_compression *c, struct str type)
{
    bool is_change = true, is_in;

    type = str_trim(str_sub(type, 0, str_find_char(type, ';')));
    for (size_t i = 0; i < c->types.n; i++)
        if (c->types.v[i].n > 0 && c->types.v[i].p[0] != '+' &&
            c->types.v[i].p[0] != '-')
            is_change = false;
    is_in = is_change && fits_type(STR("text/*"), type);
    for (size_t i = 0; i < c->types.n; i++) {
        struct str rule = c->types.v[i];
        bool has_sign = rule.n > 0 && (rule.p[0] == '+' || rule.p[0] == '-');

        if (fits_type(str_sub(rule, has_sign ? 1 : 0, rule.n), type))
            is_in = !has_sign || rule.p[0] == '+';
    }
    return is_in;
}

static void
compress(struct request *r, const struct web *w, struct http_reply *reply,
         struct http_header *headers, struct buf *packed)
{
    enum http_coding coding;
    struct str accept = STR(""), type = STR("");

    for (size_t i = 0; i < reply->n_headers; i++)
        if (str_eq_nocase_z(headers[i].name, "Content-Type"))
            type = headers[i].value;
    if (reply->body.n < COMPRESS_MIN_BYTES ||
        reply->body.n > COMPRESS_MAX_BYTES ||
        !is_compressible(w->compression, type) ||
        has_header(headers, reply->n_headers, STR("Content-Encoding")))
        return;
    add_header(headers, &reply->n_headers,
               (struct http_header){ STR("Vary"), STR("Accept-Encoding") });
    (void)http_header_get(r->http, "Accept-Encoding", &accept);
    coding = http_coding_choose(accept, w->has_preferred, w->preferred);
    if (coding == HTTP_CODING_IDENTITY ||
        http_encode(coding, reply->body, packed, NULL) != ERR_OK ||
        packed->n >= reply->body.n)
        return;
    reply->body = buf_view(packed);
    add_header(headers, &reply->n_headers,
               (struct http_header){ STR("Content-Encoding"),
                                     str_of(http_coding_name(coding)) });
}

void
web_finish(struct request *r, struct http_reply *reply,
           struct http_header *headers, struct buf *packed)
{
    const struct web *w = r->entry == NULL ? NULL : r->entry->web;

    if (w == NULL)
        return;
    if (r->cors != NULL)
        web_cors_headers(r, headers, &reply->n_headers);
    if (w->removes_server)
        (void)remove_header(headers, &reply->n_headers, STR("Server"));
    if (w->headers != NULL)
        apply_headers(w->headers, headers, &reply->n_headers);
    web_cookies(&w->cookies, r->http->arena, headers, &reply->n_headers);
    if (w->compression != NULL)
        compress(r, w, reply, headers, packed);
}

/* ---- the access log ---- */

static void
log_request(struct access_log *log, const struct web *w,
            const struct http_request *http, const struct http_done *done)
{
    const struct request *r = http->user;
    uint64_t end_ms = clock_wall_ms(), now_us = clock_mono_us();
    uint64_t elapsed_us = done->started_us == 0 ? 0 : now_us - done->started_us;
    struct access_facts facts = {
        .method = http->method,
        .target = http->target,
        .path = http->path,
        .query = http->query,
        .headers = http->headers,
        .n_headers = http->n_headers,
        .answer_headers = done->headers,
        .n_answer_headers = done->n_headers,
        .version = http->version,
        .status = done->status,
        .body_bytes = done->body_bytes,
        .remote = r != NULL && w->remote_in_log ? r->peer
                                                : http_conn_peer(http->conn),
        .remote_port = http_conn_peer_port(http->conn),
        .local_port = http_conn_port(http->conn),
        .start_ms = end_ms - elapsed_us / 1000,
        .end_ms = end_ms,
        .elapsed_us = elapsed_us,
    };

    if (r != NULL && r->is_authenticated && r->caller != NULL)
        facts.user = acee_name(r->caller);
    if (http->arena != NULL && access_log_wants_local(log))
        facts.local = http_conn_local(http->arena, http->conn);
    access_log_write(log, &facts);
}

/* Once a minute for each kind on each loop: a flood of requests is none of
 * lines. */
static void
say_refused(struct serve_port *port, const struct http_request *http,
            const struct http_done *done, uint64_t n)
{
    char count[24], status[16];

    snprintf(count, sizeof count, "%llu", (unsigned long long)n);
    snprintf(status, sizeof status, "%u", done->status);
    MESSAGES_LOG(port->serve->log, LOGGER, "SPT0412W", str_of(count),
                 str_of(port->channel), http_conn_peer(http->conn),
                 str_of(done->refused), str_of(status));
}

void
web_on_done(const struct http_request *http, const struct http_done *done,
            void *arg)
{
    const struct request *r = http->user;
    struct serve_port *port = arg;
    const struct port_entry *entry = r != NULL ? r->entry : port->live;
    struct serve *s = port->serve;
    uint64_t n;

    metrics_answer(s->counted, http, done,
                   done->started_us == 0 ? 0
                                         : clock_mono_us() - done->started_us);
    if (done->refused != NULL &&
        metrics_refused(s->counted, done->refused, loop_now_ms(s->loop), &n))
        say_refused(port, http, done, n);
    if (entry != NULL && entry->web != NULL && entry->web->log != NULL &&
        access_log_wants(entry->web->log, done->status))
        log_request(entry->web->log, entry->web, http, done);
}
