/*
 * A parsed job between master and initiator, and the messages of the
 * descriptor they share (SALLYPORT_INITIATOR_FD).
 */
#ifndef SALLYPORT_BATCH_JOB_WIRE_H
#define SALLYPORT_BATCH_JOB_WIRE_H

#include "base/arena.h"
#include "base/buf.h"
#include "batch/jcl.h"

enum initiator_message {
    /* master to initiator */
    INIT_GO = 0x4901,     /* u32 uid, u32 gid, u8 is_root; fd: job token */
    INIT_RUN = 0x4902,    /* str job name, id, user, submitter; job_encode */
    INIT_FILE = 0x4903,   /* seq as asked; fd of the spool file, or none */
    INIT_STOP = 0x4904,   /* P: end the step in order */
    INIT_CANCEL = 0x4905, /* C: end it now, S222 */
    /* Instead of INIT_RUN: str user, str HOME, str program, u8 terminals, str
     * TERM, u32 n, n x str argument; fds: the folder, the terminal (when there
     * are any), the streams that are none */
    INIT_SU = 0x4906,
    INIT_SIGNAL = 0x4907, /* u8 signal for what su started */
    /* initiator to master */
    INIT_OPEN = 0x4981,   /* seq; str step, str dd: a spool file, please */
    INIT_LOG = 0x4982,    /* str line for JESMSGLG */
    INIT_SYSMSG = 0x4983, /* str line for JESYSMSG */
    INIT_END = 0x4984,    /* u8 enum job_end, u32 highest code, str text */
};

enum job_end {
    JOB_ENDED,     /* ran to its end */
    JOB_ABENDED,   /* a step ended abnormally */
    JOB_JCL_ERROR, /* not run, or stopped by a data set that is missing */
    JOB_BROKEN,    /* the system failed */
    JOB_CANCELLED,
};

/* Who runs what, as the initiator needs it. */
struct job_order {
    char name[9];
    char id[9];
    char user[9];
    char submitter[9];
    struct jcl_job job;
};

/* Everything but the password. */
void job_encode(struct buf *out, const struct job_order *order);
MUST_CHECK enum err job_decode(struct arena *, struct str in,
                               struct job_order *out, struct err_info *why);

#endif
