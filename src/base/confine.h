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

#endif
