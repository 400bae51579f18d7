/* What the files of V TCPIP, D TCPIP and the stacks' begin share. */
#ifndef SALLYPORT_BATCH_TCPIP_PRIV_H
#define SALLYPORT_BATCH_TCPIP_PRIV_H

#include "base/err.h"
#include "base/str.h"

struct master;

/* ERR_NOT_FOUND: no process holds the stack. */
MUST_CHECK enum err tcpip_ask(const char *name, uint16_t type,
                              struct str payload, struct err_info *why);
/* TCPCONFIG TTLS or NOTTLS, for the process of the stack that comes next. */
MUST_CHECK enum err tcpip_write_switch(const char *name, bool is_on,
                                       struct err_info *why);

struct tcpip_state {
    bool is_on;        /* TCPCONFIG TTLS */
    bool was_complete; /* an agent has installed a policy */
    uint32_t n_rules;  /* of the policy it has */
};

/* False: no process holds the stack. */
bool tcpip_state_of(const char *name, struct tcpip_state *);
/* Is it in its start-up window? */
bool tcpip_is_gated(const char *name);
/* TTLS was switched on: says what the operator can count on, and starts what
 * waits for it. */
void tcpip_switched_on(struct master *, const char *name);

#endif
