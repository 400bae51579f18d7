#include "ttls/sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TCP_LISTENING 10
#ifndef INET_DIAG_CGROUP_ID
#define INET_DIAG_CGROUP_ID 21
#endif

static void
put_addr(struct capture_addr *a, uint8_t family, const __be32 ip[4],
         __be16 port)
{
    memset(a, 0, sizeof *a);
    if (family == AF_INET) {
        a->ip[10] = a->ip[11] = 0xff;
        memcpy(a->ip + 12, ip, 4);
    } else {
        memcpy(a->ip, ip, 16);
    }
    a->port = ntohs(port);
}

static bool
is_v4(const struct capture_addr *a)
{
    static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

    return memcmp(a->ip, prefix, sizeof prefix) == 0;
}

static void
read_facts(const struct nlmsghdr *h, struct socket_facts *s)
{
    const struct inet_diag_msg *m = NLMSG_DATA(h);
    unsigned left = h->nlmsg_len - (unsigned)NLMSG_LENGTH(sizeof *m);
    const char *p = (const char *)(m + 1);

    memset(s, 0, sizeof *s);
    put_addr(&s->local, m->idiag_family, m->id.idiag_src, m->id.idiag_sport);
    put_addr(&s->remote, m->idiag_family, m->id.idiag_dst, m->id.idiag_dport);
    s->cookie = (uint64_t)m->id.idiag_cookie[1] << 32 | m->id.idiag_cookie[0];
    s->uid = m->idiag_uid;
    s->inode = m->idiag_inode;
    s->is_v6 = m->idiag_family == AF_INET6;
    s->state = m->idiag_state;
    while (left >= sizeof(struct rtattr)) {
        const struct rtattr *a = (const void *)p;
        unsigned whole = RTA_ALIGN((unsigned)a->rta_len);

        if (a->rta_len < sizeof *a || whole > left)
            break;
        if (a->rta_type == INET_DIAG_CGROUP_ID &&
            a->rta_len == RTA_LENGTH(sizeof s->cgroup))
            memcpy(&s->cgroup, p + RTA_LENGTH(0), sizeof s->cgroup);
        p += whole;
        left -= whole;
    }
}

struct question {
    struct nlmsghdr h;
    struct inet_diag_req_v2 req;
};

static int
ask(const struct question *q)
{
    struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

    if (fd >= 0 && sendto(fd, q, sizeof *q, 0, (struct sockaddr *)&kernel,
                          sizeof kernel) != (ssize_t)sizeof *q) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* Reads answers until their end; false: an error came instead. */
static bool
answers(int fd, bool is_dump,
        void (*each)(void *arg, const struct socket_facts *), void *arg)
{
    static _Thread_local uint32_t space[8192];

    for (;;) {
        ssize_t n = recv(fd, space, sizeof space, 0);
        struct nlmsghdr *h = (void *)space;

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        for (unsigned left = (unsigned)n; NLMSG_OK(h, left);
             h = NLMSG_NEXT(h, left)) {
            struct socket_facts s;

            if (h->nlmsg_type == NLMSG_DONE)
                return true;
            if (h->nlmsg_type != SOCK_DIAG_BY_FAMILY)
                return false;
            read_facts(h, &s);
            each(arg, &s);
            if (!is_dump)
                return true;
        }
    }
}

static struct question
question(uint8_t family, uint32_t states, bool is_dump)
{
    return (struct question){
        .h = { .nlmsg_len = sizeof(struct question),
               .nlmsg_type = SOCK_DIAG_BY_FAMILY,
               .nlmsg_flags =
                   (uint16_t)(NLM_F_REQUEST | (is_dump ? NLM_F_DUMP : 0)) },
        .req = { .sdiag_family = family,
                 .sdiag_protocol = IPPROTO_TCP,
                 .idiag_states = states,
                 .id = { .idiag_cookie = { INET_DIAG_NOCOOKIE,
                                           INET_DIAG_NOCOOKIE } } },
    };
}

bool
socket_each(uint32_t states,
            void (*each)(void *arg, const struct socket_facts *), void *arg)
{
    static const uint8_t families[] = { AF_INET, AF_INET6 };
    bool is_fine = true;

    for (size_t i = 0; i < ARRAY_LEN(families); i++) {
        struct question q = question(families[i], states, true);
        int fd = ask(&q);

        is_fine = fd >= 0 && answers(fd, true, each, arg) && is_fine;
        if (fd >= 0)
            close(fd);
    }
    return is_fine;
}

static void
take(void *arg, const struct socket_facts *s)
{
    *(struct socket_facts *)arg = *s;
}

/* One socket by its addresses, as a socket of this family. */
static bool
find_as(uint8_t family, const struct capture_addr *local,
        const struct capture_addr *remote, struct socket_facts *out)
{
    struct question q = question(family, 0xffffffff, false);
    size_t skip = family == AF_INET ? 12 : 0;
    int fd;
    bool is_found;

    memcpy(q.req.id.idiag_src, local->ip + skip, 16 - skip);
    memcpy(q.req.id.idiag_dst, remote->ip + skip, 16 - skip);
    q.req.id.idiag_sport = htons(local->port);
    q.req.id.idiag_dport = htons(remote->port);
    fd = ask(&q);
    is_found = fd >= 0 && answers(fd, false, take, out);
    if (fd >= 0)
        close(fd);
    return is_found;
}

bool
socket_find(const struct capture_addr *local, const struct capture_addr *remote,
            struct socket_facts *out)
{
    return (is_v4(local) && find_as(AF_INET, local, remote, out)) ||
           find_as(AF_INET6, local, remote, out);
}

struct wanted {
    const struct capture_addr *local;
    struct socket_facts *out;
    size_t max, n;
    int rank; /* of what was found: exact, any of the family, any */
};

static void
best_listener(void *arg, const struct socket_facts *s)
{
    static const uint8_t none[16];
    struct wanted *w = arg;
    int rank = 0;

    if (s->state != TCP_LISTENING || s->local.port != w->local->port)
        return;
    if (memcmp(s->local.ip, w->local->ip, 16) == 0)
        rank = 3;
    else if (is_v4(&s->local) && is_v4(w->local) &&
             memcmp(s->local.ip + 12, none, 4) == 0)
        rank = 2;
    else if (memcmp(s->local.ip, none, 16) == 0)
        rank = 1;
    if (rank == 0 || rank < w->rank)
        return;
    if (rank > w->rank)
        w->n = 0;
    w->rank = rank;
    if (w->n < w->max)
        w->out[w->n] = *s;
    w->n++;
}

size_t
socket_listeners(const struct capture_addr *local, struct socket_facts *out,
                 size_t max)
{
    struct wanted w = { local, out, max, 0, 0 };

    return socket_each(1u << TCP_LISTENING, best_listener, &w) ? w.n : 0;
}
