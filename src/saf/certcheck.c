#include "saf/certcheck.h"

#include <openssl/x509v3.h>
#include <string.h>

#include "saf/certmake.h"

/* --- the key ------------------------------------------------------------ */

/* Parameters of its own making would let a curve be made to fit a signature
 * that is known (RFC 5480 forbids them as well). */
static bool
has_named_curve(X509 *x)
{
    X509_ALGOR *algorithm = NULL;

    return X509_PUBKEY_get0_param(NULL, NULL, NULL, &algorithm,
                                  X509_get_X509_PUBKEY(x)) == 1 &&
           algorithm != NULL && algorithm->parameter != NULL &&
           algorithm->parameter->type == V_ASN1_OBJECT;
}

static bool
is_our_curve(const char *name)
{
    static const uint32_t bits[] = { 160, 192, 224, 256, 320, 384, 512, 521 };

    for (size_t i = 0; i < ARRAY_LEN(bits); i++) {
        for (int kind = CERT_NISTECC; kind <= CERT_BPECC; kind++) {
            const char *ours = cert_curve((enum cert_key_kind)kind, bits[i]);

            if (ours != NULL && OBJ_txt2nid(ours) == OBJ_txt2nid(name))
                return true;
        }
    }
    return false;
}

static enum err
check_public(X509 *x, struct err_info *why)
{
    EVP_PKEY *key = X509_get0_pubkey(x);
    char group[64] = "";
    size_t n;

    if (key == NULL)
        return err_set(why, ERR_UNSUPPORTED,
                       "its public key is damaged, or of an unknown kind");
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC) {
        if (!has_named_curve(x))
            return err_set(why, ERR_UNSUPPORTED,
                           "its key brings a curve of its own along; expected "
                           "one that has a name");
        (void)EVP_PKEY_get_group_name(key, group, sizeof group, &n);
        if (!is_our_curve(group))
            return err_set(why, ERR_UNSUPPORTED,
                           "its key is on curve %.63s; expected one of NIST's "
                           "or Brainpool's",
                           group);
    }
    return EVP_PKEY_get_bits(key) <= CERT_PUBLIC_BITS_MAX
               ? ERR_OK
               : err_set(why, ERR_LIMIT,
                         "its key has %d bits; expected %d at most",
                         EVP_PKEY_get_bits(key), CERT_PUBLIC_BITS_MAX);
}

/* --- names -------------------------------------------------------------- */

static enum err
check_name(const X509_NAME *name, const char *whose, struct err_info *why)
{
    for (int i = 0; i < X509_NAME_entry_count(name); i++) {
        unsigned char *text = NULL;
        int n = ASN1_STRING_to_UTF8(
            &text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i)));
        bool has_nul = n > 0 && memchr(text, '\0', (size_t)n) != NULL;

        OPENSSL_free(text);
        if (n < 0)
            return err_set(why, ERR_SYNTAX, "its %s's name is no text", whose);
        if (has_nul)
            return err_set(why, ERR_SYNTAX, "its %s's name has a NUL in it",
                           whose);
    }
    return ERR_OK;
}

static bool
has_nul(const GENERAL_NAME *name)
{
    return (name->type == GEN_EMAIL || name->type == GEN_DNS ||
            name->type == GEN_URI) &&
           ASN1_STRING_length(name->d.ia5) > 0 &&
           memchr(ASN1_STRING_get0_data(name->d.ia5), '\0',
                  (size_t)ASN1_STRING_length(name->d.ia5)) != NULL;
}

static enum err
check_altnames(const X509 *x, struct err_info *why)
{
    GENERAL_NAMES *names =
        X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
    bool found = false;

    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
        found = found || has_nul(sk_GENERAL_NAME_value(names, i));
    GENERAL_NAMES_free(names);
    return found ? err_set(why, ERR_SYNTAX,
                           "one of its alternative names has a NUL in it")
                 : ERR_OK;
}

/* --- the rest ----------------------------------------------------------- */

static enum err
check_extensions(X509 *x, struct err_info *why)
{
    int n = X509_get_ext_count(x);
    const ASN1_OCTET_STRING *id;
    char name[80];

    for (int i = 0; i < n; i++) {
        const ASN1_OBJECT *object =
            X509_EXTENSION_get_object(X509_get_ext(x, i));

        if (X509_get_ext_by_OBJ(x, object, i) < 0)
            continue;
        (void)OBJ_obj2txt(name, sizeof name, object, 0);
        return err_set(why, ERR_SYNTAX, "its extension %s stands there twice",
                       name);
    }
    if ((X509_get_extension_flags(x) & EXFLAG_INVALID) != 0)
        return err_set(why, ERR_SYNTAX, "one of its extensions is damaged");
    id = X509_get0_subject_key_id(x);
    if (id != NULL && ASN1_STRING_length(id) > (int)CERT_KEY_ID_MAX)
        return err_set(why, ERR_LIMIT,
                       "its subjectKeyIdentifier has %d bytes; expected %u at "
                       "most",
                       ASN1_STRING_length(id), CERT_KEY_ID_MAX);
    return check_altnames(x, why);
}

static enum err
check_dates(const X509 *x, struct err_info *why)
{
    struct tm tm;

    if (ASN1_TIME_to_tm(X509_get0_notBefore(x), &tm) != 1 ||
        ASN1_TIME_to_tm(X509_get0_notAfter(x), &tm) != 1)
        return err_set(why, ERR_SYNTAX,
                       "its validity does not consist of two dates");
    return ERR_OK;
}

enum err
certcheck(X509 *x, struct err_info *why)
{
    int n_serial = ASN1_STRING_length(X509_get0_serialNumber(x));
    enum err e;

    if (n_serial > (int)CERT_SERIAL_MAX)
        return err_set(why, ERR_LIMIT,
                       "its serial number has %d bytes; expected %u at most",
                       n_serial, CERT_SERIAL_MAX);
    if (X509_NAME_entry_count(X509_get_issuer_name(x)) == 0)
        return err_set(why, ERR_SYNTAX, "it names no issuer");
    if ((e = check_name(X509_get_issuer_name(x), "issuer", why)) != ERR_OK ||
        (e = check_name(X509_get_subject_name(x), "subject", why)) != ERR_OK ||
        (e = check_dates(x, why)) != ERR_OK ||
        (e = check_extensions(x, why)) != ERR_OK)
        return e;
    return check_public(x, why);
}

enum err
certcheck_key(X509 *x, EVP_PKEY *key, struct err_info *why)
{
    bool is_large = (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA ||
                     EVP_PKEY_get_base_id(key) == EVP_PKEY_DSA) &&
                    EVP_PKEY_get_bits(key) > CERT_PRIVATE_BITS_MAX;

    if (is_large)
        return err_set(why, ERR_LIMIT,
                       "the private key has %d bits; expected %d at most",
                       EVP_PKEY_get_bits(key), CERT_PRIVATE_BITS_MAX);
    return X509_check_private_key(x, key) == 1
               ? ERR_OK
               : err_set(why, ERR_SYNTAX,
                         "the private key is not the certificate's");
}
