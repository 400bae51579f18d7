#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/reader.h"
#include "base/version.h"
#include "region/supervisor_priv.h"
#include "saf/acee.h"

#define PARTNERS_MAX 256u
/* In root mode, of one Linux user that is not the region's: the others shall
 * find room. */
#define PARTNERS_PER_UID 32u

/* --- the listening socket -------------------------------------------------*/

/* port.<n>.sock in our folder: where a client that knows only a port finds us
 * (isc_connect_port). */
static void
port_path(const struct supervisor *s, const struct tcpipservice *service,
          char *out, size_t cap)
{
    (void)snprintf(out, cap, "%s/port.%u.sock", s->dir, service->port);
}

static enum err
link_ports(struct supervisor *s, struct err_info *why)
{
    char path[sizeof s->dir + 32];

    for (size_t i = 0; i < s->defs.n_services; i++) {
        const struct tcpipservice *service = s->defs.services[i];
        char number[16];
        int other;

        if (!service->is_open)
            continue;
        port_path(s, service, path, sizeof path);
        if (unlink(path) != 0 && errno != ENOENT)
            return err_sys(why, "%s", path);
        if (isc_connect_port(service->port, &other, NULL) == ERR_OK) {
            close(other);
            return err_set(why, ERR_EXISTS,
                           "port %u is in use by another region",
                           service->port);
        }
        if (symlink("ipic.sock", path) != 0)
            return err_sys(why, "%s", path);
        (void)snprintf(number, sizeof number, "%u", service->port);
        REGION_LOG(s, "DFHSO0107", service->head.name, str_of(number));
    }
    return ERR_OK;
}

enum err
bind_listen(struct supervisor *s, struct err_info *why)
{
    char path[sizeof s->dir + 16];
    enum err e;

    (void)snprintf(path, sizeof path, "%s/ipic.sock", s->dir);
    e = chan_listen(path, root_is_private() ? 0600 : 0666, &s->listener, why);
    if (e != ERR_OK)
        return e;
    (void)fcntl(s->listener, F_SETFL, O_NONBLOCK);
    return link_ports(s, why);
}

void
bind_unlisten(struct supervisor *s)
{
    char path[512];

    if (s->listener < 0)
        return;
    close(s->listener);
    s->listener = -1;
    (void)snprintf(path, sizeof path, "%s/ipic.sock", s->dir);
    (void)unlink(path);
    for (size_t i = 0; i < s->defs.n_services; i++) {
        port_path(s, s->defs.services[i], path, sizeof path);
        (void)unlink(path);
    }
}

static bool
has_room(const struct supervisor *s, const struct chan_peer *peer)
{
    uint32_t n = 0;

    if (s->n_partners >= PARTNERS_MAX)
        return false;
    for (size_t i = 0; i < s->n_partners; i++)
        n += s->partners[i]->peer.uid == peer->uid;
    return root_is_private() || peer->uid == getuid() || peer->uid == 0 ||
           n < PARTNERS_PER_UID;
}

static void
partner_free(struct partner *p)
{
    chan_close(p->fd);
    buf_fini(&p->identity);
    free(p);
}

/* Takes p, also when there is no storage for it. */
static void
partner_add(struct supervisor *s, struct partner *p)
{
    if (s->n_partners == s->cap_partners) {
        struct partner **more =
            realloc(s->partners, (s->cap_partners + 16) * sizeof(*s->partners));

        if (more == NULL) {
            partner_free(p);
            return;
        }
        s->partners = more;
        s->cap_partners += 16;
    }
    (void)fcntl(p->fd, F_SETFL, O_NONBLOCK);
    s->partners[s->n_partners++] = p;
}

void
bind_accept(struct supervisor *s)
{
    struct partner *p = calloc(1, sizeof *p);
    struct err_info why;

    if (p == NULL)
        return;
    if (chan_accept(s->listener, &p->fd, &p->peer, &why) != ERR_OK) {
        free(p);
        return;
    }
    if (!has_room(s, &p->peer)) {
        log_warn("uid %u is turned away: %zu partners", (unsigned)p->peer.uid,
                 s->n_partners);
        partner_free(p);
        return;
    }
    partner_add(s, p);
}

void
bind_remote(struct supervisor *s, struct chan_msg *msg)
{
    struct partner *p = calloc(1, sizeof *p);
    struct reader in = reader_of(msg->payload);
    uint8_t has_certificate;
    struct str identity;

    if (p == NULL)
        return;
    p->fd = chan_take_fd(msg, 0);
    p->peer.uid = getuid();
    p->is_remote = true;
    buf_init(&p->identity, ACEE_WIRE_MAX);
    if (!reader_u16(&in, &p->port) || !reader_u8(&in, &has_certificate) ||
        !reader_str(&in, 0, ACEE_WIRE_MAX, &identity) || !reader_at_end(&in) ||
        p->fd < 0 || s->n_partners >= PARTNERS_MAX) {
        log_warn("a remote partner is turned away: %zu partners",
                 s->n_partners);
        partner_free(p);
        return;
    }
    p->has_certificate = has_certificate != 0;
    buf_add(&p->identity, identity);
    partner_add(s, p);
}

/* --- sessions -------------------------------------------------------------*/

struct region_session *
session_find(struct supervisor *s, uint32_t key)
{
    for (size_t i = 0; i < s->n_sessions; i++)
        if (s->sessions[i]->key == key)
            return s->sessions[i];
    return NULL;
}

static void
session_drop(struct supervisor *s, size_t i)
{
    close(s->sessions[i]->fd);
    free(s->sessions[i]);
    s->sessions[i] = s->sessions[--s->n_sessions];
}

void
session_attach(struct supervisor *s, struct region_session *session)
{
    const struct partner *p = session->partner;
    const struct ipconn *conn = p->ipconn;
    struct region_worker *w = &s->workers[session->worker];
    struct err_info why;
    struct buf text;
    bool is_certuser;

    for (uint32_t i = 0; w->pid == 0 && i < s->defs.sit.mxt; i++)
        w = s->workers[i].is_ready ? &s->workers[i] : w;
    if (w->pid == 0)
        return; /* attached when its worker starts */
    buf_init(&text, ACEE_WIRE_MAX + 256u);
    buf_u32(&text, session->key);
    buf_u16(&text, session->number);
    buf_str(&text, conn == NULL ? STR("") : conn->head.name);
    buf_u8(&text, (uint8_t)(conn == NULL ? USERAUTH_LOCAL : conn->user_auth));
    is_certuser = conn != NULL && conn->link_auth == LINKAUTH_CERTUSER;
    buf_str(&text, conn == NULL || is_certuser ? STR("") : conn->securityname);
    buf_str(&text, is_certuser ? buf_view(&p->identity) : STR(""));
    buf_u8(&text, (conn == NULL ? RSESSION_AUTOINSTALLED : 0) |
                      (p->has_certificate ? RSESSION_VOUCHED : 0));
    if (chan_send(w->chan, RMSG_ATTACH, 0, buf_view(&text), &session->fd, 1,
                  &why) != ERR_OK)
        log_info("session not attached: %s", why.text);
    buf_fini(&text);
}

static enum err
session_new(struct supervisor *s, struct partner *p, uint16_t number,
            struct err_info *why)
{
    struct region_session *session = calloc(1, sizeof *session);
    struct isc_bind bind = { 0 };
    int fds[2] = { -1, -1 };
    struct buf frame;
    enum err e;

    if (session == NULL)
        return err_set(why, ERR_MEMORY, "no storage for a session");
    if (s->n_sessions == s->cap_sessions) {
        size_t cap = s->cap_sessions + 128;
        struct region_session **more =
            realloc(s->sessions, cap * sizeof(*s->sessions));

        if (more == NULL) {
            free(session);
            return err_set(why, ERR_MEMORY, "no storage for a session");
        }
        s->sessions = more;
        s->cap_sessions = cap;
    }
    if ((e = isc_pair(fds, why)) != ERR_OK) {
        free(session);
        return e;
    }
    *session =
        (struct region_session){ .key = ++s->last_key,
                                 .number = number,
                                 .worker = (number - 1u) % s->defs.sit.mxt,
                                 .fd = fds[0],
                                 .partner = p };
    s->sessions[s->n_sessions++] = session;
    bind.worker = (uint16_t)(session->worker + 1);
    buf_init(&frame, ISC_FRAME_MAX);
    e = isc_bind_write(&frame, ISC_SESSION, number, &bind, why);
    if (e == ERR_OK)
        e = isc_send(p->fd, buf_view(&frame), &fds[1], 1, why);
    close(fds[1]);
    buf_fini(&frame);
    if (e == ERR_OK)
        session_attach(s, session);
    return e;
}

void
bind_drop(struct supervisor *s, struct partner *p)
{
    if (p->is_bound)
        REGION_LOG(s, "DFHIS2001", str_of(p->name));
    for (size_t i = s->n_sessions; i-- > 0;)
        if (s->sessions[i]->partner == p)
            session_drop(s, i);
    for (size_t i = 0; i < s->n_partners; i++)
        if (s->partners[i] == p)
            s->partners[i] = s->partners[--s->n_partners];
    partner_free(p);
}

/* --- binding --------------------------------------------------------------*/

static enum err
send_bind(struct partner *p, enum isc_type type, const struct isc_bind *bind)
{
    struct err_info why;
    struct buf frame;
    enum err e;

    buf_init(&frame, ISC_FRAME_MAX);
    e = isc_bind_write(&frame, type, 0, bind, &why);
    if (e == ERR_OK)
        e = isc_send(p->fd, buf_view(&frame), NULL, 0, &why);
    buf_fini(&frame);
    return e;
}

static void
refuse(struct supervisor *s, struct partner *p, const struct isc_bind *hello,
       const char *reason)
{
    struct isc_bind nak = { .applid = s->defs.sit.applid,
                            .networkid = s->defs.sit.networkid,
                            .reason = str_of(reason) };

    if (strcmp(reason, "SECURITY_VIOLATION") == 0)
        REGION_LOG(s, "DFHIS2040", hello->applid, hello->networkid);
    REGION_LOG(s, "DFHIS1011", hello->applid, hello->networkid, str_of(reason));
    if (send_bind(p, ISC_HELLO_NAK, &nak) != ERR_OK)
        log_debug("the refused partner has gone");
    p->is_gone = true;
}

static const struct tcpipservice *
service_of_port(const struct supervisor *s, uint16_t port)
{
    for (size_t i = 0; i < s->defs.n_services; i++)
        if (s->defs.services[i]->port == port)
            return s->defs.services[i];
    return NULL;
}

/* Why this partner may not come in by that service; NULL: it may. */
static const char *
check_service(const struct supervisor *s, const struct ipconn *conn,
              uint16_t port)
{
    const struct tcpipservice *arrived =
        port == 0 ? NULL : service_of_port(s, port);

    if (port != 0 && arrived == NULL)
        return "TCPIPSERVICE_NOT_FOUND";
    if (arrived != NULL && !arrived->is_open)
        return "TCPIPSERVICE_NOT_OPEN";
    if (conn == NULL || conn->tcpipservice.n == 0)
        return NULL;
    if (!defs_service(&s->defs, conn->tcpipservice)->is_open)
        return "TCPIPSERVICE_NOT_OPEN";
    return arrived != NULL && !str_eq(arrived->head.name, conn->tcpipservice)
               ? "TCPIPSERVICE_MISMATCH"
               : NULL;
}

/* Bind security. A local socket with a known peer is "the same sysplex"; in
 * private mode the peer must be the image's own user. From elsewhere, only a
 * client certificate proves a partner whose word about users counts. */
static bool
is_trusted(const struct partner *p, const struct ipconn *conn)
{
    if (!p->is_remote)
        return !root_is_private() || p->peer.uid == getuid();
    return p->has_certificate || conn == NULL ||
           conn->user_auth != USERAUTH_IDENTIFY;
}

static const char *
check_hello(const struct supervisor *s, const struct partner *p,
            const struct isc_bind *hello, const struct ipconn **conn,
            bool *autoinstall)
{
    uint16_t port = p->is_remote ? p->port : hello->port;
    const struct tcpipservice *service = service_of_port(s, port);
    const char *reason;

    *autoinstall = false;
    *conn = NULL;
    if (s->is_stopping)
        return "SHUTDOWN";
    if ((hello->partner_applid.n > 0 &&
         !str_eq_nocase(hello->partner_applid, s->defs.sit.applid)) ||
        (hello->partner_networkid.n > 0 &&
         !str_eq_nocase(hello->partner_networkid, s->defs.sit.networkid)))
        return "ISCE_INVALID_APPLID";
    if (hello->applid.n > 0)
        *conn = defs_ipconn(&s->defs, hello->applid,
                            hello->networkid.n > 0 ? hello->networkid
                                                   : s->defs.sit.networkid);
    if (!is_trusted(p, *conn))
        return "SECURITY_VIOLATION";
    if ((reason = check_service(s, *conn, port)) != NULL)
        return reason;
    if (*conn == NULL) {
        /* URM(NO) accepts only what is defined. */
        *autoinstall = service != NULL && !str_eq_z(service->urm, "NO");
        return *autoinstall ? NULL : "IPCONN_NOT_FOUND";
    }
    if (!(*conn)->is_in_service)
        return "INVALID_IPCONN_STATE";
    if (hello->sessions == 0)
        return "ISCE_ERROR";
    return NULL;
}

/* A certificate that stands for nobody: the bind succeeds, with less. */
static void
warn_unmapped(struct supervisor *s, const struct partner *p)
{
    if (p->ipconn == NULL || p->ipconn->link_auth != LINKAUTH_CERTUSER ||
        p->identity.n > 0)
        return;
    REGION_LOG(s, "DFHIS2041", p->ipconn->head.name, STR("(of a certificate)"),
               s->defs.sit.dfltuser,
               p->has_certificate ? STR("the certificate is not mapped to one")
                                  : STR("LINKAUTH(CERTUSER) without a client "
                                        "certificate"));
}

static void
on_hello(struct supervisor *s, struct partner *p, const struct isc_bind *hello)
{
    struct isc_bind ack = { .applid = s->defs.sit.applid,
                            .networkid = s->defs.sit.networkid,
                            .level = STR(SALLYPORT_VERSION) };
    const struct ipconn *conn;
    struct err_info why;
    uint32_t granted;
    bool autoinstall;
    char number[16];
    const char *reason = check_hello(s, p, hello, &conn, &autoinstall);

    if (reason != NULL) {
        refuse(s, p, hello, reason);
        return;
    }
    (void)snprintf(p->name, sizeof p->name, STR_FMT, STR_ARG(hello->applid));
    granted = conn == NULL ? 100 : conn->receive_count;
    if (hello->sessions < granted)
        granted = hello->sessions;
    ack.sessions = (uint16_t)granted;
    p->ipconn = conn;
    warn_unmapped(s, p);
    if (autoinstall)
        REGION_LOG(s, "DFHIS3000", hello->applid, hello->networkid);
    if (send_bind(p, ISC_HELLO_ACK, &ack) != ERR_OK) {
        p->is_gone = true;
        return;
    }
    p->is_bound = true;
    (void)snprintf(number, sizeof number, "%u", granted);
    REGION_LOG(s, "DFHIS2000", conn == NULL ? hello->applid : conn->head.name,
               hello->applid, hello->networkid, str_of(number));
    for (uint32_t i = 0; i < granted; i++)
        if (session_new(s, p, (uint16_t)(i + 1), &why) != ERR_OK) {
            log_warn("session %u of %s: %s", i + 1, p->name, why.text);
            p->is_gone = true; /* the partner binds again */
            return;
        }
}

static void
on_plain(struct supervisor *s, struct partner *p, enum isc_type type)
{
    struct err_info why;
    struct buf frame;

    (void)s;
    if (type == ISC_PING) {
        buf_init(&frame, 64);
        if (isc_plain_write(&frame, ISC_PONG, 0, 0, &why) != ERR_OK ||
            isc_send(p->fd, buf_view(&frame), NULL, 0, &why) == ERR_PEER)
            p->is_gone = true;
        buf_fini(&frame);
        return;
    }
    p->is_gone = true; /* BYE, or what a partner may not send here */
}

void
bind_event(struct supervisor *s, struct partner *p)
{
    struct isc_head head;
    struct isc_bind hello;
    struct err_info why;
    enum err e = isc_recv(p->fd, false, &s->packet, &why);

    if (e == ERR_AGAIN)
        return;
    if (e == ERR_OK)
        e = isc_head_read(buf_view(&s->packet.bytes), &head, &why);
    if (e == ERR_OK && head.type == ISC_HELLO && !p->is_bound) {
        e = isc_bind_read(buf_view(&s->packet.bytes), &head, &hello, &why);
        if (e == ERR_OK)
            on_hello(s, p, &hello);
    } else if (e == ERR_OK) {
        e = isc_plain_read(buf_view(&s->packet.bytes), &head, &why);
        if (e == ERR_OK)
            on_plain(s, p, (enum isc_type)head.type);
    }
    isc_packet_close_fds(&s->packet);
    if (e == ERR_SYNTAX)
        REGION_LOG(s, "DFHIS1011", str_of(p->name), STR("-"),
                   STR("ISCER_BAD_RESPONSE"));
    if (e != ERR_OK)
        p->is_gone = true;
}
