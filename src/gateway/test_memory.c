/* Control groups as files of a scratch folder. */
#include "base/test.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "gateway/memory.h"

static char root[] = "/tmp/test-memory.XXXXXX";

static void
put(const char *path, const char *text)
{
    char full[512], *slash;

    snprintf(full, sizeof full, "%s/%s", root, path);
    slash = strrchr(full, '/');
    *slash = '\0';
    assert_int_equal(dir_make(full, 0700, NULL), ERR_OK);
    *slash = '/';
    assert_int_equal(file_write_atomic(full, str_of(text), 0600, NULL), ERR_OK);
}

static size_t
limit(void)
{
    return memory_limit(root, root);
}

static void
the_least_limit_counts(void **state)
{
    static const struct {
        const char *groups, *file, *value;
        size_t want; /* 0: the machine's */
    } rows[] = {
        { "0::/", "memory.max", "1000", 1000 },
        { "0::/a/b\n", "a/b/memory.max", "2000\n", 2000 },
        { "0::/a/b\n", "a/memory.max", "500\n", 500 },
        { "0::/a/b\n", "a/memory.max", "max\n", 2000 },
        { "0::/c\n", "c/memory.max", "max\n", 0 },
        { "9:cpu:/x\n4:memory:/y/z\n0::/\n", "memory/y/z/memory.limit_in_bytes",
          "700\n", 700 },
        { "4:memory:/y/z\n", "memory/y/memory.limit_in_bytes",
          "9223372036854771712\n", 700 },
        { "nonsense\n4:memory\n::\n", "x", "", 0 },
        { "", "x", "", 0 },
        { "0::/a/b\n", "a/b/memory.max", "-1\n", 0 },
    };
    size_t machine;

    (void)state;
    machine = memory_limit("/nowhere", "/nowhere");
    assert_true(machine > 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        put("self/cgroup", rows[i].groups);
        put(rows[i].file, rows[i].value);
        assert_int_equal(limit(), rows[i].want == 0 ? machine : rows[i].want);
        if (i == 0) {
            char path[512];

            snprintf(path, sizeof path, "%s/memory.max", root);
            assert_int_equal(unlink(path), 0);
        }
    }
}

static void
what_the_process_has(void **state)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    (void)state;
    assert_true(memory_resident("/proc") > 0);
    assert_int_equal(memory_resident("/nowhere"), 0);
    put("self/statm", "100 30 5 1 0 9 0\n");
    assert_int_equal(memory_resident(root), 30 * page);
    put("self/statm", "100");
    assert_int_equal(memory_resident(root), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_limit_counts),
        cmocka_unit_test(what_the_process_has),
    };
    int failed;

    if (mkdtemp(root) == NULL)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    IGNORE(tree_remove(root, NULL));
    return failed;
}
