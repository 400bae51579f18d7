/* The server's parent process: see doc/internals/server-process.md. */
#ifndef SALLYPORT_BIN_SERVER_PROCESS_H
#define SALLYPORT_BIN_SERVER_PROCESS_H

#include "settings.h"

/*
 * Be the server until it ends; returns the program's exit status. The lock is
 * held already; ready_fd (-1: none) gets one byte when start-up is complete.
 */
int process_run(const struct settings *, int lock_fd, int ready_fd);

#endif
