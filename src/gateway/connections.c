/*
 * Provider connections of one loop, opened when first used and kept: a changed
 * element takes effect at restart, as in the original.
 */
#include "gateway/serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SETTINGS_MAX 16u

struct serve_conn {
    struct serve_conn *next;
    const struct provider *provider;
    struct provider_conn *conn;
    size_t n;
    char id[];
};

struct settings {
    struct provider_setting v[SETTINGS_MAX];
    size_t n;
    struct tls_config *tls; /* borrowed from the snapshot */
    bool lacks_tls;         /* wanted, but its key store cannot be used */
    char numbers[SETTINGS_MAX][24];
};

static void
add_text(struct settings *s, const char *name, struct str value)
{
    if (value.n > 0)
        s->v[s->n++] = (struct provider_setting){ str_of(name), value };
}

static void
add_number(struct settings *s, const char *name, int64_t value)
{
    char *text = s->numbers[s->n];

    snprintf(text, sizeof s->numbers[0], "%lld", (long long)value);
    s->v[s->n++] = (struct provider_setting){ str_of(name), str_of(text) };
}

/* The attributes of zosconnect_cicsIpicConnection; durations in ms. */
static bool
cics_settings(const struct snapshot *snapshot, struct str id,
              struct settings *s)
{
    const struct cfg_zcon_ipic *e =
        cfg_find(snapshot->tree, &cfg_type_zcon_ipic, id);

    if (e == NULL)
        return false;
    add_text(s, "host", e->host);
    add_number(s, "port", e->port);
    add_text(s, "zosConnectApplid", e->zos_connect_applid);
    add_text(s, "zosConnectNetworkid", e->zos_connect_networkid);
    add_text(s, "cicsApplid", e->cics_applid);
    add_text(s, "cicsNetworkid", e->cics_networkid);
    add_number(s, "sendSessions", e->send_sessions);
    add_number(s, "connectionTimeout", e->connection_timeout_ms);
    add_number(s, "heartbeatInterval", e->heartbeat_interval_ms);
    add_number(s, "connectionRetryInterval", e->connection_retry_interval_ms);
    add_text(s, "transid", e->transid);
    add_text(s, "transidUsage",
             e->transid_usage == 1 ? STR("EIB_AND_MIRROR") : STR("EIB_ONLY"));
    s->tls = e->ssl == NULL ? NULL : table_get(&snapshot->link_tls, id);
    s->lacks_tls = e->ssl != NULL && s->tls == NULL;
    if (e->auth_data != NULL) {
        add_text(s, "authUser", e->auth_data->user);
        add_text(s, "authPassword", secret_view(&e->auth_data->password));
    }
    return true;
}

/* Elements that describe connections; adding a kind is adding a row. */
static const struct {
    const char *element;
    bool (*settings)(const struct snapshot *, struct str id, struct settings *);
} kinds[] = {
    { "zosconnect_cicsIpicConnection", cics_settings },
};

static struct provider_conn *
open_conn(struct serve *serve, const struct snapshot *snapshot,
          const struct provider *provider, struct str id, struct err_info *why)
{
    struct settings s = { .n = 0 };
    struct serve_conn *c;
    size_t kind = 0;

    while (kind < ARRAY_LEN(kinds) &&
           strcmp(kinds[kind].element, provider->element) != 0)
        kind++;
    if (kind == ARRAY_LEN(kinds) || !kinds[kind].settings(snapshot, id, &s)) {
        (void)err_set(why, ERR_NOT_FOUND,
                      "there is no %s with id \"" STR_FMT "\"",
                      provider->element, STR_ARG(id));
        return NULL;
    }
    if (s.lacks_tls) {
        (void)err_set(why, ERR_NOT_FOUND,
                      "the key store of sslCertsRef of %s \"" STR_FMT
                      "\" cannot be used",
                      provider->element, STR_ARG(id));
        return NULL;
    }
    c = calloc(1, sizeof *c + id.n);
    if (c == NULL) {
        (void)err_set(why, ERR_MEMORY, "no storage for a connection");
        return NULL;
    }
    if (provider->open(serve->loop, id, s.v, s.n, s.tls, &c->conn, why) !=
        ERR_OK) {
        free(c);
        return NULL;
    }
    c->provider = provider;
    c->n = id.n;
    memcpy(c->id, id.p, id.n);
    c->next = serve->conns;
    serve->conns = c;
    return c->conn;
}

struct provider_conn *
serve_connection(struct serve *serve, struct snapshot *snapshot,
                 const struct provider *provider, struct str id,
                 struct err_info *why)
{
    for (struct serve_conn *c = serve->conns; c != NULL; c = c->next) {
        if (c->provider == provider && str_eq(str_n(c->id, c->n), id))
            return c->conn;
    }
    return open_conn(serve, snapshot, provider, id, why);
}

void
serve_close_connections(struct serve *serve)
{
    while (serve->conns != NULL) {
        struct serve_conn *c = serve->conns;

        serve->conns = c->next;
        c->provider->close(&c->conn);
        free(c);
    }
}
