#include "front.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "front_certs.h"
#include "front_parked.h"
#include "front_standby.h"
#include "front_work.h"

/* Of one uid; a private image has only one, which then may have them all. */
#define PEERS_PER_UID 256u
#define PEERS_MAX 900u
#define PEERS_FOR_ROOT 50u /* of all: the master and root get in */
#define MESSAGES_A_TURN 32u
/* Unsent bytes at which a client is read no more, and at which it is cut. */
#define OUT_PAUSE_BYTES (256u * 1024u)
#define OUT_MAX_BYTES (32u * 1024u * 1024u)

/* --- all that may be asked --------------------------------------------------
 */

#define IN(state) (1u << (state))
static const struct request {
    uint16_t type;
    unsigned states;
    bool (*run)(struct peer *, uint32_t seq, struct chan_msg *);
} requests[] = {
    { WIRE_HELLO, IN(PEER_NEW), on_hello },
    { WIRE_LOGON, IN(PEER_NEW) | IN(PEER_KNOWN), on_logon },
    { WIRE_COMMAND, IN(PEER_KNOWN), on_command },
    { WIRE_VERIFY, IN(PEER_KNOWN), on_verify },
    { WIRE_VERIFY_CERT, IN(PEER_KNOWN), on_verify_cert },
    { WIRE_VERIFY_TOKEN, IN(PEER_KNOWN), on_verify_token },
    { WIRE_ACEE_OF, IN(PEER_KNOWN), on_acee_of },
    { WIRE_CHECK, IN(PEER_KNOWN), on_check },
    { WIRE_SNAPSHOT, IN(PEER_KNOWN), on_snapshot },
    { WIRE_RING_READ, IN(PEER_KNOWN), on_ring_read },
    { WIRE_KEY_OPEN, IN(PEER_KNOWN), on_key_open },
    { WIRE_TICKET, IN(PEER_KNOWN), on_ticket },
    { WIRE_VERIFY_IDENTITY, IN(PEER_KNOWN), on_verify_identity },
    { WIRE_REGISTER_SERVER, IN(PEER_KNOWN), on_register_server },
    { WIRE_SYSLOG, IN(PEER_KNOWN) | IN(PEER_CONTROL), on_syslog },
    { WIRE_LOG_DENIAL, IN(PEER_KNOWN), on_log_denial },
    { WIRE_AUDIT_RING, IN(PEER_KNOWN), on_audit_ring },
    { WIRE_OPEN_ANGEL, IN(PEER_KNOWN), on_open_angel },
    { WIRE_LIST_SERVERS, IN(PEER_KNOWN), on_list_servers },
    { WIRE_REGISTER_JOB, IN(PEER_CONTROL), on_register_job },
    { WIRE_JOB_ENDED, IN(PEER_CONTROL), on_job_ended },
};

/* --- loop
 * ----------------------------------------------------------------------- */

enum err
front_watch(struct front *f, struct watch *w, int fd,
            void (*ready)(struct watch *, unsigned), struct err_info *why)
{
    struct epoll_event ev = { .events = EPOLLIN, .data.ptr = w };

    if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
        epoll_ctl(f->epoll, EPOLL_CTL_ADD, fd, &ev) != 0) {
        w->fd = -1;
        return err_sys(why, "watch a descriptor");
    }
    w->fd = fd;
    w->ready = ready;
    return ERR_OK;
}

int
front_release(struct front *f, struct watch *w)
{
    int fd = w->fd;

    if (fd >= 0)
        (void)epoll_ctl(f->epoll, EPOLL_CTL_DEL, fd, NULL);
    w->fd = -1;
    return fd;
}

void
front_unwatch(struct front *f, struct watch *w)
{
    int fd = front_release(f, w);

    if (fd >= 0)
        close(fd);
}

static void
want(struct peer *p)
{
    struct epoll_event ev = { .data.ptr = &p->watch };

    if (p->n_waits == 0 && p->n_pending < WIRE_PENDING_MAX &&
        p->out_bytes < OUT_PAUSE_BYTES)
        ev.events |= EPOLLIN;
    if (p->out != NULL)
        ev.events |= EPOLLOUT;
    if (p->watch.fd >= 0)
        (void)epoll_ctl(p->front->epoll, EPOLL_CTL_MOD, p->watch.fd, &ev);
}

/* --- sending
 * ---------------------------------------------------------------------- */

static void
drop_outgoing(struct peer *p)
{
    struct outgoing *o = p->out;

    p->out = o->next;
    if (p->out == NULL)
        p->out_tail = &p->out;
    p->out_bytes -= o->payload.n;
    if (o->fd >= 0)
        close(o->fd);
    if (o->payload.p != NULL)
        secret_wipe(o->payload.p, o->payload.n);
    buf_fini(&o->payload);
    free(o);
}

static void
flush(struct peer *p)
{
    while (p->out != NULL && !p->is_dead) {
        struct outgoing *o = p->out;
        enum err e = chan_send(p->watch.fd, o->type, o->seq,
                               buf_view(&o->payload), &o->fd, o->fd >= 0, NULL);

        if (e == ERR_AGAIN)
            break;
        if (e != ERR_OK) {
            peer_kill(p);
            return;
        }
        drop_outgoing(p);
    }
    want(p);
}

static bool
queue(struct peer *p, enum wire_type type, uint32_t seq, struct str payload,
      int fd)
{
    struct outgoing *o = calloc(1, sizeof *o);

    if (o == NULL || p->out_bytes + payload.n > OUT_MAX_BYTES) {
        free(o);
        return false;
    }
    o->type = (uint16_t)type;
    o->seq = seq;
    o->fd = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
    buf_init(&o->payload, OUT_MAX_BYTES);
    buf_add(&o->payload, payload);
    *p->out_tail = o;
    p->out_tail = &o->next;
    p->out_bytes += payload.n;
    return !o->payload.failed && (fd < 0 || o->fd >= 0);
}

void
peer_send(struct peer *p, enum wire_type type, uint32_t seq, struct str payload,
          int fd)
{
    enum err e = ERR_AGAIN;

    if (p->is_dead)
        return;
    if (p->out == NULL)
        e = chan_send(p->watch.fd, (uint16_t)type, seq, payload, &fd, fd >= 0,
                      NULL);
    if (e == ERR_AGAIN && queue(p, type, seq, payload, fd)) {
        want(p);
        return;
    }
    if (e != ERR_OK)
        peer_kill(p);
}

void
peer_reply(struct peer *p, uint32_t seq, enum err e, struct saf_rc rc,
           const struct err_info *why, struct str result)
{
    peer_reply_fd(p, seq, e, rc, why, result, -1);
}

void
peer_reply_fd(struct peer *p, uint32_t seq, enum err e, struct saf_rc rc,
              const struct err_info *why, struct str result, int fd)
{
    struct buf out;

    buf_init(&out, CHAN_BYTES_MAX);
    buf_u8(&out, (uint8_t)e);
    buf_u32(&out, rc.saf);
    buf_u32(&out, rc.racf);
    buf_u32(&out, rc.reason);
    buf_str(&out, e == ERR_OK ? STR("") : str_of(why->text));
    if (e == ERR_OK)
        buf_add(&out, result);
    if (out.failed)
        peer_kill(p);
    else
        peer_send(p, WIRE_REPLY, seq, buf_view(&out), fd);
    if (out.p != NULL)
        secret_wipe(out.p, out.n);
    buf_fini(&out);
}

void
peer_done(struct peer *p)
{
    p->n_pending--;
    if (!p->is_dead)
        want(p);
}

void
peer_wait(struct peer *p, bool waits)
{
    if (waits)
        p->n_waits++;
    else
        p->n_waits--;
    if (!p->is_dead)
        want(p);
}

/* What a client does wrong is worth a line, but not as many lines as a client
 * likes. */
#define COMPLAINTS_MAX 20u
#define COMPLAINTS_MS 60000u

bool
front_may_complain(struct front *f)
{
    uint64_t now = clock_mono_ms();

    if (now - f->complaints_ms >= COMPLAINTS_MS) {
        if (f->n_complaints > COMPLAINTS_MAX)
            log_warn("%u more refusals like these were not written",
                     f->n_complaints - COMPLAINTS_MAX);
        f->complaints_ms = now;
        f->n_complaints = 0;
    }
    return f->n_complaints++ < COMPLAINTS_MAX;
}

/* --- peers
 * -------------------------------------------------------------------------- */

void
peer_kill(struct peer *p)
{
    if (p->is_dead)
        return;
    p->is_dead = true;
    chan_close(front_release(p->front, &p->watch));
    if (p == p->front->control) {
        log_info("the master has ended");
        p->front->is_ending = true;
    }
}

/* Once it has happened all that still could in this turn. */
static void
let_go(struct peer *p)
{
    p->is_let_go = true;
    ring_peer_gone(p);
    logon_peer_gone(p->front, p);
    angel_peer_gone(p);
    front_work_gone(p->front, p);
    front_parked_gone(p->front, p);
}

static void
peer_free(struct peer *p)
{
    if (p->prev != NULL)
        p->prev->next = p->next;
    else
        p->front->peers = p->next;
    if (p->next != NULL)
        p->next->prev = p->prev;
    p->front->n_peers--;
    while (p->out != NULL)
        drop_outgoing(p);
    acee_unref(&p->acee);
    free(p);
}

/*
 * A handler that sends may find that its client has gone, and runs on. So a
 * peer that died stays whole until the turn ends; whatever was begun for it
 * meanwhile ends here.
 */
static void
bury_peers(struct front *f)
{
    bool has_more = true;

    while (has_more) { /* what one leaves behind may be the end of another */
        has_more = false;
        for (struct peer *p = f->peers; p != NULL; p = p->next) {
            if (!p->is_dead || p->is_let_go)
                continue;
            let_go(p);
            has_more = true;
        }
    }
    for (struct peer *p = f->peers, *next; p != NULL; p = next) {
        next = p->next;
        if (p->is_dead)
            peer_free(p);
    }
}

static const struct request *
request_of(const struct peer *p, uint16_t type)
{
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        if (requests[i].type == type)
            return (requests[i].states & IN(p->state)) != 0 ? &requests[i]
                                                            : NULL;
    }
    return NULL;
}

static void
peer_ready(struct watch *w, unsigned events)
{
    struct peer *p = CONTAINER_OF(w, struct peer, watch);

    if ((events & EPOLLOUT) != 0)
        flush(p);
    /* Who is not read is told of all the same, again and again. */
    if ((events & (EPOLLHUP | EPOLLERR)) != 0 && p->n_waits > 0)
        peer_kill(p);
    for (unsigned i = 0; i < MESSAGES_A_TURN && !p->is_dead; i++) {
        const struct request *r;
        struct chan_msg msg;
        enum err e;

        if (p->n_waits > 0 || p->n_pending >= WIRE_PENDING_MAX ||
            p->out_bytes >= OUT_PAUSE_BYTES) {
            want(p);
            return;
        }
        e = chan_recv(p->watch.fd, &msg, NULL);
        if (e == ERR_AGAIN)
            return;
        if (e != ERR_OK) {
            peer_kill(p);
            return;
        }
        r = request_of(p, msg.type);
        if (msg.type != WIRE_COMMAND)
            front_batch_end(p->front);
        if (p->is_dead) { /* could not be told what its commands came to */
            chan_msg_fini(&msg);
            return;
        }
        if (r == NULL || !r->run(p, msg.seq, &msg)) {
            if (front_may_complain(p->front))
                log_warn("uid %u, pid %d: request %u refused, connection ended",
                         (unsigned)p->cred.uid, (int)p->cred.pid, msg.type);
            peer_kill(p);
        }
        chan_msg_fini(&msg);
    }
}

static struct peer *
peer_new(struct front *f, int fd, struct chan_peer cred, enum peer_state state)
{
    struct peer *p = calloc(1, sizeof *p);

    if (p == NULL ||
        front_watch(f, &p->watch, fd, peer_ready, NULL) != ERR_OK) {
        free(p);
        chan_close(fd);
        return NULL;
    }
    p->front = f;
    p->cred = cred;
    p->state = state;
    p->out_tail = &p->out;
    p->next = f->peers;
    if (f->peers != NULL)
        f->peers->prev = p;
    f->peers = p;
    f->n_peers++;
    return p;
}

static void
listener_ready(struct watch *w, unsigned events)
{
    struct front *f = CONTAINER_OF(w, struct front, listener);
    struct chan_peer cred;
    int fd;

    (void)events;
    while (chan_accept(w->fd, &fd, &cred, NULL) == ERR_OK) {
        unsigned n = 0;

        for (struct peer *p = f->peers; p != NULL; p = p->next)
            n += p->cred.uid == cred.uid;
        if (f->n_peers >= PEERS_MAX ||
            (!angel_is_private && cred.uid != 0 &&
             (n >= PEERS_PER_UID ||
              f->n_peers >= PEERS_MAX - PEERS_FOR_ROOT))) {
            if (front_may_complain(f))
                log_warn("uid %u has %u connections, no more are taken",
                         (unsigned)cred.uid, n);
            chan_close(fd);
            continue;
        }
        (void)peer_new(f, fd, cred, PEER_NEW);
    }
}

/* A helper process was started again. */
static void
nest_ready(struct watch *w, unsigned events)
{
    struct front *f = CONTAINER_OF(w, struct front, nest);
    struct chan_msg msg;
    enum err e;

    (void)events;
    while ((e = chan_recv(w->fd, &msg, NULL)) == ERR_OK) {
        unsigned child = msg.payload.n == 1 ? (unsigned char)*msg.payload.p : 0;
        int fd = chan_take_fd(&msg, 0);

        chan_msg_fini(&msg);
        if (fd < 0)
            continue;
        if (child == CHILD_KEEPER || child == CHILD_RECORDER ||
            child == CHILD_VERIFIER) {
            int *slot = child == CHILD_KEEPER     ? &f->keeper
                        : child == CHILD_RECORDER ? &f->recorder
                                                  : &f->commands;

            close(*slot);
            *slot = fd;
        } else if (child > CHILD_VERIFIER && child < CHILDREN) {
            verifier_attach(&f->verifiers[child - CHILD_VERIFIER], fd);
        } else {
            close(fd);
        }
    }
    f->is_ending = f->is_ending || e != ERR_AGAIN; /* the nest has gone */
}

static void
signals_ready(struct watch *w, unsigned events)
{
    (void)events;
    CONTAINER_OF(w, struct front, signals)->is_ending = true;
}

/* --- start
 * ------------------------------------------------------------------------------
 */

static enum err
open_listener(struct front *f, struct err_info *why)
{
    struct arena a;
    char *path;
    enum err e;
    int fd = -1;

    arena_init(&a, 8192);
    path = root_path(&a, "%s", WIRE_SOCKET);
    e = path == NULL
            ? err_set(why, ERR_MEMORY, "no storage")
            : chan_listen(path, angel_is_private ? 0600 : 0666, &fd, why);
    arena_fini(&a);
    return e != ERR_OK ? e
                       : front_watch(f, &f->listener, fd, listener_ready, why);
}

static enum err
open_signals(struct front *f, struct err_info *why)
{
    sigset_t set;
    int fd;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    (void)signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 ||
        (fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) < 0)
        return err_sys(why, "signals");
    return front_watch(f, &f->signals, fd, signals_ready, why);
}

static enum err
start(struct front *f, struct err_info *why)
{
    const struct chan_peer master = { 0, 0, 0 };
    enum err e;

    f->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (f->epoll < 0)
        return err_sys(why, "epoll");
    f->keeper = f->start->fds[CHILD_KEEPER];
    f->recorder = f->start->fds[CHILD_RECORDER];
    f->commands = f->start->fds[CHILD_VERIFIER];
    for (unsigned i = 1; i < ANGEL_VERIFIERS; i++) {
        f->verifiers[i] = (struct verifier){ .watch.fd = -1, .front = f };
        verifier_attach(&f->verifiers[i], f->start->fds[CHILD_VERIFIER + i]);
    }
    if ((e = confine(CONFINE_FRONT, CHILD_FRONT, why)) != ERR_OK ||
        (e = open_signals(f, why)) != ERR_OK ||
        (e = front_watch(f, &f->nest, f->start->nest, nest_ready, why)) !=
            ERR_OK ||
        (e = front_work_open(f, why)) != ERR_OK ||
        (e = front_parked_open(f, why)) != ERR_OK ||
        (e = keeper_start(f, why)) != ERR_OK ||
        (e = front_database_open(f, why)) != ERR_OK)
        return e;
    racdcert_open(front_cert_services(f));
    jobs_restore(f);
    if ((e = open_listener(f, why)) != ERR_OK)
        return e;
    if (f->start->control >= 0) {
        f->control = peer_new(f, f->start->control, master, PEER_CONTROL);
        if (f->control == NULL)
            return err_set(why, ERR_IO, "the master's descriptor is unusable");
        peer_send(f->control, WIRE_READY, 0, STR(""), -1);
    }
    return ERR_OK;
}

static void
say_ready(struct front *f)
{
    struct buf line;

    buf_init(&line, 1024);
    buf_printf(&line,
               angel_is_private
                   ? "SPT0301I Security database %s is ready. Private mode: "
                     "one Linux user owns this image, its users are not "
                     "isolated from each other."
                   : "SPT0302I Security database %s is ready.",
               root_dir());
    record_line(f, STR(""), buf_view(&line));
    if (f->start->is_foreground)
        log_write(LOG_INFO, "%s", buf_z(&line));
    buf_fini(&line);
}

/* Until the first of what waits; -1: for ever. */
static int
wait_ms(struct front *f)
{
    int all[] = { logon_wait_ms(f), front_work_wait_ms(f), rings_wait_ms(f),
                  front_parked_wait_ms(f) };
    int first = -1;

    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (all[i] >= 0 && (first < 0 || all[i] < first))
            first = all[i];
    }
    return first;
}

int
front_run(const struct front_start *from)
{
    struct front f = { .start = from,
                       .owner = geteuid(),
                       .started_ms = clock_mono_ms() };
    struct err_info why = { 0 };

    log_init("sallyport-angel");
    secret_lock(&f, sizeof f); /* the key that seals acees */
    umask(0077);
    tzset();
    f.listener.fd = f.nest.fd = f.signals.fd = -1;
    f.tasks_tail = &f.tasks;
    f.batch.tail = &f.batch.first;
    if (getrandom(&f.throttles.seed, sizeof f.throttles.seed, 0) !=
        sizeof f.throttles.seed) {
        log_error("no random numbers");
        return 1;
    }
    table_init(&f.jobs);
    if (start(&f, &why) != ERR_OK) {
        log_error("%s", why.text);
        return 1;
    }
    say_ready(&f);
    front_standby_look(&f);
    while (!f.is_ending) {
        struct epoll_event events[64];
        int n = epoll_wait(f.epoll, events, ARRAY_LEN(events), wait_ms(&f));

        if (n < 0 && errno != EINTR)
            break;
        for (int i = 0; i < n; i++) {
            struct watch *w = events[i].data.ptr;

            if (w->fd < 0)
                continue; /* closed earlier in this turn */
            if (w->ready != peer_ready)
                front_batch_end(&f);
            w->ready(w, events[i].events);
        }
        front_parked_go_on(&f);
        front_batch_end(&f);
        front_standby_look(&f);
        logon_go_on(&f);
        rings_go_on(&f);
        bury_peers(&f);
    }
    front_parked_close(&f);
    front_work_close(&f);
    front_standby_close(&f);
    saf_engine_close(&f.engine);
    return 0;
}
