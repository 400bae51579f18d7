/* SETROPTS: options of classes, CLASSACT to LOGOPTIONS. */
#include "saf/cmd_private.h"
#include "saf/cmd_setropts.h"

#include <string.h>

/* Options of all classes change with GRPLIST: images carry it. */
void
cmd_republish_all(struct cmd *cmd)
{
    size_t n;
    const struct saf_class *v = saf_class_all(&n);

    for (size_t i = 0; i < n; i++)
        if ((saf_class_options(cmd->db, str_of(v[i].name)) & CLASS_RACLIST) !=
            0)
            cmd_refresh(cmd, v[i].name, false);
}

/* Which of the classes that have no row in the original's class table the
 * operand takes besides those that have one. */
enum takes {
    TAKES_DATASET = 1u << 0,
    TAKES_PEOPLE = 1u << 1,  /* USER, GROUP */
    TAKES_ACTIVE = 1u << 2,  /* without NO: these are always active */
    TAKES_GENERIC = 1u << 3, /* but no class without generic profiles */
};

static const struct class_row {
    const char *operand;
    uint32_t option;
    uint32_t takes; /* enum takes */
} class_rows[] = {
    { "CLASSACT", CLASS_ACTIVE, TAKES_DATASET | TAKES_PEOPLE | TAKES_ACTIVE },
    { "GENERIC", CLASS_GENERIC, TAKES_DATASET | TAKES_GENERIC },
    { "GENCMD", CLASS_GENCMD, TAKES_DATASET | TAKES_GENERIC },
    { "RACLIST", CLASS_RACLIST, 0 },
    { "GLOBAL", CLASS_GLOBAL, TAKES_DATASET },
    { "GENLIST", CLASS_GENLIST, 0 },
    { "STATISTICS", CLASS_STATISTICS, TAKES_DATASET },
    { "AUDIT", CLASS_AUDIT, TAKES_DATASET | TAKES_PEOPLE },
};
static const struct class_row log_row = { "LOGOPTIONS", 0, TAKES_DATASET };

static bool
has_generics(const struct saf_class *class_)
{
    return (class_->flags & (CLASS_DISCRETE | CLASS_NO_DEFINE)) == 0;
}

static bool
is_port_of_entry(const char *class_name)
{
    static const char *const names[] = { "TERMINAL", "CONSOLE", "JESINPUT",
                                         "APPCPORT", "SERVAUTH" };

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(class_name, names[i]) == 0)
            return true;
    return false;
}

static void
change_options(struct cmd *cmd, const struct saf_class *class_, uint32_t on,
               uint32_t off)
{
    struct str name = str_of(class_->name);
    uint32_t old = saf_class_options(cmd->db, name);
    uint32_t now = (old & ~off) | on;

    if (old == now)
        return;
    saf_class_options_put(cmd->db, name, now);
    if (((old ^ now) & CLASS_GLOBAL) != 0)
        cmd_refresh_global(cmd, class_->name);
    if (((old ^ now) & CLASS_ACTIVE) != 0 && is_port_of_entry(class_->name))
        cmd_republish_all(cmd); /* conditions count, or no longer */
    if (((old ^ now) & CLASS_ACTIVE) != 0 &&
        (strcmp(class_->name, "CDT") == 0 ||
         strcmp(class_->name, "RACFVARS") == 0))
        cmd_refresh(cmd, class_->name, true);
    /* A class that was not RACLISTed gets its image now; others only their
     * options. */
    if (((old | now) & CLASS_RACLIST) != 0)
        cmd_refresh(cmd, class_->name, (old & CLASS_RACLIST) == 0);
}

/* All classes of one POSIT number share their options. */
static void
change_posit(struct cmd *cmd, const struct saf_class *class_, uint32_t on,
             uint32_t off)
{
    size_t n;
    const struct saf_class *v = saf_class_all(&n);

    for (size_t i = 0; i < n; i++)
        if (&v[i] == class_ ||
            (v[i].posit == class_->posit && class_->posit != CLASS_POSIT_NONE))
            change_options(cmd, &v[i],
                           has_generics(&v[i])
                               ? on
                               : on & ~(uint32_t)(CLASS_GENERIC | CLASS_GENCMD),
                           off);
}

static bool
is_refresh(const struct cmd *cmd, uint32_t option)
{
    return cmd_has(cmd, "REFRESH") &&
           (option & (CLASS_RACLIST | CLASS_GENERIC | CLASS_GLOBAL)) != 0;
}

static void
refresh_class(struct cmd *cmd, const struct saf_class *class_, uint32_t option)
{
    uint32_t have = saf_class_options(cmd->db, str_of(class_->name));

    if (option == CLASS_RACLIST && (have & CLASS_RACLIST) == 0) {
        CMD_MSG(cmd, "ICH14070I", str_of(class_->name));
        cmd_rc(cmd, 4);
    } else if (option == CLASS_GLOBAL && (have & CLASS_GLOBAL) == 0) {
        CMD_MSG(cmd, "ICH14016I", str_of(class_->name));
        cmd_rc(cmd, 4);
    } else if (option == CLASS_GLOBAL) {
        cmd_refresh_global(cmd, class_->name);
    } else if (option == CLASS_RACLIST) {
        /* Member classes follow when their grouping class is named. */
        cmd_refresh(cmd, class_->name, true);
        if (class_->member[0] != '\0')
            cmd_refresh(cmd, class_->member, true);
    }
}

static bool
names_class(const struct cmd_arg *arg, const struct saf_class *class_)
{
    for (size_t i = 0; arg != NULL && i < arg->n_values; i++)
        if (str_eq_z(arg->values[i], class_->name))
            return true;
    return false;
}

/* A class is RACLISTed or GENLISTed, not both, and not while it is made
 * inactive. */
static bool
is_ignored(struct cmd *cmd, const struct saf_class *class_, uint32_t option)
{
    uint32_t have = saf_class_options(cmd->db, str_of(class_->name));
    const struct cmd_arg *active = cmd_arg(cmd, "CLASSACT");

    if (option == CLASS_RACLIST && active != NULL && active->is_negated &&
        names_class(active, class_))
        CMD_MSG(cmd, "ICH14042I", STR("RACLIST"), str_of(class_->name));
    else if (option == CLASS_RACLIST && (have & CLASS_GENLIST) != 0)
        CMD_MSG(cmd, "SPT0395W", STR("RACLIST"), str_of(class_->name),
                STR("GENLISTed"));
    else if (option == CLASS_GENLIST && (have & CLASS_RACLIST) != 0)
        CMD_MSG(cmd, "SPT0395W", STR("GENLIST"), str_of(class_->name),
                STR("RACLISTed"));
    else
        return false;
    cmd_rc(cmd, 4);
    return true;
}

/* RACLIST of a class is RACLIST of that class alone where it must be allowed;
 * the option is still shared by POSIT where the class table says so. */
static void
apply_to_class(struct cmd *cmd, const struct saf_class *class_,
               const struct cmd_arg *arg, uint32_t option)
{
    if (is_refresh(cmd, option) && !arg->is_negated) {
        refresh_class(cmd, class_, option);
        return;
    }
    if (!arg->is_negated && is_ignored(cmd, class_, option))
        return;
    if (option == CLASS_RACLIST && !arg->is_negated &&
        (saf_class_options(cmd->db, str_of(class_->name)) & CLASS_RACLIST) != 0)
        cmd_refresh(cmd, class_->name, true);
    if (option == CLASS_GENERIC && !arg->is_negated)
        option |= CLASS_GENCMD;
    change_posit(cmd, class_, arg->is_negated ? 0 : option,
                 arg->is_negated ? option : 0);
    if (option == CLASS_ACTIVE && !arg->is_negated &&
        class_->raclist == RACLIST_REQUIRED && cmd_arg(cmd, "RACLIST") == NULL)
        CMD_MSG(cmd, "ICH14040I", str_of(class_->name));
}

/* NOCLASSACT, where the class is always active. */
static bool
takes_away(const struct cmd_arg *arg, const struct class_row *row)
{
    return arg->is_negated && (row->takes & TAKES_ACTIVE) != 0;
}

/* RACLIST(c) REFRESH of what cannot be RACLISTed is told otherwise, and
 * NORACLIST does no harm. */
static bool
takes_class(const struct cmd *cmd, const struct cmd_arg *arg,
            const struct class_row *row, const struct saf_class *class_)
{
    if (class_ == NULL)
        return false;
    if ((class_->flags & CLASS_DATASET) != 0)
        return (row->takes & TAKES_DATASET) != 0 && !takes_away(arg, row);
    if (row->option == CLASS_RACLIST && class_->raclist == RACLIST_DISALLOWED)
        return arg->is_negated || cmd_has(cmd, "REFRESH");
    return (row->takes & TAKES_GENERIC) == 0 || has_generics(class_);
}

static bool
is_people(struct str name)
{
    return str_eq_z(name, "USER") || str_eq_z(name, "GROUP");
}

/* USER and GROUP are no classes of the table: always active, but audited when
 * SETROPTS AUDIT says so. */
static void
audit_built_in(struct cmd *cmd, const struct cmd_arg *arg, struct str name,
               uint32_t option)
{
    if (option == CLASS_AUDIT)
        saf_class_options_put(cmd->db, name, arg->is_negated ? 0 : CLASS_AUDIT);
}

static bool
apply_to_all(struct cmd *cmd, const struct cmd_arg *arg,
             const struct class_row *row)
{
    uint32_t option = row->option;
    size_t n;
    const struct saf_class *v = saf_class_all(&n);

    audit_built_in(cmd, arg, STR("USER"), option);
    audit_built_in(cmd, arg, STR("GROUP"), option);
    for (size_t i = 0; i < n; i++)
        if (takes_class(cmd, arg, row, &v[i]))
            apply_to_class(cmd, &v[i], arg, option);
    return true;
}

/* NOCLASSACT(x): a negated operand that has classes all the same. */
static bool
apply(struct cmd *cmd, const struct cmd_arg *arg, const struct class_row *row)
{
    uint32_t option = row->option;

    if (arg == NULL)
        return true;
    if (arg->n_values == 1 && str_eq_z(arg->values[0], "*"))
        return apply_to_all(cmd, arg, row);
    for (size_t i = 0; i < arg->n_values; i++) {
        const struct saf_class *class_;

        if (is_people(arg->values[i])) {
            audit_built_in(cmd, arg, arg->values[i], option);
            continue;
        }
        class_ = saf_class_find(arg->values[i]);
        if (class_ == NULL) {
            cmd_say_invalid(cmd, arg->operand, arg->values[i]);
            return false;
        }
        apply_to_class(cmd, class_, arg, option);
    }
    return true;
}

/* As the parser of the original does: all wrong names, before anything is done
 * or said of the others. */
static bool
are_classes(struct cmd *cmd, const struct cmd_arg *arg,
            const struct class_row *row)
{
    bool is_ok = true;

    for (size_t i = 0; arg != NULL && i < arg->n_values; i++) {
        struct str name = arg->values[i];

        if ((arg->n_values == 1 && str_eq_z(name, "*")) ||
            (is_people(name)
                 ? (row->takes & TAKES_PEOPLE) != 0 && !takes_away(arg, row)
                 : takes_class(cmd, arg, row, saf_class_find(name))))
            continue;
        cmd_say_invalid(cmd, arg->operand, name);
        is_ok = false;
    }
    return is_ok;
}

bool
cmd_knows_all_classes(struct cmd *cmd)
{
    const struct cmd_arg *log = cmd_arg(cmd, "LOGOPTIONS");
    bool is_ok = true;

    for (size_t i = 0; i < ARRAY_LEN(class_rows); i++)
        is_ok = are_classes(cmd, cmd_arg(cmd, class_rows[i].operand),
                            &class_rows[i]) &&
                is_ok;
    for (size_t i = 0; log != NULL && i < log->n_subs; i++)
        is_ok = are_classes(cmd, &log->subs[i], &log_row) && is_ok;
    return is_ok;
}

static bool
set_logoptions(struct cmd *cmd)
{
    static const struct {
        const char *name;
        uint32_t option;
    } rows[] = {
        { "ALWAYS", CLASS_LOG_ALWAYS },
        { "NEVER", CLASS_LOG_NEVER },
        { "SUCCESSES", CLASS_LOG_SUCCESSES },
        { "FAILURES", CLASS_LOG_FAILURES },
        { "DEFAULT", 0 },
    };
    const struct cmd_arg *log = cmd_arg(cmd, "LOGOPTIONS");

    for (size_t i = 0; log != NULL && i < ARRAY_LEN(rows); i++) {
        const struct cmd_arg *arg = cmd_sub(log, rows[i].name);

        for (size_t j = 0; arg != NULL && j < arg->n_values; j++) {
            const struct saf_class *class_ = saf_class_find(arg->values[j]);

            if (class_ == NULL) {
                cmd_say_invalid(cmd, arg->operand, arg->values[j]);
                return false;
            }
            change_posit(cmd, class_, rows[i].option, CLASS_LOG_MASK);
        }
    }
    return true;
}

bool
cmd_set_class_options(struct cmd *cmd)
{
    for (size_t i = 0; i < ARRAY_LEN(class_rows); i++)
        if (!apply(cmd, cmd_arg(cmd, class_rows[i].operand), &class_rows[i]))
            return false;
    return set_logoptions(cmd);
}
