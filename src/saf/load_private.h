/* Between load.c and load_records.c. */
#ifndef SALLYPORT_SAF_LOAD_PRIVATE_H
#define SALLYPORT_SAF_LOAD_PRIVATE_H

#include "saf/unload.h"

struct loader {
    struct saf_db *db;
    struct arena a; /* of one line */
    struct load_report *report;
    struct unload_record r;
    uint64_t line;
    /* The profile whose record came last: what follows is its own where another
     * has the same class and name. */
    struct buf last;
    bool is_last_generic;
};

enum pass { PASS_PROFILES, PASS_PARTS, PASS_AUTHORITY, PASSES };

/* The record at hand, of a profile, is the last one; is it of that one? */
void load_remember(struct loader *);
bool load_is_of_last(struct loader *);
/* The record at hand belongs to a generic profile. */
bool load_is_of_generic(struct loader *);
/* Into the database what the record at hand says and the pass is about; `type`
 * are its four characters. ERR_SYNTAX names the column. */
MUST_CHECK enum err load_record(struct loader *, enum pass, const char *type,
                                struct err_info *why);

/* Of load_derived.c: remember what the record at hand says first; is there one
 * that says what this one repeats? 0101, 0207, 0208, 0209, 0561. */
void load_note(struct loader *);
MUST_CHECK enum err load_check_derived(struct loader *, struct err_info *why);
/* Of load_certs.c: records 0562, 0560, 0509, 0508. */
MUST_CHECK enum err load_ring_entry(struct loader *);
MUST_CHECK enum err load_cert(struct loader *, struct err_info *why);
MUST_CHECK enum err load_map(struct loader *);
MUST_CHECK enum err load_filter(struct loader *);

#endif
