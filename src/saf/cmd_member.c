/*
 * ADDMEM and DELMEM. A member is a name, maybe quoted, and for classes GLOBAL,
 * PROGRAM and SECDATA what follows its slashes:
 *
 *   GLOBAL DATASET  'SYS1.HELP'/READ      others   A.B/READ
 *   PROGRAM         'SYS1.LINKLIB'/VOLUME/NOPADCHK
 *   SECDATA         SECLEVEL: SECRET/100      CATEGORY: PAYROLL
 *
 * A data set name without quotes gets the issuer's user id in front.
 */
#include "saf/cmd_private.h"
#include "saf/cmd_resource.h"

#include <string.h>

#define VOLUME_MAX 6u

static bool
refuse(struct cmd *cmd, struct str text)
{
    CMD_MSG(cmd, "IKJ56702I", STR("MEMBER"), text);
    cmd_rc(cmd, 8);
    return false;
}

/* The name, and what follows its "/" or "" */
static void
split(struct cmd *cmd, struct str text, bool has_suffix, struct str *name,
      struct str *suffix, bool *is_quoted)
{
    size_t slash = STR_NPOS, n = 0;
    bool in_quotes = false;
    char *copy = arena_alloc(cmd->arena, text.n + 1);

    *is_quoted = text.n > 0 && text.p[0] == '\'';
    for (size_t i = 0; i < text.n && has_suffix; i++) {
        in_quotes = in_quotes != (text.p[i] == '\'');
        if (text.p[i] == '/' && !in_quotes) {
            slash = i;
            break;
        }
    }
    *suffix = slash == STR_NPOS ? STR("") : str_sub(text, slash + 1, text.n);
    text = str_sub(text, 0, slash);
    for (size_t i = 0; copy != NULL && i < text.n; i++) {
        if (text.p[i] == '\'') {
            if (i + 1 == text.n || text.p[i + 1] != '\'' || i == 0)
                continue;
            i++; /* '' is one quote */
        }
        copy[n++] = text.p[i];
    }
    *name = str_n(copy, n);
}

static struct str
dataset_text(struct cmd *cmd, struct str name, bool is_quoted)
{
    name = str_upper(cmd->arena, name);
    return name.n > 0 && strchr("&*%", name.p[0]) == NULL
               ? cmd_dataset_text(cmd, name, is_quoted)
               : name;
}

/* A resource of the class that the profile is named after, and what anybody has
 * to it. */
static bool
global_member(struct cmd *cmd, struct str text, struct saf_member *m)
{
    const struct saf_class *of =
        saf_class_find(str_upper(cmd->arena, cmd->positional[1]->values[0]));
    struct str level;
    struct pattern pattern;
    bool is_quoted, is_known;

    split(cmd, text, true, &m->name, &level, &is_quoted);
    level = str_upper(cmd->arena, level);
    if (of != NULL && (of->flags & CLASS_DATASET) != 0)
        m->name = dataset_text(cmd, m->name, is_quoted);
    else if (of == NULL || (of->flags & CLASS_ASIS) == 0)
        m->name = str_upper(cmd->arena, m->name);
    m->level = SAF_NONE;
    is_known = cmd_arg(cmd, "ADDMEM") == NULL;
    for (size_t i = 0; cmd_levels[i] != NULL; i++)
        if (str_eq_z(level, cmd_levels[i])) {
            m->level = (enum saf_level)i;
            is_known = true;
        }
    return (is_known && pattern_compile(m->name, &pattern, NULL) == ERR_OK) ||
           refuse(cmd, text);
}

/* Kept as NAME/VOLUME/PADCHK. */
static bool
program_member(struct cmd *cmd, struct str text, struct saf_member *m)
{
    struct str name, rest, volume = STR(""), check;
    bool is_quoted, ignored;

    split(cmd, text, true, &name, &rest, &is_quoted);
    name = dataset_text(cmd, name, is_quoted);
    split(cmd, rest, true, &volume, &check, &ignored);
    volume = str_upper(cmd->arena, volume);
    check = str_upper(cmd->arena, check);
    if (check.n == 0 && volume.n > VOLUME_MAX) { /* 'A.B'/NOPADCHK */
        check = volume;
        volume = STR("");
    }
    if (check.n == 0)
        check = STR("PADCHK");
    if (!cmd_is_dataset_name(name) || volume.n > VOLUME_MAX ||
        (!str_eq_z(check, "PADCHK") && !str_eq_z(check, "NOPADCHK")))
        return refuse(cmd, text);
    m->name = str_fmt(cmd->arena, STR_FMT "/" STR_FMT "/" STR_FMT,
                      STR_ARG(name), STR_ARG(volume), STR_ARG(check));
    return true;
}

/* Level of a security level: 1 to 254. Kept as NAME/LEVEL. */
static bool
secdata_member(struct cmd *cmd, struct str text, struct saf_member *m)
{
    bool is_level = str_eq_nocase_z(cmd->positional[1]->values[0], "SECLEVEL");
    struct str name, number;
    uint64_t n = 0;
    bool ignored;

    split(cmd, text, is_level, &name, &number, &ignored);
    name = str_upper(cmd->arena, name);
    if (is_level && number.n == 0 && cmd_arg(cmd, "DELMEM") != NULL) {
        m->name = name; /* DELMEM(SECRET) */
        return name.n > 0 || refuse(cmd, text);
    }
    if (name.n == 0 || name.n > 39 || str_find_char(name, '/') != STR_NPOS ||
        (is_level && (!str_to_u64(number, &n) || n < 1 || n > 254)))
        return refuse(cmd, text);
    m->name = is_level ? str_fmt(cmd->arena, STR_FMT "/%llu", STR_ARG(name),
                                 (unsigned long long)n)
                       : name;
    return true;
}

static bool
member_of_text(struct cmd *cmd, const struct saf_class *class_, struct str text,
               struct saf_member *m)
{
    const struct saf_class *of = saf_class_find(str_of(class_->member));
    struct str ignored;
    bool is_quoted;

    m->level = SAF_NONE;
    if (strcmp(class_->name, "GLOBAL") == 0)
        return global_member(cmd, text, m);
    if (strcmp(class_->name, "PROGRAM") == 0)
        return program_member(cmd, text, m);
    if (strcmp(class_->name, "SECDATA") == 0)
        return secdata_member(cmd, text, m);
    split(cmd, text, false, &m->name, &ignored, &is_quoted);
    if (of != NULL)
        return cmd_profile_name(cmd, of, m->name, &m->name);
    if ((class_->flags & CLASS_ASIS) == 0)
        m->name = str_upper(cmd->arena, m->name);
    return m->name.n > 0 || refuse(cmd, text);
}

/* DELMEM('A.B') of class PROGRAM takes the name on all volumes, DELMEM(SECRET)
 * of class SECDATA with whatever level. */
static bool
drop(struct cmd *cmd, const struct saf_class *class_,
     const struct saf_profile *p, struct str text, struct saf_member *m)
{
    struct saf_member *v;
    struct str prefix;
    bool is_done = false;
    size_t n;

    if (saf_member_delete(cmd->db, p->id, m->name))
        return true;
    if ((strcmp(class_->name, "PROGRAM") != 0 &&
         strcmp(class_->name, "SECDATA") != 0) ||
        str_find_char(text, '/') != STR_NPOS)
        return false;
    prefix = str_fmt(cmd->arena, STR_FMT "/",
                     STR_ARG(str_sub(m->name, 0, str_find_char(m->name, '/'))));
    n = saf_members_of(cmd->db, cmd->arena, p->id, &v);
    for (size_t i = 0; i < n; i++)
        if (str_starts(v[i].name, prefix))
            is_done |= saf_member_delete(cmd->db, p->id, v[i].name);
    return is_done;
}

bool
cmd_set_members(struct cmd *cmd, const struct saf_class *class_,
                const struct saf_profile *p)
{
    const struct cmd_arg *add = cmd_arg(cmd, "ADDMEM");
    const struct cmd_arg *gone = cmd_arg(cmd, "DELMEM");
    struct saf_member m;

    for (size_t i = 0; add != NULL && i < add->n_values; i++) {
        if (!member_of_text(cmd, class_, add->values[i], &m))
            return false;
        saf_member_put(cmd->db, p->id, m);
    }
    for (size_t i = 0; gone != NULL && i < gone->n_values; i++) {
        if (!member_of_text(cmd, class_, gone->values[i], &m))
            return false;
        if (!drop(cmd, class_, p, gone->values[i], &m)) {
            CMD_MSG(cmd, "ICH11105I", m.name, p->name);
            cmd_rc(cmd, 4);
        }
    }
    return true;
}
