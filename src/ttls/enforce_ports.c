#include "ttls/enforce_ports.h"

#include <string.h>

#include "ttls/effective.h"

#define GROUP_DEPTH 8

static void
add_range(uint8_t *bits, uint32_t from, uint32_t to)
{
    for (uint32_t port = from; port <= to; port++)
        bits[port >> 3] |= (uint8_t)(1u << (port & 7));
}

/* NULL and the range 0 are every port. */
static void
add_ports(uint8_t *bits, const struct ttls_ports *ports, int depth)
{
    if (ports == NULL) {
        add_range(bits, 0, 65535);
        return;
    }
    for (size_t i = 0; i < ports->n; i++) {
        if (ports->v[i].from == 0 && ports->v[i].to == 0)
            add_range(bits, 0, 65535);
        else
            add_range(bits, ports->v[i].from, ports->v[i].to);
    }
    for (size_t i = 0; depth < GROUP_DEPTH && i < ports->n_members; i++)
        add_ports(bits,
                  (const struct ttls_ports *)(const void *)ports->members[i],
                  depth + 1);
}

/* A rule that leaves connections alone and says nothing of it needs none. */
static bool
matters(const struct ttls_rule *r)
{
    return r->group->enabled == TTLS_ON ||
           (r->group->trace & TTLS_TRACE_INFO) != 0;
}

void
enforce_ports_of(const struct ttls_policy *policy, struct enforce_ports *out)
{
    const struct ttls_rule *const *rules;
    size_t n = policy == NULL ? 0 : ttls_policy_rules(policy, &rules);

    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < n; i++) {
        if (!matters(rules[i]))
            continue;
        if ((rules[i]->direction & TTLS_OUTBOUND) != 0)
            add_ports(out->out, rules[i]->remote_port, 0);
        if ((rules[i]->direction & TTLS_INBOUND) != 0)
            add_ports(out->in, rules[i]->local_port, 0);
    }
}

/* --- addresses ------------------------------------------------------------
 */

static unsigned __int128
number_of(const uint8_t ip[16])
{
    unsigned __int128 n = 0;

    for (size_t i = 0; i < 16; i++)
        n = n << 8 | ip[i];
    return n;
}

/* The fewest prefixes that are the range; false: too many. */
static bool
add_addrs(struct enforce_addrs *out, const struct ttls_addr *range)
{
    unsigned __int128 from = number_of(range->from), to = number_of(range->to);

    for (;;) {
        struct capture_prefix *p = &out->v[out->n];
        unsigned __int128 tail = 0, more;
        uint32_t bits = 128;

        if (out->n == CAPTURE_PREFIXES_MAX)
            return false;
        while (bits > 0) {
            more = tail << 1 | 1;
            if ((from & more) != 0 || (from | more) > to)
                break;
            tail = more;
            bits--;
        }
        p->bits = bits;
        for (size_t i = 0; i < 16; i++)
            p->ip[i] = (uint8_t)(from >> (120 - 8 * i));
        out->n++;
        if ((from | tail) == to)
            return true;
        from += tail + 1;
    }
}

void
enforce_addrs_of(const struct ttls_policy *policy, struct enforce_addrs *out)
{
    const struct ttls_rule *const *rules;
    size_t n = policy == NULL ? 0 : ttls_policy_rules(policy, &rules);

    out->is_any = false;
    out->n = 0;
    for (size_t i = 0; i < n && !out->is_any; i++) {
        const struct ttls_addrs *a = rules[i]->remote_addr;

        if (!matters(rules[i]) || (rules[i]->direction & TTLS_OUTBOUND) == 0)
            continue;
        out->is_any = a == NULL;
        for (size_t k = 0; !out->is_any && k < a->n_sorted; k++)
            out->is_any = !add_addrs(out, &a->sorted[k]);
    }
}

/* --- users ---------------------------------------------------------------- */

void
enforce_users_of(const struct ttls_policy *policy, struct enforce_users *out)
{
    const struct ttls_rule *const *rules;
    size_t n = policy == NULL ? 0 : ttls_policy_rules(policy, &rules);
    static char present;

    out->is_any = false;
    table_init(&out->names);
    for (size_t i = 0; i < n && !out->is_any; i++) {
        if (!matters(rules[i]) || (rules[i]->direction & TTLS_OUTBOUND) == 0)
            continue;
        out->is_any = rules[i]->user.n == 0 ||
                      !table_put(&out->names, rules[i]->user, &present, NULL);
    }
}

void
enforce_users_fini(struct enforce_users *users)
{
    table_fini(&users->names);
}

bool
enforce_users_may(const struct enforce_users *users, const char *user)
{
    struct str name = str_of(user);
    char text[10];

    if (users->is_any || table_get(&users->names, name) != NULL)
        return true;
    for (size_t i = 0; i <= name.n && i < sizeof text; i++) {
        memcpy(text, name.p, i);
        text[i] = '*';
        if (table_get(&users->names, str_n(text, i + 1)) != NULL)
            return true;
    }
    return false;
}

bool
enforce_has_primaries(const struct ttls_policy *policy)
{
    const struct ttls_rule *const *rules;
    size_t n = policy == NULL ? 0 : ttls_policy_rules(policy, &rules);
    struct ttls_effective eff;

    for (size_t i = 0; i < n; i++) {
        ttls_effective_of(rules[i], &eff);
        if (eff.is_enabled && eff.secondary_map)
            return true;
    }
    return false;
}

static bool
is_like(struct str pattern, const char *name)
{
    struct str text = str_of(name);

    if (pattern.n == 0)
        return true;
    if (pattern.p[pattern.n - 1] == '*')
        return str_starts(text, str_sub(pattern, 0, pattern.n - 1));
    return str_eq(text, pattern);
}

bool
enforce_ports_may(const struct ttls_policy *policy, uint16_t port,
                  const char *job, const char *user)
{
    const struct ttls_rule *const *rules;
    size_t n = policy == NULL ? 0 : ttls_policy_rules(policy, &rules);

    for (size_t i = 0; i < n; i++) {
        uint8_t bits[CAPTURE_PORT_BYTES] = { 0 };

        if ((rules[i]->direction & TTLS_INBOUND) == 0 ||
            !is_like(rules[i]->job, job) || !is_like(rules[i]->user, user))
            continue;
        add_ports(bits, rules[i]->local_port, 0);
        if ((bits[port >> 3] & (1u << (port & 7))) != 0)
            return true;
    }
    return false;
}
