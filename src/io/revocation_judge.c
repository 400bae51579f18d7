/* What OCSP answers and revocation lists say about a certificate. */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "io/revocation_priv.h"
#include "io/sigalg.h"

#define CLOCK_SKEW_S 300
#define KEEP_DEFAULT_S 86400u
#define NO_NEXT_UPDATE_S 60 /* an answer that does not say for how long */

void
finding_set(struct finding *out, enum revocation_verdict verdict,
            const char *fmt, ...)
{
    va_list args;

    out->verdict = verdict;
    va_start(args, fmt);
    (void)vsnprintf(out->text, sizeof out->text, fmt, args);
    va_end(args);
}

uint32_t
judge_keep_s(const struct revocation_rules *rules)
{
    return rules->keep_max_s == 0 ? KEEP_DEFAULT_S : rules->keep_max_s;
}

int64_t
judge_until(const ASN1_TIME *next, const struct revocation_rules *rules)
{
    uint32_t most = judge_keep_s(rules);
    int64_t now = time(NULL), left = NO_NEXT_UPDATE_S;
    int days = 0, seconds = 0;

    if (next != NULL && ASN1_TIME_diff(&days, &seconds, NULL, next) == 1)
        left = (int64_t)days * 86400 + seconds;
    return now + (left > (int64_t)most ? (int64_t)most : left < 0 ? 0 : left);
}

/* ---- OCSP ---- */

/* Signed by the issuer, or by whom the issuer lets sign (RFC 6960, 4.2.2.2). */
static bool
is_signed(OCSP_BASICRESP *basic, X509 *issuer)
{
    X509_STORE *anchors = X509_STORE_new();
    STACK_OF(X509) *issuers = sk_X509_new_null();
    bool is_ok =
        anchors != NULL && issuers != NULL &&
        sk_X509_push(issuers, issuer) > 0 &&
        X509_STORE_add_cert(anchors, issuer) == 1 &&
        X509_STORE_set_flags(anchors, X509_V_FLAG_PARTIAL_CHAIN) == 1 &&
        OCSP_basic_verify(basic, issuers, anchors, OCSP_PARTIAL_CHAIN) == 1;

    sk_X509_free(issuers);
    X509_STORE_free(anchors);
    return is_ok;
}

static void
judge_status(OCSP_BASICRESP *basic, OCSP_CERTID *id,
             const struct revocation_rules *rules, struct finding *out)
{
    ASN1_GENERALIZEDTIME *since = NULL, *from = NULL, *to = NULL;
    int status, reason = -1;

    if (OCSP_resp_find_status(basic, id, &status, &reason, &since, &from,
                              &to) != 1) {
        finding_set(out, REVOCATION_UNUSABLE,
                    "the OCSP response is not about this certificate");
    } else if (OCSP_check_validity(from, to, CLOCK_SKEW_S, -1) != 1) {
        finding_set(out, REVOCATION_UNUSABLE,
                    "the OCSP response is out of date");
    } else if (status == V_OCSP_CERTSTATUS_GOOD) {
        finding_set(out, REVOCATION_GOOD, "%s", "");
        out->until = judge_until(to, rules);
    } else if (status == V_OCSP_CERTSTATUS_REVOKED) {
        finding_set(out, REVOCATION_REVOKED, "revoked%s%s",
                    reason < 0 ? "" : ": ",
                    reason < 0 ? "" : OCSP_crl_reason_str(reason));
        out->until = judge_until(to, rules);
    } else {
        finding_set(out, REVOCATION_UNUSABLE,
                    "the OCSP responder does not know the certificate");
    }
}

static void
judge_basic(OCSP_BASICRESP *basic, X509 *certificate, X509 *issuer,
            OCSP_REQUEST *nonce_of, const struct revocation_rules *rules,
            struct finding *out)
{
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), certificate, issuer);
    int nonce = nonce_of == NULL ? 1 : OCSP_check_nonce(nonce_of, basic);

    if (id == NULL)
        finding_set(out, REVOCATION_UNUSABLE, "no storage");
    else if (!is_signed(basic, issuer))
        finding_set(out, REVOCATION_UNUSABLE,
                    "the OCSP response is not signed by the issuer or whom it "
                    "lets sign");
    else if (!sigalg_is_allowed(rules->ocsp_algorithms,
                                OCSP_resp_get0_tbs_sigalg(basic)))
        finding_set(out, REVOCATION_UNUSABLE,
                    "the OCSP response is signed with an algorithm that is not "
                    "allowed");
    else if (nonce == 0 || (nonce < 0 && rules->needs_nonce))
        finding_set(out, REVOCATION_UNUSABLE, "the OCSP response has %s nonce",
                    nonce == 0 ? "another" : "no");
    else
        judge_status(basic, id, rules, out);
    OCSP_CERTID_free(id);
}

void
judge_ocsp(struct str der, X509 *certificate, X509 *issuer,
           OCSP_REQUEST *nonce_of, const struct revocation_rules *rules,
           struct finding *out)
{
    const unsigned char *p = (const unsigned char *)der.p;
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &p, (long)der.n);
    OCSP_BASICRESP *basic = NULL;
    int status = response == NULL ? -1 : OCSP_response_status(response);

    if (response == NULL || p != (const unsigned char *)der.p + der.n) {
        finding_set(out, REVOCATION_UNUSABLE, "not an OCSP response");
    } else if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
        finding_set(
            out,
            status == OCSP_RESPONSE_STATUS_TRYLATER ? REVOCATION_UNREACHABLE
                                                    : REVOCATION_UNUSABLE,
            "the OCSP responder says %s", OCSP_response_status_str(status));
    } else if ((basic = OCSP_response_get1_basic(response)) == NULL) {
        finding_set(out, REVOCATION_UNUSABLE,
                    "an OCSP response without status");
    } else {
        judge_basic(basic, certificate, issuer, nonce_of, rules, out);
    }
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(response);
    ERR_clear_error();
}

/* ---- lists ---- */

X509_CRL *
crl_of(struct str der)
{
    const unsigned char *p = (const unsigned char *)der.p;
    X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)der.n);

    if (crl != NULL && p == (const unsigned char *)der.p + der.n)
        return crl;
    X509_CRL_free(crl);
    ERR_clear_error();
    return NULL;
}

/* The library checks signature, scope, dates and critical extensions. */
static int
verify(X509_CRL *crl, X509 *certificate, X509 *issuer)
{
    X509_STORE *anchors = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    int result = X509_V_ERR_OUT_OF_MEM;

    if (anchors != NULL && ctx != NULL &&
        X509_STORE_add_cert(anchors, issuer) == 1 &&
        X509_STORE_add_crl(anchors, crl) == 1 &&
        X509_STORE_set_flags(anchors, X509_V_FLAG_PARTIAL_CHAIN |
                                          X509_V_FLAG_CRL_CHECK) == 1 &&
        X509_STORE_CTX_init(ctx, anchors, certificate, NULL) == 1)
        result = X509_verify_cert(ctx) == 1 ? X509_V_OK
                                            : X509_STORE_CTX_get_error(ctx);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(anchors);
    return result;
}

void
judge_crl(X509_CRL *crl, X509 *certificate, X509 *issuer,
          const struct revocation_rules *rules, struct finding *out)
{
    int result = verify(crl, certificate, issuer);
    const X509_ALGOR *algorithm = NULL;

    X509_CRL_get0_signature(crl, NULL, &algorithm);
    out->until = judge_until(X509_CRL_get0_nextUpdate(crl), rules);
    if ((result == X509_V_OK || result == X509_V_ERR_CERT_REVOKED) &&
        !sigalg_is_allowed(rules->crl_algorithms, algorithm))
        finding_set(out, REVOCATION_UNUSABLE,
                    "the revocation list is signed with an algorithm that is "
                    "not allowed");
    else if (result == X509_V_OK)
        finding_set(out, REVOCATION_GOOD, "%s", "");
    else if (result == X509_V_ERR_CERT_REVOKED)
        finding_set(out, REVOCATION_REVOKED, "revoked");
    else
        finding_set(out, REVOCATION_UNUSABLE, "the revocation list: %s",
                    X509_verify_cert_error_string(result));
    ERR_clear_error();
}
