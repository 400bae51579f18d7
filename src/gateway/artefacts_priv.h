/* What artefacts.c and artefacts_load.c share; private to them. */
#ifndef SALLYPORT_GATEWAY_ARTEFACTS_PRIV_H
#define SALLYPORT_GATEWAY_ARTEFACTS_PRIV_H

#include "gateway/artefacts.h"

/* The code page that server.xml gives a service; 0: its archive's. */
uint32_t artefact_ccsid(const struct cfg_tree *, struct str service);
/* image may be NULL; borrowed from it or from the file's name. */
struct str artefact_service_name(const struct image *, const char *file);
void artefact_fini(struct artefact *);
/* Write the index (archive_index.h) of them. */
void artefacts_index(const struct artefacts *, struct str boot,
                     const char *path);

#endif
