#include "base/test.h"
#include "batch/ceeopts.h"
#include "batch/deck.h"

#include <string.h>

static void
exercise_options(void **state)
{
    struct str in = exact_copy("POSIX(ON),\n"
                               "ENVAR(\"BAQURI=wg31.lab.test\",\n"
                               "\"BAQPORT=9080\",\n"
                               "\"Q=say \"\"hi\"\"\",\"EMPTY=\")\n");
    struct ceeopts opts;
    struct arena arena;

    (void)state;
    arena_init(&arena, 65536);
    assert_int_equal(ceeopts_parse(&arena, in, &opts, NULL), ERR_OK);
    exact_free(in);
    assert_true(opts.is_posix);
    assert_int_equal(opts.n_variables, 4);
    assert_string_equal(opts.variables[0].name.p, "BAQURI");
    assert_string_equal(opts.variables[1].value.p, "9080");
    assert_string_equal(opts.variables[2].value.p, "say \"hi\"");
    assert_string_equal(opts.variables[3].value.p, "");
    arena_fini(&arena);
}

static void
options_without_effect(void **state)
{
    static const char *const rows[] = {
        "",
        " \n",
        "TRAP(ON,SPIE)",
        "heap(32K,32K,ANYWHERE,KEEP),RPTOPTS",
        "TEST(ALL,\"x)\",PROMPT)",
        "posix ( off )",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str in = exact_copy(rows[i]);
        struct ceeopts opts;
        struct arena arena;
        struct err_info why;

        arena_init(&arena, 65536);
        if (ceeopts_parse(&arena, in, &opts, &why) != ERR_OK)
            fail_msg("row %zu: %s", i, why.text);
        exact_free(in);
        arena_fini(&arena);
    }
}

static void
refusals(void **state)
{
    static const struct {
        const char *text;
        enum err want;
        uint32_t line, column;
    } rows[] = {
        { "POSIX", ERR_SYNTAX, 1, 6 },
        { "POSIX(", ERR_SYNTAX, 1, 7 },
        { "POSIX(MAYBE)", ERR_SYNTAX, 1, 7 },
        { "POSIX(ON", ERR_SYNTAX, 1, 9 },
        { "NOSUCH(ON)", ERR_SYNTAX, 1, 1 },
        { "POSIX(ON) TRAP(ON)", ERR_SYNTAX, 1, 11 },
        { "POSIX(ON),", ERR_SYNTAX, 1, 11 },
        { "ENVAR(A=b)", ERR_SYNTAX, 1, 7 },
        { "ENVAR(\"A=b\"", ERR_SYNTAX, 1, 12 },
        { "ENVAR(\"A=b)", ERR_SYNTAX, 1, 12 },
        { "POSIX(ON),\nENVAR(\"A=b\n\")", ERR_SYNTAX, 2, 11 },
        { "ENVAR(\"A\")", ERR_SYNTAX, 1, 7 },
        { "ENVAR(\"=b\")", ERR_SYNTAX, 1, 7 },
        { "ENVAR()", ERR_SYNTAX, 1, 7 },
        { "ENVAR(\"A=b\",)", ERR_SYNTAX, 1, 13 },
        { "TRAP(ON", ERR_SYNTAX, 1, 8 },
        { "(", ERR_SYNTAX, 1, 1 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str in = exact_copy(rows[i].text);
        struct ceeopts opts;
        struct arena arena;
        struct err_info why = { 0 };

        arena_init(&arena, 65536);
        if (ceeopts_parse(&arena, in, &opts, &why) != rows[i].want ||
            why.line != rows[i].line || why.column != rows[i].column)
            fail_msg("row %zu: got %u:%u %s", i, why.line, why.column,
                     why.text);
        exact_free(in);
        arena_fini(&arena);
    }
}

static void
long_strings(void **state)
{
    char text[400];
    struct ceeopts opts;
    struct arena arena;

    (void)state;
    for (size_t n = 249; n <= 251; n++) {
        struct str in;

        memset(text, 'x', sizeof text);
        memcpy(text, "ENVAR(\"A=", 9);
        memcpy(text + 7 + n, "\")", 2);
        in = exact_copy_n(text, 7 + n + 2);
        arena_init(&arena, 65536);
        assert_int_equal(ceeopts_parse(&arena, in, &opts, NULL),
                         n <= 250 ? ERR_OK : ERR_LIMIT);
        arena_fini(&arena);
        exact_free(in);
    }
}

static void
deck_rows(void **state)
{
    /* A deck and its commands, each ended by "|". */
    static const struct {
        const char *text, *commands;
    } rows[] = {
        { "", "" },
        { "A\nB\n", "A|B|" },
        { "\n  \nA", "A|" },
        { "A +\n   B\n", "A B|" },
        { "A+\n   B\n", "AB|" },
        { "A -\nB\n", "A B|" },
        { "A +\n\nB\n", "A|B|" },
        { "A +\n", "A|" },
        { " /* note */\nA /* note */ B\n", "A   B|" },
        { "/* never closed\nA\n", "A|" },
        { "A('/* text */')\n", "A('/* text */')|" },
        { "A /* note +\nB\n", "A|B|" },
        { "A /* note */ +\nB\n", "A B|" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str in = exact_copy(rows[i].text);
        struct buf command, all;
        struct deck deck;

        buf_init(&command, DECK_COMMAND_MAX);
        buf_init(&all, 4096);
        deck_init(&deck, in);
        while (deck_next(&deck, &command)) {
            struct str text = str_trim(buf_view(&command));

            buf_printf(&all, "%.*s|", STR_ARG(text));
        }
        if (strcmp(buf_z(&all), rows[i].commands) != 0)
            fail_msg("row %zu: got \"%s\"", i, buf_z(&all));
        buf_fini(&command);
        buf_fini(&all);
        exact_free(in);
    }
}

static void
sequence_numbers(void **state)
{
    char text[82];
    struct buf command;
    struct deck deck;

    (void)state;
    memset(text, ' ', 80);
    memcpy(text, "LISTUSER", 8);
    memcpy(text + 72, "00100001", 8);
    text[80] = '\n';
    buf_init(&command, DECK_COMMAND_MAX);
    deck_init(&deck, str_n(text, 81));
    assert_true(deck_next(&deck, &command));
    assert_string_equal(buf_z(&command), "LISTUSER");
    assert_int_equal(deck.line, 1);
    buf_fini(&command);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exercise_options),
        cmocka_unit_test(options_without_effect),
        cmocka_unit_test(refusals),
        cmocka_unit_test(long_strings),
        cmocka_unit_test(deck_rows),
        cmocka_unit_test(sequence_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
