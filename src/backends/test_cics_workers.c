#include "backends/cics_workers.h"

#include "base/test.h"

#define NOW 5000u

/* The index of the lowest rank, -1 when all are full. */
static int
chosen(const struct worker_view *v, size_t n, const char *resource,
       uint64_t now_ms)
{
    uint32_t best = WORKER_FULL;
    int at = -1;

    for (size_t i = 0; i < n; i++) {
        uint32_t rank = worker_rank(&v[i], str_of(resource), now_ms);

        if (rank < best) {
            best = rank;
            at = (int)i;
        }
    }
    return at;
}

static void
the_one_that_is_awake_is_chosen(void **state)
{
    static const struct {
        const char *what;
        struct worker_view v[3];
        int want;
    } rows[] = {
        { "all idle", { { 0 } }, 0 },
        { "at work, answered just now",
          { { 0 }, { 1, false, "CSMI,A", NOW }, { 0 } },
          1 },
        { "a millisecond ago",
          { { 0 }, { 1, false, "CSMI,A", NOW - 1 }, { 0 } },
          1 },
        { "longer ago", { { 0 }, { 1, false, "CSMI,A", NOW - 2 } }, 0 },
        { "at work, never answered yet",
          { { 0 }, { 1, false, "CSMI,A", 0 } },
          0 },
        { "at work for another program",
          { { 0 }, { 1, false, "CSMI,B", NOW } },
          0 },
        { "at work for that one and another",
          { { 0 }, { 2, true, "CSMI,A", NOW } },
          0 },
        { "the one with less to do",
          { { 2, false, "CSMI,A", NOW }, { 1, false, "CSMI,A", NOW } },
          1 },
        { "three are enough while others are idle",
          { { 3, false, "CSMI,A", NOW }, { 0 } },
          1 },
        { "nobody idle: the least loaded",
          { { 3, false, "CSMI,B", NOW },
            { 2, true, "CSMI,A", NOW },
            { 3, false, "CSMI,A", NOW } },
          1 },
        { "all full",
          { { 4, false, "CSMI,A", NOW },
            { 4, false, "CSMI,A", NOW },
            { 4, false, "CSMI,A", NOW } },
          -1 },
        { "idle, though it answered just now",
          { { 0 }, { 0, false, "CSMI,A", NOW } },
          0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (chosen(rows[i].v, 3, "CSMI,A", NOW) != rows[i].want)
            fail_msg("%s: %d", rows[i].what,
                     chosen(rows[i].v, 3, "CSMI,A", NOW));
}

static void
what_a_worker_does_is_followed(void **state)
{
    struct worker_view w[2] = { { 0 } };

    (void)state;
    worker_begins(&w[0], STR("CSMI,A"));
    assert_int_equal(chosen(w, 2, "CSMI,A", NOW), 1); /* not known as quick */
    worker_begins(&w[0], STR("CSMI,A"));
    worker_ends(&w[0], NOW);
    assert_int_equal(chosen(w, 2, "CSMI,A", NOW), 0);
    assert_int_equal(chosen(w, 2, "CSMI,B", NOW), 1);
    worker_begins(&w[0], STR("CSMI,B"));
    assert_int_equal(chosen(w, 2, "CSMI,A", NOW), 1); /* B may be slow */
    worker_ends(&w[0], NOW);
    assert_int_equal(chosen(w, 2, "CSMI,A", NOW), 1); /* which one was it? */
    worker_ends(&w[0], NOW);
    assert_int_equal(w[0].load, 0);
    worker_begins(&w[0], STR("CSMI,B"));
    assert_int_equal(chosen(w, 2, "CSMI,B", NOW), 1); /* A was the quick one */
    worker_ends(&w[0], NOW + 7);
    worker_begins(&w[0], STR("CSMI,B"));
    assert_int_equal(chosen(w, 2, "CSMI,B", NOW + 8), 0);
    assert_int_equal(chosen(w, 2, "CSMI,B", NOW + 9), 1);
    /* a name that does not fit is nobody's */
    worker_ends(&w[0], NOW);
    worker_begins(&w[0], STR("CSMI,PROGRAMTOOLONG"));
    worker_ends(&w[0], NOW);
    worker_begins(&w[0], STR("CSMI,PROGRAMTOOLONG"));
    assert_int_equal(chosen(w, 2, "CSMI,PROGRAMTOOLONG", NOW), 1);
    assert_int_equal(chosen(w, 2, "", NOW), 1);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_one_that_is_awake_is_chosen),
        cmocka_unit_test(what_a_worker_does_is_followed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
