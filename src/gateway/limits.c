#include "gateway/limits.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/random.h>

#define SLOTS ((size_t)1 << 16)
/* A slow API is still asked by so many at a time: else nobody would notice that
 * it is well again. */
#define SLOW_RUNNING_MIN 8u

struct limits {
    uint64_t seed;
    /* Of each rate: when its next request would be due (GCRA), in us. */
    uint64_t addresses[SLOTS];
    uint64_t users[SLOTS];
    uint32_t connections[SLOTS];
    uint32_t user_connections[SLOTS], api_connections[SLOTS];
};

const char *
limit_name(enum limit limit)
{
    static const char *const names[LIMIT_KINDS] = {
        [LIMIT_NONE] = "none",
        [LIMIT_SERVER] = "maxConcurrentRequests",
        [LIMIT_API] = "maxConcurrentRequestsPerApi",
        [LIMIT_LATENCY] = "maxLatency",
        [LIMIT_ADDRESS] = "requestsPerSecondPerAddress",
        [LIMIT_USER] = "requestsPerSecondPerUser",
        [LIMIT_CONNECTIONS] = "maxConnectionsPerAddress",
        [LIMIT_USER_CONNECTIONS] = "maxConnectionsPerUser",
        [LIMIT_API_CONNECTIONS] = "maxConnectionsPerApi",
        [LIMIT_MEMORY] = "maxMemory",
    };

    return names[limit];
}

enum err
limits_new(struct limits **out, struct err_info *why)
{
    struct limits *l = calloc(1, sizeof *l);

    if (l == NULL)
        return err_set(why, ERR_MEMORY, "no storage for limits");
    /* Nobody outside can choose addresses that meet. */
    if (getrandom(&l->seed, sizeof l->seed, 0) != (ssize_t)sizeof l->seed) {
        free(l);
        return err_sys(why, "no random number");
    }
    *out = l;
    return ERR_OK;
}

void
limits_free(struct limits **at)
{
    free(*at);
    *at = NULL;
}

static size_t
slot_of(const struct limits *l, struct str key)
{
    return str_hash(key, l->seed) % SLOTS;
}

/* Generic cell rate algorithm: a slot holds when the next request would come if
 * all kept to the rate; one may be ahead of that by `burst`. */
static bool
take_rate(uint64_t *slot, int64_t per_second, int64_t burst, uint64_t now_us)
{
    uint64_t step_us = 1000000u / (uint64_t)per_second;
    uint64_t ahead_us = step_us * (uint64_t)burst;
    uint64_t due = __atomic_load_n(slot, __ATOMIC_RELAXED), next;

    if (step_us == 0)
        return true;
    do {
        next = (due > now_us ? due : now_us) + step_us;
        if (next - now_us > ahead_us + step_us)
            return false;
    } while (!__atomic_compare_exchange_n(slot, &due, next, true,
                                          __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return true;
}

static enum limit
enter_bulkhead(const struct cfg_request_limits *from, struct bulkhead *b)
{
    uint32_t n = __atomic_add_fetch(&b->n_running, 1, __ATOMIC_RELAXED);
    uint64_t average_us = __atomic_load_n(&b->average_us, __ATOMIC_RELAXED);
    enum limit limit = LIMIT_NONE;

    if (from->max_per_api > 0 && n > (uint64_t)from->max_per_api)
        limit = LIMIT_API;
    else if (from->max_latency_ms > 0 && n > SLOW_RUNNING_MIN &&
             average_us / 1000 > (uint64_t)from->max_latency_ms)
        limit = LIMIT_LATENCY;
    if (limit != LIMIT_NONE)
        __atomic_sub_fetch(&b->n_running, 1, __ATOMIC_RELAXED);
    return limit;
}

enum limit
limits_enter(struct limits *l, const struct cfg_request_limits *from,
             size_t n_own, uint64_t n_loops, struct str address,
             struct bulkhead *b, uint64_t now_us)
{
    if (from->max_requests > 0 &&
        n_own > ((uint64_t)from->max_requests + n_loops - 1) / n_loops)
        return LIMIT_SERVER;
    if (from->address_rate > 0 &&
        !take_rate(&l->addresses[slot_of(l, address)], from->address_rate,
                   from->burst, now_us))
        return LIMIT_ADDRESS;
    return enter_bulkhead(from, b);
}

void
bulkhead_leave(struct bulkhead *b, unsigned status, uint64_t elapsed_us)
{
    uint32_t old = __atomic_load_n(&b->average_us, __ATOMIC_RELAXED);
    uint32_t now = elapsed_us > UINT32_MAX ? UINT32_MAX : (uint32_t)elapsed_us;

    __atomic_sub_fetch(&b->n_running, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&b->n_requests, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&b->total_us, elapsed_us, __ATOMIC_RELAXED);
    if (status >= 500)
        __atomic_add_fetch(&b->n_failed, 1, __ATOMIC_RELAXED);
    /* One sample lost in a race does not matter. */
    __atomic_store_n(&b->average_us, old - old / 8 + now / 8, __ATOMIC_RELAXED);
}

enum limit
limits_user(struct limits *l, const struct cfg_request_limits *from,
            struct str user, uint64_t now_us)
{
    if (from->user_rate > 0 && !take_rate(&l->users[slot_of(l, user)],
                                          from->user_rate, from->burst, now_us))
        return LIMIT_USER;
    return LIMIT_NONE;
}

/* ---- connections ---- */

static uint32_t *
connections_of(struct limits *l, const struct sockaddr *peer)
{
    struct str key = STR("");

    if (peer->sa_family == AF_INET)
        key = str_n(&((const struct sockaddr_in *)(const void *)peer)->sin_addr,
                    4);
    else if (peer->sa_family == AF_INET6) /* a site has a /64 to itself */
        key = str_n(
            &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr,
            IN6_IS_ADDR_V4MAPPED(
                &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr)
                ? 16
                : 8);
    return &l->connections[slot_of(l, key)];
}

bool
limits_connect(struct limits *l, const struct cfg_request_limits *from,
               const struct sockaddr *peer)
{
    uint32_t *n = connections_of(l, peer);

    if (__atomic_add_fetch(n, 1, __ATOMIC_RELAXED) >
            (uint64_t)from->connections_per_address &&
        from->connections_per_address > 0) {
        __atomic_sub_fetch(n, 1, __ATOMIC_RELAXED);
        return false;
    }
    return true;
}

void
limits_disconnect(struct limits *l, const struct sockaddr *peer)
{
    __atomic_sub_fetch(connections_of(l, peer), 1, __ATOMIC_RELAXED);
}

static bool
move(uint32_t *counts, uint32_t *at, size_t slot, int64_t max)
{
    if (*at == slot + 1)
        return true;
    if (__atomic_add_fetch(&counts[slot], 1, __ATOMIC_RELAXED) > max) {
        __atomic_sub_fetch(&counts[slot], 1, __ATOMIC_RELAXED);
        return false;
    }
    if (*at > 0)
        __atomic_sub_fetch(&counts[*at - 1], 1, __ATOMIC_RELAXED);
    *at = (uint32_t)slot + 1;
    return true;
}

bool
limits_tenant_user(struct limits_tenant *t,
                   const struct cfg_request_limits *from, struct str user)
{
    return from->connections_per_user == 0 ||
           move(t->limits->user_connections, &t->user, slot_of(t->limits, user),
                from->connections_per_user);
}

bool
limits_tenant_api(struct limits_tenant *t,
                  const struct cfg_request_limits *from, struct str api)
{
    return from->connections_per_api == 0 ||
           move(t->limits->api_connections, &t->api, slot_of(t->limits, api),
                from->connections_per_api);
}

void
limits_tenant_end(struct limits_tenant *t)
{
    if (t->user > 0)
        __atomic_sub_fetch(&t->limits->user_connections[t->user - 1], 1,
                           __ATOMIC_RELAXED);
    if (t->api > 0)
        __atomic_sub_fetch(&t->limits->api_connections[t->api - 1], 1,
                           __ATOMIC_RELAXED);
    t->user = t->api = 0;
}
