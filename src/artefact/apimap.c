#include "artefact/apimap.h"

#include "artefact/bad.h"
#include "parse/xml.h"

struct apimap {
    struct arena *arena;
    struct str entry;
    struct str root; /* the service root's name */
    bool is_request;
    struct map_update *updates;
    bool *omitted;
    size_t n;
    struct err_info *why;
};

#define bad(r, code, at, ...)                                                  \
    artefact_bad((r)->why, code, (r)->entry, at, __VA_ARGS__)

static enum err
path_of(struct apimap *m, const struct xml_node *node, const char *child,
        struct str *out)
{
    const struct xml_node *at = xml_child(node, child);

    if (at == NULL || xml_attr_get(at, "path").n == 0)
        return bad(m, ERR_SYNTAX, node, STR_FMT " without %s path",
                   STR_ARG(node->name), child);
    *out = xml_attr_get(at, "path");
    return ERR_OK;
}

/* "." and relative paths of the service side, to paths from its root. */
static struct str
from_root(struct apimap *m, struct str path)
{
    if (str_eq_z(path, "."))
        return m->root;
    if (m->root.n == 0)
        return str_dup(m->arena, path);
    return str_fmt(m->arena, STR_FMT "/" STR_FMT, STR_ARG(m->root),
                   STR_ARG(path));
}

/* "PathParameters/employee" and so on; false for anything else. */
static bool
split_http(struct str path, enum map_where *where, struct str *name)
{
    static const struct {
        struct str prefix;
        enum map_where where;
    } rows[] = { { { "PathParameters/", 15 }, MAP_PATH },
                 { { "QueryParameters/", 16 }, MAP_QUERY },
                 { { "Headers/", 8 }, MAP_HEADER },
                 { { "Body/", 5 }, MAP_BODY } };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (str_starts(path, rows[i].prefix)) {
            *where = rows[i].where;
            *name = str_sub(path, rows[i].prefix.n, path.n);
            return name->n > 0;
        }
    return false;
}

static enum err
read_request_move(struct apimap *m, const struct xml_node *node,
                  struct map_update *out)
{
    struct str from = { 0 }, to = { 0 },
               required = xml_attr_get(node, "required");
    enum err e;

    if ((e = path_of(m, node, "input", &from)) != ERR_OK ||
        (e = path_of(m, node, "output", &to)) != ERR_OK)
        return e;
    if (!split_http(from, &out->where, &out->name) || out->where == MAP_BODY)
        return bad(m, ERR_UNSUPPORTED, node,
                   "move from \"" STR_FMT "\": expected PathParameters/, "
                   "QueryParameters/ or Headers/ and a name",
                   STR_ARG(from));
    out->name = str_dup(m->arena, out->name);
    out->target = from_root(m, to);
    out->is_required =
        out->where == MAP_PATH || str_eq_nocase_z(required, "true");
    return ERR_OK;
}

static enum err
read_response_target(struct apimap *m, const struct xml_node *node,
                     struct str path, struct map_update *out)
{
    if (!split_http(path, &out->where, &out->name) ||
        (out->where != MAP_BODY && out->where != MAP_HEADER))
        return bad(m, ERR_UNSUPPORTED, node,
                   "target \"" STR_FMT "\": expected Body/ or Headers/ and a "
                   "name",
                   STR_ARG(path));
    if (out->where == MAP_BODY) {
        out->target = str_dup(m->arena, out->name);
        out->name = (struct str){ 0 };
    } else {
        out->name = str_dup(m->arena, out->name);
    }
    return ERR_OK;
}

static enum err
read_response_move(struct apimap *m, const struct xml_node *node,
                   struct map_update *out)
{
    struct str from = { 0 }, to = { 0 };
    enum err e;

    if ((e = path_of(m, node, "input", &from)) != ERR_OK ||
        (e = path_of(m, node, "output", &to)) != ERR_OK ||
        (e = read_response_target(m, node, to, out)) != ERR_OK)
        return e;
    if (out->where != MAP_HEADER)
        return bad(m, ERR_UNSUPPORTED, node,
                   "a move inside the response body; only Headers/ can be a "
                   "target");
    out->target = from_root(m, from);
    return ERR_OK;
}

static enum err
read_target(struct apimap *m, const struct xml_node *node,
            struct map_update *out)
{
    struct str to = { 0 };
    enum err e = path_of(m, node, "output", &to);

    if (e != ERR_OK)
        return e;
    if (!m->is_request)
        return read_response_target(m, node, to, out);
    out->where = MAP_BODY;
    out->target = from_root(m, to);
    return ERR_OK;
}

static enum err
read_update(struct apimap *m, const struct xml_node *node)
{
    struct map_update *out = &m->updates[m->n];
    enum err e;

    if (str_eq_z(node->name, "move")) {
        out->kind = MAP_MOVE;
        e = m->is_request ? read_request_move(m, node, out)
                          : read_response_move(m, node, out);
    } else if (str_eq_z(node->name, "assign")) {
        out->kind = MAP_ASSIGN;
        out->value = str_dup(m->arena, xml_attr_get(node, "value"));
        e = read_target(m, node, out);
    } else {
        out->kind = MAP_REMOVE;
        e = read_target(m, node, out);
    }
    if (e == ERR_OK) {
        const struct xml_node *to = xml_child(node, "output");

        m->omitted[m->n++] =
            str_eq_nocase_z(xml_attr_get(to, "omitFromInterface"), "true") ||
            str_eq_nocase_z(xml_attr_get(node, "omitFromInterface"), "true");
    }
    return e;
}

static bool
is_update(const struct xml_node *node)
{
    return str_eq_z(node->name, "move") || str_eq_z(node->name, "assign") ||
           str_eq_z(node->name, "remove");
}

/* Updates stand in passthrough/updates; accepted one or two levels up, too. */
static size_t
count_updates(const struct xml_node *node)
{
    size_t n = 0;

    for (const struct xml_node *at = node->child; at != NULL; at = at->next) {
        if (is_update(at))
            n++;
        else if (str_eq_z(at->name, "passthrough") ||
                 str_eq_z(at->name, "updates"))
            n += count_updates(at);
    }
    return n;
}

static enum err
read_updates(struct apimap *m, const struct xml_node *node)
{
    enum err e = ERR_OK;

    for (const struct xml_node *at = node->child; at != NULL && e == ERR_OK;
         at = at->next) {
        if (is_update(at))
            e = read_update(m, at);
        else if (str_eq_z(at->name, "passthrough") ||
                 str_eq_z(at->name, "updates"))
            e = read_updates(m, at);
        else if (!str_eq_z(at->name, "input") && !str_eq_z(at->name, "output"))
            e = bad(m, ERR_UNSUPPORTED, at, "transform \"" STR_FMT "\"",
                    STR_ARG(at->name));
    }
    return e;
}

/* "$rootOutput/Name" */
static enum err
read_root(struct apimap *m, const struct xml_node *declaration)
{
    const char *side = m->is_request ? "output" : "input";
    struct str path = { 0 },
               var = m->is_request ? STR("$rootOutput/") : STR("$rootInput/");
    enum err e = path_of(m, declaration, side, &path);

    if (e != ERR_OK)
        return e;
    if (!str_starts(path, var) || path.n == var.n)
        return bad(m, ERR_SYNTAX, declaration,
                   "%s path \"" STR_FMT "\": expected " STR_FMT
                   "<service root>",
                   side, STR_ARG(path), STR_ARG(var));
    m->root = str_dup(m->arena, str_sub(path, var.n, path.n));
    return ERR_OK;
}

enum err
apimap_read(struct arena *arena, struct str xml, struct str entry,
            bool is_request, struct map_update **out, bool **omitted, size_t *n,
            struct err_info *why)
{
    struct err_info own;
    struct apimap m = { .arena = arena,
                        .entry = entry,
                        .is_request = is_request,
                        .why = why == NULL ? &own : why };
    struct xml_node *root, *declaration;
    size_t count;
    enum err e = xml_parse(arena, xml, NULL, &root, m.why);

    if (e != ERR_OK) {
        err_prefix(m.why, STR_FMT, STR_ARG(entry));
        return e;
    }
    if (!str_eq_z(root->name, "mappingRoot"))
        return bad(&m, ERR_SYNTAX, root,
                   "root is \"" STR_FMT "\": expected mappingRoot",
                   STR_ARG(root->name));
    declaration = xml_child(root, "mappingDeclaration");
    if (declaration == NULL)
        return bad(&m, ERR_SYNTAX, root, "no mappingDeclaration");
    if ((e = read_root(&m, declaration)) != ERR_OK)
        return e;
    count = count_updates(declaration);
    if (count > APIMAP_UPDATES_MAX)
        return bad(&m, ERR_LIMIT, declaration, "more than %u updates",
                   APIMAP_UPDATES_MAX);
    m.updates = ARENA_ARRAY(arena, struct map_update, count + 1);
    m.omitted = ARENA_ARRAY(arena, bool, count + 1);
    if (m.updates == NULL || m.omitted == NULL)
        return err_set(m.why, ERR_MEMORY, "no storage");
    if ((e = read_updates(&m, declaration)) != ERR_OK)
        return e;
    *out = m.updates;
    if (omitted != NULL)
        *omitted = m.omitted;
    *n = m.n;
    return ERR_OK;
}
