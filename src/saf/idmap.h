/*
 * Identity maps of table idmaps: distributed identities (RACMAP, class
 * IDIDMAP) and certificate name filters (RACDCERT MAP, class DIGTNMAP), and
 * the order in which they are tried.
 *
 * Commands read and write what is stored; logons ask what is effective, which
 * differs until SETROPTS RACLIST(class) REFRESH.
 */
#ifndef SALLYPORT_SAF_IDMAP_H
#define SALLYPORT_SAF_IDMAP_H

#include "base/arena.h"
#include "base/str.h"
#include "saf/authorize.h"

#define IDMAP_USER_MAX 246u     /* bytes of a distributed user name */
#define IDMAP_REGISTRY_MAX 255u /* bytes of a registry name */
#define CERTMAP_FILTER_MAX 255u /* bytes of an issuer's or subject's filter */
#define CERTMAP_OWNER_MULTI "irrmulti"

enum idmap_state { IDMAP_STORED, IDMAP_EFFECTIVE };

/* A distinguished name without blanks around "," and "=" and without needless
 * backslashes, its attribute types in upper case; any other text as it is. */
struct str idmap_normalised(struct arena *, struct str name);

/*
 * The user of a distributed identity. The full name, then each shorter suffix
 * of a distinguished name, then "*"; all of it with the registry, then again
 * with registry "*". False: none. What is effective needs class IDIDMAP active
 * and RACLISTed.
 */
bool idmap_user(struct saf_db *, struct arena *, enum idmap_state,
                struct str name, struct str registry, struct str *user);

/* What a certificate says of itself, most specific first, joined by ".". */
struct certmap_ask {
    struct str subject, issuer;
    struct str applid, sysid; /* &APPLID, &SYSID of criteria */
};
/* Is there any filter? */
bool certmap_is_used(struct saf_db *);
struct certmap {
    struct str user;  /* "" when the best filter gives no user */
    struct str label; /* of the filter that matched */
    struct str owner; /* a user, or irrmulti */
};
/*
 * The best certificate name filter. Filters for subject and issuer together
 * come before those for the subject alone, these before those for the issuer
 * alone, longer ones before shorter ones. A NOTRUST filter that matches gives
 * no user. A MULTIID filter's criteria are looked up in class DIGTCRIT, whose
 * profile's APPLDATA is the user. False: no filter matches.
 */
bool certmap_user(struct saf_engine *, struct arena *, enum idmap_state,
                  const struct certmap_ask *, struct certmap *out);

#endif
