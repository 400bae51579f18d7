/* SEARCH. */
#include "saf/cmd_private.h"
#include "saf/cmd_resource.h"
#include "saf/racdcert_private.h"

/* clang-format off */
static const struct cmd_operand search_rows[] = {
    { "CLASS", CMD_TEXT, 0, 1, 8, NULL, NULL, NULL, NULL, NULL, "CLASS NAME" },
    { "FILTER", CMD_TEXT, CMD_ASIS, 1, 246, NULL, NULL, NULL, NULL, NULL, NULL },
    { "MASK", CMD_LIST, CMD_NO, 1, 246, NULL, NULL, NULL, NULL, NULL, NULL },
    { "USER", CMD_TEXT, CMD_NAME, 0, 0, NULL, NULL, NULL, NULL, "USERID", NULL },
    { "UID", CMD_NUMBER, 0, 0, 2147483647, NULL, NULL, NULL, NULL, NULL, NULL },
    { "GID", CMD_NUMBER, 0, 0, 2147483647, NULL, NULL, NULL, NULL, NULL, NULL },
    { "AGE", CMD_NUMBER, 0, 0, 32767, NULL, NULL, NULL, NULL, NULL, "NUMBER OF DAYS" },
    { "LEVEL", CMD_NUMBER, 0, 0, 99, NULL, NULL, NULL, NULL, NULL, "LEVEL, 0-99" },
    { "WARNING", CMD_NONE, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL },
    { "VOLUME", CMD_LIST, 0, 1, 6, NULL, NULL, NULL, NULL, NULL, "VOLUME SERIAL NUMBER" },
    { "ALL", CMD_NONE, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL },
    { "GENERIC", CMD_NONE, CMD_NO, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL },
    { "LIST", CMD_NONE, CMD_NO, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL },
    { "CLIST", CMD_LIST, CMD_ASIS | CMD_OPTIONAL, 0, 255, NULL, NULL, NULL, NULL, NULL, NULL },
};
/* clang-format on */

#define CLIST_MAX (4u << 20)

/* What is found, and the deck that CLIST makes of it. */
struct search {
    struct cmd *cmd;
    const struct acee *as; /* USER(u): what that user may READ; or NULL */
    struct buf deck;
    size_t n;
};

/* CLIST('before ' ' after'): a command for each name. */
static void
found(struct search *s, struct str name, bool is_generic)
{
    const struct cmd_arg *clist = cmd_arg(s->cmd, "CLIST");
    const struct cmd_arg *list = cmd_arg(s->cmd, "LIST");

    s->n++;
    if (list == NULL || !list->is_negated)
        cmd_printf(s->cmd, STR_FMT "%s", STR_ARG(name),
                   is_generic ? " (G)" : "");
    if (clist == NULL)
        return;
    if (clist->n_values > 0)
        buf_add(&s->deck, clist->values[0]);
    buf_add(&s->deck, name);
    if (clist->n_values > 1)
        buf_add(&s->deck, clist->values[1]);
    buf_add_char(&s->deck, '\n');
}

static bool
write_clist(struct search *s)
{
    struct cmd *cmd = s->cmd;
    struct str dsn = str_fmt(cmd->arena, "%s.EXEC.RACF.CLIST", cmd->acee->user);
    struct err_info why = { 0 };

    if (cmd_arg(cmd, "CLIST") == NULL || s->n == 0)
        return true;
    if (racdcert_services == NULL)
        (void)err_set(&why, ERR_UNSUPPORTED, "no data sets here");
    else if (buf_check(&s->deck, &why) == ERR_OK &&
             racdcert_services->write(racdcert_services->arg, dsn,
                                      buf_view(&s->deck), &why) == ERR_OK)
        return true;
    CMD_MSG(cmd, "SPT1015E", dsn, str_of(why.text));
    cmd_rc(cmd, 8);
    return false;
}

/* MASK(a b): begins with a, and b stands somewhere after it. */
static bool
mask_fits(const struct cmd_arg *mask, struct str name)
{
    if (mask == NULL || mask->is_negated)
        return true;
    if (!str_eq_z(mask->values[0], "*") && !str_starts(name, mask->values[0]))
        return false;
    return mask->n_values < 2 || str_find(name, mask->values[1]) != STR_NPOS;
}

static bool
fits(struct cmd *cmd, struct str name)
{
    const struct cmd_arg *filter = cmd_arg(cmd, "FILTER");
    const struct cmd_arg *mask = cmd_arg(cmd, "MASK");
    struct str pattern = cmd_value(filter);

    /* Of two that exclude each other the later one counts, as in TSO. */
    if (filter != NULL && mask != NULL && mask > filter)
        filter = NULL;
    if (filter == NULL)
        return mask_fits(mask, name);
    if (!filter->is_quoted)
        pattern = str_upper(cmd->arena, pattern);
    return pattern_matches_dataset(pattern, name);
}

/* AGE(n): not used, or where that is not known not changed, for n days. */
static bool
is_old_enough(struct cmd *cmd, int64_t day)
{
    const struct cmd_arg *age = cmd_arg(cmd, "AGE");

    return age == NULL || cmd->today - day > age->number;
}

static void
search_names(struct search *s, struct saf_query q)
{
    struct cmd *cmd = s->cmd;

    while (saf_query_next(&q)) {
        struct str name = saf_query_str(&q, cmd->arena, 0);
        struct str owner = saf_query_str(&q, cmd->arena, 1);

        if (!fits(cmd, name) || !is_old_enough(cmd, saf_query_int(&q, 2)) ||
            (!cmd_is_auditor(cmd) && !cmd_owns(cmd, owner) &&
             !str_eq_z(name, cmd->acee->user)))
            continue;
        found(s, name, false);
    }
    saf_query_close(&q);
}

static void
search_id(struct search *s, const char *kind, const char *field, int64_t id)
{
    struct cmd *cmd = s->cmd;

    search_names(
        s, saf_db_query(cmd->db,
                        "SELECT p.name, p.name, 0 FROM segments s"
                        " JOIN principals p ON p.id=s.id WHERE s.kind=?1 AND"
                        " s.segment='OMVS' AND s.field=?2 AND s.value=?3"
                        " ORDER BY p.name COLLATE EBCDIC",
                        "sss", str_of(kind), str_of(field),
                        str_fmt(cmd->arena, "%lld", (long long)id)));
}

static bool
may_see(const struct search *s, const struct saf_profile *p)
{
    struct cmd *cmd = s->cmd;
    const struct acee *acee = s->as != NULL ? s->as : cmd->acee;
    struct saf_decision d;

    if (s->as == NULL && (cmd_is_auditor(cmd) || cmd_owns(cmd, p->owner)))
        return true;
    /* By the profile's list, whether the class is active or not; and by what
     * else gives access. */
    if (cmd_access_of(cmd, acee, p) >= SAF_READ)
        return true;
    d = saf_authorize(cmd->engine, acee, p->class_name, p->name, SAF_READ,
                      NULL);
    return saf_rc_is_ok(d.rc);
}

static void
search_profiles(struct search *s, const struct saf_class *class_)
{
    struct cmd *cmd = s->cmd;
    const struct cmd_arg *generic = cmd_arg(cmd, "GENERIC");
    const struct cmd_arg *level = cmd_arg(cmd, "LEVEL");
    struct saf_profile *v;
    size_t n = saf_profiles_of(cmd->db, cmd->arena, str_of(class_->name), &v);

    if (cmd_arg(cmd, "VOLUME") != NULL)
        return; /* none has one */
    for (size_t i = 0; i < n; i++) {
        if ((level != NULL && v[i].level != level->number) ||
            (cmd_has(cmd, "WARNING") && !v[i].is_warning) ||
            !is_old_enough(cmd, v[i].changed) ||
            (generic != NULL && generic->is_negated == v[i].is_generic) ||
            !fits(cmd, v[i].name) || !may_see(s, &v[i]))
            continue;
        found(s, v[i].name, v[i].is_generic);
    }
}

static void
search_class(struct search *s, struct str name, bool *is_ok)
{
    struct cmd *cmd = s->cmd;
    const struct saf_class *class_;

    if (str_eq_z(name, "USER")) {
        search_names(s,
                     saf_db_query(cmd->db,
                                  "SELECT user, owner, CASE last_access WHEN 0"
                                  " THEN created ELSE last_access/86400 END"
                                  " FROM users WHERE user NOT LIKE 'irr%'"
                                  " ORDER BY user COLLATE EBCDIC",
                                  ""));
        return;
    }
    if (str_eq_z(name, "GROUP")) {
        search_names(s, saf_db_query(cmd->db,
                                     "SELECT grp, owner, created FROM groups"
                                     " ORDER BY grp COLLATE EBCDIC",
                                     ""));
        return;
    }
    class_ = cmd_any_class(cmd, name, "CLASS");
    *is_ok = class_ != NULL;
    if (class_ != NULL)
        search_profiles(s, class_);
}

/* USER(u): for oneself, or by those who may see all. */
static bool
search_as(struct search *s, struct acee *acee)
{
    struct cmd *cmd = s->cmd;
    struct str user = cmd_value(cmd_arg(cmd, "USER"));

    if (cmd_arg(cmd, "USER") == NULL)
        return true;
    if (!cmd_user_exists(cmd, user)) {
        CMD_MSG(cmd, "ICH31053I", user);
        cmd_rc(cmd, 4);
        return false;
    }
    if (!str_eq_z(user, cmd->acee->user) && !cmd_is_special(cmd) &&
        !cmd_is_auditor(cmd)) {
        CMD_MSG(cmd, "SPT1014E", user);
        cmd_rc(cmd, 8);
        return false;
    }
    s->as = acee;
    return cmd_acee_of(cmd, user, STR(""), acee);
}

static uint32_t
run_search(struct cmd *cmd)
{
    const struct cmd_arg *class_ = cmd_arg(cmd, "CLASS");
    const struct cmd_arg *uid = cmd_arg(cmd, "UID");
    const struct cmd_arg *gid = cmd_arg(cmd, "GID");
    struct search s = { .cmd = cmd };
    struct acee acee;
    bool is_ok = true;

    if (!search_as(&s, &acee))
        return cmd->rc;
    buf_init(&s.deck, CLIST_MAX);
    if (uid != NULL)
        search_id(&s, "U", "UID", uid->number);
    else if (gid != NULL)
        search_id(&s, "G", "GID", gid->number);
    else
        search_class(&s, class_ == NULL ? STR("DATASET") : cmd_value(class_),
                     &is_ok);
    is_ok = is_ok && write_clist(&s);
    buf_fini(&s.deck);
    if (!is_ok || s.n > 0)
        return cmd->rc;
    CMD_MSG(cmd, "ICH31005I");
    return 4;
}

const struct cmd_verb cmd_search = {
    "SEARCH", "SR", NULL, 0, 0, CMD_TABLE(search_rows), run_search,
};
