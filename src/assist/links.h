/* Inside of src/assist: what is said while a store is read, and the second
 * pass, which follows names. */
#ifndef SALLYPORT_ASSIST_LINKS_H
#define SALLYPORT_ASSIST_LINKS_H

#include "assist/inferred.h"
#include "assist/model.h"

struct links {
    struct arena *arena;
    store_diag diag; /* may be NULL */
    void *arg;
    size_t n_errors;
    bool no_memory;
};

/* Tell an error; false. */
bool links_error(struct links *, struct str path, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
bool links_no_memory(struct links *); /* false */
/* "path.key", "path[i]" */
struct str links_key(struct links *, struct str path, const char *key);
struct str links_item(struct links *, struct str path, size_t i);
/* Somebody's text for a message: printable, and cut. */
const char *links_cut(struct links *, struct str text);

/* Names are unique, what they name is there, what needs a ring has one. */
void links_resolve(struct links *, struct store *);

#endif
