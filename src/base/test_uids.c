#include "base/uids.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/test.h"

static void
range_is_read(void **state)
{
    static const struct {
        const char *text; /* NULL: no file */
        enum err want;
        uint32_t first, last, line;
    } rows[] = {
        { NULL, ERR_OK, 50000, 59999, 0 },
        { "", ERR_OK, 50000, 59999, 0 },
        { "other=1\n", ERR_OK, 50000, 59999, 0 },
        { " uidrange=70000-70010 \n", ERR_OK, 70000, 70010, 0 },
        { "uidrange=1-1", ERR_OK, 1, 1, 0 },
        { "uidrange=70000-70010\nuidrange=3-4\n", ERR_OK, 3, 4, 0 },
        { "uidrange=0-10\n", ERR_SYNTAX, 7, 7, 1 },
        { "a=1\nuidrange=10\n", ERR_SYNTAX, 7, 7, 2 },
        { "uidrange=10-9\n", ERR_SYNTAX, 7, 7, 1 },
        { "uidrange=a-b\n", ERR_SYNTAX, 7, 7, 1 },
        { "uidrange=\n", ERR_SYNTAX, 7, 7, 1 },
        { "uidrange=1-4294967295\n", ERR_SYNTAX, 7, 7, 1 },
        { "uidrange=50000-60000\n", ERR_SYNTAX, 7, 7, 1 },
        { "uidrange=60005-60010\n", ERR_SYNTAX, 7, 7, 1 },
        { "uidrange=1-99999\n", ERR_SYNTAX, 7, 7, 1 },
    };
    char path[4200];

    (void)state;
    snprintf(path, sizeof path, "%s/etc/image.conf", root_dir());
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct uid_range got = { 7, 7 };
        struct err_info why = { 0 };

        (void)unlink(path);
        if (rows[i].text != NULL)
            assert_int_equal(
                file_write_atomic(path, str_of(rows[i].text), 0600, NULL),
                ERR_OK);
        assert_int_equal(uid_range_read(&got, &why), rows[i].want);
        assert_int_equal(got.first, rows[i].first);
        assert_int_equal(got.last, rows[i].last);
        assert_int_equal(why.line, rows[i].line);
    }
    (void)unlink(path);
}

static void
first_is_no_users(void **state)
{
    struct uid_range r = uid_range_default();

    (void)state;
    assert_int_equal(uid_range_user_first(r), 50001);
    assert_false(uid_range_has_user(r, 0));
    assert_false(uid_range_has_user(r, 50000));
    assert_true(uid_range_has_user(r, 50001));
    assert_true(uid_range_has_user(r, 59999));
    assert_false(uid_range_has_user(r, 60000));
    assert_false(uid_range_has_user(r, UINT32_MAX));
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(range_is_read),
        cmocka_unit_test(first_is_no_users),
    };
    char root[] = "/tmp/spt-uids.XXXXXX", etc[64];
    int n;

    if (mkdtemp(root) == NULL || setenv("SALLYPORT_ROOT", root, 1) != 0)
        return 99;
    snprintf(etc, sizeof etc, "%s/etc", root);
    if (mkdir(etc, 0700) != 0)
        return 99;
    n = cmocka_run_group_tests(tests, NULL, NULL);
    (void)rmdir(etc);
    (void)rmdir(root);
    return n;
}
