/*
 * The work area: compiled images, each by what it was made of. Deleting it is
 * always safe.
 */
#ifndef SALLYPORT_ARTEFACT_CACHE_H
#define SALLYPORT_ARTEFACT_CACHE_H

#include "artefact/compile.h"

struct image_source {
    enum image_kind kind;
    uint8_t digest[IMAGE_DIGEST_BYTES]; /* archive_digest */
    const struct compile_options *options;
};

/* SHA-256 of an archive's bytes. */
void archive_digest(struct str archive, uint8_t out[IMAGE_DIGEST_BYTES]);

/* Was the image (of an API) made with the services as they are now? */
bool image_is_joined(const struct image *, const struct compile_options *);

/* The image of this archive, with these options and the services as they are,
 * mapped. must_sum as image_load. ERR_NOT_FOUND: it must be made. */
MUST_CHECK enum err image_find(const char *workarea,
                               const struct image_source *, bool must_sum,
                               struct image **out, struct err_info *why);

/* Write `<workarea>/<digest>.img` in place of what was there. No sync: a file
 * that a crash of the system tore is found out by its sum and made again. */
MUST_CHECK enum err image_store(const char *workarea,
                                const struct image_source *, struct str bytes,
                                struct err_info *why);
/* Map what was stored. */
MUST_CHECK enum err image_stored(const char *workarea,
                                 const struct image_source *,
                                 struct image **out, struct err_info *why);

/* Compile the archive (confined), store and map it. Errors as
 * image_compile_confined, or of the file system. */
MUST_CHECK enum err image_make(const char *workarea,
                               const struct image_source *, struct str archive,
                               struct image **out, struct err_info *why);

/*
 * Remove the images that none of `used` has, and what a process that died left
 * half written. Whoever has one mapped keeps it. What was stored less than
 * IMAGE_YOUNG_MS before now_ms (wall clock) stays: another process may be about
 * to map it. Returns how many went.
 */
#define IMAGE_YOUNG_MS 600000u
size_t image_sweep(const char *workarea, const struct image_source *used,
                   size_t n_used, uint64_t now_ms);

#endif
