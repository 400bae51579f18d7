/*
 * From the text of policy files to a policy. Everything that is wrong is
 * reported with file and line, not just the first; a file with one error
 * yields no policy. Does no I/O.
 *
 *     build = ttls_build_new(&options);
 *     ttls_build_file(build, name, text);       CommonTTLSConfig first
 *     e = ttls_build_finish(&build, &policy, &why);
 */
#ifndef SALLYPORT_TTLS_BUILD_H
#define SALLYPORT_TTLS_BUILD_H

#include "ttls/policy.h"

#define TTLS_FILE_MAX (256u * 1024u * 1024u)
#define TTLS_POLICY_MAX ((size_t)4 << 30) /* arena of one policy */
#define TTLS_NAME_MAX 32u
#define TTLS_DEPTH_MAX 8u       /* blocks in blocks */
#define TTLS_MEMBERS_MAX 65536u /* addresses or ports a group comes to */

struct ttls_row; /* stmt.h */

struct ttls_diag {
    bool is_error; /* else a warning */
    struct str file;
    uint32_t line;
    const char *text; /* one sentence: what was found, what was expected */
};

struct ttls_build_options {
    enum ttls_collate collate;
    /* NULL: not reported. */
    void (*on_diag)(void *arg, const struct ttls_diag *);
    /* Each named statement in the order of the file: "TTLSRule", "name". */
    void (*on_object)(void *arg, const char *keyword, struct str name);
    /* Each value as it stands in the file, which no model keeps: of which
     * object, and where. Borrowed until the policy is freed. */
    void (*on_value)(void *arg, const struct ttls_obj *,
                     const struct ttls_row *, struct str value, uint32_t line);
    void *arg;
};

struct ttls_build;

/* NULL without storage. */
struct ttls_build *ttls_build_new(const struct ttls_build_options *);
void ttls_build_file(struct ttls_build *, struct str name, struct str text);
/*
 * Ends the build in any case. ERR_SYNTAX: errors were reported; why says how
 * many and repeats the first. ERR_MEMORY, ERR_LIMIT: no storage.
 */
MUST_CHECK enum err ttls_build_finish(struct ttls_build **,
                                      struct ttls_policy **out,
                                      struct err_info *why);

/* The last numbers given: a stack counts them up and uses none twice. */
struct ttls_ids {
    uint32_t group; /* GRPID */
    uint32_t env;   /* ENVID */
};

/*
 * Before installation: instance and times; actions that are the same as in
 * `old` (may be NULL) keep their ids, others get new ones.
 */
void ttls_policy_adopt(struct ttls_policy *, const struct ttls_policy *old,
                       uint64_t now_s, struct ttls_ids *ids);
/* Do two objects say the same, whatever their names and places? */
bool ttls_obj_same(const struct ttls_obj *, const struct ttls_obj *);

#endif
