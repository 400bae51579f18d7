/*
 * What an engine in an attacker's hands may send its broker: any packets, with
 * descriptors, one after the other. The broker answers what is on its list, to
 * the size that it allows, and holds nothing of what has come.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/reader.h"
#include "ipc/chan.h"
#include "ttls/broker.h"
#include "ttls/engine_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define PACKETS_MAX 16u
#define FDS_MAX (CHAN_FDS_MAX + 8u)

enum how { HOW_FDS = 0x1f, HOW_LARGE = 0x20, HOW_UNSEALED = 0x40 };

/* The lowest number that is free: a descriptor that is kept moves it. */
static int
lowest(void)
{
    int fd = dup(STDERR_FILENO);

    close(fd);
    return fd;
}

/* A packet with these descriptors, none of them ours afterwards. */
static void
send_raw(int fd, struct str bytes, const int *fds, unsigned n_fds)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int) * FDS_MAX)];
        struct cmsghdr align;
    } control;
    struct iovec iov = { (void *)(uintptr_t)bytes.p, bytes.n };
    struct msghdr head = { .msg_iov = &iov, .msg_iovlen = 1 };

    if (n_fds > 0) {
        struct cmsghdr *c;

        memset(&control, 0, sizeof control);
        head.msg_control = control.bytes;
        head.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
        c = CMSG_FIRSTHDR(&head);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
        memcpy(CMSG_DATA(c), fds, sizeof(int) * n_fds);
    }
    IGNORE(sendmsg(fd, &head, MSG_NOSIGNAL | MSG_DONTWAIT));
}

/* As the bytes are, or as a large message of which they are the payload. */
static void
send_packet(int fd, unsigned how, struct str bytes)
{
    unsigned char head[15] = { 0x54, 0x21, 0, 0, 0, 1, 1 };
    int fds[FDS_MAX], file;
    unsigned n = how & HOW_FDS;

    n = n < FDS_MAX ? n : FDS_MAX;
    file = (how & HOW_UNSEALED) == 0 ? chan_memfd("m", bytes, NULL)
                                     : memfd_create("m", MFD_CLOEXEC);
    if (file < 0)
        return;
    for (unsigned i = 0; i < n; i++)
        fds[i] = i % 2 == 0 ? file : STDERR_FILENO;
    if ((how & HOW_LARGE) == 0) {
        send_raw(fd, bytes, fds, n);
    } else {
        head[1] = bytes.n > 0 ? (unsigned char)bytes.p[0] : 0x21;
        head[13] = (unsigned char)(bytes.n >> 8);
        head[14] = (unsigned char)bytes.n;
        send_raw(fd, str_n(head, sizeof head), fds, n);
    }
    close(file);
}

static void
read_answers(int fd)
{
    struct chan_msg msg;

    while (chan_recv(fd, &msg, NULL) == ERR_OK) {
        REQUIRE(msg.type == BROKER_IS || msg.type == BROKER_RING_IS);
        REQUIRE(msg.n_fds == 0); /* nobody gives out keys here */
        chan_msg_fini(&msg);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct reader in = reader_of(str_n(data, n));
    int pair[2], before;
    bool is_served = true;

    /* No angel is there, and nobody is told so each time. */
    IGNORE(setenv("SALLYPORT_ROOT", "/nonexistent", 1));
    IGNORE(setenv("SALLYPORT_LOG", "error", 1));
    log_init("fuzz");
    before = lowest();
    if (chan_pair(pair, NULL) != ERR_OK ||
        fcntl(pair[0], F_SETFL, O_NONBLOCK) != 0 ||
        fcntl(pair[1], F_SETFL, O_NONBLOCK) != 0)
        return 0;
    for (unsigned i = 0; i < PACKETS_MAX && is_served; i++) {
        struct str bytes;
        uint16_t size;
        uint8_t how;

        if (!reader_u8(&in, &how) || !reader_u16(&in, &size))
            break;
        if (!reader_take(&in, size, &bytes))
            bytes = reader_rest(&in);
        send_packet(pair[0], how, bytes);
        is_served = broker_serve(pair[1]);
        read_answers(pair[0]);
    }
    close(pair[0]);
    close(pair[1]);
    REQUIRE(lowest() == before);
    return 0;
}
