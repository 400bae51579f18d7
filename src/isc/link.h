/*
 * Frames over AF_UNIX SOCK_SEQPACKET: one frame a packet, descriptors beside
 * it. Both the control connection and the sessions.
 */
#ifndef SALLYPORT_ISC_LINK_H
#define SALLYPORT_ISC_LINK_H

#include "base/buf.h"
#include "base/err.h"
#include "isc/frame.h"

/* Connect without ever blocking; the socket is non-blocking. ERR_NOT_FOUND or
 * ERR_PEER when nobody listens, ERR_AGAIN when its queue is full. */
MUST_CHECK enum err isc_connect(const char *path, int *fd,
                                struct err_info *why);
/*
 * Connect to whichever region of this image has the port open: each keeps
 * regions/<APPLID>/port.<n>.sock in its own folder, where nobody else can put
 * one. ERR_NOT_FOUND when none has.
 */
MUST_CHECK enum err isc_connect_port(unsigned port, int *fd,
                                     struct err_info *why);
/* A session: both ends, with buffers for ISC_FRAME_MAX. */
MUST_CHECK enum err isc_pair(int fds[2], struct err_info *why);

/* ERR_PEER when the other side is gone, ERR_AGAIN when it would block. The
 * descriptors are copied to the peer, not closed here. */
MUST_CHECK enum err isc_send(int fd, struct str frame, const int *fds,
                             unsigned n_fds, struct err_info *why);

/* A received packet; the buffer may be used again for the next one. */
struct isc_packet {
    struct buf bytes;
    int fds[ISC_FDS_MAX];
    unsigned n_fds;
};
void isc_packet_init(struct isc_packet *);
/* Receive one; what the packet held before is released first. ERR_PEER at end
 * of file, ERR_AGAIN when nothing waits (wait false or socket non-blocking),
 * ERR_SYNTAX when cut short. */
MUST_CHECK enum err isc_recv(int fd, bool wait, struct isc_packet *,
                             struct err_info *why);
/* Likewise, and `head` gets the packet's first bytes from the kernel in the
 * same step that takes it from the queue: in memory that others see, it tells
 * them what was taken when we die over it. */
MUST_CHECK enum err isc_recv_noted(int fd, bool wait, struct isc_packet *,
                                   char head[ISC_HEAD_BYTES],
                                   struct err_info *why);
void isc_packet_close_fds(struct isc_packet *);
void isc_packet_fini(struct isc_packet *);

/*
 * Map the memfds that areas name: their `data` is then valid until
 * isc_areas_unmap. Refuses descriptors that are not sealed against writing and
 * shrinking, or of another size than said (ERR_SYNTAX).
 */
MUST_CHECK enum err isc_areas_map(struct isc_area *, size_t n,
                                  const struct isc_packet *,
                                  struct err_info *why);
void isc_areas_unmap(struct isc_area *, size_t n);

#endif
