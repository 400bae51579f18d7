/*
 * What the kernel knows of TCP sockets (sock_diag): who owns them. For
 * listeners that were there before us, and where connect() was not seen.
 */
#ifndef SALLYPORT_TTLS_SOCKETS_H
#define SALLYPORT_TTLS_SOCKETS_H

#include "base/defs.h"
#include "ttls/capture_map.h"

struct socket_facts {
    struct capture_addr local, remote;
    uint64_t cookie, cgroup;
    uint32_t uid, inode;
    bool is_v6;
    uint8_t state; /* TCP_ESTABLISHED (1) .. TCP_LISTEN (10) */
};

/* The connected socket with these addresses. */
MUST_CHECK bool socket_find(const struct capture_addr *local,
                            const struct capture_addr *remote,
                            struct socket_facts *out);
/* The sockets that take connections to this local address: several may share it
 * (SO_REUSEPORT). Returns how many there are, of which max at most are in out.
 */
MUST_CHECK size_t socket_listeners(const struct capture_addr *local,
                                   struct socket_facts *out, size_t max);
/* All in these states (bits 1 << state). False: the kernel gives no list. */
MUST_CHECK bool
socket_each(uint32_t states,
            void (*each)(void *arg, const struct socket_facts *), void *arg);
#endif
