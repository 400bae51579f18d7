/*
 * PROFILE.TCPIP and OBEYFILE members, as far as they concern AT-TLS:
 *
 *     file      = { statement }
 *     statement = KEYWORD { word }
 *
 * in free form over lines; ';' begins a comment, columns do not matter.
 * TCPCONFIG is understood; statements of other matters are passed over.
 */
#ifndef SALLYPORT_BATCH_TCPIP_PROFILE_H
#define SALLYPORT_BATCH_TCPIP_PROFILE_H

#include "base/err.h"
#include "base/str.h"

struct tcpip_profile {
    bool has_ttls; /* TTLS or NOTTLS is coded; the last one counts */
    bool is_ttls;
};

typedef void (*tcpip_unused)(void *arg, struct str word, uint32_t line);

/* on_unused (may be NULL) hears of each statement that is passed over.
 * ERR_SYNTAX (line in why): an unknown word; nothing may be applied. */
MUST_CHECK enum err tcpip_profile_parse(struct str text, tcpip_unused on_unused,
                                        void *arg, struct tcpip_profile *out,
                                        struct err_info *why);

#endif
