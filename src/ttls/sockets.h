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
    uint8_t state; /* TCP_ESTABLISHED (1) .. TCP_LISTEN (10) */
};

/* The connected socket with these addresses. */
MUST_CHECK bool socket_find(const struct capture_addr *local,
                            const struct capture_addr *remote,
                            struct socket_facts *out);
/* The socket that takes connections to this local address. */
MUST_CHECK bool socket_listener(const struct capture_addr *local,
                                struct socket_facts *out);
/* All in these states (bits 1 << state). False: the kernel gives no list. */
MUST_CHECK bool
socket_each(uint32_t states,
            void (*each)(void *arg, const struct socket_facts *), void *arg);
/* The name of a program that holds the socket, "" when none is found (racy,
 * and the name is the program's own choice). Returns its process id or 0. */
int socket_program(uint32_t inode, uint32_t uid, char comm[17]);

#endif
