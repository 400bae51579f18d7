/* For the files of this folder that speak SQLite themselves. */
#ifndef SALLYPORT_SAF_STORE_PRIVATE_H
#define SALLYPORT_SAF_STORE_PRIVATE_H

#include <sqlite3.h>
#include <stdatomic.h>

#include "saf/store.h"

#define STORE_STATEMENTS_MAX 400u

struct store_statement {
    const char *sql;
    sqlite3_stmt *stmt;
    bool in_use;
};

struct saf_db {
    sqlite3 *handle;
    struct store_statement cache[STORE_STATEMENTS_MAX];
    size_t n_cached;
    bool in_transaction;
    bool in_batch; /* BEGIN was for several commands; each is a savepoint */
    enum err batch_failed;
    char batch_reason[ERR_TEXT_MAX];
    uint64_t options_serial, generics_serial, n_rollbacks;
    enum err failed; /* sticky within a transaction */
    char reason[ERR_TEXT_MAX];
};

/* The first failure since the transaction began is kept, with its reason. */
void store_failed(struct saf_db *);
struct sqlite3 *saf_db_handle(struct saf_db *);
void saf_generics_changed(struct saf_db *);
/* As store_copy, of what an open connection sees in its transaction. */
MUST_CHECK enum err store_copy_from(struct sqlite3 *from, const char *to,
                                    const atomic_bool *is_cancelled,
                                    struct err_info *why);

#endif
