/*
 * A SYSTSIN deck: lines to TSO commands. Continuation by a last "+" or "-",
 * comments gone, sequence numbers in columns 73-80 gone, blank lines ignored.
 */
#ifndef SALLYPORT_BATCH_DECK_H
#define SALLYPORT_BATCH_DECK_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define DECK_COMMAND_MAX (32u * 1024u)

struct deck {
    struct str rest;
    uint32_t line; /* of the command read last, 1-based */
    uint32_t next_line;
};

void deck_init(struct deck *, struct str text);
/* The next command, without line ends; false at the end. ERR_LIMIT in buf
 * (buf_check) when it is longer than DECK_COMMAND_MAX. */
bool deck_next(struct deck *, struct buf *command);

#endif
