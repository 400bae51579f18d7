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

/* "*.lab.example" is for www.lab.example: one label, the first. */
static bool
is_name(struct str have, struct str want, bool with_wildcard)
{
    size_t dot = str_find_char(want, '.');

    if (with_wildcard && have.n > 2 && have.p[0] == '*' && have.p[1] == '.' &&
        dot != STR_NPOS && dot > 0)
        return str_eq_nocase(str_sub(have, 1, have.n),
                             str_sub(want, dot, want.n));
    return str_eq_nocase(have, want);
}

static bool
has_common_name(X509 *cert, struct str want, bool with_wildcard)
{
    const X509_NAME *subject = X509_get_subject_name(cert);
    bool is_found = false;

    for (int at = -1; !is_found && (at = X509_NAME_get_index_by_NID(
                                        subject, NID_commonName, at)) >= 0;) {
        unsigned char *text = NULL;
        int n = ASN1_STRING_to_UTF8(
            &text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));

        is_found =
            n > 0 && is_name(str_n(text, (size_t)n), want, with_wildcard);
        OPENSSL_free(text);
    }
    return is_found;
}

/* HostReferenceIdDNS: a DNS name of the certificate; HostReferenceIdCN: a
 * common name of its subject. Any of the names will do. */
static bool
is_right_host(const struct ttls_effective *eff, X509 *cert)
{
    unsigned flags = eff->host_ref_wildcard ? 0 : X509_CHECK_FLAG_NO_WILDCARDS;

    if (eff->host_ref_dns.n + eff->host_ref_cn.n == 0)
        return true;
    for (size_t i = 0; i < eff->host_ref_dns.n; i++) {
        struct str name = eff->host_ref_dns.v[i];

        if (X509_check_host(cert, name.p, name.n,
                            flags | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT,
                            NULL) == 1)
            return true;
    }
    for (size_t i = 0; i < eff->host_ref_cn.n; i++) {
        if (has_common_name(cert, eff->host_ref_cn.v[i],
                            eff->host_ref_wildcard))
            return true;
    }
    return false;
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
        return 460;
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

/* What was asked about a certificate, or follows from it, is not asked again
 * when another one is shown later. */
static bool
is_to_stay(const struct conn *c)
{
    const struct ttls_effective *eff = &c->mapped->eff;

    return eff->renegotiation_cert_check || c->env->revocation != NULL ||
           eff->role == TTLS_SERVER_CLIENT_AUTH;
}

bool
peer_is_same(struct conn *c, X509 *cert)
{
    return c->first_peer == NULL || X509_cmp(c->first_peer, cert) == 0;
}

unsigned
peer_check_anew(struct conn *c)
{
    /* Abbreviated: the session goes on, with new keys. */
    if (c->mapped->eff.renegotiation == TTLS_RENEG_ABBREVIATED &&
        !SSL_session_reused(c->ssl))
        return 432;
    return peer_check(c);
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
        return 467;
    if (is_to_stay(c) && c->first_peer == NULL && X509_up_ref(cert) == 1)
        c->first_peer = cert;
    return eff->role == TTLS_CLIENT && !is_right_host(eff, cert) ? 8 : 0;
}
