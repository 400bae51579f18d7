/* RDEFINE and its kin: members, generic beside discrete profiles. */
#include "saf/test_cmd.h"

/* The members as RLIST shows them. */
static void
members_are(struct desk *d, const char *profile, const char *heading,
            const char *want)
{
    const char *from, *to;
    char command[128];

    snprintf(command, sizeof command, "RLIST %s", profile);
    from = strstr(desk_run(d, command), heading);
    if (from == NULL)
        fail_msg("%s", buf_z(&d->out));
    from = strchr(strchr(from, '\n') + 1, '\n') + 1; /* and its dashes */
    to = strstr(from, "\n\n");
    assert_non_null(to);
    if (strlen(want) != (size_t)(to - from) ||
        memcmp(from, want, strlen(want)) != 0)
        fail_msg("%s\nis\n%.*s\nnot\n%s", profile, (int)(to - from), from,
                 want);
}

static void
members_with_suffixes(void **state)
{
    static const struct row rows[] = {
        { "RDEFINE GLOBAL DATASET ADDMEM('SYS1.HELP'/READ,"
          "'&RACUID.**'/ALTER MINE.X/UPDATE &RACUID.A/NONE)",
          0, "" },
        { "RDEFINE GLOBAL FACILITY ADDMEM('a.b'/READ C.D/UPDATE)", 0, "" },
        { "RDEFINE PROGRAM ** ADDMEM('SYS1.LINKLIB'//NOPADCHK,"
          "'SYS1.CMDLIB'/'******'/NOPADCHK 'SYS1.X'/VOL001/PADCHK,"
          "'SYS1.Y' MY.LIB/vol002)",
          0,
          "ICH10321I ** CONTAINS GENERIC CHARACTERS, BUT GENERICS ARE NOT"
          " ENABLED FOR CLASS PROGRAM. A DISCRETE PROFILE IS CREATED.\n" },
        { "RDEFINE GEJBROLE R ADDMEM('App.Read' App.Write)", 0, "" },
        { "RDEFINE RACFVARS &V ADDMEM('A' B)", 0, "" },
    };
    static const struct row more[] = {
        { "RALTER GLOBAL DATASET DELMEM('SYS1.HELP'/READ MINE.X)", 0, "" },
        { "RALTER PROGRAM ** DELMEM('SYS1.Y' 'SYS1.X'/VOL001/PADCHK)", 0, "" },
        { "RALTER GEJBROLE R DELMEM('App.Read') ADDMEM(App.New)", 0, "" },
        { "RALTER PROGRAM ** DELMEM('SYS1.NONE')", 4,
          "ICH11105I SYS1.NONE//PADCHK IS NOT A MEMBER OF **\n" },
        { "RALTER GLOBAL DATASET DELMEM('SYS1.HELP'/READ)", 4,
          "ICH11105I SYS1.HELP IS NOT A MEMBER OF DATASET\n" },
    };
    struct desk d;

    (void)state;
    desk_init(&d);
    run_rows(&d, rows, ARRAY_LEN(rows));
    members_are(&d, "GLOBAL DATASET", "RESOURCES IN GROUP",
                "SYS1.HELP/READ\n&RACUID.**/ALTER\nIBMUSER.MINE.X/UPDATE\n"
                "&RACUID.A/NONE");
    members_are(&d, "GLOBAL FACILITY", "RESOURCES IN GROUP",
                "A.B/READ\nC.D/UPDATE");
    members_are(&d, "PROGRAM **", "DATA SET NAME",
                "SYS1.LINKLIB                                           NO\n"
                "SYS1.CMDLIB                                   ******   NO\n"
                "SYS1.X                                        VOL001   YES\n"
                "SYS1.Y                                                 YES\n"
                "IBMUSER.MY.LIB                                VOL002   YES");
    members_are(&d, "GEJBROLE R", "RESOURCES IN GROUP", "App.Read\nApp.Write");
    members_are(&d, "RACFVARS &V", "RESOURCES IN GROUP", "A\nB");
    run_rows(&d, more, ARRAY_LEN(more));
    members_are(&d, "GLOBAL DATASET", "RESOURCES IN GROUP",
                "&RACUID.**/ALTER\n&RACUID.A/NONE");
    members_are(&d, "PROGRAM **", "DATA SET NAME",
                "SYS1.LINKLIB                                           NO\n"
                "SYS1.CMDLIB                                   ******   NO\n"
                "IBMUSER.MY.LIB                                VOL002   YES");
    members_are(&d, "GEJBROLE R", "RESOURCES IN GROUP", "App.Write\nApp.New");
    desk_fini(&d);
}

static void
bad_members_are_refused(void **state)
{
    static const struct row rows[] = {
        { "RDEFINE GLOBAL DATASET ADDMEM('SYS1.HELP')", 8,
          "IKJ56702I INVALID MEMBER, 'SYS1.HELP'\n" },
        { "RDEFINE GLOBAL DATASET ADDMEM('SYS1.HELP'/)", 8,
          "IKJ56702I INVALID MEMBER, 'SYS1.HELP'/\n" },
        { "RDEFINE GLOBAL DATASET ADDMEM('SYS1.HELP'/REED)", 8,
          "IKJ56702I INVALID MEMBER, 'SYS1.HELP'/REED\n" },
        { "RDEFINE GLOBAL DATASET ADDMEM('SYS1.HELP/READ)", 8,
          "IKJ56702I INVALID ADDMEM, 'SYS1.HELP/READ)\n" },
        { "RDEFINE GLOBAL DATASET ADDMEM(/READ)", 8,
          "IKJ56702I INVALID MEMBER, /READ\n" },
        { "RDEFINE PROGRAM P ADDMEM('SYS1.A'/TOOLONGV/NOPADCHK)", 8,
          "IKJ56702I INVALID MEMBER, 'SYS1.A'/TOOLONGV/NOPADCHK\n" },
        { "RDEFINE PROGRAM P ADDMEM('SYS1.A'/VOL001/MAYBE)", 8,
          "IKJ56702I INVALID MEMBER, 'SYS1.A'/VOL001/MAYBE\n" },
        { "RDEFINE PROGRAM P ADDMEM('SYS1'/VOL001/PADCHK)", 8,
          "IKJ56702I INVALID MEMBER, 'SYS1'/VOL001/PADCHK\n" },
        { "RDEFINE PROGRAM P ADDMEM('1X.A'//PADCHK)", 8,
          "IKJ56702I INVALID MEMBER, '1X.A'//PADCHK\n" },
        { "RDEFINE GEJBROLE R ADDMEM(()", 8, "IKJ56702I INVALID ADDMEM, (\n" },
        { "RDEFINE FACILITY F ADDMEM(A)", 4,
          "ICH10004I ADDMEM DOES NOT APPLY TO FACILITY CLASS ENTITIES; OPERAND"
          " IGNORED\n" },
        { "RALTER FACILITY F ADDMEM(A)", 4,
          "ICH11004I ADDMEM DOES NOT APPLY TO FACILITY CLASS ENTITIES; OPERAND"
          " IGNORED\n" },
        { "RDEFINE DIGTCERT X", 8,
          "ICH10202I NOT AUTHORIZED TO DEFINE DIGTCERT CLASS ENTITIES\n" },
        { "RALTER DIGTCERT X", 8, "ICH11103I NOT AUTHORIZED TO ALTER X.\n" },
        { "RDELETE DIGTCERT X", 8, "ICH12103I NOT AUTHORIZED TO DELETE X.\n" },
        { "RDEFINE FACILITY F.ONE", 0, "" },
        { "PERMIT F.ONE CLASS(FACILITY) ID(IBMUSER) WHEN(CRITERIA(SQLROLE))", 8,
          "ICH06018I PERMIT command failed. WHEN operand is incorrect without"
          " a value.\n" },
        { "PERMIT F.ONE CLASS(FACILITY) ID(IBMUSER) WHEN(CRITERIA(SQLROLE()))",
          8,
          "ICH06018I PERMIT command failed. WHEN operand is incorrect without"
          " a value.\n" },
        { "PERMIT F.ONE CLASS(FACILITY) ID(IBMUSER)"
          " WHEN(CRITERIA(sqlrole('A b') OTHER(X)))",
          0, "" },
        { "PERMIT F.ONE CLASS(FACILITY) ID(IBMUSER) DELETE"
          " WHEN(CRITERIA(SQLROLE('A B')))",
          4,
          "ICH06014I IBMUSER not authorized, DELETE ignored for"
          " WHEN(CRITERIA(SQLROLE(A B)))\n" },
        { "PERMIT F.ONE CLASS(FACILITY) ID(IBMUSER) DELETE"
          " WHEN(CRITERIA(SQLROLE('A b')))",
          0, "" },
        { "PERMIT F.ONE CLASS(FACILITY) ID(IBMUSER) DELETE"
          " WHEN(CRITERIA(OTHER(X)))",
          0, "" },
        { "RLIST GLOBAL DATASET", 4, "ICH13003I DATASET NOT FOUND\n" },
        { "RLIST PROGRAM P", 4, "ICH13003I P NOT FOUND\n" },
    };
    struct desk d;

    (void)state;
    desk_init(&d);
    run_rows(&d, rows, ARRAY_LEN(rows));
    desk_fini(&d);
}

/* Who is in the access list that RLIST or LISTDSD shows. */
static bool
lists(struct desk *d, const char *command, const char *line)
{
    return strstr(desk_run(d, command), line) != NULL;
}

static void
generic_beside_discrete(void **state)
{
    static const char *const people[] = {
        "ADDUSER (ANN BEN CARL) NOPASSWORD",
    };
    static const struct row rows[] = {
        { "RDEFINE FACILITY A.*", 0,
          "ICH10321I A.* CONTAINS GENERIC CHARACTERS, BUT GENERICS ARE NOT"
          " ENABLED FOR CLASS FACILITY. A DISCRETE PROFILE IS CREATED.\n" },
        { "PERMIT A.* CLASS(FACILITY) ID(ANN)", 0, "" },
        { "PERMIT A.* CLASS(FACILITY) ID(ANN) GENERIC", 8,
          "ICH06010I GENERIC INVALID, GENERIC COMMAND PROCESSING IS"
          " INACTIVE.\n" },
        { "SETROPTS GENERIC(FACILITY) CLASSACT(FACILITY)", 0,
          "ICH14063I SETROPTS command complete.\n" },
        { "PERMIT A.* CLASS(FACILITY) ID(ANN) GENERIC", 8,
          "ICH06004I A.* NOT DEFINED TO RACF\n" },
        { "RDEFINE FACILITY A.* UACC(READ)", 0, "" },
        { "RDEFINE FACILITY A.*", 4,
          "ICH10102I A.* ALREADY DEFINED TO CLASS FACILITY.\n" },
        { "PERMIT A.* CLASS(FACILITY) ID(BEN) ACCESS(UPDATE)", 0, "" },
        { "PERMIT A.* CLASS(FACILITY) ID(CARL) GENERIC", 0, "" },
        { "SEARCH CLASS(FACILITY)", 0, "A.*\nA.* (G)\n" },
    };
    struct desk d;

    (void)state;
    desk_prepare(&d, people, ARRAY_LEN(people));
    run_rows(&d, rows, ARRAY_LEN(rows));
    assert_true(lists(&d, "RLIST FACILITY A.*", "FACILITY   A.* (G)\n"));
    assert_true(lists(&d, "RLIST FACILITY A.* NOGENERIC", "FACILITY   A.*\n"));
    assert_true(lists(&d, "RLIST FACILITY A.* AUTHUSER", "BEN       UPDATE"));
    assert_true(lists(&d, "RLIST FACILITY A.* AUTHUSER", "CARL      READ"));
    assert_false(lists(&d, "RLIST FACILITY A.* AUTHUSER", "ANN "));
    assert_true(
        lists(&d, "RLIST FACILITY A.* AUTHUSER NOGENERIC", "ANN       READ"));
    assert_false(lists(&d, "RLIST FACILITY A.* AUTHUSER NOGENERIC", "BEN "));
    /* Each decides for its own. */
    assert_true(lists(&d, "EXPLAIN BEN FACILITY A.B UPDATE", "allowed"));
    assert_true(lists(&d, "EXPLAIN BEN FACILITY A.* READ", "refused"));
    assert_true(lists(&d, "EXPLAIN ANN FACILITY A.* READ", "allowed"));
    assert_string_equal(desk_run(&d, "RALTER FACILITY A.* DATA('g')"), "");
    assert_true(lists(&d, "RLIST FACILITY A.*", "\ng\n"));
    assert_false(lists(&d, "RLIST FACILITY A.* NOGENERIC", "\ng\n"));
    assert_string_equal(desk_run(&d, "RDELETE FACILITY A.* NOGENERIC"), "");
    assert_string_equal(desk_run(&d, "RDELETE FACILITY A.* NOGENERIC"),
                        "ICH12102I A.* NOT DEFINED TO CLASS FACILITY.\n");
    assert_true(lists(&d, "EXPLAIN BEN FACILITY A.B UPDATE", "allowed"));
    assert_string_equal(desk_run(&d, "RDELETE FACILITY A.*"), "");
    assert_string_equal(desk_run(&d, "SEARCH CLASS(FACILITY)"),
                        "ICH31005I NO ENTRIES MEET SEARCH CRITERIA\n");
    desk_fini(&d);
}

/* What RLIST shows somebody, SEARCH finds for him, in whatever class. */
static void
searched_by_others(void **state)
{
    static const char *const before[] = {
        "ADDUSER (ANN BEN) NOPASSWORD",
        "RDEFINE FACILITY (A.ONE A.TWO A.THREE A.FOUR)",
        "PERMIT A.ONE CLASS(FACILITY) ID(ANN)",
        "PERMIT A.TWO CLASS(FACILITY) ID(*)",
        "RALTER FACILITY A.THREE OWNER(ANN)",
    };
    struct desk d;

    (void)state;
    desk_prepare(&d, before, ARRAY_LEN(before));
    assert_string_equal(desk_run(&d, "SEARCH CLASS(FACILITY) USER(ANN)"),
                        "A.ONE\nA.THREE\nA.TWO\n");
    desk_be(&d, "ANN");
    assert_string_equal(desk_run(&d, "SEARCH CLASS(FACILITY)"),
                        "A.ONE\nA.THREE\nA.TWO\n");
    assert_string_equal(desk_run(&d, "COMPLETE('RLIST FACILITY A.')"),
                        "A.ONE\nA.THREE\nA.TWO\n");
    assert_string_equal(desk_run(&d, "RLIST FACILITY A.FOUR"),
                        "ICH13002I NOT AUTHORIZED TO LIST A.FOUR\n");
    desk_be(&d, "BEN");
    assert_string_equal(desk_run(&d, "SEARCH CLASS(FACILITY)"), "A.TWO\n");
    desk_fini(&d);
}

/* ADDSD GENERIC of a name without generic characters. */
static void
fully_qualified_generics(void **state)
{
    static const char *const people[] = {
        "ADDUSER (ANN BEN) NOPASSWORD",
    };
    static const struct row rows[] = {
        { "SETROPTS GENERIC(DATASET)", 0,
          "ICH14063I SETROPTS command complete.\n" },
        { "ADDSD 'SYS1.A' GENERIC UACC(NONE)", 0, "" },
        { "PERMIT 'SYS1.A' ID(ANN)", 8,
          "ICH06004I SYS1.A NOT DEFINED TO RACF\n" },
        { "PERMIT 'SYS1.A' ID(ANN) GENERIC", 0, "" },
        { "ADDSD 'SYS1.A' UACC(NONE)", 0, "" },
        { "ADDSD 'SYS1.A'", 4, "ICH09005I SYS1.A ALREADY DEFINED TO RACF\n" },
        { "ADDSD 'SYS1.A' GENERIC", 4,
          "ICH09005I SYS1.A ALREADY DEFINED TO RACF\n" },
        { "PERMIT 'SYS1.A' ID(BEN) ACCESS(UPDATE)", 0, "" },
        { "ADDSD 'SYS1.B' FROM('SYS1.A') FGENERIC", 0, "" },
        { "PERMIT 'SYS1.B' ID(BEN) DELETE", 4,
          "ICH06002I BEN      NOT AUTHORIZED, DELETE IGNORED\n" },
        { "PERMIT 'SYS1.B' FROM('SYS1.A') RESET", 0, "" },
        { "PERMIT 'SYS1.B' ID(BEN) DELETE", 0, "" },
    };
    struct desk d;

    (void)state;
    desk_prepare(&d, people, ARRAY_LEN(people));
    run_rows(&d, rows, ARRAY_LEN(rows));
    assert_true(lists(&d, "EXPLAIN BEN DATASET SYS1.A UPDATE", "allowed"));
    assert_true(lists(&d, "EXPLAIN ANN DATASET SYS1.A READ", "refused"));
    assert_string_equal(desk_run(&d, "DELDSD 'SYS1.A'"), "");
    assert_true(lists(&d, "EXPLAIN ANN DATASET SYS1.A READ", "allowed"));
    assert_true(lists(&d, "EXPLAIN BEN DATASET SYS1.A READ", "refused"));
    assert_string_equal(desk_run(&d, "DELDSD 'SYS1.A' GENERIC"), "");
    assert_int_equal(d.rc, 0);
    assert_string_equal(desk_run(&d, "DELDSD 'SYS1.A' GENERIC"),
                        "ICH09020I SYS1.A NOT DEFINED TO RACF\n");
    desk_fini(&d);
}

/* Nothing that was typed drives the terminal of who lists it. */
static void
control_characters(void **state)
{
    static const struct row rows[] = {
        { "RDEFINE FACILITY 'A\x1b[2JB'", 8,
          "IRR16001I RDEFINE command failed. A [2JB is not a valid profile "
          "name for"
          " class FACILITY.\n" },
        { "RDEFINE FACILITY A\x01"
          "B",
          8, "IKJ56712I INVALID KEYWORD,  \nIKJ56712I INVALID KEYWORD, B\n" },
        { "RDEFINE EJBROLE 'A\xc2\x9bm'", 8,
          "IRR16001I RDEFINE command failed. A\\xc2\\x9bm is not a valid "
          "profile name"
          " for class EJBROLE.\n" },
        { "RDEFINE EJBROLE '\xff'", 8,
          "IRR16001I RDEFINE command failed. \\xff is not a valid profile name "
          "for"
          " class EJBROLE.\n" },
        { "RDEFINE EJBROLE A\nB", 8,
          "IKJ56712I INVALID KEYWORD,  \nIKJ56712I INVALID KEYWORD, B\n" },
        { "ADDUSER \x1bX", 8,
          "IKJ56702I INVALID USERID,  \nIKJ56701I MISSING USERID+\n"
          "IKJ56701I MISSING USERID(S), 1-8 ALPHANUMERIC CHARACTERS\n"
          "IKJ56712I INVALID KEYWORD, X\n" },
        { "RDEFINE EJBROLE Stra\xc3\x9f"
          "e DATA('a\x1b[31m\xe2\x80\xaex')",
          0, "" },
        { "SEARCH CLASS(EJBROLE)", 0,
          "Stra\xc3\x9f"
          "e\n" },
        { "ADDUSER ANN NAME('A\x1b]0;x\x07') DATA('b\rc\td') NOPASSWORD", 0,
          "ICH01024I User ANN is defined as PROTECTED.\n" },
    };
    struct desk d;

    (void)state;
    desk_init(&d);
    run_rows(&d, rows, ARRAY_LEN(rows));
    assert_true(lists(&d,
                      "RLIST EJBROLE Stra\xc3\x9f"
                      "e",
                      "\na\\x1b[31m\\xe2\\x80\\xaex\n"));
    assert_true(lists(&d, "LISTUSER ANN", "NAME=A\\x1b]0;X\\x07 "));
    assert_true(
        lists(&d, "LISTUSER ANN", " INSTALLATION-DATA=b\\x0dc\\x09d\n"));
    desk_fini(&d);
}

/* RC 4: done in part; 8: nothing was done. */
static void
lists_that_are_partly_done(void **state)
{
#define NO_USER(name) "IKJ56702I INVALID USERID, " name "\n"
#define NO_GROUP(name) "IKJ56702I INVALID GROUP, " name "\n"
#define NO_PASSWORD(name) "ICH01024I User " name " is defined as PROTECTED.\n"
    static const struct row rows[] = {
        { "ADDUSER (A IBMUSER B) NOPASSWORD", 4,
          NO_PASSWORD("A") NO_USER(
              "IBMUSER") "ICH01010I IBMUSER NOT ADDED\n" NO_PASSWORD("B") },
        { "ADDUSER (A B)", 8,
          NO_USER("A") "ICH01010I A NOT ADDED\n" NO_USER(
              "B") "ICH01010I B NOT ADDED\n" },
        { "ADDUSER IRRCERTA", 8,
          NO_USER("IRRCERTA") "ICH01010I IRRCERTA NOT ADDED\n" },
        { "ADDUSER (irrsitec Irrmulti)", 8,
          NO_USER("IRRSITEC") "ICH01010I IRRSITEC NOT ADDED\n" NO_USER(
              "IRRMULTI") "ICH01010I IRRMULTI NOT ADDED\n" },
        { "ADDGROUP IRRCERTA", 8, NO_GROUP("IRRCERTA") },
        { "ADDGROUP (G1 SYS1 1G)", 4, NO_GROUP("SYS1") NO_GROUP("1G") },
        { "ALTGROUP (G1 G9) DATA('x')", 4, "ICH20019I UNABLE TO LOCATE G9\n" },
        { "ALTGROUP G9 DATA('x')", 8, "ICH20019I UNABLE TO LOCATE G9\n" },
        { "CONNECT (A NOBODY B) GROUP(G1)", 4,
          NO_USER("NOBODY") "ICH02003I NOBODY NOT CONNECTED\n" },
        { "CONNECT NOBODY GROUP(G1)", 8,
          NO_USER("NOBODY") "ICH02003I NOBODY NOT CONNECTED\n" },
        { "REMOVE (A NOBODY) GROUP(G1)", 4, NO_USER("NOBODY") },
        { "REMOVE (A NOBODY) GROUP(G1)", 8,
          "ICH03002I A        WAS NOT CONNECTED TO GROUP.\n" NO_USER(
              "NOBODY") },
        { "REMOVE B GROUP(G1)", 0, "" },
        { "SETROPTS CLASSACT(FACILITY) RACLIST(FACILITY)", 0,
          "ICH14063I SETROPTS command complete.\n" },
        { "RDEFINE FACILITY (X.1 'X 2' X.3)", 4,
          "IRR16001I RDEFINE command failed. X 2 is not a valid profile name"
          " for class FACILITY.\n"
          "ICH10006I RACLISTED PROFILES FOR FACILITY WILL NOT REFLECT THE"
          " ADDITION(S) UNTIL A SETROPTS REFRESH IS ISSUED.\n" },
        { "RALTER FACILITY ('X 2' X.9) DATA('d')", 8,
          "IRR16001I RALTER command failed. X 2 is not a valid profile name"
          " for class FACILITY.\n"
          "ICH11102I X.9 NOT DEFINED TO CLASS FACILITY.\n" },
        { "RALTER FACILITY ('X 2' X.1) DATA('d')", 4,
          "IRR16001I RALTER command failed. X 2 is not a valid profile name"
          " for class FACILITY.\n"
          "ICH11009I RACLISTED PROFILES FOR FACILITY WILL NOT REFLECT THE"
          " UPDATE(S) UNTIL A SETROPTS REFRESH IS ISSUED.\n" },
        { "DELUSER (A NOBODY)", 4, NO_USER("NOBODY") },
        { "DELUSER (A NOBODY)", 8, NO_USER("A") NO_USER("NOBODY") },
        { "DELGROUP (G1 SYS1)", 4, "ICH05004I SYS1 NOT DELETED\n" },
        { "DELGROUP (G1 SYS1)", 8,
          NO_GROUP("G1") "ICH05004I SYS1 NOT DELETED\n" },
        /* Names of classes are looked at before anything is done. */
        { "SETROPTS CLASSACT(SERVER NOSUCH APPL NONE)", 8,
          "IKJ56702I INVALID CLASSACT, NOSUCH\n"
          "IKJ56701I MISSING CLASS NAMES FOR CLASSACT+\n"
          "IKJ56701I MISSING CLASS NAMES:  ANY (NON-GROUP) RESOURCE CLASS\n"
          "IKJ56702I INVALID CLASSACT, NONE\n"
          "IKJ56701I MISSING CLASS NAMES FOR CLASSACT+\n"
          "IKJ56701I MISSING CLASS NAMES:  ANY (NON-GROUP) RESOURCE CLASS\n" },
    };
    struct desk d;

    (void)state;
    desk_init(&d);
    run_rows(&d, rows, ARRAY_LEN(rows));
    assert_false(lists(&d, "SETROPTS LIST", "SERVER"));
    desk_fini(&d);
}

/* --- what fits, and what does not -------------------------------------- */

#define LIST_OF(class_, name)                                                  \
    "CLASS      NAME\n-----      ----\n" class_ "   " name "\n"
#define LEVEL_ROW(uacc)                                                        \
    "\nLEVEL  OWNER      UNIVERSAL ACCESS  YOUR ACCESS  WARNING\n"             \
    "-----  --------   ----------------  -----------  -------\n"               \
    " 00    IBMUSER         " uacc "              ALTER    NO\n"               \
    "\nINSTALLATION DATA\n-----------------\nNONE\n"                           \
    "\nAPPLICATION DATA\n----------------\nNONE\n"                             \
    "\nAUDITING\n--------\nFAILURES(READ)\n"
#define WHEN_HEADING                                                           \
    "\nTIMEZONE  LOGON ALLOWED   (DAYS)          (TIME)\n"                     \
    "--------  ---------------------------------------------\n"
#define NOBODY_NOTIFIED "\nNOTIFY\n------\nNO USER TO BE NOTIFIED\n"
#define NO_ZONE(value, name)                                                   \
    "IKJ56702I INVALID TIMEZONE, " value "\nIKJ56701I MISSING TIMEZONE+\n"     \
    "IKJ56701I MISSING E OR W, AND HOURS\n"                                    \
    "ICH10301I " name " AND REMAINING ENTITIES NOT DEFINED TO RACF\n"

static void
terminals_have_times(void **state)
{
    static const struct row rows[] = {
        { "RDEFINE TERMINAL T1 WHEN(DAYS(MONDAY FRIDAY) TIME(0800:1700))"
          " TIMEZONE(E 5)",
          0, "" },
        { "RLIST TERMINAL T1", 0,
          LIST_OF("TERMINAL", "T1") "\nGROUP CLASS NAME\n----- -----"
                                    " ----\nGTERMINL\n" LEVEL_ROW("READ")
                                        WHEN_HEADING
          "E 5       MONDAY FRIDAY                   "
          "0800:1700\n" NOBODY_NOTIFIED },
        { "RALTER TERMINAL T1 NOWHEN NOTIMEZONE", 0, "" },
        { "RLIST TERMINAL T1", 0,
          LIST_OF("TERMINAL", "T1") "\nGROUP CLASS NAME\n----- -----"
                                    " ----\nGTERMINL\n" LEVEL_ROW("READ")
                                        WHEN_HEADING
          "CPU TIME  ANYDAY                          "
          "ANYTIME\n" NOBODY_NOTIFIED },
        { "RDEFINE TERMINAL T2 TIMEZONE(X 5)", 8, NO_ZONE("X", "T2") },
        { "RDEFINE TERMINAL T2 TIMEZONE(E 99)", 8, NO_ZONE("99", "T2") },
        { "RDEFINE TERMINAL T2 TIMEZONE(E)", 8, NO_ZONE("E", "T2") },
        { "RDEFINE TERMINAL T2 TIMEZONE(E 1 1)", 8, NO_ZONE("1", "T2") },
        { "RDEFINE TERMINAL T2 WHEN(DAYS(SOMEDAY))", 8,
          "IKJ56702I INVALID DAYS, SOMEDAY\n"
          "ICH10301I T2 AND REMAINING ENTITIES NOT DEFINED TO RACF\n" },
        { "RALTER TERMINAL T1 WHEN(TIME(2500:2600))", 8,
          "IKJ56702I INVALID TIME, 2500:2600\n" },
        { "RLIST TERMINAL T2", 4, "ICH13003I T2 NOT FOUND\n" },
    };
    struct desk d;

    (void)state;
    desk_init(&d);
    run_rows(&d, rows, ARRAY_LEN(rows));
    desk_fini(&d);
}

static void
members_are_listed(void **state)
{
    static const struct row rows[] = {
        { "RDEFINE GCICSTRN (ONE TWO) ADDMEM(TRN1)", 0, "" },
        { "RLIST TCICSTRN TRN1 RESGROUP", 0,
          LIST_OF("TCICSTRN", "TRN1") "\nGROUP CLASS NAME\n----- -----"
                                      " ----\nGCICSTRN\n\nRESOURCE "
                                      "GROUPS\n-------- ------\nONE\nTWO\n" },
        { "RLIST TCICSTRN TRN1", 4, "ICH13003I TRN1 NOT FOUND\n" },
        { "RLIST TCICSTRN TRN2 RESGROUP", 4, "ICH13003I TRN2 NOT FOUND\n" },
        /* Several classes at once. */
        { "RDEFINE (APPL) Q", 0, "" },
        { "RLIST (SERVER APPL) Q", 4,
          "ICH13003I Q NOT FOUND\n" LIST_OF("APPL    ", "Q") LEVEL_ROW("NONE")
              NOBODY_NOTIFIED },
        { "RLIST (SERVER APPL) *", 0,
          LIST_OF("APPL    ", "Q") LEVEL_ROW("NONE") NOBODY_NOTIFIED },
        { "RLIST (SERVER NONE NIL) Q", 8,
          "IKJ56702I INVALID CLASS NAME, NONE\n"
          "IKJ56702I INVALID CLASS NAME, NIL\n"
          "IKJ56701I MISSING ENTITY NAME+\n"
          "IKJ56701I MISSING NAME OF ENTITY TO BE LISTED\n" },
        { "RLIST (SERVER CDT) *", 4, "ICH13004I NOTHING TO LIST\n" },
        /* A global access table is one of a class. */
        { "RDEFINE GLOBAL NOCLASS ADDMEM(A/READ)", 8,
          "IRR16001I RDEFINE command failed. NOCLASS is not a valid profile"
          " name for class GLOBAL.\n" },
        { "RDEFINE GLOBAL GCICSTRN", 8,
          "IRR16001I RDEFINE command failed. GCICSTRN is not a valid profile"
          " name for class GLOBAL.\n" },
        { "RDEFINE GLOBAL FACILITY ADDMEM(A/READ)", 0, "" },
    };
    struct desk d;

    (void)state;
    desk_init(&d);
    run_rows(&d, rows, ARRAY_LEN(rows));
    /* Groups that the issuer may not list are not told. */
    (void)desk_run(&d, "ADDUSER FRED");
    desk_be(&d, "FRED");
    assert_string_equal(desk_run(&d, "RLIST TCICSTRN TRN1 RESGROUP"),
                        "ICH13003I TRN1 NOT FOUND\n");
    desk_fini(&d);
}

static void
searches_choose(void **state)
{
    static const struct row rows[] = {
        { "ADDUSER (FRED FINN)", 0,
          "ICH01024I User FRED is defined as PROTECTED.\n"
          "ICH01024I User FINN is defined as PROTECTED.\n" },
        { "RDEFINE FACILITY A.B LEVEL(7) WARNING", 0, "" },
        { "RDEFINE FACILITY A.C", 0, "" },
        { "SEARCH CLASS(FACILITY) WARNING", 0, "A.B\n" },
        { "SEARCH CLASS(FACILITY) LEVEL(7)", 0, "A.B\n" },
        { "SEARCH CLASS(FACILITY) LEVEL(0)", 0, "A.C\n" },
        { "SEARCH CLASS(FACILITY) LEVEL(8)", 4,
          "ICH31005I NO ENTRIES MEET SEARCH CRITERIA\n" },
        { "SEARCH CLASS(FACILITY) LEVEL(100)", 8,
          "IKJ56702I INVALID LEVEL, 100\nIKJ56701I MISSING LEVEL+\n"
          "IKJ56701I MISSING LEVEL, 0-99\n" },
        { "SEARCH CLASS(FACILITY) VOLUME(VOL001)", 4,
          "ICH31005I NO ENTRIES MEET SEARCH CRITERIA\n" },
        { "SEARCH CLASS(FACILITY) AGE(0)", 4, /* all are of today */
          "ICH31005I NO ENTRIES MEET SEARCH CRITERIA\n" },
        { "SEARCH CLASS(USER) NOMASK", 0, "FINN\nFRED\nIBMUSER\n" },
        /* Of two that exclude each other the later one counts. */
        { "SEARCH CLASS(USER) MASK(I) FILTER(FR*)", 0, "FRED\n" },
        { "SEARCH CLASS(USER) FILTER(FR*) MASK(I)", 0, "IBMUSER\n" },
        { "SEARCH CLASS(USER) FILTER(FR*) NOMASK", 0, "FINN\nFRED\nIBMUSER\n" },
    };
    struct desk d;

    (void)state;
    desk_init(&d);
    run_rows(&d, rows, ARRAY_LEN(rows));
    desk_fini(&d);
}

/* Said, not taken for nothing. */
static void
values_are_asked_for(void **state)
{
    static const struct row rows[] = {
        { "ADDUSER FRED PASSWORD(ABC)", 0, "" },
        { "ALTUSER FRED PASSWORD", 8,
          "IKJ56701I MISSING PASSWORD+\n"
          "IKJ56701I MISSING NEW PASSWORD, 1-8 CHARACTERS\n" },
        { "ALTUSER FRED PASSWORD()", 8,
          "IKJ56701I MISSING PASSWORD+\n"
          "IKJ56701I MISSING NEW PASSWORD, 1-8 CHARACTERS\n" },
        { "ADDUSER FINN PASSWORD", 0,
          "ICH01024I User FINN is defined as PROTECTED.\n" },
        /* Today is 2024-01-07. */
        { "ALTUSER FRED REVOKE(01/01/24)", 8,
          "IKJ56702I INVALID REVOKE, 01/01/24\nICH21004I FRED NOT ALTERED\n" },
        { "ALTUSER FRED REVOKE(01/07/24)", 8,
          "IKJ56702I INVALID REVOKE, 01/07/24\nICH21004I FRED NOT ALTERED\n" },
        { "ALTUSER FRED RESUME(01/01/99)", 8,
          "IKJ56702I INVALID RESUME, 01/01/99\nICH21004I FRED NOT ALTERED\n" },
        { "ALTUSER FRED REVOKE(01/08/24) RESUME(02/29/24)", 0, "" },
        { "CONNECT FRED GROUP(SYS1) REVOKE(01/01/24)", 8,
          "IKJ56702I INVALID REVOKE, 01/01/24\n" },
    };
    struct desk d;

    (void)state;
    desk_init(&d);
    run_rows(&d, rows, ARRAY_LEN(rows));
    desk_fini(&d);
}

/* As EBCDIC has it: letters before digits, and a hyphen before both. */
static void
order_of_lists(void **state)
{
    static const char *const setup[] = {
        "ADDUSER (A1 AA A$ 1A)",
        "ADDGROUP (G1 GA)",
        "SETROPTS GENERIC(FACILITY) NOADDCREATOR",
        "RDEFINE FACILITY (A1 AA A-B A1.* AA.* A.% A.* A1.B.*)",
        "PERMIT A1 CLASS(FACILITY) ID(A1 AA G1 GA)",
    };
    static const struct row rows[] = {
        { "SEARCH CLASS(USER)", 0, "A$\nAA\nA1\nIBMUSER\n1A\n" },
        { "SEARCH CLASS(GROUP)", 0, "GA\nG1\nSYS1\n" },
        { "SEARCH CLASS(FACILITY)", 0,
          "A-B\nAA\nA1\nA.% (G)\nA.* (G)\nAA.* (G)\nA1.B.* (G)\n"
          "A1.* (G)\n" },
    };
    const char *reply, *at;
    struct desk d;

    (void)state;
    desk_prepare(&d, setup, ARRAY_LEN(setup));
    run_rows(&d, rows, ARRAY_LEN(rows));
    reply = desk_run(&d, "RLIST FACILITY A1 AUTHUSER");
    at = strstr(reply, "AA  ");
    assert_true(at != NULL && strstr(at, "A1  ") != NULL);
    reply = desk_run(&d, "LISTGRP *");
    at = strstr(reply, "FOR GROUP GA");
    assert_true(at != NULL && strstr(at, "FOR GROUP G1") != NULL);
    assert_non_null(strstr(reply, "SUBGROUP(S)= GA G1"));
    desk_fini(&d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_of_lists),
        cmocka_unit_test(terminals_have_times),
        cmocka_unit_test(members_are_listed),
        cmocka_unit_test(searches_choose),
        cmocka_unit_test(values_are_asked_for),
        cmocka_unit_test(members_with_suffixes),
        cmocka_unit_test(bad_members_are_refused),
        cmocka_unit_test(generic_beside_discrete),
        cmocka_unit_test(fully_qualified_generics),
        cmocka_unit_test(control_characters),
        cmocka_unit_test(searched_by_others),
        cmocka_unit_test(lists_that_are_partly_done),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
