/* Between load.c and unload_more.c. */
#ifndef SALLYPORT_SAF_UNLOAD_PRIVATE_H
#define SALLYPORT_SAF_UNLOAD_PRIVATE_H

#include "saf/unload.h"

/* One line of a companion. only: "certificate" for these rows alone, NULL for
 * all others. ERR_SYNTAX. */
MUST_CHECK enum err load_more_line(struct saf_db *, struct arena *,
                                   struct str line, const char *only,
                                   struct err_info *why);

#endif
