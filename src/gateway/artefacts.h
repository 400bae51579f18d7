/*
 * What is deployed: the images of all archives of a server, shared by the
 * configurations that come and go. Immutable; when folders are looked at again
 * a new one is made of the old and of what has changed since.
 */
#ifndef SALLYPORT_GATEWAY_ARTEFACTS_H
#define SALLYPORT_GATEWAY_ARTEFACTS_H

#include "artefact/image.h"
#include "audit/messages_log.h"
#include "config/elements.h"
#include "gateway/archive_files.h"

enum artefact_place { PLACE_SERVICES, PLACE_APIS, PLACE_REQUESTERS, PLACES };
/* Bits of a set of places. */
#define PLACE_BIT(place) (1u << (place))
#define PLACE_ALL (PLACE_BIT(PLACES) - 1)

/* One archive of a folder. */
struct artefact {
    char *file; /* its name there */
    struct file_stamp stamp;
    bool is_fresh; /* it may have changed after that without a new stamp */
    uint8_t digest[IMAGE_DIGEST_BYTES]; /* all zero: it could not be read */
    uint32_t ccsid; /* service: what server.xml replaced its code page with */
    struct image *image;  /* NULL: nothing to use */
    uint32_t image_ccsid; /* what the image was made with */
    bool is_kept;         /* the image is of what the file held before */
    char *reason;         /* why it cannot be used; NULL: it can */
};

struct artefact_folder {
    char *location;     /* "" none */
    struct artefact *v; /* by name of file */
    size_t n;
    struct image **images; /* those there are, in the same order */
    size_t n_images;
    char *reason; /* why it could not be read; NULL: it could */
};

struct artefact_news; /* what operators are to be told */

struct artefacts {
    uint32_t refs; /* atomic */
    struct artefact_folder folders[PLACES];
    struct artefact_news *news;
    bool has_changed; /* other images than before */
    bool is_waiting;  /* a file is left alone until it has settled */
};

struct artefacts_look {
    unsigned places; /* folders to look into; others keep what they have */
    bool is_patient; /* leave alone what may still be written */
    bool is_asked;   /* tell again what cannot be used */
    const char *workarea;
    struct messages_log *log; /* of progress, when it takes long */
};

/*
 * Only archives that have changed since `before` (NULL: all) are read: another
 * stamp, or another value of a service's property that its image depends on;
 * APIs also when a service they use did. An archive that cannot be used leaves
 * what the file of that name held before in its place. ERR_MEMORY.
 */
MUST_CHECK enum err artefacts_load(const struct cfg_tree *,
                                   const struct artefacts *before,
                                   const struct artefacts_look *,
                                   struct artefacts **out,
                                   struct err_info *why);
struct artefacts *artefacts_ref(struct artefacts *);
void artefacts_unref(struct artefacts **);
/* The folder of a place as the configuration has it; borrowed from it. */
struct str artefact_location(const struct cfg_tree *, enum artefact_place);
/* Says once what was installed, updated, uninstalled or refused. */
void artefacts_tell(struct artefacts *, struct messages_log *);
/* Their pages leave the process until they are asked for. */
void artefacts_rest(const struct artefacts *);
/* Remove from the work area what they do not use (image_sweep), unless a folder
 * could not be read. */
void artefacts_sweep(const struct artefacts *, const char *workarea);
/* Are the archives of the configuration, as it asks for them, these? */
bool artefacts_are_of(const struct artefacts *, const struct cfg_tree *);

#endif
