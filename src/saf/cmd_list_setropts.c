/* SETROPTS LIST. */
#include "saf/cmd_private.h"
#include "saf/cmd_setropts.h"

#include <stdio.h>

#define WRAP 74u

static int64_t
option(struct cmd *cmd, const char *name)
{
    return saf_option(cmd->db, name);
}

/* Names of classes, wrapped near column 74. */
struct names {
    struct cmd *cmd;
    struct buf line;
    size_t n;
};

static void
add_class(struct names *to, const char *name)
{
    if (to->line.n + 9 > WRAP) {
        cmd_line(to->cmd, buf_view(&to->line));
        buf_clear(&to->line);
    }
    if (to->n++ > 0 && to->line.n > 0)
        buf_add_char(&to->line, ' ');
    buf_add_z(&to->line, name);
}

/* Those whose options have of `mask` just `want`; DATASET comes first, and the
 * two that are not in the table behind it. */
static void
list_classes_of(struct cmd *cmd, const char *title, uint32_t mask,
                uint32_t want)
{
    static const char *const first[] = { "DATASET", "USER", "GROUP" };
    struct names to = { .cmd = cmd };
    size_t n;
    const struct saf_class *v = saf_class_all(&n);

    buf_init(&to.line, 4096);
    buf_add_z(&to.line, title);
    /* Accesses are logged of those that are accessed. */
    for (size_t i = 0; i < (mask == CLASS_LOG_MASK ? 1 : ARRAY_LEN(first)); i++)
        if (mask == CLASS_ACTIVE || /* these always are */
            (saf_class_options(cmd->db, str_of(first[i])) & mask) == want)
            add_class(&to, first[i]);
    for (size_t i = 0; i < n; i++)
        if ((v[i].flags & CLASS_DATASET) == 0 &&
            (saf_class_options(cmd->db, str_of(v[i].name)) & mask) == want)
            add_class(&to, v[i].name);
    if (to.n == 0)
        buf_add_z(&to.line, "NONE");
    cmd_line(cmd, buf_view(&to.line));
    buf_fini(&to.line);
}

static void
list_classes(struct cmd *cmd, const char *title, uint32_t bit)
{
    list_classes_of(cmd, title, bit, bit);
}

static bool
has_text(struct cmd *cmd, const char *name)
{
    return saf_option_text(cmd->db, cmd->arena, name).n > 0;
}

static void
list_text(struct cmd *cmd, const char *text, const char *name, const char *on,
          const char *off)
{
    cmd_printf(cmd, "%s%s", text, has_text(cmd, name) ? on : off);
}

/* "x IS IN EFFECT, CURRENT OPTIONS:" and what the option is. */
static void
list_severity(struct cmd *cmd, const char *text, const char *name,
              const char *in_effect, const char *option_name)
{
    struct str how = saf_option_text(cmd->db, cmd->arena, name);

    if (how.n == 0) {
        cmd_printf(cmd, "%s IS NOT IN EFFECT", text);
        return;
    }
    cmd_printf(cmd, "%s IS %s, CURRENT OPTIONS:", text, in_effect);
    cmd_printf(cmd, "  %s %s OPTION IS IN EFFECT", option_name,
               str_starts(how, STR("W")) ? "WARNING" : "FAIL");
}

static void
list_attributes(struct cmd *cmd)
{
    static const char *const words[] = { "INITSTATS", "SAUDIT", "CMDVIOL",
                                         "OPERAUDIT", "APPLAUDIT" };
    struct buf line;

    buf_init(&line, 256);
    buf_add_z(&line, "ATTRIBUTES =");
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (option(cmd, words[i]) != 0) {
            buf_printf(&line, " %s", words[i]);
            if (i == 0 && has_text(cmd, "WHEN"))
                buf_add_z(&line, " WHEN(PROGRAM -- BASIC)");
        }
    buf_printf(
        &line, " TERMINAL(%s)",
        str_starts(saf_option_text(cmd->db, cmd->arena, "TERMINAL"), STR("N"))
            ? "NONE"
            : "READ");
    cmd_line(cmd, buf_view(&line));
    buf_fini(&line);
}

static void
list_logoptions(struct cmd *cmd)
{
    static const struct {
        const char *name;
        uint32_t want;
    } rows[] = {
        { "ALWAYS", CLASS_LOG_ALWAYS },
        { "NEVER", CLASS_LOG_NEVER },
        { "SUCCESSES", CLASS_LOG_SUCCESSES },
        { "FAILURES", CLASS_LOG_FAILURES },
        { "DEFAULT", 0 },
    };

    if (!cmd_is_auditor(cmd))
        return;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char title[64];

        snprintf(title, sizeof title,
                 "LOGOPTIONS \"%s\" CLASSES =  ", rows[i].name);
        list_classes_of(cmd, title, CLASS_LOG_MASK, rows[i].want);
    }
}

static void
list_switch(struct cmd *cmd, const char *text, const char *name, const char *on,
            const char *off)
{
    cmd_printf(cmd, "%s%s", text, option(cmd, name) != 0 ? on : off);
}

static void
list_rules(struct cmd *cmd)
{
    bool has_rules = false;

    for (int i = 1; i <= 8; i++) {
        char name[24];
        struct str rule, length;

        snprintf(name, sizeof name, "PASSWORD.RULE%d", i);
        rule = saf_option_text(cmd->db, cmd->arena, name);
        if (rule.n == 0 || !str_token(&rule, ' ', &length))
            continue;
        if (!has_rules)
            cmd_line(cmd, STR("INSTALLATION PASSWORD SYNTAX RULES:"));
        has_rules = true;
        cmd_printf(cmd, " RULE %d  LENGTH(" STR_FMT ")   " STR_FMT, i,
                   STR_ARG(length), STR_ARG(rule));
    }
    if (!has_rules) {
        cmd_line(cmd,
                 STR("NO INSTALLATION PASSWORD SYNTAX RULES ARE PRESENT."));
        return;
    }
    cmd_line(cmd, STR(" LEGEND:"));
    cmd_line(cmd, STR(" A-ALPHA C-CONSONANT L-ALPHANUM N-NUMERIC V-VOWEL "
                      "W-NOVOWEL *-ANYTHING"));
    cmd_line(cmd, STR(" c-MIXED CONSONANT m-MIXED NUMERIC v-MIXED VOWEL "
                      "$-NATIONAL s-SPECIAL"));
    cmd_line(cmd, STR(" x-MIXED ALL"));
}

static void
list_password(struct cmd *cmd)
{
    long long history = option(cmd, "PASSWORD.HISTORY");
    long long revoke = option(cmd, "PASSWORD.REVOKE");

    cmd_line(cmd, STR("PASSWORD PROCESSING OPTIONS:"));
    cmd_line(cmd, STR("THE ACTIVE PASSWORD ENCRYPTION ALGORITHM IS KDFAES"));
    cmd_printf(cmd, "PASSWORD CHANGE INTERVAL IS %3lld DAYS.",
               (long long)option(cmd, "PASSWORD.INTERVAL"));
    cmd_printf(cmd, "PASSWORD MINIMUM CHANGE INTERVAL IS %3lld DAYS.",
               (long long)option(cmd, "PASSWORD.MINCHANGE"));
    list_switch(cmd, "MIXED CASE PASSWORD SUPPORT IS ", "PASSWORD.MIXEDCASE",
                "IN EFFECT", "NOT IN EFFECT");
    list_switch(cmd, "SPECIAL CHARACTERS ARE ", "PASSWORD.SPECIALCHARS",
                "ALLOWED.", "NOT ALLOWED.");
    if (history > 0)
        cmd_printf(cmd,
                   "%3lld GENERATIONS OF PREVIOUS PASSWORDS BEING "
                   "MAINTAINED.",
                   history);
    else
        cmd_line(cmd, STR("NO PASSWORD HISTORY BEING MAINTAINED."));
    if (revoke > 0) {
        cmd_printf(cmd,
                   "AFTER %3lld CONSECUTIVE UNSUCCESSFUL PASSWORD ATTEMPTS,",
                   revoke);
        cmd_line(cmd, STR("A USERID WILL BE REVOKED."));
    } else {
        cmd_line(cmd, STR("USERIDS NOT BEING AUTOMATICALLY REVOKED."));
    }
    cmd_printf(cmd, "PASSWORD EXPIRATION WARNING LEVEL IS %3lld DAYS.",
               (long long)option(cmd, "PASSWORD.WARNING"));
    list_rules(cmd);
}

static void
list_prefix(struct cmd *cmd)
{
    struct str prefix = saf_option_text(cmd->db, cmd->arena, "PREFIX");

    if (prefix.n == 0)
        cmd_line(cmd, STR("SINGLE LEVEL NAMES NOT ALLOWED"));
    else
        cmd_printf(cmd, "SINGLE LEVEL NAMES PREFIXED BY " STR_FMT,
                   STR_ARG(prefix));
}

static struct str
text_or(struct cmd *cmd, const char *name, const char *otherwise)
{
    struct str text = saf_option_text(cmd->db, cmd->arena, name);

    return text.n > 0 ? text : str_of(otherwise);
}

/* Security labels are kept, not evaluated. */
static void
list_multi_level(struct cmd *cmd)
{
    int64_t days = option(cmd, "SESSIONINTERVAL");

    list_text(cmd, "COMPATIBILITY MODE IS ", "COMPATMODE", "IN EFFECT",
              "NOT IN EFFECT");
    list_text(cmd, "MULTI-LEVEL QUIET IS ", "MLQUIET", "IN EFFECT",
              "NOT IN EFFECT");
    list_text(cmd, "MULTI-LEVEL STABLE IS ", "MLSTABLE", "IN EFFECT",
              "NOT IN EFFECT");
    list_severity(cmd, "NO WRITE-DOWN", "MLS", "IN EFFECT", "MLS");
    list_severity(cmd, "MULTI-LEVEL ACTIVE", "MLACTIVE", "IN EFFECT",
                  "MLACTIVE");
    list_severity(cmd, "CATALOGUED DATA SETS ONLY", "CATDSNS", "IN EFFECT",
                  "CATALOGUED DATA SETS ONLY");
    cmd_printf(cmd, "USER-ID FOR JES NJEUSERID IS : " STR_FMT,
               STR_ARG(text_or(cmd, "JES.NJEUSERID", "????????")));
    cmd_printf(cmd, "USER-ID FOR JES UNDEFINEDUSER IS : " STR_FMT,
               STR_ARG(text_or(cmd, "JES.UNDEFINEDUSER", "++++++++")));
    cmd_printf(cmd,
               "PARTNER LU-VERIFICATION SESSIONKEY INTERVAL MAXIMUM/DEFAULT IS "
               "%5lld DAYS.",
               days == 0 ? 30LL : (long long)days);
}

static void
list_erase(struct cmd *cmd)
{
    if (option(cmd, "ERASE") == 0) {
        cmd_line(cmd, STR("ERASE-ON-SCRATCH IS INACTIVE"));
        return;
    }
    cmd_line(cmd, STR("ERASE-ON-SCRATCH IS ACTIVE, CURRENT OPTIONS:"));
    if (option(cmd, "ERASE.ALL") != 0)
        cmd_line(cmd, STR("  ERASE-ON-SCRATCH FOR ALL DATA SETS IS IN EFFECT"));
    else
        list_text(cmd, "  ERASE-ON-SCRATCH BY SECURITY LEVEL IS ",
                  "ERASE.SECLEVEL", "ACTIVE", "INACTIVE");
}

static void
list_rvary(struct cmd *cmd)
{
    static const char *const functions[] = { "SWITCH", "STATUS" };

    for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
        char name[24];

        snprintf(name, sizeof name, "RVARYPW.%s", functions[i]);
        cmd_printf(cmd, "%s RVARY PASSWORD IS IN EFFECT FOR THE %s FUNCTION.",
                   option(cmd, name) != 0 ? "INSTALLATION DEFINED" : "DEFAULT",
                   functions[i]);
    }
}

void
cmd_list_setropts(struct cmd *cmd)
{
    long long inactive = option(cmd, "INACTIVE");

    list_attributes(cmd);
    list_classes(cmd, "STATISTICS = ", CLASS_STATISTICS);
    if (cmd_is_auditor(cmd))
        list_classes(cmd, "AUDIT CLASSES = ", CLASS_AUDIT);
    list_classes(cmd, "ACTIVE CLASSES = ", CLASS_ACTIVE);
    list_classes(cmd, "GENERIC PROFILE CLASSES =  ", CLASS_GENERIC);
    list_classes(cmd, "GENERIC COMMAND CLASSES =  ", CLASS_GENCMD);
    list_classes(cmd, "GENLIST CLASSES =  ", CLASS_GENLIST);
    list_classes(cmd, "GLOBAL CHECKING CLASSES =  ", CLASS_GLOBAL);
    list_classes(cmd, "SETR RACLIST CLASSES =  ", CLASS_RACLIST);
    cmd_line(cmd, STR("GLOBAL=YES RACLIST ONLY =  NONE"));
    list_logoptions(cmd);
    list_switch(cmd, "AUTOMATIC DATASET PROTECTION IS ", "ADSP", "IN EFFECT",
                "NOT IN EFFECT");
    list_switch(cmd, "ENHANCED GENERIC NAMING IS ", "EGN", "IN EFFECT",
                "NOT IN EFFECT");
    list_switch(cmd, "REAL DATA SET NAMES OPTION IS ", "REALDSN", "ACTIVE",
                "INACTIVE");
    list_switch(cmd, "JES-BATCHALLRACF OPTION IS ", "JES.BATCHALLRACF",
                "ACTIVE", "INACTIVE");
    list_switch(cmd, "JES-XBMALLRACF OPTION IS ", "JES.XBMALLRACF", "ACTIVE",
                "INACTIVE");
    list_switch(cmd, "JES-EARLYVERIFY OPTION IS ", "JES.EARLYVERIFY", "ACTIVE",
                "INACTIVE");
    if (has_text(cmd, "PROTECTALL"))
        list_severity(cmd, "PROTECT-ALL", "PROTECTALL", "ACTIVE",
                      "PROTECT-ALL");
    else
        cmd_line(cmd, STR("PROTECT-ALL OPTION IS NOT IN EFFECT"));
    list_switch(cmd, "TAPE DATA SET PROTECTION IS ", "TAPEDSN", "ACTIVE",
                "INACTIVE");
    cmd_printf(cmd, "SECURITY RETENTION PERIOD IN EFFECT IS %5lld DAYS.",
               (long long)option(cmd, "RETPD"));
    list_erase(cmd);
    list_prefix(cmd);
    list_switch(cmd, "LIST OF GROUPS ACCESS CHECKING IS ", "GRPLIST", "ACTIVE.",
                "INACTIVE.");
    if (inactive > 0)
        cmd_printf(cmd,
                   "INACTIVE USERIDS ARE BEING AUTOMATICALLY REVOKED AFTER "
                   "%3lld DAYS.",
                   inactive);
    else
        cmd_line(cmd, STR("INACTIVE USERIDS ARE NOT BEING AUTOMATICALLY "
                          "REVOKED."));
    list_switch(cmd, "DATA SET MODELLING ", "MODEL.GDG",
                "IS BEING DONE FOR GDGS.", "NOT BEING DONE FOR GDGS.");
    list_switch(cmd, "USER DATA SET MODELLING ", "MODEL.USER", "IS BEING DONE.",
                "NOT BEING DONE.");
    list_switch(cmd, "GROUP DATA SET MODELLING ", "MODEL.GROUP",
                "IS BEING DONE.", "NOT BEING DONE.");
    list_password(cmd);
    list_rvary(cmd);
    list_text(cmd, "SECLABEL CONTROL IS ", "SECLABELCONTROL", "IN EFFECT",
              "NOT IN EFFECT");
    list_switch(cmd, "GENERIC OWNER ONLY IS ", "GENERICOWNER", "IN EFFECT",
                "NOT IN EFFECT");
    list_multi_level(cmd);
    list_switch(cmd, "ADDCREATOR IS ", "ADDCREATOR", "IN EFFECT",
                "NOT IN EFFECT");
    cmd_printf(cmd, "KERBLVL = %5.*s", STR_ARG(text_or(cmd, "KERBLVL", "0")));
    list_text(cmd, "MULTI-LEVEL FILE SYSTEM IS ", "MLFSOBJ", "IN EFFECT",
              "NOT IN EFFECT");
    list_text(cmd, "MULTI-LEVEL INTERPROCESS COMMUNICATIONS IS ", "MLIPCOBJ",
              "IN EFFECT", "NOT IN EFFECT");
    list_text(cmd, "MULTI-LEVEL NAME HIDING IS ", "MLNAMES", "IN EFFECT",
              "NOT IN EFFECT");
    list_text(cmd, "SECURITY LABEL BY SYSTEM IS ", "SECLBYSYSTEM", "IN EFFECT",
              "NOT IN EFFECT");
    cmd_printf(cmd, "PRIMARY LANGUAGE DEFAULT : " STR_FMT,
               STR_ARG(text_or(cmd, "LANGUAGE.PRIMARY", "ENU")));
    cmd_printf(cmd, "SECONDARY LANGUAGE DEFAULT : " STR_FMT,
               STR_ARG(text_or(cmd, "LANGUAGE.SECONDARY", "ENU")));
}
