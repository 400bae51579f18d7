/* Slow and hung requests: what is due when, with the time as a parameter. */
#include "base/test.h"

#include "gateway/timing.h"

static const struct timing usual = {
    .is_on = true, .slow_ms = 10000, .hung_ms = 600000, .sample = 1
};
static const struct timing sampled = {
    .is_on = true, .slow_ms = 10000, .hung_ms = 600000, .sample = 3
};
static const struct timing never = {
    .is_on = true, .slow_ms = UINT64_MAX, .hung_ms = UINT64_MAX, .sample = 1
};
/* A threshold of hung requests below that of slow ones. */
static const struct timing crossed = {
    .is_on = true, .slow_ms = 10000, .hung_ms = 100, .sample = 1
};

static void
what_is_due(void **state)
{
    static const struct {
        const struct timing *t;
        uint64_t number, age_ms;
        unsigned said, want;
    } rows[] = {
        { &usual, 0, 9999, 0, 0 },
        { &usual, 0, 10000, 0, TIMING_SAID_SLOW },
        { &usual, 0, 20000, TIMING_SAID_SLOW, 0 },
        { &usual, 0, 599999, TIMING_SAID_SLOW, 0 },
        { &usual, 0, 600000, TIMING_SAID_SLOW, TIMING_SAID_HUNG },
        { &usual, 0, 600000, 0, TIMING_SAID_HUNG },
        { &usual, 0, 900000, TIMING_SAID_SLOW | TIMING_SAID_HUNG, 0 },
        { &usual, 0, 900000, TIMING_SAID_HUNG, 0 },
        /* sampled: hung ones are told all the same */
        { &sampled, 0, 10000, 0, 0 },
        { &sampled, 2, 10000, 0, TIMING_SAID_SLOW },
        { &sampled, 3, 10000, 0, 0 },
        { &sampled, 4, 600000, 0, TIMING_SAID_HUNG },
        { &never, 0, UINT64_MAX - 1, 0, 0 },
        { &crossed, 0, 100, 0, TIMING_SAID_HUNG },
        { &crossed, 0, 10000, TIMING_SAID_HUNG, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(
            timing_due(rows[i].t, rows[i].number, rows[i].age_ms, rows[i].said),
            rows[i].want);
}

static void
how_often_to_look(void **state)
{
    const struct timing quick = { .slow_ms = 100, .hung_ms = 1000 };
    const struct timing middle = { .slow_ms = 8000, .hung_ms = 2000 };

    (void)state;
    assert_int_equal(timing_period_ms(&usual), 1000);
    assert_int_equal(timing_period_ms(&never), 1000);
    assert_int_equal(timing_period_ms(&quick), 50);
    assert_int_equal(timing_period_ms(&middle), 500);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_due),
        cmocka_unit_test(how_often_to_look),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
