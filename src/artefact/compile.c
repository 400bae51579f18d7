#include "artefact/compile.h"

#include "artefact/api.h"
#include "artefact/archive.h"
#include "artefact/image_wire.h"
#include "artefact/requester.h"
#include "artefact/service.h"
#include "base/file.h"

#include <openssl/evp.h>
#include <string.h>

#define COMPILE_ARENA_MAX ((size_t)512 << 20)

struct compiling {
    struct arena *arena;
    const struct compile_options *options;
    struct buf *out;
    size_t start; /* where the image begins in `out` */
    struct err_info *why;
};

static void
digest_of(struct str bytes, uint8_t out[IMAGE_DIGEST_BYTES])
{
    unsigned n = 0;

    REQUIRE(EVP_Digest(bytes.p, bytes.n, out, &n, EVP_sha256(), NULL) == 1 &&
            n == IMAGE_DIGEST_BYTES);
}

static void
put_head(struct compiling *c, enum image_kind kind, struct str archive)
{
    uint8_t digest[IMAGE_DIGEST_BYTES];

    digest_of(archive, digest);
    c->start = c->out->n;
    buf_add_z(c->out, IMAGE_MAGIC);
    buf_u32(c->out, IMAGE_FORMAT);
    buf_u32(c->out, kind);
    buf_u32(c->out, 0); /* total, see put_end */
    buf_u64(c->out, 0); /* sum, likewise */
    buf_add(c->out, str_n(digest, sizeof digest));
}

static enum err
put_end(struct compiling *c)
{
    size_t n = c->out->n - c->start;
    enum err e = buf_check(c->out, c->why);
    uint64_t sum;

    if (e != ERR_OK)
        return e;
    if (n > IMAGE_BYTES_MAX)
        return err_set(c->why, ERR_LIMIT, "the image would have %zu bytes", n);
    for (unsigned i = 0; i < 4; i++)
        c->out->p[c->start + strlen(IMAGE_MAGIC) + 8 + i] =
            (char)(n >> (24 - 8 * i));
    sum = str_hash(
        str_n(c->out->p + c->start + IMAGE_SUM_END, n - IMAGE_SUM_END), 0);
    for (unsigned i = 0; i < 8; i++)
        c->out->p[c->start + IMAGE_SUM_END - 8 + i] =
            (char)(sum >> (56 - 8 * i));
    return ERR_OK;
}

static enum err
put_map(struct compiling *c, const struct map_spec *spec, bool is_in)
{
    struct buf blob;
    enum err e;

    buf_init(&blob, MAP_BLOB_MAX);
    e = is_in ? map_compile_in(spec, &blob, c->why)
              : map_compile_out(spec, &blob, c->why);
    if (e == ERR_OK) {
        buf_u32(c->out, (uint32_t)blob.n);
        while (!c->out->failed && (c->out->n - c->start) % IMAGE_ALIGN != 0)
            buf_add_char(c->out, '\0');
        buf_add(c->out, buf_view(&blob));
    }
    buf_fini(&blob);
    return e;
}

void
compile_service_digest(struct str sar, uint32_t ccsid,
                       uint8_t out[IMAGE_DIGEST_BYTES])
{
    struct buf key;

    digest_of(sar, out);
    if (ccsid == 0)
        return;
    buf_init(&key, 64);
    buf_add(&key, str_n(out, IMAGE_DIGEST_BYTES));
    buf_u32(&key, ccsid);
    digest_of(buf_view(&key), out);
    buf_fini(&key);
}

static void
put_service(struct compiling *c, const struct service *s, struct str sar,
            uint32_t ccsid)
{
    uint8_t digest[IMAGE_DIGEST_BYTES];

    compile_service_digest(sar, ccsid, digest);
    buf_str(c->out, s->name);
    buf_str(c->out, s->version);
    buf_str(c->out, s->description);
    buf_str(c->out, s->provider);
    buf_str(c->out, s->factory_pid);
    buf_str(c->out, s->program);
    buf_str(c->out, s->connection_ref);
    buf_str(c->out, s->transid);
    buf_u8(c->out, s->eib_and_mirror);
    buf_u8(c->out, s->is_channel);
    buf_str(c->out, s->request.channel);
    buf_u32(c->out, s->abi.ccsid);
    buf_str(c->out, s->request.schema);
    buf_str(c->out, s->response.schema);
    buf_add(c->out, str_n(digest, sizeof digest));
}

static void
put_areas(struct compiling *c, const struct service_message *message)
{
    buf_u32(c->out, (uint32_t)message->n_segments);
    for (size_t i = 0; i < message->n_segments; i++) {
        const struct service_segment *s = &message->segments[i];

        buf_str(c->out, s->container);
        buf_u8(c->out, s->is_char);
        buf_u8(c->out, s->is_required);
        buf_u32(c->out, s->layout->size);
    }
}

/* Parameters the updates read, each once. */
static enum err
put_params(struct compiling *c, const struct map_update *updates, size_t n)
{
    const struct map_update **found =
        ARENA_ARRAY(c->arena, const struct map_update *, n + 1);
    size_t n_found = 0;

    if (found == NULL)
        return err_set(c->why, ERR_MEMORY, "no storage");
    for (size_t i = 0; i < n; i++) {
        bool is_new = updates[i].kind == MAP_MOVE;

        for (size_t k = 0; k < n_found && is_new; k++)
            is_new = found[k]->where != updates[i].where ||
                     !str_eq(found[k]->name, updates[i].name);
        if (is_new)
            found[n_found++] = &updates[i];
    }
    if (n_found > IMAGE_PARAMS_MAX)
        return err_set(c->why, ERR_LIMIT, "%zu parameters, at most %u", n_found,
                       IMAGE_PARAMS_MAX);
    buf_u32(c->out, (uint32_t)n_found);
    for (size_t i = 0; i < n_found; i++) {
        buf_u8(c->out, (uint8_t)found[i]->where);
        buf_str(c->out, found[i]->name);
        buf_u8(c->out, found[i]->is_required);
    }
    return ERR_OK;
}

static void
put_rules(struct compiling *c, const struct api_response *response)
{
    buf_u32(c->out, (uint32_t)response->n_rules);
    for (size_t i = 0; i < response->n_rules; i++) {
        buf_str(c->out, response->rules[i].name);
        buf_str(c->out, response->rules[i].field);
        buf_u8(c->out, (uint8_t)response->rules[i].op);
        buf_str(c->out, response->rules[i].value);
    }
}

static const struct field *
rule_field(const struct map_spec *spec, struct str path)
{
    struct str name, rest = path;

    if (spec->root.n > 0 &&
        (!str_token(&rest, '/', &name) || !str_eq(name, spec->root)))
        return NULL;
    for (size_t i = 0; i < spec->n_segments; i++) {
        const struct map_segment *s = &spec->segments[i];
        struct str below = rest;

        if (s->container.n > 0 &&
            (!str_token(&below, '/', &name) || !str_eq(name, s->container)))
            continue;
        return layout_find_path(s->layout, below);
    }
    return NULL;
}

static enum err
check_rules(struct compiling *c, const struct map_spec *spec,
            const struct api_response *response)
{
    for (size_t i = 0; i < response->n_rules; i++) {
        struct str path = response->rules[i].field;
        const struct field *field = rule_field(spec, path);

        if (field == NULL || field->kind == FIELD_GROUP)
            return err_set(c->why, ERR_NOT_FOUND,
                           "response rule " STR_FMT ": the service has no "
                           "field \"" STR_FMT "\"",
                           STR_ARG(response->rules[i].name), STR_ARG(path));
        for (; field != NULL; field = field->parent)
            if (field->is_array)
                return err_set(c->why, ERR_UNSUPPORTED,
                               "response rule " STR_FMT ": \"" STR_FMT
                               "\" is in an array",
                               STR_ARG(response->rules[i].name), STR_ARG(path));
    }
    return ERR_OK;
}

static enum err
put_responses(struct compiling *c, const struct service *service,
              const struct api_response *responses, size_t n)
{
    struct map_spec spec;
    enum err e = service_map_spec(c->arena, service, false, &spec, c->why);

    if (e != ERR_OK)
        return e;
    buf_u32(c->out, (uint32_t)n);
    for (size_t i = 0; i < n; i++) {
        if ((e = check_rules(c, &spec, &responses[i])) != ERR_OK)
            return e;
        buf_u32(c->out, responses[i].code);
        buf_str(c->out, responses[i].description);
        put_rules(c, &responses[i]);
        spec.updates = responses[i].updates;
        spec.n_updates = responses[i].n_updates;
        e = put_map(c, &spec, false);
        if (e != ERR_OK) {
            if (responses[i].map_entry.n > 0)
                err_prefix(c->why, STR_FMT, STR_ARG(responses[i].map_entry));
            return e;
        }
    }
    return ERR_OK;
}

/* A path parameter that the template does not have never gets a value. */
static enum err
check_path_parameters(struct compiling *c, const struct api_operation *op)
{
    for (size_t i = 0; i < op->n_updates; i++) {
        const struct map_update *u = &op->updates[i];
        struct str wanted;

        if (u->kind != MAP_MOVE || u->where != MAP_PATH)
            continue;
        wanted = str_fmt(c->arena, "{" STR_FMT "}", STR_ARG(u->name));
        if (str_find(op->path, wanted) == STR_NPOS)
            return err_set(c->why, ERR_NOT_FOUND,
                           STR_FMT ": the path has no parameter " STR_FMT,
                           STR_ARG(op->map_entry), STR_ARG(wanted));
    }
    return ERR_OK;
}

/* An operation of an API, or (nearly empty) a service invoked directly. */
static enum err
put_operation(struct compiling *c, const struct api_operation *op,
              const struct service *service)
{
    struct map_spec spec;
    enum err e;

    buf_str(c->out, op->method);
    buf_str(c->out, op->path);
    buf_str(c->out, op->operation_id);
    buf_str(c->out, service->name);
    buf_u32(c->out, op->default_code);
    if ((e = check_path_parameters(c, op)) != ERR_OK ||
        (e = put_params(c, op->updates, op->n_updates)) != ERR_OK)
        return e;
    put_areas(c, &service->request);
    put_areas(c, &service->response);
    if ((e = service_map_spec(c->arena, service, true, &spec, c->why)) !=
        ERR_OK)
        return e;
    spec.updates = op->updates;
    spec.n_updates = op->n_updates;
    buf_u8(c->out, true);
    if ((e = put_map(c, &spec, true)) != ERR_OK) {
        if (op->map_entry.n > 0)
            err_prefix(c->why, STR_FMT, STR_ARG(op->map_entry));
        return e;
    }
    buf_u8(c->out, false);
    return put_responses(c, service, op->responses, op->n_responses);
}

static void
put_names(struct compiling *c, const struct str names[8])
{
    for (size_t i = 0; i < 8; i++)
        buf_str(c->out, names[i]);
}

static enum err
read_sar(struct compiling *c, struct str sar, uint32_t ccsid,
         struct service *out)
{
    struct archive *archive;
    enum err e = archive_open(sar, &archive, c->why);

    if (e != ERR_OK)
        return e;
    e = service_read(c->arena, archive, ccsid, out, c->why);
    archive_free(&archive);
    return e;
}

static enum err
compile_service(struct compiling *c, struct str sar)
{
    struct api_response response = { .code = 200 };
    struct api_operation op = { .method = STR("POST"),
                                .default_code = 200,
                                .responses = &response,
                                .n_responses = 1 };
    struct service service;
    enum err e = read_sar(c, sar, c->options->ccsid, &service);

    if (e != ERR_OK)
        return e;
    op.operation_id = service.name;
    put_head(c, IMAGE_SERVICE, sar);
    put_names(c, (struct str[8]){ service.name,
                                  service.name,
                                  service.version,
                                  service.description,
                                  { 0 },
                                  service.connection_ref });
    buf_u32(c->out, 1);
    put_service(c, &service, sar, c->options->ccsid);
    buf_u32(c->out, 1);
    e = put_operation(c, &op, &service);
    return e == ERR_OK ? put_end(c) : e;
}

/* The services an API refers to, each read once. */
struct used {
    const struct compile_service *from;
    struct str sar;
    struct service service;
};

const struct compile_service *
compile_service_find(const struct compile_options *options, struct str name)
{
    size_t low = 0, high = options->n_services;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (str_cmp(options->services[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < options->n_services &&
                   str_eq(options->services[low].name, name)
               ? &options->services[low]
               : NULL;
}

/* The file may be another one by now; the caller joins with what he knows. */
static enum err
sar_bytes(struct compiling *c, const struct compile_service *from,
          struct str *out)
{
    uint8_t digest[IMAGE_DIGEST_BYTES];
    struct buf bytes;
    enum err e;

    *out = from->sar;
    if (from->path == NULL)
        return ERR_OK;
    buf_init(&bytes, ARCHIVE_FILE_MAX);
    e = file_read(from->path, &bytes, c->why);
    if (e == ERR_OK) {
        *out = str_dup(c->arena, buf_view(&bytes));
        compile_service_digest(*out, from->ccsid, digest);
        if (out->p == NULL)
            e = err_set(c->why, ERR_MEMORY, "no storage");
        else if (memcmp(digest, from->digest, sizeof digest) != 0)
            e = err_set(c->why, ERR_NOT_NOW,
                        "%s is not what is deployed any more", from->path);
    }
    buf_fini(&bytes);
    return e;
}

static enum err
find_service(struct compiling *c, struct str name, struct used *used,
             size_t *n_used, const struct service **out)
{
    const struct compile_service *from;
    struct used *next = &used[*n_used];
    enum err e;

    for (size_t i = 0; i < *n_used; i++)
        if (str_eq(used[i].from->name, name)) {
            *out = &used[i].service;
            return ERR_OK;
        }
    from = compile_service_find(c->options, name);
    if (from == NULL)
        return err_set(c->why, ERR_NOT_FOUND,
                       "service \"" STR_FMT "\" is not deployed",
                       STR_ARG(name));
    e = sar_bytes(c, from, &next->sar);
    if (e == ERR_OK)
        e = read_sar(c, next->sar, from->ccsid, &next->service);
    if (e != ERR_OK) {
        err_prefix(c->why, "service " STR_FMT, STR_ARG(name));
        return e;
    }
    next->from = from;
    *out = &next->service;
    (*n_used)++;
    return ERR_OK;
}

static enum err
compile_api_operations(struct compiling *c, const struct api *api,
                       struct used *used, size_t n_used)
{
    const struct service *service;

    buf_u32(c->out, (uint32_t)n_used);
    for (size_t i = 0; i < n_used; i++)
        put_service(c, &used[i].service, used[i].sar, used[i].from->ccsid);
    buf_u32(c->out, (uint32_t)api->n_operations);
    for (size_t i = 0; i < api->n_operations; i++) {
        const struct api_operation *op = &api->operations[i];
        enum err e;

        if ((e = find_service(c, op->service, used, &n_used, &service)) !=
            ERR_OK)
            return e;
        if ((e = put_operation(c, op, service)) != ERR_OK) {
            err_prefix(c->why, STR_FMT " " STR_FMT, STR_ARG(op->method),
                       STR_ARG(op->path));
            return e;
        }
    }
    return ERR_OK;
}

static enum err
compile_api(struct compiling *c, struct str aar)
{
    const struct service *service;
    struct archive *archive;
    struct used *used;
    size_t n_used = 0;
    struct api api;
    enum err e = archive_open(aar, &archive, c->why);

    if (e != ERR_OK)
        return e;
    e = api_read(c->arena, archive, &api, c->why);
    archive_free(&archive);
    if (e != ERR_OK)
        return e;
    used = ARENA_ARRAY(c->arena, struct used, api.n_operations);
    if (used == NULL)
        return err_set(c->why, ERR_MEMORY, "no storage");
    for (size_t i = 0; i < api.n_operations; i++)
        if ((e = find_service(c, api.operations[i].service, used, &n_used,
                              &service)) != ERR_OK)
            return e;
    put_head(c, IMAGE_API, aar);
    put_names(c, (struct str[8]){ api.name,
                                  api.title,
                                  api.version,
                                  api.description,
                                  api.base_path,
                                  { 0 },
                                  api.document,
                                  api.document_entry });
    e = compile_api_operations(c, &api, used, n_used);
    return e == ERR_OK ? put_end(c) : e;
}

static enum err
put_requester_map(struct compiling *c, const struct layout *layout, bool is_in)
{
    struct map_segment segment = { .layout = layout, .is_required = true };
    struct map_spec spec = { .segments = &segment,
                             .n_segments = 1,
                             .options = { 0 },
                             .is_requester = true };

    buf_u8(c->out, layout != NULL);
    return layout == NULL ? ERR_OK : put_map(c, &spec, is_in);
}

static void
put_requester_area(struct compiling *c, const struct layout *layout)
{
    buf_u32(c->out, layout != NULL);
    if (layout == NULL)
        return;
    buf_str(c->out, (struct str){ 0 });
    buf_u8(c->out, false);
    buf_u8(c->out, true);
    buf_u32(c->out, layout->size);
}

static enum err
put_requester_operation(struct compiling *c,
                        const struct requester_operation *op)
{
    enum err e;

    buf_str(c->out, op->method);
    buf_str(c->out, op->path);
    buf_str(c->out, op->operation_id);
    buf_str(c->out, (struct str){ 0 });
    buf_u32(c->out, op->response_code);
    buf_u32(c->out, 0); /* parameters */
    put_requester_area(c, op->request);
    put_requester_area(c, op->response);
    e = put_requester_map(c, op->request, false);
    if (e == ERR_OK)
        e = put_requester_map(c, op->response, true);
    if (e != ERR_OK)
        err_prefix(c->why, STR_FMT, STR_ARG(op->bind_entry));
    buf_u32(c->out, 0); /* responses */
    return e;
}

static enum err
compile_requester(struct compiling *c, struct str ara)
{
    struct abi abi =
        c->options->has_abi ? c->options->abi : abi_default(ABI_GNUCOBOL);
    struct requester requester;
    struct archive *archive;
    enum err e = archive_open(ara, &archive, c->why);

    if (e != ERR_OK)
        return e;
    e = requester_read(c->arena, archive, abi, &requester, c->why);
    archive_free(&archive);
    if (e != ERR_OK)
        return e;
    put_head(c, IMAGE_REQUESTER, ara);
    put_names(c,
              (struct str[8]){ requester.name, requester.title,
                               requester.version, requester.description,
                               requester.base_path, requester.connection_ref,
                               requester.document, requester.document_entry });
    buf_u32(c->out, 0); /* services */
    buf_u32(c->out, (uint32_t)requester.n_operations);
    for (size_t i = 0; i < requester.n_operations; i++)
        if ((e = put_requester_operation(c, &requester.operations[i])) !=
            ERR_OK)
            return e;
    return put_end(c);
}

enum err
artefact_compile(enum image_kind kind, struct str archive,
                 const struct compile_options *options, struct buf *image,
                 struct err_info *why)
{
    static const struct compile_options none;
    struct err_info own;
    struct arena arena;
    struct compiling c = { .arena = &arena,
                           .options = options == NULL ? &none : options,
                           .out = image,
                           .why = why == NULL ? &own : why };
    size_t before = image->n;
    enum err e = ERR_UNSUPPORTED;

    arena_init(&arena, COMPILE_ARENA_MAX);
    switch (kind) {
    case IMAGE_SERVICE:
        e = compile_service(&c, archive);
        break;
    case IMAGE_API:
        e = compile_api(&c, archive);
        break;
    case IMAGE_REQUESTER:
        e = compile_requester(&c, archive);
        break;
    }
    arena_fini(&arena);
    if (e != ERR_OK)
        image->n = before;
    return e;
}

enum err
artefact_compile_service(struct str sar, const struct compile_options *options,
                         struct buf *image, struct err_info *why)
{
    return artefact_compile(IMAGE_SERVICE, sar, options, image, why);
}

enum err
artefact_compile_api(struct str aar, const struct compile_options *options,
                     struct buf *image, struct err_info *why)
{
    return artefact_compile(IMAGE_API, aar, options, image, why);
}

enum err
artefact_compile_requester(struct str ara,
                           const struct compile_options *options,
                           struct buf *image, struct err_info *why)
{
    return artefact_compile(IMAGE_REQUESTER, ara, options, image, why);
}
