/* sk_lookup: who reaches an engine instead of the listener. */
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
    return f->must_steer || has_any(CAPTURE_N_UNNOTED);
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
