/*
 * Why a TLS connection failed, in the words that a JSSE server would have put
 * into its message, so that people find what they know.
 */
#include <openssl/err.h>
#include <string.h>

#include "io/tls_ssl.h"

#define HANDSHAKE "javax.net.ssl.SSLHandshakeException: "
#define PLAIN                                                                  \
    "javax.net.ssl.SSLException: Unrecognized SSL message, plaintext "         \
    "connection?"

static const struct {
    int reason;
    const char *text;
} reasons[] = {
    { SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, HANDSHAKE "null cert chain" },
    { SSL_R_NO_SHARED_CIPHER, HANDSHAKE "no cipher suites in common" },
    { SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS,
      HANDSHAKE "no cipher suites in common" },
    { SSL_R_UNSUPPORTED_PROTOCOL,
      HANDSHAKE "Client requested protocol not enabled or not supported" },
    { SSL_R_VERSION_TOO_LOW,
      HANDSHAKE "Client requested protocol not enabled or not supported" },
    { SSL_R_NO_APPLICATION_PROTOCOL,
      HANDSHAKE "No common application protocol values" },
    { SSL_R_HTTP_REQUEST, PLAIN },
    { SSL_R_HTTPS_PROXY_REQUEST, PLAIN },
    { SSL_R_WRONG_VERSION_NUMBER, PLAIN },
    { SSL_R_UNEXPECTED_EOF_WHILE_READING,
      HANDSHAKE "Remote host closed connection during handshake" },
};

/* ---- a certificate that was refused ---- */

static _Thread_local struct tls_refusal last;

const struct tls_refusal *
tls_refusal(void)
{
    return &last;
}

int
tls_note_refused(int is_ok, X509_STORE_CTX *ctx)
{
    X509 *certificate = X509_STORE_CTX_get_current_cert(ctx);
    int error = X509_STORE_CTX_get_error(ctx);
    BIO *text;

    if (is_ok)
        return 1;
    last = (struct tls_refusal){ .is_other_host =
                                     error == X509_V_ERR_HOSTNAME_MISMATCH ||
                                     error == X509_V_ERR_IP_ADDRESS_MISMATCH };
    text = certificate == NULL ? NULL : BIO_new(BIO_s_mem());
    if (text != NULL) {
        (void)X509_NAME_print_ex(text, X509_get_subject_name(certificate), 0,
                                 XN_FLAG_RFC2253);
        (void)BIO_read(text, last.subject, sizeof last.subject - 1);
        BIO_free(text);
    }
    return 0;
}

static const char *
verify_text(const struct stream *s, long result)
{
    switch (result) {
    case X509_V_ERR_INVALID_PURPOSE:
        return s->is_server ? "Extended key usage does not permit use for TLS "
                              "client authentication"
                            : "Extended key usage does not permit use for TLS "
                              "server authentication";
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "PKIX path validation failed: "
               "java.security.cert.CertPathValidatorException: timestamp "
               "check failed";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return "java.security.cert.CertificateException: No subject "
               "alternative names matching the host name found";
    default:
        return "PKIX path building failed: "
               "java.security.cert.CertPathBuilderException: unable to find "
               "valid certification path to requested target";
    }
}

static enum err
verify_failure(struct stream *s, struct err_info *why)
{
    long result = SSL_get_verify_result(s->ssl);
    X509 *certificate = SSL_get0_peer_certificate(s->ssl);
    char subject[200] = "";

    s->is_untrusted = true;
    /* During the handshake a refused certificate is not kept for us. */
    if (certificate != NULL)
        X509_NAME_oneline(X509_get_subject_name(certificate), subject,
                          sizeof subject);
    return err_set(why, ERR_PEER, HANDSHAKE "%s (%s%s%s)",
                   verify_text(s, result),
                   X509_verify_cert_error_string(result),
                   subject[0] == '\0' ? "" : "; subject ", subject);
}

/* Alerts are reasons 1000 + number. */
static enum err
alert_failure(int reason, struct err_info *why)
{
    const char *name =
        SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET);
    char text[64];
    size_t i;

    for (i = 0; name[i] != '\0' && i + 1 < sizeof text; i++)
        text[i] = name[i] == ' ' ? '_' : name[i];
    text[i] = '\0';
    return err_set(why, ERR_PEER, HANDSHAKE "Received fatal alert: %s", text);
}

static enum err
library_failure(struct stream *s, unsigned long code, struct err_info *why)
{
    int reason = ERR_GET_REASON(code);
    const char *text = ERR_reason_error_string(code);

    if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED)
        return verify_failure(s, why);
    if (reason > SSL_AD_REASON_OFFSET)
        return alert_failure(reason, why);
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
        if (reasons[i].reason == reason)
            return err_set(why, ERR_PEER, "%s", reasons[i].text);
    return err_set(why, ERR_PEER, "javax.net.ssl.SSLException: %s",
                   text == NULL ? "unknown failure" : text);
}

void
tls_failure(struct stream *s, int ssl_error, int number, struct err_info *why)
{
    unsigned long code = ERR_peek_error();

    if (s->is_plain)
        (void)err_set(why, ERR_PEER, "%s", PLAIN);
    else if (ERR_GET_LIB(code) == ERR_LIB_SSL)
        (void)library_failure(s, code, why);
    else if (ssl_error == SSL_ERROR_SYSCALL && number != 0)
        (void)err_set(why, ERR_PEER, "java.net.SocketException: %s",
                      strerror(number));
    else
        (void)err_set(why, ERR_PEER,
                      HANDSHAKE "Remote host closed connection during "
                                "handshake");
}
