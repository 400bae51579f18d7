/* ADDUSER, ALTUSER, DELUSER. PASSWORD and PHRASE are in cmd_password.c. */
#include "saf/cmd_private.h"

#include <string.h>

#include "saf/cmd_password.h"

static const struct cmd_operand user_positional[] = {
    { "USERID", CMD_LIST, CMD_NAME, 0, 0, NULL, NULL, NULL, NULL, "USERID",
      "USERID(S), 1-8 ALPHANUMERIC CHARACTERS" },
};

/* clang-format off */
#define FLAG(name) { name, CMD_NONE, CMD_NO | CMD_NO_NEW, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL }
#define ONCE(name) { name, CMD_NONE, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL }
#define ID(name) { name, CMD_TEXT, CMD_NAME, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL }
#define KEPT(name, max) { name, CMD_TEXT, CMD_NO, 0, max, NULL, NULL, "BASE", name, NULL, NULL }
#define KEPT_LIST(name) { name, CMD_LIST, CMD_NO, 0, 44, NULL, NULL, "BASE", name, NULL, NULL }

#define COMMON_OPERANDS                                                        \
    { "NAME", CMD_TEXT, CMD_NO, 0, 20, NULL, NULL, NULL, NULL, NULL, NULL },   \
    ID("OWNER"), ID("DFLTGRP"), ID("GROUP"),                                   \
    { "AUTHORITY", CMD_CHOICE, 0, 0, 0, NULL, cmd_authorities, NULL, NULL,     \
      NULL, "GROUP AUTHORITY, USE, CREATE, CONNECT, OR JOIN" },                \
    { "UACC", CMD_CHOICE, 0, 0, 0, NULL, cmd_levels, NULL, NULL,               \
      "UNIVERSAL ACCESS", "ALTER, CONTROL, UPDATE, READ, EXECUTE, OR NONE" },  \
    { "PHRASE", CMD_TEXT, CMD_NO | CMD_NO_NEW | CMD_SECRET | CMD_ASIS, 0,      \
      100, NULL, NULL, NULL, NULL, NULL, NULL },                                                \
    FLAG("SPECIAL"), FLAG("OPERATIONS"), FLAG("AUDITOR"), FLAG("ROAUDIT"),     \
    FLAG("ADSP"), FLAG("GRPACC"), FLAG("OIDCARD"), FLAG("RESTRICTED"),         \
    { "CLAUTH", CMD_LIST, CMD_NO | CMD_NO_NEW | CMD_NO_LIST, 1, 8, NULL, NULL, \
      NULL, NULL, "CLASS NAME", "CLASS NAMES" },                                           \
    { "DATA", CMD_TEXT, CMD_NO | CMD_ASIS, 0, 255, NULL, NULL, "BASE", "DATA", \
      NULL, NULL },                                                            \
    KEPT("MODEL", 44), KEPT("SECLEVEL", 44), KEPT("SECLABEL", 8),              \
    KEPT_LIST("ADDCATEGORY"),                                                  \
    { "WHEN", CMD_SUB, 0, 0, 0, &when_table, NULL, NULL, NULL, NULL, NULL }

static const struct cmd_operand when_rows[] = {
    { "DAYS", CMD_LIST, 0, 1, 9, NULL, NULL, NULL, NULL, NULL, NULL },
    { "TIME", CMD_TEXT, 0, 1, 9, NULL, NULL, NULL, NULL, NULL, NULL },
};
static const struct cmd_table when_table = CMD_TABLE(when_rows);

/* ADDUSER gives no password then; ALTUSER would do nothing. */
#define PASSWORD(flags, missing) { "PASSWORD", CMD_TEXT, CMD_NO | CMD_NO_NEW | CMD_SECRET | CMD_ASIS | (flags), 1, 8, NULL, NULL, NULL, NULL, NULL, missing }

static const struct cmd_operand add_rows[] = {
    COMMON_OPERANDS, PASSWORD(CMD_OPTIONAL, NULL),
};
static const struct cmd_operand alter_rows[] = {
    COMMON_OPERANDS, PASSWORD(0, "PASSWORD+NEW PASSWORD, 1-8 CHARACTERS"),
    ONCE("EXPIRED"), ONCE("NOEXPIRED"), FLAG("UAUDIT"),
    KEPT_LIST("DELCATEGORY"), ONCE("PWCLEAN"), ONCE("PWCONVERT"),
    { "REVOKE", CMD_TEXT, CMD_NO | CMD_OPTIONAL, 0, 8, NULL, NULL, NULL, NULL, NULL, NULL },
    { "RESUME", CMD_TEXT, CMD_NO | CMD_OPTIONAL, 0, 8, NULL, NULL, NULL, NULL, NULL, NULL },
};
/* clang-format on */

static const struct cmd_attr attr_rows[] = {
    { "SPECIAL", ACEE_SPECIAL, true },
    { "OPERATIONS", ACEE_OPERATIONS, true },
    { "AUDITOR", ACEE_AUDITOR, true },
    { "ROAUDIT", ACEE_ROAUDIT, true },
    { "RESTRICTED", ACEE_RESTRICTED, false },
    { "ADSP", USER_ADSP, false },
    { "GRPACC", USER_GRPACC, false },
    { "OIDCARD", USER_OIDCARD, false },
    { NULL, 0, false },
};

/* --- what both verbs set ----------------------------------------------- */

bool
cmd_when_days(struct cmd *cmd, const struct cmd_arg *days, uint32_t *mask)
{
    static const char *const names[] = {
        "SUNDAY", "MONDAY",   "TUESDAY", "WEDNESDAY", "THURSDAY",
        "FRIDAY", "SATURDAY", "ANYDAY",  "WEEKDAYS",
    };
    static const uint32_t bits[] = { 1, 2, 4, 8, 16, 32, 64, 0, 0x3e };

    *mask = 0;
    for (size_t i = 0; days != NULL && i < days->n_values; i++) {
        size_t n_fit = 0, fit = 0;

        for (size_t j = 0; j < ARRAY_LEN(names); j++)
            if (str_starts(str_of(names[j]), days->values[i])) {
                n_fit++;
                fit = j;
            }
        if (n_fit != 1) {
            CMD_MSG(cmd, "IKJ56702I", STR("DAYS"), days->values[i]);
            cmd_abandon(cmd, 8);
            return false;
        }
        *mask |= bits[fit];
    }
    return true;
}

static bool
is_hhmm(uint32_t value)
{
    return value / 100 < 24 && value % 100 < 60;
}

bool
cmd_when_time(struct cmd *cmd, const struct cmd_arg *time, int32_t *when_from,
              int32_t *when_to)
{
    struct reader in = reader_of(cmd_value(time));
    uint32_t from, to;

    if (time == NULL)
        return true;
    *when_from = *when_to = 0;
    if (str_eq_z(cmd_value(time), "ANYTIME"))
        return true;
    if (!reader_decimal(&in, &from) || !reader_accept(&in, ':') ||
        !reader_decimal(&in, &to) || !reader_at_end(&in) || !is_hhmm(from) ||
        !is_hhmm(to)) {
        CMD_MSG(cmd, "IKJ56702I", STR("TIME"), cmd_value(time));
        cmd_abandon(cmd, 8);
        return false;
    }
    *when_from = (int32_t)from;
    *when_to = (int32_t)to;
    return true;
}

static bool
set_when(struct cmd *cmd, struct saf_user *u)
{
    const struct cmd_arg *when = cmd_arg(cmd, "WHEN");

    if (when == NULL)
        return true;
    return (cmd_sub(when, "DAYS") == NULL ||
            cmd_when_days(cmd, cmd_sub(when, "DAYS"), &u->when_days)) &&
           cmd_when_time(cmd, cmd_sub(when, "TIME"), &u->when_from,
                         &u->when_to);
}

/* Whose it is; empty: nobody's. */
static struct str
uid_user(struct cmd *cmd, uint32_t uid, uint32_t by_other_than)
{
    struct saf_query q = saf_db_query(
        cmd->db,
        "SELECT p.name FROM segments s JOIN principals p ON p.id=s.id WHERE"
        " s.kind='U' AND s.segment='OMVS' AND s.field='UID' AND s.value=?1"
        " AND s.id<>?2 ORDER BY p.name LIMIT 1",
        "si", str_fmt(cmd->arena, "%u", uid), (int64_t)by_other_than);
    struct str who =
        saf_query_next(&q) ? saf_query_str(&q, cmd->arena, 0) : STR("");

    saf_query_close(&q);
    return who;
}

/* "first-last" or "first" before the "/" of BPX.NEXT.USER's APPLDATA. */
static void
uid_range(struct cmd *cmd, uint32_t *first, uint32_t *last)
{
    struct saf_profile p;
    struct str text = { NULL, 0 };
    struct reader in;

    *first = uid_range_user_first(cmd_uids(cmd));
    *last = cmd_uids(cmd).last;
    if (!saf_profile_get(cmd->db, cmd->arena, STR("FACILITY"),
                         STR("BPX.NEXT.USER"), &p))
        return;
    text = saf_field_get(cmd->db, cmd->arena, SAF_KIND_PROFILE, p.id, "BASE",
                         "APPLDATA");
    in = reader_of(text);
    if (reader_decimal(&in, first))
        *last = INT32_MAX;
    if (reader_accept(&in, '-') && !reader_decimal(&in, last))
        *last = INT32_MAX;
}

/* OMVS(AUTOUID): the lowest free number; OMVS(UID(n)): not somebody else's
 * unless SHARED. */
static bool
check_uid(struct cmd *cmd, const struct saf_user *u)
{
    const struct cmd_arg *omvs = cmd_arg(cmd, "OMVS");
    const struct cmd_arg *uid = cmd_sub(omvs, "UID");
    struct str who = STR("");
    uint32_t first, last;

    if (uid != NULL && !uid->is_negated && uid->number != 0)
        who = uid_user(cmd, (uint32_t)uid->number, u->id);
    if (cmd_sub(omvs, "SHARED") == NULL && who.n > 0) {
        CMD_MSG(cmd, "IRR52174I", STR("UID"),
                str_fmt(cmd->arena, "%lld", (long long)uid->number), who);
        return false;
    }
    /* Who has one keeps it. */
    if (cmd_sub(omvs, "AUTOUID") == NULL ||
        saf_field_get(cmd->db, cmd->arena, SAF_KIND_USER, u->id, "OMVS", "UID")
                .n > 0)
        return true;
    uid_range(cmd, &first, &last);
    for (uint32_t n = first; n <= last && n >= first; n++) {
        if (uid_user(cmd, n, 0).n > 0)
            continue;
        saf_field_put(cmd->db, SAF_KIND_USER, u->id, "OMVS", "UID",
                      str_fmt(cmd->arena, "%u", n));
        CMD_MSG(cmd, "IRR52177I",
                str_fmt(cmd->arena, "User " STR_FMT, STR_ARG(u->user)),
                STR("UID"), str_fmt(cmd->arena, "%u", n));
        return true;
    }
    CMD_MSG(cmd, "IRR52181I");
    return false;
}

/* A UID needs a GID in the default group, sooner or later. */
static void
warn_no_gid(struct cmd *cmd, const struct saf_user *u)
{
    uint32_t gid = saf_principal_id(cmd->db, u->dfltgrp);

    if (saf_field_get(cmd->db, cmd->arena, SAF_KIND_USER, u->id, "OMVS", "UID")
                .n > 0 &&
        saf_field_get(cmd->db, cmd->arena, SAF_KIND_GROUP, gid, "OMVS", "GID")
                .n == 0)
        CMD_MSG(cmd, "ICH01019I", u->user, u->dfltgrp);
}

static struct str
without_word(struct cmd *cmd, struct str list, struct str word)
{
    struct str rest = list, w, kept = STR("");

    while (rest.n > 0 && str_token(&rest, ' ', &w)) {
        if (str_eq(w, word))
            continue;
        kept = kept.n == 0 ? w
                           : str_fmt(cmd->arena, STR_FMT " " STR_FMT,
                                     STR_ARG(kept), STR_ARG(w));
    }
    return kept;
}

static bool
set_clauth(struct cmd *cmd, const struct saf_user *u)
{
    const struct cmd_arg *arg = cmd_arg(cmd, "CLAUTH");
    struct str list;

    if (arg == NULL)
        return true;
    list = saf_field_get(cmd->db, cmd->arena, SAF_KIND_USER, u->id, "BASE",
                         "CLAUTH");
    for (size_t i = 0; i < arg->n_values; i++) {
        if (!str_eq_z(arg->values[i], "USER") &&
            cmd_class(cmd, arg->values[i], "CLASS NAME") == NULL)
            return false;
        if (!cmd_is_special(cmd)) {
            CMD_MSG(cmd, "ICH01001I", STR("CLAUTH"));
            return true;
        }
        list = without_word(cmd, list, arg->values[i]);
        if (!arg->is_negated)
            list = list.n == 0
                       ? arg->values[i]
                       : str_fmt(cmd->arena, STR_FMT " " STR_FMT, STR_ARG(list),
                                 STR_ARG(arg->values[i]));
    }
    if (list.n == 0 || (arg->is_negated && arg->n_values == 0))
        list = (struct str){ NULL, 0 };
    saf_field_put(cmd->db, SAF_KIND_USER, u->id, "BASE", "CLAUTH", list);
    return true;
}

static bool
set_owner(struct cmd *cmd, struct saf_user *u)
{
    const struct cmd_arg *owner = cmd_arg(cmd, "OWNER");

    if (owner == NULL)
        return true;
    if (!cmd_is_principal(cmd, cmd_value(owner))) {
        CMD_MSG(cmd, "IKJ56702I", STR("OWNER"), cmd_value(owner));
        return false;
    }
    u->owner = cmd_value(owner);
    return true;
}

static bool
set_common(struct cmd *cmd, struct saf_user *u, const char *not_authorized)
{
    if (cmd_arg(cmd, "NAME") != NULL)
        u->name = cmd_value(cmd_arg(cmd, "NAME"));
    cmd_attributes(cmd, attr_rows, &u->attrs, not_authorized);
    return set_owner(cmd, u) && set_when(cmd, u) && cmd_set_secrets(cmd, u);
}

/* --- ADDUSER ----------------------------------------------------------- */

static bool
may_add(struct cmd *cmd, const struct saf_group *dfltgrp)
{
    if (cmd_is_special(cmd))
        return true;
    return cmd_has_clauth(cmd, "USER") &&
           cmd_has_group_authority(cmd, dfltgrp, AUTH_JOIN);
}

static void
connect_new(struct cmd *cmd, const struct saf_user *u)
{
    const struct cmd_arg *authority = cmd_arg(cmd, "AUTHORITY");
    const struct cmd_arg *uacc = cmd_arg(cmd, "UACC");
    struct saf_connect c = {
        .user = u->user,
        .group = u->dfltgrp,
        .authority = authority == NULL ? AUTH_USE
                                       : (enum saf_authority)authority->number,
        .uacc = uacc == NULL ? SAF_NONE : (enum saf_level)uacc->number,
        .owner = str_of(cmd->acee->user),
        .created = cmd->today,
    };

    saf_connect_put(cmd->db, &c);
}

static struct str
group_operand(struct cmd *cmd, struct str otherwise)
{
    const struct cmd_arg *arg = cmd_arg(cmd, "DFLTGRP");

    if (arg == NULL)
        arg = cmd_arg(cmd, "GROUP");
    return arg == NULL ? otherwise : cmd_value(arg);
}

static void
add_one(struct cmd *cmd, struct str user)
{
    struct saf_user u = { .user = user,
                          .owner = str_of(cmd->acee->user),
                          .dfltgrp =
                              group_operand(cmd, str_of(cmd->acee->group)),
                          .created = cmd->today };
    struct saf_group group;

    if (cmd_is_principal(cmd, user) || cmd_is_reserved(user)) {
        CMD_MSG(cmd, "IKJ56702I", STR("USERID"), user);
        CMD_MSG(cmd, "ICH01010I", user);
        cmd_rc(cmd, 8);
        return;
    }
    if (!saf_group_get(cmd->db, cmd->arena, u.dfltgrp, &group)) {
        CMD_MSG(cmd, "IKJ56702I", STR("DFLTGRP"), u.dfltgrp);
        CMD_MSG(cmd, "ICH01010I", user);
        cmd_rc(cmd, 8);
        return;
    }
    if (!may_add(cmd, &group)) {
        CMD_MSG(cmd, "ICH01011I");
        CMD_MSG(cmd, "ICH01010I", user);
        cmd_rc(cmd, 8);
        return;
    }
    if (!set_common(cmd, &u, "ICH01001I")) {
        CMD_MSG(cmd, "ICH01010I", user);
        cmd_abandon(cmd, 8);
        return;
    }
    saf_user_put(cmd->db, &u);
    connect_new(cmd, &u);
    cmd_store(cmd, SAF_KIND_USER, u.id);
    if (!set_clauth(cmd, &u) || !check_uid(cmd, &u)) {
        CMD_MSG(cmd, "ICH01010I", user);
        cmd_abandon(cmd, 8);
        return;
    }
    warn_no_gid(cmd, &u);
    if (saf_user_is_protected(&u))
        CMD_MSG(cmd, "ICH01024I", user);
}

static uint32_t
run_adduser(struct cmd *cmd)
{
    if (!cmd_is_special(cmd) && !cmd_has_clauth(cmd, "USER")) {
        CMD_MSG(cmd, "ICH01005I");
        return 8;
    }
    if (cmd_is_list_with(cmd, "OMVS", "AUTOUID"))
        return cmd->rc;
    return cmd_each(cmd, add_one);
}

const struct cmd_verb cmd_adduser = {
    "ADDUSER",
    "AU",
    user_positional,
    1,
    1,
    CMD_TABLE_AND(add_rows, cmd_segments_user),
    run_adduser,
    .is_new = true,
};

/* --- ALTUSER ----------------------------------------------------------- */

static bool
alter_default_group(struct cmd *cmd, struct saf_user *u)
{
    struct str group = group_operand(cmd, u->dfltgrp);
    struct saf_connect c;

    if (cmd_arg(cmd, "DFLTGRP") == NULL)
        return true;
    if (!saf_connect_get(cmd->db, cmd->arena, u->user, group, &c)) {
        CMD_MSG(cmd, "ICH21004I", STR("DFLTGRP"));
        cmd_rc(cmd, 4);
        return true;
    }
    u->dfltgrp = group;
    return true;
}

static void
say_not_altered(struct cmd *cmd, const struct cmd_arg *authority,
                const struct cmd_arg *uacc)
{
    if (authority != NULL)
        CMD_MSG(cmd, "ICH21011I", STR("AUTHORITY"));
    if (uacc != NULL)
        CMD_MSG(cmd, "ICH21011I", STR("UACC"));
    cmd_rc(cmd, 4);
}

/* GROUP(g) names the connection that AUTHORITY and UACC change. */
static void
alter_connect(struct cmd *cmd, const struct saf_user *u)
{
    const struct cmd_arg *group = cmd_arg(cmd, "GROUP");
    const struct cmd_arg *authority = cmd_arg(cmd, "AUTHORITY");
    const struct cmd_arg *uacc = cmd_arg(cmd, "UACC");
    struct saf_connect c;

    if (authority == NULL && uacc == NULL)
        return;
    if (!saf_connect_get(cmd->db, cmd->arena, u->user,
                         group == NULL ? u->dfltgrp : cmd_value(group), &c)) {
        say_not_altered(cmd, authority, uacc);
        return;
    }
    if (!cmd_may_give(cmd, c.group,
                      authority == NULL
                          ? AUTH_CONNECT
                          : (enum saf_authority)authority->number)) {
        CMD_MSG(cmd, "ICH21006I");
        say_not_altered(cmd, authority, uacc);
        return;
    }
    if (authority != NULL)
        c.authority = (enum saf_authority)authority->number;
    if (uacc != NULL)
        c.uacc = (enum saf_level)uacc->number;
    saf_connect_put(cmd->db, &c);
}

static void
alter_uaudit(struct cmd *cmd, struct saf_user *u)
{
    const struct cmd_arg *arg = cmd_arg(cmd, "UAUDIT");

    if (arg == NULL)
        return;
    if ((cmd->acee->attrs & ACEE_AUDITOR) == 0) {
        CMD_MSG(cmd, "ICH21005I", STR("UAUDIT"));
        cmd_rc(cmd, 4);
        return;
    }
    u->attrs &= ~(uint32_t)ACEE_UAUDIT;
    if (!arg->is_negated)
        u->attrs |= ACEE_UAUDIT;
}

/* Segments alone, of which class FIELD has let pass what is left. */
static bool
alters_only_segments(const struct cmd *cmd)
{
    for (size_t i = 0; i < cmd->n_args; i++)
        if (!cmd_is_segment(&cmd->args[i]))
            return false;
    return cmd->n_args > 0;
}

/* What an AUDITOR may do to everybody. */
static bool
alters_only_uaudit(const struct cmd *cmd)
{
    return (cmd->acee->attrs & ACEE_AUDITOR) != 0 && cmd->n_args == 1 &&
           strcmp(cmd->args[0].operand->name, "UAUDIT") == 0;
}

static void
alter_one(struct cmd *cmd, struct str user)
{
    struct saf_user u;
    struct cmd_revocation r = { &u.attrs, &u.revoke_day, &u.resume_day,
                                false,    "ICH21019I",   "ICH21022I" };

    if (!saf_user_get(cmd->db, cmd->arena, user, &u)) {
        CMD_MSG(cmd, "ICH21009I", user);
        cmd_rc(cmd, 4);
        return;
    }
    if (!cmd_owns(cmd, u.owner) && !str_eq_z(user, cmd->acee->user) &&
        !alters_only_segments(cmd) && !alters_only_uaudit(cmd) &&
        !cmd_may_reset(cmd, &u)) {
        CMD_MSG(cmd, "ICH21005I", STR("ALTUSER"));
        CMD_MSG(cmd, "ICH21004I", user);
        cmd_rc(cmd, 4);
        return;
    }
    if (!set_common(cmd, &u, "ICH21005I") ||
        !cmd_revoke_resume(cmd, &r, user) || !alter_default_group(cmd, &u)) {
        CMD_MSG(cmd, "ICH21004I", user);
        cmd_abandon(cmd, 8);
        return;
    }
    if (r.was_resumed)
        u.failures = 0;
    alter_uaudit(cmd, &u);
    saf_user_put(cmd->db, &u);
    alter_connect(cmd, &u);
    cmd_store(cmd, SAF_KIND_USER, u.id);
    if (!set_clauth(cmd, &u) || !check_uid(cmd, &u)) {
        CMD_MSG(cmd, "ICH21004I", user);
        cmd_abandon(cmd, 8);
    }
}

/* One's own profile: NAME, DFLTGRP and what class FIELD allows. */
static bool
alters_only_own_fields(struct cmd *cmd)
{
    const struct cmd_arg *users = cmd->positional[0];

    for (size_t i = 0; i < cmd->n_args; i++)
        if (strcmp(cmd->args[i].operand->name, "NAME") != 0 &&
            strcmp(cmd->args[i].operand->name, "DFLTGRP") != 0 &&
            !cmd_is_segment(&cmd->args[i]))
            return false;
    return users->n_values == 1 && str_eq_z(users->values[0], cmd->acee->user);
}

static bool
owns_or_resets_all(struct cmd *cmd, const struct cmd_arg *users)
{
    for (size_t i = 0; i < users->n_values; i++) {
        struct saf_user u;

        if (saf_user_get(cmd->db, cmd->arena, users->values[i], &u) &&
            !cmd_owns(cmd, u.owner) && !cmd_may_reset(cmd, &u))
            return false;
    }
    return true;
}

/* Of what an AUDITOR specifies for somebody whose profile is not his, UAUDIT is
 * left; false when there is none. */
static bool
keep_uaudit(struct cmd *cmd)
{
    struct cmd_arg *args = (struct cmd_arg *)(uintptr_t)cmd->args;
    const struct cmd_arg *uaudit = cmd_arg(cmd, "UAUDIT");
    const struct cmd_arg *users = cmd->positional[0];

    if (uaudit == NULL || (cmd->acee->attrs & ACEE_AUDITOR) == 0)
        return false;
    if (cmd->n_args > 1) {
        for (size_t i = 0; i < users->n_values; i++)
            CMD_MSG(cmd, "ICH21012I", users->values[i]);
        cmd_rc(cmd, 4);
        args[0] = *uaudit;
        cmd->n_args = 1;
    }
    return true;
}

static uint32_t
run_altuser(struct cmd *cmd)
{
    const struct cmd_arg *users = cmd->positional[0];

    if (!cmd_is_special(cmd) && !alters_only_own_fields(cmd) &&
        !alters_only_segments(cmd) && !owns_or_resets_all(cmd, users) &&
        !keep_uaudit(cmd)) {
        CMD_MSG(cmd, "ICH21010I");
        return 8;
    }
    if (cmd_is_list_with(cmd, "OMVS", "AUTOUID"))
        return cmd->rc;
    return cmd_each(cmd, alter_one);
}

const struct cmd_verb cmd_altuser = {
    "ALTUSER",   "ALU", user_positional,
    1,           1,     CMD_TABLE_AND(alter_rows, cmd_segments_user),
    run_altuser,
};

/* --- DELUSER ----------------------------------------------------------- */

static bool
has_distributed_identities(struct cmd *cmd, struct str user)
{
    struct saf_query q = saf_db_query(
        cmd->db, "SELECT 1 FROM idmaps WHERE owner=?1 AND kind='D' LIMIT 1",
        "s", user);
    bool has_some = saf_query_next(&q);

    saf_query_close(&q);
    return has_some;
}

static void
delete_one(struct cmd *cmd, struct str user)
{
    struct saf_user u;

    if (!saf_user_get(cmd->db, cmd->arena, user, &u)) {
        CMD_MSG(cmd, "IKJ56702I", STR("USERID"), user);
        cmd_rc(cmd, 8);
        return;
    }
    if (!cmd_owns(cmd, u.owner) || str_eq_z(user, cmd->acee->user) ||
        str_eq_z(user, "IBMUSER")) {
        if (!cmd_owns(cmd, u.owner))
            CMD_MSG(cmd, "ICH04010I");
        else if (str_eq_z(user, "IBMUSER"))
            CMD_MSG(cmd, "ICH04011I");
        CMD_MSG(cmd, "ICH04006I", user);
        cmd_rc(cmd, 8);
        return;
    }
    /* What carries on in his name, or lets others in as him, goes first. */
    if (cmd_has_datasets(cmd, user) || has_distributed_identities(cmd, user)) {
        CMD_MSG(cmd, cmd_has_datasets(cmd, user) ? "ICH04009I" : "ICH04018I",
                user);
        CMD_MSG(cmd, "ICH04006I", user);
        cmd_rc(cmd, 8);
        return;
    }
    saf_user_delete(cmd->db, user);
}

static uint32_t
run_deluser(struct cmd *cmd)
{
    return cmd_each(cmd, delete_one);
}

const struct cmd_verb cmd_deluser = {
    "DELUSER", "DU", user_positional, 1, 1, { NULL, 0, NULL }, run_deluser,
};
