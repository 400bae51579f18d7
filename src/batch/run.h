/*
 * The initiator: runs one job's steps in its own address space. It talks to
 * the master over SALLYPORT_INITIATOR_FD (job_wire.h); each step's program runs
 * in a child process, so that an abend, a loop or a cancel ends the step and
 * not the job's bookkeeping.
 */
#ifndef SALLYPORT_BATCH_RUN_H
#define SALLYPORT_BATCH_RUN_H

#include "base/arena.h"
#include "base/buf.h"
#include "batch/ceeopts.h"
#include "batch/job_wire.h"

/* How a step's program ended. */
enum step_end {
    STEP_CODE,      /* returned: code */
    STEP_ABEND,     /* "S0C4", "U4038" in abend */
    STEP_NOT_FOUND, /* the program is nowhere: S806 */
    STEP_CANCELLED,
};

struct step_result {
    enum step_end end;
    uint32_t code;
    char abend[8];
    char reason[64]; /* a sentence for the job log, or "" */
};

/* One DD as the program finds it. */
struct step_dd {
    struct step_dd *next;
    char name[9];
    enum jcl_dd_kind kind; /* of the first of a concatenation */
    int fd;                /* to read or to append to; -1 for a library */
    char *path; /* of fd, for programs that open by name; or the library */
    char **libraries; /* a concatenation's folders, in order */
    size_t n_libraries;
};

/* A step being run: all its program may know. */
struct step {
    struct arena *arena;
    const struct job_order *order;
    const struct jcl_step *jcl;
    char label[20]; /* "GETAPI", "STARTING BAQ" */
    struct step_dd *dds;
    int init_fd;
    struct ceeopts opts;
    const char *program_dir;
    int result_fd; /* in the child: where it reports its code */
};

#define STEP_MAGIC 0x53504331u

/* What a step's child writes when it ends by itself. */
struct step_report {
    uint32_t magic;
    uint32_t is_abend;
    uint32_t code;
    char abend[8];
    char reason[64];
};

/* In the child: becomes the step's program and does not return. */
void step_child(const struct step *);
bool step_is_known(const struct step *);   /* a program of that name exists */
bool step_has_output(const struct step *); /* a DD takes standard output */

struct step_dd *step_dd_find(const struct step *, const char *name);
/* The whole content of a DD to read; empty when there is none. */
MUST_CHECK enum err step_dd_read(const struct step *, const char *name,
                                 struct buf *out, struct err_info *why);
/* In the child: the program is done. Writes the code in full and ends. */
NORETURN void step_finish(const struct step *, uint32_t code);
/* The same for an abend the program asks for ("U1234"). */
NORETURN void step_abend(const struct step *, const char *abend,
                         const char *reason);
/* A line to JESMSGLG. */
void step_log(const struct step *, struct str line);

/* Programs. Each runs in the child and does not return. */
void step_ikjeft01(const struct step *);
void step_bpxbatch(const struct step *);
/* COBOL or C load module from STEPLIB, by libcob. */
void step_load_module(const struct step *);
/* True when STEPLIB (or SYS1.LINKLIB) has the module; its folders joined by
 * ':' in *path. */
bool step_find_module(const struct step *, char **path);

/* su: the program that INIT_SU names, instead of a job's steps. The message's
 * descriptors are taken. How it ended goes to the master. */
struct chan_msg;
enum job_end shell_run(int init_fd, struct chan_msg *, uint32_t *code,
                       char *text, size_t cap);

/* The whole life of an initiator process; its exit status. */
int initiator_main(const char *program_dir);

#endif
