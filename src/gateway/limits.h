/*
 * Ceilings that answer 503 or 429 before memory or patience runs out: requests
 * under way in all and for each API (bulkheads), rates for each address and
 * user, connections for each address. Element sallyport_limits.
 *
 * Rates and connections are kept in tables of a fixed size under a keyed hash;
 * two addresses that meet in one slot share it. Nothing is allocated and
 * nothing locks.
 */
#ifndef SALLYPORT_GATEWAY_LIMITS_H
#define SALLYPORT_GATEWAY_LIMITS_H

#include <sys/socket.h>

#include "base/err.h"
#include "base/str.h"
#include "config/elements.h"

struct limits;

/* What is counted for one API, service or requester. All atomic, relaxed. */
struct bulkhead {
    uint32_t n_running;
    uint32_t average_us; /* of the time to answer, moving */
    uint64_t n_requests, n_failed, total_us;
};

enum limit {
    LIMIT_NONE,
    LIMIT_SERVER,  /* maxConcurrentRequests */
    LIMIT_API,     /* maxConcurrentRequestsPerApi */
    LIMIT_LATENCY, /* maxLatency */
    LIMIT_ADDRESS, /* requestsPerSecondPerAddress: 429 */
    LIMIT_USER,    /* requestsPerSecondPerUser: 429 */
    LIMIT_CONNECTIONS,
    LIMIT_USER_CONNECTIONS, /* maxConnectionsPerUser: 429 */
    LIMIT_API_CONNECTIONS,  /* maxConnectionsPerApi */
    LIMIT_MEMORY,           /* maxMemory */
};
#define LIMIT_KINDS 10u
const char *limit_name(enum limit); /* the attribute */

MUST_CHECK enum err limits_new(struct limits **out, struct err_info *why);
void limits_free(struct limits **);

/* n_own of n_loops: requests under way on this loop. On LIMIT_NONE the bulkhead
 * counts one more, until bulkhead_leave. */
enum limit limits_enter(struct limits *, const struct cfg_request_limits *,
                        size_t n_own, uint64_t n_loops, struct str address,
                        struct bulkhead *, uint64_t now_us);
void bulkhead_leave(struct bulkhead *, unsigned status, uint64_t elapsed_us);
enum limit limits_user(struct limits *, const struct cfg_request_limits *,
                       struct str user, uint64_t now_us);

/* A connection begins (false: one too many; it does not count) and ends. */
bool limits_connect(struct limits *, const struct cfg_request_limits *,
                    const struct sockaddr *);
void limits_disconnect(struct limits *, const struct sockaddr *);

/* Whom a connection counts for: the user and the API of its last request. Zero
 * at first. */
struct limits_tenant {
    struct limits *limits;
    uint32_t user, api; /* slot + 1; 0: nobody */
};
/* It asks as `user`, or asks `api`; false: that one has too many connections,
 * and this one goes on counting for whom it did. */
bool limits_tenant_user(struct limits_tenant *,
                        const struct cfg_request_limits *, struct str user);
bool limits_tenant_api(struct limits_tenant *,
                       const struct cfg_request_limits *, struct str api);
void limits_tenant_end(struct limits_tenant *);

#endif
