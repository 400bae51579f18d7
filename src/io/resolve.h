/*
 * Host names to addresses without blocking the loop: numbers at once, names by
 * getaddrinfo in a short-lived thread.
 */
#ifndef SALLYPORT_IO_RESOLVE_H
#define SALLYPORT_IO_RESOLVE_H

#include <netinet/in.h>

#include "base/err.h"
#include "base/str.h"
#include "io/loop.h"

#define RESOLVE_ADDRESSES_MAX 8u
#define RESOLVE_HOST_MAX 255u
#define RESOLVE_THREADS_MAX 16u
#define RESOLVE_NAMES_MAX 8u

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

struct resolve_job;

/* e: ERR_OK and 1..RESOLVE_ADDRESSES_MAX addresses, or ERR_NOT_FOUND. Runs from
 * the loop, once. */
typedef void (*resolve_done)(void *arg, enum err e,
                             const union address *addresses, size_t n,
                             const struct err_info *why);

/* True when host is an IPv4 or IPv6 address (no brackets). */
bool address_parse(struct str host, unsigned port, union address *out);
socklen_t address_bytes(const union address *);
/* A connecting, non-blocking TCP socket (stream_init says how it went), or -1
 * and why. */
int address_connect(const union address *, struct err_info *why);

/* ERR_LIMIT: the name is too long, or RESOLVE_THREADS_MAX look-ups run. */
MUST_CHECK enum err resolve_start(struct loop *, struct str host, unsigned port,
                                  resolve_done done, void *arg,
                                  struct resolve_job **out,
                                  struct err_info *why);
/* name: "" has none (or *failed: that could not be found out). is_confirmed: it
 * is a name of that address in both directions. Runs from the loop, once. */
typedef void (*resolve_named)(void *arg, struct str name, bool is_confirmed,
                              bool has_failed);
/* The name of an address. ERR_LIMIT: RESOLVE_NAMES_MAX such look-ups run. */
MUST_CHECK enum err resolve_name(struct loop *, const struct sockaddr *,
                                 socklen_t, resolve_named done, void *arg,
                                 struct resolve_job **out,
                                 struct err_info *why);
/* `done` will not run; the loop may be freed afterwards. NULL is accepted. */
void resolve_cancel(struct resolve_job **);

#endif
