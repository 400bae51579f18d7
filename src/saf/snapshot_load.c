/*
 * From the store to the compiler: a class's profiles, and for a member class
 * also the members of its grouping class, merged. What no grouping profile
 * names goes through one at a time, so that a class of a million costs little
 * more than its image.
 */
#include "saf/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "base/vec.h"
#include "saf/classes.h"
#include "saf/pattern.h"

#define LOAD_MAX ((size_t)8 << 30)
#define IDS_AT_ONCE 20000 /* profiles for which all names are read at once */

#define SOURCES_MAX (1u << 20) /* bytes, of one name */

struct merged {
    struct snapshot_profile profile;
    struct buf sources; /* see snapshot_sources */
    struct {
        struct saf_access *v;
        size_t n, cap;
    } access;
};

struct loader {
    struct saf_db *db;
    struct snapshot_builder *builder;
    struct table ids;   /* names of users and groups to their numbers */
    bool with_generics; /* SETROPTS GENERIC is on for the class */
    bool failed;
    /* One profile and its list, as they come. */
    struct arena row_arena;
    struct snapshot_profile row;
    int64_t row_id; /* 0: none */
    struct {
        struct saf_access *v;
        size_t n, cap;
    } row_access;
    /* Of member classes: what grouping profiles name, merged by name. */
    struct arena arena;
    struct table by_name; /* of merged */
    struct {
        struct merged **v;
        size_t n, cap;
    } all;
};

/* --- merging ------------------------------------------------------------ */

static bool
is_same_entry(const struct saf_access *a, const struct saf_access *b)
{
    return str_eq(a->who, b->who) && a->who_id == b->who_id &&
           str_eq(a->when_kind, b->when_kind) &&
           str_eq(a->when_value, b->when_value);
}

/* The policy for a name that several profiles protect: the highest level. */
static void
merge_access(struct loader *l, struct merged *m, struct saf_access a)
{
    for (size_t i = 0; i < m->access.n; i++) {
        struct saf_access *have = &m->access.v[i];

        if (!is_same_entry(have, &a))
            continue;
        if (a.level > have->level)
            have->level = a.level;
        return;
    }
    a.who = str_dup(&l->arena, a.who);
    a.when_kind = str_dup(&l->arena, a.when_kind);
    a.when_value = str_dup(&l->arena, a.when_value);
    if (!VEC_PUSH(&m->access, a))
        l->failed = true;
}

static void
widen(enum saf_level *have, enum saf_level other)
{
    /* NONE: not audited; else the lower level catches more. */
    if (*have == SAF_NONE || (other != SAF_NONE && other < *have))
        *have = other;
}

/* What a profile brings along, for those who ask why. */
static void
put_source(struct merged *m, const char *class_name,
           const struct snapshot_profile *p)
{
    struct buf *out = &m->sources;

    buf_printf(out, "S%s " STR_FMT "\nU%u\n", class_name, STR_ARG(p->name),
               (unsigned)p->uacc);
    for (size_t i = 0; i < p->n_access; i++) {
        const struct saf_access *a = &p->access[i];

        buf_printf(out, "%c%u %u", a->when_kind.n > 0 ? 'W' : 'A', a->who_id,
                   (unsigned)a->level);
        if (a->when_kind.n > 0)
            buf_printf(out, " " STR_FMT " " STR_FMT, STR_ARG(a->when_kind),
                       STR_ARG(a->when_value));
        buf_add_char(out, '\n');
    }
}

static void
merge(struct loader *l, const char *class_name, struct str name,
      const struct snapshot_profile *p)
{
    struct merged *m = table_get(&l->by_name, name);
    struct snapshot_profile *out;

    if (m == NULL) {
        m = ARENA_NEW(&l->arena, struct merged);
        if (m == NULL || !table_put(&l->by_name, name, m, NULL) ||
            !VEC_PUSH(&l->all, m)) {
            l->failed = true;
            return;
        }
        buf_init(&m->sources, SOURCES_MAX);
        m->profile.name = str_dup(&l->arena, name);
        m->profile.is_generic = pattern_has_generics(name) || p->is_generic;
    }
    out = &m->profile;
    if (p->uacc > out->uacc)
        out->uacc = p->uacc;
    out->is_warning = out->is_warning || p->is_warning;
    widen(&out->audit.success, p->audit.success);
    widen(&out->audit.failure, p->audit.failure);
    widen(&out->global_audit.success, p->global_audit.success);
    widen(&out->global_audit.failure, p->global_audit.failure);
    for (size_t i = 0; i < p->n_access; i++)
        merge_access(l, m, p->access[i]);
    put_source(m, class_name, p);
}

static void
add_merged(struct loader *l)
{
    for (size_t i = 0; i < l->all.n; i++) {
        struct merged *m = l->all.v[i];

        m->profile.access = m->access.v;
        m->profile.n_access = m->access.n;
        /* Too many to tell: none is told. */
        if (!m->sources.failed)
            m->profile.data = buf_view(&m->sources);
        snapshot_builder_add(l->builder, &m->profile);
    }
}

/* --- reading ------------------------------------------------------------ */

/* Numbers stand in the table one higher, so that 0 is "not looked up yet". */
static void
keep_id(struct loader *l, struct str who, uint32_t id)
{
    if (!table_put(&l->ids, who, (void *)(uintptr_t)(id + 1), NULL))
        l->failed = true;
}

/* A million entries name few people: each is looked up here, not in the
 * store. */
static void
load_ids(struct loader *l)
{
    struct saf_query q =
        saf_db_query(l->db, "SELECT name, id FROM principals", "");
    struct arena name;

    arena_init(&name, 1 << 20);
    while (!l->failed && saf_query_next(&q)) {
        keep_id(l, saf_query_str(&q, &name, 0), (uint32_t)saf_query_int(&q, 1));
        arena_reset(&name);
    }
    saf_query_close(&q);
    arena_fini(&name);
}

static uint32_t
id_of(struct loader *l, struct str who)
{
    uint32_t id = (uint32_t)(uintptr_t)table_get(&l->ids, who);

    if (id == 0) {
        id = saf_principal_id(l->db, who) + 1;
        keep_id(l, who, id - 1);
    }
    return id - 1;
}

/* STDATA belongs to the effective state of class STARTED, too. */
static struct str
stdata_of(struct loader *l, int64_t profile)
{
    struct saf_query q = saf_db_query(
        l->db,
        "SELECT group_concat(field || '=' || value, char(10)) FROM segments"
        " WHERE kind='R' AND id=?1 AND segment='STDATA' AND field<>''",
        "i", profile);
    struct str data = { NULL, 0 };

    if (saf_query_next(&q))
        data = saf_query_str(&q, &l->row_arena, 0);
    saf_query_close(&q);
    return data;
}

/* The profile read last is complete. */
static void
flush_row(struct loader *l, const char *class_name, bool is_group)
{
    struct snapshot_profile *p = &l->row;

    if (l->row_id == 0)
        return;
    p->access = l->row_access.v;
    p->n_access = l->row_access.n;
    if (is_group) {
        struct saf_member *members;
        size_t n = saf_members_of(l->db, &l->row_arena, l->row_id, &members);

        p->is_generic = false; /* the member's own name tells */
        for (size_t i = 0; i < n && !l->failed; i++)
            if (l->with_generics || !pattern_has_generics(members[i].name))
                merge(l, class_name, members[i].name, p);
    } else if (l->with_generics || !p->is_generic) {
        const struct merged *m = table_get(&l->by_name, p->name);

        if (strcmp(class_name, "STARTED") == 0)
            p->data = stdata_of(l, l->row_id);
        if (m != NULL && m->profile.is_generic == p->is_generic)
            merge(l, class_name, p->name, p);
        else
            snapshot_builder_add(l->builder, p);
    }
    l->row_id = 0;
    l->row_access.n = 0;
    arena_reset(&l->row_arena);
}

static void
start_row(struct loader *l, struct saf_query *q)
{
    l->row_id = saf_query_int(q, 0);
    l->row = (struct snapshot_profile){
        .name = saf_query_str(q, &l->row_arena, 1),
        .is_generic = saf_query_int(q, 2) != 0,
        .uacc = (enum saf_level)saf_query_int(q, 3),
        .is_warning = saf_query_int(q, 4) != 0,
        .audit = { (enum saf_level)saf_query_int(q, 5),
                   (enum saf_level)saf_query_int(q, 6) },
        .global_audit = { (enum saf_level)saf_query_int(q, 7),
                          (enum saf_level)saf_query_int(q, 8) },
    };
}

static void
add_entry(struct loader *l, struct saf_query *q)
{
    struct str who = saf_query_str(q, &l->row_arena, 9);
    struct saf_access a = {
        .level = (enum saf_level)saf_query_int(q, 10),
        .when_kind = saf_query_str(q, &l->row_arena, 11),
        .when_value = saf_query_str(q, &l->row_arena, 12),
    };

    if (who.n == 0)
        return; /* an empty list */
    if (str_eq_z(who, "*"))
        a.who = STR("*");
    else
        a.who_id = id_of(l, who);
    if (!VEC_PUSH(&l->row_access, a))
        l->failed = true;
}

#define ROWS                                                                   \
    "SELECT p.id, p.name, p.is_generic, p.uacc, p.warning, p.audit_s,"         \
    " p.audit_f, p.gaudit_s, p.gaudit_f, a.who, a.level, a.when_kind,"         \
    " a.when_value FROM profiles p "
#define JOINED " LEFT JOIN access a ON a.profile=p.id WHERE p.class=?1"
#define LISTS JOINED " ORDER BY"

/* Most of the table: in its own order, which is also that of the lists. Few of
 * it: by the index. */
static bool
is_most_of_table(struct saf_db *db, const char *class_name, int64_t at_least)
{
    struct saf_query q = saf_db_query(
        db,
        "SELECT n >= ?2 AND n * 8 > (SELECT coalesce(max(id),0) FROM profiles)"
        " FROM (SELECT count(*) AS n FROM profiles WHERE class=?1)",
        "si", str_of(class_name), at_least);
    bool is_most = saf_query_next(&q) && saf_query_int(&q, 0) != 0;

    saf_query_close(&q);
    return is_most;
}

static void
load_rows(struct loader *l, const char *class_name, bool is_group,
          struct saf_query q)
{
    while (!l->failed && saf_query_next(&q)) {
        if (saf_query_int(&q, 0) != l->row_id) {
            flush_row(l, class_name, is_group);
            start_row(l, &q);
        }
        add_entry(l, &q);
    }
    saf_query_close(&q);
    flush_row(l, class_name, is_group);
}

static void
load_class(struct loader *l, const char *class_name, bool is_group)
{
    load_rows(l, class_name, is_group,
              is_most_of_table(l->db, class_name, 1)
                  ? saf_db_query(l->db, ROWS "NOT INDEXED" LISTS " p.id", "s",
                                 str_of(class_name))
                  : saf_db_query(l->db, ROWS LISTS " p.name, p.is_generic", "s",
                                 str_of(class_name)));
}

static void
load_part(struct loader *l, const struct saf_class *class_, struct str name)
{
    if ((class_->flags & CLASS_GROUPING) != 0)
        return;
    load_rows(l, class_->name, false,
              name.n == 0
                  ? saf_db_query(l->db,
                                 ROWS JOINED " AND p.is_generic=1 ORDER BY"
                                             " p.name",
                                 "s", str_of(class_->name))
                  : saf_db_query(l->db,
                                 ROWS JOINED " AND p.name=?2 AND"
                                             " p.is_generic=0",
                                 "ss", str_of(class_->name), name));
    add_merged(l);
}

static void
load(struct loader *l, const struct saf_class *class_, uint32_t flags)
{
    /* A grouping profile is never checked by its own name. */
    if ((class_->flags & CLASS_GROUPING) != 0)
        return;
    if (is_most_of_table(l->db, class_->name, IDS_AT_ONCE))
        load_ids(l);
    if (class_->group[0] != '\0' && (flags & SNAPSHOT_RACLISTED) != 0)
        load_class(l, class_->group, true);
    load_class(l, class_->name, false);
    add_merged(l);
}

/* part: NULL, the whole class. */
static enum err
build(struct saf_db *db, struct str class_name, const struct str *part,
      uint32_t flags, uint64_t generation, struct buf *out,
      struct err_info *why)
{
    const struct saf_class *class_ = saf_class_find(class_name);
    struct loader l = { .db = db };
    enum err e;

    if (class_ == NULL)
        return err_set(why, ERR_NOT_FOUND, STR_FMT ": no such class",
                       STR_ARG(class_name));
    l.with_generics =
        (saf_class_options(db, str_of(class_->name)) & CLASS_GENERIC) != 0;
    l.builder = snapshot_builder_new(class_, flags, generation);
    if (l.builder == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    arena_init(&l.arena, LOAD_MAX);
    arena_init(&l.row_arena, LOAD_MAX);
    table_init(&l.by_name);
    table_init(&l.ids);
    if (part != NULL)
        load_part(&l, class_, *part);
    else
        load(&l, class_, flags);
    table_fini(&l.ids);
    e = saf_db_check(db, why);
    if (e == ERR_OK && l.failed)
        e = err_set(why, ERR_MEMORY, "no storage");
    if (e == ERR_OK)
        e = snapshot_builder_finish(l.builder, out, why);
    snapshot_builder_free(&l.builder);
    for (size_t i = 0; i < l.all.n; i++) {
        VEC_FREE(&l.all.v[i]->access);
        buf_fini(&l.all.v[i]->sources);
    }
    VEC_FREE(&l.all);
    VEC_FREE(&l.row_access);
    table_fini(&l.by_name);
    arena_fini(&l.row_arena);
    arena_fini(&l.arena);
    return e;
}

enum err
snapshot_build(struct saf_db *db, struct str class_name, uint32_t flags,
               uint64_t generation, struct buf *out, struct err_info *why)
{
    return build(db, class_name, NULL, flags, generation, out, why);
}

enum err
snapshot_build_part(struct saf_db *db, struct str class_name, struct str name,
                    uint32_t flags, uint64_t generation, struct buf *out,
                    struct err_info *why)
{
    return build(db, class_name, &name, flags, generation, out, why);
}
