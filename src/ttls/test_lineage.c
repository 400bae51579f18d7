/* Processes and their ancestors, by real ones. */
#include "base/test.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "ttls/lineage.h"

#define CHAIN_MAX 40u

static uint64_t
now_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_BOOTTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static bool
descends(const struct lineage *l, pid_t from)
{
    for (uint32_t i = 0; i < l->n; i++) {
        if (l->v[i].pid == (uint32_t)from)
            return true;
    }
    return false;
}

/* What it says of that ancestor's start. */
static uint64_t
start_in(const struct lineage *l, pid_t of)
{
    for (uint32_t i = 0; i < l->n; i++) {
        if (l->v[i].pid == (uint32_t)of)
            return l->v[i].start_ns;
    }
    fail_msg("process %d is no ancestor", (int)of);
    return 0;
}

static uint64_t
start_of(pid_t pid)
{
    struct process p;

    assert_true(process_read((uint32_t)pid, &p));
    assert_true(p.start_ns != 0);
    return p.start_ns;
}

/* So many processes below this one, each the father of the next; all say who
 * they are. Those that `end` names end when all are there. */
struct chain {
    unsigned n;
    uint64_t end;    /* bit i: of the i-th */
    int new_session; /* which begins one, -1: none */
    pid_t v[CHAIN_MAX];
    int stop; /* close it and they end */
};

static void NORETURN
be_one(const struct chain *c, unsigned i, int out, int stop)
{
    pid_t pid = getpid();
    char byte;

    if ((int)i == c->new_session)
        IGNORE(setsid());
    if (i + 1 < c->n && fork() == 0)
        be_one(c, i + 1, out, stop);
    IGNORE(write(out, &(struct {
                     unsigned i;
                     pid_t pid;
                 }){ i, pid },
                 sizeof(unsigned) + sizeof(pid_t)));
    if ((c->end & 1ull << i) == 0)
        IGNORE(read(stop, &byte, 1));
    _exit(0);
}

static void
chain_start(struct chain *c)
{
    int out[2], stop[2];

    assert_int_equal(pipe(out), 0);
    assert_int_equal(pipe(stop), 0);
    if (fork() == 0) {
        close(stop[1]);
        be_one(c, 0, out[1], stop[0]);
    }
    close(out[1]);
    close(stop[0]);
    c->stop = stop[1];
    for (unsigned k = 0; k < c->n; k++) {
        struct {
            unsigned i;
            pid_t pid;
        } said;

        assert_int_equal(read(out[0], &said, sizeof said), sizeof said);
        c->v[said.i] = said.pid;
    }
    close(out[0]);
    /* An ended child of a living father stays until it is waited for; that of
     * an ended one is gone when init has. */
    for (unsigned i = 0; i < c->n; i++) {
        struct process p;

        while ((c->end & 1ull << i) != 0 && i + 1 < c->n &&
               process_read((uint32_t)c->v[i + 1], &p) &&
               p.parent == (uint32_t)c->v[i])
            (void)usleep(1000);
    }
}

static void
chain_stop(struct chain *c)
{
    close(c->stop);
    while (wait(NULL) > 0)
        ;
}

static void
parents(void **state)
{
    struct chain c = { .n = 3, .new_session = -1 };
    struct lineage l;

    (void)state;
    chain_start(&c);
    lineage_of((uint32_t)c.v[2], LINEAGE_NOW, &l);
    assert_true(l.is_known);
    assert_int_equal(l.v[0].pid, c.v[2]);
    assert_int_equal(l.v[1].pid, c.v[1]);
    assert_int_equal(l.v[2].pid, c.v[0]);
    assert_int_equal(l.v[3].pid, getpid());
    assert_false(descends(&l, 1));
    /* Nobody descends from a child, or a child's sister. */
    lineage_of((uint32_t)c.v[0], LINEAGE_NOW, &l);
    assert_false(descends(&l, c.v[1]));
    lineage_of((uint32_t)getpid(), LINEAGE_NOW, &l);
    assert_false(descends(&l, c.v[0]));
    chain_stop(&c);
}

/* The father has ended: who began the session is an ancestor still; in a
 * session of its own it is nobody's any more. */
static void
fatherless(void **state)
{
    struct chain in = { .n = 3, .end = 2, .new_session = 0 };
    struct chain out = { .n = 3, .end = 2, .new_session = 2 };
    struct chain dead = { .n = 3, .end = 3, .new_session = 0 };
    struct lineage l;

    (void)state;
    chain_start(&in);
    lineage_of((uint32_t)in.v[2], LINEAGE_NOW, &l);
    assert_true(l.is_known);
    assert_true(descends(&l, in.v[0]));
    assert_true(descends(&l, getpid()));
    chain_stop(&in);

    chain_start(&out);
    lineage_of((uint32_t)out.v[2], LINEAGE_NOW, &l);
    assert_true(l.is_known);
    assert_false(descends(&l, out.v[0]));
    chain_stop(&out);

    /* The one that began it has ended, too: its number is kept for it. */
    chain_start(&dead);
    lineage_of((uint32_t)dead.v[2], LINEAGE_NOW, &l);
    assert_true(l.is_known);
    assert_true(descends(&l, dead.v[0]));
    chain_stop(&dead);
}

/* Each with its start: a number alone may be another process's. That of one
 * that has ended is not known. */
static void
starts(void **state)
{
    struct chain all = { .n = 3, .new_session = -1 };
    struct chain in = { .n = 3, .end = 2, .new_session = 0 };
    struct chain gone = { .n = 3, .end = 3, .new_session = 1 };
    uint64_t before = now_ns();
    struct lineage l;

    (void)state;
    chain_start(&all);
    lineage_of((uint32_t)all.v[2], LINEAGE_NOW, &l);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(start_in(&l, all.v[i]), start_of(all.v[i]));
        assert_true(start_in(&l, all.v[i]) + 10000000 > before);
        assert_true(start_in(&l, all.v[i]) <= now_ns());
    }
    assert_int_equal(start_in(&l, getpid()), start_of(getpid()));
    chain_stop(&all);

    chain_start(&in);
    lineage_of((uint32_t)in.v[2], LINEAGE_NOW, &l);
    assert_int_equal(start_in(&l, in.v[0]), start_of(in.v[0]));
    chain_stop(&in);

    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    chain_start(&gone);
    assert_int_equal(waitpid(gone.v[1], NULL, 0), gone.v[1]);
    lineage_of((uint32_t)gone.v[2], LINEAGE_NOW, &l);
    assert_true(l.is_known);
    assert_int_equal(start_in(&l, gone.v[2]), start_of(gone.v[2]));
    assert_int_equal(start_in(&l, gone.v[1]), 0);
    assert_false(descends(&l, gone.v[0]));
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
    chain_stop(&gone);
}

/* A subreaper, as a job's shell is one, becomes the parent: the father who
 * began the session is an ancestor still. */
static void
subreaper(void **state)
{
    struct chain c = { .n = 3, .end = 3, .new_session = 0 };
    struct lineage l;

    (void)state;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    chain_start(&c);
    lineage_of((uint32_t)c.v[2], LINEAGE_NOW, &l);
    assert_true(l.is_known);
    assert_true(descends(&l, getpid()));
    assert_int_equal(start_in(&l, c.v[0]), start_of(c.v[0]));
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
    chain_stop(&c);
}

/* Not known: it has ended, it is another one, or its ancestors are too many. */
static void
unknown(void **state)
{
    struct chain one = { .n = 1, .new_session = -1 };
    struct chain many = { .n = CHAIN_MAX, .new_session = -1 };
    uint64_t before = now_ns();
    struct lineage l;
    struct process p;

    (void)state;
    (void)usleep(30000); /* the start is known to a hundredth of a second */
    chain_start(&one);
    assert_true(process_read((uint32_t)one.v[0], &p));
    assert_true(p.start_ns > before && p.start_ns <= now_ns());
    lineage_of((uint32_t)one.v[0], now_ns(), &l);
    assert_true(l.is_known);
    lineage_of((uint32_t)one.v[0], before, &l);
    assert_false(l.is_known);
    assert_int_equal(l.n, 0);
    chain_stop(&one);
    lineage_of((uint32_t)one.v[0], LINEAGE_NOW, &l);
    assert_false(l.is_known);
    assert_int_equal(l.n, 0);
    lineage_of(0, LINEAGE_NOW, &l);
    assert_false(l.is_known);

    chain_start(&many);
    lineage_of((uint32_t)many.v[CHAIN_MAX - 1], LINEAGE_NOW, &l);
    assert_false(l.is_known);
    assert_int_equal(l.n, LINEAGE_MAX);
    chain_stop(&many);
}

/* init is known, and nobody's ancestor. */
static void
is_init(void **state)
{
    struct lineage l;

    (void)state;
    lineage_of(1, LINEAGE_NOW, &l);
    assert_true(l.is_known);
    assert_int_equal(l.n, 1);
    assert_int_equal(l.v[0].pid, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parents), cmocka_unit_test(fatherless),
        cmocka_unit_test(starts),  cmocka_unit_test(subreaper),
        cmocka_unit_test(unknown), cmocka_unit_test(is_init),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
