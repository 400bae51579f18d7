/*
 * The cgroup of an address space (root's images): what runs in it is the job,
 * whatever it forks, and ends with it. Below the cgroup v2 mount, wherever
 * that is: sallyport/<image>/<job id>.
 */
#ifndef SALLYPORT_IPC_CGROUP_H
#define SALLYPORT_IPC_CGROUP_H

#include <sys/types.h>

#include "base/defs.h"

/* "JOBNAME USER" of an address space, which only root can set or read. */
#define CGROUP_JOB_XATTR "trusted.sallyport.job"

/* The first cgroup v2 mount: /sys/fs/cgroup, or beside v1's. */
MUST_CHECK bool cgroup_mount(char *out, size_t cap);
/* The folder of this image below it, made when missing; false: none can be. */
MUST_CHECK bool cgroup_image(char *out, size_t cap);
/* What a cgroup id (of a socket, of a process) names: the job and its user, ""
 * when it is none of an address space; path is its folder. False:
 * there is no such cgroup any more, or this process is not root. */
MUST_CHECK bool cgroup_who(uint64_t id, char job_name[9], char user[9],
                           char *path, size_t cap);

/*
 * Make one and put the process in. path receives its folder, "" when this
 * image is private, there is no cgroup v2 mount, or it may not be written (a
 * container); the reason is logged once.
 */
void cgroup_enter(const char *job_id, pid_t pid, char *path, size_t cap);
/* Tell whose it is, for those who meet a process or a socket of it. */
void cgroup_name(const char *path, const char *job_name, const char *user);
/* Kill what is left in it and remove it; "" is fine. False: the killed ones are
 * still leaving, and cgroup_sweep has to come again. */
bool cgroup_end(char *path);
/* Remove the empty folders of this image, and the image's when nothing is in
 * it any more. kill: end first what is left in those of jobs, which an earlier
 * master did not. is_used: of those of jobs, whether one is in use and stays
 * (others than of jobs stay too); NULL: none. False: one is there still. Only
 * the image's master calls this. */
bool cgroup_sweep(bool kill, bool (*is_used)(void *arg, const char *job_id),
                  void *arg);
/* Remove it when it is empty within so many ms, else cgroup_end. */
void cgroup_end_soon(char *path, unsigned within_ms);

#endif
