/* The tree as a list of settings, so that two of them can be compared. */
#include "config/dump.h"

#include <string.h>

#include "base/vec.h"
#include "config/show.h"

struct flattening {
    struct show show;
    struct {
        struct cfg_setting *v;
        size_t n, cap;
    } all;
    bool failed;
};

static void
push(struct flattening *f, struct cfg_setting setting)
{
    if (!VEC_PUSH(&f->all, setting))
        f->failed = true;
}

/* What tells a nested element from its brothers: its id, its name, else its
 * place among them. */
static struct str
key_of(struct flattening *f, const struct cfg_node *node, size_t at)
{
    struct loading *l = &f->show.loading;

    if (node->raw != NULL && node->raw->id.p != NULL)
        return loading_fmt(l, STR_FMT, STR_ARG(node->raw->id));
    for (size_t i = 0; i < node->type->n_attrs; i++) {
        const struct cfg_attr *a = &node->type->attrs[i];
        struct str value;

        if (strcmp(a->name, "name") == 0 && a->kind == CFG_KIND_STRING &&
            show_text(&f->show, node, a, &value) && value.n > 0)
            return loading_fmt(l, "name=" STR_FMT, STR_ARG(value));
    }
    return loading_fmt(l, "%zu", at);
}

static void flatten(struct flattening *f, const struct cfg_node *node,
                    struct str path);

static void
children(struct flattening *f, const struct cfg_node *node,
         const struct cfg_attr *a, struct str path)
{
    struct show_child *v;
    struct table seen;
    size_t n;

    if (!show_children(&f->show, node, a, &v, &n)) {
        f->failed = true;
        return;
    }
    table_init(&seen);
    for (size_t i = 0; i < n; i++) {
        struct str key = key_of(f, v[i].node, i);

        if (table_get(&seen, key) != NULL) /* a second one of that name */
            key =
                loading_fmt(&f->show.loading, STR_FMT ",%zu", STR_ARG(key), i);
        else if (!table_put(&seen, key, f, NULL))
            f->failed = true;
        flatten(f, v[i].node,
                a->kind == CFG_KIND_CHILD
                    ? loading_fmt(&f->show.loading, STR_FMT "/%s",
                                  STR_ARG(path), v[i].name)
                    : loading_fmt(&f->show.loading, STR_FMT "/%s[" STR_FMT "]",
                                  STR_ARG(path), v[i].name, STR_ARG(key)));
    }
    table_fini(&seen);
}

static void
attribute(struct flattening *f, const struct cfg_node *node,
          const struct cfg_attr *a, struct str path)
{
    struct str value, full;

    if (a->kind == CFG_KIND_PRESENT || !show_text(&f->show, node, a, &value) ||
        !show_full_text(&f->show, node, a, &full))
        return;
    push(f, (struct cfg_setting){
                .element = path,
                .attr = str_of(a->name),
                .value = value,
                .full = full,
                .origin = show_origin(&f->show, node, a),
                .is_default = !show_is_written(node, a),
                .secret = show_is_secret(a)
                              ? (const void *)((const char *)node + a->at)
                              : NULL });
}

static void
rest(struct flattening *f, const struct cfg_node *node,
     const struct cfg_attr *a, struct str path)
{
    const struct cfg_vars *vars = (const void *)((const char *)node + a->at);

    for (size_t i = 0; i < vars->n; i++)
        push(f, (struct cfg_setting){
                    .element = path,
                    .attr = vars->v[i].name,
                    .value =
                        show_clean(&f->show, vars->v[i].name, vars->v[i].value),
                    .full = vars->v[i].value,
                    .origin = show_place(&f->show, node) });
}

static void
flatten(struct flattening *f, const struct cfg_node *node, struct str path)
{
    push(f, (struct cfg_setting){ .element = path,
                                  .attr = STR(""),
                                  .value = STR(""),
                                  .origin = show_place(&f->show, node) });
    for (size_t i = 0; i < node->type->n_attrs; i++) {
        const struct cfg_attr *a = &node->type->attrs[i];

        if (a->kind == CFG_KIND_REST)
            rest(f, node, a, path);
        else
            attribute(f, node, a, path);
        children(f, node, a, path);
    }
}

enum err
cfg_settings(const struct cfg_tree *tree, struct arena *arena,
             const struct cfg_setting **v, size_t *n, struct err_info *why)
{
    struct flattening f = { 0 };
    struct cfg_setting *copy;
    size_t n_types;
    const struct cfg_type *const *types = cfg_types(&n_types);

    show_init(&f.show, tree, arena);
    for (size_t t = 0; t < n_types; t++) {
        if (types[t]->scope == CFG_NESTED)
            continue;
        for (size_t i = 0; i < cfg_count(tree, types[t]); i++) {
            const struct cfg_node *node = cfg_at(tree, types[t], i);

            if (node->raw != NULL)
                flatten(&f, node, node->name);
        }
    }
    copy = ARENA_ARRAY(arena, struct cfg_setting, f.all.n);
    if (copy == NULL)
        f.failed = true;
    else if (f.all.n > 0)
        memcpy(copy, f.all.v, f.all.n * sizeof *copy);
    *v = copy;
    *n = f.all.n;
    VEC_FREE(&f.all);
    return f.failed ? err_set(why, ERR_MEMORY, "no storage for the settings")
                    : ERR_OK;
}
