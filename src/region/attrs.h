/*
 * Attributes of CSD definitions and of the SIT: one table each, from which they
 * are read, defaulted and refused (spec: CICS resource definitions).
 */
#ifndef SALLYPORT_REGION_ATTRS_H
#define SALLYPORT_REGION_ATTRS_H

#include "region/defs.h"

/* How an attribute's text becomes its field. */
enum form {
    NAME1_4, /* names: letters, digits, @ # $ */
    NAME1_8,
    TEXT,   /* anything, up to `max` bytes */
    NUMBER, /* min..max */
    BOOL,   /* words[0] = false, words[1] = true */
    WORD,   /* index in words */
};

struct attr {
    const char *name;
    enum form form;
    size_t offset;
    const char *def; /* default text; NULL: the field stays empty */
    uint32_t min, max;
    const char *words[5];
    uint32_t special; /* value of words[0] for NUMBER ("NO", "SYSTEM") */
};

/* A kind of definition. */
struct kind {
    const char *name;
    size_t size;
    size_t list, count; /* in struct region_defs */
    uint32_t name_max;
    const struct attr *attrs;
    size_t n_attrs;
};

enum { KIND_IPCONN, KIND_SERVICE, KIND_PROGRAM, KIND_TRANSACTION, KIND_FILE };
extern const struct kind region_kinds[5];
extern const struct attr region_sit_attrs[];
extern const size_t region_n_sit_attrs;

/* 1 to max letters (capital), digits, @ # $. */
bool attr_is_name(struct str, size_t max);
/* NULL: no such attribute. */
const struct attr *attr_find(const struct attr *attrs, size_t n,
                             struct str name);
/* Text into its field of the structure at target; ERR_RANGE says what was
 * expected. */
MUST_CHECK enum err attr_set(struct arena *, const struct attr *, char *target,
                             struct str text, struct err_info *why);
MUST_CHECK enum err attr_set_defaults(struct arena *, const struct attr *attrs,
                                      size_t n, char *target,
                                      struct err_info *why);

#endif
