/*
 * What a client of FileNotificationMBean sends (Liberty, JMX REST connector):
 *
 *   {}                                             no parameters
 *   {"params":[P,P,P],"signature":[S,S,S]}         notifyFileChanges
 *   P = {"value":["/a/b",...],"type":{"className":"java.util.ArrayList",
 *        "items":["java.lang.String",...]}}        one item for each value
 *   S = "java.util.Collection"
 */
#ifndef SALLYPORT_GATEWAY_MBEAN_BODY_H
#define SALLYPORT_GATEWAY_MBEAN_BODY_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum mbean_call {
    MBEAN_CONFIGURATION, /* processConfigurationChanges */
    MBEAN_APPLICATIONS,  /* processApplicationChanges */
    MBEAN_FILES,         /* notifyFileChanges */
};

#define MBEAN_PATHS_MAX 10000u
#define MBEAN_PATH_MAX 4096u

/* What files have changed, in whichever way. */
struct mbean_notice {
    enum mbean_call call;
    struct str *paths; /* MBEAN_FILES: created, modified, deleted */
    size_t n_paths;
};

/* False: there is no such operation. */
bool mbean_call_of(struct str operation, enum mbean_call *out);

/*
 * ERR_SYNTAX     not such a document
 * ERR_NOT_FOUND  another signature than the operation has
 * ERR_LIMIT      too many paths, or one that is too long
 */
MUST_CHECK enum err mbean_body_parse(struct arena *, enum mbean_call,
                                     struct str body, struct mbean_notice *out,
                                     struct err_info *why);

#endif
