/*
 * Capture and engines of one stack. The stack process holds the engines'
 * listening sockets, so that what came while an engine was away waits for its
 * successor; engines and broker are children that are started again.
 */
#include "ttls/enforce.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/reader.h"
#include "base/secret.h"
#include "ipc/cgroup.h"
#include "ipc/chan.h"
#include "ttls/broker.h"
#include "ttls/capture.h"
#include "ttls/engine_wire.h"
#include "ttls/enforce_ports.h"
#include "ttls/owner.h"

#define ENGINES_MAX 64u
#define FIRST_FD 3
#define QUERY_MS 2000
#define RESTART_MS 500u

struct worker {
    int listeners[2]; /* IPv4, IPv6; -1: none */
    int chan;         /* to it; -1: it does not run */
    int pidfd;
    pid_t pid;
};

struct enforce {
    struct capture *capture;
    char *program;
    char stack[9];
    unsigned char secret[ENGINE_SECRET_BYTES];
    struct worker workers[ENGINES_MAX];
    uint32_t n_workers;
    struct worker broker;
    int epoll, timer;
    struct ttls_policy *policy;
    int policy_fd;
    bool is_enabled, is_ending;
};

/* --- starting children
 * --------------------------------------------------------- */

static void
watch(struct enforce *f, int fd)
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
    char *args[6];
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
    sigemptyset(&none);
    IGNORE(sigprocmask(SIG_SETMASK, &none, NULL));
    args[0] = f->program;
    args[1] = (char *)(uintptr_t)option;
    args[2] = first;
    args[3] = (char *)(uintptr_t) "--channels";
    args[4] = count;
    args[5] = NULL;
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
    watch(f, w->pidfd);
    return ERR_OK;
}

/* --- listeners
 * -------------------------------------------------------------------- */

/* On loopback; all workers' sockets share one port. *port 0: choose it. */
static int
listen_on(bool is_v6, uint16_t *port)
{
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
                               .sin6_port = htons(*port),
                               .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    struct sockaddr_in v4 = { .sin_family = AF_INET,
                              .sin_port = htons(*port),
                              .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t n = is_v6 ? sizeof v6 : sizeof v4;
    struct sockaddr *at =
        is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
    const int one = 1;
    int fd = socket(is_v6 ? AF_INET6 : AF_INET,
                    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) != 0 ||
        (is_v6 &&
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one) != 0) ||
        bind(fd, at, n) != 0 || listen(fd, 4096) != 0 ||
        getsockname(fd, at, &n) != 0) {
        close(fd);
        return -1;
    }
    *port = ntohs(is_v6 ? v6.sin6_port : v4.sin_port);
    return fd;
}

static enum err
listen_all(struct enforce *f, struct err_info *why)
{
    uint16_t port4 = 0, port6 = 0;

    for (uint32_t i = 0; i < f->n_workers; i++) {
        struct worker *w = &f->workers[i];

        w->listeners[0] = listen_on(false, &port4);
        w->listeners[1] = listen_on(true, &port6);
        if (w->listeners[0] < 0)
            return err_sys(why, "the engines' listener on 127.0.0.1");
    }
    return ERR_OK;
}

/* --- engines
 * ------------------------------------------------------------------------ */

static enum err
send_setup(struct enforce *f, uint32_t number, struct err_info *why)
{
    const struct worker *w = &f->workers[number];
    struct capture_fds maps = capture_fds(f->capture);
    int fds[5];
    unsigned n = 0;
    struct buf out;
    enum err e;

    fds[n++] = w->listeners[0];
    if (w->listeners[1] >= 0)
        fds[n++] = w->listeners[1];
    fds[n++] = maps.by_source;
    fds[n++] = maps.by_cookie;
    fds[n++] = maps.in_peer;
    buf_init(&out, 256);
    buf_str(&out, str_of(f->stack));
    buf_u32(&out, number);
    buf_u32(&out, f->n_workers);
    buf_u8(&out, true);
    buf_u8(&out, w->listeners[1] >= 0);
    buf_str(&out, str_n(f->secret, sizeof f->secret));
    e = chan_send(w->chan, ENGINE_SETUP, 0, buf_view(&out), fds, n, why);
    secret_wipe(out.p, out.n);
    buf_fini(&out);
    return e;
}

static enum err
send_policy(const struct enforce *f, const struct worker *w,
            struct err_info *why)
{
    struct buf out;
    enum err e;

    buf_init(&out, 16);
    buf_u8(&out, f->is_enabled);
    buf_u8(&out, f->policy_fd >= 0);
    e = chan_send(w->chan, ENGINE_POLICY, 0, buf_view(&out), &f->policy_fd,
                  f->policy_fd >= 0 ? 1 : 0, why);
    buf_fini(&out);
    return e;
}

/* One broker for all; each engine has two channels to it. */
static enum err
start_broker(struct enforce *f, struct err_info *why)
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

static enum err
start_engine(struct enforce *f, uint32_t number, struct err_info *why)
{
    struct worker *w = &f->workers[number];
    int pair[2];
    enum err e = chan_pair(pair, why);

    if (e != ERR_OK)
        return e;
    w->chan = pair[0];
    e = start(f, w, "--engine", &pair[1], 1, why);
    close(pair[1]);
    if (e == ERR_OK)
        e = send_setup(f, number, why);
    return e;
}

/* After an engine has died the broker is started anew too: it holds the other
 * end of the dead one's channels, and has nothing to lose. */
static void
restart(struct enforce *f)
{
    struct err_info why;
    bool is_new = f->broker.pidfd < 0;

    for (uint32_t i = 0; i < f->n_workers; i++)
        is_new = is_new || f->workers[i].pidfd < 0;
    if (!is_new || f->is_ending)
        return;
    for (uint32_t i = 0; i < f->n_workers; i++) {
        if (f->workers[i].pidfd < 0 && start_engine(f, i, &why) != ERR_OK)
            log_error("an engine cannot be started: %s", why.text);
    }
    if (f->broker.pidfd >= 0) {
        (void)kill(f->broker.pid, SIGTERM);
        close(f->broker.pidfd);
        (void)waitpid(f->broker.pid, NULL, 0);
        f->broker.pidfd = -1;
    }
    if (start_broker(f, &why) != ERR_OK)
        log_error("the broker cannot be started: %s", why.text);
    for (uint32_t i = 0; i < f->n_workers; i++) {
        if (f->workers[i].chan >= 0)
            IGNORE(send_policy(f, &f->workers[i], NULL));
    }
}

static void
restart_soon(struct enforce *f)
{
    struct itimerspec in = { .it_value = { .tv_nsec = RESTART_MS * 1000000L } };

    IGNORE(timerfd_settime(f->timer, 0, &in, NULL));
}

static void
reap(struct enforce *f, struct worker *w, const char *what)
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

int
enforce_fd(const struct enforce *f)
{
    return f->epoll;
}

void
enforce_run(struct enforce *f)
{
    struct epoll_event ev[16];
    int n = epoll_wait(f->epoll, ev, ARRAY_LEN(ev), 0);
    uint64_t ticks;

    for (int i = 0; i < n; i++) {
        if (ev[i].data.fd == f->timer &&
            read(f->timer, &ticks, sizeof ticks) > 0)
            restart(f);
    }
    reap(f, &f->broker, "the broker");
    for (uint32_t i = 0; i < f->n_workers; i++)
        reap(f, &f->workers[i], "an engine");
}

/* --- opening
 * ------------------------------------------------------------------------- */

/* "image" (its jobs) or "machine" (every program); an image that is not the
 * machine's own keeps to its jobs unless told otherwise. */
static bool
is_machine_wide(void)
{
    bool is_wide = strcmp(root_dir(), "/var/lib/sallyport") == 0;
    struct arena a;
    struct buf text;
    struct str rest, line;
    char *path;

    arena_init(&a, 16u * 1024u);
    buf_init(&text, 64u * 1024u);
    path = root_path(&a, "etc/image.conf");
    if (path != NULL && file_read(path, &text, NULL) == ERR_OK) {
        rest = buf_view(&text);
        while (str_line(&rest, &line)) {
            line = str_trim(line);
            if (str_starts(line, STR("ttlsscope=")))
                is_wide = str_eq_z(str_sub(line, 10, line.n), "machine");
        }
    }
    buf_fini(&text);
    arena_fini(&a);
    return is_wide;
}

static enum err
open_capture(struct enforce *f, struct err_info *why)
{
    bool is_wide = is_machine_wide();
    char image[512], mount[256], pin[256];
    struct capture_options options = { .engine_uid = UID_TTLS,
                                       .deny_foreign = !is_wide };
    const char *slash;
    enum err e;

    if (!cgroup_mount(mount, sizeof mount) ||
        !cgroup_image(image, sizeof image))
        return err_set(why, ERR_UNSUPPORTED,
                       "there is no cgroup v2 file system that may be written");
    slash = strrchr(image, '/');
    (void)snprintf(pin, sizeof pin, "%s-%s", slash + 1, f->stack);
    options.cgroup = is_wide ? mount : image;
    options.pin = pin;
    e = capture_open(&options, &f->capture, why);
    if (e == ERR_OK)
        log_info("connections of %s are captured", options.cgroup);
    return e;
}

enum err
enforce_open(const struct enforce_options *options, struct enforce **out,
             struct err_info *why)
{
    struct enforce *f;
    size_t cap = strlen(options->program_dir) + 32;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    enum err e;

    if (options->is_private || geteuid() != 0)
        return err_set(why, ERR_UNSUPPORTED,
                       "connections can be captured by root only");
    f = calloc(1, sizeof *f);
    if (f == NULL || (f->program = malloc(cap)) == NULL) {
        free(f);
        return err_set(why, ERR_MEMORY, "no storage");
    }
    (void)snprintf(f->program, cap, "%s/sallyport-ttls", options->program_dir);
    (void)snprintf(f->stack, sizeof f->stack, "%s", options->stack);
    f->n_workers = cores < 1                   ? 1
                   : cores > (long)ENGINES_MAX ? ENGINES_MAX
                                               : (uint32_t)cores;
    f->policy_fd = -1;
    f->broker = (struct worker){ { -1, -1 }, -1, -1, 0 };
    for (uint32_t i = 0; i < ENGINES_MAX; i++)
        f->workers[i] = (struct worker){ { -1, -1 }, -1, -1, 0 };
    f->epoll = epoll_create1(EPOLL_CLOEXEC);
    f->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (f->epoll < 0 || f->timer < 0 ||
        getrandom(f->secret, sizeof f->secret, 0) != sizeof f->secret)
        e = err_sys(why, "enforcement");
    else
        e = open_capture(f, why);
    if (e == ERR_OK) {
        watch(f, f->timer);
        e = listen_all(f, why);
    }
    if (e == ERR_OK)
        e = capture_engines(f->capture, f->workers[0].listeners[0],
                            f->workers[0].listeners[1], why);
    for (uint32_t i = 0; e == ERR_OK && i < f->n_workers; i++)
        e = start_engine(f, i, why);
    if (e == ERR_OK)
        e = start_broker(f, why);
    if (e == ERR_OK)
        *out = f;
    else
        enforce_close(&f);
    return e;
}

const char *
enforce_how(const struct enforce *f)
{
    (void)f;
    return "eBPF";
}

static void
end_worker(struct worker *w)
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

void
enforce_close(struct enforce **which)
{
    struct enforce *f = *which;

    if (f == NULL)
        return;
    f->is_ending = true;
    capture_close(&f->capture);
    for (uint32_t i = 0; i < f->n_workers; i++)
        end_worker(&f->workers[i]);
    end_worker(&f->broker);
    ttls_policy_unref(&f->policy);
    if (f->policy_fd >= 0)
        close(f->policy_fd);
    if (f->epoll >= 0)
        close(f->epoll);
    if (f->timer >= 0)
        close(f->timer);
    secret_wipe(f->secret, sizeof f->secret);
    free(f->program);
    free(f);
    *which = NULL;
}

/* --- policy
 * ----------------------------------------------------------------------------
 */

struct scan {
    struct enforce *f;
    const struct enforce_ports *ports;
    const struct ttls_policy *policy;
};

static void
note_listener(void *arg, const struct socket_facts *s)
{
    struct scan *scan = arg;
    struct capture_listener l = { .n = 1 };
    struct owner owner;

    if ((scan->ports->in[s->local.port >> 3] & (1u << (s->local.port & 7))) ==
        0)
        return;
    owner_of_socket(s, true, &owner);
    if (owner.is_found &&
        !enforce_ports_may(scan->policy, s->local.port, owner.job, owner.user))
        l.verdict = CAPTURE_LEAVE;
    IGNORE(capture_listener(scan->f->capture, &s->local, &l, NULL));
}

enum err
enforce_policy(struct enforce *f, struct ttls_policy *policy, int policy_fd,
               bool is_enabled, struct err_info *why)
{
    static struct enforce_ports ports;
    struct scan scan = { f, &ports, policy };
    int copy = -1;
    enum err e;

    if (policy_fd >= 0 && (copy = fcntl(policy_fd, F_DUPFD_CLOEXEC, 3)) < 0)
        return err_sys(why, "the policy");
    enforce_ports_of(policy, &ports);
    /* Who listens already: before a connection may be sent to an engine. */
    IGNORE(socket_each(1u << 10, note_listener, &scan));
    /* The engines know the rules before the kernel sends what they are for;
     * what they are sent too early is relayed as no rule of the old policy
     * would have it: it was not captured then. */
    ttls_policy_unref(&f->policy);
    if (f->policy_fd >= 0)
        close(f->policy_fd);
    f->policy = policy == NULL ? NULL : ttls_policy_ref(policy);
    f->policy_fd = copy;
    f->is_enabled = is_enabled;
    for (uint32_t i = 0; i < f->n_workers; i++) {
        if (f->workers[i].chan >= 0)
            IGNORE(send_policy(f, &f->workers[i], NULL));
    }
    e = capture_policy(f->capture, is_enabled && policy != NULL, ports.out,
                       ports.in, why);
    return e;
}

/* --- displays
 * ------------------------------------------------------------------------------
 */

static bool
ask_engine(struct worker *w, struct str request, struct buf *rows)
{
    struct pollfd p = { .fd = w->chan, .events = POLLIN };
    uint64_t until = clock_mono_ms() + QUERY_MS, now;
    static uint32_t seq;
    uint32_t mine = ++seq;
    struct str text;

    if (w->chan < 0 || chan_send(w->chan, ENGINE_QUERY, mine, request, NULL, 0,
                                 NULL) != ERR_OK)
        return false;
    while ((now = clock_mono_ms()) < until &&
           poll(&p, 1, (int)(until - now)) > 0) {
        struct chan_msg msg;
        bool is_it;

        if (chan_recv(w->chan, &msg, NULL) != ERR_OK)
            return false;
        is_it = msg.type == ENGINE_ROWS && msg.seq == mine;
        text = msg.payload;
        if (is_it && text.n > 2) {
            if (rows->p[rows->n - 1] != '[')
                buf_add_char(rows, ',');
            buf_add(rows, str_sub(text, 1, text.n - 1));
        }
        chan_msg_fini(&msg);
        if (is_it)
            return true;
    }
    return false;
}

enum err
enforce_query(struct enforce *f, struct str request, struct buf *answer,
              struct err_info *why)
{
    uint32_t n_silent = 0;

    (void)why;
    buf_printf(answer, "{\"stack\":\"%s\",\"ttls\":%s,\"how\":\"%s\",",
               f->stack, f->is_enabled ? "true" : "false", enforce_how(f));
    buf_printf(
        answer, "\"steered\":%llu,\"inbound\":%llu,\"refused\":%llu,",
        (unsigned long long)capture_count(f->capture, CAPTURE_N_STEERED),
        (unsigned long long)capture_count(f->capture, CAPTURE_N_INBOUND),
        (unsigned long long)capture_count(f->capture, CAPTURE_N_REFUSED));
    buf_add_z(answer, "\"connections\":[");
    for (uint32_t i = 0; i < f->n_workers; i++)
        n_silent += !ask_engine(&f->workers[i], request, answer);
    buf_printf(answer, "],\"silentEngines\":%u}", n_silent);
    return ERR_OK;
}
