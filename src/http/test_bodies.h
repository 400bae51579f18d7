/*
 * What the tests of bodies share: a server whose handler reads them part by
 * part or makes its answers as they leave, and clients over HTTP/1.1 with a
 * length, chunked, and over HTTP/2.
 */
#ifndef SALLYPORT_HTTP_TEST_BODIES_H
#define SALLYPORT_HTTP_TEST_BODIES_H

#include "http/test_h2_client.h"

#include <stdlib.h>

#define SLOW_BYTES ((size_t)16 << 20)

/* ---- the server ---- */

/* "/big" answers with 16 MiB; "/read" takes all; "/slow" waits for `go` after
 * its first part; "/first" answers 403 after it, "/early" 401 before it. The
 * answer says how many bytes came, or what went wrong. */
struct reading {
    struct loop_post go;
    struct http_request *request;
    size_t n_bytes;
    bool is_slow, has_waited;
};

static char big[SLOW_BYTES];
static struct fixture fixture;
static atomic_uint n_parts, n_slow_parts, n_refused;
static _Atomic(struct reading *) waiting;
static _Atomic enum err last_error;

static inline void
reply(struct http_request *request, unsigned status, struct str body)
{
    http_reply_send(request,
                    &(struct http_reply){ .status = status, .body = body });
}

static inline void
on_go(struct loop_post *post)
{
    struct reading *r = CONTAINER_OF(post, struct reading, go);

    http_body_next(r->request);
}

static inline bool
is_filled(struct str s)
{
    size_t i = 0;

    while (i < s.n && s.p[i] == 'b')
        i++;
    return i == s.n;
}

static inline void
on_part(struct http_request *request, enum err e, struct str part)
{
    struct reading *r = request->user;

    atomic_fetch_add(r->is_slow ? &n_slow_parts : &n_parts, 1);
    assert_true(is_filled(part));
    r->n_bytes += part.n;
    if (e == ERR_AGAIN && str_eq_z(request->path, "/first")) {
        reply(request, 403, STR("no more"));
    } else if (e == ERR_AGAIN && r->is_slow && !r->has_waited) {
        r->has_waited = true;
        r->go.run = on_go;
        atomic_store(&waiting, r);
    } else if (e == ERR_AGAIN) {
        http_body_next(request);
    } else {
        atomic_store(&last_error, e);
        reply(request, 200, str_fmt(request->arena, "%zu", r->n_bytes));
    }
}

/* "/made", "/made-chunked", "/made-short": 16 MiB made as they leave, 1000
 * bytes at a time; the last one ends too early. */
struct making {
    size_t left;
    bool fails; /* half way */
};
static atomic_size_t n_made;
static atomic_uint n_ended;

static inline size_t
make_part(void *arg, char *to, size_t cap)
{
    struct making *m = arg;
    size_t n = m->left < 1000 ? m->left : 1000;

    if (m->fails && m->left < SLOW_BYTES / 2)
        return HTTP_SOURCE_FAILED;
    n = n < cap ? n : cap;
    memset(to, 'b', n);
    m->left -= n;
    atomic_fetch_add(&n_made, n);
    return n;
}

static inline void
end_making(void *arg)
{
    free(arg);
    atomic_fetch_add(&n_ended, 1);
}

static inline void
reply_made(struct http_request *request)
{
    struct making *m = calloc(1, sizeof *m);
    struct http_source source = { make_part, end_making, m };
    bool is_open = str_eq_z(request->path, "/made-chunked");

    m->left = SLOW_BYTES;
    m->fails = str_eq_z(request->path, "/made-short");
    http_reply_send(request, &(struct http_reply){
                                 .status = 200,
                                 .source = &source,
                                 .source_bytes = is_open ? HTTP_LENGTH_UNKNOWN
                                                         : SLOW_BYTES });
}

static inline void
on_request(struct http_request *request, void *arg)
{
    struct reading *r = ARENA_NEW(request->arena, struct reading);

    (void)arg;
    r->request = request;
    r->is_slow = str_eq_z(request->path, "/slow");
    request->user = r;
    if (str_starts(request->path, STR("/made")))
        reply_made(request);
    else if (str_eq_z(request->path, "/big"))
        reply(request, 200, str_n(big, sizeof big));
    else if (str_eq_z(request->path, "/early"))
        reply(request, 401, STR("who are you"));
    else if (request->has_more)
        http_body_read(request, on_part);
    else
        reply(request, 200, str_fmt(request->arena, "%zu", request->body.n));
}

static inline void
on_done(const struct http_request *request, const struct http_done *done,
        void *arg)
{
    (void)request, (void)arg;
    if (done->refused != NULL)
        atomic_fetch_add(&n_refused, 1);
}

static inline void
start(void (*change)(struct http_server_options *))
{
    struct http_server_events events = { .on_request = on_request,
                                         .on_done = on_done };
    struct http_server_options options;

    memset(&fixture, 0, sizeof fixture);
    atomic_store(&n_parts, 0);
    atomic_store(&n_slow_parts, 0);
    atomic_store(&n_refused, 0);
    atomic_store(&n_made, 0);
    atomic_store(&n_ended, 0);
    atomic_store(&waiting, NULL);
    atomic_store(&last_error, ERR_OK);
    http_server_defaults(&options);
    options.http2 = true;
    options.streams_bodies = true;
    if (change != NULL)
        change(&options);
    fixture_start(&fixture, NULL, &options, &events);
}

/* ---- clients ---- */

enum how { BY_LENGTH, BY_CHUNKS, BY_H2, HOWS };

static inline void
send_filled(int fd, size_t n)
{
    char block[16384]; /* several clients send at a time */

    memset(block, 'b', sizeof block);
    for (size_t step; n > 0; n -= step) {
        step = n < sizeof block ? n : sizeof block;
        client_send(fd, str_n(block, step));
    }
}

static inline void
send_request(int fd, enum how how, const char *path, size_t n,
             const char *field)
{
    char head[200];

    snprintf(head, sizeof head, "POST %s HTTP/1.1\r\nHost: a\r\n%s", path,
             field);
    client_send(fd, str_of(head));
    if (how == BY_LENGTH) {
        snprintf(head, sizeof head, "Content-Length: %zu\r\n\r\n", n);
        client_send(fd, str_of(head));
        send_filled(fd, n);
        return;
    }
    client_send(fd, STR("Transfer-Encoding: chunked\r\n\r\n"));
    for (size_t step; n > 0; n -= step) {
        step = n < 50000 ? n : 50000;
        snprintf(head, sizeof head, "%zx\r\n", step);
        client_send(fd, str_of(head));
        send_filled(fd, step);
        client_send(fd, STR("\r\n"));
    }
    client_send(fd, STR("0\r\n\r\n"));
}

static inline void
expect(int fd, const char *status, const char *body)
{
    char bytes[4096];
    struct str got = client_read(fd, body, bytes, sizeof bytes);

    if (str_find(got, str_of(status)) == STR_NPOS ||
        !str_ends(got, str_of(body)))
        fail_msg("got: " STR_FMT, STR_ARG(got));
}

static inline void
ask_h1(enum how how, const char *path, size_t n, const char *status,
       const char *body)
{
    int fd = client_connect(fixture.port);

    send_request(fd, how, path, n, "");
    expect(fd, status, body);
    close(fd);
}

static inline void
ask_h2(const char *path, size_t n, unsigned status, const char *body)
{
    struct client c;

    client_new(&c, fixture.port, true);
    ask_with(&c, "POST", path, NULL, NULL, n);
    client_run(&c);
    assert_int_equal(c.calls[0].status, status);
    assert_string_equal(c.calls[0].body, body);
    client_free(&c);
}

/* Whole exchanges on connections of their own: until they are over, the server
 * has had its chance to do what it must not do. */
static inline void
let_time_pass(void)
{
    for (int i = 0; i < 20; i++)
        ask_h1(BY_LENGTH, "/read", 1, "200 OK", "1");
}

#endif
