/*
 * First-failure data: what was the case when something went wrong that should
 * not have. One file for the first of its kind, and a table that counts them:
 * logs/ffdc/ffdc_yy.MM.dd_HH.mm.ss.N.log and exception_summary_....log.
 * Details never hold a secret. Not locked.
 * Source: Liberty, first failure data capture; the file's inner form is
 * unverified.
 */
#ifndef SALLYPORT_AUDIT_FFDC_H
#define SALLYPORT_AUDIT_FFDC_H

#include "base/err.h"
#include "base/str.h"

#define FFDC_KINDS_MAX 256u
#define FFDC_FILES_MAX 500u
#define FFDC_NAME_BYTES 48u

/* What makes two incidents the same is exception, source and probe. */
struct ffdc_incident {
    const char *exception; /* "ERR_NOT_FOUND", "SIGSEGV" */
    const char *source;    /* "com.ibm.ws.ssl.config.WSKeyStore" */
    const char *probe;     /* "read_store" */
    struct str details;    /* lines */
};

struct ffdc;

/* folder: of the logs; "ffdc" below it is made when something happens. */
MUST_CHECK enum err ffdc_new(const char *folder, struct ffdc **out,
                             struct err_info *why);
void ffdc_free(struct ffdc **); /* writes the table when it has changed */

/* True when it is the first of its kind and its file was written: name (of
 * FFDC_NAME_BYTES) is what it is called. */
bool ffdc_note(struct ffdc *, const struct ffdc_incident *, uint64_t now_ms,
               char *name);
/* Once a minute or so: the table, and files older than max_age_ms (0: all are
 * kept). */
void ffdc_tick(struct ffdc *, uint64_t max_age_ms, uint64_t now_ms);

/* One file without a table, for a process that has no log. */
MUST_CHECK enum err ffdc_write(const char *folder, const struct ffdc_incident *,
                               uint64_t now_ms, char *name,
                               struct err_info *why);

#endif
