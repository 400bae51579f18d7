/*
 * What is deployed: the images of all archives of a server, read once (at
 * start, by ZCON,REFRESH) and shared by the configurations that come and go.
 */
#ifndef SALLYPORT_GATEWAY_ARTEFACTS_H
#define SALLYPORT_GATEWAY_ARTEFACTS_H

#include "artefact/image.h"
#include "audit/messages_log.h"
#include "config/elements.h"

struct artefacts {
    uint32_t refs; /* atomic */
    struct image **services, **apis, **requesters;
    size_t n_services, n_apis, n_requesters;
    /* Services, APIs, requesters: the folder they were read from and the name
     * of each image's archive, owned. */
    struct str locations[3];
    char **files[3];
};

/*
 * Read the three folders of the configuration; workarea holds the compiled
 * images. An archive that cannot be used is logged (BAQR...); what the same
 * file was in `before` (may be NULL) stays in its place, else it is left out.
 * The others go on. ERR_MEMORY.
 */
MUST_CHECK enum err artefacts_load(const struct cfg_tree *,
                                   const struct artefacts *before,
                                   const char *workarea, struct messages_log *,
                                   struct artefacts **out,
                                   struct err_info *why);
struct artefacts *artefacts_ref(struct artefacts *);
void artefacts_unref(struct artefacts **);
/* Does the configuration still name the folders these were read from? */
bool artefacts_are_of(const struct artefacts *, const struct cfg_tree *);

#endif
