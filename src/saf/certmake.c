#include "saf/certmake.h"

#include <openssl/bn.h>
#include <openssl/dsa.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#define NAME_DER_MAX 4096u
#define KEY_DER_MAX 8192u

void
cert_order_put(const struct cert_order *o, struct buf *out)
{
    buf_str(out, o->subject);
    buf_str(out, o->issuer);
    buf_str(out, o->issuer_key_id);
    buf_str(out, o->key_id);
    buf_str(out, o->spki);
    buf_u64(out, o->serial);
    buf_u64(out, (uint64_t)o->not_before_s);
    buf_u64(out, (uint64_t)o->not_after_s);
    buf_u32(out, o->usage);
    buf_u8(out, o->is_ca);
    buf_u32(out, o->n_altnames);
    for (uint32_t i = 0; i < o->n_altnames; i++) {
        buf_u8(out, o->altnames[i].kind);
        buf_str(out, o->altnames[i].value);
    }
}

bool
cert_order_read(struct reader *in, struct cert_order *out)
{
    struct cert_order o = { .serial = 0 };
    uint64_t not_before, not_after;
    uint8_t is_ca;

    if (!reader_str(in, 0, NAME_DER_MAX, &o.subject) ||
        !reader_str(in, 0, NAME_DER_MAX, &o.issuer) ||
        !reader_str(in, 0, CERT_KEY_ID_MAX, &o.issuer_key_id) ||
        !reader_str(in, 0, CERT_KEY_ID_MAX, &o.key_id) ||
        !reader_str(in, 0, KEY_DER_MAX, &o.spki) ||
        !reader_u64(in, &o.serial) || !reader_u64(in, &not_before) ||
        !reader_u64(in, &not_after) || !reader_u32(in, &o.usage) ||
        !reader_u8(in, &is_ca) || is_ca > 1 || !reader_u32(in, &o.n_altnames) ||
        o.n_altnames > CERT_ALTNAMES_MAX)
        return false;
    for (uint32_t i = 0; i < o.n_altnames; i++) {
        if (!reader_u8(in, &o.altnames[i].kind) ||
            !reader_str(in, 1, 255, &o.altnames[i].value))
            return false;
    }
    o.not_before_s = (int64_t)not_before;
    o.not_after_s = (int64_t)not_after;
    o.is_ca = is_ca != 0;
    *out = o;
    return true;
}

static enum err
failed(struct err_info *why, const char *what)
{
    return err_set(why, ERR_IO, "libcrypto cannot %s", what);
}

static X509_NAME *
name_of(struct str der)
{
    const unsigned char *p = (const unsigned char *)der.p;
    X509_NAME *name = d2i_X509_NAME(NULL, &p, (long)der.n);

    if (name != NULL && p != (const unsigned char *)der.p + der.n) {
        X509_NAME_free(name);
        name = NULL;
    }
    return name;
}

static const EVP_MD *
digest_for(EVP_PKEY *signer)
{
    if (EVP_PKEY_get_base_id(signer) != EVP_PKEY_EC)
        return EVP_sha256();
    return EVP_PKEY_get_bits(signer) > 384   ? EVP_sha512()
           : EVP_PKEY_get_bits(signer) > 256 ? EVP_sha384()
                                             : EVP_sha256();
}

/* --- extensions ------------------------------------------------------------
 */

static bool
push(STACK_OF(X509_EXTENSION) * list, int nid, bool is_critical, void *value)
{
    X509_EXTENSION *ext =
        value == NULL ? NULL : X509V3_EXT_i2d(nid, is_critical, value);

    if (ext != NULL && sk_X509_EXTENSION_push(list, ext) > 0)
        return true;
    X509_EXTENSION_free(ext);
    return false;
}

static bool
add_key_usage(STACK_OF(X509_EXTENSION) * list, uint32_t usage)
{
    ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();
    bool ok = bits != NULL;

    /* Eight in the first byte, the first one leftmost, decipherOnly behind. */
    for (int i = 0; i < 9 && ok; i++)
        if ((usage & (i < 8 ? 0x80u >> i : KU_DECIPHER_ONLY)) != 0)
            ok = ASN1_BIT_STRING_set_bit(bits, i, 1) == 1;
    ok = ok && push(list, NID_key_usage, true, bits);
    ASN1_BIT_STRING_free(bits);
    return ok;
}

static bool
add_constraints(STACK_OF(X509_EXTENSION) * list)
{
    BASIC_CONSTRAINTS *bc = BASIC_CONSTRAINTS_new();
    bool ok = bc != NULL;

    if (ok)
        bc->ca = 1;
    ok = ok && push(list, NID_basic_constraints, true, bc);
    BASIC_CONSTRAINTS_free(bc);
    return ok;
}

static GENERAL_NAME *
altname(const struct cert_altname *from)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_STRING *value = ASN1_STRING_type_new(
        from->kind == GEN_IPADD ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);

    if (name == NULL || value == NULL ||
        ASN1_STRING_set(value, from->value.p, (int)from->value.n) != 1) {
        GENERAL_NAME_free(name);
        ASN1_STRING_free(value);
        return NULL;
    }
    GENERAL_NAME_set0_value(name, from->kind, value);
    return name;
}

static bool
add_altnames(STACK_OF(X509_EXTENSION) * list, const struct cert_order *o)
{
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    bool ok = names != NULL;

    for (uint32_t i = 0; i < o->n_altnames && ok; i++) {
        GENERAL_NAME *name = altname(&o->altnames[i]);

        ok = name != NULL && sk_GENERAL_NAME_push(names, name) > 0;
        if (!ok)
            GENERAL_NAME_free(name);
    }
    ok = ok && push(list, NID_subject_alt_name, false, names);
    GENERAL_NAMES_free(names);
    return ok;
}

/* SHA-1 of the key's bits (RFC 5280, 4.2.1.2): an identifier, no security. */
static bool
set_key_id(ASN1_OCTET_STRING *out, X509_PUBKEY *key, struct str given)
{
    unsigned char id[EVP_MAX_MD_SIZE];
    const unsigned char *bits;
    int n_bits;
    unsigned n = 0;

    if (given.n > 0)
        return ASN1_OCTET_STRING_set(out, (const unsigned char *)given.p,
                                     (int)given.n) == 1;
    return X509_PUBKEY_get0_param(NULL, &bits, &n_bits, NULL, key) == 1 &&
           EVP_Digest(bits, (size_t)n_bits, id, &n, EVP_sha1(), NULL) == 1 &&
           ASN1_OCTET_STRING_set(out, id, (int)n) == 1;
}

static bool
add_key_ids(STACK_OF(X509_EXTENSION) * list, X509_PUBKEY *key,
            const struct cert_order *o)
{
    struct str issuer_key_id = o->issuer_key_id;
    ASN1_OCTET_STRING *mine = ASN1_OCTET_STRING_new();
    AUTHORITY_KEYID *theirs = NULL;
    bool ok = mine != NULL && set_key_id(mine, key, o->key_id) &&
              push(list, NID_subject_key_identifier, false, mine);

    if (ok && issuer_key_id.n > 0) {
        theirs = AUTHORITY_KEYID_new();
        ok = theirs != NULL &&
             (theirs->keyid = ASN1_OCTET_STRING_new()) != NULL &&
             ASN1_OCTET_STRING_set(theirs->keyid,
                                   (const unsigned char *)issuer_key_id.p,
                                   (int)issuer_key_id.n) == 1 &&
             push(list, NID_authority_key_identifier, false, theirs);
    }
    ASN1_OCTET_STRING_free(mine);
    AUTHORITY_KEYID_free(theirs);
    return ok;
}

static STACK_OF(X509_EXTENSION) *
    extensions(const struct cert_order *o, X509_PUBKEY *key)
{
    STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();

    if (list != NULL && (!o->is_ca || add_constraints(list)) &&
        (o->usage == 0 || add_key_usage(list, o->usage)) &&
        (o->n_altnames == 0 || add_altnames(list, o)) &&
        add_key_ids(list, key, o))
        return list;
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
    return NULL;
}

/* --- certificates and requests
 * -------------------------------------------------- */

static bool
put_der(struct buf *out, unsigned char *der, int n)
{
    if (n <= 0)
        return false;
    buf_add(out, str_n(der, (size_t)n));
    OPENSSL_free(der);
    return !out->failed;
}

static bool
set_serial(X509 *x, uint64_t serial)
{
    ASN1_INTEGER *n = X509_get_serialNumber(x);

    return ASN1_INTEGER_set_uint64(n, serial) == 1;
}

static bool
fill(X509 *x, const struct cert_order *o, X509_PUBKEY *key, X509_NAME *subject,
     X509_NAME *issuer)
{
    STACK_OF(X509_EXTENSION) *list = extensions(o, key);
    bool ok = list != NULL && X509_set_version(x, 2) == 1 &&
              set_serial(x, o->serial) &&
              ASN1_TIME_set(X509_getm_notBefore(x), o->not_before_s) != NULL &&
              ASN1_TIME_set(X509_getm_notAfter(x), o->not_after_s) != NULL &&
              X509_set_subject_name(x, subject) == 1 &&
              X509_set_issuer_name(x, issuer == NULL ? subject : issuer) == 1 &&
              X509_set_pubkey(x, X509_PUBKEY_get0(key)) == 1;

    for (int i = 0; ok && i < sk_X509_EXTENSION_num(list); i++)
        ok = X509_add_ext(x, sk_X509_EXTENSION_value(list, i), -1) == 1;
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
    return ok;
}

static X509_PUBKEY *
pubkey_of(struct str spki)
{
    const unsigned char *p = (const unsigned char *)spki.p;

    return d2i_X509_PUBKEY(NULL, &p, (long)spki.n);
}

/* --- a signature made elsewhere ----------------------------------------- */

static bool
set_algorithm(X509_ALGOR *algorithm, EVP_PKEY *key, const EVP_MD *md)
{
    int nid = NID_undef;
    bool is_rsa = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;

    return OBJ_find_sigid_by_algs(&nid, EVP_MD_get_type(md),
                                  EVP_PKEY_get_base_id(key)) == 1 &&
           X509_ALGOR_set0(algorithm, OBJ_nid2obj(nid),
                           is_rsa ? V_ASN1_NULL : V_ASN1_UNDEF, NULL) == 1;
}

/* tbs: what is signed, freed here. */
static bool
sign_elsewhere(const struct cert_signer *signer, const EVP_MD *md,
               unsigned char *tbs, int n_tbs, ASN1_BIT_STRING *out, enum err *e,
               struct err_info *why)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    struct buf signature;
    unsigned n = 0;
    bool ok;

    buf_init(&signature, 1024);
    ok = n_tbs > 0 && EVP_Digest(tbs, (size_t)n_tbs, hash, &n, md, NULL) == 1;
    OPENSSL_free(tbs);
    if (ok)
        *e = signer->sign(signer->arg, EVP_MD_get_type(md), str_n(hash, n),
                          &signature, why);
    ok = ok && *e == ERR_OK &&
         ASN1_STRING_set(out, signature.p, (int)signature.n) == 1;
    /* All bits of the last byte count. */
    out->flags &= ~(ASN1_STRING_FLAG_BITS_LEFT | 0x07);
    out->flags |= ASN1_STRING_FLAG_BITS_LEFT;
    buf_fini(&signature);
    return ok;
}

/* libcrypto has no way to set these two of a certificate but by reading. */
static bool
sign_certificate(X509 *x, const struct cert_signer *signer, enum err *e,
                 struct err_info *why)
{
    const EVP_MD *md = digest_for(signer->key);
    const ASN1_BIT_STRING *signature;
    const X509_ALGOR *outer, *inner = X509_get0_tbs_sigalg(x);
    unsigned char *tbs = NULL;
    int n;

    if (signer->sign == NULL)
        return X509_sign(x, signer->key, md) > 0;
    X509_get0_signature(&signature, &outer, x);
    if (!set_algorithm((X509_ALGOR *)(uintptr_t)inner, signer->key, md) ||
        !set_algorithm((X509_ALGOR *)(uintptr_t)outer, signer->key, md))
        return false;
    n = i2d_re_X509_tbs(x, &tbs);
    return sign_elsewhere(signer, md, tbs, n,
                          (ASN1_BIT_STRING *)(uintptr_t)signature, e, why);
}

static bool
sign_request(X509_REQ *req, const struct cert_signer *signer, enum err *e,
             struct err_info *why)
{
    const EVP_MD *md = digest_for(signer->key);
    const ASN1_BIT_STRING *signature;
    const X509_ALGOR *algorithm;
    unsigned char *tbs = NULL;
    int n;

    if (signer->sign == NULL)
        return X509_REQ_sign(req, signer->key, md) > 0;
    X509_REQ_get0_signature(req, &signature, &algorithm);
    if (!set_algorithm((X509_ALGOR *)(uintptr_t)algorithm, signer->key, md))
        return false;
    n = i2d_re_X509_REQ_tbs(req, &tbs);
    return sign_elsewhere(signer, md, tbs, n,
                          (ASN1_BIT_STRING *)(uintptr_t)signature, e, why);
}

enum err
cert_make(const struct cert_order *o, const struct cert_signer *signer,
          struct buf *der, struct err_info *why)
{
    enum err e = ERR_OK;
    X509_PUBKEY *key = pubkey_of(o->spki);
    X509_NAME *subject = name_of(o->subject);
    X509_NAME *issuer = o->issuer.n > 0 ? name_of(o->issuer) : NULL;
    X509 *x = X509_new();
    bool ok = key != NULL && subject != NULL && x != NULL &&
              (o->issuer.n == 0 || issuer != NULL) &&
              fill(x, o, key, subject, issuer) &&
              sign_certificate(x, signer, &e, why);

    if (ok) {
        unsigned char *bytes = NULL;
        int n = i2d_X509(x, &bytes);

        ok = put_der(der, bytes, n);
    }
    X509_free(x);
    X509_NAME_free(subject);
    X509_NAME_free(issuer);
    X509_PUBKEY_free(key);
    return ok ? ERR_OK : e != ERR_OK ? e : failed(why, "make the certificate");
}

enum err
cert_make_request(const struct cert_order *o, const struct cert_signer *signer,
                  struct buf *der, struct err_info *why)
{
    enum err e = ERR_OK;
    X509_PUBKEY *key = pubkey_of(o->spki);
    X509_NAME *subject = name_of(o->subject);
    STACK_OF(X509_EXTENSION) *list = key == NULL ? NULL : extensions(o, key);
    X509_REQ *req = X509_REQ_new();
    bool ok = key != NULL && subject != NULL && list != NULL && req != NULL &&
              X509_REQ_set_version(req, 0) == 1 &&
              X509_REQ_set_subject_name(req, subject) == 1 &&
              X509_REQ_set_pubkey(req, X509_PUBKEY_get0(key)) == 1 &&
              X509_REQ_add_extensions(req, list) == 1 &&
              sign_request(req, signer, &e, why);

    if (ok) {
        unsigned char *bytes = NULL;
        int n = i2d_X509_REQ(req, &bytes);

        ok = put_der(der, bytes, n);
    }
    X509_REQ_free(req);
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
    X509_NAME_free(subject);
    X509_PUBKEY_free(key);
    return ok ? ERR_OK : e != ERR_OK ? e : failed(why, "make the request");
}

/* --- keys
 * ----------------------------------------------------------------------------
 */

const char *
cert_curve(enum cert_key_kind kind, uint32_t bits)
{
    static const struct {
        enum cert_key_kind kind;
        uint32_t bits;
        const char *curve;
    } rows[] = {
        { CERT_NISTECC, 192, "prime192v1" },
        { CERT_NISTECC, 224, "secp224r1" },
        { CERT_NISTECC, 256, "prime256v1" },
        { CERT_NISTECC, 384, "secp384r1" },
        { CERT_NISTECC, 521, "secp521r1" },
        { CERT_BPECC, 160, "brainpoolP160r1" },
        { CERT_BPECC, 192, "brainpoolP192r1" },
        { CERT_BPECC, 224, "brainpoolP224r1" },
        { CERT_BPECC, 256, "brainpoolP256r1" },
        { CERT_BPECC, 320, "brainpoolP320r1" },
        { CERT_BPECC, 384, "brainpoolP384r1" },
        { CERT_BPECC, 512, "brainpoolP512r1" },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].kind == kind && rows[i].bits == bits)
            return rows[i].curve;
    }
    return NULL;
}

static EVP_PKEY *
new_dsa(uint32_t bits)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "DSA", NULL);
    EVP_PKEY_CTX *key_ctx = NULL;
    EVP_PKEY *params = NULL, *key = NULL;

    if (ctx != NULL && EVP_PKEY_paramgen_init(ctx) > 0 &&
        EVP_PKEY_CTX_set_dsa_paramgen_bits(ctx, (int)bits) > 0 &&
        EVP_PKEY_paramgen(ctx, &params) > 0 &&
        (key_ctx = EVP_PKEY_CTX_new_from_pkey(NULL, params, NULL)) != NULL &&
        EVP_PKEY_keygen_init(key_ctx) > 0)
        (void)EVP_PKEY_keygen(key_ctx, &key);
    EVP_PKEY_CTX_free(key_ctx);
    EVP_PKEY_free(params);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

static bool
is_size(enum cert_key_kind kind, uint32_t bits)
{
    if (kind == CERT_RSA)
        return bits >= 1024 && bits <= 4096;
    if (kind == CERT_DSA)
        return bits == 1024 || bits == 2048;
    return cert_curve(kind, bits) != NULL;
}

enum err
cert_new_key(enum cert_key_kind kind, uint32_t bits, EVP_PKEY **out,
             struct err_info *why)
{
    EVP_PKEY *key;

    if (!is_size(kind, bits))
        return err_set(why, ERR_RANGE, "no key of %u bits", bits);
    key = kind == CERT_RSA   ? EVP_RSA_gen(bits)
          : kind == CERT_DSA ? new_dsa(bits)
                             : EVP_EC_gen(cert_curve(kind, bits));
    if (key == NULL)
        return failed(why, "make a key");
    *out = key;
    return ERR_OK;
}

enum err
cert_spki(EVP_PKEY *key, struct buf *out, struct err_info *why)
{
    unsigned char *bytes = NULL;
    int n = i2d_PUBKEY(key, &bytes);

    return put_der(out, bytes, n) ? ERR_OK : failed(why, "write a public key");
}

enum err
cert_pkcs8(EVP_PKEY *key, struct buf *out, struct err_info *why)
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
    unsigned char *bytes = NULL;
    int n = info == NULL ? -1 : i2d_PKCS8_PRIV_KEY_INFO(info, &bytes);
    bool ok = n > 0;

    if (ok) {
        buf_add(out, str_n(bytes, (size_t)n));
        ok = !out->failed;
        OPENSSL_clear_free(bytes, (size_t)n);
    }
    PKCS8_PRIV_KEY_INFO_free(info);
    return ok ? ERR_OK : failed(why, "write a private key");
}

enum err
cert_key_read(struct str pkcs8, EVP_PKEY **out, struct err_info *why)
{
    const unsigned char *p = (const unsigned char *)pkcs8.p;
    PKCS8_PRIV_KEY_INFO *info =
        d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)pkcs8.n);
    EVP_PKEY *key = info == NULL ? NULL : EVP_PKCS82PKEY(info);

    PKCS8_PRIV_KEY_INFO_free(info);
    if (key == NULL)
        return err_set(why, ERR_SYNTAX, "not a private key in PKCS#8");
    *out = key;
    return ERR_OK;
}
