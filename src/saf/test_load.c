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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
