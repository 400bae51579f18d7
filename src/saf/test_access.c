/* The whole of an access decision, through commands: variables, the global
 * access table, data sets, dynamic classes, conditions, OPERATIONS; and what
 * EXPLAIN says of it. */
#include "base/file.h"
#include "saf/classes.h"
#include "saf/test_cmd.h"

#include <time.h>

#define RVARY_WRONG                                                            \
    "SPT1013E RVARY takes one of LIST, SWITCH, ACTIVE and INACTIVE, the last " \
    "three with or without DATASET.\n"

struct ask {
    const char *user, *class_name, *resource;
    enum saf_level level;
    uint32_t saf;
    const char *entry;
};

static struct saf_decision
check_at(struct desk *d, const struct ask *a, const struct saf_where *where)
{
    struct saf_decision got;

    desk_be(d, a->user);
    got = saf_authorize(d->engine, &d->acee, str_of(a->class_name),
                        str_of(a->resource), a->level, where);
    desk_be(d, "IBMUSER");
    return got;
}

static void
expect_all(struct desk *d, const struct ask *asks, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct saf_decision got = check_at(d, &asks[i], NULL);

        if (got.rc.saf != asks[i].saf || strcmp(got.entry, asks[i].entry) != 0)
            fail_msg("%s %s %s: %u by %s, profile %s", asks[i].user,
                     asks[i].class_name, asks[i].resource, got.rc.saf,
                     got.entry, got.profile);
    }
}
#define EXPECT(d, ...)                                                         \
    expect_all((d), (const struct ask[]){ __VA_ARGS__ },                       \
               sizeof((const struct ask[]){ __VA_ARGS__ }) /                   \
                   sizeof(struct ask))

static void
variables(void **state)
{
    static const char *const setup[] = {
        "ADDUSER FRED PASSWORD(X)",
        "SETROPTS CLASSACT(FACILITY RACFVARS) GENERIC(FACILITY)",
        "RDEFINE RACFVARS &REGION ADDMEM(NORTH SOUTH)",
        "SETROPTS RACLIST(RACFVARS)",
        "RDEFINE FACILITY PAY.&REGION.DATA UACC(READ)",
        "RDEFINE FACILITY PAY.NORTH.DATA UACC(UPDATE) OWNER(SYS1)",
        "RDEFINE FACILITY PAY.% UACC(NONE)",
        "RDEFINE FACILITY &REGION.** UACC(CONTROL)",
        "RDEFINE FACILITY X.&NONE UACC(READ)",
        "SETROPTS RACLIST(FACILITY)",
    };
    struct desk d;

    (void)state;
    desk_prepare(&d, setup, ARRAY_LEN(setup));
    EXPECT(&d, { "FRED", "FACILITY", "PAY.SOUTH.DATA", SAF_READ, 0, "UACC" },
           { "FRED", "FACILITY", "PAY.SOUTH.DATA", SAF_UPDATE, 8, "UACC" },
           { "FRED", "FACILITY", "PAY.NORTH.DATA", SAF_UPDATE, 0, "UACC" },
           { "FRED", "FACILITY", "PAY.WEST.DATA", SAF_READ, 4, "" },
           { "FRED", "FACILITY", "SOUTH.A.B", SAF_CONTROL, 0, "UACC" },
           { "FRED", "FACILITY", "SOUTHERN", SAF_CONTROL, 4, "" },
           { "FRED", "FACILITY", "X.NONE", SAF_READ, 4, "" });
    assert_string_equal(desk_run(&d, "RLIST FACILITY NORTH.A NORACF STDATA"),
                        "CLASS      NAME\n-----      ----\n"
                        "FACILITY   &REGION.** (G)\n"
                        "\nNO STDATA INFORMATION\n");
    assert_int_equal(d.rc, 0); /* found through the variable */
    /* A new member waits for the REFRESH of RACFVARS, and of no other class. */
    desk_run(&d, "RALTER RACFVARS &REGION ADDMEM(WEST) DELMEM(SOUTH)");
    EXPECT(&d, { "FRED", "FACILITY", "PAY.WEST.DATA", SAF_READ, 4, "" });
    desk_run(&d, "SETROPTS RACLIST(RACFVARS) REFRESH");
    EXPECT(&d, { "FRED", "FACILITY", "PAY.WEST.DATA", SAF_READ, 0, "UACC" },
           { "FRED", "FACILITY", "PAY.SOUTH.DATA", SAF_READ, 4, "" });
    desk_run(&d, "SETROPTS NOCLASSACT(RACFVARS)");
    EXPECT(&d, { "FRED", "FACILITY", "PAY.WEST.DATA", SAF_READ, 4, "" });
    desk_fini(&d);
}

static void
global_access_table(void **state)
{
    static const char *const setup[] = {
        "ADDUSER (FRED REST) PASSWORD(X)",
        "ALTUSER REST RESTRICTED",
        "SETROPTS CLASSACT(FACILITY) GENERIC(FACILITY)",
        "RDEFINE FACILITY A.** UACC(NONE)",
        "RDEFINE GLOBAL FACILITY ADDMEM(A.B/READ A.*/UPDATE &RACUID.**/ALTER)",
        "SETROPTS RACLIST(FACILITY)",
    };
    struct desk d;

    (void)state;
    desk_prepare(&d, setup, ARRAY_LEN(setup));
    EXPECT(&d, { "FRED", "FACILITY", "A.B", SAF_READ, 8, "UACC" });
    desk_run(&d, "SETROPTS GLOBAL(FACILITY)");
    EXPECT(&d, { "FRED", "FACILITY", "A.B", SAF_READ, 0, "GLOBAL" },
           /* The first entry that matches decides; it only grants. */
           { "FRED", "FACILITY", "A.B", SAF_UPDATE, 8, "UACC" },
           { "FRED", "FACILITY", "A.C", SAF_UPDATE, 0, "GLOBAL" },
           { "FRED", "FACILITY", "FRED.X", SAF_ALTER, 0, "GLOBAL" },
           { "FRED", "FACILITY", "MARY.X", SAF_READ, 4, "" },
           { "REST", "FACILITY", "A.B", SAF_READ, 8, "" });
    desk_run(&d, "RALTER GLOBAL FACILITY DELMEM(A.B/READ)");
    EXPECT(&d, { "FRED", "FACILITY", "A.B", SAF_UPDATE, 8, "UACC" });
    assert_string_equal(desk_run(&d, "SETROPTS GLOBAL(FACILITY) REFRESH"),
                        "ICH14063I SETROPTS command complete.\n");
    EXPECT(&d, { "FRED", "FACILITY", "A.B", SAF_UPDATE, 0, "GLOBAL" });
    assert_string_equal(desk_run(&d, "RALTER GLOBAL FACILITY ADDMEM(X.Y/SOME)"),
                        "IKJ56702I INVALID MEMBER, X.Y/SOME\n");
    desk_run(&d, "SETROPTS NOGLOBAL(FACILITY)");
    EXPECT(&d, { "FRED", "FACILITY", "A.B", SAF_READ, 8, "UACC" });
    desk_fini(&d);
}

static void
data_sets(void **state)
{
    static const char *const setup[] = {
        "ADDGROUP PAY",
        "ADDUSER (FRED MARY OPER) PASSWORD(X)",
        "CONNECT OPER GROUP(PAY) OPERATIONS",
        "SETROPTS GENERIC(DATASET)",
        "ADDSD 'PAY.*' UACC(READ)",
        "ADDSD 'PAY.DATA.**' UACC(NONE)",
        "ADDSD 'PAY.PROD*.X' UACC(UPDATE)",
        "ADDSD 'FRED.**' UACC(NONE)",
        "ADDSD 'SYS1.PARM.LIB' UACC(READ) GENERIC",
        "PERMIT 'PAY.DATA.**' ID(MARY) ACCESS(UPDATE)",
    };
    struct desk d;

    (void)state;
    desk_prepare(&d, setup, ARRAY_LEN(setup));
    EXPECT(&d, { "MARY", "DATASET", "PAY.FILE", SAF_READ, 0, "UACC" },
           /* EGN: * alone is one qualifier. */
           { "MARY", "DATASET", "PAY.A.B", SAF_READ, 4, "" },
           { "MARY", "DATASET", "PAY.DATA", SAF_UPDATE, 0, "MARY" },
           { "MARY", "DATASET", "PAY.DATA.A.B", SAF_UPDATE, 0, "MARY" },
           { "MARY", "DATASET", "PAY.PROD12.X", SAF_UPDATE, 0, "UACC" },
           { "MARY", "DATASET", "PAY.PROD.A.X", SAF_UPDATE, 4, "" },
           { "FRED", "DATASET", "FRED.ANY", SAF_ALTER, 0, "OWN" },
           { "MARY", "DATASET", "FRED.ANY", SAF_READ, 8, "UACC" },
           { "MARY", "DATASET", "sys1.parm.lib", SAF_READ, 0, "UACC" },
           /* In the scope of the group only. */
           { "OPER", "DATASET", "PAY.DATA.A", SAF_ALTER, 0, "OPERATIONS" },
           { "OPER", "DATASET", "FRED.ANY", SAF_READ, 8, "UACC" },
           { "OPER", "DATASET", "NO.PROFILE", SAF_READ, 4, "" });
    desk_run(&d, "SETROPTS PROTECTALL(FAILURES)");
    EXPECT(&d, { "MARY", "DATASET", "NO.PROFILE", SAF_READ, 8, "" });
    desk_run(&d, "SETROPTS PROTECTALL(WARNING)");
    EXPECT(&d, { "MARY", "DATASET", "NO.PROFILE", SAF_READ, 0, "" });
    desk_run(&d, "SETROPTS NOPROTECTALL");
    EXPECT(&d, { "MARY", "DATASET", "NO.PROFILE", SAF_READ, 4, "" });
    desk_fini(&d);
}

static void
data_set_commands(void **state)
{
    static const struct row rows[] = {
        { "ADDSD 'NOBODY.X' UACC(READ)", 4,
          "ICH09006I USER OR GROUP NOBODY   NOT DEFINED TO RACF\n" },
        { "ADDSD 'SYS1'", 8, "IKJ56702I INVALID DATASET NAME, 'SYS1'\n" },
        { "ADDSD 'SYS1.TOOLONGQUAL'", 8,
          "IKJ56702I INVALID DATASET NAME, 'SYS1.TOOLONGQUAL'\n" },
        { "ADDSD 'SYS*.A'", 8, "IKJ56702I INVALID DATASET NAME, 'SYS*.A'\n" },
        { "ADDSD 'SYS1.A.'", 8, "IKJ56702I INVALID DATASET NAME, 'SYS1.A.'\n" },
        { "ADDSD 'SYS1.../X'", 8,
          "IKJ56702I INVALID DATASET NAME, 'SYS1.../X'\n" },
        { "SETROPTS GENERIC(DATASET)", 0,
          "ICH14063I SETROPTS command complete.\n" },
        { "ADDSD 'SYS1.PARM.*' UACC(READ) NOTIFY", 0, "" },
        { "ADDSD 'SYS1.PARM.*'", 4,
          "ICH09005I SYS1.PARM.* ALREADY DEFINED TO RACF\n" },
        { "ADDSD MINE.**", 0, "" }, /* without quotes: the issuer's */
        { "ALTDSD 'SYS1.NONE' UACC(READ)", 4,
          "ICH22001I SYS1.NONE NOT DEFINED TO RACF\n" },
        { "ALTDSD 'SYS1.PARM.*' UACC(UPDATE) ERASE DATA('libs') NONOTIFY", 0,
          "" },
        { "LISTDSD DATASET('SYS1.NONE')", 4,
          "ICH35003I NO RACF DESCRIPTION FOUND FOR SYS1.NONE\n" },
        { "LISTDSD DATASET('SYS1.PARM.LIB')", 0,
          "INFORMATION FOR DATASET SYS1.PARM.* (G)\n\n"
          "LEVEL  OWNER    UNIVERSAL ACCESS   WARNING   ERASE\n"
          "-----  -------- ----------------   -------   -----\n"
          " 00    IBMUSER         UPDATE        NO      YES\n\n"
          "AUDITING\n--------\nFAILURES(READ)\n\n"
          "NOTIFY\n--------\nNO USER TO BE NOTIFIED\n\n"
          "YOUR ACCESS  CREATION GROUP  DATASET TYPE\n"
          "-----------  --------------  ------------\n"
          "   ALTER        SYS1           NON-VSAM\n\n"
          "INSTALLATION DATA\n-----------------\nlibs\n" },
        { "LD DA('SYS1.PARM.*') AUTHUSER NORACF", 0,
          "INFORMATION FOR DATASET SYS1.PARM.* (G)\n" },
        { "PERMIT 'SYS1.PARM.*' ID(*) ACCESS(READ)", 0, "" },
        { "PERMIT MINE.** ID(*)", 0, "" },
        { "ADDSD 'SYS1.FULL.NAME' GENERIC", 0, "" },
        { "PERMIT 'SYS1.FULL.NAME' ID(*)", 8,
          "ICH06004I SYS1.FULL.NAME NOT DEFINED TO RACF\n" },
        { "PERMIT 'SYS1.FULL.NAME' ID(*) GENERIC", 0, "" },
        { "DELDSD 'SYS1.FULL.NAME'", 0, "" },
        { "SEARCH FILTER(SYS1.**)", 0, "SYS1.PARM.* (G)\n" },
        { "SEARCH CLASS(DATASET)", 0,
          "IBMUSER.MINE.** (G)\nSYS1.PARM.* (G)\n" },
        { "RDEFINE DATASET A.B", 8,
          "IKJ56702I INVALID CLASS, DATASET\n"
          "IKJ56701I MISSING ENTITY NAME+\n"
          "IKJ56701I MISSING NAME OF ENTITY IN SPECIFIED CLASS\n" },
        { "DELDSD 'SYS1.PARM.*'", 0, "" },
        { "DELDSD 'SYS1.PARM.*'", 4,
          "ICH09020I SYS1.PARM.* NOT DEFINED TO RACF\n" },
        { "LISTDSD ID(SYS1)", 4, "ICH35001I NO DATASETS LISTED\n" },
        { "RVARY LIST", 0,
          "ICH15013I RACF DATABASE STATUS:\n"
          "ACTIVE  USE   NUMBER  VOLUME   DATASET\n"
          "------  ---   ------  ------   -------\n"
          " YES    PRIM     1    LINUX    (in storage)\n"
          "ICH15020I RVARY COMMAND HAS FINISHED PROCESSING.\n" },
        { "RVARY SWITCH", 8, "SPT1018E There is no standby database.\n" },
        { "RVARY ACTIVE", 8, "SPT1018E There is no standby database.\n" },
        { "RVARY", 8, RVARY_WRONG },
        { "RVARY LIST SWITCH", 8, RVARY_WRONG },
        { "RVARY LIST DATASET(X)", 8, RVARY_WRONG },
        { "RVARY NOLIST", 8, RVARY_WRONG },
        { "RVARY DATASHARE", 8, RVARY_WRONG },
        { "RVARY ACTIVE DATASHARE", 8, RVARY_WRONG },
    };
    static const struct row by_fred[] = {
        { "ADDSD 'SYS1.X'", 8, "ICH09008I NOT AUTHORIZED TO PROTECT SYS1.X\n" },
        { "ADDSD 'FRED.X' UACC(NONE)", 0, "" },
        { "PERMIT 'FRED.X' ID(*) ACCESS(READ)", 0, "" },
        { "PERMIT 'IBMUSER.MINE.**' ID(FRED)", 8,
          "ICH06006I NOT AUTHORIZED TO IBMUSER.MINE.**\n" },
        { "RDEFINE XFACILIT a.b", 8,
          "ICH10202I NOT AUTHORIZED TO DEFINE XFACILIT CLASS ENTITIES\n" },
        { "ALTDSD 'IBMUSER.MINE.**' UACC(ALTER)", 4,
          "ICH22005I NOT AUTHORIZED TO ALTER IBMUSER.MINE.**\n" },
        { "DELDSD 'IBMUSER.MINE.**'", 4,
          "ICH09021I NOT AUTHORIZED TO DELETE IBMUSER.MINE.**\n" },
        { "RVARY LIST", 8, "ICH15001I NOT AUTHORIZED TO ISSUE RVARY\n" },
        { "RVARY SWITCH", 8, "ICH15001I NOT AUTHORIZED TO ISSUE RVARY\n" },
        { "RVARY INACTIVE", 8, "ICH15001I NOT AUTHORIZED TO ISSUE RVARY\n" },
    };
    struct desk d;

    (void)state;
    desk_init(&d);
    run_rows(&d, rows, ARRAY_LEN(rows));
    desk_run(&d, "ADDUSER FRED PASSWORD(X)");
    desk_be(&d, "FRED");
    run_rows(&d, by_fred, ARRAY_LEN(by_fred));
    /* CLAUTH of a class is CLAUTH of those that share its POSIT. */
    desk_be(&d, "IBMUSER");
    desk_run(&d, "ALTUSER FRED CLAUTH(FACILITY)");
    desk_be(&d, "FRED");
    desk_run(&d, "RDEFINE XFACILIT a.b");
    assert_int_equal(d.rc, 0);
    desk_fini(&d);
}

static void
dynamic_classes(void **state)
{
    static const struct row rows[] = {
        { "RDEFINE CDT EJBROLE CDTINFO(POSIT(200))", 8,
          "IRR52190I CDTINFO is not valid for EJBROLE.\n"
          "ICH10301I EJBROLE AND REMAINING ENTITIES NOT DEFINED TO RACF\n" },
        { "RDEFINE CDT MYCLASS CDTINFO(MAXLENGTH(20))", 8,
          "IRR52191I MYCLASS has no POSIT number.\n" },
        { "RDEFINE CDT MYCLASS CDTINFO(POSIT(2000))", 8,
          "IKJ56702I INVALID POSIT, 2000\n"
          "IKJ56701I MISSING POSIT+\n"
          "IKJ56701I MISSING POSIT VALUE, 0-1023\n" },
        { "RDEFINE CDT MYCLASS CDTINFO(POSIT(200) MAXLENGTH(20) "
          "RACLIST(ALLOWED)"
          " FIRST(ALPHA) OTHER(ALPHA NUMERIC) DEFAULTRC(8) CASE(ASIS))",
          0, "" },
        { "RDEFINE MYCLASS A.B", 8,
          "IKJ56702I INVALID CLASS, MYCLASS\n"
          "IKJ56701I MISSING ENTITY NAME+\n"
          "IKJ56701I MISSING NAME OF ENTITY IN SPECIFIED CLASS\n" },
        { "SETROPTS CLASSACT(CDT) RACLIST(CDT)", 0,
          "ICH14063I SETROPTS command complete.\n" },
        { "SETROPTS CLASSACT(MYCLASS) GENERIC(MYCLASS)", 0,
          "ICH14063I SETROPTS command complete.\n" },
        { "RDEFINE MYCLASS (a.1 a.**) UACC(READ)", 0, "" },
        { "RDEFINE MYCLASS 1A", 8,
          "IRR16001I RDEFINE command failed. 1A is not a valid profile name "
          "for class MYCLASS.\n" },
        { "RDEFINE MYCLASS A#B", 8,
          "IRR16001I RDEFINE command failed. A#B is not a valid profile name "
          "for class MYCLASS.\n" },
        { "RDEFINE MYCLASS ABCDEFGHIJKLMNOPQRSTU", 8,
          "IRR16001I RDEFINE command failed. ABCDEFGHIJKLMNOPQRSTU is not a "
          "valid profile name for class MYCLASS.\n" },
        { "RLIST CDT MYCLASS NORACF CDTINFO", 0,
          "CLASS      NAME\n-----      ----\nCDT        MYCLASS\n"
          "\nCDTINFO INFORMATION\n-------------------\nCASE = ASIS\n"
          "DEFAULTRC = 008\nDEFAULTUACC = NONE\nFIRST = ALPHA\n"
          "GENLIST = DISALLOWED\nGENERIC = ALLOWED\nGROUP =         \n"
          "KEYQUALIFIERS = 0000000000\nMACPROCESSING = NORMAL\n"
          "MAXLENGTH = 020\nMAXLENX = 0000000020\nMEMBER =         \n"
          "OPERATIONS = NO\nOTHER = ALPHA NUMERIC\nPOSIT = 0000000200\n"
          "PROFILESALLOWED = YES\nRACLIST = ALLOWED\n"
          "SECLABELSREQUIRED = NO\nSIGNAL = NO\n" },
    };
    struct desk d;

    (void)state;
    desk_init(&d);
    run_rows(&d, rows, ARRAY_LEN(rows));
    desk_run(&d, "ADDUSER FRED PASSWORD(X)");
    EXPECT(&d, { "FRED", "MYCLASS", "a.1", SAF_READ, 0, "UACC" },
           { "FRED", "MYCLASS", "a.2.3", SAF_READ, 0, "UACC" },
           { "FRED", "MYCLASS", "A.1", SAF_READ, 8, "" },
           { "FRED", "MYCLASS2", "A.1", SAF_READ, 4, "" });
    /* A class goes when it is empty, with the next REFRESH of CDT. */
    assert_string_equal(
        desk_run(&d, "RDELETE CDT MYCLASS"),
        "ICH12304I All profiles in the MYCLASS class must be deleted before the"
        " CDT profile MYCLASS can be deleted.\n");
    desk_run(&d, "RDELETE MYCLASS (a.1 a.**)");
    desk_run(&d, "RDELETE CDT MYCLASS");
    EXPECT(&d, { "FRED", "MYCLASS", "a.1", SAF_READ, 8, "" });
    desk_run(&d, "SETROPTS RACLIST(CDT) REFRESH");
    EXPECT(&d, { "FRED", "MYCLASS", "a.1", SAF_READ, 4, "" });
    desk_fini(&d);
    assert_int_equal(saf_class_set_dynamic(NULL, 0, NULL), ERR_OK);
}

/* What was effective is made again at start, from what is stored. */
static void
after_a_restart(void **state)
{
    static const char *const commands[] = {
        "ADDUSER FRED PASSWORD(X)",
        "SETROPTS CLASSACT(FACILITY RACFVARS CDT) GENERIC(FACILITY)",
        "RDEFINE CDT MYCLASS CDTINFO(POSIT(200) MAXLENGTH(20))",
        "SETROPTS RACLIST(CDT)",
        "SETROPTS CLASSACT(MYCLASS)",
        "RDEFINE MYCLASS A UACC(READ)",
        "RDEFINE RACFVARS &V ADDMEM(ONE TWO)",
        "SETROPTS RACLIST(RACFVARS)",
        "RDEFINE FACILITY X.&V UACC(READ)",
        "RDEFINE GLOBAL FACILITY ADDMEM(G/READ)",
        "SETROPTS GLOBAL(FACILITY) RACLIST(FACILITY)",
    };
    char dir[] = "/tmp/safXXXXXX", path[64];
    struct desk d;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/db", dir);
    desk_init(&d);
    saf_engine_close(&d.engine);
    assert_int_equal(saf_engine_open(path, TEST_NOW, &d.engine, NULL), ERR_OK);
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        const char *reply = desk_run(&d, commands[i]);

        if (d.rc != 0)
            fail_msg("%s\n%s", commands[i], reply);
    }
    for (int i = 0; i < 2; i++) {
        EXPECT(&d, { "FRED", "MYCLASS", "A", SAF_READ, 0, "UACC" },
               { "FRED", "FACILITY", "X.TWO", SAF_READ, 0, "UACC" },
               { "FRED", "FACILITY", "X.THREE", SAF_READ, 4, "" },
               { "FRED", "FACILITY", "G", SAF_READ, 0, "GLOBAL" });
        saf_engine_close(&d.engine);
        assert_int_equal(saf_class_set_dynamic(NULL, 0, NULL), ERR_OK);
        assert_int_equal(saf_engine_open(path, TEST_NOW, &d.engine, NULL),
                         ERR_OK);
    }
    desk_fini(&d);
    assert_int_equal(saf_class_set_dynamic(NULL, 0, NULL), ERR_OK);
    assert_int_equal(tree_remove(dir, NULL), ERR_OK);
}

/* A condition counts while the class of the port of entry is active. */
static void
conditions(void **state)
{
    static const char *const setup[] = {
        "ADDUSER FRED PASSWORD(X)",
        "SETROPTS CLASSACT(FACILITY)",
        "RDEFINE FACILITY A UACC(NONE)",
        "PERMIT A CLASS(FACILITY) ID(FRED) WHEN(TERMINAL(T1))",
        "PERMIT A CLASS(FACILITY) ID(FRED) WHEN(PROGRAM(P1)) ACCESS(UPDATE)",
        "SETROPTS RACLIST(FACILITY)",
    };
    const struct ask ask = { "FRED", "FACILITY", "A", SAF_READ, 0, "" };
    const struct ask update = { "FRED", "FACILITY", "A", SAF_UPDATE, 0, "" };
    const struct saf_where where = { .terminal = STR("T1"),
                                     .program = STR("P1") };
    struct desk d;

    (void)state;
    desk_prepare(&d, setup, ARRAY_LEN(setup));
    assert_int_equal(check_at(&d, &ask, &where).rc.saf, 8);
    desk_run(&d, "SETROPTS CLASSACT(TERMINAL)");
    assert_int_equal(check_at(&d, &ask, &where).rc.saf, 0);
    assert_int_equal(check_at(&d, &ask, NULL).rc.saf, 8);
    assert_int_equal(check_at(&d, &update, &where).rc.saf, 8);
    desk_run(&d, "SETROPTS WHEN(PROGRAM)");
    assert_int_equal(check_at(&d, &update, &where).rc.saf, 0);
    desk_run(&d, "SETROPTS NOCLASSACT(TERMINAL) NOWHEN(PROGRAM)");
    assert_int_equal(check_at(&d, &ask, &where).rc.saf, 8);
    desk_fini(&d);
}

static void
explained(void **state)
{
    static const char *const setup[] = {
        "ADDGROUP PAY",
        "ADDUSER FRED PASSWORD(X)",
        "CONNECT FRED GROUP(PAY)",
        "SETROPTS CLASSACT(FACILITY) GENERIC(FACILITY)",
        "RDEFINE FACILITY A.* UACC(NONE)",
        "SETROPTS RACLIST(FACILITY)",
        "PERMIT A.* CLASS(FACILITY) ID(PAY) ACCESS(UPDATE)",
        "ADDUSER OPER PASSWORD(X)",
        "CONNECT OPER GROUP(PAY) OPERATIONS",
        "RDEFINE DASDVOL VOL001 OWNER(PAY)",
        "SETROPTS CLASSACT(DASDVOL) RACLIST(DASDVOL)",
    };
    static const struct row rows[] = {
        { "EXPLAIN FRED FACILITY A.B UPDATE", 0,
          "User FRED, class FACILITY, resource A.B, access UPDATE\n"
          "Now (RACLISTed): refused (8/8/0)\n"
          "   Profile: A.* (G)\n"
          "   Decided by: the universal access, as neither the user nor a "
          "group of his stands in the list\n"
          "   Access allowed: NONE, asked for: UPDATE\n"
          "   Lines of the profile that concern the user:\n"
          "      UACC NONE\n"
          "After SETROPTS RACLIST(FACILITY) REFRESH: allowed (0/0/0)\n"
          "   Profile: A.* (G)\n"
          "   Decided by: the line of group PAY\n"
          "   Access allowed: UPDATE, asked for: UPDATE\n"
          "   Lines of the profile that concern the user:\n"
          "      group PAY UPDATE\n"
          "      UACC NONE\n" },
        { "EXPLAIN FRED FACILITY B", 0,
          "User FRED, class FACILITY, resource B, access READ\n"
          "Now (RACLISTed): not protected: the asking program decides "
          "(4/4/0)\n"
          "   Profile: none\n   Decided by: no profile\n"
          "   Access allowed: NONE, asked for: READ\n"
          "After SETROPTS RACLIST(FACILITY) REFRESH: the same\n" },
        /* Of group-OPERATIONS no image knows. */
        { "EXPLAIN OPER DASDVOL VOL001 ALTER", 0,
          "User OPER, class DASDVOL, resource VOL001, access ALTER\n"
          "Now (RACLISTed): allowed (0/0/0)\n   Profile: VOL001\n"
          "   Decided by: attribute OPERATIONS\n"
          "   Access allowed: ALTER, asked for: ALTER\n"
          "   Lines of the profile that concern the user:\n"
          "      UACC NONE\n"
          "After SETROPTS RACLIST(DASDVOL) REFRESH: the same\n" },
        { "EXPLAIN NOBODY FACILITY B", 8,
          "IKJ56702I INVALID USERID, NOBODY\n" },
        { "EXPLAIN FRED NOCLASS B", 8,
          "IKJ56702I INVALID CLASS NAME, NOCLASS\n" },
    };
    struct desk d;

    (void)state;
    desk_prepare(&d, setup, ARRAY_LEN(setup));
    run_rows(&d, rows, ARRAY_LEN(rows));
    desk_be(&d, "FRED");
    assert_string_equal(desk_run(&d, "EXPLAIN IBMUSER FACILITY B"),
                        "SPT1014E You may not ask about IBMUSER.\n");
    desk_run(&d, "EXPLAIN FRED FACILITY A.B");
    assert_int_equal(d.rc, 0);
    desk_fini(&d);
}

/* Which profile a merged name's line is of. */
static void
explains_merged(void **state)
{
    static const char *const setup[] = {
        "ADDGROUP PAY",
        "ADDUSER FRED PASSWORD(X)",
        "ADDUSER MARY PASSWORD(X)",
        "CONNECT (FRED MARY) GROUP(PAY)",
        "SETROPTS CLASSACT(EJBROLE)",
        "RDEFINE GEJBROLE ADMINS ADDMEM(a.Write) UACC(NONE)",
        "RDEFINE GEJBROLE CLERKS ADDMEM(a.Read a.Write) UACC(NONE)",
        "RDEFINE EJBROLE a.Write UACC(EXECUTE)",
        "PERMIT CLERKS CLASS(GEJBROLE) ID(PAY) ACCESS(READ)",
        "PERMIT ADMINS CLASS(GEJBROLE) ID(PAY) ACCESS(UPDATE)",
        "PERMIT ADMINS CLASS(GEJBROLE) ID(MARY) ACCESS(CONTROL)"
        " WHEN(SYSID(SYS1))",
        "PERMIT a.Write CLASS(EJBROLE) ID(MARY) ACCESS(READ)",
        "SETROPTS RACLIST(EJBROLE)",
        "RALTER GEJBROLE ADMINS DELMEM(a.Write)",
    };
    static const struct row rows[] = {
        { "EXPLAIN FRED EJBROLE a.Write UPDATE", 0,
          "User FRED, class EJBROLE, resource a.Write, access UPDATE\n"
          "Now (RACLISTed): allowed (0/0/0)\n"
          "   Profile: a.Write\n"
          "   Decided by: the line of group PAY, of GEJBROLE ADMINS\n"
          "   Access allowed: UPDATE, asked for: UPDATE\n"
          "   Lines of the profile that concern the user:\n"
          "      group PAY UPDATE\n"
          "      UACC EXECUTE\n"
          "   These were merged from:\n"
          "      GEJBROLE ADMINS: UACC NONE\n"
          "      GEJBROLE ADMINS: group PAY UPDATE\n"
          "      GEJBROLE CLERKS: UACC NONE\n"
          "      GEJBROLE CLERKS: group PAY READ\n"
          "      EJBROLE a.Write: UACC EXECUTE\n"
          "After SETROPTS RACLIST(EJBROLE) REFRESH: refused (8/8/0)\n"
          "   Profile: a.Write\n"
          "   Decided by: the line of group PAY, of GEJBROLE CLERKS\n"
          "   Access allowed: READ, asked for: UPDATE\n"
          "   Lines of the profile that concern the user:\n"
          "      group PAY READ\n"
          "      UACC EXECUTE\n"
          "   These were merged from:\n"
          "      GEJBROLE CLERKS: UACC NONE\n"
          "      GEJBROLE CLERKS: group PAY READ\n"
          "      EJBROLE a.Write: UACC EXECUTE\n" },
        { "EXPLAIN FRED EJBROLE a.Read", 0,
          "User FRED, class EJBROLE, resource a.Read, access READ\n"
          "Now (RACLISTed): allowed (0/0/0)\n"
          "   Profile: a.Read\n"
          "   Decided by: the line of group PAY, of GEJBROLE CLERKS\n"
          "   Access allowed: READ, asked for: READ\n"
          "   Lines of the profile that concern the user:\n"
          "      group PAY READ\n"
          "      UACC NONE\n"
          "   These were merged from:\n"
          "      GEJBROLE CLERKS: UACC NONE\n"
          "      GEJBROLE CLERKS: group PAY READ\n"
          "After SETROPTS RACLIST(EJBROLE) REFRESH: the same\n" },
        { "SETROPTS WHEN(PROGRAM)", 0,
          "ICH14063I SETROPTS command complete.\n" },
        { "EXPLAIN MARY EJBROLE a.Write CONTROL SYSID(SYS1)", 0,
          "User MARY, class EJBROLE, resource a.Write, access CONTROL\n"
          "Now (RACLISTed): allowed (0/0/0)\n"
          "   Profile: a.Write\n"
          "   Decided by: a line of the conditional list, of GEJBROLE ADMINS\n"
          "   Access allowed: CONTROL, asked for: CONTROL\n"
          "   Lines of the profile that concern the user:\n"
          "      user MARY READ\n"
          "      group PAY UPDATE\n"
          "      UACC EXECUTE\n"
          "      MARY CONTROL WHEN(SYSID(SYS1)): holds now\n"
          "   These were merged from:\n"
          "      GEJBROLE ADMINS: UACC NONE\n"
          "      GEJBROLE ADMINS: MARY CONTROL WHEN(SYSID(SYS1))\n"
          "      GEJBROLE ADMINS: group PAY UPDATE\n"
          "      GEJBROLE CLERKS: UACC NONE\n"
          "      GEJBROLE CLERKS: group PAY READ\n"
          "      EJBROLE a.Write: UACC EXECUTE\n"
          "      EJBROLE a.Write: user MARY READ\n"
          "After SETROPTS RACLIST(EJBROLE) REFRESH: refused (8/8/0)\n"
          "   Profile: a.Write\n"
          "   Decided by: the line of user MARY, of EJBROLE a.Write\n"
          "   Access allowed: READ, asked for: CONTROL\n"
          "   Lines of the profile that concern the user:\n"
          "      user MARY READ\n"
          "      group PAY READ\n"
          "      UACC EXECUTE\n"
          "   These were merged from:\n"
          "      GEJBROLE CLERKS: UACC NONE\n"
          "      GEJBROLE CLERKS: group PAY READ\n"
          "      EJBROLE a.Write: UACC EXECUTE\n"
          "      EJBROLE a.Write: user MARY READ\n" },
    };
    struct desk d;

    (void)state;
    desk_prepare(&d, setup, ARRAY_LEN(setup));
    run_rows(&d, rows, ARRAY_LEN(rows));
    desk_fini(&d);
}

static void
searches_and_lists(void **state)
{
    static const struct row rows[] = {
        { "ADDUSER (FRED MARY) PASSWORD(X)", 0, "" },
        { "SETROPTS CLASSACT(FACILITY EJBROLE) GENERIC(FACILITY)", 0,
          "ICH14063I SETROPTS command complete.\n" },
        { "RDEFINE FACILITY (A.ONE A.TWO A.*) UACC(NONE)", 0, "" },
        { "PERMIT A.TWO CLASS(FACILITY) ID(FRED)", 0, "" },
        { "SEARCH CLASS(FACILITY) USER(FRED)", 0, "A.TWO\n" },
        { "SEARCH CLASS(FACILITY) USER(MARY)", 4,
          "ICH31005I NO ENTRIES MEET SEARCH CRITERIA\n" },
        { "SEARCH CLASS(FACILITY) USER(NOBODY)", 4,
          "ICH31053I NOBODY NOT FOUND\n" },
        { "SEARCH CLASS(FACILITY) MASK(A T) NOGENERIC", 0, "A.TWO\n" },
        { "SEARCH CLASS(FACILITY) CLIST('RDEL FACILITY ') NOLIST", 8,
          "SPT1015E The commands cannot be written to "
          "IBMUSER.EXEC.RACF.CLIST: no data sets here.\n" },
        { "RDEFINE GEJBROLE ROLES ADDMEM(a.Read)", 0, "" },
        { "RDEFINE EJBROLE a.Read", 0, "" },
        { "RLIST EJBROLE a.Read RESGROUP HISTORY STATISTICS", 0,
          "CLASS      NAME\n-----      ----\nEJBROLE    a.Read\n\n"
          "GROUP CLASS NAME\n----- ----- ----\nGEJBROLE\n\n"
          "LEVEL  OWNER      UNIVERSAL ACCESS  YOUR ACCESS  WARNING\n"
          "-----  --------   ----------------  -----------  -------\n"
          " 00    IBMUSER         NONE              ALTER    NO\n\n"
          "INSTALLATION DATA\n-----------------\nNONE\n\n"
          "APPLICATION DATA\n----------------\nNONE\n\n"
          "AUDITING\n--------\nFAILURES(READ)\n\n"
          "NOTIFY\n------\nNO USER TO BE NOTIFIED\n\n"
          "RESOURCE GROUPS\n-------- ------\nROLES\n\n"
          "CREATION DATE  LAST REFERENCE DATE  LAST CHANGE DATE\n"
          "(DAY) (YEAR)        (DAY) (YEAR)      (DAY) (YEAR)\n"
          "-------------  -------------------  ----------------\n"
          " 007    24          007    24        007    24\n\n"
          "ALTER COUNT  CONTROL COUNT  UPDATE COUNT  READ COUNT\n"
          "-----------  -------------  ------------  ----------\n"
          "  00000         00000         00000        00000\n" },
        { "ALTUSER FRED CICS(OPIDENT(abc) OPPRTY(7)) DFP(STORCLAS(FAST)) "
          "SECLABEL(SYSLOW)",
          0, "" },
        { "LISTUSER FRED NORACF CICS DFP", 0,
          "USER=FRED\n"
          "\nCICS INFORMATION\n----------------\nOPCLASS= 001\nOPIDENT= abc\n"
          "OPPRTY= 00007\nTIMEOUT= 00:00 (HH:MM)\nXRFSOFF= NOFORCE\n\n"
          "DFP INFORMATION\n---------------\nMGMTCLAS= NONE SPECIFIED\n"
          "STORCLAS= FAST\nDATACLAS= NONE SPECIFIED\n"
          "DATAAPPL= NONE SPECIFIED\n" },
        { "ADDGROUP GD DFP(MGMTCLAS(X)) MODEL(A.B)", 0, "" },
        { "LISTGRP GD NORACF DFP", 0,
          "INFORMATION FOR GROUP GD      \n"
          "\nDFP INFORMATION\n---------------\nMGMTCLAS= X\n"
          "STORCLAS= NONE SPECIFIED\nDATACLAS= NONE SPECIFIED\n"
          "DATAAPPL= NONE SPECIFIED\n" },
        { "CONNECT FRED GROUP(SYS1) REVOKE", 0, "" },
        { "CONNECT FRED GROUP(SYS1) REVOKE", 0,
          "ICH02013I 'REVOKE' IGNORED. FRED IS CURRENTLY REVOKED\n" },
        /* as START wants it: without the superusers' number */
        { "ADDGROUP G0 OMVS(AUTOGID)", 0,
          "IRR52177I Group G0 was assigned an OMVS GID value of 50001.\n" },
        { "ADDUSER U0 DFLTGRP(G0) OMVS(AUTOUID)", 0,
          "IRR52177I User U0 was assigned an OMVS UID value of 50001.\n"
          "ICH01024I User U0 is defined as PROTECTED.\n" },
        /* who has a number keeps it */
        { "ALTUSER U0 OMVS(UID(8))", 0, "" },
        { "ALTUSER U0 OMVS(AUTOUID)", 0, "" },
        { "ALTGROUP G0 OMVS(AUTOGID)", 0, "" },
        { "ALTUSER (U0 FRED) OMVS(UID(4799))", 4,
          "IRR52174I Incorrect UID 4799. This value is already in use by U0.\n"
          "ICH21004I FRED NOT ALTERED\n" },
        { "RDEFINE FACILITY BPX.NEXT.USER APPLDATA('5000-5001/70-71')", 0, "" },
        { "ADDGROUP G1 OMVS(AUTOGID)", 0,
          "IRR52177I Group G1 was assigned an OMVS GID value of 70.\n" },
        { "ADDGROUP G2 OMVS(AUTOGID)", 0,
          "IRR52177I Group G2 was assigned an OMVS GID value of 71.\n" },
        { "ADDGROUP G3 OMVS(AUTOGID)", 8,
          "IRR52181I No free identifier is left in the range.\n" },
        { "SETROPTS PROTECTALL(FAILURES) JES(BATCHALLRACF) WHEN(PROGRAM)"
          " LANGUAGE(PRIMARY(ENU) SECONDARY(DEU)) GENERIC(DATASET)",
          0, "ICH14063I SETROPTS command complete.\n" },
    };
    static const char *const lines[] = {
        "ATTRIBUTES = INITSTATS WHEN(PROGRAM -- BASIC) SAUDIT CMDVIOL "
        "OPERAUDIT "
        "TERMINAL(READ)\n",
        "\nGENERIC PROFILE CLASSES =  DATASET FACILITY GXFACILI",
        "\nACTIVE CLASSES = DATASET USER GROUP EJBROLE",
        "\nJES-BATCHALLRACF OPTION IS ACTIVE\n",
        "\nPROTECT-ALL IS ACTIVE, CURRENT OPTIONS:\n",
        "\nUSER-ID FOR JES NJEUSERID IS : ????????\n",
        "\nKERBLVL =     0\n",
        "\nPRIMARY LANGUAGE DEFAULT : ENU\nSECONDARY LANGUAGE DEFAULT : DEU\n",
    };
    const char *reply;
    struct desk d;

    (void)state;
    desk_init(&d);
    run_rows(&d, rows, ARRAY_LEN(rows));
    reply = desk_run(&d, "SETROPTS LIST");
    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        if (strstr(reply, lines[i]) == NULL)
            fail_msg("%s is not in\n%s", lines[i], reply);
    desk_fini(&d);
}

static void
helped_and_completed(void **state)
{
    static const struct row rows[] = {
        { "COMPLETE('ADDU')", 0, "ADDUSER\n" },
        { "COMPLETE('rl')", 0, "RLIST\n" },
        { "COMPLETE('ADDUSER X OMVS(UI')", 0, "UID(\n" },
        { "COMPLETE('ADDUSER X OMVS(UID(1)) RESTR')", 0, "RESTRICTED\n" },
        { "COMPLETE('ADDUSER X NORESTR')", 0, "NORESTRICTED\n" },
        { "COMPLETE('RDEFINE FACI')", 0, "FACILITY\n" },
        { "COMPLETE('RDEFINE FACILITY X UACC(AL')", 0, "ALTER\n" },
        { "COMPLETE('RLIST FACILITY BPX.')", 0, "BPX.SERVER\n" },
        { "COMPLETE('PERMIT X CLASS(FACILITY) ID(IBM')", 0, "IBMUSER\n" },
        { "COMPLETE('RLIST FACILITY ''BPX')", 0, "BPX.SERVER\n" },
        { "COMPLETE('ADDUSER X DFLTGRP(SY')", 0, "SYS1\n" },
        { "COMPLETE('NOSUCH X')", 4, "" },
        { "HELP DELUSER", 0, "DELUSER USERID ...\n" },
        { "HELP RDELETE", 0,
          "RDELETE CLASS ENTITY NAME ...\n  GENERIC / NOGENERIC\n" },
        { "HELP NOSUCH", 4, "IKJ56500I COMMAND NOSUCH NOT FOUND\n" },
    };
    struct desk d;

    (void)state;
    desk_init(&d);
    desk_run(&d, "RDEFINE FACILITY BPX.SERVER");
    run_rows(&d, rows, ARRAY_LEN(rows));
    /* Nobody sees what SEARCH would not show him. */
    desk_run(&d, "ADDUSER FRED PASSWORD(X)");
    desk_be(&d, "FRED");
    assert_string_equal(desk_run(&d, "COMPLETE('RLIST FACILITY BPX.')"), "");
    assert_memory_equal(desk_run(&d, "COMPLETE('LISTUSER ')"), "FRED\nSYS1\n",
                        10);
    desk_fini(&d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variables),
        cmocka_unit_test(global_access_table),
        cmocka_unit_test(data_sets),
        cmocka_unit_test(data_set_commands),
        cmocka_unit_test(explains_merged),
        cmocka_unit_test(dynamic_classes),
        cmocka_unit_test(after_a_restart),
        cmocka_unit_test(conditions),
        cmocka_unit_test(explained),
        cmocka_unit_test(searches_and_lists),
        cmocka_unit_test(helped_and_completed),
    };

    setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
