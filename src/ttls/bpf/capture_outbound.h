/* connect(): who is sent to an engine, and what is kept of it. */
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

    r->device = ctx->sk->bound_dev_if;
    return r->device <= 1 || bpf_setsockopt(ctx, LEVEL_SOCKET, BIND_TO_DEVICE,
                                            lo, sizeof lo) == 0;
}

static __always_inline bool
keep(struct bpf_sock_addr *ctx, struct capture_record *r)
{
    struct capture_record *kept;

    r->cookie = bpf_get_socket_cookie(ctx);
    r->uid = (__u32)bpf_get_current_uid_gid();
    r->tgid = (__u32)(bpf_get_current_pid_tgid() >> 32);
    r->cgroup = bpf_get_current_cgroup_id();
    r->when_ns = bpf_ktime_get_boot_ns();
    bpf_get_current_comm(r->comm, sizeof r->comm);
    if (!ctx->sk || !leave_device(ctx, r))
        return false;
    kept =
        bpf_sk_storage_get(&captured, ctx->sk, r, BPF_SK_STORAGE_GET_F_CREATE);
    if (!kept)
        return false;
    *kept = *r; /* it may have been noted before, and not have started */
    return true;
}

/* Do the engines' sockets listen, and is there room? Their port may be
 * anybody's when not. */
static __always_inline bool
is_served(const struct capture_filter *f, __u32 slot)
{
    __u32 which = CAPTURE_N_OPEN;
    __s64 *n = bpf_map_lookup_elem(&counts, &which);
    struct bpf_sock *sk;

    if (f->engine_port[slot] == 0 || !n || *n >= (__s64)f->max_connections)
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
