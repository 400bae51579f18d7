/*
 * `server start` of a server that is a started task: WLP_ZOS_PROCEDURE in its
 * server.env names the procedure, so that whoever may issue the START command
 * starts it under the user that class STARTED decides.
 */
#ifndef SALLYPORT_BIN_SERVER_STARTED_TASK_H
#define SALLYPORT_BIN_SERVER_STARTED_TASK_H

#include "control.h"

bool started_task_is_configured(void); /* after settings_load */
/* Issues START and waits; the program's exit status. */
int started_task_start(struct settings *, const struct control_options *);

/*
 * The START command, without its verb:
 *
 *     procedure = name                              CWWKE0942E otherwise
 *     job_name  = name, or "" for none              CWWKE0943E otherwise
 *
 * or, as z/OS Connect's documents write it, all operands in one value:
 * "PROC,JOBNAME=job,PARMS='server'"; PARMS is added where it is missing. With
 * what stands in out already it has 125 characters at most (CWWKE0107E).
 * Returns NULL, or the id of the message that says what is wrong.
 */
const char *started_task_command(struct str procedure, struct str job_name,
                                 const char *server, bool is_clean,
                                 struct buf *out);

#endif
