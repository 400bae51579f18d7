#include "config/password.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/test.h"

#define KEY STR(PASSWORD_KEY_DEFAULT)
#define V0 "{aes}AENuMO+8GZIK+JKXSlhNdlOGd6Xp87i3ymt/iPjjVMj3"
#define V0_OWN "{aes}AD5um4xmBQoEpi+VsdFWxrL451aRhVJ+naUTcpvK+K/A"
#define V1                                                                     \
    "{aes}ARAAAQIDBAUGBwgJCgsMDQ4PucxqzWdskpR/VtAlTN/PYtZYAdYEPkI4ydjn7Y5L8W"  \
    "GkaGWpIHbCDA9Ki23SwRAcEfJ4+qoPmex10Qrneb64dwuqYdO5Y8680JzJR0TLVwBOX540"   \
    "Ok9Ow3Q="
#define HASH_OLD                                                               \
    "{hash}ATAAAAAETmFDbEAAAAAgrl07Wg/1KG5a8eAkHHJoLQC/mgdQJpx63Q6RZNwC1fU="
#define HASH_1000                                                              \
    "{hash}ASAAAAPoMAAAAAROYUNsQAAAACAD6js9qth6Kspk4diYbJJee2tCCYf7N9fabzTa5/" \
    "zDeA=="
#define HASH_NEW                                                               \
    "{hash}ARAAAAAUUEJLREYyV2l0aEhtYWNTSEE1MTIgAAM0UDAAAAAETmFDbEAAAAAg6oOYoc" \
    "JhTHDdzjmMdOuo7S1dXskN4vrMJmG3mNBpThU="

static char folder[64];

static void
decodes(void **state)
{
    static const struct {
        const char *text, *key, *want; /* NULL: refused */
        enum err e;
    } rows[] = {
        { "plain", "", "plain", ERR_OK },
        { "", "", "", ERR_OK },
        { "}{", "", "}{", ERR_OK },
        { "{open", "", "{open", ERR_OK },
        { "{}text", "", "text", ERR_OK },
        { "{aes}", "", "", ERR_OK },
        { "{xor}Lz4sLCgwLTs=", "", "password", ERR_OK },
        { " { XOR } EzY9Oi0rJg== ", "", "Liberty", ERR_OK },
        { V0, PASSWORD_KEY_DEFAULT, "password", ERR_OK },
        { V0_OWN, "mySecretKey", "password", ERR_OK },
        { V1, PASSWORD_KEY_DEFAULT, "password", ERR_OK },
        { "{AES} AENuMO+8GZIK+JKXSlhNdlOGd6Xp87i3ymt/iPjjVMj3",
          PASSWORD_KEY_DEFAULT, "password", ERR_OK },
        /* another key */
        { V1, "mySecretKey", NULL, ERR_SYNTAX },
        { V0_OWN, PASSWORD_KEY_DEFAULT, NULL, ERR_SYNTAX },
        /* damaged */
        { "{xor}Pg=", "", NULL, ERR_SYNTAX },
        { "{xor}Pg== x", "", NULL, ERR_SYNTAX },
        { "{aes}!", "", NULL, ERR_SYNTAX },
        { "{aes}AA==", "", NULL, ERR_SYNTAX },
        { "{aes}AAAA", "", NULL, ERR_SYNTAX },
        { "{aes}AgAA", "", NULL, ERR_SYNTAX }, /* version 2 */
        { "{aes}AQ==", "", NULL, ERR_SYNTAX },
        { "{aes}AQAA", "", NULL, ERR_SYNTAX }, /* no initial vector */
        { "{aes}Af8A", "", NULL, ERR_SYNTAX }, /* longer than what follows */
        { "{aes}ARAAAQIDBAUGBwgJCgsMDQ4P", "", NULL, ERR_SYNTAX },
        { "{aes}ARAAAQIDBAUGBwgJCgsMDQ4PucxqzWdskpR/VtAlTN/PYg==", "", NULL,
          ERR_SYNTAX },
        { "{hash}ATAAAAAE", "", NULL, ERR_UNSUPPORTED },
        { "{custom:x}y", "", NULL, ERR_UNSUPPORTED },
        { "{rot13}x", "", NULL, ERR_UNSUPPORTED },
        { "{file}relative", "", NULL, ERR_NOT_FOUND },
        { "{file}", "", NULL, ERR_NOT_FOUND },
        { "{file}/nowhere/x", "", NULL, ERR_NOT_FOUND },
        { "{file}/", "", NULL, ERR_NOT_FOUND },
        { "{file}/dev/zero", "", NULL, ERR_NOT_FOUND },
        { "{env}", "", NULL, ERR_NOT_FOUND },
        { "{env}SPT_NOT_THERE", "", NULL, ERR_NOT_FOUND },
        { "{env}A=B", "", NULL, ERR_NOT_FOUND },
        { "{cred}../x", "", NULL, ERR_NOT_FOUND },
        { "{cred}..", "", NULL, ERR_NOT_FOUND },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i].text);
        struct secret got = { NULL, 0 };
        struct err_info why = { 0 };

        assert_int_equal(password_decode(text, str_of(rows[i].key), &got, &why),
                         rows[i].e);
        if (rows[i].want == NULL)
            assert_null(got.p);
        else
            assert_true(secret_eq(&got, str_of(rows[i].want)));
        secret_free(&got);
        exact_free(text);
    }
}

static void
makes_the_known_values(void **state)
{
    unsigned char random[80];
    struct buf out;

    (void)state;
    for (unsigned i = 0; i < sizeof random; i++)
        random[i] = (unsigned char)(i < 64 ? i : i - 64);
    buf_init(&out, 4096);
    assert_int_equal(password_make_xor(STR("USER1"), &out, NULL), ERR_OK);
    assert_string_equal(buf_z(&out), "{xor}CgwaDW4=");
    buf_clear(&out);
    assert_int_equal(password_make_aes(PASSWORD_AES_128, STR("password"), KEY,
                                       random, &out, NULL),
                     ERR_OK);
    assert_string_equal(buf_z(&out), V0);
    buf_clear(&out);
    assert_int_equal(password_make_aes(PASSWORD_AES_128, STR("password"),
                                       STR("mySecretKey"), random, &out, NULL),
                     ERR_OK);
    assert_string_equal(buf_z(&out), V0_OWN);
    buf_clear(&out);
    assert_int_equal(password_make_aes(PASSWORD_AES_256, STR("password"), KEY,
                                       random, &out, NULL),
                     ERR_OK);
    assert_string_equal(buf_z(&out), V1);
    buf_clear(&out);
    assert_int_equal(
        password_make_hash(STR("secret1"), STR("NaCl"), &out, NULL), ERR_OK);
    assert_string_equal(buf_z(&out), HASH_NEW);
    buf_fini(&out);
}

/* Random numbers make each encoding another one; all are read back. */
static void
makes_and_reads(void **state)
{
    static const char *const texts[] = { "", "a", "p\xc3\xa4ssword, longer",
                                         "{xor}looks encoded" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts) * 2; i++) {
        struct str plain = str_of(texts[i / 2]);
        enum password_aes version = i % 2 ? PASSWORD_AES_256 : PASSWORD_AES_128;
        struct secret got;
        struct buf a, b;

        buf_init(&a, 4096);
        buf_init(&b, 4096);
        assert_int_equal(
            password_make_aes(version, plain, STR("k"), NULL, &a, NULL),
            ERR_OK);
        assert_int_equal(
            password_make_aes(version, plain, STR("k"), NULL, &b, NULL),
            ERR_OK);
        assert_string_not_equal(buf_z(&a), buf_z(&b));
        assert_int_equal(password_decode(buf_view(&a), STR("k"), &got, NULL),
                         ERR_OK);
        assert_true(secret_eq(&got, plain));
        secret_free(&got);
        buf_fini(&a);
        buf_fini(&b);
    }
}

/* One changed byte anywhere is noticed by the newer version. */
static void
notices_damage(void **state)
{
    char text[sizeof V1];

    (void)state;
    for (size_t i = 8; i < sizeof V1 - 3; i += 7) {
        struct secret got = { NULL, 0 };

        memcpy(text, V1, sizeof text);
        text[i] = text[i] == 'A' ? 'B' : 'A';
        assert_int_equal(password_decode(str_of(text), KEY, &got, NULL),
                         ERR_SYNTAX);
        assert_null(got.p);
    }
}

static void
checks_hashes(void **state)
{
    static const struct {
        const char *hash, *plain;
        enum err e;
        bool want;
    } rows[] = {
        { HASH_OLD, "secret1", ERR_OK, true },
        { HASH_OLD, "secret2", ERR_OK, false },
        { HASH_OLD, "", ERR_OK, false },
        { HASH_1000, "secret1", ERR_OK, true },
        { HASH_NEW, "secret1", ERR_OK, true },
        { HASH_NEW, "Secret1", ERR_OK, false },
        { "{xor}Pg==", "a", ERR_SYNTAX, false },
        { "a", "a", ERR_SYNTAX, false },
        { "{hash}", "", ERR_SYNTAX, false },
        { "{hash}AA==", "", ERR_SYNTAX, false },
        { "{hash}AQ==", "", ERR_SYNTAX, false },
        { "{hash}ATAAAAAE", "", ERR_SYNTAX, false },
        /* an unknown field; no digest; zero rounds; 4294967295 rounds */
        { "{hash}AWMAAAAA", "", ERR_SYNTAX, false },
        { "{hash}ATAAAAAETmFDbA==", "", ERR_SYNTAX, false },
        { "{hash}ASAAAAAAMAAAAAROYUNsQAAAACAD6js9qth6Kspk4diYbJJee2tCCYf7N9fab"
          "zTa5/zDeA==",
          "secret1", ERR_SYNTAX, false },
        { "{hash}ASD/////MAAAAAROYUNsQAAAACAD6js9qth6Kspk4diYbJJee2tCCYf7N9fab"
          "zTa5/zDeA==",
          "secret1", ERR_LIMIT, false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        bool is_equal = !rows[i].want;

        assert_int_equal(password_check_hash(str_of(rows[i].hash),
                                             str_of(rows[i].plain), &is_equal,
                                             NULL),
                         rows[i].e);
        assert_int_equal(is_equal,
                         rows[i].e == ERR_OK ? rows[i].want : !rows[i].want);
    }
}

/* ---- elsewhere ---- */

static int
setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/password-XXXXXX");
    return mkdtemp(folder) == NULL ||
           setenv("CREDENTIALS_DIRECTORY", folder, 1);
}

static int
teardown(void **state)
{
    (void)state;
    unsetenv("CREDENTIALS_DIRECTORY");
    return tree_remove(folder, NULL) != ERR_OK;
}

static void
put(const char *name, const char *text)
{
    char path[128];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(file_write_atomic(path, str_of(text), 0600, NULL), ERR_OK);
}

static void
fetches(void **state)
{
    static const struct {
        const char *reference, *key, *want;
    } rows[] = {
        { "{cred}plain", "", "two words" },
        { " {Cred} plain ", "", "two words" },
        { "{cred}crlf", "", "x" },
        { "{cred}xor", "", "a" },
        { "{cred}aes", "mySecretKey", "password" },
        { "{cred}aes", "{cred}key", "password" },
        { V0_OWN, "{cred}key", "password" },
        { V0_OWN, "{env}SPT_TEST_KEY", "password" },
        { "{env}SPT_TEST_KEY", "", "mySecretKey" },
        { "{cred}link", "", "two words" },
        /* not on to a third place; a key that is not there */
        { "{cred}further", "", NULL },
        { V0_OWN, "{cred}none", NULL },
        { "{cred}none", "", NULL },
        { "{cred}pipe", "", NULL },
    };
    char path[128], to[128], file[300];

    (void)state;
    put("plain", "two words\n");
    put("crlf", "x\r\n");
    put("xor", "{xor}Pg==\n");
    put("aes", V0_OWN "\n");
    put("key", "mySecretKey\n");
    put("further", "{file}/etc/hostname");
    setenv("SPT_TEST_KEY", "mySecretKey", 1);
    snprintf(path, sizeof path, "%s/link", folder);
    snprintf(to, sizeof to, "%s/plain", folder);
    assert_int_equal(symlink(to, path), 0);
    snprintf(path, sizeof path, "%s/pipe", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct secret got = { NULL, 0 };
        struct err_info why = { 0 };
        enum err e = password_decode(str_of(rows[i].reference),
                                     str_of(rows[i].key), &got, &why);

        if (rows[i].want == NULL) {
            assert_int_not_equal(e, ERR_OK);
            assert_null(got.p);
            if (strstr(rows[i].reference, "further") != NULL)
                assert_non_null(strstr(why.text, "is again a {file} value"));
        } else {
            assert_int_equal(e, ERR_OK);
            assert_true(secret_eq(&got, str_of(rows[i].want)));
        }
        secret_free(&got);
    }
    assert_true(password_file(STR("{cred}plain"), file, sizeof file));
    assert_string_equal(file, to);
    assert_true(password_file(STR("{file}/a/b"), file, sizeof file));
    assert_string_equal(file, "/a/b");
    assert_true(password_file(STR("{file}///a//b"), file, sizeof file));
    assert_string_equal(file, "/a/b");
    assert_false(password_file(STR("{env}X"), file, sizeof file));
    assert_false(password_file(STR("/a/b"), file, sizeof file));
    assert_false(password_file(STR("{cred}plain"), file, 5));
}

static void
refuses_what_is_too_long(void **state)
{
    size_t n = PASSWORD_BYTES_MAX;
    char *text = calloc(1, n + 3), path[128];
    struct secret got = { NULL, 0 };
    struct buf out;

    (void)state;
    memset(text, 'x', n + 1);
    snprintf(path, sizeof path, "%s/big", folder);
    assert_int_equal(file_write_atomic(path, str_n(text, n), 0600, NULL),
                     ERR_OK);
    assert_int_equal(password_decode(STR("{cred}big"), KEY, &got, NULL),
                     ERR_OK);
    assert_int_equal(got.n, n);
    secret_free(&got);
    assert_int_equal(file_write_atomic(path, str_n(text, n + 1), 0600, NULL),
                     ERR_OK);
    assert_int_equal(password_decode(STR("{cred}big"), KEY, &got, NULL),
                     ERR_LIMIT);
    assert_null(got.p);
    buf_init(&out, 1u << 20);
    assert_int_equal(password_make_aes(PASSWORD_AES_128, str_n(text, n + 1),
                                       KEY, NULL, &out, NULL),
                     ERR_LIMIT);
    assert_int_equal(out.n, 0);
    buf_fini(&out);
    free(text);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes),
        cmocka_unit_test(makes_the_known_values),
        cmocka_unit_test(makes_and_reads),
        cmocka_unit_test(notices_damage),
        cmocka_unit_test(checks_hashes),
        cmocka_unit_test_setup_teardown(fetches, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_what_is_too_long, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
