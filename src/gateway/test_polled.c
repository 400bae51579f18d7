/* Polled key stores: each file at its own rate, with the time as a parameter.
 */
#include "base/test.h"

#include <unistd.h>

#include "base/file.h"
#include "gateway/snapshot.h"

static void
write_file(const char *path, const char *text)
{
    assert_int_equal(file_write_atomic(path, str_of(text), 0600, NULL), ERR_OK);
}

static void
each_file_at_its_rate(void **state)
{
    char dir[] = "/tmp/polled.XXXXXX", often[64], seldom[64];
    struct polled_file files[2] = { { .rate_ms = 500 }, { .rate_ms = 60000 } };
    struct snapshot s = { .polled = files, .n_polled = 2 };

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(often, sizeof often, "%s/often", dir);
    snprintf(seldom, sizeof seldom, "%s/seldom", dir);
    files[0].path = often;
    files[1].path = seldom;
    write_file(often, "1");
    write_file(seldom, "1");
    snapshot_polled_seen(&s);
    assert_null(snapshot_polled_change(&s, 1000)); /* the rates begin */
    write_file(often, "22");
    write_file(seldom, "22");
    assert_null(snapshot_polled_change(&s, 1499));
    assert_string_equal(snapshot_polled_change(&s, 1500), often);
    snapshot_polled_seen(&s);
    write_file(seldom, "333");
    assert_null(snapshot_polled_change(&s, 60999));
    assert_string_equal(snapshot_polled_change(&s, 61000), seldom);
    snapshot_polled_seen(&s);
    assert_null(snapshot_polled_change(&s, 61500));
    unlink(often);
    assert_string_equal(snapshot_polled_change(&s, 62000), often);
    unlink(seldom);
    rmdir(dir);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_file_at_its_rate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
