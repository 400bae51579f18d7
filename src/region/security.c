#include "region/security.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ipc/task.h"
#include "region/worker.h"

#define SEEN_MAX 4096u

enum err
security_open(struct security *s, const struct region_defs *defs,
              struct err_info *why)
{
    const char *classes[1];
    char class_name[9];
    struct saf_rc rc;
    struct buf token;
    enum err e;

    *s = (struct security){ .defs = defs };
    table_init(&s->seen);
    if (!defs->sit.sec)
        return ERR_OK;
    if (task_token_read(&token, why) != ERR_OK)
        buf_init(&token, 0); /* a plain process: the user of its uid */
    e = saf_connect(buf_view(&token), &s->saf, why);
    buf_fini(&token);
    if (e != ERR_OK) {
        err_prefix(why, "SEC=YES needs the security database");
        return e;
    }
    if (defs->sit.xtran.n > 0) {
        (void)snprintf(class_name, sizeof class_name, STR_FMT,
                       STR_ARG(defs->sit.xtran));
        classes[0] = class_name;
        e = saf_view_open(s->saf, classes, 1, &s->view, why);
        if (e != ERR_OK)
            return e;
    }
    /* Without it, only links whose tasks run as D are refused. */
    if (saf_acee_of(s->saf, defs->sit.dfltuser, STR(""), ACEE_UNAUTHENTICATED,
                    &s->default_user, &rc, why) != ERR_OK) {
        const struct str inserts[] = { defs->sit.applid, defs->sit.dfltuser,
                                       str_of(why->text) };

        s->default_user = NULL;
        worker_log("DFHXS1104", inserts, ARRAY_LEN(inserts));
    }
    return ERR_OK;
}

int
security_fd(const struct security *s)
{
    return s->saf == NULL ? -1 : saf_fd(s->saf);
}

void
security_process(struct security *s)
{
    struct err_info why;

    if (saf_process(s->saf, &why) != ERR_OK)
        log_info("%s", why.text);
}

/* A sealed acee, verified once: the same bytes are the same identity. */
static struct acee *
open_sealed(struct security *s, struct str wire, struct err_info *why)
{
    struct acee *acee = table_get(&s->seen, wire);

    if (acee != NULL)
        return acee_ref(acee);
    if (acee_parse(wire, saf_seal_key(s->saf), &acee, why) != ERR_OK)
        return NULL;
    if (s->seen.n >= SEEN_MAX) {
        struct str key;
        void *value;
        size_t pos = 0;

        while (table_next(&s->seen, &pos, &key, &value)) {
            struct acee *old = value;

            acee_unref(&old);
        }
        table_fini(&s->seen);
        table_init(&s->seen);
    }
    if (table_put(&s->seen, wire, acee, NULL))
        return acee_ref(acee);
    return acee;
}

/* The link's user: SECURITYNAME, or whom the certificate stands for. */
static struct acee *
link_user(struct security *s, const struct link_terms *terms,
          struct err_info *why)
{
    struct acee *acee = NULL;
    struct saf_rc rc;

    if (terms->identity.n > 0)
        return open_sealed(s, terms->identity, why);
    if (saf_acee_of(s->saf, terms->securityname, STR(""), ACEE_UNAUTHENTICATED,
                    &acee, &rc, why) != ERR_OK)
        return NULL;
    return acee;
}

void
security_link(struct security *s, struct link_security *link,
              const struct link_terms *terms)
{
    struct err_info why;

    *link = (struct link_security){ .user_auth = terms->user_auth,
                                    .is_vouched = terms->is_vouched };
    if (s->saf == NULL ||
        (terms->securityname.n == 0 && terms->identity.n == 0))
        return;
    link->user = link_user(s, terms, &why);
    if (link->user == NULL) {
        const struct str inserts[] = {
            s->defs->sit.applid, str_of(terms->ipconn), terms->securityname,
            s->defs->sit.dfltuser, str_of(why.text)
        };

        worker_log("DFHIS2041", inserts, ARRAY_LEN(inserts));
        link->user = s->default_user == NULL ? NULL : acee_ref(s->default_user);
        link->differs = true; /* the ceiling of this link is D's authority */
        return;
    }
    link->differs = strcmp(link->user->user, saf_self(s->saf)->user) != 0;
}

void
security_unlink(struct link_security *link)
{
    acee_unref(&link->user);
}

void
security_release(struct verdict *v)
{
    acee_unref(&v->acee);
}

static void
reject(struct verdict *v, const char *reason, const char *detail)
{
    v->reason = reason;
    (void)snprintf(v->detail, sizeof v->detail, "%.200s", detail);
}

/* Reasons of initACEE: 16 not defined, 28 revoked. */
static const char *
refusal_of(const struct saf_rc *rc, const char *other)
{
    return rc->reason == 16   ? "UNKNOWN_USER"
           : rc->reason == 28 ? "REVOKED"
                              : other;
}

static struct acee *
verify(struct security *s, const struct isc_req *req, struct verdict *v)
{
    struct err_info why;
    struct acee *acee = NULL;
    struct saf_rc rc = { 0 };

    if (saf_verify(s->saf, req->user, req->password, s->defs->sit.applid, &acee,
                   &rc, &why) == ERR_OK)
        return acee;
    reject(v, refusal_of(&rc, "BAD_PASSWORD"), why.text);
    return NULL;
}

/* A user id that the link's partner vouches for, or that the angel sealed: a
 * bare name from anybody else proves nothing. */
static struct acee *
identify(struct security *s, const struct link_security *link,
         const struct isc_req *req, struct verdict *v)
{
    struct err_info why = { .text = "the user id is not sealed" };
    struct acee *acee = NULL;
    struct saf_rc rc = { 0 };

    if (req->acee.n > 0)
        acee = open_sealed(s, req->acee, &why);
    else if (link->is_vouched &&
             saf_acee_of(s->saf, req->user, STR(""), ACEE_ASSERTED, &acee, &rc,
                         &why) != ERR_OK)
        acee = NULL;
    if (acee == NULL)
        reject(v, refusal_of(&rc, "UNKNOWN_USER"), why.text);
    return acee;
}

static enum offered
offered_by(const struct isc_req *req)
{
    if (req->password.n > 0)
        return OFFERED_PASSWORD;
    if (req->acee.n > 0 || req->user.n > 0)
        return OFFERED_USER;
    return req->dn.n > 0 ? OFFERED_DISTRIBUTED : OFFERED_NOTHING;
}

static struct acee *
user_of_task(struct security *s, const struct link_security *link,
             const struct isc_req *req, struct verdict *v)
{
    struct authority_row row = authority_of(link->user_auth, offered_by(req));
    struct acee *acee = NULL;

    switch (row.action) {
    case REFUSE:
        reject(v, row.reason, "refused by USERAUTH of the IPCONN");
        return NULL;
    case RUN_VERIFIED:
        return verify(s, req, v);
    case RUN_AS_USER:
        return identify(s, link, req, v);
    case RUN_AS_LINK:
        acee = link->user != NULL ? link->user : s->default_user;
        break;
    case RUN_AS_DEFAULT:
        acee = s->default_user;
        break;
    }
    if (acee == NULL) {
        reject(v, "NO_USER", "the region's default user is not usable");
        return NULL;
    }
    return acee_ref(acee);
}

/* May this id attach the transaction? A class that is not active or has no
 * profile protects nothing (what CICS does is not published; as SAF's 4). */
static bool
may_attach(struct security *s, const struct acee *acee, const char *mirror,
           const char *ipconn_user)
{
    struct saf_decision d;
    char name[9];

    if (acee == NULL)
        return false;
    if (s->view == NULL)
        return true;
    d = saf_check(s->view, acee, s->defs->sit.xtran, str_of(mirror), SAF_READ);
    saf_log_access(s->saf, acee, s->defs->sit.xtran, str_of(mirror), &d);
    if (d.rc.saf <= 4)
        return true;
    (void)snprintf(name, sizeof name, "%s", acee->user);
    {
        const struct str inserts[] = { s->defs->sit.applid, str_of(mirror),
                                       str_of(name), s->defs->sit.xtran,
                                       str_of(ipconn_user) };

        worker_log("DFHXS1111", inserts, ARRAY_LEN(inserts));
    }
    return false;
}

void
security_decide(struct security *s, const struct link_security *link,
                const struct isc_req *req, const char *mirror,
                struct verdict *v)
{
    unsigned checks = authority_checks(link->user_auth, link->differs);

    *v = (struct verdict){ 0 };
    if (s->saf == NULL) { /* SEC=NO: everybody is the default user */
        (void)snprintf(v->user, sizeof v->user, STR_FMT,
                       STR_ARG(s->defs->sit.dfltuser));
        return;
    }
    v->acee = user_of_task(s, link, req, v);
    if (v->acee == NULL)
        return;
    memcpy(v->user, v->acee->user, sizeof v->user);
    if (((checks & CHECK_U) != 0 && !may_attach(s, v->acee, mirror, "user")) ||
        ((checks & CHECK_L) != 0 &&
         !may_attach(s, link->user, mirror, "link user")) ||
        ((checks & CHECK_D) != 0 &&
         !may_attach(s, s->default_user, mirror, "default user"))) {
        reject(v, "TRAN_NOT_AUTHORISED",
               "not authorized to attach the mirror transaction");
        acee_unref(&v->acee);
    }
}
