/* The engine's inside: authorize.c and refresh.c only. */
#ifndef SALLYPORT_SAF_ENGINE_H
#define SALLYPORT_SAF_ENGINE_H

#include "saf/authorize_private.h"

/* An image. Of a RACLISTed class it is never changed once it is there: a
 * private mapping of the sealed memfd that its followers map, too. */
struct image {
    struct buf heap; /* of classes not RACLISTed */
    const char *map; /* or NULL */
    size_t map_bytes;
    int fd; /* the memfd; -1 none */
};
#define IMAGE_NONE                                                             \
    {                                                                          \
        .fd = -1                                                               \
    }
void image_init(struct image *);
void image_fini(struct image *);
struct str image_view(const struct image *);

/* Of a large class that is not RACLISTed: its generics, or one discrete
 * profile. */
struct part {
    struct buf image;
    bool is_built;
    uint64_t of_generation, of_rollbacks, of_generics;
    char name[SAF_PROFILE_MAX + 1]; /* of the discrete one */
};

struct state { /* of one class */
    char name[SAF_CLASS_MAX + 1];
    struct image image;
    bool is_built;
    bool is_raclisted;      /* the image is the effective state */
    uint64_t of_generation; /* of the store; for classes not RACLISTed */
    uint64_t of_rollbacks;
    struct part generics, discrete;
    uint32_t flags; /* as of flags_serial of the options */
    uint64_t flags_serial;
    /* The global access table, as of its last REFRESH. */
    struct arena arena;
    struct snapshot_global *globals;
    size_t n_globals;
    struct state *next;
};

struct saf_engine {
    struct saf_db *db;
    char *path;
    struct state *states;
    saf_publish publish;
    void *publish_arg;
    uint64_t built; /* counts images: their generations */
    /* Class RACFVARS, as of its last REFRESH. */
    struct arena arena;
    struct snapshot_variable *variables;
    size_t n_variables;
};

/* The state of a class that the table has; NULL: no such class, or no storage.
 */
struct state *engine_state(struct saf_engine *, struct str class_name,
                           const struct saf_class **class_);
/* The options of now; read again when an option changed. */
uint32_t engine_flags(struct saf_engine *, struct state *,
                      const struct saf_class *);
/* The image as it is stored now, with variables and global access table. */
MUST_CHECK enum err engine_compile(struct saf_engine *, const struct state *,
                                   struct saf_db *, uint32_t flags,
                                   uint64_t generation, struct buf *out,
                                   struct err_info *why);
/* The same of a part (see snapshot_build_part). */
MUST_CHECK enum err engine_compile_part(struct saf_engine *,
                                        const struct state *, struct str name,
                                        uint32_t flags, struct buf *out,
                                        struct err_info *why);
/* Compile a class that is not RACLISTed. */
MUST_CHECK enum err engine_build(struct saf_engine *, struct state *,
                                 uint32_t flags, struct err_info *why);
/* At start: variables, global access tables, the images of all RACLISTed
 * classes. */
MUST_CHECK enum err engine_build_all(struct saf_engine *, struct err_info *why);

#endif
