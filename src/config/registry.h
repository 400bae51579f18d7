/*
 * The element registry: what server.xml may say, as tables. An element is a
 * struct cfg_type, an attribute a row made with ATTR; defaults are text, so
 * they take the same path as what a user writes. A row whose C field has
 * another type than its kind promises does not compile.
 *
 *     #define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_http_endpoint, ...)
 *     static const struct cfg_attr attrs[] = {
 *         ATTR(STRING, host, "host", "localhost", "Interface to bind."),
 *         ATTR(PORT, http_port, "httpPort", "-1", "Clear port; -1 is off."),
 *     };
 *
 * Adding an attribute: a field in elements.h and a row. Adding an element: its
 * struct, its rows, its name in CFG_TYPES.
 */
#ifndef SALLYPORT_CONFIG_REGISTRY_H
#define SALLYPORT_CONFIG_REGISTRY_H

#include "config/elements.h"

enum cfg_attr_kind {
    CFG_KIND_STRING,
    CFG_KIND_PATH, /* expanded, normalised; empty counts as not given */
    CFG_KIND_BOOL,
    CFG_KIND_TRISTATE,
    CFG_KIND_PRESENT, /* bool: was the attribute given? */
    CFG_KIND_INT,
    CFG_KIND_PORT,
    CFG_KIND_DURATION,
    CFG_KIND_ENUM,
    CFG_KIND_WORD, /* a string that is one of words, in their spelling */
    CFG_KIND_LIST,
    CFG_KIND_PASSWORD,
    CFG_KIND_PASSWORD_OR_HASH,
    CFG_KIND_REF,      /* one element of one type */
    CFG_KIND_REFS,     /* a list of elements of several types */
    CFG_KIND_CHILD,    /* one nested element */
    CFG_KIND_CHILDREN, /* any number */
    CFG_KIND_REST,     /* every attribute that no other row names */
};

struct cfg_attr {
    enum cfg_attr_kind kind;
    size_t at;         /* offset of the field */
    size_t at_n;       /* CHILDREN: offset of the number */
    const char *name;  /* as in server.xml */
    const char *value; /* default; "" none; NULL: the attribute is required */
    int64_t min,
        max;         /* INT; LIST: max items, 0 no limit; DURATION: min in
                        units, INT64_MIN no limit; STRING: max bytes, 0 no limit */
    int64_t unit_ms; /* DURATION: of a bare number */
    const char *const
        *words; /* ENUM, by value, WORD, LIST of them; then NULL */
    const struct cfg_type *target; /* REF, CHILD, CHILDREN */
    /* STRING: ${names} that are not variables but filled in later, separated by
     * |; one that ends with * is the beginning of a name. */
    const char *keeps;
    bool is_unique; /* STRING: no two elements may have the same */
    bool is_needed; /* REF: the default's element when the named one is not
                       there, so that the field is never NULL */
    const struct cfg_type *const *targets; /* REFS, then NULL */
    const char *help;
};

enum cfg_scope { CFG_SINGLETON, CFG_FACTORY, CFG_NESTED };

struct cfg_type {
    const char *name; /* of the element */
    const char *also; /* another name of it, or NULL */
    enum cfg_scope scope;
    bool is_prefix;  /* all elements whose name begins with `name` */
    bool is_by_name; /* nested: those of one name are one, as of one id */
    const char *default_id; /* of an element without id; NULL: default-N */
    size_t size;
    const struct cfg_attr *attrs;
    size_t n_attrs;
    /* Instances that exist without being written: <server> content, or NULL */
    const char *builtin;
    /* Rules across attributes; may correct the struct. Not ERR_OK: the element
     * is not activated and `why` is reported. NULL: none. */
    enum err (*check)(void *element, struct err_info *why);
    const char *help;
};

/* All of them, in CFG_TYPES order. */
const struct cfg_type *const *cfg_types(size_t *n);
/* A type that may stand directly below <server>; NULL. */
const struct cfg_type *cfg_type_find(struct str name);

/* What reading a file acts on (elements_files.c): not among cfg_types. */
extern const struct cfg_type cfg_type_include, cfg_type_variable;

/* False for what is read and checked but not acted on yet (effect.c); attr
 * NULL: the element itself. */
bool cfg_has_effect(const struct cfg_type *, const char *attr);

/* When a change of the attribute in an update takes effect (update.c). */
enum cfg_update_rule {
    CFG_UPDATE_AT_ONCE,     /* for requests that arrive afterwards */
    CFG_UPDATE_CONNECTIONS, /* for connections opened afterwards */
    CFG_UPDATE_REFRESH,     /* with ZCON,REFRESH or polling as well */
    CFG_UPDATE_START,       /* when the server starts again */
};
enum cfg_update_rule cfg_update_rule(const struct cfg_type *, const char *attr);

/* offsetof(type, field), provided the field has type ctype. */
#define CFG_AT(type, field, ctype)                                             \
    (offsetof(type, field) +                                                   \
     0 * sizeof(_Generic(((type *)0)->field, ctype : 1)))

#define CFG_ATTR_STRING(type, field, n, v, h)                                  \
    {                                                                          \
        .kind = CFG_KIND_STRING, .at = CFG_AT(type, field, struct str),        \
        .name = (n), .value = (v), .help = (h)                                 \
    }
#define CFG_ATTR_STRING_MAX(type, field, n, v, hi, h)                          \
    {                                                                          \
        .kind = CFG_KIND_STRING, .at = CFG_AT(type, field, struct str),        \
        .name = (n), .value = (v), .max = (hi), .help = (h)                    \
    }
#define CFG_ATTR_PATH(type, field, n, v, h)                                    \
    {                                                                          \
        .kind = CFG_KIND_PATH, .at = CFG_AT(type, field, struct str),          \
        .name = (n), .value = (v), .help = (h)                                 \
    }
#define CFG_ATTR_BOOL(type, field, n, v, h)                                    \
    {                                                                          \
        .kind = CFG_KIND_BOOL, .at = CFG_AT(type, field, bool), .name = (n),   \
        .value = (v), .help = (h)                                              \
    }
#define CFG_ATTR_TRISTATE(type, field, n, h)                                   \
    {                                                                          \
        .kind = CFG_KIND_TRISTATE, .at = CFG_AT(type, field, unsigned),        \
        .name = (n), .value = "", .help = (h)                                  \
    }
#define CFG_ATTR_PRESENT(type, field, n)                                       \
    {                                                                          \
        .kind = CFG_KIND_PRESENT, .at = CFG_AT(type, field, bool),             \
        .name = (n), .value = "", .help = ""                                   \
    }
#define CFG_ATTR_INT(type, field, n, v, lo, hi, h)                             \
    {                                                                          \
        .kind = CFG_KIND_INT, .at = CFG_AT(type, field, int64_t), .name = (n), \
        .value = (v), .min = (lo), .max = (hi), .help = (h)                    \
    }
#define CFG_ATTR_PORT(type, field, n, v, h)                                    \
    {                                                                          \
        .kind = CFG_KIND_PORT, .at = CFG_AT(type, field, int64_t),             \
        .name = (n), .value = (v), .min = -1, .max = 65535, .help = (h)        \
    }
#define CFG_ATTR_DURATION(type, field, n, v, unit, h)                          \
    {                                                                          \
        .kind = CFG_KIND_DURATION, .at = CFG_AT(type, field, int64_t),         \
        .name = (n), .value = (v), .unit_ms = (unit), .help = (h)              \
    }
#define CFG_ATTR_DURATION_FROM(type, field, n, v, unit, lo, h)                 \
    {                                                                          \
        .kind = CFG_KIND_DURATION, .at = CFG_AT(type, field, int64_t),         \
        .name = (n), .value = (v), .unit_ms = (unit), .min = (lo), .help = (h) \
    }
#define CFG_ATTR_ENUM(type, field, n, v, w, h)                                 \
    {                                                                          \
        .kind = CFG_KIND_ENUM, .at = CFG_AT(type, field, unsigned),            \
        .name = (n), .value = (v), .words = (w), .help = (h)                   \
    }
#define CFG_ATTR_WORD(type, field, n, v, w, h)                                 \
    {                                                                          \
        .kind = CFG_KIND_WORD, .at = CFG_AT(type, field, struct str),          \
        .name = (n), .value = (v), .words = (w), .help = (h)                   \
    }
#define CFG_ATTR_TEMPLATE(type, field, n, v, k, h)                             \
    {                                                                          \
        .kind = CFG_KIND_STRING, .at = CFG_AT(type, field, struct str),        \
        .name = (n), .value = (v), .keeps = (k), .help = (h)                   \
    }
#define CFG_ATTR_UNIQUE(type, field, n, v, h)                                  \
    {                                                                          \
        .kind = CFG_KIND_STRING, .at = CFG_AT(type, field, struct str),        \
        .name = (n), .value = (v), .is_unique = true, .help = (h)              \
    }
#define CFG_ATTR_LIST_MAX(type, field, n, v, hi, h)                            \
    {                                                                          \
        .kind = CFG_KIND_LIST, .at = CFG_AT(type, field, struct cfg_list),     \
        .name = (n), .value = (v), .max = (hi), .help = (h)                    \
    }
/* Each item is one of the words. */
#define CFG_ATTR_LIST_OF(type, field, n, v, w, h)                              \
    {                                                                          \
        .kind = CFG_KIND_LIST, .at = CFG_AT(type, field, struct cfg_list),     \
        .name = (n), .value = (v), .words = (w), .help = (h)                   \
    }
#define CFG_ATTR_LIST(type, field, n, v, h)                                    \
    {                                                                          \
        .kind = CFG_KIND_LIST, .at = CFG_AT(type, field, struct cfg_list),     \
        .name = (n), .value = (v), .help = (h)                                 \
    }
#define CFG_ATTR_PASSWORD(type, field, n, v, h)                                \
    {                                                                          \
        .kind = CFG_KIND_PASSWORD, .at = CFG_AT(type, field, struct secret),   \
        .name = (n), .value = (v), .help = (h)                                 \
    }
#define CFG_ATTR_PASSWORD_OR_HASH(type, field, n, v, h)                        \
    {                                                                          \
        .kind = CFG_KIND_PASSWORD_OR_HASH,                                     \
        .at = CFG_AT(type, field, struct secret), .name = (n), .value = (v),   \
        .help = (h)                                                            \
    }
#define CFG_ATTR_REF(type, field, tag, n, v, h)                                \
    {                                                                          \
        .kind = CFG_KIND_REF,                                                  \
        .at = CFG_AT(type, field, const struct cfg_##tag *), .name = (n),      \
        .value = (v), .target = &cfg_type_##tag, .help = (h)                   \
    }
#define CFG_ATTR_REF_OR_DEFAULT(type, field, tag, n, v, h)                     \
    {                                                                          \
        .kind = CFG_KIND_REF,                                                  \
        .at = CFG_AT(type, field, const struct cfg_##tag *), .name = (n),      \
        .value = (v), .target = &cfg_type_##tag, .is_needed = true,            \
        .help = (h)                                                            \
    }
#define CFG_ATTR_REFS(type, field, t, n, h)                                    \
    {                                                                          \
        .kind = CFG_KIND_REFS, .at = CFG_AT(type, field, struct cfg_refs),     \
        .name = (n), .value = "", .targets = (t), .help = (h)                  \
    }
#define CFG_ATTR_CHILD(type, field, tag, n, h)                                 \
    {                                                                          \
        .kind = CFG_KIND_CHILD,                                                \
        .at = CFG_AT(type, field, const struct cfg_##tag *), .name = (n),      \
        .value = "", .target = &cfg_type_##tag, .help = (h)                    \
    }
#define CFG_ATTR_CHILDREN(type, field, nf, tag, n, h)                          \
    {                                                                          \
        .kind = CFG_KIND_CHILDREN,                                             \
        .at = CFG_AT(type, field, const struct cfg_##tag *),                   \
        .at_n = CFG_AT(type, nf, size_t), .name = (n), .value = "",            \
        .target = &cfg_type_##tag, .help = (h)                                 \
    }

#define CFG_ATTR_REST(type, field, h)                                          \
    {                                                                          \
        .kind = CFG_KIND_REST, .at = CFG_AT(type, field, struct cfg_vars),     \
        .name = "*", .value = "", .help = (h)                                  \
    }

#define CFG_MS 1
#define CFG_S 1000
#define CFG_M 60000
#define CFG_H 3600000

/* A type of struct cfg_<tag> whose rows are <tag>_attrs; more members follow.*/
#define CFG_TYPE(tag, element, kind, ...)                                      \
    const struct cfg_type cfg_type_##tag = { .name = (element),                \
                                             .scope = (kind),                  \
                                             .size = sizeof(struct cfg_##tag), \
                                             .attrs = tag##_attrs,             \
                                             .n_attrs =                        \
                                                 ARRAY_LEN(tag##_attrs),       \
                                             __VA_ARGS__ }

extern const char *const cfg_on_error_words[];
extern const char *const cfg_trigger_words[];

#endif
