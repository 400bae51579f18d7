/*
 * Text of others on its way to a terminal, a listing or a log: nothing in it
 * ends the line, moves the cursor or turns the writing round.
 */
#ifndef SALLYPORT_BASE_PRINTABLE_H
#define SALLYPORT_BASE_PRINTABLE_H

#include "base/buf.h"
#include "base/str.h"

/* All of it may be shown as it is: UTF-8 without control characters (C0, DEL,
 * C1), line and paragraph separators, and marks of direction. */
bool printable_is(struct str text);
/* The text with each byte of what may not as "\xNN". */
void printable_add(struct buf *out, struct str text);

#endif
