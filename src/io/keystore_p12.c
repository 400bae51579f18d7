/*
 * PKCS12, as keytool and openssl write it. PKCS12_parse of the library knows
 * one key for each store; here all bags are walked, and keys find their
 * certificates by localKeyID. Stores of older Javas encrypt certificates with
 * RC2, which only the legacy provider has: it is loaded into a library context
 * of its own, so that nothing else in the process may use it.
 *
 * Java marks certificates to trust with an attribute. Stores made by others do
 * not, so a certificate that stands in no key's chain is trusted as well.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/vec.h"
#include "io/keystore_priv.h"

#define OID_TRUSTED "2.16.840.1.113894.746875.1.1"
#define NEST_MAX 4u
#define PASSWORD_MAX 1024u
#define VALID_S (365L * 24 * 3600)
#define KEY_BITS 2048u

static OSSL_LIB_CTX *library;

static void
make_library(void)
{
    library = OSSL_LIB_CTX_new();
    if (library == NULL)
        return;
    if (OSSL_PROVIDER_load(library, "default") == NULL) {
        OSSL_LIB_CTX_free(library);
        library = NULL;
        return;
    }
    /* Absent where somebody removed it; current stores open without. */
    (void)OSSL_PROVIDER_load(library, "legacy");
    ERR_clear_error();
}

/* ---- the bags ---- */

struct bag {
    struct str id;    /* localKeyID; borrowed from the bag */
    char *alias;      /* OPENSSL_free */
    X509 *x509;       /* certificates */
    EVP_PKEY *key;    /* keys */
    bool is_trusted;  /* marked by Java */
    bool is_in_chain; /* below */
};

struct bags {
    struct {
        struct bag *v;
        size_t n, cap;
    } found;
    struct keystore_reading *r;
    char password[PASSWORD_MAX + 1];
};

static struct str
local_id(const PKCS12_SAFEBAG *bag)
{
    const ASN1_TYPE *value = PKCS12_SAFEBAG_get0_attr(bag, NID_localKeyID);

    if (value == NULL || value->type != V_ASN1_OCTET_STRING)
        return STR("");
    return str_n(value->value.octet_string->data,
                 (size_t)value->value.octet_string->length);
}

static bool
is_marked(const PKCS12_SAFEBAG *bag)
{
    const STACK_OF(X509_ATTRIBUTE) *all = PKCS12_SAFEBAG_get0_attrs(bag);
    char oid[64];

    for (int i = 0; i < sk_X509_ATTRIBUTE_num(all); i++) {
        OBJ_obj2txt(oid, sizeof oid,
                    X509_ATTRIBUTE_get0_object(sk_X509_ATTRIBUTE_value(all, i)),
                    1);
        if (strcmp(oid, OID_TRUSTED) == 0)
            return true;
    }
    return false;
}

static EVP_PKEY *
key_of(struct bags *b, PKCS12_SAFEBAG *bag, const char *alias)
{
    struct str own;
    PKCS8_PRIV_KEY_INFO *opened = NULL;
    EVP_PKEY *key = NULL;
    char *password;

    if (PKCS12_SAFEBAG_get_nid(bag) == NID_keyBag)
        return EVP_PKCS82PKEY(PKCS12_SAFEBAG_get0_p8inf(bag));
    if (!keystore_password_of(b->r->from, str_of(alias), &own) ||
        (password = OPENSSL_malloc(own.n + 1)) == NULL)
        return NULL;
    if (own.n > 0)
        memcpy(password, own.p, own.n);
    password[own.n] = '\0';
    opened = PKCS12_decrypt_skey_ex(bag, password, (int)own.n, library, NULL);
    if (opened != NULL)
        key = EVP_PKCS82PKEY(opened);
    PKCS8_PRIV_KEY_INFO_free(opened);
    OPENSSL_clear_free(password, own.n + 1);
    return key;
}

static enum err read_bags(struct bags *, const STACK_OF(PKCS12_SAFEBAG) *,
                          unsigned depth);

static enum err
read_bag(struct bags *b, PKCS12_SAFEBAG *bag, unsigned depth)
{
    int kind = PKCS12_SAFEBAG_get_nid(bag);
    struct bag entry = { .id = local_id(bag) };
    enum err e;

    if (kind == NID_safeContentsBag)
        return depth == NEST_MAX
                   ? err_set(b->r->why, ERR_LIMIT, "bags nested too deep")
                   : read_bags(b, PKCS12_SAFEBAG_get0_safes(bag), depth + 1);
    if (kind != NID_keyBag && kind != NID_pkcs8ShroudedKeyBag &&
        (kind != NID_certBag ||
         PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate))
        return ERR_OK; /* CRLs and secrets: not for TLS */
    entry.alias = PKCS12_get_friendlyname(bag);
    if (kind == NID_certBag) {
        entry.x509 = PKCS12_SAFEBAG_get1_cert(bag);
        entry.is_trusted = is_marked(bag);
    } else {
        entry.key = key_of(b, bag, entry.alias == NULL ? "" : entry.alias);
    }
    if ((entry.x509 != NULL || entry.key != NULL) && VEC_PUSH(&b->found, entry))
        return ERR_OK;
    X509_free(entry.x509);
    EVP_PKEY_free(entry.key);
    e = kind == NID_certBag
            ? err_set(b->r->why, ERR_SYNTAX,
                      "the certificate %.100s is damaged",
                      entry.alias == NULL ? "" : entry.alias)
            : keystore_refuse_key(
                  b->r, str_of(entry.alias == NULL ? "" : entry.alias));
    OPENSSL_free(entry.alias);
    return e;
}

static enum err
read_bags(struct bags *b, const STACK_OF(PKCS12_SAFEBAG) * bags, unsigned depth)
{
    enum err e = ERR_OK;

    for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags) && e == ERR_OK; i++)
        e = read_bag(b, sk_PKCS12_SAFEBAG_value(bags, i), depth);
    return e;
}

/* ---- what belongs together ---- */

static const struct bag *
certificate_of(const struct bags *b, const struct bag *key)
{
    const struct bag *fits = NULL;

    for (size_t i = 0; i < b->found.n; i++) {
        const struct bag *at = &b->found.v[i];

        if (at->x509 == NULL || X509_check_private_key(at->x509, key->key) != 1)
            continue;
        if (key->id.n > 0 && str_eq(at->id, key->id))
            return at;
        if (fits == NULL)
            fits = at;
    }
    return fits;
}

/* Issuers of `of` in the store stand in its chain. */
static void
mark_chain(struct bags *b, const struct bag *of)
{
    for (size_t depth = 0; depth < b->found.n; depth++) {
        struct bag *issuer = NULL;

        for (size_t i = 0; i < b->found.n && issuer == NULL; i++) {
            struct bag *at = &b->found.v[i];

            if (at->x509 != NULL && at != of && !at->is_in_chain &&
                X509_check_issued(at->x509, of->x509) == X509_V_OK)
                issuer = at;
        }
        if (issuer == NULL)
            return;
        issuer->is_in_chain = true;
        of = issuer;
    }
}

static enum err
add(struct bags *b, const struct bag *certificate, const struct bag *key)
{
    enum keystore_kind kind = key != NULL                ? KEYSTORE_KEY
                              : certificate->is_trusted  ? KEYSTORE_TRUSTED
                              : certificate->is_in_chain ? KEYSTORE_CHAIN
                                                         : KEYSTORE_TRUSTED;
    const char *alias =
        key != NULL && key->alias != NULL ? key->alias : certificate->alias;
    struct keystore_entry *entry;
    unsigned char *der = NULL;
    PKCS8_PRIV_KEY_INFO *info;
    int n = i2d_X509(certificate->x509, &der);
    bool is_ok;

    entry =
        n <= 0 ? NULL
               : keystore_add(b->r, kind, str_of(alias), str_n(der, (size_t)n));
    OPENSSL_free(der);
    if (entry == NULL || key == NULL)
        return entry == NULL ? ERR_MEMORY : ERR_OK;
    info = EVP_PKEY2PKCS8(key->key);
    der = NULL;
    n = info == NULL ? -1 : i2d_PKCS8_PRIV_KEY_INFO(info, &der);
    is_ok = n > 0 && secret_dup(str_n(der, (size_t)n), &entry->key);
    if (n > 0)
        OPENSSL_clear_free(der, (size_t)n);
    PKCS8_PRIV_KEY_INFO_free(info);
    return is_ok ? ERR_OK
                 : err_set(b->r->why, ERR_MEMORY, "no storage for a key");
}

static bool
is_of_key(const struct bags *b, const struct bag *certificate)
{
    for (size_t i = 0; i < b->found.n; i++)
        if (b->found.v[i].key != NULL &&
            certificate_of(b, &b->found.v[i]) == certificate)
            return true;
    return false;
}

static enum err
add_all(struct bags *b)
{
    enum err e = ERR_OK;

    for (size_t i = 0; i < b->found.n && e == ERR_OK; i++) {
        const struct bag *key = &b->found.v[i], *certificate;

        if (key->key == NULL)
            continue;
        certificate = certificate_of(b, key);
        if (certificate == NULL)
            continue; /* a key without a certificate is of no use to TLS */
        mark_chain(b, certificate);
        e = add(b, certificate, key);
    }
    for (size_t i = 0; i < b->found.n && e == ERR_OK; i++)
        if (b->found.v[i].x509 != NULL && !is_of_key(b, &b->found.v[i]))
            e = add(b, &b->found.v[i], NULL);
    return e;
}

/* ---- the store ---- */

static STACK_OF(PKCS12_SAFEBAG) * bags_of(struct bags *b, PKCS7 *part)
{
    switch (OBJ_obj2nid(part->type)) {
    case NID_pkcs7_data:
        return PKCS12_unpack_p7data(part);
    case NID_pkcs7_encrypted:
        return PKCS12_unpack_p7encdata(part, b->password,
                                       (int)b->r->from->password.n);
    default:
        return NULL;
    }
}

static enum err
read_parts(struct bags *b, const STACK_OF(PKCS7) * parts)
{
    enum err e = ERR_OK;

    for (int i = 0; i < sk_PKCS7_num(parts) && e == ERR_OK; i++) {
        STACK_OF(PKCS12_SAFEBAG) *bags = bags_of(b, sk_PKCS7_value(parts, i));

        e = bags == NULL
                ? err_set(b->r->why, ERR_DENIED,
                          "part %d cannot be opened: wrong password, damaged, "
                          "or an algorithm that is not available",
                          i + 1)
                : read_bags(b, bags, 0);
        /* Names and ids are borrowed from the bags. */
        for (size_t k = 0; e == ERR_OK && k < b->found.n; k++)
            if (b->found.v[k].id.n > 0)
                b->found.v[k].id = str_dup(&b->r->to->arena, b->found.v[k].id);
        sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    }
    return e;
}

static enum err
open_store(struct bags *b, PKCS12 *p12)
{
    STACK_OF(PKCS7) * parts;
    enum err e;

    if (PKCS12_mac_present(p12) == 1 &&
        PKCS12_verify_mac(p12, b->password, (int)b->r->from->password.n) != 1)
        return err_set(b->r->why, ERR_DENIED,
                       b->r->from->has_password
                           ? "the password is wrong, or the store was changed"
                           : "no password is given, and the store has one");
    parts = PKCS12_unpack_authsafes(p12);
    if (parts == NULL)
        return err_set(b->r->why, ERR_SYNTAX, "the store is damaged");
    e = read_parts(b, parts);
    sk_PKCS7_pop_free(parts, PKCS7_free);
    return e == ERR_OK ? add_all(b) : e;
}

static void
free_bags(struct bags *b)
{
    for (size_t i = 0; i < b->found.n; i++) {
        OPENSSL_free(b->found.v[i].alias);
        X509_free(b->found.v[i].x509);
        EVP_PKEY_free(b->found.v[i].key);
    }
    VEC_FREE(&b->found);
    OPENSSL_cleanse(b->password, sizeof b->password);
}

void
keystore_prepare(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, make_library);
}

enum err
keystore_read_pkcs12(struct keystore_reading *r)
{
    const unsigned char *p = (const unsigned char *)r->from->bytes.p;
    struct bags b = { .r = r };
    PKCS12 *p12;
    enum err e;

    keystore_prepare();
    if (!str_copy_z(r->from->password, b.password, sizeof b.password))
        return err_set(r->why, ERR_DENIED, "the password is too long");
    p12 =
        library == NULL ? NULL : PKCS12_init_ex(NID_pkcs7_data, library, NULL);
    if (p12 == NULL)
        return err_set(r->why, ERR_MEMORY, "no storage for a key store");
    /* On failure it is freed and p12 becomes NULL. */
    if (d2i_PKCS12(&p12, &p, (long)r->from->bytes.n) == NULL)
        e = err_set(r->why, ERR_SYNTAX, "this is not a PKCS12 key store");
    else
        e = open_store(&b, p12);
    free_bags(&b);
    PKCS12_free(p12);
    return e;
}

/* ---- a new one ---- */

static bool
is_address(const char *host)
{
    unsigned char bytes[16];

    return inet_pton(AF_INET, host, bytes) == 1 ||
           inet_pton(AF_INET6, host, bytes) == 1;
}

static bool
add_name(X509_NAME *name, const char *type, const char *value)
{
    return X509_NAME_add_entry_by_txt(name, type, MBSTRING_UTF8,
                                      (const unsigned char *)value, -1, -1,
                                      0) == 1;
}

static bool
name_it(X509 *x509, const char *host, const char *server_name)
{
    X509_NAME *name = X509_get_subject_name(x509);
    X509_EXTENSION *san;
    char text[300];
    bool is_ok;

    snprintf(text, sizeof text, "%s:%s", is_address(host) ? "IP" : "DNS", host);
    if (!add_name(name, "C", "us") || !add_name(name, "O", "ibm") ||
        !add_name(name, "OU", server_name) || !add_name(name, "CN", host) ||
        X509_set_issuer_name(x509, name) != 1)
        return false;
    san = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, text);
    is_ok = san != NULL && X509_add_ext(x509, san, -1) == 1;
    X509_EXTENSION_free(san);
    return is_ok;
}

static bool
sign_certificate(X509 *x509, EVP_PKEY *key, const char *host,
                 const char *server_name)
{
    unsigned char number[8];
    BIGNUM *serial = NULL;
    bool is_ok = RAND_bytes(number, sizeof number) == 1;

    number[0] &= 0x7f;
    if (is_ok)
        serial = BN_bin2bn(number, sizeof number, NULL);
    is_ok = serial != NULL &&
            BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(x509)) != NULL &&
            X509_set_version(x509, X509_VERSION_3) == 1 &&
            X509_gmtime_adj(X509_getm_notBefore(x509), 0) != NULL &&
            X509_gmtime_adj(X509_getm_notAfter(x509), VALID_S) != NULL &&
            X509_set_pubkey(x509, key) == 1 &&
            name_it(x509, host, server_name) &&
            X509_sign(x509, key, EVP_sha256()) > 0;
    BN_free(serial);
    return is_ok;
}

enum err
keystore_create(struct str host, struct str server_name, struct str password,
                struct buf *out, struct err_info *why)
{
    char host_z[254], server_z[65], password_z[PASSWORD_MAX + 1];
    EVP_PKEY *key = NULL;
    X509 *x509 = NULL;
    PKCS12 *p12 = NULL;
    unsigned char *der = NULL;
    enum err e = ERR_OK;
    int n = -1;

    if (!str_copy_z(host, host_z, sizeof host_z) ||
        !str_copy_z(str_sub(server_name, 0, 64), server_z, sizeof server_z) ||
        !str_copy_z(password, password_z, sizeof password_z))
        return err_set(why, ERR_LIMIT, "a name or the password is too long");
    key = EVP_RSA_gen(KEY_BITS);
    x509 = X509_new();
    if (key != NULL && x509 != NULL &&
        sign_certificate(x509, key, host_z, server_z))
        p12 = PKCS12_create(password_z, "default", key, x509, NULL, 0, 0, 0, 0,
                            0);
    OPENSSL_cleanse(password_z, sizeof password_z);
    if (p12 != NULL)
        n = i2d_PKCS12(p12, &der);
    if (n <= 0)
        e = err_set(why, ERR_IO, "%s",
                    ERR_reason_error_string(ERR_peek_last_error()) == NULL
                        ? "no storage"
                        : ERR_reason_error_string(ERR_peek_last_error()));
    else
        buf_add(out, str_n(der, (size_t)n));
    OPENSSL_free(der);
    PKCS12_free(p12);
    X509_free(x509);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return e != ERR_OK ? e : buf_check(out, why);
}
