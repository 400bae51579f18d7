/* What becomes of sockets (sockops), and who listens. */
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

static __always_inline struct capture_record *
record_at(struct bpf_sock_ops *ctx)
{
    struct bpf_sock *sk = ctx->sk;

    return sk ? bpf_sk_storage_get(&captured, sk, NULL, 0) : NULL;
}

static __always_inline void
forget(struct bpf_sock_ops *ctx)
{
    struct bpf_sock *sk = ctx->sk;

    if (sk)
        bpf_sk_storage_delete(&captured, sk);
}

static __always_inline void
on_connect(struct bpf_sock_ops *ctx)
{
    struct capture_filter *f = filter_now();
    __u32 port = bpf_ntohl(ctx->remote_port);
    struct capture_addr key = { 0 };
    struct capture_record *r = record_at(ctx);

    if (!f)
        return;
    /* Most are to somebody else: without a look into a hash. */
    if (!is_engine_port(f, port)) {
        if (r) /* of a connect() that did not get so far */
            forget(ctx);
        else if (f->has_primaries || has_port(f->leg_ports, port))
            on_leg(ctx, f);
        return;
    }
    if (!r && bpf_get_netns_cookie(ctx) != f->netns)
        return;
    local_of(ctx, &key);
    if (r) {
        count(CAPTURE_N_OPEN);
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
    struct capture_record *r = record_at(ctx), *s;
    struct capture_addr key = { 0 };
    __u64 cookie;

    local_of(ctx, &key);
    if (!r) { /* an engine's leg, if there is such a row */
        bpf_map_delete_elem(&in_peer, &key);
        return;
    }
    cookie = r->cookie;
    if (r->flags & CAPTURE_STARTED)
        count_by(CAPTURE_N_OPEN, -1);
    forget(ctx);
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
