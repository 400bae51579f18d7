#include "base/msg.h"

#include "base/test.h"

/* A line of any of our outputs leads to its row of the catalogue. */
static void
finds_remedy_of_line(void **state)
{
    static const struct {
        const char *line;
        const char *id; /* NULL none */
    } rows[] = {
        { "CWWKE0018E: An exception occurred", "CWWKE0018E" },
        { "SPT0474E COMMAND X IS NOT KNOWN TO THE ANGEL", "SPT0474E" },
        { "SPT0474E:", "SPT0474E" },
        { "SPT0474E", NULL },
        { "SPT0474", NULL },
        { "SPT0474EE: x", NULL },
        { "", NULL },
        { ":", NULL },
        { " SPT0474E: x", NULL },
        { "Server x is running.", NULL },
        { "CWWKE99999999999999999E: x", NULL },
        { "spt0474e: x", NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str line = exact_copy(rows[i].line);
        const struct msg *msg = msg_of_line(line);

        if (rows[i].id == NULL) {
            assert_null(msg);
            assert_string_equal(msg_remedy(line), "");
        } else {
            assert_non_null(msg);
            assert_string_equal(msg->id, rows[i].id);
            assert_string_equal(msg_remedy(line), msg->remedy);
        }
        exact_free(line);
    }
}

/* The error of a line, behind whatever a log's format puts in front. */
static void
finds_error_in_line(void **state)
{
    static const char *const rows[][2] = {
        { "CWWKE0018E: x", "CWWKE0018E: x" },
        { "[ERROR   ] CWWKE0018E: x y", "CWWKE0018E: x y" },
        { "[1/2/26 3:04:05:006 UTC] 0000 a.b   E CWWKE0018E: x",
          "CWWKE0018E: x" },
        { "SPT0476E THE ANGEL CANNOT START: x",
          "SPT0476E THE ANGEL CANNOT START: x" },
        { "[AUDIT   ] CWWKF0011I: The server", "" },
        { "[WARNING ] SPT0401W: x", "" },
        { "[ERROR   ](CWWKE0018E: x", "" },
        { "{\"message\":\" CWWKE0018E: x\"}", "" },
        { "see CWWKE0018E", "" },
        { "XCWWKE0018E: x", "" },
        { " ", "" },
        { "", "" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str line = exact_copy(rows[i][0]);

        assert_true(str_eq_z(msg_error_in(line), rows[i][1]));
        exact_free(line);
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_remedy_of_line),
        cmocka_unit_test(finds_error_in_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
