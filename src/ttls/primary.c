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

void
primaries_start(struct primaries *p)
{
    for (uint32_t i = 0; p->slots != NULL && i < PRIMARIES_MAX; i++) {
        struct primary e;

        /* Half-written ones are nobody's: their engine has ended. */
        if (p->slots[i].engine != p->engine || !read_slot(&p->slots[i], &e))
            continue;
        __atomic_store_n(&p->slots[i].tag, 0, __ATOMIC_RELEASE);
        hint(p, &e, -1);
    }
}

bool
primaries_put(struct primaries *p, const struct primary *want, uint32_t *slot)
{
    struct primary e = *want, *free_slot = NULL;

    for (uint32_t i = 0; i < PRIMARY_WINDOW; i++) {
        uint32_t at = slot_at(want->tgid, want->remote, i);
        struct primary *s = &p->slots[at];

        if (tag_of(s) > 1 && s->engine == p->engine && says_same(s, want)) {
            s->n++;
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
    if (free_slot == NULL)
        return false;
    hint(p, want, 1);
    e.tag = 1;
    e.engine = p->engine;
    e.n = 1;
    memcpy(&free_slot->engine, &e.engine, sizeof e - sizeof e.tag);
    __atomic_store_n(&free_slot->tag,
                     (uint64_t)(p->engine + 1) << 32 | ++p->last,
                     __ATOMIC_RELEASE);
    return true;
}

void
primaries_remove(struct primaries *p, uint32_t slot)
{
    struct primary *s = &p->slots[slot], e;

    if (--s->n > 0)
        return;
    e = *s;
    __atomic_store_n(&s->tag, 0, __ATOMIC_RELEASE);
    hint(p, &e, -1);
}

bool
primaries_may(const struct primaries *p, const uint8_t remote[16])
{
    return p->slots != NULL && __atomic_load_n(&p->hints[capture_hint(remote)],
                                               __ATOMIC_ACQUIRE) != 0;
}

bool
primaries_any(const struct primaries *p, const uint8_t local[16],
              const uint8_t remote[16], struct primary *out)
{
    bool is_found = false;

    for (uint32_t i = 0; primaries_may(p, remote) && i < PRIMARIES_MAX; i++) {
        struct primary e;

        if (!read_slot(&p->slots[i], &e) ||
            !has_key(&e, e.tgid, local, remote) ||
            (is_found && out->priority >= e.priority))
            continue;
        *out = e;
        is_found = true;
    }
    return is_found;
}

bool
primaries_find(const struct primaries *p, uint32_t tgid,
               const uint8_t local[16], const uint8_t remote[16],
               struct primary *out)
{
    bool is_found = false;

    if (!primaries_may(p, remote))
        return false;
    for (uint32_t i = 0; i < PRIMARY_WINDOW; i++) {
        struct primary e;

        if (!read_slot(&p->slots[slot_at(tgid, remote, i)], &e) ||
            !has_key(&e, tgid, local, remote) ||
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
