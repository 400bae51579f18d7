/*
 * The listening sockets of the server, and which endpoints the operator has
 * paused: their sockets are closed, so that clients are refused and turn to
 * another server, while requests under way finish.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "gateway/gateway_priv.h"

#define TCP_LOGGER "com.ibm.ws.tcpchannel.internal.TCPPort"

/* The index of its socket; n_listeners when it is closed. */
static size_t
find_listener(const struct gateway *g, const struct port_entry *p)
{
    size_t i = 0;

    while (i < g->n_listeners && (g->listeners[i].port != p->port ||
                                  !str_eq_z(p->host, g->listeners[i].host)))
        i++;
    return i;
}

bool
ports_is_open(const struct gateway *g, const struct port_entry *p)
{
    return p->rival == NULL && find_listener(g, p) < g->n_listeners;
}

/* As the original's runtime writes an address: all eight groups. */
static void
write_ipv6(const struct in6_addr *address, struct buf *out)
{
    for (size_t i = 0; i < 16; i += 2)
        buf_printf(out, "%s%x", i == 0 ? "" : ":",
                   (unsigned)address->s6_addr[i] << 8 |
                       address->s6_addr[i + 1]);
}

/* "localhost  (IPv4: 127.0.0.1)", "*  (IPv6)": the name and what it became. */
static void
write_host(const struct listener *l, struct buf *out)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } at = { .any.sa_family = AF_UNSPEC };
    socklen_t n = sizeof at;
    char text[INET_ADDRSTRLEN] = "";
    bool is_any = strcmp(l->host, "*") == 0;

    buf_add_z(out, l->host);
    if (getsockname(l->fd, &at.any, &n) != 0)
        return;
    buf_add_z(out, at.any.sa_family == AF_INET6 ? "  (IPv6" : "  (IPv4");
    if (!is_any) {
        buf_add_z(out, ": ");
        if (at.any.sa_family == AF_INET6)
            write_ipv6(&at.v6.sin6_addr, out);
        else if (inet_ntop(AF_INET, &at.v4.sin_addr, text, sizeof text) != NULL)
            buf_add_z(out, text);
    }
    buf_add_char(out, ')');
}

/* CWWKO0219I, CWWKO0220I. Its socket is still open. */
static void
say_listening(struct gateway *g, const struct listener *l, const char *id)
{
    struct buf host;
    char port[8];

    buf_init(&host, 512);
    write_host(l, &host);
    snprintf(port, sizeof port, "%u", l->port);
    MESSAGES_LOG(g->o.log, TCP_LOGGER, id, str_of(l->channel), buf_view(&host),
                 str_of(port));
    buf_fini(&host);
}

static void
say_closed(struct gateway *g, const struct listener *l, enum err e,
           const char *port, const struct err_info *why)
{
    if (e == ERR_NOT_FOUND)
        MESSAGES_LOG(g->o.log, TCP_LOGGER, "CWWKO0224E", str_of(l->channel),
                     str_of(l->host), str_of(port));
    else
        MESSAGES_LOG(g->o.log, TCP_LOGGER, "CWWKO0221E", str_of(l->channel),
                     str_of(l->host), str_of(port), str_of(why->text));
}

/* "*" and one address of ours have the same port: the old one goes first. */
static bool
is_in_our_way(const struct gateway *g, const struct port_entry *p)
{
    for (size_t i = 0; i < g->n_listeners; i++)
        if (g->listeners[i].port == p->port && !g->listeners[i].is_wanted)
            return true;
    return false;
}

static void
set_channel(struct listener *l, const struct port_entry *p)
{
    snprintf(l->channel, sizeof l->channel, STR_FMT "%s",
             STR_ARG(p->endpoint_id), p->is_tls ? "-ssl" : "");
}

/* The socket of another channel, which is no more: said, since clear text and
 * TLS may change places. */
static void
rename_channel(struct gateway *g, struct listener *l,
               const struct port_entry *p)
{
    struct listener now = *l;

    set_channel(&now, p);
    if (strcmp(now.channel, l->channel) == 0)
        return;
    say_listening(g, l, "CWWKO0220I");
    *l = now;
    say_listening(g, l, "CWWKO0219I");
}

/* Not ERR_OK: it was said, unless ERR_AGAIN: it is tried once more. */
static enum err
open_one(struct gateway *g, const struct port_entry *p, int *fd,
         struct err_info *why)
{
    size_t at = find_listener(g, p);
    struct listener *l = &g->listeners[at];
    char port[8];
    enum err e;

    *fd = -1;
    snprintf(port, sizeof port, "%u", p->port);
    if (at < g->n_listeners) {
        rename_channel(g, l, p);
        l->is_wanted = true;
        *fd = l->fd;
        return ERR_OK;
    }
    if (g->n_listeners == ARRAY_LEN(g->listeners))
        return err_set(why, ERR_LIMIT, "too many ports are open");
    set_channel(l, p);
    if (!str_copy_z(p->host, l->host, sizeof l->host))
        return err_set(why, ERR_LIMIT, "the name of the host is too long");
    e = parent_listen(g->o.parent, l->host, p->port, p->reuses_address, &l->fd,
                      why);
    if (e != ERR_OK && is_in_our_way(g, p)) {
        g->must_reopen = true;
        return ERR_AGAIN;
    }
    if (e != ERR_OK && g->n_open_tries < p->open_retries) {
        g->must_retry_open = true;
        return ERR_AGAIN;
    }
    if (e != ERR_OK) {
        say_closed(g, l, e, port, why);
        return e;
    }
    l->port = p->port;
    l->is_wanted = true;
    g->n_listeners++;
    *fd = l->fd;
    say_listening(g, l, "CWWKO0219I");
    return ERR_OK;
}

static bool
is_open_wanted(const struct gateway *g, const struct port_entry *p)
{
    return p->rival == NULL && !ports_is_paused(g, p->endpoint_id);
}

/* What is open and wanted by that snapshot, and nothing else. */
static void
want(struct gateway *g, const struct snapshot *s)
{
    for (size_t i = 0; i < g->n_listeners; i++)
        g->listeners[i].is_wanted = false;
    for (size_t i = 0; i < s->n_ports; i++) {
        size_t at = find_listener(g, &s->ports[i]);

        if (at < g->n_listeners && is_open_wanted(g, &s->ports[i]))
            g->listeners[at].is_wanted = true;
    }
}

void
ports_open(struct gateway *g, const struct snapshot *s, int *fds)
{
    struct err_info why;

    g->must_retry_open = g->must_reopen = false;
    want(g, s);
    for (size_t i = 0; i < s->n_ports; i++) {
        fds[i] = -1;
        if (is_open_wanted(g, &s->ports[i]))
            (void)!open_one(g, &s->ports[i], &fds[i], &why);
    }
}

static bool
has_port(const struct snapshot *s, const struct port_entry *p)
{
    for (size_t i = 0; i < s->n_ports; i++)
        if (s->ports[i].port == p->port && str_eq(s->ports[i].host, p->host))
            return true;
    return false;
}

static void
add_place(const struct snapshot *s, const struct port_entry *p,
          struct err_info *why)
{
    const struct cfg_http_endpoint *e =
        cfg_find(s->tree, &cfg_type_http_endpoint, p->endpoint_id);
    char where[CFG_WHERE_MAX];

    err_prefix(why, "httpEndpoint " STR_FMT ", port %u",
               STR_ARG(p->endpoint_id), p->port);
    if (e != NULL)
        err_suffix(
            why, STR_FMT,
            STR_ARG(cfg_where(&e->node, p->is_tls ? "httpsPort" : "httpPort",
                              STR(""), where)));
}

/* A configuration began with the same: it was said then. */
static bool
had_rival(const struct snapshot *s, const struct port_entry *p)
{
    for (size_t i = 0; i < s->n_ports; i++) {
        const struct port_entry *q = &s->ports[i];

        if (q->rival != NULL && q->port == p->port && q->is_tls == p->is_tls &&
            str_eq(q->host, p->host) && str_eq(q->endpoint_id, p->endpoint_id))
            return true;
    }
    return false;
}

static void
say_rival(struct gateway *g, const struct port_entry *p, struct err_info *why)
{
    struct err_info own;
    struct listener l;
    char port[8];

    if (why == NULL)
        why = &own;
    set_channel(&l, p);
    snprintf(port, sizeof port, "%u", p->port);
    port_say_rival(p, why);
    MESSAGES_LOG(g->o.log, TCP_LOGGER, "CWWKO0221E", str_of(l.channel), p->host,
                 str_of(port), str_of(why->text));
}

enum err
ports_check_rivals(struct gateway *g, const struct snapshot *s,
                   struct err_info *why)
{
    for (size_t i = 0; i < s->n_ports; i++) {
        const struct port_entry *p = &s->ports[i];

        if (p->rival == NULL || had_rival(g->snapshot, p))
            continue;
        say_rival(g, p, why);
        add_place(s, p, why);
        return ERR_EXISTS;
    }
    return ERR_OK;
}

enum err
ports_open_new(struct gateway *g, const struct snapshot *s,
               struct err_info *why)
{
    enum err e = ERR_OK;

    want(g, s);
    for (size_t i = 0; e == ERR_OK && i < s->n_ports; i++) {
        const struct port_entry *p = &s->ports[i];
        int fd;

        if (!is_open_wanted(g, p) || has_port(g->snapshot, p))
            continue;
        e = open_one(g, p, &fd, why);
        if (e == ERR_AGAIN)
            e = ERR_OK;
        else if (e != ERR_OK)
            add_place(s, p, why);
    }
    if (e == ERR_OK)
        return e;
    want(g, g->snapshot);
    ports_close_unwanted(g);
    return e;
}

void
ports_close_unwanted(struct gateway *g)
{
    for (size_t i = 0; i < g->n_listeners;) {
        struct listener *l = &g->listeners[i];
        struct listener gone = *l;

        if (l->is_wanted) {
            i++;
            continue;
        }
        parent_release(g->o.parent, l->host, l->port);
        say_listening(g, &gone, "CWWKO0220I");
        close(gone.fd);
        *l = g->listeners[--g->n_listeners];
    }
}

/* --- pausing ----------------------------------------------------------------
 */

bool
ports_is_paused(const struct gateway *g, struct str id)
{
    for (size_t i = 0; i < g->n_paused; i++) {
        if (str_eq_z(id, g->paused[i].id))
            return true;
    }
    return false;
}

static bool
set_paused(struct gateway *g, struct str id, bool is_paused)
{
    size_t i = 0;

    while (i < g->n_paused && !str_eq_z(id, g->paused[i].id))
        i++;
    if (is_paused && i == g->n_paused) {
        if (i == ARRAY_LEN(g->paused) ||
            !str_copy_z(id, g->paused[i].id, sizeof g->paused[i].id))
            return false;
        g->n_paused++;
    } else if (!is_paused && i < g->n_paused) {
        g->paused[i] = g->paused[--g->n_paused];
    }
    return true;
}

/* A worker that died is replaced while the operator still waits for the end of
 * the work: the file says what was paused. The server's parent removes it when
 * the server starts. */
static char *
state_path(const struct gateway *g, struct arena *arena)
{
    return path_join(arena, str_of(g->work_dir), STR(GATEWAY_PAUSED_FILE));
}

static void
save_paused(const struct gateway *g)
{
    struct err_info why = { 0 };
    struct arena arena;
    struct buf text;
    char *path;

    arena_init(&arena, 8192);
    buf_init(&text, sizeof g->paused + SNAPSHOT_PORTS_MAX);
    for (size_t i = 0; i < g->n_paused; i++)
        buf_printf(&text, "%s\n", g->paused[i].id);
    path = state_path(g, &arena);
    if (path == NULL ||
        file_write_atomic(path, buf_view(&text), 0640, &why) != ERR_OK)
        log_warn("what is paused is not kept: %s", why.text);
    buf_fini(&text);
    arena_fini(&arena);
}

void
ports_restore_paused(struct gateway *g)
{
    struct arena arena;
    struct str rest, line;
    struct buf text;
    char *path;

    arena_init(&arena, 8192);
    buf_init(&text, 2 * sizeof g->paused);
    path = state_path(g, &arena);
    if (path != NULL && file_read(path, &text, NULL) == ERR_OK) {
        rest = buf_view(&text);
        while (str_line(&rest, &line)) {
            if (line.n > 0)
                (void)set_paused(g, line, true);
        }
    }
    buf_fini(&text);
    arena_fini(&arena);
}

size_t
gateway_endpoints(const struct gateway *g, struct gateway_endpoint *v,
                  size_t max)
{
    size_t n = 0;

    for (size_t i = 0; g->snapshot != NULL && i < g->snapshot->n_ports; i++) {
        const struct port_entry *p = &g->snapshot->ports[i];
        struct str id = p->endpoint_id;
        size_t k = 0;

        while (k < n && !str_eq(v[k].id, id))
            k++;
        if (k == n && n < max)
            v[n++] = (struct gateway_endpoint){ .id = id,
                                                .is_paused =
                                                    ports_is_paused(g, id) };
        if (k < n) {
            v[k].n_ports++;
            v[k].n_open += ports_is_open(g, p);
        }
    }
    return n;
}

const char *
gateway_endpoint_state(const struct gateway_endpoint *e)
{
    return e->is_paused              ? "paused"
           : e->n_open == e->n_ports ? "active"
           : e->n_open > 0           ? "partly closed"
                                     : "closed";
}

static void
add_name(struct buf *list, struct str name)
{
    if (list->n > 0)
        buf_add_z(list, ", ");
    buf_add(list, name);
}

static bool
is_target(struct str targets, struct str id)
{
    struct str target;

    if (targets.n == 0)
        return true;
    while (str_token(&targets, ',', &target)) {
        if (str_eq(str_trim(target), id))
            return true;
    }
    return false;
}

/* Targets that are no endpoint of ours. */
static void
find_unknown(struct str targets, const struct gateway_endpoint *v, size_t n,
             struct buf *unknown)
{
    struct str target;

    while (targets.n > 0 && str_token(&targets, ',', &target)) {
        size_t i = 0;

        while (i < n && !str_eq(v[i].id, str_trim(target)))
            i++;
        if (i == n)
            add_name(unknown, str_trim(target));
    }
}

/* Is any of its sockets closed, though it is not paused? Why is said, as it is
 * when it cannot be opened. */
static bool
lacks_socket(struct gateway *g, struct str id)
{
    for (size_t i = 0; i < g->snapshot->n_ports; i++) {
        const struct port_entry *p = &g->snapshot->ports[i];

        if (!str_eq(p->endpoint_id, id) || ports_is_open(g, p))
            continue;
        if (p->rival != NULL)
            say_rival(g, p, NULL);
        return true;
    }
    return false;
}

/* RESUME tries again what could not be opened. */
static bool
has_to_change(const struct gateway_endpoint *e, bool is_pause)
{
    return is_pause ? !e->is_paused : e->is_paused || e->n_open < e->n_ports;
}

enum err
gateway_pause(struct gateway *g, bool is_pause, struct str targets,
              struct buf *unknown, struct buf *failed)
{
    struct gateway_endpoint v[SNAPSHOT_PORTS_MAX];
    size_t n = gateway_endpoints(g, v, ARRAY_LEN(v)), n_changed = 0;

    find_unknown(targets, v, n, unknown);
    for (size_t i = 0; i < n; i++) {
        if (!is_target(targets, v[i].id) || !has_to_change(&v[i], is_pause))
            continue;
        /* One without an open port as well: so that none opens. */
        if (!set_paused(g, v[i].id, is_pause))
            add_name(failed, v[i].id);
        else
            n_changed++;
    }
    if (n_changed > 0)
        gateway_use(g, snapshot_ref(g->snapshot));
    for (size_t i = 0; i < n && !is_pause; i++) {
        if (is_target(targets, v[i].id) && lacks_socket(g, v[i].id))
            add_name(failed, v[i].id);
    }
    if (n_changed > 0)
        save_paused(g);
    if (n == 0 && targets.n == 0)
        return ERR_NOT_NOW;
    return failed->n > 0 ? ERR_IO : unknown->n > 0 ? ERR_NOT_FOUND : ERR_OK;
}

/* --- work -------------------------------------------------------------------
 */

static void
run_count(struct loop_post *post)
{
    struct order *order = CONTAINER_OF(post, struct order, post);
    const struct serve *s = &order->looper->serve;
    struct gateway *g = order->looper->gateway;
    uint64_t now = clock_wall_ms();

    order->work = (struct gateway_work){ .total = s->n_total };
    for (const struct request *r = s->requests; r != NULL; r = r->next) {
        uint64_t age = now - r->attempt.now_ms;

        order->work.active++;
        order->work.slow += age >= order->slow_ms && age < order->hung_ms;
        order->work.hung += age >= order->hung_ms;
        if (order->lines == NULL || age < order->hung_ms)
            continue;
        (void)pthread_mutex_lock(&g->lock);
        buf_printf(
            order->lines, "%llu.%03llu seconds " STR_FMT " " STR_FMT "\n",
            (unsigned long long)(age / 1000), (unsigned long long)(age % 1000),
            STR_ARG(r->http->method), STR_ARG(str_sub(r->http->path, 0, 200)));
        (void)pthread_mutex_unlock(&g->lock);
    }
    gateway_report(g, &g->n_waiting);
}

void
gateway_count(struct gateway *g, uint64_t slow_ms, uint64_t hung_ms,
              struct gateway_work *out, struct buf *lines)
{
    struct order orders[LOOPS_MAX];

    for (unsigned i = 0; i < g->n_loops; i++)
        orders[i] = (struct order){ .slow_ms = slow_ms,
                                    .hung_ms = hung_ms,
                                    .lines = lines };
    gateway_order(g, orders, run_count, NULL, NULL);
    gateway_wait(g);
    *out = (struct gateway_work){ 0 };
    for (unsigned i = 0; i < g->n_loops; i++) {
        out->total += orders[i].work.total;
        out->active += orders[i].work.active;
        out->slow += orders[i].work.slow;
        out->hung += orders[i].work.hung;
    }
}
