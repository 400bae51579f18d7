/* Which ssl element a connection to somebody uses: outboundConnection filters,
 * sslDefault. */
#ifndef SALLYPORT_GATEWAY_TLS_OUTBOUND_H
#define SALLYPORT_GATEWAY_TLS_OUTBOUND_H

#include "audit/messages_log.h"
#include "config/elements.h"

/* Are the names of those we connect to verified? By the element or for all. */
bool tls_verifies_names(const struct cfg_tree *, const struct cfg_ssl *);

/* Says, once for a configuration, what is wrong with outbound filters. */
void tls_outbound_check(const struct cfg_tree *, struct messages_log *);

/* The ssl element for a connection to host and port: the caller's own, else the
 * outboundConnection that fits best, else sslDefault's. *alias: the certificate
 * that filter names, or "". NULL: there is none. */
const struct cfg_ssl *tls_outbound_of(const struct cfg_tree *,
                                      const struct cfg_ssl *own,
                                      struct str host, unsigned port,
                                      struct str *alias);

#endif
