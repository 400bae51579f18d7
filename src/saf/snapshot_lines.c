/* The lines of an access list that concern somebody, for those who ask why. */
#include "saf/snapshot.h"

#include "saf/classes.h"
#include "saf/snapshot_private.h"

struct teller {
    const void *image;
    const struct snap_profile *profile;
    const struct acee *acee;
    const struct saf_where *where;
    void (*each)(void *arg, const struct snapshot_line *);
    void *arg;
};

static void
tell(const struct teller *t, const char *kind, const char *who,
     enum saf_level level)
{
    struct snapshot_line line = {
        .kind = kind, .who = str_of(who), .level = level, .holds = true
    };

    t->each(t->arg, &line);
}

static void
tell_groups(const struct teller *t)
{
    for (uint32_t i = 0; i < t->acee->n_groups; i++) {
        enum saf_level level;

        if (snap_list_level(t->image, t->profile, t->acee->groups[i].id,
                            &level))
            tell(t, "group", t->acee->groups[i].name, level);
    }
}

static const char *
who_of(const struct acee *acee, uint32_t id)
{
    if (id == 0)
        return "*";
    for (uint32_t i = 0; i < acee->n_groups; i++)
        if (acee->groups[i].id == id)
            return acee->groups[i].name;
    return acee->user;
}

static void
tell_conditions(const struct teller *t)
{
    const char *bytes = snap_section(t->image, SNAP_BYTES);

    for (uint32_t i = 0; i < t->profile->n_cond; i++) {
        const struct snap_cond *c =
            SNAP(t->image, SNAP_CONDS, snap_cond, t->profile->cond + i);
        struct snapshot_line line = {
            .kind = "WHEN",
            .who = str_of(who_of(t->acee, c->id)),
            .condition = str_of(bytes + c->kind),
            .value = str_of(bytes + c->value),
            .level = (enum saf_level)c->level,
            .holds = snap_cond_holds(t->image, c, t->acee, t->where),
        };

        if (snap_cond_is_for(c, t->acee, true))
            t->each(t->arg, &line);
    }
}

void
snapshot_lines(const void *image, const struct acee *acee, struct str resource,
               const struct saf_where *where,
               void (*each)(void *arg, const struct snapshot_line *), void *arg)
{
    struct teller t = {
        .image = image, .acee = acee, .where = where, .each = each, .arg = arg
    };
    char text[SAF_PROFILE_MAX + 1];
    enum saf_level level;
    struct str name;

    if (snap_fold(image, resource, text, &name))
        t.profile = snap_find_profile(image, name);
    if (t.profile == NULL)
        return;
    if (snap_list_level(image, t.profile, acee->user_id, &level))
        tell(&t, "user", acee->user, level);
    tell_groups(&t);
    tell(&t, "UACC", "", (enum saf_level)t.profile->uacc);
    if (t.profile->star != 0xff)
        tell(&t, "*", "*", (enum saf_level)t.profile->star);
    tell_conditions(&t);
}

/* --- merged names ----------------------------------------------------------
 * snapshot_load.c keeps lines: "SCLASS profile", then of that profile "Ulevel",
 * "Aid level" and "Wid level condition value"; id 0 is "*". */

static bool
is_for(const struct acee *acee, uint64_t id)
{
    if (id == 0 || id == acee->user_id)
        return true;
    for (uint32_t i = 0; i < acee->n_groups; i++)
        if (acee->groups[i].id == id)
            return true;
    return false;
}

static bool
read_source_line(struct str text, const struct acee *acee,
                 struct snapshot_line *line)
{
    struct str rest = str_sub(text, 1, text.n), word;
    uint64_t id = 0, level = 0;

    *line = (struct snapshot_line){ .kind = "UACC", .holds = true };
    if (text.p[0] != 'U') {
        if (!str_token(&rest, ' ', &word) || !str_to_u64(word, &id) ||
            !is_for(acee, id))
            return false;
        line->who = str_of(who_of(acee, (uint32_t)id));
        line->kind = text.p[0] == 'W'      ? "WHEN"
                     : id == 0             ? "*"
                     : id == acee->user_id ? "user"
                                           : "group";
    }
    if (!str_token(&rest, ' ', &word) || !str_to_u64(word, &level) ||
        level > SAF_ALTER)
        return false;
    line->level = (enum saf_level)level;
    if (text.p[0] == 'W' && str_token(&rest, ' ', &line->condition))
        line->value = rest;
    return true;
}

void
snapshot_sources(const void *image, const struct acee *acee,
                 struct str resource,
                 void (*each)(void *arg, struct str source,
                              const struct snapshot_line *),
                 void *arg)
{
    const struct snap_header *h = image;
    const struct saf_class *class_ = saf_class_find(str_of(h->class_name));
    struct str rest = snapshot_data(image, resource), text, source = STR("");
    struct snapshot_line line;

    if (class_ == NULL || class_->group[0] == '\0')
        return;
    while (str_line(&rest, &text)) {
        if (text.n > 0 && text.p[0] == 'S')
            source = str_sub(text, 1, text.n);
        else if (text.n > 0 && read_source_line(text, acee, &line))
            each(arg, source, &line);
    }
}
