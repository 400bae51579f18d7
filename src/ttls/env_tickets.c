/*
 * Sessions that are taken up again: by their id, by tickets, and of clients.
 *
 * GSK_SYSPLEX_SESSION_TICKET_CACHE (TLS 1.3) and GSK_SYSPLEX_SIDCACHE (TLS 1.2
 * and before): stacks of several systems take each other's tickets when all
 * have the same file of keys, and the environment action has the same name and
 * UserInstance there.
 */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>
#include <time.h>

#include "ttls/env.h"
#include "ttls/policy.h"

#define SHARED_LEAST 32u /* bytes of the file */
#define ACTION_MAX 64u   /* of its name */

/* "": each stack has its own secret. For root alone, or it is none. */
static struct str
shared_secret(const struct env *env)
{
    const struct ttls_effective *e = &env->mapped->eff;
    struct engine_file f;

    return (e->sysplex_ticket_cache || e->sysplex_sid_cache) &&
                   engine_policy_file(env->mapped->policy,
                                      STR(TTLS_SYSPLEX_FILE), &f) &&
                   f.uid == 0 && (f.mode & 077) == 0 &&
                   f.bytes.n >= SHARED_LEAST
               ? f.bytes
               : STR("");
}

static void
put_number(unsigned char *out, uint64_t number)
{
    for (int i = 0; i < 8; i++)
        out[i] = (unsigned char)(number >> (56 - 8 * i));
}

/* The environment, as all that may take its sessions call it. */
static size_t
put_environment(const struct env *env, bool is_shared,
                unsigned char out[8 + ACTION_MAX])
{
    const struct ttls_env_action *action = env->mapped->rule->env;
    struct str name = str_sub(action->obj.name, 0, ACTION_MAX);

    put_number(out, is_shared ? action->user_instance : env->env_id);
    if (!is_shared)
        return 8;
    memcpy(out + 8, name.p, name.n);
    return 8 + name.n;
}

static bool
is_sysplex(const struct conn *c)
{
    const struct ttls_effective *e = &c->mapped->eff;

    return SSL_version(c->ssl) >= TLS1_3_VERSION ? e->sysplex_ticket_cache
                                                 : e->sysplex_sid_cache;
}

/* Keys of one period, the same in all engines: from the secret that the stack
 * gave them, or that systems share. 32 bytes for AES, 32 for HMAC. */
static bool
ticket_keys(const struct conn *c, uint64_t period, unsigned char out[64])
{
    struct env *env = c->env;
    struct str secret = is_sysplex(c) ? shared_secret(env) : STR("");
    bool is_shared = secret.n > 0;
    struct env_ticket_keys *kept = &env->ticket_keys[is_shared];
    unsigned char what[16 + ACTION_MAX];
    size_t n_what, n = 0;

    if (kept->period == period && period != 0) {
        memcpy(out, kept->keys, 64);
        return true;
    }
    if (!is_shared)
        secret = str_n(c->engine->secret, sizeof c->engine->secret);
    put_number(what, period);
    n_what = 8 + put_environment(env, is_shared, what + 8);
    if (EVP_Q_mac(env->library, "HMAC", NULL, "SHA2-512", NULL, secret.p,
                  secret.n, what, n_what, out, 64, &n) == NULL ||
        n != 64)
        return false;
    memcpy(kept->keys, out, 64);
    kept->period = period;
    return true;
}

static bool
set_ticket_cipher(const struct conn *c, const unsigned char keys[64],
                  const unsigned char *iv, EVP_CIPHER_CTX *cipher,
                  EVP_MAC_CTX *mac, bool is_new)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY,
                                          (void *)(uintptr_t)(keys + 32), 32),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                         (char *)(uintptr_t) "sha256", 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_CIPHER *type = EVP_CIPHER_fetch(
        c->env->library,
        c->mapped->eff.server_ticket_alg == TTLS_AESCBC256 ? "AES-256-CBC"
                                                           : "AES-128-CBC",
        NULL);
    bool is_set = type != NULL && EVP_MAC_CTX_set_params(mac, params) == 1 &&
                  EVP_CipherInit_ex2(cipher, type, keys, iv, is_new, NULL) == 1;

    EVP_CIPHER_free(type); /* the context keeps its own */
    return is_set;
}

static int
on_ticket(SSL *ssl, unsigned char name[16], unsigned char *iv,
          EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int is_new)
{
    const struct conn *c = SSL_get_app_data(ssl);
    const struct ttls_effective *e = &c->mapped->eff;
    uint64_t every =
        e->server_ticket_refresh_s > 0 ? e->server_ticket_refresh_s : 300;
    uint64_t now = (uint64_t)time(NULL) / every, period = now;
    uint64_t kept = e->server_ticket_timeout_s / every + 1;
    unsigned char keys[64];
    int result = 1;

    if (is_new) {
        memset(name, 0, 16);
        for (int i = 0; i < 8; i++)
            name[i] = (unsigned char)(period >> (56 - 8 * i));
        if (RAND_bytes_ex(c->env->library, iv, 16, 0) != 1)
            return -1;
    } else {
        period = 0;
        for (int i = 0; i < 8; i++)
            period = period << 8 | name[i];
        if (period > now || now - period > kept)
            return 0; /* too old, or not ours */
        result = period == now ? 1 : 2;
    }
    if (!ticket_keys(c, period, keys) ||
        !set_ticket_cipher(c, keys, iv, cipher, mac, is_new != 0))
        result = -1;
    OPENSSL_cleanse(keys, sizeof keys);
    return result;
}

static int
on_new_session(SSL *ssl, SSL_SESSION *session)
{
    struct conn *c = SSL_get_app_data(ssl);
    const struct ttls_effective *e = &c->mapped->eff;

    const unsigned char *ticket;
    size_t n = 0;

    SSL_SESSION_get0_ticket(session, &ticket, &n);
    if (e->role != TTLS_CLIENT || c->env == NULL || e->session_cache == 0 ||
        (e->client_ticket_max_bytes > 0 && n > e->client_ticket_max_bytes))
        return 0;
    env_session_put(c, session);
    return 1;
}

/* Whose sessions are whose. */
static bool
set_session_context(const struct env *env)
{
    unsigned char what[8 + ACTION_MAX], id[EVP_MAX_MD_SIZE];
    size_t n = put_environment(env, shared_secret(env).n > 0, what);
    size_t n_id = 0;

    return EVP_Q_digest(env->library, "SHA2-256", NULL, what, n, id, &n_id) ==
               1 &&
           SSL_CTX_set_session_id_context(env->ctx, id, (unsigned)n_id) == 1;
}

bool
env_sessions(struct env *env)
{
    const struct ttls_effective *e = &env->mapped->eff;
    bool is_client = e->role == TTLS_CLIENT;
    bool is_cached = e->session_timeout_s > 0 && e->session_cache > 0;
    bool has_tickets = is_client ? e->client_tickets : e->server_tickets;

    SSL_CTX_set_timeout(env->ctx, (long)e->session_timeout_s);
    if (!has_tickets)
        SSL_CTX_set_options(env->ctx, SSL_OP_NO_TICKET);
    if (is_client) {
        SSL_CTX_set_session_cache_mode(
            env->ctx, is_cached
                          ? SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL
                          : SSL_SESS_CACHE_OFF);
        SSL_CTX_sess_set_new_cb(env->ctx, on_new_session);
        return true;
    }
    SSL_CTX_set_session_cache_mode(env->ctx, is_cached ? SSL_SESS_CACHE_SERVER
                                                       : SSL_SESS_CACHE_OFF);
    SSL_CTX_sess_set_cache_size(env->ctx, (long)e->session_cache);
    SSL_CTX_set_num_tickets(env->ctx, has_tickets ? e->server_ticket_count : 0);
    return set_session_context(env) &&
           SSL_CTX_set_tlsext_ticket_key_evp_cb(env->ctx, on_ticket) == 1;
}
