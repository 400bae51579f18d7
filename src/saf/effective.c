#include "saf/effective.h"

#include <string.h>

#define ROW(class_name, name, from, index)                                     \
    {                                                                          \
        class_name, "DROP VIEW IF EXISTS temp." name,                          \
            "DROP TABLE IF EXISTS temp." name,                                 \
            "CREATE TEMP VIEW " name " AS SELECT * FROM main." from,           \
            "CREATE TEMP TABLE " name " AS SELECT * FROM main." from,          \
            "CREATE INDEX temp.x_" name " ON " name index,                     \
            "SELECT type FROM temp.sqlite_master WHERE name='" name "'"        \
    }

static const struct {
    const char *class_name;
    const char *drop_view, *drop_table, *view, *copy, *index, *type;
} rows[] = {
    ROW("DIGTCERT", "eff_certs", "certs", "(fingerprint)"),
    ROW("DIGTRING", "eff_rings", "rings", "(owner, name)"),
    ROW("DIGTRING", "eff_ring_certs", "ring_certs", "(ring_id, pos)"),
    ROW("DIGTNMAP", "eff_filters", "idmaps WHERE kind='N'", "(filter, issuer)"),
    ROW("IDIDMAP", "eff_idids", "idmaps WHERE kind='D'", "(filter, issuer)"),
};

/* SQLite refuses DROP VIEW of a table, so what is there has to be known. */
static void
drop(struct saf_db *db, size_t i)
{
    struct arena a;
    struct saf_query q;
    struct str type = { NULL, 0 };

    arena_init(&a, 4096);
    q = saf_db_query(db, rows[i].type, "");
    if (saf_query_next(&q))
        type = saf_query_str(&q, &a, 0);
    saf_query_close(&q);
    if (str_eq_z(type, "view"))
        saf_db_run(db, rows[i].drop_view, "");
    else if (type.n > 0)
        saf_db_run(db, rows[i].drop_table, "");
    arena_fini(&a);
}

enum err
effective_refresh(struct saf_db *db, struct str class_name, bool is_raclisted,
                  struct err_info *why)
{
    bool is_ours = false;
    enum err e;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        is_ours = is_ours || str_eq_z(class_name, rows[i].class_name);
    if (!is_ours)
        return ERR_OK;
    if ((e = saf_db_begin(db, why)) != ERR_OK)
        return e;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (!str_eq_z(class_name, rows[i].class_name))
            continue;
        drop(db, i);
        saf_db_run(db, is_raclisted ? rows[i].copy : rows[i].view, "");
        if (is_raclisted)
            saf_db_run(db, rows[i].index, "");
    }
    return saf_db_commit(db, why);
}

enum err
effective_open(struct saf_db *db, struct err_info *why)
{
    enum err e = ERR_OK;

    saf_db_run(db, "PRAGMA temp_store=MEMORY", "");
    for (size_t i = 0; i < ARRAY_LEN(rows) && e == ERR_OK; i++)
        e = effective_refresh(
            db, str_of(rows[i].class_name),
            (saf_class_options(db, str_of(rows[i].class_name)) &
             CLASS_RACLIST) != 0,
            why);
    return e;
}
