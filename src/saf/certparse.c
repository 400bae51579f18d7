#include "saf/certparse.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "saf/certcheck.h"
#include "saf/certfacts.h"
#include "saf/certmake.h"
#include "saf/p12_cost.h"

/* --- bundles
 * ------------------------------------------------------------------------------
 */

struct found {
    X509 *certs[CERTPARSE_CERTS_MAX];
    size_t n;
    EVP_PKEY *key;
    bool has_password_failed;
    bool has_damage;    /* a block of PEM that is none, or cut */
    bool has_remainder; /* bytes behind it that are no padding */
    bool is_too_many;
    struct p12_cost p12;
};

static bool
take(struct found *f, X509 *x)
{
    if (x == NULL)
        return false;
    if (f->n == CERTPARSE_CERTS_MAX) {
        f->is_too_many = true;
        X509_free(x);
        return false;
    }
    f->certs[f->n++] = x;
    return true;
}

static void
take_pkcs7(struct found *f, PKCS7 *p7)
{
    STACK_OF(X509) *certs =
        p7 != NULL && PKCS7_type_is_signed(p7) && p7->d.sign != NULL
            ? p7->d.sign->cert
            : NULL;

    for (int i = 0; i < sk_X509_num(certs); i++)
        (void)take(f, X509_dup(sk_X509_value(certs, i)));
    PKCS7_free(p7);
}

static void
take_pem(struct found *f, struct str input)
{
    BIO *bio = BIO_new_mem_buf(input.p, (int)input.n);
    char *name = NULL, *header = NULL;
    unsigned char *data = NULL;
    unsigned long error;
    long n = 0;

    ERR_clear_error();
    while (bio != NULL && PEM_read_bio(bio, &name, &header, &data, &n) == 1) {
        const unsigned char *p = data;

        if (strcmp(name, PEM_STRING_X509) == 0 ||
            strcmp(name, PEM_STRING_X509_TRUSTED) == 0)
            f->has_damage = !take(f, d2i_X509(NULL, &p, n)) || f->has_damage;
        else if (strcmp(name, PEM_STRING_PKCS7) == 0)
            take_pkcs7(f, d2i_PKCS7(NULL, &p, n));
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_free(data);
        name = header = NULL;
        data = NULL;
    }
    error = ERR_peek_last_error();
    f->has_damage = f->has_damage ||
                    (f->n > 0 && ERR_GET_REASON(error) != PEM_R_NO_START_LINE);
    BIO_free(bio);
}

static void
take_pkcs12(struct arena *a, struct found *f, PKCS12 *p12, struct str password)
{
    STACK_OF(X509) *others = NULL;
    const char *pass = str_z(a, password);
    X509 *cert = NULL;

    p12_cost(p12, pass, &f->p12);
    if (f->p12.is_too_slow)
        return;
    if (pass == NULL || PKCS12_parse(p12, pass, &f->key, &cert, &others) != 1) {
        f->has_password_failed = true;
        return;
    }
    (void)take(f, cert);
    /* libcrypto gives the others in reverse. */
    for (int i = sk_X509_num(others) - 1; i >= 0; i--)
        (void)take(f, X509_dup(sk_X509_value(others, i)));
    sk_X509_pop_free(others, X509_free);
}

/* Records of a data set may be filled up, with NULs or blanks (X'40' of
 * EBCDIC). */
static bool
is_padding(struct str rest)
{
    for (size_t i = 0; i < rest.n; i++) {
        if (rest.p[i] != '\0' && strchr(" \r\n\x40", rest.p[i]) == NULL)
            return false;
    }
    return true;
}

static void
take_der(struct arena *a, struct found *f, struct str input,
         struct str password)
{
    const unsigned char *start = (const unsigned char *)input.p, *p = start;
    X509 *x = d2i_X509(NULL, &p, (long)input.n);
    PKCS12 *p12;
    PKCS7 *p7;

    if (x != NULL) {
        (void)take(f, x);
        f->has_remainder =
            !is_padding(str_sub(input, (size_t)(p - start), input.n));
        return;
    }
    p = start;
    p12 = d2i_PKCS12(NULL, &p, (long)input.n);
    if (p12 != NULL) {
        take_pkcs12(a, f, p12, password);
        PKCS12_free(p12);
        return;
    }
    p = start;
    p7 = d2i_PKCS7(NULL, &p, (long)input.n);
    take_pkcs7(f, p7);
}

/* Which of the bundle's or the trusted certificates signed `x`? */
static int32_t
signer_of(const struct found *f, X509 *x, const struct str *trusted,
          size_t n_trusted)
{
    for (size_t i = 0; i < f->n; i++) {
        if (f->certs[i] != x &&
            X509_check_issued(f->certs[i], x) == X509_V_OK &&
            X509_verify(x, X509_get0_pubkey(f->certs[i])) == 1)
            return (int32_t)i;
    }
    for (size_t i = 0; i < n_trusted; i++) {
        const unsigned char *p = (const unsigned char *)trusted[i].p;
        X509 *ca = d2i_X509(NULL, &p, (long)trusted[i].n);
        bool is_it = ca != NULL && X509_check_issued(ca, x) == X509_V_OK &&
                     X509_verify(x, X509_get0_pubkey(ca)) == 1;

        X509_free(ca);
        if (is_it)
            return (int32_t)(f->n + i);
    }
    return -1;
}

/* --- requests
 * -------------------------------------------------------------------------------
 */

static void
read_request_names(struct arena *a, const STACK_OF(X509_EXTENSION) * list,
                   struct cert_order *o)
{
    GENERAL_NAMES *names =
        X509V3_get_d2i(list, NID_subject_alt_name, NULL, NULL);

    for (int i = 0;
         i < sk_GENERAL_NAME_num(names) && o->n_altnames < CERT_ALTNAMES_MAX;
         i++) {
        const GENERAL_NAME *g = sk_GENERAL_NAME_value(names, i);
        const ASN1_STRING *value =
            g->type == GEN_IPADD ? g->d.iPAddress : g->d.ia5;

        if (g->type != GEN_IPADD && g->type != GEN_DNS &&
            g->type != GEN_EMAIL && g->type != GEN_URI)
            continue;
        if (ASN1_STRING_length(value) < 1 || ASN1_STRING_length(value) > 255)
            continue;
        o->altnames[o->n_altnames++] = (struct cert_altname){
            (uint8_t)g->type,
            str_dup(a, str_n(ASN1_STRING_get0_data(value),
                             (size_t)ASN1_STRING_length(value))),
        };
    }
    GENERAL_NAMES_free(names);
}

static void
read_request_extensions(struct arena *a, X509_REQ *req, struct cert_order *o)
{
    STACK_OF(X509_EXTENSION) *list = X509_REQ_get_extensions(req);
    ASN1_BIT_STRING *usage = X509V3_get_d2i(list, NID_key_usage, NULL, NULL);
    ASN1_OCTET_STRING *id =
        X509V3_get_d2i(list, NID_subject_key_identifier, NULL, NULL);
    int n = id == NULL ? 0 : ASN1_STRING_length(id);

    for (int i = 0; i < 9; i++)
        if (ASN1_BIT_STRING_get_bit(usage, i) == 1)
            o->usage |= i < 8 ? 0x80u >> i : KU_DECIPHER_ONLY;
    if (n > 0 && n <= (int)CERT_KEY_ID_MAX)
        o->key_id = str_dup(a, str_n(ASN1_STRING_get0_data(id), (size_t)n));
    read_request_names(a, list, o);
    ASN1_BIT_STRING_free(usage);
    ASN1_OCTET_STRING_free(id);
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}

static X509_REQ *
find_request(struct str input)
{
    const unsigned char *p = (const unsigned char *)input.p;
    X509_REQ *req = d2i_X509_REQ(NULL, &p, (long)input.n);

    if (req == NULL) {
        BIO *bio = BIO_new_mem_buf(input.p, (int)input.n);

        req = bio == NULL ? NULL : PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);
        BIO_free(bio);
    }
    return req;
}

/* A request proves that its maker has the key: checked here. */
static enum err
read_request(struct arena *a, struct str input, struct cert_bundle *out,
             struct err_info *why)
{
    X509_REQ *req = find_request(input);
    unsigned char *der = NULL;
    enum err e = ERR_OK;
    int n;

    if (req == NULL)
        return ERR_NOT_FOUND;
    if (X509_REQ_verify(req, X509_REQ_get0_pubkey(req)) != 1)
        e = err_set(why, ERR_SYNTAX,
                    "the request is not signed with its own key");
    out->is_request = true;
    out->order.subject = certfacts_name_der(a, X509_REQ_get_subject_name(req));
    n = i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(req), &der);
    out->order.spki = certfacts_keep(a, der, n);
    read_request_extensions(a, req, &out->order);
    X509_REQ_free(req);
    return e;
}

/* --- all
 * --------------------------------------------------------------------------------------
 */

/* Nobody in the bundle was signed by it. */
static bool
is_end_entity(const struct found *f, const int32_t *signer, size_t i)
{
    for (size_t k = 0; k < f->n; k++)
        if (signer[k] == (int32_t)i)
            return false;
    return true;
}

/*
 * The end entity first, then who signed it, and so on; what belongs to none of
 * these keeps its place behind them. With a key the first is the end entity. A
 * file may have them in any order, and a PKCS#7 has no order at all.
 */
static void
put_in_order(const struct found *f, const int32_t *signer, size_t *at)
{
    bool is_placed[CERTPARSE_CERTS_MAX] = { false };
    size_t first = 0, n = 0;

    while (f->key == NULL && first < f->n && !is_end_entity(f, signer, first))
        first++;
    if (first == f->n)
        first = 0;
    for (int32_t i = (int32_t)first;
         i >= 0 && (size_t)i < f->n && !is_placed[i]; i = signer[i]) {
        is_placed[i] = true;
        at[n++] = (size_t)i;
    }
    for (size_t i = 0; i < f->n; i++)
        if (!is_placed[i])
            at[n++] = i;
}

static enum err
keep_found(struct arena *a, const struct found *f, const struct str *trusted,
           size_t n_trusted, struct cert_bundle *out, struct err_info *why)
{
    int32_t signer[CERTPARSE_CERTS_MAX], place[CERTPARSE_CERTS_MAX] = { 0 };
    size_t at[CERTPARSE_CERTS_MAX] = { 0 };
    struct buf pkcs8;
    enum err e = ERR_OK;

    for (size_t i = 0; i < f->n; i++) {
        if ((e = certcheck(f->certs[i], why)) != ERR_OK)
            return e;
    }
    for (size_t i = 0; i < f->n; i++)
        signer[i] = signer_of(f, f->certs[i], trusted, n_trusted);
    put_in_order(f, signer, at);
    for (size_t i = 0; i < f->n; i++)
        place[at[i]] = (int32_t)i;
    if (f->key != NULL &&
        (e = certcheck_key(f->certs[at[0]], f->key, why)) != ERR_OK)
        return e;
    out->certs = ARENA_ARRAY(a, struct cert_facts, f->n);
    if (out->certs == NULL)
        return err_set(why, ERR_MEMORY, "no storage for certificates");
    for (size_t i = 0; i < f->n; i++) {
        int32_t by = signer[at[i]];

        certfacts_read(a, f->certs[at[i]], &out->certs[i]);
        if (out->certs[i].der.n == 0 || out->certs[i].der.n > CERT_DER_MAX)
            return err_set(why, ERR_LIMIT,
                           "a certificate is longer than %u bytes",
                           CERT_DER_MAX);
        out->certs[i].signer = by >= 0 && (size_t)by < f->n ? place[by] : by;
    }
    out->n = f->n;
    if (f->key == NULL)
        return ERR_OK;
    buf_init(&pkcs8, CERT_DER_MAX);
    e = cert_pkcs8(f->key, &pkcs8, why);
    if (e == ERR_OK)
        out->pkcs8 = str_dup(a, buf_view(&pkcs8));
    buf_fini(&pkcs8);
    return e;
}

enum err
certparse(struct arena *a, struct str input, struct str password,
          const struct str *trusted, size_t n_trusted, struct cert_bundle *out,
          struct err_info *why)
{
    struct cert_bundle bundle = { .n = 0 };
    struct found f = { .n = 0 };
    enum err e;

    if (input.n == 0 || input.n > CERTPARSE_INPUT_MAX)
        return err_set(why, ERR_LIMIT, "%zu bytes, expected 1 to %u", input.n,
                       CERTPARSE_INPUT_MAX);
    take_pem(&f, input);
    if (f.n == 0)
        take_der(a, &f, input, password);
    if (f.is_too_many)
        e = err_set(why, ERR_LIMIT, "more than %u certificates",
                    CERTPARSE_CERTS_MAX);
    else if (f.n > 0 && f.has_damage)
        e = err_set(why, ERR_SYNTAX,
                    "one of the certificates is cut or damaged");
    else if (f.has_remainder)
        e = err_set(why, ERR_SYNTAX,
                    "something follows the certificate that is not part of "
                    "it");
    else if (f.n > 0)
        e = keep_found(a, &f, trusted, n_trusted, &bundle, why);
    else if (f.p12.is_too_slow)
        e = err_set(why, ERR_LIMIT,
                    "the PKCS#12 package asks for more than %d iterations",
                    P12_ITERATIONS_MAX);
    else if (f.has_password_failed && f.p12.old_cipher != NULL)
        e = err_set(why, ERR_UNSUPPORTED,
                    "the PKCS#12 package is encrypted with %s, an old cipher "
                    "that is not taken; make it anew: openssl pkcs12 -legacy "
                    "-in OLD -nodes -out PEM; openssl pkcs12 -export "
                    "-in PEM -out NEW",
                    f.p12.old_cipher);
    else if (f.has_password_failed)
        e = err_set(why, ERR_DENIED,
                    "the PKCS#12 package does not open with this password");
    else
        e = read_request(a, input, &bundle, why);
    if (e == ERR_NOT_FOUND)
        e = err_set(why, ERR_SYNTAX,
                    "no certificate: expected PEM, DER, PKCS#7 or PKCS#12");
    for (size_t i = 0; i < f.n; i++)
        X509_free(f.certs[i]);
    EVP_PKEY_free(f.key);
    ERR_clear_error();
    if (e == ERR_OK)
        *out = bundle;
    return e;
}

static X509 *
cert_of(struct str der)
{
    const unsigned char *p = (const unsigned char *)der.p;

    return d2i_X509(NULL, &p, (long)der.n);
}

enum err
certparse_pkcs12(struct str der, struct str pkcs8, const struct str *chain,
                 size_t n_chain, struct str label, struct str password,
                 struct buf *out, struct err_info *why)
{
    STACK_OF(X509) *others = sk_X509_new_null();
    X509 *x = cert_of(der);
    EVP_PKEY *key = NULL;
    PKCS12 *p12 = NULL;
    unsigned char *bytes = NULL;
    struct arena a;
    char *label_z, *password_z;
    int n = 0;
    enum err e = ERR_OK;

    arena_init(&a, 4096);
    label_z = str_z(&a, label);
    password_z = str_z(&a, password);
    for (size_t i = 0; i < n_chain && others != NULL; i++) {
        X509 *ca = cert_of(chain[i]);

        if (ca != NULL && sk_X509_push(others, ca) <= 0)
            X509_free(ca);
    }
    if (pkcs8.n > 0)
        e = cert_key_read(pkcs8, &key, why);
    if (e == ERR_OK && x != NULL && label_z != NULL && password_z != NULL)
        p12 = PKCS12_create(password_z, label_z, key, x, others, 0, 0, 0, 0, 0);
    if (p12 != NULL)
        n = i2d_PKCS12(p12, &bytes);
    if (n > 0)
        buf_add(out, str_n(bytes, (size_t)n));
    else if (e == ERR_OK)
        e = err_set(why, ERR_IO, "libcrypto cannot make the PKCS#12 package");
    OPENSSL_free(bytes);
    PKCS12_free(p12);
    EVP_PKEY_free(key);
    X509_free(x);
    sk_X509_pop_free(others, X509_free);
    arena_fini(&a);
    return e;
}

enum err
certparse_pkcs7(const struct str *ders, size_t n_ders, struct buf *out,
                struct err_info *why)
{
    PKCS7 *p7 = PKCS7_new();
    unsigned char *bytes = NULL;
    int n = 0;
    bool ok = p7 != NULL && PKCS7_set_type(p7, NID_pkcs7_signed) == 1 &&
              PKCS7_content_new(p7, NID_pkcs7_data) == 1;

    for (size_t i = 0; i < n_ders && ok; i++) {
        X509 *x = cert_of(ders[i]);

        ok = x != NULL && PKCS7_add_certificate(p7, x) == 1;
        X509_free(x);
    }
    if (ok)
        n = i2d_PKCS7(p7, &bytes);
    if (n > 0)
        buf_add(out, str_n(bytes, (size_t)n));
    OPENSSL_free(bytes);
    PKCS7_free(p7);
    return n > 0 ? ERR_OK
                 : err_set(why, ERR_IO, "libcrypto cannot make the package");
}
