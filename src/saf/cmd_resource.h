/* Shared by the verbs on general resources. Private. */
#ifndef SALLYPORT_SAF_CMD_RESOURCE_H
#define SALLYPORT_SAF_CMD_RESOURCE_H

#include "saf/classes.h"
#include "saf/cmd.h"

/* The name as the class keeps it; false after IRR16001I. */
bool cmd_profile_name(struct cmd *, const struct saf_class *, struct str given,
                      struct str *name);
/* Owner, or ALTER in a discrete profile's list. */
bool cmd_may_alter_profile(struct cmd *, const struct saf_profile *);
/* Say that the change waits for a REFRESH, when the class is RACLISTed. */
void cmd_warn_raclisted(struct cmd *, const struct saf_class *, const char *id);

#endif
