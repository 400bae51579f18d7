/*
 * A tls_config is one OpenSSL context for each identity, all with the same
 * rules; the first (default) one also holds the first identity of each other
 * key type, and the server name a client asks for picks another context.
 */
#include "io/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "io/remote_key.h"
#include "io/revocation.h"
#include "io/staple.h"
#include "io/tls_config.h"

#define NAME_MAX_BYTES 255u
#define OCSP_MAX 65536u
#define SKIP_HOSTS_MAX 65536u

/* ---- key material ---- */

static X509 *
certificate_of(struct str der)
{
    const unsigned char *p = (const unsigned char *)der.p;
    X509 *certificate = d2i_X509(NULL, &p, (long)der.n);

    if (certificate != NULL && p == (const unsigned char *)der.p + der.n)
        return certificate;
    X509_free(certificate);
    return NULL;
}

static EVP_PKEY *
key_of(struct str der)
{
    const unsigned char *p = (const unsigned char *)der.p;
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)der.n);
    EVP_PKEY *key = info == NULL ? NULL : EVP_PKCS82PKEY(info);

    PKCS8_PRIV_KEY_INFO_free(info);
    return key;
}

static enum err
read_identity(const struct tls_identity *from, size_t number,
              struct identity *out, struct err_info *why)
{
    out->staple = staple_ref(from->staple);
    out->certificate = certificate_of(from->certificate);
    if (out->certificate == NULL)
        return err_set(why, ERR_SYNTAX,
                       "identity %zu: the certificate is not DER X.509",
                       number);
    if (from->remote != NULL)
        return remote_key_of(from->remote, from->certificate, &out->key, why);
    out->key = key_of(from->key);
    if (out->key == NULL)
        return err_set(why, ERR_SYNTAX,
                       "identity %zu: the private key is not DER PKCS#8",
                       number);
    if (X509_check_private_key(out->certificate, out->key) != 1)
        return err_set(why, ERR_SYNTAX,
                       "identity %zu: the private key does not belong to the "
                       "certificate",
                       number);
    return ERR_OK;
}

static enum err
read_certificates(const struct str *ders, size_t n, const char *what,
                  STACK_OF(X509) * out, struct err_info *why)
{
    for (size_t i = 0; i < n; i++) {
        X509 *certificate = certificate_of(ders[i]);

        if (certificate == NULL)
            return err_set(why, ERR_SYNTAX,
                           "%s certificate %zu is not DER X.509", what, i + 1);
        if (sk_X509_push(out, certificate) <= 0) {
            X509_free(certificate);
            return err_set(why, ERR_MEMORY, "no storage for certificates");
        }
    }
    return ERR_OK;
}

static X509 *
issuer_in(STACK_OF(X509) * pool, X509 *of)
{
    for (int i = 0; i < sk_X509_num(pool); i++)
        if (X509_check_issued(sk_X509_value(pool, i), of) == X509_V_OK)
            return sk_X509_value(pool, i);
    return NULL;
}

/* Certificate and key into ctx, with the intermediates that lead from it
 * towards a root; the root itself is the peer's to have. */
static enum err
use_identity(SSL_CTX *ctx, const struct identity *id, STACK_OF(X509) * pool,
             struct err_info *why)
{
    X509 *at = id->certificate;

    if (SSL_CTX_use_certificate(ctx, id->certificate) != 1 ||
        SSL_CTX_use_PrivateKey(ctx, id->key) != 1)
        return err_set(why, ERR_SYNTAX,
                       "a certificate is refused by the TLS library: %s",
                       ERR_reason_error_string(ERR_peek_last_error()));
    for (int depth = 0; depth < sk_X509_num(pool); depth++) {
        X509 *issuer = issuer_in(pool, at);

        if (issuer == NULL || (X509_get_extension_flags(issuer) & EXFLAG_SS))
            break;
        if (SSL_CTX_add1_chain_cert(ctx, issuer) != 1)
            return err_set(why, ERR_MEMORY, "no storage for a chain");
        at = issuer;
    }
    return ERR_OK;
}

static enum err
read_ocsp(struct tls_config *config, struct str der, struct err_info *why)
{
    const unsigned char *p = (const unsigned char *)der.p;
    OCSP_RESPONSE *response;
    bool is_ok;

    if (der.n == 0 || config->ocsp.n > 0)
        return ERR_OK;
    response = d2i_OCSP_RESPONSE(NULL, &p, (long)der.n);
    is_ok = response != NULL &&
            OCSP_response_status(response) == OCSP_RESPONSE_STATUS_SUCCESSFUL;
    OCSP_RESPONSE_free(response);
    ERR_clear_error();
    if (!is_ok)
        return err_set(why, ERR_SYNTAX, "this is not a good OCSP response");
    buf_add(&config->ocsp, der);
    return buf_check(&config->ocsp, why);
}

/* ---- the configuration ---- */

static bool
is_first_of_type(const struct tls_config *config, size_t at)
{
    int type = EVP_PKEY_get_base_id(config->identities[at].key);

    for (size_t i = 0; i < at; i++)
        if (EVP_PKEY_get_base_id(config->identities[i].key) == type)
            return false;
    return true;
}

static enum err
add_identities(struct tls_config *config, const struct tls_settings *from,
               STACK_OF(X509) * anchors, STACK_OF(X509) * pool,
               struct err_info *why)
{
    enum err e = ERR_OK;

    if (from->is_server && config->n_identities == 0)
        return err_set(why, ERR_NOT_FOUND, "a TLS server needs a certificate");
    /* Last first: OpenSSL takes the key used last as the default one. */
    for (size_t i = config->n_identities; i-- > 0 && e == ERR_OK;) {
        struct identity *id = &config->identities[i];

        if (is_first_of_type(config, i))
            e = use_identity(config->ctx, id, pool, why);
        if (e != ERR_OK || i == 0 || !from->is_server)
            continue;
        e = tls_context_new(from, anchors, config, &id->ctx, why);
        if (e == ERR_OK)
            e = use_identity(id->ctx, id, pool, why);
    }
    return e;
}

static enum err
build(struct tls_config *config, const struct tls_settings *from,
      STACK_OF(X509) * anchors, STACK_OF(X509) * pool, struct err_info *why)
{
    enum err e;

    for (size_t i = 0; i < from->n_identities; i++) {
        config->n_identities = i + 1;
        e = read_identity(&from->identities[i], i + 1, &config->identities[i],
                          why);
        if (e != ERR_OK)
            return e;
        if (config->remote == NULL)
            config->remote = remote_keys_ref(from->identities[i].remote);
    }
    /* The chain may be completed from the anchors: a key ring holds both. */
    if ((e = read_certificates(from->trust, from->n_trust, "trust", anchors,
                               why)) != ERR_OK ||
        (e = read_certificates(from->chain, from->n_chain, "chain", pool,
                               why)) != ERR_OK ||
        (e = read_certificates(from->trust, from->n_trust, "trust", pool,
                               why)) != ERR_OK ||
        (e = tls_context_new(from, anchors, config, &config->ctx, why)) !=
            ERR_OK)
        return e;
    e = add_identities(config, from, anchors, pool, why);
    return e != ERR_OK ? e : read_ocsp(config, from->ocsp_response, why);
}

enum err
tls_config_new(const struct tls_settings *from, struct tls_config **out,
               struct err_info *why)
{
    struct tls_config *config = calloc(1, sizeof *config);
    STACK_OF(X509) *anchors = sk_X509_new_null();
    STACK_OF(X509) *pool = sk_X509_new_null();
    enum err e = ERR_MEMORY;

    if (config != NULL) {
        atomic_init(&config->refs, 1);
        config->is_server = from->is_server;
        config->verify_hostname = from->verify_hostname;
        config->offer_h2 = from->offer_h2;
        config->tickets = tickets_ref(from->tickets);
        config->revocation = revocation_ref(from->revocation);
        buf_init(&config->skip_hosts, SKIP_HOSTS_MAX);
        buf_init(&config->ocsp, OCSP_MAX);
        for (size_t i = 0; i < from->n_skip_hosts; i++) {
            buf_add(&config->skip_hosts, from->skip_hosts[i]);
            buf_add_char(&config->skip_hosts, '\0');
        }
        config->identities =
            calloc(from->n_identities + 1, sizeof *config->identities);
    }
    if (config == NULL || config->identities == NULL || anchors == NULL ||
        pool == NULL)
        err_set(why, ERR_MEMORY, "no storage for a TLS configuration");
    else
        e = build(config, from, anchors, pool, why);
    sk_X509_pop_free(anchors, X509_free);
    sk_X509_pop_free(pool, X509_free);
    ERR_clear_error();
    if (e == ERR_OK)
        *out = config;
    else
        tls_config_unref(&config);
    return e;
}

struct tls_config *
tls_config_ref(struct tls_config *config)
{
    if (config != NULL)
        atomic_fetch_add_explicit(&config->refs, 1, memory_order_relaxed);
    return config;
}

void
tls_config_unref(struct tls_config **config_p)
{
    struct tls_config *config = *config_p;

    *config_p = NULL;
    if (config == NULL ||
        atomic_fetch_sub_explicit(&config->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < config->n_identities; i++) {
        X509_free(config->identities[i].certificate);
        EVP_PKEY_free(config->identities[i].key);
        SSL_CTX_free(config->identities[i].ctx);
        staple_unref(&config->identities[i].staple);
    }
    remote_keys_unref(&config->remote);
    SSL_CTX_free(config->ctx);
    buf_fini(&config->skip_hosts);
    buf_fini(&config->ocsp);
    tickets_unref(&config->tickets);
    revocation_unref(&config->revocation);
    free(config->identities);
    free(config);
}

struct remote_keys *
tls_remote_keys(const struct tls_config *config)
{
    return config->remote;
}

struct revocation *
tls_revocation(const struct tls_config *config)
{
    return config->revocation;
}

/* ---- one connection ---- */

static bool
is_address(const char *name)
{
    unsigned char bytes[16];

    return inet_pton(AF_INET, name, bytes) == 1 ||
           inet_pton(AF_INET6, name, bytes) == 1;
}

/* Names against SAN dNSName (CN only without one), addresses against SAN
 * iPAddress only. */
static bool
expect_name(SSL *ssl, const char *name, bool verify)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

    if (is_address(name))
        return !verify || X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1;
    if (SSL_set_tlsext_host_name(ssl, name) != 1)
        return false;
    if (!verify)
        return true;
    X509_VERIFY_PARAM_set_hostflags(param,
                                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(param, name, 0) == 1;
}

/* Not for those the configuration leaves out. */
static bool
must_verify_name(const struct tls_config *config, struct str host)
{
    struct str rest = buf_view(&config->skip_hosts), name;

    if (!config->verify_hostname)
        return false;
    while (str_token(&rest, '\0', &name)) {
        bool is_any = str_starts(name, STR("*."));
        struct str tail = str_sub(name, 1, name.n);

        if (is_any ? host.n > tail.n &&
                         str_eq_nocase(str_sub(host, host.n - tail.n, host.n),
                                       tail)
                   : name.n > 0 && str_eq_nocase(name, host))
            return false;
    }
    return true;
}

enum err
tls_session_new(struct tls_config *config, struct str sni, SSL **out,
                struct err_info *why)
{
    char name[NAME_MAX_BYTES + 1];
    SSL *ssl;

    if (!str_copy_z(sni, name, sizeof name))
        return err_set(why, ERR_LIMIT, "the host name is too long");
    if (!config->is_server && config->verify_hostname && sni.n == 0)
        return err_set(why, ERR_SYNTAX, "no host name to verify");
    ssl = SSL_new(config->ctx);
    if (ssl == NULL ||
        (!config->is_server && sni.n > 0 &&
         !expect_name(ssl, name, must_verify_name(config, sni)))) {
        SSL_free(ssl);
        ERR_clear_error();
        return err_set(why, ERR_MEMORY, "no storage for a TLS connection");
    }
    /* A response with the handshake saves asking for one. */
    if (!config->is_server && config->revocation != NULL)
        SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp);
    *out = ssl;
    return ERR_OK;
}
