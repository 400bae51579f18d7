/*
 * The database's core: transactions with a sticky error, and a cache of
 * prepared statements keyed by the literal's address. Opening: store_open.c.
 */
#include "saf/store.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "saf/store_private.h"

#define NO_SLOT ((size_t)-1)

static enum err
err_of_sqlite(int code)
{
    switch (code & 0xff) {
    case SQLITE_FULL:
        return ERR_LIMIT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_AGAIN;
    case SQLITE_NOMEM:
        return ERR_MEMORY;
    case SQLITE_CONSTRAINT:
        return ERR_EXISTS;
    default:
        return ERR_IO;
    }
}

static const char *
words_of_sqlite(int code)
{
    switch (code & 0xff) {
    case SQLITE_FULL:
        return "the file system of the security database is full";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return "another process holds the security database";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return "the security database is damaged";
    case SQLITE_READONLY:
        return "the security database is read only";
    case SQLITE_CANTOPEN:
        return "the security database cannot be opened";
    default:
        return "the security database failed";
    }
}

void
store_failed(struct saf_db *db)
{
    int code = sqlite3_extended_errcode(db->handle);

    if (db->failed != ERR_OK)
        return; /* the first one is the cause */
    db->failed = err_of_sqlite(code);
    snprintf(db->reason, sizeof db->reason, "%s: %s (%d)",
             words_of_sqlite(code), sqlite3_errmsg(db->handle), code);
}

struct sqlite3 *
saf_db_handle(struct saf_db *db)
{
    return db->handle;
}

/* --- statements -------------------------------------------------------- */

static sqlite3_stmt *
prepare(struct saf_db *db, const char *sql, size_t *slot)
{
    sqlite3_stmt *stmt = NULL;
    bool is_known = false;

    *slot = NO_SLOT;
    for (size_t i = 0; i < db->n_cached; i++) {
        if (db->cache[i].sql != sql)
            continue;
        is_known = true;
        if (!db->cache[i].in_use) {
            db->cache[i].in_use = true;
            *slot = i;
            return db->cache[i].stmt;
        }
    }
    if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT,
                           &stmt, NULL) != SQLITE_OK) {
        store_failed(db);
        return NULL;
    }
    if (!is_known && db->n_cached < STORE_STATEMENTS_MAX) {
        *slot = db->n_cached++;
        db->cache[*slot] = (struct store_statement){ sql, stmt, true };
    }
    return stmt;
}

static void
release(struct saf_db *db, sqlite3_stmt *stmt, size_t slot)
{
    if (slot == NO_SLOT) {
        sqlite3_finalize(stmt);
        return;
    }
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
    db->cache[slot].in_use = false;
}

static int
bind_one(sqlite3_stmt *stmt, int at, char type, va_list *ap)
{
    struct str s;

    if (type == 'i')
        return sqlite3_bind_int64(stmt, at, va_arg(*ap, int64_t));
    s = va_arg(*ap, struct str);
    if (type == 's')
        return sqlite3_bind_text(stmt, at, s.p == NULL ? "" : s.p, (int)s.n,
                                 SQLITE_TRANSIENT);
    if (s.p == NULL)
        return sqlite3_bind_null(stmt, at);
    return sqlite3_bind_blob(stmt, at, s.p, (int)s.n, SQLITE_TRANSIENT);
}

static sqlite3_stmt *
start(struct saf_db *db, const char *sql, const char *types, va_list *ap,
      size_t *slot)
{
    sqlite3_stmt *stmt;

    if (db->failed != ERR_OK)
        return NULL;
    stmt = prepare(db, sql, slot);
    if (stmt == NULL)
        return NULL;
    for (int i = 0; types[i] != '\0'; i++) {
        if (bind_one(stmt, i + 1, types[i], ap) != SQLITE_OK) {
            store_failed(db);
            release(db, stmt, *slot);
            return NULL;
        }
    }
    return stmt;
}

void
saf_db_run(struct saf_db *db, const char *sql, const char *types, ...)
{
    sqlite3_stmt *stmt;
    size_t slot;
    va_list ap;
    int code;

    va_start(ap, types);
    stmt = start(db, sql, types, &ap, &slot);
    va_end(ap);
    if (stmt == NULL)
        return;
    do
        code = sqlite3_step(stmt);
    while (code == SQLITE_ROW);
    if (code != SQLITE_DONE)
        store_failed(db);
    release(db, stmt, slot);
}

size_t
saf_db_changes(const struct saf_db *db)
{
    return (size_t)sqlite3_changes(db->handle);
}

uint64_t
saf_db_all_changes(const struct saf_db *db)
{
    return (uint64_t)sqlite3_total_changes(db->handle);
}

int64_t
saf_db_last_id(const struct saf_db *db)
{
    return sqlite3_last_insert_rowid(db->handle);
}

struct saf_query
saf_db_query(struct saf_db *db, const char *sql, const char *types, ...)
{
    struct saf_query q = { .db = db, .slot = NO_SLOT };
    va_list ap;

    va_start(ap, types);
    q.stmt = start(db, sql, types, &ap, &q.slot);
    va_end(ap);
    return q;
}

bool
saf_query_next(struct saf_query *q)
{
    int code;

    if (q->stmt == NULL)
        return false;
    code = sqlite3_step(q->stmt);
    if (code == SQLITE_ROW)
        return true;
    if (code != SQLITE_DONE)
        store_failed(q->db);
    saf_query_close(q);
    return false;
}

void
saf_query_close(struct saf_query *q)
{
    if (q->stmt != NULL)
        release(q->db, q->stmt, q->slot);
    q->stmt = NULL;
}

int64_t
saf_query_int(struct saf_query *q, int column)
{
    return sqlite3_column_int64(q->stmt, column);
}

char
saf_query_kind(struct saf_query *q, int column)
{
    switch (sqlite3_column_type(q->stmt, column)) {
    case SQLITE_INTEGER:
        return 'i';
    case SQLITE_TEXT:
        return 't';
    case SQLITE_BLOB:
        return 'b';
    default:
        return 'n';
    }
}

static int
bind_value(sqlite3_stmt *stmt, int at, const struct saf_value *v)
{
    switch (v->kind) {
    case 'i':
        return sqlite3_bind_int64(stmt, at, v->number);
    case 't':
        return sqlite3_bind_text(stmt, at, v->bytes.p, (int)v->bytes.n,
                                 SQLITE_TRANSIENT);
    case 'b':
        return sqlite3_bind_blob(stmt, at, v->bytes.p, (int)v->bytes.n,
                                 SQLITE_TRANSIENT);
    default:
        return sqlite3_bind_null(stmt, at);
    }
}

void
saf_db_run_values(struct saf_db *db, const char *sql,
                  const struct saf_value *values, size_t n)
{
    sqlite3_stmt *stmt;
    size_t slot;
    int code = SQLITE_OK;

    if (db->failed != ERR_OK || (stmt = prepare(db, sql, &slot)) == NULL)
        return;
    for (size_t i = 0; i < n && code == SQLITE_OK; i++)
        code = bind_value(stmt, (int)i + 1, &values[i]);
    if (code == SQLITE_OK)
        code = sqlite3_step(stmt);
    if (code != SQLITE_DONE && code != SQLITE_OK)
        store_failed(db);
    release(db, stmt, slot);
}

struct str
saf_query_str(struct saf_query *q, struct arena *arena, int column)
{
    const void *p = sqlite3_column_blob(q->stmt, column);
    int n = sqlite3_column_bytes(q->stmt, column);
    struct str copy;

    if (p == NULL || n <= 0)
        return (struct str){ NULL, 0 };
    copy = str_dup(arena, str_n(p, (size_t)n));
    if (copy.p == NULL && q->db->failed == ERR_OK) {
        q->db->failed = ERR_MEMORY;
        snprintf(q->db->reason, sizeof q->db->reason, "no storage");
    }
    return copy;
}

/* --- transactions ------------------------------------------------------ */

enum err
saf_db_check(struct saf_db *db, struct err_info *why)
{
    enum err e = db->failed;

    if (e == ERR_OK)
        return ERR_OK;
    if (!db->in_transaction)
        db->failed = ERR_OK;
    return err_set(why, e, "%s", db->reason);
}

/* A transaction of its own, or a part of the batch. */
static const char *
sql_of(const struct saf_db *db, const char *alone, const char *in_batch)
{
    return db->in_batch ? in_batch : alone;
}

enum err
saf_db_begin(struct saf_db *db, struct err_info *why)
{
    REQUIRE(!db->in_transaction);
    if (db->in_batch && db->batch_failed != ERR_OK)
        return err_set(why, db->batch_failed, "%s", db->batch_reason);
    db->failed = ERR_OK;
    saf_db_run(db, sql_of(db, "BEGIN IMMEDIATE", "SAVEPOINT command"), "");
    if (db->failed != ERR_OK)
        return saf_db_check(db, why);
    db->in_transaction = true;
    return ERR_OK;
}

/* What was gathered cannot be committed any more. */
static void
lose_batch(struct saf_db *db)
{
    if (db->batch_failed != ERR_OK)
        return;
    db->batch_failed = db->failed != ERR_OK ? db->failed : ERR_IO;
    (void)snprintf(db->batch_reason, sizeof db->batch_reason, "%s",
                   db->failed != ERR_OK ? db->reason
                                        : "the transaction was rolled back");
}

void
saf_db_rollback(struct saf_db *db)
{
    /* After disk full SQLite may have rolled back by itself already. */
    bool is_gone = sqlite3_get_autocommit(db->handle) != 0;

    if (!db->in_transaction)
        return;
    if (db->in_batch && is_gone)
        lose_batch(db);
    db->failed = ERR_OK;
    if (!is_gone)
        saf_db_run(db, sql_of(db, "ROLLBACK", "ROLLBACK TO command"), "");
    if (!is_gone && db->in_batch)
        saf_db_run(db, "RELEASE command", "");
    if (db->in_batch && db->failed != ERR_OK)
        lose_batch(db);
    db->in_transaction = false;
    db->failed = ERR_OK;
    db->options_serial++;
    db->n_rollbacks++;
}

void
saf_generics_changed(struct saf_db *db)
{
    db->generics_serial++;
}

uint64_t
saf_generics_serial(const struct saf_db *db)
{
    return db->generics_serial;
}

uint64_t
saf_db_rollbacks(const struct saf_db *db)
{
    return db->n_rollbacks;
}

uint64_t
saf_options_serial(const struct saf_db *db)
{
    return db->options_serial;
}

void
saf_options_changed(struct saf_db *db)
{
    db->options_serial++;
}

void
saf_db_part_begin(struct saf_db *db)
{
    REQUIRE(db->in_transaction);
    saf_db_run(db, "SAVEPOINT part", "");
}

void
saf_db_part_end(struct saf_db *db, bool is_kept)
{
    if (!is_kept) {
        saf_db_run(db, "ROLLBACK TO part", "");
        db->options_serial++;
        db->n_rollbacks++;
    }
    saf_db_run(db, "RELEASE part", "");
}

enum err
saf_db_commit(struct saf_db *db, struct err_info *why)
{
    REQUIRE(db->in_transaction);
    if (db->failed == ERR_OK)
        saf_db_run(db, sql_of(db, "COMMIT", "RELEASE command"), "");
    if (db->failed != ERR_OK) {
        enum err e = saf_db_check(db, why);

        saf_db_rollback(db);
        return e;
    }
    db->in_transaction = false;
    return ERR_OK;
}

enum err
saf_db_batch_begin(struct saf_db *db, struct err_info *why)
{
    enum err e;

    REQUIRE(!db->in_batch);
    e = saf_db_begin(db, why);
    if (e != ERR_OK)
        return e;
    db->in_transaction = false;
    db->in_batch = true;
    db->batch_failed = ERR_OK;
    return ERR_OK;
}

bool
saf_db_in_batch(const struct saf_db *db)
{
    return db->in_batch;
}

enum err
saf_db_batch_commit(struct saf_db *db, struct err_info *why)
{
    enum err e = db->batch_failed;

    REQUIRE(db->in_batch && !db->in_transaction);
    db->in_batch = false;
    db->in_transaction = true;
    if (e == ERR_OK)
        return saf_db_commit(db, why);
    saf_db_rollback(db);
    return err_set(why, e, "%s", db->batch_reason);
}

/* --- days -------------------------------------------------------------- */

int32_t
saf_day_of_ms(uint64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm local;

    if (localtime_r(&seconds, &local) == NULL)
        return 0;
    return (int32_t)(((int64_t)seconds + local.tm_gmtoff) / 86400);
}

struct str
saf_day_yyddd(struct arena *arena, int32_t day)
{
    time_t seconds = (time_t)day * 86400;
    struct tm tm;

    if (day <= 0 || gmtime_r(&seconds, &tm) == NULL)
        return STR("00.000");
    return str_fmt(arena, "%02d.%03d", tm.tm_year % 100, tm.tm_yday + 1);
}
