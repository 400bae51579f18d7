/* Rules that no connection can ever get. */
#ifndef SALLYPORT_TTLS_SHADOW_H
#define SALLYPORT_TTLS_SHADOW_H

#include "ttls/policy.h"

/* `found` for each rule whose connections all go to an earlier one.
 * ERR_MEMORY. */
MUST_CHECK enum err ttls_shadowed(struct ttls_policy *,
                                  void (*found)(void *arg,
                                                const struct ttls_rule *rule,
                                                const struct ttls_rule *by),
                                  void *arg, struct err_info *why);

#endif
