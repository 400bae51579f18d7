/* A signature by a key of a token, as OpenSSL has it. */
#include "saf/pkcs11_private.h"

#include <openssl/ec.h>
#include <openssl/x509.h>
#include <string.h>

#include "ipc/keywire.h"

struct signing {
    struct str id, hash;
    uint8_t scheme, digest;
    uint16_t salt;
    struct buf *out;
};

static const struct {
    uint8_t code;
    int nid; /* undefined: signed bare */
    CK_MECHANISM_TYPE hash;
    CK_RSA_PKCS_MGF_TYPE mgf;
} digests[] = {
    { KEY_SHA1, NID_sha1, CKM_SHA_1, CKG_MGF1_SHA1 },
    { KEY_SHA224, NID_sha224, CKM_SHA224, CKG_MGF1_SHA224 },
    { KEY_SHA256, NID_sha256, CKM_SHA256, CKG_MGF1_SHA256 },
    { KEY_SHA384, NID_sha384, CKM_SHA384, CKG_MGF1_SHA384 },
    { KEY_SHA512, NID_sha512, CKM_SHA512, CKG_MGF1_SHA512 },
    { KEY_MD5_SHA1, NID_undef, 0, 0 },
};

/* DigestInfo (RFC 8017, 9.2), which a token does not add by itself. */
static bool
digest_info(int nid, struct str hash, unsigned char *out, size_t cap, size_t *n)
{
    X509_SIG *info;
    X509_ALGOR *algorithm;
    ASN1_OCTET_STRING *octets;
    unsigned char *der = NULL;
    int n_der = 0;

    if (nid == NID_undef) {
        memcpy(out, hash.p, hash.n);
        *n = hash.n;
        return true;
    }
    info = X509_SIG_new();
    if (info == NULL)
        return false;
    X509_SIG_getm(info, &algorithm, &octets);
    if (X509_ALGOR_set0(algorithm, OBJ_nid2obj(nid), V_ASN1_NULL, NULL) == 1 &&
        ASN1_OCTET_STRING_set(octets, (const unsigned char *)hash.p,
                              (int)hash.n) == 1)
        n_der = i2d_X509_SIG(info, &der);
    X509_SIG_free(info);
    if (n_der > 0 && (size_t)n_der <= cap) {
        memcpy(out, der, (size_t)n_der);
        *n = (size_t)n_der;
    }
    OPENSSL_free(der);
    return n_der > 0 && (size_t)n_der <= cap;
}

/* r and s, one after the other, to DER. */
static bool
put_ecdsa(const unsigned char *raw, size_t n, struct buf *out)
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, (int)(n / 2), NULL);
    BIGNUM *s = BN_bin2bn(raw + n / 2, (int)(n / 2), NULL);
    unsigned char *der = NULL;
    int n_der = 0;

    if (sig != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(sig, r, s)) {
        r = s = NULL;
        n_der = i2d_ECDSA_SIG(sig, &der);
    }
    if (n_der > 0)
        buf_add(out, str_n(der, (size_t)n_der));
    OPENSSL_free(der);
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(sig);
    return n_der > 0;
}

static CK_RV
sign_with(struct p11 *p, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key,
          const struct signing *g, enum err *e, struct err_info *why)
{
    unsigned char input[128], raw[KEY_RESULT_MAX];
    size_t i = 0, n_input = g->hash.n;
    CK_RSA_PKCS_PSS_PARAMS pss = { 0 };
    CK_MECHANISM mechanism = { CKM_ECDSA, NULL, 0 };
    CK_ULONG n = sizeof raw;
    CK_RV rv;

    while (i < ARRAY_LEN(digests) && digests[i].code != g->digest)
        i++;
    if (i == ARRAY_LEN(digests) || g->hash.n > KEY_DIGEST_MAX) {
        *e = err_set(why, ERR_UNSUPPORTED, "no such digest");
        return CKR_OK;
    }
    memcpy(input, g->hash.p, g->hash.n);
    if (g->scheme == KEY_PKCS1) {
        mechanism.mechanism = CKM_RSA_PKCS;
        if (!digest_info(digests[i].nid, g->hash, input, sizeof input,
                         &n_input)) {
            *e = err_set(why, ERR_MEMORY, "no storage");
            return CKR_OK;
        }
    } else if (g->scheme == KEY_PSS) {
        pss = (CK_RSA_PKCS_PSS_PARAMS){ digests[i].hash, digests[i].mgf,
                                        g->salt };
        mechanism =
            (CK_MECHANISM){ CKM_RSA_PKCS_PSS, &pss, (CK_ULONG)sizeof pss };
    }
    rv = p->fn->C_SignInit(s, &mechanism, key);
    if (rv == CKR_OK)
        rv = p->fn->C_Sign(s, input, n_input, raw, &n);
    if (rv != CKR_OK)
        return rv;
    if (g->scheme != KEY_ECDSA)
        buf_add(g->out, str_n(raw, n));
    else if (!put_ecdsa(raw, n, g->out))
        *e = err_set(why, ERR_IO, "a signature that is none");
    return CKR_OK;
}

static CK_RV
run_sign(struct p11 *p, CK_SESSION_HANDLE s, void *arg, enum err *e,
         struct err_info *why)
{
    const struct signing *g = arg;
    CK_OBJECT_HANDLE key;
    CK_RV rv = p11_find_key_of(p, s, &p11_private, g->id, &key, e, why);

    return rv == CKR_OK && *e == ERR_OK ? sign_with(p, s, key, g, e, why) : rv;
}

enum err
p11_sign(struct p11 *p, struct str token, struct str id, uint8_t scheme,
         uint8_t digest, uint16_t salt, struct str hash, struct buf *out,
         struct err_info *why)
{
    struct signing g = { id, hash, scheme, digest, salt, out };
    const struct operation op = { run_sign, &g, "sign" };
    enum err e = p11_operate(p, token, &op, why);

    return e == ERR_OK ? buf_check(out, why) : e;
}
