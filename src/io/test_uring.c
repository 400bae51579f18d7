#include "base/test.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "io/uring.h"

static struct uring *ring; /* NULL: not here */

static int
make(void **state)
{
    struct err_info why;

    (void)state;
    if (uring_new(&ring, &why) != ERR_OK)
        print_message("no io_uring here: %s\n", why.text);
    return 0;
}

static int
unmake(void **state)
{
    (void)state;
    uring_free(&ring);
    uring_free(&ring);
    return 0;
}

static void
pair(int fds[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
}

static void
close_pair(const int fds[2])
{
    close(fds[0]);
    close(fds[1]);
}

/* As many as fit, more often than the queues are long. */
static void
results_come_in_order(void **state)
{
    int fds[URING_MAX][2], got[URING_MAX];
    uint8_t in[URING_MAX][8], out[URING_MAX][8];

    (void)state;
    if (ring == NULL)
        skip();
    for (unsigned i = 0; i < URING_MAX; i++)
        pair(fds[i]);
    for (unsigned round = 1; round < 5; round++) {
        unsigned n = URING_MAX - round + 1;

        for (unsigned i = 0; i < n; i++) {
            memset(out[i], (int)(round * 40 + i), sizeof out[i]);
            uring_send(ring, fds[i][0], out[i], 1 + i % 8);
        }
        uring_run(ring, got);
        for (unsigned i = 0; i < n; i++)
            assert_int_equal(got[i], 1 + i % 8);
        for (unsigned i = 0; i < n; i++)
            uring_recv(ring, fds[i][1], in[i], sizeof in[i]);
        uring_run(ring, got);
        for (unsigned i = 0; i < n; i++) {
            assert_int_equal(got[i], 1 + i % 8);
            assert_memory_equal(in[i], out[i], 1 + i % 8);
        }
    }
    for (unsigned i = 0; i < URING_MAX; i++)
        close_pair(fds[i]);
}

/* The sockets wait, the ring does not. */
static void
nothing_waits(void **state)
{
    static uint8_t much[1 << 20];
    uint8_t in[4];
    int empty[2], full[2], ended[2], gone[2], got[5];

    (void)state;
    if (ring == NULL)
        skip();
    pair(empty);
    pair(full);
    pair(ended);
    pair(gone);
    close(ended[0]);
    close(gone[1]);
    uring_recv(ring, empty[0], in, sizeof in);
    uring_send(ring, full[0], much, sizeof much);
    uring_recv(ring, ended[1], in, sizeof in);
    uring_send(ring, gone[0], much, 1); /* no SIGPIPE */
    uring_recv(ring, -1, in, sizeof in);
    uring_run(ring, got);
    assert_int_equal(got[0], -EAGAIN);
    assert_true(got[1] > 0 && got[1] < (int)sizeof much);
    assert_int_equal(got[2], 0);
    assert_int_equal(got[3], -EPIPE);
    assert_int_equal(got[4], -EBADF);
    uring_send(ring, full[0], much, sizeof much);
    uring_run(ring, got);
    assert_int_equal(got[0], -EAGAIN);
    uring_run(ring, got); /* nothing */
    close_pair(empty);
    close_pair(full);
    close(ended[1]);
    close(gone[0]);
}

/* Its descriptor: the only one of that kind. */
static int
fd_of_ring(void)
{
    for (int fd = 0; fd < 100; fd++) {
        char path[32], to[64] = "";

        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        if (readlink(path, to, sizeof to - 1) > 0 &&
            strcmp(to, "anon_inode:[io_uring]") == 0)
            return fd;
    }
    return -1;
}

/* Who has taken the process over writes into the queue what he likes. */
static void
nothing_else_can_be_asked(void **state)
{
    const size_t bytes = URING_MAX * sizeof(struct io_uring_sqe);
    struct io_uring_sqe *queue;
    int fds[2], got[1];
    uint8_t in[4];

    (void)state;
    if (ring == NULL)
        skip();
    pair(fds);
    queue = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_of_ring(),
                 IORING_OFF_SQES);
    assert_true(queue != MAP_FAILED);
    for (unsigned what = 0; what < IORING_OP_LAST; what++) {
        if (what == IORING_OP_RECV || what == IORING_OP_SEND)
            continue;
        uring_recv(ring, fds[0], in, sizeof in);
        for (unsigned i = 0; i < URING_MAX; i++)
            queue[i].opcode = (uint8_t)what;
        uring_run(ring, got);
        assert_int_equal(got[0], -EACCES);
    }
    uring_recv(ring, fds[0], in, sizeof in);
    for (unsigned i = 0; i < URING_MAX; i++)
        queue[i].flags = IOSQE_ASYNC;
    uring_run(ring, got);
    assert_int_equal(got[0], -EACCES);
    assert_int_equal(syscall(SYS_io_uring_register, fd_of_ring(),
                             IORING_REGISTER_FILES, fds, 2),
                     -1);
    uring_recv(ring, fds[0], in, sizeof in); /* and it goes on */
    uring_run(ring, got);
    assert_int_equal(got[0], -EAGAIN);
    (void)munmap(queue, bytes);
    close_pair(fds);
}

/* 0: uring_new has failed and has said why. */
static int
without(int call)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    struct err_info why = { 0 };
    struct uring *r = NULL;

    if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), call, 0) != 0 ||
        seccomp_load(filter) != 0)
        return 2;
    seccomp_release(filter);
    return uring_new(&r, &why) != ERR_OK && r == NULL && why.text[0] != '\0'
               ? 0
               : 1;
}

/* As in a container. */
static void
refusals_are_told(void **state)
{
    static const int calls[] = { SCMP_SYS(io_uring_setup),
                                 SCMP_SYS(io_uring_register) };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
        pid_t pid = fork();
        int status = -1;

        if (pid == 0)
            _exit(without(calls[i]));
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_come_in_order),
        cmocka_unit_test(nothing_waits),
        cmocka_unit_test(nothing_else_can_be_asked),
        cmocka_unit_test(refusals_are_told),
    };

    return cmocka_run_group_tests(tests, make, unmake);
}
