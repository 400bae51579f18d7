/*
 * The link of provider `cics` to a region that is reached over the network:
 * finds the host, connects, and puts a tunnel between the connection and the
 * control descriptor, so that everything else is as with a region of this
 * image.
 */
#include <string.h>
#include <unistd.h>

#include "backends/cics_private.h"

static void try_next(struct provider_conn *conn);

/* The HELLO waits in the control connection until here. */
static void
on_open(void *arg, struct str certificate)
{
    struct provider_conn *conn = arg;
    int far_end = conn->far_end;
    struct err_info why;

    (void)certificate;
    conn->n_addresses = 0; /* no other one is tried */
    conn->far_end = -1;
    if (isc_tunnel_attach(conn->tunnel, far_end, &why) != ERR_OK)
        cics_lost(conn, PROVIDER_UNREACHABLE, why.text);
}

static void
on_closed(void *arg, const char *reason)
{
    struct provider_conn *conn = arg;

    isc_tunnel_free(&conn->tunnel);
    if (conn->n_addresses > 0)
        try_next(conn);
    else
        cics_lost(conn, PROVIDER_UNREACHABLE, reason);
}

static enum err
start_tunnel(struct provider_conn *conn, const union address *address,
             struct err_info *why)
{
    const struct isc_tunnel_events events = { on_open, on_closed, conn };
    int fd = address_connect(address, why);

    if (fd < 0)
        return ERR_PEER;
    return isc_tunnel_new(conn->loop, ISC_CLIENT_SIDE, fd, conn->tls,
                          conn->host, &events, &conn->tunnel, why);
}

static void
try_next(struct provider_conn *conn)
{
    struct err_info why = { .text = "the region's host has no address" };

    while (conn->n_addresses > 0) {
        union address address = conn->addresses[0];

        conn->n_addresses--;
        memmove(&conn->addresses[0], &conn->addresses[1],
                conn->n_addresses * sizeof conn->addresses[0]);
        if (start_tunnel(conn, &address, &why) == ERR_OK)
            return;
    }
    cics_lost(conn, PROVIDER_UNREACHABLE, why.text);
}

static void
on_resolved(void *arg, enum err e, const union address *addresses, size_t n,
            const struct err_info *why)
{
    struct provider_conn *conn = arg;

    conn->resolving = NULL;
    if (e != ERR_OK) {
        cics_lost(conn, PROVIDER_UNREACHABLE, why->text);
        return;
    }
    memcpy(conn->addresses, addresses, n * sizeof *addresses);
    conn->n_addresses = n;
    try_next(conn);
}

enum err
cics_remote_connect(struct provider_conn *conn, int *control,
                    struct err_info *why)
{
    int fds[2];
    enum err e = isc_pair(fds, why);

    if (e != ERR_OK)
        return e;
    e = resolve_start(conn->loop, conn->host, conn->port, on_resolved, conn,
                      &conn->resolving, why);
    if (e != ERR_OK) {
        close(fds[0]);
        close(fds[1]);
        return e;
    }
    *control = fds[0];
    conn->far_end = fds[1];
    return ERR_OK;
}

void
cics_remote_close(struct provider_conn *conn)
{
    resolve_cancel(&conn->resolving);
    isc_tunnel_free(&conn->tunnel);
    conn->n_addresses = 0;
    if (conn->far_end >= 0)
        close(conn->far_end);
    conn->far_end = -1;
}
