#include "saf/certfacts.h"

#include <openssl/obj_mac.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "saf/certmake.h"

/* --- names
 * -------------------------------------------------------------------- */

/* Attribute names as RACF prints them. */
static const char *
attribute_name(const ASN1_OBJECT *object, char *scratch, int cap)
{
    switch (OBJ_obj2nid(object)) {
    case NID_commonName:
        return "CN";
    case NID_title:
        return "T";
    case NID_organizationalUnitName:
        return "OU";
    case NID_organizationName:
        return "O";
    case NID_localityName:
        return "L";
    case NID_stateOrProvinceName:
        return "SP";
    case NID_countryName:
        return "C";
    case NID_domainComponent:
        return "DC";
    case NID_pkcs9_emailAddress:
        return "EMAIL";
    default:
        (void)OBJ_obj2txt(scratch, cap, object, 1);
        return scratch;
    }
}

/* Most specific first, joined by ".". */
static struct str
name_text(struct arena *a, const X509_NAME *name)
{
    struct str text = STR("");

    for (int i = X509_NAME_entry_count(name) - 1; i >= 0; i--) {
        X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
        unsigned char *value = NULL;
        char scratch[128];
        int n = ASN1_STRING_to_UTF8(&value, X509_NAME_ENTRY_get_data(entry));

        if (n < 0)
            continue;
        for (int k = 0; k < n; k++) {
            if (value[k] < 0x20 || value[k] == 0x7f)
                value[k] = ' ';
        }
        text = str_fmt(a, STR_FMT "%s%s=%.*s", STR_ARG(text),
                       text.n > 0 ? "." : "",
                       attribute_name(X509_NAME_ENTRY_get_object(entry),
                                      scratch, sizeof scratch),
                       n, (const char *)value);
        OPENSSL_free(value);
    }
    return text;
}

struct str
certfacts_keep(struct arena *a, unsigned char *der, int n)
{
    struct str kept = STR("");

    if (n > 0)
        kept = str_dup(a, str_n(der, (size_t)n));
    OPENSSL_free(der);
    return kept;
}

struct str
certfacts_name_der(struct arena *a, const X509_NAME *name)
{
    unsigned char *der = NULL;
    int n = i2d_X509_NAME(name, &der);

    return certfacts_keep(a, der, n);
}

/* --- extensions
 * ----------------------------------------------------------------- */

static struct str
join(struct arena *a, struct str list, const char *separator, const char *word)
{
    return str_fmt(a, STR_FMT "%s%s", STR_ARG(list),
                   list.n > 0 ? separator : "", word);
}

static struct str
usage_text(struct arena *a, uint32_t usage)
{
    struct str text = STR("");

    if ((usage & (KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT)) != 0)
        text = join(a, text, ", ", "HANDSHAKE");
    if ((usage & KU_DATA_ENCIPHERMENT) != 0)
        text = join(a, text, ", ", "DATAENCRYPT");
    if ((usage & KU_NON_REPUDIATION) != 0)
        text = join(a, text, ", ", "DOCSIGN");
    if ((usage & KU_KEY_CERT_SIGN) != 0)
        text = join(a, text, ", ", "CERTSIGN");
    if ((usage & KU_KEY_AGREEMENT) != 0)
        text = join(a, text, ", ", "KEYAGREE");
    return text;
}

static struct str
address_text(struct arena *a, const ASN1_OCTET_STRING *ip)
{
    const unsigned char *p = ASN1_STRING_get0_data(ip);
    struct str text = STR("");

    if (ASN1_STRING_length(ip) == 4)
        return str_fmt(a, "IP: %u.%u.%u.%u", p[0], p[1], p[2], p[3]);
    if (ASN1_STRING_length(ip) != 16)
        return text;
    for (int i = 0; i < 16; i += 2)
        text = str_fmt(a, STR_FMT "%s%x", STR_ARG(text), i > 0 ? ":" : "",
                       (unsigned)(p[i] << 8 | p[i + 1]));
    return str_fmt(a, "IP: " STR_FMT, STR_ARG(text));
}

static struct str
altname_text(struct arena *a, const GENERAL_NAME *name)
{
    const char *word = name->type == GEN_EMAIL ? "EMail"
                       : name->type == GEN_DNS ? "Domain"
                       : name->type == GEN_URI ? "URI"
                                               : NULL;
    struct str text;

    if (name->type == GEN_IPADD)
        return address_text(a, name->d.iPAddress);
    if (word == NULL)
        return STR("");
    text = str_fmt(a, "%s: %.*s", word, ASN1_STRING_length(name->d.ia5),
                   (const char *)ASN1_STRING_get0_data(name->d.ia5));
    for (size_t i = 0; i < text.n; i++) {
        if ((unsigned char)text.p[i] < 0x20)
            ((char *)(uintptr_t)text.p)[i] = ' ';
    }
    return text;
}

static struct str
altnames_text(struct arena *a, const X509 *x)
{
    GENERAL_NAMES *names =
        X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
    struct str text = STR("");

    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        struct str one = altname_text(a, sk_GENERAL_NAME_value(names, i));

        if (one.n > 0)
            text = str_fmt(a, STR_FMT "%s" STR_FMT, STR_ARG(text),
                           text.n > 0 ? "\n" : "", STR_ARG(one));
    }
    GENERAL_NAMES_free(names);
    return text;
}

/* --- one certificate
 * ---------------------------------------------------------------- */

/* The bytes as they stand there: two's complement, which RACF takes for a
 * number without sign. */
static struct str
negative_text(struct arena *a, const ASN1_INTEGER *serial)
{
    unsigned char *der = NULL;
    int n = i2d_ASN1_INTEGER(serial, &der);
    struct str text = STR("");

    /* Tag, length (one byte: certcheck), value. */
    for (int i = 2; i < n; i++)
        text = str_fmt(a, STR_FMT "%02X", STR_ARG(text), der[i]);
    OPENSSL_free(der);
    return text.n > 0 ? text : STR("00");
}

static struct str
serial_text(struct arena *a, const X509 *x)
{
    const ASN1_INTEGER *serial = X509_get0_serialNumber(x);
    BIGNUM *n = ASN1_INTEGER_to_BN(serial, NULL);
    char *hex = n == NULL ? NULL : BN_bn2hex(n);
    struct str text = hex == NULL || strcmp(hex, "0") == 0 ? STR("00")
                      : hex[0] == '-' ? negative_text(a, serial)
                                      : str_fmt(a, "%s", hex);

    OPENSSL_free(hex);
    BN_free(n);
    return text;
}

static struct str
algorithm_text(struct arena *a, const X509 *x)
{
    int digest, key;
    const char *key_name;

    if (OBJ_find_sigid_algs(X509_get_signature_nid(x), &digest, &key) != 1)
        return str_fmt(a, "%s", OBJ_nid2sn(X509_get_signature_nid(x)));
    key_name = key == NID_rsaEncryption          ? "RSA"
               : key == NID_X9_62_id_ecPublicKey ? "ECDSA"
               : key == NID_dsa                  ? "DSA"
                                                 : OBJ_nid2sn(key);
    if (digest == NID_undef)
        return str_fmt(a, "%s", key_name);
    return str_lower(a, str_of(OBJ_nid2sn(digest))).n == 0
               ? STR("")
               : str_fmt(a, STR_FMT "%s",
                         STR_ARG(str_lower(a, str_of(OBJ_nid2sn(digest)))),
                         key_name);
}

static struct str
key_type_text(struct arena *a, EVP_PKEY *key)
{
    char group[64] = "";
    size_t n;

    if (key == NULL)
        return STR("UNKNOWN");
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA)
        return STR("RSA");
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC)
        return str_upper(a, str_of(OBJ_nid2sn(EVP_PKEY_get_base_id(key))));
    (void)EVP_PKEY_get_group_name(key, group, sizeof group, &n);
    return strncmp(group, "brainpool", 9) == 0 ? STR("BPECC") : STR("NISTECC");
}

static int64_t
seconds_of(const ASN1_TIME *t)
{
    struct tm tm = { 0 };

    return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static struct str
digest_of(struct arena *a, struct str bytes)
{
    unsigned char digest[32];
    unsigned n = sizeof digest;

    if (EVP_Digest(bytes.p, bytes.n, digest, &n, EVP_sha256(), NULL) != 1)
        return STR("");
    return str_dup(a, str_n(digest, n));
}

static struct str
key_id_of(struct arena *a, X509 *x)
{
    const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(x);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    if (id != NULL)
        return str_dup(a, str_n(ASN1_STRING_get0_data(id),
                                (size_t)ASN1_STRING_length(id)));
    if (X509_pubkey_digest(x, EVP_sha1(), digest, &n) != 1)
        return STR("");
    return str_dup(a, str_n(digest, n));
}

void
certfacts_read(struct arena *a, X509 *x, struct cert_facts *f)
{
    X509_PUBKEY *pub = X509_get_X509_PUBKEY(x);
    EVP_PKEY *key = X509_get0_pubkey(x);
    unsigned char *der = NULL;
    uint32_t flags = X509_get_extension_flags(x);
    int n = i2d_X509(x, &der);

    f->der = certfacts_keep(a, der, n);
    der = NULL;
    n = i2d_X509_PUBKEY(pub, &der);
    f->key_hash = digest_of(a, certfacts_keep(a, der, n));
    f->serial = serial_text(a, x);
    f->issuer = name_text(a, X509_get_issuer_name(x));
    f->subject = name_text(a, X509_get_subject_name(x));
    f->issuer_der = certfacts_name_der(a, X509_get_issuer_name(x));
    f->subject_der = certfacts_name_der(a, X509_get_subject_name(x));
    f->not_before_s = seconds_of(X509_get0_notBefore(x));
    f->not_after_s = seconds_of(X509_get0_notAfter(x));
    f->sig_alg = algorithm_text(a, x);
    f->key_type = key_type_text(a, key);
    f->key_bits = key == NULL ? 0 : (uint32_t)EVP_PKEY_get_bits(key);
    if ((flags & EXFLAG_KUSAGE) != 0)
        f->key_usage = usage_text(a, X509_get_key_usage(x));
    f->altnames = altnames_text(a, x);
    f->key_id = key_id_of(a, x);
    f->fingerprint = digest_of(a, f->der);
    f->is_ca = (flags & EXFLAG_CA) != 0;
    f->is_self_signed =
        X509_NAME_cmp(X509_get_issuer_name(x), X509_get_subject_name(x)) == 0;
    f->has_bad_signature = f->is_self_signed && X509_verify(x, key) != 1;
    f->signer = -1;
}
