/*
 * The body of a request over HTTP/1, from the end of its head on: gathered
 * whole, or handed to a reader part by part, which is asked each time before
 * more is read from the socket. Both versions' entry points are here.
 */
#include <string.h>

#include "http/conn.h"

#define BODY_STEP_BYTES ((size_t)64 * 1024)
/* A body that trickles in slower than this per read timeout is given up. */
#define BODY_PROGRESS_BYTES 4096u

static const char too_large[] = "the request body is too large";

static bool
say_continue(struct http_conn *conn)
{
    return http_out_add(&conn->out, STR("HTTP/1.1 100 Continue\r\n\r\n")) ==
           ERR_OK;
}

/* The head is parsed and consumed. */
void
body_begin(struct http_conn *conn)
{
    size_t max = conn->server->options.max_body_bytes;
    struct exchange *ex = conn->exchange;
    size_t have = conn->in.n - conn->in.at;

    if (ex->head.body == HTTP_BODY_NONE) {
        conn_give_to_handler(conn, STR(""));
        return;
    }
    if (ex->head.body == HTTP_BODY_LENGTH && ex->head.length > max) {
        conn_refuse(conn, 413, too_large);
        return;
    }
    if (ex->head.body == HTTP_BODY_LENGTH && have >= ex->head.length) {
        struct str body =
            str_n(conn->in.p + conn->in.at, (size_t)ex->head.length);

        conn->in.at += body.n;
        conn_give_to_handler(conn, body);
        return;
    }
    ex->body.max =
        ex->head.body == HTTP_BODY_LENGTH ? (size_t)ex->head.length : max;
    ex->chunked = (struct http_chunked){ 0 };
    conn->progress_bytes = 0;
    if (conn->server->options.streams_bodies) {
        ex->is_expected = true;
        conn_give_to_handler(conn, STR(""));
        return;
    }
    conn->state = CONN_BODY;
    conn_set_deadline(conn, conn->server->options.read_timeout_ms);
    if (!http_input_split(&conn->in, &ex->held) ||
        (ex->head.expects_continue && have == 0 && !say_continue(conn)))
        conn_close(conn);
}

static void
note_progress(struct http_conn *conn, size_t n)
{
    if (n - conn->progress_bytes < BODY_PROGRESS_BYTES)
        return;
    conn->progress_bytes = n;
    conn_set_deadline(conn, conn->server->options.read_timeout_ms);
}

/* ---- gathered whole ---- */

/* What has been read belongs to the body first. */
static bool
take_length(struct http_conn *conn)
{
    struct buf *body = &conn->exchange->body;
    size_t left = body->max - body->n;
    size_t have = conn->in.n - conn->in.at;
    size_t step = left < BODY_STEP_BYTES ? left : BODY_STEP_BYTES, n = 0;
    enum err e;
    char *p;

    if (have > 0) {
        size_t taken = have < left ? have : left;

        buf_add(body, str_n(conn->in.p + conn->in.at, taken));
        conn->in.at += taken;
    } else if (left > 0) {
        /* Straight into place: no copy of a large body. */
        if ((p = buf_grow(body, step)) == NULL) {
            conn_close(conn);
            return false;
        }
        e = stream_read(&conn->stream, p, step, &n);
        body->n -= step - n;
        if (e == ERR_PEER)
            conn_close(conn);
        if (e != ERR_OK)
            return false;
    }
    if (body->failed) {
        conn_close(conn);
        return false;
    }
    note_progress(conn, body->n);
    if (body->n == body->max)
        conn_give_to_handler(conn, buf_view(body));
    return true;
}

static bool
take_chunked(struct http_conn *conn)
{
    struct exchange *ex = conn->exchange;
    size_t used = 0;
    enum err e;

    if (conn->in.at == conn->in.n && !conn_read(conn))
        return false;
    e = http_chunked_take(&ex->chunked, http_input_view(&conn->in), &used,
                          &ex->body);
    conn->in.at += used;
    note_progress(conn, ex->body.n);
    if (e == ERR_OK)
        conn_give_to_handler(conn, buf_view(&ex->body));
    else if (e == ERR_LIMIT)
        conn_refuse(conn, 413, too_large);
    else if (e != ERR_AGAIN)
        conn_refuse(conn, 400, "the chunked body is malformed");
    return true;
}

bool
body_step(struct http_conn *conn)
{
    if (conn_flush(conn) != ERR_OK) /* 100 Continue, and answers before it */
        return false;
    if (conn->exchange->head.body == HTTP_BODY_CHUNKED)
        return take_chunked(conn);
    return take_length(conn);
}

/* ---- part by part ---- */

static void
give_part(struct http_conn *conn, struct exchange *ex, enum err e,
          struct str part)
{
    uint64_t now_ms = loop_now_ms(conn->server->loop);

    ex->left_ms = conn->deadline_ms > now_ms ? conn->deadline_ms - now_ms : 0;
    conn_clear_deadline(conn);
    conn->state = CONN_HANDLER;
    if (e == ERR_OK)
        ex->is_expected = false;
    ex->on_part(&ex->request, e, part);
}

static void
break_off(struct http_conn *conn, unsigned status, enum err e, const char *why)
{
    conn->exchange->stream.refused = status;
    conn->exchange->stream.why = why;
    give_part(conn, conn->exchange, e, STR(""));
}

static void
take_part(struct http_conn *conn, struct exchange *ex)
{
    size_t left = (size_t)ex->head.length - ex->given_bytes;
    struct str part = http_input_view(&conn->in);

    part = str_sub(part, 0, left < part.n ? left : part.n);
    conn->in.at += part.n;
    ex->given_bytes += part.n;
    note_progress(conn, ex->given_bytes);
    give_part(conn, ex, part.n == left ? ERR_OK : ERR_AGAIN, part);
}

static void
take_chunked_part(struct http_conn *conn, struct exchange *ex)
{
    size_t used = 0;
    enum err e;

    ex->body.max -= ex->body.n; /* of what is still allowed */
    buf_clear(&ex->body);
    e = http_chunked_take(&ex->chunked, http_input_view(&conn->in), &used,
                          &ex->body);
    conn->in.at += used;
    ex->given_bytes += ex->body.n;
    note_progress(conn, ex->given_bytes);
    if (e == ERR_LIMIT)
        break_off(conn, 413, e, too_large);
    else if (e != ERR_OK && e != ERR_AGAIN)
        break_off(conn, 400, ERR_SYNTAX, "the chunked body is malformed");
    else if (e == ERR_OK || ex->body.n > 0)
        give_part(conn, ex, e, buf_view(&ex->body));
}

bool
body_step_stream(struct http_conn *conn)
{
    struct exchange *ex = conn->exchange;

    if (conn_flush(conn) != ERR_OK ||
        (conn->in.at == conn->in.n && !conn_read(conn)))
        return false;
    if (ex->head.body == HTTP_BODY_CHUNKED)
        take_chunked_part(conn, ex);
    else
        take_part(conn, ex);
    return true;
}

void
body_timeout(struct http_conn *conn)
{
    break_off(conn, 408, ERR_TIMEOUT, "the request did not arrive in time");
}

void
body_gone(struct exchange *ex)
{
    ex->on_part(&ex->request, ERR_PEER, STR(""));
}

static void
want_part(struct http_conn *conn, struct exchange *ex)
{
    if (conn->state == CONN_CLOSED) {
        body_gone(ex);
        return;
    }
    REQUIRE(conn->state == CONN_HANDLER && ex->is_expected);
    conn->state = CONN_STREAM;
    conn_set_deadline(conn, ex->left_ms);
    conn_run(conn);
}

void
http_body_read(struct http_request *request, http_part_fn *on_part)
{
    struct exchange *ex = CONTAINER_OF(request, struct exchange, request);
    struct http_conn *conn = request->conn;

    REQUIRE(ex->is_expected);
    ex->on_part = on_part;
    request->has_more = false;
    if (ex->stream.id != 0) {
        h2_body_read(ex);
        return;
    }
    ex->left_ms = conn->server->options.read_timeout_ms;
    /* What was read so far moves: the head is pointed into. */
    if (conn->state != CONN_CLOSED &&
        (!http_input_split(&conn->in, &ex->held) ||
         (ex->head.expects_continue && conn->in.n == conn->in.at &&
          !say_continue(conn))))
        conn_close(conn);
    want_part(conn, ex);
}

void
http_body_next(struct http_request *request)
{
    struct exchange *ex = CONTAINER_OF(request, struct exchange, request);

    if (ex->stream.id != 0)
        h2_body_next(ex);
    else
        want_part(request->conn, ex);
}
