/*
 * Service archives: manifest.yml decides (spec: the manifest wins over
 * files/service/NAME.xml, which only adds what the manifest does not say).
 */
#include "artefact/service.h"

#include "parse/xml.h"
#include "parse/yaml.h"

#include <stdlib.h>
#include <string.h>

#define MANIFEST "manifest.yml"

struct manifest {
    struct arena *arena;
    json_t *root;
    struct err_info *why;
};

static enum err
missing(struct manifest *m, const char *what)
{
    return err_set(m->why, ERR_SYNTAX, MANIFEST ": %s is missing", what);
}

static struct str
text_of(struct manifest *m, const json_t *value)
{
    char number[64];

    if (json_is_string(value))
        return str_dup(m->arena, str_n(json_string_value(value),
                                       json_string_length(value)));
    if (json_is_true(value))
        return STR("true");
    if (json_is_false(value))
        return STR("false");
    if (json_is_integer(value)) {
        snprintf(number, sizeof number, "%lld",
                 (long long)json_integer_value(value));
        return str_dup(m->arena, str_of(number));
    }
    if (json_is_real(value)) {
        snprintf(number, sizeof number, "%.15g", json_real_value(value));
        return str_dup(m->arena, str_of(number));
    }
    return (struct str){ 0 };
}

static struct str
get_text(struct manifest *m, const char *key)
{
    return text_of(m, json_object_get(m->root, key));
}

/* providerProperties is a list of { propertyName, value, type }. */
static enum err
check_properties(struct manifest *m)
{
    static const char *const types[] = { "STRING",  "BOOLEAN",   "FILE",
                                         "BYTE",    "CHARACTER", "SHORT",
                                         "INTEGER", "LONG",      "FLOAT",
                                         "DOUBLE" };
    json_t *list = json_object_get(m->root, "providerProperties"), *row;
    size_t i;

    if (!json_is_array(list))
        return missing(m, "providerProperties (a list)");
    json_array_foreach(list, i, row)
    {
        struct str name = text_of(m, json_object_get(row, "propertyName"));
        struct str type = text_of(m, json_object_get(row, "type"));
        bool is_known = false;

        if (name.n == 0)
            return err_set(m->why, ERR_SYNTAX,
                           MANIFEST ": providerProperties[%zu] has no "
                                    "propertyName",
                           i);
        for (size_t t = 0; t < ARRAY_LEN(types); t++)
            is_known |= str_eq_z(type, types[t]);
        if (!is_known)
            return err_set(m->why, ERR_UNSUPPORTED,
                           MANIFEST ": property " STR_FMT
                                    " has the type \"" STR_FMT "\"",
                           STR_ARG(name), STR_ARG(type));
    }
    return ERR_OK;
}

static struct str
property(struct manifest *m, const char *name)
{
    json_t *list = json_object_get(m->root, "providerProperties"), *row;
    size_t i;

    json_array_foreach(list, i, row)
    {
        const char *found =
            json_string_value(json_object_get(row, "propertyName"));

        if (found != NULL && strcmp(found, name) == 0)
            return text_of(m, json_object_get(row, "value"));
    }
    return (struct str){ 0 };
}

static enum err
flag(struct manifest *m, const char *name, bool *out)
{
    struct str value = property(m, name);

    if (value.n == 0)
        return ERR_OK;
    if (!str_eq_nocase_z(value, "true") && !str_eq_nocase_z(value, "false"))
        return err_set(m->why, ERR_SYNTAX,
                       MANIFEST ": %s is \"" STR_FMT
                                "\": expected true or false",
                       name, STR_ARG(value));
    *out = str_eq_nocase_z(value, "true");
    return ERR_OK;
}

static enum err
read_options(struct manifest *m, struct map_options *options)
{
    struct str value = property(m, "omitOutputFieldsByValueByte");
    enum err e;

    *options = map_options_default();
    if ((e = flag(m, "trimOutputTrailingWhitespace",
                  &options->trim_trailing)) != ERR_OK ||
        (e = flag(m, "trimOutputLeadingWhitespace", &options->trim_leading)) !=
            ERR_OK ||
        (e = flag(m, "escapeOutputControlCharacters",
                  &options->escape_control)) != ERR_OK ||
        (e = flag(m, "omitOutputFieldsByValue", &options->omit_by_value)) !=
            ERR_OK ||
        (e = flag(m, "omitOutputEmptyTags", &options->omit_empty)) != ERR_OK ||
        (e = flag(m, "initializeInputFields", &options->init_fields)) !=
            ERR_OK ||
        (e = flag(m, "enforceMinArrayOccurrence", &options->enforce_min_in)) !=
            ERR_OK ||
        (e = flag(m, "enforceMinArrayOccurrenceResponse",
                  &options->enforce_min_out)) != ERR_OK)
        return e;
    if (value.n > 0) {
        char *end;
        unsigned long byte = strtoul(value.p, &end, 16);

        if (!str_starts_nocase(value, STR("0x")) || value.n != 4 ||
            *end != '\0')
            return err_set(m->why, ERR_SYNTAX,
                           MANIFEST
                           ": omitOutputFieldsByValueByte is \"" STR_FMT
                           "\": expected 0xNN",
                           STR_ARG(value));
        options->omit_value = (uint8_t)byte;
    }
    return ERR_OK;
}

/* "37", "037", "CP037", "Cp037", "IBM037", "IBM-037", "UTF-8". */
static bool
ccsid_parse(struct str text, uint32_t *out)
{
    static const struct str prefixes[] = { { "IBM-", 4 },
                                           { "IBM", 3 },
                                           { "CP", 2 } };
    uint64_t number;

    text = str_trim(text);
    if (str_eq_nocase_z(text, "UTF-8") || str_eq_nocase_z(text, "UTF8")) {
        *out = 1208;
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
        if (str_starts_nocase(text, prefixes[i])) {
            text = str_sub(text, prefixes[i].n, text.n);
            break;
        }
    if (!str_to_u64(text, &number) || number == 0 || number > 65535)
        return false;
    *out = (uint32_t)number;
    return true;
}

/*
 * The code page tells the machine: ASCII and UTF-8 data live in programs
 * compiled here, everything else on z/OS.
 */
static struct abi
abi_for(uint32_t ccsid)
{
    bool is_ascii = ccsid == 1208 || ccsid == 819 || ccsid == 923 ||
                    ccsid == 367 || ccsid == 1252;
    struct abi abi = abi_default(is_ascii ? ABI_GNUCOBOL : ABI_ZOS);

    abi.ccsid = ccsid;
    return abi;
}

/* The property, else the service file's ccsid, else 37. */
static enum err
read_ccsid(struct manifest *m, struct archive *archive, uint32_t override,
           struct service *out)
{
    struct str value = property(m, "ccsid"), xml;
    struct str file = property(m, "wvServiceFile");
    uint32_t ccsid = 37;
    enum err e;

    if (value.n == 0 && file.n > 0) {
        struct xml_node *root, *node;

        if ((e = archive_read(archive, file, &xml, m->why)) != ERR_OK)
            return e;
        if ((e = xml_parse(m->arena, xml, NULL, &root, m->why)) != ERR_OK) {
            err_prefix(m->why, STR_FMT, STR_ARG(file));
            return e;
        }
        node = xml_child(root, "ccsid");
        if (node != NULL)
            value = node->text;
    }
    if (override != 0)
        ccsid = override;
    else if (str_trim(value).n > 0 && !ccsid_parse(value, &ccsid))
        return err_set(m->why, ERR_UNSUPPORTED,
                       MANIFEST ": ccsid \"" STR_FMT "\" of service " STR_FMT
                                " is not a known code page",
                       STR_ARG(value), STR_ARG(out->name));
    out->abi = abi_for(ccsid);
    return ERR_OK;
}

static enum err
read_schema(struct manifest *m, struct archive *archive, const char *key,
            struct str *out)
{
    json_t *schema = json_object_get(m->root, key), *parsed;
    struct str entry = text_of(m, json_object_get(schema, "value")), text;
    json_error_t error;
    enum err e;

    if (schema == NULL)
        return ERR_OK;
    if (entry.n == 0)
        return err_set(m->why, ERR_SYNTAX, MANIFEST ": %s has no value", key);
    if ((e = archive_read(archive, entry, &text, m->why)) != ERR_OK)
        return e;
    parsed = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &error);
    if (parsed == NULL)
        return err_pos(m->why, ERR_SYNTAX, (uint32_t)error.line,
                       (uint32_t)error.column, STR_FMT ":%d:%d: %s",
                       STR_ARG(entry), error.line, error.column, error.text);
    json_decref(parsed);
    *out = str_dup(m->arena, text);
    return ERR_OK;
}

static enum err
read_interface(struct manifest *m, struct archive *archive, const char *name,
               const char *suffix, struct service *service,
               struct service_message *out)
{
    struct str entry = property(m, name), xml, schema = out->schema;
    bool is_channel;
    enum err e;

    if (entry.n == 0)
        return missing(m, name);
    if ((e = archive_read(archive, entry, &xml, m->why)) != ERR_OK ||
        (e = interface_read(m->arena, xml, entry, service->abi, &is_channel,
                            out, m->why)) != ERR_OK)
        return e;
    out->schema = schema;
    if (out == &service->response && is_channel != service->is_channel)
        return err_set(m->why, ERR_SYNTAX,
                       STR_FMT ": request and response differ in kind "
                               "(channel, COMMAREA)",
                       STR_ARG(entry));
    service->is_channel = is_channel;
    if (is_channel)
        out->root =
            str_fmt(m->arena, STR_FMT "%s", STR_ARG(service->name), suffix);
    return ERR_OK;
}

static enum err
read_program(struct manifest *m, struct service *out)
{
    struct str usage = property(m, "transidUsage");

    out->program = property(m, "program");
    out->connection_ref = property(m, "connectionRef");
    out->transid = str_trim(property(m, "transid"));
    out->eib_and_mirror = str_eq_z(usage, "EIB_AND_MIRROR");
    if (out->program.n == 0 || out->program.n > 8)
        return err_set(m->why, ERR_RANGE,
                       MANIFEST ": program \"" STR_FMT
                                "\": expected 1 to 8 characters",
                       STR_ARG(out->program));
    if (out->transid.n > 4)
        return err_set(m->why, ERR_RANGE,
                       MANIFEST ": transid \"" STR_FMT
                                "\": expected up to 4 characters",
                       STR_ARG(out->transid));
    if (usage.n > 0 && !out->eib_and_mirror && !str_eq_z(usage, "EIB_ONLY"))
        return err_set(m->why, ERR_RANGE,
                       MANIFEST ": transidUsage \"" STR_FMT
                                "\": expected EIB_ONLY or EIB_AND_MIRROR",
                       STR_ARG(usage));
    return ERR_OK;
}

static bool
is_service_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if ((unsigned char)name.p[i] <= ' ' || name.p[i] == 0x7f ||
            memchr("/\\?#%\"<>", name.p[i], 9) != NULL)
            return false;
    return name.n > 0 && name.n <= 255;
}

static enum err
read_manifest(struct manifest *m, struct archive *archive, uint32_t ccsid,
              struct service *out)
{
    struct str form;
    enum err e;

    if (!json_is_object(m->root))
        return err_set(m->why, ERR_SYNTAX, MANIFEST ": not a mapping");
    out->name = get_text(m, "name");
    out->version = get_text(m, "version");
    out->description = get_text(m, "description");
    out->provider = get_text(m, "provider");
    out->factory_pid = get_text(m, "factoryPid");
    if (!is_service_name(out->name))
        return err_set(m->why, ERR_SYNTAX,
                       MANIFEST ": name \"" STR_FMT "\" is no service name",
                       STR_ARG(out->name));
    if (out->factory_pid.n == 0)
        return missing(m, "factoryPid");
    if ((e = check_properties(m)) != ERR_OK)
        return e;
    form = property(m, "dataXformType");
    if (str_eq_z(form, "WSBIND") || property(m, "bindfile").n > 0)
        return err_set(m->why, ERR_UNSUPPORTED,
                       STR_FMT ": a bind file of another product; its format "
                               "is not public, rebuild the service from its "
                               "copybooks",
                       STR_ARG(property(m, "bindfile")));
    if (!str_eq_z(form, "WALKER_VISITOR"))
        return err_set(m->why, ERR_UNSUPPORTED,
                       MANIFEST ": dataXformType \"" STR_FMT
                                "\": expected WALKER_VISITOR",
                       STR_ARG(form));
    if ((e = read_program(m, out)) != ERR_OK ||
        (e = read_options(m, &out->options)) != ERR_OK ||
        (e = read_ccsid(m, archive, ccsid, out)) != ERR_OK ||
        (e = read_schema(m, archive, "requestSchema", &out->request.schema)) !=
            ERR_OK ||
        (e = read_schema(m, archive, "responseSchema",
                         &out->response.schema)) != ERR_OK ||
        (e = read_interface(m, archive, "wvRequestInterfaceFile", "Operation",
                            out, &out->request)) != ERR_OK ||
        (e = read_interface(m, archive, "wvResponseInterfaceFile",
                            "OperationResponse", out, &out->response)) !=
            ERR_OK)
        return e;
    return ERR_OK;
}

enum err
service_read(struct arena *arena, struct archive *archive, uint32_t ccsid,
             struct service *out, struct err_info *why)
{
    struct manifest m = { .arena = arena, .why = why };
    struct service service = { 0 };
    struct str text;
    enum err e = archive_read(archive, STR(MANIFEST), &text, why);

    if (e != ERR_OK)
        return e;
    if ((e = yaml_to_json(text, &m.root, why)) != ERR_OK) {
        err_prefix(why, MANIFEST);
        return e;
    }
    e = read_manifest(&m, archive, ccsid, &service);
    json_decref(m.root);
    if (e == ERR_OK)
        *out = service;
    return e;
}

enum err
service_map_spec(struct arena *arena, const struct service *service,
                 bool is_request, struct map_spec *spec, struct err_info *why)
{
    const struct service_message *message =
        is_request ? &service->request : &service->response;
    struct map_segment *segments =
        ARENA_ARRAY(arena, struct map_segment, message->n_segments);

    if (segments == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    for (size_t i = 0; i < message->n_segments; i++)
        segments[i] = (struct map_segment){
            .container = message->segments[i].container,
            .layout = message->segments[i].layout,
            .is_required = message->segments[i].is_required,
        };
    *spec = (struct map_spec){ .root = message->root,
                               .segments = segments,
                               .n_segments = message->n_segments,
                               .options = service->options };
    return ERR_OK;
}
