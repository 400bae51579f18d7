/*
 * OcspServerStapling: a server hands its clients what the responder says about
 * its own certificate. A thread fetches it (io/staple.h); clients who come
 * before it is there, or while the responder is away, get none.
 */
#include <openssl/err.h>
#include <stdlib.h>

#include "base/log.h"
#include "ttls/env.h"

#define ISSUERS_MAX 256u

static int
on_status_request(SSL *ssl, void *arg)
{
    const struct conn *c = SSL_get_app_data(ssl);
    const struct env *env = c->env;
    const X509 *shown = SSL_get_certificate(ssl);
    unsigned char *copy = NULL;
    size_t n = 0;

    (void)arg;
    for (size_t i = 0; i < env->n_identities; i++) {
        const struct env_identity *id = &env->identities[i];

        if (id->cert == shown && id->staple != NULL)
            copy = staple_copy(id->staple, &n);
    }
    if (copy == NULL)
        return SSL_TLSEXT_ERR_NOACK;
    SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)n);
    return SSL_TLSEXT_ERR_OK;
}

struct issuers {
    struct str v[ISSUERS_MAX];
    size_t n;
};

static struct str
der_of(X509 *cert)
{
    unsigned char *der = NULL;
    int n = cert == NULL ? -1 : i2d_X509(cert, &der);

    return n <= 0 ? STR("") : str_n(der, (size_t)n);
}

static void
add_issuer(struct issuers *to, X509 *cert)
{
    struct str der = to->n < ISSUERS_MAX ? der_of(cert) : STR("");

    if (der.n > 0)
        to->v[to->n++] = der;
}

/* The signers of the ring. */
static void
find_issuers(const struct env *env, struct issuers *out)
{
    STACK_OF(X509_OBJECT) *objects =
        X509_STORE_get0_objects(SSL_CTX_get_cert_store(env->ctx));

    for (int i = 0; i < sk_X509_OBJECT_num(objects); i++)
        add_issuer(out,
                   X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i)));
    for (size_t i = 0; i < env->n_identities; i++)
        add_issuer(out, env->identities[i].cert);
}

static void
add_staple(struct env_identity *id, struct revocation *by,
           const struct issuers *issuers)
{
    struct str der = der_of(id->cert);
    struct err_info why = { 0 };

    if (id->key != NULL && der.n > 0 &&
        staple_new(by, der, issuers->v, issuers->n, &id->staple, &why) !=
            ERR_OK)
        log_info("no OCSP response is stapled for certificate %s: %s",
                 id->label, why.text);
    OPENSSL_free((void *)(uintptr_t)der.p);
}

unsigned
env_staples(struct env *env)
{
    const struct ttls_effective *e = &env->mapped->eff;
    struct revocation_rules rules = { 0 };
    struct revocation *by = NULL;
    struct err_info why = { 0 };
    struct env_texts texts;
    struct issuers *issuers;
    enum err result = ERR_OK;
    unsigned rc;

    if (e->role == TTLS_CLIENT || e->ocsp.staple == TTLS_STAPLE_OFF)
        return 0;
    rc = env_ocsp_rules(env, &texts, &rules);
    if (rc != 0)
        return rc;
    rules.use_ocsp = true;
    rules.use_http_crls = false;
    rules.level = REVOCATION_HIGH;
    issuers = calloc(1, sizeof *issuers);
    if (env->engine->revocations == NULL)
        result = revocation_cache_new(&env->engine->revocations, &why);
    if (result == ERR_OK && issuers != NULL)
        result = revocation_new(env->engine->revocations, &rules, &by, &why);
    if (result != ERR_OK || issuers == NULL) {
        log_warn("no OCSP response is stapled: %s", why.text);
        free(issuers);
        return 5006;
    }
    find_issuers(env, issuers);
    for (size_t i = 0; i < env->n_identities; i++)
        add_staple(&env->identities[i], by, issuers);
    for (size_t i = 0; i < issuers->n; i++)
        OPENSSL_free((void *)(uintptr_t)issuers->v[i].p);
    free(issuers);
    revocation_unref(&by);
    SSL_CTX_set_tlsext_status_cb(env->ctx, on_status_request);
    ERR_clear_error();
    return 0;
}
