/*
 * {aes}, both versions. Plaintext: [n][n random bytes][password]. The keys are
 * derived slowly on purpose, so the last ones are kept.
 */
#include "config/password_private.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <string.h>

#define IV_BYTES 16u
#define TAG_BYTES 16u
#define KEYS_KEPT 8u

/* The salts are constants of the format, the same in every installation. */
static const unsigned char salt_128[] = {
    0xa7, 0xa2, 0x83, 0x39, 0x4c, 0x5a, 0xb3, 0x4f, 0x32, 0x15,
    0x0a, 0x9e, 0x2f, 0x17, 0x11, 0x38, 0xc3, 0x2e, 0x7d, 0x80,
};
static const unsigned char salt_256[] = {
    0xa7, 0xc1, 0x16, 0x0f, 0x87, 0x0b, 0x66, 0x4b, 0xa5, 0x44, 0xa2, 0xa7,
    0x60, 0x53, 0xeb, 0xbb, 0xd3, 0x1d, 0x1a, 0x6a, 0xee, 0x45, 0x3c, 0xfa,
    0x6c, 0x49, 0x6f, 0x7a, 0x29, 0xed, 0xb2, 0xb1, 0xe4, 0x66, 0x39, 0xf6,
    0x42, 0x30, 0x36, 0x6f, 0x23, 0x5c, 0x3b, 0x87, 0x24, 0x0f, 0x0e, 0xc1,
    0xd5, 0x6b, 0x3f, 0xee, 0x57, 0x2b, 0xc7, 0x4a, 0x00, 0x6b, 0x89, 0xfe,
    0xf9, 0xf9, 0xd2, 0xa1, 0xd4, 0x24, 0xf6, 0x56, 0x89, 0xb0, 0x8e, 0x0a,
    0x55, 0x18, 0x18, 0x87, 0xe2, 0x3f, 0x3b, 0x31, 0x34, 0xb4, 0x86, 0x6c,
    0xac, 0x10, 0x04, 0xd9, 0x3a, 0x4b, 0x09, 0xe7, 0x7e, 0x7f, 0xa0, 0x7a,
    0xc2, 0xa2, 0x47, 0xf8, 0x9b, 0xdf, 0x39, 0xd4, 0xa3, 0x56, 0x4c, 0x8d,
    0x71, 0x84, 0x68, 0xd8, 0x87, 0xf7, 0x56, 0x79, 0xd0, 0xc7, 0xb3, 0xc6,
    0x49, 0x07, 0x0c, 0x04, 0x18, 0xaf, 0xc0, 0x6b,
};

static const struct version {
    const char *digest;
    uint32_t iterations;
    size_t key_bytes;
    size_t seed_bytes; /* what encoders mix in */
    const unsigned char *salt;
    size_t salt_bytes;
} versions[] = {
    [PASSWORD_AES_128] = { "SHA1", 84756, 16, 20, salt_128, sizeof salt_128 },
    [PASSWORD_AES_256] = { "SHA512", 210000, 32, 64, salt_256,
                           sizeof salt_256 },
};

/* ---- keys ---- */

struct kept_key {
    bool is_used;
    enum password_aes version;
    unsigned char of[32]; /* SHA-256 of the key's text */
    unsigned char key[32];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct kept_key kept[KEYS_KEPT];
static unsigned next_kept;

static bool
find_kept(enum password_aes v, const unsigned char of[32], unsigned char *key)
{
    bool is_found = false;

    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < KEYS_KEPT && !is_found; i++) {
        is_found = kept[i].is_used && kept[i].version == v &&
                   memcmp(kept[i].of, of, 32) == 0;
        if (is_found)
            memcpy(key, kept[i].key, sizeof kept[i].key);
    }
    pthread_mutex_unlock(&lock);
    return is_found;
}

static void
keep(enum password_aes v, const unsigned char of[32], const unsigned char *key)
{
    struct kept_key *k;

    pthread_mutex_lock(&lock);
    k = &kept[next_kept++ % KEYS_KEPT];
    *k = (struct kept_key){ .is_used = true, .version = v };
    memcpy(k->of, of, sizeof k->of);
    memcpy(k->key, key, sizeof k->key);
    pthread_mutex_unlock(&lock);
}

static enum err
key_of(enum password_aes version, struct str text, unsigned char key[32],
       struct err_info *why)
{
    const struct version *v = &versions[version];
    unsigned char of[32];

    memset(key, 0, 32);
    if (EVP_Digest(text.p == NULL ? "" : text.p, text.n, of, NULL, EVP_sha256(),
                   NULL) != 1)
        return err_set(why, ERR_UNSUPPORTED, "SHA-256 is not available");
    if (find_kept(version, of, key))
        return ERR_OK;
    if (!password_derive(v->digest, text, str_n(v->salt, v->salt_bytes),
                         v->iterations, key, v->key_bytes))
        return err_set(why, ERR_UNSUPPORTED, "PBKDF2 is not available");
    keep(version, of, key);
    return ERR_OK;
}

/* ---- the cipher ---- */

/* iv, cipher text and, for GCM, the tag behind it. */
struct sealed {
    enum password_aes version;
    const unsigned char *iv;
    size_t iv_bytes;
    struct str text;
    const unsigned char *tag;
};

static bool
decrypt(EVP_CIPHER_CTX *ctx, const struct sealed *s, const unsigned char *key,
        unsigned char *out, int *n)
{
    bool is_gcm = s->version == PASSWORD_AES_256;
    int last = 0;

    return EVP_DecryptInit_ex(ctx,
                              is_gcm ? EVP_aes_256_gcm() : EVP_aes_128_cbc(),
                              NULL, NULL, NULL) == 1 &&
           (!is_gcm || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_IVLEN,
                                           (int)s->iv_bytes, NULL) == 1) &&
           EVP_DecryptInit_ex(ctx, NULL, NULL, key, is_gcm ? s->iv : key) ==
               1 &&
           EVP_DecryptUpdate(ctx, out, n, (const unsigned char *)s->text.p,
                             (int)s->text.n) == 1 &&
           (!is_gcm ||
            EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_BYTES,
                                (unsigned char *)(uintptr_t)s->tag) == 1) &&
           EVP_DecryptFinal_ex(ctx, out + *n, &last) == 1 && (*n += last) >= 0;
}

static bool
encrypt(EVP_CIPHER_CTX *ctx, enum password_aes version, struct str plain,
        const unsigned char *key, const unsigned char *iv, unsigned char *out,
        int *n)
{
    bool is_gcm = version == PASSWORD_AES_256;
    int last = 0;

    return EVP_EncryptInit_ex(ctx,
                              is_gcm ? EVP_aes_256_gcm() : EVP_aes_128_cbc(),
                              NULL, NULL, NULL) == 1 &&
           (!is_gcm || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_IVLEN,
                                           IV_BYTES, NULL) == 1) &&
           EVP_EncryptInit_ex(ctx, NULL, NULL, key, is_gcm ? iv : key) == 1 &&
           EVP_EncryptUpdate(ctx, out, n, (const unsigned char *)plain.p,
                             (int)plain.n) == 1 &&
           EVP_EncryptFinal_ex(ctx, out + *n, &last) == 1 &&
           (*n += last) >= 0 &&
           (!is_gcm || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_BYTES,
                                           out + *n) == 1);
}

/* ---- reading ---- */

static enum err
damaged(struct err_info *why)
{
    return err_set(why, ERR_SYNTAX,
                   "the {aes} value is damaged, or was encoded with another "
                   "wlp.password.encryption.key");
}

/* aes = %x00 text / %x01 length iv text tag */
static bool
take_apart(struct str bytes, struct sealed *s)
{
    const unsigned char *p = (const unsigned char *)bytes.p;

    if (bytes.n < 1 || p[0] > 1)
        return false;
    *s = (struct sealed){ .version =
                              p[0] == 0 ? PASSWORD_AES_128 : PASSWORD_AES_256 };
    if (p[0] == 0) {
        s->text = str_sub(bytes, 1, bytes.n);
        return s->text.n > 0 && s->text.n % 16 == 0;
    }
    if (bytes.n < 2 || p[1] == 0 || bytes.n < 2u + p[1] + TAG_BYTES)
        return false;
    s->iv = p + 2;
    s->iv_bytes = p[1];
    s->text = str_sub(bytes, 2u + p[1], bytes.n - TAG_BYTES);
    s->tag = p + bytes.n - TAG_BYTES;
    return true;
}

enum err
password_open_aes(struct str bytes, struct str key_text, struct secret *out,
                  struct err_info *why)
{
    struct sealed s;
    struct secret plain;
    unsigned char key[32];
    EVP_CIPHER_CTX *ctx;
    bool is_ok;
    int n = 0;
    enum err e;

    if (!take_apart(bytes, &s))
        return damaged(why);
    if ((e = key_of(s.version, key_text, key, why)) != ERR_OK)
        return e;
    ctx = EVP_CIPHER_CTX_new();
    if (ctx == NULL || !secret_dup(bytes, &plain)) { /* no less than needed */
        EVP_CIPHER_CTX_free(ctx);
        secret_wipe(key, sizeof key);
        return err_set(why, ERR_MEMORY, "no storage for a password");
    }
    is_ok = decrypt(ctx, &s, key, plain.p, &n) && n > 0 && n - 1 >= plain.p[0];
    e = is_ok ? ERR_OK : damaged(why);
    if (is_ok &&
        !secret_dup(
            str_n(plain.p + 1 + plain.p[0], (size_t)(n - 1 - plain.p[0])), out))
        e = err_set(why, ERR_MEMORY, "no storage for a password");
    EVP_CIPHER_CTX_free(ctx);
    secret_wipe(key, sizeof key);
    secret_free(&plain);
    return e;
}

/* ---- making ---- */

/* [version]([16][iv])cipher text(tag) */
static enum err
seal(enum password_aes version, struct str plain, struct str key_text,
     const unsigned char *iv, struct buf *out, struct err_info *why)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool is_gcm = version == PASSWORD_AES_256;
    unsigned char key[32];
    struct buf bytes;
    unsigned char *to;
    int n = 0;
    enum err e = ctx == NULL ? err_set(why, ERR_MEMORY, "no storage")
                             : key_of(version, key_text, key, why);

    buf_init(&bytes, plain.n + 128);
    buf_u8(&bytes, is_gcm ? 1 : 0);
    if (is_gcm) {
        buf_u8(&bytes, IV_BYTES);
        buf_add(&bytes, str_n(iv, IV_BYTES));
    }
    to = (unsigned char *)buf_grow(&bytes, plain.n + 2 * TAG_BYTES);
    if (e == ERR_OK && to == NULL)
        e = err_set(why, ERR_MEMORY, "no storage for a password");
    if (e == ERR_OK && !encrypt(ctx, version, plain, key, iv, to, &n))
        e = err_set(why, ERR_UNSUPPORTED, "AES is not available");
    if (e == ERR_OK) {
        size_t head = bytes.n - plain.n - 2 * TAG_BYTES;

        password_put(
            out, "aes",
            str_n(bytes.p, head + (size_t)n + (is_gcm ? TAG_BYTES : 0)));
        e = buf_check(out, why);
    }
    EVP_CIPHER_CTX_free(ctx);
    secret_wipe(key, sizeof key);
    buf_fini(&bytes);
    return e;
}

static enum err
make(enum password_aes version, struct str plain, struct str key,
     const unsigned char *random, struct buf *out, struct err_info *why)
{
    size_t seed = versions[version].seed_bytes;
    struct buf text;
    enum err e;

    buf_init(&text, plain.n + 128);
    buf_u8(&text, (uint8_t)seed);
    buf_add(&text, str_n(random, seed));
    buf_add(&text, plain);
    e = buf_check(&text, why);
    if (e == ERR_OK)
        e = seal(version, buf_view(&text), key, random + seed, out, why);
    if (text.p != NULL)
        secret_wipe(text.p, text.cap);
    buf_fini(&text);
    return e;
}

enum err
password_make_aes(enum password_aes version, struct str plain, struct str key,
                  const unsigned char *random, struct buf *out,
                  struct err_info *why)
{
    unsigned char own[64 + IV_BYTES];
    struct secret fetched;
    enum err e;

    if (plain.n > PASSWORD_BYTES_MAX)
        return err_set(why, ERR_LIMIT, "a password of more than %u bytes",
                       PASSWORD_BYTES_MAX);
    if (random == NULL) {
        if (RAND_bytes(own, sizeof own) != 1)
            return err_set(why, ERR_IO, "no random numbers");
        random = own;
    }
    e = password_fetch(key, &fetched, why);
    if (e == ERR_AGAIN)
        return make(version, plain, key, random, out, why);
    if (e != ERR_OK)
        return e;
    e = make(version, plain, secret_view(&fetched), random, out, why);
    secret_free(&fetched);
    return e;
}
