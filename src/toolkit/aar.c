/* API archives from the editor's projects. */
#include "base/file.h"
#include "base/msg.h"
#include "artefact/package.h"
#include "parse/textout.h"
#include "toolkit/toolkit.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TREE_DEPTH_MAX 32u

struct building {
    struct toolkit *tk;
    const char *dir;
    struct toolkit_items items;
    struct package package;
    struct err_info *why;
};

static enum err
add_file(struct building *b, struct toolkit_items *items, const char *path,
         struct str name)
{
    struct str content;
    enum err e = toolkit_read(b->tk, path, &content, b->why);

    return e == ERR_OK ? toolkit_add(b->tk, items, name, content, b->why) : e;
}

static enum err add_tree(struct building *b, struct toolkit_items *items,
                         const char *dir, struct str prefix, uint32_t depth);

static enum err
add_member(struct building *b, struct toolkit_items *items, const char *dir,
           struct str prefix, const char *name, uint32_t depth)
{
    struct arena *arena = &b->tk->arena;
    struct str below =
        prefix.n == 0 ? str_dup(arena, str_of(name))
                      : str_fmt(arena, STR_FMT "/%s", STR_ARG(prefix), name);
    char *path = toolkit_path(b->tk, dir, name);
    struct stat st;

    if (path == NULL || below.p == NULL)
        return err_set(b->why, ERR_MEMORY, "no storage");
    if (lstat(path, &st) != 0)
        return err_sys(b->why, "%s", path);
    if (S_ISDIR(st.st_mode))
        return add_tree(b, items, path, below, depth + 1);
    if (!S_ISREG(st.st_mode))
        return err_set(b->why, ERR_UNSUPPORTED,
                       "%s: neither a file nor a folder", path);
    return add_file(b, items, path, below);
}

/* All files below a folder; hidden ones belong to the editor. */
static enum err
add_tree(struct building *b, struct toolkit_items *items, const char *dir,
         struct str prefix, uint32_t depth)
{
    struct dirent **names;
    enum err e = ERR_OK;
    int n;

    if (depth > TREE_DEPTH_MAX)
        return err_set(b->why, ERR_LIMIT, "%s: nested too deeply", dir);
    n = scandir(dir, &names, NULL, alphasort);
    if (n < 0)
        return err_sys(b->why, "%s", dir);
    for (int i = 0; i < n; i++) {
        if (e == ERR_OK && names[i]->d_name[0] != '.')
            e = add_member(b, items, dir, prefix, names[i]->d_name, depth);
        free(names[i]);
    }
    free(names);
    return e;
}

static enum err
read_service_bytes(struct building *b, struct str bytes, struct service *out)
{
    struct archive *archive;
    enum err e = archive_open(bytes, &archive, b->why);

    if (e != ERR_OK)
        return e;
    e = service_read(&b->tk->arena, archive, 0, out, b->why);
    archive_free(&archive);
    return e;
}

/* The project's own services/<name>/, else <name>.sar of the given folder. */
static enum err
find_service(struct building *b, struct str name, struct service *out)
{
    struct arena *arena = &b->tk->arena;
    char *path = str_z(
        arena, str_fmt(arena, "%s/services/" STR_FMT, b->dir, STR_ARG(name)));
    struct str bytes = { 0 };
    struct stat st;
    enum err e;

    if (path == NULL)
        return err_set(b->why, ERR_MEMORY, "no storage");
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        struct toolkit_items items = { 0 };
        struct buf zip;

        buf_init(&zip, ZIP_BYTES_MAX);
        if ((e = add_tree(b, &items, path, (struct str){ 0 }, 0)) == ERR_OK &&
            (e = zip_write(items.v, items.n, &zip, b->why)) == ERR_OK)
            e = read_service_bytes(b, buf_view(&zip), out);
        buf_fini(&zip);
    } else if (b->tk->services_folder != NULL) {
        path = str_z(arena, str_fmt(arena, "%s/" STR_FMT ".sar",
                                    b->tk->services_folder, STR_ARG(name)));
        e = toolkit_read(b->tk, path, &bytes, b->why);
        if (e == ERR_OK)
            e = read_service_bytes(b, bytes, out);
    } else {
        e = err_set(b->why, ERR_NOT_FOUND,
                    "%s does not exist (or name a folder of .sar files with "
                    "--services)",
                    path);
    }
    if (e != ERR_OK)
        err_prefix(b->why, "service " STR_FMT, STR_ARG(name));
    return e;
}

/* Lower-case method and the service's name with a capital: getCscvincService;
 * on a clash a number is appended. */
static enum err
name_operations(struct building *b)
{
    struct arena *arena = &b->tk->arena;
    struct package *p = &b->package;

    for (size_t i = 0; i < p->n_methods; i++) {
        struct package_method *m = &p->methods[i];
        struct str first, base;
        uint32_t next = 1;

        if (m->service.n == 0 || m->operation_id.n > 0)
            continue;
        first = str_upper(arena, str_sub(m->service, 0, 1));
        base = str_fmt(arena, STR_FMT STR_FMT STR_FMT,
                       STR_ARG(str_lower(arena, m->type)), STR_ARG(first),
                       STR_ARG(str_sub(m->service, 1, m->service.n)));
        m->operation_id = base;
        for (size_t k = 0; k < p->n_methods; k++)
            if (k != i && str_eq(p->methods[k].operation_id, m->operation_id)) {
                m->operation_id =
                    str_fmt(arena, STR_FMT "%u", STR_ARG(base), next++);
                k = (size_t)-1;
            }
        if (m->operation_id.p == NULL)
            return err_set(b->why, ERR_MEMORY, "no storage");
    }
    return ERR_OK;
}

static struct str
without_query(struct str path)
{
    size_t at = str_find_char(path, '?');

    return at == STR_NPOS ? path : str_sub(path, 0, at);
}

static void
put_method(struct buf *out, const struct package_method *m)
{
    buf_add_z(out, "            <method");
    xmlout_attr(out, "type", m->type);
    xmlout_attr(out, "zosConnectServiceRef", m->service);
    xmlout_attr(out, "httpXformFile", m->xform);
    xmlout_attr(out, "operationId", m->operation_id);
    buf_add_z(out, "/>\n");
}

/* The archive's package.xml: no query parts, no methods without a service. */
static void
put_package(const struct package *p, struct buf *out)
{
    struct str open = { 0 };
    bool is_open = false;

    buf_add_z(out, "<?xml version=\"1.0\" encoding=\"UTF-8\" "
                   "standalone=\"yes\"?>\n<zosConnectApi "
                   "xmlns=\"http://www.ibm.com/zosConnect/2.0/"
                   "zosConnectApi\"");
    xmlout_attr(out, "id", p->id);
    buf_add_z(out, ">\n    <apiSpec");
    xmlout_attr(out, "title", p->title);
    xmlout_attr(out, "basePath", p->base_path.n > 0 ? p->base_path : STR("/"));
    xmlout_attr(out, "description", p->description);
    xmlout_attr(out, "version", p->version);
    buf_add_z(out, ">\n");
    for (size_t i = 0; i < p->n_methods; i++) {
        struct str path = without_query(p->methods[i].path);

        if (p->methods[i].service.n == 0)
            continue;
        if (!is_open || !str_eq(path, open)) {
            buf_add_z(out, is_open ? "        </path>\n" : "");
            buf_add_z(out, "        <path");
            xmlout_attr(out, "relativePath", path);
            buf_add_z(out, ">\n");
            is_open = true;
            open = path;
        }
        put_method(out, &p->methods[i]);
    }
    buf_add_z(out, is_open ? "        </path>\n" : "");
    buf_add_z(out, "        <apiDoc docType=\"SWAGGER\">api-docs/swagger.json"
                   "</apiDoc>\n    </apiSpec>\n</zosConnectApi>\n");
}

static enum err
add_package(struct building *b)
{
    struct buf text;
    enum err e;

    buf_init(&text, TOOLKIT_FILE_MAX);
    put_package(&b->package, &text);
    e = buf_check(&text, b->why);
    if (e == ERR_OK)
        e = toolkit_add(b->tk, &b->items, STR(PACKAGE_ENTRY), buf_view(&text),
                        b->why);
    buf_fini(&text);
    return e;
}

/* Read what is collected so far as the server would. */
static enum err
read_back(struct building *b, struct api *api)
{
    struct archive *archive = NULL;
    struct buf zip;
    enum err e;

    buf_init(&zip, ZIP_BYTES_MAX);
    if ((e = zip_write(b->items.v, b->items.n, &zip, b->why)) == ERR_OK &&
        (e = archive_open(buf_view(&zip), &archive, b->why)) == ERR_OK)
        e = api_read(&b->tk->arena, archive, api, b->why);
    archive_free(&archive);
    buf_fini(&zip);
    return e;
}

static enum err
add_document(struct building *b, const struct api *api)
{
    const struct service **of =
        ARENA_ARRAY(&b->tk->arena, const struct service *, api->n_operations);
    struct buf text;
    enum err e = ERR_OK;

    if (of == NULL)
        return err_set(b->why, ERR_MEMORY, "no storage");
    for (size_t i = 0; i < api->n_operations && e == ERR_OK; i++) {
        struct service *service;

        for (size_t k = 0; k < i && of[i] == NULL; k++)
            if (str_eq(api->operations[k].service, api->operations[i].service))
                of[i] = of[k];
        if (of[i] != NULL)
            continue;
        service = ARENA_NEW(&b->tk->arena, struct service);
        if (service == NULL)
            return err_set(b->why, ERR_MEMORY, "no storage");
        of[i] = service;
        e = find_service(b, api->operations[i].service, service);
    }
    buf_init(&text, TOOLKIT_FILE_MAX);
    if (e == ERR_OK)
        e = swagger_write(b->tk, api, of, &text, b->why);
    if (e == ERR_OK)
        e = toolkit_add(b->tk, &b->items, STR("api-docs/swagger.json"),
                        buf_view(&text), b->why);
    if (e == ERR_OK && b->tk->document_copy != NULL)
        e = file_write_atomic(b->tk->document_copy, buf_view(&text), 0644,
                              b->why);
    buf_fini(&text);
    return e;
}

/* Items without the document, to read the API before it has one. */
static enum err
collect(struct building *b)
{
    char *path = toolkit_path(b->tk, b->dir, PACKAGE_ENTRY);
    struct str text;
    enum err e;

    if ((e = toolkit_read(b->tk, path, &text, b->why)) != ERR_OK ||
        (e = package_read(&b->tk->arena, text, &b->package, b->why)) != ERR_OK)
        return e;
    for (size_t i = 0; i < b->package.n_methods; i++)
        if (b->package.methods[i].service.n == 0)
            TOOLKIT_SAY(b->tk, "BAQB0050W", b->package.methods[i].type,
                        b->package.methods[i].path);
    if ((e = name_operations(b)) != ERR_OK)
        return e;
    return add_tree(b, &b->items, toolkit_path(b->tk, b->dir, "api"),
                    STR("api"), 0);
}

enum err
aar_from_project(struct toolkit *tk, const char *dir, struct buf *archive,
                 struct str *name, struct err_info *why)
{
    struct building b = { .tk = tk, .dir = dir, .why = why };
    struct str placeholder = STR("{}");
    struct api api;
    size_t n_items;
    enum err e = collect(&b);

    if (e != ERR_OK)
        return e;
    /* package.xml names the document, so a placeholder stands in for it. */
    n_items = b.items.n;
    if ((e = add_package(&b)) != ERR_OK ||
        (e = toolkit_add(tk, &b.items, STR("api-docs/swagger.json"),
                         placeholder, why)) != ERR_OK ||
        (e = read_back(&b, &api)) != ERR_OK)
        return e;
    b.items.n = n_items;
    if ((e = add_package(&b)) != ERR_OK ||
        (e = add_document(&b, &api)) != ERR_OK)
        return e;
    *name = api.name;
    return zip_write(b.items.v, b.items.n, archive, why);
}
