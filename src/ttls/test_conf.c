#include "base/test.h"
#include "ttls/conf.h"
#include "ttls/source.h"

struct seen {
    unsigned n_errors, n_warnings;
    char text[256];
};

static void
on_diag(void *arg, const struct ttls_diag *d)
{
    struct seen *s = arg;

    if (d->is_error)
        s->n_errors++;
    else
        s->n_warnings++;
    (void)snprintf(s->text, sizeof s->text, "%s", d->text);
}

static void
reads_main(void **state)
{
    static const char text[] =
        "# main\nLogLevel 511\nCodepage IBM-1047\n"
        "TcpImage TCPIP1 /etc/pagent/tcpip1.image NOFLUSH PURGE 600\n"
        "pepinstance TCPIP2 FLUSH 1\n"
        "TCPIMAGE TCPIP3 PURGE\n"
        "CommonTTLSConfig /etc/common.policy # shared\n"
        "ServerConnection\n{\n  ServerPort 1\n  Inner {\n }\n}\n"
        "TTLSConfig /etc/a.policy\nTTLSConfig //'SYS1.POLICY(TTLS)' PURGE\n";
    struct pagent_conf c;
    struct seen seen = { 0 };

    (void)state;
    pagent_conf_parse(STR("main"), STR(text), STR("TCPIP1"), on_diag, &seen,
                      &c);
    assert_int_equal(seen.n_errors, 0);
    assert_int_equal(seen.n_warnings, 1); /* ServerConnection */
    assert_int_equal(c.n_images, 3);
    assert_int_equal(c.log_level, 511);
    assert_true(str_eq_z(c.images[0].path, "/etc/pagent/tcpip1.image"));
    assert_true(!c.images[0].flush && c.images[0].purge);
    assert_int_equal(c.images[0].interval_s, 600);
    assert_true(str_eq_z(c.images[1].name, "TCPIP2"));
    assert_int_equal(c.images[1].interval_s, 1);
    assert_true(c.images[2].flush && c.images[2].purge);
    assert_int_equal(c.images[2].interval_s, PAGENT_INTERVAL_S);
    assert_true(str_eq_z(c.common, "/etc/common.policy"));
    assert_true(str_eq_z(c.codepage, "IBM-1047"));
    assert_true(str_eq_z(c.ttls.path, "//'SYS1.POLICY(TTLS)'"));
    assert_true(c.ttls.purge && c.ttls.has_purge && !c.ttls.has_flush);
}

static void
without_image(void **state)
{
    struct pagent_conf c;

    (void)state;
    pagent_conf_parse(STR("main"), STR("TTLSConfig /a\n"), STR("TCPIP1"), NULL,
                      NULL, &c);
    assert_int_equal(c.n_images, 1);
    assert_true(str_eq_z(c.images[0].name, "TCPIP1"));
    assert_int_equal(c.log_level, 31);
}

static void
refuses(void **state)
{
    static const struct {
        const char *text;
        const char *says;
        bool is_image;
    } rows[] = {
        { "TcpImage\n", "name of a stack", true },
        { "TcpImage LONGERTHAN8\n", "1 to 8", true },
        { "TcpImage tcpip1\n", "upper-case", true },
        { "TcpImage TCPIP1 image\n", "expected a path", true },
        { "TcpImage TCPIP1 /a /b\n", "expected a path", true },
        { "TcpImage TCPIP1 FLUSH 2147483648\n", "interval", true },
        { "TcpImage TCPIP1 -1\n", "interval", true },
        { "LogLevel 512\n", "0 to 511", false },
        { "LogLevel\n", "0 to 511", false },
        { "CommonTTLSConfig common\n", "a path", false },
        { "TTLSConfig policy\n", "a path", false },
        { "TTLSConfig /a /b\n", "a path", false },
        { "{\n", "brace", false },
        { "Codepage FOO-9\n", "no code page", false },
        { "Codepage\n", "no code page", false },
        { "Nonsense 1\n", "not a statement", false },
        { "TTLSRule x\n{\nJobname A\n", "not a statement", false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i].text);
        struct seen seen = { 0 };
        struct pagent_conf c;

        pagent_conf_parse(STR("main"), text, STR("TCPIP1"), on_diag, &seen, &c);
        if (seen.n_errors == 0 || c.has_bad_image != rows[i].is_image)
            fail_msg("row %zu: %u errors", i, seen.n_errors);
        if (i < ARRAY_LEN(rows) - 1 && strstr(seen.text, rows[i].says) == NULL)
            fail_msg("row %zu: %s", i, seen.text);
        /* A bad TcpImage is not replaced by the default stack. */
        assert_int_equal(c.n_images, rows[i].is_image ? 0 : 1);
        exact_free(text);
    }
}

/* A slip in what names a policy is no statement that there is none. */
static void
notes_slips(void **state)
{
    static const struct {
        const char *text;
        bool is_coded, is_bad, is_common_bad;
    } rows[] = {
        { "TTLSConfig /a FLUSSH\n", true, true, false },
        { "TTLSConfig policy\n", true, true, false },
        { "TTLSConfig /a\nTTLSConfig /b PURGED\n", true, true, false },
        { "TTLSConfig /a /b\nTTLSConfig /c\n", true, false, false },
        { "TTLSConfig\n", true, false, false },
        { "CommonTTLSConfig\nTTLSConfig /a\n", true, false, true },
        { "CommonTTLSConfig a\nCommonTTLSConfig /a\n", false, false, false },
        { "CommonTTLSConfig /a\nCommonTTLSConfig a\n", false, false, true },
        { "TTLSConfg /a\n", false, false, false }, /* no statement at all */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct pagent_conf c;

        pagent_conf_parse(STR("main"), str_of(rows[i].text), STR("TCPIP1"),
                          NULL, NULL, &c);
        if (c.ttls.is_coded != rows[i].is_coded ||
            c.ttls.is_bad != rows[i].is_bad ||
            c.is_common_bad != rows[i].is_common_bad)
            fail_msg("row %zu", i);
    }
}

static void
warns_once(void **state)
{
    struct pagent_conf c;
    struct seen seen = { 0 };

    (void)state;
    pagent_conf_parse(STR("main"),
                      STR("PolicyRule a\n{\n}\nPolicyRule b\n{\n}\n"
                          "policyrule c\n{\n}\nIDSConfig /i\n"),
                      STR("TCPIP1"), on_diag, &seen, &c);
    assert_int_equal(seen.n_errors, 0);
    assert_int_equal(seen.n_warnings, 2);
}

/* TTLSConfig where nobody looks for it. */
static void
misplaced(void **state)
{
    static const struct {
        const char *text;
        unsigned n_warnings;
    } rows[] = {
        { "TTLSConfig /a\nTcpImage TCPIP1 /etc/one\n", 1 },
        { "TcpImage TCPIP1 /etc/one\nTTLSConfig /a\nTcpImage TCPIP2\n", 0 },
        { "TTLSConfig /a\nTcpImage TCPIP1\n", 0 },
        { "TTLSConfig /a\n", 0 },
        { "TcpImage TCPIP1 /etc/one\n", 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct seen seen = { 0 };
        struct pagent_conf c;

        pagent_conf_parse(STR("main"), str_of(rows[i].text), STR("TCPIP1"),
                          on_diag, &seen, &c);
        assert_int_equal(seen.n_errors, 0);
        if (seen.n_warnings != rows[i].n_warnings)
            fail_msg("row %zu: %u warnings", i, seen.n_warnings);
        if (seen.n_warnings > 0)
            assert_non_null(strstr(seen.text, "TTLSConfig is ignored here"));
    }
}

/* A TcpImage that points at a policy: nothing to install, no failure. */
static void
pitfall(void **state)
{
    static const char policy[] = "TTLSRule r\n{\nJobname A\n}\n";
    struct pagent_image image = { .flush = true, .purge = true };
    struct ttls_conf conf;
    struct seen seen = { 0 };

    (void)state;
    pagent_image_parse(STR("image"), STR(policy), &image, on_diag, &seen,
                       &conf);
    assert_false(conf.is_coded);
    assert_int_equal(seen.n_errors, 1); /* of level OBJERR, in the log */
    pagent_image_parse(STR("image"), STR("TTLSConfig NOPURGE\n"), &image, NULL,
                       NULL, &conf);
    assert_true(conf.is_coded && conf.flush && !conf.purge);
    assert_int_equal(conf.path.n, 0);
}

static void
names_files(void **state)
{
    static const struct {
        const char *name;
        const char *path; /* below the root; NULL: refused */
    } rows[] = {
        { "//'SYS1.TCPPARMS(TTLS)'", "/datasets/SYS1.TCPPARMS/TTLS" },
        { "//SYS1.TCPPARMS(TTLS)", "/datasets/SYS1.TCPPARMS/TTLS" },
        { "//'user1.policy'", "/datasets/USER1.POLICY" },
        { "//'A..B'", NULL },
        { "//'A/../B'", NULL },
        { "//'A(../X)'", NULL },
        { "//'A(B.C)'", NULL },
        { "//''", NULL },
        { "relative", NULL },
        { "", NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct arena arena;
        char *path = NULL;
        enum err e;

        arena_init(&arena, 64 * 1024);
        e = source_path(&arena, str_of(rows[i].name), &path, NULL);
        if ((e == ERR_OK) != (rows[i].path != NULL) ||
            (e == ERR_OK && !str_ends(str_of(path), str_of(rows[i].path))))
            fail_msg("row %zu: %s", i, path == NULL ? "refused" : path);
        arena_fini(&arena);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_main),  cmocka_unit_test(without_image),
        cmocka_unit_test(refuses),     cmocka_unit_test(pitfall),
        cmocka_unit_test(misplaced),   cmocka_unit_test(names_files),
        cmocka_unit_test(notes_slips), cmocka_unit_test(warns_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
