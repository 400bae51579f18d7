/* Return codes: what OpenSSL and a partner's alerts say, as System SSL's. */
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "base/test.h"
#include "ttls/engine.h"

static void
of_chains(void **state)
{
    static const struct {
        int error;
        unsigned rc;
    } rows[] = {
        { X509_V_ERR_CERT_HAS_EXPIRED, 401 },
        { X509_V_ERR_CERT_NOT_YET_VALID, 401 },
        { X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD, 405 },
        { X509_V_ERR_CERT_SIGNATURE_FAILURE, 413 },
        { X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, 417 },
        { X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, 435 },
        { X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 435 },
        { X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, 435 },
        { X509_V_ERR_CERT_REVOKED, 431 },
        { X509_V_ERR_UNABLE_TO_GET_CRL, 436 },
        { X509_V_ERR_CRL_HAS_EXPIRED, 436 },
        { X509_V_ERR_INVALID_PURPOSE, 440 },
        { X509_V_ERR_KEYUSAGE_NO_CERTSIGN, 440 },
        { X509_V_ERR_EE_KEY_TOO_SMALL, 508 },
        { X509_V_ERR_HOSTNAME_MISMATCH, 8 },
        { X509_V_ERR_PATH_LENGTH_EXCEEDED, 8 },
        { X509_V_ERR_INVALID_CA, 8 },
        { X509_V_ERR_UNSPECIFIED, 8 },
        { -1, 8 },
        { 9999, 8 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rc_of_verify(rows[i].error) != rows[i].rc)
            fail_msg("error %d: %u", rows[i].error,
                     rc_of_verify(rows[i].error));
    }
}

/* Each alert there is, RFC 8446 and those that were before; others are 439. */
static void
of_alerts(void **state)
{
    static const unsigned rows[256] = {
        [10] = 410,  [20] = 411,  [22] = 505, [40] = 402, [41] = 403,
        [42] = 414,  [43] = 414,  [44] = 431, [45] = 401, [46] = 414,
        [47] = 415,  [48] = 435,  [49] = 416, [50] = 410, [51] = 411,
        [70] = 412,  [71] = 402,  [80] = 438, [86] = 412, [100] = 432,
        [112] = 448, [116] = 403,
    };

    (void)state;
    for (int alert = 1; alert < 256; alert++) {
        struct conn c = { .alert = alert };
        unsigned want = rows[alert] != 0 ? rows[alert] : 439;

        ERR_raise(ERR_LIB_SSL, SSL_R_NO_SHARED_CIPHER); /* the alert counts */
        if (handshake_rc(&c) != want)
            fail_msg("alert %d", alert);
        assert_int_equal(ERR_peek_error(), 0);
    }
    assert_int_equal(
        handshake_rc(&(struct conn){ .alert = 40, .has_refused = true }), 432);
}

static void
of_failures(void **state)
{
    static const struct {
        int lib, reason;
        unsigned rc;
    } rows[] = {
        { ERR_LIB_SSL, SSL_R_NO_SHARED_CIPHER, 402 },
        { ERR_LIB_SSL, SSL_R_WRONG_CIPHER_RETURNED, 402 },
        { ERR_LIB_SSL, SSL_R_NO_SUITABLE_KEY_SHARE, 402 },
        { ERR_LIB_SSL, SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, 403 },
        { ERR_LIB_SSL, SSL_R_WRONG_VERSION_NUMBER, 410 },
        { ERR_LIB_SSL, SSL_R_UNEXPECTED_MESSAGE, 410 },
        { ERR_LIB_SSL, SSL_R_LENGTH_MISMATCH, 410 },
        { ERR_LIB_SSL, SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, 411 },
        { ERR_LIB_SSL, SSL_R_DIGEST_CHECK_FAILED, 411 },
        { ERR_LIB_SSL, SSL_R_UNSUPPORTED_PROTOCOL, 412 },
        { ERR_LIB_SSL, SSL_R_INAPPROPRIATE_FALLBACK, 412 },
        { ERR_LIB_SSL, SSL_R_BAD_SIGNATURE, 413 },
        { ERR_LIB_SSL, SSL_R_BAD_EXTENSION, 415 },
        { ERR_LIB_SSL, SSL_R_UNEXPECTED_EOF_WHILE_READING, 420 },
        { ERR_LIB_SSL, SSL_R_NO_RENEGOTIATION, 432 },
        { ERR_LIB_SSL, SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, 434 },
        { ERR_LIB_SSL, SSL_R_PACKET_LENGTH_TOO_LONG, 505 },
        { ERR_LIB_SSL, SSL_R_DH_KEY_TOO_SMALL, 508 },
        { ERR_LIB_SSL, SSL_R_NO_CERTIFICATE_SET, 7 },
        { ERR_LIB_SSL, SSL_R_HTTP_REQUEST, 5003 },
        { ERR_LIB_SSL, SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED, 460 },
        { ERR_LIB_ASN1, 1, 415 },
        { ERR_LIB_X509, 1, 415 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct conn c = { .alert = -1 };

        ERR_clear_error();
        ERR_raise(rows[i].lib, rows[i].reason);
        if (handshake_rc(&c) != rows[i].rc)
            fail_msg("row %zu", i);
        assert_int_equal(ERR_peek_error(), 0);
    }
    ERR_clear_error();
    assert_int_equal(
        handshake_rc(&(struct conn){ .alert = -1, .outer.at_end = true }), 420);
    assert_int_equal(handshake_rc(&(struct conn){ .alert = -1 }), 406);
    /* What our own checks found counts before everything. */
    assert_int_equal(
        handshake_rc(&(struct conn){ .alert = 42, .verify_rc = 448 }), 448);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_chains),
        cmocka_unit_test(of_alerts),
        cmocka_unit_test(of_failures),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
