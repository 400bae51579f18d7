/* What a rule's objects become; the statements are pieces.h. */
#include "assist/generate.h"

#include <stdio.h>
#include <string.h>

#include "assist/generate_priv.h"
#include "assist/header.h"
#include "assist/inferred.h"
#include "ttls/build.h"

/* --- actions ------------------------------------------------------------ */

/* What one TTLSRule is made of. */
struct part {
    const struct store_rule *rule;
    const struct store_traffic *traffic;
    const struct store_type *type;
    const struct store_level *level; /* NULL: Permit */
    struct store_bits trace;
    struct piece *group, *group_adv, *env, *env_adv, *gsk, *conn, *conn_adv;
};

static void
trace_param(struct buf *body, struct store_bits trace)
{
    if (trace.is_given)
        buf_printf(body, "  %-31s %u\n", "Trace", trace.bits);
}

/* What has its own place in a statement, given or not. */
static const struct {
    const char *keyword, *otherwise;
} placed[] = { { "EnvironmentUserInstance", "0" },
               { "CtraceClearText", "Off" } };

static void
placed_param(struct buf *body, const struct store_level *l, size_t which)
{
    struct str value = str_of(placed[which].otherwise);

    for (size_t i = 0; i < l->advanced.n; i++)
        if (strcmp(l->advanced.v[i].keyword, placed[which].keyword) == 0)
            value = l->advanced.v[i].text;
    piece_param(body, placed[which].keyword, value);
}

/* The rest of what a level says in that statement. */
static void
advanced(struct buf *body, const struct store_level *l, enum ttls_stmt stmt)
{
    for (size_t i = 0; l != NULL && i < l->advanced.n; i++) {
        const struct store_param *p = &l->advanced.v[i];

        if (p->stmt == stmt && strcmp(p->keyword, placed[0].keyword) != 0 &&
            strcmp(p->keyword, placed[1].keyword) != 0)
            piece_param(body, p->keyword, p->text);
    }
}

/* A statement that holds nothing else. */
static struct piece *
advanced_piece(struct gen *g, const struct store_level *l, enum piece_kind kind)
{
    advanced(&g->body, l, piece_stmt(kind));
    return gen_made(g, kind, NULL);
}

static void
make_group(struct gen *g, struct part *p)
{
    const struct store_obj *owner = &p->traffic->obj;
    struct buf *body = &g->body;

    piece_param(body, "SyslogFacility",
                p->rule->facility.n > 0 ? p->rule->facility
                                        : g->image->facility);
    advanced(body, p->level, TTLS_GROUP_ADV);
    p->group_adv = gen_made(g, PIECE_GROUP_ADV, owner);
    piece_param_z(body, "TTLSEnabled", p->level == NULL ? "Off" : "On");
    trace_param(body, p->trace);
    if (p->level != NULL)
        piece_param(body, "FIPS140", p->level->text[LEVEL_FIPS]);
    advanced(body, p->level, TTLS_GROUP_ACTION);
    piece_param_ref(body, "TTLSGroupAdvancedParmsRef", p->group_adv);
    p->group = gen_made(g, PIECE_GROUP, owner);
}

static struct piece *
ring_piece(struct gen *g, const struct store_type *type)
{
    bool is_own = type->text[TYPE_RING].n > 0;

    piece_param(&g->body, "Keyring",
                is_own ? type->text[TYPE_RING] : g->image->ring);
    piece_param(&g->body, "KeyringStashFile",
                is_own ? type->text[TYPE_STASH] : g->image->stash);
    return gen_made(g, is_own ? PIECE_RING : PIECE_IMAGE_RING, NULL);
}

static struct piece *
gsk_piece(struct gen *g, struct part *p)
{
    const struct store_level *level = p->level;
    struct piece *ldap = advanced_piece(g, level, PIECE_LDAP);
    struct piece *cdp = advanced_piece(g, level, PIECE_CDP);
    struct piece *ocsp = advanced_piece(g, level, PIECE_OCSP);
    struct buf *body = &g->body;

    piece_param(body, "GSK_V3_SESSION_TIMEOUT",
                level->text[LEVEL_SESSION_TIMEOUT]);
    piece_param(body, "GSK_V3_SIDCACHE_SIZE", level->text[LEVEL_SESSIONS]);
    piece_param(body, "GSK_SESSION_TICKET_SERVER_TIMEOUT",
                level->text[LEVEL_TICKET_TIMEOUT]);
    advanced(body, level, TTLS_GSK_ADV);
    piece_param_ref(body, "TTLSGskLdapParmsRef", ldap);
    piece_param_ref(body, "TTLSGskHttpCdpParmsRef", cdp);
    piece_param_ref(body, "TTLSGskOcspParmsRef", ocsp);
    return gen_made(g, PIECE_GSK, &p->traffic->obj);
}

static void
make_env(struct gen *g, struct part *p)
{
    const struct store_obj *owner = &p->traffic->obj;
    struct str role = p->type->text[TYPE_ROLE];
    struct piece *ring = ring_piece(g, p->type);
    struct buf *body = &g->body;

    if (str_eq_nocase_z(role, "ServerWithClientAuth"))
        piece_param(body, "ClientAuthType", p->level->text[LEVEL_CLIENT_AUTH]);
    for (size_t i = 0; i < p->type->hosts.n; i++)
        piece_param(body, "HostReferenceIdDNS", p->type->hosts.v[i]);
    advanced(body, p->level, TTLS_ENV_ADV);
    p->env_adv = gen_made(g, PIECE_ENV_ADV, owner);
    p->gsk = gsk_piece(g, p);
    piece_param(body, "HandshakeRole", role);
    placed_param(body, p->level, 0);
    advanced(body, p->level, TTLS_ENV_ACTION);
    piece_param_ref(body, "TTLSKeyringParmsRef", ring);
    piece_param_ref(body, "TTLSEnvironmentAdvancedParmsRef", p->env_adv);
    piece_param_ref(body, "TTLSGskAdvancedParmsRef", p->gsk);
    p->env = gen_made(g, PIECE_ENV, owner);
}

static struct piece *
cipher_piece(struct gen *g, const struct store_level *level)
{
    for (size_t i = 0; i < level->ciphers.n; i++)
        piece_param(&g->body, "V3CipherSuites4Char", level->ciphers.v[i]);
    return gen_made(g, PIECE_CIPHER, &level->obj);
}

static void
switch_param(struct buf *body, const char *keyword, uint32_t is_on)
{
    piece_param_z(body, keyword, is_on != 0 ? "On" : "Off");
}

static void
make_conn_adv(struct gen *g, struct part *p)
{
    const struct str *type = p->type->text;
    uint32_t on = p->level->protocols;
    struct buf *body = &g->body;

    switch_param(body, "SSLv3", on & PROTOCOL_SSLV3);
    switch_param(body, "TLSv1", on & PROTOCOL_TLSV1);
    switch_param(body, "TLSv1.1", on & PROTOCOL_TLSV11);
    piece_param(body, "HandshakeTimeout", type[TYPE_TIMEOUT]);
    piece_param(body, "ApplicationControlled", type[TYPE_CONTROLLED]);
    piece_param(body, "ResetCipherTimer", p->level->text[LEVEL_RESET]);
    piece_param(body, "SecondaryMap",
                type[TYPE_SECONDARY].n > 0 ? type[TYPE_SECONDARY] : STR("Off"));
    piece_param(body, "CertificateLabel", type[TYPE_LABEL]);
    switch_param(body, "TLSv1.2", on & PROTOCOL_TLSV12);
    if (on & PROTOCOL_TLSV13)
        piece_param_z(body, "TLSv1.3", "On");
    advanced(body, p->level, TTLS_CONN_ADV);
    p->conn_adv = gen_made(g, PIECE_CONN_ADV, &p->traffic->obj);
}

static void
make_conn(struct gen *g, struct part *p)
{
    struct piece *cipher = cipher_piece(g, p->level);
    struct piece *signature = advanced_piece(g, p->level, PIECE_SIGNATURE);
    struct buf *body = &g->body;

    make_conn_adv(g, p);
    piece_param(body, "HandshakeRole", p->type->text[TYPE_ROLE]);
    piece_param_ref(body, "TTLSCipherParmsRef", cipher);
    piece_param_ref(body, "TTLSSignatureParmsRef", signature);
    piece_param_ref(body, "TTLSConnectionAdvancedParmsRef", p->conn_adv);
    placed_param(body, p->level, 1);
    trace_param(body, p->trace);
    advanced(body, p->level, TTLS_CONN_ACTION);
    p->conn = gen_made(g, PIECE_CONN, &p->traffic->obj);
}

/* --- rules -------------------------------------------------------------- */

static void
write_rule(struct gen *g, const struct part *p, struct str name)
{
    const struct store_type *t = p->type;
    struct piece *local = gen_list(g, p->rule->local, true);
    struct piece *remote = gen_list(g, p->rule->remote, true);
    struct piece *local_port = gen_list(g, t->local_ports, false);
    struct piece *remote_port = gen_list(g, t->remote_ports, false);
    struct piece *when = gen_time(g, p->rule);
    struct buf *body = g->out;

    buf_printf(body, "%-34s" STR_FMT "\n{\n", "TTLSRule", STR_ARG(name));
    gen_address_param(body, "Local", local);
    gen_address_param(body, "Remote", remote);
    gen_port_param(body, "Local", local_port);
    gen_port_param(body, "Remote", remote_port);
    piece_param(body, "Jobname", t->text[TYPE_JOB]);
    piece_param(body, "Userid", t->text[TYPE_USER]);
    piece_param(body, "Direction", t->text[TYPE_DIRECTION]);
    buf_printf(body, "  %-31s %u\n", "Priority", g->priority);
    g->priority -= INFERRED_PRIORITY_STEP;
    piece_param_ref(body, "IpTimeConditionRef", when);
    piece_param_ref(body, "TTLSGroupActionRef", p->group);
    piece_param_ref(body, "TTLSEnvironmentActionRef", p->env);
    piece_param_ref(body, "TTLSConnectionActionRef", p->conn);
    buf_add_z(body, "}\n");
}

static void
write_part(struct gen *g, struct part *p, struct str name)
{
    make_group(g, p);
    if (p->level != NULL) {
        make_env(g, p);
        make_conn(g, p);
    }
    write_rule(g, p, name);
    piece_write(p->group, g->out);
    piece_write(p->group_adv, g->out);
    piece_write(p->env, g->out);
    piece_write(p->env_adv, g->out);
    piece_write(p->gsk, g->out);
    piece_write(p->conn, g->out);
    piece_write(p->conn_adv, g->out);
}

static enum err
new_name(struct gen *g, const struct store_rule *r, size_t i, struct str *name,
         struct err_info *why)
{
    *name = piece_rule_name(&g->arena, r->obj.name, i);
    if (table_get(&g->names, *name) != NULL)
        return err_set(why, ERR_EXISTS,
                       STR_FMT ": found a second rule that is " STR_FMT
                               " in the policy; expected names that "
                               "differ in their first characters",
                       STR_ARG(r->obj.path), STR_ARG(*name));
    if (name->p == NULL || !table_put(&g->names, *name, g, NULL))
        return err_set(why, ERR_MEMORY, "no storage for the policy");
    return ERR_OK;
}

static enum err
write_rules(struct gen *g, const struct store_rule *r, struct err_info *why)
{
    enum err e = ERR_OK;
    size_t i = 0;

    for (size_t m = 0; m < r->map->n_pairs; m++) {
        const struct store_pair *pair = &r->map->pairs[m];

        for (size_t k = 0; k < pair->traffic->n_types && !gen_is_done(g); k++) {
            struct part part = {
                .rule = r,
                .traffic = pair->traffic,
                .type = &pair->traffic->types[k],
                .level = pair->level,
                .trace = r->trace.is_given ? r->trace : g->image->trace,
            };
            struct str name;

            if ((e = new_name(g, r, ++i, &name, why)) != ERR_OK)
                return e;
            write_part(g, &part, name);
        }
    }
    return e;
}

/* --- the file ----------------------------------------------------------- */

/* The judge of all policies judges this one, too. */
static enum err
check(struct str text, struct err_info *why)
{
    struct ttls_build_options options = { 0 };
    struct ttls_build *b = ttls_build_new(&options);
    struct ttls_policy *policy = NULL;
    enum err e;

    if (b == NULL)
        return err_set(why, ERR_MEMORY, "no storage to check the policy");
    ttls_build_file(b, STR("policy"), text);
    e = ttls_build_finish(&b, &policy, why);
    ttls_policy_unref(&policy);
    return e;
}

static size_t
count_rules(const struct store_stack *stack)
{
    size_t n = 0;

    for (size_t i = 0; i < stack->n_rules; i++) {
        const struct store_map *map = stack->rules[i].map;

        for (size_t k = 0; k < map->n_pairs && n <= GENERATE_RULES_MAX; k++)
            n += map->pairs[k].traffic->n_types;
    }
    return n;
}

static enum err
write_all(struct gen *g, const struct store *s, const struct store_stack *stack,
          struct str before, struct str when, struct err_info *why)
{
    enum err e = ERR_OK;
    struct header old;

    if (!header_read(&g->arena, before, &old))
        return err_set(why, ERR_MEMORY, "no storage for the policy");
    header_write(g->out, s, g->image, stack,
                 old.history.n > 0 ? old.history : stack->history, when);
    for (size_t i = 0; e == ERR_OK && !gen_is_done(g) && i < stack->n_rules;
         i++)
        e = write_rules(g, &stack->rules[i], why);
    pieces_write_tail(&g->pieces, g->out);
    if (e != ERR_OK)
        return e;
    if (g->pieces.is_clash)
        return err_set(why, ERR_EXISTS, "%s", g->pieces.why.text);
    if (g->pieces.no_memory || g->body.failed)
        return err_set(why, ERR_MEMORY, "no storage for the policy");
    return buf_check(g->out, why);
}

enum err
generate_policy(const struct store *s, const struct store_image *image,
                const struct store_stack *stack, struct str before,
                struct str when, struct buf *out, struct err_info *why)
{
    struct gen g = { .image = image, .out = out };
    size_t n = count_rules(stack);
    enum err e;

    if (n > GENERATE_RULES_MAX)
        return err_set(why, ERR_LIMIT,
                       STR_FMT ": found more than %u rules of a policy, "
                               "expected at most as many",
                       STR_ARG(stack->obj.path), GENERATE_RULES_MAX);
    g.priority =
        n > INFERRED_PRIORITY_FIRST ? (uint32_t)n : INFERRED_PRIORITY_FIRST;
    arena_init(&g.arena, (size_t)4 * GENERATE_FILE_MAX);
    pieces_init(&g.pieces, &g.arena, image->obj.name);
    table_init(&g.names);
    table_init(&g.lists);
    buf_init(&g.body, GENERATE_FILE_MAX);
    e = write_all(&g, s, stack, before, when, why);
    if (e == ERR_OK)
        e = check(buf_view(out), why);
    buf_fini(&g.body);
    table_fini(&g.names);
    table_fini(&g.lists);
    pieces_fini(&g.pieces);
    arena_fini(&g.arena);
    return e;
}

struct str
generate_path(struct arena *arena, const struct store_image *image,
              const struct store_stack *stack)
{
    struct str release = str_lower(arena, image->release);

    return str_fmt(arena, INFERRED_PATH, release.p == NULL ? "" : release.p,
                   STR_ARG(image->obj.name), STR_ARG(stack->obj.name));
}
