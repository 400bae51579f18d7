/*
 * What the front decides becomes SMF records (type 80), sent to the recorder
 * before the answer leaves.
 */
#ifndef SALLYPORT_ANGEL_FRONT_AUDIT_H
#define SALLYPORT_ANGEL_FRONT_AUDIT_H

#include "audit/smf.h"
#include "front.h"

enum audit_outcome {
    AUDIT_DONE,      /* all, or part of it */
    AUDIT_NOT_DONE,  /* nothing has changed */
    AUDIT_VIOLATION, /* an operand or all of it was refused for want of
                        authority */
};
/* A command that was carried out: by SAUDIT, CMDVIOL, AUDIT(class), UAUDIT.
 * blanked: without its secrets. */
void audit_command(struct peer *, struct str blanked, enum audit_outcome);
/* An access check whose profile wants it recorded. */
void audit_access(struct front *, struct peer *, const struct acee *,
                  struct str class_name, struct str resource,
                  const struct saf_decision *);
/* qualifier: SMF_INIT_...; SUCCESS is the entry of the image's owner where
 * nobody else would have been let in, recorded always and as a warning. */
void audit_logon(struct front *, struct peer *, struct str user,
                 struct str group, struct str appl, uint8_t qualifier);
/* By APPLAUDIT, and UAUDIT of the user. */
void audit_logon_success(struct front *, struct peer *, const struct acee *);
/* PassTickets made and checked (R_ticketserv). */
void audit_ticket(struct peer *, struct str user, struct str appl, bool is_made,
                  bool is_ok);

#endif
