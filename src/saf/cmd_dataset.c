/* ADDSD, ALTDSD, DELDSD: profiles of class DATASET. LISTDSD is in
 * cmd_list_dataset.c. */
#include "saf/cmd_private.h"
#include "saf/cmd_resource.h"

/* clang-format off */
static const struct cmd_operand dataset_positional[] = {
    { "DATASET", CMD_LIST, 0, 1, 44, NULL, NULL, NULL, NULL, "DATASET NAME", "NAME OF DATASET TO BE PROTECTED" },
};

#define LEVEL(name) { name, CMD_CHOICE, CMD_OPTIONAL, 0, 0, NULL, audit_levels, NULL, NULL, "ACCESS LEVEL", "READ, UPDATE, CONTROL, OR ALTER" }
static const char *const audit_levels[] = { "READ", "UPDATE", "CONTROL", "ALTER", NULL };
static const struct cmd_operand audit_rows[] = {
    LEVEL("ALL"), LEVEL("SUCCESS"), LEVEL("FAILURES"),
    { "NONE", CMD_NONE, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL },
};
static const struct cmd_table audit_table = CMD_TABLE(audit_rows);

#define WORD(name) { name, CMD_NONE, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL }
#define FLAG(name) { name, CMD_NONE, CMD_NO, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL }
#define KEPT(name, max) { name, CMD_TEXT, CMD_NO, 0, max, NULL, NULL, "BASE", name, NULL, NULL }
#define COMMON                                                                 \
    { "UACC", CMD_CHOICE, 0, 0, 0, NULL, cmd_levels, NULL, NULL,               \
      "UNIVERSAL ACCESS", "ALTER, CONTROL, UPDATE, READ, EXECUTE, OR NONE" },  \
    { "OWNER", CMD_TEXT, CMD_NAME, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL }, \
    { "AUDIT", CMD_SUB, 0, 0, 0, &audit_table, NULL, NULL, NULL, NULL,         \
      "ACCESS ATTEMPT AND LEVEL" },                                            \
    FLAG("WARNING"),                                                           \
    { "NOTIFY", CMD_TEXT, CMD_NO | CMD_OPTIONAL | CMD_NAME, 0, 0, NULL, NULL,  \
      NULL, NULL, NULL, NULL },                                                \
    { "DATA", CMD_TEXT, CMD_NO | CMD_ASIS, 0, 255, NULL, NULL, "BASE", "DATA", \
      NULL, NULL },                                                            \
    { "LEVEL", CMD_NUMBER, 0, 0, 99, NULL, NULL, NULL, NULL, NULL, NULL },     \
    { "ERASE", CMD_NONE, CMD_NO, 0, 0, NULL, NULL, "BASE", "ERASE", NULL,      \
      NULL },                                                                  \
    { "RETPD", CMD_NUMBER, 0, 0, 65533, NULL, NULL, "BASE", "RETPD", NULL,     \
      NULL },                                                                  \
    KEPT("UNIT", 8), KEPT("VOLUME", 6), KEPT("SECLEVEL", 44),                  \
    KEPT("SECLABEL", 8), KEPT("ADDCATEGORY", 44), WORD("GENERIC"),             \
    WORD("SET"), WORD("SETONLY"), WORD("NOSET")

static const struct cmd_operand addsd_rows[] = {
    COMMON, WORD("MODEL"), WORD("TAPE"), KEPT("FILESEQ", 5),
    { "FROM", CMD_TEXT, 0, 1, 246, NULL, NULL, NULL, NULL, NULL, NULL },
    { "FCLASS", CMD_TEXT, 0, 1, 8, NULL, NULL, NULL, NULL, NULL, NULL },
    WORD("FGENERIC"),
    { "FVOLUME", CMD_TEXT, 0, 1, 6, NULL, NULL, NULL, NULL, NULL, NULL },
};
static const struct cmd_operand altdsd_rows[] = {
    COMMON,
    { "GLOBALAUDIT", CMD_SUB, 0, 0, 0, &audit_table, NULL, NULL, NULL, NULL, "ACCESS ATTEMPT AND LEVEL" },
    { "DELCATEGORY", CMD_LIST, 0, 1, 44, NULL, NULL, NULL, NULL, NULL, NULL },
    KEPT("ADDVOL", 6), KEPT("DELVOL", 6), KEPT("ALTVOL", 6),
};
static const struct cmd_operand delsd_rows[] = {
    WORD("GENERIC"), WORD("SET"), WORD("NOSET"),
    { "VOLUME", CMD_TEXT, 0, 1, 6, NULL, NULL, NULL, NULL, NULL, NULL },
};
/* clang-format on */

const struct saf_class *
cmd_dataset_class(void)
{
    return saf_class_find(STR("DATASET"));
}

struct str
cmd_dataset_text(struct cmd *cmd, struct str given, bool is_quoted)
{
    return is_quoted ? given
                     : str_fmt(cmd->arena, "%s." STR_FMT, cmd->acee->user,
                               STR_ARG(given));
}

static struct str
first_qualifier(struct str name)
{
    return str_sub(name, 0, str_find_char(name, '.'));
}

bool
cmd_may_alter_dataset(struct cmd *cmd, const struct saf_profile *p)
{
    return str_eq_z(first_qualifier(p->name), cmd->acee->user) ||
           cmd_may_alter_profile(cmd, p);
}

bool
cmd_has_datasets(struct cmd *cmd, struct str principal)
{
    struct str prefix = str_fmt(cmd->arena, STR_FMT ".", STR_ARG(principal));
    struct saf_query q =
        saf_db_query(cmd->db,
                     "SELECT 1 FROM profiles WHERE class='DATASET' AND"
                     " substr(name, 1, ?2)=?1 LIMIT 1",
                     "si", prefix, (int64_t)prefix.n);
    bool has_some = saf_query_next(&q);

    saf_query_close(&q);
    return has_some;
}

/* --- ADDSD ------------------------------------------------------------- */

/* The first qualifier is the issuer; a user or group whom he owns; a group in
 * which he has CREATE authority. */
static bool
may_protect(struct cmd *cmd, struct str name)
{
    struct str q = first_qualifier(name);
    struct saf_group g;
    struct saf_user u;

    if (!cmd_is_principal(cmd, q)) {
        CMD_MSG(cmd, "ICH09006I", str_fmt(cmd->arena, "%-8.*s", STR_ARG(q)));
        cmd_rc(cmd, 4);
        return false;
    }
    if (cmd_is_special(cmd) || str_eq_z(q, cmd->acee->user) ||
        (saf_user_get(cmd->db, cmd->arena, q, &u) && cmd_owns(cmd, u.owner)) ||
        (saf_group_get(cmd->db, cmd->arena, q, &g) &&
         cmd_has_group_authority(cmd, &g, AUTH_CREATE)))
        return true;
    CMD_MSG(cmd, "ICH09008I", name);
    cmd_rc(cmd, 8);
    return false;
}

static bool
is_generic(struct cmd *cmd, struct str name)
{
    uint32_t options = saf_class_options(cmd->db, STR("DATASET"));

    if (!cmd_has(cmd, "GENERIC") && !pattern_has_generics(name))
        return false;
    if ((options & (CLASS_GENERIC | CLASS_GENCMD)) != 0)
        return true;
    CMD_MSG(cmd, "ICH10321I", name, STR("DATASET"));
    return false;
}

static void
add_one(struct cmd *cmd, const struct saf_class *class_, struct str given)
{
    struct saf_profile p = { .class_name = str_of(class_->name),
                             .owner = str_of(cmd->acee->user),
                             .uacc = cmd_connect_uacc(cmd),
                             .audit = { SAF_NONE, SAF_READ },
                             .created = cmd->today };
    struct saf_profile old, model;

    given = cmd_dataset_text(cmd, given, cmd->positional[0]->is_quoted);
    if (!cmd_profile_name(cmd, class_, given, &p.name) ||
        !may_protect(cmd, p.name))
        return;
    p.is_generic = is_generic(cmd, p.name);
    if (saf_profile_get_kind(cmd->db, cmd->arena, p.class_name, p.name,
                             p.is_generic, &old)) {
        CMD_MSG(cmd, "ICH09005I", p.name);
        cmd_rc(cmd, 4);
        return;
    }
    if (!cmd_copy_model(cmd, class_, &p, &model) || !cmd_set_fields(cmd, &p)) {
        cmd_abandon(cmd, 8);
        return;
    }
    saf_profile_put(cmd->db, &p);
    cmd_copy_list(cmd, model.id, p.id);
    cmd_add_creator(cmd, &p);
    cmd_store(cmd, SAF_KIND_PROFILE, p.id);
    saf_field_put(cmd->db, SAF_KIND_PROFILE, p.id, "BASE", "GROUP",
                  str_of(cmd->acee->group));
}

static uint32_t
run_addsd(struct cmd *cmd)
{
    struct cmd_tally tally = cmd_tally_begin(cmd);
    const struct cmd_arg *names = cmd->positional[0];

    for (size_t i = 0; i < names->n_values && !cmd->is_abandoned; i++) {
        add_one(cmd, cmd_dataset_class(), names->values[i]);
        cmd_tally(cmd, &tally);
    }
    return cmd_tally_end(cmd, &tally);
}

const struct cmd_verb cmd_addsd = {
    "ADDSD",
    "AD",
    dataset_positional,
    1,
    1,
    CMD_TABLE_AND(addsd_rows, cmd_kept_dataset),
    run_addsd,
    .is_new = true,
};

/* --- ALTDSD, DELDSD ---------------------------------------------------- */

static bool
find(struct cmd *cmd, struct str given, const char *not_defined,
     struct saf_profile *p)
{
    struct str name;

    given = cmd_dataset_text(cmd, given, cmd->positional[0]->is_quoted);
    if (!cmd_profile_name(cmd, cmd_dataset_class(), given, &name))
        return false;
    if (cmd_get_profile(cmd, cmd_dataset_class(), name, cmd_has(cmd, "GENERIC"),
                        p))
        return true;
    CMD_MSG(cmd, not_defined, name);
    cmd_rc(cmd, 4);
    return false;
}

static void
alter_one(struct cmd *cmd, struct str given)
{
    const struct cmd_arg *global = cmd_arg(cmd, "GLOBALAUDIT");
    struct saf_profile p;

    if (!find(cmd, given, "ICH22001I", &p))
        return;
    if (!cmd_may_alter_dataset(cmd, &p) &&
        !(global != NULL && cmd->n_args == 1)) {
        CMD_MSG(cmd, "ICH22005I", p.name);
        cmd_rc(cmd, 4);
        return;
    }
    if (global != NULL && (cmd->acee->attrs & ACEE_AUDITOR) != 0) {
        cmd_set_audit(global, &p.global_audit);
    } else if (global != NULL) {
        CMD_MSG(cmd, "ICH22008I", STR("GLOBALAUDIT"));
        cmd_rc(cmd, 4);
    }
    if (!cmd_set_fields(cmd, &p)) {
        cmd_abandon(cmd, 8);
        return;
    }
    saf_profile_put(cmd->db, &p);
    cmd_store(cmd, SAF_KIND_PROFILE, p.id);
}

static uint32_t
run_altdsd(struct cmd *cmd)
{
    struct cmd_tally tally = cmd_tally_begin(cmd);
    const struct cmd_arg *names = cmd->positional[0];

    for (size_t i = 0; i < names->n_values && !cmd->is_abandoned; i++) {
        alter_one(cmd, names->values[i]);
        cmd_tally(cmd, &tally);
    }
    return cmd_tally_end(cmd, &tally);
}

const struct cmd_verb cmd_altdsd = {
    "ALTDSD",   "ALD", dataset_positional,
    1,          1,     CMD_TABLE_AND(altdsd_rows, cmd_kept_dataset),
    run_altdsd,
};

static uint32_t
run_delsd(struct cmd *cmd)
{
    const struct cmd_arg *names = cmd->positional[0];

    for (size_t i = 0; i < names->n_values; i++) {
        struct saf_profile p;

        if (!find(cmd, names->values[i], "ICH09020I", &p))
            continue;
        if (!cmd_may_alter_dataset(cmd, &p)) {
            CMD_MSG(cmd, "ICH09021I", p.name);
            cmd_rc(cmd, 4);
            continue;
        }
        saf_profile_delete(cmd->db, p.id);
    }
    return cmd->rc;
}

const struct cmd_verb cmd_delsd = {
    "DELDSD", "DD", dataset_positional, 1, 1, CMD_TABLE(delsd_rows), run_delsd,
};
