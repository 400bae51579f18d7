/* LISTDSD. */
#include "saf/cmd_private.h"
#include "saf/cmd_resource.h"

#include <time.h>

/* clang-format off */
#define WORD(name) { name, CMD_NONE, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL }
static const struct cmd_operand listdsd_rows[] = {
    { "DATASET", CMD_LIST, 0, 1, 44, NULL, NULL, NULL, NULL, "DATASET NAME", "NAME OF DATASET TO BE LISTED" },
    { "ID", CMD_LIST, CMD_NAME, 0, 0, NULL, NULL, NULL, NULL, "ID", "USERID OR GROUP NAME" },
    { "PREFIX", CMD_LIST, 0, 1, 44, NULL, NULL, NULL, NULL, NULL, NULL },
    WORD("ALL"), WORD("AUTHUSER"), WORD("DSNS"), WORD("HISTORY"),
    WORD("STATISTICS"), WORD("NORACF"),
    { "GENERIC", CMD_NONE, CMD_NO, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL },
    { "VOLUME", CMD_LIST, 0, 1, 6, NULL, NULL, NULL, NULL, NULL, NULL },
    WORD("DFP"), WORD("TME"), WORD("CSDATA"),
};
/* clang-format on */

static void
heading(struct cmd *cmd, const char *title, const char *dashes)
{
    cmd_line(cmd, STR(""));
    cmd_line(cmd, str_of(title));
    cmd_line(cmd, str_of(dashes));
}

static struct str
base(struct cmd *cmd, const struct saf_profile *p, const char *field)
{
    return saf_field_get(cmd->db, cmd->arena, SAF_KIND_PROFILE, p->id, "BASE",
                         field);
}

static void
list_base(struct cmd *cmd, const struct saf_profile *p)
{
    struct str volume = base(cmd, p, "VOLUME"), data = base(cmd, p, "DATA");
    enum saf_level own =
        cmd_may_alter_dataset(cmd, p) ? SAF_ALTER : cmd_own_access(cmd, p);

    heading(cmd, "LEVEL  OWNER    UNIVERSAL ACCESS   WARNING   ERASE",
            "-----  -------- ----------------   -------   -----");
    cmd_printf(cmd, " %02u    %-8.*s        %-7s       %-3s     %s", p->level,
               STR_ARG(p->owner), saf_level_name(p->uacc),
               p->is_warning ? "YES" : "NO",
               base(cmd, p, "ERASE").n > 0 ? "YES" : "NO");
    heading(cmd, "AUDITING", "--------");
    cmd_line(cmd, cmd_audit_text(cmd, &p->audit));
    heading(cmd, "NOTIFY", "--------");
    cmd_line(cmd, p->notify.n > 0 ? p->notify : STR("NO USER TO BE NOTIFIED"));
    heading(cmd, "YOUR ACCESS  CREATION GROUP  DATASET TYPE",
            "-----------  --------------  ------------");
    cmd_printf(cmd, "   %-13s%-15.*sNON-VSAM", saf_level_name(own),
               STR_ARG(base(cmd, p, "GROUP")));
    if (cmd_is_auditor(cmd)) {
        heading(cmd, "GLOBALAUDIT", "-----------");
        cmd_line(cmd, cmd_audit_text(cmd, &p->global_audit));
    }
    if (volume.n > 0) {
        heading(cmd, "VOLUMES ON WHICH DATASET RESIDES",
                "--------------------------------");
        cmd_line(cmd, volume);
    }
    if (data.n > 0) {
        heading(cmd, "INSTALLATION DATA", "-----------------");
        cmd_line(cmd, data);
    } else {
        cmd_line(cmd, STR(""));
        cmd_line(cmd, STR("NO INSTALLATION DATA"));
    }
}

static void
list_security(struct cmd *cmd, const struct saf_profile *p)
{
    struct str level = base(cmd, p, "SECLEVEL");
    struct str categories = base(cmd, p, "ADDCATEGORY");
    struct str label = base(cmd, p, "SECLABEL");

    heading(cmd, "              SECURITY LEVEL",
            "------------------------------------------");
    cmd_line(cmd, level.n > 0 ? level : STR("NO SECURITY LEVEL"));
    heading(cmd, "CATEGORIES", "----------");
    cmd_line(cmd, categories.n > 0 ? categories : STR("NO CATEGORIES"));
    heading(cmd, "SECLABEL", "--------");
    cmd_line(cmd, label.n > 0 ? label : STR("NO SECLABEL"));
}

static void
day_and_year(int32_t day, int *yday, int *year)
{
    time_t seconds = (time_t)day * 86400;
    struct tm tm = { 0 };

    (void)gmtime_r(&seconds, &tm);
    *yday = tm.tm_yday + 1;
    *year = tm.tm_year % 100;
}

void
cmd_list_history(struct cmd *cmd, const struct saf_profile *p)
{
    int d1, y1, d2, y2;

    day_and_year(p->created, &d1, &y1);
    day_and_year(p->changed, &d2, &y2);
    cmd_line(cmd, STR(""));
    cmd_line(cmd, STR("CREATION DATE  LAST REFERENCE DATE  LAST CHANGE DATE"));
    cmd_line(cmd, STR("(DAY) (YEAR)        (DAY) (YEAR)      (DAY) (YEAR)"));
    cmd_line(cmd, STR("-------------  -------------------  ----------------"));
    if (p->is_generic)
        cmd_printf(cmd, " %03d    %02d      NOT APPLICABLE FOR GENERIC PROFILE",
                   d1, y1);
    else
        cmd_printf(cmd,
                   " %03d    %02d          %03d    %02d        %03d    %02d",
                   d1, y1, d1, y1, d2, y2);
}

void
cmd_list_statistics(struct cmd *cmd, const struct saf_profile *p)
{
    heading(cmd, "ALTER COUNT  CONTROL COUNT  UPDATE COUNT  READ COUNT",
            "-----------  -------------  ------------  ----------");
    cmd_line(cmd, p->is_generic
                      ? STR("NOT APPLICABLE FOR GENERIC PROFILE")
                      : STR("  00000         00000         00000        "
                            "00000"));
}

static void
list_access(struct cmd *cmd, const struct saf_profile *p)
{
    struct saf_access *v;
    size_t n = saf_access_of(cmd->db, cmd->arena, p->id, &v), n_listed = 0;
    bool counts = !p->is_generic;

    heading(cmd,
            counts ? "   ID     ACCESS   ACCESS COUNT" : "   ID     ACCESS",
            counts ? "--------  -------  ------------" : "--------  -------");
    for (size_t i = 0; i < n; i++) {
        if (v[i].when_kind.n > 0)
            continue;
        n_listed++;
        if (counts)
            cmd_printf(cmd, "%-8.*s   %-7s     %05u", STR_ARG(v[i].who),
                       saf_level_name(v[i].level), v[i].count);
        else
            cmd_printf(cmd, "%-8.*s   %s", STR_ARG(v[i].who),
                       saf_level_name(v[i].level));
    }
    if (n_listed == 0)
        cmd_line(cmd, STR("NO ENTRIES IN STANDARD ACCESS LIST"));
    heading(cmd, "   ID    ACCESS   CLASS                ENTITY NAME",
            "-------- ------- -------- "
            "----------------------------------------------------");
    n_listed = 0;
    for (size_t i = 0; i < n; i++) {
        if (v[i].when_kind.n == 0)
            continue;
        n_listed++;
        cmd_printf(cmd, "%-8.*s %-7s %-8.*s " STR_FMT, STR_ARG(v[i].who),
                   saf_level_name(v[i].level), STR_ARG(v[i].when_kind),
                   STR_ARG(v[i].when_value));
    }
    if (n_listed == 0)
        cmd_line(cmd, STR("NO ENTRIES IN CONDITIONAL ACCESS LIST"));
}

static bool
may_list(struct cmd *cmd, const struct saf_profile *p)
{
    return cmd_is_auditor(cmd) || cmd_may_alter_dataset(cmd, p) ||
           cmd_own_access(cmd, p) >= SAF_READ;
}

static void
list_segments(struct cmd *cmd, const struct saf_profile *p)
{
    static const char *const segments[] = { "DFP", "TME", "CSDATA" };

    for (size_t i = 0; i < ARRAY_LEN(segments); i++)
        if (cmd_arg(cmd, segments[i]) != NULL)
            cmd_list_segment(cmd, SAF_KIND_PROFILE, p->id, segments[i]);
}

static void
list_profile(struct cmd *cmd, const struct saf_profile *p)
{
    bool all = cmd_has(cmd, "ALL");
    bool sees_list = cmd_is_auditor(cmd) || cmd_may_alter_dataset(cmd, p);

    cmd_printf(cmd, "INFORMATION FOR DATASET " STR_FMT "%s", STR_ARG(p->name),
               p->is_generic ? " (G)" : "");
    if (cmd_arg(cmd, "NORACF") == NULL) {
        list_base(cmd, p);
        if (all || cmd_has(cmd, "AUTHUSER"))
            list_security(cmd, p);
        if (all || cmd_has(cmd, "HISTORY"))
            cmd_list_history(cmd, p);
        if (all || cmd_has(cmd, "STATISTICS"))
            cmd_list_statistics(cmd, p);
        if (sees_list && (all || cmd_has(cmd, "AUTHUSER")))
            list_access(cmd, p);
    }
    list_segments(cmd, p);
}

static void
list_named(struct cmd *cmd, const struct cmd_arg *names, bool *is_first)
{
    for (size_t i = 0; i < names->n_values; i++) {
        struct str name,
            given = cmd_dataset_text(cmd, names->values[i], names->is_quoted);
        struct saf_profile p;

        if (!cmd_profile_name(cmd, cmd_dataset_class(), given, &name))
            continue;
        if (!cmd_find_best(cmd, cmd_dataset_class(), name, &p)) {
            CMD_MSG(cmd, "ICH35003I", name);
            cmd_rc(cmd, 4);
            continue;
        }
        if (!may_list(cmd, &p)) {
            CMD_MSG(cmd, "ICH35002I", name);
            cmd_rc(cmd, 4);
            continue;
        }
        for (int k = 0; k < 2 && !*is_first; k++)
            cmd_line(cmd, STR(""));
        *is_first = false;
        list_profile(cmd, &p);
    }
}

/* ID(x): whose first qualifier is x; PREFIX(x): that begin with x. */
static void
list_many(struct cmd *cmd, const struct cmd_arg *ids,
          const struct cmd_arg *prefixes, bool *is_first)
{
    struct saf_profile *v;
    size_t n = saf_profiles_of(cmd->db, cmd->arena, STR("DATASET"), &v);
    struct str self = str_of(cmd->acee->user);
    const struct str *wanted = ids != NULL        ? ids->values
                               : prefixes != NULL ? prefixes->values
                                                  : &self;
    size_t n_wanted = ids != NULL        ? ids->n_values
                      : prefixes != NULL ? prefixes->n_values
                                         : 1;

    for (size_t i = 0; i < n; i++) {
        bool fits = false;

        for (size_t j = 0; j < n_wanted; j++)
            fits = fits ||
                   (str_starts(v[i].name, wanted[j]) &&
                    (prefixes != NULL ||
                     str_starts(str_sub(v[i].name, wanted[j].n, v[i].name.n),
                                STR("."))));
        if (!fits || !may_list(cmd, &v[i]))
            continue;
        for (int k = 0; k < 2 && !*is_first; k++)
            cmd_line(cmd, STR(""));
        *is_first = false;
        list_profile(cmd, &v[i]);
    }
    if (*is_first) {
        CMD_MSG(cmd, "ICH35001I");
        cmd_rc(cmd, 4);
    }
}

static uint32_t
run_listdsd(struct cmd *cmd)
{
    const struct cmd_arg *names = cmd_arg(cmd, "DATASET");
    bool is_first = true;

    if (names != NULL)
        list_named(cmd, names, &is_first);
    else
        list_many(cmd, cmd_arg(cmd, "ID"), cmd_arg(cmd, "PREFIX"), &is_first);
    return cmd->rc;
}

const struct cmd_verb cmd_listdsd = {
    "LISTDSD", "LD", NULL, 0, 0, CMD_TABLE(listdsd_rows), run_listdsd,
};
