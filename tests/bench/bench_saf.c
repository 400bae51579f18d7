/*
 * Access checks against one snapshot: 1,000,000 profiles, half of them
 * generic, 100,000 users. Prints nanoseconds for each kind of check; asserts
 * nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "saf/classes.h"
#include "saf/snapshot.h"

#define N_PROFILES 1000000u
#define N_USERS 100000u
#define LIST 4u
#define HOT_CHECKS 5000000u
#define RANDOM_CHECKS 2000000u

static double
now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* The same numbers each run. */
static uint32_t
next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static struct str
name_of(struct arena *a, uint32_t i, bool is_pattern)
{
    if (i % 2 == 0)
        return str_fmt(a, "APP%04u.RES.N%u", i % 5000, i);
    return str_fmt(a, "APP%04u.GEN.N%u.%s", i % 5000, i,
                   is_pattern ? "**" : "READ.THIS");
}

static void
build(struct arena *a, struct buf *image)
{
    struct snapshot_profile *v =
        ARENA_ARRAY(a, struct snapshot_profile, N_PROFILES);
    uint32_t state = 1;
    struct err_info why;

    if (v == NULL)
        exit(1);
    for (uint32_t i = 0; i < N_PROFILES; i++) {
        struct saf_access *list = ARENA_ARRAY(a, struct saf_access, LIST);

        if (list == NULL)
            exit(1);
        for (size_t j = 0; j < LIST; j++)
            list[j] = (struct saf_access){ .who = STR("X"),
                                           .who_id = 1 + next_random(&state) %
                                                             N_USERS,
                                           .level = SAF_READ };
        v[i] = (struct snapshot_profile){ .name = name_of(a, i, true),
                                          .is_generic = i % 2 == 1,
                                          .access = list,
                                          .n_access = LIST };
    }
    if (snapshot_compile(saf_class_find(STR("EJBROLE")), v, N_PROFILES,
                         SNAPSHOT_ACTIVE | SNAPSHOT_RACLISTED |
                             SNAPSHOT_GRPLIST,
                         1, image, &why) != ERR_OK ||
        snapshot_check_image(image->p, image->n, &why) != ERR_OK) {
        fprintf(stderr, "%s\n", why.text);
        exit(1);
    }
}

static void
measure(const char *what, const void *image, struct acee *acee,
        const struct str *names, size_t n_names, size_t n_checks)
{
    double start = now_ns();
    size_t n_denied = 0;
    uint32_t state = 7;

    for (size_t i = 0; i < n_checks; i++) {
        struct saf_decision d;

        if (n_names > 1)
            acee->user_id = 1 + next_random(&state) % N_USERS;
        snapshot_lookup(image, acee, names[i % n_names], SAF_READ, NULL, &d);
        n_denied += d.rc.saf != 0;
    }
    printf("%-16s %7.0f ns a check (%zu of %zu denied)\n", what,
           (now_ns() - start) / (double)n_checks, n_denied, n_checks);
}

int
main(void)
{
    struct acee_group groups[] = { { "G1", 200001 },
                                   { "G2", 200002 },
                                   { "G3", 200003 } };
    struct acee acee = { .user = "U",
                         .group = "G1",
                         .user_id = 77,
                         .groups = groups,
                         .n_groups = 3 };
    struct arena arena;
    struct buf image;
    struct str *names;
    uint32_t state = 3;
    double start = now_ns();

    arena_init(&arena, (size_t)4 << 30);
    buf_init(&image, SNAPSHOT_MAX);
    build(&arena, &image);
    printf("%u profiles compiled in %.0f ms, %zu MB\n", N_PROFILES,
           (now_ns() - start) / 1e6, image.n >> 20);
    names = ARENA_ARRAY(&arena, struct str, N_USERS);
    if (names == NULL)
        return 1;
    names[0] = name_of(&arena, 4242, false);
    measure("hot discrete", image.p, &acee, names, 1, HOT_CHECKS);
    names[0] = name_of(&arena, 4243, false);
    measure("hot generic", image.p, &acee, names, 1, HOT_CHECKS);
    for (size_t i = 0; i < N_USERS; i++)
        names[i] = name_of(&arena, next_random(&state) % N_PROFILES, false);
    measure("random", image.p, &acee, names, N_USERS, RANDOM_CHECKS);
    buf_fini(&image);
    arena_fini(&arena);
    return 0;
}
