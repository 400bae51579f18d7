/*
 * Bytes between the legs. Scratch buffers belong to the engine and hold
 * nothing between two callbacks; a leg that does not take its bytes keeps them
 * in a buffer of its own, and nothing more is read for it until they are gone.
 * So an idle connection holds no buffer at all.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "ttls/batch.h"
#include "ttls/env.h"

#define PASSES_MAX 16 /* then others have their turn */

static bool
hold(struct leg *leg, const uint8_t *p, size_t n)
{
    if (leg->held_n == 0)
        leg->held_at = 0;
    if (leg->held_at + leg->held_n + n > leg->held_cap) {
        size_t cap = leg->held_n + n;
        uint8_t *more = malloc(cap);

        if (more == NULL)
            return false;
        if (leg->held_n > 0)
            memcpy(more, leg->held + leg->held_at, leg->held_n);
        free(leg->held);
        leg->held = more;
        leg->held_at = 0;
        leg->held_cap = cap;
    }
    memcpy(leg->held + leg->held_at + leg->held_n, p, n);
    leg->held_n += n;
    return true;
}

/* What the socket takes at once; false: it is broken. */
static bool
send_some(struct leg *leg, const uint8_t *p, size_t n, size_t *sent)
{
    *sent = 0;
    while (*sent < n && leg->may_write) {
        ssize_t got = send(leg->watch.fd, p + *sent, n - *sent, MSG_NOSIGNAL);

        if (got >= 0)
            *sent += (size_t)got;
        else if (errno == EAGAIN)
            leg->may_write = false;
        else if (errno != EINTR)
            return false;
    }
    return true;
}

bool
leg_flush(struct leg *leg)
{
    size_t sent;

    if (leg->is_broken)
        return false;
    if (leg->held_n == 0 || !leg->is_connected)
        return true;
    if (!send_some(leg, leg->held + leg->held_at, leg->held_n, &sent))
        return false;
    leg->held_at += sent;
    leg->held_n -= sent;
    if (leg->held_n == 0) {
        free(leg->held);
        leg->held = NULL;
        leg->held_cap = 0;
    }
    return true;
}

bool
leg_sent(struct leg *leg, const uint8_t *p, size_t n, int result)
{
    size_t sent = result > 0 ? (size_t)result : 0, more;

    if (result == -EAGAIN)
        leg->may_write = false;
    else if (result < 0 && result != -EINTR)
        return false;
    if (!send_some(leg, p + sent, n - sent, &more))
        return false;
    sent += more;
    return sent == n || hold(leg, p + sent, n - sent);
}

/* A program's leg does not leave this machine: what paces others (BBR, by
 * timers) only costs there. Reno, as every kernel has it, waits for room alone.
 */
static void
leave_pacing(struct leg *leg)
{
    static const char name[] = "reno";

    leg->is_unpaced = true;
    IGNORE(setsockopt(leg->watch.fd, IPPROTO_TCP, TCP_CONGESTION, name,
                      sizeof name - 1));
}

bool
leg_write(struct leg *leg, const uint8_t *p, size_t n)
{
    size_t sent = 0;

    if (n > ENGINE_AHEAD_BYTES && !leg->is_unpaced && leg == &leg->conn->inner)
        leave_pacing(leg);
    if (leg->held_n == 0 && leg->may_write && !leg->is_broken &&
        batch_put(leg->conn->engine->batch, leg, p, n))
        return true;
    batch_settle(leg);
    if (leg->is_broken)
        return false;
    if (leg->held_n == 0 && leg->is_connected && !send_some(leg, p, n, &sent))
        return false;
    return sent == n || hold(leg, p + sent, n - sent);
}

/* As recv. */
static ssize_t
take_ahead(struct leg *leg, uint8_t **p)
{
    int n = leg->ahead_n;

    if (!leg->is_ahead_kept)
        *p = leg->ahead;
    else if (n > 0)
        memcpy(*p, leg->ahead, (size_t)n);
    batch_forget(leg);
    if (n >= 0)
        return n;
    errno = -n;
    return -1;
}

enum leg_read
leg_read(struct leg *leg, uint8_t **p, size_t cap, size_t *n)
{
    for (;;) {
        size_t room = leg->ahead != NULL ? ENGINE_AHEAD_BYTES : cap;
        ssize_t got = leg->ahead != NULL ? take_ahead(leg, p)
                                         : recv(leg->watch.fd, *p, cap, 0);

        if (got > 0) {
            *n = (size_t)got;
            /* Edge-triggered: a short read is all there was, more is told;
             * but an end that was told together with it is not told again. */
            leg->has_much = *n >= ENGINE_AHEAD_BYTES / 2;
            leg->may_read = *n == room || leg->saw_hangup || leg->has_urgent;
            return LEG_BYTES;
        }
        if (got == 0) {
            leg->at_end = true;
            leg->may_read = false;
            return LEG_END;
        }
        if (errno == EAGAIN) {
            leg->may_read = leg->has_urgent = false;
            return LEG_AGAIN;
        }
        if (errno != EINTR)
            return LEG_BROKEN;
    }
}

void
leg_shut(struct leg *leg)
{
    batch_settle(leg);
    if (!leg->is_shut && leg->is_connected && leg->held_n == 0) {
        leg->is_shut = true;
        (void)shutdown(leg->watch.fd, SHUT_WR);
    }
}

static bool
may_move(const struct leg *from, const struct leg *to)
{
    return from->is_connected && from->may_read && !from->at_end &&
           to->held_n == 0 && to->is_connected;
}

/* --- clear text ------------------------------------------------------------
 */

/* A server that controls TLS says "go ahead", and the client's handshake may be
 * here before the server has asked for it: it must not see it as data. */
static bool
is_early_handshake(const struct conn *c, const uint8_t *p, size_t n)
{
    return c->mapped != NULL && c->mapped->eff.is_application_controlled &&
           c->mapped->eff.role != TTLS_CLIENT && n >= 2 && p[0] == 0x16 &&
           p[1] == 0x03;
}

static bool
hold_handshake(struct conn *c, const uint8_t *p, size_t n)
{
    c->io.in = p;
    c->io.in_n = n;
    c->is_holding = true;
    return handshake_stash(c);
}

/* Over TLS an urgent byte is one like the others; in clear text it goes on as
 * what it is. */
static bool
send_urgent(struct leg *to, const uint8_t *p, size_t n)
{
    batch_settle(to);
    return (n == 1 && to->held_n == 0 &&
            send(to->watch.fd, p, n, MSG_OOB | MSG_NOSIGNAL) == 1) ||
           leg_write(to, p, n);
}

static bool
move_clear(struct conn *c, struct leg *from, struct leg *to)
{
    uint8_t *p = c->engine->plain;
    bool is_urgent = from->ahead == NULL && from->has_urgent &&
                     sockatmark(from->watch.fd) == 1;
    size_t n;

    switch (leg_read(from, &p, is_urgent ? 1 : ENGINE_SCRATCH_BYTES, &n)) {
    case LEG_BYTES:
        if (from == &c->inner)
            c->n_out += n;
        else if (is_early_handshake(c, p, n))
            return hold_handshake(c, p, n);
        else
            c->n_in += n;
        return is_urgent ? send_urgent(to, p, n) : leg_write(to, p, n);
    case LEG_BROKEN:
        return false;
    case LEG_AGAIN:
    case LEG_END:
        break;
    }
    return true;
}

bool
relay_clear(struct conn *c)
{
    for (int i = 0; i < PASSES_MAX; i++) {
        bool moved = false;

        if (!leg_flush(&c->inner) || !leg_flush(&c->outer))
            return false;
        if (may_move(&c->inner, &c->outer)) {
            moved = true;
            if (!move_clear(c, &c->inner, &c->outer))
                return false;
        }
        if (!c->is_holding && may_move(&c->outer, &c->inner)) {
            moved = true;
            if (!move_clear(c, &c->outer, &c->inner))
                return false;
        }
        if (c->inner.at_end)
            leg_shut(&c->outer);
        if (c->outer.at_end)
            leg_shut(&c->inner);
        if (!moved)
            break;
    }
    return true;
}

/* --- TLS ------------------------------------------------------------------ */

/* There is hardly ever an old error, and clearing costs more than looking. */
static void
forget_errors(void)
{
    if (ERR_peek_error() != 0)
        ERR_clear_error();
}

/* Where OpenSSL writes to, unless something waits there already. */
static void
make_room(struct conn *c)
{
    if (c->io.out_n > 0)
        return;
    c->io.out = batch_cipher(c->engine);
    c->io.out_cap = ENGINE_CIPHER_BYTES;
}

/* What OpenSSL has written since. */
static bool
send_cipher(struct conn *c)
{
    size_t n = c->io.out_n;

    c->io.out_n = 0;
    if (n == 0)
        return true;
    say_data(c, true, true, n);
    if (!leg_write(&c->outer, c->io.out, n))
        return false;
    make_room(c);
    return true;
}

/* Whoever has negotiated anew is looked at anew, before its data. */
static bool
is_still_good(struct conn *c)
{
    if (c->is_anew && c->verify_rc == 0)
        c->verify_rc = peer_check_anew(c);
    c->is_anew = false;
    return c->verify_rc == 0;
}

bool
relay_may_take(const struct conn *c)
{
    return c->state != CONN_SECURE || !SSL_in_init(c->ssl);
}

/* The angel has signed. */
static void
resume(void *arg)
{
    struct conn *c = arg;

    if (c->state != CONN_SECURE || !c->is_paused)
        return;
    c->is_paused = false;
    c->must_read = true;
    conn_go(c);
}

static int
read_record(struct conn *c, uint8_t *p, size_t n, size_t *got)
{
    return c->keys == NULL ? SSL_read_ex(c->ssl, p, n, got)
                           : remote_read(c->keys, c->ssl, p, n, got, resume, c);
}

/* Where clear text goes. A read that may be paused for a signature, as TLS 1.2
 * negotiates anew, goes on into the place that it began with (remote_key.h). */
static uint8_t *
clear_room(const struct conn *c)
{
    bool may_pause = c->keys != NULL && SSL_version(c->ssl) < TLS1_3_VERSION;

    return may_pause ? c->engine->plain : batch_plain(c->engine);
}

/* Everything that the cipher text at hand makes. */
static bool
open_records(struct conn *c)
{
    uint8_t *p = clear_room(c);
    size_t n = 0, got;
    bool is_fine = true;

    for (;;) {
        int e, done;

        forget_errors();
        done = read_record(c, p + n, ENGINE_SCRATCH_BYTES - n, &got);
        e = SSL_get_error(c->ssl, done);
        if (!is_still_good(c)) {
            is_fine = false;
            got = 0;
        } else if (done == 1) {
            n += got;
            if (c->io.in_n == 0 && SSL_has_pending(c->ssl) == 0)
                got = 0; /* another call could only ask for more */
            /* What is paused goes on at its own place, the first one. */
            else if (n < ENGINE_SCRATCH_BYTES && c->keys == NULL)
                continue;
        } else {
            if (e == SSL_ERROR_ZERO_RETURN &&
                c->mapped->eff.is_application_controlled) {
                /* The end, or back to clear text: the next byte, or the
                 * program's STOP, will tell. */
                c->is_stopped = true;
            } else if (e == SSL_ERROR_ZERO_RETURN) {
                c->outer.at_end = true;
                say_event(c, 0, "Connection Close", "CLOSE_NOTIFY RECEIVED");
            } else if (e == SSL_ERROR_WANT_ASYNC) {
                c->is_paused = true;
                is_fine = handshake_stash(c);
            } else if (e != SSL_ERROR_WANT_READ && e != SSL_ERROR_WANT_WRITE) {
                is_fine = false;
            }
            got = 0;
        }
        if (n > 0) {
            say_data(c, false, false, n);
            c->n_in += n;
            if (!leg_write(&c->inner, p, n))
                return false;
            p = clear_room(c);
            n = 0;
        }
        if (got == 0)
            return is_fine;
    }
}

static bool
fail_read(struct conn *c)
{
    unsigned rc = handshake_rc(c);

    if (rc != 0)
        say_error(c, rc, "Data Decryption");
    return false;
}

static bool
move_in(struct conn *c)
{
    uint8_t *p = c->engine->cipher_in;
    size_t n = 0;

    switch (leg_read(&c->outer, &p, ENGINE_SCRATCH_BYTES, &n)) {
    case LEG_BYTES:
        say_data(c, false, true, n);
        c->io.in = p;
        c->io.in_n = n;
        if (!c->is_stopped && !open_records(c))
            return fail_read(c);
        /* Clear text behind close_notify waits for the program's STOP. */
        return (!c->is_stopped || handshake_stash(c)) && send_cipher(c);
    case LEG_END:
        /* Without close_notify: the end of file it is, but it is said. */
        say_event(c, c->is_stopped ? 0 : 420, "Connection Close",
                  c->is_stopped ? "CLOSE_NOTIFY RECEIVED" : NULL);
        return true;
    case LEG_BROKEN:
        say_event(c, 406, "Connection Close", NULL);
        return false;
    case LEG_AGAIN:
        break;
    }
    return true;
}

static bool
move_out(struct conn *c)
{
    uint8_t *p = c->engine->plain;
    size_t n = 0, done;

    switch (leg_read(&c->inner, &p, ENGINE_SCRATCH_BYTES, &n)) {
    case LEG_BYTES:
        say_data(c, true, false, n);
        c->n_out += n;
        forget_errors();
        if (SSL_write_ex(c->ssl, p, n, &done) != 1 || done != n) {
            say_error(c, 406, "Data Encryption");
            return false;
        }
        return send_cipher(c);
    case LEG_END:
        ERR_clear_error();
        (void)SSL_shutdown(c->ssl);
        c->outer.is_shut = true; /* by close_notify; FIN comes at the end */
        return send_cipher(c);
    case LEG_BROKEN:
        return false;
    case LEG_AGAIN:
        break;
    }
    return true;
}

/* What the program wrote before it asked for clear text has left. */
static bool
is_drained(const struct conn *c)
{
    return !c->inner.may_read && c->inner.ahead == NULL &&
           c->outer.held_n == 0 && !SSL_in_init(c->ssl);
}

static bool
ask_to_stop(struct conn *c)
{
    c->wants_stop = false;
    c->is_stopping = true;
    say_start(c, "Connection Stop", NULL);
    say_event(c, 0, "Connection Stop", NULL);
    make_room(c);
    ERR_clear_error();
    (void)SSL_shutdown(c->ssl);
    return send_cipher(c);
}

/* Both have said close_notify; what follows it is clear text. */
static bool
back_to_clear(struct conn *c)
{
    bool is_fine =
        c->stash == NULL || leg_write(&c->inner, c->stash, c->stash_n);

    handshake_fini(c);
    env_unref(&c->env);
    c->wants_stop = c->is_stopping = c->is_stopped = false;
    c->is_handshake_done = false;
    c->saw_peer_bytes = false;
    c->state = CONN_CLEAR;
    return is_fine && relay_clear(c);
}

/* Key updates and renegotiation begin with our own message. */
static bool
speak(struct conn *c)
{
    if (!c->must_speak)
        return true;
    c->must_speak = false;
    ERR_clear_error();
    (void)SSL_do_handshake(c->ssl);
    return send_cipher(c);
}

/* The bytes that came with the end of the handshake, or while the angel was
 * signing. */
static bool
move_stash(struct conn *c)
{
    uint8_t *stash = c->stash;
    bool is_fine;

    if (stash == NULL && !c->must_read)
        return true;
    c->must_read = false;
    c->io.in = stash;
    c->io.in_n = stash == NULL ? 0 : c->stash_n;
    c->stash = NULL;
    is_fine = open_records(c);
    c->io.in_n = 0;
    free(stash);
    if (!is_fine)
        return fail_read(c);
    return send_cipher(c);
}

bool
relay_secure(struct conn *c)
{
    make_room(c);
    for (int i = 0; i < PASSES_MAX; i++) {
        bool moved = false;

        if (!leg_flush(&c->inner) || !leg_flush(&c->outer))
            return false;
        if (c->is_paused)
            return true;
        if (!c->is_stopped && c->inner.is_connected && c->inner.held_n == 0 &&
            !move_stash(c))
            return false;
        if (c->is_paused)
            return true;
        if (!speak(c))
            return false;
        /* Nothing of the program's between the messages of a handshake. */
        if (!c->is_stopping && relay_may_take(c) &&
            may_move(&c->inner, &c->outer)) {
            moved = true;
            if (!move_out(c))
                return false;
        }
        if (!send_cipher(c)) /* the handshake's end, when nothing joined it */
            return false;
        if (!(c->is_stopped && c->stash != NULL) &&
            may_move(&c->outer, &c->inner)) {
            moved = true;
            if (!move_in(c))
                return false;
        }
        if (c->wants_stop && is_drained(c) && !ask_to_stop(c))
            return false;
        if (c->is_stopped && c->is_stopping)
            return back_to_clear(c);
        if (c->outer.at_end)
            leg_shut(&c->inner);
        if (!moved)
            break;
    }
    return true;
}
