/* What the files of the builder share. */
#ifndef SALLYPORT_TTLS_BUILD_PRIV_H
#define SALLYPORT_TTLS_BUILD_PRIV_H

#include <stdatomic.h>

#include "base/table.h"
#include "base/vec.h"
#include "ttls/build.h"
#include "ttls/effective.h"
#include "ttls/lines.h"
#include "ttls/stmt.h"

struct ttls_policy {
    atomic_uint n_refs;
    struct arena arena;
    const struct ttls_obj **objs;
    size_t n_objs;
    const struct ttls_rule **rules;
    size_t n_rules;
    uint64_t instance_s;
};

struct ttls_policy *ttls_policy_new(void); /* NULL without storage */

/* Sets `usable` from the lists; false without storage. */
MUST_CHECK bool ttls_cipher_pick(struct arena *, struct ttls_cipher *);

/* Set `sorted`; false without storage. */
MUST_CHECK bool ttls_addrs_sort(struct arena *, struct ttls_addrs *);
MUST_CHECK bool ttls_ports_sort(struct arena *, struct ttls_ports *);

/* A reference that waits for the end of all files. */
struct pending {
    struct ttls_obj *obj;
    const struct ttls_row *row;
    size_t index; /* of a MEMBER */
    struct str name;
    struct str file;
    uint32_t line;
    const struct ttls_obj *target; /* when found */
};

struct ttls_build {
    struct ttls_build_options options;
    struct ttls_policy *policy;
    struct {
        struct ttls_obj **v;
        size_t n, cap;
    } objs;
    struct {
        struct pending *v;
        size_t n, cap;
    } refs;
    struct table names; /* statement and name -> struct ttls_obj */
    struct str file;    /* being read */
    uint32_t line;      /* what a report is about */
    size_t n_errors;
    bool is_full; /* no storage */
    struct err_info first;
};

void build_error(struct ttls_build *, const char *fmt, ...) PRINTF_LIKE(2, 3);
void build_warn(struct ttls_build *, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Memory of the policy; NULL marks the build as full. */
void *build_alloc(struct ttls_build *, size_t n_bytes);
/* Unnamed, it is called by `around`. */
struct ttls_obj *build_object(struct ttls_build *, enum ttls_stmt,
                              const struct line *, struct str name,
                              const struct ttls_obj *around);
/* Set a parameter from its text; what is wrong is reported. */
void build_value(struct ttls_build *, struct ttls_obj *,
                 const struct ttls_type *, const struct ttls_row *,
                 struct str value);
/* The same for one kind each: values_codes.c, values_addr.c, values_time.c. */
typedef void build_setter(struct ttls_build *, struct ttls_obj *,
                          const struct ttls_row *, struct str value);
build_setter value_ciphers_v2, value_ciphers, value_pairs, value_groups;
build_setter value_address, value_rule_address, value_ports, value_mask;
void value_period(struct ttls_build *, struct ttls_time *, struct str value);
void value_day_mask(struct ttls_build *, struct ttls_time *, struct str value);
void value_of_day(struct ttls_build *, struct ttls_time *, struct str value);
/* A place in obj's member list; its index. */
size_t build_member(struct ttls_build *, struct ttls_obj *,
                    const struct ttls_obj *member);
/* References, groups, rules across parameters, order. */
void build_resolve(struct ttls_build *);
void build_check(struct ttls_build *);

#define BUILD_QUOTE_MAX 60
/* Text of a file in a report: cut, for "%.*s". */
#define QUOTE(s) (int)((s).n > BUILD_QUOTE_MAX ? BUILD_QUOTE_MAX : (s).n), (s).p

/* What has no effect here is warned of. (unused.c) */
void build_check_unused(struct ttls_build *, const struct ttls_obj *);

#endif
