/*
 * Whom a task of a link runs as, and against whom its checks are made: the
 * tables of IPIC link and user security, without I/O.
 *
 * R is the region's user, L the link's, U the flowed one, D the region's
 * default user.
 */
#ifndef SALLYPORT_REGION_AUTHORITY_H
#define SALLYPORT_REGION_AUTHORITY_H

#include "region/defs.h"

enum offered { /* what came with the request */
               OFFERED_NOTHING,
               OFFERED_USER,     /* a sealed acee, no password */
               OFFERED_PASSWORD, /* user id and password or PassTicket */
               OFFERED_DISTRIBUTED,
               N_OFFERED,
};

enum authority_action {
    RUN_AS_LINK,    /* L, or D when the link has no user of its own */
    RUN_AS_DEFAULT, /* D */
    RUN_AS_USER,    /* U, as the acee says */
    RUN_VERIFIED,   /* U, after its password was verified */
    REFUSE,
};

struct authority_row {
    enum authority_action action;
    const char *reason; /* of REFUSE: the word that goes back */
};

/* USERAUTH x what the caller offers. */
struct authority_row authority_of(enum user_auth, enum offered);

enum { CHECK_L = 1u << 0, CHECK_U = 1u << 1, CHECK_D = 1u << 2 };
/* Every id that must pass each check. link_differs: L is set and is not R. */
unsigned authority_checks(enum user_auth, bool link_differs);

#endif
