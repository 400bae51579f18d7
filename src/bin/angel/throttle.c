#include "throttle.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/defs.h"

static unsigned
bucket_of(uint64_t seed, struct str name, size_t max)
{
    uint64_t h = 14695981039346656037u ^ seed; /* FNV-1a */

    for (size_t i = 0; i < name.n && i < max; i++) {
        unsigned char c = (unsigned char)name.p[i];

        h = (h ^ (c >= 'a' && c <= 'z' ? c - 32u : c)) * 1099511628211u;
    }
    return (unsigned)(h >> 32) % THROTTLE_BUCKETS;
}

/* Whoever has an IPv6 address has the whole /64. */
static struct str
source_key(struct str source, unsigned char address[16])
{
    static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
    char text[INET6_ADDRSTRLEN];

    if (!str_copy_z(source, text, sizeof text) ||
        inet_pton(AF_INET6, text, address) != 1)
        return source;
    if (memcmp(address, mapped, sizeof mapped) == 0)
        return str_sub(source, str_rfind_char(source, ':') + 1, source.n);
    return str_n(address, 8);
}

struct throttle_who
throttle_who(struct throttles *t, struct str user, struct str source)
{
    struct throttle_who who = { &t->users[bucket_of(t->seed, user, 8)], NULL };
    unsigned char address[16];

    if (source.n > 0)
        who.source =
            &t->sources[bucket_of(~t->seed, source_key(source, address), 64)];
    return who;
}

static bool
is_slowed(const struct throttle *t, unsigned free, uint64_t now_ms)
{
    return t->failures >= free && now_ms - t->last_ms <= THROTTLE_FORGET_MS;
}

bool
throttle_enter(struct throttle_who who, uint64_t now_ms)
{
    if (is_slowed(who.user, THROTTLE_USER_FREE, now_ms) &&
        who.user->n_waiting >= THROTTLE_USER_WAITING)
        return false;
    if (who.source != NULL &&
        is_slowed(who.source, THROTTLE_SOURCE_FREE, now_ms) &&
        who.source->n_waiting >= THROTTLE_SOURCE_WAITING)
        return false;
    who.user->n_waiting++;
    if (who.source != NULL)
        who.source->n_waiting++;
    return true;
}

uint64_t
throttle_due(struct throttle_who who, uint64_t now_ms)
{
    uint64_t due = who.user->next_ms;

    if (who.source != NULL && who.source->next_ms > due)
        due = who.source->next_ms;
    return due > now_ms ? due : 0;
}

void
throttle_leave(struct throttle_who who)
{
    who.user->n_waiting--;
    if (who.source != NULL)
        who.source->n_waiting--;
}

static void
note_failure(struct throttle *t, unsigned free, uint64_t now_ms)
{
    unsigned over;

    if (now_ms - t->last_ms > THROTTLE_FORGET_MS)
        t->failures = 0;
    t->failures++;
    t->last_ms = now_ms;
    over = t->failures < free ? 0 : t->failures - free + 1;
    t->next_ms = over == 0 ? 0
                 : over > 6
                     ? now_ms + THROTTLE_MAX_MS
                     : now_ms + ((uint64_t)THROTTLE_FIRST_MS << (over - 1));
}

void
throttle_note(struct throttle_who who, bool is_right, uint64_t now_ms)
{
    if (is_right) {
        who.user->failures = 0;
        who.user->next_ms = 0;
        return;
    }
    note_failure(who.user, THROTTLE_USER_FREE, now_ms);
    if (who.source != NULL)
        note_failure(who.source, THROTTLE_SOURCE_FREE, now_ms);
}
