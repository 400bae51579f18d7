#include "batch/job_wire.h"

#include "base/reader.h"

static void
put_conds(struct buf *out, const struct jcl_conds *conds)
{
    buf_u8(out, conds->even);
    buf_u8(out, conds->only);
    buf_u8(out, (uint8_t)conds->n);
    for (size_t i = 0; i < conds->n; i++) {
        buf_u32(out, conds->v[i].code);
        buf_u8(out, (uint8_t)conds->v[i].op);
        buf_str(out, str_of(conds->v[i].step));
        buf_str(out, str_of(conds->v[i].proc_step));
    }
}

/* A concatenation is its members, each followed by whether one more comes. */
static void
put_dd(struct buf *out, const struct jcl_dd *dd)
{
    buf_str(out, str_of(dd->name));
    for (; dd != NULL; dd = dd->concat) {
        buf_u8(out, (uint8_t)dd->kind);
        buf_u8(out, (uint8_t)dd->status);
        buf_u8(out, (uint8_t)dd->sysout);
        buf_u8(out, (uint8_t)dd->path_access);
        buf_str(out, str_of(dd->member));
        buf_str(out, dd->dsn);
        buf_str(out, dd->path);
        buf_str(out, dd->data);
        buf_u8(out, dd->concat != NULL);
    }
}

static void
put_step(struct buf *out, const struct jcl_step *step)
{
    uint32_t n = 0;

    buf_str(out, str_of(step->name));
    buf_str(out, str_of(step->proc_step));
    buf_str(out, str_of(step->pgm));
    buf_u8(out, step->has_parm);
    buf_str(out, step->parm);
    buf_u32(out, step->time_s);
    put_conds(out, &step->conds);
    for (const struct jcl_dd *dd = step->dds; dd != NULL; dd = dd->next)
        n++;
    buf_u32(out, n);
    for (const struct jcl_dd *dd = step->dds; dd != NULL; dd = dd->next)
        put_dd(out, dd);
}

void
job_encode(struct buf *out, const struct job_order *order)
{
    buf_str(out, str_of(order->name));
    buf_str(out, str_of(order->id));
    buf_str(out, str_of(order->user));
    buf_str(out, str_of(order->submitter));
    buf_u32(out, order->job.time_s);
    buf_u8(out, (uint8_t)order->job.msgclass);
    put_conds(out, &order->job.conds);
    buf_u32(out, (uint32_t)order->job.n_steps);
    for (const struct jcl_step *s = order->job.steps; s != NULL; s = s->next)
        put_step(out, s);
}

static bool
get_name(struct reader *in, char out[9])
{
    struct str text;

    return reader_str(in, 0, JCL_NAME_MAX, &text) && str_copy_z(text, out, 9);
}

static bool
get_bool(struct reader *in, bool *out)
{
    uint8_t byte;

    if (!reader_u8(in, &byte) || byte > 1)
        return false;
    *out = byte == 1;
    return true;
}

static bool
get_enum(struct reader *in, unsigned last, unsigned *out)
{
    uint8_t byte;

    if (!reader_u8(in, &byte) || byte > last)
        return false;
    *out = byte;
    return true;
}

static bool
get_text(struct arena *arena, struct reader *in, struct str *out)
{
    struct str text;

    if (!reader_str(in, 0, JCL_TEXT_MAX, &text))
        return false;
    *out = str_dup(arena, text);
    return out->p != NULL || text.n == 0;
}

static bool
get_conds(struct reader *in, struct jcl_conds *out)
{
    unsigned n, op;

    if (!get_bool(in, &out->even) || !get_bool(in, &out->only) ||
        !get_enum(in, JCL_CONDS_MAX, &n))
        return false;
    out->n = n;
    for (size_t i = 0; i < n; i++) {
        if (!reader_u32(in, &out->v[i].code) || !get_enum(in, JCL_LE, &op) ||
            !get_name(in, out->v[i].step) || !get_name(in, out->v[i].proc_step))
            return false;
        out->v[i].op = (enum jcl_compare)op;
    }
    return true;
}

static bool
get_one_dd(struct arena *arena, struct reader *in, struct jcl_dd *dd,
           bool *more)
{
    unsigned kind, status, sysout, access;

    if (!get_enum(in, JCL_DD_PATH, &kind) || !get_enum(in, JCL_MOD, &status) ||
        !get_enum(in, 0x7f, &sysout) ||
        !get_enum(in, JCL_PATH_APPEND, &access) || !get_name(in, dd->member) ||
        !get_text(arena, in, &dd->dsn) || !get_text(arena, in, &dd->path) ||
        !get_text(arena, in, &dd->data) || !get_bool(in, more))
        return false;
    dd->kind = (enum jcl_dd_kind)kind;
    dd->status = (enum jcl_status)status;
    dd->sysout = (char)sysout;
    dd->path_access = (enum jcl_path_access)access;
    return true;
}

static bool
get_dd(struct arena *arena, struct reader *in, struct jcl_dd **out)
{
    struct jcl_dd *dd = ARENA_NEW(arena, struct jcl_dd);
    bool more = true;

    *out = dd;
    if (dd == NULL || !get_name(in, dd->name))
        return false;
    for (;;) {
        if (!get_one_dd(arena, in, dd, &more))
            return false;
        if (!more)
            return true;
        dd->concat = ARENA_NEW(arena, struct jcl_dd);
        if ((dd = dd->concat) == NULL)
            return false;
    }
}

static bool
get_step(struct arena *arena, struct reader *in, struct jcl_step *step)
{
    struct jcl_dd **end = &step->dds;
    uint32_t n;

    if (!get_name(in, step->name) || !get_name(in, step->proc_step) ||
        !get_name(in, step->pgm) || !get_bool(in, &step->has_parm) ||
        !get_text(arena, in, &step->parm) || !reader_u32(in, &step->time_s) ||
        !get_conds(in, &step->conds) || !reader_u32(in, &n) || n > JCL_DDS_MAX)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        if (!get_dd(arena, in, end))
            return false;
        end = &(*end)->next;
    }
    return true;
}

static bool
get_job(struct arena *arena, struct reader *in, struct job_order *out)
{
    struct jcl_step **end = &out->job.steps;
    unsigned msgclass;
    uint32_t n;

    if (!get_name(in, out->name) || !get_name(in, out->id) ||
        !get_name(in, out->user) || !get_name(in, out->submitter) ||
        !reader_u32(in, &out->job.time_s) || !get_enum(in, 0x7f, &msgclass) ||
        !get_conds(in, &out->job.conds) || !reader_u32(in, &n) ||
        n > JCL_STEPS_MAX)
        return false;
    out->job.msgclass = (char)msgclass;
    out->job.n_steps = n;
    for (uint32_t i = 0; i < n; i++) {
        *end = ARENA_NEW(arena, struct jcl_step);
        if (*end == NULL || !get_step(arena, in, *end))
            return false;
        end = &(*end)->next;
    }
    return reader_at_end(in);
}

enum err
job_decode(struct arena *arena, struct str in, struct job_order *out,
           struct err_info *why)
{
    struct reader reader = reader_of(in);

    *out = (struct job_order){ 0 };
    if (!get_job(arena, &reader, out))
        return err_at(why, ERR_SYNTAX, reader.pos, "malformed job order");
    return ERR_OK;
}
