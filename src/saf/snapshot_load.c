/* From the store to the compiler: a class's profiles, and for a member class
 * also the members of its grouping class, merged. */
#include "saf/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "base/vec.h"
#include "saf/classes.h"
#include "saf/pattern.h"

#define LOAD_MAX ((size_t)8 << 30)

struct merged {
    struct snapshot_profile profile;
    struct {
        struct saf_access *v;
        size_t n, cap;
    } access;
};

struct loader {
    struct saf_db *db;
    struct arena arena;
    struct table by_name; /* of merged */
    struct {
        struct merged **v;
        size_t n, cap;
    } all;
    bool with_generics; /* SETROPTS GENERIC is on for the class */
    bool failed;
};

static bool
is_same_entry(const struct saf_access *a, const struct saf_access *b)
{
    return str_eq(a->who, b->who) && str_eq(a->when_kind, b->when_kind) &&
           str_eq(a->when_value, b->when_value);
}

/* The policy for a name that several profiles protect: the highest level. */
static void
merge_access(struct loader *l, struct merged *m, const struct saf_access *a)
{
    for (size_t i = 0; i < m->access.n; i++) {
        struct saf_access *have = &m->access.v[i];

        if (!is_same_entry(have, a))
            continue;
        if (a->level > have->level)
            have->level = a->level;
        return;
    }
    if (!VEC_PUSH(&m->access, *a))
        l->failed = true;
}

static void
widen(enum saf_level *have, enum saf_level other)
{
    /* NONE: not audited; else the lower level catches more. */
    if (*have == SAF_NONE || (other != SAF_NONE && other < *have))
        *have = other;
}

static struct merged *
merged_for(struct loader *l, struct str name, const struct saf_profile *p)
{
    struct merged *m = table_get(&l->by_name, name);
    struct snapshot_profile *out;

    if (m == NULL) {
        m = ARENA_NEW(&l->arena, struct merged);
        if (m == NULL || !table_put(&l->by_name, name, m, NULL) ||
            !VEC_PUSH(&l->all, m)) {
            l->failed = true;
            return NULL;
        }
        m->profile.name = name;
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
    return m;
}

static void
load_profile(struct loader *l, const struct saf_profile *p, struct str name)
{
    struct merged *m = merged_for(l, name, p);
    struct saf_access *list;
    size_t n;

    if (m == NULL)
        return;
    n = saf_access_of(l->db, &l->arena, p->id, &list);
    if (m->profile.access == NULL) { /* usually nothing is to be merged */
        m->profile.access = list;
        m->profile.n_access = n;
        return;
    }
    if (m->access.n == 0)
        for (size_t i = 0; i < m->profile.n_access; i++)
            merge_access(l, m, &m->profile.access[i]);
    for (size_t i = 0; i < n; i++)
        merge_access(l, m, &list[i]);
    m->profile.access = m->access.v;
    m->profile.n_access = m->access.n;
}

/* STDATA belongs to the effective state of class STARTED, too. */
static void
load_stdata(struct loader *l, const struct saf_profile *p)
{
    struct merged *m = table_get(&l->by_name, p->name);
    struct saf_query q = saf_db_query(
        l->db,
        "SELECT group_concat(field || '=' || value, char(10)) FROM segments"
        " WHERE kind='R' AND id=?1 AND segment='STDATA' AND field<>''",
        "i", p->id);

    if (saf_query_next(&q) && m != NULL)
        m->profile.data = saf_query_str(&q, &l->arena, 0);
    saf_query_close(&q);
}

static void
load_class(struct loader *l, const char *class_name)
{
    struct saf_profile *v;
    size_t n = saf_profiles_of(l->db, &l->arena, str_of(class_name), &v);

    for (size_t i = 0; i < n && !l->failed; i++) {
        if (v[i].is_generic && !l->with_generics)
            continue;
        load_profile(l, &v[i], v[i].name);
        if (strcmp(class_name, "STARTED") == 0)
            load_stdata(l, &v[i]);
    }
}

static void
load_grouping(struct loader *l, const char *group_class)
{
    struct saf_profile *v;
    size_t n = saf_profiles_of(l->db, &l->arena, str_of(group_class), &v);

    for (size_t i = 0; i < n && !l->failed; i++) {
        struct saf_member *members;
        size_t n_members = saf_members_of(l->db, &l->arena, v[i].id, &members);
        struct saf_profile p = v[i];

        p.is_generic = false; /* the member's own name tells */
        for (size_t j = 0; j < n_members && !l->failed; j++)
            if (l->with_generics || !pattern_has_generics(members[j].name))
                load_profile(l, &p, members[j].name);
    }
}

static enum err
compile(struct loader *l, const struct saf_class *class_, uint32_t flags,
        uint64_t generation, struct buf *out, struct err_info *why)
{
    struct snapshot_profile *v;
    enum err e = saf_db_check(l->db, why);

    if (e != ERR_OK)
        return e;
    v = ARENA_ARRAY(&l->arena, struct snapshot_profile, l->all.n + 1);
    if (l->failed || v == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    for (size_t i = 0; i < l->all.n; i++)
        v[i] = l->all.v[i]->profile;
    return snapshot_compile(class_, v, l->all.n, flags, generation, out, why);
}

enum err
snapshot_build(struct saf_db *db, struct str class_name, uint32_t flags,
               uint64_t generation, struct buf *out, struct err_info *why)
{
    const struct saf_class *class_ = saf_class_find(class_name);
    struct loader l = { .db = db };
    enum err e;

    if (class_ == NULL)
        return err_set(why, ERR_NOT_FOUND, STR_FMT ": no such class",
                       STR_ARG(class_name));
    l.with_generics =
        (saf_class_options(db, str_of(class_->name)) & CLASS_GENERIC) != 0;
    arena_init(&l.arena, LOAD_MAX);
    table_init(&l.by_name);
    /* A grouping profile is never checked by its own name. */
    if ((class_->flags & CLASS_GROUPING) == 0) {
        load_class(&l, class_->name);
        if (class_->group[0] != '\0' && (flags & SNAPSHOT_RACLISTED) != 0)
            load_grouping(&l, class_->group);
    }
    e = compile(&l, class_, flags, generation, out, why);
    for (size_t i = 0; i < l.all.n; i++)
        VEC_FREE(&l.all.v[i]->access);
    VEC_FREE(&l.all);
    table_fini(&l.by_name);
    arena_fini(&l.arena);
    return e;
}
