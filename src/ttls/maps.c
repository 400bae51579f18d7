/* The kernel's maps, from a process that may only use them: descriptors came
 * from the stack, so plain system calls do and no library is needed. */
#include <arpa/inet.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ttls/engine.h"

static int
map_call(int command, int fd, const void *key, void *value, uint64_t flags)
{
    union bpf_attr attr;

    memset(&attr, 0, sizeof attr);
    attr.map_fd = (uint32_t)fd;
    attr.key = (uint64_t)(uintptr_t)key;
    attr.value = (uint64_t)(uintptr_t)value;
    attr.flags = flags;
    return (int)syscall(SYS_bpf, command, &attr, sizeof attr);
}

bool
maps_take(struct engine *g, int fd, const struct capture_addr *source,
          struct capture_record *out)
{
    uint64_t cookie = 0;
    socklen_t n = sizeof cookie;

    if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &n) != 0 ||
        map_call(BPF_MAP_LOOKUP_ELEM, g->map_source, source, out, 0) != 0 ||
        out->accepted != cookie)
        return false;
    if ((out->flags & CAPTURE_CLOSED) != 0) {
        (void)map_call(BPF_MAP_DELETE_ELEM, g->map_source, source, NULL, 0);
        return true;
    }
    out->flags |= CAPTURE_TAKEN;
    (void)map_call(BPF_MAP_UPDATE_ELEM, g->map_source, source, out, BPF_EXIST);
    return true;
}

void
maps_seen(struct engine *g, const struct capture_record *r,
          const struct capture_addr *source)
{
    struct capture_record now = *r;

    /* Only while the program's socket lives: a row never comes back. */
    if (g->is_bpf)
        (void)map_call(BPF_MAP_UPDATE_ELEM, g->map_source, source, &now,
                       BPF_EXIST);
}

bool
maps_peer_put(struct engine *g, const struct capture_addr *own,
              const struct capture_addr *client)
{
    struct capture_addr value = *client;

    return !g->is_bpf ||
           map_call(BPF_MAP_UPDATE_ELEM, g->map_in_peer, own, &value, 0) == 0;
}

void
maps_peer_remove(struct engine *g, const struct capture_addr *own)
{
    if (g->is_bpf)
        (void)map_call(BPF_MAP_DELETE_ELEM, g->map_in_peer, own, NULL, 0);
}

bool
maps_listeners(const struct engine *g, uint64_t *out)
{
    uint32_t which = CAPTURE_N_LISTENERS;

    return g->is_bpf &&
           map_call(BPF_MAP_LOOKUP_ELEM, g->map_counts, &which, out, 0) == 0;
}

bool
addr_is_v4(const struct capture_addr *a)
{
    static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

    return memcmp(a->ip, prefix, sizeof prefix) == 0;
}

bool
addr_is_any(const struct capture_addr *a)
{
    static const uint8_t zero[16] = { 0 };

    return memcmp(a->ip, zero, 16) == 0 ||
           (addr_is_v4(a) && memcmp(a->ip + 12, zero, 4) == 0);
}

void
addr_of_sockaddr(struct capture_addr *a, const void *sockaddr)
{
    const struct sockaddr_in *v4 = sockaddr;
    const struct sockaddr_in6 *v6 = sockaddr;

    memset(a, 0, sizeof *a);
    if (v4->sin_family == AF_INET) {
        a->ip[10] = a->ip[11] = 0xff;
        memcpy(a->ip + 12, &v4->sin_addr, 4);
        a->port = ntohs(v4->sin_port);
    } else {
        memcpy(a->ip, &v6->sin6_addr, 16);
        a->port = ntohs(v6->sin6_port);
    }
}

void
addr_to_sockaddr(const struct capture_addr *a, bool as_v6, void *sockaddr,
                 unsigned *n)
{
    struct sockaddr_in *v4 = sockaddr;
    struct sockaddr_in6 *v6 = sockaddr;

    if (as_v6) {
        *v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6,
                                     .sin6_port = htons(a->port) };
        memcpy(&v6->sin6_addr, a->ip, 16);
        *n = sizeof *v6;
    } else {
        *v4 = (struct sockaddr_in){ .sin_family = AF_INET,
                                    .sin_port = htons(a->port) };
        memcpy(&v4->sin_addr, a->ip + 12, 4);
        *n = sizeof *v4;
    }
}
