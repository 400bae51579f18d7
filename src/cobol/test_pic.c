#include "base/test.h"
#include "cobol/decimal.h"
#include "cobol/pic.h"

static void
accepts(void **state)
{
    static const struct {
        const char *text;
        struct pic want;
    } rows[] = {
        { "X", { PIC_TEXT, 1, 0, 0, false } },
        { "x(6)", { PIC_TEXT, 6, 0, 0, false } },
        { "A(3)X9", { PIC_TEXT, 5, 0, 0, false } },
        { "AA", { PIC_ALPHA, 2, 0, 0, false } },
        { "9", { PIC_NUMERIC, 1, 1, 0, false } },
        { "S9(7)V99", { PIC_NUMERIC, 9, 9, 2, true } },
        { "V99", { PIC_NUMERIC, 2, 2, 2, false } },
        { "9(2)P(2)", { PIC_NUMERIC, 2, 2, -2, false } },
        { "VPP99", { PIC_NUMERIC, 2, 2, 4, false } },
        { "PP99", { PIC_NUMERIC, 2, 2, 4, false } },
        { "S9(31)", { PIC_NUMERIC, 31, 31, 0, true } },
        { "N(4)", { PIC_NATIONAL, 4, 0, 0, false } },
        { "G(4)", { PIC_DBCS, 4, 0, 0, false } },
        { "U(4)", { PIC_UTF8, 4, 0, 0, false } },
        { "ZZ,ZZ9.99", { PIC_EDITED, 9, 0, 0, false } },
        { "$$,$$9.99CR", { PIC_EDITED, 11, 0, 0, false } },
        { "-(5)9", { PIC_EDITED, 6, 0, 0, false } },
        { "99/99/9999", { PIC_EDITED, 10, 0, 0, false } },
        { "XXBXX", { PIC_TEXT_EDITED, 5, 0, 0, false } },
        { "+9.9(8)E+99", { PIC_FLOAT, 15, 0, 0, false } },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i].text);
        struct pic got = { 0 };

        assert_int_equal(pic_parse(text, 0, &got, NULL), ERR_OK);
        assert_int_equal(got.cls, rows[i].want.cls);
        assert_int_equal(got.size, rows[i].want.size);
        assert_int_equal(got.digits, rows[i].want.digits);
        assert_int_equal(got.scale, rows[i].want.scale);
        assert_int_equal(got.is_signed, rows[i].want.is_signed);
        exact_free(text);
    }
}

static void
rejects(void **state)
{
    static const struct {
        const char *text;
        enum err want;
        size_t at;
    } rows[] = {
        { "", ERR_SYNTAX, 0 },
        { "S", ERR_SYNTAX, 1 },
        { "V", ERR_SYNTAX, 1 },
        { "9(0)", ERR_SYNTAX, 3 },
        { "9(", ERR_SYNTAX, 2 },
        { "9(3", ERR_SYNTAX, 3 },
        { "9()", ERR_SYNTAX, 2 },
        { "9S", ERR_SYNTAX, 1 },
        { "SS9", ERR_SYNTAX, 1 },
        { "9V9V9", ERR_SYNTAX, 3 },
        { "9P9", ERR_SYNTAX, 2 },
        { "P9P", ERR_SYNTAX, 2 },
        { "SX", ERR_SYNTAX, 2 },
        { "XV9", ERR_SYNTAX, 3 },
        { "XN", ERR_SYNTAX, 2 },
        { "NG", ERR_SYNTAX, 2 },
        { "X+", ERR_SYNTAX, 2 },
        { "S9.9", ERR_SYNTAX, 4 },
        { "Q", ERR_SYNTAX, 0 },
        { "9(32)", ERR_LIMIT, 5 },
        { "X(999999999)", ERR_LIMIT, 0 },
        { "9(99999999999)", ERR_SYNTAX, 2 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i].text);
        struct pic got = { .digits = 77 };
        struct err_info why = { 0 };
        enum err e = pic_parse(text, 0, &got, &why);

        if (e != rows[i].want || why.at != rows[i].at)
            print_error("%s: %s at %zu: %s\n", rows[i].text, err_name(e),
                        why.at, why.text);
        assert_int_equal(e, rows[i].want);
        assert_int_equal(why.at, rows[i].at);
        assert_int_equal(got.digits, 77);
        exact_free(text);
    }
}

static void
decimals(void **state)
{
    static const struct {
        const char *text;
        uint32_t n;
        int32_t scale;
        const char *digits; /* NULL: refused */
        const char *back;
    } rows[] = {
        { "0", 3, 0, "000", "0" },        { "12", 3, 0, "012", "12" },
        { "-12", 3, 0, "012", "-12" },    { "1.5", 4, 2, "0150", "1.5" },
        { "1.500", 4, 2, "0150", "1.5" }, { "1.555", 4, 2, NULL, NULL },
        { "100", 2, 0, NULL, NULL },      { "1200", 2, -2, "12", "1200" },
        { "1210", 2, -2, NULL, NULL },    { "0.0012", 2, 4, "12", "0.0012" },
        { "0.1", 2, 4, NULL, NULL },      { "1e2", 3, 0, "100", "100" },
        { "1.5e1", 3, 0, "015", "15" },   { "150e-2", 3, 1, "015", "1.5" },
        { "-0.0", 2, 1, "00", "0" },      { "+5", 1, 0, "5", "5" },
        { "007", 1, 0, "7", "7" },        { "0e999999999", 1, 0, "0", "0" },
        { "1e99", 3, 0, NULL, NULL },     { "1e-99", 3, 2, NULL, NULL },
    };
    static const char *const not_numbers[] = { "",   "-",   ".",   "1.",  ".5",
                                               "e1", "1e",  "1e+", "0x1", "1 ",
                                               " 1", "1,5", "--1", "inf" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i].text);
        char digits[DECIMAL_DIGITS_MAX + 1] = "", back[128];
        struct decimal d;
        bool fits = decimal_parse(text, &d) &&
                    decimal_digits(&d, rows[i].n, rows[i].scale, digits) ==
                        DECIMAL_FITS;

        assert_int_equal(fits, rows[i].digits != NULL);
        if (fits) {
            assert_string_equal(digits, rows[i].digits);
            *decimal_write(back, digits, rows[i].n, rows[i].scale,
                           d.is_negative) = '\0';
            assert_string_equal(back, rows[i].back);
        }
        exact_free(text);
    }
    for (size_t i = 0; i < ARRAY_LEN(not_numbers); i++) {
        struct str text = exact_copy(not_numbers[i]);
        struct decimal d;

        assert_false(decimal_parse(text, &d));
        exact_free(text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts),
        cmocka_unit_test(rejects),
        cmocka_unit_test(decimals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
