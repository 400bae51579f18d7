/*
 * Elements that nobody registered do nothing, but a dump shows them. Without a
 * schema, as in the original: as soon as one of a name has an id, elements of
 * that name are many, told apart by their ids; else they are one.
 */
#include "config/raw.h"

void
foreign_keep(struct loading *l, struct raw_element *e)
{
    if (l->foreign_end == NULL)
        l->foreign_end = &l->foreign;
    *l->foreign_end = e;
    l->foreign_end = &e->next;
}

/* Names of which one element has an id; false: no storage. */
static bool
find_named(struct loading *l, struct table *named)
{
    for (struct raw_element *e = l->foreign; e != NULL; e = e->next)
        if (e->id.p != NULL && table_get(named, e->name) == NULL &&
            !table_put(named, e->name, e, NULL))
            return false;
    return true;
}

/* What belongs together, in the order of the first of each; the group's id has
 * no p where the element is one. */
static bool
group_all(struct loading *l, const struct table *named,
          struct raw_group **groups, size_t *n)
{
    struct raw_group **end = groups;
    struct table by_key;
    unsigned n_without_id = 0;
    bool is_ok = true;

    table_init(&by_key);
    for (struct raw_element *e = l->foreign, *next; e != NULL && is_ok;
         e = next) {
        bool is_one = table_get(named, e->name) == NULL;
        struct str key = is_one ? e->name
                         : e->id.p != NULL
                             ? loading_fmt(l, STR_FMT "\n" STR_FMT,
                                           STR_ARG(e->name), STR_ARG(e->id))
                             : loading_fmt(l, "\n%u", n_without_id++);
        struct raw_group *g = table_get(&by_key, key);

        next = e->next;
        e->next = NULL;
        if (g == NULL) {
            g = ARENA_NEW(l->arena, struct raw_group);
            is_ok = g != NULL && key.n > 0 && table_put(&by_key, key, g, NULL);
            if (!is_ok)
                break;
            *g = (struct raw_group){ .id = e->id, .user_end = &g->user };
            *end = g;
            end = &g->next;
            ++*n;
        }
        *g->user_end = e;
        g->user_end = &e->next;
    }
    table_fini(&by_key);
    return is_ok;
}

enum err
foreign_merge(struct cfg_tree *tree, struct err_info *why)
{
    struct loading *l = &tree->loading;
    struct raw_group *groups = NULL;
    struct table named;
    size_t n = 0;
    bool is_ok;

    table_init(&named);
    is_ok = find_named(l, &named) && group_all(l, &named, &groups, &n);
    table_fini(&named);
    tree->foreign.v = ARENA_ARRAY(l->arena, struct raw_element *, n);
    if (!is_ok || tree->foreign.v == NULL)
        return raw_no_storage(why);
    for (struct raw_group *g = groups; g != NULL; g = g->next) {
        struct raw_element *e = raw_merge(l->arena, g);

        if (e == NULL)
            return raw_no_storage(why);
        tree->foreign.v[tree->foreign.n++] = e;
    }
    return ERR_OK;
}
