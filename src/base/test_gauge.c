#include "base/test.h"

#include "base/gauge.h"

static void
shares_of_a_ceiling(void **state)
{
    static const struct {
        size_t used, n;
        unsigned percent;
        bool want;
    } rows[] = {
        { 0, 1000, 100, true },
        { 0, 1001, 100, false },
        { 0, 750, 75, true },
        { 0, 751, 75, false },
        { 750, 1, 75, false },
        { 751, 0, 75, false },
        { 900, 100, 100, true },
        { 900, 101, 100, false },
        { 5000, 1, 100, false },
        { 0, SIZE_MAX, 100, false },
        { 10, SIZE_MAX - 5, 100, false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct gauge g = { .used = rows[i].used, .max = 1000 };

        assert_int_equal(gauge_take(&g, rows[i].n, rows[i].percent),
                         rows[i].want);
        assert_int_equal(g.used, rows[i].used + (rows[i].want ? rows[i].n : 0));
    }
}

static void
no_ceiling_and_no_room(void **state)
{
    struct gauge g = { .max = 0 };

    (void)state;
    assert_true(gauge_take(NULL, SIZE_MAX, 1));
    assert_true(gauge_take(&g, SIZE_MAX / 2, 1));
    gauge_give(&g, SIZE_MAX / 2);
    g.max = 1000;
    g.is_tight = true;
    assert_false(gauge_take(&g, 1, 100));
    gauge_add(&g, 5000);
    assert_int_equal(g.used, 5000);
    gauge_give(&g, 5000);
    g.is_tight = false;
    assert_true(gauge_take(&g, 1, 100));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_of_a_ceiling),
        cmocka_unit_test(no_ceiling_and_no_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
