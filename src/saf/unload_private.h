/* Between load.c and unload_more.c. */
#ifndef SALLYPORT_SAF_UNLOAD_PRIVATE_H
#define SALLYPORT_SAF_UNLOAD_PRIVATE_H

#include "saf/unload.h"

/* Is it a companion, and all of it? ERR_SYNTAX; *line: where. */
MUST_CHECK enum err load_more_check(struct str text, uint64_t *line,
                                    struct err_info *why);
/* One line of a companion. only: "certificate" for these rows alone, NULL for
 * all others. ERR_SYNTAX. */
MUST_CHECK enum err load_more_line(struct saf_db *, struct arena *,
                                   struct str line, const char *only,
                                   struct err_info *why);

/* FIRST and OTHER of segment CDTINFO, which are a column for each word. */
struct unload_chars {
    const char *column, *field, *word;
};
#define UNLOAD_CHARS 8u
extern const struct unload_chars unload_chars[UNLOAD_CHARS];

/* Between the two names of a certificate name filter. */
#define UNLOAD_NOT_SIGN "\xc2\xac"

#endif
