#include "gateway/endpoint.h"

#include "gateway/placed.h"
#include "gateway/tls_outbound.h"
#include "gateway/tls_store.h"
#include "parse/base64.h"
#include "parse/url.h"

#define LOGGER "com.ibm.zosconnect.apirequester.internal"

/* user:password as the value of Authorization. */
static enum err
set_basic(struct endpoint *p, const struct cfg_zcon_auth_data *data,
          struct err_info *why)
{
    struct buf plain, value;
    bool is_ok;

    if (data == NULL)
        return ERR_OK;
    buf_init(&plain, 4096);
    buf_init(&value, 8192);
    buf_add(&plain, data->user);
    buf_add_char(&plain, ':');
    buf_add(&plain, secret_view(&data->password));
    buf_add_z(&value, "Basic ");
    base64_encode(&value, buf_view(&plain), BASE64_STANDARD);
    is_ok = !plain.failed && !value.failed &&
            secret_dup(buf_view(&value), &p->authorization);
    secret_wipe(plain.p, plain.cap);
    secret_wipe(value.p, value.cap);
    buf_fini(&plain);
    buf_fini(&value);
    return is_ok ? ERR_OK
                 : err_set(why, ERR_MEMORY, "no storage for credentials");
}

static const struct cfg_zcon_auth_data *
basic_of(const struct cfg_zcon_endpoint *e)
{
    for (size_t i = 0; i < e->authentication.n; i++) {
        const struct cfg_zcon_auth_data *data =
            CFG_AS(e->authentication.v[i], zcon_auth_data);

        if (data != NULL)
            return data;
    }
    return e->basic_auth;
}

/* A call without the token that the configuration asks for is not made. */
static bool
wants_token(const struct cfg_zcon_endpoint *e)
{
    for (size_t i = 0; i < e->authentication.n; i++)
        if (CFG_AS(e->authentication.v[i], zcon_auth_data) == NULL)
            return true;
    return false;
}

static const char *
set_tls(struct endpoint *p, const struct cfg_tree *tree,
        struct tls_stores *stores, const struct cfg_zcon_endpoint *e,
        struct arena *arena)
{
    struct str alias;
    const struct cfg_ssl *ssl =
        tls_outbound_of(tree, e->ssl, p->host, p->port, &alias);
    struct err_info why = { .at = 0 };
    const char *copy;

    if (ssl == NULL)
        return "no ssl configuration for outbound connections";
    p->ssl_id = ssl->node.id;
    if (ssl->trust_store != NULL)
        p->trust = ssl->trust_store->location;
    else if (ssl->key_store != NULL)
        p->trust = ssl->key_store->location;
    if (tls_store_build(stores, ssl, NULL, alias, &p->tls, &why) == ERR_OK)
        return NULL;
    copy = str_z(arena, str_of(why.text));
    return copy == NULL ? "TLS cannot be set up" : copy;
}

static void
say_problem(struct messages_log *log, const struct cfg_zcon_endpoint *e,
            struct str id, const char *problem)
{
    if (e == NULL)
        MESSAGES_LOG(log, LOGGER, "BAQR1000W", id, str_of(problem));
    else
        PLACED_LOG(log, LOGGER, PLACE(&e->node, NULL), "BAQR1000W", id,
                   str_of(problem));
}

enum err
endpoint_new(struct arena *arena, const struct cfg_tree *tree,
             struct tls_stores *stores, struct messages_log *log, struct str id,
             struct endpoint **out, struct err_info *why)
{
    struct endpoint *p = ARENA_NEW(arena, struct endpoint);
    const struct cfg_zcon_endpoint *e =
        cfg_find(tree, &cfg_type_zcon_endpoint, id);
    struct url url;
    enum err code = ERR_OK;

    if (p == NULL)
        return err_set(why, ERR_MEMORY, "no storage for an endpoint");
    *out = p;
    p->identity = id;
    if (e == NULL) {
        p->problem = "there is no such zosconnect_endpointConnection";
    } else if (wants_token(e)) {
        p->problem = "authenticationConfigRef names tokens, which are not "
                     "available in this release";
    } else if (url_parse(e->host, &url, NULL) != ERR_OK) {
        p->problem = "host is not http://name or https://name";
    } else {
        p->host = url.host;
        p->port = e->port > 0 ? (unsigned)e->port : url.port;
        p->base_path = e->domain_base_path;
        while (p->base_path.n > 0 && p->base_path.p[p->base_path.n - 1] == '/')
            p->base_path.n--;
        p->connect_timeout_ms = (uint32_t)e->connection_timeout_ms;
        p->receive_timeout_ms = (uint32_t)e->receive_timeout_ms;
        if (url.is_https) {
            p->problem = set_tls(p, tree, stores, e, arena);
            p->lacks_keys = p->problem != NULL;
        }
        code = set_basic(p, basic_of(e), why);
    }
    if (p->problem != NULL)
        say_problem(log, e, id, p->problem);
    return code;
}

void
endpoint_close(const struct endpoint *endpoint)
{
    struct endpoint *p = (struct endpoint *)(uintptr_t)endpoint;

    secret_free(&p->authorization);
    tls_config_unref(&p->tls);
}

static const struct map_value *
value_of(const struct map_value *values, size_t n, enum map_where where,
         struct str name)
{
    for (size_t i = 0; i < n; i++) {
        if (values[i].where == where && str_eq(values[i].name, name))
            return &values[i];
    }
    return NULL;
}

enum err
endpoint_target(const struct endpoint *p, struct str path,
                const struct map_value *values, size_t n, struct buf *out,
                struct err_info *why)
{
    char separator = '?';

    if (p->base_path.n > 0 && p->base_path.p[0] != '/')
        buf_add_char(out, '/');
    buf_add(out, p->base_path);
    while (path.n > 0) {
        size_t open = str_find_char(path, '{');
        size_t close = open == STR_NPOS ? STR_NPOS : str_find_char(path, '}');
        const struct map_value *value;

        if (close == STR_NPOS || close < open) {
            buf_add(out, path);
            break;
        }
        buf_add(out, str_sub(path, 0, open));
        value = value_of(values, n, MAP_PATH, str_sub(path, open + 1, close));
        if (value == NULL || value->value.n == 0)
            return err_set(why, ERR_NOT_FOUND,
                           "path parameter " STR_FMT " has no value",
                           STR_ARG(str_sub(path, open + 1, close)));
        url_encode(out, value->value);
        path = str_sub(path, close + 1, path.n);
    }
    for (size_t i = 0; i < n; i++) {
        if (values[i].where != MAP_QUERY)
            continue;
        buf_add_char(out, separator);
        url_encode(out, values[i].name);
        buf_add_char(out, '=');
        url_encode(out, values[i].value);
        separator = '&';
    }
    return buf_check(out, why);
}
