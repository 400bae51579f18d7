/* What no row of a type names: properties, and elements in them, flat. */
#include "config/fill.h"

static bool
has_row(const struct cfg_type *type, struct str name)
{
    for (size_t i = 0; i < type->n_attrs; i++)
        if (str_eq_nocase_z(name, type->attrs[i].name))
            return true;
    return false;
}

struct rest {
    struct filling *f;
    const struct cfg_attr *attr;
    struct cfg_vars *out;
    size_t cap;
};

static enum err
rest_put(struct rest *r, struct str name, struct str value,
         struct err_info *why)
{
    struct cfg_vars *out = r->out;
    struct cfg_var *v =
        arena_grown(r->f->ev->l->arena, (void *)(uintptr_t)out->v, out->n,
                    &r->cap, sizeof *v);

    if (v == NULL || name.p == NULL || value.p == NULL)
        return fill_no_storage(why);
    v[out->n++] = (struct cfg_var){ name, value };
    out->v = v;
    return ERR_OK;
}

/* <x>a</x><x>b</x> is x="a,b". */
static enum err
rest_items(struct rest *r, const struct raw_attr *given, struct str name,
           struct err_info *why)
{
    struct loading *l = r->f->ev->l;
    struct str text = STR(""), only = STR("");
    struct buf all;
    size_t n = 0;
    enum err e = ERR_OK;

    buf_init(&all, 2u * l->limits.max_value_bytes);
    for (const struct raw_value *v = given->first; v != NULL && e == ERR_OK;
         v = v == given->last ? NULL : v->next) {
        if (v->element != NULL)
            continue;
        e = fill_expand(r->f, r->attr, v, v->text, &text, why);
        if (e != ERR_OK || (given->is_list && text.n == 0))
            continue;
        if (n++ > 0)
            buf_add_char(&all, ',');
        value_list_item(&all, text);
        only = text;
    }
    if (e == ERR_OK && n > 1)
        e = buf_check(&all, why);
    if (e == ERR_OK && n > 0)
        e = rest_put(r, name, n == 1 ? only : str_dup(l->arena, buf_view(&all)),
                     why);
    buf_fini(&all);
    return e == ERR_SYNTAX ? ERR_OK : e;
}

/* Elements inside are given flat, as the original gives them where a type says
 * ibm:flat: host of the second <peer> is peer.1.host. */
static enum err
rest_of(struct rest *r, const struct raw_element *e, struct str before,
        struct err_info *why)
{
    struct loading *l = r->f->ev->l;
    enum err failed = ERR_OK;

    for (const struct raw_attr *a = e->attrs; a != NULL && failed == ERR_OK;
         a = a->next) {
        struct str name =
            loading_fmt(l, STR_FMT STR_FMT, STR_ARG(before), STR_ARG(a->name));
        size_t n = 0;

        if (a->last == NULL ||
            (before.n == 0 && has_row(r->f->node->type, a->name)))
            continue;
        failed = rest_items(r, a, name, why);
        for (const struct raw_value *v = a->first;
             v != NULL && failed == ERR_OK; v = v == a->last ? NULL : v->next) {
            struct str in;

            if (v->element == NULL)
                continue;
            in = loading_fmt(l, STR_FMT ".%zu.", STR_ARG(name), n++);
            if (v->element->id.p != NULL)
                failed = rest_put(r, loading_fmt(l, STR_FMT "id", STR_ARG(in)),
                                  v->element->id, why);
            if (failed == ERR_OK)
                failed = rest_of(r, v->element, in, why);
        }
    }
    return failed;
}

enum err
fill_rest(struct filling *f, const struct cfg_attr *a, struct err_info *why)
{
    struct rest r = { .f = f, .attr = a, .out = fill_field(f, a->at) };

    return f->scope.element == NULL
               ? ERR_OK
               : rest_of(&r, f->scope.element, STR(""), why);
}
