/*
 * The security database as the server needs it: profiles of classes SERVER,
 * APPL and EJBROLE, the groups of the authorization interceptor, and who is in
 * the group that reads the server's files. Asked with the commands an
 * administrator would use, so that it needs no more authority than those.
 */
#include "doctor/doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "config/elements.h"
#include "config/feature.h"
#include "doctor/racf.h"
#include "doctor/whose.h"

#define ROLE "zos.connect.access.roles.zosConnectAccess"

static void
refused(struct doctor *d, const struct racf_reply *reply, const char *what)
{
    doctor_find(d, RULE_NOT_CHECKED, what, 0,
                doctor_text(d,
                            "sudo sallyport doctor %s   # or as a user with "
                            "SPECIAL or AUDITOR",
                            d->server_name),
                "%s: %s", what,
                reply->text.n > 0 ? reply->first : "the angel does not answer");
}

/* ---- profiles ---- */

struct need {
    const char *class_name;
    const char *resource;
    const char *group; /* in the command that grants it */
    const char *file;
    uint32_t line;
};

static const char *
permit(struct doctor *d, const struct need *need, const char *id)
{
    return doctor_text(
        d, "%s; %s",
        doctor_racf(d, "PERMIT %s CLASS(%s) ID(%s) ACCESS(READ)",
                    need->resource, need->class_name, id),
        doctor_racf(d, "SETROPTS RACLIST(%s) REFRESH", need->class_name));
}

/* The profile that covers the resource, and its access list. */
static bool
look_up(struct doctor *d, const struct need *need, struct racf_profile *profile)
{
    struct racf_reply reply;
    enum racf_answer answer = racf_profile_get(
        d->saf, d->arena, need->class_name, need->resource, profile, &reply);

    switch (answer) {
    case RACF_FOUND:
        return true;
    case RACF_NOT_FOUND:
        doctor_find(d, RULE_PROFILE_MISSING, need->file, need->line,
                    doctor_text(d, "%s; %s",
                                doctor_racf(d, "RDEFINE %s %s UACC(NONE)",
                                            need->class_name, need->resource),
                                permit(d, need, need->group)),
                    "class %s has no profile for %s", need->class_name,
                    need->resource);
        return false;
    case RACF_REFUSED:
        refused(d, &reply,
                doctor_text(d, "%s %s", need->class_name, need->resource));
        return false;
    }
    return false;
}

/* Does the user, or a group of it, have READ? */
static bool
user_has(const struct racf_user *user, const struct racf_profile *p)
{
    if (p->uacc >= SAF_READ)
        return true;
    for (size_t i = 0; i < p->n; i++) {
        const char *id = p->v[i].id;

        if (strcmp(id, user->name) == 0)
            return p->v[i].level >= SAF_READ; /* its own entry decides */
    }
    for (size_t i = 0; i < p->n; i++) {
        if (p->v[i].level < SAF_READ)
            continue;
        if (strcmp(p->v[i].id, "*") == 0)
            return true;
        for (size_t k = 0; k < user->n_groups; k++) {
            if (strcmp(p->v[i].id, user->groups[k]) == 0)
                return true;
        }
    }
    return false;
}

/* Groups on the access list that nobody is in. */
static void
check_listed_groups(struct doctor *d, const struct need *need,
                    const struct racf_profile *p)
{
    for (size_t i = 0; i < p->n; i++) {
        struct racf_group group;
        struct racf_reply reply;

        if (p->v[i].level < SAF_READ ||
            racf_group_get(d->saf, d->arena, p->v[i].id, &group, &reply) !=
                RACF_FOUND ||
            group.n_members > 0)
            continue;
        doctor_find(d, RULE_GROUP_EMPTY, need->file, need->line,
                    doctor_racf(d, "CONNECT user GROUP(%s)", p->v[i].id),
                    "%s %s permits group %s", need->class_name, need->resource,
                    p->v[i].id);
    }
}

/* What the server's own user needs. */
static void
check_server_profile(struct doctor *d, const struct racf_user *user,
                     const struct need *need)
{
    struct racf_profile profile;

    if (!look_up(d, need, &profile))
        return;
    check_listed_groups(d, need, &profile);
    if (user != NULL && !user_has(user, &profile))
        doctor_find(d, RULE_PROFILE_ACCESS, need->file, need->line,
                    permit(d, need, user->name),
                    "%s has no READ to %s in class %s", user->name,
                    need->resource, need->class_name);
}

/* What the server's clients need: somebody besides who defined it. */
static bool
check_client_profile(struct doctor *d, const struct need *need,
                     struct racf_profile *profile)
{
    bool is_for_somebody;

    if (!look_up(d, need, profile))
        return false;
    check_listed_groups(d, need, profile);
    is_for_somebody = profile->uacc >= SAF_READ;
    for (size_t i = 0; i < profile->n; i++)
        is_for_somebody = is_for_somebody || profile->v[i].level == SAF_READ ||
                          profile->v[i].level == SAF_UPDATE ||
                          profile->v[i].level == SAF_CONTROL ||
                          strcmp(profile->v[i].id, profile->owner) != 0;
    if (!is_for_somebody)
        doctor_find(d, RULE_PROFILE_NOBODY, need->file, need->line,
                    permit(d, need, need->group),
                    "%s in class %s: nobody but %s, who defined it, is "
                    "permitted",
                    need->resource, need->class_name, profile->owner);
    return true;
}

static void
check_angel_profiles(struct doctor *d, const struct racf_user *user,
                     const struct cfg_node *where, const char *prefix)
{
    const char *angel =
        d->angel_name.n > 0
            ? doctor_text(d, "BBG.ANGEL." STR_FMT, STR_ARG(d->angel_name))
            : "BBG.ANGEL";
    const char *resources[] = { angel, "BBG.AUTHMOD.BBGZSAFM",
                                "BBG.AUTHMOD.BBGZSAFM.SAFCRED",
                                doctor_text(d, "BBG.SECPFX.%s", prefix) };

    for (size_t i = 0; i < ARRAY_LEN(resources); i++) {
        struct need need = { "SERVER", resources[i],
                             user != NULL ? user->default_group : "group",
                             where->file.p, where->line };

        check_server_profile(d, user, &need);
    }
}

static void
check_guest(struct doctor *d, const struct need *need, const char *guest,
            const struct racf_profile *appl)
{
    struct racf_reply reply;
    struct racf_user user;

    switch (racf_user_get(d->saf, d->arena, guest, &user, &reply)) {
    case RACF_NOT_FOUND:
        /* what is no name was not asked for */
        doctor_find(d, RULE_GUEST_MISSING, need->file, need->line,
                    reply.text.p == NULL
                        ? doctor_edit(d, need->file, need->line,
                                      "a user id of 1 to 8 characters")
                        : doctor_racf(d,
                                      "ADDUSER %s RESTRICTED NOPASSWORD "
                                      "NOOIDCARD",
                                      guest),
                    "unauthenticatedUser \"%s\" does not exist", guest);
        return;
    case RACF_REFUSED:
        refused(d, &reply, doctor_text(d, "user %s", guest));
        return;
    case RACF_FOUND:
        break;
    }
    if (!user_has(&user, appl))
        doctor_find(d, RULE_GUEST_ACCESS, need->file, need->line,
                    permit(d, need, guest),
                    "unauthenticatedUser %s has no READ to %s in class APPL",
                    guest, need->resource);
}

static void
check_profiles(struct doctor *d, const struct racf_user *user)
{
    const struct cfg_saf_credentials *c = CFG_ONE(d->tree, saf_credentials);
    const struct cfg_saf_authorization *a = CFG_ONE(d->tree, saf_authorization);
    const struct cfg_node *where = c->node.line > 0 ? &c->node : &a->node;
    const char *prefix = doctor_text(d, STR_FMT, STR_ARG(c->profile_prefix));
    struct need appl = { "APPL", prefix, "group", where->file.p, where->line };
    struct need role = { "EJBROLE", doctor_text(d, "%s." ROLE, prefix), "group",
                         where->file.p, where->line };
    struct racf_profile profile;

    if (c->node.line == 0 && a->node.line == 0 &&
        cfg_count(d->tree, &cfg_type_saf_registry) == 0 &&
        !features_have(d->tree, "zosSecurity-1.0"))
        return; /* SAF is not used */
    check_angel_profiles(d, user, where, prefix);
    if (check_client_profile(d, &appl, &profile))
        check_guest(d, &appl,
                    doctor_text(d, STR_FMT, STR_ARG(c->unauthenticated_user)),
                    &profile);
    if (a->node.line > 0)
        (void)check_client_profile(d, &role, &profile);
}

/* ---- groups of the interceptor ---- */

static void
check_group(struct doctor *d, struct str name, const char *attr,
            const struct cfg_node *where)
{
    const char *group = doctor_text(d, STR_FMT, STR_ARG(name));
    struct racf_reply reply;
    struct racf_group found;

    switch (racf_group_get(d->saf, d->arena, group, &found, &reply)) {
    case RACF_NOT_FOUND:
        doctor_find(d, RULE_GROUP_MISSING, where->file.p, where->line,
                    doctor_racf(d, "ADDGROUP %s", group),
                    "%s names group %s, which does not exist", attr, group);
        return;
    case RACF_REFUSED:
        refused(d, &reply, doctor_text(d, "group %s", group));
        return;
    case RACF_FOUND:
        break;
    }
    if (found.n_members == 0)
        doctor_find(d, RULE_GROUP_EMPTY, where->file.p, where->line,
                    doctor_racf(d, "CONNECT user GROUP(%s)", group),
                    "%s names group %s", attr, group);
}

static void
check_group_list(struct doctor *d, const struct cfg_list *list,
                 const char *attr, const struct cfg_node *where)
{
    for (size_t i = 0; i < list->n; i++)
        check_group(d, list->v[i], attr, where);
}

static void
check_groups_of(struct doctor *d, const struct cfg_zcon_groups *g,
                const struct cfg_node *where)
{
    check_group_list(d, &g->admin, "admin group", where);
    check_group_list(d, &g->operations, "operations group", where);
    check_group_list(d, &g->invoke, "invoke group", where);
    check_group_list(d, &g->reader, "reader group", where);
}

static void
check_interceptor_groups(struct doctor *d)
{
    const struct cfg_zcon_manager *m = CFG_ONE(d->tree, zcon_manager);
    const struct cfg_zcon_apis *apis = CFG_ONE(d->tree, zcon_apis);
    const struct cfg_zcon_requesters *requesters =
        CFG_ONE(d->tree, zcon_requesters);
    const struct cfg_zcon_services *services = CFG_ONE(d->tree, zcon_services);

    check_groups_of(d, &m->groups, &m->node);
    for (size_t i = 0; i < apis->n_apis; i++)
        check_groups_of(d, &apis->apis[i].groups, &apis->apis[i].node);
    for (size_t i = 0; i < services->n_services; i++)
        check_groups_of(d, &services->services[i].groups,
                        &services->services[i].node);
    for (size_t i = 0; i < requesters->n_requesters; i++)
        check_groups_of(d, &requesters->requesters[i].groups,
                        &requesters->requesters[i].node);
}

/* ---- who reads the files ---- */

/* A profile of class SERVER on whose access list the group stands; "". */
static const char *
server_access_of(struct doctor *d, const char *group)
{
    struct racf_reply reply;
    struct str rest, name;

    if (!racf_ask(d->saf, d->arena, "SEARCH CLASS(SERVER)", &reply))
        return "";
    rest = reply.text;
    while (str_line(&rest, &name)) {
        struct racf_profile p;
        struct racf_reply ignored;

        name = str_trim(name);
        name = str_sub(name, 0, str_find_char(name, ' ')); /* "X.* (G)" */
        if (name.n == 0 ||
            racf_profile_get(d->saf, d->arena, "SERVER",
                             doctor_text(d, STR_FMT, STR_ARG(name)), &p,
                             &ignored) != RACF_FOUND)
            continue;
        for (size_t i = 0; i < p.n; i++) {
            if (strcmp(p.v[i].id, group) == 0 && p.v[i].level >= SAF_READ)
                return doctor_text(d, STR_FMT, STR_ARG(name));
        }
    }
    return "";
}

static void
check_reading_group(struct doctor *d, const struct racf_user *owner)
{
    const char *path = doctor_text(d, "%s/server.xml", d->server_dir);
    const char *name, *access, *fix;
    struct racf_group group;
    struct racf_reply reply;
    unsigned n_others = 0;
    struct stat st;

    if (stat(path, &st) != 0 || (st.st_mode & 0040u) == 0)
        return;
    name = racf_name_of_id(d->saf, d->arena, "GROUP", "GID", st.st_gid);
    if (name[0] == '\0' ||
        racf_group_get(d->saf, d->arena, name, &group, &reply) != RACF_FOUND)
        return;
    for (size_t i = 0; i < group.n_members; i++)
        n_others += owner == NULL || strcmp(group.members[i], owner->name) != 0;
    if (n_others == 0)
        return;
    fix = doctor_text(d,
                      "chgrp -R readers %s; find %s -type d -exec chmod g+s "
                      "{} +   # readers: a group that has nothing else",
                      doctor_quote(d, d->server_dir),
                      doctor_quote(d, d->server_dir));
    access = server_access_of(d, name);
    if (owner != NULL && strcmp(name, owner->default_group) == 0)
        doctor_find(d, RULE_READING_GROUP, path, 0, fix,
                    "group %s reads it; it is the owner's group (%s), and %u "
                    "others are in it",
                    name, owner->name, n_others);
    else if (access[0] != '\0')
        doctor_find(d, RULE_READING_GROUP, path, 0, fix,
                    "group %s reads it; it holds SERVER %s, and %u others are "
                    "in it",
                    name, access, n_others);
}

void
doctor_find_user(struct doctor *d)
{
    const struct whose_server server = { d->server_name, d->server_dir,
                                         d->procedure, d->job_name };

    if (d->saf == NULL || d->user[0] != '\0')
        return;
    d->user = whose_runs(d->saf, d->arena, &server).user;
    if (d->user[0] == '\0' && root_is_private() && saf_self(d->saf) != NULL)
        d->user = doctor_text(d, "%s", saf_self(d->saf)->user);
}

void
doctor_check_security(struct doctor *d)
{
    struct racf_user user, owner;
    struct racf_reply reply;
    bool has_user, has_owner;

    if (d->saf == NULL) {
        doctor_find(d, RULE_NOT_CHECKED, root_dir(), 0, "sallyport ipl",
                    "the system is not up: profiles, groups and key rings");
        return;
    }
    if (d->tree == NULL)
        return;
    has_user = d->user[0] != '\0' && racf_user_get(d->saf, d->arena, d->user,
                                                   &user, &reply) == RACF_FOUND;
    if (!has_user)
        doctor_find(
            d, RULE_NOT_CHECKED, d->server_dir, 0,
            doctor_text(d, "sallyport doctor --user=ID %s", d->server_name),
            "access to class SERVER: %s%s",
            d->user[0] == '\0'
                ? "no profile of class STARTED and no owner of the "
                  "folder says which user the server runs as"
                : "there is no user ",
            d->user);
    has_owner = racf_user_get(d->saf, d->arena,
                              whose_owner(d->saf, d->arena, d->server_dir),
                              &owner, &reply) == RACF_FOUND;
    check_profiles(d, has_user ? &user : NULL);
    check_interceptor_groups(d);
    check_reading_group(d, has_owner ? &owner : NULL);
}
