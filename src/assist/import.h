/*
 * From a policy to the objects it could have been made of. What they are made
 * into again gets the same connections and does the same with them, rule by
 * rule (ttls/differs.h); of a policy that was generated here it is that policy
 * to the byte. What no object can say is told with file and line, and refused.
 */
#ifndef SALLYPORT_ASSIST_IMPORT_H
#define SALLYPORT_ASSIST_IMPORT_H

#include "assist/model.h"
#include "base/buf.h"
#include "ttls/build.h"

#define IMPORT_RELEASE "V2R3" /* when the header does not say */

struct import_file {
    struct str name, text;
};

struct import_options {
    struct str image, stack; /* empty: as the header says */
    bool is_lossy; /* go on without what no object can say: warnings */
    void (*on_diag)(void *arg, const struct ttls_diag *); /* may be NULL */
    void *arg;
};

/*
 *   files   of one policy, the CommonTTLSConfig first; the last one's header
 *           counts
 *   json    the backing store; written to when ERR_OK is returned
 *
 * ERR_SYNTAX     the policy has errors, which were told
 * ERR_UNSUPPORTED  it says what no object can, which was told
 * ERR_LIMIT      it is larger than a store may be
 * ERR_MEMORY
 */
MUST_CHECK enum err import_policy(const struct import_file *files, size_t n,
                                  const struct import_options *,
                                  struct buf *json, struct err_info *why);

#endif
