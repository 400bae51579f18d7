#include "base/test.h"
#include "base/codepage.h"

static void
tables_of_3_10(void **state)
{
    static const struct {
        uint32_t ccsid;
        const char *utf8;
        uint8_t byte;
    } rows[] = {
        { 37, "[", 0xBA },   { 37, "]", 0xBB },   { 37, "^", 0xB0 },
        { 37, "|", 0x4F },   { 37, "!", 0x5A },   { 1047, "[", 0xAD },
        { 1047, "]", 0xBD }, { 1047, "^", 0x5F }, { 1047, "|", 0x4F },
        { 1047, "!", 0x5A }, { 37, " ", 0x40 },   { 37, "A", 0xC1 },
        { 37, "0", 0xF0 },   { 37, "\n", 0x15 },  { 1140, "€", 0x9F },
        { 1141, "€", 0x9F }, { 819, "é", 0xE9 },  { 923, "€", 0xA4 },
        { 500, "!", 0x4F },  { 273, "ä", 0xC0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct codepage *cp = codepage_find(rows[i].ccsid);
        struct buf out, back;

        assert_non_null(cp);
        buf_init(&out, 100);
        buf_init(&back, 100);
        assert_int_equal(codepage_encode(cp, str_of(rows[i].utf8), &out, NULL),
                         ERR_OK);
        assert_int_equal(out.n, 1);
        assert_int_equal((uint8_t)out.p[0], rows[i].byte);
        assert_int_equal(codepage_decode(cp, buf_view(&out), &back, NULL),
                         ERR_OK);
        assert_true(str_eq_z(buf_view(&back), rows[i].utf8));
        buf_fini(&out);
        buf_fini(&back);
    }
    assert_null(codepage_find(99999));
    assert_int_equal(codepage_find(37)->to_ucs[0x25], '\n');
}

static void
names(void **state)
{
    static const struct {
        const char *name;
        uint32_t ccsid; /* 0: refused */
    } rows[] = {
        { "37", 37 },         { "037", 37 },     { "CP037", 37 },
        { "Cp037", 37 },      { "IBM037", 37 },  { "IBM-037", 37 },
        { "IBM-1047", 1047 }, { "utf-8", 1208 }, { "1208", 1208 },
        { "ISO8859-1", 819 }, { "", 0 },         { "IBM", 0 },
        { "-37", 0 },         { "37x", 0 },      { "123456", 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint32_t got = 7;
        enum err e = codepage_parse(str_of(rows[i].name), &got, NULL);

        assert_int_equal(e, rows[i].ccsid == 0 ? ERR_SYNTAX : ERR_OK);
        assert_int_equal(got, rows[i].ccsid == 0 ? 7 : rows[i].ccsid);
    }
}

static void
refusals(void **state)
{
    struct err_info why = { 0 };
    struct buf out;

    (void)state;
    buf_init(&out, 100);
    assert_int_equal(
        codepage_encode(codepage_find(37), STR("ab\xE2\x82\xAC"), &out, &why),
        ERR_RANGE);
    assert_int_equal(why.at, 2);
    assert_int_equal(
        codepage_encode(codepage_find(37), STR("\xC0\x80"), &out, &why),
        ERR_SYNTAX);
    assert_int_equal(
        codepage_decode(codepage_find(1200), STR("\xD8\x00"), &out, &why),
        ERR_RANGE);
    assert_false(utf8_valid(STR("a\xED\xA0\x80"), &why.at));
    assert_int_equal(why.at, 1);
    assert_true(utf8_valid(STR("\xF4\x8F\xBF\xBF"), NULL));
    assert_false(utf8_valid(STR("\xF4\x90\x80\x80"), NULL));
    buf_fini(&out);
}

static void
mixed_and_wide(void **state)
{
    static const uint32_t pages[] = { 1200, 13488, 1208, 930, 939, 1399 };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
        const struct codepage *cp = codepage_find(pages[i]);
        struct buf out, back;

        assert_non_null(cp);
        buf_init(&out, 100);
        buf_init(&back, 100);
        assert_int_equal(codepage_encode(cp, STR("日本1"), &out, NULL), ERR_OK);
        assert_int_equal(codepage_decode(cp, buf_view(&out), &back, NULL),
                         ERR_OK);
        assert_true(str_eq_z(buf_view(&back), "日本1"));
        if (cp->kind == CODEPAGE_MIXED)
            assert_int_equal((uint8_t)out.p[0], 0x0E);
        buf_fini(&out);
        buf_fini(&back);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_of_3_10),
        cmocka_unit_test(names),
        cmocka_unit_test(refusals),
        cmocka_unit_test(mixed_and_wide),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
