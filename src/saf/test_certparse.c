/* Certificates and packages that somebody made to break what reads them, as
 * the corpus has them: each is refused with its reason, or taken for what it
 * is. Nothing is written on failure. */
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "saf/certparse.h"

#define NONE "no certificate: expected PEM, DER, PKCS#7 or PKCS#12"
#define INPUT_MAX (CERTPARSE_INPUT_MAX + 300u)

/* The first byte is the length of a password, which follows. */
static enum err
read_one(struct arena *a, const char *name, struct cert_bundle *out,
         struct err_info *why)
{
    struct str text, password;
    char path[512], *exact;
    struct buf file;
    size_t n;
    enum err e;

    (void)snprintf(path, sizeof path, CORPUS "/%s", name);
    buf_init(&file, INPUT_MAX);
    assert_int_equal(file_read(path, &file, NULL), ERR_OK);
    text = buf_view(&file);
    assert_true(text.n > 0);
    n = (unsigned char)text.p[0];
    password = str_sub(text, 1, 1 + n);
    text = str_sub(text, 1 + n, text.n);
    exact = malloc(text.n + 1); /* and no byte behind it */
    assert_non_null(exact);
    memcpy(exact, text.p, text.n);
    exact = realloc(exact, text.n > 0 ? text.n : 1);
    assert_non_null(exact);
    e = certparse(a, str_n(exact, text.n), password, NULL, 0, out, why);
    free(exact);
    buf_fini(&file);
    return e;
}

static void
refuses(void **state)
{
    static const struct {
        const char *name;
        enum err want;
        const char *why;
    } rows[] = {
        { "bad-altname-nul", ERR_SYNTAX,
          "one of its alternative names has a NUL in it" },
        { "bad-altname-twice", ERR_SYNTAX,
          "its extension X509v3 Subject Alternative Name stands there twice" },
        { "bad-constraints", ERR_SYNTAX, "one of its extensions is damaged" },
        { "bad-constraints-twice", ERR_SYNTAX,
          "its extension X509v3 Basic Constraints stands there twice" },
        { "bad-curve-explicit", ERR_UNSUPPORTED,
          "its key brings a curve of its own along; expected one that has a "
          "name" },
        { "bad-curve-nowhere", ERR_UNSUPPORTED,
          "its public key is damaged, or of an unknown kind" },
        { "bad-curve-secp256k1", ERR_UNSUPPORTED,
          "its key is on curve secp256k1; expected one of NIST's or "
          "Brainpool's" },
        { "bad-curve-sect283k1", ERR_UNSUPPORTED,
          "its public key is damaged, or of an unknown kind" },
        { "bad-date-integer", ERR_SYNTAX, NONE },
        { "bad-date-month", ERR_SYNTAX,
          "its validity does not consist of two dates" },
        { "bad-date-text", ERR_SYNTAX,
          "its validity does not consist of two dates" },
        { "bad-date-year", ERR_SYNTAX,
          "its validity does not consist of two dates" },
        { "bad-empty-cut", ERR_SYNTAX, NONE },
        { "bad-issuer-none", ERR_SYNTAX, "it names no issuer" },
        { "bad-key-empty", ERR_UNSUPPORTED,
          "its public key is damaged, or of an unknown kind" },
        { "bad-key-id-long", ERR_LIMIT,
          "its subjectKeyIdentifier has 129 bytes; expected 128 at most" },
        { "bad-key-rsa-17000", ERR_LIMIT,
          "its key has 17000 bits; expected 16384 at most" },
        { "bad-key-unknown", ERR_UNSUPPORTED,
          "its public key is damaged, or of an unknown kind" },
        { "bad-length-huge", ERR_SYNTAX, NONE },
        { "bad-length-indefinite", ERR_SYNTAX, NONE },
        { "bad-name-bmp-odd", ERR_SYNTAX, NONE },
        { "bad-name-integer", ERR_SYNTAX, NONE },
        { "bad-name-nul", ERR_SYNTAX, "its issuer's name has a NUL in it" },
        { "bad-name-nul-bmp", ERR_SYNTAX, "its issuer's name has a NUL in it" },
        { "bad-name-utf8", ERR_SYNTAX, NONE },
        { "bad-nesting", ERR_SYNTAX, NONE },
        { "bad-nesting-name", ERR_SYNTAX, NONE },
        { "bad-p12-changed", ERR_DENIED,
          "the PKCS#12 package does not open with this password" },
        { "bad-p12-cut", ERR_SYNTAX, NONE },
        { "bad-p12-key-alone", ERR_SYNTAX, NONE },
        { "bad-p12-key-large", ERR_LIMIT,
          "the private key has 4104 bits; expected 4096 at most" },
        { "bad-p12-key-other", ERR_SYNTAX,
          "the private key is not the certificate's" },
        { "bad-p12-mac", ERR_SYNTAX, NONE },
        { "bad-p12-no-password", ERR_DENIED,
          "the PKCS#12 package does not open with this password" },
        { "bad-p12-password", ERR_DENIED,
          "the PKCS#12 package does not open with this password" },
        { "bad-p7-cut", ERR_SYNTAX, NONE },
        { "bad-p7-enveloped", ERR_SYNTAX, NONE },
        { "bad-p7-garbage", ERR_SYNTAX, NONE },
        { "bad-p7-none", ERR_SYNTAX, NONE },
        { "bad-p7-seventeen", ERR_LIMIT, "more than 16 certificates" },
        { "bad-pem-cut", ERR_SYNTAX, NONE },
        { "bad-pem-key", ERR_SYNTAX, NONE },
        { "bad-pem-letters", ERR_SYNTAX, NONE },
        { "bad-pem-second-cut", ERR_SYNTAX,
          "one of the certificates is cut or damaged" },
        { "bad-pem-second-damaged", ERR_SYNTAX,
          "one of the certificates is cut or damaged" },
        { "bad-point", ERR_UNSUPPORTED,
          "its public key is damaged, or of an unknown kind" },
        { "bad-remainder", ERR_SYNTAX,
          "something follows the certificate that is not part of it" },
        { "bad-serial-long", ERR_LIMIT,
          "its serial number has 65 bytes; expected 64 at most" },
        { "bad-serial-none", ERR_SYNTAX, NONE },
        { "bad-seventeen", ERR_LIMIT, "more than 16 certificates" },
        { "bad-unknown-extension-twice", ERR_SYNTAX,
          "its extension 1.2.3.4 stands there twice" },
        { "bad-usage-none", ERR_SYNTAX, "one of its extensions is damaged" },
    };
    size_t n_wrong = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct cert_bundle got = { .n = 77 };
        struct err_info why = { 0 };
        struct arena a;
        enum err e;

        arena_init(&a, 16u << 20);
        e = read_one(&a, rows[i].name, &got, &why);
        if (e != rows[i].want || strcmp(why.text, rows[i].why) != 0) {
            print_error("%s: %d %s\n", rows[i].name, (int)e, why.text);
            n_wrong++;
        }
        assert_int_equal(got.n, 77);
        arena_fini(&a);
    }
    assert_int_equal(n_wrong, 0);
}

static void
takes(void **state)
{
    static const struct {
        const char *name, *serial, *subject, *key_type;
        uint32_t bits;
        size_t n;
        bool has_key, has_bad_signature;
    } rows[] = {
        { "bad-signature", "07", "CN=Attack", "NISTECC", 256, 1, false, true },
        { "bad-algorithm", "07", "CN=Attack", "NISTECC", 256, 1, false, true },
        { "odd-date-far", "07", "CN=Attack", "NISTECC", 256, 1 },
        { "odd-date-reversed", "07", "CN=Attack", "NISTECC", 256, 1 },
        { "odd-key-ed25519", "07", "CN=x", "ED25519", 256, 1 },
        { "odd-key-rsa-16384", "07", "CN=x", "RSA", 16384, 1 },
        { "odd-name-controls", "07", "CN=a [31mb c", "NISTECC", 256, 1 },
        { "odd-p12-name-long", "07", "CN=Attack", "NISTECC", 256, 1, true },
        { "odd-padding", "07", "CN=Attack", "NISTECC", 256, 1 },
        { "odd-serial-negative", "FF38", "CN=Attack", "NISTECC", 256, 1 },
        { "odd-serial-zero", "00", "CN=Attack", "NISTECC", 256, 1 },
        { "odd-subject-none", "07", "", "NISTECC", 256, 1 },
        { "odd-twice", "07", "CN=Attack", "NISTECC", 256, 3 },
        { "odd-version-1", "07", "CN=Attack", "NISTECC", 256, 1 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct cert_bundle got = { .n = 0 };
        struct err_info why = { 0 };
        struct arena a;

        arena_init(&a, 16u << 20);
        if (read_one(&a, rows[i].name, &got, &why) != ERR_OK)
            fail_msg("%s: %s", rows[i].name, why.text);
        assert_int_equal(got.n, rows[i].n);
        assert_true(str_eq_z(got.certs[0].serial, rows[i].serial));
        assert_true(str_eq_z(got.certs[0].subject, rows[i].subject));
        assert_true(str_eq_z(got.certs[0].key_type, rows[i].key_type));
        assert_int_equal(got.certs[0].key_bits, rows[i].bits);
        assert_int_equal(got.certs[0].has_bad_signature,
                         rows[i].has_bad_signature);
        assert_int_equal(got.pkcs8.n > 0, rows[i].has_key);
        arena_fini(&a);
    }
}

/* What it says is told whole, however long: nothing is cut on its way. */
static void
goes_through(void **state)
{
    static const struct {
        const char *name;
        size_t n_subject, n_altnames;
    } rows[] = {
        { "odd-name-long", 3003, 0 },
        { "odd-name-many", 2289, 0 },
        { "odd-altnames-many", 9, 14499 },
        { "odd-serial-64", 9, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct cert_bundle got = { .n = 0 }, again = { .n = 0 };
        struct reader in;
        struct arena a;
        struct buf wire;

        arena_init(&a, 16u << 20);
        buf_init(&wire, 1u << 20);
        assert_int_equal(read_one(&a, rows[i].name, &got, NULL), ERR_OK);
        cert_bundle_put(&got, &wire);
        in = reader_of(buf_view(&wire));
        assert_true(cert_bundle_read(&in, &a, &again));
        if (again.certs[0].subject.n != rows[i].n_subject ||
            again.certs[0].altnames.n != rows[i].n_altnames)
            print_error("%s: %zu, %zu\n", rows[i].name,
                        again.certs[0].subject.n, again.certs[0].altnames.n);
        assert_int_equal(again.certs[0].subject.n, rows[i].n_subject);
        assert_int_equal(again.certs[0].altnames.n, rows[i].n_altnames);
        assert_true(str_eq(again.certs[0].serial, got.certs[0].serial));
        buf_fini(&wire);
        arena_fini(&a);
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses),
        cmocka_unit_test(takes),
        cmocka_unit_test(goes_through),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
