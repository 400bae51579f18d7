/*
 * The spool: one folder for each job or started task, spool/<job id>/. The
 * master is its only writer; address spaces get descriptors. A job's record
 * (file `job`) is written atomically at each change of state, so that a master
 * that was killed finds what was running.
 */
#ifndef SALLYPORT_BATCH_SPOOL_H
#define SALLYPORT_BATCH_SPOOL_H

#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

#define SPOOL_FILES_MAX 1000u

struct spool_record {
    char id[9];
    char name[9];
    char user[9];
    char submitter[9];
    char proc[9];
    char state[12];       /* "running", "ended" */
    int64_t pid;          /* of the address space, while it runs */
    uint64_t pid_started; /* field 22 of /proc/pid/stat, tells pid reuse */
    uint64_t began_ms;
    uint64_t ended_ms;
    char end[12]; /* enum job_end in words */
    uint32_t code;
};

/* The next job number, 1..99999 and round again; survives a crash. */
MUST_CHECK enum err spool_next_number(uint32_t *out, struct err_info *why);
MUST_CHECK enum err spool_create(const char *id, struct err_info *why);
MUST_CHECK enum err spool_record_write(const struct spool_record *,
                                       struct err_info *why);
MUST_CHECK enum err spool_record_read(const char *id, struct spool_record *out,
                                      struct err_info *why);
/* A spool file of a job, to append to; name like "001.JESMSGLG". */
MUST_CHECK enum err spool_append(const char *id, const char *name, int *fd,
                                 struct err_info *why);
/* Call for each spool file of the job in order of name, with a descriptor to
 * read (closed afterwards). */
MUST_CHECK enum err spool_each_file(const char *id,
                                    void (*each)(void *arg, const char *name,
                                                 int fd),
                                    void *arg, struct err_info *why);
/* Call for each record in the spool, in order of job number. */
MUST_CHECK enum err spool_each_job(void (*each)(void *arg,
                                                const struct spool_record *),
                                   void *arg, struct err_info *why);
/* Start time of a process in clock ticks since boot; 0 when it is gone. */
uint64_t spool_process_started(pid_t pid);

#endif
