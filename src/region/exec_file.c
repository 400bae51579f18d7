/* EXEC CICS commands about files, and SYNCPOINT. */
#include <string.h>

#include "region/task.h"

/* What the unit of work could not do. Waiting too long for a lock and losing
 * the committer end the task. */
static struct response
unit_fail(struct cics_task *task, enum err e, const struct err_info *why)
{
    if (e == ERR_TIMEOUT)
        task_abend(task, "AKCS", why->text);
    if (e == ERR_PEER)
        task_abend(task, "ASP7", why->text);
    if (e == ERR_LIMIT)
        return RESPONSE(RESP_NOSPACE, 100);
    return e == ERR_MEMORY ? RESPONSE(RESP_NOSTG, 0)
                           : RESPONSE(RESP_IOERR, 120);
}

static struct response
find_file(struct cics_task *task, const struct plan *plan,
          const struct file_def **out)
{
    struct str name = arg_text(plan, OPT_FILE);

    eib_text(task, EIB_DS, 8, name);
    eib_text(task, EIB_RSRCE, 8, name);
    *out = defs_file(task->defs, name);
    if (*out == NULL)
        return RESPONSE(RESP_FILENOTFOUND, 1);
    return (*out)->is_enabled ? NORMAL : RESPONSE(RESP_DISABLED, 50);
}

/* RIDFLD with KEYLENGTH and GENERIC. */
static struct response
find_key(const struct plan *plan, const struct file_def *file, struct str *key)
{
    size_t room;
    const unsigned char *p = arg_data(plan, OPT_RIDFLD, &room);
    int64_t n = arg_number(plan, OPT_KEYLENGTH, file->key_length);

    if (n < 0)
        return RESPONSE(RESP_INVREQ, 42);
    if (plan->has[OPT_GENERIC]) {
        if (n > file->key_length || !plan->has[OPT_KEYLENGTH])
            return RESPONSE(RESP_INVREQ, 25);
    } else if (n != file->key_length) {
        return RESPONSE(RESP_INVREQ, 26);
    }
    if (p == NULL || room < (size_t)n)
        return RESPONSE(RESP_INVREQ, 26);
    *key = str_n(p, (size_t)n);
    return NORMAL;
}

static size_t
update_of(const struct cics_task *task, const struct file_def *file)
{
    for (size_t i = 0; i < task->n_updates; i++)
        if (task->updates[i].file == file)
            return i;
    return STR_NPOS;
}

static struct str
update_key(const struct cics_task *task, size_t i)
{
    return str_n(task->updates[i].key, task->updates[i].file->key_length);
}

static void
update_end(struct cics_task *task, size_t i)
{
    task->updates[i] = task->updates[--task->n_updates];
}

/* Lock, which may wait: the runaway clock starts anew. */
static enum err
lock(struct cics_task *task, const struct file_def *file, struct str key,
     struct err_info *why)
{
    enum err e = unit_lock(&task->unit, file, key, task->dtimout_ms, why);

    if (task->wait_over != NULL)
        task->wait_over();
    return e;
}

/* The record that READ means, and its full key in *found. */
static enum err
find_record(struct cics_task *task, const struct plan *plan,
            const struct file_def *file, struct str key, struct buf *record,
            char *found, struct err_info *why)
{
    bool at_least = plan->has[OPT_GTEQ] || plan->has[OPT_GENERIC];
    struct str view;
    enum err e = ERR_OK;

    if (plan->has[OPT_UPDATE] && !at_least)
        e = lock(task, file, key, why);
    if (e == ERR_OK)
        e = unit_get(&task->unit, file, key, at_least, record, why);
    if (e != ERR_OK)
        return e;
    view = buf_view(record);
    if (view.n < file->key_offset + file->key_length)
        return err_set(why, ERR_IO, "a record is shorter than its key");
    memcpy(found, view.p + file->key_offset, file->key_length);
    if (plan->has[OPT_GENERIC] && !plan->has[OPT_GTEQ] &&
        memcmp(found, key.p == NULL ? "" : key.p, key.n) != 0)
        return err_set(why, ERR_NOT_FOUND, "no such record");
    if (!plan->has[OPT_UPDATE] || !at_least)
        return ERR_OK;
    /* Only now do we know which one to lock; read it again under its lock. */
    e = lock(task, file, str_n(found, file->key_length), why);
    buf_clear(record);
    return e != ERR_OK
               ? e
               : unit_get(&task->unit, file, str_n(found, file->key_length),
                          false, record, why);
}

static struct response
give_record(const struct plan *plan, struct str record)
{
    size_t room;
    unsigned char *into = arg_data(plan, OPT_INTO, &room);
    int64_t want = arg_number(plan, OPT_LENGTH, (int64_t)room);

    if (into == NULL || want < 0)
        return RESPONSE(RESP_LENGERR, into == NULL ? 10 : 11);
    if ((uint64_t)want < room)
        room = (size_t)want;
    memcpy(into, record.p, record.n < room ? record.n : room);
    arg_put_number(plan, OPT_LENGTH, (int64_t)record.n);
    return record.n > room ? RESPONSE(RESP_LENGERR, 11) : NORMAL;
}

static struct response
check_read(const struct cics_task *task, const struct plan *plan,
           const struct file_def *file)
{
    if (!file->read || (plan->has[OPT_UPDATE] && !file->update && !file->del))
        return RESPONSE(RESP_INVREQ, 20);
    if (plan->has[OPT_UPDATE] && update_of(task, file) != STR_NPOS)
        return RESPONSE(RESP_INVREQ, 28);
    if (plan->has[OPT_UPDATE] && task->n_updates == ARRAY_LEN(task->updates))
        return RESPONSE(RESP_NOSTG, 0);
    return NORMAL;
}

struct response
do_read(struct cics_task *task, const struct plan *plan)
{
    const struct file_def *file;
    struct response r = find_file(task, plan, &file);
    struct err_info why = { 0 };
    char found[DEFS_KEY_MAX];
    struct buf record;
    struct str key;
    enum err e;

    if (r.resp != 0 || (r = check_read(task, plan, file)).resp != 0 ||
        (r = find_key(plan, file, &key)).resp != 0)
        return r;
    buf_init(&record, DEFS_RECORD_MAX);
    e = find_record(task, plan, file, key, &record, found, &why);
    if (e == ERR_OK) {
        size_t room;
        unsigned char *rid = arg_data(plan, OPT_RIDFLD, &room);

        r = give_record(plan, buf_view(&record));
        if (plan->has[OPT_GTEQ] || plan->has[OPT_GENERIC])
            memcpy(rid, found,
                   room < file->key_length ? room : file->key_length);
        if (plan->has[OPT_UPDATE]) {
            task->updates[task->n_updates].file = file;
            memcpy(task->updates[task->n_updates++].key, found,
                   file->key_length);
        }
    }
    buf_fini(&record);
    if (e == ERR_NOT_FOUND) {
        if (plan->has[OPT_UPDATE] && key.n == file->key_length)
            unit_unlock(&task->unit, file, key);
        return RESPONSE(RESP_NOTFND, 80);
    }
    return e == ERR_OK ? r : unit_fail(task, e, &why);
}

static struct response
check_record(const struct file_def *file, const struct plan *plan,
             struct str *record)
{
    if (!arg_area(plan, OPT_FROM, OPT_LENGTH, record))
        return RESPONSE(RESP_LENGERR, 12);
    if (record->n > file->record_size)
        return RESPONSE(RESP_LENGERR, 12);
    if (file->is_fixed && record->n != file->record_size)
        return RESPONSE(RESP_LENGERR, 14);
    if (record->n < file->key_offset + file->key_length)
        return RESPONSE(RESP_LENGERR, 12);
    return NORMAL;
}

static bool
has_key(const struct file_def *file, struct str record, struct str key)
{
    return memcmp(record.p + file->key_offset, key.p, file->key_length) == 0;
}

/* Does the record exist, as this task sees it? Locked before. */
static enum err
probe(struct cics_task *task, const struct file_def *file, struct str key,
      struct err_info *why)
{
    struct buf record;
    enum err e;

    buf_init(&record, DEFS_RECORD_MAX);
    e = unit_get(&task->unit, file, key, false, &record, why);
    buf_fini(&record);
    return e;
}

struct response
do_write(struct cics_task *task, const struct plan *plan)
{
    const struct file_def *file;
    struct response r = find_file(task, plan, &file);
    struct err_info why = { 0 };
    struct str key, record;
    enum err e;

    if (r.resp != 0)
        return r;
    if (!file->add)
        return RESPONSE(RESP_INVREQ, 20);
    if ((r = find_key(plan, file, &key)).resp != 0 ||
        (r = check_record(file, plan, &record)).resp != 0)
        return r;
    if (!has_key(file, record, key))
        return RESPONSE(RESP_INVREQ, 23);
    if ((e = lock(task, file, key, &why)) != ERR_OK)
        return unit_fail(task, e, &why);
    e = probe(task, file, key, &why);
    if (e == ERR_OK) {
        unit_unlock(&task->unit, file, key);
        return RESPONSE(RESP_DUPREC, 150);
    }
    if (e == ERR_NOT_FOUND)
        e = unit_put(&task->unit, file, key, record, &why);
    return e == ERR_OK ? NORMAL : unit_fail(task, e, &why);
}

struct response
do_rewrite(struct cics_task *task, const struct plan *plan)
{
    const struct file_def *file;
    struct response r = find_file(task, plan, &file);
    struct err_info why = { 0 };
    struct str record;
    size_t i;
    enum err e;

    if (r.resp != 0)
        return r;
    if (!file->update)
        return RESPONSE(RESP_INVREQ, 20);
    i = update_of(task, file);
    if (i == STR_NPOS)
        return RESPONSE(RESP_INVREQ, 30);
    if ((r = check_record(file, plan, &record)).resp != 0)
        return r;
    if (!has_key(file, record, update_key(task, i)))
        return RESPONSE(RESP_INVREQ, 46);
    e = unit_put(&task->unit, file, update_key(task, i), record, &why);
    update_end(task, i);
    return e == ERR_OK ? NORMAL : unit_fail(task, e, &why);
}

/* DELETE without RIDFLD: the record of the READ UPDATE. */
static struct response
delete_update(struct cics_task *task, const struct file_def *file)
{
    size_t i = update_of(task, file);
    struct err_info why = { 0 };
    enum err e;

    if (i == STR_NPOS)
        return RESPONSE(RESP_INVREQ, 30);
    e = unit_put(&task->unit, file, update_key(task, i), (struct str){ 0 },
                 &why);
    update_end(task, i);
    return e == ERR_OK ? NORMAL : unit_fail(task, e, &why);
}

struct response
do_delete(struct cics_task *task, const struct plan *plan)
{
    const struct file_def *file;
    struct response r = find_file(task, plan, &file);
    struct err_info why = { 0 };
    struct str key;
    enum err e;

    if (r.resp != 0)
        return r;
    if (!file->del)
        return RESPONSE(RESP_INVREQ, 20);
    if (!plan->has[OPT_RIDFLD])
        return delete_update(task, file);
    if ((r = find_key(plan, file, &key)).resp != 0)
        return r;
    if ((e = lock(task, file, key, &why)) != ERR_OK)
        return unit_fail(task, e, &why);
    e = probe(task, file, key, &why);
    if (e == ERR_NOT_FOUND) {
        unit_unlock(&task->unit, file, key);
        return RESPONSE(RESP_NOTFND, 80);
    }
    if (e == ERR_OK)
        e = unit_put(&task->unit, file, key, (struct str){ 0 }, &why);
    return e == ERR_OK ? NORMAL : unit_fail(task, e, &why);
}

struct response
do_unlock(struct cics_task *task, const struct plan *plan)
{
    const struct file_def *file;
    struct response r = find_file(task, plan, &file);
    size_t i;

    if (r.resp != 0)
        return r;
    i = update_of(task, file);
    if (i != STR_NPOS) {
        unit_unlock(&task->unit, file, update_key(task, i));
        update_end(task, i);
    }
    return NORMAL;
}

struct response
do_syncpoint(struct cics_task *task, const struct plan *plan)
{
    struct err_info why = { 0 };
    enum err e;

    if (!task->is_dpl_syncpoint)
        return RESPONSE(RESP_INVREQ, 200);
    task->n_updates = 0;
    if (plan->has[OPT_ROLLBACK]) {
        unit_backout(&task->unit);
        return NORMAL;
    }
    e = unit_commit(&task->unit, &why);
    if (task->wait_over != NULL)
        task->wait_over();
    if (e == ERR_PEER)
        task_abend(task, "ASP7", why.text);
    return e == ERR_OK ? NORMAL : RESPONSE(RESP_ROLLEDBACK, 0);
}
