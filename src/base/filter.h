/*
 * Which system calls a process may make from here on (seccomp). A filter is a
 * list of tables, so that what several processes need stands once; a call that
 * is in none of them fails, and its process goes on: a library's harmless probe
 * must not end it. Nothing of it can be taken back, and children inherit it.
 */
#ifndef SALLYPORT_BASE_FILTER_H
#define SALLYPORT_BASE_FILTER_H

#include <seccomp.h>

#include "base/err.h"

#define FILTER_TESTS_MAX 3u

/* A call; with tests only when each of them holds: argument & mask == value. */
struct filter_row {
    int call;
    int fails; /* with this errno; 0: it is allowed */
    unsigned n;
    struct scmp_arg_cmp tests[FILTER_TESTS_MAX];
};

struct filter_table {
    const struct filter_row *v;
    size_t n;
};
#define FILTER_TABLE(rows)                                                     \
    {                                                                          \
        (rows), ARRAY_LEN(rows)                                                \
    }

/* Arguments that the kernel takes as int: their upper half is nobody's. */
#define FILTER_INT UINT32_MAX
/* clang-format off */
#define FILTER_ARG(arg, mask, value) \
    { (arg), SCMP_CMP_MASKED_EQ, (mask), (scmp_datum_t)(value) }
#define FILTER_CALL(name) \
    { SCMP_SYS(name), 0, 0, { { 0 } } }
#define FILTER_FAIL(name, errno_) \
    { SCMP_SYS(name), (errno_), 0, { { 0 } } }
#define FILTER_IF(name, arg, mask, value) \
    { SCMP_SYS(name), 0, 1, { FILTER_ARG(arg, mask, value) } }
/* Two or three arguments that are these numbers. */
#define FILTER_IF_2(name, arg, value, arg2, value2) \
    { SCMP_SYS(name), 0, 2, { FILTER_ARG(arg, FILTER_INT, value), \
                              FILTER_ARG(arg2, FILTER_INT, value2) } }
/* clang-format on */

/* Computing, and bytes through descriptors that are open already. Memory never
 * becomes code. */
extern const struct filter_table filter_computing;
/* Opening files for reading, and asking about them. */
extern const struct filter_table filter_reading;
/* Threads, but no processes. */
extern const struct filter_table filter_threads;

/* False: this kernel, or what this process runs in, has no filters. */
bool filter_is_here(void);

/*
 * What these tables allow; anything else is EPERM. Threads that are there
 * already are held to it as well.
 *
 * ERR_UNSUPPORTED  filter_is_here() is false
 */
MUST_CHECK enum err filter_allow(const struct filter_table *tables, size_t n,
                                 struct err_info *why);
/* All but what no program of ours does without its own filter: loading into the
 * kernel, debuggers, keys, mounts, namespaces. */
MUST_CHECK enum err filter_forbid(const struct filter_table *more, size_t n,
                                  struct err_info *why);

#endif
