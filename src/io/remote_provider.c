/*
 * What OpenSSL sees of a remote key: a provider with key management, signatures
 * and decryption for RSA and EC. The public half is an ordinary key, which
 * answers everything that needs no secret; the private operations go to the
 * keeper. The names are those of the default provider's algorithms, so libssl
 * takes our keys for what they are; fetching by name alone still finds the
 * default provider's, which stands first (providers are kept in the order of
 * their names).
 */
#include "io/remote_private.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/proverr.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/secret.h"

#define PROVIDER "sallyport-keys"
#define PROPERTIES "provider=" PROVIDER
#define FIPS_PROPERTIES PROPERTIES ",fips=yes"
#define NOT_OURS "provider!=" PROVIDER
#define PARAM_KEY "sallyport-remote-key"
#define RSA_NAMES "RSA:rsaEncryption:1.2.840.113549.1.1.1"
#define EC_NAMES "EC:id-ecPublicKey:1.2.840.10045.2.1"

/* --- keys -------------------------------------------------------------------
 */

static void *
key_new(void *provctx, bool is_rsa)
{
    struct remote_key *k = calloc(1, sizeof *k);

    if (k != NULL) {
        atomic_init(&k->refs, 1);
        k->library = provctx;
        k->is_rsa = is_rsa;
    }
    return k;
}

static void *
rsa_new(void *provctx)
{
    return key_new(provctx, true);
}

static void *
ec_new(void *provctx)
{
    return key_new(provctx, false);
}

struct remote_key *
remote_key_ref(struct remote_key *k)
{
    atomic_fetch_add_explicit(&k->refs, 1, memory_order_relaxed);
    return k;
}

void
remote_key_free(void *key)
{
    struct remote_key *k = key;

    if (k == NULL ||
        atomic_fetch_sub_explicit(&k->refs, 1, memory_order_acq_rel) != 1)
        return;
    EVP_PKEY_free(k->public_key);
    remote_keys_unref(&k->keys);
    free(k);
}

static int
key_has(const void *key, int selection)
{
    const struct remote_key *k = key;

    if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0 && k->keys == NULL)
        return 0;
    return k->public_key != NULL;
}

static int
key_match(const void *one, const void *other, int selection)
{
    const struct remote_key *a = one, *b = other;

    (void)selection;
    return a->public_key != NULL && b->public_key != NULL &&
           EVP_PKEY_eq(a->public_key, b->public_key) == 1;
}

static EVP_PKEY *
public_from(const struct remote_key *k, const OSSL_PARAM params[])
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(
        k->library->context, k->is_rsa ? "RSA" : "EC", NOT_OURS);
    EVP_PKEY *key = NULL;

    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY,
                          (OSSL_PARAM *)(uintptr_t)params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    return key;
}

/* Either our own parameter, from remote_provider_key, or a public key that is
 * to be compared with one of ours. */
static int
key_import(void *key, int selection, const OSSL_PARAM params[])
{
    struct remote_key *k = key;
    const OSSL_PARAM *ours = OSSL_PARAM_locate_const(params, PARAM_KEY);
    struct remote_key from;

    (void)selection;
    if (k->public_key != NULL)
        return 0;
    if (ours == NULL) {
        k->public_key = public_from(k, params);
        return k->public_key != NULL;
    }
    if (ours->data_type != OSSL_PARAM_OCTET_STRING ||
        ours->data_size != sizeof from)
        return 0;
    memcpy((void *)&from, ours->data, sizeof from);
    if (EVP_PKEY_up_ref(from.public_key) != 1)
        return 0;
    k->public_key = from.public_key;
    k->keys = remote_keys_ref(from.keys);
    memcpy(k->id, from.id, sizeof k->id);
    return 1;
}

static int
key_export(void *key, int selection, OSSL_CALLBACK *callback, void *arg)
{
    const struct remote_key *k = key;
    OSSL_PARAM *params = NULL;
    int ok;

    if (k->public_key == NULL ||
        ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0 &&
         k->keys != NULL) ||
        EVP_PKEY_todata(k->public_key, EVP_PKEY_PUBLIC_KEY, &params) != 1)
        return 0;
    ok = callback(params, arg);
    OSSL_PARAM_free(params);
    return ok;
}

static const OSSL_PARAM *
rsa_types(int selection)
{
    static const OSSL_PARAM types[] = {
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
        OSSL_PARAM_octet_string(PARAM_KEY, NULL, 0),
        OSSL_PARAM_END,
    };

    return (selection & OSSL_KEYMGMT_SELECT_KEYPAIR) != 0 ? types : NULL;
}

static const OSSL_PARAM *
ec_types(int selection)
{
    static const OSSL_PARAM types[] = {
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
        OSSL_PARAM_octet_string(PARAM_KEY, NULL, 0),
        OSSL_PARAM_END,
    };

    return (selection & OSSL_KEYMGMT_SELECT_KEYPAIR) != 0 ? types : NULL;
}

static int
key_get_params(void *key, OSSL_PARAM params[])
{
    const struct remote_key *k = key;

    return k->public_key != NULL && EVP_PKEY_get_params(k->public_key, params);
}

static const OSSL_PARAM *
key_gettable(void *provctx)
{
    static const OSSL_PARAM list[] = {
        OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, NULL,
                               0),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
        OSSL_PARAM_END,
    };

    (void)provctx;
    return list;
}

static const char *
rsa_operation(int operation)
{
    (void)operation;
    return "RSA";
}

static const char *
ec_operation(int operation)
{
    return operation == OSSL_OP_SIGNATURE ? "ECDSA" : "EC";
}

/* --- signatures
 * -------------------------------------------------------------- */

static const struct digest {
    const char *name;
    enum key_digest code;
} digests[REMOTE_DIGESTS] = {
    { "SHA1", KEY_SHA1 },       { "SHA2-224", KEY_SHA224 },
    { "SHA2-256", KEY_SHA256 }, { "SHA2-384", KEY_SHA384 },
    { "SHA2-512", KEY_SHA512 }, { "MD5-SHA1", KEY_MD5_SHA1 },
};

#define SALT_AS_DIGEST (-1)
#define SALT_MAX (-3)

struct signing {
    const struct remote_library *library;
    struct remote_key *key;
    EVP_MD *md;
    EVP_MD_CTX *hash;
    uint8_t digest;
    uint8_t scheme;
    int salt;
};

static void *
sign_newctx(void *provctx, const char *properties)
{
    struct signing *s = calloc(1, sizeof *s);

    (void)properties;
    if (s != NULL)
        s->library = provctx;
    return s;
}

static void
sign_freectx(void *ctx)
{
    struct signing *s = ctx;

    if (s == NULL)
        return;
    remote_key_free(s->key);
    EVP_MD_CTX_free(s->hash);
    EVP_MD_free(s->md);
    free(s);
}

static void *
sign_dupctx(void *ctx)
{
    const struct signing *s = ctx;
    struct signing *copy = calloc(1, sizeof *copy);

    if (copy == NULL)
        return NULL;
    *copy = *s;
    copy->hash = NULL;
    copy->key = s->key == NULL ? NULL : remote_key_ref(s->key);
    if (copy->md != NULL)
        (void)EVP_MD_up_ref(copy->md);
    if (s->hash != NULL && ((copy->hash = EVP_MD_CTX_new()) == NULL ||
                            EVP_MD_CTX_copy_ex(copy->hash, s->hash) != 1)) {
        sign_freectx(copy);
        return NULL;
    }
    return copy;
}

static int
set_digest(struct signing *s, const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(digests); i++) {
        EVP_MD *fetched = s->library->digests[i];

        if (fetched == NULL || (OPENSSL_strcasecmp(name, digests[i].name) &&
                                !EVP_MD_is_a(fetched, name)))
            continue;
        if (s->md != fetched) {
            EVP_MD_free(s->md);
            (void)EVP_MD_up_ref(fetched);
            s->md = fetched;
        }
        s->digest = (uint8_t)digests[i].code;
        return 1;
    }
    ERR_raise_data(ERR_LIB_PROV, PROV_R_INVALID_DIGEST, "%s", name);
    return 0;
}

uint16_t
remote_type(const struct remote_key *k, enum key_type type)
{
    return (uint16_t)(type | (k->library->is_fips ? KEY_FIPS : 0u));
}

/* A parameter that is a number or a word of the table. */
static bool
number_or_word(const OSSL_PARAM *p, const OSSL_ITEM *words, size_t n, int *out)
{
    if (p->data_type != OSSL_PARAM_UTF8_STRING)
        return OSSL_PARAM_get_int(p, out) == 1;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(p->data, words[i].ptr) == 0) {
            *out = (int)words[i].id;
            return true;
        }
    }
    *out = atoi(p->data);
    return true;
}

bool
remote_read_pad(const OSSL_PARAM *p, int *out)
{
    static const OSSL_ITEM words[] = {
        { RSA_PKCS1_PADDING, (void *)(uintptr_t) "pkcs1" },
        { RSA_PKCS1_PSS_PADDING, (void *)(uintptr_t) "pss" },
        { RSA_PKCS1_OAEP_PADDING, (void *)(uintptr_t) "oaep" },
    };

    return number_or_word(p, words, ARRAY_LEN(words), out);
}

static int
sign_set_params(void *ctx, const OSSL_PARAM params[])
{
    static const OSSL_ITEM salts[] = {
        { (unsigned)SALT_AS_DIGEST, (void *)(uintptr_t) "digest" },
        { (unsigned)SALT_MAX, (void *)(uintptr_t) "max" },
        { (unsigned)SALT_MAX, (void *)(uintptr_t) "auto" },
    };
    struct signing *s = ctx;
    const OSSL_PARAM *p;

    if (params == NULL)
        return 1;
    p = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_DIGEST);
    if (p != NULL &&
        (p->data_type != OSSL_PARAM_UTF8_STRING || !set_digest(s, p->data)))
        return 0;
    p = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE);
    if (p != NULL) {
        int pad;

        if (!remote_read_pad(p, &pad) || !s->key->is_rsa ||
            (pad != RSA_PKCS1_PADDING && pad != RSA_PKCS1_PSS_PADDING)) {
            ERR_raise(ERR_LIB_PROV, PROV_R_ILLEGAL_OR_UNSUPPORTED_PADDING_MODE);
            return 0;
        }
        s->scheme = pad == RSA_PKCS1_PSS_PADDING ? KEY_PSS : KEY_PKCS1;
    }
    p = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PSS_SALTLEN);
    return p == NULL || number_or_word(p, salts, ARRAY_LEN(salts), &s->salt);
}

static const OSSL_PARAM *
sign_settable(void *ctx, void *provctx)
{
    static const OSSL_PARAM list[] = {
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, NULL, 0),
        OSSL_PARAM_END,
    };

    (void)ctx;
    (void)provctx;
    return list;
}

static int
sign_init(void *ctx, void *key, const OSSL_PARAM params[])
{
    struct signing *s = ctx;

    if (key != NULL) {
        remote_key_free(s->key);
        s->key = remote_key_ref(key);
    }
    if (s->key == NULL || s->key->keys == NULL) {
        ERR_raise(ERR_LIB_PROV, PROV_R_NOT_A_PRIVATE_KEY);
        return 0;
    }
    s->scheme = s->key->is_rsa ? KEY_PKCS1 : KEY_ECDSA;
    s->salt = SALT_AS_DIGEST;
    return sign_set_params(ctx, params);
}

/* PSS salt in bytes; -1 when the key is too small for it. */
static int
salt_bytes(const struct signing *s, size_t n_hash)
{
    int most = EVP_PKEY_get_size(s->key->public_key) - (int)n_hash - 2;

    if ((EVP_PKEY_get_bits(s->key->public_key) & 7) == 1)
        most--;
    if (s->salt == SALT_AS_DIGEST)
        return (int)n_hash <= most ? (int)n_hash : -1;
    return s->salt < 0 ? most : s->salt <= most ? s->salt : -1;
}

static int
sign(void *ctx, unsigned char *out, size_t *n, size_t cap,
     const unsigned char *hash, size_t n_hash)
{
    struct signing *s = ctx;
    unsigned char result[KEY_RESULT_MAX];
    struct err_info why = { 0 };
    struct buf request;
    int salt = 0;
    enum err e;

    if (out == NULL) {
        *n = (size_t)EVP_PKEY_get_size(s->key->public_key);
        return 1;
    }
    if (s->scheme == KEY_PSS)
        salt = salt_bytes(s, n_hash);
    if (s->digest == 0 || n_hash > KEY_DIGEST_MAX || salt < 0) {
        ERR_raise(ERR_LIB_PROV, PROV_R_INVALID_DIGEST_LENGTH);
        return 0;
    }
    buf_init(&request, 256);
    buf_add(&request, str_n(s->key->id, KEY_ID_BYTES));
    buf_u8(&request, s->scheme);
    buf_u8(&request, s->digest);
    buf_u16(&request, (uint16_t)salt);
    buf_str(&request, str_n(hash, n_hash));
    e = remote_ask(s->key->keys, remote_type(s->key, KEY_SIGN),
                   buf_view(&request), result, n, &why);
    buf_fini(&request);
    if (e == ERR_OK && *n <= cap) {
        memcpy(out, result, *n);
        return 1;
    }
    ERR_raise_data(ERR_LIB_PROV, PROV_R_FAILED_TO_SIGN, "%s", why.text);
    return 0;
}

static int
digest_init(void *ctx, const char *digest, void *key, const OSSL_PARAM params[])
{
    struct signing *s = ctx;

    if (!sign_init(ctx, key, params) ||
        (digest != NULL && digest[0] != '\0' && !set_digest(s, digest)) ||
        (s->md == NULL && !set_digest(s, "SHA2-256")))
        return 0;
    if (s->hash == NULL)
        s->hash = EVP_MD_CTX_new();
    return s->hash != NULL && EVP_DigestInit_ex2(s->hash, s->md, NULL) == 1;
}

static int
digest_update(void *ctx, const unsigned char *p, size_t n)
{
    struct signing *s = ctx;

    return s->hash != NULL && EVP_DigestUpdate(s->hash, p, n) == 1;
}

static int
digest_final(void *ctx, unsigned char *out, size_t *n, size_t cap)
{
    struct signing *s = ctx;
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned n_hash = 0;

    if (out == NULL)
        return sign(ctx, NULL, n, cap, NULL, 0);
    return s->hash != NULL && EVP_DigestFinal_ex(s->hash, hash, &n_hash) == 1 &&
           sign(ctx, out, n, cap, hash, n_hash);
}

/* What stands in certificates, lists and requests beside a signature (RFC 3279,
 * 2.2; 5758, 3.2): who writes those asks. Not for RSASSA-PSS. */
static int
sign_get_params(void *ctx, OSSL_PARAM params[])
{
    const struct signing *s = ctx;
    OSSL_PARAM *p =
        OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_ALGORITHM_ID);
    X509_ALGOR *algorithm;
    unsigned char *der = NULL;
    int nid, n, result;

    if (p == NULL)
        return 1;
    if (s->md == NULL || s->key == NULL ||
        (s->key->is_rsa && s->scheme != KEY_PKCS1) ||
        OBJ_find_sigid_by_algs(&nid, EVP_MD_get_type(s->md),
                               s->key->is_rsa ? NID_rsaEncryption
                                              : NID_X9_62_id_ecPublicKey) != 1)
        return 0;
    algorithm = X509_ALGOR_new();
    n = algorithm != NULL &&
                X509_ALGOR_set0(algorithm, OBJ_nid2obj(nid),
                                s->key->is_rsa ? V_ASN1_NULL : V_ASN1_UNDEF,
                                NULL) == 1
            ? i2d_X509_ALGOR(algorithm, &der)
            : -1;
    result = n > 0 && OSSL_PARAM_set_octet_string(p, der, (size_t)n) == 1;
    OPENSSL_free(der);
    X509_ALGOR_free(algorithm);
    return result;
}

static const OSSL_PARAM *
sign_gettable(void *ctx, void *provctx)
{
    static const OSSL_PARAM list[] = {
        OSSL_PARAM_octet_string(OSSL_SIGNATURE_PARAM_ALGORITHM_ID, NULL, 0),
        OSSL_PARAM_END,
    };

    (void)ctx;
    (void)provctx;
    return list;
}

/* --- tables
 * ------------------------------------------------------------------- */

#define KEYMGMT(make, types, operation)                                        \
    {                                                                          \
        { OSSL_FUNC_KEYMGMT_NEW, FN(make) },                                   \
            { OSSL_FUNC_KEYMGMT_FREE, FN(remote_key_free) },                   \
            { OSSL_FUNC_KEYMGMT_HAS, FN(key_has) },                            \
            { OSSL_FUNC_KEYMGMT_MATCH, FN(key_match) },                        \
            { OSSL_FUNC_KEYMGMT_IMPORT, FN(key_import) },                      \
            { OSSL_FUNC_KEYMGMT_IMPORT_TYPES, FN(types) },                     \
            { OSSL_FUNC_KEYMGMT_EXPORT, FN(key_export) },                      \
            { OSSL_FUNC_KEYMGMT_EXPORT_TYPES, FN(types) },                     \
            { OSSL_FUNC_KEYMGMT_GET_PARAMS, FN(key_get_params) },              \
            { OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, FN(key_gettable) },           \
            { OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, FN(operation) },         \
        {                                                                      \
            0, NULL                                                            \
        }                                                                      \
    }

static const OSSL_DISPATCH rsa_keymgmt[] =
    KEYMGMT(rsa_new, rsa_types, rsa_operation);
static const OSSL_DISPATCH ec_keymgmt[] =
    KEYMGMT(ec_new, ec_types, ec_operation);

static const OSSL_DISPATCH signature[] = {
    { OSSL_FUNC_SIGNATURE_NEWCTX, FN(sign_newctx) },
    { OSSL_FUNC_SIGNATURE_FREECTX, FN(sign_freectx) },
    { OSSL_FUNC_SIGNATURE_DUPCTX, FN(sign_dupctx) },
    { OSSL_FUNC_SIGNATURE_SIGN_INIT, FN(sign_init) },
    { OSSL_FUNC_SIGNATURE_SIGN, FN(sign) },
    { OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, FN(digest_init) },
    { OSSL_FUNC_SIGNATURE_DIGEST_SIGN_UPDATE, FN(digest_update) },
    { OSSL_FUNC_SIGNATURE_DIGEST_SIGN_FINAL, FN(digest_final) },
    { OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, FN(sign_set_params) },
    { OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, FN(sign_settable) },
    { OSSL_FUNC_SIGNATURE_GET_CTX_PARAMS, FN(sign_get_params) },
    { OSSL_FUNC_SIGNATURE_GETTABLE_CTX_PARAMS, FN(sign_gettable) },
    { 0, NULL },
};

#define ALGORITHM_TABLES(properties)                                           \
    {                                                                          \
        .keys = { { RSA_NAMES, (properties), rsa_keymgmt, "" },                \
                  { EC_NAMES, (properties), ec_keymgmt, "" } },                \
        .signatures = { { RSA_NAMES, (properties), signature, "" },            \
                        { "ECDSA", (properties), signature, "" } },            \
        .ciphers = { { RSA_NAMES, (properties), remote_decryption, "" } },     \
    }

static const struct {
    OSSL_ALGORITHM keys[3], signatures[3], ciphers[2]; /* zeros end each */
} tables[] = { ALGORITHM_TABLES(PROPERTIES),
               ALGORITHM_TABLES(FIPS_PROPERTIES) };

static const OSSL_ALGORITHM *
query(void *provctx, int operation, int *no_cache)
{
    const struct remote_library *library = provctx;
    size_t i = library->is_fips ? 1 : 0;

    *no_cache = 0;
    return operation == OSSL_OP_KEYMGMT       ? tables[i].keys
           : operation == OSSL_OP_SIGNATURE   ? tables[i].signatures
           : operation == OSSL_OP_ASYM_CIPHER ? tables[i].ciphers
                                              : NULL;
}

/* A provider that is built in may take the core's context for what it is
 * (provider-base(7), core_get_libctx). */
static int
provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
              const OSSL_DISPATCH **out, void **provctx)
{
    static const OSSL_DISPATCH table[] = {
        { OSSL_FUNC_PROVIDER_QUERY_OPERATION, FN(query) },
        { 0, NULL },
    };
    struct remote_library *library = calloc(1, sizeof *library);
    OSSL_FUNC_core_get_libctx_fn *context = NULL;

    for (; in->function_id != 0; in++) {
        if (in->function_id == OSSL_FUNC_CORE_GET_LIBCTX)
            context = OSSL_FUNC_core_get_libctx(in);
    }
    if (library == NULL || context == NULL) {
        free(library);
        return 0;
    }
    library->context = (OSSL_LIB_CTX *)context(handle);
    library->is_fips =
        EVP_default_properties_is_fips_enabled(library->context) == 1;
    *out = table;
    *provctx = library;
    return 1;
}

static void
fetch_digests(struct remote_library *library)
{
    for (size_t i = 0; i < ARRAY_LEN(digests); i++)
        library->digests[i] =
            EVP_MD_fetch(library->context, digests[i].name, NULL);
    ERR_clear_error(); /* one that is not there shows when it is wanted */
}

/* OpenSSL 3.0 remembers who answered for a name, and takes an answer that was
 * asked of us alone for everybody's when it came first. So everybody's come
 * first, and stay in front for the process's life. */
static void
fetch_others(OSSL_LIB_CTX *context)
{
    static const char *const keys[] = { "RSA", "EC" };
    static const char *const signatures[] = { "RSA", "ECDSA" };

    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        EVP_KEYMGMT_free(EVP_KEYMGMT_fetch(context, keys[i], NULL));
    for (size_t i = 0; i < ARRAY_LEN(signatures); i++)
        EVP_SIGNATURE_free(EVP_SIGNATURE_fetch(context, signatures[i], NULL));
    EVP_ASYM_CIPHER_free(EVP_ASYM_CIPHER_fetch(context, "RSA", NULL));
    ERR_clear_error();
}

/* Once for each context, for the process's life; the provider that is there
 * without being asked for stays ("retain fallbacks"). */
static bool
load(OSSL_LIB_CTX *into)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct remote_library *all; /* what nobody frees has an owner */
    OSSL_PROVIDER *ours;
    bool is_loaded;

    pthread_mutex_lock(&lock);
    is_loaded = OSSL_PROVIDER_available(into, PROVIDER) == 1;
    if (!is_loaded &&
        OSSL_PROVIDER_add_builtin(into, PROVIDER, provider_init) == 1 &&
        (ours = OSSL_PROVIDER_try_load(into, PROVIDER, 1)) != NULL) {
        struct remote_library *library = OSSL_PROVIDER_get0_provider_ctx(ours);

        library->next = all;
        library->provider = ours;
        all = library;
        fetch_digests(library);
        fetch_others(into);
        is_loaded = true;
    }
    pthread_mutex_unlock(&lock);
    return is_loaded;
}

enum err
remote_provider_key(struct remote_keys *keys, OSSL_LIB_CTX *library,
                    EVP_PKEY *public_key, const unsigned char *id,
                    EVP_PKEY **out, struct err_info *why)
{
    struct remote_key from = { .public_key = public_key, .keys = keys };
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(PARAM_KEY, &from, sizeof from),
        OSSL_PARAM_construct_end(),
    };
    int type = EVP_PKEY_get_base_id(public_key);
    EVP_PKEY_CTX *ctx = NULL;
    EVP_PKEY *key = NULL;

    memcpy(from.id, id, KEY_ID_BYTES);
    if ((type == EVP_PKEY_RSA || type == EVP_PKEY_EC) && load(library))
        ctx = EVP_PKEY_CTX_new_from_name(
            library, type == EVP_PKEY_RSA ? "RSA" : "EC", PROPERTIES);
    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(public_key);
    if (key == NULL) {
        ERR_clear_error();
        return err_set(why, ERR_UNSUPPORTED,
                       "only RSA and EC keys are used remotely");
    }
    *out = key;
    return ERR_OK;
}
