/*
 * Private to evaluate.c, fill*.c and refer.c: the state of one evaluation, and
 * what puts plain values into an element's struct.
 */
#ifndef SALLYPORT_CONFIG_FILL_H
#define SALLYPORT_CONFIG_FILL_H

#include "config/raw.h"

struct pending {
    struct cfg_instance *target;
    const struct cfg_node *node; /* instead of target: defined in place */
    const struct raw_value *where;
    void *slot;            /* REF: const void *; REFS: in the list below */
    struct cfg_refs *refs; /* NULL for REF */
    const struct cfg_attr *attr;
    struct str id;
};

struct evaluation {
    struct cfg_tree *tree;
    struct loading *l;
    struct str password_key;
    struct {
        struct cfg_instance **v;
        size_t n, cap;
    } all;
    struct {
        struct pending *v;
        size_t n, cap;
    } pending;
    struct {
        struct str *v;
        size_t n, cap;
    } clear;           /* passwords as text, wiped at the end */
    struct table said; /* what SPT0401W was said of */
};

/* One element being filled. */
struct filling {
    struct evaluation *ev;
    struct scope scope;
    struct cfg_node *node;
    bool is_refused; /* an attribute cannot do without a valid value */
};

enum err fill_no_storage(struct err_info *why);
/* " (server.xml:12:34)" for the end of a message; "" for a default. */
struct str fill_where(struct loading *, const struct raw_value *);
/* "server.xml:12:34: " for its start; "" for a default. */
struct str fill_place(struct loading *, const struct raw_value *);
/* The field at that offset of the element's struct. */
void *fill_field(const struct filling *, size_t at);
/* Variables replaced. ERR_SYNTAX: cannot be, was said, the element is refused;
 * v: where the text stands, NULL for a default. */
enum err fill_expand(struct filling *, const struct cfg_attr *,
                     const struct raw_value *v, struct str text,
                     struct str *out, struct err_info *why);
/* A required attribute is absent: said, the element is refused. */
void fill_say_missing(struct filling *, const struct cfg_attr *);
/* The text is none of the attribute's words: said; without a default the
 * element is refused. */
void fill_bad_word(struct filling *, const struct cfg_attr *,
                   const struct raw_value *v, struct str text);
enum err fill_default(struct filling *, const struct cfg_attr *,
                      struct err_info *why);
/* Attributes of plain kinds and of kind LIST; given: NULL when absent. What
 * does not fit is said and gives the default; only lack of storage fails. */
enum err fill_value(struct filling *, const struct cfg_attr *,
                    const struct raw_attr *given, struct err_info *why);
enum err fill_list(struct filling *, const struct cfg_attr *,
                   const struct raw_attr *given, struct err_info *why);
/* Kind REST: what no row of the type names. */
enum err fill_rest(struct filling *, const struct cfg_attr *,
                   struct err_info *why);

/* --- evaluate.c: nested elements as structs of `target`, one behind the other;
 * as the value of an attribute of kind CHILD or CHILDREN. -------------------
 */
enum err evaluate_children(struct filling *, const struct cfg_type *target,
                           const struct raw_attr *given, bool is_one,
                           char **out, size_t *n_out, struct err_info *why);
enum err fill_children(struct filling *, const struct cfg_attr *,
                       const struct raw_attr *given, struct err_info *why);

/* --- refer.c: attributes of kind REF and REFS -------------------------------
 */
enum err refer_one(struct filling *, const struct cfg_attr *,
                   const struct raw_attr *given, struct err_info *why);
enum err refer_many(struct filling *, const struct cfg_attr *,
                    const struct raw_attr *given, struct err_info *why);
/* Settle all references; what was refused counts as not there. */
enum err refer_settle(struct evaluation *, struct err_info *why);

#endif
