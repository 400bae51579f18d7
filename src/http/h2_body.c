/*
 * Bodies of HTTP/2 that a handler reads part by part. What arrives waits in the
 * exchange, never more than the stream's window, which opens again only when
 * the handler asks for the next part.
 */
#include "http/h2_session.h"

void
h2_consume(struct http_conn *conn, int32_t id, size_t n)
{
    if (n > 0 && conn->h2->session != NULL)
        (void)nghttp2_session_consume(conn->h2->session, id, n);
}

void
h2_enqueue(struct h2 *h2, struct exchange *ex)
{
    ex->stream.is_queued = true;
    ex->stream.next_ready = NULL;
    *h2->ready_end = ex;
    h2->ready_end = &ex->stream.next_ready;
}

static void
unqueue(struct h2 *h2, struct exchange *ex)
{
    struct exchange **at = &h2->ready;

    if (!ex->stream.is_queued)
        return;
    ex->stream.is_queued = false;
    while (*at != ex)
        at = &(*at)->stream.next_ready;
    *at = ex->stream.next_ready;
    if (*at == NULL)
        h2->ready_end = at;
}

/* The client is waited for while any handler wants a part; the time in between
 * is not the client's. */
static void
set_wanted(struct http_conn *conn, struct exchange *ex, bool is_wanted)
{
    uint64_t now_ms = loop_now_ms(conn->server->loop);
    struct h2 *h2 = conn->h2;

    if (ex->stream.is_wanted == is_wanted)
        return;
    ex->stream.is_wanted = is_wanted;
    if (is_wanted && h2->n_wanted++ == 0)
        h2->heard_ms = now_ms - h2->quiet_ms;
    else if (!is_wanted && --h2->n_wanted == 0)
        h2->quiet_ms = now_ms - h2->heard_ms;
}

void
h2_body_arrived(struct http_conn *conn, struct exchange *ex)
{
    if (ex->stream.is_wanted && !ex->stream.is_queued)
        h2_enqueue(conn->h2, ex);
}

void
h2_body_give(struct http_conn *conn, struct exchange *ex)
{
    struct h2 *h2 = conn->h2;
    struct str part = STR("");
    enum err e = ERR_AGAIN;

    set_wanted(conn, ex, false);
    if (ex->stream.is_gone)
        e = ERR_PEER;
    else if (ex->stream.refused != 0)
        e = ERR_LIMIT;
    else if (ex->stream.has_ended)
        e = ERR_OK;
    if (e == ERR_OK || e == ERR_AGAIN)
        part = buf_view(&ex->body);
    if (e == ERR_OK)
        ex->is_expected = false;
    ex->stream.lent = part.n;
    h2->given = ex;
    ex->on_part(&ex->request, e, part);
    if (h2->given != ex)
        return; /* answered meanwhile */
    h2->given = NULL;
    h2->body_bytes -= ex->body.n;
    gauge_give(conn->server->buffer_pool.gauge, ex->body.n);
    buf_clear(&ex->body);
}

void
h2_body_drop(struct http_conn *conn, struct exchange *ex)
{
    struct h2 *h2 = conn->h2;

    set_wanted(conn, ex, false);
    unqueue(h2, ex);
    if (h2->given == ex)
        h2->given = NULL;
    h2_consume(conn, ex->stream.id, ex->stream.unread);
    ex->stream.unread = ex->stream.lent = 0;
}

void
h2_body_next(struct exchange *ex)
{
    struct http_conn *conn = ex->request.conn;
    struct h2 *h2 = conn->h2;

    REQUIRE(ex->stream.state == H2_HANDLER && ex->is_expected &&
            !ex->stream.is_wanted);
    h2_consume(conn, ex->stream.id, ex->stream.lent);
    ex->stream.unread -= ex->stream.lent;
    ex->stream.lent = 0;
    set_wanted(conn, ex, true);
    if (h2->session == NULL) {
        h2_body_give(conn, ex);
        return;
    }
    /* While a part is being given, what stands there is that part. */
    if (ex->stream.is_gone || ex->stream.refused != 0 || ex->stream.has_ended ||
        (h2->given != ex && ex->body.n > 0))
        h2_body_arrived(conn, ex);
    conn_run(conn);
}

void
h2_body_read(struct exchange *ex)
{
    struct http_conn *conn = ex->request.conn;

    if (conn->h2->session != NULL && ex->head.expects_continue &&
        !ex->stream.has_ended && !ex->stream.is_gone && ex->body.n == 0)
        h2_say_continue(conn, ex->stream.id);
    h2_body_next(ex);
}
