#include "config/properties.h"

#include "base/test.h"

struct refused {
    char names[256];
};

static void
note(void *arg, uint32_t line, struct str name)
{
    struct refused *r = arg;
    size_t n = strlen(r->names);

    snprintf(r->names + n, sizeof r->names - n, "%u:" STR_FMT ";", line,
             STR_ARG(name));
}

/* "a=1|b=2" of what was parsed */
static void
join(const struct pairs *p, char *out, size_t cap)
{
    out[0] = '\0';
    for (size_t i = 0; i < p->n; i++)
        snprintf(out + strlen(out), cap - strlen(out), "%s" STR_FMT "=" STR_FMT,
                 i > 0 ? "|" : "", STR_ARG(p->v[i].name),
                 STR_ARG(p->v[i].value));
}

static void
reads_env(void **state)
{
    static const char text[] = "# comment\n\nA=1\nB= two words \r\n"
                               "a.b=3\nno equals\n C=4\nD=a=b\n_e9=\n";
    struct refused refused = { "" };
    struct pairs pairs = { 0 };
    struct err_info why;
    struct arena arena;
    char got[256];

    (void)state;
    arena_init(&arena, 1u << 20);
    assert_int_equal(
        env_parse(&arena, str_of(text), &pairs, note, &refused, &why), ERR_OK);
    join(&pairs, got, sizeof got);
    assert_string_equal(got, "A=1|B= two words |D=a=b|_e9=");
    assert_string_equal(refused.names, "5:a.b;6:;7: C;");
    pairs_fini(&pairs);
    arena_fini(&arena);
}

static void
reads_jvm_options(void **state)
{
    struct pairs pairs = { 0 };
    struct err_info why = { 0 };
    struct arena arena;
    char got[256];

    (void)state;
    arena_init(&arena, 1u << 20);
    assert_int_equal(
        jvm_options_parse(&arena, STR("-Xmx1g\n# c\n -Da=1\n-Db\n-Dc=x y\n"),
                          &pairs, &why),
        ERR_OK);
    join(&pairs, got, sizeof got);
    assert_string_equal(got, "a=1|b=|c=x y");
    assert_int_equal(
        jvm_options_parse(&arena, STR("-Xmx1g\n\nXms1g\n"), &pairs, &why),
        ERR_SYNTAX);
    assert_int_equal(why.line, 3);
    pairs_fini(&pairs);
    arena_fini(&arena);
}

static void
reads_properties(void **state)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        { "", "" },
        { "a=1\nb:2\nc 3\n", "a=1|b=2|c=3" },
        { "  a  =  1 \n", "a=1 " },
        { "# x\n! y\n\r\na=1", "a=1" },
        { "a=one\\\n   two\n", "a=onetwo" },
        { "a=one\\\r\n two\n", "a=onetwo" },
        { "a\\ b=c\\=d\\\\e\\tf\\q", "a b=c=d\\e\tfq" },
        { "a=\\u0041\\u00e9\\u20ac", "a=A\xc3\xa9\xe2\x82\xac" },
        { "a", "a=" },
        { "=v", "=v" },
        { "a=\\", "a=" },
        { "a==b", "a==b" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i].text);
        struct pairs pairs = { 0 };
        struct err_info why;
        struct arena arena;
        char got[256];

        arena_init(&arena, 1u << 20);
        assert_int_equal(properties_parse(&arena, text, &pairs, &why), ERR_OK);
        join(&pairs, got, sizeof got);
        assert_string_equal(got, rows[i].want);
        pairs_fini(&pairs);
        arena_fini(&arena);
        exact_free(text);
    }
}

static void
refuses_properties(void **state)
{
    static const char *const rows[] = { "a=1\nb=\\u12", "b=1\na=\\u12g4",
                                        "\nb\\u=", "\na\\u0000b=1",
                                        "\na=\\u0000" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i]);
        struct pairs pairs = { 0 };
        struct err_info why = { 0 };
        struct arena arena;

        arena_init(&arena, 1u << 20);
        assert_int_equal(properties_parse(&arena, text, &pairs, &why),
                         ERR_SYNTAX);
        assert_int_equal(why.line, 2);
        pairs_fini(&pairs);
        arena_fini(&arena);
        exact_free(text);
    }
}

static void
knows_names(void **state)
{
    static const char *const good[] = { "a", "myServer", "A_1-2+3.4",
                                        "\xc3\xa9" };
    static const char *const bad[] = { "",    "-a",   ".a",  "a b",
                                       "a/b", "../x", "a:b", "a\n" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_true(server_name_is_valid(str_of(good[i])));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(server_name_is_valid(str_of(bad[i])));
}

static const char *
look_up(const char *name)
{
    return strcmp(name, "A") == 0     ? "one"
           : strcmp(name, "B_2") == 0 ? "$A"
                                      : NULL;
}

static void
expands_environment(void **state)
{
    static const struct {
        const char *value, *want; /* NULL: refused */
        size_t at;
    } rows[] = {
        { "", "", 0 },
        { "$A", "one", 0 },
        { "${A}/x:$B_2", "one/x:$A", 0 }, /* once, not again */
        { "$NONE-", "-", 0 },
        { "'$A' \"$A\" $A", "$A one one", 0 },
        { "\\$A \"\\\"\" '\\'", "$A \" \\", 0 },
        { "100$ $ $-", "100$ $ $-", 0 },
        { "${}", "${}", 0 },
        { "a\\", "a\\", 0 },
        { "${A", NULL, 3 },
        { "${A-b}", NULL, 3 },
        { "'a", NULL, 2 },
        { "a\"", NULL, 2 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str value = exact_copy(rows[i].value), out = STR("kept");
        struct err_info why = { 0 };
        struct arena arena;
        enum err e;

        arena_init(&arena, 1u << 20);
        e = env_expand(&arena, value, look_up, &out, &why);
        if (rows[i].want == NULL) {
            assert_int_equal(e, ERR_SYNTAX);
            assert_int_equal(why.at, rows[i].at);
            assert_true(str_eq_z(out, "kept"));
        } else {
            assert_int_equal(e, ERR_OK);
            assert_true(str_eq_z(out, rows[i].want));
        }
        arena_fini(&arena);
        exact_free(value);
    }
    assert_true(env_expands(STR("# enable_variable_expansion\nA=b\n")));
    assert_true(env_expands(STR("#enable_variable_expansion")));
    assert_false(env_expands(STR("\n# enable_variable_expansion")));
    assert_false(env_expands(STR("enable_variable_expansion")));
    assert_false(env_expands(STR("")));
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(expands_environment),
        cmocka_unit_test(reads_env),
        cmocka_unit_test(reads_jvm_options),
        cmocka_unit_test(reads_properties),
        cmocka_unit_test(refuses_properties),
        cmocka_unit_test(knows_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
