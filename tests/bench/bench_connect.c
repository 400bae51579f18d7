/*
 * What connect(), accept() and close() cost on this machine, with whatever
 * hooks hang on it: bench_connect PORT ROUNDS UID connects to 127.0.0.1 as
 * that user, and prints the fewest nanoseconds of processor for a connection,
 * of rounds of a thousand each. The fewest: what else runs only adds.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/defs.h"

#define ROUND 1000u

static void NORETURN
fail(const char *what)
{
    perror(what);
    exit(1);
}

static int
listen_at(const struct sockaddr_in *at)
{
    const int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        bind(fd, (const struct sockaddr *)at, sizeof *at) != 0 ||
        listen(fd, 16) != 0)
        fail("listen");
    return fd;
}

/* The side that connects is reset: no port is left waiting. */
static void
once(int listener, const struct sockaddr_in *at)
{
    const struct linger now = { .l_onoff = 1, .l_linger = 0 };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), accepted;

    if (fd < 0 || connect(fd, (const struct sockaddr *)at, sizeof *at) != 0)
        fail("connect");
    accepted = accept(listener, NULL, NULL);
    if (accepted < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now) != 0)
        fail("accept");
    close(fd);
    close(accepted);
}

static uint64_t
used_ns(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) != 0)
        fail("clock");
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int
main(int argc, char **argv)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    uint64_t best = UINT64_MAX;
    int listener;

    if (argc != 4)
        return 2;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons((uint16_t)atoi(argv[1]));
    listener = listen_at(&at);
    if (setuid((uid_t)atoi(argv[3])) != 0)
        fail("setuid");
    for (int round = atoi(argv[2]); round > 0; round--) {
        uint64_t began = used_ns(), took;

        for (unsigned i = 0; i < ROUND; i++)
            once(listener, &at);
        took = (used_ns() - began) / ROUND;
        best = took < best ? took : best;
    }
    printf("%llu\n", (unsigned long long)best);
    return 0;
}
