/*
 * A tree for readers: what is in effect and where each value came from.
 *
 * cfg_dump() writes a server.xml that, read again in the same place, gives a
 * tree that dumps the same. Secrets are never written: "*****" stands for one.
 * cfg_settings() gives the same as a flat list, for comparing two trees.
 */
#ifndef SALLYPORT_CONFIG_DUMP_H
#define SALLYPORT_CONFIG_DUMP_H

#include "config/config.h"

enum cfg_dump_flags {
    CFG_DUMP_PLAIN = 1u << 0,   /* without comments on origins */
    CFG_DUMP_WRITTEN = 1u << 1, /* without defaults */
};

/* ERR_LIMIT, ERR_MEMORY */
MUST_CHECK enum err cfg_dump(const struct cfg_tree *, unsigned flags,
                             struct buf *out, struct err_info *why);

/* One attribute of one element, or (attr "") that the element is there. */
struct cfg_setting {
    struct str element; /* "zosconnect_services/service[name=a]" */
    struct str attr;
    struct str value;  /* as it would be written; "*****" for a secret */
    struct str full;   /* with secrets that are no passwords by their kind: for
                          comparing, never to be shown */
    struct str origin; /* "server.xml:3", "default", "built-in"... */
    bool is_default;
    const struct secret *secret; /* for comparing; else NULL */
};

/* In the order of the dump; all in `arena`, but secrets stay the tree's. */
MUST_CHECK enum err cfg_settings(const struct cfg_tree *, struct arena *,
                                 const struct cfg_setting **v, size_t *n,
                                 struct err_info *why);

#endif
