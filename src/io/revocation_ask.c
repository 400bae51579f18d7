/* One source asked about one certificate, in a thread that may wait. */
#include <openssl/err.h>
#include <openssl/rand.h>
#include <string.h>

#include "io/revocation_priv.h"

#define TIMEOUT_MS 15000u
#define GET_MAX_BYTES 255u /* RFC 5019, 5 */
#define NONCE_MAX 32u      /* RFC 8954 */
#define OCSP_REQUEST_TYPE "application/ocsp-request"
#define OCSP_RESPONSE_TYPE "application/ocsp-response"

static uint32_t
or_default(uint32_t n, uint32_t fallback)
{
    return n == 0 ? fallback : n;
}

/* ---- OCSP ---- */

static OCSP_REQUEST *
request_new(const struct revocation_rules *rules, X509 *certificate,
            X509 *issuer)
{
    OCSP_REQUEST *request = OCSP_REQUEST_new();
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), certificate, issuer);
    unsigned n =
        rules->nonce_bytes > NONCE_MAX ? NONCE_MAX : rules->nonce_bytes;

    if (request != NULL && id != NULL &&
        OCSP_request_add0_id(request, id) != NULL &&
        (n == 0 || OCSP_request_add1_nonce(request, NULL, (int)n) == 1) &&
        (rules->signer == NULL ||
         (rules->signs_pss
              ? request_sign_pss(&request, rules)
              : OCSP_request_sign(request, rules->signer, rules->signer_key,
                                  rules->signer_digest, NULL, 0) == 1)))
        return request;
    if (request == NULL)
        OCSP_CERTID_free(id);
    OCSP_REQUEST_free(request);
    return NULL;
}

/* The address with the request in base64 behind it. */
static void
put_get(struct buf *out, const char *url, struct str der)
{
    unsigned char text[2 * GET_MAX_BYTES];
    int n = EVP_EncodeBlock(text, (const unsigned char *)der.p, (int)der.n);

    buf_add_z(out, url);
    if (out->n == 0 || out->p[out->n - 1] != '/')
        buf_add_char(out, '/');
    for (int i = 0; i < n; i++) {
        if (memchr("+/=", text[i], 3) != NULL)
            buf_printf(out, "%%%02X", (unsigned)text[i]);
        else
            buf_add_char(out, (char)text[i]);
    }
}

static enum err
exchange(const struct revocation_rules *rules, const char *url, struct str der,
         struct buf *out, struct err_info *why)
{
    uint32_t timeout_ms = or_default(rules->ocsp_timeout_ms, TIMEOUT_MS);
    size_t most =
        rules->ocsp_max_bytes == 0 ? OCSP_BYTES_MAX : rules->ocsp_max_bytes;
    struct buf get;
    enum err e;

    if (!rules->ocsp_by_get || der.n > GET_MAX_BYTES)
        return fetch_http(url, rules->ocsp_proxy, OCSP_REQUEST_TYPE, der,
                          OCSP_RESPONSE_TYPE, most, timeout_ms, out, why);
    buf_init(&get, REVOCATION_URL_MAX + 4u * GET_MAX_BYTES);
    put_get(&get, url, der);
    e = fetch_http(buf_z(&get), rules->ocsp_proxy, NULL, STR(""),
                   OCSP_RESPONSE_TYPE, most, timeout_ms, out, why);
    buf_fini(&get);
    return e;
}

/* The response as it came in *out, which the caller empties. */
static void
ask_ocsp(const struct revocation_rules *rules, const char *url,
         X509 *certificate, X509 *issuer, struct buf *out,
         struct finding *finding)
{
    OCSP_REQUEST *request = request_new(rules, certificate, issuer);
    unsigned char *der = NULL;
    int n = request == NULL ? -1 : i2d_OCSP_REQUEST(request, &der);
    struct err_info why = { 0 };
    enum err e;

    buf_init(out, 0);
    if (n <= 0) {
        finding_set(finding, REVOCATION_UNUSABLE,
                    "no OCSP request can be made");
    } else {
        e = exchange(rules, url, str_n(der, (size_t)n), out, &why);
        if (e == ERR_OK)
            judge_ocsp(buf_view(out), certificate, issuer,
                       rules->nonce_bytes > 0 ? request : NULL, rules, finding);
        else
            finding_set(finding,
                        e == ERR_PEER ? REVOCATION_UNREACHABLE
                                      : REVOCATION_UNUSABLE,
                        "%s", why.text);
    }
    OPENSSL_free(der);
    OCSP_REQUEST_free(request);
    ERR_clear_error();
}

/* ---- lists ---- */

static enum err
fetch_crl(const struct revocation *r, const struct source *s, size_t most,
          struct buf *out, struct err_info *why)
{
    const struct revocation_rules *rules = &r->rules;

    if (s->kind == SOURCE_CRL_LDAP)
        return fetch_ldap(s->url, rules->ldap_user, rules->ldap_password, most,
                          or_default(rules->ldap_timeout_ms, TIMEOUT_MS), out,
                          why);
    return fetch_http(s->url, rules->crl_proxy, NULL, STR(""), NULL, most,
                      or_default(rules->crl_timeout_ms, TIMEOUT_MS), out, why);
}

static bool
is_to_be_kept(const struct revocation_rules *rules, enum source_kind kind,
              size_t bytes)
{
    size_t most = kind == SOURCE_CRL_LDAP ? rules->ldap_keep_bytes
                                          : rules->http_keep_bytes;

    return most == 0 || bytes <= most;
}

static void
ask_crl(const struct revocation *r, const struct source *s, X509 *certificate,
        X509 *issuer, struct finding *finding)
{
    size_t most =
        r->rules.crl_max_bytes == 0 ? CRL_BYTES_MAX : r->rules.crl_max_bytes;
    X509_CRL *crl = crl_get(r->cache, s->url, most, &r->rules);
    bool is_new = crl == NULL;
    struct err_info why = { 0 };
    struct buf bytes;
    enum err e = ERR_OK;

    buf_init(&bytes, 0);
    if (is_new) {
        e = fetch_crl(r, s, most, &bytes, &why);
        crl = e == ERR_OK ? crl_of(buf_view(&bytes)) : NULL;
    }
    if (crl == NULL) {
        finding_set(
            finding,
            e == ERR_PEER ? REVOCATION_UNREACHABLE : REVOCATION_UNUSABLE, "%s",
            e == ERR_OK ? "what came is not a revocation list in DER"
                        : why.text);
    } else {
        judge_crl(crl, certificate, issuer, &r->rules, finding);
        if (is_new && !is_to_be_kept(&r->rules, s->kind, bytes.n))
            finding->until = time(NULL) + 1; /* for who waits now */
        /* What somebody on the way has put there is not kept. */
        else if (is_new && finding->verdict <= REVOCATION_REVOKED)
            crl_put(r->cache, s->url, crl, bytes.n, finding->until);
    }
    X509_CRL_free(crl);
    buf_fini(&bytes);
}

void
ask_source(const struct revocation *r, const struct source *s,
           X509 *certificate, X509 *issuer, struct finding *out)
{
    struct buf bytes;

    if (s->kind != SOURCE_OCSP) {
        ask_crl(r, s, certificate, issuer, out);
        return;
    }
    ask_ocsp(&r->rules, s->url, certificate, issuer, &bytes, out);
    buf_fini(&bytes);
}

enum err
revocation_fetch_staple(const struct revocation *r, X509 *of, X509 *issuer,
                        struct buf *out, int64_t *until, struct err_info *why)
{
    struct source sources[REVOCATION_SOURCES_MAX];
    struct finding finding = { .verdict = REVOCATION_NO_SOURCE,
                               .text = "the certificate names no responder" };
    size_t n = sources_of(r, of, sources);

    for (size_t i = 0; i < n; i++) {
        struct buf bytes;

        if (sources[i].kind != SOURCE_OCSP)
            continue;
        ask_ocsp(&r->rules, sources[i].url, of, issuer, &bytes, &finding);
        if (finding.verdict == REVOCATION_GOOD) {
            *out = bytes;
            *until = finding.until;
            return ERR_OK;
        }
        buf_fini(&bytes);
        if (finding.verdict == REVOCATION_REVOKED)
            break;
    }
    return err_set(why,
                   finding.verdict == REVOCATION_REVOKED     ? ERR_DENIED
                   : finding.verdict == REVOCATION_NO_SOURCE ? ERR_NOT_FOUND
                                                             : ERR_PEER,
                   "%s", finding.text);
}
