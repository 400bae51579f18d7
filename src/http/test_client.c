/*
 * The client: against a peer that says exactly what a row tells it to, and
 * against our own server for connections that are kept.
 */
#include "http/test_fixture.h"

#include <signal.h>

#include "http/client.h"

struct result {
    struct loop *loop;
    bool is_done;
    enum err e;
    unsigned status;
    char body[200];
    size_t body_bytes;
    char why[ERR_TEXT_MAX];
};

static void
on_done(void *arg, enum err e, const struct http_answer *answer,
        const struct err_info *why)
{
    struct result *result = arg;

    assert_false(result->is_done);
    result->is_done = true;
    result->e = e;
    if (e == ERR_OK) {
        result->status = answer->status;
        result->body_bytes = answer->body.n;
        snprintf(result->body, sizeof result->body, STR_FMT,
                 STR_ARG(answer->body));
    } else {
        snprintf(result->why, sizeof result->why, "%s", why->text);
    }
    loop_stop(result->loop);
}

static const struct http_call_settings usual = {
    .connect_timeout_ms = 5000,
    .receive_timeout_ms = 5000,
    .max_body_bytes = 100000,
};

/* One call from start to end. */
static void
call(struct loop *loop, struct http_pool *pool,
     const struct http_origin *origin,
     const struct http_call_settings *settings, const char *method,
     const char *body, struct result *result)
{
    struct http_call *under_way;

    *result = (struct result){ .loop = loop };
    assert_int_equal(http_call_start(pool, origin, settings, str_of(method),
                                     STR("/x"), NULL, 0, str_of(body), on_done,
                                     result, &under_way, NULL),
                     ERR_OK);
    assert_false(result->is_done);
    loop_run(loop);
    assert_true(result->is_done);
}

/* ---- a peer that follows a script ---- */

struct script {
    int listener;
    unsigned port;
    pthread_t thread;
    const char *says;
    size_t n;
    unsigned n_connections;
    bool keeps_silent; /* after what it says: neither more nor the end */
};

static void *
run_script(void *arg)
{
    struct script *script = arg;

    for (unsigned i = 0; i < script->n_connections; i++) {
        struct pollfd poll_fd = { .fd = script->listener, .events = POLLIN };
        char got[4096], byte;
        int fd;

        if (poll(&poll_fd, 1, PATIENCE_MS) != 1 ||
            (fd = accept(script->listener, NULL, NULL)) < 0)
            return NULL;
        (void)client_read(fd, "\r\n\r\n", got, sizeof got);
        client_send(fd, str_n(script->says, script->n));
        if (script->keeps_silent)
            while (recv(fd, &byte, 1, 0) > 0)
                ;
        shutdown(fd, SHUT_RDWR);
        close(fd);
    }
    return NULL;
}

static void
script_start(struct script *script, const char *says, size_t n)
{
    script->says = says;
    script->n = n;
    script->listener = fixture_listen(&script->port);
    if (script->n_connections == 0)
        script->n_connections = 1;
    pthread_create(&script->thread, NULL, run_script, script);
}

static void
script_stop(struct script *script)
{
    pthread_join(script->thread, NULL);
    close(script->listener);
}

#define OK_HEAD "HTTP/1.1 200 OK\r\n"

static const struct {
    const char *says;
    const char *method;
    enum err e;
    unsigned status;
    const char *body;
} answers[] = {
    { OK_HEAD "Content-Length: 2\r\n\r\nhi", "GET", ERR_OK, 200, "hi" },
    { OK_HEAD "Content-Length: 2\r\n\r\n", "HEAD", ERR_OK, 200, "" },
    { OK_HEAD "\r\nhi there", "GET", ERR_OK, 200, "hi there" },
    { OK_HEAD "\r\n", "GET", ERR_OK, 200, "" },
    { "HTTP/1.0 200\r\n\r\nold", "GET", ERR_OK, 200, "old" },
    { "HTTP/1.1 204 No Content\r\n\r\n", "GET", ERR_OK, 204, "" },
    { "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "GET", ERR_OK,
      304, "" },
    { OK_HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n3;x\r\n yo\r\n0\r\n"
              "T: 1\r\n\r\n",
      "GET", ERR_OK, 200, "hi yo" },
    { "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: "
      "a\r\n\r\n" OK_HEAD "Content-Length: 1\r\n\r\nx",
      "GET", ERR_OK, 200, "x" },
    { "HTTP/1.1 503 Busy\r\nContent-Length: 1\r\n\r\nb", "POST", ERR_OK, 503,
      "b" },
    { "", "GET", ERR_PEER, 0, "" },
    { "HTTP/1.1 200 OK\r\nConte", "GET", ERR_PEER, 0, "" },
    { OK_HEAD "Content-Length: 5\r\n\r\nhi", "GET", ERR_PEER, 0, "" },
    { OK_HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", "GET", ERR_PEER,
      0, "" },
    { "SSH-2.0-x\r\n\r\n", "GET", ERR_SYNTAX, 0, "" },
    { "HTTP/2.0 200 OK\r\n\r\n", "GET", ERR_SYNTAX, 0, "" },
    { "HTTP/1.1 20 OK\r\n\r\n", "GET", ERR_SYNTAX, 0, "" },
    { "HTTP/1.1 099 OK\r\n\r\n", "GET", ERR_SYNTAX, 0, "" },
    { "HTTP/1.1  200 OK\r\n\r\n", "GET", ERR_SYNTAX, 0, "" },
    { "HTTP/1.1 200 OK\n\n", "GET", ERR_SYNTAX, 0, "" },
    { OK_HEAD "X : a\r\n\r\n", "GET", ERR_SYNTAX, 0, "" },
    { OK_HEAD "X: a\r\n b\r\n\r\n", "GET", ERR_SYNTAX, 0, "" },
    { OK_HEAD "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", "GET",
      ERR_SYNTAX, 0, "" },
    { OK_HEAD
      "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "GET", ERR_SYNTAX, 0, "" },
    { OK_HEAD "Content-Length: -1\r\n\r\n", "GET", ERR_SYNTAX, 0, "" },
    { OK_HEAD "Transfer-Encoding: gzip\r\n\r\n", "GET", ERR_SYNTAX, 0, "" },
    { OK_HEAD "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "GET", ERR_SYNTAX, 0,
      "" },
    { "HTTP/1.1 101 Switching Protocols\r\n\r\n", "GET", ERR_SYNTAX, 0, "" },
    { OK_HEAD "Content-Length: 100001\r\n\r\n", "GET", ERR_LIMIT, 0, "" },
    { OK_HEAD "Transfer-Encoding: chunked\r\n\r\n186a1\r\n", "GET", ERR_LIMIT,
      0, "" },
};

static void
answers_are_understood_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        struct script script = { 0 };
        struct http_origin origin = { .host = STR("127.0.0.1") };
        struct http_pool *pool;
        struct result result;
        struct loop *loop;

        script_start(&script, answers[i].says, strlen(answers[i].says));
        origin.port = script.port;
        assert_int_equal(loop_new(&loop, NULL), ERR_OK);
        assert_int_equal(http_pool_new(loop, &pool, NULL), ERR_OK);
        call(loop, pool, &origin, &usual, answers[i].method, "", &result);
        if (result.e != answers[i].e || result.status != answers[i].status ||
            strcmp(result.body, answers[i].body) != 0)
            fail_msg("row %zu: %s, status %u, body \"%s\" (%s)", i,
                     err_name(result.e), result.status, result.body,
                     result.why);
        http_pool_free(&pool);
        loop_free(&loop);
        script_stop(&script);
    }
}

static void
silence_and_refusal_have_their_own_errors(void **state)
{
    struct http_call_settings settings = usual;
    struct script script = { .keeps_silent = true };
    struct http_origin origin = { .host = STR("localhost") };
    struct http_pool *pool;
    struct result result;
    struct loop *loop;

    (void)state;
    settings.receive_timeout_ms = 30;
    assert_int_equal(loop_new(&loop, NULL), ERR_OK);
    assert_int_equal(http_pool_new(loop, &pool, NULL), ERR_OK);
    script_start(&script, "HTTP/1.1 200", 12);
    origin.port = script.port;
    call(loop, pool, &origin, &settings, "GET", "", &result);
    assert_int_equal(result.e, ERR_TIMEOUT);
    assert_non_null(strstr(result.why, "receive timeout"));
    script_stop(&script); /* nobody listens any more */
    call(loop, pool, &origin, &settings, "GET", "", &result);
    assert_int_equal(result.e, ERR_PEER);
    assert_non_null(strstr(result.why, "refused"));
    origin.host = STR("no-such-host.invalid");
    call(loop, pool, &origin, &usual, "GET", "", &result);
    assert_int_equal(result.e, ERR_PEER);
    assert_non_null(strstr(result.why, "no-such-host.invalid"));
    http_pool_free(&pool);
    loop_free(&loop);
}

static void
what_cannot_be_sent_is_refused_at_once(void **state)
{
    static const struct {
        const char *method, *target;
        struct http_header header;
    } rows[] = {
        { "G T", "/", { STR("A"), STR("b") } },
        { "GET", "/a b", { STR("A"), STR("b") } },
        { "GET", "", { STR("A"), STR("b") } },
        { "GET", "/\r\nX: y", { STR("A"), STR("b") } },
        { "GET", "/", { STR("A"), STR("b\r\nC: d") } },
        { "GET", "/", { STR("A:"), STR("b") } },
        { "GET", "/", { STR("host"), STR("b") } },
        { "GET", "/", { STR("Content-Length"), STR("1") } },
        { "GET", "/", { STR("Transfer-Encoding"), STR("chunked") } },
    };
    struct http_origin origin = { .host = STR("127.0.0.1"), .port = 1 };
    struct http_call *under_way = NULL;
    struct http_pool *pool;
    struct loop *loop;

    (void)state;
    assert_int_equal(loop_new(&loop, NULL), ERR_OK);
    assert_int_equal(http_pool_new(loop, &pool, NULL), ERR_OK);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(
            http_call_start(pool, &origin, &usual, str_of(rows[i].method),
                            str_of(rows[i].target), &rows[i].header, 1, STR(""),
                            on_done, NULL, &under_way, NULL),
            ERR_SYNTAX);
    http_pool_free(&pool);
    loop_free(&loop);
}

/* ---- our own server: which connection was it? ---- */

/* Says the client's port: equal answers came over one connection. */
static void
on_request(struct http_request *request, void *arg)
{
    unsigned *n_connections = arg;
    struct http_reply reply = { .status = 200 };

    if (http_conn_get(request->conn) == NULL) {
        ++*n_connections;
        http_conn_set(request->conn, (void *)(uintptr_t)*n_connections, NULL);
    }
    reply.body = str_fmt(request->arena, "%zu",
                         (size_t)(uintptr_t)http_conn_get(request->conn));
    reply.must_close = str_eq_z(request->method, "DELETE");
    http_reply_send(request, &reply);
}

struct kept {
    struct fixture server;
    unsigned n_connections;
    struct http_pool *pool;
    struct loop *loop;
    struct http_origin origin;
};

static void
kept_start(struct kept *k)
{
    struct http_server_events events = { .on_request = on_request,
                                         .arg = &k->n_connections };

    *k = (struct kept){ .origin = { .host = STR("127.0.0.1") } };
    fixture_start(&k->server, NULL, NULL, &events);
    k->origin.port = k->server.port;
    assert_int_equal(loop_new(&k->loop, NULL), ERR_OK);
    assert_int_equal(http_pool_new(k->loop, &k->pool, NULL), ERR_OK);
}

static void
kept_stop(struct kept *k)
{
    http_pool_free(&k->pool);
    loop_free(&k->loop);
    fixture_stop(&k->server);
}

static void
expect_connection(struct kept *k, const char *identity, const char *method,
                  const char *which)
{
    struct result result;

    k->origin.identity = str_of(identity);
    call(k->loop, k->pool, &k->origin, &usual, method, "", &result);
    assert_int_equal(result.e, ERR_OK);
    assert_string_equal(result.body, which);
}

static void
connections_are_kept_but_never_between_identities(void **state)
{
    struct kept k;

    (void)state;
    kept_start(&k);
    expect_connection(&k, "api/USER1", "GET", "1");
    expect_connection(&k, "api/USER1", "POST", "1");
    expect_connection(&k, "api/USER2", "GET", "2");
    expect_connection(&k, "api/USER", "GET", "3");
    expect_connection(&k, "", "GET", "4");
    expect_connection(&k, "api/USER1", "GET", "1");
    expect_connection(&k, "api/USER2", "GET", "2");
    k.origin.host = STR("localhost");
    expect_connection(&k, "api/USER2", "GET", "5");
    k.origin.host = STR("127.0.0.1");
    assert_int_equal(http_pool_idle(k.pool), 5);
    expect_connection(&k, "api/USER2", "DELETE", "2"); /* the server closes */
    expect_connection(&k, "api/USER2", "GET", "6");
    http_pool_flush(k.pool);
    assert_int_equal(http_pool_idle(k.pool), 0);
    expect_connection(&k, "api/USER1", "GET", "7");
    kept_stop(&k);
}

/* Two answers on one kept connection: the first whole, the second missing. */
static void
a_kept_connection_that_closed_is_retried(void **state)
{
    static const char once[] = OK_HEAD "Content-Length: 2\r\n\r\nhi";
    struct http_origin origin = { .host = STR("127.0.0.1") };
    struct script script = { .n_connections = 2 };
    struct http_pool *pool;
    struct result result;
    struct loop *loop;

    (void)state;
    script_start(&script, once, sizeof once - 1);
    origin.port = script.port;
    assert_int_equal(loop_new(&loop, NULL), ERR_OK);
    assert_int_equal(http_pool_new(loop, &pool, NULL), ERR_OK);
    call(loop, pool, &origin, &usual, "GET", "", &result);
    assert_int_equal(result.e, ERR_OK);
    /* The peer closes after each answer without saying so. */
    call(loop, pool, &origin, &usual, "GET", "", &result);
    assert_int_equal(result.e, ERR_OK);
    http_pool_free(&pool);
    loop_free(&loop);
    script_stop(&script);
}

static void
must_not_run(void *arg, enum err e, const struct http_answer *answer,
             const struct err_info *why)
{
    (void)arg;
    (void)e;
    (void)answer;
    (void)why;
    fail_msg("a cancelled call ended");
}

static void
cancelled_calls_do_not_end(void **state)
{
    struct http_call *calls[3];
    struct result result;
    struct kept k;

    (void)state;
    kept_start(&k);
    for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
        k.origin.host = i == 1 ? STR("localhost") : STR("127.0.0.1");
        assert_int_equal(http_call_start(k.pool, &k.origin, &usual, STR("GET"),
                                         STR("/"), NULL, 0, STR(""),
                                         must_not_run, NULL, &calls[i], NULL),
                         ERR_OK);
    }
    http_call_cancel(&calls[0]);
    assert_null(calls[0]);
    k.origin.host = STR("127.0.0.1");
    k.origin.identity = STR("other");
    http_call_cancel(&calls[1]);
    http_call_cancel(&calls[2]);
    call(k.loop, k.pool, &k.origin, &usual, "GET", "", &result);
    assert_int_equal(result.e, ERR_OK);
    /* Ended by the pool, in each state it may be in. */
    k.origin.host = STR("localhost");
    assert_int_equal(http_call_start(k.pool, &k.origin, &usual, STR("GET"),
                                     STR("/"), NULL, 0, STR(""), must_not_run,
                                     NULL, &calls[0], NULL),
                     ERR_OK);
    kept_stop(&k);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_understood_or_refused),
        cmocka_unit_test(silence_and_refusal_have_their_own_errors),
        cmocka_unit_test(what_cannot_be_sent_is_refused_at_once),
        cmocka_unit_test(connections_are_kept_but_never_between_identities),
        cmocka_unit_test(a_kept_connection_that_closed_is_retried),
        cmocka_unit_test(cancelled_calls_do_not_end),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
