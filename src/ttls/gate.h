/*
 * The start-up window: a stack whose profile says TCPCONFIG TTLS lets nobody
 * open a socket before it has its first policy, but those with READ to
 * EZB.INITSTACK.sysname.tcpname in class SERVAUTH (the master asks).
 *
 * A program of a few instructions on the image's cgroup refuses socket() for
 * AF_INET and AF_INET6 with EAGAIN. A job may be handed a socket that somebody
 * else has made: on the root of all cgroups the same question stands before
 * connect(), bind() and datagrams that name an address, for tasks of the
 * image. All stay when the stack's process dies; the next one finds them.
 */
#ifndef SALLYPORT_TTLS_GATE_H
#define SALLYPORT_TTLS_GATE_H

#include "base/err.h"

struct gate;

/* ERR_UNSUPPORTED, ERR_DENIED: nobody can be held back here. */
MUST_CHECK enum err gate_shut(const char *stack, struct gate **out,
                              struct err_info *why);
/* One that a process before us left; NULL when there is none. */
struct gate *gate_found(const char *stack);
void gate_allow(struct gate *, uint32_t uid);
/* Everybody may pass; releases it. */
void gate_open(struct gate **);

#endif
