/*
 * JSON property names to COBOL data names, as the original's mapping level 4.3
 * does it.
 */
#ifndef SALLYPORT_TOOLKIT_NAMES_H
#define SALLYPORT_TOOLKIT_NAMES_H

#include "base/arena.h"
#include "base/str.h"

#define NAME_MAX_CHARS 28u    /* of a field */
#define NAME_COUNT_CHARS 22u  /* of what stands before -num */
#define NAME_LENGTH_CHARS 21u /* of what stands before -length */

struct name_rules {
    bool keeps_underscores; /* UNDERSCORES-AS-HYPHENS is off */
    bool cuts_left;         /* nameTruncation=LEFT */
};

/* A word of the COBOL language, any case. */
bool name_is_reserved(struct str word);

/*
 * The data name: `_` to `-`, foreign characters and a final `-` to `X`, a
 * reserved word gets the prefix `X`, cut to NAME_MAX_CHARS.
 *   was_reserved  may be NULL
 * An empty result's p is NULL: no storage.
 */
struct str name_make(struct arena *, struct str property,
                     const struct name_rules *, bool *was_reserved);
/* Cut to n characters, at the side the rules say. */
struct str name_cut(struct str name, size_t n, const struct name_rules *);

/* Names of one group; a name that is there already gets 2, 3, ... */
struct name_scope {
    struct str *names;
    size_t n, cap;
};
struct str name_claim(struct arena *, struct name_scope *, struct str name,
                      size_t max);

#endif
