#include "gateway/snapshot_priv.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/secret.h"
#include "config/feature.h"
#include "gateway/endpoint.h"
#include "gateway/link_tls.h"
#include "gateway/tls_store.h"
#include "gateway/user_registry.h"

#define LOGGER "com.ibm.zosconnect.internal.ZosConnectServiceImpl"
#define SNAPSHOT_BYTES_MAX ((size_t)1 << 30)
#define ROLE_RESOURCE "zos.connect.access.roles"
#define ROLE_NAME "zosConnectAccess"
#define ADMIN_RESOURCE "com.ibm.ws.management.security.resource"
#define ADMIN_NAME "Administrator"

enum err
building_no_storage(struct building *b)
{
    return err_set(b->why, ERR_MEMORY, "no storage for the configuration");
}

static void
polled_stamp(const char *path, struct polled_stamp *out)
{
    struct stat st;

    memset(out, 0, sizeof *out);
    if (stat(path, &st) != 0)
        return;
    out->inode = (uint64_t)st.st_ino;
    out->size = (uint64_t)st.st_size;
    out->second = (int64_t)st.st_mtim.tv_sec;
    out->nanosecond = (int64_t)st.st_mtim.tv_nsec;
}

/* --- policies ------------------------------------------------------------ */

/* "%profilePrefix%.%resource%.%role%", then blanks and wildcards to "#". */
static struct str
role_profile(struct arena *arena, struct str pattern, struct str prefix,
             struct str resource, struct str role, bool to_upper)
{
    static const char *const names[] = { "%profilePrefix%", "%resource%",
                                         "%role%" };
    const struct str values[] = { prefix, resource, role };
    struct str out;
    struct buf text;

    buf_init(&text, SAF_PROFILE_MAX * 2);
    while (pattern.n > 0) {
        bool is_name = false;

        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
            struct str name = str_of(names[i]);

            if (!str_starts(pattern, name))
                continue;
            buf_add(&text, values[i]);
            pattern = str_sub(pattern, name.n, pattern.n);
            is_name = true;
            break;
        }
        if (!is_name) {
            buf_add_char(&text, pattern.p[0]);
            pattern = str_sub(pattern, 1, pattern.n);
        }
    }
    for (size_t i = 0; i < buf_view(&text).n; i++)
        if (strchr("%&* ", text.p[i]) != NULL)
            text.p[i] = '#';
    out = to_upper ? str_upper(arena, buf_view(&text))
                   : str_dup(arena, buf_view(&text));
    buf_fini(&text);
    return out;
}

static enum err
set_policies(struct building *b)
{
    struct snapshot *s = b->s;
    const struct cfg_saf_credentials *saf = CFG_ONE(s->tree, saf_credentials);
    const struct cfg_web_app_security *web = CFG_ONE(s->tree, web_app_security);
    const struct cfg_auth_cache *cache = CFG_ONE(s->tree, auth_cache);
    const struct cfg_saf_role_mapper *mapper;
    const struct cfg_saf_registry *registry;
    struct str pattern = STR("%profilePrefix%.%resource%.%role%");
    bool to_upper;
    /* There are no forms to log on with here. */
    bool is_basic = str_eq_nocase_z(web->override_http_auth_method, "BASIC") ||
                    str_eq_nocase_z(web->override_http_auth_method, "FORM");

    s->manager = CFG_ONE(s->tree, zcon_manager);
    timing_of(s->tree, &s->timing);
    s->metrics = CFG_ONE(s->tree, metrics);
    if (s->metrics->node.line == 0)
        s->metrics = NULL; /* nobody wrote it */
    s->authorization = CFG_ONE(s->tree, saf_authorization);
    if (s->authorization->node.line == 0)
        s->authorization = NULL; /* nobody wrote it */
    s->auth = (struct auth_policy){
        .maps_identities = saf->map_distributed_identities,
        .applid = saf->profile_prefix,
        .guest = saf->unauthenticated_user,
        .allow_basic =
            web->allow_failover_to_basic_auth || is_basic ||
            str_eq_nocase_z(web->allow_failover_to_auth_method, "BASIC"),
        .ignores_certificates = is_basic,
        .cache_ms = CFG_ONE(s->tree, authentication)->cache_enabled &&
                            cache->timeout_ms > 0
                        ? (uint64_t)cache->timeout_ms
                        : 0,
        .caches_passwords = cache->allow_basic_auth_lookup,
    };
    CFG_EACH(s->tree, saf_registry, registry)
    s->saf_realm = registry->realm;
    s->realm = web->basic_realm_name.n > 0 ? web->basic_realm_name
                                           : STR("defaultRealm");
    mapper = s->authorization == NULL ? NULL : s->authorization->role_mapper;
    if (mapper != NULL)
        pattern = mapper->profile_pattern;
    to_upper = mapper != NULL && mapper->to_upper_case;
    s->role_profile =
        role_profile(&s->arena, pattern, saf->profile_prefix,
                     STR(ROLE_RESOURCE), STR(ROLE_NAME), to_upper);
    s->admin_profile =
        role_profile(&s->arena, pattern, saf->profile_prefix,
                     STR(ADMIN_RESOURCE), STR(ADMIN_NAME), to_upper);
    s->has_mbeans = features_have(s->tree, "restConnector-2.0");
    s->mbeans = (struct access){ .require_auth = true, .require_secure = true };
    return s->role_profile.p == NULL || s->admin_profile.p == NULL
               ? building_no_storage(b)
               : ERR_OK;
}

static enum err
set_access(struct building *b, struct access *a, unsigned require_auth,
           unsigned require_secure, const struct cfg_zcon_groups *groups,
           bool run_global, const struct cfg_zcon_interceptors *own)
{
    const struct cfg_zcon_manager *m = b->s->manager;

    a->require_auth = cfg_tristate(require_auth, m->require_auth);
    a->require_secure = cfg_tristate(require_secure, m->require_secure);
    a->groups = groups;
    return chain_build(b->s->chains, m->global_interceptors, run_global, own,
                       &a->chain, b->why);
}

/* --- APIs and services --------------------------------------------------- */

static void
set_operation(struct building *b, struct operation *o,
              const struct image_op *op, const struct image_service *service)
{
    const struct cfg_zcon_services *all = CFG_ONE(b->s->tree, zcon_services);
    int64_t timeout = b->s->manager->async_request_timeout_ms;

    o->op = op;
    o->service = service;
    if (service == NULL)
        return;
    o->provider = provider_find(service->factory_pid);
    o->connection = service->connection_ref;
    for (size_t i = 0; i < all->n_services; i++) {
        const struct cfg_zcon_service *s = &all->services[i];

        if (!str_eq(s->name, service->name))
            continue;
        if (s->async_request_timeout_ms >= 0)
            timeout = s->async_request_timeout_ms;
        for (size_t k = 0; k < s->n_properties; k++) {
            if (str_eq_z(s->properties[k].name, "connectionRef"))
                o->connection = s->properties[k].value;
        }
    }
    o->timeout_ms = timeout > UINT32_MAX ? UINT32_MAX : (uint32_t)timeout;
}

static const struct cfg_zcon_api *
api_element(const struct cfg_tree *tree, struct str name)
{
    const struct cfg_zcon_apis *all = CFG_ONE(tree, zcon_apis);

    for (size_t i = 0; i < all->n_apis; i++) {
        if (str_eq(all->apis[i].name, name))
            return &all->apis[i];
    }
    return NULL;
}

/* /api-docs below each API. */
static const char *const document_methods[] = { "GET", "HEAD" };

static enum err
add_api(struct building *b, const struct image *image,
        struct route_entry *routes, size_t *n_routes)
{
    struct snapshot *s = b->s;
    const struct image_info *info = image_info(image);
    const struct cfg_zcon_api *e = api_element(s->tree, info->name);
    struct api_entry *api = ARENA_NEW(&s->arena, struct api_entry);
    enum err code;

    if (api == NULL || (api->ops = ARENA_ARRAY(&s->arena, struct operation,
                                               info->n_ops)) == NULL)
        return building_no_storage(b);
    s->apis[s->n_apis++] = api;
    api->info = info;
    code = set_access(b, &api->access, e == NULL ? CFG_UNSET : e->require_auth,
                      e == NULL ? CFG_UNSET : e->require_secure,
                      e == NULL ? NULL : &e->groups,
                      e == NULL || e->run_global_interceptors,
                      e == NULL ? NULL : e->interceptors);
    if (code != ERR_OK)
        return code;
    for (size_t i = 0; i < info->n_ops; i++) {
        struct operation *o = &api->ops[i];

        *o = (struct operation){ .api = api, .access = &api->access };
        set_operation(b, o, &info->ops[i],
                      image_service(image, info->ops[i].service));
        routes[(*n_routes)++] =
            (struct route_entry){ info->base_path, info->ops[i].path,
                                  info->ops[i].method, o, api };
    }
    for (size_t i = 0; i < ARRAY_LEN(document_methods); i++)
        routes[(*n_routes)++] =
            (struct route_entry){ info->base_path, STR("/api-docs"),
                                  str_of(document_methods[i]), NULL, api };
    return ERR_OK;
}

/* An API whose basePath another has, or whose own paths clash, stays out. */
static enum err
check_api(struct arena *scratch, const struct image_info *info,
          const struct route_entry *routes, size_t n, struct table *bases,
          struct err_info *why)
{
    struct route_table *trial;

    if (table_get(bases, info->base_path) != NULL)
        return err_set(
            why, ERR_EXISTS, "basePath " STR_FMT " belongs to API " STR_FMT,
            STR_ARG(info->base_path),
            STR_ARG(
                ((const struct image_info *)table_get(bases, info->base_path))
                    ->name));
    return route_table_new(scratch, routes, n, &trial, why);
}

static enum err
add_apis(struct building *b)
{
    struct snapshot *s = b->s;
    size_t n = 0, n_routes = 0;
    struct route_entry *routes;
    struct table bases;
    enum err e = ERR_OK;

    for (size_t i = 0; i < s->artefacts->folders[PLACE_APIS].n_images; i++)
        n += image_info(s->artefacts->folders[PLACE_APIS].images[i])->n_ops +
             ARRAY_LEN(document_methods);
    routes = ARENA_ARRAY(&s->arena, struct route_entry, n + 1);
    s->apis = ARENA_ARRAY(&s->arena, struct api_entry *,
                          s->artefacts->folders[PLACE_APIS].n_images + 1);
    if (routes == NULL || s->apis == NULL)
        return building_no_storage(b);
    table_init(&bases);
    for (size_t i = 0;
         e == ERR_OK && i < s->artefacts->folders[PLACE_APIS].n_images; i++) {
        const struct image_info *info =
            image_info(s->artefacts->folders[PLACE_APIS].images[i]);
        size_t before = n_routes;
        struct arena scratch;
        struct err_info clash;

        e = add_api(b, s->artefacts->folders[PLACE_APIS].images[i], routes,
                    &n_routes);
        if (e != ERR_OK)
            break;
        arena_init(&scratch, SNAPSHOT_BYTES_MAX);
        if (check_api(&scratch, info, routes + before, n_routes - before,
                      &bases, &clash) != ERR_OK) {
            MESSAGES_LOG(b->log, LOGGER, "BAQR7091E", info->name,
                         str_of(clash.text));
            n_routes = before;
        } else if (!table_put(&bases, info->base_path, (void *)(uintptr_t)info,
                              NULL)) {
            e = building_no_storage(b);
        }
        arena_fini(&scratch);
    }
    table_fini(&bases);
    if (e == ERR_OK)
        e = route_table_new(&s->arena, routes, n_routes, &s->routes, b->why);
    return e;
}

static enum err
add_services(struct building *b)
{
    struct snapshot *s = b->s;
    const struct cfg_zcon_services *all = CFG_ONE(s->tree, zcon_services);

    for (size_t i = 0; i < s->artefacts->folders[PLACE_SERVICES].n_images;
         i++) {
        const struct image *image =
            s->artefacts->folders[PLACE_SERVICES].images[i];
        const struct cfg_zcon_service *e = NULL;
        struct service_entry *entry =
            ARENA_NEW(&s->arena, struct service_entry);
        enum err code;

        if (entry == NULL)
            return building_no_storage(b);
        entry->info = image_info(image);
        for (size_t k = 0; k < all->n_services; k++) {
            if (str_eq(all->services[k].name, entry->info->name))
                e = &all->services[k];
        }
        code = set_access(b, &entry->access,
                          e == NULL ? CFG_UNSET : e->require_auth,
                          e == NULL ? CFG_UNSET : e->require_secure,
                          e == NULL ? NULL : &e->groups,
                          e == NULL || e->run_global_interceptors,
                          e == NULL ? NULL : e->interceptors);
        if (code != ERR_OK)
            return code;
        entry->op = (struct operation){ .access = &entry->access };
        set_operation(b, &entry->op, &entry->info->ops[0],
                      &entry->info->services[0]);
        if (!table_put(&s->services, entry->info->name, entry, NULL))
            return building_no_storage(b);
    }
    return ERR_OK;
}

/* --- requesters ---------------------------------------------------------- */

static enum err
add_requester(struct building *b, const struct image *image)
{
    struct snapshot *s = b->s;
    const struct cfg_zcon_requesters *all = CFG_ONE(s->tree, zcon_requesters);
    const struct cfg_zcon_requester *e = NULL;
    struct requester_entry *entry =
        ARENA_NEW(&s->arena, struct requester_entry);
    struct endpoint *endpoint;
    enum err code;

    if (entry == NULL)
        return building_no_storage(b);
    entry->info = image_info(image);
    for (size_t i = 0; i < all->n_requesters; i++) {
        if (str_eq(all->requesters[i].name, entry->info->name))
            e = &all->requesters[i];
    }
    code = set_access(
        b, &entry->access,
        e != NULL && e->require_auth != CFG_UNSET ? e->require_auth
                                                  : all->require_auth,
        e == NULL ? CFG_UNSET : e->require_secure,
        e == NULL ? NULL : &e->groups, e == NULL || e->run_global_interceptors,
        e == NULL ? NULL : e->interceptors);
    if (code != ERR_OK)
        return code;
    entry->access.id_assertion =
        e != NULL && e->id_assertion != CFG_ASSERT_UNSET ? e->id_assertion
                                                         : all->id_assertion;
    entry->access.allow_unsigned = all->allow_unsigned_identity;
    code = endpoint_new(&s->arena, s->tree, b->stores, b->log,
                        entry->info->connection_ref, &endpoint, b->why);
    if (code != ERR_OK)
        return code;
    if (b->is_update && endpoint->lacks_keys) {
        endpoint_close(endpoint);
        return err_set(b->why, ERR_NOT_NOW,
                       "zosconnect_endpointConnection " STR_FMT ": %s",
                       STR_ARG(entry->info->connection_ref), endpoint->problem);
    }
    entry->endpoint = endpoint;
    return table_put(&s->requesters, entry->info->name, entry, NULL)
               ? ERR_OK
               : building_no_storage(b);
}

/* Key stores whose files are looked at now and then. */
static enum err
note_polled(struct building *b)
{
    struct snapshot *s = b->s;
    const struct tls_polled *polled;
    size_t n = tls_stores_polled(b->stores, &polled);

    s->polled = ARENA_ARRAY(&s->arena, struct polled_file, n + 1);
    if (s->polled == NULL)
        return building_no_storage(b);
    for (size_t i = 0; i < n; i++) {
        s->polled[i].rate_ms = polled[i].rate_ms;
        s->polled[i].path = str_z(&s->arena, polled[i].path);
        if (s->polled[i].path == NULL)
            return building_no_storage(b);
        polled_stamp(s->polled[i].path, &s->polled[i].stamp);
        s->n_polled = i + 1;
    }
    return ERR_OK;
}

struct snapshot *
snapshot_empty(struct cfg_tree *tree)
{
    struct snapshot *s = calloc(1, sizeof *s);

    if (s == NULL)
        return NULL;
    s->refs = 1;
    arena_init(&s->arena, SNAPSHOT_BYTES_MAX);
    table_init(&s->services);
    table_init(&s->requesters);
    table_init(&s->link_tls);
    s->tree = cfg_ref(tree);
    s->limits = CFG_ONE(tree, request_limits);
    return s;
}

enum err
snapshot_new(struct cfg_tree *tree, struct artefacts *artefacts,
             struct saf_client *saf, struct messages_log *log,
             const struct tls_shared *shared, bool is_update,
             struct snapshot **out, struct err_info *why)
{
    struct snapshot *s = snapshot_empty(tree);
    struct building b = {
        .s = s, .log = log, .why = why, .is_update = is_update
    };
    struct err_info own;
    enum err e;

    if (why == NULL)
        b.why = &own;
    if (s == NULL)
        return building_no_storage(&b);
    s->artefacts = artefacts_ref(artefacts);
    if ((e = tls_stores_new(saf, log, shared, tree, &b.stores, b.why)) !=
            ERR_OK ||
        (e = set_policies(&b)) != ERR_OK ||
        (e = chain_set_new(&s->arena, log, is_update, &s->chains, b.why)) !=
            ERR_OK ||
        (e = set_access(&b, &s->admin, CFG_UNSET, CFG_UNSET, NULL, true,
                        NULL)) != ERR_OK ||
        (e = add_apis(&b)) != ERR_OK || (e = add_services(&b)) != ERR_OK ||
        (e = link_tls_build(tree, b.stores, log, is_update, &s->link_tls,
                            b.why)) != ERR_OK)
        goto out;
    for (size_t i = 0; i < artefacts->folders[PLACE_REQUESTERS].n_images; i++) {
        e = add_requester(&b, artefacts->folders[PLACE_REQUESTERS].images[i]);
        if (e != ERR_OK)
            goto out;
    }
    if ((e = building_ports(&b)) == ERR_OK)
        e = note_polled(&b);
out:
    tls_stores_free(&b.stores);
    if (e != ERR_OK)
        snapshot_unref(&s);
    else
        *out = s;
    return e;
}

const char *
snapshot_polled_change(struct snapshot *s, uint64_t now_ms)
{
    for (size_t i = 0; i < s->n_polled; i++) {
        struct polled_file *p = &s->polled[i];
        struct polled_stamp now;

        if (p->next_ms == 0)
            p->next_ms = now_ms + p->rate_ms; /* it has just been read */
        if (now_ms < p->next_ms)
            continue;
        p->next_ms = now_ms + p->rate_ms;
        polled_stamp(p->path, &now);
        if (memcmp(&now, &p->stamp, sizeof now) != 0)
            return p->path;
    }
    return NULL;
}

void
snapshot_polled_seen(struct snapshot *s)
{
    for (size_t i = 0; i < s->n_polled; i++)
        polled_stamp(s->polled[i].path, &s->polled[i].stamp);
}

struct snapshot *
snapshot_ref(struct snapshot *s)
{
    __atomic_add_fetch(&s->refs, 1, __ATOMIC_RELAXED);
    return s;
}

void
snapshot_unref(struct snapshot **at)
{
    struct snapshot *s = *at;
    struct str name;
    void *value;

    *at = NULL;
    if (s == NULL || __atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    for (size_t pos = 0; table_next(&s->requesters, &pos, &name, &value);)
        endpoint_close(((struct requester_entry *)value)->endpoint);
    for (size_t i = 0; i < s->n_ports; i++) {
        tls_config_unref(&s->ports[i].tls);
        web_close(s->ports[i].web);
    }
    user_registry_unset(s);
    link_tls_fini(&s->link_tls);
    chain_set_close(s->chains);
    table_fini(&s->services);
    table_fini(&s->requesters);
    artefacts_unref(&s->artefacts);
    cfg_unref(&s->tree);
    arena_fini(&s->arena);
    free(s);
}
