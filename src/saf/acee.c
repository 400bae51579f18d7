#include "saf/acee.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"

/*
 * One heap block holds the acee, its groups and the wire bytes; the strings
 * point into the wire bytes.
 */
#define WIRE_MAGIC 0x53504143u /* "SPAC" */
#define WIRE_LEVEL 2u
#define SEAL_BYTES 64u
#define GROUPS_MAX 4096u
#define TEXT_MAX 4096u

static enum err
check_seal(struct str body, struct str seal, const unsigned char key[32],
           struct err_info *why)
{
    EVP_PKEY *pkey =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, 32);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool is_good = pkey != NULL && ctx != NULL &&
                   EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
                   EVP_DigestVerify(ctx, (const unsigned char *)seal.p, seal.n,
                                    (const unsigned char *)body.p, body.n) == 1;

    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    return is_good ? ERR_OK
                   : err_set(why, ERR_DENIED,
                             "acee: the seal is not this image's angel's");
}

static bool
read_name(struct reader *in, size_t cap, char *out)
{
    struct str s;

    return reader_str(in, 0, cap - 1, &s) && str_copy_z(s, out, cap);
}

static bool
read_fixed(struct reader *in, struct acee *a)
{
    uint32_t magic;
    uint8_t level, origin;

    if (!reader_u32(in, &magic) || magic != WIRE_MAGIC ||
        !reader_u8(in, &level) || level != WIRE_LEVEL ||
        !read_name(in, sizeof a->user, a->user) ||
        !read_name(in, sizeof a->group, a->group) ||
        !read_name(in, sizeof a->name, a->name) ||
        !reader_u32(in, &a->user_id) || !reader_u32(in, &a->uid) ||
        !reader_u32(in, &a->gid) || !reader_u32(in, &a->attrs) ||
        !reader_u8(in, &origin) || origin > ACEE_UNAUTHENTICATED ||
        !reader_u64(in, &a->made_ms) || !reader_u64(in, &a->generation) ||
        !reader_u32(in, &a->n_groups) || a->n_groups > GROUPS_MAX)
        return false;
    a->origin = (enum acee_origin)origin;
    return true;
}

static bool
read_rest(struct reader *in, struct acee *a, struct acee_group *groups)
{
    for (uint32_t i = 0; i < a->n_groups; i++) {
        if (!read_name(in, sizeof groups[i].name, groups[i].name) ||
            !reader_u32(in, &groups[i].id) ||
            (i > 0 && groups[i].id < groups[i - 1].id))
            return false;
    }
    return reader_str(in, 0, TEXT_MAX, &a->applid) &&
           reader_str(in, 0, TEXT_MAX, &a->distributed) &&
           reader_str(in, 0, TEXT_MAX, &a->registry) &&
           reader_str(in, 0, TEXT_MAX, &a->certificate) &&
           reader_str(in, 0, SAF_CLASS_MAX, &a->port_class) &&
           reader_str(in, 0, TEXT_MAX, &a->port) && reader_at_end(in);
}

enum err
acee_parse(struct str wire, const unsigned char key[ACEE_KEY_BYTES],
           struct acee **out, struct err_info *why)
{
    struct acee fixed = { .refs = 1 };
    struct acee *a;
    struct acee_group *groups;
    struct reader in;
    char *copy;
    size_t group_bytes;
    enum err e;

    if (wire.n <= SEAL_BYTES || wire.n > ACEE_WIRE_MAX)
        return err_set(why, ERR_SYNTAX, "acee: %zu bytes cannot be one",
                       wire.n);
    if (key != NULL &&
        (e = check_seal(str_sub(wire, 0, wire.n - SEAL_BYTES),
                        str_sub(wire, wire.n - SEAL_BYTES, wire.n), key,
                        why)) != ERR_OK)
        return e;
    in = reader_of(str_sub(wire, 0, wire.n - SEAL_BYTES));
    if (!read_fixed(&in, &fixed))
        return err_at(why, ERR_SYNTAX, in.pos,
                      "acee: malformed or of another version");
    group_bytes = fixed.n_groups * sizeof *groups;
    a = malloc(sizeof *a + group_bytes + wire.n);
    if (a == NULL)
        return err_set(why, ERR_MEMORY, "no storage for an acee");
    *a = fixed;
    groups = (struct acee_group *)(void *)(a + 1);
    copy = (char *)groups + group_bytes;
    memcpy(copy, wire.p, wire.n);
    a->groups = groups;
    a->wire = str_n(copy, wire.n);
    in.in.p = copy;
    if (!read_rest(&in, a, groups)) {
        free(a);
        return err_at(why, ERR_SYNTAX, in.pos, "acee: malformed");
    }
    *out = a;
    return ERR_OK;
}

static enum err
add_seal(const unsigned char private_key[32], struct str body, struct buf *out,
         struct err_info *why)
{
    EVP_PKEY *pkey =
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, private_key, 32);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char seal[SEAL_BYTES];
    size_t n = sizeof seal;
    bool is_good = pkey != NULL && ctx != NULL &&
                   EVP_DigestSignInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
                   EVP_DigestSign(ctx, seal, &n, (const unsigned char *)body.p,
                                  body.n) == 1;

    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    if (!is_good)
        return err_set(why, ERR_IO, "acee: sealing failed");
    buf_add(out, str_n(seal, n));
    return buf_check(out, why);
}

enum err
acee_encode(const struct acee *a, const unsigned char private_key[32],
            struct buf *out, struct err_info *why)
{
    struct buf body;
    enum err e;

    if (a->n_groups > GROUPS_MAX)
        return err_set(why, ERR_LIMIT, "acee: %u groups", a->n_groups);
    buf_init(&body, ACEE_WIRE_MAX - SEAL_BYTES);
    buf_u32(&body, WIRE_MAGIC);
    buf_u8(&body, WIRE_LEVEL);
    buf_str(&body, str_of(a->user));
    buf_str(&body, str_of(a->group));
    buf_str(&body, str_of(a->name));
    buf_u32(&body, a->user_id);
    buf_u32(&body, a->uid);
    buf_u32(&body, a->gid);
    buf_u32(&body, a->attrs);
    buf_u8(&body, (uint8_t)a->origin);
    buf_u64(&body, a->made_ms);
    buf_u64(&body, a->generation);
    buf_u32(&body, a->n_groups);
    for (uint32_t i = 0; i < a->n_groups; i++) {
        buf_str(&body, str_of(a->groups[i].name));
        buf_u32(&body, a->groups[i].id);
    }
    buf_str(&body, str_sub(a->applid, 0, TEXT_MAX));
    buf_str(&body, str_sub(a->distributed, 0, TEXT_MAX));
    buf_str(&body, str_sub(a->registry, 0, TEXT_MAX));
    buf_str(&body, str_sub(a->certificate, 0, TEXT_MAX));
    buf_str(&body, str_sub(a->port_class, 0, SAF_CLASS_MAX));
    buf_str(&body, str_sub(a->port, 0, TEXT_MAX));
    e = buf_check(&body, why);
    if (e == ERR_OK) {
        buf_add(out, buf_view(&body));
        e = add_seal(private_key, buf_view(&body), out, why);
    }
    buf_fini(&body);
    return e;
}

enum err
acee_key_public(const unsigned char private_key[32],
                unsigned char public_key[ACEE_KEY_BYTES], struct err_info *why)
{
    EVP_PKEY *pkey =
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, private_key, 32);
    size_t n = ACEE_KEY_BYTES;
    bool is_good =
        pkey != NULL && EVP_PKEY_get_raw_public_key(pkey, public_key, &n) == 1;

    EVP_PKEY_free(pkey);
    return is_good ? ERR_OK : err_set(why, ERR_IO, "acee: not an Ed25519 key");
}

static struct str
put(char **at, struct str text)
{
    struct str copy = str_n(*at, text.n);

    if (text.n > 0)
        memcpy(*at, text.p, text.n);
    *at += text.n;
    return copy;
}

enum err
acee_of_registry(const struct acee_known *k, struct acee *saf,
                 struct acee **out, struct err_info *why)
{
    static const struct acee nobody = { .user_id = UINT32_MAX,
                                        .uid = UINT32_MAX,
                                        .gid = UINT32_MAX,
                                        .attrs = ACEE_UNDEFINED };
    size_t n = k->name.n + k->registry.n + k->certificate.n;
    struct acee *a;
    struct str *groups;
    char *at;

    if (k->n_groups > GROUPS_MAX)
        return err_set(why, ERR_LIMIT, "acee: %zu groups", k->n_groups);
    for (size_t i = 0; i < k->n_groups; i++)
        n += k->groups[i].n;
    a = malloc(sizeof *a + k->n_groups * sizeof *groups + n);
    if (a == NULL)
        return err_set(why, ERR_MEMORY, "no storage for an acee");
    *a = saf == NULL ? nobody : *saf;
    a->refs = 1;
    a->sealed = saf == NULL ? NULL : acee_ref(saf);
    groups = (struct str *)(void *)(a + 1);
    at = (char *)(groups + k->n_groups);
    a->origin = k->origin;
    a->made_ms = k->made_ms;
    a->distributed = put(&at, k->name);
    a->registry = put(&at, k->registry);
    a->certificate = put(&at, k->certificate);
    for (size_t i = 0; i < k->n_groups; i++)
        groups[i] = put(&at, k->groups[i]);
    a->registry_groups = groups;
    a->n_registry_groups = (uint32_t)k->n_groups;
    *out = a;
    return ERR_OK;
}

struct str
acee_name(const struct acee *a)
{
    return a->distributed.n > 0 ? a->distributed : str_of(a->user);
}

struct acee *
acee_ref(struct acee *a)
{
    __atomic_add_fetch(&a->refs, 1, __ATOMIC_RELAXED);
    return a;
}

void
acee_unref(struct acee **a)
{
    if (*a != NULL &&
        __atomic_sub_fetch(&(*a)->refs, 1, __ATOMIC_ACQ_REL) == 0) {
        acee_unref(&(*a)->sealed);
        free(*a);
    }
    *a = NULL;
}

bool
acee_in_group(const struct acee *a, struct str group)
{
    for (uint32_t i = 0; i < a->n_groups; i++) {
        if (str_eq_z(group, a->groups[i].name))
            return true;
    }
    return false;
}
