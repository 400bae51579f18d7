/*
 * The class descriptor table: rows of classes.def, and dynamic classes that the
 * engine takes from profiles of class CDT. Linked by engine and clients (names
 * fold by class, not globally); clients know the fixed rows only.
 */
#ifndef SALLYPORT_SAF_CLASSES_H
#define SALLYPORT_SAF_CLASSES_H

#include "base/arena.h"
#include "base/err.h"
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
    CLASS_DATASET = 1u << 7,     /* data set names, rules and commands */
    CLASS_UACC_ACEE = 1u << 8,   /* default UACC: the issuer's connection's */
    CLASS_DYNAMIC = 1u << 9,     /* of class CDT */
};

/* Kinds of characters of a profile's name; 0: no rule. */
enum class_chars {
    CLASS_ALPHA = 1u << 0,
    CLASS_NUMERIC = 1u << 1,
    CLASS_NATIONAL = 1u << 2, /* # @ $ */
    CLASS_SPECIAL = 1u << 3,  /* anything else but blank, comma, brackets */
};
#define CLASS_POSIT_NONE UINT32_MAX /* shares its options with no class */

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
    uint32_t first, other; /* enum class_chars, of dynamic classes */
    uint32_t key_qualifiers;
};

/* Case-insensitive; NULL when there is no such class. */
const struct saf_class *saf_class_find(struct str name);
const struct saf_class *saf_class_all(size_t *n); /* sorted by name */
/* Instead of the dynamic classes there were; copied. Rows whose name is that of
 * a fixed class are left out. What saf_class_find and saf_class_all gave
 * before is no longer valid. */
MUST_CHECK enum err saf_class_set_dynamic(const struct saf_class *, size_t n,
                                          struct err_info *why);
/* A resource or profile name as the class keeps it, into out (NUL-terminated);
 * false when longer than the class allows or empty. */
bool saf_class_fold(const struct saf_class *, struct str name,
                    char out[SAF_PROFILE_MAX + 1], struct str *folded);

#endif
