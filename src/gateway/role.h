/*
 * Role zosConnectAccess: by EJBROLE profiles where safAuthorization is
 * configured, else by authorization-roles.
 * Source: z/OS Connect runtime skeleton; Liberty authorization tables.
 */
#ifndef SALLYPORT_GATEWAY_ROLE_H
#define SALLYPORT_GATEWAY_ROLE_H

#include "gateway/serve.h"

enum role_verdict {
    ROLE_GRANTED,
    ROLE_REFUSED,
    ROLE_UNKNOWN, /* the angel has been away for too long to tell */
};
enum role_verdict role_decide(struct request *);
/* A SAF check of the caller, READ. Somebody without a SAF user has no access,
 * whatever UACC says. */
struct saf_decision role_check(struct request *, struct str class_name,
                               struct str profile);
/* Has this identity one of the role's users, groups or special subjects? */
bool role_names(const struct cfg_security_role *, const struct acee *,
                struct str saf_realm);

#endif
