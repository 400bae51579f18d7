/*
 * What is left to the processes of AT-TLS once they have started: system calls
 * (base/filter.h), files (base/landlock.h), capabilities (base/caps.h). What
 * somebody can do who has taken one over stands in doc/internals/threats.md.
 *
 * A kernel or container without filters or Landlock: confined_missing says so,
 * once for a stack, and its processes go on without. Anything else that fails
 * is an error, and the process must not go on.
 */
#ifndef SALLYPORT_TTLS_CONFINED_H
#define SALLYPORT_TTLS_CONFINED_H

#include "base/err.h"

/* An engine, in this order: its files before it has threads, as they are held
 * to it only if they start later; its calls when everything is set up. */
MUST_CHECK enum err confined_engine_files(struct err_info *why);
MUST_CHECK enum err confined_engine_calls(struct err_info *why);

/* The broker. It has no Landlock, which would take /proc/PID/fd from it. */
MUST_CHECK enum err confined_broker(struct err_info *why);

/* A stack's process, after its programs are in the kernel. */
MUST_CHECK enum err confined_stack(struct err_info *why);

/* What this system lacks, for people: a sentence, or NULL. */
const char *confined_missing(void);

#endif
