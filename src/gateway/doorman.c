#include "gateway/doorman.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/resolve.h"

struct doorman_guest {
    struct doorman *at;
    void *port;
    int fd;
    struct sockaddr_storage peer;
    socklen_t bytes;
    struct resolve_job *job;
    struct doorman_guest *next;
};

struct known {
    char name[RESOLVE_HOST_MAX + 1];
    bool is_confirmed, has_failed;
    uint64_t until_ms;
};

static socklen_t
bytes_of(const struct sockaddr *address)
{
    return address->sa_family == AF_INET    ? sizeof(struct sockaddr_in)
           : address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                            : 0;
}

/* Without the port. */
static struct str
key_of(const struct sockaddr *address)
{
    const struct sockaddr_in *four = (const void *)address;
    const struct sockaddr_in6 *six = (const void *)address;

    return address->sa_family == AF_INET
               ? str_n(&four->sin_addr, sizeof four->sin_addr)
               : str_n(&six->sin6_addr, sizeof six->sin6_addr);
}

void
doorman_init(struct doorman *d, struct loop *loop,
             void (*named)(void *port, int fd, const struct sockaddr *,
                           socklen_t, const struct admit_name *))
{
    *d = (struct doorman){ .loop = loop, .named = named };
    table_init(&d->known);
}

static void
forget_all(struct doorman *d)
{
    struct str key;
    size_t pos = 0;
    void *value;

    while (table_next(&d->known, &pos, &key, &value))
        free(value);
    table_fini(&d->known);
    table_init(&d->known);
}

void
doorman_fini(struct doorman *d)
{
    forget_all(d);
}

bool
doorman_knows(const struct doorman *d, const struct sockaddr *peer,
              struct admit_name *out)
{
    const struct known *k =
        bytes_of(peer) == 0 ? NULL : table_get(&d->known, key_of(peer));

    if (k == NULL || k->until_ms <= loop_now_ms(d->loop))
        return false;
    *out =
        (struct admit_name){ str_of(k->name), k->is_confirmed, k->has_failed };
    return true;
}

/* What could not be found out is asked again at once. */
static void
keep(struct doorman *d, const struct sockaddr *peer,
     const struct admit_name *name)
{
    struct known *k = name->has_failed ? NULL : calloc(1, sizeof *k);
    void *old = NULL;

    if (k == NULL)
        return;
    if (d->known.n >= DOORMAN_KNOWN_MAX)
        forget_all(d);
    k->is_confirmed = name->is_confirmed;
    k->until_ms = loop_now_ms(d->loop) + DOORMAN_KEEP_MS;
    if (!str_copy_z(name->name, k->name, sizeof k->name) ||
        !table_put(&d->known, key_of(peer), k, &old))
        old = k;
    free(old);
}

static void
unlist(struct doorman_guest *g)
{
    struct doorman_guest **at = &g->at->guests;

    while (*at != g)
        at = &(*at)->next;
    *at = g->next;
    g->at->n--;
}

static void
on_named(void *arg, struct str name, bool is_confirmed, bool has_failed)
{
    struct doorman_guest *g = arg;
    struct doorman *d = g->at;
    const struct sockaddr *peer = (struct sockaddr *)&g->peer;
    struct admit_name found = { name, is_confirmed, has_failed };

    unlist(g);
    keep(d, peer, &found);
    d->named(g->port, g->fd, peer, g->bytes, &found);
    free(g);
}

bool
doorman_ask(struct doorman *d, void *port, int fd, const struct sockaddr *peer)
{
    struct doorman_guest *g;

    if (d->n >= DOORMAN_WAITING_MAX || bytes_of(peer) == 0 ||
        (g = calloc(1, sizeof *g)) == NULL)
        return false;
    g->at = d;
    g->port = port;
    g->fd = fd;
    g->bytes = bytes_of(peer);
    memcpy(&g->peer, peer, g->bytes);
    if (resolve_name(d->loop, peer, g->bytes, on_named, g, &g->job, NULL) !=
        ERR_OK) {
        free(g);
        return false;
    }
    g->next = d->guests;
    d->guests = g;
    d->n++;
    return true;
}

void
doorman_leave(struct doorman *d, const void *port,
              void (*gone)(const struct sockaddr *, void *port))
{
    struct doorman_guest *g = d->guests, *next;

    for (; g != NULL; g = next) {
        next = g->next;
        if (g->port != port)
            continue;
        resolve_cancel(&g->job);
        close(g->fd);
        gone((struct sockaddr *)&g->peer, g->port);
        unlist(g);
        free(g);
    }
}
