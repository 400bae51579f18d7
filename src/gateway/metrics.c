#include "gateway/metrics.h"

#include <string.h>

#include "auth/authenticate.h"
#include "base/shard.h"
#include "io/revocation.h"

#define SAY_AGAIN_MS 60000u

/* Upper bounds in microseconds. */
static const uint32_t bounds_us[METRICS_BUCKETS] = {
    50,    100,   200,    500,    1000,   2000,    5000,    10000,
    20000, 50000, 100000, 200000, 500000, 1000000, 5000000, 30000000,
};

void
metrics_init(struct metrics *m)
{
    memset(m, 0, sizeof *m);
    handshakes_init(&m->handshakes);
}

void
metrics_fini(struct metrics *m)
{
    if (m != NULL)
        handshakes_fini(&m->handshakes);
}

void
metrics_answer(struct metrics_loop *m, const struct http_request *request,
               const struct http_done *done, uint64_t elapsed_us)
{
    unsigned code = done->status / 100;
    size_t bucket = 0;

    metrics_add(&m->requests[code < METRICS_CODES ? code : 0], 1);
    metrics_add(&m->body_bytes, done->body_bytes);
    if (request->version == 20)
        metrics_add(&m->requests_h2, 1);
    if (done->started_us == 0)
        return;
    while (bucket < METRICS_BUCKETS && elapsed_us > bounds_us[bucket])
        bucket++;
    metrics_add(&m->buckets[bucket], 1);
    metrics_add(&m->total_us, elapsed_us);
}

bool
metrics_refused(struct metrics_loop *m, const char *why, uint64_t now_ms,
                uint64_t *n)
{
    struct metrics_reason *r = m->reasons;

    /* The last one takes what there is no room for. */
    while (r < &m->reasons[METRICS_REASONS - 1] && r->why != NULL &&
           r->why != why)
        r++;
    if (r->why == NULL)
        __atomic_store_n(&r->why, why, __ATOMIC_RELEASE);
    metrics_add(&r->n, 1);
    if (r->said_ms != 0 && now_ms - r->said_ms < SAY_AGAIN_MS)
        return false;
    *n = r->n - r->said_n;
    r->said_n = r->n;
    r->said_ms = now_ms;
    return true;
}

/* ---- text ---- */

static uint64_t
sum(const struct metrics *m, size_t offset)
{
    uint64_t total = 0;

    for (unsigned i = 0; i < m->n; i++)
        total += __atomic_load_n(
            (const uint64_t *)(const void *)((const char *)&m->loops[i] +
                                             offset),
            __ATOMIC_RELAXED);
    return total;
}

#define SUM(m, field) sum((m), offsetof(struct metrics_loop, field))

static void
family(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP sallyport_%s %s\n# TYPE sallyport_%s %s\n", name,
               help, name, type);
}

static void
counter(struct buf *out, const char *name, const char *help, uint64_t value)
{
    family(out, name, "counter", help);
    buf_printf(out, "sallyport_%s_total %llu\n", name,
               (unsigned long long)value);
}

static void
add_requests(const struct metrics *m, struct buf *out)
{
    static const char *const codes[METRICS_CODES] = { "none", "1xx", "2xx",
                                                      "3xx",  "4xx", "5xx" };

    family(out, "requests", "counter", "Requests answered, by status.");
    for (size_t i = 0; i < METRICS_CODES; i++)
        buf_printf(out, "sallyport_requests_total{code=\"%s\"} %llu\n",
                   codes[i], (unsigned long long)SUM(m, requests[i]));
    counter(out, "requests_http2", "Of them over HTTP/2.", SUM(m, requests_h2));
    counter(out, "answer_body_bytes", "Bytes of bodies of answers.",
            SUM(m, body_bytes));
}

static void
add_times(const struct metrics *m, struct buf *out)
{
    uint64_t n = 0;

    family(out, "request_seconds", "histogram",
           "From a request's head to its answer.");
    for (size_t i = 0; i <= METRICS_BUCKETS; i++) {
        n += SUM(m, buckets[i]);
        if (i < METRICS_BUCKETS)
            buf_printf(out,
                       "sallyport_request_seconds_bucket{le=\"%.5f\"} %llu\n",
                       (double)bounds_us[i] / 1e6, (unsigned long long)n);
    }
    buf_printf(out,
               "sallyport_request_seconds_bucket{le=\"+Inf\"} %llu\n"
               "sallyport_request_seconds_count %llu\n"
               "sallyport_request_seconds_sum %.6f\n",
               (unsigned long long)n, (unsigned long long)n,
               (double)SUM(m, total_us) / 1e6);
}

static void
add_connections(const struct metrics *m, struct buf *out)
{
    uint64_t begun = SUM(m, connections), ended = SUM(m, disconnections);

    family(out, "connections", "gauge", "Connections open.");
    buf_printf(out, "sallyport_connections %llu\n",
               (unsigned long long)(begun > ended ? begun - ended : 0));
    counter(out, "connections_accepted", "Connections accepted.", begun);
    counter(out, "connections_turned_away",
            "Connections closed unread: address lists and limits.",
            SUM(m, turned_away));
    family(out, "tls_handshakes", "counter", "TLS handshakes done.");
    buf_printf(out,
               "sallyport_tls_handshakes_total{session=\"new\"} %llu\n"
               "sallyport_tls_handshakes_total{session=\"resumed\"} %llu\n",
               (unsigned long long)SUM(m, handshakes[0]),
               (unsigned long long)SUM(m, handshakes[1]));
    counter(out, "tls_handshake_failures", "TLS handshakes that failed.",
            SUM(m, handshake_failures));
}

static void
add_limits(const struct metrics *m, struct buf *out)
{
    family(out, "limited", "counter", "Requests over a limit.");
    for (unsigned i = 1; i < LIMIT_KINDS; i++)
        buf_printf(out, "sallyport_limited_total{limit=\"%s\"} %llu\n",
                   limit_name((enum limit)i),
                   (unsigned long long)SUM(m, limited[i]));
}

/* The sentence of a refusal holds no character that would need escaping. */
static void
add_refusals(const struct metrics *m, struct buf *out)
{
    family(out, "refused", "counter", "Malformed or hostile requests.");
    for (unsigned i = 0; i < m->n; i++)
        for (size_t k = 0; k < METRICS_REASONS; k++) {
            const struct metrics_reason *r = &m->loops[i].reasons[k];
            const char *why = __atomic_load_n(&r->why, __ATOMIC_ACQUIRE);

            if (why != NULL)
                buf_printf(out,
                           "sallyport_refused_total{loop=\"%u\",why=\"%s\"} "
                           "%llu\n",
                           i, why,
                           (unsigned long long)__atomic_load_n(
                               &r->n, __ATOMIC_RELAXED));
        }
}

static void
one_cache(struct buf *out, const char *name, const char *suffix,
          const uint64_t values[2])
{
    static const char *const caches[] = { "authentication", "revocation" };

    for (size_t i = 0; i < ARRAY_LEN(caches); i++)
        buf_printf(out, "sallyport_%s%s{cache=\"%s\"} %llu\n", name, suffix,
                   caches[i], (unsigned long long)values[i]);
}

static void
add_caches(const struct metrics *m, struct auth_cache *auth, struct buf *out)
{
    static const char *const verdicts[REVOCATION_VERDICTS] = {
        "good", "revoked", "unreachable", "unusable", "nobody"
    };
    struct revocation_counts r;
    struct shard_counts a;
    uint64_t asked = 0;

    if (auth == NULL || m->revocation == NULL)
        return;
    auth_cache_count(auth, &a);
    revocation_cache_count(m->revocation, &r);
    for (size_t i = 0; i < REVOCATION_VERDICTS; i++)
        asked += r.verdicts[i];
    family(out, "cache_hits", "counter", "What was known already.");
    one_cache(out, "cache_hits", "_total", (uint64_t[]){ a.hits, r.hits });
    family(out, "cache_misses", "counter", "What had to be asked for.");
    one_cache(out, "cache_misses", "_total", (uint64_t[]){ a.misses, asked });
    family(out, "cache_entries", "gauge", "What is kept.");
    one_cache(out, "cache_entries", "",
              (uint64_t[]){ a.entries, r.findings + r.lists + r.staples });
    family(out, "revocation_answers", "counter",
           "What responders and lists said of certificates.");
    for (size_t i = 0; i < REVOCATION_VERDICTS; i++)
        buf_printf(out,
                   "sallyport_revocation_answers_total{verdict=\"%s\"} %llu\n",
                   verdicts[i], (unsigned long long)r.verdicts[i]);
}

void
metrics_begin(const struct metrics *m, struct auth_cache *auth, struct buf *out)
{
    add_requests(m, out);
    add_times(m, out);
    add_connections(m, out);
    add_limits(m, out);
    add_refusals(m, out);
    add_caches(m, auth, out);
}

void
metrics_memory(struct buf *out, struct gauge *memory)
{
    family(out, "memory_held_bytes", "gauge",
           "What connections, requests and answers hold.");
    buf_printf(out, "sallyport_memory_held_bytes %zu\n",
               atomic_load(&memory->used));
    family(out, "memory_ceiling_bytes", "gauge", "How much they may.");
    buf_printf(out, "sallyport_memory_ceiling_bytes %zu\n",
               atomic_load(&memory->max));
}

/* label value: \ and " and line feeds escaped */
static void
add_label(struct buf *out, struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '\\' || name.p[i] == '"')
            buf_add_char(out, '\\');
        if (name.p[i] == '\n')
            buf_add_z(out, "\\n");
        else
            buf_add_char(out, name.p[i]);
    }
}

static const struct {
    const char *name, *suffix, *type, *help;
} families[METRICS_FAMILIES] = {
    { "api_requests", "_total", "counter", "Requests answered." },
    { "api_failures", "_total", "counter", "Of them with 5xx." },
    { "api_seconds", "_total", "counter", "Time to answer, added up." },
    { "api_running", "", "gauge", "Requests under way." },
};

void
metrics_family(struct buf *out, unsigned number)
{
    family(out, families[number].name, families[number].type,
           families[number].help);
}

void
metrics_api(struct buf *out, unsigned number, const char *kind, struct str name,
            const struct bulkhead *b)
{
    uint64_t n = __atomic_load_n(&b->n_requests, __ATOMIC_RELAXED);
    uint64_t failed = __atomic_load_n(&b->n_failed, __ATOMIC_RELAXED);
    uint64_t us = __atomic_load_n(&b->total_us, __ATOMIC_RELAXED);
    uint32_t running = __atomic_load_n(&b->n_running, __ATOMIC_RELAXED);
    const double values[METRICS_FAMILIES] = { (double)n, (double)failed,
                                              (double)us / 1e6, running };

    if (n == 0 && running == 0)
        return; /* thousands of APIs nobody calls stay out */
    buf_printf(out, "sallyport_%s%s{kind=\"%s\",name=\"", families[number].name,
               families[number].suffix, kind);
    add_label(out, name);
    buf_printf(out, "\"} %.12g\n", values[number]);
}

void
metrics_end(struct buf *out)
{
    buf_add_z(out, "# EOF\n");
}
