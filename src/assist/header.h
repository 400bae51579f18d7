/* Inside of src/assist: the lines above a generated policy. */
#ifndef SALLYPORT_ASSIST_HEADER_H
#define SALLYPORT_ASSIST_HEADER_H

#include "assist/model.h"
#include "base/buf.h"

#define HEADER_HISTORY_MAX 256u /* lines kept of it */

/* What they say; borrowed from the text, empty where they say nothing. */
struct header {
    struct str image, stack, store;
    struct str release;         /* "V2R3" in the arena */
    struct store_texts history; /* "2020-06-12 14:18:57 : Save To Disk" */
    bool is_ours;
};

/* Whoever made the policy: Sallyport, the original, or nobody. False: no
 * storage. */
MUST_CHECK bool header_read(struct arena *, struct str policy, struct header *);
/* A line of an install history, without "## ". */
bool header_is_history(struct str line);
/* when empty: no line for now. */
void header_write(struct buf *out, const struct store *,
                  const struct store_image *, const struct store_stack *,
                  struct store_texts history, struct str when);

#endif
