/*
 * What su starts: the user's program (OMVS PROGRAM) or a command, on a terminal
 * of its own or on the caller's streams. It leads a session, so that a hang-up
 * and the terminal's signals reach all of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/reader.h"
#include "batch/master_wire.h"
#include "batch/run.h"
#include "ipc/chan.h"
#include "saf/saf.h"

#define STREAMS 3u
#define HANG_UP_MS 10000u /* between SIGHUP and SIGKILL */
#define REAP_MS 10000     /* between looks at what has left it and ended */
#define REST_TRIES 50u    /* of ending what it left in the background */
#define REST_WAIT_MS 20
#define STATUS_CANNOT_RUN 126
#define STATUS_NOT_FOUND 127

struct shell {
    const char *user, *home, *program, *term;
    char **args; /* NULL behind the last */
    uint32_t n_args;
    int folder, terminal;
    int streams[STREAMS];
    pid_t pid;
    int status;
    uint64_t kill_at_ms;
    bool is_cancelled;
};

/* --- order -------------------------------------------------------------- */

static bool
read_text(struct reader *in, struct arena *a, size_t max, const char **out)
{
    struct str text;

    return reader_str(in, 0, max, &text) && (*out = str_z(a, text)) != NULL;
}

static bool
read_args(struct reader *in, struct arena *a, struct shell *s)
{
    if (!reader_u32(in, &s->n_args) || s->n_args > MASTER_ARGS_MAX ||
        (s->args = ARENA_ARRAY(a, char *, s->n_args + 1u)) == NULL)
        return false;
    for (uint32_t i = 0; i < s->n_args; i++) {
        const char *one;

        if (!read_text(in, a, MASTER_ARGS_BYTES_MAX, &one))
            return false;
        s->args[i] = (char *)(uintptr_t)one;
    }
    s->args[s->n_args] = NULL;
    return reader_at_end(in);
}

static bool
read_order(struct chan_msg *msg, struct arena *a, struct shell *s)
{
    struct reader in = reader_of(msg->payload);
    uint8_t terminals;
    unsigned n = 0;

    if (!read_text(&in, a, SAF_USER_MAX, &s->user) ||
        !read_text(&in, a, SAF_OMVS_PATH_MAX, &s->home) ||
        !read_text(&in, a, SAF_OMVS_PATH_MAX, &s->program) ||
        !reader_u8(&in, &terminals) ||
        !read_text(&in, a, MASTER_TERM_MAX, &s->term) || !read_args(&in, a, s))
        return false;
    s->folder = chan_take_fd(msg, n++);
    s->terminal = terminals != 0 ? chan_take_fd(msg, n++) : -1;
    for (unsigned i = 0; i < STREAMS; i++)
        s->streams[i] =
            (terminals & 1u << i) != 0 ? s->terminal : chan_take_fd(msg, n++);
    return true;
}

/* --- the program -------------------------------------------------------- */

static void
set_environment(const struct shell *s)
{
    const struct {
        const char *name, *value;
    } rows[] = {
        { "USER", s->user },     { "LOGNAME", s->user }, { "HOME", s->home },
        { "SHELL", s->program }, { "TERM", s->term },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].value[0] != '\0')
            (void)setenv(rows[i].name, rows[i].value, 1);
        else
            (void)unsetenv(rows[i].name);
    }
}

/* It is no started task: nobody sends it commands. */
static void
close_task(void)
{
    const char *text = getenv("SALLYPORT_TASK_FD");
    uint64_t fd;

    if (text != NULL && str_to_u64(str_of(text), &fd) && fd <= 0xffff)
        close((int)fd);
    (void)unsetenv("SALLYPORT_TASK_FD");
}

/* Where the caller stands, if this user may; else at home. */
static void
enter_folder(const struct shell *s)
{
    if (fchdir(s->folder) == 0)
        return;
    if (s->home[0] != '\0' && chdir(s->home) == 0)
        return;
    if (chdir("/") == 0)
        fprintf(stderr,
                "sallyport su: neither the caller's folder nor the home folder "
                "\"%s\" can be entered; started in /\n",
                s->home);
}

NORETURN static void
become(const struct shell *s)
{
    const char *base = strrchr(s->program, '/');
    char *alone[] = { (char *)(uintptr_t)(base == NULL ? s->program : base + 1),
                      NULL };
    const char *what = s->n_args > 0 ? s->args[0] : s->program;
    sigset_t none;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)setsid();
    if (s->terminal >= 0)
        (void)ioctl(s->terminal, TIOCSCTTY, 0);
    for (unsigned i = 0; i < STREAMS; i++) {
        /* All lie above 2: the initiator has those open. */
        if (dup2(s->streams[i], (int)i) < 0)
            _exit(STATUS_CANNOT_RUN);
    }
    (void)signal(SIGPIPE, SIG_DFL);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    close_task();
    set_environment(s);
    enter_folder(s);
    if (s->n_args > 0)
        execvp(what, s->args);
    else
        execv(what, alone);
    fprintf(stderr, "sallyport su: %s: %s\n", what, strerror(errno));
    _exit(errno == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN);
}

/* --- until it ends ------------------------------------------------------ */

static void
signal_all(const struct shell *s, int number)
{
    if (kill(-s->pid, number) != 0)
        (void)kill(s->pid, number); /* it leads no session yet */
}

static void
on_master(struct shell *s, int init_fd)
{
    struct chan_msg msg;
    struct reader in;
    uint8_t number;
    enum err e = chan_recv(init_fd, &msg, NULL);

    if (e != ERR_OK || msg.type == INIT_CANCEL) {
        s->is_cancelled = true; /* a master that died is one, too */
        signal_all(s, SIGKILL);
    } else if (msg.type == INIT_STOP) {
        signal_all(s, SIGHUP);
        signal_all(s, SIGCONT);
        s->kill_at_ms = clock_mono_ms() + HANG_UP_MS;
    } else if (msg.type == INIT_SIGNAL) {
        in = reader_of(msg.payload);
        if (reader_u8(&in, &number) && number > 0 && number <= SIGRTMAX)
            signal_all(s, number);
    }
    if (e == ERR_OK)
        chan_msg_fini(&msg);
}

/* Whatever has ended; what left the session is ours once its parent ends. */
static bool
reap(struct shell *s, bool *is_alone)
{
    bool has_ended = false;
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid != s->pid)
            continue;
        s->status = status;
        has_ended = true;
    }
    *is_alone = pid < 0;
    return has_ended;
}

static void
kill_children(void)
{
    char path[64], text[4096], *at = text;
    ssize_t n;
    int fd;

    (void)snprintf(path, sizeof path, "/proc/self/task/%d/children",
                   (int)getpid());
    fd = open(path, O_RDONLY | O_CLOEXEC);
    n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    text[n < 0 ? 0 : n] = '\0';
    for (long pid = strtol(at, &at, 10); pid > 0; pid = strtol(at, &at, 10))
        (void)kill((pid_t)pid, SIGKILL);
    if (fd >= 0)
        close(fd);
}

/* What it left in the background. Where there are cgroups nothing escapes the
 * master; elsewhere this finds all but what may not be killed. */
static void
end_the_rest(struct shell *s)
{
    bool is_alone = false;

    for (unsigned i = 0; i < REST_TRIES && !is_alone; i++) {
        if (i > 0)
            (void)poll(NULL, 0, REST_WAIT_MS);
        kill_children();
        (void)reap(s, &is_alone);
    }
}

static void
wait_for(struct shell *s, int init_fd)
{
    int pidfd = (int)syscall(SYS_pidfd_open, s->pid, 0);
    bool is_alone;

    while (!reap(s, &is_alone) && !is_alone) {
        struct pollfd fds[2] = { { .fd = pidfd, .events = POLLIN },
                                 { .fd = s->is_cancelled ? -1 : init_fd,
                                   .events = POLLIN } };

        if (poll(fds, 2, s->kill_at_ms == 0 ? REAP_MS : 200) > 0 &&
            fds[1].revents != 0)
            on_master(s, init_fd);
        if (s->kill_at_ms != 0 && clock_mono_ms() >= s->kill_at_ms)
            signal_all(s, SIGKILL);
    }
    kill(-s->pid, SIGKILL);
    end_the_rest(s);
    if (pidfd >= 0)
        close(pidfd);
}

/* All but the terminal: a program that has none of its own streams open on it
 * must not be hung up. */
static void
close_given(const struct shell *s)
{
    if (s->folder >= 0)
        close(s->folder);
    for (unsigned i = 0; i < STREAMS; i++) {
        if (s->streams[i] >= 0 && s->streams[i] != s->terminal)
            close(s->streams[i]);
    }
}

enum job_end
shell_run(int init_fd, struct chan_msg *msg, uint32_t *code, char *text,
          size_t cap)
{
    struct shell s = { .folder = -1,
                       .terminal = -1,
                       .streams = { -1, -1, -1 } };
    enum job_end end = JOB_BROKEN;
    struct arena arena;

    arena_init(&arena, 4 * 1024 * 1024);
    if (!read_order(msg, &arena, &s)) {
        (void)snprintf(text, cap, "the master sent no order");
    } else {
        if (s.program[0] == '\0')
            s.program = "/bin/sh";
        (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
        s.pid = fork();
        if (s.pid == 0)
            become(&s);
        close_given(&s);
        if (s.pid < 0) {
            (void)snprintf(text, cap, "fork: %s", strerror(errno));
        } else {
            wait_for(&s, init_fd);
            *code = WIFEXITED(s.status) ? (uint32_t)WEXITSTATUS(s.status)
                                        : 128u + (uint32_t)WTERMSIG(s.status);
            end = s.is_cancelled ? JOB_CANCELLED : JOB_ENDED;
            if (s.is_cancelled)
                (void)snprintf(text, cap, "ABEND=S222");
        }
        if (s.terminal >= 0)
            close(s.terminal);
    }
    arena_fini(&arena);
    return end;
}
