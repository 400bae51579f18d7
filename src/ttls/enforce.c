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
#include "ttls/nft.h"
#include "ttls/owner.h"
#include "ttls/show.h"

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
    struct capture *capture; /* NULL: nftables */
    struct nft_options nft;
    char nft_name[128], nft_cgroup[256];
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
    int fds[5];
    unsigned n = 0;
    struct buf out;
    enum err e;

    fds[n++] = w->listeners[0];
    if (w->listeners[1] >= 0)
        fds[n++] = w->listeners[1];
    if (f->capture != NULL) {
        maps = capture_fds(f->capture);
        fds[n++] = maps.by_source;
        fds[n++] = maps.by_cookie;
        fds[n++] = maps.in_peer;
    }
    buf_init(&out, 256);
    buf_str(&out, str_of(f->stack));
    buf_u32(&out, number);
    buf_u32(&out, f->n_workers);
    buf_u8(&out, f->capture != NULL);
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
struct scope {
    bool is_wide, no_bpf;
    uint32_t max_connections; /* 0: the default */
};

static struct scope
read_scope(void)
{
    struct scope scope = { .is_wide =
                               strcmp(root_dir(), "/var/lib/sallyport") == 0 };
    uint64_t n;
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
                scope.is_wide = str_eq_z(str_sub(line, 10, line.n), "machine");
            if (str_starts(line, STR("ttlscapture=")))
                scope.no_bpf = str_eq_z(str_sub(line, 12, line.n), "nftables");
            if (str_starts(line, STR("ttlsconnections=")) &&
                str_to_u64(str_sub(line, 16, line.n), &n) && n <= 1u << 24)
                scope.max_connections = (uint32_t)n;
        }
    }
    buf_fini(&text);
    arena_fini(&a);
    return scope;
}

/* The kernel takes no programs: why says so, and is said to the operator. */
static enum err
open_nft(struct enforce *f, const char *cgroup, const char *name,
         struct err_info *why)
{
    struct err_info second = { 0 };
    size_t n =
        (size_t)snprintf(f->nft_name, sizeof f->nft_name, "sallyport_%s", name);
    enum err e;

    for (size_t i = 0; i < n && i < sizeof f->nft_name; i++) {
        if (f->nft_name[i] == '-')
            f->nft_name[i] = '_';
    }
    f->nft =
        (struct nft_options){ .name = f->nft_name, .engine_uid = UID_TTLS };
    if (cgroup != NULL) {
        (void)snprintf(f->nft_cgroup, sizeof f->nft_cgroup, "%s", cgroup);
        f->nft.cgroup = f->nft_cgroup;
    }
    e = nft_try(&f->nft, &second);
    if (e != ERR_OK) {
        f->nft.name = NULL;
        err_prefix(&second, "%.200s", why->text);
        return err_set(why, ERR_UNSUPPORTED, "%s", second.text);
    }
    log_warn("capture by nftables, not by BPF programs: %s", why->text);
    return ERR_OK;
}

static enum err
open_capture(struct enforce *f, struct err_info *why)
{
    struct scope scope = read_scope();
    bool is_wide = scope.is_wide;
    char image[512], mount[256], pin[256];
    struct capture_options options = { .engine_uid = UID_TTLS,
                                       .max_connections = scope.max_connections,
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
    e = scope.no_bpf ? err_set(why, ERR_UNSUPPORTED,
                               "etc/image.conf says ttlscapture=nftables")
                     : capture_open(&options, &f->capture, why);
    if (e == ERR_OK) {
        log_info("connections of %s are captured", options.cgroup);
        return e;
    }
    return open_nft(f, is_wide ? NULL : image + strlen(mount) + 1, pin, why);
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
    if (e == ERR_OK && f->capture != NULL)
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
    return f->capture != NULL ? "eBPF" : "nftables";
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
    if (f->capture == NULL && f->nft.name != NULL)
        nft_remove(&f->nft);
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

    if (policy_fd >= 0 && (copy = fcntl(policy_fd, F_DUPFD_CLOEXEC, 3)) < 0)
        return err_sys(why, "the policy");
    enforce_ports_of(policy, &ports);
    /* Who listens already: before a connection may be sent to an engine. */
    if (f->capture != NULL)
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
    is_enabled = is_enabled && policy != NULL;
    if (f->capture != NULL)
        return capture_policy(f->capture, is_enabled, ports.out, ports.in, why);
    return nft_policy(&f->nft, is_enabled ? ports.out : NULL,
                      is_enabled ? ports.in : NULL, why);
}

/* --- displays
 * ------------------------------------------------------------------------------
 */

static bool
ask_engine(struct worker *w, uint16_t type, struct str request, struct buf *out)
{
    struct pollfd p = { .fd = w->chan, .events = POLLIN };
    uint64_t until = clock_mono_ms() + QUERY_MS, now;
    static uint32_t seq;
    uint32_t mine = ++seq;

    if (w->chan < 0 ||
        chan_send(w->chan, type, mine, request, NULL, 0, NULL) != ERR_OK)
        return false;
    while ((now = clock_mono_ms()) < until &&
           poll(&p, 1, (int)(until - now)) > 0) {
        struct chan_msg msg;
        bool is_it;

        if (chan_recv(w->chan, &msg, NULL) != ERR_OK)
            return false;
        is_it = msg.type == type + 1 && msg.seq == mine; /* its answer */
        if (is_it)
            buf_add(out, msg.payload);
        chan_msg_fini(&msg);
        if (is_it)
            return true;
    }
    return false;
}

static void
put_groups(const struct ttls_policy *policy, struct buf *out)
{
    const struct ttls_obj *const *objs;
    size_t n = policy == NULL ? 0 : ttls_policy_objects(policy, &objs);
    bool is_first = true;

    buf_add_z(out, "\"groups\":[");
    for (size_t i = 0; i < n; i++) {
        if (objs[i]->stmt != TTLS_GROUP_ACTION)
            continue;
        buf_add_z(out, is_first ? "{\"name\":" : ",{\"name\":");
        ttls_json_text(out, objs[i]->name);
        buf_printf(
            out, ",\"id\":\"%08X\"}",
            ((const struct ttls_group_action *)(const void *)objs[i])->id);
        is_first = false;
    }
    buf_add_z(out, "],");
}

/* With "detail": every action's parameters, as pasearch lists them. */
static void
put_actions(const struct ttls_policy *policy, struct buf *out)
{
    const struct ttls_obj *const *objs;
    size_t n = policy == NULL ? 0 : ttls_policy_objects(policy, &objs);
    bool is_first = true;
    struct buf text;

    buf_init(&text, 256u * 1024u);
    buf_add_z(out, "\"actions\":[");
    for (size_t i = 0; i < n; i++) {
        if (objs[i]->stmt != TTLS_GROUP_ACTION &&
            objs[i]->stmt != TTLS_ENV_ACTION &&
            objs[i]->stmt != TTLS_CONN_ACTION)
            continue;
        buf_clear(&text);
        ttls_show_action(objs[i], &text);
        buf_add_z(out, is_first ? "{\"name\":" : ",{\"name\":");
        ttls_json_text(out, objs[i]->name);
        buf_add_z(out, ",\"text\":");
        ttls_json_text(out, buf_view(&text));
        buf_add_char(out, '}');
        is_first = false;
    }
    buf_add_z(out, "],");
    buf_fini(&text);
}

static bool
is_steered(const struct enforce *f, struct str question)
{
    struct reader in = reader_of(question);
    uint64_t cookie;

    return f->capture != NULL && reader_u64(&in, &cookie) &&
           capture_knows(f->capture, cookie);
}

/* Whose connection it is only an engine knows: all are asked in turn. payload
 * is the program's question, who asks has been put in by the stack. */
enum err
enforce_control(struct enforce *f, uint32_t uid, struct str question,
                struct buf *answer, struct err_info *why)
{
    struct buf with_uid;
    enum err e = ERR_OK;

    if (question.n < 8)
        return err_set(why, ERR_SYNTAX, "not a question");
    buf_init(&with_uid, 1024);
    buf_add(&with_uid, str_sub(question, 0, 8));
    buf_u32(&with_uid, uid);
    buf_add(&with_uid, str_sub(question, 8, question.n));
    for (uint32_t i = 0; e == ERR_OK && i < f->n_workers; i++) {
        buf_clear(answer);
        if (!ask_engine(&f->workers[i], ENGINE_CONTROL, buf_view(&with_uid),
                        answer))
            continue;
        if (answer->n > 0 && answer->p[0] != 0) /* found */
            break;
    }
    /* On its way to an engine: ask again. */
    if (answer->n == 0 || answer->p[0] == 0) {
        buf_clear(answer);
        buf_u8(answer, is_steered(f, question) ? 2 : 0);
    }
    buf_fini(&with_uid);
    return e;
}

enum err
enforce_query(struct enforce *f, struct str request, struct buf *answer,
              struct err_info *why)
{
    uint32_t n_silent = 0;
    struct buf rows;

    (void)why;
    buf_init(&rows, CHAN_BYTES_MAX);
    buf_printf(answer, "{\"stack\":\"%s\",\"ttls\":%s,\"how\":\"%s\",",
               f->stack, f->is_enabled ? "true" : "false", enforce_how(f));
    if (f->capture != NULL)
        buf_printf(
            answer, "\"steered\":%llu,\"inbound\":%llu,\"refused\":%llu,",
            (unsigned long long)capture_count(f->capture, CAPTURE_N_STEERED),
            (unsigned long long)capture_count(f->capture, CAPTURE_N_INBOUND),
            (unsigned long long)capture_count(f->capture, CAPTURE_N_REFUSED));
    put_groups(f->policy, answer);
    if (str_find(request, STR("detail")) != STR_NPOS)
        put_actions(f->policy, answer);
    buf_add_z(answer, "\"connections\":[");
    for (uint32_t i = 0; i < f->n_workers; i++) {
        bool is_first = answer->p[answer->n - 1] == '[';

        buf_clear(&rows);
        n_silent += !ask_engine(&f->workers[i], ENGINE_QUERY, request, &rows);
        if (rows.n <= 2)
            continue;
        if (!is_first)
            buf_add_char(answer, ',');
        buf_add(answer, str_sub(buf_view(&rows), 1, rows.n - 1));
    }
    buf_fini(&rows);
    buf_printf(answer, "],\"silentEngines\":%u}", n_silent);
    return ERR_OK;
}
