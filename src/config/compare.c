/*
 * Are two trees functionally the same? Row by row over the values consumers
 * can see; where an element was written does not count.
 */
#include "config/show.h"

static bool equal_struct(const struct cfg_node *a, const struct cfg_node *b);

static bool
equal_text(struct str a, struct str b)
{
    return (a.p == NULL) == (b.p == NULL) && str_eq(a, b);
}

static bool
equal_list(const struct cfg_list *a, const struct cfg_list *b)
{
    if (a->n != b->n || a->is_set != b->is_set)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (!str_eq(a->v[i], b->v[i]))
            return false;
    return true;
}

static bool
equal_rest(const struct cfg_vars *a, const struct cfg_vars *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (!str_eq(a->v[i].name, b->v[i].name) ||
            !str_eq(a->v[i].value, b->v[i].value))
            return false;
    return true;
}

/* References: to the same id. Definitions in place are compared whole. */
static bool
equal_ref(const struct cfg_node *a, const struct cfg_node *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    if (a->type != b->type || !str_eq(a->name, b->name))
        return false;
    return str_find_char(a->name, '/') == STR_NPOS || equal_struct(a, b);
}

static bool
equal_refs(const struct cfg_refs *a, const struct cfg_refs *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (!equal_ref(a->v[i].node, b->v[i].node))
            return false;
    return true;
}

static bool
equal_children(const struct cfg_attr *row, const char *a, const char *b)
{
    const char *left = *(const char *const *)(const void *)(a + row->at);
    const char *right = *(const char *const *)(const void *)(b + row->at);
    size_t n, m;

    if (row->kind == CFG_KIND_CHILD) {
        n = left != NULL;
        m = right != NULL;
    } else {
        n = *(const size_t *)(const void *)(a + row->at_n);
        m = *(const size_t *)(const void *)(b + row->at_n);
    }
    if (n != m)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!equal_struct((const void *)(left + i * row->target->size),
                          (const void *)(right + i * row->target->size)))
            return false;
    return true;
}

static bool
equal_attr(const struct cfg_attr *row, const char *a, const char *b)
{
    const void *left = a + row->at, *right = b + row->at;

    switch (row->kind) {
    case CFG_KIND_STRING:
    case CFG_KIND_WORD:
    case CFG_KIND_PATH:
        return equal_text(*(const struct str *)left,
                          *(const struct str *)right);
    case CFG_KIND_BOOL:
    case CFG_KIND_PRESENT:
        return *(const bool *)left == *(const bool *)right;
    case CFG_KIND_TRISTATE:
    case CFG_KIND_ENUM:
        return *(const unsigned *)left == *(const unsigned *)right;
    case CFG_KIND_INT:
    case CFG_KIND_PORT:
    case CFG_KIND_DURATION:
        return *(const int64_t *)left == *(const int64_t *)right;
    case CFG_KIND_LIST:
        return equal_list(left, right);
    case CFG_KIND_PASSWORD:
    case CFG_KIND_PASSWORD_OR_HASH:
        return secret_eq(left, secret_view(right));
    case CFG_KIND_REF:
        return equal_ref(*(const struct cfg_node *const *)left,
                         *(const struct cfg_node *const *)right);
    case CFG_KIND_REFS:
        return equal_refs(left, right);
    case CFG_KIND_CHILD:
    case CFG_KIND_CHILDREN:
        return equal_children(row, a, b);
    case CFG_KIND_REST:
        return equal_rest(left, right);
    }
    return false;
}

static bool
equal_struct(const struct cfg_node *a, const struct cfg_node *b)
{
    for (size_t i = 0; i < a->type->n_attrs; i++)
        if (!equal_attr(&a->type->attrs[i], (const char *)a, (const char *)b))
            return false;
    return str_eq(a->id, b->id);
}

bool
cfg_has_equal(const struct cfg_tree *tree, const struct cfg_node *node)
{
    const struct cfg_node *other = cfg_find(tree, node->type, node->id);

    return other != NULL && equal_struct(node, other);
}

void
cfg_changes(const struct cfg_tree *old, const struct cfg_tree *next,
            const struct cfg_type *type, struct buf *out)
{
    const struct cfg_node *a = cfg_one(old, type), *b = cfg_one(next, type);
    struct arena arena;
    struct show show;
    size_t n = 0;

    arena_init(&arena, 1u << 20);
    show_init(&show, next, &arena);
    for (size_t i = 0; i < type->n_attrs; i++) {
        const struct cfg_attr *row = &type->attrs[i];
        struct str value;

        if (equal_attr(row, (const char *)a, (const char *)b))
            continue;
        if (!show_text(&show, b, row, &value))
            value = STR("");
        buf_printf(out, "%s%s=" STR_FMT, n++ > 0 ? "," : "", row->name,
                   STR_ARG(value));
    }
    arena_fini(&arena);
}

bool
cfg_equal_type(const struct cfg_tree *a, const struct cfg_tree *b,
               const struct cfg_type *type)
{
    size_t n = cfg_count(a, type);

    if (n != cfg_count(b, type))
        return false;
    for (size_t i = 0; i < n; i++) {
        const struct cfg_node *left = cfg_at(a, type, i);
        const struct cfg_node *right = cfg_find(b, type, left->id);

        if (right == NULL || !equal_struct(left, right))
            return false;
    }
    return true;
}

bool
cfg_equal(const struct cfg_tree *a, const struct cfg_tree *b)
{
    size_t n;
    const struct cfg_type *const *types = cfg_types(&n);

    for (size_t i = 0; i < n; i++)
        if (types[i]->scope != CFG_NESTED && !cfg_equal_type(a, b, types[i]))
            return false;
    return true;
}
