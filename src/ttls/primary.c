#include "ttls/primary.h"

#include <string.h>

static const uint8_t any[16];

/* The counters of one entry: its peer's, and that of "any address", which a
 * process may call one of this machine's. */
static void
hint(struct primaries *p, const struct primary *e, int by)
{
    const uint32_t at[] = {
        capture_hint(e->remote),
        capture_hint(any),
    };

    for (size_t i = 0; i < ARRAY_LEN(at); i++)
        (void)__atomic_add_fetch(&p->hints[at[i]], (uint64_t)by,
                                 __ATOMIC_SEQ_CST);
}

static uint64_t
tag_of(const struct primary *slot)
{
    return __atomic_load_n(&slot->tag, __ATOMIC_ACQUIRE);
}

/* False: it was changed meanwhile, or is free. */
static bool
read_slot(const struct primary *slot, struct primary *out)
{
    uint64_t tag = tag_of(slot);

    if (tag < 2)
        return false;
    memcpy(out, slot, sizeof *out);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    /* It came from memory that others write. */
    out->job[sizeof out->job - 1] = '\0';
    out->user[sizeof out->user - 1] = '\0';
    out->rule[sizeof out->rule - 1] = '\0';
    return __atomic_load_n(&slot->tag, __ATOMIC_RELAXED) == tag;
}

static bool
has_key(const struct primary *e, uint32_t tgid, const uint8_t local[16],
        const uint8_t remote[16])
{
    return e->tgid == tgid && memcmp(e->local, local, 16) == 0 &&
           memcmp(e->remote, remote, 16) == 0;
}

static bool
says_same(const struct primary *e, const struct primary *want)
{
    return has_key(e, want->tgid, want->local, want->remote) &&
           e->policy == want->policy && e->priority == want->priority &&
           e->uid == want->uid && strcmp(e->job, want->job) == 0 &&
           strcmp(e->user, want->user) == 0 && strcmp(e->rule, want->rule) == 0;
}

static uint32_t
slot_at(uint32_t tgid, const uint8_t remote[16], uint32_t i)
{
    return (capture_hint(remote) + tgid * 0x9e3779b1u / 65536u + i) %
           PRIMARIES_MAX;
}

/* Of this engine's. */
static void
drop(struct primaries *p, struct primary *s)
{
    struct primary e = *s;

    __atomic_store_n(&s->tag, 0, __ATOMIC_RELEASE);
    hint(p, &e, -1);
}

static uint64_t
closed_at(const struct primary *s)
{
    return __atomic_load_n(&s->closed_ns, __ATOMIC_ACQUIRE);
}

static void
close_at(struct primary *s, uint64_t now_ns)
{
    __atomic_store_n(&s->closed_ns, now_ns, __ATOMIC_RELEASE);
}

/* Another process that has got the number of the former one shares its entry,
 * as all that it says is the same. */
static void
alive_at(struct primary *s, uint64_t alive_ns)
{
    if (s->alive_ns < alive_ns)
        __atomic_store_n(&s->alive_ns, alive_ns, __ATOMIC_RELEASE);
}

static bool
stood(const struct primary *e, uint64_t when_ns)
{
    return e->closed_ns == 0 || e->closed_ns >= when_ns;
}

void
primaries_start(struct primaries *p, uint64_t now_ns)
{
    for (uint32_t i = 0; p->slots != NULL && i < PRIMARIES_MAX; i++) {
        struct primary e;

        /* Half-written ones are nobody's: their engine has ended. */
        if (p->slots[i].engine != p->engine || !read_slot(&p->slots[i], &e))
            continue;
        if (e.closed_ns == 0)
            close_at(&p->slots[i], now_ns);
    }
}

bool
primaries_sweep(struct primaries *p, uint64_t now_ns)
{
    bool is_more = false;

    for (uint32_t i = 0; p->slots != NULL && i < PRIMARIES_MAX; i++) {
        struct primary *s = &p->slots[i];

        if (tag_of(s) < 2 || s->engine != p->engine || closed_at(s) == 0)
            continue;
        if (now_ns - closed_at(s) >= PRIMARY_LINGER_NS)
            drop(p, s);
        else
            is_more = true;
    }
    return is_more;
}

/* Sooner than it is time: who stands needs the place. */
static bool
drop_closed(struct primaries *p, const struct primary *want)
{
    bool is_dropped = false;

    for (uint32_t i = 0; i < PRIMARY_WINDOW; i++) {
        struct primary *s = &p->slots[slot_at(want->tgid, want->remote, i)];

        if (tag_of(s) < 2 || s->engine != p->engine || closed_at(s) == 0)
            continue;
        drop(p, s);
        is_dropped = true;
    }
    return is_dropped;
}

bool
primaries_put(struct primaries *p, const struct primary *want, uint32_t *slot)
{
    struct primary e = *want, *free_slot = NULL;

    for (uint32_t i = 0; i < PRIMARY_WINDOW; i++) {
        uint32_t at = slot_at(want->tgid, want->remote, i);
        struct primary *s = &p->slots[at];

        if (tag_of(s) > 1 && s->engine == p->engine && says_same(s, want)) {
            s->n = closed_at(s) == 0 ? s->n + 1 : 1;
            alive_at(s, want->alive_ns);
            close_at(s, 0);
            *slot = at;
            return true;
        }
    }
    for (uint32_t i = 0; i < PRIMARY_WINDOW && free_slot == NULL; i++) {
        uint64_t none = 0;

        *slot = slot_at(want->tgid, want->remote, i);
        if (__atomic_compare_exchange_n(&p->slots[*slot].tag, &none, 1, false,
                                        __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            free_slot = &p->slots[*slot];
    }
    if (free_slot == NULL && drop_closed(p, want))
        return primaries_put(p, want, slot);
    if (free_slot == NULL)
        return false;
    hint(p, want, 1);
    e.tag = 1;
    e.engine = p->engine;
    e.n = 1;
    e.closed_ns = 0;
    memcpy(&free_slot->engine, &e.engine, sizeof e - sizeof e.tag);
    __atomic_store_n(&free_slot->tag,
                     (uint64_t)(p->engine + 1) << 32 | ++p->last,
                     __ATOMIC_RELEASE);
    return true;
}

void
primaries_remove(struct primaries *p, uint32_t slot, uint64_t now_ns)
{
    struct primary *s = &p->slots[slot];

    if (--s->n == 0)
        close_at(s, now_ns);
}

bool
primaries_may(const struct primaries *p, const uint8_t remote[16])
{
    return p->slots != NULL && __atomic_load_n(&p->hints[capture_hint(remote)],
                                               __ATOMIC_ACQUIRE) != 0;
}

bool
primaries_any(const struct primaries *p, uint64_t when_ns,
              const uint8_t local[16], const uint8_t remote[16],
              struct primary *out)
{
    bool is_found = false;

    for (uint32_t i = 0; primaries_may(p, remote) && i < PRIMARIES_MAX; i++) {
        struct primary e;

        if (!read_slot(&p->slots[i], &e) ||
            !has_key(&e, e.tgid, local, remote) || !stood(&e, when_ns) ||
            (is_found && out->priority >= e.priority))
            continue;
        *out = e;
        is_found = true;
    }
    return is_found;
}

bool
primaries_find(const struct primaries *p, uint64_t when_ns,
               const struct ancestor *who, const uint8_t local[16],
               const uint8_t remote[16], struct primary *out)
{
    bool is_found = false;

    if (!primaries_may(p, remote))
        return false;
    for (uint32_t i = 0; i < PRIMARY_WINDOW; i++) {
        struct primary e;

        if (!read_slot(&p->slots[slot_at(who->pid, remote, i)], &e) ||
            !has_key(&e, who->pid, local, remote) ||
            e.alive_ns < who->start_ns || !stood(&e, when_ns) ||
            (is_found && out->priority >= e.priority))
            continue;
        *out = e;
        is_found = true;
    }
    return is_found;
}

bool
primaries_hold(const struct primaries *p, uint32_t policy)
{
    for (uint32_t i = 0; p->slots != NULL && i < PRIMARIES_MAX; i++) {
        struct primary e;

        if (read_slot(&p->slots[i], &e) && e.policy == policy)
            return true;
    }
    return false;
}
