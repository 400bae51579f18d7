/*
 * Bodies that do not come to their end: no room for them, too large, malformed,
 * too slow, cut off.
 */
#include "http/test_bodies.h"

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
    client_flush(&c);
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
        client_flush(&c);
        /* What ends before a handler has it is never given to one. */
        while (atomic_load(&n_parts) == n_before)
            usleep(1000);
        if (is_reset)
            nghttp2_submit_rst_stream(c.session, 0, c.calls[0].id,
                                      NGHTTP2_CANCEL);
        client_flush(&c);
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
    int fd;

    (void)state;
    start(NULL);
    fd = client_connect(fixture.port);
    client_send(fd, STR("POST /read HTTP/1.1\r\nHost: a\r\n"
                        "Content-Length: 5\r\n\r\nbb"));
    client_new(&c, fixture.port, true);
    ask_with(&c, "POST", "/read", NULL, NULL, SLOW_BYTES);
    client_flush(&c);
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
