/* Names of a backing store: unique, and leading somewhere. */
#include "assist/links.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "assist/param.h"
#include "base/printable.h"

#define CUT_BYTES 64u

bool
links_error(struct links *l, struct str path, const char *fmt, ...)
{
    char text[1024];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    l->n_errors++;
    if (l->diag != NULL)
        l->diag(l->arg, true, path, text);
    return false;
}

bool
links_no_memory(struct links *l)
{
    l->no_memory = true;
    return false;
}

struct str
links_key(struct links *l, struct str path, const char *key)
{
    return str_fmt(l->arena, STR_FMT "%s%s", STR_ARG(path),
                   path.n == 0 ? "" : ".", key);
}

struct str
links_item(struct links *l, struct str path, size_t i)
{
    return str_fmt(l->arena, STR_FMT "[%zu]", STR_ARG(path), i);
}

const char *
links_cut(struct links *l, struct str text)
{
    struct buf out;
    const char *cut;

    buf_init(&out, 4 * CUT_BYTES + 4);
    printable_add(&out, str_sub(text, 0, CUT_BYTES));
    cut = str_z(l->arena, buf_view(&out));
    buf_fini(&out);
    return cut == NULL ? "" : cut;
}

/* The i-th of n objects of `bytes` each. */
static struct store_obj *
nth(void *objs, size_t bytes, size_t i)
{
    return (struct store_obj *)(void *)((char *)objs + i * bytes);
}

static void *
find(void *objs, size_t n, size_t bytes, struct str name)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(nth(objs, bytes, i)->name, name))
            return nth(objs, bytes, i);
    }
    return NULL;
}

static void
unique(struct links *l, void *objs, size_t n, size_t bytes)
{
    for (size_t i = 1; i < n; i++) {
        struct store_obj *o = nth(objs, bytes, i);
        struct store_obj *twin = find(objs, i, bytes, o->name);

        if (twin != NULL)
            IGNORE(links_error(l, links_key(l, o->path, "name"),
                               "found " STR_FMT ", the name of " STR_FMT
                               "; expected one of its own",
                               STR_ARG(o->name), STR_ARG(twin->path)));
    }
}
#define UNIQUE(l, list, n) unique(l, list, n, sizeof *(list))
#define FIND(list, n, name) find(list, n, sizeof *(list), name)

static void
nowhere(struct links *l, struct str path, const char *key, struct str name,
        const char *what)
{
    IGNORE(links_error(l, links_key(l, path, key),
                       "found \"%s\", expected the name of %s that the store "
                       "has",
                       links_cut(l, name), what));
}

/* A data end point: an address group, or an address. */
static void
resolve_addresses(struct links *l, const struct store *s,
                  const struct store_obj *rule, const char *key,
                  struct str name, struct store_texts *out)
{
    static const struct {
        const char *name, *prefix;
    } builtin[] = INFERRED_ADDRESSES;
    const struct store_group *group = FIND(s->groups, s->n_groups, name);
    const char *keyword;
    enum ttls_stmt stmt = param_of_address(name, &keyword);
    char why[PARAM_WHY_MAX];
    struct str *one;

    if (group != NULL) {
        *out = group->addresses;
        return;
    }
    one = ARENA_NEW(l->arena, struct str);
    if (one == NULL) {
        IGNORE(links_no_memory(l));
        return;
    }
    *one = name;
    *out = (struct store_texts){ one, 1 };
    for (size_t i = 0; i < ARRAY_LEN(builtin); i++) {
        if (!str_eq_z(name, builtin[i].name))
            continue;
        *one = str_of(builtin[i].prefix);
        out->n = builtin[i].prefix != NULL;
        return;
    }
    if (!param_check(stmt, keyword, name, why))
        IGNORE(links_error(l, links_key(l, rule->path, key),
                           "found \"%s\", expected an address group or an "
                           "address: %s",
                           links_cut(l, name), why));
}

static void
resolve_pair(struct links *l, const struct store *s, struct store_pair *p)
{
    p->traffic = FIND(s->traffic, s->n_traffic, p->traffic_name);
    p->level = FIND(s->levels, s->n_levels, p->level_name);
    if (p->traffic == NULL)
        nowhere(l, p->obj.path, "trafficDescriptor", p->traffic_name,
                "a traffic descriptor");
    if (p->level == NULL && !str_eq(p->level_name, STR(STORE_PERMIT)))
        nowhere(l, p->obj.path, "securityLevel", p->level_name,
                "a security level (or " STORE_PERMIT ")");
}

static void
check_stash(struct links *l, struct str path, struct str ring, struct str stash)
{
    bool is_file = ring.n > 0 && ring.p[0] == '/';

    if (is_file != (stash.n > 0))
        IGNORE(links_error(l, links_key(l, path, "stashFile"),
                           is_file ? "is missing; the key ring is a key "
                                     "database, expected its stash file"
                                   : "is given, but the key ring is no key "
                                     "database (a path)"));
}

static void
check_rings(struct links *l, const struct store_image *image,
            const struct store_rule *rule)
{
    for (size_t i = 0; i < rule->map->n_pairs; i++) {
        const struct store_pair *p = &rule->map->pairs[i];

        for (size_t k = 0; p->level != NULL && k < p->traffic->n_types; k++) {
            if (image->ring.n == 0 &&
                p->traffic->types[k].text[TYPE_RING].n == 0)
                IGNORE(
                    links_error(l, links_key(l, image->obj.path, "keyring"),
                                "is missing; expected one here or in " STR_FMT
                                ", which " STR_FMT " uses",
                                STR_ARG(p->traffic->types[k].obj.path),
                                STR_ARG(rule->obj.path)));
        }
    }
}

static void
resolve_stack(struct links *l, const struct store *s,
              const struct store_image *image, struct store_stack *stack)
{
    UNIQUE(l, stack->rules, stack->n_rules);
    for (size_t i = 0; i < stack->n_rules; i++) {
        struct store_rule *r = &stack->rules[i];

        resolve_addresses(l, s, &r->obj, "local", r->local_name, &r->local);
        resolve_addresses(l, s, &r->obj, "remote", r->remote_name, &r->remote);
        r->map = FIND(s->maps, s->n_maps, r->map_name);
        if (r->map == NULL)
            nowhere(l, r->obj.path, "requirementMap", r->map_name,
                    "a requirement map");
        else if (l->n_errors == 0)
            check_rings(l, image, r);
    }
}

static void
check_level(struct links *l, const struct store_level *level)
{
    struct str path = level->obj.path, fips = level->text[LEVEL_FIPS];
    char why[PARAM_WHY_MAX];

    if (level->protocols == 0)
        IGNORE(links_error(l, links_key(l, path, "protocols"),
                           "found an empty list, expected at least one "
                           "protocol"));
    if ((level->protocols & PROTOCOL_SSLV3) && fips.n > 0 &&
        !str_eq_nocase_z(fips, "Off"))
        IGNORE(links_error(l, links_key(l, path, "protocols"),
                           "found SSLv3, expected none that fips does not "
                           "allow"));
    if (level->advanced.n > 0 && !param_check_all(&level->advanced, why))
        IGNORE(links_error(l, links_key(l, path, "advanced"), "%s", why));
    if (str_eq(level->obj.name, STR(STORE_PERMIT)))
        IGNORE(links_error(l, links_key(l, path, "name"),
                           "found " STORE_PERMIT ", which is the level without "
                           "TLS; expected another name"));
}

static void
check_objects(struct links *l, struct store *s)
{
    UNIQUE(l, s->traffic, s->n_traffic);
    UNIQUE(l, s->levels, s->n_levels);
    UNIQUE(l, s->groups, s->n_groups);
    UNIQUE(l, s->maps, s->n_maps);
    UNIQUE(l, s->systems, s->n_systems);
    for (size_t i = 0; i < s->n_traffic; i++) {
        const struct store_traffic *t = &s->traffic[i];

        if (t->n_types == 0)
            IGNORE(links_error(l, links_key(l, t->obj.path, "types"),
                               "found an empty list, expected at least one "
                               "traffic type"));
        for (size_t k = 0; k < t->n_types; k++)
            check_stash(l, t->types[k].obj.path, t->types[k].text[TYPE_RING],
                        t->types[k].text[TYPE_STASH]);
    }
    for (size_t i = 0; i < s->n_levels; i++)
        check_level(l, &s->levels[i]);
}

void
links_resolve(struct links *l, struct store *s)
{
    check_objects(l, s);
    for (size_t i = 0; i < s->n_maps; i++) {
        struct store_map *m = &s->maps[i];

        if (m->n_pairs == 0)
            IGNORE(links_error(l, links_key(l, m->obj.path, "maps"),
                               "found an empty list, expected at least one "
                               "pair"));
        for (size_t k = 0; k < m->n_pairs; k++)
            resolve_pair(l, s, &m->pairs[k]);
    }
    for (size_t i = 0; i < s->n_systems; i++) {
        struct store_system *sys = &s->systems[i];

        UNIQUE(l, sys->images, sys->n_images);
        for (size_t k = 0; k < sys->n_images; k++) {
            struct store_image *image = &sys->images[k];

            for (size_t n = 0; n < i; n++)
                if (FIND(s->systems[n].images, s->systems[n].n_images,
                         image->obj.name) != NULL)
                    IGNORE(links_error(l, links_key(l, image->obj.path, "name"),
                                       "found " STR_FMT ", which another group "
                                       "has; expected a name of its own",
                                       STR_ARG(image->obj.name)));
            check_stash(l, image->obj.path, image->ring, image->stash);
            UNIQUE(l, image->stacks, image->n_stacks);
            for (size_t n = 0; n < image->n_stacks; n++)
                resolve_stack(l, s, image, &image->stacks[n]);
        }
    }
}
