/*
 * Which files a process can reach from here on (Landlock). What a kernel's
 * version of it does not know is left out; nothing can be taken back, and
 * children inherit it. A process confined so may not look into others below
 * /proc, whatever its rights.
 */
#ifndef SALLYPORT_BASE_LANDLOCK_H
#define SALLYPORT_BASE_LANDLOCK_H

#include "base/err.h"

/* Its version here; 0: none. */
int landlock_version(void);

/*
 * Nothing but reading these n files and what lies below these folders. Those
 * that do not exist are left out. From version 6 on neither signals nor
 * abstract Unix sockets reach processes that are not confined with it.
 *
 * ERR_UNSUPPORTED  landlock_version() is 0
 */
MUST_CHECK enum err landlock_read_only(const char *const *paths, size_t n,
                                       struct err_info *why);

#endif
