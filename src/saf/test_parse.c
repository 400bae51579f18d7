/* The command language itself: what is refused, what is read, decks. */
#include "saf/test_cmd.h"

#include <time.h>

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
        /* A ")" is missing: said once, and the rest is still read. */
        { "PERMIT X CLASS(FACILITY) ID(A B(C, 'D(' E) F) FOO", 8,
          "IKJ56702I INVALID ID, (\n"
          "IKJ56701I MISSING ID+\n"
          "IKJ56701I MISSING USERID OR GROUP NAME\n"
          "IKJ56712I INVALID KEYWORD, FOO\n" },
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
        { "LU A1 NORACF OMVS", 0,
          "USER=A1\n"
          "\nNO OMVS INFORMATION\n" },
    };

    (void)state;
    rows_on_new_database(rows, ARRAY_LEN(rows));
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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parser_refuses),    cmocka_unit_test(parser_accepts),
        cmocka_unit_test(odd_bytes),         cmocka_unit_test(lists_one_by_one),
        cmocka_unit_test(huge_lists),        cmocka_unit_test(decks),
        cmocka_unit_test(long_deck_command),
    };

    setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
