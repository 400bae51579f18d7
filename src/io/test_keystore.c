/* Stores made by keytool and openssl (tests/corpus/keystore), and damaged. */
#include "base/test.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "io/keystore.h"

#ifndef CORPUS
#error "CORPUS names the folder of stores"
#endif

static struct buf
load(const char *name)
{
    char path[500];
    struct buf file;

    snprintf(path, sizeof path, "%s/%s", CORPUS, name);
    buf_init(&file, KEYSTORE_BYTES_MAX);
    assert_int_equal(file_read(path, &file, NULL), ERR_OK);
    return file;
}

static const struct keystore_password of_two = { { "Two", 3 },
                                                 { "secret2", 7 } };

/* "K:one T:trustedca ..." */
static void
describe(const struct keystore *store, char *out, size_t cap)
{
    size_t n = 0;

    out[0] = '\0';
    for (size_t i = 0; i < store->n; i++) {
        const struct keystore_entry *e = &store->entries[i];

        n += (size_t)snprintf(out + n, cap - n, "%s%c:" STR_FMT,
                              n == 0 ? "" : " ", "KTC"[e->kind],
                              STR_ARG(e->alias));
    }
}

/* Each key is that of its certificate. */
static void
check_keys(const struct keystore *store)
{
    for (size_t i = 0; i < store->n; i++) {
        const struct keystore_entry *e = &store->entries[i];
        const unsigned char *p = (const unsigned char *)e->der.p;
        X509 *x509 = d2i_X509(NULL, &p, (long)e->der.n);
        PKCS8_PRIV_KEY_INFO *info;
        EVP_PKEY *key;

        assert_non_null(x509);
        if (e->kind == KEYSTORE_KEY) {
            p = e->key.p;
            info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)e->key.n);
            key = EVP_PKCS82PKEY(info);
            assert_int_equal(X509_check_private_key(x509, key), 1);
            EVP_PKEY_free(key);
            PKCS8_PRIV_KEY_INFO_free(info);
        }
        X509_free(x509);
    }
}

static void
stores_of_others_are_read(void **state)
{
    static const struct {
        const char *file;
        enum keystore_type type;
        const char *entries;
    } rows[] = {
        { "two.jks", KEYSTORE_JKS, "T:trustedca K:two K:one C:" },
        { "two.jks", KEYSTORE_JCEKS, "T:trustedca K:two K:one C:" },
        { "two.jks", KEYSTORE_PKCS12, "T:trustedca K:two K:one C:" },
        { "two.jceks", KEYSTORE_JCEKS, "T:trustedca K:two K:one C:" },
        { "two.p12", KEYSTORE_PKCS12, "K:one K:two C:CN=ca T:trustedca" },
        { "two.p12", KEYSTORE_JKS, "K:one K:two C:CN=ca T:trustedca" },
        { "legacy.p12", KEYSTORE_PKCS12, "K:one K:two C:CN=ca T:trustedca" },
        { "catrust.p12", KEYSTORE_PKCS12, "T:" },
        { "own.pem", KEYSTORE_PEM, "K:default" },
        { "keys.pem", KEYSTORE_PEM, "K:key2 K:default" }, /* in that order */
        /* secret keys before, between and after it, one with its own password
         */
        { "mixed.jceks", KEYSTORE_JCEKS, "K:tls" },
        { "secret.jceks", KEYSTORE_JCEKS, "" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf file = load(rows[i].file);
        struct keystore_input from = { .type = rows[i].type,
                                       .bytes = buf_view(&file),
                                       .password = STR("changeit"),
                                       .has_password = true,
                                       .own = &of_two,
                                       .n_own = 1 };
        struct keystore store;
        struct err_info why = { 0 };
        char text[500];
        enum err e;

        /* keytool gives all keys of a PKCS12 store its own password. */
        if (str_ends(str_of(rows[i].file), STR(".p12")))
            from.n_own = 0;
        e = keystore_read(&from, &store, &why);
        if (e != ERR_OK)
            fail_msg("%s: %s", rows[i].file, why.text);
        describe(&store, text, sizeof text);
        assert_string_equal(text, rows[i].entries);
        check_keys(&store);
        keystore_fini(&store);
        keystore_fini(&store);
        buf_fini(&file);
    }
}

static void
wrong_passwords_open_nothing(void **state)
{
    static const struct {
        const char *file;
        enum keystore_type type;
        const char *password; /* NULL: none */
        enum err want;
    } rows[] = {
        { "two.jks", KEYSTORE_JKS, "changeit", ERR_DENIED }, /* Two's own */
        { "two.jks", KEYSTORE_JKS, "Changeit", ERR_DENIED },
        { "two.jks", KEYSTORE_JKS, "", ERR_DENIED },
        { "two.jks", KEYSTORE_JKS, NULL, ERR_DENIED },
        { "two.jceks", KEYSTORE_JCEKS, "changeit", ERR_DENIED },
        { "two.jceks", KEYSTORE_JCEKS, "changeit ", ERR_DENIED },
        { "two.p12", KEYSTORE_PKCS12, "change", ERR_DENIED },
        { "two.p12", KEYSTORE_PKCS12, NULL, ERR_DENIED },
        { "legacy.p12", KEYSTORE_PKCS12, "", ERR_DENIED },
        { "own.pem", KEYSTORE_PEM, "change", ERR_DENIED },
        { "keys.pem", KEYSTORE_PEM, "change", ERR_DENIED }, /* the second */
        { "orphan.pem", KEYSTORE_PEM, "changeit", ERR_SYNTAX },
        { "mixed.jceks", KEYSTORE_JCEKS, "changed", ERR_DENIED },
        { "two.p12", KEYSTORE_JCEKS, "changeit", ERR_SYNTAX },
        { "two.p12", KEYSTORE_JKS, "change", ERR_DENIED },
        { "two.jceks", KEYSTORE_PKCS12, "changeit", ERR_SYNTAX },
        { "two.jks", KEYSTORE_PEM, "changeit", ERR_SYNTAX },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf file = load(rows[i].file);
        struct keystore_input from = { .type = rows[i].type,
                                       .bytes = buf_view(&file),
                                       .password = str_of(rows[i].password),
                                       .has_password =
                                           rows[i].password != NULL };
        struct keystore store = { .n = 77 };
        struct err_info why = { 0 };

        assert_int_equal(keystore_read(&from, &store, &why), rows[i].want);
        assert_int_equal(store.n, 77);
        assert_true(why.text[0] != '\0');
        buf_fini(&file);
    }
}

/* A sound store with a key that cannot be opened is told from a wrong password
 * of the store. */
static void
the_key_that_stays_shut_is_named(void **state)
{
    static const struct keystore_password wrong = { { "TWO", 3 }, { "no", 2 } };
    static const struct {
        const char *password;
        const struct keystore_password *own;
        bool is_key, has_own;
    } rows[] = {
        { "changeit", NULL, true, false },
        { "changeit", &wrong, true, true },
        { "Changeit", NULL, false, false },
        { "Changeit", &wrong, false, false },
    };
    struct buf file = load("two.jks");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct keystore_refusal refusal = { .is_key = false };
        struct keystore_input from = { .type = KEYSTORE_JKS,
                                       .bytes = buf_view(&file),
                                       .password = str_of(rows[i].password),
                                       .has_password = true,
                                       .own = rows[i].own,
                                       .n_own = rows[i].own != NULL,
                                       .refusal = &refusal };
        struct keystore store = { .n = 77 };

        assert_int_equal(keystore_read(&from, &store, NULL), ERR_DENIED);
        assert_int_equal(refusal.is_key, rows[i].is_key);
        assert_int_equal(refusal.has_own, rows[i].has_own);
        assert_true(str_eq_z(refusal.alias, rows[i].is_key ? "two" : ""));
    }
    buf_fini(&file);
}

static void
subjects_are_told(void **state)
{
    struct buf file = load("two.jks");
    struct keystore_input from = { .type = KEYSTORE_JKS,
                                   .bytes = buf_view(&file),
                                   .password = STR("changeit"),
                                   .has_password = true,
                                   .own = &of_two,
                                   .n_own = 1 };
    struct keystore store;
    char text[64], few[4];

    (void)state;
    assert_int_equal(keystore_read(&from, &store, NULL), ERR_OK);
    assert_true(keystore_subject(store.entries[1].der, text, sizeof text));
    assert_non_null(strstr(text, "CN=Two"));
    assert_true(keystore_subject(store.entries[1].der, few, sizeof few));
    assert_int_equal(strlen(few), 3);
    assert_false(keystore_subject(STR("0"), text, sizeof text));
    assert_string_equal(text, "");
    keystore_fini(&store);
    buf_fini(&file);
}

/* Each byte changed, each length cut: refused (the digest covers all). */
static void
damage_is_found(void **state)
{
    struct buf file = load("two.jks");
    struct keystore_input from = { .type = KEYSTORE_JKS,
                                   .password = STR("changeit"),
                                   .has_password = true,
                                   .own = &of_two,
                                   .n_own = 1 };
    struct keystore store = { .n = 0 };

    (void)state;
    for (size_t i = 0; i < file.n; i++) {
        struct str cut = exact_copy_n(file.p, i);

        from.bytes = cut;
        assert_int_not_equal(keystore_read(&from, &store, NULL), ERR_OK);
        exact_free(cut);
        file.p[i] = (char)(file.p[i] ^ 1);
        from.bytes = buf_view(&file);
        assert_int_not_equal(keystore_read(&from, &store, NULL), ERR_OK);
        file.p[i] = (char)(file.p[i] ^ 1);
    }
    buf_fini(&file);
}

/* What a secret key is serialized as, and how it may not be. */
static void
odd_secret_keys_are_refused(void **state)
{
    static const struct {
        const char *after; /* this text, so many bytes on */
        size_t on;
        unsigned char byte;
    } rows[] = {
        { "\xac\xed", 0, 4 },                        /* a later version */
        { "\xac\xed", 2, 0x75 },                     /* no object */
        { "SealedObjectForKeyProtector", 8, 3 },     /* writes its own way */
        { "SealedObjectForKeyProtector", 10, 99 },   /* more fields */
        { "SealedObjectForKeyProtector", 11, 0x77 }, /* data of its own */
        { "SealedObjectForKeyProtector", 12, 0x73 }, /* no class */
        { "javax.crypto.SealedObject", 11, 'I' },    /* a number */
        { "javax.crypto.SealedObject", 12, 0x70 },   /* a long name */
        { "encryptedContent", 0, 0x70 },             /* no type */
        { "PBEWithMD5AndTripleDES", 0, 0x7c },       /* a long string */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf file = load("secret.jceks");
        size_t at = str_find(buf_view(&file), str_of(rows[i].after));
        struct keystore_input from = { .type = KEYSTORE_JCEKS };
        struct keystore store = { .n = 77 };
        struct err_info why = { 0 };
        struct str bytes;

        assert_true(at != STR_NPOS);
        at += strlen(rows[i].after) + rows[i].on;
        file.p[at] = (char)rows[i].byte;
        bytes = exact_copy_n(file.p, file.n);
        from.bytes = bytes;
        if (keystore_read(&from, &store, &why) != ERR_UNSUPPORTED)
            fail_msg("row %zu", i);
        assert_int_equal(store.n, 77);
        assert_non_null(strstr(why.text, "secret key"));
        exact_free(bytes);
        buf_fini(&file);
    }
}

/* Without a password nothing vouches for the bytes; whatever they are, they
 * are read within bounds. */
static void
unchecked_stores_stay_within_bounds(void **state)
{
    static const char *const names[] = { "two.jks", "two.jceks", "mixed.jceks",
                                         "secret.jceks" };
    struct keystore store;

    (void)state;
    for (size_t k = 0; k < ARRAY_LEN(names); k++) {
        struct buf file = load(names[k]);

        for (size_t i = 0; i < file.n; i++) {
            struct keystore_input from = { .type = KEYSTORE_JKS,
                                           .own = &of_two,
                                           .n_own = k == 0 };
            struct str all;

            file.p[i] = (char)(file.p[i] ^ 0xff);
            all = exact_copy_n(file.p, file.n);
            from.bytes = all;
            if (keystore_read(&from, &store, NULL) == ERR_OK)
                keystore_fini(&store);
            exact_free(all);
            file.p[i] = (char)(file.p[i] ^ 0xff);
        }
        buf_fini(&file);
    }
}

static void
a_new_store_can_be_read_again(void **state)
{
    static const char *const hosts[] = { "some.host.example", "192.0.2.7",
                                         "2001:db8::1" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
        struct keystore_input from = { .type = KEYSTORE_PKCS12,
                                       .password = STR("s3cret!"),
                                       .has_password = true };
        struct keystore store;
        const unsigned char *p;
        struct buf out;
        int64_t days;
        X509 *x509;
        char line[200];

        buf_init(&out, KEYSTORE_BYTES_MAX);
        assert_int_equal(keystore_create(str_of(hosts[i]), STR("myServer"),
                                         from.password, &out, NULL),
                         ERR_OK);
        from.bytes = buf_view(&out);
        assert_int_equal(keystore_read(&from, &store, NULL), ERR_OK);
        assert_int_equal(store.n, 1);
        assert_true(keystore_is_alias(&store.entries[0], STR("DEFAULT")));
        check_keys(&store);
        p = (const unsigned char *)store.entries[0].der.p;
        x509 = d2i_X509(NULL, &p, (long)store.entries[0].der.n);
        X509_NAME_oneline(X509_get_subject_name(x509), line, sizeof line);
        assert_non_null(strstr(line, "OU=myServer"));
        assert_int_equal(i == 0 ? X509_check_host(x509, hosts[i], 0, 0, NULL)
                                : X509_check_ip_asc(x509, hosts[i], 0),
                         1);
        X509_free(x509);
        assert_true(
            keystore_days_left(store.entries[0].der, time(NULL), &days));
        assert_true(days == 364 || days == 365);
        assert_true(keystore_days_left(store.entries[0].der,
                                       time(NULL) + 400 * 86400, &days));
        assert_true(days < 0);
        keystore_fini(&store);
        buf_fini(&out);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stores_of_others_are_read),
        cmocka_unit_test(wrong_passwords_open_nothing),
        cmocka_unit_test(the_key_that_stays_shut_is_named),
        cmocka_unit_test(subjects_are_told),
        cmocka_unit_test(damage_is_found),
        cmocka_unit_test(odd_secret_keys_are_refused),
        cmocka_unit_test(unchecked_stores_stay_within_bounds),
        cmocka_unit_test(a_new_store_can_be_read_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
