/*
 * OpenSSL's reasons as System SSL and AT-TLS return codes. What no public text
 * settles is chosen by meaning; all of that stands here and nowhere else.
 */
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "ttls/engine.h"

struct row {
    int from;
    unsigned rc;
};

static const struct row verify_rows[] = {
    { X509_V_ERR_CERT_HAS_EXPIRED, 401 },
    { X509_V_ERR_CERT_NOT_YET_VALID, 401 },
    { X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD, 405 },
    { X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD, 405 },
    { X509_V_ERR_CERT_SIGNATURE_FAILURE, 413 },
    { X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE, 413 },
    { X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, 417 },
    { X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, 435 },
    { X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, 435 },
    { X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 435 },
    { X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, 435 },
    { X509_V_ERR_CERT_REVOKED, 431 },
    { X509_V_ERR_UNABLE_TO_GET_CRL, 436 },
    { X509_V_ERR_CRL_HAS_EXPIRED, 436 },
    { X509_V_ERR_CRL_NOT_YET_VALID, 436 },
    { X509_V_ERR_CRL_SIGNATURE_FAILURE, 436 },
    { X509_V_ERR_INVALID_PURPOSE, 440 },
    { X509_V_ERR_KEYUSAGE_NO_CERTSIGN, 440 },
    { X509_V_ERR_KEYUSAGE_NO_DIGITAL_SIGNATURE, 440 },
    { X509_V_ERR_EE_KEY_TOO_SMALL, 508 },
    { X509_V_ERR_CA_KEY_TOO_SMALL, 508 },
    { X509_V_ERR_HOSTNAME_MISMATCH, 8 },
};

/* Alerts of the partner, RFC 8446 section 6. */
static const struct row alert_rows[] = {
    { 10, 410 },  /* unexpected_message */
    { 20, 411 },  /* bad_record_mac */
    { 22, 505 },  /* record_overflow */
    { 40, 402 },  /* handshake_failure */
    { 41, 403 },  /* no_certificate */
    { 42, 414 },  /* bad_certificate */
    { 43, 414 },  /* unsupported_certificate */
    { 44, 431 },  /* certificate_revoked */
    { 45, 401 },  /* certificate_expired */
    { 46, 414 },  /* certificate_unknown */
    { 47, 415 },  /* illegal_parameter */
    { 48, 435 },  /* unknown_ca */
    { 49, 416 },  /* access_denied */
    { 50, 410 },  /* decode_error */
    { 51, 411 },  /* decrypt_error */
    { 70, 412 },  /* protocol_version */
    { 71, 402 },  /* insufficient_security */
    { 80, 438 },  /* internal_error */
    { 86, 412 },  /* inappropriate_fallback */
    { 100, 432 }, /* no_renegotiation */
    { 112, 448 }, /* unrecognized_name */
    { 116, 403 }, /* certificate_required */
};

static const struct row reason_rows[] = {
    { SSL_R_NO_SHARED_CIPHER, 402 },
    { SSL_R_NO_CIPHERS_AVAILABLE, 402 },
    { SSL_R_NO_CIPHERS_SPECIFIED, 402 },
    { SSL_R_WRONG_CIPHER_RETURNED, 402 },
    { SSL_R_UNKNOWN_CIPHER_RETURNED, 402 },
    { SSL_R_NO_SUITABLE_KEY_SHARE, 402 },
    { SSL_R_NO_SHARED_GROUPS, 402 },
    { SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, 403 },
    { SSL_R_UNSUPPORTED_PROTOCOL, 412 },
    { SSL_R_NO_PROTOCOLS_AVAILABLE, 412 },
    { SSL_R_VERSION_TOO_LOW, 412 },
    { SSL_R_VERSION_TOO_HIGH, 412 },
    { SSL_R_WRONG_SSL_VERSION, 412 },
    { SSL_R_UNKNOWN_PROTOCOL, 412 },
    { SSL_R_INAPPROPRIATE_FALLBACK, 412 },
    { SSL_R_WRONG_VERSION_NUMBER, 410 },
    { SSL_R_HTTP_REQUEST, 5003 },
    { SSL_R_HTTPS_PROXY_REQUEST, 5003 },
    { SSL_R_DECRYPTION_FAILED, 411 },
    { SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, 411 },
    { SSL_R_BAD_RECORD_TYPE, 410 },
    { SSL_R_DATA_LENGTH_TOO_LONG, 505 },
    { SSL_R_ENCRYPTED_LENGTH_TOO_LONG, 505 },
    { SSL_R_PACKET_LENGTH_TOO_LONG, 505 },
    { SSL_R_UNEXPECTED_MESSAGE, 410 },
    { SSL_R_UNEXPECTED_RECORD, 410 },
    { SSL_R_LENGTH_MISMATCH, 410 },
    { SSL_R_DIGEST_CHECK_FAILED, 411 },
    { SSL_R_BAD_SIGNATURE, 413 },
    { SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, 434 },
    { SSL_R_NO_CERTIFICATE_SET, 7 },
    { SSL_R_NO_CERTIFICATE_ASSIGNED, 7 },
    { SSL_R_UNEXPECTED_EOF_WHILE_READING, 420 },
    { SSL_R_NO_RENEGOTIATION, 432 },
    { SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED, 460 },
    { SSL_R_DH_KEY_TOO_SMALL, 508 },
    { SSL_R_EE_KEY_TOO_SMALL, 508 },
};

static unsigned
find(const struct row *rows, size_t n, int from)
{
    for (size_t i = 0; i < n; i++) {
        if (rows[i].from == from)
            return rows[i].rc;
    }
    return 0;
}

unsigned
rc_of_verify(int error)
{
    unsigned rc = find(verify_rows, ARRAY_LEN(verify_rows), error);

    return rc != 0 ? rc : 8;
}

unsigned
handshake_rc(struct conn *c)
{
    unsigned long e;
    unsigned rc = 0;

    if (c->verify_rc != 0)
        return c->verify_rc;
    if (c->alert > 0) {
        /* Whom we do not let negotiate anew says handshake_failure. */
        rc = c->alert == SSL_AD_HANDSHAKE_FAILURE && c->has_refused
                 ? 432
                 : find(alert_rows, ARRAY_LEN(alert_rows), c->alert);
        ERR_clear_error();
        return rc != 0 ? rc : 439;
    }
    e = ERR_peek_error();
    if (e == 0)
        return c->outer.at_end ? 420 : 406;
    if (ERR_GET_LIB(e) == ERR_LIB_SSL)
        rc = find(reason_rows, ARRAY_LEN(reason_rows), ERR_GET_REASON(e));
    ERR_clear_error();
    return rc != 0 ? rc : 415;
}
