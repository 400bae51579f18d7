#include "region/store.h"

#include <errno.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/reader.h"

#define READERS_MAX 1100u /* workers and tools */
#define UNITS_DB "~units"

enum { OP_PUT = 1, OP_DELETE = 2 };

struct store {
    const struct region_defs *defs;
    MDB_env *env;
    MDB_dbi units;
    MDB_dbi *files; /* as defs->files */
    bool *is_new;   /* likewise */
    MDB_txn *read;  /* reset between uses */
    MDB_txn *group; /* writer: the transaction under way */
};

static enum err
lmdb_fail(struct err_info *why, int rc, const char *what)
{
    enum err e = rc == ENOENT || rc == MDB_NOTFOUND ? ERR_NOT_FOUND
                 : rc == ENOMEM                     ? ERR_MEMORY
                                                    : ERR_IO;

    return err_set(why, e, "file store: %s: %s", what, mdb_strerror(rc));
}

static MDB_val
val_of(struct str s)
{
    return (MDB_val){ s.n, (void *)(uintptr_t)s.p };
}

static enum region_outcome
outcome_of(int rc)
{
    if (rc == 0)
        return OUTCOME_OK;
    return rc == MDB_MAP_FULL || rc == ENOSPC || rc == EDQUOT ? OUTCOME_FULL
                                                              : OUTCOME_IO;
}

static int
open_tables(struct store *store, bool is_writer)
{
    unsigned flags = is_writer ? MDB_CREATE : 0;
    MDB_txn *txn;
    int rc = mdb_txn_begin(store->env, NULL, is_writer ? 0 : MDB_RDONLY, &txn);

    if (rc != 0)
        return rc;
    rc = mdb_dbi_open(txn, UNITS_DB, flags, &store->units);
    for (size_t i = 0; rc == 0 && i < store->defs->n_files; i++) {
        const struct file_def *file = store->defs->files[i];
        char name[64];

        if (!str_copy_z(file->dsname, name, sizeof name))
            rc = EINVAL;
        else
            rc = mdb_dbi_open(txn, name, 0, &store->files[i]);
        if (rc == MDB_NOTFOUND && is_writer) {
            rc = mdb_dbi_open(txn, name, MDB_CREATE, &store->files[i]);
            store->is_new[i] = true;
        }
    }
    if (rc != 0) {
        mdb_txn_abort(txn);
        return rc;
    }
    return mdb_txn_commit(txn);
}

enum err
store_open(const struct region_defs *defs, bool is_writer, struct store **out,
           struct err_info *why)
{
    struct store *store = calloc(1, sizeof *store);
    struct arena arena;
    enum err e = ERR_OK;
    char *dir;
    int rc;

    if (store == NULL)
        return err_set(why, ERR_MEMORY, "no storage for the file store");
    arena_init(&arena, 65536);
    store->defs = defs;
    store->files = calloc(defs->n_files + 1, sizeof *store->files);
    dir = root_path(&arena, "regions/" STR_FMT "/files",
                    STR_ARG(defs->sit.applid));
    store->is_new = calloc(defs->n_files + 1, sizeof *store->is_new);
    if (store->files == NULL || store->is_new == NULL || dir == NULL)
        e = err_set(why, ERR_MEMORY, "no storage for the file store");
    if (e == ERR_OK && is_writer)
        e = dir_make(dir, 0700, why);
    if (e == ERR_OK) {
        rc = mdb_env_create(&store->env);
        if (rc == 0)
            rc = mdb_env_set_mapsize(store->env,
                                     (size_t)defs->sit.map_mb * 1048576u);
        if (rc == 0)
            rc = mdb_env_set_maxreaders(store->env, READERS_MAX);
        if (rc == 0)
            rc = mdb_env_set_maxdbs(store->env, (MDB_dbi)(defs->n_files + 1));
        if (rc == 0)
            rc = mdb_env_open(store->env, dir,
                              MDB_NOTLS | (is_writer ? 0 : MDB_RDONLY), 0600);
        if (rc == 0)
            rc = open_tables(store, is_writer);
        if (rc != 0)
            e = lmdb_fail(why, rc, dir);
    }
    arena_fini(&arena);
    if (e != ERR_OK) {
        store_close(&store);
        return e;
    }
    *out = store;
    return ERR_OK;
}

void
store_close(struct store **at)
{
    struct store *store = *at;

    if (store == NULL)
        return;
    if (store->read != NULL)
        mdb_txn_abort(store->read);
    if (store->group != NULL)
        mdb_txn_abort(store->group);
    if (store->env != NULL)
        mdb_env_close(store->env);
    free(store->files);
    free(store->is_new);
    free(store);
    *at = NULL;
}

static MDB_dbi
table_of(const struct store *store, const struct file_def *file)
{
    size_t i = 0;

    while (i < store->defs->n_files && store->defs->files[i] != file)
        i++;
    REQUIRE(i < store->defs->n_files); /* a file of this region */
    return store->files[i];
}

/* A snapshot of what is committed now. */
static int
read_begin(struct store *store)
{
    if (store->read == NULL)
        return mdb_txn_begin(store->env, NULL, MDB_RDONLY, &store->read);
    return mdb_txn_renew(store->read);
}

static int
get_at_least(MDB_txn *txn, MDB_dbi table, MDB_val *key, MDB_val *data)
{
    MDB_cursor *cursor;
    int rc = mdb_cursor_open(txn, table, &cursor);

    if (rc != 0)
        return rc;
    rc = mdb_cursor_get(cursor, key, data, MDB_SET_RANGE);
    mdb_cursor_close(cursor);
    return rc;
}

enum err
store_get(struct store *store, const struct file_def *file, struct str key,
          bool at_least, struct buf *record, struct err_info *why)
{
    MDB_val k = val_of(key), data;
    MDB_dbi table = table_of(store, file);
    int rc = read_begin(store);

    if (rc != 0)
        return lmdb_fail(why, rc, "read");
    rc = at_least ? get_at_least(store->read, table, &k, &data)
                  : mdb_get(store->read, table, &k, &data);
    if (rc == 0)
        buf_add(record, str_n(data.mv_data, data.mv_size));
    mdb_txn_reset(store->read);
    if (rc == MDB_NOTFOUND)
        return err_set(why, ERR_NOT_FOUND, "no such record");
    return rc == 0 ? buf_check(record, why) : lmdb_fail(why, rc, "read");
}

bool
store_is_new(const struct store *store, const struct file_def *file)
{
    for (size_t i = 0; i < store->defs->n_files; i++)
        if (store->defs->files[i] == file)
            return store->is_new[i];
    return false;
}

enum err
store_count(struct store *store, const struct file_def *file, uint64_t *out,
            struct err_info *why)
{
    MDB_stat stat;
    int rc = read_begin(store);

    if (rc != 0)
        return lmdb_fail(why, rc, "count");
    rc = mdb_stat(store->read, table_of(store, file), &stat);
    mdb_txn_reset(store->read);
    if (rc != 0)
        return lmdb_fail(why, rc, "count");
    *out = stat.ms_entries;
    return ERR_OK;
}

uint64_t
store_last_unit(struct store *store, uint32_t worker)
{
    MDB_val key = { sizeof worker, &worker }, data;
    uint64_t unit = 0;

    if (read_begin(store) != 0)
        return 0;
    if (mdb_get(store->read, store->units, &key, &data) == 0 &&
        data.mv_size == sizeof unit)
        memcpy(&unit, data.mv_data, sizeof unit);
    mdb_txn_reset(store->read);
    return unit;
}

/* --- writing --------------------------------------------------------------*/

void
store_op_put(struct buf *out, const struct file_def *file, struct str key,
             struct str record)
{
    buf_u8(out, OP_PUT);
    buf_str(out, file->head.name);
    buf_str(out, key);
    buf_str(out, record);
}

void
store_op_delete(struct buf *out, const struct file_def *file, struct str key)
{
    buf_u8(out, OP_DELETE);
    buf_str(out, file->head.name);
    buf_str(out, key);
    buf_str(out, STR(""));
}

static int
apply_one(struct store *store, MDB_txn *txn, struct reader *in)
{
    const struct file_def *file;
    struct str name, key, record;
    MDB_val k, data;
    uint8_t op;
    int rc;

    if (!reader_u8(in, &op) || !reader_str(in, 1, 8, &name) ||
        !reader_str(in, 1, DEFS_KEY_MAX, &key) ||
        !reader_str(in, 0, DEFS_RECORD_MAX, &record) ||
        (file = defs_file(store->defs, name)) == NULL)
        return EINVAL;
    k = val_of(key);
    data = val_of(record);
    if (op == OP_PUT)
        return mdb_put(txn, table_of(store, file), &k, &data, 0);
    if (op != OP_DELETE)
        return EINVAL;
    rc = mdb_del(txn, table_of(store, file), &k, NULL);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

enum region_outcome
store_apply(struct store *store, uint32_t worker, uint64_t unit, struct str ops,
            struct err_info *why)
{
    MDB_val key = { sizeof worker, &worker }, number = { sizeof unit, &unit };
    struct reader in = reader_of(ops);
    MDB_txn *txn = NULL;
    int rc = 0;

    if (store->group == NULL)
        rc = mdb_txn_begin(store->env, NULL, 0, &store->group);
    /* A transaction of its own inside the group: one that fails leaves the
     * others of the group alone. */
    if (rc == 0)
        rc = mdb_txn_begin(store->env, store->group, 0, &txn);
    while (rc == 0 && !reader_at_end(&in))
        rc = apply_one(store, txn, &in);
    if (rc == 0)
        rc = mdb_put(txn, store->units, &key, &number, 0);
    if (rc == 0) {
        rc = mdb_txn_commit(txn);
        txn = NULL;
    }
    if (txn != NULL)
        mdb_txn_abort(txn);
    if (rc != 0)
        (void)lmdb_fail(why, rc, "write");
    return outcome_of(rc);
}

enum region_outcome
store_commit(struct store *store, struct err_info *why)
{
    int rc;

    if (store->group == NULL)
        return OUTCOME_OK;
    rc = mdb_txn_commit(store->group);
    store->group = NULL;
    if (rc != 0)
        (void)lmdb_fail(why, rc, "commit");
    return outcome_of(rc);
}

void
store_forget(struct store *store, uint32_t worker)
{
    MDB_val key = { sizeof worker, &worker };

    if (store->group == NULL &&
        mdb_txn_begin(store->env, NULL, 0, &store->group) != 0)
        return;
    (void)mdb_del(store->group, store->units, &key, NULL);
}

void
store_sweep(struct store *store)
{
    int dead;

    (void)mdb_reader_check(store->env, &dead);
}
