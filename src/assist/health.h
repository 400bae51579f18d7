/*
 * The health check: what a backing store says that is allowed and hardly
 * meant. All of it are warnings, told with their path.
 */
#ifndef SALLYPORT_ASSIST_HEALTH_H
#define SALLYPORT_ASSIST_HEALTH_H

#include "assist/model.h"

/* Objects: unused ones, weak protocols and ciphers, partners that are not
 * checked, ports that are everybody's. */
void health_store(const struct store *, store_diag, void *arg);
/* A stack and its generated policy: no rule at all, rules that no connection
 * ever gets, and what the parser of policies warns of. ERR_MEMORY. */
MUST_CHECK enum err health_stack(const struct store_stack *, struct str policy,
                                 store_diag, void *arg, struct err_info *why);

enum health_status {
    HEALTH_OFF, /* AT-TLS is not among its technologies: it has no policy */
    HEALTH_INCOMPLETE, /* it has no rule yet */
    HEALTH_COMPLETE
};

enum health_status health_status(const struct store_stack *);
const char *health_status_text(enum health_status);

#endif
