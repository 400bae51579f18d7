/*
 * The compiled form of a policy. First what there is, then what each says, so
 * that references may point ahead:
 *
 *     u32 magic, u32 version, u32 digest of the tables, u64 instance
 *     u32 n files, n * str
 *     u32 n objects, n * { u8 stmt, str name, u32 file, u32 line, u8 inline,
 *                          u64 coded, u32 id }
 *     n * { the coded rows in the order of the statement's table }
 *     u32 n rules, n * { u32 object, u64 created, u64 updated }
 *
 * A reference is the object's number, ~0 for none. Comments stay behind.
 */
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "ttls/build_priv.h"

#define NONE UINT32_MAX
#define OBJECTS_MAX (16u * 1024u * 1024u)
#define TEXT_MAX 4096u
#define SEED 0x7474u

/* Another build with other tables must not be believed. */
static uint32_t
tables_digest(void)
{
    uint64_t h = TTLS_STMTS;

    for (unsigned s = 0; s < TTLS_STMTS; s++) {
        const struct ttls_type *type = ttls_type_of((enum ttls_stmt)s);

        for (size_t i = 0; i < type->n_rows; i++)
            h = str_hash(str_of(type->rows[i].name),
                         h + (uint64_t)type->rows[i].kind + SEED);
    }
    return (uint32_t)h;
}

/* --- writing ------------------------------------------------------------ */

struct entry {
    const struct ttls_obj *obj;
    uint32_t number;
};

struct writer {
    struct buf *out;
    struct entry *entries; /* sorted by address */
    size_t n;
    bool with_secrets;
};

static int
by_address(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t)((const struct entry *)a)->obj;
    uintptr_t y = (uintptr_t)((const struct entry *)b)->obj;

    return (x > y) - (x < y);
}

static void
write_ref(struct writer *w, const struct ttls_obj *obj)
{
    struct entry key = { .obj = obj };
    const struct entry *found =
        obj == NULL ? NULL
                    : bsearch(&key, w->entries, w->n, sizeof key, by_address);

    buf_u32(w->out, found == NULL ? NONE : found->number);
}

static void
write_codes(struct buf *out, const struct ttls_codes *list)
{
    buf_u32(out, (uint32_t)list->n);
    for (size_t i = 0; i < list->n; i++)
        buf_u16(out, list->v[i]);
}

static void
write_texts(struct buf *out, const struct ttls_texts *list)
{
    buf_u32(out, (uint32_t)list->n);
    for (size_t i = 0; i < list->n; i++)
        buf_str(out, list->v[i]);
}

static void
write_time(struct buf *out, const struct ttls_time *t)
{
    buf_u64(out, t->from);
    buf_u64(out, t->to);
    buf_u32(out, t->month_mask);
    buf_u32(out, t->day_mask);
    buf_u32(out, t->day_mask_end);
    buf_u32(out, t->week_mask);
    buf_u32(out, t->is_utc);
    buf_u32(out, (uint32_t)t->n_of_day);
    for (size_t i = 0; i < t->n_of_day; i++) {
        buf_u16(out, t->of_day[i].from);
        buf_u16(out, t->of_day[i].to);
    }
}

static void
write_addrs(struct writer *w, const struct ttls_addrs *a)
{
    buf_u32(w->out, (uint32_t)a->n);
    for (size_t i = 0; i < a->n; i++) {
        buf_add(w->out, str_n(a->v[i].from, 16));
        buf_add(w->out, str_n(a->v[i].to, 16));
    }
    buf_u32(w->out, (uint32_t)a->n_members);
    for (size_t i = 0; i < a->n_members; i++)
        write_ref(w, a->members[i]);
}

static void
write_ports(struct writer *w, const struct ttls_ports *p)
{
    buf_u32(w->out, (uint32_t)p->n);
    for (size_t i = 0; i < p->n; i++) {
        buf_u16(w->out, p->v[i].from);
        buf_u16(w->out, p->v[i].to);
    }
    buf_u32(w->out, (uint32_t)p->n_members);
    for (size_t i = 0; i < p->n_members; i++)
        write_ref(w, p->members[i]);
}

static void
write_row(struct writer *w, const struct ttls_row *row, const void *at)
{
    switch (row->kind) {
    case TTLS_K_WORD:
    case TTLS_K_NUMBER:
        buf_u32(w->out, *(const uint32_t *)at);
        return;
    case TTLS_K_TEXT:
    case TTLS_K_LABEL:
    case TTLS_K_JOB:
        buf_str(w->out, *(const struct str *)at);
        return;
    case TTLS_K_SECRET:
        buf_str(w->out,
                w->with_secrets ? *(const struct str *)at : (struct str){ 0 });
        return;
    case TTLS_K_TEXTS:
        write_texts(w->out, at);
        return;
    case TTLS_K_CIPHER1:
    case TTLS_K_CIPHER2:
    case TTLS_K_CIPHER4:
    case TTLS_K_PAIRS:
    case TTLS_K_GROUPS:
        write_codes(w->out, at);
        return;
    case TTLS_K_OBJECT:
    case TTLS_K_REF:
    case TTLS_K_ADDR:
    case TTLS_K_PORT:
        write_ref(w, *(const struct ttls_obj *const *)at);
        return;
    case TTLS_K_ONE_ADDR:
    case TTLS_K_PREFIX:
    case TTLS_K_RANGE:
    case TTLS_K_ONE_PORT:
    case TTLS_K_MEMBER:
    case TTLS_K_PERIOD:
    case TTLS_K_MASK:
    case TTLS_K_DAY_MASK:
    case TTLS_K_OF_DAY:
        return; /* as a whole, below */
    }
}

static void
write_object(struct writer *w, const struct ttls_obj *obj)
{
    const struct ttls_type *type = ttls_type_of(obj->stmt);

    if (obj->stmt == TTLS_TIME) {
        write_time(w->out, (const struct ttls_time *)obj);
        return;
    }
    if (obj->stmt >= TTLS_IPADDR && obj->stmt <= TTLS_IPADDR_GROUP) {
        write_addrs(w, (const struct ttls_addrs *)obj);
        return;
    }
    if (obj->stmt == TTLS_PORT_RANGE || obj->stmt == TTLS_PORT_GROUP) {
        write_ports(w, (const struct ttls_ports *)obj);
        return;
    }
    for (size_t i = 0; i < type->n_rows; i++) {
        if ((obj->coded & ((uint64_t)1 << i)) != 0)
            write_row(w, &type->rows[i], ttls_field(obj, &type->rows[i]));
    }
}

static uint32_t
file_number(const struct ttls_policy *p, size_t i, struct str *files,
            uint32_t *n)
{
    struct str file = p->objs[i]->file;

    for (uint32_t k = 0; k < *n; k++) {
        if (files[k].p == file.p || str_eq(files[k], file))
            return k;
    }
    if (*n == 8) /* CommonTTLSConfig and TTLSConfig: two */
        return 0;
    files[*n] = file;
    return (*n)++;
}

static uint32_t
object_id(const struct ttls_obj *obj)
{
    return obj->stmt == TTLS_GROUP_ACTION
               ? ((const struct ttls_group_action *)obj)->id
           : obj->stmt == TTLS_ENV_ACTION
               ? ((const struct ttls_env_action *)obj)->id
               : 0;
}

static void
write_heads(const struct ttls_policy *p, struct buf *out)
{
    struct str files[8];
    uint32_t n_files = 0;

    for (size_t i = 0; i < p->n_objs; i++)
        (void)file_number(p, i, files, &n_files);
    buf_u32(out, n_files);
    for (uint32_t i = 0; i < n_files; i++)
        buf_str(out, files[i]);
    buf_u32(out, (uint32_t)p->n_objs);
    for (size_t i = 0; i < p->n_objs; i++) {
        const struct ttls_obj *obj = p->objs[i];

        buf_u8(out, (uint8_t)obj->stmt);
        buf_str(out, obj->name);
        buf_u32(out, file_number(p, i, files, &n_files));
        buf_u32(out, obj->line);
        buf_u8(out, obj->is_inline);
        buf_u64(out, obj->coded);
        buf_u32(out, object_id(obj));
    }
}

void
ttls_policy_encode(const struct ttls_policy *p, bool with_secrets,
                   struct buf *out)
{
    struct writer w = { .out = out,
                        .n = p->n_objs,
                        .with_secrets = with_secrets };

    w.entries = calloc(p->n_objs + 1, sizeof *w.entries);
    if (w.entries == NULL) {
        out->failed = true;
        return;
    }
    for (size_t i = 0; i < p->n_objs; i++)
        w.entries[i] = (struct entry){ p->objs[i], (uint32_t)i };
    qsort(w.entries, w.n, sizeof *w.entries, by_address);
    buf_u32(out, TTLS_WIRE_MAGIC);
    buf_u32(out, TTLS_WIRE_VERSION);
    buf_u32(out, tables_digest());
    buf_u64(out, p->instance_s);
    write_heads(p, out);
    for (size_t i = 0; i < p->n_objs; i++)
        write_object(&w, p->objs[i]);
    buf_u32(out, (uint32_t)p->n_rules);
    for (size_t i = 0; i < p->n_rules; i++) {
        write_ref(&w, &p->rules[i]->obj);
        buf_u64(out, p->rules[i]->created_s);
        buf_u64(out, p->rules[i]->updated_s);
    }
    free(w.entries);
}

/* --- reading ------------------------------------------------------------ */

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
    if (number == NONE)
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
    if (obj->stmt == TTLS_CIPHER)
        return ttls_cipher_pick(&r->p->arena, (struct ttls_cipher *)obj);
    return true;
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
        !reader_u64(&r->in, &head.coded) || !reader_u32(&r->in, &id))
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
    struct str files[8];

    if (!reader_u32(&r->in, &n_files) || n_files > ARRAY_LEN(files))
        return false;
    for (uint32_t i = 0; i < n_files; i++) {
        if (!reader_str(&r->in, 0, TEXT_MAX, &files[i]))
            return false;
    }
    if (!read_count(r, 27, &n) || n > OBJECTS_MAX)
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

    if (!read_count(r, 20, &n))
        return false;
    r->p->rules =
        ARENA_ARRAY(&r->p->arena, const struct ttls_rule *, (size_t)n + 1);
    if (r->p->rules == NULL)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        struct ttls_rule *rule = NULL;

        if (!read_ref(r, &row, &rule) || rule == NULL ||
            !reader_u64(&r->in, &rule->created_s) ||
            !reader_u64(&r->in, &rule->updated_s))
            return false;
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
        !reader_u32(&r->in, &digest) || digest != tables_digest() ||
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
