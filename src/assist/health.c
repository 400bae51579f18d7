#include "assist/health.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "assist/param.h"
#include "ttls/build.h"
#include "ttls/effective.h"
#include "ttls/shadow.h"

struct health {
    const struct store *store;
    store_diag diag;
    void *arg;
};

static void PRINTF_LIKE(4, 5)
    warn(const struct health *h, const struct store_obj *o, const char *key,
         const char *fmt, ...)
{
    char text[1024], path[512];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    (void)snprintf(path, sizeof path, STR_FMT "%s%s", STR_ARG(o->path),
                   key[0] == '\0' ? "" : ".", key);
    h->diag(h->arg, false, str_of(path), text);
}

/* --- who is used -------------------------------------------------------- */

/* Each rule of the store; true as soon as one says so. */
static bool
any_rule(const struct store *s,
         bool (*says)(const struct store_rule *, struct str name),
         struct str name)
{
    for (size_t i = 0; i < s->n_systems; i++)
        for (size_t k = 0; k < s->systems[i].n_images; k++) {
            const struct store_image *image = &s->systems[i].images[k];

            for (size_t n = 0; n < image->n_stacks; n++)
                for (size_t r = 0; r < image->stacks[n].n_rules; r++)
                    if (says(&image->stacks[n].rules[r], name))
                        return true;
        }
    return false;
}

static bool
rule_has_group(const struct store_rule *r, struct str name)
{
    return str_eq(r->local_name, name) || str_eq(r->remote_name, name);
}

static bool
rule_has_map(const struct store_rule *r, struct str name)
{
    return str_eq(r->map_name, name);
}

static bool
a_map_has(const struct store *s, const void *object)
{
    for (size_t i = 0; i < s->n_maps; i++)
        for (size_t k = 0; k < s->maps[i].n_pairs; k++)
            if (s->maps[i].pairs[k].traffic == object ||
                s->maps[i].pairs[k].level == object)
                return true;
    return false;
}

static void
unused(const struct health *h, const struct store_obj *o, bool is_used,
       const char *by)
{
    if (!is_used)
        warn(h, o, "", STR_FMT " is in no %s", STR_ARG(o->name), by);
}

static void
check_unused(const struct health *h)
{
    const struct store *s = h->store;

    for (size_t i = 0; i < s->n_traffic; i++)
        unused(h, &s->traffic[i].obj, a_map_has(s, &s->traffic[i]),
               "requirement map");
    for (size_t i = 0; i < s->n_levels; i++)
        unused(h, &s->levels[i].obj, a_map_has(s, &s->levels[i]),
               "requirement map");
    for (size_t i = 0; i < s->n_groups; i++)
        unused(h, &s->groups[i].obj,
               any_rule(s, rule_has_group, s->groups[i].obj.name),
               "connectivity rule");
    for (size_t i = 0; i < s->n_maps; i++)
        unused(h, &s->maps[i].obj,
               any_rule(s, rule_has_map, s->maps[i].obj.name),
               "connectivity rule");
}

/* --- what is weak ------------------------------------------------------- */

/* A text may hold several, by name or by code. */
static void
check_ciphers(const struct health *h, const struct store_level *l,
              struct str text)
{
    static const char *const words[] = { "NULL", "EXPORT", "RC4", "RC2",
                                         "_DES", "3DES",   "MD5", "anon" };
    uint16_t codes[STORE_VALUE_MAX / 4 + 1];
    size_t n = param_ciphers(text, codes, ARRAY_LEN(codes));

    for (size_t i = 0; i < n; i++) {
        const char *name = ttls_cipher_name(codes[i]);

        for (size_t k = 0; name != NULL && k < ARRAY_LEN(words); k++)
            if (strstr(name, words[k]) != NULL) {
                warn(h, &l->obj, "ciphers", "%s is a weak cipher suite", name);
                break;
            }
    }
}

static void
check_level(const struct health *h, const struct store_level *l)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } weak[] = { { PROTOCOL_SSLV3, "SSLv3" },
                 { PROTOCOL_TLSV1, "TLSv1" },
                 { PROTOCOL_TLSV11, "TLSv1.1" } };

    for (size_t i = 0; i < ARRAY_LEN(weak); i++)
        if (l->protocols & weak[i].bit)
            warn(h, &l->obj, "protocols",
                 "%s is a weak protocol; expected TLSv1.2 or TLSv1.3",
                 weak[i].name);
    for (size_t i = 0; i < l->ciphers.n; i++)
        check_ciphers(h, l, l->ciphers.v[i]);
}

static bool
is_role(const struct store_type *t, const char *role)
{
    return str_eq_nocase_z(t->text[TYPE_ROLE], role);
}

/* Ports that any program may be given are no server's. */
static void
check_ports(const struct health *h, const struct store_type *t)
{
    bool is_in = !str_eq_nocase_z(t->text[TYPE_DIRECTION], "Outbound");
    bool is_out = !str_eq_nocase_z(t->text[TYPE_DIRECTION], "Inbound");

    for (size_t i = 0; is_in && i < t->local_ports.n; i++)
        if (str_eq(t->local_ports.v[i], STR(STORE_EPHEMERAL)))
            warn(h, &t->obj, "localPort",
                 "the ephemeral ports as the port of a server here");
    for (size_t i = 0; is_out && i < t->remote_ports.n; i++)
        if (str_eq(t->remote_ports.v[i], STR(STORE_EPHEMERAL)))
            warn(h, &t->obj, "remotePort",
                 "the ephemeral ports as the port of the server there");
}

static void
check_pair(const struct health *h, const struct store_pair *p)
{
    bool is_open =
        p->level != NULL &&
        str_eq_nocase_z(p->level->text[LEVEL_CLIENT_AUTH], "PassThru");

    for (size_t i = 0; p->level != NULL && i < p->traffic->n_types; i++) {
        const struct store_type *t = &p->traffic->types[i];

        if (is_open && is_role(t, "ServerWithClientAuth"))
            warn(h, &p->obj, "securityLevel",
                 "clientAuthType PassThru with the role "
                 "ServerWithClientAuth of " STR_FMT
                 ": no client certificate is checked",
                 STR_ARG(t->obj.path));
    }
}

/* By the certificate's common name, as each of its levels says. */
static bool
checks_names(const struct store *s, const struct store_traffic *t)
{
    size_t n_levels = 0, n_checks = 0;

    for (size_t i = 0; i < s->n_maps; i++)
        for (size_t k = 0; k < s->maps[i].n_pairs; k++) {
            const struct store_pair *p = &s->maps[i].pairs[k];
            bool checks = false;

            if (p->traffic != t || p->level == NULL)
                continue;
            for (size_t n = 0; n < p->level->advanced.n; n++)
                checks |= strcmp(p->level->advanced.v[n].keyword,
                                 "HostReferenceIdCN") == 0;
            n_levels++;
            n_checks += checks;
        }
    return n_levels > 0 && n_checks == n_levels;
}

void
health_store(const struct store *s, store_diag diag, void *arg)
{
    struct health h = { s, diag, arg };

    for (size_t i = 0; i < s->n_traffic; i++)
        for (size_t k = 0; k < s->traffic[i].n_types; k++) {
            const struct store_type *t = &s->traffic[i].types[k];

            check_ports(&h, t);
            if (is_role(t, "Client") && t->hosts.n == 0 &&
                !checks_names(s, &s->traffic[i]))
                warn(&h, &t->obj, "hostNames",
                     "is missing; a client takes any host's certificate that "
                     "its ring vouches for");
        }
    for (size_t i = 0; i < s->n_levels; i++)
        check_level(&h, &s->levels[i]);
    for (size_t i = 0; i < s->n_maps; i++)
        for (size_t k = 0; k < s->maps[i].n_pairs; k++)
            check_pair(&h, &s->maps[i].pairs[k]);
    check_unused(&h);
}

/* --- the policy of a stack ---------------------------------------------- */

struct of_stack {
    struct health health;
    const struct store_stack *stack;
};

static void
on_diag(void *arg, const struct ttls_diag *d)
{
    const struct of_stack *o = arg;

    warn(&o->health, &o->stack->obj, "rules", "%s", d->text);
}

static void
on_shadowed(void *arg, const struct ttls_rule *rule, const struct ttls_rule *by)
{
    const struct of_stack *o = arg;

    warn(&o->health, &o->stack->obj, "rules",
         STR_FMT " is never reached: its connections all go to " STR_FMT,
         STR_ARG(rule->obj.name), STR_ARG(by->obj.name));
}

enum health_status
health_status(const struct store_stack *stack)
{
    bool is_on = !stack->technologies.is_given ||
                 (stack->technologies.bits & TECHNOLOGY_TTLS) != 0;

    return !is_on                ? HEALTH_OFF
           : stack->n_rules == 0 ? HEALTH_INCOMPLETE
                                 : HEALTH_COMPLETE;
}

const char *
health_status_text(enum health_status status)
{
    static const char *const texts[] = {
        [HEALTH_OFF] = "AT-TLS is not enabled",
        [HEALTH_INCOMPLETE] = "Incomplete",
        [HEALTH_COMPLETE] = "Complete",
    };

    return texts[status];
}

enum err
health_stack(const struct store_stack *stack, struct str text, store_diag diag,
             void *arg, struct err_info *why)
{
    struct of_stack of = { { NULL, diag, arg }, stack };
    struct ttls_build_options options = { .on_diag = on_diag, .arg = &of };
    struct ttls_build *b;
    struct ttls_policy *policy = NULL;
    enum err e;

    switch (health_status(stack)) {
    case HEALTH_OFF:
        if (stack->n_rules > 0)
            warn(&of.health, &stack->obj, "technologies",
                 "AT-TLS is not among them: the rules of this stack are none");
        return ERR_OK;
    case HEALTH_INCOMPLETE:
        warn(&of.health, &stack->obj, "rules",
             "this stack has no rule: nothing will speak TLS");
        return ERR_OK;
    case HEALTH_COMPLETE:
        break;
    }
    b = ttls_build_new(&options);
    if (b == NULL)
        return err_set(why, ERR_MEMORY, "no storage to check the policy");
    ttls_build_file(b, STR("policy"), text);
    e = ttls_build_finish(&b, &policy, why);
    if (e == ERR_OK)
        e = ttls_shadowed(policy, on_shadowed, &of, why);
    ttls_policy_unref(&policy);
    return e;
}
