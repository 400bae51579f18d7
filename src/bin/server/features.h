/* What the server says about its features and the parts they install. */
#ifndef SALLYPORT_BIN_SERVER_FEATURES_H
#define SALLYPORT_BIN_SERVER_FEATURES_H

#include "worker.h"

#define FEATURE_LOGGER "com.ibm.ws.kernel.feature.internal.FeatureManager"

/* Wrong ones are said. False when one is and onError of featureManager is FAIL.
 */
MUST_CHECK bool features_fit(struct worker *, const struct cfg_tree *);
/* The ones installed and removed against those of `old` (NULL: at start). */
void features_say(struct worker *, const struct cfg_tree *next,
                  const struct cfg_tree *old);
/* z/OS Connect, once it is known that it is installed. */
void features_say_product(struct worker *, const struct cfg_tree *);
/* Security settings that `next` has and `old` (NULL: none) has not. */
void features_say_security(struct worker *, const struct cfg_tree *next,
                           const struct cfg_tree *old);

#endif
