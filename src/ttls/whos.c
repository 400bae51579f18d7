/*
 * Whose connections are, as the broker has said. An address space is who it
 * is; another process also by its name. A listener's owner holds until a
 * listener of a watched port comes or goes (the kernel counts them), and for a
 * second at most since it was found, which another engine may have asked for:
 * a descriptor that is passed on is not counted. What a process descends from,
 * which matters where there are primary connections, is that process's, for a
 * tenth of a second.
 *
 * A listening socket may have several owners: any of them may take the
 * connection, and which one will is not known before TLS stands.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ttls/engine.h"

/* So many are kept, then all are asked again. Owners come with lineages. */
#define WHOS_MAX_KEPT 4096u
#define OWNERS_MAX_KEPT 1024u
/* Too short for another process to get the same number. */
#define PROCESS_MS 100u

struct for_a_while {
    struct whos whos;
    uint64_t listeners, until_ms;
};

void
whos_init(struct engine *g)
{
    table_init(&g->whos);
    table_init(&g->owners);
}

static void
forget_all(struct table *t)
{
    struct str key;
    size_t pos = 0;
    void *value;

    while (table_next(t, &pos, &key, &value))
        free(value);
    table_fini(t);
    table_init(t);
}

void
whos_forget(struct engine *g)
{
    forget_all(&g->whos);
    forget_all(&g->owners);
}

static struct str
space_key(const struct capture_record *r, char space[64])
{
    int n = snprintf(space, 64, "%llx %x %.16s", (unsigned long long)r->cgroup,
                     r->uid, r->comm);

    return str_n(space, (size_t)n);
}

/* Of several processes that are the same to rules this one. */
static struct str
process_key(const struct capture_record *r, char space[80])
{
    char who[64];
    struct str s = space_key(r, who);
    int n = snprintf(space, 80, STR_FMT " %x", STR_ARG(s), r->tgid);

    return str_n(space, (size_t)n);
}

static const struct for_a_while *
get_for_a_while(const struct engine *g, struct str key)
{
    const struct for_a_while *f = table_get(&g->owners, key);

    return f == NULL || f->until_ms < loop_now_ms(g->loop) ? NULL : f;
}

static bool
get_listener(const struct conn *c, struct whos *out)
{
    const struct engine *g = c->engine;
    const struct for_a_while *l =
        get_for_a_while(g, str_n(&c->local, sizeof c->local));
    uint64_t listeners;

    if (l == NULL || !maps_listeners(g, &listeners) ||
        listeners != l->listeners)
        return false;
    *out = l->whos;
    return true;
}

/* With its lineage: it may be a child of who has a primary connection. */
static bool
get_process(const struct conn *c, struct whos *out)
{
    char space[80];
    const struct for_a_while *p =
        get_for_a_while(c->engine, process_key(&c->record, space));

    if (p != NULL)
        *out = p->whos;
    return p != NULL;
}

bool
whos_get(const struct conn *c, struct whos *out)
{
    const struct who *known;
    char space[64];

    if (!c->engine->is_bpf)
        return false;
    if (c->is_inbound)
        return get_listener(c, out);
    if (primaries_may(&c->engine->primaries, c->remote.ip))
        return get_process(c, out);
    known = table_get(&c->engine->whos, space_key(&c->record, space));
    if (known != NULL)
        *out = (struct whos){ .n = 1, .v = { *known } };
    return known != NULL;
}

static void
put(struct table *t, size_t max, struct str key, void *value)
{
    void *old = NULL;

    if (t->n >= max)
        forget_all(t);
    if (!table_put(t, key, value, &old))
        free(value);
    free(old);
}

static void
put_for_a_while(struct engine *g, struct str key, const struct whos *whos,
                uint64_t listeners, uint64_t ms)
{
    struct for_a_while *f = calloc(1, sizeof *f);

    if (f == NULL)
        return;
    *f = (struct for_a_while){ *whos, listeners, loop_now_ms(g->loop) + ms };
    put(&g->owners, OWNERS_MAX_KEPT, key, f);
}

void
whos_put(const struct conn *c, const struct whos *whos, uint64_t listeners)
{
    struct engine *g = c->engine;
    struct who *w;
    char space[80];

    if (!g->is_bpf)
        return;
    if (c->is_inbound) {
        if (whos->age_ms < WHOS_LISTENER_MS)
            put_for_a_while(g, str_n(&c->local, sizeof c->local), whos,
                            listeners, WHOS_LISTENER_MS - whos->age_ms);
        return;
    }
    if (whos->of[0].is_known && primaries_may(&g->primaries, c->remote.ip))
        put_for_a_while(g, process_key(&c->record, space), whos, 0, PROCESS_MS);
    w = calloc(1, sizeof *w);
    if (w == NULL)
        return;
    *w = whos->v[0];
    put(&g->whos, WHOS_MAX_KEPT, space_key(&c->record, space), w);
}

/* It is that one's. 2: TLS, 1: another rule, 0: none. */
static unsigned
weigh(struct conn *c, const struct whos *whos, size_t i)
{
    const struct ttls_rule *rule;

    c->who = whos->v[i];
    secondary_relate(c, &whos->of[i]);
    rule = conn_rule(c);
    if (secondary_counts(c, rule))
        return 2;
    return rule == NULL ? 0 : rule->group->enabled == TTLS_ON ? 2 : 1;
}

void
whos_choose(struct conn *c, const struct whos *whos)
{
    size_t chosen = 0;
    unsigned best = 0;

    c->has_who = true;
    if (whos->n > 1)
        engine_catch_up(c->engine);
    for (size_t i = 0; whos->n > 1 && i < whos->n; i++) {
        unsigned n = weigh(c, whos, i);

        if (n > best) {
            best = n;
            chosen = i;
        }
    }
    c->who = whos->v[chosen];
    secondary_relate(c, &whos->of[chosen]);
}
