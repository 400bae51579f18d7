/*
 * Fewer system calls: of connections that are ready together, the bytes are
 * read in one call before each is dealt with, and what they write leaves in one
 * when all have been (io/uring.h). A batch is open from the one to the other,
 * within one group of the loop's events; closed, or where the kernel has no
 * ring, everything is as without it.
 *
 * What was read ahead and not taken stays with its leg. A write that is put
 * down is as good as sent: whatever must come after it, or must know whether
 * the socket took all, flushes first. What the socket does not take is held as
 * usual; one that is broken is found by conn_go in the same turn.
 */
#ifndef SALLYPORT_TTLS_BATCH_H
#define SALLYPORT_TTLS_BATCH_H

#include "ttls/engine.h"

/* Follows the loop's groups from here on. Without a ring there is none, which
 * why explains. */
MUST_CHECK enum err batch_new(struct loop *, struct batch **out,
                              struct err_info *why);
void batch_free(struct batch **);

/* Storage of the engine for what will be written, which a batch can keep as it
 * is: ENGINE_SCRATCH_BYTES of clear text, ENGINE_CIPHER_BYTES of cipher text.
 * Each until it is asked for again or written. */
uint8_t *batch_plain(struct engine *);
uint8_t *batch_cipher(struct engine *);

/* What was read ahead of it. */
void batch_forget(struct leg *);

/* False: not put down, write at once. */
MUST_CHECK bool batch_put(struct batch *, struct leg *, const uint8_t *p,
                          size_t n);
/* What was put down for it is sent, or held. */
void batch_settle(struct leg *);

#endif
