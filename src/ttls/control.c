/*
 * Application control: what a program asks of a connection of its own. The
 * stack has made sure who asks; each answer is given at once, a handshake that
 * was started goes on by itself.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/reader.h"
#include "ipc/stack_wire.h"
#include "sallyport/ttls.h"
#include "ttls/engine_wire.h"
#include "ttls/env.h"

#define CONTROLLING                                                            \
    (TTLS_INIT_CONNECTION | TTLS_RESET_SESSION | TTLS_RESET_CIPHER |           \
     TTLS_STOP_CONNECTION)

static bool
is_same(const struct capture_addr *a, const struct capture_addr *b)
{
    return a->port == b->port && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

static struct conn *
find(struct engine *g, uint64_t cookie, const struct capture_addr *local,
     const struct capture_addr *remote)
{
    for (struct conn *c = g->conns; c != NULL; c = c->next) {
        if (c->state == CONN_ENDED)
            continue;
        if (!c->is_inbound && c->cookie != 0 && c->cookie == cookie)
            return c;
        if (is_same(&c->remote, remote) && c->local.port == local->port)
            return c;
    }
    return NULL;
}

/* --- requests
 * ------------------------------------------------------------------ */

static int
start(struct conn *c, bool allow_timeout)
{
    if (c->state != CONN_CLEAR || c->is_stopping)
        return EALREADY;
    /* What the program has written before goes out before; the loop may not
     * have told us yet that it is there. */
    c->inner.may_read = true;
    if (!relay_clear(c)) {
        conn_reset(c);
        return ECONNRESET;
    }
    c->allow_timeout = allow_timeout;
    c->is_timed_out = false;
    conn_start_tls(c);
    if (c->state != CONN_ENDED)
        conn_go(c);
    return EINPROGRESS;
}

/* The partner's close_notify is still to come. */
static bool
is_stopping(const struct conn *c)
{
    return c->state == CONN_SECURE && (c->wants_stop || c->is_stopping) &&
           !c->outer.at_end;
}

static int
stop(struct conn *c)
{
    if (c->state != CONN_SECURE)
        return EPROTO;
    if (c->wants_stop || c->is_stopping || SSL_in_init(c->ssl))
        return EALREADY; /* a handshake is under way */
    c->inner.may_read = true;
    c->wants_stop = true;
    if (!relay_secure(c)) {
        conn_reset(c);
        return ECONNRESET;
    }
    conn_go(c);
    return is_stopping(c) ? EINPROGRESS : 0;
}

static int
reset_cipher(struct conn *c)
{
    bool is_done;

    if (c->state != CONN_SECURE)
        return EPROTO;
    if (SSL_in_init(c->ssl))
        return EALREADY;
    is_done = SSL_version(c->ssl) == TLS1_3_VERSION
                  ? SSL_key_update(c->ssl, SSL_KEY_UPDATE_REQUESTED) == 1
                  : SSL_renegotiate_abbreviated(c->ssl) == 1;
    say_event(c, is_done ? 0 : 432, "Reset Cipher", NULL);
    if (!is_done)
        return EPROTO;
    c->must_speak = true;
    conn_go(c);
    return 0;
}

static int
obey(struct conn *c, uint32_t request)
{
    if ((request & CONTROLLING) == 0)
        return 0;
    if (c->mapped == NULL || !c->mapped->eff.is_application_controlled)
        return EACCES;
    if ((request & TTLS_ALLOW_HSTIMEOUT) != 0 &&
        c->mapped->eff.role == TTLS_CLIENT)
        return EPERM; /* a server may do without, a client has asked */
    if ((request & TTLS_RESET_SESSION) != 0) {
        if (c->env == NULL)
            return EPROTO;
        env_session_forget(c);
        say_event(c, 0, "Reset Session", NULL);
    }
    if ((request & TTLS_INIT_CONNECTION) != 0)
        return start(c, (request & TTLS_ALLOW_HSTIMEOUT) != 0);
    if ((request & TTLS_STOP_CONNECTION) != 0)
        return stop(c);
    return (request & TTLS_RESET_CIPHER) != 0 ? reset_cipher(c) : 0;
}

/* --- the answer
 * ------------------------------------------------------------------ */

static uint8_t
policy_status(const struct conn *c)
{
    return !c->engine->is_enabled                     ? TTLS_POL_OFF
           : c->mapped == NULL                        ? TTLS_POL_NO_POLICY
           : !c->mapped->eff.is_enabled               ? TTLS_POL_NOT_ENABLED
           : c->mapped->eff.is_application_controlled ? TTLS_POL_APPLCNTRL
                                                      : TTLS_POL_ENABLED;
}

static uint8_t
security_type(const struct conn *c)
{
    const struct ttls_effective *e;

    if (c->mapped == NULL || !c->mapped->eff.is_enabled)
        return TTLS_SEC_UNKNOWN;
    e = &c->mapped->eff;
    if (e->role == TTLS_CLIENT)
        return TTLS_SEC_CLIENT;
    if (e->role == TTLS_SERVER)
        return TTLS_SEC_SERVER;
    return (uint8_t)(TTLS_SEC_SERVER + e->client_auth);
}

void
conn_key_share(const struct conn *c, char out[8])
{
    static const struct {
        int nid;
        const char *code;
    } rows[] = {
        { NID_X9_62_prime192v1, "0019" },
        { NID_secp224r1, "0021" },
        { NID_X9_62_prime256v1, "0023" },
        { NID_secp384r1, "0024" },
        { NID_secp521r1, "0025" },
        { NID_X25519, "0029" },
        { NID_X448, "0030" },
    };
    int nid = (int)SSL_get_negotiated_group(c->ssl);

    out[0] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].nid == nid && SSL_version(c->ssl) == TLS1_3_VERSION)
            (void)snprintf(out, 8, "%s", rows[i].code);
    }
}

static void
put_certificate(struct buf *out, const struct conn *c, bool is_secure)
{
    X509 *cert = is_secure ? SSL_get0_peer_certificate(c->ssl) : NULL;
    unsigned char *der = NULL;
    int n = cert == NULL ? 0 : i2d_X509(cert, &der);

    buf_str(out, str_n(der, n > 0 ? (size_t)n : 0));
    OPENSSL_free(der);
}

static struct str
name_of(const struct ttls_obj *o)
{
    return o == NULL ? STR("") : o->name;
}

static void
put_names(struct buf *out, const struct conn *c)
{
    const struct ttls_rule *r = c->mapped == NULL ? NULL : c->mapped->rule;

    buf_str(out, name_of(r == NULL ? NULL : &r->obj));
    buf_str(out, name_of(r == NULL ? NULL : &r->group->obj));
    buf_str(out, name_of(r == NULL || r->env == NULL ? NULL : &r->env->obj));
    buf_str(out, name_of(r == NULL || r->conn == NULL ? NULL : &r->conn->obj));
    buf_u8(out, c->mapped != NULL && c->mapped->eff.host_ref_dns.n +
                                             c->mapped->eff.host_ref_cn.n >
                                         0);
}

/* Not the caller's connection, or none any more: it hears nothing of it. */
static void
refuse(int error, struct buf *out)
{
    buf_u8(out, 1);
    buf_u32(out, (uint32_t)error);
    buf_u8(out, TTLS_POL_NO_POLICY);
    buf_u8(out, TTLS_CONN_NOTSECURE);
    buf_u8(out, TTLS_SEC_UNKNOWN);
    buf_u8(out, 0);  /* flags */
    buf_u16(out, 0); /* protocol */
    for (int i = 0; i < 7; i++)
        buf_str(out, STR("")); /* cipher, share, user, names */
    buf_u8(out, 0);
    buf_str(out, STR("")); /* certificate */
}

static void
answer(const struct conn *c, int error, struct buf *out)
{
    bool is_secure = c->state == CONN_SECURE && !c->is_stopping;
    uint8_t flags = (uint8_t)((c->is_timed_out ? CONTROL_IS_TIMED_OUT : 0) |
                              (is_stopping(c) ? CONTROL_IS_STOPPING : 0));
    char cipher[8] = "", share[8] = "";

    if (is_secure) {
        (void)snprintf(cipher, sizeof cipher, "%04X",
                       (unsigned)SSL_CIPHER_get_protocol_id(
                           SSL_get_current_cipher(c->ssl)));
        conn_key_share(c, share);
    }
    buf_u8(out, 1);
    buf_u32(out, (uint32_t)error);
    buf_u8(out, policy_status(c));
    buf_u8(out, is_secure ? TTLS_CONN_SECURE
                : c->state == CONN_KEYS || c->state == CONN_HANDSHAKE
                    ? TTLS_CONN_HS_INPROGRESS
                    : TTLS_CONN_NOTSECURE);
    buf_u8(out, security_type(c));
    buf_u8(out, flags);
    buf_u16(out, is_secure ? (uint16_t)SSL_version(c->ssl) : 0);
    buf_str(out, str_of(cipher));
    buf_str(out, str_of(share));
    buf_str(out, str_of(is_secure ? c->peer_user : ""));
    put_names(out, c);
    put_certificate(out, c, is_secure);
}

bool
engine_control(struct engine *g, struct str payload, struct buf *out)
{
    struct reader in = reader_of(payload);
    struct capture_addr local, remote;
    uint32_t uid, request;
    struct conn *c;
    uint64_t cookie;
    int error;

    if (!reader_u64(&in, &cookie) || !reader_u32(&in, &uid) ||
        !reader_u32(&in, &request) || !engine_wire_addr(&in, &local) ||
        !engine_wire_addr(&in, &remote) || !reader_at_end(&in))
        return false;
    c = find(g, cookie, &local, &remote);
    /* Not there; or about to be mapped: ask again. */
    if (c == NULL || c->state == CONN_ASKING) {
        buf_u8(out, c == NULL ? 0 : 2);
        return true;
    }
    if (uid != 0 && uid != (c->is_secondary ? c->own_uid : c->who.uid)) {
        refuse(EPERM, out);
        return true;
    }
    error = obey(c, request);
    if (c->state == CONN_ENDED)
        refuse(ECONNRESET, out);
    else
        answer(c, error, out);
    return true;
}
