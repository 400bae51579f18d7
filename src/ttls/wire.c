/*
 * The compiled form of a policy. First what there is, then what each says, so
 * that references may point ahead:
 *
 *     u32 magic, u32 version, u32 digest of the tables, u64 instance
 *     u32 n files, n * str
 *     u32 n objects, n * { u8 stmt, str name, u32 file, u32 line, u8 inline,
 *                          u64 coded, u64 created, u64 updated, u32 id }
 *     n * { the coded rows in the order of the statement's table; of
 *           TTLSCipherParms with codes of two and of four digits those of
 *           both in their order, too }
 *     u32 n rules, n * { u32 object, 3 * u8 stmt of the actions as named }
 *
 * A reference is the object's number, ~0 for none. Comments stay behind.
 */
#include <stdlib.h>
#include <string.h>

#include "ttls/wire.h"

#define SEED 0x7474u

uint32_t
wire_tables_digest(void)
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

    buf_u32(w->out, found == NULL ? WIRE_NONE : found->number);
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
    if (obj->stmt == TTLS_CIPHER &&
        wire_has_both((const struct ttls_cipher *)obj))
        write_codes(w->out, &((const struct ttls_cipher *)obj)->all);
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
    if (*n == WIRE_FILES_MAX) /* CommonTTLSConfig and TTLSConfig: two */
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
    struct str files[WIRE_FILES_MAX];
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
        buf_u64(out, obj->created_s);
        buf_u64(out, obj->updated_s);
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
    buf_u32(out, wire_tables_digest());
    buf_u64(out, p->instance_s);
    write_heads(p, out);
    for (size_t i = 0; i < p->n_objs; i++)
        write_object(&w, p->objs[i]);
    buf_u32(out, (uint32_t)p->n_rules);
    for (size_t i = 0; i < p->n_rules; i++) {
        write_ref(&w, &p->rules[i]->obj);
        buf_add(out, str_n(p->rules[i]->named, TTLS_ACTIONS));
    }
    free(w.entries);
}
