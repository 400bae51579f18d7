/*
 * zosconnect_endpointConnection made ready: address, TLS, credentials. One that
 * cannot be used keeps its reason; calls then fail with it, the server runs.
 */
#ifndef SALLYPORT_GATEWAY_ENDPOINT_H
#define SALLYPORT_GATEWAY_ENDPOINT_H

#include "gateway/snapshot.h"
#include "gateway/tls_store.h"

/* ERR_MEMORY only; anything else is in (*out)->problem and logged. */
MUST_CHECK enum err endpoint_new(struct arena *, const struct cfg_tree *,
                                 struct tls_stores *, struct messages_log *,
                                 struct str id, struct endpoint **out,
                                 struct err_info *why);
/* Wipes the credentials and lets TLS go; the storage is the arena's. */
void endpoint_close(const struct endpoint *);

/*
 * The request target: domainBasePath, the operation's path with its {names}
 * replaced by encoded path values, and the query values.
 * ERR_NOT_FOUND: a name has no value.
 */
MUST_CHECK enum err endpoint_target(const struct endpoint *, struct str path,
                                    const struct map_value *values, size_t n,
                                    struct buf *out, struct err_info *why);

#endif
