/* Service archives: from the editor's project, or from copybooks. */
#include "base/file.h"
#include "base/msg.h"
#include "cobol/copybook.h"
#include "parse/textout.h"
#include "toolkit/schema.h"
#include "toolkit/toolkit.h"

#include <libgen.h>
#include <string.h>

static const char *const flag_names[] = {
    "initializeInputFields",        "trimOutputLeadingWhitespace",
    "trimOutputTrailingWhitespace", "escapeOutputControlCharacters",
    "omitOutputFieldsByValue",      "omitOutputEmptyTags",
    "enforceMinArrayOccurrence",    "enforceMinArrayOccurrenceResponse",
};

static bool *
flag_of(struct map_options *o, size_t i)
{
    bool *const flags[] = { &o->init_fields,    &o->trim_leading,
                            &o->trim_trailing,  &o->escape_control,
                            &o->omit_by_value,  &o->omit_empty,
                            &o->enforce_min_in, &o->enforce_min_out };

    return flags[i];
}

/* "%s" of a YAML double-quoted scalar. */
static void
yaml_quoted(struct buf *out, struct str text)
{
    buf_add_char(out, '"');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"' || text.p[i] == '\\')
            buf_add_char(out, '\\');
        if (text.p[i] == '\n')
            buf_add_z(out, "\\n");
        else
            buf_add_char(out, text.p[i]);
    }
    buf_add_char(out, '"');
}

static void
yaml_key(struct buf *out, const char *key, struct str value)
{
    buf_printf(out, "%s: ", key);
    yaml_quoted(out, value);
    buf_add_char(out, '\n');
}

static void
yaml_property(struct buf *out, const char *name, struct str value,
              const char *type)
{
    buf_printf(out, "- propertyName: \"%s\"\n  value: ", name);
    yaml_quoted(out, value);
    buf_printf(out, "\n  type: \"%s\"\n", type);
}

static void
put_manifest(struct toolkit *tk, const struct sar_input *in, struct buf *out)
{
    const struct service *s = &in->service;
    struct map_options options = s->options;

    buf_add_z(out, "---\nManifest-Version: 1.0\n");
    yaml_key(out, "name", s->name);
    yaml_key(out, "provider", s->provider);
    yaml_key(out, "factoryPid", s->factory_pid);
    buf_printf(out,
               "requestSchema:\n  value: \"file:///schemas/" STR_FMT
               "Request.json\"\n  type: \"JSONSchema\"\n",
               STR_ARG(s->name));
    buf_printf(out,
               "responseSchema:\n  value: \"file:///schemas/" STR_FMT
               "Response.json\"\n  type: \"JSONSchema\"\n",
               STR_ARG(s->name));
    buf_add_z(out, "providerProperties:\n");
    yaml_property(out, "omitOutputFieldsByValueByte",
                  str_fmt(&tk->arena, "0x%02x", options.omit_value), "STRING");
    for (size_t i = 0; i < ARRAY_LEN(flag_names); i++)
        yaml_property(out, flag_names[i],
                      *flag_of(&options, i) ? STR("true") : STR("false"),
                      "BOOLEAN");
    yaml_property(out, "program", s->program, "STRING");
    yaml_property(out, "connectionRef", s->connection_ref, "STRING");
    if (s->transid.n > 0) {
        yaml_property(out, "transid", s->transid, "STRING");
        yaml_property(out, "transidUsage",
                      s->eib_and_mirror ? STR("EIB_AND_MIRROR")
                                        : STR("EIB_ONLY"),
                      "STRING");
    }
    yaml_property(out, "dataXformType", STR("WALKER_VISITOR"), "STRING");
    yaml_property(
        out, "wvServiceFile",
        str_fmt(&tk->arena, "files/service/" STR_FMT ".xml", STR_ARG(s->name)),
        "FILE");
    yaml_property(out, "wvRequestInterfaceFile",
                  str_fmt(&tk->arena, "files/interfaces/" STR_FMT,
                          STR_ARG(in->request_file)),
                  "FILE");
    yaml_property(out, "wvResponseInterfaceFile",
                  str_fmt(&tk->arena, "files/interfaces/" STR_FMT,
                          STR_ARG(in->response_file)),
                  "FILE");
    buf_add_z(out, "providerObjects: []\n");
    yaml_key(out, "version", s->version);
    yaml_key(out, "description", s->description);
}

static void
element(struct buf *out, const char *name, struct str text)
{
    buf_printf(out, "    <%s>", name);
    xmlout_escape(out, text);
    buf_printf(out, "</%s>\n", name);
}

static void
put_side(struct buf *out, const char *name, struct str file)
{
    buf_printf(out, "    <%s>\n        <metadataName>", name);
    xmlout_escape(out, file);
    buf_printf(out, "</metadataName>\n    </%s>\n", name);
}

/* files/service/<name>.xml */
static void
put_service_file(struct toolkit *tk, const struct sar_input *in,
                 struct buf *out)
{
    const struct service *s = &in->service;
    struct map_options options = s->options;
    uint32_t ccsid = s->abi.ccsid;

    buf_add_z(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ns2:service "
                   "xmlns:ns2=\"http://www.ibm.com/ims/service\">\n");
    element(out, "serviceName", s->name);
    element(out, "serviceType", STR("ims-rest"));
    element(out, "resourceType", STR("TRAN"));
    element(out, "conversionType", STR("3"));
    element(out, "dataProtocol", STR("0"));
    element(out, "applicationDataStructureType", STR("Map"));
    element(out, "messageVisitorRuntimeType",
            s->is_channel ? STR("CICS_CHANNEL") : STR("CICS_COMM_AREA"));
    element(out, "ccsid",
            ccsid == 1208 ? STR("UTF-8")
                          : str_fmt(&tk->arena, "IBM%03u", ccsid));
    element(out, "trancodeOverride", s->program);
    for (size_t i = 0; i < ARRAY_LEN(flag_names); i++)
        element(out, flag_names[i],
                *flag_of(&options, i) ? STR("true") : STR("false"));
    put_side(out, "serviceInputInterface", in->request_file);
    put_side(out, "serviceOutputInterface", in->response_file);
    buf_add_z(out, "</ns2:service>\n");
}

static enum err
add_schema(struct toolkit *tk, struct toolkit_items *items,
           const struct service *service, bool is_request, struct err_info *why)
{
    struct buf text;
    struct jsonout j = { .out = &text };
    enum err e;

    buf_init(&text, TOOLKIT_FILE_MAX);
    if (!schema_message(&j, is_request ? &service->request : &service->response,
                        NULL, false)) {
        jsonout_open(&j, '{');
        jsonout_key(&j, STR("type"));
        jsonout_string(&j, STR("object"));
        jsonout_close(&j, '}');
    }
    e = buf_check(&text, why);
    if (e == ERR_OK)
        e = toolkit_add(tk, items,
                        str_fmt(&tk->arena, "schemas/" STR_FMT "%s.json",
                                STR_ARG(service->name),
                                is_request ? "Request" : "Response"),
                        buf_view(&text), why);
    buf_fini(&text);
    return e;
}

static enum err
add_text(struct toolkit *tk, struct toolkit_items *items, struct str name,
         void (*put)(struct toolkit *, const struct sar_input *, struct buf *),
         const struct sar_input *in, struct err_info *why)
{
    struct buf text;
    enum err e;

    buf_init(&text, TOOLKIT_FILE_MAX);
    put(tk, in, &text);
    e = buf_check(&text, why);
    if (e == ERR_OK)
        e = toolkit_add(tk, items, name, buf_view(&text), why);
    buf_fini(&text);
    return e;
}

/* What we made must be what we would accept. */
static enum err
read_again(struct toolkit *tk, struct str bytes, struct err_info *why)
{
    struct archive *archive;
    struct service service;
    enum err e = archive_open(bytes, &archive, why);

    if (e != ERR_OK)
        return e;
    e = service_read(&tk->arena, archive, 0, &service, why);
    archive_free(&archive);
    return e;
}

enum err
sar_build(struct toolkit *tk, const struct sar_input *in, struct buf *archive,
          struct err_info *why)
{
    struct toolkit_items items = { 0 };
    struct str interface = str_fmt(&tk->arena, "files/interfaces/" STR_FMT,
                                   STR_ARG(in->request_file));
    enum err e;

    if ((e = add_text(tk, &items, STR("manifest.yml"), put_manifest, in,
                      why)) != ERR_OK ||
        (e = add_schema(tk, &items, &in->service, true, why)) != ERR_OK ||
        (e = add_schema(tk, &items, &in->service, false, why)) != ERR_OK ||
        (e = add_text(tk, &items,
                      str_fmt(&tk->arena, "files/service/" STR_FMT ".xml",
                              STR_ARG(in->service.name)),
                      put_service_file, in, why)) != ERR_OK ||
        (e = toolkit_add(tk, &items, interface, in->request_xml, why)) !=
            ERR_OK)
        return e;
    if (!str_eq(in->request_file, in->response_file)) {
        interface = str_fmt(&tk->arena, "files/interfaces/" STR_FMT,
                            STR_ARG(in->response_file));
        e = toolkit_add(tk, &items, interface, in->response_xml, why);
        if (e != ERR_OK)
            return e;
    }
    e = zip_write(items.v, items.n, archive, why);
    return e == ERR_OK ? read_again(tk, buf_view(archive), why) : e;
}

static enum err
read_options(struct properties *p, struct map_options *options,
             struct err_info *why)
{
    struct str byte;

    *options = map_options_default();
    for (size_t i = 0; i < ARRAY_LEN(flag_names); i++) {
        enum err e =
            properties_flag(p, flag_names[i], flag_of(options, i), why);

        if (e != ERR_OK)
            return e;
    }
    byte = properties_get(p, "omitOutputFieldsByValueByte");
    if (byte.n > 0) {
        unsigned value = 0;
        char end;

        if (byte.n != 4 ||
            sscanf(str_starts_nocase(byte, STR("0x")) ? byte.p + 2 : "?",
                   "%2x%c", &value, &end) < 1)
            return err_set(why, ERR_SYNTAX,
                           STR_FMT ": omitOutputFieldsByValueByte=" STR_FMT
                                   ": expected 0xNN",
                           STR_ARG(p->file), STR_ARG(byte));
        options->omit_value = (uint8_t)value;
    }
    return ERR_OK;
}

/* Keys that projects and properties files share. */
static enum err
read_common(struct properties *p, const char *program_key, struct service *out,
            struct err_info *why)
{
    struct str usage;
    uint32_t ccsid = 37;
    enum err e;

    if ((e = properties_need(p, "name", &out->name, why)) != ERR_OK ||
        (e = properties_need(p, "version", &out->version, why)) != ERR_OK ||
        (e = properties_need(p, program_key, &out->program, why)) != ERR_OK ||
        (e = properties_need(p, "connectionRef", &out->connection_ref, why)) !=
            ERR_OK ||
        (e = properties_number(p, "ccsid", 1, 65535, &ccsid, why)) != ERR_OK ||
        (e = read_options(p, &out->options, why)) != ERR_OK)
        return e;
    out->description = properties_get(p, "description");
    out->provider = STR("CICS-1.0");
    out->factory_pid = STR("cics");
    out->transid = properties_get(p, "transid");
    usage = properties_get(p, "transidUsage");
    out->eib_and_mirror = str_eq_z(usage, "EIB_AND_MIRROR");
    if (usage.n > 0 && !out->eib_and_mirror && !str_eq_z(usage, "EIB_ONLY"))
        return err_set(why, ERR_SYNTAX,
                       STR_FMT ": transidUsage=" STR_FMT
                               ": expected EIB_ONLY or EIB_AND_MIRROR",
                       STR_ARG(p->file), STR_ARG(usage));
    (void)properties_get(p, "bidiConfigRef");
    out->abi = abi_default(
        ccsid == 1208 || ccsid == 819 || ccsid == 923 ? ABI_GNUCOBOL : ABI_ZOS);
    out->abi.ccsid = ccsid;
    return ERR_OK;
}

static enum err
check_provider(struct properties *p, struct err_info *why)
{
    struct str provider;
    enum err e = properties_need(p, "provider", &provider, why);

    if (e == ERR_OK && !str_eq_nocase_z(provider, "cics"))
        e = err_set(why, ERR_UNSUPPORTED,
                    STR_FMT ": provider=" STR_FMT
                            ": this toolkit builds cics services",
                    STR_ARG(p->file), STR_ARG(provider));
    return e;
}

static enum err
read_side(struct toolkit *tk, const char *dir, struct service *service,
          struct str file, bool is_request, struct str *xml,
          struct err_info *why)
{
    char *path = toolkit_path(
        tk, dir,
        str_z(&tk->arena, str_fmt(&tk->arena, "service-interfaces/" STR_FMT,
                                  STR_ARG(file))));
    struct service_message *message =
        is_request ? &service->request : &service->response;
    bool is_channel;
    enum err e;

    if (path == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    if ((e = toolkit_read(tk, path, xml, why)) != ERR_OK ||
        (e = interface_read(&tk->arena, *xml, file, service->abi, &is_channel,
                            message, why)) != ERR_OK)
        return e;
    if (is_channel != service->is_channel)
        return err_set(why, ERR_SYNTAX,
                       "%s: serviceType does not fit the servicetype of "
                       "service.properties",
                       path);
    if (is_channel)
        message->root =
            str_fmt(&tk->arena, STR_FMT "%s", STR_ARG(service->name),
                    is_request ? "Operation" : "OperationResponse");
    return ERR_OK;
}

static bool
is_plain_file_name(struct str name)
{
    return name.n > 0 && str_find_char(name, '/') == STR_NPOS &&
           str_find_char(name, '\\') == STR_NPOS && name.p[0] != '.';
}

static enum err
read_interfaces(struct toolkit *tk, const char *dir, struct properties *p,
                struct sar_input *in, struct err_info *why)
{
    enum err e;

    if ((e = properties_need(p, "requestSIName", &in->request_file, why)) !=
            ERR_OK ||
        (e = properties_need(p, "responseSIName", &in->response_file, why)) !=
            ERR_OK)
        return e;
    if (!is_plain_file_name(in->request_file) ||
        !is_plain_file_name(in->response_file))
        return err_set(why, ERR_SYNTAX,
                       STR_FMT ": requestSIName and responseSIName are file "
                               "names in service-interfaces/",
                       STR_ARG(p->file));
    if ((e = read_side(tk, dir, &in->service, in->request_file, true,
                       &in->request_xml, why)) != ERR_OK)
        return e;
    return read_side(tk, dir, &in->service, in->response_file, false,
                     &in->response_xml, why);
}

enum err
sar_from_project(struct toolkit *tk, const char *dir, struct buf *archive,
                 struct str *name, struct err_info *why)
{
    char *path = toolkit_path(tk, dir, "service.properties");
    struct sar_input in = { 0 };
    struct properties p;
    struct str text, type;
    enum err e;

    if (path == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    if ((e = toolkit_read(tk, path, &text, why)) != ERR_OK ||
        (e = properties_read(&tk->arena, text, str_of(path), &p, why)) !=
            ERR_OK ||
        (e = check_provider(&p, why)) != ERR_OK ||
        (e = properties_need(&p, "servicetype", &type, why)) != ERR_OK ||
        (e = read_common(&p, "executableName", &in.service, why)) != ERR_OK)
        return e;
    in.service.is_channel = str_eq_nocase_z(type, "cicsChannel");
    if (!in.service.is_channel && !str_eq_nocase_z(type, "cicsCommarea"))
        return err_set(why, ERR_UNSUPPORTED,
                       "%s: servicetype=" STR_FMT
                       ": expected cicsChannel or cicsCommarea",
                       path, STR_ARG(type));
    if ((e = read_interfaces(tk, dir, &p, &in, why)) != ERR_OK)
        return e;
    *name = in.service.name;
    return sar_build(tk, &in, archive, why);
}

/* One copybook to the message of one direction. */
static enum err
import_copybook(struct toolkit *tk, struct properties *p, const char *key,
                struct service *service, bool is_request, struct str *file,
                struct str *xml, struct err_info *why)
{
    struct service_message *message =
        is_request ? &service->request : &service->response;
    struct copybook_path where = { .arena = &tk->arena, .n = 1 };
    struct copybook_options options = { .abi = service->abi,
                                        .find = copybook_find_file,
                                        .ctx = &where };
    const char *folder;
    struct str path, text, container;
    struct copybook book;
    struct buf si;
    char *copy, *base;
    enum err e = properties_need(p, key, &path, why);

    if (e != ERR_OK)
        return e;
    if ((e = toolkit_read(tk, str_z(&tk->arena, path), &text, why)) != ERR_OK)
        return e;
    copy = str_z(&tk->arena, path);
    base = basename(copy);
    options.file_name = str_dup(&tk->arena, str_of(base));
    copy = str_z(&tk->arena, path);
    folder = dirname(copy);
    where.folders = &folder;
    e = copybook_parse(&tk->arena, text, &options, &book, why);
    if (e != ERR_OK) {
        err_prefix(why, STR_FMT, STR_ARG(path));
        return e;
    }
    if (book.n != 1)
        return err_set(why, ERR_SYNTAX,
                       STR_FMT ": %zu structures of level 01: expected one",
                       STR_ARG(path), book.n);
    container = properties_get(p, "containerName");
    message->segments = ARENA_NEW(&tk->arena, struct service_segment);
    if (message->segments == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    message->n_segments = 1;
    message->segments[0] =
        (struct service_segment){ .is_required = true,
                                  .layout = &book.layouts[0] };
    if (service->is_channel) {
        message->segments[0].container =
            container.n > 0 ? container : STR("Container1");
        message->channel = properties_get(p, "channelName");
        if (message->channel.n == 0)
            message->channel = STR("Channel1");
        message->root =
            str_fmt(&tk->arena, STR_FMT "%s", STR_ARG(service->name),
                    is_request ? "Operation" : "OperationResponse");
    }
    *file = str_fmt(&tk->arena, STR_FMT "%s.si", STR_ARG(service->name),
                    is_request ? "Request" : "Response");
    buf_init(&si, TOOLKIT_FILE_MAX);
    interface_write(&si, message, str_sub(*file, 0, file->n - 3),
                    service->is_channel);
    e = buf_check(&si, why);
    *xml = str_dup(&tk->arena, buf_view(&si));
    buf_fini(&si);
    return e;
}

enum err
sar_from_properties(struct toolkit *tk, struct properties *p,
                    struct buf *archive, struct str *name, struct err_info *why)
{
    struct sar_input in = { 0 };
    struct str language, interface;
    enum err e;

    if ((e = check_provider(p, why)) != ERR_OK ||
        (e = properties_need(p, "language", &language, why)) != ERR_OK ||
        (e = properties_need(p, "programInterface", &interface, why)) !=
            ERR_OK ||
        (e = read_common(p, "program", &in.service, why)) != ERR_OK)
        return e;
    if (!str_eq_nocase_z(language, "COBOL"))
        return err_set(why, ERR_UNSUPPORTED,
                       STR_FMT ": language=" STR_FMT ": expected COBOL",
                       STR_ARG(p->file), STR_ARG(language));
    in.service.is_channel = str_eq_nocase_z(interface, "CHANNEL");
    if (!in.service.is_channel && !str_eq_nocase_z(interface, "COMMAREA"))
        return err_set(why, ERR_SYNTAX,
                       STR_FMT ": programInterface=" STR_FMT
                               ": expected COMMAREA or CHANNEL",
                       STR_ARG(p->file), STR_ARG(interface));
    if ((e = import_copybook(tk, p, "requestStructure", &in.service, true,
                             &in.request_file, &in.request_xml, why)) !=
            ERR_OK ||
        (e = import_copybook(tk, p, "responseStructure", &in.service, false,
                             &in.response_file, &in.response_xml, why)) !=
            ERR_OK)
        return e;
    *name = in.service.name;
    return sar_build(tk, &in, archive, why);
}
