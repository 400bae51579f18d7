#include "base/test.h"

#include <string.h>

#include "batch/tcpip_profile.h"

static void
count(void *arg, struct str word, uint32_t line)
{
    (void)word;
    (void)line;
    ++*(unsigned *)arg;
}

static void
reads(void **state)
{
    static const struct {
        const char *text;
        bool has, is;
        unsigned n_unused;
    } rows[] = {
        { "TCPCONFIG TTLS\n", true, true, 0 },
        { "tcpconfig nottls", true, false, 0 },
        { "; TCPCONFIG TTLS\n", false, false, 0 },
        { "TCPCONFIG ; here\n  RESTRICTLOWPORTS\n TTLS ; on\n", true, true, 0 },
        { "TCPCONFIG TTLS NOTTLS", true, false, 0 },
        { "TCPCONFIG TCPSENDBFRSIZE 65535 SENDGARBAGE FALSE TTLS\r\n", true,
          true, 0 },
        { "PORT\n 23 TCP TTLS\nTCPCONFIG TTLS\nIPCONFIG NODATAGRAMFWD\n", true,
          true, 2 },
        { "PORT 23 TCP NOTTLS\n", false, false, 1 },
        { "", false, false, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i].text);
        struct tcpip_profile p = { 0 };
        unsigned n = 0;
        struct tcpip_hears hears = { .on_unused = count, .arg = &n };

        assert_int_equal(tcpip_profile_parse(text, &hears, &p, NULL), ERR_OK);
        if (p.has_ttls != rows[i].has || p.is_ttls != rows[i].is ||
            n != rows[i].n_unused)
            fail_msg("row %zu", i);
        exact_free(text);
    }
}

static void
refuses(void **state)
{
    static const struct {
        const char *text;
        uint32_t line;
    } rows[] = {
        { "TTLS\n", 1 },
        { "\n\nTCPCONFIG TTLSS\n", 3 },
        { "TCPCONFIG\nTTLS\nFOO\n", 3 },
        { "TCPCONFIG TCPSENDBFRSIZE", 1 },
        { "TTLSRule x {\n", 1 },
        { "AUTOLOG 31 PAGENT ENDAUTOLOG\n", 1 },
        { "AUTOLOG 5x PAGENT ENDAUTOLOG\n", 1 },
        { "AUTOLOG\nPAGENT\n", 1 },
        { "AUTOLOG\nPAGENT\nTCPCONFIG TTLS\nENDAUTOLOG\n", 1 },
        { "AUTOLOG\nPROCEDURE1\nENDAUTOLOG\n", 2 },
        { "AUTOLOG\nA\n1AB\nENDAUTOLOG\n", 3 },
        { "AUTOLOG JOBNAME X ENDAUTOLOG\n", 1 },
        { "AUTOLOG\nA\nJOBNAME 12 ENDAUTOLOG\n", 3 },
        { "AUTOLOG\nA\nJOBNAME", 3 },
        { "AUTOLOG\nA PARMSTRING\n\"x\"\nENDAUTOLOG\n", 2 },
        { "AUTOLOG\nA PARMSTRING x\nENDAUTOLOG\n", 2 },
        { "AUTOLOG\nA PARMSTRING \"\"\nENDAUTOLOG\n", 2 },
        { "AUTOLOG\nA PARMSTRING \"x\nENDAUTOLOG\n", 2 },
        { "AUTOLOG\nA PARMSTRING \""
          "0123456789012345678901234567890123456789012345678901234567890123"
          "4567890123456789012345678901234567890123456789012345\"\n"
          "ENDAUTOLOG\n",
          2 },
        { "AUTOLOG\nA DELAYSTART TTLS\nB\na\nENDAUTOLOG\n", 4 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i].text);
        struct tcpip_profile p = { .has_ttls = true, .is_ttls = true };
        struct err_info why = { 0 };

        assert_int_equal(tcpip_profile_parse(text, NULL, &p, &why), ERR_SYNTAX);
        assert_int_equal(why.line, rows[i].line);
        assert_true(p.has_ttls && p.is_ttls); /* left alone */
        exact_free(text);
    }
}

static void
lists_procedures(void **state)
{
    static const struct tcpip_autolog want[] = {
        { .proc = "PAGENT", .line = 2 },
        { .proc = "FTPD",
          .job = "FTPD1",
          .parm = "A='x ; y'",
          .delay = TCPIP_DELAY_TTLS,
          .line = 3 },
        { .proc = "OMPROUTE", .delay = TCPIP_DELAY_DVIPA, .line = 5 },
        { .proc = "BOTH",
          .delay = TCPIP_DELAY_DVIPA | TCPIP_DELAY_TTLS,
          .line = 6 },
        { .proc = "TWICE",
          .delay = TCPIP_DELAY_DVIPA | TCPIP_DELAY_TTLS,
          .line = 7 },
        { .proc = "LAST", .parm = "B", .line = 10 },
    };
    struct str text = exact_copy(
        "AUTOLOG 10 ; minutes\n PAGENT ; first\nftpd JOBNAME ftpd1 PARMSTRING "
        "\"A='x ; y'\"\n  DELAYSTART TTLS\nOMPROUTE DELAYSTART\nBOTH "
        "DELAYSTART "
        "DVIPA TTLS\nTWICE DELAYSTART DVIPA DELAYSTART TTLS\nENDAUTOLOG\n"
        "TCPCONFIG TTLS\nAUTOLOG LAST PARMSTRING 'B'ENDAUTOLOG");
    struct tcpip_profile p;

    (void)state;
    assert_int_equal(tcpip_profile_parse(text, NULL, &p, NULL), ERR_OK);
    assert_true(p.autolog_line == 10 && p.is_ttls);
    assert_int_equal(p.wait_minutes, TCPIP_WAIT_MINUTES); /* of the last */
    assert_int_equal(p.n_autolog, ARRAY_LEN(want));
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        assert_string_equal(p.autolog[i].proc, want[i].proc);
        assert_string_equal(p.autolog[i].job, want[i].job);
        assert_string_equal(p.autolog[i].parm, want[i].parm);
        assert_int_equal(p.autolog[i].delay, want[i].delay);
        assert_int_equal(p.autolog[i].line, want[i].line);
    }
    exact_free(text);
}

static void
note_line(void *arg, uint32_t line, const char *text)
{
    (void)text;
    *(uint32_t *)arg = *(uint32_t *)arg * 100 + line;
}

/* At IPL what is right counts: TTLS above all. */
static void
leaves_out(void **state)
{
    static const struct {
        const char *text;
        uint32_t lines;
        bool is_ttls;
        const char *procs; /* of each the first letter */
    } rows[] = {
        { "AUTOLOG\nA JOBNAME 1\nB\nENDAUTOLOG\nTCPCONFIG TTLS\n", 2, true,
          "B" },
        { "TCPCONFIG FOO TTLS\nBAR\nAUTOLOG A ENDAUTOLOG\n", 102, true, "A" },
        { "AUTOLOG A ENDAUTOLOG AUTOLOG\nB\nTCPCONFIG TTLS\n", 1, true, "A" },
        { "AUTOLOG 99 A\nA\nC PARMSTRING x\nD ENDAUTOLOG\n", 10203, false,
          "AD" },
        { "AUTOLOG\nC PARMSTRING \"x y\nD ENDAUTOLOG\n", 2, false, "D" },
        { "AUTOLOG\nC JOBNAME ENDAUTOLOG\n", 2, false, "" },
        { "TCPCONFIG TTLS TCPSENDBFRSIZE", 1, true, "" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i].text);
        uint32_t lines = 0;
        struct tcpip_hears hears = { .on_error = note_line, .arg = &lines };
        struct tcpip_profile p;
        char procs[TCPIP_AUTOLOG_MAX + 1] = "";

        assert_int_equal(tcpip_profile_parse(text, &hears, &p, NULL), ERR_OK);
        for (size_t k = 0; k < p.n_autolog; k++)
            procs[k] = p.autolog[k].proc[0];
        if (lines != rows[i].lines || p.is_ttls != rows[i].is_ttls ||
            strcmp(procs, rows[i].procs) != 0)
            fail_msg("row %zu: lines %u, procedures %s", i, lines, procs);
        exact_free(text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_procedures),
        cmocka_unit_test(leaves_out),
        cmocka_unit_test(reads),
        cmocka_unit_test(refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
