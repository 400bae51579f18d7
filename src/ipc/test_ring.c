#include "base/test.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipc/ring.h"

static void
open_both(struct ring *w, struct ring *r)
{
    assert_int_equal(ring_new(w, NULL), ERR_OK);
    assert_int_equal(ring_attach(w->fd, r, NULL), ERR_OK);
}

static void
records_come_in_order(void **state)
{
    struct ring w, r;
    struct buf got;

    (void)state;
    open_both(&w, &r);
    buf_init(&got, RING_RECORD_MAX);
    assert_int_equal(ring_take(&r, &got, NULL), ERR_NOT_FOUND);
    /* Three times around, records of all lengths, also none. */
    for (unsigned i = 0, bytes = 0; bytes < 3 * RING_BYTES; i++) {
        char text[2000];
        size_t n = i * 37 % sizeof text;

        memset(text, (int)('a' + i % 26), sizeof text);
        assert_true(ring_put(&w, str_n(text, n)));
        assert_int_equal(ring_take(&r, &got, NULL), ERR_OK);
        assert_true(str_eq(buf_view(&got), str_n(text, n)));
        bytes += (unsigned)n + 8;
    }
    assert_int_equal(ring_take(&r, &got, NULL), ERR_NOT_FOUND);
    assert_int_equal(ring_lost(&r), 0);
    buf_fini(&got);
    ring_fini(&r);
    ring_fini(&w);
    ring_fini(&w);
}

static void
full_is_counted(void **state)
{
    static char text[1000];
    struct ring w, r;
    struct buf got;
    unsigned n = 0, n_taken = 0;

    (void)state;
    open_both(&w, &r);
    buf_init(&got, RING_RECORD_MAX);
    while (ring_put(&w, str_n(text, sizeof text)))
        n++;
    assert_int_equal(n, RING_BYTES / 1008);
    assert_false(ring_put(&w, str_n(text, sizeof text)));
    assert_true(ring_put(&w, str_n(text, 4))); /* a short one still fits */
    assert_int_equal(ring_lost(&r), 0);
    ring_add_lost(&w);
    assert_int_equal(ring_lost(&r), 1);
    assert_int_equal(ring_lost(&r), 0);
    assert_int_equal(ring_take(&r, &got, NULL), ERR_OK);
    assert_true(ring_put(&w, str_n(text, sizeof text)));
    while (ring_take(&r, &got, NULL) == ERR_OK)
        n_taken++;
    assert_int_equal(n_taken, n + 1);
    assert_false(ring_put(&w, str_n(text, RING_RECORD_MAX + 1)));
    buf_fini(&got);
    ring_fini(&r);
    ring_fini(&w);
}

static void
bell(void **state)
{
    struct ring w, r;
    struct buf got;

    (void)state;
    open_both(&w, &r);
    buf_init(&got, RING_RECORD_MAX);
    assert_true(ring_put(&w, STR("a")));
    assert_false(ring_is_asleep(&w));
    assert_false(ring_sleep(&r)); /* not with something to read */
    assert_int_equal(ring_take(&r, &got, NULL), ERR_OK);
    assert_true(ring_sleep(&r));
    assert_true(ring_put(&w, STR("b")));
    assert_true(ring_is_asleep(&w));
    assert_false(ring_is_asleep(&w)); /* once */
    buf_fini(&got);
    ring_fini(&r);
    ring_fini(&w);
}

/* A writer that ends loses nothing; the next reader goes on. */
static void
outlives_both(void **state)
{
    struct ring w, r;
    struct buf got;
    int status;
    pid_t pid;

    (void)state;
    open_both(&w, &r);
    pid = fork();
    if (pid == 0) {
        bool ok = ring_put(&w, STR("one")) && ring_put(&w, STR("two"));

        kill(getpid(), SIGKILL);
        _exit(ok);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    buf_init(&got, RING_RECORD_MAX);
    assert_int_equal(ring_take(&r, &got, NULL), ERR_OK);
    ring_fini(&r);
    assert_int_equal(ring_attach(w.fd, &r, NULL), ERR_OK);
    assert_int_equal(ring_take(&r, &got, NULL), ERR_OK);
    assert_true(str_eq_z(buf_view(&got), "two"));
    assert_int_equal(ring_take(&r, &got, NULL), ERR_NOT_FOUND);
    buf_fini(&got);
    ring_fini(&r);
    ring_fini(&w);
}

/* Whatever stands in the memory, the reader stays within it. */
static void
nonsense(void **state)
{
    static const struct {
        uint64_t put, taken;
        uint32_t length;
        enum err want;
    } rows[] = {
        { 8, 0, 0, ERR_OK },
        { 8, 0, 4, ERR_OK },
        { 8, 0, 5, ERR_SYNTAX }, /* longer than what was put */
        { 4, 0, 0, ERR_SYNTAX },
        { 7, 0, 0, ERR_SYNTAX },
        { RING_BYTES, 0, RING_RECORD_MAX + 1, ERR_SYNTAX },
        { RING_BYTES, 0, UINT32_MAX, ERR_SYNTAX },
        { RING_BYTES + 8, 0, 1, ERR_SYNTAX },
        { UINT64_MAX, 0, 1, ERR_SYNTAX },
        { 0, 8, 1, ERR_SYNTAX }, /* less than was taken */
        { 8, UINT64_MAX - 7, 4, ERR_OK },
        { UINT64_MAX - 3, UINT64_MAX - 11, 4, ERR_OK }, /* across the end */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct ring w, r;
        struct buf got;

        assert_int_equal(ring_new(&w, NULL), ERR_OK);
        memcpy(w.memory, &rows[i].put, sizeof rows[i].put);
        memcpy((char *)w.memory + 64, &rows[i].taken, sizeof rows[i].taken);
        for (size_t k = 0; k < 4; k++)
            ((unsigned char *)
                 w.memory)[4096 + ((rows[i].taken + k) & (RING_BYTES - 1))] =
                (unsigned char)(rows[i].length >> (8 * k));
        assert_int_equal(ring_attach(w.fd, &r, NULL), ERR_OK);
        buf_init(&got, RING_RECORD_MAX);
        if (ring_take(&r, &got, NULL) != rows[i].want)
            fail_msg("row %zu", i);
        buf_fini(&got);
        ring_fini(&r);
        ring_fini(&w);
    }
}

static void
not_a_ring(void **state)
{
    struct ring r = { .memory = NULL };
    int fd = memfd_create("x", MFD_ALLOW_SEALING);
    int null = open("/dev/null", O_RDWR);

    (void)state;
    assert_int_equal(ring_attach(null, &r, NULL), ERR_SYNTAX);
    assert_int_equal(ftruncate(fd, 4096 + RING_BYTES), 0);
    assert_int_equal(ring_attach(fd, &r, NULL), ERR_SYNTAX); /* may shrink */
    assert_int_equal(ftruncate(fd, 4096), 0);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
    assert_int_equal(ring_attach(fd, &r, NULL), ERR_SYNTAX);
    assert_null(r.memory);
    close(fd);
    close(null);
}

struct stream {
    struct ring w;
    unsigned n;
};

static void *
write_stream(void *arg)
{
    struct stream *s = arg;

    for (unsigned i = 0; i < s->n; i++)
        while (!ring_put(&s->w, str_n((const char *)&i, sizeof i)))
            continue;
    return NULL;
}

static void
two_threads(void **state)
{
    struct stream s = { .n = 300000 };
    struct ring r;
    struct buf got;
    pthread_t thread;
    unsigned next = 0;

    (void)state;
    open_both(&s.w, &r);
    buf_init(&got, RING_RECORD_MAX);
    assert_int_equal(pthread_create(&thread, NULL, write_stream, &s), 0);
    while (next < s.n) {
        unsigned value;
        enum err e = ring_take(&r, &got, NULL);

        if (e == ERR_NOT_FOUND)
            continue;
        assert_int_equal(e, ERR_OK);
        assert_int_equal(got.n, sizeof value);
        memcpy(&value, got.p, sizeof value);
        assert_int_equal(value, next);
        next++;
    }
    pthread_join(thread, NULL);
    buf_fini(&got);
    ring_fini(&r);
    ring_fini(&s.w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_in_order),
        cmocka_unit_test(full_is_counted),
        cmocka_unit_test(bell),
        cmocka_unit_test(outlives_both),
        cmocka_unit_test(nonsense),
        cmocka_unit_test(not_a_ring),
        cmocka_unit_test(two_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
