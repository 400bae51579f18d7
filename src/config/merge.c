/*
 * The merge: elements of one singleton or one id, written
 * in several places, become one. REPLACE and IGNORE speak about files, never
 * about two elements of the same file.
 */
#include "config/raw.h"

static bool
same_doc(const struct raw_doc *a, const struct raw_doc *b)
{
    return a == b || str_eq(a->path, b->path);
}

struct raw_attr *
raw_attr_find(const struct raw_element *e, const char *name)
{
    for (struct raw_attr *a = e->attrs; a != NULL; a = a->next)
        if (str_eq_nocase_z(a->name, name))
            return a;
    return NULL;
}

struct str
raw_text(const struct raw_value *v)
{
    return v->element != NULL ? v->element->text : v->text;
}

static void
absorb_attr(struct raw_element *into, struct raw_attr *from, bool is_set)
{
    struct raw_attr **link = &into->attrs;

    while (*link != NULL && !str_eq_nocase((*link)->name, from->name))
        link = &(*link)->next;
    if (from->op != RAW_OP_NONE)
        is_set = from->op == RAW_OP_SET;
    if (*link == NULL) {
        from->next = NULL;
        *link = from;
    } else if (from->is_list && (*link)->is_list && !is_set) {
        (*link)->last->next = from->first;
        (*link)->last = from->last;
    } else {
        (*link)->is_list = from->is_list;
        (*link)->first = from->first;
        (*link)->last = from->last;
    }
}

void
raw_absorb(struct raw_element *into, const struct raw_element *from)
{
    bool is_foreign = !same_doc(into->doc, from->doc);

    if (is_foreign && from->behaviour == RAW_IGNORE)
        return;
    if (from->text.n > 0)
        into->text = from->text;
    for (struct raw_attr *a = from->attrs, *next; a != NULL; a = next) {
        next = a->next;
        absorb_attr(into, a, is_foreign && from->behaviour == RAW_REPLACE);
    }
}

/* The file on p's include stack that stands directly below `ancestor`; NULL
 * when `ancestor` is not on the stack. */
static const struct raw_doc *
below(const struct raw_doc *p, const struct raw_doc *ancestor)
{
    for (; p->parent != NULL; p = p->parent)
        if (same_doc(p->parent, ancestor))
            return p;
    return NULL;
}

static void
reverse(struct raw_element **list)
{
    struct raw_element *done = NULL;

    for (struct raw_element *e = *list, *next; e != NULL; e = next) {
        next = e->next;
        e->next = done;
        done = e;
    }
    *list = done;
}

/*
 * From the last element to the first: what was written before an include, in
 * the file that includes or in one above it, takes the included element in
 * under that include's behaviour. Leaves the survivors in document order.
 */
static struct raw_element *
fold_includes(struct raw_element *group)
{
    struct raw_element *acc; /* the newest survivor first */

    reverse(&group);
    acc = group;
    group = group->next;
    acc->next = NULL;
    while (group != NULL) {
        struct raw_element *e = group, *p = acc;
        const struct raw_doc *child = NULL;

        group = group->next;
        if (!same_doc(e->doc, p->doc)) {
            child = below(p->doc, e->doc);
            if (child != NULL && child != p->doc)
                p->behaviour = child->behaviour;
        }
        if (same_doc(e->doc, p->doc) || child != NULL) {
            raw_absorb(e, p);
            e->next = p->next;
        } else {
            e->next = p;
        }
        acc = e;
    }
    return acc;
}

static void
absorb_group(struct raw_element *into, struct raw_element *group)
{
    struct raw_element *e, *next;

    if (group == NULL)
        return;
    for (e = fold_includes(group); e != NULL; e = next) {
        next = e->next;
        raw_absorb(into, e);
    }
}

struct raw_element *
raw_merge(struct arena *arena, const struct raw_group *group)
{
    const struct raw_element *first =
        group->builtin != NULL ? group->builtin : group->user;
    struct raw_element *t = ARENA_NEW(arena, struct raw_element);

    if (t == NULL || first == NULL)
        return t;
    t->name = first->name;
    t->id = group->id;
    t->doc = first->doc;
    t->written = group->user != NULL ? group->user->doc : first->doc;
    t->line = group->user != NULL ? group->user->line : 0;
    t->column = group->user != NULL ? group->user->column : 0;
    absorb_group(t, group->builtin);
    absorb_group(t, group->user);
    return t;
}

struct raw_element *
raw_copy(struct arena *arena, const struct raw_element *from)
{
    struct raw_element *copy = ARENA_NEW(arena, struct raw_element);
    struct raw_attr **end;

    if (copy == NULL)
        return NULL;
    *copy = *from;
    copy->attrs = NULL;
    end = &copy->attrs;
    for (const struct raw_attr *a = from->attrs; a != NULL; a = a->next) {
        struct raw_attr *attr = ARENA_NEW(arena, struct raw_attr);

        if (attr == NULL)
            return NULL;
        *attr = *a;
        attr->next = NULL;
        attr->first = attr->last = NULL;
        for (const struct raw_value *v = a->first; v != NULL; v = v->next) {
            struct raw_value *value = ARENA_NEW(arena, struct raw_value);

            if (value == NULL)
                return NULL;
            *value = *v;
            value->next = NULL;
            if (attr->last == NULL)
                attr->first = value;
            else
                attr->last->next = value;
            attr->last = value;
            if (v == a->last)
                break;
        }
        *end = attr;
        end = &attr->next;
    }
    return copy;
}
