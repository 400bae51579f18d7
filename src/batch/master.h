/*
 * The master: the only program that starts address spaces. It starts the
 * angel, takes jobs and operator commands on master/master.sock, runs each job
 * and started task in an initiator of its own, and owns the spool.
 */
#ifndef SALLYPORT_BATCH_MASTER_H
#define SALLYPORT_BATCH_MASTER_H

#include "base/err.h"

struct master_options {
    const char *program_dir; /* where sallyport-angel and -initiator are */
    int ready_fd; /* one byte "R" is written and it is closed; -1 none */
};

/* Until an operator or a signal shuts it down. */
MUST_CHECK enum err master_run(const struct master_options *,
                               struct err_info *why);

#endif
