/*
 * Statements are pieces: a kind, a body and what their name is made of. A
 * piece with the same three is the same piece, so sharing needs no rules of
 * its own; a name is given when a piece is first wanted.
 */
#include "assist/generate.h"

#include <stdio.h>
#include <string.h>

#include "assist/inferred.h"
#include "assist/param.h"
#include "base/version.h"
#include "ttls/build.h"
#include "ttls/stmt.h"

struct piece {
    enum ttls_stmt stmt;
    const char *prefix;
    struct str name, suffix, body;
    uint64_t hash; /* of the body */
    bool is_written;
};

struct gen {
    const struct store_image *image;
    struct arena arena;
    struct piece **pieces;
    size_t n, cap;
    struct buf *out;
    uint32_t priority; /* of the next rule */
    bool no_memory;
};

/* --- pieces ------------------------------------------------------------- */

static void
param(struct buf *body, const char *keyword, struct str value)
{
    if (value.n > 0)
        buf_printf(body, "  %-32s" STR_FMT "\n", keyword, STR_ARG(value));
}

static void
param_z(struct buf *body, const char *keyword, const char *value)
{
    param(body, keyword, str_of(value));
}

/* A name of at most 32 characters without blanks: the descriptor is cut. */
static struct str
name_of(struct gen *g, const char *prefix, size_t k, struct str suffix)
{
    char name[STORE_NAME_MAX + 1];

    (void)snprintf(name, sizeof name, "%s%zu%s" STR_FMT, prefix, k,
                   suffix.n > 0 ? "~" : "", STR_ARG(suffix));
    for (char *p = name; *p != '\0'; p++)
        *p = *p == ' ' ? INFERRED_BLANK : *p;
    return str_dup(&g->arena, str_of(name));
}

/* The piece of that body; NULL without storage, or for an empty body. */
static struct piece *
piece_of(struct gen *g, enum ttls_stmt stmt, const char *prefix,
         struct str suffix, struct buf *body)
{
    uint64_t hash = str_hash(buf_view(body), 0);
    struct piece *p, **grown;
    size_t k = 1;

    if (body->n == 0)
        return NULL;
    for (size_t i = 0; i < g->n; i++) {
        p = g->pieces[i];
        if (p->hash == hash && p->stmt == stmt && str_eq(p->suffix, suffix) &&
            str_eq(p->body, buf_view(body)))
            return p;
        k += strcmp(p->prefix, prefix) == 0;
    }
    p = ARENA_NEW(&g->arena, struct piece);
    grown = arena_grown(&g->arena, g->pieces, g->n, &g->cap, sizeof p);
    if (p == NULL || grown == NULL || body->failed) {
        g->no_memory = true;
        return NULL;
    }
    *p = (struct piece){ stmt,
                         prefix,
                         name_of(g, prefix, k, suffix),
                         suffix,
                         str_dup(&g->arena, buf_view(body)),
                         hash,
                         false };
    g->no_memory |= p->name.p == NULL || p->body.p == NULL;
    g->pieces = grown;
    g->pieces[g->n++] = p;
    return p;
}

static void
param_ref(struct buf *body, const char *keyword, const struct piece *p)
{
    if (p != NULL)
        param(body, keyword, p->name);
}

static void
write_piece(struct gen *g, struct piece *p)
{
    if (p == NULL || p->is_written)
        return;
    p->is_written = true;
    buf_printf(g->out, "%-34s" STR_FMT "\n{\n" STR_FMT "}\n",
               ttls_type_of(p->stmt)->keyword, STR_ARG(p->name),
               STR_ARG(p->body));
}

/* --- addresses, ports, time --------------------------------------------- */

static struct piece *
address_piece(struct gen *g, struct str text)
{
    const char *keyword;
    enum ttls_stmt stmt = param_of_address(text, &keyword);
    struct piece *p;
    struct buf body;

    buf_init(&body, 2 * STORE_VALUE_MAX);
    param(&body, keyword, text);
    p = piece_of(g, stmt, "addr", STR(""), &body);
    buf_fini(&body);
    return p;
}

static struct piece *
port_piece(struct gen *g, struct str text)
{
    struct piece *p;
    struct buf body;

    buf_init(&body, 2 * STORE_VALUE_MAX);
    param(&body, "Port", text);
    p = piece_of(g, TTLS_PORT_RANGE, "portR", STR(""), &body);
    buf_fini(&body);
    return p;
}

/* One of them, or a group that names each. */
static struct piece *
one_or_group(struct gen *g, struct store_texts texts, bool is_address)
{
    struct piece *p = NULL;
    struct buf body;

    buf_init(&body, GENERATE_FILE_MAX);
    for (size_t i = 0; i < texts.n && !g->no_memory; i++) {
        p = is_address ? address_piece(g, texts.v[i])
                       : port_piece(g, texts.v[i]);
        param_ref(&body,
                  !is_address                           ? "PortRangeRef"
                  : p != NULL && p->stmt == TTLS_IPADDR ? "IpAddrRef"
                                                        : "IpAddrSetRef",
                  p);
    }
    if (texts.n > 1)
        p = piece_of(g, is_address ? TTLS_IPADDR_GROUP : TTLS_PORT_GROUP,
                     is_address ? "addr" : "portG", STR(""), &body);
    buf_fini(&body);
    return p;
}

static void
address_param(struct gen *g, struct buf *rule, const char *side,
              struct store_texts texts)
{
    struct piece *p = one_or_group(g, texts, true);
    char keyword[32];

    (void)snprintf(keyword, sizeof keyword, "%sAddr%s", side,
                   p == NULL                    ? ""
                   : p->stmt == TTLS_IPADDR     ? "Ref"
                   : p->stmt == TTLS_IPADDR_SET ? "SetRef"
                                                : "GroupRef");
    if (p == NULL)
        param_z(rule, keyword, "ALL");
    param_ref(rule, keyword, p);
}

static void
port_param(struct gen *g, struct buf *rule, const char *side,
           struct store_texts texts)
{
    struct piece *p = one_or_group(g, texts, false);
    char keyword[32];

    if (p == NULL)
        return;
    (void)snprintf(keyword, sizeof keyword, "%sPort%sRef", side,
                   p->stmt == TTLS_PORT_RANGE ? "Range" : "Group");
    param_ref(rule, keyword, p);
}

static struct piece *
time_piece(struct gen *g, const struct store_rule *r)
{
    static const char *const keywords[TIME_TEXTS] = {
        [TIME_RANGE] = "ConditionTimeRange", [TIME_MONTHS] = "MonthOfYearMask",
        [TIME_DAYS] = "DayOfMonthMask",      [TIME_WEEKDAYS] = "DayOfWeekMask",
        [TIME_OF_DAY] = "TimeOfDayRange",    [TIME_ZONE] = "TimeZone",
    };
    struct piece *p;
    struct buf body;

    buf_init(&body, TIME_TEXTS * 2 * STORE_VALUE_MAX);
    for (size_t i = 0; i < TIME_TEXTS; i++)
        param(&body, keywords[i], r->time[i]);
    p = piece_of(g, TTLS_TIME, INFERRED_TIME, STR(""), &body);
    buf_fini(&body);
    return p;
}

/* --- actions ------------------------------------------------------------ */

/* What one TTLSRule is made of. */
struct part {
    const struct store_rule *rule;
    const struct store_traffic *traffic;
    const struct store_type *type;
    const struct store_level *level; /* NULL: Permit */
    struct store_trace trace;
    struct piece *group, *group_adv, *env, *env_adv, *gsk, *conn, *conn_adv;
};

static void
trace_param(struct buf *body, struct store_trace trace)
{
    if (trace.is_given)
        buf_printf(body, "  %-32s%u\n", "Trace", trace.bits);
}

static void
make_group(struct gen *g, struct part *p, struct buf *body)
{
    param(body, "SyslogFacility", g->image->facility);
    p->group_adv = piece_of(g, TTLS_GROUP_ADV, INFERRED_GROUP_ADV,
                            p->traffic->obj.name, body);
    buf_clear(body);
    param_z(body, "TTLSEnabled", p->level == NULL ? "Off" : "On");
    trace_param(body, p->trace);
    if (p->level != NULL)
        param(body, "FIPS140", p->level->text[LEVEL_FIPS]);
    param_ref(body, "TTLSGroupAdvancedParmsRef", p->group_adv);
    p->group =
        piece_of(g, TTLS_GROUP_ACTION, "gAct", p->traffic->obj.name, body);
    buf_clear(body);
}

static struct piece *
ring_piece(struct gen *g, const struct store_type *type, struct buf *body)
{
    bool is_own = type->text[TYPE_RING].n > 0;
    struct str name =
        str_fmt(&g->arena, "keyR~" STR_FMT, STR_ARG(g->image->obj.name));
    struct piece *p;

    param(body, "Keyring", is_own ? type->text[TYPE_RING] : g->image->ring);
    param(body, "KeyringStashFile",
          is_own ? type->text[TYPE_STASH] : g->image->stash);
    p = piece_of(g, TTLS_KEYRING, is_own ? "keyR" : "keyR~", STR(""), body);
    if (p != NULL && !is_own)
        p->name = name;
    buf_clear(body);
    return p;
}

static void
make_env(struct gen *g, struct part *p, struct buf *body)
{
    const struct str *level = p->level->text;
    struct str role = p->type->text[TYPE_ROLE];
    struct piece *ring = ring_piece(g, p->type, body);

    if (str_eq_nocase_z(role, "ServerWithClientAuth"))
        param(body, "ClientAuthType", level[LEVEL_CLIENT_AUTH]);
    for (size_t i = 0; str_eq_nocase_z(role, "Client") && i < p->type->hosts.n;
         i++)
        param(body, "HostReferenceIdDNS", p->type->hosts.v[i]);
    p->env_adv = piece_of(g, TTLS_ENV_ADV, "eAdv", p->traffic->obj.name, body);
    buf_clear(body);
    param(body, "GSK_V3_SESSION_TIMEOUT", level[LEVEL_SESSION_TIMEOUT]);
    param(body, "GSK_V3_SIDCACHE_SIZE", level[LEVEL_SESSIONS]);
    param(body, "GSK_SESSION_TICKET_SERVER_TIMEOUT",
          level[LEVEL_TICKET_TIMEOUT]);
    p->gsk =
        piece_of(g, TTLS_GSK_ADV, INFERRED_GSK_ADV, p->traffic->obj.name, body);
    buf_clear(body);
    param(body, "HandshakeRole", role);
    param_z(body, "EnvironmentUserInstance", "0");
    param_ref(body, "TTLSKeyringParmsRef", ring);
    param_ref(body, "TTLSEnvironmentAdvancedParmsRef", p->env_adv);
    param_ref(body, "TTLSGskAdvancedParmsRef", p->gsk);
    p->env = piece_of(g, TTLS_ENV_ACTION, "eAct", p->traffic->obj.name, body);
    buf_clear(body);
}

static void
make_conn(struct gen *g, struct part *p, struct buf *body)
{
    const struct str *type = p->type->text;
    uint32_t on = p->level->protocols;
    struct piece *cipher;

    param_z(body, "SSLv3", on & PROTOCOL_SSLV3 ? "On" : "Off");
    param_z(body, "TLSv1", on & PROTOCOL_TLSV1 ? "On" : "Off");
    param_z(body, "TLSv1.1", on & PROTOCOL_TLSV11 ? "On" : "Off");
    param(body, "HandshakeTimeout", type[TYPE_TIMEOUT]);
    param(body, "ApplicationControlled", type[TYPE_CONTROLLED]);
    param(body, "ResetCipherTimer", p->level->text[LEVEL_RESET]);
    param(body, "SecondaryMap",
          type[TYPE_SECONDARY].n > 0 ? type[TYPE_SECONDARY] : STR("Off"));
    param(body, "CertificateLabel", type[TYPE_LABEL]);
    param_z(body, "TLSv1.2", on & PROTOCOL_TLSV12 ? "On" : "Off");
    if (on & PROTOCOL_TLSV13)
        param_z(body, "TLSv1.3", "On");
    p->conn_adv =
        piece_of(g, TTLS_CONN_ADV, "cAdv", p->traffic->obj.name, body);
    buf_clear(body);
    for (size_t i = 0; i < p->level->ciphers.n; i++)
        param(body, "V3CipherSuites4Char", p->level->ciphers.v[i]);
    cipher = piece_of(g, TTLS_CIPHER, "cipher", p->level->obj.name, body);
    buf_clear(body);
    param(body, "HandshakeRole", type[TYPE_ROLE]);
    param_ref(body, "TTLSCipherParmsRef", cipher);
    param_ref(body, "TTLSConnectionAdvancedParmsRef", p->conn_adv);
    param_z(body, "CtraceClearText", "Off");
    trace_param(body, p->trace);
    p->conn = piece_of(g, TTLS_CONN_ACTION, "cAct", p->traffic->obj.name, body);
    buf_clear(body);
}

/* --- rules -------------------------------------------------------------- */

/* "{rule}~{i}": the rule is cut, so that its number stays. */
static struct str
rule_name(struct gen *g, struct str rule, size_t i)
{
    char tail[24], *p;
    struct str name;
    int n = snprintf(tail, sizeof tail, "~%zu", i);

    name = str_fmt(&g->arena, STR_FMT "%s",
                   STR_ARG(str_sub(rule, 0, STORE_NAME_MAX - (size_t)n)), tail);
    for (p = (char *)(uintptr_t)name.p; p != NULL && *p != '\0'; p++)
        *p = *p == ' ' ? INFERRED_BLANK : *p;
    return name;
}

static void
write_rule(struct gen *g, struct part *p, struct str name, struct buf *body)
{
    const struct store_type *t = p->type;

    buf_clear(body);
    address_param(g, body, "Local", p->rule->local);
    address_param(g, body, "Remote", p->rule->remote);
    port_param(g, body, "Local", t->local_ports);
    port_param(g, body, "Remote", t->remote_ports);
    param(body, "Jobname", t->text[TYPE_JOB]);
    param(body, "Userid", t->text[TYPE_USER]);
    param(body, "Direction", t->text[TYPE_DIRECTION]);
    buf_printf(body, "  %-32s%u\n", "Priority", g->priority);
    g->priority -= INFERRED_PRIORITY_STEP;
    param_ref(body, "IpTimeConditionRef", time_piece(g, p->rule));
    param_ref(body, "TTLSGroupActionRef", p->group);
    param_ref(body, "TTLSEnvironmentActionRef", p->env);
    param_ref(body, "TTLSConnectionActionRef", p->conn);
    buf_printf(g->out, "%-34s" STR_FMT "\n{\n" STR_FMT "}\n", "TTLSRule",
               STR_ARG(name), STR_ARG(buf_view(body)));
}

static void
write_part(struct gen *g, struct part *p, struct str name)
{
    struct buf body;

    buf_init(&body, GENERATE_FILE_MAX);
    make_group(g, p, &body);
    if (p->level != NULL) {
        make_env(g, p, &body);
        make_conn(g, p, &body);
    }
    write_rule(g, p, name, &body);
    buf_fini(&body);
    write_piece(g, p->group);
    write_piece(g, p->group_adv);
    write_piece(g, p->env);
    write_piece(g, p->env_adv);
    write_piece(g, p->gsk);
    write_piece(g, p->conn);
    write_piece(g, p->conn_adv);
}

struct names {
    struct str *v;
    size_t n;
};

static enum err
write_rules(struct gen *g, const struct store_rule *r, struct names *names,
            struct err_info *why)
{
    size_t i = 0;

    for (size_t m = 0; m < r->map->n_pairs; m++) {
        const struct store_pair *pair = &r->map->pairs[m];

        for (size_t k = 0; k < pair->traffic->n_types && !g->no_memory; k++) {
            struct part part = {
                .rule = r,
                .traffic = pair->traffic,
                .type = &pair->traffic->types[k],
                .level = pair->level,
                .trace = r->trace.is_given ? r->trace : g->image->trace,
            };
            struct str name = rule_name(g, r->obj.name, ++i);

            for (size_t n = 0; n < names->n; n++) {
                if (str_eq(names->v[n], name))
                    return err_set(why, ERR_EXISTS,
                                   STR_FMT
                                   ": found a second rule that is " STR_FMT
                                   " in the policy; expected names that "
                                   "differ in their first characters",
                                   STR_ARG(r->obj.path), STR_ARG(name));
            }
            names->v[names->n++] = name;
            write_part(g, &part, name);
        }
    }
    return ERR_OK;
}

/* Keyrings, ciphers, addresses, ports, times; each in numeric order. */
static void
write_tail(struct gen *g)
{
    static const char *const order[] = { "keyR~", "keyR",  "cipher",     "addr",
                                         "portR", "portG", INFERRED_TIME };

    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        for (size_t k = 0; k < g->n; k++) {
            if (strcmp(g->pieces[k]->prefix, order[i]) == 0)
                write_piece(g, g->pieces[k]);
        }
    }
}

/* --- the file ----------------------------------------------------------- */

/* "## 2020-06-12 14:18:57 : ..." */
static bool
is_history(struct str line)
{
    static const char form[] = "## dddd-dd-dd dd:dd:dd : ";

    for (size_t i = 0; i < sizeof form - 1; i++) {
        if (i >= line.n ||
            (form[i] == 'd' && i > 2 ? line.p[i] < '0' || line.p[i] > '9'
                                     : line.p[i] != form[i]))
            return false;
    }
    return line.n < 256;
}

static void
write_head(struct gen *g, const struct store *s,
           const struct store_stack *stack, struct str before, struct str when)
{
    struct str line;
    size_t n = 0;

    buf_printf(g->out,
               "##\n## AT-TLS Policy Agent Configuration file for:\n"
               "##    Image: " STR_FMT "\n##    Stack: " STR_FMT "\n##\n"
               "## Created by the Sallyport configuration assistant\n"
               "## Version " SALLYPORT_VERSION "\n"
               "## Backing Store = " STR_FMT "\n## Install History:\n"
               "## " STR_FMT " : Save To Disk\n",
               STR_ARG(g->image->obj.name), STR_ARG(stack->obj.name),
               STR_ARG(s->obj.name), STR_ARG(when));
    while (n < GENERATE_HISTORY_MAX && before.n > 0 &&
           str_line(&before, &line) && str_starts(line, STR("##"))) {
        if (!is_history(line))
            continue;
        buf_printf(g->out, STR_FMT "\n", STR_ARG(line));
        n++;
    }
    buf_add_z(g->out, "## End of Network Configuration Assistant "
                      "information\n");
}

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

enum err
generate_policy(const struct store *s, const struct store_image *image,
                const struct store_stack *stack, struct str before,
                struct str when, struct buf *out, struct err_info *why)
{
    struct gen g = { .image = image, .out = out };
    size_t n = count_rules(stack);
    struct names names = { 0 };
    enum err e = ERR_OK;

    if (n > GENERATE_RULES_MAX)
        return err_set(why, ERR_LIMIT,
                       STR_FMT ": found more than %u rules of a policy, "
                               "expected at most as many",
                       STR_ARG(stack->obj.path), GENERATE_RULES_MAX);
    g.priority =
        n > INFERRED_PRIORITY_FIRST ? (uint32_t)n : INFERRED_PRIORITY_FIRST;
    arena_init(&g.arena, (size_t)4 * GENERATE_FILE_MAX);
    names.v = ARENA_ARRAY(&g.arena, struct str, n + 1);
    g.no_memory = names.v == NULL;
    write_head(&g, s, stack, before, when);
    for (size_t i = 0; e == ERR_OK && !g.no_memory && i < stack->n_rules; i++)
        e = write_rules(&g, &stack->rules[i], &names, why);
    write_tail(&g);
    if (e == ERR_OK && g.no_memory)
        e = err_set(why, ERR_MEMORY, "no storage for the policy");
    if (e == ERR_OK && (e = buf_check(out, why)) == ERR_OK)
        e = check(buf_view(out), why);
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
