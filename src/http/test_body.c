/*
 * Bodies that a handler reads part by part: it holds its client back, hears of
 * bodies that break off, and may answer before the end. Each over HTTP/1.1 with
 * a length, chunked, and over HTTP/2.
 */
#include "http/test_h2_client.h"

#include <stdlib.h>

#define SLOW_BYTES ((size_t)16 << 20)
#define H2_WINDOW 65535u

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

static void
reply(struct http_request *request, unsigned status, struct str body)
{
    http_reply_send(request,
                    &(struct http_reply){ .status = status, .body = body });
}

static void
on_go(struct loop_post *post)
{
    struct reading *r = CONTAINER_OF(post, struct reading, go);

    http_body_next(r->request);
}

static void
on_part(struct http_request *request, enum err e, struct str part)
{
    struct reading *r = request->user;

    atomic_fetch_add(r->is_slow ? &n_slow_parts : &n_parts, 1);
    for (size_t i = 0; i < part.n; i++)
        assert_int_equal(part.p[i], 'b');
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

static size_t
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

static void
end_making(void *arg)
{
    free(arg);
    atomic_fetch_add(&n_ended, 1);
}

static void
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

static void
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

static void
on_done(const struct http_request *request, const struct http_done *done,
        void *arg)
{
    (void)request, (void)arg;
    if (done->refused != NULL)
        atomic_fetch_add(&n_refused, 1);
}

static void
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

static void
send_filled(int fd, size_t n)
{
    static char block[16384];

    memset(block, 'b', sizeof block);
    for (size_t step; n > 0; n -= step) {
        step = n < sizeof block ? n : sizeof block;
        client_send(fd, str_n(block, step));
    }
}

static void
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

static void
expect(int fd, const char *status, const char *body)
{
    char bytes[4096];
    struct str got = client_read(fd, body, bytes, sizeof bytes);

    if (str_find(got, str_of(status)) == STR_NPOS ||
        !str_ends(got, str_of(body)))
        fail_msg("got: " STR_FMT, STR_ARG(got));
}

static void
ask_h1(enum how how, const char *path, size_t n, const char *status,
       const char *body)
{
    int fd = client_connect(fixture.port);

    send_request(fd, how, path, n, "");
    expect(fd, status, body);
    close(fd);
}

static void
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
static void
let_time_pass(void)
{
    for (int i = 0; i < 20; i++)
        ask_h1(BY_LENGTH, "/read", 1, "200 OK", "1");
}

/* ---- what is read ---- */

static void
bodies_arrive_in_parts(void **state)
{
    static const size_t sizes[] = { 1,     2,     16383,  16384,
                                    16385, 65535, 100000, 1000000 };

    (void)state;
    start(NULL);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        char text[24];

        snprintf(text, sizeof text, "%zu", sizes[i]);
        ask_h1(BY_LENGTH, "/read", sizes[i], "200 OK", text);
        ask_h1(BY_CHUNKS, "/read", sizes[i], "200 OK", text);
        ask_h2("/read", sizes[i], 200, text);
    }
    fixture_stop(&fixture);
}

static void
the_next_request_follows(void **state)
{
    int fd;

    (void)state;
    start(NULL);
    fd = client_connect(fixture.port);
    for (enum how how = BY_LENGTH; how <= BY_CHUNKS; how++) {
        send_request(fd, how, "/read", 70000, "");
        send_request(fd, how, "/read", 3, "");
        expect(fd, "200 OK", "\r\n\r\n3");
    }
    close(fd);
    fixture_stop(&fixture);
}

static void
parts_of_many_streams(void **state)
{
    struct client c;

    (void)state;
    start(NULL);
    client_new(&c, fixture.port, true);
    for (size_t i = 0; i < 30; i++)
        ask_with(&c, "POST", "/read", NULL, NULL, 50000 + i);
    client_run(&c);
    for (size_t i = 0; i < 30; i++) {
        char text[24];

        snprintf(text, sizeof text, "%zu", 50000 + i);
        assert_string_equal(c.calls[i].body, text);
    }
    client_free(&c);
    fixture_stop(&fixture);
}

/* ---- a slow reader ---- */

struct sending {
    int fd;
    enum how how;
};

static void *
send_slow(void *arg)
{
    struct sending *s = arg;

    send_request(s->fd, s->how, "/slow", SLOW_BYTES, "");
    return NULL;
}

static struct reading *
wait_until_waiting(void)
{
    struct reading *r;

    while ((r = atomic_load(&waiting)) == NULL)
        usleep(1000);
    return r;
}

static void
a_slow_reader_holds_its_client_back(void **state)
{
    (void)state;
    for (enum how how = BY_LENGTH; how <= BY_CHUNKS; how++) {
        struct sending s = { .how = how };
        struct reading *r;
        pthread_t thread;

        start(NULL);
        s.fd = client_connect(fixture.port);
        assert_int_equal(pthread_create(&thread, NULL, send_slow, &s), 0);
        r = wait_until_waiting();
        let_time_pass();
        assert_int_equal(atomic_load(&n_slow_parts), 1);
        loop_post(fixture.loop, &r->go);
        expect(s.fd, "200 OK", "16777216");
        pthread_join(thread, NULL);
        close(s.fd);
        fixture_stop(&fixture);
    }
}

static void
a_slow_reader_keeps_its_window_closed(void **state)
{
    static uint8_t in[65536];
    struct reading *r = NULL;
    struct client c;

    (void)state;
    start(NULL);
    client_new(&c, fixture.port, true);
    ask_with(&c, "POST", "/slow", NULL, NULL, SLOW_BYTES);
    while (r == NULL || nghttp2_session_want_write(c.session)) {
        const uint8_t *out;
        struct pollfd p = { .fd = c.fd, .events = POLLIN };
        ssize_t n;

        while ((n = nghttp2_session_mem_send(c.session, &out)) > 0)
            client_send(c.fd, str_n(out, (size_t)n));
        if (poll(&p, 1, 10) == 1 && (n = recv(c.fd, in, sizeof in, 0)) > 0)
            assert_true(nghttp2_session_mem_recv(c.session, in, (size_t)n) ==
                        n);
        r = atomic_load(&waiting);
        if (nghttp2_session_get_remote_window_size(c.session) == 0 && r != NULL)
            break;
    }
    let_time_pass();
    assert_int_equal(atomic_load(&n_slow_parts), 1);
    assert_true(c.calls[0].sent <= H2_WINDOW);
    /* Others of the same connection need its window only for bodies. */
    ask_with(&c, "GET", "/read", NULL, NULL, 0);
    while (!c.calls[1].is_closed) {
        const uint8_t *out;
        ssize_t n;

        while ((n = nghttp2_session_mem_send(c.session, &out)) > 0)
            client_send(c.fd, str_n(out, (size_t)n));
        n = recv(c.fd, in, sizeof in, 0);
        assert_true(n > 0 &&
                    nghttp2_session_mem_recv(c.session, in, (size_t)n) == n);
    }
    assert_true(c.calls[0].sent <= H2_WINDOW);
    loop_post(fixture.loop, &r->go);
    client_run(&c);
    assert_string_equal(c.calls[0].body, "16777216");
    client_free(&c);
    fixture_stop(&fixture);
}

/* ---- answers before the end ---- */

static void
an_early_answer_ends_the_request(void **state)
{
    (void)state;
    start(NULL);
    for (enum how how = BY_LENGTH; how <= BY_CHUNKS; how++) {
        ask_h1(how, "/early", 200000, "401 Unauthorized", "who are you");
        ask_h1(how, "/first", 200000, "403 Forbidden", "no more");
    }
    ask_h2("/early", 200000, 401, "who are you");
    ask_h2("/first", 200000, 403, "no more");
    fixture_stop(&fixture);
}

static void
the_window_of_what_nobody_reads_opens_again(void **state)
{
    struct client c;

    (void)state;
    start(NULL);
    client_new(&c, fixture.port, true);
    for (size_t i = 0; i < 40; i++)
        ask_with(&c, "POST", i % 2 == 0 ? "/early" : "/first", NULL, NULL,
                 60000);
    ask_with(&c, "POST", "/read", NULL, NULL, 300000);
    client_run(&c);
    assert_string_equal(c.calls[40].body, "300000");
    client_free(&c);
    fixture_stop(&fixture);
}

static void
the_next_request_is_not_what_was_not_read(void **state)
{
    char bytes[4096];
    struct str got;
    int fd;

    (void)state;
    start(NULL);
    fd = client_connect(fixture.port);
    client_send(fd, STR("POST /early HTTP/1.1\r\nHost: a\r\n"
                        "Content-Length: 100\r\n\r\n"
                        "GET /read HTTP/1.1\r\nHost: a\r\n\r\n"));
    got = client_read(fd, NULL, bytes, sizeof bytes);
    assert_true(str_starts(got, STR("HTTP/1.1 401 ")));
    assert_true(str_find(got, STR("Connection: Close\r\n")) != STR_NPOS);
    assert_true(str_find(got, STR("200 OK")) == STR_NPOS);
    close(fd);
    fixture_stop(&fixture);
}

static void
nobody_is_told_to_go_on_in_vain(void **state)
{
    static const struct {
        const char *path, *answer;
        bool is_continued;
    } rows[] = {
        { "/early", "who are you", false },
        { "/read", "5", true },
    };
    char bytes[4096];

    (void)state;
    start(NULL);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int fd = client_connect(fixture.port);
        struct str got;

        snprintf(bytes, sizeof bytes,
                 "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
                 "Expect: 100-continue\r\n\r\n",
                 rows[i].path);
        client_send(fd, str_of(bytes));
        got = client_read(fd, rows[i].is_continued ? "\r\n\r\n" : NULL, bytes,
                          sizeof bytes);
        assert_int_equal(str_starts(got, STR("HTTP/1.1 100 Continue\r\n")),
                         rows[i].is_continued);
        if (rows[i].is_continued)
            client_send(fd, STR("bbbbb"));
        if (rows[i].is_continued)
            expect(fd, "200 OK", rows[i].answer);
        close(fd);
    }
    fixture_stop(&fixture);
}

/* ---- answers that are made while they leave ---- */

/* How many 'b's come, and whether the last chunk does. */
static size_t
count_answer(int fd, bool *has_last)
{
    static char bytes[65536];
    size_t n_b = 0;
    ssize_t n;

    *has_last = false;
    while ((n = recv(fd, bytes, sizeof bytes, 0)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            n_b += bytes[i] == 'b';
        *has_last = n >= 5 && memcmp(bytes + n - 5, "0\r\n\r\n", 5) == 0;
    }
    return n_b;
}

static void
answers_are_made_while_they_leave(void **state)
{
    static const struct {
        const char *path, *version;
        bool is_whole, has_last;
    } rows[] = {
        { "/made", "1.1", true, false },
        { "/made", "1.0", true, false },
        { "/made-chunked", "1.1", true, true },
        { "/made-chunked", "1.0", true, false },
        { "/made-short", "1.1", false, false },
    };
    struct client c;

    (void)state;
    start(NULL);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int fd = client_connect(fixture.port);
        char head[200];
        size_t n;
        bool has_last;

        snprintf(head, sizeof head,
                 "GET %s HTTP/%s\r\nHost: a\r\nConnection: close\r\n\r\n",
                 rows[i].path, rows[i].version);
        client_send(fd, str_of(head));
        n = count_answer(fd, &has_last);
        /* The head may hold some as well. */
        assert_int_equal(n >= SLOW_BYTES, rows[i].is_whole);
        assert_true(n < SLOW_BYTES + 10);
        assert_int_equal(has_last, rows[i].has_last);
        close(fd);
    }
    ask_h1(BY_LENGTH, "/read", 5, "200 OK", "5");
    client_new(&c, fixture.port, true);
    ask_with(&c, "GET", "/made", NULL, NULL, 0);
    ask_with(&c, "GET", "/made-chunked", NULL, NULL, 0);
    ask_with(&c, "GET", "/made-short", NULL, NULL, 0);
    ask_with(&c, "HEAD", "/made", NULL, NULL, 0);
    client_run(&c);
    assert_int_equal(c.calls[0].n_body, SLOW_BYTES);
    assert_int_equal(c.calls[1].n_body, SLOW_BYTES);
    assert_true(c.calls[2].code != 0 && c.calls[2].n_body < SLOW_BYTES);
    assert_int_equal(c.calls[3].n_body, 0);
    client_free(&c);
    fixture_stop(&fixture);
    assert_int_equal(atomic_load(&n_ended), ARRAY_LEN(rows) + 4);
}

static void
a_client_that_does_not_read_stops_the_making(void **state)
{
    struct client c;
    const uint8_t *out;
    size_t n_made_then;
    ssize_t n;
    int fd;

    (void)state;
    start(NULL);
    fd = client_connect(fixture.port);
    client_send(fd, STR("GET /made HTTP/1.1\r\nHost: a\r\n\r\n"));
    while (atomic_load(&n_made) == 0)
        usleep(1000);
    let_time_pass();
    assert_true(atomic_load(&n_made) < SLOW_BYTES);
    close(fd);
    while (atomic_load(&n_ended) < 1) /* it has left: nothing more is made */
        usleep(1000);
    n_made_then = atomic_load(&n_made);
    client_new(&c, fixture.port, true);
    ask_with(&c, "GET", "/made", NULL, NULL, 0);
    while ((n = nghttp2_session_mem_send(c.session, &out)) > 0)
        client_send(c.fd, str_n(out, (size_t)n));
    while (atomic_load(&n_made) == n_made_then)
        usleep(1000);
    let_time_pass();
    assert_true(atomic_load(&n_made) - n_made_then <= H2_WINDOW);
    client_run(&c);
    assert_int_equal(c.calls[0].n_body, SLOW_BYTES);
    client_free(&c);
    fixture_stop(&fixture);
    assert_int_equal(atomic_load(&n_ended), 2);
}

/* ---- want of memory ---- */

static struct gauge gauge;

static void
counted(struct http_server_options *o)
{
    gauge.max = (size_t)4 << 20;
    o->memory = &gauge;
    o->retry_after_s = 7;
}

static bool
nothing_is_held(void)
{
    for (int i = 0; i < 5000 && atomic_load(&gauge.used) > 0; i++)
        usleep(1000);
    return atomic_load(&gauge.used) == 0;
}

static void
requests_without_room_are_refused(void **state)
{
    size_t others = (size_t)4 << 20; /* held by somebody else */
    char bytes[4096];
    struct client c;
    struct str got;
    int fd;

    (void)state;
    start(counted);
    fd = client_connect(fixture.port); /* before there is no room for it */
    client_new(&c, fixture.port, true);
    ask_with(&c, "POST", "/read", NULL, NULL, 5);
    client_run(&c);
    assert_int_equal(c.calls[0].status, 200);
    client_send(fd, STR("GET /read HTTP/1.1\r\nHost: a\r\n\r\n"));
    expect(fd, "200 OK", "\r\n\r\n0");
    gauge_add(&gauge, others * 96 / 100);
    client_send(fd, STR("GET /read HTTP/1.1\r\nHost: a\r\n\r\n"));
    got = client_read(fd, NULL, bytes, sizeof bytes);
    assert_true(str_starts(got, STR("HTTP/1.1 503 ")));
    assert_true(str_find(got, STR("Retry-After: 7\r\n")) != STR_NPOS);
    close(fd);
    ask_with(&c, "GET", "/read", NULL, NULL, 0);
    client_run(&c);
    assert_int_equal(c.calls[1].code, NGHTTP2_REFUSED_STREAM);
    assert_int_equal(atomic_load(&n_refused), 2);
    fd = client_connect(fixture.port); /* a connection more: closed unread */
    assert_int_equal(client_read(fd, NULL, bytes, sizeof bytes).n, 0);
    close(fd);
    gauge_give(&gauge, others * 96 / 100);
    ask_with(&c, "GET", "/read", NULL, NULL, 0);
    client_run(&c);
    assert_int_equal(c.calls[2].status, 200);
    client_free(&c);
    ask_h1(BY_CHUNKS, "/read", 300000, "200 OK", "300000");
    ask_h2("/read", 300000, 200, "300000");
    ask_h2("/first", 300000, 403, "no more");
    assert_true(nothing_is_held());
    fixture_stop(&fixture);
}

/* ---- bodies that break off ---- */

static void
limited(struct http_server_options *o)
{
    o->max_body_bytes = 100000;
}

static void
what_is_too_large_is_refused(void **state)
{
    (void)state;
    start(limited);
    ask_h1(BY_LENGTH, "/read", 100001, "413 ", "too large"); /* not begun */
    assert_int_equal(atomic_load(&n_parts), 0);
    ask_h1(BY_CHUNKS, "/read", 100001, "413 ", "too large");
    assert_int_equal(atomic_load(&last_error), ERR_LIMIT);
    ask_h2("/read", 100001, 413, "the request body is too large");
    assert_int_equal(atomic_load(&n_refused), 3);
    ask_h1(BY_CHUNKS, "/read", 100000, "200 OK", "100000");
    ask_h2("/read", 100000, 200, "100000");
    fixture_stop(&fixture);
}

static void
what_is_malformed_is_refused(void **state)
{
    static const struct {
        const char *body;
        const char *status;
    } rows[] = {
        { "3\r\nbbb\r\nx\r\n", "400 Bad Request" },
        { "3\r\nbbbb\r\n0\r\n\r\n", "400 Bad Request" },
        { "3\nbbb\r\n0\r\n\r\n", "400 Bad Request" },
        { "-1\r\nbbb\r\n0\r\n\r\n", "400 Bad Request" },
        { "3\r\nbbb\r\n0\r\nA: b\r\n c\r\n\r\n", "400 Bad Request" },
        { "3\r\nbbb\r\n0\r\nA: b\r\n\r\n", "200 OK" },
    };

    (void)state;
    start(NULL);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        bool is_bad = rows[i].status[0] == '4';
        int fd = client_connect(fixture.port);

        client_send(fd, STR("POST /read HTTP/1.1\r\nHost: a\r\n"
                            "Transfer-Encoding: chunked\r\n\r\n"));
        client_send(fd, str_of(rows[i].body));
        expect(fd, rows[i].status,
               is_bad ? "the chunked body is malformed" : "3");
        assert_int_equal(atomic_load(&last_error),
                         is_bad ? ERR_SYNTAX : ERR_OK);
        close(fd);
    }
    fixture_stop(&fixture);
}

static void
impatient(struct http_server_options *o)
{
    o->read_timeout_ms = 40;
}

static void
what_does_not_come_is_given_up(void **state)
{
    int fd;

    (void)state;
    start(impatient);
    fd = client_connect(fixture.port);
    client_send(fd, STR("POST /read HTTP/1.1\r\nHost: a\r\n"
                        "Content-Length: 5\r\n\r\nbb"));
    expect(fd, "408 ", "did not arrive in time");
    assert_int_equal(atomic_load(&last_error), ERR_TIMEOUT);
    close(fd);
    fixture_stop(&fixture);
}

static void
impatient_to_write(struct http_server_options *o)
{
    o->write_timeout_ms = 40;
}

static void
clients_that_take_no_answer_are_counted(void **state)
{
    struct client c;
    const uint8_t *out;
    ssize_t n;
    int fd;

    (void)state;
    start(impatient_to_write);
    fd = client_connect(fixture.port);
    client_send(fd, STR("GET /big HTTP/1.1\r\nHost: a\r\n\r\n"));
    while (atomic_load(&n_refused) < 1)
        usleep(1000);
    close(fd);
    client_new(&c, fixture.port, true);
    ask_with(&c, "GET", "/big", NULL, NULL, 0);
    while ((n = nghttp2_session_mem_send(c.session, &out)) > 0)
        client_send(c.fd, str_n(out, (size_t)n));
    while (atomic_load(&n_refused) < 2)
        usleep(1000);
    client_free(&c);
    fixture_stop(&fixture);
    assert_int_equal(atomic_load(&n_refused), 2);
}

static void
a_client_that_leaves_is_told_of(void **state)
{
    struct client c;
    const uint8_t *out;
    ssize_t n;
    int fd;

    (void)state;
    start(NULL);
    fd = client_connect(fixture.port);
    client_send(fd, STR("POST /read HTTP/1.1\r\nHost: a\r\n"
                        "Content-Length: 5\r\n\r\nbb"));
    close(fd);
    while (atomic_load(&last_error) != ERR_PEER)
        usleep(1000);
    /* a reset stream, and one whose connection goes */
    for (int is_reset = 0; is_reset <= 1; is_reset++) {
        unsigned n_before = atomic_load(&n_parts);

        atomic_store(&last_error, ERR_OK);
        client_new(&c, fixture.port, true);
        ask_with(&c, "POST", "/read", NULL, NULL, SLOW_BYTES);
        while ((n = nghttp2_session_mem_send(c.session, &out)) > 0)
            client_send(c.fd, str_n(out, (size_t)n));
        /* What ends before a handler has it is never given to one. */
        while (atomic_load(&n_parts) == n_before)
            usleep(1000);
        if (is_reset)
            nghttp2_submit_rst_stream(c.session, 0, c.calls[0].id,
                                      NGHTTP2_CANCEL);
        while ((n = nghttp2_session_mem_send(c.session, &out)) > 0)
            client_send(c.fd, str_n(out, (size_t)n));
        if (!is_reset)
            client_free(&c);
        while (atomic_load(&last_error) != ERR_PEER)
            usleep(1000);
        if (is_reset)
            client_free(&c);
    }
    fixture_stop(&fixture);
}

static void
a_server_that_ends_tells_who_waits(void **state)
{
    struct client c;
    const uint8_t *out;
    ssize_t n;
    int fd;

    (void)state;
    start(NULL);
    fd = client_connect(fixture.port);
    client_send(fd, STR("POST /read HTTP/1.1\r\nHost: a\r\n"
                        "Content-Length: 5\r\n\r\nbb"));
    client_new(&c, fixture.port, true);
    ask_with(&c, "POST", "/read", NULL, NULL, SLOW_BYTES);
    while ((n = nghttp2_session_mem_send(c.session, &out)) > 0)
        client_send(c.fd, str_n(out, (size_t)n));
    while (atomic_load(&n_parts) < 2)
        usleep(1000);
    fixture_stop(&fixture);
    assert_int_equal(atomic_load(&last_error), ERR_PEER);
    client_free(&c);
    close(fd);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_arrive_in_parts),
        cmocka_unit_test(the_next_request_follows),
        cmocka_unit_test(parts_of_many_streams),
        cmocka_unit_test(a_slow_reader_holds_its_client_back),
        cmocka_unit_test(a_slow_reader_keeps_its_window_closed),
        cmocka_unit_test(an_early_answer_ends_the_request),
        cmocka_unit_test(the_window_of_what_nobody_reads_opens_again),
        cmocka_unit_test(the_next_request_is_not_what_was_not_read),
        cmocka_unit_test(nobody_is_told_to_go_on_in_vain),
        cmocka_unit_test(answers_are_made_while_they_leave),
        cmocka_unit_test(a_client_that_does_not_read_stops_the_making),
        cmocka_unit_test(requests_without_room_are_refused),
        cmocka_unit_test(what_is_too_large_is_refused),
        cmocka_unit_test(what_is_malformed_is_refused),
        cmocka_unit_test(what_does_not_come_is_given_up),
        cmocka_unit_test(clients_that_take_no_answer_are_counted),
        cmocka_unit_test(a_client_that_leaves_is_told_of),
        cmocka_unit_test(a_server_that_ends_tells_who_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
