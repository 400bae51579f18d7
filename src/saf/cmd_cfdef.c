/*
 * Fields that the installation names: what segment CFDEF of class CFIELD's
 * profile <class>.CSDATA.<field> says of their values. A field without a
 * profile takes any.
 *
 * Source: z/OS Security Server RACF Command Language Reference, RDEFINE CFDEF.
 */
#include "saf/cmd_private.h"

#include <string.h>

static struct str
of_field(struct cmd *cmd, int64_t profile, const char *name)
{
    return saf_field_get(cmd->db, cmd->arena, SAF_KIND_PROFILE, profile,
                         "CFDEF", name);
}

static bool
find_definition(struct cmd *cmd, struct str class_name, const char *field,
                struct saf_profile *p)
{
    struct str name =
        str_fmt(cmd->arena, STR_FMT ".CSDATA.%s", STR_ARG(class_name), field);

    return name.n > 0 &&
           saf_profile_get(cmd->db, cmd->arena, STR("CFIELD"), name, p) &&
           saf_segment_exists(cmd->db, SAF_KIND_PROFILE, p->id, "CFDEF");
}

static bool
is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* FIRST and OTHER: ALPHA has the national characters, NONATABC has not. */
static bool
is_of_kind(struct str kind, char c)
{
    bool is_digit = c >= '0' && c <= '9';
    bool is_national = c != '\0' && strchr("#@$", c) != NULL;

    if (str_eq_z(kind, "ALPHA"))
        return is_letter(c) || is_national;
    if (str_eq_z(kind, "ALPHANUM"))
        return is_letter(c) || is_national || is_digit;
    if (str_eq_z(kind, "NONATABC"))
        return is_letter(c);
    if (str_eq_z(kind, "NONATNUM"))
        return is_letter(c) || is_digit;
    if (str_eq_z(kind, "NUMERIC"))
        return is_digit;
    return true; /* ANY, or nothing said */
}

static bool
is_char(struct cmd *cmd, int64_t id, struct str value)
{
    struct str first = of_field(cmd, id, "FIRST");
    struct str other = of_field(cmd, id, "OTHER");

    for (size_t i = 0; i < value.n; i++)
        if (!is_of_kind(i == 0 ? first : other, value.p[i]))
            return false;
    return true;
}

static bool
is_hex(struct str value)
{
    for (size_t i = 0; i < value.n; i++)
        if (!(value.p[i] >= '0' && value.p[i] <= '9') &&
            !(value.p[i] >= 'A' && value.p[i] <= 'F'))
            return false;
    return true;
}

static bool
is_number(struct cmd *cmd, int64_t id, struct str value)
{
    struct str min = of_field(cmd, id, "MINVALUE");
    struct str max = of_field(cmd, id, "MAXVALUE");
    uint64_t number, limit;

    return str_to_u64(value, &number) && number <= INT32_MAX &&
           (!str_to_u64(min, &limit) || number >= limit) &&
           (!str_to_u64(max, &limit) || number <= limit);
}

bool
cmd_cfdef_allows(struct cmd *cmd, const char *field, struct str *value)
{
    struct saf_profile p;
    struct str type;
    uint64_t length;
    bool is_ok;

    if (!find_definition(cmd, cmd_class_of_segments(cmd), field, &p))
        return true;
    type = of_field(cmd, p.id, "TYPE");
    if (!str_eq_z(type, "CHAR") ||
        !str_eq_z(of_field(cmd, p.id, "MIXED"), "YES"))
        *value = str_upper(cmd->arena, *value);
    is_ok = str_eq_z(type, "NUM")   ? is_number(cmd, p.id, *value)
            : str_eq_z(type, "HEX") ? is_hex(*value)
            : str_eq_z(type, "FLAG")
                ? str_eq_z(*value, "YES") || str_eq_z(*value, "NO")
                : is_char(cmd, p.id, *value);
    if (str_to_u64(of_field(cmd, p.id, "MAXLENGTH"), &length))
        is_ok = is_ok && value->n <= length;
    if (is_ok)
        return true;
    CMD_MSG(cmd, "IKJ56702I", str_of(field), *value);
    cmd_abandon(cmd, 8);
    return false;
}
