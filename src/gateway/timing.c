#include "gateway/timing.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "config/feature.h"
#include "gateway/serve.h"

#define SLOW_LOGGER "com.ibm.ws.request.timing.manager.SlowRequestManager"
#define HUNG_LOGGER "com.ibm.ws.request.timing.manager.HungRequestManager"
#define PERIOD_MIN_MS 50u
#define PERIOD_MAX_MS 1000u
#define DUMPS 3u

static uint64_t
threshold(int64_t ms)
{
    return ms > 0 ? (uint64_t)ms : UINT64_MAX;
}

void
timing_of(const struct cfg_tree *tree, struct timing *out)
{
    const struct cfg_request_timing *t = CFG_ONE(tree, request_timing);

    *out = (struct timing){
        .is_on = features_have(tree, "requestTiming-1.0"),
        .slow_ms = threshold(t->slow_ms),
        .hung_ms = threshold(t->hung_ms),
        .sample = (uint64_t)t->sample_rate,
        .with_context = t->include_context_info,
        .dumps = t->enable_thread_dumps,
        .interrupts = t->interrupt_hung_requests,
    };
}

uint64_t
timing_period_ms(const struct timing *t)
{
    uint64_t ms = (t->slow_ms < t->hung_ms ? t->slow_ms : t->hung_ms) / 4;

    return ms < PERIOD_MIN_MS   ? PERIOD_MIN_MS
           : ms > PERIOD_MAX_MS ? PERIOD_MAX_MS
                                : ms;
}

unsigned
timing_due(const struct timing *t, uint64_t number, uint64_t age_ms,
           unsigned said)
{
    if (age_ms >= t->hung_ms)
        return (said & TIMING_SAID_HUNG) != 0 ? 0 : TIMING_SAID_HUNG;
    if (age_ms >= t->slow_ms && (number + 1) % t->sample == 0)
        return (said & TIMING_SAID_SLOW) != 0 ? 0 : TIMING_SAID_SLOW;
    return 0;
}

/* --- messages --------------------------------------------------------------
 */

struct texts {
    char id[32], thread[16], ms[32], waits[300], operation[400];
};

static void
describe_wait(const struct request *r, char *out, size_t cap)
{
    if (r->invocation != NULL)
        snprintf(out, cap, "provider call, connection " STR_FMT,
                 STR_ARG(str_sub(r->operation->connection, 0, 200)));
    else if (r->call != NULL)
        snprintf(out, cap, "call of the API at " STR_FMT ":%u",
                 STR_ARG(str_sub(r->requester->endpoint->host, 0, 200)),
                 r->requester->endpoint->port);
    else if (r->caller == NULL)
        snprintf(out, cap, "authentication");
    else
        snprintf(out, cap, "request processing");
}

static void
fill_texts(const struct request *r, const struct timing *t, struct texts *x)
{
    uint64_t us = clock_mono_us() - r->began_us;

    snprintf(x->id, sizeof x->id, "%02X%014llX", r->serve->index & 0xffu,
             (unsigned long long)r->number);
    snprintf(x->thread, sizeof x->thread, "%08x", (unsigned)gettid());
    snprintf(x->ms, sizeof x->ms, "%llu.%03u", (unsigned long long)(us / 1000),
             (unsigned)(us % 1000));
    describe_wait(r, x->waits, sizeof x->waits);
    if (t->with_context)
        snprintf(x->operation, sizeof x->operation,
                 "websphere.servlet.service | z/OS Connect | " STR_FMT
                 " " STR_FMT,
                 STR_ARG(str_sub(r->http->method, 0, 16)),
                 STR_ARG(str_sub(r->http->path, 0, 200)));
    else
        snprintf(x->operation, sizeof x->operation,
                 "websphere.servlet.service");
}

/* Without context nothing of the request itself is told. */
static void
say(const struct request *r, const struct timing *t, unsigned due)
{
    struct messages_log *log = r->serve->log;
    struct texts x;

    fill_texts(r, t, &x);
    if (due == TIMING_SAID_SLOW)
        MESSAGES_LOG(log, SLOW_LOGGER, "TRAS0112W", str_of(x.id),
                     str_of(x.thread), str_of(x.ms),
                     t->with_context ? str_of(x.waits)
                                     : STR("request processing"),
                     str_of(x.operation));
    else
        MESSAGES_LOG(log, HUNG_LOGGER, "TRAS0114W", str_of(x.id),
                     str_of(x.thread), str_of(x.ms), str_of(x.operation));
}

void
timing_ended(const struct request *r)
{
    struct texts x;

    fill_texts(r, &r->usage->snapshot->timing, &x);
    MESSAGES_LOG(r->serve->log, HUNG_LOGGER, "TRAS0115W", str_of(x.id),
                 str_of(x.thread), str_of(x.ms));
}

/* --- looking ----------------------------------------------------------------
 */

/* Whatever it waits for is given up; false: nothing that could be. The request
 * has ended when true is returned. */
static bool
interrupt(struct request *r)
{
    if (r->invocation != NULL)
        r->operation->provider->cancel(&r->invocation);
    else if (r->call != NULL)
        http_call_cancel(&r->call);
    else
        return false;
    r->invocation = NULL;
    r->call = NULL;
    answer_plain(r, 503, "Service Unavailable");
    return true;
}

static void
want_dumps(struct serve *s)
{
    unsigned none = 0;

    (void)atomic_compare_exchange_strong(s->dumps_wanted, &none, DUMPS);
}

/* True: a request has ended, the list is another one. */
static bool
look(struct serve *s, struct request *r)
{
    const struct timing *t = &r->usage->snapshot->timing;
    uint64_t age_ms = (clock_mono_us() - r->began_us) / 1000;
    unsigned due =
        t->is_on ? timing_due(t, r->number, age_ms, r->timing_said) : 0;

    if (due == 0)
        return false;
    r->timing_said |= due;
    say(r, t, due);
    if (due != TIMING_SAID_HUNG)
        return false;
    if (t->dumps)
        want_dumps(s);
    return t->interrupts && interrupt(r);
}

static void
on_time(struct loop_timer *timer)
{
    struct serve *s = CONTAINER_OF(timer, struct serve, timing_timer);
    struct request *r = s->requests;

    while (r != NULL)
        r = look(s, r) ? s->requests : r->next;
    timing_start(s);
}

void
timing_start(struct serve *s)
{
    const struct timing *t = &s->usage->snapshot->timing;

    s->timing_timer.fire = on_time;
    if (t->is_on)
        loop_timer_set(s->loop, &s->timing_timer, timing_period_ms(t));
    else
        loop_timer_clear(s->loop, &s->timing_timer);
}
