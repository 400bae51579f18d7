/*
 * Archive bytes to compiled image. The plain functions run in the caller; the
 * confined one runs them in a child without privilege, and is what a server
 * uses for anything that came from outside.
 */
#ifndef SALLYPORT_ARTEFACT_COMPILE_H
#define SALLYPORT_ARTEFACT_COMPILE_H

#include "artefact/image.h"
#include "base/buf.h"
#include "base/confine.h"
#include "base/err.h"
#include "base/str.h"

/* A service that APIs may refer to. */
struct compile_service {
    struct str name;  /* as in its manifest */
    struct str sar;   /* archive bytes; "": they are in the file */
    const char *path; /* read when an API asks for it, in the child */
    uint32_t ccsid;   /* 0, or the property of server.xml that replaces it */
    uint8_t digest[IMAGE_DIGEST_BYTES]; /* compile_service_digest */
};

struct compile_options {
    uint32_t ccsid; /* service: 0, or what replaces the archive's */
    struct abi abi; /* requester: of the calling programs; zeroed = gnucobol */
    bool has_abi;
    /* API: all that are known, in order of their names; of two with one name
     * the first counts. */
    const struct compile_service *services;
    size_t n_services;
};

/*
 * Append the image. Errors are the archive's fault and name entry and reason
 * (HTTP 400): ERR_SYNTAX, ERR_NOT_FOUND (entry, or an unknown service),
 * ERR_RANGE, ERR_LIMIT, ERR_DENIED, ERR_EXISTS, ERR_UNSUPPORTED.
 * ERR_NOT_NOW: a service's file is not what its digest says.
 */
MUST_CHECK enum err artefact_compile(enum image_kind, struct str archive,
                                     const struct compile_options *,
                                     struct buf *image, struct err_info *why);
MUST_CHECK enum err artefact_compile_service(struct str sar,
                                             const struct compile_options *,
                                             struct buf *image,
                                             struct err_info *why);
MUST_CHECK enum err artefact_compile_api(struct str aar,
                                         const struct compile_options *,
                                         struct buf *image,
                                         struct err_info *why);
MUST_CHECK enum err artefact_compile_requester(struct str ara,
                                               const struct compile_options *,
                                               struct buf *image,
                                               struct err_info *why);

/*
 * The same in a confined child: limits on memory, processor time and files,
 * no_new_privs and a system call filter. ERR_PEER: the child crashed or ran
 * into a limit. Blocks until it ends (at most COMPILE_SECONDS_MAX): call it
 * from the parent or a pool, never from a loop.
 */
#define COMPILE_SECONDS_MAX 20u
#define COMPILE_MEMORY_MAX ((size_t)1 << 30)
extern const struct confine_limits compile_limits;
MUST_CHECK enum err image_compile_confined(enum image_kind, struct str archive,
                                           const struct compile_options *,
                                           struct buf *image,
                                           struct err_info *why);

/* image_service.digest: of the archive and of what replaces its code page. */
void compile_service_digest(struct str sar, uint32_t ccsid,
                            uint8_t out[IMAGE_DIGEST_BYTES]);
/* The first service of that name; NULL: there is none. */
const struct compile_service *
compile_service_find(const struct compile_options *, struct str name);

#endif
