/*
 * The private keys of a SAF ring that stay with the angel (io/remote_key.h):
 * how this address space gets its key channels.
 */
#ifndef SALLYPORT_GATEWAY_RING_KEYS_H
#define SALLYPORT_GATEWAY_RING_KEYS_H

#include "io/remote_key.h"

/* owner "" = ourselves. ERR_DENIED, ERR_NOT_FOUND, ERR_PEER. */
MUST_CHECK enum err ring_keys_new(struct str owner, struct str ring,
                                  struct remote_keys **out,
                                  struct err_info *why);

#endif
