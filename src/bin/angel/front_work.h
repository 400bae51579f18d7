/* What follows a commit and takes long; see front_work.c. */
#ifndef SALLYPORT_ANGEL_FRONT_WORK_H
#define SALLYPORT_ANGEL_FRONT_WORK_H

#include "front_batch.h"

MUST_CHECK enum err front_work_open(struct front *, struct err_info *why);
void front_work_close(struct front *);
/* The command's refreshes and its exchange of databases, then its answer; until
 * then its peer is not read. Takes it. */
void front_work(struct front *, struct held *);
void front_work_gone(struct front *, const struct peer *);
/* Tell who waits that it goes on; milliseconds until the next time, or -1. */
int front_work_wait_ms(struct front *);

#endif
