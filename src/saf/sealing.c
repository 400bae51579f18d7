#include "saf/sealing.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/secret.h"

#define LEVEL 1
#define NONCE_BYTES 12u
#define TAG_BYTES 16u
#define HEAD_BYTES (1u + NONCE_BYTES + TAG_BYTES)
#define PLAIN_MAX (64u * 1024u)

static const unsigned char *
bytes_of(struct str s)
{
    return (const unsigned char *)s.p;
}

enum err
sealing_close(const unsigned char key[SEALING_KEY_BYTES], struct str plain,
              struct str owner, struct buf *sealed, struct err_info *why)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    unsigned char *head;
    int n;
    bool ok;

    if (plain.n > PLAIN_MAX || (head = (unsigned char *)buf_grow(
                                    sealed, HEAD_BYTES + plain.n)) == NULL) {
        EVP_CIPHER_CTX_free(ctx);
        return err_set(why, ERR_LIMIT, "too much to seal");
    }
    head[0] = LEVEL;
    ok =
        ctx != NULL && RAND_bytes(head + 1, NONCE_BYTES) == 1 &&
        EVP_EncryptInit_ex2(ctx, EVP_aes_256_gcm(), key, head + 1, NULL) == 1 &&
        EVP_EncryptUpdate(ctx, NULL, &n, bytes_of(owner), (int)owner.n) == 1 &&
        EVP_EncryptUpdate(ctx, head + HEAD_BYTES, &n, bytes_of(plain),
                          (int)plain.n) == 1 &&
        EVP_EncryptFinal_ex(ctx, head + HEAD_BYTES + n, &n) == 1 &&
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, (int)TAG_BYTES,
                            head + 1 + NONCE_BYTES) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return ok ? ERR_OK : err_set(why, ERR_IO, "sealing failed");
}

enum err
sealing_open(const unsigned char key[SEALING_KEY_BYTES], struct str sealed,
             struct str owner, struct buf *plain, struct err_info *why)
{
    EVP_CIPHER_CTX *ctx;
    unsigned char *out;
    size_t n_plain;
    int n;
    bool ok;

    if (sealed.n < HEAD_BYTES || sealed.n > HEAD_BYTES + PLAIN_MAX ||
        sealed.p[0] != LEVEL)
        return err_set(why, ERR_SYNTAX, "not a sealed value of this version");
    n_plain = sealed.n - HEAD_BYTES;
    out = (unsigned char *)buf_grow(plain, n_plain);
    ctx = EVP_CIPHER_CTX_new();
    ok = out != NULL && ctx != NULL &&
         EVP_DecryptInit_ex2(ctx, EVP_aes_256_gcm(), key, bytes_of(sealed) + 1,
                             NULL) == 1 &&
         EVP_DecryptUpdate(ctx, NULL, &n, bytes_of(owner), (int)owner.n) == 1 &&
         EVP_DecryptUpdate(ctx, out, &n, bytes_of(sealed) + HEAD_BYTES,
                           (int)n_plain) == 1 &&
         EVP_CIPHER_CTX_ctrl(
             ctx, EVP_CTRL_GCM_SET_TAG, (int)TAG_BYTES,
             (void *)(uintptr_t)(bytes_of(sealed) + 1 + NONCE_BYTES)) == 1 &&
         EVP_DecryptFinal_ex(ctx, out + n, &n) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (ok)
        return ERR_OK;
    if (out != NULL) {
        secret_wipe(out, n_plain);
        plain->n -= n_plain;
    }
    return err_set(why, ERR_DENIED,
                   "sealed with another key, for another owner, or changed");
}
