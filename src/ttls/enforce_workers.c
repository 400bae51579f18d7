/*
 * The children of a stack: engines and their broker, started, told the policy,
 * and started again when they end.
 */
#include "ttls/enforce_priv.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"
#include "ipc/chan.h"

#define FIRST_FD 3
#define FILES_MAX 1048576u /* the kernel's own default bound, fs.nr_open */
#define RESTART_MS 500u

/* --- starting children
 * --------------------------------------------------------- */

void
enforce_watch(struct enforce *f, int fd)
{
    struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

    IGNORE(epoll_ctl(f->epoll, EPOLL_CTL_ADD, fd, &ev));
}

/* In the child: these descriptors from FIRST_FD on, nothing else. */
static void NORETURN
become(const struct enforce *f, const char *option, const int *fds, size_t n)
{
    char first[16], count[16];
    sigset_t none;
    const struct rlimit many = { FILES_MAX, FILES_MAX };
    char *args[8];
    int max = FIRST_FD;

    (void)snprintf(first, sizeof first, "%d", FIRST_FD);
    (void)snprintf(count, sizeof count, "%zu", n);
    for (size_t i = 0; i < n; i++)
        max = fds[i] > max ? fds[i] : max;
    /* First out of the way, then to their places. */
    for (size_t i = 0; i < n; i++) {
        if (dup2(fds[i], max + 1 + (int)i) < 0)
            _exit(126);
    }
    for (size_t i = 0; i < n; i++) {
        if (dup2(max + 1 + (int)i, FIRST_FD + (int)i) < 0)
            _exit(126);
    }
    IGNORE((int)syscall(SYS_close_range, FIRST_FD + (unsigned)n, ~0u, 0));
    /* Two for each connection; what this process may have is too little. */
    IGNORE(setrlimit(RLIMIT_NOFILE, &many));
    sigemptyset(&none);
    IGNORE(sigprocmask(SIG_SETMASK, &none, NULL));
    args[0] = f->program;
    args[1] = (char *)(uintptr_t)option;
    args[2] = first;
    args[3] = (char *)(uintptr_t) "--channels";
    args[4] = count;
    args[5] = (char *)(uintptr_t) "--stack";
    args[6] = (char *)(uintptr_t)f->stack;
    args[7] = NULL;
    execv(f->program, args);
    _exit(127);
}

static enum err
start(struct enforce *f, struct worker *w, const char *option, const int *fds,
      size_t n, struct err_info *why)
{
    w->pid = fork();
    if (w->pid < 0)
        return err_sys(why, "fork");
    if (w->pid == 0)
        become(f, option, fds, n);
    w->pidfd = (int)syscall(SYS_pidfd_open, w->pid, 0);
    if (w->pidfd < 0)
        return err_sys(why, "a child's descriptor");
    (void)fcntl(w->pidfd, F_SETFD, FD_CLOEXEC);
    enforce_watch(f, w->pidfd);
    return ERR_OK;
}

/* --- listeners
 * -------------------------------------------------------------------- */

/* On loopback (nftables: on any address, where inbound connections arrive);
 * all workers' sockets share one port. *port 0: choose it. */
static int
listen_on(bool is_v6, bool on_loopback, uint16_t *port)
{
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
                               .sin6_port = htons(*port) };
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(*port) };
    socklen_t n = is_v6 ? sizeof v6 : sizeof v4;
    struct sockaddr *at =
        is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
    const int one = 1;
    int fd = socket(is_v6 ? AF_INET6 : AF_INET,
                    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (on_loopback) {
        v6.sin6_addr = in6addr_loopback;
        v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) != 0 ||
        (is_v6 &&
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one) != 0) ||
        /* What is accepted inherits these. */
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &one, sizeof one) != 0 ||
        bind(fd, at, n) != 0 || listen(fd, 4096) != 0 ||
        getsockname(fd, at, &n) != 0) {
        close(fd);
        return -1;
    }
    *port = ntohs(is_v6 ? v6.sin6_port : v4.sin_port);
    return fd;
}

enum err
enforce_listen(struct enforce *f, struct err_info *why)
{
    uint16_t port4 = 0, port6 = 0;

    for (uint32_t i = 0; i < f->n_workers; i++) {
        struct worker *w = &f->workers[i];

        w->listeners[0] = listen_on(false, f->capture != NULL, &port4);
        w->listeners[1] = listen_on(true, f->capture != NULL, &port6);
        if (w->listeners[0] < 0)
            return err_sys(why, "the engines' listener on 127.0.0.1");
    }
    f->nft.port4 = port4;
    f->nft.port6 = f->workers[0].listeners[1] < 0 ? 0 : port6;
    return ERR_OK;
}

/* --- engines
 * ------------------------------------------------------------------------ */

static enum err
send_setup(struct enforce *f, uint32_t number, struct err_info *why)
{
    const struct worker *w = &f->workers[number];
    struct capture_fds maps;
    int fds[CHAN_FDS_MAX];
    unsigned n = 0;
    struct buf out;
    enum err e;

    fds[n++] = w->listeners[0];
    if (w->listeners[1] >= 0)
        fds[n++] = w->listeners[1];
    if (f->capture != NULL) {
        maps = capture_fds(f->capture);
        fds[n++] = maps.by_source;
        fds[n++] = maps.in_peer;
        fds[n++] = maps.counts;
        fds[n++] = maps.hints;
        fds[n++] = f->primaries_fd;
    }
    buf_init(&out, 256);
    buf_str(&out, str_of(f->stack));
    buf_u32(&out, number);
    buf_u32(&out, f->n_workers);
    buf_u8(&out, f->capture != NULL);
    buf_u8(&out, w->listeners[1] >= 0);
    buf_u8(&out, f->is_wide);
    buf_str(&out, str_n(f->secret, sizeof f->secret));
    e = chan_send(w->chan, ENGINE_SETUP, 0, buf_view(&out), fds, n, why);
    secret_wipe(out.p, out.n);
    buf_fini(&out);
    return e;
}

static enum err
tell_policy(const struct enforce *f, const struct worker *w,
            struct err_info *why)
{
    const int fds[] = { f->policy_fd, f->files_fd };
    unsigned n = f->policy_fd < 0 ? 0 : f->files_fd < 0 ? 1 : 2;
    struct buf out;
    enum err e;

    buf_init(&out, 16);
    buf_u8(&out, f->is_enabled);
    buf_u8(&out, f->is_denied);
    buf_u8(&out, n > 0);
    buf_u8(&out, n > 1);
    buf_u32(&out, f->n_policies);
    e = chan_send(w->chan, ENGINE_POLICY, 0, buf_view(&out), fds, n, why);
    buf_fini(&out);
    return e;
}

/* An engine that cannot be told must not go on by the former policy. */
void
enforce_tell_all(struct enforce *f)
{
    struct err_info why;

    for (uint32_t i = 0; i < f->n_workers; i++) {
        struct worker *w = &f->workers[i];

        if (w->chan < 0 || tell_policy(f, w, &why) == ERR_OK)
            continue;
        log_warn("an engine (process %d) does not take the policy: %s; it is "
                 "ended",
                 (int)w->pid, why.text);
        (void)kill(w->pid, SIGKILL);
    }
}

/* One broker for all; each engine has two channels to it. */
enum err
enforce_start_broker(struct enforce *f, struct err_info *why)
{
    int theirs[2 * ENGINES_MAX], ours[2 * ENGINES_MAX];
    size_t n = 0;
    enum err e = ERR_OK;

    for (; e == ERR_OK && n < 2u * f->n_workers; n++) {
        int pair[2];

        e = chan_pair(pair, why);
        if (e != ERR_OK)
            break;
        ours[n] = pair[0];
        theirs[n] = pair[1];
        (void)fcntl(pair[1], F_SETFL, O_NONBLOCK);
    }
    if (e == ERR_OK)
        e = start(f, &f->broker, "--broker", theirs, n, why);
    for (uint32_t i = 0; e == ERR_OK && i < f->n_workers; i++) {
        if (f->workers[i].chan >= 0)
            IGNORE(chan_send(f->workers[i].chan, ENGINE_BROKER, 0, STR(""),
                             ours + (size_t)2 * i, 2, NULL));
    }
    for (size_t i = 0; i < n; i++) {
        close(ours[i]);
        close(theirs[i]);
    }
    return e;
}

enum err
enforce_start_engine(struct enforce *f, uint32_t number, struct err_info *why)
{
    struct worker *w = &f->workers[number];
    int pair[2];
    enum err e = chan_pair(pair, why);

    if (e != ERR_OK)
        return e;
    e = start(f, w, w->has_run ? "--engine-again" : "--engine", &pair[1], 1,
              why);
    close(pair[1]);
    if (e != ERR_OK) {
        close(pair[0]);
        return e;
    }
    /* One that has been stopped must not stop us. */
    (void)fcntl(pair[0], F_SETFL, O_NONBLOCK);
    w->chan = pair[0];
    w->has_run = true;
    return send_setup(f, number, why); /* else it ends, and is reaped */
}

static void
restart_soon(struct enforce *f)
{
    struct itimerspec in = { .it_value = { .tv_nsec = RESTART_MS * 1000000L } };

    IGNORE(timerfd_settime(f->timer, 0, &in, NULL));
}

/* After an engine has died the broker is started anew too: it holds the other
 * end of the dead one's channels, and has nothing to lose. */
void
enforce_restart(struct enforce *f)
{
    struct err_info why;
    bool is_new = f->broker.pidfd < 0;

    for (uint32_t i = 0; i < f->n_workers; i++)
        is_new = is_new || f->workers[i].pidfd < 0;
    if (!is_new || f->is_ending)
        return;
    for (uint32_t i = 0; i < f->n_workers; i++) {
        if (f->workers[i].pidfd < 0 &&
            enforce_start_engine(f, i, &why) != ERR_OK) {
            log_error("an engine cannot be started: %s", why.text);
            restart_soon(f);
        }
    }
    if (f->broker.pidfd >= 0) {
        (void)kill(f->broker.pid, SIGTERM);
        close(f->broker.pidfd);
        (void)waitpid(f->broker.pid, NULL, 0);
        f->broker.pidfd = -1;
    }
    if (enforce_start_broker(f, &why) != ERR_OK) {
        log_error("the broker cannot be started: %s", why.text);
        restart_soon(f);
    }
    enforce_tell_all(f);
}

void
enforce_reap(struct enforce *f, struct worker *w, const char *what)
{
    int status = 0;

    if (w->pidfd < 0 || waitpid(w->pid, &status, WNOHANG) != w->pid)
        return;
    log_warn("%s (process %d) has ended, status %#x; it is started again", what,
             (int)w->pid, (unsigned)status);
    close(w->pidfd);
    w->pidfd = -1;
    if (w->chan >= 0)
        close(w->chan);
    w->chan = -1;
    restart_soon(f);
}

/* --- ending
 * ---------------------------------------------------------------------------
 */

void
enforce_end_worker(struct worker *w)
{
    for (size_t i = 0; i < 2; i++) {
        if (w->listeners[i] >= 0)
            close(w->listeners[i]);
    }
    if (w->chan >= 0)
        close(w->chan);
    if (w->pidfd >= 0) {
        (void)kill(w->pid, SIGKILL);
        (void)waitpid(w->pid, NULL, 0);
        close(w->pidfd);
    }
}
