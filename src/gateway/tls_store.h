/*
 * Key stores to TLS: an ssl element and its key and trust stores (SAF rings or
 * files) become one tls_config. Made on the control thread, with its own
 * connection to the angel, while the loops go on with what they have.
 */
#ifndef SALLYPORT_GATEWAY_TLS_STORE_H
#define SALLYPORT_GATEWAY_TLS_STORE_H

#include "audit/messages_log.h"
#include "base/err.h"
#include "config/elements.h"
#include "gateway/ticket_files.h"
#include "io/tls.h"
#include "saf/client.h"

/* "safkeyring://OWNER/Ring" and its shorter forms: owner is "" for one's own.
 * ERR_SYNTAX: no such form. */
MUST_CHECK enum err tls_ring_parse(struct str location, struct str *owner,
                                   struct str *ring, struct err_info *why);

/* What outlives configurations; borrowed. */
struct tls_shared {
    struct ticket_files *tickets;
    struct revocation_cache *revocation;
    bool is_check; /* no rings, nothing is made; see check.h */
};

/* The stores one configuration names, each read once while it is compiled. */
struct tls_stores;
MUST_CHECK enum err tls_stores_new(struct saf_client *, struct messages_log *,
                                   const struct tls_shared *,
                                   const struct cfg_tree *,
                                   struct tls_stores **out,
                                   struct err_info *why);
void tls_stores_free(struct tls_stores **);

/* A file to look at for changes: updateTrigger="polled", or a file beside the
 * stores. Borrowed. */
struct tls_polled {
    struct str path;
    uint64_t rate_ms; /* pollingRate */
};
size_t tls_stores_polled(const struct tls_stores *,
                         const struct tls_polled **out);

/* For an endpoint's port, or NULL: for outbound connections. alias: instead of
 * the ssl element's own; "" none. Problems are logged (CWPKI...) and
 * returned. In a check *out is NULL when it depends on what is not read. */
MUST_CHECK enum err tls_store_build(struct tls_stores *, const struct cfg_ssl *,
                                    const struct cfg_http_endpoint *,
                                    struct str alias, struct tls_config **out,
                                    struct err_info *why);

#endif
