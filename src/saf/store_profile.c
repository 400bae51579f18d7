/* General resource profiles, access lists, members, segments, options. */
#include "saf/store.h"
#include "saf/store_private.h"

#include <stdlib.h>
#include <string.h>

#include "saf/collate.h"
#include "saf/pattern.h"

/* --- profiles ---------------------------------------------------------- */

static struct saf_profile
read_profile(struct saf_query *q, struct arena *a)
{
    return (struct saf_profile){
        .id = saf_query_int(q, 0),
        .class_name = saf_query_str(q, a, 1),
        .name = saf_query_str(q, a, 2),
        .is_generic = saf_query_int(q, 3) != 0,
        .owner = saf_query_str(q, a, 4),
        .uacc = (enum saf_level)saf_query_int(q, 5),
        .level = (uint32_t)saf_query_int(q, 6),
        .is_warning = saf_query_int(q, 7) != 0,
        .notify = saf_query_str(q, a, 8),
        .audit.success = (enum saf_level)saf_query_int(q, 9),
        .audit.failure = (enum saf_level)saf_query_int(q, 10),
        .global_audit.success = (enum saf_level)saf_query_int(q, 11),
        .global_audit.failure = (enum saf_level)saf_query_int(q, 12),
        .created = (int32_t)saf_query_int(q, 13),
        .changed = (int32_t)saf_query_int(q, 14),
    };
}

static bool
take_profile(struct saf_db *db, struct saf_query *q, struct arena *arena,
             struct saf_profile *out)
{
    bool is_there = saf_query_next(q);

    if (is_there)
        *out = read_profile(q, arena);
    saf_query_close(q);
    return is_there && saf_db_check(db, NULL) == ERR_OK;
}

bool
saf_profile_get(struct saf_db *db, struct arena *arena, struct str class_name,
                struct str name, struct saf_profile *out)
{
    struct saf_query q =
        saf_db_query(db,
                     "SELECT * FROM profiles WHERE class=?1 AND name=?2"
                     " ORDER BY is_generic LIMIT 1",
                     "ss", class_name, name);

    return take_profile(db, &q, arena, out);
}

bool
saf_profile_get_kind(struct saf_db *db, struct arena *arena,
                     struct str class_name, struct str name, bool is_generic,
                     struct saf_profile *out)
{
    struct saf_query q =
        saf_db_query(db,
                     "SELECT * FROM profiles WHERE class=?1 AND name=?2 AND"
                     " is_generic=?3",
                     "ssi", class_name, name, (int64_t)is_generic);

    return take_profile(db, &q, arena, out);
}

static void
touch_class(struct saf_db *db, struct str class_name)
{
    saf_db_run(db,
               "INSERT INTO classes VALUES(?1,0,1) ON CONFLICT(name)"
               " DO UPDATE SET generation=generation+1",
               "s", class_name);
}

static bool
is_generic(struct saf_db *db, int64_t profile_id)
{
    struct saf_query q = saf_db_query(
        db, "SELECT is_generic FROM profiles WHERE id=?1", "i", profile_id);
    bool is = saf_query_next(&q) && saf_query_int(&q, 0) != 0;

    saf_query_close(&q);
    return is;
}

static void
touch_class_of(struct saf_db *db, int64_t profile_id)
{
    if (is_generic(db, profile_id))
        saf_generics_changed(db);
    saf_db_run(db,
               "INSERT INTO classes SELECT class,0,1 FROM profiles"
               " WHERE id=?1 ON CONFLICT(name)"
               " DO UPDATE SET generation=generation+1",
               "i", profile_id);
}

void
saf_profile_put(struct saf_db *db, struct saf_profile *p)
{
    if (p->id == 0) {
        saf_db_run(db,
                   "INSERT INTO profiles VALUES(NULL,?1,?2,?3,'',0,0,0,'',0,0,"
                   "0,0,?4,?4)",
                   "ssii", p->class_name, p->name, (int64_t)p->is_generic,
                   (int64_t)p->created);
        p->id = saf_db_last_id(db);
    }
    saf_db_run(db,
               "UPDATE profiles SET owner=?2, uacc=?3, level=?4, warning=?5,"
               " notify=?6, audit_s=?7, audit_f=?8, gaudit_s=?9, gaudit_f=?10,"
               " changed=?11 WHERE id=?1",
               "isiiisiiiii", p->id, p->owner, (int64_t)p->uacc,
               (int64_t)p->level, (int64_t)p->is_warning, p->notify,
               (int64_t)p->audit.success, (int64_t)p->audit.failure,
               (int64_t)p->global_audit.success,
               (int64_t)p->global_audit.failure, (int64_t)p->changed);
    if (p->is_generic)
        saf_generics_changed(db);
    touch_class(db, p->class_name);
}

/* Records of an unload about it that nobody here understands: types 04xx of
 * data sets, 05xx of others. They do not say whether the profile is generic:
 * the last of the name takes them along. */
static void
forget_kept(struct saf_db *db, int64_t id)
{
    saf_db_run(
        db,
        "DELETE FROM unload_kept WHERE seq IN (SELECT k.seq FROM profiles p"
        " JOIN unload_kept k ON"
        " substr(k.line,1,2)=iif(p.class='DATASET','04','05') AND"
        " substr(k.line,6,8) IN (substr(p.name,1,8),"
        " substr(p.name||'        ',1,8)) WHERE p.id=?1 AND"
        " iif(p.class='DATASET', rtrim(substr(k.line,6,44))=p.name,"
        " rtrim(substr(k.line,6,246))=p.name AND"
        " rtrim(substr(k.line,253,8))=p.class) AND NOT EXISTS (SELECT 1 FROM"
        " profiles o WHERE o.class=p.class AND o.name=p.name AND o.id<>p.id))",
        "i", id);
}

void
saf_profile_delete(struct saf_db *db, int64_t id)
{
    touch_class_of(db, id);
    saf_db_run(db, "DELETE FROM segments WHERE kind='R' AND id=?1", "i", id);
    forget_kept(db, id);
    saf_db_run(db, "DELETE FROM profiles WHERE id=?1", "i", id);
}

struct sort_row {
    struct saf_profile *profile;
    struct pattern pattern; /* of generics */
};

/* As pattern_compare, but letters come before digits. */
static int
compare_patterns(const struct pattern *a, const struct pattern *b)
{
    for (size_t i = 0; i < a->n && i < b->n; i++) {
        unsigned char x = a->tokens[i], y = b->tokens[i];

        if (x != y)
            return x < PATTERN_FIRST && y < PATTERN_FIRST ? collate_bytes(x, y)
                                                          : x - y;
    }
    return pattern_compare(a, b);
}

static int
by_specificity(const void *a, const void *b)
{
    const struct sort_row *x = a, *y = b;

    if (x->profile->is_generic != y->profile->is_generic)
        return x->profile->is_generic ? 1 : -1;
    if (!x->profile->is_generic)
        return collate_names(x->profile->name, y->profile->name);
    return compare_patterns(&x->pattern, &y->pattern);
}

/* Listing order; profiles stay as they come when there is no storage. */
static void
sort_profiles(struct saf_profile *v, size_t n)
{
    struct sort_row *rows = calloc(n + 1, sizeof *rows);
    struct saf_profile *copy = calloc(n + 1, sizeof *copy);

    for (size_t i = 0; rows != NULL && i < n; i++) {
        rows[i].profile = &v[i];
        if (v[i].is_generic &&
            (str_eq_z(v[i].class_name, "DATASET") ? pattern_compile_dataset
                                                  : pattern_compile)(
                v[i].name, &rows[i].pattern, NULL) != ERR_OK)
            rows[i].pattern.n = 0;
    }
    if (rows != NULL && copy != NULL) {
        qsort(rows, n, sizeof *rows, by_specificity);
        for (size_t i = 0; i < n; i++)
            copy[i] = *rows[i].profile;
        memcpy(v, copy, n * sizeof *copy);
    }
    free(copy);
    free(rows);
}

size_t
saf_profiles_of(struct saf_db *db, struct arena *arena, struct str class_name,
                struct saf_profile **out)
{
    struct saf_query q = saf_db_query(
        db, "SELECT count(*) FROM profiles WHERE class=?1", "s", class_name);
    size_t max = saf_query_next(&q) ? (size_t)saf_query_int(&q, 0) : 0, n = 0;

    saf_query_close(&q);
    *out = ARENA_ARRAY(arena, struct saf_profile, max + 1);
    if (*out == NULL)
        return 0;
    q = saf_db_query(db, "SELECT * FROM profiles WHERE class=?1 ORDER BY name",
                     "s", class_name);
    while (n < max && saf_query_next(&q))
        (*out)[n++] = read_profile(&q, arena);
    saf_query_close(&q);
    sort_profiles(*out, n);
    return n;
}

uint64_t
saf_class_generation(struct saf_db *db, struct str class_name)
{
    struct saf_query q = saf_db_query(
        db, "SELECT generation FROM classes WHERE name=?1", "s", class_name);
    uint64_t n = saf_query_next(&q) ? (uint64_t)saf_query_int(&q, 0) : 0;

    saf_query_close(&q);
    return n;
}

/* --- access lists ------------------------------------------------------ */

size_t
saf_access_of(struct saf_db *db, struct arena *arena, int64_t profile_id,
              struct saf_access **out)
{
    struct saf_query q = saf_db_query(
        db, "SELECT count(*) FROM access WHERE profile=?1", "i", profile_id);
    size_t max = saf_query_next(&q) ? (size_t)saf_query_int(&q, 0) : 0, n = 0;

    saf_query_close(&q);
    *out = ARENA_ARRAY(arena, struct saf_access, max + 1);
    if (*out == NULL)
        return 0;
    q = saf_db_query(
        db,
        "SELECT who, level, count, when_kind, when_value,"
        " iif(who='" SAF_RACUID "',4294967294,"
        "coalesce((SELECT id FROM principals WHERE name=who),0))"
        " FROM access WHERE profile=?1 ORDER BY who COLLATE EBCDIC",
        "i", profile_id);
    while (n < max && saf_query_next(&q))
        (*out)[n++] = (struct saf_access){
            .profile_id = profile_id,
            .who = saf_query_str(&q, arena, 0),
            .level = (enum saf_level)saf_query_int(&q, 1),
            .count = (uint32_t)saf_query_int(&q, 2),
            .when_kind = saf_query_str(&q, arena, 3),
            .when_value = saf_query_str(&q, arena, 4),
            .who_id = (uint32_t)saf_query_int(&q, 5),
        };
    saf_query_close(&q);
    return n;
}

void
saf_access_put(struct saf_db *db, const struct saf_access *a)
{
    saf_db_run(db,
               "INSERT INTO access VALUES(?1,?2,?3,?4,?5,0)"
               " ON CONFLICT(profile,who,when_kind,when_value)"
               " DO UPDATE SET level=excluded.level",
               "isssi", a->profile_id, a->who, a->when_kind, a->when_value,
               (int64_t)a->level);
    touch_class_of(db, a->profile_id);
}

bool
saf_access_delete(struct saf_db *db, const struct saf_access *a)
{
    saf_db_run(db,
               "DELETE FROM access WHERE profile=?1 AND who=?2 AND"
               " when_kind=?3 AND when_value=?4",
               "isss", a->profile_id, a->who, a->when_kind, a->when_value);
    if (saf_db_changes(db) == 0)
        return false;
    touch_class_of(db, a->profile_id);
    return true;
}

size_t
saf_members_of(struct saf_db *db, struct arena *arena, int64_t profile_id,
               struct saf_member **out)
{
    struct saf_query q = saf_db_query(
        db, "SELECT count(*) FROM members WHERE profile=?1", "i", profile_id);
    size_t max = saf_query_next(&q) ? (size_t)saf_query_int(&q, 0) : 0, n = 0;

    saf_query_close(&q);
    *out = ARENA_ARRAY(arena, struct saf_member, max + 1);
    if (*out == NULL)
        return 0;
    q = saf_db_query(db,
                     "SELECT member, level FROM members WHERE profile=?1"
                     " ORDER BY pos",
                     "i", profile_id);
    while (n < max && saf_query_next(&q))
        (*out)[n++] = (struct saf_member){
            .name = saf_query_str(&q, arena, 0),
            .level = (enum saf_level)saf_query_int(&q, 1),
        };
    saf_query_close(&q);
    return n;
}

void
saf_member_put(struct saf_db *db, int64_t profile_id, struct saf_member m)
{
    saf_db_run(db,
               "INSERT INTO members VALUES(?1,(SELECT coalesce(max(pos),0)+1"
               " FROM members WHERE profile=?1),?2,?3)"
               " ON CONFLICT(profile,member) DO UPDATE SET"
               " level=excluded.level",
               "isi", profile_id, m.name, (int64_t)m.level);
    touch_class_of(db, profile_id);
}

bool
saf_member_delete(struct saf_db *db, int64_t profile_id, struct str member)
{
    saf_db_run(db, "DELETE FROM members WHERE profile=?1 AND member=?2", "is",
               profile_id, member);
    if (saf_db_changes(db) == 0)
        return false;
    touch_class_of(db, profile_id);
    return true;
}

/* --- segments ---------------------------------------------------------- */

/* A segment without a field is kept as a row with the field name "". */
static struct str
kind_text(const enum saf_kind *kind, char text[2])
{
    text[0] = (char)*kind;
    text[1] = '\0';
    return str_n(text, 1);
}

struct str
saf_field_get(struct saf_db *db, struct arena *arena, enum saf_kind kind,
              int64_t id, const char *segment, const char *field)
{
    char k[2];
    struct saf_query q = saf_db_query(
        db,
        "SELECT value FROM segments WHERE kind=?1 AND id=?2 AND segment=?3"
        " AND field=?4",
        "siss", kind_text(&kind, k), id, str_of(segment), str_of(field));
    struct str value = { NULL, 0 };

    if (saf_query_next(&q)) {
        value = saf_query_str(&q, arena, 0);
        if (value.p == NULL)
            value = STR("");
    }
    saf_query_close(&q);
    return value;
}

void
saf_field_put(struct saf_db *db, enum saf_kind kind, int64_t id,
              const char *segment, const char *field, struct str value)
{
    char k[2];

    if (value.p == NULL) {
        saf_db_run(db,
                   "DELETE FROM segments WHERE kind=?1 AND id=?2 AND"
                   " segment=?3 AND field=?4",
                   "siss", kind_text(&kind, k), id, str_of(segment),
                   str_of(field));
        return;
    }
    saf_segment_add(db, kind, id, segment);
    saf_db_run(db, "INSERT OR REPLACE INTO segments VALUES(?1,?2,?3,?4,?5)",
               "sisss", kind_text(&kind, k), id, str_of(segment), str_of(field),
               value);
}

bool
saf_segment_exists(struct saf_db *db, enum saf_kind kind, int64_t id,
                   const char *segment)
{
    char k[2];
    struct saf_query q = saf_db_query(
        db,
        "SELECT 1 FROM segments WHERE kind=?1 AND id=?2 AND segment=?3 LIMIT 1",
        "sis", kind_text(&kind, k), id, str_of(segment));
    bool is_there = saf_query_next(&q);

    saf_query_close(&q);
    return is_there;
}

void
saf_segment_add(struct saf_db *db, enum saf_kind kind, int64_t id,
                const char *segment)
{
    char k[2];

    saf_db_run(db, "INSERT OR IGNORE INTO segments VALUES(?1,?2,?3,'','')",
               "sis", kind_text(&kind, k), id, str_of(segment));
}

void
saf_segment_delete(struct saf_db *db, enum saf_kind kind, int64_t id,
                   const char *segment)
{
    char k[2];

    saf_db_run(db,
               "DELETE FROM segments WHERE kind=?1 AND id=?2 AND segment=?3",
               "sis", kind_text(&kind, k), id, str_of(segment));
}

/* --- options ----------------------------------------------------------- */

uint32_t
saf_class_options(struct saf_db *db, struct str class_name)
{
    struct saf_query q = saf_db_query(
        db, "SELECT options FROM classes WHERE name=?1", "s", class_name);
    uint32_t options = saf_query_next(&q) ? (uint32_t)saf_query_int(&q, 0) : 0;

    saf_query_close(&q);
    return options;
}

void
saf_class_options_put(struct saf_db *db, struct str class_name,
                      uint32_t options)
{
    saf_options_changed(db);
    saf_generics_changed(db);
    saf_db_run(db,
               "INSERT INTO classes VALUES(?1,?2,0) ON CONFLICT(name)"
               " DO UPDATE SET options=excluded.options,"
               " generation=generation+1",
               "si", class_name, (int64_t)options);
}

int64_t
saf_option(struct saf_db *db, const char *name)
{
    struct saf_query q = saf_db_query(
        db, "SELECT number FROM options WHERE name=?1", "s", str_of(name));
    int64_t value = saf_query_next(&q) ? saf_query_int(&q, 0) : 0;

    saf_query_close(&q);
    return value;
}

void
saf_option_put(struct saf_db *db, const char *name, int64_t value)
{
    saf_options_changed(db);
    saf_db_run(db,
               "INSERT INTO options VALUES(?1,?2,'') ON CONFLICT(name)"
               " DO UPDATE SET number=excluded.number",
               "si", str_of(name), value);
}

struct str
saf_option_text(struct saf_db *db, struct arena *arena, const char *name)
{
    struct saf_query q = saf_db_query(
        db, "SELECT text FROM options WHERE name=?1", "s", str_of(name));
    struct str text = { NULL, 0 };

    if (saf_query_next(&q))
        text = saf_query_str(&q, arena, 0);
    saf_query_close(&q);
    return text;
}

void
saf_option_text_put(struct saf_db *db, const char *name, struct str value)
{
    saf_options_changed(db);
    saf_db_run(db,
               "INSERT INTO options VALUES(?1,0,?2) ON CONFLICT(name)"
               " DO UPDATE SET text=excluded.text",
               "ss", str_of(name), value);
}
