/* The database as a file: full disks, damage. */
#include "saf/test_cmd.h"
#include "base/file.h"

#include <time.h>

static void
full_disk_keeps_the_old_state(void **state)
{
    struct desk d;
    const char *reply;

    (void)state;
    desk_init(&d);
    desk_run(&d, "ADDUSER FRED PASSWORD(X)");
    saf_db_run(saf_engine_db(d.engine), "PRAGMA max_page_count=1", "");
    for (int i = 0; i < 200; i++) {
        char command[300];

        snprintf(command, sizeof command, "ADDUSER U%d DATA('%0250d')", i, i);
        reply = desk_run(&d, command);
        if (d.rc != 0)
            break;
    }
    assert_int_equal(d.rc, 12);
    assert_non_null(strstr(reply, "SPT1000E ADDUSER was not carried out: the "
                                  "file system of the security database is "
                                  "full"));
    reply = desk_run(&d, "LU FRED");
    assert_int_equal(d.rc, 0);
    desk_fini(&d);
}

static void
file_survives_and_damage_is_told(void **state)
{
    char dir[] = "/tmp/safXXXXXX", path[64];
    struct saf_engine *engine = NULL;
    struct err_info why = { 0 };
    struct saf_user u;
    struct saf_db *db;
    struct arena a;
    FILE *f;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/db", dir);
    assert_int_equal(saf_engine_open(path, TEST_NOW, &engine, &why), ERR_OK);
    saf_engine_close(&engine);
    assert_int_equal(saf_db_open(path, TEST_NOW, &db, &why), ERR_OK);
    arena_init(&a, 1 << 16);
    assert_true(saf_user_get(db, &a, STR("IBMUSER"), &u));
    assert_true(saf_user_is_protected(&u));
    saf_db_run(db, "PRAGMA user_version=99", "");
    saf_db_close(&db);
    assert_int_equal(saf_db_open(path, TEST_NOW, &db, &why), ERR_NOT_NOW);
    f = fopen(path, "r+");
    assert_non_null(f);
    fputs("this is no database, whatever its name says", f);
    fclose(f);
    assert_int_equal(saf_db_open(path, TEST_NOW, &db, &why), ERR_IO);
    assert_non_null(strstr(why.text, "damaged"));
    arena_fini(&a);
    assert_int_equal(tree_remove(dir, NULL), ERR_OK);
}

/* Profiles of RDATALIB were kept in the case of their ring, once. */
static void
ring_profiles_are_folded(void **state)
{
    static const char *const before[] = { "OWNER.Ring.LST", "OWNER.My*" };
    static const char *const after[] = { "OWNER.RING.LST", "OWNER.MY*" };
    char dir[] = "/tmp/safXXXXXX", path[64];
    struct err_info why = { 0 };
    struct saf_profile p;
    struct saf_db *db;
    struct arena a;

    (void)state;
    arena_init(&a, 1 << 16);
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/db", dir);
    assert_int_equal(saf_db_open(path, TEST_NOW, &db, &why), ERR_OK);
    for (size_t i = 0; i < ARRAY_LEN(before); i++) {
        p = (struct saf_profile){ .class_name = STR("RDATALIB"),
                                  .name = str_of(before[i]),
                                  .is_generic = i == 1,
                                  .owner = STR("IBMUSER") };
        saf_profile_put(db, &p);
    }
    p = (struct saf_profile){ .class_name = STR("EJBROLE"),
                              .name = STR("a.Role"),
                              .owner = STR("IBMUSER") };
    saf_profile_put(db, &p);
    assert_int_equal(saf_db_check(db, &why), ERR_OK);
    saf_db_close(&db);
    assert_int_equal(saf_db_open(path, TEST_NOW, &db, &why), ERR_OK);
    for (size_t i = 0; i < ARRAY_LEN(before); i++) {
        assert_false(
            saf_profile_get(db, &a, STR("RDATALIB"), str_of(before[i]), &p));
        assert_true(
            saf_profile_get(db, &a, STR("RDATALIB"), str_of(after[i]), &p));
        assert_int_equal(p.is_generic, i == 1);
    }
    assert_true(saf_profile_get(db, &a, STR("EJBROLE"), STR("a.Role"), &p));
    saf_db_close(&db);
    arena_fini(&a);
    assert_int_equal(tree_remove(dir, NULL), ERR_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_disk_keeps_the_old_state),
        cmocka_unit_test(file_survives_and_damage_is_told),
        cmocka_unit_test(ring_profiles_are_folded),
    };

    setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
