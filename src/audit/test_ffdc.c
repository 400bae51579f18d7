#include "audit/ffdc.h"

#include <dirent.h>
#include <sys/stat.h>
#include <time.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/test.h"

#define AT 1634583058246u

static char folder[64];

static int
setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/ffdc-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int
teardown(void **state)
{
    (void)state;
    return tree_remove(folder, NULL) != ERR_OK;
}

static const char *
get(const char *name)
{
    static struct buf text;
    char path[256];

    snprintf(path, sizeof path, "%s/ffdc/%s", folder, name);
    buf_fini(&text);
    buf_init(&text, 1u << 20);
    return file_read(path, &text, NULL) == ERR_OK ? buf_z(&text) : NULL;
}

static size_t
count(void)
{
    char path[256];
    DIR *dir;
    size_t n = 0;

    snprintf(path, sizeof path, "%s/ffdc", folder);
    dir = opendir(path);
    while (dir != NULL && readdir(dir) != NULL)
        n++;
    if (dir != NULL)
        closedir(dir);
    return n == 0 ? 0 : n - 2;
}

static void
writes_the_first(void **state)
{
    struct ffdc_incident a = { "ERR_NOT_FOUND", "a.b.C", "read",
                               STR("line 1\nline 2") };
    struct ffdc_incident b = { "ERR_IO", "a.b.C", "read", STR("other") };
    struct ffdc *f = NULL;
    char name[FFDC_NAME_BYTES] = "";
    const char *text;

    (void)state;
    assert_int_equal(ffdc_new(folder, &f, NULL), ERR_OK);
    assert_int_equal(count(), 0); /* nothing happened: no folder */
    assert_true(ffdc_note(f, &a, AT, name));
    assert_string_equal(name, "ffdc_21.10.18_18.50.58.0.log");
    assert_string_equal(get(name),
                        "------Start of DE processing------ = [10/18/21 "
                        "18:50:58:246 UTC]\nException = ERR_NOT_FOUND\nSource "
                        "= a.b.C\nprobeid = read\nStack Dump = line 1\nline "
                        "2\n");
    assert_false(ffdc_note(f, &a, AT + 5000, name));
    assert_true(ffdc_note(f, &b, AT, name));
    assert_string_equal(name, "ffdc_21.10.18_18.50.58.1.log");
    assert_false(ffdc_note(f, &a, AT + 9000, name));
    assert_int_equal(count(), 3);
    ffdc_tick(f, 0, AT + 9000);
    text = get("exception_summary_21.10.18_18.50.58.0.log");
    assert_non_null(strstr(text, "     0      3     10/18/21 18:50:58:246 UTC "
                                 "    10/18/21 18:51:07:246 UTC ERR_NOT_FOUND "
                                 "a.b.C read\n"));
    assert_non_null(strstr(text, "     1      1     "));
    assert_non_null(strstr(text, "/ffdc/ffdc_21.10.18_18.50.58.1.log\n"));
    ffdc_free(&f);
    ffdc_free(&f);
}

static void
forgets_the_old(void **state)
{
    struct ffdc_incident a = { "X", "a", "b", STR("c") };
    char name[FFDC_NAME_BYTES], path[256];
    struct stat st;
    struct ffdc *f = NULL;

    (void)state;
    assert_int_equal(ffdc_new(folder, &f, NULL), ERR_OK);
    assert_true(ffdc_note(f, &a, AT, name));
    snprintf(path, sizeof path, "%s/ffdc/notes.txt", folder);
    assert_int_equal(file_write_atomic(path, STR("x"), 0600, NULL), ERR_OK);
    assert_int_equal(stat(path, &st), 0);
    ffdc_tick(f, 3600000, (uint64_t)st.st_mtim.tv_sec * 1000 + 1000);
    assert_int_equal(count(), 3);
    ffdc_tick(f, 3600000, (uint64_t)st.st_mtim.tv_sec * 1000 + 3700000);
    assert_int_equal(count(), 1); /* what is not ours stays */
    assert_int_equal(stat(path, &st), 0);
    ffdc_free(&f);
}

static void
is_bounded(void **state)
{
    struct ffdc *f = NULL;
    char name[FFDC_NAME_BYTES], probe[16];

    (void)state;
    assert_int_equal(ffdc_new(folder, &f, NULL), ERR_OK);
    for (unsigned i = 0; i < FFDC_KINDS_MAX + 10; i++) {
        struct ffdc_incident a = { "X", "a", probe, STR("c") };

        snprintf(probe, sizeof probe, "%u", i);
        assert_int_equal(ffdc_note(f, &a, AT, name), i < FFDC_KINDS_MAX);
    }
    assert_int_equal(count(), FFDC_KINDS_MAX + 1);
    ffdc_free(&f);
    for (unsigned i = 0; i < FFDC_FILES_MAX; i++) {
        struct ffdc_incident a = { "X", "a", "b", STR("c") };

        assert_int_equal(ffdc_write(folder, &a, AT + 1000, name, NULL), ERR_OK);
    }
    assert_true(count() <= FFDC_FILES_MAX);
}

static void
refuses_bad_places(void **state)
{
    struct ffdc_incident a = { "X", "a", "b", STR("c") };
    struct err_info why = { 0 };
    struct ffdc *f = NULL;
    char name[FFDC_NAME_BYTES];

    (void)state;
    assert_int_not_equal(ffdc_write("/dev/null", &a, AT, name, &why), ERR_OK);
    assert_true(strlen(why.text) > 0);
    assert_int_equal(ffdc_new("/dev/null", &f, NULL), ERR_OK);
    assert_false(ffdc_note(f, &a, AT, name)); /* no failure of its own */
    ffdc_free(&f);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(writes_the_first, setup, teardown),
        cmocka_unit_test_setup_teardown(forgets_the_old, setup, teardown),
        cmocka_unit_test_setup_teardown(is_bounded, setup, teardown),
        cmocka_unit_test(refuses_bad_places),
    };

    setenv("TZ", "UTC0", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
