/*
 * Questions to the broker. A question remembers the connection it is for; a
 * connection that ends first is forgotten, its answer is dropped. What the
 * broker cannot take yet, or has taken with it, waits: for room, or for its
 * successor.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/reader.h"
#include "ipc/chan.h"
#include "ttls/engine.h"
#include "ttls/engine_wire.h"

#define ANSWER_MS 10000u

struct question {
    struct conn *conn; /* NULL: it has ended */
    struct question *next;
    uint32_t seq;
    uint16_t type;
    bool is_sent;
    uint64_t listeners; /* maps_listeners when it was asked */
};

/* A connection's owner: what the kernel noted at connect(). */
static void
put_record(struct buf *out, const struct conn *c)
{
    buf_u64(out, c->record.cgroup);
    buf_u32(out, c->record.uid);
    buf_u32(out, c->record.tgid);
    buf_u64(out, c->record.when_ns);
    buf_str(out, str_n(c->record.comm, strnlen(c->record.comm, 16)));
}

static void
put_addr(struct buf *out, const struct capture_addr *a)
{
    buf_add(out, str_n(a->ip, sizeof a->ip));
    buf_u16(out, a->port);
}

static void
put_certificate(struct buf *out, const struct conn *c)
{
    X509 *cert = SSL_get0_peer_certificate(c->ssl);
    unsigned char *der = NULL;
    int n = cert == NULL ? 0 : i2d_X509(cert, &der);

    buf_str(out, str_n(der, n > 0 ? (size_t)n : 0));
    OPENSSL_free(der);
}

static enum err
send_question(struct engine *g, struct question *q)
{
    const struct conn *c = q->conn;
    struct buf out;
    enum err e;

    buf_init(&out, ENGINE_DER_MAX + 16u);
    if (!maps_listeners(g, &q->listeners))
        q->listeners = 0;
    switch (q->type) {
    case BROKER_WHO:
        put_record(&out, c);
        break;
    case BROKER_OWNER: /* who listens */
        put_addr(&out, &c->local);
        /* nftables: nobody counts who comes and goes. */
        buf_u32(&out, g->is_bpf ? WHOS_LISTENER_MS : 0);
        break;
    case BROKER_SOCKET: /* nftables; as the program sees its connection */
        put_addr(&out, &c->record.from);
        put_addr(&out, &c->record.to);
        break;
    default:
        put_certificate(&out, c);
        break;
    }
    e = out.failed ? ERR_MEMORY
                   : chan_send(g->broker.fd, q->type, q->seq, buf_view(&out),
                               NULL, 0, NULL);
    buf_fini(&out);
    q->is_sent = e == ERR_OK;
    return e;
}

static void
queue_unsent(struct engine *g, struct question *q)
{
    q->is_sent = false;
    q->next = NULL;
    *g->unsent_end = q;
    g->unsent_end = &q->next;
}

static struct question *
pop_unsent(struct engine *g)
{
    struct question *q = g->unsent;

    if (q != NULL) {
        g->unsent = q->next;
        if (g->unsent == NULL)
            g->unsent_end = &g->unsent;
    }
    return q;
}

/* It is no longer asked; its connection, or NULL when that has ended. */
static struct conn *
drop(struct engine *g, struct question *q)
{
    struct conn *c = q->conn;

    (void)table_remove(&g->waiting, str_n(&q->seq, sizeof q->seq));
    if (c != NULL)
        c->question = NULL;
    free(q);
    return c;
}

static void
answered(struct conn *c, uint16_t type, const struct whos *w)
{
    if (type == BROKER_CERTIFICATE) {
        c->is_waiting = false;
        (void)snprintf(c->peer_user, sizeof c->peer_user, "%s", w->v[0].user);
    } else {
        whos_choose(c, w);
    }
    conn_go(c);
}

/* The first answer about a program does for all that waited for the same. */
void
ask_flush(struct engine *g)
{
    while (g->unsent != NULL && g->broker.fd >= 0) {
        struct question *q = g->unsent;
        struct whos known;

        if (q->conn == NULL) {
            (void)drop(g, pop_unsent(g));
        } else if (q->type != BROKER_CERTIFICATE && whos_get(q->conn, &known)) {
            answered(drop(g, pop_unsent(g)), BROKER_WHO, &known);
        } else if (send_question(g, q) == ERR_OK) {
            (void)pop_unsent(g);
        } else {
            return; /* it is full: after its next answer; or gone */
        }
    }
}

void
ask_lost(struct engine *g)
{
    static const struct whos nobody;
    struct str key;
    size_t pos = 0;
    void *value;

    g->unsent = NULL;
    g->unsent_end = &g->unsent;
    while (table_next(&g->waiting, &pos, &key, &value))
        queue_unsent(g, value);
    if (g->stack.fd >= 0)
        return; /* it starts another one */
    while (g->unsent != NULL) {
        struct question *q = pop_unsent(g);
        uint16_t type = q->type;
        struct conn *c = drop(g, q);

        if (c != NULL)
            answered(c, type, &nobody);
    }
}

static void
on_silence(struct loop_timer *t)
{
    struct conn *c = CONTAINER_OF(t, struct conn, timer);

    if (c->state != CONN_ASKING)
        return;
    log_info("connection %08X: whose it is was not answered in time", c->id);
    conn_reset(c);
}

/* False: nobody can be asked. */
static bool
ask(struct conn *c, uint16_t type)
{
    struct engine *g = c->engine;
    struct question *q = NULL;

    if (g->broker.fd >= 0 || g->stack.fd >= 0)
        q = calloc(1, sizeof *q);
    if (q == NULL)
        return false;
    q->conn = c;
    q->type = type;
    q->seq = ++g->next_seq;
    if (!table_put(&g->waiting, str_n(&q->seq, sizeof q->seq), q, NULL)) {
        free(q);
        return false;
    }
    c->question = q;
    queue_unsent(g, q);
    ask_flush(g);
    return true;
}

/* An inbound connection belongs to who listens; without a record (nftables)
 * an outbound one to who holds the socket. */
void
ask_who(struct conn *c)
{
    struct whos known;

    if (whos_get(c, &known)) {
        whos_choose(c, &known);
        return;
    }
    c->timer.fire = on_silence;
    loop_timer_set(c->engine->loop, &c->timer, ANSWER_MS);
    if (!ask(c, c->is_inbound        ? BROKER_OWNER
                : !c->engine->is_bpf ? BROKER_SOCKET
                                     : BROKER_WHO))
        c->has_who = true; /* nobody's: it will be reset */
}

void
ask_certificate(struct conn *c)
{
    c->is_waiting = SSL_get0_peer_certificate(c->ssl) != NULL;
    if (c->is_waiting && !ask(c, BROKER_CERTIFICATE))
        c->is_waiting = false;
}

void
ask_forget(struct conn *c)
{
    if (c->question != NULL)
        c->question->conn = NULL;
    c->question = NULL;
}

static bool
read_who(struct reader *in, struct who *w)
{
    uint8_t is_job, is_ours, is_v6;
    struct str job, user;

    if (!reader_u8(in, &is_job) || !reader_u8(in, &is_ours) ||
        !reader_u8(in, &is_v6) || !reader_str(in, 0, 8, &job) ||
        !reader_str(in, 0, 8, &user) || !reader_u32(in, &w->uid) ||
        !reader_u32(in, &w->tgid) || !str_copy_z(job, w->job, sizeof w->job) ||
        !str_copy_z(user, w->user, sizeof w->user))
        return false;
    w->is_known = true;
    w->is_job = is_job != 0;
    w->is_ours = is_ours != 0;
    w->is_v6 = is_v6 != 0;
    return true;
}

static bool
read_lineage(struct reader *in, struct lineage *l)
{
    uint8_t is_known, n;
    bool is_fine =
        reader_u8(in, &is_known) && reader_u8(in, &n) && n <= LINEAGE_MAX;

    if (is_fine) {
        l->is_known = is_known != 0;
        l->n = n;
    }
    for (uint32_t i = 0; is_fine && i < l->n; i++)
        is_fine =
            reader_u32(in, &l->v[i].pid) && reader_u64(in, &l->v[i].start_ns);
    return is_fine;
}

/* What is not understood is nobody. */
static void
read_whos(struct str payload, struct whos *out)
{
    struct reader in = reader_of(payload);
    uint8_t n = 0;
    bool is_fine;

    memset(out, 0, sizeof *out);
    is_fine =
        reader_u32(&in, &out->age_ms) && reader_u8(&in, &n) && n <= WHOS_MAX;
    for (size_t i = 0; is_fine && i < n; i++)
        is_fine = read_who(&in, &out->v[i]) && read_lineage(&in, &out->of[i]);
    if (is_fine && reader_at_end(&in))
        out->n = n;
    else
        memset(out, 0, sizeof *out);
}

void
ask_answered(struct engine *g, uint32_t seq, struct str payload)
{
    struct question *q = table_get(&g->waiting, str_n(&seq, sizeof seq));
    uint16_t type = q == NULL ? 0 : q->type;
    uint64_t listeners = q == NULL ? 0 : q->listeners;
    struct conn *c;
    struct whos w;

    if (q == NULL || !q->is_sent)
        return;
    c = drop(g, q);
    if (c != NULL) {
        read_whos(payload, &w);
        if (type != BROKER_CERTIFICATE && w.n > 0)
            whos_put(c, &w, listeners);
        answered(c, type, &w);
    }
    ask_flush(g);
}

void
ask_line(struct engine *g, uint8_t priority, struct str line)
{
    struct buf out;

    buf_init(&out, ENGINE_LINE_MAX + 16u);
    buf_u8(&out, priority);
    buf_str(&out, str_sub(line, 0, ENGINE_LINE_MAX));
    if (g->broker.fd < 0 || chan_send(g->broker.fd, BROKER_LINE, 0,
                                      buf_view(&out), NULL, 0, NULL) != ERR_OK)
        log_warn(STR_FMT, STR_ARG(line)); /* said at least here */
    buf_fini(&out);
}
