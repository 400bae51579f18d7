/* Reading a compiled policy (wire.c says how it looks). It comes from our own
 * processes; a damaged one is refused all the same. */
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "ttls/wire.h"

#define OBJECTS_MAX (16u * 1024u * 1024u)
#define TEXT_MAX 4096u

struct input {
    struct reader in;
    struct ttls_policy *p;
    struct ttls_obj **objs;
    size_t n;
};

/* A count that the bytes left can hold, each of at least `bytes`. */
static bool
read_count(struct input *r, size_t bytes, uint32_t *n)
{
    return reader_u32(&r->in, n) && *n <= reader_left(&r->in) / bytes;
}

static bool
is_target(const struct ttls_row *row, enum ttls_stmt stmt)
{
    if (row->kind == TTLS_K_ADDR)
        return stmt >= TTLS_IPADDR && stmt <= TTLS_IPADDR_GROUP;
    if (row->kind == TTLS_K_PORT)
        return stmt == TTLS_PORT_RANGE || stmt == TTLS_PORT_GROUP;
    return stmt == row->target;
}

static bool
read_ref(struct input *r, const struct ttls_row *row, void *at)
{
    uint32_t number;

    if (!reader_u32(&r->in, &number))
        return false;
    *(const void **)at = NULL;
    if (number == WIRE_NONE)
        return true;
    if (number >= r->n || !is_target(row, r->objs[number]->stmt))
        return false;
    *(const void **)at = r->objs[number];
    return true;
}

static bool
read_codes(struct input *r, struct ttls_codes *list)
{
    uint32_t n;
    uint16_t *v;

    if (!read_count(r, 2, &n) ||
        (v = ARENA_ARRAY(&r->p->arena, uint16_t, (size_t)n + 1)) == NULL)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        if (!reader_u16(&r->in, &v[i]))
            return false;
    }
    *list = (struct ttls_codes){ v, n };
    return true;
}

static bool
read_texts(struct input *r, struct ttls_texts *list)
{
    uint32_t n;
    struct str *v;

    if (!read_count(r, 4, &n) ||
        (v = ARENA_ARRAY(&r->p->arena, struct str, (size_t)n + 1)) == NULL)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        if (!reader_str(&r->in, 0, TEXT_MAX, &v[i]))
            return false;
    }
    *list = (struct ttls_texts){ v, n };
    return true;
}

static bool
read_word(struct input *r, const struct ttls_row *row, uint32_t *out)
{
    if (!reader_u32(&r->in, out))
        return false;
    for (const struct ttls_word *w = row->words; w != NULL && w->word != NULL;
         w++) {
        if (w->value == *out)
            return true;
    }
    return row->words == NULL && *out >= row->min && *out <= row->max;
}

static bool
read_row(struct input *r, const struct ttls_row *row, void *at)
{
    switch (row->kind) {
    case TTLS_K_WORD:
    case TTLS_K_NUMBER:
        return read_word(r, row, at);
    case TTLS_K_TEXT:
    case TTLS_K_LABEL:
    case TTLS_K_SECRET:
    case TTLS_K_JOB:
        return reader_str(&r->in, 0, TEXT_MAX, at);
    case TTLS_K_TEXTS:
        return read_texts(r, at);
    case TTLS_K_CIPHER1:
    case TTLS_K_CIPHER2:
    case TTLS_K_CIPHER4:
    case TTLS_K_PAIRS:
    case TTLS_K_GROUPS:
        return read_codes(r, at);
    case TTLS_K_OBJECT:
    case TTLS_K_REF:
    case TTLS_K_ADDR:
    case TTLS_K_PORT:
        return read_ref(r, row, at);
    case TTLS_K_ONE_ADDR:
    case TTLS_K_PREFIX:
    case TTLS_K_RANGE:
    case TTLS_K_ONE_PORT:
    case TTLS_K_MEMBER:
    case TTLS_K_PERIOD:
    case TTLS_K_MASK:
    case TTLS_K_DAY_MASK:
    case TTLS_K_OF_DAY:
        return true;
    }
    return false;
}

static bool
read_port_list(struct input *r, const struct ttls_port **out, size_t *n_out)
{
    struct ttls_port *v;
    uint32_t n;

    if (!read_count(r, 4, &n) ||
        (v = ARENA_ARRAY(&r->p->arena, struct ttls_port, (size_t)n + 1)) ==
            NULL)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        if (!reader_u16(&r->in, &v[i].from) || !reader_u16(&r->in, &v[i].to) ||
            v[i].from > v[i].to)
            return false;
    }
    *out = v;
    *n_out = n;
    return true;
}

static bool
read_time(struct input *r, struct ttls_time *t)
{
    return reader_u64(&r->in, &t->from) && reader_u64(&r->in, &t->to) &&
           reader_u32(&r->in, &t->month_mask) &&
           reader_u32(&r->in, &t->day_mask) &&
           reader_u32(&r->in, &t->day_mask_end) &&
           reader_u32(&r->in, &t->week_mask) &&
           reader_u32(&r->in, &t->is_utc) && t->is_utc <= 1 &&
           read_port_list(r, &t->of_day, &t->n_of_day);
}

static bool
read_members(struct input *r, enum ttls_kind kind,
             const struct ttls_obj *const **out, size_t *n_out)
{
    const struct ttls_row row = { .kind = kind };
    const struct ttls_obj **v;
    uint32_t n;

    if (!read_count(r, 4, &n) ||
        (v = ARENA_ARRAY(&r->p->arena, const struct ttls_obj *,
                         (size_t)n + 1)) == NULL)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        if (!read_ref(r, &row, &v[i]))
            return false;
    }
    *out = v;
    *n_out = n;
    return true;
}

static bool
read_addrs(struct input *r, struct ttls_addrs *a)
{
    struct ttls_addr *v;
    uint32_t n;

    if (!read_count(r, 32, &n) ||
        (v = ARENA_ARRAY(&r->p->arena, struct ttls_addr, (size_t)n + 1)) ==
            NULL)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        struct str from, to;

        if (!reader_take(&r->in, 16, &from) || !reader_take(&r->in, 16, &to) ||
            memcmp(from.p, to.p, 16) > 0)
            return false;
        memcpy(v[i].from, from.p, 16);
        memcpy(v[i].to, to.p, 16);
    }
    a->v = v;
    a->n = n;
    return ttls_addrs_sort(&r->p->arena, a) &&
           read_members(r, TTLS_K_ADDR, &a->members, &a->n_members);
}

static bool
read_suites(struct input *r, struct ttls_cipher *c)
{
    if (wire_has_both(c)) {
        if (!read_codes(r, &c->all))
            return false;
    } else {
        c->all = c->v3.n > 0 ? c->v3 : c->v3_4;
    }
    return ttls_cipher_pick(&r->p->arena, c);
}

static bool
read_object(struct input *r, struct ttls_obj *obj)
{
    const struct ttls_type *type = ttls_type_of(obj->stmt);
    struct ttls_ports *ports = (struct ttls_ports *)obj;

    if (obj->stmt == TTLS_TIME)
        return read_time(r, (struct ttls_time *)obj);
    if (obj->stmt >= TTLS_IPADDR && obj->stmt <= TTLS_IPADDR_GROUP)
        return read_addrs(r, (struct ttls_addrs *)obj);
    if (obj->stmt == TTLS_PORT_RANGE || obj->stmt == TTLS_PORT_GROUP)
        return read_port_list(r, &ports->v, &ports->n) &&
               ttls_ports_sort(&r->p->arena, ports) &&
               read_members(r, TTLS_K_PORT, &ports->members, &ports->n_members);
    for (size_t i = 0; i < type->n_rows; i++) {
        if ((obj->coded & ((uint64_t)1 << i)) != 0 &&
            !read_row(r, &type->rows[i], (char *)obj + type->rows[i].offset))
            return false;
    }
    return obj->stmt != TTLS_CIPHER ||
           read_suites(r, (struct ttls_cipher *)obj);
}

static bool
read_head(struct input *r, const struct str *files, uint32_t n_files,
          struct ttls_obj **out)
{
    uint8_t stmt, is_inline;
    struct ttls_obj *obj, head = { 0 };
    uint32_t file, id;

    if (!reader_u8(&r->in, &stmt) || stmt >= TTLS_STMTS ||
        !reader_str(&r->in, 1, 64, &head.name) || !reader_u32(&r->in, &file) ||
        file >= n_files || !reader_u32(&r->in, &head.line) ||
        !reader_u8(&r->in, &is_inline) || is_inline > 1 ||
        !reader_u64(&r->in, &head.coded) ||
        !reader_u64(&r->in, &head.created_s) ||
        !reader_u64(&r->in, &head.updated_s) || !reader_u32(&r->in, &id))
        return false;
    head.stmt = (enum ttls_stmt)stmt;
    head.file = files[file];
    head.is_inline = is_inline != 0;
    obj = arena_zalloc(&r->p->arena, ttls_type_of(head.stmt)->bytes);
    if (obj == NULL)
        return false;
    *obj = head;
    if (head.stmt == TTLS_GROUP_ACTION)
        ((struct ttls_group_action *)obj)->id = id;
    if (head.stmt == TTLS_ENV_ACTION)
        ((struct ttls_env_action *)obj)->id = id;
    *out = obj;
    return true;
}

static bool
read_heads(struct input *r)
{
    uint32_t n_files, n;
    struct str files[WIRE_FILES_MAX];

    if (!reader_u32(&r->in, &n_files) || n_files > ARRAY_LEN(files))
        return false;
    for (uint32_t i = 0; i < n_files; i++) {
        if (!reader_str(&r->in, 0, TEXT_MAX, &files[i]))
            return false;
    }
    if (!read_count(r, 43, &n) || n > OBJECTS_MAX)
        return false;
    r->objs = ARENA_ARRAY(&r->p->arena, struct ttls_obj *, (size_t)n + 1);
    if (r->objs == NULL)
        return false;
    for (r->n = 0; r->n < n; r->n++) {
        if (!read_head(r, files, n_files, &r->objs[r->n]))
            return false;
    }
    r->p->objs = (const struct ttls_obj **)(void *)r->objs;
    r->p->n_objs = n;
    return true;
}

/* What lookups and effective parameters rely on. */
static bool
is_sound(const struct ttls_rule *rule)
{
    return rule->group != NULL && rule->direction != 0 && rule->priority > 0 &&
           (rule->env == NULL ? rule->group->enabled != TTLS_ON
                              : rule->env->keyring != NULL);
}

static bool
read_rules(struct input *r)
{
    const struct ttls_row row = { .kind = TTLS_K_REF, .target = TTLS_RULE };
    uint32_t n;

    if (!read_count(r, 4 + TTLS_ACTIONS, &n))
        return false;
    r->p->rules =
        ARENA_ARRAY(&r->p->arena, const struct ttls_rule *, (size_t)n + 1);
    if (r->p->rules == NULL)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        struct ttls_rule *rule = NULL;
        struct str named;

        if (!read_ref(r, &row, &rule) || rule == NULL ||
            !reader_take(&r->in, TTLS_ACTIONS, &named))
            return false;
        memcpy(rule->named, named.p, TTLS_ACTIONS);
        if (rule->priority == 0)
            rule->priority = 1; /* not coded */
        if (!is_sound(rule))
            return false;
        r->p->rules[i] = rule;
    }
    r->p->n_rules = n;
    return true;
}

static bool
read_all(struct input *r)
{
    uint32_t magic, version, digest;

    if (!reader_u32(&r->in, &magic) || magic != TTLS_WIRE_MAGIC ||
        !reader_u32(&r->in, &version) || version != TTLS_WIRE_VERSION ||
        !reader_u32(&r->in, &digest) || digest != wire_tables_digest() ||
        !reader_u64(&r->in, &r->p->instance_s) || !read_heads(r))
        return false;
    for (size_t i = 0; i < r->n; i++) {
        if (!read_object(r, r->objs[i]))
            return false;
    }
    return read_rules(r) && reader_at_end(&r->in);
}

enum err
ttls_policy_decode(struct str bytes, struct ttls_policy **out,
                   struct err_info *why)
{
    struct input r = { .p = ttls_policy_new() };
    struct str copy;

    if (r.p == NULL)
        return err_set(why, ERR_MEMORY, "no storage for a policy");
    copy = str_dup(&r.p->arena, bytes);
    r.in = reader_of(copy);
    if (copy.p == NULL || !read_all(&r)) {
        size_t pos = r.in.pos;

        r.p->n_objs = 0; /* may be half read */
        ttls_policy_unref(&r.p);
        return err_at(why, ERR_SYNTAX, pos,
                      "not a compiled policy of this version");
    }
    *out = r.p;
    return ERR_OK;
}
