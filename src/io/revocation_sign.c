/*
 * A signed request with RSASSA-PSS (RFC 6960, 4.1.2; RFC 4055, 3.1): the
 * library signs requests in the other ways only, so the parts are put together
 * here.
 *
 *   OCSPRequest ::= SEQUENCE { tbsRequest, [0] Signature }
 *   Signature   ::= SEQUENCE { algorithm, BIT STRING, [0] SEQUENCE OF cert }
 */
#include <openssl/asn1t.h>
#include <openssl/rsa.h>
#include <string.h>

#include "io/revocation_priv.h"

#define PART_MAX 65536u

static void
put(struct buf *out, int tag, int class, struct str content)
{
    unsigned char head[16], *end = head;

    ASN1_put_object(&end, tag != V_ASN1_BIT_STRING, (int)content.n, tag, class);
    buf_add(out, str_n(head, (size_t)(end - head)));
    buf_add(out, content);
}

static void
put_around(struct buf *all, int tag, int class)
{
    struct buf out;

    buf_init(&out, PART_MAX);
    put(&out, tag, class, buf_view(all));
    out.failed |= all->failed;
    buf_fini(all);
    *all = out;
}

/* NULL: no storage. */
static ASN1_STRING *
pss_parameters(const EVP_MD *md)
{
    RSA_PSS_PARAMS *p = RSA_PSS_PARAMS_new();
    ASN1_STRING *hash = NULL, *packed = NULL;

    if (p != NULL && (p->hashAlgorithm = X509_ALGOR_new()) != NULL &&
        (p->maskGenAlgorithm = X509_ALGOR_new()) != NULL &&
        (p->saltLength = ASN1_INTEGER_new()) != NULL &&
        ASN1_INTEGER_set(p->saltLength, EVP_MD_get_size(md)) == 1) {
        X509_ALGOR_set_md(p->hashAlgorithm, md);
        hash =
            ASN1_item_pack(p->hashAlgorithm, ASN1_ITEM_rptr(X509_ALGOR), NULL);
    }
    if (hash != NULL &&
        X509_ALGOR_set0(p->maskGenAlgorithm, OBJ_nid2obj(NID_mgf1),
                        V_ASN1_SEQUENCE, hash) == 1) {
        hash = NULL;
        packed = ASN1_item_pack(p, ASN1_ITEM_rptr(RSA_PSS_PARAMS), NULL);
    }
    ASN1_STRING_free(hash);
    RSA_PSS_PARAMS_free(p);
    return packed;
}

static void
put_algorithm(struct buf *out, const EVP_MD *md)
{
    X509_ALGOR *algorithm = X509_ALGOR_new();
    ASN1_STRING *parameters = pss_parameters(md);
    unsigned char *der = NULL;
    int n = -1;

    if (algorithm != NULL && parameters != NULL &&
        X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_rsassaPss), V_ASN1_SEQUENCE,
                        parameters) == 1) {
        parameters = NULL;
        n = i2d_X509_ALGOR(algorithm, &der);
    }
    if (n > 0)
        buf_add(out, str_n(der, (size_t)n));
    else
        out->failed = true;
    OPENSSL_free(der);
    ASN1_STRING_free(parameters);
    X509_ALGOR_free(algorithm);
}

static void
put_signature(struct buf *out, struct str of,
              const struct revocation_rules *rules)
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    EVP_PKEY_CTX *how = NULL;
    unsigned char bits[1 + 2048] = { 0 }; /* no unused bits */
    size_t n = sizeof bits - 1;

    if (md == NULL ||
        EVP_DigestSignInit_ex(md, &how, EVP_MD_get0_name(rules->signer_digest),
                              rules->signer_library, NULL, rules->signer_key,
                              NULL) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) != 1 ||
        EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) != 1 ||
        EVP_DigestSign(md, bits + 1, &n, (const unsigned char *)of.p, of.n) !=
            1)
        out->failed = true;
    else
        put(out, V_ASN1_BIT_STRING, V_ASN1_UNIVERSAL, str_n(bits, n + 1));
    EVP_MD_CTX_free(md);
}

static void
put_certificate(struct buf *out, X509 *certificate)
{
    unsigned char *der = NULL;
    int n = i2d_X509(certificate, &der);
    struct buf list;

    buf_init(&list, PART_MAX);
    buf_add(&list, str_n(der, n > 0 ? (size_t)n : 0));
    put_around(&list, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
    put_around(&list, 0, V_ASN1_CONTEXT_SPECIFIC);
    buf_add(out, buf_view(&list));
    out->failed |= list.failed || n <= 0;
    buf_fini(&list);
    OPENSSL_free(der);
}

/* What is inside of the outermost SEQUENCE. */
static struct str
inside(const unsigned char *der, int n)
{
    const unsigned char *p = der;
    long length = 0;
    int tag, class;

    return n <= 0 || (ASN1_get_object(&p, &length, &tag, &class, n) & 0x80) != 0
               ? STR("")
               : str_n(p, (size_t)length);
}

bool
request_sign_pss(OCSP_REQUEST **request, const struct revocation_rules *rules)
{
    unsigned char *der = NULL;
    OCSP_REQUEST *is_signed = NULL;
    struct buf signature, all;
    const unsigned char *p;
    struct str tbs;
    int n;

    if (OCSP_request_set1_name(*request,
                               X509_get_subject_name(rules->signer)) != 1)
        return false;
    n = i2d_OCSP_REQUEST(*request, &der);
    tbs = inside(der, n);
    buf_init(&signature, PART_MAX);
    buf_init(&all, PART_MAX);
    put_algorithm(&signature, rules->signer_digest);
    put_signature(&signature, tbs, rules);
    put_certificate(&signature, rules->signer);
    put_around(&signature, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
    put_around(&signature, 0, V_ASN1_CONTEXT_SPECIFIC);
    buf_add(&all, tbs);
    buf_add(&all, buf_view(&signature));
    put_around(&all, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
    p = (const unsigned char *)all.p;
    if (tbs.n > 0 && !signature.failed && !all.failed)
        is_signed = d2i_OCSP_REQUEST(NULL, &p, (long)all.n);
    buf_fini(&signature);
    buf_fini(&all);
    OPENSSL_free(der);
    if (is_signed == NULL)
        return false;
    OCSP_REQUEST_free(*request);
    *request = is_signed;
    return true;
}
