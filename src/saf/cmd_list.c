/* LISTUSER and LISTGRP. */
#include "saf/cmd_private.h"

#include <string.h>

#define WIDTH 79u

/* Each segment operand of the command. */
static void
list_segments(struct cmd *cmd, enum saf_kind kind, int64_t id, bool is_own)
{
    for (size_t i = 0; i < cmd->n_args; i++)
        if (strcmp(cmd->args[i].operand->name, "NORACF") != 0 &&
            (is_own || cmd_may_list_segment(
                           cmd, kind == SAF_KIND_GROUP ? "GROUP" : "USER",
                           cmd->args[i].operand->name)))
            cmd_list_segment(cmd, kind, id, cmd->args[i].operand->name);
}

/* NORACF, and no segment. */
static bool
asks_nothing(const struct cmd *cmd)
{
    return cmd->n_args == 1 && cmd_arg(cmd, "NORACF") != NULL;
}

/* --- LISTUSER ---------------------------------------------------------- */

/* clang-format off */
#define SEG(name) { name, CMD_NONE, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL }
static const struct cmd_operand list_rows[] = {
    SEG("NORACF"), SEG("OMVS"), SEG("TSO"), SEG("CICS"), SEG("DFP"),
    SEG("WORKATTR"), SEG("LANGUAGE"), SEG("EIM"), SEG("OPERPARM"),
    SEG("NETVIEW"), SEG("DCE"), SEG("OVM"), SEG("LNOTES"), SEG("NDS"),
    SEG("KERB"), SEG("PROXY"), SEG("CSDATA"), SEG("MFA"), SEG("TME"),
};
/* clang-format on */

static const struct cmd_operand user_positional[] = {
    { "USERID", CMD_LIST, CMD_STAR | CMD_NAME, 0, 0, NULL, NULL, NULL, NULL,
      "USERID", NULL },
};

static void
append_word(struct buf *line, const char *word)
{
    if (line->n > 0)
        buf_add_char(line, ' ');
    buf_add_z(line, word);
}

static struct str
attribute_words(struct cmd *cmd, uint32_t attrs, bool is_protected,
                bool is_revoked)
{
    static const struct {
        uint32_t bit;
        const char *word;
    } rows[] = {
        { ACEE_SPECIAL, "SPECIAL" },       { ACEE_OPERATIONS, "OPERATIONS" },
        { ACEE_AUDITOR, "AUDITOR" },       { ACEE_ROAUDIT, "ROAUDIT" },
        { USER_GRPACC, "GRPACC" },         { USER_ADSP, "ADSP" },
        { USER_OIDCARD, "OIDCARD" },       { ACEE_UAUDIT, "UAUDIT" },
        { ACEE_RESTRICTED, "RESTRICTED" },
    };
    struct buf line;
    struct str text;

    buf_init(&line, 256);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if ((attrs & rows[i].bit) != 0)
            append_word(&line, rows[i].word);
    if (is_revoked)
        append_word(&line, "REVOKED");
    if (is_protected)
        append_word(&line, "PROTECTED");
    text = line.n == 0 ? STR("NONE") : str_dup(cmd->arena, buf_view(&line));
    buf_fini(&line);
    return text;
}

static void
list_password_line(struct cmd *cmd, const struct saf_user *u)
{
    struct str group = u->dfltgrp;
    struct str pass = STR("N/A"), phrase = STR("N/A"), interval = STR("N/A");
    int64_t max = saf_option(cmd->db, "PASSWORD.INTERVAL");

    if (!saf_user_is_protected(u)) {
        if (u->verifier.n > 0 || u->phrase_verifier.n == 0)
            pass = saf_day_yyddd(cmd->arena, u->pass_day);
        phrase = u->phrase_verifier.n == 0
                     ? STR("N/A")
                     : saf_day_yyddd(cmd->arena, u->phrase_day);
        if (u->interval >= 0)
            interval =
                str_fmt(cmd->arena, "%3lld",
                        (long long)(u->interval > 0 ? u->interval : max));
    }
    cmd_printf(cmd,
               " DEFAULT-GROUP=%-8.*s PASSDATE=%-6.*s PASS-INTERVAL=%3.*s"
               " PHRASEDATE=" STR_FMT,
               STR_ARG(group), STR_ARG(pass), STR_ARG(interval),
               STR_ARG(phrase));
}

static void
list_dates(struct cmd *cmd, const char *indent, int32_t revoke, int32_t resume)
{
    cmd_printf(cmd, "%sREVOKE DATE=" STR_FMT "   RESUME DATE=" STR_FMT, indent,
               STR_ARG(cmd_month_date(cmd, revoke)),
               STR_ARG(cmd_month_date(cmd, resume)));
}

static void
list_logon_days(struct cmd *cmd, const struct saf_user *u)
{
    static const char *const days[] = { "SUNDAY",    "MONDAY",   "TUESDAY",
                                        "WEDNESDAY", "THURSDAY", "FRIDAY",
                                        "SATURDAY" };
    struct buf line;
    struct str time = STR("ANYTIME");

    buf_init(&line, 128);
    for (size_t i = 0; i < ARRAY_LEN(days); i++)
        if ((u->when_days & (1u << i)) != 0)
            append_word(&line, days[i]);
    if (line.n == 0)
        buf_add_z(&line, "ANYDAY");
    if (u->when_from != 0 || u->when_to != 0)
        time = str_fmt(cmd->arena, "%04d:%04d", u->when_from, u->when_to);
    cmd_line(cmd, STR(" LOGON ALLOWED   (DAYS)          (TIME)"));
    cmd_line(cmd, STR(" ---------------------------------------------"));
    cmd_printf(cmd, " %-31.*s " STR_FMT, STR_ARG(buf_view(&line)),
               STR_ARG(time));
    buf_fini(&line);
}

static void
list_connects(struct cmd *cmd, struct str user)
{
    struct saf_connect *v;
    size_t n = saf_connects_of_user(cmd->db, cmd->arena, user, &v);

    for (size_t i = 0; i < n; i++) {
        const struct saf_connect *c = &v[i];

        cmd_printf(cmd,
                   "  GROUP=%-8.*s  AUTH=%-8s CONNECT-OWNER=%-8.*s"
                   "  CONNECT-DATE=" STR_FMT,
                   STR_ARG(c->group), cmd_authorities[c->authority],
                   STR_ARG(c->owner),
                   STR_ARG(saf_day_yyddd(cmd->arena, c->created)));
        cmd_printf(cmd, "    CONNECTS=%6.*s  UACC=%-8s LAST-CONNECT=" STR_FMT,
                   STR_ARG(str_fmt(cmd->arena, "%02u", c->count)),
                   saf_level_name(c->uacc), STR_ARG(cmd_time(cmd, c->last_s)));
        cmd_printf(
            cmd, "    CONNECT ATTRIBUTES=" STR_FMT,
            STR_ARG(attribute_words(cmd, c->attrs, false,
                                    saf_connect_is_revoked(c, cmd->today))));
        list_dates(cmd, "    ", c->revoke_day, c->resume_day);
    }
}

/* A field that is stored, not evaluated. */
static struct str
kept(struct cmd *cmd, uint32_t user, const char *field)
{
    struct str value =
        saf_field_get(cmd->db, cmd->arena, SAF_KIND_USER, user, "BASE", field);

    return value.n > 0 ? value : STR("NONE SPECIFIED");
}

static void
list_base(struct cmd *cmd, const struct saf_user *u)
{
    struct str name = u->name.n == 0
                          ? STR("UNKNOWN")
                          : str_fmt(cmd->arena, "%-20.*s", STR_ARG(u->name));
    struct str clauth = saf_field_get(cmd->db, cmd->arena, SAF_KIND_USER, u->id,
                                      "BASE", "CLAUTH");
    struct str data = saf_field_get(cmd->db, cmd->arena, SAF_KIND_USER, u->id,
                                    "BASE", "DATA");
    struct str model = saf_field_get(cmd->db, cmd->arena, SAF_KIND_USER, u->id,
                                     "BASE", "MODEL");

    cmd_printf(cmd,
               "USER=%-8.*s  NAME=" STR_FMT "  OWNER=%-8.*s  CREATED=" STR_FMT,
               STR_ARG(u->user), STR_ARG(name), STR_ARG(u->owner),
               STR_ARG(saf_day_yyddd(cmd->arena, u->created)));
    list_password_line(cmd, u);
    cmd_printf(cmd, " ATTRIBUTES=" STR_FMT,
               STR_ARG(attribute_words(cmd, u->attrs, saf_user_is_protected(u),
                                       saf_user_is_revoked(u, cmd->today))));
    list_dates(cmd, " ", u->revoke_day, u->resume_day);
    cmd_printf(cmd, " LAST-ACCESS=" STR_FMT,
               STR_ARG(cmd_time(cmd, u->last_access_s)));
    cmd_printf(cmd, " CLASS AUTHORIZATIONS=" STR_FMT,
               STR_ARG(clauth.n == 0 ? STR("NONE") : clauth));
    if (data.n == 0)
        cmd_line(cmd, STR(" NO-INSTALLATION-DATA"));
    else
        cmd_printf(cmd, " INSTALLATION-DATA=" STR_FMT, STR_ARG(data));
    if (model.n == 0)
        cmd_line(cmd, STR(" NO-MODEL-NAME"));
    else
        cmd_printf(cmd, " MODEL-NAME=" STR_FMT, STR_ARG(model));
    list_logon_days(cmd, u);
    list_connects(cmd, u->user);
    cmd_printf(cmd, "SECURITY-LEVEL=" STR_FMT,
               STR_ARG(kept(cmd, u->id, "SECLEVEL")));
    cmd_line(cmd, STR("CATEGORY-AUTHORIZATION"));
    cmd_printf(cmd, " " STR_FMT, STR_ARG(kept(cmd, u->id, "ADDCATEGORY")));
    cmd_printf(cmd, "SECURITY-LABEL=" STR_FMT,
               STR_ARG(kept(cmd, u->id, "SECLABEL")));
}

static bool
may_list_user(struct cmd *cmd, const struct saf_user *u)
{
    return cmd_is_auditor(cmd) || str_eq_z(u->user, cmd->acee->user) ||
           cmd_owns(cmd, u->owner) ||
           cmd_is_delegated(cmd, u, "IRR.LISTUSER", "IRR.LU", SAF_READ);
}

/* A blank line in front of all but the first; * passes over those whom the
 * issuer may not see. */
static bool
list_user(struct cmd *cmd, struct str user, bool is_quiet, bool is_further)
{
    struct saf_user u;
    bool is_known = saf_user_get(cmd->db, cmd->arena, user, &u);

    if (is_further && !(is_quiet && is_known && !may_list_user(cmd, &u)))
        cmd_line(cmd, STR(""));
    if (!is_known) {
        CMD_MSG(cmd, "ICH30001I", user);
        cmd_rc(cmd, 4);
        return false;
    }
    if (!may_list_user(cmd, &u)) {
        if (!is_quiet) {
            CMD_MSG(cmd, "ICH30002I", user);
            cmd_rc(cmd, 4);
        }
        return false;
    }
    if (cmd_arg(cmd, "NORACF") == NULL)
        list_base(cmd, &u);
    else
        cmd_printf(cmd, "USER=" STR_FMT, STR_ARG(u.user));
    list_segments(cmd, SAF_KIND_USER, u.id, str_eq_z(u.user, cmd->acee->user));
    return true;
}

/* Names of all users or groups, sorted; reserved ids left out. */
static size_t
all_names(struct cmd *cmd, const char *sql, struct str **out)
{
    struct saf_query q = saf_db_query(cmd->db, sql, "");
    size_t n = 0, cap = 0;

    *out = NULL;
    while (saf_query_next(&q)) {
        struct str *grown =
            arena_grown(cmd->arena, *out, n, &cap, sizeof *grown);

        if (grown == NULL)
            break;
        *out = grown;
        (*out)[n++] = saf_query_str(&q, cmd->arena, 0);
    }
    saf_query_close(&q);
    return n;
}

/* LISTUSER * is for those who look after all users or those of a group. */
static bool
may_list_others(struct cmd *cmd)
{
    struct saf_connect *v;
    size_t n;

    if (cmd_is_special(cmd) || cmd_is_auditor(cmd))
        return true;
    n = saf_connects_of_user(cmd->db, cmd->arena, str_of(cmd->acee->user), &v);
    for (size_t i = 0; i < n; i++)
        if ((v[i].attrs & (ACEE_SPECIAL | ACEE_AUDITOR)) != 0 &&
            !saf_connect_is_revoked(&v[i], cmd->today))
            return true;
    return false;
}

static uint32_t
run_listuser(struct cmd *cmd)
{
    const struct cmd_arg *users = cmd->positional[0];
    struct str self = str_of(cmd->acee->user);
    struct str *names = users == NULL ? &self : users->values;
    size_t n = users == NULL ? 1 : users->n_values;
    bool is_all = n == 1 && str_eq_z(names[0], "*");
    bool is_first = true;

    if (cmd_is_undefined(cmd)) {
        CMD_MSG(cmd, "ICH30010I");
        return 8;
    }
    if (asks_nothing(cmd)) {
        CMD_MSG(cmd, "ICH30012I");
        return 4;
    }
    if (is_all && !may_list_others(cmd)) {
        CMD_MSG(cmd, "ICH30002I", STR("*"));
        return 4;
    }
    if (is_all)
        n = all_names(cmd,
                      "SELECT user FROM users WHERE user NOT LIKE 'irr%'"
                      " ORDER BY user COLLATE EBCDIC",
                      &names);
    for (size_t i = 0; i < n; i++) {
        is_first = !list_user(cmd, names[i], is_all, !is_first) && is_first;
    }
    return cmd->rc;
}

const struct cmd_verb cmd_listuser = {
    "LISTUSER", "LU", user_positional, 1, 0, CMD_TABLE(list_rows), run_listuser,
};

/* --- LISTGRP ----------------------------------------------------------- */

static void
list_subgroups(struct cmd *cmd, struct str group)
{
    struct saf_query q = saf_db_query(
        cmd->db,
        "SELECT grp FROM groups WHERE superior=?1 ORDER BY grp COLLATE EBCDIC",
        "s", group);
    struct buf line;

    buf_init(&line, 2 * WIDTH);
    while (saf_query_next(&q)) {
        struct str name = saf_query_str(&q, cmd->arena, 0);

        if (line.n > 0 && line.n + 1 + name.n > WIDTH) {
            cmd_line(cmd, buf_view(&line));
            buf_clear(&line);
            buf_add_z(&line, "                ");
        } else if (line.n == 0) {
            buf_add_z(&line, "    SUBGROUP(S)=");
        }
        buf_add_char(&line, ' ');
        buf_add(&line, name);
    }
    saf_query_close(&q);
    cmd_line(cmd, line.n == 0 ? STR("    NO SUBGROUPS") : buf_view(&line));
    buf_fini(&line);
}

static void
list_members(struct cmd *cmd, struct str group)
{
    struct saf_connect *v;
    size_t n = saf_connects_of_group(cmd->db, cmd->arena, group, &v);

    if (n == 0) {
        cmd_line(cmd, STR("    NO USERS"));
        return;
    }
    cmd_line(cmd, STR("    USER(S)=      ACCESS=      ACCESS COUNT="
                      "      UNIVERSAL ACCESS="));
    for (size_t i = 0; i < n; i++) {
        const struct saf_connect *c = &v[i];

        cmd_printf(cmd, "      %-8.*s      %-8s      %06u               %s",
                   STR_ARG(c->user), cmd_authorities[c->authority], c->count,
                   saf_level_name(c->uacc));
        cmd_printf(
            cmd, "         CONNECT ATTRIBUTES=" STR_FMT,
            STR_ARG(attribute_words(cmd, c->attrs, false,
                                    saf_connect_is_revoked(c, cmd->today))));
        cmd_printf(cmd, "         REVOKE DATE=%-20.*s RESUME DATE=" STR_FMT,
                   STR_ARG(cmd_month_date(cmd, c->revoke_day)),
                   STR_ARG(cmd_month_date(cmd, c->resume_day)));
    }
}

static void
list_group_base(struct cmd *cmd, const struct saf_group *g)
{
    struct str data = saf_field_get(cmd->db, cmd->arena, SAF_KIND_GROUP, g->id,
                                    "BASE", "DATA");
    struct str model = saf_field_get(cmd->db, cmd->arena, SAF_KIND_GROUP, g->id,
                                     "BASE", "MODEL");

    cmd_printf(
        cmd, "    SUPERIOR GROUP=%-8.*s     OWNER=%-8.*s    CREATED=" STR_FMT,
        STR_ARG(g->superior.n == 0 ? STR("NONE") : g->superior),
        STR_ARG(g->owner), STR_ARG(saf_day_yyddd(cmd->arena, g->created)));
    if (data.n == 0)
        cmd_line(cmd, STR("    NO INSTALLATION DATA"));
    else
        cmd_printf(cmd, "    INSTALLATION DATA=" STR_FMT, STR_ARG(data));
    if (model.n == 0)
        cmd_line(cmd, STR("    NO MODEL DATA SET"));
    else
        cmd_printf(cmd, "    MODEL DATA SET=" STR_FMT, STR_ARG(model));
    cmd_line(cmd, g->is_termuacc ? STR("    TERMUACC") : STR("    NOTERMUACC"));
    list_subgroups(cmd, g->group);
    list_members(cmd, g->group);
}

static bool
list_group(struct cmd *cmd, struct str group, bool is_quiet)
{
    struct saf_group g;

    if (!saf_group_get(cmd->db, cmd->arena, group, &g)) {
        CMD_MSG(cmd, "ICH51003I");
        cmd_rc(cmd, 4);
        return false;
    }
    if (!cmd_is_auditor(cmd) &&
        !cmd_has_group_authority(cmd, &g, AUTH_CONNECT)) {
        if (!is_quiet) {
            CMD_MSG(cmd, "ICH32002I", group);
            cmd_rc(cmd, 4);
        }
        return false;
    }
    cmd_printf(cmd, "INFORMATION FOR GROUP %-8.*s", STR_ARG(g.group));
    if (cmd_arg(cmd, "NORACF") == NULL)
        list_group_base(cmd, &g);
    list_segments(cmd, SAF_KIND_GROUP, g.id, false);
    return true;
}

static uint32_t
run_listgrp(struct cmd *cmd)
{
    const struct cmd_arg *groups = cmd->positional[0];
    struct str own = str_of(cmd->acee->group);
    struct str *names = groups == NULL ? &own : groups->values;
    size_t n = groups == NULL ? 1 : groups->n_values;
    bool is_all = n == 1 && str_eq_z(names[0], "*");
    bool is_listed = false;

    if (cmd_is_undefined(cmd)) {
        CMD_MSG(cmd, "ICH32004I");
        return 8;
    }
    if (asks_nothing(cmd)) {
        CMD_MSG(cmd, "ICH32007I");
        return 4;
    }
    if (is_all)
        n = all_names(cmd, "SELECT grp FROM groups ORDER BY grp COLLATE EBCDIC",
                      &names);
    for (size_t i = 0; i < n; i++)
        is_listed |= list_group(cmd, names[i], is_all);
    if (is_all && !is_listed) {
        CMD_MSG(cmd, "ICH32005I");
        cmd_rc(cmd, 4);
    }
    return cmd->rc;
}

static const struct cmd_operand group_positional[] = {
    { "GROUP", CMD_LIST, CMD_STAR | CMD_NAME, 0, 0, NULL, NULL, NULL, NULL,
      "GROUP", NULL },
};
const struct cmd_verb cmd_listgrp = {
    "LISTGRP", "LG", group_positional, 1, 0, CMD_TABLE(list_rows), run_listgrp,
};
