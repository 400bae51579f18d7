/*
 * What a client may send of HTTP/2, through nghttp2's callbacks to requests and
 * back: each byte string is one connection over a socket pair. First byte: 1
 * the rest is sent as it is (Upgrade), else preface and SETTINGS go before it.
 */
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/conn.h"
#include "http/fuzz_http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define HELD_MAX 4u
#define PATIENCE_MS 5u

static struct loop *loop;
static struct http_server *server;
static struct http_request *held[HELD_MAX];
static size_t n_held;

/* The client's end. */
static struct {
    struct loop_fd watch;
    struct loop_post stop;
    struct loop_timer patience;
    struct str head, rest; /* to be sent */
} client;

static void
answer(struct http_request *request)
{
    struct http_header type = { STR("Content-Type"), STR("text/plain") };
    struct http_reply reply = {
        .status = 200, .headers = &type, .n_headers = 1, .body = request->body
    };

    http_reply_send(request, &reply);
}

static void
answer_held(void)
{
    while (n_held > 0)
        answer(held[--n_held]);
}

static void
on_request(struct http_request *request, void *arg)
{
    (void)arg;
    FUZZ_REQUIRE(http_is_token(request->method));
    FUZZ_REQUIRE(request->version >= 10 && request->version <= 20);
    FUZZ_REQUIRE(request->body.n <= FUZZ_BODY_MAX);
    FUZZ_REQUIRE(str_find_char(request->target, ' ') == STR_NPOS);
    FUZZ_REQUIRE(str_find_char(request->target, '\n') == STR_NPOS);
    for (size_t i = 0; i < request->n_headers; i++) {
        const struct http_header *h = &request->headers[i];

        FUZZ_REQUIRE(http_is_token(h->name) && http_is_field_value(h->value));
        /* Pseudo-headers have become method and target. */
        FUZZ_REQUIRE(h->name.p[0] != ':');
    }
    if (str_starts(request->path, STR("/h")) && n_held < HELD_MAX)
        held[n_held++] = request;
    else
        answer(request);
}

/* A server whose handlers are busy may wait with reading. */
static void
on_patience(struct loop_timer *timer)
{
    answer_held();
    loop_timer_set(loop, timer, PATIENCE_MS);
}

static void
stop(struct loop_post *post)
{
    (void)post;
    loop_stop(loop);
}

/* All that can be written and read now; a server that has closed ends it. */
static void
on_client(struct loop_fd *watch, unsigned events)
{
    char sink[4096];
    ssize_t got;

    (void)events;
    while (client.head.n + client.rest.n > 0) {
        struct str *at = client.head.n > 0 ? &client.head : &client.rest;
        ssize_t sent = send(watch->fd, at->p, at->n, MSG_NOSIGNAL);

        if (sent <= 0)
            break;
        *at = str_sub(*at, (size_t)sent, at->n);
        if (client.head.n + client.rest.n == 0)
            shutdown(watch->fd, SHUT_WR);
    }
    while ((got = recv(watch->fd, sink, sizeof sink, 0)) > 0)
        ;
    if (got != 0 && errno == EAGAIN)
        return;
    loop_remove(loop, watch);
    loop_timer_clear(loop, &client.patience);
    answer_held();
    loop_defer(loop, &client.stop);
}

static void
start(void)
{
    const struct sockaddr any = { .sa_family = AF_UNIX };
    struct http_server_events events = { .on_request = on_request };
    struct http_server_options options;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    http_server_defaults(&options);
    options.http2 = true;
    options.max_body_bytes = 5000;
    options.max_headers = 50;
    options.max_field_bytes = 1000;
    options.read_timeout_ms = options.write_timeout_ms =
        options.persist_timeout_ms = 2000;
    options.h2_max_streams = 8;
    FUZZ_REQUIRE(fd >= 0 && bind(fd, &any, sizeof any.sa_family) == 0 &&
                 listen(fd, 1) == 0);
    FUZZ_REQUIRE(loop_new(&loop, NULL) == ERR_OK);
    FUZZ_REQUIRE(http_server_new(loop, fd, NULL, &options, &events, &server,
                                 NULL) == ERR_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char begin[] =
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";
    const struct sockaddr_in peer = { .sin_family = AF_INET };
    struct str in = str_n(data, n);
    bool is_raw = n > 0 && data[0] == 1;
    int pair[2];

    if (server == NULL)
        start();
    FUZZ_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                            0, pair) == 0);
    client.watch = (struct loop_fd){ .fd = pair[1], .on_event = on_client };
    client.stop.run = stop;
    client.patience.fire = on_patience;
    loop_timer_set(loop, &client.patience, PATIENCE_MS);
    client.head = is_raw ? STR("") : str_n(begin, sizeof begin - 1);
    client.rest = str_sub(in, 1, in.n);
    if (is_raw && client.rest.n == 0)
        client.rest = STR("\n"); /* something is sent, so that it ends */
    FUZZ_REQUIRE(loop_add(loop, &client.watch,
                          LOOP_READ | LOOP_WRITE | LOOP_EDGE, NULL) == ERR_OK);
    FUZZ_REQUIRE(conn_new(server, pair[0], (const struct sockaddr *)&peer,
                          sizeof peer) == ERR_OK);
    loop_run(loop);
    close(pair[1]);
    FUZZ_REQUIRE(n_held == 0);
    FUZZ_REQUIRE(http_server_connections(server) == 0);
    return 0;
}
