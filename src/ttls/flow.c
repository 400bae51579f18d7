/*
 * EZD1284I: what an environment and a handshake are made of, by the names of
 * the System SSL functions and parameters that stand for it. No password is
 * among them. What must be told of TLS here and is no call there has no line.
 */
#include <stdio.h>
#include <string.h>

#include "ttls/engine.h"

static bool
is_wanted(const struct conn *c)
{
    return c->mapped != NULL && (c->mapped->eff.trace & TTLS_TRACE_FLOW) != 0;
}

static void
set(struct conn *c, const char *what, const char *value)
{
    say_flow(c, 0, "Set", what, value);
}

static void
call(struct conn *c, unsigned rc, const char *what, uint64_t handle)
{
    char text[17];

    (void)snprintf(text, sizeof text, "%016llX", (unsigned long long)handle);
    say_flow(c, rc, "Call", what, text);
}

uint64_t
flow_env_handle(const struct conn *c)
{
    return 0x5100000000ull | c->mapped->eff.env_id;
}

uint64_t
flow_handle(const struct conn *c)
{
    return 0x5000000000ull | c->id;
}

static void
set_ring(struct conn *c)
{
    const struct ttls_effective *e = &c->mapped->eff;
    char ring[1100];

    (void)snprintf(ring, sizeof ring, "%s" STR_FMT "%s" STR_FMT,
                   e->ring_kind == TTLS_RING_TOKEN ? "*TOKEN*/" : "",
                   STR_ARG(e->ring_owner), e->ring_owner.n > 0 ? "/" : "",
                   STR_ARG(e->ring));
    set(c, "GSK_KEYRING_FILE",
        e->ring_kind == TTLS_RING_AUTH ? "*AUTH*/*" : ring);
    if (e->ring_password.n > 0)
        set(c, "GSK_KEYRING_PW", "********");
    if (e->ring_stash_file.n > 0) {
        (void)snprintf(ring, sizeof ring, STR_FMT, STR_ARG(e->ring_stash_file));
        set(c, "GSK_KEYRING_STASH_FILE", ring);
    }
}

static void
set_session_type(struct conn *c)
{
    static const char *const types[] = {
        [TTLS_CLIENT] = "GSK_CLIENT_SESSION",
        [TTLS_SERVER] = "GSK_SERVER_SESSION",
        [TTLS_SERVER_CLIENT_AUTH] = "GSK_SERVER_SESSION_WITH_CL_AUTH",
    };
    static const char *const auths[] = {
        [TTLS_AUTH_PASSTHRU] = "GSK_CLIENT_AUTH_PASSTHRU_TYPE",
        [TTLS_AUTH_FULL] = "GSK_CLIENT_AUTH_FULL_TYPE",
        [TTLS_AUTH_REQUIRED] = "GSK_CLIENT_AUTH_FULL_TYPE",
        [TTLS_AUTH_SAFCHECK] = "GSK_CLIENT_AUTH_FULL_TYPE",
    };
    const struct ttls_effective *e = &c->mapped->eff;

    set(c, "GSK_SESSION_TYPE", types[e->role]);
    if (e->role == TTLS_SERVER_CLIENT_AUTH)
        set(c, "GSK_CLIENT_AUTH_TYPE", auths[e->client_auth]);
}

static void
set_protocols(struct conn *c)
{
    const struct ttls_effective *e = &c->mapped->eff;
    const struct {
        const char *name;
        bool is_on;
    } rows[] = {
        { "GSK_PROTOCOL_SSLV2", false }, /* never */
        { "GSK_PROTOCOL_SSLV3", e->sslv3 },
        { "GSK_PROTOCOL_TLSV1", e->tlsv1 },
        { "GSK_PROTOCOL_TLSV1_1", e->tlsv11 },
        { "GSK_PROTOCOL_TLSV1_2", e->tlsv12 },
        { "GSK_PROTOCOL_TLSV1_3", e->tlsv13 },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        set(c, rows[i].name, rows[i].is_on ? "ON" : "OFF");
}

static void
set_ciphers(struct conn *c)
{
    const struct ttls_codes *v = &c->mapped->eff.ciphers;
    char text[4 * 64 + 1] = "";

    for (size_t i = 0; i < v->n && i < 64; i++)
        (void)snprintf(text + 4 * i, 5, "%04X", v->v[i]);
    set(c, "GSK_V3_CIPHER_SPECS_EXPANDED", text);
}

static void
set_label(struct conn *c)
{
    const struct ttls_effective *e = &c->mapped->eff;
    bool is_server = e->role != TTLS_CLIENT && e->server_labels.n > 0;
    struct str label = is_server ? e->server_labels.v[0] : e->label;
    char text[260];

    if (!is_server && !e->has_label)
        return;
    (void)snprintf(text, sizeof text, STR_FMT, STR_ARG(label));
    set(c, "GSK_KEYRING_LABEL", text);
}

void
flow_environment(struct conn *c)
{
    if (!is_wanted(c))
        return;
    call(c, 0, "GSK_ENVIRONMENT_OPEN", flow_env_handle(c));
    set_ring(c);
    set_session_type(c);
    set_protocols(c);
    set_ciphers(c);
}

void
flow_environment_init(struct conn *c, unsigned rc)
{
    if (is_wanted(c))
        call(c, rc, "GSK_ENVIRONMENT_INIT", flow_env_handle(c));
}

void
flow_handshake(struct conn *c)
{
    char id[9];

    if (!is_wanted(c))
        return;
    (void)snprintf(id, sizeof id, "%08X", c->id);
    call(c, 0, "GSK_SECURE_SOCKET_OPEN", flow_handle(c));
    set(c, "GSK_FD", id);
    set_session_type(c);
    set_label(c);
}

void
flow_handshake_init(struct conn *c, unsigned rc)
{
    if (is_wanted(c))
        call(c, rc, "GSK_SECURE_SOCKET_INIT", flow_handle(c));
}

void
flow_negotiated(struct conn *c, const char *protocol, const char *cipher)
{
    if (!is_wanted(c))
        return;
    say_flow(c, 0, "Get", "GSK_CONNECT_SEC_TYPE", protocol);
    say_flow(c, 0, "Get", "GSK_CONNECT_CIPHER_SPEC", cipher);
}

void
flow_close(struct conn *c)
{
    if (is_wanted(c))
        call(c, 0, "GSK_SECURE_SOCKET_CLOSE", flow_handle(c));
}
