#include "listeners.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct listener *
find(struct listeners *l, struct str host, uint16_t port)
{
    for (unsigned i = 0; i < l->n; i++)
        if (l->v[i].port == port && str_eq_z(host, l->v[i].host))
            return &l->v[i];
    return NULL;
}

static enum err
bind_failed(int error, struct err_info *why)
{
    enum err e = error == EADDRINUSE                 ? ERR_EXISTS
                 : error == EACCES || error == EPERM ? ERR_DENIED
                 : error == EADDRNOTAVAIL            ? ERR_NOT_FOUND
                                                     : ERR_IO;

    return err_set(why, e, "%s", strerror(error));
}

static int
bind_one(const struct sockaddr *address, socklen_t n, int family, bool reuses,
         int *error)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = reuses, off = 0;

    if (fd >= 0 &&
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        (family != AF_INET6 ||
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0) &&
        bind(fd, address, n) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    *error = errno;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* All interfaces: one IPv6 socket takes IPv4 too; without IPv6, IPv4. */
static int
bind_any(uint16_t port, bool reuses, int *error)
{
    struct sockaddr_in6 six = { .sin6_family = AF_INET6,
                                .sin6_port = htons(port),
                                .sin6_addr = in6addr_any };
    struct sockaddr_in four = { .sin_family = AF_INET,
                                .sin_port = htons(port) };
    int fd =
        bind_one((struct sockaddr *)&six, sizeof six, AF_INET6, reuses, error);

    if (fd >= 0 || *error == EADDRINUSE || *error == EACCES)
        return fd;
    return bind_one((struct sockaddr *)&four, sizeof four, AF_INET, reuses,
                    error);
}

/* A name's first address, IPv4 before IPv6 as the original's runtime does. */
static int
bind_name(const char *host, uint16_t port, bool reuses, int *error,
          bool *is_unknown)
{
    static const int families[] = { AF_INET, AF_INET6 };
    char service[8];

    *is_unknown = true;
    snprintf(service, sizeof service, "%u", port);
    for (size_t i = 0; i < ARRAY_LEN(families); i++) {
        struct addrinfo hints = { .ai_family = families[i],
                                  .ai_socktype = SOCK_STREAM,
                                  .ai_flags = AI_PASSIVE };
        struct addrinfo *found = NULL;
        int fd;

        if (getaddrinfo(host, service, &hints, &found) != 0)
            continue;
        *is_unknown = false;
        fd = bind_one(found->ai_addr, found->ai_addrlen, families[i], reuses,
                      error);
        freeaddrinfo(found);
        return fd;
    }
    return -1;
}

enum err
listeners_open(struct listeners *l, struct str host, uint16_t port, bool reuses,
               int *fd, struct err_info *why)
{
    struct listener *known = find(l, host, port);
    bool is_unknown = false;
    int error = 0;

    if (known != NULL) {
        *fd = known->fd;
        return ERR_OK;
    }
    if (l->n == LISTENERS_MAX)
        return err_set(why, ERR_LIMIT, "more than %u listening sockets",
                       LISTENERS_MAX);
    known = &l->v[l->n];
    if (!str_copy_z(host, known->host, sizeof known->host))
        return err_set(why, ERR_LIMIT, "the host name is too long");
    known->port = port;
    known->fd = strcmp(known->host, "*") == 0
                    ? bind_any(port, reuses, &error)
                    : bind_name(known->host, port, reuses, &error, &is_unknown);
    if (is_unknown)
        return err_set(why, ERR_NOT_FOUND, "the host %s cannot be resolved",
                       known->host);
    if (known->fd < 0)
        return bind_failed(error, why);
    l->n++;
    *fd = known->fd;
    return ERR_OK;
}

void
listeners_release(struct listeners *l, struct str host, uint16_t port)
{
    struct listener *known = find(l, host, port);

    if (known == NULL)
        return;
    close(known->fd);
    *known = l->v[--l->n];
}

void
listeners_fini(struct listeners *l)
{
    for (unsigned i = 0; i < l->n; i++)
        close(l->v[i].fd);
    l->n = 0;
}
