#include "saf/test_cmd.h"

#include <time.h>

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
        { "PERMIT C.D CLASS(FACILITY) ID(NOBODY)", 4,
          "ICH06007I NOBODY NOT DEFINED TO RACF\n" },
        { "PERMIT C.D CLASS(FACILITY) ID(NOBODY FRED)", 4,
          "ICH06007I NOBODY NOT DEFINED TO RACF\n"
          "ICH06011I RACLISTED PROFILES FOR FACILITY WILL NOT REFLECT THE "
          "UPDATE(S) UNTIL A SETROPTS REFRESH IS ISSUED\n" },
        { "PERMIT C.D CLASS(FACILITY) ID(NOBODY FRED) DELETE", 4,
          "ICH06002I NOBODY   NOT AUTHORIZED, DELETE IGNORED\n"
          "ICH06011I RACLISTED PROFILES FOR FACILITY WILL NOT REFLECT THE "
          "UPDATE(S) UNTIL A SETROPTS REFRESH IS ISSUED\n" },
        { "PERMIT C.D CLASS(FACILITY) ID(FRED) DELETE RESET", 4,
          "ICH06009I RESET OPTION IGNORED, CONFLICTS WITH DELETE REQUEST\n"
          "ICH06002I FRED     NOT AUTHORIZED, DELETE IGNORED\n" },
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

/* --- password resets handed on ----------------------------------------- */

static void
resets(void **state)
{
    static const char *const setup[] = {
        "ADDUSER (HELP MORE FRED) PASSWORD(X)",
        "ADDUSER BOSS PASSWORD(X) OPERATIONS",
        "ADDUSER GUARD",
        "ALTUSER FRED REVOKE",
        "SETROPTS CLASSACT(FACILITY)",
        "RDEFINE FACILITY IRR.PASSWORD.RESET UACC(NONE)",
        "PERMIT IRR.PASSWORD.RESET CLASS(FACILITY) ID(HELP) ACCESS(READ)",
        "PERMIT IRR.PASSWORD.RESET CLASS(FACILITY) ID(MORE) ACCESS(UPDATE)",
    };
    static const char no[] = "ICH21010I NOT AUTHORIZED TO ISSUE ALTUSER\n";
    static const struct row by_help[] = {
        { "ALTUSER FRED PASSWORD(NEW1) RESUME", 0, "" },
        { "ALTUSER FRED PASSWORD(NEW2) EXPIRED", 0, "" },
        { "ALTUSER FRED PASSWORD(NEW3) NOEXPIRED", 8, no },
        { "ALTUSER FRED PASSWORD(NEW3) SPECIAL", 8, no },
        { "ALTUSER FRED NAME('F')", 8, no },
        { "ALTUSER FRED REVOKE", 8, no },
        { "ALTUSER FRED NOPASSWORD", 8, no },
        { "ALTUSER FRED PHRASE('a phrase for one without')", 8, no },
        { "ALTUSER BOSS PASSWORD(NEW1)", 8, no },
        { "ALTUSER BOSS RESUME", 8, no },
        { "ALTUSER IBMUSER PASSWORD(NEW1)", 8, no },
        { "ALTUSER GUARD PASSWORD(NEW1)", 8, no },
        { "ALTUSER (FRED BOSS) PASSWORD(NEW4)", 8, no },
    };
    static const struct row by_more[] = {
        { "ALTUSER FRED PASSWORD(NEW3) NOEXPIRED", 0, "" },
        { "ALTUSER BOSS PASSWORD(NEW3) NOEXPIRED", 8, no },
    };
    static const struct row by_fred[] = {
        { "ALTUSER HELP PASSWORD(NEW1)", 8, no },
        { "ALTUSER HELP RESUME", 8, no },
    };
    struct desk d;

    (void)state;
    desk_prepare(&d, setup, ARRAY_LEN(setup));
    desk_be(&d, "HELP");
    run_rows(&d, by_help, ARRAY_LEN(by_help));
    desk_be(&d, "MORE");
    run_rows(&d, by_more, ARRAY_LEN(by_more));
    desk_be(&d, "FRED");
    run_rows(&d, by_fred, ARRAY_LEN(by_fred));
    desk_fini(&d);
}

/* By owner and by the tree of a group, but not whom EXCLUDE protects. */
static void
delegated(void **state)
{
    static const char *const setup[] = {
        "ADDGROUP PAY",
        "ADDGROUP SUBPAY SUPGROUP(PAY) OWNER(PAY)",
        "ADDUSER (HELP TREE BOTH ANY NONE) PASSWORD(X)",
        "ADDUSER (ANN VIP VIP2) OWNER(PAY) PASSWORD(X)",
        "ADDUSER SUB OWNER(SUBPAY) PASSWORD(X)",
        "ADDUSER SUBS OWNER(SUB) PASSWORD(X)",
        "ADDUSER OPS OWNER(PAY) PASSWORD(X) OPERATIONS",
        "ADDUSER OUT PASSWORD(X)",
        "SETROPTS CLASSACT(FACILITY) GENERIC(FACILITY) GRPLIST",
        "RDEFINE FACILITY IRR.PWRESET.** UACC(NONE)",
        "RDEFINE FACILITY IRR.LU.** UACC(NONE)",
        "RDEFINE FACILITY IRR.LU.EXCLUDE.** UACC(READ)",
        "RDEFINE FACILITY IRR.PWRESET.EXCLUDE.** UACC(UPDATE)",
        "RDEFINE FACILITY IRR.PWRESET.EXCLUDE.VIP* UACC(NONE)",
        "RDEFINE FACILITY IRR.LU.EXCLUDE.VIP* UACC(NONE)",
        "PERMIT IRR.PWRESET.EXCLUDE.VIP* CLASS(FACILITY) ID(BOTH) ACCESS(READ)",
        "RDEFINE FACILITY (IRR.PWRESET.OWNER.PAY IRR.PWRESET.TREE.PAY"
        " IRR.LU.OWNER.PAY IRR.LU.TREE.PAY IRR.LISTUSER) UACC(NONE)",
        "PERMIT IRR.PWRESET.OWNER.PAY CLASS(FACILITY) ID(HELP) ACCESS(READ)",
        "PERMIT IRR.LU.OWNER.PAY CLASS(FACILITY) ID(HELP) ACCESS(READ)",
        "PERMIT IRR.PWRESET.TREE.PAY CLASS(FACILITY) ID(TREE) ACCESS(UPDATE)",
        "PERMIT IRR.LU.TREE.PAY CLASS(FACILITY) ID(TREE) ACCESS(READ)",
        "PERMIT IRR.PWRESET.OWNER.PAY CLASS(FACILITY) ID(BOTH) ACCESS(UPDATE)",
        "PERMIT IRR.LISTUSER CLASS(FACILITY) ID(ANY) ACCESS(READ)",
    };
    static const char no[] = "ICH21010I NOT AUTHORIZED TO ISSUE ALTUSER\n";
    static const struct row by_help[] = {
        { "ALTUSER ANN PASSWORD(NEW1)", 0, "" },
        { "ALTUSER ANN PASSWORD(NEW2) NOEXPIRED", 8, no },
        { "ALTUSER ANN NAME('A')", 8, no },
        { "ALTUSER VIP PASSWORD(NEW1)", 8, no },
        { "ALTUSER SUB PASSWORD(NEW1)", 8, no },
        { "ALTUSER OPS RESUME", 8, no },
        { "ALTUSER OUT PASSWORD(NEW1)", 8, no },
        { "LISTUSER VIP", 4, "ICH30002I NOT AUTHORIZED TO LIST VIP\n" },
        { "LISTUSER SUB", 4, "ICH30002I NOT AUTHORIZED TO LIST SUB\n" },
        { "LISTUSER OPS", 4, "ICH30002I NOT AUTHORIZED TO LIST OPS\n" },
        { "LISTUSER OUT", 4, "ICH30002I NOT AUTHORIZED TO LIST OUT\n" },
    };
    static const struct row by_tree[] = {
        { "ALTUSER ANN PASSWORD(NEW2) NOEXPIRED", 0, "" },
        { "ALTUSER SUB PASSWORD(NEW1)", 0, "" },
        { "ALTUSER SUBS PASSWORD(NEW1)", 0, "" },
        { "ALTUSER VIP PASSWORD(NEW1)", 8, no },
        { "ALTUSER OUT PASSWORD(NEW1)", 8, no },
        { "LISTUSER VIP2", 4, "ICH30002I NOT AUTHORIZED TO LIST VIP2\n" },
    };
    static const struct row by_both[] = {
        { "ALTUSER VIP PASSWORD(NEW1)", 0, "" },
        { "ALTUSER VIP PASSWORD(NEW3) NOEXPIRED", 8, no },
        { "ALTUSER ANN PASSWORD(NEW3) NOEXPIRED", 0, "" },
        { "LISTUSER ANN", 4, "ICH30002I NOT AUTHORIZED TO LIST ANN\n" },
    };
    static const struct row by_any[] = {
        { "LISTUSER OPS", 4, "ICH30002I NOT AUTHORIZED TO LIST OPS\n" },
        { "LISTUSER IBMUSER", 4, "ICH30002I NOT AUTHORIZED TO LIST IBMUSER\n" },
        { "ALTUSER ANN PASSWORD(NEW1)", 8, no },
    };
    static const struct {
        const char *issuer, *command;
        bool is_listed;
    } lists[] = {
        { "HELP", "LISTUSER ANN", true },  { "TREE", "LISTUSER SUB", true },
        { "TREE", "LISTUSER SUBS", true }, { "ANY", "LISTUSER VIP", true },
        { "ANY", "LISTUSER OUT", true },   { "NONE", "LISTUSER ANN", false },
    };
    struct desk d;

    (void)state;
    desk_prepare(&d, setup, ARRAY_LEN(setup));
    desk_be(&d, "HELP");
    run_rows(&d, by_help, ARRAY_LEN(by_help));
    desk_be(&d, "TREE");
    run_rows(&d, by_tree, ARRAY_LEN(by_tree));
    desk_be(&d, "BOTH");
    run_rows(&d, by_both, ARRAY_LEN(by_both));
    desk_be(&d, "ANY");
    run_rows(&d, by_any, ARRAY_LEN(by_any));
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        desk_be(&d, lists[i].issuer);
        assert_int_equal(strncmp(desk_run(&d, lists[i].command), "USER=", 5) ==
                             0,
                         lists[i].is_listed);
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
        { "SETROPTS GENERIC(FACILITY) REFRESH", 0,
          "ICH14063I SETROPTS command complete.\n" },
        { "SETROPTS GENERIC(FACILITY)", 8,
          "ICH14001I NOT AUTHORIZED TO ISSUE SETROPTS\n" },
        { "SETROPTS NOGENERIC(FACILITY) REFRESH", 8,
          "ICH14001I NOT AUTHORIZED TO ISSUE SETROPTS\n" },
        { "SETROPTS RACLIST(FACILITY) REFRESH", 8,
          "ICH14001I NOT AUTHORIZED TO ISSUE SETROPTS\n" },
    };
    struct desk d;

    (void)state;
    desk_prepare(&d, setup, ARRAY_LEN(setup));
    desk_be(&d, "FRED");
    run_rows(&d, by_fred, ARRAY_LEN(by_fred));
    desk_be(&d, "LEAD");
    run_rows(&d, by_lead, ARRAY_LEN(by_lead));
    assert_non_null(strstr(desk_run(&d, "SETROPTS LIST"), "ACTIVE CLASSES = "));
    assert_non_null(strstr(desk_run(&d, "SETROPTS LIST NOGRPLIST"),
                           "LIST OF GROUPS ACCESS CHECKING IS ACTIVE."));
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
    /* Who has a phrase alone has no day of a password, and the reverse. */
    desk_run(&d, "ADDUSER WORDS PHRASE('long enough 12')");
    assert_non_null(strstr(desk_run(&d, "LISTUSER WORDS"),
                           "PASSDATE=N/A    PASS-INTERVAL= 30 "
                           "PHRASEDATE=00.000\n"));
    assert_non_null(strstr(desk_run(&d, "LISTUSER FRED"),
                           "PASSDATE=00.000 PASS-INTERVAL= 30 "
                           "PHRASEDATE=N/A\n"));
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
          "USER=OWNED\nIRR52021I You are not authorized to view OMVS "
          "segments.\n" },
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

static void
class_authority_and_auditing(void **state)
{
    static const char *const setup[] = {
        "ADDUSER ANN DFLTGRP(SYS1) CLAUTH(FACILITY APPL SERVER)",
        "ALTUSER ANN NOCLAUTH(APPL)",
        "ALTUSER ANN CLAUTH(FACILITY)",
        "ALTUSER IBMUSER AUDITOR",
        "SETROPTS MLFSOBJ(INACTIVE) SECLBYSYSTEM COMPATMODE",
    };
    struct desk d;

    (void)state;
    desk_prepare(&d, setup, ARRAY_LEN(setup));
    assert_non_null(strstr(desk_run(&d, "LISTUSER ANN"),
                           "CLASS AUTHORIZATIONS=SERVER FACILITY\n"));
    desk_be(&d, "IBMUSER");
    desk_run(&d, "SETROPTS AUDIT(USER GROUP FACILITY)");
    desk_run(&d, "SETROPTS NOAUDIT(GROUP)");
    assert_int_equal(saf_class_options(saf_engine_db(d.engine), STR("USER")),
                     CLASS_AUDIT);
    assert_int_equal(saf_class_options(saf_engine_db(d.engine), STR("GROUP")),
                     0);
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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(users_and_groups),
        cmocka_unit_test(resources),
        cmocka_unit_test(authority),
        cmocka_unit_test(resets),
        cmocka_unit_test(delegated),
        cmocka_unit_test(passwords),
        cmocka_unit_test(identity_maps),
        cmocka_unit_test(field_level_access),
        cmocka_unit_test(field_level_access_to_oneself),
        cmocka_unit_test(class_authority_and_auditing),
    };

    setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
