/* What displays show of connections: rows of JSON, one object a connection. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "ttls/engine.h"
#include "ttls/show.h"

static void
put_text(struct buf *out, const char *name, struct str text)
{
    buf_printf(out, "\"%s\":\"", name);
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];

        if (c == '"' || c == '\\')
            buf_add_char(out, '\\');
        if (c >= 0x20)
            buf_add_char(out, (char)c);
    }
    buf_add_z(out, "\",");
}

static void
put_addr(struct buf *out, const char *name, const struct capture_addr *a)
{
    char ip[INET6_ADDRSTRLEN];

    if (addr_is_v4(a))
        (void)inet_ntop(AF_INET, a->ip + 12, ip, sizeof ip);
    else
        (void)inet_ntop(AF_INET6, a->ip, ip, sizeof ip);
    buf_printf(out, "\"%s\":\"%s..%u\",", name, ip, a->port);
}

static const char *
level_of(const struct conn *c)
{
    if (c->ssl == NULL || !c->is_handshake_done)
        return "";
    switch (SSL_version(c->ssl)) {
    case TLS1_VERSION:
        return "TLS VERSION 1.0";
    case TLS1_1_VERSION:
        return "TLS VERSION 1.1";
    case TLS1_2_VERSION:
        return "TLS VERSION 1.2";
    default:
        return "TLS VERSION 1.3";
    }
}

static void
put_rule(struct buf *out, const struct conn *c)
{
    const struct ttls_rule *r = c->mapped->rule;

    put_text(out, "rule", r->obj.name);
    put_text(out, "group", r->group->obj.name);
    put_text(out, "env", r->env == NULL ? STR("") : r->env->obj.name);
    put_text(out, "conn", r->conn == NULL ? STR("") : r->conn->obj.name);
    buf_printf(out, "\"groupId\":\"%08X\",\"envId\":\"%08X\",",
               c->mapped->eff.group_id, c->mapped->eff.env_id);
    buf_printf(out, "\"fips\":%s,",
               c->mapped->eff.fips == TTLS_FIPS_OFF ? "false" : "true");
}

static void
put_parameters(struct buf *out, const char *name, const struct ttls_obj *action)
{
    struct buf text;

    if (action == NULL)
        return;
    buf_init(&text, 256u * 1024u);
    ttls_show_action(action, &text);
    buf_printf(out, "\"%s\":", name);
    ttls_json_text(out, buf_view(&text));
    buf_add_char(out, ',');
    buf_fini(&text);
}

/* Of the policy that the connection has, which need not be the current one. */
static void
put_detail(struct buf *out, const struct ttls_rule *r)
{
    struct buf text;

    buf_init(&text, 256u * 1024u);
    ttls_show_rule(r, &text);
    buf_add_z(out, "\"ruleText\":");
    ttls_json_text(out, buf_view(&text));
    buf_add_char(out, ',');
    buf_fini(&text);
    put_parameters(out, "groupText", &r->group->obj);
    put_parameters(out, "envText", r->env == NULL ? NULL : &r->env->obj);
    put_parameters(out, "connText", r->conn == NULL ? NULL : &r->conn->obj);
}

static void
put_row(struct buf *out, const struct conn *c, struct str request)
{
    const SSL_CIPHER *cipher = c->ssl == NULL || !c->is_handshake_done
                                   ? NULL
                                   : SSL_get_current_cipher(c->ssl);
    char share[8], id[16];

    (void)snprintf(id, sizeof id, "%08X", c->id);
    buf_printf(out, "{\"connId\":\"%s\",", id);
    put_text(out, "job", str_of(c->who.job));
    put_text(out, "user", str_of(c->who.user));
    put_addr(out, "local", &c->local);
    put_addr(out, "remote", &c->remote);
    buf_printf(out, "\"inbound\":%s,\"policy\":%s,\"secondary\":%s,",
               c->is_inbound ? "true" : "false",
               c->mapped != NULL ? "true" : "false",
               c->is_secondary ? "true" : "false");
    put_text(out, "level", str_of(level_of(c)));
    if (cipher != NULL) {
        buf_printf(out, "\"cipher\":\"%04X\",",
                   (unsigned)SSL_CIPHER_get_protocol_id(cipher));
        put_text(out, "cipherName", str_of(SSL_CIPHER_standard_name(cipher)));
        conn_key_share(c, share);
        put_text(out, "keyShare", str_of(share));
    }
    put_text(out, "certUser", str_of(c->peer_user));
    if (c->mapped != NULL)
        put_rule(out, c);
    if (c->mapped != NULL && str_eq_z(request, id))
        put_detail(out, c->mapped->rule);
    buf_printf(out, "\"bytesIn\":%llu,\"bytesOut\":%llu,\"since\":%llu}",
               (unsigned long long)c->n_in, (unsigned long long)c->n_out,
               (unsigned long long)c->started_s);
}

void
engine_rows(struct engine *g, struct str request, struct buf *out)
{
    bool is_first = true;

    buf_add_char(out, '[');
    for (const struct conn *c = g->conns; c != NULL; c = c->next) {
        if (c->state == CONN_ASKING)
            continue;
        if (!is_first)
            buf_add_char(out, ',');
        is_first = false;
        put_row(out, c, request);
    }
    buf_add_char(out, ']');
}
