/*
 * A tls_config is one OpenSSL context for each identity, all with the same
 * rules; the first (default) one also holds the first identity of each other
 * key type, and the server name a client asks for picks another context.
 */
#include "io/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "io/remote_key.h"
#include "io/revocation.h"
#include "io/staple.h"
#include "io/tls_ssl.h"

#define DEFAULT_SESSION_TIMEOUT_S 86400u
#define NAME_MAX_BYTES 255u
#define CIPHER_TEXT_MAX 8192u
#define SESSIONS_MAX 20480
#define OCSP_MAX 65536u
#define SKIP_HOSTS_MAX 65536u

struct identity {
    X509 *certificate;
    EVP_PKEY *key;
    SSL_CTX *ctx; /* servers; NULL for the first: config->ctx */
    struct staple *staple;
};

struct tls_config {
    atomic_uint refs;
    bool is_server;
    bool verify_hostname;
    bool offer_h2;
    struct tickets *tickets; /* NULL: OpenSSL's own, of one context */
    struct buf ocsp;         /* a response for the first identity */
    struct revocation *revocation;
    struct buf skip_hosts; /* each name followed by NUL */
    SSL_CTX *ctx;
    struct identity *identities;
    size_t n_identities;
    struct remote_keys *remote; /* all remote identities are of one ring */
};

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

/* ---- rules ---- */

static enum err
set_protocols(SSL_CTX *ctx, struct str names, struct err_info *why)
{
    unsigned allowed = 0;
    struct str bad;
    enum err e = tls_protocols(names, &allowed, &bad, why);
    uint64_t refused = 0;

    if (e != ERR_OK)
        return e;
    if (!(allowed & TLS_1_0))
        refused |= SSL_OP_NO_TLSv1;
    if (!(allowed & TLS_1_1))
        refused |= SSL_OP_NO_TLSv1_1;
    if (!(allowed & TLS_1_2))
        refused |= SSL_OP_NO_TLSv1_2;
    if (!(allowed & TLS_1_3))
        refused |= SSL_OP_NO_TLSv1_3;
    SSL_CTX_set_options(ctx, refused);
    /* Undo what the system's openssl.cnf may say: the server decides. */
    SSL_CTX_set_min_proto_version(ctx, 0);
    SSL_CTX_set_max_proto_version(ctx, 0);
    /* MD5 and SHA-1 of TLS 1.0 and 1.1 exist on level 0 only (OpenSSL 3). */
    if (allowed & (TLS_1_0 | TLS_1_1))
        SSL_CTX_set_security_level(ctx, 0);
    return ERR_OK;
}

static void
add_name(struct buf *list, const char *name)
{
    if (list->n > 0)
        buf_add_char(list, ':');
    buf_add_z(list, name);
}

/* Unknown names are dropped, as JSSE does. */
static enum err
set_ciphers(SSL_CTX *ctx, struct str names, struct err_info *why)
{
    struct buf old, tls13;
    struct str name;
    enum err e = ERR_OK;

    if (str_trim(names).n == 0)
        return ERR_OK;
    buf_init(&old, CIPHER_TEXT_MAX);
    buf_init(&tls13, CIPHER_TEXT_MAX);
    while (str_token(&names, ' ', &name)) {
        bool is_tls13;
        const char *openssl = tls_cipher_name(str_trim(name), &is_tls13);

        if (openssl != NULL)
            add_name(is_tls13 ? &tls13 : &old, openssl);
    }
    if (old.n == 0 && tls13.n == 0)
        e = err_set(why, ERR_NOT_FOUND,
                    "none of the cipher suites named is known");
    else if (old.n > 0 && SSL_CTX_set_cipher_list(ctx, buf_z(&old)) != 1)
        e = err_set(why, ERR_NOT_FOUND,
                    "none of the cipher suites named is available");
    else if (SSL_CTX_set_ciphersuites(ctx, buf_z(&tls13)) != 1)
        e = err_set(why, ERR_NOT_FOUND,
                    "none of the TLS 1.3 cipher suites named is available");
    if (old.n == 0) /* the default list stays, but unused */
        SSL_CTX_set_options(ctx, SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1 |
                                     SSL_OP_NO_TLSv1_2);
    if (tls13.n == 0)
        SSL_CTX_set_options(ctx, SSL_OP_NO_TLSv1_3);
    buf_fini(&old);
    buf_fini(&tls13);
    ERR_clear_error();
    return e;
}

enum err
tls_ciphers_check(struct str names, struct err_info *why)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    enum err e = ctx == NULL
                     ? err_set(why, ERR_MEMORY, "no storage for cipher suites")
                     : set_ciphers(ctx, names, why);

    SSL_CTX_free(ctx);
    return e;
}

static enum err
set_trust(SSL_CTX *ctx, STACK_OF(X509) * anchors, struct err_info *why)
{
    X509_STORE *store = SSL_CTX_get_cert_store(ctx);

    for (int i = 0; i < sk_X509_num(anchors); i++)
        if (X509_STORE_add_cert(store, sk_X509_value(anchors, i)) != 1)
            return err_set(why, ERR_MEMORY, "no storage for trust anchors");
    /* Whatever the ring or store trusts is an anchor, root or not (JSSE). */
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    return ERR_OK;
}

/* Revocation of the peer's own certificate. */
static enum err
set_crls(SSL_CTX *ctx, struct str pem, struct err_info *why)
{
    X509_STORE *store = SSL_CTX_get_cert_store(ctx);
    BIO *bio = pem.n == 0 ? NULL : BIO_new_mem_buf(pem.p, (int)pem.n);
    bool is_ok = true;
    X509_CRL *crl;
    unsigned n = 0;

    if (pem.n == 0)
        return ERR_OK;
    if (bio == NULL)
        return err_set(why, ERR_MEMORY, "no storage for revocation lists");
    while (is_ok &&
           (crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL)) != NULL) {
        is_ok = X509_STORE_add_crl(store, crl) == 1;
        X509_CRL_free(crl);
        n++;
    }
    BIO_free(bio);
    ERR_clear_error();
    if (!is_ok || n == 0)
        return err_set(why, ERR_SYNTAX,
                       "no certificate revocation list in PEM can be read");
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
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

/* Only with the certificate it is about. */
static int
on_status_request(SSL *ssl, void *arg)
{
    const struct tls_config *config = arg;
    const X509 *shown = SSL_get_certificate(ssl);
    unsigned char *copy = NULL;
    size_t n = config->ocsp.n;

    for (size_t i = 0; i < config->n_identities; i++) {
        const struct identity *id = &config->identities[i];

        if (id->certificate != shown)
            continue;
        copy = i == 0 && n > 0      ? OPENSSL_memdup(config->ocsp.p, n)
               : id->staple != NULL ? staple_copy(id->staple, &n)
                                    : NULL;
        break;
    }
    if (copy == NULL)
        return SSL_TLSEXT_ERR_NOACK;
    SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)n);
    return SSL_TLSEXT_ERR_OK;
}

static int
choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_bytes,
                const unsigned char *in, unsigned in_bytes, void *arg)
{
    static const unsigned char ours[] = "\x02h2\x08http/1.1";
    const struct tls_config *config = arg;
    size_t skip = config->offer_h2 ? 0 : 3;
    unsigned char *chosen;

    (void)ssl;
    if (SSL_select_next_proto(&chosen, out_bytes, ours + skip,
                              (unsigned)(sizeof ours - 1 - skip), in,
                              in_bytes) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static int
choose_identity(SSL *ssl, int *alert, void *arg)
{
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    const struct tls_config *config = arg;

    (void)alert;
    if (name == NULL || config->n_identities < 2)
        return SSL_TLSEXT_ERR_OK;
    for (size_t i = 0; i < config->n_identities; i++) {
        const struct identity *id = &config->identities[i];

        if (X509_check_host(id->certificate, name, 0, 0, NULL) != 1)
            continue;
        if (id->ctx != NULL)
            SSL_set_SSL_CTX(ssl, id->ctx);
        break;
    }
    ERR_clear_error();
    return SSL_TLSEXT_ERR_OK;
}

static int
on_ticket_key(SSL *ssl, unsigned char *name, unsigned char *iv,
              EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int is_new)
{
    const struct tls_config *config =
        SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

    return tickets_on_key(config->tickets, name, iv, cipher, mac, is_new);
}

/* Who may resume: whoever was let in by the same rules. A session made under
 * other trust anchors, or when no certificate was asked for, is not taken. */
static bool
set_session_context(SSL_CTX *ctx, const struct tls_settings *from)
{
    unsigned char digest[EVP_MAX_MD_SIZE],
        mode = (unsigned char)from->client_auth;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    unsigned n = 0;
    bool is_ok = md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 &&
                 EVP_DigestUpdate(md, &mode, 1) == 1;

    for (size_t i = 0; i < from->n_trust && is_ok; i++)
        is_ok = EVP_DigestUpdate(md, from->trust[i].p, from->trust[i].n) == 1;
    is_ok = is_ok && EVP_DigestFinal_ex(md, digest, &n) == 1 &&
            SSL_CTX_set_session_id_context(ctx, digest, n) == 1;
    EVP_MD_CTX_free(md);
    return is_ok;
}

static enum err
set_server_rules(SSL_CTX *ctx, const struct tls_settings *from,
                 STACK_OF(X509) * anchors, struct tls_config *config,
                 struct err_info *why)
{
    int mode = SSL_VERIFY_NONE;

    if (from->client_auth != TLS_AUTH_NONE)
        mode = SSL_VERIFY_PEER;
    if (from->client_auth == TLS_AUTH_REQUIRED)
        mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_CTX_set_verify(ctx, mode, NULL);
    for (int i = 0; mode != SSL_VERIFY_NONE && i < sk_X509_num(anchors); i++)
        if (SSL_CTX_add_client_CA(ctx, sk_X509_value(anchors, i)) != 1)
            return err_set(why, ERR_MEMORY, "no storage for CA names");
    SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, config);
    SSL_CTX_set_tlsext_servername_callback(ctx, choose_identity);
    SSL_CTX_set_tlsext_servername_arg(ctx, config);
    /* Sessions live in tickets; those of clients without tickets (TLS 1.2) in
     * the cache of this configuration. */
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_SERVER);
    SSL_CTX_sess_set_cache_size(ctx, SESSIONS_MAX);
    if (!set_session_context(ctx, from))
        return err_set(why, ERR_MEMORY, "no storage for a TLS context");
    SSL_CTX_set_app_data(ctx, config);
    SSL_CTX_set_tlsext_status_cb(ctx, on_status_request);
    SSL_CTX_set_tlsext_status_arg(ctx, config);
    if (config->tickets != NULL &&
        SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, on_ticket_key) != 1)
        return err_set(why, ERR_MEMORY, "no storage for a TLS context");
    if (config->revocation != NULL && mode != SSL_VERIFY_NONE &&
        SSL_CTX_set_session_ticket_cb(ctx, NULL, tls_on_ticket, NULL) != 1)
        return err_set(why, ERR_MEMORY, "no storage for a TLS context");
    SSL_CTX_set_num_tickets(ctx, 1);
    SSL_CTX_set_timeout(ctx, from->session_timeout_s == 0
                                 ? DEFAULT_SESSION_TIMEOUT_S
                                 : (long)from->session_timeout_s);
    SSL_CTX_set_dh_auto(ctx, 1);
    return ERR_OK;
}

static enum err
context_new(const struct tls_settings *from, STACK_OF(X509) * anchors,
            struct tls_config *config, SSL_CTX **out, struct err_info *why)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    enum err e;

    if (ctx == NULL)
        return err_set(why, ERR_MEMORY, "no storage for a TLS context");
    *out = ctx; /* the caller frees it, failed or not */
    SSL_CTX_set_mode(
        ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_read_ahead(ctx, 1);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_NO_SSLv3);
    if ((e = set_protocols(ctx, from->protocols, why)) != ERR_OK ||
        (e = set_ciphers(ctx, from->ciphers, why)) != ERR_OK ||
        (e = set_trust(ctx, anchors, why)) != ERR_OK ||
        (e = set_crls(ctx, from->crls, why)) != ERR_OK)
        return e;
    if (from->trust_system && SSL_CTX_set_default_verify_paths(ctx) != 1)
        return err_set(why, ERR_NOT_FOUND,
                       "the system's authorities cannot be read");
    /* The strongest that both have; a client that puts ChaCha20 first has no
     * fast AES and gets it, unless our order is to count alone. */
    if (from->is_server)
        SSL_CTX_set_options(
            ctx, SSL_OP_CIPHER_SERVER_PREFERENCE |
                     (from->our_order ? 0 : SSL_OP_PRIORITIZE_CHACHA));
    if (from->is_server)
        return set_server_rules(ctx, from, anchors, config, why);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, tls_note_refused);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    return ERR_OK;
}

bool
tls_has_system_authorities(struct str *place)
{
    /* as X509_STORE_set_default_paths looks for them */
    const char *folder = secure_getenv(X509_get_default_cert_dir_env());
    const char *file = secure_getenv(X509_get_default_cert_file_env());

    if (folder == NULL)
        folder = X509_get_default_cert_dir();
    if (file == NULL)
        file = X509_get_default_cert_file();
    *place = str_of(folder);
    return access(file, R_OK) == 0 || access(folder, R_OK | X_OK) == 0;
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
        e = context_new(from, anchors, config, &id->ctx, why);
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
        (e = context_new(from, anchors, config, &config->ctx, why)) != ERR_OK)
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
