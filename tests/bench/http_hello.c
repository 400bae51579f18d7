/*
 * A server that answers every request with the same small JSON text, to be
 * measured with wrk or h2load beside nginx: http_hello [--h2] [--tls [--rsa]]
 * PORT
 */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "http/server.h"
#include "io/test_certs.h"

static void
on_request(struct http_request *request, void *arg)
{
    static const struct http_header headers[] = {
        { STR("Content-Type"), STR("application/json") },
    };
    struct http_reply reply = {
        .status = 200,
        .headers = headers,
        .n_headers = ARRAY_LEN(headers),
        .body = STR("{\"message\":\"hello\"}\n"),
    };

    (void)arg;
    http_reply_send(request, &reply);
}

static int
listen_on(unsigned port)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0 ||
        listen(fd, 1024) < 0) {
        perror("http_hello: listen");
        exit(1);
    }
    return fd;
}

static struct tls_config *
make_tls(bool with_h2, bool is_rsa)
{
    struct test_cert cert = test_cert_make(
        (struct test_cert_spec){ .name = "localhost",
                                 .san = "DNS:localhost,IP:127.0.0.1",
                                 .is_rsa = is_rsa });
    struct tls_identity identity = test_cert_identity(&cert);
    struct tls_settings settings = { .is_server = true,
                                     .offer_h2 = with_h2,
                                     .identities = &identity,
                                     .n_identities = 1 };
    struct err_info why;
    struct tls_config *tls;

    if (tls_config_new(&settings, &tls, &why) != ERR_OK) {
        fprintf(stderr, "http_hello: %s\n", why.text);
        exit(1);
    }
    test_cert_free(&cert);
    return tls;
}

int
main(int argc, char **argv)
{
    bool with_h2 = false, is_tls = false, is_rsa = false;
    int at = 1;
    struct http_server_events events = { .on_request = on_request };
    struct http_server_options options;
    struct http_server *server;
    struct err_info why;
    struct loop *loop;

    for (; at < argc && argv[at][0] == '-'; at++) {
        with_h2 |= strcmp(argv[at], "--h2") == 0;
        is_tls |= strcmp(argv[at], "--tls") == 0;
        is_rsa |= strcmp(argv[at], "--rsa") == 0;
    }
    if (argc != at + 1) {
        fprintf(stderr, "usage: http_hello [--h2] [--tls [--rsa]] PORT\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    http_server_defaults(&options);
    options.max_keep_alive_requests = -1;
    options.http2 = with_h2;
    if (loop_new(&loop, &why) != ERR_OK ||
        http_server_new(loop, listen_on((unsigned)atoi(argv[argc - 1])),
                        is_tls ? make_tls(with_h2, is_rsa) : NULL, &options,
                        &events, &server, &why) != ERR_OK) {
        fprintf(stderr, "http_hello: %s\n", why.text);
        return 1;
    }
    loop_run(loop);
    return 0;
}
