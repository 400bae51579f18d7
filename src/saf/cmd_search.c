/* SEARCH. */
#include "saf/cmd_private.h"

/* clang-format off */
static const struct cmd_operand search_rows[] = {
    { "CLASS", CMD_TEXT, 0, 1, 8, NULL, NULL, NULL, NULL, NULL, "CLASS NAME" },
    { "FILTER", CMD_TEXT, CMD_ASIS, 1, 246, NULL, NULL, NULL, NULL, NULL, NULL },
    { "MASK", CMD_LIST, 0, 1, 246, NULL, NULL, NULL, NULL, NULL, NULL },
    { "USER", CMD_TEXT, CMD_NAME, 0, 0, NULL, NULL, NULL, NULL, "USERID", NULL },
    { "UID", CMD_NUMBER, 0, 0, 2147483647, NULL, NULL, NULL, NULL, NULL, NULL },
    { "GID", CMD_NUMBER, 0, 0, 2147483647, NULL, NULL, NULL, NULL, NULL, NULL },
    { "ALL", CMD_NONE, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL },
    { "GENERIC", CMD_NONE, CMD_NO, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL },
};
/* clang-format on */

/* MASK(a b): begins with a, and b stands somewhere after it. */
static bool
mask_fits(const struct cmd_arg *mask, struct str name)
{
    if (mask == NULL)
        return true;
    if (!str_eq_z(mask->values[0], "*") && !str_starts(name, mask->values[0]))
        return false;
    return mask->n_values < 2 || str_find(name, mask->values[1]) != STR_NPOS;
}

static bool
fits(struct cmd *cmd, struct str name)
{
    const struct cmd_arg *filter = cmd_arg(cmd, "FILTER");
    struct str pattern = cmd_value(filter);

    if (filter != NULL && !filter->is_quoted)
        pattern = str_upper(cmd->arena, pattern);
    return (filter == NULL || pattern_matches_dataset(pattern, name)) &&
           mask_fits(cmd_arg(cmd, "MASK"), name);
}

static size_t
search_names(struct cmd *cmd, struct saf_query q)
{
    size_t n = 0;

    while (saf_query_next(&q)) {
        struct str name = saf_query_str(&q, cmd->arena, 0);
        struct str owner = saf_query_str(&q, cmd->arena, 1);

        if (!fits(cmd, name) ||
            (!cmd_is_auditor(cmd) && !cmd_owns(cmd, owner) &&
             !str_eq_z(name, cmd->acee->user)))
            continue;
        cmd_line(cmd, name);
        n++;
    }
    saf_query_close(&q);
    return n;
}

static size_t
search_id(struct cmd *cmd, const char *kind, const char *field, int64_t id)
{
    return search_names(
        cmd, saf_db_query(cmd->db,
                          "SELECT p.name, p.name FROM segments s"
                          " JOIN principals p ON p.id=s.id WHERE s.kind=?1 AND"
                          " s.segment='OMVS' AND s.field=?2 AND s.value=?3"
                          " ORDER BY p.name",
                          "sss", str_of(kind), str_of(field),
                          str_fmt(cmd->arena, "%lld", (long long)id)));
}

static bool
may_see(struct cmd *cmd, const struct saf_profile *p)
{
    struct saf_decision d;

    if (cmd_is_auditor(cmd) || cmd_owns(cmd, p->owner))
        return true;
    d = saf_authorize(cmd->engine, cmd->acee, p->class_name, p->name, SAF_READ,
                      NULL);
    return saf_rc_is_ok(d.rc);
}

static size_t
search_profiles(struct cmd *cmd, const struct saf_class *class_)
{
    const struct cmd_arg *generic = cmd_arg(cmd, "GENERIC");
    struct saf_profile *v;
    size_t n = saf_profiles_of(cmd->db, cmd->arena, str_of(class_->name), &v);
    size_t n_listed = 0;

    for (size_t i = 0; i < n; i++) {
        if ((generic != NULL && generic->is_negated == v[i].is_generic) ||
            !fits(cmd, v[i].name) || !may_see(cmd, &v[i]))
            continue;
        cmd_printf(cmd, STR_FMT "%s", STR_ARG(v[i].name),
                   v[i].is_generic ? " (G)" : "");
        n_listed++;
    }
    return n_listed;
}

static size_t
search_class(struct cmd *cmd, struct str name, bool *is_ok)
{
    const struct saf_class *class_;

    if (str_eq_z(name, "USER"))
        return search_names(
            cmd, saf_db_query(cmd->db,
                              "SELECT user, owner FROM users WHERE user NOT"
                              " LIKE 'irr%' ORDER BY user",
                              ""));
    if (str_eq_z(name, "GROUP"))
        return search_names(
            cmd,
            saf_db_query(cmd->db, "SELECT grp, owner FROM groups ORDER BY grp",
                         ""));
    class_ = cmd_any_class(cmd, name, "CLASS");
    *is_ok = class_ != NULL;
    return class_ == NULL ? 0 : search_profiles(cmd, class_);
}

static uint32_t
run_search(struct cmd *cmd)
{
    const struct cmd_arg *class_ = cmd_arg(cmd, "CLASS");
    const struct cmd_arg *uid = cmd_arg(cmd, "UID");
    const struct cmd_arg *gid = cmd_arg(cmd, "GID");
    bool is_ok = true;
    size_t n;

    if (uid != NULL)
        n = search_id(cmd, "U", "UID", uid->number);
    else if (gid != NULL)
        n = search_id(cmd, "G", "GID", gid->number);
    else
        n = search_class(
            cmd, class_ == NULL ? STR("DATASET") : cmd_value(class_), &is_ok);
    if (!is_ok)
        return cmd->rc;
    if (n > 0)
        return 0;
    CMD_MSG(cmd, "ICH31005I");
    return 4;
}

const struct cmd_verb cmd_search = {
    "SEARCH", "SR", NULL, 0, 0, CMD_TABLE(search_rows), run_search,
};
