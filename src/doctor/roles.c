/*
 * Who is named where the configuration gives roles: <authorization-roles> and
 * <administrator-role>. A name that leads to nobody gives the role to nobody,
 * which looks like a rule and is none. Names are looked for where the server
 * looks: in the registry that is configured, SAF without one.
 */
#include "doctor/doctor.h"

#include "config/elements.h"
#include "doctor/racf.h"

#define ACCESS_ROLES "zos.connect.access.roles"
#define ACCESS_ROLE "zosConnectAccess"

struct registry {
    const struct cfg_basic_registry *basic; /* NULL: SAF, or quick */
    const struct cfg_quick_start *quick;
    struct str realm; /* what an access-id must say; "" unknown */
};

/* False: one that cannot be asked here, or several, which is told elsewhere. */
static bool
registry_of(const struct cfg_tree *tree, struct registry *out)
{
    const struct cfg_basic_registry *basic;
    const struct cfg_saf_registry *saf;
    size_t n_basic = cfg_count(tree, &cfg_type_basic_registry);
    bool is_quick = CFG_ONE(tree, quick_start)->node.line > 0;
    bool is_saf = cfg_count(tree, &cfg_type_saf_registry) > 0;

    *out = (struct registry){ .realm = STR("") };
    if (cfg_count(tree, &cfg_type_ldap) > 0 ||
        n_basic + (is_quick ? 1 : 0) + (is_saf ? 1 : 0) > 1)
        return false;
    CFG_EACH(tree, basic_registry, basic)
    {
        out->basic = basic;
        out->realm = basic->realm;
    }
    CFG_EACH(tree, saf_registry, saf)
    {
        out->realm = saf->realm;
    }
    if (is_quick) {
        out->quick = CFG_ONE(tree, quick_start);
        out->realm = STR("QuickStartSecurityRegistry");
    }
    return true;
}

/* ---- one name ---- */

struct name {
    const struct cfg_node *where;
    const char *role;
    struct str text;
    bool is_group;
};

static const char *
kind(const struct name *n)
{
    return n->is_group ? "group" : "user";
}

static void
nobody(struct doctor *d, const struct name *n, const char *fix,
       const char *reason)
{
    const char *file = n->where->file.p;

    doctor_find(d, RULE_ROLE_NAME, file, n->where->line,
                fix != NULL ? fix
                            : doctor_edit(d, file, n->where->line,
                                          "a name of the registry"),
                "role %s is given to %s " STR_FMT ", %s", n->role, kind(n),
                STR_ARG(n->text), reason);
}

static bool
is_same(const struct registry *r, struct str a, struct str b)
{
    return r->basic != NULL && r->basic->ignore_case ? str_eq_nocase(a, b)
                                                     : str_eq(a, b);
}

static bool
is_in_document(const struct registry *r, const struct name *n)
{
    if (r->quick != NULL)
        return !n->is_group && str_eq(r->quick->user_name, n->text);
    for (size_t i = 0; n->is_group && i < r->basic->n_groups; i++)
        if (is_same(r, r->basic->groups[i].name, n->text))
            return true;
    for (size_t i = 0; !n->is_group && i < r->basic->n_users; i++)
        if (is_same(r, r->basic->users[i].name, n->text))
            return true;
    return false;
}

static void
check_saf_name(struct doctor *d, const struct name *n)
{
    const char *text = doctor_text(d, STR_FMT, STR_ARG(n->text));
    struct racf_reply reply;
    struct racf_group group;
    struct racf_user user;
    enum racf_answer answer =
        n->is_group ? racf_group_get(d->saf, d->arena, text, &group, &reply)
                    : racf_user_get(d->saf, d->arena, text, &user, &reply);

    if (answer == RACF_NOT_FOUND)
        nobody(d, n,
               reply.text.p == NULL /* no name, so it was not asked for */
                   ? NULL
                   : doctor_racf(d, n->is_group ? "ADDGROUP %s" : "ADDUSER %s",
                                 text),
               "which the security database does not have");
    else if (answer == RACF_FOUND && n->is_group && group.n_members == 0)
        doctor_find(d, RULE_GROUP_EMPTY, n->where->file.p, n->where->line,
                    doctor_racf(d, "CONNECT user GROUP(%s)", text),
                    "role %s is given to group %s", n->role, text);
}

static void
check_name(struct doctor *d, const struct registry *r, const struct name *n)
{
    if (r->basic == NULL && r->quick == NULL) {
        if (d->saf != NULL) /* that the system is down is told once */
            check_saf_name(d, n);
    } else if (!is_in_document(r, n)) {
        nobody(d, n, NULL,
               r->basic != NULL ? "which basicRegistry does not have"
                                : "which quickStartSecurity does not have");
    }
}

/* access-id = ( "user:" / "group:" ) realm "/" name; it decides alone. */
static void
check_subject(struct doctor *d, const struct registry *r,
              const struct cfg_subject *s, const char *role, bool is_group)
{
    struct name n = { &s->node, role, s->name, is_group };
    struct str type = is_group ? STR("group:") : STR("user:"), rest;

    if (s->access_id.n == 0) {
        check_name(d, r, &n);
        return;
    }
    n.text = s->access_id;
    rest = str_sub(s->access_id, type.n, s->access_id.n);
    if (r->realm.n == 0) {
        nobody(d, &n, NULL, "but an access-id needs the realm of safRegistry");
    } else if (!str_starts(s->access_id, type) || !str_starts(rest, r->realm) ||
               rest.n <= r->realm.n + 1 || rest.p[r->realm.n] != '/') {
        nobody(d, &n, NULL,
               doctor_text(d, "which is not " STR_FMT STR_FMT "/name",
                           STR_ARG(type), STR_ARG(r->realm)));
    } else {
        n.text = str_sub(rest, r->realm.n + 1, rest.n);
        check_name(d, r, &n);
    }
}

/* ---- what gives roles ---- */

static void
check_role(struct doctor *d, const struct registry *r,
           const struct cfg_security_role *role)
{
    const char *name = doctor_text(d, STR_FMT, STR_ARG(role->name));

    for (size_t i = 0; i < role->n_users; i++)
        check_subject(d, r, &role->users[i], name, false);
    for (size_t i = 0; i < role->n_groups; i++)
        check_subject(d, r, &role->groups[i], name, true);
    if (role->n_users + role->n_groups + role->n_specials == 0)
        doctor_find(d, RULE_ROLE_NAME, role->node.file.p, role->node.line,
                    doctor_edit(d, role->node.file.p, role->node.line,
                                "user, group or special-subject"),
                    "role %s is given to nobody", name);
}

static void
check_list(struct doctor *d, const struct registry *r,
           const struct cfg_list *list, const struct cfg_node *where,
           bool is_group)
{
    for (size_t i = 0; i < list->n; i++) {
        struct name n = { where, "Administrator", list->v[i], is_group };

        check_name(d, r, &n);
    }
}

/* Everybody who must authenticate needs the role. */
static void
check_access_role(struct doctor *d)
{
    const struct cfg_zcon_manager *manager = CFG_ONE(d->tree, zcon_manager);
    const struct cfg_authorization_roles *roles =
        CFG_GET(d->tree, authorization_roles, ACCESS_ROLES);
    const char *file = doctor_text(d, "%s/server.xml", d->server_dir);

    for (size_t i = 0; roles != NULL && i < roles->n_roles; i++)
        if (str_eq_z(roles->roles[i].name, ACCESS_ROLE))
            return;
    if (manager->node.line > 0)
        file = manager->node.file.p;
    if (manager->require_auth)
        doctor_find(
            d, RULE_ROLE_NAME, file, manager->node.line,
            doctor_edit(d, file, manager->node.line,
                        "authorization-roles id=\"" ACCESS_ROLES
                        "\" with security-role name=\"" ACCESS_ROLE
                        "\", or safAuthorization"),
            "neither authorization-roles " ACCESS_ROLES
            " nor safAuthorization gives anybody the role " ACCESS_ROLE);
}

void
doctor_check_roles(struct doctor *d)
{
    const struct cfg_authorization_roles *roles;
    const struct cfg_administrator_role *admin;
    struct registry registry;

    if (d->tree == NULL)
        return;
    if (CFG_ONE(d->tree, saf_authorization)->node.line > 0) {
        CFG_EACH(d->tree, authorization_roles, roles)
        {
            doctor_find(d, RULE_NOT_EFFECTIVE, roles->node.file.p,
                        roles->node.line,
                        doctor_edit(d, roles->node.file.p, roles->node.line,
                                    "take it out, or take safAuthorization "
                                    "out"),
                        "authorization-roles " STR_FMT
                        ": with safAuthorization class EJBROLE decides",
                        STR_ARG(roles->node.id));
        }
        return;
    }
    check_access_role(d);
    if (!registry_of(d->tree, &registry))
        return;
    CFG_EACH(d->tree, authorization_roles, roles)
    {
        for (size_t i = 0; i < roles->n_roles; i++)
            check_role(d, &registry, &roles->roles[i]);
    }
    admin = CFG_ONE(d->tree, administrator_role);
    check_list(d, &registry, &admin->users, &admin->node, false);
    check_list(d, &registry, &admin->groups, &admin->node, true);
}
