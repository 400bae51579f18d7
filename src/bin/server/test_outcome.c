#include "outcome.h"

#include "base/msg.h"
#include "base/test.h"

static void
updates(void **state)
{
    static const struct {
        uint64_t took_ms;
        const char *want;
    } rows[] = {
        { 0, "CWWKG0017I" },          { 59999, "CWWKG0017I" },
        { 60000, "CWWKG0017I" },      { 60001, "CWWKG0027W" },
        { UINT64_MAX, "CWWKG0027W" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_string_equal(outcome_of_update(rows[i].took_ms), rows[i].want);
        assert_non_null(msg_find(rows[i].want));
    }
}

static void
quiesces(void **state)
{
    (void)state;
    assert_string_equal(outcome_of_quiesce(30000, true), "CWWKE1101I");
    assert_string_equal(outcome_of_quiesce(30000, false), "CWWKE1102W");
    assert_null(outcome_of_quiesce(1, true)); /* --force */
    assert_null(outcome_of_quiesce(1, false));
    assert_non_null(msg_find("CWWKE1102W"));
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(updates),
        cmocka_unit_test(quiesces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
