#include "base/test.h"
#include "parse/base64.h"

static const struct {
    const char *plain, *standard, *url;
} pairs[] = {
    { "", "", "" },
    { "f", "Zg==", "Zg" },
    { "fo", "Zm8=", "Zm8" },
    { "foo", "Zm9v", "Zm9v" },
    { "foob", "Zm9vYg==", "Zm9vYg" },
    { "fooba", "Zm9vYmE=", "Zm9vYmE" },
    { "foobar", "Zm9vYmFy", "Zm9vYmFy" },
    { "\xfb\xff\xfe", "+//+", "-__-" },
};

static void
pairs_go_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        for (unsigned kind = BASE64_STANDARD; kind <= BASE64_URL; kind++) {
            const char *text =
                kind == BASE64_URL ? pairs[i].url : pairs[i].standard;
            struct str in = exact_copy(text);
            struct buf out;
            char *plain = malloc(base64_decoded_max(in.n));
            size_t n = 99;

            buf_init(&out, 100);
            base64_encode(&out, str_of(pairs[i].plain), kind);
            assert_true(str_eq_z(buf_view(&out), text));
            assert_int_equal(
                out.n, base64_encoded_bytes(strlen(pairs[i].plain), kind));
            assert_int_equal(base64_decode(in, kind, plain, &n, NULL), ERR_OK);
            assert_true(str_eq_z(str_n(plain, n), pairs[i].plain));
            free(plain);
            buf_fini(&out);
            exact_free(in);
        }
    }
}

static void
other_spellings_are_refused(void **state)
{
    static const struct {
        const char *text;
        enum base64_kind kind;
        size_t at;
    } rows[] = {
        { "Zg", BASE64_STANDARD, 2 },
        { "Zg=", BASE64_STANDARD, 3 },
        { "Zg===", BASE64_STANDARD, 5 },
        { "Z===", BASE64_STANDARD, 1 },
        { "====", BASE64_STANDARD, 0 },
        { "=", BASE64_STANDARD, 1 },
        { "Zh==", BASE64_STANDARD, 1 },
        { "Zm9=", BASE64_STANDARD, 2 },
        { "Zg==Zg==", BASE64_STANDARD, 2 },
        { "Zm 9", BASE64_STANDARD, 2 },
        { "Zm9v\n", BASE64_STANDARD, 5 },
        { "Z-9v", BASE64_STANDARD, 1 },
        { "Zg==", BASE64_URL, 2 },
        { "Z", BASE64_URL, 1 },
        { "Zh", BASE64_URL, 1 },
        { "Z+9v", BASE64_URL, 1 },
        { "Z\xe9zz", BASE64_URL, 1 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str in = exact_copy(rows[i].text);
        struct err_info why = { 0 };
        char out[32];
        size_t n = 77;

        assert_int_equal(base64_decode(in, rows[i].kind, out, &n, &why),
                         ERR_SYNTAX);
        assert_int_equal(why.at, rows[i].at);
        assert_int_equal(n, 77);
        exact_free(in);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_go_both_ways),
        cmocka_unit_test(other_spellings_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
