/*
 * TLS of the connections to regions (sslCertsRef of
 * zosconnect_cicsIpicConnection), made with the snapshot: opening a connection
 * on a loop must not wait for the angel.
 */
#ifndef SALLYPORT_GATEWAY_LINK_TLS_H
#define SALLYPORT_GATEWAY_LINK_TLS_H

#include "base/table.h"
#include "config/config.h"
#include "gateway/tls_store.h"

/*
 * out: id of the element -> struct tls_config. One whose key store cannot be
 * used is logged and left out, so that its connection cannot be opened; in an
 * update it refuses the configuration (ERR_NOT_NOW).
 */
MUST_CHECK enum err link_tls_build(const struct cfg_tree *, struct tls_stores *,
                                   struct messages_log *, bool is_update,
                                   struct table *out, struct err_info *why);
void link_tls_fini(struct table *);

#endif
