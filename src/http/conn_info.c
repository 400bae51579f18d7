/* What a handler may ask about its request and the connection it came over. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "http/conn.h"

bool
http_conn_is_tls(const struct http_conn *conn)
{
    return conn->is_tls;
}

struct str
http_conn_certificate(struct arena *arena, const struct http_conn *conn)
{
    unsigned char *der = NULL;
    struct str copy;
    size_t n = 0;

    if (!conn->is_tls || conn->state == CONN_CLOSED ||
        stream_peer_certificate(&conn->stream, &der, &n) != ERR_OK)
        return STR("");
    copy = str_dup(arena, str_n(der, n));
    free(der);
    return copy;
}

struct str
http_conn_certificate_digest(const struct http_conn *shared)
{
    /* Asked for once and kept: the connection itself does not change. */
    struct http_conn *conn = (struct http_conn *)(uintptr_t)shared;

    if (conn->is_tls && !conn->has_digest) {
        conn->has_digest = true;
        if (stream_peer_digest(&conn->stream, conn->digest))
            conn->digest_bytes = sizeof conn->digest;
    }
    return str_n(conn->digest, conn->digest_bytes);
}

/* An IPv4 client of a socket that takes both is shown as IPv4. */
static void
print_address(const union conn_address *address, char *text, socklen_t cap)
{
    const struct in6_addr *v6 = &address->v6.sin6_addr;

    text[0] = '\0';
    if (address->any.sa_family == AF_INET)
        inet_ntop(AF_INET, &address->v4.sin_addr, text, cap);
    else if (address->any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(v6))
        inet_ntop(AF_INET, &v6->s6_addr[12], text, cap);
    else if (address->any.sa_family == AF_INET6)
        inet_ntop(AF_INET6, v6, text, cap);
}

struct str
http_conn_peer(const struct http_conn *shared)
{
    struct http_conn *conn = (struct http_conn *)(uintptr_t)shared;

    if (conn->peer_text[0] == '\0')
        print_address(&conn->peer, conn->peer_text, sizeof conn->peer_text);
    return str_of(conn->peer_text);
}

unsigned
http_conn_peer_port(const struct http_conn *conn)
{
    if (conn->peer.any.sa_family == AF_INET)
        return ntohs(conn->peer.v4.sin_port);
    if (conn->peer.any.sa_family == AF_INET6)
        return ntohs(conn->peer.v6.sin6_port);
    return 0;
}

struct str
http_conn_local(struct arena *arena, const struct http_conn *conn)
{
    union conn_address address = { 0 };
    socklen_t n = sizeof address;
    char text[INET6_ADDRSTRLEN];

    if (conn->state == CONN_CLOSED ||
        getsockname(conn->stream.watch.fd, &address.any, &n) < 0)
        return STR("");
    print_address(&address, text, sizeof text);
    return str_dup(arena, str_of(text));
}

unsigned
http_conn_port(const struct http_conn *conn)
{
    return conn->server->port;
}

/* What a source of unknown length makes is counted by nobody. */
static size_t
body_bytes(const struct http_reply *reply)
{
    if (reply->source == NULL)
        return reply->body.n;
    return reply->source_bytes == HTTP_LENGTH_UNKNOWN
               ? 0
               : (size_t)reply->source_bytes;
}

void
conn_tell_done(struct http_conn *conn, struct exchange *ex,
               const struct http_reply *reply, bool with_body,
               const char *refused)
{
    const struct http_server_events *events = &conn->server->events;
    struct http_request nothing = { .conn = conn };
    struct http_done done = {
        .status = reply->status,
        .body_bytes = with_body ? body_bytes(reply) : 0,
        .headers = reply->headers,
        .n_headers = reply->n_headers,
        .refused = refused,
        .started_us = ex == NULL ? 0 : ex->started_us,
    };

    if (events->on_done != NULL)
        events->on_done(ex == NULL ? &nothing : &ex->request, &done,
                        events->arg);
}

const char conn_not_taken[] = "the client does not take its answer";

void
conn_tell_stalled(struct http_conn *conn, const char *why)
{
    conn_tell_done(conn, NULL, &(struct http_reply){ .status = 0 }, false, why);
}

void
http_conn_set(struct http_conn *conn, void *value, void (*free_value)(void *))
{
    if (conn->slot_free != NULL)
        conn->slot_free(conn->slot);
    conn->slot = value;
    conn->slot_free = free_value;
}

void *
http_conn_get(const struct http_conn *conn)
{
    return conn->slot;
}

bool
http_header_is_valid(const struct http_header *header)
{
    return http_is_token(header->name) && http_is_field_value(header->value);
}

bool
http_header_get(const struct http_request *request, const char *name,
                struct str *out)
{
    struct str wanted = str_of(name);

    for (size_t i = 0; i < request->n_headers; i++)
        if (str_eq_nocase(request->headers[i].name, wanted)) {
            *out = request->headers[i].value;
            return true;
        }
    return false;
}
