#include "base/test.h"
#include "base/clock.h"
#include "ipc/chan.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static void
small_and_large_messages_arrive(void **state)
{
    static const size_t sizes[] = { 0, 1, CHAN_INLINE_MAX, CHAN_INLINE_MAX + 1,
                                    1000000 };
    int fds[2];

    (void)state;
    assert_int_equal(chan_pair(fds, NULL), ERR_OK);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        char *bytes = calloc(1, sizes[i] + 1);
        struct chan_msg msg;

        memset(bytes, 'x', sizes[i]);
        assert_int_equal(chan_send(fds[0], 7, (uint32_t)i,
                                   str_n(bytes, sizes[i]), &fds[1], 1, NULL),
                         ERR_OK);
        assert_int_equal(chan_recv(fds[1], &msg, NULL), ERR_OK);
        assert_int_equal(msg.type, 7);
        assert_int_equal(msg.seq, i);
        assert_int_equal(msg.n_fds, 1);
        assert_true(str_eq(msg.payload, str_n(bytes, sizes[i])));
        chan_msg_fini(&msg);
        free(bytes);
    }
    close(fds[0]);
    close(fds[1]);
}

static void
malformed_messages_are_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
    } rows[] = {
        { "\0", 1 },
        { "\0\1\0\0\0\0", 6 },
        { "\0\1\0\0\0\0\2", 7 },                  /* unknown flag */
        { "\0\1\0\0\0\0\1\0\0\0\0\0\0\0\1", 15 }, /* no descriptor */
    };
    int fds[2];

    (void)state;
    assert_int_equal(chan_pair(fds, NULL), ERR_OK);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct chan_msg msg;

        assert_int_equal(write(fds[0], rows[i].bytes, rows[i].n), rows[i].n);
        assert_int_equal(chan_recv(fds[1], &msg, NULL), ERR_SYNTAX);
    }
    close(fds[0]);
    {
        struct chan_msg msg;

        assert_int_equal(chan_recv(fds[1], &msg, NULL), ERR_PEER);
    }
    close(fds[1]);
}

static int
ordinary_file(void)
{
    char path[] = "/tmp/sallyport-chan-XXXXXX";
    int fd = mkstemp(path);

    unlink(path);
    return fd;
}

/* What the sender can still cut or change must not be mapped. */
static void
large_messages_must_be_sealed(void **state)
{
    static const char head[] = "\0\1\0\0\0\0\1\0\0\0\0\0\0\x20\0";
    static const struct {
        bool is_memfd;
        int seals;
    } rows[] = {
        { false, 0 }, /* F_GET_SEALS says -1 here */
        { true, 0 },
        { true, F_SEAL_SHRINK },
        { true, F_SEAL_WRITE },
        { true, F_SEAL_GROW | F_SEAL_SEAL },
    };
    int fds[2];

    (void)state;
    assert_int_equal(chan_pair(fds, NULL), ERR_OK);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        union {
            char bytes[CMSG_SPACE(sizeof(int))];
            struct cmsghdr align;
        } control = { { 0 } };
        struct iovec iov = { (void *)(uintptr_t)head, 15 };
        struct msghdr out = { .msg_iov = &iov,
                              .msg_iovlen = 1,
                              .msg_control = control.bytes,
                              .msg_controllen = sizeof control.bytes };
        struct cmsghdr *c = CMSG_FIRSTHDR(&out);
        struct chan_msg msg;
        int fd = rows[i].is_memfd ? memfd_create("x", MFD_ALLOW_SEALING)
                                  : ordinary_file();

        assert_true(fd >= 0);
        assert_int_equal(ftruncate(fd, 8192), 0);
        if (rows[i].is_memfd)
            assert_int_equal(fcntl(fd, F_ADD_SEALS, rows[i].seals), 0);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(c), &fd, sizeof fd);
        assert_int_equal(sendmsg(fds[0], &out, 0), 15);
        assert_int_equal(chan_recv(fds[1], &msg, NULL), ERR_SYNTAX);
        close(fd);
    }
    close(fds[0]);
    close(fds[1]);
}

static void
a_stale_socket_is_replaced_a_live_one_kept(void **state)
{
    char path[] = "/tmp/sallyport-chan-XXXXXX";
    char sock[64];
    int a, b;

    (void)state;
    assert_non_null(mkdtemp(path));
    snprintf(sock, sizeof sock, "%s/s", path);
    assert_int_equal(chan_listen(sock, 0600, &a, NULL), ERR_OK);
    assert_int_equal(chan_listen(sock, 0600, &b, NULL), ERR_EXISTS);
    close(a);
    assert_int_equal(chan_listen(sock, 0600, &b, NULL), ERR_OK);
    close(b);
    unlink(sock);
    rmdir(path);
}

/* A socket whose last close would wait for a minute, as its peer reads nothing;
 * and the peer's. */
static int
lingering(int *peer)
{
    const struct linger minute = { 1, 60 };
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof at;
    char bytes[65536] = { 0 };
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &n), 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, n), 0);
    *peer = accept(listener, NULL, NULL);
    assert_true(*peer >= 0);
    close(listener);
    while (send(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        continue;
    assert_int_equal(
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &minute, sizeof minute), 0);
    return fd;
}

static void
send_copies(int to, int fd, unsigned n_fds, bool is_empty)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int) * 253)];
        struct cmsghdr align;
    } control = { { 0 } };
    struct iovec iov = { (void *)(uintptr_t) "x", is_empty ? 0 : 1 };
    struct msghdr head = { .msg_iov = &iov,
                           .msg_iovlen = 1,
                           .msg_control = control.bytes,
                           .msg_controllen = CMSG_SPACE(sizeof(int) * n_fds) };
    struct cmsghdr *c = CMSG_FIRSTHDR(&head);

    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
    for (unsigned i = 0; i < n_fds; i++)
        memcpy(CMSG_DATA(c) + i * sizeof fd, &fd, sizeof fd);
    assert_int_equal(sendmsg(to, &head, 0), is_empty ? 0 : 1);
}

/* What is sent where none belongs, more than there is room for, or never read:
 * whoever closes it must not wait. */
static void
foreign_sockets_do_not_hold_us_up(void **state)
{
    static const struct {
        const char *name;
        unsigned n_fds;
        bool is_read, is_behind_empty;
    } rows[] = {
        { "read", 1, true, false },
        { "as many as a message may have", CHAN_FDS_MAX, true, false },
        { "more", CHAN_FDS_MAX + 1, true, false },
        { "as many as a packet may have", 253, true, false },
        { "not read", 1, false, false },
        { "not read, behind an empty packet", 253, false, true },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int fds[2], peer, fd = lingering(&peer);
        uint64_t start = clock_mono_ms();
        struct chan_msg msg;

        assert_int_equal(chan_pair(fds, NULL), ERR_OK);
        if (rows[i].is_behind_empty) {
            send_copies(fds[0], fds[0], 1, true);
            assert_int_equal(send(fds[0], "", 0, 0), 0);
        }
        send_copies(fds[0], fd, rows[i].n_fds, false);
        close(fd);
        if (rows[i].is_read)
            assert_int_equal(chan_recv(fds[1], &msg, NULL), ERR_SYNTAX);
        chan_close(fds[1]);
        close(fds[0]);
        if (clock_mono_ms() - start > 20000)
            fail_msg("%s: %u ms", rows[i].name,
                     (unsigned)(clock_mono_ms() - start));
        close(peer);
    }
    chan_close(-1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_and_large_messages_arrive),
        cmocka_unit_test(malformed_messages_are_refused),
        cmocka_unit_test(large_messages_must_be_sealed),
        cmocka_unit_test(a_stale_socket_is_replaced_a_live_one_kept),
        cmocka_unit_test(foreign_sockets_do_not_hold_us_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
