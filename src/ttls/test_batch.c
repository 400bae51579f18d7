/* Many relayed connections at once, with a batch and without. */
#include "base/test.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>

#include "io/uring.h"
#include "ttls/batch.h"

#define N_CONNS 40u
#define BYTES 300000u

/* One end of a connection: sends so much, reads until the end. */
struct far {
    int fd;
    unsigned seed;
    size_t n_send, n_sent, n_got;
    bool is_slow, is_reset; /* the latter: goes in the middle of it */
    bool is_wrong;
    pthread_t reader, writer;
    const struct far *other;
};

static uint8_t
byte_of(unsigned seed, size_t at)
{
    return (uint8_t)((at * 2654435761u + seed * 40503u) >> 7);
}

static void *
write_all(void *arg)
{
    struct far *f = arg;
    uint8_t chunk[5000];

    for (size_t at = f->n_sent; at < f->n_send;) {
        size_t n = 1 + (f->seed * 977 + at * 31) % sizeof chunk;
        ssize_t done;

        n = n < f->n_send - at ? n : f->n_send - at;
        for (size_t i = 0; i < n; i++)
            chunk[i] = byte_of(f->seed, at + i);
        done = send(f->fd, chunk, n, MSG_NOSIGNAL);
        if (done < 0)
            return NULL; /* the other one has been reset */
        at += (size_t)done;
    }
    shutdown(f->fd, f->is_reset ? SHUT_RDWR : SHUT_WR);
    return NULL;
}

static void *
read_all(void *arg)
{
    struct far *f = arg;
    uint8_t chunk[7000];
    ssize_t n;

    while ((n = recv(f->fd, chunk, f->is_slow ? 100 : sizeof chunk, 0)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            f->is_wrong |= chunk[i] != byte_of(f->other->seed, f->n_got++);
    }
    return NULL;
}

/* There before the loop begins, so that all have something to do at once. */
static void
write_first(struct far *f)
{
    uint8_t chunk[1000];

    for (size_t i = 0; i < sizeof chunk; i++)
        chunk[i] = byte_of(f->seed, i);
    f->n_sent = f->n_send < sizeof chunk ? 0 : sizeof chunk;
    assert_int_equal(send(f->fd, chunk, f->n_sent, 0), f->n_sent);
}

static void
join(struct engine *g, struct far *a, struct far *b)
{
    struct conn *c = calloc(1, sizeof *c);
    struct leg *legs[] = { &c->inner, &c->outer };
    struct far *fars[] = { a, b };
    const int little = 8192;

    assert_non_null(c);
    c->engine = g;
    c->state = CONN_CLEAR;
    c->next = g->conns;
    c->prev = &g->conns;
    if (c->next != NULL)
        c->next->prev = &c->next;
    g->conns = c;
    g->n_conns++;
    for (size_t i = 0; i < ARRAY_LEN(legs); i++) {
        int fds[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
        assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
        assert_int_equal(
            setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &little, sizeof little),
            0);
        legs[i]->conn = c;
        fars[i]->fd = fds[1];
        fars[i]->other = fars[1 - i];
        assert_true(leg_watch(legs[i], fds[0], true));
    }
}

static void
relay_many(struct engine *g)
{
    static struct far fars[N_CONNS][2];

    memset(fars, 0, sizeof fars);
    for (unsigned i = 0; i < N_CONNS; i++) {
        for (unsigned k = 0; k < 2; k++) {
            fars[i][k].seed = 2 * i + k + 1;
            fars[i][k].n_send = i % 5 == 4 ? 0 : BYTES / (i % 7 + 1) + k;
        }
        fars[i][0].is_slow = i % 3 == 0;
        fars[i][1].is_reset = i % 8 == 7;
        join(g, &fars[i][0], &fars[i][1]);
        write_first(&fars[i][0]);
        write_first(&fars[i][1]);
    }
    for (unsigned i = 0; i < 2 * N_CONNS; i++) {
        struct far *f = &fars[i / 2][i % 2];

        assert_int_equal(pthread_create(&f->writer, NULL, write_all, f), 0);
        assert_int_equal(pthread_create(&f->reader, NULL, read_all, f), 0);
    }
    loop_run(g->loop); /* until the last one has ended */
    for (unsigned i = 0; i < 2 * N_CONNS; i++) {
        struct far *f = &fars[i / 2][i % 2];

        pthread_join(f->writer, NULL);
        pthread_join(f->reader, NULL);
        close(f->fd);
        assert_false(f->is_wrong);
        if (!fars[i / 2][1].is_reset)
            assert_int_equal(f->n_got, f->other->n_send);
    }
}

static void
with_engine(bool has_batch)
{
    struct engine g = { .stack.fd = -1, .is_listening = false };
    struct err_info why;

    assert_int_equal(loop_new(&g.loop, NULL), ERR_OK);
    if (has_batch && batch_new(g.loop, &g.batch, &why) != ERR_OK) {
        print_message("no io_uring here: %s\n", why.text);
        loop_free(&g.loop);
        skip();
    }
    g.plain = malloc(ENGINE_SCRATCH_BYTES);
    g.cipher_in = malloc(ENGINE_SCRATCH_BYTES);
    g.cipher_out = malloc(ENGINE_CIPHER_BYTES);
    for (int i = 0; i < 3; i++)
        relay_many(&g);
    free(g.plain);
    free(g.cipher_in);
    free(g.cipher_out);
    batch_free(&g.batch);
    loop_free(&g.loop);
}

static void
bytes_arrive_in_order_together(void **state)
{
    (void)state;
    with_engine(true);
}

static void
bytes_arrive_in_order_one_by_one(void **state)
{
    (void)state;
    with_engine(false);
}

/* What a batch has read stays where the connection cannot go on with it: here
 * nobody hears of the event before the loop ends. */
static void
on_stop(struct loop_fd *watch, unsigned events)
{
    struct engine *g = CONTAINER_OF(watch, struct engine, broker);

    (void)events;
    loop_stop(g->loop);
}

static void
what_was_read_ahead_is_kept(void **state)
{
    struct engine g = { .stack.fd = -1, .broker.on_event = on_stop };
    struct far fars[2][2] = { 0 };
    uint8_t scratch[16], *p = scratch;
    int stop[2], n_ahead = 0;
    size_t n = 0;

    (void)state;
    assert_int_equal(loop_new(&g.loop, NULL), ERR_OK);
    if (batch_new(g.loop, &g.batch, NULL) != ERR_OK) {
        loop_free(&g.loop);
        skip();
    }
    /* Ready first, so that it runs first. */
    assert_int_equal(pipe(stop), 0);
    assert_int_equal(write(stop[1], "x", 1), 1);
    g.broker.fd = stop[0];
    assert_int_equal(loop_add(g.loop, &g.broker, LOOP_READ, NULL), ERR_OK);
    for (unsigned i = 0; i < 2; i++) {
        join(&g, &fars[i][0], &fars[i][1]);
        assert_int_equal(send(fars[i][0].fd, "bytes", 5, 0), 5);
    }
    loop_run(g.loop);
    for (struct conn *c = g.conns; c != NULL; c = c->next) {
        assert_non_null(c->inner.ahead);
        assert_true(c->inner.is_ahead_kept);
        n_ahead++;
        assert_int_equal(leg_read(&c->inner, &p, sizeof scratch, &n),
                         LEG_BYTES);
        assert_ptr_equal(p, scratch);
        assert_int_equal(n, 5);
        assert_memory_equal(p, "bytes", 5);
        assert_null(c->inner.ahead);
        assert_int_equal(leg_read(&c->inner, &p, sizeof scratch, &n),
                         LEG_AGAIN);
    }
    assert_int_equal(n_ahead, 2);
    conns_close_all(&g);
    for (unsigned i = 0; i < 4; i++)
        close(fars[i / 2][i % 2].fd);
    close(stop[0]);
    close(stop[1]);
    batch_free(&g.batch);
    loop_free(&g.loop);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_arrive_in_order_together),
        cmocka_unit_test(bytes_arrive_in_order_one_by_one),
        cmocka_unit_test(what_was_read_ahead_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
