/*
 * What one loop has: its connection to the angel, its ports, the configuration
 * it uses, and how these change while requests run.
 */
#include "gateway/serve.h"
#include "gateway/timing.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#define LOGGER "com.ibm.ws.channel.ssl.internal.SSLConnectionLink"
#define TCP_LOGGER "com.ibm.ws.tcpchannel.internal.TCPChannel"
#define ANGEL_RETRY_MS 1000u
#define SHORT_AGAIN_MS 60000u

static const char *const checked_classes[] = { "APPL", "EJBROLE", "SURROGAT",
                                               "SERVER", "FACILITY" };

/* --- the angel ------------------------------------------------------------ */

/* The client's descriptor changes when it reconnects. */
static void
follow_angel(struct serve *s)
{
    int fd = saf_fd(s->saf);

    if (fd == s->saf_watch.fd)
        return;
    if (s->saf_watch.fd >= 0)
        loop_remove(s->loop, &s->saf_watch);
    s->saf_watch.fd = fd;
    if (fd < 0 || loop_add(s->loop, &s->saf_watch, LOOP_READ, NULL) != ERR_OK)
        loop_timer_set(s->loop, &s->saf_retry, ANGEL_RETRY_MS);
}

static void
on_angel(struct loop_fd *watch, unsigned events)
{
    struct serve *s = CONTAINER_OF(watch, struct serve, saf_watch);

    (void)events;
    if (saf_process(s->saf, NULL) != ERR_OK)
        loop_timer_set(s->loop, &s->saf_retry, ANGEL_RETRY_MS);
    follow_angel(s);
}

/* A request may have reconnected, or nobody asked for a while. */
static void
on_retry(struct loop_timer *timer)
{
    struct serve *s = CONTAINER_OF(timer, struct serve, saf_retry);

    IGNORE(saf_process(s->saf, NULL)); /* tried again in a second */
    follow_angel(s);
    loop_timer_set(s->loop, timer, ANGEL_RETRY_MS);
}

void
serve_operator_line(void *arg, struct str line)
{
    struct iovec text[2] = { { (void *)(uintptr_t)line.p, line.n },
                             { (void *)(uintptr_t) "\n", 1 } };

    (void)arg;
    /* The started task's output; the system log has it from the angel. */
    if (writev(STDERR_FILENO, text, 2) < 0)
        return;
}

static void on_named(void *port, int fd, const struct sockaddr *, socklen_t,
                     const struct admit_name *);

enum err
serve_init(struct serve *s, struct messages_log *log, struct str token,
           unsigned index, unsigned n_loops, struct err_info *why)
{
    enum err e;

    *s = (struct serve){ .log = log,
                         .index = index,
                         .next_request_id = index + 1,
                         .id_step = n_loops };
    s->saf_watch = (struct loop_fd){ .fd = -1, .on_event = on_angel };
    s->saf_retry.fire = on_retry;
    if ((e = loop_new(&s->loop, why)) == ERR_OK)
        doorman_init(&s->doorman, s->loop, on_named);
    if (e != ERR_OK || (e = http_pool_new(s->loop, &s->pool, why)) != ERR_OK ||
        (e = saf_connect_later(token, &s->saf, why)) != ERR_OK ||
        (e = saf_view_open_later(s->saf, checked_classes,
                                 ARRAY_LEN(checked_classes), &s->view, why)) !=
            ERR_OK) {
        serve_fini(s);
        return e;
    }
    saf_on_message(s->saf, serve_operator_line, s);
    follow_angel(s);
    loop_timer_set(s->loop, &s->saf_retry, ANGEL_RETRY_MS);
    return ERR_OK;
}

/* --- ports ---------------------------------------------------------------- */

static void
on_tls_error(struct str peer, struct str text, void *arg)
{
    struct serve_port *port = arg;
    struct serve *s = port->serve;

    (void)peer;
    metrics_add(&s->counted->handshake_failures, 1);
    if (port->entry.suppress_errors)
        return;
    switch (handshakes_failed(&s->metrics->handshakes, port->channel,
                              loop_now_ms(s->loop))) {
    case HANDSHAKES_SAY:
        MESSAGES_LOG(s->log, LOGGER, "CWWKO0801E", text);
        break;
    case HANDSHAKES_SAY_LAST:
        MESSAGES_LOG0(s->log, LOGGER, "CWWKO0804I");
        break;
    case HANDSHAKES_QUIET:
        break;
    }
}

static void
on_tls(bool is_resumed, void *arg)
{
    struct serve_port *port = arg;

    metrics_add(&port->serve->counted->handshakes[is_resumed], 1);
}

static void
on_full(void *arg)
{
    struct serve_port *port = arg;
    char limit[16];

    snprintf(limit, sizeof limit, "%u", port->entry.options.max_connections);
    MESSAGES_LOG(port->serve->log, TCP_LOGGER, "CWWKO0222W",
                 str_of(port->channel), str_of(limit));
}

static void
on_no_descriptors(void *arg)
{
    struct serve_port *port = arg;
    struct serve *s = port->serve;
    uint64_t now_ms = loop_now_ms(s->loop), said_ms;

    metrics_add(&s->counted->turned_away, 1);
    /* by another loop, whose clock may be ahead */
    said_ms = atomic_load(&s->metrics->short_said_ms);
    if ((said_ms == 0 || now_ms >= said_ms + SHORT_AGAIN_MS) &&
        atomic_compare_exchange_strong(&s->metrics->short_said_ms, &said_ms,
                                       now_ms))
        MESSAGES_LOG(s->log, TCP_LOGGER, "SPT0419W", str_of(port->channel));
}

static void
on_closed(const struct sockaddr *peer, void *arg)
{
    struct serve_port *port = arg;

    metrics_add(&port->serve->counted->disconnections, 1);
    limits_disconnect(port->serve->limits, peer);
}

static enum http_admit
turn_away(struct serve_port *port, const struct sockaddr *peer)
{
    metrics_add(&port->serve->counted->turned_away, 1);
    on_closed(peer, port);
    return HTTP_ADMIT_NO;
}

static enum http_admit
on_admit(int fd, const struct sockaddr *peer, void *arg)
{
    struct serve_port *port = arg;
    struct serve *s = port->serve;
    struct admit_name name;
    enum admit_verdict verdict =
        port->live == NULL ? ADMIT_NO
                           : admit_judge(&port->live->admit, peer, NULL);

    if (verdict == ADMIT_NO) {
        metrics_add(&s->counted->turned_away, 1);
        return HTTP_ADMIT_NO;
    }
    if (!limits_connect(s->limits, s->usage->snapshot->limits, peer)) {
        metrics_add(&s->counted->turned_away, 1);
        metrics_add(&s->counted->limited[LIMIT_CONNECTIONS], 1);
        return HTTP_ADMIT_NO;
    }
    metrics_add(&s->counted->connections, 1);
    if (verdict == ADMIT_NEEDS_NAME && doorman_knows(&s->doorman, peer, &name))
        verdict = admit_judge(&port->live->admit, peer, &name);
    if (verdict == ADMIT_YES)
        return HTTP_ADMIT_YES;
    if (verdict == ADMIT_NEEDS_NAME && doorman_ask(&s->doorman, port, fd, peer))
        return HTTP_ADMIT_LATER;
    return turn_away(port, peer);
}

static void
on_named(void *arg, int fd, const struct sockaddr *peer, socklen_t n,
         const struct admit_name *name)
{
    struct serve_port *port = arg;

    if (port->live != NULL &&
        admit_judge(&port->live->admit, peer, name) == ADMIT_YES) {
        http_server_take(port->server, fd, peer, n);
        return;
    }
    close(fd);
    (void)turn_away(port, peer);
}

static struct serve_port *
find_port(struct serve *s, const struct port_entry *entry)
{
    for (struct serve_port *p = s->ports; p != NULL; p = p->next) {
        if (p->entry.port == entry->port && p->entry.is_tls == entry->is_tls &&
            str_eq(str_of(p->host), entry->host))
            return p;
    }
    return NULL;
}

/* What of the entry a port uses after its snapshot is gone is copied. */
static void
keep_entry(struct serve_port *p, const struct port_entry *entry)
{
    p->entry = *entry;
    p->entry.tls = NULL; /* the http server has its own reference */
    p->entry.web = NULL;
    p->entry.options.memory = p->serve->memory;
    p->entry.admit = (struct admit){ 0 };
    snprintf(p->channel, sizeof p->channel, STR_FMT "%s",
             STR_ARG(entry->endpoint_id), entry->is_tls ? "-ssl" : "");
    p->entry.host = (struct str){ 0 };
    p->entry.endpoint_id = (struct str){ 0 };
}

static void
open_port(struct serve *s, const struct port_entry *entry, int fd)
{
    struct http_server_events events = { .on_request = serve_on_request,
                                         .on_done = web_on_done,
                                         .on_full = on_full,
                                         .on_no_descriptors = on_no_descriptors,
                                         .admits = on_admit,
                                         .on_closed = on_closed,
                                         .on_tls = on_tls,
                                         .on_tls_error = on_tls_error };
    struct serve_port *p = calloc(1, sizeof *p);
    struct err_info why;

    if (p == NULL || !str_copy_z(entry->host, p->host, sizeof p->host)) {
        free(p);
        return;
    }
    p->serve = s;
    p->live = entry;
    keep_entry(p, entry);
    events.arg = p;
    p->fd = dup(fd);
    if (p->fd < 0 ||
        http_server_new(s->loop, p->fd, entry->tls, &p->entry.options, &events,
                        &p->server, &why) != ERR_OK) {
        if (p->fd >= 0)
            close(p->fd);
        free(p);
        return;
    }
    p->is_wanted = true;
    p->next = s->ports;
    s->ports = p;
}

static void
check_idle(struct serve *s)
{
    if (s->on_idle != NULL && s->n_requests == 0 && s->n_draining == 0)
        s->on_idle(s);
}

static void
end_port(struct loop_post *post)
{
    struct serve_port *p = CONTAINER_OF(post, struct serve_port, end);
    struct serve *s = p->serve;

    http_server_free(&p->server);
    free(p);
    s->n_draining--;
    check_idle(s);
}

static void
on_drained(void *arg)
{
    struct serve_port *p = arg;

    loop_defer(p->serve->loop, &p->end);
}

static void
close_unwanted(struct serve *s)
{
    struct serve_port **at = &s->ports;

    while (*at != NULL) {
        struct serve_port *p = *at;

        if (p->is_wanted) {
            at = &p->next;
            continue;
        }
        *at = p->next;
        doorman_leave(&s->doorman, p, on_closed);
        p->end.run = end_port;
        s->n_draining++;
        http_server_drain(p->server, on_drained, p);
        close(p->fd);
    }
}

/* --- configuration -------------------------------------------------------- */

static void
let_go(struct usage *usage)
{
    usage->is_current = false;
    if (usage->n_requests == 0) {
        snapshot_unref(&usage->snapshot);
        free(usage);
    }
}

void
serve_apply(struct serve *s, struct snapshot *snapshot, const int *fds)
{
    struct usage *usage = calloc(1, sizeof *usage);

    if (usage == NULL)
        return; /* goes on with the old one */
    usage->snapshot = snapshot_ref(snapshot);
    usage->is_current = true;
    for (struct serve_port *p = s->ports; p != NULL; p = p->next) {
        p->is_wanted = false;
        p->live = NULL;
    }
    if (s->usage != NULL)
        let_go(s->usage);
    s->usage = usage;
    for (size_t i = 0; i < snapshot->n_ports; i++) {
        struct serve_port *p = find_port(s, &snapshot->ports[i]);

        if (p == NULL && fds[i] >= 0) {
            open_port(s, &snapshot->ports[i], fds[i]);
        } else if (p != NULL && fds[i] >= 0) {
            p->is_wanted = true;
            p->live = &snapshot->ports[i];
            keep_entry(p, &snapshot->ports[i]);
            http_server_update(p->server, snapshot->ports[i].tls,
                               &p->entry.options);
        }
    }
    close_unwanted(s);
    http_pool_flush(s->pool);
    timing_start(s);
}

void
serve_drain(struct serve *s, void (*on_idle)(struct serve *))
{
    s->on_idle = on_idle;
    for (struct serve_port *p = s->ports; p != NULL; p = p->next)
        p->is_wanted = false;
    close_unwanted(s);
    check_idle(s);
}

void
serve_fini(struct serve *s)
{
    while (s->ports != NULL) {
        struct serve_port *p = s->ports;

        s->ports = p->next;
        doorman_leave(&s->doorman, p, on_closed);
        http_server_free(&p->server);
        close(p->fd);
        free(p);
    }
    doorman_fini(&s->doorman);
    serve_close_connections(s);
    buf_fini(&s->json);
    if (s->pool != NULL)
        http_pool_free(&s->pool);
    if (s->view != NULL)
        saf_view_close(&s->view);
    if (s->saf != NULL)
        saf_disconnect(&s->saf);
    if (s->usage != NULL) {
        snapshot_unref(&s->usage->snapshot);
        free(s->usage);
        s->usage = NULL;
    }
    if (s->loop != NULL)
        loop_free(&s->loop);
}
