/* Guesses wait longer each time, for their user and from their source. */
#include "base/test.h"
#include "throttle.h"

static struct throttles t;

static int
fresh(void **state)
{
    (void)state;
    t = (struct throttles){ .seed = 42 };
    return 0;
}

static struct throttle_who
who(const char *user, const char *source)
{
    return throttle_who(&t, str_of(user), str_of(source));
}

static void
user_waits(void **state)
{
    static const uint64_t waits[] = { 0,   0,    100,  200,  400,
                                      800, 1600, 3200, 5000, 5000 };
    struct throttle_who ann = who("ANN", ""), ben = who("BEN", "");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
        throttle_note(ann, false, 1000);
        assert_int_equal(throttle_due(ann, 1000),
                         waits[i] == 0 ? 0 : 1000 + waits[i]);
    }
    assert_int_equal(throttle_due(who("ann", ""), 1000), 6000); /* case */
    assert_int_equal(throttle_due(ben, 1000), 0);
    throttle_note(ann, true, 1000); /* the right one ends it */
    assert_int_equal(throttle_due(ann, 1000), 0);
}

static void
failures_are_forgotten(void **state)
{
    struct throttle_who ann = who("ANN", "");

    (void)state;
    for (unsigned i = 0; i < 20; i++)
        throttle_note(ann, false, 1000);
    assert_int_equal(throttle_due(ann, 2000), 6000);
    throttle_note(ann, false, 1000 + THROTTLE_FORGET_MS + 1);
    assert_int_equal(throttle_due(ann, 1000 + THROTTLE_FORGET_MS + 1), 0);
}

static void
source_waits_whoever_is_guessed_at(void **state)
{
    static const struct {
        const char *source;
        bool is_same;
    } rows[] = {
        { "192.0.2.7", true },  { "::ffff:192.0.2.7", true },
        { "192.0.2.8", false }, { "2001:db8:1:2::7", false },
        { "", false },
    };
    static const char *const users[] = { "A", "B", "C", "D", "E", "F", "G" };

    (void)state;
    for (unsigned i = 0; i < THROTTLE_SOURCE_FREE; i++)
        throttle_note(who(users[i % 7], "192.0.2.7"), false, 1000);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(throttle_due(who("NEW", rows[i].source), 1000),
                         rows[i].is_same ? 1100 : 0);
    /* A right password does not clear its source: one account would be a
     * licence to guess at all others. */
    throttle_note(who("NEW", "192.0.2.7"), true, 1000);
    assert_int_equal(throttle_due(who("NEW", "192.0.2.7"), 1000), 1100);
}

static void
one_network_is_one_source(void **state)
{
    (void)state;
    assert_ptr_equal(who("A", "2001:db8:1:2::7").source,
                     who("B", "2001:db8:1:2:ffff::1").source);
    assert_ptr_not_equal(who("A", "2001:db8:1:2::7").source,
                         who("A", "2001:db8:1:3::7").source);
}

static void
queue_is_bounded(void **state)
{
    struct throttle_who ann = who("ANN", "192.0.2.7");

    (void)state;
    for (unsigned i = 0; i < 100; i++) /* nobody guesses: no bound */
        assert_true(throttle_enter(ann, 1000));
    for (unsigned i = 0; i < 100; i++)
        throttle_leave(ann);
    for (unsigned i = 0; i < THROTTLE_USER_FREE; i++)
        throttle_note(ann, false, 1000);
    for (unsigned i = 0; i < THROTTLE_USER_WAITING; i++)
        assert_true(throttle_enter(ann, 1000));
    assert_false(throttle_enter(ann, 1000));
    assert_true(throttle_enter(who("BEN", "192.0.2.7"), 1000));
    throttle_leave(ann);
    assert_true(throttle_enter(ann, 1000));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(user_waits, fresh),
        cmocka_unit_test_setup(failures_are_forgotten, fresh),
        cmocka_unit_test_setup(source_waits_whoever_is_guessed_at, fresh),
        cmocka_unit_test_setup(one_network_is_one_source, fresh),
        cmocka_unit_test_setup(queue_is_bounded, fresh),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
