#include "saf/password.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#include "base/reader.h"
#include "base/secret.h"

const struct password_params password_params_now = { 16384, 8, 1 };

#define SCRYPT_MEMORY_MAX (1ull << 30)

static bool
read_number(struct reader *in, uint64_t min, uint64_t max, uint64_t *out)
{
    uint32_t n;

    if (!reader_decimal(in, &n) || n < min || n > max)
        return false;
    *out = n;
    return reader_accept(in, '$');
}

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
read_hex(struct reader *in, unsigned char *out, size_t n)
{
    struct str text;

    if (!reader_take(in, 2 * n, &text))
        return false;
    for (size_t i = 0; i < n; i++) {
        int high = hex_digit(text.p[2 * i]), low = hex_digit(text.p[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        out[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

enum err
password_parse(struct str record, struct password_record *out,
               struct err_info *why)
{
    struct reader in = reader_of(record);
    struct password_record got;
    uint64_t r, p;

    if (!reader_accept_str(&in, STR("$scrypt$")))
        return err_at(why, ERR_SYNTAX, in.pos,
                      "password record: not an scrypt record");
    if (!read_number(&in, 2, 1u << 20, &got.params.n) ||
        !read_number(&in, 1, 32, &r) || !read_number(&in, 1, 16, &p) ||
        (got.params.n & (got.params.n - 1)) != 0)
        return err_at(why, ERR_RANGE, in.pos,
                      "password record: parameter out of bounds");
    if (!read_hex(&in, got.salt, sizeof got.salt) || !reader_accept(&in, '$') ||
        !read_hex(&in, got.hash, sizeof got.hash) || !reader_at_end(&in))
        return err_at(why, ERR_SYNTAX, in.pos,
                      "password record: salt or hash is damaged");
    got.params.r = (uint32_t)r;
    got.params.p = (uint32_t)p;
    *out = got;
    return ERR_OK;
}

static enum err
derive(struct str user, struct str secret, const struct password_params *params,
       const unsigned char *salt, unsigned char *hash, struct err_info *why)
{
    unsigned char full[PASSWORD_SALT_BYTES + 64];
    size_t n_user = user.n < 64 ? user.n : 64;

    memcpy(full, salt, PASSWORD_SALT_BYTES);
    if (n_user > 0)
        memcpy(full + PASSWORD_SALT_BYTES, user.p, n_user);
    if (EVP_PBE_scrypt(secret.n > 0 ? secret.p : "", secret.n, full,
                       PASSWORD_SALT_BYTES + n_user, params->n, params->r,
                       params->p, SCRYPT_MEMORY_MAX, hash,
                       PASSWORD_HASH_BYTES) != 1)
        return err_set(why, ERR_MEMORY, "scrypt failed");
    return ERR_OK;
}

static void
add_hex(struct buf *out, const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_printf(out, "%02x", p[i]);
}

enum err
password_make(struct str user, struct str secret,
              const struct password_params *params, struct buf *record,
              struct err_info *why)
{
    struct password_record r;
    enum err e;

    if (RAND_bytes(r.salt, sizeof r.salt) != 1)
        return err_set(why, ERR_IO, "no random numbers");
    e = derive(user, secret, params, r.salt, r.hash, why);
    if (e != ERR_OK)
        return e;
    buf_printf(record, "$scrypt$%llu$%u$%u$", (unsigned long long)params->n,
               params->r, params->p);
    add_hex(record, r.salt, sizeof r.salt);
    buf_add_char(record, '$');
    add_hex(record, r.hash, sizeof r.hash);
    return buf_check(record, why);
}

enum err
password_check(struct str user, struct str secret, struct str record,
               bool *is_old, struct err_info *why)
{
    unsigned char hash[PASSWORD_HASH_BYTES];
    struct password_record r;
    enum err e = password_parse(record, &r, why);

    if (e == ERR_OK)
        e = derive(user, secret, &r.params, r.salt, hash, why);
    if (e != ERR_OK)
        return e;
    if (CRYPTO_memcmp(hash, r.hash, sizeof hash) != 0)
        return err_set(why, ERR_DENIED, "not the password");
    secret_wipe(hash, sizeof hash);
    *is_old = r.params.n != password_params_now.n ||
              r.params.r != password_params_now.r ||
              r.params.p != password_params_now.p;
    return ERR_OK;
}
