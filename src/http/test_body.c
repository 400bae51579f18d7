/*
 * Bodies that a handler reads part by part: it holds its client back, and may
 * answer before the end.
 */
#include "http/test_bodies.h"

#define H2_WINDOW 65535u

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
        struct pollfd p = { .fd = c.fd, .events = POLLIN };
        ssize_t n;

        client_flush(&c);
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
        ssize_t n;

        client_flush(&c);
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
    size_t n_made_then;
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
    client_flush(&c);
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
