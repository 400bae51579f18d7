#include "saf/classes.h"

#include <stdlib.h>
#include <string.h>

#define CLASS(name, posit, group, member, max, rc, uacc, raclist, flags)       \
    { (name), (posit),   (group), (member), (max), (rc),                       \
      (uacc), (raclist), (flags), 0,        0,     0 },
static const struct saf_class rows[] = {
#include "saf/classes.def"
};
#undef CLASS

/* The whole table; `rows` until there are dynamic classes. */
static const struct saf_class *table = rows;
static size_t n_table = ARRAY_LEN(rows);

/* Storage of the dynamic ones: the merged table, then their texts. */
struct dynamic {
    struct arena arena;
    struct saf_class *v;
};
static struct dynamic *dynamic;

const struct saf_class *
saf_class_all(size_t *n)
{
    *n = n_table;
    return table;
}

const struct saf_class *
saf_class_find(struct str name)
{
    for (size_t i = 0; i < n_table; i++)
        if (str_eq_nocase_z(name, table[i].name))
            return &table[i];
    return NULL;
}

static bool
is_fixed(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (strcmp(name, rows[i].name) == 0)
            return true;
    return false;
}

static int
by_name(const void *a, const void *b)
{
    const struct saf_class *x = a, *y = b;

    return strcmp(x->name, y->name);
}

static bool
copy_texts(struct arena *arena, struct saf_class *c)
{
    c->name = str_z(arena, str_of(c->name));
    c->group = str_z(arena, str_of(c->group));
    c->member = str_z(arena, str_of(c->member));
    return c->name != NULL && c->group != NULL && c->member != NULL;
}

static bool
merge(struct dynamic *d, const struct saf_class *v, size_t n, size_t *n_out)
{
    size_t n_all = ARRAY_LEN(rows);

    d->v = ARENA_ARRAY(&d->arena, struct saf_class, ARRAY_LEN(rows) + n);
    if (d->v == NULL)
        return false;
    memcpy(d->v, rows, sizeof rows);
    for (size_t i = 0; i < n; i++) {
        if (is_fixed(v[i].name))
            continue;
        d->v[n_all] = v[i];
        d->v[n_all].flags |= CLASS_DYNAMIC;
        if (!copy_texts(&d->arena, &d->v[n_all++]))
            return false;
    }
    qsort(d->v, n_all, sizeof *d->v, by_name);
    *n_out = n_all;
    return true;
}

enum err
saf_class_set_dynamic(const struct saf_class *v, size_t n, struct err_info *why)
{
    struct dynamic *fresh = NULL, *old = dynamic;
    size_t n_fresh = ARRAY_LEN(rows);

    if (n > 0) {
        fresh = calloc(1, sizeof *fresh);
        if (fresh != NULL)
            arena_init(&fresh->arena, (size_t)16 << 20);
        if (fresh == NULL || !merge(fresh, v, n, &n_fresh)) {
            if (fresh != NULL)
                arena_fini(&fresh->arena);
            free(fresh);
            return err_set(why, ERR_MEMORY, "no storage for classes");
        }
    }
    dynamic = fresh;
    table = fresh == NULL ? rows : fresh->v;
    n_table = n_fresh;
    if (old != NULL) {
        arena_fini(&old->arena);
        free(old);
    }
    return ERR_OK;
}

static char
upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

bool
saf_class_fold(const struct saf_class *class_, struct str name,
               char out[SAF_PROFILE_MAX + 1], struct str *folded)
{
    bool folds = (class_->flags & CLASS_ASIS) == 0;

    if (name.n == 0 || name.n > class_->max_length || name.n > SAF_PROFILE_MAX)
        return false;
    for (size_t i = 0; i < name.n; i++)
        out[i] = folds ? upper(name.p[i]) : name.p[i];
    out[name.n] = '\0';
    *folded = str_n(out, name.n);
    return true;
}
