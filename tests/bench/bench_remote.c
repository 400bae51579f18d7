/*
 * Full TLS 1.3 handshakes a second (P-256 and RSA 2048, no resumption) of one
 * event loop: with the key in process, and with the key in a keeper process
 * that signs over a key channel. Interleaved pairs; prints the ratio of their
 * medians and asserts nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bin/angel/keeper_channels.h"
#include "io/remote_key.h"
#include "io/stream.h"
#include "io/test_certs.h"
#include "ipc/chan.h"

#define CLIENTS 8
#define PAIRS 5
#define SECONDS 1.5

static double
now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- the keeper, a process
 * -----------------------------------------------------
 */

static NORETURN void
keep(int fd, EVP_PKEY *key)
{
    struct channel_key *keys = calloc(1, sizeof *keys);

    if (keys == NULL || channel_key_id(key, keys->id, NULL) != ERR_OK)
        _exit(1);
    keys->key = key;
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    if (channels_add(fd, 1, keys, 1, NULL) != ERR_OK)
        _exit(1);
    for (;;) {
        struct pollfd p[4];
        size_t n = channels_poll(p, ARRAY_LEN(p));

        if (n == 0)
            _exit(0);
        if (poll(p, n, -1) > 0)
            channels_serve(p, n);
    }
}

static pid_t keeper;

static enum err
open_keeper(void *arg, int *fd, struct err_info *why)
{
    struct test_cert *cert = arg;
    int pair[2];
    pid_t pid;

    if (chan_pair(pair, why) != ERR_OK || (pid = fork()) < 0)
        return ERR_IO;
    if (pid == 0) {
        close(pair[0]);
        keep(pair[1], cert->key);
    }
    keeper = pid;
    close(pair[1]);
    *fd = pair[0];
    return ERR_OK;
}

/* --- clients, a process
 * --------------------------------------------------------
 */

static char socket_path[108];

static int
dial(void)
{
    struct sockaddr_un sa = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    memcpy(sa.sun_path, socket_path, sizeof sa.sun_path);
    if (connect(fd, (struct sockaddr *)&sa, sizeof sa) == 0)
        return fd;
    close(fd);
    return -1;
}

static void *
client(void *arg)
{
    SSL_CTX *ctx = arg;

    for (;;) {
        SSL *ssl = SSL_new(ctx);
        char byte;
        int fd = dial();

        if (fd < 0)
            return NULL;
        SSL_set_fd(ssl, fd);
        if (SSL_connect(ssl) == 1)
            (void)!SSL_read(ssl, &byte, 1); /* its end: the server is done */
        SSL_free(ssl);
        close(fd);
    }
}

static NORETURN void
clients(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    pthread_t threads[CLIENTS];

    (void)signal(SIGPIPE, SIG_IGN);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    for (int i = 0; i < CLIENTS; i++)
        pthread_create(&threads[i], NULL, client, ctx);
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(threads[i], NULL);
    _exit(0);
}

/* --- the server, one loop
 * -------------------------------------------------------
 */

struct connection {
    struct stream stream;
    struct loop_post post;
};

static struct loop *loop;
static struct tls_config *config;
static unsigned long handshakes;

static void
drop(struct loop_post *post)
{
    struct connection *c = CONTAINER_OF(post, struct connection, post);

    stream_fini(&c->stream);
    free(c);
}

static void
ready(struct stream *s)
{
    struct connection *c = CONTAINER_OF(s, struct connection, stream);
    enum err e;

    if (c->post.run != NULL)
        return;
    e = stream_handshake(s, NULL);
    if (e == ERR_AGAIN)
        return;
    handshakes += e == ERR_OK;
    c->post.run = drop;
    loop_defer(loop, &c->post);
}

static void
on_accept(struct loop_fd *watch, unsigned events)
{
    int fd;

    (void)events;
    while ((fd = accept4(watch->fd, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct connection *c = calloc(1, sizeof *c);

        if (stream_init(&c->stream, loop, fd, true, config, STR(""), ready,
                        NULL) != ERR_OK) {
            close(fd);
            free(c);
        }
    }
}

static void
stop(struct loop_timer *timer)
{
    (void)timer;
    loop_stop(loop);
}

static double
cpu_s(const struct rusage *u)
{
    return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) +
           (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1e6;
}

static double
run(struct test_cert *cert, bool is_remote, double *cpu_us)
{
    struct sockaddr_un sa = { .sun_family = AF_UNIX };
    struct tls_identity id = test_cert_identity(cert);
    struct tls_settings settings = { .is_server = true,
                                     .identities = &id,
                                     .n_identities = 1,
                                     .protocols = STR("TLSv1.3") };
    struct loop_fd listener = { .on_event = on_accept };
    struct loop_timer timer = { .fire = stop };
    struct remote_keys *keys = NULL;
    struct err_info why = { 0 };
    struct rusage before, after, signer = { 0 };
    double began;
    pid_t pid;

    (void)unlink(socket_path);
    memcpy(sa.sun_path, socket_path, sizeof sa.sun_path);
    listener.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (bind(listener.fd, (struct sockaddr *)&sa, sizeof sa) != 0 ||
        listen(listener.fd, 128) != 0 || loop_new(&loop, &why) != ERR_OK ||
        (is_remote &&
         remote_keys_new(&(struct remote_source){ open_keeper, NULL, cert },
                         &keys, &why) != ERR_OK))
        exit(1);
    id.remote = keys;
    if (tls_config_new(&settings, &config, &why) != ERR_OK ||
        loop_add(loop, &listener, LOOP_READ, &why) != ERR_OK) {
        fprintf(stderr, "%s\n", why.text);
        exit(1);
    }
    pid = fork();
    if (pid == 0)
        clients();
    handshakes = 0;
    getrusage(RUSAGE_SELF, &before);
    began = now_s();
    loop_timer_set(loop, &timer, (uint64_t)(SECONDS * 1000));
    loop_run(loop);
    began = now_s() - began;
    getrusage(RUSAGE_SELF, &after);
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
    loop_remove(loop, &listener);
    close(listener.fd);
    tls_config_unref(&config);
    remote_keys_unref(&keys);
    if (is_remote) { /* connections that were cut may still hold its channel */
        (void)kill(keeper, SIGTERM);
        (void)wait4(keeper, NULL, 0, &signer);
    }
    *cpu_us = (cpu_s(&after) - cpu_s(&before) + cpu_s(&signer)) * 1e6 /
              (double)handshakes;
    return (double)handshakes / began;
}

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

int
main(void)
{
    static const struct {
        const char *name;
        bool is_rsa;
    } kinds[] = { { "P-256", false }, { "RSA 2048", true } };

    (void)signal(SIGPIPE, SIG_IGN);
    (void)snprintf(socket_path, sizeof socket_path, "/tmp/spt-bench.%d",
                   (int)getpid());
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
        struct test_cert cert = test_cert_make((struct test_cert_spec){
            .name = "bench", .is_rsa = kinds[k].is_rsa });
        double rate[2][PAIRS], cpu[2] = { 0 }, one;

        for (int i = 0; i < PAIRS; i++) {
            for (int is_remote = 0; is_remote < 2; is_remote++) {
                rate[is_remote][i] = run(&cert, is_remote != 0, &one);
                cpu[is_remote] += one / PAIRS;
            }
        }
        qsort(rate[0], PAIRS, sizeof rate[0][0], by_value);
        qsort(rate[1], PAIRS, sizeof rate[1][0], by_value);
        printf("%-9s in process %7.0f/s (%3.0f us of processor)  keeper "
               "%7.0f/s (%3.0f us, both)  ratio %.2f, by processor time "
               "%.2f\n",
               kinds[k].name, rate[0][PAIRS / 2], cpu[0], rate[1][PAIRS / 2],
               cpu[1], rate[1][PAIRS / 2] / rate[0][PAIRS / 2],
               cpu[0] / cpu[1]);
        test_cert_free(&cert);
    }
    (void)unlink(socket_path);
    return 0;
}
