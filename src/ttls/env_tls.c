/* Effective parameters to OpenSSL. Runs in the maker's thread. */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "ttls/env.h"

#define ENV_EVENT "Environment Init"

static bool
fail(struct env *env, unsigned rc)
{
    env->rc = rc;
    env->event = ENV_EVENT;
    ERR_clear_error();
    return false;
}

/* --- certificates
 * ------------------------------------------------------------- */

const struct env_identity *
env_identity(const struct env *env, struct str label)
{
    for (size_t i = 0; i < env->n_identities; i++) {
        const struct env_identity *id = &env->identities[i];

        if (label.n > 0 ? str_eq_z(label, id->label) : id->is_default)
            return id;
    }
    return NULL;
}

static bool
use_identity(struct env *env, struct str label, bool is_needed)
{
    const struct env_identity *id = env_identity(env, label);

    if (id == NULL)
        return label.n > 0  ? fail(env, env->keys == NULL ? 407 : 6)
               : !is_needed ? true
                            : fail(env, 7);
    if (id->key == NULL)
        return is_needed || label.n > 0 ? fail(env, 428) : true;
    if (SSL_CTX_use_certificate(env->ctx, id->cert) != 1 ||
        SSL_CTX_use_PrivateKey(env->ctx, id->key) != 1)
        return fail(env, 428);
    return true;
}

static bool
set_certificates(struct env *env, const struct ttls_effective *e)
{
    bool is_server = e->role != TTLS_CLIENT;

    if (is_server && e->server_labels.n > 0) {
        for (size_t i = 0; i < e->server_labels.n; i++) {
            if (!use_identity(env, e->server_labels.v[i], true))
                return false;
        }
        return true;
    }
    if (e->has_label && e->label.n == 0)
        return is_server ? fail(env, 7) : true; /* "send none" */
    return use_identity(env, e->has_label ? e->label : STR(""), is_server);
}

static int
on_verify(int is_fine, X509_STORE_CTX *store)
{
    SSL *ssl =
        X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct conn *c = SSL_get_app_data(ssl);
    const struct ttls_effective *e = &c->mapped->eff;

    if (e->role == TTLS_SERVER_CLIENT_AUTH &&
        e->client_auth == TTLS_AUTH_PASSTHRU)
        return 1;
    if (!is_fine && c->verify_rc == 0)
        c->verify_rc = rc_of_verify(X509_STORE_CTX_get_error(store));
    if (is_fine && X509_STORE_CTX_get_error_depth(store) == 0 &&
        !peer_is_same(c, X509_STORE_CTX_get_current_cert(store))) {
        c->verify_rc = 414;
        X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
        return 0;
    }
    return is_fine;
}

static bool
set_verification(struct env *env, const struct ttls_effective *e)
{
    X509_VERIFY_PARAM *param = SSL_CTX_get0_param(env->ctx);
    bool is_client = e->role == TTLS_CLIENT;
    int mode = SSL_VERIFY_NONE;
    STACK_OF(X509_NAME) * names;
    STACK_OF(X509_OBJECT) * objects;

    if (is_client)
        mode = SSL_VERIFY_PEER;
    else if (e->role == TTLS_SERVER_CLIENT_AUTH)
        mode = SSL_VERIFY_PEER | (e->client_auth >= TTLS_AUTH_REQUIRED
                                      ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT
                                      : 0);
    SSL_CTX_set_verify(env->ctx, mode, on_verify);
    if (mode == SSL_VERIFY_NONE)
        return true;
    if (env->n_trust == 0 &&
        (is_client || e->client_auth != TTLS_AUTH_PASSTHRU))
        return fail(env, 109);
    /* What stands in the ring is trusted, root or not. */
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
    if (e->cert_mode == TTLS_CERT_5280)
        X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT);
    if (is_client)
        return true;
    names = sk_X509_NAME_new_null();
    objects = X509_STORE_get0_objects(SSL_CTX_get_cert_store(env->ctx));
    for (int i = 0; names != NULL && i < sk_X509_OBJECT_num(objects); i++) {
        X509 *x = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
        X509_NAME *name =
            x == NULL ? NULL : X509_NAME_dup(X509_get_subject_name(x));

        if (name != NULL && sk_X509_NAME_push(names, name) == 0)
            X509_NAME_free(name);
    }
    SSL_CTX_set_client_CA_list(env->ctx, names);
    return true;
}

/* --- server name
 * ---------------------------------------------------------------- */

/* "host/label" of the list for this name; empty: none. */
static struct str
label_for(const struct ttls_effective *e, const char *host, bool *is_found)
{
    *is_found = false;
    for (size_t i = 0; host != NULL && i < e->server_sni_list.n; i++) {
        struct str item = e->server_sni_list.v[i];
        size_t slash = str_find_char(item, '/');

        if (!str_eq_nocase_z(str_sub(item, 0, slash), host))
            continue;
        *is_found = true;
        return slash == STR_NPOS ? STR("") : str_sub(item, slash + 1, item.n);
    }
    return STR("");
}

static int
on_server_name(SSL *ssl, int *alert, void *arg)
{
    struct conn *c = SSL_get_app_data(ssl);
    const struct ttls_effective *e = &c->mapped->eff;
    const char *host = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    const struct env_identity *id;
    struct str label;
    bool is_found;

    (void)arg;
    if (e->server_sni == TTLS_NO)
        return SSL_TLSEXT_ERR_NOACK;
    label = label_for(e, host, &is_found);
    if ((host == NULL && e->server_sni == TTLS_REQUIRED) ||
        (host != NULL && !is_found && e->server_sni_match == TTLS_REQUIRED)) {
        c->verify_rc = 448;
        *alert = SSL_AD_UNRECOGNIZED_NAME;
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    id = label.n > 0 ? env_identity(c->env, label) : NULL;
    if (id != NULL && id->key != NULL &&
        (SSL_use_certificate(ssl, id->cert) != 1 ||
         SSL_use_PrivateKey(ssl, id->key) != 1))
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    return is_found ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

/* --- the rest
 * ------------------------------------------------------------------------ */

static void
set_options(SSL_CTX *ctx, const struct ttls_effective *e)
{
    bool is_client = e->role == TTLS_CLIENT;
    uint64_t on = SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF;

    if (!is_client)
        on |= SSL_OP_CIPHER_SERVER_PREFERENCE;
    if (e->renegotiation == TTLS_RENEG_DEFAULT ||
        e->renegotiation == TTLS_RENEG_DISABLED)
        on |= SSL_OP_NO_RENEGOTIATION;
    if (!is_client && (e->renegotiation == TTLS_RENEG_ALL ||
                       e->renegotiation == TTLS_RENEG_ABBREVIATED))
        on |= SSL_OP_ALLOW_CLIENT_RENEGOTIATION;
    if ((is_client ? e->client_ems : e->server_ems) == TTLS_EMS_OFF)
        on |= SSL_OP_NO_EXTENDED_MASTER_SECRET;
    if (is_client && (e->renegotiation_indicator == TTLS_IND_OPTIONAL ||
                      e->renegotiation_indicator == TTLS_IND_SERVER))
        on |= SSL_OP_LEGACY_SERVER_CONNECT;
    SSL_CTX_set_options(ctx, on);
    if (e->middle_box)
        SSL_CTX_set_options(ctx, SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
    else
        SSL_CTX_clear_options(ctx, SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
    if (!is_client && e->server_edh != TTLS_EDH_2048)
        SSL_CTX_set_dh_auto(ctx, 1); /* as strong as the certificate */
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(ctx, 0);
}

/* ServerEDHGroupSize 2048. */
static bool
set_dh(const struct env *env, const struct ttls_effective *e)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
                                         (char *)(uintptr_t) "ffdhe2048", 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY *group = NULL;
    EVP_PKEY_CTX *p;

    if (e->role == TTLS_CLIENT || e->server_edh != TTLS_EDH_2048)
        return true;
    p = EVP_PKEY_CTX_new_from_name(env->library, "DH", NULL);
    if (p == NULL || EVP_PKEY_fromdata_init(p) != 1 ||
        EVP_PKEY_fromdata(p, &group, EVP_PKEY_KEY_PARAMETERS, params) != 1 ||
        SSL_CTX_set0_tmp_dh_pkey(env->ctx, group) != 1) {
        EVP_PKEY_free(group);
        group = NULL;
    }
    EVP_PKEY_CTX_free(p);
    return group != NULL;
}

static bool
set_fragment(SSL_CTX *ctx, const struct ttls_effective *e)
{
    uint8_t code = e->client_fragment_bytes == 512    ? 1
                   : e->client_fragment_bytes == 1024 ? 2
                   : e->client_fragment_bytes == 2048 ? 3
                                                      : 4;

    return e->role != TTLS_CLIENT || e->client_fragment == TTLS_NO ||
           e->client_fragment_bytes == 0 ||
           SSL_CTX_set_tlsext_max_fragment_length(ctx, code) == 1;
}

bool
env_context(struct env *env)
{
    const struct ttls_effective *e = &env->mapped->eff;
    unsigned rc;

    if (e->truncated_hmac == TTLS_REQUIRED)
        return fail(env, 446); /* the library has none */
    set_options(env->ctx, e);
    rc = env_algorithms(env);
    if (rc != 0)
        return fail(env, rc);
    if (!set_fragment(env->ctx, e) || !set_dh(env, e) || !env_sessions(env))
        return fail(env, 5006);
    SSL_CTX_set_tlsext_servername_callback(env->ctx, on_server_name);
    if (!set_certificates(env, e) || !set_verification(env, e))
        return false;
    rc = env_revocation(env);
    if (rc != 0)
        return fail(env, rc);
    env_revocation_context(env);
    rc = env_staples(env);
    return rc == 0 || fail(env, rc);
}

bool
env_apply(struct conn *c, SSL *ssl)
{
    const struct ttls_effective *e = &c->mapped->eff;
    SSL_SESSION *session;
    char host[256];

    if (e->role != TTLS_CLIENT)
        return true;
    if (e->client_sni != TTLS_NO && e->client_sni_list.n > 0 &&
        str_copy_z(e->client_sni_list.v[0], host, sizeof host) &&
        SSL_set_tlsext_host_name(ssl, host) != 1)
        return false;
    session = env_session_get(c);
    return session == NULL || SSL_set_session(ssl, session) == 1;
}
