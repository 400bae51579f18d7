/*
 * Rules that no connection can get, as an earlier one takes all of theirs. A
 * connection at the corner of each rule's conditions is looked up; who answers
 * instead of the rule is compared with it. Sound, not complete: two earlier
 * rules that cover a third one together are not found.
 */
#include "ttls/shadow.h"

#include <string.h>

#include "ttls/match.h"

static bool
covers_name(struct str wide, struct str narrow)
{
    if (wide.n == 0)
        return true;
    if (wide.p[wide.n - 1] == '*')
        return str_starts(narrow, str_sub(wide, 0, wide.n - 1));
    return str_eq(wide, narrow);
}

static bool
covers_addrs(const struct ttls_addrs *wide, const struct ttls_addrs *narrow)
{
    size_t k = 0;

    if (wide == NULL)
        return true;
    for (size_t i = 0; narrow != NULL && i < narrow->n_sorted; i++) {
        const struct ttls_addr *n = &narrow->sorted[i];

        while (k < wide->n_sorted &&
               memcmp(wide->sorted[k].to, n->from, 16) < 0)
            k++;
        if (k == wide->n_sorted ||
            memcmp(wide->sorted[k].from, n->from, 16) > 0 ||
            memcmp(wide->sorted[k].to, n->to, 16) < 0)
            return false;
    }
    return narrow != NULL;
}

static bool
covers_ports(const struct ttls_ports *wide, const struct ttls_ports *narrow)
{
    size_t k = 0;

    if (wide == NULL)
        return true;
    for (size_t i = 0; narrow != NULL && i < narrow->n_sorted; i++) {
        const struct ttls_port *n = &narrow->sorted[i];

        while (k < wide->n_sorted && wide->sorted[k].to < n->from)
            k++;
        if (k == wide->n_sorted || wide->sorted[k].from > n->from ||
            wide->sorted[k].to < n->to)
            return false;
    }
    return narrow != NULL;
}

static bool
covers(const struct ttls_rule *wide, const struct ttls_rule *narrow)
{
    return wide->time == NULL &&
           (wide->direction & narrow->direction) == narrow->direction &&
           covers_name(wide->job, narrow->job) &&
           covers_name(wide->user, narrow->user) &&
           covers_ports(wide->local_port, narrow->local_port) &&
           covers_ports(wide->remote_port, narrow->remote_port) &&
           covers_addrs(wide->local_addr, narrow->local_addr) &&
           covers_addrs(wide->remote_addr, narrow->remote_addr);
}

static struct str
corner_name(struct str pattern)
{
    return pattern.n > 0 && pattern.p[pattern.n - 1] == '*'
               ? str_sub(pattern, 0, pattern.n - 1)
               : pattern;
}

static struct ttls_facts
corner(const struct ttls_rule *r)
{
    struct ttls_facts f = {
        .direction =
            r->direction == TTLS_INBOUND ? TTLS_INBOUND : TTLS_OUTBOUND,
        .job = corner_name(r->job),
        .user = corner_name(r->user),
    };

    if (r->remote_addr != NULL)
        memcpy(&f.remote, r->remote_addr->sorted[0].from, 16);
    if (r->local_addr != NULL)
        memcpy(&f.local, r->local_addr->sorted[0].from, 16);
    if (r->remote_port != NULL)
        f.remote_port = r->remote_port->sorted[0].from;
    if (r->local_port != NULL)
        f.local_port = r->local_port->sorted[0].from;
    return f;
}

enum err
ttls_shadowed(struct ttls_policy *p,
              void (*found)(void *arg, const struct ttls_rule *rule,
                            const struct ttls_rule *by),
              void *arg, struct err_info *why)
{
    const struct ttls_rule *const *rules;
    size_t n = ttls_policy_rules(p, &rules);
    struct ttls_match *m;
    enum err e = ttls_match_new(p, &m, why);

    for (size_t i = 0; e == ERR_OK && i < n; i++) {
        struct ttls_facts f = corner(rules[i]);
        const struct ttls_rule *by = ttls_match_find(m, &f);

        if (by != NULL && by != rules[i] &&
            by->priority >= rules[i]->priority && covers(by, rules[i]))
            found(arg, rules[i], by);
    }
    if (e == ERR_OK)
        ttls_match_free(&m);
    return e;
}
