#include "config/raw.h"

#include "base/test.h"

static void
reads_durations(void **state)
{
    static const struct {
        const char *text;
        int64_t unit_ms, want;
    } rows[] = {
        { "5", 1000, 5000 },
        { "-5", 1000, -5000 },
        { "+5", 1, 5 },
        { " 10 ", 1, 10 },
        { "30s", 1000, 30000 },
        { "1m30s", 1000, 90000 },
        { "1M 30 S", 1, 90000 },
        { "1d2h3m4s5ms", 1, 93784005 },
        { "500ms", 1000, 0 },          /* truncated to whole seconds */
        { "1500ms500ms", 1000, 1000 }, /* each component by itself */
        { "1m30", 1000, 60000 },       /* digits without a unit are dropped */
        { "-1m", 1000, 60000 },        /* the sign is skipped */
        { "2 天", 86400000, 172800000 },
        { "1Ч 2МС", 1, 3600002 },
        { "1hod 1Dnů", 3600000, 90000000 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i].text);
        struct err_info why;
        int64_t got = 77;

        assert_int_equal(value_duration(text, rows[i].unit_ms, &got, &why),
                         ERR_OK);
        assert_int_equal(got, rows[i].want);
        exact_free(text);
    }
}

static void
refuses_durations(void **state)
{
    static const struct {
        const char *text;
        enum err want;
    } rows[] = {
        { "", ERR_SYNTAX },
        { "x", ERR_SYNTAX },
        { "1 parsec", ERR_SYNTAX },
        { "99999999999999999999", ERR_SYNTAX },
        { "99999999999999999s", ERR_RANGE },
        { "9223372036854775807", ERR_RANGE },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i].text);
        struct err_info why;
        int64_t got = 77;

        assert_int_equal(value_duration(text, 1000, &got, &why), rows[i].want);
        assert_int_equal(got, 77);
        exact_free(text);
    }
}

static void
reads_lists(void **state)
{
    static const struct {
        const char *text, *want; /* items separated by | */
    } rows[] = {
        { "", "" },
        { "  ", "" },
        { "a", "a" },
        { "a,b", "a|b" },
        { " a , b c ,d", "a|b c|d" },
        { "a,,b,", "a||b|" },
        { "a\\,b,c", "a,b|c" },
        { "\\ a\\ ,b", " a |b" },
        { "a\\", "a" },
        { "\\a\\b", "ab" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i].text);
        struct cfg_list list = { 0 };
        struct err_info why;
        struct arena arena;
        char got[128] = "";

        arena_init(&arena, 1u << 20);
        assert_int_equal(value_list(&arena, text, &list, &why), ERR_OK);
        assert_true(list.is_set);
        for (size_t j = 0; j < list.n; j++)
            snprintf(got + strlen(got), sizeof got - strlen(got), "%s" STR_FMT,
                     j > 0 ? "|" : "", STR_ARG(list.v[j]));
        assert_string_equal(got, rows[i].want);
        arena_fini(&arena);
        exact_free(text);
    }
}

static void
decodes_passwords(void **state)
{
    static const struct {
        const char *text, *want; /* NULL: refused */
    } rows[] = {
        { "plain", "plain" },
        { "", "" },
        { "{}text", "text" },
        { "{xor}Pg==", "a" },
        { "{XOR}Lz4sLCgwLTs=", "password" },
        { " { xor } EzY9Oi0rJg== ", "Liberty" },
        { "{xor}GhIPExAGbg==", "EMPLOY1" },
        { "{xor}CgwaDW4=", "USER1" },
        { "{xor}ExYdDBoNCQ==", "LIBSERV" },
        { "{xor}L5z7LCwonOktOw==", "p\xc3\xa4sswörd" },
        { "{xor}", "" },
        { "{xor}Pg=", NULL },
        { "{xor}?", NULL },
        { "{rot13}x", NULL },
        { "{hash}ATAAAAAE", NULL }, /* one way: no reversible password */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct secret got = { NULL, 0 };
        struct err_info why = { 0 };
        enum err e =
            value_password(str_of(rows[i].text), STR("k"), false, &got, &why);

        if (rows[i].want == NULL) {
            assert_int_not_equal(e, ERR_OK);
            assert_null(got.p);
        } else {
            assert_int_equal(e, ERR_OK);
            assert_true(secret_eq(&got, str_of(rows[i].want)));
        }
        secret_free(&got);
    }
}

static void
reads_words_and_numbers(void **state)
{
    static const char *const words[] = { "One", "Two", NULL };
    unsigned word = 9;
    int64_t n = 9;
    bool flag = false;

    (void)state;
    assert_true(value_word(STR("tWO"), words, &word));
    assert_int_equal(word, 1);
    assert_false(value_word(STR("three"), words, &word));
    assert_true(value_int(STR("-1"), -1, 5, &n));
    assert_false(value_int(STR("6"), -1, 5, &n));
    assert_false(value_int(STR("0x1"), -1, 5, &n));
    assert_false(value_int(STR(""), -1, 5, &n));
    assert_int_equal(n, -1);
    assert_true(value_bool(STR("TRUE"), &flag));
    assert_true(flag);
    assert_false(value_bool(STR("1"), &flag));
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_durations),
        cmocka_unit_test(refuses_durations),
        cmocka_unit_test(reads_lists),
        cmocka_unit_test(decodes_passwords),
        cmocka_unit_test(reads_words_and_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
