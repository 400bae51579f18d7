/*
 * One server, one process: workarea/.sLock is held by flock for as long as the
 * parent or its worker lives, and holds the parent's process id. A crash
 * leaves nothing behind that would have to be cleaned up.
 */
#ifndef SALLYPORT_BIN_SERVER_LOCK_H
#define SALLYPORT_BIN_SERVER_LOCK_H

#include <sys/types.h>

#include "settings.h"

/* Take the lock and write our process id. ERR_EXISTS: another one holds it
 * (*holder is its process id, 0 when unknown). */
MUST_CHECK enum err lock_take(const struct settings *, int *fd, pid_t *holder,
                              struct err_info *why);
/* False when this user cannot find out whether it is held. */
bool lock_is_readable(const struct settings *);
/* Is it held? The holder's process id in *holder (may be NULL). */
bool lock_is_held(const struct settings *, pid_t *holder);
/* It has ended: a worker that still holds the lock is about to end as well. */
bool lock_holder_is_gone(pid_t);

#endif
