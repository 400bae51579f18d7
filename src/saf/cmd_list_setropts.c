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

/* "TITLE =  a b c", wrapped near column 74. */
static void
list_classes(struct cmd *cmd, const char *title, uint32_t bit, const char *lead)
{
    static const char *const built_in[] = { "USER", "GROUP" };
    struct buf line;
    size_t n, n_listed = 0;
    const struct saf_class *v = saf_class_all(&n);

    buf_init(&line, 4096);
    buf_add_z(&line, title);
    if (lead[0] != '\0') {
        buf_add_z(&line, lead);
        n_listed = 1;
    }
    /* DATASET comes first, wherever it is listed. */
    if (lead[0] == '\0' &&
        (saf_class_options(cmd->db, STR("DATASET")) & bit) != 0) {
        buf_add_z(&line, "DATASET");
        n_listed = 1;
    }
    for (size_t i = 0; lead[0] == '\0' && i < ARRAY_LEN(built_in); i++) {
        if ((saf_class_options(cmd->db, str_of(built_in[i])) & bit) == 0)
            continue;
        if (n_listed++ > 0)
            buf_add_char(&line, ' ');
        buf_add_z(&line, built_in[i]);
    }
    for (size_t i = 0; i < n; i++) {
        if ((v[i].flags & CLASS_DATASET) != 0 ||
            (saf_class_options(cmd->db, str_of(v[i].name)) & bit) == 0)
            continue;
        if (line.n + 9 > WRAP) {
            cmd_line(cmd, buf_view(&line));
            buf_clear(&line);
        }
        if (n_listed++ > 0 && line.n > 0)
            buf_add_char(&line, ' ');
        buf_add_z(&line, v[i].name);
    }
    if (n_listed == 0)
        buf_add_z(&line, "NONE");
    cmd_line(cmd, buf_view(&line));
    buf_fini(&line);
}

static bool
has_text(struct cmd *cmd, const char *name)
{
    return saf_option_text(cmd->db, cmd->arena, name).n > 0;
}

/* The option's text names this part: JES(BATCHALLRACF), MODEL(USER). */
static bool
names(struct cmd *cmd, const char *name, const char *part)
{
    return str_find(saf_option_text(cmd->db, cmd->arena, name), str_of(part)) !=
           STR_NPOS;
}

static void
list_text(struct cmd *cmd, const char *text, const char *name, const char *part,
          const char *on, const char *off)
{
    bool is_on = part == NULL ? has_text(cmd, name) : names(cmd, name, part);

    cmd_printf(cmd, "%s%s", text, is_on ? on : off);
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
        uint32_t bit;
    } rows[] = {
        { "ALWAYS", CLASS_LOG_ALWAYS },
        { "NEVER", CLASS_LOG_NEVER },
        { "SUCCESSES", CLASS_LOG_SUCCESSES },
        { "FAILURES", CLASS_LOG_FAILURES },
    };

    if (!cmd_is_auditor(cmd) && !cmd_is_special(cmd))
        return;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char title[64];

        snprintf(title, sizeof title,
                 "LOGOPTIONS \"%s\" CLASSES =  ", rows[i].name);
        list_classes(cmd, title, rows[i].bit, "");
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
list_protectall(struct cmd *cmd)
{
    struct str how = saf_option_text(cmd->db, cmd->arena, "PROTECTALL");

    if (how.n == 0) {
        cmd_line(cmd, STR("PROTECT-ALL OPTION IS NOT IN EFFECT"));
        return;
    }
    cmd_line(cmd, STR("PROTECT-ALL IS ACTIVE, CURRENT OPTIONS:"));
    cmd_printf(cmd, "  PROTECT-ALL %s OPTION IS IN EFFECT",
               str_starts(how, STR("W")) ? "WARNING" : "FAIL");
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

/* Security labels are kept, not evaluated. */
static void
list_multi_level(struct cmd *cmd)
{
    cmd_line(cmd, STR("COMPATIBILITY MODE IS NOT IN EFFECT"));
    cmd_line(cmd, STR("MULTI-LEVEL QUIET IS NOT IN EFFECT"));
    cmd_line(cmd, STR("MULTI-LEVEL STABLE IS NOT IN EFFECT"));
    cmd_line(cmd, STR("NO WRITE-DOWN IS NOT IN EFFECT"));
    cmd_line(cmd, STR("MULTI-LEVEL ACTIVE IS NOT IN EFFECT"));
    list_text(cmd, "CATALOGUED DATA SETS ONLY, IS ", "CATDSNS", NULL,
              "IN EFFECT", "NOT IN EFFECT");
    cmd_line(cmd, STR("USER-ID FOR JES NJEUSERID IS : ????????"));
    cmd_line(cmd, STR("USER-ID FOR JES UNDEFINEDUSER IS : ++++++++"));
    cmd_printf(cmd,
               "PARTNER LU-VERIFICATION SESSIONKEY INTERVAL MAXIMUM/DEFAULT IS "
               "%5lld DAYS.",
               option(cmd, "SESSIONINTERVAL") == 0
                   ? 30LL
                   : (long long)option(cmd, "SESSIONINTERVAL"));
}

/* LANGUAGE(PRIMARY(ENU) SECONDARY(DEU)), as it was given. */
static void
list_language(struct cmd *cmd, const char *which)
{
    struct str text = saf_option_text(cmd->db, cmd->arena, "LANGUAGE");
    size_t at = str_find(text, str_of(which)), open;
    struct str language = STR("ENU");

    if (at != STR_NPOS) {
        text = str_sub(text, at, text.n);
        open = str_find_char(text, '(');
        if (open != STR_NPOS)
            language =
                str_trim(str_sub(text, open + 1, str_find_char(text, ')')));
    }
    cmd_printf(cmd, "%s LANGUAGE DEFAULT : " STR_FMT, which, STR_ARG(language));
}

void
cmd_list_setropts(struct cmd *cmd)
{
    long long inactive = option(cmd, "INACTIVE");

    list_attributes(cmd);
    list_classes(cmd, "STATISTICS = ", CLASS_STATISTICS, "");
    list_classes(cmd, "AUDIT CLASSES = ", CLASS_AUDIT, "");
    list_classes(cmd, "ACTIVE CLASSES = ", CLASS_ACTIVE, "DATASET USER GROUP");
    list_classes(cmd, "GENERIC PROFILE CLASSES =  ", CLASS_GENERIC, "");
    list_classes(cmd, "GENERIC COMMAND CLASSES =  ", CLASS_GENCMD, "");
    list_classes(cmd, "GENLIST CLASSES =  ", CLASS_GENLIST, "");
    list_classes(cmd, "GLOBAL CHECKING CLASSES =  ", CLASS_GLOBAL, "");
    list_classes(cmd, "SETR RACLIST CLASSES =  ", CLASS_RACLIST, "");
    cmd_line(cmd, STR("GLOBAL=YES RACLIST ONLY =  NONE"));
    list_logoptions(cmd);
    cmd_line(cmd, STR("AUTOMATIC DATASET PROTECTION IS NOT IN EFFECT"));
    list_switch(cmd, "ENHANCED GENERIC NAMING IS ", "EGN", "IN EFFECT",
                "NOT IN EFFECT");
    list_switch(cmd, "REAL DATA SET NAMES OPTION IS ", "REALDSN", "ACTIVE",
                "INACTIVE");
    list_text(cmd, "JES-BATCHALLRACF OPTION IS ", "JES", "BATCHALLRACF",
              "ACTIVE", "INACTIVE");
    list_text(cmd, "JES-XBMALLRACF OPTION IS ", "JES", "XBMALLRACF", "ACTIVE",
              "INACTIVE");
    list_text(cmd, "JES-EARLYVERIFY OPTION IS ", "JES", "EARLYVERIFY", "ACTIVE",
              "INACTIVE");
    list_protectall(cmd);
    list_switch(cmd, "TAPE DATA SET PROTECTION IS ", "TAPEDSN", "ACTIVE",
                "INACTIVE");
    cmd_printf(cmd, "SECURITY RETENTION PERIOD IN EFFECT IS %5lld DAYS.",
               (long long)option(cmd, "RETPD"));
    list_text(cmd, "ERASE-ON-SCRATCH IS ", "ERASE", NULL, "ACTIVE", "INACTIVE");
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
    list_text(cmd, "DATA SET MODELLING ", "MODEL", "GDG",
              "IS BEING DONE FOR GDGS.", "NOT BEING DONE FOR GDGS.");
    list_text(cmd, "USER DATA SET MODELLING ", "MODEL", "USER",
              "IS BEING DONE.", "NOT BEING DONE.");
    list_text(cmd, "GROUP DATA SET MODELLING ", "MODEL", "GROUP",
              "IS BEING DONE.", "NOT BEING DONE.");
    list_password(cmd);
    cmd_line(cmd, STR("DEFAULT RVARY PASSWORD IS IN EFFECT FOR THE SWITCH "
                      "FUNCTION."));
    cmd_line(cmd, STR("DEFAULT RVARY PASSWORD IS IN EFFECT FOR THE STATUS "
                      "FUNCTION."));
    list_text(cmd, "SECLABEL CONTROL IS ", "SECLABELCONTROL", NULL, "IN EFFECT",
              "NOT IN EFFECT");
    list_switch(cmd, "GENERIC OWNER ONLY IS ", "GENERICOWNER", "IN EFFECT",
                "NOT IN EFFECT");
    list_multi_level(cmd);
    list_switch(cmd, "ADDCREATOR IS ", "ADDCREATOR", "IN EFFECT",
                "NOT IN EFFECT");
    cmd_printf(cmd, "KERBLVL = %5s", names(cmd, "KERBLVL", "1") ? "1" : "0");
    cmd_line(cmd, STR("MULTI-LEVEL FILE SYSTEM IS NOT IN EFFECT"));
    cmd_line(cmd, STR("MULTI-LEVEL INTERPROCESS COMMUNICATIONS IS NOT IN "
                      "EFFECT"));
    cmd_line(cmd, STR("MULTI-LEVEL NAME HIDING IS NOT IN EFFECT"));
    cmd_line(cmd, STR("SECURITY LABEL BY SYSTEM IS NOT IN EFFECT"));
    list_language(cmd, "PRIMARY");
    list_language(cmd, "SECONDARY");
}
