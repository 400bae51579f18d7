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

#include "backends/cics_private.h"
#include "base/clock.h"
#include "base/file.h"

#define WAITING_MAX 1024u

extern const struct provider provider_cics;

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
    tls_config_unref(&conn->tls);
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
    cics_lost(conn, PROVIDER_UNREACHABLE, "the connection is closed");
    loop_timer_clear(conn->loop, &conn->reconnect);
    /* Posts run in their order: after those of invocations that just failed. */
    conn->last_post.run = conn_free;
    loop_post(conn->loop, &conn->last_post);
    *at = NULL;
}

static enum err
cics_open(struct loop *loop, struct str id, const struct provider_setting *s,
          size_t n, struct tls_config *tls, struct provider_conn **out,
          struct err_info *why)
{
    struct provider_conn *conn = calloc(1, sizeof *conn);
    enum err e = ERR_OK;

    if (conn == NULL)
        return err_set(why, ERR_MEMORY, "no storage for a connection");
    arena_init(&conn->arena, 65536);
    isc_packet_init(&conn->packet);
    conn->loop = loop;
    conn->far_end = -1;
    conn->last = &conn->first;
    conn->send_sessions = 100;
    conn->timeout_ms = 30000;
    conn->heartbeat_ms = 30000;
    conn->id = str_dup(&conn->arena, id);
    conn->rsp = calloc(1, sizeof *conn->rsp);
    conn->req = calloc(1, sizeof *conn->req);
    conn->reconnect.fire = cics_on_reconnect;
    conn->heartbeat.fire = cics_on_heartbeat;
    conn->bind_timer.fire = cics_on_bind_timeout;
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
    conn->tls = tls_config_ref(tls);
    conn->is_remote = tls != NULL || !is_local_host(conn->host);
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
        /* A sealed identity stays in the image that can verify it: elsewhere it
         * could only be misused. */
        if (conn->is_remote)
            req->user = str_of(call->caller->user);
        else
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
    inv->deadline.fire = invocation_on_deadline;
    e = encode(conn, call, inv, why);
    if (e != ERR_OK) {
        invocation_free(inv);
        return e;
    }
    *out = inv;
    if (conn->n_waiting >= WAITING_MAX) {
        invocation_fail_later(inv, PROVIDER_CAPACITY,
                              "too many requests wait for a session");
        return ERR_OK;
    }
    invocation_queue(inv);
    if (call->deadline_ms > 0)
        loop_timer_set(conn->loop, &inv->deadline, call->deadline_ms);
    if (conn->state == CONN_DOWN && cics_connect(conn, &reason) != ERR_OK) {
        invocation_fail_waiting(conn, PROVIDER_UNREACHABLE, reason.text);
        return ERR_OK;
    }
    cics_pump(conn);
    return ERR_OK;
}

static void
cics_cancel(struct provider_invocation **at)
{
    struct provider_invocation *inv = *at;

    if (inv == NULL)
        return;
    *at = NULL;
    invocation_detach(inv);
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
