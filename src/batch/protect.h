/*
 * Class DATASET for the data sets of a job. What a profile protects is opened
 * only by who has the access; what none protects is left to the file's own
 * rights, unless SETROPTS PROTECTALL is in effect.
 */
#ifndef SALLYPORT_BATCH_PROTECT_H
#define SALLYPORT_BATCH_PROTECT_H

#include "base/err.h"
#include "batch/run.h"
#include "saf/saf.h"

/* ERR_DENIED: refused, or the angel cannot be asked. ICH408I goes to the job's
 * log. */
MUST_CHECK enum err protect_open(const struct step *, const char *dd,
                                 struct str dsn, enum saf_level,
                                 struct err_info *why);

#endif
