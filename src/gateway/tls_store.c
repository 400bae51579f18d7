#include "gateway/tls_store.h"

#include <stdlib.h>

#include "base/vec.h"
#include "gateway/ring_keys.h"

#define LOGGER "com.ibm.ws.ssl.config.WSKeyStore"

enum err
tls_ring_parse(struct str location, struct str *owner, struct str *ring,
               struct err_info *why)
{
    size_t colon = str_find(location, STR(":/"));
    struct str rest;
    size_t slash;

    if (!str_starts_nocase(location, STR("safkeyring")) || colon == STR_NPOS)
        return err_set(why, ERR_SYNTAX,
                       "\"" STR_FMT "\" is not safkeyring://[owner/]ring",
                       STR_ARG(location));
    rest = str_sub(location, colon + 1, location.n);
    while (rest.n > 0 && rest.p[0] == '/')
        rest = str_sub(rest, 1, rest.n);
    slash = str_find_char(rest, '/');
    if (slash == STR_NPOS) {
        *owner = STR("");
        *ring = rest;
    } else {
        *owner = str_sub(rest, 0, slash);
        *ring = str_sub(rest, slash + 1, rest.n);
    }
    if (ring->n == 0 || ring->n > SAF_RING_MAX || owner->n > SAF_USER_MAX)
        return err_set(why, ERR_SYNTAX,
                       "\"" STR_FMT "\" names no ring (1..%u characters) of "
                       "an owner (0..%u)",
                       STR_ARG(location), SAF_RING_MAX, SAF_USER_MAX);
    return ERR_OK;
}

static enum err
read_store(struct saf_client *saf, struct messages_log *log,
           const struct cfg_key_store *store, bool want_keys,
           struct saf_ring *out, struct remote_keys **remote,
           struct err_info *why)
{
    /* The hybrid type uses keys where they are, as the original does with those
     * of the crypto hardware; JCERACFKS takes them into the server. */
    enum saf_ring_keys keys = !want_keys ? SAF_KEYS_NONE
                              : str_eq_nocase_z(store->type, "JCEHYBRIDRACFKS")
                                  ? SAF_KEYS_USE
                                  : SAF_KEYS_TAKE;
    struct str owner, ring;
    struct saf_rc rc = { 0 };
    enum err e = tls_ring_parse(store->location, &owner, &ring, why);
    bool is_remote = false;

    if (e == ERR_OK)
        e = saf_ring_read(saf, owner, ring, keys, out, &rc, why);
    for (size_t i = 0; e == ERR_OK && i < out->n; i++)
        is_remote =
            is_remote || (out->certs[i].has_key && out->certs[i].key.n == 0);
    if (is_remote)
        e = ring_keys_new(owner, ring, remote, why);
    if (e != ERR_OK) {
        struct str text = str_of(why->text);
        struct ffdc_incident incident = { err_name(e), LOGGER, "load", text };

        MESSAGES_LOG(log, LOGGER, "CWPKI0033E", store->location, text);
        MESSAGES_LOG(log, LOGGER, "CWPKI0809W", store->node.id, store->node.id);
        messages_log_ffdc(log, &incident);
    }
    return e;
}

struct material {
    struct {
        struct tls_identity *v;
        size_t n, cap;
    } identities;
    struct {
        struct str *v;
        size_t n, cap;
    } chain, trust;
};

/* The certificate named by the alias first, else the ring's default. */
static enum err
add_identities(struct material *m, const struct saf_ring *ring,
               struct remote_keys *remote, struct str alias,
               struct err_info *why)
{
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < ring->n; i++) {
            const struct saf_ring_cert *c = &ring->certs[i];
            bool is_first =
                alias.n > 0 ? str_eq(c->label, alias) : c->is_default;

            if (!c->has_key || is_first != (pass == 0) ||
                (alias.n > 0 && !is_first))
                continue;
            if (!VEC_PUSH(&m->identities, ((struct tls_identity){
                                              c->der, secret_view(&c->key),
                                              c->key.n == 0 ? remote : NULL })))
                return err_set(why, ERR_MEMORY, "no storage for keys");
        }
    }
    return ERR_OK;
}

static enum err
add_signers(const struct saf_ring *ring, struct material *m, bool is_trust,
            struct err_info *why)
{
    for (size_t i = 0; i < ring->n; i++) {
        const struct saf_ring_cert *c = &ring->certs[i];

        if (c->usage == RING_PERSONAL)
            continue;
        if (is_trust ? !VEC_PUSH(&m->trust, c->der)
                     : !VEC_PUSH(&m->chain, c->der))
            return err_set(why, ERR_MEMORY, "no storage for certificates");
    }
    return ERR_OK;
}

static enum err
build(const struct cfg_ssl *ssl, const struct cfg_http_endpoint *endpoint,
      const struct material *m, struct tls_config **out, struct err_info *why)
{
    const struct cfg_ssl_options *options =
        endpoint == NULL ? NULL : endpoint->ssl_options;
    struct tls_settings s = {
        .is_server = endpoint != NULL,
        .offer_h2 = endpoint != NULL &&
                    str_eq_nocase_z(endpoint->protocol_version, "http/2"),
        .identities = m->identities.v,
        .n_identities = m->identities.n,
        .chain = m->chain.v,
        .n_chain = m->chain.n,
        .trust = m->trust.v,
        .n_trust = m->trust.n,
        .client_auth = ssl->client_authentication ? TLS_AUTH_REQUIRED
                       : ssl->client_authentication_supported
                           ? TLS_AUTH_SUPPORTED
                           : TLS_AUTH_NONE,
        .protocols = ssl->ssl_protocol,
        .ciphers = ssl->enabled_ciphers,
        .verify_hostname = ssl->verify_hostname,
        .session_timeout_s =
            options == NULL
                ? 0
                : (uint32_t)(options->ssl_session_timeout_ms / 1000),
    };

    return tls_config_new(&s, out, why);
}

enum err
tls_store_build(struct saf_client *saf, struct messages_log *log,
                const struct cfg_ssl *ssl,
                const struct cfg_http_endpoint *endpoint,
                struct tls_config **out, struct err_info *why)
{
    bool is_server = endpoint != NULL;
    struct saf_ring keys = { 0 }, signers = { 0 };
    struct remote_keys *remote = NULL;
    struct material m = { 0 };
    struct str alias =
        is_server ? ssl->server_key_alias : ssl->client_key_alias;
    bool is_same =
        ssl->trust_store == NULL || ssl->trust_store == ssl->key_store;
    enum err e;

    if (ssl->key_store == NULL) {
        MESSAGES_LOG(log, LOGGER, "CWPKI0817A", ssl->node.id);
        return err_set(why, ERR_NOT_FOUND, "ssl " STR_FMT " has no keyStore",
                       STR_ARG(ssl->node.id));
    }
    e = read_store(saf, log, ssl->key_store, true, &keys, &remote, why);
    if (e == ERR_OK && !is_same)
        e = read_store(saf, log, ssl->trust_store, false, &signers, NULL, why);
    if (e == ERR_OK)
        e = add_identities(&m, &keys, remote, alias, why);
    if (e == ERR_OK && alias.n > 0 && m.identities.n == 0) {
        MESSAGES_LOG(log, LOGGER, is_server ? "CWPKI0024E" : "CWPKI0023E",
                     alias, ssl->key_store->node.id);
        e = err_set(why, ERR_NOT_FOUND, "no key with label " STR_FMT,
                    STR_ARG(alias));
    }
    if (e == ERR_OK && is_server && m.identities.n == 0)
        e = err_set(why, ERR_NOT_FOUND,
                    STR_FMT " holds no certificate with a private key this "
                            "server may use",
                    STR_ARG(ssl->key_store->location));
    if (e == ERR_OK)
        e = add_signers(&keys, &m, false, why);
    if (e == ERR_OK)
        e = add_signers(is_same ? &keys : &signers, &m, true, why);
    if (e == ERR_OK)
        e = build(ssl, endpoint, &m, out, why);
    VEC_FREE(&m.identities);
    VEC_FREE(&m.chain);
    VEC_FREE(&m.trust);
    saf_ring_fini(&keys);
    saf_ring_fini(&signers);
    remote_keys_unref(&remote); /* the TLS configuration holds its own */
    return e;
}
