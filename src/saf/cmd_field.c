/*
 * Field-level access (class FIELD): who is not SPECIAL sets a field of a
 * segment only with UPDATE to <class>.<segment>.<field>, and lists it with
 * READ; ID(&RACUID) in the list is whoever's own profile it is. Owning a
 * profile is not enough: whoever may choose a UID, or under which user a
 * started task runs, is that user.
 */
#include "saf/cmd_private.h"

#include <string.h>

/* As ID(&RACUID) of an access list sees the issuer. */
static struct acee
self_of(const struct acee *acee)
{
    struct acee self = *acee;

    self.user_id = SAF_RACUID_ID;
    self.attrs = 0;
    self.n_groups = 0;
    return self;
}

/* The command is about the issuer's own profile and no other. */
static bool
is_about_self(const struct cmd *cmd, struct str class_name)
{
    const struct cmd_arg *users = cmd->positional[0];

    return str_eq_z(class_name, "USER") &&
           (users == NULL || users->n_values == 0 ||
            (users->n_values == 1 &&
             str_eq_z(users->values[0], cmd->acee->user)));
}

static bool
has_field(struct cmd *cmd, struct str class_name, const char *segment,
          const char *field, enum saf_level level)
{
    struct str name = str_fmt(cmd->arena, STR_FMT ".%s.%s", STR_ARG(class_name),
                              segment, field);

    struct acee self = self_of(cmd->acee);

    return name.n > 0 &&
           (saf_authorized(cmd->engine, cmd->acee, "FIELD", name, level) ||
            (is_about_self(cmd, class_name) &&
             saf_authorized(cmd->engine, &self, "FIELD", name, level)));
}

struct str
cmd_class_of_segments(struct cmd *cmd)
{
    static const struct {
        const struct cmd_verb *verb;
        const char *class_name;
    } rows[] = {
        { &cmd_adduser, "USER" },   { &cmd_altuser, "USER" },
        { &cmd_addgroup, "GROUP" }, { &cmd_altgroup, "GROUP" },
        { &cmd_addsd, "DATASET" },  { &cmd_altdsd, "DATASET" },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (cmd->verb == rows[i].verb)
            return str_of(rows[i].class_name);
    if (cmd->verb == &cmd_rdefine || cmd->verb == &cmd_ralter)
        return str_upper(cmd->arena, cmd_value(cmd->positional[0]));
    return STR("");
}

/* AUTOUID and AUTOGID choose what UID and GID would; SHARED asks class
 * UNIXPRIV. */
static bool
may_set(struct cmd *cmd, struct str class_name, const char *segment,
        const struct cmd_operand *o)
{
    if (strcmp(o->name, "SHARED") == 0)
        return saf_authorized(cmd->engine, cmd->acee, "UNIXPRIV",
                              STR("SHARED.IDS"), SAF_READ);
    return has_field(cmd, class_name, segment,
                     strcmp(o->name, "AUTOUID") == 0   ? "UID"
                     : strcmp(o->name, "AUTOGID") == 0 ? "GID"
                     : o->field != NULL                ? o->field
                                                       : o->name,
                     SAF_UPDATE);
}

/* Fields that the installation named; NOCSDATA asks for CSDATA itself. */
static bool
may_set_free(struct cmd *cmd, struct str class_name, const struct cmd_arg *arg)
{
    struct reader in = reader_of(cmd_value(arg));
    struct str name, ignored;
    bool has_value;

    if (arg->is_negated)
        return has_field(cmd, class_name, arg->operand->segment,
                         arg->operand->segment, SAF_UPDATE);
    while (cmd_free_next(cmd->arena, &in, &name, &ignored, &has_value)) {
        const char *field = str_z(cmd->arena, name);

        if (field == NULL || !has_field(cmd, class_name, arg->operand->segment,
                                        field, SAF_UPDATE))
            return false;
    }
    return true;
}

static bool
may_set_all(struct cmd *cmd, struct str class_name, const struct cmd_arg *arg)
{
    const struct cmd_operand *o = arg->operand;

    if (o->sub == NULL)
        return may_set_free(cmd, class_name, arg);
    /* The segment with all its fields, or an empty one. */
    if (arg->is_negated || arg->n_subs == 0) {
        for (size_t i = 0; i < o->sub->n; i++)
            if (!may_set(cmd, class_name, o->segment, &o->sub->v[i]))
                return false;
        return true;
    }
    for (size_t i = 0; i < arg->n_subs; i++)
        if (!may_set(cmd, class_name, o->segment, arg->subs[i].operand))
            return false;
    return true;
}

bool
cmd_is_segment(const struct cmd_arg *arg)
{
    const struct cmd_operand *o = arg->operand;

    return (o->value == CMD_SUB || o->value == CMD_NESTED) &&
           o->segment != NULL && strcmp(o->segment, "BASE") != 0 &&
           strcmp(o->segment, "WHEN") != 0;
}

static void
say_not_authorized(struct cmd *cmd, const char *operand)
{
    static const struct {
        const struct cmd_verb *verb;
        const char *id;
    } rows[] = {
        { &cmd_adduser, "ICH01001I" },
        { &cmd_altuser, "ICH21028I" },
        { &cmd_ralter, "ICH11008I" },
    };

    cmd_rc(cmd, 4);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (cmd->verb == rows[i].verb) {
            CMD_MSG(cmd, rows[i].id, str_of(operand));
            return;
        }
    CMD_MSG(cmd, "SPT0570W", str_of(cmd->verb->name), str_of(operand));
}

/* A group of whose segments one is refused stays as it is. */
static void
leave_groups(struct cmd *cmd)
{
    const struct cmd_arg *groups = cmd->positional[0];

    for (size_t i = 0; i < groups->n_values; i++)
        CMD_MSG(cmd, "ICH20021I", groups->values[i]);
    cmd_rc(cmd, 4);
    cmd->n_args = 0;
}

void
cmd_drop_forbidden_fields(struct cmd *cmd)
{
    struct cmd_arg *args = (struct cmd_arg *)(uintptr_t)cmd->args;
    struct str class_name = cmd_class_of_segments(cmd);
    size_t n = 0;

    if (cmd_is_special(cmd) || class_name.n == 0)
        return;
    for (size_t i = 0; i < cmd->n_args; i++) {
        if (cmd_is_segment(&args[i]) &&
            !may_set_all(cmd, class_name, &args[i])) {
            if (cmd->verb == &cmd_altgroup) {
                leave_groups(cmd);
                return;
            }
            say_not_authorized(cmd, args[i].operand->name);
            continue;
        }
        args[n++] = args[i];
    }
    cmd->n_args = n;
}

bool
cmd_may_list_segment(struct cmd *cmd, const char *class_name,
                     const char *segment)
{
    if (cmd_is_special(cmd) || cmd_is_auditor(cmd) ||
        has_field(cmd, str_of(class_name), segment, "TEXT", SAF_READ) ||
        has_field(cmd, str_of(class_name), segment,
                  strcmp(segment, "OMVS") != 0       ? "TEXT"
                  : strcmp(class_name, "GROUP") == 0 ? "GID"
                                                     : "UID",
                  SAF_READ))
        return true;
    CMD_MSG(cmd, "IRR52021I", str_of(segment));
    cmd_rc(cmd, 4);
    return false;
}
