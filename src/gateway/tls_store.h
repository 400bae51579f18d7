/*
 * Key stores to TLS: an ssl element and its key and trust stores (SAF rings)
 * become one tls_config. Made on the control thread, with its own connection
 * to the angel, while the loops go on with what they have.
 */
#ifndef SALLYPORT_GATEWAY_TLS_STORE_H
#define SALLYPORT_GATEWAY_TLS_STORE_H

#include "audit/messages_log.h"
#include "base/err.h"
#include "config/elements.h"
#include "io/tls.h"
#include "saf/client.h"

/* "safkeyring://OWNER/Ring" and its shorter forms: owner is "" for one's own.
 * ERR_SYNTAX: no such form. */
MUST_CHECK enum err tls_ring_parse(struct str location, struct str *owner,
                                   struct str *ring, struct err_info *why);

/* For an endpoint's port, or NULL: for outbound connections. Problems are
 * logged (CWPKI...) and returned. */
MUST_CHECK enum err tls_store_build(struct saf_client *, struct messages_log *,
                                    const struct cfg_ssl *,
                                    const struct cfg_http_endpoint *,
                                    struct tls_config **out,
                                    struct err_info *why);

#endif
