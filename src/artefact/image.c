#include "artefact/image.h"

#include "artefact/image_wire.h"
#include "base/arena.h"
#include "base/reader.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct image {
    struct image_info info;
    struct arena arena;
    void *base;
    size_t n_bytes;
    unsigned more_refs; /* atomic; besides the first */
    bool is_mapped;
};

/* Tables decoded from a file can be larger than the file, but not much. */
#define IMAGE_ARENA_MAX ((size_t)512 << 20)

struct opening {
    struct image *image;
    struct reader in;
    struct err_info *why;
};

static enum err
damaged(struct opening *o, const char *what)
{
    return err_at(o->why, ERR_SYNTAX, o->in.pos,
                  "not an image of this build: %s at byte %zu", what,
                  o->in.pos);
}

static bool
get_str(struct opening *o, struct str *out)
{
    return reader_str(&o->in, 0, IMAGE_STR_MAX, out);
}

static bool
get_flag(struct opening *o, bool *out)
{
    uint8_t value;

    if (!reader_u8(&o->in, &value) || value > 1)
        return false;
    *out = value == 1;
    return true;
}

/* Every element of a list takes at least one byte. */
static bool
get_count(struct opening *o, uint32_t max, size_t *out)
{
    uint32_t n;

    if (!reader_u32(&o->in, &n) || n > max || n > reader_left(&o->in))
        return false;
    *out = n;
    return true;
}

static enum err
get_map(struct opening *o, bool is_in, struct map *out)
{
    struct str blob, pad;
    uint32_t n;
    enum err e;

    if (!reader_u32(&o->in, &n) ||
        !reader_take(&o->in,
                     (IMAGE_ALIGN - o->in.pos % IMAGE_ALIGN) % IMAGE_ALIGN,
                     &pad) ||
        !reader_take(&o->in, n, &blob))
        return damaged(o, "mapping program");
    e = map_open(blob, out, o->why);
    if (e != ERR_OK)
        return e;
    return out->is_in == is_in ? ERR_OK : damaged(o, "mapping direction");
}

static enum err
get_params(struct opening *o, struct image_op *op)
{
    struct image_param *params;

    if (!get_count(o, IMAGE_PARAMS_MAX, &op->n_params))
        return damaged(o, "parameters");
    params = ARENA_ARRAY(&o->image->arena, struct image_param, op->n_params);
    if (op->n_params > 0 && params == NULL)
        return err_set(o->why, ERR_MEMORY, "no storage");
    op->params = params;
    for (size_t i = 0; i < op->n_params; i++) {
        uint8_t where;

        if (!reader_u8(&o->in, &where) || where > MAP_HEADER ||
            !get_str(o, &params[i].name) ||
            !get_flag(o, &params[i].is_required))
            return damaged(o, "parameter");
        params[i].where = (enum map_where)where;
    }
    return ERR_OK;
}

static enum err
get_areas(struct opening *o, const struct image_area **out, size_t *n)
{
    struct image_area *areas;

    if (!get_count(o, MAP_SEGMENTS_MAX, n))
        return damaged(o, "areas");
    areas = ARENA_ARRAY(&o->image->arena, struct image_area, *n);
    if (*n > 0 && areas == NULL)
        return err_set(o->why, ERR_MEMORY, "no storage");
    *out = areas;
    for (size_t i = 0; i < *n; i++)
        if (!get_str(o, &areas[i].container) ||
            !get_flag(o, &areas[i].is_char) ||
            !get_flag(o, &areas[i].is_required) ||
            !reader_u32(&o->in, &areas[i].max_bytes))
            return damaged(o, "area");
    return ERR_OK;
}

static enum err
get_rules(struct opening *o, struct image_response *out)
{
    struct api_rule *rules;

    if (!get_count(o, API_RULES_MAX, &out->n_rules))
        return damaged(o, "rules");
    rules = ARENA_ARRAY(&o->image->arena, struct api_rule, out->n_rules);
    if (out->n_rules > 0 && rules == NULL)
        return err_set(o->why, ERR_MEMORY, "no storage");
    out->rules = rules;
    for (size_t i = 0; i < out->n_rules; i++) {
        uint8_t op;

        if (!get_str(o, &rules[i].name) || !get_str(o, &rules[i].field) ||
            !reader_u8(&o->in, &op) || op > RULE_GE ||
            !get_str(o, &rules[i].value))
            return damaged(o, "rule");
        rules[i].op = (enum rule_op)op;
    }
    return ERR_OK;
}

static enum err
get_responses(struct opening *o, struct image_op *op)
{
    struct image_response *responses;
    enum err e;

    if (!get_count(o, API_CODES_MAX + 1, &op->n_responses))
        return damaged(o, "responses");
    if ((o->image->info.kind == IMAGE_REQUESTER) != (op->n_responses == 0))
        return damaged(o, "responses");
    responses =
        ARENA_ARRAY(&o->image->arena, struct image_response, op->n_responses);
    if (op->n_responses > 0 && responses == NULL)
        return err_set(o->why, ERR_MEMORY, "no storage");
    op->responses = responses;
    for (size_t i = 0; i < op->n_responses; i++) {
        struct image_response *r = &responses[i];

        if (!reader_u32(&o->in, &r->code) || !get_str(o, &r->description))
            return damaged(o, "response");
        if ((e = get_rules(o, r)) != ERR_OK ||
            (e = get_map(o, false, &r->map)) != ERR_OK)
            return e;
        if (map_n_segments(&r->map) != op->n_out_areas)
            return damaged(o, "response areas");
    }
    if (op->n_responses > 0 && responses[op->n_responses - 1].n_rules != 0)
        return damaged(o, "default response");
    return ERR_OK;
}

static enum err
get_op(struct opening *o, struct image_op *op)
{
    bool is_requester = o->image->info.kind == IMAGE_REQUESTER;
    enum err e;

    if (!get_str(o, &op->method) || !get_str(o, &op->path) ||
        !get_str(o, &op->operation_id) || !get_str(o, &op->service) ||
        !reader_u32(&o->in, &op->default_code))
        return damaged(o, "operation");
    if ((e = get_params(o, op)) != ERR_OK ||
        (e = get_areas(o, &op->in_areas, &op->n_in_areas)) != ERR_OK ||
        (e = get_areas(o, &op->out_areas, &op->n_out_areas)) != ERR_OK)
        return e;
    if (!get_flag(o, &op->has_request) || (!is_requester && !op->has_request))
        return damaged(o, "request");
    if (op->has_request &&
        (e = get_map(o, !is_requester, &op->request)) != ERR_OK)
        return e;
    if (!is_requester && map_n_segments(&op->request) != op->n_in_areas)
        return damaged(o, "request areas");
    if (!get_flag(o, &op->has_response) || (!is_requester && op->has_response))
        return damaged(o, "response");
    if (op->has_response && (e = get_map(o, true, &op->response)) != ERR_OK)
        return e;
    return get_responses(o, op);
}

static bool
get_service(struct opening *o, struct image_service *s)
{
    struct str digest;

    if (!get_str(o, &s->name) || !get_str(o, &s->version) ||
        !get_str(o, &s->description) || !get_str(o, &s->provider) ||
        !get_str(o, &s->factory_pid) || !get_str(o, &s->program) ||
        !get_str(o, &s->connection_ref) || !get_str(o, &s->transid) ||
        !get_flag(o, &s->eib_and_mirror) || !get_flag(o, &s->is_channel) ||
        !get_str(o, &s->channel) || !reader_u32(&o->in, &s->ccsid) ||
        !get_str(o, &s->request_schema) || !get_str(o, &s->response_schema) ||
        !reader_take(&o->in, IMAGE_DIGEST_BYTES, &digest))
        return false;
    memcpy(s->digest, digest.p, IMAGE_DIGEST_BYTES);
    return true;
}

static enum err
get_head(struct opening *o)
{
    struct image_info *info = &o->image->info;
    uint32_t format, kind, n_bytes;
    struct str magic, digest;
    uint64_t sum;

    if (!reader_take(&o->in, strlen(IMAGE_MAGIC), &magic) ||
        !str_eq_z(magic, IMAGE_MAGIC) || !reader_u32(&o->in, &format) ||
        format != IMAGE_FORMAT || !reader_u32(&o->in, &kind) ||
        kind < IMAGE_SERVICE || kind > IMAGE_REQUESTER ||
        !reader_u32(&o->in, &n_bytes) || n_bytes != o->in.in.n ||
        !reader_u64(&o->in, &sum) ||
        !reader_take(&o->in, IMAGE_DIGEST_BYTES, &digest))
        return damaged(o, "head");
    info->kind = (enum image_kind)kind;
    memcpy(info->digest, digest.p, IMAGE_DIGEST_BYTES);
    if (!get_str(o, &info->name) || !get_str(o, &info->title) ||
        !get_str(o, &info->version) || !get_str(o, &info->description) ||
        !get_str(o, &info->base_path) || !get_str(o, &info->connection_ref) ||
        !get_str(o, &info->document) || !get_str(o, &info->document_entry))
        return damaged(o, "names");
    return ERR_OK;
}

static enum err
get_all(struct opening *o)
{
    struct image_info *info = &o->image->info;
    struct image_service *services;
    struct image_op *ops;
    enum err e = get_head(o);

    if (e != ERR_OK)
        return e;
    if (!get_count(o, IMAGE_OPS_MAX, &info->n_services))
        return damaged(o, "services");
    services = ARENA_ARRAY(&o->image->arena, struct image_service,
                           info->n_services + 1);
    if (services == NULL)
        return err_set(o->why, ERR_MEMORY, "no storage");
    info->services = services;
    for (size_t i = 0; i < info->n_services; i++)
        if (!get_service(o, &services[i]))
            return damaged(o, "service");
    if (!get_count(o, IMAGE_OPS_MAX, &info->n_ops) || info->n_ops == 0)
        return damaged(o, "operations");
    ops = ARENA_ARRAY(&o->image->arena, struct image_op, info->n_ops);
    if (ops == NULL)
        return err_set(o->why, ERR_MEMORY, "no storage");
    info->ops = ops;
    for (size_t i = 0; i < info->n_ops; i++) {
        if ((e = get_op(o, &ops[i])) != ERR_OK)
            return e;
        if (info->kind != IMAGE_REQUESTER &&
            image_service(o->image, ops[i].service) == NULL)
            return damaged(o, "service of an operation");
    }
    return reader_at_end(&o->in) ? ERR_OK : damaged(o, "end");
}

/* Takes the image over, frees it on failure. */
static enum err
finish(struct image *image, struct image **out, struct err_info *why)
{
    struct opening o = { .image = image,
                         .in = reader_of(str_n(image->base, image->n_bytes)),
                         .why = why };
    enum err e;

    arena_init(&image->arena, IMAGE_ARENA_MAX);
    e = get_all(&o);
    if (e != ERR_OK)
        image_free(&image);
    else
        *out = image;
    return e;
}

enum err
image_open(struct str bytes, struct image **out, struct err_info *why)
{
    struct image *image;

    if (bytes.n > IMAGE_BYTES_MAX)
        return err_set(why, ERR_LIMIT, "image of %zu bytes", bytes.n);
    image = calloc(1, sizeof *image);
    if (image == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    image->n_bytes = bytes.n;
    image->base =
        aligned_alloc(IMAGE_ALIGN, (bytes.n / IMAGE_ALIGN + 1) * IMAGE_ALIGN);
    if (image->base == NULL) {
        free(image);
        return err_set(why, ERR_MEMORY, "no storage");
    }
    if (bytes.n > 0)
        memcpy(image->base, bytes.p, bytes.n);
    return finish(image, out, why);
}

/* A file that was being written when the system went down may be whole in
 * length and full of zeros. */
static bool
has_its_sum(const struct image *image)
{
    struct str all = str_n(image->base, image->n_bytes), stored;
    struct reader in = reader_of(all);
    uint64_t sum;

    return reader_take(&in, IMAGE_SUM_END - 8, &stored) &&
           reader_u64(&in, &sum) && sum == str_hash(reader_rest(&in), 0);
}

enum err
image_load(const char *path, bool must_sum, struct image **out,
           struct err_info *why)
{
    struct image *image;
    struct stat st;
    enum err e = ERR_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return err_sys(why, "%s", path);
    image = calloc(1, sizeof *image);
    if (image == NULL)
        e = err_set(why, ERR_MEMORY, "no storage");
    else if (fstat(fd, &st) != 0)
        e = err_sys(why, "%s", path);
    else if (!S_ISREG(st.st_mode) || st.st_size <= 0 ||
             (uint64_t)st.st_size > IMAGE_BYTES_MAX)
        e = err_set(why, ERR_SYNTAX, "%s: not an image", path);
    if (e == ERR_OK) {
        image->n_bytes = (size_t)st.st_size;
        image->base = mmap(NULL, image->n_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
        image->is_mapped = true;
        if (image->base == MAP_FAILED)
            e = err_sys(why, "%s", path);
    }
    close(fd);
    if (e != ERR_OK) {
        free(image);
        return e;
    }
    if (must_sum && !has_its_sum(image)) {
        e = err_set(why, ERR_SYNTAX, "the image is damaged");
        image_free(&image);
    } else {
        e = finish(image, out, why);
    }
    if (e != ERR_OK)
        err_prefix(why, "%s", path);
    return e;
}

struct image *
image_ref(struct image *image)
{
    __atomic_add_fetch(&image->more_refs, 1, __ATOMIC_RELAXED);
    return image;
}

void
image_free(struct image **image)
{
    struct image *i = *image;

    *image = NULL;
    if (i == NULL || __atomic_fetch_sub(&i->more_refs, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    arena_fini(&i->arena);
    if (i->is_mapped)
        munmap(i->base, i->n_bytes);
    else
        free(i->base);
    free(i);
}

void
image_rest(const struct image *image)
{
    if (image->is_mapped)
        (void)madvise(image->base, image->n_bytes, MADV_DONTNEED);
}

const struct image_info *
image_info(const struct image *image)
{
    return &image->info;
}

const struct image_service *
image_service(const struct image *image, struct str name)
{
    for (size_t i = 0; i < image->info.n_services; i++)
        if (str_eq(image->info.services[i].name, name))
            return &image->info.services[i];
    return NULL;
}

static bool
rule_holds(enum rule_op op, int order)
{
    switch (op) {
    case RULE_EQ:
        return order == 0;
    case RULE_NE:
        return order != 0;
    case RULE_LT:
        return order < 0;
    case RULE_GT:
        return order > 0;
    case RULE_LE:
        return order <= 0;
    case RULE_GE:
        return order >= 0;
    }
    return false;
}

static enum err
all_hold(const struct image_response *response, const struct str records[],
         struct buf *text, bool *holds, struct err_info *why)
{
    *holds = true;
    for (size_t i = 0; i < response->n_rules && *holds; i++) {
        const struct api_rule *rule = &response->rules[i];
        enum err e;

        buf_clear(text);
        e = map_field_get(&response->map, records, rule->field, text, why);
        if (e != ERR_OK)
            return e;
        *holds = rule_holds(rule->op,
                            map_value_compare(buf_view(text), rule->value));
    }
    return ERR_OK;
}

enum err
image_choose(const struct image_op *op, const struct str records[],
             const struct image_response **out, struct err_info *why)
{
    enum err e = ERR_OK;
    struct buf text;

    REQUIRE(op->n_responses > 0);
    buf_init(&text, 1u << 20);
    *out = &op->responses[op->n_responses - 1];
    for (size_t i = 0; i + 1 < op->n_responses; i++) {
        bool holds;

        e = all_hold(&op->responses[i], records, &text, &holds, why);
        if (e != ERR_OK)
            break;
        if (holds) {
            *out = &op->responses[i];
            break;
        }
    }
    buf_fini(&text);
    return e;
}
