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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(confine_returns_results),
        cmocka_unit_test(confine_survives_the_child),
        cmocka_unit_test(confine_limits_output),
        cmocka_unit_test(confine_filters_calls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
