/* Between the engine and the command processor. */
#ifndef SALLYPORT_SAF_AUTHORIZE_PRIVATE_H
#define SALLYPORT_SAF_AUTHORIZE_PRIVATE_H

#include "saf/authorize.h"

/* What the class's image would be after a REFRESH. */
MUST_CHECK enum err saf_engine_stored_image(struct saf_engine *,
                                            struct str class_name,
                                            struct buf *image,
                                            struct err_info *why);
/* By that image, and group-OPERATIONS, which no image knows. */
void saf_engine_decide(struct saf_engine *, const void *image,
                       const struct acee *, struct str class_name,
                       struct str resource, enum saf_level,
                       const struct saf_where *, struct saf_decision *);
/* Is one of the groups it, in whose scope `owner` is? From the nearest on. */
bool saf_scope_any(struct saf_db *, struct arena *, struct str owner,
                   bool (*is_it)(void *arg, struct str group), void *arg);
/* Is `owner` in the scope of a group in which `user` has the attribute by a
 * connection that counts? */
bool saf_is_in_scope(struct saf_db *, struct arena *, struct str owner,
                     struct str user, uint32_t attribute,
                     bool (*counts)(const void *arg,
                                    const struct saf_connect *),
                     const void *arg);
/* The dynamic classes, as class CDT has them now (none unless it is active and
 * RACLISTed). */
MUST_CHECK enum err class_load(struct saf_db *, struct err_info *why);

#endif
