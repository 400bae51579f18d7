/*
 * An address space's side of the master: a started task or job step finds out
 * who it is, answers operator commands and writes to the operator and its job
 * log. The master passes one descriptor (SALLYPORT_TASK_FD, a chan.h pair) and
 * the job token (SALLYPORT_TOKEN_FD, a sealed memfd).
 *
 * A program started as a plain process has neither: task_attach() then says
 * ERR_NOT_FOUND, and there is no MODIFY interface.
 */
#ifndef SALLYPORT_IPC_TASK_H
#define SALLYPORT_IPC_TASK_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct task;

#define TASK_BY_MASTER "+MASTER+" /* no user id: the system is ending */

enum task_verb {
    TASK_MODIFY, /* F job,text   */
    TASK_STOP,   /* P job        */
};

struct task_command {
    enum task_verb verb;
    uint32_t id;     /* for task_reply */
    struct str text; /* after the job name and comma, as typed; borrowed
                        until the next task_next */
    char user[9];    /* who entered it; TASK_BY_MASTER: nobody */
};

/* Attach to what the environment names. */
MUST_CHECK enum err task_attach(struct task **out, struct err_info *why);
void task_free(struct task **);

/* Valid for the life of the task. */
const char *task_job_name(const struct task *); /* "BAQSTRT" */
const char *task_job_id(const struct task *);   /* "STC00012" */
const char *task_user(const struct task *);     /* "LIBSERV" */
/* The sealed job token's bytes (opaque; the angel made it). */
struct str task_token(const struct task *);
/* The same for a process that is not attached, such as the stub in a step;
 * ERR_NOT_FOUND outside a job. Caller frees with buf_fini. */
MUST_CHECK enum err task_token_read(struct buf *out, struct err_info *why);

/* Readable when a command waits (non-blocking). */
int task_fd(const struct task *);
/* ERR_AGAIN when none waits, ERR_PEER when the master is gone. */
MUST_CHECK enum err task_next(struct task *, struct task_command *out,
                              struct err_info *why);
/* One reply line (a WTO to the console that asked, and to the log). */
void task_reply(struct task *, uint32_t id, struct str line);
/* No more lines; the console command returns, with status 8 unless is_done. P
 * that is done returns when the task has ended; TASK_BY_MASTER is
 * not to be refused. */
void task_reply_end(struct task *, uint32_t id, bool is_done);

/* A line for the operator's log and the job's JESMSGLG; any thread. */
void task_wto(struct task *, struct str line);
/* The same for the operator's log alone. */
void task_hard_copy(struct task *, struct str line);
/* A WTO from a process of the address space that is not attached, such as
 * the stub in a step; nothing happens outside a job. */
void task_wto_plain(struct str line);
/* Tell the master that start-up is complete (S waits for it). */
void task_ready(struct task *);

#endif
