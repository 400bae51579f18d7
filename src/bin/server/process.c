/*
 * The parent holds what must survive its worker: listening sockets, the
 * command socket, the operator's interface. It parses no configuration and no
 * request; everything it is asked by the worker is in the table below, and on
 * the command socket in that of asked.c.
 */
#include "process_private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/ffdc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/msg.h"
#include "gateway/gateway.h"
#include "systemd.h"

#define ARGUMENTS_MAX 256u
#define START_ATTEMPTS 5u
#define QUIESCE_MAX_MS 40000u /* the worker's own limit is 30 s */
#define START_END_MS 5000u    /* of one that is starting: it has no requests */

/* ---- worker ---- */

NORETURN static void
exec_worker(struct process *p, int fd)
{
    const struct settings *s = p->settings;
    const char *argv[ARGUMENTS_MAX];
    char number[16];
    size_t n = 0;
    sigset_t none;

    /* it holds the lock as long as it lives, and its end of the channel */
    (void)fcntl(fd, F_SETFD, 0);
    (void)fcntl(p->lock_fd, F_SETFD, 0);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    snprintf(number, sizeof number, "%d", fd);
    argv[n++] = s->program;
    argv[n++] = "--worker";
    argv[n++] = number;
    argv[n++] = s->name;
    argv[n++] = "--";
    for (size_t i = 0; i < s->command_line.n && n + 1 < ARRAY_LEN(argv); i++) {
        struct cfg_var v = s->command_line.v[i];
        char *text = malloc(v.name.n + v.value.n + 4);

        if (text == NULL)
            _exit(EXIT_LAUNCH);
        sprintf(text, "--" STR_FMT "=" STR_FMT, STR_ARG(v.name),
                STR_ARG(v.value));
        argv[n++] = text;
    }
    argv[n] = NULL;
    execv(s->program, (char *const *)(uintptr_t)argv);
    _exit(EXIT_LAUNCH);
}

static enum err
send_welcome(struct process *p, struct err_info *why)
{
    struct buf out;
    enum err e;

    buf_init(&out, 256);
    buf_str(&out, str_of(p->task == NULL ? "" : task_job_name(p->task)));
    buf_str(&out, str_of(p->task == NULL ? "" : task_job_id(p->task)));
    buf_str(&out, str_of(p->task == NULL ? "" : task_user(p->task)));
    e = chan_send(p->worker_fd, PARENT_P_WELCOME, 0, buf_view(&out), NULL, 0,
                  why);
    buf_fini(&out);
    return e;
}

static enum err
worker_start(struct process *p, struct err_info *why)
{
    int fds[2];
    enum err e = chan_pair(fds, why);
    pid_t pid;

    if (e != ERR_OK)
        return e;
    pid = fork();
    if (pid == 0)
        exec_worker(p, fds[1]);
    close(fds[1]);
    if (pid < 0) {
        close(fds[0]);
        return err_sys(why, "fork");
    }
    p->worker = pid;
    p->worker_fd = fds[0];
    p->worker_since_ms = clock_mono_ms();
    p->restart_at_ms = 0;
    p->ready_since_ms = 0;
    p->is_ready = false;
    return send_welcome(p, why);
}

void
process_command(struct process *p, enum parent_verb verb, uint32_t id,
                struct str text)
{
    struct err_info ignored; /* a dead worker is noticed by SIGCHLD */
    struct buf out;

    if (p->worker_fd < 0)
        return;
    buf_init(&out, PARENT_TEXT_MAX + 64);
    buf_u8(&out, (uint8_t)verb);
    buf_u32(&out, id);
    buf_str(&out, str_sub(text, 0, PARENT_TEXT_MAX));
    (void)!chan_send(p->worker_fd, PARENT_P_COMMAND, 0, buf_view(&out), NULL, 0,
                     &ignored);
    buf_fini(&out);
}

void
process_stop(struct process *p, bool is_forced)
{
    if (is_forced && p->is_stopping)
        is_forced = false; /* has no effect once a stop is under way */
    if (!p->is_stopping || is_forced)
        process_command(p, is_forced ? PARENT_FORCE : PARENT_STOP, 0, STR(""));
    if (!p->is_stopping)
        p->kill_at_ms = clock_mono_ms() + (p->is_ready ? QUIESCE_MAX_MS
                                           : is_forced ? 0
                                                       : START_END_MS);
    p->is_stopping = true;
    if (p->worker == 0)
        p->is_over = true;
}

/* ---- what the worker asks ---- */

static bool
on_listen(struct process *p, uint32_t seq, struct reader *in)
{
    struct err_info why = { 0 }, ignored;
    struct str host;
    struct buf out;
    uint16_t port;
    uint8_t reuses;
    int fd = -1;
    enum err e;

    if (!reader_str(in, 1, PARENT_HOST_MAX, &host) || !reader_u16(in, &port) ||
        !reader_u8(in, &reuses) || !reader_at_end(in))
        return false;
    e = listeners_open(&p->listeners, host, port, reuses != 0, &fd, &why);
    buf_init(&out, 1024);
    buf_u8(&out, (uint8_t)e);
    buf_str(&out, str_of(why.text));
    (void)!chan_send(p->worker_fd, PARENT_P_LISTENING, seq, buf_view(&out), &fd,
                     e == ERR_OK ? 1 : 0, &ignored);
    buf_fini(&out);
    return true;
}

static bool
on_release(struct process *p, uint32_t seq, struct reader *in)
{
    struct str host;
    uint16_t port;

    (void)seq;
    if (!reader_str(in, 1, PARENT_HOST_MAX, &host) || !reader_u16(in, &port) ||
        !reader_at_end(in))
        return false;
    listeners_release(&p->listeners, host, port);
    return true;
}

static bool
on_ready(struct process *p, uint32_t seq, struct reader *in)
{
    (void)seq;
    if (!reader_at_end(in))
        return false;
    p->is_ready = true;
    p->ready_since_ms = clock_mono_ms();
    if (p->is_stopping)
        p->kill_at_ms = clock_mono_ms() + QUIESCE_MAX_MS;
    if (p->was_ready)
        return true;
    p->was_ready = true;
    if (p->ready_fd >= 0) {
        (void)!write(p->ready_fd, "R", 1);
        close(p->ready_fd);
        p->ready_fd = -1;
    }
    if (p->task != NULL)
        task_ready(p->task);
    systemd_ready();
    return true;
}

static bool
on_give_up(struct process *p, uint32_t seq, struct reader *in)
{
    uint8_t status;

    (void)seq;
    if (!reader_u8(in, &status) || !reader_at_end(in))
        return false;
    p->has_given_up = true;
    p->exit_status = status;
    return true;
}

static bool
on_reply(struct process *p, uint32_t seq, struct reader *in)
{
    const struct pending *to;
    struct str line;
    uint32_t id;

    (void)seq;
    if (!reader_u32(in, &id) || !reader_str(in, 0, PARENT_TEXT_MAX, &line) ||
        !reader_at_end(in))
        return false;
    to = pending_find(p, id);
    if (to != NULL)
        pending_reply(p, to, line);
    return true;
}

static bool
on_reply_end(struct process *p, uint32_t seq, struct reader *in)
{
    struct pending *to;
    uint8_t is_done;
    uint32_t id;

    (void)seq;
    if (!reader_u32(in, &id) || !reader_u8(in, &is_done) || is_done > 1 ||
        !reader_at_end(in))
        return false;
    to = pending_find(p, id);
    if (to != NULL)
        pending_end(p, to, is_done == 1);
    return true;
}

static bool
on_wto(struct process *p, uint32_t seq, struct reader *in)
{
    struct str line;

    (void)seq;
    if (!reader_str(in, 0, PARENT_TEXT_MAX, &line) || !reader_at_end(in))
        return false;
    if (p->task != NULL)
        task_wto(p->task, line);
    return true;
}

static bool
on_hard_copy(struct process *p, uint32_t seq, struct reader *in)
{
    struct str line;

    (void)seq;
    if (!reader_str(in, 0, PARENT_TEXT_MAX, &line) || !reader_at_end(in))
        return false;
    if (p->task != NULL)
        task_hard_copy(p->task, line);
    return true;
}

/* All a worker may ask. */
static const struct {
    uint16_t type;
    bool (*run)(struct process *, uint32_t seq, struct reader *);
} worker_requests[] = {
    { PARENT_W_LISTEN, on_listen },       { PARENT_W_RELEASE, on_release },
    { PARENT_W_READY, on_ready },         { PARENT_W_GIVE_UP, on_give_up },
    { PARENT_W_REPLY, on_reply },         { PARENT_W_WTO, on_wto },
    { PARENT_W_REPLY_END, on_reply_end }, { PARENT_W_HARD_COPY, on_hard_copy },
};

static void
on_worker(struct process *p)
{
    struct err_info why;
    struct chan_msg msg;
    enum err e = chan_recv(p->worker_fd, &msg, &why);
    bool is_understood = false;

    if (e == ERR_AGAIN)
        return;
    if (e == ERR_OK) {
        struct reader in = reader_of(msg.payload);

        for (size_t i = 0; i < ARRAY_LEN(worker_requests); i++)
            if (worker_requests[i].type == msg.type)
                is_understood = worker_requests[i].run(p, msg.seq, &in);
        chan_msg_fini(&msg);
    }
    if (is_understood)
        return;
    /* it is gone, or it must go: SIGCHLD follows */
    close(p->worker_fd);
    p->worker_fd = -1;
    if (e != ERR_PEER && p->worker > 0)
        (void)kill(p->worker, SIGKILL);
}

/* ---- the worker's end ---- */

/* What killed it, for whoever looks into logs/ffdc; the next worker goes on
 * with messages.log. */
static void
write_incident(const struct process *p, int status)
{
    char details[256], name[FFDC_NAME_BYTES], exception[32];
    struct ffdc_incident i = { exception, "com.ibm.ws.kernel.boot.Launcher",
                               "worker", STR("") };
    struct err_info why;

    if (WIFSIGNALED(status))
        snprintf(exception, sizeof exception, "SIG%s",
                 sigabbrev_np(WTERMSIG(status)));
    else
        snprintf(exception, sizeof exception, "exit %d", WEXITSTATUS(status));
    snprintf(details, sizeof details,
             "worker process %d, %s, after %llu ms, number %u in a row",
             (int)p->worker, p->is_ready ? "ready" : "starting",
             (unsigned long long)(clock_mono_ms() - p->worker_since_ms),
             p->backoff.n_failures + 1);
    i.details = str_of(details);
    if (ffdc_write(p->settings->log_dir, &i, clock_wall_ms(), name, &why) ==
        ERR_OK)
        log_warn("FFDC1015I: An FFDC Incident has been created: \"%s %s %s\" "
                 "at %s",
                 i.exception, i.source, i.probe, name);
}

static void
say_restart(const struct process *p, int status, uint64_t delay_ms)
{
    if (WIFSIGNALED(status))
        log_warn("server %s: the worker process was ended by signal %d; "
                 "starting it again in %llu ms",
                 p->settings->name, WTERMSIG(status),
                 (unsigned long long)delay_ms);
    else
        log_warn("server %s: the worker process ended with status %d; "
                 "starting it again in %llu ms",
                 p->settings->name, WEXITSTATUS(status),
                 (unsigned long long)delay_ms);
}

/* What it still had to say; then its end of the channel is closed. */
static void
drain_worker(struct process *p)
{
    struct pollfd wait = { .fd = p->worker_fd, .events = POLLIN };

    while (p->worker_fd >= 0 && poll(&wait, 1, 0) == 1)
        on_worker(p);
    if (p->worker_fd >= 0)
        close(p->worker_fd);
    p->worker_fd = -1;
}

static void
on_worker_end(struct process *p, int status)
{
    uint64_t now = clock_mono_ms(), delay;

    drain_worker(p);
    if (!p->is_stopping && !p->has_given_up)
        write_incident(p, status);
    p->worker = 0;
    p->is_ready = false;
    for (unsigned i = 0; i < PENDING_MAX; i++)
        if (p->pending[i].id != 0)
            pending_refuse(p, &p->pending[i], "CWWKB0007E", STR("UNKNOWN"));
    if (p->is_stopping || p->has_given_up) {
        p->is_over = true;
        return;
    }
    delay = backoff_next(&p->backoff, p->ready_since_ms, now);
    if (!p->was_ready && p->backoff.n_failures >= START_ATTEMPTS) {
        log_error("server %s: the worker process ended %u times while "
                  "starting",
                  p->settings->name, START_ATTEMPTS);
        p->exit_status = EXIT_RUNTIME;
        p->is_over = true;
        return;
    }
    p->restart_at_ms = now + delay;
    say_restart(p, status, delay);
}

static void
on_signal(struct process *p)
{
    struct signalfd_siginfo info;
    int status;
    pid_t pid;

    while (read(p->signal_fd, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
            process_stop(p, p->is_stopping);
    }
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (pid == p->worker)
            on_worker_end(p, status);
}

/* ---- loop ---- */

static int
poll_timeout(const struct process *p)
{
    uint64_t now = clock_mono_ms();
    uint64_t at = p->restart_at_ms != 0 ? p->restart_at_ms : p->kill_at_ms;

    if (at == 0)
        return -1;
    return at <= now ? 0 : (int)(at - now);
}

static void
on_time(struct process *p)
{
    uint64_t now = clock_mono_ms();
    struct err_info why;

    if (p->kill_at_ms != 0 && now >= p->kill_at_ms && p->worker > 0) {
        log_warn("server %s: the worker process does not end; killing it",
                 p->settings->name);
        (void)kill(p->worker, SIGKILL);
        p->kill_at_ms = now + QUIESCE_MAX_MS;
    }
    if (p->restart_at_ms != 0 && now >= p->restart_at_ms &&
        worker_start(p, &why) != ERR_OK) {
        log_error("server %s: %s", p->settings->name, why.text);
        p->restart_at_ms = now + BACKOFF_MAX_MS;
    }
}

static void
turn(struct process *p)
{
    struct pollfd fds[4 + CLIENTS_MAX] = {
        { .fd = p->signal_fd, .events = POLLIN },
        { .fd = p->worker_fd, .events = POLLIN },
        { .fd = p->task == NULL ? -1 : task_fd(p->task), .events = POLLIN },
        { .fd = p->command_fd, .events = POLLIN },
    };

    for (unsigned i = 0; i < CLIENTS_MAX; i++)
        fds[4 + i] =
            (struct pollfd){ .fd = p->clients[i].fd, .events = POLLIN };
    if (poll(fds, ARRAY_LEN(fds), poll_timeout(p)) < 0 && errno != EINTR) {
        p->is_over = true;
        return;
    }
    for (unsigned i = 0; i < CLIENTS_MAX; i++)
        if (fds[4 + i].revents != 0 && p->clients[i].fd == fds[4 + i].fd)
            asked_by_client(p, i);
    if (fds[3].revents != 0)
        asked_accept(p);
    if (fds[2].revents != 0)
        asked_by_operator(p);
    if (fds[1].revents != 0 && p->worker_fd >= 0)
        on_worker(p);
    if (fds[0].revents != 0)
        on_signal(p);
    on_time(p);
}

/* ---- start and end ---- */

static enum err
open_signals(struct process *p, struct err_info *why)
{
    sigset_t mask;

    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGINT);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &mask, NULL) != 0)
        return err_sys(why, "signals");
    p->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    return p->signal_fd < 0 ? err_sys(why, "signals") : ERR_OK;
}

/* The address is relative, because a socket's path may have 107 bytes only. */
static enum err
open_command_socket(struct process *p, struct err_info *why)
{
    if (!p->settings->has_command_port)
        return ERR_OK;
    return chan_listen("workarea/.sCommand", 0600, &p->command_fd, why);
}

static enum err
start(struct process *p, struct err_info *why)
{
    enum err e;

    if (chdir(p->settings->output_dir) != 0)
        return err_sys(why, "%s", p->settings->output_dir);
    if ((e = open_signals(p, why)) != ERR_OK)
        return e;
    e = task_attach(&p->task, why);
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        return e;
    (void)unsetenv("SALLYPORT_TASK_FD"); /* the worker is not the task */
    (void)unlink("workarea/" GATEWAY_PAUSED_FILE); /* of an earlier run */
    if ((e = open_command_socket(p, why)) != ERR_OK)
        return e;
    return worker_start(p, why);
}

static void
fini(struct process *p)
{
    for (unsigned i = 0; i < CLIENTS_MAX; i++)
        asked_close(p, i);
    if (p->worker_fd >= 0)
        close(p->worker_fd);
    if (p->command_fd >= 0) {
        close(p->command_fd);
        (void)unlink("workarea/.sCommand");
    }
    if (p->signal_fd >= 0)
        close(p->signal_fd);
    listeners_fini(&p->listeners);
    task_free(&p->task);
}

int
process_run(const struct settings *settings, int lock_fd, int ready_fd)
{
    struct process *p = calloc(1, sizeof *p);
    struct err_info why;
    int status;

    if (p == NULL)
        return EXIT_LAUNCH;
    *p = (struct process){ .settings = settings,
                           .lock_fd = lock_fd,
                           .ready_fd = ready_fd,
                           .signal_fd = -1,
                           .command_fd = -1,
                           .worker_fd = -1 };
    for (unsigned i = 0; i < CLIENTS_MAX; i++)
        p->clients[i].fd = -1;
    if (start(p, &why) != ERR_OK) {
        log_error("server %s: %s", settings->name, why.text);
        p->exit_status = EXIT_LAUNCH;
        p->is_over = p->worker == 0;
        if (p->worker > 0)
            process_stop(p, true);
    }
    while (!p->is_over)
        turn(p);
    (void)unlink(settings->pid_file);
    fini(p);
    status = p->exit_status;
    free(p);
    return status;
}
