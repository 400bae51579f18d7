/*
 * Access checks, REFRESH and commands at size.
 *
 *   bench-saf            checks against images of 1,000 to 1,000,000 profiles
 *   bench-saf refresh    the same class in a database file: SETROPTS REFRESH
 *   bench-saf commands   commands a second, each durable before its reply, by
 *                        the number that share a commit
 *
 * Half of the profiles are generic. 100,000 users are in 5,000 groups, each in
 * twenty of them; an access list has three users and two groups.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "saf/authorize_private.h"
#include "saf/classes.h"
#include "saf/cmd.h"
#include "saf/snapshot.h"

#define N_USERS 100000u
#define N_GROUPS 5000u
#define FIRST_GROUP 200000u /* ids */
#define GROUPS_OF_USER 20u
#define LIST 5u
#define HOT_CHECKS 3000000u
#define RANDOM_CHECKS 1000000u
#define NAMES 100000u
#define COMMAND_SECONDS 4

static double
now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Of this process: what another one does meanwhile does not count. */
static double
cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static uint32_t
next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static NORETURN void
stop(const char *what)
{
    fprintf(stderr, "bench-saf: %s\n", what);
    exit(1);
}

/* --- the class --------------------------------------------------------- */

static struct str
name_of(struct arena *a, uint32_t i, bool is_pattern)
{
    if (i % 2 == 0)
        return str_fmt(a, "APP%04u.RES.N%u", i % 5000, i);
    return str_fmt(a, "APP%04u.GEN.N%u.%s", i % 5000, i,
                   is_pattern ? "**" : "READ.THIS");
}

static uint32_t
who_of(uint32_t *state, size_t entry)
{
    return entry < 3 ? 1 + next_random(state) % N_USERS
                     : FIRST_GROUP + next_random(state) % N_GROUPS;
}

static void
compile(struct arena *a, uint32_t n_profiles, struct buf *image)
{
    struct snapshot_profile *v =
        ARENA_ARRAY(a, struct snapshot_profile, n_profiles);
    uint32_t state = 1;
    struct err_info why;

    if (v == NULL)
        stop("no storage");
    for (uint32_t i = 0; i < n_profiles; i++) {
        struct saf_access *list = ARENA_ARRAY(a, struct saf_access, LIST);

        if (list == NULL)
            stop("no storage");
        for (size_t j = 0; j < LIST; j++)
            list[j] = (struct saf_access){ .who = STR("X"),
                                           .who_id = who_of(&state, j),
                                           .level = SAF_READ };
        v[i] = (struct snapshot_profile){ .name = name_of(a, i, true),
                                          .is_generic = i % 2 == 1,
                                          .access = list,
                                          .n_access = LIST };
    }
    if (snapshot_compile(saf_class_find(STR("EJBROLE")), v, n_profiles,
                         SNAPSHOT_ACTIVE | SNAPSHOT_RACLISTED |
                             SNAPSHOT_GRPLIST,
                         1, image, &why) != ERR_OK ||
        snapshot_check_image(image->p, image->n, &why) != ERR_OK)
        stop(why.text);
}

/* --- checks ------------------------------------------------------------ */

static int
by_id(const void *a, const void *b)
{
    const struct acee_group *x = a, *y = b;

    return x->id < y->id ? -1 : x->id > y->id;
}

static struct acee_group *
groups_of(struct arena *a, uint32_t user)
{
    struct acee_group *g = ARENA_ARRAY(a, struct acee_group, GROUPS_OF_USER);

    if (g == NULL)
        stop("no storage");
    for (uint32_t i = 0; i < GROUPS_OF_USER; i++) {
        g[i].id =
            FIRST_GROUP + (user + i * (N_GROUPS / GROUPS_OF_USER)) % N_GROUPS;
        snprintf(g[i].name, sizeof g[i].name, "G%u", g[i].id);
    }
    qsort(g, GROUPS_OF_USER, sizeof *g, by_id);
    return g;
}

static double
measure(const void *image, struct acee *acee, struct acee_group *const *groups,
        const struct str *names, size_t n_names, size_t n_checks)
{
    double start = cpu_ns();
    uint32_t state = 7;
    size_t n_denied = 0;

    for (size_t i = 0; i < n_checks; i++) {
        struct saf_decision d;

        if (n_names > 1) {
            acee->user_id = 1 + next_random(&state) % N_USERS;
            acee->groups = groups[acee->user_id % 256];
        }
        snapshot_lookup(image, acee, names[i % n_names], SAF_READ, NULL, &d);
        n_denied += d.rc.saf != 0;
    }
    if (n_denied == 0)
        stop("nobody was refused");
    return (cpu_ns() - start) / (double)n_checks;
}

static void
bench_checks(uint32_t n_profiles)
{
    struct acee acee = { .user = "U", .group = "G200001", .user_id = 77 };
    struct acee_group *groups[256];
    struct arena arena;
    struct buf image;
    struct str *names;
    uint32_t state = 3;
    double start = cpu_ns(), compiled, hot_discrete, hot_generic, random;

    arena_init(&arena, (size_t)6 << 30);
    buf_init(&image, SNAPSHOT_MAX);
    compile(&arena, n_profiles, &image);
    compiled = (cpu_ns() - start) / 1e6;
    names = ARENA_ARRAY(&arena, struct str, NAMES);
    if (names == NULL)
        stop("no storage");
    for (uint32_t i = 0; i < 256; i++)
        groups[i] = groups_of(&arena, i * 19);
    acee.groups = groups[7];
    acee.n_groups = GROUPS_OF_USER;
    names[0] = name_of(&arena, 242, false);
    hot_discrete = measure(image.p, &acee, groups, names, 1, HOT_CHECKS);
    names[0] = name_of(&arena, 243, false);
    hot_generic = measure(image.p, &acee, groups, names, 1, HOT_CHECKS);
    for (size_t i = 0; i < NAMES; i++)
        names[i] = name_of(&arena, next_random(&state) % n_profiles, false);
    random = measure(image.p, &acee, groups, names, NAMES, RANDOM_CHECKS);
    printf("%8u profiles: hot discrete %4.0f ns, hot generic %4.0f ns, random "
           "%5.0f ns; compiled in %5.0f ms, image %4zu MB\n",
           n_profiles, hot_discrete, hot_generic, random, compiled,
           image.n >> 20);
    buf_fini(&image);
    arena_fini(&arena);
}

/* --- the database ------------------------------------------------------ */

static char dir[] = "/tmp/bench-safXXXXXX";
static char path[64];

static struct saf_engine *
open_engine(void)
{
    struct saf_engine *engine;
    struct err_info why;

    if (mkdtemp(dir) == NULL)
        stop("no scratch directory");
    snprintf(path, sizeof path, "%s/racf.db", dir);
    if (saf_engine_open(path, 1700000000000, &engine, &why) != ERR_OK)
        stop(why.text);
    return engine;
}

static void
remove_files(void)
{
    char other[80];

    (void)unlink(path);
    snprintf(other, sizeof other, "%s-wal", path);
    (void)unlink(other);
    snprintf(other, sizeof other, "%s-shm", path);
    (void)unlink(other);
    (void)rmdir(dir);
}

static void
ignore_line(void *arg, struct str text)
{
    (void)arg;
    (void)text;
}

static uint32_t
command(struct saf_engine *engine, const char *text)
{
    static const struct acee special = {
        .refs = 1, .user = "IBMUSER", .group = "SYS1", .attrs = ACEE_SPECIAL
    };
    struct saf_session s = { .acee = &special,
                             .now_ms = 1700000000000,
                             .line = ignore_line };
    uint32_t rc = 12;

    if (saf_execute(engine, &s, str_of(text), &rc, NULL) != ERR_OK)
        stop("no storage");
    return rc;
}

static long
resident_mb(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss / 1024;
}

/* Users, groups, profiles and lists, straight into the tables. */
static void
fill(struct saf_db *db, uint32_t n_profiles)
{
    static const char *const statements[] = {
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE"
        " i<100000) INSERT INTO principals SELECT i+1000000, 'U'||i FROM n",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE"
        " i<5000) INSERT INTO principals SELECT i+2000000, 'G'||i FROM n",
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE"
        " i+1<?1) INSERT INTO profiles SELECT i+1, 'EJBROLE', CASE i%2 WHEN 0"
        " THEN printf('APP%04d.RES.N%d', i%5000, i) ELSE"
        " printf('APP%04d.GEN.N%d.**', i%5000, i) END, i%2, 'IBMUSER', 0, 0, 0,"
        " '', 0, 2, 0, 0, 19000, 19000 FROM n",
        "INSERT INTO access SELECT id, 'U'||(1+(id*7919)%100000), '', '', 2, 0"
        " FROM profiles UNION ALL SELECT id, 'U'||(1+(id*104729+1)%100000), '',"
        " '', 3, 0 FROM profiles UNION ALL SELECT id,"
        " 'G'||(1+(id*31)%5000), '', '', 2, 0 FROM profiles ORDER BY 1, 2",
    };
    struct err_info why;

    if (saf_db_begin(db, &why) != ERR_OK)
        stop(why.text);
    for (size_t i = 0; i < ARRAY_LEN(statements); i++) {
        if (i == 2)
            saf_db_run(db, statements[i], "i", (int64_t)n_profiles);
        else
            saf_db_run(db, statements[i], "");
    }
    if (saf_db_commit(db, &why) != ERR_OK)
        stop(why.text);
}

static void
bench_refresh(uint32_t n_profiles)
{
    struct saf_engine *engine = open_engine();
    struct str image;
    long before;

    fill(saf_engine_db(engine), n_profiles);
    (void)command(engine, "SETROPTS CLASSACT(EJBROLE) GENERIC(EJBROLE)");
    before = resident_mb();
    for (int i = 0; i < 2; i++) {
        double start = now_ns(), cpu = cpu_ns();

        if (command(engine, i == 0 ? "SETROPTS RACLIST(EJBROLE)"
                                   : "SETROPTS RACLIST(EJBROLE) REFRESH") != 0)
            stop("RACLIST failed");
        printf("%8u profiles: %s %6.0f ms, of them processor %6.0f ms\n",
               n_profiles, i == 0 ? "RACLIST" : "REFRESH",
               (now_ns() - start) / 1e6, (cpu_ns() - cpu) / 1e6);
    }
    if (saf_engine_image(engine, STR("EJBROLE"), &image, NULL) != ERR_OK)
        stop("there is no image");
    printf("%8u profiles: image %zu MB, process %ld MB at most (%ld before)\n",
           n_profiles, image.n >> 20, resident_mb(), before);
    saf_engine_close(&engine);
    remove_files();
}

static void
write_command(char *text, size_t cap, unsigned batch, unsigned n)
{
    unsigned i = n / 4;

    switch (n % 4) {
    case 0:
        snprintf(text, cap, "ADDUSER %c%u NAME('NEW %u')", 'N' + (int)batch, i,
                 i);
        break;
    case 1:
        snprintf(text, cap, "RDEFINE FACILITY NEW%u.N%u UACC(NONE)", batch, i);
        break;
    case 2:
        snprintf(text, cap,
                 "PERMIT NEW%u.N%u CLASS(FACILITY) ID(%c%u) ACCESS(READ)",
                 batch, i, 'N' + (int)batch, i);
        break;
    default:
        snprintf(text, cap, "ALTUSER %c%u DATA('CHANGED')", 'N' + (int)batch,
                 i);
        break;
    }
}

/* size: commands that share a commit. */
static void
bench_batches(struct saf_engine *engine, unsigned number, unsigned size)
{
    struct saf_db *db = saf_engine_db(engine);
    double start = now_ns(), worst = 0, cpu = cpu_ns();
    char text[128];
    unsigned n = 0;

    while (now_ns() - start < COMMAND_SECONDS * 1e9) {
        double from = now_ns(), took;

        if (saf_db_batch_begin(db, NULL) != ERR_OK)
            stop("no transaction");
        for (unsigned i = 0; i < size; i++) {
            write_command(text, sizeof text, number, n++);
            if (command(engine, text) > 4)
                stop(text);
        }
        if (saf_db_batch_commit(db, NULL) != ERR_OK)
            stop("not committed");
        took = now_ns() - from;
        worst = took > worst ? took : worst;
    }
    printf("%2u commands a commit: %5.0f a second, each durable; processor "
           "%.0f us a command; the slowest commit %.1f ms\n",
           size, n / ((now_ns() - start) / 1e9), (cpu_ns() - cpu) / n / 1e3,
           worst / 1e6);
}

static void
bench_commands(void)
{
    static const unsigned sizes[] = { 1, 8, 32, 64 };
    struct saf_engine *engine = open_engine();

    fill(saf_engine_db(engine), 100000);
    (void)command(engine, "SETROPTS CLASSACT(EJBROLE FACILITY)"
                          " GENERIC(EJBROLE) RACLIST(EJBROLE)");
    for (unsigned i = 0; i < ARRAY_LEN(sizes); i++)
        bench_batches(engine, i, sizes[i]);
    saf_engine_close(&engine);
    remove_files();
}

int
main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "refresh") == 0) {
        bench_refresh(10000);
        memcpy(dir + sizeof dir - 7, "XXXXXX", 6);
        bench_refresh(1000000);
        return 0;
    }
    if (argc > 1 && strcmp(argv[1], "commands") == 0) {
        bench_commands();
        return 0;
    }
    for (uint32_t n = 1000; n <= 1000000; n *= 10)
        bench_checks(n);
    return 0;
}
