/*
 * The region link between two machines. Inside one image the link is packets
 * and descriptors over local sockets (link.h); between two it is frames on one
 * stream, TCP or TLS. A tunnel stands at each end of the stream and looks to
 * its neighbour like the other program: to a client like the region, to the
 * region like a client. So neither client nor workers know the difference.
 *
 *   client ─local─ tunnel ═══ stream ═══ tunnel ─local─ region, its workers
 *
 * Frames of the control connection have session 0; a session's frames bear its
 * number. Containers that travel as memfds locally are inline on the stream.
 * What a peer makes us hold is bounded: ISC_HELLO_MAX bytes until the bind is
 * acknowledged, one frame of ISC_STREAM_MAX bytes from then on.
 */
#ifndef SALLYPORT_ISC_TUNNEL_H
#define SALLYPORT_ISC_TUNNEL_H

#include "base/err.h"
#include "io/loop.h"
#include "io/tls.h"

#define ISC_HELLO_MAX 1024u

struct isc_tunnel;

enum isc_side { ISC_CLIENT_SIDE, ISC_REGION_SIDE };

/* Run from the loop. */
struct isc_tunnel_events {
    /* The stream is up. certificate: the peer's, verified, DER; "" without.
     * Nothing is read from the stream until isc_tunnel_attach. */
    void (*on_open)(void *arg, struct str certificate);
    /* It came to its end, for this reason; the owner frees it. Runs once. */
    void (*on_closed)(void *arg, const char *reason);
    void *arg;
};

/*
 * Over a connected (region side) or connecting (client side) non-blocking
 * socket, which is the tunnel's from here on, also when this fails. tls NULL:
 * clear text. sni: the partner's host name for a client, "" else. events is
 * copied.
 */
MUST_CHECK enum err isc_tunnel_new(struct loop *, enum isc_side, int fd,
                                   struct tls_config *tls, struct str sni,
                                   const struct isc_tunnel_events *events,
                                   struct isc_tunnel **out,
                                   struct err_info *why);
/* The local control connection (SOCK_SEQPACKET, non-blocking), which is the
 * tunnel's from here on. Before or after on_open; once. */
MUST_CHECK enum err isc_tunnel_attach(struct isc_tunnel *, int control,
                                      struct err_info *why);
/* Has the region agreed to the bind? */
bool isc_tunnel_is_bound(const struct isc_tunnel *);
/* Closes all; no event follows. From an event too. NULL is accepted. */
void isc_tunnel_free(struct isc_tunnel **);

#endif
