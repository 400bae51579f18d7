/*
 * From what rules say to objects that say it. Names of generated statements
 * tell which traffic descriptor, security level and connectivity rule they
 * were made of; where they do not fit together, or are somebody's own, each
 * object gets a name of its own.
 */
#include "assist/import_fit.h"

#include <stdio.h>
#include <string.h>

#include "assist/inferred.h"
#include "assist/pieces.h"
#include "assist/schema.h"

/* Parts that are one connectivity rule. */
struct run {
    size_t from, to;
    struct str base;
};

/* Parts whose statements bear one name. */
struct class
{
    struct label label;
    struct store_traffic *traffic; /* NULL: its parts do not fit together */
};

struct objects {
    struct import *im;
    struct run *runs;
    size_t n_runs;
    struct class *classes;
    size_t n_classes;
    struct class **class_of; /* each part's; NULL: none */
    struct label *level_labels;
    struct table names; /* a letter of the kind, and the name */
};

static void *
room(struct objects *o, size_t n, size_t bytes)
{
    void *p = arena_array(o->im->arena, n + 1, bytes);

    o->im->no_memory |= p == NULL;
    return p;
}

/* --- names -------------------------------------------------------------- */

static struct str
keep(struct objects *o, struct str s)
{
    o->im->no_memory |= s.p == NULL;
    return s;
}

static bool
take_name(struct objects *o, char kind, struct str name)
{
    struct str key =
        keep(o, str_fmt(o->im->arena, "%c" STR_FMT, kind, STR_ARG(name)));

    if (table_get(&o->names, key) != NULL)
        return false;
    o->im->no_memory |= !table_put(&o->names, key, o, NULL);
    return true;
}

/* That name, or as much of it as leaves room for a number. */
static struct str
unique(struct objects *o, char kind, struct str want)
{
    char name[STORE_NAME_MAX + 1], tail[24];
    size_t n = want.n < STORE_NAME_MAX ? want.n : STORE_NAME_MAX;

    memcpy(name, want.p, n);
    name[n] = '\0';
    for (char *p = name; *p != '\0'; p++)
        if (*p == '#' || *p == '~')
            *p = '-';
    for (size_t k = 2; !take_name(o, kind, str_of(name)) && !o->im->no_memory;
         k++) {
        size_t length = (size_t)snprintf(tail, sizeof tail, "-%zu", k);

        if (n > STORE_NAME_MAX - length)
            n = STORE_NAME_MAX - length;
        memcpy(name + n, tail, length + 1);
    }
    return keep(o, str_dup(o->im->arena, str_of(name)));
}

/* --- connectivity rules ------------------------------------------------- */

/* "{base}~1" */
static bool
is_first(struct str name, struct str *base)
{
    if (!str_ends(name, STR("~1")) || name.n < 3)
        return false;
    *base = str_sub(name, 0, name.n - 2);
    return str_find_char(*base, '~') == STR_NPOS &&
           str_find_char(*base, '#') == STR_NPOS;
}

static bool
same_ends(const struct part *a, const struct part *b)
{
    return fit_same_texts(&a->local, &b->local) &&
           fit_same_texts(&a->remote, &b->remote) &&
           fit_same_strs(a->time, b->time, TIME_TEXTS) &&
           a->trace.is_given == b->trace.is_given &&
           a->trace.bits == b->trace.bits && str_eq(a->facility, b->facility);
}

static void
find_runs(struct objects *o)
{
    struct import *im = o->im;

    for (size_t i = 0; i < im->n_parts && !im->no_memory;) {
        const struct part *p = &im->parts[i];
        struct run run = { i, i + 1, p->rule->obj.name };

        while (is_first(p->rule->obj.name, &run.base) && run.to < im->n_parts &&
               same_ends(p, &im->parts[run.to]) &&
               str_eq(im->parts[run.to].rule->obj.name,
                      keep(o, piece_rule_name(im->arena, run.base,
                                              run.to - i + 1))))
            run.to++;
        o->runs[o->n_runs++] = run;
        i = run.to;
    }
}

/* --- traffic descriptors ------------------------------------------------ */

static void
find_classes(struct objects *o)
{
    for (size_t i = 0; i < o->im->n_parts; i++) {
        const struct label *label = &o->im->parts[i].of_traffic;
        size_t k = 0;

        if (label->text.n == 0)
            continue;
        while (k < o->n_classes && !fit_label(&o->classes[k].label, label))
            k++;
        if (k == o->n_classes)
            o->classes[o->n_classes++].label = *label;
        fit_merge_label(&o->classes[k].label, label);
        o->class_of[i] = &o->classes[k];
    }
}

/* From i on, those of a run that are of one class. */
static size_t
stretch(const struct objects *o, const struct run *run, size_t i)
{
    size_t n = 1;

    while (i + n < run->to && o->class_of[i + n] == o->class_of[i])
        n++;
    return n;
}

/* Does each stretch consist of repetitions of the types in `list`, each time
 * with one level? */
static bool
is_period(const struct objects *o, const struct class *c, size_t period,
          struct known_type *list)
{
    const struct part *parts = o->im->parts;
    bool is_begun = false;

    for (size_t r = 0; r < o->n_runs; r++)
        for (size_t i = o->runs[r].from, n; i < o->runs[r].to; i += n) {
            struct known_level level = { 0 };

            n = stretch(o, &o->runs[r], i);
            if (o->class_of[i] != c)
                continue;
            for (size_t k = 0; k < n; k++) {
                struct known_type type = fit_type_of(&parts[i + k]);
                struct known_level here = fit_level_of(&parts[i + k]);

                if (!is_begun && k < period)
                    list[k] = type;
                if (k % period == 0)
                    level = here;
                if (!fit_type(&list[k % period], &type) ||
                    !fit_level(&level, &here))
                    return false;
                fit_merge_type(&list[k % period], &type);
                fit_merge_level(&level, &here);
            }
            is_begun = true;
        }
    return true;
}

static size_t
gcd(size_t a, size_t b)
{
    return b == 0 ? a : gcd(b, a % b);
}

static struct store_traffic *
new_traffic(struct objects *o, struct str name, const struct known_type *types,
            size_t n)
{
    struct store *s = o->im->store;
    struct store_traffic *t = &s->traffic[s->n_traffic++];

    t->obj.name = name;
    t->types = room(o, n, sizeof *t->types);
    t->n_types = n;
    for (size_t i = 0; i < n && !o->im->no_memory; i++)
        t->types[i] = types[i].type;
    return t;
}

/* How many types it has: the most that fit. */
static void
make_class(struct objects *o, struct class *c, struct known_type *list)
{
    size_t all = 0;

    for (size_t r = 0; r < o->n_runs; r++)
        for (size_t i = o->runs[r].from, n; i < o->runs[r].to; i += n) {
            n = stretch(o, &o->runs[r], i);
            if (o->class_of[i] == c)
                all = gcd(all, n);
        }
    for (size_t n = all; n > 0 && c->traffic == NULL; n--)
        if (all % n == 0 && is_period(o, c, n, list))
            c->traffic = new_traffic(o, unique(o, 'T', c->label.text), list, n);
}

/* One type of somebody's own. */
static const struct store_traffic *
own_traffic(struct objects *o, const struct part *p, struct str base,
            size_t n_named)
{
    const struct store *s = o->im->store;
    struct known_type type = fit_type_of(p);

    for (size_t i = n_named; i < s->n_traffic; i++) {
        struct known_type other = { s->traffic[i].types[0], true };

        if (fit_type(&other, &type) &&
            str_eq(other.type.text[TYPE_ROLE], type.type.text[TYPE_ROLE]))
            return &s->traffic[i];
    }
    return new_traffic(o, unique(o, 'T', base), &type, 1);
}

/* --- security levels ---------------------------------------------------- */

static const struct store_level *
find_level(struct objects *o, const struct part *parts, size_t n)
{
    struct store *s = o->im->store;
    struct known_level level = fit_level_of(parts);
    size_t i = 0;

    if (!level.is_tls)
        return NULL;
    for (size_t k = 1; k < n; k++) {
        struct known_level more = fit_level_of(&parts[k]);

        fit_merge_level(&level, &more);
    }
    for (; i < s->n_levels; i++) {
        struct known_level old = { s->levels[i], o->level_labels[i], true };

        if (fit_level(&old, &level)) {
            fit_merge_level(&old, &level);
            level = old;
            break;
        }
    }
    s->levels[i] = level.level;
    o->level_labels[i] = level.label;
    s->n_levels += i == s->n_levels;
    return &s->levels[i];
}

/* By their ciphers, else by their protocols. */
static void
name_levels(struct objects *o)
{
    static const char *const protocols[] = { "SSLv3", "TLSv1", "TLSv1.1",
                                             "TLSv1.2", "TLSv1.3" };
    struct store *s = o->im->store;

    IGNORE(take_name(o, 'L', STR(STORE_PERMIT)));
    for (size_t i = 0; i < s->n_levels; i++)
        if (o->level_labels[i].text.n > 0)
            s->levels[i].obj.name = unique(o, 'L', o->level_labels[i].text);
    for (size_t i = 0; i < s->n_levels; i++) {
        char name[64] = "";

        for (size_t k = 0; k < ARRAY_LEN(protocols); k++)
            if (s->levels[i].protocols & (1u << k))
                (void)snprintf(name + strlen(name), sizeof name - strlen(name),
                               "%s%s", name[0] == '\0' ? "" : "_",
                               protocols[k]);
        if (s->levels[i].obj.name.n == 0)
            s->levels[i].obj.name = unique(o, 'L', str_of(name));
    }
}

/* --- requirement maps --------------------------------------------------- */

static struct store_map
make_map(struct objects *o, const struct run *run, size_t n_named)
{
    const struct part *parts = o->im->parts;
    struct store_map map = { .pairs = room(o, run->to - run->from,
                                           sizeof *map.pairs) };

    for (size_t i = run->from, n; i < run->to && !o->im->no_memory; i += n) {
        const struct class *c = o->class_of[i];
        struct store_pair *pair = &map.pairs[map.n_pairs++];

        pair->traffic =
            c != NULL && c->traffic != NULL
                ? c->traffic
                : own_traffic(o, &parts[i],
                              c != NULL ? c->label.text : run->base, n_named);
        n = pair->traffic->n_types;
        pair->level = find_level(o, &parts[i], n);
    }
    return map;
}

static const struct store_map *
find_map(struct objects *o, struct store_map map, struct str base)
{
    struct store *s = o->im->store;
    struct str name;
    size_t i = 0;

    for (; i < s->n_maps; i++) {
        bool is_same = s->maps[i].n_pairs == map.n_pairs;

        for (size_t k = 0; is_same && k < map.n_pairs; k++)
            is_same = s->maps[i].pairs[k].traffic == map.pairs[k].traffic &&
                      s->maps[i].pairs[k].level == map.pairs[k].level;
        if (is_same)
            return &s->maps[i];
    }
    name = keep(o, str_fmt(o->im->arena, STR_FMT "Map",
                           STR_ARG(str_sub(base, 0, STORE_NAME_MAX - 3))));
    map.obj.name = unique(o, 'M', name);
    s->maps[s->n_maps++] = map;
    return &s->maps[i];
}

/* Names, once all objects have one. */
static void
name_pairs(struct store *s)
{
    for (size_t i = 0; i < s->n_maps; i++)
        for (size_t k = 0; k < s->maps[i].n_pairs; k++) {
            struct store_pair *p = &s->maps[i].pairs[k];

            p->traffic_name = p->traffic->obj.name;
            p->level_name =
                p->level == NULL ? STR(STORE_PERMIT) : p->level->obj.name;
        }
}

/* --- data end points ---------------------------------------------------- */

static const struct {
    const char *name, *prefix;
} builtin[] = INFERRED_ADDRESSES;

/* A built-in group, the address itself, or a group of the statement's name. */
static struct str
end_point(struct objects *o, const struct ttls_addrs *a,
          const struct store_texts *texts)
{
    struct store *s = o->im->store;
    bool is_named =
        a != NULL && !a->obj.is_inline &&
        !import_is_generated(a->obj.name, piece_prefix(PIECE_ADDR), NULL);

    for (size_t i = 0; i < ARRAY_LEN(builtin); i++)
        if (texts->n == 0 ? builtin[i].prefix == NULL
                          : texts->n == 1 && builtin[i].prefix != NULL &&
                                str_eq_z(texts->v[0], builtin[i].prefix))
            return str_of(builtin[i].name);
    if (a == NULL || (texts->n == 1 && !is_named))
        return texts->n == 1 ? texts->v[0] : (struct str){ 0 };
    for (size_t i = 0; i < s->n_groups; i++)
        if (fit_same_texts(&s->groups[i].addresses, texts) &&
            str_eq(s->groups[i].obj.path, a->obj.name))
            return s->groups[i].obj.name;
    /* Until the store is written the path is the statement's name. */
    s->groups[s->n_groups].obj =
        (struct store_obj){ a->obj.name, unique(o, 'G', a->obj.name) };
    s->groups[s->n_groups].addresses = *texts;
    return s->groups[s->n_groups++].obj.name;
}

/* --- the image's -------------------------------------------------------- */

/* The ring that is marked as its; else the first that bears no mark. */
static void
find_ring(struct import *im)
{
    for (unsigned pass = 0; pass < 2 && im->ring.n == 0; pass++)
        for (size_t i = 0; i < im->n_parts && im->ring.n == 0; i++) {
            const struct part *p = &im->parts[i];
            struct str name;

            if (!p->is_tls)
                continue;
            name = p->rule->env->keyring->obj.name;
            if (pass == 0
                    ? !str_starts(name, str_of(piece_prefix(PIECE_IMAGE_RING)))
                    : import_is_generated(name, piece_prefix(PIECE_RING), NULL))
                continue;
            im->ring = p->type.text[TYPE_RING];
            im->stash = p->type.text[TYPE_STASH];
        }
    for (size_t i = 0; i < im->n_parts; i++) {
        struct part *p = &im->parts[i];
        struct str *text = p->type.text;

        if (!p->is_tls || !str_eq(text[TYPE_RING], im->ring) ||
            !str_eq(text[TYPE_STASH], im->stash) ||
            import_is_generated(p->rule->env->keyring->obj.name,
                                piece_prefix(PIECE_RING), NULL))
            continue;
        text[TYPE_RING] = text[TYPE_STASH] = (struct str){ 0 };
    }
}

void
import_share(struct store_image *image, struct store_stack *stack)
{
    bool has_trace = stack->n_rules > 0, has_facility = stack->n_rules > 0;

    for (size_t i = 0; i < stack->n_rules; i++) {
        has_trace &= stack->rules[i].trace.is_given;
        has_facility &= stack->rules[i].facility.n > 0;
    }
    if (has_trace)
        image->trace = stack->rules[0].trace;
    if (has_facility)
        image->facility = stack->rules[0].facility;
    for (size_t i = 0; i < stack->n_rules; i++) {
        struct store_rule *r = &stack->rules[i];

        if (has_trace && r->trace.bits == image->trace.bits)
            r->trace = (struct store_bits){ 0 };
        if (has_facility && str_eq(r->facility, image->facility))
            r->facility = (struct str){ 0 };
    }
}

/* --- all ---------------------------------------------------------------- */

static void
make_rule(struct objects *o, const struct run *run, size_t n_named,
          struct store_rule *out)
{
    const struct part *p = &o->im->parts[run->from];
    struct store_map map = make_map(o, run, n_named);

    if (o->im->no_memory)
        return;
    out->obj.name = unique(o, 'R', run->base);
    out->local_name = end_point(o, p->rule->local_addr, &p->local);
    out->remote_name = end_point(o, p->rule->remote_addr, &p->remote);
    out->map_name = find_map(o, map, out->obj.name)->obj.name;
    out->trace = p->trace;
    out->facility = p->facility;
    memcpy(out->time, p->time, sizeof out->time);
}

static bool
make_room(struct objects *o, struct store_stack *stack)
{
    struct store *s = o->im->store;
    size_t n = o->im->n_parts;

    o->runs = room(o, n, sizeof *o->runs);
    o->classes = room(o, n, sizeof *o->classes);
    o->class_of = room(o, n, sizeof *o->class_of);
    o->level_labels = room(o, n, sizeof *o->level_labels);
    s->traffic = room(o, n, sizeof *s->traffic);
    s->levels = room(o, n, sizeof *s->levels);
    s->groups = room(o, 2 * n, sizeof *s->groups);
    s->maps = room(o, n, sizeof *s->maps);
    stack->rules = room(o, n, sizeof *stack->rules);
    return !o->im->no_memory;
}

void
import_objects(struct import *im, struct store_stack *stack)
{
    struct objects o = { .im = im };
    struct known_type *list = room(&o, im->n_parts, sizeof *list);
    size_t n_named;

    if (list == NULL || !make_room(&o, stack))
        return;
    table_init(&o.names);
    for (size_t i = 0; i < ARRAY_LEN(builtin); i++)
        IGNORE(take_name(&o, 'G', str_of(builtin[i].name)));
    find_ring(im);
    find_runs(&o);
    find_classes(&o);
    for (size_t i = 0; i < o.n_classes; i++)
        make_class(&o, &o.classes[i], list);
    n_named = im->store->n_traffic;
    for (size_t i = 0; i < o.n_runs && !im->no_memory; i++)
        make_rule(&o, &o.runs[i], n_named, &stack->rules[stack->n_rules++]);
    name_levels(&o);
    name_pairs(im->store);
    table_fini(&o.names);
}
