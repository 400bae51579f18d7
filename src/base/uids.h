/*
 * The OMVS UIDs and GIDs that are this image's to give: uidrange of
 * etc/image.conf. The first is for superusers' address spaces, which get no
 * Linux root; users and groups have those above it. START, submit and
 * OMVS(AUTOUID), OMVS(AUTOGID) all go by this.
 */
#ifndef SALLYPORT_BASE_UIDS_H
#define SALLYPORT_BASE_UIDS_H

#include "base/err.h"

struct uid_range {
    uint32_t first, last;
};

/* What a range is that says nothing: 50000-59999. */
struct uid_range uid_range_default(void);
/* etc/image.conf; without it, or when it may not be read, the default.
 * ERR_SYNTAX: its uidrange is none, or holds numbers of our own processes. */
MUST_CHECK enum err uid_range_read(struct uid_range *out, struct err_info *why);
/* The numbers of users and groups of their own. */
static inline uint32_t
uid_range_user_first(struct uid_range r)
{
    return r.first + 1;
}
static inline bool
uid_range_has_user(struct uid_range r, uint32_t uid)
{
    return uid > r.first && uid <= r.last;
}

#endif
