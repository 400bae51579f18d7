/*
 * How a connection answers over HTTP/1: what a handler says, a body that is
 * made while it leaves, refusals of our own; and whether the connection goes on
 * afterwards.
 */
#include <stdio.h>

#include "base/log.h"
#include "http/conn.h"

/* ---- refusals ---- */

const char conn_no_memory[] = "the server holds as much as it may";

void
conn_refusal_headers(const struct http_conn *conn, const char *why,
                     char text[16], struct http_header *to, size_t *n)
{
    to[0] = (struct http_header){ STR("Content-Type"),
                                  STR("text/plain; charset=utf-8") };
    *n = 1;
    if (why != conn_no_memory)
        return;
    snprintf(text, 16, "%u", conn->server->options.retry_after_s);
    to[(*n)++] = (struct http_header){ STR("Retry-After"), str_of(text) };
}

void
conn_refuse(struct http_conn *conn, unsigned status, const char *why)
{
    struct http_header headers[REFUSAL_HEADERS];
    char retry_after[16];
    struct http_reply reply = {
        .status = status,
        .headers = headers,
        .body = str_of(why),
    };

    conn_refusal_headers(conn, why, retry_after, headers, &reply.n_headers);

    log_debug("http: " STR_FMT ": %u: %s", STR_ARG(http_conn_peer(conn)),
              status, why);
    /* A handler that has had it already knows it by what stands there. */
    if (conn->exchange != NULL && conn->exchange->request.user == NULL)
        (void)conn_request(conn, conn->exchange, STR(""));
    conn_tell_done(conn, conn->exchange, &reply, true, why);
    conn_release_exchange(conn);
    if (http_out_reply(&conn->out, &conn->server->date, &reply, true,
                       HTTP_OUT_CLOSE) != ERR_OK) {
        conn_close(conn);
        return;
    }
    conn->must_linger = true;
    conn->state = CONN_CLOSING;
    conn_set_deadline(conn, conn->server->options.write_timeout_ms);
}

/* ---- on to the next request, or the end ---- */

/* The answer has left, or been queued: on to the next request, or the end. */
static void
after_answer(struct http_conn *conn, bool is_last, bool has_unread)
{
    if (!is_last) {
        conn_await_request(conn);
        return;
    }
    conn->must_linger =
        has_unread || conn->in.n > conn->in.at || conn->stream.may_read;
    conn->state = CONN_CLOSING;
    conn_set_deadline(conn, conn->server->options.write_timeout_ms);
}

/* ---- bodies that are made while they leave ---- */

void
conn_end_source(struct http_conn *conn)
{
    struct http_source source = conn->source;

    conn->source = (struct http_source){ .arg = NULL };
    if (source.end != NULL)
        source.end(source.arg);
}

bool
conn_step_source(struct http_conn *conn)
{
    enum err e;

    if ((conn->is_blocked || conn->out.n - conn->out.at > CONN_GATHER_BYTES) &&
        conn_flush(conn) != ERR_OK)
        return false;
    e = http_out_pull(&conn->out, &conn->source, &conn->source_left,
                      conn->is_chunked);
    if (e == ERR_AGAIN)
        return conn_flush(conn) == ERR_OK;
    if (e != ERR_OK) {
        conn_close(conn); /* cut off: the client must not take it for all */
        return false;
    }
    conn_end_source(conn);
    after_answer(conn, conn->is_last || conn->is_draining, conn->has_unread);
    return true;
}

/* The answer's body comes from its source from now on. */
static void
begin_source(struct http_conn *conn, const struct http_reply *reply,
             enum http_out_connection how, bool has_unread)
{
    conn->source = *reply->source;
    conn->source_left = reply->source_bytes;
    conn->is_chunked =
        reply->source_bytes == HTTP_LENGTH_UNKNOWN && how != HTTP_OUT_CLOSE_10;
    conn->is_last = how == HTTP_OUT_CLOSE || how == HTTP_OUT_CLOSE_10;
    conn->has_unread = has_unread;
    conn->state = CONN_SOURCE;
    conn_clear_deadline(conn);
}

/* ---- what a handler says ---- */

static bool
must_close(const struct http_conn *conn, const struct http_reply *reply)
{
    const struct http_server_options *options = &conn->server->options;

    return reply->must_close || !options->keep_alive || conn->is_draining ||
           conn->server->is_draining || !conn->exchange->head.keep_alive ||
           conn->exchange->is_expected ||
           (options->max_keep_alive_requests >= 0 &&
            conn->n_requests >= (unsigned)options->max_keep_alive_requests);
}

static enum http_out_connection
how_to_go_on(const struct http_conn *conn, const struct http_reply *reply)
{
    bool is_10 = conn->exchange->head.minor == 0;
    bool is_open_ended =
        reply->source != NULL && reply->source_bytes == HTTP_LENGTH_UNKNOWN;

    if (must_close(conn, reply) || (is_10 && is_open_ended))
        return is_10 ? HTTP_OUT_CLOSE_10 : HTTP_OUT_CLOSE;
    return is_10 ? HTTP_OUT_KEEP_10 : HTTP_OUT_KEEP;
}

/* False: the source of its body has not been taken over. */
static bool
reply_h1(struct http_conn *conn, struct exchange *ex,
         const struct http_reply *reply)
{
    static const struct http_reply broken = { .status = 500 };
    bool with_body = !str_eq_z(ex->head.method, "HEAD");
    bool has_unread = ex->is_expected, is_broken;
    enum http_out_connection how;
    enum err e;

    if (ex->stream.refused != 0 && conn->state != CONN_CLOSED) {
        conn_refuse(conn, ex->stream.refused, ex->stream.why);
        return false;
    }
    conn_tell_done(conn, ex, reply, with_body, NULL);
    if (conn->state == CONN_CLOSED) {
        conn_release_exchange(conn);
        http_input_release(&conn->in);
        conn_try_free(conn);
        return false;
    }
    REQUIRE(conn->state == CONN_HANDLER || conn->state == CONN_STREAM);
    how = how_to_go_on(conn, reply);
    e = http_out_reply(&conn->out, &conn->server->date, reply, with_body, how);
    is_broken = e == ERR_SYNTAX;
    if (is_broken)
        e = http_out_reply(&conn->out, &conn->server->date, &broken, with_body,
                           how);
    conn_release_exchange(conn);
    if (e != ERR_OK) {
        conn->state = CONN_CLOSING;
        conn_close(conn);
        return false;
    }
    if (reply->source != NULL && !is_broken && with_body &&
        http_status_has_body(reply->status)) {
        begin_source(conn, reply, how, has_unread);
        return true;
    }
    after_answer(conn, how == HTTP_OUT_CLOSE || how == HTTP_OUT_CLOSE_10,
                 has_unread);
    return false;
}

void
http_reply_send(struct http_request *request, const struct http_reply *reply)
{
    struct exchange *ex = CONTAINER_OF(request, struct exchange, request);
    struct http_source source = { .arg = NULL };
    struct http_conn *conn = request->conn;

    if (reply->source != NULL)
        source = *reply->source;
    if (ex->stream.id != 0) {
        h2_reply(ex, reply);
        return;
    }
    REQUIRE(conn->exchange == ex);
    if (!reply_h1(conn, ex, reply) && source.end != NULL)
        source.end(source.arg);
    conn_run(conn);
}
