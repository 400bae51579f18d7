#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <poll.h>
#include <unistd.h>

#include "angel.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

/*
 * The first process. It reads nothing from anybody: it forks the others,
 * connects them, and starts again what died. When the front ends by itself
 * (SIGTERM, the master gone) all end.
 */
struct nest {
    pid_t pids[CHILDREN];
    uint64_t started_ms[CHILDREN];
    struct front_start front;
    int to_front; /* our end of front.nest */
    sigset_t signals;
    bool is_ending; /* was told to: what dies now stays dead */
};

bool angel_is_private;

#define RESTART_PAUSE_MS 500u /* of a child that dies at once */

static const char *
child_name(unsigned child)
{
    return child == CHILD_FRONT      ? "front"
           : child == CHILD_KEEPER   ? "keeper"
           : child == CHILD_RECORDER ? "recorder"
                                     : "verifier";
}

static NORETURN void
run_child(struct nest *nest, unsigned child, int fd)
{
    pid_t parent = getppid();
    char name[16]; /* of the process, as ps -o comm shows it */
    int status;

    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != parent)
        _exit(1);
    (void)snprintf(name, sizeof name, "angel-%s", child_name(child));
    (void)prctl(PR_SET_NAME, name, 0, 0, 0);
    /* The front reads its signals from a descriptor; one that comes before that
     * is open must wait for it, not kill. */
    if (child != CHILD_FRONT) {
        (void)sigprocmask(SIG_UNBLOCK, &nest->signals, NULL);
        /* A terminal's ^C reaches the whole group; only the front's end ends
         * the others. */
        (void)signal(SIGINT, SIG_IGN);
        (void)signal(SIGTERM, SIG_IGN);
        for (unsigned i = 0; i < CHILDREN; i++) {
            if (nest->front.fds[i] >= 0 && nest->front.fds[i] != fd)
                close(nest->front.fds[i]);
        }
        if (nest->front.control >= 0)
            close(nest->front.control);
        if (nest->front.nest >= 0)
            close(nest->front.nest);
    }
    if (nest->to_front >= 0)
        close(nest->to_front);
    status = child == CHILD_FRONT      ? front_run(&nest->front)
             : child == CHILD_KEEPER   ? keeper_run(fd)
             : child == CHILD_RECORDER ? recorder_run(fd)
                                       : verifier_run(fd);
    exit(status);
}

/* Start anything but the front; its other end goes to *front_end. */
static enum err
start_child(struct nest *nest, unsigned child, int *front_end,
            struct err_info *why)
{
    enum err e;
    int pair[2];

    e = chan_pair(pair, why);
    if (e != ERR_OK)
        return e;
    nest->started_ms[child] = clock_mono_ms();
    nest->pids[child] = fork();
    if (nest->pids[child] == 0) {
        close(pair[0]);
        run_child(nest, child, pair[1]);
    }
    close(pair[1]);
    if (nest->pids[child] < 0) {
        close(pair[0]);
        return err_sys(why, "fork");
    }
    *front_end = pair[0];
    return ERR_OK;
}

static void
close_front_ends(struct nest *nest)
{
    for (unsigned i = 0; i < CHILDREN; i++) {
        if (nest->front.fds[i] >= 0)
            close(nest->front.fds[i]);
        nest->front.fds[i] = -1;
    }
    if (nest->front.nest >= 0)
        close(nest->front.nest);
    nest->front.nest = -1;
}

/* The front and fresh helpers: old helpers end when their old channel does. */
static enum err
start_all(struct nest *nest, struct err_info *why)
{
    enum err e = ERR_OK;
    int pair[2];

    for (unsigned i = CHILD_KEEPER; i < CHILDREN && e == ERR_OK; i++)
        e = start_child(nest, i, &nest->front.fds[i], why);
    if (e == ERR_OK)
        e = chan_pair(pair, why);
    if (e != ERR_OK)
        return e;
    if (nest->to_front >= 0)
        close(nest->to_front);
    nest->to_front = pair[0];
    nest->front.nest = pair[1];
    nest->started_ms[CHILD_FRONT] = clock_mono_ms();
    nest->pids[CHILD_FRONT] = fork();
    if (nest->pids[CHILD_FRONT] == 0)
        run_child(nest, CHILD_FRONT, -1);
    close_front_ends(nest);
    return nest->pids[CHILD_FRONT] < 0 ? err_sys(why, "fork") : ERR_OK;
}

static void
restart_helper(struct nest *nest, unsigned child)
{
    struct err_info why = { 0 };
    char number = (char)child;
    int fd = -1;

    if (start_child(nest, child, &fd, &why) != ERR_OK ||
        chan_send(nest->to_front, NEST_CHILD, 0, str_n(&number, 1), &fd, 1,
                  &why) != ERR_OK)
        log_info("%s: %s", child_name(child), why.text);
    if (fd >= 0)
        close(fd);
}

static void
pause_if_fast(struct nest *nest, unsigned child)
{
    struct timespec t = { 0, RESTART_PAUSE_MS * 1000000L };

    if (clock_mono_ms() - nest->started_ms[child] < RESTART_PAUSE_MS)
        nanosleep(&t, NULL);
}

/* True to go on; otherwise *status is the program's exit status. */
static bool
bury(struct nest *nest, pid_t pid, int how, int *status)
{
    struct err_info why = { 0 };
    unsigned child = 0;

    while (child < CHILDREN && nest->pids[child] != pid)
        child++;
    if (child == CHILDREN)
        return true; /* a helper of a front that is gone */
    nest->pids[child] = 0;
    if (child == CHILD_FRONT && (WIFEXITED(how) || nest->is_ending)) {
        *status = WIFEXITED(how) ? WEXITSTATUS(how) : 0;
        return false;
    }
    if (WIFSIGNALED(how))
        log_warn("%s (pid %d) ended by signal %d, starting it again",
                 child_name(child), (int)pid, WTERMSIG(how));
    pause_if_fast(nest, child);
    if (child != CHILD_FRONT) {
        restart_helper(nest, child);
        return true;
    }
    nest->front.is_again = true;
    if (start_all(nest, &why) != ERR_OK) {
        log_error("%s", why.text);
        *status = 1;
        return false;
    }
    return true;
}

static enum err
make_folders(struct err_info *why)
{
    static const struct {
        const char *name;
        mode_t mode;
        enum child owner;
    } rows[] = {
        { "saf", 0700, CHILD_FRONT },    { "angel", 0755, CHILD_FRONT },
        { "log", 0755, CHILD_RECORDER }, { "smf", 0750, CHILD_RECORDER },
        { "datasets", 0755, CHILDREN },
    };
    struct arena a;
    enum err e = ERR_OK;

    arena_init(&a, 1u << 16);
    for (size_t i = 0; i < ARRAY_LEN(rows) && e == ERR_OK; i++) {
        char *path = root_path(&a, "%s", rows[i].name);

        e = path == NULL ? err_set(why, ERR_MEMORY, "no storage")
                         : dir_make(path, rows[i].mode, why);
        if (e == ERR_OK && !angel_is_private && rows[i].owner != CHILDREN &&
            chown(path, confine_uid(rows[i].owner), 0) != 0)
            e = err_sys(why, "%s", path);
        /* RACDCERT ADD, EXPORT and GENREQ use data sets. */
        if (e == ERR_OK && !angel_is_private && rows[i].owner == CHILDREN &&
            (chown(path, (uid_t)-1, confine_uid(CHILD_FRONT)) != 0 ||
             chmod(path, 0775) != 0))
            e = err_sys(why, "%s", path);
    }
    arena_fini(&a);
    return e;
}

static int
control_fd(void)
{
    const char *text = getenv("SALLYPORT_ANGEL_CONTROL_FD");
    uint64_t n;

    if (text == NULL || !str_to_u64(str_of(text), &n) || n > 65535)
        return -1;
    unsetenv("SALLYPORT_ANGEL_CONTROL_FD");
    return (int)n;
}

static int
watch(struct nest *nest, int signals)
{
    for (;;) {
        struct signalfd_siginfo info;
        int status = 0, how;
        pid_t pid;

        if (read(signals, &info, sizeof info) != (ssize_t)sizeof info) {
            if (errno == EINTR)
                continue;
            return 1;
        }
        if (info.ssi_signo != SIGCHLD) {
            nest->is_ending = true;
            if (nest->pids[CHILD_FRONT] > 0)
                (void)kill(nest->pids[CHILD_FRONT], SIGTERM);
            continue;
        }
        while ((pid = waitpid(-1, &how, WNOHANG)) > 0) {
            if (!bury(nest, pid, how, &status))
                return status;
        }
    }
}

/* The master's id of this IPL, else (a plain start) one of our own. */
static bool
make_ipl_id(unsigned char id[JOBTOKEN_IPL_BYTES])
{
    const char *hex = getenv("SALLYPORT_ANGEL_IPL");
    size_t n = 0;

    while (hex != NULL && n < JOBTOKEN_IPL_BYTES &&
           sscanf(hex + 2 * n, "%2hhx", &id[n]) == 1)
        n++;
    return n == JOBTOKEN_IPL_BYTES ||
           getrandom(id, JOBTOKEN_IPL_BYTES, 0) == (ssize_t)JOBTOKEN_IPL_BYTES;
}

int
nest_run(bool is_foreground)
{
    struct nest nest = { .to_front = -1 };
    struct err_info why = { 0 };
    int signals;

    angel_is_private = root_is_private();
    file_limit_raise();
    memset(nest.front.fds, 0xff, sizeof nest.front.fds);
    nest.front.nest = -1;
    nest.front.is_foreground = is_foreground;
    nest.front.control = control_fd();
    sigemptyset(&nest.signals);
    sigaddset(&nest.signals, SIGCHLD);
    sigaddset(&nest.signals, SIGTERM);
    sigaddset(&nest.signals, SIGINT);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a full disk is an error, no death */
    umask(0022);
    if (sigprocmask(SIG_BLOCK, &nest.signals, NULL) != 0 ||
        (signals = signalfd(-1, &nest.signals, SFD_CLOEXEC)) < 0 ||
        !make_ipl_id(nest.front.ipl)) {
        log_error("start: %s", strerror(errno));
        return 1;
    }
    if (confine_nest(&why) != ERR_OK || make_folders(&why) != ERR_OK ||
        start_all(&nest, &why) != ERR_OK) {
        log_error("%s", why.text);
        return 1;
    }
    return watch(&nest, signals);
}
