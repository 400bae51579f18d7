#include "base/test.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "saf/hostid.h"

/* A short form's head, so that tables show structure and not bytes. */
#define SEQ "\x30"
#define SET "\x31"
#define HOST "\x81"
#define USER "\x82"

static void
parses(void **state)
{
    static const char one[] = SET "\x0a" SEQ "\x08" HOST "\x01h" USER "\x03"
                                  "ANN";
    static const char proof[] = SET "\x13" SEQ "\x11" HOST "\x01h" USER "\x03"
                                    "ANN" SEQ "\x07\x04\x01s\x06\x02\x2a\x03";
    static const char two[] = SET "\x12" SEQ "\x08" HOST "\x01h" USER "\x03"
                                  "ANN" SEQ "\x06" HOST "\x01i" USER "\x01"
                                  "B";
    static const struct {
        const char *der;
        size_t bytes, n;
        const char *host, *user; /* of the last */
    } rows[] = {
        { one, sizeof one - 1, 1, "h", "ANN" },
        { proof, sizeof proof - 1, 1, "h", "ANN" },
        { two, sizeof two - 1, 2, "i", "B" },
        { SET "\0", 2, 0, NULL, NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct hostids ids = { .n = 77 };

        assert_int_equal(
            hostid_parse(str_n(rows[i].der, rows[i].bytes), &ids, NULL),
            ERR_OK);
        assert_int_equal(ids.n, rows[i].n);
        if (ids.n == 0)
            continue;
        assert_true(str_eq_z(ids.v[ids.n - 1].host, rows[i].host));
        assert_true(str_eq_z(ids.v[ids.n - 1].user, rows[i].user));
    }
}

static void
refuses(void **state)
{
#define ROW(text, code)                                                        \
    {                                                                          \
        text, sizeof text - 1, code                                            \
    }
    static const struct {
        const char *der;
        size_t bytes;
        enum err want;
    } rows[] = {
        ROW("", ERR_SYNTAX),
        ROW(SET, ERR_SYNTAX),
        ROW(SET "\x01", ERR_SYNTAX),
        ROW(SEQ "\0", ERR_SYNTAX),
        ROW(SET "\0x", ERR_SYNTAX),      /* something behind it */
        ROW(SET "\x80\0\0", ERR_SYNTAX), /* no end told: BER */
        ROW(SET "\x81\x0a" SEQ "\x08" HOST "\x01h" USER "\x03"
                "ANN",
            ERR_SYNTAX), /* long form of a short length */
        ROW(SET "\x84\xff\xff\xff\xff", ERR_SYNTAX),
        ROW(SET "\x83\xff\xff\xff"
                "a",
            ERR_SYNTAX),
        ROW(SET "\x02" SEQ "\0", ERR_SYNTAX),
        ROW(SET "\x05" SEQ "\x03" HOST "\x01h", ERR_SYNTAX), /* no user */
        ROW(SET "\x0a" SEQ "\x08" USER "\x03"
                "ANN" HOST "\x01h",
            ERR_SYNTAX),
        ROW(SET "\x07" SEQ "\x05" HOST "\x01h" USER "\0", ERR_SYNTAX),
        ROW(SET "\x10" SEQ "\x0e" HOST "\x01h" USER "\x09"
                "ANN456789",
            ERR_SYNTAX),
        ROW(SET "\x0a" SEQ "\x08" HOST "\x01h" USER "\x03"
                "A N",
            ERR_SYNTAX),
        ROW(SET "\x0a" SEQ "\x08" HOST "\x01h" USER "\x03"
                "AN\0",
            ERR_SYNTAX),
        ROW(SET "\x0a" SEQ "\x08" HOST "\x01\xe4" USER "\x03"
                "ANN",
            ERR_SYNTAX),
        ROW(SET "\x0c" SEQ "\x0a" HOST "\x01h" USER "\x03"
                "ANN\x05\0",
            ERR_SYNTAX),
        ROW(SET "\x0f" SEQ "\x0d" HOST "\x01h" USER "\x03"
                "ANN" SEQ "\x03\x04\x01s",
            ERR_SYNTAX), /* half a proof */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *der = malloc(rows[i].bytes + 1);
        struct hostids ids = { .n = 77 };

        memcpy(der, rows[i].der, rows[i].bytes);
        der = realloc(der, rows[i].bytes > 0 ? rows[i].bytes : 1);
        if (hostid_parse(str_n(der, rows[i].bytes), &ids, NULL) != rows[i].want)
            fail_msg("row %zu", i);
        assert_int_equal(ids.n, 77);
        free(der);
    }
}

static void
limits(void **state)
{
    struct hostids ids = { .n = 77 };
    struct buf der;

    (void)state;
    for (unsigned n = HOSTID_MAX; n <= HOSTID_MAX + 1; n++) {
        buf_init(&der, 4096);
        buf_add(&der, str_n(SET "\x82", 2));
        buf_u16(&der, (uint16_t)(n * 8));
        for (unsigned i = 0; i < n; i++)
            buf_add(&der, str_n(SEQ "\x06" HOST "\x01h" USER "\x01U", 8));
        assert_int_equal(hostid_parse(buf_view(&der), &ids, NULL),
                         n > HOSTID_MAX ? ERR_LIMIT : ERR_OK);
        buf_fini(&der);
    }
    assert_int_equal(ids.n, HOSTID_MAX);
}

/* --- certificates ----------------------------------------------------------
 */

static EVP_PKEY *
new_key(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");

    assert_non_null(key);
    return key;
}

/* Signed by ca_key in the name of issuer; with the extension n times. */
static struct str
new_cert(const char *name, const char *issuer, EVP_PKEY *key, EVP_PKEY *ca_key,
         struct str value, unsigned n)
{
    X509 *x = X509_new();
    X509_NAME *subject = X509_get_subject_name(x);
    unsigned char *der = NULL;
    int bytes;

    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 7);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    X509_NAME_add_entry_by_txt(X509_get_issuer_name(x), "CN", MBSTRING_ASC,
                               (const unsigned char *)issuer, -1, -1, 0);
    X509_set_pubkey(x, key);
    for (unsigned i = 0; i < n; i++) {
        ASN1_OBJECT *oid = OBJ_txt2obj("1.3.18.0.2.18.1", 1);
        ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
        X509_EXTENSION *extension;

        ASN1_OCTET_STRING_set(octets, (const unsigned char *)value.p,
                              (int)value.n);
        extension = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, octets);
        X509_add_ext(x, extension, -1);
        X509_EXTENSION_free(extension);
        ASN1_OCTET_STRING_free(octets);
        ASN1_OBJECT_free(oid);
    }
    assert_true(X509_sign(x, ca_key, EVP_sha256()) > 0);
    bytes = i2d_X509(x, &der);
    assert_true(bytes > 0);
    X509_free(x);
    return str_n(der, (size_t)bytes);
}

static void
of_a_certificate(void **state)
{
    const struct str value =
        str_n(SET "\x0a" SEQ "\x08" HOST "\x01h" USER "\x03"
                  "ANN",
              12);
    EVP_PKEY *ca_key = new_key(), *other_key = new_key(), *key = new_key();
    const struct str cas[] = {
        new_cert("Other", "Other", other_key, other_key, STR(""), 0),
        new_cert("CA", "CA", ca_key, ca_key, STR(""), 0),
    };
    const struct {
        struct str der;
        enum err want;
        size_t n_cas;
    } rows[] = {
        { new_cert("Ann", "CA", key, ca_key, value, 1), ERR_OK, 2 },
        /* Signed by somebody who says he is the CA. */
        { new_cert("Ann", "CA", key, other_key, value, 1), ERR_DENIED, 2 },
        { new_cert("Ann", "Ann", key, key, value, 1), ERR_DENIED, 2 },
        { new_cert("Ann", "CA", key, ca_key, value, 1), ERR_DENIED, 1 },
        { new_cert("Ann", "CA", key, ca_key, value, 1), ERR_DENIED, 0 },
        { new_cert("Ann", "CA", key, ca_key, value, 2), ERR_SYNTAX, 2 },
        { new_cert("Ann", "CA", key, ca_key, value, 0), ERR_NOT_FOUND, 2 },
        { new_cert("Ann", "CA", key, ca_key, STR("x"), 1), ERR_SYNTAX, 2 },
    };
    struct hostids ids;
    struct reader in;
    struct buf out;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        buf_init(&out, 4096);
        if (hostid_of_cert(rows[i].der, cas, rows[i].n_cas, &out, NULL) !=
            rows[i].want)
            fail_msg("row %zu", i);
        in = reader_of(buf_view(&out));
        if (rows[i].want == ERR_OK) {
            assert_true(hostids_read(&in, &ids));
            assert_int_equal(ids.signer, 1);
            assert_int_equal(ids.n, 1);
            assert_true(str_eq_z(ids.v[0].user, "ANN"));
        } else {
            assert_int_equal(out.n, 0);
        }
        buf_fini(&out);
    }
    buf_init(&out, 4096);
    assert_int_equal(hostid_of_cert(str_sub(rows[0].der, 0, rows[0].der.n - 1),
                                    cas, 2, &out, NULL),
                     ERR_SYNTAX);
    buf_fini(&out);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        OPENSSL_free((void *)(uintptr_t)rows[i].der.p);
    for (size_t i = 0; i < ARRAY_LEN(cas); i++)
        OPENSSL_free((void *)(uintptr_t)cas[i].p);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other_key);
    EVP_PKEY_free(ca_key);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses),
        cmocka_unit_test(refuses),
        cmocka_unit_test(limits),
        cmocka_unit_test(of_a_certificate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
