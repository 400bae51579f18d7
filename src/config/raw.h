/*
 * Elements as written, before types: what the files say, with the memory of
 * which file said it and under which onConflict that file was read. Private to
 * src/config.
 */
#ifndef SALLYPORT_CONFIG_RAW_H
#define SALLYPORT_CONFIG_RAW_H

#include "base/table.h"
#include "config/registry.h"

enum raw_behaviour { RAW_MERGE, RAW_REPLACE, RAW_IGNORE };

/* One reading of one file; the chain of parents is its include stack. */
struct raw_doc {
    struct str path;
    const struct raw_doc *parent; /* the file that includes it */
    enum raw_behaviour behaviour; /* with which it was included */
    unsigned depth;
    bool is_main;          /* server.xml */
    uint64_t device, node; /* of the file, whatever its name; 0: unknown */
};

struct raw_value {
    struct raw_value *next;
    struct str text;             /* when element is NULL */
    struct raw_element *element; /* nested */
    const struct raw_doc *doc;
    uint32_t line, column;
};

enum raw_op { RAW_OP_NONE, RAW_OP_APPEND, RAW_OP_SET };

struct raw_attr {
    struct raw_attr *next;
    struct str name;
    bool is_list; /* came from child elements */
    enum raw_op op;
    struct raw_value *first, *last;
};

struct raw_element {
    struct raw_element *next; /* in its group, by sequence */
    struct str name;
    struct str id; /* p NULL when not given */
    struct raw_attr *attrs;
    struct str text; /* beside attributes and elements; has no meaning */
    const struct raw_doc *doc;
    const struct raw_doc *written; /* file of line and column; after a merge
                                      it may differ from doc */
    enum raw_behaviour behaviour;
    uint32_t line, column;
};

/* All elements of one singleton or of one factory id. */
struct raw_group {
    struct raw_group *next; /* of the same type */
    const struct cfg_type *type;
    struct str id;
    struct raw_element *builtin, **builtin_end;
    struct raw_element *user, **user_end;
};

struct raw_variable {
    struct raw_variable *next;
    struct str name;
    struct str value;   /* p NULL when absent */
    struct str initial; /* defaultValue; p NULL when absent */
    struct str file;
    uint32_t line;
};

/* A variable that is a file, or a line of one. */
struct raw_file_variable {
    struct str value;
    struct str path;
};

struct raw_types {
    struct raw_group *first, **end;
    unsigned n_without_id; /* of prefix types: per name, without_id */
};

/* Everything one load works with. */
struct loading {
    const struct cfg_options *options;
    struct cfg_limits limits;
    struct arena *arena;    /* the tree's */
    struct table variables; /* name -> struct raw_variable */
    struct table
        folder; /* the variables directory: name -> raw_file_variable */
    struct table groups;     /* "type id" -> struct raw_group */
    struct table without_id; /* name of a prefix type -> unsigned */
    struct raw_types *types; /* in cfg_types order */
    struct raw_element *foreign, **foreign_end; /* nobody registered them */
    struct {
        struct str *v;
        size_t n, cap;
    } monitored;
    struct str description;
    struct cfg_vars predefined;
    enum cfg_on_error on_error;
    unsigned n_files;
    unsigned n_elements;
    unsigned n_problems;
    unsigned n_unknown;  /* names nobody knows that were said */
    unsigned n_lookups;  /* of variables, in all */
    struct cfg_place at; /* what is looked at, for options->place */
    bool is_stopped;     /* an error under onError=FAIL */
    bool is_holding;     /* onError is not known yet: messages wait in */
    struct buf held;     /* id, NUL, file, NUL, line, NUL, text, NUL... */
    bool is_reading_builtin;
};

/* messages: counted as problems unless informational; hidden by IGNORE. */
void loading_say(struct loading *, const char *id, const struct str *inserts,
                 size_t n_inserts);
#define SAY(l, id, ...)                                                        \
    loading_say((l), (id), MSG_INSERTS(__VA_ARGS__),                           \
                sizeof(MSG_INSERTS(__VA_ARGS__)) / sizeof(struct str))
/* " (server.xml:12:34)" for the end of a message. */
struct str raw_where(struct loading *, const struct raw_doc *, uint32_t line,
                     uint32_t column);
/* server.xml itself says so, whatever becomes of the files it includes. */
void loading_learn_on_error(struct loading *, struct str value);
/* Text in the tree's arena; "" when there is no storage. */
struct str loading_fmt(struct loading *, const char *fmt, ...)
    PRINTF_LIKE(2, 3);

/* Private to read.c and read_folders.c. */
enum err raw_no_storage(struct err_info *why);
/* Watch that file or folder for changes; false: no storage. */
MUST_CHECK bool raw_monitor(struct loading *, struct str path);
bool raw_is_regular(const char *path);
/* One file; what is wrong with it is said. */
MUST_CHECK enum err raw_read_document(struct loading *, struct raw_doc *,
                                      bool is_dropin, struct err_info *why);
/* The .xml files of configDropins/<which>, sorted by lower-case name. */
MUST_CHECK enum err raw_read_dropins(struct loading *, const char *which,
                                     struct err_info *why);
/*
 * Variables that are files: its name and first line; below a folder the name
 * is "folder/file"; a .properties file holds several. Folders: those of
 * $VARIABLE_SOURCE_DIRS (separated by ":", a later one counts more), else
 * $SERVICE_BINDING_ROOT, else variables/ beside server.xml.
 */
MUST_CHECK enum err raw_read_variables(struct loading *, struct err_info *why);
/* Which file it is, so that another name of it is recognised. */
void raw_identify(struct raw_doc *);
/* Names in the folder but "." and "..", sorted without regard to case; *v and
 * each name are the caller's to free. A missing folder is empty.
 */
MUST_CHECK enum err raw_list_folder(struct loading *, const char *path,
                                    char ***v, size_t *n, struct err_info *why);
void raw_names_free(char **v, size_t n);
/* read_include.c: an <include> element. What cannot be had is said. */
struct xml_node;
MUST_CHECK enum err raw_include(struct loading *, const struct raw_doc *,
                                const struct xml_node *, struct err_info *why);

/* read.c: all files into groups and variables. */
MUST_CHECK enum err raw_read(struct loading *, struct err_info *why);
MUST_CHECK enum err raw_read_builtin(struct loading *, struct err_info *why);
struct raw_attr *raw_attr_find(const struct raw_element *, const char *name);
/* A value as text: of an element what it holds beside attributes. Where only
 * one value is wanted the first counts. */
struct str raw_text(const struct raw_value *);

/* merge.c: the group as one element; NULL only without storage. */
struct raw_element *raw_merge(struct arena *, const struct raw_group *);
/* Fold one more element of the same kind into `into`. */
void raw_absorb(struct raw_element *into, const struct raw_element *from);
/* A copy whose lists may be changed without touching the original. */
struct raw_element *raw_copy(struct arena *, const struct raw_element *);

/* conflict.c: what a group's elements disagree about, found before they are
 * merged and said when the outcome is known. *out NULL: nothing. */
struct conflicts;
MUST_CHECK enum err conflicts_find(struct loading *, const struct raw_group *,
                                   struct conflicts **out,
                                   struct err_info *why);
void conflicts_say(struct conflicts *, const struct raw_element *merged);

/* An environment variable; false when it is not set. */
bool vars_env(const struct loading *, struct str name, struct str *out);
/* vars.c. `element` and `type` are the scope (see vars.c); may be NULL. */
struct scope {
    const struct raw_element *element;
    const struct cfg_type *type;
};
/* Where a reference to that name gets its value from: "server.xml:3" and the
 * like, with paths below `folder` cut; "" when nobody knows it. */
struct str vars_origin(struct loading *, const struct scope *, struct str name,
                       struct str folder);
MUST_CHECK enum err vars_expand(struct loading *, const struct scope *,
                                struct str text, struct str *out,
                                struct err_info *why);

/* values.c: text to C, without knowing where it came from. */
MUST_CHECK bool value_bool(struct str text, bool *out);
MUST_CHECK bool value_int(struct str text, int64_t min, int64_t max,
                          int64_t *out);
MUST_CHECK enum err value_duration(struct str text, int64_t unit_ms,
                                   int64_t *ms, struct err_info *why);
MUST_CHECK bool value_word(struct str text, const char *const *words,
                           unsigned *out);
/* Items of a comma list with escapes; ERR_MEMORY. */
MUST_CHECK enum err value_list(struct arena *, struct str text,
                               struct cfg_list *out, struct err_info *why);
/* The item with what such a list would take away escaped. */
void value_list_item(struct buf *out, struct str item);
/* password_decode(), which see; allow_hash: a {hash} is taken as it is. */
MUST_CHECK enum err value_password(struct str text, struct str key,
                                   bool allow_hash, struct secret *out,
                                   struct err_info *why);

/* unknown.c: says what nobody registered, if options->tells_all. */
void unknown_element(struct loading *, const struct raw_element *);
void unknown_attrs(struct loading *, const struct raw_element *,
                   const struct cfg_type *);

/* SPT0510W: a single value that was written as several elements. */
void unknown_others(struct loading *, const struct raw_attr *,
                    struct str element);
/* The same of <include> and <variable>, whose attributes are written exactly
 * so.
 */
struct xml_node;
void unknown_in_file(struct loading *, const struct raw_doc *,
                     const struct xml_node *, const struct cfg_type *);

/* Likewise SPT0510W: a single value that was written as several elements. */
void several_values(struct loading *, const struct raw_attr *,
                    const struct cfg_node *);

/* Does a row of the type say what is done with it? */
bool unknown_has_row(const struct cfg_type *, const struct raw_attr *);

/* foreign.c: elements nobody registered, kept for a dump, which is to lose
 * nothing. Merged they are in the tree. */
void foreign_keep(struct loading *, struct raw_element *);
struct cfg_tree;
MUST_CHECK enum err foreign_merge(struct cfg_tree *, struct err_info *why);

/* evaluate.c: groups into the tree's elements. */
struct cfg_instance {
    const struct cfg_type *type;
    struct str id;
    struct cfg_node *node; /* the element's struct */
    bool is_active;
    bool is_ambiguous; /* another name of its type has the same id */
};
struct cfg_type_set {
    struct cfg_instance **v; /* active ones, in order */
    size_t n;
    void *absent; /* singleton nobody wrote: its defaults */
};
struct cfg_tree {
    struct arena arena;
    int n_refs;                /* atomic */
    struct cfg_type_set *sets; /* in cfg_types order */
    struct table by_id;        /* tree_key -> struct cfg_instance */
    struct {
        struct raw_element **v; /* merged, as first written */
        size_t n;
    } foreign;
    struct {
        struct secret **v;
        size_t n, cap;
    } secrets;              /* wiped with the tree */
    struct loading loading; /* variables for cfg_expand */
};
MUST_CHECK enum err evaluate(struct cfg_tree *, struct err_info *why);
/* What an instance is found by. False: an id too long for it. */
#define TREE_KEY_MAX 512u
MUST_CHECK bool tree_key(const struct cfg_type *, struct str id,
                         char out[TREE_KEY_MAX], struct str *key);
/* Active or not; NULL when there is none. */
struct cfg_instance *tree_find(const struct cfg_tree *, const struct cfg_type *,
                               struct str id);
size_t cfg_type_index(const struct cfg_type *);

/* Does the value of an attribute without effect describe what happens? */
bool effect_says_what_is(const struct cfg_type *, const char *attr,
                         struct str value);
/* The attribute without which the element has no effect, or NULL. */
const char *effect_needs(const struct cfg_type *type);
/* The rows of effect.c and update.c, for tests; false behind the last. */
bool effect_row(size_t i, const struct cfg_type **type, const char **attr);
bool update_row(size_t i, const struct cfg_type **type, const char **attr);

#endif
