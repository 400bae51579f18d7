/* The TLS session of a connection: made, negotiated, checked. */
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ttls/env.h"

#define TLS_HANDSHAKE_RECORD 0x16
#define TLS_ALERT_RECORD 0x15

/* --- memory transport ------------------------------------------------------
 */

static int
io_read(BIO *b, char *p, int cap)
{
    struct tls_io *io = BIO_get_data(b);
    size_t n = io->in_n < (size_t)cap ? io->in_n : (size_t)cap;

    BIO_clear_retry_flags(b);
    if (n == 0) {
        if (!io->is_ended)
            BIO_set_retry_read(b);
        return -1;
    }
    memcpy(p, io->in, n);
    io->in += n;
    io->in_n -= n;
    return (int)n;
}

static int
io_write(BIO *b, const char *p, int n)
{
    struct tls_io *io = BIO_get_data(b);

    BIO_clear_retry_flags(b);
    if (n < 0 || io->is_ended || io->out == NULL ||
        (size_t)n > io->out_cap - io->out_n)
        return -1;
    memcpy(io->out + io->out_n, p, (size_t)n);
    io->out_n += (size_t)n;
    return n;
}

static long
io_ctrl(BIO *b, int command, long number, void *p)
{
    (void)b;
    (void)number;
    (void)p;
    return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP;
}

static BIO_METHOD *
io_method(void)
{
    static BIO_METHOD *method;

    if (method == NULL) {
        method =
            BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "engine");
        if (method == NULL || !BIO_meth_set_read(method, io_read) ||
            !BIO_meth_set_write(method, io_write) ||
            !BIO_meth_set_ctrl(method, io_ctrl)) {
            BIO_meth_free(method);
            method = NULL;
        }
    }
    return method;
}

static bool
give_transport(struct conn *c)
{
    BIO_METHOD *method = io_method();
    BIO *b = method == NULL ? NULL : BIO_new(method);

    if (b == NULL)
        return false;
    BIO_set_data(b, &c->io);
    BIO_set_init(b, 1);
    SSL_set_bio(c->ssl, b, b);
    return true;
}

/* --- steps -----------------------------------------------------------------
 */

static void
on_info(const SSL *ssl, int where, int value)
{
    struct conn *c = SSL_get_app_data(ssl);
    bool is_13 = SSL_version(ssl) == TLS1_3_VERSION;
    int alert = value & 0xff;

    /* Warnings end nothing, but for the one that says no. */
    if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && alert != 0 &&
        (is_13 || value >> 8 == SSL3_AL_FATAL ||
         alert == SSL_AD_NO_RENEGOTIATION))
        c->alert = alert;
    if ((where & SSL_CB_WRITE_ALERT) == SSL_CB_WRITE_ALERT &&
        alert == SSL_AD_NO_RENEGOTIATION)
        c->has_refused = true;
    if ((where & SSL_CB_HANDSHAKE_DONE) != 0 && c->is_handshake_done && !is_13)
        c->is_anew = true;
}

static bool
fail(struct conn *c, unsigned rc)
{
    flow_handshake_init(c, rc);
    say_error(c, rc, "Initial Handshake");
    say_event(c, rc, "Initial Handshake", NULL);
    conn_reset(c);
    return false;
}

static void
on_timeout(struct loop_timer *t)
{
    struct conn *c = CONTAINER_OF(t, struct conn, timer);

    if (c->state != CONN_HANDSHAKE)
        return;
    /* The program has said that it would go on without. */
    if (c->allow_timeout && !c->saw_peer_bytes) {
        handshake_fini(c);
        env_unref(&c->env);
        c->is_timed_out = true;
        c->state = CONN_CLEAR;
        conn_go(c);
        return;
    }
    (void)fail(c, 5004);
}

/* ResetCipherTimer: new keys from time to time. */
static void
on_rekey(struct loop_timer *t)
{
    struct conn *c = CONTAINER_OF(t, struct conn, timer);
    bool is_done;

    if (c->state != CONN_SECURE)
        return;
    loop_timer_set(c->engine->loop, &c->timer,
                   (uint64_t)c->mapped->eff.reset_cipher_min * 60000);
    if (SSL_in_init(c->ssl))
        return; /* that is what the peer is at */
    is_done = SSL_version(c->ssl) == TLS1_3_VERSION
                  ? SSL_key_update(c->ssl, SSL_KEY_UPDATE_REQUESTED) == 1
                  : SSL_renegotiate_abbreviated(c->ssl) == 1;
    say_event(c, is_done ? 0 : 432, "Reset Cipher", NULL);
    c->must_speak = is_done;
    conn_go(c);
}

bool
handshake_start(struct conn *c)
{
    static const char *const roles[] = {
        [TTLS_CLIENT] = "HS-Client",
        [TTLS_SERVER] = "HS-Server",
        [TTLS_SERVER_CLIENT_AUTH] = "HS-ServerWithClientAuth",
    };
    const struct ttls_effective *eff = &c->mapped->eff;

    say_start(c, "Initial Handshake", roles[eff->role]);
    flow_handshake(c);
    c->ssl = SSL_new(c->env->ctx);
    if (c->ssl == NULL || !give_transport(c))
        return fail(c, 5002);
    if (c->env->keys != NULL &&
        remote_channel_join(c->env->keys, c->engine->loop, &c->keys, NULL) !=
            ERR_OK)
        return fail(c, 5002);
    if (c->keys != NULL)
        SSL_set_mode(c->ssl, SSL_MODE_ASYNC);
    SSL_set_app_data(c->ssl, c);
    SSL_set_info_callback(c->ssl, on_info);
    c->alert = -1;
    if (eff->role == TTLS_CLIENT)
        SSL_set_connect_state(c->ssl);
    else
        SSL_set_accept_state(c->ssl);
    if (!env_apply(c, c->ssl))
        return fail(c, c->verify_rc != 0 ? c->verify_rc : 5006);
    c->timer.fire = on_timeout;
    if (eff->handshake_timeout_s > 0)
        loop_timer_set(c->engine->loop, &c->timer,
                       (uint64_t)eff->handshake_timeout_s * 1000);
    c->state = CONN_HANDSHAKE;
    return true;
}

void
handshake_fini(struct conn *c)
{
    loop_timer_clear(c->engine->loop, &c->timer);
    revocation_cancel(&c->check);
    if (c->keys != NULL) {
        c->io.is_ended = true;
        c->io.in_n = 0;
        if (c->ssl != NULL)
            remote_abandon(c->keys, c->ssl);
        remote_channel_leave(&c->keys);
    }
    c->is_paused = c->must_read = false;
    c->io.is_ended = false;
    if (c->ssl != NULL && !c->is_handshake_done)
        SSL_set_quiet_shutdown(c->ssl, 1);
    SSL_free(c->ssl);
    c->ssl = NULL;
    X509_free(c->first_peer);
    c->first_peer = NULL;
    free(c->stash);
    c->stash = NULL;
}

bool
handshake_stash(struct conn *c)
{
    uint8_t *more;

    if (c->io.in_n == 0)
        return true;
    more = malloc(c->io.in_n);
    if (more == NULL)
        return false;
    memcpy(more, c->io.in, c->io.in_n);
    free(c->stash);
    c->stash = more;
    c->stash_n = c->io.in_n;
    c->io.in_n = 0;
    return true;
}

static bool negotiate(struct conn *c);

/* --- done --------------------------------------------------------------------
 */

static const char *
protocol_name(const SSL *ssl)
{
    switch (SSL_version(ssl)) {
    case TLS1_VERSION:
        return "TLSV1";
    case TLS1_1_VERSION:
        return "TLSV1.1";
    case TLS1_2_VERSION:
        return "TLSV1.2";
    case TLS1_3_VERSION:
        return "TLSV1.3";
    default:
        return "UNKNOWN";
    }
}

/* As the original's log shows it: handles, protocol, and the cipher's four
 * digits as EBCDIC. */
static void
say_done(struct conn *c)
{
    char digits[5], hex[9], text[96];

    (void)snprintf(
        digits, sizeof digits, "%04X",
        (unsigned)SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(c->ssl)));
    for (int i = 0; i < 4; i++)
        (void)snprintf(hex + 2 * i, 3, "%02X",
                       digits[i] <= '9' ? 0xf0 + digits[i] - '0'
                                        : 0xc1 + digits[i] - 'A');
    (void)snprintf(text, sizeof text, "%016llX %016llX %s %s",
                   (unsigned long long)flow_handle(c),
                   (unsigned long long)flow_env_handle(c),
                   protocol_name(c->ssl), hex);
    flow_handshake_init(c, 0);
    flow_negotiated(c, protocol_name(c->ssl), hex);
    say_event(c, 0, "Initial Handshake", text);
}

static bool
finish(struct conn *c)
{
    loop_timer_clear(c->engine->loop, &c->timer);
    say_done(c);
    if (!conn_secure(c))
        return false;
    if (c->mapped->eff.reset_cipher_min > 0) {
        c->timer.fire = on_rekey;
        loop_timer_set(c->engine->loop, &c->timer,
                       (uint64_t)c->mapped->eff.reset_cipher_min * 60000);
    }
    return true;
}

/* SAFCheck: the certificate must be some user's. The others are told whose it
 * is, but nothing depends on it. */
static bool
needs_user(const struct conn *c)
{
    return c->mapped->eff.role == TTLS_SERVER_CLIENT_AUTH &&
           c->mapped->eff.client_auth == TTLS_AUTH_SAFCHECK;
}

static bool
go_on(struct conn *c)
{
    if (!needs_user(c))
        return finish(c);
    ask_certificate(c);
    return true;
}

/* Then the angel may have to sign again, and nobody is to wait for it. */
static bool
may_go_anew(const struct conn *c)
{
    enum ttls_reneg how = c->mapped->eff.renegotiation;

    return SSL_version(c->ssl) < TLS1_3_VERSION &&
           (how == TTLS_RENEG_ALL || how == TTLS_RENEG_ABBREVIATED);
}

static bool
succeed(struct conn *c)
{
    unsigned rc = peer_check(c);

    if (rc != 0)
        return fail(c, rc);
    c->is_handshake_done = true;
    if (!may_go_anew(c)) {
        SSL_clear_mode(c->ssl, SSL_MODE_ASYNC);
        remote_channel_leave(&c->keys);
    }
    if (!handshake_stash(c))
        return fail(c, 5002);
    if (env_revocation_begin(c, &rc)) {
        /* The peer has done its part; what is asked has limits of its own. */
        loop_timer_clear(c->engine->loop, &c->timer);
        return true;
    }
    return rc == 0 ? go_on(c) : fail(c, rc);
}

void
handshake_checked(struct conn *c, unsigned rc)
{
    if (rc != 0) {
        (void)fail(c, rc);
        return;
    }
    if (needs_user(c))
        ask_certificate(c);
    conn_go(c); /* the handshake's last step, and what follows it */
}

/* The angel has signed: on with what had arrived. */
static void
resume(void *arg)
{
    struct conn *c = arg;
    uint8_t *stash = c->stash;

    if (c->state != CONN_HANDSHAKE || !c->is_paused)
        return;
    c->is_paused = false;
    c->stash = NULL;
    c->io.in = stash;
    c->io.in_n = stash == NULL ? 0 : c->stash_n;
    if (negotiate(c))
        conn_go(c);
    free(stash);
}

/* A client's last message can leave with the program's first bytes, when the
 * relay begins with reading those in this same callback. */
static bool
may_join(const struct conn *c)
{
    return c->mapped->eff.role == TTLS_CLIENT && c->env->revocation == NULL &&
           c->inner.is_connected && c->inner.may_read && c->outer.held_n == 0;
}

/* One call of OpenSSL with what has arrived. */
static bool
negotiate(struct conn *c)
{
    int done, e;

    c->io.out = c->engine->cipher_out;
    c->io.out_cap = ENGINE_CIPHER_BYTES;
    ERR_clear_error();
    done = c->keys == NULL ? SSL_do_handshake(c->ssl)
                           : remote_handshake(c->keys, c->ssl, resume, c);
    e = SSL_get_error(c->ssl, done);
    if (c->io.out_n > 0 && !(done == 1 && may_join(c))) {
        size_t n = c->io.out_n;

        c->io.out_n = 0;
        say_data(c, true, true, n);
        if (!leg_write(&c->outer, c->io.out, n))
            return fail(c, 406);
    }
    if (done == 1)
        return succeed(c);
    if (e == SSL_ERROR_WANT_READ)
        return true;
    if (e == SSL_ERROR_WANT_ASYNC) {
        c->is_paused = true;
        return handshake_stash(c) || fail(c, 5002);
    }
    return fail(c, handshake_rc(c));
}

/* The first byte tells whether the peer speaks TLS at all. */
static bool
is_tls(struct conn *c, uint8_t first)
{
    bool is_first = !c->saw_peer_bytes;

    c->saw_peer_bytes = true;
    return !is_first || first == TLS_HANDSHAKE_RECORD ||
           first == TLS_ALERT_RECORD || (first & 0x80) != 0;
}

/* A handshake that came before the program asked for it. */
static bool
take_held(struct conn *c)
{
    uint8_t *held = c->stash;
    bool is_fine;

    c->is_holding = false;
    c->stash = NULL;
    c->saw_peer_bytes = true;
    c->io.in = held;
    c->io.in_n = c->stash_n;
    is_fine = negotiate(c);
    if (c->state != CONN_ENDED)
        c->io.in_n = 0;
    free(held);
    return is_fine;
}

bool
handshake_step(struct conn *c)
{
    struct leg *outer = &c->outer;
    size_t n = 0;

    if (!leg_flush(outer))
        return fail(c, 406);
    if (c->is_handshake_done) {
        if (c->is_waiting || c->check != NULL)
            return true;
        if (needs_user(c) && c->peer_user[0] == '\0')
            return fail(c, 5007);
        return finish(c);
    }
    if (!outer->is_connected || c->is_paused)
        return true;
    if (c->mapped->eff.role == TTLS_CLIENT && !c->saw_peer_bytes &&
        SSL_in_before(c->ssl) && !negotiate(c))
        return false;
    if (c->is_holding && c->stash != NULL && !take_held(c))
        return false;
    while (c->state == CONN_HANDSHAKE && !c->is_handshake_done &&
           !c->is_paused && outer->may_read) {
        uint8_t *p =
            c->engine->cipher_in; /* what was read ahead is elsewhere */

        switch (leg_read(outer, &p, ENGINE_SCRATCH_BYTES, &n)) {
        case LEG_BYTES:
            if (!is_tls(c, p[0]))
                return fail(c, 5003);
            say_data(c, false, true, n);
            c->io.in = p;
            c->io.in_n = n;
            if (!negotiate(c))
                return false;
            break;
        case LEG_END:
            return fail(c, 420);
        case LEG_BROKEN:
            return fail(c, 406);
        case LEG_AGAIN:
            return true;
        }
    }
    return true;
}
