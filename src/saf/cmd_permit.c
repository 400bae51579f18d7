/* PERMIT. */
#include "saf/cmd_private.h"
#include "saf/cmd_resource.h"

#include <string.h>

static const struct cmd_operand permit_positional[] = {
    { "PROFILE", CMD_TEXT, CMD_ASIS, 1, 246, NULL, NULL, NULL, NULL,
      "ENTITY NAME", "NAME OF ENTITY IN SPECIFIED CLASS" },
};

/* clang-format off */
#define COND(name) { name, CMD_LIST, 0, 1, 64, NULL, NULL, NULL, NULL, NULL, NULL }
static const struct cmd_operand when_rows[] = {
    COND("TERMINAL"), COND("CONSOLE"), COND("JESINPUT"), COND("APPCPORT"),
    COND("SERVAUTH"), COND("SYSID"), COND("PROGRAM"), COND("SERVICE"),
    { "CRITERIA", CMD_NESTED, CMD_ASIS, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL },
};
static const struct cmd_table when_table = CMD_TABLE(when_rows);
static const char *const reset_choices[] = { "ALL", "STANDARD", "WHEN", NULL };

static const struct cmd_operand permit_rows[] = {
    { "CLASS", CMD_TEXT, 0, 1, 8, NULL, NULL, NULL, NULL, NULL, "CLASS NAME" },
    { "ID", CMD_LIST, CMD_STAR | CMD_RACUID | CMD_NAME, 0, 0, NULL, NULL, NULL, NULL, "ID", "USERID OR GROUP NAME" },
    { "ACCESS", CMD_CHOICE, 0, 0, 0, NULL, cmd_levels, NULL, NULL, "ACCESS AUTHORITY", "ALTER, CONTROL, UPDATE, READ, EXECUTE, OR NONE" },
    { "DELETE", CMD_NONE, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL },
    { "WHEN", CMD_SUB, CMD_OPTIONAL, 0, 0, &when_table, NULL, NULL, NULL, NULL, NULL },
    { "GENERIC", CMD_NONE, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL },
    { "FROM", CMD_TEXT, CMD_ASIS, 1, 246, NULL, NULL, NULL, NULL, NULL, NULL },
    { "FCLASS", CMD_TEXT, 0, 1, 8, NULL, NULL, NULL, NULL, NULL, NULL },
    { "FGENERIC", CMD_NONE, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL },
    { "RESET", CMD_CHOICE, CMD_OPTIONAL, 0, 0, NULL, reset_choices, NULL, NULL, NULL, NULL },
    { "VOLUME", CMD_TEXT, 0, 1, 6, NULL, NULL, NULL, NULL, NULL, NULL },
    { "FVOLUME", CMD_TEXT, 0, 1, 6, NULL, NULL, NULL, NULL, NULL, NULL },
};
/* clang-format on */

/* The conditions of WHEN, one entry each; one empty condition without WHEN. */
struct condition {
    struct str kind, value;
};

static bool
is_criteria(const struct cmd_arg *arg)
{
    return strcmp(arg->operand->name, "CRITERIA") == 0;
}

/* SQLROLE('Admin') ...: names without values are none. */
static bool
criteria(struct cmd *cmd, const struct cmd_arg *arg, struct condition *v,
         size_t *n)
{
    struct reader in = reader_of(cmd_value(arg));
    struct str name, value;
    bool has_value;

    while (cmd_free_next(cmd->arena, &in, &name, &value, &has_value)) {
        if (!has_value || value.n == 0)
            return false;
        v[(*n)++] =
            (struct condition){ STR("CRITERIA"),
                                str_fmt(cmd->arena, STR_FMT "(" STR_FMT ")",
                                        STR_ARG(name), STR_ARG(value)) };
    }
    return true;
}

static size_t
conditions(struct cmd *cmd, struct condition **out)
{
    const struct cmd_arg *when = cmd_arg(cmd, "WHEN");
    size_t n = 0, max = 1;

    for (size_t i = 0; when != NULL && i < when->n_subs; i++)
        max += is_criteria(&when->subs[i]) ? cmd_value(&when->subs[i]).n
                                           : when->subs[i].n_values;
    *out = ARENA_ARRAY(cmd->arena, struct condition, max);
    if (*out == NULL)
        return 0;
    if (when == NULL)
        return 1; /* the zeroed one: standard list */
    for (size_t i = 0; i < when->n_subs; i++) {
        if (is_criteria(&when->subs[i])) {
            if (!criteria(cmd, &when->subs[i], *out, &n))
                return 0;
            continue;
        }
        for (size_t j = 0; j < when->subs[i].n_values; j++)
            (*out)[n++] =
                (struct condition){ str_of(when->subs[i].operand->name),
                                    when->subs[i].values[j] };
    }
    return n;
}

static struct str
condition_text(struct cmd *cmd, const struct condition *c)
{
    return str_fmt(cmd->arena, STR_FMT "(" STR_FMT ")", STR_ARG(c->kind),
                   STR_ARG(c->value));
}

static bool
delete_entry(struct cmd *cmd, const struct saf_profile *p, struct str who,
             const struct condition *c)
{
    struct saf_access a = { .profile_id = p->id,
                            .who = who,
                            .when_kind = c->kind,
                            .when_value = c->value };

    if (saf_access_delete(cmd->db, &a))
        return true;
    if (c->kind.n > 0)
        CMD_MSG(cmd, "ICH06014I", who, condition_text(cmd, c));
    else
        CMD_MSG(cmd, "ICH06002I", str_fmt(cmd->arena, "%-8.*s", STR_ARG(who)));
    cmd_rc(cmd, 4);
    return false;
}

/* False: it changed nothing. */
static bool
permit_one(struct cmd *cmd, const struct saf_profile *p, struct str who,
           const struct condition *c)
{
    const struct cmd_arg *access = cmd_arg(cmd, "ACCESS");
    struct saf_access a = { .profile_id = p->id,
                            .who = who,
                            .level = access == NULL
                                         ? SAF_READ
                                         : (enum saf_level)access->number,
                            .when_kind = c->kind,
                            .when_value = c->value };

    if (cmd_has(cmd, "DELETE"))
        return delete_entry(cmd, p, who, c);
    if (!str_eq_z(who, "*") &&
        !(str_eq_z(who, SAF_RACUID) && str_eq_z(p->class_name, "FIELD")) &&
        !cmd_is_principal(cmd, who)) {
        CMD_MSG(cmd, "ICH06007I", who);
        cmd_rc(cmd, 4);
        return false;
    }
    saf_access_put(cmd->db, &a);
    return true;
}

static void
reset_list(struct cmd *cmd, const struct saf_profile *p)
{
    const struct cmd_arg *reset = cmd_arg(cmd, "RESET");
    struct saf_access *list;
    size_t n;

    if (reset == NULL)
        return;
    if (cmd_has(cmd, "DELETE")) {
        CMD_MSG(cmd, "ICH06009I");
        return;
    }
    n = saf_access_of(cmd->db, cmd->arena, p->id, &list);
    for (size_t i = 0; i < n; i++) {
        bool is_standard = list[i].when_kind.n == 0;

        if (reset->n_values == 0 || reset->number == 0 ||
            (reset->number == 1) == is_standard)
            (void)saf_access_delete(cmd->db, &list[i]);
    }
}

static bool
is_there(const struct saf_access *v, size_t n, const struct saf_access *a)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(v[i].who, a->who) && str_eq(v[i].when_kind, a->when_kind) &&
            str_eq(v[i].when_value, a->when_value))
            return true;
    return false;
}

static void
say_unchanged(struct cmd *cmd, const struct saf_access *a)
{
    const struct condition c = { a->when_kind, a->when_value };

    if (a->when_kind.n > 0)
        CMD_MSG(cmd, "ICH06016I", a->who, condition_text(cmd, &c));
    else
        CMD_MSG(cmd, "ICH06001I", a->who);
}

/* FROM(p) FCLASS(c): its entries are added, existing ones stay. */
static bool
copy_from(struct cmd *cmd, const struct saf_class *class_,
          const struct saf_profile *p)
{
    const struct cmd_arg *from = cmd_arg(cmd, "FROM");
    const struct cmd_arg *fclass = cmd_arg(cmd, "FCLASS");
    struct saf_profile model;
    struct saf_access *list, *have;
    struct str name;
    size_t n, n_have;

    if (from == NULL)
        return true;
    if (fclass != NULL)
        class_ = cmd_any_class(cmd, cmd_value(fclass), "FCLASS");
    if (class_ == NULL ||
        !cmd_profile_name(cmd, class_, cmd_value(from), &name))
        return false;
    if (!cmd_get_profile(cmd, class_, name, cmd_has(cmd, "FGENERIC"), &model)) {
        CMD_MSG(cmd, "ICH06004I", name);
        return false;
    }
    n = saf_access_of(cmd->db, cmd->arena, model.id, &list);
    n_have = saf_access_of(cmd->db, cmd->arena, p->id, &have);
    for (size_t i = 0; i < n; i++) {
        if (is_there(have, n_have, &list[i])) {
            say_unchanged(cmd, &list[i]);
            continue;
        }
        list[i].profile_id = p->id;
        saf_access_put(cmd->db, &list[i]);
    }
    return true;
}

static bool
find_profile(struct cmd *cmd, const struct saf_class *class_,
             struct saf_profile *p)
{
    struct str given = cmd_value(cmd->positional[0]), name;

    if ((class_->flags & CLASS_DATASET) != 0)
        given = cmd_dataset_text(cmd, given, cmd->positional[0]->is_quoted);
    if (!cmd_profile_name(cmd, class_, given, &name))
        return false;
    if (cmd_has(cmd, "GENERIC") &&
        (saf_class_options(cmd->db, str_of(class_->name)) &
         (CLASS_GENERIC | CLASS_GENCMD)) == 0) {
        CMD_MSG(cmd, "ICH06010I", STR("GENERIC"));
        return false;
    }
    /* A generic profile without generic characters is named with GENERIC. */
    if (!cmd_get_profile(cmd, class_, name, cmd_has(cmd, "GENERIC"), p) ||
        (p->is_generic && !pattern_has_generics(name) &&
         !cmd_has(cmd, "GENERIC"))) {
        CMD_MSG(cmd, "ICH06004I", name);
        return false;
    }
    if (!((class_->flags & CLASS_DATASET) != 0
              ? cmd_may_alter_dataset(cmd, p)
              : cmd_may_alter_profile(cmd, p))) {
        CMD_MSG(cmd, "ICH06006I", name);
        return false;
    }
    return true;
}

static const struct saf_class *
class_of_command(struct cmd *cmd)
{
    const struct cmd_arg *arg = cmd_arg(cmd, "CLASS");
    const struct saf_class *class_;

    class_ = cmd_any_class(cmd, arg == NULL ? STR("DATASET") : cmd_value(arg),
                           "CLASS");
    if (class_ != NULL && (class_->flags & CLASS_NO_DEFINE) != 0) {
        CMD_MSG(cmd, "ICH06003I", STR("PERMIT"));
        return NULL;
    }
    return class_;
}

/* A condition on a port of entry counts while its class is active. */
static void
warn_inactive(struct cmd *cmd)
{
    const struct cmd_arg *when = cmd_arg(cmd, "WHEN");

    for (size_t i = 0;
         when != NULL && !cmd_has(cmd, "DELETE") && i < when->n_subs; i++) {
        const struct saf_class *class_ =
            saf_class_find(str_of(when->subs[i].operand->name));

        if (class_ != NULL && strcmp(class_->name, "PROGRAM") != 0 &&
            (saf_class_options(cmd->db, str_of(class_->name)) & CLASS_ACTIVE) ==
                0)
            CMD_MSG(cmd, "ICH06019I", str_of(class_->name));
    }
}

static uint32_t
run_permit(struct cmd *cmd)
{
    const struct saf_class *class_ = class_of_command(cmd);
    const struct cmd_arg *ids = cmd_arg(cmd, "ID");
    struct condition *when;
    struct saf_profile p;
    size_t n_when;
    bool is_changed =
        cmd_arg(cmd, "FROM") != NULL ||
        (cmd_arg(cmd, "RESET") != NULL && !cmd_has(cmd, "DELETE"));

    if (class_ == NULL || !find_profile(cmd, class_, &p))
        return 8;
    if (ids == NULL && cmd_arg(cmd, "FROM") == NULL &&
        cmd_arg(cmd, "RESET") == NULL) {
        CMD_MSG(cmd, "IKJ56701I", STR("ID"), STR("+"));
        CMD_MSG(cmd, "IKJ56701I", STR("USERID OR GROUP NAME"), STR(""));
        return 8;
    }
    n_when = conditions(cmd, &when);
    if (n_when == 0) {
        CMD_MSG(cmd, "ICH06018I", STR("PERMIT"));
        return cmd_abandon(cmd, 8);
    }
    reset_list(cmd, &p);
    if (!copy_from(cmd, class_, &p))
        return cmd_abandon(cmd, 8);
    for (size_t i = 0; ids != NULL && i < ids->n_values; i++)
        for (size_t j = 0; j < n_when; j++)
            is_changed |= permit_one(cmd, &p, ids->values[i], &when[j]);
    warn_inactive(cmd);
    if (is_changed) /* an unknown ID does not undo the others */
        cmd_warn_raclisted(cmd, class_, "ICH06011I");
    return cmd->rc;
}

const struct cmd_verb cmd_permit = {
    "PERMIT", "PE", permit_positional, 1, 1, CMD_TABLE(permit_rows), run_permit,
};
