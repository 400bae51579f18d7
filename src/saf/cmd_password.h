/* Passwords and phrases in commands. Private to the command processor. */
#ifndef SALLYPORT_SAF_CMD_PASSWORD_H
#define SALLYPORT_SAF_CMD_PASSWORD_H

#include "saf/cmd.h"

/* PASSWORD, PHRASE, NOPASSWORD, NOPHRASE, NOEXPIRED of ADDUSER and ALTUSER.
 * False after a message. */
bool cmd_set_secrets(struct cmd *, struct saf_user *);

/* May `password` be one by SETROPTS PASSWORD(RULEn ...) and the characters
 * that are allowed? */
bool password_is_allowed(struct saf_db *, struct arena *, struct str password);
/* 9 to 100 characters, without the user id, mixed enough. */
bool phrase_is_allowed(struct str phrase, struct str user);

#endif
