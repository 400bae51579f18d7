#include "base/test.h"
#include "ipc/chan.h"

#include <unistd.h>

static void
small_and_large_messages_arrive(void **state)
{
    static const size_t sizes[] = { 0, 1, CHAN_INLINE_MAX, CHAN_INLINE_MAX + 1,
                                    1000000 };
    int fds[2];

    (void)state;
    assert_int_equal(chan_pair(fds, NULL), ERR_OK);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        char *bytes = calloc(1, sizes[i] + 1);
        struct chan_msg msg;

        memset(bytes, 'x', sizes[i]);
        assert_int_equal(chan_send(fds[0], 7, (uint32_t)i,
                                   str_n(bytes, sizes[i]), &fds[1], 1, NULL),
                         ERR_OK);
        assert_int_equal(chan_recv(fds[1], &msg, NULL), ERR_OK);
        assert_int_equal(msg.type, 7);
        assert_int_equal(msg.seq, i);
        assert_int_equal(msg.n_fds, 1);
        assert_true(str_eq(msg.payload, str_n(bytes, sizes[i])));
        chan_msg_fini(&msg);
        free(bytes);
    }
    close(fds[0]);
    close(fds[1]);
}

static void
malformed_messages_are_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
    } rows[] = {
        { "\0", 1 },
        { "\0\1\0\0\0\0", 6 },
        { "\0\1\0\0\0\0\2", 7 },                  /* unknown flag */
        { "\0\1\0\0\0\0\1\0\0\0\0\0\0\0\1", 15 }, /* no descriptor */
    };
    int fds[2];

    (void)state;
    assert_int_equal(chan_pair(fds, NULL), ERR_OK);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct chan_msg msg;

        assert_int_equal(write(fds[0], rows[i].bytes, rows[i].n), rows[i].n);
        assert_int_equal(chan_recv(fds[1], &msg, NULL), ERR_SYNTAX);
    }
    close(fds[0]);
    {
        struct chan_msg msg;

        assert_int_equal(chan_recv(fds[1], &msg, NULL), ERR_PEER);
    }
    close(fds[1]);
}

static void
a_stale_socket_is_replaced_a_live_one_kept(void **state)
{
    char path[] = "/tmp/sallyport-chan-XXXXXX";
    char sock[64];
    int a, b;

    (void)state;
    assert_non_null(mkdtemp(path));
    snprintf(sock, sizeof sock, "%s/s", path);
    assert_int_equal(chan_listen(sock, 0600, &a, NULL), ERR_OK);
    assert_int_equal(chan_listen(sock, 0600, &b, NULL), ERR_EXISTS);
    close(a);
    assert_int_equal(chan_listen(sock, 0600, &b, NULL), ERR_OK);
    close(b);
    unlink(sock);
    rmdir(path);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_and_large_messages_arrive),
        cmocka_unit_test(malformed_messages_are_refused),
        cmocka_unit_test(a_stale_socket_is_replaced_a_live_one_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
