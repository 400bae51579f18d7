/* The region's key ring as TLS settings of a TCPIPSERVICE. */
#ifndef SALLYPORT_REGION_GATE_RING_H
#define SALLYPORT_REGION_GATE_RING_H

#include "io/tls.h"
#include "region/defs.h"
#include "saf/client.h"

/*
 * keyring: "ring" of the region's own user, or "owner/ring"; the certificate is
 * the service's CERTIFICATE, else the ring's default. SSL(CLIENTAUTH) requires
 * a certificate of the partner that a CA in the ring signed.
 *
 * ERR_NOT_FOUND  no KEYRING, no such ring, no such certificate with a key
 * ERR_DENIED     the region's user may not use it
 */
MUST_CHECK enum err gate_ring_tls(struct saf_client *, struct str keyring,
                                  const struct tcpipservice *,
                                  struct tls_config **out,
                                  struct err_info *why);

#endif
