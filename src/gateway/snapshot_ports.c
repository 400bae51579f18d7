/*
 * The ports of the httpEndpoint elements: options, who may connect, TLS. What
 * is wrong with one leaves that endpoint closed.
 */
#include "gateway/key_files.h"
#include "gateway/placed.h"
#include "gateway/snapshot_priv.h"
#include "gateway/tls_outbound.h"

#define LOGGER "com.ibm.zosconnect.internal.ZosConnectServiceImpl"
#define HOST_LOGGER "com.ibm.ws.http.internal.VirtualHostMap"
#define TCP_LOGGER "com.ibm.ws.tcpchannel.internal.TCPChannelConfiguration"
#define PORT_LOGGER "com.ibm.ws.tcpchannel.internal.TCPPort"
#define INACTIVITY_MS_MAX 3600000

static void
set_http_options(struct http_server_options *o,
                 const struct cfg_http_endpoint *e,
                 const struct cfg_request_limits *limits)
{
    const struct cfg_http_options *h = e->http_options;

    http_server_defaults(o);
    o->streams_bodies = true;
    o->keep_alive = h->keep_alive_enabled;
    o->max_keep_alive_requests = (int)h->max_keep_alive_requests;
    o->persist_timeout_ms = (uint32_t)h->persist_timeout_ms;
    o->read_timeout_ms = (uint32_t)h->read_timeout_ms;
    o->write_timeout_ms = (uint32_t)h->write_timeout_ms;
    o->max_field_bytes = (uint32_t)h->limit_field_size;
    o->max_headers = (uint32_t)h->limit_num_headers;
    if (h->message_size_limit >= 0)
        o->max_body_bytes = (size_t)h->message_size_limit;
    if (e->tcp_options->inactivity_timeout_ms > 0)
        o->handshake_timeout_ms =
            (uint32_t)e->tcp_options->inactivity_timeout_ms;
    o->max_connections = (uint32_t)e->tcp_options->max_open_connections;
    o->retry_after_s = (uint32_t)((limits->retry_after_ms + 999) / 1000);
    o->http2 = str_eq_nocase_z(e->protocol_version, "http/2");
    o->h2_idle_timeout_ms = (uint32_t)h->http2_connection_idle_timeout_ms;
    o->h2_max_streams = (uint32_t)h->max_concurrent_streams;
    o->h2_max_frame_bytes = (uint32_t)h->max_frame_size;
    o->h2_connection_window = (uint32_t)h->connection_window_size;
    o->h2_stream_window = (uint32_t)h->settings_initial_window_size;
    o->h2_max_resets = (uint32_t)h->max_reset_frames;
    o->h2_resets_window_ms = (uint32_t)h->reset_frames_window_ms;
    o->h2_max_refused = (uint32_t)h->max_streams_refused;
}

/* The attribute whose list a message of admit_new() is about. */
static const char *
list_of(const char *id)
{
    static const struct {
        const char *id, *attr;
    } rows[] = {
        { "CWWKO0202E", "addressExcludeList" },
        { "CWWKO0203E", "addressIncludeList" },
        { "CWWKO0204E", "hostNameExcludeList" },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (str_eq_z(str_of(id), rows[i].id))
            return rows[i].attr;
    return "hostNameIncludeList";
}

/* A list that says something else than it means must not let anybody in. */
static enum err
set_admit(struct building *b, struct port_entry *p,
          const struct cfg_http_endpoint *e, bool is_said)
{
    struct str bad = STR("");
    const char *id;
    enum err code =
        admit_new(&b->s->arena, e->tcp_options, &p->admit, &bad, &id);

    if (code == ERR_SYNTAX) {
        if (!is_said)
            PLACED_LOG(b->log, LOGGER,
                       PLACE_ITEM(&e->tcp_options->node, list_of(id), bad), id,
                       e->node.id);
        return err_set(b->why, code,
                       "tcpOptions: \"" STR_FMT
                       "\" is not an IPv4 address, an IPv6 address in full or "
                       "a host name, as its list asks for",
                       STR_ARG(str_sub(bad, 0, 100)));
    }
    return code == ERR_OK ? code : building_no_storage(b);
}

/* The original's channel is not constructed then. */
static enum err
check_tcp(struct building *b, const struct cfg_http_endpoint *e, bool is_said)
{
    const struct cfg_tcp_options *o = e->tcp_options;
    struct str value, most;

    if (o->inactivity_timeout_ms >= 0 &&
        o->inactivity_timeout_ms <= INACTIVITY_MS_MAX)
        return ERR_OK;
    value = str_fmt(&b->s->arena, "%lld", (long long)o->inactivity_timeout_ms);
    most = str_fmt(&b->s->arena, "%d", INACTIVITY_MS_MAX);
    if (!is_said)
        PLACED_LOG(b->log, TCP_LOGGER, PLACE(&o->node, "inactivityTimeout"),
                   "CWWKO0211E", e->node.id, STR("inactivityTimeout"), value,
                   STR("0"), most);
    return err_set(b->why, ERR_LIMIT,
                   "tcpOptions: inactivityTimeout is not 0 to an hour");
}

static const struct cfg_ssl *
ssl_of(const struct building *b, const struct cfg_http_endpoint *e)
{
    if (e->ssl_options != NULL && e->ssl_options->ssl != NULL)
        return e->ssl_options->ssl;
    return CFG_ONE(b->s->tree, ssl_default)->ssl;
}

/* A reference that leads nowhere: what it would fall back to may ask clients
 * for less than meant. */
static bool
names_no_ssl(struct building *b, const struct cfg_http_endpoint *e)
{
    const struct cfg_ssl_default *fallback = CFG_ONE(b->s->tree, ssl_default);
    const struct cfg_node *from = &fallback->node;
    struct str name = STR("");

    if (e->ssl_options != NULL && e->ssl_options->ssl == NULL) {
        from = &e->ssl_options->node;
        name = cfg_written(from, "sslRef");
    }
    if (name.n == 0 && fallback->ssl == NULL &&
        (e->ssl_options == NULL || e->ssl_options->ssl == NULL)) {
        from = &fallback->node;
        name = cfg_written(from, "sslRef");
    }
    if (name.n == 0)
        return false;
    PLACED_LOG(b->log, LOGGER, PLACE(from, "sslRef"), "SPT0496E", from->name,
               name, e->node.id);
    (void)err_set(b->why, ERR_NOT_FOUND, "there is no ssl " STR_FMT,
                  STR_ARG(name));
    return true;
}

/* *is_open: it is one of the snapshot's. Not ERR_OK: what is wrong refuses an
 * update. */
static enum err
set_tls(struct building *b, struct port_entry *p,
        const struct cfg_http_endpoint *e, bool *is_open)
{
    const struct cfg_ssl *ssl = ssl_of(b, e);
    enum err code;

    *is_open = false;
    if (names_no_ssl(b, e))
        return b->is_update ? ERR_NOT_FOUND : ERR_OK;
    if (ssl == NULL) {
        PLACED_LOG(b->log, LOGGER, PLACE(&e->node, "sslOptionsRef"),
                   "CWPKI0817A", STR(KEY_STORE_DEFAULT));
        return ERR_OK; /* no key store: the port stays closed */
    }
    code = tls_store_build(b->stores, ssl, e, STR(""), &p->tls, b->why);
    *is_open = code == ERR_OK;
    if (code != ERR_OK)
        PLACED_LOG(b->log, LOGGER,
                   PLACE(&ssl->node,
                         tls_ciphers_check(ssl->enabled_ciphers, NULL) == ERR_OK
                             ? NULL
                             : "enabledCiphers"),
                   "CWWKO0800E", str_of(b->why->text));
    return b->is_update ? code : ERR_OK;
}

static bool
is_same_socket(const struct port_entry *a, const struct port_entry *b)
{
    return a->port == b->port &&
           (str_eq_nocase(a->host, b->host) || str_eq_z(a->host, "*") ||
            str_eq_z(b->host, "*"));
}

void
port_say_rival(const struct port_entry *p, struct err_info *why)
{
    (void)err_set(why, ERR_EXISTS, "it is the %s of httpEndpoint " STR_FMT,
                  p->rival->is_tls ? "httpsPort" : "httpPort",
                  STR_ARG(p->rival->endpoint_id));
}

/* An update that adds one is refused: the message is its. */
static void
find_rival(struct building *b, struct port_entry *p,
           const struct cfg_http_endpoint *e)
{
    struct arena *arena = &b->s->arena;
    const struct port_entry *other = b->s->ports;
    struct err_info why = { 0 };

    while (other < p && (other->rival != NULL || !is_same_socket(other, p)))
        other++;
    if (other == p)
        return;
    p->rival = other;
    if (b->is_update)
        return;
    port_say_rival(p, &why);
    PLACED_LOG(b->log, PORT_LOGGER,
               PLACE(&e->node, p->is_tls ? "httpsPort" : "httpPort"),
               "CWWKO0221E",
               str_fmt(arena, STR_FMT "%s", STR_ARG(e->node.id),
                       p->is_tls ? "-ssl" : ""),
               p->host, str_fmt(arena, "%u", p->port), str_of(why.text));
}

static enum err
too_many(struct building *b, const struct cfg_http_endpoint *e)
{
    char where[CFG_WHERE_MAX];
    struct str place = cfg_where(&e->node, NULL, STR(""), where);

    return err_set(b->why, ERR_LIMIT,
                   STR_FMT STR_FMT
                   ": more than %u ports: set ports to -1, endpoints to "
                   "enabled=\"false\", or share them among several servers",
                   STR_ARG(str_sub(e->node.name, 0, 100)), STR_ARG(place),
                   SNAPSHOT_PORTS_MAX);
}

/* *is_open false: something is wrong with it, which was said. Not ERR_OK: that
 * refuses an update. */
static enum err
make_port(struct building *b, struct port_entry *p,
          const struct cfg_http_endpoint *e, bool is_tls, bool *is_open)
{
    struct snapshot *s = b->s;
    /* of its other port it has been */
    bool is_said = is_tls && e->http_port > 0;
    struct web_making making = { b->log, b->is_check, is_said };
    enum err code = ERR_OK;

    *is_open = false;
    *p = (struct port_entry){
        .endpoint_id = e->node.id,
        .host = e->host,
        .port = (uint16_t)(is_tls ? e->https_port : e->http_port),
        .is_tls = is_tls,
        .https_port = e->https_port > 0 ? (uint16_t)e->https_port : 0,
        .suppress_errors =
            e->ssl_options != NULL && e->ssl_options->suppress_handshake_errors,
    };
    set_http_options(&p->options, e, s->limits);
    p->open_retries = (uint32_t)e->tcp_options->port_open_retries;
    p->reuses_address = e->tcp_options->so_reuse_addr;
    if ((code = check_tcp(b, e, is_said)) != ERR_OK ||
        (code = set_admit(b, p, e, is_said)) != ERR_OK ||
        (code = web_new(&s->arena, s->tree, e, &making, &p->web, b->why)) !=
            ERR_OK) {
        if (!is_said)
            PLACED_LOG(b->log, LOGGER, PLACE(&e->node, NULL), "SPT0413E",
                       e->node.id, str_of(b->why->text));
        return b->is_update ? code : ERR_OK;
    }
    *is_open = true;
    if (is_tls && ((code = set_tls(b, p, e, is_open)) != ERR_OK || !*is_open)) {
        *is_open = false;
        web_close(p->web);
        p->web = NULL;
    }
    return code;
}

static enum err
add_port(struct building *b, const struct cfg_http_endpoint *e, bool is_tls)
{
    struct snapshot *s = b->s;
    struct port_entry *p = &s->ports[s->n_ports];
    bool is_open = false;
    enum err code;

    if (s->n_ports == SNAPSHOT_PORTS_MAX)
        return too_many(b, e);
    code = make_port(b, p, e, is_tls, &is_open);
    if (code != ERR_OK || !is_open)
        return code;
    find_rival(b, p, e);
    s->n_ports++;
    return ERR_OK;
}

/* A check says of an endpoint without a port, or without one for the TLS that
 * somebody wrote, what would be said as soon as it has one. */
static void
judge_closed(struct building *b, const struct cfg_http_endpoint *e)
{
    bool has_port = e->http_port > 0 || e->https_port > 0;
    bool has_tls = e->https_port <= 0 && e->ssl_options != NULL &&
                   cfg_written(&e->ssl_options->node, "sslRef").n > 0;
    struct port_entry p = { 0 };
    bool is_open = false;

    if (!b->is_check || (has_port && !has_tls))
        return;
    IGNORE(make_port(b, &p, e, has_tls, &is_open));
    if (is_open)
        web_close(p.web);
    tls_config_unref(&p.tls);
}

/* The host before v that lists the alias, too. */
static const struct cfg_virtual_host *
host_before(const struct cfg_tree *tree, const struct cfg_virtual_host *v,
            struct str alias)
{
    const struct cfg_virtual_host *other;

    CFG_EACH(tree, virtual_host, other)
    {
        if (other == v)
            break;
        for (size_t i = 0; i < other->host_aliases.n; i++)
            if (str_eq_nocase(other->host_aliases.v[i], alias))
                return other;
    }
    return NULL;
}

/* What no request will ever match is a slip of the pen. */
static void
say_hosts(const struct building *b)
{
    const struct cfg_virtual_host *v, *first;

    CFG_EACH(b->s->tree, virtual_host, v)
    {
        if (v->host_aliases.n == 0 && !str_eq_z(v->node.id, "default_host"))
            PLACED_LOG(b->log, HOST_LOGGER, PLACE(&v->node, NULL), "CWWKT0025W",
                       v->node.id);
        for (size_t i = 0; i < v->host_aliases.n; i++)
            if ((first = host_before(b->s->tree, v, v->host_aliases.v[i])) !=
                NULL)
                PLACED_LOG(
                    b->log, HOST_LOGGER,
                    PLACE_ITEM(&v->node, "hostAlias", v->host_aliases.v[i]),
                    "CWWKT0027W", v->host_aliases.v[i], v->node.id,
                    first->node.id);
        for (size_t i = 0; i < v->host_aliases.n; i++)
            if (!web_alias_is_valid(v->host_aliases.v[i]))
                PLACED_LOG(
                    b->log, HOST_LOGGER,
                    PLACE_ITEM(&v->node, "hostAlias", v->host_aliases.v[i]),
                    "CWWKT0026W", v->node.id, v->host_aliases.v[i]);
        for (size_t i = 0; i < v->allow_from_endpoints.n; i++)
            if (cfg_find(b->s->tree, &cfg_type_http_endpoint,
                         v->allow_from_endpoints.v[i]) == NULL)
                PLACED_LOG(b->log, HOST_LOGGER,
                           PLACE_ITEM(&v->node, "allowFromEndpointRef",
                                      v->allow_from_endpoints.v[i]),
                           "CWWKG0033W", STR("allowFromEndpointRef"),
                           v->allow_from_endpoints.v[i], STR(""));
    }
}

enum err
building_ports(struct building *b)
{
    const struct cfg_http_endpoint *e;
    enum err code = ERR_OK;

    say_hosts(b);
    tls_outbound_check(b->s->tree, b->log);
    CFG_EACH(b->s->tree, http_endpoint, e)
    {
        if (!e->enabled)
            continue;
        if (e->http_port <= 0 && e->https_port <= 0)
            PLACED_LOG(b->log, HOST_LOGGER, PLACE(&e->node, NULL), "CWWKT0009W",
                       e->node.id);
        judge_closed(b, e);
        if (e->http_port > 0 && (code = add_port(b, e, false)) != ERR_OK)
            return code;
        if (e->https_port > 0 && (code = add_port(b, e, true)) != ERR_OK)
            return code;
    }
    return code;
}
