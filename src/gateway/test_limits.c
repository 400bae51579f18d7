/* Ceilings and rates, with the time as a parameter; and the metrics' text. */
#include "base/test.h"

#include <netinet/in.h>

#include "gateway/limits.h"
#include "gateway/metrics.h"

#define S 1000000u

static struct limits *
new_limits(void)
{
    struct limits *l;

    assert_int_equal(limits_new(&l, NULL), ERR_OK);
    return l;
}

static void
rates_are_kept(void **state)
{
    struct cfg_request_limits from = { .address_rate = 10, .burst = 3 };
    struct limits *l = new_limits();
    struct bulkhead b = { 0 };
    uint64_t now = 100 * S;
    unsigned n = 0;

    (void)state;
    /* At once: one, and the burst. */
    while (limits_enter(l, &from, 1, 1, STR("10.0.0.1"), &b, now) == LIMIT_NONE)
        n++;
    assert_int_equal(n, 4);
    assert_int_equal(limits_enter(l, &from, 1, 1, STR("10.0.0.1"), &b, now),
                     LIMIT_ADDRESS);
    /* Another address, and the same a tenth of a second later. */
    assert_int_equal(limits_enter(l, &from, 1, 1, STR("10.0.0.2"), &b, now),
                     LIMIT_NONE);
    now += S / 10;
    assert_int_equal(limits_enter(l, &from, 1, 1, STR("10.0.0.1"), &b, now),
                     LIMIT_NONE);
    assert_int_equal(limits_enter(l, &from, 1, 1, STR("10.0.0.1"), &b, now),
                     LIMIT_ADDRESS);
    /* Over ten seconds a hundred, no more. */
    for (n = 0; now < 110 * S; now += S / 100)
        if (limits_enter(l, &from, 1, 1, STR("10.0.0.1"), &b, now) ==
            LIMIT_NONE)
            n++;
    assert_in_range(n, 97, 101);
    limits_free(&l);

    l = new_limits();
    from = (struct cfg_request_limits){ .user_rate = 1 };
    assert_int_equal(limits_user(l, &from, STR("A"), S), LIMIT_NONE);
    assert_int_equal(limits_user(l, &from, STR("A"), S), LIMIT_USER);
    assert_int_equal(limits_user(l, &from, STR("A"), 2 * S), LIMIT_NONE);
    limits_free(&l);
}

static void
one_api_leaves_room(void **state)
{
    struct cfg_request_limits from = { .max_requests = 100, .max_per_api = 2 };
    struct limits *l = new_limits();
    struct bulkhead slow = { 0 }, other = { 0 };
    struct str who = STR("a");

    (void)state;
    assert_int_equal(limits_enter(l, &from, 1, 2, who, &slow, 0), LIMIT_NONE);
    assert_int_equal(limits_enter(l, &from, 1, 2, who, &slow, 0), LIMIT_NONE);
    assert_int_equal(limits_enter(l, &from, 1, 2, who, &slow, 0), LIMIT_API);
    assert_int_equal(slow.n_running, 2);
    assert_int_equal(limits_enter(l, &from, 1, 2, who, &other, 0), LIMIT_NONE);
    bulkhead_leave(&slow, 200, 10);
    assert_int_equal(limits_enter(l, &from, 1, 2, who, &slow, 0), LIMIT_NONE);
    /* Each of two loops has its half of the server's. */
    assert_int_equal(limits_enter(l, &from, 50, 2, who, &other, 0), LIMIT_NONE);
    assert_int_equal(limits_enter(l, &from, 51, 2, who, &other, 0),
                     LIMIT_SERVER);
    limits_free(&l);
}

static void
a_slow_api_is_asked_less(void **state)
{
    struct cfg_request_limits from = { .max_latency_ms = 100 };
    struct limits *l = new_limits();
    struct bulkhead b = { 0 };
    struct str who = STR("a");
    unsigned n = 0;

    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(limits_enter(l, &from, 1, 1, who, &b, 0), LIMIT_NONE);
        bulkhead_leave(&b, 200, S);
    }
    while (limits_enter(l, &from, 1, 1, who, &b, 0) == LIMIT_NONE)
        n++;
    assert_int_equal(n, 8);
    for (; n > 0; n--)
        bulkhead_leave(&b, 200, 1000);
    for (unsigned i = 0; i < 100; i++) { /* it is well again */
        assert_int_equal(limits_enter(l, &from, 1, 1, who, &b, 0), LIMIT_NONE);
        bulkhead_leave(&b, 200, 1000);
    }
    while (n < 20 && limits_enter(l, &from, 1, 1, who, &b, 0) == LIMIT_NONE)
        n++;
    assert_int_equal(n, 20);
    limits_free(&l);
}

static void
connections_are_counted(void **state)
{
    struct cfg_request_limits from = { .connections_per_address = 2 };
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = 1 };
    struct sockaddr_in b = { .sin_family = AF_INET, .sin_addr.s_addr = 2 };
    struct limits *l = new_limits();

    (void)state;
    assert_true(limits_connect(l, &from, (struct sockaddr *)&a));
    assert_true(limits_connect(l, &from, (struct sockaddr *)&a));
    assert_false(limits_connect(l, &from, (struct sockaddr *)&a));
    assert_true(limits_connect(l, &from, (struct sockaddr *)&b));
    limits_disconnect(l, (struct sockaddr *)&a);
    assert_true(limits_connect(l, &from, (struct sockaddr *)&a));
    limits_free(&l);
}

static void
connections_count_for_whom_they_serve(void **state)
{
    struct cfg_request_limits from = { .connections_per_user = 2,
                                       .connections_per_api = 1 };
    struct limits *l = new_limits();
    struct limits_tenant t[4];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        t[i] = (struct limits_tenant){ .limits = l };
    /* As often as it likes on two connections, not on a third. */
    for (int i = 0; i < 3; i++) {
        assert_true(limits_tenant_user(&t[0], &from, STR("A")));
        assert_true(limits_tenant_user(&t[1], &from, STR("A")));
        assert_false(limits_tenant_user(&t[2], &from, STR("A")));
    }
    assert_true(limits_tenant_user(&t[2], &from, STR("B")));
    /* Still B's: a refusal moves nothing. */
    assert_false(limits_tenant_user(&t[2], &from, STR("A")));
    assert_true(limits_tenant_user(&t[3], &from, STR("B")));
    assert_false(limits_tenant_user(&t[0], &from, STR("B")));
    /* One that goes over to another user, one that ends, leave room. */
    assert_true(limits_tenant_user(&t[1], &from, STR("C")));
    assert_true(limits_tenant_user(&t[2], &from, STR("A")));
    limits_tenant_end(&t[0]);
    limits_tenant_end(&t[0]);
    assert_true(limits_tenant_user(&t[1], &from, STR("A")));
    assert_false(limits_tenant_user(&t[3], &from, STR("A")));
    /* By API on its own. */
    assert_true(limits_tenant_api(&t[0], &from, STR("1/x")));
    assert_false(limits_tenant_api(&t[1], &from, STR("1/x")));
    assert_true(limits_tenant_api(&t[1], &from, STR("2/x")));
    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        limits_tenant_end(&t[i]);
    assert_true(limits_tenant_api(&t[2], &from, STR("1/x")));
    limits_tenant_end(&t[2]);
    limits_free(&l);
}

static void
refusals_are_said_once_a_minute(void **state)
{
    static const char why[] = "a line does not end in CR LF";
    static struct metrics m = { .n = 1 };
    struct http_request request = { .version = 20 };
    struct http_done done = { .status = 404, .body_bytes = 7, .started_us = 1 };
    struct bulkhead b = { .n_requests = 3, .n_failed = 1, .total_us = 2 * S };
    struct buf out;
    uint64_t n;

    (void)state;
    assert_true(metrics_refused(&m.loops[0], why, 1000, &n));
    assert_int_equal(n, 1);
    assert_false(metrics_refused(&m.loops[0], why, 1000, &n));
    assert_false(metrics_refused(&m.loops[0], why, 60999, &n));
    assert_true(metrics_refused(&m.loops[0], why, 61000, &n));
    assert_int_equal(n, 3);
    metrics_answer(&m.loops[0], &request, &done, 150);
    buf_init(&out, 1 << 20);
    metrics_begin(&m, NULL, &out);
    metrics_family(&out, 0);
    metrics_api(&out, 0, "api", STR("a\"b"), &b);
    metrics_api(&out, 0, "api", STR("never"), &(struct bulkhead){ 0 });
    metrics_end(&out);
    assert_non_null(strstr(buf_z(&out),
                           "sallyport_refused_total{loop=\"0\",why=\"a line "
                           "does not end in CR LF\"} 4\n"));
    assert_non_null(
        strstr(buf_z(&out), "sallyport_requests_total{code=\"4xx\"} 1\n"));
    assert_non_null(strstr(
        buf_z(&out), "sallyport_request_seconds_bucket{le=\"0.00010\"} 0\n"
                     "sallyport_request_seconds_bucket{le=\"0.00020\"} 1\n"));
    assert_non_null(strstr(buf_z(&out),
                           "sallyport_api_requests_total{kind=\"api\",name="
                           "\"a\\\"b\"} 3\n"));
    assert_null(strstr(buf_z(&out), "never"));
    assert_string_equal(buf_z(&out) + out.n - 6, "# EOF\n");
    buf_fini(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_are_kept),
        cmocka_unit_test(one_api_leaves_room),
        cmocka_unit_test(a_slow_api_is_asked_less),
        cmocka_unit_test(connections_are_counted),
        cmocka_unit_test(connections_count_for_whom_they_serve),
        cmocka_unit_test(refusals_are_said_once_a_minute),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
