/*
 * CWWKG0102I: a single value that one element, or several elements of one id,
 * set to different things. It is no error, but the reader of the first file
 * believes something that is not so; the message says who wins.
 * Source: Open Liberty, which attributes count as in conflict and the form of
 * the lines.
 */
#include "config/raw.h"

#include "base/msg.h"

#define VALUE_SHOWN_MAX 200u
#define LINES_MAX 40u

/* Attributes of the message, in the order of their first appearance. */
struct conflict {
    struct conflict *next;
    const struct cfg_attr *row;
    const struct raw_value *values[LINES_MAX]; /* of elements that set it */
    size_t n_values;                           /* may be more than are kept */
    struct str last; /* the latest value, variables replaced */
    bool is_conflict;
};

struct conflicts {
    struct loading *l;
    const struct cfg_type *type;
    struct conflict *first, **end;
};

static const struct cfg_attr *
row_of(const struct cfg_type *type, struct str name)
{
    for (size_t i = 0; i < type->n_attrs; i++)
        if (type->attrs[i].kind != CFG_KIND_PRESENT &&
            str_eq_nocase_z(name, type->attrs[i].name))
            return &type->attrs[i];
    return NULL;
}

static bool
is_secret(const struct cfg_attr *row)
{
    return row->kind == CFG_KIND_PASSWORD ||
           row->kind == CFG_KIND_PASSWORD_OR_HASH;
}

static struct conflict *
find(struct conflicts *all, const struct raw_attr *a)
{
    const struct cfg_attr *row = row_of(all->type, a->name);
    struct conflict *c = all->first;

    /* what has no row has no effect either */
    if (row == NULL || a->is_list || a->last == NULL)
        return NULL;
    while (c != NULL && c->row != row)
        c = c->next;
    if (c != NULL)
        return c;
    c = ARENA_NEW(all->l->arena, struct conflict);
    if (c == NULL)
        return NULL;
    c->row = row;
    *all->end = c;
    all->end = &c->next;
    return c;
}

/* What a document says, cut and without anything that could end the line. */
static struct str
shown(struct loading *l, struct str text)
{
    char *copy = str_z(l->arena, str_sub(text, 0, VALUE_SHOWN_MAX));

    for (char *p = copy; p != NULL && *p != '\0'; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = ' ';
    return copy == NULL ? STR("") : str_of(copy);
}

static struct str
line_of(struct loading *l, const struct conflict *c, const struct raw_value *v)
{
    struct str text = shown(l, v->text);
    struct str path = v->doc->path;

    if (is_secret(c->row))
        return loading_fmt(l, "    Secure value is set in file:" STR_FMT ".\n",
                           STR_ARG(path));
    if (text.n == 0)
        return loading_fmt(l, "    No value is set in file:" STR_FMT ".\n",
                           STR_ARG(path));
    return loading_fmt(l, "    Value " STR_FMT " is set in file:" STR_FMT ".\n",
                       STR_ARG(text), STR_ARG(path));
}

static void
note(struct conflicts *all, const struct raw_attr *a)
{
    struct conflict *c = find(all, a);
    struct str value;

    if (c == NULL)
        return;
    if (vars_expand(all->l, NULL, a->last->text, &value, NULL) != ERR_OK)
        value = a->last->text;
    if (c->n_values > 0 && !str_eq(c->last, value))
        c->is_conflict = true;
    c->last = value;
    if (c->n_values < LINES_MAX)
        c->values[c->n_values] = a->last;
    c->n_values++;
}

enum err
conflicts_find(struct loading *l, const struct raw_group *g,
               struct conflicts **out, struct err_info *why)
{
    struct conflicts *all;

    *out = NULL;
    if (g->user == NULL || g->user->next == NULL)
        return ERR_OK;
    all = ARENA_NEW(l->arena, struct conflicts);
    if (all == NULL)
        return raw_no_storage(why);
    *all = (struct conflicts){ .l = l, .type = g->type };
    all->end = &all->first;
    for (const struct raw_element *e = g->user; e != NULL; e = e->next)
        for (const struct raw_attr *a = e->attrs; a != NULL; a = a->next)
            note(all, a);
    *out = all;
    return ERR_OK;
}

/* The end of one attribute's paragraph: what it will be. */
static void
add_outcome(struct loading *l, struct buf *out, const struct conflict *c,
            const struct raw_element *merged)
{
    const struct raw_attr *a = raw_attr_find(merged, c->row->name);
    const struct raw_value *v = a == NULL ? NULL : a->last;

    buf_printf(out, "  Property %s will be set to ", c->row->name);
    if (v == NULL || v->element != NULL || v->text.n == 0)
        buf_add_z(out, "no value.\n");
    else if (is_secret(c->row))
        buf_printf(out, "the value defined in file:" STR_FMT ".\n",
                   STR_ARG(v->doc->path));
    else
        buf_printf(out, STR_FMT ".\n", STR_ARG(shown(l, v->text)));
}

void
conflicts_say(struct conflicts *all, const struct raw_element *merged)
{
    bool has_any = false;
    struct buf out;

    for (const struct conflict *c = all == NULL ? NULL : all->first; c != NULL;
         c = c->next)
        has_any = has_any || c->is_conflict;
    if (!has_any)
        return;
    buf_init(&out, 65536);
    buf_add_z(&out, "Found conflicting settings for ");
    if (all->type->scope == CFG_FACTORY)
        buf_printf(&out, STR_FMT " instance of ",
                   STR_ARG(shown(all->l, merged->id)));
    buf_printf(&out, STR_FMT " configuration.\n", STR_ARG(merged->name));
    for (const struct conflict *c = all->first; c != NULL; c = c->next) {
        if (!c->is_conflict)
            continue;
        buf_printf(&out, "  Property %s has conflicting values:\n",
                   c->row->name);
        for (size_t i = 0; i < c->n_values && i < LINES_MAX; i++)
            buf_add(&out, line_of(all->l, c, c->values[i]));
        if (c->n_values > LINES_MAX)
            buf_printf(&out, "    and %zu more.\n", c->n_values - LINES_MAX);
        add_outcome(all->l, &out, c, merged);
    }
    if (all->l->options->on_message != NULL) /* several lines: made here */
        all->l->options->on_message(all->l->options->arg, "CWWKG0102I",
                                    str_trim(buf_view(&out)));
    buf_fini(&out);
}
