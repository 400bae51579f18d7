/*
 * HTTP/2 over a loopback connection, asked by nghttp2's own client; floods and
 * malformed frames are written by hand.
 */
#include "http/test_h2_client.h"

#include <stdlib.h>

#define BIG_BYTES ((size_t)1 << 20)

/* ---- the server: as in test_server.c, and "/big" answers with 1 MiB ---- */

static char big[BIG_BYTES];

static void
on_request(struct http_request *request, void *arg)
{
    struct fixture *f = arg;
    struct http_header bad = { STR("X-Bad"), STR("a\nb") };
    struct str host = STR(""), cookie = STR("");
    struct http_reply reply = {
        .status = str_eq_z(request->path, "/none") ? 204 : 200,
        .headers = &bad,
        .n_headers = str_eq_z(request->path, "/bad") ? 1 : 0,
    };

    if (str_eq_z(request->path, "/hold")) {
        atomic_store(&f->held, request);
        return;
    }
    assert_int_equal(request->version, 20);
    (void)http_header_get(request, "host", &host);
    (void)http_header_get(request, "Cookie", &cookie);
    if (str_eq_z(request->path, "/big"))
        reply.body = str_n(big, sizeof big);
    else if (request->body.n > 100)
        reply.body = str_fmt(request->arena, "%zu", request->body.n);
    else
        reply.body = str_fmt(request->arena,
                             "<" STR_FMT "|" STR_FMT "|" STR_FMT "|" STR_FMT
                             "|" STR_FMT "|" STR_FMT ">",
                             STR_ARG(request->method), STR_ARG(request->path),
                             STR_ARG(request->query), STR_ARG(host),
                             STR_ARG(cookie), STR_ARG(request->body));
    http_reply_send(request, &reply);
}

static _Atomic unsigned n_done, last_status;
static const char *_Atomic last_refused;

static void
on_done(const struct http_request *request, const struct http_done *done,
        void *arg)
{
    (void)request, (void)arg;
    atomic_store(&last_status, done->status);
    atomic_store(&last_refused, done->refused);
    atomic_fetch_add(&n_done, 1);
}

static void
start(struct fixture *f, void (*change)(struct http_server_options *))
{
    struct http_server_events events = { .on_request = on_request,
                                         .on_done = on_done,
                                         .arg = f };
    struct http_server_options options;

    memset(f, 0, sizeof *f);
    atomic_store(&n_done, 0);
    atomic_store(&last_refused, NULL);
    http_server_defaults(&options);
    options.http2 = true;
    if (change != NULL)
        change(&options);
    fixture_start(f, NULL, &options, &events);
}

/* ---- requests ---- */

static void
requests_are_answered_side_by_side(void **state)
{
    static const struct {
        const char *method, *path;
        size_t body_bytes;
        unsigned status;
        const char *body;
    } rows[] = {
        { "GET", "/a?x=1", 0, 200, "<GET|/a|x=1|here:80|a=1; b=2|>" },
        { "POST", "/a", 3, 200, "<POST|/a||here:80|a=1; b=2|bbb>" },
        { "POST", "/a", BIG_BYTES, 200, "1048576" },
        { "HEAD", "/a", 0, 200, "" },
        { "GET", "/none", 0, 204, "" },
        { "GET", "/bad", 0, 500, "" },
        { "GET", "/a|b", 0, 400,
          "the method or path holds a character that is not allowed" },
        { "BREW", "/a", 0, 501, "the method is not supported" },
        { "GET", "/%zz", 0, 200, "<GET|/%zz||here:80|a=1; b=2|>" },
    };
    struct client c;
    struct fixture f;

    (void)state;
    start(&f, NULL);
    client_new(&c, f.port, true);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        ask_with(&c, rows[i].method, rows[i].path, NULL, NULL,
                 rows[i].body_bytes);
    client_run(&c);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(c.calls[i].status, rows[i].status);
        assert_string_equal(c.calls[i].body, rows[i].body);
        assert_int_equal(c.calls[i].code, 0);
    }
    assert_int_equal(atomic_load(&n_done), ARRAY_LEN(rows));
    client_free(&c);
    fixture_stop(&f);
}

static void
large_answers_wait_for_the_window(void **state)
{
    struct client c;
    struct fixture f;

    (void)state;
    start(&f, NULL);
    client_new(&c, f.port, true);
    for (int i = 0; i < 20; i++)
        ask(&c, "GET", i % 2 == 0 ? "/big" : "/small");
    client_run(&c);
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(c.calls[i].status, 200);
        assert_true(i % 2 != 0 || c.calls[i].n_body == BIG_BYTES);
    }
    client_free(&c);
    fixture_stop(&f);
}

static void
small_body(struct http_server_options *o)
{
    o->max_body_bytes = 1000;
}

static void
requests_over_a_limit_are_refused_alone(void **state)
{
    static char long_value[40000];
    struct client c;
    struct fixture f;
    struct call *calls[4];

    (void)state;
    memset(long_value, 'v', sizeof long_value - 1);
    start(&f, small_body);
    client_new(&c, f.port, true);
    calls[0] = ask_with(&c, "POST", "/a", NULL, NULL, 1001);
    calls[1] = ask_with(&c, "POST", "/a", "content-length", "1001", 1001);
    calls[2] = ask_with(&c, "GET", "/a", "x-long", long_value, 0);
    calls[3] = ask_with(&c, "POST", "/a", "expect", "100-continue", 10);
    client_run(&c);
    assert_int_equal(calls[0]->status, 413);
    assert_int_equal(calls[1]->status, 413);
    assert_int_equal(calls[2]->status, 400);
    assert_int_equal(calls[3]->status, 200);
    assert_int_equal(calls[3]->interim, 100);
    client_free(&c);
    fixture_stop(&f);
}

/* What HTTP/2 forbids ends the stream with PROTOCOL_ERROR; nobody is asked. */
static void
malformed_requests_are_reset(void **state)
{
    static const struct {
        const char *name, *value;
    } rows[] = {
        { "connection", "close" },
        { "transfer-encoding", "chunked" },
        { "te", "gzip" },
        { "content-length", "7" }, /* without a body */
        { "x-split", "a\r\nb" },
        { ":path", "/twice" },
    };
    struct fixture f;

    (void)state;
    start(&f, NULL);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct client c;
        struct call *call;

        client_new(&c, f.port, true);
        call = ask_with(&c, "GET", "/a", rows[i].name, rows[i].value, 0);
        client_run(&c);
        assert_int_equal(call->status, 0);
        assert_int_equal(call->code, NGHTTP2_PROTOCOL_ERROR);
        client_free(&c);
    }
    assert_int_equal(atomic_load(&n_done), 0);
    fixture_stop(&f);
}

/* ---- how it begins ---- */

static void
an_upgrade_answers_the_first_request_as_stream_1(void **state)
{
    static const char request[] =
        "GET /up?q HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, "
        "HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n";
    static const uint8_t settings[] = { 0, 3, 0, 0, 0, 100 };
    struct client c;
    struct fixture f;
    char text[200];
    struct str got;
    size_t at;

    (void)state;
    start(&f, NULL);
    client_new(&c, f.port, true);
    client_send(c.fd, STR(request));
    got = client_read(c.fd, "\r\n\r\n", text, sizeof text);
    assert_true(str_starts(got, STR("HTTP/1.1 101 ")));
    assert_int_equal(
        nghttp2_session_upgrade2(c.session, settings, sizeof settings, 0, NULL),
        0);
    c.calls[c.n_calls++].id = 1;
    ask(&c, "GET", "/next");
    at = str_find(got, STR("\r\n\r\n")) + 4;
    assert_true(nghttp2_session_mem_recv(c.session, (uint8_t *)got.p + at,
                                         got.n - at) >= 0);
    client_run(&c);
    assert_string_equal(c.calls[0].body, "<GET|/up|q|h||>");
    assert_string_equal(c.calls[1].body, "<GET|/next||here:80|a=1; b=2|>");
    client_free(&c);
    fixture_stop(&f);
}

static void
old_only(struct http_server_options *o)
{
    o->http2 = false;
}

static void
http2_is_spoken_where_configured_only(void **state)
{
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    struct fixture f;
    char text[400];
    struct str got;
    int fd;

    (void)state;
    start(&f, old_only);
    fd = client_connect(f.port);
    client_send(fd, STR(preface));
    got = client_read(fd, NULL, text, sizeof text);
    assert_true(str_starts(got, STR("HTTP/1.1 505 ")));
    close(fd);
    fixture_stop(&f);

    start(&f, NULL);
    fd = client_connect(f.port); /* in two pieces */
    client_send(fd, STR("PRI * HTTP/2.0\r\n\r\n"));
    client_send(fd, STR("XX\r\n\r\n"));
    got = client_read(fd, NULL, text, sizeof text);
    assert_true(str_starts(got, STR("HTTP/1.1 505 ")));
    close(fd);
    fixture_stop(&f);
}

/* ---- floods ---- */

static void
frame(struct buf *out, uint32_t n, unsigned type, unsigned flags, uint32_t id)
{
    buf_u8(out, (uint8_t)(n >> 16));
    buf_u16(out, (uint16_t)n);
    buf_u8(out, (uint8_t)type);
    buf_u8(out, (uint8_t)flags);
    buf_u32(out, id);
}

static void
begin_by_hand(struct buf *out)
{
    buf_add_z(out, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    frame(out, 0, 4, 0, 0);
}

/* :method GET, :scheme http, :path /, :authority a */
#define HEAD_BYTES                                                             \
    "\x82\x86\x84\x41\x01"                                                     \
    "a"

static void
open_stream(struct buf *out, uint32_t id)
{
    frame(out, 6, 1, 0x5, id);
    buf_add(out, STR(HEAD_BYTES));
}

static void
add_resets(struct buf *out)
{
    for (uint32_t i = 0; i < 300; i++) {
        open_stream(out, 2 * i + 1);
        frame(out, 4, 3, 0, 2 * i + 1);
        buf_u32(out, 8);
    }
}

static void
add_pings(struct buf *out)
{
    for (int i = 0; i < 2000; i++) {
        frame(out, 8, 6, 0, 0);
        buf_u64(out, 0);
    }
}

static void
add_settings(struct buf *out)
{
    for (int i = 0; i < 2000; i++)
        frame(out, 0, 4, 0, 0);
}

static void
add_empty_data(struct buf *out)
{
    frame(out, 6, 1, 0x4, 1); /* not the end of its request */
    buf_add(out, STR(HEAD_BYTES));
    for (int i = 0; i < 2000; i++)
        frame(out, 0, 0, 0, 1);
}

static void
add_windows(struct buf *out)
{
    for (int i = 0; i < 2000; i++) {
        frame(out, 4, 8, 0, 0);
        buf_u32(out, 1);
    }
}

static void
add_continuations(struct buf *out)
{
    frame(out, 6, 1, 0x1, 1); /* no END_HEADERS */
    buf_add(out, STR(HEAD_BYTES));
    for (int i = 0; i < 20000; i++) {
        frame(out, 4, 9, 0, 1); /* a field "x: y" each, literal */
        buf_add(out, STR("\x10\x01x\x00"));
    }
}

static void
add_header_bomb(struct buf *out)
{
    static char value[4000];

    memset(value, 'v', sizeof value);
    frame(out, 6 + 4 + 3 + 4000 + 4000, 1, 0x5, 1);
    buf_add(out, STR(HEAD_BYTES));
    buf_add(out, STR("\x40\x01x\x7f\xa1\x1e")); /* indexed: x, 4000 bytes */
    buf_add(out, str_n(value, sizeof value));
    for (int i = 0; i < 4001; i++)
        buf_u8(out, 0xbe); /* the same again, 4000 times */
}

static void
add_garbage(struct buf *out)
{
    frame(out, 5, 0x77, 0xff, 3);
    buf_add_z(out, "xxxxx");
    frame(out, 0xffffff, 1, 0, 1);
}

static void
floods_end_the_connection(void **state)
{
    static const struct {
        void (*add)(struct buf *);
        const char *what;
    } rows[] = {
        { add_resets, "resets" },
        { add_pings, "pings" },
        { add_settings, "settings" },
        { add_empty_data, "empty data" },
        { add_windows, "window updates" },
        { add_continuations, "continuations" },
        { add_garbage, "garbage" },
    };
    static char text[1 << 20];
    struct fixture f;

    (void)state;
    start(&f, NULL);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int fd = client_connect(f.port);
        struct buf out;
        struct str got;

        buf_init(&out, 1 << 20);
        begin_by_hand(&out);
        rows[i].add(&out);
        assert_false(out.failed);
        client_send(fd, buf_view(&out));
        /* Up to the end: a GOAWAY (type 7) is the last thing said, unless the
         * connection was reset over what we sent too much. */
        got = client_read(fd, NULL, text, sizeof text);
        assert_true(got.n < sizeof text);
        buf_fini(&out);
        close(fd);
    }
    fixture_stop(&f);
}

static void
short_windows(struct http_server_options *o)
{
    o->h2_max_resets = 4;
    o->h2_resets_window_ms = 1;
}

static void
long_windows(struct http_server_options *o)
{
    o->h2_max_resets = 4;
    o->h2_resets_window_ms = 3600000;
}

/* How many of 12 streams a client may take back, each 3 ms after the answer to
 * what it sent last. */
static unsigned
reset_by_and_by(unsigned port)
{
    int fd = client_connect(port);
    char text[2000], ping[9];
    unsigned n = 0;
    struct buf out;
    struct str got;

    buf_init(&out, 1 << 16);
    begin_by_hand(&out);
    for (bool goes_on = true; goes_on && n < 12; n += goes_on) {
        snprintf(ping, sizeof ping, "ping%04u", n);
        frame(&out, 6, 1, 0x4, 2 * n + 1); /* its body is still to come */
        buf_add(&out, STR(HEAD_BYTES));
        frame(&out, 4, 3, 0, 2 * n + 1);
        buf_u32(&out, NGHTTP2_CANCEL);
        frame(&out, 8, 6, 0, 0);
        buf_add_z(&out, ping);
        client_send(fd, buf_view(&out));
        buf_clear(&out);
        got = client_read(fd, ping, text, sizeof text);
        goes_on = str_find(got, str_of(ping)) != STR_NPOS;
        usleep(3000);
    }
    buf_fini(&out);
    close(fd);
    return n;
}

static void
resets_are_counted_for_a_window(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, short_windows);
    assert_int_equal(reset_by_and_by(f.port), 12);
    fixture_stop(&f);
    start(&f, long_windows);
    assert_int_equal(reset_by_and_by(f.port), 4);
    fixture_stop(&f);
}

static void
a_header_bomb_is_refused(void **state)
{
    char text[2000];
    struct fixture f;
    struct buf out;
    int fd;

    (void)state;
    start(&f, NULL);
    fd = client_connect(f.port);
    buf_init(&out, 1 << 20);
    begin_by_hand(&out);
    add_header_bomb(&out);
    client_send(fd, buf_view(&out));
    shutdown(fd, SHUT_WR);
    (void)client_read(fd, NULL, text, sizeof text);
    buf_fini(&out);
    close(fd);
    fixture_stop(&f);
    assert_true(atomic_load(&n_done) <= 1);
    assert_true(atomic_load(&n_done) == 0 || atomic_load(&last_status) != 200);
}

/* ---- ends ---- */

static void
answer_held(struct loop_post *post)
{
    struct fixture *f = CONTAINER_OF(post, struct fixture, stop);
    struct http_reply reply = { .status = 200, .body = STR("held") };

    http_reply_send(atomic_exchange(&f->held, NULL), &reply);
}

static void
one_stream(struct http_server_options *o)
{
    o->h2_max_streams = 1;
}

/* Otherwise a client could start any amount of work by taking it back. */
static void
a_reset_request_counts_until_it_is_answered(void **state)
{
    struct client c;
    struct fixture f;

    (void)state;
    start(&f, one_stream);
    client_new(&c, f.port, true);
    ask(&c, "GET", "/hold");
    for (const uint8_t *p; atomic_load(&f.held) == NULL; poll(NULL, 0, 1)) {
        ssize_t n = nghttp2_session_mem_send(c.session, &p);

        client_send(c.fd, str_n(p, n > 0 ? (size_t)n : 0));
    }
    nghttp2_submit_rst_stream(c.session, 0, c.calls[0].id, NGHTTP2_CANCEL);
    ask(&c, "GET", "/b");
    client_run(&c);
    assert_int_equal(c.calls[1].code, NGHTTP2_REFUSED_STREAM);
    f.stop.run = answer_held;
    loop_post(f.loop, &f.stop);
    while (atomic_load(&f.held) != NULL)
        poll(NULL, 0, 1);
    while (c.calls[c.n_calls - 1].status != 200) { /* once it is answered */
        assert_true(c.n_calls < CALLS_MAX);
        ask(&c, "GET", "/c");
        client_run(&c);
    }
    client_free(&c);
    fixture_stop(&f);
}

static void
a_client_may_leave_before_its_answer(void **state)
{
    struct client c;
    struct fixture f;

    (void)state;
    start(&f, NULL);
    client_new(&c, f.port, true);
    ask(&c, "GET", "/hold");
    for (const uint8_t *p; atomic_load(&f.held) == NULL; poll(NULL, 0, 1)) {
        ssize_t n = nghttp2_session_mem_send(c.session, &p);

        client_send(c.fd, str_n(p, n > 0 ? (size_t)n : 0));
    }
    client_free(&c);
    f.stop.run = answer_held;
    loop_post(f.loop, &f.stop);
    while (http_server_connections(f.server) > 0)
        poll(NULL, 0, 1);
    fixture_stop(&f);
}

static void
on_drained(void *arg)
{
    loop_stop(((struct fixture *)arg)->loop);
}

static void
post_drain(struct loop_post *post)
{
    struct fixture *f = CONTAINER_OF(post, struct fixture, stop);
    struct http_reply reply = { .status = 200, .body = STR("held") };

    http_server_drain(f->server, on_drained, f);
    http_reply_send(atomic_load(&f->held), &reply);
}

static void
draining_says_goodbye_and_finishes(void **state)
{
    struct client idle, busy;
    struct fixture f;

    (void)state;
    start(&f, NULL);
    client_new(&idle, f.port, true);
    client_new(&busy, f.port, true);
    ask(&idle, "GET", "/a");
    client_run(&idle);
    ask(&busy, "GET", "/hold");
    for (const uint8_t *p; atomic_load(&f.held) == NULL; poll(NULL, 0, 1)) {
        ssize_t n = nghttp2_session_mem_send(busy.session, &p);

        client_send(busy.fd, str_n(p, n > 0 ? (size_t)n : 0));
    }
    f.stop.run = post_drain;
    loop_post(f.loop, &f.stop);
    idle.n_calls++; /* never: reads up to the end */
    client_run(&idle);
    busy.n_calls++;
    client_run(&busy);
    assert_true(idle.has_goaway && idle.is_ended);
    assert_int_equal(idle.goaway_code, NGHTTP2_NO_ERROR);
    assert_true(busy.has_goaway && busy.is_ended);
    assert_int_equal(busy.calls[0].status, 200);
    assert_string_equal(busy.calls[0].body, "held");
    pthread_join(f.thread, NULL);
    http_server_free(&f.server);
    loop_free(&f.loop);
    close(f.listener);
    client_free(&idle);
    client_free(&busy);
}

static void
impatient(struct http_server_options *o)
{
    o->read_timeout_ms = o->write_timeout_ms = o->h2_idle_timeout_ms = 50;
}

/* Each connection here ends by its timeout: nothing else would end it. */
static void
those_who_stall_are_sent_away(void **state)
{
    struct fixture f;
    struct client c;
    struct buf out;

    (void)state;
    start(&f, impatient);
    client_new(&c, f.port, true); /* idle after a request */
    ask(&c, "GET", "/a");
    client_run(&c);
    c.n_calls++;
    client_run(&c);
    assert_true(c.has_goaway && c.is_ended);
    client_free(&c);

    client_new(&c, f.port, false); /* a request that does not end */
    buf_init(&out, 1000);
    begin_by_hand(&out);
    frame(&out, 6, 1, 0x4, 1);
    buf_add(&out, STR(HEAD_BYTES));
    client_send(c.fd, buf_view(&out));
    (void)client_read(c.fd, NULL, big, sizeof big);
    client_free(&c);

    client_new(&c, f.port, false); /* an answer without a window for it */
    buf_clear(&out);
    buf_add_z(&out, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    frame(&out, 6, 4, 0, 0); /* SETTINGS_INITIAL_WINDOW_SIZE 0 */
    buf_u16(&out, 4);
    buf_u32(&out, 0);
    open_stream(&out, 1);
    client_send(c.fd, buf_view(&out));
    (void)client_read(c.fd, NULL, big, sizeof big);
    client_free(&c);
    buf_fini(&out);
    fixture_stop(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_answered_side_by_side),
        cmocka_unit_test(large_answers_wait_for_the_window),
        cmocka_unit_test(requests_over_a_limit_are_refused_alone),
        cmocka_unit_test(malformed_requests_are_reset),
        cmocka_unit_test(an_upgrade_answers_the_first_request_as_stream_1),
        cmocka_unit_test(http2_is_spoken_where_configured_only),
        cmocka_unit_test(floods_end_the_connection),
        cmocka_unit_test(resets_are_counted_for_a_window),
        cmocka_unit_test(a_header_bomb_is_refused),
        cmocka_unit_test(a_reset_request_counts_until_it_is_answered),
        cmocka_unit_test(a_client_may_leave_before_its_answer),
        cmocka_unit_test(draining_says_goodbye_and_finishes),
        cmocka_unit_test(those_who_stall_are_sent_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
