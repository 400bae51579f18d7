/*
 * What nobody registered is read over without a word, as in the original. Who
 * asks is told, with the name that may have been meant: a misspelt requireAuth
 * protects nothing.
 */
#include "config/fill.h"

#include <string.h>

#include "base/msg.h"
#include "parse/xml.h"

#define NAME_MAX_SHOWN 60u
#define SAID_MAX 200u

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Edits (insert, delete, replace) that make one of the other, without regard
 * to case; more than `most` is most + 1. */
static size_t
distance(struct str a, struct str b, size_t most)
{
    size_t row[NAME_MAX_SHOWN + 1];

    if (a.n > NAME_MAX_SHOWN || b.n > NAME_MAX_SHOWN ||
        (a.n > b.n ? a.n - b.n : b.n - a.n) > most)
        return most + 1;
    for (size_t j = 0; j <= b.n; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            size_t up = row[j];
            size_t best = diagonal + (lower(a.p[i - 1]) != lower(b.p[j - 1]));

            best = up + 1 < best ? up + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            diagonal = up;
            row[j] = best;
        }
    }
    return row[b.n] > most ? most + 1 : row[b.n];
}

struct guess {
    struct str wrong;
    const char *best; /* NULL: nothing is near */
    size_t least;
};

static struct guess
guess_for(struct str wrong)
{
    /* a third of the name may be wrong */
    return (struct guess){ wrong, NULL, wrong.n < 4 ? 1 : wrong.n / 3 };
}

static void
consider(struct guess *g, const char *name)
{
    size_t d = distance(g->wrong, str_of(name), g->least);

    if (d > g->least || (d == g->least && g->best != NULL))
        return;
    g->best = name;
    g->least = d;
}

static void
say(struct loading *l, const struct raw_doc *doc, uint32_t line,
    uint32_t column, struct str what, const struct guess *g)
{
    l->at = (struct cfg_place){ doc->path, line };
    SAY(l, "SPT0403W",
        loading_fmt(l, STR_FMT ":%u:%u", STR_ARG(doc->path), line, column),
        what,
        g->best == NULL ? STR("")
                        : loading_fmt(l, " Did you mean \"%s\"?", g->best));
}

void
unknown_element(struct loading *l, const struct raw_element *e)
{
    struct guess g = guess_for(e->name);
    size_t n;
    const struct cfg_type *const *types = cfg_types(&n);

    if (!l->options->tells_all || l->n_unknown++ >= SAID_MAX)
        return;
    for (size_t i = 0; i < n; i++)
        if (types[i]->scope != CFG_NESTED && !types[i]->is_prefix)
            consider(&g, types[i]->name);
    say(l, e->doc, e->line, e->column,
        loading_fmt(l, "element " STR_FMT,
                    STR_ARG(str_sub(e->name, 0, NAME_MAX_SHOWN))),
        &g);
}

void
unknown_in_file(struct loading *l, const struct raw_doc *doc,
                const struct xml_node *node, const struct cfg_type *type)
{
    for (size_t i = 0; l->options->tells_all && i < node->n_attrs; i++) {
        const struct xml_attr *a = &node->attrs[i];
        struct guess g = guess_for(a->name);
        bool is_known = str_eq_z(a->name, "id") ||
                        str_eq_nocase_z(a->name, "configurationEnabled");

        for (size_t j = 0; j < type->n_attrs; j++) {
            is_known = is_known || str_eq_z(a->name, type->attrs[j].name);
            consider(&g, type->attrs[j].name);
        }
        if (!is_known && l->n_unknown++ < SAID_MAX)
            say(l, doc, a->line, a->column,
                loading_fmt(l, "attribute " STR_FMT " of %s",
                            STR_ARG(str_sub(a->name, 0, NAME_MAX_SHOWN)),
                            type->name),
                &g);
    }
}

void
several_values(struct loading *l, const struct raw_attr *given,
               const struct cfg_node *node)
{
    const struct raw_value *first = given->first, *second;

    if (!l->options->tells_all || !given->is_list || first == NULL ||
        first->next == NULL || l->n_unknown++ >= SAID_MAX)
        return;
    second = first->next;
    l->at = (struct cfg_place){ second->doc->path, second->line };
    SAY(l, "SPT0510W",
        loading_fmt(l, STR_FMT ":%u:%u", STR_ARG(second->doc->path),
                    second->line, second->column),
        loading_fmt(l, STR_FMT " of " STR_FMT, STR_ARG(given->name),
                    STR_ARG(node->name)),
        loading_fmt(l, STR_FMT ":%u:%u", STR_ARG(first->doc->path), first->line,
                    first->column));
}

/* Is it the row's name, or what its elements are called in place? */
static bool
is_named(const struct cfg_attr *a, const struct raw_attr *given)
{
    struct str name = str_of(a->name);

    if (str_eq_nocase(given->name, name))
        return true;
    if (a->kind != CFG_KIND_REF && a->kind != CFG_KIND_REFS)
        return false;
    if (str_ends(name, STR("Ref")) &&
        str_eq_nocase(given->name, str_sub(name, 0, name.n - 3)))
        return true;
    for (size_t t = 0; a->targets != NULL && a->targets[t] != NULL; t++)
        if (str_eq_nocase_z(given->name, a->targets[t]->name))
            return true;
    return false;
}

static bool
has_rest(const struct cfg_type *type)
{
    for (size_t i = 0; i < type->n_attrs; i++)
        if (type->attrs[i].kind == CFG_KIND_REST)
            return true;
    return false;
}

/* Has any element it? */
static bool
is_of_all(const struct raw_attr *given)
{
    static const char *const always[] = { "ref", "configurationEnabled" };

    for (size_t i = 0; i < ARRAY_LEN(always); i++)
        if (str_eq_nocase_z(given->name, always[i]))
            return true;
    return false;
}

bool
unknown_has_row(const struct cfg_type *type, const struct raw_attr *given)
{
    if (is_of_all(given) && !has_rest(type))
        return true;
    for (size_t i = 0; i < type->n_attrs; i++)
        if (is_named(&type->attrs[i], given))
            return true;
    return false;
}

static bool
has_meaning(const struct cfg_type *type, const struct raw_attr *given)
{
    if (has_rest(type) || is_of_all(given))
        return true;
    for (size_t i = 0; i < type->n_attrs; i++)
        if (is_named(&type->attrs[i], given))
            return true;
    return false;
}

void
unknown_attrs(struct loading *l, const struct raw_element *e,
              const struct cfg_type *type)
{
    if (!l->options->tells_all || e == NULL)
        return;
    for (const struct raw_attr *a = e->attrs; a != NULL; a = a->next) {
        struct guess g = guess_for(a->name);
        const struct raw_value *v = a->first;

        if (v == NULL || v->line == 0 || has_meaning(type, a) ||
            l->n_unknown++ >= SAID_MAX)
            continue;
        for (size_t i = 0; i < type->n_attrs; i++)
            if (type->attrs[i].kind != CFG_KIND_REST)
                consider(&g, type->attrs[i].name);
        say(l, v->doc, v->line, v->column,
            loading_fmt(l, "%s " STR_FMT " of " STR_FMT,
                        v->element != NULL ? "element" : "attribute",
                        STR_ARG(str_sub(a->name, 0, NAME_MAX_SHOWN)),
                        STR_ARG(str_sub(e->name, 0, NAME_MAX_SHOWN))),
            &g);
    }
}
