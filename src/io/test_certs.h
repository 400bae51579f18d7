/*
 * Certificates made while a test runs: a CA, and leaves it signs. For tests and
 * benchmarks only.
 */
#ifndef SALLYPORT_IO_TEST_CERTS_H
#define SALLYPORT_IO_TEST_CERTS_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "io/tls.h"

struct test_cert {
    X509 *x509;
    EVP_PKEY *key;
    unsigned char *der, *key_der;
    int der_bytes, key_bytes;
};

struct test_cert_spec {
    const char *name; /* CN */
    const char *san;  /* "DNS:a,IP:1.2.3.4" or NULL */
    const char *aia;  /* "OCSP;URI:http://..." or NULL */
    const char *cdp;  /* "URI:http://..." or NULL */
    bool signs_ocsp;  /* for its issuer */
    bool is_ca;
    bool is_rsa;                    /* else P-256 */
    unsigned rsa_bits;              /* other than 2048 */
    int valid_from_s, valid_to_s;   /* from now; 0, 0: an hour */
    const struct test_cert *issuer; /* NULL: self-signed */
};

static inline void
test_cert_extension(X509 *x509, int nid, const char *value)
{
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    if (ext == NULL || X509_add_ext(x509, ext, -1) != 1)
        abort();
    X509_EXTENSION_free(ext);
}

static inline struct test_cert
test_cert_make(struct test_cert_spec spec)
{
    static long serial;
    struct test_cert c = { .x509 = X509_new() };
    X509_NAME *name = X509_get_subject_name(c.x509);
    const struct test_cert *by = spec.issuer == NULL ? &c : spec.issuer;
    PKCS8_PRIV_KEY_INFO *info;

    c.key = spec.rsa_bits != 0 ? EVP_RSA_gen(spec.rsa_bits)
            : spec.is_rsa      ? EVP_RSA_gen(2048)
                               : EVP_EC_gen("P-256");
    if (c.key == NULL)
        abort();
    X509_set_version(c.x509, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(c.x509), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(c.x509),
                    spec.valid_from_s == 0 ? -60 : spec.valid_from_s);
    X509_gmtime_adj(X509_getm_notAfter(c.x509),
                    spec.valid_to_s == 0 ? 3600 : spec.valid_to_s);
    X509_set_pubkey(c.x509, c.key);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                               (const unsigned char *)spec.name, -1, -1, 0);
    X509_set_issuer_name(c.x509, X509_get_subject_name(by->x509));
    test_cert_extension(c.x509, NID_basic_constraints,
                        spec.is_ca ? "critical,CA:TRUE" : "CA:FALSE");
    if (spec.san != NULL)
        test_cert_extension(c.x509, NID_subject_alt_name, spec.san);
    if (spec.aia != NULL)
        test_cert_extension(c.x509, NID_info_access, spec.aia);
    if (spec.cdp != NULL)
        test_cert_extension(c.x509, NID_crl_distribution_points, spec.cdp);
    if (spec.signs_ocsp)
        test_cert_extension(c.x509, NID_ext_key_usage, "OCSPSigning");
    if (X509_sign(c.x509, by->key, EVP_sha256()) == 0)
        abort();
    c.der_bytes = i2d_X509(c.x509, &c.der);
    info = EVP_PKEY2PKCS8(c.key);
    c.key_bytes = i2d_PKCS8_PRIV_KEY_INFO(info, &c.key_der);
    PKCS8_PRIV_KEY_INFO_free(info);
    return c;
}

static inline struct str
test_cert_der(const struct test_cert *c)
{
    return str_n(c->der, (size_t)c->der_bytes);
}

static inline struct tls_identity
test_cert_identity(const struct test_cert *c)
{
    return (struct tls_identity){ test_cert_der(c),
                                  str_n(c->key_der, (size_t)c->key_bytes) };
}

static inline void
test_cert_free(struct test_cert *c)
{
    X509_free(c->x509);
    EVP_PKEY_free(c->key);
    OPENSSL_free(c->der);
    OPENSSL_free(c->key_der);
    *c = (struct test_cert){ 0 };
}

#endif
