/*
 * RVARY: the status of the database and its standby, and who is which. It runs
 * without the store, which may be what is lost.
 */
#include "saf/cmd_private.h"

/* clang-format off */
#define WORD(name) { name, CMD_NONE, CMD_NO, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL }
static const struct cmd_operand rvary_rows[] = {
    WORD("LIST"), WORD("ACTIVE"), WORD("INACTIVE"), WORD("SWITCH"),
    { "DATASET", CMD_LIST, CMD_ASIS, 1, 246, NULL, NULL, NULL, NULL, NULL, NULL },
    WORD("DATASHARE"), WORD("TAPE"),
};
/* clang-format on */

static const struct {
    const char *name;
    enum saf_rvary what;
} actions[] = {
    { "LIST", SAF_RVARY_LIST },
    { "SWITCH", SAF_RVARY_SWITCH },
    { "ACTIVE", SAF_RVARY_ACTIVE },
    { "INACTIVE", SAF_RVARY_INACTIVE },
};

/* Exactly one action; DATASET with those that change something. */
static bool
read_action(struct cmd *cmd, enum saf_rvary *what)
{
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
        if (!cmd_has(cmd, actions[i].name))
            continue;
        *what = actions[i].what;
        n++;
    }
    return n == 1 &&
           cmd->n_args == (cmd_arg(cmd, "DATASET") != NULL ? 2u : 1u) &&
           (*what != SAF_RVARY_LIST || cmd_arg(cmd, "DATASET") == NULL);
}

static void
list(struct cmd *cmd, const struct saf_databases *d)
{
    CMD_MSG(cmd, "ICH15013I");
    cmd_line(cmd, STR("ACTIVE  USE   NUMBER  VOLUME   DATASET"));
    cmd_line(cmd, STR("------  ---   ------  ------   -------"));
    cmd_printf(cmd, " YES    PRIM     1    LINUX    " STR_FMT,
               STR_ARG(d->primary.n == 0 ? STR("(in storage)") : d->primary));
    if (d->standby.n > 0)
        cmd_printf(cmd, " %s    BACK     1    LINUX    " STR_FMT,
                   d->is_following ? "YES" : "NO ", STR_ARG(d->standby));
}

/* DATASET names the standby, or * all; the database in use stays active. */
static bool
is_standby_named(struct cmd *cmd, const struct saf_databases *d)
{
    const struct cmd_arg *names = cmd_arg(cmd, "DATASET");

    for (size_t i = 0; names != NULL && i < names->n_values; i++) {
        if (str_eq_z(names->values[i], "*") ||
            str_eq(names->values[i], d->standby))
            continue;
        CMD_MSG(cmd, "SPT1021E", names->values[i]);
        return false;
    }
    return true;
}

static uint32_t
act(struct cmd *cmd, enum saf_rvary what, struct saf_databases *d)
{
    const struct saf_hooks *hooks = cmd->session->hooks;
    struct err_info why = { 0 };
    enum err e;

    if (d->standby.n == 0) {
        CMD_MSG(cmd, "SPT1018E");
        return 8;
    }
    if (!is_standby_named(cmd, d))
        return 8;
    e = hooks->rvary(hooks->arg, cmd->arena, what, d, &why);
    if (e == ERR_OK)
        return 0;
    CMD_MSG(cmd, "SPT1019W", str_of(why.text));
    return 8;
}

static uint32_t
run_rvary(struct cmd *cmd)
{
    const struct saf_hooks *hooks = cmd->session->hooks;
    bool has_hook = hooks != NULL && hooks->rvary != NULL;
    enum saf_rvary what = SAF_RVARY_LIST;
    struct saf_databases d = { .is_following = false };
    struct err_info why = { 0 };
    uint32_t rc = 0;

    if (!read_action(cmd, &what)) {
        CMD_MSG(cmd, "SPT1013E");
        return 8;
    }
    if (!cmd_is_special(cmd) &&
        (what != SAF_RVARY_LIST || !cmd_is_auditor(cmd))) {
        CMD_MSG(cmd, "ICH15001I");
        return 8;
    }
    if (has_hook && hooks->rvary(hooks->arg, cmd->arena, SAF_RVARY_LIST, &d,
                                 &why) != ERR_OK) {
        CMD_MSG(cmd, "SPT1003E", str_of(why.text));
        return 12;
    }
    if (what != SAF_RVARY_LIST)
        rc = act(cmd, what, &d);
    if (rc != 0)
        return rc;
    list(cmd, &d);
    CMD_MSG(cmd, "ICH15020I");
    return 0;
}

const struct cmd_verb cmd_rvary = {
    "RVARY", "", NULL, 0, 0, CMD_TABLE(rvary_rows), run_rvary, true,
};
