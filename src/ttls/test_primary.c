/* What engines know of each other's primary connections. */
#include "base/test.h"

#include <stdlib.h>
#include <string.h>

#include "ttls/primary.h"

static uint64_t hints[CAPTURE_HINTS];
static struct primary slots[PRIMARIES_MAX];
static struct primaries one, two;
static uint64_t when; /* a connection was made: before 1000 primaries stood */

static int
start(void **state)
{
    (void)state;
    when = 2000;
    memset(hints, 0, sizeof hints);
    memset(slots, 0, sizeof slots);
    one = (struct primaries){ .slots = slots, .hints = hints, .engine = 0 };
    two = (struct primaries){ .slots = slots, .hints = hints, .engine = 1 };
    return 0;
}

static struct primary
entry(uint32_t tgid, uint8_t remote, const char *rule, uint32_t priority)
{
    struct primary p = { .alive_ns = 500,
                         .tgid = tgid,
                         .local = { [15] = 1 },
                         .remote = { [15] = remote },
                         .policy = 7,
                         .priority = priority };

    (void)snprintf(p.rule, sizeof p.rule, "%s", rule);
    return p;
}

static bool
finds(const struct primaries *p, uint32_t tgid, uint8_t local, uint8_t remote,
      struct primary *out)
{
    const uint8_t l[16] = { [15] = local }, r[16] = { [15] = remote };
    const struct ancestor who = { .pid = tgid, .start_ns = 400 };

    return primaries_find(p, when, &who, l, r, out);
}

/* Process 100, if it was started then. */
static bool
finds_started(uint64_t start_ns, struct primary *out)
{
    const uint8_t l[16] = { [15] = 1 }, r[16] = { [15] = 2 };
    const struct ancestor who = { .pid = 100, .start_ns = start_ns };

    return primaries_find(&two, when, &who, l, r, out);
}

static size_t
hinted(void)
{
    size_t n = 0;

    for (size_t i = 0; i < CAPTURE_HINTS; i++)
        n += hints[i];
    return n;
}

static void
by_process_and_addresses(void **state)
{
    const struct primary p = entry(100, 2, "ftp", 5);
    const uint8_t remote[16] = { [15] = 2 }, any[16] = { 0 };
    struct primary got;
    uint32_t slot;

    (void)state;
    assert_true(primaries_put(&one, &p, &slot));
    assert_true(finds(&two, 100, 1, 2, &got));
    assert_string_equal(got.rule, "ftp");
    assert_int_equal(got.policy, 7);
    assert_false(finds(&two, 101, 1, 2, &got));
    assert_false(finds(&two, 0, 1, 2, &got));
    assert_false(finds(&two, 100, 3, 2, &got));
    assert_false(finds(&two, 100, 1, 3, &got));
    /* What the kernel looks at: the peer, and "any". */
    assert_int_equal(hints[capture_hint(remote)], 1);
    assert_int_equal(hints[capture_hint(any)], 1);
    assert_true(primaries_may(&two, remote));
    assert_true(primaries_hold(&two, 7));
    assert_false(primaries_hold(&two, 8));
    primaries_remove(&one, slot, 1000);
    assert_false(finds(&two, 100, 1, 2, &got));
    /* What was made before still belongs to it, for a while. */
    when = 1000;
    assert_true(finds(&two, 100, 1, 2, &got));
    assert_true(primaries_hold(&two, 7));
    assert_true(primaries_sweep(&one, 1000));
    assert_false(primaries_sweep(&two, UINT64_MAX)); /* another engine's */
    assert_true(finds(&two, 100, 1, 2, &got));
    assert_false(primaries_sweep(&one, 1000 + PRIMARY_LINGER_NS));
    assert_false(finds(&two, 100, 1, 2, &got));
    assert_false(primaries_hold(&two, 7));
    assert_false(primaries_may(&two, remote));
    assert_int_equal(hinted(), 0);
}

/* One entry stands until the last of those that say the same is closed, in each
 * engine by itself. */
static void
is_counted(void **state)
{
    const struct primary p = entry(100, 2, "ftp", 5);
    struct primary got;
    uint32_t a, b, c;

    (void)state;
    assert_true(primaries_put(&one, &p, &a));
    assert_true(primaries_put(&one, &p, &b));
    assert_true(primaries_put(&two, &p, &c));
    assert_int_equal(a, b);
    assert_int_not_equal(a, c);
    primaries_remove(&one, a, 1000);
    primaries_remove(&two, c, 1000);
    assert_true(finds(&two, 100, 1, 2, &got));
    primaries_remove(&one, b, 1000);
    assert_false(finds(&two, 100, 1, 2, &got));
    assert_int_equal(hinted(), 4);
    /* It is made again: one entry, that stands. */
    assert_true(primaries_put(&one, &p, &b));
    assert_int_equal(a, b);
    assert_true(finds(&two, 100, 1, 2, &got));
    assert_false(primaries_sweep(&one, UINT64_MAX));
    primaries_remove(&one, b, 1000);
    assert_false(primaries_sweep(&one, UINT64_MAX));
    assert_false(primaries_sweep(&two, UINT64_MAX));
    assert_int_equal(hinted(), 0);
}

static void
highest_priority(void **state)
{
    const struct primary low = entry(100, 2, "low", 1),
                         high = entry(100, 2, "high", 9);
    struct primary got;
    uint32_t a, b, c;

    (void)state;
    assert_true(primaries_put(&one, &low, &a));
    assert_true(primaries_put(&two, &high, &b));
    assert_true(primaries_put(&two, &low, &c));
    assert_true(finds(&one, 100, 1, 2, &got));
    assert_string_equal(got.rule, "high");
    primaries_remove(&two, b, 1000);
    assert_true(finds(&one, 100, 1, 2, &got));
    assert_string_equal(got.rule, "low");
}

/* Process 100 was there at 500: who was started later is another one, while the
 * entry stands and after it was closed. */
static void
number_comes_again(void **state)
{
    static const struct {
        uint64_t start_ns;
        bool want;
    } rows[] = {
        { 0, true }, /* not known */
        { 1, true },           { 500, true },
        { 501, false },        { 999, false },
        { 1000, false },       { 2000, false },
        { 2001, false },       { 500 + PRIMARY_LINGER_NS, false },
        { UINT64_MAX, false },
    };
    const struct primary p = entry(100, 2, "ftp", 5);
    uint32_t slot;

    (void)state;
    assert_true(primaries_put(&one, &p, &slot));
    for (size_t i = 0; i < 2 * ARRAY_LEN(rows); i++) {
        struct primary got = { .tgid = 77 };
        bool want = rows[i % ARRAY_LEN(rows)].want;

        if (i == ARRAY_LEN(rows)) {
            primaries_remove(&one, slot, 1000);
            when = 900;
        }
        assert_int_equal(
            finds_started(rows[i % ARRAY_LEN(rows)].start_ns, &got), want);
        assert_int_equal(got.tgid, want ? 100 : 77);
    }
}

/* The later one has a connection like it by itself: it counts, and is not
 * forgotten for one that was seen sooner. */
static void
later_one_has_its_own(void **state)
{
    struct primary p = entry(100, 2, "ftp", 5), got;
    uint32_t a, b;

    (void)state;
    assert_true(primaries_put(&one, &p, &a));
    primaries_remove(&one, a, 1000);
    assert_false(finds_started(1500, &got));
    p.alive_ns = 1600;
    assert_true(primaries_put(&one, &p, &b));
    assert_int_equal(a, b);
    assert_true(finds_started(1500, &got));
    assert_false(finds_started(1601, &got));
    p.alive_ns = 500;
    assert_true(primaries_put(&one, &p, &b));
    assert_true(finds_started(1500, &got));
    assert_false(finds_started(1601, &got));
    primaries_remove(&one, b, 1700);
    primaries_remove(&one, b, 1700);
    when = 1650;
    assert_true(finds_started(1500, &got));
    assert_false(finds_started(1601, &got));
}

/* The former one's is not the later one's, whatever its priority. */
static void
later_one_has_another(void **state)
{
    struct primary old = entry(100, 2, "old", 9), new = entry(100, 2, "new", 1);
    struct primary got;
    uint32_t a, b;

    (void)state;
    new.alive_ns = 1600;
    assert_true(primaries_put(&one, &old, &a));
    assert_true(primaries_put(&two, &new, &b));
    assert_true(finds_started(1500, &got));
    assert_string_equal(got.rule, "new");
    assert_false(finds_started(1601, &got));
    assert_true(finds_started(400, &got));
    assert_string_equal(got.rule, "old");
}

/* Of whatever process; where there is none, nobody looks. */
static void
of_anybody(void **state)
{
    const struct primary low = entry(100, 2, "low", 1),
                         high = entry(300, 2, "high", 9);
    const uint8_t local[16] = { [15] = 1 }, remote[16] = { [15] = 2 },
                  other[16] = { [15] = 3 };
    struct primary got = { .tgid = 77 };
    struct primaries none = { .slots = NULL };
    uint32_t a, b;

    (void)state;
    assert_false(primaries_any(&two, when, local, remote, &got));
    assert_true(primaries_put(&one, &low, &a));
    assert_true(primaries_put(&two, &high, &b));
    assert_false(primaries_any(&two, when, local, other, &got));
    assert_false(primaries_any(&two, when, other, remote, &got));
    assert_false(primaries_any(&none, when, local, remote, &got));
    assert_false(primaries_may(&none, remote));
    assert_int_equal(got.tgid, 77);
    assert_true(primaries_any(&one, when, local, remote, &got));
    assert_string_equal(got.rule, "high");
    assert_int_equal(got.tgid, 300);
    primaries_remove(&two, b, 1000);
    assert_true(primaries_any(&two, when, local, remote, &got));
    assert_int_equal(got.tgid, 100);
}

/* Ten thousand processes with one peer: all find a place. */
static void
one_peer_many_processes(void **state)
{
    uint32_t slot, n = 0;

    (void)state;
    for (uint32_t tgid = 2; tgid < 2 + 10000; tgid++) {
        struct primary p = entry(tgid, 2, "ftp", 5);

        n += primaries_put(&one, &p, &slot);
    }
    assert_int_equal(n, 10000);
}

/* An engine that was killed: its successor forgets what was its own. */
static void
after_a_death(void **state)
{
    const struct primary p = entry(100, 2, "ftp", 5), q = entry(200, 3, "x", 1);
    struct primaries next = two;
    struct primary got;
    uint32_t a, b;

    (void)state;
    assert_true(primaries_put(&one, &p, &a));
    assert_true(primaries_put(&two, &q, &b));
    primaries_start(&next, 1000);
    assert_true(finds(&next, 100, 1, 2, &got));
    assert_false(finds(&next, 200, 1, 3, &got));
    assert_false(primaries_sweep(&next, UINT64_MAX));
    assert_int_equal(hinted(), 2);
}

/* No room: said, and nothing is lost. */
static void
no_room(void **state)
{
    struct primary got;
    uint32_t slot = 0, policy = 0;

    (void)state;
    for (; policy < PRIMARY_WINDOW; policy++) {
        struct primary p = entry(100, 2, "ftp", 5);

        p.policy = policy;
        assert_true(primaries_put(&one, &p, &slot));
    }
    {
        struct primary p = entry(100, 2, "ftp", 5);
        size_t before = hinted();

        p.policy = policy;
        assert_false(primaries_put(&one, &p, &slot));
        assert_false(primaries_put(&two, &p, &slot));
        assert_int_equal(hinted(), before);
        p.policy = 0;
        assert_true(primaries_put(&one, &p, &slot));
        primaries_remove(&one, slot, 1000);
        primaries_remove(&one, slot, 1000);
        p.policy = policy;
        assert_false(primaries_put(&two, &p, &slot));
        assert_true(primaries_put(&one, &p, &slot)); /* a closed one's place */
    }
    assert_true(finds(&two, 100, 1, 2, &got));
}

/* Memory that somebody else writes: names end, half an entry is none. */
static void
is_damaged(void **state)
{
    const struct primary p = entry(100, 2, "ftp", 5);
    struct primary got;
    uint32_t slot;

    (void)state;
    assert_true(primaries_put(&one, &p, &slot));
    memset(slots[slot].rule, 'A', sizeof slots[slot].rule);
    assert_true(finds(&two, 100, 1, 2, &got));
    assert_int_equal(strlen(got.rule), sizeof got.rule - 1);
    slots[slot].tag = 1;
    assert_false(finds(&two, 100, 1, 2, &got));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(by_process_and_addresses, start),
        cmocka_unit_test_setup(is_counted, start),
        cmocka_unit_test_setup(highest_priority, start),
        cmocka_unit_test_setup(number_comes_again, start),
        cmocka_unit_test_setup(later_one_has_its_own, start),
        cmocka_unit_test_setup(later_one_has_another, start),
        cmocka_unit_test_setup(of_anybody, start),
        cmocka_unit_test_setup(one_peer_many_processes, start),
        cmocka_unit_test_setup(after_a_death, start),
        cmocka_unit_test_setup(no_room, start),
        cmocka_unit_test_setup(is_damaged, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
