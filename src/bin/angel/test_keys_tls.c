/*
 * Remote keys in the context for TLS (base/tls_library.h), as the engines of
 * AT-TLS use them.
 */
#include <sys/wait.h>

#include "base/tls_library.h"
#include "test_keys.h"

static const struct {
    const struct test_cert *cert;
    int version;
    const char *suites; /* of the client */
} rows[] = {
    { &ec, TLS1_3_VERSION, NULL },
    { &ec, TLS1_2_VERSION, NULL },
    { &rsa, TLS1_3_VERSION, NULL },
    { &rsa, TLS1_2_VERSION, "ECDHE-RSA-AES128-GCM-SHA256" },
    { &rsa, TLS1_2_VERSION, "ECDHE-RSA-CHACHA20-POLY1305" },
    { &rsa, TLS1_2_VERSION, "AES128-GCM-SHA256" },
    { &rsa, TLS1_1_VERSION, "AES128-SHA:@SECLEVEL=0" },
};

/* Whoever signs in a context by itself must not change what the context says
 * to others: OpenSSL 3.0 remembers by name which provider answered last. */
static void
sign_alone(OSSL_LIB_CTX *library, struct remote_keys *k)
{
    EVP_PKEY *of_ec = key_of(k, &ec), *of_rsa = key_of(k, &rsa);

    assert_true(sign_in(library, of_ec, ec.key, "SHA256", 0));
    assert_true(sign_in(library, of_rsa, rsa.key, "SHA256", RSA_PKCS1_PADDING));
    assert_true(
        sign_in(library, of_rsa, rsa.key, "SHA384", RSA_PKCS1_PSS_PADDING));
    EVP_PKEY_free(of_ec);
    EVP_PKEY_free(of_rsa);
}

static const unsigned char what[] = "what is signed";

/* Who holds a key signs, and a certificate that was read there verifies. */
static void
verify(const struct test_cert *cert)
{
    struct str der = test_cert_der(cert);
    const unsigned char *p = (const unsigned char *)der.p;
    X509 *x = X509_new_ex(tls_library(), NULL);
    EVP_MD_CTX *s = EVP_MD_CTX_new(), *v = EVP_MD_CTX_new();
    unsigned char out[KEY_RESULT_MAX];
    size_t n = sizeof out;

    assert_non_null(d2i_X509(&x, &p, (long)der.n));
    assert_int_equal(EVP_DigestSignInit_ex(s, NULL, "SHA256", tls_library(),
                                           NULL, cert->key, NULL),
                     1);
    assert_int_equal(EVP_DigestSign(s, out, &n, what, sizeof what), 1);
    assert_int_equal(EVP_DigestVerifyInit_ex(v, NULL, "SHA256", tls_library(),
                                             NULL, X509_get0_pubkey(x), NULL),
                     1);
    assert_int_equal(EVP_DigestVerify(v, out, n, what, sizeof what), 1);
    EVP_MD_CTX_free(s);
    EVP_MD_CTX_free(v);
    X509_free(x);
}

static void
all_rows(struct remote_keys *k)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        EVP_PKEY *key = key_of(k, rows[i].cert);

        verify(rows[i].cert);
        if (!shake(tls_library(), rows[i].cert, key, rows[i].version,
                   rows[i].suites))
            fail_msg("row %zu", i);
        EVP_PKEY_free(key);
    }
}

static void
handshakes(void **state)
{
    struct opener o = { 0 };
    struct remote_keys *k = keys_in(tls_library(), &o);

    (void)state;
    all_rows(k);
    sign_alone(tls_library(), k);
    all_rows(k);
    remote_keys_unref(&k);
}

static void
sign_first(OSSL_LIB_CTX *library)
{
    struct opener o = { 0 };
    struct remote_keys *k = keys_in(tls_library(), &o);

    sign_alone(library, k);
    all_rows(k);
    remote_keys_unref(&k);
}

static void
signed_before(void **state)
{
    (void)state;
    sign_first(tls_library());
}

static void
signed_elsewhere_before(void **state)
{
    (void)state;
    sign_first(NULL);
}

/* Each in a process of its own: what OpenSSL remembers is the process's. */
int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handshakes),
        cmocka_unit_test(signed_before),
        cmocka_unit_test(signed_elsewhere_before),
    };
    int failed = 0;

    for (size_t i = 0; i < ARRAY_LEN(tests); i++) {
        int status = -1;
        pid_t pid = fork();

        if (pid == 0) {
            cmocka_set_test_filter(tests[i].name);
            exit(cmocka_run_group_tests(tests, start, stop));
        }
        if (waitpid(pid, &status, 0) != pid || status != 0)
            failed = 1;
    }
    return failed;
}
