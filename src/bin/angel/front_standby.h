/* The standby follows the database; see front_standby.c. */
#ifndef SALLYPORT_ANGEL_FRONT_STANDBY_H
#define SALLYPORT_ANGEL_FRONT_STANDBY_H

#include "front.h"

/* At start, with the database open: go on following when it did. */
MUST_CHECK enum err front_standby_open(struct front *, struct err_info *why);
void front_standby_close(struct front *); /* before the database is */
/* RVARY ACTIVE, INACTIVE. It follows once it was copied; INACTIVE does not wait
 * for a copy that is under way. */
MUST_CHECK enum err front_standby_active(struct front *, struct err_info *why);
MUST_CHECK enum err front_standby_inactive(struct front *,
                                           struct err_info *why);
/* INACTIVE, and whatever was under way has ended. */
MUST_CHECK enum err front_standby_end(struct front *, struct err_info *why);
bool front_standby_is_following(const struct front *);
/* What was committed is there; it is a file like any other from now on. */
void front_standby_stop(struct front *);
/* Once a turn, no batch being open: begin what was asked for, tell what went
 * wrong. */
void front_standby_look(struct front *);

#endif
