/* What the files that compile a snapshot share; private to them. */
#ifndef SALLYPORT_GATEWAY_SNAPSHOT_PRIV_H
#define SALLYPORT_GATEWAY_SNAPSHOT_PRIV_H

#include "gateway/snapshot.h"

struct building {
    struct snapshot *s;
    struct tls_stores *stores;
    struct messages_log *log;
    struct err_info *why;
    bool is_update;
    bool is_check; /* nothing is opened or made; see check.h */
};

MUST_CHECK enum err building_no_storage(struct building *);
/* snapshot_ports.c: the ports of all endpoints. */
MUST_CHECK enum err building_ports(struct building *);

#endif
