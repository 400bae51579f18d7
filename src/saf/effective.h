/*
 * The effective state of certificates, rings and identity maps. These have no
 * image: when their class is RACLISTed, what applications see is a copy made
 * at SETROPTS RACLIST or REFRESH (and at start); otherwise it is the stored
 * state. Applications read the names eff_certs, eff_rings, eff_ring_certs,
 * eff_filters and eff_idids, which have the columns of certs, rings,
 * ring_certs and idmaps; they are views of the stored tables or copies.
 */
#ifndef SALLYPORT_SAF_EFFECTIVE_H
#define SALLYPORT_SAF_EFFECTIVE_H

#include "saf/store.h"

/* Make all of them; is_raclisted answers for a class. */
MUST_CHECK enum err effective_open(struct saf_db *, struct err_info *why);
/* After SETROPTS RACLIST, NORACLIST or REFRESH of one of these classes; other
 * classes are ignored. On error the old state stays. */
MUST_CHECK enum err effective_refresh(struct saf_db *, struct str class_name,
                                      bool is_raclisted, struct err_info *why);

#endif
