/* Which files have changed since they were read, whatever happens meanwhile. */
#include "base/test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "watched.h"

#define FILES 3
static const char *const names[FILES] = { "a.xml", "b.xml", "c.xml" };

/* Long ago, so that nothing counts as unsettled; with the same size. */
static void
put(const char *name, char text, time_t seconds)
{
    struct timespec times[2] = { { seconds, 0 }, { seconds, 0 } };
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (fd < 0 || write(fd, &text, 1) != 1 || futimens(fd, times) != 0)
        fail_msg("%s", name);
    close(fd);
}

static void
replace(const char *name, char text, time_t seconds)
{
    put("new", text, seconds);
    assert_int_equal(rename("new", name), 0);
}

static int
to_a_folder(void **state)
{
    static char folder[] = "/tmp/watched.XXXXXX";

    *state = mkdtemp(folder);
    return *state == NULL || chdir(*state) != 0;
}

static int
away(void **state)
{
    for (size_t i = 0; i < FILES; i++)
        unlink(names[i]);
    return chdir("/") != 0 || rmdir(*state) != 0;
}

/* What one does between a look at a.xml and b.xml and the end of reading. */
enum act {
    NOTHING,
    WRITE,
    RENAME_OLDER, /* as "mv" of a file that was written before */
    REMOVE,
    APPEAR,
    OTHER,
};

static void
act(enum act what)
{
    switch (what) {
    case NOTHING:
        break;
    case WRITE:
        put("a.xml", 'y', 2000);
        break;
    case RENAME_OLDER:
        replace("a.xml", 'y', 1000);
        break;
    case REMOVE:
        unlink("a.xml");
        break;
    case APPEAR:
        replace("b.xml", 'x', 500);
        break;
    case OTHER:
        replace("c.xml", 'x', 500);
        break;
    }
}

static void
while_it_is_read(void **state)
{
    static const struct {
        enum act what;
        const char *changed;
    } rows[] = {
        { NOTHING, NULL },   { WRITE, "a.xml" },  { RENAME_OLDER, "a.xml" },
        { REMOVE, "a.xml" }, { APPEAR, "b.xml" }, { OTHER, NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows) * 2; i++) {
        struct watched files = { 0 };
        const char *changed, *want = rows[i / 2].changed;

        unlink("b.xml");
        put("a.xml", 'x', 1000);
        watched_begin(&files);
        watched_look(&files, STR("a.xml"));
        watched_look(&files, STR("b.xml"));
        act(rows[i / 2].what);
        watched_end(&files, i % 2 != 0);
        changed = watched_changed(&files);
        if ((changed == NULL) != (want == NULL) ||
            (want != NULL && strcmp(changed, want) != 0))
            fail_msg("row %zu: %s", i, changed == NULL ? "none" : changed);
        watched_begin(&files);
        assert_null(watched_changed(&files));
        watched_free(&files);
    }
}

static void
reading(struct watched *files, const char *which, bool is_taken)
{
    watched_begin(files);
    for (; *which != '\0'; which++)
        watched_look(files, str_of(names[*which - 'a']));
    watched_end(files, is_taken);
}

/* Which of the files are watched, which are in use (upper case). */
static void
assert_watched(const struct watched *files, const char *want)
{
    char got[FILES + 1] = "";

    assert_true(files->n <= FILES);
    for (size_t i = 0; i < files->n; i++)
        got[i] =
            (char)(files->v[i].path[0] - (files->v[i].is_used ? 'a' - 'A' : 0));
    assert_string_equal(got, want);
}

static void
taken_or_not(void **state)
{
    static const struct {
        const char *looked;
        bool is_taken;
        const char *watched;
    } rows[] = {
        { "ab", true, "AB" }, { "a", false, "AB" },   { "ac", false, "ABc" },
        { "a", false, "AB" }, { "bc", false, "ABc" }, { "ac", true, "AC" },
        { "", false, "AC" },  { "", true, "" },       { "c", false, "c" },
        { "b", false, "b" },  { "bb", true, "B" },
    };
    struct watched files = { 0 };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        reading(&files, rows[i].looked, rows[i].is_taken);
        assert_watched(&files, rows[i].watched);
    }
    watched_free(&files);
}

/* One that was refused is not read again, one in use that it did not reach is
 * not either; each counts when it changes again. */
static void
refused_once(void **state)
{
    struct watched files = { 0 };

    (void)state;
    for (size_t i = 0; i < FILES; i++)
        put(names[i], 'x', 1000);
    reading(&files, "ab", true);
    put("b.xml", 'y', 1500);
    assert_string_equal(watched_changed(&files), "b.xml");
    reading(&files, "ac", false);
    assert_null(watched_changed(&files));
    put("c.xml", 'y', 1500);
    assert_string_equal(watched_changed(&files), "c.xml");
    reading(&files, "ac", false);
    put("b.xml", 'z', 1600);
    assert_string_equal(watched_changed(&files), "b.xml");
    watched_free(&files);
}

/* Written now and again with the same size and, perhaps, the same time. */
static void
unsettled(void **state)
{
    struct watched files = { 0 };
    const char *changed = NULL;

    (void)state;
    for (int tries = 0; tries < 100 && changed == NULL; tries++) {
        assert_int_equal(close(creat("a.xml", 0600)), 0);
        reading(&files, "a", true); /* unless we are kept waiting here */
        changed = watched_changed(&files);
    }
    assert_string_equal(changed, "a.xml");
    assert_int_equal(files.v[0].stamp.changed_ns, WATCHED_UNSETTLED);
    watched_settle(&files);
    reading(&files, "a", true);
    assert_null(watched_changed(&files));
    put("a.xml", 'x', time(NULL) + 3600); /* a clock that goes wrong */
    reading(&files, "a", true);
    assert_null(watched_changed(&files));
    watched_free(&files);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(while_it_is_read),
        cmocka_unit_test(taken_or_not),
        cmocka_unit_test(refused_once),
        cmocka_unit_test(unsettled),
    };

    return cmocka_run_group_tests(tests, to_a_folder, away);
}
