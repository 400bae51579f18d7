/* Private to map_build.c, map_compile_in.c, map_compile_out.c. */
#ifndef SALLYPORT_COBOL_MAP_BUILD_H
#define SALLYPORT_COBOL_MAP_BUILD_H

#include "base/table.h"
#include "base/vec.h"
#include "cobol/map_blob.h"

#include <string.h>

/*
 * The JSON shape as a tree: levels (root, containers) above fields. Wrappers
 * are folded away: `field` says how often and whether, `value` what.
 */
struct shape {
    struct str name;
    const struct field *field; /* NULL: a level */
    const struct field *value; /* field, or the child a wrapper stands for */
    uint32_t segment;
    bool is_included;    /* it and all above it */
    bool is_removed;     /* by the API mapping */
    bool is_container;   /* a level that stands for one record */
    bool in_array;       /* something above it, or it, repeats */
    struct str assigned; /* response ASSIGN to this field */
    bool has_assigned;
    struct shape *parent, *first, *last, *next;
};

#define BUILD_VEC(type)                                                        \
    struct {                                                                   \
        type *v;                                                               \
        size_t n, cap;                                                         \
    }

struct build {
    const struct map_spec *spec;
    struct err_info *why;
    struct arena arena; /* shapes */
    struct abi abi;
    const struct codepage *cp;
    struct table leaf_of; /* field pointer -> leaf number + 1 */
    struct shape *top;
    bool is_in;

    struct buf pool;
    BUILD_VEC(struct leaf) leaves;
    BUILD_VEC(struct blob_odo) odos;
    BUILD_VEC(struct blob_segment) segments;
    BUILD_VEC(struct in_object) objects;
    BUILD_VEC(struct in_member) members;
    BUILD_VEC(uint32_t) slots;
    BUILD_VEC(struct in_update) updates;
    BUILD_VEC(struct out_op) ops;
    BUILD_VEC(struct out_loop) loops;
    BUILD_VEC(struct out_field) fields;
    uint32_t root;
};

/* Check the spec, make the shape tree and the segments' rows. */
enum err build_init(struct build *, const struct map_spec *, bool is_in,
                    struct err_info *why);
void build_fini(struct build *);
/* Append the finished blob. */
enum err build_finish(struct build *, struct buf *blob);

enum err build_memory(struct build *);
/* Offset in the pool; a NUL follows. */
enum err build_pool(struct build *, struct str bytes, uint32_t *at);
/* The leaf of an elementary field, made when first asked for. */
enum err build_leaf(struct build *, const struct field *, uint32_t *leaf);
struct leaf_env build_env(const struct build *);
/* By path of names; NULL and a message when there is none. */
struct shape *shape_find(struct build *, struct str path);
struct shape *shape_child(const struct shape *, const char *name);
bool shape_is_leaf(const struct shape *);
/* Depth first below (and with) top; NULL after the last. */
struct shape *shape_next(const struct shape *top, struct shape *at);
/* The innermost table around a field (not itself); NULL: none. */
const struct field *field_table(const struct field *f);
bool field_slides(const struct build *, const struct field *table);
bool field_in_redefinition(const struct field *f);

#endif
