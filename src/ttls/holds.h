/* One rule against one connection: what match.h searches by. */
#ifndef SALLYPORT_TTLS_HOLDS_H
#define SALLYPORT_TTLS_HOLDS_H

#include "ttls/match.h"
#include "ttls/stmt.h"

bool ttls_rule_holds(const struct ttls_rule *, const struct ttls_facts *);

#endif
