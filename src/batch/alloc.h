/* Allocation: DD statements of a step to descriptors. */
#ifndef SALLYPORT_BATCH_ALLOC_H
#define SALLYPORT_BATCH_ALLOC_H

#include "batch/run.h"

/* ERR_NOT_FOUND: a data set is missing (why names it); others: why. */
MUST_CHECK enum err alloc_step(struct step *, struct err_info *why);
/* One more spool file, as if by //name DD SYSOUT=*. */
MUST_CHECK enum err alloc_sysout(struct step *, const char *name,
                                 struct step_dd **out, struct err_info *why);
void alloc_free(struct step *);

#endif
