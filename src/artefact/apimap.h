/*
 * One .map file: the updates of its mapping declaration. Inlined schemas
 * and shapes are ignored.
 */
#ifndef SALLYPORT_ARTEFACT_APIMAP_H
#define SALLYPORT_ARTEFACT_APIMAP_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "cobol/map.h"

#define APIMAP_UPDATES_MAX 4096u

/*
 *   entry       name for messages
 *   is_request  HTTP request to service, else service to HTTP response
 *   out, n      in the arena; targets start with the service root's name
 *   omitted     for each update: omitFromInterface="true"; may be NULL
 *
 * ERR_SYNTAX, ERR_UNSUPPORTED, ERR_LIMIT: text begins with entry:line:column.
 */
MUST_CHECK enum err apimap_read(struct arena *, struct str xml,
                                struct str entry, bool is_request,
                                struct map_update **out, bool **omitted,
                                size_t *n, struct err_info *why);

#endif
