/* A policy's life: references, ids, what changed from one to the next. */
#include "ttls/policy.h"

#include <stdlib.h>
#include <string.h>

#include "ttls/build_priv.h"

struct ttls_policy *
ttls_policy_new(void)
{
    struct ttls_policy *p = calloc(1, sizeof *p);

    if (p == NULL)
        return NULL;
    atomic_init(&p->n_refs, 1);
    arena_init(&p->arena, TTLS_POLICY_MAX);
    return p;
}

struct ttls_policy *
ttls_policy_ref(struct ttls_policy *p)
{
    (void)atomic_fetch_add(&p->n_refs, 1);
    return p;
}

void
ttls_policy_unref(struct ttls_policy **policy)
{
    struct ttls_policy *p = *policy;

    *policy = NULL;
    if (p == NULL || atomic_fetch_sub(&p->n_refs, 1) != 1)
        return;
    /* Passwords do not outlive their policy: those of statements that were
     * replaced, or of a policy that was refused, are in its text only. */
    arena_wipe(&p->arena);
    arena_fini(&p->arena);
    free(p);
}

size_t
ttls_rule_actions(const struct ttls_rule *rule,
                  const struct ttls_obj *out[TTLS_ACTIONS])
{
    const struct ttls_obj *left[TTLS_ACTIONS] = {
        &rule->group->obj,
        rule->env == NULL ? NULL : &rule->env->obj,
        rule->conn == NULL ? NULL : &rule->conn->obj,
    };
    size_t n = 0;

    for (size_t i = 0; i <= TTLS_ACTIONS; i++) {
        for (size_t k = 0; k < TTLS_ACTIONS; k++) {
            if (left[k] == NULL ||
                (i < TTLS_ACTIONS && left[k]->stmt != rule->named[i]))
                continue;
            out[n++] = left[k];
            left[k] = NULL;
        }
    }
    return n;
}

size_t
ttls_policy_rules(const struct ttls_policy *p,
                  const struct ttls_rule *const **out)
{
    *out = p->rules;
    return p->n_rules;
}

size_t
ttls_policy_objects(const struct ttls_policy *p,
                    const struct ttls_obj *const **out)
{
    *out = p->objs;
    return p->n_objs;
}

uint64_t
ttls_policy_instance(const struct ttls_policy *p)
{
    return p->instance_s;
}

bool
ttls_cipher_pick(struct arena *arena, struct ttls_cipher *c)
{
    const struct ttls_codes *from = &c->all;
    uint16_t *v = ARENA_ARRAY(arena, uint16_t, from->n + 1);
    size_t n = 0;

    if (v == NULL)
        return false;
    for (size_t i = 0; i < from->n; i++) {
        if (ttls_cipher_can(from->v[i]))
            v[n++] = from->v[i];
    }
    c->usable = (struct ttls_codes){ v, n };
    return true;
}

/* --- what changed ------------------------------------------------------- */

bool
ttls_texts_same(const struct ttls_texts *a, const struct ttls_texts *b)
{
    bool is_same = a->n == b->n;

    for (size_t i = 0; is_same && i < a->n; i++)
        is_same = str_eq(a->v[i], b->v[i]);
    return is_same;
}

bool
ttls_codes_same(const struct ttls_codes *a, const struct ttls_codes *b)
{
    return a->n == b->n &&
           (a->n == 0 || memcmp(a->v, b->v, a->n * sizeof *a->v) == 0);
}

static bool
same_lists(const void *a, size_t n, const void *b, size_t n_b, size_t size)
{
    return n == n_b && (n == 0 || memcmp(a, b, n * size) == 0);
}

static bool
same_pointed(const void *left, const void *right)
{
    const struct ttls_obj *a = *(const struct ttls_obj *const *)left;
    const struct ttls_obj *b = *(const struct ttls_obj *const *)right;

    return a == b || (a != NULL && b != NULL && ttls_obj_same(a, b));
}

bool
ttls_value_same(const struct ttls_row *row, const void *a, const void *b)
{
    switch (row->kind) {
    case TTLS_K_WORD:
    case TTLS_K_NUMBER:
    case TTLS_K_MASK:
        return memcmp(a, b, sizeof(uint32_t)) == 0;
    case TTLS_K_TEXT:
    case TTLS_K_LABEL:
    case TTLS_K_SECRET:
    case TTLS_K_JOB:
        return str_eq(*(const struct str *)a, *(const struct str *)b);
    case TTLS_K_TEXTS:
        return ttls_texts_same(a, b);
    case TTLS_K_CIPHER1:
    case TTLS_K_CIPHER2:
    case TTLS_K_CIPHER4:
    case TTLS_K_PAIRS:
    case TTLS_K_GROUPS:
        return ttls_codes_same(a, b);
    case TTLS_K_OBJECT:
    case TTLS_K_REF:
    case TTLS_K_ADDR:
    case TTLS_K_PORT:
        return same_pointed(a, b);
    case TTLS_K_ONE_ADDR:
    case TTLS_K_PREFIX:
    case TTLS_K_RANGE:
    case TTLS_K_ONE_PORT:
    case TTLS_K_MEMBER:
    case TTLS_K_PERIOD:
    case TTLS_K_DAY_MASK:
    case TTLS_K_OF_DAY:
        return true; /* compared as a whole, see same_whole */
    }
    return false;
}

/* Statements whose rows share fields. */
static bool
same_whole(const struct ttls_obj *x, const struct ttls_obj *y)
{
    if (x->stmt == TTLS_TIME) {
        const struct ttls_time *a = (const void *)x, *b = (const void *)y;

        return a->from == b->from && a->to == b->to &&
               a->day_mask == b->day_mask &&
               a->day_mask_end == b->day_mask_end &&
               same_lists(a->of_day, a->n_of_day, b->of_day, b->n_of_day,
                          sizeof *a->of_day);
    }
    if (x->stmt == TTLS_CIPHER)
        return ttls_codes_same(&((const struct ttls_cipher *)x)->all,
                               &((const struct ttls_cipher *)y)->all);
    if (x->stmt >= TTLS_IPADDR && x->stmt <= TTLS_IPADDR_GROUP) {
        const struct ttls_addrs *a = (const void *)x, *b = (const void *)y;

        return same_lists(a->v, a->n, b->v, b->n, sizeof *a->v);
    }
    if (x->stmt == TTLS_PORT_RANGE || x->stmt == TTLS_PORT_GROUP) {
        const struct ttls_ports *a = (const void *)x, *b = (const void *)y;

        return same_lists(a->v, a->n, b->v, b->n, sizeof *a->v);
    }
    return true;
}

/* What only one of them codes is the same when it is the default. */
static bool
same_row(const struct ttls_obj *a, const struct ttls_obj *b,
         const struct ttls_row *row, uint64_t bit)
{
    const struct ttls_obj *coded = (a->coded & bit) != 0 ? a : b;
    uint32_t value;

    if ((a->coded & bit) == (b->coded & bit))
        return ttls_value_same(row, ttls_field(a, row), ttls_field(b, row));
    if (row->dflt == NULL ||
        (row->kind != TTLS_K_WORD && row->kind != TTLS_K_NUMBER))
        return false;
    memcpy(&value, ttls_field(coded, row), sizeof value);
    return value == ttls_row_default(row);
}

bool
ttls_obj_same(const struct ttls_obj *a, const struct ttls_obj *b)
{
    const struct ttls_type *type = ttls_type_of(a->stmt);
    bool is_list = a->stmt >= TTLS_IPADDR && a->stmt <= TTLS_PORT_GROUP;

    if (a->stmt != b->stmt &&
        !(is_list && b->stmt >= TTLS_IPADDR && b->stmt <= TTLS_PORT_GROUP))
        return false;
    for (size_t i = 0; !is_list && i < type->n_rows; i++) {
        if (!same_row(a, b, &type->rows[i], (uint64_t)1 << i))
            return false;
    }
    return same_whole(a, b);
}

/* --- installation ------------------------------------------------------- */

static uint32_t *
id_of(const struct ttls_obj *obj)
{
    if (obj->stmt == TTLS_GROUP_ACTION)
        return (uint32_t *)(uintptr_t) &
               ((const struct ttls_group_action *)obj)->id;
    if (obj->stmt == TTLS_ENV_ACTION)
        return (uint32_t *)(uintptr_t) &
               ((const struct ttls_env_action *)obj)->id;
    return NULL;
}

static bool
is_dated(const struct ttls_obj *obj)
{
    return obj->stmt == TTLS_RULE || obj->stmt == TTLS_GROUP_ACTION ||
           obj->stmt == TTLS_ENV_ACTION || obj->stmt == TTLS_CONN_ACTION;
}

static struct str
adopt_key(const struct ttls_obj *obj, char out[TTLS_NAME_MAX + 32])
{
    size_t n =
        obj->name.n < TTLS_NAME_MAX + 31 ? obj->name.n : TTLS_NAME_MAX + 31;

    out[0] = (char)('A' + obj->stmt);
    memcpy(out + 1, obj->name.p, n);
    return str_n(out, n + 1);
}

static void
adopt_one(struct ttls_obj *obj, const struct table *olds, uint64_t now_s,
          struct ttls_ids *ids)
{
    char key[TTLS_NAME_MAX + 32];
    const struct ttls_obj *old = table_get(olds, adopt_key(obj, key));
    bool is_same = old != NULL && ttls_obj_same(obj, old);
    uint32_t *id = id_of(obj);

    if (id != NULL) {
        *id = is_same                          ? *id_of(old)
              : obj->stmt == TTLS_GROUP_ACTION ? ++ids->group
                                               : ++ids->env;
    }
    if (is_dated(obj)) {
        obj->created_s = old == NULL ? now_s : old->created_s;
        obj->updated_s = is_same ? old->updated_s : now_s;
    }
}

void
ttls_policy_adopt(struct ttls_policy *p, const struct ttls_policy *old,
                  uint64_t now_s, struct ttls_ids *ids)
{
    char key[TTLS_NAME_MAX + 32];
    struct table olds;

    table_init(&olds);
    for (size_t i = 0; old != NULL && i < old->n_objs; i++) {
        const struct ttls_obj *obj = old->objs[i];

        /* Without storage an old one is not found: it gets a new id. */
        if (is_dated(obj))
            IGNORE(table_put(&olds, adopt_key(obj, key), (void *)(uintptr_t)obj,
                             NULL));
    }
    for (size_t i = 0; i < p->n_objs; i++)
        adopt_one((struct ttls_obj *)(uintptr_t)p->objs[i], &olds, now_s, ids);
    p->instance_s = now_s;
    table_fini(&olds);
}
