/* Between the engine and the command processor. */
#ifndef SALLYPORT_SAF_AUTHORIZE_PRIVATE_H
#define SALLYPORT_SAF_AUTHORIZE_PRIVATE_H

#include "saf/authorize.h"

/* Rebuild the effective image of a RACLISTed class (or only give it the
 * options of now) and publish it; drop it when no longer RACLISTed. On error
 * the old image stays in effect. */
MUST_CHECK enum err saf_engine_refresh(struct saf_engine *engine,
                                       const char *class_name, bool is_rebuilt,
                                       struct err_info *why);

#endif
