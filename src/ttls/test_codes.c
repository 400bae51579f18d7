/* Cipher suites, signature pairs and named groups: each code and each name, as
 * policies may write them, and back. */
#include <openssl/ssl.h>

#include "ttls/effective.h"
#include "ttls/stmt.h"
#include "ttls/test_build.h"

#define TWO 1u   /* has a code of two digits, too */
#define NEVER 2u /* understood, never offered */

/* clang-format off: the IANA registry, without TLS_ */
static const struct {
    uint16_t code;
    unsigned flags;
    const char *name;
} suites[] = {
    { 0x0000, TWO | NEVER, "NULL_WITH_NULL_NULL" },
    { 0x0001, TWO | NEVER, "RSA_WITH_NULL_MD5" },
    { 0x0002, TWO | NEVER, "RSA_WITH_NULL_SHA" },
    { 0x0003, TWO | NEVER, "RSA_EXPORT_WITH_RC4_40_MD5" },
    { 0x0004, TWO | NEVER, "RSA_WITH_RC4_128_MD5" },
    { 0x0005, TWO | NEVER, "RSA_WITH_RC4_128_SHA" },
    { 0x0006, TWO | NEVER, "RSA_EXPORT_WITH_RC2_CBC_40_MD5" },
    { 0x0009, TWO | NEVER, "RSA_WITH_DES_CBC_SHA" },
    { 0x000A, TWO | NEVER, "RSA_WITH_3DES_EDE_CBC_SHA" },
    { 0x000C, TWO | NEVER, "DH_DSS_WITH_DES_CBC_SHA" },
    { 0x000D, TWO | NEVER, "DH_DSS_WITH_3DES_EDE_CBC_SHA" },
    { 0x000F, TWO | NEVER, "DH_RSA_WITH_DES_CBC_SHA" },
    { 0x0010, TWO | NEVER, "DH_RSA_WITH_3DES_EDE_CBC_SHA" },
    { 0x0012, TWO | NEVER, "DHE_DSS_WITH_DES_CBC_SHA" },
    { 0x0013, TWO | NEVER, "DHE_DSS_WITH_3DES_EDE_CBC_SHA" },
    { 0x0015, TWO | NEVER, "DHE_RSA_WITH_DES_CBC_SHA" },
    { 0x0016, TWO | NEVER, "DHE_RSA_WITH_3DES_EDE_CBC_SHA" },
    { 0x002F, TWO, "RSA_WITH_AES_128_CBC_SHA" },
    { 0x0030, TWO | NEVER, "DH_DSS_WITH_AES_128_CBC_SHA" },
    { 0x0031, TWO | NEVER, "DH_RSA_WITH_AES_128_CBC_SHA" },
    { 0x0032, TWO | NEVER, "DHE_DSS_WITH_AES_128_CBC_SHA" },
    { 0x0033, TWO, "DHE_RSA_WITH_AES_128_CBC_SHA" },
    { 0x0035, TWO, "RSA_WITH_AES_256_CBC_SHA" },
    { 0x0036, TWO | NEVER, "DH_DSS_WITH_AES_256_CBC_SHA" },
    { 0x0037, TWO | NEVER, "DH_RSA_WITH_AES_256_CBC_SHA" },
    { 0x0038, TWO | NEVER, "DHE_DSS_WITH_AES_256_CBC_SHA" },
    { 0x0039, TWO, "DHE_RSA_WITH_AES_256_CBC_SHA" },
    { 0x003B, TWO | NEVER, "RSA_WITH_NULL_SHA256" },
    { 0x003C, TWO, "RSA_WITH_AES_128_CBC_SHA256" },
    { 0x003D, TWO, "RSA_WITH_AES_256_CBC_SHA256" },
    { 0x003E, TWO | NEVER, "DH_DSS_WITH_AES_128_CBC_SHA256" },
    { 0x003F, TWO | NEVER, "DH_RSA_WITH_AES_128_CBC_SHA256" },
    { 0x0040, TWO | NEVER, "DHE_DSS_WITH_AES_128_CBC_SHA256" },
    { 0x0067, TWO, "DHE_RSA_WITH_AES_128_CBC_SHA256" },
    { 0x0068, TWO | NEVER, "DH_DSS_WITH_AES_256_CBC_SHA256" },
    { 0x0069, TWO | NEVER, "DH_RSA_WITH_AES_256_CBC_SHA256" },
    { 0x006A, TWO | NEVER, "DHE_DSS_WITH_AES_256_CBC_SHA256" },
    { 0x006B, TWO, "DHE_RSA_WITH_AES_256_CBC_SHA256" },
    { 0x009C, 0, "RSA_WITH_AES_128_GCM_SHA256" },
    { 0x009D, 0, "RSA_WITH_AES_256_GCM_SHA384" },
    { 0x009E, 0, "DHE_RSA_WITH_AES_128_GCM_SHA256" },
    { 0x009F, 0, "DHE_RSA_WITH_AES_256_GCM_SHA384" },
    { 0x00A0, NEVER, "DH_RSA_WITH_AES_128_GCM_SHA256" },
    { 0x00A1, NEVER, "DH_RSA_WITH_AES_256_GCM_SHA384" },
    { 0x00A2, NEVER, "DHE_DSS_WITH_AES_128_GCM_SHA256" },
    { 0x00A3, NEVER, "DHE_DSS_WITH_AES_256_GCM_SHA384" },
    { 0x00A4, NEVER, "DH_DSS_WITH_AES_128_GCM_SHA256" },
    { 0x00A5, NEVER, "DH_DSS_WITH_AES_256_GCM_SHA384" },
    { 0x1301, 0, "AES_128_GCM_SHA256" },
    { 0x1302, 0, "AES_256_GCM_SHA384" },
    { 0x1303, 0, "CHACHA20_POLY1305_SHA256" },
    { 0xC003, NEVER, "ECDH_ECDSA_WITH_3DES_EDE_CBC_SHA" },
    { 0xC004, NEVER, "ECDH_ECDSA_WITH_AES_128_CBC_SHA" },
    { 0xC005, NEVER, "ECDH_ECDSA_WITH_AES_256_CBC_SHA" },
    { 0xC008, NEVER, "ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA" },
    { 0xC009, 0, "ECDHE_ECDSA_WITH_AES_128_CBC_SHA" },
    { 0xC00A, 0, "ECDHE_ECDSA_WITH_AES_256_CBC_SHA" },
    { 0xC00D, NEVER, "ECDH_RSA_WITH_3DES_EDE_CBC_SHA" },
    { 0xC00E, NEVER, "ECDH_RSA_WITH_AES_128_CBC_SHA" },
    { 0xC00F, NEVER, "ECDH_RSA_WITH_AES_256_CBC_SHA" },
    { 0xC012, NEVER, "ECDHE_RSA_WITH_3DES_EDE_CBC_SHA" },
    { 0xC013, 0, "ECDHE_RSA_WITH_AES_128_CBC_SHA" },
    { 0xC014, 0, "ECDHE_RSA_WITH_AES_256_CBC_SHA" },
    { 0xC023, 0, "ECDHE_ECDSA_WITH_AES_128_CBC_SHA256" },
    { 0xC024, 0, "ECDHE_ECDSA_WITH_AES_256_CBC_SHA384" },
    { 0xC025, NEVER, "ECDH_ECDSA_WITH_AES_128_CBC_SHA256" },
    { 0xC026, NEVER, "ECDH_ECDSA_WITH_AES_256_CBC_SHA384" },
    { 0xC027, 0, "ECDHE_RSA_WITH_AES_128_CBC_SHA256" },
    { 0xC028, 0, "ECDHE_RSA_WITH_AES_256_CBC_SHA384" },
    { 0xC029, NEVER, "ECDH_RSA_WITH_AES_128_CBC_SHA256" },
    { 0xC02A, NEVER, "ECDH_RSA_WITH_AES_256_CBC_SHA384" },
    { 0xC02B, 0, "ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" },
    { 0xC02C, 0, "ECDHE_ECDSA_WITH_AES_256_GCM_SHA384" },
    { 0xC02D, NEVER, "ECDH_ECDSA_WITH_AES_128_GCM_SHA256" },
    { 0xC02E, NEVER, "ECDH_ECDSA_WITH_AES_256_GCM_SHA384" },
    { 0xC02F, 0, "ECDHE_RSA_WITH_AES_128_GCM_SHA256" },
    { 0xC030, 0, "ECDHE_RSA_WITH_AES_256_GCM_SHA384" },
    { 0xC031, NEVER, "ECDH_RSA_WITH_AES_128_GCM_SHA256" },
    { 0xC032, NEVER, "ECDH_RSA_WITH_AES_256_GCM_SHA384" },
};
/* clang-format on */

/* The list that a parameter with this value comes to. */
static struct ttls_codes
list_of(const char *keyword, const char *parameter, const char *value,
        struct ttls_policy **p, struct seen *seen)
{
    const struct ttls_obj *const *objs;
    struct ttls_codes none = { 0 };
    char text[1024];
    bool is_ref;
    size_t n;

    (void)snprintf(text, sizeof text, RULE("Jobname A") "%s x\n{\n%s %s\n}\n",
                   keyword, parameter, value);
    *p = build(NULL, text, TTLS_COLLATE_ASCII, seen);
    if (*p == NULL)
        return none;
    n = ttls_policy_objects(*p, &objs);
    for (size_t i = 0; i < n; i++) {
        const struct ttls_type *type = ttls_type_of(objs[i]->stmt);

        if (strcmp(type->keyword, keyword) == 0)
            return *(const struct ttls_codes *)ttls_field(
                objs[i], ttls_row_find(type, str_of(parameter), &is_ref));
    }
    return none;
}

static void
expect_one(const char *keyword, const char *parameter, const char *value,
           uint16_t code, const char *warning)
{
    struct ttls_policy *p;
    struct seen seen;
    struct ttls_codes list = list_of(keyword, parameter, value, &p, &seen);

    if (list.n != 1 || list.v[0] != code ||
        strstr(seen.warning, warning) == NULL ||
        (seen.n_warnings > 0) != (warning[0] != '\0'))
        fail_msg("%s %s: %zu codes, \"%s\" \"%s\"", parameter, value, list.n,
                 seen.error, seen.warning);
    ttls_policy_unref(&p);
}

static void
refused(const char *keyword, const char *parameter, const char *value,
        const char *says)
{
    struct ttls_policy *p;
    struct seen seen;

    (void)list_of(keyword, parameter, value, &p, &seen);
    if (p != NULL || seen.n_errors != 1 || seen.line != 23 ||
        strncmp(seen.error, parameter, strlen(parameter)) != 0 ||
        strstr(seen.error, says) == NULL)
        fail_msg("%s %s: %zu errors, line %u \"%s\"", parameter, value,
                 seen.n_errors, seen.line, seen.error);
}

#define CIPHER "TTLSCipherParms"

static void
each_suite(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(suites); i++) {
        uint16_t code = suites[i].code;
        char name[64], four[8], small[8], two[4], full[96];
        const char *says = "";

        (void)snprintf(name, sizeof name, "TLS_%s", suites[i].name);
        (void)snprintf(four, sizeof four, "%04X", code);
        (void)snprintf(small, sizeof small, "%04x", code);
        (void)snprintf(two, sizeof two, "%02X", code & 0xffu);
        (void)snprintf(full, sizeof full, "%s (%s) is never offered", name,
                       four);
        if ((suites[i].flags & NEVER) != 0)
            says = full;
        assert_string_equal(ttls_cipher_name(code), name);
        assert_int_equal(ttls_cipher_can(code), says[0] == '\0');
        expect_one(CIPHER, "V3CipherSuites4Char", four, code, says);
        expect_one(CIPHER, "V3CipherSuites4Char", small, code, says);
        expect_one(CIPHER, "V3CipherSuites4Char", name, code, says);
        expect_one(CIPHER, "V3CipherSuites", name, code, says);
        if ((suites[i].flags & TWO) != 0)
            expect_one(CIPHER, "V3CipherSuites", two, code, says);
    }
}

/* What is offered, the TLS library has under the same code. */
static void
library_has_them(void **state)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    SSL *ssl;
    size_t n_found = 0, n_can = 0;

    (void)state;
    assert_non_null(ctx);
    assert_int_equal(SSL_CTX_set_cipher_list(ctx, "ALL:@SECLEVEL=0"), 1);
    ssl = SSL_new(ctx);
    assert_non_null(ssl);
    for (size_t i = 0; i < ARRAY_LEN(suites); i++) {
        unsigned char code[2] = { (unsigned char)(suites[i].code >> 8),
                                  (unsigned char)suites[i].code };
        const SSL_CIPHER *found = SSL_CIPHER_find(ssl, code);

        if (!ttls_cipher_can(suites[i].code))
            continue;
        n_can++;
        if (found == NULL)
            fail_msg("%s: not in the library", suites[i].name);
        n_found += strcmp(SSL_CIPHER_standard_name(found),
                          ttls_cipher_name(suites[i].code)) == 0;
    }
    assert_int_equal(n_found, n_can);
    assert_int_equal(n_can, 27);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
}

/* All other codes of four digits are none, and none have a name. */
static void
no_other(void **state)
{
    size_t n = 0;

    (void)state;
    for (unsigned code = 0; code <= 0xffff; code++)
        n += ttls_cipher_is_known((uint16_t)code);
    assert_int_equal(n, ARRAY_LEN(suites));
    refused(CIPHER, "V3CipherSuites4Char", "0007", "at character 1");
    refused(CIPHER, "V3CipherSuites4Char", "1304", "at character 1");
    refused(CIPHER, "V3CipherSuites4Char", "C02FC033", "at character 5");
    refused(CIPHER, "V3CipherSuites4Char", "00FF", "at character 1");
    refused(CIPHER, "V3CipherSuites", "07", "at character 1");
    refused(CIPHER, "V3CipherSuites", "", "found \"\"");
    refused(CIPHER, "V3CipherSuites4Char", "C02F C030", "without blanks");
    refused(CIPHER, "V3CipherSuites4Char", "C02F,C030", "without blanks");
    refused(CIPHER, "V3CipherSuites4Char", "G02F", "at character 1");
    refused(CIPHER, "V3CipherSuites4Char", "AES_128_GCM_SHA256", "codes of 4");
    refused(CIPHER, "V3CipherSuites",
            "TLS_RSA_WITH_AES_128_CBC_SHA TLS_RSA_WITH_AES_256_CBC_SHA",
            "the name of a cipher suite");
}

static void
version_2(void **state)
{
    static const struct {
        const char *name;
        uint16_t code;
    } rows[] = {
        { "TLS_RC4_128_WITH_MD5", 1 },
        { "TLS_RC4_128_EXPORT40_WITH_MD5", 2 },
        { "TLS_RC2_CBC_128_CBC_WITH_MD5", 3 },
        { "TLS_RC2_CBC_128_CBC_EXPORT40_WITH_MD5", 4 },
        { "TLS_DES_64_CBC_WITH_MD5", 6 },
        { "TLS_DES_192_EDE3_CBC_WITH_MD5", 7 },
    };
    struct ttls_policy *p;
    struct seen seen;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char digit[2] = { (char)('0' + rows[i].code), '\0' };

        expect_one(CIPHER, "V2CipherSuites", rows[i].name, rows[i].code,
                   "never used");
        expect_one(CIPHER, "V2CipherSuites", digit, rows[i].code, "never used");
    }
    assert_int_equal(
        list_of(CIPHER, "V2CipherSuites", "7136427136", &p, &seen).n, 10);
    ttls_policy_unref(&p);
    refused(CIPHER, "V2CipherSuites", "71364271361", "1 to 10 codes");
    refused(CIPHER, "V2CipherSuites", "", "found \"\"");
    refused(CIPHER, "V2CipherSuites", "0", "1 2 3 4 6 7");
    refused(CIPHER, "V2CipherSuites", "175", "1 2 3 4 6 7");
    refused(CIPHER, "V2CipherSuites", "7 1", "without blanks");
    refused(CIPHER, "V2CipherSuites", "TLS_RSA_WITH_AES_128_CBC_SHA",
            "the name of a suite");
}

#define SIGNATURE "TTLSSignatureParms"

static void
signatures(void **state)
{
    static const struct {
        uint16_t code;
        const char *name;
    } rows[] = {
        { 0x0101, "MD5_WITH_RSA" },
        { 0x0201, "SHA1_WITH_RSA" },
        { 0x0202, "SHA1_WITH_DSA" },
        { 0x0203, "SHA1_WITH_ECDSA" },
        { 0x0301, "SHA224_WITH_RSA" },
        { 0x0302, "SHA224_WITH_DSA" },
        { 0x0303, "SHA224_WITH_ECDSA" },
        { 0x0401, "SHA256_WITH_RSA" },
        { 0x0402, "SHA256_WITH_DSA" },
        { 0x0403, "SHA256_WITH_ECDSA" },
        { 0x0501, "SHA384_WITH_RSA" },
        { 0x0503, "SHA384_WITH_ECDSA" },
        { 0x0601, "SHA512_WITH_RSA" },
        { 0x0603, "SHA512_WITH_ECDSA" },
        { 0x0804, "SHA256_WITH_RSASSA_PSS" },
        { 0x0805, "SHA384_WITH_RSASSA_PSS" },
        { 0x0806, "SHA512_WITH_RSASSA_PSS" },
    };
    static const char *const lists[][2] = {
        { SIGNATURE, "SignaturePairs" },
        { SIGNATURE, "SignaturePairsCert" },
        { "TTLSGskAdvancedParms", "CrlSigAlgPairs" },
        { "TTLSGskOcspParms", "OcspResponseSigAlgPairs" },
        { "TTLSGskOcspParms", "OcspRequestSigalg" },
    };
    size_t n = 0;

    (void)state;
    for (unsigned code = 0; code <= 0xffff; code++)
        n += ttls_signature_name((uint16_t)code) != NULL;
    assert_int_equal(n, ARRAY_LEN(rows));
    for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
        bool is_request = strcmp(lists[k][1], "OcspRequestSigalg") == 0;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
            const char *says =
                is_request && rows[i].code >> 8 == 8 ? "RSASSA-PSS" : "";
            char four[8], name[64];

            (void)snprintf(four, sizeof four, "%04X", rows[i].code);
            (void)snprintf(name, sizeof name, "TLS_SIGALG_%s", rows[i].name);
            assert_string_equal(ttls_signature_name(rows[i].code), name);
            expect_one(lists[k][0], lists[k][1], four, rows[i].code, says);
            expect_one(lists[k][0], lists[k][1], name, rows[i].code, says);
        }
        refused(lists[k][0], lists[k][1], "", "found \"\"");
        refused(lists[k][0], lists[k][1], "0400", "at character 1");
        refused(lists[k][0], lists[k][1], "04010807", "at character 5");
        refused(lists[k][0], lists[k][1], "0401 0403", "without blanks");
        refused(lists[k][0], lists[k][1], "040", "four hexadecimal");
        refused(lists[k][0], lists[k][1], "SHA256_WITH_RSA", "a name such as");
    }
    refused("TTLSGskOcspParms", "OcspRequestSigalg", "04010501",
            "found 2 signature pairs, expected one");
}

static void
groups(void **state)
{
    static const struct {
        uint16_t code;
        const char *name;
    } rows[] = {
        { 19, "secp192r1" }, { 21, "secp224r1" }, { 23, "secp256r1" },
        { 24, "secp384r1" }, { 25, "secp521r1" }, { 29, "X25519" },
        { 30, "X448" },
    };
    static const char *const lists[] = { "ClientECurves",
                                         "ClientKeyShareGroups",
                                         "ServerKeyShareGroups",
                                         "ServerKexECurves" };
    struct ttls_policy *p;
    struct seen seen;
    size_t n = 0;

    (void)state;
    for (unsigned code = 0; code <= 0xffff; code++)
        n += ttls_group_name((uint16_t)code) != NULL;
    assert_int_equal(n, ARRAY_LEN(rows));
    for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
        bool is_share = strstr(lists[k], "Share") != NULL;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
            const char *says = is_share && rows[i].code < 23
                                   ? "no group of TLS version 1.3"
                                   : "";
            char four[8];

            (void)snprintf(four, sizeof four, "%04u", rows[i].code);
            assert_string_equal(ttls_group_name(rows[i].code), rows[i].name);
            expect_one(SIGNATURE, lists[k], four, rows[i].code, says);
            expect_one(SIGNATURE, lists[k], rows[i].name, rows[i].code, says);
        }
        assert_int_equal(
            list_of(SIGNATURE, lists[k], "00230024 0025,x25519", &p, &seen).n,
            4);
        ttls_policy_unref(&p);
        assert_int_equal(list_of(SIGNATURE, lists[k], "aNY", &p, &seen).n, 0);
        assert_non_null(p);
        ttls_policy_unref(&p);
        refused(SIGNATURE, lists[k], "", "or Any");
        refused(SIGNATURE, lists[k], "0017", "no named group"); /* hex of 23 */
        refused(SIGNATURE, lists[k], "23", "no named group");
        refused(SIGNATURE, lists[k], "0023 0026", "\"0026\"");
        refused(SIGNATURE, lists[k], "0023 Any", "\"Any\"");
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_suite), cmocka_unit_test(library_has_them),
        cmocka_unit_test(no_other),   cmocka_unit_test(version_2),
        cmocka_unit_test(signatures), cmocka_unit_test(groups),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
