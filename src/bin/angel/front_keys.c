/*
 * Commands that need an RSA or DSA key. Making one takes seconds, so such a
 * command has two phases. In the first it is carried out until it asks for the
 * key; all it did is undone and it is parked. When the key is there the whole
 * command is run again, against the database and the authority of then, and
 * finds the key made; one that asks for another key by then is parked once
 * more. Meanwhile everybody else is served; who waits is told so.
 */
#include "front_keys.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/secret.h"
#include "front_batch.h"

#define WORD_MS 2000u /* a client gives up after SAF_WAIT_MS without a word */
#define PARKED_MAX 64u
#define PARKED_PER_USER 8u
#define TRIES_MAX 3u

struct wanted {
    enum cert_key_kind kind;
    uint32_t bits;
    char owner[9];
};

struct parked {
    struct front *front;
    struct peer *peer; /* NULL: went away */
    uint32_t seq;
    unsigned tries;
    struct buf command;
    struct wanted want;
    struct watch answer; /* while it is being made; else fd -1 */
    bool has_ended;
    enum err e; /* and what came of it */
    struct err_info why;
    struct buf sealed, spki;
    struct parked *next;
};

struct keys {
    struct parked *first, **tail;
    unsigned n, n_making;
    uint64_t word_ms;
    /* Of the command that runs. */
    struct peer *peer;
    struct parked *again; /* in its second phase, or NULL */
    struct wanted want;
    bool is_wanted;
};

/* --- the command that runs ---------------------------------------------- */

static bool
is_same(const struct wanted *a, const struct wanted *b)
{
    return a->kind == b->kind && a->bits == b->bits &&
           strcmp(a->owner, b->owner) == 0;
}

static unsigned
count_of(const struct keys *k, const struct peer *p)
{
    unsigned n = 0;

    for (const struct parked *c = k->first; c != NULL; c = c->next)
        n += c->peer != NULL && strcmp(c->peer->acee->user, p->acee->user) == 0;
    return n;
}

/* Clients that left count as long as their keys are being made. */
static enum err
may_park(const struct keys *k, struct err_info *why)
{
    if (k->again != NULL && k->again->tries >= TRIES_MAX)
        return err_set(why, ERR_NOT_NOW,
                       "what the key is for changed while it was made");
    if (k->n >= PARKED_MAX)
        return err_set(why, ERR_LIMIT,
                       "%u keys are waited for already; try again later",
                       PARKED_MAX);
    if (k->peer != NULL && count_of(k, k->peer) >= PARKED_PER_USER)
        return err_set(why, ERR_LIMIT,
                       "user %s waits for %u keys already; try again later",
                       k->peer->acee->user, PARKED_PER_USER);
    return ERR_OK;
}

enum err
front_key(struct front *f, enum cert_key_kind kind, uint32_t bits,
          struct str owner, struct buf *sealed, struct buf *spki,
          struct err_info *why)
{
    struct keys *k = f->keys;
    struct wanted want = { .kind = kind, .bits = bits };
    enum err e;

    if (!str_copy_z(owner, want.owner, sizeof want.owner))
        return err_set(why, ERR_LIMIT, "the owner's name is too long");
    if (k->again != NULL && is_same(&k->again->want, &want)) {
        if (k->again->e != ERR_OK) {
            if (why != NULL)
                *why = k->again->why;
            return k->again->e == ERR_AGAIN ? ERR_PEER : k->again->e;
        }
        buf_add(sealed, buf_view(&k->again->sealed));
        buf_add(spki, buf_view(&k->again->spki));
        e = buf_check(sealed, why);
        return e == ERR_OK ? buf_check(spki, why) : e;
    }
    e = may_park(k, why);
    if (e != ERR_OK)
        return e;
    k->want = want;
    k->is_wanted = true;
    return ERR_AGAIN;
}

void
front_keys_begin(struct front *f, struct peer *p)
{
    f->keys->peer = p;
    f->keys->is_wanted = false;
}

bool
front_keys_wanted(const struct front *f)
{
    return f->keys->is_wanted;
}

/* --- parked commands ---------------------------------------------------- */

static void
parked_free(struct parked *c)
{
    front_unwatch(c->front, &c->answer);
    if (c->command.p != NULL)
        secret_wipe(c->command.p, c->command.n);
    buf_fini(&c->command);
    buf_fini(&c->sealed);
    buf_fini(&c->spki);
    free(c);
}

bool
front_keys_park(struct peer *p, uint32_t seq, struct str command)
{
    struct keys *k = p->front->keys;
    struct parked *c = calloc(1, sizeof *c);

    k->is_wanted = false;
    if (c == NULL)
        return false;
    c->front = p->front;
    c->answer.fd = -1;
    c->seq = seq;
    c->want = k->want;
    c->tries = k->again == NULL ? 1 : k->again->tries + 1;
    buf_init(&c->command, WIRE_COMMAND_MAX);
    buf_init(&c->sealed, CERT_DER_MAX);
    buf_init(&c->spki, CERT_DER_MAX);
    buf_add(&c->command, command);
    if (buf_check(&c->command, NULL) != ERR_OK) {
        parked_free(c);
        return false;
    }
    c->peer = p;
    peer_wait(p, true);
    if (k->n == 0)
        k->word_ms = clock_mono_ms();
    *k->tail = c;
    k->tail = &c->next;
    k->n++;
    return true;
}

static void
take_out(struct keys *k, struct parked *c)
{
    struct parked **at = &k->first;

    while (*at != NULL && *at != c)
        at = &(*at)->next;
    REQUIRE(*at == c);
    *at = c->next;
    if (k->tail == &c->next)
        k->tail = at;
    k->n--;
}

/* The second phase. */
static void
finish(struct keys *k, struct parked *c)
{
    struct peer *p = c->peer;

    take_out(k, c);
    if (p != NULL && !p->is_dead) {
        peer_wait(p, false);
        k->again = c;
        if (!command_run(p, c->seq, buf_view(&c->command)))
            peer_kill(p);
        k->again = NULL;
    }
    parked_free(c);
}

static void
take_key(struct parked *c, struct chan_msg *msg)
{
    struct str result, sealed, spki;
    struct reader in;

    c->e = chan_answer_read(msg, "key keeper", &result, &c->why);
    if (c->e != ERR_OK)
        return;
    in = reader_of(result);
    if (!reader_str(&in, 1, CERT_DER_MAX, &sealed) ||
        !reader_str(&in, 1, CERT_DER_MAX, &spki) || !reader_at_end(&in)) {
        c->e = err_set(&c->why, ERR_PEER, "key keeper: malformed answer");
        return;
    }
    buf_add(&c->sealed, sealed);
    buf_add(&c->spki, spki);
}

static void
answer_ready(struct watch *w, unsigned events)
{
    struct parked *c = CONTAINER_OF(w, struct parked, answer);
    struct chan_msg msg;
    enum err e = chan_recv(w->fd, &msg, NULL);

    (void)events;
    if (e == ERR_AGAIN)
        return;
    front_unwatch(c->front, w);
    c->front->keys->n_making--;
    c->has_ended = true;
    if (e != ERR_OK) {
        c->e = err_set(&c->why, ERR_PEER,
                       "the key keeper ended while the key was made; nothing "
                       "was changed");
        return;
    }
    take_key(c, &msg);
    chan_msg_fini(&msg);
}

static void
make(struct front *f, struct parked *c)
{
    struct chan_msg reply;
    struct reader in;
    struct buf request;
    int pair[2];

    c->has_ended = true; /* unless it begins */
    c->e = chan_pair(pair, &c->why);
    if (c->e != ERR_OK)
        return;
    buf_init(&request, 64);
    buf_u8(&request, (uint8_t)c->want.kind);
    buf_u32(&request, c->want.bits);
    buf_str(&request, str_of(c->want.owner));
    c->e = keeper_call_fd(f, KEEP_MAKE_KEY, buf_view(&request), pair[1], &reply,
                          &in, &c->why);
    buf_fini(&request);
    close(pair[1]);
    if (c->e == ERR_OK) {
        chan_msg_fini(&reply);
        c->e = front_watch(f, &c->answer, pair[0], answer_ready, &c->why);
    }
    if (c->e != ERR_OK) {
        close(pair[0]);
        return;
    }
    c->has_ended = false;
    f->keys->n_making++;
}

static bool
has_one_in_the_making(const struct keys *k, const struct parked *c)
{
    for (const struct parked *o = k->first; o != NULL; o = o->next) {
        if (o->answer.fd >= 0 && o->peer != NULL &&
            strcmp(o->peer->acee->user, c->peer->acee->user) == 0)
            return true;
    }
    return false;
}

/* In their order, but nobody gets a second one while another user waits. */
static struct parked *
next_to_make(const struct keys *k)
{
    struct parked *first = NULL;

    for (struct parked *c = k->first; c != NULL; c = c->next) {
        if (c->answer.fd >= 0 || c->has_ended || c->peer == NULL)
            continue;
        if (!has_one_in_the_making(k, c))
            return c;
        if (first == NULL)
            first = c;
    }
    return first;
}

static struct parked *
next_to_finish(const struct keys *k)
{
    struct parked *c = k->first;

    while (c != NULL && !c->has_ended)
        c = c->next;
    return c;
}

void
front_keys_go_on(struct front *f)
{
    struct keys *k = f->keys;
    struct parked *c;

    do {
        while (k->n_making < ANGEL_MAKERS && (c = next_to_make(k)) != NULL)
            make(f, c);
        c = next_to_finish(k);
        if (c != NULL)
            finish(k, c);
    } while (c != NULL);
}

void
front_keys_gone(struct front *f, const struct peer *p)
{
    struct keys *k = f->keys;

    for (struct parked *c = k->first, *next; c != NULL; c = next) {
        next = c->next;
        if (c->peer != p)
            continue;
        c->peer = NULL;
        if (c->answer.fd < 0) { /* else its maker has to end first */
            take_out(k, c);
            parked_free(c);
        }
    }
}

int
front_keys_wait_ms(struct front *f)
{
    struct keys *k = f->keys;
    uint64_t now;

    if (k->n == 0)
        return -1;
    now = clock_mono_ms();
    if (now - k->word_ms >= WORD_MS) {
        k->word_ms = now;
        for (struct parked *c = k->first; c != NULL; c = c->next) {
            if (c->peer != NULL)
                peer_send(c->peer, WIRE_WAIT, c->seq, STR(""), -1);
        }
    }
    return (int)(WORD_MS - (now - k->word_ms));
}

enum err
front_keys_open(struct front *f, struct err_info *why)
{
    struct keys *k = calloc(1, sizeof *k);

    if (k == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    k->tail = &k->first;
    f->keys = k;
    return ERR_OK;
}

void
front_keys_close(struct front *f)
{
    struct keys *k = f->keys;

    if (k == NULL)
        return;
    while (k->first != NULL) {
        struct parked *c = k->first;

        take_out(k, c);
        parked_free(c);
    }
    free(k);
    f->keys = NULL;
}
