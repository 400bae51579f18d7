/* References to objects, groups to lists, rules to their order. */
#include <stdlib.h>
#include <string.h>

#include "base/codepage.h"
#include "ttls/build_priv.h"

static void
look_up(struct ttls_build *b, struct pending *ref)
{
    char key[TTLS_NAME_MAX + 1];
    struct ttls_obj *target;

    key[0] = (char)('A' + ref->row->target);
    memcpy(key + 1, ref->name.p, ref->name.n);
    target = table_get(&b->names, str_n(key, ref->name.n + 1));
    ref->target = target;
    if (target != NULL) {
        target->is_used = true;
        return;
    }
    b->file = ref->file;
    b->line = ref->line;
    build_error(b,
                "%s " STR_FMT " names %s " STR_FMT ", which is nowhere defined",
                ttls_type_of(ref->obj->stmt)->keyword, STR_ARG(ref->obj->name),
                ttls_type_of(ref->row->target)->keyword, STR_ARG(ref->name));
}

/* From the last to the first: what was coded later is there already. */
static void
link_all(struct ttls_build *b)
{
    for (size_t i = b->refs.n; i > 0; i--) {
        const struct pending *ref = &b->refs.v[i - 1];
        const void **at =
            (const void **)(uintptr_t)ttls_field(ref->obj, ref->row);

        if (ref->target == NULL)
            continue;
        if (ref->row->kind == TTLS_K_MEMBER)
            ((const void **)(uintptr_t)*at)[ref->index] = ref->target;
        else if (*at == NULL)
            *at = ref->target;
    }
}

/* In which order rules name their actions: displays keep it. */
static void
note_order(struct ttls_build *b)
{
    for (size_t i = 0; i < b->refs.n; i++) {
        struct ttls_rule *rule = (struct ttls_rule *)b->refs.v[i].obj;
        enum ttls_stmt target = b->refs.v[i].row->target;
        size_t at = 0;

        if (rule->obj.stmt != TTLS_RULE ||
            (target != TTLS_GROUP_ACTION && target != TTLS_ENV_ACTION &&
             target != TTLS_CONN_ACTION))
            continue;
        while (at < TTLS_ACTIONS && rule->named[at] != 0 &&
               rule->named[at] != target)
            at++;
        if (at < TTLS_ACTIONS)
            rule->named[at] = (uint8_t)target;
    }
}

/* --- groups ------------------------------------------------------------- */

static size_t
count_of(const struct ttls_obj *obj)
{
    return obj->stmt == TTLS_PORT_RANGE || obj->stmt == TTLS_PORT_GROUP
               ? ((const struct ttls_ports *)obj)->n
               : ((const struct ttls_addrs *)obj)->n;
}

static bool
is_group(const struct ttls_obj *obj)
{
    return obj->stmt == TTLS_IPADDR_GROUP || obj->stmt == TTLS_PORT_GROUP;
}

static size_t
members_of(const struct ttls_obj *obj, const struct ttls_obj *const **out)
{
    bool is_addr = obj->stmt == TTLS_IPADDR_GROUP;

    *out = is_addr ? ((const struct ttls_addrs *)obj)->members
                   : ((const struct ttls_ports *)obj)->members;
    return is_addr ? ((const struct ttls_addrs *)obj)->n_members
                   : ((const struct ttls_ports *)obj)->n_members;
}

static void
join_lists(struct ttls_build *b, struct ttls_obj *obj, size_t total)
{
    const struct ttls_obj *const *members;
    size_t n = members_of(obj, &members), at = 0;

    if (obj->stmt == TTLS_IPADDR_GROUP) {
        struct ttls_addr *v = build_alloc(b, total * sizeof *v);

        for (size_t i = 0; v != NULL && i < n; i++) {
            const struct ttls_addrs *from = (const void *)members[i];

            if (from != NULL && from->n > 0)
                memcpy(v + at, from->v, from->n * sizeof *v);
            at += from == NULL ? 0 : from->n;
        }
        ((struct ttls_addrs *)obj)->v = v;
        ((struct ttls_addrs *)obj)->n = at;
    } else {
        struct ttls_port *v = build_alloc(b, total * sizeof *v);

        for (size_t i = 0; v != NULL && i < n; i++) {
            const struct ttls_ports *from = (const void *)members[i];

            if (from != NULL && from->n > 0)
                memcpy(v + at, from->v, from->n * sizeof *v);
            at += from == NULL ? 0 : from->n;
        }
        ((struct ttls_ports *)obj)->v = v;
        ((struct ttls_ports *)obj)->n = at;
    }
}

/* Depth first; `depth` finds groups that contain themselves. */
static void
flatten(struct ttls_build *b, struct ttls_obj *obj, unsigned depth)
{
    const struct ttls_obj *const *members;
    size_t n = members_of(obj, &members), total = 0;

    if (obj->is_joined || n == 0)
        return;
    b->file = obj->file;
    b->line = obj->line;
    if (depth > TTLS_DEPTH_MAX) {
        build_error(b,
                    "%s " STR_FMT " contains itself, or groups are nested "
                    "deeper than %u",
                    ttls_type_of(obj->stmt)->keyword, STR_ARG(obj->name),
                    TTLS_DEPTH_MAX);
        return;
    }
    for (size_t i = 0; i < n && total <= TTLS_MEMBERS_MAX; i++) {
        if (members[i] == NULL)
            continue;
        if (is_group(members[i])) {
            size_t n_before = b->n_errors;

            flatten(b, (struct ttls_obj *)(uintptr_t)members[i], depth + 1);
            if (b->n_errors > n_before)
                return;
        }
        total += count_of(members[i]);
    }
    obj->is_joined = true;
    b->file = obj->file;
    b->line = obj->line;
    if (total > TTLS_MEMBERS_MAX)
        build_error(b, "%s " STR_FMT " comes to more than %u members",
                    ttls_type_of(obj->stmt)->keyword, STR_ARG(obj->name),
                    TTLS_MEMBERS_MAX);
    else if (total > 0)
        join_lists(b, obj, total);
}

/* --- order -------------------------------------------------------------- */

static int
compare_names(struct str a, struct str b, enum ttls_collate collate)
{
    const struct codepage *page =
        collate == TTLS_COLLATE_EBCDIC ? codepage_find(1047) : NULL;

    if (page == NULL)
        return str_cmp(a, b);
    for (size_t i = 0; i < a.n && i < b.n; i++) {
        int x = page->from_ascii[(unsigned char)a.p[i] & 0x7f];
        int y = page->from_ascii[(unsigned char)b.p[i] & 0x7f];

        if (x != y)
            return x - y;
    }
    return (a.n > b.n) - (a.n < b.n);
}

static int
compare_rules(const void *left, const void *right, void *arg)
{
    const struct ttls_rule *a = *(const struct ttls_rule *const *)left;
    const struct ttls_rule *b = *(const struct ttls_rule *const *)right;

    if (a->priority != b->priority)
        return a->priority > b->priority ? -1 : 1;
    return compare_names(a->obj.name, b->obj.name,
                         *(const enum ttls_collate *)arg);
}

/* What is derived from what was coded. */
static bool
derive(struct arena *arena, struct ttls_obj *obj)
{
    if (obj->stmt == TTLS_CIPHER)
        return ttls_cipher_pick(arena, (struct ttls_cipher *)obj);
    if (obj->stmt >= TTLS_IPADDR && obj->stmt <= TTLS_IPADDR_GROUP)
        return ttls_addrs_sort(arena, (struct ttls_addrs *)obj);
    if (obj->stmt == TTLS_PORT_RANGE || obj->stmt == TTLS_PORT_GROUP)
        return ttls_ports_sort(arena, (struct ttls_ports *)obj);
    return true;
}

static void
derive_all(struct ttls_build *b)
{
    for (size_t i = 0; i < b->policy->n_objs && !b->is_full; i++) {
        if (!derive(&b->policy->arena,
                    (struct ttls_obj *)(uintptr_t)b->policy->objs[i]))
            b->is_full = true;
    }
}

static void
order(struct ttls_build *b)
{
    struct ttls_policy *p = b->policy;
    size_t n = 0, n_rules = 0;

    p->objs = build_alloc(b, (b->objs.n + 1) * sizeof(void *));
    for (size_t i = 0; p->objs != NULL && i < b->objs.n; i++) {
        struct ttls_obj *obj = b->objs.v[i];

        if (obj->line == 0)
            continue; /* was replaced */
        p->objs[n++] = obj;
        n_rules += obj->stmt == TTLS_RULE;
    }
    p->n_objs = n;
    p->rules = build_alloc(b, (n_rules + 1) * sizeof(void *));
    if (p->objs == NULL || p->rules == NULL)
        return;
    for (size_t i = 0; i < n; i++) {
        struct ttls_rule *rule = (void *)(uintptr_t)p->objs[i];

        if (rule->obj.stmt != TTLS_RULE)
            continue;
        if (!ttls_is_coded(&rule->obj, "Priority"))
            rule->priority = 1;
        p->rules[p->n_rules++] = rule;
    }
    qsort_r(p->rules, p->n_rules, sizeof(void *), compare_rules,
            &b->options.collate);
}

void
build_resolve(struct ttls_build *b)
{
    for (size_t i = 0; i < b->refs.n; i++)
        look_up(b, &b->refs.v[i]);
    link_all(b);
    note_order(b);
    for (size_t i = 0; i < b->objs.n && !b->is_full; i++) {
        if (is_group(b->objs.v[i]) && b->objs.v[i]->line != 0)
            flatten(b, b->objs.v[i], 0);
    }
    order(b);
    if (!b->is_full)
        derive_all(b);
}
