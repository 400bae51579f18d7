/* Key pairs of a token: made, found, deleted. */
#include "saf/pkcs11_private.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <string.h>

struct making {
    struct str label;
    enum cert_key_kind kind;
    uint32_t bits;
    struct buf *id, *spki;
};

static enum err
ec_params(enum cert_key_kind kind, uint32_t bits, unsigned char **der, int *n,
          struct err_info *why)
{
    const char *name = cert_curve(kind, bits);

    *der = NULL;
    *n =
        name == NULL ? 0 : i2d_ASN1_OBJECT(OBJ_nid2obj(OBJ_txt2nid(name)), der);
    return *n > 0
               ? ERR_OK
               : err_set(why, ERR_RANGE, "there is no curve of %u bits", bits);
}

static EVP_PKEY *
rsa_public(const unsigned char *n, size_t n_n, const unsigned char *e,
           size_t n_e)
{
    BIGNUM *modulus = BN_bin2bn(n, (int)n_n, NULL);
    BIGNUM *exponent = BN_bin2bn(e, (int)n_e, NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *key = NULL;

    if (modulus != NULL && exponent != NULL && build != NULL && ctx != NULL &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) == 1 &&
        (params = OSSL_PARAM_BLD_to_param(build)) != NULL &&
        EVP_PKEY_fromdata_init(ctx) == 1)
        (void)EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    BN_free(modulus);
    BN_free(exponent);
    return key;
}

/* CKA_EC_PARAMS: an object identifier; CKA_EC_POINT: an octet string. */
static EVP_PKEY *
ec_public(const unsigned char *params, size_t n_params,
          const unsigned char *point, size_t n_point)
{
    ASN1_OBJECT *oid = d2i_ASN1_OBJECT(NULL, &params, (long)n_params);
    ASN1_OCTET_STRING *octets =
        d2i_ASN1_OCTET_STRING(NULL, &point, (long)n_point);
    int nid = oid == NULL ? NID_undef : OBJ_obj2nid(oid);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *key = NULL;

    if (nid != NID_undef && octets != NULL && ctx != NULL &&
        EVP_PKEY_fromdata_init(ctx) == 1) {
        OSSL_PARAM list[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
                                             (char *)(uintptr_t)OBJ_nid2sn(nid),
                                             0),
            OSSL_PARAM_construct_octet_string(
                OSSL_PKEY_PARAM_PUB_KEY,
                (void *)(uintptr_t)ASN1_STRING_get0_data(octets),
                (size_t)ASN1_STRING_length(octets)),
            OSSL_PARAM_construct_end(),
        };

        (void)EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, list);
    }
    EVP_PKEY_CTX_free(ctx);
    ASN1_OCTET_STRING_free(octets);
    ASN1_OBJECT_free(oid);
    return key;
}

static CK_RV
read_public(struct p11 *p, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE object,
            struct buf *spki, enum err *e, struct err_info *why)
{
    unsigned char a[ATTRIBUTE_MAX], b[ATTRIBUTE_MAX];
    CK_KEY_TYPE type = 0;
    CK_ATTRIBUTE ask = VALUE(CKA_KEY_TYPE, type);
    size_t n_a = 0, n_b = 0;
    EVP_PKEY *key = NULL;
    CK_RV rv = p->fn->C_GetAttributeValue(s, object, &ask, 1);
    bool is_rsa = type == CKK_RSA;

    if (rv == CKR_OK && !is_rsa && type != CKK_EC) {
        *e = err_set(why, ERR_UNSUPPORTED, "neither an RSA nor an EC key");
        return CKR_OK;
    }
    if (rv == CKR_OK)
        rv = p11_attribute(p, s, object, is_rsa ? CKA_MODULUS : CKA_EC_PARAMS,
                           a, &n_a);
    if (rv == CKR_OK)
        rv = p11_attribute(
            p, s, object, is_rsa ? CKA_PUBLIC_EXPONENT : CKA_EC_POINT, b, &n_b);
    if (rv != CKR_OK)
        return rv;
    key = is_rsa ? rsa_public(a, n_a, b, n_b) : ec_public(a, n_a, b, n_b);
    *e = key == NULL
             ? err_set(why, ERR_UNSUPPORTED, "its public key is not understood")
             : cert_spki(key, spki, why);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return CKR_OK;
}

static CK_RV
generate(struct p11 *p, CK_SESSION_HANDLE s, const struct making *m,
         struct str id, CK_OBJECT_HANDLE *public_key, enum err *e,
         struct err_info *why)
{
    static const unsigned char f4[] = { 1, 0, 1 };
    const struct str exponent = str_n(f4, sizeof f4);
    CK_ULONG bits = m->bits;
    bool is_rsa = m->kind == CERT_RSA;
    unsigned char *curve = NULL;
    int n_curve = 0;
    CK_OBJECT_HANDLE private_key;
    CK_MECHANISM mechanism = { is_rsa ? CKM_RSA_PKCS_KEY_PAIR_GEN
                                      : CKM_EC_KEY_PAIR_GEN,
                               NULL, 0 };
    CK_ATTRIBUTE rsa[] = { VALUE(CKA_MODULUS_BITS, bits),
                           BYTES(CKA_PUBLIC_EXPONENT, exponent) };
    CK_ATTRIBUTE public[7] = {
        VALUE(CKA_CLASS, p11_public),
        VALUE(CKA_TOKEN, p11_yes),
        VALUE(CKA_VERIFY, p11_yes),
        BYTES(CKA_LABEL, m->label),
        BYTES(CKA_ID, id),
    };
    CK_ATTRIBUTE private[] = {
        VALUE(CKA_CLASS, p11_private),  VALUE(CKA_TOKEN, p11_yes),
        VALUE(CKA_PRIVATE, p11_yes),    VALUE(CKA_SENSITIVE, p11_yes),
        VALUE(CKA_EXTRACTABLE, p11_no), VALUE(CKA_SIGN, p11_yes),
        BYTES(CKA_LABEL, m->label),     BYTES(CKA_ID, id),
    };
    CK_RV rv;

    if (is_rsa) {
        memcpy(public + 5, rsa, sizeof rsa);
    } else {
        *e = ec_params(m->kind, m->bits, &curve, &n_curve, why);
        if (*e != ERR_OK)
            return CKR_OK;
        public[5] = (CK_ATTRIBUTE){ CKA_EC_PARAMS, curve, (CK_ULONG)n_curve };
    }
    rv =
        p->fn->C_GenerateKeyPair(s, &mechanism, public, is_rsa ? 7 : 6, private,
                                 ARRAY_LEN(private), public_key, &private_key);
    OPENSSL_free(curve);
    return rv;
}

static CK_RV
find_by_label(struct p11 *p, CK_SESSION_HANDLE s, const CK_OBJECT_CLASS *class_,
              struct str label, CK_OBJECT_HANDLE *out, CK_ULONG *n)
{
    const CK_ATTRIBUTE want[] = { VALUE(CKA_CLASS, *class_),
                                  BYTES(CKA_LABEL, label) };

    return p11_find(p, s, want, ARRAY_LEN(want), out, 2, n);
}

static CK_RV
run_new_key(struct p11 *p, CK_SESSION_HANDLE s, void *arg, enum err *e,
            struct err_info *why)
{
    const struct making *m = arg;
    unsigned char id[16];
    CK_OBJECT_HANDLE found[2], public_key = 0;
    CK_ULONG n;
    CK_RV rv = find_by_label(p, s, &p11_private, m->label, found, &n);

    if (rv != CKR_OK)
        return rv;
    if (n > 0) {
        *e = err_set(why, ERR_EXISTS, "key label " STR_FMT " is in use",
                     STR_ARG(m->label));
        return CKR_OK;
    }
    if (RAND_bytes(id, sizeof id) != 1) {
        *e = err_set(why, ERR_IO, "no random numbers");
        return CKR_OK;
    }
    rv = generate(p, s, m, str_n(id, sizeof id), &public_key, e, why);
    if (rv != CKR_OK || *e != ERR_OK)
        return rv;
    buf_add(m->id, str_n(id, sizeof id));
    return read_public(p, s, public_key, m->spki, e, why);
}

static CK_RV
run_find_key(struct p11 *p, CK_SESSION_HANDLE s, void *arg, enum err *e,
             struct err_info *why)
{
    const struct making *m = arg;
    unsigned char id[ATTRIBUTE_MAX];
    CK_OBJECT_HANDLE privates[2], publics[2];
    CK_ULONG n, n_public;
    size_t n_id;
    CK_RV rv = find_by_label(p, s, &p11_private, m->label, privates, &n);

    if (rv == CKR_OK)
        rv = find_by_label(p, s, &p11_public, m->label, publics, &n_public);
    if (rv != CKR_OK)
        return rv;
    if (n != 1 || n_public != 1) {
        *e = err_set(why, n == 0 || n_public == 0 ? ERR_NOT_FOUND : ERR_EXISTS,
                     "the token has %s key pair " STR_FMT,
                     n == 0 || n_public == 0 ? "no" : "more than one",
                     STR_ARG(m->label));
        return CKR_OK;
    }
    rv = p11_attribute(p, s, privates[0], CKA_ID, id, &n_id);
    if (rv == CKR_OK && (n_id == 0 || n_id > P11_ID_MAX))
        *e = err_set(why, ERR_UNSUPPORTED, "key " STR_FMT " has no CKA_ID",
                     STR_ARG(m->label));
    if (rv != CKR_OK || *e != ERR_OK)
        return rv;
    buf_add(m->id, str_n(id, n_id));
    return read_public(p, s, publics[0], m->spki, e, why);
}

static enum err
key_pair(struct p11 *p, struct str token, struct making *m,
         const struct operation *op, struct err_info *why)
{
    enum err e = p11_operate(p, token, op, why);

    if (e == ERR_OK)
        e = buf_check(m->id, why);
    return e == ERR_OK ? buf_check(m->spki, why) : e;
}

enum err
p11_new_key(struct p11 *p, struct str token, struct str label,
            enum cert_key_kind kind, uint32_t bits, struct buf *id,
            struct buf *spki, struct err_info *why)
{
    struct making m = { label, kind, bits, id, spki };
    const struct operation op = { run_new_key, &m, "make a key" };

    if (kind == CERT_DSA)
        return err_set(why, ERR_UNSUPPORTED, "no DSA keys in a token");
    return key_pair(p, token, &m, &op, why);
}

enum err
p11_find_key(struct p11 *p, struct str token, struct str label, struct buf *id,
             struct buf *spki, struct err_info *why)
{
    struct making m = { .label = label, .id = id, .spki = spki };
    const struct operation op = { run_find_key, &m, "find a key" };

    return key_pair(p, token, &m, &op, why);
}

static CK_RV
run_public_of(struct p11 *p, CK_SESSION_HANDLE s, void *arg, enum err *e,
              struct err_info *why)
{
    const struct making *m = arg;
    CK_OBJECT_HANDLE key;
    CK_RV rv = p11_find_key_of(p, s, &p11_public, m->label, &key, e, why);

    return rv == CKR_OK && *e == ERR_OK
               ? read_public(p, s, key, m->spki, e, why)
               : rv;
}

enum err
p11_public_of(struct p11 *p, struct str token, struct str id, struct buf *spki,
              struct err_info *why)
{
    struct making m = { .label = id, .spki = spki };
    const struct operation op = { run_public_of, &m, "find a key" };
    enum err e = p11_operate(p, token, &op, why);

    return e == ERR_OK ? buf_check(spki, why) : e;
}

struct deletion {
    struct str id;
};

static CK_RV
run_delete(struct p11 *p, CK_SESSION_HANDLE s, void *arg, enum err *e,
           struct err_info *why)
{
    const struct deletion *d = arg;
    const CK_OBJECT_CLASS *classes[] = { &p11_private, &p11_public };
    CK_RV rv = CKR_OK;

    (void)e;
    (void)why;
    for (size_t i = 0; i < ARRAY_LEN(classes) && rv == CKR_OK; i++) {
        const CK_ATTRIBUTE want[] = { VALUE(CKA_CLASS, *classes[i]),
                                      BYTES(CKA_ID, d->id) };
        CK_OBJECT_HANDLE found[4];
        CK_ULONG n;

        rv = p11_find(p, s, want, ARRAY_LEN(want), found, 4, &n);
        for (CK_ULONG k = 0; k < n && rv == CKR_OK; k++)
            rv = p->fn->C_DestroyObject(s, found[k]);
    }
    return rv;
}

enum err
p11_delete_key(struct p11 *p, struct str token, struct str id,
               struct err_info *why)
{
    struct deletion d = { id };
    const struct operation op = { run_delete, &d, "delete a key" };

    return p11_operate(p, token, &op, why);
}
