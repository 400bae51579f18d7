/* A connection's life: accepted, identified, mapped, joined, ended. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "ttls/batch.h"
#include "ttls/env.h"

#define ORIGINAL_DST 80 /* netfilter's SO_ORIGINAL_DST, of both families */

static void on_event(struct loop_fd *, unsigned events);

/* --- making and ending ------------------------------------------------------
 */

static struct conn *
conn_new(struct engine *g)
{
    struct conn *c = calloc(1, sizeof *c);

    if (c == NULL)
        return NULL;
    c->engine = g;
    c->inner.watch.fd = c->outer.watch.fd = -1;
    c->inner.conn = c->outer.conn = c;
    c->id = ++g->next_id * g->n_engines + g->number;
    c->started_s = (uint64_t)time(NULL);
    c->next = g->conns;
    c->prev = &g->conns;
    if (c->next != NULL)
        c->next->prev = &c->next;
    g->conns = c;
    g->n_conns++;
    return c;
}

bool
leg_watch(struct leg *leg, int fd, bool is_connected)
{
    const int one = 1;

    leg->watch.fd = fd;
    leg->watch.on_event = on_event;
    leg->is_connected = is_connected;
    leg->may_write = is_connected;
    leg->may_read = is_connected; /* what came before it was watched */
    if (!is_connected) {          /* else the listener's, inherited */
        IGNORE(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one));
        IGNORE(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one));
        IGNORE(setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &one, sizeof one));
    }
    if (loop_add(leg->conn->engine->loop, &leg->watch,
                 LOOP_READ | LOOP_WRITE | LOOP_EDGE | LOOP_URGENT,
                 NULL) == ERR_OK)
        return true;
    close(fd);
    leg->watch.fd = -1;
    return false;
}

static void
leg_close(struct leg *leg, bool with_reset)
{
    const struct linger now = { .l_onoff = 1, .l_linger = 0 };

    if (leg->watch.fd < 0)
        return;
    if (with_reset)
        IGNORE(
            setsockopt(leg->watch.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now));
    loop_close(leg->conn->engine->loop, &leg->watch);
    free(leg->held);
    leg->held = NULL;
    leg->held_n = 0;
    batch_forget(leg);
}

static void
free_later(struct loop_post *post)
{
    struct conn *c = CONTAINER_OF(post, struct conn, free_later);

    free(c);
}

static void
finish(struct conn *c, bool with_reset)
{
    struct engine_policy *policy = c->mapped == NULL ? NULL : c->mapped->policy;

    if (c->state == CONN_ENDED)
        return;
    if (c->ssl != NULL) {
        say_start(c, "Connection Close", NULL);
        flow_close(c);
    }
    if (c->mapped != NULL)
        say_event(c, 0, "Connection Close", NULL);
    handshake_fini(c);
    batch_settle(&c->inner);
    batch_settle(&c->outer);
    /* While the row is there the port is ours: nobody else can use it. */
    if (c->is_inbound && c->inner.watch.fd >= 0)
        maps_peer_remove(c->engine, &c->own);
    leg_close(&c->outer, with_reset);
    leg_close(&c->inner, with_reset);
    ask_forget(c);
    secondary_forget(c);
    env_unref(&c->env);
    engine_policy_unref(&policy);
    c->mapped = NULL;
    c->state = CONN_ENDED;
    *c->prev = c->next;
    if (c->next != NULL)
        c->next->prev = c->prev;
    c->engine->n_conns--;
    if (c->engine->n_conns == 0 && c->engine->stack.fd < 0)
        loop_stop(c->engine->loop);
    if (!c->is_again) {
        c->free_later.run = free_later;
        loop_defer(c->engine->loop, &c->free_later);
    } /* else `again` frees it */
}

void
conn_reset(struct conn *c)
{
    finish(c, true);
}

void
conn_end(struct conn *c)
{
    finish(c, false);
}

void
conns_close_all(struct engine *g)
{
    while (g->conns != NULL)
        conn_reset(g->conns);
}

/* --- accepting
 * ---------------------------------------------------------------- */

/* nftables: where the connection was going before it was turned. */
static bool
original_of(int fd, bool is_v6, struct capture_addr *out)
{
    struct sockaddr_in6 at = { 0 };
    socklen_t n = sizeof at;

    if (getsockopt(fd, is_v6 ? IPPROTO_IPV6 : IPPROTO_IP, ORIGINAL_DST, &at,
                   &n) != 0)
        return false;
    addr_of_sockaddr(out, &at);
    return true;
}

static bool
is_loopback(const struct capture_addr *a)
{
    static const uint8_t six[16] = { [15] = 1 };

    return addr_is_v4(a) ? a->ip[12] == 127 : memcmp(a->ip, six, 16) == 0;
}

static bool
identify(struct conn *c, int fd, const struct capture_addr *peer)
{
    struct capture_addr local;
    uint16_t port;
    bool is_ours;

    if (!leg_name(fd, &local))
        return false;
    port = c->engine->listeners[addr_is_v4(&local) ? 0 : 1].port;
    is_ours = is_loopback(&local) && local.port == port;
    if (c->engine->is_bpf && is_ours) {
        if (!maps_take(c->engine, fd, peer, &c->record))
            return false;
        c->remote = c->record.to;
        c->cookie = c->record.cookie;
        return true;
    }
    c->is_inbound = !is_ours;
    c->remote = *peer;
    c->local = local;
    if (!c->engine->is_bpf && local.port == port) {
        /* To the engine itself: nobody's business. */
        if (!original_of(fd, !addr_is_v4(&local), &c->record.to) ||
            (c->record.to.port == local.port &&
             memcmp(c->record.to.ip, local.ip, sizeof local.ip) == 0))
            return false;
        c->record.from = *peer;
        if (c->is_inbound)
            c->local = c->record.to;
        else
            c->remote = c->record.to;
    }
    return true;
}

/* No way leads there: what is local is what the program has bound. */
static void
no_local(struct conn *c)
{
    c->local = c->record.from;
    if (addr_is_any(&c->local) && addr_is_v4(&c->remote))
        c->local.ip[10] = c->local.ip[11] = 0xff;
}

void
conn_accept(struct engine *g, int listener)
{
    for (int i = 0; i < 64; i++) {
        struct sockaddr_in6 at = { 0 }; /* or the smaller sockaddr_in */
        socklen_t n = sizeof at;
        struct capture_addr peer;
        int fd = accept4(listener, (struct sockaddr *)&at, &n,
                         SOCK_CLOEXEC | SOCK_NONBLOCK);
        struct conn *c;

        if (fd < 0)
            return;
        addr_of_sockaddr(&peer, &at);
        c = conn_new(g);
        if (c == NULL) {
            close(fd);
            return;
        }
        c->scope = at.sin6_scope_id; /* IPv4: 0, as it was */
        if (!identify(c, fd, &peer)) {
            log_info("a connection that nobody made is dropped");
            IGNORE(leg_watch(&c->inner, fd, true));
            conn_reset(c);
            continue;
        }
        if (!leg_watch(c->is_inbound ? &c->outer : &c->inner, fd, true)) {
            conn_reset(c);
            continue;
        }
        if (!c->is_inbound && !leg_connect_outer(c)) {
            c->is_refused = true; /* said when its rule is known */
            no_local(c);
        } else if (!c->is_inbound) {
            c->record.seen = c->local;
            maps_seen(g, &c->record, &peer);
        }
        ask_who(c);
        conn_go(c);
    }
}

/* --- mapping
 * -------------------------------------------------------------------- */

/* The local port is the one that the program has bound, if it has: the peer
 * sees another one, as two sockets cannot have the same. */
const struct ttls_rule *
conn_rule(struct conn *c)
{
    uint16_t bound = c->is_inbound ? 0 : c->record.from.port;
    struct ttls_facts facts = {
        .local_port = bound != 0 ? bound : c->local.port,
        .remote_port = c->remote.port,
        .direction = c->is_inbound ? TTLS_INBOUND : TTLS_OUTBOUND,
        .job = str_of(c->who.job),
        .user = str_of(c->who.user),
        .now_s = (uint64_t)time(NULL),
        .is_local_addr_unknown = addr_is_any(&c->local),
        .is_local_port_unknown = bound == 0 && c->local.port == 0,
    };

    if (c->engine->policy == NULL ||
        (c->is_inbound && !c->engine->is_wide && !c->who.is_ours))
        return NULL;
    memcpy(&facts.local, c->local.ip, sizeof facts.local);
    memcpy(&facts.remote, c->remote.ip, sizeof facts.remote);
    return ttls_match_find(c->engine->policy->match, &facts);
}

/* Nobody listens there: the peer, or the program that did. */
static void
fail_connect(struct conn *c)
{
    say_error(c, 406, "Connection Init");
    say_event(c, 406, "Connection Init", NULL);
    conn_reset(c);
}

/* Clear text: both ends are joined as they are. */
static void
join_clear(struct conn *c)
{
    c->state = CONN_CLEAR;
    if (c->is_refused || (c->is_inbound && !leg_connect_inner(c)))
        fail_connect(c);
}

void
conn_map(struct conn *c)
{
    struct engine *g = c->engine;
    const struct ttls_rule *rule;

    loop_timer_clear(g->loop, &c->timer);
    engine_catch_up(g);
    if (!g->is_enabled || g->policy == NULL) {
        join_clear(c);
        return;
    }
    if (!c->who.is_known) {
        /* It has ended, or nothing can be found out: no rule may be missed. */
        log_info("connection %08X: its owner is not known", c->id);
        conn_reset(c);
        return;
    }
    rule = conn_rule(c);
    if (!secondary_map(c, rule)) {
        conn_reset(c);
        return;
    }
    if (c->mapped == NULL && rule == NULL) {
        join_clear(c);
        return;
    }
    if (c->mapped == NULL)
        c->mapped = engine_policy_map(g->policy, rule);
    if (c->mapped == NULL) {
        conn_reset(c);
        return;
    }
    (void)engine_policy_ref(c->mapped->policy);
    say_map(c);
    if (!c->is_secondary && !secondary_note(c)) {
        say_error(c, 5002, "Policy Mapping");
        conn_reset(c);
        return;
    }
    if (g->is_denied && c->mapped->eff.is_enabled) {
        say_error(c, 5001, "Policy Mapping");
        conn_reset(c);
        return;
    }
    if (!c->mapped->eff.is_enabled || c->mapped->eff.is_application_controlled)
        join_clear(c);
    else
        conn_start_tls(c);
}

/* Wherever a handshake ends. The program's leg stands already where the
 * program has asked for TLS itself. */
bool
conn_secure(struct conn *c)
{
    c->state = CONN_SECURE;
    if (!c->is_inbound || c->inner.watch.fd >= 0 || leg_connect_inner(c))
        return true;
    fail_connect(c);
    return false;
}

void
conn_start_tls(struct conn *c)
{
    say_start(c, "Connection Init", NULL);
    if (c->is_refused) {
        fail_connect(c);
        return;
    }
    say_event(c, 0, "Connection Init", NULL);
    c->state = CONN_KEYS;
    c->env = env_get(c);
    if (c->env == NULL) {
        say_error(c, 5002, "Environment Create");
        conn_reset(c);
    }
}

/* --- going on
 * --------------------------------------------------------------------- */

static void
go_keys(struct conn *c)
{
    switch (c->env->state) {
    case ENV_MAKING:
        return;
    case ENV_FAILED:
        say_error(c, c->env->rc, c->env->event);
        conn_reset(c);
        return;
    case ENV_READY:
        if (handshake_start(c))
            conn_go(c);
        return;
    }
}

static void
run_again(struct loop_post *post)
{
    struct conn *c = CONTAINER_OF(post, struct conn, again);

    c->is_again = false;
    if (c->state == CONN_ENDED)
        free(c);
    else
        conn_go(c);
}

static void
go_later(struct conn *c)
{
    if (c->is_again || c->state == CONN_ENDED)
        return;
    c->is_again = true;
    c->again.run = run_again;
    loop_defer(c->engine->loop, &c->again);
}

void
leg_broke(struct leg *leg)
{
    leg->is_broken = true;
    go_later(leg->conn);
}

/* Both ended and everything delivered, or the program's leg is to be made. */
static void
go_relay(struct conn *c, bool is_alive)
{
    if (!is_alive) {
        conn_reset(c);
        return;
    }
    if (c->inner.at_end && c->outer.at_end) {
        batch_settle(&c->inner);
        batch_settle(&c->outer);
    }
    if (c->inner.at_end && c->outer.at_end && c->inner.held_n == 0 &&
        c->outer.held_n == 0 && c->inner.is_connected) {
        conn_end(c);
        return;
    }
    if (!c->is_again && !c->is_paused &&
        ((c->inner.may_read && !c->inner.at_end && c->outer.held_n == 0 &&
          c->outer.is_connected && c->inner.is_connected &&
          relay_may_take(c)) ||
         (c->outer.may_read && !c->outer.at_end && c->inner.held_n == 0 &&
          c->inner.is_connected && c->outer.is_connected)))
        go_later(c);
}

void
conn_go(struct conn *c)
{
    switch (c->state) {
    case CONN_ASKING:
        if (!c->has_who)
            return;
        conn_map(c);
        if (c->state != CONN_ASKING && c->state != CONN_ENDED)
            conn_go(c);
        return;
    case CONN_KEYS:
        go_keys(c);
        return;
    case CONN_HANDSHAKE:
        if (handshake_step(c) && c->state == CONN_SECURE)
            conn_go(c);
        return;
    case CONN_SECURE:
        go_relay(c, relay_secure(c));
        return;
    case CONN_CLEAR:
        go_relay(c, relay_clear(c));
        return;
    case CONN_ENDED:
        return;
    }
}

/* A leg that connects: has it? False: it will not. */
static bool
is_there(struct leg *leg, unsigned events)
{
    int error = 0;
    socklen_t n = sizeof error;

    if (leg->is_connected || (events & (LOOP_WRITE | LOOP_HANGUP)) == 0)
        return true;
    /* A failure is told as an error, which is a hang-up too. */
    if ((events & LOOP_HANGUP) != 0 &&
        (getsockopt(leg->watch.fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0 ||
         error != 0))
        return false;
    leg->is_connected = true;
    leg->may_write = true;
    return true;
}

/* A reset is found by reading; where the other leg is too slow for that, it is
 * looked for: nothing that was sent before it needs to arrive. */
static bool
is_broken(const struct leg *leg, unsigned events)
{
    const struct conn *c = leg->conn;
    const struct leg *to = leg == &c->inner ? &c->outer : &c->inner;
    int error = 0;
    socklen_t n = sizeof error;

    if ((events & LOOP_HANGUP) == 0 || !leg->is_connected ||
        (to->held_n == 0 && to->is_connected))
        return false;
    if (leg->ahead != NULL && leg->ahead_n < 0)
        return true; /* read is told once */
    return getsockopt(leg->watch.fd, SOL_SOCKET, SO_ERROR, &error, &n) == 0 &&
           error != 0;
}

static void
on_event(struct loop_fd *watch, unsigned events)
{
    struct leg *leg = CONTAINER_OF(watch, struct leg, watch);
    struct conn *c = leg->conn;

    if (c->state == CONN_ENDED || c->is_refused)
        return;
    if (!is_there(leg, events)) {
        c->is_refused = c->state == CONN_ASKING;
        if (!c->is_refused)
            fail_connect(c);
        return;
    }
    if (is_broken(leg, events)) {
        say_event(c, 406, "Connection Close", NULL);
        conn_reset(c);
        return;
    }
    if ((events & (LOOP_READ | LOOP_HANGUP)) != 0)
        leg->may_read = true;
    if ((events & LOOP_URGENT) != 0)
        leg->has_urgent = leg->may_read = true;
    if ((events & LOOP_HANGUP) != 0)
        leg->saw_hangup = true;
    if ((events & LOOP_WRITE) != 0)
        leg->may_write = true;
    conn_go(c);
}

struct leg *
leg_of_watch(struct loop_fd *watch)
{
    return watch->on_event == on_event ? CONTAINER_OF(watch, struct leg, watch)
                                       : NULL;
}
