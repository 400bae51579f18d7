/* Do two rules mean the same? */
#ifndef SALLYPORT_TTLS_DIFFERS_H
#define SALLYPORT_TTLS_DIFFERS_H

#include "ttls/policy.h"

/*
 * The first condition or effective parameter that differs, by a policy's word
 * for it; NULL: they get the same connections and do the same with them. Names,
 * places, priorities and ids are no part of it, nor is what has no effect: a
 * client's ClientAuthType, and all but the group's parameters of a rule whose
 * group says TTLSEnabled Off.
 */
const char *ttls_rule_differs(const struct ttls_rule *,
                              const struct ttls_rule *);

#endif
