/*
 * Authority over users that class FACILITY hands to others than their owners:
 * ALL, or some of them by PREFIX.OWNER.owner and PREFIX.TREE.group, of whom
 * PREFIX.EXCLUDE.user takes one away. Administrators are nobody's.
 */
#include "saf/authorize_private.h"
#include "saf/cmd_private.h"

struct asking {
    struct cmd *cmd;
    const char *prefix;
    enum saf_level level;
};

static struct saf_rc
access_to(const struct asking *q, const char *kind, struct str name)
{
    struct str resource = str_fmt(q->cmd->arena, "%s.%s." STR_FMT, q->prefix,
                                  kind, STR_ARG(name));

    return saf_authorize(q->cmd->engine, q->cmd->acee, STR("FACILITY"),
                         resource, q->level, NULL)
        .rc;
}

static bool
is_given(void *arg, struct str group)
{
    return access_to(arg, "TREE", group).saf == 0;
}

bool
cmd_is_delegated(struct cmd *cmd, const struct saf_user *u, const char *all,
                 const char *prefix, enum saf_level level)
{
    struct asking q = { cmd, prefix, level };

    if ((u->attrs &
         (ACEE_SPECIAL | ACEE_OPERATIONS | ACEE_AUDITOR | ACEE_ROAUDIT)) != 0)
        return false;
    if (saf_authorized(cmd->engine, cmd->acee, "FACILITY", str_of(all), level))
        return true;
    if (access_to(&q, "EXCLUDE", u->user).saf > 4)
        return false;
    return access_to(&q, "OWNER", u->owner).saf == 0 ||
           (saf_option(cmd->db, "GRPLIST") != 0 &&
            saf_scope_any(cmd->db, cmd->arena, u->owner, is_given, &q));
}
