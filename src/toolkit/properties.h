/*
 * Java properties files: comments (# and !), "key = value", "key: value",
 * "key value", continuation by a final backslash, escapes. UTF-8.
 */
#ifndef SALLYPORT_TOOLKIT_PROPERTIES_H
#define SALLYPORT_TOOLKIT_PROPERTIES_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define PROPERTIES_MAX 1024u

struct properties {
    struct property {
        struct str key, value;
        uint32_t line;
        bool is_used; /* somebody asked for it */
    } * rows;
    size_t n;
    struct str file; /* for messages */
};

/* A key twice: the last one counts, as in Java. ERR_SYNTAX (bad \u escape),
 * ERR_LIMIT. */
MUST_CHECK enum err properties_read(struct arena *, struct str text,
                                    struct str file, struct properties *out,
                                    struct err_info *why);
/* The value without blanks around it; p is NULL when the key is absent. */
struct str properties_get(struct properties *, const char *key);
/* A row nobody asked for, from *pos on; NULL when there is none. */
const struct property *properties_unused(const struct properties *,
                                         size_t *pos);

/* ERR_NOT_FOUND: the key is missing or empty; the text names file and key. */
MUST_CHECK enum err properties_need(struct properties *, const char *key,
                                    struct str *out, struct err_info *why);
/* true or false, any case; absent or empty: *out stays. */
MUST_CHECK enum err properties_flag(struct properties *, const char *key,
                                    bool *out, struct err_info *why);
/* A number in min..max; absent or empty: *out stays. */
MUST_CHECK enum err properties_number(struct properties *, const char *key,
                                      uint32_t min, uint32_t max, uint32_t *out,
                                      struct err_info *why);

#endif
