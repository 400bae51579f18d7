/*
 * What a server counts, as OpenMetrics text. Each loop counts for itself
 * without locks; whoever is asked adds up.
 * Source: OpenMetrics 1.0.
 */
#ifndef SALLYPORT_GATEWAY_METRICS_H
#define SALLYPORT_GATEWAY_METRICS_H

#include "base/buf.h"
#include "gateway/handshakes.h"
#include "gateway/limits.h"
#include "http/server.h"

#define METRICS_LOOPS_MAX 64u
#define METRICS_BUCKETS 16u
#define METRICS_CODES 6u /* none, 1xx ... 5xx */
#define METRICS_REASONS 48u

/* Refusals of one kind: what we say to the client is what they are called. */
struct metrics_reason {
    const char *why; /* static */
    uint64_t n;
    uint64_t said_ms; /* when the log last had it */
    uint64_t said_n;
};

/* Written by one loop, read by all. */
struct metrics_loop {
    uint64_t requests[METRICS_CODES];
    uint64_t requests_h2;
    uint64_t body_bytes;
    uint64_t buckets[METRICS_BUCKETS + 1]; /* of the time to answer */
    uint64_t total_us;
    uint64_t connections, disconnections, turned_away;
    uint64_t handshakes[2]; /* full, resumed */
    uint64_t handshake_failures;
    uint64_t limited[LIMIT_KINDS];
    struct metrics_reason reasons[METRICS_REASONS];
} __attribute__((aligned(64)));

struct auth_cache;
struct revocation_cache;

struct metrics {
    unsigned n;
    struct revocation_cache *revocation; /* the gateway's; counts itself */
    _Atomic uint64_t short_said_ms; /* that descriptors are short: for all */
    struct handshakes handshakes; /* how often failed ones are said: for all */
    struct metrics_loop loops[METRICS_LOOPS_MAX];
};

void metrics_init(struct metrics *);
void metrics_fini(struct metrics *); /* NULL: nothing */

static inline void
metrics_add(uint64_t *counter, uint64_t n)
{
    __atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

void metrics_answer(struct metrics_loop *, const struct http_request *,
                    const struct http_done *, uint64_t elapsed_us);
/* Count a refusal. True: it is time to say so in the log (once a minute for
 * each kind); *n is how many there were since the last time. */
MUST_CHECK bool metrics_refused(struct metrics_loop *, const char *why,
                                uint64_t now_ms, uint64_t *n);
/* Between begin and end: each family of what is counted for one API, followed
 * by its value for all of them. */
#define METRICS_FAMILIES 4u
void metrics_begin(const struct metrics *, struct auth_cache *,
                   struct buf *out);
void metrics_memory(struct buf *out, struct gauge *);
void metrics_family(struct buf *out, unsigned family);
void metrics_api(struct buf *out, unsigned family, const char *kind,
                 struct str name, const struct bulkhead *);
void metrics_end(struct buf *out);

#endif
