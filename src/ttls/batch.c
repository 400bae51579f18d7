#include "ttls/batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/uring.h"

/* The first lines of buffers that are a power of two apart would share a few
 * places of the processor's caches. */
#define IN_STEP (ENGINE_AHEAD_BYTES + 192u)
#define PLAIN_BYTES (3u * ENGINE_SCRATCH_BYTES)
#define CIPHER_BYTES (2u * ENGINE_CIPHER_BYTES)

/* Storage that fills as writes are put down. */
struct room {
    uint8_t *p;
    size_t n, cap;
};

struct put {
    struct leg *leg;
    const uint8_t *p;
    size_t n;
};

struct batch {
    struct loop_group group;
    struct loop *loop;
    struct uring *ring;
    bool is_open;
    uint8_t *in; /* LOOP_GROUP times IN_STEP */
    struct room plain, cipher;
    struct leg *readers[LOOP_GROUP]; /* this group's; freed later */
    unsigned n_readers, n_puts;
    struct put puts[URING_MAX];
};

/* --- writes --------------------------------------------------------------- */

static void
flush(struct batch *b)
{
    int results[URING_MAX];
    unsigned n = b->n_puts;

    for (unsigned i = 0; i < n; i++)
        uring_send(b->ring, b->puts[i].leg->watch.fd, b->puts[i].p,
                   b->puts[i].n);
    uring_run(b->ring, results);
    b->n_puts = 0;
    for (unsigned i = 0; i < n; i++) {
        const struct put *put = &b->puts[i];

        put->leg->is_put = false;
        if (!leg_sent(put->leg, put->p, put->n, results[i]))
            leg_broke(put->leg);
    }
    b->plain.n = b->cipher.n = 0;
}

void
batch_settle(struct leg *leg)
{
    if (leg->is_put)
        flush(leg->conn->engine->batch);
}

static uint8_t *
room_for(struct batch *b, struct room *room, size_t n)
{
    if (n > room->cap - room->n)
        flush(b);
    return room->p + room->n;
}

uint8_t *
batch_plain(struct engine *g)
{
    struct batch *b = g->batch;

    return b == NULL || !b->is_open
               ? g->plain
               : room_for(b, &b->plain, ENGINE_SCRATCH_BYTES);
}

uint8_t *
batch_cipher(struct engine *g)
{
    struct batch *b = g->batch;

    return b == NULL || !b->is_open
               ? g->cipher_out
               : room_for(b, &b->cipher, ENGINE_CIPHER_BYTES);
}

/* Bytes that stay where they are until the end: just written into a room, or
 * read ahead. */
static bool
is_stable(struct batch *b, const uint8_t *p, size_t n)
{
    struct room *rooms[] = { &b->plain, &b->cipher };

    for (size_t i = 0; i < ARRAY_LEN(rooms); i++) {
        if (p != rooms[i]->p + rooms[i]->n)
            continue;
        rooms[i]->n += n;
        return true;
    }
    return p >= b->in && p < b->in + LOOP_GROUP * IN_STEP;
}

bool
batch_put(struct batch *b, struct leg *leg, const uint8_t *p, size_t n)
{
    if (b == NULL || !b->is_open || n == 0 || n > ENGINE_AHEAD_BYTES ||
        leg->is_put || b->n_puts == ARRAY_LEN(b->puts) || !is_stable(b, p, n))
        return false;
    b->puts[b->n_puts++] = (struct put){ .leg = leg, .p = p, .n = n };
    leg->is_put = true;
    return true;
}

/* --- reads ---------------------------------------------------------------- */

/* Only what the relay would read now, too; and not where much comes at a time:
 * there calls cost little, and bytes had better be in the processor's cache. */
static bool
wants_ahead(const struct leg *leg)
{
    const struct conn *c = leg->conn;
    const struct leg *to = leg == &c->inner ? &c->outer : &c->inner;

    return (c->state == CONN_SECURE || c->state == CONN_CLEAR) &&
           !c->is_paused && !c->is_stopping && !c->is_stopped &&
           !c->is_refused && !c->is_holding && !leg->has_urgent &&
           !leg->has_much && leg->ahead == NULL && leg->is_connected &&
           !leg->at_end && to->is_connected && to->held_n == 0 &&
           (leg == &c->outer || relay_may_take(c));
}

static void
read_ahead(struct batch *b, struct leg *const *legs, unsigned n)
{
    int results[LOOP_GROUP];

    for (unsigned i = 0; i < n; i++)
        uring_recv(b->ring, legs[i]->watch.fd, b->in + i * IN_STEP,
                   ENGINE_AHEAD_BYTES);
    uring_run(b->ring, results);
    for (unsigned i = 0; i < n; i++) {
        b->readers[i] = legs[i];
        if (results[i] == -EINTR)
            continue; /* later, by itself */
        legs[i]->ahead = b->in + i * IN_STEP;
        legs[i]->ahead_n = results[i];
    }
    b->n_readers = n;
    b->is_open = true;
}

void
batch_forget(struct leg *leg)
{
    if (leg->is_ahead_kept)
        free(leg->ahead);
    leg->is_ahead_kept = false;
    leg->ahead = NULL;
}

/* Its connection had to wait for something else. */
static void
keep_ahead(struct leg *leg)
{
    size_t n = leg->ahead_n > 0 ? (size_t)leg->ahead_n : 1;
    uint8_t *kept;

    if (leg->ahead_n == -EAGAIN) { /* it may have come since */
        batch_forget(leg);
        return;
    }
    kept = malloc(n);
    if (kept != NULL && leg->ahead_n > 0)
        memcpy(kept, leg->ahead, n);
    if (kept == NULL)
        leg_broke(leg);
    leg->ahead = kept;
    leg->is_ahead_kept = kept != NULL;
}

/* One socket by itself costs least as it is. */
static void
begin(struct loop_group *group, const struct loop_ready *ready, unsigned n)
{
    struct leg *legs[LOOP_GROUP];
    unsigned n_legs = 0;

    for (unsigned i = 0; i < n; i++) {
        struct leg *leg = leg_of_watch(ready[i].watch);

        if (leg != NULL && wants_ahead(leg) &&
            (ready[i].events & (LOOP_READ | LOOP_URGENT)) == LOOP_READ)
            legs[n_legs++] = leg;
    }
    if (n_legs > 1)
        read_ahead(CONTAINER_OF(group, struct batch, group), legs, n_legs);
}

static void
end(struct loop_group *group)
{
    struct batch *b = CONTAINER_OF(group, struct batch, group);

    if (!b->is_open)
        return;
    flush(b);
    b->is_open = false;
    for (unsigned i = 0; i < b->n_readers; i++) {
        struct leg *leg = b->readers[i];

        if (leg->ahead != NULL && !leg->is_ahead_kept)
            keep_ahead(leg);
    }
}

/* --- life ----------------------------------------------------------------- */

enum err
batch_new(struct loop *loop, struct batch **out, struct err_info *why)
{
    struct batch *b = calloc(1, sizeof *b);
    enum err e;

    if (b == NULL)
        return err_set(why, ERR_MEMORY, "no storage for a batch");
    /* Only what is used of it becomes memory. */
    b->in = malloc(LOOP_GROUP * IN_STEP + PLAIN_BYTES + CIPHER_BYTES);
    b->plain.p = b->in + LOOP_GROUP * IN_STEP;
    b->plain.cap = PLAIN_BYTES;
    b->cipher.p = b->plain.p + PLAIN_BYTES;
    b->cipher.cap = CIPHER_BYTES;
    if (b->in == NULL)
        e = err_set(why, ERR_MEMORY, "no storage for a batch");
    else
        e = uring_new(&b->ring, why);
    if (e != ERR_OK) {
        batch_free(&b);
        return e;
    }
    b->group = (struct loop_group){ .begin = begin, .end = end };
    b->loop = loop;
    loop_groups(loop, &b->group);
    *out = b;
    return ERR_OK;
}

void
batch_free(struct batch **p)
{
    struct batch *b = *p;

    if (b == NULL)
        return;
    if (b->loop != NULL)
        loop_groups(b->loop, NULL);
    uring_free(&b->ring);
    free(b->in);
    free(b);
    *p = NULL;
}
