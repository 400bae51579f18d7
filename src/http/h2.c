/*
 * The life of an HTTP/2 connection. Requests are handed to the handler outside
 * of nghttp2's callbacks, one after the other, and their answers gathered into
 * one write, just as with requests that are pipelined in HTTP/1.
 */
#include "http/h2_session.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static nghttp2_session_callbacks *callbacks;
static nghttp2_option *options;

static void
make_shared(void)
{
    if (nghttp2_session_callbacks_new(&callbacks) != 0 ||
        nghttp2_option_new(&options) != 0) {
        callbacks = NULL;
        return;
    }
    h2_in_callbacks(callbacks);
    h2_out_callbacks(callbacks);
    /* Closed streams are remembered for priorities, which we ignore. */
    nghttp2_option_set_no_closed_streams(options, 1);
    nghttp2_option_set_peer_max_concurrent_streams(options, 0);
    /* Windows open when a body has been read, not when it has arrived. */
    nghttp2_option_set_no_auto_window_update(options, 1);
}

void
h2_set_state(struct http_conn *conn, struct exchange *ex,
             enum h2_stream_state state)
{
    conn->h2->n_in[ex->stream.state]--;
    conn->h2->n_in[state]++;
    ex->stream.state = state;
}

void
h2_end_stream(struct http_conn *conn, struct exchange *ex)
{
    struct h2 *h2 = conn->h2;
    struct h2_stream *s = &ex->stream;

    h2_body_drop(conn, ex);
    h2_out_end_source(ex);
    h2->n_in[s->state]--;
    h2->body_bytes -= ex->body.n;
    gauge_give(conn->server->buffer_pool.gauge, ex->body.n);
    if (h2->submitted == ex)
        h2->submitted = NULL;
    if (s->prev != NULL)
        s->prev->stream.next = s->next;
    else
        h2->streams = s->next;
    if (s->next != NULL)
        s->next->stream.prev = s->prev;
    if (h2->session != NULL && !s->is_gone)
        nghttp2_session_set_stream_user_data(h2->session, s->id, NULL);
    http_input_release(&ex->held);
    exchange_put(conn->server, ex);
}

void
h2_give_up(struct http_conn *conn, uint32_t code, const char *why)
{
    struct h2 *h2 = conn->h2;

    if (h2->is_over)
        return;
    h2->is_over = true;
    log_debug("http2: " STR_FMT ": %s: %s", STR_ARG(http_conn_peer(conn)),
              nghttp2_http2_strerror(code), why);
    if (code != NGHTTP2_NO_ERROR)
        conn_tell_stalled(conn, why);
    (void)nghttp2_session_terminate_session(h2->session, code);
}

/* ---- start ---- */

static int
submit_settings(const struct http_server_options *o, nghttp2_session *session)
{
    const nghttp2_settings_entry entries[] = {
        { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, o->h2_max_streams },
        { NGHTTP2_SETTINGS_MAX_FRAME_SIZE, o->h2_max_frame_bytes },
        { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, o->h2_stream_window },
        { NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, CONN_HEAD_MAX },
        { NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1 },
    };
    int rc = nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, entries,
                                     ARRAY_LEN(entries));

    if (rc == 0 && o->h2_connection_window > 65535)
        rc = nghttp2_session_set_local_window_size(
            session, NGHTTP2_FLAG_NONE, 0, (int32_t)o->h2_connection_window);
    return rc;
}

static enum err
upgrade(struct http_conn *conn, struct exchange *ex, struct str settings)
{
    bool is_head = str_eq_z(ex->head.method, "HEAD");

    if (nghttp2_session_upgrade2(conn->h2->session, (const uint8_t *)settings.p,
                                 settings.n, is_head, NULL) != 0)
        return ERR_SYNTAX;
    conn->exchange = NULL;
    h2_in_upgraded(conn, ex);
    return ERR_OK;
}

enum err
h2_start(struct http_conn *conn, struct exchange *upgraded, struct str settings)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct h2 *h2 = calloc(1, sizeof *h2);
    enum err e = ERR_MEMORY;

    pthread_once(&once, make_shared);
    if (h2 == NULL || callbacks == NULL ||
        nghttp2_session_server_new2(&h2->session, callbacks, conn, options) !=
            0) {
        free(h2);
        return ERR_MEMORY;
    }
    h2->ready_end = &h2->ready;
    h2->heard_ms = h2->sent_ms = loop_now_ms(conn->server->loop);
    h2->window_began_ms = h2->heard_ms;
    conn->h2 = h2;
    if (submit_settings(&conn->server->options, h2->session) == 0)
        e = upgraded == NULL ? ERR_OK : upgrade(conn, upgraded, settings);
    if (e == ERR_OK) {
        conn->state = CONN_H2;
        conn_set_deadline(conn, conn->server->options.read_timeout_ms);
        return ERR_OK;
    }
    nghttp2_session_del(h2->session);
    conn->h2 = NULL;
    free(h2);
    return e;
}

/* ---- steps ---- */

static void
dispatch(struct http_conn *conn)
{
    struct h2 *h2 = conn->h2;
    struct exchange *ex = h2->ready;

    h2->ready = ex->stream.next_ready;
    if (h2->ready == NULL)
        h2->ready_end = &h2->ready;
    ex->stream.is_queued = false;
    if (ex->stream.state == H2_HANDLER) {
        h2_body_give(conn, ex);
    } else if (ex->stream.is_gone) {
        h2_end_stream(conn, ex);
    } else if (ex->stream.refused != 0) {
        h2_out_refuse(conn, ex);
    } else {
        h2_set_state(conn, ex, H2_HANDLER);
        conn->n_requests++;
        ex->is_expected = !ex->stream.has_ended;
        if (!ex->is_expected)
            h2_body_drop(conn, ex); /* whole: the windows need not wait */
        conn->server->events.on_request(
            conn_request(conn, ex,
                         ex->is_expected ? STR("") : buf_view(&ex->body)),
            conn->server->events.arg);
    }
}

/* No progress is demanded of the handler, but of the client: of its requests
 * while any is incomplete, of its reading while answers wait for it. */
static void
await(struct http_conn *conn)
{
    const struct http_server_options *o = &conn->server->options;
    uint64_t now_ms = loop_now_ms(conn->server->loop);
    struct h2 *h2 = conn->h2;
    uint64_t at_ms;

    if (conn->is_blocked)
        return; /* conn_flush has set the write timeout */
    if (h2->is_over || h2->n_in[H2_ANSWERING] > 0)
        at_ms = h2->sent_ms + o->write_timeout_ms;
    else if (h2->n_in[H2_RECEIVING] + h2->n_wanted > 0 || conn->n_requests == 0)
        at_ms = h2->heard_ms + o->read_timeout_ms;
    else if (h2_streams(h2) == 0 && o->h2_idle_timeout_ms > 0)
        at_ms = now_ms + o->h2_idle_timeout_ms;
    else
        at_ms = UINT64_MAX;
    if (at_ms == UINT64_MAX)
        conn_clear_deadline(conn);
    else
        conn_set_deadline(conn, at_ms > now_ms ? at_ms - now_ms : 1);
}

static void
say_goodbye(struct http_conn *conn)
{
    struct h2 *h2 = conn->h2;

    if (h2_streams(h2) == 0) {
        h2_give_up(conn, NGHTTP2_NO_ERROR, "the server stops");
    } else if (!h2->has_said_goodbye) {
        h2->has_said_goodbye = true;
        (void)nghttp2_submit_goaway(
            h2->session, NGHTTP2_FLAG_NONE,
            nghttp2_session_get_last_proc_stream_id(h2->session),
            NGHTTP2_NO_ERROR, NULL, 0);
    }
}

/* All that is queued, as far as the socket takes it. */
static enum err
write_all(struct http_conn *conn)
{
    for (;;) {
        enum err e;

        if (!h2_out_fill(conn)) {
            conn_close(conn);
            return ERR_PEER;
        }
        if (http_out_is_empty(&conn->out))
            return ERR_OK;
        e = conn_flush(conn);
        if (e != ERR_OK)
            return e;
    }
}

static bool
take_input(struct http_conn *conn)
{
    struct str in = http_input_view(&conn->in);
    struct h2 *h2 = conn->h2;
    ssize_t n;

    if (in.n == 0) {
        if (!conn_read(conn)) {
            if (conn->state != CONN_CLOSED)
                await(conn);
            return false;
        }
        in = http_input_view(&conn->in);
    }
    n = nghttp2_session_mem_recv(h2->session, (const uint8_t *)in.p, in.n);
    conn->in.at = conn->in.n;
    if (n >= 0)
        return true;
    if (n == NGHTTP2_ERR_FLOODED)
        h2_give_up(conn, NGHTTP2_ENHANCE_YOUR_CALM,
                   "too many frames that have to be answered");
    else if (n == NGHTTP2_ERR_BAD_CLIENT_MAGIC)
        h2_give_up(conn, NGHTTP2_PROTOCOL_ERROR,
                   "this is not the preface of HTTP/2");
    else
        h2_give_up(conn, NGHTTP2_INTERNAL_ERROR, nghttp2_strerror((int)n));
    return true;
}

bool
h2_step(struct http_conn *conn)
{
    struct h2 *h2 = conn->h2;

    /* A client that does not read is not read from. */
    if ((conn->is_blocked || conn->out.n - conn->out.at > H2_GATHER_BYTES) &&
        conn_flush(conn) != ERR_OK)
        return false;
    if (h2->ready != NULL && !h2->is_over) {
        dispatch(conn);
        return true;
    }
    if (conn->is_draining || conn->server->is_draining)
        say_goodbye(conn);
    if (write_all(conn) != ERR_OK)
        return false;
    if (h2->is_over || (nghttp2_session_want_read(h2->session) == 0 &&
                        nghttp2_session_want_write(h2->session) == 0)) {
        conn->must_linger = h2->is_over;
        conn->state = CONN_CLOSING;
        return true;
    }
    return take_input(conn);
}

void
h2_on_timeout(struct http_conn *conn)
{
    struct h2 *h2 = conn->h2;

    if (conn->is_blocked || h2->n_in[H2_ANSWERING] > 0)
        conn_tell_stalled(conn, conn_not_taken);
    else if (h2->n_in[H2_RECEIVING] + h2->n_wanted > 0)
        conn_tell_stalled(conn, "the request did not arrive in time");
    if (conn->is_blocked || h2->is_over) {
        conn_close(conn);
        return;
    }
    h2->sent_ms = loop_now_ms(conn->server->loop);
    h2_give_up(conn, NGHTTP2_NO_ERROR, "nothing has happened for too long");
    conn_run(conn);
}

/* ---- end ---- */

bool
h2_is_busy(const struct http_conn *conn)
{
    return conn->h2 != NULL && conn->h2->n_in[H2_HANDLER] > 0;
}

void
h2_close(struct http_conn *conn)
{
    struct h2 *h2 = conn->h2;
    struct exchange *next;

    nghttp2_session_del(h2->session);
    h2->session = NULL;
    h2->ready = NULL;
    h2->ready_end = &h2->ready;
    for (struct exchange *ex = h2->streams; ex != NULL; ex = next) {
        next = ex->stream.next;
        ex->stream.is_gone = true;
        ex->stream.is_queued = false;
        if (ex->stream.state != H2_HANDLER)
            h2_end_stream(conn, ex);
        else if (ex->stream.is_wanted)
            h2_body_give(conn, ex);
    }
}

void
h2_free(struct http_conn *conn)
{
    if (conn->h2 == NULL)
        return;
    if (conn->h2->session != NULL)
        nghttp2_session_del(conn->h2->session);
    free(conn->h2);
    conn->h2 = NULL;
}
