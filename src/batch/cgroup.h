/*
 * The cgroup of an address space (root's images): what runs in it is the job,
 * whatever it forks, and ends with it. Below the cgroup v2 mount, wherever
 * that is: sallyport/<image>/<job id>.
 */
#ifndef SALLYPORT_BATCH_CGROUP_H
#define SALLYPORT_BATCH_CGROUP_H

#include <sys/types.h>

#include "base/defs.h"

/*
 * Make one and put the process in. path receives its folder, "" when this
 * image is private, there is no cgroup v2 mount, or it may not be written (a
 * container); the reason is logged once.
 */
void cgroup_enter(const char *job_id, pid_t pid, char *path, size_t cap);
/* Kill what is left in it and remove it; "" is fine. */
void cgroup_end(char *path);

#endif
