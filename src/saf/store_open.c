/* Opening the database: a new file is filled, one of an earlier level
 * completed. */
#include <stdlib.h>
#include <string.h>

#include "saf/collate.h"
#include "saf/store.h"
#include "saf/store_private.h"
#include "saf/store_schema.h"

#define BUSY_MS 2000

static enum err
run_script(struct saf_db *db, const char *sql, struct err_info *why)
{
    if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK)
        return ERR_OK;
    store_failed(db);
    return saf_db_check(db, why);
}

static int64_t
level_of(struct saf_db *db)
{
    struct saf_query q = saf_db_query(db, "PRAGMA user_version", "");
    int64_t level = 0;

    if (saf_query_next(&q))
        level = saf_query_int(&q, 0);
    saf_query_close(&q);
    return level;
}

static void
add_reserved(struct saf_db *db, struct str id, int32_t today)
{
    struct saf_user u = { .user = id,
                          .owner = id,
                          .dfltgrp = STR("SYS1"),
                          .attrs = ACEE_RESTRICTED,
                          .created = today };

    saf_user_put(db, &u);
}

/* What a new image knows, as after installing the product. */
static void
fill(struct saf_db *db, uint64_t now_ms)
{
    int32_t today = saf_day_of_ms(now_ms);
    struct saf_group sys1 = { .group = STR("SYS1"),
                              .owner = STR("IBMUSER"),
                              .is_termuacc = true,
                              .created = today };
    struct saf_user ibmuser = { .user = STR("IBMUSER"),
                                .owner = STR("IBMUSER"),
                                .dfltgrp = STR("SYS1"),
                                .attrs = ACEE_SPECIAL | ACEE_OPERATIONS,
                                .created = today };
    struct saf_connect connect = { .user = STR("IBMUSER"),
                                   .group = STR("SYS1"),
                                   .authority = AUTH_JOIN,
                                   .owner = STR("IBMUSER"),
                                   .uacc = SAF_READ,
                                   .created = today };
    static const struct {
        const char *name;
        int64_t value;
    } options[] = {
        { "GRPLIST", 1 },
        { "ADDCREATOR", 1 },
        { "INITSTATS", 1 },
        { "SAUDIT", 1 },
        { "CMDVIOL", 1 },
        { "OPERAUDIT", 1 },
        { "EGN", 1 },
        { "PASSWORD.INTERVAL", 30 },
        { "PASSWORD.WARNING", 10 },
        { "PASSWORD.HISTORY", 0 },
        { "PASSWORD.REVOKE", 5 },
    };

    saf_group_put(db, &sys1);
    saf_user_put(db, &ibmuser);
    saf_connect_put(db, &connect);
    add_reserved(db, STR("irrcerta"), today);
    add_reserved(db, STR("irrsitec"), today);
    add_reserved(db, STR("irrmulti"), today);
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        saf_option_put(db, options[i].name, options[i].value);
}

static enum err
create(struct saf_db *db, uint64_t now_ms, struct err_info *why)
{
    enum err e = saf_db_begin(db, why);

    if (e != ERR_OK)
        return e;
    if (sqlite3_exec(db->handle, store_schema, NULL, NULL, NULL) != SQLITE_OK)
        store_failed(db);
    fill(db, now_ms);
    saf_db_run(db, "PRAGMA user_version=1", "");
    return saf_db_commit(db, why);
}

static enum err
add_columns(struct saf_db *db, struct err_info *why)
{
    enum err e = saf_db_begin(db, why);

    if (e != ERR_OK)
        return e;
    for (size_t i = 0; i < ARRAY_LEN(store_columns); i++) {
        struct saf_query q = saf_db_query(db, store_columns[i].ask, "");
        bool is_there = saf_query_next(&q);

        saf_query_close(&q);
        if (!is_there)
            saf_db_run(db, store_columns[i].add, "");
    }
    /* They were kept as they were written, once. */
    saf_db_run(db,
               "UPDATE OR IGNORE profiles SET name=upper(name) WHERE"
               " class='RDATALIB' AND name<>upper(name)",
               "");
    return saf_db_commit(db, why);
}

/* Before foreign keys are on. */
static enum err
widen_profiles(struct saf_db *db, struct err_info *why)
{
    struct saf_query q = saf_db_query(
        db,
        "SELECT 1 FROM sqlite_master WHERE name='profiles' AND sql NOT LIKE"
        " '%UNIQUE(class, name, is_generic)%'",
        "");
    bool is_narrow = saf_query_next(&q);
    enum err e;

    saf_query_close(&q);
    if ((e = saf_db_check(db, why)) != ERR_OK || !is_narrow)
        return e;
    e = run_script(db, store_profiles_again, why);
    if (e != ERR_OK)
        (void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
    return e;
}

static enum err
prepare_file(struct saf_db *db, const char *path, uint64_t now_ms,
             struct err_info *why)
{
    enum err e = run_script(db,
                            "PRAGMA journal_mode=WAL;"
                            "PRAGMA synchronous=FULL;"
                            "PRAGMA trusted_schema=OFF;"
                            "PRAGMA secure_delete=ON;",
                            why);
    int64_t level;

    if (e != ERR_OK || (e = widen_profiles(db, why)) != ERR_OK ||
        (e = run_script(db, "PRAGMA foreign_keys=ON;", why)) != ERR_OK)
        return e;
    level = level_of(db);
    if ((e = saf_db_check(db, why)) != ERR_OK)
        return e;
    if (level > STORE_LEVEL)
        return err_set(why, ERR_NOT_NOW,
                       "%s was written by a newer level (%lld, this one knows "
                       "%d)",
                       path, (long long)level, STORE_LEVEL);
    if (level == 0 && (e = create(db, now_ms, why)) != ERR_OK)
        return e;
    return add_columns(db, why);
}

static enum err
open_handle(const char *path, int flags, struct saf_db **out,
            struct err_info *why)
{
    struct saf_db *db = calloc(1, sizeof *db);
    enum err e;

    if (db == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    if (sqlite3_open_v2(path, &db->handle,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX |
                            SQLITE_OPEN_NOFOLLOW | flags,
                        NULL) != SQLITE_OK) {
        e = err_set(why, ERR_IO, "%s: %s", path,
                    db->handle == NULL ? "no storage"
                                       : sqlite3_errmsg(db->handle));
        saf_db_close(&db);
        return e;
    }
    if (collate_register(db->handle) != SQLITE_OK) {
        saf_db_close(&db);
        return err_set(why, ERR_MEMORY, "no storage");
    }
    sqlite3_extended_result_codes(db->handle, 1);
    sqlite3_busy_timeout(db->handle, BUSY_MS);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    *out = db;
    return ERR_OK;
}

enum err
saf_db_open(const char *path, uint64_t now_ms, struct saf_db **out,
            struct err_info *why)
{
    struct saf_db *db;
    enum err e = open_handle(path, SQLITE_OPEN_CREATE, &db, why);

    if (e != ERR_OK)
        return e;
    e = prepare_file(db, path, now_ms, why);
    if (e != ERR_OK) {
        err_prefix(why, "%s", path);
        saf_db_close(&db);
        return e;
    }
    db->options_serial++;
    *out = db;
    return ERR_OK;
}

enum err
saf_db_open_reader(const char *path, struct saf_db **out, struct err_info *why)
{
    struct saf_db *db;
    enum err e = open_handle(path, 0, &db, why);

    if (e != ERR_OK)
        return e;
    e = run_script(db,
                   "PRAGMA trusted_schema=OFF;"
                   "PRAGMA query_only=ON;"
                   "BEGIN",
                   why);
    if (e == ERR_OK)
        *out = db;
    else
        saf_db_close(&db);
    return e;
}

void
saf_db_close(struct saf_db **db)
{
    if (*db == NULL)
        return;
    saf_db_rollback(*db);
    if ((*db)->in_batch)
        (void)!saf_db_batch_commit(*db, NULL);
    for (size_t i = 0; i < (*db)->n_cached; i++)
        sqlite3_finalize((*db)->cache[i].stmt);
    sqlite3_close((*db)->handle);
    free(*db);
    *db = NULL;
}
