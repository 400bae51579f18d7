#include "artefact/package.h"

#include "artefact/bad.h"
#include "parse/xml.h"

#include <string.h>

#define bad(why, code, at, ...)                                                \
    artefact_bad(why, code, STR(PACKAGE_ENTRY), at, __VA_ARGS__)

bool
package_is_id(struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if ((unsigned char)name.p[i] <= ' ' || name.p[i] == 0x7f ||
            memchr("/\\?#%\"<>", name.p[i], 9) != NULL)
            return false;
    return name.n > 0 && name.n <= 255;
}

static bool
is_method(struct str type)
{
    static const char *const known[] = { "GET",  "PUT",     "POST", "DELETE",
                                         "HEAD", "OPTIONS", "PATCH" };

    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (str_eq_z(type, known[i]))
            return true;
    return false;
}

static enum err
read_method(struct arena *arena, const struct xml_node *node, struct str path,
            struct package_method *out, struct err_info *why)
{
    out->path = path;
    out->type = str_dup(arena, xml_attr_get(node, "type"));
    out->service = str_dup(arena, xml_attr_get(node, "zosConnectServiceRef"));
    out->operation_id = str_dup(arena, xml_attr_get(node, "operationId"));
    out->xform = str_dup(arena, xml_attr_get(node, "httpXformFile"));
    if (!is_method(out->type))
        return bad(why, ERR_SYNTAX, node,
                   "type \"" STR_FMT "\" is no HTTP method",
                   STR_ARG(out->type));
    return ERR_OK;
}

static enum err
read_path(struct arena *arena, const struct xml_node *node, struct package *out,
          struct err_info *why)
{
    struct str path = str_dup(arena, xml_attr_get(node, "relativePath"));

    if (path.n > 0 && path.p[0] != '/' && path.p[0] != '?')
        return bad(why, ERR_SYNTAX, node,
                   "relativePath \"" STR_FMT "\" does not begin with /",
                   STR_ARG(path));
    for (const struct xml_node *at = node->child; at != NULL; at = at->next) {
        enum err e;

        if (!str_eq_z(at->name, "method"))
            continue;
        e = read_method(arena, at, path, &out->methods[out->n_methods], why);
        if (e != ERR_OK)
            return e;
        out->n_methods++;
    }
    return ERR_OK;
}

static size_t
count_methods(const struct xml_node *spec)
{
    size_t n = 0;

    for (const struct xml_node *p = spec->child; p != NULL; p = p->next)
        if (str_eq_z(p->name, "path"))
            for (const struct xml_node *m = p->child; m != NULL; m = m->next)
                n += str_eq_z(m->name, "method");
    return n;
}

static enum err
read_spec(struct arena *arena, const struct xml_node *spec, struct package *out,
          struct err_info *why)
{
    size_t n = count_methods(spec);

    out->title = str_dup(arena, xml_attr_get(spec, "title"));
    out->base_path = str_dup(arena, xml_attr_get(spec, "basePath"));
    out->description = str_dup(arena, xml_attr_get(spec, "description"));
    out->version = str_dup(arena, xml_attr_get(spec, "version"));
    out->connection_ref = str_dup(arena, xml_attr_get(spec, "connectionRef"));
    if (n > PACKAGE_METHODS_MAX)
        return bad(why, ERR_LIMIT, spec, "%zu methods, at most %u", n,
                   PACKAGE_METHODS_MAX);
    if (out->base_path.n > 0 && out->base_path.p[0] != '/')
        return bad(why, ERR_SYNTAX, spec,
                   "basePath \"" STR_FMT "\" does not begin with /",
                   STR_ARG(out->base_path));
    if (str_eq_z(out->base_path, "/"))
        out->base_path = (struct str){ 0 };
    out->methods = ARENA_ARRAY(arena, struct package_method, n + 1);
    if (out->methods == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    for (const struct xml_node *at = spec->child; at != NULL; at = at->next) {
        enum err e;

        if (str_eq_z(at->name, "apiDoc"))
            out->document = str_dup(arena, str_trim(at->text));
        if (str_eq_z(at->name, "path") &&
            (e = read_path(arena, at, out, why)) != ERR_OK)
            return e;
    }
    return ERR_OK;
}

enum err
package_read(struct arena *arena, struct str xml, struct package *out,
             struct err_info *why)
{
    struct err_info own;
    struct xml_node *root, *spec;
    struct package p = { 0 };
    enum err e;

    if (why == NULL)
        why = &own;
    e = xml_parse(arena, xml, NULL, &root, why);
    if (e != ERR_OK) {
        err_prefix(why, PACKAGE_ENTRY);
        return e;
    }
    if (!str_eq_z(root->name, "zosConnectApi"))
        return bad(why, ERR_SYNTAX, root,
                   "root is \"" STR_FMT "\": expected zosConnectApi",
                   STR_ARG(root->name));
    p.id = str_dup(arena, xml_attr_get(root, "id"));
    p.is_requester = str_eq_z(xml_attr_get(root, "packageType"), "requester");
    if (!package_is_id(p.id))
        return bad(why, ERR_SYNTAX, root, "id \"" STR_FMT "\" is no name",
                   STR_ARG(p.id));
    spec = xml_child(root, "apiSpec");
    if (spec == NULL)
        return bad(why, ERR_SYNTAX, root, "no apiSpec");
    e = read_spec(arena, spec, &p, why);
    if (e == ERR_OK)
        *out = p;
    return e;
}
