#include "gateway/role.h"
#include "gateway/serve.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "parse/base64.h"
#include "parse/url.h"

#define SERVLET_LOGGER "com.ibm.zosconnect.internal.web.ServiceProxyServlet"
#define SECURITY_LOGGER                                                        \
    "com.ibm.ws.security.authentication.AuthenticationServiceImpl"
#define ROLE_LOGGER                                                            \
    "com.ibm.ws.webcontainer.security.WebAppSecurityCollaboratorImpl"
#define TOKEN_BYTES_MAX 8192u

static const struct saf_rc no_rc;

/* --- routing ------------------------------------------------------------- */

static bool
take_segment(struct str *path, struct str *segment)
{
    size_t slash;

    if (path->n == 0 || path->p[0] != '/')
        return false;
    *path = str_sub(*path, 1, path->n);
    slash = str_find_char(*path, '/');
    *segment = slash == STR_NPOS ? *path : str_sub(*path, 0, slash);
    *path =
        slash == STR_NPOS ? (struct str){ 0 } : str_sub(*path, slash, path->n);
    return true;
}

static bool
wants_invoke(const struct request *r)
{
    struct url_query query;
    struct str action;

    return url_query_parse(r->http->arena, r->http->query, &query, NULL) ==
               ERR_OK &&
           url_query_get(&query, STR("action"), &action) &&
           str_eq_nocase_z(action, "invoke");
}

static unsigned
not_allowed(struct request *r, struct str allow)
{
    r->allow = allow;
    return 405;
}

/* What only reads is there for HEAD, too (RFC 9110, 9.1). */
static bool
is_read(const struct request *r)
{
    return str_eq_z(r->http->method, "GET") ||
           str_eq_z(r->http->method, "HEAD");
}

/* /zosConnect/apiRequesters/<name>, /zosConnect/services/<name>?action=invoke.
 * 0 when found, else the status. */
static unsigned
route_reserved(struct request *r, struct str rest)
{
    struct snapshot *s = r->usage->snapshot;
    struct str kind, name, decoded;
    bool is_post = str_eq_z(r->http->method, "POST");

    if (!take_segment(&rest, &kind) || !take_segment(&rest, &name) ||
        (rest.n > 0 && !str_eq_z(rest, "/")) ||
        url_decode(r->http->arena, name, false, &decoded, NULL) != ERR_OK)
        return 404;
    if (str_eq_z(kind, "apiRequesters")) {
        r->requester = table_get(&s->requesters, decoded);
        r->kind = RESOURCE_REQUESTER;
        if (r->requester == NULL)
            return 404;
        r->access = &r->requester->access;
        return is_post ? 0 : not_allowed(r, STR("POST"));
    }
    if (str_eq_z(kind, "services")) {
        struct service_entry *service = table_get(&s->services, decoded);

        r->kind = RESOURCE_SERVICE;
        if (service == NULL)
            return 404;
        r->access = &service->access;
        r->operation = &service->op;
        return (is_post || str_eq_z(r->http->method, "PUT")) && wants_invoke(r)
                   ? 0
                   : not_allowed(r, STR("POST, PUT"));
    }
    return 404;
}

static unsigned
route(struct request *r)
{
    struct snapshot *s = r->usage->snapshot;
    struct str rest = r->http->path;

    if (s->metrics != NULL && str_eq(rest, s->metrics->path)) {
        r->kind = RESOURCE_METRICS;
        r->access = &s->admin;
        return is_read(r) ? 0 : not_allowed(r, STR("GET, HEAD"));
    }

    if (s->has_mbeans && str_starts(rest, STR(MBEAN_ROOT)) &&
        (rest.n == strlen(MBEAN_ROOT) || rest.p[strlen(MBEAN_ROOT)] == '/')) {
        r->kind = RESOURCE_MBEAN;
        r->access = &s->mbeans;
        return 0;
    }
    if (str_starts(rest, STR("/zosConnect")) &&
        (rest.n == 11 || rest.p[11] == '/'))
        return route_reserved(r, str_sub(rest, 11, rest.n));
    switch (route_find(s->routes, r->http->arena, r->http->method, rest,
                       &r->match)) {
    case ROUTE_FOUND:
        r->api = r->match.api;
        r->operation = r->match.target;
        r->kind = r->operation == NULL ? RESOURCE_DOCUMENT : RESOURCE_API;
        r->access = &r->api->access;
        return 0;
    case ROUTE_NO_METHOD:
        return not_allowed(r, r->match.allow);
    case ROUTE_BAD_PATH:
        return 400;
    case ROUTE_NO_PATH:
        break;
    }
    return 404;
}

static void
answer_no_route(struct request *r, unsigned status)
{
    if (r->kind == RESOURCE_REQUESTER && status == 404)
        ANSWER_ERROR(r, 404, "BAQR1001E", r->http->path);
    else if (r->kind == RESOURCE_SERVICE && status == 404)
        ANSWER_ERROR(r, 404, "BAQR0431W", r->http->path);
    else if (status == 405)
        ANSWER_ERROR(r, 405, "BAQR0491W", r->http->method, r->http->path);
    else if (status == 400)
        ANSWER_ERROR(r, 400, "BAQR0492W", r->http->path);
    else
        ANSWER_ERROR(r, 404, "BAQR0490W", r->http->path);
}

/* --- interceptors and dispatch ------------------------------------------- */

static struct sallyport_text
text_of(struct str s)
{
    return (struct sallyport_text){ s.p, s.n };
}

static struct str
full_url(struct request *r)
{
    struct str scheme = r->is_secure ? STR("https://") : STR("http://");
    struct str host = STR("localhost"), path = r->http->path;
    char *url;

    if (r->host.n > 0)
        host = r->host;
    url = arena_alloc(r->http->arena, scheme.n + host.n + path.n);
    if (url == NULL)
        return path;
    memcpy(url, scheme.p, scheme.n);
    memcpy(url + scheme.n, host.p, host.n);
    memcpy(url + scheme.n + host.n, path.p, path.n);
    return str_n(url, scheme.n + host.n + path.n);
}

static void
describe(struct request *r)
{
    struct sallyport_request *i = &r->info;

    *i = (struct sallyport_request){
        .abi = SALLYPORT_INTERCEPTOR_ABI,
        .type = r->kind == RESOURCE_REQUESTER ? SALLYPORT_REQUESTER
                : r->kind == RESOURCE_SERVICE ? SALLYPORT_SERVICE
                : r->kind == RESOURCE_API     ? SALLYPORT_API
                                              : SALLYPORT_ADMIN,
        .authority = r->kind == RESOURCE_DOCUMENT ? SALLYPORT_READ_AUTHORITY
                                                  : SALLYPORT_INVOKE_AUTHORITY,
        .request_id = r->serve->next_request_id,
        .url = text_of(r->kind == RESOURCE_REQUESTER ? r->http->path
                                                     : full_url(r)),
        .method = text_of(r->http->method),
        .query = text_of(r->http->query),
        .peer = text_of(r->peer),
        .entry_us = r->attempt.now_ms * 1000u,
        .request_bytes = r->http->body_bytes == HTTP_LENGTH_UNKNOWN
                             ? 0
                             : r->http->body_bytes,
        .host = &r->subject,
    };
    r->serve->next_request_id += r->serve->id_step;
    if (r->api != NULL)
        i->api_name = text_of(r->api->info->name);
    if (r->operation != NULL && r->operation->service != NULL)
        i->service_name = text_of(r->operation->service->name);
    else if (r->kind == RESOURCE_DOCUMENT)
        i->service_name = i->api_name; /* what the message names */
    if (r->requester != NULL)
        i->requester_name = text_of(r->requester->info->name);
    if (r->caller != NULL) {
        i->user_name = text_of(acee_name(r->caller));
        if (r->caller->distributed.n > 0)
            i->user_name_mapped = text_of(str_of(r->caller->user));
    }
    if (r->asserted != NULL)
        i->user_name_asserted = text_of(str_of(r->asserted->user));
}

static void
send_document(struct request *r)
{
    answer_document(r, STR("application/json"), r->api->info->document);
}

static void
dispatch(struct request *r)
{
    if (!web_decode_body(r))
        return;
    switch (r->kind) {
    case RESOURCE_API:
    case RESOURCE_SERVICE:
        provide_start(r);
        break;
    case RESOURCE_REQUESTER:
        require_start(r);
        break;
    case RESOURCE_DOCUMENT:
        send_document(r);
        break;
    case RESOURCE_METRICS:
        answer_metrics(r);
        break;
    case RESOURCE_MBEAN:
        mbean_start(r);
        break;
    }
}

static void
run_interceptors(struct request *r)
{
    struct sallyport_refusal refusal = { .status = 403 };
    struct str who;

    r->subject.own = r->access->groups;
    r->subject.global = &r->usage->snapshot->manager->groups;
    r->subject.decision = &r->decision;
    describe(r);
    if (chain_pre(&r->access->chain, &r->info, &refusal, &r->n_run, &who) !=
        SALLYPORT_GO_ON) {
        decision_add(&r->decision, DECISION_INTERCEPTOR, DECISION_REFUSED, who,
                     r->http->path, no_rc);
        answer_refusal(r, &refusal);
        return;
    }
    receive_body(r, dispatch);
}

/* --- identity assertion (requesters) -------------------------------------- */

static void
answer_unavailable(struct request *r, struct saf_rc rc)
{
    if (auth_is_unregistered(rc))
        *r->serve->is_unregistered = true;
    MESSAGES_LOG0(r->serve->log, SECURITY_LOGGER, "BAQR0493E");
    answer_plain(r, 503, "Service Unavailable");
}

static void
check_surrogate(struct request *r)
{
    struct str profile =
        str_fmt(r->http->arena, "%s.BAQASSRT", r->asserted->user);
    struct saf_decision d = role_check(r, STR("SURROGAT"), profile);

    saf_log_access(r->serve->saf, r->caller, STR("SURROGAT"), profile, &d);
    if (saf_rc_is_ok(d.rc)) {
        decision_add(&r->decision, DECISION_SURROGAT, DECISION_ALLOWED,
                     acee_name(r->caller), profile, d.rc);
        run_interceptors(r);
        return;
    }
    decision_add(&r->decision, DECISION_SURROGAT, DECISION_REFUSED,
                 acee_name(r->caller), profile, d.rc);
    if (d.is_unknown) {
        answer_unavailable(r, no_rc);
        return;
    }
    ANSWER_ERROR(r, 403, "BAQR7114E", acee_name(r->caller),
                 str_of(r->asserted->user), r->http->path);
}

static void
on_asserted(struct auth_attempt *attempt, const struct auth_outcome *outcome)
{
    struct request *r = CONTAINER_OF(attempt, struct request, attempt);

    if (outcome->result != AUTH_OK) {
        decision_add(&r->decision, DECISION_ASSERTION, DECISION_REFUSED,
                     outcome->claimed, (struct str){ 0 }, outcome->rc);
        if (outcome->result == AUTH_UNAVAILABLE)
            answer_unavailable(r, outcome->rc);
        else
            ANSWER_ERROR(r, 403, "BAQR7116E", r->http->path);
        return;
    }
    r->asserted = outcome->acee;
    decision_add(&r->decision, DECISION_ASSERTION, DECISION_ALLOWED,
                 str_of(r->asserted->user), (struct str){ 0 }, outcome->rc);
    r->subject.acee = r->asserted;
    r->subject.is_asserted = true;
    if (r->access->id_assertion == CFG_ASSERT_SURROGATE &&
        r->access->require_auth)
        check_surrogate(r);
    else
        run_interceptors(r);
}

static void
assert_identity(struct request *r)
{
    struct str token, user, bytes;

    r->attempt.done = on_asserted;
    if (http_header_get(r->http, "Sallyport-Job-Token", &token) &&
        token.n > 0) {
        if (token.n > TOKEN_BYTES_MAX ||
            base64_decode_dup(r->http->arena, token, BASE64_URL, &bytes,
                              NULL) != ERR_OK) {
            ANSWER_ERROR(r, 403, "BAQR7116E", r->http->path);
            return;
        }
        auth_start_token(&r->attempt, bytes);
    } else if (r->access->allow_unsigned &&
               http_header_get(r->http, "Sallyport-User", &user) &&
               user.n > 0 && user.n <= SAF_USER_MAX) {
        auth_start_asserted(&r->attempt, str_upper(r->http->arena, user));
    } else {
        decision_add(&r->decision, DECISION_ASSERTION, DECISION_REFUSED,
                     STR("none"), (struct str){ 0 }, no_rc);
        ANSWER_ERROR(r, 403, "BAQR7116E", r->http->path);
    }
}

static void
after_role(struct request *r)
{
    r->subject.acee = r->is_authenticated ? r->caller : NULL;
    if (r->kind == RESOURCE_REQUESTER &&
        r->access->id_assertion != CFG_ASSERT_OFF)
        assert_identity(r);
    else
        run_interceptors(r);
}

/* --- authentication and role ---------------------------------------------- */

static void
check_role(struct request *r)
{
    switch (role_decide(r)) {
    case ROLE_GRANTED:
        after_role(r);
        return;
    case ROLE_UNKNOWN:
        answer_unavailable(r, no_rc);
        return;
    case ROLE_REFUSED:
        break;
    }
    MESSAGES_LOG(r->serve->log, ROLE_LOGGER, "CWWKS9104A", acee_name(r->caller),
                 r->http->method, r->http->path,
                 r->kind == RESOURCE_MBEAN ? STR("[Administrator]")
                                           : STR("[zosConnectAccess]"));
    answer_plain(r, 403, "Forbidden");
}

static void
on_guest(struct auth_attempt *attempt, const struct auth_outcome *outcome)
{
    struct request *r = CONTAINER_OF(attempt, struct request, attempt);

    /* Without an unauthenticated user nobody is identified; whatever needs an
     * identity then refuses. */
    if (outcome->result == AUTH_OK)
        r->caller = outcome->acee;
    after_role(r);
}

static void
end_tenant(void *value)
{
    struct limits_tenant *t = value;

    limits_tenant_end(t);
    free(t);
}

/* Whom the connection counts for; NULL: no storage. */
static struct limits_tenant *
tenant_of(struct request *r)
{
    struct limits_tenant *t = http_conn_get(r->http->conn);

    if (t == NULL && (t = calloc(1, sizeof *t)) != NULL) {
        t->limits = r->serve->limits;
        http_conn_set(r->http->conn, t, end_tenant);
    }
    return t;
}

static bool
tenant_takes_user(struct request *r)
{
    const struct cfg_request_limits *from = r->usage->snapshot->limits;
    struct limits_tenant *t;

    return from->connections_per_user == 0 ||
           ((t = tenant_of(r)) != NULL &&
            limits_tenant_user(t, from, str_of(r->caller->user)));
}

static bool
tenant_takes_api(struct request *r)
{
    const struct cfg_request_limits *from = r->usage->snapshot->limits;
    struct limits_tenant *t;
    struct str name;

    if (from->connections_per_api == 0)
        return true;
    name = r->api != NULL         ? r->api->info->name
           : r->requester != NULL ? r->requester->info->name
           : r->operation != NULL ? r->operation->op->service
                                  : STR("");
    name = str_fmt(r->http->arena, "%u/" STR_FMT, (unsigned)r->kind,
                   STR_ARG(name));
    return name.p != NULL && (t = tenant_of(r)) != NULL &&
           limits_tenant_api(t, from, name);
}

static void
on_authenticated(struct auth_attempt *attempt,
                 const struct auth_outcome *outcome)
{
    struct request *r = CONTAINER_OF(attempt, struct request, attempt);

    switch (outcome->result) {
    case AUTH_OK:
        r->caller = outcome->acee;
        r->is_authenticated = true;
        if (limits_user(r->serve->limits, r->usage->snapshot->limits,
                        acee_name(r->caller), r->began_us) != LIMIT_NONE)
            answer_limited(r, LIMIT_USER);
        else if (!tenant_takes_user(r))
            answer_limited(r, LIMIT_USER_CONNECTIONS);
        else
            check_role(r);
        return;
    case AUTH_CHALLENGE:
        if (outcome->claimed.n > 0 && auth_is_appl(outcome->rc))
            MESSAGES_LOG(r->serve->log, SECURITY_LOGGER, "CWWKS2907E",
                         str_upper(r->http->arena, outcome->claimed),
                         r->attempt.policy->applid);
        if (outcome->claimed.n > 0)
            MESSAGES_LOG(r->serve->log, SECURITY_LOGGER, "CWWKS1100A",
                         outcome->claimed);
        answer_challenge(r);
        return;
    case AUTH_FORBIDDEN:
        answer_plain(r, 403, "Forbidden");
        return;
    case AUTH_UNAVAILABLE:
        answer_unavailable(r, outcome->rc);
        return;
    }
}

static void
on_note(struct auth_attempt *attempt, const char *id, const struct str *inserts,
        size_t n)
{
    struct request *r = CONTAINER_OF(attempt, struct request, attempt);

    messages_log_msg(r->serve->log, SECURITY_LOGGER, id, inserts, n);
}

static void
get_certificate(struct auth_attempt *attempt)
{
    struct request *r = CONTAINER_OF(attempt, struct request, attempt);

    attempt->facts.certificate =
        http_conn_certificate(r->http->arena, r->http->conn);
}

static void
authenticate(struct request *r)
{
    struct auth_attempt *a = &r->attempt;

    a->saf = r->serve->saf;
    a->cache = r->usage->snapshot->auth_cache;
    a->loop = r->serve->loop;
    a->checker = r->serve->checker;
    a->note = on_note;
    a->policy = &r->usage->snapshot->auth;
    a->decision = &r->decision;
    (void)http_header_get(r->http, "Authorization", &a->facts.authorization);
    a->facts.digest = http_conn_certificate_digest(r->http->conn);
    a->get_certificate = get_certificate;
    a->facts.source = r->peer;
    if (r->access->require_auth) {
        a->done = on_authenticated;
        auth_start(a);
    } else {
        a->done = on_guest;
        auth_start_guest(a);
    }
}

/* The metrics' path, when it is open to everybody. */
static bool
answered_metrics(struct request *r)
{
    const struct cfg_metrics *m = r->usage->snapshot->metrics;

    if (m == NULL || m->authentication || !str_eq(r->http->path, m->path) ||
        !is_read(r))
        return false;
    answer_metrics(r);
    return true;
}

static bool
enter_limits(struct request *r)
{
    enum limit limit = limits_enter(
        r->serve->limits, r->usage->snapshot->limits, r->serve->n_requests,
        r->serve->id_step, r->peer, &r->access->bulkhead, r->began_us);

    r->is_counted = limit == LIMIT_NONE;
    if (limit == LIMIT_NONE && !tenant_takes_api(r))
        limit = LIMIT_API_CONNECTIONS;
    if (limit == LIMIT_NONE)
        return true;
    answer_limited(r, limit); /* r has gone */
    return false;
}

void
serve_on_request(struct http_request *http, void *arg)
{
    struct serve_port *port = arg;
    struct serve *serve = port->serve;
    struct request *r = ARENA_NEW(http->arena, struct request);
    unsigned status;

    if (r == NULL) {
        struct http_reply reply = { .status = 503, .must_close = true };

        http_reply_send(http, &reply);
        return;
    }
    r->serve = serve;
    r->usage = serve->usage;
    r->http = http;
    r->port = port;
    r->attempt.now_ms = clock_wall_ms();
    r->usage->n_requests++;
    serve->n_requests++;
    r->number = serve->n_total++;
    r->next = serve->requests;
    if (r->next != NULL)
        r->next->previous = r;
    serve->requests = r;
    MESSAGES_TRACE_DATA(serve->log, SERVLET_LOGGER, TRACE_FINER, "service",
                        "Entry " STR_FMT " " STR_FMT, STR_ARG(http->method),
                        STR_ARG(http->path));
    r->entry = port->live;
    r->peer = http_conn_peer(http->conn);
    r->is_secure = http_conn_is_tls(http->conn);
    http->user = r;
    r->began_us = clock_mono_us();
    if (!web_admit(r) || answered_metrics(r))
        return;
    status = route(r);
    if (status == 404 && r->api == NULL && web_answer_missing(r))
        return;
    if (status != 0) {
        decision_add(&r->decision, DECISION_ROUTE, DECISION_REFUSED,
                     http->method, http->path, no_rc);
        answer_no_route(r, status);
        return;
    }
    decision_add(&r->decision, DECISION_ROUTE, DECISION_ALLOWED, http->method,
                 http->path, no_rc);
    if (!enter_limits(r))
        return;
    if (r->access->require_secure && !r->is_secure) {
        decision_add(&r->decision, DECISION_TRANSPORT, DECISION_REFUSED,
                     STR("http"), http->path, no_rc);
        answer_redirect(r);
        return;
    }
    authenticate(r);
}
