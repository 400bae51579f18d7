/*
 * JKS and JCEKS, big-endian:
 *
 *   store   = magic version count *entry SHA-1
 *   entry   = 1 alias date key chain | 2 alias date certificate |
 *             3 alias date serialized            a secret key, keystore_java.c
 *   chain   = count *certificate
 *   certificate = type bytes         alias, type: u16 length and text
 *
 * The digest covers the password (UTF-16BE), a phrase and all before it. A key
 * is an EncryptedPrivateKeyInfo: JKS XORs it with a chain of SHA-1, JCEKS uses
 * triple DES under a key made with MD5. Both protect little; that is why the
 * files want protecting.
 */
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/reader.h"
#include "io/keystore_priv.h"

#define MAGIC_JKS 0xfeedfeedu
#define MAGIC_JCEKS 0xcecececeu
#define PHRASE "Mighty Aphrodite"
#define SHA1_BYTES 20u
#define MD5_BYTES 16u
#define OID_JKS "1.3.6.1.4.1.42.2.17.1.1"
#define OID_JCEKS "1.3.6.1.4.1.42.2.19.1"
#define ITERATIONS_MAX 1000000
#define CHAIN_MAX 100u
#define PASSWORD_MAX 1024u

static bool
digest(const EVP_MD *md, struct str a, struct str b, unsigned char *out)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool is_ok = ctx != NULL && EVP_DigestInit_ex(ctx, md, NULL) == 1 &&
                 EVP_DigestUpdate(ctx, a.p, a.n) == 1 &&
                 EVP_DigestUpdate(ctx, b.p, b.n) == 1 &&
                 EVP_DigestFinal_ex(ctx, out, NULL) == 1;

    EVP_MD_CTX_free(ctx);
    return is_ok;
}

/* ---- keys ---- */

/* The password as Java's characters: UTF-16, big-endian, no terminator. */
static bool
wide_password(struct str password, unsigned char **out, size_t *n)
{
    unsigned char *wide = NULL;
    int size = 0;

    if (password.n > PASSWORD_MAX ||
        OPENSSL_utf82uni(password.p == NULL ? "" : password.p, (int)password.n,
                         &wide, &size) == NULL ||
        size < 2)
        return false;
    *out = wide;
    *n = (size_t)size - 2;
    return true;
}

/* salt (20), key XOR stream, SHA-1 of password and key (20) */
static bool
open_jks_key(struct str sealed, struct str password, struct secret *out)
{
    unsigned char stream[SHA1_BYTES], *wide = NULL, *plain;
    size_t n_wide = 0, n;
    bool is_ok = true;

    if (sealed.n <= 2 * SHA1_BYTES || !wide_password(password, &wide, &n_wide))
        return false;
    n = sealed.n - 2 * SHA1_BYTES;
    plain = OPENSSL_malloc(n);
    memcpy(stream, sealed.p, SHA1_BYTES);
    for (size_t i = 0; plain != NULL && i < n && is_ok; i++) {
        if (i % SHA1_BYTES == 0)
            is_ok = digest(EVP_sha1(), str_n(wide, n_wide),
                           str_n(stream, SHA1_BYTES), stream);
        plain[i] =
            (unsigned char)sealed.p[SHA1_BYTES + i] ^ stream[i % SHA1_BYTES];
    }
    is_ok = is_ok && plain != NULL &&
            digest(EVP_sha1(), str_n(wide, n_wide), str_n(plain, n), stream) &&
            memcmp(stream, sealed.p + SHA1_BYTES + n, SHA1_BYTES) == 0 &&
            secret_dup(str_n(plain, n), out);
    OPENSSL_clear_free(plain, n);
    OPENSSL_clear_free(wide, n_wide + 2);
    return is_ok;
}

/* Key and vector of PBEWithMD5AndTripleDES: each half of the salt is hashed
 * with the password so many times. Equal halves: the first is reversed, with
 * the slip that Sun's code has and everybody since repeats. */
static bool
derive(const unsigned char salt_in[8], long iterations, struct str password,
       unsigned char out[2 * MD5_BYTES])
{
    unsigned char salt[8];

    memcpy(salt, salt_in, sizeof salt);
    if (memcmp(salt, salt + 4, 4) == 0)
        for (int i = 0; i < 2; i++) {
            unsigned char swap = salt[i];

            salt[i] = salt[3 - i];
            salt[2] = swap;
        }
    for (size_t half = 0; half < 2; half++) {
        unsigned char *hash = out + half * MD5_BYTES;
        struct str from = str_n(salt + half * 4, 4);

        for (long k = 0; k < iterations; k++) {
            if (!digest(EVP_md5(), from, password, hash))
                return false;
            from = str_n(hash, MD5_BYTES);
        }
    }
    return true;
}

static bool
read_pbe(const X509_ALGOR *algorithm, unsigned char salt[8], long *iterations)
{
    const ASN1_OBJECT *object;
    const void *value;
    PBEPARAM *parameters;
    int type;
    bool is_ok = false;

    X509_ALGOR_get0(&object, &type, &value, algorithm);
    parameters = type != V_ASN1_SEQUENCE
                     ? NULL
                     : ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBEPARAM),
                                                 algorithm->parameter);
    if (parameters == NULL)
        return false;
    *iterations = ASN1_INTEGER_get(parameters->iter);
    if (parameters->salt->length == 8 && *iterations > 0 &&
        *iterations <= ITERATIONS_MAX) {
        memcpy(salt, parameters->salt->data, 8);
        is_ok = true;
    }
    PBEPARAM_free(parameters);
    return is_ok;
}

static bool
open_jceks_key(const X509_ALGOR *algorithm, struct str sealed,
               struct str password, struct secret *out)
{
    unsigned char salt[8], made[2 * MD5_BYTES], *plain;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    long iterations = 0;
    int n = 0, more = 0;
    bool is_ok;

    if (ctx == NULL || sealed.n == 0 || sealed.n > KEYSTORE_BYTES_MAX ||
        !read_pbe(algorithm, salt, &iterations) ||
        !derive(salt, iterations, password, made) ||
        (plain = OPENSSL_malloc(sealed.n + 8)) == NULL) {
        EVP_CIPHER_CTX_free(ctx);
        return false;
    }
    is_ok = EVP_DecryptInit_ex2(ctx, EVP_des_ede3_cbc(), made, made + 24,
                                NULL) == 1 &&
            EVP_DecryptUpdate(ctx, plain, &n, (const unsigned char *)sealed.p,
                              (int)sealed.n) == 1 &&
            EVP_DecryptFinal_ex(ctx, plain + n, &more) == 1 &&
            secret_dup(str_n(plain, (size_t)n + (size_t)more), out);
    OPENSSL_clear_free(plain, sealed.n + 8);
    OPENSSL_cleanse(made, sizeof made);
    EVP_CIPHER_CTX_free(ctx);
    return is_ok;
}

/* What came out must be a key, so that a wrong password is never an odd key. */
static bool
is_key(struct str der)
{
    const unsigned char *p = (const unsigned char *)der.p;
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)der.n);

    PKCS8_PRIV_KEY_INFO_free(info);
    return info != NULL && p == (const unsigned char *)der.p + der.n;
}

static bool
open_key(struct str info, struct str password, struct secret *out)
{
    const unsigned char *p = (const unsigned char *)info.p;
    X509_SIG *sealed = d2i_X509_SIG(NULL, &p, (long)info.n);
    const X509_ALGOR *algorithm;
    const ASN1_OCTET_STRING *bytes;
    char oid[64] = "";
    struct str content;
    bool is_ok = false;

    if (sealed == NULL)
        return false;
    X509_SIG_get0(sealed, &algorithm, &bytes);
    OBJ_obj2txt(oid, sizeof oid, algorithm->algorithm, 1);
    content = str_n(bytes->data, (size_t)bytes->length);
    if (strcmp(oid, OID_JKS) == 0)
        is_ok = open_jks_key(content, password, out);
    else if (strcmp(oid, OID_JCEKS) == 0)
        is_ok = open_jceks_key(algorithm, content, password, out);
    X509_SIG_free(sealed);
    if (is_ok && !is_key(secret_view(out))) {
        secret_free(out);
        is_ok = false;
    }
    return is_ok;
}

/* ---- the file ---- */

static bool
read_text(struct reader *in, struct str *out)
{
    uint16_t n;

    return reader_u16(in, &n) && reader_take(in, n, out);
}

/* version 1 has no type */
static bool
read_certificate(struct reader *in, uint32_t version, struct str *der)
{
    struct str type;

    return (version == 1 || read_text(in, &type)) &&
           reader_str(in, 1, KEYSTORE_BYTES_MAX, der);
}

static enum err
damaged(struct keystore_reading *r, const struct reader *in)
{
    return err_at(r->why, ERR_SYNTAX, in->pos,
                  "damaged at byte %zu: an entry does not end where it should",
                  in->pos);
}

static enum err
read_key_entry(struct keystore_reading *r, struct reader *in, uint32_t version,
               struct str alias)
{
    struct str sealed, der, password;
    struct keystore_entry *entry = NULL;
    struct secret key = { 0 };
    uint32_t n;

    if (!reader_str(in, 1, KEYSTORE_BYTES_MAX, &sealed) ||
        !reader_u32(in, &n) || n == 0 || n > CHAIN_MAX)
        return damaged(r, in);
    if (!keystore_password_of(r->from, alias, &password) ||
        !open_key(sealed, password, &key))
        return keystore_refuse_key(r, alias);
    for (uint32_t i = 0; i < n; i++) {
        if (!read_certificate(in, version, &der)) {
            secret_free(&key);
            return damaged(r, in);
        }
        entry = keystore_add(r, i == 0 ? KEYSTORE_KEY : KEYSTORE_CHAIN,
                             i == 0 ? alias : STR(""), der);
        if (entry == NULL) {
            secret_free(&key);
            return ERR_MEMORY;
        }
        if (i == 0) {
            entry->key = key;
            key = (struct secret){ 0 };
        }
    }
    return ERR_OK;
}

static enum err
read_entry(struct keystore_reading *r, struct reader *in, uint32_t version)
{
    struct str alias, der;
    uint64_t date;
    uint32_t kind;

    if (!reader_u32(in, &kind) || !read_text(in, &alias) ||
        !reader_u64(in, &date))
        return damaged(r, in);
    if (kind == 1)
        return read_key_entry(r, in, version, alias);
    if (kind == 3) /* TLS has no use for it; it may stand beside those it has */
        return keystore_skip_java(in)
                   ? ERR_OK
                   : err_at(r->why, ERR_UNSUPPORTED, in->pos,
                            "entry " STR_FMT " is a secret key in a form that "
                            "is not known (byte %zu)",
                            STR_ARG(str_sub(alias, 0, 100)), in->pos);
    if (kind != 2 || !read_certificate(in, version, &der))
        return damaged(r, in);
    return keystore_add(r, KEYSTORE_TRUSTED, alias, der) == NULL ? ERR_MEMORY
                                                                 : ERR_OK;
}

static enum err
check_digest(struct keystore_reading *r, struct str all)
{
    struct str covered = str_sub(all, 0, all.n - SHA1_BYTES);
    unsigned char *wide = NULL, have[SHA1_BYTES];
    struct buf first;
    size_t n_wide = 0;
    bool is_ok;

    if (!r->from->has_password)
        return ERR_OK;
    if (!wide_password(r->from->password, &wide, &n_wide))
        return err_set(r->why, ERR_DENIED, "the password is not UTF-8");
    buf_init(&first, 2 * PASSWORD_MAX + 64);
    buf_add(&first, str_n(wide, n_wide));
    buf_add_z(&first, PHRASE);
    is_ok = !first.failed &&
            digest(EVP_sha1(), buf_view(&first), covered, have) &&
            memcmp(have, all.p + covered.n, SHA1_BYTES) == 0;
    secret_wipe(first.p, first.cap);
    buf_fini(&first);
    OPENSSL_clear_free(wide, n_wide + 2);
    return is_ok ? ERR_OK
                 : err_set(r->why, ERR_DENIED,
                           "the password is wrong, or the store was changed");
}

enum err
keystore_read_jks(struct keystore_reading *r)
{
    struct str all = r->from->bytes;
    struct reader in = reader_of(all);
    uint32_t magic, version, n;
    enum err e;

    if (!reader_u32(&in, &magic) || !reader_u32(&in, &version) ||
        !reader_u32(&in, &n) || all.n < in.pos + SHA1_BYTES ||
        (magic != MAGIC_JKS && magic != MAGIC_JCEKS) || version < 1 ||
        version > 2)
        return err_set(r->why, ERR_SYNTAX,
                       "this is not a JKS or JCEKS key store");
    if ((e = check_digest(r, all)) != ERR_OK)
        return e;
    in.in.n -= SHA1_BYTES;
    for (uint32_t i = 0; e == ERR_OK && i < n; i++)
        e = read_entry(r, &in, version);
    if (e == ERR_OK && !reader_at_end(&in))
        e = damaged(r, &in);
    return e;
}
