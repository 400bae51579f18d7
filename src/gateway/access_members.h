/*
 * A request as members of a JSON log, under the original's names. They are
 * made on a loop and kept in bytes until a thread that may wait writes them.
 *
 *   record = u64 wall_ms  u32 n  n x { str name  u8 is_number  str value }
 *
 * Source: Liberty, JSON log events, HTTP access events.
 */
#ifndef SALLYPORT_GATEWAY_ACCESS_MEMBERS_H
#define SALLYPORT_GATEWAY_ACCESS_MEMBERS_H

#include "audit/log_format.h"
#include "base/reader.h"
#include "gateway/access_format.h"

#define ACCESS_MEMBERS_MAX 128u
#define ACCESS_VALUE_MAX 2048u /* longer ones are cut */

/* Append a record. format NULL: the members that are the default; else those
 * its tokens name. What is not known is left out. */
void access_members_put(const struct access_format *format,
                        const struct access_facts *, struct buf *out);
/* The next record; views of what the reader reads. */
bool access_members_take(struct reader *, uint64_t *wall_ms,
                         struct log_member out[ACCESS_MEMBERS_MAX], size_t *n);

#endif
