/*
 * Primary connections of rules with SecondaryMap: {process, local address,
 * remote address} and the rule they were mapped to, in memory that the engines
 * of a stack share. A later connection of the same process between the same
 * addresses, or of one that descends from it, becomes a secondary one. What was
 * made while the primary stood, and is looked at when it does not any more,
 * counts as well: entries outlive it for a while, and say when it was closed.
 *
 * A process's number may be another one's when it has ended: whose an entry is
 * says a moment at which that process had it. Who was started later is another
 * one; who was started before and has that number, is it.
 *
 * The kernel knows of them by counters of peers only (capture_map.h): a
 * connection that hits one is sent to an engine, which looks here.
 */
#ifndef SALLYPORT_TTLS_PRIMARY_H
#define SALLYPORT_TTLS_PRIMARY_H

#include "base/defs.h"
#include "ttls/capture_map.h"
#include "ttls/lineage.h"

#define PRIMARIES_MAX 16384u
#define PRIMARY_WINDOW 256u /* slots a key may be in; a multiple of 2 */
/* As long as the broker may take to say whose a connection is, and more. */
#define PRIMARY_LINGER_NS 15000000000u

/* One entry. Those of one engine that say the same are one, counted. */
struct primary {
    uint64_t tag; /* 0: free, 1: being written, else unique */
    uint32_t engine, n;
    uint64_t closed_ns; /* since the machine was started; 0: it stands */
    uint64_t alive_ns;  /* the process had its number then; the latest known */
    uint32_t tgid;
    uint8_t local[16], remote[16];
    uint32_t policy, priority; /* the policy's number, the rule's priority */
    uint32_t uid;
    char job[9], user[9], rule[33];
};

/* One engine's view. */
struct primaries {
    struct primary *slots; /* PRIMARIES_MAX; NULL: there are none */
    uint64_t *hints;       /* CAPTURE_HINTS */
    uint32_t engine, last;
};

/* What a predecessor of the same number has left is closed. */
void primaries_start(struct primaries *, uint64_t now_ns);
/* want: all but tag, engine, n and closed_ns. False: no room is left. */
MUST_CHECK bool primaries_put(struct primaries *, const struct primary *want,
                              uint32_t *slot);
void primaries_remove(struct primaries *, uint32_t slot, uint64_t now_ns);
/* Free what has been closed for long. True: there is more of it. */
bool primaries_sweep(struct primaries *, uint64_t now_ns);
/* Is there any with this peer? No entry is looked at: most have none. */
bool primaries_may(const struct primaries *, const uint8_t remote[16]);
/* The one of highest priority that stood at when_ns or was made since, of
 * whatever process. */
MUST_CHECK bool primaries_any(const struct primaries *, uint64_t when_ns,
                              const uint8_t local[16], const uint8_t remote[16],
                              struct primary *out);
/* Of this one; when its start is not known, of whoever had its number. False:
 * none. */
MUST_CHECK bool primaries_find(const struct primaries *, uint64_t when_ns,
                               const struct ancestor *who,
                               const uint8_t local[16],
                               const uint8_t remote[16], struct primary *out);
/* Was any mapped by the policy of this number? */
bool primaries_hold(const struct primaries *, uint32_t policy);

#endif
