#include "batch/master.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "batch/autolog.h"
#include "batch/master_priv.h"
#include "batch/master_wire.h"
#include "batch/tcpip.h"
#include "ipc/cgroup.h"
#include "ipc/chan.h"

#define ANGEL_READY_MS 30000u
#define ANGEL_END_MS 5000
#define SWEEPS_MAX 20u
#define SWEEP_WAIT_MS 50

void
master_syslog(struct master *m, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (m->saf != NULL)
        saf_syslog(m->saf, str_of(text));
}

/* --- the angel ---------------------------------------------------------- */

NORETURN static void
angel_child(struct master *m, int fd)
{
    char program[512], number[16];
    sigset_t none;

    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)setpgid(0, 0); /* Ctrl-C is for the master; it ends the angel last */
    (void)fcntl(fd, F_SETFD, 0);
    (void)snprintf(number, sizeof number, "%d", fd);
    (void)setenv("SALLYPORT_ANGEL_CONTROL_FD", number, 1);
    (void)setenv("SALLYPORT_ANGEL_IPL", m->ipl, 1);
    (void)snprintf(program, sizeof program, "%s/sallyport-angel",
                   m->options.program_dir);
    execl(program, program, (char *)NULL);
    log_error("%s: %s", program, strerror(errno));
    _exit(127);
}

enum err
master_angel_start(struct master *m, struct err_info *why)
{
    int pair[2];
    enum err e = chan_pair(pair, why);

    if (e != ERR_OK)
        return e;
    m->angel_pid = fork();
    if (m->angel_pid == 0) {
        close(pair[0]);
        angel_child(m, pair[1]);
    }
    close(pair[1]);
    if (m->angel_pid < 0) {
        close(pair[0]);
        return err_sys(why, "fork");
    }
    m->angel_pidfd = (int)syscall(SYS_pidfd_open, m->angel_pid, 0);
    if ((e = saf_attach(pair[0], &m->control, why)) != ERR_OK ||
        (e = saf_wait_ready(m->control, ANGEL_READY_MS, why)) != ERR_OK ||
        (e = saf_connect((struct str){ 0 }, &m->saf, why)) != ERR_OK) {
        err_prefix(why, "the angel did not start");
        master_angel_stop(m);
    }
    return e;
}

void
master_angel_stop(struct master *m)
{
    struct pollfd pfd = { .fd = m->angel_pidfd, .events = POLLIN };

    saf_disconnect(&m->saf);
    saf_disconnect(&m->control);
    if (m->angel_pid <= 0)
        return;
    kill(m->angel_pid, SIGTERM);
    if (m->angel_pidfd < 0 || poll(&pfd, 1, ANGEL_END_MS) != 1)
        kill(m->angel_pid, SIGKILL);
    (void)waitpid(m->angel_pid, NULL, 0);
    if (m->angel_pidfd >= 0)
        close(m->angel_pidfd);
    m->angel_pid = 0;
    m->angel_pidfd = -1;
}

static void
register_again(struct master *m, struct space *space)
{
    struct saf_job job = {
        .job_name = str_of(space->record.name),
        .job_id = str_of(space->record.id),
        .user = str_of(space->record.user),
        .submitter = str_of(space->record.user),
        .proc = str_of(space->record.proc),
        .pidfd = space->pidfd,
        .cgroup = str_of(space->cgroup),
        .root_uid = root_is_private() ? 0 : m->uids.first,
    };
    struct buf token;
    struct acee *acee = NULL;
    struct err_info why;
    struct saf_rc rc;

    buf_init(&token, 4096);
    if (saf_register_job(m->control, &job, &token, &acee, NULL, &rc, &why) !=
        ERR_OK)
        log_warn("%s: %s", space->record.id, why.text);
    acee_unref(&acee);
    buf_fini(&token);
}

void
master_angel_restart(struct master *m)
{
    struct err_info why;

    log_error("the angel ended; it is started again");
    master_angel_stop(m);
    if (master_angel_start(m, &why) != ERR_OK) {
        log_error("%s", why.text);
        master_shutdown(m);
        return;
    }
    for (size_t i = 0; i < m->n_spaces; i++)
        register_again(m, m->spaces[i]);
}

/* --- start -------------------------------------------------------------- */

static enum err
make_folders(const struct master *m, struct err_info *why)
{
    static const struct {
        const char *name;
        mode_t mode;
    } folders[] = {
        { "master", 0755 }, { "spool", 0700 },
        { "log", 0755 },    { "datasets", 0755 },
        { "etc", 0755 },    { "datasets/SYS1.PROCLIB", 0755 },
    };
    bool is_first = !proclib_exists();
    enum err e = dir_make(root_dir(), 0755, why);

    for (size_t i = 0; e == ERR_OK && i < ARRAY_LEN(folders); i++) {
        struct arena arena;
        char *path;

        arena_init(&arena, 8192);
        path = root_path(&arena, "%s", folders[i].name);
        e = path == NULL ? ERR_MEMORY : dir_make(path, folders[i].mode, why);
        arena_fini(&arena);
    }
    if (e == ERR_OK && is_first)
        proclib_fill(m->options.program_dir);
    return e;
}

static enum err
open_signals(struct master *m, struct err_info *why)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    m->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return m->signal_fd >= 0 ? ERR_OK : err_sys(why, "signalfd");
}

static enum err
listen_clients(struct master *m, struct err_info *why)
{
    struct arena arena;
    char *path;
    enum err e;

    arena_init(&arena, 8192);
    path = root_path(&arena, MASTER_SOCKET);
    /* Everybody may connect: who may what is decided for each request. */
    e = path == NULL ? ERR_MEMORY
                     : chan_listen(path, root_is_private() ? 0600 : 0666,
                                   &m->listener, why);
    if (e == ERR_EXISTS)
        e = err_set(why, ERR_EXISTS, "the image %s is already up (%s)",
                    root_dir(), path);
    arena_fini(&arena);
    if (e == ERR_OK)
        (void)fcntl(m->listener, F_SETFL, O_NONBLOCK);
    return e;
}

/* --- loop --------------------------------------------------------------- */

enum watch_kind {
    WATCH_SIGNAL,
    WATCH_LISTENER,
    WATCH_ANGEL,
    WATCH_CONTROL,
    WATCH_SAF,
    WATCH_SESSION,
    WATCH_TASK,
    WATCH_INITIATOR,
    WATCH_EXIT,
};

struct watch {
    enum watch_kind kind;
    void *what;
};

#define WATCHES_MAX (5u + MASTER_SESSIONS_MAX + 3u * MASTER_SPACES_MAX)

struct watches {
    struct pollfd fds[WATCHES_MAX];
    struct watch v[WATCHES_MAX];
    nfds_t n;
};

static void
watch(struct watches *w, int fd, enum watch_kind kind, void *what)
{
    if (fd < 0)
        return;
    w->fds[w->n] = (struct pollfd){ .fd = fd, .events = POLLIN };
    w->v[w->n++] = (struct watch){ kind, what };
}

static void
collect(struct master *m, struct watches *w)
{
    w->n = 0;
    watch(w, m->signal_fd, WATCH_SIGNAL, NULL);
    watch(w, m->listener, WATCH_LISTENER, NULL);
    watch(w, m->angel_pidfd, WATCH_ANGEL, NULL);
    if (m->control != NULL)
        watch(w, saf_fd(m->control), WATCH_CONTROL, NULL);
    if (m->saf != NULL)
        watch(w, saf_fd(m->saf), WATCH_SAF, NULL);
    for (size_t i = 0; i < m->n_sessions; i++)
        watch(w, m->sessions[i]->fd, WATCH_SESSION, m->sessions[i]);
    for (size_t i = 0; i < m->n_spaces; i++) {
        watch(w, m->spaces[i]->task_fd, WATCH_TASK, m->spaces[i]);
        watch(w, m->spaces[i]->init_fd, WATCH_INITIATOR, m->spaces[i]);
        watch(w, m->spaces[i]->pidfd, WATCH_EXIT, m->spaces[i]);
    }
}

static bool
is_space(const struct master *m, const void *what)
{
    for (size_t i = 0; i < m->n_spaces; i++) {
        if (m->spaces[i] == what)
            return true;
    }
    return false;
}

static void
on_signal(struct master *m)
{
    struct signalfd_siginfo info;

    if (read(m->signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
        master_shutdown(m);
}

static void
process_saf(struct saf_client *client, const char *what)
{
    struct err_info why;

    if (client != NULL && saf_process(client, &why) != ERR_OK)
        log_info("%s: %s", what, why.text);
}

static void
dispatch(struct master *m, const struct watch *w)
{
    switch (w->kind) {
    case WATCH_SIGNAL:
        on_signal(m);
        break;
    case WATCH_LISTENER:
        session_accept(m);
        break;
    case WATCH_ANGEL:
        if (!m->is_stopping)
            master_angel_restart(m);
        break;
    case WATCH_CONTROL:
        process_saf(m->control, "control");
        break;
    case WATCH_SAF:
        process_saf(m->saf, "angel");
        break;
    case WATCH_SESSION:
        session_on_message(w->what);
        break;
    case WATCH_TASK:
        if (is_space(m, w->what))
            space_on_task(w->what);
        break;
    case WATCH_INITIATOR:
        if (is_space(m, w->what))
            space_on_initiator(w->what);
        break;
    case WATCH_EXIT:
        if (is_space(m, w->what))
            space_on_exit(w->what);
        break;
    }
}

static void
drop_closed_sessions(struct master *m)
{
    for (size_t i = 0; i < m->n_sessions;) {
        struct session *s = m->sessions[i];

        if (!s->is_closed) {
            i++;
            continue;
        }
        su_hang_up(s);
        for (size_t k = 0; k < m->n_spaces; k++) {
            if (m->spaces[k]->starter == s)
                m->spaces[k]->starter = NULL;
        }
        m->sessions[i] = m->sessions[--m->n_sessions];
        session_free(&s);
    }
}

void
master_shutdown(struct master *m)
{
    if (m->is_stopping)
        return;
    m->is_stopping = true;
    m->stop_at_ms = clock_mono_ms() + MASTER_STOP_WAIT_MS;
    for (size_t i = 0; i < m->n_spaces; i++)
        space_stop(m->spaces[i], ++m->next_command, TASK_BY_MASTER);
}

static bool
is_running(void *arg, const char *job_id)
{
    return space_find_id(arg, job_id) != NULL;
}

/* What did not end by itself is cancelled, and then killed. */
static void
check_time(struct master *m)
{
    uint64_t now = clock_mono_ms();

    sessions_check_time(m, now);
    if (m->sweep_at_ms != 0 && now >= m->sweep_at_ms)
        m->sweep_at_ms =
            cgroup_sweep(false, is_running, m) ? 0 : now + MASTER_SWEEP_MS;
    if (m->is_stopping && now >= m->stop_at_ms && !m->stop_cancelled) {
        m->stop_cancelled = true;
        for (size_t i = 0; i < m->n_spaces; i++)
            space_cancel(m->spaces[i]);
    }
    for (size_t i = 0; i < m->n_spaces; i++) {
        if (m->spaces[i]->kill_at_ms != 0 && now >= m->spaces[i]->kill_at_ms)
            space_kill(m->spaces[i]);
    }
}

/* The last of them leave within moments; what a stack needs stays with it. */
static void
end_cgroups(void)
{
    for (unsigned i = 0; i < SWEEPS_MAX && !cgroup_sweep(false, NULL, NULL);
         i++)
        (void)poll(NULL, 0, SWEEP_WAIT_MS);
}

static void
loop(struct master *m, struct watches *w)
{
    while (!m->is_stopping || m->n_spaces > 0) {
        collect(m, w);
        if (poll(w->fds, w->n, 250) > 0) {
            for (nfds_t i = 0; i < w->n; i++) {
                if (w->fds[i].revents != 0)
                    dispatch(m, &w->v[i]);
            }
        }
        check_time(m);
        drop_closed_sessions(m);
    }
}

static void
tell_ready(struct master *m)
{
    if (m->options.ready_fd < 0)
        return;
    if (write(m->options.ready_fd, "R", 1) != 1)
        log_warn("nobody waits for the start");
    close(m->options.ready_fd);
    m->options.ready_fd = -1;
}

static void
master_end(struct master *m)
{
    tcpip_end();
    end_cgroups();
    master_syslog(m, "sallyport master ended");
    master_angel_stop(m);
    if (m->listener >= 0) {
        struct arena arena;
        char *path;

        close(m->listener);
        arena_init(&arena, 8192);
        path = root_path(&arena, MASTER_SOCKET);
        if (path != NULL)
            (void)unlink(path);
        arena_fini(&arena);
    }
    /* Who asked for the end hears when the image can be started again. */
    for (size_t i = 0; i < m->n_sessions; i++) {
        if (m->sessions[i]->is_shutdown)
            session_done(m->sessions[i], 0);
        session_free(&m->sessions[i]);
    }
    if (m->signal_fd >= 0)
        close(m->signal_fd);
}

static enum err
make_ipl_id(struct master *m, struct err_info *why)
{
    unsigned char id[(sizeof m->ipl - 1) / 2];

    if (getrandom(id, sizeof id, 0) != (ssize_t)sizeof id)
        return err_sys(why, "random numbers");
    for (size_t i = 0; i < sizeof id; i++)
        (void)snprintf(m->ipl + 2 * i, 3, "%02x", id[i]);
    return ERR_OK;
}

enum err
master_run(const struct master_options *options, struct err_info *why)
{
    struct master *m = calloc(1, sizeof *m);
    struct watches *w = calloc(1, sizeof *w);
    enum err e = ERR_OK;

    if (m == NULL || w == NULL) {
        free(m);
        free(w);
        return err_set(why, ERR_MEMORY, "no storage for the master");
    }
    m->options = *options;
    m->listener = m->signal_fd = m->angel_pidfd = -1;
    if ((e = make_folders(m, why)) == ERR_OK &&
        (e = make_ipl_id(m, why)) == ERR_OK &&
        (e = uid_range_read(&m->uids, why)) == ERR_OK &&
        (e = open_signals(m, why)) == ERR_OK &&
        (e = listen_clients(m, why)) == ERR_OK &&
        (e = master_angel_start(m, why)) == ERR_OK) {
        master_clean_spool(m);
        tcpip_ipl(m);
        master_syslog(m, "sallyport master ready");
        tell_ready(m);
        tcpip_autolog(m);
        loop(m, w);
    }
    master_end(m);
    autolog_free(m);
    free(w);
    free(m);
    return e;
}
