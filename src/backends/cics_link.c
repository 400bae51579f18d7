/*
 * The link of provider `cics`: the control connection, and the sessions that
 * requests are sent on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/cics_private.h"
#include "base/clock.h"
#include "base/log.h"

#define RECONNECT_MS 1000u

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
    invocation_finish(inv, &result);
}

static struct worker_view *
worker_of(const struct session *s)
{
    return &s->conn->workers[s->worker % CICS_WORKERS_MAX];
}

static void
session_idle(struct session *s)
{
    if (!s->is_busy)
        return;
    s->is_busy = false;
    worker_ends(worker_of(s), loop_now_ms(s->conn->loop));
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
        cics_lost(conn, PROVIDER_UNREACHABLE, why.text);
        return;
    }
    inv = s->current;
    session_idle(s);
    if (inv != NULL)
        give_result(conn, inv, rsp);
    isc_areas_unmap(rsp->areas, rsp->n_areas);
    isc_packet_close_fds(&conn->packet);
    if (conn->state == CONN_UP)
        cics_pump(conn);
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

static struct session *
pick_session(struct provider_conn *conn, struct str resource)
{
    uint64_t now_ms = loop_now_ms(conn->loop);
    struct session *best = NULL;
    uint32_t best_rank = WORKER_FULL;

    for (size_t i = 0; i < conn->n_sessions; i++) {
        struct session *s = conn->sessions[i];
        uint32_t rank;

        if (s->is_busy ||
            (rank = worker_rank(worker_of(s), resource, now_ms)) >= best_rank)
            continue;
        best = s;
        best_rank = rank;
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
        cics_lost(conn, PROVIDER_UNREACHABLE, why.text);
        return false;
    }
    invocation_dequeue(inv);
    inv->session = s;
    s->current = inv;
    s->is_busy = true;
    worker_begins(worker_of(s), str_of(inv->resource));
    return true;
}

void
cics_pump(struct provider_conn *conn)
{
    while (conn->state == CONN_UP && conn->first != NULL) {
        struct session *s = pick_session(conn, str_of(conn->first->resource));

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
    cics_remote_close(conn);
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
    memset(conn->workers, 0, sizeof conn->workers);
}

void
cics_lost(struct provider_conn *conn, enum provider_outcome outcome,
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
        invocation_fail_later(under_way[i], outcome, reason);
    sessions_free(conn);
    invocation_fail_waiting(conn, outcome, reason);
    if (!conn->is_closing && outcome == PROVIDER_UNREACHABLE)
        loop_timer_set(conn->loop, &conn->reconnect, RECONNECT_MS);
}

void
cics_on_bind_timeout(struct loop_timer *timer)
{
    struct provider_conn *conn =
        CONTAINER_OF(timer, struct provider_conn, bind_timer);

    cics_lost(conn, PROVIDER_UNREACHABLE,
              "the region did not answer the bind in time");
}

void
cics_on_heartbeat(struct loop_timer *timer)
{
    struct provider_conn *conn =
        CONTAINER_OF(timer, struct provider_conn, heartbeat);
    struct err_info why;
    struct buf frame;
    enum err e;

    if (conn->ping_sent) {
        cics_lost(conn, PROVIDER_UNREACHABLE,
                  "the region did not answer the heartbeat");
        return;
    }
    buf_init(&frame, 64);
    e = isc_plain_write(&frame, ISC_PING, 0, 0, &why);
    if (e == ERR_OK)
        e = isc_send(conn->control.fd, buf_view(&frame), NULL, 0, &why);
    buf_fini(&frame);
    if (e == ERR_PEER) {
        cics_lost(conn, PROVIDER_UNREACHABLE, why.text);
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
        cics_lost(conn, PROVIDER_CAPABILITY, text);
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
        cics_lost(conn,
                  strcmp(text, "SHUTDOWN") == 0 ? PROVIDER_UNREACHABLE
                                                : PROVIDER_CAPABILITY,
                  text);
    } else if (head->type == ISC_HELLO_ACK && conn->state == CONN_HELLO) {
        on_ack(conn, bind);
    } else if (head->type == ISC_SESSION && conn->state == CONN_UP &&
               conn->packet.n_fds == 1 && conn->n_sessions < conn->granted) {
        conn->packet.n_fds = 0; /* ours now */
        session_add(conn, head->session, bind->worker, conn->packet.fds[0]);
        cics_pump(conn);
    } else {
        cics_lost(conn, PROVIDER_UNREACHABLE,
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
        cics_lost(conn, PROVIDER_UNREACHABLE, why.text);
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

/* A region of this image is reached by the socket that bears the port's number.
 * With TLS the port itself is asked for, so that the region sees a certificate.
 */
enum err
cics_connect(struct provider_conn *conn, struct err_info *why)
{
    int fd = -1;
    enum err e;

    e = conn->is_remote ? cics_remote_connect(conn, &fd, why)
                        : isc_connect_port(conn->port, &fd, why);
    if (e == ERR_OK)
        e = send_hello(conn, fd, why);
    if (e == ERR_OK) {
        conn->control.fd = fd;
        conn->control.on_event = on_control;
        e = loop_add(conn->loop, &conn->control, LOOP_READ, why);
    }
    if (e != ERR_OK) {
        cics_remote_close(conn);
        if (fd >= 0)
            close(fd);
        return e;
    }
    conn->state = CONN_HELLO;
    conn->bind_timer.fire = cics_on_bind_timeout;
    if (conn->timeout_ms > 0)
        loop_timer_set(conn->loop, &conn->bind_timer, conn->timeout_ms);
    return ERR_OK;
}

void
cics_on_reconnect(struct loop_timer *timer)
{
    struct provider_conn *conn =
        CONTAINER_OF(timer, struct provider_conn, reconnect);
    struct err_info why;

    /* Once; when it fails the next request tries again. */
    if (conn->state == CONN_DOWN && cics_connect(conn, &why) != ERR_OK)
        log_debug("connection " STR_FMT ": %s", STR_ARG(conn->id), why.text);
}
