/*
 * Hash table from a byte string to a pointer. Keys are copied, values are the
 * caller's. The seed is random for each process, so peers cannot pick keys
 * that collide.
 */
#ifndef SALLYPORT_BASE_TABLE_H
#define SALLYPORT_BASE_TABLE_H

#include "base/str.h"

struct table_slot;

struct table {
    struct table_slot *slots;
    size_t n;
    size_t cap; /* a power of two, or 0 */
    size_t n_dead;
};

void table_init(struct table *);
void table_fini(struct table *); /* values are not freed */
void *table_get(const struct table *, struct str key);
/* Replaces; *old (may be NULL) receives what was there. False: no storage. */
MUST_CHECK bool table_put(struct table *, struct str key, void *value,
                          void **old);
void *table_remove(struct table *, struct str key); /* the value, or NULL */
/* Walk: start with *pos = 0; false at the end. Do not change it meanwhile. */
bool table_next(const struct table *, size_t *pos, struct str *key,
                void **value);

#endif
