/* Names in an unload: what is no name, or nobody's, is refused with its line,
 * its column, what was found and what was expected. */
#include "saf/test_cmd.h"
#include "saf/unload.h"

static const char *const people[] = {
    "ADDGROUP STAFF SUPGROUP(SYS1)",
    "ADDUSER ANN DFLTGRP(STAFF)",
    "ADDUSER BEN DFLTGRP(STAFF) OWNER(ANN)",
    "RDEFINE FACILITY BAQ.ONE UACC(NONE) NOTIFY(ANN)",
    "PERMIT BAQ.ONE CLASS(FACILITY) ID(*) ACCESS(READ)",
    "PERMIT BAQ.ONE CLASS(FACILITY) ID(ANN) ACCESS(READ)",
    "PERMIT BAQ.ONE CLASS(FACILITY) ID(BEN) ACCESS(READ) WHEN(TERMINAL(T))",
    "RDEFINE STARTED TASK.* STDATA(USER(=MEMBER) GROUP(STAFF))",
    "ADDSD 'STAFF.DATA' UACC(NONE)",
    "PERMIT 'STAFF.DATA' ID(ANN STAFF) ACCESS(READ)",
    /* nobody's by now, as in many a database */
    "ADDUSER GONE DFLTGRP(STAFF)",
    "RDEFINE FACILITY BAQ.TWO OWNER(GONE)",
    "PERMIT BAQ.TWO CLASS(FACILITY) ID(GONE) ACCESS(READ)",
    "DELUSER GONE",
};

static void
take_record(void *arg, struct str text)
{
    buf_add(arg, text);
    buf_add_char(arg, '\n');
}

static void
take_mistake(void *arg, uint64_t line, struct str text)
{
    buf_printf(arg, "%llu: " STR_FMT "\n", (unsigned long long)line,
               STR_ARG(text));
}

static void
unload_people(struct buf *out)
{
    const struct unload_out to = { take_record, out };
    struct desk d;

    desk_prepare(&d, people, ARRAY_LEN(people));
    assert_int_equal(unload_write(saf_engine_db(d.engine), &to, NULL), ERR_OK);
    desk_fini(&d);
    assert_false(out->failed);
}

/* The text with these columns of the first line that begins so replaced; *n is
 * its number. Caller frees. */
static char *
edited(struct str text, const char *begin, size_t first, size_t last,
       const char *to, unsigned *n)
{
    char *copy = malloc(text.n + last + 1), *at = copy, *end;
    size_t n_line, n_more;

    assert_non_null(copy);
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    for (*n = 1; strncmp(at, begin, strlen(begin)) != 0; (*n)++) {
        at = strchr(at, '\n');
        if (at == NULL || *++at == '\0')
            fail_msg("no record %s", begin);
    }
    end = strchr(at, '\n');
    n_line = (size_t)(end - at);
    n_more = n_line < last ? last - n_line : 0; /* trailing blanks are cut */
    memmove(end + n_more, end, strlen(end) + 1);
    memset(end, ' ', n_more);
    memset(at + first - 1, ' ', last - first + 1);
    memcpy(at + first - 1, to, strlen(to));
    return copy;
}

static enum err
load_text(struct str text, struct buf *mistakes)
{
    struct load_report report = { .mistake = take_mistake, .arg = mistakes };
    struct saf_db *db = NULL;
    enum err e;

    buf_clear(mistakes);
    assert_int_equal(saf_db_open(":memory:", TEST_NOW, &db, NULL), ERR_OK);
    e = load_all(db, text, STR(""), &report, NULL);
    saf_db_close(&db);
    return e;
}

#define NO_ID "is not a user or group ID (1-8 of A-Z 0-9 # @ $)"
#define NO_CLASS "is not the name of a class (1-8 of A-Z 0-9 # @ $)"

static void
names_are_refused(void **state)
{
    static const struct {
        const char *record;
        unsigned first, last;
        const char *to, *want; /* after "<line>: record <type>: " */
    } rows[] = {
        { "0200 ANN", 6, 13, "A B.C/",
          "column NAME (6-13): \"A B.C/\" " NO_ID },
        { "0200 ANN", 6, 13, "FR,ED", "column NAME (6-13): \"FR,ED\" " NO_ID },
        { "0200 ANN", 6, 13, "fred", "column NAME (6-13): \"fred\" " NO_ID },
        { "0200 ANN", 6, 13, "*", "column NAME (6-13): \"*\" " NO_ID },
        { "0200 ANN", 26, 33, "IBM USER",
          "column OWNER_ID (26-33): \"IBM USER\" " NO_ID },
        { "0200 ANN", 96, 103, "ST-AFF",
          "column DEFGRP_ID (96-103): \"ST-AFF\" " NO_ID },
        { "0200 ANN", 96, 103, "NOSUCH",
          "column DEFGRP_ID: no record 0100 defines group \"NOSUCH\"" },
        { "0200 ANN", 96, 103, "IBMUSER",
          "column DEFGRP_ID: no record 0100 defines group \"IBMUSER\"" },
        { "0200 ANN", 6, 13, "STAFF",
          "\"STAFF\" is a user and a group, expected one of them" },
        { "0100 STAFF", 6, 13, "staff",
          "column NAME (6-13): \"staff\" " NO_ID },
        { "0100 STAFF", 15, 22, "SYS.1",
          "column SUPGRP_ID (15-22): \"SYS.1\" " NO_ID },
        { "0100 STAFF", 15, 22, "NOSUCH",
          "column SUPGRP_ID: no record 0100 defines group \"NOSUCH\"" },
        { "0100 STAFF", 35, 42, "a", "column OWNER_ID (35-42): \"a\" " NO_ID },
        { "0101 SYS1", 15, 22, "a.b",
          "column SUBGRP_ID (15-22): \"a.b\" " NO_ID },
        { "0102 STAFF    ANN", 15, 22, "a",
          "column MEMBER_ID (15-22): \"a\" " NO_ID },
        { "0203 ANN", 15, 22, "&X", "column GRP_ID (15-22): \"&X\" " NO_ID },
        { "0205 ANN", 15, 22, "ST AFF",
          "column GRP_ID (15-22): \"ST AFF\" " NO_ID },
        { "0205 ANN", 35, 42, "=X", "column OWNER_ID (35-42): \"=X\" " NO_ID },
        { "0400 STAFF.DATA", 74, 81, "o.n",
          "column OWNER_ID (74-81): \"o.n\" " NO_ID },
        { "0404 STAFF.DATA", 58, 65, "A,B",
          "column AUTH_ID (58-65): \"A,B\" " NO_ID },
        { "0500 BAQ.ONE", 253, 260, "FACI-ITY",
          "column CLASS_NAME (253-260): \"FACI-ITY\" " NO_CLASS },
        { "0500 BAQ.ONE", 253, 260, "DASDVOL",
          "column NAME: \"BAQ.ONE\" has 7 characters, expected at most 6 in "
          "class DASDVOL" },
        { "0500 BAQ.ONE", 282, 289, "o.n",
          "column OWNER_ID (282-289): \"o.n\" " NO_ID },
        { "0500 BAQ.ONE", 680, 687, "?",
          "column NOTIFY_ID (680-687): \"?\" " NO_ID },
        { "0505 BAQ.ONE", 262, 269, "**",
          "column AUTH_ID (262-269): \"**\" " NO_ID },
        { "0507 BAQ.ONE", 280, 287, "b", "column AUTH_ID (280-287): \"b\" " },
        { "0540 TASK.*", 262, 269, "=OTHER",
          "column USER_ID (262-269): \"=OTHER\" " NO_ID },
    };
    struct buf text, mistakes;

    (void)state;
    buf_init(&text, 1 << 20);
    buf_init(&mistakes, 1 << 16);
    unload_people(&text);
    assert_int_equal(load_text(buf_view(&text), &mistakes), ERR_OK);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char want[256], *bad;
        unsigned line;

        bad = edited(buf_view(&text), rows[i].record, rows[i].first,
                     rows[i].last, rows[i].to, &line);
        (void)snprintf(want, sizeof want, "%u: record %.4s: %s", line,
                       rows[i].record, rows[i].want);
        if (load_text(str_of(bad), &mistakes) != ERR_SYNTAX ||
            strstr(buf_z(&mistakes), want) == NULL)
            fail_msg("row %zu\nwanted %s\ngot    %s", i, want,
                     buf_z(&mistakes));
        free(bad);
    }
    buf_fini(&text);
    buf_fini(&mistakes);
}

/* --- what comes back ------------------------------------------------------ */

static void
unload_into(struct saf_db *db, struct buf *out)
{
    const struct unload_out to = { take_record, out };

    buf_clear(out);
    assert_int_equal(unload_write(db, &to, NULL), ERR_OK);
    assert_false(out->failed);
}

/* Column and text where the record of that type and name has it. */
static void
column_is(struct str text, const char *begin, size_t first, const char *want)
{
    struct str line;

    while (str_line(&text, &line)) {
        if (!str_starts(line, str_of(begin)))
            continue;
        if (str_starts(str_sub(line, first - 1, line.n), str_of(want)))
            return;
        fail_msg("%s, column %zu: not %s in\n" STR_FMT, begin, first, want,
                 STR_ARG(line));
    }
    fail_msg("no record %s", begin);
}

/* Segments that have columns need no companion. */
static void
segments_come_back(void **state)
{
    static const char *const setup[] = {
        "RDEFINE LDAPBIND D EIM(DOMAINDN('ou=D,o=X') OPTIONS(DISABLE)"
        " LOCALREGISTRY(Loc) KERBREGISTRY(Krb) X509REGISTRY(Crt))",
        "RDEFINE LDAPBIND E EIM(OPTIONS(ENABLE))",
        "ADDUSER ANN TSO(ACCTNUM(00012) SIZE(100))",
        "RDEFINE CFIELD USER.CSDATA.EMP CFDEF(TYPE(NUM) MAXLENGTH(8)"
        " MINVALUE(3) MAXVALUE(99) MIXED(NO) HELP('a Number')"
        " LISTHEAD('Emp='))",
        "RDEFINE CFIELD USER.CSDATA.TXT CFDEF(TYPE(CHAR) MAXLENGTH(20)"
        " FIRST(ALPHA) OTHER(ALPHANUM) MIXED(YES))",
        "RDEFINE CSFKEYS K1 ICSF(ASYMUSAGE(HANDSHAKE SECUREEXPORT)"
        " SYMEXPORTABLE(BYLIST) SYMEXPORTKEYS(AES.ONE AES.TWO)"
        " SYMCPACFWRAP(YES) SYMCPACFRET(NO))",
        "RDEFINE IDTDATA T1 IDTPARMS(SIGTOKEN(TOK) SIGSEQNUM(00000001)"
        " SIGCAT(Y) SIGALG(HS256) IDTTIMEOUT(5) ANYAPPL(YES))",
    };
    static const struct {
        const char *begin;
        size_t first;
        const char *want;
    } columns[] = {
        { "05A0 D ", 262, "ou=D,o=X " },
        { "05A0 D ", 1286, "NO" },
        { "05A0 D ", 1366, "Loc " },
        { "05A0 D ", 1622, "Krb " },
        { "05A0 D ", 1878, "Crt" },
        { "05A0 E ", 1286, "YES" },
        { "0220 ANN", 15, "00012 " },
        { "0220 ANN", 159, "0000000100" },
        { "05E0 USER.CSDATA.EMP", 253, "CFIELD   NUM  0000000008" },
        { "05E0 USER.CSDATA.EMP", 278, "0000000099 0000000003" },
        { "05E0 USER.CSDATA.EMP", 318, "NO   a Number " },
        { "05E0 USER.CSDATA.EMP", 579, "Emp=" },
        { "05E0 USER.CSDATA.TXT", 300, "ALPHA    ALPHANUM YES" },
        { "05G0 K1", 262, "BYLIST       HANDSHAKE SECUREEXPORT " },
        { "05G0 K1", 531, "YES NO" },
        { "05G1 K1", 262, "AES.ONE" },
        { "05K0 T1", 262, "TOK " },
        { "05K0 T1", 295, "00000001 Y " },
        { "05K0 T1", 309, "HS256 " },
        { "05K0 T1", 342, "0000000005 YES" },
    };
    struct load_report report = { .mistake = NULL };
    struct saf_db *db = NULL;
    struct buf text, again;
    struct desk d;

    (void)state;
    buf_init(&text, 1 << 20);
    buf_init(&again, 1 << 20);
    desk_prepare(&d, setup, ARRAY_LEN(setup));
    unload_into(saf_engine_db(d.engine), &text);
    desk_fini(&d);
    for (size_t i = 0; i < ARRAY_LEN(columns); i++)
        column_is(buf_view(&text), columns[i].begin, columns[i].first,
                  columns[i].want);
    assert_int_equal(saf_db_open(":memory:", TEST_NOW, &db, NULL), ERR_OK);
    assert_int_equal(load_all(db, buf_view(&text), STR(""), &report, NULL),
                     ERR_OK);
    unload_into(db, &again);
    assert_string_equal(buf_z(&again), buf_z(&text));
    saf_db_close(&db);
    buf_fini(&text);
    buf_fini(&again);
}

/* Records that nobody here understands are kept as long as whom they are
 * about is there. */
static void
kept_records(void **state)
{
    static const char *const kept[] = {
        "0103 STAFF    FIELD1   group's own data",
        "0204 ANN      FIELD1   a user's own data",
        "0204 ANNE     FIELD1   another's",
        "020A ANN      AZFTOTP1             2024-01-07",
        "020B ANN      POLICY1",
        "0230 ANN      ABC 005",
        "1210 ANN      AZFTOTP1             REGSTATE             OPEN",
        "0405 STAFF.DATA                                   "
        "         FIELD1   of a data set",
        "9999 SOMETHING of a release to come",
    };
    static const char *const resource = "FIELD1   of a resource";
    struct load_report report = { .mistake = NULL };
    struct saf_db *db = NULL;
    struct buf text, after;
    struct saf_profile p;
    struct arena a;

    (void)state;
    buf_init(&text, 1 << 20);
    buf_init(&after, 1 << 20);
    arena_init(&a, 1 << 20);
    unload_people(&text);
    for (size_t i = 0; i < ARRAY_LEN(kept); i++)
        take_record(&text, str_of(kept[i]));
    buf_printf(&text, "0506 %-246s %-8s %s\n", "BAQ.ONE", "FACILITY", resource);
    buf_printf(&text, "0506 %-246s %-8s %s\n", "BAQ.ONE", "SERVER", resource);
    assert_int_equal(saf_db_open(":memory:", TEST_NOW, &db, NULL), ERR_OK);
    assert_int_equal(load_all(db, buf_view(&text), STR(""), &report, NULL),
                     ERR_OK);
    assert_int_equal(report.kept, ARRAY_LEN(kept) + 2);
    unload_into(db, &after);
    assert_string_equal(buf_z(&after), buf_z(&text));

    saf_user_delete(db, STR("ANN"));
    saf_group_delete(db, STR("STAFF"));
    assert_true(saf_profile_get(db, &a, STR("DATASET"), STR("STAFF.DATA"), &p));
    saf_profile_delete(db, p.id);
    assert_true(saf_profile_get(db, &a, STR("FACILITY"), STR("BAQ.ONE"), &p));
    saf_profile_delete(db, p.id);
    unload_into(db, &after);
    assert_null(strstr(buf_z(&after), "own data"));
    assert_null(strstr(buf_z(&after), "AZFTOTP1"));
    assert_null(strstr(buf_z(&after), "\n0230"));
    assert_null(strstr(buf_z(&after), "of a data set"));
    assert_non_null(strstr(buf_z(&after), "0204 ANNE     FIELD1   another's"));
    assert_non_null(strstr(buf_z(&after), "SERVER   FIELD1   of a resource"));
    assert_null(strstr(buf_z(&after), "FACILITY FIELD1   of a resource"));
    assert_non_null(strstr(buf_z(&after), "9999 SOMETHING"));
    saf_db_close(&db);
    arena_fini(&a);
    buf_fini(&text);
    buf_fini(&after);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_refused),
        cmocka_unit_test(segments_come_back),
        cmocka_unit_test(kept_records),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
