/*
 * Questions to the broker. A question remembers the connection it is for; a
 * connection that ends first is forgotten, its answer is dropped.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/reader.h"
#include "ipc/chan.h"
#include "ttls/engine.h"
#include "ttls/engine_wire.h"

#define WHOS_MAX 4096u /* remembered; then all are asked again */

struct question {
    struct conn *conn; /* NULL: it has ended */
    uint16_t type;
};

static bool
ask(struct conn *c, uint16_t type, struct str payload)
{
    struct engine *g = c->engine;
    struct question *q = calloc(1, sizeof *q);
    uint32_t seq = ++g->next_seq;

    if (q == NULL)
        return false;
    q->conn = c;
    q->type = type;
    if (!table_put(&g->waiting, str_n(&seq, sizeof seq), q, NULL)) {
        free(q);
        return false;
    }
    if (g->broker.fd >= 0 &&
        chan_send(g->broker.fd, type, seq, payload, NULL, 0, NULL) == ERR_OK)
        return true;
    (void)table_remove(&g->waiting, str_n(&seq, sizeof seq));
    free(q);
    return false;
}

/* Address spaces are who they are; other processes also by their name. */
static struct str
who_key(const struct capture_record *r, char space[64])
{
    int n = snprintf(space, 64, "%llx %x %.16s", (unsigned long long)r->cgroup,
                     r->uid, r->comm);

    return str_n(space, (size_t)n);
}

static bool
ask_record(struct conn *c)
{
    struct buf out;
    bool is_sent;

    buf_init(&out, 256);
    buf_u64(&out, c->record.cgroup);
    buf_u32(&out, c->record.uid);
    buf_u32(&out, c->record.tgid);
    buf_str(&out, str_n(c->record.comm, strnlen(c->record.comm, 16)));
    is_sent = ask(c, BROKER_WHO, buf_view(&out));
    buf_fini(&out);
    return is_sent;
}

static void
put_addr(struct buf *out, const struct capture_addr *a)
{
    buf_add(out, str_n(a->ip, sizeof a->ip));
    buf_u16(out, a->port);
}

/* An inbound connection belongs to who listens; without a record (nftables)
 * an outbound one to who holds the socket. */
static bool
ask_socket(struct conn *c)
{
    struct capture_addr peer;
    struct buf out;
    bool is_sent;

    buf_init(&out, 256);
    if (c->is_inbound) {
        put_addr(&out, &c->local);
        is_sent = ask(c, BROKER_OWNER, buf_view(&out));
    } else {
        /* Seen from the program: its own address, and where it wanted to. */
        peer = c->record.to;
        put_addr(&out, &c->record.from);
        put_addr(&out, &peer);
        is_sent = ask(c, BROKER_SOCKET, buf_view(&out));
    }
    buf_fini(&out);
    return is_sent;
}

void
ask_who(struct conn *c)
{
    bool has_record = !c->is_inbound && c->engine->is_bpf;
    char space[64];
    const struct who *known =
        has_record ? table_get(&c->engine->whos, who_key(&c->record, space))
                   : NULL;

    if (known != NULL) {
        c->who = *known;
        c->has_who = true;
        return;
    }
    if (!(has_record ? ask_record(c) : ask_socket(c)))
        c->has_who = true; /* nobody's: it will be reset */
}

void
ask_certificate(struct conn *c)
{
    X509 *cert = SSL_get1_peer_certificate(c->ssl);
    unsigned char *der = NULL;
    int n = cert == NULL ? 0 : i2d_X509(cert, &der);
    struct buf out;

    c->is_waiting = n > 0;
    buf_init(&out, ENGINE_DER_MAX + 16u);
    if (n > 0)
        buf_str(&out, str_n(der, (size_t)n));
    if (n > 0 && !ask(c, BROKER_CERTIFICATE, buf_view(&out)))
        c->is_waiting = false;
    buf_fini(&out);
    OPENSSL_free(der);
    X509_free(cert);
}

void
ask_forget(struct conn *c)
{
    struct str key;
    size_t pos = 0;
    void *value;

    while (table_next(&c->engine->waiting, &pos, &key, &value)) {
        struct question *q = value;

        if (q->conn == c)
            q->conn = NULL;
    }
}

static void
remember(struct engine *g, const struct conn *c)
{
    char space[64];
    struct who *w = calloc(1, sizeof *w);
    void *old = NULL;
    struct str key;
    size_t pos = 0;
    void *value;

    if (w == NULL)
        return;
    if (g->whos.n >= WHOS_MAX) {
        while (table_next(&g->whos, &pos, &key, &value))
            free(value);
        table_fini(&g->whos);
        table_init(&g->whos);
    }
    *w = c->who;
    if (!table_put(&g->whos, who_key(&c->record, space), w, &old))
        free(w);
    free(old);
}

static bool
read_who(struct str payload, struct who *w)
{
    struct reader in = reader_of(payload);
    uint8_t is_found, is_job;
    struct str job, user;

    memset(w, 0, sizeof *w);
    if (!reader_u8(&in, &is_found) || !reader_u8(&in, &is_job) ||
        !reader_str(&in, 0, 8, &job) || !reader_str(&in, 0, 8, &user) ||
        !reader_u32(&in, &w->uid) || !reader_at_end(&in) ||
        !str_copy_z(job, w->job, sizeof w->job) ||
        !str_copy_z(user, w->user, sizeof w->user))
        return false;
    w->is_known = is_found != 0;
    w->is_job = is_job != 0;
    return true;
}

void
ask_answered(struct engine *g, uint32_t seq, struct str payload)
{
    struct question *q = table_remove(&g->waiting, str_n(&seq, sizeof seq));
    struct conn *c = q == NULL ? NULL : q->conn;
    uint16_t type = q == NULL ? 0 : q->type;
    struct who w;

    free(q);
    if (c == NULL)
        return;
    if (!read_who(payload, &w))
        memset(&w, 0, sizeof w);
    if (type == BROKER_CERTIFICATE) {
        c->is_waiting = false;
        (void)snprintf(c->peer_user, sizeof c->peer_user, "%s", w.user);
        conn_go(c);
        return;
    }
    c->who = w;
    c->has_who = true;
    if (type == BROKER_WHO && w.is_known)
        remember(g, c);
    conn_go(c);
}

void
ask_line(struct engine *g, struct str line)
{
    struct buf out;

    buf_init(&out, ENGINE_LINE_MAX + 16u);
    buf_str(&out, str_sub(line, 0, ENGINE_LINE_MAX));
    if (g->broker.fd < 0 || chan_send(g->broker.fd, BROKER_LINE, 0,
                                      buf_view(&out), NULL, 0, NULL) != ERR_OK)
        log_warn(STR_FMT, STR_ARG(line)); /* said at least here */
    buf_fini(&out);
}
