/*
 * {hash}: PBKDF2 with its parameters. After Base64:
 * hash = %x01 *( tag field ); a field is u32 length and bytes, or a u32.
 */
#include "config/password_private.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/reader.h"

#define DIGEST_BYTES_MAX 512u
#define SALT_BYTES 128u

enum { /* tags of the format */
       TAG_ALGORITHM = 0x10,
       TAG_ITERATIONS = 0x20,
       TAG_SALT = 0x30,
       TAG_DIGEST = 0x40,
       TAG_BITS = 0x50,
};

struct hash {
    struct str algorithm;
    uint32_t iterations;
    uint32_t bits;
    struct str salt, digest;
};

/* What absent fields mean. */
static const struct hash absent = {
    .algorithm = { "PBKDF2WithHmacSHA1", 18 },
    .iterations = 6384,
    .bits = 256,
};

static const struct {
    const char *name;
    const char *digest;
} algorithms[] = {
    { "PBKDF2WithHmacSHA1", "SHA1" },     { "PBKDF2WithHmacSHA224", "SHA224" },
    { "PBKDF2WithHmacSHA256", "SHA256" }, { "PBKDF2WithHmacSHA384", "SHA384" },
    { "PBKDF2WithHmacSHA512", "SHA512" },
};

bool
password_derive(const char *digest, struct str password, struct str salt,
                uint32_t iterations, unsigned char *out, size_t n)
{
    const EVP_MD *md = EVP_get_digestbyname(digest);

    return md != NULL &&
           PKCS5_PBKDF2_HMAC(password.p == NULL ? "" : password.p,
                             (int)password.n, (const unsigned char *)salt.p,
                             (int)salt.n, (int)iterations, md, (int)n,
                             out) == 1;
}

static bool
read_field(struct reader *in, struct hash *h)
{
    uint8_t tag;

    if (!reader_u8(in, &tag))
        return false;
    switch (tag) {
    case TAG_ALGORITHM:
        return reader_str(in, 1, 64, &h->algorithm);
    case TAG_ITERATIONS:
        return reader_u32(in, &h->iterations);
    case TAG_BITS:
        return reader_u32(in, &h->bits);
    case TAG_SALT:
        return reader_str(in, 1, 4096, &h->salt);
    case TAG_DIGEST:
        return reader_str(in, 1, DIGEST_BYTES_MAX, &h->digest);
    default:
        return false;
    }
}

static enum err
read_hash(struct str bytes, struct hash *out, struct err_info *why)
{
    struct reader in = reader_of(bytes);
    struct hash h = absent;
    uint8_t version = 0;
    bool is_ok = reader_u8(&in, &version) && version == 1;

    while (is_ok && !reader_at_end(&in))
        is_ok = read_field(&in, &h);
    if (!is_ok || h.salt.n == 0 || h.digest.n == 0 || h.iterations == 0 ||
        h.bits / 8 != h.digest.n || h.bits % 8 != 0)
        return err_set(why, ERR_SYNTAX, "the {hash} value is damaged");
    if (h.iterations > PASSWORD_ITERATIONS_MAX)
        return err_set(why, ERR_LIMIT, "the {hash} value wants %u rounds (%u)",
                       h.iterations, PASSWORD_ITERATIONS_MAX);
    *out = h;
    return ERR_OK;
}

/* The fields borrow from *bytes, which the caller frees. */
static enum err
open_hash(struct str text, struct secret *bytes, struct hash *h,
          struct err_info *why)
{
    struct str tag, payload;
    enum err e;

    if (!password_split(text, &tag, &payload) || !str_eq_nocase_z(tag, "hash"))
        return err_set(why, ERR_SYNTAX, "not a {hash} value");
    if ((e = password_payload("hash", payload, bytes, why)) != ERR_OK)
        return e;
    e = read_hash(secret_view(bytes), h, why);
    if (e != ERR_OK)
        secret_free(bytes);
    return e;
}

enum err
password_parse_hash(struct str text, struct err_info *why)
{
    struct secret bytes;
    struct hash h;
    enum err e = open_hash(text, &bytes, &h, why);

    if (e == ERR_OK)
        secret_free(&bytes);
    return e;
}

static enum err
derive(const struct hash *h, struct str plain, unsigned char *out,
       struct err_info *why)
{
    for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
        if (!str_eq_z(h->algorithm, algorithms[i].name))
            continue;
        if (password_derive(algorithms[i].digest, plain, h->salt, h->iterations,
                            out, h->digest.n))
            return ERR_OK;
        return err_set(why, ERR_UNSUPPORTED, "PBKDF2 is not available");
    }
    return err_set(why, ERR_UNSUPPORTED,
                   "the {hash} value was made with an algorithm that is not "
                   "known here (PBKDF2WithHmacSHA1, 224, 256, 384 or 512)");
}

enum err
password_check_hash(struct str text, struct str plain, bool *is_equal,
                    struct err_info *why)
{
    unsigned char got[DIGEST_BYTES_MAX];
    struct secret bytes;
    struct hash h;
    enum err e = open_hash(text, &bytes, &h, why);

    if (e != ERR_OK)
        return e;
    e = derive(&h, plain, got, why);
    if (e == ERR_OK)
        *is_equal = str_eq_secret(str_n(got, h.digest.n), h.digest);
    secret_wipe(got, sizeof got);
    secret_free(&bytes);
    return e;
}

static void
write_hash(const struct hash *h, struct buf *out)
{
    buf_u8(out, 1);
    if (!str_eq(h->algorithm, absent.algorithm)) {
        buf_u8(out, TAG_ALGORITHM);
        buf_str(out, h->algorithm);
    }
    if (h->iterations != absent.iterations) {
        buf_u8(out, TAG_ITERATIONS);
        buf_u32(out, h->iterations);
    }
    if (h->bits != absent.bits) {
        buf_u8(out, TAG_BITS);
        buf_u32(out, h->bits);
    }
    buf_u8(out, TAG_SALT);
    buf_str(out, h->salt);
    buf_u8(out, TAG_DIGEST);
    buf_str(out, h->digest);
}

enum err
password_make_hash(struct str plain, struct str salt, struct buf *out,
                   struct err_info *why)
{
    unsigned char random[SALT_BYTES], digest[32];
    struct hash h = { .algorithm = STR("PBKDF2WithHmacSHA512"),
                      .iterations = 210000,
                      .bits = sizeof digest * 8,
                      .salt = salt };
    struct buf bytes;

    if (salt.n == 0) {
        if (RAND_bytes(random, sizeof random) != 1)
            return err_set(why, ERR_IO, "no random numbers");
        h.salt = str_n(random, sizeof random);
    }
    if (plain.n > PASSWORD_BYTES_MAX || h.salt.n > 4096)
        return err_set(why, ERR_LIMIT, "a password of more than %u bytes",
                       PASSWORD_BYTES_MAX);
    if (!password_derive("SHA512", plain, h.salt, h.iterations, digest,
                         sizeof digest))
        return err_set(why, ERR_UNSUPPORTED, "PBKDF2 is not available");
    h.digest = str_n(digest, sizeof digest);
    buf_init(&bytes, 8192);
    write_hash(&h, &bytes);
    password_put(out, "hash", buf_view(&bytes));
    buf_fini(&bytes);
    return buf_check(out, why);
}
