/*
 * XML documents as plain trees, over libxml2. Small and strict: a document
 * type declaration is refused (so there are no entities beyond the five
 * predefined ones), names are local names (prefixes and namespaces dropped),
 * comments and processing instructions are skipped. Every element and
 * attribute knows its line and column.
 */
#ifndef SALLYPORT_PARSE_XML_H
#define SALLYPORT_PARSE_XML_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* Zero means the default. */
struct xml_limits {
    size_t max_bytes;      /* 4 MiB of input */
    uint32_t max_depth;    /* 64 nested elements */
    uint32_t max_attrs;    /* 256 for each element */
    uint32_t max_elements; /* 200000 */
};

struct xml_attr {
    struct str name;
    struct str value; /* normalised, entities replaced, NUL after it */
    uint32_t line;    /* of the name, 1-based */
    uint32_t column;  /* in bytes, 1-based */
};

struct xml_node {
    struct str name;
    const struct xml_attr *attrs; /* namespace declarations left out */
    size_t n_attrs;
    struct str text; /* all character data directly inside, in one piece */
    struct xml_node *parent;
    struct xml_node *child; /* the first */
    struct xml_node *next;  /* sibling */
    uint32_t line;          /* of "<" */
    uint32_t column;
};

/*
 * Parse a whole document: UTF-8, or another encoding in which ASCII is ASCII.
 *
 *   arena   holds the result
 *   limits  may be NULL
 *
 * ERR_SYNTAX  not well-formed, a document type declaration, or an encoding
 *             that is not understood; why has line and column
 * ERR_LIMIT   a limit was exceeded
 */
MUST_CHECK enum err xml_parse(struct arena *, struct str in,
                              const struct xml_limits *limits,
                              struct xml_node **root, struct err_info *why);

/* The attribute's value; p is NULL when absent. */
struct str xml_attr_get(const struct xml_node *, const char *name);
/* The first child of that name; NULL. */
struct xml_node *xml_child(const struct xml_node *, const char *name);

#endif
