#include "base/test.h"
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

        assert_int_equal(tcpip_profile_parse(text, count, &n, &p, NULL),
                         ERR_OK);
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
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i].text);
        struct tcpip_profile p = { .has_ttls = true, .is_ttls = true };
        struct err_info why = { 0 };

        assert_int_equal(tcpip_profile_parse(text, NULL, NULL, &p, &why),
                         ERR_SYNTAX);
        assert_int_equal(why.line, rows[i].line);
        assert_true(p.has_ttls && p.is_ttls); /* left alone */
        exact_free(text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
