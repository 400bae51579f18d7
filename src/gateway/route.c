#include "gateway/route.h"

#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "parse/url.h"

struct node {
    struct str literal;   /* of this segment; "" for a parameter */
    struct str parameter; /* name, for a parameter node */
    struct node *child;   /* first; literals before the parameter */
    struct node *sibling;
    struct method *methods;
};

struct method {
    struct str name;
    void *target;
    struct method *next;
    /* Names differ between methods of one path, so each keeps its own. */
    struct str params[ROUTE_PARAMS_MAX];
    size_t n_params;
};

struct base {
    struct str path; /* without trailing slash; "" is the root */
    void *api;
    struct node root;
    uint64_t hash;
    struct base *next; /* same bucket */
};

struct route_table {
    struct arena *arena;
    struct base **buckets;
    size_t n_buckets; /* a power of two */
};

#define HASH_SEED 1u

static struct base *
base_get(const struct route_table *t, struct str path)
{
    uint64_t hash = str_hash(path, HASH_SEED);

    for (struct base *b = t->buckets[hash & (t->n_buckets - 1)]; b != NULL;
         b = b->next) {
        if (b->hash == hash && str_eq(b->path, path))
            return b;
    }
    return NULL;
}

static struct base *
base_make(struct route_table *t, struct str path, void *api)
{
    struct base *b = base_get(t, path);
    struct base **bucket;

    if (b != NULL)
        return b;
    b = ARENA_NEW(t->arena, struct base);
    if (b == NULL)
        return NULL;
    *b = (struct base){ .path = str_dup(t->arena, path),
                        .api = api,
                        .hash = str_hash(path, HASH_SEED) };
    bucket = &t->buckets[b->hash & (t->n_buckets - 1)];
    b->next = *bucket;
    *bucket = b;
    return b;
}

static struct node *
node_make(struct arena *arena, struct node *parent, struct str literal)
{
    struct node **at = &parent->child, *node;
    bool is_parameter = literal.n == 0;

    for (; *at != NULL; at = &(*at)->sibling) {
        if (str_eq((*at)->literal, literal))
            return *at;
        if ((*at)->literal.n == 0 && !is_parameter)
            break; /* literals stand before the parameter */
    }
    node = ARENA_NEW(arena, struct node);
    if (node == NULL)
        return NULL;
    node->literal = str_dup(arena, literal);
    node->sibling = *at;
    *at = node;
    return node;
}

static bool
is_parameter(struct str segment)
{
    return segment.n > 2 && segment.p[0] == '{' &&
           segment.p[segment.n - 1] == '}';
}

static enum err
add_entry(struct route_table *t, const struct route_entry *entry,
          struct err_info *why)
{
    struct str base = entry->base_path, rest = entry->template, segment;
    struct method *method = ARENA_NEW(t->arena, struct method);
    struct base *b;
    struct node *node;

    while (base.n > 0 && base.p[base.n - 1] == '/')
        base.n--;
    b = base_make(t, base, entry->api);
    if (method == NULL || b == NULL)
        return err_set(why, ERR_MEMORY, "no storage for the routes");
    if (b->api != entry->api)
        return err_set(why, ERR_EXISTS,
                       "basePath " STR_FMT " belongs to another API already",
                       STR_ARG(entry->base_path));
    node = &b->root;
    while (str_token(&rest, '/', &segment)) {
        bool is_name = is_parameter(segment);

        if (segment.n == 0)
            continue;
        if (!is_name && str_find_char(segment, '{') != STR_NPOS)
            return err_set(why, ERR_SYNTAX,
                           "path " STR_FMT ": a parameter must be a whole "
                           "segment such as {name}",
                           STR_ARG(entry->template));
        if (is_name && method->n_params == ROUTE_PARAMS_MAX)
            return err_set(why, ERR_LIMIT,
                           "path " STR_FMT ": more than %u parameters",
                           STR_ARG(entry->template), ROUTE_PARAMS_MAX);
        if (is_name)
            method->params[method->n_params++] =
                str_dup(t->arena, str_sub(segment, 1, segment.n - 1));
        node = node_make(t->arena, node, is_name ? (struct str){ 0 } : segment);
        if (node == NULL)
            return err_set(why, ERR_MEMORY, "no storage for the routes");
    }
    for (struct method *m = node->methods; m != NULL; m = m->next) {
        if (str_eq(m->name, entry->method))
            return err_set(why, ERR_EXISTS,
                           STR_FMT " " STR_FMT STR_FMT " is there already",
                           STR_ARG(entry->method), STR_ARG(entry->base_path),
                           STR_ARG(entry->template));
    }
    method->name = str_dup(t->arena, entry->method);
    method->target = entry->target;
    method->next = node->methods;
    node->methods = method;
    return ERR_OK;
}

enum err
route_table_new(struct arena *arena, const struct route_entry *entries,
                size_t n, struct route_table **out, struct err_info *why)
{
    struct route_table *t = ARENA_NEW(arena, struct route_table);
    enum err e = ERR_OK;

    if (t == NULL)
        return err_set(why, ERR_MEMORY, "no storage for the routes");
    t->arena = arena;
    t->n_buckets = 16;
    while (t->n_buckets < n)
        t->n_buckets *= 2;
    t->buckets = ARENA_ARRAY(arena, struct base *, t->n_buckets);
    if (t->buckets == NULL)
        return err_set(why, ERR_MEMORY, "no storage for the routes");
    for (size_t i = 0; e == ERR_OK && i < n; i++)
        e = add_entry(t, &entries[i], why);
    if (e == ERR_OK)
        *out = t;
    return e;
}

/* The longest prefix of whole segments that is somebody's basePath. */
static struct base *
longest_base(const struct route_table *t, struct str path, struct str *rest)
{
    size_t n = path.n;

    for (;;) {
        struct base *b;

        while (n > 0 && path.p[n - 1] == '/')
            n--;
        b = base_get(t, str_sub(path, 0, n));
        if (b != NULL) {
            *rest = str_sub(path, n, path.n);
            return b;
        }
        if (n == 0)
            return NULL;
        while (n > 0 && path.p[n - 1] != '/')
            n--;
    }
}

struct walk {
    struct str segments[ROUTE_SEGMENTS_MAX];
    size_t n;
    struct str values[ROUTE_PARAMS_MAX];
    size_t n_values;
};

static const struct node *
match(const struct node *node, struct walk *w, size_t i)
{
    size_t n_values = w->n_values;

    if (i == w->n)
        return node->methods == NULL ? NULL : node;
    for (const struct node *child = node->child; child != NULL;
         child = child->sibling) {
        const struct node *hit;

        if (child->literal.n > 0) {
            if (!str_eq(child->literal, w->segments[i]))
                continue;
        } else {
            if (w->n_values == ROUTE_PARAMS_MAX || w->segments[i].n == 0)
                continue;
            w->values[w->n_values++] = w->segments[i];
        }
        hit = match(child, w, i + 1);
        if (hit != NULL)
            return hit;
        w->n_values = n_values;
    }
    return NULL;
}

static bool
split(struct arena *arena, struct str rest, struct walk *w)
{
    struct str segment;

    while (str_token(&rest, '/', &segment)) {
        if (segment.n == 0)
            continue;
        if (w->n == ROUTE_SEGMENTS_MAX ||
            url_decode(arena, segment, false, &w->segments[w->n], NULL) !=
                ERR_OK)
            return false;
        w->n++;
    }
    return true;
}

static struct str
methods_of(const struct node *node, struct arena *arena)
{
    struct str all = STR("");

    for (const struct method *m = node->methods; m != NULL; m = m->next)
        all = all.n == 0 ? m->name
                         : str_fmt(arena, STR_FMT ", " STR_FMT, STR_ARG(all),
                                   STR_ARG(m->name));
    return all;
}

enum route_result
route_find(const struct route_table *t, struct arena *arena, struct str method,
           struct str path, struct route_match *out)
{
    struct walk w;
    struct base *base;
    const struct node *node;

    *out = (struct route_match){ .n_params = 0 };
    w.n = w.n_values = 0;
    base = longest_base(t, path, &out->rest);
    if (base == NULL)
        return ROUTE_NO_PATH;
    out->api = base->api;
    if (!split(arena, out->rest, &w))
        return ROUTE_BAD_PATH;
    node = match(&base->root, &w, 0);
    if (node == NULL)
        return ROUTE_NO_PATH;
    for (const struct method *m = node->methods; m != NULL; m = m->next) {
        if (!str_eq(m->name, method))
            continue;
        out->target = m->target;
        out->n_params = m->n_params;
        for (size_t i = 0; i < m->n_params; i++)
            out->params[i] = (struct route_param){ m->params[i], w.values[i] };
        return ROUTE_FOUND;
    }
    out->allow = methods_of(node, arena);
    return ROUTE_NO_METHOD;
}
