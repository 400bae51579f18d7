/* What a policy may not say, and what it should not, across parameters. */
#include <string.h>

#include "ttls/build_priv.h"

static void
at(struct ttls_build *b, const struct ttls_obj *obj)
{
    b->file = obj->file;
    b->line = obj->line;
}

#define FOR(b, obj) (at((b), (obj)), (b))
#define WHAT(obj) ttls_type_of((obj)->stmt)->keyword, STR_ARG((obj)->name)

static void
check_required(struct ttls_build *b, const struct ttls_obj *obj)
{
    const struct ttls_type *type = ttls_type_of(obj->stmt);

    for (size_t i = 0; i < type->n_rows; i++) {
        if ((type->rows[i].flags & TTLS_F_REQUIRED) != 0 &&
            (obj->coded & ((uint64_t)1 << i)) == 0)
            build_error(FOR(b, obj), "%s " STR_FMT ": %s is missing", WHAT(obj),
                        type->rows[i].name);
    }
}

/* --- rules -------------------------------------------------------------- */

/* Two forms of one condition [unverified]. */
static void
check_forms(struct ttls_build *b, const struct ttls_rule *rule)
{
    const struct ttls_type *type = ttls_type_of(TTLS_RULE);

    for (size_t i = 0; i < type->n_rows; i++) {
        for (size_t k = i + 1; k < type->n_rows; k++) {
            uint64_t both = ((uint64_t)1 << i) | ((uint64_t)1 << k);

            if (type->rows[i].offset == type->rows[k].offset &&
                (rule->obj.coded & both) == both)
                build_error(FOR(b, &rule->obj),
                            "TTLSRule " STR_FMT
                            ": %s and %s are both coded; expected one of them",
                            STR_ARG(rule->obj.name), type->rows[i].name,
                            type->rows[k].name);
        }
    }
}

/* The conditions stand before these in the table. */
static bool
has_condition(const struct ttls_rule *rule)
{
    const struct ttls_type *type = ttls_type_of(TTLS_RULE);

    for (size_t i = 0; i < type->n_rows; i++) {
        if (strcmp(type->rows[i].name, "Direction") == 0)
            return (rule->obj.coded & (((uint64_t)1 << i) - 1)) != 0;
    }
    return false;
}

static void
check_empty(struct ttls_build *b, const struct ttls_rule *rule)
{
    if ((rule->local_addr != NULL && rule->local_addr->n == 0) ||
        (rule->remote_addr != NULL && rule->remote_addr->n == 0) ||
        (rule->local_port != NULL && rule->local_port->n == 0) ||
        (rule->remote_port != NULL && rule->remote_port->n == 0))
        build_error(FOR(b, &rule->obj),
                    "TTLSRule " STR_FMT
                    " names an address or port statement without a value",
                    STR_ARG(rule->obj.name));
}

static void
check_rule(struct ttls_build *b, const struct ttls_rule *rule)
{
    struct str name = rule->obj.name;

    check_forms(b, rule);
    if (!has_condition(rule))
        build_error(FOR(b, &rule->obj),
                    "TTLSRule " STR_FMT
                    ": expected a condition: an address, a port, Jobname or "
                    "Userid",
                    STR_ARG(name));
    if (b->n_errors == 0)
        check_empty(b, rule);
    if (!ttls_is_coded(&rule->obj, "TTLSGroupActionRef"))
        build_error(FOR(b, &rule->obj),
                    "TTLSRule " STR_FMT ": TTLSGroupActionRef is missing",
                    STR_ARG(name));
    if (rule->group != NULL && rule->group->enabled == TTLS_ON &&
        !ttls_is_coded(&rule->obj, "TTLSEnvironmentActionRef"))
        build_error(
            FOR(b, &rule->obj),
            "TTLSRule " STR_FMT
            ": TTLSEnvironmentActionRef is missing; TTLSGroupAction " STR_FMT
            " says TTLSEnabled On",
            STR_ARG(name), STR_ARG(rule->group->obj.name));
}

/* Lists of names may stand in the environment's or the connection's block. */
static void
check_names(struct ttls_build *b, const struct ttls_rule *rule,
            const struct ttls_effective *e)
{
    bool is_client = e->role == TTLS_CLIENT;

    if (is_client && e->client_sni != TTLS_NO && e->client_sni_list.n == 0)
        build_warn(FOR(b, &rule->obj),
                   "TTLSRule " STR_FMT ": ClientHandshakeSNI without a "
                   "ClientHandshakeSNIList sends no name",
                   STR_ARG(rule->obj.name));
    if (!is_client && e->server_sni != TTLS_NO && e->server_sni_list.n == 0)
        build_warn(FOR(b, &rule->obj),
                   "TTLSRule " STR_FMT ": ServerHandshakeSNI without a "
                   "ServerHandshakeSNIList knows no name: %s",
                   STR_ARG(rule->obj.name),
                   e->server_sni_match == TTLS_REQUIRED
                       ? "every client that sends one is refused"
                       : "whichever a client sends is passed over");
}

/* Key shares are of TLS version 1.3, which has no smaller groups. */
static void
check_shares(struct ttls_build *b, const struct ttls_obj *o, const char *name,
             const struct ttls_codes *shares)
{
    for (size_t i = 0; i < shares->n; i++) {
        if (shares->v[i] < 23)
            build_warn(FOR(b, o),
                       "%s " STR_FMT ": %s: %04u (%s) is no group of TLS "
                       "version 1.3 and left out",
                       WHAT(o), name, shares->v[i],
                       ttls_group_name(shares->v[i]));
    }
}

/* What a connection of this rule would get. */
static void
check_outcome(struct ttls_build *b, const struct ttls_rule *rule)
{
    struct ttls_effective e;
    bool has_13 = false, has_old = false;

    ttls_effective_of(rule, &e);
    if (!e.is_enabled)
        return;
    for (size_t i = 0; i < e.ciphers.n; i++)
        *((e.ciphers.v[i] >> 8) == 0x13 ? &has_13 : &has_old) = true;
    if (!e.sslv3 && !e.tlsv1 && !e.tlsv11 && !e.tlsv12 && !e.tlsv13)
        build_warn(FOR(b, &rule->obj),
                   "TTLSRule " STR_FMT
                   ": no protocol is On, handshakes will fail",
                   STR_ARG(rule->obj.name));
    else if (e.ciphers.n == 0)
        build_warn(FOR(b, &rule->obj),
                   "TTLSRule " STR_FMT
                   ": none of its cipher suites can be offered, handshakes "
                   "will fail",
                   STR_ARG(rule->obj.name));
    else if ((e.tlsv13 && !has_13) ||
             (!has_old && (e.tlsv12 || e.tlsv11 || e.tlsv1 || e.sslv3)))
        build_warn(FOR(b, &rule->obj),
                   "TTLSRule " STR_FMT
                   ": a protocol that is On has no cipher suite in the list",
                   STR_ARG(rule->obj.name));
    if (e.suite_b != TTLS_SUITEB_OFF && !e.tlsv12)
        build_warn(FOR(b, &rule->obj),
                   "TTLSRule " STR_FMT
                   ": SuiteBProfile needs TLSv1.2 On, handshakes will fail",
                   STR_ARG(rule->obj.name));
    check_names(b, rule, &e);
    if (e.role == TTLS_CLIENT && e.client_fragment != TTLS_NO &&
        e.client_fragment_bytes == 0)
        build_error(FOR(b, &rule->obj),
                    "TTLSRule " STR_FMT ": ClientMaxSSLFragment needs "
                    "ClientMaxSSLFragmentLength",
                    STR_ARG(rule->obj.name));
    if (e.fips != TTLS_FIPS_OFF && e.sslv3)
        build_error(FOR(b, &rule->obj),
                    "TTLSRule " STR_FMT
                    ": SSLv3 is On, which FIPS140 does not allow",
                    STR_ARG(rule->obj.name));
}

/* --- actions ------------------------------------------------------------ */

static void
check_env(struct ttls_build *b, const struct ttls_env_action *env)
{
    const struct ttls_obj *o = &env->obj;

    if (!ttls_is_coded(o, "TTLSKeyringParms"))
        build_error(FOR(b, o), "%s " STR_FMT ": TTLSKeyringParms is missing",
                    WHAT(o));
    if (env->suite_b != TTLS_SUITEB_OFF && env->cipher != NULL)
        build_warn(FOR(b, o),
                   "%s " STR_FMT
                   ": TTLSCipherParms are ignored, SuiteBProfile decides",
                   WHAT(o));
    if (env->adv != NULL && env->role != TTLS_SERVER_CLIENT_AUTH &&
        ttls_is_coded(&env->adv->obj, "ClientAuthType"))
        build_warn(FOR(b, o),
                   "%s " STR_FMT ": ClientAuthType counts with HandshakeRole "
                   "ServerWithClientAuth only",
                   WHAT(o));
}

static void
check_adv(struct ttls_build *b, const struct ttls_adv *adv)
{
    const struct ttls_obj *o = &adv->obj;

    if (adv->sslv2 == TTLS_ON)
        build_warn(FOR(b, o),
                   "%s " STR_FMT
                   ": SSLv2 On has no effect: SSL version 2 is never used",
                   WHAT(o));
}

static void
check_keyring(struct ttls_build *b, const struct ttls_keyring *k)
{
    const struct ttls_obj *o = &k->obj;
    bool is_file = k->password.n > 0 || k->stash_file.n > 0;
    size_t slash = str_find_char(k->keyring, '/');

    if (is_file || k->keyring.n == 0)
        return;
    if (slash == 0)
        build_warn(FOR(b, o),
                   "%s " STR_FMT ": \"%.*s\" is a path; a key database needs "
                   "KeyringPw or KeyringStashFile",
                   WHAT(o), QUOTE(k->keyring));
    else if (slash != STR_NPOS && k->keyring.p[0] != '*' &&
             (slash > 8 || slash + 1 == k->keyring.n))
        build_error(FOR(b, o),
                    "%s " STR_FMT ": Keyring: found \"%.*s\", expected "
                    "ring or owner/ring, the owner of 1 to 8 characters",
                    WHAT(o), QUOTE(k->keyring));
    else if (k->keyring.p[0] == '*' && !str_eq_z(k->keyring, "*AUTH*/*") &&
             !(str_starts(k->keyring, STR("*TOKEN*/")) && k->keyring.n > 8))
        build_error(FOR(b, o),
                    "%s " STR_FMT ": Keyring: found \"%.*s\", expected "
                    "*AUTH*/* or *TOKEN*/name",
                    WHAT(o), QUOTE(k->keyring));
}

static void
check_signature(struct ttls_build *b, const struct ttls_signature *s)
{
    check_shares(b, &s->obj, "ClientKeyShareGroups", &s->client_key_shares);
    check_shares(b, &s->obj, "ServerKeyShareGroups", &s->server_key_shares);
}

static void
check_ocsp(struct ttls_build *b, const struct ttls_gsk_ocsp *c)
{
    const struct ttls_obj *o = &c->obj;

    if (c->staple == TTLS_STAPLE_ANY)
        build_warn(FOR(b, o),
                   "%s " STR_FMT ": OcspServerStapling Any: a response about "
                   "the server's own certificate alone is handed out",
                   WHAT(o));
    for (size_t i = 0; i < c->request_alg.n; i++) {
        if (c->request_alg.v[i] >> 8 == 8)
            build_warn(FOR(b, o),
                       "%s " STR_FMT ": OcspRequestSigalg %04X: requests are "
                       "not signed with RSASSA-PSS, environments will fail",
                       WHAT(o), c->request_alg.v[i]);
    }
}

static void
check_value(struct ttls_build *b, const struct ttls_obj *o, size_t n)
{
    bool is_both = o->stmt == TTLS_IPADDR_SET && o->coded == 3;

    if (o->coded == 0)
        build_error(FOR(b, o), "%s " STR_FMT " has no value", WHAT(o));
    else if (is_both)
        build_error(FOR(b, o),
                    "%s " STR_FMT
                    ": Prefix and Range are both coded; expected one of them",
                    WHAT(o));
    else if (n == 0 && b->n_errors == 0)
        build_error(FOR(b, o), "%s " STR_FMT " comes to nothing", WHAT(o));
}

static void
check_one(struct ttls_build *b, const struct ttls_obj *obj)
{
    check_required(b, obj);
    build_check_unused(b, obj);
    switch (obj->stmt) {
    case TTLS_RULE:
        check_rule(b, (const struct ttls_rule *)obj);
        return;
    case TTLS_ENV_ACTION:
        check_env(b, (const struct ttls_env_action *)obj);
        return;
    case TTLS_ENV_ADV:
    case TTLS_CONN_ADV:
        check_adv(b, (const struct ttls_adv *)obj);
        return;
    case TTLS_KEYRING:
        check_keyring(b, (const struct ttls_keyring *)obj);
        return;
    case TTLS_IPADDR:
    case TTLS_IPADDR_SET:
    case TTLS_IPADDR_GROUP:
        check_value(b, obj, ((const struct ttls_addrs *)obj)->n);
        return;
    case TTLS_PORT_RANGE:
    case TTLS_PORT_GROUP:
        check_value(b, obj, ((const struct ttls_ports *)obj)->n);
        return;
    case TTLS_GSK_OCSP:
        check_ocsp(b, (const struct ttls_gsk_ocsp *)obj);
        return;
    case TTLS_SIGNATURE:
        check_signature(b, (const struct ttls_signature *)obj);
        return;
    case TTLS_GROUP_ACTION:
    case TTLS_GROUP_ADV:
    case TTLS_CONN_ACTION:
    case TTLS_CIPHER:
    case TTLS_GSK_ADV:
    case TTLS_GSK_LDAP:
    case TTLS_GSK_CDP:
    case TTLS_TIME:
    case TTLS_STMTS:
        return;
    }
}

void
build_check(struct ttls_build *b)
{
    for (size_t i = 0; i < b->policy->n_objs; i++)
        check_one(b, b->policy->objs[i]);
    for (size_t i = 0; b->n_errors == 0 && i < b->policy->n_rules; i++)
        check_outcome(b, b->policy->rules[i]);
}
