#include "base/cli.h"

#include "base/test.h"

/* The argument at 1, with what stands behind it. */
static void
value_behind_equals_or_blank(void **state)
{
    static const struct {
        const char *argv[4], *name;
        bool takes_value;
        enum cli_match want;
        const char *value; /* NULL: none */
        int i;             /* where it leaves off */
    } rows[] = {
        { { "x", "--key=a", "b" }, "--key", true, CLI_MATCH, "a", 1 },
        { { "x", "--key", "b" }, "--key", true, CLI_MATCH, "b", 2 },
        { { "x", "--key=", "b" }, "--key", true, CLI_MATCH, "", 1 },
        { { "x", "--key", "" }, "--key", true, CLI_MATCH, "", 2 },
        { { "x", "--key=a=b" }, "--key", true, CLI_MATCH, "a=b", 1 },
        { { "x", "--key", "--other" }, "--key", true, CLI_MATCH, "--other", 2 },
        { { "x", "--key" }, "--key", true, CLI_NO_VALUE, NULL, 1 },
        { { "x", "--key", "--" }, "--key", true, CLI_NO_VALUE, NULL, 1 },
        { { "x", "--keys", "b" }, "--key", true, CLI_OTHER, NULL, 1 },
        { { "x", "--ke", "b" }, "--key", true, CLI_OTHER, NULL, 1 },
        { { "x", "--flag", "b" }, "--flag", false, CLI_MATCH, NULL, 1 },
        { { "x", "--flag=1", "b" }, "--flag", false, CLI_MATCH, "1", 1 },
        { { "x", "-p", "b" }, "-p", true, CLI_MATCH, "b", 2 },
        { { "x", "-pd", "b" }, "-p", true, CLI_OTHER, NULL, 1 },
    };

    (void)state;
    for (size_t k = 0; k < ARRAY_LEN(rows); k++) {
        const char *value = "before";
        char **argv = (char **)(uintptr_t)rows[k].argv;
        int argc = 0, i = 1;

        while (argc < 4 && argv[argc] != NULL)
            argc++;
        assert_int_equal(cli_match(argc, argv, &i, rows[k].name,
                                   rows[k].takes_value, &value),
                         rows[k].want);
        assert_int_equal(i, rows[k].i);
        if (rows[k].value == NULL)
            assert_null(value);
        else
            assert_string_equal(value, rows[k].value);
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(value_behind_equals_or_blank),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
