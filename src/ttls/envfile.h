/*
 * Envfile: environment variables of a group's TLS process, NAME=value a line.
 * Of these the GSK_ names that TTLSGskAdvancedParms has as well count here, and
 * only where the policy does not code them: what AT-TLS sets by the policy wins
 * over the environment in the original, too [unverified].
 */
#ifndef SALLYPORT_TTLS_ENVFILE_H
#define SALLYPORT_TTLS_ENVFILE_H

#include "ttls/policy.h"

/* Marks what it sets as coded. Returns how many lines have counted; others,
 * names we do not know and values out of range among them, are passed over. */
size_t ttls_envfile_apply(struct str text, struct ttls_gsk_adv *gsk);

#endif
