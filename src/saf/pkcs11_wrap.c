#include "saf/pkcs11_private.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#include "base/secret.h"

/* Secrets encrypted under an AES key that stays in the token. */

/*
 * wrapped = IV, AES-CBC-PAD of { bytes, SHA-256 of them }: the mechanism that
 * every token has; the digest tells a wrong key from a right one.
 */
#define IV_BYTES 16u
#define CHECK_BYTES 32u
#define WRAPPED_MAX 512u

struct wrapping {
    struct str label, in;
    bool may_make;
    struct buf *out;
};

static CK_RV
make_wrapping_key(struct p11 *p, CK_SESSION_HANDLE s, struct str label,
                  CK_OBJECT_HANDLE *key)
{
    const CK_ULONG bytes = 32;
    CK_MECHANISM mechanism = { CKM_AES_KEY_GEN, NULL, 0 };
    CK_ATTRIBUTE template[] = {
        VALUE(CKA_CLASS, p11_secret),  VALUE(CKA_KEY_TYPE, p11_aes),
        VALUE(CKA_VALUE_LEN, bytes),   BYTES(CKA_LABEL, label),
        VALUE(CKA_TOKEN, p11_yes),     VALUE(CKA_PRIVATE, p11_yes),
        VALUE(CKA_SENSITIVE, p11_yes), VALUE(CKA_EXTRACTABLE, p11_no),
        VALUE(CKA_ENCRYPT, p11_yes),   VALUE(CKA_DECRYPT, p11_yes),
    };

    return p->fn->C_GenerateKey(s, &mechanism, template, ARRAY_LEN(template),
                                key);
}

static CK_RV
wrapping_key(struct p11 *p, CK_SESSION_HANDLE s, const struct wrapping *w,
             CK_OBJECT_HANDLE *key, enum err *e, struct err_info *why)
{
    const CK_ATTRIBUTE want[] = { VALUE(CKA_CLASS, p11_secret),
                                  VALUE(CKA_KEY_TYPE, p11_aes),
                                  BYTES(CKA_LABEL, w->label) };
    CK_OBJECT_HANDLE found[2];
    CK_ULONG n;
    CK_RV rv = p11_find(p, s, want, ARRAY_LEN(want), found, 2, &n);

    if (rv != CKR_OK)
        return rv;
    *key = found[0];
    if (n == 0 && w->may_make)
        return make_wrapping_key(p, s, w->label, key);
    if (n != 1)
        *e = err_set(why, n == 0 ? ERR_NOT_FOUND : ERR_EXISTS,
                     n == 0 ? "the token has no AES key " STR_FMT
                            : "the token has several AES keys " STR_FMT,
                     STR_ARG(w->label));
    return CKR_OK;
}

static CK_RV
run_wrap(struct p11 *p, CK_SESSION_HANDLE s, void *arg, enum err *e,
         struct err_info *why)
{
    const struct wrapping *w = arg;
    unsigned char plain[WRAPPED_MAX], out[WRAPPED_MAX], iv[IV_BYTES];
    CK_MECHANISM mechanism = { CKM_AES_CBC_PAD, iv, sizeof iv };
    CK_ULONG n = sizeof out;
    CK_OBJECT_HANDLE key;
    CK_RV rv = wrapping_key(p, s, w, &key, e, why);

    if (rv != CKR_OK || *e != ERR_OK)
        return rv;
    if (w->in.n > sizeof plain - CHECK_BYTES - 32u ||
        RAND_bytes(iv, sizeof iv) != 1) {
        *e = err_set(why, ERR_LIMIT, "too much to wrap");
        return CKR_OK;
    }
    memcpy(plain, w->in.p, w->in.n);
    (void)EVP_Digest(w->in.p, w->in.n, plain + w->in.n, NULL, EVP_sha256(),
                     NULL);
    rv = p->fn->C_EncryptInit(s, &mechanism, key);
    if (rv == CKR_OK)
        rv = p->fn->C_Encrypt(s, plain, w->in.n + CHECK_BYTES, out, &n);
    secret_wipe(plain, sizeof plain);
    if (rv == CKR_OK) {
        buf_add(w->out, str_n(iv, sizeof iv));
        buf_add(w->out, str_n(out, n));
    }
    return rv;
}

static CK_RV
run_unwrap(struct p11 *p, CK_SESSION_HANDLE s, void *arg, enum err *e,
           struct err_info *why)
{
    const struct wrapping *w = arg;
    unsigned char plain[WRAPPED_MAX], check[CHECK_BYTES], iv[IV_BYTES];
    CK_MECHANISM mechanism = { CKM_AES_CBC_PAD, iv, sizeof iv };
    CK_ULONG n = sizeof plain;
    CK_OBJECT_HANDLE key;
    CK_RV rv = wrapping_key(p, s, w, &key, e, why);

    if (rv != CKR_OK || *e != ERR_OK)
        return rv;
    if (w->in.n <= IV_BYTES || w->in.n > WRAPPED_MAX) {
        *e = err_set(why, ERR_SYNTAX, "not a wrapped key");
        return CKR_OK;
    }
    memcpy(iv, w->in.p, sizeof iv);
    rv = p->fn->C_DecryptInit(s, &mechanism, key);
    if (rv == CKR_OK)
        rv = p->fn->C_Decrypt(s, (CK_BYTE *)(uintptr_t)w->in.p + IV_BYTES,
                              w->in.n - IV_BYTES, plain, &n);
    if (rv == CKR_OK && n > CHECK_BYTES &&
        EVP_Digest(plain, n - CHECK_BYTES, check, NULL, EVP_sha256(), NULL) ==
            1 &&
        memcmp(check, plain + n - CHECK_BYTES, CHECK_BYTES) == 0)
        buf_add(w->out, str_n(plain, n - CHECK_BYTES));
    else if (rv == CKR_OK || rv == CKR_GENERAL_ERROR ||
             rv == CKR_FUNCTION_FAILED || rv == CKR_DATA_INVALID)
        rv = CKR_ENCRYPTED_DATA_INVALID;
    secret_wipe(plain, sizeof plain);
    return rv;
}

static enum err
operate(struct p11 *p, struct str token, struct wrapping *w,
        CK_RV (*run)(struct p11 *, CK_SESSION_HANDLE, void *, enum err *,
                     struct err_info *),
        const char *what, struct err_info *why)
{
    const struct operation op = { run, w, what };
    enum err e = p11_operate(p, token, &op, why);

    return e == ERR_OK ? buf_check(w->out, why) : e;
}

enum err
p11_wrap(struct p11 *p, struct str token, struct str label, struct str plain,
         bool may_make, struct buf *out, struct err_info *why)
{
    struct wrapping w = { label, plain, may_make, out };

    return operate(p, token, &w, run_wrap, "wrap", why);
}

enum err
p11_unwrap(struct p11 *p, struct str token, struct str label,
           struct str wrapped, struct buf *plain, struct err_info *why)
{
    struct wrapping w = { label, wrapped, false, plain };

    return operate(p, token, &w, run_unwrap, "unwrap", why);
}
