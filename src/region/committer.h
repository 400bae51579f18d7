/*
 * The committer: the process that alone writes files and holds record locks.
 * Units that arrive together are made lasting by one fsync. A worker's end
 * (end of file on its channel) drops its locks and what it had not committed.
 */
#ifndef SALLYPORT_REGION_COMMITTER_H
#define SALLYPORT_REGION_COMMITTER_H

#include "region/defs.h"

/*
 * Run until the supervisor's channel `fd` ends. The supervisor sends
 * RMSG_HELLO with one descriptor for each worker; the committer answers
 * RMSG_READY on `fd` once the store is open. Returns the exit status.
 */
int committer_run(const struct region_defs *, int fd);

#endif
