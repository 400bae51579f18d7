#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/reader.h"
#include "region/committer.h"
#include "region/gate.h"
#include "region/supervisor_priv.h"

#define BACKOFF_MS 500u
#define BACKOFF_MAX_MS 30000u
#define WORKER_PROGRAM "sallyport-region-worker"

/* --- committer ------------------------------------------------------------*/

static void
child_signals(void)
{
    sigset_t none;

    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* In a fork: nothing of the supervisor's may stay open there, or a session or a
 * worker's channel would seem alive after its owner's death. */
static void
close_inherited(struct supervisor *s)
{
    for (size_t i = 0; i < s->n_partners; i++)
        close(s->partners[i]->fd);
    for (size_t i = 0; i < s->n_sessions; i++)
        close(s->sessions[i]->fd);
    for (uint32_t i = 0; i < s->defs.sit.mxt; i++)
        if (s->workers[i].pid != 0)
            close(s->workers[i].chan);
    if (s->listener >= 0)
        close(s->listener);
    if (s->committer != 0)
        close(s->committer_chan);
    if (s->gate != 0)
        close(s->gate_chan);
}

static enum err
start_committer(struct supervisor *s, struct err_info *why)
{
    int fds[2];
    enum err e = chan_pair(fds, why);
    pid_t pid;

    if (e != ERR_OK)
        return e;
    pid = fork();
    if (pid < 0) {
        e = err_sys(why, "fork of the committer");
        close(fds[0]);
        close(fds[1]);
        return e;
    }
    if (pid == 0) {
        child_signals();
        (void)prctl(PR_SET_NAME, "committer");
        close(fds[0]);
        close_inherited(s);
        _exit(committer_run(&s->defs, fds[1]));
    }
    close(fds[1]);
    s->committer = pid;
    s->committer_chan = fds[0];
    s->committer_ready = false;
    return ERR_OK;
}

/* A channel between that worker and the committer; returns the worker's end,
 * or -1. */
static int
committer_channel(struct supervisor *s, uint32_t id)
{
    struct err_info why;
    struct buf text;
    int fds[2];
    enum err e;

    if (s->committer == 0 || chan_pair(fds, &why) != ERR_OK)
        return -1;
    buf_init(&text, 16);
    buf_u32(&text, id);
    e = chan_send(s->committer_chan, RMSG_HELLO, 0, buf_view(&text), &fds[1], 1,
                  &why);
    buf_fini(&text);
    close(fds[1]);
    if (e == ERR_OK)
        return fds[0];
    close(fds[0]);
    return -1;
}

static void
renew_committer(struct supervisor *s)
{
    struct err_info why;

    close(s->committer_chan);
    s->committer = 0;
    if (s->is_stopping)
        return;
    REGION_LOG(s, "DFHFC0157");
    if (start_committer(s, &why) != ERR_OK) {
        log_error("%s", why.text);
        s->is_stopping = true;
        s->exit_code = 12;
        return;
    }
    for (uint32_t i = 0; i < s->defs.sit.mxt; i++) {
        struct region_worker *w = &s->workers[i];
        int fd = w->pid == 0 ? -1 : committer_channel(s, w->id);

        if (fd < 0)
            continue;
        if (chan_send(w->chan, RMSG_COMMITTER, 0, STR(""), &fd, 1, &why) !=
            ERR_OK)
            log_info("worker %u: %s", w->id, why.text);
        close(fd);
    }
}

/* --- the gate -------------------------------------------------------------*/

static bool
wants_gate(const struct supervisor *s)
{
    for (size_t i = 0; i < s->defs.n_services; i++)
        if (s->defs.services[i]->is_open)
            return true;
    return false;
}

static void
start_gate(struct supervisor *s)
{
    struct err_info why;
    int fds[2];
    pid_t pid;

    s->gate_start_at_ms = clock_mono_ms() + BACKOFF_MS;
    if (chan_pair(fds, &why) != ERR_OK) {
        log_error("%s", why.text);
        return;
    }
    pid = fork();
    if (pid == 0) {
        child_signals();
        (void)prctl(PR_SET_NAME, "gate");
        close(fds[0]);
        close_inherited(s);
        _exit(gate_run(&s->defs, fds[1]));
    }
    close(fds[1]);
    if (pid < 0) {
        log_error("the gate cannot be started");
        close(fds[0]);
        return;
    }
    s->gate = pid;
    s->gate_chan = fds[0];
}

/* Its partners see the end of their links, and bind again. */
static void
on_gate_end(struct supervisor *s, int status)
{
    unsigned n = s->gate_failures < 6 ? s->gate_failures : 6;

    close(s->gate_chan);
    s->gate = 0;
    s->gate_failures++;
    s->gate_start_at_ms = clock_mono_ms() + (BACKOFF_MS << n);
    if (!s->is_stopping)
        log_error("the gate ended (status %d) and is started again", status);
}

/* --- workers --------------------------------------------------------------*/

static void
keep_open(int fd)
{
    int flags = fcntl(fd, F_GETFD);

    if (flags >= 0)
        (void)fcntl(fd, F_SETFD, flags & ~FD_CLOEXEC);
}

/* The libraries of DFHRPL: data sets of the image, or absolute folders. */
static void
set_library_path(const struct supervisor *s)
{
    struct str rest = s->defs.sit.rpl, item;
    struct buf path;

    buf_init(&path, 8192);
    if (getenv("DD_DFHRPL") != NULL)
        buf_add_z(&path, getenv("DD_DFHRPL"));
    while (path.n == 0 && str_token(&rest, ':', &item)) {
        if (path.n > 0)
            buf_add_char(&path, ':');
        if (item.n > 0 && item.p[0] != '/')
            buf_printf(&path, "%s/datasets/", root_dir());
        buf_add(&path, item);
    }
    (void)setenv("COB_LIBRARY_PATH", buf_z(&path), 1);
    (void)unsetenv("COB_PRE_LOAD");
    (void)setenv("LC_ALL", "C.UTF-8", 1); /* messages that we recognise */
    buf_fini(&path);
}

static NORETURN void
exec_worker(struct supervisor *s, const struct region_worker *w, uint32_t index,
            int control, int committer)
{
    char self[512], value[128];
    const char *token = getenv("SALLYPORT_TOKEN_FD");
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 64);
    uint64_t fd;

    child_signals();
    (void)snprintf(value, sizeof value, STR_FMT ":%u:%u:%d:%d:%d",
                   STR_ARG(s->defs.sit.applid), w->id, index, control,
                   committer, s->pages_fd);
    (void)setenv(REGION_WORKER_ENV, value, 1);
    set_library_path(s);
    keep_open(control);
    keep_open(committer);
    keep_open(s->pages_fd);
    if (token != NULL && str_to_u64(str_of(token), &fd))
        keep_open((int)fd);
    if (n > 0) {
        char *slash;

        self[n] = '\0';
        slash = strrchr(self, '/');
        if (slash != NULL)
            memcpy(slash + 1, WORKER_PROGRAM, sizeof WORKER_PROGRAM);
        execl(self, WORKER_PROGRAM, (char *)NULL);
    }
    log_error("%s cannot be started", self);
    _exit(12);
}

static void
start_worker(struct supervisor *s, uint32_t index)
{
    struct region_worker *w = &s->workers[index];
    struct err_info why;
    int fds[2], committer;
    pid_t pid;

    if (chan_pair(fds, &why) != ERR_OK)
        return;
    w->id = ++s->last_worker;
    committer = committer_channel(s, w->id);
    atomic_store(&s->pages[index + 1].state, PAGE_IDLE);
    pid = committer < 0 ? -1 : fork();
    if (pid == 0) {
        close(fds[0]);
        exec_worker(s, w, index, fds[1], committer);
    }
    close(fds[1]);
    if (committer >= 0)
        close(committer);
    if (pid < 0) {
        log_error("worker %u cannot be started", w->id);
        close(fds[0]);
        w->start_at_ms = clock_mono_ms() + BACKOFF_MS;
        return;
    }
    w->pid = pid;
    w->chan = fds[0];
    w->is_ready = w->is_retired = false;
    for (size_t i = 0; i < s->n_sessions; i++)
        if (s->sessions[i]->worker == index)
            session_attach(s, s->sessions[i]);
}

enum err
pool_start(struct supervisor *s, struct err_info *why)
{
    size_t bytes = (s->defs.sit.mxt + 1u) * sizeof(struct page);

    s->workers = calloc(s->defs.sit.mxt, sizeof *s->workers);
    if (s->workers == NULL)
        return err_set(why, ERR_MEMORY, "no storage for the workers");
    s->pages_fd = memfd_create("region", MFD_CLOEXEC);
    if (s->pages_fd < 0 || ftruncate(s->pages_fd, (off_t)bytes) != 0)
        return err_sys(why, "pages of the region");
    s->pages =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, s->pages_fd, 0);
    if (s->pages == MAP_FAILED)
        return err_sys(why, "pages of the region");
    return start_committer(s, why);
}

void
pool_turn(struct supervisor *s)
{
    uint64_t now = clock_mono_ms();

    if (!s->committer_ready || s->is_stopping)
        return;
    for (uint32_t i = 0; i < s->defs.sit.mxt; i++)
        if (s->workers[i].pid == 0 && s->workers[i].start_at_ms <= now)
            start_worker(s, i);
    if (s->is_announced && s->gate == 0 && s->gate_start_at_ms <= now &&
        wants_gate(s))
        start_gate(s);
}

/* --- answering for the dead -----------------------------------------------*/

static const char *
abend_of(const struct page *page, int status)
{
    if (page->abcode[0] != '\0')
        return "AICA";
    return WIFEXITED(status) ? "AEI0" : "ASRA";
}

/* The request it had taken; what it had not waits for the next worker. */
static bool
read_taken(const struct page *page, struct isc_head *head)
{
    return isc_head_read(str_n(page->head, sizeof page->head), head, NULL) ==
               ERR_OK &&
           head->type == ISC_REQ;
}

static void
answer_for(struct supervisor *s, const struct page *page, int status)
{
    struct region_session *session = session_find(s, atomic_load(&page->key));
    const char *abcode = abend_of(page, status);
    struct isc_rsp *rsp = calloc(1, sizeof *rsp);
    int fds[ISC_FDS_MAX];
    unsigned n_fds;
    struct err_info why;
    struct isc_head head;
    struct buf frame;
    char detail[96];

    if (rsp == NULL || session == NULL || !read_taken(page, &head)) {
        free(rsp);
        return;
    }
    if (WIFSIGNALED(status))
        (void)snprintf(detail, sizeof detail, "program ended by signal %d%s",
                       WTERMSIG(status),
                       page->abcode[0] != '\0' ? " (runaway task)" : "");
    else
        (void)snprintf(detail, sizeof detail, "program ended the process (%d)",
                       WEXITSTATUS(status));
    rsp->outcome = ISC_ABEND;
    rsp->abcode = str_of(abcode);
    rsp->detail = str_of(detail);
    rsp->task = atomic_load(&page->task);
    rsp->applid = s->defs.sit.applid;
    rsp->transid = str_n(page->transid, strnlen(page->transid, 4));
    rsp->program = str_n(page->program, strnlen(page->program, 8));
    rsp->user = str_n(page->user, strnlen(page->user, 8));
    buf_init(&frame, ISC_FRAME_MAX);
    if (isc_rsp_write(&frame, session->number, head.sequence, rsp, fds, &n_fds,
                      &why) != ERR_OK ||
        isc_send(session->fd, buf_view(&frame), NULL, 0, &why) != ERR_OK)
        log_info("abend not told: %s", why.text);
    buf_fini(&frame);
    REGION_LOG(s, "DFHAC2236", rsp->abcode, rsp->program, rsp->transid,
               rsp->user, str_of(detail));
    free(rsp);
}

static void
on_worker_end(struct supervisor *s, uint32_t index, int status)
{
    struct region_worker *w = &s->workers[index];
    struct page *page = &s->pages[index + 1];
    bool was_running = atomic_load(&page->state) == PAGE_RUNNING;

    if (was_running)
        answer_for(s, page, status);
    w->failures = w->is_ready || was_running ? 0 : w->failures + 1;
    w->start_at_ms = clock_mono_ms();
    if (w->failures > 0 && !s->is_stopping) {
        uint64_t wait = BACKOFF_MS << (w->failures < 6 ? w->failures : 6);

        w->start_at_ms += wait < BACKOFF_MAX_MS ? wait : BACKOFF_MAX_MS;
        log_error("worker %u ended before it was ready (status %d)", w->id,
                  status);
    }
    close(w->chan);
    w->pid = 0;
    w->is_ready = false;
    /* Its sessions go to whoever is alive when it may not come back at once. */
    for (size_t i = 0; w->failures > 0 && i < s->n_sessions; i++)
        if (s->sessions[i]->worker == index)
            session_attach(s, s->sessions[i]);
}

void
pool_reap(struct supervisor *s)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == s->committer) {
            bool was_ready = s->committer_ready;

            renew_committer(s);
            if (!was_ready && !s->is_stopping) { /* it cannot work at all */
                s->is_stopping = true;
                s->exit_code = 12;
            }
            continue;
        }
        if (pid == s->gate)
            on_gate_end(s, status);
        for (uint32_t i = 0; i < s->defs.sit.mxt; i++)
            if (s->workers[i].pid == pid)
                on_worker_end(s, i, status);
    }
    pool_turn(s);
}

static void
log_message(struct supervisor *s, struct str payload)
{
    struct reader in = reader_of(payload);
    struct str id, inserts[8];
    char text[16];
    size_t n = 0;

    if (!reader_str(&in, 1, 15, &id) || !str_copy_z(id, text, sizeof text))
        return;
    while (n < ARRAY_LEN(inserts) && reader_str(&in, 0, 1024, &inserts[n]))
        n++;
    region_log(s, text, inserts, n);
}

void
pool_committer_event(struct supervisor *s)
{
    struct chan_msg msg = { 0 };
    struct err_info why;

    if (chan_recv(s->committer_chan, &msg, &why) != ERR_OK)
        return; /* its end comes by SIGCHLD */
    if (msg.type == RMSG_READY)
        s->committer_ready = true;
    else if (msg.type == RMSG_LOG)
        log_message(s, msg.payload);
    chan_msg_fini(&msg);
}

void
pool_gate_event(struct supervisor *s)
{
    struct chan_msg msg = { 0 };
    struct err_info why;

    if (chan_recv(s->gate_chan, &msg, &why) != ERR_OK)
        return; /* its end comes by SIGCHLD */
    if (msg.type == RMSG_PARTNER) {
        s->gate_failures = 0;
        bind_remote(s, &msg);
    } else if (msg.type == RMSG_LOG) {
        log_message(s, msg.payload);
    }
    chan_msg_fini(&msg);
}

void
pool_worker_event(struct supervisor *s, struct region_worker *w)
{
    struct chan_msg msg = { 0 };
    struct err_info why;

    if (chan_recv(w->chan, &msg, &why) != ERR_OK)
        return; /* its end comes by SIGCHLD */
    if (msg.type == RMSG_READY) {
        w->is_ready = true;
        w->failures = 0;
    } else if (msg.type == RMSG_LOG) {
        log_message(s, msg.payload);
    }
    chan_msg_fini(&msg);
}

void
pool_retire(struct supervisor *s)
{
    struct err_info why;

    for (uint32_t i = 0; i < s->defs.sit.mxt; i++) {
        struct region_worker *w = &s->workers[i];

        if (w->pid == 0 || w->is_retired)
            continue;
        w->is_retired = true;
        if (chan_send(w->chan, RMSG_RETIRE, 0, STR(""), NULL, 0, &why) !=
            ERR_OK)
            log_info("worker %u: %s", w->id, why.text);
    }
}

void
pool_kill(struct supervisor *s)
{
    for (uint32_t i = 0; i < s->defs.sit.mxt; i++)
        if (s->workers[i].pid != 0) {
            (void)kill(s->workers[i].pid, SIGKILL);
            (void)waitpid(s->workers[i].pid, NULL, 0);
        }
    if (s->gate != 0) {
        (void)kill(s->gate, SIGKILL);
        (void)waitpid(s->gate, NULL, 0);
    }
    if (s->committer != 0) {
        close(s->committer_chan); /* it ends after the group under way */
        (void)waitpid(s->committer, NULL, 0);
    }
}
