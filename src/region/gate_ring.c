#include "region/gate_ring.h"

#include <stdlib.h>

static const struct saf_ring_cert *
find_certificate(const struct saf_ring *ring, struct str label)
{
    for (size_t i = 0; i < ring->n; i++) {
        const struct saf_ring_cert *c = &ring->certs[i];

        if (c->key.n > 0 &&
            (label.n > 0 ? str_eq(c->label, label) : c->is_default))
            return c;
    }
    return NULL;
}

static enum err
make(const struct saf_ring *ring, struct str keyring,
     const struct tcpipservice *service, struct tls_config **out,
     struct err_info *why)
{
    const struct saf_ring_cert *own =
        find_certificate(ring, service->certificate);
    struct str *signers = calloc(ring->n + 1, sizeof *signers);
    struct tls_identity identity;
    struct tls_settings settings = { .is_server = true,
                                     .identities = &identity,
                                     .n_identities = 1,
                                     .chain = signers,
                                     .trust = signers };
    enum err e;

    if (signers == NULL)
        return err_set(why, ERR_MEMORY, "no storage for certificates");
    if (own == NULL) {
        free(signers);
        return err_set(why, ERR_NOT_FOUND,
                       "ring " STR_FMT " has no %s" STR_FMT
                       " with a private key the region may use",
                       STR_ARG(keyring),
                       service->certificate.n > 0 ? "certificate "
                                                  : "default certificate",
                       STR_ARG(service->certificate));
    }
    identity = (struct tls_identity){ own->der, secret_view(&own->key) };
    for (size_t i = 0; i < ring->n; i++)
        if (ring->certs[i].usage != RING_PERSONAL)
            signers[settings.n_chain++] = ring->certs[i].der;
    settings.n_trust = settings.n_chain;
    if (service->ssl == SERVICE_SSL_CLIENTAUTH)
        settings.client_auth = TLS_AUTH_REQUIRED;
    e = tls_config_new(&settings, out, why);
    free(signers);
    return e;
}

enum err
gate_ring_tls(struct saf_client *saf, struct str keyring,
              const struct tcpipservice *service, struct tls_config **out,
              struct err_info *why)
{
    size_t slash = str_find_char(keyring, '/');
    struct str owner = slash == STR_NPOS ? STR("") : str_sub(keyring, 0, slash);
    struct str name =
        slash == STR_NPOS ? keyring : str_sub(keyring, slash + 1, keyring.n);
    struct saf_ring ring = { 0 };
    struct saf_rc rc = { 0 };
    enum err e;

    if (keyring.n == 0)
        return err_set(why, ERR_NOT_FOUND,
                       "SSL needs KEYRING= among the region's parameters");
    e = saf_ring_read(saf, owner, name, true, &ring, &rc, why);
    if (e == ERR_OK)
        e = make(&ring, keyring, service, out, why);
    saf_ring_fini(&ring);
    return e;
}
