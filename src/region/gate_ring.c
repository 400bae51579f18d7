#include "region/gate_ring.h"

#include "io/tls_material.h"

/* Of ours, only the one that is named, or the ring's default. */
static enum err
gather(const struct saf_ring *ring, struct str label, struct tls_material *m,
       struct err_info *why)
{
    for (size_t i = 0; i < ring->n; i++) {
        const struct saf_ring_cert *c = &ring->certs[i];
        bool is_ours = c->key.n > 0 &&
                       (label.n > 0 ? str_eq(c->label, label) : c->is_default);
        bool is_signer = c->usage != RING_PERSONAL;
        struct tls_entry entry = { .der = c->der,
                                   .rank = is_ours ? TLS_KEY : TLS_NO_KEY,
                                   .key = secret_view(&c->key),
                                   .is_chain = is_signer,
                                   .is_trusted = is_signer };
        enum err e = tls_material_add(m, &entry, why);

        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

static enum err
make(const struct saf_ring *ring, struct str keyring,
     const struct tcpipservice *service, struct tls_config **out,
     struct err_info *why)
{
    struct tls_settings settings = { .is_server = true };
    struct tls_material m = { 0 };
    enum err e = gather(ring, service->certificate, &m, why);

    if (e == ERR_OK && m.identities.n == 0)
        e = err_set(why, ERR_NOT_FOUND,
                    "ring " STR_FMT " has no %s" STR_FMT
                    " with a private key the region may use",
                    STR_ARG(keyring),
                    service->certificate.n > 0 ? "certificate "
                                               : "default certificate",
                    STR_ARG(service->certificate));
    tls_material_use(&m, &settings);
    if (service->ssl == SERVICE_SSL_CLIENTAUTH)
        settings.client_auth = TLS_AUTH_REQUIRED;
    if (e == ERR_OK)
        e = tls_config_new(&settings, out, why);
    tls_material_fini(&m);
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
