/* getpeername and getsockname: what the program asked for. */
/* What stands at the socket says whether it was captured; what an engine has
 * found out is by its local address. A Multipath TCP socket is another one than
 * its subflow, which is what connect() saw. */
static __always_inline struct capture_record *
record_of(struct bpf_sock_addr *ctx)
{
    struct bpf_sock *sk = ctx->sk;
    struct capture_record *r, *found;
    struct capture_addr key = { 0 };

    if (!sk)
        return NULL;
    r = bpf_sk_storage_get(&captured, sk, NULL, 0);
    if (r ? !(r->flags & CAPTURE_STARTED) : ctx->protocol != IPPROTO_MPTCP)
        return r;
    if (sk->family == FAMILY_4)
        put_v4(&key, sk->src_ip4, (__u16)sk->src_port);
    else
        put_v6(&key, sk->src_ip6, (__u16)sk->src_port);
    found = bpf_map_lookup_elem(&by_source, &key);
    return found && (!r || found->cookie == r->cookie) ? found : r;
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
