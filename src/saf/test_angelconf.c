#include "base/test.h"

#include "saf/angelconf.h"
#include "saf/masterkey.h"

static void
parses(void **state)
{
    static const char text[] = "# where keys are\n"
                               "\n"
                               "  masterkey = pkcs11:SPT.MASTER \r\n"
                               "token.module=/usr/lib/m.so\n"
                               "token.label=THE TOKEN\n"
                               "token.pin=/etc/pin\n"
                               "token.env=A=b=c\n"
                               "token.env=D=\n";
    struct angel_conf conf;
    struct arena a;

    (void)state;
    arena_init(&a, 1u << 16);
    assert_int_equal(angel_conf_parse(&a, STR(text), "f", &conf, NULL), ERR_OK);
    assert_true(str_eq_z(conf.masterkey, "pkcs11:SPT.MASTER"));
    assert_string_equal(conf.module, "/usr/lib/m.so");
    assert_true(str_eq_z(conf.token, "THE TOKEN"));
    assert_true(str_eq_z(conf.pin_file, "/etc/pin"));
    assert_int_equal(conf.n_env, 2);
    assert_string_equal(conf.env[0], "A=b=c");
    assert_int_equal(angel_conf_parse(&a, STR(""), "f", &conf, NULL), ERR_OK);
    assert_null(conf.module);
    arena_fini(&a);
}

static void
refuses(void **state)
{
    static const char nul[] = "masterkey=fi\0le\n";
    static const struct {
        struct str text;
        enum err want;
        const char *why;
    } rows[] = {
        { { "masterkey", 9 }, ERR_SYNTAX, "f:1: expected name=value" },
        { { "#\nmasterkey=", 12 }, ERR_SYNTAX, "f:2: masterkey= has no value" },
        { { nul, sizeof nul - 1 }, ERR_SYNTAX, "f:1: a NUL" },
        { { "masterkey=vault:x", 17 }, ERR_SYNTAX, "f:1: \"vault:x\"" },
        { { "=x", 2 }, ERR_SYNTAX, "f:1: \"\" is no setting" },
        { { "token.module=m.so", 17 }, ERR_SYNTAX, "expected a path from /" },
        { { "token.module=/m.so", 18 }, ERR_SYNTAX, "token.label is missing" },
        { { "token.label=x\ntoken.pin=/p", 26 },
          ERR_SYNTAX,
          "token.module is missing" },
        { { "token.module=/m\ntoken.label=x", 29 },
          ERR_SYNTAX,
          "token.pin is missing" },
        { { "token.label=123456789012345678901234567890123", 45 },
          ERR_LIMIT,
          "33 characters, at most 32" },
        { { "token.env=x", 11 }, ERR_SYNTAX, "expected NAME=value" },
        { { "token.env==x", 12 }, ERR_SYNTAX, "expected NAME=value" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy_n(rows[i].text.p, rows[i].text.n);
        struct angel_conf conf = { .gid = 77 };
        struct err_info why = { 0 };
        struct arena a;

        arena_init(&a, 1u << 16);
        assert_int_equal(angel_conf_parse(&a, text, "f", &conf, &why),
                         rows[i].want);
        if (strstr(why.text, rows[i].why) == NULL)
            fail_msg("row %zu: %s", i, why.text);
        assert_int_equal(conf.gid, 77);
        arena_fini(&a);
        exact_free(text);
    }
}

static void
too_many_environments(void **state)
{
    struct angel_conf conf;
    struct arena a;
    struct buf text;

    (void)state;
    buf_init(&text, 4096);
    arena_init(&a, 1u << 16);
    for (unsigned i = 0; i <= ANGEL_CONF_ENVS; i++) {
        assert_int_equal(
            angel_conf_parse(&a, buf_view(&text), "f", &conf, NULL), ERR_OK);
        buf_printf(&text, "token.env=A%u=x\n", i);
    }
    assert_int_equal(angel_conf_parse(&a, buf_view(&text), "f", &conf, NULL),
                     ERR_SYNTAX);
    arena_fini(&a);
    buf_fini(&text);
}

static void
master_files(void **state)
{
    static const char clear[SEALING_KEY_BYTES] = "0123456789abcdef";
    static const struct {
        struct str file;
        enum err want;
        enum master_kind kind;
        size_t wrapped;
    } rows[] = {
        { { clear, sizeof clear }, ERR_OK, MASTER_FILE, sizeof clear },
        { { clear, sizeof clear - 1 }, ERR_SYNTAX, MASTER_FILE, 0 },
        { { "SPTMK1\npkcs11:X\nabc", 19 }, ERR_OK, MASTER_PKCS11, 3 },
        { { "SPTMK1\nkeyring:user:k\nabcd", 26 }, ERR_OK, MASTER_USER, 4 },
        { { "SPTMK1\npkcs11:X", 15 }, ERR_OK, MASTER_PKCS11, 0 },
        { { "SPTMK1\npkcs11:\nabc", 18 }, ERR_SYNTAX, MASTER_FILE, 0 },
        { { "SPTMK1\nvault:x\nabc", 18 }, ERR_SYNTAX, MASTER_FILE, 0 },
        { { "SPTMK2\npkcs11:X\nabc", 19 }, ERR_SYNTAX, MASTER_FILE, 0 },
        { { "", 0 }, ERR_SYNTAX, MASTER_FILE, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str file = exact_copy_n(rows[i].file.p, rows[i].file.n);
        struct master_source s;
        struct str wrapped;

        if (master_file_parse(file, &s, &wrapped, NULL) != rows[i].want)
            fail_msg("row %zu", i);
        if (rows[i].want == ERR_OK) {
            assert_int_equal(s.kind, rows[i].kind);
            assert_int_equal(wrapped.n, rows[i].wrapped);
        }
        exact_free(file);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses),
        cmocka_unit_test(refuses),
        cmocka_unit_test(too_many_environments),
        cmocka_unit_test(master_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
