/*
 * EXPLAIN: who may do what, by which profile and which line of its list; now,
 * and after a REFRESH. An addition of ours.
 */
#include "saf/authorize_private.h"
#include "saf/cmd_private.h"

#include <string.h>

/* clang-format off */
static const struct cmd_operand explain_positional[] = {
    { "USER", CMD_TEXT, CMD_NAME, 0, 0, NULL, NULL, NULL, NULL, "USERID", "USERID" },
    { "CLASS", CMD_TEXT, 0, 1, 8, NULL, NULL, NULL, NULL, "CLASS NAME", "CLASS NAME" },
    { "RESOURCE", CMD_TEXT, CMD_ASIS, 1, 246, NULL, NULL, NULL, NULL, "RESOURCE", "NAME OF RESOURCE" },
    { "ACCESS", CMD_CHOICE, 0, 0, 0, NULL, cmd_levels, NULL, NULL, "ACCESS", "ALTER, CONTROL, UPDATE, READ, EXECUTE, OR NONE" },
};
#define PORT(name) { name, CMD_TEXT, CMD_ASIS, 1, 64, NULL, NULL, NULL, NULL, NULL, NULL }
static const struct cmd_operand explain_rows[] = {
    { "GROUP", CMD_TEXT, CMD_NAME, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL },
    PORT("TERMINAL"), PORT("CONSOLE"), PORT("JESINPUT"), PORT("APPCPORT"),
    PORT("SERVAUTH"), PORT("SYSID"), PORT("PROGRAM"), PORT("SERVICE"),
    { "CRITERIA", CMD_NESTED, CMD_ASIS, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL },
};
/* clang-format on */

/* --- the user ----------------------------------------------------------- */

bool
cmd_acee_of(struct cmd *cmd, struct str user, struct str group,
            struct acee *out)
{
    struct saf_connect *v;
    struct acee_group *groups;
    struct saf_user u;
    size_t n;

    *out = (struct acee){ .refs = 1 };
    if (!saf_user_get(cmd->db, cmd->arena, user, &u) ||
        !str_copy_z(u.user, out->user, sizeof out->user) ||
        !str_copy_z(group.n > 0 ? group : u.dfltgrp, out->group,
                    sizeof out->group)) {
        CMD_MSG(cmd, "IKJ56702I", STR("USERID"), user);
        cmd_rc(cmd, 8);
        return false;
    }
    n = saf_connects_of_user(cmd->db, cmd->arena, u.user, &v);
    groups = ARENA_ARRAY(cmd->arena, struct acee_group, n + 1);
    for (size_t i = 0; groups != NULL && i < n; i++) {
        struct acee_group *g = &groups[out->n_groups];

        if (saf_connect_is_revoked(&v[i], cmd->today) ||
            !str_copy_z(v[i].group, g->name, sizeof g->name))
            continue;
        g->id = v[i].group_id;
        out->n_groups++;
    }
    out->groups = groups;
    out->user_id = u.id;
    out->attrs = u.attrs & 0xffffu;
    return true;
}

/* What would keep him from having that acee at all. */
static void
tell_notes(struct cmd *cmd, const struct acee *acee)
{
    struct str group = cmd_value(cmd_arg(cmd, "GROUP"));
    struct saf_user u;

    if (saf_user_get(cmd->db, cmd->arena, str_of(acee->user), &u) &&
        saf_user_is_revoked(&u, cmd->today))
        cmd_printf(cmd, "Note: user %s is revoked and cannot log on.",
                   acee->user);
    if (group.n > 0 && !acee_in_group(acee, group))
        cmd_printf(cmd, "Note: user %s is not connected to " STR_FMT ".",
                   acee->user, STR_ARG(group));
}

static struct saf_where
where_of(struct cmd *cmd)
{
    struct str criteria = cmd_value(cmd_arg(cmd, "CRITERIA"));
    size_t open = str_find_char(criteria, '(');

    return (struct saf_where){
        .terminal = cmd_value(cmd_arg(cmd, "TERMINAL")),
        .console = cmd_value(cmd_arg(cmd, "CONSOLE")),
        .jesinput = cmd_value(cmd_arg(cmd, "JESINPUT")),
        .appcport = cmd_value(cmd_arg(cmd, "APPCPORT")),
        .servauth = cmd_value(cmd_arg(cmd, "SERVAUTH")),
        .sysid = cmd_value(cmd_arg(cmd, "SYSID")),
        .program = cmd_value(cmd_arg(cmd, "PROGRAM")),
        .service = cmd_value(cmd_arg(cmd, "SERVICE")),
        .criteria_name = str_sub(criteria, 0, open),
        .criteria_value = open == STR_NPOS || !str_ends(criteria, STR(")"))
                              ? STR("")
                              : str_sub(criteria, open + 1, criteria.n - 1),
    };
}

/* --- words -------------------------------------------------------------- */

static struct str
answer_words(struct cmd *cmd, const struct saf_decision *d)
{
    const char *words = d->is_warning    ? "allowed, with a warning"
                        : d->rc.saf == 0 ? "allowed"
                        : d->rc.saf == 4 ? "not protected: the asking program "
                                           "decides"
                                         : "refused";

    return str_fmt(cmd->arena, "%s (%u/%u/%u)", words, d->rc.saf, d->rc.racf,
                   d->rc.reason);
}

static struct str
reason_words(struct cmd *cmd, const struct acee *acee,
             const struct saf_decision *d, uint32_t flags)
{
    static const struct {
        const char *entry, *words;
    } rows[] = {
        { "UACC", "the universal access, as neither the user nor a group of "
                  "his stands in the list" },
        { "*", "ID(*) of the list, as neither the user nor a group of his "
               "stands in it" },
        { "WHEN", "a line of the conditional list" },
        { "GLOBAL", "the global access table, before any profile" },
        { "OWN", "the first qualifier, which is the user's own id" },
        { "OPERATIONS", "attribute OPERATIONS" },
        { "PRIV", "attribute PRIVILEGED of a started task" },
        { "TRUSTED", "attribute TRUSTED of a started task" },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (strcmp(d->entry, rows[i].entry) == 0)
            return str_of(rows[i].words);
    if (strcmp(d->entry, acee->user) == 0)
        return str_fmt(cmd->arena, "the line of user %s", d->entry);
    if (d->entry[0] != '\0')
        return str_fmt(cmd->arena, "the line of group %s", d->entry);
    if ((flags & SNAPSHOT_ACTIVE) == 0)
        return STR("the class, which is not active");
    if (d->profile[0] == '\0')
        return d->rc.saf == 8 ? STR("no profile, in a class that then refuses")
                              : STR("no profile");
    return STR("nothing for this user, who is RESTRICTED");
}

/* --- names that grouping profiles protect --------------------------------- */

struct sources {
    struct cmd *cmd;
    const struct saf_decision *d; /* what one of them decided */
    struct str decided;           /* which; "" when it was no line of theirs */
    size_t n;
};

static bool
is_deciding(const struct saf_decision *d, const struct snapshot_line *line)
{
    if (line->level != d->allowed)
        return false;
    return strcmp(line->kind, "user") == 0 || strcmp(line->kind, "group") == 0
               ? str_eq_z(line->who, d->entry)
               : strcmp(line->kind, d->entry) == 0;
}

static void
find_deciding(void *arg, struct str source, const struct snapshot_line *line)
{
    struct sources *s = arg;

    if (is_deciding(s->d, line) && !str_ends(s->decided, source))
        s->decided = s->decided.n == 0
                         ? source
                         : str_fmt(s->cmd->arena, STR_FMT " and " STR_FMT,
                                   STR_ARG(s->decided), STR_ARG(source));
}

static struct str
line_words(struct cmd *cmd, const struct snapshot_line *line)
{
    if (strcmp(line->kind, "WHEN") == 0)
        return str_fmt(cmd->arena, STR_FMT " %s WHEN(" STR_FMT "(" STR_FMT "))",
                       STR_ARG(line->who), saf_level_name(line->level),
                       STR_ARG(line->condition), STR_ARG(line->value));
    return str_fmt(cmd->arena, "%s%s" STR_FMT " %s", line->kind,
                   line->who.n > 0 && line->kind[0] != '*' ? " " : "",
                   STR_ARG(line->kind[0] == '*' ? STR("") : line->who),
                   saf_level_name(line->level));
}

static void
tell_source(void *arg, struct str source, const struct snapshot_line *line)
{
    struct sources *s = arg;

    if (s->n++ == 0)
        cmd_line(s->cmd, STR("   These were merged from:"));
    cmd_printf(s->cmd, "      " STR_FMT ": " STR_FMT, STR_ARG(source),
               STR_ARG(line_words(s->cmd, line)));
}

/* --- one state ----------------------------------------------------------- */

static void
tell_line(void *arg, const struct snapshot_line *line)
{
    struct cmd *cmd = arg;

    cmd_printf(cmd, "      " STR_FMT "%s", STR_ARG(line_words(cmd, line)),
               strcmp(line->kind, "WHEN") != 0 ? ""
               : line->holds                   ? ": holds now"
                                               : ": does not hold");
}

struct question {
    const struct acee *acee;
    const struct saf_class *class_;
    struct str resource;
    enum saf_level level;
    struct saf_where where;
};

static void
tell_state(struct cmd *cmd, const char *title, const void *image,
           const struct question *q, const struct saf_decision *d)
{
    struct sources sources = { .cmd = cmd, .d = d, .decided = STR("") };

    cmd_printf(cmd, "%s: " STR_FMT, title, STR_ARG(answer_words(cmd, d)));
    if (d->profile[0] != '\0')
        cmd_printf(cmd, "   Profile: %s%s", d->profile,
                   d->is_generic ? " (G)" : "");
    else
        cmd_line(cmd, STR("   Profile: none"));
    snapshot_sources(image, q->acee, q->resource, find_deciding, &sources);
    cmd_printf(cmd, "   Decided by: " STR_FMT "%s" STR_FMT,
               STR_ARG(reason_words(cmd, q->acee, d, snapshot_flags(image))),
               sources.decided.n > 0 ? ", of " : "", STR_ARG(sources.decided));
    cmd_printf(cmd, "   Access allowed: %s, asked for: %s",
               saf_level_name(d->allowed), saf_level_name(d->requested));
    if (d->profile[0] != '\0') {
        cmd_line(cmd, STR("   Lines of the profile that concern the user:"));
        snapshot_lines(image, q->acee, q->resource, &q->where, tell_line, cmd);
        snapshot_sources(image, q->acee, q->resource, tell_source, &sources);
    }
}

static bool
is_same(const struct saf_decision *a, const struct saf_decision *b)
{
    return a->rc.saf == b->rc.saf && a->rc.racf == b->rc.racf &&
           a->allowed == b->allowed && a->is_warning == b->is_warning &&
           strcmp(a->profile, b->profile) == 0 &&
           strcmp(a->entry, b->entry) == 0;
}

static void
tell_after_refresh(struct cmd *cmd, const struct question *q,
                   const struct saf_decision *now)
{
    struct err_info why = { 0 };
    struct saf_decision d;
    struct buf image;

    buf_init(&image, SNAPSHOT_MAX);
    if (saf_engine_stored_image(cmd->engine, str_of(q->class_->name), &image,
                                &why) != ERR_OK) {
        CMD_MSG(cmd, "SPT1001E", str_of(why.text));
        cmd_rc(cmd, 12);
    } else {
        saf_engine_decide(cmd->engine, image.p, q->acee,
                          str_of(q->class_->name), q->resource, q->level,
                          &q->where, &d);
        if (is_same(now, &d))
            cmd_printf(cmd, "After SETROPTS RACLIST(%s) REFRESH: the same",
                       q->class_->name);
        else
            tell_state(
                cmd,
                str_z(cmd->arena,
                      str_fmt(cmd->arena, "After SETROPTS RACLIST(%s) REFRESH",
                              q->class_->name)),
                image.p, q, &d);
    }
    buf_fini(&image);
}

static uint32_t
run_explain(struct cmd *cmd)
{
    struct str user = cmd_value(cmd->positional[0]);
    struct question q = {
        .class_ =
            cmd_any_class(cmd, cmd_value(cmd->positional[1]), "CLASS NAME"),
        .resource = cmd_value(cmd->positional[2]),
        .level = cmd->positional[3] == NULL
                     ? SAF_READ
                     : (enum saf_level)cmd->positional[3]->number,
        .where = where_of(cmd),
    };
    struct err_info why = { 0 };
    struct saf_decision d;
    struct acee acee;
    struct str image;

    if (q.class_ == NULL)
        return 8;
    if (!str_eq_z(user, cmd->acee->user) && !cmd_is_special(cmd) &&
        !cmd_is_auditor(cmd)) {
        CMD_MSG(cmd, "SPT1014E", user);
        return 8;
    }
    if (!cmd_acee_of(cmd, user, cmd_value(cmd_arg(cmd, "GROUP")), &acee))
        return 8;
    tell_notes(cmd, &acee);
    q.acee = &acee;
    d = saf_authorize(cmd->engine, &acee, str_of(q.class_->name), q.resource,
                      q.level, &q.where);
    if (saf_engine_image_for(cmd->engine, str_of(q.class_->name), q.resource,
                             &image, &why) != ERR_OK) {
        CMD_MSG(cmd, "SPT1001E", str_of(why.text));
        return 12;
    }
    cmd_printf(cmd,
               "User " STR_FMT ", class %s, resource " STR_FMT ", access %s",
               STR_ARG(user), q.class_->name, STR_ARG(q.resource),
               saf_level_name(q.level));
    tell_state(cmd,
               (snapshot_flags(image.p) & SNAPSHOT_RACLISTED) != 0
                   ? "Now (RACLISTed)"
                   : "Now (from the database)",
               image.p, &q, &d);
    if ((snapshot_flags(image.p) & SNAPSHOT_RACLISTED) != 0)
        tell_after_refresh(cmd, &q, &d);
    return cmd->rc;
}

const struct cmd_verb cmd_explain = {
    "EXPLAIN",   "", explain_positional, 4, 3, CMD_TABLE(explain_rows),
    run_explain,
};
