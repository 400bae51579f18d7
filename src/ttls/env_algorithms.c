/* Protocols, suites, groups and signatures of an environment. */
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "ttls/env.h"

#define TEXT_MAX 4096u

static bool
set_protocols(SSL_CTX *ctx, const struct ttls_effective *e)
{
    bool is_suite_b = e->suite_b != TTLS_SUITEB_OFF; /* TLS 1.2, RFC 6460 */
    /* TLS 1.0 and 1.1 are made of MD5, which FIPS has none of. */
    bool has_old = !is_suite_b && e->fips == TTLS_FIPS_OFF;
    uint64_t off = SSL_OP_NO_SSLv3; /* OpenSSL of Debian has none */

    off |= e->tlsv1 && has_old ? 0 : SSL_OP_NO_TLSv1;
    off |= e->tlsv11 && has_old ? 0 : SSL_OP_NO_TLSv1_1;
    off |= e->tlsv12 ? 0 : SSL_OP_NO_TLSv1_2;
    off |= e->tlsv13 && !is_suite_b ? 0 : SSL_OP_NO_TLSv1_3;
    SSL_CTX_clear_options(ctx, SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1 |
                                   SSL_OP_NO_TLSv1_2 | SSL_OP_NO_TLSv1_3);
    SSL_CTX_set_options(ctx, off);
    return (e->tlsv12 || (!is_suite_b && e->tlsv13) ||
            (has_old && (e->tlsv1 || e->tlsv11))) &&
           SSL_CTX_set_min_proto_version(ctx, 0) == 1 &&
           SSL_CTX_set_max_proto_version(ctx, 0) == 1;
}

/* The library's own profiles: suites, curves, signatures and chains. */
static const char *
suite_b_text(enum ttls_suite_b profile)
{
    switch (profile) {
    case TTLS_SUITEB_128:
        return "SUITEB128ONLY";
    case TTLS_SUITEB_128MIN:
    case TTLS_SUITEB_ALL:
        return "SUITEB128";
    case TTLS_SUITEB_192:
    case TTLS_SUITEB_192MIN:
        return "SUITEB192";
    case TTLS_SUITEB_OFF:
        break;
    }
    return NULL;
}

/* Of the suites that were named, those that the library has are taken. */
static bool
has_suite(SSL_CTX *ctx, bool is_13)
{
    STACK_OF(SSL_CIPHER) *suites = SSL_CTX_get_ciphers(ctx);

    for (int i = 0; i < sk_SSL_CIPHER_num(suites); i++) {
        const SSL_CIPHER *suite = sk_SSL_CIPHER_value(suites, i);

        if ((SSL_CIPHER_get_protocol_id(suite) >> 8 == 0x13) == is_13)
            return true;
    }
    return false;
}

static bool
set_ciphers(SSL_CTX *ctx, const struct ttls_effective *e)
{
    const char *profile = suite_b_text(e->suite_b);
    SSL *ssl = SSL_new(ctx);
    char v13[512] = "", rest[TEXT_MAX] = "";
    size_t n13 = 0, n = 0;
    bool has_13;

    if (profile != NULL) {
        SSL_free(ssl);
        return SSL_CTX_set_cipher_list(ctx, profile) == 1;
    }
    for (size_t i = 0; ssl != NULL && i < e->ciphers.n; i++) {
        unsigned char id[2] = { (unsigned char)(e->ciphers.v[i] >> 8),
                                (unsigned char)e->ciphers.v[i] };
        const SSL_CIPHER *c = SSL_CIPHER_find(ssl, id);

        if (c == NULL)
            continue;
        if (id[0] == 0x13)
            n13 += (size_t)snprintf(v13 + n13, sizeof v13 - n13, "%s%s",
                                    n13 > 0 ? ":" : "", SSL_CIPHER_get_name(c));
        else
            n += (size_t)snprintf(rest + n, sizeof rest - n, "%s%s",
                                  n > 0 ? ":" : "", SSL_CIPHER_get_name(c));
        if (n13 > sizeof v13 - 64 || n > sizeof rest - 64)
            break;
    }
    SSL_free(ssl);
    /* Key sizes are the policy's business (PeerMin...), and TLS 1.0 and 1.1
     * exist from level 0 on only. */
    SSL_CTX_set_security_level(ctx, 0);
    if (e->tlsv13 && SSL_CTX_set_ciphersuites(ctx, v13) != 1)
        return false;
    has_13 = e->tlsv13 && n13 > 0 && has_suite(ctx, true);
    if (!has_13) /* a client would offer nothing at all */
        SSL_CTX_set_options(ctx, SSL_OP_NO_TLSv1_3);
    if (n == 0)
        return has_13;
    return SSL_CTX_set_cipher_list(ctx, rest) == 1 &&
           (has_13 || has_suite(ctx, false));
}

static const char *
group_text(uint16_t group)
{
    switch (group) {
    case 19:
        return "prime192v1";
    case 21:
        return "secp224r1";
    case 23:
        return "prime256v1";
    case 24:
        return "secp384r1";
    case 25:
        return "secp521r1";
    case 29:
        return "X25519";
    case 30:
        return "X448";
    default:
        return NULL;
    }
}

static bool
has_code(const struct ttls_codes *c, uint16_t code)
{
    for (size_t i = 0; i < c->n; i++) {
        if (c->v[i] == code)
            return true;
    }
    return false;
}

/* FIPS has no X25519 and X448, and P-192 only to check what is old. */
static bool
has_group(const struct env *env, const char *name)
{
    return !env->is_fips || (strcmp(name, "prime192v1") != 0 &&
                             SSL_CTX_set1_groups_list(env->ctx, name) == 1);
}

static size_t
add_groups(const struct env *env, char *text, size_t cap, size_t n,
           const struct ttls_codes *c, const struct ttls_codes *but)
{
    for (size_t i = 0; i < c->n; i++) {
        const char *name = group_text(c->v[i]);

        if (name != NULL && (but == NULL || !has_code(but, c->v[i])) &&
            has_group(env, name))
            n += (size_t)snprintf(text + n, cap - n, "%s%s", n > 0 ? ":" : "",
                                  name);
    }
    return n;
}

/* A client sends a key share for the first group, so the key share groups come
 * first. */
static bool
set_groups(const struct env *env, const struct ttls_effective *e)
{
    bool is_client = e->role == TTLS_CLIENT;
    const struct ttls_codes *shares =
        is_client ? &e->client_key_shares : &e->server_key_shares;
    const struct ttls_codes *curves =
        is_client ? &e->client_curves : &e->server_curves;
    char text[512] = "";
    size_t n = 0;

    if (curves->n == 0)
        return true; /* Any */
    if (e->tlsv13)
        n = add_groups(env, text, sizeof text, n, shares, NULL);
    n = add_groups(env, text, sizeof text, n, curves,
                   e->tlsv13 ? shares : NULL);
    if (n == 0) /* FIPS has none of those that are wanted */
        return !env->is_fips;
    return SSL_CTX_set1_groups_list(env->ctx, text) == 1;
}

static size_t
signature_text(uint16_t pair, char out[48])
{
    static const char *const hashes[] = { NULL,     NULL,     "SHA1",  "SHA224",
                                          "SHA256", "SHA384", "SHA512" };
    unsigned hash = pair >> 8, sign = pair & 0xff;

    if (hash == 8 && sign >= 4 && sign <= 6)
        return (size_t)snprintf(out, 48, "rsa_pss_rsae_sha%s",
                                sign == 4   ? "256"
                                : sign == 5 ? "384"
                                            : "512");
    if (hash >= ARRAY_LEN(hashes) || hashes[hash] == NULL || sign < 1 ||
        sign > 3)
        return 0; /* MD5 */
    return (size_t)snprintf(out, 48, "%s+%s",
                            sign == 1   ? "RSA"
                            : sign == 2 ? "DSA"
                                        : "ECDSA",
                            hashes[hash]);
}

static bool
set_signatures(SSL_CTX *ctx, const struct ttls_effective *e)
{
    char text[2048] = "";
    size_t n = 0;

    for (size_t i = 0; i < e->signature_pairs.n && n < sizeof text - 64; i++) {
        char one[48];

        if (signature_text(e->signature_pairs.v[i], one) > 0)
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%s",
                                  n > 0 ? ":" : "", one);
    }
    return e->signature_pairs.n == 0 ||
           (n > 0 && SSL_CTX_set1_sigalgs_list(ctx, text) == 1);
}

unsigned
env_algorithms(const struct env *env)
{
    const struct ttls_effective *e = &env->mapped->eff;

    if (!set_protocols(env->ctx, e))
        return 412;
    if (!set_ciphers(env->ctx, e))
        return 402;
    if (!set_groups(env, e) || !set_signatures(env->ctx, e))
        return 5006;
    ERR_clear_error(); /* of what was tried */
    return 0;
}
