/* The server's listening sockets: opened once, kept across worker restarts. */
#ifndef SALLYPORT_BIN_SERVER_LISTENERS_H
#define SALLYPORT_BIN_SERVER_LISTENERS_H

#include "base/err.h"
#include "base/str.h"

#define LISTENERS_MAX 64u

struct listener {
    char host[256];
    uint16_t port;
    int fd;
};

struct listeners {
    struct listener v[LISTENERS_MAX];
    unsigned n;
};

/* The socket stays the table's. Errors as parent_listen. */
MUST_CHECK enum err listeners_open(struct listeners *, struct str host,
                                   uint16_t port, bool reuses, int *fd,
                                   struct err_info *why);
void listeners_release(struct listeners *, struct str host, uint16_t port);
void listeners_fini(struct listeners *);

#endif
