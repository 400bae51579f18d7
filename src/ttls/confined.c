#include "ttls/confined.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/caps.h"
#include "base/filter.h"
#include "base/landlock.h"

/* --- system calls --------------------------------------------------------- */

/* Loop, messages to our own processes, large ones as sealed memory. */
static const struct filter_row messages[] = {
    FILTER_CALL(recvmsg),
    FILTER_CALL(sendmsg),
    FILTER_CALL(recvfrom),
    FILTER_CALL(sendto),
    FILTER_CALL(getsockopt),
    FILTER_CALL(getsockname),
    FILTER_CALL(getpeername),
    FILTER_CALL(connect),
    FILTER_CALL(shutdown),
    FILTER_CALL(memfd_create),
    FILTER_CALL(ftruncate),
    FILTER_CALL(eventfd2),
    FILTER_CALL(timerfd_create),
    FILTER_CALL(timerfd_settime),
    FILTER_CALL(epoll_create1),
    FILTER_CALL(epoll_ctl),
    FILTER_CALL(epoll_wait),
    FILTER_CALL(epoll_pwait),
    FILTER_CALL(epoll_pwait2),
    FILTER_CALL(uname),
    FILTER_CALL(getppid),
    /* Not F_SETOWN: it makes the kernel send signals. */
    FILTER_IF(fcntl, 1, FILTER_INT, F_GETFD),
    FILTER_IF(fcntl, 1, FILTER_INT, F_SETFD),
    FILTER_IF(fcntl, 1, FILTER_INT, F_GETFL),
    FILTER_IF(fcntl, 1, FILTER_INT, F_SETFL),
    FILTER_IF(fcntl, 1, FILTER_INT, F_DUPFD_CLOEXEC),
    FILTER_IF(fcntl, 1, FILTER_INT, F_ADD_SEALS),
    FILTER_IF(fcntl, 1, FILTER_INT, F_GET_SEALS),
    /* Limits are looked at, not set. */
    FILTER_IF(prlimit64, 2, UINT64_MAX, 0),
};

#define TYPE_BITS 0xfu /* the rest: SOCK_NONBLOCK, SOCK_CLOEXEC */

/* clang-format off */
#define SOCKET(family, type, protocol)                                         \
    { SCMP_SYS(socket), 0, 3,                                                  \
      { FILTER_ARG(0, FILTER_INT, family), FILTER_ARG(1, TYPE_BITS, type),     \
        FILTER_ARG(2, FILTER_INT, protocol) } }
#define OPTION(level, name) FILTER_IF_2(setsockopt, 1, level, 2, name)
/* clang-format on */

/* TCP, UDP for the resolver; the options that legs, OCSP, HTTP and LDAP set.
 * Listeners come from the stack: there is no listen(). */
static const struct filter_row internet[] = {
    SOCKET(AF_INET, SOCK_STREAM, 0),
    SOCKET(AF_INET, SOCK_STREAM, IPPROTO_TCP),
    SOCKET(AF_INET, SOCK_DGRAM, 0),
    SOCKET(AF_INET, SOCK_DGRAM, IPPROTO_UDP),
    SOCKET(AF_INET6, SOCK_STREAM, 0),
    SOCKET(AF_INET6, SOCK_STREAM, IPPROTO_TCP),
    SOCKET(AF_INET6, SOCK_DGRAM, 0),
    SOCKET(AF_INET6, SOCK_DGRAM, IPPROTO_UDP),
    FILTER_CALL(bind),
    FILTER_CALL(accept4),
    FILTER_CALL(recvmmsg),
    FILTER_CALL(sendmmsg),
    FILTER_CALL(select),
    FILTER_CALL(pselect6),
    OPTION(SOL_SOCKET, SO_KEEPALIVE),
    OPTION(SOL_SOCKET, SO_OOBINLINE),
    OPTION(SOL_SOCKET, SO_LINGER),
    OPTION(SOL_SOCKET, SO_BINDTOIFINDEX),
    OPTION(SOL_SOCKET, SO_REUSEADDR),
    OPTION(SOL_SOCKET, SO_RCVBUF),
    OPTION(SOL_SOCKET, SO_SNDBUF),
    OPTION(SOL_SOCKET, SO_RCVTIMEO),
    OPTION(SOL_SOCKET, SO_SNDTIMEO),
    OPTION(SOL_SOCKET, SO_RCVLOWAT),
    OPTION(IPPROTO_TCP, TCP_NODELAY),
    OPTION(IPPROTO_TCP, TCP_CORK),
    OPTION(IPPROTO_TCP, TCP_QUICKACK),
    OPTION(IPPROTO_TCP, TCP_SYNCNT),
    OPTION(IPPROTO_TCP, TCP_KEEPIDLE),
    OPTION(IPPROTO_TCP, TCP_KEEPINTVL),
    OPTION(IPPROTO_TCP, TCP_KEEPCNT),
    OPTION(IPPROTO_TCP, TCP_USER_TIMEOUT),
    OPTION(IPPROTO_TCP, TCP_CONGESTION),
    OPTION(IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT),
    OPTION(IPPROTO_IP, IP_RECVERR),
    OPTION(IPPROTO_IPV6, IPV6_RECVERR),
    OPTION(IPPROTO_IPV6, IPV6_V6ONLY),
    FILTER_IF(ioctl, 1, FILTER_INT, FIONREAD),
    FILTER_IF(ioctl, 1, FILTER_INT, FIONBIO),
    FILTER_IF(ioctl, 1, FILTER_INT, SIOCATMARK),
    FILTER_IF(ioctl, 1, FILTER_INT, SIOCOUTQ),
    FILTER_IF(ioctl, 1, FILTER_INT, SIOCGIFFLAGS),
    FILTER_IF(ioctl, 1, FILTER_INT, SIOCGIFINDEX),
};

/* Rows of the maps that the stack has handed over. */
static const struct filter_row maps[] = {
    FILTER_IF(bpf, 0, FILTER_INT, BPF_MAP_LOOKUP_ELEM),
    FILTER_IF(bpf, 0, FILTER_INT, BPF_MAP_UPDATE_ELEM),
    FILTER_IF(bpf, 0, FILTER_INT, BPF_MAP_DELETE_ELEM),
    FILTER_IF(bpf, 0, FILTER_INT, BPF_MAP_GET_NEXT_KEY),
    FILTER_IF(bpf, 0, FILTER_INT, BPF_MAP_LOOKUP_AND_DELETE_ELEM),
};

/* The angel and the system's log, sock_diag, whose a cgroup is. Root, so that
 * no file is written and nothing is executed. */
static const struct filter_row asking[] = {
    SOCKET(AF_UNIX, SOCK_SEQPACKET, 0),
    SOCKET(AF_UNIX, SOCK_STREAM, 0),
    SOCKET(AF_UNIX, SOCK_DGRAM, 0),
    SOCKET(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG),
    FILTER_CALL(open_by_handle_at),
    FILTER_CALL(getxattr),
    FILTER_CALL(fgetxattr),
    FILTER_CALL(statfs),
    FILTER_CALL(fstatfs),
    FILTER_IF(setsockopt, 1, FILTER_INT, SOL_SOCKET),
};

/* abort() and raise(): a signal to oneself. */
static enum err
load(const struct filter_table *tables, size_t n, struct err_info *why)
{
    const struct filter_row own[] = {
        FILTER_IF(tgkill, 0, FILTER_INT, getpid()),
    };
    struct filter_table all[8];
    enum err e;

    REQUIRE(n < ARRAY_LEN(all));
    memcpy(all, tables, n * sizeof *tables);
    all[n] = (struct filter_table)FILTER_TABLE(own);
    e = filter_allow(all, n + 1, why);
    return e == ERR_UNSUPPORTED ? ERR_OK : e;
}

enum err
confined_engine_calls(struct err_info *why)
{
    static const struct filter_row own[] = {
        /* After it was set up: a ring's restrictions hold what it may do. */
        FILTER_CALL(io_uring_enter),
    };
    const struct filter_table tables[] = {
        filter_computing,       filter_reading,         filter_threads,
        FILTER_TABLE(messages), FILTER_TABLE(internet), FILTER_TABLE(maps),
        FILTER_TABLE(own),
    };

    return load(tables, ARRAY_LEN(tables), why);
}

/* --- files ---------------------------------------------------------------- */

/* The folder that /etc/resolv.conf is really in: it is replaced, not changed,
 * when the network is another one. "" : nowhere. */
static void
resolver_folder(char *out, size_t cap)
{
    char *real = realpath("/etc/resolv.conf", NULL);
    char *slash = real == NULL ? NULL : strrchr(real, '/');

    out[0] = '\0';
    if (slash != NULL && slash != real && (size_t)(slash - real) < cap) {
        memcpy(out, real, (size_t)(slash - real));
        out[slash - real] = '\0';
    }
    free(real);
}

enum err
confined_engine_files(struct err_info *why)
{
    char resolver[4096];
    const char *paths[] = {
        "/etc", /* hosts, nsswitch.conf, gai.conf, ldap, ssl */
        resolver,
#ifdef __SANITIZE_ADDRESS__
        "/proc", /* its reports read where libraries lie */
#endif
    };
    enum err e;

    resolver_folder(resolver, sizeof resolver);
    e = landlock_read_only(paths, ARRAY_LEN(paths), why);
    return e == ERR_UNSUPPORTED ? ERR_OK : e;
}

/* --- root's processes ----------------------------------------------------- */

/* trusted.* of cgroups; descriptors of everybody's processes; a cgroup by its
 * number. */
#define BROKER_CAPS                                                            \
    (CAPS_BIT(CAP_SYS_ADMIN) | CAPS_BIT(CAP_SYS_PTRACE) |                      \
     CAPS_BIT(CAP_DAC_READ_SEARCH))

enum err
confined_broker(struct err_info *why)
{
    const struct filter_table tables[] = {
        filter_computing,       filter_reading,       filter_threads,
        FILTER_TABLE(messages), FILTER_TABLE(asking),
    };
    enum err e = caps_keep(BROKER_CAPS, why);

    return e == ERR_OK ? load(tables, ARRAY_LEN(tables), why) : e;
}

/* What the broker has, for who listens; programs, maps and pins; nft; engines
 * under their uid, with more descriptors than we may have, and their end. */
#define STACK_CAPS                                                             \
    (BROKER_CAPS | CAPS_BIT(CAP_BPF) | CAPS_BIT(CAP_PERFMON) |                 \
     CAPS_BIT(CAP_NET_ADMIN) | CAPS_BIT(CAP_SETUID) | CAPS_BIT(CAP_SETGID) |   \
     CAPS_BIT(CAP_SYS_RESOURCE) | CAPS_BIT(CAP_KILL))

enum err
confined_stack(struct err_info *why)
{
    enum err e = caps_keep(STACK_CAPS, why);

    if (e == ERR_OK)
        e = filter_forbid(NULL, 0, why);
    return e == ERR_UNSUPPORTED ? ERR_OK : e;
}

const char *
confined_missing(void)
{
    bool has_filter = filter_is_here(), has_landlock = landlock_version() > 0;

    return has_filter && has_landlock ? NULL
           : has_filter ? "this system has no Landlock: an engine that is "
                          "taken over reads what its uid may"
           : has_landlock
               ? "this system has no filter of system calls (seccomp): an "
                 "engine that is taken over may do what its uid may"
               : "this system has neither a filter of system calls (seccomp) "
                 "nor Landlock: an engine that is taken over may do what its "
                 "uid may";
}
