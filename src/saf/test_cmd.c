#include "saf/test_cmd.h"
#include "base/file.h"

#include <time.h>

/* Issued by IBMUSER. */
static void
rows_on_new_database(const struct row *rows, size_t n)
{
    struct desk d;

    desk_init(&d);
    run_rows(&d, rows, n);
    desk_fini(&d);
}

static void
parser_refuses(void **state)
{
    static const struct row rows[] = {
        { "FOO BAR", 8, "IKJ56500I COMMAND FOO NOT FOUND\n" },
        { "", 8, "IKJ56500I COMMAND  NOT FOUND\n" },
        { "ADDUSER", 8,
          "IKJ56701I MISSING USERID+\n"
          "IKJ56701I MISSING USERID(S), 1-8 ALPHANUMERIC CHARACTERS\n" },
        { "ADDUSER ()", 8,
          "IKJ56701I MISSING USERID+\n"
          "IKJ56701I MISSING USERID(S), 1-8 ALPHANUMERIC CHARACTERS\n" },
        { "ADDUSER TOOLONGID", 8,
          "IKJ56702I INVALID USERID, TOOLONGID\n"
          "IKJ56701I MISSING USERID+\n"
          "IKJ56701I MISSING USERID(S), 1-8 ALPHANUMERIC CHARACTERS\n" },
        { "ADDUSER A-B", 8,
          "IKJ56702I INVALID USERID, A-B\n"
          "IKJ56701I MISSING USERID+\n"
          "IKJ56701I MISSING USERID(S), 1-8 ALPHANUMERIC CHARACTERS\n" },
        { "ADDUSER X OMVS(UID)", 8,
          "IKJ56701I MISSING OMVS UID+\n"
          "IKJ56701I MISSING OMVS USER ID (UID), 1-10 NUMERIC DIGITS\n" },
        { "ADDUSER X OMVS(UID(90000000000))", 8,
          "IKJ56702I INVALID UID, 90000000000\n"
          "IKJ56701I MISSING OMVS UID+\n"
          "IKJ56701I MISSING OMVS USER ID (UID), 1-10 NUMERIC DIGITS\n" },
        { "ADDUSER X OMVS(UID(-1))", 8,
          "IKJ56702I INVALID UID, -1\n"
          "IKJ56701I MISSING OMVS UID+\n"
          "IKJ56701I MISSING OMVS USER ID (UID), 1-10 NUMERIC DIGITS\n" },
        { "ADDUSER X OMVS(UID(99999999999999999999999))", 8,
          "IKJ56702I INVALID UID, 99999999999999999999999\n"
          "IKJ56701I MISSING OMVS UID+\n"
          "IKJ56701I MISSING OMVS USER ID (UID), 1-10 NUMERIC DIGITS\n" },
        { "ADDUSER X NAME('open", 8, "IKJ56702I INVALID NAME, 'open\n" },
        { "ADDUSER X NAME('123456789012345678901')", 8,
          "IKJ56702I INVALID NAME, 123456789012345678901\n" },
        { "ADDUSER X SIGNWITH(1)", 8, "IKJ56712I INVALID KEYWORD, SIGNWITH\n" },
        { "ADDUSER X OMVS(SIGNWITH(1))", 8,
          "IKJ56712I INVALID KEYWORD, SIGNWITH\n" },
        { "ADDUSER X )", 8, "IKJ56712I INVALID KEYWORD, )\n" },
        { "ADDUSER X SPECIAL(1)", 8, "IKJ56702I INVALID SPECIAL, (\n" },
        { "ADDUSER X NAME(A B)", 8, "IKJ56702I INVALID NAME, B\n" },
        { "ALTUSER IBMUSER RES", 8, "IKJ56709I AMBIGUOUS KEYWORD, RES\n" },
        /* A secret is not echoed, even where it is wrong. */
        { "ADDUSER X PASSWORD(MUCHTOOLONG)", 8,
          "IKJ56702I INVALID PASSWORD, \n" },
        { "RDEFINE FACILITY X UACC(ALL)", 8,
          "IKJ56702I INVALID UNIVERSAL ACCESS, ALL\n"
          "IKJ56701I MISSING UNIVERSAL ACCESS+\n"
          "IKJ56701I MISSING ALTER, CONTROL, UPDATE, READ, EXECUTE, OR "
          "NONE\n" },
        { "RDEFINE FACILITY X UACC()", 8,
          "IKJ56701I MISSING UNIVERSAL ACCESS+\n"
          "IKJ56701I MISSING ALTER, CONTROL, UPDATE, READ, EXECUTE, OR "
          "NONE\n" },
        { "RDEFINE FACILITY", 8,
          "IKJ56701I MISSING ENTITY NAME+\n"
          "IKJ56701I MISSING NAME OF ENTITY IN SPECIFIED CLASS\n" },
        { "RDEFINE ELIXTEST X", 8,
          "IKJ56702I INVALID CLASS, ELIXTEST\n"
          "IKJ56701I MISSING ENTITY NAME+\n"
          "IKJ56701I MISSING NAME OF ENTITY IN SPECIFIED CLASS\n" },
        { "RALTER ELIXTEST (TESTING) UACC(NONE)", 8,
          "IKJ56702I INVALID CLASS, ELIXTEST\n"
          "IKJ56712I INVALID KEYWORD, )\n" },
        { "RLIST ELIXTEST (TESTING)", 8,
          "IKJ56702I INVALID CLASS NAME, ELIXTEST\n"
          "IKJ56701I MISSING ENTITY NAME+\n"
          "IKJ56701I MISSING NAME OF ENTITY TO BE LISTED\n" },
        { "SETROPTS RACLIST(X)", 8,
          "IKJ56702I INVALID RACLIST, X\n"
          "IKJ56701I MISSING CLASS NAMES FOR RACLIST+\n"
          "IKJ56701I MISSING CLASS NAMES:  ANY (NON-GROUP) RESOURCE CLASS\n" },
        /* All errors of a command are told, none stops the others. */
        { "ALTUSER A FOO(1) OMVS(UID(X) BAR HOME(/u)) NAME(A B) BAZ", 8,
          "IKJ56712I INVALID KEYWORD, FOO\n"
          "IKJ56702I INVALID UID, X\n"
          "IKJ56701I MISSING OMVS UID+\n"
          "IKJ56701I MISSING OMVS USER ID (UID), 1-10 NUMERIC DIGITS\n"
          "IKJ56712I INVALID KEYWORD, BAR\n"
          "IKJ56702I INVALID NAME, B\n"
          "IKJ56712I INVALID KEYWORD, BAZ\n" },
        { "ADDUSER (A-B,C,D.E) NAME('x')) 'y'", 8,
          "IKJ56702I INVALID USERID, A-B\n"
          "IKJ56701I MISSING USERID+\n"
          "IKJ56701I MISSING USERID(S), 1-8 ALPHANUMERIC CHARACTERS\n"
          "IKJ56702I INVALID USERID, D.E\n"
          "IKJ56701I MISSING USERID+\n"
          "IKJ56701I MISSING USERID(S), 1-8 ALPHANUMERIC CHARACTERS\n"
          "IKJ56712I INVALID KEYWORD, )\n"
          "IKJ56712I INVALID KEYWORD, '\n" },
        { "SETROPTS RACLIST", 8,
          "IKJ56701I MISSING CLASS NAMES FOR RACLIST+\n"
          "IKJ56701I MISSING CLASS NAMES:  ANY (NON-GROUP) RESOURCE CLASS\n" },
        { "PERMIT X ID(*)", 8, "ICH06004I IBMUSER.X NOT DEFINED TO RACF\n" },
        { "RDEFINE FACILITY A*B", 8,
          "IRR16001I RDEFINE command failed. A*B is not a valid profile name "
          "for class FACILITY.\n" },
        { "RDEFINE APPL TOOLONGNM", 8,
          "IRR16001I RDEFINE command failed. TOOLONGNM is not a valid profile "
          "name for class APPL.\n" },
        { "ALTUSER IBMUSER REVOKE(02/30/24)", 8,
          "IKJ56702I INVALID REVOKE, 02/30/24\n"
          "ICH21004I IBMUSER NOT ALTERED\n" },
    };

    (void)state;
    rows_on_new_database(rows, ARRAY_LEN(rows));
}

static void
parser_accepts(void **state)
{
    static const struct row rows[] = {
        { "au fred /* who */ name('Fred o''Hara'), nopassword", 0,
          "ICH01024I User FRED is defined as PROTECTED.\n" },
        { "ADDUSER (A1,B1 C1)", 0,
          "ICH01024I User A1 is defined as PROTECTED.\n"
          "ICH01024I User B1 is defined as PROTECTED.\n"
          "ICH01024I User C1 is defined as PROTECTED.\n" },
        /* The last parenthesis may be missing; the last operand wins. */
        { "ALU FRED OWNER(A1) OWNER(B1) OMVS(UID(7) HOME(/u/Fred", 0, "" },
        { "LU FRED NORACF OMVS", 0,
          "USER=FRED\n"
          "\nOMVS INFORMATION\n----------------\nUID= 0000000007\n"
          "HOME= /u/Fred\nPROGRAM= \nCPUTIMEMAX= NONE\nASSIZEMAX= NONE\n"
          "FILEPROCMAX= NONE\nPROCUSERMAX= NONE\nTHREADSMAX= NONE\n"
          "MMAPAREAMAX= NONE\n" },
        { "ALU A1 OMVS(UID(7))", 8,
          "IRR52174I Incorrect UID 7. This value is already in use by FRED.\n"
          "ICH21004I A1 NOT ALTERED\n" },
        { "ALU A1 OMVS(UID(7) SHARED) NOOMVS", 0, "" },
        { "LU A1 NORACF OMVS", 0, "USER=A1\n"
          "\nNO OMVS INFORMATION\n" },
    };

    (void)state;
    rows_on_new_database(rows, ARRAY_LEN(rows));
}

static void
users_and_groups(void **state)
{
    static const struct row rows[] = {
        { "ADDGROUP (PAY STAFF)", 0, "" },
        { "ADDGROUP PAY", 8, "IKJ56702I INVALID GROUP, PAY\n" },
        { "ADDGROUP SUB SUPGROUP(PAY)", 0, "" },
        { "ALTGROUP PAY SUPGROUP(SUB)", 8,
          "ICH20006I SUB CANNOT BE A SUPERIOR GROUP OF PAY\n"
          "ICH20013I PAY NOT ALTERED\n" },
        { "ADDUSER FRED DFLTGRP(NONE)", 8,
          "IKJ56702I INVALID DFLTGRP, NONE\nICH01010I FRED NOT ADDED\n" },
        { "ADDUSER FRED DFLTGRP(STAFF) PASSWORD(ABC) NAME('Fred')", 0, "" },
        { "ADDUSER FRED", 8,
          "IKJ56702I INVALID USERID, FRED\nICH01010I FRED NOT ADDED\n" },
        { "CONNECT FRED GROUP(NOWHERE)", 8,
          "ICH51003I NAME NOT FOUND IN RACF DATA SET\n"
          "ICH02003I USER(S) NOT CONNECTED.\n" },
        { "CONNECT (FRED NOBODY) GROUP(PAY) AUTH(CONNECT)", 4,
          "IKJ56702I INVALID USERID, NOBODY\n"
          "ICH02003I NOBODY NOT CONNECTED\n" },
        { "REMOVE FRED GROUP(SUB)", 4,
          "ICH03002I FRED     WAS NOT CONNECTED TO GROUP.\n" },
        { "REMOVE FRED GROUP(STAFF)", 4,
          "ICH03004I FRED NOT REMOVED, GROUP IS THE USER'S DEFAULT GROUP\n" },
        { "DELGROUP PAY", 8, "ICH05004I PAY NOT DELETED\n" },
        { "REMOVE FRED GROUP(PAY)", 0, "" },
        { "DELGROUP (SUB PAY)", 0, "" },
        { "LISTGRP PAY", 4, "ICH51003I NAME NOT FOUND IN RACF DATA SET\n" },
        { "LISTUSER NOBODY", 4,
          "ICH30001I UNABLE TO LOCATE USER    ENTRY NOBODY\n" },
        { "DELUSER NOBODY", 8, "IKJ56702I INVALID USERID, NOBODY\n" },
        { "ALTUSER FRED REVOKE", 0, "" },
        { "ALTUSER FRED RESUME", 0, "" },
        { "ALTUSER FRED RESUME", 0,
          "ICH21019I 'RESUME' IGNORED. FRED NOT CURRENTLY REVOKED\n" },
        { "ALTUSER FRED REVOKE(10/22/30)", 0, "" },
        { "LISTUSER FRED", 0,
          "USER=FRED      NAME=FRED                  OWNER=IBMUSER   "
          "CREATED=24.007\n"
          " DEFAULT-GROUP=STAFF    PASSDATE=00.000 PASS-INTERVAL= 30 "
          "PHRASEDATE=N/A\n"
          " ATTRIBUTES=NONE\n"
          " REVOKE DATE=OCTOBER 22, 2030   RESUME DATE=NONE\n"
          " LAST-ACCESS=UNKNOWN\n"
          " CLASS AUTHORIZATIONS=NONE\n"
          " NO-INSTALLATION-DATA\n"
          " NO-MODEL-NAME\n"
          " LOGON ALLOWED   (DAYS)          (TIME)\n"
          " ---------------------------------------------\n"
          " ANYDAY                          ANYTIME\n"
          "  GROUP=STAFF     AUTH=USE      CONNECT-OWNER=IBMUSER   "
          "CONNECT-DATE=24.007\n"
          "    CONNECTS=    00  UACC=NONE     LAST-CONNECT=UNKNOWN\n"
          "    CONNECT ATTRIBUTES=NONE\n"
          "    REVOKE DATE=NONE   RESUME DATE=NONE\n"
          "SECURITY-LEVEL=NONE SPECIFIED\n"
          "CATEGORY-AUTHORIZATION\n"
          " NONE SPECIFIED\n"
          "SECURITY-LABEL=NONE SPECIFIED\n" },
        { "LISTGRP STAFF", 0,
          "INFORMATION FOR GROUP STAFF   \n"
          "    SUPERIOR GROUP=SYS1         OWNER=IBMUSER     CREATED=24.007\n"
          "    NO INSTALLATION DATA\n"
          "    NO MODEL DATA SET\n"
          "    TERMUACC\n"
          "    NO SUBGROUPS\n"
          "    USER(S)=      ACCESS=      ACCESS COUNT=      UNIVERSAL "
          "ACCESS=\n"
          "      FRED          USE           000000               NONE\n"
          "         CONNECT ATTRIBUTES=NONE\n"
          "         REVOKE DATE=NONE                 RESUME DATE=NONE\n" },
    };

    (void)state;
    rows_on_new_database(rows, ARRAY_LEN(rows));
}

static void
resources(void **state)
{
    static const struct row rows[] = {
        { "ADDUSER FRED PASSWORD(X)", 0, "" },
        { "RDEFINE FACILITY A.*", 0,
          "ICH10321I A.* CONTAINS GENERIC CHARACTERS, BUT GENERICS ARE NOT "
          "ENABLED FOR CLASS FACILITY. A DISCRETE PROFILE IS CREATED.\n" },
        { "RDELETE FACILITY A.*", 0, "" },
        { "SETROPTS CLASSACT(FACILITY) GENERIC(FACILITY)", 0,
          "ICH14063I SETROPTS command complete.\n" },
        { "RDEFINE FACILITY (A.* A.B) UACC(NONE)", 0, "" },
        { "RDEFINE FACILITY A.B", 4,
          "ICH10102I A.B ALREADY DEFINED TO CLASS FACILITY.\n" },
        { "RALTER FACILITY NO.SUCH", 4,
          "ICH11102I NO.SUCH NOT DEFINED TO CLASS FACILITY.\n" },
        { "RDELETE FACILITY NO.SUCH", 4,
          "ICH12102I NO.SUCH NOT DEFINED TO CLASS FACILITY.\n" },
        { "RLIST FACILITY 'NO.SUCH'", 4, "ICH13003I 'NO.SUCH' NOT FOUND\n" },
        { "RDEFINE DIGTCERT X", 8,
          "ICH10202I NOT AUTHORIZED TO DEFINE DIGTCERT CLASS ENTITIES\n" },
        { "PERMIT NO.SUCH CLASS(FACILITY) ID(FRED)", 8,
          "ICH06004I NO.SUCH NOT DEFINED TO RACF\n" },
        { "PERMIT A.B CLASS(FACILITY) ID(NOBODY)", 4,
          "ICH06007I NOBODY NOT DEFINED TO RACF\n" },
        { "PERMIT A.B CLASS(FACILITY) ID(FRED) DELETE", 4,
          "ICH06002I FRED     NOT AUTHORIZED, DELETE IGNORED\n" },
        { "PERMIT A.B CLASS(FACILITY) ID(FRED) ACC(UPDATE)", 0, "" },
        { "PERMIT A.B CLASS(FACILITY) ID(*) AC(R)", 0, "" },
        { "PERMIT A.B CLASS(FACILITY) ID(FRED) WHEN(TERMINAL(T1)) "
          "ACCESS(ALTER)",
          0, "ICH06019I WARNING: Class TERMINAL is not currently active.\n" },
        { "PERMIT A.B CLASS(FACILITY) ID(FRED) WHEN(TERMINAL(T2)) DELETE", 4,
          "ICH06014I FRED not authorized, DELETE ignored for "
          "WHEN(TERMINAL(T2))\n" },
        { "PERMIT A.B CLASS(FACILITY) ID(FRED) WHEN(CRITERIA(SQLROLE(admin)))",
          0, "" },
        { "SEARCH CLASS(FACILITY)", 0, "A.B\nA.* (G)\n" },
        { "SEARCH CLASS(FACILITY) GENERIC FILTER(A.**)", 0, "A.* (G)\n" },
        { "SEARCH CLASS(FACILITY) FILTER(B.**)", 4,
          "ICH31005I NO ENTRIES MEET SEARCH CRITERIA\n" },
        { "RLIST FACILITY A.B AUTHUSER", 0,
          "CLASS      NAME\n-----      ----\nFACILITY   A.B\n\n"
          "LEVEL  OWNER      UNIVERSAL ACCESS  YOUR ACCESS  WARNING\n"
          "-----  --------   ----------------  -----------  -------\n"
          " 00    IBMUSER         NONE              ALTER    NO\n\n"
          "INSTALLATION DATA\n-----------------\nNONE\n\n"
          "APPLICATION DATA\n----------------\nNONE\n\n"
          "AUDITING\n--------\nFAILURES(READ)\n\n"
          "NOTIFY\n------\nNO USER TO BE NOTIFIED\n\n"
          "USER      ACCESS   ACCESS COUNT\n----      ------   ------ -----\n"
          "*         READ        000000\nFRED      UPDATE      000000\n"
          "IBMUSER   ALTER       000000\n\n"
          "   ID     ACCESS   ACCESS COUNT   CLASS          ENTITY NAME\n"
          "-------- ------- ------------ -------- "
          "-----------------------------\n"
          "FRED     READ       000000    CRITERIA SQLROLE(admin)\n"
          "FRED     ALTER      000000    TERMINAL T1\n" },
        { "SETROPTS RACLIST(FACILITY)", 0,
          "ICH14063I SETROPTS command complete.\n" },
        { "RDEFINE FACILITY C.D", 0,
          "ICH10006I RACLISTED PROFILES FOR FACILITY WILL NOT REFLECT THE "
          "ADDITION(S) UNTIL A SETROPTS REFRESH IS ISSUED.\n" },
        { "SETROPTS REFRESH RACLIST(APPL)", 4,
          "ICH14070I SETROPTS RACLIST REFRESH had no effect on class APPL.\n"
          "ICH14063I SETROPTS command complete.\n" },
        { "SETROPTS GLOBAL(APPL) REFRESH", 4,
          "ICH14016I CANNOT REFRESH APPL, GLOBAL ACCESS CHECKING INACTIVE\n"
          "ICH14063I SETROPTS command complete.\n" },
        { "SETROPTS CLASSACT(STARTED)", 0,
          "ICH14040I WARNING! You must RACLIST class STARTED before "
          "authorization checking can occur.\n"
          "ICH14063I SETROPTS command complete.\n" },
        { "SETROPTS PASSWORD(MINCHANGE(60))", 8,
          "ICH14083I Minimum change interval exceeds the password "
          "interval.\n" },
        { "SETROPTS PASSWORD(RULE1(LENGTH(4:9)))", 8,
          "IKJ56702I INVALID RULE1, LENGTH(4:9)\n" },
    };

    (void)state;
    rows_on_new_database(rows, ARRAY_LEN(rows));
}

/* --- access through the engine ----------------------------------------- */

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

static void
do_all(struct desk *d, const char *const *commands, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *reply = desk_run(d, commands[i]);

        if (d->rc != 0)
            fail_msg("%s\n%s", commands[i], reply);
    }
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
    desk_init(&d);
    do_all(&d, setup, ARRAY_LEN(setup));
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
    desk_init(&d);
    do_all(&d, setup, ARRAY_LEN(setup));
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
    desk_init(&d);
    do_all(&d, setup, ARRAY_LEN(setup));
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
    desk_init(&d);
    do_all(&d, setup, ARRAY_LEN(setup));
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
        { "A", ERR_DENIED, "" },   { "B", ERR_DENIED, "" },
        { "C", ERR_OK, "C" },      { "D", ERR_OK, "IBMUSER" },
        { "E", ERR_OK, "E" },      { "F", ERR_OK, "" },
        { "LONGERMEM", ERR_OK, "" }, /* no profile */
    };
    struct desk d;

    (void)state;
    desk_init(&d);
    do_all(&d, setup, ARRAY_LEN(setup));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str member = str_of(rows[i].member);
        struct saf_started got;

        assert_int_equal(saf_started(d.engine, member, member, &got, NULL),
                         rows[i].want);
        assert_string_equal(got.user, rows[i].user);
    }
    desk_fini(&d);
}

/* --- authority to issue ------------------------------------------------ */

static void
authority(void **state)
{
    static const char *const setup[] = {
        "ADDGROUP PAY",
        "ADDUSER (FRED MARY LEAD AUDI) PASSWORD(X)",
        "ALTUSER AUDI AUDITOR",
        "CONNECT LEAD GROUP(PAY) SPECIAL",
        "ALTUSER MARY OWNER(PAY)",
        "SETROPTS CLASSACT(FACILITY)",
        "RDEFINE FACILITY (OURS THEIRS) UACC(NONE)",
        "RALTER FACILITY OURS OWNER(FRED)",
    };
    static const struct row by_fred[] = {
        { "ADDUSER JOE", 8, "ICH01005I NOT AUTHORIZED TO ISSUE ADDUSER\n" },
        { "ALTUSER MARY SPECIAL", 8,
          "ICH21010I NOT AUTHORIZED TO ISSUE ALTUSER\n" },
        { "ALTUSER FRED SPECIAL", 8,
          "ICH21010I NOT AUTHORIZED TO ISSUE ALTUSER\n" },
        { "ALTUSER FRED NAME('Me')", 0, "" },
        { "DELUSER MARY", 8,
          "ICH04010I NOT AUTHORIZED TO ISSUE DELUSER\n"
          "ICH04006I MARY NOT DELETED\n" },
        { "LISTUSER MARY", 4, "ICH30002I NOT AUTHORIZED TO LIST MARY\n" },
        { "CONNECT FRED GROUP(PAY)", 8,
          "ICH02004I INSUFFICIENT AUTHORITY TO GROUP\n"
          "ICH02003I USER(S) NOT CONNECTED.\n" },
        { "ADDGROUP MINE", 8,
          "ICH00001I MINE NOT ADDED. INSUFFICIENT AUTHORITY TO SUPERIOR "
          "GROUP\n" },
        { "RDEFINE FACILITY X", 8,
          "ICH10202I NOT AUTHORIZED TO DEFINE FACILITY CLASS ENTITIES\n" },
        { "PERMIT THEIRS CLASS(FACILITY) ID(FRED)", 8,
          "ICH06006I NOT AUTHORIZED TO THEIRS\n" },
        { "PERMIT OURS CLASS(FACILITY) ID(FRED)", 0, "" },
        { "RDELETE FACILITY THEIRS", 4,
          "ICH12103I NOT AUTHORIZED TO DELETE THEIRS.\n" },
        { "SETROPTS LIST", 8, "ICH14001I NOT AUTHORIZED TO ISSUE SETROPTS\n" },
        { "SETROPTS RACLIST(FACILITY)", 8,
          "ICH14001I NOT AUTHORIZED TO ISSUE SETROPTS\n" },
        { "RLIST FACILITY THEIRS", 4,
          "ICH13002I NOT AUTHORIZED TO LIST THEIRS\n" },
    };
    static const struct row by_audi[] = {
        { "ALTUSER (FRED MARY) UAUDIT", 0, "" },
        { "ALTUSER FRED NOUAUDIT", 0, "" },
        { "ALTUSER FRED UAUDIT NAME('Fred')", 4,
          "ICH21012I AUTHORIZED TO ISSUE ONLY UAUDIT/NOUAUDIT FOR FRED;"
          " REMAINING OPERANDS IGNORED\n" },
        { "ALTUSER FRED NOUAUDIT SPECIAL", 4,
          "ICH21012I AUTHORIZED TO ISSUE ONLY UAUDIT/NOUAUDIT FOR FRED;"
          " REMAINING OPERANDS IGNORED\n" },
        { "ALTUSER FRED SPECIAL", 8,
          "ICH21010I NOT AUTHORIZED TO ISSUE ALTUSER\n" },
    };
    static const struct row by_lead[] = {
        { "ALTUSER MARY UAUDIT", 4,
          "ICH21005I NOT AUTHORIZED TO SPECIFY UAUDIT, OPERAND IGNORED\n" },
        { "ALTUSER MARY NAME('Mary')", 0, "" }, /* in PAY's scope */
        { "ALTUSER MARY SPECIAL", 4,
          "ICH21005I NOT AUTHORIZED TO SPECIFY SPECIAL, OPERAND IGNORED\n" },
        { "ALTUSER FRED NAME('Fred')", 8,
          "ICH21010I NOT AUTHORIZED TO ISSUE ALTUSER\n" },
        { "CONNECT FRED GROUP(PAY) SPECIAL", 4,
          "ICH02007I NOT AUTHORIZED TO SPECIFY SPECIAL, OPERAND IGNORED\n" },
    };
    struct desk d;

    (void)state;
    desk_init(&d);
    do_all(&d, setup, ARRAY_LEN(setup));
    desk_be(&d, "FRED");
    run_rows(&d, by_fred, ARRAY_LEN(by_fred));
    desk_be(&d, "LEAD");
    run_rows(&d, by_lead, ARRAY_LEN(by_lead));
    desk_be(&d, "AUDI");
    run_rows(&d, by_audi, ARRAY_LEN(by_audi));
    desk_fini(&d);
}

static void
passwords(void **state)
{
    static const struct row rows[] = {
        { "PASSWORD PASSWORD(NOTIT NEW1)", 8,
          "ICH08005I VALUE SPECIFIED IS NOT CURRENT PASSWORD\n" },
        { "PASSWORD PASSWORD(first1 FIRST1)", 8,
          "ICH08002I NEW PASSWORD CANNOT EQUAL CURRENT PASSWORD\n" },
        { "PASSWORD PASSWORD(first1 A!B)", 8,
          "ICH08014I PASSWORD CHANGE REJECTED BY INSTALLATION SYNTAX "
          "RULES\n" },
        { "PASSWORD PASSWORD(first1 second2)", 0, "" },
        { "PW PASSWORD(second2 first1)", 8,
          "ICH08015I NEW PASSWORD MATCHES A PREVIOUS PASSWORD FOR YOU\n" },
        { "PASSWORD INTERVAL(400)", 8,
          "ICH08003I INTERVAL NOT IN RANGE 1-30\n" },
        { "PASSWORD INTERVAL(20)", 0, "" },
        { "PASSWORD NOINTERVAL", 8,
          "ICH08007I NOT AUTHORIZED TO CHANGE INTERVAL FOR FRED\n" },
        { "PASSWORD USER(IBMUSER) INTERVAL(5)", 4,
          "ICH08007I NOT AUTHORIZED TO CHANGE PASSWORD/INTERVAL FOR "
          "IBMUSER\n" },
    };
    struct desk d;

    (void)state;
    desk_init(&d);
    desk_run(&d, "SETROPTS PASSWORD(HISTORY(3))");
    desk_run(&d, "ADDUSER FRED PASSWORD(first1)");
    assert_string_equal(desk_run(&d, "ALTUSER FRED PHRASE('fred is in it 1')"),
                        "ICH01021I NEW PASS PHRASE REJECTED BY RACF RULES\n"
                        "ICH21004I FRED NOT ALTERED\n");
    desk_be(&d, "FRED");
    run_rows(&d, rows, ARRAY_LEN(rows));
    desk_fini(&d);
}

static void
identity_maps(void **state)
{
    static const struct row rows[] = {
        { "ADDUSER (FRED MARY) PASSWORD(X)", 0, "" },
        { "RACMAP ID(FRED) LISTMAP", 4,
          "IRRW204I No information was found for user FRED.\n" },
        { "RACMAP ID(FRED) MAP USERDIDFILTER(NAME('distuser'))", 8,
          "IKJ56701I MISSING REGISTRY+\nIKJ56701I MISSING REGISTRY\n" },
        { "RACMAP ID(FRED) MAP USERDIDFILTER(NAME('distuser')) "
          "REGISTRY(NAME('*'))",
          0, "" },
        { "RACMAP ID(MARY) MAP USERDIDFILTER(NAME('ou = Pay , O=Us')) "
          "REGISTRY(NAME('ldap')) WITHLABEL('pay')",
          0, "" },
        { "RACMAP ID(MARY) MAP USERDIDFILTER(NAME('distuser')) "
          "REGISTRY(NAME('*'))",
          8, "IRRW208I This distributed identity is mapped already.\n" },
        /* as a logon would be told */
        { "RACMAP QUERY USERDIDFILTER(NAME('distuser')) REGISTRY(NAME('x'))", 4,
          "IRRW206I No matching identity mapping was found for this user.\n" },
        { "SETROPTS CLASSACT(IDIDMAP) RACLIST(IDIDMAP)", 0,
          "ICH14063I SETROPTS command complete.\n" },
        { "RACMAP QUERY USERDIDFILTER(NAME('distuser')) REGISTRY(NAME('x'))", 0,
          "The mapped user ID is FRED.\n" },
        { "RACMAP QUERY USERDIDFILTER(NAME('CN=Joe,OU=Pay,O=Us')) "
          "REGISTRY(NAME('ldap'))",
          0, "The mapped user ID is MARY.\n" },
        { "RACMAP QUERY USERDIDFILTER(NAME('CN=Joe,OU=XPay,O=Us')) "
          "REGISTRY(NAME('ldap'))",
          4,
          "IRRW206I No matching identity mapping was found for this user.\n" },
        { "SETROPTS NORACLIST(IDIDMAP)", 0,
          "ICH14063I SETROPTS command complete.\n" },
        { "RACMAP ID(MARY) LISTMAP(LABEL('pay')", 0,
          "Mapping information for user MARY:\n\n    Label: pay\n"
          "    Distributed Identity User Name Filter:\n"
          "      >OU=Pay,O=Us<\n    Registry Name:\n      >ldap<\n" },
        { "RACMAP ID(MARY) DELMAP(LABEL('no'))", 4,
          "IRRW206I No matching identity mapping was found for this user.\n" },
        { "RACMAP ID(MARY) MAP USERDIDFILTER(NAME('x')) REGISTRY(NAME('y'))"
          " WITHLABEL('second')",
          0, "" },
        { "RACMAP ID(MARY) DELMAP", 4,
          "SPT0571E user MARY has more than one mapping; say which one.\n" },
        { "RACMAP ID(MARY) DELMAP(LABEL('second'))", 0, "" },
        { "RACMAP ID(MARY) DELMAP", 0, "" },
        { "RACMAP ID(MARY) DELMAP", 4,
          "IRRW204I No information was found for user MARY.\n" },
    };

    (void)state;
    rows_on_new_database(rows, ARRAY_LEN(rows));
}

/* Owning a user, or a profile of STARTED, is no licence to become anybody. */
static void
field_level_access(void **state)
{
    static const char *const setup[] = {
        "ADDUSER OWNER DFLTGRP(SYS1) CLAUTH(STARTED FACILITY)",
        "ADDUSER OWNED DFLTGRP(SYS1) OWNER(OWNER)",
        "ADDGROUP GRP OWNER(OWNER)",
        "SETROPTS CLASSACT(STARTED FIELD UNIXPRIV) GENERIC(STARTED)",
    };
    static const struct row refused[] = {
        { "ALTUSER OWNED OMVS(UID(0))", 4,
          "ICH21028I OMVS OPERAND NOT PROCESSED\n" },
        { "ALTUSER OWNED OMVS(AUTOUID)", 4,
          "ICH21028I OMVS OPERAND NOT PROCESSED\n" },
        { "ALTUSER OWNED NOOMVS", 4, "ICH21028I OMVS OPERAND NOT PROCESSED\n" },
        { "ALTGROUP GRP OMVS(GID(0)) DATA('not either')", 4,
          "ICH20021I PROFILE UNCHANGED. NOT AUTHORIZED TO ALTER SEGMENT FOR"
          " GROUP GRP\n" },
        { "LISTGRP GRP", 0,
          "INFORMATION FOR GROUP GRP     \n"
          "    SUPERIOR GROUP=SYS1         OWNER=OWNER       CREATED=24.007\n"
          "    NO INSTALLATION DATA\n"
          "    NO MODEL DATA SET\n"
          "    TERMUACC\n"
          "    NO SUBGROUPS\n"
          "    NO USERS\n" },
        /* Nor an empty segment. */
        { "ALTUSER OWNED OMVS", 4, "ICH21028I OMVS OPERAND NOT PROCESSED\n" },
        { "ALTUSER OWNED TSO()", 4, "ICH21028I TSO OPERAND NOT PROCESSED\n" },
        { "ALTUSER IBMUSER TSO()", 8,
          "ICH21028I TSO OPERAND NOT PROCESSED\n"
          "ICH21010I NOT AUTHORIZED TO ISSUE ALTUSER\n" },
        { "RDEFINE STARTED X.* STDATA(USER(IBMUSER) TRUSTED(YES))", 4,
          "SPT0570W RDEFINE: not authorized to specify STDATA; the operand is"
          " ignored.\n" },
        { "RALTER STARTED X.* STDATA(USER(IBMUSER))", 4,
          "ICH11008I NOT AUTHORIZED TO SPECIFY STDATA, OPERAND IGNORED\n" },
        { "ALTUSER OWNED NAME('STILL ALLOWED')", 0, "" },
        { "LISTUSER OWNED OMVS NORACF", 4,
          "USER=OWNED\nIRR52021I You are not authorized to view OMVS segments.\n" },
    };
    static const char *const permits[] = {
        "RDEFINE FIELD USER.OMVS.UID UACC(NONE)",
        "PERMIT USER.OMVS.UID CLASS(FIELD) ID(OWNER) ACCESS(UPDATE)",
    };
    static const struct row allowed[] = {
        { "ALTUSER OWNED OMVS(UID(77))", 0, "" },
        { "ALTUSER OWNED OMVS(UID(78) HOME(/h))", 4,
          "ICH21028I OMVS OPERAND NOT PROCESSED\n" },
        { "ALTUSER OWNED OMVS(UID(78) SHARED)", 4,
          "ICH21028I OMVS OPERAND NOT PROCESSED\n" },
    };
    struct desk d;

    (void)state;
    desk_prepare(&d, setup, ARRAY_LEN(setup));
    desk_be(&d, "OWNER");
    run_rows(&d, refused, ARRAY_LEN(refused));
    desk_be(&d, "IBMUSER");
    assert_non_null(
        strstr(desk_run(&d, "LISTUSER OWNED OMVS NORACF"), "NO OMVS INFO"));
    for (size_t i = 0; i < ARRAY_LEN(permits); i++)
        desk_run(&d, permits[i]);
    desk_be(&d, "OWNER");
    run_rows(&d, allowed, ARRAY_LEN(allowed));
    assert_non_null(strstr(desk_run(&d, "LISTUSER OWNED OMVS NORACF"),
                           "UID= 0000000077\n"));
    desk_fini(&d);
}

/* ID(&RACUID): each user's own profile, and nobody else's. */
static void
field_level_access_to_oneself(void **state)
{
    static const char *const setup[] = {
        "ADDUSER ANN DFLTGRP(SYS1) OMVS(UID(5) HOME(/a))",
        "ADDUSER BEN DFLTGRP(SYS1) OMVS(UID(6) HOME(/b))",
        "SETROPTS CLASSACT(FIELD)",
        "RDEFINE FIELD USER.OMVS.HOME UACC(NONE)",
        "PERMIT USER.OMVS.HOME CLASS(FIELD) ID(&RACUID) ACCESS(UPDATE)",
        "RDEFINE FACILITY X UACC(NONE)",
    };
    static const struct row admin[] = {
        { "PERMIT X CLASS(FACILITY) ID(&RACUID)", 4,
          "ICH06007I &RACUID NOT DEFINED TO RACF\n" },
        { "PERMIT USER.OMVS.HOME CLASS(FIELD) ID(&RACGPID)", 8,
          "IKJ56702I INVALID ID, &RACGPID\n"
          "IKJ56701I MISSING ID+\n"
          "IKJ56701I MISSING USERID OR GROUP NAME\n" },
        { "ADDUSER &RACUID", 8,
          "IKJ56702I INVALID USERID, &RACUID\n"
          "IKJ56701I MISSING USERID+\n"
          "IKJ56701I MISSING USERID(S), 1-8 ALPHANUMERIC CHARACTERS\n" },
    };
    static const struct row rows[] = {
        { "ALTUSER ANN OMVS(HOME(/mine))", 0, "" },
        { "ALTUSER BEN OMVS(HOME(/mine))", 8,
          "ICH21028I OMVS OPERAND NOT PROCESSED\n"
          "ICH21010I NOT AUTHORIZED TO ISSUE ALTUSER\n" },
        { "ALTUSER (ANN BEN) OMVS(HOME(/mine))", 8,
          "ICH21028I OMVS OPERAND NOT PROCESSED\n"
          "ICH21010I NOT AUTHORIZED TO ISSUE ALTUSER\n" },
        { "ALTUSER ANN OMVS(UID(0))", 4,
          "ICH21028I OMVS OPERAND NOT PROCESSED\n" },
        { "ALTUSER ANN OMVS(HOME(/mine)) SPECIAL", 8,
          "ICH21010I NOT AUTHORIZED TO ISSUE ALTUSER\n" },
        { "ALTUSER ANN NOOMVS", 4, "ICH21028I OMVS OPERAND NOT PROCESSED\n" },
    };
    struct desk d;

    (void)state;
    desk_prepare(&d, setup, ARRAY_LEN(setup));
    run_rows(&d, admin, ARRAY_LEN(admin));
    desk_be(&d, "ANN");
    run_rows(&d, rows, ARRAY_LEN(rows));
    desk_be(&d, "IBMUSER");
    assert_non_null(strstr(desk_run(&d, "LISTUSER ANN OMVS NORACF"),
                           "UID= 0000000005\nHOME= /mine\n"));
    assert_non_null(
        strstr(desk_run(&d, "LISTUSER BEN OMVS NORACF"), "HOME= /b\n"));
    /* It is an entry like others, and goes like others. */
    desk_run(&d, "PERMIT USER.OMVS.HOME CLASS(FIELD) ID(&RACUID) DELETE");
    desk_be(&d, "ANN");
    desk_run(&d, "ALTUSER ANN OMVS(HOME(/again))");
    assert_int_equal(d.rc, 4);
    desk_fini(&d);
}

/* Bytes that are no characters, wherever a name may stand: refused or kept, a
 * reply never holds them as they are. */
static void
odd_bytes(void **state)
{
    static const struct {
        const char *head, *tail;
        bool is_refused;
    } rows[] = {
        { "ADDUSER A", "B", true },
        { "ADDGROUP A", "B", true },
        { "ALTUSER IBMUSER DFLTGRP(A", "B)", true },
        { "RDEFINE A", "B X", true },
        { "PERMIT X CLASS(FACILITY) ID(A", "B)", true },
        { "CONNECT IBMUSER GROUP(A", "B)", true },
        { "ALTUSER IBMUSER A", "B", true },
        { "A", "B", true },
        { "RACDCERT ADDRING(A", "B)", false },
        { "RACDCERT LIST(LABEL('A", "B'))", false },
        { "ALTUSER IBMUSER NAME('A", "B')", false },
        { "ALTUSER IBMUSER DATA('A", "B')", false },
        { "RDEFINE FACILITY A", "B", false },
        { "SEARCH CLASS(FACILITY) FILTER(A", "B)", false },
        { "LISTUSER IBMUSER", "", false },
        { "RLIST FACILITY *", "", false },
        { "RACDCERT LISTRING(*)", "", false },
    };
    struct desk d;

    (void)state;
    desk_init(&d);
    for (unsigned byte = 1; byte < 256; byte++) {
        if (byte >= ' ' && byte < 0x7f)
            continue;
        if (byte == '\t' || byte == '\n' || byte == '\r')
            continue; /* these separate */
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
            char command[256];
            const char *reply;

            snprintf(command, sizeof command, "%s%c%s", rows[i].head, (int)byte,
                     rows[i].tail);
            reply = desk_run(&d, command);
            if (rows[i].is_refused && d.rc < 4)
                fail_msg("%s, byte %02x: RC %u", rows[i].head, byte, d.rc);
            for (const char *p = reply; *p != '\0'; p++)
                if ((unsigned char)*p < ' ' && *p != '\n')
                    fail_msg("%s, byte %02x: in the reply", rows[i].head, byte);
        }
    }
    desk_fini(&d);
}

/* Each name of a list is carried out, or undone, by itself; what is there
 * afterwards counts, not the words. */
static void
lists_one_by_one(void **state)
{
    static const struct {
        const char *command;
        uint32_t rc;
        const char *users, *groups; /* afterwards */
        const char *said;           /* somewhere in the reply */
    } rows[] = {
        { "ADDGROUP G1 SUPGROUP(SYS1)", 0, "IBMUSER\n", "G1\n", "" },
        { "ADDUSER (A B C) DFLTGRP(G1) OMVS(UID(7)) PASSWORD(X)", 4,
          "A\nIBMUSER\n", "G1\n", "IRR52174I" },
        { "ADDUSER (D E) DFLTGRP(G1) WHEN(DAYS(NODAY)) PASSWORD(X)", 8,
          "A\nIBMUSER\n", "G1\n", "DAYS" },
        { "ADDUSER (A F IBMUSER G) DFLTGRP(G1) PASSWORD(X)", 4,
          "A\nF\nG\nIBMUSER\n", "G1\n", "ICH01010I" },
        { "ALTUSER (F G) OMVS(UID(9)) DATA('X')", 4, "A\nF\nG\nIBMUSER\n",
          "G1\n", "ICH21004I" },
        { "ALTUSER (G NOBODY F) OMVS(UID(10) SHARED)", 4, "A\nF\nG\nIBMUSER\n",
          "G1\n", "ICH21009I" },
        { "ADDUSER (H I) OMVS(AUTOUID) DFLTGRP(G1)", 8, "A\nF\nG\nIBMUSER\n",
          "G1\n", "IRR52184I AUTOUID " },
        { "ALTUSER (F G) OMVS(AUTOUID)", 8, "A\nF\nG\nIBMUSER\n", "G1\n",
          "IRR52184I AUTOUID " },
        { "ADDGROUP (G2 G3) OMVS(AUTOGID)", 8, "A\nF\nG\nIBMUSER\n", "G1\n",
          "IRR52184I AUTOGID " },
        { "ALTGROUP (G1 SYS1) OMVS(AUTOGID)", 8, "A\nF\nG\nIBMUSER\n", "G1\n",
          "IRR52184I AUTOGID " },
        { "ADDGROUP (G2 G3) OMVS(GID(8))", 4, "A\nF\nG\nIBMUSER\n", "G1\nG2\n",
          "IRR52174I" },
        { "DELUSER (A NOBODY F)", 4, "G\nIBMUSER\n", "G1\nG2\n", "NOBODY" },
        { "DELUSER (IBMUSER NOBODY)", 8, "G\nIBMUSER\n", "G1\nG2\n", "" },
        { "DELGROUP (G2 G1)", 4, "G\nIBMUSER\n", "G1\n", "G1" },
    };
    struct desk d;

    (void)state;
    desk_init(&d);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *reply = desk_run(&d, rows[i].command);

        if (d.rc != rows[i].rc || strstr(reply, rows[i].said) == NULL)
            fail_msg("%s\nRC %u, not %u\n%s", rows[i].command, d.rc, rows[i].rc,
                     reply);
        assert_string_equal(desk_run(&d, "SEARCH CLASS(USER)"), rows[i].users);
        assert_string_equal(desk_run(&d, "SEARCH CLASS(GROUP) MASK(G)"),
                            rows[i].groups);
    }
    desk_fini(&d);
}

/* As many as a command holds: each is done, or refused by itself. */
static void
huge_lists(void **state)
{
    struct buf text;
    struct desk d;
    char *command;

    (void)state;
    desk_init(&d);
    buf_init(&text, 1u << 20);
    buf_add_z(&text, "ADDGROUP (");
    for (unsigned i = 0; i < 3000; i++)
        buf_printf(&text, "G%06u ", i);
    buf_add_z(&text, ")");
    command = strdup(buf_z(&text));
    (void)desk_run(&d, command);
    assert_int_equal(d.rc, 0);
    assert_non_null(strstr(desk_run(&d, "LISTGRP G002999"), "G002999"));
    free(command);
    buf_clear(&text);
    buf_add_z(&text, "PERMIT NONE CLASS(FACILITY) ID(");
    for (unsigned i = 0; i < 3000; i++)
        buf_printf(&text, "N%06u,", i);
    buf_add_z(&text, ")");
    command = strdup(buf_z(&text));
    (void)desk_run(&d, "RDEFINE FACILITY NONE");
    (void)desk_run(&d, command);
    assert_int_equal(d.rc, 4); /* nobody of them is defined */
    free(command);
    buf_clear(&text);
    for (unsigned i = 0; i < 3000; i++)
        buf_add_z(&text, "(");
    command = strdup(buf_z(&text));
    (void)desk_run(&d, command);
    assert_int_equal(d.rc, 8);
    free(command);
    buf_fini(&text);
    desk_fini(&d);
}

static void
class_authority_and_auditing(void **state)
{
    static const char *const setup[] = {
        "ADDUSER ANN DFLTGRP(SYS1) CLAUTH(FACILITY APPL SERVER)",
        "ALTUSER ANN NOCLAUTH(APPL)",
        "ALTUSER ANN CLAUTH(FACILITY)",
        "SETROPTS AUDIT(USER GROUP FACILITY)",
        "SETROPTS NOAUDIT(GROUP)",
        "SETROPTS MLFSOBJ(INACTIVE) SECLBYSYSTEM COMPATMODE",
    };
    struct desk d;

    (void)state;
    desk_prepare(&d, setup, ARRAY_LEN(setup));
    assert_non_null(strstr(desk_run(&d, "LISTUSER ANN"),
                           "CLASS AUTHORIZATIONS=SERVER FACILITY\n"));
    assert_int_equal(saf_class_options(saf_engine_db(d.engine), STR("USER")),
                     CLASS_AUDIT);
    assert_int_equal(saf_class_options(saf_engine_db(d.engine), STR("GROUP")),
                     0);
    desk_run(&d, "ALTUSER IBMUSER AUDITOR");
    desk_be(&d, "IBMUSER");
    assert_non_null(strstr(desk_run(&d, "SETROPTS LIST"),
                           "AUDIT CLASSES = USER FACILITY GXFACILI"));
    desk_run(&d, "SETROPTS NOAUDIT(*)");
    assert_int_equal(saf_class_options(saf_engine_db(d.engine), STR("USER")),
                     0);
    desk_run(&d, "ALTUSER ANN NOCLAUTH(SERVER FACILITY)");
    assert_non_null(
        strstr(desk_run(&d, "LISTUSER ANN"), "CLASS AUTHORIZATIONS=NONE\n"));
    assert_string_equal(desk_run(&d, "RDEFINE TERMINAL T1 TIMEZONE(E 5)"), "");
    assert_string_equal(
        desk_run(&d, "RDEFINE TERMINAL T2 FROM(T1) FVOLUME(VOL001)"), "");
    desk_fini(&d);
}

/* --- decks ------------------------------------------------------------- */

static void
decks(void **state)
{
    static const struct {
        const char *deck;
        const char *commands; /* joined by | */
        bool is_jcl;
    } rows[] = {
        { "LU A\nLU B\n", "LU A|LU B", false },
        { "LU A\r\n\r\nLU B", "LU A|LU B", false },
        { "PERMIT X +\n   CLASS(Y)\n", "PERMIT X CLASS(Y)", false },
        { "DATA('A-\n  B')\n", "DATA('A  B')", false },
        { "LU A +\n\nLU B\n", "LU A |LU B", false },
        { "LU A /* who\nLU B /* is */ C\n", "LU A |LU B   C", false },
        { "PE X + /* why\n CL(Y)\n", "PE X CL(Y)", false },
        { "/* only a comment */\nLU A\n", "LU A", false },
        { "LU A\n/*\nLU B\n", "LU A", false },
        { "LU A\n//STEP EXEC\nLU B\n", "LU A", true },
        { "DATA('a /* b')\n", "DATA('a /* b')", false },
        { "", "", false },
        { "LU NUMBERED                                                      "
          "       00100001\n",
          "LU NUMBERED", false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i].deck);
        struct saf_deck deck = { .rest = text, .is_jcl = rows[i].is_jcl };
        struct buf got, all;
        uint32_t line;

        buf_init(&got, CMD_MAX);
        buf_init(&all, CMD_MAX);
        while (saf_deck_next(&deck, &got, &line, NULL) == ERR_OK) {
            if (all.n > 0)
                buf_add_char(&all, '|');
            buf_add(&all, buf_view(&got));
        }
        if (!str_eq_z(buf_view(&all), rows[i].commands))
            fail_msg("deck %zu: " STR_FMT, i, STR_ARG(buf_view(&all)));
        buf_fini(&got);
        buf_fini(&all);
        exact_free(text);
    }
}

static void
long_deck_command(void **state)
{
    struct saf_deck deck = { .rest = STR("ABCDEFGHI\n") };
    struct err_info why = { 0 };
    struct buf out;
    uint32_t line;

    (void)state;
    buf_init(&out, 8);
    assert_int_equal(saf_deck_next(&deck, &out, &line, &why), ERR_LIMIT);
    assert_int_equal(why.line, 1);
    buf_fini(&out);
}

/* --- the store --------------------------------------------------------- */

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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parser_refuses),
        cmocka_unit_test(parser_accepts),
        cmocka_unit_test(users_and_groups),
        cmocka_unit_test(resources),
        cmocka_unit_test(stored_and_effective),
        cmocka_unit_test(stored_classes_answer_at_once),
        cmocka_unit_test(grouping_class),
        cmocka_unit_test(started_tasks),
        cmocka_unit_test(started_as_member),
        cmocka_unit_test(authority),
        cmocka_unit_test(passwords),
        cmocka_unit_test(identity_maps),
        cmocka_unit_test(field_level_access),
        cmocka_unit_test(field_level_access_to_oneself),
        cmocka_unit_test(odd_bytes),
        cmocka_unit_test(lists_one_by_one),
        cmocka_unit_test(huge_lists),
        cmocka_unit_test(class_authority_and_auditing),
        cmocka_unit_test(decks),
        cmocka_unit_test(long_deck_command),
        cmocka_unit_test(full_disk_keeps_the_old_state),
        cmocka_unit_test(file_survives_and_damage_is_told),
    };

    setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
