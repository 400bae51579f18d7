/*
 * A worker: takes requests from the sessions it was given, one at a time, and
 * does what the supervisor says. worker_task.c runs them.
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
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/reader.h"
#include "ipc/chan.h"
#include "region/worker_priv.h"

#define REPLACE_WAIT_MS 5000

#define EVENTS_MAX 64

struct worker worker;

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

/* Within a task, too (replace_committer): it may be the one whose turn it is,
 * or an event of this turn may name it, so it goes at the end of the turn. */
static void
on_detach(struct reader *in)
{
    uint32_t key;

    if (!reader_u32(in, &key) || !reader_at_end(in)) {
        log_error("worker: bad DETACH");
        return;
    }
    for (size_t i = 0; i < worker.n_sessions; i++) {
        struct session *s = worker.sessions[i];

        if (s->key == key && !s->is_gone) {
            s->is_gone = worker.has_gone = true;
            return;
        }
    }
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
    case RMSG_DETACH:
        on_detach(&in);
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
        worker_serve(s);
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

static void
drop_gone(void)
{
    for (size_t i = worker.n_sessions; worker.has_gone && i-- > 0;) {
        if (worker.sessions[i]->is_gone)
            drop_session(worker.sessions[i]);
    }
    worker.has_gone = false;
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
            ((struct session *)source)->is_gone = worker.has_gone = true;
    }
    if (has_control)
        on_control();
    drop_gone();
    return !worker.is_orphan && !worker.is_retired;
}

/* --- start ----------------------------------------------------------------*/

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
    worker_start_cobol();
    if (chan_send(worker.control, RMSG_READY, 0, STR(""), NULL, 0, &why) !=
        ERR_OK)
        return 12;
    while (turn())
        ;
    return 0;
}
