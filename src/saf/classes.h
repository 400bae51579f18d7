/*
 * The class descriptor table: rows of classes.def. Linked by engine and
 * clients (names fold by class, not globally).
 */
#ifndef SALLYPORT_SAF_CLASSES_H
#define SALLYPORT_SAF_CLASSES_H

#include "base/arena.h"
#include "base/str.h"
#include "saf/saf.h"

enum class_raclist { RACLIST_DISALLOWED, RACLIST_ALLOWED, RACLIST_REQUIRED };
enum class_flag {
    CLASS_ASIS = 1u << 0,        /* profile names keep their case */
    CLASS_OPERATIONS = 1u << 1,  /* OPERATIONS gives access */
    CLASS_NO_DEFINE = 1u << 2,   /* refuses RDEFINE, RALTER, RDELETE */
    CLASS_GROUPING = 1u << 3,    /* members of `member` */
    CLASS_HAS_MEMBERS = 1u << 4, /* ADDMEM, but no grouping class */
    CLASS_DISCRETE = 1u << 5,    /* no generic profiles */
    CLASS_RING_CASE = 1u << 6,   /* upper up to the first ".", then as is */
};

struct saf_class {
    const char *name;
    uint32_t posit;
    const char *group;  /* its grouping class, or "" */
    const char *member; /* its member class, or "" */
    uint32_t max_length;
    uint32_t default_rc; /* 4 or 8 when no profile is found */
    enum saf_level default_uacc;
    enum class_raclist raclist;
    uint32_t flags;
};

/* Case-insensitive; NULL when there is no such class. */
const struct saf_class *saf_class_find(struct str name);
const struct saf_class *saf_class_all(size_t *n); /* sorted by name */
/* A resource or profile name as the class keeps it, into out (NUL-terminated);
 * false when longer than the class allows or empty. */
bool saf_class_fold(const struct saf_class *, struct str name,
                    char out[SAF_PROFILE_MAX + 1], struct str *folded);

#endif
