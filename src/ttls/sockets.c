#include "ttls/sockets.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
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
    if (rank > w->rank) {
        w->rank = rank;
        *w->out = *s;
    }
}

bool
socket_listener(const struct capture_addr *local, struct socket_facts *out)
{
    struct wanted w = { local, out, 0 };

    return socket_each(1u << TCP_LISTENING, best_listener, &w) && w.rank > 0;
}

static bool
holds(const char *pid, uint32_t inode)
{
    char path[64], link[64], wanted[32];
    struct dirent *d;
    bool is_found = false;
    DIR *dir;

    (void)snprintf(path, sizeof path, "/proc/%.20s/fd", pid);
    (void)snprintf(wanted, sizeof wanted, "socket:[%u]", inode);
    dir = opendir(path);
    while (dir != NULL && !is_found && (d = readdir(dir)) != NULL) {
        ssize_t n = readlinkat(dirfd(dir), d->d_name, link, sizeof link - 1);

        is_found = n > 0 && (size_t)n == strlen(wanted) &&
                   memcmp(link, wanted, (size_t)n) == 0;
    }
    if (dir != NULL)
        closedir(dir);
    return is_found;
}

int
socket_program(uint32_t inode, uint32_t uid, char comm[17])
{
    DIR *proc = opendir("/proc");
    struct dirent *d;
    int pid = 0;

    comm[0] = '\0';
    while (proc != NULL && pid == 0 && (d = readdir(proc)) != NULL) {
        char path[300];
        struct stat st;
        FILE *f;

        if (!isdigit((unsigned char)d->d_name[0]) ||
            fstatat(dirfd(proc), d->d_name, &st, 0) != 0 || st.st_uid != uid ||
            !holds(d->d_name, inode))
            continue;
        pid = atoi(d->d_name);
        (void)snprintf(path, sizeof path, "/proc/%s/comm", d->d_name);
        f = fopen(path, "re");
        if (f != NULL && fgets(comm, 17, f) != NULL)
            comm[strcspn(comm, "\n")] = '\0';
        if (f != NULL)
            fclose(f);
    }
    if (proc != NULL)
        closedir(proc);
    return pid;
}
