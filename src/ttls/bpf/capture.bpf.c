/*
 * Capture in the kernel. Outbound: connect() to a port that some rule names is
 * sent to the local engine, and who called it is kept by socket cookie; when
 * the local port is known (sockops), by address too, which is what the engine
 * sees when it accepts. getpeername and getsockname then tell the program what
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
count(__u32 which)
{
    __u64 *n = bpf_map_lookup_elem(&counts, &which);

    if (n)
        __sync_fetch_and_add(n, 1);
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

/* --- outbound ------------------------------------------------------------ */

/* UNKNOWN: of an image that does not capture. */
enum whose { NOBODYS, UNKNOWN, OURS, ANOTHERS };

/* Of which image is the task that calls a job? How deep an image's cgroup lies
 * depends on where the file system is mounted. */
static __always_inline enum whose
whose_job(const struct capture_filter *f)
{
    enum whose whose = NOBODYS;

    for (int level = 1; level <= CAPTURE_DEPTH_MAX; level++) {
        __u64 id = bpf_get_current_ancestor_cgroup_id(level);

        if (id == 0)
            return whose;
        if (id == f->image_cgroup)
            return OURS;
        if (bpf_map_lookup_elem(&every_image, &id))
            return ANOTHERS;
        if (id == f->images_cgroup)
            whose = UNKNOWN;
    }
    return UNKNOWN;
}

/* Is no rule for the user who calls? A job's user is not what its uid says. */
static __always_inline bool
is_spared(const struct capture_filter *f)
{
    __u32 uid = (__u32)bpf_get_current_uid_gid();

    return f->by_user &&
           (f->which ? bpf_map_lookup_elem(&spared_b, &uid) != NULL
                     : bpf_map_lookup_elem(&spared_a, &uid) != NULL) &&
           whose_job(f) == NOBODYS;
}

static __always_inline bool
is_any(const struct capture_addr *a)
{
    __u32 ip[4];

    __builtin_memcpy(ip, a->ip, sizeof ip);
    return (ip[0] | ip[1] | ip[3]) == 0 &&
           (ip[2] == 0 || ip[2] == bpf_htonl(0xffff));
}

static __always_inline bool
has_addr(const struct capture_filter *f, const struct capture_addr *to)
{
    struct capture_prefix key = { .bits = 128 };

    /* "Any address" is one of this machine's: the engine finds out which. */
    if (!f->by_addr || is_any(to))
        return true;
    __builtin_memcpy(key.ip, to->ip, sizeof key.ip);
    return f->which ? bpf_map_lookup_elem(&remote_b, &key) != NULL
                    : bpf_map_lookup_elem(&remote_a, &key) != NULL;
}

/* May it belong to a primary connection with that peer? */
static __always_inline bool
is_hinted(const struct capture_filter *f, const struct capture_addr *peer)
{
    struct capture_addr at = { 0 };
    __u32 which;
    __u64 *n;

    if (!f->has_primaries)
        return false;
    if (!is_any(peer))
        __builtin_memcpy(at.ip, peer->ip, sizeof at.ip);
    which = capture_hint(at.ip);
    n = bpf_map_lookup_elem(&hints, &which);
    return !n || *n > 0;
}

/* Does the policy, or a primary connection, mean a connection to there? */
static __always_inline bool
is_meant(const struct capture_filter *f, const struct capture_addr *to)
{
    return (has_port(f->out_ports, to->port) && has_addr(f, to) &&
            !is_spared(f)) ||
           is_hinted(f, to);
}

/* Has a program, of this image or of another one, sent it there already? Who
 * names an engine by itself gets nothing: the engine knows of no connect(). */
static __always_inline bool
is_steered(struct bpf_sock_addr *ctx, const struct capture_addr *to)
{
    struct capture_engine key = { .port = to->port };
    struct bpf_sock *sk;
    __u32 ip[4];

    __builtin_memcpy(ip, to->ip, sizeof ip);
    if ((ip[0] | ip[1]) != 0)
        return false;
    if (ip[2] == 0 && ip[3] == bpf_htonl(1))
        key.slot = 1;
    else if (ip[2] != bpf_htonl(0xffff) || ip[3] != bpf_htonl(0x7f000001))
        return false;
    key.netns = bpf_get_netns_cookie(ctx);
    sk = bpf_map_lookup_elem(&every_engine, &key);
    if (!sk)
        return false;
    bpf_sk_release(sk);
    return true;
}

/* May this connection go to the engine? *verdict is what else happens to it.
 * is_made: a job has made the socket, whoever calls. */
static __always_inline bool
is_candidate(struct bpf_sock_addr *ctx, struct capture_filter *f,
             const struct capture_addr *to, bool is_made, int *verdict)
{
    enum whose whose;

    *verdict = ALLOW;
    if (!f || !f->is_enabled || ctx->type != STREAM || !is_meant(f, to))
        return false;
    if (ctx->protocol != IPPROTO_TCP && ctx->protocol != IPPROTO_MPTCP)
        return false;
    if ((__u32)bpf_get_current_uid_gid() == f->engine_uid)
        return false;
    whose = is_made ? OURS : whose_job(f);
    if ((f->is_wide ? whose == ANOTHERS : whose != OURS) || is_steered(ctx, to))
        return false;
    if (bpf_get_netns_cookie(ctx) != f->netns) {
        if (whose == OURS) {
            *verdict = REFUSE;
            count(CAPTURE_N_REFUSED);
        }
        return false;
    }
    return true;
}

/* A socket bound to a device cannot reach the engine: it is moved to lo, and
 * the engine's own connection is bound to the device instead. */
static __always_inline bool
leave_device(struct bpf_sock_addr *ctx, struct capture_record *r)
{
    char lo[] = "lo";

    if (!ctx->sk)
        return true;
    r->device = ctx->sk->bound_dev_if;
    return r->device <= 1 || bpf_setsockopt(ctx, LEVEL_SOCKET, BIND_TO_DEVICE,
                                            lo, sizeof lo) == 0;
}

static __always_inline bool
keep(struct bpf_sock_addr *ctx, struct capture_record *r)
{
    r->cookie = bpf_get_socket_cookie(ctx);
    r->uid = (__u32)bpf_get_current_uid_gid();
    r->tgid = (__u32)(bpf_get_current_pid_tgid() >> 32);
    r->cgroup = bpf_get_current_cgroup_id();
    r->when_ns = bpf_ktime_get_boot_ns();
    bpf_get_current_comm(r->comm, sizeof r->comm);
    return leave_device(ctx, r) &&
           bpf_map_update_elem(&by_cookie, &r->cookie, r, BPF_ANY) == 0;
}

/* Do the engines' sockets listen? Their port may be anybody's when not. */
static __always_inline bool
is_served(const struct capture_filter *f, __u32 slot)
{
    struct bpf_sock *sk;

    if (f->engine_port[slot] == 0)
        return false;
    sk = bpf_map_lookup_elem(&engines, &slot);
    if (!sk)
        return false;
    bpf_sk_release(sk);
    return true;
}

static __always_inline int
connect4(struct bpf_sock_addr *ctx, bool is_made)
{
    struct capture_filter *f = filter_now();
    struct capture_record r = { 0 };
    int verdict;

    put_v4(&r.to, ctx->user_ip4, bpf_ntohs((__u16)ctx->user_port));
    if (!is_candidate(ctx, f, &r.to, is_made, &verdict))
        return verdict;
    if (ctx->sk) {
        r.from.port = (__u16)ctx->sk->src_port;
        if (ctx->sk->src_ip4) {
            put_v4(&r.from, ctx->sk->src_ip4, r.from.port);
            r.flags = CAPTURE_BOUND;
        }
    }
    if (!is_served(f, 0) || !keep(ctx, &r)) {
        count(CAPTURE_N_REFUSED);
        return REFUSE;
    }
    ctx->user_ip4 = bpf_htonl(0x7f000001);
    ctx->user_port = bpf_htons((__u16)f->engine_port[0]);
    count(CAPTURE_N_STEERED);
    return ALLOW;
}

static __always_inline int
connect6(struct bpf_sock_addr *ctx, bool is_made)
{
    struct capture_filter *f = filter_now();
    struct capture_record r = { 0 };
    __u32 ip[4], slot;
    int verdict;

    put_v6(&r.to, ctx->user_ip6, bpf_ntohs((__u16)ctx->user_port));
    if (!is_candidate(ctx, f, &r.to, is_made, &verdict))
        return verdict;
    __builtin_memcpy(ip, r.to.ip, sizeof ip);
    if (ctx->sk) {
        r.from.port = (__u16)ctx->sk->src_port;
        if (ctx->sk->src_ip6[0] | ctx->sk->src_ip6[1] | ctx->sk->src_ip6[2] |
            ctx->sk->src_ip6[3]) {
            put_v6(&r.from, ctx->sk->src_ip6, r.from.port);
            r.flags |= CAPTURE_BOUND;
        }
    }
    if (is_mapped(ip))
        r.flags |= CAPTURE_MAPPED4;
    slot = is_mapped(ip) ? 0 : 1;
    if (!is_served(f, slot) || !keep(ctx, &r)) {
        count(CAPTURE_N_REFUSED);
        return REFUSE;
    }
    ctx->user_ip6[0] = 0;
    ctx->user_ip6[1] = 0;
    ctx->user_ip6[2] = is_mapped(ip) ? bpf_htonl(0xffff) : 0;
    ctx->user_ip6[3] = is_mapped(ip) ? bpf_htonl(0x7f000001) : bpf_htonl(1);
    ctx->user_port =
        bpf_htons((__u16)(slot == 0 ? f->engine_port[0] : f->engine_port[1]));
    count(CAPTURE_N_STEERED);
    return ALLOW;
}

/* On the root of all cgroups: a hook runs for the cgroup that has made the
 * socket, and that may be anybody's. */
SEC("cgroup/connect4")
int
capture_connect4(struct bpf_sock_addr *ctx)
{
    return connect4(ctx, false);
}

SEC("cgroup/connect6")
int
capture_connect6(struct bpf_sock_addr *ctx)
{
    return connect6(ctx, false);
}

/* On the image's: sockets that its jobs have made. */
SEC("cgroup/connect4")
int
capture_made4(struct bpf_sock_addr *ctx)
{
    return connect4(ctx, true);
}

SEC("cgroup/connect6")
int
capture_made6(struct bpf_sock_addr *ctx)
{
    return connect6(ctx, true);
}

/* --- sockets' lives ------------------------------------------------------ */

static __always_inline void
local_of(struct bpf_sock_ops *ctx, struct capture_addr *a)
{
    if (ctx->family == FAMILY_4)
        put_v4(a, ctx->local_ip4, (__u16)ctx->local_port);
    else
        put_v6(a, ctx->local_ip6, (__u16)ctx->local_port);
}

static __always_inline void
remote_of(struct bpf_sock_ops *ctx, struct capture_addr *a)
{
    __u16 port = (__u16)bpf_ntohl(ctx->remote_port);

    if (ctx->family == FAMILY_4)
        put_v4(a, ctx->remote_ip4, port);
    else
        put_v6(a, ctx->remote_ip6, port);
}

static __always_inline bool
is_engine_port(const struct capture_filter *f, __u32 port)
{
    return port == f->engine_port[0] || port == f->engine_port[1];
}

/* An engine's leg to a program that listens takes its row with it, however the
 * engine ends: who gets its port next is no engine. */
static __always_inline void
on_leg(struct bpf_sock_ops *ctx, const struct capture_filter *f)
{
    struct capture_addr key = { 0 };
    __u32 ip[4];

    local_of(ctx, &key);
    __builtin_memcpy(ip, key.ip, sizeof ip);
    if (ip[3] != bpf_htonl(0x7f000001) && ip[3] != bpf_htonl(1) &&
        (ip[0] & bpf_htonl(0xffc00000)) != bpf_htonl(0xfe800000))
        return;
    if (bpf_map_lookup_elem(&in_peer, &key) &&
        bpf_get_netns_cookie(ctx) == f->netns)
        bpf_sock_ops_cb_flags_set(ctx, BPF_SOCK_OPS_STATE_CB_FLAG);
}

static __always_inline void
on_connect(struct bpf_sock_ops *ctx)
{
    struct capture_filter *f = filter_now();
    struct capture_addr key = { 0 };
    struct capture_record *r;
    __u64 cookie;

    if (!f)
        return;
    /* Most are to somebody else: without a look into a hash. */
    if (!is_engine_port(f, bpf_ntohl(ctx->remote_port))) {
        on_leg(ctx, f);
        return;
    }
    cookie = bpf_get_socket_cookie(ctx);
    r = bpf_map_lookup_elem(&by_cookie, &cookie);
    if (!r && bpf_get_netns_cookie(ctx) != f->netns)
        return;
    local_of(ctx, &key);
    if (r) {
        r->flags |= CAPTURE_STARTED;
        bpf_sock_ops_cb_flags_set(ctx, BPF_SOCK_OPS_STATE_CB_FLAG);
    }
    /* Without a record the engine drops the connection: closed. One of a
     * former connection from this address is not this one's. */
    if (!r || bpf_map_update_elem(&by_source, &key, r, BPF_ANY) != 0)
        bpf_map_delete_elem(&by_source, &key);
}

/* The record is this one connection's: not of another one from its address,
 * which was reset while it waited for the engine. */
static __always_inline void
on_established(struct bpf_sock_ops *ctx)
{
    struct capture_filter *f = filter_now();
    struct capture_addr key = { 0 };
    struct capture_record *r;

    if (!f || !is_engine_port(f, ctx->local_port) ||
        bpf_get_netns_cookie(ctx) != f->netns)
        return;
    remote_of(ctx, &key);
    r = bpf_map_lookup_elem(&by_source, &key);
    if (r)
        r->accepted = bpf_get_socket_cookie(ctx);
}

static __always_inline void
on_listen(struct bpf_sock_ops *ctx)
{
    struct capture_filter *f = filter_now();
    struct capture_listener l = { .n = 1 }, *old;
    struct capture_addr key = { 0 };
    __u32 port = ctx->local_port;
    __u64 *times;

    if (!f || bpf_get_netns_cookie(ctx) != f->netns)
        return;
    times = bpf_map_lookup_elem(&listens, &port);
    if (times)
        __sync_fetch_and_add(times, 1);
    /* Others are found when a policy is installed that names their port. */
    if (!has_port(f->in_ports, port)) {
        if (f->has_primaries) { /* the owner an engine remembers may be new */
            count(CAPTURE_N_LISTENERS);
            bpf_sock_ops_cb_flags_set(ctx, BPF_SOCK_OPS_STATE_CB_FLAG);
        }
        return;
    }
    local_of(ctx, &key);
    old = bpf_map_lookup_elem(&listeners, &key);
    if (old) {
        __sync_fetch_and_add(&old->n, 1);
    } else {
        if (bpf_map_update_elem(&listeners, &key, &l, BPF_ANY) != 0)
            count(CAPTURE_N_UNNOTED);
    }
    count(CAPTURE_N_LISTENERS);
    bpf_sock_ops_cb_flags_set(ctx, BPF_SOCK_OPS_STATE_CB_FLAG);
}

static __always_inline void
on_unlisten(struct bpf_sock_ops *ctx)
{
    struct capture_addr key = { 0 };
    struct capture_listener *l;

    count(CAPTURE_N_LISTENERS);
    local_of(ctx, &key);
    l = bpf_map_lookup_elem(&listeners, &key);
    if (!l)
        return;
    if (l->n > 1)
        __sync_fetch_and_add(&l->n, -1);
    else
        bpf_map_delete_elem(&listeners, &key);
}

static __always_inline void
on_closed(struct bpf_sock_ops *ctx, __u32 old_state)
{
    __u64 cookie = bpf_get_socket_cookie(ctx);
    struct capture_record *r = bpf_map_lookup_elem(&by_cookie, &cookie);
    struct capture_addr key = { 0 };
    struct capture_record *s;

    local_of(ctx, &key);
    if (!r) { /* an engine's leg, if there is such a row */
        bpf_map_delete_elem(&in_peer, &key);
        return;
    }
    bpf_map_delete_elem(&by_cookie, &cookie);
    s = bpf_map_lookup_elem(&by_source, &key);
    if (!s || s->cookie != cookie)
        return;
    /* What is established waits for an engine to accept it, even when the
     * program has closed already; the engine then deletes the record. */
    if (old_state == TCP_STATE_SYN_SENT || (s->flags & CAPTURE_TAKEN))
        bpf_map_delete_elem(&by_source, &key);
    else
        s->flags |= CAPTURE_CLOSED;
}

/* What connect() noted, and no SYN followed: it failed on its way, or waited
 * for the first byte (TCP_FASTOPEN_CONNECT), which never came. */
SEC("cgroup/sock_release")
int
capture_release(struct bpf_sock *ctx)
{
    struct capture_record *r;
    __u64 cookie;

    if (ctx->state != TCP_STATE_CLOSE && ctx->state != TCP_STATE_SYN_SENT)
        return 1;
    cookie = bpf_get_socket_cookie(ctx);
    r = bpf_map_lookup_elem(&by_cookie, &cookie);
    if (r && !(r->flags & CAPTURE_STARTED))
        bpf_map_delete_elem(&by_cookie, &cookie);
    return 1;
}

SEC("sockops")
int
capture_sockops(struct bpf_sock_ops *ctx)
{
    switch (ctx->op) {
    case BPF_SOCK_OPS_TCP_CONNECT_CB:
        on_connect(ctx);
        break;
    case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
        on_established(ctx);
        break;
    case BPF_SOCK_OPS_TCP_LISTEN_CB:
        on_listen(ctx);
        break;
    case BPF_SOCK_OPS_STATE_CB:
        if (ctx->args[1] != TCP_STATE_CLOSE)
            break;
        if (ctx->args[0] == TCP_STATE_LISTEN)
            on_unlisten(ctx);
        else
            on_closed(ctx, ctx->args[0]);
        break;
    }
    return 1;
}

/* --- names --------------------------------------------------------------- */

/* By cookie; a Multipath TCP socket has another one than its subflow, which is
 * what connect() saw: then by the local address. */
static __always_inline struct capture_record *
record_of(struct bpf_sock_addr *ctx)
{
    __u64 cookie = bpf_get_socket_cookie(ctx);
    struct capture_record *r = bpf_map_lookup_elem(&by_cookie, &cookie);
    struct capture_addr key = { 0 };

    if (r || !ctx->sk || ctx->protocol != IPPROTO_MPTCP)
        return r;
    if (ctx->sk->family == FAMILY_4)
        put_v4(&key, ctx->sk->src_ip4, (__u16)ctx->sk->src_port);
    else
        put_v6(&key, ctx->sk->src_ip6, (__u16)ctx->sk->src_port);
    return bpf_map_lookup_elem(&by_source, &key);
}

static __always_inline void
answer4(struct bpf_sock_addr *ctx, const struct capture_addr *a)
{
    __u32 ip;

    __builtin_memcpy(&ip, a->ip + 12, 4);
    ctx->user_ip4 = ip;
    ctx->user_port = bpf_htons(a->port);
}

static __always_inline void
answer6(struct bpf_sock_addr *ctx, const struct capture_addr *a)
{
    __u32 ip[4];

    __builtin_memcpy(ip, a->ip, 16);
    ctx->user_ip6[0] = ip[0];
    ctx->user_ip6[1] = ip[1];
    ctx->user_ip6[2] = ip[2];
    ctx->user_ip6[3] = ip[3];
    ctx->user_port = bpf_htons(a->port);
}

SEC("cgroup/getpeername4")
int
capture_getpeername4(struct bpf_sock_addr *ctx)
{
    struct capture_record *r = record_of(ctx);
    struct capture_addr key = { 0 }, *client;

    if (r) {
        answer4(ctx, &r->to);
        return ALLOW;
    }
    if ((ctx->user_ip4 & bpf_htonl(0xff000000)) != bpf_htonl(0x7f000000))
        return ALLOW;
    put_v4(&key, ctx->user_ip4, bpf_ntohs((__u16)ctx->user_port));
    client = bpf_map_lookup_elem(&in_peer, &key);
    if (client)
        answer4(ctx, client);
    return ALLOW;
}

SEC("cgroup/getpeername6")
int
capture_getpeername6(struct bpf_sock_addr *ctx)
{
    struct capture_record *r = record_of(ctx);
    struct capture_addr key = { 0 }, *client;

    if (r) {
        answer6(ctx, &r->to);
        return ALLOW;
    }
    put_v6(&key, ctx->user_ip6, bpf_ntohs((__u16)ctx->user_port));
    client = bpf_map_lookup_elem(&in_peer, &key);
    if (client)
        answer6(ctx, client);
    return ALLOW;
}

SEC("cgroup/getsockname4")
int
capture_getsockname4(struct bpf_sock_addr *ctx)
{
    struct capture_record *r = record_of(ctx);

    if (r && r->seen.port)
        answer4(ctx, &r->seen);
    return ALLOW;
}

SEC("cgroup/getsockname6")
int
capture_getsockname6(struct bpf_sock_addr *ctx)
{
    struct capture_record *r = record_of(ctx);

    if (r && r->seen.port)
        answer6(ctx, &r->seen);
    return ALLOW;
}

/* --- inbound ------------------------------------------------------------- */

/* STALE: to be left alone, as it was a while ago. */
enum listener { NONE, STEER, LEAVE, STALE };

static __always_inline enum listener
listener_at(const struct capture_addr *at, __u64 times)
{
    struct capture_found *l = bpf_map_lookup_elem(&found, at);

    if (l && l->listens == times) {
        if (l->verdict == CAPTURE_STEER)
            return STEER;
        count(CAPTURE_N_PASSING);
        return bpf_ktime_get_ns() < l->until_ns ? LEAVE : STALE;
    }
    if (!l && !bpf_map_lookup_elem(&listeners, at))
        return NONE;
    count(CAPTURE_N_PASSING);
    return STEER;
}

/* As the kernel looks: the address itself, then any. */
static __always_inline enum listener
listener_of(struct bpf_sk_lookup *ctx)
{
    struct capture_addr at = { 0 };
    __u32 port = ctx->local_port;
    __u64 *times = bpf_map_lookup_elem(&listens, &port);
    enum listener l;

    if (!times)
        return STEER;
    if (ctx->family == FAMILY_4)
        put_v4(&at, ctx->local_ip4, (__u16)port);
    else
        put_v6(&at, ctx->local_ip6, (__u16)port);
    l = listener_at(&at, *times);
    if (l != NONE)
        return l;
    if (ctx->family == FAMILY_4) {
        put_v4(&at, 0, (__u16)port);
        l = listener_at(&at, *times);
        if (l != NONE)
            return l;
    }
    at = (struct capture_addr){ .port = (__u16)port };
    return listener_at(&at, *times);
}

/* Nobody known listens there: is that certain? */
static __always_inline bool
is_unsure(const struct capture_filter *f)
{
    __u32 which = CAPTURE_N_UNNOTED;
    __u64 *n = bpf_map_lookup_elem(&counts, &which);

    return f->must_steer || !n || *n > 0;
}

static __always_inline void
client_of(struct bpf_sk_lookup *ctx, struct capture_addr *from)
{
    __u16 port = bpf_ntohs((__u16)ctx->remote_port);

    if (ctx->family == FAMILY_4)
        put_v4(from, ctx->remote_ip4, port);
    else
        put_v6(from, ctx->remote_ip6, port);
}

/* Is a listener at this port meant, by a rule or by a primary connection? */
static __always_inline enum listener
wanted(struct bpf_sk_lookup *ctx, const struct capture_filter *f,
       const struct capture_addr *from, __u32 slot)
{
    enum listener l;

    if (has_port(f->in_ports, ctx->local_port)) {
        l = listener_of(ctx);
        if (l == STEER || l == STALE || (l == NONE && is_unsure(f)))
            return l == STALE ? STALE : STEER;
    }
    return ctx->local_port != f->engine_port[slot] && is_hinted(f, from)
               ? STEER
               : LEAVE;
}

SEC("sk_lookup")
int
capture_lookup(struct bpf_sk_lookup *ctx)
{
    struct capture_filter *f = filter_now();
    __u32 slot = ctx->family == FAMILY_4 ? 0 : 1;
    struct capture_addr from = { 0 };
    enum listener l;
    struct bpf_sock *sk;
    long failed;

    if (!f || !f->is_enabled || ctx->protocol != IPPROTO_TCP)
        return SK_PASS;
    client_of(ctx, &from);
    l = wanted(ctx, f, &from, slot);
    if ((l != STEER && l != STALE) ||
        bpf_map_lookup_elem(&in_peer, &from)) /* the engine's own leg */
        return SK_PASS;
    sk = bpf_map_lookup_elem(&engines, &slot);
    if (!sk && l == STALE) /* nobody can be asked, nobody looks again */
        return SK_PASS;
    if (!sk) {
        count(CAPTURE_N_REFUSED);
        return SK_DROP;
    }
    failed = bpf_sk_assign(ctx, sk, 0);
    bpf_sk_release(sk);
    count(failed ? CAPTURE_N_REFUSED : CAPTURE_N_INBOUND);
    return failed ? SK_DROP : SK_PASS;
}

char _license[] SEC("license") = "Apache-2.0";
