/*
 * What a process of AT-TLS that has been taken over is refused, and what it
 * needs: each row is tried in a child that is confined as the real one is.
 */
#include "base/test.h"
#include "ttls/confined.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

#include "base/filter.h"
#include "base/landlock.h"

#define NETLINK_ROUTE_ 0
#define NETLINK_SOCK_DIAG_ 4
#define SOCK_STREAM_NOW (SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK)

/* In the child, made before it is confined. */
static int tcp, memory;
static void *page;

static long
new_socket(int family, int type, int protocol)
{
    return socket(family, type, protocol);
}

static long
be_reno(void)
{
    return setsockopt(tcp, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
}

static long
set_option(int level, int name)
{
    const int one = 1;

    return setsockopt(tcp, level, name, &one, sizeof one);
}

static long
set_limit(void)
{
    const struct rlimit r = { 1, 1 };

    return setrlimit(RLIMIT_NOFILE, &r);
}

static long
call_bpf(int command)
{
    union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY };

    return syscall(SYS_bpf, command, &attr, sizeof attr);
}

static void *
nothing(void *arg)
{
    return arg;
}

static long
new_thread(void)
{
    pthread_t t;
    int e = pthread_create(&t, NULL, nothing, NULL);

    if (e == 0)
        pthread_join(t, NULL);
    errno = e;
    return e == 0 ? 0 : -1;
}

static long
resolve(void)
{
    struct addrinfo *found = NULL;
    int e = getaddrinfo("localhost", "80", NULL, &found);

    if (e == 0)
        freeaddrinfo(found);
    errno = EPERM;
    return e == 0 ? 0 : -1;
}

static long
seal(void)
{
    int fd = memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    return fd < 0 || ftruncate(fd, 10) != 0
               ? -1
               : fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE);
}

static long
execute(void)
{
    char *args[] = { (char *)(uintptr_t) "true", NULL };

    return execve("/bin/true", args, args + 1);
}

/* Its child, should there be one, ends at once. */
static long
new_process(int how)
{
    long pid = how == 0
                   ? syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)
                   : syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

    if (pid == 0)
        _exit(0);
    return pid;
}

#define ENGINE 1u
#define BROKER 2u
#define BOTH (ENGINE | BROKER)

/* Each is tried in an engine and in a broker. */
#define ROWS                                                                   \
    REFUSED(BOTH, EPERM, execute())                                            \
    REFUSED(BOTH, EPERM, syscall(SYS_execveat, memory, "", 0, 0, 0x1000))      \
    REFUSED(BOTH, EPERM, new_process(0))                                       \
    REFUSED(BOTH, EPERM, new_process(1))                                       \
    REFUSED(BOTH, ENOSYS, syscall(SYS_clone3, NULL, 0))                        \
    REFUSED(BOTH, EPERM, unshare(CLONE_NEWUSER))                               \
    REFUSED(BOTH, EPERM, unshare(CLONE_NEWNET))                                \
    REFUSED(BOTH, EPERM, setns(memory, 0))                                     \
    REFUSED(BOTH, EPERM, open("/etc/hosts", O_WRONLY))                         \
    REFUSED(BOTH, EPERM, open("/etc/hosts", O_RDWR))                           \
    REFUSED(BOTH, EPERM, open("/tmp/x", O_RDONLY | O_CREAT, 0600))             \
    REFUSED(BOTH, EPERM, open("/tmp", O_TMPFILE | O_RDWR, 0600))               \
    REFUSED(BOTH, EPERM, open("/dev/null", O_RDONLY | O_TRUNC))                \
    REFUSED(BOTH, EPERM, syscall(SYS_openat2, -100, "/etc/hosts", NULL, 24))   \
    REFUSED(BOTH, EPERM, creat("/tmp/x", 0600))                                \
    REFUSED(BOTH, EPERM, unlink("/tmp/x"))                                     \
    REFUSED(BOTH, EPERM, mkdir("/tmp/x", 0700))                                \
    REFUSED(BOTH, EPERM, rmdir("/tmp/x"))                                      \
    REFUSED(BOTH, EPERM, rename("/tmp/x", "/tmp/y"))                           \
    REFUSED(BOTH, EPERM, link("/tmp/x", "/tmp/y"))                             \
    REFUSED(BOTH, EPERM, symlink("/tmp/x", "/tmp/y"))                          \
    REFUSED(BOTH, EPERM, chmod("/tmp", 0777))                                  \
    REFUSED(BOTH, EPERM, chown("/tmp", 0, 0))                                  \
    REFUSED(BOTH, EPERM, truncate("/tmp/x", 0))                                \
    REFUSED(BOTH, EPERM, mknod("/tmp/x", S_IFIFO | 0600, 0))                   \
    REFUSED(BOTH, EPERM, syscall(SYS_setxattr, "/tmp", "user.x", "", 0, 0))    \
    REFUSED(BOTH, EPERM, ptrace(PTRACE_TRACEME, 0, NULL, NULL))                \
    REFUSED(BOTH, EPERM, ptrace(PTRACE_ATTACH, getppid(), NULL, NULL))         \
    REFUSED(BOTH, EPERM,                                                       \
            syscall(SYS_process_vm_readv, getppid(), 0, 0, 0, 0, 0))           \
    REFUSED(BOTH, EPERM, syscall(SYS_pidfd_open, getppid(), 0))                \
    REFUSED(BOTH, EPERM, syscall(SYS_pidfd_getfd, memory, 0, 0))               \
    REFUSED(BOTH, EPERM, kill(getppid(), 0))                                   \
    REFUSED(BOTH, EPERM, syscall(SYS_tgkill, getppid(), getppid(), 0))         \
    REFUSED(BOTH, EPERM, syscall(SYS_tkill, getppid(), 0))                     \
    REFUSED(BOTH, EPERM, fcntl(tcp, F_SETOWN, getppid()))                      \
    REFUSED(BOTH, EPERM, set_limit())                                          \
    REFUSED(ENGINE, EPERM, new_socket(AF_UNIX, SOCK_STREAM, 0))                \
    REFUSED(ENGINE, EPERM, new_socket(AF_UNIX, SOCK_SEQPACKET, 0))             \
    REFUSED(BOTH, EPERM, socketpair(AF_UNIX, SOCK_STREAM, 0, (int[2]){ 0 }))   \
    REFUSED(BOTH, EPERM, new_socket(AF_PACKET, SOCK_RAW, 0))                   \
    REFUSED(BOTH, EPERM, new_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE_))     \
    REFUSED(ENGINE, EPERM,                                                     \
            new_socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG_))              \
    REFUSED(BOTH, EPERM, new_socket(AF_INET, SOCK_RAW, IPPROTO_TCP))           \
    REFUSED(BOTH, EPERM, new_socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP))       \
    REFUSED(BOTH, EPERM, new_socket(AF_INET6, SOCK_DGRAM, IPPROTO_UDPLITE))    \
    REFUSED(BROKER, EPERM, new_socket(AF_INET, SOCK_STREAM, 0))                \
    REFUSED(BROKER, EPERM, new_socket(AF_INET6, SOCK_DGRAM, 0))                \
    REFUSED(BOTH, EPERM, new_socket(AF_VSOCK, SOCK_STREAM, 0))                 \
    REFUSED(BOTH, EPERM, new_socket(AF_ALG, SOCK_SEQPACKET, 0))                \
    REFUSED(BOTH, EPERM, new_socket(AF_KEY, SOCK_RAW, 2))                      \
    REFUSED(BOTH, EPERM, listen(tcp, 1))                                       \
    REFUSED(ENGINE, EPERM, set_option(SOL_SOCKET, SO_ATTACH_FILTER))           \
    REFUSED(ENGINE, EPERM, set_option(SOL_SOCKET, SO_BINDTODEVICE))            \
    REFUSED(ENGINE, EPERM, set_option(SOL_SOCKET, SO_MARK))                    \
    REFUSED(BOTH, EPERM, set_option(IPPROTO_IP, IP_TRANSPARENT))               \
    REFUSED(BOTH, EPERM, set_option(IPPROTO_TCP, TCP_REPAIR))                  \
    REFUSED(BOTH, EPERM, set_option(IPPROTO_IPV6, IPV6_JOIN_GROUP))            \
    REFUSED(BOTH, EPERM,                                                       \
            (long)mmap(NULL, 1, PROT_READ | PROT_EXEC,                         \
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))                    \
    REFUSED(BOTH, EPERM, mprotect(page, 1, PROT_READ | PROT_EXEC))             \
    REFUSED(BOTH, EPERM, syscall(SYS_pkey_mprotect, page, 1, PROT_EXEC, -1))   \
    REFUSED(BOTH, EPERM, call_bpf(BPF_PROG_LOAD))                              \
    REFUSED(BOTH, EPERM, call_bpf(BPF_MAP_CREATE))                             \
    REFUSED(BOTH, EPERM, call_bpf(BPF_OBJ_GET))                                \
    REFUSED(BOTH, EPERM, call_bpf(BPF_MAP_GET_FD_BY_ID))                       \
    REFUSED(BROKER, EPERM, call_bpf(BPF_MAP_LOOKUP_ELEM))                      \
    REFUSED(BOTH, EPERM, syscall(SYS_keyctl, 0, 0, 0, 0, 0))                   \
    REFUSED(BOTH, EPERM, syscall(SYS_add_key, "user", "x", "x", 1, -1))        \
    REFUSED(BOTH, EPERM, syscall(SYS_request_key, "user", "x", NULL, 0))       \
    REFUSED(BOTH, EPERM, syscall(SYS_mount, "x", "/tmp", "tmpfs", 0, NULL))    \
    REFUSED(BOTH, EPERM, syscall(SYS_umount2, "/tmp/x", 0))                    \
    REFUSED(BOTH, EPERM, syscall(SYS_fsopen, "tmpfs", 0))                      \
    REFUSED(BOTH, EPERM, chroot("/tmp"))                                       \
    REFUSED(BOTH, EPERM, chdir("/tmp"))                                        \
    REFUSED(BOTH, EPERM, syscall(SYS_finit_module, memory, "", 0))             \
    REFUSED(BOTH, EPERM, syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0))     \
    REFUSED(BOTH, EPERM, syscall(SYS_userfaultfd, 0))                          \
    REFUSED(BOTH, EPERM, syscall(SYS_io_uring_setup, 1, NULL))                 \
    REFUSED(BOTH, EPERM, syscall(SYS_io_uring_register, memory, 0, NULL, 0))   \
    REFUSED(BOTH, EPERM, setuid(0))                                            \
    REFUSED(BOTH, EPERM, syscall(SYS_setresgid, 0, 0, 0))                      \
    REFUSED(BOTH, EPERM, syscall(SYS_capset, NULL, NULL))                      \
    REFUSED(BOTH, EPERM, prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))                   \
    REFUSED(BOTH, EPERM, prctl(PR_SET_PTRACER, -1, 0, 0, 0))                   \
    REFUSED(BOTH, EPERM, ioctl(0, TIOCSTI, "x"))                               \
    REFUSED(BOTH, EPERM, syscall(SYS_personality, 0))                          \
    REFUSED(BOTH, EPERM, syscall(SYS_setsid))                                  \
    REFUSED(ENGINE, EPERM, syscall(SYS_open_by_handle_at, -100, NULL, 0))      \
    REFUSED(BOTH, EPERM, syscall(SYS_name_to_handle_at, -100, "/", 0, 0, 0))   \
    ALLOWED(BOTH, new_thread())                                                \
    ALLOWED(BOTH, prctl(PR_SET_NAME, "x", 0, 0, 0))                            \
    ALLOWED(BOTH, seal())                                                      \
    ALLOWED(BOTH, open("/etc/hosts", O_RDONLY | O_CLOEXEC))                    \
    ALLOWED(BOTH, epoll_create1(EPOLL_CLOEXEC))                                \
    ALLOWED(BROKER, timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC))              \
    ALLOWED(BOTH, syscall(SYS_tgkill, getpid(), gettid(), 0))                  \
    ALLOWED(BOTH, getrlimit(RLIMIT_NOFILE, &(struct rlimit){ 0 }))             \
    ALLOWED(BROKER, new_socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0))     \
    ALLOWED(BROKER, new_socket(AF_UNIX, SOCK_DGRAM, 0))                        \
    ALLOWED(BROKER, new_socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG_))      \
    ALLOWED(BROKER, open("/proc/self/status", O_RDONLY))                       \
    ALLOWED(BROKER, open("/proc", O_RDONLY | O_DIRECTORY))                     \
    ALLOWED(ENGINE, new_socket(AF_INET, SOCK_STREAM_NOW, IPPROTO_TCP))         \
    ALLOWED(ENGINE, new_socket(AF_INET6, SOCK_STREAM_NOW, 0))                  \
    ALLOWED(ENGINE, new_socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0))         \
    ALLOWED(ENGINE, set_option(IPPROTO_TCP, TCP_NODELAY))                      \
    ALLOWED(ENGINE, be_reno())                                                 \
    ALLOWED(BOTH, syscall(SYS_getcpu, NULL, NULL, NULL))                       \
    ALLOWED(ENGINE, set_option(SOL_SOCKET, SO_KEEPALIVE))                      \
    ALLOWED(ENGINE, set_option(IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT))           \
    ALLOWED(ENGINE, ioctl(tcp, FIONBIO, &(int){ 1 }))                          \
    ALLOWED(ENGINE, resolve())

/* Files are Landlock's: what a filter cannot tell apart. */
#define FILES                                                                  \
    REFUSED(ENGINE, EACCES, open("/bin/true", O_RDONLY))                       \
    REFUSED(ENGINE, EACCES, open("/", O_RDONLY | O_DIRECTORY))                 \
    REFUSED(ENGINE, EACCES, open("/tmp", O_RDONLY | O_DIRECTORY))              \
    REFUSED(ENGINE, EACCES, open("/sys/kernel", O_RDONLY | O_DIRECTORY))       \
    REFUSED(ENGINE, EACCES, open("/dev/null", O_RDONLY))

/* A buffer that the parent reads: nothing, or the row that is not so. */
static void
failed(int to, const char *what, long got, int number)
{
    char line[300];
    int n =
        snprintf(line, sizeof line, "%s: %ld, %s", what, got, strerror(number));

    if (write(to, line, (size_t)n) != n)
        _exit(2);
    _exit(1);
}

static void
try_all(unsigned who, int to)
{
    long got;

#define REFUSED(whom, number, call)                                            \
    if ((who & (whom)) != 0) {                                                 \
        errno = 0;                                                             \
        got = (long)(call);                                                    \
        if (got != -1 || errno != (number))                                    \
            failed(to, #call, got, errno);                                     \
    }
#define ALLOWED(whom, call)                                                    \
    if ((who & (whom)) != 0) {                                                 \
        errno = 0;                                                             \
        got = (long)(call);                                                    \
        if (got < 0)                                                           \
            failed(to, #call, got, errno);                                     \
    }
    ROWS if (landlock_version() > 0)
    {
        FILES
    }
#undef REFUSED
#undef ALLOWED
}

static enum err
become(unsigned who, struct err_info *why)
{
    enum err e;

    if (who == BROKER)
        return confined_broker(why);
    e = confined_engine_files(why);
    return e == ERR_OK ? confined_engine_calls(why) : e;
}

static void
try_in_child(unsigned who)
{
    char said[400] = "";
    int pipe_[2], status;
    struct err_info why = { 0 };
    pid_t pid;

    assert_int_equal(pipe(pipe_), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        tcp = socket(AF_INET, SOCK_STREAM, 0);
        memory = memfd_create("x", 0);
        page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (tcp < 0 || memory < 0 || page == MAP_FAILED)
            failed(pipe_[1], "setting up", -1, errno);
        if (become(who, &why) != ERR_OK)
            failed(pipe_[1], why.text, -1, 0);
        try_all(who, pipe_[1]);
        _exit(0);
    }
    close(pipe_[1]);
    assert_true(read(pipe_[0], said, sizeof said - 1) >= 0);
    close(pipe_[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_string_equal(said, "");
    assert_int_equal(status, 0);
}

static void
engine_is_confined(void **state)
{
    (void)state;
    if (!filter_is_here())
        skip();
    try_in_child(ENGINE);
}

static void
broker_is_confined(void **state)
{
    (void)state;
    if (!filter_is_here())
        skip();
    try_in_child(BROKER);
}

/* A sentence, or none. */
static void
what_is_missing_is_said(void **state)
{
    (void)state;
    if (filter_is_here() && landlock_version() > 0)
        assert_null(confined_missing());
    else
        assert_non_null(strstr(confined_missing(), "this system has n"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(engine_is_confined),
        cmocka_unit_test(broker_is_confined),
        cmocka_unit_test(what_is_missing_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
