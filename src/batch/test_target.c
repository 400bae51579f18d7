#include "base/test.h"
#include "batch/target.h"

/* As in the original's table: START YZ; WX.YZ; WX.YZ1; WX1.YZ1; WX,JOBNAME=WX1;
 * WX,JOBNAME=WX2; WX,JOBNAME=YZ; Q.YZ3; WX.R1; WX,JOBNAME=YZ4. */
static const struct {
    const char *job, *identifier;
} tasks[] = {
    { "YZ", "YZ" },   { "WX", "YZ" },   { "WX", "YZ1" }, { "WX1", "YZ1" },
    { "WX1", "WX1" }, { "WX2", "WX2" }, { "YZ", "YZ" },  { "Q", "YZ3" },
    { "WX", "R1" },   { "YZ4", "YZ4" },
};

static void
names_tasks(void **state)
{
    static const struct {
        const char *text;
        const char *want; /* a character for each task */
        bool has_asterisk;
    } rows[] = {
        { "WX.YZ", "-x--------", false },   { "YZ", "xx----x---", false },
        { "WX", "----------", false },      { "WX1", "----x-----", false },
        { "WX.YZ*", "-xx-------", true },   { "WX*.YZ*", "-xxx------", true },
        { "YZ*", "xxxx--xx-x", true },      { "WX*.*", "-xxxxx--x-", true },
        { "*.YZ1", "--xx------", true },    { "*.YZ*", "xxxx--xx-x", true },
        { "YZ.YZ", "x-----x---", false },   { "WX.*", "-xx-----x-", true },
        { "YZ12345*", "----------", true }, { "R1.R1", "----------", false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i].text);
        struct target target;
        char got[ARRAY_LEN(tasks) + 1] = { 0 };

        assert_int_equal(target_parse(text, &target, NULL), ERR_OK);
        for (size_t k = 0; k < ARRAY_LEN(tasks); k++)
            got[k] = target_is(&target, tasks[k].job, tasks[k].identifier)
                         ? 'x'
                         : '-';
        assert_string_equal(got, rows[i].want);
        assert_int_equal(target.has_asterisk, rows[i].has_asterisk);
        exact_free(text);
    }
}

static void
refuses(void **state)
{
    static const char *const rows[] = {
        "",      ".",           "*",   "*.*",         ".X",         "X.",
        "X.Y.Z", "X*Y",         "*X",  "X.*Y",        "X**",        "1X",
        "X.1Y",  "TOOLONGNAME", "X Y", "X.TOOLONGID", "TOOLONGNA*", "/130",
        "X.**",  "**.X",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i]);
        struct target target = { .has_asterisk = true };
        struct err_info why = { 0 };

        assert_int_equal(target_parse(text, &target, &why), ERR_SYNTAX);
        assert_true(why.text[0] != '\0');
        assert_true(target.has_asterisk); /* out is left alone */
        exact_free(text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_tasks),
        cmocka_unit_test(refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
