/* The client and its views, against a front played by a thread. */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/reader.h"
#include "base/test.h"
#include "ipc/chan.h"
#include "ipc/ring.h"
#include "saf/client.h"
#include "saf/cmd.h"
#include "saf/snapshot.h"
#include "saf/wire.h"

struct front { /* answers SNAPSHOT with `image`, VERIFY with ERR_DENIED */
    int fd;
    pthread_t thread;
    struct str image;
    atomic_bool refuses; /* SNAPSHOT, too */
};

static struct saf_engine *engine;
static const struct acee special = {
    .refs = 1, .user = "IBMUSER", .group = "SYS1", .attrs = ACEE_SPECIAL
};

static void
ignore_line(void *arg, struct str text)
{
    (void)arg;
    (void)text;
}

static void
run(const char *command)
{
    static const struct saf_hooks hooks = { .arg = NULL };
    struct saf_session session = { .acee = &special,
                                   .now_ms = 1700000000000,
                                   .line = ignore_line,
                                   .hooks = &hooks };
    uint32_t rc;

    assert_int_equal(saf_execute(engine, &session, str_of(command), &rc, NULL),
                     ERR_OK);
    assert_true(rc <= 4);
}

static struct str
image_of(const char *class_name)
{
    struct str image;

    assert_int_equal(saf_engine_image(engine, str_of(class_name), &image, NULL),
                     ERR_OK);
    return exact_copy_n(image.p, image.n);
}

static void
put_head(struct buf *out, enum err e, struct saf_rc rc)
{
    buf_u8(out, (uint8_t)e);
    buf_u32(out, rc.saf);
    buf_u32(out, rc.racf);
    buf_u32(out, rc.reason);
    buf_str(out, e == ERR_OK ? STR("") : STR("refused"));
}

static void *
play(void *arg)
{
    struct front *f = arg;
    struct chan_msg msg;

    while (chan_recv(f->fd, &msg, NULL) == ERR_OK) {
        struct buf out;
        int fd = -1;

        buf_init(&out, 4096);
        if (msg.type == WIRE_SNAPSHOT && !atomic_load(&f->refuses)) {
            put_head(&out, ERR_OK, SAF_RC(0, 0, 0));
            fd = chan_memfd("test", f->image, NULL);
        } else {
            put_head(&out, ERR_DENIED, SAF_RC(8, 8, 20));
        }
        REQUIRE(chan_send(f->fd, WIRE_REPLY, msg.seq, buf_view(&out), &fd,
                          fd >= 0, NULL) == ERR_OK);
        if (fd >= 0)
            close(fd);
        buf_fini(&out);
        chan_msg_fini(&msg);
    }
    return NULL;
}

static void
front_start(struct front *f, struct str image, struct saf_client **client)
{
    int pair[2];

    assert_int_equal(chan_pair(pair, NULL), ERR_OK);
    f->fd = pair[1];
    f->image = image;
    assert_int_equal(pthread_create(&f->thread, NULL, play, f), 0);
    assert_int_equal(saf_attach(pair[0], client, NULL), ERR_OK);
}

static void
send_refresh(struct front *f, struct str image)
{
    int fd = chan_memfd("test", image, NULL);
    struct buf out;

    buf_init(&out, 64);
    buf_str(&out, STR("EJBROLE"));
    buf_u64(&out, 2);
    assert_int_equal(
        chan_send(f->fd, WIRE_REFRESH, 0, buf_view(&out), &fd, 1, NULL),
        ERR_OK);
    buf_fini(&out);
    close(fd);
}

static void
wait_and_process(struct saf_client *c)
{
    struct pollfd p = { .fd = saf_fd(c), .events = POLLIN };

    assert_int_equal(poll(&p, 1, 10000), 1);
    assert_int_equal(saf_process(c, NULL), ERR_OK);
}

static struct saf_decision
decide(const struct saf_view *view, const char *user)
{
    struct acee a = { .refs = 1, .group = "SYS1" };

    assert_true(str_copy_z(str_of(user), a.user, sizeof a.user));
    a.user_id = saf_principal_id(saf_engine_db(engine), str_of(user));
    return saf_check(view, &a, STR("EJBROLE"), STR("Some.Role"), SAF_READ);
}

static uint32_t
ask(const struct saf_view *view, const char *user)
{
    struct saf_decision d = decide(view, user);

    assert_false(d.is_unknown);
    return d.rc.saf;
}

static void
count_refresh(void *arg, struct str class_name)
{
    assert_true(str_eq_z(class_name, "EJBROLE"));
    ++*(int *)arg;
}

static void
view_follows_refreshes(void **state)
{
    static const char *const classes[] = { "ejbrole" };
    struct saf_client *client;
    struct saf_view *view;
    struct front f = { .fd = -1 };
    struct str first, second, bad;
    int n_refreshes = 0;

    (void)state;
    first = image_of("EJBROLE");
    run("PERMIT Some.Role CLASS(EJBROLE) ID(USER1) ACCESS(READ)");
    run("SETROPTS RACLIST(EJBROLE) REFRESH");
    second = image_of("EJBROLE");
    front_start(&f, first, &client);
    saf_on_refresh(client, count_refresh, &n_refreshes);
    assert_int_equal(saf_view_open(client, classes, 1, &view, NULL), ERR_OK);
    assert_int_equal(ask(view, "USER1"), 8);
    send_refresh(&f, second);
    wait_and_process(client);
    assert_int_equal(n_refreshes, 1);
    assert_int_equal(ask(view, "USER1"), 0);
    assert_int_equal(ask(view, "USER2"), 8);
    /* A class that the view does not map is refused, not guessed. */
    assert_int_equal(
        saf_check(view, &special, STR("FACILITY"), STR("X"), SAF_READ).rc.saf,
        8);
    /* A damaged image: everything is refused from then on. */
    bad = exact_copy_n(second.p, second.n / 2);
    send_refresh(&f, bad);
    wait_and_process(client);
    assert_int_equal(decide(view, "USER1").rc.saf, 8);
    assert_true(decide(view, "USER1").is_unknown);
    saf_view_close(&view);
    saf_disconnect(&client);
    (void)pthread_join(f.thread, NULL);
    close(f.fd);
    exact_free(first);
    exact_free(second);
    exact_free(bad);
}

/* What may not be seen yet is neither allowed nor refused by anybody; it is
 * looked at again as soon as the front says that it may be seen. */
static void
view_that_comes_later(void **state)
{
    static const char *const classes[] = { "EJBROLE" };
    struct front f = { .refuses = true };
    struct saf_client *client;
    struct saf_view *view;
    struct str image = image_of("EJBROLE");

    (void)state;
    front_start(&f, image, &client);
    assert_int_equal(saf_view_open(client, classes, 1, &view, NULL),
                     ERR_DENIED);
    assert_int_equal(saf_view_open_later(client, classes, 1, &view, NULL),
                     ERR_OK);
    assert_true(decide(view, "USER2").is_unknown);
    assert_int_equal(decide(view, "USER2").rc.saf, 8);
    atomic_store(&f.refuses, false);
    assert_int_equal(chan_send(f.fd, WIRE_READY, 0, STR(""), NULL, 0, NULL),
                     ERR_OK);
    wait_and_process(client);
    assert_int_equal(ask(view, "USER2"), 8);
    /* Without a connection it is on its own, and believed for a while. */
    shutdown(f.fd, SHUT_RDWR);
    (void)pthread_join(f.thread, NULL);
    assert_int_equal(saf_process(client, NULL), ERR_PEER);
    assert_int_equal(ask(view, "USER2"), 8);
    saf_view_close(&view);
    saf_disconnect(&client);
    close(f.fd);
    exact_free(image);
}

static void
on_done(void *arg, enum err e, struct acee *acee, struct saf_rc rc,
        const struct err_info *why)
{
    assert_int_equal(e, ERR_DENIED);
    assert_null(acee);
    assert_int_equal(rc.reason, 20);
    assert_string_equal(why->text, "refused");
    ++*(int *)arg;
}

static void
on_lost(void *arg, enum err e, struct acee *acee, struct saf_rc rc,
        const struct err_info *why)
{
    (void)acee;
    (void)rc;
    (void)why;
    assert_int_equal(e, ERR_PEER);
    ++*(int *)arg;
}

static void
asynchronous_requests(void **state)
{
    struct saf_client *client;
    struct acee *acee = NULL;
    struct err_info why;
    struct saf_rc rc;
    struct front f = { .fd = -1 };
    int n_done = 0;

    (void)state;
    front_start(&f, STR(""), &client);
    for (int i = 0; i < 3; i++)
        assert_int_equal(saf_verify_async(client, STR("A"), STR("B"), STR(""),
                                          STR(""), on_done, &n_done, NULL),
                         ERR_OK);
    /* A synchronous call takes their replies in, but runs none of them. */
    assert_int_equal(
        saf_verify(client, STR("A"), STR("B"), STR(""), &acee, &rc, &why),
        ERR_DENIED);
    assert_int_equal(rc.reason, 20);
    assert_int_equal(n_done, 0);
    while (n_done < 3)
        wait_and_process(client);
    /* The front goes: what is pending fails, once. */
    shutdown(f.fd, SHUT_RDWR);
    (void)pthread_join(f.thread, NULL);
    n_done = 0;
    if (saf_verify_async(client, STR("A"), STR("B"), STR(""), STR(""), on_lost,
                         &n_done, NULL) == ERR_OK) {
        assert_int_equal(saf_process(client, NULL), ERR_PEER);
        assert_int_equal(n_done, 1);
    }
    saf_disconnect(&client);
    close(f.fd);
}

/* --- decisions that are recorded --------------------------------------------
 */

#define RECORDS 30000u

struct reading { /* a front that reads the ring, slowly, or not at all */
    int fd;
    bool reads;
    atomic_bool is_over;
    unsigned n, n_lost;
};

static void
take_all(struct reading *r, struct ring *ring, unsigned max)
{
    struct buf record;

    buf_init(&record, RING_RECORD_MAX);
    for (unsigned i = 0; i < max && ring_take(ring, &record, NULL) == ERR_OK;
         i++)
        r->n++;
    buf_fini(&record);
}

static void *
read_slowly(void *arg)
{
    struct reading *r = arg;
    struct ring ring = { .memory = NULL, .fd = -1 };
    struct pollfd p = { .fd = r->fd, .events = POLLIN };
    struct chan_msg msg;

    while (!atomic_load(&r->is_over)) {
        if (poll(&p, 1, 1) == 1 && chan_recv(r->fd, &msg, NULL) == ERR_OK) {
            int fd = chan_take_fd(&msg, 0);

            r->n += msg.type == WIRE_LOG_DENIAL;
            if (fd >= 0)
                REQUIRE(ring_attach(fd, &ring, NULL) == ERR_OK);
            if (fd >= 0)
                close(fd);
            chan_msg_fini(&msg);
        }
        if (ring.memory != NULL && r->reads)
            take_all(r, &ring, 200);
    }
    while (chan_recv(r->fd, &msg, NULL) == ERR_OK) {
        r->n += msg.type == WIRE_LOG_DENIAL;
        chan_msg_fini(&msg);
    }
    take_all(r, &ring, RECORDS);
    r->n_lost = (unsigned)ring_lost(&ring);
    ring_fini(&ring);
    return NULL;
}

static void
log_many(struct reading *r)
{
    struct acee who = { .refs = 1, .user = "USER1", .wire = STR("sealed") };
    struct saf_decision d = { .rc = SAF_RC(8, 8, 0),
                              .wants_log = true,
                              .requested = SAF_READ };
    struct saf_client *client;
    pthread_t thread;
    int pair[2];

    assert_int_equal(chan_pair(pair, NULL), ERR_OK);
    r->fd = pair[1];
    assert_int_equal(saf_attach(pair[0], &client, NULL), ERR_OK);
    assert_int_equal(pthread_create(&thread, NULL, read_slowly, r), 0);
    for (unsigned i = 0; i < RECORDS; i++)
        saf_log_access(client, &who, STR("EJBROLE"), STR("Some.Role"), &d);
    atomic_store(&r->is_over, true);
    shutdown(pair[1], SHUT_RD);
    (void)pthread_join(thread, NULL);
    saf_disconnect(&client);
    close(pair[1]);
}

/* Three megabytes through a ring of one: who decides is held up. */
static void
records_wait_for_room(void **state)
{
    struct reading r = { .reads = true };

    (void)state;
    log_many(&r);
    assert_int_equal(r.n_lost, 0);
    assert_int_equal(r.n, RECORDS);
}

/* A front that reads nothing: the first one waits, the others are counted. */
static void
records_without_a_reader(void **state)
{
    struct reading r = { .reads = false };

    (void)state;
    log_many(&r);
    assert_true(r.n_lost > 0);
    assert_int_equal(r.n + r.n_lost, RECORDS);
}

static int
setup(void **state)
{
    (void)state;
    if (saf_engine_open(":memory:", 1700000000000, &engine, NULL) != ERR_OK)
        return 1;
    run("ADDUSER USER1 DFLTGRP(SYS1)");
    run("ADDUSER USER2 DFLTGRP(SYS1)");
    run("SETROPTS CLASSACT(EJBROLE)");
    run("RDEFINE EJBROLE Some.Role UACC(NONE)");
    run("SETROPTS RACLIST(EJBROLE)");
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    saf_engine_close(&engine);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(view_follows_refreshes),
        cmocka_unit_test(view_that_comes_later),
        cmocka_unit_test(asynchronous_requests),
        cmocka_unit_test(records_wait_for_room),
        cmocka_unit_test(records_without_a_reader),
    };

    setenv("SALLYPORT_ROOT", "/nonexistent", 1);
    return cmocka_run_group_tests(tests, setup, teardown);
}
