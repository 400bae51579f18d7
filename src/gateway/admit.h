/*
 * Which addresses may connect to an endpoint: tcpOptions addressIncludeList and
 * addressExcludeList. Exclude beats include; with an include list everybody
 * else stays out. [order unverified]
 */
#ifndef SALLYPORT_GATEWAY_ADMIT_H
#define SALLYPORT_GATEWAY_ADMIT_H

#include <sys/socket.h>

#include "base/arena.h"
#include "base/err.h"
#include "config/config.h"

/* An IPv4 or a full IPv6 address, each field a number or *. */
struct admit_pattern {
    bool is_v6;
    bool is_any[8];
    uint16_t field[8]; /* 4 of them for IPv4 */
};

struct admit {
    struct admit_pattern *include, *exclude;
    size_t n_include, n_exclude;
};

MUST_CHECK bool admit_pattern_parse(struct str text, struct admit_pattern *out);
/* ERR_SYNTAX: *bad is the entry that is none, *is_exclude its list. */
MUST_CHECK enum err admit_new(struct arena *, const struct cfg_list *include,
                              const struct cfg_list *exclude, struct admit *out,
                              struct str *bad, bool *is_exclude);
bool admit_address(const struct admit *, const struct sockaddr *);

#endif
