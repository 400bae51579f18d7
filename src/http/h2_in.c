/*
 * What a client of HTTP/2 sends. nghttp2 enforces the framing and the rules of
 * fields (RFC 9113, 8.2, 8.3); what a request may say is decided by the same
 * check as for HTTP/1. Everything a client can repeat for ever is counted.
 */
#include "http/h2_session.h"

#include <string.h>

#include "base/clock.h"

#define FIRST_HEADERS 16u
/* A body must get on by this much for each read timeout. */
#define PROGRESS_BYTES 4096u
/* Frames in a row that neither bring nor take anything. */
#define EMPTY_FRAMES_MAX 1000u

/* A stream of this connection, its request still to come. */
static void
enter(struct http_conn *conn, struct exchange *ex, int32_t id)
{
    struct h2 *h2 = conn->h2;

    ex->stream = (struct h2_stream){ .id = id,
                                     .next = h2->streams,
                                     .rest = ex->stream.rest };
    if (h2->streams != NULL)
        h2->streams->stream.prev = ex;
    h2->streams = ex;
    h2->n_in[H2_RECEIVING]++;
    (void)nghttp2_session_set_stream_user_data(h2->session, id, ex);
}

static bool
new_stream(struct http_conn *conn, int32_t id)
{
    struct exchange *ex = exchange_get(conn->server);

    if (ex == NULL)
        return false;
    ex->head = (struct http_head){ 0 };
    ex->body.max = conn->server->options.max_body_bytes;
    ex->started_us = 0;
    enter(conn, ex, id);
    return true;
}

static void
make_ready(struct http_conn *conn, struct exchange *ex)
{
    struct h2 *h2 = conn->h2;

    h2_set_state(conn, ex, H2_READY);
    h2_enqueue(h2, ex);
    h2->n_empty = 0;
}

static void
refuse(struct http_conn *conn, struct exchange *ex, unsigned status,
       const char *why)
{
    if (ex->stream.refused != 0)
        return;
    ex->stream.refused = status;
    ex->stream.why = why;
    if (ex->stream.state == H2_RECEIVING && ex->stream.has_head)
        make_ready(conn, ex);
    else if (ex->stream.state == H2_HANDLER)
        h2_body_arrived(conn, ex);
}

void
h2_in_upgraded(struct http_conn *conn, struct exchange *ex)
{
    enter(conn, ex, 1);
    ex->stream.has_head = ex->stream.has_ended = true;
    make_ready(conn, ex);
}

/* ---- floods ---- */

static void
count_reset(struct http_conn *conn)
{
    const struct http_server_options *o = &conn->server->options;
    uint64_t now_ms = loop_now_ms(conn->server->loop);
    struct h2 *h2 = conn->h2;

    if (now_ms - h2->window_began_ms > o->h2_resets_window_ms) {
        h2->window_began_ms = now_ms;
        h2->n_resets = 0;
    }
    if (++h2->n_resets > o->h2_max_resets)
        h2_give_up(conn, NGHTTP2_ENHANCE_YOUR_CALM,
                   "too many streams are reset by the client");
}

static void
count_empty(struct http_conn *conn)
{
    if (++conn->h2->n_empty > EMPTY_FRAMES_MAX)
        h2_give_up(conn, NGHTTP2_ENHANCE_YOUR_CALM,
                   "too many frames that carry nothing");
}

/* False: the connection ends. */
static bool
count_refused(struct http_conn *conn)
{
    if (++conn->h2->n_refused <= conn->server->options.h2_max_refused)
        return true;
    h2_give_up(conn, NGHTTP2_ENHANCE_YOUR_CALM,
               "too many streams beyond the limit");
    return false;
}

static int
refuse_stream(struct http_conn *conn, int32_t id)
{
    if (count_refused(conn))
        (void)nghttp2_submit_rst_stream(conn->h2->session, NGHTTP2_FLAG_NONE,
                                        id, NGHTTP2_REFUSED_STREAM);
    return 0;
}

/* nghttp2 refuses streams over the limit itself while the client has not
 * acknowledged it. */
static int
on_invalid(nghttp2_session *session, const nghttp2_frame *frame, int error,
           void *user)
{
    struct http_conn *conn = user;

    (void)session;
    (void)frame;
    if (error == NGHTTP2_ERR_REFUSED_STREAM && !conn->h2->is_over)
        (void)count_refused(conn);
    return 0;
}

/* ---- the head ---- */

static int
on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame,
                 void *user)
{
    struct http_conn *conn = user;

    (void)session;
    if (frame->hd.type != NGHTTP2_HEADERS ||
        frame->headers.cat != NGHTTP2_HCAT_REQUEST || conn->h2->is_over)
        return 0;
    /* Requests count until they are answered, not until they are reset. */
    if (h2_streams(conn->h2) >= conn->server->options.h2_max_streams)
        return refuse_stream(conn, frame->hd.stream_id);
    if (!new_stream(conn, frame->hd.stream_id)) {
        conn_tell_done(conn, NULL, &(struct http_reply){ .status = 503 }, false,
                       conn_no_memory);
        return refuse_stream(conn, frame->hd.stream_id);
    }
    return 0;
}

/* Room for one field more; false: no storage. */
static bool
grow_headers(struct exchange *ex)
{
    size_t n = ex->stream.n_room == 0 ? FIRST_HEADERS : ex->stream.n_room * 2;
    struct http_header *wider;

    if (ex->head.n_headers < ex->stream.n_room)
        return true;
    wider = ARENA_ARRAY(&ex->arena, struct http_header, n);
    if (wider == NULL)
        return false;
    if (ex->head.n_headers > 0)
        memcpy(wider, ex->head.headers, ex->head.n_headers * sizeof *wider);
    ex->head.headers = wider;
    ex->stream.n_room = n;
    return true;
}

static void
add_field(struct http_conn *conn, struct exchange *ex, struct str name,
          struct str value)
{
    struct http_head *head = &ex->head;

    if (head->n_headers == conn->server->options.max_headers) {
        refuse(conn, ex, 400, "there are too many header fields");
        return;
    }
    name =
        str_eq_z(name, ":authority") ? STR("Host") : str_dup(&ex->arena, name);
    value = str_dup(&ex->arena, value);
    if (name.p == NULL || value.p == NULL || !grow_headers(ex))
        refuse(conn, ex, 503, "no storage for the request");
    else
        head->headers[head->n_headers++] = (struct http_header){ name, value };
}

static int
on_header(nghttp2_session *session, const nghttp2_frame *frame,
          const uint8_t *name_bytes, size_t name_n, const uint8_t *value_bytes,
          size_t value_n, uint8_t flags, void *user)
{
    struct exchange *ex =
        nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    struct str name = str_n(name_bytes, name_n);
    struct str value = str_n(value_bytes, value_n);
    struct http_conn *conn = user;

    (void)flags;
    if (ex == NULL)
        return 0;
    ex->stream.head_bytes += name.n + value.n + 32; /* RFC 9113, 6.5.2 */
    if (ex->stream.head_bytes > CONN_HEAD_MAX)
        refuse(conn, ex, 431, "the request head is too long");
    if (ex->stream.refused != 0 || ex->stream.has_head)
        return 0; /* trailer fields are counted and dropped */
    if (str_eq_z(name, ":method"))
        ex->head.method = str_dup(&ex->arena, value);
    else if (str_eq_z(name, ":path"))
        ex->head.target = str_dup(&ex->arena, value);
    else if (!str_eq_z(name, ":scheme"))
        add_field(conn, ex, name, value);
    return 0;
}

/* A field that nghttp2 finds malformed: the request, not just the field. */
static int
on_invalid_header(nghttp2_session *session, const nghttp2_frame *frame,
                  const uint8_t *name, size_t name_n, const uint8_t *value,
                  size_t value_n, uint8_t flags, void *user)
{
    (void)session, (void)frame, (void)name, (void)name_n, (void)value;
    (void)value_n, (void)flags, (void)user;
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

/* Cookies may come in pieces (RFC 9113, 8.2.3); others see one field. */
static bool
join_cookies(struct exchange *ex)
{
    struct http_header *first = NULL;
    size_t n = 0;

    for (size_t i = 0; i < ex->head.n_headers; i++) {
        struct http_header *h = &ex->head.headers[i];

        if (!str_eq_z(h->name, "cookie") || first == NULL) {
            if (str_eq_z(h->name, "cookie"))
                first = &ex->head.headers[n];
            ex->head.headers[n++] = *h;
            continue;
        }
        first->value = str_fmt(&ex->arena, STR_FMT "; " STR_FMT,
                               STR_ARG(first->value), STR_ARG(h->value));
        if (first->value.p == NULL)
            return false;
    }
    ex->head.n_headers = n;
    return true;
}

static void
finish_head(struct http_conn *conn, struct exchange *ex)
{
    const struct http_server_options *o = &conn->server->options;
    struct http_head_limits limits = { .max_field_bytes = o->max_field_bytes,
                                       .max_headers = o->max_headers };
    const char *why = NULL;
    unsigned status = ex->stream.refused;

    if (conn->server->events.on_done != NULL)
        ex->started_us = clock_mono_us();
    ex->stream.has_head = true;
    if (status != 0) { /* found while its fields arrived */
        make_ready(conn, ex);
        return;
    }
    if (!join_cookies(ex))
        refuse(conn, ex, 503, "no storage for the request");
    else if ((status = http_request_check(&ex->head, &limits, &why)) != 0)
        refuse(conn, ex, status, why);
    else if (ex->head.body == HTTP_BODY_LENGTH &&
             ex->head.length > o->max_body_bytes)
        refuse(conn, ex, 413, "the request body is too large");
}

void
h2_say_continue(struct http_conn *conn, int32_t id)
{
    static const nghttp2_nv status = {
        .name = (uint8_t *)(uintptr_t) ":status",
        .value = (uint8_t *)(uintptr_t) "100",
        .namelen = 7,
        .valuelen = 3,
    };

    (void)nghttp2_submit_headers(conn->h2->session, NGHTTP2_FLAG_NONE, id, NULL,
                                 &status, 1, NULL);
}

/* ---- frames ---- */

static void
note_heard(struct http_conn *conn)
{
    conn->h2->heard_ms = loop_now_ms(conn->server->loop);
    conn->h2->unheard_bytes = 0;
}

static void
on_request_part(struct http_conn *conn, struct exchange *ex,
                const nghttp2_frame *frame)
{
    bool is_end = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;

    if (frame->hd.type == NGHTTP2_HEADERS) {
        note_heard(conn);
        if (!ex->stream.has_head)
            finish_head(conn, ex);
    }
    ex->stream.has_ended = is_end;
    if (ex->stream.state == H2_HANDLER && is_end)
        h2_body_arrived(conn, ex);
    if (ex->stream.state != H2_RECEIVING)
        return;
    if (is_end || conn->server->options.streams_bodies)
        make_ready(conn, ex);
    else if (frame->hd.type == NGHTTP2_HEADERS && ex->head.expects_continue)
        h2_say_continue(conn, frame->hd.stream_id);
}

static int
on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct exchange *ex =
        nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    struct http_conn *conn = user;

    switch (frame->hd.type) {
    case NGHTTP2_DATA:
        if (frame->hd.length == 0)
            count_empty(conn);
        if (ex != NULL)
            on_request_part(conn, ex, frame);
        break;
    case NGHTTP2_HEADERS:
        if (ex != NULL)
            on_request_part(conn, ex, frame);
        break;
    case NGHTTP2_RST_STREAM:
        count_reset(conn);
        break;
    default:
        count_empty(conn);
        break;
    }
    return 0;
}

static int
on_data(nghttp2_session *session, uint8_t flags, int32_t id,
        const uint8_t *data, size_t n, void *user)
{
    struct exchange *ex = nghttp2_session_get_stream_user_data(session, id);
    struct http_conn *conn = user;
    struct h2 *h2 = conn->h2;

    (void)flags;
    h2->n_empty = 0;
    h2->unheard_bytes += n;
    if (h2->unheard_bytes >= PROGRESS_BYTES)
        note_heard(conn);
    if (ex == NULL || ex->stream.state == H2_ANSWERING ||
        ex->stream.refused != 0) {
        h2_consume(conn, id, n);
        return 0;
    }
    /* What all requests of a connection hold together counts. */
    if (n > conn->server->options.max_body_bytes - ex->given_bytes ||
        h2->body_bytes + n >
            conn->server->options.max_body_bytes + CONN_HEAD_MAX) {
        h2_consume(conn, id, n);
        refuse(conn, ex, 413, "the request body is too large");
        return 0;
    }
    h2->body_bytes += n;
    gauge_add(conn->server->buffer_pool.gauge, n);
    ex->given_bytes += n;
    buf_add(&ex->body, str_n(data, n));
    if (ex->body.failed) {
        h2_consume(conn, id, n);
        refuse(conn, ex, 503, "no storage for the request");
        return 0;
    }
    if (ex->stream.state == H2_RECEIVING)
        h2_consume(conn, id, n);
    else
        ex->stream.unread += n;
    if (ex->stream.state == H2_HANDLER)
        h2_body_arrived(conn, ex);
    return 0;
}

static int
on_close(nghttp2_session *session, int32_t id, uint32_t code, void *user)
{
    struct exchange *ex = nghttp2_session_get_stream_user_data(session, id);
    struct http_conn *conn = user;

    (void)code;
    if (ex == NULL)
        return 0;
    ex->stream.is_gone = true;
    if (ex->stream.state == H2_HANDLER)
        h2_body_arrived(conn, ex); /* nothing more does */
    /* Whoever has it, or is about to get it, ends it. */
    if (ex->stream.state != H2_HANDLER && ex->stream.state != H2_READY)
        h2_end_stream(conn, ex);
    return 0;
}

void
h2_in_callbacks(nghttp2_session_callbacks *to)
{
    nghttp2_session_callbacks_set_on_begin_headers_callback(to,
                                                            on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(to, on_header);
    nghttp2_session_callbacks_set_on_invalid_header_callback(to,
                                                             on_invalid_header);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(to,
                                                                 on_invalid);
    nghttp2_session_callbacks_set_on_frame_recv_callback(to, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(to, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(to, on_close);
}
