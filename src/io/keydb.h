/* Key databases: files in the place of key rings, with a stash file for their
 * password. */
#ifndef SALLYPORT_IO_KEYDB_H
#define SALLYPORT_IO_KEYDB_H

#include "io/keystore.h"

#define KEYDB_PASSWORD_MAX 128u

/* The password in a stash file; false when there is none. */
MUST_CHECK bool keydb_stash(struct str stash, char out[KEYDB_PASSWORD_MAX + 1]);
/* What its first bytes say it is. */
MUST_CHECK bool keydb_type(struct str bytes, enum keystore_type *out);

#endif
