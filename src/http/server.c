#include "http/server.h"

#include <errno.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "http/conn.h"

#define ACCEPT_AT_ONCE 64
#define ACCEPT_RETRY_MS 100u
/* Descriptors that clients leave to back ends, logs and the angel. */
#define RESERVED_FDS 64u
#define FREE_BUFFERS_MAX 1024u
#define FREE_CONNS_MAX 1024u
#define FREE_EXCHANGES_MAX 256u
/* What a handler may put into one request's arena. */
#define REQUEST_ARENA_MAX ((size_t)256 * 1024 * 1024)
#define KEPT_BODY_BYTES ((size_t)64 * 1024)
/* A request with the first block of its arena. */
#define EXCHANGE_BYTES (sizeof(struct exchange) + 8192)

void
http_server_defaults(struct http_server_options *options)
{
    *options = (struct http_server_options){
        .keep_alive = true,
        .max_keep_alive_requests = 100,
        .persist_timeout_ms = 30000,
        .read_timeout_ms = 60000,
        .write_timeout_ms = 60000,
        .handshake_timeout_ms = 60000,
        .max_field_bytes = 32768,
        .max_headers = 500,
        .max_body_bytes = (size_t)32 * 1024 * 1024,
        .max_connections = 128000,
        .retry_after_s = 1,
        .h2_max_streams = 200,
        .h2_max_frame_bytes = 57344,
        .h2_connection_window = 65535,
        .h2_stream_window = 65535,
        .h2_max_resets = 100,
        .h2_resets_window_ms = 30000,
        .h2_max_refused = 100,
    };
}

/* ---- exchanges ---- */

struct exchange *
exchange_get(struct http_server *server)
{
    struct exchange *ex = server->free_exchanges;

    if (!gauge_take(server->buffer_pool.gauge, EXCHANGE_BYTES,
                    HTTP_MEMORY_REQUESTS))
        return NULL;
    if (ex != NULL) {
        server->free_exchanges = ex->next_free;
        server->n_free_exchanges--;
        return ex;
    }
    ex = calloc(1, sizeof *ex);
    if (ex == NULL) {
        gauge_give(server->buffer_pool.gauge, EXCHANGE_BYTES);
    } else {
        arena_init(&ex->arena, REQUEST_ARENA_MAX);
        buf_init(&ex->body, 0);
        buf_init(&ex->stream.rest, SIZE_MAX);
        http_input_init(&ex->held, &server->buffer_pool);
    }
    return ex;
}

static void
free_exchange(struct exchange *ex)
{
    arena_fini(&ex->arena);
    buf_fini(&ex->body);
    buf_fini(&ex->stream.rest);
    free(ex);
}

void
exchange_put(struct http_server *server, struct exchange *ex)
{
    gauge_give(server->buffer_pool.gauge, EXCHANGE_BYTES + ex->held_bytes);
    ex->held_bytes = 0;
    if (server->n_free_exchanges >= FREE_EXCHANGES_MAX) {
        free_exchange(ex);
        return;
    }
    arena_reset(&ex->arena);
    if (ex->body.cap > KEPT_BODY_BYTES)
        buf_fini(&ex->body);
    else
        buf_clear(&ex->body);
    buf_fini(&ex->stream.rest);
    ex->stream = (struct h2_stream){ .rest = { .max = SIZE_MAX } };
    ex->request.user = NULL;
    ex->on_part = NULL;
    ex->is_expected = false;
    ex->given_bytes = 0;
    ex->next_free = server->free_exchanges;
    server->free_exchanges = ex;
    server->n_free_exchanges++;
}

/* ---- accepting ---- */

static void
set_accepting(struct http_server *server, bool wanted)
{
    if (server->is_accepting == wanted)
        return;
    server->is_accepting = wanted;
    loop_want(server->loop, &server->listener, wanted ? LOOP_READ : 0);
}

static void
on_retry(struct loop_timer *timer)
{
    struct http_server *server = CONTAINER_OF(timer, struct http_server, retry);

    set_accepting(server, true);
}

static void
tell_short(struct http_server *server)
{
    if (server->events.on_no_descriptors != NULL)
        server->events.on_no_descriptors(server->events.arg);
}

/* The kernel gives the lowest free number, so a high one means few are left. */
static int
fd_ceiling(void)
{
    struct rlimit limit;
    rlim_t reserved;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > INT_MAX)
        return INT_MAX;
    reserved = limit.rlim_cur / 4;
    return (int)(limit.rlim_cur -
                 (reserved < RESERVED_FDS ? reserved : RESERVED_FDS));
}

static void
on_accept_failure(struct http_server *server, int number)
{
    switch (number) {
    case EAGAIN:
    case EINTR:
    case ECONNABORTED:
        return;
    default:
        /* Out of descriptors or memory: the queue would keep us spinning. */
        tell_short(server);
        set_accepting(server, false);
        loop_timer_set(server->loop, &server->retry, ACCEPT_RETRY_MS);
    }
}

static bool
has_room(struct http_server *server)
{
    bool was_full = server->is_full;

    server->is_full = server->n_conns >= server->options.max_connections;
    if (server->is_full && !was_full && server->events.on_full != NULL)
        server->events.on_full(server->events.arg);
    return !server->is_full;
}

void
http_server_take(struct http_server *server, int fd,
                 const struct sockaddr *peer, socklen_t n)
{
    if (!server->is_draining && has_room(server) &&
        conn_new(server, fd, peer, n) == ERR_OK)
        return;
    close(fd);
    server_peer_gone(server, peer);
}

static void
admit(struct http_server *server, int fd, const struct sockaddr *peer,
      socklen_t n)
{
    enum http_admit verdict =
        server->events.admits == NULL
            ? HTTP_ADMIT_YES
            : server->events.admits(fd, peer, server->events.arg);

    switch (verdict) {
    case HTTP_ADMIT_NO:
        close(fd);
        break;
    case HTTP_ADMIT_YES:
        http_server_take(server, fd, peer, n);
        break;
    case HTTP_ADMIT_LATER:
        break;
    }
}

static void
on_listener(struct loop_fd *watch, unsigned events)
{
    struct http_server *server =
        CONTAINER_OF(watch, struct http_server, listener);

    (void)events;
    for (int i = 0; i < ACCEPT_AT_ONCE && server->is_accepting; i++) {
        struct sockaddr_storage peer = { 0 };
        socklen_t n = sizeof peer;
        int fd = accept4(watch->fd, (struct sockaddr *)&peer, &n,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0) {
            on_accept_failure(server, errno);
            return;
        }
        if (fd < server->fd_ceiling) {
            admit(server, fd, (struct sockaddr *)&peer, n);
        } else {
            close(fd);
            tell_short(server);
        }
    }
}

static unsigned
port_of(int fd)
{
    struct sockaddr_storage at = { 0 };
    socklen_t n = sizeof at;

    if (getsockname(fd, (struct sockaddr *)&at, &n) < 0)
        return 0;
    if (at.ss_family == AF_INET)
        return ntohs(((struct sockaddr_in *)&at)->sin_port);
    if (at.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&at)->sin6_port);
    return 0;
}

/* ---- the server ---- */

enum err
http_server_new(struct loop *loop, int listener, struct tls_config *tls,
                const struct http_server_options *options,
                const struct http_server_events *events,
                struct http_server **out, struct err_info *why)
{
    struct http_server *server = calloc(1, sizeof *server);
    const int on = 1;
    enum err e;

    if (server == NULL)
        return err_set(why, ERR_MEMORY, "no storage for an HTTP server");
    server->loop = loop;
    server->listener =
        (struct loop_fd){ .fd = listener, .on_event = on_listener };
    server->retry.fire = on_retry;
    server->fd_ceiling = fd_ceiling();
    server->options = *options;
    server->events = *events;
    server->port = port_of(listener);
    pool_init(&server->conn_pool, sizeof(struct http_conn), FREE_CONNS_MAX);
    pool_init(&server->buffer_pool, CONN_BUFFER_BYTES, FREE_BUFFERS_MAX);
    server->conn_pool.gauge = server->buffer_pool.gauge = options->memory;
    /* Inherited by what is accepted; a Unix socket has no such option. */
    (void)setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    e = loop_add(loop, &server->listener, LOOP_READ, why);
    if (e != ERR_OK) {
        free(server);
        return e;
    }
    server->is_accepting = true;
    server->tls = tls_config_ref(tls);
    *out = server;
    return ERR_OK;
}

void
http_server_update(struct http_server *server, struct tls_config *tls,
                   const struct http_server_options *options)
{
    struct tls_config *old = server->tls;

    server->tls = tls_config_ref(tls);
    tls_config_unref(&old);
    server->options = *options;
}

size_t
http_server_connections(const struct http_server *server)
{
    return server->n_conns;
}

static void
stop_accepting(struct http_server *server)
{
    if (server->is_draining)
        return;
    server->is_draining = true;
    server->is_accepting = false;
    loop_timer_clear(server->loop, &server->retry);
    loop_remove(server->loop, &server->listener);
}

static void
end_server(struct http_server *server)
{
    while (server->free_exchanges != NULL) {
        struct exchange *ex = server->free_exchanges;

        server->free_exchanges = ex->next_free;
        free_exchange(ex);
    }
    tls_config_unref(&server->tls);
    pool_fini(&server->conn_pool);
    pool_fini(&server->buffer_pool);
    free(server);
}

static void
tell_drained(struct loop_post *post)
{
    struct http_server *server =
        CONTAINER_OF(post, struct http_server, drained);
    void (*done)(void *) = server->on_drained;

    server->is_drain_posted = false;
    server->on_drained = NULL;
    if (server->is_freed)
        end_server(server);
    else if (done != NULL)
        done(server->drained_arg);
}

/* Deferred: the callers are deep inside a connection. */
static void
check_drained(struct http_server *server)
{
    if (!server->is_draining || server->n_conns > 0 || server->is_drain_posted)
        return;
    server->is_drain_posted = true;
    server->drained.run = tell_drained;
    loop_defer(server->loop, &server->drained);
}

void
server_peer_gone(const struct http_server *server, const struct sockaddr *peer)
{
    if (server->events.on_closed != NULL)
        server->events.on_closed(peer, server->events.arg);
}

void
server_conn_gone(struct http_server *server)
{
    server->n_conns--;
    check_drained(server);
}

void
http_server_drain(struct http_server *server, void (*done)(void *arg),
                  void *arg)
{
    struct http_conn *next;

    server->on_drained = done;
    server->drained_arg = arg;
    stop_accepting(server);
    for (struct http_conn *conn = server->conns; conn != NULL; conn = next) {
        next = conn->next;
        conn_drain(conn);
    }
    check_drained(server);
}

void
http_server_free(struct http_server **server_p)
{
    struct http_server *server = *server_p;
    struct http_conn *next;

    *server_p = NULL;
    if (server == NULL)
        return;
    server->is_freed = true;
    stop_accepting(server);
    for (struct http_conn *conn = server->conns; conn != NULL; conn = next) {
        next = conn->next;
        conn_close(conn);
    }
    check_drained(server);
}
