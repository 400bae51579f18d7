#include "base/confine.h"
#include "base/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct confine_limits limits = { .memory_bytes = 256u << 20,
                                              .seconds = 2 };

static enum err
say_hello(void *arg, struct buf *out, struct err_info *why)
{
    (void)why;
    buf_add_z(out, arg);
    return ERR_OK;
}

static enum err
refuse(void *arg, struct buf *out, struct err_info *why)
{
    (void)arg;
    buf_add_z(out, "half a result");
    return err_pos(why, ERR_RANGE, 3, 4, "entry x: too long");
}

static enum err
crash(void *arg, struct buf *out, struct err_info *why)
{
    (void)arg;
    (void)out;
    (void)why;
    _exit(7);
}

static enum err
never_end(void *arg, struct buf *out, struct err_info *why)
{
    (void)out;
    (void)why;
    for (volatile unsigned i = 0;; i++)
        if (arg == (void *)&i)
            return ERR_OK;
}

static enum err
reach_out(void *arg, struct buf *out, struct err_info *why)
{
    const char *path = arg;

    (void)why;
    if (socket(AF_UNIX, SOCK_STREAM, 0) >= 0 || errno != EPERM)
        buf_add_z(out, "socket ");
    if (open(path, O_WRONLY | O_CREAT, 0600) >= 0 || errno != EPERM)
        buf_add_z(out, "write ");
    if (fork() >= 0 || errno != EPERM)
        buf_add_z(out, "fork ");
    return ERR_OK;
}

static void
confine_returns_results(void **state)
{
    char word[] = "hello";
    struct err_info why = { 0 };
    struct buf out;

    (void)state;
    buf_init(&out, 100);
    buf_add_z(&out, "> ");
    assert_int_equal(confine_run(say_hello, word, &limits, &out, &why), ERR_OK);
    assert_string_equal(buf_z(&out), "> hello");
    assert_int_equal(confine_run(refuse, NULL, &limits, &out, &why), ERR_RANGE);
    assert_string_equal(why.text, "entry x: too long");
    assert_int_equal(why.line, 3);
    assert_string_equal(buf_z(&out), "> hello");
    buf_fini(&out);
}

static void
confine_survives_the_child(void **state)
{
    struct confine_limits brief = { .memory_bytes = 256u << 20, .seconds = 1 };
    struct err_info why = { 0 };
    struct buf out;
    enum err e;

    (void)state;
    buf_init(&out, 100);
    assert_int_equal(confine_run(crash, NULL, &limits, &out, &why), ERR_PEER);
    e = confine_run(never_end, NULL, &brief, &out, &why);
    assert_true(e == ERR_TIMEOUT || e == ERR_PEER);
    assert_int_equal(out.n, 0);
    buf_fini(&out);
}

static void
confine_limits_output(void **state)
{
    char word[] = "much too long";
    struct err_info why = { 0 };
    struct buf out;

    (void)state;
    buf_init(&out, 4);
    assert_int_equal(confine_run(say_hello, word, &limits, &out, &why),
                     ERR_LIMIT);
    buf_fini(&out);
}

static void
confine_filters_calls(void **state)
{
    char path[64];
    struct err_info why = { 0 };
    struct buf out;

    (void)state;
    snprintf(path, sizeof path, "/tmp/sallyport-confine-%d", (int)getpid());
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    skip(); /* no filter under the sanitizer */
#endif
    buf_init(&out, 100);
    assert_int_equal(confine_run(reach_out, path, &limits, &out, &why), ERR_OK);
    assert_string_equal(buf_z(&out), "");
    assert_int_not_equal(access(path, F_OK), 0);
    buf_fini(&out);
}

struct counted {
    unsigned number, n_done;
    char text[16];
    enum err e;
};

static enum err
say_number(void *arg, struct buf *out, struct err_info *why)
{
    const struct counted *c = arg;

    if (c->number % 5 == 1)
        _exit(3);
    if (c->number % 5 == 2)
        return err_set(why, ERR_RANGE, "no %u", c->number);
    buf_printf(out, "%u", c->number);
    return ERR_OK;
}

static void
take_number(void *arg, enum err e, struct str out, const struct err_info *why)
{
    struct counted *c = arg;

    c->n_done++;
    c->e = e;
    (void)!str_copy_z(e == ERR_RANGE ? str_of(why->text) : out, c->text,
                      sizeof c->text);
}

/* More jobs than children: each is done once, and none disturbs another. */
static void
pool_runs_all(void **state)
{
    static const unsigned sizes[] = { 0, 1, 3, 1000 };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct counted jobs[20] = { 0 };
        struct confine_pool *pool;
        struct err_info why = { 0 };

        assert_int_equal(confine_pool_new(sizes[i], &limits, &pool, &why),
                         ERR_OK);
        for (unsigned k = 0; k < ARRAY_LEN(jobs); k++) {
            jobs[k].number = k;
            assert_int_equal(confine_pool_add(pool, say_number, &jobs[k], 100,
                                              take_number, &why),
                             ERR_OK);
        }
        confine_pool_finish(&pool);
        assert_null(pool);
        confine_pool_finish(&pool);
        for (unsigned k = 0; k < ARRAY_LEN(jobs); k++) {
            char want[16];

            snprintf(want, sizeof want, "%s%u", k % 5 == 2 ? "no " : "", k);
            assert_int_equal(jobs[k].n_done, 1);
            assert_int_equal(jobs[k].e, k % 5 == 1   ? ERR_PEER
                                        : k % 5 == 2 ? ERR_RANGE
                                                     : ERR_OK);
            assert_string_equal(jobs[k].text, k % 5 == 1 ? "" : want);
        }
    }
}

/* One that never ends is stopped; the others are done meanwhile. */
static void
pool_stops_who_is_late(void **state)
{
    struct confine_limits brief = { .memory_bytes = 256u << 20, .seconds = 1 };
    struct counted jobs[4] = { { .number = 0 }, { .number = 3 } };
    struct confine_pool *pool;
    struct err_info why = { 0 };

    (void)state;
    assert_int_equal(confine_pool_new(2, &brief, &pool, &why), ERR_OK);
    assert_int_equal(
        confine_pool_add(pool, never_end, &jobs[2], 100, take_number, &why),
        ERR_OK);
    for (unsigned k = 0; k < 2; k++)
        assert_int_equal(confine_pool_add(pool, say_number, &jobs[k], 100,
                                          take_number, &why),
                         ERR_OK);
    confine_pool_finish(&pool);
    assert_int_equal(jobs[0].e, ERR_OK);
    assert_string_equal(jobs[1].text, "3");
    assert_int_equal(jobs[2].n_done, 1);
    assert_true(jobs[2].e == ERR_TIMEOUT || jobs[2].e == ERR_PEER);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(confine_returns_results),
        cmocka_unit_test(confine_survives_the_child),
        cmocka_unit_test(confine_limits_output),
        cmocka_unit_test(confine_filters_calls),
        cmocka_unit_test(pool_runs_all),
        cmocka_unit_test(pool_stops_who_is_late),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
