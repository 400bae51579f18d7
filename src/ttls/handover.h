/* A policy as a sealed memfd, between processes. */
#ifndef SALLYPORT_TTLS_HANDOVER_H
#define SALLYPORT_TTLS_HANDOVER_H

#include "ttls/policy.h"

MUST_CHECK enum err handover_make(const struct ttls_policy *, bool with_secrets,
                                  int *fd, struct err_info *why);
/* The descriptor stays the caller's. ERR_SYNTAX: not sealed or no policy. */
MUST_CHECK enum err handover_take(int fd, struct ttls_policy **out,
                                  struct err_info *why);

#endif
