#include "saf/jobtoken.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/reader.h"

#define MAGIC 0x53504a54u /* "SPJT" */
#define LEVEL 1u

void
jobtoken_body(const struct jobtoken *t, struct buf *out)
{
    buf_u32(out, MAGIC);
    buf_u8(out, LEVEL);
    buf_add(out, str_n(t->ipl, sizeof t->ipl));
    buf_str(out, str_of(t->job_name));
    buf_str(out, str_of(t->job_id));
    buf_str(out, str_of(t->user));
    buf_u64(out, t->made_ms);
}

static bool
read_name(struct reader *in, char *out, size_t cap)
{
    struct str s;

    return reader_str(in, 1, cap - 1, &s) && str_copy_z(s, out, cap);
}

static bool
is_signed(struct str body, struct str signature, const unsigned char key[32])
{
    EVP_PKEY *pkey =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, 32);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool is_good =
        pkey != NULL && ctx != NULL &&
        EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
        EVP_DigestVerify(ctx, (const unsigned char *)signature.p, signature.n,
                         (const unsigned char *)body.p, body.n) == 1;

    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    return is_good;
}

enum err
jobtoken_parse(struct str token, const unsigned char public_key[32],
               struct jobtoken *out, struct err_info *why)
{
    struct jobtoken got = { .made_ms = 0 };
    struct str ipl, signature;
    struct reader in = reader_of(token);
    uint32_t magic;
    uint8_t level;
    size_t n_body;

    if (!reader_u32(&in, &magic) || magic != MAGIC || !reader_u8(&in, &level) ||
        level != LEVEL || !reader_take(&in, JOBTOKEN_IPL_BYTES, &ipl) ||
        !read_name(&in, got.job_name, sizeof got.job_name) ||
        !read_name(&in, got.job_id, sizeof got.job_id) ||
        !read_name(&in, got.user, sizeof got.user) ||
        !reader_u64(&in, &got.made_ms))
        return err_at(why, ERR_SYNTAX, in.pos, "job token: malformed");
    n_body = in.pos;
    if (!reader_take(&in, JOBTOKEN_SIGNATURE_BYTES, &signature) ||
        !reader_at_end(&in))
        return err_at(why, ERR_SYNTAX, in.pos, "job token: malformed");
    if (!is_signed(str_sub(token, 0, n_body), signature, public_key))
        return err_set(why, ERR_DENIED,
                       "job token: not signed by this image's angel");
    memcpy(got.ipl, ipl.p, ipl.n);
    *out = got;
    return ERR_OK;
}
