/*
 * SecondaryMap: a connection of the same process, or of one that descends from
 * it, to the same peer as a mapped one is mapped like it, when no rule is for
 * it or one of lower priority. The primary's entry stands until it is closed,
 * for all engines; the policy it was mapped by is kept as long. A process that
 * has ended before its parents were found out may be anybody's child: its
 * connections to a primary one's peer are reset.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "base/log.h"
#include "ttls/engine.h"

#define SWEEP_MS 5000u

/* As the kernel's records count. */
static uint64_t
now_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_BOOTTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void
on_sweep(struct loop_timer *t)
{
    struct engine *g = CONTAINER_OF(t, struct engine, sweep);

    g->is_sweeping = primaries_sweep(&g->primaries, now_ns());
    if (g->is_sweeping)
        loop_timer_set(g->loop, t, SWEEP_MS);
}

/* Closed ones are dropped when nobody can mean them any more. */
static void
sweep_later(struct engine *g)
{
    if (g->is_sweeping)
        return;
    g->is_sweeping = true;
    g->sweep.fire = on_sweep;
    loop_timer_set(g->loop, &g->sweep, SWEEP_MS);
}

static void *
shared(int fd, size_t n)
{
    void *at = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    return at == MAP_FAILED ? NULL : at;
}

bool
secondary_open(struct engine *g, int hints, int slots)
{
    g->primaries.engine = g->number;
    g->primaries.hints = shared(hints, CAPTURE_HINTS * sizeof(uint64_t));
    g->primaries.slots = shared(slots, PRIMARIES_MAX * sizeof(struct primary));
    if (g->primaries.hints == NULL || g->primaries.slots == NULL)
        return false;
    primaries_start(&g->primaries, now_ns());
    sweep_later(g);
    return true;
}

/* --- former policies ------------------------------------------------------ */

static void
drop_unused(struct engine *g)
{
    struct engine_policy **at = &g->former, *p;

    while ((p = *at) != NULL) {
        if (primaries_hold(&g->primaries, p->number)) {
            at = &p->next_former;
            continue;
        }
        *at = p->next_former;
        engine_policy_unref(&p);
    }
}

void
secondary_keep(struct engine *g, struct engine_policy **which)
{
    struct engine_policy *p = *which;

    *which = NULL;
    if (p != NULL) {
        p->next_former = g->former;
        g->former = p;
    }
    drop_unused(g);
}

void
secondary_fini(struct engine *g)
{
    struct engine_policy *p;

    while ((p = g->former) != NULL) {
        g->former = p->next_former;
        engine_policy_unref(&p);
    }
}

/* --- primaries ------------------------------------------------------------ */

static uint32_t
process_of(const struct conn *c)
{
    return c->is_inbound ? c->who.tgid : c->record.tgid;
}

bool
secondary_note(struct conn *c)
{
    struct engine *g = c->engine;
    const struct ttls_rule *rule = c->mapped->rule;
    struct primary p = { .alive_ns = c->alive_ns,
                         .tgid = process_of(c),
                         .policy = c->mapped->policy->number,
                         .priority = rule->priority,
                         .uid = c->who.uid };

    if (!c->mapped->eff.is_enabled || !c->mapped->eff.secondary_map ||
        g->primaries.slots == NULL || p.tgid == 0)
        return true;
    memcpy(p.local, c->local.ip, sizeof p.local);
    memcpy(p.remote, c->remote.ip, sizeof p.remote);
    memcpy(p.job, c->who.job, sizeof p.job);
    memcpy(p.user, c->who.user, sizeof p.user);
    if (!str_copy_z(rule->obj.name, p.rule, sizeof p.rule) ||
        !primaries_put(&g->primaries, &p, &c->primary))
        return false;
    c->is_primary = true;
    return true;
}

void
secondary_forget(struct conn *c)
{
    if (c->is_primary) {
        primaries_remove(&c->engine->primaries, c->primary, now_ns());
        sweep_later(c->engine);
    }
    c->is_primary = false;
}

/* --- secondaries ---------------------------------------------------------- */

static struct mapped *
rule_of(struct engine_policy *p, const char *name)
{
    const struct ttls_rule *const *rules;
    size_t n = ttls_policy_rules(p->policy, &rules);

    for (size_t i = 0; i < n; i++) {
        if (str_eq(rules[i]->obj.name, str_of(name)))
            return engine_policy_map(p, rules[i]);
    }
    return NULL;
}

/* By the primary's own policy; an engine that was started since has only the
 * one in force. */
static struct mapped *
mapped_like(struct engine *g, const struct primary *like)
{
    for (struct engine_policy *p = g->former; p != NULL; p = p->next_former) {
        if (p->number == like->policy)
            return rule_of(p, like->rule);
    }
    return rule_of(g->policy, like->rule);
}

/* It has ended, and nothing but its number is known: a process that is to rules
 * what the primary's is, counts as that one. */
static bool
is_alike(const struct conn *c, const struct primary *e)
{
    return c->who.uid == e->uid && strcmp(c->who.job, e->job) == 0 &&
           strcmp(c->who.user, e->user) == 0;
}

/* Of several the nearest of highest priority. */
/* Its own number is all that relates it. */
static bool
is_by_number(const struct conn *c)
{
    return c->kin.pid == process_of(c) && c->kin.start_ns == 0;
}

static void
choose_kin(struct conn *c, const struct ancestor *v, uint32_t n, bool is_there)
{
    uint32_t priority = 0;
    struct primary e;

    for (uint32_t i = 0; i < n; i++) {
        if (v[i].pid == 0 ||
            !primaries_find(&c->engine->primaries, c->record.when_ns, &v[i],
                            c->local.ip, c->remote.ip, &e) ||
            (c->kin.pid != 0 && e.priority <= priority) ||
            (!is_there && !is_alike(c, &e)))
            continue;
        c->kin = v[i];
        priority = e.priority;
    }
}

void
secondary_relate(struct conn *c, const struct lineage *of)
{
    const struct ancestor self = { .pid = process_of(c) };

    if (c->is_inbound && c->record.when_ns == 0)
        c->record.when_ns = now_ns();
    /* Inbound when it began: who listens was found up to a second ago, and may
     * have ended since. */
    c->alive_ns =
        c->is_inbound && of->n > 0 ? of->v[0].start_ns : c->record.when_ns;
    c->kin = (struct ancestor){ .pid = 0 };
    c->may_have_kin = false;
    if (!primaries_may(&c->engine->primaries, c->remote.ip))
        return;
    if (of->n > 0)
        choose_kin(c, of->v, of->n, true);
    else
        choose_kin(c, &self, 1, false);
    c->may_have_kin = c->kin.pid == 0 && !of->is_known;
}

static bool
find(const struct conn *c, const struct ttls_rule *rule, struct primary *out)
{
    const struct primaries *p = &c->engine->primaries;
    bool is_found =
        c->kin.pid != 0
            ? primaries_find(p, c->record.when_ns, &c->kin, c->local.ip,
                             c->remote.ip, out)
            : c->may_have_kin && primaries_any(p, c->record.when_ns,
                                               c->local.ip, c->remote.ip, out);

    return is_found && (rule == NULL || rule->priority < out->priority);
}

bool
secondary_counts(const struct conn *c, const struct ttls_rule *rule)
{
    struct primary like;

    return find(c, rule, &like);
}

bool
secondary_map(struct conn *c, const struct ttls_rule *rule)
{
    struct engine *g = c->engine;
    struct primary like;

    if (!find(c, rule, &like))
        return true;
    if (c->kin.pid == 0 || (is_by_number(c) && !is_alike(c, &like))) {
        log_warn("connection %08X: its process has ended, it may have been "
                 "process %u or a child of it, which has a connection by rule "
                 "%s",
                 c->id, like.tgid, like.rule);
        return false;
    }
    c->mapped = mapped_like(g, &like);
    if (c->mapped == NULL || !c->mapped->eff.is_enabled) {
        log_info("connection %08X: its primary connection's rule %s is gone, "
                 "or not what it was",
                 c->id, like.rule);
        return false;
    }
    c->is_secondary = true;
    c->own_uid = c->who.uid;
    c->who.uid = like.uid;
    memcpy(c->who.job, like.job, sizeof like.job);
    memcpy(c->who.user, like.user, sizeof like.user);
    return true;
}
