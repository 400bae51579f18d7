/* SETROPTS and what its LIST says of it. */
#include "saf/test_cmd.h"
#include "saf/kept.h"

/* The lines from the one that begins with `from`. */
static const char *
list_from(struct desk *d, const char *from)
{
    const char *at = strstr(desk_run(d, "SETROPTS LIST"), from);

    if (at == NULL)
        fail_msg("%s is not in\n%s", from, buf_z(&d->out));
    return at;
}

static const char as_new[] =
    "AUTOMATIC DATASET PROTECTION IS NOT IN EFFECT\n"
    "ENHANCED GENERIC NAMING IS IN EFFECT\n"
    "REAL DATA SET NAMES OPTION IS INACTIVE\n"
    "JES-BATCHALLRACF OPTION IS INACTIVE\n"
    "JES-XBMALLRACF OPTION IS INACTIVE\n"
    "JES-EARLYVERIFY OPTION IS INACTIVE\n"
    "PROTECT-ALL OPTION IS NOT IN EFFECT\n"
    "TAPE DATA SET PROTECTION IS INACTIVE\n"
    "SECURITY RETENTION PERIOD IN EFFECT IS     0 DAYS.\n"
    "ERASE-ON-SCRATCH IS INACTIVE\n"
    "SINGLE LEVEL NAMES NOT ALLOWED\n"
    "LIST OF GROUPS ACCESS CHECKING IS ACTIVE.\n"
    "INACTIVE USERIDS ARE NOT BEING AUTOMATICALLY REVOKED.\n"
    "DATA SET MODELLING NOT BEING DONE FOR GDGS.\n"
    "USER DATA SET MODELLING NOT BEING DONE.\n"
    "GROUP DATA SET MODELLING NOT BEING DONE.\n"
    "PASSWORD PROCESSING OPTIONS:\n"
    "THE ACTIVE PASSWORD ENCRYPTION ALGORITHM IS KDFAES\n"
    "PASSWORD CHANGE INTERVAL IS  30 DAYS.\n"
    "PASSWORD MINIMUM CHANGE INTERVAL IS   0 DAYS.\n"
    "MIXED CASE PASSWORD SUPPORT IS NOT IN EFFECT\n"
    "SPECIAL CHARACTERS ARE NOT ALLOWED.\n"
    "NO PASSWORD HISTORY BEING MAINTAINED.\n"
    "USERIDS NOT BEING AUTOMATICALLY REVOKED.\n"
    "PASSWORD EXPIRATION WARNING LEVEL IS   0 DAYS.\n"
    "NO INSTALLATION PASSWORD SYNTAX RULES ARE PRESENT.\n"
    "DEFAULT RVARY PASSWORD IS IN EFFECT FOR THE SWITCH FUNCTION.\n"
    "DEFAULT RVARY PASSWORD IS IN EFFECT FOR THE STATUS FUNCTION.\n"
    "SECLABEL CONTROL IS NOT IN EFFECT\n"
    "GENERIC OWNER ONLY IS NOT IN EFFECT\n"
    "COMPATIBILITY MODE IS NOT IN EFFECT\n"
    "MULTI-LEVEL QUIET IS NOT IN EFFECT\n"
    "MULTI-LEVEL STABLE IS NOT IN EFFECT\n"
    "NO WRITE-DOWN IS NOT IN EFFECT\n"
    "MULTI-LEVEL ACTIVE IS NOT IN EFFECT\n"
    "CATALOGUED DATA SETS ONLY IS NOT IN EFFECT\n"
    "USER-ID FOR JES NJEUSERID IS : ????????\n"
    "USER-ID FOR JES UNDEFINEDUSER IS : ++++++++\n"
    "PARTNER LU-VERIFICATION SESSIONKEY INTERVAL MAXIMUM/DEFAULT IS    30"
    " DAYS.\n"
    "ADDCREATOR IS IN EFFECT\n"
    "KERBLVL =     0\n"
    "MULTI-LEVEL FILE SYSTEM IS NOT IN EFFECT\n"
    "MULTI-LEVEL INTERPROCESS COMMUNICATIONS IS NOT IN EFFECT\n"
    "MULTI-LEVEL NAME HIDING IS NOT IN EFFECT\n"
    "SECURITY LABEL BY SYSTEM IS NOT IN EFFECT\n"
    "PRIMARY LANGUAGE DEFAULT : ENU\n"
    "SECONDARY LANGUAGE DEFAULT : ENU\n"
    "ICH14063I SETROPTS command complete.\n";

static const char all_set[] =
    "AUTOMATIC DATASET PROTECTION IS IN EFFECT\n"
    "ENHANCED GENERIC NAMING IS NOT IN EFFECT\n"
    "REAL DATA SET NAMES OPTION IS ACTIVE\n"
    "JES-BATCHALLRACF OPTION IS ACTIVE\n"
    "JES-XBMALLRACF OPTION IS INACTIVE\n"
    "JES-EARLYVERIFY OPTION IS ACTIVE\n"
    "PROTECT-ALL IS ACTIVE, CURRENT OPTIONS:\n"
    "  PROTECT-ALL WARNING OPTION IS IN EFFECT\n"
    "TAPE DATA SET PROTECTION IS ACTIVE\n"
    "SECURITY RETENTION PERIOD IN EFFECT IS    90 DAYS.\n"
    "ERASE-ON-SCRATCH IS ACTIVE, CURRENT OPTIONS:\n"
    "  ERASE-ON-SCRATCH FOR ALL DATA SETS IS IN EFFECT\n"
    "SINGLE LEVEL NAMES PREFIXED BY SYS1\n"
    "LIST OF GROUPS ACCESS CHECKING IS INACTIVE.\n"
    "INACTIVE USERIDS ARE BEING AUTOMATICALLY REVOKED AFTER  60 DAYS.\n"
    "DATA SET MODELLING IS BEING DONE FOR GDGS.\n"
    "USER DATA SET MODELLING IS BEING DONE.\n"
    "GROUP DATA SET MODELLING NOT BEING DONE.\n"
    "PASSWORD PROCESSING OPTIONS:\n"
    "THE ACTIVE PASSWORD ENCRYPTION ALGORITHM IS KDFAES\n"
    "PASSWORD CHANGE INTERVAL IS 186 DAYS.\n"
    "PASSWORD MINIMUM CHANGE INTERVAL IS   1 DAYS.\n"
    "MIXED CASE PASSWORD SUPPORT IS IN EFFECT\n"
    "SPECIAL CHARACTERS ARE ALLOWED.\n"
    " 32 GENERATIONS OF PREVIOUS PASSWORDS BEING MAINTAINED.\n"
    "AFTER   5 CONSECUTIVE UNSUCCESSFUL PASSWORD ATTEMPTS,\n"
    "A USERID WILL BE REVOKED.\n"
    "PASSWORD EXPIRATION WARNING LEVEL IS  10 DAYS.\n"
    "INSTALLATION PASSWORD SYNTAX RULES:\n"
    " RULE 1  LENGTH(4:8)   ********\n"
    " LEGEND:\n"
    " A-ALPHA C-CONSONANT L-ALPHANUM N-NUMERIC V-VOWEL W-NOVOWEL *-ANYTHING\n"
    " c-MIXED CONSONANT m-MIXED NUMERIC v-MIXED VOWEL $-NATIONAL s-SPECIAL\n"
    " x-MIXED ALL\n"
    "INSTALLATION DEFINED RVARY PASSWORD IS IN EFFECT FOR THE SWITCH"
    " FUNCTION.\n"
    "DEFAULT RVARY PASSWORD IS IN EFFECT FOR THE STATUS FUNCTION.\n"
    "SECLABEL CONTROL IS IN EFFECT\n"
    "GENERIC OWNER ONLY IS IN EFFECT\n"
    "COMPATIBILITY MODE IS IN EFFECT\n"
    "MULTI-LEVEL QUIET IS IN EFFECT\n"
    "MULTI-LEVEL STABLE IS IN EFFECT\n"
    "NO WRITE-DOWN IS IN EFFECT, CURRENT OPTIONS:\n"
    "  MLS FAIL OPTION IS IN EFFECT\n"
    "MULTI-LEVEL ACTIVE IS IN EFFECT, CURRENT OPTIONS:\n"
    "  MLACTIVE WARNING OPTION IS IN EFFECT\n"
    "CATALOGUED DATA SETS ONLY IS IN EFFECT, CURRENT OPTIONS:\n"
    "  CATALOGUED DATA SETS ONLY FAIL OPTION IS IN EFFECT\n"
    "USER-ID FOR JES NJEUSERID IS : NJE1\n"
    "USER-ID FOR JES UNDEFINEDUSER IS : NOBODY\n"
    "PARTNER LU-VERIFICATION SESSIONKEY INTERVAL MAXIMUM/DEFAULT IS    45"
    " DAYS.\n"
    "ADDCREATOR IS NOT IN EFFECT\n"
    "KERBLVL =     1\n"
    "MULTI-LEVEL FILE SYSTEM IS IN EFFECT\n"
    "MULTI-LEVEL INTERPROCESS COMMUNICATIONS IS IN EFFECT\n"
    "MULTI-LEVEL NAME HIDING IS IN EFFECT\n"
    "SECURITY LABEL BY SYSTEM IS IN EFFECT\n"
    "PRIMARY LANGUAGE DEFAULT : DEU\n"
    "SECONDARY LANGUAGE DEFAULT : JPN\n"
    "ICH14063I SETROPTS command complete.\n";

static void
the_list_is_the_state(void **state)
{
    static const char *const on[] = {
        "SETROPTS ADSP NOEGN REALDSN JES(BATCHALLRACF EARLYVERIFY "
        "NJEUSERID(nje1)"
        " UNDEFINEDUSER(NOBODY)) PROTECTALL(WARN) TAPEDSN RETPD(90)"
        " ERASE(ALL) PREFIX(sys1) NOGRPLIST INACTIVE(60) MODEL(GDG USER)",
        "SETROPTS PASSWORD(INTERVAL(186) MINCHANGE(1) MIXEDCASE SPECIALCHARS"
        " HISTORY(32) REVOKE(5) WARNING(10) RULE1(LENGTH(4:8)))",
        "SETROPTS RVARYPW(SWITCH(GEHEIM1)) SECLABELCONTROL GENERICOWNER"
        " COMPATMODE MLQUIET MLSTABLE MLS(FAILURES) MLACTIVE CATDSNS"
        " SESSIONINTERVAL(45) NOADDCREATOR KERBLVL(1) MLFSOBJ(ACTIVE)"
        " MLIPCOBJ(ACT) MLNAMES SECLBYSYSTEM"
        " LANGUAGE(PRIMARY(DEU) SECONDARY(JPN))",
    };
    static const char *const off[] = {
        "SETROPTS NOADSP EGN NOREALDSN JES(NOBATCHALLRACF NOEARLYVERIFY"
        " UNDEFINEDUSER(++++++++) NJEUSERID(????????"
        ")) NOPROTECTALL NOTAPEDSN"
        " RETPD(0) NOERASE NOPREFIX GRPLIST NOINACTIVE NOMODEL",
        "SETROPTS PASSWORD(INTERVAL(30) MINCHANGE(0) NOMIXEDCASE NOSPECIALCHARS"
        " NOHISTORY NOREVOKE NOWARNING NORULES)",
        "SETROPTS NORVARYPW NOSECLABELCONTROL NOGENERICOWNER NOCOMPATMODE"
        " NOMLQUIET NOMLSTABLE NOMLS NOMLACTIVE NOCATDSNS NOSESSIONINTERVAL"
        " ADDCREATOR KERBLVL(0) MLFSOBJ(INACTIVE) MLIPCOBJ(INACTIVE) NOMLNAMES"
        " NOSECLBYSYSTEM LANGUAGE(PRIMARY(ENU) SECONDARY(ENU))",
    };
    struct desk d;

    (void)state;
    desk_init(&d);
    desk_run(&d, "SETROPTS PASSWORD(NOREVOKE NOWARNING NOHISTORY)");
    assert_string_equal(list_from(&d, "AUTOMATIC"), as_new);
    for (size_t i = 0; i < ARRAY_LEN(on); i++)
        assert_string_equal(desk_run(&d, on[i]),
                            "ICH14063I SETROPTS command complete.\n");
    assert_string_equal(list_from(&d, "AUTOMATIC"), all_set);
    for (size_t i = 0; i < ARRAY_LEN(off); i++)
        assert_string_equal(desk_run(&d, off[i]),
                            "ICH14063I SETROPTS command complete.\n");
    assert_string_equal(list_from(&d, "AUTOMATIC"), as_new);
    desk_fini(&d);
}

static void
bad_values_are_refused(void **state)
{
    static const struct {
        const char *command, *reply;
    } rows[] = {
        { "SETROPTS JES(NOSUCH)", "IKJ56712I INVALID KEYWORD, NOSUCH\n" },
        { "SETROPTS JES", "IKJ56701I MISSING JES+\nIKJ56701I MISSING JES\n" },
        { "SETROPTS JES(NJEUSERID(TOOLONGID))",
          "IKJ56702I INVALID NJEUSERID, TOOLONGID\n" },
        { "SETROPTS JES(NJEUSERID(IBMUSER))",
          "IKJ56702I INVALID NJEUSERID, IBMUSER\n" },
        { "SETROPTS JES(UNDEFINEDUSER(IBMUSER) BATCHALLRACF)",
          "IKJ56702I INVALID UNDEFINEDUSER, IBMUSER\n" },
        { "SETROPTS PROTECTALL(MAYBE)",
          "IKJ56702I INVALID PROTECTALL, MAYBE\n" },
        { "SETROPTS MLS(X)", "IKJ56702I INVALID MLS, X\n" },
        { "SETROPTS TERMINAL(UPDATE)", "IKJ56702I INVALID TERMINAL, UPDATE\n" },
        { "SETROPTS WHEN(TERMINAL)",
          "IKJ56702I INVALID WHEN, TERMINAL\nIKJ56701I MISSING WHEN+\n"
          "IKJ56701I MISSING PROGRAM\n" },
        { "SETROPTS KERBLVL(2)", "IKJ56702I INVALID KERBLVL, 2\n" },
        { "SETROPTS MODEL(X)", "IKJ56712I INVALID KEYWORD, X\n" },
        { "SETROPTS LANGUAGE(TERTIARY(ENU))",
          "IKJ56712I INVALID KEYWORD, TERTIARY\n" },
        { "SETROPTS RVARYPW(SWITCH(TOOLONGPW))",
          "IKJ56702I INVALID SWITCH, \n" },
        { "SETROPTS RVARYPW(TOOLONG)", "IKJ56712I INVALID KEYWORD, TOOLONG\n" },
        { "SETROPTS LOGOPTIONS(DEFAULT(NOSUCH))",
          "IKJ56702I INVALID DEFAULT, NOSUCH\n"
          "IKJ56701I MISSING CLASS NAMES FOR DEFAULT+\n"
          "IKJ56701I MISSING CLASS NAMES:  ANY (NON-GROUP) RESOURCE CLASS\n" },
    };
    struct desk d;

    (void)state;
    desk_init(&d);
    desk_run(&d, "SETROPTS PASSWORD(NOREVOKE NOWARNING NOHISTORY)");
    d.acee.attrs |= ACEE_AUDITOR;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_string_equal(desk_run(&d, rows[i].command), rows[i].reply);
        assert_int_equal(d.rc, 8);
    }
    desk_be(&d, "IBMUSER");
    assert_string_equal(list_from(&d, "AUTOMATIC"), as_new);
    desk_fini(&d);
}

static bool
has_line(struct desk *d, const char *text)
{
    return strstr(desk_run(d, "SETROPTS LIST"), text) != NULL;
}

static void
auditors_see_what_is_audited(void **state)
{
    static const char *const commands[] = {
        "ADDUSER AUD AUDITOR NOPASSWORD",
        "ADDUSER OTHER NOPASSWORD",
    };
    struct desk d;

    (void)state;
    desk_prepare(&d, commands, ARRAY_LEN(commands));
    assert_false(has_line(&d, "LOGOPTIONS"));
    assert_false(has_line(&d, "AUDIT CLASSES"));
    desk_be(&d, "AUD");
    desk_run(&d, "SETROPTS LOGOPTIONS(ALWAYS(APPL) FAILURES(SURROGAT)"
                 " NEVER(CDT)) AUDIT(USER FACILITY)");
    assert_true(has_line(&d, "AUDIT CLASSES = USER FACILITY GXFACILI"));
    assert_true(has_line(&d, "LOGOPTIONS \"ALWAYS\" CLASSES =  APPL\n"));
    assert_true(has_line(&d, "LOGOPTIONS \"NEVER\" CLASSES =  CDT\n"));
    assert_true(has_line(&d, "LOGOPTIONS \"SUCCESSES\" CLASSES =  NONE\n"));
    assert_true(has_line(&d,
                         "LOGOPTIONS \"FAILURES\" CLASSES =  SURROGAT\n"
                         "LOGOPTIONS \"DEFAULT\" CLASSES =  DATASET APPCPORT"));
    desk_run(&d, "SETROPTS LOGOPTIONS(DEFAULT(APPL SURROGAT CDT))");
    assert_true(has_line(
        &d, "LOGOPTIONS \"ALWAYS\" CLASSES =  NONE\n"
            "LOGOPTIONS \"NEVER\" CLASSES =  NONE\n"
            "LOGOPTIONS \"SUCCESSES\" CLASSES =  NONE\n"
            "LOGOPTIONS \"FAILURES\" CLASSES =  NONE\n"
            "LOGOPTIONS \"DEFAULT\" CLASSES =  DATASET APPCPORT APPL"));
    desk_be(&d, "OTHER");
    assert_string_equal(desk_run(&d, "SETROPTS LIST"),
                        "ICH14001I NOT AUTHORIZED TO ISSUE SETROPTS\n");
    desk_fini(&d);
}

/* RVARYPW and its kin were kept as text by an earlier release. */
static void
texts_of_before_become_options(void **state)
{
    static const struct {
        const char *name, *text;
    } old[] = {
        { "JES", "BATCHALLRACF" },
        { "MODEL", "USER" },
        { "RVARYPW", "SWITCH(GEHEIM1) STATUS(GEHEIM2)" },
        { "ERASE", "YES" },
    };
    struct saf_query q;
    struct desk d;

    (void)state;
    desk_init(&d);
    assert_int_equal(saf_db_begin(saf_engine_db(d.engine), NULL), ERR_OK);
    for (size_t i = 0; i < ARRAY_LEN(old); i++)
        saf_option_text_put(saf_engine_db(d.engine), old[i].name,
                            str_of(old[i].text));
    assert_int_equal(saf_db_commit(saf_engine_db(d.engine), NULL), ERR_OK);
    assert_int_equal(kept_migrate(saf_engine_db(d.engine), &desk_hooks, NULL),
                     ERR_OK);
    assert_true(has_line(&d, "JES-BATCHALLRACF OPTION IS ACTIVE\n"));
    assert_true(has_line(&d, "ERASE-ON-SCRATCH IS ACTIVE"));
    assert_true(has_line(&d, "USER DATA SET MODELLING IS BEING DONE.\n"));
    assert_true(has_line(
        &d, "INSTALLATION DEFINED RVARY PASSWORD IS IN EFFECT FOR THE STATUS"));
    q = saf_db_query(saf_engine_db(d.engine),
                     "SELECT 1 FROM options WHERE text LIKE '%GEHEIM%'", "");
    assert_false(saf_query_next(&q));
    saf_query_close(&q);
    desk_fini(&d);
}

#define NO_CLASS(operand, name)                                                \
    "IKJ56702I INVALID " operand ", " name "\n"                                \
    "IKJ56701I MISSING CLASS NAMES FOR " operand "+\n"                         \
    "IKJ56701I MISSING CLASS NAMES:  ANY (NON-GROUP) RESOURCE CLASS\n"
#define COMPLETE "ICH14063I SETROPTS command complete.\n"

/* What cannot be set for a class is not said to be set. */
static void
classes_fit(void **state)
{
    static const struct row rows[] = {
        { "SETROPTS RACLIST(DATASET USER)", 8,
          NO_CLASS("RACLIST", "DATASET") NO_CLASS("RACLIST", "USER") },
        { "SETROPTS RACLIST(PROGRAM)", 8, NO_CLASS("RACLIST", "PROGRAM") },
        { "SETROPTS RACLIST(PROGRAM) REFRESH", 4,
          "ICH14070I SETROPTS RACLIST REFRESH had no effect on class"
          " PROGRAM.\n" COMPLETE },
        { "SETROPTS NORACLIST(PROGRAM)", 0, COMPLETE },
        { "SETROPTS GENLIST(DATASET)", 8, NO_CLASS("GENLIST", "DATASET") },
        { "SETROPTS NOCLASSACT(DATASET GROUP)", 8,
          NO_CLASS("CLASSACT", "DATASET") NO_CLASS("CLASSACT", "GROUP") },
        { "SETROPTS CLASSACT(DATASET GROUP USER)", 0, COMPLETE },
        { "SETROPTS GENERIC(DIGTCERT)", 8, NO_CLASS("GENERIC", "DIGTCERT") },
        { "SETROPTS GENCMD(CDT)", 8, NO_CLASS("GENCMD", "CDT") },
        { "SETROPTS GENERIC(USER)", 8, NO_CLASS("GENERIC", "USER") },
        { "SETROPTS GLOBAL(GROUP)", 8, NO_CLASS("GLOBAL", "GROUP") },
        { "SETROPTS LOGOPTIONS(ALWAYS(USER))", 8, NO_CLASS("ALWAYS", "USER") },
        { "SETROPTS AUDIT(USER DATASET)", 0, COMPLETE },
        { "SETROPTS RACLIST(FACILITY) GENLIST(SERVER)", 0, COMPLETE },
        { "SETROPTS GENLIST(FACILITY) RACLIST(SERVER)", 4,
          "SPT0395W SETROPTS RACLIST had no effect on class SERVER, which is"
          " GENLISTed.\n"
          "SPT0395W SETROPTS GENLIST had no effect on class FACILITY, which is"
          " RACLISTed.\n" COMPLETE },
        { "SETROPTS NOGENLIST(SERVER)", 0, COMPLETE },
        { "SETROPTS RACLIST(SERVER)", 0, COMPLETE },
        { "SETROPTS PREFIX(NOGRP)", 8, "IKJ56702I INVALID PREFIX, NOGRP\n" },
        { "SETROPTS PREFIX(SYS1)", 0, COMPLETE },
    };
    struct desk d;

    (void)state;
    desk_init(&d);
    desk_be(&d, "IBMUSER");
    d.acee.attrs |= ACEE_AUDITOR;
    run_rows(&d, rows, ARRAY_LEN(rows));
    (void)desk_run(&d, "SETROPTS GENERIC(*)");
    assert_int_equal(
        saf_class_options(saf_engine_db(d.engine), STR("DIGTCERT")) &
            CLASS_GENERIC,
        0);
    assert_int_equal(saf_class_options(saf_engine_db(d.engine), STR("SERVER")) &
                         (CLASS_GENERIC | CLASS_GENLIST | CLASS_RACLIST),
                     CLASS_GENERIC | CLASS_RACLIST);
    desk_fini(&d);
}

/* Those who look after the system refresh generics, those who look after a
 * class all of it. */
static void
others_refresh(void **state)
{
    static const struct row by_keeper[] = {
        { "SETROPTS RACLIST(FACILITY) REFRESH", 0, COMPLETE },
        { "SETROPTS RACLIST(FACILITY SERVER) REFRESH", 8,
          "ICH14001I NOT AUTHORIZED TO ISSUE SETROPTS\n" },
        { "SETROPTS RACLIST(FACILITY)", 8,
          "ICH14001I NOT AUTHORIZED TO ISSUE SETROPTS\n" },
        { "SETROPTS NORACLIST(FACILITY) REFRESH", 8,
          "ICH14001I NOT AUTHORIZED TO ISSUE SETROPTS\n" },
        { "SETROPTS GENERIC(FACILITY) CLASSACT(SERVER) REFRESH", 4,
          "ICH14002I NOT AUTHORIZED TO SPECIFY CLASSACT; KEYWORD "
          "IGNORED.\n" COMPLETE },
    };
    static const struct row by_operator[] = {
        { "SETROPTS GENERIC(SERVER) REFRESH", 0, COMPLETE },
        { "SETROPTS GENERIC(SERVER)", 8,
          "ICH14001I NOT AUTHORIZED TO ISSUE SETROPTS\n" },
        { "SETROPTS RACLIST(FACILITY) REFRESH", 8,
          "ICH14001I NOT AUTHORIZED TO ISSUE SETROPTS\n" },
    };
    struct desk d;

    (void)state;
    desk_init(&d);
    (void)desk_run(&d, "SETROPTS RACLIST(FACILITY)");
    (void)desk_run(&d, "ADDUSER KEEPER CLAUTH(FACILITY)");
    (void)desk_run(&d, "ADDUSER OPER OPERATIONS");
    desk_be(&d, "KEEPER");
    run_rows(&d, by_keeper, ARRAY_LEN(by_keeper));
    desk_be(&d, "OPER");
    run_rows(&d, by_operator, ARRAY_LEN(by_operator));
    assert_int_equal(saf_class_options(saf_engine_db(d.engine), STR("SERVER")) &
                         (CLASS_GENERIC | CLASS_ACTIVE),
                     0);
    desk_fini(&d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_fit),
        cmocka_unit_test(others_refresh),
        cmocka_unit_test(the_list_is_the_state),
        cmocka_unit_test(bad_values_are_refused),
        cmocka_unit_test(auditors_see_what_is_audited),
        cmocka_unit_test(texts_of_before_become_options),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
