/*
 * Remote keys where FIPS is asked for: the keeper uses its FIPS provider or
 * nothing, and so does who asks.
 */
#include "test_keys.h"

/* What the keeper says to a question of ours: its err; the text is in msg. */
static enum err
ask(uint16_t type, const struct test_cert *of, struct str rest,
    struct chan_msg *msg, struct str *text)
{
    struct channel_key k = copy_key(of->key);
    struct opener o = { 0 };
    struct buf request;
    struct reader in;
    uint8_t e = 255;
    int fd = -1;

    buf_init(&request, 4096);
    buf_add(&request, str_n(k.id, KEY_ID_BYTES));
    buf_add(&request, rest);
    assert_int_equal(open_pair(&o, &fd, NULL), ERR_OK);
    assert_int_equal(chan_send(fd, type, 1, buf_view(&request), NULL, 0, NULL),
                     ERR_OK);
    assert_int_equal(chan_recv(fd, msg, NULL), ERR_OK);
    in = reader_of(msg->payload);
    assert_true(reader_u8(&in, &e) &&
                reader_str(&in, 0, KEY_RESULT_MAX, text) && reader_at_end(&in));
    buf_fini(&request);
    channel_key_fini(&k);
    close(fd);
    return (enum err)e;
}

#define BYTES(literal) (literal), sizeof(literal) - 1
#define HASH_32                                                                \
    "\0\0\0\x20"                                                               \
    "0123456789abcdef0123456789abcdef"

/* Where there is a FIPS provider it does what it may; where there is none
 * nothing is done in its name. */
static void
keeper_uses_a_fips_provider_or_nothing(void **state)
{
    static const struct {
        const struct test_cert *cert;
        uint16_t type;
        const char *rest;
        size_t n;
        enum err plain, fips;
    } rows[] = {
        { &rsa, KEY_SIGN, BYTES("\1\3\0\0" HASH_32), ERR_OK, ERR_OK },
        { &rsa, KEY_SIGN, BYTES("\2\3\0\x20" HASH_32), ERR_OK, ERR_OK },
        { &ec, KEY_SIGN, BYTES("\3\3\0\0" HASH_32), ERR_OK, ERR_OK },
        { &ec, KEY_SIGN, BYTES("\1\3\0\0" HASH_32), ERR_UNSUPPORTED,
          ERR_UNSUPPORTED },
        { &small, KEY_SIGN, BYTES("\1\3\0\0" HASH_32), ERR_OK,
          ERR_UNSUPPORTED },
        { &small, KEY_SIGN, BYTES("\2\3\0\x20" HASH_32), ERR_OK,
          ERR_UNSUPPORTED },
        { &rsa, KEY_SIGN,
          BYTES("\1\6\0\0\0\0\0\x24"
                "0123456789abcdef0123456789abcdef0123"),
          ERR_OK, ERR_UNSUPPORTED },
        { &ec, KEY_DECRYPT, BYTES("\3\3\3\0\0\0\1a"), ERR_DENIED, ERR_DENIED },
    };
    bool is_here = fips_library(NULL) != NULL;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct chan_msg msg;
        struct str text;
        enum err e = ask(rows[i].type, rows[i].cert,
                         str_n(rows[i].rest, rows[i].n), &msg, &text);

        assert_int_equal(e, rows[i].plain);
        chan_msg_fini(&msg);
        e = ask(rows[i].type | KEY_FIPS, rows[i].cert,
                str_n(rows[i].rest, rows[i].n), &msg, &text);
        assert_int_equal(e, is_here || rows[i].fips != ERR_OK
                                ? rows[i].fips
                                : ERR_UNSUPPORTED);
        assert_true(e == ERR_OK ||
                    str_find(text, STR("FIPS provider")) != STR_NPOS);
        chan_msg_fini(&msg);
    }
}

static void
signs_in_a_fips_library(void **state)
{
    static const struct {
        const struct test_cert *cert;
        const char *md;
        int padding;
        bool ok;
    } rows[] = {
        { &ec, "SHA256", 0, true },
        { &ec, "SHA384", 0, true },
        { &rsa, "SHA256", RSA_PKCS1_PADDING, true },
        { &rsa, "SHA384", RSA_PKCS1_PSS_PADDING, true },
        { &ec, "MD5", 0, false },
        { &rsa, "MD5-SHA1", RSA_PKCS1_PADDING, false },
        { &small, "SHA256", RSA_PKCS1_PADDING, false },
        { &other, "SHA256", 0, false },
    };
    OSSL_LIB_CTX *library = fips_library(NULL);
    struct opener o = { 0 };
    struct remote_keys *k, *plain;

    (void)state;
    if (library == NULL)
        skip();
    k = keys_in(library, &o);
    plain = keys_new(&o);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        EVP_PKEY *key = key_of(k, rows[i].cert);
        EVP_PKEY *beside = key_of(plain, rows[i].cert);

        assert_int_equal(sign_in(library, key, rows[i].cert->key, rows[i].md,
                                 rows[i].padding),
                         rows[i].ok);
        /* The same key in the default library does as ever. */
        assert_int_equal(
            sign_and_verify(beside, rows[i].cert->key, "SHA256", 0),
            rows[i].cert != &other);
        EVP_PKEY_free(key);
        EVP_PKEY_free(beside);
    }
    remote_keys_unref(&k);
    remote_keys_unref(&plain);
}

static void
handshakes_in_a_fips_library(void **state)
{
    static const struct {
        const struct test_cert *cert;
        int version;
        const char *suites; /* of the client */
        bool ok;
    } rows[] = {
        { &ec, TLS1_3_VERSION, NULL, true },
        { &ec, TLS1_2_VERSION, NULL, true },
        { &rsa, TLS1_3_VERSION, NULL, true },
        { &rsa, TLS1_2_VERSION, "ECDHE-RSA-AES128-GCM-SHA256", true },
        { &rsa, TLS1_2_VERSION, "AES128-GCM-SHA256", true },
        { &rsa, TLS1_2_VERSION, "ECDHE-RSA-CHACHA20-POLY1305", false },
        { &rsa, TLS1_1_VERSION, "ALL:@SECLEVEL=0", false },
        { &small, TLS1_2_VERSION, "ALL:@SECLEVEL=0", false },
    };
    OSSL_LIB_CTX *library = fips_library(NULL);
    struct opener o = { 0 };
    struct remote_keys *k;

    (void)state;
    if (library == NULL)
        skip();
    k = keys_in(library, &o);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        EVP_PKEY *key = key_of(k, rows[i].cert);

        assert_int_equal(
            shake(library, rows[i].cert, key, rows[i].version, rows[i].suites),
            rows[i].ok);
        EVP_PKEY_free(key);
    }
    remote_keys_unref(&k);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeper_uses_a_fips_provider_or_nothing),
        cmocka_unit_test(signs_in_a_fips_library),
        cmocka_unit_test(handshakes_in_a_fips_library),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
