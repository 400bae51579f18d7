/* A connection's other leg: to the peer, or to the program that listens. */
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ttls/engine.h"

/* A listener on this machine that does not answer for fifteen seconds will not:
 * its queue is full, or it is bound to a device. */
#define INNER_SYN_RETRIES 3
#define LINKS_BYTES_MAX (1024u * 1024u)

static bool
is_link_local(const struct capture_addr *a)
{
    return a->ip[0] == 0xfe && (a->ip[1] & 0xc0) == 0x80;
}

static bool
read_links(int fd, struct buf *out)
{
    char piece[4096];
    ssize_t n;

    while ((n = pread(fd, piece, sizeof piece, (off_t)out->n)) > 0)
        buf_add(out, str_n(piece, (size_t)n));
    return n == 0 && !out->failed;
}

/* A line of /proc/net/dev, `name: numbers`: its interface; 0: it is down, or
 * loopback, or this is a heading. */
static uint32_t
link_up(int fd, struct str line)
{
    struct ifreq r = { 0 };
    size_t end = str_find_char(line, ':');

    if (end == STR_NPOS ||
        !str_copy_z(str_trim(str_sub(line, 0, end)), r.ifr_name,
                    sizeof r.ifr_name) ||
        ioctl(fd, SIOCGIFFLAGS, &r) != 0 || (r.ifr_flags & IFF_UP) == 0 ||
        (r.ifr_flags & IFF_LOOPBACK) != 0)
        return 0;
    /* Up and nameless in the next moment: it counts as another one. */
    return ioctl(fd, SIOCGIFINDEX, &r) != 0 ? UINT32_MAX
                                            : (uint32_t)r.ifr_ifindex;
}

/* The interface of a link-local destination: the kernel does not tell which
 * one the program has named. One that its socket is bound to, or the only one
 * that is up; 0: nobody knows. */
static uint32_t
link_of(const struct engine *g, int fd, const struct capture_record *r)
{
    uint32_t index, found = 0;
    struct str rest, line;
    struct buf text;
    bool is_only;

    if (r->device > 1)
        return r->device;
    buf_init(&text, LINKS_BYTES_MAX);
    is_only = read_links(g->links, &text);
    rest = buf_view(&text);
    while (str_line(&rest, &line)) {
        index = link_up(fd, line);
        is_only = is_only && (index == 0 || found == 0);
        found = index == 0 ? found : index;
    }
    buf_fini(&text);
    return is_only && found != UINT32_MAX ? found : 0;
}

static int
new_socket(bool is_v6)
{
    return socket(is_v6 ? AF_INET6 : AF_INET,
                  SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
}

bool
leg_name(int fd, struct capture_addr *out)
{
    struct sockaddr_storage at;
    socklen_t n = sizeof at;

    if (getsockname(fd, (struct sockaddr *)&at, &n) != 0)
        return false;
    addr_of_sockaddr(out, &at);
    return true;
}

static bool
connect_leg(struct leg *leg, int fd, const struct capture_addr *to, bool is_v6)
{
    struct sockaddr_in6 at;
    unsigned n;

    addr_to_sockaddr(to, is_v6, &at, &n);
    if (is_link_local(to))
        at.sin6_scope_id = leg->conn->scope;
    if (connect(fd, (struct sockaddr *)&at, n) != 0 && errno != EINPROGRESS) {
        close(fd);
        return false;
    }
    return leg_watch(leg, fd, false);
}

/* As the program's socket was: to a device, to an address. Its port is taken
 * by itself. */
static bool
bind_like(int fd, const struct capture_record *r, bool is_v6)
{
    struct capture_addr from = r->from;
    struct sockaddr_in6 at;
    const int one = 1;
    unsigned n;

    if (r->device > 1 && setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX,
                                    &(int){ (int)r->device }, sizeof(int)) != 0)
        return false;
    if ((r->flags & CAPTURE_BOUND) == 0)
        return true;
    from.port = 0;
    addr_to_sockaddr(&from, is_v6, &at, &n);
    IGNORE(
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one));
    return bind(fd, (struct sockaddr *)&at, n) == 0;
}

/* connect() to "any address" means one of this machine's: which, the kernel
 * knows. Rules are for that one. */
static bool
find_destination(struct conn *c, bool is_v6)
{
    struct capture_record *r = &c->record;
    struct sockaddr_storage at;
    socklen_t n = sizeof at;
    unsigned at_n;
    bool is_found;
    int fd;

    if (!addr_is_any(&r->to))
        return true;
    fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    addr_to_sockaddr(&r->to, is_v6, &at, &at_n);
    is_found = bind_like(fd, r, is_v6) &&
               connect(fd, (struct sockaddr *)&at, at_n) == 0 &&
               getpeername(fd, (struct sockaddr *)&at, &n) == 0;
    close(fd);
    if (is_found)
        addr_of_sockaddr(&r->to, &at);
    c->remote = r->to;
    return is_found;
}

/* To where the program wanted to go, from where it had bound itself. */
bool
leg_connect_outer(struct conn *c)
{
    bool is_v6 = !addr_is_v4(&c->record.to);
    int fd = new_socket(is_v6);

    if (fd < 0)
        return false;
    if (is_link_local(&c->record.to))
        c->scope = link_of(c->engine, fd, &c->record);
    if (!bind_like(fd, &c->record, is_v6) || !find_destination(c, is_v6)) {
        close(fd);
        return false;
    }
    if (!connect_leg(&c->outer, fd, &c->record.to, is_v6))
        return false;
    return leg_name(c->outer.watch.fd, &c->local);
}

/* To the program that listens, as a neighbour: the kernel then tells it the
 * client's address. */
bool
leg_connect_inner(struct conn *c)
{
    static const struct capture_addr loopback4 = {
        .ip = { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 }
    };
    static const struct capture_addr loopback6 = { .ip = { [15] = 1 } };
    const int tries = INNER_SYN_RETRIES;
    bool is_v6 = !addr_is_v4(&c->local);
    struct sockaddr_in6 at;
    unsigned n;
    int fd = new_socket(is_v6);

    if (fd < 0)
        return false;
    IGNORE(setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &tries, sizeof tries));
    addr_to_sockaddr(is_v6 ? &loopback6 : &loopback4, is_v6, &at, &n);
    if (is_link_local(&c->local)) { /* from where it is, on its link */
        struct capture_addr from = c->local;

        from.port = 0;
        addr_to_sockaddr(&from, true, &at, &n);
        at.sin6_scope_id = c->scope;
    }
    if (bind(fd, (struct sockaddr *)&at, n) != 0 || !leg_name(fd, &c->own) ||
        !maps_peer_put(c->engine, &c->own, &c->remote)) {
        close(fd);
        return false;
    }
    if (connect_leg(&c->inner, fd, &c->local, is_v6))
        return true;
    maps_peer_remove(c->engine, &c->own);
    return false;
}
