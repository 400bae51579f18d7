/* Whose an answer is: exactly those sockets', and for how long. */
#include "base/test.h"

#include <stdio.h>
#include <string.h>

#include "ttls/kept.h"

static struct socket_facts
facts(uint64_t cookie)
{
    struct socket_facts s;

    memset(&s, 0, sizeof s);
    s.cookie = cookie;
    s.inode = (uint32_t)cookie + 1000;
    s.cgroup = 7;
    s.uid = 50001;
    return s;
}

static bool
get(const struct socket_facts *v, size_t n, uint64_t now, uint32_t max,
    const char *want, uint32_t want_age)
{
    struct str answer = STR("");
    uint32_t age = UINT32_MAX;
    bool is_there = kept_get(v, n, now, max, &answer, &age);

    if (is_there) {
        assert_true(str_eq_z(answer, want));
        assert_int_equal(age, want_age);
    }
    return is_there;
}

static void
test_age(void **state)
{
    struct socket_facts s = facts(1);

    (void)state;
    assert_false(get(&s, 1, 5000, KEPT_MS, "", 0));
    kept_put(&s, 1, 5000, STR("first"));
    assert_true(get(&s, 1, 5000, KEPT_MS, "first", 0));
    assert_true(get(&s, 1, 5999, KEPT_MS, "first", 999));
    assert_false(get(&s, 1, 6000, KEPT_MS, "", 0));
    /* Who asks may be stricter, not laxer. */
    assert_false(get(&s, 1, 5000, 0, "", 0));
    assert_true(get(&s, 1, 5049, 50, "first", 49));
    assert_false(get(&s, 1, 5050, 50, "", 0));
    assert_false(get(&s, 1, 6000, UINT32_MAX, "", 0));
    /* Being asked for does not make it younger, being found again does. */
    assert_true(get(&s, 1, 5900, KEPT_MS, "first", 900));
    assert_false(get(&s, 1, 6100, KEPT_MS, "", 0));
    kept_put(&s, 1, 6100, STR("second, which is longer"));
    assert_true(get(&s, 1, 7000, KEPT_MS, "second, which is longer", 900));
    /* A time before it was found is none of its. */
    assert_false(get(&s, 1, 6099, KEPT_MS, "", 0));
    kept_forget();
    assert_false(get(&s, 1, 6100, KEPT_MS, "", 0));
}

/* Whatever is different about the sockets is another question. */
static void
test_sockets(void **state)
{
    struct socket_facts two[] = { facts(1), facts(2) }, other[3];
    const struct {
        const char *what;
        size_t n;
        struct socket_facts v[3];
    } rows[] = {
        { "none", 0, { facts(1) } },
        { "the first only", 1, { facts(1) } },
        { "the second only", 1, { facts(2) } },
        { "one more", 3, { facts(1), facts(2), facts(3) } },
        { "a successor at the same place", 2, { facts(1), facts(3) } },
        { "in another order", 2, { facts(2), facts(1) } },
    };

    (void)state;
    kept_put(two, 2, 100, STR("both"));
    assert_true(get(two, 2, 100, KEPT_MS, "both", 0));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (get(rows[i].v, rows[i].n, 100, KEPT_MS, "", 0))
            fail_msg("%s", rows[i].what);
    }
    for (unsigned i = 0; i < 5; i++) {
        memcpy(other, two, sizeof two);
        other[1].cookie += i == 0; /* the same inode, given out again */
        other[1].inode += i == 1;
        other[1].cgroup += i == 2;
        other[1].uid += i == 3;
        other[1].is_v6 = i == 4;
        if (get(other, 2, 100, KEPT_MS, "", 0))
            fail_msg("difference %u", i);
    }
    assert_true(get(two, 2, 100, KEPT_MS, "both", 0));
    kept_forget();
}

/* However many are asked for: the last ones are there, the oldest is not. */
static void
test_bound(void **state)
{
    char text[16];

    (void)state;
    for (unsigned i = 0; i < 3 * KEPT_MAX; i++) {
        struct socket_facts s = facts(i + 1);

        (void)snprintf(text, sizeof text, "answer %u", i);
        kept_put(&s, 1, 100 + i, str_of(text));
    }
    for (unsigned i = 0; i < 3 * KEPT_MAX; i++) {
        struct socket_facts s = facts(i + 1);

        (void)snprintf(text, sizeof text, "answer %u", i);
        assert_int_equal(
            get(&s, 1, 100 + 3 * KEPT_MAX, KEPT_MS, text, 3 * KEPT_MAX - i),
            i >= 2 * KEPT_MAX);
    }
    kept_put(NULL, 0, 400, STR("of nobody")); /* takes no place that counts */
    assert_false(get(NULL, 0, 400, KEPT_MS, "", 0));
    kept_forget();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_age),
        cmocka_unit_test(test_sockets),
        cmocka_unit_test(test_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
