/*
 * TLS as configured: protocols, ciphers, and the certificates of the key rings
 * and key store files that the server uses.
 */
#include "doctor/doctor.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/secret.h"
#include "config/elements.h"
#include "io/keystore.h"

#define DAY_S 86400

/* ---- settings ---- */

static const char *const weak_protocols[] = { "SSL",     "SSLv2",     "SSLv3",
                                              "SSL_TLS", "SSL_TLSv2", "TLSv1",
                                              "TLSv1.1" };
static const char *const weak_words[] = { "NULL", "EXPORT", "anon",
                                          "RC2",  "RC4",    "_DES_",
                                          "3DES", "DES40",  "MD5" };

static const char *
edit(struct doctor *d, const struct cfg_node *node, const char *hint)
{
    return doctor_edit(d, doctor_text(d, STR_FMT, STR_ARG(node->file)),
                       node->line, hint);
}

static void
check_protocols(struct doctor *d, const struct cfg_ssl *ssl)
{
    struct str rest = ssl->ssl_protocol, word;

    while (rest.n > 0 && str_token(&rest, ',', &word)) {
        word = str_trim(word);
        for (size_t i = 0; i < ARRAY_LEN(weak_protocols); i++) {
            if (str_eq_nocase_z(word, weak_protocols[i]))
                doctor_find(
                    d, RULE_WEAK_PROTOCOL, ssl->node.file.p, ssl->node.line,
                    edit(d, &ssl->node, "sslProtocol=\"TLSv1.2,TLSv1.3\""),
                    "ssl " STR_FMT " allows " STR_FMT, STR_ARG(ssl->node.id),
                    STR_ARG(word));
        }
    }
}

static void
check_ciphers(struct doctor *d, const struct cfg_ssl *ssl)
{
    struct str rest = ssl->enabled_ciphers;

    if (ssl->security_level == 1 || ssl->security_level == 2)
        doctor_find(d, RULE_WEAK_CIPHER, ssl->node.file.p, ssl->node.line,
                    edit(d, &ssl->node, "securityLevel=\"HIGH\""),
                    "ssl " STR_FMT " has securityLevel %s",
                    STR_ARG(ssl->node.id),
                    ssl->security_level == 1 ? "MEDIUM" : "LOW");
    while (rest.n > 0) {
        size_t n = 0;
        struct str word;

        while (n < rest.n && rest.p[n] != ',' && rest.p[n] != ' ' &&
               rest.p[n] != '\n' && rest.p[n] != '\t')
            n++;
        word = str_sub(rest, 0, n);
        rest = str_sub(rest, n + 1, rest.n);
        for (size_t i = 0; i < ARRAY_LEN(weak_words) && word.n > 0; i++) {
            if (str_find(word, str_of(weak_words[i])) == STR_NPOS)
                continue;
            doctor_find(d, RULE_WEAK_CIPHER, ssl->node.file.p, ssl->node.line,
                        edit(d, &ssl->node, "take it out of enabledCiphers"),
                        "ssl " STR_FMT " enables " STR_FMT,
                        STR_ARG(ssl->node.id), STR_ARG(str_sub(word, 0, 80)));
            break;
        }
    }
}

/* ---- certificates ---- */

static bool
time_of(const ASN1_TIME *t, int64_t *out)
{
    struct tm tm;

    if (ASN1_TIME_to_tm(t, &tm) != 1)
        return false;
    *out = (int64_t)timegm(&tm);
    return true;
}

static void
date_of(int64_t seconds, char out[16])
{
    time_t t = (time_t)seconds;
    struct tm tm;

    gmtime_r(&t, &tm);
    strftime(out, 16, "%Y-%m-%d", &tm);
}

/* renew: the command that makes a new one, or "". */
static void
check_certificate(struct doctor *d, const struct cfg_key_store *store,
                  const char *name, X509 *x, const char *renew)
{
    int64_t now = (int64_t)(d->now_ms / 1000), from, until;
    char date[16];

    if (!time_of(X509_get0_notBefore(x), &from) ||
        !time_of(X509_get0_notAfter(x), &until))
        return;
    if (from > now) {
        date_of(from, date);
        doctor_find(d, RULE_CERT_FUTURE, store->node.file.p, store->node.line,
                    "timedatectl   # is this machine's clock right?",
                    "certificate %s of keyStore " STR_FMT
                    " is valid from %s on",
                    name, STR_ARG(store->node.id), date);
    }
    date_of(until, date);
    if (until < now)
        doctor_find(d, RULE_CERT_EXPIRED, store->node.file.p, store->node.line,
                    renew, "certificate %s of keyStore " STR_FMT " expired %s",
                    name, STR_ARG(store->node.id), date);
    else if (until < now + (int64_t)d->days * DAY_S)
        doctor_find(
            d, RULE_CERT_EXPIRES, store->node.file.p, store->node.line, renew,
            "certificate %s of keyStore " STR_FMT " expires %s, in %lld days",
            name, STR_ARG(store->node.id), date,
            (long long)((until - now) / DAY_S));
}

/* safkeyring://[owner/]ring: any number of slashes, as the server reads it. */
static void
split_ring(struct str location, struct str *owner, struct str *ring)
{
    size_t colon = str_find_char(location, ':');
    struct str rest = str_sub(location, colon + 1, location.n);
    size_t slash;

    while (rest.n > 0 && rest.p[0] == '/')
        rest = str_sub(rest, 1, rest.n);
    slash = str_find_char(rest, '/');
    *owner = slash == STR_NPOS ? STR("") : str_sub(rest, 0, slash);
    *ring = slash == STR_NPOS ? rest : str_sub(rest, slash + 1, rest.n);
}

static const char *
renewal(struct doctor *d, const struct saf_ring_cert *c)
{
    const char *whose =
        str_eq_z(c->owner, "CERTAUTH") || str_eq_z(c->owner, "SITE")
            ? doctor_text(d, STR_FMT, STR_ARG(c->owner))
            : doctor_text(d, "ID(" STR_FMT ")", STR_ARG(c->owner));

    return doctor_text(
        d,
        "%s; %s   # in between have it signed (GENREQ, GENCERT), then "
        "SETROPTS RACLIST(DIGTCERT DIGTRING) REFRESH and REFRESH,KEYSTORE",
        doctor_racf(d,
                    "RACDCERT %s REKEY(LABEL('" STR_FMT
                    "')) WITHLABEL('" STR_FMT " NEW')",
                    whose, STR_ARG(c->label),
                    STR_ARG(str_sub(c->label, 0, 28))),
        doctor_racf(d,
                    "RACDCERT %s ROLLOVER(LABEL('" STR_FMT
                    "')) NEWLABEL('" STR_FMT " NEW')",
                    whose, STR_ARG(c->label),
                    STR_ARG(str_sub(c->label, 0, 28))));
}

static void
check_ring(struct doctor *d, const struct cfg_key_store *store)
{
    struct saf_ring ring = { 0 };
    struct err_info why = { 0 };
    struct saf_rc rc = { 0 };
    struct str owner, name;
    const char *whose;
    enum err e;

    split_ring(store->location, &owner, &name);
    whose = owner.n > 0 ? doctor_text(d, STR_FMT, STR_ARG(owner)) : d->user;
    if (d->saf == NULL)
        return; /* said once by the security check */
    if (whose[0] == '\0') {
        doctor_find(
            d, RULE_NOT_CHECKED, store->node.file.p, store->node.line,
            doctor_text(d, "sallyport doctor --user=ID %s", d->server_name),
            "keyStore " STR_FMT ": ring " STR_FMT
            " belongs to the server's user, which is not known",
            STR_ARG(store->node.id), STR_ARG(name));
        return;
    }
    e = saf_ring_read(d->saf, str_of(whose), name, false, &ring, &rc, &why);
    if (e == ERR_NOT_FOUND)
        doctor_find(d, RULE_KEY_STORE, store->node.file.p, store->node.line,
                    doctor_racf(d, "RACDCERT ID(%s) ADDRING(" STR_FMT ")",
                                whose, STR_ARG(name)),
                    "keyStore " STR_FMT ": user %s has no ring " STR_FMT,
                    STR_ARG(store->node.id), whose, STR_ARG(name));
    else if (e != ERR_OK)
        doctor_find(d, RULE_NOT_CHECKED, store->node.file.p, store->node.line,
                    doctor_text(d, "sudo sallyport doctor %s", d->server_name),
                    "keyStore " STR_FMT ": ring " STR_FMT
                    " of %s: %s (UPDATE to IRR.DIGTCERT.LISTRING is needed)",
                    STR_ARG(store->node.id), STR_ARG(name), whose, why.text);
    for (size_t i = 0; e == ERR_OK && i < ring.n; i++) {
        const unsigned char *p =
            (const unsigned char *)(const void *)ring.certs[i].der.p;
        X509 *x = d2i_X509(NULL, &p, (long)ring.certs[i].der.n);

        if (x == NULL)
            continue;
        check_certificate(
            d, store,
            doctor_text(d, "\"" STR_FMT "\"", STR_ARG(ring.certs[i].label)), x,
            renewal(d, &ring.certs[i]));
        X509_free(x);
    }
    saf_ring_fini(&ring);
}

/* ---- stores in files ---- */

#define OWN_MAX 64u

/* As given, else below the configuration's folder, else below the output's,
 * where it is looked for last. */
static const char *
store_path(struct doctor *d, const struct cfg_key_store *store)
{
    const char *folders[] = { d->server_dir, d->output_dir };
    const char *at = doctor_text(d, STR_FMT, STR_ARG(store->location));

    for (size_t i = 0; i < ARRAY_LEN(folders) && store->location.p[0] != '/';
         i++) {
        at = doctor_text(d, "%s/resources/security/" STR_FMT, folders[i],
                         STR_ARG(store->location));
        if (access(at, F_OK) == 0)
            return at;
    }
    return at;
}

static enum keystore_type
store_type(const struct cfg_key_store *store)
{
    enum keystore_type type;

    if (!keystore_type_of(store->type, &type))
        type = KEYSTORE_PKCS12;
    if (type == KEYSTORE_PKCS12 && str_ends(store->location, STR(".jks")))
        type = KEYSTORE_JKS;
    if (type == KEYSTORE_PKCS12 && str_ends(store->location, STR(".jceks")))
        type = KEYSTORE_JCEKS;
    return type;
}

static void
check_entries(struct doctor *d, const struct cfg_key_store *store,
              const struct keystore *entries, const char *path)
{
    const char *renew = doctor_text(
        d,
        "openssl pkcs12 -export -in new.pem -inkey new.key -out %s   # of the "
        "new certificate; then REFRESH,KEYSTORE",
        doctor_quote(d, path));

    for (size_t i = 0; i < entries->n; i++) {
        const struct keystore_entry *e = &entries->entries[i];
        const unsigned char *p = (const unsigned char *)(const void *)e->der.p;
        X509 *x = d2i_X509(NULL, &p, (long)e->der.n);

        if (x == NULL)
            continue;
        check_certificate(d, store,
                          e->alias.n > 0
                              ? doctor_text(d, "\"" STR_FMT "\"",
                                            STR_ARG(str_sub(e->alias, 0, 80)))
                              : doctor_text(d, "%zu", i + 1),
                          x, renew);
        X509_free(x);
    }
}

static void
check_file(struct doctor *d, const struct cfg_key_store *store)
{
    struct keystore_password own[OWN_MAX];
    struct keystore_input in = { .type = store_type(store),
                                 .password = secret_view(&store->password),
                                 .has_password = store->has_password,
                                 .own = own };
    const char *path = store_path(d, store);
    struct err_info why = { 0 };
    struct keystore entries;
    struct buf bytes;
    enum err e;

    for (; in.n_own < store->n_key_entries && in.n_own < OWN_MAX; in.n_own++)
        own[in.n_own] = (struct keystore_password){
            store->key_entries[in.n_own].name,
            secret_view(&store->key_entries[in.n_own].key_password)
        };
    buf_init(&bytes, KEYSTORE_BYTES_MAX);
    e = file_read(path, &bytes, &why);
    in.bytes = buf_view(&bytes);
    if (e == ERR_OK && (e = keystore_read(&in, &entries, &why)) == ERR_OK) {
        check_entries(d, store, &entries, path);
        keystore_fini(&entries);
    }
    if (e != ERR_OK && !str_starts(str_of(why.text), str_of(path)))
        err_prefix(&why, "%s", path);
    if (e != ERR_OK)
        doctor_find(d, RULE_KEY_STORE, store->node.file.p, store->node.line,
                    edit(d, &store->node, "location, type and password of it"),
                    "keyStore " STR_FMT ": %s", STR_ARG(store->node.id),
                    why.text);
    if (bytes.p != NULL)
        secret_wipe(bytes.p, bytes.n);
    buf_fini(&bytes);
}

/* The store that a server makes by itself. */
static void
check_default_store(struct doctor *d)
{
    const char *password = getenv("keystore_password");
    const char *path =
        doctor_text(d, "%s/resources/security/key.p12", d->output_dir);
    struct cfg_key_store store = {
        .node = { .id = STR("defaultKeyStore"), .file = str_of(path) },
        .location = str_of(path),
        .type = STR("PKCS12"),
        .has_password = true,
    };

    if (password == NULL || access(path, F_OK) != 0 ||
        !secret_dup(str_of(password), &store.password))
        return;
    check_file(d, &store);
    secret_free(&store.password);
}

void
doctor_check_tls(struct doctor *d)
{
    const struct cfg_key_store *store;
    const struct cfg_ssl *ssl;
    bool has_default = false;

    if (d->tree == NULL)
        return;
    CFG_EACH(d->tree, ssl, ssl)
    {
        check_protocols(d, ssl);
        check_ciphers(d, ssl);
    }
    CFG_EACH(d->tree, key_store, store)
    {
        has_default =
            has_default || str_eq_z(store->node.id, "defaultKeyStore");
        if (store->node.line == 0)
            continue; /* built in, and nobody names it */
        if (store->location.n == 0)
            continue; /* made at the next start */
        if (str_starts_nocase(store->location, STR("safkeyring")))
            check_ring(d, store);
        else
            check_file(d, store);
    }
    if (!has_default)
        check_default_store(d);
}
