/* RLIST. */
#include "saf/cmd_private.h"
#include "saf/cmd_resource.h"

#include <string.h>

/* clang-format off */
#define KEY(name) { name, CMD_NONE, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL }
static const struct cmd_operand rlist_rows[] = {
    KEY("ALL"), KEY("AUTHUSER"), KEY("HISTORY"), KEY("STATISTICS"),
    { "GENERIC", CMD_NONE, CMD_NO, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL },
    KEY("RESGROUP"), KEY("NORACF"),
    KEY("STDATA"), KEY("SSIGNON"), KEY("ICTX"), KEY("EIM"), KEY("PROXY"), KEY("KERB"),
    KEY("SESSION"), KEY("SVFMR"), KEY("DLFDATA"), KEY("TME"), KEY("CDTINFO"),
    KEY("CFDEF"), KEY("SIGVER"), KEY("ICSF"), KEY("MFA"), KEY("MFPOLICY"),
    KEY("IDTPARMS"), KEY("JES"), KEY("CSDATA"),
};
static const char *const not_segments[] = {
    "ALL", "AUTHUSER", "HISTORY", "STATISTICS", "GENERIC", "RESGROUP", "NORACF",
};
/* clang-format on */

static const struct cmd_operand rlist_positional[] = {
    { "CLASS", CMD_LIST, 0, 1, 8, NULL, NULL, NULL, NULL, "CLASS NAME",
      "CLASS NAME" },
    { "PROFILE", CMD_LIST, CMD_ASIS, 1, 246, NULL, NULL, NULL, NULL,
      "ENTITY NAME", "NAME OF ENTITY TO BE LISTED" },
};

static struct str
base_field(struct cmd *cmd, const struct saf_profile *p, const char *field)
{
    return saf_field_get(cmd->db, cmd->arena, SAF_KIND_PROFILE, p->id, "BASE",
                         field);
}

static void
heading(struct cmd *cmd, const char *title, const char *dashes)
{
    cmd_line(cmd, STR(""));
    cmd_line(cmd, str_of(title));
    cmd_line(cmd, str_of(dashes));
}

/* NAME/VOLUME/PADCHK. */
static void
list_programs(struct cmd *cmd, const struct saf_member *v, size_t n)
{
    heading(cmd, "MEMBER CLASS NAME", "------ ----- ----");
    cmd_line(cmd, STR("PMBR"));
    cmd_line(cmd, STR("DATA SET NAME                                 VOLSER"
                      "   PADS CHECKING"));
    cmd_line(cmd, STR("-------------                                 ------"
                      "   -------------"));
    for (size_t i = 0; i < n; i++) {
        struct str rest = v[i].name, name, volume = STR("");

        (void)str_token(&rest, '/', &name);
        (void)str_token(&rest, '/', &volume);
        cmd_printf(cmd, "%-44.*s  %-6.*s   %s", STR_ARG(name), STR_ARG(volume),
                   str_eq_z(rest, "NOPADCHK") ? "NO" : "YES");
    }
}

static void
list_members(struct cmd *cmd, const struct saf_class *class_,
             const struct saf_profile *p)
{
    struct saf_member *v;
    size_t n;

    if (class_->group[0] != '\0') {
        heading(cmd, "GROUP CLASS NAME", "----- ----- ----");
        cmd_line(cmd, str_of(class_->group));
    }
    if ((class_->flags & (CLASS_GROUPING | CLASS_HAS_MEMBERS)) == 0)
        return;
    if (class_->member[0] != '\0') {
        heading(cmd, "MEMBER CLASS NAME", "------ ----- ----");
        cmd_line(cmd, str_of(class_->member));
    }
    n = saf_members_of(cmd->db, cmd->arena, p->id, &v);
    if (strcmp(class_->name, "PROGRAM") == 0) {
        list_programs(cmd, v, n);
        return;
    }
    heading(cmd, "RESOURCES IN GROUP", "--------- -- -----");
    for (size_t i = 0; i < n; i++) {
        if (strcmp(class_->name, "GLOBAL") == 0)
            cmd_printf(cmd, STR_FMT "/%s", STR_ARG(v[i].name),
                       saf_level_name(v[i].level));
        else
            cmd_line(cmd, v[i].name);
    }
    if (n == 0)
        cmd_line(cmd, STR("NONE"));
}

enum saf_level
cmd_own_access(struct cmd *cmd, const struct saf_profile *p)
{
    return cmd_access_of(cmd, cmd->acee, p);
}

enum saf_level
cmd_access_of(struct cmd *cmd, const struct acee *acee,
              const struct saf_profile *p)
{
    struct saf_access *v;
    size_t n = saf_access_of(cmd->db, cmd->arena, p->id, &v);
    enum saf_level by_group = SAF_NONE, other = p->uacc;
    bool has_group = false;

    if (str_eq_z(p->owner, acee->user))
        return SAF_ALTER;
    for (size_t i = 0; i < n; i++) {
        if (v[i].when_kind.n > 0)
            continue;
        if (str_eq_z(v[i].who, acee->user))
            return v[i].level;
        if (acee_in_group(acee, v[i].who)) {
            has_group = true;
            by_group = v[i].level > by_group ? v[i].level : by_group;
        } else if (str_eq_z(v[i].who, "*") && v[i].level > other) {
            other = v[i].level;
        }
    }
    if (has_group)
        return by_group;
    return (acee->attrs & ACEE_RESTRICTED) != 0 ? SAF_NONE : other;
}

static void
list_level_row(struct cmd *cmd, const struct saf_profile *p)
{
    cmd_line(cmd, STR(""));
    cmd_line(cmd, STR("LEVEL  OWNER      UNIVERSAL ACCESS  YOUR ACCESS  "
                      "WARNING"));
    cmd_line(cmd, STR("-----  --------   ----------------  -----------  "
                      "-------"));
    cmd_printf(cmd, " %02u    %-8.*s        %-7s        %8s    %s", p->level,
               STR_ARG(p->owner), saf_level_name(p->uacc),
               saf_level_name(cmd_own_access(cmd, p)),
               p->is_warning ? "YES" : "NO");
}

struct str
cmd_audit_text(struct cmd *cmd, const struct saf_audit *a)
{
    if (a->success == SAF_NONE && a->failure == SAF_NONE)
        return STR("NONE");
    if (a->success == a->failure)
        return str_fmt(cmd->arena, "ALL(%s)", saf_level_name(a->success));
    if (a->success == SAF_NONE)
        return str_fmt(cmd->arena, "FAILURES(%s)", saf_level_name(a->failure));
    if (a->failure == SAF_NONE)
        return str_fmt(cmd->arena, "SUCCESS(%s)", saf_level_name(a->success));
    return str_fmt(cmd->arena, "SUCCESS(%s),FAILURES(%s)",
                   saf_level_name(a->success), saf_level_name(a->failure));
}

static void
list_text(struct cmd *cmd, const char *title, const char *dashes,
          struct str text, const char *otherwise)
{
    heading(cmd, title, dashes);
    cmd_line(cmd, text.n == 0 ? str_of(otherwise) : text);
}

static void
list_standard(struct cmd *cmd, const struct saf_access *v, size_t n)
{
    size_t n_listed = 0;

    heading(cmd, "USER      ACCESS   ACCESS COUNT",
            "----      ------   ------ -----");
    for (size_t i = 0; i < n; i++) {
        if (v[i].when_kind.n > 0)
            continue;
        n_listed++;
        cmd_printf(cmd, "%-8.*s  %-7s     %06u", STR_ARG(v[i].who),
                   saf_level_name(v[i].level), v[i].count);
    }
    if (n_listed == 0)
        cmd_line(cmd, STR("NO USERS IN ACCESS LIST"));
}

static void
list_conditional(struct cmd *cmd, const struct saf_access *v, size_t n)
{
    size_t n_listed = 0;

    heading(cmd, "   ID     ACCESS   ACCESS COUNT   CLASS          ENTITY NAME",
            "-------- ------- ------------ -------- "
            "-----------------------------");
    for (size_t i = 0; i < n; i++) {
        if (v[i].when_kind.n == 0)
            continue;
        n_listed++;
        cmd_printf(cmd, "%-8.*s %-7s    %06u    %-8.*s " STR_FMT,
                   STR_ARG(v[i].who), saf_level_name(v[i].level), v[i].count,
                   STR_ARG(v[i].when_kind), STR_ARG(v[i].when_value));
    }
    if (n_listed == 0)
        cmd_line(cmd, STR("NO ENTRIES IN CONDITIONAL ACCESS LIST"));
}

static void
list_access(struct cmd *cmd, const struct saf_profile *p)
{
    struct saf_access *v;
    size_t n = saf_access_of(cmd->db, cmd->arena, p->id, &v);

    list_standard(cmd, v, n);
    list_conditional(cmd, v, n);
}

static void
list_name(struct cmd *cmd, const struct saf_class *class_, struct str name,
          bool is_generic)
{
    cmd_line(cmd, STR("CLASS      NAME"));
    cmd_line(cmd, STR("-----      ----"));
    cmd_printf(cmd, "%-8s   " STR_FMT "%s", class_->name, STR_ARG(name),
               is_generic ? " (G)" : "");
}

/* When a terminal may be used, by its own clock. */
static void
list_when(struct cmd *cmd, const struct saf_class *class_,
          const struct saf_profile *p)
{
    struct str zone = base_field(cmd, p, "TIMEZONE");
    struct str days = saf_field_get(cmd->db, cmd->arena, SAF_KIND_PROFILE,
                                    p->id, "WHEN", "DAYS");
    struct str time = saf_field_get(cmd->db, cmd->arena, SAF_KIND_PROFILE,
                                    p->id, "WHEN", "TIME");

    if (strcmp(class_->name, "TERMINAL") != 0 &&
        strcmp(class_->member, "TERMINAL") != 0)
        return;
    heading(cmd, "TIMEZONE  LOGON ALLOWED   (DAYS)          (TIME)",
            "--------  ---------------------------------------------");
    cmd_printf(cmd, "%-8.*s  %-31.*s " STR_FMT,
               STR_ARG(zone.n == 0 ? STR("CPU TIME") : zone),
               STR_ARG(days.n == 0 ? STR("ANYDAY") : days),
               STR_ARG(time.n == 0 ? STR("ANYTIME") : time));
}

static void
list_base(struct cmd *cmd, const struct saf_class *class_,
          const struct saf_profile *p)
{
    list_members(cmd, class_, p);
    list_level_row(cmd, p);
    list_text(cmd, "INSTALLATION DATA", "-----------------",
              base_field(cmd, p, "DATA"), "NONE");
    list_text(cmd, "APPLICATION DATA", "----------------",
              base_field(cmd, p, "APPLDATA"), "NONE");
    list_text(cmd, "AUDITING", "--------", cmd_audit_text(cmd, &p->audit),
              "NONE");
    if (cmd_is_auditor(cmd))
        list_text(cmd, "GLOBALAUDIT", "-----------",
                  cmd_audit_text(cmd, &p->global_audit), "NONE");
    list_when(cmd, class_, p);
    list_text(cmd, "NOTIFY", "------", p->notify, "NO USER TO BE NOTIFIED");
}

static bool
may_list(struct cmd *cmd, const struct saf_profile *p)
{
    return cmd_is_auditor(cmd) || cmd_owns(cmd, p->owner) ||
           cmd_own_access(cmd, p) >= SAF_READ;
}

/* The grouping profiles of which the resource is a member and that the issuer
 * may list. */
static size_t
groups_of(struct cmd *cmd, const struct saf_class *class_, struct str name,
          struct str **out)
{
    struct saf_query q;
    size_t n = 0, cap = 0;

    *out = NULL;
    if (class_->group[0] == '\0')
        return 0;
    q = saf_db_query(cmd->db,
                     "SELECT p.name FROM profiles p JOIN members m ON"
                     " m.profile=p.id WHERE p.class=?1 AND m.member=?2"
                     " ORDER BY p.name COLLATE EBCDIC",
                     "ss", str_of(class_->group), name);
    while (saf_query_next(&q)) {
        struct str group = saf_query_str(&q, cmd->arena, 0), *grown;
        struct saf_profile p;

        if (!saf_profile_get(cmd->db, cmd->arena, str_of(class_->group), group,
                             &p) ||
            !may_list(cmd, &p))
            continue;
        grown = arena_grown(cmd->arena, *out, n, &cap, sizeof *grown);
        if (grown == NULL)
            break;
        *out = grown;
        (*out)[n++] = group;
    }
    saf_query_close(&q);
    return n;
}

static void
list_groups(struct cmd *cmd, const struct str *v, size_t n)
{
    heading(cmd, "RESOURCE GROUPS", "-------- ------");
    for (size_t i = 0; i < n; i++)
        cmd_line(cmd, v[i]);
    if (n == 0)
        cmd_line(cmd, STR("NONE"));
}

static void
list_groups_of(struct cmd *cmd, const struct saf_class *class_, struct str name)
{
    struct str *v;
    size_t n = groups_of(cmd, class_, name, &v);

    if (class_->group[0] != '\0')
        list_groups(cmd, v, n);
}

static void
list_security(struct cmd *cmd, const struct saf_profile *p)
{
    list_text(cmd, "SECLEVEL", "--------", base_field(cmd, p, "SECLEVEL"),
              "NO SECLEVEL");
    list_text(cmd, "CATEGORIES", "----------",
              base_field(cmd, p, "ADDCATEGORY"), "NO CATEGORIES");
    list_text(cmd, "SECLABEL", "--------", base_field(cmd, p, "SECLABEL"),
              "NO SECLABEL");
}

static void
list_segments(struct cmd *cmd, const struct saf_profile *p)
{
    const char *z_class = str_z(cmd->arena, p->class_name);

    for (size_t i = 0; i < cmd->n_args; i++) {
        const char *name = cmd->args[i].operand->name;
        bool is_segment = true;

        for (size_t j = 0; j < ARRAY_LEN(not_segments); j++)
            if (strcmp(name, not_segments[j]) == 0)
                is_segment = false;
        if (is_segment && (cmd_owns(cmd, p->owner) ||
                           cmd_may_list_segment(cmd, z_class, name)))
            cmd_list_segment(cmd, SAF_KIND_PROFILE, p->id, name);
    }
}

static void
list_profile(struct cmd *cmd, const struct saf_class *class_,
             const struct saf_profile *p)
{
    bool sees_list = cmd_is_auditor(cmd) || cmd_may_alter_profile(cmd, p);

    list_name(cmd, class_, p->name, p->is_generic);
    if (cmd_arg(cmd, "NORACF") == NULL) {
        list_base(cmd, class_, p);
        if (cmd_has(cmd, "RESGROUP"))
            list_groups_of(cmd, class_, p->name);
        if (cmd_has(cmd, "ALL"))
            list_security(cmd, p);
        if (cmd_has(cmd, "ALL") || cmd_has(cmd, "HISTORY"))
            cmd_list_history(cmd, p);
        if (cmd_has(cmd, "ALL") || cmd_has(cmd, "STATISTICS"))
            cmd_list_statistics(cmd, p);
        if (sees_list && (cmd_has(cmd, "ALL") || cmd_has(cmd, "AUTHUSER")))
            list_access(cmd, p);
    }
    list_segments(cmd, p);
}

/* The most specific stored pattern that matches; one pass, nothing kept. */
bool
cmd_find_generic(struct cmd *cmd, const struct saf_class *class_,
                 struct str name, struct saf_profile *out)
{
    bool is_dataset = (class_->flags & CLASS_DATASET) != 0, is_found = false;
    struct saf_query q = saf_db_query(
        cmd->db, "SELECT name FROM profiles WHERE class=?1 AND is_generic=1",
        "s", str_of(class_->name));
    char best_name[SAF_PROFILE_MAX + 1] = "";
    struct pattern best, pattern;
    struct arena row;

    arena_init(&row, 1 << 16);
    while (saf_query_next(&q)) {
        struct str have = saf_query_str(&q, &row, 0);

        if ((is_dataset ? pattern_compile_dataset
                        : pattern_compile)(have, &pattern, NULL) == ERR_OK &&
            pattern_matches(&pattern, name) &&
            (!is_found || pattern_compare(&pattern, &best) < 0) &&
            str_copy_z(have, best_name, sizeof best_name)) {
            best = pattern;
            is_found = true;
        }
        arena_reset(&row);
    }
    saf_query_close(&q);
    arena_fini(&row);
    return is_found &&
           saf_profile_get_kind(cmd->db, cmd->arena, str_of(class_->name),
                                str_of(best_name), true, out);
}

/* Only the image knows what variables of class RACFVARS stand for. */
static bool
find_by_image(struct cmd *cmd, const struct saf_class *class_, struct str name,
              struct saf_profile *out)
{
    struct str image, profile;
    bool is_generic;

    return saf_engine_image_for(cmd->engine, str_of(class_->name), name, &image,
                                NULL) == ERR_OK &&
           snapshot_find(image.p, name, &profile, &is_generic) && is_generic &&
           saf_profile_get_kind(cmd->db, cmd->arena, str_of(class_->name),
                                profile, true, out);
}

/* The discrete profile, else the generic that controls the name. */
bool
cmd_find_best(struct cmd *cmd, const struct saf_class *class_, struct str name,
              struct saf_profile *out)
{
    const struct cmd_arg *generic = cmd_arg(cmd, "GENERIC");

    if (generic != NULL && generic->is_negated)
        return saf_profile_get_kind(cmd->db, cmd->arena, str_of(class_->name),
                                    name, false, out);
    if (cmd_get_profile(cmd, class_, name, generic != NULL, out))
        return true;
    if (pattern_has_generics(name))
        return false;
    return cmd_find_generic(cmd, class_, name, out) ||
           find_by_image(cmd, class_, name, out);
}

static void
separate(struct cmd *cmd, bool *is_first)
{
    for (int i = 0; i < 3 && !*is_first; i++)
        cmd_line(cmd, STR(""));
    *is_first = false;
}

/* RESGROUP: a resource that has no profile may be a member all the same. */
static bool
list_as_member(struct cmd *cmd, const struct saf_class *class_, struct str name,
               bool *is_first)
{
    struct str *v;
    size_t n = cmd_has(cmd, "RESGROUP") ? groups_of(cmd, class_, name, &v) : 0;

    if (n == 0)
        return false;
    separate(cmd, is_first);
    list_name(cmd, class_, name, false);
    heading(cmd, "GROUP CLASS NAME", "----- ----- ----");
    cmd_line(cmd, str_of(class_->group));
    list_groups(cmd, v, n);
    return true;
}

static void
list_one(struct cmd *cmd, const struct saf_class *class_, struct str given,
         bool *is_first)
{
    struct saf_profile p;
    struct str name;

    if (!cmd_profile_name(cmd, class_, given, &name))
        return;
    if (!cmd_find_best(cmd, class_, name, &p)) {
        if (list_as_member(cmd, class_, name, is_first))
            return;
        CMD_MSG(cmd, "ICH13003I",
                cmd->positional[1]->is_quoted
                    ? str_fmt(cmd->arena, "'" STR_FMT "'", STR_ARG(name))
                    : name);
        cmd_rc(cmd, 4);
        return;
    }
    if (!may_list(cmd, &p)) {
        CMD_MSG(cmd, "ICH13002I", name);
        cmd_rc(cmd, 4);
        return;
    }
    separate(cmd, is_first);
    list_profile(cmd, class_, &p);
}

static void
list_all(struct cmd *cmd, const struct saf_class *class_, bool *is_first)
{
    struct saf_profile *v;
    size_t n = saf_profiles_of(cmd->db, cmd->arena, str_of(class_->name), &v);

    for (size_t i = 0; i < n; i++) {
        if (!may_list(cmd, &v[i]))
            continue;
        separate(cmd, is_first);
        list_profile(cmd, class_, &v[i]);
    }
}

static void
list_of_class(struct cmd *cmd, const struct saf_class *class_, bool *is_first,
              struct cmd_tally *tally)
{
    const struct cmd_arg *names = cmd->positional[1];

    if (names->n_values == 1 && str_eq_z(names->values[0], "*")) {
        list_all(cmd, class_, is_first);
        return;
    }
    for (size_t i = 0; i < names->n_values; i++) {
        list_one(cmd, class_, names->values[i], is_first);
        cmd_tally(cmd, tally);
    }
}

static uint32_t
run_rlist(struct cmd *cmd)
{
    struct cmd_tally tally = cmd_tally_begin(cmd);
    const struct cmd_arg *classes = cmd->positional[0];
    bool is_first = true, is_known = true;

    if (cmd->n_args == 1 && cmd_arg(cmd, "NORACF") != NULL) {
        CMD_MSG(cmd, "ICH13004I");
        return 4;
    }
    for (size_t i = 0; i < classes->n_values; i++)
        is_known &= cmd_class(cmd, classes->values[i], "CLASS NAME") != NULL;
    if (!is_known) {
        cmd_say_missing(cmd, &rlist_positional[1]);
        return 8;
    }
    for (size_t i = 0; i < classes->n_values; i++)
        list_of_class(cmd, saf_class_find(classes->values[i]), &is_first,
                      &tally);
    if (is_first && tally.worst == 0) {
        CMD_MSG(cmd, "ICH13004I");
        return 4;
    }
    return cmd_tally_end(cmd, &tally);
}

const struct cmd_verb cmd_rlist = {
    "RLIST", "RL", rlist_positional, 2, 2, CMD_TABLE(rlist_rows), run_rlist,
};
