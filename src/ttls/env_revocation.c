/*
 * Whether the peer's certificate has been revoked: what the policy says of
 * OCSP, HTTP and LDAP as rules of io/revocation.h, and the question itself
 * between the handshake and the first byte.
 */
#include <openssl/err.h>
#include <stdio.h>

#include "base/log.h"
#include "ttls/env.h"
#include "ttls/stmt.h"

#define NONCE_MAX 32u /* RFC 8954 */

/* --- rules ---------------------------------------------------------------- */

static enum revocation_level
level_of(enum ttls_level level)
{
    switch (level) {
    case TTLS_LEVEL_LOW:
        return REVOCATION_LOW;
    case TTLS_LEVEL_MEDIUM:
        return REVOCATION_MEDIUM;
    case TTLS_LEVEL_HIGH:
        return REVOCATION_HIGH;
    }
    return REVOCATION_HIGH;
}

static bool
has_web(const struct ttls_effective *e)
{
    return e->ocsp.url.n > 0 || e->ocsp.aia_enable == TTLS_ON ||
           e->cdp.enable == TTLS_ON;
}

static bool
has_ldap(const struct ttls_effective *e)
{
    return e->ldap.servers.n > 0;
}

/* "host:port"; "" when there is no host. */
static struct str
put_proxy(char out[300], struct str host, uint32_t port)
{
    if (host.n == 0)
        return STR("");
    (void)snprintf(out, 300, STR_FMT ":%u", STR_ARG(host), port);
    return str_of(out);
}

/* "host:port ..."; a server's own port wins over GSK_LDAP_SERVER_PORT. */
static struct str
put_servers(char out[4096], const struct ttls_gsk_ldap *ldap)
{
    size_t n = 0;

    for (size_t i = 0; i < ldap->servers.n && n < 4096 - 300; i++) {
        struct str server = ldap->servers.v[i];
        bool has_port = str_find_char(server, ':') != STR_NPOS;

        n += (size_t)snprintf(out + n, 4096 - n, "%s" STR_FMT, n > 0 ? " " : "",
                              STR_ARG(server));
        if (!has_port)
            n += (size_t)snprintf(out + n, 4096 - n, ":%u", ldap->port);
    }
    return str_n(out, n);
}

static struct str
put_algorithms(unsigned char out[2 * ENV_ALGORITHMS_MAX],
               const struct ttls_codes *codes)
{
    size_t n = codes->n < ENV_ALGORITHMS_MAX ? codes->n : ENV_ALGORITHMS_MAX;

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = (unsigned char)(codes->v[i] >> 8);
        out[2 * i + 1] = (unsigned char)codes->v[i];
    }
    return str_n(out, 2 * n);
}

static void
add_web(const struct ttls_effective *e, struct env_texts *texts,
        struct revocation_rules *r)
{
    const struct ttls_gsk_ocsp *o = &e->ocsp;

    r->use_ocsp = o->aia_enable == TTLS_ON;
    r->ocsp_url = o->url;
    r->ocsp_url_last = o->url_priority != TTLS_ON;
    r->ocsp_by_get = o->via_get == TTLS_ON;
    r->needs_nonce = o->nonce_check == TTLS_ON;
    if (o->nonce_enable == TTLS_ON || r->needs_nonce)
        r->nonce_bytes = o->nonce_size < NONCE_MAX ? o->nonce_size : NONCE_MAX;
    r->ocsp_timeout_ms = o->response_timeout_s * 1000;
    r->ocsp_max_bytes = o->max_response_bytes;
    r->ocsp_proxy = put_proxy(texts->ocsp_proxy, o->proxy, o->proxy_port);
    r->use_http_crls = e->cdp.enable == TTLS_ON;
    r->crl_timeout_ms = e->cdp.response_timeout_s * 1000;
    r->crl_max_bytes = e->cdp.max_response_bytes;
    r->http_keep_bytes = e->cdp.cache_entry_max;
    r->crl_proxy = put_proxy(texts->crl_proxy, e->cdp.proxy, e->cdp.proxy_port);
    r->crls_first = !e->aia_cdp_priority;
    r->max_sources = e->max_locations;
    r->ocsp_algorithms =
        put_algorithms(texts->ocsp_algorithms, &o->response_algs);
    r->crl_algorithms =
        put_algorithms(texts->crl_algorithms, &e->crl_algorithms);
    if (o->cache_size == 0 || e->cdp.cache_size == 0)
        r->keep_max_s = 1; /* nothing is to be kept */
    r->level = level_of(e->revocation_level);
}

static void
add_ldap(const struct ttls_effective *e, struct env_texts *texts,
         struct revocation_rules *r)
{
    enum revocation_level level =
        level_of((enum ttls_level)e->ldap.crl_security);

    r->ldap_servers = put_servers(texts->servers, &e->ldap);
    r->ldap_user = e->ldap.user;
    r->ldap_password = e->ldap.password;
    r->ldap_timeout_ms = e->ldap.response_timeout_s * 1000;
    r->crl_algorithms =
        put_algorithms(texts->crl_algorithms, &e->crl_algorithms);
    r->ldap_keep_bytes = e->ldap.cache_entry_max;
    if (e->ldap.crl_cache_timeout_h == 0 ||
        (ttls_is_coded(&e->ldap.obj, "CRLCacheSize") &&
         e->ldap.cache_size == 0))
        r->keep_max_s = 1;
    else if (r->keep_max_s == 0)
        r->keep_max_s = e->ldap.crl_cache_timeout_h * 3600;
    if (level > r->level)
        r->level = level; /* the stricter of the two holds for both */
}

/* Which roles look at a certificate at all. */
static bool
looks_at_peer(const struct ttls_effective *e)
{
    return e->role == TTLS_CLIENT || (e->role == TTLS_SERVER_CLIENT_AUTH &&
                                      e->client_auth != TTLS_AUTH_PASSTHRU);
}

/* OcspRequestSigkeylabel and OcspRequestSigalg. 0, or a return code. */
static unsigned
add_signer(const struct env *env, struct revocation_rules *r)
{
    const struct ttls_gsk_ocsp *o = &env->mapped->eff.ocsp;
    unsigned pair = o->request_alg.n == 0 ? 0x0401 : o->request_alg.v[0];
    static const EVP_MD *(*const digests[])(void) = {
        NULL, NULL, EVP_sha1, EVP_sha224, EVP_sha256, EVP_sha384, EVP_sha512,
    };
    bool is_pss = pair >= 0x0804 && pair <= 0x0806;
    const struct env_identity *id;
    int kind;

    if (o->request_label.n == 0)
        return 0;
    id = env_identity(env, o->request_label);
    if (id == NULL)
        return env->keys == NULL ? 407 : 6;
    if (id->key == NULL)
        return 428;
    kind = EVP_PKEY_get_base_id(id->key);
    if (is_pss) /* the hashes follow each other there, too */
        pair = (pair - 0x0800) << 8 | 1;
    if (pair >> 8 >= ARRAY_LEN(digests) || digests[pair >> 8] == NULL ||
        (kind == EVP_PKEY_EC ? 3u : 1u) != (pair & 0xff))
        return 434;
    r->signer = id->cert;
    r->signer_key = id->key;
    r->signer_library = env->library;
    r->signer_digest = digests[pair >> 8]();
    r->signs_pss = is_pss;
    return 0;
}

unsigned
env_ocsp_rules(const struct env *env, struct env_texts *texts,
               struct revocation_rules *out)
{
    add_web(&env->mapped->eff, texts, out);
    return add_signer(env, out);
}

unsigned
env_revocation(struct env *env)
{
    const struct ttls_effective *e = &env->mapped->eff;
    struct revocation_rules rules = { 0 };
    struct err_info why = { 0 };
    enum err result = ERR_OK;
    struct env_texts texts;
    unsigned rc;

    if (!looks_at_peer(e) || (!has_web(e) && !has_ldap(e)))
        return 0;
    if (has_web(e))
        add_web(e, &texts, &rules);
    if (has_ldap(e))
        add_ldap(e, &texts, &rules);
    if ((rc = add_signer(env, &rules)) != 0)
        return rc;
    if (env->engine->revocations == NULL)
        result = revocation_cache_new(&env->engine->revocations, &why);
    if (result == ERR_OK)
        result = revocation_new(env->engine->revocations, &rules,
                                &env->revocation, &why);
    if (result == ERR_OK)
        return 0;
    log_warn("revocation of %08X: %s", e->env_id, why.text);
    return result == ERR_UNSUPPORTED ? 427 : 5006;
}

void
env_revocation_context(const struct env *env)
{
    if (env->revocation == NULL)
        return;
    /* From the same anchors, root or not, for sessions that are resumed. */
    X509_STORE_set_flags(SSL_CTX_get_cert_store(env->ctx),
                         X509_V_FLAG_PARTIAL_CHAIN);
    if (env->mapped->eff.role == TTLS_CLIENT) {
        SSL_CTX_set_tlsext_status_type(env->ctx, TLSEXT_STATUSTYPE_ocsp);
        return;
    }
    /* A ticket does not keep who stands between a client and an anchor. */
    SSL_CTX_set_options(env->ctx, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(env->ctx, 0);
    SSL_CTX_set_session_cache_mode(env->ctx, SSL_SESS_CACHE_OFF);
}

/* --- one connection --------------------------------------------------------
 */

unsigned
rc_of_revocation(const struct ttls_effective *e,
                 enum revocation_verdict verdict)
{
    switch (verdict) {
    case REVOCATION_GOOD:
        return 0;
    case REVOCATION_REVOKED:
        return 431;
    case REVOCATION_UNREACHABLE:
        /* [unverified] for OCSP and HTTP */
        return has_web(e) ? 436 : 427;
    case REVOCATION_UNUSABLE:
    case REVOCATION_NO_SOURCE:
        return 436;
    }
    return 436;
}

static unsigned
judge(struct conn *c, const struct revocation_result *result)
{
    if (result->verdict != REVOCATION_GOOD)
        log_info("connection %08X: certificate %zu of the peer's chain: %s",
                 c->id, result->at, result->text);
    return result->is_refused
               ? rc_of_revocation(&c->mapped->eff, result->verdict)
               : 0;
}

static void
on_checked(void *arg, const struct revocation_result *result)
{
    struct conn *c = arg;

    c->check = NULL;
    handshake_checked(c, judge(c, result));
}

static struct str
stapled(SSL *ssl)
{
    unsigned char *p = NULL;
    long n = SSL_get_tlsext_status_ocsp_resp(ssl, &p);

    return n <= 0 ? STR("") : str_n(p, (size_t)n);
}

bool
env_revocation_begin(struct conn *c, unsigned *rc)
{
    bool is_client = c->mapped->eff.role == TTLS_CLIENT;
    X509 *peer = SSL_get0_peer_certificate(c->ssl);
    STACK_OF(X509) *chain = SSL_get0_verified_chain(c->ssl), *built = NULL;
    struct revocation_result result = { 0 };
    struct err_info why = { 0 };
    enum err e;

    *rc = 0;
    if (c->env->revocation == NULL || peer == NULL)
        return false;
    if (chain == NULL) /* resumed */
        chain = built = revocation_chain(SSL_CTX_get_cert_store(c->env->ctx),
                                         peer, SSL_get_peer_cert_chain(c->ssl));
    if (chain == NULL) {
        *rc = 436;
        return false;
    }
    e = revocation_start(c->env->revocation, c->engine->loop, chain,
                         is_client ? stapled(c->ssl) : STR(""), on_checked, c,
                         &c->check, &result, &why);
    sk_X509_pop_free(built, X509_free);
    ERR_clear_error();
    if (e == ERR_AGAIN)
        return true;
    if (e != ERR_OK)
        log_info("connection %08X: %s", c->id, why.text);
    *rc = e == ERR_OK ? judge(c, &result) : e == ERR_MEMORY ? 5002 : 436;
    return false;
}
