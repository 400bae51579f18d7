#include "base/test.h"
#include "parse/yaml.h"

static void
yaml_reads(void **state)
{
    static const struct {
        const char *yaml, *json;
    } rows[] = {
        { "a: 1\nb: [x, 'y', true, ~, 1.5]\n",
          "{\"a\":1,\"b\":[\"x\",\"y\",true,null,1.5]}" },
        { "version: \"1.0\"\n", "{\"version\":\"1.0\"}" },
        { "200:\n  d: -7\n", "{\"200\":{\"d\":-7}}" },
        { "t: \"one \\\n  two\"\n", "{\"t\":\"one two\"}" },
        { "t: |\n  l1\n  l2\n", "{\"t\":\"l1\\nl2\\n\"}" },
        { "t: 1_000\nu: 0x10\nv: .5\nw: 1.\n",
          "{\"t\":\"1_000\",\"u\":\"0x10\",\"v\":0.5,\"w\":1.0}" },
        { "t: 99999999999999999999\n", "{\"t\":1e20}" },
        { "list: []\nmap: {}\n", "{\"list\":[],\"map\":{}}" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i].yaml);
        struct err_info why = { 0 };
        json_t *got = NULL;
        char *dump;

        assert_int_equal(yaml_to_json(text, &got, &why), ERR_OK);
        dump = json_dumps(got, JSON_COMPACT | JSON_REAL_PRECISION(15));
        assert_string_equal(dump, rows[i].json);
        free(dump);
        json_decref(got);
        exact_free(text);
    }
}

static void
yaml_refuses(void **state)
{
    static const struct {
        const char *yaml;
        enum err want;
        uint32_t line;
    } rows[] = {
        { "", ERR_SYNTAX, 0 },
        { "a: [", ERR_SYNTAX, 2 },
        { "a: 1\na: 2\n", ERR_SYNTAX, 2 },
        { "? [x]\n: 1\n", ERR_SYNTAX, 1 },
        { "a: &x 1\n", ERR_UNSUPPORTED, 1 },
        { "a: *x\n", ERR_UNSUPPORTED, 1 },
        { "a: !!python/object x\n", ERR_UNSUPPORTED, 1 },
        { "--- 1\n--- 2\n", ERR_UNSUPPORTED, 2 },
        { "a: \"\xff\"\n", ERR_SYNTAX, 1 },
        { "\tx: 1\n", ERR_SYNTAX, 1 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i].yaml);
        struct err_info why = { 0 };
        json_t *got = (json_t *)&why;

        assert_int_equal(yaml_to_json(text, &got, &why), rows[i].want);
        assert_ptr_equal(got, &why);
        assert_true(strlen(why.text) > 0);
        exact_free(text);
    }
}

static void
yaml_limits_depth(void **state)
{
    char deep[2 * YAML_DEPTH_MAX + 3];
    struct err_info why = { 0 };
    json_t *got = NULL;

    (void)state;
    memset(deep, '[', sizeof deep);
    assert_int_equal(yaml_to_json(str_n(deep, YAML_DEPTH_MAX + 1), &got, &why),
                     ERR_LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(yaml_reads),
        cmocka_unit_test(yaml_refuses),
        cmocka_unit_test(yaml_limits_depth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
