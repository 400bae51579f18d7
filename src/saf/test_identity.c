/* Acees, job tokens, password records, sealing: round trips and tampering. */
#include <openssl/rand.h>

#include "base/test.h"
#include "saf/acee.h"
#include "saf/jobtoken.h"
#include "saf/password.h"
#include "saf/sealing.h"
#include "saf/wire.h"

static const unsigned char private_key[32] = { 1, 2, 3 };

static struct acee
sample(void)
{
    static const struct acee_group groups[] = { { "SYS1", 1 },
                                                { "ZCEEUSRS", 7 } };
    struct acee a = { .refs = 1,
                      .user = "USER1",
                      .group = "SYS1",
                      .name = "WORKSHOP USER1",
                      .user_id = 5,
                      .uid = 50001,
                      .gid = UINT32_MAX,
                      .attrs = ACEE_RESTRICTED,
                      .origin = ACEE_CERTIFICATE,
                      .made_ms = 1700000000000,
                      .generation = 3,
                      .groups = groups,
                      .n_groups = 2,
                      .applid = STR("BBGZDFLT") };

    return a;
}

static void
acee_round_trip(void **state)
{
    struct acee a = sample(), *got = NULL;
    unsigned char public_key[32];
    struct buf wire;
    struct str copy;

    (void)state;
    buf_init(&wire, ACEE_WIRE_MAX);
    assert_int_equal(acee_key_public(private_key, public_key, NULL), ERR_OK);
    assert_int_equal(acee_encode(&a, private_key, &wire, NULL), ERR_OK);
    copy = exact_copy_n(wire.p, wire.n);
    assert_int_equal(acee_parse(copy, public_key, &got, NULL), ERR_OK);
    exact_free(copy); /* an acee keeps its own bytes */
    assert_string_equal(got->user, "USER1");
    assert_string_equal(got->name, "WORKSHOP USER1");
    assert_int_equal(got->uid, 50001);
    assert_int_equal(got->attrs, ACEE_RESTRICTED);
    assert_int_equal(got->origin, ACEE_CERTIFICATE);
    assert_true(acee_in_group(got, STR("ZCEEUSRS")));
    assert_false(acee_in_group(got, STR("ZCEE")));
    assert_true(str_eq_z(got->applid, "BBGZDFLT"));
    assert_true(str_eq(got->wire, buf_view(&wire)));
    acee_unref(&got);
    assert_null(got);
    acee_unref(&got);
    buf_fini(&wire);
}

static void
acee_tampering(void **state)
{
    struct acee a = sample(), *got = NULL;
    unsigned char public_key[32], other[32] = { 9 };
    struct buf wire;

    (void)state;
    buf_init(&wire, ACEE_WIRE_MAX);
    assert_int_equal(acee_key_public(private_key, public_key, NULL), ERR_OK);
    assert_int_equal(acee_encode(&a, private_key, &wire, NULL), ERR_OK);
    for (size_t i = 0; i < wire.n; i++) {
        struct str copy = exact_copy_n(wire.p, wire.n);

        ((char *)(uintptr_t)copy.p)[i] ^= 4;
        assert_int_equal(acee_parse(copy, public_key, &got, NULL), ERR_DENIED);
        exact_free(copy);
    }
    for (size_t n = 0; n < wire.n; n++) {
        struct str copy = exact_copy_n(wire.p, n);
        enum err e = acee_parse(copy, public_key, &got, NULL);

        assert_true(e == ERR_DENIED || e == ERR_SYNTAX);
        /* Without the seal the structure alone refuses it. */
        assert_int_equal(acee_parse(copy, NULL, &got, NULL), ERR_SYNTAX);
        exact_free(copy);
    }
    assert_int_equal(acee_parse(buf_view(&wire), other, &got, NULL),
                     ERR_DENIED);
    assert_null(got);
    buf_fini(&wire);
}

static void
token_tampering(void **state)
{
    struct jobtoken t = { .job_name = "USER1GET",
                          .job_id = "JOB00012",
                          .user = "USER1",
                          .made_ms = 5 },
                    got;
    unsigned char public_key[32], signature[64];
    EVP_PKEY *key =
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, private_key, 32);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t n = sizeof signature;
    struct buf wire;

    (void)state;
    buf_init(&wire, 1024);
    jobtoken_body(&t, &wire);
    assert_int_equal(acee_key_public(private_key, public_key, NULL), ERR_OK);
    assert_int_equal(EVP_DigestSignInit(ctx, NULL, NULL, NULL, key), 1);
    assert_int_equal(EVP_DigestSign(ctx, signature, &n,
                                    (const unsigned char *)wire.p, wire.n),
                     1);
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    buf_add(&wire, str_n(signature, n));
    assert_int_equal(jobtoken_parse(buf_view(&wire), public_key, &got, NULL),
                     ERR_OK);
    assert_string_equal(got.job_id, "JOB00012");
    assert_string_equal(got.user, "USER1");
    for (size_t i = 0; i < wire.n; i++) {
        struct str copy = exact_copy_n(wire.p, wire.n);

        ((char *)(uintptr_t)copy.p)[i] ^= 1;
        assert_int_not_equal(jobtoken_parse(copy, public_key, &got, NULL),
                             ERR_OK);
        exact_free(copy);
    }
    for (size_t i = 0; i < wire.n; i++) {
        struct str copy = exact_copy_n(wire.p, i);

        assert_int_equal(jobtoken_parse(copy, public_key, &got, NULL),
                         ERR_SYNTAX);
        exact_free(copy);
    }
    buf_add_char(&wire, 'x');
    assert_int_equal(jobtoken_parse(buf_view(&wire), public_key, &got, NULL),
                     ERR_SYNTAX);
    buf_fini(&wire);
}

#define SALT "000102030405060708090a0b0c0d0e0f"
#define HASH SALT SALT

static void
password_records(void **state)
{
    static const struct {
        const char *text;
        enum err want;
    } rows[] = {
        { "$scrypt$16384$8$1$" SALT "$" HASH, ERR_OK },
        { "", ERR_SYNTAX },
        { "$bcrypt$", ERR_SYNTAX },
        { "$scrypt$", ERR_RANGE },
        { "$scrypt$16383$8$1$" SALT "$" HASH, ERR_RANGE },
        { "$scrypt$2097152$8$1$" SALT "$" HASH, ERR_RANGE },
        { "$scrypt$1$8$1$" SALT "$" HASH, ERR_RANGE },
        { "$scrypt$16384$33$1$" SALT "$" HASH, ERR_RANGE },
        { "$scrypt$16384$0$1$" SALT "$" HASH, ERR_RANGE },
        { "$scrypt$16384$8$17$" SALT "$" HASH, ERR_RANGE },
        { "$scrypt$99999999999$8$1$" SALT "$" HASH, ERR_RANGE },
        { "$scrypt$16384$8$1$" SALT HASH, ERR_SYNTAX },
        { "$scrypt$16384$8$1$" SALT "$" SALT, ERR_SYNTAX },
        { "$scrypt$16384$8$1$" SALT "$" HASH "0", ERR_SYNTAX },
        { "$scrypt$16384$8$1$" SALT "$" HASH " ", ERR_SYNTAX },
        { "$scrypt$16384$8$1$0001020304050607080X0a0b0c0d0e0f$" HASH,
          ERR_SYNTAX },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i].text);
        struct password_record r = { .params.n = 77 };

        assert_int_equal(password_parse(text, &r, NULL), rows[i].want);
        assert_int_equal(r.params.n, rows[i].want == ERR_OK ? 16384 : 77);
        exact_free(text);
    }
}

static void
password_checks(void **state)
{
    const struct password_params quick = { 16, 1, 1 };
    bool is_old = false;
    struct buf record;

    (void)state;
    buf_init(&record, 1024);
    assert_int_equal(
        password_make(STR("USER1"), STR("SECRET"), &quick, &record, NULL),
        ERR_OK);
    assert_int_equal(password_check(STR("USER1"), STR("SECRET"),
                                    buf_view(&record), &is_old, NULL),
                     ERR_OK);
    assert_true(is_old); /* made with other parameters than today's */
    assert_int_equal(password_check(STR("USER1"), STR("secret"),
                                    buf_view(&record), &is_old, NULL),
                     ERR_DENIED);
    /* A record copied to another user is worth nothing. */
    assert_int_equal(password_check(STR("USER2"), STR("SECRET"),
                                    buf_view(&record), &is_old, NULL),
                     ERR_DENIED);
    buf_fini(&record);
}

static void
sealing_checks(void **state)
{
    unsigned char key[32] = { 7 }, other[32] = { 8 };
    struct buf sealed, plain;

    (void)state;
    buf_init(&sealed, 1024);
    buf_init(&plain, 1024);
    assert_int_equal(
        sealing_close(key, STR("key bytes"), STR("USER1"), &sealed, NULL),
        ERR_OK);
    assert_int_equal(
        sealing_open(key, buf_view(&sealed), STR("USER1"), &plain, NULL),
        ERR_OK);
    assert_true(str_eq_z(buf_view(&plain), "key bytes"));
    buf_clear(&plain);
    assert_int_equal(
        sealing_open(other, buf_view(&sealed), STR("USER1"), &plain, NULL),
        ERR_DENIED);
    assert_int_equal(
        sealing_open(key, buf_view(&sealed), STR("USER2"), &plain, NULL),
        ERR_DENIED);
    for (size_t i = 0; i < sealed.n; i++) {
        struct str copy = exact_copy_n(sealed.p, sealed.n);

        ((char *)(uintptr_t)copy.p)[i] ^= 1;
        assert_int_not_equal(
            sealing_open(key, copy, STR("USER1"), &plain, NULL), ERR_OK);
        exact_free(copy);
    }
    assert_int_equal(plain.n, 0);
    buf_fini(&sealed);
    buf_fini(&plain);
}

static void
decision_wire(void **state)
{
    struct saf_decision d = { .rc = SAF_RC(8, 8, 0),
                              .profile = "BBG.*",
                              .is_generic = true,
                              .wants_log = true,
                              .log = SAF_LOG_GLOBAL | SAF_LOG_OPTIONS,
                              .requested = SAF_READ,
                              .entry = "UACC" },
                        got;
    struct reader in;
    struct buf out;

    (void)state;
    buf_init(&out, 1024);
    wire_put_decision(&out, &d);
    in = reader_of(buf_view(&out));
    assert_true(wire_read_decision(&in, &got) && reader_at_end(&in));
    assert_string_equal(got.profile, "BBG.*");
    assert_true(got.is_generic && got.wants_log && !got.is_warning);
    assert_int_equal(got.log, SAF_LOG_GLOBAL | SAF_LOG_OPTIONS);
    for (size_t n = 0; n < out.n; n++) {
        struct str copy = exact_copy_n(out.p, n);

        in = reader_of(copy);
        assert_false(wire_read_decision(&in, &got));
        exact_free(copy);
    }
    buf_fini(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(acee_round_trip), cmocka_unit_test(acee_tampering),
        cmocka_unit_test(token_tampering), cmocka_unit_test(password_records),
        cmocka_unit_test(password_checks), cmocka_unit_test(sealing_checks),
        cmocka_unit_test(decision_wire),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
