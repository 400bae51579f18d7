/* The standby: whatever moment it is looked at, it is the database as of a
 * commit, and after each commit as of that one. */
#include "base/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "saf/standby.h"
#include "saf/store_copy.h"

#define NOW_MS 1600000000000ull

static char folder[64], primary[96], path[96], look[96];
static struct saf_db *db;
static struct standby *standby;
static int n_users;

static void
add_users(int n)
{
    char field[3001];
    struct arena a;

    memset(field, 'x', sizeof field);
    arena_init(&a, 1u << 20);
    for (int i = 0; i < n; i++) {
        struct saf_user u = { .user = str_fmt(&a, "U%05d", n_users++),
                              .owner = STR("IBMUSER"),
                              .dfltgrp = STR("SYS1") };

        assert_int_equal(saf_db_begin(db, NULL), ERR_OK);
        saf_user_put(db, &u);
        saf_field_put(db, SAF_KIND_USER, u.id, "OMVS", "HOME",
                      str_n(field, 3000));
        assert_int_equal(saf_db_commit(db, NULL), ERR_OK);
        arena_reset(&a);
    }
    arena_fini(&a);
}

static void
remove_one(const char *file)
{
    static const char *const ends[] = { "", "-wal", "-shm", ".new" };

    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        char name[128];

        (void)snprintf(name, sizeof name, "%s%s", file, ends[i]);
        (void)unlink(name);
        (void)rmdir(name);
    }
}

static void
copy_file(const char *end, off_t cut)
{
    char from[128], to[128];
    struct buf bytes;

    (void)snprintf(from, sizeof from, "%s%s", path, end);
    (void)snprintf(to, sizeof to, "%s%s", look, end);
    buf_init(&bytes, 256u << 20);
    if (file_read(from, &bytes, NULL) == ERR_OK) {
        assert_int_equal(file_write_atomic(to, buf_view(&bytes), 0600, NULL),
                         ERR_OK);
        if (cut > 0)
            assert_int_equal(truncate(to, (off_t)bytes.n - cut), 0);
    }
    buf_fini(&bytes);
}

/* Users in the standby as it lies there, with `cut` bytes missing at the end of
 * its log; it is not touched. */
static int
users_in_standby(off_t cut)
{
    struct store_facts facts;
    struct err_info why = { 0 };

    remove_one(look);
    copy_file("", 0);
    copy_file("-wal", cut);
    if (store_check(look, &facts, &why) != ERR_OK)
        fail_msg("%s", why.text);
    remove_one(look);
    return (int)facts.users - 4; /* IBMUSER, irrcerta, irrsitec, irrmulti */
}

static void
begin(void)
{
    assert_int_equal(standby_pin(standby, db, NULL), ERR_OK);
    standby_copy(standby);
    assert_int_equal(standby_follow(standby, NULL), ERR_OK);
    assert_true(standby_is_following(standby));
}

static int
setup(void **state)
{
    const char *shm = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

    (void)state;
    (void)snprintf(folder, sizeof folder, "%s/spt-standby.XXXXXX", shm);
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(primary, sizeof primary, "%s/racf.db", folder);
    (void)snprintf(path, sizeof path, "%s/standby.db", folder);
    (void)snprintf(look, sizeof look, "%s/look.db", folder);
    n_users = 0;
    if (saf_db_open(primary, NOW_MS, &db, NULL) != ERR_OK ||
        standby_new(primary, path, &standby, NULL) != ERR_OK)
        return -1;
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    standby_free(&standby);
    saf_db_close(&db);
    remove_one(primary);
    remove_one(path);
    remove_one(look);
    return rmdir(folder);
}

static void
follows(void **state)
{
    (void)state;
    add_users(10);
    begin();
    assert_int_equal(users_in_standby(0), 10);
    /* Its log begins anew several times. */
    for (int i = 0; i < 40; i++) {
        add_users(i % 4 == 0 ? 60 : 1);
        assert_int_equal(users_in_standby(0), n_users);
    }
    assert_null(standby_failure(standby));
    standby_stop(standby);
    add_users(5);
    assert_int_equal(users_in_standby(0), n_users - 5);
    begin(); /* again */
    assert_int_equal(users_in_standby(0), n_users);
}

static void
writes_while_it_is_copied(void **state)
{
    (void)state;
    for (int before = 0; before < 700; before += 233) {
        add_users(before);
        assert_int_equal(standby_pin(standby, db, NULL), ERR_OK);
        add_users(before + 1);
        standby_copy(standby);
        add_users(before == 466 ? 700 : 1);
        assert_int_equal(standby_follow(standby, NULL), ERR_OK);
        assert_int_equal(users_in_standby(0), n_users);
        add_users(300);
        assert_int_equal(users_in_standby(0), n_users);
    }
}

/* Everything stops while the frames of a commit are written. */
static void
cut_anywhere(void **state)
{
    off_t before, after;
    struct stat st;
    char log[128];

    (void)state;
    (void)snprintf(log, sizeof log, "%s-wal", path);
    begin();
    add_users(3);
    assert_int_equal(stat(log, &st), 0);
    before = st.st_size;
    add_users(1);
    assert_int_equal(stat(log, &st), 0);
    after = st.st_size;
    assert_true(after > before);
    for (off_t cut = 1; cut <= after - before; cut += 509)
        assert_int_equal(users_in_standby(cut), 3);
    assert_int_equal(users_in_standby(0), 4);
}

/* Who opens the standby brings its log in, and takes it away. */
static void
somebody_opens_it(void **state)
{
    struct store_facts facts;

    (void)state;
    begin();
    for (int i = 0; i < 10; i++) {
        add_users(7);
        assert_int_equal(store_check(path, &facts, NULL), ERR_OK);
        assert_int_equal(facts.users, n_users + 4);
        add_users(1);
        assert_int_equal(users_in_standby(0), n_users);
    }
    add_users(1);
    assert_int_equal(store_check(path, &facts, NULL), ERR_OK);
    standby_stop(standby);
    assert_int_equal(users_in_standby(0), n_users);
}

static void
goes_off(void **state)
{
    char log[128];

    (void)state;
    (void)snprintf(log, sizeof log, "%s-wal", path);
    begin();
    add_users(2);
    assert_int_equal(unlink(path), 0);
    add_users(1); /* the database goes on */
    assert_false(standby_is_following(standby));
    assert_non_null(standby_failure(standby));
    assert_null(standby_failure(standby));
    begin();
    add_users(1);
    assert_int_equal(users_in_standby(0), n_users);
    /* Another file took its place: nothing is added to that. */
    assert_int_equal(store_copy(primary, look, NULL), ERR_OK);
    assert_int_equal(rename(look, path), 0);
    add_users(1);
    assert_false(standby_is_following(standby));
    assert_non_null(standby_failure(standby));
    standby_stop(standby);
    remove_one(path);
    /* Nothing can be written beside it. */
    begin();
    (void)unlink(log);
    assert_int_equal(mkdir(log, 0700), 0);
    add_users(1);
    assert_false(standby_is_following(standby));
    assert_non_null(standby_failure(standby));
    add_users(400); /* and its own log still goes into its file */
    (void)snprintf(log, sizeof log, "%s-wal", primary);
    {
        struct stat st;

        assert_int_equal(stat(log, &st), 0);
        assert_true(st.st_size < 3000ll * 4096);
    }
}

static void
cannot_begin(void **state)
{
    (void)state;
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(standby_pin(standby, db, NULL), ERR_OK);
    standby_copy(standby);
    assert_int_not_equal(standby_follow(standby, NULL), ERR_OK);
    assert_false(standby_is_following(standby));
    add_users(1);
    assert_int_equal(rmdir(path), 0);
    begin();
    assert_int_equal(users_in_standby(0), 1);
}

/* A copy that is called off leaves the file as it was; another one goes on. */
static void
copy_called_off(void **state)
{
    struct store_facts before, after;
    struct err_info why = { 0 };

    (void)state;
    begin();
    standby_stop(standby);
    assert_int_equal(store_check(path, &before, NULL), ERR_OK);
    add_users(5);
    assert_int_equal(standby_pin(standby, db, NULL), ERR_OK);
    standby_cancel(standby);
    standby_copy(standby);
    assert_int_equal(standby_follow(standby, &why), ERR_NOT_NOW);
    assert_non_null(strstr(why.text, "called off"));
    assert_false(standby_is_following(standby));
    assert_int_equal(store_check(path, &after, NULL), ERR_OK);
    assert_int_equal(after.users, before.users);
    assert_int_equal(standby_pin(standby, db, NULL), ERR_OK);
    standby_copy(standby);
    assert_int_equal(standby_follow(standby, NULL), ERR_OK);
    assert_true(standby_is_following(standby));
    standby_stop(standby);
    assert_int_equal(store_check(path, &after, NULL), ERR_OK);
    assert_int_equal(after.users, before.users + 5);
}

int
main(void)
{
#define EACH(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        EACH(follows),         EACH(writes_while_it_is_copied),
        EACH(cut_anywhere),    EACH(somebody_opens_it),
        EACH(goes_off),        EACH(cannot_begin),
        EACH(copy_called_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
