#include "config/modify.h"

#include "base/test.h"

static void
collect(void *arg, struct str line)
{
    char *text = arg;
    size_t n = strlen(text);

    snprintf(text + n, 4096 - n, STR_FMT "\n", STR_ARG(line));
}

static bool
say_operands(const struct modify_call *call)
{
    modify_say(call, "got [" STR_FMT "]", STR_ARG(call->operands));
    return true;
}

static bool
refuse(const struct modify_call *call)
{
    return modify_refuse(call, "one\ntwo", "not [" STR_FMT "]",
                         STR_ARG(call->operands));
}

static const struct modify_row rows[] = {
    { "REFRESH", "File", "REFRESH,CONFIG\nREFRESH,APPS", refuse },
    { "REFRESH,CONFIG", "File", NULL, say_operands },
    { "LOGGING", "Log", "LOGGING='spec'", say_operands, true },
};
static const struct modify_row *const row_list[] = { &rows[0], &rows[1],
                                                     &rows[2] };

#define HELP                                                                   \
    "CWWKB0011I: START OF HELP INFORMATION FROM File.\n"                       \
    "CWWKB0012I: REFRESH,CONFIG\n"                                             \
    "CWWKB0012I: REFRESH,APPS\n"                                               \
    "CWWKB0013I: END OF HELP INFORMATION FROM File.\n"                         \
    "CWWKB0011I: START OF HELP INFORMATION FROM Log.\n"                        \
    "CWWKB0012I: LOGGING='spec'\n"                                             \
    "CWWKB0013I: END OF HELP INFORMATION FROM Log.\n"

static void
answers_exactly(void **state)
{
    static const struct {
        const char *command;
        bool is_ok;
        const char *want;
    } cases[] = {
        { "refresh,config", true,
          "CWWKB0004I: got []\n"
          "CWWKB0005I: COMMAND RESPONSES COMPLETED SUCCESSFULLY FROM File.\n"
          "CWWKB0002I: MODIFY COMMAND refresh,config COMPLETED "
          "SUCCESSFULLY.\n" },
        { "'REFRESH,CONFIG,x,y'", true,
          "CWWKB0004I: got [x,y]\n"
          "CWWKB0005I: COMMAND RESPONSES COMPLETED SUCCESSFULLY FROM File.\n"
          "CWWKB0002I: MODIFY COMMAND 'REFRESH,CONFIG,x,y' COMPLETED "
          "SUCCESSFULLY.\n" },
        { "LOGGING='*=info'", true,
          "CWWKB0004I: got [='*=info']\n"
          "CWWKB0005I: COMMAND RESPONSES COMPLETED SUCCESSFULLY FROM Log.\n"
          "CWWKB0002I: MODIFY COMMAND LOGGING='*=info' COMPLETED "
          "SUCCESSFULLY.\n" },
        { "REFRESH,CONFIGS", false,
          "CWWKB0012I: not [CONFIGS]\nCWWKB0012I: one\nCWWKB0012I: two\n"
          "CWWKB0005I: COMMAND RESPONSES COMPLETED UNSUCCESSFULLY FROM File.\n"
          "CWWKB0002I: MODIFY COMMAND REFRESH,CONFIGS COMPLETED "
          "UNSUCCESSFULLY.\n" },
        { "loggings", true,
          "CWWKB0004I: got [s]\n"
          "CWWKB0005I: COMMAND RESPONSES COMPLETED SUCCESSFULLY FROM Log.\n"
          "CWWKB0002I: MODIFY COMMAND loggings COMPLETED SUCCESSFULLY.\n" },
        { "REFRESHED", false,
          "CWWKB0006W: MODIFY COMMAND REFRESHED WAS NOT KNOWN TO ANY ACTIVE "
          "COMMAND HANDLER.\n" HELP
          "CWWKB0002I: MODIFY COMMAND REFRESHED COMPLETED UNSUCCESSFULLY.\n" },
        { "", false,
          "CWWKB0006W: MODIFY COMMAND  WAS NOT KNOWN TO ANY ACTIVE COMMAND "
          "HANDLER.\n" HELP
          "CWWKB0002I: MODIFY COMMAND  COMPLETED UNSUCCESSFULLY.\n" },
        { "help", true,
          HELP "CWWKB0002I: MODIFY COMMAND help COMPLETED SUCCESSFULLY.\n" },
    };
    const struct modify_table table = { row_list, 3, NULL };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str command = exact_copy(cases[i].command);
        char got[4096] = "";
        struct modify_out out = { collect, got };

        assert_int_equal(modify_run(&table, command, &out), cases[i].is_ok);
        assert_string_equal(got, cases[i].want);
        exact_free(command);
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_exactly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
