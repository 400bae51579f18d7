/*
 * nghttp2's own client as a test's client, and what came of its calls.
 */
#ifndef SALLYPORT_HTTP_TEST_H2_CLIENT_H
#define SALLYPORT_HTTP_TEST_H2_CLIENT_H

#include "http/test_fixture.h"

#include <nghttp2/nghttp2.h>

#define CALLS_MAX 128

struct call {
    int32_t id;
    unsigned status, interim;
    char body[300];
    size_t n_body, sent;
    size_t to_send;
    bool is_closed;
    uint32_t code;
};

struct client {
    nghttp2_session *session;
    int fd;
    struct call calls[CALLS_MAX];
    size_t n_calls, n_closed;
    bool has_goaway, is_ended;
    uint32_t goaway_code;
};

static inline struct call *
call_of(struct client *c, int32_t id)
{
    for (size_t i = 0; i < c->n_calls; i++)
        if (c->calls[i].id == id)
            return &c->calls[i];
    return NULL;
}

static inline int
client_on_header(nghttp2_session *s, const nghttp2_frame *frame,
                 const uint8_t *name, size_t name_n, const uint8_t *value,
                 size_t value_n, uint8_t flags, void *user)
{
    struct call *call = call_of(user, frame->hd.stream_id);
    uint64_t status;

    (void)s, (void)flags;
    if (call == NULL || !str_eq_z(str_n(name, name_n), ":status"))
        return 0;
    assert_true(str_to_u64(str_n(value, value_n), &status));
    if (status < 200)
        call->interim = (unsigned)status;
    else
        call->status = (unsigned)status;
    return 0;
}

static inline int
client_on_data(nghttp2_session *s, uint8_t flags, int32_t id, const uint8_t *p,
               size_t n, void *user)
{
    struct call *call = call_of(user, id);

    (void)s, (void)flags;
    if (call == NULL)
        return 0;
    for (size_t i = 0; i < n; i++, call->n_body++)
        if (call->n_body < sizeof call->body - 1)
            call->body[call->n_body] = (char)p[i];
    return 0;
}

static inline int
client_on_close(nghttp2_session *s, int32_t id, uint32_t code, void *user)
{
    struct client *c = user;
    struct call *call = call_of(c, id);

    (void)s;
    if (call == NULL)
        return 0;
    call->is_closed = true;
    call->code = code;
    c->n_closed++;
    return 0;
}

static inline int
client_on_frame(nghttp2_session *s, const nghttp2_frame *frame, void *user)
{
    struct client *c = user;

    (void)s;
    if (frame->hd.type == NGHTTP2_GOAWAY) {
        c->has_goaway = true;
        c->goaway_code = frame->goaway.error_code;
    }
    return 0;
}

static inline void
client_new(struct client *c, unsigned port, bool with_session)
{
    nghttp2_session_callbacks *callbacks;

    memset(c, 0, sizeof *c);
    c->fd = client_connect(port);
    if (!with_session)
        return;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks,
                                                     client_on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks,
                                                              client_on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks,
                                                           client_on_close);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks,
                                                         client_on_frame);
    assert_int_equal(nghttp2_session_client_new(&c->session, callbacks, c), 0);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(c->session, 0, NULL, 0);
}

static inline void
client_free(struct client *c)
{
    nghttp2_session_del(c->session);
    close(c->fd);
}

static inline ssize_t
body_of_call(nghttp2_session *s, int32_t id, uint8_t *p, size_t cap,
             uint32_t *flags, nghttp2_data_source *source, void *user)
{
    struct call *call = source->ptr;
    size_t n = call->to_send - call->sent;

    (void)s, (void)id, (void)user;
    if (n > cap)
        n = cap;
    memset(p, 'b', n);
    call->sent += n;
    if (call->sent == call->to_send)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)n;
}

#define NV(name, value)                                                        \
    {                                                                          \
        (uint8_t *)(uintptr_t)(name), (uint8_t *)(uintptr_t)(value),           \
            strlen(name), strlen(value), 0                                     \
    }

/* extra: one more field, name and value, or NULL. */
static inline struct call *
ask_with(struct client *c, const char *method, const char *path,
         const char *name, const char *value, size_t body_bytes)
{
    struct call *call = &c->calls[c->n_calls++];
    nghttp2_data_provider body = { { .ptr = call }, body_of_call };
    nghttp2_nv fields[] = {
        NV(":method", method),
        NV(":path", path),
        NV(":scheme", "http"),
        NV(":authority", "here:80"),
        NV("cookie", "a=1"),
        NV("cookie", "b=2"),
        NV(name == NULL ? "x" : name, value == NULL ? "y" : value),
    };

    assert_true(c->n_calls <= CALLS_MAX);
    memset(call, 0, sizeof *call);
    call->to_send = body_bytes;
    call->id =
        nghttp2_submit_request(c->session, NULL, fields, ARRAY_LEN(fields),
                               body_bytes > 0 ? &body : NULL, NULL);
    assert_true(call->id > 0);
    return call;
}

static inline struct call *
ask(struct client *c, const char *method, const char *path)
{
    return ask_with(c, method, path, NULL, NULL, 0);
}

/* Send what is queued. */
static inline void
client_flush(struct client *c)
{
    const uint8_t *out;
    ssize_t n;

    while ((n = nghttp2_session_mem_send(c->session, &out)) > 0)
        client_send(c->fd, str_n(out, (size_t)n));
}

/* Send what is queued; read until all calls are closed or the server is. */
static inline void
client_run(struct client *c)
{
    static uint8_t in[65536];

    while (!c->is_ended && c->n_closed < c->n_calls) {
        struct pollfd p = { .fd = c->fd, .events = POLLIN };
        ssize_t n;

        client_flush(c);
        assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
        n = recv(c->fd, in, sizeof in, 0);
        if (n <= 0)
            c->is_ended = true;
        else
            assert_true(nghttp2_session_mem_recv(c->session, in, (size_t)n) ==
                        n);
    }
}

#endif
