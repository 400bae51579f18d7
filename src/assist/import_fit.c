#include "assist/import_fit.h"

#include <string.h>

bool
fit_label(const struct label *a, const struct label *b)
{
    const struct label *less = a->text.n < b->text.n ? a : b;
    const struct label *more = less == a ? b : a;

    return str_starts(more->text, less->text) &&
           (less->text.n == more->text.n || less->is_cut) &&
           (less->text.n > 0) == (more->text.n > 0);
}

/* The longer one says more. */
void
fit_merge_label(struct label *to, const struct label *from)
{
    if (from->text.n > to->text.n)
        *to = *from;
}

bool
fit_same_texts(const struct store_texts *a, const struct store_texts *b)
{
    bool is_same = a->n == b->n;

    for (size_t i = 0; is_same && a->v != b->v && i < a->n; i++)
        is_same = str_eq(a->v[i], b->v[i]);
    return is_same;
}

bool
fit_same_strs(const struct str *a, const struct str *b, size_t n)
{
    bool is_same = true;

    for (size_t i = 0; is_same && i < n; i++)
        is_same = str_eq(a[i], b[i]);
    return is_same;
}

bool
fit_type(const struct known_type *a, const struct known_type *b)
{
    const struct store_type *x = &a->type, *y = &b->type;

    return fit_same_texts(&x->local_ports, &y->local_ports) &&
           fit_same_texts(&x->remote_ports, &y->remote_ports) &&
           fit_same_strs(x->text, y->text, TYPE_ROLE) &&
           (!a->is_tls || !b->is_tls ||
            (fit_same_texts(&x->hosts, &y->hosts) &&
             fit_same_strs(x->text, y->text, TYPE_TEXTS)));
}

void
fit_merge_type(struct known_type *to, const struct known_type *from)
{
    if (!to->is_tls)
        *to = *from;
}

struct known_type
fit_type_of(const struct part *p)
{
    return (struct known_type){ p->type, p->is_tls };
}

static bool
same_params(const struct store_params *a, const struct store_params *b)
{
    bool is_same = a->n == b->n;

    for (size_t i = 0; is_same && i < a->n; i++)
        is_same = a->v[i].keyword == b->v[i].keyword &&
                  a->v[i].stmt == b->v[i].stmt &&
                  str_eq(a->v[i].text, b->v[i].text);
    return is_same;
}

struct known_level
fit_level_of(const struct part *p)
{
    return (struct known_level){ p->level, p->of_level, p->is_tls };
}

bool
fit_level(const struct known_level *a, const struct known_level *b)
{
    const struct store_level *x = &a->level, *y = &b->level;

    if (!a->is_tls || !b->is_tls)
        return a->is_tls == b->is_tls;
    for (size_t i = 0; i < LEVEL_TEXTS; i++)
        if (!str_eq(x->text[i], y->text[i]) &&
            (i != LEVEL_CLIENT_AUTH || (x->text[i].n > 0 && y->text[i].n > 0)))
            return false;
    return x->protocols == y->protocols && fit_label(&a->label, &b->label) &&
           fit_same_texts(&x->ciphers, &y->ciphers) &&
           same_params(&x->advanced, &y->advanced);
}

void
fit_merge_level(struct known_level *to, const struct known_level *from)
{
    fit_merge_label(&to->label, &from->label);
    if (to->level.text[LEVEL_CLIENT_AUTH].n == 0)
        to->level.text[LEVEL_CLIENT_AUTH] = from->level.text[LEVEL_CLIENT_AUTH];
}
