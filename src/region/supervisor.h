/*
 * The region's supervisor: listens, binds partners, keeps workers and the
 * committer alive, answers for the dead. It never touches a request's data.
 */
#ifndef SALLYPORT_REGION_SUPERVISOR_H
#define SALLYPORT_REGION_SUPERVISOR_H

#include "base/str.h"

/* Run the region until it is stopped (SIGTERM, operator) or cannot go on.
 * Returns the completion code: 0, or 12 after a message. */
int supervisor_run(struct str applid);

#endif
