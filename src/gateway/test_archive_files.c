/* Archive folders: which files count, and when one has changed. */
#include "gateway/archive_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/test.h"

static void
stamps_differ(void **state)
{
    const struct file_stamp base = { 1, 2, 3, 4000000, 5 };
    static const struct {
        struct file_stamp other;
        bool is_same, is_touched;
    } rows[] = {
        { { 1, 2, 3, 4000000, 5 }, true, false },
        { { 9, 2, 3, 4000000, 5 }, false, false }, /* another disk */
        { { 1, 9, 3, 4000000, 5 }, false, false }, /* renamed into place */
        { { 1, 2, 9, 4000000, 5 }, false, true },
        { { 1, 2, 3, 9000000, 5 }, false, true },
        { { 1, 2, 3, 3999999, 5 }, false, true },  /* an older one put back */
        { { 1, 2, 3, 4000000, 9 }, false, false }, /* chmod */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(file_stamp_is_same(&base, &rows[i].other),
                         rows[i].is_same);
        assert_int_equal(file_stamp_is_touched(&base, &rows[i].other),
                         rows[i].is_touched);
    }
}

static void
stamps_settle(void **state)
{
    static const struct {
        int64_t changed_ms;
        bool is_fresh;
    } rows[] = {
        { 100000, true },  { 99001, true },   { 99000, false },
        { 0, false },      { 100999, true }, /* another machine's clock */
        { 101000, false }, { 900000, false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct file_stamp stamp = { .changed_ns =
                                        rows[i].changed_ms * 1000000 };

        if (file_stamp_is_fresh(&stamp, 100000) != rows[i].is_fresh)
            fail_msg("row %zu", i);
    }
}

static void
put(const char *folder, const char *name, const char *text)
{
    char path[256];
    struct err_info why;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(file_write_atomic(path, str_of(text), 0600, &why), ERR_OK);
}

static void
folders_are_scanned(void **state)
{
    char folder[] = "/tmp/sallyport-files-XXXXXX";
    char path[256], outside[256];
    struct folder_files files = { 0 };
    struct err_info why = { 0 };

    (void)state;
    assert_non_null(mkdtemp(folder));
    put(folder, "b.aar", "bb");
    put(folder, "a.aar", "a");
    put(folder, ".c.aar", "hidden");
    put(folder, "d.aar.part", "other suffix");
    put(folder, "E.AAR", "other case");
    snprintf(path, sizeof path, "%s/pipe.aar", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    snprintf(path, sizeof path, "%s/folder.aar", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/gone.aar", folder);
    assert_int_equal(symlink("nowhere", path), 0);
    snprintf(outside, sizeof outside, "%s/b.aar", folder);
    snprintf(path, sizeof path, "%s/link.aar", folder);
    assert_int_equal(symlink(outside, path), 0);
    assert_int_equal(folder_scan(folder, ".aar", &files, &why), ERR_OK);
    assert_int_equal(files.n, 3);
    assert_string_equal(files.v[0].name, "a.aar");
    assert_string_equal(files.v[1].name, "b.aar");
    assert_string_equal(files.v[2].name, "link.aar");
    assert_true(file_stamp_is_same(&files.v[1].stamp, &files.v[2].stamp));
    assert_int_equal(files.v[1].stamp.bytes, 2);
    folder_files_free(&files);
    /* what is missing is empty; what is no folder is an error */
    snprintf(path, sizeof path, "%s/none", folder);
    assert_int_equal(folder_scan(path, ".aar", &files, &why), ERR_OK);
    assert_int_equal(files.n, 0);
    snprintf(path, sizeof path, "%s/a.aar", folder);
    assert_int_equal(folder_scan(path, ".aar", &files, &why), ERR_IO);
    folder_files_free(&files);
    assert_int_equal(tree_remove(folder, &why), ERR_OK);
}

static void
files_are_read(void **state)
{
    char folder[] = "/tmp/sallyport-files-XXXXXX";
    static const struct {
        const char *name;
        enum err want;
    } rows[] = {
        { "none", ERR_NOT_FOUND },
        { "pipe", ERR_NOT_FOUND }, /* and nobody waits for its writer */
        { "folder", ERR_NOT_FOUND },
        { "large", ERR_LIMIT },
    };
    struct file_stamp stamp = { .bytes = 77 };
    struct err_info why = { 0 };
    struct buf bytes;
    char path[256];

    (void)state;
    assert_non_null(mkdtemp(folder));
    put(folder, "good", "12345678");
    put(folder, "large", "123456789");
    snprintf(path, sizeof path, "%s/pipe", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    snprintf(path, sizeof path, "%s/folder", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        buf_init(&bytes, 8);
        snprintf(path, sizeof path, "%s/%s", folder, rows[i].name);
        assert_int_equal(archive_file_read(path, &bytes, &stamp, &why),
                         rows[i].want);
        assert_int_equal(stamp.bytes, 77);
        buf_fini(&bytes);
    }
    buf_init(&bytes, 8);
    snprintf(path, sizeof path, "%s/good", folder);
    assert_int_equal(archive_file_read(path, &bytes, &stamp, &why), ERR_OK);
    assert_int_equal(stamp.bytes, 8);
    assert_true(str_eq_z(buf_view(&bytes), "12345678"));
    buf_fini(&bytes);
    assert_int_equal(tree_remove(folder, &why), ERR_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stamps_differ),
        cmocka_unit_test(stamps_settle),
        cmocka_unit_test(folders_are_scanned),
        cmocka_unit_test(files_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
