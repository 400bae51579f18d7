/* RDEFINE, RALTER, RDELETE. */
#include "saf/cmd_private.h"
#include "saf/cmd_resource.h"

#include <string.h>

#include "base/printable.h"

static const struct cmd_operand resource_positional[] = {
    { "CLASS", CMD_TEXT, 0, 1, 8, NULL, NULL, NULL, NULL, "CLASS",
      "CLASS NAME" },
    { "PROFILE", CMD_LIST, CMD_ASIS, 1, 246, NULL, NULL, NULL, NULL,
      "ENTITY NAME", "NAME OF ENTITY IN SPECIFIED CLASS" },
};

/* clang-format off */
#define LEVEL(name) { name, CMD_CHOICE, CMD_OPTIONAL, 0, 0, NULL, audit_levels, NULL, NULL, "ACCESS LEVEL", "READ, UPDATE, CONTROL, OR ALTER" }
static const char *const audit_levels[] = { "READ", "UPDATE", "CONTROL", "ALTER", NULL };
static const struct cmd_operand audit_rows[] = {
    LEVEL("ALL"), LEVEL("SUCCESS"), LEVEL("FAILURES"),
    { "NONE", CMD_NONE, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL },
};
static const struct cmd_table audit_table = CMD_TABLE(audit_rows);

#define TXT(name, max, flags, seg) { name, CMD_TEXT, CMD_NO | (flags), 0, max, NULL, NULL, seg, name, NULL, NULL }
#define YESNO(name, seg) { name, CMD_CHOICE, CMD_NO, 0, 0, NULL, cmd_yes_no, seg, name, NULL, "YES OR NO" }
static const struct cmd_operand stdata_rows[] = {
    TXT("USER", 8, 0, "STDATA"), TXT("GROUP", 8, 0, "STDATA"),
    YESNO("PRIVILEGED", "STDATA"), YESNO("TRUSTED", "STDATA"), YESNO("TRACE", "STDATA"),
};
static const struct cmd_table stdata_table = CMD_TABLE(stdata_rows);

static const struct cmd_operand ictx_rows[] = {
    YESNO("USEMAP", "ICTX"), YESNO("DOMAP", "ICTX"), YESNO("MAPREQUIRED", "ICTX"),
    { "MAPPINGTIMEOUT", CMD_NUMBER, CMD_NO, 1, 3600, NULL, NULL, "ICTX", "MAPPINGTIMEOUT", NULL, NULL },
};
static const struct cmd_table ictx_table = CMD_TABLE(ictx_rows);

static const char *const cases[] = { "UPPER", "ASIS", NULL };
static const char *const allowances[] = { "ALLOWED", "DISALLOWED", NULL };
static const char *const raclists[] = { "ALLOWED", "DISALLOWED", "REQUIRED", NULL };
static const char *const class_uaccs[] = { "ACEE", "ALTER", "CONTROL", "UPDATE", "READ", "NONE", NULL };
static const char *const mac_words[] = { "NORMAL", "REVERSE", "EQUAL", NULL };
static const char *const default_rcs[] = { "0", "4", "8", NULL };
#define WORDOF(name, words) { name, CMD_CHOICE, CMD_NO, 0, 0, NULL, words, "CDTINFO", name, NULL, NULL }
#define CDTNUM(name, lo, hi) { name, CMD_NUMBER, CMD_NO, lo, hi, NULL, NULL, "CDTINFO", name, NULL, NULL }
static const struct cmd_operand cdtinfo_rows[] = {
    WORDOF("CASE", cases), WORDOF("DEFAULTRC", default_rcs), WORDOF("DEFAULTUACC", class_uaccs),
    { "FIRST", CMD_LIST, CMD_NO, 1, 8, NULL, NULL, "CDTINFO", "FIRST", NULL, "ALPHA, NUMERIC, NATIONAL, OR SPECIAL" },
    WORDOF("GENLIST", allowances), WORDOF("GENERIC", allowances),
    { "GROUP", CMD_TEXT, CMD_NO, 1, 8, NULL, NULL, "CDTINFO", "GROUP", NULL, NULL },
    CDTNUM("KEYQUALIFIERS", 0, 123), WORDOF("MACPROCESSING", mac_words),
    CDTNUM("MAXLENGTH", 1, 246), CDTNUM("MAXLENX", 1, 246),
    { "MEMBER", CMD_TEXT, CMD_NO, 1, 8, NULL, NULL, "CDTINFO", "MEMBER", NULL, NULL },
    WORDOF("OPERATIONS", cmd_yes_no),
    { "OTHER", CMD_LIST, CMD_NO, 1, 8, NULL, NULL, "CDTINFO", "OTHER", NULL, "ALPHA, NUMERIC, NATIONAL, OR SPECIAL" },
    { "POSIT", CMD_NUMBER, CMD_NO, 0, 1023, NULL, NULL, "CDTINFO", "POSIT", NULL, "POSIT+POSIT VALUE, 0-1023" },
    WORDOF("PROFILESALLOWED", cmd_yes_no), WORDOF("RACLIST", raclists),
    WORDOF("SECLABELSREQUIRED", cmd_yes_no), WORDOF("SIGNAL", cmd_yes_no),
};
static const struct cmd_table cdtinfo_table = CMD_TABLE(cdtinfo_rows);

static const char *const cfdef_types[] = { "CHAR", "FLAG", "HEX", "NUM", NULL };
static const char *const cfdef_chars[] = { "ALPHA", "ALPHANUM", "ANY", "NONATABC", "NONATNUM", "NUMERIC", NULL };
#define CHOICE(name, words, seg) { name, CMD_CHOICE, CMD_NO, 0, 0, NULL, words, seg, name, NULL, NULL }
#define NUM(name, hi, seg) { name, CMD_NUMBER, CMD_NO, 0, hi, NULL, NULL, seg, name, NULL, NULL }
static const struct cmd_operand cfdef_rows[] = {
    CHOICE("TYPE", cfdef_types, "CFDEF"), NUM("MAXLENGTH", 1100, "CFDEF"),
    NUM("MAXVALUE", 2147483647, "CFDEF"), NUM("MINVALUE", 2147483647, "CFDEF"),
    CHOICE("FIRST", cfdef_chars, "CFDEF"), CHOICE("OTHER", cfdef_chars, "CFDEF"),
    YESNO("MIXED", "CFDEF"), TXT("HELP", 255, CMD_ASIS, "CFDEF"),
    TXT("LISTHEAD", 40, CMD_ASIS, "CFDEF"), TXT("VALREXX", 8, 0, "CFDEF"),
};
static const struct cmd_table cfdef_table = CMD_TABLE(cfdef_rows);

static const char *const failloads[] = { "ANYBAD", "BADSIGONLY", "NEVER", NULL };
static const char *const sigaudits[] = { "ALL", "ANYBAD", "BADSIGONLY", "NONE", "SUCCESS", NULL };
static const struct cmd_operand sigver_rows[] = {
    YESNO("SIGREQUIRED", "SIGVER"), CHOICE("FAILLOAD", failloads, "SIGVER"),
    CHOICE("SIGAUDIT", sigaudits, "SIGVER"),
};
static const struct cmd_table sigver_table = CMD_TABLE(sigver_rows);

#define FLAG(name) { name, CMD_NONE, CMD_NO, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL }
#define KEPT(name, max) { name, CMD_TEXT, CMD_NO, 0, max, NULL, NULL, "BASE", name, NULL, NULL }
#define COMMON_OPERANDS                                                        \
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
    { "APPLDATA", CMD_TEXT, CMD_NO | CMD_ASIS, 0, 255, NULL, NULL, "BASE",     \
      "APPLDATA", NULL, NULL },                                                \
    { "ADDMEM", CMD_LIST, CMD_ASIS | CMD_PIECES, 1, 255, NULL, NULL, NULL, NULL, NULL,      \
      NULL },                                                                  \
    { "LEVEL", CMD_NUMBER, 0, 0, 99, NULL, NULL, NULL, NULL, NULL, NULL },     \
    KEPT("SECLEVEL", 44), KEPT("SECLABEL", 8), KEPT("ADDCATEGORY", 44),        \
    { "TIMEZONE", CMD_LIST, CMD_NO, 1, 5, NULL, NULL, "BASE", "TIMEZONE",      \
      NULL, "E OR W, AND HOURS" },                                             \
    FLAG("SINGLEDSN"), FLAG("TVTOC"),                             \
    { "STDATA", CMD_SUB, CMD_NO, 0, 0, &stdata_table, NULL, "STDATA", NULL,    \
      NULL, NULL },                                                            \
    { "ICTX", CMD_SUB, CMD_NO, 0, 0, &ictx_table, NULL, "ICTX", NULL, NULL,    \
      NULL },                                                                  \
    { "SSIGNON", CMD_SUB, CMD_NO, 0, 0, &cmd_ssignon_table, NULL, "SSIGNON",   \
      NULL, NULL, NULL },                                                      \
    { "CDTINFO", CMD_SUB, CMD_NO, 0, 0, &cdtinfo_table, NULL, "CDTINFO", NULL, \
      NULL, NULL },                                                            \
    { "CFDEF", CMD_SUB, CMD_NO, 0, 0, &cfdef_table, NULL, "CFDEF", NULL, NULL, \
      NULL },                                                                  \
    { "SIGVER", CMD_SUB, CMD_NO, 0, 0, &sigver_table, NULL, "SIGVER", NULL,    \
      NULL, NULL }

static const struct cmd_operand define_rows[] = {
    COMMON_OPERANDS,
    { "FROM", CMD_TEXT, CMD_ASIS, 1, 246, NULL, NULL, NULL, NULL, NULL, NULL },
    { "FCLASS", CMD_TEXT, 0, 1, 8, NULL, NULL, NULL, NULL, NULL, NULL },
    { "FGENERIC", CMD_NONE, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL },
    { "FVOLUME", CMD_TEXT, 0, 1, 6, NULL, NULL, NULL, NULL, NULL, NULL },
};
static const struct cmd_operand alter_rows[] = {
    COMMON_OPERANDS,
    { "DELMEM", CMD_LIST, CMD_ASIS | CMD_PIECES, 1, 255, NULL, NULL, NULL, NULL, NULL, NULL },
    { "GLOBALAUDIT", CMD_SUB, 0, 0, 0, &audit_table, NULL, NULL, NULL, NULL, "ACCESS ATTEMPT AND LEVEL" },
    { "DELCATEGORY", CMD_LIST, 0, 1, 44, NULL, NULL, NULL, NULL, NULL, NULL },
    { "GENERIC", CMD_NONE, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL },
};
/* clang-format on */

/* --- shared ------------------------------------------------------------ */

static uint32_t
kind_of_char(char c)
{
    if (strchr("#@$", c) != NULL)
        return CLASS_NATIONAL;
    if (c >= '0' && c <= '9')
        return CLASS_NUMERIC;
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ? CLASS_ALPHA
                                                            : CLASS_SPECIAL;
}

/* FIRST and OTHER of a dynamic class; generic characters are no characters of
 * the name. */
static bool
has_allowed_chars(const struct saf_class *class_, struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        uint32_t allowed = i == 0 ? class_->first : class_->other;

        if (allowed != 0 && strchr("*%&.", name.p[i]) == NULL &&
            (kind_of_char(name.p[i]) & allowed) == 0)
            return false;
    }
    return true;
}

/* Qualifiers of 1 to 8 characters, the first of them no digit, at least two of
 * them; generic characters may stand where characters may. */
bool
cmd_is_dataset_name(struct str name)
{
    struct str rest = name, q;
    size_t n = 0;

    while (str_token(&rest, '.', &q)) {
        if (q.n == 0 || (q.n > 8 && str_find_char(q, '*') == STR_NPOS) ||
            q.n > 9 || (q.p[0] >= '0' && q.p[0] <= '9') || q.p[0] == '-')
            return false;
        for (size_t i = 0; i < q.n; i++)
            if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789#@$-*%", q.p[i]) ==
                NULL)
                return false;
        n++;
    }
    return n > 1;
}

static bool
is_pattern_of(const struct saf_class *class_, struct str name)
{
    struct pattern pattern;

    if (!pattern_has_generics(name) || (class_->flags & CLASS_DISCRETE) != 0)
        return true;
    return ((class_->flags & CLASS_DATASET) != 0
                ? pattern_compile_dataset
                : pattern_compile)(name, &pattern, NULL) == ERR_OK;
}

bool
cmd_profile_name(struct cmd *cmd, const struct saf_class *class_,
                 struct str given, struct str *name)
{
    char text[SAF_PROFILE_MAX + 1];
    struct str folded;
    bool is_dataset = (class_->flags & CLASS_DATASET) != 0;

    if (printable_is(given) && saf_class_fold(class_, given, text, &folded) &&
        str_find_char(folded, ' ') == STR_NPOS &&
        str_find_char(folded, ',') == STR_NPOS &&
        str_find_char(folded, '(') == STR_NPOS &&
        (!is_dataset || cmd_is_dataset_name(folded)) &&
        has_allowed_chars(class_, folded) && is_pattern_of(class_, folded)) {
        *name = str_dup(cmd->arena, folded);
        return true;
    }
    if (is_dataset)
        CMD_MSG(cmd, "IKJ56702I", STR("DATASET NAME"),
                str_fmt(cmd->arena, "'" STR_FMT "'", STR_ARG(given)));
    else
        CMD_MSG(cmd, "IRR16001I", str_of(cmd->verb->name), given,
                str_of(class_->name));
    cmd_rc(cmd, 8);
    return false;
}

bool
cmd_may_alter_profile(struct cmd *cmd, const struct saf_profile *p)
{
    struct saf_access *list;
    size_t n;

    if (cmd_owns(cmd, p->owner))
        return true;
    if (p->is_generic)
        return false;
    n = saf_access_of(cmd->db, cmd->arena, p->id, &list);
    for (size_t i = 0; i < n; i++)
        if (list[i].when_kind.n == 0 && list[i].level == SAF_ALTER &&
            (str_eq_z(list[i].who, cmd->acee->user) ||
             acee_in_group(cmd->acee, list[i].who)))
            return true;
    return false;
}

void
cmd_warn_raclisted(struct cmd *cmd, const struct saf_class *class_,
                   const char *id)
{
    uint32_t options = saf_class_options(cmd->db, str_of(class_->name));

    if (class_->member[0] != '\0')
        options |= saf_class_options(cmd->db, str_of(class_->member));
    if ((options & CLASS_RACLIST) != 0)
        CMD_MSG(cmd, id, str_of(class_->name));
}

static enum saf_level
audit_level(const struct cmd_arg *arg)
{
    return arg->n_values == 0 ? SAF_READ
                              : (enum saf_level)(SAF_READ + arg->number);
}

void
cmd_set_audit(const struct cmd_arg *arg, struct saf_audit *audit)
{
    const struct cmd_arg *all = cmd_sub(arg, "ALL");
    const struct cmd_arg *success = cmd_sub(arg, "SUCCESS");
    const struct cmd_arg *failures = cmd_sub(arg, "FAILURES");

    if (arg == NULL)
        return;
    *audit = (struct saf_audit){ SAF_NONE, SAF_NONE };
    if (all != NULL)
        audit->success = audit->failure = audit_level(all);
    if (success != NULL)
        audit->success = audit_level(success);
    if (failures != NULL)
        audit->failure = audit_level(failures);
}

static bool
set_owner(struct cmd *cmd, struct saf_profile *p)
{
    const struct cmd_arg *owner = cmd_arg(cmd, "OWNER");

    if (owner == NULL)
        return true;
    if (!cmd_is_principal(cmd, cmd_value(owner))) {
        if (cmd->verb == &cmd_addsd)
            CMD_MSG(cmd, "ICH09007I");
        else
            CMD_MSG(cmd, "IKJ56702I", STR("OWNER"), cmd_value(owner));
        cmd_abandon(cmd, 8);
        return false;
    }
    p->owner = cmd_value(owner);
    return true;
}

static bool
set_notify(struct cmd *cmd, struct saf_profile *p)
{
    const struct cmd_arg *notify = cmd_arg(cmd, "NOTIFY");

    if (notify == NULL)
        return true;
    p->notify = notify->is_negated      ? STR("")
                : notify->n_values == 0 ? str_of(cmd->acee->user)
                                        : cmd_value(notify);
    if (p->notify.n == 0 || cmd_user_exists(cmd, p->notify))
        return true;
    CMD_MSG(cmd, "IKJ56702I", STR("NOTIFY"), p->notify);
    cmd_abandon(cmd, 8);
    return false;
}

bool
cmd_set_fields(struct cmd *cmd, struct saf_profile *p)
{
    const struct cmd_arg *uacc = cmd_arg(cmd, "UACC");
    const struct cmd_arg *warning = cmd_arg(cmd, "WARNING");
    const struct cmd_arg *level = cmd_arg(cmd, "LEVEL");

    if (uacc != NULL)
        p->uacc = (enum saf_level)uacc->number;
    if (warning != NULL)
        p->is_warning = !warning->is_negated;
    if (level != NULL)
        p->level = (uint32_t)level->number;
    cmd_set_audit(cmd_arg(cmd, "AUDIT"), &p->audit);
    p->changed = cmd->today;
    return set_owner(cmd, p) && set_notify(cmd, p);
}

bool
cmd_get_profile(struct cmd *cmd, const struct saf_class *class_,
                struct str name, bool says_generic, struct saf_profile *out)
{
    struct str class_name = str_of(class_->name);
    bool means_generic = pattern_has_generics(name) &&
                         (class_->flags & CLASS_DISCRETE) == 0 &&
                         (saf_class_options(cmd->db, class_name) &
                          (CLASS_GENERIC | CLASS_GENCMD)) != 0;

    if ((says_generic || means_generic) &&
        saf_profile_get_kind(cmd->db, cmd->arena, class_name, name, true, out))
        return true;
    return !says_generic &&
           saf_profile_get(cmd->db, cmd->arena, class_name, name, out);
}

/* --- RDEFINE ----------------------------------------------------------- */

/* FROM(profile) FCLASS(class): the model's fields and access list. */
bool
cmd_copy_model(struct cmd *cmd, const struct saf_class *class_,
               struct saf_profile *p, struct saf_profile *model)
{
    const struct cmd_arg *from = cmd_arg(cmd, "FROM");
    const struct cmd_arg *fclass = cmd_arg(cmd, "FCLASS");
    const struct saf_class *of =
        fclass == NULL ? class_
                       : cmd_any_class(cmd, cmd_value(fclass), "FCLASS");
    struct str name;

    model->id = 0;
    if (from == NULL)
        return true;
    if (of == NULL || !cmd_profile_name(cmd, of, cmd_value(from), &name))
        return false;
    if (!cmd_get_profile(cmd, of, name, cmd_has(cmd, "FGENERIC"), model)) {
        CMD_MSG(cmd, "ICH06004I", name);
        return false;
    }
    p->uacc = model->uacc;
    p->audit = model->audit;
    p->level = model->level;
    p->is_warning = model->is_warning;
    return true;
}

void
cmd_copy_list(struct cmd *cmd, int64_t from, int64_t to)
{
    struct saf_access *list;
    size_t n = from == 0 ? 0 : saf_access_of(cmd->db, cmd->arena, from, &list);

    for (size_t i = 0; i < n; i++) {
        list[i].profile_id = to;
        saf_access_put(cmd->db, &list[i]);
    }
}

void
cmd_add_creator(struct cmd *cmd, const struct saf_profile *p)
{
    struct saf_access a = { .profile_id = p->id,
                            .who = str_of(cmd->acee->user),
                            .level = SAF_ALTER };

    if (saf_option(cmd->db, "ADDCREATOR") != 0)
        saf_access_put(cmd->db, &a);
}

enum saf_level
cmd_connect_uacc(struct cmd *cmd)
{
    struct saf_connect c;

    return saf_connect_get(cmd->db, cmd->arena, str_of(cmd->acee->user),
                           str_of(cmd->acee->group), &c)
               ? c.uacc
               : SAF_NONE;
}

/* May this name be a generic one now? A generic class: yes; GENCMD: yes. */
static bool
is_generic_name(struct cmd *cmd, const struct saf_class *class_,
                struct str name)
{
    uint32_t options = saf_class_options(cmd->db, str_of(class_->name));

    if (!pattern_has_generics(name) || (class_->flags & CLASS_DISCRETE) != 0)
        return false;
    if ((options & (CLASS_GENERIC | CLASS_GENCMD)) != 0)
        return true;
    CMD_MSG(cmd, "ICH10321I", name, str_of(class_->name));
    return false;
}

static void
define_one(struct cmd *cmd, const struct saf_class *class_, struct str given)
{
    struct saf_profile p = { .class_name = str_of(class_->name),
                             .owner = str_of(cmd->acee->user),
                             .uacc = class_->default_uacc,
                             .audit = { SAF_NONE, SAF_READ },
                             .created = cmd->today };
    struct saf_profile old, model;

    if (!cmd_profile_name(cmd, class_, given, &p.name) ||
        !cmd_is_table_name(cmd, class_, p.name) ||
        !cmd_owns_generic(cmd, class_, p.name))
        return;
    if ((class_->flags & CLASS_UACC_ACEE) != 0)
        p.uacc = cmd_connect_uacc(cmd);
    p.is_generic = is_generic_name(cmd, class_, p.name);
    if (saf_profile_get_kind(cmd->db, cmd->arena, p.class_name, p.name,
                             p.is_generic, &old)) {
        CMD_MSG(cmd, "ICH10102I", p.name, p.class_name);
        cmd_rc(cmd, 4);
        return;
    }
    if (!cmd_copy_model(cmd, class_, &p, &model) || !cmd_set_fields(cmd, &p) ||
        !cmd_check_cdtinfo(cmd, &p) || !cmd_check_terminal(cmd)) {
        CMD_MSG(cmd, "ICH10301I", p.name);
        cmd_abandon(cmd, 8);
        return;
    }
    saf_profile_put(cmd->db, &p);
    cmd_copy_list(cmd, model.id, p.id);
    cmd_add_creator(cmd, &p);
    cmd_store(cmd, SAF_KIND_PROFILE, p.id);
    cmd_check_stdata(cmd, &p);
    if (!cmd_ssignon_put(cmd, p.id, p.name) ||
        !cmd_set_members(cmd, class_, &p) || !cmd_has_posit(cmd, &p))
        cmd_abandon(cmd, 8);
}

static bool
may_define(struct cmd *cmd, const struct saf_class *class_)
{
    if ((class_->flags & CLASS_NO_DEFINE) != 0 ||
        (!cmd_is_special(cmd) && !cmd_has_clauth(cmd, class_->name))) {
        CMD_MSG(cmd, "ICH10202I", str_of(class_->name));
        return false;
    }
    return true;
}

static uint32_t
run_rdefine(struct cmd *cmd)
{
    struct cmd_tally tally = cmd_tally_begin(cmd);
    const struct saf_class *class_ =
        cmd_class(cmd, cmd_value(cmd->positional[0]), "CLASS");
    const struct cmd_arg *names = cmd->positional[1];

    if (class_ == NULL)
        cmd_say_missing(cmd, &resource_positional[1]);
    if (class_ == NULL || !may_define(cmd, class_))
        return 8;
    cmd_drop_inapplicable(cmd, class_);
    cmd_tally_notes(cmd, &tally);
    for (size_t i = 0; i < names->n_values && !cmd->is_abandoned; i++) {
        define_one(cmd, class_, names->values[i]);
        cmd_tally(cmd, &tally);
    }
    if (tally.n_done > 0 && !cmd->is_abandoned)
        cmd_warn_raclisted(cmd, class_, "ICH10006I");
    return cmd_tally_end(cmd, &tally);
}

const struct cmd_verb cmd_rdefine = {
    "RDEFINE",
    "RDEF",
    resource_positional,
    2,
    2,
    CMD_TABLE_AND(define_rows, cmd_kept_resource),
    run_rdefine,
    .is_new = true,
};

/* --- RALTER, RDELETE --------------------------------------------------- */

/* The named profile; false after a message. */
static bool
find_profile(struct cmd *cmd, const struct saf_class *class_, struct str given,
             const char *not_defined, struct saf_profile *p)
{
    struct str name;

    if (!cmd_profile_name(cmd, class_, given, &name))
        return false;
    if (cmd_arg(cmd, "GENERIC") != NULL && !cmd_has(cmd, "GENERIC")
            ? !saf_profile_get_kind(cmd->db, cmd->arena, str_of(class_->name),
                                    name, false, p)
            : !cmd_get_profile(cmd, class_, name, cmd_has(cmd, "GENERIC"), p)) {
        CMD_MSG(cmd, not_defined, name, str_of(class_->name));
        cmd_rc(cmd, 4);
        return false;
    }
    return true;
}

static void
alter_one(struct cmd *cmd, const struct saf_class *class_, struct str given)
{
    const struct cmd_arg *global = cmd_arg(cmd, "GLOBALAUDIT");
    struct saf_profile p;

    if (!find_profile(cmd, class_, given, "ICH11102I", &p))
        return;
    if (!cmd_may_alter_profile(cmd, &p) &&
        !(global != NULL && cmd->n_args == 1)) {
        CMD_MSG(cmd, "ICH11103I", p.name);
        cmd_rc(cmd, 4);
        return;
    }
    if (global != NULL) {
        if ((cmd->acee->attrs & ACEE_AUDITOR) != 0) {
            cmd_set_audit(global, &p.global_audit);
        } else {
            CMD_MSG(cmd, "ICH11008I", STR("GLOBALAUDIT"));
            cmd_rc(cmd, 4);
        }
    }
    if (!cmd_set_fields(cmd, &p) || !cmd_check_cdtinfo(cmd, &p) ||
        !cmd_check_terminal(cmd)) {
        cmd_abandon(cmd, 8);
        return;
    }
    saf_profile_put(cmd->db, &p);
    cmd_store(cmd, SAF_KIND_PROFILE, p.id);
    cmd_check_stdata(cmd, &p);
    if (!cmd_ssignon_put(cmd, p.id, p.name) ||
        !cmd_set_members(cmd, class_, &p) || !cmd_has_posit(cmd, &p))
        cmd_abandon(cmd, 8);
}

static uint32_t
run_ralter(struct cmd *cmd)
{
    struct cmd_tally tally = cmd_tally_begin(cmd);
    const struct saf_class *class_ =
        cmd_class(cmd, cmd_value(cmd->positional[0]), "CLASS");
    const struct cmd_arg *names = cmd->positional[1];

    if (class_ == NULL) {
        /* As observed: the list's end is what the parser finds next. */
        if (names->has_value)
            CMD_MSG(cmd, "IKJ56712I", STR(")"));
        return 8;
    }
    if ((class_->flags & CLASS_NO_DEFINE) != 0) {
        CMD_MSG(cmd, "ICH11103I", cmd_value(names));
        return 8;
    }
    cmd_drop_inapplicable(cmd, class_);
    cmd_tally_notes(cmd, &tally);
    for (size_t i = 0; i < names->n_values && !cmd->is_abandoned; i++) {
        alter_one(cmd, class_, names->values[i]);
        cmd_tally(cmd, &tally);
    }
    if (tally.n_done > 0 && !cmd->is_abandoned)
        cmd_warn_raclisted(cmd, class_, "ICH11009I");
    return cmd_tally_end(cmd, &tally);
}

const struct cmd_verb cmd_ralter = {
    "RALTER",   "RALT", resource_positional,
    2,          2,      CMD_TABLE_AND(alter_rows, cmd_kept_resource),
    run_ralter,
};

static uint32_t
run_rdelete(struct cmd *cmd)
{
    const struct saf_class *class_ =
        cmd_class(cmd, cmd_value(cmd->positional[0]), "CLASS");
    const struct cmd_arg *names = cmd->positional[1];
    bool is_done = false;

    if (class_ == NULL) {
        cmd_say_missing(cmd, &resource_positional[1]);
        return 8;
    }
    if ((class_->flags & CLASS_NO_DEFINE) != 0) {
        CMD_MSG(cmd, "ICH12103I", cmd_value(names));
        return 8;
    }
    for (size_t i = 0; i < names->n_values; i++) {
        struct saf_profile p;

        if (!find_profile(cmd, class_, names->values[i], "ICH12102I", &p))
            continue;
        if (!cmd_may_alter_profile(cmd, &p)) {
            CMD_MSG(cmd, "ICH12103I", p.name);
            cmd_rc(cmd, 4);
            continue;
        }
        if (cmd_is_class_in_use(cmd, &p))
            continue;
        saf_profile_delete(cmd->db, p.id);
        is_done = true;
    }
    if (is_done)
        cmd_warn_raclisted(cmd, class_, "ICH12002I");
    return cmd->rc;
}

static const struct cmd_operand delete_rows[] = {
    { "GENERIC", CMD_NONE, CMD_NO, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL },
};
const struct cmd_verb cmd_rdelete = {
    "RDELETE",   "RDEL", resource_positional, 2, 2, CMD_TABLE(delete_rows),
    run_rdelete,
};
