/* What takes long in other processes, and the commands that wait for it; see
 * front_parked.c. */
#ifndef SALLYPORT_ANGEL_FRONT_PARKED_H
#define SALLYPORT_ANGEL_FRONT_PARKED_H

#include "front.h"

/* Who does it, and what its request is. */
enum slow_kind {
    SLOW_KEY,    /* a maker: KEEP_MAKE_KEY's request */
    SLOW_TOKEN,  /* the token: u16 enum keep_type, its request */
    SLOW_PARSER, /* a confined child: parser_put's */
    /* Not slow, but another one each time: as SLOW_TOKEN, answered by the
     * keeper at once, and the same in each phase of a command. */
    SLOW_NEVER,
};
#define SLOW_KINDS 4u

MUST_CHECK enum err front_parked_open(struct front *, struct err_info *why);
void front_parked_close(struct front *);
/*
 * What the command that runs gets for this request. ERR_AGAIN: it is being
 * worked at; the command has to leave nothing, and is run again when the result
 * is there, to ask the same and find it. ERR_LIMIT: too many wait. Outside of a
 * command whoever asks waits.
 */
MUST_CHECK enum err front_slow(struct front *, enum slow_kind,
                               struct str request, struct buf *result,
                               struct err_info *why);
/* A command of that client begins, and ends. The wall clock of its first phase,
 * which dates and made-up labels follow: it asks the same in each. */
uint64_t front_parked_begin(struct front *, struct peer *);
void front_parked_end(struct front *);
/* It got ERR_AGAIN from front_slow, so front_park it: its peer is not read
 * until it has been run again and answered. False: no storage. */
bool front_is_parking(const struct front *);
bool front_park(struct peer *, uint32_t seq, struct str command);
void front_parked_gone(struct front *, const struct peer *);
/* Begin what can be begun, run again what has all it asked for. */
void front_parked_go_on(struct front *);
/* Tell who waits that it goes on; milliseconds until the next time, or -1. */
int front_parked_wait_ms(struct front *);

#endif
