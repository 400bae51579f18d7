/*
 * The server over a loopback connection: the verdict on each file of
 * tests/corpus/http-request, then keep-alive, limits and timeouts.
 */
#include "http/test_fixture.h"

#include <signal.h>

#ifndef CORPUS
#error "CORPUS names the folder of inputs"
#endif

/* Answers with method, path, query and body; "/close" closes, "/later" answers
 * from a timer, "/hold" when the test says so, "/bad" with a header that cannot
 * be sent. */
struct later {
    struct loop_timer timer;
    struct http_request *request;
};

static void
answer(struct http_request *request)
{
    struct http_header bad = { STR("X-Bad"), STR("a\r\nSet-Cookie: b") };
    bool is_bad = str_eq_z(request->path, "/bad");
    struct http_reply reply = {
        .status = str_eq_z(request->path, "/none") ? 204 : 200,
        .headers = &bad,
        .n_headers = is_bad ? 1 : 0,
        .body = str_fmt(request->arena,
                        "<" STR_FMT "|" STR_FMT "|" STR_FMT "|" STR_FMT ">",
                        STR_ARG(request->method), STR_ARG(request->path),
                        STR_ARG(request->query), STR_ARG(request->body)),
        .must_close = str_eq_z(request->path, "/close"),
    };

    http_reply_send(request, &reply);
}

static void
on_later(struct loop_timer *timer)
{
    struct later *later = CONTAINER_OF(timer, struct later, timer);

    answer(later->request);
}

static void
on_request(struct http_request *request, void *arg)
{
    struct fixture *f = arg;
    struct later *later;

    if (str_eq_z(request->path, "/hold")) {
        atomic_store(&f->held, request);
        return;
    }
    if (!str_eq_z(request->path, "/later")) {
        answer(request);
        return;
    }
    later = ARENA_NEW(request->arena, struct later);
    later->timer.fire = on_later;
    later->request = request;
    loop_timer_set(f->loop, &later->timer, 30);
}

static void
start(struct fixture *f, const struct http_server_options *options)
{
    struct http_server_events events = { .on_request = on_request, .arg = f };

    fixture_start(f, NULL, options, &events);
}

/* Everything the server says to these bytes; the client then half-closes. */
static struct str
exchange_bytes(const struct fixture *f, struct str bytes, char *p, size_t cap)
{
    int fd = client_connect(f->port);
    struct str got;

    client_send(fd, bytes);
    shutdown(fd, SHUT_WR);
    got = client_read(fd, NULL, p, cap);
    close(fd);
    return got;
}

static struct str
exchange_text(const struct fixture *f, const char *text, char *p, size_t cap)
{
    return exchange_bytes(f, str_of(text), p, cap);
}

static unsigned
count(struct str in, const char *text)
{
    unsigned n = 0;
    size_t at;

    while ((at = str_find(in, str_of(text))) != STR_NPOS) {
        in = str_sub(in, at + 1, in.n);
        n++;
    }
    return n;
}

static unsigned
status_of(struct str answer_text)
{
    uint64_t status;

    if (answer_text.n == 0)
        return 0;
    assert_true(str_starts(answer_text, STR("HTTP/1.1 ")));
    assert_true(str_to_u64(str_sub(answer_text, 9, 12), &status));
    return (unsigned)status;
}

static const struct {
    const char *name;
    unsigned status; /* 0: closed without an answer */
} corpus[] = {
    /* clang-format off */
        { "ok-get", 200 },
        { "ok-query", 200 },
        { "ok-http10", 200 },
        { "ok-http10-host", 200 },
        { "ok-absolute", 200 },
        { "ok-options-star", 200 },
        { "ok-leading-crlf", 200 },
        { "ok-empty-value", 200 },
        { "ok-value-blanks", 200 },
        { "ok-obs-text", 200 },
        { "ok-length", 200 },
        { "ok-length-zeros", 200 },
        { "ok-chunked", 200 },
        { "ok-chunked-case", 200 },
        { "ok-chunk-extension", 200 },
        { "ok-chunk-trailer", 200 },
        { "ok-upgrade-ignored", 200 },
        { "ok-get-body", 200 },
        { "ok-ipv6-host", 200 },
        { "ok-host-port", 200 },
        { "ok-host-port-none", 200 },
        { "http09", 400 },
        { "http20", 505 },
        { "http2-preface", 505 },
        { "http12", 505 },
        { "version-lower", 400 },
        { "version-long", 400 },
        { "version-missing-digit", 400 },
        { "rtsp", 400 },
        { "tls-hello", 400 },
        { "binary", 400 },
        { "nul-start", 400 },
        { "bare-lf-all", 400 },
        { "bare-lf-line", 400 },
        { "bare-lf-field", 400 },
        { "bare-lf-end", 400 },
        { "bare-lf-end2", 400 },
        { "bare-cr-field", 400 },
        { "bare-cr-line", 400 },
        { "cr-cr-lf", 400 },
        { "leading-lf", 400 },
        { "leading-blank", 400 },
        { "obs-fold", 400 },
        { "obs-fold-tab", 400 },
        { "fold-first", 400 },
        { "blank-before-colon", 400 },
        { "tab-before-colon", 400 },
        { "name-empty", 400 },
        { "name-blank-inside", 400 },
        { "name-non-ascii", 400 },
        { "name-paren", 400 },
        { "no-colon", 400 },
        { "value-nul", 400 },
        { "value-control", 400 },
        { "value-del", 400 },
        { "value-vt", 400 },
        { "host-missing", 400 },
        { "host-twice", 400 },
        { "host-twice-http10", 400 },
        { "host-empty", 400 },
        { "host-blank", 400 },
        { "host-userinfo", 400 },
        { "host-path", 400 },
        { "host-list", 400 },
        { "host-comma", 400 },
        { "host-percent", 400 },
        { "host-port-name", 400 },
        { "host-port-large", 400 },
        { "host-port-sign", 400 },
        { "host-two-ports", 400 },
        { "host-colon-first", 400 },
        { "host-bracket", 400 },
        { "host-bracket-name", 400 },
        { "host-bracket-zone", 400 },
        { "absolute-other-host", 400 },
        { "authority-form", 400 },
        { "star-get", 400 },
        { "connect", 501 },
        { "trace", 501 },
        { "method-unknown", 501 },
        { "method-query", 501 },
        { "method-lower", 501 },
        { "method-bad", 400 },
        { "method-empty", 400 },
        { "two-blanks", 400 },
        { "two-blanks-version", 400 },
        { "tab-separator", 400 },
        { "blank-in-target", 400 },
        { "trailing-blank", 400 },
        { "target-fragment", 400 },
        { "target-backslash", 400 },
        { "target-quote", 400 },
        { "target-brace", 400 },
        { "target-non-ascii", 400 },
        { "target-del", 400 },
        { "length-and-chunked", 400 },
        { "chunked-and-length", 400 },
        { "length-twice-equal", 400 },
        { "length-twice-other", 400 },
        { "length-list", 400 },
        { "length-plus", 400 },
        { "length-minus", 400 },
        { "length-hex", 400 },
        { "length-empty", 400 },
        { "length-blank-inside", 400 },
        { "length-overflow", 400 },
        { "length-too-large", 413 },
        { "encoding-twice", 400 },
        { "encoding-list", 400 },
        { "encoding-chunked-twice", 400 },
        { "encoding-not-last", 400 },
        { "encoding-identity", 400 },
        { "encoding-empty", 400 },
        { "encoding-xchunked", 400 },
        { "encoding-http10", 400 },
        { "chunk-size-missing", 400 },
        { "chunk-size-sign", 400 },
        { "chunk-size-0x", 400 },
        { "chunk-size-blank", 400 },
        { "chunk-size-leading-blank", 400 },
        { "chunk-size-huge", 400 },
        { "chunk-size-letter", 400 },
        { "chunk-size-lf", 400 },
        { "chunk-too-large", 413 },
        { "chunk-data-long", 400 },
        { "chunk-data-lf", 400 },
        { "chunk-data-short", 400 },
        { "chunk-extension-lf", 400 },
        { "chunk-extension-nul", 400 },
        { "chunk-end-lf", 400 },
        { "chunk-trailer-lf", 400 },
        { "chunk-trailer-fold", 400 },
        { "expect-other", 417 },
        { "too-many-fields", 400 },
        { "field-too-long", 400 },
        { "target-too-long", 400 },
        { "head-too-long", 431 },
        { "head-truncated", 0 },
        { "line-truncated", 0 },
        { "body-truncated", 0 },
        { "chunk-truncated", 0 },
        { "empty", 0 },
        { "crlf-only", 0 },
    /* clang-format on */
};

static struct str
read_input(const char *name, char *p, size_t cap)
{
    char path[4096];
    FILE *file;
    size_t n;

    snprintf(path, sizeof path, "%s/%s", CORPUS, name);
    file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("cannot open %s", path);
    n = fread(p, 1, cap, file);
    fclose(file);
    return str_n(p, n);
}

/* The same verdict whether the bytes come together or one by one. */
static void
malformed_requests_are_refused(void **state)
{
    static char in[300000], out[70000];
    struct http_server_options options;
    struct fixture f;

    (void)state;
    http_server_defaults(&options);
    options.max_field_bytes = 2048;
    options.max_headers = 99;
    options.max_body_bytes = 1000000;
    start(&f, &options);
    for (size_t i = 0; i < ARRAY_LEN(corpus); i++) {
        struct str bytes = read_input(corpus[i].name, in, sizeof in);
        struct str got = exchange_bytes(&f, bytes, out, sizeof out);

        if (status_of(got) != corpus[i].status)
            fail_msg("%s: %u, expected %u", corpus[i].name, status_of(got),
                     corpus[i].status);
        /* Nothing after a refusal is taken for another request. */
        assert_true(count(got, "\r\nDate: ") <= 1);
        if (corpus[i].status >= 400)
            assert_int_equal(count(got, "\r\nConnection: Close\r\n"), 1);
    }
    fixture_stop(&f);
}

static void
bytes_may_come_one_by_one(void **state)
{
    static const char *const names[] = { "ok-leading-crlf", "ok-chunk-trailer",
                                         "ok-length", "bare-lf-end2",
                                         "chunk-data-long" };
    static char in[300000], out[70000];
    struct fixture f;

    (void)state;
    start(&f, NULL);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct str bytes = read_input(names[i], in, sizeof in);
        int fd = client_connect(f.port);
        struct str got;

        for (size_t at = 0; at < bytes.n; at++)
            client_send(fd, str_sub(bytes, at, at + 1));
        shutdown(fd, SHUT_WR);
        got = client_read(fd, NULL, out, sizeof out);
        assert_int_equal(status_of(got), i < 3 ? 200 : 400);
        close(fd);
    }
    fixture_stop(&f);
}

static void
pipelined_answers_keep_their_order(void **state)
{
    static char out[70000];
    struct fixture f;
    struct str got;
    size_t a, b, c;

    (void)state;
    start(&f, NULL);
    got = exchange_text(&f,
                        "GET /later HTTP/1.1\r\nHost: a\r\n\r\n"
                        "POST /b?q HTTP/1.1\r\nHost: a\r\n"
                        "Content-Length: 2\r\n\r\nhi"
                        "HEAD /c HTTP/1.1\r\nHost: a\r\n\r\n"
                        "GET /none HTTP/1.1\r\nHost: a\r\n\r\n"
                        "GET /d HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
                        "GET /close HTTP/1.1\r\nHost: a\r\n\r\n"
                        "GET /never HTTP/1.1\r\nHost: a\r\n\r\n",
                        out, sizeof out);
    assert_int_equal(count(got, "HTTP/1.1 "), 6);
    a = str_find(got, STR("<GET|/later||>"));
    b = str_find(got, STR("<POST|/b|q|hi>"));
    c = str_find(got, STR("<GET|/close||>"));
    assert_true(a < b && b < c && c != STR_NPOS);
    assert_int_equal(count(got, "<HEAD"), 0);
    assert_int_equal(count(got, "Content-Length: 10\r\n"), 1); /* of HEAD */
    assert_int_equal(count(got, "HTTP/1.1 204 No Content\r\nDate:"), 1);
    assert_int_equal(count(got, "Connection: Keep-Alive\r\n"), 1);
    assert_int_equal(count(got, "Connection: Close\r\n"), 1);
    assert_int_equal(count(got, "/never"), 0);
    fixture_stop(&f);
}

/* More than one turn of the loop takes at once, and more than its buffers. */
static void
many_pipelined_requests_are_all_answered(void **state)
{
    static const char one[] = "GET /abc HTTP/1.1\r\nHost: a\r\n\r\n";
    static char out[400000];
    struct http_server_options options;
    struct fixture f;
    struct str got;
    struct buf all;

    (void)state;
    http_server_defaults(&options);
    options.max_keep_alive_requests = -1;
    start(&f, &options);
    buf_init(&all, 1000000);
    for (int i = 0; i < 2000; i++)
        buf_add_z(&all, one);
    got = exchange_bytes(&f, buf_view(&all), out, sizeof out);
    assert_int_equal(count(got, "<GET|/abc||>"), 2000);
    buf_fini(&all);
    fixture_stop(&f);
}

static void
keep_alive_has_a_limit(void **state)
{
    static const char one[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    static char out[70000];
    struct http_server_options options;
    struct buf all;
    struct fixture f;
    struct str got;

    (void)state;
    http_server_defaults(&options);
    options.max_keep_alive_requests = 3;
    start(&f, &options);
    buf_init(&all, 10000);
    for (int i = 0; i < 5; i++)
        buf_add_z(&all, one);
    got = exchange_bytes(&f, buf_view(&all), out, sizeof out);
    assert_int_equal(count(got, "HTTP/1.1 200"), 3);
    assert_int_equal(count(got, "Connection: Close"), 1);
    buf_fini(&all);
    fixture_stop(&f);
}

static void
a_header_that_would_split_the_answer_is_not_sent(void **state)
{
    static char out[70000];
    struct fixture f;
    struct str got;

    (void)state;
    start(&f, NULL);
    got = exchange_text(&f, "GET /bad HTTP/1.1\r\nHost: a\r\n\r\n", out,
                        sizeof out);
    assert_int_equal(status_of(got), 500);
    assert_int_equal(count(got, "Set-Cookie"), 0);
    fixture_stop(&f);
}

static void
continue_is_said_when_the_body_waits(void **state)
{
    static char out[70000];
    struct fixture f;
    struct str got;
    int fd;

    (void)state;
    start(&f, NULL);
    fd = client_connect(f.port);
    client_send(fd, STR("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
                        "Expect: 100-continue\r\n\r\n"));
    got = client_read(fd, "\r\n\r\n", out, sizeof out);
    assert_true(str_eq_z(got, "HTTP/1.1 100 Continue\r\n\r\n"));
    client_send(fd, STR("ok"));
    got = client_read(fd, "ok>", out, sizeof out);
    assert_int_equal(status_of(got), 200);
    close(fd);
    /* Too large: refused instead of invited. */
    fd = client_connect(f.port);
    client_send(fd, STR("POST /x HTTP/1.1\r\nHost: a\r\n"
                        "Content-Length: 99999999\r\n"
                        "Expect: 100-continue\r\n\r\n"));
    got = client_read(fd, NULL, out, sizeof out);
    assert_int_equal(status_of(got), 413);
    close(fd);
    fixture_stop(&f);
}

static void
large_bodies_go_both_ways(void **state)
{
    static const char head[] = "POST / HTTP/1.1\r\nHost: a\r\n"
                               "Content-Length: 1500000\r\n\r\n";
    static char in[1600000], out[1700000];
    struct fixture f;
    struct str got;

    (void)state;
    start(&f, NULL);
    memcpy(in, head, sizeof head - 1);
    memset(in + sizeof head - 1, 'x', 1500000);
    got = exchange_bytes(&f, str_n(in, sizeof head - 1 + 1500000), out,
                         sizeof out);
    assert_int_equal(status_of(got), 200);
    assert_true(got.n > 1500000);
    assert_true(str_ends(got, STR("xxx>")));
    fixture_stop(&f);
}

/* Timeouts: how the connection ends, not how long it takes. */
static void
slow_clients_are_sent_away(void **state)
{
    static const struct {
        const char *text;
        unsigned status;
    } rows[] = {
        { "", 0 },
        { "GET / HT", 408 },
        { "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab", 408 },
        { "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3",
          408 },
        { "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 200 }, /* persist timeout */
    };
    static char out[70000];
    struct http_server_options options;
    struct fixture f;

    (void)state;
    http_server_defaults(&options);
    options.read_timeout_ms = 200;
    options.persist_timeout_ms = 20;
    start(&f, &options);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int fd = client_connect(f.port);
        struct str got;

        client_send(fd, str_of(rows[i].text));
        got = client_read(fd, NULL, out, sizeof out);
        assert_int_equal(status_of(got), rows[i].status);
        assert_true(count(got, "\r\nDate: ") <= 1);
        close(fd);
    }
    fixture_stop(&f);
}

static void
a_client_that_does_not_read_is_sent_away(void **state)
{
    static const char head[] = "POST / HTTP/1.1\r\nHost: a\r\n"
                               "Content-Length: 16000000\r\n\r\n";
    struct http_server_options options;
    struct fixture f;
    char *body = malloc(16000000);
    const int small = 4096;
    int fd;

    (void)state;
    assert_non_null(body);
    memset(body, 'x', 16000000);
    http_server_defaults(&options);
    options.write_timeout_ms = 40;
    start(&f, &options);
    fd = client_connect(f.port);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    client_send(fd, str_of(head));
    client_send(fd, str_n(body, 16000000));
    while (http_server_connections(f.server) > 0)
        poll(NULL, 0, 5);
    close(fd);
    free(body);
    fixture_stop(&f);
}

static void
on_drained(void *arg)
{
    loop_stop(arg);
}

static void
post_drain(struct loop_post *post)
{
    struct fixture *f = CONTAINER_OF(post, struct fixture, stop);

    http_server_drain(f->server, on_drained, f->loop);
    answer(atomic_load(&f->held));
}

static void
draining_finishes_what_is_under_way(void **state)
{
    static char out[70000];
    struct fixture f = { 0 };
    struct str got;
    int idle, busy;

    (void)state;
    start(&f, NULL);
    idle = client_connect(f.port);
    busy = client_connect(f.port);
    client_send(idle, STR("GET /i HTTP/1.1\r\nHost: a\r\n\r\n"));
    (void)client_read(idle, "||>", out, sizeof out);
    client_send(busy, STR("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n"));
    while (atomic_load(&f.held) == NULL)
        poll(NULL, 0, 1);
    f.stop.run = post_drain;
    loop_post(f.loop, &f.stop);
    got = client_read(busy, NULL, out, sizeof out);
    assert_int_equal(status_of(got), 200);
    assert_int_equal(count(got, "Connection: Close"), 1);
    got = client_read(idle, NULL, out, sizeof out);
    assert_int_equal(got.n, 0);
    pthread_join(f.thread, NULL);
    assert_int_equal(http_server_connections(f.server), 0);
    http_server_free(&f.server);
    loop_free(&f.loop);
    close(f.listener);
    close(idle);
    close(busy);
}

/* The client goes while the handler works: the handler notices nothing. */
static void
a_client_may_leave_before_its_answer(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, NULL);
    for (int i = 0; i < 20; i++) {
        int fd = client_connect(f.port);
        struct linger reset = { .l_onoff = 1 };

        client_send(fd, STR("GET /later HTTP/1.1\r\nHost: a\r\n\r\n"));
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(fd);
    }
    while (http_server_connections(f.server) > 0)
        poll(NULL, 0, 2);
    fixture_stop(&f);
}

static void
on_full(void *arg)
{
    struct fixture *f = arg;

    atomic_fetch_add(&f->n_full, 1);
}

static void
too_many_connections_are_turned_away(void **state)
{
    struct http_server_events events = { .on_request = on_request,
                                         .on_full = on_full };
    struct http_server_options options;
    static char out[1000];
    struct fixture f = { 0 };
    int fds[3];

    (void)state;
    http_server_defaults(&options);
    options.max_connections = 2;
    events.arg = &f;
    fixture_start(&f, NULL, &options, &events);
    for (int i = 0; i < 2; i++) {
        fds[i] = client_connect(f.port);
        client_send(fds[i], STR("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_int_equal(status_of(client_read(fds[i], ">", out, sizeof out)),
                         200);
    }
    for (int i = 0; i < 3; i++) {
        fds[2] = client_connect(f.port);
        assert_int_equal(client_read(fds[2], NULL, out, sizeof out).n, 0);
        close(fds[2]);
    }
    assert_int_equal(atomic_load(&f.n_full), 1);
    close(fds[0]);
    while (http_server_connections(f.server) > 1)
        poll(NULL, 0, 1);
    fds[0] = client_connect(f.port);
    client_send(fds[0], STR("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_int_equal(status_of(client_read(fds[0], ">", out, sizeof out)), 200);
    close(fds[0]);
    close(fds[1]);
    fixture_stop(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_requests_are_refused),
        cmocka_unit_test(bytes_may_come_one_by_one),
        cmocka_unit_test(pipelined_answers_keep_their_order),
        cmocka_unit_test(many_pipelined_requests_are_all_answered),
        cmocka_unit_test(keep_alive_has_a_limit),
        cmocka_unit_test(a_header_that_would_split_the_answer_is_not_sent),
        cmocka_unit_test(continue_is_said_when_the_body_waits),
        cmocka_unit_test(large_bodies_go_both_ways),
        cmocka_unit_test(slow_clients_are_sent_away),
        cmocka_unit_test(a_client_that_does_not_read_is_sent_away),
        cmocka_unit_test(draining_finishes_what_is_under_way),
        cmocka_unit_test(a_client_may_leave_before_its_answer),
        cmocka_unit_test(too_many_connections_are_turned_away),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
