/*
 * A worker: takes requests from the sessions it was given, decides whom each
 * runs as, runs the program and answers. One task at a time; a program that
 * takes the process down costs that task alone.
 */
#include "region/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <libcob.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/reader.h"
#include "ipc/chan.h"
#include "isc/link.h"
#include "region/internal.h"
#include "region/security.h"
#include "region/task.h"

#define TICK_MS 50u
#define REPLACE_WAIT_MS 5000
#define SEND_WAIT_MS 2000

#define EVENTS_MAX 64

struct session {
    size_t at; /* in worker.sessions */
    uint32_t key;
    uint16_t number;
    int fd;
    struct link_security link;
    char ipconn[9];
};

struct worker {
    struct region_defs defs;
    uint32_t id, index;
    int control;
    int epoll; /* many sessions, few of them ready: cheaper than poll */
    struct page *pages; /* [0] is the region's */
    struct page *page;
    struct session **sessions;
    size_t n_sessions, cap_sessions;
    struct committer_link committer;
    int new_committer;
    struct security security;
    struct isc_packet packet;
    struct isc_req req;
    struct isc_rsp rsp;
    struct cics_task task;
    bool is_running, is_retired, is_orphan;
    uint64_t began_us;
    struct session *session;
    uint32_t sequence;
    unsigned char commarea[ISC_COMMAREA_MAX];
};

static struct worker worker;
static volatile sig_atomic_t ticks, ticks_max;
static char runtime_error[256];

/* --- talking to the supervisor --------------------------------------------*/

void
worker_log(const char *id, const struct str *inserts, size_t n)
{
    struct err_info why;
    struct buf text;

    buf_init(&text, 8192);
    buf_str(&text, str_of(id));
    for (size_t i = 0; i < n; i++)
        buf_str(&text, inserts[i]);
    if (!text.failed && chan_send(worker.control, RMSG_LOG, 0, buf_view(&text),
                                  NULL, 0, &why) != ERR_OK)
        log_error("%s", why.text);
    buf_fini(&text);
}

/* source: what on_event compares or the session. */
static bool
watch(int fd, void *source)
{
    struct epoll_event ev = { .events = EPOLLIN, .data.ptr = source };

    return epoll_ctl(worker.epoll, EPOLL_CTL_ADD, fd, &ev) == 0;
}

static void
on_attach(struct reader *in, struct chan_msg *msg)
{
    struct session *s = calloc(1, sizeof *s);
    struct str ipconn, link_user, identity;
    uint8_t auth, bits;

    if (s == NULL || !reader_u32(in, &s->key) || !reader_u16(in, &s->number) ||
        !reader_str(in, 0, 8, &ipconn) || !reader_u8(in, &auth) ||
        auth >= N_USERAUTH || !reader_str(in, 0, 8, &link_user) ||
        !reader_str(in, 0, ACEE_WIRE_MAX, &identity) || !reader_u8(in, &bits) ||
        !reader_at_end(in) ||
        !str_copy_z(ipconn, s->ipconn, sizeof s->ipconn) ||
        (s->fd = chan_take_fd(msg, 0)) < 0) {
        log_error("worker: bad ATTACH");
        free(s);
        return;
    }
    if (!watch(s->fd, s)) {
        log_error("worker: a session cannot be watched: %s", strerror(errno));
        close(s->fd); /* the partner sees the end of file */
        free(s);
        return;
    }
    security_link(
        &worker.security, &s->link,
        &(struct link_terms){ .user_auth = (enum user_auth)auth,
                              .ipconn = s->ipconn,
                              .securityname = link_user,
                              .identity = identity,
                              .is_vouched = (bits & RSESSION_VOUCHED) != 0 });
    if (worker.n_sessions == worker.cap_sessions) {
        size_t cap = worker.cap_sessions + 64;
        struct session **more =
            realloc(worker.sessions, cap * sizeof(*worker.sessions));

        REQUIRE(more != NULL); /* the supervisor starts another of us */
        worker.sessions = more;
        worker.cap_sessions = cap;
    }
    s->at = worker.n_sessions;
    worker.sessions[worker.n_sessions++] = s;
}

/* Takes one message when there is one: an event may be stale, because a unit of
 * work that waited for a new committer has read the channel meanwhile. */
static void
on_control(void)
{
    struct chan_msg msg = { 0 };
    struct err_info why;
    struct reader in;
    struct pollfd p = { worker.control, POLLIN, 0 };
    enum err e;

    if (poll(&p, 1, 0) < 1)
        return;
    e = chan_recv(worker.control, &msg, &why);
    if (e != ERR_OK) {
        worker.is_orphan = e != ERR_AGAIN;
        return;
    }
    in = reader_of(msg.payload);
    switch (msg.type) {
    case RMSG_ATTACH:
        on_attach(&in, &msg);
        break;
    case RMSG_COMMITTER:
        if (worker.new_committer >= 0)
            close(worker.new_committer);
        worker.new_committer = chan_take_fd(&msg, 0);
        break;
    case RMSG_RETIRE:
        worker.is_retired = true;
        break;
    default:
        log_error("worker: message %u", msg.type);
    }
    chan_msg_fini(&msg);
}

/* A unit of work found the committer gone: wait for the new one's channel. */
static int
replace_committer(void *arg)
{
    uint64_t until = clock_mono_ms() + REPLACE_WAIT_MS;
    int fd;

    (void)arg;
    while (worker.new_committer < 0 && !worker.is_orphan) {
        struct pollfd p = { worker.control, POLLIN, 0 };
        uint64_t now = clock_mono_ms();

        if (now >= until || poll(&p, 1, (int)(until - now)) == 0)
            return -1;
        on_control();
    }
    fd = worker.new_committer;
    worker.new_committer = -1;
    return fd;
}

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

static void
serve(struct session *s)
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

/* --- the loop -------------------------------------------------------------*/

/* Before a frame is taken the page says from which session: when we die over
 * it, the supervisor sees in the page which request it was. */
static void
open_page(const struct session *s)
{
    struct page *page = worker.page;

    page->abcode[0] = '\0';
    memset(page->head, 0, sizeof page->head);
    atomic_store(&page->task, 0);
    atomic_store(&page->key, s->key);
    atomic_store(&page->state, PAGE_RUNNING);
}

/* The next frame of a session; false when the session has ended. */
static bool
on_session(struct session *s)
{
    struct isc_head head;
    struct err_info why;
    enum err e;

    open_page(s);
    e = isc_recv_noted(s->fd, false, &worker.packet, worker.page->head, &why);
    if (e == ERR_OK)
        e = isc_head_read(buf_view(&worker.packet.bytes), &head, &why);
    if (e == ERR_OK && head.type == ISC_REQ)
        serve(s);
    isc_packet_close_fds(&worker.packet);
    atomic_store(&worker.page->state, PAGE_IDLE);
    if (e == ERR_AGAIN)
        return true;
    /* A CANCEL reaches us between tasks: its task has been answered. */
    return e == ERR_OK && (head.type == ISC_REQ || head.type == ISC_CANCEL);
}

static void
drop_session(struct session *s)
{
    struct session *last = worker.sessions[--worker.n_sessions];

    last->at = s->at;
    worker.sessions[s->at] = last;
    /* The supervisor may still hold a copy of the descriptor. */
    (void)epoll_ctl(worker.epoll, EPOLL_CTL_DEL, s->fd, NULL);
    close(s->fd);
    security_unlink(&s->link);
    free(s);
}

static bool
turn(void)
{
    struct epoll_event events[EVENTS_MAX];
    bool has_control = false;
    int n = epoll_wait(worker.epoll, events, EVENTS_MAX, -1);

    if (n < 0)
        return errno == EINTR;
    for (int i = 0; i < n; i++) /* refreshed profiles before requests */
        if (events[i].data.ptr == &worker.security)
            security_process(&worker.security);
    for (int i = 0; i < n; i++) {
        void *source = events[i].data.ptr;

        if (source == &worker.control)
            has_control = true;
        else if (source != &worker.security && !on_session(source))
            drop_session(source);
    }
    if (has_control)
        on_control();
    return !worker.is_orphan && !worker.is_retired;
}

/* --- start ----------------------------------------------------------------*/

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

static void
start_cobol(void)
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

static bool
read_environment(char applid[9], int *pages_fd)
{
    struct str rest = str_of(getenv(REGION_WORKER_ENV)), item;
    uint64_t numbers[5];

    if (!str_token(&rest, ':', &item) || !str_copy_z(item, applid, 9))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        if (!str_token(&rest, ':', &item) || !str_to_u64(item, &numbers[i]) ||
            numbers[i] > INT32_MAX)
            return false;
    worker.id = (uint32_t)numbers[0];
    worker.index = (uint32_t)numbers[1];
    worker.control = (int)numbers[2];
    worker.committer.fd = (int)numbers[3];
    *pages_fd = (int)numbers[4];
    (void)unsetenv(REGION_WORKER_ENV);
    return true;
}

static enum err
open_logs(struct err_info *why)
{
    struct arena arena;
    enum err e = ERR_OK;
    char *path;

    arena_init(&arena, 8192);
    path = root_path(&arena, "regions/" STR_FMT "/logs",
                     STR_ARG(worker.defs.sit.applid));
    worker.task.td_log =
        path == NULL ? -1 : open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (worker.task.td_log < 0)
        e = err_sys(why, "%s", path == NULL ? "logs" : path);
    arena_fini(&arena);
    return e;
}

static enum err
prepare(struct err_info *why)
{
    size_t n;
    char applid[9];
    int pages_fd;
    enum err e;

    if (!read_environment(applid, &pages_fd))
        return err_set(why, ERR_NOT_NOW,
                       "this program is started by sallyport-region");
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
    if ((e = defs_load(&worker.defs, str_of(applid), why)) != ERR_OK)
        return e;
    n = (worker.defs.sit.mxt + 1u) * sizeof(struct page);
    worker.pages =
        mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, pages_fd, 0);
    if (worker.pages == MAP_FAILED)
        return err_sys(why, "pages of the region");
    close(pages_fd);
    worker.page = &worker.pages[worker.index + 1];
    worker.committer.worker = worker.id;
    worker.committer.replace = replace_committer;
    worker.new_committer = -1;
    isc_packet_init(&worker.packet);
    if ((e = store_open(&worker.defs, false, &worker.committer.store, why)) !=
            ERR_OK ||
        (e = open_logs(why)) != ERR_OK)
        return e;
    if ((e = security_open(&worker.security, &worker.defs, why)) != ERR_OK)
        return e;
    worker.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (worker.epoll < 0 || !watch(worker.control, &worker.control) ||
        (security_fd(&worker.security) >= 0 &&
         !watch(security_fd(&worker.security), &worker.security)))
        return err_sys(why, "epoll of a worker");
    return ERR_OK;
}

int
worker_main(void)
{
    struct err_info why;

    log_init("sallyport-region-worker");
    if (prepare(&why) != ERR_OK) {
        log_error("%s", why.text);
        return 12;
    }
    start_cobol();
    if (chan_send(worker.control, RMSG_READY, 0, STR(""), NULL, 0, &why) !=
        ERR_OK)
        return 12;
    while (turn())
        ;
    return 0;
}
