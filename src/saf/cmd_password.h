/* Passwords and phrases in commands. Private to the command processor. */
#ifndef SALLYPORT_SAF_CMD_PASSWORD_H
#define SALLYPORT_SAF_CMD_PASSWORD_H

#include "saf/cmd.h"

/* PASSWORD, PHRASE, NOPASSWORD, NOPHRASE, NOEXPIRED of ADDUSER and ALTUSER.
 * False after a message. */
bool cmd_set_secrets(struct cmd *, struct saf_user *);
bool cmd_may_reset(struct cmd *, const struct saf_user *);

#endif
