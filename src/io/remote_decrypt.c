/* Decryption with a remote RSA key, as OpenSSL sees it. */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/proverr.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/secret.h"
#include "io/remote_private.h"

struct decryption {
    struct remote_key *key;
    int pad;
    unsigned version; /* the client's, for the TLS padding */
};

static void *
decrypt_newctx(void *provctx)
{
    (void)provctx;
    return calloc(1, sizeof(struct decryption));
}

static void
decrypt_freectx(void *ctx)
{
    struct decryption *d = ctx;

    if (d != NULL)
        remote_key_free(d->key);
    free(d);
}

static int
decrypt_set_params(void *ctx, const OSSL_PARAM params[])
{
    struct decryption *d = ctx;
    const OSSL_PARAM *p;

    if (params == NULL)
        return 1;
    p = OSSL_PARAM_locate_const(params, OSSL_ASYM_CIPHER_PARAM_PAD_MODE);
    if (p != NULL && !remote_read_pad(p, &d->pad))
        return 0;
    p = OSSL_PARAM_locate_const(params,
                                OSSL_ASYM_CIPHER_PARAM_TLS_CLIENT_VERSION);
    return p == NULL || OSSL_PARAM_get_uint(p, &d->version) == 1;
}

static const OSSL_PARAM *
decrypt_settable(void *ctx, void *provctx)
{
    static const OSSL_PARAM list[] = {
        OSSL_PARAM_utf8_string(OSSL_ASYM_CIPHER_PARAM_PAD_MODE, NULL, 0),
        OSSL_PARAM_uint(OSSL_ASYM_CIPHER_PARAM_TLS_CLIENT_VERSION, NULL),
        OSSL_PARAM_END,
    };

    (void)ctx;
    (void)provctx;
    return list;
}

static int
decrypt_init(void *ctx, void *key, const OSSL_PARAM params[])
{
    struct decryption *d = ctx;

    if (key == NULL || ((struct remote_key *)key)->keys == NULL) {
        ERR_raise(ERR_LIB_PROV, PROV_R_NOT_A_PRIVATE_KEY);
        return 0;
    }
    remote_key_free(d->key);
    d->key = remote_key_ref(key);
    d->pad = RSA_PKCS1_PADDING;
    return decrypt_set_params(ctx, params);
}

static int
decrypt(void *ctx, unsigned char *out, size_t *n, size_t cap,
        const unsigned char *in, size_t n_in)
{
    const struct decryption *d = ctx;
    unsigned char result[KEY_RESULT_MAX];
    struct err_info why = { 0 };
    struct buf request;
    uint8_t pad = d->pad == RSA_PKCS1_PADDING            ? KEY_PAD_PKCS1
                  : d->pad == RSA_PKCS1_OAEP_PADDING     ? KEY_PAD_OAEP
                  : d->pad == RSA_PKCS1_WITH_TLS_PADDING ? KEY_PAD_TLS
                                                         : 0;
    enum err e;

    if (out == NULL) {
        *n = pad == KEY_PAD_TLS ? SSL_MAX_MASTER_KEY_LENGTH
                                : (size_t)EVP_PKEY_get_size(d->key->public_key);
        return 1;
    }
    if (pad == 0 || n_in > KEY_RESULT_MAX) {
        ERR_raise(ERR_LIB_PROV, PROV_R_ILLEGAL_OR_UNSUPPORTED_PADDING_MODE);
        return 0;
    }
    buf_init(&request, 2u * KEY_RESULT_MAX);
    buf_add(&request, str_n(d->key->id, KEY_ID_BYTES));
    buf_u8(&request, pad);
    buf_u16(&request, (uint16_t)d->version);
    buf_str(&request, str_n(in, n_in));
    e = remote_ask(d->key->keys, remote_type(d->key, KEY_DECRYPT),
                   buf_view(&request), result, n, &why);
    buf_fini(&request);
    if (e == ERR_OK && *n <= cap)
        memcpy(out, result, *n);
    else
        ERR_raise_data(ERR_LIB_PROV, PROV_R_FAILED_TO_DECRYPT, "%s", why.text);
    secret_wipe(result, sizeof result);
    return e == ERR_OK && *n <= cap;
}

const OSSL_DISPATCH remote_decryption[] = {
    { OSSL_FUNC_ASYM_CIPHER_NEWCTX, FN(decrypt_newctx) },
    { OSSL_FUNC_ASYM_CIPHER_FREECTX, FN(decrypt_freectx) },
    { OSSL_FUNC_ASYM_CIPHER_DECRYPT_INIT, FN(decrypt_init) },
    { OSSL_FUNC_ASYM_CIPHER_DECRYPT, FN(decrypt) },
    { OSSL_FUNC_ASYM_CIPHER_SET_CTX_PARAMS, FN(decrypt_set_params) },
    { OSSL_FUNC_ASYM_CIPHER_SETTABLE_CTX_PARAMS, FN(decrypt_settable) },
    { 0, NULL },
};
