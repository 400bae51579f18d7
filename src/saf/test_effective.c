/* What is stored and what is effective: two states until a REFRESH. */
#include "saf/test_cmd.h"

#include <time.h>

static struct saf_rc
check(struct desk *d, const char *user, const char *class_name,
      const char *resource)
{
    struct saf_decision got;

    desk_be(d, user);
    got = saf_authorize(d->engine, &d->acee, str_of(class_name),
                        str_of(resource), SAF_READ, NULL);
    desk_be(d, "IBMUSER");
    return got.rc;
}

/* PERMIT changes the database; the answer changes at REFRESH. */
static void
stored_and_effective(void **state)
{
    static const char *const setup[] = {
        "ADDUSER FRED PASSWORD(X)",
        "SETROPTS CLASSACT(FACILITY) GENERIC(FACILITY)",
        "RDEFINE FACILITY A.B UACC(NONE)",
        "SETROPTS RACLIST(FACILITY)",
        "PERMIT A.B CLASS(FACILITY) ID(FRED) ACCESS(READ)",
    };
    struct desk d;

    (void)state;
    desk_prepare(&d, setup, ARRAY_LEN(setup));
    assert_int_equal(check(&d, "FRED", "FACILITY", "a.b").saf, 8);
    desk_run(&d, "SETROPTS RACLIST(FACILITY) REFRESH");
    assert_int_equal(check(&d, "FRED", "FACILITY", "A.B").saf, 0);
    desk_run(&d, "RDELETE FACILITY A.B");
    assert_int_equal(check(&d, "FRED", "FACILITY", "A.B").saf, 0);
    desk_run(&d, "SETROPTS RACLIST(FACILITY) REFRESH");
    assert_int_equal(check(&d, "FRED", "FACILITY", "A.B").saf, 4);
    /* Activity and list-of-groups are no profiles: at once. */
    desk_run(&d, "RDEFINE FACILITY A.B UACC(NONE)");
    desk_run(&d, "SETROPTS RACLIST(FACILITY) REFRESH");
    assert_int_equal(check(&d, "FRED", "FACILITY", "A.B").saf, 8);
    desk_run(&d, "SETROPTS NOCLASSACT(FACILITY)");
    assert_int_equal(check(&d, "FRED", "FACILITY", "A.B").saf, 4);
    desk_fini(&d);
}

/* Without RACLIST the store answers, and three answers differ. */
static void
stored_classes_answer_at_once(void **state)
{
    static const char *const setup[] = {
        "ADDUSER FRED PASSWORD(X)",
        "SETROPTS CLASSACT(FACILITY) GENERIC(FACILITY)",
        "RDEFINE FACILITY A.** UACC(NONE)",
    };
    struct saf_rc rc;
    struct desk d;

    (void)state;
    desk_prepare(&d, setup, ARRAY_LEN(setup));
    rc = check(&d, "FRED", "FACILITY", "A.B");
    assert_int_equal(rc.saf, 8);
    assert_int_equal(rc.racf, 8);
    desk_run(&d, "PERMIT A.** CLASS(FACILITY) ID(FRED)");
    assert_int_equal(check(&d, "FRED", "FACILITY", "A.B").saf, 0);
    rc = check(&d, "FRED", "FACILITY", "B");
    assert_int_equal(rc.saf, 4);
    assert_int_equal(rc.racf, 4);
    rc = check(&d, "FRED", "NOCLASS", "B");
    assert_int_equal(rc.saf, 4);
    assert_int_equal(rc.racf, 0);
    /* A deleted user's entry stays and means the same name again. */
    desk_run(&d, "DELUSER FRED");
    desk_run(&d, "ADDUSER FRED PASSWORD(X)");
    assert_int_equal(check(&d, "FRED", "FACILITY", "A.B").saf, 0);
    desk_fini(&d);
}

/* EJBROLE keeps case; members of GEJBROLE are merged when RACLISTed. */
static void
grouping_class(void **state)
{
    static const char *const setup[] = {
        "ADDUSER FRED PASSWORD(X)",
        "SETROPTS CLASSACT(EJBROLE) GENERIC(EJBROLE)",
        "RDEFINE GEJBROLE ROLES ADDMEM(app.Read app.Write) UACC(NONE)",
        "PERMIT ROLES CLASS(GEJBROLE) ID(FRED) ACCESS(READ)",
    };
    struct desk d;

    (void)state;
    desk_prepare(&d, setup, ARRAY_LEN(setup));
    assert_int_equal(check(&d, "FRED", "EJBROLE", "app.Read").saf, 4);
    desk_run(&d, "SETROPTS RACLIST(EJBROLE)");
    assert_int_equal(check(&d, "FRED", "EJBROLE", "app.Read").saf, 0);
    assert_int_equal(check(&d, "FRED", "EJBROLE", "APP.READ").saf, 4);
    assert_int_equal(check(&d, "FRED", "GEJBROLE", "ROLES").saf, 4);
    desk_fini(&d);
}

static void
started_tasks(void **state)
{
    static const char *const setup[] = {
        "ADDUSER LIBSERV",
        "SETROPTS CLASSACT(STARTED) GENERIC(STARTED) RACLIST(STARTED)",
        "RDEFINE STARTED BAQSTRT.* STDATA(USER(LIBSERV) TRUSTED(YES))",
        "RDEFINE STARTED *.* STDATA(USER(=MEMBER) GROUP(SYS1))",
    };
    struct saf_started got;
    struct desk d;

    (void)state;
    desk_prepare(&d, setup, ARRAY_LEN(setup));
    assert_int_equal(
        saf_started(d.engine, STR("BAQSTRT"), STR("BAQSTRT"), &got, NULL),
        ERR_OK);
    assert_false(got.is_found); /* not before REFRESH */
    desk_run(&d, "SETROPTS RACLIST(STARTED) REFRESH");
    assert_int_equal(
        saf_started(d.engine, STR("BAQSTRT"), STR("BAQSTRT"), &got, NULL),
        ERR_OK);
    assert_true(got.is_found && got.is_trusted);
    assert_string_equal(got.user, "LIBSERV");
    assert_string_equal(got.profile, "BAQSTRT.*");
    desk_run(&d, "RALTER STARTED BAQSTRT.* STDATA(USER(IBMUSER))");
    assert_int_equal(
        saf_started(d.engine, STR("BAQSTRT"), STR("BAQSTRT"), &got, NULL),
        ERR_OK);
    assert_string_equal(got.user, "LIBSERV"); /* until REFRESH */
    assert_int_equal(
        saf_started(d.engine, STR("other"), STR("JOB"), &got, NULL), ERR_OK);
    assert_string_equal(got.user, "OTHER");
    assert_string_equal(got.group, "SYS1");
    desk_fini(&d);
}

/* =MEMBER for both in a generic profile would make anybody's id one of started
 * tasks. */
static void
started_as_member(void **state)
{
    static const char *const setup[] = {
        "SETROPTS CLASSACT(STARTED) GENERIC(STARTED)",
        "RDEFINE STARTED A.* STDATA(USER(=MEMBER))",
        "RDEFINE STARTED B.* STDATA(USER(=MEMBER) GROUP(=MEMBER))",
        "RDEFINE STARTED C.* STDATA(USER(=MEMBER) GROUP(SYS1))",
        "RDEFINE STARTED D.* STDATA(USER(IBMUSER) GROUP(=MEMBER))",
        "RDEFINE STARTED E.E STDATA(USER(=MEMBER))",
        "RDEFINE STARTED F.*",
        "SETROPTS RACLIST(STARTED)",
    };
    static const struct {
        const char *member;
        enum err want;
        const char *user;
    } rows[] = {
        { "A", ERR_DENIED, "" },     { "B", ERR_DENIED, "" },
        { "C", ERR_OK, "C" },        { "D", ERR_OK, "IBMUSER" },
        { "E", ERR_OK, "E" },        { "F", ERR_OK, "" },
        { "LONGERMEM", ERR_OK, "" }, /* no profile */
    };
    struct desk d;

    (void)state;
    desk_prepare(&d, setup, ARRAY_LEN(setup));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str member = str_of(rows[i].member);
        struct saf_started got;

        assert_int_equal(saf_started(d.engine, member, member, &got, NULL),
                         rows[i].want);
        assert_string_equal(got.user, rows[i].user);
    }
    desk_fini(&d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stored_and_effective),
        cmocka_unit_test(stored_classes_answer_at_once),
        cmocka_unit_test(grouping_class),
        cmocka_unit_test(started_tasks),
        cmocka_unit_test(started_as_member),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
