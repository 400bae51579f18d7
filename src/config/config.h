/*
 * The server's configuration: server.xml, its includes and drop-ins, merged
 * and evaluated into one immutable tree of typed elements (elements.h).
 *
 * cfg_load() reads everything, applies includes, onConflict and variables,
 * gives each attribute its type and default and resolves references. A tree
 * never changes afterwards; a refresh loads another one and swaps.
 *
 *     const struct cfg_zcon_manager *m = CFG_ONE(tree, zcon_manager);
 *     const struct cfg_http_endpoint *e =
 *         CFG_GET(tree, http_endpoint, "defaultHttpEndpoint");
 *     CFG_EACH(tree, http_endpoint, e) { ... e->http_port ... }
 *
 * Source: Liberty, server configuration; z/OS Connect EE configuration
 * elements.
 */
#ifndef SALLYPORT_CONFIG_CONFIG_H
#define SALLYPORT_CONFIG_CONFIG_H

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"

struct cfg_tree;
struct raw_element;
struct cfg_type; /* one kind of element: a row of the registry (registry.h) */

/* Every element struct of elements.h starts with this. Strings live as long as
 * the tree and are followed by a NUL. */
struct cfg_node {
    const struct cfg_type *type;
    struct str id;   /* "defaultHttpEndpoint"; "" for a singleton */
    struct str name; /* for messages: "httpEndpoint[defaultHttpEndpoint]" */
    struct str file; /* where it was (first) written; "" when only built in */
    uint32_t line;   /* 1-based; 0 when only built in */
    const struct raw_element *raw; /* private to src/config */
};

enum cfg_tristate { CFG_UNSET, CFG_NO, CFG_YES };

/* The nearest value that was given, else the fallback. */
static inline bool
cfg_tristate(unsigned value, bool fallback)
{
    return value == CFG_UNSET ? fallback : value == CFG_YES;
}

struct cfg_list {
    const struct str *v;
    size_t n;
    bool is_set; /* given at all, perhaps as an empty list */
};

/* A reference that may name elements of several kinds, resolved. */
struct cfg_any {
    const struct cfg_node *node; /* node->type tells the struct */
};
struct cfg_refs {
    const struct cfg_any *v; /* in the order written; unknown ids left out */
    size_t n;
};

/* name=value; for the command line, bootstrap.properties, jvm.options, env. */
struct cfg_var {
    struct str name;
    struct str value;
};
struct cfg_vars {
    const struct cfg_var *v;
    size_t n;
};

/* Where something is written; file "" and line 0 when nowhere. */
struct cfg_place {
    struct str file;
    uint32_t line;
};

enum cfg_on_error { CFG_ON_ERROR_WARN, CFG_ON_ERROR_FAIL, CFG_ON_ERROR_IGNORE };

/* Bounds on what one configuration may hold; exceeding one is ERR_LIMIT with
 * the place. Zero means the default. */
struct cfg_limits {
    size_t max_file_bytes;   /* 4 MiB, each file */
    size_t max_tree_bytes;   /* 64 MiB, all memory of the tree */
    unsigned max_depth;      /* 32 nested elements */
    unsigned max_includes;   /* 1000 files read in all */
    unsigned max_inc_depth;  /* 64 files including each other */
    unsigned max_elements;   /* 200000 */
    unsigned max_attributes; /* 256 for each element */
    size_t max_value_bytes;  /* 64 KiB, a value after expansion */
};

struct cfg_options {
    /* Absolute paths without trailing slash. */
    struct str server_name;
    struct str server_dir;        /* server.config.dir */
    struct str server_file;       /* "" = server.xml of server_dir */
    struct str output_dir;        /* server.output.dir; "" = server_dir */
    struct str user_dir;          /* wlp.user.dir */
    struct str install_dir;       /* wlp.install.dir */
    struct cfg_vars command_line; /* -- --name=value */
    struct cfg_vars properties;   /* jvm.options -Dname=value */
    struct cfg_vars bootstrap;    /* bootstrap.properties, includes done */
    struct cfg_vars environment;  /* NULL v: the process's own */
    /* Where no <config onError> says otherwise. That of the documents counts
     * for all of them: messages wait until they are read. */
    enum cfg_on_error on_error;
    enum cfg_on_error *in_force; /* which one it was, also when loading fails;
                                    may be NULL */
    struct cfg_limits limits;
    /* Say what a server is silent about: SPT0403W of elements and attributes
     * that nobody knows, and what onError="IGNORE" hides. */
    bool tells_all;
    /* The tree in use, for CWWKG0076W; NULL at start. */
    const struct cfg_tree *running;
    /* Each message in order; text is without the id. May be NULL. */
    void (*on_message)(void *arg, const char *id, struct str text);
    /* May be NULL. Set before each message to what it is about; the file's
     * name lives as long as the tree. */
    struct cfg_place *place;
    /* Each file that was looked for, once, also when loading fails: a change of
     * it may mend the configuration. May be NULL. */
    void (*on_monitored)(void *arg, struct str path);
    void *arg;
    /* NULL: files of the system. Otherwise reads instead of the file system:
     * ERR_NOT_FOUND when there is no such regular file. */
    enum err (*read_file)(void *arg, const char *path, struct buf *out,
                          struct err_info *why);
};

/*
 * Load. The result is counted: cfg_unref when done.
 *
 * ERR_OK         usable; problems were reported as messages
 * ERR_NOT_FOUND  there is no server.xml (or it cannot be read)
 * ERR_SYNTAX     a file is not well-formed XML (CWWKG0014E was reported)
 * ERR_LIMIT      a limit was exceeded, max_tree_bytes too (CWWKG0001E)
 * ERR_NOT_NOW      onError=FAIL and there was an error
 * ERR_MEMORY
 */
MUST_CHECK enum err cfg_load(const struct cfg_options *, struct cfg_tree **out,
                             struct err_info *why);
/* What the server starts with when server.xml is malformed and onError is not
 * FAIL: built-in defaults only. */
MUST_CHECK enum err cfg_load_empty(const struct cfg_options *,
                                   struct cfg_tree **out, struct err_info *why);
struct cfg_tree *cfg_ref(struct cfg_tree *); /* any thread */
void cfg_unref(struct cfg_tree **);

/* Number of configuration errors and warnings reported while loading. */
unsigned cfg_problems(const struct cfg_tree *);
enum cfg_on_error cfg_on_error(const struct cfg_tree *);
/* description of <server>; "" when none. */
struct str cfg_description(const struct cfg_tree *);

/* Elements of one type, top level, in order of first appearance (the built-in
 * ones first). NULL when absent. */
size_t cfg_count(const struct cfg_tree *, const struct cfg_type *);
const void *cfg_at(const struct cfg_tree *, const struct cfg_type *, size_t i);
const void *cfg_find(const struct cfg_tree *, const struct cfg_type *,
                     struct str id);
/* A singleton; never NULL: when nobody wrote it, its defaults. */
const void *cfg_one(const struct cfg_tree *, const struct cfg_type *);
/* Was that attribute given, not only by default? */
bool cfg_is_written(const struct cfg_node *, const char *attr);
/*
 * " (server.xml:12:34)": where that attribute was written, for the end of a
 * message; of the element when it was not, "" of what is built in. item: the
 * entry of a list that is meant, or "". The result stands in out.
 */
#define CFG_WHERE_MAX 4352u
struct str cfg_where(const struct cfg_node *, const char *attr, struct str item,
                     char out[CFG_WHERE_MAX]);
/* As it was written last, variables as they stand; "" when it was not. */
struct str cfg_written(const struct cfg_node *, const char *attr);
/* Any top-level element by XML name and id ("" for a singleton); NULL. */
const void *cfg_get(const struct cfg_tree *, const char *element,
                    const char *id);
const char *cfg_type_name(const struct cfg_type *); /* "httpEndpoint" */

#define CFG_ONE(tree, tag)                                                     \
    ((const struct cfg_##tag *)cfg_one((tree), &cfg_type_##tag))
#define CFG_GET(tree, tag, id)                                                 \
    ((const struct cfg_##tag *)cfg_find((tree), &cfg_type_##tag, str_of(id)))
#define CFG_EACH(tree, tag, it)                                                \
    for (size_t it##_i = 0; ((it) = (const struct cfg_##tag *)cfg_at(          \
                                 (tree), &cfg_type_##tag, it##_i)) != NULL;    \
         it##_i++)
/* The struct a cfg_any points to, or NULL when it is of another type. */
#define CFG_AS(any, tag)                                                       \
    ((any).node->type == &cfg_type_##tag                                       \
         ? (const struct cfg_##tag *)(const void *)(any).node                  \
         : NULL)

/* No functional difference (CWWKG0018I)? The second looks at one type. */
bool cfg_equal(const struct cfg_tree *, const struct cfg_tree *);
bool cfg_equal_type(const struct cfg_tree *, const struct cfg_tree *,
                    const struct cfg_type *);
/* Has the tree an element of that type and id with the same values? */
bool cfg_has_equal(const struct cfg_tree *, const struct cfg_node *);
/* Attributes of a singleton that differ, as `next` has them: "a=1,b=2"; secrets
 * as *****. Nothing when none does. */
void cfg_changes(const struct cfg_tree *old, const struct cfg_tree *next,
                 const struct cfg_type *singleton, struct buf *out);

/* Files and folders whose change is a configuration change: existing or not
 * (an include that is missing today). Borrowed from the tree. */
struct cfg_list cfg_monitored(const struct cfg_tree *);

/*
 * The path that an <include location> of that file means, variables replaced
 * already; it need not exist. *is_folder: all .xml files in it. False: it
 * names no file of this system.
 */
MUST_CHECK bool cfg_include_path(struct arena *, struct str file,
                                 struct str location, struct str *path,
                                 bool *is_folder);

/* Expand ${name} with the tree's variables (nested; expressions; env). */
MUST_CHECK enum err cfg_expand(const struct cfg_tree *, struct arena *,
                               struct str text, struct str *out,
                               struct err_info *why);

/* A duration such as "1m30s"; a bare number counts unit_ms each. */
MUST_CHECK enum err cfg_duration(struct str text, int64_t unit_ms, int64_t *ms,
                                 struct err_info *why);

#endif
