#include "base/test.h"
#include "base/printable.h"

static void
shown(void **state)
{
    static const struct {
        const char *in, *out; /* NULL: as it is */
    } rows[] = {
        { "", NULL },
        { "plain 'text' \\x1b", NULL },
        { "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x94\x92", NULL },
        { "\xc2\xa0", NULL },
        { "a\x1b[2Jb", "a\\x1b[2Jb" },
        { "a\r\nb\tc\x7f", "a\\x0d\\x0ab\\x09c\\x7f" },
        { "\x01", "\\x01" },
        { "\xc2\x9b"
          "31m",
          "\\xc2\\x9b31m" }, /* CSI in one character */
        { "\x9b"
          "31m",
          "\\x9b31m" },
        { "\xff\xfe", "\\xff\\xfe" },
        { "\xc3", "\\xc3" },
        { "\xc3(", "\\xc3(" },
        { "\xe2\x82", "\\xe2\\x82" },
        { "\xc0\xaf", "\\xc0\\xaf" },
        { "\xe0\x80\xaf", "\\xe0\\x80\\xaf" },
        { "\xf0\x80\x80\xaf", "\\xf0\\x80\\x80\\xaf" },
        { "\xed\xa0\x80", "\\xed\\xa0\\x80" },
        { "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
        { "a\xe2\x80\xae"
          "b",
          "a\\xe2\\x80\\xaeb" }, /* right to left */
        { "\xe2\x80\xa8", "\\xe2\\x80\\xa8" },
        { "\xef\xbb\xbfx", "\\xef\\xbb\\xbfx" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i].in);
        struct buf out;

        buf_init(&out, 1024);
        printable_add(&out, text);
        assert_string_equal(buf_z(&out),
                            rows[i].out == NULL ? rows[i].in : rows[i].out);
        assert_int_equal(printable_is(text), rows[i].out == NULL);
        assert_true(printable_is(buf_view(&out)));
        buf_fini(&out);
        exact_free(text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(shown) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
