/*
 * Private to dump.c, settings.c and show.c: a value as it would be written,
 * and where it came from.
 */
#ifndef SALLYPORT_CONFIG_SHOW_H
#define SALLYPORT_CONFIG_SHOW_H

#include "config/raw.h"

#define SHOW_SECRET "*****"

struct show {
    const struct cfg_tree *tree;
    struct loading loading; /* the tree's, with its own arena */
    struct str folder;      /* paths below are shown without it */
};

void show_init(struct show *, const struct cfg_tree *, struct arena *);

/*
 * The attribute's value as the text of an XML attribute. False: it has none,
 * or it consists of elements (show_children). Secrets are *****: passwords,
 * the value of a property whose name means one, the password in a URL.
 */
bool show_text(struct show *, const struct cfg_node *, const struct cfg_attr *,
               struct str *out);
/* The same, but for passwords as it is: to compare, never to be shown. */
bool show_full_text(struct show *, const struct cfg_node *,
                    const struct cfg_attr *, struct str *out);
/* What may be shown of the value of an attribute of that name (kind REST). */
struct str show_clean(struct show *, struct str name, struct str value);
/* Elements of that attribute that are defined in place, one after the other,
 * and the name they are written with; *n is 0 when there are none. */
struct show_child {
    const struct cfg_node *node;
    const char *name;
};
MUST_CHECK bool show_children(struct show *, const struct cfg_node *,
                              const struct cfg_attr *, struct show_child **v,
                              size_t *n);
/* Was it given at all, not only by default? */
bool show_is_written(const struct cfg_node *, const struct cfg_attr *);
bool show_is_secret(const struct cfg_attr *);
/* A name that means a secret wherever it stands (kind REST). */
bool show_sounds_secret(struct show *, struct str name);
/* "server.xml:3", with the variable and its place when one was used. */
struct str show_origin(struct show *, const struct cfg_node *,
                       const struct cfg_attr *);
/* Of an element. */
struct str show_place(struct show *, const struct cfg_node *);
/* The items of a list are written as elements. */
bool show_as_items(const struct cfg_node *, const struct cfg_attr *);
/* The name the element is written with. */
const char *show_name(struct show *, const struct cfg_node *);

#endif
