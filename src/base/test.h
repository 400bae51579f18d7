/*
 * What every unit test includes: cmocka and exact_copy(), input in a heap
 * block of exact size so that ASan reports one byte too far.
 */
#ifndef SALLYPORT_BASE_TEST_H
#define SALLYPORT_BASE_TEST_H

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/str.h"

/* Free with free((void *)(uintptr_t)copy.p). */
static inline struct str
exact_copy_n(const void *bytes, size_t n)
{
    char *p = malloc(n == 0 ? 1 : n);

    if (p == NULL)
        abort();
    if (n > 0)
        memcpy(p, bytes, n);
    return (struct str){ p, n };
}

static inline struct str
exact_copy(const char *text)
{
    return exact_copy_n(text, strlen(text));
}

static inline void
exact_free(struct str s)
{
    free((void *)(uintptr_t)s.p);
}

/* Detached threads of what was tested have ended, so that none of them is in
 * the middle of letting its storage go when the program ends. */
static inline void
threads_end(void)
{
    unsigned n = 2;

    for (int tries = 0; tries < 2000 && n > 1; tries++) {
        DIR *tasks = opendir("/proc/self/task");

        n = 0;
        while (tasks != NULL && readdir(tasks) != NULL)
            n++;
        if (tasks != NULL)
            closedir(tasks);
        n = n > 2 ? n - 2 : 1; /* . and .. */
        if (n > 1)
            usleep(10000);
    }
}

#endif
