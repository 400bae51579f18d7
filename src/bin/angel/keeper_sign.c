#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/fips.h"
#include "base/reader.h"
#include "keeper_channels.h"

enum err
channel_key_id(EVP_PKEY *key, unsigned char id[KEY_ID_BYTES],
               struct err_info *why)
{
    unsigned char *der = NULL;
    int n = i2d_PUBKEY(key, &der);
    bool ok =
        n > 0 && EVP_Digest(der, (size_t)n, id, NULL, EVP_sha256(), NULL) == 1;

    OPENSSL_free(der);
    return ok ? ERR_OK : err_set(why, ERR_IO, "a key has no public half");
}

static struct channel_key *
find(struct channel_key *keys, size_t n, struct str id)
{
    for (size_t i = 0; i < n; i++) {
        if (memcmp(keys[i].id, id.p, KEY_ID_BYTES) == 0)
            return &keys[i];
    }
    return NULL;
}

static const EVP_MD *
digest_of(uint8_t code)
{
    switch ((enum key_digest)code) {
    case KEY_SHA1:
        return EVP_sha1();
    case KEY_SHA224:
        return EVP_sha224();
    case KEY_SHA256:
        return EVP_sha256();
    case KEY_SHA384:
        return EVP_sha384();
    case KEY_SHA512:
        return EVP_sha512();
    case KEY_MD5_SHA1:
        return EVP_md5_sha1();
    }
    return NULL;
}

static const unsigned char *
bytes_of(struct str s)
{
    return (const unsigned char *)s.p;
}

static bool
set_scheme(EVP_PKEY_CTX *ctx, EVP_PKEY *key, uint8_t scheme, const EVP_MD *md,
           uint16_t salt)
{
    bool is_rsa = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;

    if (is_rsa == (scheme == KEY_ECDSA))
        return false;
    if (scheme != KEY_ECDSA &&
        EVP_PKEY_CTX_set_rsa_padding(ctx, scheme == KEY_PSS
                                              ? RSA_PKCS1_PSS_PADDING
                                              : RSA_PKCS1_PADDING) != 1)
        return false;
    if (EVP_PKEY_CTX_set_signature_md(ctx, md) != 1)
        return false;
    return scheme != KEY_PSS ||
           EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt) == 1;
}

/* A key here, for this provider: the FIPS one is given a copy of it. */
static EVP_PKEY_CTX *
context_of(const struct channel_key *key, bool is_fips)
{
    OSSL_LIB_CTX *library = is_fips ? fips_library(NULL) : NULL;

    return is_fips && library == NULL
               ? NULL
               : EVP_PKEY_CTX_new_from_pkey(library, key->key, NULL);
}

/* After its init: a key that the FIPS provider does not take would be used by
 * whose it is, in silence. */
static bool
is_as_wanted(const EVP_PKEY_CTX *ctx, bool is_fips)
{
    const OSSL_PROVIDER *by = EVP_PKEY_CTX_get0_provider(ctx);

    return !is_fips ||
           (by != NULL && strcmp(OSSL_PROVIDER_get0_name(by), "fips") == 0);
}

/* A new context is looked up in all of libcrypto's providers, which takes a
 * tenth of what the signature itself does. */
static bool
make_ready(struct channel_key *key, bool is_fips, uint8_t scheme,
           uint8_t digest, const EVP_MD *md, uint16_t salt)
{
    if (key->signing != NULL && key->is_fips == is_fips &&
        key->scheme == scheme && key->digest == digest && key->salt == salt)
        return true;
    EVP_PKEY_CTX_free(key->signing);
    key->signing = context_of(key, is_fips);
    key->is_fips = is_fips;
    key->scheme = scheme;
    key->digest = digest;
    key->salt = salt;
    return key->signing != NULL && EVP_PKEY_sign_init(key->signing) == 1 &&
           is_as_wanted(key->signing, is_fips) &&
           set_scheme(key->signing, key->key, scheme, md, salt);
}

static enum err
refuse(bool is_fips, enum err e, const char *what, struct err_info *why)
{
    ERR_clear_error();
    return is_fips ? err_set(why, e, "%s by a FIPS provider", what)
                   : err_set(why, e, "%s", what);
}

static bool
on_sign(struct reader *in, bool is_fips, struct channel_key *keys,
        size_t n_keys, unsigned char *result, size_t *n,
        struct channel_later *later, enum err *e, struct err_info *why)
{
    struct str id, hash;
    uint8_t scheme, digest;
    const EVP_MD *md;
    struct channel_key *key;
    uint16_t salt;

    if (!reader_take(in, KEY_ID_BYTES, &id) || !reader_u8(in, &scheme) ||
        scheme < KEY_PKCS1 || scheme > KEY_ECDSA || !reader_u8(in, &digest) ||
        (md = digest_of(digest)) == NULL || !reader_u16(in, &salt) ||
        !reader_str(in, (size_t)EVP_MD_get_size(md),
                    (size_t)EVP_MD_get_size(md), &hash) ||
        !reader_at_end(in))
        return false;
    key = find(keys, n_keys, id);
    if (key == NULL) {
        *e = err_set(why, ERR_NOT_FOUND, "no such key on this channel");
        return true;
    }
    if (key->ref.n > 0) {
        if ((EVP_PKEY_get_base_id(key->key) == EVP_PKEY_RSA) ==
            (scheme == KEY_ECDSA))
            *e = err_set(why, ERR_UNSUPPORTED,
                         "this key does not sign like that");
        else
            *later = (struct channel_later){ key, scheme, digest, salt, hash };
        return true;
    }
    *n = KEY_RESULT_MAX;
    if (!make_ready(key, is_fips, scheme, digest, md, salt) ||
        EVP_PKEY_sign(key->signing, result, n, bytes_of(hash), hash.n) != 1) {
        EVP_PKEY_CTX_free(key->signing);
        key->signing = NULL;
        *e = refuse(is_fips, ERR_UNSUPPORTED,
                    "this key does not sign like that", why);
    }
    return true;
}

static bool
set_padding(EVP_PKEY_CTX *ctx, uint8_t padding, uint16_t version)
{
    unsigned number = version;
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_uint(OSSL_ASYM_CIPHER_PARAM_TLS_CLIENT_VERSION,
                                  &number),
        OSSL_PARAM_construct_end(),
    };

    if (EVP_PKEY_CTX_set_rsa_padding(
            ctx, padding == KEY_PAD_TLS    ? RSA_PKCS1_WITH_TLS_PADDING
                 : padding == KEY_PAD_OAEP ? RSA_PKCS1_OAEP_PADDING
                                           : RSA_PKCS1_PADDING) != 1)
        return false;
    return padding != KEY_PAD_TLS || EVP_PKEY_CTX_set_params(ctx, params) == 1;
}

static bool
on_decrypt(struct reader *in, bool is_fips, struct channel_key *keys,
           size_t n_keys, unsigned char *result, size_t *n, enum err *e,
           struct err_info *why)
{
    struct str id, text;
    uint8_t padding;
    EVP_PKEY_CTX *ctx = NULL;
    struct channel_key *key;
    uint16_t version;

    if (!reader_take(in, KEY_ID_BYTES, &id) || !reader_u8(in, &padding) ||
        padding < KEY_PAD_PKCS1 || padding > KEY_PAD_TLS ||
        !reader_u16(in, &version) ||
        !reader_str(in, 1, KEY_RESULT_MAX, &text) || !reader_at_end(in))
        return false;
    key = find(keys, n_keys, id);
    if (key == NULL) {
        *e = err_set(why, ERR_NOT_FOUND, "no such key on this channel");
        return true;
    }
    if (key->ref.n > 0) {
        *e = err_set(why, ERR_UNSUPPORTED, "a key in a token only signs");
        return true;
    }
    if (EVP_PKEY_get_base_id(key->key) == EVP_PKEY_RSA)
        ctx = context_of(key, is_fips);
    *n = padding == KEY_PAD_TLS ? SSL_MAX_MASTER_KEY_LENGTH : KEY_RESULT_MAX;
    if (ctx == NULL || EVP_PKEY_decrypt_init(ctx) != 1 ||
        !is_as_wanted(ctx, is_fips) || !set_padding(ctx, padding, version) ||
        EVP_PKEY_decrypt(ctx, result, n, bytes_of(text), text.n) != 1)
        *e = refuse(is_fips, ERR_DENIED, "it does not decrypt", why);
    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();
    return true;
}

bool
channel_answer(uint16_t type, struct str request, struct channel_key *keys,
               size_t n_keys, unsigned char *result, size_t *n,
               struct channel_later *later, enum err *e, struct err_info *why)
{
    struct reader in = reader_of(request);
    bool is_fips = (type & KEY_FIPS) != 0;
    unsigned operation = type & ~(unsigned)KEY_FIPS;

    *e = ERR_OK;
    later->key = NULL;
    if (operation == KEY_SIGN)
        return on_sign(&in, is_fips, keys, n_keys, result, n, later, e, why);
    return operation == KEY_DECRYPT &&
           on_decrypt(&in, is_fips, keys, n_keys, result, n, e, why);
}
