#include "base/test.h"
#include "region/defs.h"
#include "region/load.h"

static void
read_all(struct region_defs *defs, const char *sit, const char *csd)
{
    struct err_info why = { 0 };

    assert_int_equal(defs_init(defs, STR("cicsreg"), &why), ERR_OK);
    if (defs_read_sit(defs, "sit", str_of(sit), &why) != ERR_OK ||
        defs_read_csd(defs, "csd", str_of(csd), &why) != ERR_OK ||
        defs_finish(defs, &why) != ERR_OK)
        fail_msg("%s", why.text);
}

static void
reads_definitions(void **state)
{
    struct region_defs defs;
    const struct ipconn *conn;
    const struct file_def *file;

    (void)state;
    read_all(&defs,
             "* comment\nSEC=NO,DFLTUSER=CICSUSER,\nMXT=3\nICVR=0,\n"
             "GRPLIST=(A,B),XTRAN=YES\n.END\nnot read",
             "* comment\nDEFINE TCPIPSERVICE(ZOSCONN) PORTNUMBER(1491)\n"
             "define ipconn(zosconn) group(g) applid(ZOSCONN)\n"
             "  NETWORKID(ZOSNET) TCPIPSERVICE(ZOSCONN) RECEIVECOUNT(100)\n"
             "  LINKAUTH(SECUSER) USERAUTH(IDENTIFY) IDPROP(REQUIRED)\n"
             "ADD GROUP(G) LIST(L)\n"
             "DEFINE FILE(FILEA) DESCRIPTION(a (nested) text)\n"
             " KEYLENGTH(6) KEYOFFSET(1) RECORDSIZE(80) ADD(YES)\n"
             "DEFINE TRANSACTION(CSCV) PROGRAM(DFHMIRS) DTIMOUT(5)\n");
    assert_true(str_eq_z(defs.sit.applid, "CICSREG"));
    assert_false(defs.sit.sec);
    assert_int_equal(defs.sit.mxt, 3);
    assert_int_equal(defs.sit.icvr_ms, 0);
    assert_true(str_eq_z(defs.sit.xtran, "TCICSTRN"));
    assert_true(str_eq_z(defs.sit.rpl, "CICSREG.LOADLIB"));
    conn = defs_ipconn(&defs, STR("ZOSCONN"), STR("ZOSNET"));
    assert_non_null(conn);
    assert_int_equal(conn->user_auth, USERAUTH_IDENTIFY);
    assert_int_equal(conn->id_prop, IDPROP_REQUIRED);
    assert_int_equal(conn->receive_count, 100);
    assert_int_equal(conn->head.line, 3);
    assert_true(conn->is_in_service);
    assert_null(defs_ipconn(&defs, STR("ZOSCONN"), STR("ELSE")));
    file = defs_file(&defs, STR("FILEA"));
    assert_true(file->add && file->read && !file->update && !file->del);
    assert_true(str_eq_z(file->dsname, "FILEA"));
    assert_int_equal(defs_transaction(&defs, STR("CSCV"))->dtimout_s, 5);
    assert_int_equal(defs_transaction(&defs, STR("CSCV"))->runaway_ms,
                     UINT32_MAX);
    defs_fini(&defs);
}

static void
refuses(void **state)
{
    static const struct {
        bool is_sit;
        const char *text, *says;
    } rows[] = {
        { false, "DEFINE", "csd:1:7: expected a keyword" },
        { false, "ERASE X", "csd:1:1: expected DEFINE or ADD" },
        { false, "DEFINE MAPSET(A)", "csd:1:8: DEFINE MAPSET(A)" },
        { false, "DEFINE PROGRAM", "csd:1:8" },
        { false, "DEFINE PROGRAM(TOOLONGNAME)", "csd:1:8" },
        { false, "DEFINE PROGRAM(A B)", "csd:1:8" },
        { false, "DEFINE PROGRAM(A", "no closing parenthesis" },
        { false, "DEFINE PROGRAM(A)\n COLOUR(RED)", "csd:2:2: PROGRAM" },
        { false, "DEFINE PROGRAM(A) STATUS", "needs a value" },
        { false, "DEFINE PROGRAM(A) STATUS(ON)", "DISABLED or ENABLED" },
        { false, "DEFINE IPCONN(A) RECEIVECOUNT(0)", "1 to 999" },
        { false, "DEFINE IPCONN(A) RECEIVECOUNT(1) RECEIVECOUNT(1)",
          "given twice" },
        { false, "DEFINE PROGRAM(A) DEFINE PROGRAM(a)", "defined twice" },
        { false, "DEFINE IPCONN(A) DEFINE IPCONN(B) APPLID(A)",
          "those of another IPCONN" },
        { false, "DEFINE IPCONN(A) TCPIPSERVICE(B)", "is not defined" },
        { false, "DEFINE IPCONN(A) LINKAUTH(CERTUSER) SECURITYNAME(B)",
          "no meaning" },
        { false, "DEFINE TCPIPSERVICE(A)", "needs a PORTNUMBER" },
        { false,
          "DEFINE TCPIPSERVICE(A) PORTNUMBER(1) DEFINE TCPIPSERVICE(B) "
          "PORTNUMBER(1)",
          "that of another" },
        { false, "DEFINE FILE(A)", "needs a RECORDSIZE" },
        { false, "DEFINE FILE(A) RECORDSIZE(9) KEYLENGTH(5) KEYOFFSET(5)",
          "not inside" },
        { false, "DEFINE FILE(A) RECORDSIZE(9) TYPE(ESDS)", "only TYPE(KSDS)" },
        { false, "ADD GROUP(A)", "expected a keyword" },
        { true, "SEC", "sit:1:1: \"SEC\", expected KEYWORD=value" },
        { true, "SEC=MAYBE", "NO or YES" },
        { true, "\nCOLOUR=RED", "sit:2:1" },
        { true, "APPLID=OTHER", "in the folder of region" },
        { true, "MXT=0", "1 to 250" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i].text);
        struct err_info why = { 0 };
        struct region_defs defs;
        enum err e;

        assert_int_equal(defs_init(&defs, STR("R"), &why), ERR_OK);
        e = rows[i].is_sit ? defs_read_sit(&defs, "sit", text, &why)
                           : defs_read_csd(&defs, "csd", text, &why);
        if (e == ERR_OK)
            e = defs_finish(&defs, &why);
        assert_int_not_equal(e, ERR_OK);
        if (strstr(why.text, rows[i].says) == NULL)
            fail_msg("row %zu: \"%s\" does not say \"%s\"", i, why.text,
                     rows[i].says);
        defs_fini(&defs);
        exact_free(text);
    }
}

struct loaded {
    size_t n;
    char last[81];
};

static enum err
keep(void *arg, struct str key, struct str record, struct err_info *why)
{
    struct loaded *loaded = arg;

    (void)why;
    assert_int_equal(key.n, 6);
    assert_int_equal(record.n, 20);
    loaded->n++;
    memcpy(loaded->last, record.p, record.n);
    loaded->last[record.n] = '\0';
    return ERR_OK;
}

static void
loads_csv(void **state)
{
    static const struct {
        const char *csv, *says; /* NULL: it loads */
    } rows[] = {
        { "numb,name\n000001,\"A, \"\"B\"\"\"\n\n000002,C\n", NULL },
        { "numb,colour\n", "f.csv:1: no field" },
        { "numb,name\n1\n", "f.csv:2: fewer cells" },
        { "numb,name\n1,2,3\n", "f.csv:2: more cells" },
        { "numb,name\n1,\"open\n", "f.csv:2: bad cell" },
        { "numb,name\n1,abcdefghijk\n", "f.csv:2: too long" },
    };
    struct region_defs defs;

    (void)state;
    read_all(&defs, "",
             "DEFINE FILE(F) RECORDSIZE(20) KEYLENGTH(6) KEYOFFSET(1)\n"
             "FIELDS(STAT:1=Y, NUMB:6, NAME:10, REST:3=***)");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct load_options options = { 0 };
        struct loaded loaded = { 0 };
        struct err_info why = { 0 };
        enum err e = load_csv(defs.files[0], "f.csv", str_of(rows[i].csv),
                              &options, keep, &loaded, &why);

        if (rows[i].says == NULL) {
            assert_int_equal(e, ERR_OK);
            assert_int_equal(loaded.n, 2);
            assert_string_equal(loaded.last, "Y000002C         ***");
        } else if (e == ERR_OK || strstr(why.text, rows[i].says) == NULL) {
            fail_msg("row %zu: %s", i, why.text);
        }
    }
    defs_fini(&defs);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_definitions),
        cmocka_unit_test(refuses),
        cmocka_unit_test(loads_csv),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
