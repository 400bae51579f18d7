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
};

enum pass { PASS_PROFILES, PASS_PARTS, PASS_AUTHORITY, PASSES };

/* Into the database what the record at hand says and the pass is about; `type`
 * are its four characters. ERR_SYNTAX names the column. */
MUST_CHECK enum err load_record(struct loader *, enum pass, const char *type,
                                struct err_info *why);

#endif
