/*
 * The life of one client connection, as a state machine: conn_run takes steps
 * until the socket or the handler has to be waited for. Requests of one
 * connection are handled one after the other; what a client sends ahead stays
 * in the socket or the buffer, and the answers to requests that arrived
 * together leave together.
 */
#include "http/conn.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

#define TLS_BYTES ((size_t)24 * 1024)
#define LINGER_MS 2000u
#define LINGER_BYTES ((size_t)1024 * 1024)
/* Steps of one connection before the others have their turn. */
#define STEPS_AT_ONCE 64u

/* ---- deadlines ---- */

/* The timer moves only when it would fire too late; one that fires too early
 * is set again. So the usual request moves no timer at all. */
void
conn_set_deadline(struct http_conn *conn, uint64_t in_ms)
{
    struct loop *loop = conn->server->loop;

    conn->deadline_ms = loop_now_ms(loop) + in_ms;
    if (!conn->timer.is_set || conn->timer.at_ms > conn->deadline_ms)
        loop_timer_set(loop, &conn->timer, in_ms);
}

void
conn_clear_deadline(struct http_conn *conn)
{
    conn->deadline_ms = UINT64_MAX;
}

/* ---- ends ---- */

void
conn_release_exchange(struct http_conn *conn)
{
    struct exchange *ex = conn->exchange;

    if (ex == NULL)
        return;
    conn->exchange = NULL;
    http_input_release(&ex->held);
    exchange_put(conn->server, ex);
}

/* What a connection holds besides, as measured (doc/internals/performance.md).
 */
static size_t
conn_extra_bytes(const struct http_conn *conn)
{
    return conn->is_tls ? TLS_BYTES : 0;
}

static void
free_conn(struct loop_post *post)
{
    struct http_conn *conn = CONTAINER_OF(post, struct http_conn, end);
    struct http_server *server = conn->server;

    if (conn->slot_free != NULL)
        conn->slot_free(conn->slot);
    h2_free(conn);
    gauge_give(server->conn_pool.gauge, conn_extra_bytes(conn));
    if (conn->prev != NULL)
        conn->prev->next = conn->next;
    else
        server->conns = conn->next;
    if (conn->next != NULL)
        conn->next->prev = conn->prev;
    pool_put(&server->conn_pool, conn);
    server_conn_gone(server);
}

void
conn_try_free(struct http_conn *conn)
{
    if (conn->state != CONN_CLOSED || conn->is_running || conn->is_waiting ||
        conn->exchange != NULL || h2_is_busy(conn) || conn->end.run != NULL)
        return;
    conn->end.run = free_conn;
    loop_defer(conn->server->loop, &conn->end);
}

void
conn_close(struct http_conn *conn)
{
    bool is_awaited = conn->state == CONN_STREAM;
    bool is_with_handler =
        conn->state == CONN_HANDLER || is_awaited || h2_is_busy(conn);

    if (conn->state == CONN_CLOSED)
        return;
    conn->state = CONN_CLOSED;
    loop_timer_clear(conn->server->loop, &conn->timer);
    /* Later questions about the client must still find an answer. */
    if (is_with_handler && conn->is_tls)
        (void)http_conn_certificate_digest(conn);
    if (conn->h2 != NULL)
        h2_close(conn);
    stream_fini(&conn->stream);
    server_peer_gone(conn->server, &conn->peer.any);
    conn_end_source(conn);
    http_out_fini(&conn->out);
    if (conn->h2 != NULL || !is_with_handler) {
        conn_release_exchange(conn);
        http_input_release(&conn->in);
    }
    conn_try_free(conn);
    if (is_awaited)
        body_gone(conn->exchange);
}

/* ---- steps: true when another one may be possible at once ---- */

void
conn_await_request(struct http_conn *conn)
{
    const struct http_server_options *options = &conn->server->options;

    conn->state = CONN_HEAD;
    conn->scanned = 0;
    conn_set_deadline(conn, conn->n_requests > 0 && conn->in.at == conn->in.n
                                ? options->persist_timeout_ms
                                : options->read_timeout_ms);
}

enum err
conn_flush(struct http_conn *conn)
{
    size_t before = conn->out.n - conn->out.at;
    enum err e;

    if (before == 0)
        return ERR_OK;
    e = http_out_flush(&conn->out, &conn->stream);
    if (e == ERR_OK && conn->is_blocked) {
        conn->is_blocked = false;
        if (conn->state == CONN_HEAD)
            conn_await_request(conn);
        else if (conn->state == CONN_HANDLER || conn->state == CONN_SOURCE)
            conn_clear_deadline(conn);
        else if (conn->state == CONN_BODY || conn->state == CONN_STREAM)
            conn_set_deadline(conn, conn->server->options.read_timeout_ms);
    }
    if (e == ERR_AGAIN &&
        (!conn->is_blocked || before != conn->out.n - conn->out.at)) {
        conn->is_blocked = true;
        conn_set_deadline(conn, conn->server->options.write_timeout_ms);
    }
    if (e == ERR_PEER)
        conn_close(conn);
    return e;
}

static bool
step_handshake(struct http_conn *conn)
{
    const struct http_server_events *events = &conn->server->events;
    struct err_info why;
    enum err e = stream_handshake(&conn->stream, &why);

    if (e == ERR_AGAIN)
        return false;
    if (e == ERR_OK && conn->is_tls && events->on_tls != NULL)
        events->on_tls(stream_is_resumed(&conn->stream), events->arg);
    if (e == ERR_OK && stream_is_h2(&conn->stream)) {
        if (h2_start(conn, NULL, STR("")) != ERR_OK)
            conn_close(conn);
        return true;
    }
    if (e == ERR_OK) {
        conn_await_request(conn);
        return true;
    }
    /* Who connects and leaves without a byte (a port probe) is no failure. */
    if (conn->stream.saw_bytes && events->on_tls_error != NULL)
        events->on_tls_error(http_conn_peer(conn), str_of(why.text),
                             events->arg);
    conn_close(conn);
    return false;
}

struct http_request *
conn_request(struct http_conn *conn, struct exchange *ex, struct str body)
{
    ex->request = (struct http_request){
        .conn = conn,
        .arena = &ex->arena,
        .method = ex->head.method,
        .target = ex->head.target,
        .path = ex->head.path,
        .query = ex->head.query,
        .headers = ex->head.headers,
        .n_headers = ex->head.n_headers,
        .body = body,
        .has_more = ex->is_expected,
        .body_bytes = ex->head.body == HTTP_BODY_LENGTH ? ex->head.length
                      : ex->is_expected                 ? HTTP_LENGTH_UNKNOWN
                                                        : body.n,
        .version = ex->stream.id != 0 ? 20 : 10 + ex->head.minor,
    };
    return &ex->request;
}

void
conn_give_to_handler(struct http_conn *conn, struct str body)
{
    struct http_request *request = conn_request(conn, conn->exchange, body);

    conn->state = CONN_HANDLER;
    conn->n_requests++;
    conn_clear_deadline(conn);
    conn->server->events.on_request(request, conn->server->events.arg);
}

/* RFC 9112, 2.2: one empty line before the request line is ignored. */
static void
skip_empty_line(struct http_conn *conn)
{
    /* Its CR may have come, and been scanned, alone. */
    if (conn->scanned < 2 && conn->in.n - conn->in.at >= 2 &&
        memcmp(conn->in.p + conn->in.at, "\r\n", 2) == 0) {
        conn->in.at += 2;
        conn->scanned = 0;
    }
}

/* Whether what has arrived can still become a request; anything else (a TLS
 * hello on the clear port, say) is not waited for. */
static bool
may_be_request(struct str in)
{
    if (in.n == 0 || in.p[0] == '\r')
        return in.n < 2 || in.p[1] == '\n';
    return http_is_token(str_sub(in, 0, 1));
}

static bool
parse_head(struct http_conn *conn, size_t n)
{
    const struct http_server_options *options = &conn->server->options;
    struct http_head_limits limits = {
        .max_field_bytes = options->max_field_bytes,
        .max_headers = options->max_headers,
    };
    const char *why = "";
    unsigned status;

    conn->exchange = exchange_get(conn->server);
    if (conn->exchange == NULL) {
        conn->in.at += n;
        conn_refuse(conn, 503, conn_no_memory);
        return true;
    }
    status = http_request_parse(&conn->exchange->arena,
                                str_n(conn->in.p + conn->in.at, n), &limits,
                                &conn->exchange->head, &why);
    if (conn->server->events.on_done != NULL)
        conn->exchange->started_us = clock_mono_us();
    if (status != 0) {
        conn_refuse(conn, status, why);
        return true;
    }
    conn->in.at += n;
    if (!h2_upgrade(conn))
        body_begin(conn);
    return true;
}

bool
conn_read(struct http_conn *conn)
{
    bool was_empty = conn->in.at == conn->in.n;
    size_t n = 0;
    enum err e;

    if (was_empty)
        conn->in.at = conn->in.n = conn->scanned = 0;
    if (!conn->stream.may_read && conn->stream.ssl == NULL) {
        e = ERR_AGAIN;
    } else if (!http_input_room(&conn->in)) {
        conn_close(conn);
        return false;
    } else {
        e = stream_read(&conn->stream, conn->in.p + conn->in.n,
                        conn->in.cap - conn->in.n, &n);
    }
    if (e == ERR_AGAIN) {
        if (was_empty)
            http_input_release(
                &conn->in); /* an idle connection holds no buffer */
        return false;
    }
    if (e != ERR_OK) {
        conn_close(conn);
        return false;
    }
    conn->in.n += n;
    if (was_empty && conn->state == CONN_HEAD)
        conn_set_deadline(conn, conn->server->options.read_timeout_ms);
    return true;
}

static bool
step_head(struct http_conn *conn)
{
    enum h2_preface preface;
    struct str in;
    size_t n;

    if (conn->is_blocked || conn->out.n - conn->out.at > CONN_GATHER_BYTES) {
        if (conn_flush(conn) != ERR_OK)
            return false;
    }
    skip_empty_line(conn);
    in = http_input_view(&conn->in);
    if (!may_be_request(in)) {
        conn_refuse(conn, 400, "this is not an HTTP request");
        return true;
    }
    preface = h2_preface(conn, in);
    if (preface == H2_PREFACE_WHOLE) {
        if (h2_start(conn, NULL, STR("")) != ERR_OK)
            conn_close(conn);
        return true;
    }
    n = preface == H2_PREFACE_PART ? 0 : http_head_end(in, &conn->scanned);
    if (n > 0 && n <= CONN_HEAD_MAX)
        return parse_head(conn, n);
    if (in.n >= CONN_HEAD_MAX) {
        conn_refuse(conn, 431, "the request head is too long");
        return true;
    }
    if (conn_flush(conn) != ERR_OK)
        return false;
    if (conn->is_draining && in.n == 0) {
        conn_close(conn);
        return false;
    }
    return conn_read(conn);
}

static bool
step_closing(struct http_conn *conn)
{
    if (conn_flush(conn) != ERR_OK)
        return false;
    if (!conn->must_linger) {
        conn_close(conn);
        return false;
    }
    /* Closing with unread bytes would reset the connection and the client
     * might lose the answer (RFC 9112, 9.6). */
    stream_shutdown(&conn->stream);
    conn->state = CONN_LINGER;
    conn_set_deadline(conn, LINGER_MS);
    return true;
}

static bool
step_linger(struct http_conn *conn)
{
    size_t n = 0;
    enum err e;

    conn->in.at = conn->in.n = 0;
    if (!http_input_room(&conn->in)) {
        conn_close(conn);
        return false;
    }
    e = stream_read(&conn->stream, conn->in.p, conn->in.cap, &n);
    conn->lingered_bytes += n;
    if (e == ERR_PEER || conn->lingered_bytes > LINGER_BYTES)
        conn_close(conn);
    return e == ERR_OK;
}

static bool
step(struct http_conn *conn)
{
    switch (conn->state) {
    case CONN_HANDSHAKE:
        return step_handshake(conn);
    case CONN_HEAD:
        return step_head(conn);
    case CONN_BODY:
        return body_step(conn);
    case CONN_STREAM:
        return body_step_stream(conn);
    case CONN_HANDLER:
        IGNORE(conn_flush(conn)); /* answers before this one */
        return false;
    case CONN_SOURCE:
        return conn_step_source(conn);
    case CONN_H2:
        return h2_step(conn);
    case CONN_CLOSING:
        return step_closing(conn);
    case CONN_LINGER:
        return step_linger(conn);
    case CONN_CLOSED:
        break;
    }
    return false;
}

static void
run_again(struct loop_post *post)
{
    struct http_conn *conn = CONTAINER_OF(post, struct http_conn, again);

    conn->is_waiting = false;
    conn_run(conn);
}

/* A client that sends as fast as it is served must not keep the others
 * waiting; no edge would tell of what it has sent already. */
static void
wait_a_turn(struct http_conn *conn)
{
    if (conn->is_waiting)
        return;
    conn->is_waiting = true;
    conn->again.run = run_again;
    loop_defer(conn->server->loop, &conn->again);
}

void
conn_run(struct http_conn *conn)
{
    unsigned n_steps = 0;

    if (conn->is_running)
        return;
    conn->is_running = true;
    while (conn->state != CONN_CLOSED && step(conn))
        if (++n_steps == STEPS_AT_ONCE) {
            wait_a_turn(conn);
            break;
        }
    conn->is_running = false;
    conn_try_free(conn);
}

/* ---- events ---- */

static void
on_ready(struct stream *stream)
{
    conn_run(CONTAINER_OF(stream, struct http_conn, stream));
}

static void
on_timer(struct loop_timer *timer)
{
    struct http_conn *conn = CONTAINER_OF(timer, struct http_conn, timer);
    uint64_t now_ms = loop_now_ms(conn->server->loop);
    bool has_begun = conn->state == CONN_BODY ||
                     (conn->state == CONN_HEAD && conn->in.n > conn->in.at);

    if (conn->deadline_ms == UINT64_MAX)
        return;
    if (now_ms < conn->deadline_ms) {
        loop_timer_set(conn->server->loop, timer, conn->deadline_ms - now_ms);
        return;
    }
    if (conn->state == CONN_H2) {
        h2_on_timeout(conn);
        return;
    }
    if (conn->state == CONN_STREAM && !conn->is_blocked) {
        body_timeout(conn);
        return;
    }
    if (conn->is_blocked)
        conn_tell_stalled(conn, conn_not_taken);
    if (!has_begun || conn->is_blocked) {
        conn_close(conn);
        return;
    }
    conn_refuse(conn, 408, "the request did not arrive in time");
    conn_run(conn);
}

void
conn_drain(struct http_conn *conn)
{
    conn->is_draining = true;
    if (conn->state == CONN_HANDSHAKE)
        conn_close(conn);
    else
        conn_run(conn);
}

enum err
conn_new(struct http_server *server, int fd, const struct sockaddr *peer,
         size_t peer_bytes)
{
    struct gauge *gauge = server->conn_pool.gauge;
    struct http_conn *conn;
    enum err e;

    /* Connections leave room for the requests of those that are there. */
    if (!gauge_take(gauge, 0, HTTP_MEMORY_CONNECTIONS) ||
        (conn = pool_get(&server->conn_pool)) == NULL)
        return ERR_MEMORY;
    *conn = (struct http_conn){
        .server = server,
        .timer = { .fire = on_timer },
        .next = server->conns,
        .is_tls = server->tls != NULL,
        .state = CONN_HANDSHAKE,
    };
    if (peer_bytes > sizeof conn->peer)
        peer_bytes = sizeof conn->peer;
    memcpy(&conn->peer, peer, peer_bytes);
    http_out_init(&conn->out, &server->buffer_pool);
    http_input_init(&conn->in, &server->buffer_pool);
    e = stream_init(&conn->stream, server->loop, fd, true, server->tls, STR(""),
                    on_ready, NULL);
    if (e != ERR_OK) {
        pool_put(&server->conn_pool, conn);
        return e;
    }
    gauge_add(gauge, conn_extra_bytes(conn));
    if (server->conns != NULL)
        server->conns->prev = conn;
    server->conns = conn;
    server->n_conns++;
    conn_set_deadline(conn, conn->is_tls ? server->options.handshake_timeout_ms
                                         : server->options.read_timeout_ms);
    return ERR_OK;
}
