/* Dynamic classes: profiles of class CDT with segment CDTINFO. */
#include "saf/authorize_private.h"
#include "saf/classes.h"

#define CLASSES_MAX 1024u

static struct str
field(struct saf_db *db, struct arena *a, int64_t id, const char *name)
{
    return saf_field_get(db, a, SAF_KIND_PROFILE, id, "CDTINFO", name);
}

static uint32_t
number(struct saf_db *db, struct arena *a, int64_t id, const char *name,
       uint32_t otherwise)
{
    uint64_t n;

    return str_to_u64(field(db, a, id, name), &n) && n < UINT32_MAX
               ? (uint32_t)n
               : otherwise;
}

static bool
is_value(struct saf_db *db, struct arena *a, int64_t id, const char *name,
         const char *value)
{
    return str_eq_z(field(db, a, id, name), value);
}

static uint32_t
chars(struct saf_db *db, struct arena *a, int64_t id, const char *name)
{
    static const struct {
        const char *word;
        uint32_t bit;
    } rows[] = {
        { "ALPHA", CLASS_ALPHA },
        { "NUMERIC", CLASS_NUMERIC },
        { "NATIONAL", CLASS_NATIONAL },
        { "SPECIAL", CLASS_SPECIAL },
    };
    struct str list = field(db, a, id, name), word;
    uint32_t bits = 0;

    while (list.p != NULL && str_token(&list, ' ', &word))
        for (size_t i = 0; i < ARRAY_LEN(rows); i++)
            if (str_eq_z(word, rows[i].word))
                bits |= rows[i].bit;
    return bits != 0 ? bits : CLASS_ALPHA | CLASS_NATIONAL;
}

static enum saf_level
level_of(struct str word)
{
    for (enum saf_level l = SAF_NONE; l <= SAF_ALTER; l++)
        if (str_eq_z(word, saf_level_name(l)))
            return l;
    return SAF_NONE;
}

static struct saf_class
read_class(struct saf_db *db, struct arena *a, const struct saf_profile *p)
{
    int64_t id = p->id;
    struct saf_class c = {
        .name = str_z(a, p->name),
        .posit = number(db, a, id, "POSIT", 0),
        .group = str_z(a, field(db, a, id, "GROUP")),
        .member = str_z(a, field(db, a, id, "MEMBER")),
        .max_length =
            number(db, a, id, "MAXLENX", number(db, a, id, "MAXLENGTH", 8)),
        .default_rc = number(db, a, id, "DEFAULTRC", 4),
        .default_uacc = level_of(field(db, a, id, "DEFAULTUACC")),
        .raclist = is_value(db, a, id, "RACLIST", "REQUIRED") ? RACLIST_REQUIRED
                   : is_value(db, a, id, "RACLIST", "ALLOWED")
                       ? RACLIST_ALLOWED
                       : RACLIST_DISALLOWED,
        .first = chars(db, a, id, "FIRST"),
        .other = chars(db, a, id, "OTHER"),
        .key_qualifiers = number(db, a, id, "KEYQUALIFIERS", 0),
    };

    if (c.max_length > SAF_PROFILE_MAX)
        c.max_length = SAF_PROFILE_MAX;
    if (is_value(db, a, id, "CASE", "ASIS"))
        c.flags |= CLASS_ASIS;
    if (is_value(db, a, id, "OPERATIONS", "YES"))
        c.flags |= CLASS_OPERATIONS;
    if (is_value(db, a, id, "PROFILESALLOWED", "NO"))
        c.flags |= CLASS_NO_DEFINE;
    if (is_value(db, a, id, "GENERIC", "DISALLOWED"))
        c.flags |= CLASS_DISCRETE;
    if (is_value(db, a, id, "DEFAULTUACC", "ACEE"))
        c.flags |= CLASS_UACC_ACEE;
    if (c.member != NULL && c.member[0] != '\0')
        c.flags |= CLASS_GROUPING;
    return c;
}

enum err
class_load(struct saf_db *db, struct err_info *why)
{
    const uint32_t both = CLASS_ACTIVE | CLASS_RACLIST;
    struct saf_profile *v;
    struct saf_class *classes;
    struct arena a;
    size_t n = 0, n_profiles;
    enum err e;

    if ((saf_class_options(db, STR("CDT")) & both) != both)
        return saf_class_set_dynamic(NULL, 0, why);
    arena_init(&a, (size_t)64 << 20);
    n_profiles = saf_profiles_of(db, &a, STR("CDT"), &v);
    classes = ARENA_ARRAY(&a, struct saf_class, n_profiles + 1);
    for (size_t i = 0; classes != NULL && i < n_profiles && n < CLASSES_MAX;
         i++) {
        if (!saf_segment_exists(db, SAF_KIND_PROFILE, v[i].id, "CDTINFO"))
            continue;
        classes[n] = read_class(db, &a, &v[i]);
        if (classes[n].name != NULL && classes[n].group != NULL &&
            classes[n].member != NULL)
            n++;
    }
    e = saf_db_check(db, why);
    if (e == ERR_OK)
        e = saf_class_set_dynamic(classes, n, why);
    arena_fini(&a);
    return e;
}
