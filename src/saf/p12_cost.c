#include "saf/p12_cost.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <stdint.h>
#include <string.h>

#define DEPTH_MAX 8u /* of safe contents within safe contents */

struct looking {
    const char *password;
    int64_t left; /* iterations that are still allowed */
    struct p12_cost *out;
};

/* --- costs ---------------------------------------------------------------- */

static void
spend(struct looking *l, int64_t n)
{
    if (n < 1 || n > l->left) {
        l->out->is_too_slow = true;
        return;
    }
    l->left -= n;
}

static int64_t
number_of(const ASN1_INTEGER *i)
{
    int64_t n = 0;

    return i != NULL && ASN1_INTEGER_get_int64(&n, i) == 1 ? n : -1;
}

/* N times r times p: each unit is about as much as an iteration. */
static int64_t
scrypt_units(const ASN1_TYPE *parameter)
{
    SCRYPT_PARAMS *s =
        ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(SCRYPT_PARAMS), parameter);
    int64_t n = -1, r, p, units = -1;

    if (s != NULL) {
        n = number_of(s->costParameter);
        r = number_of(s->blockSize);
        p = number_of(s->parallelizationParameter);
        if (n > 0 && r > 0 && p > 0 && n <= P12_ITERATIONS_MAX &&
            r <= P12_ITERATIONS_MAX && p <= P12_ITERATIONS_MAX &&
            n * r <= P12_ITERATIONS_MAX)
            units = n * r * p;
    }
    SCRYPT_PARAMS_free(s);
    return units;
}

static int64_t
pbkdf2_iterations(const ASN1_TYPE *parameter)
{
    PBKDF2PARAM *p =
        ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM), parameter);
    int64_t n = p == NULL ? -1 : number_of(p->iter);

    PBKDF2PARAM_free(p);
    return n;
}

static int64_t
pbe_iterations(const ASN1_TYPE *parameter)
{
    PBEPARAM *p =
        ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBEPARAM), parameter);
    int64_t n = p == NULL ? -1 : number_of(p->iter);

    PBEPARAM_free(p);
    return n;
}

/* --- ciphers -------------------------------------------------------------- */

static void
look_for_cipher(struct looking *l, int nid)
{
    const char *name = nid == NID_undef ? NULL : OBJ_nid2sn(nid);
    EVP_CIPHER *cipher =
        name == NULL ? NULL : EVP_CIPHER_fetch(NULL, name, NULL);

    if (name != NULL && cipher == NULL && l->out->old_cipher == NULL)
        l->out->old_cipher = name;
    EVP_CIPHER_free(cipher);
}

static void
look_at_pbes2(struct looking *l, const ASN1_TYPE *parameter)
{
    PBE2PARAM *p =
        ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), parameter);
    const X509_ALGOR *key = p == NULL ? NULL : p->keyfunc;

    if (key == NULL)
        spend(l, -1);
    else if (OBJ_obj2nid(key->algorithm) == NID_id_scrypt)
        spend(l, scrypt_units(key->parameter));
    else
        spend(l, pbkdf2_iterations(key->parameter));
    if (p != NULL && p->encryption != NULL)
        look_for_cipher(l, OBJ_obj2nid(p->encryption->algorithm));
    PBE2PARAM_free(p);
}

static void
look_at_algorithm(struct looking *l, const X509_ALGOR *alg)
{
    int nid = alg == NULL ? NID_undef : OBJ_obj2nid(alg->algorithm);
    int cipher = NID_undef;

    if (alg == NULL) {
        spend(l, -1);
    } else if (nid == NID_pbes2) {
        look_at_pbes2(l, alg->parameter);
    } else {
        spend(l, pbe_iterations(alg->parameter));
        if (EVP_PBE_find(EVP_PBE_TYPE_OUTER, nid, &cipher, NULL, NULL) == 1)
            look_for_cipher(l, cipher);
    }
}

/* --- the package ---------------------------------------------------------- */

static void
look_at_bags(struct looking *l, const STACK_OF(PKCS12_SAFEBAG) * bags,
             unsigned depth)
{
    for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); i++) {
        const PKCS12_SAFEBAG *bag = sk_PKCS12_SAFEBAG_value(bags, i);
        const X509_SIG *key;
        const X509_ALGOR *alg = NULL;

        switch (PKCS12_SAFEBAG_get_nid(bag)) {
        case NID_pkcs8ShroudedKeyBag:
            key = PKCS12_SAFEBAG_get0_pkcs8(bag);
            if (key != NULL)
                X509_SIG_get0(key, &alg, NULL);
            look_at_algorithm(l, alg);
            break;
        case NID_safeContentsBag:
            if (depth == DEPTH_MAX)
                l->out->is_too_slow = true;
            else
                look_at_bags(l, PKCS12_SAFEBAG_get0_safes(bag), depth + 1);
            break;
        default:
            break;
        }
    }
}

/* An empty password is written in two ways. */
static STACK_OF(PKCS12_SAFEBAG) *
    open_encrypted(const struct looking *l, PKCS7 *p7)
{
    STACK_OF(PKCS12_SAFEBAG) *bags =
        PKCS12_unpack_p7encdata(p7, l->password, -1);

    if (bags == NULL && (l->password == NULL || l->password[0] == '\0'))
        bags = PKCS12_unpack_p7encdata(p7, l->password == NULL ? "" : NULL, 0);
    return bags;
}

static void
look_at_safe(struct looking *l, PKCS7 *p7)
{
    STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
    const char *missing = l->out->old_cipher;

    if (PKCS7_type_is_data(p7)) {
        bags = PKCS12_unpack_p7data(p7);
    } else if (PKCS7_type_is_encrypted(p7) && p7->d.encrypted != NULL &&
               p7->d.encrypted->enc_data != NULL) {
        look_at_algorithm(l, p7->d.encrypted->enc_data->algorithm);
        if (!l->out->is_too_slow && l->out->old_cipher == missing)
            bags = open_encrypted(l, p7);
    }
    look_at_bags(l, bags, 0);
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
}

/* What is encrypted with a missing cipher may still tell by its check whether
 * the password is right. */
static bool
is_wrong_password(PKCS12 *p12, const char *password)
{
    if (PKCS12_mac_present(p12) != 1)
        return false;
    if (PKCS12_verify_mac(p12, password, -1) == 1)
        return false;
    return (password != NULL && password[0] != '\0') ||
           PKCS12_verify_mac(p12, password == NULL ? "" : NULL, 0) != 1;
}

void
p12_cost(PKCS12 *p12, const char *password, struct p12_cost *out)
{
    struct looking l = { password, P12_ITERATIONS_MAX, out };
    const ASN1_INTEGER *iterations = NULL;
    STACK_OF(PKCS7) *safes = NULL;

    *out = (struct p12_cost){ false, NULL };
    PKCS12_get0_mac(NULL, NULL, NULL, &iterations, p12);
    if (iterations != NULL)
        spend(&l, number_of(iterations));
    if (!out->is_too_slow)
        safes = PKCS12_unpack_authsafes(p12);
    for (int i = 0; i < sk_PKCS7_num(safes) && !out->is_too_slow; i++)
        look_at_safe(&l, sk_PKCS7_value(safes, i));
    sk_PKCS7_pop_free(safes, PKCS7_free);
    if (!out->is_too_slow && out->old_cipher != NULL &&
        is_wrong_password(p12, password))
        out->old_cipher = NULL;
    ERR_clear_error();
}
