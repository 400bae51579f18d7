/* What is a traceparent, and what becomes of it. */
#include "base/test.h"

#include "gateway/traceparent.h"

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"
#define NEW "00-0000000000000abc0000000000000def-00000000000000ab-02"
#define TEN "a=1,b=1,c=1,d=1,e=1,f=1,g=1,h=1,i=1,j=1,"

static const struct trace_seed seed = { { 0xabc, 0xdef }, 0xab };

/* Header names and values by turns; NULL ends them. */
static void
expect(const char *const in[], const char *parent, const char *state)
{
    struct http_header headers[8], out[TRACE_HEADERS_MAX];
    struct arena arena;
    size_t n = 0, got;

    arena_init(&arena, 1 << 16);
    for (; in[2 * n] != NULL; n++)
        headers[n] = (struct http_header){ exact_copy(in[2 * n]),
                                           exact_copy(in[2 * n + 1]) };
    got = trace_carry(&arena, headers, n, &seed, out);
    assert_int_equal(got, (parent != NULL) + (state != NULL));
    if (parent != NULL) {
        assert_true(str_eq_z(out[0].name, "traceparent"));
        assert_true(str_eq_z(out[0].value, parent));
    }
    if (state != NULL) {
        assert_true(str_eq_z(out[1].name, "tracestate"));
        assert_true(str_eq_z(out[1].value, state));
    }
    for (size_t i = 0; i < n; i++) {
        exact_free(headers[i].name);
        exact_free(headers[i].value);
    }
    arena_fini(&arena);
}

static void
parents_are_carried_on_or_begin_anew(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        { "00-" TRACE "-" SPAN "-01", "00-" TRACE "-00000000000000ab-01" },
        { " 00-" TRACE "-" SPAN "-00 ", "00-" TRACE "-00000000000000ab-00" },
        /* flags nobody knows are not passed on */
        { "00-" TRACE "-" SPAN "-ff", "00-" TRACE "-00000000000000ab-03" },
        { "00-" TRACE "-" SPAN "-0c", "00-" TRACE "-00000000000000ab-00" },
        /* a later version is read as far as this one goes */
        { "01-" TRACE "-" SPAN "-01-more", "00-" TRACE "-00000000000000ab-01" },
        { "cc-" TRACE "-" SPAN "-01", "00-" TRACE "-00000000000000ab-01" },
        { "01-" TRACE "-" SPAN "-01more", NEW },
        { "", NEW },
        { "00-" TRACE "-" SPAN "-0", NEW },
        { "00-" TRACE "-" SPAN "-01-more", NEW },
        { "00-" TRACE "-" SPAN "-01x", NEW },
        { "ff-" TRACE "-" SPAN "-01", NEW },
        { "0F-" TRACE "-" SPAN "-01", NEW },
        { "00-4BF92F3577B34DA6A3CE929D0E0E4736-" SPAN "-01", NEW },
        { "00-00000000000000000000000000000000-" SPAN "-01", NEW },
        { "00-" TRACE "-0000000000000000-01", NEW },
        { "00_" TRACE "-" SPAN "-01", NEW },
        { "00-" TRACE "-" SPAN "-0g", NEW },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *const in[] = { "Traceparent", rows[i].in, "TraceState",
                                   "a=b", NULL };

        expect(in, rows[i].out,
               str_eq_z(str_of(rows[i].out), NEW) ? NULL : "a=b");
    }
}

static void
states_are_passed_on_or_dropped(void **state)
{
    static const struct {
        const char *in;
        bool is_good;
    } rows[] = {
        { "a=b", true },
        { "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7", true },
        { "a=b ,\tc=d,,e=f", true },
        { "0a_-*/=x y", true },
        { "tenant0@system=1", true },
        { TEN TEN TEN "y=1,z=1", true },
        { TEN TEN TEN "x=1,y=1,z=1", false },
        { "", false },
        { ",,", false },
        { "a", false },
        { "a=", false },
        { "=b", false },
        { "A=b", false },
        { "a=b=c", false },
        { "a b=c", false },
        { "a=\x01", false },
        { "a=\xc3\xa4", false },
        { "@system=1", false },
        { "tenant@=1", false },
        { "tenant@0system=1", false },
        { "tenant@systemsystemsys=1", false },
        { "a=b,c", false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *const in[] = { "traceparent", "00-" TRACE "-" SPAN "-01",
                                   "tracestate", rows[i].in, NULL };

        expect(in, "00-" TRACE "-00000000000000ab-01",
               rows[i].is_good ? rows[i].in : NULL);
    }
}

static void
several_fields(void **state)
{
    static const char *const lists[] = {
        "tracestate", "a=1",     "traceparent", "00-" TRACE "-" SPAN "-00",
        "tracestate", "b=2,c=3", NULL
    };
    static const char *const parents[] = {
        "traceparent", "00-" TRACE "-" SPAN "-00",
        "traceparent", "00-" TRACE "-" SPAN "-00",
        "tracestate",  "a=1",
        NULL
    };
    static const char *const state_alone[] = { "tracestate", "a=1", NULL };
    static const char *const none[] = { "Trace", "a=1", NULL };

    (void)state;
    expect(lists, "00-" TRACE "-00000000000000ab-00", "a=1,b=2,c=3");
    expect(parents, NEW, NULL);
    expect(state_alone, NULL, NULL);
    expect(none, NULL, NULL);
}

static void
seeds_differ(void **state)
{
    struct trace_seed a = { { 0 }, 0 }, b = { { 0 }, 0 };

    (void)state;
    assert_int_equal(trace_seed_take(&a), ERR_OK);
    assert_int_equal(trace_seed_take(&b), ERR_OK);
    assert_true(a.span != 0 && (a.trace[0] | a.trace[1]) != 0);
    assert_memory_not_equal(&a, &b, sizeof a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parents_are_carried_on_or_begin_anew),
        cmocka_unit_test(states_are_passed_on_or_dropped),
        cmocka_unit_test(several_fields),
        cmocka_unit_test(seeds_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
