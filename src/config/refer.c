/*
 * References: by id, in place, or both. They are noted while elements are made
 * and settled last, when it is known which ones survived.
 */
#include "config/fill.h"

#include <string.h>

#include "base/msg.h"
#include "base/vec.h"

static struct cfg_instance *
instance_find(const struct evaluation *ev, const struct cfg_type *type,
              struct str id)
{
    struct cfg_instance *one = tree_find(ev->tree, type, id);

    if (one != NULL || id.n < 256)
        return one;
    for (size_t i = 0; i < ev->all.n; i++) /* too long for the table */
        if (ev->all.v[i]->type == type && str_eq(ev->all.v[i]->id, id))
            return ev->all.v[i];
    return NULL;
}

static bool
pend(struct filling *f, const struct cfg_attr *a, struct cfg_refs *refs,
     struct cfg_instance *target, const struct raw_value *v, struct str id)
{
    struct pending p = { .target = target,
                         .node = NULL,
                         .where = v,
                         .slot = fill_field(f, a->at),
                         .refs = refs,
                         .attr = a,
                         .id = id };

    return VEC_PUSH(&f->ev->pending, p);
}

/* The name of the child element form: sslRef -> ssl. */
static struct str
child_name(const struct cfg_attr *a)
{
    struct str name = str_of(a->name);

    return str_ends(name, STR("Ref")) ? str_sub(name, 0, name.n - 3) : name;
}

static struct raw_attr *
child_named(const struct raw_element *e, struct str name)
{
    for (struct raw_attr *c = e == NULL ? NULL : e->attrs; c != NULL;
         c = c->next)
        if (c->is_list && str_eq_nocase(c->name, name))
            return c;
    return NULL;
}

static struct raw_attr *
child_form(const struct raw_element *e, const struct cfg_attr *a)
{
    return child_named(e, child_name(a));
}

/* A definition written in place: an instance nobody else can name. */
static enum err
fill_inline(struct filling *f, const struct cfg_attr *a,
            const struct raw_attr *given, struct err_info *why)
{
    struct filling *inner = f;
    struct cfg_attr row = *a;

    row.kind = CFG_KIND_CHILD;
    return fill_children(inner, &row, given, why);
}

/* The id in <ssl ref="id"/> or <ssl>id</ssl>; p NULL: defined in place. */
static struct str
ref_of(const struct raw_value *v)
{
    const struct raw_attr *ref;

    if (v->element == NULL)
        return v->text;
    ref = raw_attr_find(v->element, "ref");
    return ref == NULL ? (struct str){ NULL, 0 } : ref->last->text;
}

enum err
refer_one(struct filling *f, const struct cfg_attr *a,
          const struct raw_attr *given, struct err_info *why)
{
    const struct raw_attr *nested = child_form(f->scope.element, a);
    const struct raw_value *v = given == NULL ? NULL : given->first;
    bool is_default = false;
    struct str id;
    enum err e;

    if (nested != NULL && nested->first != NULL) {
        if (ref_of(nested->first).p == NULL)
            return fill_inline(f, a, nested, why);
        id = ref_of(nested->first);
        v = nested->first;
    } else if (v != NULL) {
        several_values(f->ev->l, given, f->node);
        id = raw_text(v);
    } else {
        if (a->value == NULL)
            fill_say_missing(f, a);
        id = str_of(a->value == NULL ? "" : a->value);
        is_default = true;
    }
    e = fill_expand(f, a, v, id, &id, why);
    if (e != ERR_OK)
        return e == ERR_SYNTAX ? ERR_OK : e;
    id = str_trim(id);
    if (id.n == 0)
        return ERR_OK;
    if (instance_find(f->ev, a->target, id) == NULL) {
        if (!is_default)
            SAY(f->ev->l, "CWWKG0033W", str_of(a->name), id,
                fill_where(f->ev->l, v));
        if (!a->is_needed)
            return ERR_OK;
        id = str_of(a->value);
    }
    if (!pend(f, a, NULL, instance_find(f->ev, a->target, id), v, id))
        return fill_no_storage(why);
    return ERR_OK;
}

static enum err
add_any(struct filling *f, const struct cfg_attr *a, const struct raw_value *v,
        struct str id, struct err_info *why)
{
    struct cfg_instance *found = NULL;
    unsigned n_found = 0;

    for (size_t i = 0; a->targets[i] != NULL; i++) {
        struct cfg_instance *one = instance_find(f->ev, a->targets[i], id);

        if (one != NULL) {
            found = one;
            n_found += one->is_ambiguous ? 2 : 1;
        }
    }
    if (n_found != 1) {
        SAY(f->ev->l, n_found == 0 ? "CWWKG0033W" : "CWWKG0087W",
            str_of(a->name), id, fill_where(f->ev->l, v));
        return ERR_OK;
    }
    if (!pend(f, a, fill_field(f, a->at), found, v, id))
        return fill_no_storage(why);
    return ERR_OK;
}

/* How elements of that target are written in place: named after the attribute
 * when there is one target, else by their own name. */
static struct raw_attr *
in_place(const struct filling *f, const struct cfg_attr *a, size_t target)
{
    return a->targets[1] == NULL
               ? child_form(f->scope.element, a)
               : child_named(f->scope.element,
                             str_of(a->targets[target]->name));
}

static bool
is_in_place(const struct filling *f, const struct cfg_attr *a, struct str id)
{
    for (size_t t = 0; a->targets[t] != NULL; t++) {
        const struct raw_attr *nested = in_place(f, a, t);

        for (const struct raw_value *v = nested == NULL ? NULL : nested->first;
             v != NULL; v = v->next)
            if (v->element != NULL && v->element->id.p != NULL &&
                str_eq(v->element->id, id))
                return true;
    }
    return false;
}

/* Elements defined in place, behind those that are named. */
static enum err
add_in_place(struct filling *f, const struct cfg_attr *a, struct err_info *why)
{
    enum err e = ERR_OK;

    for (size_t t = 0; a->targets[t] != NULL && e == ERR_OK; t++) {
        const struct cfg_type *target = a->targets[t];
        struct raw_attr own = { 0 };
        const struct raw_attr *nested = in_place(f, a, t);
        char *structs = NULL;
        size_t n = 0;

        for (const struct raw_value *v = nested == NULL ? NULL : nested->first;
             v != NULL; v = v->next) {
            struct raw_value *copy =
                ARENA_NEW(f->ev->l->arena, struct raw_value);

            if (copy == NULL)
                return fill_no_storage(why);
            if (v->element == NULL || ref_of(v).p != NULL)
                continue;
            *copy = *v;
            copy->next = NULL;
            if (own.last == NULL)
                own.first = copy;
            else
                own.last->next = copy;
            own.last = copy;
        }
        own.is_list = true;
        if (own.first != NULL)
            e = evaluate_children(f, target, &own, false, &structs, &n, why);
        for (size_t i = 0; i < n && e == ERR_OK; i++) {
            struct pending p = { .node =
                                     (const void *)(structs + i * target->size),
                                 .refs = fill_field(f, a->at),
                                 .attr = a };

            if (!VEC_PUSH(&f->ev->pending, p))
                e = fill_no_storage(why);
        }
    }
    return e;
}

enum err
refer_many(struct filling *f, const struct cfg_attr *a,
           const struct raw_attr *given, struct err_info *why)
{
    const struct raw_attr *nested = child_form(f->scope.element, a);
    struct str rest, id;
    enum err e = ERR_OK;

    for (const struct raw_value *v = given == NULL ? NULL : given->first;
         v != NULL && e == ERR_OK; v = v->next) {
        e = fill_expand(f, a, v, raw_text(v), &rest, why);
        while (e == ERR_OK && str_token(&rest, ',', &id))
            if (str_trim(id).n > 0 && !is_in_place(f, a, str_trim(id)))
                e = add_any(f, a, v, str_trim(id), why);
    }
    for (const struct raw_value *v = nested == NULL ? NULL : nested->first;
         v != NULL && e == ERR_OK; v = v->next) {
        if (ref_of(v).p == NULL)
            continue;
        e = fill_expand(f, a, v, ref_of(v), &id, why);
        if (e == ERR_OK)
            e = add_any(f, a, v, str_trim(id), why);
    }
    if (e == ERR_OK)
        e = add_in_place(f, a, why);
    return e == ERR_SYNTAX ? ERR_OK : e;
}

/* Settle all references; what was refused counts as not there. */
enum err
refer_settle(struct evaluation *ev, struct err_info *why)
{
    for (size_t i = 0; i < ev->pending.n; i++) {
        struct pending *p = &ev->pending.v[i];

        if (p->node == NULL && !p->target->is_active) {
            if (p->where != NULL && p->where->doc != NULL)
                ev->l->at =
                    (struct cfg_place){ p->where->doc->path, p->where->line };
            SAY(ev->l, "CWWKG0033W", str_of(p->attr->name), p->id,
                fill_where(ev->l, p->where));
            if (p->attr->is_needed)
                *(const void **)p->slot =
                    instance_find(ev, p->attr->target, str_of(p->attr->value))
                        ->node;
        } else if (p->refs == NULL) {
            *(const void **)p->slot = p->target->node;
        } else {
            struct cfg_any *v =
                ARENA_ARRAY(ev->l->arena, struct cfg_any, p->refs->n + 1);

            if (v == NULL)
                return fill_no_storage(why);
            if (p->refs->n > 0)
                memcpy(v, p->refs->v, p->refs->n * sizeof *v);
            v[p->refs->n].node = p->node != NULL ? p->node : p->target->node;
            p->refs->v = v;
            p->refs->n++;
        }
    }
    return ERR_OK;
}
