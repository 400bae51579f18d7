/* What a peer has shown in its handshake, beside its certificate's chain. */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "io/sigalg.h"
#include "ttls/env.h"

static bool
is_key_big_enough(const struct ttls_effective *eff, X509 *cert)
{
    EVP_PKEY *key = X509_get0_pubkey(cert);
    uint32_t bits = key == NULL ? 0 : (uint32_t)EVP_PKEY_get_bits(key);

    switch (key == NULL ? 0 : EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
        return bits >= eff->peer_min_rsa;
    case EVP_PKEY_EC:
        return bits >= eff->peer_min_ecc;
    case EVP_PKEY_DSA:
        return bits >= eff->peer_min_dsa;
    default:
        return true;
    }
}

static bool
is_any_name(const struct ttls_texts *names, X509 *cert, unsigned flags)
{
    for (size_t i = 0; i < names->n; i++) {
        if (X509_check_host(cert, names->v[i].p, names->v[i].n, flags, NULL) ==
            1)
            return true;
    }
    return false;
}

/* HostReferenceIdDNS and CN: any of the names will do. */
static bool
is_right_host(const struct ttls_effective *eff, X509 *cert)
{
    unsigned flags = eff->host_ref_wildcard ? 0 : X509_CHECK_FLAG_NO_WILDCARDS;

    if (eff->host_ref_dns.n + eff->host_ref_cn.n == 0)
        return true;
    return is_any_name(&eff->host_ref_dns, cert,
                       flags | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT) ||
           is_any_name(&eff->host_ref_cn, cert,
                       flags | X509_CHECK_FLAG_ALWAYS_CHECK_SUBJECT);
}

/* Of the certificates that were sent, not of the anchor, which we have chosen
 * ourselves. */
static bool
are_signatures_fine(const struct conn *c)
{
    const struct ttls_codes *codes = &c->mapped->eff.signature_pairs_cert;
    STACK_OF(X509) *chain = SSL_get0_verified_chain(c->ssl);

    for (int i = 0; codes->n > 0 && i + 1 < sk_X509_num(chain); i++) {
        unsigned pair =
            sigalg_pair(X509_get0_tbs_sigalg(sk_X509_value(chain, i)));
        bool is_found = false;

        for (size_t k = 0; !is_found && k < codes->n; k++)
            is_found = codes->v[k] == pair;
        if (!is_found)
            return false;
    }
    return true;
}

/* The group of an ephemeral Diffie-Hellman exchange, as the server chose it. */
static bool
is_dh_big_enough(const struct conn *c)
{
    const struct ttls_effective *eff = &c->mapped->eff;
    uint32_t least = eff->peer_min_dh;
    EVP_PKEY *key = NULL;
    bool is_fine;

    if (eff->client_edh == TTLS_EDH_2048 && least < 2048)
        least = 2048;
    if (eff->role != TTLS_CLIENT || SSL_get_peer_tmp_key(c->ssl, &key) != 1)
        return true;
    is_fine = EVP_PKEY_get_base_id(key) != EVP_PKEY_DH ||
              (uint32_t)EVP_PKEY_get_bits(key) >= least;
    EVP_PKEY_free(key);
    return is_fine;
}

/* Extensions that the policy wants to be agreed on: 0, or a code. */
static unsigned
check_extensions(const struct conn *c)
{
    const struct ttls_effective *eff = &c->mapped->eff;
    bool is_client = eff->role == TTLS_CLIENT;
    bool is_old = SSL_version(c->ssl) < TLS1_3_VERSION;
    enum ttls_ems ems = is_client ? eff->client_ems : eff->server_ems;
    enum ttls_want fragment =
        is_client ? eff->client_fragment : eff->server_fragment;
    const SSL_SESSION *session = SSL_get0_session(c->ssl);

    if (is_old && ems == TTLS_EMS_REQUIRED &&
        SSL_get_extms_support(c->ssl) != 1)
        return 446;
    if (fragment == TTLS_REQUIRED &&
        SSL_SESSION_get_max_fragment_length(session) == 0)
        return 446;
    if (is_old && !is_client &&
        (eff->renegotiation_indicator == TTLS_IND_SERVER ||
         eff->renegotiation_indicator == TTLS_IND_BOTH) &&
        SSL_get_secure_renegotiation_support(c->ssl) != 1)
        return 446;
    /* A server that knows the name says so; when a session is resumed it has
     * said so before. */
    if (is_client && !SSL_session_reused(c->ssl) &&
        SSL_SESSION_get0_hostname(session) == NULL &&
        (eff->client_sni == TTLS_REQUIRED ||
         (eff->client_sni != TTLS_NO &&
          eff->client_sni_match == TTLS_REQUIRED)))
        return 448;
    return 0;
}

bool
peer_is_same(struct conn *c, X509 *cert)
{
    return c->first_peer == NULL || X509_cmp(c->first_peer, cert) == 0;
}

unsigned
peer_check(struct conn *c)
{
    const struct ttls_effective *eff = &c->mapped->eff;
    X509 *cert = SSL_get0_peer_certificate(c->ssl);
    bool is_checked =
        eff->role == TTLS_CLIENT || (eff->role == TTLS_SERVER_CLIENT_AUTH &&
                                     eff->client_auth != TTLS_AUTH_PASSTHRU);
    unsigned rc = check_extensions(c);

    if (rc != 0)
        return rc;
    if (!is_dh_big_enough(c))
        return 508;
    if (cert == NULL || !is_checked)
        return 0;
    if (!is_key_big_enough(eff, cert))
        return 508;
    if (eff->peer_min_cert_version == TTLS_VERSION_3 &&
        X509_get_version(cert) != X509_VERSION_3)
        return 405;
    if (!are_signatures_fine(c))
        return 413;
    if (eff->renegotiation_cert_check && X509_up_ref(cert) == 1)
        c->first_peer = cert;
    return eff->role == TTLS_CLIENT && !is_right_host(eff, cert) ? 8 : 0;
}
