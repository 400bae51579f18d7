/*
 * Several reads and writes of sockets in one system call (io_uring). None of
 * them waits: what cannot be done at once ends with -EAGAIN, and all have ended
 * when the call returns. The ring is restricted to these two operations for
 * good, so whoever takes the process over has nothing else of io_uring's.
 *
 * System calls: uring_new io_uring_setup, io_uring_register, mmap; uring_run
 * io_uring_enter alone. A ring is used by the thread that has made it.
 */
#ifndef SALLYPORT_IO_URING_H
#define SALLYPORT_IO_URING_H

#include "base/defs.h"
#include "base/err.h"

#define URING_MAX 64u

struct uring;

/* ERR_IO, ERR_DENIED, ERR_UNSUPPORTED  the kernel has none, or does not let us:
 * as containers do and kernel.io_uring_disabled; why says which call has failed
 */
MUST_CHECK enum err uring_new(struct uring **out, struct err_info *why);
void uring_free(struct uring **);

/* Put down for the next run, URING_MAX at most; p stays where it is till then.
 * Sending to whom has gone makes no signal. */
void uring_recv(struct uring *, int fd, uint8_t *p, size_t n);
void uring_send(struct uring *, int fd, const uint8_t *p, size_t n);
/* Do what was put down. results: in that order, bytes or -errno; -EINTR where
 * the kernel did not get so far: nothing has happened then. */
void uring_run(struct uring *, int *results);

#endif
