/*
 * A server on its own loop in its own thread, and a plain blocking client, for
 * the tests of this folder.
 */
#ifndef SALLYPORT_HTTP_TEST_FIXTURE_H
#define SALLYPORT_HTTP_TEST_FIXTURE_H

#include "base/test.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/server.h"

#define PATIENCE_MS 20000

struct fixture {
    struct loop *loop;
    struct http_server *server;
    int listener;
    unsigned port;
    pthread_t thread;
    struct loop_post stop;
    atomic_uint n_full; /* times that on_full ran */
    _Atomic(struct http_request *) held;
};

static inline int
fixture_listen(unsigned *port)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 64), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

static inline void *
fixture_thread(void *arg)
{
    loop_run(((struct fixture *)arg)->loop);
    return NULL;
}

static inline void
fixture_start(struct fixture *f, struct tls_config *tls,
              const struct http_server_options *options,
              const struct http_server_events *events)
{
    struct http_server_options defaults;

    http_server_defaults(&defaults);
    f->listener = fixture_listen(&f->port);
    assert_int_equal(loop_new(&f->loop, NULL), ERR_OK);
    assert_int_equal(http_server_new(f->loop, f->listener, tls,
                                     options == NULL ? &defaults : options,
                                     events, &f->server, NULL),
                     ERR_OK);
    assert_int_equal(pthread_create(&f->thread, NULL, fixture_thread, f), 0);
}

static inline void
fixture_on_stop(struct loop_post *post)
{
    struct fixture *f = CONTAINER_OF(post, struct fixture, stop);

    http_server_free(&f->server);
    loop_stop(f->loop);
}

static inline void
fixture_stop(struct fixture *f)
{
    f->stop.run = fixture_on_stop;
    loop_post(f->loop, &f->stop);
    pthread_join(f->thread, NULL);
    loop_free(&f->loop);
    close(f->listener);
}

static inline int
client_connect(unsigned port)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

static inline void
client_send(int fd, struct str bytes)
{
    while (bytes.n > 0) {
        ssize_t n = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);

        if (n <= 0) /* refused early: the answer is what counts */
            return;
        bytes = str_sub(bytes, (size_t)n, bytes.n);
    }
}

/* All up to the end of file, or up to `enough` when that text is there. */
static inline struct str
client_read(int fd, const char *enough, char *p, size_t cap)
{
    size_t n = 0;

    while (n < cap) {
        struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
        ssize_t got;

        assert_int_equal(poll(&poll_fd, 1, PATIENCE_MS), 1);
        got = recv(fd, p + n, cap - n, 0);
        if (got <= 0)
            break;
        n += (size_t)got;
        if (enough != NULL && str_find(str_n(p, n), str_of(enough)) != STR_NPOS)
            break;
    }
    return str_n(p, n);
}

#endif
