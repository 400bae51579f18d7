#include "http/client_conn.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Servers usually keep an idle connection for 30 s or more: going first saves
 * the call that would meet a closed one. */
#define IDLE_MS 25000u
#define IDLE_MAX 1024u
#define KEY_BYTES_MAX 4096u
#define FREE_BUFFERS_MAX 256u

/* ---- endpoints ---- */

/* Length before text, so that no two endpoints have one key. */
static void
make_key(struct buf *key, const struct http_origin *origin)
{
    buf_str(key, origin->host);
    buf_u32(key, origin->port);
    buf_u64(key, (uint64_t)(uintptr_t)origin->tls);
    buf_str(key, origin->identity);
}

static struct endpoint *
find_endpoint(struct http_pool *pool, const struct http_origin *origin)
{
    struct endpoint *endpoint;
    struct buf key;

    buf_init(&key, KEY_BYTES_MAX);
    make_key(&key, origin);
    endpoint = key.failed ? NULL : table_get(&pool->endpoints, buf_view(&key));
    buf_fini(&key);
    return endpoint;
}

static void
free_endpoint(struct endpoint *endpoint)
{
    (void)table_remove(&endpoint->pool->endpoints, endpoint->key);
    tls_config_unref(&endpoint->tls);
    free((void *)(uintptr_t)endpoint->key.p);
    free(endpoint);
}

static struct endpoint *
get_endpoint(struct http_pool *pool, const struct http_origin *origin)
{
    struct endpoint *endpoint = find_endpoint(pool, origin);
    struct buf key;

    if (endpoint != NULL)
        return endpoint;
    buf_init(&key, KEY_BYTES_MAX);
    make_key(&key, origin);
    endpoint = calloc(1, sizeof *endpoint);
    if (key.failed || endpoint == NULL ||
        !table_put(&pool->endpoints, buf_view(&key), endpoint, NULL)) {
        buf_fini(&key);
        free(endpoint);
        return NULL;
    }
    /* The reference keeps the configuration's address from being reused by
     * another one while this key stands for it. */
    *endpoint = (struct endpoint){ .pool = pool,
                                   .key = buf_view(&key),
                                   .tls = tls_config_ref(origin->tls) };
    return endpoint;
}

/* ---- connections ---- */

static void
unlink_idle(struct client_conn *conn)
{
    struct endpoint *endpoint = conn->endpoint;

    if (conn->prev != NULL)
        conn->prev->next = conn->next;
    else
        endpoint->idle = conn->next;
    if (conn->next != NULL)
        conn->next->prev = conn->prev;
    conn->prev = conn->next = NULL;
    endpoint->pool->n_idle--;
    loop_timer_clear(endpoint->pool->loop, &conn->idle_timer);
}

static void
free_conn(struct loop_post *post)
{
    free(CONTAINER_OF(post, struct client_conn, end));
}

void
client_conn_close(struct client_conn *conn)
{
    struct endpoint *endpoint = conn->endpoint;
    struct loop *loop = endpoint->pool->loop;

    REQUIRE(!conn->is_closed);
    conn->is_closed = true;
    if (conn->call == NULL)
        unlink_idle(conn);
    conn->call = NULL;
    stream_fini(&conn->stream);
    if (--endpoint->n_conns == 0)
        free_endpoint(endpoint);
    /* Its stream may be on the stack. */
    conn->end.run = free_conn;
    loop_defer(loop, &conn->end);
}

/* An idle connection speaks: a session ticket at best, else it is over. */
static void
on_idle_event(struct client_conn *conn)
{
    char byte;
    size_t n;

    if (stream_read(&conn->stream, &byte, 1, &n) != ERR_AGAIN)
        client_conn_close(conn);
}

static void
on_ready(struct stream *stream)
{
    struct client_conn *conn = CONTAINER_OF(stream, struct client_conn, stream);

    if (conn->call != NULL)
        call_run(conn->call);
    else if (!conn->is_closed)
        on_idle_event(conn);
}

static void
on_idle_timer(struct loop_timer *timer)
{
    client_conn_close(CONTAINER_OF(timer, struct client_conn, idle_timer));
}

struct client_conn *
client_conn_take(struct http_pool *pool, const struct http_origin *origin)
{
    struct endpoint *endpoint = find_endpoint(pool, origin);
    struct client_conn *conn = endpoint == NULL ? NULL : endpoint->idle;

    if (conn == NULL)
        return NULL;
    unlink_idle(conn);
    conn->is_reused = true;
    return conn;
}

enum err
client_conn_new(struct http_pool *pool, const struct http_origin *origin,
                const union address *address, struct client_conn **out,
                struct err_info *why)
{
    struct client_conn *conn = calloc(1, sizeof *conn);
    struct endpoint *endpoint = get_endpoint(pool, origin);
    enum err e = ERR_MEMORY;
    int fd = -1;

    if (conn == NULL || endpoint == NULL) {
        (void)err_set(why, ERR_MEMORY, "no storage for a connection");
        goto fail;
    }
    e = ERR_PEER;
    if ((fd = address_connect(address, why)) < 0)
        goto fail;
    conn->endpoint = endpoint;
    conn->idle_timer.fire = on_idle_timer;
    conn->generation = pool->generation;
    e = stream_init(&conn->stream, pool->loop, fd, false, endpoint->tls,
                    origin->host, on_ready, why);
    if (e != ERR_OK)
        goto fail;
    endpoint->n_conns++;
    *out = conn;
    return ERR_OK;
fail:
    if (fd >= 0)
        close(fd);
    free(conn);
    if (endpoint != NULL && endpoint->n_conns == 0)
        free_endpoint(endpoint);
    return e;
}

void
client_conn_keep(struct client_conn *conn)
{
    struct endpoint *endpoint = conn->endpoint;
    struct http_pool *pool = endpoint->pool;

    if (conn->generation != pool->generation || pool->n_idle >= IDLE_MAX) {
        client_conn_close(conn);
        return;
    }
    conn->call = NULL;
    conn->next = endpoint->idle;
    if (conn->next != NULL)
        conn->next->prev = conn;
    endpoint->idle = conn;
    pool->n_idle++;
    loop_timer_set(pool->loop, &conn->idle_timer, IDLE_MS);
}

/* ---- the pool ---- */

enum err
http_pool_new(struct loop *loop, struct http_pool **out, struct err_info *why)
{
    struct http_pool *pool = calloc(1, sizeof *pool);

    if (pool == NULL)
        return err_set(why, ERR_MEMORY, "no storage for a connection pool");
    pool->loop = loop;
    table_init(&pool->endpoints);
    pool_init(&pool->buffers, CLIENT_BUFFER_BYTES, FREE_BUFFERS_MAX);
    *out = pool;
    return ERR_OK;
}

/* The first endpoint with an idle connection; closing may remove it. */
static struct endpoint *
any_idle(const struct http_pool *pool)
{
    void *value;
    struct str key;
    size_t pos = 0;

    while (table_next(&pool->endpoints, &pos, &key, &value)) {
        struct endpoint *endpoint = value;

        if (endpoint->idle != NULL)
            return endpoint;
    }
    return NULL;
}

void
http_pool_flush(struct http_pool *pool)
{
    struct endpoint *endpoint;

    pool->generation++;
    while (pool->n_idle > 0 && (endpoint = any_idle(pool)) != NULL)
        client_conn_close(endpoint->idle);
}

size_t
http_pool_idle(const struct http_pool *pool)
{
    return pool->n_idle;
}

void
http_pool_free(struct http_pool **pool_p)
{
    struct http_pool *pool = *pool_p;

    *pool_p = NULL;
    if (pool == NULL)
        return;
    while (pool->calls != NULL) {
        struct http_call *call = pool->calls;

        http_call_cancel(&call);
    }
    http_pool_flush(pool);
    table_fini(&pool->endpoints);
    pool_fini(&pool->buffers);
    free(pool);
}
