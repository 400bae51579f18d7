#include "audit/trace_spec.h"

#include "base/test.h"

static void
reads(void **state)
{
    static const struct {
        const char *spec, *name;
        enum trace_level want;
        const char *printed;
    } rows[] = {
        { "", "a", TRACE_INFO, "*=info" },
        { "*=all", "a.b", TRACE_ALL, "*=all" },
        { "a.b=fine", "a.b", TRACE_FINE, "*=info:a.b=fine" },
        { "a.b=fine", "a.b.c", TRACE_INFO, "*=info:a.b=fine" },
        { "a.b.*=FINER", "a.b.c", TRACE_FINER, "*=info:a.b.*=finer" },
        { "a.b.*=finer", "a.b", TRACE_FINER, "*=info:a.b.*=finer" },
        { "a.b.*=finer", "a.bc", TRACE_INFO, "*=info:a.b.*=finer" },
        { "a.b*=finer", "a.bc", TRACE_FINER, "*=info:a.b*=finer" },
        /* the longest decides, whatever the order */
        { "a.b.c=config:a.*=all:*=off", "a.b.c", TRACE_CONFIG,
          "*=off:a.*=all:a.b.c=config" },
        { "a.*=all:a.b.*=info", "a.b.c", TRACE_INFO,
          "*=info:a.*=all:a.b.*=info" },
        /* less than info is info */
        { "a=off", "a", TRACE_INFO, "*=info:a=off" },
        /* the last of two for the same */
        { "a=all:a=fine", "a", TRACE_FINE, "*=info:a=fine" },
        { "a=all=enabled", "a", TRACE_ALL, "*=info:a=all" },
        { "a=all=disabled", "a", TRACE_INFO, "*=info:a=off" },
        { " a = debug : : b=entryExit ", "b", TRACE_FINER,
          "*=info:a=finest:b=finer" },
        { "zosConnectSaf=dump", "zosConnectSaf", TRACE_FINEST,
          "*=info:zosConnectSaf=finest" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i].spec);
        struct trace_spec *spec = NULL;
        struct buf out;

        buf_init(&out, 4096);
        assert_int_equal(trace_spec_new(text, &spec, NULL), ERR_OK);
        exact_free(text); /* it keeps a copy */
        assert_int_equal(trace_spec_level(spec, str_of(rows[i].name)),
                         rows[i].want);
        trace_spec_print(spec, &out);
        assert_string_equal(buf_z(&out), rows[i].printed);
        buf_fini(&out);
        trace_spec_free(&spec);
    }
}

static void
refuses(void **state)
{
    static const struct {
        const char *spec;
        size_t at;
    } rows[] = {
        { "a", 0 },
        { "=all", 0 },
        { "a=", 0 },
        { "a=loud", 0 },
        { "b=all:a=", 6 },
        { "a=all=maybe", 0 },
        { "a b=all", 0 },
        { "a*b=all", 0 },
        { "**=all", 0 },
        { "a==all", 0 },
        { "a=all=enabled=x", 0 },
    };
    char many[TRACE_SPEC_BYTES_MAX + 2] = "";
    struct trace_spec *spec = NULL;
    struct err_info why;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(trace_spec_new(str_of(rows[i].spec), &spec, &why),
                         ERR_SYNTAX);
        assert_int_equal(why.at, rows[i].at);
        assert_null(spec);
    }
    for (unsigned i = 0; i < TRACE_RULES_MAX; i++)
        sprintf(many + strlen(many), "c%u=all:", i);
    assert_int_equal(trace_spec_new(str_of(many), &spec, &why), ERR_LIMIT);
    memset(many, 'x', sizeof many - 1);
    assert_int_equal(trace_spec_new(str_of(many), &spec, &why), ERR_LIMIT);
    assert_null(spec);
}

static void
knows_the_finest(void **state)
{
    struct trace_spec *spec = NULL;

    (void)state;
    assert_int_equal(trace_spec_new(STR("a=off:b=warning"), &spec, NULL),
                     ERR_OK);
    assert_int_equal(trace_spec_finest(spec), TRACE_INFO);
    trace_spec_free(&spec);
    assert_int_equal(trace_spec_new(STR("a=config:b=fine"), &spec, NULL),
                     ERR_OK);
    assert_int_equal(trace_spec_finest(spec), TRACE_FINE);
    trace_spec_free(&spec);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(refuses),
        cmocka_unit_test(knows_the_finest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
