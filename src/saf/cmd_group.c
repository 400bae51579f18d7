/* ADDGROUP, ALTGROUP, DELGROUP, CONNECT, REMOVE. */
#include "saf/cmd_private.h"

static const struct cmd_operand group_positional[] = {
    { "GROUP", CMD_LIST, CMD_NAME, 0, 0, NULL, NULL, NULL, NULL, "GROUP",
      "GROUP NAME(S), 1-8 ALPHANUMERIC CHARACTERS" },
};

/* clang-format off */
static const struct cmd_operand group_rows[] = {
    { "SUPGROUP", CMD_TEXT, CMD_NAME, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL },
    { "OWNER", CMD_TEXT, CMD_NAME, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL },
    { "DATA", CMD_TEXT, CMD_NO | CMD_ASIS, 0, 255, NULL, NULL, "BASE", "DATA", NULL, NULL },
    { "MODEL", CMD_TEXT, CMD_NO, 0, 44, NULL, NULL, "BASE", "MODEL", NULL, NULL },
    { "TERMUACC", CMD_NONE, CMD_NO | CMD_NO_NEW, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL },
    { "UNIVERSAL", CMD_NONE, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL },
};
/* clang-format on */

static bool
may_add_below(struct cmd *cmd, struct str superior)
{
    struct saf_group g;

    return saf_group_get(cmd->db, cmd->arena, superior, &g) &&
           cmd_has_group_authority(cmd, &g, AUTH_JOIN);
}

static bool
check_owner(struct cmd *cmd, struct str *owner)
{
    const struct cmd_arg *arg = cmd_arg(cmd, "OWNER");

    if (arg == NULL)
        return true;
    if (!cmd_is_principal(cmd, cmd_value(arg))) {
        CMD_MSG(cmd, "IKJ56702I", STR("OWNER"), cmd_value(arg));
        cmd_rc(cmd, 8);
        return false;
    }
    *owner = cmd_value(arg);
    return true;
}

/* Whose it is; empty: nobody's. */
static struct str
gid_user(struct cmd *cmd, int64_t gid, uint32_t by_other_than)
{
    struct saf_query q = saf_db_query(
        cmd->db,
        "SELECT p.name FROM segments s JOIN principals p ON p.id=s.id WHERE"
        " s.kind='G' AND s.segment='OMVS' AND s.field='GID' AND s.value=?1"
        " AND s.id<>?2 ORDER BY p.name LIMIT 1",
        "si", str_fmt(cmd->arena, "%lld", (long long)gid),
        (int64_t)by_other_than);
    struct str who =
        saf_query_next(&q) ? saf_query_str(&q, cmd->arena, 0) : STR("");

    saf_query_close(&q);
    return who;
}

/* "first-last" or "first" behind the "/" of BPX.NEXT.USER's APPLDATA. */
static void
gid_range(struct cmd *cmd, int64_t *first, int64_t *last)
{
    struct saf_profile p;
    struct str text;
    struct reader in;
    size_t slash;
    uint32_t n;

    *first = uid_range_user_first(cmd_uids(cmd));
    *last = cmd_uids(cmd).last;
    if (!saf_profile_get(cmd->db, cmd->arena, STR("FACILITY"),
                         STR("BPX.NEXT.USER"), &p))
        return;
    text = saf_field_get(cmd->db, cmd->arena, SAF_KIND_PROFILE, p.id, "BASE",
                         "APPLDATA");
    slash = str_find_char(text, '/');
    if (slash == STR_NPOS)
        return;
    in = reader_of(str_sub(text, slash + 1, text.n));
    if (!reader_decimal(&in, &n))
        return;
    *first = n;
    *last = reader_accept(&in, '-') && reader_decimal(&in, &n) ? (int64_t)n
                                                               : INT32_MAX;
}

static bool
check_gid(struct cmd *cmd, const struct saf_group *g)
{
    const struct cmd_arg *omvs = cmd_arg(cmd, "OMVS");
    const struct cmd_arg *gid = cmd_sub(omvs, "GID");
    struct str who = STR("");
    int64_t n, last;

    if (gid != NULL && !gid->is_negated && gid->number != 0)
        who = gid_user(cmd, gid->number, g->id);
    if (cmd_sub(omvs, "SHARED") == NULL && who.n > 0) {
        CMD_MSG(cmd, "IRR52174I", STR("GID"),
                str_fmt(cmd->arena, "%lld", (long long)gid->number), who);
        return false;
    }
    /* Who has one keeps it. */
    if (cmd_sub(omvs, "AUTOGID") == NULL ||
        saf_field_get(cmd->db, cmd->arena, SAF_KIND_GROUP, g->id, "OMVS", "GID")
                .n > 0)
        return true;
    gid_range(cmd, &n, &last);
    while (n <= last && gid_user(cmd, n, 0).n > 0)
        n++;
    if (n > last) {
        CMD_MSG(cmd, "IRR52181I");
        return false;
    }
    saf_field_put(cmd->db, SAF_KIND_GROUP, g->id, "OMVS", "GID",
                  str_fmt(cmd->arena, "%lld", (long long)n));
    CMD_MSG(cmd, "IRR52177I",
            str_fmt(cmd->arena, "Group " STR_FMT, STR_ARG(g->group)),
            STR("GID"), str_fmt(cmd->arena, "%lld", (long long)n));
    return true;
}

static void
set_group_flags(struct cmd *cmd, struct saf_group *g)
{
    const struct cmd_arg *termuacc = cmd_arg(cmd, "TERMUACC");

    if (termuacc != NULL)
        g->is_termuacc = !termuacc->is_negated;
    if (cmd_has(cmd, "UNIVERSAL"))
        g->is_universal = true;
}

static void
store_group(struct cmd *cmd, struct saf_group *g)
{
    set_group_flags(cmd, g);
    saf_group_put(cmd->db, g);
    cmd_store(cmd, SAF_KIND_GROUP, g->id);
    if (!check_gid(cmd, g))
        cmd_abandon(cmd, 8);
}

static void
addgroup_one(struct cmd *cmd, struct str group)
{
    const struct cmd_arg *superior = cmd_arg(cmd, "SUPGROUP");
    struct saf_group g = { .group = group,
                           .superior = superior == NULL
                                           ? str_of(cmd->acee->group)
                                           : cmd_value(superior),
                           .owner = str_of(cmd->acee->user),
                           .created = cmd->today,
                           .is_termuacc = true };

    if ((group.p[0] >= '0' && group.p[0] <= '9') ||
        cmd_is_principal(cmd, group) || cmd_is_reserved(group)) {
        CMD_MSG(cmd, "IKJ56702I", STR("GROUP"), group);
        cmd_rc(cmd, 8);
        return;
    }
    if (!cmd_group_exists(cmd, g.superior)) {
        CMD_MSG(cmd, "IKJ56702I", STR("SUPGROUP"), g.superior);
        cmd_rc(cmd, 8);
        return;
    }
    if (!may_add_below(cmd, g.superior)) {
        CMD_MSG(cmd, "ICH00001I", group);
        cmd_rc(cmd, 8);
        return;
    }
    if (check_owner(cmd, &g.owner))
        store_group(cmd, &g);
}

static uint32_t
run_addgroup(struct cmd *cmd)
{
    if (cmd_is_list_with(cmd, "OMVS", "AUTOGID"))
        return cmd->rc;
    return cmd_each(cmd, addgroup_one);
}

const struct cmd_verb cmd_addgroup = {
    "ADDGROUP",
    "AG",
    group_positional,
    1,
    1,
    CMD_TABLE_AND(group_rows, cmd_segments_group),
    run_addgroup,
    .is_new = true,
};

/* A group may not become its own superior. */
static bool
is_below(struct cmd *cmd, struct str group, struct str superior)
{
    struct saf_group g;

    for (int hops = 0; hops < 1024; hops++) {
        if (str_eq(superior, group))
            return true;
        if (!saf_group_get(cmd->db, cmd->arena, superior, &g))
            return false;
        superior = g.superior;
    }
    return true;
}

static bool
may_move_below(struct cmd *cmd, struct str group, struct str superior)
{
    if (!cmd_group_exists(cmd, superior))
        CMD_MSG(cmd, "ICH20019I", superior);
    else if (is_below(cmd, group, superior))
        CMD_MSG(cmd, "ICH20006I", superior, group);
    else if (!may_add_below(cmd, superior))
        CMD_MSG(cmd, "ICH20005I", superior);
    else
        return true;
    return false;
}

static void
altgroup_one(struct cmd *cmd, struct str group)
{
    const struct cmd_arg *superior = cmd_arg(cmd, "SUPGROUP");
    struct saf_group g;

    if (!saf_group_get(cmd->db, cmd->arena, group, &g)) {
        CMD_MSG(cmd, "ICH20019I", group);
        cmd_rc(cmd, 8);
        return;
    }
    if (!cmd_has_group_authority(cmd, &g, AUTH_JOIN)) {
        CMD_MSG(cmd, "ICH20002I", group);
        cmd_rc(cmd, 8);
        return;
    }
    if (superior != NULL && !may_move_below(cmd, group, cmd_value(superior))) {
        CMD_MSG(cmd, "ICH20013I", group);
        cmd_rc(cmd, 8);
        return;
    }
    if (superior != NULL)
        g.superior = cmd_value(superior);
    if (check_owner(cmd, &g.owner))
        store_group(cmd, &g);
}

static uint32_t
run_altgroup(struct cmd *cmd)
{
    if (cmd_is_list_with(cmd, "OMVS", "AUTOGID"))
        return cmd->rc;
    return cmd_each(cmd, altgroup_one);
}

const struct cmd_verb cmd_altgroup = {
    "ALTGROUP",
    "ALG",
    group_positional,
    1,
    1,
    CMD_TABLE_AND(group_rows, cmd_segments_group),
    run_altgroup,
};

static bool
is_empty(struct cmd *cmd, struct str group)
{
    struct saf_query q =
        saf_db_query(cmd->db,
                     "SELECT (SELECT count(*) FROM connects WHERE grp=?1) +"
                     " (SELECT count(*) FROM groups WHERE superior=?1)",
                     "s", group);
    bool empty = saf_query_next(&q) && saf_query_int(&q, 0) == 0;

    saf_query_close(&q);
    return empty;
}

static void
delgroup_one(struct cmd *cmd, struct str group)
{
    struct saf_group g;

    if (!saf_group_get(cmd->db, cmd->arena, group, &g)) {
        CMD_MSG(cmd, "IKJ56702I", STR("GROUP"), group);
        cmd_rc(cmd, 8);
        return;
    }
    if (!cmd_has_group_authority(cmd, &g, AUTH_JOIN)) {
        CMD_MSG(cmd, "ICH05005I");
        CMD_MSG(cmd, "ICH05004I", group);
        cmd_rc(cmd, 8);
        return;
    }
    if (str_eq_z(group, "SYS1") || !is_empty(cmd, group)) {
        CMD_MSG(cmd, "ICH05004I", group);
        cmd_rc(cmd, 8);
        return;
    }
    if (cmd_has_datasets(cmd, group)) {
        CMD_MSG(cmd, "ICH05006I", group);
        CMD_MSG(cmd, "ICH05004I", group);
        cmd_rc(cmd, 8);
        return;
    }
    saf_group_delete(cmd->db, group);
}

static uint32_t
run_delgroup(struct cmd *cmd)
{
    return cmd_each(cmd, delgroup_one);
}

const struct cmd_verb cmd_delgroup = {
    "DELGROUP", "DG", group_positional, 1, 1, { NULL, 0, NULL }, run_delgroup,
};

/* --- CONNECT, REMOVE --------------------------------------------------- */

static const struct cmd_operand connect_positional[] = {
    { "USERID", CMD_LIST, CMD_NAME, 0, 0, NULL, NULL, NULL, NULL, "USERID",
      "USERID(S), 1-8 ALPHANUMERIC CHARACTERS" },
};

/* clang-format off */
#define FLAG(name) { name, CMD_NONE, CMD_NO, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL }
static const struct cmd_operand connect_rows[] = {
    { "GROUP", CMD_TEXT, CMD_NAME, 0, 0, NULL, NULL, NULL, NULL, NULL, "GROUP NAME" },
    { "OWNER", CMD_TEXT, CMD_NAME, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL },
    { "AUTHORITY", CMD_CHOICE, 0, 0, 0, NULL, cmd_authorities, NULL, NULL, NULL, "GROUP AUTHORITY, USE, CREATE, CONNECT, OR JOIN" },
    { "UACC", CMD_CHOICE, 0, 0, 0, NULL, cmd_levels, NULL, NULL, "UNIVERSAL ACCESS", "ALTER, CONTROL, UPDATE, READ, EXECUTE, OR NONE" },
    FLAG("SPECIAL"), FLAG("OPERATIONS"), FLAG("AUDITOR"), FLAG("ADSP"), FLAG("GRPACC"),
    { "REVOKE", CMD_TEXT, CMD_NO | CMD_OPTIONAL, 0, 8, NULL, NULL, NULL, NULL, NULL, NULL },
    { "RESUME", CMD_TEXT, CMD_NO | CMD_OPTIONAL, 0, 8, NULL, NULL, NULL, NULL, NULL, NULL },
};
/* clang-format on */

static const struct cmd_attr connect_attrs[] = {
    { "SPECIAL", ACEE_SPECIAL, true }, { "OPERATIONS", ACEE_OPERATIONS, true },
    { "AUDITOR", ACEE_AUDITOR, true }, { "ADSP", USER_ADSP, false },
    { "GRPACC", USER_GRPACC, false },  { NULL, 0, false },
};

static void
connect_one(struct cmd *cmd, struct str user, struct str group)
{
    const struct cmd_arg *authority = cmd_arg(cmd, "AUTHORITY");
    const struct cmd_arg *uacc = cmd_arg(cmd, "UACC");
    struct saf_connect c = { .user = user,
                             .group = group,
                             .owner = str_of(cmd->acee->user),
                             .created = cmd->today };
    struct cmd_revocation r = { &c.attrs, &c.revoke_day, &c.resume_day,
                                false,    "ICH02012I",   "ICH02013I" };
    bool is_connected;

    if (!cmd_user_exists(cmd, user)) {
        CMD_MSG(cmd, "IKJ56702I", STR("USERID"), user);
        CMD_MSG(cmd, "ICH02003I",
                str_fmt(cmd->arena, STR_FMT " NOT CONNECTED", STR_ARG(user)));
        cmd_rc(cmd, 8);
        return;
    }
    /* An existing connection is modified. */
    is_connected = saf_connect_get(cmd->db, cmd->arena, user, group, &c);
    if (!is_connected && cmd_arg(cmd, "OWNER") == NULL)
        c.owner = str_of(cmd->acee->user);
    if (cmd_arg(cmd, "OWNER") != NULL) {
        c.owner = cmd_value(cmd_arg(cmd, "OWNER"));
        if (!cmd_is_principal(cmd, c.owner)) {
            CMD_MSG(cmd, "ICH02011I");
            CMD_MSG(cmd, "ICH02005I", user);
            cmd_rc(cmd, 8);
            return;
        }
    }
    if (authority != NULL &&
        !cmd_may_give(cmd, group, (enum saf_authority)authority->number)) {
        CMD_MSG(cmd, "ICH02008I");
        if (is_connected)
            CMD_MSG(cmd, "ICH02005I", user);
        else
            CMD_MSG(
                cmd, "ICH02003I",
                str_fmt(cmd->arena, STR_FMT " NOT CONNECTED", STR_ARG(user)));
        cmd_rc(cmd, 8);
        return;
    }
    if (authority != NULL)
        c.authority = (enum saf_authority)authority->number;
    if (uacc != NULL)
        c.uacc = (enum saf_level)uacc->number;
    cmd_attributes(cmd, connect_attrs, &c.attrs, "ICH02007I");
    if (cmd_revoke_resume(cmd, &r, user))
        saf_connect_put(cmd->db, &c);
}

/* GROUP(g), or the issuer's current group; false after a message. */
static bool
group_of_command(struct cmd *cmd, struct saf_group *g)
{
    const struct cmd_arg *arg = cmd_arg(cmd, "GROUP");
    struct str name = arg == NULL ? str_of(cmd->acee->group) : cmd_value(arg);

    if (saf_group_get(cmd->db, cmd->arena, name, g))
        return true;
    CMD_MSG(cmd, "ICH51003I");
    return false;
}

static uint32_t
run_connect(struct cmd *cmd)
{
    struct cmd_tally tally = cmd_tally_begin(cmd);
    const struct cmd_arg *users = cmd->positional[0];
    struct saf_group g;

    if (cmd_is_undefined(cmd)) {
        CMD_MSG(cmd, "ICH02006I");
        return 8;
    }
    if (!group_of_command(cmd, &g)) {
        CMD_MSG(cmd, "ICH02003I", STR("USER(S) NOT CONNECTED."));
        return 8;
    }
    if (!cmd_has_group_authority(cmd, &g, AUTH_CONNECT)) {
        CMD_MSG(cmd, "ICH02004I");
        CMD_MSG(cmd, "ICH02003I", STR("USER(S) NOT CONNECTED."));
        return 8;
    }
    for (size_t i = 0; i < users->n_values && !cmd->is_abandoned; i++) {
        connect_one(cmd, users->values[i], g.group);
        cmd_tally(cmd, &tally);
    }
    return cmd_tally_end(cmd, &tally);
}

const struct cmd_verb cmd_connect = {
    "CONNECT",   "CO", connect_positional, 1, 1, CMD_TABLE(connect_rows),
    run_connect,
};

/* The profiles of the group's data sets that are the user's go to `owner`;
 * false, said, when there are some and nobody is named. */
static bool
hand_over(struct cmd *cmd, struct str user, struct str group, struct str owner)
{
    struct str prefix = str_fmt(cmd->arena, STR_FMT ".", STR_ARG(group));
    struct saf_profile *v;
    size_t n = saf_profiles_of(cmd->db, cmd->arena, STR("DATASET"), &v);

    for (size_t i = 0; i < n; i++) {
        if (!str_starts(v[i].name, prefix) || !str_eq(v[i].owner, user))
            continue;
        if (owner.n == 0) {
            CMD_MSG(cmd, "SPT0397E", user, group);
            cmd_rc(cmd, 4);
            return false;
        }
        v[i].owner = owner;
        saf_profile_put(cmd->db, &v[i]);
    }
    return true;
}

static void
remove_one(struct cmd *cmd, struct str user, struct str group, struct str owner)
{
    struct saf_connect c;
    struct saf_user u;

    if (!saf_user_get(cmd->db, cmd->arena, user, &u)) {
        CMD_MSG(cmd, "IKJ56702I", STR("USERID"), user);
        cmd_rc(cmd, 8);
        return;
    }
    if (!saf_connect_get(cmd->db, cmd->arena, user, group, &c)) {
        CMD_MSG(cmd, "ICH03002I", str_fmt(cmd->arena, "%-8.*s", STR_ARG(user)));
        cmd_rc(cmd, 4);
        return;
    }
    if (str_eq(u.dfltgrp, group)) {
        CMD_MSG(cmd, "ICH03004I", user);
        cmd_rc(cmd, 4);
        return;
    }
    if (hand_over(cmd, user, group, owner))
        saf_connect_delete(cmd->db, user, group);
}

static uint32_t
run_remove(struct cmd *cmd)
{
    struct cmd_tally tally = cmd_tally_begin(cmd);
    const struct cmd_arg *users = cmd->positional[0];
    struct str owner = STR("");
    struct saf_group g;

    if (!group_of_command(cmd, &g))
        return 8;
    if (!cmd_has_group_authority(cmd, &g, AUTH_CONNECT)) {
        CMD_MSG(cmd, "ICH03001I");
        return 8;
    }
    if (!check_owner(cmd, &owner))
        return 8;
    for (size_t i = 0; i < users->n_values; i++) {
        remove_one(cmd, users->values[i], g.group, owner);
        cmd_tally(cmd, &tally);
    }
    return cmd_tally_end(cmd, &tally);
}

static const struct cmd_operand remove_rows[] = {
    { "GROUP", CMD_TEXT, CMD_NAME, 0, 0, NULL, NULL, NULL, NULL, NULL,
      "GROUP NAME" },
    { "OWNER", CMD_TEXT, CMD_NAME, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL },
};
const struct cmd_verb cmd_remove = {
    "REMOVE",   "RE", connect_positional, 1, 1, CMD_TABLE(remove_rows),
    run_remove,
};
