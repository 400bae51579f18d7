#include "gateway/tls_store.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/vec.h"
#include "gateway/key_files.h"
#include "gateway/placed.h"
#include "gateway/revoked.h"
#include "gateway/ring_keys.h"
#include "gateway/tls_outbound.h"
#include "io/staple.h"
#include "io/tls_material.h"

#define EXTRA_RATE_MS 500u
#define LOGGER KEY_FILES_LOGGER
#define PATHS_MAX ((size_t)8 << 20)

/* A key store that has been read, or could not be. */
struct store {
    const struct cfg_key_store *from;
    bool has_keys; /* of a ring: they were asked for */
    enum err e;
    char why[ERR_TEXT_MAX];
    struct saf_ring ring;
    struct remote_keys *remote;
    struct keystore file, extra;
    struct str path; /* of a file */
    struct store *next;
};

struct tls_stores {
    struct saf_client *saf;
    struct messages_log *log;
    struct tls_shared shared;
    const struct cfg_tree *tree;
    struct arena arena;
    struct store *stores;
    struct {
        struct tls_polled *v;
        size_t n, cap;
    } polled;
    bool has_environment; /* `environment` is used */
    struct cfg_key_store environment;
};

static bool
is_ring_scheme(struct str scheme)
{
    static const char *const names[] = {
        "safkeyring",       "safkeyringhybrid",    "safkeyringjce",
        "safkeyringjcecca", "safkeyringjcehybrid",
    };

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_eq_nocase_z(scheme, names[i]))
            return true;
    return false;
}

enum err
tls_ring_parse(struct str location, struct str *owner, struct str *ring,
               struct err_info *why)
{
    size_t colon = str_find(location, STR(":/"));
    struct str rest;
    size_t slash;

    if (colon == STR_NPOS || !is_ring_scheme(str_sub(location, 0, colon)))
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
    if (ring->n == 0 || ring->n > SAF_RING_MAX || owner->n > SAF_USER_MAX ||
        str_find_char(*ring, '/') != STR_NPOS)
        return err_set(why, ERR_SYNTAX,
                       "\"" STR_FMT "\" names no ring (1..%u characters) of "
                       "an owner (0..%u), with one / between them",
                       STR_ARG(location), SAF_RING_MAX, SAF_USER_MAX);
    return ERR_OK;
}

/* ---- reading stores ---- */

/* Not that of the file: a ring may leave the type out, which is PKCS12 then. */
static enum err
check_type(struct str type, struct err_info *why)
{
    static const char *const ring_types[] = { "JCERACFKS", "JCECCARACFKS",
                                              "JCEHYBRIDRACFKS" };
    enum keystore_type file;

    for (size_t i = 0; i < ARRAY_LEN(ring_types); i++)
        if (str_eq_nocase_z(type, ring_types[i]))
            return ERR_OK;
    if (keystore_type_of(type, &file))
        return ERR_OK;
    return err_set(why, ERR_SYNTAX,
                   "type is \"" STR_FMT
                   "\", expected PKCS12, JKS, JCEKS or PEM "
                   "for a file, JCERACFKS, JCECCARACFKS or JCEHYBRIDRACFKS for "
                   "a key ring",
                   STR_ARG(str_sub(type, 0, 100)));
}

static enum err
read_ring(struct tls_stores *t, struct store *s, bool want_keys,
          struct err_info *why)
{
    /* The hybrid type uses keys where they are, as the original does with those
     * of the crypto hardware; JCERACFKS takes them into the server. */
    enum saf_ring_keys keys =
        !want_keys                                          ? SAF_KEYS_NONE
        : str_eq_nocase_z(s->from->type, "JCEHYBRIDRACFKS") ? SAF_KEYS_USE
                                                            : SAF_KEYS_TAKE;
    struct str owner, ring;
    struct saf_rc rc = { 0 };
    const char *attr = "type";
    enum err e = check_type(s->from->type, why);
    bool is_remote = false;

    if (e == ERR_OK) {
        attr = "location";
        e = tls_ring_parse(s->from->location, &owner, &ring, why);
    }
    if (e == ERR_OK && t->shared.is_check)
        return err_set(why, ERR_NOT_NOW, "a check reads no key rings");
    if (e == ERR_OK)
        e = saf_ring_read(t->saf, owner, ring, keys, &s->ring, &rc, why);
    for (size_t i = 0; e == ERR_OK && i < s->ring.n; i++)
        is_remote = is_remote ||
                    (s->ring.certs[i].has_key && s->ring.certs[i].key.n == 0);
    if (is_remote)
        e = ring_keys_new(owner, ring, &s->remote, why);
    if (e != ERR_OK) {
        struct str text = str_of(why->text);
        struct ffdc_incident incident = { err_name(e), LOGGER, "load", text };

        PLACED_LOG(t->log, LOGGER, PLACE(&s->from->node, attr), "CWPKI0033E",
                   s->from->location, text);
        PLACED_LOG(t->log, LOGGER, PLACE(&s->from->node, NULL), "CWPKI0809W",
                   s->from->node.id, s->from->node.id);
        messages_log_ffdc(t->log, &incident);
    }
    return e;
}

static void
check_dates(struct tls_stores *t, const struct store *s)
{
    struct str id = s->from->node.id;

    for (size_t i = 0; i < s->ring.n; i++)
        key_files_check_date(t->log, id, s->ring.certs[i].label,
                             s->ring.certs[i].der);
    for (size_t i = 0; i < s->file.n; i++)
        key_files_check_date(t->log, id, s->file.entries[i].alias,
                             s->file.entries[i].der);
}

/* Key rings are never polled: the angel says when they change. */
static void
note_polled(struct tls_stores *t, const struct store *s)
{
    struct tls_polled polled = { s->path, (uint64_t)s->from->polling_rate_ms };

    if (s->from->update_trigger == CFG_TRIGGER_POLLED && s->path.n > 0)
        (void)!VEC_PUSH(&t->polled, polled);
}

static struct store *
find_store(struct tls_stores *t, const struct cfg_key_store *from,
           bool want_keys)
{
    struct store *s = t->stores;

    while (s != NULL && (s->from != from || (want_keys && !s->has_keys)))
        s = s->next;
    return s;
}

static enum err
read_store(struct tls_stores *t, const struct cfg_key_store *from,
           bool want_keys, struct store **out, struct err_info *why)
{
    struct store *s = find_store(t, from, want_keys);

    *out = s;
    if (s != NULL)
        return s->e == ERR_OK ? ERR_OK : err_set(why, s->e, "%s", s->why);
    s = *out = ARENA_NEW(&t->arena, struct store);
    if (s == NULL)
        return err_set(why, ERR_MEMORY, "no storage for a key store");
    s->from = from;
    s->next = t->stores;
    t->stores = s;
    if (key_files_is_file(from) && check_type(from->type, NULL) == ERR_OK) {
        s->has_keys = true;
        s->e = key_files_read(&t->arena, t->tree, t->log, t->shared.is_check,
                              from, &s->file, &s->path, why);
        note_polled(t, s);
    } else {
        s->has_keys = want_keys;
        s->e = read_ring(t, s, want_keys, why);
    }
    if (s->e != ERR_OK) {
        (void)!str_copy_z(str_of(why->text), s->why, sizeof s->why);
        return s->e;
    }
    check_dates(t, s);
    return ERR_OK;
}

enum err
tls_stores_new(struct saf_client *saf, struct messages_log *log,
               const struct tls_shared *shared, const struct cfg_tree *tree,
               struct tls_stores **out, struct err_info *why)
{
    struct tls_stores *t = calloc(1, sizeof *t);

    if (t == NULL)
        return err_set(why, ERR_MEMORY, "no storage for key stores");
    t->saf = saf;
    t->log = log;
    t->shared = *shared;
    t->tree = tree;
    arena_init(&t->arena, PATHS_MAX);
    *out = t;
    return ERR_OK;
}

void
tls_stores_free(struct tls_stores **at)
{
    struct tls_stores *t = *at;

    *at = NULL;
    if (t == NULL)
        return;
    for (struct store *s = t->stores; s != NULL; s = s->next) {
        saf_ring_fini(&s->ring);
        keystore_fini(&s->file);
        keystore_fini(&s->extra);
        remote_keys_unref(&s->remote); /* TLS configurations hold their own */
    }
    VEC_FREE(&t->polled);
    arena_fini(&t->arena);
    free(t);
}

size_t
tls_stores_polled(const struct tls_stores *t, const struct tls_polled **out)
{
    *out = t->polled.v;
    return t->polled.n;
}

/* ---- what a TLS configuration is made of ---- */

/* With an alias that certificate alone, else the ring's default before the
 * others. */
static enum err
add_ring(struct tls_material *m, const struct store *s, struct str alias,
         bool is_trust, struct err_info *why)
{
    for (size_t i = 0; i < s->ring.n; i++) {
        const struct saf_ring_cert *c = &s->ring.certs[i];
        bool is_named = alias.n == 0 || str_eq(c->label, alias);
        bool is_signer = c->usage != RING_PERSONAL;
        struct tls_entry e = {
            .der = c->der,
            .rank = is_trust || !c->has_key || !is_named ? TLS_NO_KEY
                    : c->is_default                      ? TLS_KEY_FIRST
                                                         : TLS_KEY,
            .key = secret_view(&c->key),
            .remote = c->key.n == 0 ? s->remote : NULL,
            .is_chain = !is_trust && is_signer,
            .is_trusted = is_trust && is_signer,
        };
        enum err code = tls_material_add(m, &e, why);

        if (code != ERR_OK)
            return code;
    }
    return ERR_OK;
}

/* The certificates of keys are trusted too, as JSSE does. */
static enum err
add_file(struct tls_material *m, const struct keystore *file, struct str alias,
         bool is_trust, struct err_info *why)
{
    for (size_t i = 0; i < file->n; i++) {
        const struct keystore_entry *from = &file->entries[i];
        bool is_named = alias.n == 0 || keystore_is_alias(from, alias);
        bool is_key = from->kind == KEYSTORE_KEY;
        struct tls_entry e = {
            .der = from->der,
            .rank = !is_trust && is_key && is_named ? TLS_KEY : TLS_NO_KEY,
            .key = secret_view(&from->key),
            .is_chain = !is_trust && !is_key,
            .is_trusted = is_trust && from->kind != KEYSTORE_CHAIN,
        };
        enum err code = tls_material_add(m, &e, why);

        if (code != ERR_OK)
            return code;
    }
    return ERR_OK;
}

/* Our keys with what leads to a root, or whom we trust. */
static enum err
add_store(struct tls_material *m, const struct store *s, struct str alias,
          bool is_trust, struct err_info *why)
{
    enum err e = add_ring(m, s, alias, is_trust, why);

    if (e == ERR_OK)
        e = add_file(m, &s->file, alias, is_trust, why);
    if (e == ERR_OK && is_trust)
        e = add_file(m, &s->extra, alias, true, why);
    return e;
}

/* A file beside the stores; looked at for changes like a polled one. */
static enum err
read_extra(struct tls_stores *t, const struct cfg_ssl *ssl, const char *attr,
           struct str path, struct buf *to, struct str *out,
           struct err_info *why)
{
    struct tls_polled polled = { path, EXTRA_RATE_MS };
    const char *at;
    enum err e;

    buf_init(to, KEYSTORE_BYTES_MAX);
    if (path.n == 0)
        return ERR_OK;
    at = str_z(&t->arena, path);
    if (at == NULL || !VEC_PUSH(&t->polled, polled))
        return err_set(why, ERR_MEMORY, "no storage for a path");
    e = file_read(at, to, why);
    *out = buf_view(to);
    if (e != ERR_OK)
        PLACED_LOG(t->log, LOGGER, PLACE(&ssl->node, attr), "CWPKI0033E", path,
                   str_of(why->text));
    return e;
}

/* Responses about our certificates. One that can be had from nobody is said and
 * left out: clients then get none. */
static enum err
add_staples(struct tls_stores *t, const struct cfg_ssl *ssl,
            struct tls_material *m, struct err_info *why)
{
    struct revocation *by = NULL;
    enum err e = revoked_staples(t->tree, ssl, t->shared.revocation, &by, why);

    for (size_t i = 0; e == ERR_OK && by != NULL && i < m->identities.n; i++) {
        struct tls_identity *id = &m->identities.v[i];
        struct err_info own = { 0 };
        char number[24];

        if (staple_new(by, id->certificate, m->chain.v, m->chain.n, &id->staple,
                       &own) == ERR_OK ||
            staple_new(by, id->certificate, m->trust.v, m->trust.n, &id->staple,
                       &own) == ERR_OK)
            continue;
        (void)snprintf(number, sizeof number, "%zu", i + 1);
        MESSAGES_LOG(t->log, LOGGER, "SPT0417W", str_of(number), ssl->node.id,
                     str_of(own.text));
    }
    revocation_unref(&by);
    return e;
}

/* What the element says by itself: said before any store is looked at. */
static enum err
check_element(struct tls_stores *t, const struct cfg_ssl *ssl,
              struct err_info *why)
{
    bool is_list = str_find_char(ssl->ssl_protocol, ',') != STR_NPOS;
    struct str bad;
    enum err e = tls_protocols_check(ssl->ssl_protocol, &bad, why);
    struct buf text;

    if (e == ERR_OK)
        return tls_ciphers_check(ssl->enabled_ciphers, why);
    if (is_list)
        PLACED_LOG(t->log, LOGGER, PLACE(&ssl->node, "sslProtocol"),
                   "CWPKI0832E", bad);
    else
        PLACED_LOG(t->log, LOGGER, PLACE(&ssl->node, "sslProtocol"),
                   "CWPKI0831E", bad, str_of(why->text));
    /* why the port stays closed */
    buf_init(&text, 2000);
    MSG_LINE(&text, "CWPKI0028E", bad, ssl->node.id, STR("server.xml"),
             str_of(why->text));
    e = err_set(why, e, STR_FMT, STR_ARG(buf_view(&text)));
    buf_fini(&text);
    return e;
}

/* Without the machine's authorities the others are trusted alone. */
static bool
trusts_system(struct tls_stores *t, const struct cfg_ssl *ssl)
{
    struct str place;

    if (!tls_has_system_authorities(&place)) {
        MESSAGES_LOG(t->log, LOGGER, "CWPKI0825W", ssl->node.id, place);
        return false;
    }
    MESSAGES_LOG(t->log, LOGGER, "CWPKI0827I", ssl->node.id);
    return true;
}

static enum err
build(struct tls_stores *t, const struct cfg_ssl *ssl,
      const struct cfg_http_endpoint *endpoint, struct tls_material *m,
      struct tls_config **out, struct err_info *why)
{
    const struct cfg_ssl_options *options =
        endpoint == NULL ? NULL : endpoint->ssl_options;
    struct buf crls, ocsp;
    enum err e;
    struct tls_settings s = {
        .is_server = endpoint != NULL,
        .offer_h2 = endpoint != NULL &&
                    str_eq_nocase_z(endpoint->protocol_version, "http/2"),
        .client_auth = ssl->client_authentication ? TLS_AUTH_REQUIRED
                       : ssl->client_authentication_supported
                           ? TLS_AUTH_SUPPORTED
                           : TLS_AUTH_NONE,
        .protocols = ssl->ssl_protocol,
        .ciphers = ssl->enabled_ciphers,
        .verify_hostname = tls_verifies_names(t->tree, ssl),
        .skip_hosts = ssl->skip_hostname_verification.v,
        .n_skip_hosts = ssl->skip_hostname_verification.n,
        .our_order = ssl->enforce_cipher_order,
        .session_timeout_s =
            options == NULL
                ? 0
                : (uint32_t)(options->ssl_session_timeout_ms / 1000),
    };

    buf_init(&ocsp, 0); /* read_extra may not get to it */
    e = read_extra(t, ssl, "crlFile", ssl->crl_file, &crls, &s.crls, why);
    if (e == ERR_OK)
        e = read_extra(t, ssl, "ocspResponseFile", ssl->ocsp_response_file,
                       &ocsp, &s.ocsp_response, why);
    if (e == ERR_OK && !t->shared.is_check && options != NULL &&
        options->ticket_key_file.n > 0) {
        e = ticket_files_get(t->shared.tickets, options->ticket_key_file,
                             s.session_timeout_s, &s.tickets, why);
        if (e != ERR_OK)
            PLACED_LOG(t->log, LOGGER, PLACE(&options->node, "ticketKeyFile"),
                       "SPT0414W", options->ticket_key_file, str_of(why->text));
    }
    if (e == ERR_OK && ssl->trust_default_certs)
        s.trust_system = trusts_system(t, ssl);
    if (e == ERR_OK)
        e = revoked_peers(t->tree, ssl, t->shared.revocation, &s.revocation,
                          why);
    if (e == ERR_OK && endpoint != NULL && !t->shared.is_check)
        e = add_staples(t, ssl, m, why);
    tls_material_use(m, &s);
    if (e == ERR_OK)
        e = tls_config_new(&s, out, why);
    revocation_unref(&s.revocation);
    buf_fini(&crls);
    buf_fini(&ocsp);
    return e;
}

/* Without a keyStore element: the one server.env has a password for. */
static const struct cfg_key_store *
key_store_of(struct tls_stores *t, const struct cfg_ssl *ssl)
{
    if (ssl->key_store != NULL || !str_eq_z(ssl->node.id, "defaultSSLConfig"))
        return ssl->key_store;
    if (!t->has_environment)
        t->has_environment = key_files_default(&t->environment);
    return t->has_environment ? &t->environment : NULL;
}

static enum err
collect(struct tls_stores *t, const struct cfg_ssl *ssl, bool is_server,
        struct str alias, struct tls_material *m, struct err_info *why)
{
    const struct cfg_key_store *from = key_store_of(t, ssl);
    struct store *keys, *signers;
    enum err e;

    if (from == NULL) {
        struct str named = cfg_written(&ssl->node, "keyStoreRef");

        PLACED_LOG(t->log, LOGGER, PLACE(&ssl->node, "keyStoreRef"),
                   named.n > 0 ? "CWPKI0818E" : "CWPKI0817A",
                   named.n > 0 ? named : STR(KEY_STORE_DEFAULT));
        return err_set(why, ERR_NOT_FOUND, "ssl " STR_FMT " has no keyStore",
                       STR_ARG(ssl->node.id));
    }
    if (ssl->trust_store == NULL &&
        cfg_written(&ssl->node, "trustStoreRef").n > 0) {
        /* The key store's signers would let in other people than meant. */
        PLACED_LOG(t->log, LOGGER, PLACE(&ssl->node, "trustStoreRef"),
                   "CWPKI0818E", cfg_written(&ssl->node, "trustStoreRef"));
        return err_set(why, ERR_NOT_FOUND, "ssl " STR_FMT " has no trustStore",
                       STR_ARG(ssl->node.id));
    }
    e = read_store(t, from, true, &keys, why);
    signers = keys;
    if ((e == ERR_OK || e == ERR_NOT_NOW) && ssl->trust_store != NULL &&
        ssl->trust_store != from) {
        enum err of_trust = read_store(t, ssl->trust_store, false, &signers,
                                       e == ERR_OK ? why : NULL);

        e = e == ERR_OK || of_trust != ERR_OK ? of_trust : e;
    }
    if (e == ERR_OK)
        e = add_store(m, keys, alias, false, why);
    if (e == ERR_OK && alias.n > 0 && m->identities.n == 0) {
        PLACED_LOG(
            t->log, LOGGER,
            PLACE(&ssl->node, is_server ? "serverKeyAlias" : "clientKeyAlias"),
            is_server ? "CWPKI0024E" : "CWPKI0023E", alias, from->node.id);
        return err_set(why, ERR_NOT_FOUND, "no key with label " STR_FMT,
                       STR_ARG(alias));
    }
    if (e == ERR_OK && is_server && m->identities.n == 0)
        return err_set(why, ERR_NOT_FOUND,
                       STR_FMT " holds no certificate with a private key this "
                               "server may use",
                       STR_ARG(keys->path.n > 0 ? keys->path : from->location));
    if (e == ERR_OK && signers->extra.n == 0)
        (void)!key_files_extra(t->log, signers->from->node.id, &signers->extra);
    return e == ERR_OK ? add_store(m, signers, STR(""), true, why) : e;
}

enum err
tls_store_build(struct tls_stores *t, const struct cfg_ssl *ssl,
                const struct cfg_http_endpoint *endpoint, struct str alias,
                struct tls_config **out, struct err_info *why)
{
    struct tls_material m = { 0 };
    struct err_info own = { 0 };
    enum err e;

    if (why == NULL)
        why = &own;
    if (alias.n == 0)
        alias =
            endpoint != NULL ? ssl->server_key_alias : ssl->client_key_alias;
    e = check_element(t, ssl, why);
    if (e == ERR_OK)
        e = collect(t, ssl, endpoint != NULL, alias, &m, why);
    if (e == ERR_OK)
        e = build(t, ssl, endpoint, &m, out, why);
    tls_material_fini(&m);
    if (e != ERR_NOT_NOW || !t->shared.is_check)
        return e;
    *out = NULL;
    return ERR_OK;
}
