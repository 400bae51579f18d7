/*
 * How much memory the system lets this process have, and how much it has.
 */
#ifndef SALLYPORT_GATEWAY_MEMORY_H
#define SALLYPORT_GATEWAY_MEMORY_H

#include "base/defs.h"

/*
 * The least of the machine's memory, its control group's and those above it
 * (memory.max of version 2, memory.limit_in_bytes of version 1). The two
 * folders are "/proc" and "/sys/fs/cgroup" but for tests.
 */
size_t memory_limit(const char *proc, const char *cgroups);
/* Bytes of memory this process has now; 0: not known. */
size_t memory_resident(const char *proc);

#endif
