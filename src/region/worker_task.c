/*
 * One task: whom it runs as, its program, its answer. A program that takes the
 * process down costs that task alone.
 */
#include "region/worker.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include <libcob.h>

#include "base/clock.h"
#include "base/log.h"
#include "region/worker_priv.h"

#define TICK_MS 50u
#define SEND_WAIT_MS 2000

static volatile sig_atomic_t ticks, ticks_max;
static char runtime_error[256];

/* --- answering ------------------------------------------------------------*/

static void
send_response(struct isc_rsp *rsp)
{
    static struct buf frame;
    struct session *s = worker.session;
    int fds[ISC_FDS_MAX];
    unsigned n_fds = 0;
    struct err_info why;
    enum err e;

    if (frame.max == 0)
        buf_init(&frame, ISC_FRAME_MAX);
    buf_clear(&frame);
    rsp->elapsed_us = (uint32_t)(clock_mono_us() - worker.began_us);
    rsp->applid = worker.defs.sit.applid;
    e = isc_rsp_write(&frame, s->number, worker.sequence, rsp, fds, &n_fds,
                      &why);
    if (e != ERR_OK) { /* more than a frame holds */
        struct isc_rsp failed = { .outcome = ISC_BAD_REQUEST,
                                  .detail = str_of(why.text),
                                  .task = rsp->task };

        buf_clear(&frame);
        e = isc_rsp_write(&frame, s->number, worker.sequence, &failed, fds,
                          &n_fds, &why);
    }
    for (int tries = 0; e == ERR_OK && tries < 2; tries++) {
        struct pollfd p = { s->fd, POLLOUT, 0 };

        e = isc_send(s->fd, buf_view(&frame), fds, n_fds, &why);
        if (e != ERR_AGAIN || poll(&p, 1, SEND_WAIT_MS) < 1)
            break;
        e = ERR_OK;
    }
    atomic_store(&worker.page->state, PAGE_ANSWERED);
    while (n_fds > 0)
        close(fds[--n_fds]);
    if (e != ERR_OK)
        log_info("worker: answer lost: %s", why.text);
}

static void
refuse(enum isc_class outcome, const char *reason, const char *abcode,
       const char *detail)
{
    worker.rsp.outcome = outcome;
    worker.rsp.reason = str_of(reason);
    worker.rsp.abcode = str_of(abcode);
    worker.rsp.detail = str_sub(str_of(detail), 0, 500);
    send_response(&worker.rsp);
}

static void
log_abend(const struct cics_task *task)
{
    const struct str inserts[] = {
        worker.defs.sit.applid,       str_of(task->abcode),
        str_of(worker.page->program), str_of(task->transid),
        str_of(task->user),           str_of(task->detail)
    };

    worker_log("DFHAC2236", inserts, ARRAY_LEN(inserts));
}

/* --- the task's end -------------------------------------------------------*/

static void
collect_areas(struct cics_task *task, struct isc_rsp *rsp)
{
    struct channel *channel = channel_find(&task->channels, worker.req.channel);

    rsp->n_areas = 0;
    if (channel == NULL)
        return;
    rsp->channel = str_of(channel->name);
    for (struct container *c = channel->first;
         c != NULL && rsp->n_areas < ISC_AREAS_MAX; c = c->next)
        rsp->areas[rsp->n_areas++] =
            (struct isc_area){ .name = str_of(c->name),
                               .is_char = c->is_char,
                               .ccsid = c->ccsid,
                               .data = container_data(c),
                               .fd_at = -1 };
}

static void
answer_abend(struct cics_task *task)
{
    unit_backout(&task->unit);
    log_abend(task);
    refuse(ISC_ABEND, "", task->abcode, task->detail);
}

static void
answer_normal(struct cics_task *task)
{
    struct err_info why = { 0 };
    enum err e = unit_commit(&task->unit, &why);

    if (e != ERR_OK) {
        memcpy(task->abcode, "ASP7", sizeof task->abcode);
        (void)snprintf(task->detail, sizeof task->detail,
                       "syncpoint at the task's end: %.200s", why.text);
        answer_abend(task);
        return;
    }
    worker.rsp.outcome = ISC_OK;
    if (worker.req.has_commarea) {
        worker.rsp.has_commarea = true;
        worker.rsp.commarea = str_n(worker.commarea, worker.req.commarea.n);
    }
    collect_areas(task, &worker.rsp);
    send_response(&worker.rsp);
}

/* STOP RUN, a CALL of a missing module, a run-time check: libcob ends the
 * process. The task is answered on the way out. */
static void
on_process_exit(int status, void *arg)
{
    struct cics_task *task = &worker.task;

    (void)arg;
    if (!worker.is_running)
        return;
    worker.is_running = false;
    if (status == 0) {
        answer_normal(task);
        return;
    }
    memcpy(task->abcode,
           strstr(runtime_error, "not found") != NULL ? "AEI0" : "ASRA",
           sizeof task->abcode);
    (void)snprintf(task->detail, sizeof task->detail, "%s",
                   runtime_error[0] != '\0' ? runtime_error
                                            : "the program ended the process");
    answer_abend(task);
}

static int
on_runtime_error(char *text)
{
    (void)snprintf(runtime_error, sizeof runtime_error, "%s", text);
    return 1; /* libcob goes on to report and to end */
}

/* --- the task's beginning -------------------------------------------------*/

static const char *
mirror_of(const struct isc_req *req, char out[5])
{
    struct str name =
        req->eib_and_mirror && req->transid.n > 0 ? req->transid : STR("CSMI");

    memcpy(out, name.p, name.n);
    out[name.n] = '\0';
    return out;
}

/* The mirror that EIB_AND_MIRROR names must be defined as one. */
static bool
check_mirror(const struct isc_req *req, const char *mirror, uint32_t *runaway)
{
    const struct transaction_def *def =
        defs_transaction(&worker.defs, str_of(mirror));
    char text[96];

    *runaway = worker.defs.sit.icvr_ms;
    if (def != NULL && def->runaway_ms != UINT32_MAX)
        *runaway = def->runaway_ms;
    if (def != NULL && def->dtimout_s > 0)
        worker.task.dtimout_ms = def->dtimout_s * 1000u;
    if (!req->eib_and_mirror && def == NULL)
        return true; /* CSMI is always there */
    if (def != NULL && def->is_enabled &&
        (!req->eib_and_mirror || str_eq_z(def->program, "DFHMIRS")))
        return true;
    (void)snprintf(text, sizeof text,
                   "transaction %s is not an enabled mirror (PROGRAM(DFHMIRS))",
                   mirror);
    refuse(ISC_TRANSACTION, "", "AEI1", text);
    return false;
}

static bool
make_channel(struct cics_task *task, const struct isc_req *req,
             struct channel **out)
{
    *out = NULL;
    if (req->channel.n == 0)
        return true;
    if (!channel_name_ok(req->channel) ||
        (*out = channel_make(&task->channels, req->channel)) == NULL)
        return false;
    for (size_t i = 0; i < req->n_areas; i++)
        if (!channel_name_ok(req->areas[i].name) ||
            container_borrow(&task->channels, *out, req->areas[i].name,
                             req->areas[i].data, req->areas[i].is_char,
                             req->areas[i].ccsid) != ERR_OK)
            return false;
    return true;
}

static void
wait_over(void)
{
    ticks = 0;
}

static void
begin_task(struct cics_task *task, const struct isc_req *req,
           const char *mirror, const char *user)
{
    struct str transid = req->transid.n > 0 ? req->transid : str_of(mirror);

    memcpy(task->transid, transid.p, transid.n);
    task->transid[transid.n] = '\0';
    (void)snprintf(task->user, sizeof task->user, "%s", user);
    task->number = atomic_fetch_add(&worker.pages[0].task, 1) + 1;
    task->is_dpl_syncpoint = true;
    task->wait_over = wait_over;
    unit_init(&task->unit, &worker.committer);
    eib_init(task);
    memcpy(worker.page->transid, task->transid, sizeof task->transid);
    (void)snprintf(worker.page->program, sizeof worker.page->program, STR_FMT,
                   STR_ARG(req->program));
    (void)snprintf(worker.page->user, sizeof worker.page->user, "%s", user);
    atomic_store(&worker.page->task, task->number);
    worker.rsp.task = task->number;
    worker.rsp.user = str_of(task->user);
    worker.rsp.transid = str_of(task->transid);
    worker.rsp.program = str_of(worker.page->program);
}

static void
run_task(const struct isc_req *req, const char *mirror, const char *user,
         uint32_t runaway_ms)
{
    struct cics_task *task = &worker.task;
    struct err_info why = { 0 };
    struct channel *channel;
    enum err e;

    begin_task(task, req, mirror, user);
    if (!make_channel(task, req, &channel)) {
        refuse(ISC_BAD_REQUEST, "", "", "a channel or container name");
        task_end(task);
        return;
    }
    if (req->commarea.n > 0)
        memcpy(worker.commarea, req->commarea.p, req->commarea.n);
    runtime_error[0] = '\0';
    ticks = 0;
    ticks_max = runaway_ms == 0 ? 0 : (int)(runaway_ms / TICK_MS) + 1;
    worker.is_running = true;
    e = task_run(task, req->program, channel,
                 req->has_commarea ? worker.commarea : NULL, req->commarea.n,
                 NULL, &why);
    worker.is_running = false;
    ticks_max = 0;
    if (e == ERR_NOT_FOUND)
        refuse(ISC_NO_PROGRAM, "", "AEI0", why.text);
    else if (e != ERR_OK)
        refuse(ISC_CAPACITY, "", "", why.text);
    else if (task->is_abended)
        answer_abend(task);
    else
        answer_normal(task);
    task_end(task);
}

static void
serve_request(struct session *s)
{
    struct isc_req *req = &worker.req;
    struct verdict verdict;
    uint64_t unit_number = worker.task.unit.number;
    uint32_t runaway_ms;
    char mirror[5];
    int td_log = worker.task.td_log;

    memset(&worker.task, 0, sizeof worker.task);
    worker.task.td_log = td_log;
    worker.task.unit.number = unit_number;
    worker.task.defs = &worker.defs;
    worker.task.dtimout_ms = worker.defs.sit.dtimout_s * 1000u;
    (void)mirror_of(req, mirror);
    if (!check_mirror(req, mirror, &runaway_ms))
        return;
    security_decide(&worker.security, &s->link, req, mirror, &verdict);
    if (verdict.reason != NULL)
        refuse(ISC_SECURITY, verdict.reason, "", verdict.detail);
    else
        run_task(req, mirror, verdict.user, runaway_ms);
    security_release(&verdict);
}

void
worker_serve(struct session *s)
{
    struct isc_head head;
    struct err_info why;
    enum err e;

    worker.session = s;
    worker.began_us = clock_mono_us();
    memset(&worker.rsp, 0, offsetof(struct isc_rsp, areas));
    worker.rsp.n_areas = 0;
    memset(&worker.rsp.task, 0,
           sizeof worker.rsp - offsetof(struct isc_rsp, task));
    e = isc_req_read(buf_view(&worker.packet.bytes), worker.packet.n_fds, &head,
                     &worker.req, &why);
    worker.sequence = head.sequence;
    if (e == ERR_OK)
        e = isc_areas_map(worker.req.areas, worker.req.n_areas, &worker.packet,
                          &why);
    if (e != ERR_OK) {
        refuse(ISC_BAD_REQUEST, "", "", why.text);
        return;
    }
    serve_request(s);
    isc_areas_unmap(worker.req.areas, worker.req.n_areas);
}

/* --- the run time of programs ---------------------------------------------*/

/* Runs in the program's own time: only what a signal handler may do. */
static void
on_tick(int signal_number)
{
    (void)signal_number;
    if (ticks_max == 0 || ++ticks <= ticks_max)
        return;
    memcpy(worker.page->abcode, "AICA", 5);
    (void)kill(getpid(), SIGKILL); /* the supervisor answers */
}

static void
start_runaway_clock(void)
{
    struct sigaction act = { .sa_flags = SA_RESTART };
    struct itimerval every = { { 0, TICK_MS * 1000 }, { 0, TICK_MS * 1000 } };

    act.sa_handler = on_tick;
    (void)sigaction(SIGPROF, &act, NULL);
    (void)setitimer(ITIMER_PROF, &every, NULL); /* counts CPU time only */
}

void
worker_start_cobol(void)
{
    static const int fatal[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT,
                                 SIGTERM, SIGINT, SIGHUP, SIGQUIT };
    static char name[] = "sallyport-region-worker";
    char *argv[] = { name, NULL };
    int (*proc)(char *) = on_runtime_error;
    char install = 0;
    void *pointer;

    /* Handlers run in reverse order: ours after libcob's. */
    (void)on_exit(on_process_exit, NULL);
    cob_init(1, argv);
    memcpy(&pointer, &proc, sizeof pointer);
    (void)cob_sys_error_proc(&install, &pointer);
    for (size_t i = 0; i < ARRAY_LEN(fatal); i++)
        (void)signal(fatal[i], SIG_DFL); /* die of it: ASRA */
    start_runaway_clock();
}
