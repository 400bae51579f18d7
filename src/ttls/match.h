/*
 * Which rule a connection gets. The index is built once for each policy and
 * read by any number of threads; a lookup costs a few hash probes however
 * many rules there are, as long as they differ in job, user, ports or
 * addresses.
 *
 * Order: priority, highest first; equal ones by name. The first rule whose
 * conditions all hold ends the search.
 */
#ifndef SALLYPORT_TTLS_MATCH_H
#define SALLYPORT_TTLS_MATCH_H

#include "ttls/policy.h"

/* What is known about a connection. */
struct ttls_facts {
    struct in6_addr local, remote;    /* IPv4 as ::ffff:a.b.c.d */
    uint16_t local_port, remote_port; /* host order */
    enum ttls_direction direction;    /* TTLS_INBOUND or TTLS_OUTBOUND */
    struct str job;                   /* upper case, at most 8 characters */
    struct str user;                  /* upper case, at most 8 characters */
    uint64_t now_s;                   /* wall clock, for time conditions */
    /*
     * Before connect() has chosen them, local address or port may be unknown:
     * the first rule that could apply is returned.
     */
    bool is_local_addr_unknown, is_local_port_unknown;
};

struct ttls_match;

/* Holds a reference to the policy. ERR_MEMORY. */
MUST_CHECK enum err ttls_match_new(struct ttls_policy *, struct ttls_match **,
                                   struct err_info *why);
void ttls_match_free(struct ttls_match **);
/* NULL: no rule, the connection is none of AT-TLS's business. */
const struct ttls_rule *ttls_match_find(const struct ttls_match *,
                                        const struct ttls_facts *);
/* The same by trying every rule in turn: the definition, for tests. */
const struct ttls_rule *ttls_match_slowly(const struct ttls_policy *,
                                          const struct ttls_facts *);
/* Does the period of the rule hold now? */
bool ttls_time_holds(const struct ttls_time *, uint64_t now_s);

#endif
