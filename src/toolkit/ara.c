/* API requester archives: Swagger document to copybooks, schemas, maps. */
#include "artefact/package.h"
#include "artefact/requester.h"
#include "base/file.h"
#include "base/msg.h"
#include "parse/textout.h"
#include "toolkit/ara_maps.h"
#include "toolkit/members.h"
#include "toolkit/structure.h"
#include "toolkit/toolkit.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#define MEMBERS_MAX 100u /* CSC00 to CSC99 */
#define SCHEMA_DEPTH_MAX 32u

struct generating {
    struct toolkit *tk;
    struct properties *p;
    struct err_info *why;
    struct swagger swagger;
    struct structure_rules rules;
    struct str structures, infos, logs; /* folders */
    struct str connection, prefix, document, document_name, name;
    bool ignores_mime;
    struct toolkit_items items;
    struct buf package; /* paths of package.xml */
    struct buf summary; /* rows of the report */
    unsigned n_made, n_ignored;
};

/* One operation under way. */
struct operation {
    const struct swagger_operation *from;
    unsigned number;
    struct requester_operation made; /* for the bind file */
    struct layout request, response;
    struct str q, p, i; /* member names; "" when not generated */
    struct buf notes_q, notes_p;
};

static enum err
no_storage(struct generating *g)
{
    return err_set(g->why, ERR_MEMORY, "no storage");
}

static enum err
read_choice(struct generating *g, const char *key, const char *a, const char *b,
            bool *is_b)
{
    struct str value = properties_get(g->p, key);

    *is_b = str_eq_nocase_z(value, b);
    if (value.n > 0 && !*is_b && !str_eq_nocase_z(value, a))
        return err_set(g->why, ERR_SYNTAX,
                       STR_FMT ": %s=" STR_FMT ": expected %s or %s",
                       STR_ARG(g->p->file), key, STR_ARG(value), a, b);
    return ERR_OK;
}

static enum err
read_prefix(struct generating *g)
{
    struct str prefix = properties_get(g->p, "requesterPrefix");

    g->prefix = prefix.n == 0 ? STR("API") : str_upper(&g->tk->arena, prefix);
    for (size_t i = 0; i < g->prefix.n; i++) {
        char c = g->prefix.p[i];
        bool is_letter =
            (c >= 'A' && c <= 'Z') || c == '#' || c == '@' || c == '$';

        if (g->prefix.n > 3 || !(is_letter || (i > 0 && c >= '0' && c <= '9')))
            return err_set(g->why, ERR_SYNTAX,
                           STR_FMT ": requesterPrefix=" STR_FMT
                                   ": expected 1 to 3 characters of a member "
                                   "name",
                           STR_ARG(g->p->file), STR_ARG(prefix));
    }
    return ERR_OK;
}

/* Options that only say what this build does anyway. */
static void
pass_over(struct generating *g)
{
    static const char *const keys[] = {
        "runtimeCodePage",  "generatedCodePage",        "characterMultiplier",
        "characterVarying", "characterWhiteSpace",      "dataTruncation",
        "dateTimeFormat",   "additionalPropertiesSize",
    };

    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        (void)properties_get(g->p, keys[i]);
}

static enum err
read_rules(struct generating *g)
{
    struct structure_rules *r = &g->rules;
    struct str overrides = properties_get(g->p, "mappingOverrides");
    enum err e;

    *r = (struct structure_rules){ .default_max_length = 255,
                                   .default_max_items = 255,
                                   .key_max_length = 255 };
    r->names.keeps_underscores =
        str_eq_nocase_z(overrides, "SAME-AS-MAPPING-LEVEL");
    if (overrides.n > 0 && !r->names.keeps_underscores &&
        !str_eq_nocase_z(overrides, "UNDERSCORES-AS-HYPHENS"))
        return err_set(g->why, ERR_UNSUPPORTED,
                       STR_FMT ": mappingOverrides=" STR_FMT
                               ": expected UNDERSCORES-AS-HYPHENS or "
                               "SAME-AS-MAPPING-LEVEL",
                       STR_ARG(g->p->file), STR_ARG(overrides));
    r->header_keys = properties_get(g->p, "apiKeyParmNameInHeader");
    r->query_keys = properties_get(g->p, "apiKeyParmNameInQuery");
    if ((e = properties_number(g->p, "defaultCharacterMaxLength", 1, 32767,
                               &r->default_max_length, g->why)) != ERR_OK ||
        (e = properties_number(g->p, "defaultArrayMaxItems", 1, 32767,
                               &r->default_max_items, g->why)) != ERR_OK ||
        (e = properties_number(g->p, "apiKeyMaxLength", 1, 32767,
                               &r->key_max_length, g->why)) != ERR_OK ||
        (e = read_choice(g, "nameTruncation", "RIGHT", "LEFT",
                         &r->names.cuts_left)) != ERR_OK)
        return e;
    return read_choice(g, "wideComp3", "NO", "YES", &r->wide_comp3);
}

static enum err
read_options(struct generating *g)
{
    struct str language;
    enum err e;

    if ((e = properties_need(g->p, "apiDescriptionFile", &g->document,
                             g->why)) != ERR_OK ||
        (e = properties_need(g->p, "dataStructuresLocation", &g->structures,
                             g->why)) != ERR_OK ||
        (e = properties_need(g->p, "apiInfoFileLocation", &g->infos, g->why)) !=
            ERR_OK ||
        (e = properties_need(g->p, "logFileDirectory", &g->logs, g->why)) !=
            ERR_OK ||
        (e = properties_need(g->p, "language", &language, g->why)) != ERR_OK ||
        (e = properties_need(g->p, "connectionRef", &g->connection, g->why)) !=
            ERR_OK ||
        (e = read_prefix(g)) != ERR_OK || (e = read_rules(g)) != ERR_OK ||
        (e = properties_flag(g->p, "ignoreMIMETypeCheck", &g->ignores_mime,
                             g->why)) != ERR_OK)
        return e;
    if (!str_eq_nocase_z(language, "COBOL"))
        return err_set(g->why, ERR_UNSUPPORTED,
                       STR_FMT ": language=" STR_FMT ": expected COBOL",
                       STR_ARG(g->p->file), STR_ARG(language));
    pass_over(g);
    return ERR_OK;
}

/* <title>_<version>, blanks in the title become hyphens. */
static enum err
name_requester(struct generating *g)
{
    struct str title = str_dup(&g->tk->arena, g->swagger.title);

    for (size_t i = 0; i < title.n; i++)
        if (title.p[i] == ' ')
            ((char *)(uintptr_t)title.p)[i] = '-';
    g->name = str_fmt(&g->tk->arena, STR_FMT "_" STR_FMT, STR_ARG(title),
                      STR_ARG(g->swagger.version));
    if (g->name.p == NULL)
        return no_storage(g);
    if (!package_is_id(g->name))
        return err_set(g->why, ERR_SYNTAX,
                       "title and version \"" STR_FMT
                       "\" cannot be the name of an API requester",
                       STR_ARG(g->name));
    TOOLKIT_SAY(g->tk, "BAQB0040I", g->name);
    return ERR_OK;
}

static enum err
write_file(struct generating *g, struct str folder, struct str name,
           const struct buf *content)
{
    char *dir = str_z(&g->tk->arena, folder);
    char *path = dir == NULL ? NULL : path_join(&g->tk->arena, folder, name);
    enum err e;

    if (path == NULL)
        return no_storage(g);
    if ((e = buf_check(content, g->why)) != ERR_OK ||
        (e = dir_make(dir, 0755, g->why)) != ERR_OK)
        return e;
    return file_write_atomic(path, buf_view(content), 0644, g->why);
}

static struct str
member_name(struct generating *g, const struct operation *op, char kind)
{
    return str_fmt(&g->tk->arena, STR_FMT "%02u%c01", STR_ARG(g->prefix),
                   op->number, kind);
}

static enum err
place(struct generating *g, struct structure *s, struct layout *out,
      struct layout **made)
{
    enum err e;

    *made = NULL;
    if (s->root == NULL)
        return ERR_OK;
    e = layout_place(out, s->root, abi_default(ABI_GNUCOBOL), g->why);
    if (e == ERR_OK)
        *made = out;
    return e;
}

static enum err
make_structures(struct generating *g, struct operation *op)
{
    struct structure request = { .notes = &op->notes_q };
    struct structure response = { .notes = &op->notes_p };
    enum err e;

    if ((e = structure_request(g->tk, g->swagger.root, op->from, &g->rules,
                               &request, g->why)) != ERR_OK ||
        (e = structure_response(g->tk, g->swagger.root, op->from, &g->rules,
                                &response, g->why)) != ERR_OK ||
        (e = place(g, &request, &op->request, &op->made.request)) != ERR_OK)
        return e;
    return place(g, &response, &op->response, &op->made.response);
}

static enum err
write_members(struct generating *g, struct operation *op)
{
    struct buf text;
    enum err e = ERR_OK;

    buf_init(&text, TOOLKIT_FILE_MAX);
    if (op->made.request != NULL) {
        op->q = member_name(g, op, 'Q');
        member_structure(&text, op->made.request->root, buf_view(&op->notes_q));
        e = write_file(g, g->structures, op->q, &text);
    }
    if (e == ERR_OK && op->made.response != NULL) {
        buf_clear(&text);
        op->p = member_name(g, op, 'P');
        member_structure(&text, op->made.response->root,
                         buf_view(&op->notes_p));
        e = write_file(g, g->structures, op->p, &text);
    }
    if (e == ERR_OK) {
        buf_clear(&text);
        op->i = member_name(g, op, 'I');
        member_info(&text, g->name, op->made.path, op->made.method);
        e = write_file(g, g->infos, op->i, &text);
    }
    buf_fini(&text);
    return e;
}

/* A schema with its references replaced; what contains itself ends there. */
static json_t *
inline_refs(const json_t *root, const json_t *given, unsigned depth)
{
    const json_t *at =
        json_is_object(given) ? swagger_resolve(root, given) : given;
    json_t *copy, *value;
    const char *key;
    size_t i;

    if (at == NULL || depth > SCHEMA_DEPTH_MAX)
        return json_object();
    if (json_is_array(at)) {
        copy = json_array();
        json_array_foreach((json_t *)(uintptr_t)at, i, value)
            json_array_append_new(copy, inline_refs(root, value, depth + 1));
        return copy;
    }
    if (!json_is_object(at))
        return json_incref((json_t *)(uintptr_t)at);
    copy = json_object();
    json_object_foreach((json_t *)(uintptr_t)at, key, value)
        json_object_set_new(copy, key, inline_refs(root, value, depth + 1));
    return copy;
}

static void
add_wrapper(json_t *properties, json_t *required, const char *name,
            json_t *schema)
{
    json_object_set_new(properties, name, schema);
    json_array_append_new(required, json_string(name));
}

static void
add_parameter_wrapper(struct generating *g, const struct swagger_operation *op,
                      enum swagger_in in, const char *name, json_t *properties,
                      json_t *required)
{
    json_t *members = json_object(), *needed = json_array(), *schema;

    for (size_t i = 0; i < op->n_parameters; i++) {
        const struct swagger_parameter *p = &op->parameters[i];
        json_t *copy;

        if (p->in != in ||
            (in == SWAGGER_HEADER && str_eq_nocase_z(p->name, "Authorization")))
            continue;
        copy = inline_refs(g->swagger.root, p->schema, 0);
        json_object_del(copy, "name");
        json_object_del(copy, "in");
        json_object_del(copy, "required");
        json_object_setn_new(members, p->name.p, p->name.n, copy);
        if (p->is_required)
            json_array_append_new(needed, json_stringn(p->name.p, p->name.n));
    }
    if (json_object_size(members) == 0) {
        json_decref(members);
        json_decref(needed);
        return;
    }
    schema = json_object();
    json_object_set_new(schema, "type", json_string("object"));
    json_object_set_new(schema, "properties", members);
    json_object_set_new(schema, "required", needed);
    add_wrapper(properties, required, name, schema);
}

static enum err
add_schema(struct generating *g, const struct swagger_operation *op,
           bool is_request)
{
    json_t *root = json_object(), *properties = json_object();
    json_t *required = json_array();
    json_t *definitions = json_object_get(g->swagger.root, "definitions");
    const json_t *body = is_request ? op->body : op->response;
    struct str name =
        is_request
            ? str_fmt(&g->tk->arena,
                      "services/" STR_FMT "/schemas/" STR_FMT "_request.json",
                      STR_ARG(op->id), STR_ARG(op->id))
            : str_fmt(&g->tk->arena,
                      "services/" STR_FMT "/schemas/" STR_FMT
                      "_%u_response.json",
                      STR_ARG(op->id), STR_ARG(op->id), op->response_code);
    char *text;
    enum err e;

    if (is_request) {
        add_parameter_wrapper(g, op, SWAGGER_PATH, "ReqPathParameters",
                              properties, required);
        add_parameter_wrapper(g, op, SWAGGER_QUERY, "ReqQueryParameters",
                              properties, required);
        add_parameter_wrapper(g, op, SWAGGER_HEADER, "ReqHeaders", properties,
                              required);
    }
    if (body != NULL)
        add_wrapper(properties, required, is_request ? "ReqBody" : "RespBody",
                    inline_refs(g->swagger.root, body, 0));
    json_object_set_new(root, "$schema",
                        json_string("http://json-schema.org/draft-04/schema#"));
    json_object_set_new(root, "description",
                        json_string("api-requester-json-schema"));
    json_object_set_new(root, "type", json_string("object"));
    json_object_set_new(root, "properties", properties);
    json_object_set_new(root, "required", required);
    if (definitions != NULL)
        json_object_set(root, "definitions", definitions);
    text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    json_decref(root);
    if (text == NULL)
        return no_storage(g);
    e = toolkit_add(g->tk, &g->items, name, str_of(text), g->why);
    free(text);
    return e;
}

static enum err
add_buf(struct generating *g, struct str folder, const char *name,
        struct buf *text)
{
    enum err e = buf_check(text, g->why);

    if (e == ERR_OK)
        e = toolkit_add(
            g->tk, &g->items,
            str_fmt(&g->tk->arena, STR_FMT "%s", STR_ARG(folder), name),
            buf_view(text), g->why);
    buf_clear(text);
    return e;
}

static enum err
add_maps(struct generating *g, const struct swagger_operation *op)
{
    struct str folder = str_fmt(&g->tk->arena, "api" STR_FMT "/" STR_FMT "/",
                                STR_ARG(op->path), STR_ARG(op->method));
    struct buf text;
    enum err e;

    buf_init(&text, TOOLKIT_FILE_MAX);
    ara_mapping(&text, op, g->swagger.base_path, folder);
    e = add_buf(g, folder, "mapping.xml", &text);
    if (e == ERR_OK) {
        ara_request_map(&text, op);
        e = add_buf(g, folder, "request.map", &text);
    }
    if (e == ERR_OK) {
        ara_response_map(&text, op);
        e = add_buf(g, folder, "response.map", &text);
    }
    buf_fini(&text);
    buf_add_z(&g->package, "        <path");
    xmlout_attr(&g->package, "relativePath", op->path);
    buf_add_z(&g->package, ">\n            <method");
    xmlout_attr(&g->package, "type", op->method);
    xmlout_attr(&g->package, "httpXformFile",
                str_fmt(&g->tk->arena, STR_FMT "mapping.xml", STR_ARG(folder)));
    xmlout_attr(&g->package, "operationId", op->id);
    buf_add_z(&g->package, "/>\n        </path>\n");
    return e;
}

static enum err
add_bind(struct generating *g, const struct operation *op)
{
    struct buf text;
    enum err e;

    buf_init(&text, TOOLKIT_FILE_MAX);
    e = bind_write(&text, &op->made, g->why);
    if (e == ERR_OK)
        e = toolkit_add(g->tk, &g->items,
                        str_fmt(&g->tk->arena, "ws-binds/" STR_FMT ".wsbind",
                                STR_ARG(op->from->id)),
                        buf_view(&text), g->why);
    buf_fini(&text);
    return e;
}

static enum err
write_log(struct generating *g, const struct operation *op)
{
    struct buf text;
    enum err e;

    buf_init(&text, TOOLKIT_FILE_MAX);
    buf_printf(&text,
               "operationId: " STR_FMT "\nrelativePath: " STR_FMT
               "\nmethod: " STR_FMT "\n\nRequest:\n",
               STR_ARG(op->from->id), STR_ARG(op->from->path),
               STR_ARG(op->from->method));
    if (op->made.request != NULL)
        layout_print(op->made.request, &text);
    buf_add_z(&text, "\nResponse:\n");
    if (op->made.response != NULL)
        layout_print(op->made.response, &text);
    e = write_file(
        g, g->logs,
        str_fmt(&g->tk->arena, STR_FMT ".log", STR_ARG(op->from->id)), &text);
    buf_fini(&text);
    return e;
}

static void
summarise(struct generating *g, const struct operation *op)
{
    buf_printf(&g->summary,
               "\noperationId: " STR_FMT ", basePath: " STR_FMT
               ", relativePath: " STR_FMT ", method: " STR_FMT "\n",
               STR_ARG(op->from->id), STR_ARG(g->swagger.base_path),
               STR_ARG(op->from->path), STR_ARG(op->from->method));
    if (op->q.n > 0)
        buf_printf(&g->summary, "- request data structure : " STR_FMT "\n",
                   STR_ARG(op->q));
    if (op->p.n > 0)
        buf_printf(&g->summary, "- response data structure: " STR_FMT "\n",
                   STR_ARG(op->p));
    buf_printf(&g->summary, "- api info file          : " STR_FMT "\n",
               STR_ARG(op->i));
}

static enum err
make_operation(struct generating *g, struct operation *op)
{
    enum err e;

    if ((e = make_structures(g, op)) != ERR_OK)
        return e;
    if ((e = write_members(g, op)) != ERR_OK ||
        (e = add_maps(g, op->from)) != ERR_OK ||
        (e = add_schema(g, op->from, true)) != ERR_OK ||
        (e = add_schema(g, op->from, false)) != ERR_OK ||
        (e = add_bind(g, op)) != ERR_OK || (e = write_log(g, op)) != ERR_OK)
        return e;
    summarise(g, op);
    return ERR_OK;
}

static void
ignore(struct generating *g, const struct swagger_operation *from,
       const char *reason)
{
    TOOLKIT_SAY(g->tk, "BAQB0052W", from->id, from->path, from->method,
                str_of(reason));
    g->n_ignored++;
}

static enum err
do_operation(struct generating *g, const struct swagger_operation *from,
             unsigned number)
{
    struct operation op = { .from = from, .number = number };
    enum err e;

    if (from->refusal != NULL) {
        ignore(g, from, from->refusal);
        return ERR_OK;
    }
    TOOLKIT_SAY(g->tk, "BAQB0015I", from->id, from->path, from->method);
    op.made = (struct requester_operation){
        .operation_id = from->id,
        .method = from->method,
        .path = str_fmt(&g->tk->arena, STR_FMT STR_FMT,
                        STR_ARG(g->swagger.base_path), STR_ARG(from->path)),
        .response_code = from->response_code,
    };
    buf_init(&op.notes_q, TOOLKIT_FILE_MAX);
    buf_init(&op.notes_p, TOOLKIT_FILE_MAX);
    e = make_operation(g, &op);
    buf_fini(&op.notes_q);
    buf_fini(&op.notes_p);
    if (e == ERR_UNSUPPORTED) {
        ignore(g, from, g->why->text);
        return ERR_OK;
    }
    if (e == ERR_OK) {
        TOOLKIT_SAY(g->tk, "BAQB0016I", from->id, from->path, from->method);
        g->n_made++;
    }
    return e;
}

static enum err
do_operations(struct generating *g)
{
    if (g->swagger.n_operations > MEMBERS_MAX)
        return err_set(g->why, ERR_LIMIT,
                       STR_FMT ": %zu operations; member names have two "
                               "digits, so at most %u",
                       STR_ARG(g->document), g->swagger.n_operations,
                       MEMBERS_MAX);
    for (size_t i = 0; i < g->swagger.n_operations; i++) {
        enum err e = do_operation(g, &g->swagger.operations[i], (unsigned)i);

        if (e != ERR_OK)
            return e;
    }
    if (g->n_made == 0)
        return err_set(g->why, ERR_UNSUPPORTED,
                       STR_FMT ": no operation can be used",
                       STR_ARG(g->document));
    return ERR_OK;
}

static enum err
add_package(struct generating *g)
{
    struct buf text;
    enum err e;

    buf_init(&text, TOOLKIT_FILE_MAX);
    buf_add_z(&text, "<?xml version=\"1.0\" encoding=\"UTF-8\" "
                     "standalone=\"yes\"?>\n<zosConnectApi "
                     "xmlns=\"http://www.ibm.com/zosConnect/2.0/"
                     "zosConnectApi\"");
    xmlout_attr(&text, "id", g->name);
    buf_add_z(&text, " packageType=\"requester\">\n    <apiSpec");
    xmlout_attr(&text, "title", g->swagger.title);
    if (g->swagger.base_path.n > 0)
        xmlout_attr(&text, "basePath", g->swagger.base_path);
    xmlout_attr(&text, "description", g->swagger.description);
    xmlout_attr(&text, "version", g->swagger.version);
    xmlout_attr(&text, "connectionRef", g->connection);
    buf_add_z(&text, ">\n");
    buf_add(&text, buf_view(&g->package));
    buf_add_z(&text, "        <apiDoc docType=\"SWAGGER\">api-docs/");
    xmlout_escape(&text, g->document_name);
    buf_add_z(&text, "</apiDoc>\n    </apiSpec>\n</zosConnectApi>\n");
    e = add_buf(g, STR(PACKAGE_ENTRY), "", &text);
    buf_fini(&text);
    return e;
}

static enum err
report(struct generating *g)
{
    struct buf text;
    enum err e;

    buf_init(&text, TOOLKIT_FILE_MAX);
    buf_printf(&text,
               "Total %zu operation(s) (success: %u, ignored: %u) defined in "
               "api description file: " STR_FMT "\n",
               g->swagger.n_operations, g->n_made, g->n_ignored,
               STR_ARG(g->document));
    buf_add(&text, buf_view(&g->summary));
    e = write_file(g, g->logs, STR("summary_report.txt"), &text);
    fprintf(g->tk->out, "\n%s\n", buf_z(&text));
    buf_fini(&text);
    return e;
}

static enum err
generate(struct generating *g, struct buf *archive)
{
    struct str text;
    char *base;
    enum err e;

    if ((e = read_options(g)) != ERR_OK)
        return e;
    TOOLKIT_SAY(g->tk, "BAQB0008I", g->p->file);
    if ((e = toolkit_read(g->tk, str_z(&g->tk->arena, g->document), &text,
                          g->why)) != ERR_OK)
        return e;
    base = basename(str_z(&g->tk->arena, g->document));
    g->document_name = str_dup(&g->tk->arena, str_of(base));
    e = swagger_read(&g->tk->arena, text, g->document, g->ignores_mime,
                     &g->swagger, g->why);
    if (e != ERR_OK) {
        err_prefix(g->why, STR_FMT, STR_ARG(g->document));
        return e;
    }
    if ((e = name_requester(g)) != ERR_OK || (e = do_operations(g)) != ERR_OK ||
        (e = add_package(g)) != ERR_OK ||
        (e = toolkit_add(g->tk, &g->items,
                         str_fmt(&g->tk->arena, "api-docs/" STR_FMT,
                                 STR_ARG(g->document_name)),
                         text, g->why)) != ERR_OK ||
        (e = report(g)) != ERR_OK)
        return e;
    return zip_write(g->items.v, g->items.n, archive, g->why);
}

enum err
ara_from_properties(struct toolkit *tk, struct properties *p,
                    struct buf *archive, struct str *name, struct err_info *why)
{
    struct err_info own;
    struct generating g = { .tk = tk, .p = p, .why = why == NULL ? &own : why };
    enum err e;

    buf_init(&g.package, TOOLKIT_FILE_MAX);
    buf_init(&g.summary, TOOLKIT_FILE_MAX);
    e = generate(&g, archive);
    swagger_fini(&g.swagger);
    buf_fini(&g.package);
    buf_fini(&g.summary);
    if (e == ERR_OK)
        *name = g.name;
    return e;
}
