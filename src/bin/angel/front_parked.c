/*
 * Commands that need what takes long: an RSA or DSA key, a token, a package
 * whose password was made slow. Such a command has several phases. In the first
 * it is carried out until it asks; all it did is undone and it is parked. When
 * the result is there the whole command is run again, against the database and
 * the authority of then, and finds it; one that asks something else by then is
 * parked once more. Meanwhile everybody else is served; who waits is told so.
 */
#include "front_parked.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/secret.h"
#include "front_batch.h"
#include "front_certs.h"
#include "front_parser.h"

#define WORD_MS 2000u /* a client gives up after SAF_WAIT_MS without a word */
#define PARKED_MAX 64u
#define PARKED_PER_USER 8u
#define TRIES_MAX 8u
#define PATIENCE_MS 50          /* whoever is through by then parks nobody */
#define PARSER_WAIT_MS 10000    /* of what is no command */
#define PARKED_PARSER_MS 30000u /* a loaded machine; it has 5 s of its own */

/* Asked by one command, and what came of it. */
struct ask {
    enum slow_kind kind;
    struct buf request;
    bool is_used; /* the command has got it */
    enum err e;
    struct err_info why;
    struct buf result;
    struct ask *next;
};

struct parked {
    struct front *front;
    struct peer *peer; /* NULL: went away */
    uint32_t seq;
    unsigned tries;
    uint64_t now_ms; /* wall clock of the first phase */
    struct buf command;
    struct ask *asks;    /* the last one asked comes first */
    struct watch answer; /* while it is worked at; else fd -1 */
    struct parser parser;
    uint64_t until_ms;     /* of it */
    bool is_second_parser; /* the first one was killed */
    bool has_ended;
    struct parked *next;
};

struct parkeds {
    struct parked *first, **tail;
    unsigned n, n_working[SLOW_KINDS];
    uint64_t word_ms;
    /* Of the command that runs. */
    struct peer *peer; /* NULL: none does */
    uint64_t now_ms;
    struct parked *again; /* in a further phase, or NULL */
    struct ask *wanted;
    struct ask *known;   /* SLOW_NEVER */
    struct parser begun; /* for what is wanted */
};

/* At once, of all users. */
static const unsigned at_once[SLOW_KINDS] = {
    [SLOW_KEY] = ANGEL_MAKERS,
    [SLOW_TOKEN] = KEEP_ASIDE_MAX / 2,
    [SLOW_PARSER] = 2,
    [SLOW_NEVER] = 0,
};

/* --- what is asked ------------------------------------------------------ */

static struct ask *
ask_new(enum slow_kind kind, struct str request)
{
    struct ask *a = calloc(1, sizeof *a);

    if (a == NULL)
        return NULL;
    a->kind = kind;
    buf_init(&a->request, PARSER_REQUEST_MAX);
    buf_init(&a->result, PARSER_RESULT_MAX);
    buf_add(&a->request, request);
    return a;
}

static void
wipe(struct buf *b)
{
    if (b->p != NULL)
        secret_wipe(b->p, b->n);
    buf_fini(b);
}

static void
ask_free(struct ask *a)
{
    wipe(&a->request);
    wipe(&a->result);
    free(a);
}

static void
asks_free(struct ask **list)
{
    while (*list != NULL) {
        struct ask *a = *list;

        *list = a->next;
        ask_free(a);
    }
}

/* A key that the token has made or taken, and that no command came back for. */
static void
drop_unused(struct front *f, const struct ask *a)
{
    struct reader in = reader_of(buf_view(&a->request));
    struct reader result = reader_of(buf_view(&a->result));
    struct str owner, pkcs8, sealed;
    uint32_t bits;
    uint16_t type;
    uint8_t kind;

    if (a->kind != SLOW_TOKEN || a->is_used || a->e != ERR_OK ||
        !reader_str(&result, 1, CERT_DER_MAX, &sealed) ||
        !reader_u16(&in, &type) ||
        !(type == KEEP_NEW_KEY
              ? reader_u8(&in, &kind) && reader_u32(&in, &bits)
              : type == KEEP_SEAL &&
                    reader_str(&in, 1, CERT_DER_MAX, &pkcs8)) ||
        !reader_str(&in, 1, 8, &owner))
        return;
    front_drop_key(f, sealed, owner);
}

/* --- the command that runs ---------------------------------------------- */

static unsigned
count_of(const struct parkeds *k, const struct peer *p)
{
    unsigned n = 0;

    for (const struct parked *c = k->first; c != NULL; c = c->next)
        n += c->peer != NULL && strcmp(c->peer->acee->user, p->acee->user) == 0;
    return n;
}

/* Clients that left count as long as what they asked for is worked at. */
static enum err
may_park(const struct parkeds *k, struct err_info *why)
{
    if (k->again != NULL && k->again->tries >= TRIES_MAX)
        return err_set(why, ERR_NOT_NOW,
                       "what it needs changed again and again meanwhile");
    if (k->n >= PARKED_MAX)
        return err_set(why, ERR_LIMIT,
                       "%u commands wait for keys, tokens or packages; try "
                       "again later",
                       PARKED_MAX);
    if (count_of(k, k->peer) >= PARKED_PER_USER)
        return err_set(why, ERR_LIMIT,
                       "user %s waits for %u keys, tokens or packages "
                       "already; try again later",
                       k->peer->acee->user, PARKED_PER_USER);
    return ERR_OK;
}

/* Nobody is served until it is through: whoever asked something meanwhile is
 * told that it goes on, so that no client gives up. */
static enum err
parse_and_wait(struct front *f, struct str request, struct buf *result,
               struct err_info *why)
{
    struct parser p;
    bool was_killed = false;
    enum err e = ERR_OK;

    for (unsigned tries = 0; tries < 2 && (tries == 0 || was_killed); tries++) {
        int ms = 0;

        e = parser_start(request, &p, why);
        if (e != ERR_OK)
            return e;
        for (; ms < PARSER_WAIT_MS && !parser_is_done(&p, (int)WORD_MS);
             ms += (int)WORD_MS) {
            for (struct peer *peer = f->peers; peer != NULL; peer = peer->next)
                peer_send(peer, WIRE_WAIT, 0, STR(""), -1);
        }
        if (ms >= PARSER_WAIT_MS) {
            parser_kill(&p);
            return err_set(why, ERR_TIMEOUT, "certificate parser: no answer");
        }
        e = parser_take(&p, result, &was_killed, why);
    }
    return e;
}

static enum err
keeper_and_wait(struct front *f, struct str request, struct buf *result,
                struct err_info *why)
{
    struct reader in = reader_of(request), out;
    struct chan_msg reply;
    uint16_t type = 0;
    enum err e;

    REQUIRE(reader_u16(&in, &type));
    e = keeper_call(f, (enum keep_type)type, reader_rest(&in), &reply, &out,
                    why);
    if (e != ERR_OK)
        return e;
    buf_add(result, reader_rest(&out));
    chan_msg_fini(&reply);
    return buf_check(result, why);
}

/* True: *e is what came of it. */
static bool
find_result(const struct parkeds *k, enum slow_kind kind, struct str request,
            struct buf *result, enum err *e, struct err_info *why)
{
    for (struct ask *a = k->again == NULL ? NULL : k->again->asks; a != NULL;
         a = a->next) {
        if (a->kind != kind || !str_eq(buf_view(&a->request), request))
            continue;
        a->is_used = true;
        *e = a->e == ERR_AGAIN ? ERR_PEER : a->e;
        if (*e != ERR_OK && why != NULL)
            *why = a->why;
        if (*e == ERR_OK) {
            buf_add(result, buf_view(&a->result));
            *e = buf_check(result, why);
        }
        return true;
    }
    return false;
}

static enum err
ask_keeper(struct front *f, struct str request, struct buf *result,
           struct err_info *why)
{
    struct ask *a = ask_new(SLOW_NEVER, request);
    enum err e;

    if (a == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    e = buf_check(&a->request, why);
    if (e == ERR_OK)
        e = keeper_and_wait(f, request, &a->result, why);
    if (e != ERR_OK) {
        ask_free(a);
        return e;
    }
    buf_add(result, buf_view(&a->result));
    a->next = f->parked->known;
    f->parked->known = a;
    return buf_check(result, why);
}

/* One that is read at once is the rule. True: it was. */
static bool
try_parser(struct parkeds *k, struct str request, struct buf *result,
           enum err *e, struct err_info *why)
{
    bool was_killed;

    if (k->n_working[SLOW_PARSER] >= at_once[SLOW_PARSER])
        return false;
    *e = parser_start(request, &k->begun, why);
    if (*e != ERR_OK)
        return true;
    if (!parser_is_done(&k->begun, PATIENCE_MS))
        return false;
    *e = parser_take(&k->begun, result, &was_killed, why);
    return !was_killed;
}

enum err
front_slow(struct front *f, enum slow_kind kind, struct str request,
           struct buf *result, struct err_info *why)
{
    struct parkeds *k = f->parked;
    enum err e;

    if (k->peer == NULL)
        return kind == SLOW_PARSER ? parse_and_wait(f, request, result, why)
                                   : keeper_and_wait(f, request, result, why);
    if (k->wanted != NULL) /* it is on its way out */
        return err_set(why, ERR_AGAIN, "something else is waited for");
    if (find_result(k, kind, request, result, &e, why))
        return e;
    if (kind == SLOW_NEVER)
        return ask_keeper(f, request, result, why);
    if (kind == SLOW_PARSER && try_parser(k, request, result, &e, why))
        return e;
    e = may_park(k, why);
    if (e == ERR_OK) {
        k->wanted = ask_new(kind, request);
        e = k->wanted == NULL ? err_set(why, ERR_MEMORY, "no storage")
                              : buf_check(&k->wanted->request, why);
    }
    if (e == ERR_OK)
        return err_set(why, ERR_AGAIN, "it takes a while");
    if (k->wanted != NULL)
        ask_free(k->wanted);
    k->wanted = NULL;
    parser_kill(&k->begun);
    return e;
}

uint64_t
front_parked_begin(struct front *f, struct peer *p)
{
    struct parkeds *k = f->parked;

    k->peer = p;
    k->now_ms = k->again != NULL ? k->again->now_ms : clock_wall_ms();
    for (struct ask *a = k->again == NULL ? NULL : k->again->asks; a != NULL;
         a = a->next)
        a->is_used = false;
    return k->now_ms;
}

void
front_parked_end(struct front *f)
{
    struct parkeds *k = f->parked;

    k->peer = NULL;
    if (k->wanted == NULL)
        asks_free(&k->known);
}

bool
front_is_parking(const struct front *f)
{
    return f->parked->wanted != NULL;
}

/* --- parked commands ---------------------------------------------------- */

static void
parked_free(struct parked *c)
{
    if (c->parser.fd >= 0)
        (void)front_release(c->front, &c->answer); /* it is the parser's */
    front_unwatch(c->front, &c->answer);
    parser_kill(&c->parser);
    for (const struct ask *a = c->asks; a != NULL; a = a->next)
        drop_unused(c->front, a);
    asks_free(&c->asks);
    wipe(&c->command);
    free(c);
}

static void
begun(struct parked *c)
{
    c->has_ended = false;
    c->front->parked->n_working[c->asks->kind]++;
}

static void answer_ready(struct watch *, unsigned events);

/* The child that was too slow for its command to wait for works on. */
static void
watch_parser(struct parked *c)
{
    struct ask *a = c->asks;

    a->e =
        front_watch(c->front, &c->answer, c->parser.fd, answer_ready, &a->why);
    if (a->e == ERR_OK) {
        c->until_ms = clock_mono_ms() + PARKED_PARSER_MS;
        begun(c);
        return;
    }
    parser_kill(&c->parser);
    c->has_ended = true;
}

bool
front_park(struct peer *p, uint32_t seq, struct str command)
{
    struct parkeds *k = p->front->parked;
    struct parked *c = calloc(1, sizeof *c);
    struct ask *wanted = k->wanted;

    k->wanted = NULL;
    if (c == NULL) {
        ask_free(wanted);
        asks_free(&k->known);
        parser_kill(&k->begun);
        return false;
    }
    c->front = p->front;
    c->answer.fd = -1;
    c->parser = k->begun; /* or none */
    k->begun.fd = -1;
    c->seq = seq;
    c->asks = wanted; /* first; then what is known already */
    wanted->next = k->known;
    k->known = NULL;
    c->now_ms = k->now_ms;
    c->tries = k->again == NULL ? 1 : k->again->tries + 1;
    if (k->again != NULL) {
        struct ask *last = wanted;

        while (last->next != NULL)
            last = last->next;
        last->next = k->again->asks;
        k->again->asks = NULL;
    }
    for (struct ask *a = wanted; a != NULL; a = a->next)
        a->is_used = false; /* what it was used for is undone */
    buf_init(&c->command, WIRE_COMMAND_MAX);
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
    if (c->parser.fd >= 0)
        watch_parser(c);
    return true;
}

static void
take_out(struct parkeds *k, struct parked *c)
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

/* A further phase. */
static void
finish(struct parkeds *k, struct parked *c)
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
take_answer(struct parked *c, struct ask *a)
{
    struct chan_msg msg;
    struct str result;

    if (chan_recv(c->answer.fd, &msg, NULL) != ERR_OK) {
        a->e = err_set(&a->why, ERR_PEER,
                       a->kind == SLOW_KEY
                           ? "the key keeper ended while the key was made; "
                             "nothing was changed"
                           : "the key keeper ended while the token was asked; "
                             "nothing was changed here");
        return;
    }
    a->e = chan_answer_read(&msg, "key keeper", &result, &a->why);
    if (a->e == ERR_OK) {
        buf_add(&a->result, result);
        a->e = buf_check(&a->result, &a->why);
    }
    chan_msg_fini(&msg);
}

static void
answer_ready(struct watch *w, unsigned events)
{
    struct parked *c = CONTAINER_OF(w, struct parked, answer);
    struct ask *a = c->asks;
    bool was_killed = false;

    (void)events;
    c->has_ended = true;
    c->front->parked->n_working[a->kind]--;
    if (a->kind != SLOW_PARSER) {
        take_answer(c, a);
        front_unwatch(c->front, w);
        return;
    }
    (void)front_release(c->front, w);
    a->e = parser_take(&c->parser, &a->result, &was_killed, &a->why);
    if (was_killed && !c->is_second_parser) {
        c->is_second_parser = true;
        c->has_ended = false; /* it is begun once more */
    }
}

static void
begin_parser(struct parked *c, struct ask *a)
{
    a->e = parser_start(buf_view(&a->request), &c->parser, &a->why);
    if (a->e == ERR_OK)
        watch_parser(c);
    else
        c->has_ended = true;
}

static void
begin(struct front *f, struct parked *c)
{
    struct ask *a = c->asks;
    struct chan_msg reply;
    struct reader in;
    int pair[2];

    if (a->kind == SLOW_PARSER) {
        begin_parser(c, a);
        return;
    }
    c->has_ended = true; /* unless it begins */
    a->e = chan_pair(pair, &a->why);
    if (a->e != ERR_OK)
        return;
    a->e = keeper_call_fd(f, a->kind == SLOW_KEY ? KEEP_MAKE_KEY : KEEP_ASIDE,
                          buf_view(&a->request), pair[1], &reply, &in, &a->why);
    close(pair[1]);
    if (a->e == ERR_OK) {
        chan_msg_fini(&reply);
        a->e = front_watch(f, &c->answer, pair[0], answer_ready, &a->why);
    }
    if (a->e == ERR_OK)
        begun(c);
    else
        close(pair[0]);
}

static bool
has_one_at_work(const struct parkeds *k, const struct parked *c)
{
    for (const struct parked *o = k->first; o != NULL; o = o->next) {
        if (o->answer.fd >= 0 && o->peer != NULL &&
            o->asks->kind == c->asks->kind &&
            strcmp(o->peer->acee->user, c->peer->acee->user) == 0)
            return true;
    }
    return false;
}

/* In their order, but nobody gets a second one while another user waits. */
static struct parked *
next_to_begin(const struct parkeds *k)
{
    struct parked *first = NULL;

    for (struct parked *c = k->first; c != NULL; c = c->next) {
        if (c->answer.fd >= 0 || c->has_ended || c->peer == NULL ||
            k->n_working[c->asks->kind] >= at_once[c->asks->kind])
            continue;
        if (!has_one_at_work(k, c))
            return c;
        if (first == NULL)
            first = c;
    }
    return first;
}

static struct parked *
next_to_finish(const struct parkeds *k)
{
    struct parked *c = k->first;

    while (c != NULL && !c->has_ended)
        c = c->next;
    return c;
}

void
front_parked_go_on(struct front *f)
{
    struct parkeds *k = f->parked;
    struct parked *c;

    do {
        while ((c = next_to_begin(k)) != NULL)
            begin(f, c);
        c = next_to_finish(k);
        if (c != NULL)
            finish(k, c);
    } while (c != NULL);
}

void
front_parked_gone(struct front *f, const struct peer *p)
{
    struct parkeds *k = f->parked;

    for (struct parked *c = k->first, *next; c != NULL; c = next) {
        next = c->next;
        if (c->peer != p)
            continue;
        c->peer = NULL;
        if (c->parser.fd >= 0)
            k->n_working[SLOW_PARSER]--;
        if (c->answer.fd < 0 || c->parser.fd >= 0) { /* else it has to end */
            take_out(k, c);
            parked_free(c);
        }
    }
}

/* Somebody has stopped it, or the machine has no time for it. */
static void
give_up(struct parked *c)
{
    struct ask *a = c->asks;

    (void)front_release(c->front, &c->answer);
    parser_kill(&c->parser);
    c->front->parked->n_working[a->kind]--;
    c->has_ended = true;
    a->e = err_set(&a->why, ERR_TIMEOUT, "certificate parser: no answer");
}

int
front_parked_wait_ms(struct front *f)
{
    struct parkeds *k = f->parked;
    uint64_t now;

    if (k->n == 0)
        return -1;
    now = clock_mono_ms();
    for (struct parked *c = k->first; c != NULL; c = c->next) {
        if (c->parser.fd >= 0 && now >= c->until_ms)
            give_up(c);
    }
    if (next_to_finish(k) != NULL)
        return 0;
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
front_parked_open(struct front *f, struct err_info *why)
{
    struct parkeds *k = calloc(1, sizeof *k);

    if (k == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    k->tail = &k->first;
    k->begun.fd = -1;
    f->parked = k;
    return ERR_OK;
}

void
front_parked_close(struct front *f)
{
    struct parkeds *k = f->parked;

    if (k == NULL)
        return;
    while (k->first != NULL) {
        struct parked *c = k->first;

        take_out(k, c);
        parked_free(c);
    }
    free(k);
    f->parked = NULL;
}
