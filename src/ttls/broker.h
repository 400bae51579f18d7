/*
 * The broker of a stack's engines: root, and the only one of them who talks to
 * the angel. It says whose a process or a certificate is, reads key rings as
 * the user of a connection, and writes their lines to the system log.
 */
#ifndef SALLYPORT_TTLS_BROKER_H
#define SALLYPORT_TTLS_BROKER_H

#include "base/err.h"

#define BROKER_CHANNELS_MAX 512u

/* Serve these channels (chan.h, engine_wire.h) until all have ended. */
MUST_CHECK enum err broker_run(const char *stack, const int *fds, size_t n,
                               struct err_info *why);
/* One message of this channel, whose other end is hostile. False: it has ended,
 * or does not keep to the list. */
MUST_CHECK bool broker_serve(int fd);

#endif
