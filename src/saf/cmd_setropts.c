/* SETROPTS. Its LIST is in cmd_list_setropts.c. */
#include "saf/cmd_private.h"
#include "saf/cmd_setropts.h"

#include <stdio.h>
#include <string.h>

/* --- options that are numbers ------------------------------------------ */

/* clang-format off */
#define CLASSES(name) { name, CMD_LIST, CMD_NO | CMD_NO_LIST, 1, 8, NULL, NULL, NULL, NULL, name, "CLASS NAMES FOR " name "+CLASS NAMES:  ANY (NON-GROUP) RESOURCE CLASS" }
#define FLAG(name) { name, CMD_NONE, CMD_NO, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL }
#define NUM(name, lo, hi) { name, CMD_NUMBER, CMD_NO, lo, hi, NULL, NULL, NULL, NULL, NULL, NULL }
#define RULE(name) { name, CMD_NESTED, CMD_NO, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL }
/* Kept as text under the operand's name. */
#define KEPT "SETROPTS"
#define SWITCH(name) { name, CMD_NONE, CMD_NO, 0, 0, NULL, NULL, KEPT, name, NULL, NULL }
#define ONEOF(name, words) { name, CMD_CHOICE, CMD_NO | CMD_OPTIONAL, 0, 0, NULL, words, KEPT, name, NULL, NULL }
#define TXT(name, max, flags, of) { name, CMD_TEXT, (flags), 1, max, NULL, NULL, of, name, NULL, NULL }
/* JES(BATCHALLRACF) is option JES.BATCHALLRACF. */
#define PART(name, of) { name, CMD_NONE, CMD_NO, 0, 0, NULL, NULL, of, name, NULL, NULL }
#define PARTS(name, table, flags) { name, CMD_SUB, CMD_NO | (flags), 0, 0, &table, NULL, name, NULL, NULL, NULL }

static const char *const algorithms[] = { "KDFAES", NULL };
static const struct cmd_operand password_rows[] = {
    NUM("INTERVAL", 1, 254), NUM("MINCHANGE", 0, 254), NUM("HISTORY", 1, 32),
    NUM("REVOKE", 1, 254), NUM("WARNING", 1, 255), NUM("PHRASEINT", 1, 65534),
    FLAG("MIXEDCASE"), FLAG("SPECIALCHARS"),
    { "ALGORITHM", CMD_CHOICE, CMD_NO, 0, 0, NULL, algorithms, NULL, NULL, NULL, NULL },
    RULE("RULE1"), RULE("RULE2"), RULE("RULE3"), RULE("RULE4"), RULE("RULE5"),
    RULE("RULE6"), RULE("RULE7"), RULE("RULE8"), FLAG("RULES"),
};
static const struct cmd_table password_table = CMD_TABLE(password_rows);

static const struct cmd_operand logoptions_rows[] = {
    CLASSES("ALWAYS"), CLASSES("NEVER"), CLASSES("SUCCESSES"),
    CLASSES("FAILURES"), CLASSES("DEFAULT"),
};
static const struct cmd_table logoptions_table = CMD_TABLE(logoptions_rows);

/* The first is what the operand without a value means. */
static const char *const fail_or_warn[] = { "FAILURES", "WARNING", NULL };
static const char *const warn_or_fail[] = { "WARNING", "FAILURES", NULL };
static const char *const active_or_not[] = { "ACTIVE", "INACTIVE", NULL };
static const char *const read_or_none[] = { "READ", "NONE", NULL };
static const char *const program[] = { "PROGRAM", NULL };
static const char *const kerb_levels[] = { "0", "1", NULL };
static const struct cmd_operand jes_rows[] = {
    PART("BATCHALLRACF", "JES"), PART("XBMALLRACF", "JES"), PART("EARLYVERIFY", "JES"),
    TXT("NJEUSERID", 8, 0, "JES"), TXT("UNDEFINEDUSER", 8, 0, "JES"),
};
static const struct cmd_table jes_table = CMD_TABLE(jes_rows);
static const struct cmd_operand language_rows[] = {
    TXT("PRIMARY", 24, 0, "LANGUAGE"), TXT("SECONDARY", 24, 0, "LANGUAGE"),
};
static const struct cmd_table language_table = CMD_TABLE(language_rows);
static const struct cmd_operand model_rows[] = {
    PART("GDG", "MODEL"), PART("USER", "MODEL"), PART("GROUP", "MODEL"),
};
static const struct cmd_table model_table = CMD_TABLE(model_rows);
static const struct cmd_operand erase_rows[] = {
    PART("ALL", "ERASE"), TXT("SECLEVEL", 44, CMD_NO, "ERASE"),
};
static const struct cmd_table erase_table = CMD_TABLE(erase_rows);
static const struct cmd_operand rvarypw_rows[] = {
    TXT("SWITCH", 8, CMD_SECRET | CMD_ASIS, "RVARYPW"), TXT("STATUS", 8, CMD_SECRET | CMD_ASIS, "RVARYPW"),
};
static const struct cmd_table rvarypw_table = CMD_TABLE(rvarypw_rows);

static const struct cmd_operand setropts_rows[] = {
    FLAG("LIST"), FLAG("REFRESH"),
    CLASSES("CLASSACT"), CLASSES("GENERIC"), CLASSES("GENCMD"),
    CLASSES("RACLIST"), CLASSES("GLOBAL"), CLASSES("GENLIST"),
    CLASSES("STATISTICS"), CLASSES("AUDIT"),
    { "LOGOPTIONS", CMD_SUB, 0, 0, 0, &logoptions_table, NULL, NULL, NULL, NULL, NULL },
    FLAG("GRPLIST"), FLAG("ADDCREATOR"), FLAG("EGN"), FLAG("GENERICOWNER"),
    FLAG("INITSTATS"), FLAG("SAUDIT"), FLAG("CMDVIOL"), FLAG("OPERAUDIT"),
    FLAG("APPLAUDIT"), FLAG("REALDSN"), FLAG("TAPEDSN"), FLAG("ADSP"),
    NUM("INACTIVE", 1, 255), NUM("SESSIONINTERVAL", 0, 32767), NUM("RETPD", 0, 65533),
    { "PASSWORD", CMD_SUB, 0, 0, 0, &password_table, NULL, NULL, NULL, NULL, NULL },
    ONEOF("PROTECTALL", fail_or_warn), TXT("PREFIX", 8, CMD_NO, KEPT),
    ONEOF("TERMINAL", read_or_none),
    { "WHEN", CMD_CHOICE, CMD_NO | CMD_NO_LIST | CMD_OPTIONAL, 0, 0, NULL, program, KEPT, "WHEN", NULL, "PROGRAM" },
    PARTS("MODEL", model_table, 0), PARTS("ERASE", erase_table, CMD_OPTIONAL),
    ONEOF("CATDSNS", fail_or_warn), PARTS("JES", jes_table, 0),
    PARTS("LANGUAGE", language_table, 0), PARTS("RVARYPW", rvarypw_table, CMD_SECRET),
    SWITCH("SECLABELCONTROL"), ONEOF("MLACTIVE", warn_or_fail),
    ONEOF("MLS", warn_or_fail), SWITCH("MLSTABLE"), SWITCH("MLQUIET"),
    ONEOF("KERBLVL", kerb_levels), ONEOF("MLFSOBJ", active_or_not),
    ONEOF("MLIPCOBJ", active_or_not), SWITCH("MLNAMES"),
    SWITCH("SECLBYSYSTEM"), SWITCH("SECLABELAUDIT"),
    TXT("SECLEVELAUDIT", 44, CMD_NO, KEPT), SWITCH("COMPATMODE"),
};
/* clang-format on */

static const char *const switches[] = {
    "GRPLIST", "ADDCREATOR", "EGN",       "GENERICOWNER",    "INITSTATS",
    "SAUDIT",  "CMDVIOL",    "OPERAUDIT", "APPLAUDIT",       "REALDSN",
    "TAPEDSN", "INACTIVE",   "RETPD",     "SESSIONINTERVAL", "ADSP",
};

static void
set_switches(struct cmd *cmd)
{
    for (size_t i = 0; i < ARRAY_LEN(switches); i++) {
        const struct cmd_arg *arg = cmd_arg(cmd, switches[i]);
        int64_t value;

        if (arg == NULL)
            continue;
        value = arg->is_negated                     ? 0
                : arg->operand->value == CMD_NUMBER ? arg->number
                                                    : 1;
        saf_option_put(cmd->db, switches[i], value);
        if (strcmp(switches[i], "GRPLIST") == 0 ||
            strcmp(switches[i], "OPERAUDIT") == 0)
            cmd_republish_all(cmd);
    }
}

/* --- options that are kept, by their rows -------------------------------- */

static void
put_text(struct cmd *cmd, const struct cmd_arg *arg)
{
    const struct cmd_operand *o = arg->operand;

    saf_option_text_put(cmd->db, o->name,
                        arg->is_negated        ? STR("")
                        : o->value == CMD_NONE ? STR("YES")
                        : o->value == CMD_TEXT ? cmd_value(arg)
                        : str_eq_z(cmd_value(arg), "INACTIVE")
                            ? STR("")
                            : str_of(o->choices[arg->number]));
    if (strcmp(o->name, "WHEN") == 0)
        cmd_republish_all(cmd); /* program control */
}

/* Passwords of RVARY are asked by nobody here: that there is one is kept. */
static void
put_part(struct cmd *cmd, const struct cmd_operand *part, bool is_on,
         struct str value)
{
    char name[48];

    snprintf(name, sizeof name, "%s.%s", part->segment, part->name);
    if (part->value == CMD_NONE || (part->flags & CMD_SECRET) != 0)
        saf_option_put(cmd->db, name, is_on);
    else
        saf_option_text_put(cmd->db, name, value);
}

/* NOMODEL and NOERASE take all parts away. */
static void
put_parts(struct cmd *cmd, const struct cmd_arg *arg)
{
    const struct cmd_table *parts = arg->operand->sub;

    saf_option_put(cmd->db, arg->operand->name, !arg->is_negated);
    for (size_t i = 0; arg->is_negated && i < parts->n; i++)
        put_part(cmd, &parts->v[i], false, STR(""));
    for (size_t i = 0; i < arg->n_subs; i++)
        put_part(cmd, arg->subs[i].operand, !arg->subs[i].is_negated,
                 arg->subs[i].is_negated ? STR("") : cmd_value(&arg->subs[i]));
}

/* The users of jobs from elsewhere and of nobody are names that no user has. */
static bool
are_no_users(struct cmd *cmd)
{
    static const char *const names[] = { "NJEUSERID", "UNDEFINEDUSER" };
    const struct cmd_arg *jes = cmd_arg(cmd, "JES");

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const struct cmd_arg *arg = cmd_sub(jes, names[i]);

        if (arg != NULL && cmd_user_exists(cmd, cmd_value(arg))) {
            cmd_say_invalid(cmd, arg->operand, cmd_value(arg));
            return false;
        }
    }
    return true;
}

static bool
set_kept(struct cmd *cmd)
{
    for (size_t i = 0; i < cmd->n_args; i++) {
        const struct cmd_arg *arg = &cmd->args[i];

        if (arg->operand->segment == NULL)
            continue;
        if (arg->operand->value == CMD_SUB)
            put_parts(cmd, arg);
        else
            put_text(cmd, arg);
    }
    return are_no_users(cmd);
}

/* --- PASSWORD(...) ----------------------------------------------------- */

/* LENGTH(a:b) ALPHA(1:3,5) ... to "a:b mask". */
static bool
parse_rule(struct cmd *cmd, struct str text, struct str *rule)
{
    static const struct {
        const char *name;
        char mask;
    } contents[] = {
        { "ALPHA", 'A' },      { "ALPHANUM", 'L' },       { "CONSONANT", 'C' },
        { "MIXEDALL", 'x' },   { "MIXEDCONSONANT", 'c' }, { "MIXEDNUM", 'm' },
        { "MIXEDVOWEL", 'v' }, { "NATIONAL", '$' },       { "NOVOWEL", 'W' },
        { "NUMERIC", 'N' },    { "SPECIAL", 's' },        { "VOWEL", 'V' },
    };
    uint32_t min = 1, max = 8, from, to;
    char mask[9] = "********";
    struct str rest = text;

    while (rest.n > 0) {
        size_t open = str_find_char(rest, '('),
               close = str_find_char(rest, ')');
        struct str name, inside, part;
        char c = '\0';

        if (open == STR_NPOS || close == STR_NPOS || close < open)
            return false;
        name = str_trim(str_sub(rest, 0, open));
        inside = str_sub(rest, open + 1, close);
        rest = str_trim(str_sub(rest, close + 1, rest.n));
        for (size_t i = 0; i < ARRAY_LEN(contents); i++)
            if (str_eq_z(name, contents[i].name))
                c = contents[i].mask;
        if (c == '\0' && !str_eq_z(name, "LENGTH"))
            return false;
        while (str_token(&inside, ',', &part)) {
            struct reader in = reader_of(str_trim(part));

            if (!reader_decimal(&in, &from))
                return false;
            to = from;
            if (reader_accept(&in, ':') && !reader_decimal(&in, &to))
                return false;
            if (!reader_at_end(&in) || from < 1 || to > 8 || from > to)
                return false;
            if (c == '\0') {
                min = from;
                max = to;
            }
            for (uint32_t i = from; c != '\0' && i <= to; i++)
                mask[i - 1] = c;
        }
    }
    mask[max] = '\0';
    *rule = str_fmt(cmd->arena, "%u:%u %s", min, max, mask);
    return true;
}

static bool
set_rules(struct cmd *cmd, const struct cmd_arg *password)
{
    const struct cmd_arg *all = cmd_sub(password, "RULES");

    for (int i = 1; i <= 8; i++) {
        char operand[8], option[24];
        const struct cmd_arg *arg;
        struct str rule = STR("");

        snprintf(operand, sizeof operand, "RULE%d", i);
        snprintf(option, sizeof option, "PASSWORD.RULE%d", i);
        arg = cmd_sub(password, operand);
        if (all != NULL && all->is_negated)
            saf_option_text_put(cmd->db, option, rule);
        if (arg == NULL)
            continue;
        if (!arg->is_negated && !parse_rule(cmd, cmd_value(arg), &rule)) {
            CMD_MSG(cmd, "IKJ56702I", str_of(arg->operand->name),
                    cmd_value(arg));
            return false;
        }
        saf_option_text_put(cmd->db, option, rule);
    }
    return true;
}

static bool
set_password(struct cmd *cmd)
{
    static const char *const names[] = { "INTERVAL",  "MINCHANGE",
                                         "HISTORY",   "REVOKE",
                                         "WARNING",   "PHRASEINT",
                                         "MIXEDCASE", "SPECIALCHARS" };
    const struct cmd_arg *password = cmd_arg(cmd, "PASSWORD");

    if (password == NULL)
        return true;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const struct cmd_arg *arg = cmd_sub(password, names[i]);
        char option[32];

        if (arg == NULL)
            continue;
        snprintf(option, sizeof option, "PASSWORD.%s", names[i]);
        saf_option_put(cmd->db, option,
                       arg->is_negated                     ? 0
                       : arg->operand->value == CMD_NUMBER ? arg->number
                                                           : 1);
    }
    if (saf_option(cmd->db, "PASSWORD.MINCHANGE") >
        saf_option(cmd->db, "PASSWORD.INTERVAL")) {
        CMD_MSG(cmd, "ICH14083I");
        return false;
    }
    return set_rules(cmd, password);
}

/* --- running ----------------------------------------------------------- */

/* SPECIAL or AUDITOR in any group: may list, and refresh generic profiles. */
static bool
is_group_administrator(struct cmd *cmd)
{
    struct saf_connect *v;
    size_t n =
        saf_connects_of_user(cmd->db, cmd->arena, str_of(cmd->acee->user), &v);

    for (size_t i = 0; i < n; i++)
        if ((v[i].attrs & (ACEE_SPECIAL | ACEE_AUDITOR)) != 0 &&
            !saf_connect_is_revoked(&v[i], cmd->today))
            return true;
    return false;
}

/* GENERIC(c) REFRESH and the like: those who look after the system, or after
 * each of the classes. */
static bool
may_refresh(struct cmd *cmd, const struct cmd_arg *arg)
{
    if (arg == NULL || arg->is_negated)
        return false;
    if ((cmd->acee->attrs & (ACEE_OPERATIONS | ACEE_AUDITOR)) != 0 &&
        strcmp(arg->operand->name, "RACLIST") != 0)
        return true;
    if (strcmp(arg->operand->name, "GENERIC") == 0 &&
        is_group_administrator(cmd))
        return true;
    for (size_t i = 0; i < arg->n_values; i++) {
        const char *name = str_z(cmd->arena, arg->values[i]);

        if (name == NULL || !cmd_has_clauth(cmd, name))
            return false;
    }
    return arg->n_values > 0;
}

/* Auditors set what is audited, nothing else, and nobody else does: whoever
 * administers must not be able to do it unseen. */
static bool
may_specify(struct cmd *cmd, const struct cmd_arg *arg)
{
    static const char *const refreshed[] = { "RACLIST", "GENERIC", "GLOBAL" };
    static const char *const of_auditors[] = {
        "AUDIT",     "LOGOPTIONS", "SAUDIT",        "CMDVIOL",
        "OPERAUDIT", "APPLAUDIT",  "SECLABELAUDIT", "SECLEVELAUDIT",
    };

    for (size_t i = 0; i < ARRAY_LEN(of_auditors); i++)
        if (strcmp(arg->operand->name, of_auditors[i]) == 0)
            return (cmd->acee->attrs & ACEE_AUDITOR) != 0;
    if (cmd_is_special(cmd))
        return true;
    if (strcmp(arg->operand->name, "LIST") == 0)
        return cmd_is_auditor(cmd) || is_group_administrator(cmd);
    for (size_t i = 0; i < ARRAY_LEN(refreshed) && cmd_has(cmd, "REFRESH"); i++)
        if ((strcmp(arg->operand->name, refreshed[i]) == 0 ||
             strcmp(arg->operand->name, "REFRESH") == 0) &&
            may_refresh(cmd, cmd_arg(cmd, refreshed[i])))
            return true;
    return false;
}

/* What the issuer may not set is left out, after a message; false when nothing
 * is left. */
static bool
may_issue(struct cmd *cmd)
{
    struct cmd_arg *args = (struct cmd_arg *)(uintptr_t)cmd->args;
    struct str ignored = STR("");
    bool *is_ok = ARENA_ARRAY(cmd->arena, bool, cmd->n_args + 1);
    size_t n = 0;

    for (size_t i = 0; is_ok != NULL && i < cmd->n_args; i++) {
        is_ok[i] = may_specify(cmd, &args[i]);
        if (!is_ok[i])
            ignored = str_fmt(cmd->arena, STR_FMT "%s%s", STR_ARG(ignored),
                              ignored.n == 0 ? "" : ",", args[i].operand->name);
    }
    for (size_t i = 0; is_ok != NULL && i < cmd->n_args; i++)
        if (is_ok[i])
            args[n++] = args[i];
    cmd->n_args = n;
    if (ignored.n == 0)
        return n > 0 || cmd_is_special(cmd);
    if (n == 0 && !cmd_is_special(cmd))
        return false;
    CMD_MSG(cmd, "ICH14002I", ignored);
    cmd_rc(cmd, 4);
    return n > 0;
}

/* Data sets of one qualifier are a group's. */
static bool
has_prefix_group(struct cmd *cmd)
{
    const struct cmd_arg *prefix = cmd_arg(cmd, "PREFIX");

    if (prefix == NULL || prefix->is_negated ||
        cmd_group_exists(cmd, cmd_value(prefix)))
        return true;
    cmd_say_invalid(cmd, prefix->operand, cmd_value(prefix));
    return false;
}

static uint32_t
run_setropts(struct cmd *cmd)
{
    if (!may_issue(cmd)) {
        if (cmd->rc == 0)
            CMD_MSG(cmd, "ICH14001I");
        return cmd->rc == 0 ? 8 : cmd->rc;
    }
    if (cmd->n_args == 0 ||
        (cmd->n_args == 1 && cmd_arg(cmd, "REFRESH") != NULL)) {
        CMD_MSG(cmd, "SPT0396E", cmd->n_args == 0 ? STR("") : STR(" REFRESH"));
        return 4;
    }
    if (!cmd_knows_all_classes(cmd) || !has_prefix_group(cmd))
        return cmd_abandon(cmd, 8);
    set_switches(cmd);
    if (!set_kept(cmd) || !set_password(cmd) || !cmd_set_class_options(cmd))
        return cmd_abandon(cmd, 8);
    if (cmd_has(cmd, "LIST"))
        cmd_list_setropts(cmd);
    CMD_MSG(cmd, "ICH14063I");
    return cmd->rc;
}

const struct cmd_verb cmd_setropts = {
    "SETROPTS", "SETR", NULL, 0, 0, CMD_TABLE(setropts_rows), run_setropts,
};
