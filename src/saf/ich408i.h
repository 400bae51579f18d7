/*
 * ICH408I and the IRR01xI lines: the layout operators and their tools parse.
 * Source: console captures; Security Server Messages and Codes.
 */
#ifndef SALLYPORT_SAF_ICH408I_H
#define SALLYPORT_SAF_ICH408I_H

#include "saf/acee.h"
#include "saf/saf.h"

/* Where operator lines go, one call for each line. */
struct saf_lines {
    void (*line)(void *arg, struct str text);
    void *arg;
    /* For the audit: a logon that failed, or LOGON_OWNER; may be NULL. */
    void (*logon)(void *arg, struct str user, struct str group, unsigned how);
};

enum logon_failure {
    LOGON_INVALID_PASSWORD,
    LOGON_INVALID_PHRASE,
    LOGON_REVOKED,
    LOGON_EXCESSIVE,
    LOGON_EXPIRED,
    LOGON_INVALID_GROUP,
    LOGON_GROUP_REVOKED,
    LOGON_INACTIVE,
    LOGON_REPLAY,
    LOGON_DAY_TIME,
    LOGON_SURROGATE,
    LOGON_TERMINAL,
    LOGON_NEW_PASSWORD,
    LOGON_NEW_PHRASE,
    LOGON_PHRASE_EXPIRED,
    LOGON_OIDCARD,   /* which nobody can present here */
    LOGON_UNDEFINED, /* no ICH408I: tell only */
    LOGON_OWNER,     /* let in, or made SPECIAL, because the image is his */
};

/* name "" prints as 20 x #. submitter "": no SUBMITTER line. */
void ich408i_logon(const struct saf_lines *, struct str user, struct str group,
                   struct str name, struct str submitter, enum logon_failure);
/* Tell `logon` alone. */
void logon_tell(const struct saf_lines *, struct str user, struct str group,
                enum logon_failure);
/* A refused access to a resource (or one allowed because of WARNING). */
void ich408i_access(const struct saf_lines *, const struct acee *,
                    struct str class_name, struct str resource,
                    const struct saf_decision *);

#endif
