/*
 * The gate: the process of a region that lets partners in over TCP and TLS. It
 * listens at each open TCPIPSERVICE, does TLS with the region's key ring, finds
 * out whom a client certificate stands for, and hands the supervisor a partner
 * that looks like a local one (isc/tunnel.h). Frames from the network are read
 * here alone; a gate that dies takes its links with it, not the region.
 */
#ifndef SALLYPORT_REGION_GATE_H
#define SALLYPORT_REGION_GATE_H

#include "region/defs.h"

/* Until the supervisor's channel `fd` ends: messages RMSG_PARTNER, RMSG_LOG.
 * A service that cannot be opened is said in the region's log; the others go
 * on. Returns the exit status. */
int gate_run(const struct region_defs *, int fd);

#endif
