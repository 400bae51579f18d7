/*
 * Revocation of a stream's peer, between its handshake and its first byte: the
 * chain has been verified, nothing has been said yet. Who resumes a session is
 * looked at again: sessions live longer than answers.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "io/revocation.h"
#include "io/tls_ssl.h"

#define PATH_FAILED                                                            \
    "javax.net.ssl.SSLHandshakeException: PKIX path validation failed: "       \
    "java.security.cert.CertPathValidatorException: "

/* A ticket holds the certificate of its client but not who stands between it
 * and an anchor: where that is needed, the handshake is a full one. */
SSL_TICKET_RETURN
tls_on_ticket(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
              size_t name_bytes, SSL_TICKET_STATUS status, void *arg)
{
    X509 *peer = session == NULL ? NULL : SSL_SESSION_get0_peer(session);
    STACK_OF(X509) *chain = NULL;

    (void)name;
    (void)name_bytes;
    (void)arg;
    if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW)
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    if (peer != NULL) {
        chain = revocation_chain(SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl)),
                                 peer, NULL);
        if (chain == NULL)
            return SSL_TICKET_RETURN_IGNORE_RENEW;
        sk_X509_pop_free(chain, X509_free);
    }
    return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE
                                        : SSL_TICKET_RETURN_USE_RENEW;
}

static enum err
refuse(const struct revocation_result *result, struct err_info *why)
{
    return err_set(why, ERR_PEER, PATH_FAILED "%s (%s)",
                   result->verdict == REVOCATION_REVOKED
                       ? "Certificate has been revoked"
                       : "Could not determine revocation status",
                   result->text);
}

static void
on_checked(void *arg, const struct revocation_result *result)
{
    struct stream *s = arg;
    struct err_info why = { 0 };

    s->check = NULL;
    if (result->is_refused) {
        (void)refuse(result, &why);
        s->refusal = strdup(why.text);
        s->is_broken = s->refusal == NULL;
    }
    s->on_ready(s);
}

static struct str
stapled(SSL *ssl)
{
    unsigned char *p = NULL;
    long n = SSL_get_tlsext_status_ocsp_resp(ssl, &p);

    return n <= 0 ? STR("") : str_n(p, (size_t)n);
}

enum err
tls_begin_check(struct stream *s, struct revocation *by, struct err_info *why)
{
    X509 *peer = SSL_get0_peer_certificate(s->ssl);
    STACK_OF(X509) *chain = SSL_get0_verified_chain(s->ssl), *built = NULL;
    struct revocation_result result = { 0 };
    enum err e;

    if (peer == NULL)
        return ERR_OK; /* none was asked for, or it need not have one */
    if (chain == NULL)
        chain = built =
            revocation_chain(SSL_CTX_get_cert_store(SSL_get_SSL_CTX(s->ssl)),
                             peer, SSL_get_peer_cert_chain(s->ssl));
    if (chain == NULL)
        return err_set(why, ERR_PEER,
                       PATH_FAILED "Could not determine revocation status "
                                   "(no chain of the session to an anchor)");
    e = revocation_start(by, s->loop, chain,
                         s->is_server ? STR("") : stapled(s->ssl), on_checked,
                         s, &s->check, &result, why);
    sk_X509_pop_free(built, X509_free);
    return e == ERR_OK && result.is_refused ? refuse(&result, why) : e;
}
