/*
 * Merged elements into typed structs, row by row. All top-level structs are
 * made first, so that references can point to them; a reference is settled
 * last, when it is known which elements survived their own checks.
 */
#include "config/fill.h"

#include <string.h>

#include "base/msg.h"
#include "base/vec.h"

#define PASSWORD_KEY "${wlp.password.encryption.key}"

/* ---- nested elements ---- */

static enum err fill(struct evaluation *ev, const struct raw_element *e,
                     const struct cfg_type *type, struct cfg_node *node,
                     bool *is_refused, struct err_info *why);

static void
name_node(struct loading *l, struct cfg_node *node, const struct cfg_type *type,
          struct str id, const struct cfg_node *parent,
          const struct raw_element *e)
{
    const char *name =
        type->is_prefix && e != NULL ? str_z(l->arena, e->name) : type->name;

    node->type = type;
    node->raw = e;
    node->id = id;
    node->line = e == NULL ? 0 : e->line;
    node->file = e == NULL || e->line == 0 ? STR("") : e->written->path;
    node->name =
        parent != NULL ? loading_fmt(l, STR_FMT "/%s[" STR_FMT "]",
                                     STR_ARG(parent->name), name, STR_ARG(id))
        : id.n > 0     ? loading_fmt(l, "%s[" STR_FMT "]", name, STR_ARG(id))
                       : str_of(name);
}

/* Nested elements of one kind; those with the same id are one, and of some
 * kinds those with the same name. */
struct nested {
    struct raw_element **v;
    size_t n, cap;
    struct table by_id, by_name; /* -> struct raw_element */
};

/* p NULL: names do not matter, or it has none. */
static struct str
name_of(struct loading *l, const struct cfg_type *type,
        const struct raw_element *e)
{
    const struct raw_attr *name =
        type->is_by_name ? raw_attr_find(e, "name") : NULL;
    struct str text = { NULL, 0 };

    if (name == NULL || name->first == NULL ||
        vars_expand(l, NULL, raw_text(name->first), &text, NULL) != ERR_OK ||
        text.n == 0)
        return (struct str){ NULL, 0 };
    return text;
}

static bool
nested_add(struct loading *l, struct nested *to, const struct cfg_type *type,
           struct raw_element *e, bool is_one)
{
    struct raw_element *same = NULL;
    struct str name = name_of(l, type, e);

    if (is_one && to->n > 0)
        same = to->v[0];
    else if (!is_one && e->id.p != NULL)
        same = table_get(&to->by_id, e->id);
    if (!is_one && same == NULL && name.p != NULL)
        same = table_get(&to->by_name, name);
    e = raw_copy(l->arena, e);
    if (e == NULL)
        return false;
    if (same != NULL) {
        raw_absorb(same, e);
        return true;
    }
    return VEC_PUSH(to, e) &&
           (e->id.p == NULL || table_put(&to->by_id, e->id, e, NULL)) &&
           (name.p == NULL || table_put(&to->by_name, name, e, NULL));
}

static bool
nested_collect(struct loading *l, const struct raw_attr *given,
               const struct cfg_type *type, bool is_one, struct nested *out)
{
    if (given == NULL)
        return true;
    for (const struct raw_value *v = given->first; v != NULL; v = v->next) {
        struct raw_element *e = v->element;

        /* <ruleset>text</ruleset> or white space: an element without
         * attributes all the same */
        if (e == NULL && given->is_list) {
            e = ARENA_NEW(l->arena, struct raw_element);
            if (e == NULL)
                return false;
            e->name = given->name;
            e->doc = e->written = v->doc;
            e->line = v->line;
            e->column = v->column;
            e->text = str_trim(v->text);
        }
        if (e != NULL && !nested_add(l, out, type, e, is_one))
            return false;
    }
    return true;
}

/* How far an evaluation had come before an element. */
struct mark {
    size_t n_pending, n_secrets;
};

/* A refused element leaves nothing for the next one, which takes its place. */
static void
forget(struct evaluation *ev, struct cfg_node *node, size_t size,
       struct mark mark)
{
    struct cfg_tree *tree = ev->tree;

    while (tree->secrets.n > mark.n_secrets)
        secret_free(tree->secrets.v[--tree->secrets.n]);
    ev->pending.n = mark.n_pending;
    memset(node, 0, size);
}

/* Nested elements as structs of `target`, one behind the other. */
enum err
evaluate_children(struct filling *f, const struct cfg_type *target,
                  const struct raw_attr *given, bool is_one, char **out,
                  size_t *n_out, struct err_info *why)
{
    struct loading *l = f->ev->l;
    struct nested nested = { 0 };
    size_t size = target->size, n = 0;
    enum err e = ERR_OK;
    char *structs = NULL;

    table_init(&nested.by_id);
    table_init(&nested.by_name);
    if (!nested_collect(l, given, target, is_one, &nested))
        e = fill_no_storage(why);
    if (e == ERR_OK && nested.n > 0) {
        structs = arena_array(l->arena, nested.n, size);
        if (structs == NULL)
            e = fill_no_storage(why);
    }
    for (size_t i = 0; structs != NULL && i < nested.n && e == ERR_OK; i++) {
        struct cfg_node *node = (struct cfg_node *)(void *)(structs + n * size);
        const struct raw_element *from = nested.v[i];
        struct mark mark = { f->ev->pending.n, f->ev->tree->secrets.n };
        bool is_refused = false;

        name_node(l, node, target,
                  from->id.p != NULL ? from->id
                                     : loading_fmt(l, "default-%zu", i),
                  f->node, from);
        e = fill(f->ev, from, target, node, &is_refused, why);
        if (is_refused)
            forget(f->ev, node, size, mark);
        else
            n++;
    }
    *out = structs;
    *n_out = n;
    table_fini(&nested.by_id);
    table_fini(&nested.by_name);
    VEC_FREE(&nested);
    return e;
}

enum err
fill_children(struct filling *f, const struct cfg_attr *a,
              const struct raw_attr *given, struct err_info *why)
{
    char *structs = NULL;
    size_t n = 0;
    enum err e = evaluate_children(
        f, a->target, given, a->kind == CFG_KIND_CHILD, &structs, &n, why);

    if (e == ERR_OK && n > 0)
        *(const void **)fill_field(f, a->at) = structs;
    if (e == ERR_OK && a->kind == CFG_KIND_CHILDREN)
        *(size_t *)fill_field(f, a->at_n) = n;
    return e;
}

/* ---- elements ---- */

static enum err
fill_attr(struct filling *f, const struct cfg_attr *a,
          const struct raw_attr *given, struct err_info *why)
{
    switch (a->kind) {
    case CFG_KIND_PRESENT:
        *(bool *)fill_field(f, a->at) = given != NULL;
        return ERR_OK;
    case CFG_KIND_LIST:
        return fill_list(f, a, given, why);
    case CFG_KIND_REF:
        return refer_one(f, a, given, why);
    case CFG_KIND_REFS:
        return refer_many(f, a, given, why);
    case CFG_KIND_CHILD:
    case CFG_KIND_CHILDREN:
        return fill_children(f, a, given, why);
    case CFG_KIND_REST:
        return fill_rest(f, a, why);
    case CFG_KIND_STRING:
    case CFG_KIND_WORD:
    case CFG_KIND_PATH:
    case CFG_KIND_BOOL:
    case CFG_KIND_TRISTATE:
    case CFG_KIND_INT:
    case CFG_KIND_PORT:
    case CFG_KIND_DURATION:
    case CFG_KIND_ENUM:
    case CFG_KIND_PASSWORD:
    case CFG_KIND_PASSWORD_OR_HASH:
        break;
    }
    return fill_value(f, a, given, why);
}

/* SPT0401W, the first time in this load. */
static void
say_once(struct evaluation *ev, const struct cfg_node *node, struct str what)
{
    if (table_get(&ev->said, what) != NULL)
        return;
    if (what.n > 0 && table_put(&ev->said, what, ev, NULL))
        SAY(ev->l, "SPT0401W",
            loading_fmt(ev->l, STR_FMT ":%u", STR_ARG(node->file), node->line),
            what);
}

/* Only what a user wrote is worth a word: built-in instances have no file. */
static void
say_without_effect(struct evaluation *ev, const struct raw_element *e,
                   const struct cfg_type *type, const struct cfg_node *node)
{
    const char *needed = effect_needs(type);

    if (e == NULL || node->file.n == 0)
        return;
    if (!cfg_has_effect(type, NULL) ||
        (needed != NULL && raw_attr_find(e, needed) == NULL)) {
        say_once(ev, node, e->name.n > 0 ? e->name : str_of(type->name));
        return;
    }
    for (size_t i = 0; i < type->n_attrs; i++) {
        const struct cfg_attr *a = &type->attrs[i];
        const struct raw_attr *given = raw_attr_find(e, a->name);

        if (given == NULL || given->first == NULL ||
            cfg_has_effect(type, a->name))
            continue;
        if (!effect_says_what_is(type, a->name, raw_text(given->first)))
            say_once(
                ev, node,
                loading_fmt(ev->l, "attribute %s of %s", a->name, type->name));
    }
}

/* What is said next is about that attribute, or the element. */
static void
look_at(struct loading *l, const struct cfg_node *node,
        const struct raw_attr *given)
{
    l->at = (struct cfg_place){ node->file, node->line };
    if (given != NULL && given->first != NULL && given->first->doc != NULL &&
        given->first->line > 0)
        l->at =
            (struct cfg_place){ given->first->doc->path, given->first->line };
}

static enum err
fill(struct evaluation *ev, const struct raw_element *e,
     const struct cfg_type *type, struct cfg_node *node, bool *is_refused,
     struct err_info *why)
{
    struct filling f = { .ev = ev,
                         .scope = { .element = e, .type = type },
                         .node = node };
    struct err_info own = { 0 };
    enum err failed = ERR_OK;

    look_at(ev->l, node, NULL);
    say_without_effect(ev, e, type, node);
    unknown_attrs(ev->l, e, type);
    for (size_t i = 0; i < type->n_attrs && failed == ERR_OK; i++) {
        const struct raw_attr *given =
            e == NULL ? NULL : raw_attr_find(e, type->attrs[i].name);

        look_at(ev->l, node, given);
        failed = fill_attr(&f, &type->attrs[i], given, why);
    }
    look_at(ev->l, node, NULL);
    if (failed == ERR_OK && !f.is_refused && type->check != NULL &&
        type->check(node, &own) != ERR_OK) {
        SAY(ev->l, "CWWKG0011W",
            loading_fmt(
                ev->l, STR_FMT STR_FMT ": %s",
                STR_ARG(node->file.n == 0
                            ? STR("")
                            : loading_fmt(ev->l, STR_FMT ":%u: ",
                                          STR_ARG(node->file), node->line)),
                STR_ARG(node->name), own.text));
        f.is_refused = true;
    }
    *is_refused = f.is_refused;
    return failed;
}

static struct cfg_instance *
instance_new(struct evaluation *ev, const struct cfg_type *type, struct str id,
             const struct raw_element *e)
{
    struct cfg_instance *i = ARENA_NEW(ev->l->arena, struct cfg_instance);

    if (i == NULL)
        return NULL;
    i->type = type;
    i->id = id;
    i->node = arena_zalloc(ev->l->arena, type->size);
    if (i->node == NULL)
        return NULL;
    name_node(ev->l, i->node, type, id, NULL, e);
    return i;
}

/* Of two with one type and id (usr_a, usr_b) the first is found, and knows. */
static bool
add_instance(struct evaluation *ev, struct cfg_instance *i)
{
    struct cfg_instance *first;
    char text[TREE_KEY_MAX];
    struct str key;

    if (!VEC_PUSH(&ev->all, i))
        return false;
    if (!tree_key(i->type, i->id, text, &key))
        return true;
    first = table_get(&ev->tree->by_id, key);
    if (first != NULL)
        first->is_ambiguous = true;
    return first != NULL || table_put(&ev->tree->by_id, key, i, NULL);
}

struct merged {
    struct raw_element **v;
    size_t n, cap;
};

static enum err
make_instances(struct evaluation *ev, struct merged *merged,
               struct err_info *why)
{
    size_t n;
    const struct cfg_type *const *types = cfg_types(&n);

    for (size_t t = 0; t < n; t++) {
        struct raw_group *g = ev->l->types[t].first;

        if (types[t]->scope == CFG_NESTED)
            continue;
        for (; g != NULL; g = g->next) {
            struct conflicts *conflicts;
            struct cfg_instance *i;
            struct raw_element *e;

            if (conflicts_find(ev->l, g, &conflicts, why) != ERR_OK)
                return ERR_MEMORY;
            e = raw_merge(ev->l->arena, g);
            i = e == NULL ? NULL : instance_new(ev, types[t], g->id, e);
            if (i == NULL || !add_instance(ev, i) || !VEC_PUSH(merged, e))
                return fill_no_storage(why);
            conflicts_say(conflicts, e);
        }
        if (types[t]->scope == CFG_SINGLETON && ev->l->types[t].first == NULL) {
            struct cfg_instance *i = instance_new(ev, types[t], STR(""), NULL);

            if (i == NULL || !add_instance(ev, i) || !VEC_PUSH(merged, NULL))
                return fill_no_storage(why);
        }
    }
    return ERR_OK;
}

/* CWWKG0076W for what runs on in the tree in use. */
static void
say_kept(struct evaluation *ev, const struct cfg_instance *i)
{
    const struct cfg_tree *running = ev->l->options->running;

    if (running != NULL && cfg_find(running, i->type, i->id) != NULL)
        SAY(ev->l, "CWWKG0076W", str_of(i->type->name), i->id);
}

/* CWWKG0031E: of two elements with one unique value the first stays. */
static enum err
check_unique(struct evaluation *ev, struct err_info *why)
{
    char where[CFG_WHERE_MAX];
    struct table seen;
    enum err e = ERR_OK;

    table_init(&seen);
    for (size_t i = 0; i < ev->all.n && e == ERR_OK; i++) {
        struct cfg_instance *one = ev->all.v[i];
        const struct cfg_attr *a = one->type->attrs;

        for (size_t j = 0; j < one->type->n_attrs && one->is_active; j++) {
            const struct str *value =
                (const void *)((const char *)one->node + a[j].at);
            struct str key;

            if (!a[j].is_unique || value->n == 0)
                continue;
            key = loading_fmt(ev->l, "%s " STR_FMT, a[j].name, STR_ARG(*value));
            if (table_get(&seen, key) != NULL) {
                look_at(ev->l, one->node, NULL);
                SAY(ev->l, "CWWKG0031E", str_of(a[j].name), *value,
                    cfg_where(one->node, a[j].name, STR(""), where));
                one->is_active = false;
                say_kept(ev, one);
            } else if (!table_put(&seen, key, one, NULL)) {
                e = fill_no_storage(why);
            }
        }
    }
    table_fini(&seen);
    return e;
}

/* The sets consumers see: active elements by type. */
static enum err
publish(struct evaluation *ev, struct err_info *why)
{
    struct cfg_tree *tree = ev->tree;
    size_t n, at = 0;

    (void)cfg_types(&n);
    tree->sets = ARENA_ARRAY(ev->l->arena, struct cfg_type_set, n);
    if (tree->sets == NULL)
        return fill_no_storage(why);
    for (size_t i = 0; i < ev->all.n; i++)
        tree->sets[cfg_type_index(ev->all.v[i]->type)].n++;
    for (size_t t = 0; t < n; t++) {
        struct cfg_type_set *set = &tree->sets[t];

        set->v = ARENA_ARRAY(ev->l->arena, struct cfg_instance *, set->n);
        if (set->v == NULL)
            return fill_no_storage(why);
        for (size_t end = at + set->n; at < end; at++) {
            /* they were made type by type */
            struct cfg_instance *i = ev->all.v[at];

            if (i->is_active)
                set->v[set->n - (end - at)] = i;
        }
    }
    return ERR_OK;
}

/* Close the gaps that refused elements left. */
static void
compact(struct cfg_type_set *set)
{
    size_t kept = 0;

    for (size_t i = 0; i < set->n; i++)
        if (set->v[i] != NULL)
            set->v[kept++] = set->v[i];
    set->n = kept;
}

static enum err
evaluate_all(struct evaluation *ev, struct merged *merged, struct err_info *why)
{
    enum err e =
        vars_expand(ev->l, NULL, STR(PASSWORD_KEY), &ev->password_key, why);
    size_t n;

    if (e != ERR_OK && e != ERR_MEMORY) {
        ev->password_key = STR(PASSWORD_KEY);
        e = ERR_OK;
    }
    if (e == ERR_OK)
        e = make_instances(ev, merged, why);
    for (size_t i = 0; i < merged->n && e == ERR_OK; i++) {
        struct cfg_instance *one = ev->all.v[i];
        bool is_refused = false;

        e = fill(ev, merged->v[i], one->type, one->node, &is_refused, why);
        one->is_active = !is_refused || one->type->scope == CFG_SINGLETON;
        if (is_refused)
            say_kept(ev, one);
    }
    if (e == ERR_OK)
        e = check_unique(ev, why);
    if (e == ERR_OK)
        e = refer_settle(ev, why);
    if (e == ERR_OK)
        e = publish(ev, why);
    if (e == ERR_OK)
        e = foreign_merge(ev->tree, why);
    (void)cfg_types(&n);
    for (size_t t = 0; t < n && e == ERR_OK; t++)
        compact(&ev->tree->sets[t]);
    return e;
}

enum err
evaluate(struct cfg_tree *tree, struct err_info *why)
{
    struct evaluation ev = { .tree = tree, .l = &tree->loading };
    struct merged merged = { 0 };
    enum err e;

    table_init(&ev.said);
    e = evaluate_all(&ev, &merged, why);

    for (size_t i = 0; i < ev.clear.n; i++)
        secret_wipe((char *)(uintptr_t)ev.clear.v[i].p, ev.clear.v[i].n);
    VEC_FREE(&ev.clear);
    table_fini(&ev.said);
    VEC_FREE(&merged);
    VEC_FREE(&ev.pending);
    VEC_FREE(&ev.all);
    return e;
}
