/*
 * A worker's decisions about who a request runs as: the tables of authority.h
 * with acees, the angel and the access checks filled in. Fails closed.
 */
#ifndef SALLYPORT_REGION_SECURITY_H
#define SALLYPORT_REGION_SECURITY_H

#include "base/table.h"
#include "isc/frame.h"
#include "region/authority.h"
#include "region/defs.h"
#include "saf/client.h"

struct security {
    const struct region_defs *defs;
    struct saf_client *saf; /* NULL with SEC=NO */
    struct saf_view *view;
    struct acee *default_user; /* NULL: not usable */
    struct table seen;         /* sealed bytes -> acee */
};

struct link_security {
    enum user_auth user_auth;
    struct acee *user; /* L, or NULL when it has none of its own */
    bool differs;      /* L is set and is not the region's user */
    bool is_vouched;   /* the partner's word about users counts */
};

/* What the supervisor says of a session's link. */
struct link_terms {
    enum user_auth user_auth;
    const char *ipconn;
    struct str securityname; /* SECUSER, or empty */
    struct str identity;     /* CERTUSER: sealed acee, or empty */
    bool is_vouched;
};

struct verdict {
    const char *reason; /* NULL: run; else the word that goes back */
    char detail[256];
    char user[9];
    struct acee *acee; /* of the task's user; NULL with SEC=NO */
};

MUST_CHECK enum err security_open(struct security *, const struct region_defs *,
                                  struct err_info *why);
/* What a link's definition means; an unusable link user is logged and leaves
 * the link with default-user authority. */
void security_link(struct security *, struct link_security *,
                   const struct link_terms *);
void security_unlink(struct link_security *);
/* Decide a request; `mirror` is the transaction to attach. */
void security_decide(struct security *, const struct link_security *,
                     const struct isc_req *, const char *mirror,
                     struct verdict *);
void security_release(struct verdict *);
/* -1 when there is nothing to watch. */
int security_fd(const struct security *);
void security_process(struct security *);

#endif
