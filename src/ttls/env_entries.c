/* What a key ring or key database holds, as a context takes it. */
#include <stdlib.h>
#include <string.h>

#include "ttls/env.h"

static X509 *
certificate_of(const struct env *env, struct str der)
{
    const unsigned char *p = (const unsigned char *)der.p;
    X509 *cert = X509_new_ex(env->library, NULL);

    if (cert != NULL)
        (void)d2i_X509(&cert, &p, (long)der.n); /* NULL when it is none */
    return cert;
}

bool
env_add_signer(struct env *env, struct str der)
{
    X509 *cert = certificate_of(env, der);
    bool is_fine =
        cert != NULL &&
        X509_STORE_add_cert(SSL_CTX_get_cert_store(env->ctx), cert) == 1;

    X509_free(cert);
    env->n_trust += is_fine;
    return is_fine;
}

bool
env_add_identity(struct env *env, struct str label, bool is_default,
                 struct str der, EVP_PKEY **key)
{
    struct env_identity *more =
        realloc(env->identities, (env->n_identities + 1) * sizeof *more);
    struct env_identity id = { .is_default = is_default,
                               .cert = certificate_of(env, der),
                               .key = *key };

    *key = NULL;
    if (more != NULL)
        env->identities = more;
    if (more == NULL || id.cert == NULL ||
        !str_copy_z(label, id.label, sizeof id.label)) {
        X509_free(id.cert);
        EVP_PKEY_free(id.key);
        return false;
    }
    more[env->n_identities++] = id;
    return true;
}
