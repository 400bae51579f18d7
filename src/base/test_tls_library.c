/* OpenSSL's context for TLS: what it has, and when there is none. Where
 * OpenSSL remembers its decoders there never is. */
#include "base/test.h"

#include <openssl/decoder.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/tls_library.h"

/* In a child: the answer holds for a process's life. */
static int
in_child(bool (*check)(void))
{
    int status = -1;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0)
        _exit(check() ? 0 : 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void
need(void)
{
    if (tls_library() == NULL)
        skip();
}

static void
is_there(void **state)
{
    (void)state;
    assert_true((tls_library() != NULL) ==
                (OpenSSL_version_num() < 0x30200000ul));
    assert_ptr_equal(tls_library(), tls_library());
}

/* --- keys -------------------------------------------------------------------
 */

static const struct {
    const char *type, *group;
    bool is_made_with_bits;
} keys[] = {
    { "RSA", NULL, true },      { "RSA-PSS", NULL, true },
    { "EC", "P-256", false },   { "EC", "P-384", false },
    { "EC", "P-521", false },   { "EC", "brainpoolP256r1", false },
    { "ED25519", NULL, false }, { "ED448", NULL, false },
};

static EVP_PKEY *
make_key(size_t i)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, keys[i].type, NULL);
    EVP_PKEY *key = NULL;

    assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
    if (keys[i].is_made_with_bits)
        assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048), 1);
    if (keys[i].group != NULL)
        assert_int_equal(EVP_PKEY_CTX_set_group_name(ctx, keys[i].group), 1);
    assert_int_equal(EVP_PKEY_generate(ctx, &key), 1);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

/* Signed by itself, as DER. */
static int
make_certificate(EVP_PKEY *key, unsigned char **der)
{
    X509 *x = X509_new();
    X509_NAME *name = X509_get_subject_name(x);
    bool has_digest = EVP_PKEY_get_base_id(key) != EVP_PKEY_ED25519 &&
                      EVP_PKEY_get_base_id(key) != EVP_PKEY_ED448;
    int n;

    *der = NULL;
    assert_int_equal(X509_set_version(x, 2), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(x), 7), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(x), -60));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(x), 3600));
    assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                                (const unsigned char *)"me", -1,
                                                -1, 0),
                     1);
    assert_int_equal(X509_set_issuer_name(x, name), 1);
    assert_int_equal(X509_set_pubkey(x, key), 1);
    assert_true(X509_sign(x, key, has_digest ? EVP_sha256() : NULL) > 0);
    n = i2d_X509(x, der);
    assert_true(n > 0);
    X509_free(x);
    return n;
}

static X509 *
read_certificate(OSSL_LIB_CTX *in, const unsigned char *der, int n)
{
    X509 *x = X509_new_ex(in, NULL);

    assert_non_null(d2i_X509(&x, &der, n));
    return x;
}

/* Read here and there, each verified with the other's key. */
static void
keys_of_certificates(void **state)
{
    (void)state;
    need();
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        EVP_PKEY *key = make_key(i);
        unsigned char *der;
        int n = make_certificate(key, &der);
        X509 *here = read_certificate(tls_library(), der, n);
        X509 *there = read_certificate(NULL, der, n);

        assert_non_null(X509_get0_pubkey(here));
        assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(here), key), 1);
        assert_int_equal(X509_verify(here, X509_get0_pubkey(here)), 1);
        assert_int_equal(X509_verify(here, X509_get0_pubkey(there)), 1);
        assert_int_equal(X509_verify(there, X509_get0_pubkey(here)), 1);
        der[n - 1] ^= 1; /* of the signature */
        X509_free(here);
        here = read_certificate(tls_library(), der, n);
        assert_int_not_equal(X509_verify(here, X509_get0_pubkey(here)), 1);
        X509_free(here);
        X509_free(there);
        OPENSSL_free(der);
        EVP_PKEY_free(key);
    }
}

static void
count_one(OSSL_DECODER *decoder, void *arg)
{
    unsigned *n = arg;

    (void)decoder;
    ++*n;
}

static void
few_decoders(void **state)
{
    unsigned here = 0, all = 0;

    (void)state;
    need();
    OSSL_DECODER_do_all_provided(tls_library(), count_one, &here);
    OSSL_DECODER_do_all_provided(NULL, count_one, &all);
    assert_int_equal(here, 6);
    assert_true(all > 30);
}

/* --- TLS --------------------------------------------------------------------
 */

static void
pump(SSL *from, SSL *to)
{
    char bytes[4096];
    int n;

    while ((n = BIO_read(SSL_get_wbio(from), bytes, sizeof bytes)) > 0)
        assert_int_equal(BIO_write(SSL_get_rbio(to), bytes, n), n);
}

static SSL *
session(SSL_CTX *ctx, bool is_client)
{
    SSL *ssl = SSL_new(ctx);

    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    if (is_client)
        SSL_set_connect_state(ssl);
    else
        SSL_set_accept_state(ssl);
    return ssl;
}

/* A key that was read elsewhere signs; the client verifies with a certificate
 * from elsewhere. */
static void
shake(OSSL_LIB_CTX *client_in, OSSL_LIB_CTX *server_in, size_t i, int version)
{
    SSL_CTX *c = SSL_CTX_new_ex(client_in, NULL, TLS_method());
    SSL_CTX *s = SSL_CTX_new_ex(server_in, NULL, TLS_method());
    EVP_PKEY *key = make_key(i);
    unsigned char *der;
    int n = make_certificate(key, &der);
    X509 *x = read_certificate(NULL, der, n);
    SSL *client, *server;

    assert_int_equal(SSL_CTX_use_certificate(s, x), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(s, key), 1);
    assert_int_equal(SSL_CTX_check_private_key(s), 1);
    assert_int_equal(X509_STORE_add_cert(SSL_CTX_get_cert_store(c), x), 1);
    SSL_CTX_set_verify(c, SSL_VERIFY_PEER, NULL);
    assert_int_equal(SSL_CTX_set_max_proto_version(c, version), 1);
    client = session(c, true);
    server = session(s, false);
    for (int turn = 0; turn < 4; turn++) {
        (void)SSL_do_handshake(client);
        pump(client, server);
        (void)SSL_do_handshake(server);
        pump(server, client);
    }
    assert_int_equal(SSL_is_init_finished(client), 1);
    assert_int_equal(SSL_is_init_finished(server), 1);
    assert_int_equal(SSL_version(client), version);
    assert_int_equal(SSL_get_verify_result(client), X509_V_OK);
    SSL_free(client);
    SSL_free(server);
    X509_free(x);
    OPENSSL_free(der);
    EVP_PKEY_free(key);
    SSL_CTX_free(c);
    SSL_CTX_free(s);
}

static void
handshakes(void **state)
{
    static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

    (void)state;
    need();
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (strstr(keys[i].type, "448") != NULL || i == 5)
            continue; /* not offered by who says nothing */
        for (size_t v = 0; v < ARRAY_LEN(versions); v++) {
            shake(tls_library(), NULL, i, versions[v]);
            shake(NULL, tls_library(), i, versions[v]);
            shake(tls_library(), tls_library(), i, versions[v]);
        }
    }
}

/* --- what openssl.cnf says --------------------------------------------------
 */

static bool
is_none(void)
{
    return tls_library() == NULL;
}

static bool
with_fips_property(void)
{
    return EVP_set_default_properties(NULL, "fips=yes") == 1 && is_none();
}

static bool
with_another(void)
{
    return OSSL_PROVIDER_load(NULL, "default") != NULL &&
           OSSL_PROVIDER_load(NULL, "base") != NULL && is_none();
}

static bool
without_default(void)
{
    return OSSL_PROVIDER_load(NULL, "null") != NULL && is_none() &&
           OSSL_PROVIDER_available(NULL, "default") != 1;
}

static bool
with_another_generator(void)
{
    return RAND_set_DRBG_type(NULL, "HASH-DRBG", NULL, NULL, "SHA512") == 1 &&
           is_none();
}

static bool
with_another_cipher(void)
{
    return RAND_set_DRBG_type(NULL, "CTR-DRBG", NULL, "AES-128-CTR", NULL) ==
               1 &&
           is_none();
}

static bool
without_random(void)
{
    return RAND_set_DRBG_type(NULL, "CTR-DRBG", "fips=yes", "AES-256-CTR",
                              NULL) == 1 &&
           is_none();
}

static bool
with_default(void)
{
    return OSSL_PROVIDER_load(NULL, "default") != NULL &&
           is_none() == (OpenSSL_version_num() >= 0x30200000ul);
}

static void
others_have_a_say(void **state)
{
    (void)state;
    assert_int_equal(in_child(with_fips_property), 0);
    assert_int_equal(in_child(with_another), 0);
    assert_int_equal(in_child(without_default), 0);
    assert_int_equal(in_child(with_another_generator), 0);
    assert_int_equal(in_child(with_another_cipher), 0);
    assert_int_equal(in_child(without_random), 0);
    assert_int_equal(in_child(with_default), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(others_have_a_say), /* before it is made here */
        cmocka_unit_test(is_there),
        cmocka_unit_test(keys_of_certificates),
        cmocka_unit_test(few_decoders),
        cmocka_unit_test(handshakes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
