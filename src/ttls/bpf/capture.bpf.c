/*
 * Capture in the kernel. Outbound: connect() to a port that some rule names is
 * sent to the local engine, and who called it is kept at the socket; when the
 * local port is known (sockops), by address too, which is what the engine sees
 * when it accepts. getpeername and getsockname then tell the program what
 * it asked for. Inbound: sk_lookup hands connections to watched listeners to
 * the engine; the engine's own leg is known by `in_peer`.
 *
 * Everything that cannot be done is refused: a full map, a missing engine.
 */
#include <linux/bpf.h>
#include <linux/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "capture_maps.h"

#define FAMILY_4 2
#define FAMILY_6 10
#define STREAM 1
#define LEVEL_SOCKET 1
#define BIND_TO_DEVICE 25
#define REFUSE 0
#define ALLOW 1

/* In the kernel's own numbers; uapi has them only as an enum elsewhere. */
#define TCP_STATE_SYN_SENT 2
#define TCP_STATE_CLOSE 7
#define TCP_STATE_LISTEN 10

static __always_inline void
count_by(__u32 which, __s64 by)
{
    __u64 *n = bpf_map_lookup_elem(&counts, &which);

    if (n)
        __sync_fetch_and_add(n, by);
}

static __always_inline void
count(__u32 which)
{
    count_by(which, 1);
}

static __always_inline bool
has_any(__u32 which)
{
    __u64 *n = bpf_map_lookup_elem(&counts, &which);

    return !n || *n > 0;
}

static __always_inline struct capture_filter *
filter_now(void)
{
    __u32 zero = 0;
    void *inner = bpf_map_lookup_elem(&policy, &zero);

    return inner ? bpf_map_lookup_elem(inner, &zero) : NULL;
}

static __always_inline bool
has_port(const __u8 *bits, __u32 port)
{
    return bits[(port >> 3) & (CAPTURE_PORT_BYTES - 1)] & (1u << (port & 7));
}

static __always_inline void
put_v4(struct capture_addr *a, __u32 ip, __u16 port)
{
    a->ip[10] = a->ip[11] = 0xff;
    __builtin_memcpy(a->ip + 12, &ip, 4);
    a->port = port;
}

static __always_inline bool
is_mapped(const __u32 ip[4])
{
    return ip[0] == 0 && ip[1] == 0 && ip[2] == bpf_htonl(0xffff);
}

/* Context words are read one by one: the verifier allows no wider access. */
#define WORD(x) (*(volatile __u32 *)&(x))
#define put_v6(a, words, p)                                                    \
    do {                                                                       \
        __u32 ip_[4] = { WORD((words)[0]), WORD((words)[1]), WORD((words)[2]), \
                         WORD((words)[3]) };                                   \
                                                                               \
        __builtin_memcpy((a)->ip, ip_, 16);                                    \
        (a)->port = (p);                                                       \
    } while (0)

/* One object, in the order in which they use each other. */
#include "capture_outbound.h"
#include "capture_sockets.h"
#include "capture_names.h"
#include "capture_inbound.h"

char _license[] SEC("license") = "Apache-2.0";
