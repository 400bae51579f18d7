/*
 * Words of the security product shared by engine, client and callers.
 * Source: RACROUTE REQUEST=AUTH; IRRSIA00.
 */
#ifndef SALLYPORT_SAF_SAF_H
#define SALLYPORT_SAF_SAF_H

#include "base/defs.h"

#define SAF_USER_MAX 8u
#define SAF_GROUP_MAX 8u
#define SAF_CLASS_MAX 8u
#define SAF_PROFILE_MAX 246u
#define SAF_LABEL_MAX 32u
#define SAF_RING_MAX 237u
#define SAF_NAME_MAX 20u
#define SAF_OMVS_PATH_MAX 1023u /* HOME and PROGRAM */

enum saf_level {
    SAF_NONE,
    SAF_EXECUTE,
    SAF_READ,
    SAF_UPDATE,
    SAF_CONTROL,
    SAF_ALTER,
};

/* The triple every check answers. Never folded to a bool inside the product:
 * 4/4/0 "not protected" is the caller's decision. */
struct saf_rc {
    uint32_t saf;    /* 0 authorized, 4 no decision, 8 refused */
    uint32_t racf;   /* RACF return code */
    uint32_t reason; /* RACF reason code */
};

#define SAF_RC(s, r, x) ((struct saf_rc){ (s), (r), (x) })

static inline bool
saf_rc_is_ok(struct saf_rc rc)
{
    return rc.saf == 0;
}

/* Why an access is recorded. */
enum saf_log {
    SAF_LOG_USER = 1u << 0,    /* UAUDIT */
    SAF_LOG_PROFILE = 1u << 1, /* AUDIT of the profile, WARNING, PROTECTALL */
    SAF_LOG_GLOBAL = 1u << 2,  /* GLOBALAUDIT of the profile */
    SAF_LOG_OPTIONS = 1u << 3, /* LOGOPTIONS of the class */
    SAF_LOG_OPERATIONS = 1u << 4, /* OPERAUDIT */
    SAF_LOG_ALL = 0x1f,
};

/* What decided, for messages, audit and explain. Lengths as stored. */
struct saf_decision {
    struct saf_rc rc;
    char profile[SAF_PROFILE_MAX + 1]; /* "" when none controlled */
    bool is_generic;
    bool is_warning; /* allowed only because of WARNING */
    bool is_unknown; /* nobody could be asked, so it is refused (a view whose
                        angel is away for long, or was never there) */
    bool wants_log;  /* profile, class options or user ask for a record */
    uint8_t log;     /* enum saf_log: which of them; 0 when none does */
    enum saf_level requested;
    enum saf_level allowed;
    char entry[SAF_GROUP_MAX + 3]; /* deciding list entry: id, group, "*",
                                      "UACC", "WHEN", "GLOBAL", "OWN" (one's
                                      own data set), "OPERATIONS" or "" */
    bool is_listed; /* the id or a group stands in the standard list */
};

const char *saf_level_name(enum saf_level); /* "READ" */

/* System id in SMF records, and &SYSID. */
#define SMF_SYSTEM_ID "SPT1"

#endif
