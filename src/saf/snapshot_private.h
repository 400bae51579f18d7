/* Between the files that read images. Private to snapshot*.c. */
#ifndef SALLYPORT_SAF_SNAPSHOT_PRIVATE_H
#define SALLYPORT_SAF_SNAPSHOT_PRIVATE_H

#include "saf/snapshot.h"
#include "saf/snapshot_format.h"

static inline struct str
snap_name(const void *image, const struct snap_profile *p)
{
    return str_n((const char *)snap_section(image, SNAP_BYTES) + p->name,
                 p->n_name);
}

/* A name as the image's class keeps it; false: too long or empty. */
bool snap_fold(const void *image, struct str resource,
               char out[SAF_PROFILE_MAX + 1], struct str *folded);
/* The controlling profile of a folded name, or NULL. */
const struct snap_profile *snap_find_profile(const void *image,
                                             struct str name);
/* The level of an id in the standard list. */
bool snap_list_level(const void *image, const struct snap_profile *,
                     uint32_t id, enum saf_level *level);
/* A condition is met; it is one of this acee's. */
bool snap_cond_holds(const void *image, const struct snap_cond *,
                     const struct acee *, const struct saf_where *);
bool snap_cond_is_for(const struct snap_cond *, const struct acee *,
                      bool all_groups);

#endif
