/*
 * Cipher suites, signature pairs and named groups by code and constant: the
 * IANA registries, cut to what policies of the original may name.
 */
#include "ttls/effective.h"
#include "ttls/stmt.h"

struct code {
    uint16_t code;
    bool can; /* OpenSSL 3 has it and it may still be offered */
    const char *name;
};

/* clang-format off */
/* By code, for a binary search. NULL, RC4, RC2, DES, export: never offered.
 * Static DH and ECDH, DSS, 3DES: OpenSSL 3 as Debian builds it has none. */
static const struct code ciphers[] = {
    { 0x0000, false, "TLS_NULL_WITH_NULL_NULL" },
    { 0x0001, false, "TLS_RSA_WITH_NULL_MD5" },
    { 0x0002, false, "TLS_RSA_WITH_NULL_SHA" },
    { 0x0003, false, "TLS_RSA_EXPORT_WITH_RC4_40_MD5" },
    { 0x0004, false, "TLS_RSA_WITH_RC4_128_MD5" },
    { 0x0005, false, "TLS_RSA_WITH_RC4_128_SHA" },
    { 0x0006, false, "TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5" },
    { 0x0009, false, "TLS_RSA_WITH_DES_CBC_SHA" },
    { 0x000A, false, "TLS_RSA_WITH_3DES_EDE_CBC_SHA" },
    { 0x000C, false, "TLS_DH_DSS_WITH_DES_CBC_SHA" },
    { 0x000D, false, "TLS_DH_DSS_WITH_3DES_EDE_CBC_SHA" },
    { 0x000F, false, "TLS_DH_RSA_WITH_DES_CBC_SHA" },
    { 0x0010, false, "TLS_DH_RSA_WITH_3DES_EDE_CBC_SHA" },
    { 0x0012, false, "TLS_DHE_DSS_WITH_DES_CBC_SHA" },
    { 0x0013, false, "TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA" },
    { 0x0015, false, "TLS_DHE_RSA_WITH_DES_CBC_SHA" },
    { 0x0016, false, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA" },
    { 0x002F, true, "TLS_RSA_WITH_AES_128_CBC_SHA" },
    { 0x0030, false, "TLS_DH_DSS_WITH_AES_128_CBC_SHA" },
    { 0x0031, false, "TLS_DH_RSA_WITH_AES_128_CBC_SHA" },
    { 0x0032, false, "TLS_DHE_DSS_WITH_AES_128_CBC_SHA" },
    { 0x0033, true, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA" },
    { 0x0035, true, "TLS_RSA_WITH_AES_256_CBC_SHA" },
    { 0x0036, false, "TLS_DH_DSS_WITH_AES_256_CBC_SHA" },
    { 0x0037, false, "TLS_DH_RSA_WITH_AES_256_CBC_SHA" },
    { 0x0038, false, "TLS_DHE_DSS_WITH_AES_256_CBC_SHA" },
    { 0x0039, true, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA" },
    { 0x003B, false, "TLS_RSA_WITH_NULL_SHA256" },
    { 0x003C, true, "TLS_RSA_WITH_AES_128_CBC_SHA256" },
    { 0x003D, true, "TLS_RSA_WITH_AES_256_CBC_SHA256" },
    { 0x003E, false, "TLS_DH_DSS_WITH_AES_128_CBC_SHA256" },
    { 0x003F, false, "TLS_DH_RSA_WITH_AES_128_CBC_SHA256" },
    { 0x0040, false, "TLS_DHE_DSS_WITH_AES_128_CBC_SHA256" },
    { 0x0067, true, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256" },
    { 0x0068, false, "TLS_DH_DSS_WITH_AES_256_CBC_SHA256" },
    { 0x0069, false, "TLS_DH_RSA_WITH_AES_256_CBC_SHA256" },
    { 0x006A, false, "TLS_DHE_DSS_WITH_AES_256_CBC_SHA256" },
    { 0x006B, true, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256" },
    { 0x009C, true, "TLS_RSA_WITH_AES_128_GCM_SHA256" },
    { 0x009D, true, "TLS_RSA_WITH_AES_256_GCM_SHA384" },
    { 0x009E, true, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256" },
    { 0x009F, true, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384" },
    { 0x00A0, false, "TLS_DH_RSA_WITH_AES_128_GCM_SHA256" },
    { 0x00A1, false, "TLS_DH_RSA_WITH_AES_256_GCM_SHA384" },
    { 0x00A2, false, "TLS_DHE_DSS_WITH_AES_128_GCM_SHA256" },
    { 0x00A3, false, "TLS_DHE_DSS_WITH_AES_256_GCM_SHA384" },
    { 0x00A4, false, "TLS_DH_DSS_WITH_AES_128_GCM_SHA256" },
    { 0x00A5, false, "TLS_DH_DSS_WITH_AES_256_GCM_SHA384" },
    { 0x1301, true, "TLS_AES_128_GCM_SHA256" },
    { 0x1302, true, "TLS_AES_256_GCM_SHA384" },
    { 0x1303, true, "TLS_CHACHA20_POLY1305_SHA256" },
    { 0xC003, false, "TLS_ECDH_ECDSA_WITH_3DES_EDE_CBC_SHA" },
    { 0xC004, false, "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA" },
    { 0xC005, false, "TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA" },
    { 0xC008, false, "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA" },
    { 0xC009, true, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA" },
    { 0xC00A, true, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA" },
    { 0xC00D, false, "TLS_ECDH_RSA_WITH_3DES_EDE_CBC_SHA" },
    { 0xC00E, false, "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA" },
    { 0xC00F, false, "TLS_ECDH_RSA_WITH_AES_256_CBC_SHA" },
    { 0xC012, false, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA" },
    { 0xC013, true, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA" },
    { 0xC014, true, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA" },
    { 0xC023, true, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256" },
    { 0xC024, true, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384" },
    { 0xC025, false, "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA256" },
    { 0xC026, false, "TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA384" },
    { 0xC027, true, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256" },
    { 0xC028, true, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384" },
    { 0xC029, false, "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA256" },
    { 0xC02A, false, "TLS_ECDH_RSA_WITH_AES_256_CBC_SHA384" },
    { 0xC02B, true, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" },
    { 0xC02C, true, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384" },
    { 0xC02D, false, "TLS_ECDH_ECDSA_WITH_AES_128_GCM_SHA256" },
    { 0xC02E, false, "TLS_ECDH_ECDSA_WITH_AES_256_GCM_SHA384" },
    { 0xC02F, true, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" },
    { 0xC030, true, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384" },
    { 0xC031, false, "TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256" },
    { 0xC032, false, "TLS_ECDH_RSA_WITH_AES_256_GCM_SHA384" },
};

/* TLS hash and signature bytes, TLS 1.3 schemes. */
static const struct code signatures[] = {
    { 0x0101, true, "TLS_SIGALG_MD5_WITH_RSA" },
    { 0x0201, true, "TLS_SIGALG_SHA1_WITH_RSA" },
    { 0x0202, true, "TLS_SIGALG_SHA1_WITH_DSA" },
    { 0x0203, true, "TLS_SIGALG_SHA1_WITH_ECDSA" },
    { 0x0301, true, "TLS_SIGALG_SHA224_WITH_RSA" },
    { 0x0302, true, "TLS_SIGALG_SHA224_WITH_DSA" },
    { 0x0303, true, "TLS_SIGALG_SHA224_WITH_ECDSA" },
    { 0x0401, true, "TLS_SIGALG_SHA256_WITH_RSA" },
    { 0x0402, true, "TLS_SIGALG_SHA256_WITH_DSA" },
    { 0x0403, true, "TLS_SIGALG_SHA256_WITH_ECDSA" },
    { 0x0501, true, "TLS_SIGALG_SHA384_WITH_RSA" },
    { 0x0503, true, "TLS_SIGALG_SHA384_WITH_ECDSA" },
    { 0x0601, true, "TLS_SIGALG_SHA512_WITH_RSA" },
    { 0x0603, true, "TLS_SIGALG_SHA512_WITH_ECDSA" },
    { 0x0804, true, "TLS_SIGALG_SHA256_WITH_RSASSA_PSS" },
    { 0x0805, true, "TLS_SIGALG_SHA384_WITH_RSASSA_PSS" },
    { 0x0806, true, "TLS_SIGALG_SHA512_WITH_RSASSA_PSS" },
};

static const struct code groups[] = {
    { 19, true, "secp192r1" }, { 21, true, "secp224r1" },
    { 23, true, "secp256r1" }, { 24, true, "secp384r1" },
    { 25, true, "secp521r1" }, { 29, true, "X25519" }, { 30, true, "X448" },
};
/* clang-format on */

static const struct code *
by_code(const struct code *rows, size_t n, uint16_t code)
{
    size_t low = 0, high = n;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (rows[middle].code == code)
            return &rows[middle];
        if (rows[middle].code < code)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static bool
by_name(const struct code *rows, size_t n, struct str name, uint16_t *code)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq_nocase_z(name, rows[i].name)) {
            *code = rows[i].code;
            return true;
        }
    }
    return false;
}

#define NAME_OF(rows, code)                                                    \
    (by_code(rows, ARRAY_LEN(rows), code) == NULL                              \
         ? NULL                                                                \
         : by_code(rows, ARRAY_LEN(rows), code)->name)

const char *
ttls_cipher_name(uint16_t code)
{
    return NAME_OF(ciphers, code);
}

const char *
ttls_group_name(uint16_t group)
{
    return NAME_OF(groups, group);
}

const char *
ttls_signature_name(uint16_t pair)
{
    return NAME_OF(signatures, pair);
}

bool
ttls_cipher_can(uint16_t code)
{
    const struct code *row = by_code(ciphers, ARRAY_LEN(ciphers), code);

    return row != NULL && row->can;
}

bool
ttls_cipher_is_known(uint16_t code)
{
    return by_code(ciphers, ARRAY_LEN(ciphers), code) != NULL;
}

bool
ttls_cipher_find(struct str constant, uint16_t *code)
{
    return by_name(ciphers, ARRAY_LEN(ciphers), constant, code);
}

bool
ttls_signature_find(struct str constant, uint16_t *pair)
{
    return by_name(signatures, ARRAY_LEN(signatures), constant, pair);
}

bool
ttls_group_find(struct str name, uint16_t *group)
{
    return by_name(groups, ARRAY_LEN(groups), name, group);
}
