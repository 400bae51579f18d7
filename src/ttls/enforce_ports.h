/*
 * The pre-filter: which ports some rule names, per direction. Connections to
 * other ports are never looked at again.
 */
#ifndef SALLYPORT_TTLS_ENFORCE_PORTS_H
#define SALLYPORT_TTLS_ENFORCE_PORTS_H

#include "base/table.h"
#include "ttls/capture_map.h"
#include "ttls/policy.h"

struct enforce_ports {
    uint8_t out[CAPTURE_PORT_BYTES]; /* remote ports of outbound rules */
    uint8_t in[CAPTURE_PORT_BYTES];  /* local ports of inbound rules */
};

/* Remote addresses of outbound rules; is_any: some rule is for every one. */
struct enforce_addrs {
    bool is_any;
    size_t n;
    struct capture_prefix v[CAPTURE_PREFIXES_MAX];
};

void enforce_addrs_of(const struct ttls_policy *, struct enforce_addrs *out);
/* policy NULL: none. */
void enforce_ports_of(const struct ttls_policy *, struct enforce_ports *out);
/* Userid of outbound rules; is_any: some rule is for every one. */
struct enforce_users {
    bool is_any;
    struct table names; /* as written, with a * at the end or without */
};

void enforce_users_of(const struct ttls_policy *, struct enforce_users *out);
void enforce_users_fini(struct enforce_users *);
/* Could some outbound rule be for a connection of this user? */
bool enforce_users_may(const struct enforce_users *, const char *user);
/* Does some rule say SecondaryMap? */
bool enforce_has_primaries(const struct ttls_policy *);
/* Could some inbound rule be for a listener of this job and user? */
bool enforce_ports_may(const struct ttls_policy *, uint16_t port,
                       const char *job, const char *user);

#endif
