/*
 * The rules of one OpenSSL context: protocols, cipher suites, trust, sessions,
 * and what a server decides during a handshake.
 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/staple.h"
#include "io/tls_config.h"

#define DEFAULT_SESSION_TIMEOUT_S 86400u
#define CIPHER_TEXT_MAX 8192u
#define SESSIONS_MAX 20480

/* ---- protocols and cipher suites ---- */

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

/* ---- who is trusted ---- */

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

/* ---- what a server says in a handshake ---- */

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

/* ---- a context ---- */

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

enum err
tls_context_new(const struct tls_settings *from, STACK_OF(X509) * anchors,
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
