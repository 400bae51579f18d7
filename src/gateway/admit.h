/*
 * Who may connect to an endpoint: tcpOptions addressIncludeList and
 * addressExcludeList, hostNameIncludeList and hostNameExcludeList. Exclude
 * beats include; with include lists, whoever is on neither stays out. [order
 * unverified]
 *
 * A name is what the owner of the address has put into the DNS. It lets in only
 * when it leads back to the address; an exclude list of names keeps out nobody
 * who does not want to be known.
 */
#ifndef SALLYPORT_GATEWAY_ADMIT_H
#define SALLYPORT_GATEWAY_ADMIT_H

#include <sys/socket.h>

#include "base/arena.h"
#include "base/err.h"
#include "config/elements.h"

/* An IPv4 or a full IPv6 address, each field a number or *. */
struct admit_pattern {
    bool is_v6;
    bool is_any[8];
    uint16_t field[8]; /* 4 of them for IPv4 */
};

struct admit {
    struct admit_pattern *include, *exclude;
    size_t n_include, n_exclude;
    const struct cfg_list *include_names, *exclude_names; /* the tree's */
};

/* What the name of an address turned out to be. */
struct admit_name {
    struct str name; /* "" none */
    bool is_confirmed;
    bool has_failed; /* it could not be found out */
};

MUST_CHECK bool admit_pattern_parse(struct str text, struct admit_pattern *out);
/* "name" or "*.name": * is the first character or none. */
MUST_CHECK bool admit_name_is_pattern(struct str text);
/* Lists of tcpOptions; strings stay the tree's. ERR_SYNTAX: *bad is the entry
 * that is none, *id the message about its list. */
MUST_CHECK enum err admit_new(struct arena *, const struct cfg_tcp_options *,
                              struct admit *out, struct str *bad,
                              const char **id);
/* name: NULL when it has not been looked up. */
enum admit_verdict { ADMIT_NO, ADMIT_YES, ADMIT_NEEDS_NAME };
enum admit_verdict admit_judge(const struct admit *, const struct sockaddr *,
                               const struct admit_name *name);

#endif
