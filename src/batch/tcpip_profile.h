/*
 * PROFILE.TCPIP and OBEYFILE members, as far as they concern AT-TLS:
 *
 *     file      = { statement }
 *     statement = KEYWORD { word }
 *
 * in free form over lines; ';' begins a comment, columns do not matter.
 * TCPCONFIG and AUTOLOG are understood; statements of other matters are passed
 * over.
 *
 *     AUTOLOG [minutes] { entry } ENDAUTOLOG
 *     entry = proc [JOBNAME job] [PARMSTRING "text"]
 *             [DELAYSTART { DVIPA | TTLS }]
 */
#ifndef SALLYPORT_BATCH_TCPIP_PROFILE_H
#define SALLYPORT_BATCH_TCPIP_PROFILE_H

#include "base/err.h"
#include "base/str.h"

#define TCPIP_AUTOLOG_MAX 64u
#define TCPIP_PARM_MAX 115u   /* of PARMSTRING */
#define TCPIP_WAIT_MINUTES 5u /* AUTOLOG without a number */
#define TCPIP_WAIT_MAX 30u    /* [unverified] */

/* When a procedure starts; sums of it. DELAYSTART alone is DVIPA
 * [unverified]. */
enum tcpip_delay {
    TCPIP_DELAY_NONE = 0,
    TCPIP_DELAY_DVIPA = 1, /* the stack is up, as there is no sysplex */
    TCPIP_DELAY_TTLS = 2,  /* AT-TLS services are available */
};

struct tcpip_autolog {
    char proc[9];
    char job[9]; /* of its ports; or "" */
    char parm[TCPIP_PARM_MAX + 1];
    unsigned delay;
    uint32_t line;
};

struct tcpip_profile {
    bool has_ttls; /* TTLS or NOTTLS is coded; the last one counts */
    bool is_ttls;
    uint32_t autolog_line; /* of the last AUTOLOG; 0: none */
    uint32_t wait_minutes;
    struct tcpip_autolog autolog[TCPIP_AUTOLOG_MAX];
    size_t n_autolog;
};

struct tcpip_hears {
    /* Each statement that is passed over; may be NULL. */
    void (*on_unused)(void *arg, struct str word, uint32_t line);
    /* NULL: the first error is the end. Else each is told, what it stands in
     * is left out (an operand, an entry), and the rest counts. */
    void (*on_error)(void *arg, uint32_t line, const char *text);
    void *arg;
};

/* hears may be NULL. ERR_SYNTAX (line in why): nothing may be applied, *out is
 * as before. */
MUST_CHECK enum err tcpip_profile_parse(struct str text,
                                        const struct tcpip_hears *hears,
                                        struct tcpip_profile *out,
                                        struct err_info *why);

#endif
