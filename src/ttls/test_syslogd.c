/* Lines as a syslog daemon reads them. */
#include "base/test.h"

#include "ttls/syslogd.h"

static void
formats(void **state)
{
    static const struct {
        uint8_t priority;
        struct tm when;
        const char *line;
        const char *want;
    } rows[] = {
        { SYSLOGD_DAEMON | SYSLOGD_INFO,
          { .tm_mon = 0, .tm_mday = 1 },
          "EZD1281I TTLS Map",
          "<30>Jan  1 00:00:00 TCPIP1[7]: EZD1281I TTLS Map" },
        { SYSLOGD_AUTH | SYSLOGD_ERROR,
          { .tm_mon = 11,
            .tm_mday = 31,
            .tm_hour = 23,
            .tm_min = 59,
            .tm_sec = 60 },
          "%s",
          "<35>Dec 31 23:59:60 TCPIP1[7]: %s" },
        { SYSLOGD_AUTH | SYSLOGD_DEBUG,
          { .tm_mon = 4, .tm_mday = 10, .tm_hour = 9 },
          "a\n<13>forged\x7f\x1b",
          "<39>May 10 09:00:00 TCPIP1[7]: a?<13>forged??" },
        { SYSLOGD_DAEMON | SYSLOGD_DEBUG,
          { .tm_mon = 6, .tm_mday = 2 },
          "",
          "<31>Jul  2 00:00:00 TCPIP1[7]: " },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf out;

        buf_init(&out, 256);
        syslogd_format(&out, rows[i].priority, &rows[i].when, "TCPIP1", 7,
                       str_of(rows[i].line));
        assert_string_equal(buf_z(&out), rows[i].want);
        buf_fini(&out);
    }
}

/* What an engine in somebody's hands may not choose. */
static void
knows_priorities(void **state)
{
    (void)state;
    for (unsigned p = 0; p < 256; p++) {
        bool want =
            (p >= 27 && p <= 31) || (p >= 35 && p <= 39) || p == SYSLOGD_NONE;

        assert_int_equal(syslogd_is_priority((uint8_t)p), want);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats),
        cmocka_unit_test(knows_priorities),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
