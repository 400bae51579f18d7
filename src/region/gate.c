#include "region/gate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "io/resolve.h"
#include "ipc/chan.h"
#include "ipc/task.h"
#include "isc/link.h"
#include "isc/tunnel.h"
#include "region/gate_ring.h"
#include "region/internal.h"

#define VISITORS_MAX 128u        /* local partners find room beside them */
#define VISITORS_PER_ADDRESS 32u /* the others shall find room */
#define HELLO_WAIT_MS 10000u

struct service {
    struct gate *gate;
    const struct tcpipservice *def;
    struct loop_fd listener; /* fd -1: closed */
    struct tls_config *tls;  /* NULL: SSL(NO) */
};

/* A connection that came in. */
struct visitor {
    struct service *service;
    struct isc_tunnel *tunnel; /* NULL: gone */
    struct loop_timer hello;   /* it must bind by then */
    bool is_asking;            /* the angel will call back */
    bool has_certificate;
    char address[INET6_ADDRSTRLEN];
};

struct gate {
    const struct region_defs *defs;
    struct loop *loop;
    struct loop_fd supervisor;
    struct saf_client *saf; /* NULL: no service has TLS */
    struct loop_fd angel;
    struct service *services;
    struct visitor *visitors[VISITORS_MAX];
};

/* --- telling the supervisor -----------------------------------------------*/

static void
tell(struct gate *g, enum region_message type, const struct buf *text, int fd)
{
    struct err_info why;

    if (chan_send(g->supervisor.fd, (uint16_t)type, 0, buf_view(text), &fd,
                  fd < 0 ? 0 : 1, &why) != ERR_OK)
        log_warn("gate: %s", why.text);
}

static void
gate_log(const struct service *s, const char *id, const char *text)
{
    const struct region_defs *defs = s->gate->defs;
    struct buf out;

    buf_init(&out, 4096);
    buf_str(&out, str_of(id));
    buf_str(&out, defs->sit.applid);
    buf_str(&out, s->def->head.name);
    buf_str(&out, str_n(text, strnlen(text, 200)));
    tell(s->gate, RMSG_LOG, &out, -1);
    buf_fini(&out);
}

/* --- visitors -------------------------------------------------------------*/

static void
forget(struct visitor *v)
{
    struct gate *g = v->service->gate;

    loop_timer_clear(g->loop, &v->hello);
    isc_tunnel_free(&v->tunnel);
    if (v->is_asking)
        return; /* freed when the angel has answered */
    for (size_t i = 0; i < VISITORS_MAX; i++)
        if (g->visitors[i] == v)
            g->visitors[i] = NULL;
    free(v);
}

static void
on_closed(void *arg, const char *reason)
{
    struct visitor *v = arg;

    log_info("partner %s: %s", v->address, reason);
    if (strstr(reason, "SSL") != NULL)
        gate_log(v->service, "DFHSO0123", reason);
    forget(v);
}

static void
on_hello_wait(struct loop_timer *timer)
{
    struct visitor *v = CONTAINER_OF(timer, struct visitor, hello);

    if (isc_tunnel_is_bound(v->tunnel))
        return;
    log_info("partner %s did not bind in time", v->address);
    forget(v);
}

/* wire: the sealed identity that its certificate stands for, or empty. */
static void
hand_over(struct visitor *v, struct str wire)
{
    struct gate *g = v->service->gate;
    struct err_info why;
    struct buf text;
    int fds[2];

    if (isc_pair(fds, &why) != ERR_OK) {
        log_warn("partner %s: %s", v->address, why.text);
        forget(v);
        return;
    }
    buf_init(&text, ACEE_WIRE_MAX + 256u);
    buf_u16(&text, (uint16_t)v->service->def->port);
    buf_u8(&text, v->has_certificate ? 1 : 0);
    buf_str(&text, wire);
    tell(g, RMSG_PARTNER, &text, fds[1]);
    buf_fini(&text);
    close(fds[1]);
    if (isc_tunnel_attach(v->tunnel, fds[0], &why) != ERR_OK) {
        log_warn("partner %s: %s", v->address, why.text);
        forget(v);
    }
}

static void
on_identity(void *arg, enum err e, struct acee *acee, struct saf_rc rc,
            const struct err_info *why)
{
    struct visitor *v = arg;

    (void)rc;
    v->is_asking = false;
    if (v->tunnel == NULL) {
        forget(v);
    } else if (e == ERR_OK) {
        hand_over(v, acee->wire);
    } else if (e == ERR_DENIED) { /* CERTUSER then means the default user */
        log_info("partner %s: %s", v->address, why->text);
        hand_over(v, STR(""));
    } else {
        log_warn("partner %s: %s", v->address, why->text);
        forget(v);
    }
    acee_unref(&acee);
}

static void
on_open(void *arg, struct str certificate)
{
    struct visitor *v = arg;
    struct gate *g = v->service->gate;
    struct err_info why;

    v->has_certificate = certificate.n > 0;
    if (!v->has_certificate || !g->defs->sit.sec) {
        hand_over(v, STR(""));
        return;
    }
    v->is_asking = true;
    if (saf_verify_certificate_async(g->saf, certificate, STR(""), STR(""),
                                     on_identity, v, &why) == ERR_OK)
        return;
    v->is_asking = false;
    log_warn("partner %s: %s", v->address, why.text);
    forget(v);
}

/* A free place, unless this address has taken its share. */
static struct visitor **
place_for(struct gate *g, const char *address)
{
    struct visitor **place = NULL;
    unsigned n = 0;

    for (size_t i = 0; i < VISITORS_MAX; i++)
        if (g->visitors[i] == NULL)
            place = place == NULL ? &g->visitors[i] : place;
        else
            n += strcmp(g->visitors[i]->address, address) == 0;
    return n < VISITORS_PER_ADDRESS ? place : NULL;
}

static void
welcome(struct service *s, int fd, const char *address)
{
    struct gate *g = s->gate;
    struct visitor **place = place_for(g, address);
    struct visitor *v = place == NULL ? NULL : calloc(1, sizeof *v);
    struct err_info why;

    if (v == NULL) {
        log_warn("partner %s is turned away: no place", address);
        close(fd);
        return;
    }
    v->service = s;
    v->hello.fire = on_hello_wait;
    (void)snprintf(v->address, sizeof v->address, "%s", address);
    if (isc_tunnel_new(g->loop, ISC_REGION_SIDE, fd, s->tls, STR(""),
                       &(struct isc_tunnel_events){ on_open, on_closed, v },
                       &v->tunnel, &why) != ERR_OK) {
        log_warn("partner %s: %s", address, why.text);
        free(v);
        return;
    }
    *place = v;
    loop_timer_set(g->loop, &v->hello, HELLO_WAIT_MS);
}

static void
on_listener(struct loop_fd *watch, unsigned events)
{
    struct service *s = CONTAINER_OF(watch, struct service, listener);
    union address peer = { 0 };
    socklen_t n = sizeof peer;
    char text[INET6_ADDRSTRLEN] = "?";
    const int on = 1;
    int fd = accept4(watch->fd, &peer.any, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);

    (void)events;
    if (fd < 0)
        return;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (peer.any.sa_family == AF_INET)
        (void)inet_ntop(AF_INET, &peer.v4.sin_addr, text, sizeof text);
    else
        (void)inet_ntop(AF_INET6, &peer.v6.sin6_addr, text, sizeof text);
    welcome(s, fd, text);
}

/* --- services -------------------------------------------------------------*/

static enum err
open_listener(const struct tcpipservice *def, int *out, struct err_info *why)
{
    union address at = { .v6 = { .sin6_family = AF_INET6,
                                 .sin6_port = htons((uint16_t)def->port),
                                 .sin6_addr = IN6ADDR_ANY_INIT } };
    const int on = 1, off = 0;
    int fd;

    if (def->host.n > 0 && !str_eq_nocase_z(def->host, "ANY") &&
        !str_eq_nocase_z(def->host, "INADDR_ANY") &&
        !address_parse(def->host, def->port, &at))
        return err_set(why, ERR_SYNTAX,
                       "HOST(" STR_FMT ") is neither ANY nor an address",
                       STR_ARG(def->host));
    fd =
        socket(at.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_sys(why, "cannot open a socket");
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (at.any.sa_family == AF_INET6) /* ANY means IPv4 too */
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, &at.any, address_bytes(&at)) != 0 ||
        listen(fd, def->backlog > 0 ? (int)def->backlog : SOMAXCONN) != 0) {
        enum err e = err_sys(why, "port %u", def->port);

        close(fd);
        return e;
    }
    *out = fd;
    return ERR_OK;
}

static enum err
need_angel(struct gate *g, struct err_info *why)
{
    struct buf token;
    enum err e;

    if (g->saf != NULL)
        return ERR_OK;
    if (task_token_read(&token, why) != ERR_OK)
        buf_init(&token, 0); /* a plain process: the user of its uid */
    e = saf_connect(buf_view(&token), &g->saf, why);
    buf_fini(&token);
    if (e != ERR_OK)
        return e;
    g->angel.fd = saf_fd(g->saf);
    return loop_add(g->loop, &g->angel, LOOP_READ, why);
}

static void
open_service(struct gate *g, struct service *s)
{
    struct err_info why;
    enum err e = ERR_OK;

    if (s->def->ssl != 0 && (e = need_angel(g, &why)) == ERR_OK)
        e = gate_ring_tls(g->saf, g->defs->sit.keyring, s->def, &s->tls, &why);
    if (e == ERR_OK)
        e = open_listener(s->def, &s->listener.fd, &why);
    if (e == ERR_OK) {
        s->listener.on_event = on_listener;
        e = loop_add(g->loop, &s->listener, LOOP_READ, &why);
    }
    if (e != ERR_OK)
        gate_log(s, "DFHSO0109", why.text);
}

/* --- the process ----------------------------------------------------------*/

static void
on_supervisor(struct loop_fd *watch, unsigned events)
{
    (void)events;
    loop_stop(CONTAINER_OF(watch, struct gate, supervisor)->loop);
}

static void
on_angel(struct loop_fd *watch, unsigned events)
{
    struct gate *g = CONTAINER_OF(watch, struct gate, angel);
    struct err_info why;

    (void)events;
    if (saf_process(g->saf, &why) != ERR_OK)
        log_info("gate: %s", why.text); /* it connects again by itself */
}

int
gate_run(const struct region_defs *defs, int fd)
{
    struct gate *g = calloc(1, sizeof *g);
    struct err_info why;

    if (g == NULL)
        return 12;
    g->defs = defs;
    g->supervisor = (struct loop_fd){ .fd = fd, .on_event = on_supervisor };
    g->angel = (struct loop_fd){ .fd = -1, .on_event = on_angel };
    g->services = calloc(defs->n_services + 1, sizeof *g->services);
    if (g->services == NULL || loop_new(&g->loop, &why) != ERR_OK ||
        loop_add(g->loop, &g->supervisor, LOOP_READ, &why) != ERR_OK) {
        log_error("the gate cannot start");
        free(g->services);
        free(g);
        return 12;
    }
    for (size_t i = 0; i < defs->n_services; i++) {
        struct service *s = &g->services[i];

        *s = (struct service){ .gate = g,
                               .def = defs->services[i],
                               .listener = { .fd = -1 } };
        if (s->def->is_open)
            open_service(g, s);
    }
    loop_run(g->loop);
    return 0; /* the process ends: nothing outlives it */
}
