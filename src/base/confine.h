/*
 * Run a function on hostile input in a child that can do nothing else: limits
 * on memory, processor time and files, no new privileges, and a system call
 * filter that leaves memory, reading files and one pipe. What the function
 * appends to its buffer comes back to the caller.
 */
#ifndef SALLYPORT_BASE_CONFINE_H
#define SALLYPORT_BASE_CONFINE_H

#include "base/buf.h"
#include "base/err.h"

struct confine_limits {
    size_t memory_bytes; /* address space */
    uint32_t seconds;    /* of wall clock and of processor */
};

/* Runs in the child. Returns as functions do; `arg` is a copy-on-write view of
 * the caller's memory. */
typedef enum err (*confine_fn)(void *arg, struct buf *out,
                               struct err_info *why);

/*
 * Blocks until the child has ended. `out` gets what the function appended
 * (its max applies); the function's error and text are passed on.
 *
 * ERR_PEER     the child crashed or was stopped by a limit; text says which
 * ERR_TIMEOUT  it took longer than limits->seconds
 */
MUST_CHECK enum err confine_run(confine_fn fn, void *arg,
                                const struct confine_limits *limits,
                                struct buf *out, struct err_info *why);

/*
 * Several at once. `done` gets the function's `arg` and what it appended or
 * why it failed; it runs in the caller's thread, while confine_pool_add waits
 * for room or confine_pool_finish for the end. What arg leads to need not
 * outlive confine_pool_add, as far as `done` does not need it.
 */
#define CONFINE_CHILDREN_MAX 16u
struct confine_pool;
typedef void (*confine_done)(void *arg, enum err, struct str out,
                             const struct err_info *why);
MUST_CHECK enum err confine_pool_new(unsigned n_children,
                                     const struct confine_limits *,
                                     struct confine_pool **out,
                                     struct err_info *why);
/* Errors of starting a process; then `done` is not called. */
MUST_CHECK enum err confine_pool_add(struct confine_pool *, confine_fn fn,
                                     void *arg, size_t max_bytes,
                                     confine_done done, struct err_info *why);
/* Waits for all. */
void confine_pool_finish(struct confine_pool **);

#endif
