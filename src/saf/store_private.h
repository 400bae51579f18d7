/* For the files of this folder that speak SQLite themselves. */
#ifndef SALLYPORT_SAF_STORE_PRIVATE_H
#define SALLYPORT_SAF_STORE_PRIVATE_H

#include <stdatomic.h>

#include "saf/store.h"

struct sqlite3;

struct sqlite3 *saf_db_handle(struct saf_db *);
void saf_generics_changed(struct saf_db *);
/* As store_copy, of what an open connection sees in its transaction. */
MUST_CHECK enum err store_copy_from(struct sqlite3 *from, const char *to,
                                    const atomic_bool *is_cancelled,
                                    struct err_info *why);

#endif
