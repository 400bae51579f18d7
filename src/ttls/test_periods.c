/* IpTimeCondition: when it holds. */
#include <stdlib.h>
#include <time.h>

#include "ttls/match.h"
#include "ttls/test_build.h"

/* Does a period of these lines hold then? */
static bool
holds(const char *lines, uint64_t now_s)
{
    const struct ttls_rule *const *rules;
    struct ttls_policy *p;
    struct seen seen;
    char text[1024];
    bool does;

    (void)snprintf(
        text, sizeof text,
        RULE("Jobname A\nIpTimeConditionRef t") "IpTimeCondition t\n{\n%s\n}\n",
        lines);
    p = build(NULL, text, TTLS_COLLATE_ASCII, &seen);
    assert_int_equal(ttls_policy_rules(p, &rules), 1);
    does = ttls_time_holds(rules[0]->time, now_s);
    ttls_policy_unref(&p);
    return does;
}

static void
knows_time(void **state)
{
    static const struct {
        const char *condition;
        uint64_t now_s; /* UTC */
        bool holds;
    } rows[] = {
        /* 2024-02-29 12:30:00, a Thursday */
        { "DayOfWeekMask 1111111", 1709209800, true },
        { "DayOfWeekMask 0000100", 1709209800, true },
        { "DayOfWeekMask 1111011", 1709209800, false },
        { "MonthOfYearMask 010000000000", 1709209800, true },
        { "MonthOfYearMask 101111111111", 1709209800, false },
        { "DayOfMonthMask 0000000000000000000000000000100", 1709209800, true },
        { "DayOfMonthMask 1111111111111111111111111111011", 1709209800, false },
        /* the month's last day, from its end */
        { "DayOfMonthMask 0000000000000000000000000000000"
          "1000000000000000000000000000000",
          1709209800, true },
        { "DayOfMonthMask 0000000000000000000000000000000"
          "0100000000000000000000000000000",
          1709209800, false },
        { "TimeOfDayRange 12:30-12:31", 1709209800, true },
        { "TimeOfDayRange 12:31-24:00", 1709209800, false },
        { "TimeOfDayRange 00:00-12:30", 1709209800, false },
        { "TimeOfDayRange 00:00-12:30,12:30-13:00", 1709209800, true },
        { "TimeOfDayRange 22:00-13:00", 1709209800, true },
        { "TimeOfDayRange 22:00-12:00", 1709209800, false },
        { "ConditionTimeRange 20240229123000:20240229123000", 1709209800,
          true },
        { "ConditionTimeRange 20240229123001:20250101000000", 1709209800,
          false },
        { "ConditionTimeRange 20230101000000:20240229122959", 1709209800,
          false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char lines[512];

        (void)snprintf(lines, sizeof lines, "TimeZone UTC\n%s",
                       rows[i].condition);
        if (holds(lines, rows[i].now_s) != rows[i].holds)
            fail_msg("row %zu: %s", i, rows[i].condition);
    }
}

static uint64_t
utc(int year, int month, int day, int hour, int minute, int second)
{
    struct tm tm = { .tm_year = year - 1900,
                     .tm_mon = month - 1,
                     .tm_mday = day,
                     .tm_hour = hour,
                     .tm_min = minute,
                     .tm_sec = second };

    return (uint64_t)timegm(&tm);
}

/* Each bit of each mask, on each day of two years, a leap year among them. */
static void
knows_days(void **state)
{
    static const unsigned lengths[] = { 31, 28, 31, 30, 31, 30,
                                        31, 31, 30, 31, 30, 31 };
    unsigned year = 2023, month = 0, day = 1, weekday = 0; /* a Sunday */

    (void)state;
    for (unsigned i = 0; i < 731; i++) {
        unsigned length = month == 1 && year == 2024 ? 29 : lengths[month];
        uint64_t now_s = utc((int)year, (int)month + 1, (int)day, 23, 59, 59);
        char mask[63], lines[128];

#define MASK(name, n, bit, want)                                               \
    memset(mask, '0', sizeof mask);                                            \
    mask[n] = '\0';                                                            \
    mask[bit] = '1';                                                           \
    (void)snprintf(lines, sizeof lines, "TimeZone UTC\n" name " %s", mask);    \
    assert_int_equal(holds(lines, now_s), want);

        MASK("DayOfMonthMask", 31, day - 1, true)
        MASK("DayOfMonthMask", 31, day % 31, false)
        MASK("DayOfMonthMask", 62, day - 1, true)
        MASK("DayOfMonthMask", 62, 31 + length - day, true)
        if (day > 1) {
            MASK("DayOfMonthMask", 62, 31 + length - day + 1, false)
        }
        MASK("MonthOfYearMask", 12, month, true)
        MASK("MonthOfYearMask", 12, (month + 1) % 12, false)
        MASK("DayOfWeekMask", 7, weekday, true)
        MASK("DayOfWeekMask", 7, (weekday + 1) % 7, false)
#undef MASK
        weekday = (weekday + 1) % 7;
        if (++day > length) {
            day = 1;
            month = (month + 1) % 12;
            year += month == 0;
        }
    }
    assert_int_equal(year, 2025);
}

/* Local time is that of TZ, with its daylight saving. */
static void
knows_zones(void **state)
{
    static const struct {
        const char *zone; /* Local when NULL */
        const char *condition;
        int month, day, hour, minute; /* UTC */
        bool holds;
    } rows[] = {
        /* winter: UTC+1 */
        { NULL, "TimeOfDayRange 08:00-09:00", 1, 15, 7, 0, true },
        { NULL, "TimeOfDayRange 08:00-09:00", 1, 15, 7, 59, true },
        { NULL, "TimeOfDayRange 08:00-09:00", 1, 15, 8, 0, false },
        { NULL, "TimeOfDayRange 08:00-09:00", 1, 15, 6, 59, false },
        /* summer: UTC+2 */
        { NULL, "TimeOfDayRange 08:00-09:00", 7, 15, 6, 0, true },
        { NULL, "TimeOfDayRange 08:00-09:00", 7, 15, 7, 0, false },
        { "TimeZone UTC", "TimeOfDayRange 08:00-09:00", 7, 15, 6, 0, false },
        { "TimeZone UTC", "TimeOfDayRange 08:00-09:00", 7, 15, 8, 30, true },
        { "TimeZone Local", "TimeOfDayRange 08:00-09:00", 7, 15, 6, 30, true },
        /* the night of the change forwards: 02:00 to 03:00 is not */
        { NULL, "TimeOfDayRange 02:00-03:00", 3, 31, 0, 59, false },
        { NULL, "TimeOfDayRange 02:00-03:00", 3, 31, 1, 0, false },
        { NULL, "TimeOfDayRange 03:00-04:00", 3, 31, 1, 0, true },
        /* and backwards: it is twice */
        { NULL, "TimeOfDayRange 02:00-03:00", 10, 27, 0, 30, true },
        { NULL, "TimeOfDayRange 02:00-03:00", 10, 27, 1, 30, true },
        { NULL, "TimeOfDayRange 02:00-03:00", 10, 27, 2, 0, false },
        /* another day, month and year than in UTC */
        { NULL, "DayOfWeekMask 1000000", 1, 13, 23, 30, true },
        { "TimeZone UTC", "DayOfWeekMask 1000000", 1, 13, 23, 30, false },
        { NULL, "MonthOfYearMask 010000000000", 1, 31, 23, 30, true },
        { "TimeZone UTC", "MonthOfYearMask 010000000000", 1, 31, 23, 30,
          false },
        { NULL, "ConditionTimeRange 20250101000000:20250101235959", 12, 31, 23,
          0, true },
        { "TimeZone UTC", "ConditionTimeRange 20250101000000:20250101235959",
          12, 31, 23, 0, false },
        /* until the end of a day */
        { "TimeZone UTC", "ConditionTimeRange 20240101000000:20240131240000", 1,
          31, 23, 59, true },
        { "TimeZone UTC", "ConditionTimeRange 20240101000000:20240131240000", 2,
          1, 0, 0, false },
        { "TimeZone UTC", "TimeOfDayRange 23:00-24:00", 1, 1, 23, 59, true },
        { "TimeZone UTC", "TimeOfDayRange 23:00-24:00", 1, 1, 0, 0, false },
        { "TimeZone UTC", "TimeOfDayRange 23:00-00:00", 1, 1, 23, 59, true },
        { "TimeZone UTC", "TimeOfDayRange 23:00-00:00", 1, 1, 0, 0, false },
        { "TimeZone UTC",
          "TimeOfDayRange 01:00-02:00\nTimeOfDayRange 05:00-06:00", 1, 1, 5, 59,
          true },
        { "TimeZone UTC",
          "TimeOfDayRange 01:00-02:00\nTimeOfDayRange 05:00-06:00", 1, 1, 1, 0,
          true },
        { "TimeZone UTC",
          "TimeOfDayRange 01:00-02:00\nTimeOfDayRange 05:00-06:00", 1, 1, 2, 0,
          false },
        /* all that is coded must hold */
        { "TimeZone UTC",
          "TimeOfDayRange 01:00-02:00\nMonthOfYearMask 011111111111", 1, 1, 1,
          0, false },
        { "TimeZone UTC", "", 1, 1, 1, 0, true },
    };
    const char *zone = getenv("TZ");
    char *before = zone == NULL ? NULL : strdup(zone);

    (void)state;
    assert_int_equal(setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1), 0);
    tzset();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char lines[256];

        (void)snprintf(lines, sizeof lines, "%s\n%s",
                       rows[i].zone == NULL ? "" : rows[i].zone,
                       rows[i].condition);
        if (holds(lines, utc(2024, rows[i].month, rows[i].day, rows[i].hour,
                             rows[i].minute, 0)) != rows[i].holds)
            fail_msg("row %zu: %s", i, lines);
    }
    IGNORE(before == NULL ? unsetenv("TZ") : setenv("TZ", before, 1));
    tzset();
    free(before);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_time),
        cmocka_unit_test(knows_days),
        cmocka_unit_test(knows_zones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
