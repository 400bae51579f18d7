/*
 * The authorization interceptor: may this identity do this, by membership of
 * the groups configured for the resource, or else globally? Never a union of
 * the two levels.
 *
 * Source: z/OS Connect authorization levels.
 */
#ifndef SALLYPORT_GATEWAY_AUTHORIZATION_H
#define SALLYPORT_GATEWAY_AUTHORIZATION_H

#include "auth/decision.h"
#include "config/elements.h"
#include "saf/acee.h"
#include "sallyport/interceptor.h"

/* What request->host points to, as far as authorization goes. */
struct authorization_subject {
    const struct acee *acee;              /* whom to authorize; NULL: nobody */
    const struct cfg_zcon_groups *own;    /* of the resource; NULL: global */
    const struct cfg_zcon_groups *global; /* of the manager */
    bool is_asserted;                     /* the message names an assertion */
    struct decision *decision;
};

extern const struct sallyport_interceptor authorization_interceptor;

/* The host's group question: is the subject in this group? */
int authorization_in_group(const struct sallyport_request *, const char *group);

#endif
