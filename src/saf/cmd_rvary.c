/* RVARY LIST, and SWITCH where there is a standby. */
#include "saf/cmd_private.h"

/* clang-format off */
#define WORD(name) { name, CMD_NONE, CMD_NO, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL }
static const struct cmd_operand rvary_rows[] = {
    WORD("LIST"), WORD("ACTIVE"), WORD("INACTIVE"), WORD("SWITCH"),
    { "DATASET", CMD_LIST, CMD_ASIS, 1, 246, NULL, NULL, NULL, NULL, NULL, NULL },
    WORD("DATASHARE"), WORD("TAPE"),
};
/* clang-format on */

static uint32_t
run_rvary(struct cmd *cmd)
{
    const struct saf_hooks *hooks = cmd->session->hooks;
    bool is_switch = cmd->n_args == 1 && cmd_has(cmd, "SWITCH") &&
                     hooks != NULL && hooks->rvary != NULL;
    struct saf_query q;

    if (!is_switch && (cmd->n_args != 1 || !cmd_has(cmd, "LIST"))) {
        CMD_MSG(cmd, "SPT1013E");
        return 8;
    }
    if (!cmd_is_special(cmd) && (is_switch || !cmd_is_auditor(cmd))) {
        CMD_MSG(cmd, "ICH15001I");
        return 8;
    }
    CMD_MSG(cmd, "ICH15013I");
    cmd_line(cmd, STR("ACTIVE  USE   NUMBER  VOLUME   DATASET"));
    cmd_line(cmd, STR("------  ---   ------  ------   -------"));
    q = saf_db_query(
        cmd->db, "SELECT file FROM pragma_database_list WHERE name='main'", "");
    if (saf_query_next(&q)) {
        struct str file = saf_query_str(&q, cmd->arena, 0);

        cmd_printf(cmd, " YES    PRIM     1    LINUX    " STR_FMT,
                   STR_ARG(file.n == 0 ? STR("(in storage)") : file));
    }
    saf_query_close(&q);
    if (hooks != NULL && hooks->rvary != NULL) {
        struct str standby = hooks->rvary(hooks->arg, cmd->arena, is_switch);

        if (standby.n > 0)
            cmd_printf(cmd, " NO     BACK     1    LINUX    " STR_FMT,
                       STR_ARG(standby));
        if (standby.n == 0 && is_switch) {
            CMD_MSG(cmd, "SPT1018E");
            return 8;
        }
    }
    CMD_MSG(cmd, "ICH15020I");
    return 0;
}

const struct cmd_verb cmd_rvary = {
    "RVARY", "", NULL, 0, 0, CMD_TABLE(rvary_rows), run_rvary,
};
