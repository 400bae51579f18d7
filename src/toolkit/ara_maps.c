#include "toolkit/ara_maps.h"

#include "parse/textout.h"

static void
map_head(struct buf *out, struct str method, const char *in, const char *to)
{
    buf_printf(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<mappingRoot "
        "xmlns=\"http://www.ibm.com/2008/ccl/Mapping\" "
        "domainID=\"com.ibm.msl.mapping.xml\" "
        "domainIDExtension=\"zosconnect\" jsonWrapped=\"false\" "
        "targetNamespace=\"http://www.ibm.com/zosConnect/2.0/mapping/" STR_FMT
        "\" version=\"8.0.5.0\">\n"
        "    <mappingDeclaration>\n"
        "        <input path=\"$rootInput/%s\"/>\n"
        "        <output path=\"$rootOutput/%s\"/>\n",
        STR_ARG(method), in, to);
}

static void
map_move(struct buf *out, const char *from, const char *to, struct str name,
         bool is_required)
{
    buf_printf(out,
               "        <move required=\"%s\">\n            <input path=\""
               "%s/",
               is_required ? "true" : "false", from);
    xmlout_escape(out, name);
    buf_printf(out, "\"/>\n            <output path=\"%s/", to);
    xmlout_escape(out, name);
    buf_add_z(out, "\"/>\n        </move>\n");
}

static void
map_tail(struct buf *out, bool has_body, const char *from, const char *to)
{
    if (has_body)
        buf_printf(out,
                   "        <passthrough>\n            <input path=\"%s\"/>\n"
                   "            <output path=\"%s\"/>\n"
                   "        </passthrough>\n",
                   from, to);
    buf_add_z(out, "    </mappingDeclaration>\n</mappingRoot>\n");
}

void
ara_request_map(struct buf *out, const struct swagger_operation *op)
{
    static const struct {
        const char *from, *to;
    } rows[] = { [SWAGGER_PATH] = { "ReqPathParameters", "PathParameters" },
                 [SWAGGER_QUERY] = { "ReqQueryParameters", "QueryParameters" },
                 [SWAGGER_HEADER] = { "ReqHeaders", "Headers" } };

    map_head(out, op->method, "Request", "HTTPRequest");
    for (size_t i = 0; i < op->n_parameters; i++) {
        const struct swagger_parameter *p = &op->parameters[i];

        if (p->in == SWAGGER_HEADER &&
            str_eq_nocase_z(p->name, "Authorization"))
            continue;
        map_move(out, rows[p->in].from, rows[p->in].to, p->name,
                 p->is_required);
    }
    map_tail(out, op->body != NULL, "ReqBody", "Body");
}

void
ara_mapping(struct buf *out, const struct swagger_operation *op,
            struct str base_path, struct str folder)
{
    buf_add_z(out, "<?xml version=\"1.0\" encoding=\"UTF-8\" "
                   "standalone=\"yes\"?>\n<ns2:ZosConnectServiceMapping "
                   "xmlns:ns2=\"http://www.ibm.com/zosConnect/2.0/"
                   "zosConnectServiceMapping\" mappingSpecVersion=\"1.0\">\n"
                   "    <mappingContext");
    xmlout_attr(out, "basePath", base_path);
    xmlout_attr(out, "relativePath", op->path);
    xmlout_attr(out, "method", op->method);
    xmlout_attr(out, "serviceName", op->id);
    buf_add_z(out, "/>\n    <requestMessage>\n        <mappingRootModel "
                   "type=\"MSL\" location=\"");
    xmlout_escape(out, folder);
    buf_printf(out,
               "request.map\"/>\n    </requestMessage>\n    "
               "<responseMessages code=\"%u\" description=\"OK\">\n        "
               "<mappingRootModel type=\"MSL\" location=\"",
               op->response_code);
    xmlout_escape(out, folder);
    buf_add_z(out, "response.map\"/>\n    </responseMessages>\n"
                   "</ns2:ZosConnectServiceMapping>\n");
}

void
ara_response_map(struct buf *out, const struct swagger_operation *op)
{
    map_head(out, op->method, "HTTPResponse", "Response");
    map_tail(out, op->response != NULL, "Body", "RespBody");
}
