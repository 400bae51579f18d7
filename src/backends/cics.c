/*
 * Provider `cics`: the client of the region link (doc/internals/isc.md). One
 * control connection and the sessions that the region grants, each with at
 * most one request. A request waits in a bounded queue for a free session; a
 * task that nobody waits for any more goes on and keeps its session until it
 * has answered, as in CICS.
 *
 * Settings: host, port, zosConnectApplid, zosConnectNetworkid, cicsApplid,
 * cicsNetworkid, sendSessions, connectionTimeout and heartbeatInterval (ms),
 * transid, transidUsage, authUser, authPassword.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/provider.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "isc/link.h"

#define WAITING_MAX 1024u
#define PER_WORKER_MAX 4u /* requests that may queue on one worker */
#define RECONNECT_MS 1000u
#define WORKERS_MAX 1024u
#define SPARES_MAX 128u       /* invocations kept for reuse */
#define SPARE_FRAME_MAX 8192u /* with a frame of at most this size */

extern const struct provider provider_cics;

enum conn_state {
    CONN_DOWN,
    CONN_HELLO, /* bind sent */
    CONN_UP,
};

struct session {
    struct provider_conn *conn;
    struct loop_fd watch;                /* fd -1: free slot */
    struct provider_invocation *current; /* NULL: idle, or nobody waits */
    bool is_busy;
    uint16_t number, worker;
    uint32_t sequence;
};

struct provider_invocation {
    struct provider_conn *conn; /* lives at least as long, see cics_close */
    struct provider_invocation *next, **at; /* place in the queue */
    struct session *session;                /* once sent */
    provider_done done;
    void *arg;
    struct loop_timer deadline;
    struct loop_post later; /* to fail outside invoke */
    bool is_failing;
    enum provider_outcome outcome;
    char detail[ERR_TEXT_MAX];
    struct buf frame;
    int fds[ISC_FDS_MAX];
    unsigned n_fds;
    char resource[16]; /* "CSMI,CSCVINC" */
    uint64_t began_us;
    bool is_cancelled;
};

struct provider_conn {
    struct loop *loop;
    struct arena arena;
    struct str id, host, applid, networkid, cics_applid, cics_networkid;
    struct str transid, user;
    struct secret password;
    uint32_t port, send_sessions, timeout_ms, heartbeat_ms;
    bool eib_and_mirror;
    bool is_local;
    bool is_closing;
    enum conn_state state;
    struct loop_post last_post; /* frees the connection */
    struct loop_fd control;
    struct loop_timer reconnect, heartbeat, bind_timer;
    bool ping_sent;
    struct session *sessions[ISC_SESSIONS_MAX];
    size_t n_sessions, granted;
    uint16_t load[WORKERS_MAX]; /* requests under way by worker */
    struct provider_invocation *first, **last;
    size_t n_waiting;
    struct isc_packet packet;
    struct isc_rsp *rsp;
    struct isc_req *req; /* filled anew for each request */
    struct provider_invocation *spares;
    size_t n_spares;
    struct provider_area areas[ISC_AREAS_MAX];
    char region[9];
};

static void pump(struct provider_conn *);
static void connection_lost(struct provider_conn *, enum provider_outcome,
                            const char *text);

/* --- invocations ----------------------------------------------------------*/

static void
invocation_free(struct provider_invocation *inv)
{
    struct provider_conn *conn = inv->conn;

    loop_timer_clear(conn->loop, &inv->deadline);
    while (inv->n_fds > 0)
        close(inv->fds[--inv->n_fds]);
    if (inv->frame.p != NULL && conn->user.n > 0) /* holds the password */
        secret_wipe(inv->frame.p, inv->frame.n);
    if (conn->n_spares < SPARES_MAX && inv->frame.cap <= SPARE_FRAME_MAX) {
        inv->next = conn->spares;
        conn->spares = inv;
        conn->n_spares++;
        return;
    }
    buf_fini(&inv->frame);
    free(inv);
}

static struct provider_invocation *
invocation_new(struct provider_conn *conn)
{
    struct provider_invocation *inv = conn->spares;
    struct buf frame;

    if (inv == NULL) {
        inv = calloc(1, sizeof *inv);
        if (inv != NULL)
            buf_init(&inv->frame, ISC_FRAME_MAX);
        return inv;
    }
    conn->spares = inv->next;
    conn->n_spares--;
    frame = inv->frame;
    memset(inv, 0, sizeof *inv);
    inv->frame = frame;
    buf_clear(&inv->frame);
    return inv;
}

static void
queue_remove(struct provider_invocation *inv)
{
    struct provider_conn *conn = inv->conn;

    if (inv->at == NULL)
        return;
    *inv->at = inv->next;
    if (inv->next != NULL)
        inv->next->at = inv->at;
    else
        conn->last = inv->at;
    inv->at = NULL;
    conn->n_waiting--;
}

static void
queue_add(struct provider_invocation *inv)
{
    struct provider_conn *conn = inv->conn;

    inv->next = NULL;
    inv->at = conn->last;
    *conn->last = inv;
    conn->last = &inv->next;
    conn->n_waiting++;
}

/* Leave queue and session; a task that runs keeps its session busy. */
static void
detach(struct provider_invocation *inv)
{
    queue_remove(inv);
    if (inv->session != NULL)
        inv->session->current = NULL;
    inv->session = NULL;
}

static void
finish(struct provider_invocation *inv, const struct provider_result *result)
{
    detach(inv);
    loop_timer_clear(inv->conn->loop, &inv->deadline);
    inv->done(inv->arg, result);
    invocation_free(inv);
}

static void
fail_now(struct provider_invocation *inv, enum provider_outcome outcome,
         const char *text)
{
    struct provider_result result = {
        .outcome = outcome,
        .detail = str_of(text),
        .sor_identifier = str_of(inv->conn->region),
        .sor_resource = str_of(inv->resource),
        .elapsed_us = (uint32_t)(clock_mono_us() - inv->began_us),
    };

    finish(inv, &result);
}

static void
run_later(struct loop_post *post)
{
    struct provider_invocation *inv =
        CONTAINER_OF(post, struct provider_invocation, later);

    if (inv->is_cancelled)
        invocation_free(inv);
    else
        fail_now(inv, inv->outcome, inv->detail);
}

/* From within invoke, or while a list is walked. */
static void
fail_later(struct provider_invocation *inv, enum provider_outcome outcome,
           const char *text)
{
    if (inv->is_failing)
        return;
    detach(inv);
    loop_timer_clear(inv->conn->loop, &inv->deadline);
    inv->is_failing = true;
    inv->outcome = outcome;
    (void)snprintf(inv->detail, sizeof inv->detail, "%s", text);
    inv->later.run = run_later;
    loop_post(inv->conn->loop, &inv->later);
}

static void
on_deadline(struct loop_timer *timer)
{
    struct provider_invocation *inv =
        CONTAINER_OF(timer, struct provider_invocation, deadline);

    if (inv->session == NULL)
        fail_now(inv, PROVIDER_TIMEOUT,
                 inv->conn->state == CONN_UP ? "no session was free in time"
                                             : "the region did not bind in "
                                               "time");
    else
        fail_now(inv, PROVIDER_TIMEOUT, "the program did not answer in time");
}

static void
fail_waiting(struct provider_conn *conn, enum provider_outcome outcome,
             const char *text)
{
    while (conn->first != NULL)
        fail_later(conn->first, outcome, text);
}

/* --- sessions -------------------------------------------------------------*/

/* How the classes of an answer look to the gateway. */
static const enum provider_outcome outcomes[ISC_N_CLASSES] = {
    [ISC_OK] = PROVIDER_OK,
    [ISC_ABEND] = PROVIDER_ABEND,
    [ISC_NO_PROGRAM] = PROVIDER_PROGRAM,
    [ISC_TRANSACTION] = PROVIDER_ABEND,
    [ISC_SECURITY] = PROVIDER_SECURITY,
    [ISC_CAPACITY] = PROVIDER_CAPACITY,
    [ISC_BAD_REQUEST] = PROVIDER_FAILED,
};

static struct str
detail_of(const struct isc_rsp *rsp)
{
    switch (outcomes[rsp->outcome]) {
    case PROVIDER_ABEND:
        return rsp->abcode;
    case PROVIDER_SECURITY:
        return rsp->reason;
    case PROVIDER_OK:
    case PROVIDER_PROGRAM:
    case PROVIDER_CAPABILITY:
    case PROVIDER_UNREACHABLE:
    case PROVIDER_TIMEOUT:
    case PROVIDER_CAPACITY:
    case PROVIDER_FAILED:
        break;
    }
    return rsp->detail;
}

static void
give_result(struct provider_conn *conn, struct provider_invocation *inv,
            struct isc_rsp *rsp)
{
    struct provider_result result = {
        .outcome = outcomes[rsp->outcome],
        .detail = detail_of(rsp),
        .areas = conn->areas,
        .n_areas = rsp->n_areas,
        .sor_identifier = rsp->applid,
        .sor_resource = str_of(inv->resource),
        .elapsed_us = (uint32_t)(clock_mono_us() - inv->began_us),
    };

    for (size_t i = 0; i < rsp->n_areas; i++)
        conn->areas[i] =
            (struct provider_area){ rsp->areas[i].name, rsp->areas[i].is_char,
                                    rsp->areas[i].data };
    if (rsp->has_commarea) {
        conn->areas[0] = (struct provider_area){ .data = rsp->commarea };
        result.n_areas = 1;
    }
    finish(inv, &result);
}

static void
session_idle(struct session *s)
{
    if (!s->is_busy)
        return;
    s->is_busy = false;
    s->conn->load[s->worker % WORKERS_MAX]--;
}

static void
on_session(struct loop_fd *watch, unsigned events)
{
    struct session *s = CONTAINER_OF(watch, struct session, watch);
    struct provider_conn *conn = s->conn;
    struct isc_rsp *rsp = conn->rsp;
    struct provider_invocation *inv;
    struct isc_head head;
    struct err_info why;
    enum err e = isc_recv(watch->fd, false, &conn->packet, &why);

    (void)events;
    if (e == ERR_AGAIN)
        return;
    if (e == ERR_OK)
        e = isc_rsp_read(buf_view(&conn->packet.bytes), conn->packet.n_fds,
                         &head, rsp, &why);
    if (e == ERR_OK && (!s->is_busy || head.sequence != s->sequence)) {
        isc_packet_close_fds(&conn->packet); /* a second answer: the dead's */
        return;
    }
    if (e == ERR_OK)
        e = isc_areas_map(rsp->areas, rsp->n_areas, &conn->packet, &why);
    if (e != ERR_OK) {
        isc_packet_close_fds(&conn->packet);
        connection_lost(conn, PROVIDER_UNREACHABLE, why.text);
        return;
    }
    inv = s->current;
    session_idle(s);
    if (inv != NULL)
        give_result(conn, inv, rsp);
    isc_areas_unmap(rsp->areas, rsp->n_areas);
    isc_packet_close_fds(&conn->packet);
    if (conn->state == CONN_UP)
        pump(conn);
}

static void
session_add(struct provider_conn *conn, uint16_t number, uint16_t worker,
            int fd)
{
    struct session *s = calloc(1, sizeof *s);
    struct err_info why;

    if (s == NULL || conn->n_sessions == ISC_SESSIONS_MAX) {
        free(s);
        close(fd);
        return;
    }
    s->conn = conn;
    s->number = number;
    s->worker = worker;
    s->watch.fd = fd;
    s->watch.on_event = on_session;
    if (loop_add(conn->loop, &s->watch, LOOP_READ, &why) != ERR_OK) {
        log_warn("%s", why.text);
        close(fd);
        free(s);
        return;
    }
    conn->sessions[conn->n_sessions++] = s;
}

/* The free session whose worker has least to do. */
static struct session *
pick_session(struct provider_conn *conn)
{
    struct session *best = NULL;
    uint16_t best_load = PER_WORKER_MAX;

    for (size_t i = 0; i < conn->n_sessions; i++) {
        struct session *s = conn->sessions[i];
        uint16_t load = conn->load[s->worker % WORKERS_MAX];

        if (s->is_busy || load >= best_load)
            continue;
        best = s;
        best_load = load;
        if (load == 0)
            break;
    }
    return best;
}

/* Session and sequence are known only now. */
static void
patch_head(struct buf *frame, uint16_t session, uint32_t sequence)
{
    frame->p[6] = (char)(session >> 8);
    frame->p[7] = (char)session;
    for (unsigned i = 0; i < 4; i++)
        frame->p[8 + i] = (char)(sequence >> (24 - 8 * i));
}

static bool
send_on(struct provider_conn *conn, struct session *s,
        struct provider_invocation *inv)
{
    struct err_info why;
    enum err e;

    patch_head(&inv->frame, s->number, ++s->sequence);
    e = isc_send(s->watch.fd, buf_view(&inv->frame), inv->fds, inv->n_fds,
                 &why);
    if (e != ERR_OK) {
        connection_lost(conn, PROVIDER_UNREACHABLE, why.text);
        return false;
    }
    queue_remove(inv);
    inv->session = s;
    s->current = inv;
    s->is_busy = true;
    conn->load[s->worker % WORKERS_MAX]++;
    return true;
}

static void
pump(struct provider_conn *conn)
{
    while (conn->state == CONN_UP && conn->first != NULL) {
        struct session *s = pick_session(conn);

        if (s == NULL || !send_on(conn, s, conn->first))
            return;
    }
}

/* --- the connection -------------------------------------------------------*/

static void
connection_close(struct provider_conn *conn)
{
    if (conn->state != CONN_DOWN) {
        loop_remove(conn->loop, &conn->control);
        close(conn->control.fd);
    }
    conn->state = CONN_DOWN;
    conn->granted = 0;
    conn->ping_sent = false;
    loop_timer_clear(conn->loop, &conn->heartbeat);
    loop_timer_clear(conn->loop, &conn->bind_timer);
    for (size_t i = 0; i < conn->n_sessions; i++) {
        struct session *s = conn->sessions[i];

        loop_remove(conn->loop, &s->watch);
        close(s->watch.fd);
    }
}

static void
sessions_free(struct provider_conn *conn)
{
    for (size_t i = 0; i < conn->n_sessions; i++)
        free(conn->sessions[i]);
    conn->n_sessions = 0;
    memset(conn->load, 0, sizeof conn->load);
}

/* Everything under way and waiting fails at once; a new attempt follows with
 * the next request, and by itself a second later. */
static void
connection_lost(struct provider_conn *conn, enum provider_outcome outcome,
                const char *text)
{
    struct provider_invocation *under_way[ISC_SESSIONS_MAX];
    char reason[ERR_TEXT_MAX];
    size_t n = 0;

    (void)snprintf(reason, sizeof reason, "%s", text);
    connection_close(conn);
    for (size_t i = 0; i < conn->n_sessions; i++)
        if (conn->sessions[i]->current != NULL)
            under_way[n++] = conn->sessions[i]->current;
    for (size_t i = 0; i < n; i++)
        fail_later(under_way[i], outcome, reason);
    sessions_free(conn);
    fail_waiting(conn, outcome, reason);
    if (!conn->is_closing && outcome == PROVIDER_UNREACHABLE)
        loop_timer_set(conn->loop, &conn->reconnect, RECONNECT_MS);
}

static void
on_bind_timeout(struct loop_timer *timer)
{
    struct provider_conn *conn =
        CONTAINER_OF(timer, struct provider_conn, bind_timer);

    connection_lost(conn, PROVIDER_UNREACHABLE,
                    "the region did not answer the bind in time");
}

static void
on_heartbeat(struct loop_timer *timer)
{
    struct provider_conn *conn =
        CONTAINER_OF(timer, struct provider_conn, heartbeat);
    struct err_info why;
    struct buf frame;
    enum err e;

    if (conn->ping_sent) {
        connection_lost(conn, PROVIDER_UNREACHABLE,
                        "the region did not answer the heartbeat");
        return;
    }
    buf_init(&frame, 64);
    e = isc_plain_write(&frame, ISC_PING, 0, 0, &why);
    if (e == ERR_OK)
        e = isc_send(conn->control.fd, buf_view(&frame), NULL, 0, &why);
    buf_fini(&frame);
    if (e == ERR_PEER) {
        connection_lost(conn, PROVIDER_UNREACHABLE, why.text);
        return;
    }
    conn->ping_sent = true;
    loop_timer_set(conn->loop, timer, conn->heartbeat_ms);
}

static void
on_ack(struct provider_conn *conn, const struct isc_bind *ack)
{
    char text[128];

    /* The region has checked whom we expect; we check what it says it is. */
    if ((conn->cics_applid.n > 0 &&
         !str_eq_nocase(conn->cics_applid, ack->applid)) ||
        (conn->cics_networkid.n > 0 &&
         !str_eq_nocase(conn->cics_networkid, ack->networkid))) {
        (void)snprintf(text, sizeof text,
                       "the region is " STR_FMT "." STR_FMT
                       ", not the one of cicsApplid and cicsNetworkid",
                       STR_ARG(ack->networkid), STR_ARG(ack->applid));
        connection_lost(conn, PROVIDER_CAPABILITY, text);
        return;
    }
    (void)snprintf(conn->region, sizeof conn->region, STR_FMT,
                   STR_ARG(ack->applid));
    conn->granted = ack->sessions;
    loop_timer_clear(conn->loop, &conn->bind_timer);
    conn->state = CONN_UP;
    if (conn->heartbeat_ms > 0)
        loop_timer_set(conn->loop, &conn->heartbeat, conn->heartbeat_ms);
}

static void
on_bind_frame(struct provider_conn *conn, const struct isc_head *head,
              const struct isc_bind *bind)
{
    char text[64];

    if (head->type == ISC_HELLO_NAK) {
        (void)snprintf(text, sizeof text, STR_FMT, STR_ARG(bind->reason));
        connection_lost(conn,
                        strcmp(text, "SHUTDOWN") == 0 ? PROVIDER_UNREACHABLE
                                                      : PROVIDER_CAPABILITY,
                        text);
    } else if (head->type == ISC_HELLO_ACK && conn->state == CONN_HELLO) {
        on_ack(conn, bind);
    } else if (head->type == ISC_SESSION && conn->state == CONN_UP &&
               conn->packet.n_fds == 1 && conn->n_sessions < conn->granted) {
        conn->packet.n_fds = 0; /* ours now */
        session_add(conn, head->session, bind->worker, conn->packet.fds[0]);
        pump(conn);
    } else {
        connection_lost(conn, PROVIDER_UNREACHABLE,
                        "the region sent an unexpected frame");
    }
}

static void
on_control(struct loop_fd *watch, unsigned events)
{
    struct provider_conn *conn =
        CONTAINER_OF(watch, struct provider_conn, control);
    struct isc_head head;
    struct isc_bind bind;
    struct err_info why;
    enum err e = isc_recv(watch->fd, false, &conn->packet, &why);

    (void)events;
    if (e == ERR_AGAIN)
        return;
    if (e == ERR_OK)
        e = isc_head_read(buf_view(&conn->packet.bytes), &head, &why);
    if (e == ERR_OK && head.type == ISC_PONG) {
        conn->ping_sent = false;
        return;
    }
    if (e == ERR_OK && head.type == ISC_BYE)
        e = err_set(&why, ERR_PEER, "the region ended the connection");
    if (e == ERR_OK)
        e = isc_bind_read(buf_view(&conn->packet.bytes), &head, &bind, &why);
    if (e != ERR_OK) {
        isc_packet_close_fds(&conn->packet);
        connection_lost(conn, PROVIDER_UNREACHABLE, why.text);
        return;
    }
    on_bind_frame(conn, &head, &bind);
    isc_packet_close_fds(&conn->packet);
}

static enum err
send_hello(struct provider_conn *conn, int fd, struct err_info *why)
{
    struct isc_bind hello = {
        .applid = conn->applid,
        .networkid = conn->networkid,
        .partner_applid = conn->cics_applid,
        .partner_networkid = conn->cics_networkid,
        .sessions = (uint16_t)conn->send_sessions,
        .port = (uint16_t)conn->port,
        .heartbeat_ms = conn->heartbeat_ms,
    };
    struct buf frame;
    enum err e;

    buf_init(&frame, ISC_FRAME_MAX);
    e = isc_bind_write(&frame, ISC_HELLO, 0, &hello, why);
    if (e == ERR_OK)
        e = isc_send(fd, buf_view(&frame), NULL, 0, why);
    buf_fini(&frame);
    return e;
}

/* Local partners are reached by the socket that bears the port's number. */
static enum err
connect_region(struct provider_conn *conn, struct err_info *why)
{
    int fd = -1;
    enum err e;

    if (!conn->is_local)
        return err_set(why, ERR_UNSUPPORTED,
                       STR_FMT " is another machine; the region link reaches "
                               "regions of this image only",
                       STR_ARG(conn->host));
    e = isc_connect_port(conn->port, &fd, why);
    if (e == ERR_OK)
        e = send_hello(conn, fd, why);
    if (e == ERR_OK) {
        conn->control.fd = fd;
        conn->control.on_event = on_control;
        e = loop_add(conn->loop, &conn->control, LOOP_READ, why);
    }
    if (e != ERR_OK) {
        if (fd >= 0)
            close(fd);
        return e;
    }
    conn->state = CONN_HELLO;
    conn->bind_timer.fire = on_bind_timeout;
    if (conn->timeout_ms > 0)
        loop_timer_set(conn->loop, &conn->bind_timer, conn->timeout_ms);
    return ERR_OK;
}

static void
on_reconnect(struct loop_timer *timer)
{
    struct provider_conn *conn =
        CONTAINER_OF(timer, struct provider_conn, reconnect);
    struct err_info why;

    /* Once; when it fails the next request tries again. */
    if (conn->state == CONN_DOWN && connect_region(conn, &why) != ERR_OK)
        log_debug("connection " STR_FMT ": %s", STR_ARG(conn->id), why.text);
}

/* --- the provider ---------------------------------------------------------*/

/* A setting's name and where it goes. */
enum form { FORM_TEXT, FORM_NUMBER };
static const struct {
    const char *name;
    enum form form;
    size_t offset;
    uint32_t max;
} settings[] = {
#define C(field) offsetof(struct provider_conn, field)
    { "host", FORM_TEXT, C(host), 255 },
    { "port", FORM_NUMBER, C(port), 65535 },
    { "zosConnectApplid", FORM_TEXT, C(applid), 8 },
    { "zosConnectNetworkid", FORM_TEXT, C(networkid), 8 },
    { "cicsApplid", FORM_TEXT, C(cics_applid), 8 },
    { "cicsNetworkid", FORM_TEXT, C(cics_networkid), 8 },
    { "sendSessions", FORM_NUMBER, C(send_sessions), ISC_SESSIONS_MAX },
    { "connectionTimeout", FORM_NUMBER, C(timeout_ms), UINT32_MAX },
    { "heartbeatInterval", FORM_NUMBER, C(heartbeat_ms), UINT32_MAX },
    { "transid", FORM_TEXT, C(transid), 4 },
    { "authUser", FORM_TEXT, C(user), 8 },
#undef C
};

static enum err
take_setting(struct provider_conn *conn, const struct provider_setting *s,
             struct err_info *why)
{
    uint64_t number;

    if (str_eq_z(s->name, "transidUsage"))
        conn->eib_and_mirror = str_eq_z(s->value, "EIB_AND_MIRROR");
    if (str_eq_z(s->name, "authPassword") &&
        !secret_dup(s->value, &conn->password))
        return err_set(why, ERR_MEMORY, "no storage for a connection");
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        char *at = (char *)conn + settings[i].offset;
        struct str copy;

        if (!str_eq_z(s->name, settings[i].name))
            continue;
        if (settings[i].form == FORM_TEXT) {
            copy = str_dup(&conn->arena, s->value);
            if (copy.n > settings[i].max || copy.p == NULL)
                return err_set(why, ERR_RANGE,
                               "%s \"" STR_FMT "\" is longer "
                               "than %u characters",
                               settings[i].name,
                               STR_ARG(str_sub(s->value, 0, 40)),
                               settings[i].max);
            memcpy(at, &copy, sizeof copy);
            continue;
        }
        if (!str_to_u64(s->value, &number) || number > settings[i].max)
            return err_set(why, ERR_RANGE, "%s \"" STR_FMT "\" is not 0 to %u",
                           settings[i].name, STR_ARG(str_sub(s->value, 0, 40)),
                           settings[i].max);
        memcpy(at, &(uint32_t){ (uint32_t)number }, sizeof(uint32_t));
    }
    return ERR_OK;
}

static bool
is_local_host(struct str host)
{
    char name[256] = "";

    if (str_eq_nocase_z(host, "localhost") || str_eq_z(host, "::1") ||
        str_starts(host, STR("127.")) || host.n == 0)
        return true;
    return gethostname(name, sizeof name - 1) == 0 &&
           str_eq_nocase_z(host, name);
}

static void
conn_free(struct loop_post *post)
{
    struct provider_conn *conn =
        CONTAINER_OF(post, struct provider_conn, last_post);

    secret_free(&conn->password);
    isc_packet_fini(&conn->packet);
    while (conn->spares != NULL) {
        struct provider_invocation *inv = conn->spares;

        conn->spares = inv->next;
        buf_fini(&inv->frame);
        free(inv);
    }
    free(conn->rsp);
    free(conn->req);
    arena_fini(&conn->arena);
    free(conn);
}

static void
cics_close(struct provider_conn **at)
{
    struct provider_conn *conn = *at;

    if (conn == NULL)
        return;
    conn->is_closing = true;
    connection_lost(conn, PROVIDER_UNREACHABLE, "the connection is closed");
    loop_timer_clear(conn->loop, &conn->reconnect);
    /* Posts run in their order: after those of invocations that just failed. */
    conn->last_post.run = conn_free;
    loop_post(conn->loop, &conn->last_post);
    *at = NULL;
}

static enum err
cics_open(struct loop *loop, struct str id, const struct provider_setting *s,
          size_t n, struct provider_conn **out, struct err_info *why)
{
    struct provider_conn *conn = calloc(1, sizeof *conn);
    enum err e = ERR_OK;

    if (conn == NULL)
        return err_set(why, ERR_MEMORY, "no storage for a connection");
    arena_init(&conn->arena, 65536);
    isc_packet_init(&conn->packet);
    conn->loop = loop;
    conn->last = &conn->first;
    conn->send_sessions = 100;
    conn->timeout_ms = 30000;
    conn->heartbeat_ms = 30000;
    conn->id = str_dup(&conn->arena, id);
    conn->rsp = calloc(1, sizeof *conn->rsp);
    conn->req = calloc(1, sizeof *conn->req);
    conn->reconnect.fire = on_reconnect;
    conn->heartbeat.fire = on_heartbeat;
    conn->bind_timer.fire = on_bind_timeout;
    for (size_t i = 0; e == ERR_OK && i < n; i++)
        e = take_setting(conn, &s[i], why);
    if (e == ERR_OK &&
        (conn->rsp == NULL || conn->req == NULL || conn->id.p == NULL))
        e = err_set(why, ERR_MEMORY, "no storage for a connection");
    if (e == ERR_OK && (conn->port == 0 || conn->send_sessions == 0))
        e = err_set(why, ERR_RANGE,
                    "connection " STR_FMT ": port and sendSessions must be at "
                    "least 1",
                    STR_ARG(id));
    if (e != ERR_OK) {
        conn_free(&conn->last_post);
        return e;
    }
    conn->is_local = is_local_host(conn->host);
    *out = conn; /* connected with the first request */
    return ERR_OK;
}

static void
request_of(const struct provider_conn *conn, const struct provider_call *call,
           struct isc_req *req)
{
    memset(req, 0, offsetof(struct isc_req, areas));
    memset(&req->n_areas, 0, sizeof *req - offsetof(struct isc_req, n_areas));
    req->program = call->program;
    req->transid = call->transid.n > 0 ? call->transid : conn->transid;
    req->eib_and_mirror =
        call->transid.n > 0 ? call->eib_and_mirror : conn->eib_and_mirror;
    req->channel = call->channel;
    req->tracking = str_sub(call->tracking, 0, 256);
    req->deadline_ms = call->deadline_ms;
    if (conn->user.n > 0) { /* fixed credentials, with every request */
        req->user = conn->user;
        req->password = secret_view(&conn->password);
    } else if (call->caller != NULL) {
        req->acee = call->caller->wire;
        req->dn = str_sub(call->caller->distributed, 0, 1024);
        req->realm = str_sub(call->caller->registry, 0, 255);
    }
    if (call->channel.n == 0) {
        req->has_commarea = call->n_areas > 0;
        req->commarea = call->n_areas > 0 ? call->areas[0].data : STR("");
        return;
    }
    for (size_t i = 0; i < call->n_areas && i < ISC_AREAS_MAX; i++)
        req->areas[req->n_areas++] =
            (struct isc_area){ .name = call->areas[i].name,
                               .is_char = call->areas[i].is_char,
                               .ccsid = call->areas[i].is_char ? 1208 : 0,
                               .data = call->areas[i].data,
                               .fd_at = -1 };
}

static enum err
encode(struct provider_conn *conn, const struct provider_call *call,
       struct provider_invocation *inv, struct err_info *why)
{
    struct isc_req *req = conn->req;
    struct str mirror = STR("CSMI");
    enum err e;

    if (call->n_areas > ISC_AREAS_MAX)
        return err_set(why, ERR_LIMIT, "more than %u containers",
                       ISC_AREAS_MAX);
    request_of(conn, call, req);
    if (req->eib_and_mirror && req->transid.n > 0)
        mirror = req->transid;
    (void)snprintf(inv->resource, sizeof inv->resource, STR_FMT "," STR_FMT,
                   STR_ARG(mirror), STR_ARG(req->program));
    e = isc_req_write(&inv->frame, 0, 0, req, inv->fds, &inv->n_fds, why);
    return e;
}

static enum err
cics_invoke(struct provider_conn *conn, const struct provider_call *call,
            provider_done done, void *arg, struct provider_invocation **out,
            struct err_info *why)
{
    struct provider_invocation *inv = invocation_new(conn);
    struct err_info reason;
    enum err e;

    if (inv == NULL)
        return err_set(why, ERR_MEMORY, "no storage for a request");
    inv->conn = conn;
    inv->done = done;
    inv->arg = arg;
    inv->began_us = clock_mono_us();
    inv->deadline.fire = on_deadline;
    e = encode(conn, call, inv, why);
    if (e != ERR_OK) {
        invocation_free(inv);
        return e;
    }
    *out = inv;
    if (conn->n_waiting >= WAITING_MAX) {
        fail_later(inv, PROVIDER_CAPACITY,
                   "too many requests wait for a session");
        return ERR_OK;
    }
    queue_add(inv);
    if (call->deadline_ms > 0)
        loop_timer_set(conn->loop, &inv->deadline, call->deadline_ms);
    if (conn->state == CONN_DOWN && connect_region(conn, &reason) != ERR_OK) {
        fail_waiting(conn, PROVIDER_UNREACHABLE, reason.text);
        return ERR_OK;
    }
    pump(conn);
    return ERR_OK;
}

static void
cics_cancel(struct provider_invocation **at)
{
    struct provider_invocation *inv = *at;

    if (inv == NULL)
        return;
    *at = NULL;
    detach(inv);
    loop_timer_clear(inv->conn->loop, &inv->deadline);
    if (inv->is_failing)
        inv->is_cancelled = true; /* its post is on the way */
    else
        invocation_free(inv);
}

const struct provider provider_cics = {
    .factory_pid = "cics",
    .element = "zosconnect_cicsIpicConnection",
    .open = cics_open,
    .invoke = cics_invoke,
    .cancel = cics_cancel,
    .close = cics_close,
};
