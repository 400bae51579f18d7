/* Parts of root's power (capabilities) that a process keeps. */
#ifndef SALLYPORT_BASE_CAPS_H
#define SALLYPORT_BASE_CAPS_H

#include "base/err.h"

/* number: CAP_... of linux/capability.h */
#define CAPS_BIT(number) (1ull << (number))

/* Of what it has only these; neither it nor what it executes can have others
 * again. Without any of them nothing is changed: there is nothing to drop. */
MUST_CHECK enum err caps_keep(uint64_t kept, struct err_info *why);

#endif
