#include "base/test.h"

#include <pthread.h>
#include <unistd.h>

#include "io/loop.h"
#include "io/pool.h"

static struct loop *loop;
static char order[64];

static void
note(char c)
{
    size_t n = strlen(order);

    if (n + 1 < sizeof order)
        order[n] = c;
}

struct lettered {
    struct loop_timer timer;
    char letter;
    bool is_last;
};

static void
on_fire(struct loop_timer *timer)
{
    struct lettered *l = CONTAINER_OF(timer, struct lettered, timer);

    note(l->letter);
    if (l->is_last)
        loop_stop(loop);
}

static void
timers_fire_in_order(void **state)
{
    static const unsigned at_ms[] = { 9, 3, 12, 1, 6, 3 };
    struct lettered timers[ARRAY_LEN(at_ms)];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(at_ms); i++) {
        timers[i] = (struct lettered){ .timer.fire = on_fire,
                                       .letter = (char)('a' + i),
                                       .is_last = i == 2 };
        loop_timer_set(loop, &timers[i].timer, at_ms[i]);
    }
    loop_timer_set(loop, &timers[4].timer, 2); /* moved */
    loop_timer_clear(loop, &timers[0].timer);
    loop_timer_clear(loop, &timers[0].timer); /* idle: nothing happens */
    loop_run(loop);
    assert_true(strcmp(order, "debfc") == 0 || strcmp(order, "defbc") == 0);
}

/* Against the plain definition, with many timers and removals. */
static void
the_heap_keeps_its_order(void **state)
{
    enum { N = 200 };
    static struct lettered timers[N];
    uint32_t seed = 12345;

    (void)state;
    for (int round = 0; round < 2000; round++) {
        struct lettered *l;

        seed = seed * 1664525 + 1013904223;
        l = &timers[(seed >> 8) % N];
        l->timer.fire = on_fire;
        l->letter = 'x';
        if (seed >> 31)
            loop_timer_clear(loop, &l->timer);
        else
            loop_timer_set(loop, &l->timer, 100000 + (seed >> 20) % 1000);
    }
    for (int i = 0; i < N; i++)
        loop_timer_clear(loop, &timers[i].timer);
    assert_string_equal(order, "");
}

struct worker {
    pthread_t thread;
    struct loop_post posts[50];
};

static unsigned n_posts;

static void
on_post(struct loop_post *post)
{
    (void)post;
    if (++n_posts == 200)
        loop_stop(loop);
}

static void *
post_all(void *arg)
{
    struct worker *worker = arg;

    for (size_t i = 0; i < ARRAY_LEN(worker->posts); i++) {
        worker->posts[i].run = on_post;
        loop_post(loop, &worker->posts[i]);
    }
    return NULL;
}

static void
posts_arrive_from_other_threads(void **state)
{
    struct worker workers[4];

    (void)state;
    n_posts = 0;
    for (size_t i = 0; i < ARRAY_LEN(workers); i++)
        pthread_create(&workers[i].thread, NULL, post_all, &workers[i]);
    loop_run(loop);
    for (size_t i = 0; i < ARRAY_LEN(workers); i++)
        pthread_join(workers[i].thread, NULL);
    assert_int_equal(n_posts, 200);
}

/* Two descriptors ready in one turn; whoever comes first removes the other. */
struct pair {
    struct loop_fd watch;
    struct pair *other;
    void (*end)(struct loop *, struct loop_fd *);
    struct loop_post later;
};

static void
on_later(struct loop_post *post)
{
    (void)post;
    note('d');
    loop_stop(loop);
}

static void
on_pair(struct loop_fd *watch, unsigned events)
{
    struct pair *pair = CONTAINER_OF(watch, struct pair, watch);

    assert_true(events & LOOP_READ);
    note('e');
    pair->end(loop, &pair->other->watch);
    pair->end(loop, watch);
    pair->later.run = on_later;
    loop_defer(loop, &pair->later);
    note('f');
}

static void
expect_silence(void (*end)(struct loop *, struct loop_fd *), bool is_closed)
{
    struct pair pairs[2];
    int fds[2][2];

    for (int i = 0; i < 2; i++) {
        assert_int_equal(pipe(fds[i]), 0);
        assert_int_equal(write(fds[i][1], "x", 1), 1);
        pairs[i] = (struct pair){
            .watch = { .fd = fds[i][0], .on_event = on_pair },
            .other = &pairs[1 - i],
            .end = end,
        };
        assert_int_equal(loop_add(loop, &pairs[i].watch, LOOP_READ, NULL),
                         ERR_OK);
    }
    loop_run(loop);
    assert_string_equal(order, "efd");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pairs[i].watch.fd, is_closed ? -1 : fds[i][0]);
        assert_int_equal(close(fds[i][0]), is_closed ? -1 : 0);
        close(fds[i][1]);
    }
}

static void
a_removed_descriptor_hears_nothing(void **state)
{
    (void)state;
    expect_silence(loop_remove, false);
}

static void
a_closed_descriptor_hears_nothing(void **state)
{
    (void)state;
    expect_silence(loop_close, true);
}

static void
on_hangup(struct loop_fd *watch, unsigned events)
{
    (void)watch;
    note(events & LOOP_HANGUP ? 'h' : '-');
    loop_stop(loop);
}

static void
a_hangup_is_told_though_nothing_is_wanted(void **state)
{
    struct loop_fd watch = { .on_event = on_hangup };
    int fds[2];

    (void)state;
    assert_int_equal(pipe(fds), 0);
    watch.fd = fds[0];
    assert_int_equal(loop_add(loop, &watch, LOOP_READ, NULL), ERR_OK);
    loop_want(loop, &watch, 0);
    close(fds[1]);
    loop_run(loop);
    assert_string_equal(order, "h");
    loop_remove(loop, &watch);
    close(fds[0]);
}

static void
a_closed_descriptor_cannot_be_watched(void **state)
{
    struct loop_fd watch = { .fd = -1, .on_event = on_hangup };

    (void)state;
    assert_int_not_equal(loop_add(loop, &watch, LOOP_READ, NULL), ERR_OK);
}

/* --- groups: begun, run, ended, one after the other --- */
struct grouped {
    struct loop_group group;
    struct loop_fd watches[2 * LOOP_GROUP + 8];
    unsigned n_begun, n_run, n_ended, n_open;
};

static void
on_begin(struct loop_group *group, const struct loop_ready *ready, unsigned n)
{
    struct grouped *g = CONTAINER_OF(group, struct grouped, group);

    assert_in_range(n, 1, LOOP_GROUP);
    assert_int_equal(g->n_open, 0);
    for (unsigned i = 0; i < n; i++) {
        assert_true(ready[i].watch >= g->watches &&
                    ready[i].watch < g->watches + ARRAY_LEN(g->watches));
        assert_int_equal(ready[i].events, LOOP_READ);
    }
    g->n_open = n;
    g->n_begun += n;
}

static struct grouped *grouped;

/* Each of the first half removes one of the second. */
static void
on_grouped(struct loop_fd *watch, unsigned events)
{
    size_t at = (size_t)(watch - grouped->watches),
           n = ARRAY_LEN(grouped->watches);

    assert_int_equal(events, LOOP_READ);
    assert_true(at < n / 2);
    assert_true(grouped->n_open > 0);
    grouped->n_open--;
    grouped->n_run++;
    loop_remove(loop, &grouped->watches[n / 2 + at]);
    if (grouped->n_run == n / 2)
        loop_stop(loop);
}

static void
on_end(struct loop_group *group)
{
    struct grouped *g = CONTAINER_OF(group, struct grouped, group);

    g->n_open = 0;
    g->n_ended++;
}

static void
groups_are_begun_and_ended(void **state)
{
    struct grouped g = { .group = { .begin = on_begin, .end = on_end } };
    int fds[2];

    (void)state;
    grouped = &g;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], "x", 1), 1);
    for (size_t i = 0; i < ARRAY_LEN(g.watches); i++) {
        g.watches[i] =
            (struct loop_fd){ .fd = dup(fds[0]), .on_event = on_grouped };
        assert_int_equal(loop_add(loop, &g.watches[i], LOOP_READ, NULL),
                         ERR_OK);
    }
    loop_groups(loop, &g.group);
    loop_run(loop);
    assert_int_equal(g.n_run, LOOP_GROUP + 4);
    assert_int_equal(g.n_ended, 2);
    assert_int_equal(g.n_begun,
                     LOOP_GROUP + 4); /* what was removed is not told */
    loop_groups(loop, NULL);
    for (size_t i = 0; i < ARRAY_LEN(g.watches); i++)
        close(g.watches[i].fd);
    close(fds[0]);
    close(fds[1]);
}

static void
blocks_are_used_again(void **state)
{
    struct pool pool;
    void *a, *b;

    (void)state;
    pool_init(&pool, 100, 1);
    a = pool_get(&pool);
    b = pool_get(&pool);
    assert_ptr_not_equal(a, b);
    memset(a, 1, 100);
    memset(b, 1, 100);
    pool_put(&pool, a);
    pool_put(&pool, b); /* one too many */
    pool_put(&pool, NULL);
    assert_true(pool.n_free <= 1);
    pool_put(&pool, pool_get(&pool));
    pool_fini(&pool);
    pool_fini(&pool);
}

static int
make_loop(void **state)
{
    (void)state;
    memset(order, 0, sizeof order);
    assert_int_equal(loop_new(&loop, NULL), ERR_OK);
    return 0;
}

static int
free_loop(void **state)
{
    (void)state;
    loop_free(&loop);
    loop_free(&loop);
    return 0;
}

#define WITH_LOOP(f) cmocka_unit_test_setup_teardown(f, make_loop, free_loop)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LOOP(timers_fire_in_order),
        WITH_LOOP(the_heap_keeps_its_order),
        WITH_LOOP(posts_arrive_from_other_threads),
        WITH_LOOP(a_removed_descriptor_hears_nothing),
        WITH_LOOP(a_closed_descriptor_hears_nothing),
        WITH_LOOP(a_hangup_is_told_though_nothing_is_wanted),
        WITH_LOOP(a_closed_descriptor_cannot_be_watched),
        WITH_LOOP(groups_are_begun_and_ended),
        cmocka_unit_test(blocks_are_used_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
