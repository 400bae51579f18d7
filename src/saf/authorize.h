/*
 * The engine: the store plus the effective state of each class. A RACLISTed
 * class answers from the image built at SETROPTS RACLIST or REFRESH (or at
 * start), whatever the store says meanwhile; other classes answer from the
 * store. Both go through snapshot_lookup, so there is one algorithm.
 */
#ifndef SALLYPORT_SAF_AUTHORIZE_H
#define SALLYPORT_SAF_AUTHORIZE_H

#include "base/err.h"
#include "base/str.h"
#include "saf/acee.h"
#include "saf/saf.h"
#include "saf/snapshot.h"
#include "saf/store.h"

struct saf_engine;

/* Opens the database (saf_db_open) and builds the images of all RACLISTed
 * classes. */
MUST_CHECK enum err saf_engine_open(const char *path, uint64_t now_ms,
                                    struct saf_engine **out,
                                    struct err_info *why);
void saf_engine_close(struct saf_engine **);
struct saf_db *saf_engine_db(struct saf_engine *);

/* Called for each class whose effective image changed: bytes and descriptor (a
 * sealed memfd with them) are borrowed for the call; empty and -1 when the
 * class is no longer RACLISTed. */
typedef void (*saf_publish)(void *arg, struct str class_name, struct str image,
                            int fd);
void saf_engine_on_publish(struct saf_engine *, saf_publish publish, void *arg);
/* The current image of a class: RACLISTed ones the effective state, others
 * compiled from the store as it is now (flag SNAPSHOT_RACLISTED tells which).
 * Borrowed until the next call or command. ERR_NOT_FOUND: no such class. */
MUST_CHECK enum err saf_engine_image(struct saf_engine *, struct str class_name,
                                     struct str *image, struct err_info *why);
/* One that answers for this resource as the class's would. Of a large class
 * that is not RACLISTed it holds the discrete profile of that name, looked up
 * now, or else the generics, which are compiled again only when one of them
 * changed: a change costs no more than what it changed. */
MUST_CHECK enum err saf_engine_image_for(struct saf_engine *,
                                         struct str class_name,
                                         struct str resource, struct str *image,
                                         struct err_info *why);
#define SAF_WHOLE_IMAGE_MAX 1000 /* profiles of a class that is not large */

/* The effective image of a RACLISTed class as a descriptor, borrowed until the
 * next refresh; -1 and generation 0: it is not RACLISTed. ERR_NOT_FOUND. */
MUST_CHECK enum err saf_engine_snapshot(struct saf_engine *,
                                        struct str class_name,
                                        uint64_t *generation, int *fd,
                                        struct err_info *why);

/* --- new effective states ------------------------------------------------- */

/* A class whose effective state is to be replaced. */
struct saf_refresh {
    char name[SAF_CLASS_MAX + 1];
    bool is_rebuilt; /* from the store; else only given the options of now */
    bool is_global;  /* and its global access table */
    struct saf_refresh *next;
};
/* At once; on error the old image stays in effect. */
MUST_CHECK enum err saf_refresh_run(struct saf_engine *,
                                    const struct saf_refresh *,
                                    struct err_info *why);
/*
 * The same in three steps, one such rebuild at a time: new and finish by the
 * engine's thread, not within a transaction; run by any thread, with a
 * connection of its own, while the engine goes on answering. The engine must
 * not be closed meanwhile.
 */
struct saf_rebuild;
MUST_CHECK enum err saf_rebuild_new(struct saf_engine *,
                                    const struct saf_refresh *,
                                    struct saf_rebuild **out,
                                    struct err_info *why);
void saf_rebuild_run(struct saf_rebuild *);
/* Take it into use and publish it. Frees. */
MUST_CHECK enum err saf_rebuild_finish(struct saf_rebuild **,
                                       struct err_info *why);
void saf_rebuild_drop(struct saf_rebuild **);

/* REQUEST=AUTH. A database failure answers 8/8/0 (fail closed). where may be
 * NULL. 4/0/0 for a class that is not in the table. */
struct saf_decision saf_authorize(struct saf_engine *, const struct acee *,
                                  struct str class_name, struct str resource,
                                  enum saf_level level,
                                  const struct saf_where *where);
/* The same, for callers to whom "not protected" means no (SURROGAT...). */
bool saf_authorized(struct saf_engine *, const struct acee *,
                    const char *class_name, struct str resource,
                    enum saf_level level);

/* Class STARTED (RACLISTed): who runs procedure `member` as `job`. */
struct saf_started {
    bool is_found;
    char profile[SAF_PROFILE_MAX + 1];
    char user[SAF_USER_MAX + 1];   /* "" when none */
    char group[SAF_GROUP_MAX + 1]; /* "": the user's default */
    bool is_trusted, is_privileged, is_trace;
};
MUST_CHECK enum err saf_started(struct saf_engine *, struct str member,
                                struct str job, struct saf_started *out,
                                struct err_info *why);

#endif
