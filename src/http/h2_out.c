/*
 * Answers over HTTP/2. The body is copied once, into the bytes to be written;
 * only what the client's window or the socket does not take at once is copied
 * aside, since it is borrowed from the handler.
 */
#include "http/h2_session.h"

#include <string.h>

#define OWN_FIELDS 3u /* :status, content-length, date */

/* ---- fields ---- */

/* HTTP/2 has none of HTTP/1's connection management (RFC 9113, 8.2.2). */
static bool
is_of_http1(struct str name)
{
    static const char *const names[] = { "connection", "keep-alive",
                                         "proxy-connection",
                                         "transfer-encoding", "upgrade" };

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_eq_nocase_z(name, names[i]))
            return true;
    return false;
}

static nghttp2_nv
field(struct str name, struct str value)
{
    return (nghttp2_nv){
        .name = (uint8_t *)(uintptr_t)name.p,
        .namelen = name.n,
        .value = (uint8_t *)(uintptr_t)(value.p == NULL ? "" : value.p),
        .valuelen = value.n,
        .flags = NGHTTP2_NV_FLAG_NONE,
    };
}

/* *n of them; NULL when one cannot be sent as it is, or there is no storage. */
static nghttp2_nv *
fields_of(struct http_conn *conn, struct exchange *ex,
          const struct http_reply *reply, size_t *n)
{
    nghttp2_nv *to =
        ARENA_ARRAY(&ex->arena, nghttp2_nv, reply->n_headers + OWN_FIELDS);
    struct str status = str_fmt(&ex->arena, "%u", reply->status);

    if (to == NULL || status.p == NULL || reply->status < 200 ||
        reply->status > 999)
        return NULL;
    *n = 0;
    to[(*n)++] = field(STR(":status"), status);
    for (size_t i = 0; i < reply->n_headers; i++) {
        const struct http_header *h = &reply->headers[i];

        if (!http_is_token(h->name) || !http_is_field_value(h->value))
            return NULL;
        if (!is_of_http1(h->name))
            to[(*n)++] = field(str_lower(&ex->arena, h->name), h->value);
    }
    if (http_status_has_body(reply->status) &&
        (reply->source == NULL || reply->source_bytes != HTTP_LENGTH_UNKNOWN))
        to[(*n)++] = field(STR("content-length"),
                           str_fmt(&ex->arena, "%llu",
                                   reply->source != NULL
                                       ? (unsigned long long)reply->source_bytes
                                       : (unsigned long long)reply->body.n));
    to[(*n)++] = field(STR("date"), http_date_text(&conn->server->date));
    return to;
}

/* ---- the body ---- */

void
h2_out_end_source(struct exchange *ex)
{
    struct http_source source = ex->stream.source;

    ex->stream.source = (struct http_source){ .arg = NULL };
    if (source.end != NULL)
        source.end(source.arg);
}

static ssize_t
read_source(nghttp2_session *session, int32_t id, uint8_t *to, size_t cap,
            uint32_t *flags, nghttp2_data_source *from, void *user)
{
    struct exchange *ex = from->ptr;
    struct h2_stream *s = &ex->stream;
    struct http_conn *conn = user;
    bool is_known = s->source_left != HTTP_LENGTH_UNKNOWN;
    size_t n;

    (void)session, (void)id;
    if (s->source_left < cap)
        cap = (size_t)s->source_left;
    n = cap == 0 ? 0 : s->source.read(s->source.arg, (char *)to, cap);
    if (n > cap || (n == 0 && is_known && cap > 0))
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    s->source_left -= is_known ? n : 0;
    if (s->source_left == 0 || n == 0)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    conn->h2->sent_ms = loop_now_ms(conn->server->loop);
    conn->h2->n_empty = 0;
    return (ssize_t)n;
}

static ssize_t
read_answer(nghttp2_session *session, int32_t id, uint8_t *to, size_t cap,
            uint32_t *flags, nghttp2_data_source *source, void *user)
{
    struct exchange *ex = source->ptr;
    struct http_conn *conn = user;
    struct str *left = &ex->stream.answer;
    size_t n = left->n < cap ? left->n : cap;

    (void)session, (void)id;
    memcpy(to, left->p, n);
    *left = str_sub(*left, n, left->n);
    if (left->n == 0)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    conn->h2->sent_ms = loop_now_ms(conn->server->loop);
    conn->h2->n_empty = 0;
    return (ssize_t)n;
}

/* Own what the handler lent, as far as it has not left. */
static bool
keep_rest(struct gauge *gauge, struct exchange *ex)
{
    struct h2_stream *s = &ex->stream;

    if (s->answer.n == 0)
        return true;
    buf_clear(&s->rest);
    buf_add(&s->rest, s->answer);
    if (s->rest.failed)
        return false;
    gauge_add(gauge, s->rest.n);
    ex->held_bytes += s->rest.n;
    s->answer = buf_view(&s->rest);
    return true;
}

/* ---- an answer ---- */

static int
submit(struct http_conn *conn, struct exchange *ex,
       const struct http_reply *reply)
{
    bool has_source = reply->source != NULL;
    bool with_body = (has_source || reply->body.n > 0) &&
                     http_status_has_body(reply->status) &&
                     !str_eq_z(ex->head.method, "HEAD");
    nghttp2_data_provider provider = {
        .source.ptr = ex,
        .read_callback = has_source ? read_source : read_answer,
    };
    size_t n = 0;
    nghttp2_nv *fields = fields_of(conn, ex, reply, &n);

    if (fields == NULL)
        return NGHTTP2_ERR_INVALID_ARGUMENT;
    ex->stream.answer = with_body && !has_source ? reply->body : STR("");
    ex->stream.source_left = reply->source_bytes;
    return nghttp2_submit_response(conn->h2->session, ex->stream.id, fields, n,
                                   with_body ? &provider : NULL);
}

static void
send_answer(struct http_conn *conn, struct exchange *ex,
            const struct http_reply *reply)
{
    static const struct http_reply broken = { .status = 500 };
    struct h2 *h2 = conn->h2;

    h2_set_state(conn, ex, H2_ANSWERING);
    h2->sent_ms = loop_now_ms(conn->server->loop);
    if (submit(conn, ex, reply) != 0 && submit(conn, ex, &broken) != 0) {
        (void)nghttp2_submit_rst_stream(h2->session, NGHTTP2_FLAG_NONE,
                                        ex->stream.id, NGHTTP2_INTERNAL_ERROR);
        return;
    }
    h2->submitted = ex; /* its stream may end while it is written */
    if (!h2_out_fill(conn) || (h2->submitted != NULL &&
                               !keep_rest(conn->server->buffer_pool.gauge, ex)))
        conn_close(conn);
    else
        h2->submitted = NULL;
}

void
h2_out_refuse(struct http_conn *conn, struct exchange *ex)
{
    struct http_header headers[REFUSAL_HEADERS];
    char retry_after[16];
    struct http_reply reply = { .status = ex->stream.refused,
                                .headers = headers,
                                .body = str_of(ex->stream.why) };

    conn_refusal_headers(conn, ex->stream.why, retry_after, headers,
                         &reply.n_headers);

    if (ex->request.user == NULL)
        (void)conn_request(conn, ex, STR(""));
    conn_tell_done(conn, ex, &reply, true, ex->stream.why);
    send_answer(conn, ex, &reply);
}

void
h2_reply(struct exchange *ex, const struct http_reply *reply)
{
    struct http_conn *conn = ex->request.conn;

    REQUIRE(ex->stream.state == H2_HANDLER);
    /* Ended with its stream, whatever becomes of the answer. */
    if (reply->source != NULL)
        ex->stream.source = *reply->source;
    h2_body_drop(conn, ex);
    if (ex->stream.refused != 0 && !ex->stream.is_gone) {
        h2_out_refuse(conn, ex);
        conn_run(conn);
        return;
    }
    conn_tell_done(conn, ex, reply, !str_eq_z(ex->head.method, "HEAD"), NULL);
    if (ex->stream.is_gone) {
        h2_end_stream(conn, ex);
        conn_try_free(conn);
        return;
    }
    if (reply->must_close)
        conn->is_draining = true;
    send_answer(conn, ex, reply);
    conn_run(conn);
}

/* ---- writing ---- */

bool
h2_out_fill(struct http_conn *conn)
{
    while (conn->out.n - conn->out.at <= H2_GATHER_BYTES) {
        const uint8_t *p;
        ssize_t n = nghttp2_session_mem_send(conn->h2->session, &p);

        if (n == 0)
            return true;
        if (n < 0 || http_out_add(&conn->out, str_n(p, (size_t)n)) != ERR_OK)
            return false;
    }
    return true;
}

/* An answer before the end of its request: what still comes of that is not
 * wanted (RFC 9113, 8.1). */
static int
on_sent(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct exchange *ex =
        nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);

    (void)user;
    if (ex != NULL && !ex->stream.has_ended &&
        ex->stream.state == H2_ANSWERING &&
        (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS) &&
        (frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
        (void)nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE,
                                        frame->hd.stream_id, NGHTTP2_NO_ERROR);
    return 0;
}

void
h2_out_callbacks(nghttp2_session_callbacks *to)
{
    nghttp2_session_callbacks_set_on_frame_send_callback(to, on_sent);
}
