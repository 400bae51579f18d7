/* Keys that take long to make, and the commands that wait for them; see
 * front_keys.c. */
#ifndef SALLYPORT_ANGEL_FRONT_KEYS_H
#define SALLYPORT_ANGEL_FRONT_KEYS_H

#include "front.h"
#include "saf/certmake.h"

MUST_CHECK enum err front_keys_open(struct front *, struct err_info *why);
void front_keys_close(struct front *);
/* As cert_services.new_key: the key that was made for the command that runs;
 * ERR_AGAIN: it will be. ERR_LIMIT: too many are. */
MUST_CHECK enum err front_key(struct front *, enum cert_key_kind, uint32_t bits,
                              struct str owner, struct buf *sealed,
                              struct buf *spki, struct err_info *why);
/* A command of that client begins. */
void front_keys_begin(struct front *, struct peer *);
/* It ended with ERR_AGAIN of front_key, so front_keys_park it: its peer is not
 * read until it has been run again and answered. False: no storage. */
bool front_keys_wanted(const struct front *);
bool front_keys_park(struct peer *, uint32_t seq, struct str command);
void front_keys_gone(struct front *, const struct peer *);
/* Have the next ones made. */
void front_keys_go_on(struct front *);
/* Tell who waits that it goes on; milliseconds until the next time, or -1. */
int front_keys_wait_ms(struct front *);

#endif
