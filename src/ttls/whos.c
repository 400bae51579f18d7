/*
 * Whose connections are, as the broker has said. An address space is who it
 * is; another process also by its name. A listener's owner holds until a
 * listener of a watched port comes or goes (the kernel counts them), and for a
 * second at most: a descriptor that is passed on is not counted.
 *
 * A listening socket may have several owners: any of them may take the
 * connection, and which one will is not known before TLS stands.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ttls/engine.h"

#define KNOWN_MAX 4096u /* of each kind; then all are asked again */
#define LISTENER_MS 1000u

struct listener_owner {
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

static bool
get_listener(const struct conn *c, struct whos *out)
{
    const struct engine *g = c->engine;
    const struct listener_owner *l =
        table_get(&g->owners, str_n(&c->local, sizeof c->local));
    uint64_t listeners;

    if (l == NULL || l->until_ms < loop_now_ms(g->loop) ||
        !maps_listeners(g, &listeners) || listeners != l->listeners)
        return false;
    *out = l->whos;
    return true;
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
    /* Of two processes that are the same to rules one may be the child of who
     * has a primary connection. */
    if (primaries_may(&c->engine->primaries, c->remote.ip))
        return false;
    known = table_get(&c->engine->whos, space_key(&c->record, space));
    if (known != NULL)
        *out = (struct whos){ .n = 1, .v = { *known } };
    return known != NULL;
}

static void
put(struct table *t, struct str key, void *value)
{
    void *old = NULL;

    if (t->n >= KNOWN_MAX)
        forget_all(t);
    if (!table_put(t, key, value, &old))
        free(value);
    free(old);
}

void
whos_put(const struct conn *c, const struct whos *whos, uint64_t listeners)
{
    struct engine *g = c->engine;
    struct listener_owner *l;
    struct who *w;
    char space[64];

    if (!g->is_bpf)
        return;
    if (c->is_inbound) {
        l = calloc(1, sizeof *l);
        if (l == NULL)
            return;
        *l = (struct listener_owner){ *whos, listeners,
                                      loop_now_ms(g->loop) + LISTENER_MS };
        put(&g->owners, str_n(&c->local, sizeof c->local), l);
        return;
    }
    w = calloc(1, sizeof *w);
    if (w == NULL)
        return;
    *w = whos->v[0];
    put(&g->whos, space_key(&c->record, space), w);
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
