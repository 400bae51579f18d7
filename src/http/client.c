/*
 * One outbound request. It waits for an address, a connection (kept or new),
 * the head of the answer and its body; call_run takes as many of these steps
 * as the connection allows. `done` runs last of all, when nothing of the call
 * is needed any more, so that it may start the next call at once.
 */
#include "http/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/chunked.h"
#include "http/client_conn.h"
#include "http/head.h"
#include "http/input.h"

#define HEAD_BYTES_MAX ((size_t)128 * 1024)
#define FIELD_BYTES_MAX 32768u
#define FIELDS_MAX 500u
#define REQUEST_BYTES_MAX ((size_t)1 << 31)
#define BODY_STEP_BYTES ((size_t)64 * 1024)
#define INTERIM_MAX 8u /* 1xx answers before the real one */

enum call_state {
    CALL_STARTING, /* to be run from the loop */
    CALL_RESOLVING,
    CALL_CONNECTING,
    CALL_HEAD, /* the request leaves, the head of the answer arrives */
    CALL_BODY,
};

struct http_call {
    struct http_pool *pool;
    struct http_call *prev, *next;
    enum call_state state;
    struct http_call_settings settings;
    struct http_origin origin; /* its strings point into `names` */
    struct buf names;
    struct str method;
    struct buf request; /* head and body, as it leaves */
    size_t sent;
    http_call_done done;
    void *arg;
    struct loop_post start;
    bool is_start_posted;
    bool is_cancelled;
    struct loop_timer timer;
    struct resolve_job *job;
    union address addresses[RESOLVE_ADDRESSES_MAX];
    size_t n_addresses, next_address;
    struct client_conn *conn;
    struct arena arena; /* the head's array */
    struct http_head head;
    struct http_chunked chunked;
    unsigned n_interim;
    struct http_input in;
    struct http_input held; /* the head stands there once a body follows */
    size_t scanned;
    struct buf body;
};

/* ---- storage ---- */

static void
forget_answer(struct http_call *call)
{
    http_input_release(&call->in);
    http_input_release(&call->held);
    call->scanned = 0;
    arena_reset(&call->arena);
    buf_clear(&call->body);
}

static void
free_call(struct http_call *call)
{
    forget_answer(call);
    arena_fini(&call->arena);
    buf_fini(&call->body);
    buf_fini(&call->names);
    buf_fini(&call->request);
    tls_config_unref(&call->origin.tls);
    free(call);
}

/* Out of the list, without connection, timer or look-up. */
static void
detach(struct http_call *call)
{
    struct http_pool *pool = call->pool;

    loop_timer_clear(pool->loop, &call->timer);
    resolve_cancel(&call->job);
    if (call->conn != NULL)
        client_conn_close(call->conn);
    call->conn = NULL;
    if (call->prev != NULL)
        call->prev->next = call->next;
    else
        pool->calls = call->next;
    if (call->next != NULL)
        call->next->prev = call->prev;
}

static void
fail(struct http_call *call, enum err e, const struct err_info *why)
{
    detach(call);
    call->done(call->arg, e, NULL, why);
    free_call(call);
}

static void
fail_text(struct http_call *call, enum err e, const char *text)
{
    struct err_info why = { 0 };

    (void)err_set(&why, e, STR_FMT ":%u: %s", STR_ARG(call->origin.host),
                  call->origin.port, text);
    fail(call, e, &why);
}

void
http_call_cancel(struct http_call **call_p)
{
    struct http_call *call = *call_p;

    *call_p = NULL;
    if (call == NULL)
        return;
    detach(call);
    if (call->is_start_posted)
        call->is_cancelled = true; /* the loop still holds its post */
    else
        free_call(call);
}

/* ---- the answer ---- */

static void
finish(struct http_call *call)
{
    struct http_answer answer = {
        .status = call->head.status,
        .headers = call->head.headers,
        .n_headers = call->head.n_headers,
        .body = buf_view(&call->body),
    };

    if (call->head.body == HTTP_BODY_LENGTH && call->held.p == NULL)
        answer.body =
            str_n(call->in.p + call->in.at, (size_t)call->head.length);
    else if (call->held.p == NULL)
        answer.body = STR("");
    if (call->head.body == HTTP_BODY_LENGTH && call->held.p == NULL)
        call->in.at += answer.body.n;
    /* Anything left over belongs to nobody: such a peer is not asked again. */
    if (call->head.keep_alive && call->head.body != HTTP_BODY_UNTIL_CLOSE &&
        call->in.at == call->in.n && call->sent == call->request.n) {
        client_conn_keep(call->conn);
        call->conn = NULL;
    }
    detach(call);
    call->done(call->arg, ERR_OK, &answer, NULL);
    free_call(call);
}

static bool
is_idempotent(struct str method)
{
    return !str_eq_z(method, "POST") && !str_eq_z(method, "PATCH");
}

static void connect_next(struct http_call *call, const char *last_failure);
static void locate(struct http_call *call);

/* The connection ended before the answer did. A kept one that closed before
 * its first byte only crossed our request on the wire. */
static void
on_lost(struct http_call *call)
{
    bool is_untouched =
        call->state == CALL_HEAD && call->in.n == 0 && call->n_interim == 0;

    if (!is_untouched || !call->conn->is_reused ||
        !is_idempotent(call->method)) {
        fail_text(call, ERR_PEER,
                  is_untouched ? "the connection closed before an answer"
                               : "the connection closed inside the answer");
        return;
    }
    client_conn_close(call->conn);
    call->conn = NULL;
    call->sent = 0;
    forget_answer(call);
    locate(call);
}

/* Bytes after the head move to a buffer of their own: the head's strings live
 * in the first one. */
static bool
begin_body(struct http_call *call)
{
    call->chunked = (struct http_chunked){ 0 };
    call->body.max = call->head.body == HTTP_BODY_LENGTH
                         ? (size_t)call->head.length
                         : call->settings.max_body_bytes;
    call->state = CALL_BODY;
    if (!http_input_split(&call->in, &call->held)) {
        fail_text(call, ERR_MEMORY, "no storage for the answer");
        return false;
    }
    return true;
}

/* True to go on with the next step. */
static bool
take_head(struct http_call *call, size_t n)
{
    static const struct http_head_limits limits = { FIELD_BYTES_MAX,
                                                    FIELDS_MAX };
    const char *why = "";

    if (!http_answer_parse(&call->arena, str_n(call->in.p + call->in.at, n),
                           &limits, call->method, &call->head, &why)) {
        fail_text(call, ERR_SYNTAX, why);
        return false;
    }
    call->in.at += n;
    call->scanned = 0;
    if (call->head.status < 200) {
        /* We never ask for an upgrade, so 101 is as wrong as endless 100s. */
        if (call->head.status != 101 && ++call->n_interim <= INTERIM_MAX)
            return true;
        fail_text(call, ERR_SYNTAX, "unexpected interim answers");
        return false;
    }
    if (call->head.body == HTTP_BODY_LENGTH &&
        call->head.length > call->settings.max_body_bytes) {
        fail_text(call, ERR_LIMIT, "the body of the answer is too large");
        return false;
    }
    if (call->head.body == HTTP_BODY_NONE ||
        (call->head.body == HTTP_BODY_LENGTH &&
         call->in.n - call->in.at >= call->head.length)) {
        finish(call);
        return false;
    }
    return begin_body(call);
}

/* ERR_OK: there are more bytes; otherwise the call may be over. */
static enum err
read_input(struct http_call *call)
{
    size_t n = 0;
    enum err e;

    if (!http_input_room(&call->in)) {
        fail_text(call, ERR_MEMORY, "no storage for the answer");
        return ERR_MEMORY;
    }
    e = stream_read(&call->conn->stream, call->in.p + call->in.n,
                    call->in.cap - call->in.n, &n);
    call->in.n += n;
    return e;
}

static enum err
send_request(struct http_call *call)
{
    while (call->sent < call->request.n) {
        size_t n = 0;
        enum err e =
            stream_write(&call->conn->stream, call->request.p + call->sent,
                         call->request.n - call->sent, &n);

        if (e != ERR_OK)
            return e;
        call->sent += n;
    }
    return ERR_OK;
}

static bool
step_head(struct http_call *call)
{
    struct str in;
    enum err e;
    size_t n;

    /* A server may refuse early and stop reading: its answer still counts. */
    (void)send_request(call);
    in = http_input_view(&call->in);
    n = http_head_end(in, &call->scanned);
    if (n > 0)
        return take_head(call, n);
    if (in.n > HEAD_BYTES_MAX) {
        fail_text(call, ERR_LIMIT, "the head of the answer is too long");
        return false;
    }
    e = read_input(call);
    if (e == ERR_PEER)
        on_lost(call);
    return e == ERR_OK;
}

static bool
take_chunked(struct http_call *call)
{
    size_t used = 0;
    enum err e = http_chunked_take(&call->chunked, http_input_view(&call->in),
                                   &used, &call->body);

    call->in.at += used;
    if (e == ERR_OK) {
        finish(call);
        return false;
    }
    if (e == ERR_LIMIT)
        fail_text(call, ERR_LIMIT, "the body of the answer is too large");
    else if (e != ERR_AGAIN)
        fail_text(call, ERR_SYNTAX, "the chunked answer is malformed");
    return e == ERR_AGAIN;
}

/* What has been read goes to the body, or, delimited by length, is read right
 * there. */
static bool
step_plain_body(struct http_call *call)
{
    struct buf *body = &call->body;
    size_t have = call->in.n - call->in.at, left = body->max - body->n, n = 0;
    size_t step = left < BODY_STEP_BYTES ? left : BODY_STEP_BYTES;
    bool is_length = call->head.body == HTTP_BODY_LENGTH;
    enum err e;
    char *p;

    if (have > left && !is_length) {
        fail_text(call, ERR_LIMIT, "the body of the answer is too large");
        return false;
    }
    if (have > 0 && left > 0) {
        buf_add(body,
                str_n(call->in.p + call->in.at, have < left ? have : left));
        call->in.at += have < left ? have : left;
        return true;
    }
    if (is_length && left == 0) {
        finish(call);
        return false;
    }
    call->in.at = call->in.n = 0;
    if (!is_length) {
        e = read_input(call);
    } else if ((p = buf_grow(body, step)) == NULL) {
        fail_text(call, ERR_MEMORY, "no storage for the answer");
        return false;
    } else {
        e = stream_read(&call->conn->stream, p, step, &n);
        body->n -= step - n;
    }
    if (e == ERR_PEER && !is_length && !call->conn->stream.is_broken)
        finish(call);
    else if (e == ERR_PEER)
        on_lost(call);
    return e == ERR_OK;
}

static bool
step_chunked_body(struct http_call *call)
{
    enum err e = ERR_OK;

    if (call->in.at == call->in.n) {
        call->in.at = call->in.n = 0;
        e = read_input(call);
    }
    if (e == ERR_PEER)
        on_lost(call);
    return e == ERR_OK && take_chunked(call);
}

/* ---- connecting ---- */

static void
begin_exchange(struct http_call *call)
{
    uint32_t timeout_ms = call->settings.receive_timeout_ms;

    call->state = CALL_HEAD;
    call->n_interim = 0;
    loop_timer_clear(call->pool->loop, &call->timer);
    if (timeout_ms > 0)
        loop_timer_set(call->pool->loop, &call->timer, timeout_ms);
}

static bool
step_connecting(struct http_call *call)
{
    struct err_info why = { 0 };
    struct stream *stream = &call->conn->stream;
    bool is_tls_failure, is_untrusted;
    enum err e = stream_handshake(stream, &why);

    if (e == ERR_AGAIN)
        return false;
    if (e == ERR_OK) {
        begin_exchange(call);
        return true;
    }
    is_tls_failure = stream->is_connected;
    is_untrusted = stream->is_untrusted;
    client_conn_close(call->conn);
    call->conn = NULL;
    if (is_tls_failure) /* another address would not change that */
        fail_text(call, is_untrusted ? ERR_DENIED : ERR_PEER, why.text);
    else
        connect_next(call, why.text);
    return false;
}

static void
connect_next(struct http_call *call, const char *last_failure)
{
    struct err_info why = { 0 };
    char failure[ERR_TEXT_MAX];

    snprintf(failure, sizeof failure, "%s", last_failure);
    while (call->next_address < call->n_addresses) {
        const union address *address = &call->addresses[call->next_address++];
        enum err e = client_conn_new(call->pool, &call->origin, address,
                                     &call->conn, &why);

        if (e == ERR_OK) {
            REQUIRE(call->conn != NULL);
            call->conn->call = call;
            call->state = CALL_CONNECTING;
            return;
        }
        memcpy(failure, why.text, sizeof failure);
    }
    fail_text(call, ERR_PEER, failure);
}

static void
on_resolved(void *arg, enum err e, const union address *addresses, size_t n,
            const struct err_info *why)
{
    struct http_call *call = arg;

    call->job = NULL;
    if (e != ERR_OK) {
        fail(call, ERR_PEER, why);
        return;
    }
    memcpy(call->addresses, addresses, n * sizeof addresses[0]);
    call->n_addresses = n;
    connect_next(call, "no address");
}

/* To an address and a new connection. */
static void
locate(struct http_call *call)
{
    struct http_pool *pool = call->pool;
    struct err_info why = { 0 };
    enum err e;

    loop_timer_clear(pool->loop, &call->timer);
    if (call->settings.connect_timeout_ms > 0)
        loop_timer_set(pool->loop, &call->timer,
                       call->settings.connect_timeout_ms);
    call->next_address = 0;
    if (call->n_addresses > 0 ||
        address_parse(call->origin.host, call->origin.port,
                      &call->addresses[0])) {
        call->n_addresses += call->n_addresses == 0;
        connect_next(call, "no address");
        return;
    }
    call->state = CALL_RESOLVING;
    e = resolve_start(pool->loop, call->origin.host, call->origin.port,
                      on_resolved, call, &call->job, &why);
    if (e != ERR_OK)
        fail(call, e, &why);
}

static bool
step(struct http_call *call)
{
    switch (call->state) {
    case CALL_CONNECTING:
        return step_connecting(call);
    case CALL_HEAD:
        return step_head(call);
    case CALL_BODY:
        if (call->head.body == HTTP_BODY_CHUNKED)
            return step_chunked_body(call);
        return step_plain_body(call);
    case CALL_STARTING:
    case CALL_RESOLVING:
        break;
    }
    return false;
}

void
call_run(struct http_call *call)
{
    while (step(call)) /* false also when the call is gone */
        ;
}

static void
on_timer(struct loop_timer *timer)
{
    struct http_call *call = CONTAINER_OF(timer, struct http_call, timer);

    if (call->state == CALL_HEAD || call->state == CALL_BODY)
        fail_text(call, ERR_TIMEOUT, "receive timeout");
    else
        fail_text(call, ERR_TIMEOUT, "connect timeout");
}

/* ---- starting ---- */

static void
on_start(struct loop_post *post)
{
    struct http_call *call = CONTAINER_OF(post, struct http_call, start);

    call->is_start_posted = false;
    if (call->is_cancelled) {
        free_call(call);
        return;
    }
    call->conn = client_conn_take(call->pool, &call->origin);
    if (call->conn == NULL) {
        locate(call);
        return;
    }
    call->conn->call = call;
    begin_exchange(call);
    call_run(call);
}

static bool
is_ours(struct str name)
{
    return str_eq_nocase_z(name, "Host") ||
           str_eq_nocase_z(name, "Content-Length") ||
           str_eq_nocase_z(name, "Connection") ||
           str_eq_nocase_z(name, "Transfer-Encoding");
}

static enum err
check_request(struct str method, struct str target,
              const struct http_header *headers, size_t n_headers,
              struct err_info *why)
{
    if (!http_is_token(method))
        return err_set(why, ERR_SYNTAX, "the method is not a token");
    if (!http_is_target(target))
        return err_set(why, ERR_SYNTAX,
                       "the request target is empty or holds a character "
                       "that needs encoding");
    for (size_t i = 0; i < n_headers; i++) {
        if (!http_is_token(headers[i].name) ||
            !http_is_field_value(headers[i].value))
            return err_set(why, ERR_SYNTAX,
                           "header field %zu holds a character that is not "
                           "allowed",
                           i + 1);
        if (is_ours(headers[i].name))
            return err_set(why, ERR_SYNTAX,
                           "header field " STR_FMT " is set by the client",
                           STR_ARG(headers[i].name));
    }
    return ERR_OK;
}

static void
put_host(struct buf *out, const struct http_origin *origin)
{
    bool is_v6 = str_find_char(origin->host, ':') != STR_NPOS;

    buf_add_z(out, is_v6 ? "Host: [" : "Host: ");
    buf_add(out, origin->host);
    if (is_v6)
        buf_add_char(out, ']');
    if (origin->port != (origin->tls != NULL ? 443u : 80u))
        buf_printf(out, ":%u", origin->port);
    buf_add_z(out, "\r\n");
}

static void
put_request(struct buf *out, const struct http_origin *origin,
            struct str method, struct str target,
            const struct http_header *headers, size_t n_headers,
            struct str body)
{
    buf_add(out, method);
    buf_add_char(out, ' ');
    buf_add(out, target);
    buf_add_z(out, " HTTP/1.1\r\n");
    put_host(out, origin);
    for (size_t i = 0; i < n_headers; i++) {
        buf_add(out, headers[i].name);
        buf_add_z(out, ": ");
        buf_add(out, headers[i].value);
        buf_add_z(out, "\r\n");
    }
    if (body.n > 0 || !is_idempotent(method) || str_eq_z(method, "PUT"))
        buf_printf(out, "Content-Length: %zu\r\n", body.n);
    buf_add_z(out, "\r\n");
    buf_add(out, body);
}

static void
copy_origin(struct http_call *call, const struct http_origin *from,
            struct str method)
{
    struct buf *names = &call->names;

    buf_add(names, from->host);
    buf_add(names, from->identity);
    buf_add(names, method);
    if (names->failed)
        return;
    call->origin.host = str_n(names->p, from->host.n);
    call->origin.identity = str_n(names->p + from->host.n, from->identity.n);
    call->method = str_n(names->p + names->n - method.n, method.n);
    call->origin.port = from->port;
    call->origin.tls = tls_config_ref(from->tls);
}

enum err
http_call_start(struct http_pool *pool, const struct http_origin *origin,
                const struct http_call_settings *settings, struct str method,
                struct str target, const struct http_header *headers,
                size_t n_headers, struct str body, http_call_done done,
                void *arg, struct http_call **out, struct err_info *why)
{
    struct http_call *call;
    enum err e = check_request(method, target, headers, n_headers, why);

    if (e != ERR_OK)
        return e;
    call = calloc(1, sizeof *call);
    if (call == NULL)
        return err_set(why, ERR_MEMORY, "no storage for a request");
    call->pool = pool;
    call->settings = *settings;
    call->done = done;
    call->arg = arg;
    call->timer.fire = on_timer;
    call->start.run = on_start;
    http_input_init(&call->in, &pool->buffers);
    http_input_init(&call->held, &pool->buffers);
    buf_init(&call->names, REQUEST_BYTES_MAX);
    buf_init(&call->request, REQUEST_BYTES_MAX);
    buf_init(&call->body, 0);
    arena_init(&call->arena, HEAD_BYTES_MAX);
    copy_origin(call, origin, method);
    put_request(&call->request, origin, method, target, headers, n_headers,
                body);
    if (call->names.failed || call->request.failed) {
        free_call(call);
        return err_set(why, ERR_LIMIT, "the request is too large");
    }
    call->next = pool->calls;
    if (call->next != NULL)
        call->next->prev = call;
    pool->calls = call;
    call->is_start_posted = true;
    loop_defer(pool->loop, &call->start);
    *out = call;
    return ERR_OK;
}
