/*
 * A RACLISTed class as one flat, position-independent image: discrete names in
 * a hash, generics in a trie ordered by specificity, access lists sorted by
 * numeric id. Built by the engine, passed in a sealed memfd, mapped read-only
 * by clients, who check in process: no lock, no allocation, no system call.
 * The image holds no secrets.
 */
#ifndef SALLYPORT_SAF_SNAPSHOT_H
#define SALLYPORT_SAF_SNAPSHOT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "saf/acee.h"
#include "saf/saf.h"
#include "saf/store.h"

#define SNAPSHOT_MAX (1u << 30)

enum snapshot_flag { /* options as of now, not of the build */
                     SNAPSHOT_ACTIVE = 1u << 0,
                     SNAPSHOT_RACLISTED = 1u << 1,
                     SNAPSHOT_GRPLIST = 1u << 2, /* list-of-groups checking */
                     SNAPSHOT_GLOBAL = 1u
                                       << 3, /* global access table applies */
                     SNAPSHOT_LOG_ALWAYS = 1u << 4,
                     SNAPSHOT_LOG_NEVER = 1u << 5,
                     SNAPSHOT_LOG_SUCCESSES = 1u << 6,
                     SNAPSHOT_LOG_FAILURES = 1u << 7,
                     /* Conditions on these count: their class is active. */
                     SNAPSHOT_WHEN_TERMINAL = 1u << 8,
                     SNAPSHOT_WHEN_CONSOLE = 1u << 9,
                     SNAPSHOT_WHEN_JESINPUT = 1u << 10,
                     SNAPSHOT_WHEN_APPCPORT = 1u << 11,
                     SNAPSHOT_WHEN_SERVAUTH = 1u << 12,
                     SNAPSHOT_WHEN_PROGRAM = 1u << 13, /* program control */
                     SNAPSHOT_OPERAUDIT = 1u << 14, /* log OPERATIONS' access */
                     /* Data sets without a profile: refused, or warned of. */
                     SNAPSHOT_PROTECTALL = 1u << 15,
                     SNAPSHOT_PROTECTALL_WARNING = 1u << 16,
};

/* What a conditional access list may ask about; absent parts are empty. */
struct saf_where {
    struct str terminal, console, jesinput, appcport, servauth;
    struct str sysid, program, service;
    struct str criteria_name, criteria_value; /* "SQLROLE", "ADMIN" */
};

/* --- checking (saf_dep) ------------------------------------------------ */

/*
 * Treats the bytes as hostile: every offset, count and nesting is verified, so
 * that lookups afterwards cannot leave the image. 8-byte aligned. Must be
 * called once before any other use. ERR_SYNTAX with the reason.
 */
MUST_CHECK enum err snapshot_check_image(const void *image, size_t n_bytes,
                                         struct err_info *why);
const char *snapshot_class(const void *image);
uint64_t snapshot_generation(const void *image); /* grows with each REFRESH */
uint32_t snapshot_flags(const void *image);      /* enum snapshot_flag */
uint32_t snapshot_n_profiles(const void *image);

/*
 * REQUEST=AUTH against one image: the triple, the
 * controlling profile, the level allowed and the deciding entry. `resource` in
 * any case (folded as the class says). `where` may be NULL.
 */
void snapshot_lookup(const void *image, const struct acee *acee,
                     struct str resource, enum saf_level level,
                     const struct saf_where *where, struct saf_decision *out);
/* Why d is recorded, once its answer was changed by what only the store
 * knows. */
void snapshot_log_again(const void *image, const struct acee *,
                        struct str resource, struct saf_decision *);
/* The profile that controls a name (discrete, else best generic) and whether
 * it is generic; false when none. Borrowed from the image. */
bool snapshot_find(const void *image, struct str resource, struct str *profile,
                   bool *is_generic);

/* What the controlling profile carries for its class's users, as effective as
 * its access list; class STARTED: STDATA as lines "USER=LIBSERV\n"; of names
 * that were merged what snapshot_sources tells. Empty when there is none.
 * Borrowed from the image. */
struct str snapshot_data(const void *image, struct str resource);

/*
 * Each line of the controlling profile that concerns this acee, in the order
 * in which they are asked: "user", "group", "UACC", "*" and "WHEN". `holds`
 * tells of a condition whether it is met.
 */
struct snapshot_line {
    const char *kind;
    struct str who;              /* id, group or "*" */
    struct str condition, value; /* of WHEN */
    enum saf_level level;
    bool holds;
};
void snapshot_lines(const void *image, const struct acee *, struct str resource,
                    const struct saf_where *where,
                    void (*each)(void *arg, const struct snapshot_line *),
                    void *arg);

/*
 * What a name that grouping profiles protect was merged from: each line of each
 * profile that concerns this acee, with the profile's class and name; its UACC
 * always. Nothing of a name that one profile of the class itself protects.
 */
void snapshot_sources(const void *image, const struct acee *,
                      struct str resource,
                      void (*each)(void *arg, struct str source,
                                   const struct snapshot_line *),
                      void *arg);

/* --- building (saf_engine_dep) ----------------------------------------- */

/* Compile the stored profiles of a class (grouping class members merged: the
 * highest level of each list entry, the highest UACC, the union of audit
 * settings). ERR_LIMIT over SNAPSHOT_MAX. The bytes are checked as any
 * client's would be. */
MUST_CHECK enum err snapshot_build(struct saf_db *, struct str class_name,
                                   uint32_t flags, uint64_t generation,
                                   struct buf *out, struct err_info *why);
/* Of a class that is not RACLISTed: the generic profiles alone (name empty), or
 * the discrete one of that name, folded, alone. */
MUST_CHECK enum err snapshot_build_part(struct saf_db *, struct str class_name,
                                        struct str name, uint32_t flags,
                                        uint64_t generation, struct buf *out,
                                        struct err_info *why);
/* One profile to compile; the lists are borrowed. */
struct snapshot_profile {
    struct str name; /* folded */
    bool is_generic, is_warning;
    enum saf_level uacc;
    struct saf_audit audit, global_audit;
    const struct saf_access *access; /* standard and conditional */
    size_t n_access;
    struct str data; /* see snapshot_data */
};
struct saf_class;
/* The compiler behind snapshot_build, a profile at a time: of equal names the
 * first counts. NULL: no storage; later failures are told by finish, after
 * which only free may be called. */
struct snapshot_builder;
struct snapshot_builder *snapshot_builder_new(const struct saf_class *,
                                              uint32_t flags,
                                              uint64_t generation);
void snapshot_builder_add(struct snapshot_builder *,
                          const struct snapshot_profile *);
MUST_CHECK enum err snapshot_builder_finish(struct snapshot_builder *,
                                            struct buf *out,
                                            struct err_info *why);
void snapshot_builder_free(struct snapshot_builder **);
/* The same of an array. */
MUST_CHECK enum err snapshot_compile(const struct saf_class *class_,
                                     const struct snapshot_profile *profiles,
                                     size_t n, uint32_t flags,
                                     uint64_t generation, struct buf *out,
                                     struct err_info *why);
/* What variables stand for, and the global access table of the class, in the
 * order of specificity. */
struct snapshot_variable {
    struct str name; /* without "&" */
    const struct str *values;
    size_t n;
};
struct snapshot_global {
    struct str name; /* folded; &RACUID and &RACGPID are the requester's */
    enum saf_level level;
};
struct snapshot_tail {
    const struct snapshot_variable *variables;
    size_t n_variables;
    const struct snapshot_global *globals;
    size_t n_globals;
};
/* Give a compiled image a tail, instead of the one it has (a new image has an
 * empty one: its variables stand for nothing). */
MUST_CHECK enum err snapshot_attach(struct buf *image,
                                    const struct snapshot_tail *,
                                    struct err_info *why);
/* The same image with other flags (CLASSACT, GRPLIST take effect at once). */
void snapshot_set_flags(void *image, uint32_t flags);

#endif
