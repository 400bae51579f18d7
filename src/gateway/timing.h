/*
 * Slow and hung requests (requestTiming): what is under way is looked at now
 * and then, so that a request itself pays for a number and one comparison.
 * Source: Liberty, requestTiming-1.0.
 */
#ifndef SALLYPORT_GATEWAY_TIMING_H
#define SALLYPORT_GATEWAY_TIMING_H

#include "config/config.h"

struct serve;
struct request;

struct timing {
    bool is_on;                /* the feature is installed */
    uint64_t slow_ms, hung_ms; /* UINT64_MAX: never */
    uint64_t sample;           /* one of so many is watched for being slow */
    bool with_context, dumps, interrupts;
};

void timing_of(const struct cfg_tree *, struct timing *out);
/* How often to look. */
uint64_t timing_period_ms(const struct timing *);

enum { TIMING_SAID_SLOW = 1u << 0, TIMING_SAID_HUNG = 1u << 1 };
/* What is to be said now of the number-th request (from 0; of each `sample` the
 * last is watched), of what `said` has not yet: 0 or one of the above. */
unsigned timing_due(const struct timing *, uint64_t number, uint64_t age_ms,
                    unsigned said);

/* Say what is due of the loop's requests, and look again later. */
void timing_start(struct serve *);
/* A request that was said to be hung has ended. */
void timing_ended(const struct request *);

#endif
