#include "artefact/api.h"

#include "artefact/apimap.h"
#include "artefact/bad.h"
#include "artefact/package.h"
#include "parse/xml.h"

#include <jansson.h>

struct reading {
    struct arena *arena;
    struct archive *archive;
    struct str entry; /* of the XML at hand */
    struct err_info *why;
};

#define bad(r, code, at, ...)                                                  \
    artefact_bad((r)->why, code, (r)->entry, at, __VA_ARGS__)

static const struct {
    const char *name, *sign;
} rule_ops[] = {
    [RULE_EQ] = { "eq", "=" },  [RULE_NE] = { "ne", "!=" },
    [RULE_LT] = { "lt", "<" },  [RULE_GT] = { "gt", ">" },
    [RULE_LE] = { "le", "<=" }, [RULE_GE] = { "ge", ">=" },
};

enum err
rule_op_parse(struct str text, enum rule_op *out, struct err_info *why)
{
    if (str_eq_z(text, "=="))
        text = STR("=");
    for (size_t i = 0; i < ARRAY_LEN(rule_ops); i++)
        if (str_eq_nocase_z(text, rule_ops[i].name) ||
            str_eq_z(text, rule_ops[i].sign)) {
            *out = (enum rule_op)i;
            return ERR_OK;
        }
    return err_set(why, ERR_SYNTAX,
                   "operator \"" STR_FMT
                   "\": expected eq, ne, lt, gt, le or ge",
                   STR_ARG(text));
}

const char *
rule_op_name(enum rule_op op)
{
    return rule_ops[op].name;
}

static enum err
read_code(struct reading *r, const struct xml_node *at, const char *name,
          uint32_t missing, uint32_t *out)
{
    struct str text = xml_attr_get(at, name);
    uint64_t code;

    *out = missing;
    if (text.p == NULL)
        return ERR_OK;
    if (!str_to_u64(text, &code) || code < 100 || code > 599)
        return bad(r, ERR_RANGE, at,
                   "%s \"" STR_FMT "\" is not a response code (100..599)", name,
                   STR_ARG(text));
    *out = (uint32_t)code;
    return ERR_OK;
}

static enum err
read_map(struct reading *r, const struct xml_node *message, bool is_request,
         struct str *entry, struct map_update **updates, bool **omitted,
         size_t *n)
{
    const struct xml_node *model = xml_child(message, "mappingRootModel");
    struct str type, xml;
    enum err e;

    if (model == NULL)
        return ERR_OK;
    type = xml_attr_get(model, "type");
    if (!str_eq_z(type, "MSL"))
        return bad(r, ERR_UNSUPPORTED, model,
                   "mappingRootModel type \"" STR_FMT "\": expected MSL",
                   STR_ARG(type));
    *entry = str_dup(r->arena, xml_attr_get(model, "location"));
    if ((e = archive_read(r->archive, *entry, &xml, r->why)) != ERR_OK) {
        err_prefix(r->why, STR_FMT ":%u", STR_ARG(r->entry), model->line);
        return e;
    }
    return apimap_read(r->arena, xml, *entry, is_request, updates, omitted, n,
                       r->why);
}

static enum err
read_rules(struct reading *r, const struct xml_node *node,
           struct api_response *out)
{
    for (const struct xml_node *at = node->child; at != NULL; at = at->next)
        out->n_rules += str_eq_z(at->name, "responseRule");
    if (out->n_rules > API_RULES_MAX)
        return bad(r, ERR_LIMIT, node, "%zu rules, at most %u", out->n_rules,
                   API_RULES_MAX);
    out->rules = ARENA_ARRAY(r->arena, struct api_rule, out->n_rules + 1);
    if (out->rules == NULL)
        return err_set(r->why, ERR_MEMORY, "no storage");
    out->n_rules = 0;
    for (const struct xml_node *at = node->child; at != NULL; at = at->next) {
        struct api_rule *rule = &out->rules[out->n_rules];
        struct err_info inner;

        if (!str_eq_z(at->name, "responseRule"))
            continue;
        rule->name = str_dup(r->arena, xml_attr_get(at, "name"));
        rule->field = str_dup(r->arena, xml_attr_get(at, "field"));
        rule->value = str_dup(r->arena, xml_attr_get(at, "value"));
        if (rule->field.n == 0 || xml_attr_get(at, "value").p == NULL)
            return bad(r, ERR_SYNTAX, at, "a rule without field or value");
        if (rule_op_parse(xml_attr_get(at, "operator"), &rule->op, &inner) !=
            ERR_OK)
            return bad(r, ERR_SYNTAX, at, "%s", inner.text);
        out->n_rules++;
    }
    return ERR_OK;
}

static enum err
read_response(struct reading *r, const struct xml_node *at,
              struct api_operation *op)
{
    struct api_response *out = &op->responses[op->n_responses];
    enum err e;

    if ((e = read_code(r, at, "code", op->default_code, &out->code)) != ERR_OK)
        return e;
    for (size_t i = 0; i < op->n_responses; i++)
        if (op->responses[i].code == out->code)
            return bad(r, ERR_EXISTS, at, "code %u stands here twice",
                       out->code);
    out->description = str_dup(r->arena, xml_attr_get(at, "description"));
    if ((e = read_rules(r, at, out)) != ERR_OK ||
        (e = read_map(r, at, false, &out->map_entry, &out->updates, NULL,
                      &out->n_updates)) != ERR_OK)
        return e;
    if (out->code != op->default_code && out->n_rules == 0)
        return bad(r, ERR_SYNTAX, at,
                   "code %u is not the default code and has no responseRule",
                   out->code);
    op->n_responses++;
    return ERR_OK;
}

/* The default response goes last, whatever rules it has do not count. */
static void
default_last(struct api_operation *op)
{
    struct api_response standard = { .code = op->default_code };
    size_t n = 0;

    for (size_t i = 0; i < op->n_responses; i++) {
        if (op->responses[i].code == op->default_code)
            standard = op->responses[i];
        else
            op->responses[n++] = op->responses[i];
    }
    standard.n_rules = 0;
    op->responses[n++] = standard;
    op->n_responses = n;
}

static enum err
read_responses(struct reading *r, const struct xml_node *root,
               struct api_operation *op)
{
    size_t n = 0;

    for (const struct xml_node *at = root->child; at != NULL; at = at->next)
        n += str_eq_z(at->name, "responseMessages");
    if (n > API_CODES_MAX)
        return bad(r, ERR_LIMIT, root, "%zu response codes, at most %u", n,
                   API_CODES_MAX);
    op->responses = ARENA_ARRAY(r->arena, struct api_response, n + 2);
    if (op->responses == NULL)
        return err_set(r->why, ERR_MEMORY, "no storage");
    for (const struct xml_node *at = root->child; at != NULL; at = at->next) {
        enum err e;

        if (str_eq_z(at->name, "responseMessages") &&
            (e = read_response(r, at, op)) != ERR_OK)
            return e;
    }
    default_last(op);
    return ERR_OK;
}

static struct str
without_query(struct str path)
{
    size_t at = str_find_char(path, '?');

    return at == STR_NPOS ? path : str_sub(path, 0, at);
}

static enum err
read_context(struct reading *r, const struct xml_node *root,
             struct api_operation *op)
{
    const struct xml_node *context = xml_child(root, "mappingContext");
    struct str text;

    if (context == NULL)
        return bad(r, ERR_SYNTAX, root, "no mappingContext");
    text = xml_attr_get(context, "method");
    if (text.p != NULL && !str_eq(text, op->method))
        return bad(r, ERR_SYNTAX, context,
                   "method \"" STR_FMT "\", but package.xml says " STR_FMT,
                   STR_ARG(text), STR_ARG(op->method));
    text = xml_attr_get(context, "serviceName");
    if (text.p != NULL && op->service.n > 0 && !str_eq(text, op->service))
        return bad(r, ERR_SYNTAX, context,
                   "service \"" STR_FMT "\", but package.xml says " STR_FMT,
                   STR_ARG(text), STR_ARG(op->service));
    text = xml_attr_get(context, "relativePath");
    if (text.p != NULL && !str_eq(without_query(text), op->path))
        return bad(r, ERR_SYNTAX, context,
                   "relativePath \"" STR_FMT
                   "\", but package.xml says " STR_FMT,
                   STR_ARG(text), STR_ARG(op->path));
    if (text.p != NULL)
        op->project_path = str_dup(r->arena, text);
    return read_code(r, context, "defaultResponseCode", 200, &op->default_code);
}

static enum err
read_operation(struct reading *r, const struct package_method *method,
               struct api_operation *op)
{
    struct xml_node *root, *request;
    struct str xml;
    enum err e;

    op->method = method->type;
    op->path = without_query(method->path);
    op->project_path = method->path;
    op->operation_id = method->operation_id;
    op->service = method->service;
    r->entry = method->xform;
    if ((e = archive_read(r->archive, method->xform, &xml, r->why)) != ERR_OK)
        return e;
    if ((e = xml_parse(r->arena, xml, NULL, &root, r->why)) != ERR_OK) {
        err_prefix(r->why, STR_FMT, STR_ARG(r->entry));
        return e;
    }
    if (!str_eq_z(root->name, "ZosConnectServiceMapping"))
        return bad(r, ERR_SYNTAX, root,
                   "root is \"" STR_FMT "\": expected ZosConnectServiceMapping",
                   STR_ARG(root->name));
    if ((e = read_context(r, root, op)) != ERR_OK)
        return e;
    request = xml_child(root, "requestMessage");
    if (request != NULL &&
        (e = read_map(r, request, true, &op->map_entry, &op->updates,
                      &op->omitted, &op->n_updates)) != ERR_OK)
        return e;
    return read_responses(r, root, op);
}

static enum err
read_document(struct reading *r, struct str entry, struct api *out)
{
    struct str text;
    json_error_t error;
    json_t *parsed;
    enum err e;

    if (entry.n == 0)
        return ERR_OK;
    if ((e = archive_read(r->archive, entry, &text, r->why)) != ERR_OK)
        return e;
    parsed = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &error);
    if (parsed == NULL)
        return err_pos(r->why, ERR_SYNTAX, (uint32_t)error.line,
                       (uint32_t)error.column, STR_FMT ":%d:%d: %s",
                       STR_ARG(entry), error.line, error.column, error.text);
    json_decref(parsed);
    out->document = str_dup(r->arena, text);
    out->document_entry = entry;
    return ERR_OK;
}

static enum err
check_twice(struct reading *r, const struct api *api)
{
    for (size_t i = 0; i < api->n_operations; i++)
        for (size_t k = 0; k < i; k++)
            if (str_eq(api->operations[i].method, api->operations[k].method) &&
                str_eq(api->operations[i].path, api->operations[k].path))
                return err_set(r->why, ERR_EXISTS,
                               PACKAGE_ENTRY ": " STR_FMT " " STR_FMT
                                             " stands here twice",
                               STR_ARG(api->operations[i].method),
                               STR_ARG(api->operations[i].path));
    return ERR_OK;
}

/* Methods without a service have no place in an archive; a project may hold
 * them, so they are passed over. */
static enum err
read_operations(struct reading *r, const struct package *package,
                struct api *out)
{
    out->operations =
        ARENA_ARRAY(r->arena, struct api_operation, package->n_methods + 1);
    if (out->operations == NULL)
        return err_set(r->why, ERR_MEMORY, "no storage");
    for (size_t i = 0; i < package->n_methods; i++) {
        enum err e;

        if (package->methods[i].service.n == 0)
            continue;
        e = read_operation(r, &package->methods[i],
                           &out->operations[out->n_operations]);
        if (e != ERR_OK)
            return e;
        out->n_operations++;
    }
    return check_twice(r, out);
}

enum err
api_read(struct arena *arena, struct archive *archive, struct api *out,
         struct err_info *why)
{
    struct err_info own;
    struct reading r = { .arena = arena,
                         .archive = archive,
                         .why = why == NULL ? &own : why };
    struct package package;
    struct api api;
    struct str xml;
    enum err e = archive_read(archive, STR(PACKAGE_ENTRY), &xml, r.why);

    if (e != ERR_OK ||
        (e = package_read(arena, xml, &package, r.why)) != ERR_OK)
        return e;
    if (package.is_requester)
        return err_set(r.why, ERR_SYNTAX,
                       PACKAGE_ENTRY ": this is an API requester archive");
    api = (struct api){ .name = package.id,
                        .title = package.title,
                        .version = package.version,
                        .description = package.description,
                        .base_path = package.base_path };
    if ((e = read_operations(&r, &package, &api)) != ERR_OK ||
        (e = read_document(&r, package.document, &api)) != ERR_OK)
        return e;
    if (api.n_operations == 0)
        return err_set(r.why, ERR_SYNTAX,
                       PACKAGE_ENTRY ": no operation with a service");
    *out = api;
    return ERR_OK;
}
