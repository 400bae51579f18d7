/* What is a traceparent, and what becomes of it. */
#include "base/test.h"

#include "gateway/traceparent.h"

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"

static void
values_are_carried_on(void **state)
{
    static const struct {
        const char *in, *out; /* NULL: none */
    } rows[] = {
        { "00-" TRACE "-" SPAN "-01", "00-" TRACE "-00000000000000ab-01" },
        { " 00-" TRACE "-" SPAN "-00 ", "00-" TRACE "-00000000000000ab-00" },
        { "01-" TRACE "-" SPAN "-01-more", "00-" TRACE "-00000000000000ab-01" },
        { "", NULL },
        { "00-" TRACE "-" SPAN "-0", NULL },
        { "00-" TRACE "-" SPAN "-01-more", NULL },
        { "00-" TRACE "-" SPAN "-01x", NULL },
        { "ff-" TRACE "-" SPAN "-01", NULL },
        { "00-4BF92F3577B34DA6A3CE929D0E0E4736-" SPAN "-01", NULL },
        { "00-00000000000000000000000000000000-" SPAN "-01", NULL },
        { "00-" TRACE "-0000000000000000-01", NULL },
        { "00_" TRACE "-" SPAN "-01", NULL },
        { "00-" TRACE "-" SPAN "-0g", NULL },
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, 1 << 16);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str in = exact_copy(rows[i].in);
        struct str out = traceparent_next(&arena, in, 0xab);

        if (rows[i].out == NULL)
            assert_null(out.p);
        else
            assert_true(str_eq_z(out, rows[i].out));
        exact_free(in);
    }
    arena_fini(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_carried_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
