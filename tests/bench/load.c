/*
 * A client for measurements: what wrk and h2load cannot do. Client
 * certificates, handshakes that are surely full or surely resumed, one TLS
 * version, connections that are held, and latency at a given rate counted from
 * when a request was due (a server that stalls is not forgiven the requests
 * that were not sent meanwhile).
 *
 *   bench-load [OPTION...] HOST PORT PATH       (see usage below)
 *
 * One blocking thread for each connection. Prints one line of JSON.
 */
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/defs.h"

#define SAMPLES_MAX 400000u /* of one thread */
#define ANSWER_MAX 65536u

enum connecting { KEPT, NEW_FULL, NEW_RESUMED };

struct options {
    unsigned connections, seconds;
    double rate; /* requests a second of all threads; 0: as fast as can be */
    enum connecting connecting;
    bool holds, is_clear;
    const char *host, *port, *path, *header, *cert, *authorities, *groups;
    int version; /* 0: any */
};

struct client {
    const struct options *o;
    SSL_CTX *ctx;
    const struct addrinfo *at;
    unsigned number;
    uint64_t end_us;
    int fd;
    SSL *ssl;
    SSL_SESSION *session;
    char request[2048];
    size_t n_request;
    uint32_t *samples; /* microseconds */
    size_t n_samples, n_answers, n_failed, n_resumed;
    char buffer[ANSWER_MAX];
};

static void
die(const char *what)
{
    fprintf(stderr, "bench-load: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

/* ---- one connection ---- */

static void
hang_up(struct client *c)
{
    if (c->ssl != NULL) {
        if (c->o->connecting == NEW_RESUMED) {
            SSL_SESSION_free(c->session);
            c->session = SSL_get1_session(c->ssl);
        }
        SSL_set_quiet_shutdown(c->ssl, 1);
        SSL_shutdown(c->ssl);
        SSL_free(c->ssl);
        c->ssl = NULL;
    }
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

static bool
connect_to(struct client *c)
{
    const int on = 1;

    c->fd = socket(c->at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, c->at->ai_addr, c->at->ai_addrlen) < 0)
        return false;
    (void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (c->o->is_clear)
        return true;
    c->ssl = SSL_new(c->ctx);
    if (c->ssl == NULL)
        die("no storage");
    SSL_set_fd(c->ssl, c->fd);
    if (c->session != NULL)
        SSL_set_session(c->ssl, c->session);
    if (SSL_connect(c->ssl) != 1)
        return false;
    c->n_resumed += SSL_session_reused(c->ssl) != 0;
    return true;
}

static ssize_t
receive(struct client *c, char *into, size_t n)
{
    return c->ssl != NULL ? SSL_read(c->ssl, into, (int)n)
                          : recv(c->fd, into, n, 0);
}

static bool
send_request(struct client *c)
{
    if (c->ssl != NULL)
        return SSL_write(c->ssl, c->request, (int)c->n_request) ==
               (int)c->n_request;
    return send(c->fd, c->request, c->n_request, MSG_NOSIGNAL) ==
           (ssize_t)c->n_request;
}

/* The body's bytes that are still to come, once the head is complete. */
static bool
read_head(const char *text, size_t n, size_t *n_missing)
{
    const char *end = memmem(text, n, "\r\n\r\n", 4), *line;
    size_t length, n_head;

    if (end == NULL)
        return false;
    n_head = (size_t)(end - text) + 4;
    line = strcasestr(text, "\r\ncontent-length:");
    if (line == NULL || line > end)
        die("an answer without Content-Length");
    length = strtoul(line + 17, NULL, 10);
    *n_missing = length > n - n_head ? length - (n - n_head) : 0;
    return true;
}

static bool
read_answer(struct client *c)
{
    size_t have = 0, missing = 0;

    do {
        ssize_t n = receive(c, c->buffer + have, sizeof c->buffer - 1 - have);

        if (n <= 0)
            return false;
        have += (size_t)n;
        c->buffer[have] = '\0';
    } while (!read_head(c->buffer, have, &missing) &&
             have < sizeof c->buffer - 1);
    if (strncmp(c->buffer, "HTTP/1.1 200", 12) != 0)
        return false;
    while (missing > 0) {
        size_t some = missing < sizeof c->buffer ? missing : sizeof c->buffer;
        ssize_t n = receive(c, c->buffer, some);

        if (n <= 0)
            return false;
        missing -= (size_t)n;
    }
    return true;
}

static bool
exchange_once(struct client *c)
{
    bool fine =
        (c->fd >= 0 || connect_to(c)) && send_request(c) && read_answer(c);

    if (!fine || c->o->connecting != KEPT)
        hang_up(c);
    return fine;
}

/* ---- threads ---- */

static void
sleep_until(uint64_t due_us)
{
    struct timespec at = { .tv_sec = (time_t)(due_us / 1000000),
                           .tv_nsec = (long)(due_us % 1000000) * 1000 };

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
        ;
}

static void *
run_client(void *arg)
{
    struct client *c = arg;
    uint64_t due_us = clock_mono_us(), step_us = 0;

    if (c->o->rate > 0) {
        step_us = (uint64_t)(1e6 * c->o->connections / c->o->rate);
        due_us += step_us * c->number / c->o->connections;
    }
    while (due_us < c->end_us) {
        uint64_t now_us;

        if (step_us > 0)
            sleep_until(due_us);
        else
            due_us = clock_mono_us();
        if (exchange_once(c)) {
            now_us = clock_mono_us();
            c->n_answers++;
            if (c->n_samples < SAMPLES_MAX)
                c->samples[c->n_samples++] = (uint32_t)(now_us - due_us);
        } else if (++c->n_failed > 1000) {
            break;
        }
        due_us += step_us > 0 ? step_us : 1;
    }
    if (!c->o->holds)
        hang_up(c);
    return NULL;
}

static int
compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

static double
cpu_us(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void
report(const struct client *clients, const struct options *o, double seconds,
       double used_us)
{
    static const double percentiles[] = { 1,  10, 25,   50,   75,   90,
                                          95, 99, 99.5, 99.9, 99.99 };
    size_t n = 0, n_answers = 0, n_failed = 0, n_resumed = 0;
    uint32_t *all;

    for (unsigned i = 0; i < o->connections; i++) {
        n += clients[i].n_samples;
        n_answers += clients[i].n_answers;
        n_failed += clients[i].n_failed;
        n_resumed += clients[i].n_resumed;
    }
    all = calloc(n + 1, sizeof *all);
    if (all == NULL)
        die("no storage");
    n = 0;
    for (unsigned i = 0; i < o->connections; i++) {
        memcpy(all + n, clients[i].samples, clients[i].n_samples * sizeof *all);
        n += clients[i].n_samples;
    }
    qsort(all, n, sizeof *all, compare);
    printf("{\"requests\": %zu, \"failed\": %zu, \"resumed\": %zu, "
           "\"rate\": %.1f, \"client_cpu\": %.2f, \"curve\": [",
           n_answers, n_failed, n_resumed, (double)n_answers / seconds,
           n_answers > 0 ? used_us / (double)n_answers : 0);
    for (size_t i = 0; i < ARRAY_LEN(percentiles); i++)
        printf("%s[%g, %u]", i > 0 ? ", " : "", percentiles[i],
               all[(size_t)((double)n * percentiles[i] / 100)]);
    puts("]}");
    free(all);
}

/* As many as wanted, one request each, until our input ends. */
static void
hold(struct client *clients, const struct options *o)
{
    for (unsigned i = 0; i < o->connections; i++)
        if (!exchange_once(&clients[i]))
            die("a connection to be held got no answer");
    puts("held");
    (void)fflush(stdout);
    while (getchar() != EOF)
        ;
}

static void
measure(struct client *clients, const struct options *o)
{
    pthread_t *threads = calloc(o->connections, sizeof *threads);
    uint64_t from_us = clock_mono_us();
    double before_us = cpu_us();

    if (threads == NULL)
        die("no storage");
    for (unsigned i = 0; i < o->connections; i++) {
        clients[i].end_us = from_us + (uint64_t)o->seconds * 1000000;
        if (pthread_create(&threads[i], NULL, run_client, &clients[i]) != 0)
            die("no thread");
    }
    for (unsigned i = 0; i < o->connections; i++)
        pthread_join(threads[i], NULL);
    report(clients, o, (double)(clock_mono_us() - from_us) / 1e6,
           cpu_us() - before_us);
    free(threads);
}

static SSL_CTX *
make_context(const struct options *o)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    if (ctx == NULL)
        die("no TLS");
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
    if (o->version != 0 &&
        (SSL_CTX_set_min_proto_version(ctx, o->version) != 1 ||
         SSL_CTX_set_max_proto_version(ctx, o->version) != 1))
        die("TLS version");
    if (o->cert != NULL &&
        (SSL_CTX_use_certificate_chain_file(ctx, o->cert) != 1 ||
         SSL_CTX_use_PrivateKey_file(ctx, o->cert, SSL_FILETYPE_PEM) != 1))
        die(o->cert);
    if (o->groups != NULL && SSL_CTX_set1_groups_list(ctx, o->groups) != 1)
        die(o->groups);
    if (o->authorities != NULL) {
        if (SSL_CTX_load_verify_file(ctx, o->authorities) != 1)
            die(o->authorities);
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    }
    return ctx;
}

static void
usage(void)
{
    puts("usage: bench-load [OPTION...] HOST PORT PATH\n"
         "  --connections N    (32)\n"
         "  --seconds N        (2)\n"
         "  --rate N           requests a second of all; 0: no limit (0)\n"
         "  --new full|resumed a connection for each request\n"
         "  --hold             one request each, then wait for end of input\n"
         "  --clear            without TLS\n"
         "  --tls 1.2|1.3      this version only\n"
         "  --cert FILE        client certificate and key, PEM\n"
         "  --ca FILE          check the server's certificate by these\n"
         "  --groups LIST      of key exchange, first that of the key share\n"
         "  --header LINE      one more header");
    exit(2);
}

static void
read_option(struct options *o, int letter)
{
    switch (letter) {
    case 'c':
        o->connections = (unsigned)atoi(optarg);
        break;
    case 's':
        o->seconds = (unsigned)atoi(optarg);
        break;
    case 'r':
        o->rate = atof(optarg);
        break;
    case 'n':
        o->connecting = strcmp(optarg, "full") == 0 ? NEW_FULL : NEW_RESUMED;
        break;
    case 'h':
        o->holds = true;
        break;
    case 'C':
        o->is_clear = true;
        break;
    case 't':
        o->version =
            strcmp(optarg, "1.2") == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
        break;
    case 'k':
        o->cert = optarg;
        break;
    case 'a':
        o->authorities = optarg;
        break;
    case 'g':
        o->groups = optarg;
        break;
    case 'H':
        o->header = optarg;
        break;
    default:
        usage();
    }
}

int
main(int argc, char **argv)
{
    static const struct option longs[] = {
        { "connections", required_argument, NULL, 'c' },
        { "seconds", required_argument, NULL, 's' },
        { "rate", required_argument, NULL, 'r' },
        { "new", required_argument, NULL, 'n' },
        { "hold", no_argument, NULL, 'h' },
        { "clear", no_argument, NULL, 'C' },
        { "tls", required_argument, NULL, 't' },
        { "cert", required_argument, NULL, 'k' },
        { "ca", required_argument, NULL, 'a' },
        { "groups", required_argument, NULL, 'g' },
        { "header", required_argument, NULL, 'H' },
        { NULL, 0, NULL, 0 },
    };
    struct options o = { .connections = 32, .seconds = 2 };
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *at;
    struct client *clients;
    SSL_CTX *ctx;

    for (int letter; (letter = getopt_long(argc, argv, "", longs, NULL)) != -1;)
        read_option(&o, letter);
    if (argc - optind != 3 || o.connections == 0)
        usage();
    signal(SIGPIPE, SIG_IGN);
    o.host = argv[optind];
    o.port = argv[optind + 1];
    o.path = argv[optind + 2];
    if (getaddrinfo(o.host, o.port, &hints, &at) != 0)
        die("no such host");
    ctx = make_context(&o);
    clients = calloc(o.connections, sizeof *clients);
    for (unsigned i = 0; clients != NULL && i < o.connections; i++) {
        struct client *c = &clients[i];

        *c = (struct client){ .o = &o, .ctx = ctx, .at = at, .fd = -1 };
        c->number = i;
        c->samples = o.holds ? NULL : malloc(SAMPLES_MAX * sizeof(uint32_t));
        c->n_request = (size_t)snprintf(
            c->request, sizeof c->request,
            "GET %s HTTP/1.1\r\nHost: localhost\r\n%s%s%s\r\n", o.path,
            o.connecting == KEPT ? "" : "Connection: close\r\n",
            o.header != NULL ? o.header : "", o.header != NULL ? "\r\n" : "");
        if ((c->samples == NULL && !o.holds) ||
            c->n_request >= sizeof c->request)
            die("no storage");
    }
    if (clients == NULL)
        die("no storage");
    if (o.holds)
        hold(clients, &o);
    else
        measure(clients, &o);
    freeaddrinfo(at);
    return 0;
}
