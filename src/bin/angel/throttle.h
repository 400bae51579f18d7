/*
 * Guessing is slow: after some failures in a row the next comparison for a
 * user, or from a source, waits, longer each time; and only few of them wait,
 * so that a flood of guesses never fills the queue of the others. No clock.
 */
#ifndef SALLYPORT_ANGEL_THROTTLE_H
#define SALLYPORT_ANGEL_THROTTLE_H

#include "base/str.h"

#define THROTTLE_BUCKETS 1024u
#define THROTTLE_USER_FREE 3u    /* failures in a row before waiting begins */
#define THROTTLE_SOURCE_FREE 20u /* many may share an address */
#define THROTTLE_FIRST_MS 100u   /* then doubling */
#define THROTTLE_MAX_MS 5000u
#define THROTTLE_FORGET_MS 60000u
#define THROTTLE_USER_WAITING 8u    /* comparisons that may be queued */
#define THROTTLE_SOURCE_WAITING 32u /* once waiting has begun */

struct throttle {
    unsigned failures, n_waiting;
    uint64_t last_ms, next_ms;
};
/* Those that share a bucket wait together. */
struct throttles {
    uint64_t seed; /* random: nobody chooses with whom he shares */
    struct throttle users[THROTTLE_BUCKETS], sources[THROTTLE_BUCKETS];
};
struct throttle_who {
    struct throttle *user, *source; /* source: NULL when unknown */
};

/* user: in any case. source: an address as text ("192.0.2.7"; of IPv6 the /64
 * counts), or any other text; empty: unknown. */
struct throttle_who throttle_who(struct throttles *, struct str user,
                                 struct str source);
/* One more comparison to queue; false: refuse it unlooked at. */
bool throttle_enter(struct throttle_who, uint64_t now_ms);
/* When it may run; 0: at once. */
uint64_t throttle_due(struct throttle_who, uint64_t now_ms);
/* It was taken from the queue. */
void throttle_leave(struct throttle_who);
/* What it came to. A right password clears its user, never its source. */
void throttle_note(struct throttle_who, bool is_right, uint64_t now_ms);

#endif
