/* How many failed handshakes are said, of each endpoint and by all loops. */
#include "base/test.h"

#include <pthread.h>
#include <stdio.h>

#include "gateway/handshakes.h"

static void
so_many_for_each_channel(void **state)
{
    struct handshakes h;

    (void)state;
    handshakes_init(&h);
    for (unsigned i = 0; i < HANDSHAKES_SAID_MAX; i++)
        assert_int_equal(handshakes_failed(&h, "one-ssl", 5), HANDSHAKES_SAY);
    assert_int_equal(handshakes_failed(&h, "one-ssl", 6), HANDSHAKES_SAY_LAST);
    assert_int_equal(handshakes_failed(&h, "one-ssl", 6), HANDSHAKES_QUIET);
    assert_int_equal(handshakes_failed(&h, "two-ssl", 6), HANDSHAKES_SAY);
    assert_int_equal(handshakes_failed(&h, "one-ssl", 4 + HANDSHAKES_AGAIN_MS),
                     HANDSHAKES_QUIET);
    /* the next hour */
    for (unsigned i = 0; i < HANDSHAKES_SAID_MAX; i++)
        assert_int_equal(
            handshakes_failed(&h, "one-ssl", 5 + HANDSHAKES_AGAIN_MS),
            HANDSHAKES_SAY);
    assert_int_equal(handshakes_failed(&h, "one-ssl", 5 + HANDSHAKES_AGAIN_MS),
                     HANDSHAKES_SAY_LAST);
    handshakes_fini(&h);
}

static void
more_channels_than_fit(void **state)
{
    struct handshakes h;
    char name[16];

    (void)state;
    handshakes_init(&h);
    for (unsigned i = 0; i <= HANDSHAKES_SAID_MAX; i++)
        (void)handshakes_failed(&h, "first", 1);
    for (unsigned i = 0; i < 2 * HANDSHAKES_CHANNELS_MAX; i++) {
        snprintf(name, sizeof name, "other%u", i);
        assert_int_equal(handshakes_failed(&h, name, 2 + i), HANDSHAKES_SAY);
    }
    assert_int_equal(h.n, HANDSHAKES_CHANNELS_MAX);
    assert_int_equal(handshakes_failed(&h, "first", 9999), HANDSHAKES_SAY);
    handshakes_fini(&h);
}

struct loop_like {
    struct handshakes *h;
    unsigned said[3]; /* by what was to be said */
};

static void *
fail_often(void *arg)
{
    struct loop_like *l = arg;

    for (unsigned i = 0; i < 1000; i++)
        l->said[handshakes_failed(l->h, "one", 1)]++;
    return NULL;
}

static void
loops_share_the_count(void **state)
{
    struct loop_like loops[4];
    unsigned said[3] = { 0 };
    pthread_t threads[4];
    struct handshakes h;

    (void)state;
    handshakes_init(&h);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        loops[i] = (struct loop_like){ .h = &h };
        assert_int_equal(
            pthread_create(&threads[i], NULL, fail_often, &loops[i]), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        pthread_join(threads[i], NULL);
        for (size_t k = 0; k < ARRAY_LEN(said); k++)
            said[k] += loops[i].said[k];
    }
    assert_int_equal(said[HANDSHAKES_SAY], HANDSHAKES_SAID_MAX);
    assert_int_equal(said[HANDSHAKES_SAY_LAST], 1);
    handshakes_fini(&h);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(so_many_for_each_channel),
        cmocka_unit_test(more_channels_than_fit),
        cmocka_unit_test(loops_share_the_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
