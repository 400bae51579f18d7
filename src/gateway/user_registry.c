#include "gateway/user_registry.h"

#include "gateway/placed.h"

#define LOGGER "com.ibm.ws.security.registry.internal.UserRegistryServiceImpl"
#define BASIC_LOGGER "com.ibm.ws.security.registry.basic.internal.BasicRegistry"
/* An entry takes 64 bytes and the identity it leads to. */
#define CACHE_ENTRIES_MAX (1u << 22)

/* What may make a cached identity another one. */
static const struct cfg_type *const types[] = {
    &cfg_type_basic_registry,
    &cfg_type_quick_start,
    &cfg_type_saf_registry,
    &cfg_type_saf_credentials,
    &cfg_type_ldap,
    &cfg_type_auth_cache,
    &cfg_type_authentication,
    &cfg_type_oidc_client,
    &cfg_type_mp_jwt,
    &cfg_type_saml,
    &cfg_type_trust_association,
};

static bool
is_same(const struct snapshot *a, const struct snapshot *b)
{
    if (b == NULL)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (!cfg_equal_type(a->tree, b->tree, types[i]))
            return false;
    return true;
}

struct saying {
    struct messages_log *log; /* NULL: it has been said */
    struct place of;          /* the registry */
};

static void
say(void *arg, const char *id, const struct str *inserts, size_t n)
{
    const struct saying *saying = arg;

    if (saying->log != NULL)
        placed_msg(saying->log, BASIC_LOGGER, &saying->of, id, inserts, n);
}

struct found {
    size_t n_saf, n_others;
    const struct cfg_basic_registry *basic;
    const struct cfg_node *last; /* of all that are written */
};

/* quickStartSecurity is a registry of one user. */
static const struct cfg_basic_registry *
quick_start(struct snapshot *s, const struct cfg_quick_start *q)
{
    struct cfg_basic_registry *r =
        ARENA_NEW(&s->arena, struct cfg_basic_registry);
    struct cfg_user *user = ARENA_NEW(&s->arena, struct cfg_user);

    if (r == NULL || user == NULL)
        return NULL;
    user->name = q->user_name;
    user->password = q->user_password; /* the tree's */
    r->node = q->node;
    r->realm = STR("QuickStartSecurityRegistry");
    r->certificate_map_mode = STR("NOT_SUPPORTED");
    r->users = user;
    r->n_users = 1;
    return r;
}

static void
note_last(struct found *out, const struct cfg_node *node)
{
    if (node->line > 0 &&
        (out->last == NULL || !str_eq(out->last->file, node->file) ||
         out->last->line < node->line))
        out->last = node;
}

static enum err
find(struct snapshot *s, struct found *out, struct err_info *why)
{
    const struct cfg_basic_registry *basic;
    const struct cfg_saf_registry *saf;
    const struct cfg_ldap *ldap;
    const struct cfg_quick_start *quick = CFG_ONE(s->tree, quick_start);

    *out = (struct found){ .n_saf = 0 };
    CFG_EACH(s->tree, saf_registry, saf)
    {
        out->n_saf += saf->node.line > 0;
        note_last(out, &saf->node);
    }
    CFG_EACH(s->tree, ldap, ldap)
    {
        out->n_others += ldap->node.line > 0;
        note_last(out, &ldap->node);
    }
    CFG_EACH(s->tree, basic_registry, basic)
    {
        note_last(out, &basic->node);
        if (out->basic != NULL)
            out->n_others++;
        out->basic = basic;
    }
    note_last(out, &quick->node);
    if (quick->node.line == 0)
        return ERR_OK;
    if (out->basic != NULL || out->n_saf > 0) {
        out->n_others++;
        return ERR_OK;
    }
    out->basic = quick_start(s, quick);
    return out->basic != NULL
               ? ERR_OK
               : err_set(why, ERR_MEMORY, "no storage for a user registry");
}

static enum err
set_registry(struct snapshot *s, struct messages_log *log, struct err_info *why)
{
    struct saying saying = { .log = log };
    struct found f;
    enum err e = find(s, &f, why);

    if (e != ERR_OK)
        return e;
    s->auth.registry = AUTH_REGISTRY_SAF;
    if (f.basic == NULL && f.n_saf == 0 && f.n_others > 0)
        s->auth.problem = "CWWKS3005E";
    else if ((f.basic != NULL) + f.n_saf + f.n_others > 1)
        s->auth.problem = "CWWKS3006E";
    if (s->auth.problem != NULL) {
        s->auth.registry = AUTH_REGISTRY_NONE;
        if (log != NULL)
            placed_msg(log, LOGGER, PLACE(f.last, NULL), s->auth.problem, NULL,
                       0);
        return ERR_OK;
    }
    if (f.basic == NULL)
        return ERR_OK;
    saying.of.node = &f.basic->node;
    e = basic_new(f.basic, say, &saying, &s->basic, why);
    if (e != ERR_OK)
        return e;
    s->auth.registry = AUTH_REGISTRY_BASIC;
    s->auth.basic = s->basic;
    return ERR_OK;
}

/* Without it requests would be let in by less than what is configured. */
static void
demand_token(struct snapshot *s, struct messages_log *log,
             const struct cfg_node *node)
{
    s->auth.demands_token = true;
    if (log != NULL)
        placed_msg(log, LOGGER, PLACE(node, NULL), "SPT0481E", &node->name, 1);
}

static bool
is_enabled(const struct cfg_trust_association *t)
{
    for (size_t i = 0; i < t->n_interceptors; i++)
        if (t->interceptors[i].enabled)
            return true;
    return false;
}

/* What the original asks before a certificate or password, and whose no is the
 * end. Filters do not count: what they leave to others is refused as well. */
static void
set_demands(struct snapshot *s, struct messages_log *log)
{
    const struct cfg_oidc_client *oidc;
    const struct cfg_saml *saml;
    const struct cfg_mp_jwt *jwt;
    const struct cfg_trust_association *trust;

    CFG_EACH(s->tree, oidc_client, oidc)
    if (str_eq_z(oidc->inbound_propagation, "required"))
        demand_token(s, log, &oidc->node);
    CFG_EACH(s->tree, saml, saml)
    if (saml->enabled && str_eq_z(saml->inbound_propagation, "required"))
        demand_token(s, log, &saml->node);
    CFG_EACH(s->tree, mp_jwt, jwt)
    if (jwt->node.line > 0)
        demand_token(s, log, &jwt->node);
    CFG_EACH(s->tree, trust_association, trust)
    if (trust->node.line > 0 && is_enabled(trust))
        demand_token(s, log, &trust->node);
}

/* displayAuthenticationRealm: the registry's realm in the challenge. */
static void
set_realm(struct snapshot *s)
{
    struct str realm = s->basic != NULL ? basic_realm(s->basic) : s->saf_realm;

    if (CFG_ONE(s->tree, web_app_security)->display_authentication_realm &&
        realm.n > 0)
        s->realm = realm;
}

enum err
user_registry_set(struct snapshot *s, const struct snapshot *running,
                  struct messages_log *log, struct err_info *why)
{
    int64_t entries = CFG_ONE(s->tree, auth_cache)->max_size;
    bool is_known = is_same(s, running);
    enum err e = set_registry(s, is_known ? NULL : log, why);

    if (e != ERR_OK)
        return e;
    set_demands(s, is_known ? NULL : log);
    set_realm(s);
    if (is_known) {
        s->auth_cache = auth_cache_ref(running->auth_cache);
        return ERR_OK;
    }
    if (entries > CACHE_ENTRIES_MAX)
        entries = CACHE_ENTRIES_MAX;
    return auth_cache_new((size_t)entries, &s->auth_cache, why);
}

void
user_registry_unset(struct snapshot *s)
{
    basic_free(&s->basic);
    auth_cache_unref(&s->auth_cache);
}
