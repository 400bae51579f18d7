#include "gateway/role.h"

#define LOGGER "com.ibm.ws.webcontainer.security.WebAppSecurityCollaboratorImpl"

/* --- authorization-roles -------------------------------------------------- */

/* access-id = ( "user:" / "group:" ) realm "/" name */
static bool
is_access_id(struct str text, struct str type, struct str realm,
             struct str name, bool is_exact)
{
    struct str rest;

    if (realm.n == 0 || !str_starts(text, type))
        return false;
    rest = str_sub(text, type.n, text.n);
    if (rest.n != realm.n + 1 + name.n || !str_starts(rest, realm) ||
        rest.p[realm.n] != '/')
        return false;
    rest = str_sub(rest, realm.n + 1, rest.n);
    return is_exact ? str_eq(rest, name) : str_eq_nocase(rest, name);
}

/* An access id says more than the name, so it decides alone. */
static bool
is_subject(const struct cfg_subject *s, struct str type, struct str realm,
           struct str name, bool is_exact)
{
    if (s->access_id.n > 0)
        return is_access_id(s->access_id, type, realm, name, is_exact);
    return s->name.n > 0 &&
           (is_exact ? str_eq(s->name, name) : str_eq_nocase(s->name, name));
}

static bool
names_user(const struct cfg_security_role *role, const struct acee *a,
           struct str saf_realm)
{
    bool is_saf = a->registry_groups == NULL;

    for (size_t i = 0; i < role->n_users; i++)
        if (is_subject(&role->users[i], STR("user:"),
                       is_saf ? saf_realm : a->registry,
                       is_saf ? str_of(a->user) : a->distributed, !is_saf))
            return true;
    return false;
}

static bool
names_group(const struct cfg_security_role *role, const struct acee *a,
            struct str saf_realm)
{
    for (size_t i = 0; i < role->n_groups; i++) {
        for (uint32_t k = 0; k < a->n_registry_groups; k++)
            if (is_subject(&role->groups[i], STR("group:"), a->registry,
                           a->registry_groups[k], true))
                return true;
        for (uint32_t k = 0; a->registry_groups == NULL && k < a->n_groups; k++)
            if (is_subject(&role->groups[i], STR("group:"), saf_realm,
                           str_of(a->groups[k].name), false))
                return true;
    }
    return false;
}

bool
role_names(const struct cfg_security_role *role, const struct acee *acee,
           struct str saf_realm)
{
    for (size_t i = 0; i < role->n_specials; i++) {
        struct str type = role->specials[i].type;

        if (str_eq_nocase_z(type, "ALL_AUTHENTICATED_USERS") ||
            str_eq_nocase_z(type, "EVERYONE"))
            return true;
    }
    return names_user(role, acee, saf_realm) ||
           names_group(role, acee, saf_realm);
}

/* <authorization-roles id="zos.connect.access.roles"> */
static bool
has_configured_role(const struct request *r)
{
    const struct snapshot *s = r->usage->snapshot;
    const struct cfg_authorization_roles *roles =
        CFG_GET(s->tree, authorization_roles, "zos.connect.access.roles");

    for (size_t i = 0; roles != NULL && i < roles->n_roles; i++) {
        if (str_eq_z(roles->roles[i].name, "zosConnectAccess") &&
            role_names(&roles->roles[i], r->caller, s->saf_realm))
            return true;
    }
    return false;
}

/* <administrator-role>: names, or access ids. */
static bool
is_administrator(const struct request *r)
{
    const struct snapshot *s = r->usage->snapshot;
    const struct cfg_administrator_role *admin =
        CFG_ONE(s->tree, administrator_role);

    for (size_t i = 0; i < admin->users.n; i++) {
        struct cfg_subject user = { .name = admin->users.v[i] };
        struct cfg_security_role role = { .users = &user, .n_users = 1 };

        if (role_names(&role, r->caller, s->saf_realm))
            return true;
    }
    for (size_t i = 0; i < admin->groups.n; i++) {
        struct cfg_subject group = { .name = admin->groups.v[i] };
        struct cfg_security_role role = { .groups = &group, .n_groups = 1 };

        if (role_names(&role, r->caller, s->saf_realm))
            return true;
    }
    return false;
}

/* --- EJBROLE ---------------------------------------------------------------
 */

struct saf_decision
role_check(struct request *r, struct str class_name, struct str profile)
{
    if (!acee_is_mapped(r->caller))
        return (struct saf_decision){ .rc = SAF_RC(8, 8, 0) };
    return saf_check(r->serve->view, r->caller, class_name, profile, SAF_READ);
}

static enum role_verdict
by_saf(struct request *r)
{
    struct snapshot *s = r->usage->snapshot;
    struct str profile =
        r->kind == RESOURCE_MBEAN ? s->admin_profile : s->role_profile;
    struct saf_decision d = role_check(r, STR("EJBROLE"), profile);
    bool is_ok = saf_rc_is_ok(d.rc);

    decision_add(&r->decision, DECISION_ROLE,
                 is_ok ? DECISION_ALLOWED : DECISION_REFUSED,
                 acee_name(r->caller), profile, d.rc);
    if (s->authorization->rac_route_log == CFG_RACLOG_ASIS)
        saf_log_access(r->serve->saf, r->caller, STR("EJBROLE"), profile, &d);
    if (d.rc.saf == 4)
        MESSAGES_LOG(r->serve->log, LOGGER, "CWWKS2911E", profile);
    if (d.is_unknown)
        return ROLE_UNKNOWN;
    return is_ok ? ROLE_GRANTED : ROLE_REFUSED;
}

enum role_verdict
role_decide(struct request *r)
{
    bool is_ok;

    if (r->usage->snapshot->authorization != NULL)
        return by_saf(r);
    is_ok = r->kind == RESOURCE_MBEAN ? is_administrator(r)
                                      : has_configured_role(r);
    return is_ok ? ROLE_GRANTED : ROLE_REFUSED;
}
