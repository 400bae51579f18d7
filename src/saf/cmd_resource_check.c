/* What RDEFINE and RALTER ask before they store. */
#include "saf/cmd_private.h"
#include "saf/cmd_resource.h"

#include <string.h>

#define ZONE_MAX 11u /* hours from here */

static struct str
stdata_field(struct cmd *cmd, const struct saf_profile *p, const char *field)
{
    return saf_field_get(cmd->db, cmd->arena, SAF_KIND_PROFILE, p->id, "STDATA",
                         field);
}

void
cmd_check_stdata(struct cmd *cmd, const struct saf_profile *p)
{
    struct str user = stdata_field(cmd, p, "USER");
    struct str group = stdata_field(cmd, p, "GROUP");
    struct saf_connect c;

    if (cmd_arg(cmd, "STDATA") == NULL || user.n == 0 || group.n == 0 ||
        user.p[0] == '=' || group.p[0] == '=' ||
        saf_connect_get(cmd->db, cmd->arena, user, group, &c))
        return;
    CMD_MSG(cmd, "IRR52170I", user, group);
}

/* A dynamic class: a name of 4 to 8 characters that no fixed class has, a
 * POSIT number, words where words are meant. */
bool
cmd_check_cdtinfo(struct cmd *cmd, const struct saf_profile *p)
{
    static const char *const words[] = { "ALPHA", "NUMERIC", "NATIONAL",
                                         "SPECIAL" };
    static const char *const lists[] = { "FIRST", "OTHER" };
    const struct cmd_arg *info = cmd_arg(cmd, "CDTINFO");
    const struct saf_class *have = saf_class_find(p->name);

    if (info == NULL || info->is_negated)
        return true;
    if (!str_eq_z(p->class_name, "CDT") || p->name.n < 4 ||
        (have != NULL && (have->flags & CLASS_DYNAMIC) == 0)) {
        CMD_MSG(cmd, "IRR52190I", p->name);
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        const struct cmd_arg *list = cmd_sub(info, lists[i]);

        for (size_t j = 0; list != NULL && j < list->n_values; j++) {
            size_t k = 0;

            while (k < ARRAY_LEN(words) && !str_eq_z(list->values[j], words[k]))
                k++;
            if (k == ARRAY_LEN(words)) {
                cmd_say_invalid(cmd, list->operand, list->values[j]);
                return false;
            }
        }
    }
    return true;
}

/* TIMEZONE(E 5), and WHEN as for users. */
bool
cmd_check_terminal(struct cmd *cmd)
{
    const struct cmd_arg *zone = cmd_arg(cmd, "TIMEZONE");
    const struct cmd_arg *when = cmd_arg(cmd, "WHEN");
    int32_t from, to;
    uint32_t days;
    uint64_t hours;

    if (zone != NULL && !zone->is_negated) {
        bool is_way =
            str_eq_z(zone->values[0], "E") || str_eq_z(zone->values[0], "W");

        if (!is_way || zone->n_values != 2 ||
            !str_to_u64(zone->values[1], &hours) || hours > ZONE_MAX) {
            cmd_say_invalid(cmd, zone->operand,
                            zone->values[is_way && zone->n_values > 1 ? 1 : 0]);
            return false;
        }
    }
    return cmd_when_days(cmd, cmd_sub(when, "DAYS"), &days) &&
           cmd_when_time(cmd, cmd_sub(when, "TIME"), &from, &to);
}

/* What is of no use to profiles of the class is left out, after a message. */
void
cmd_drop_inapplicable(struct cmd *cmd, const struct saf_class *class_)
{
    static const struct {
        const char *name, *class_name; /* NULL: classes with members */
    } rows[] = {
        { "ADDMEM", NULL },         { "DELMEM", NULL },
        { "TIMEZONE", "TERMINAL" }, { "WHEN", "TERMINAL" },
        { "SINGLEDSN", "TAPEVOL" }, { "TVTOC", "TAPEVOL" },
    };
    struct cmd_arg *args = (struct cmd_arg *)(uintptr_t)cmd->args;
    size_t n = 0;

    for (size_t i = 0; i < cmd->n_args; i++) {
        const char *name = args[i].operand->name;
        bool is_dropped = false;

        for (size_t j = 0; j < ARRAY_LEN(rows); j++)
            if (strcmp(name, rows[j].name) == 0)
                is_dropped =
                    rows[j].class_name == NULL
                        ? (class_->flags &
                           (CLASS_GROUPING | CLASS_HAS_MEMBERS)) == 0
                        : strcmp(class_->name, rows[j].class_name) != 0 &&
                              strcmp(class_->member, rows[j].class_name) != 0;
        if (!is_dropped) {
            args[n++] = args[i];
            continue;
        }
        CMD_MSG(cmd, cmd->verb == &cmd_ralter ? "ICH11004I" : "ICH10004I",
                str_of(name), str_of(class_->name));
        cmd_rc(cmd, 4);
    }
    cmd->n_args = n;
}

bool
cmd_is_class_in_use(struct cmd *cmd, const struct saf_profile *p)
{
    struct saf_query q;
    bool is_used;

    if (!str_eq_z(p->class_name, "CDT"))
        return false;
    q = saf_db_query(cmd->db, "SELECT 1 FROM profiles WHERE class=?1 LIMIT 1",
                     "s", p->name);
    is_used = saf_query_next(&q);
    saf_query_close(&q);
    if (is_used) {
        CMD_MSG(cmd, "ICH12304I", p->name);
        cmd_rc(cmd, 4);
    }
    return is_used;
}

/* A global access table is named after the class of its members. */
bool
cmd_is_table_name(struct cmd *cmd, const struct saf_class *class_,
                  struct str name)
{
    const struct saf_class *of;

    if (strcmp(class_->name, "GLOBAL") != 0)
        return true;
    of = saf_class_find(name);
    if (of != NULL && (of->flags & CLASS_GROUPING) == 0)
        return true;
    CMD_MSG(cmd, "IRR16001I", str_of(cmd->verb->name), name,
            str_of(class_->name));
    cmd_rc(cmd, 8);
    return false;
}

/* SETROPTS GENERICOWNER: who has CLAUTH alone defines below a generic profile
 * only when it is his. */
bool
cmd_owns_generic(struct cmd *cmd, const struct saf_class *class_,
                 struct str name)
{
    struct saf_profile p;

    if (cmd_is_special(cmd) || saf_option(cmd->db, "GENERICOWNER") == 0 ||
        (class_->flags & CLASS_GROUPING) != 0 ||
        strcmp(class_->name, "PROGRAM") == 0 ||
        !cmd_find_generic(cmd, class_, name, &p) || cmd_owns(cmd, p.owner))
        return true;
    CMD_MSG(cmd, "ICH10103I", name);
    cmd_rc(cmd, 4);
    return false;
}

bool
cmd_has_posit(struct cmd *cmd, const struct saf_profile *p)
{
    if (!saf_segment_exists(cmd->db, SAF_KIND_PROFILE, p->id, "CDTINFO") ||
        saf_field_get(cmd->db, cmd->arena, SAF_KIND_PROFILE, p->id, "CDTINFO",
                      "POSIT")
                .n > 0)
        return true;
    CMD_MSG(cmd, "IRR52191I", p->name);
    return false;
}
