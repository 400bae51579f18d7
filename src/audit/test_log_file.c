#include "audit/log_file.h"

#include <fcntl.h>
#include <glob.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/test.h"

#define AT 1634583058246u /* 2021-10-18 18:50:58.246 UTC */

static char folder[64];

static int
setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/log-file-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int
teardown(void **state)
{
    (void)state;
    return tree_remove(folder, NULL) != ERR_OK;
}

static struct log_file_options
options(void)
{
    return (struct log_file_options){
        .folder = folder, .name = "m.log", .max_files = 3, .header = "H\n"
    };
}

static void
put(const char *name, const char *text)
{
    char path[256];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(file_write_atomic(path, str_of(text), 0600, NULL), ERR_OK);
}

static const char *
get(const char *name)
{
    static struct buf text;
    char path[256];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    buf_fini(&text);
    buf_init(&text, 1u << 20);
    return file_read(path, &text, NULL) == ERR_OK ? buf_z(&text) : NULL;
}

static size_t
count(const char *pattern)
{
    char path[256];
    glob_t found;
    size_t n;

    snprintf(path, sizeof path, "%s/%s", folder, pattern);
    n = glob(path, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
    if (n > 0)
        globfree(&found);
    return n;
}

static void
rolls_by_size(void **state)
{
    struct log_file_options o = options();
    struct log_file *f = NULL;

    (void)state;
    o.max_bytes = 10;
    assert_int_equal(log_file_new(&o, true, AT, &f, NULL), ERR_OK);
    log_file_write(f, STR("12345678"), AT); /* 2 of the header, 8: full */
    log_file_write(f, STR("a"), AT);
    assert_string_equal(get("m_21.10.18_18.50.58.0.log"), "H\n12345678");
    assert_string_equal(get("m.log"), "H\na");
    for (int i = 0; i < 15; i++) /* a line longer than the file is whole */
        log_file_write(f, STR("123456789"), AT);
    /* of 16 in one second the last two are there, by number, not by text */
    assert_int_equal(count("m_*"), 2);
    assert_non_null(get("m_21.10.18_18.50.58.14.log"));
    assert_non_null(get("m_21.10.18_18.50.58.15.log"));
    log_file_free(&f);
    log_file_free(&f);
}

static void
keeps_strangers(void **state)
{
    static const char *const strangers[] = {
        "m_21.10.18_18.50.58.x.log",
        "m_21.10.18.log",
        "m_notes.log",
        "m_21.10.18_18-50-58.0.log",
        "x_21.10.18_18.50.58.0.log",
        "m_21.10.18_18.50.58.0.txt",
    };
    struct log_file_options o = options();
    struct log_file *f = NULL;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(strangers); i++)
        put(strangers[i], "keep");
    put("m_20.01.01_00.00.00.0.log", "old");
    put("m_20.01.01_00.00.00.1.log", "old");
    put("m.log", "last run");
    o.max_files = 1;
    assert_int_equal(log_file_new(&o, true, AT, &f, NULL), ERR_OK);
    for (size_t i = 0; i < ARRAY_LEN(strangers); i++)
        assert_string_equal(get(strangers[i]), "keep");
    assert_null(get("m_20.01.01_00.00.00.0.log"));
    assert_null(get("m_20.01.01_00.00.00.1.log"));
    assert_string_equal(get("m.log"), "H\n");
    log_file_free(&f);
}

static void
continues_or_rolls(void **state)
{
    struct log_file_options o = options();
    struct log_file *f = NULL;

    (void)state;
    put("m.log", "before\n");
    assert_int_equal(log_file_new(&o, false, AT, &f, NULL), ERR_OK);
    log_file_write(f, STR("now\n"), AT);
    assert_string_equal(get("m.log"), "before\nnow\n");
    log_file_free(&f);
    o.max_files = 0; /* all are kept */
    assert_int_equal(log_file_new(&o, true, AT, &f, NULL), ERR_OK);
    assert_string_equal(get("m_21.10.18_18.50.58.0.log"), "before\nnow\n");
    log_file_free(&f);
}

static void
rolls_by_time(void **state)
{
    struct log_file_options o = options();
    struct log_file *f = NULL;
    uint64_t next;

    (void)state;
    o.roll_minute = 19 * 60; /* ten minutes from now */
    o.roll_interval_minutes = 30;
    next = log_file_next_roll(o.roll_minute, 30, AT);
    assert_int_equal(next, 1634583600000u);
    assert_int_equal(log_file_new(&o, true, AT, &f, NULL), ERR_OK);
    log_file_write(f, STR("a\n"), next - 1);
    assert_int_equal(count("m_*"), 0);
    log_file_tick(f, next);
    assert_string_equal(get("m_21.10.18_19.00.00.0.log"), "H\na\n");
    log_file_tick(f, next + 1000);
    assert_int_equal(count("m_*"), 1);
    log_file_write(f, STR("b\n"), next + 30 * 60000);
    assert_string_equal(get("m_21.10.18_19.30.00.0.log"), "H\n");
    assert_string_equal(get("m.log"), "H\nb\n");
    log_file_free(&f);
    /* a start time earlier today; hours; none */
    assert_int_equal(log_file_next_roll(60, 1440, AT), 1634605200000u);
    assert_int_equal(log_file_next_roll(23 * 60, 60, AT), 1634583600000u);
    assert_int_equal(log_file_next_roll(0, 0, AT), 0);
}

static void
moves(void **state)
{
    struct log_file_options o = options();
    struct log_file *f = NULL;
    struct err_info why;

    (void)state;
    assert_int_equal(log_file_new(&o, true, AT, &f, NULL), ERR_OK);
    o.name = "n.log";
    assert_int_equal(log_file_set(f, &o, AT, &why), ERR_OK);
    log_file_write(f, STR("new\n"), AT);
    assert_string_equal(get("m.log"), "H\n");
    assert_string_equal(get("n.log"), "H\nnew\n");
    /* a place that is none: the old one stays */
    o.folder = "/dev/null/x";
    assert_int_not_equal(log_file_set(f, &o, AT, &why), ERR_OK);
    log_file_write(f, STR("more\n"), AT);
    assert_string_equal(get("n.log"), "H\nnew\nmore\n");
    o.folder = folder;
    o.name = "../n.log";
    assert_int_equal(log_file_set(f, &o, AT, &why), ERR_SYNTAX);
    log_file_free(&f);
    o.name = "";
    assert_int_equal(log_file_new(&o, true, AT, &f, &why), ERR_SYNTAX);
    assert_null(f);
}

static void
is_made_again(void **state)
{
    struct log_file_options o = options();
    char path[128], kept[128];
    struct log_file *f = NULL;

    (void)state;
    snprintf(path, sizeof path, "%s/m.log", folder);
    snprintf(kept, sizeof kept, "%s/kept", folder);
    assert_int_equal(log_file_new(&o, false, AT, &f, NULL), ERR_OK);
    log_file_write(f, STR("one\n"), AT);
    assert_int_equal(unlink(path), 0);
    log_file_write(f, STR("lost\n"), AT + 999);
    assert_null(get("m.log"));
    log_file_write(f, STR("two\n"), AT + 1000);
    assert_string_equal(get("m.log"), "H\ntwo\n");
    /* moved, as logrotate does; also without a line */
    assert_int_equal(rename(path, kept), 0);
    log_file_tick(f, AT + 3000);
    assert_string_equal(get("m.log"), "H\n");
    log_file_write(f, STR("three\n"), AT + 3001);
    assert_string_equal(get("kept"), "H\ntwo\n");
    /* another one of that name is continued; a link is not followed */
    assert_int_equal(unlink(path), 0);
    put("m.log", "theirs\n");
    log_file_write(f, STR("four\n"), AT + 5000);
    assert_string_equal(get("m.log"), "theirs\nfour\n");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("kept", path), 0);
    log_file_write(f, STR("five\n"), AT + 7000);
    assert_string_equal(get("kept"), "H\ntwo\n");
    assert_int_equal(unlink(path), 0);
    log_file_write(f, STR("six\n"), AT + 9000);
    assert_string_equal(get("m.log"), "H\nsix\n");
    log_file_free(&f);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rolls_by_size, setup, teardown),
        cmocka_unit_test_setup_teardown(keeps_strangers, setup, teardown),
        cmocka_unit_test_setup_teardown(continues_or_rolls, setup, teardown),
        cmocka_unit_test_setup_teardown(rolls_by_time, setup, teardown),
        cmocka_unit_test_setup_teardown(moves, setup, teardown),
        cmocka_unit_test_setup_teardown(is_made_again, setup, teardown),
    };

    setenv("TZ", "UTC0", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
