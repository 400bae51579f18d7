/*
 * Keys of TLS session tickets, shared by configurations and, through a file, by
 * servers: a client resumes at any of them. The newest key encrypts, older ones
 * still decrypt; tickets of those are renewed.
 *
 * The file has one key a line, newest first; "#" begins a comment:
 *
 *     <seconds since 1970> <160 hexadecimal digits>
 */
#ifndef SALLYPORT_IO_TICKETS_H
#define SALLYPORT_IO_TICKETS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define TICKETS_KEYS_MAX 8u
#define TICKETS_FILE_MAX ((size_t)65536)

struct ticket_key {
    uint64_t made_s;
    unsigned char name[16], cipher[32], mac[32];
};

struct ticket_keys {
    struct ticket_key v[TICKETS_KEYS_MAX];
    unsigned n;
};

/* ERR_SYNTAX: a line is none; ERR_LIMIT: too many. `why` has the line. */
MUST_CHECK enum err tickets_parse(struct str text, struct ticket_keys *out,
                                  struct err_info *why);
/* The whole file. */
void tickets_print(const struct ticket_keys *, struct buf *out);
/*
 * A new key in front when the newest is older than every_s (or there is none);
 * those no ticket can be of any more (keep_s after they were replaced) go.
 * True: something changed. False also when there is no randomness.
 */
MUST_CHECK bool tickets_rotate(struct ticket_keys *, uint64_t now_s,
                               uint64_t every_s, uint64_t keep_s);
void tickets_wipe(struct ticket_keys *);

/* What handshakes use; counted, any thread. */
struct tickets;
MUST_CHECK enum err tickets_new(struct tickets **out, struct err_info *why);
struct tickets *tickets_ref(struct tickets *);
void tickets_unref(struct tickets **);
void tickets_set(struct tickets *, const struct ticket_keys *);

#endif
