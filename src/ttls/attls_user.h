/*
 * The program's memory, as a kernel's call would touch it: an address that is
 * none is an error, not the program's end.
 */
#ifndef SALLYPORT_TTLS_ATTLS_USER_H
#define SALLYPORT_TTLS_ATTLS_USER_H

#include "base/defs.h"

/* False: EFAULT; what is there may have been copied in part. */
MUST_CHECK bool user_take(void *to, const void *from, size_t n);
MUST_CHECK bool user_put(void *to, const void *from, size_t n);

#endif
