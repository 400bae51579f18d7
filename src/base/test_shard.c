#include "base/test.h"
#include "base/shard.h"

static int counts[4];

static void *
ref(void *value)
{
    (*(int *)value)++;
    return value;
}

static void
unref(void *value)
{
    (*(int *)value)--;
}

static const struct shard_ops ops = { ref, unref };

static void
an_entry_ends_by_time_and_by_clear(void **state)
{
    unsigned char key[SHARD_KEY_BYTES] = { 1 }, other[SHARD_KEY_BYTES] = { 2 };
    struct shard_cache *cache;
    struct shard_counts n;

    (void)state;
    assert_int_equal(shard_new(1, &ops, &cache, NULL), ERR_OK);
    shard_put(cache, key, &counts[0], 100, 200);
    assert_int_equal(counts[0], 1);
    assert_null(shard_get(cache, other, 100));
    assert_ptr_equal(shard_get(cache, key, 199), &counts[0]);
    unref(&counts[0]);
    assert_null(shard_get(cache, key, 200)); /* over */
    shard_put(cache, key, &counts[1], 100, 200);
    assert_int_equal(counts[0], 0); /* replaced: its count went */
    shard_count(cache, &n);
    assert_int_equal(n.hits, 1);
    assert_int_equal(n.misses, 2);
    assert_int_equal(n.entries, 1);
    shard_clear(cache);
    shard_count(cache, &n);
    assert_int_equal(n.entries, 0);
    assert_int_equal(counts[1], 0);
    assert_null(shard_get(cache, key, 100));
    shard_free(&cache);
}

static void
a_full_set_forgets_its_oldest(void **state)
{
    unsigned char key[SHARD_KEY_BYTES] = { 0 };
    struct shard_cache *cache;

    (void)state;
    assert_int_equal(shard_new(1, &ops, &cache, NULL), ERR_OK);
    for (unsigned char i = 0; i < 9; i++) { /* one set has eight places */
        key[31] = i;
        shard_put(cache, key, &counts[2], 100u + i, 1000);
    }
    assert_int_equal(counts[2], 8);
    key[31] = 0;
    assert_null(shard_get(cache, key, 200));
    shard_free(&cache);
    assert_int_equal(counts[2], 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_ends_by_time_and_by_clear),
        cmocka_unit_test(a_full_set_forgets_its_oldest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
