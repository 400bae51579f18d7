#include "base/test.h"

#include "backoff.h"

static void
delays(void **state)
{
    static const struct {
        const char *what;
        uint64_t ready_ms, now_ms, want;
    } rows[] = {
        { "never ready", 0, 1000, 100 },
        { "again", 0, 2000, 200 },
        { "ready for too short", 2500, 3000, 400 },
        { "ready for a while", 3500, 4500, 100 },
        { "and for longer", 5000, 90000, 100 },
        { "bad again", 0, 90100, 200 },
        { "and again", 90150, 90200, 400 },
        { "4", 0, 91000, 800 },
        { "5", 0, 92000, 1600 },
        { "6", 0, 94000, 3200 },
        { "7", 0, 97000, 6400 },
        { "the most", 0, 110000, 10000 },
        { "stays", 0, 120000, 10000 },
        { "until it was of use", 120100, 121100, 100 },
    };
    struct backoff b = { 0 };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint64_t got = backoff_next(&b, rows[i].ready_ms, rows[i].now_ms);

        if (got != rows[i].want)
            fail_msg("%s: %llu", rows[i].what, (unsigned long long)got);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(delays) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
