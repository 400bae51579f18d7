/* The order of names, and that its table is code page 1047. */
#include "base/test.h"

#include "base/codepage.h"
#include "saf/collate.h"

static void
table_is_1047(void **state)
{
    const struct codepage *cp = codepage_find(1047);

    (void)state;
    assert_non_null(cp);
    for (unsigned c = 0x20; c < 0x7f; c++)
        if (collate_ebcdic((unsigned char)c) != cp->from_ascii[c])
            fail_msg("X'%02x'", c);
    assert_int_equal(collate_ebcdic(0x1f), 0x6f);
    assert_int_equal(collate_ebcdic(0x7f), 0x6f);
    assert_int_equal(collate_ebcdic(0xff), 0x6f);
}

static void
order(void **state)
{
    static const char *const rows[] = {
        "",   " ",    ".",   "&",   "$", "*", "-", "/",  "%", "_", "#",    "@",
        "AB", "AB.C", "ABC", "AB1", "B", "Z", "0", "09", "1", "9", "\xff",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (size_t k = 0; k < ARRAY_LEN(rows); k++) {
            int got = collate_names(str_of(rows[i]), str_of(rows[k]));

            if ((got > 0) - (got < 0) != (i > k) - (i < k))
                fail_msg("%s, %s: %d", rows[i], rows[k], got);
        }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_is_1047),
        cmocka_unit_test(order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
