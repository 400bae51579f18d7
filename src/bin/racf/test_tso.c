#include "tso.h"

#include <stdlib.h>
#include <time.h>

#include "base/test.h"

static void
time_is_told(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 256);
    setenv("TZ", "UTC", 1);
    tzset();
    tso_add_time(&out, 1704628805, 61, 3725);
    assert_string_equal(buf_z(&out),
                        "IKJ56650I TIME-12:00:05 PM. CPU-00:01:01 SERVICE-0"
                        " SESSION-01:02:05 JANUARY 7,2024");
    buf_clear(&out);
    tso_add_time(&out, 1704585600, 0, 0);
    assert_string_equal(buf_z(&out),
                        "IKJ56650I TIME-12:00:00 AM. CPU-00:00:00 SERVICE-0"
                        " SESSION-00:00:00 JANUARY 7,2024");
    buf_fini(&out);
}

static void
exec_names_a_data_set(void **state)
{
    static const struct {
        const char *command;
        enum err e;
        const char *name;
    } rows[] = {
        { "EXEC 'IBMUSER.EXEC.RACF.CLIST'", ERR_OK, "IBMUSER.EXEC.RACF.CLIST" },
        { " ex 'a.b' ", ERR_OK, "A.B" },
        { "EX'A'", ERR_OK, "A" },
        { "EXEC A.B", ERR_SYNTAX, NULL },
        { "EXEC", ERR_SYNTAX, NULL },
        { "EXEC ''", ERR_SYNTAX, NULL },
        { "EXEC '", ERR_SYNTAX, NULL },
        { "EXEC '../X'", ERR_SYNTAX, NULL },
        { "EXEC 'A..B'", ERR_SYNTAX, NULL },
        { "EXEC '.A'", ERR_SYNTAX, NULL },
        { "EXEC '/etc/passwd'", ERR_SYNTAX, NULL },
        { "EXEC 'A.B(C)'", ERR_SYNTAX, NULL },
        { "EXECUTE 'A'", ERR_NOT_FOUND, NULL },
        { "LISTUSER", ERR_NOT_FOUND, NULL },
        { "", ERR_NOT_FOUND, NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf name;

        buf_init(&name, 256);
        assert_int_equal(tso_exec_name(str_of(rows[i].command), &name),
                         rows[i].e);
        if (rows[i].name != NULL)
            assert_string_equal(buf_z(&name), rows[i].name);
        buf_fini(&name);
    }
}

static void
values_are_replaced(void **state)
{
    static const struct {
        const char *line, *command, *fresh, *after; /* NULL: not replaced */
    } rows[] = {
        { "IKJ56702I INVALID USERID, TOOLONGID", "lu toolongid", "FRED",
          "lu FRED" },
        { "IKJ56702I INVALID UNIVERSAL ACCESS, ALL",
          "RDEF FACILITY ALL UACC(ALL) LEVEL(1)", "READ",
          "RDEF FACILITY ALL UACC(READ) LEVEL(1)" },
        { "IKJ56702I INVALID UID, X", "AU XX OMVS(UID(X))", "5",
          "AU XX OMVS(UID(5))" },
        { "IKJ56702I INVALID PASSWORD, ", "ALU X PASSWORD(TOOLONGONE)", "X",
          NULL },
        { "IKJ56712I INVALID KEYWORD, X", "ALU X X", "Y", NULL },
        { "IKJ56702I INVALID UID, Y", "AU XX OMVS(UID(YY))", "5", NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str value = tso_invalid_value(str_of(rows[i].line));
        struct buf command;
        bool is_there;

        buf_init(&command, 256);
        buf_add_z(&command, rows[i].command);
        is_there = tso_has_word(buf_view(&command), value);
        assert_int_equal(is_there, rows[i].after != NULL);
        assert_int_equal(tso_replace(&command, value, str_of(rows[i].fresh)),
                         is_there);
        assert_string_equal(buf_z(&command),
                            is_there ? rows[i].after : rows[i].command);
        buf_fini(&command);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_is_told),
        cmocka_unit_test(exec_names_a_data_set),
        cmocka_unit_test(values_are_replaced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
