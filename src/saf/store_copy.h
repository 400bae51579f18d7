/*
 * Whole database files: copies made while the database is in use (SQLite's
 * backup), and what a file is before it is trusted.
 */
#ifndef SALLYPORT_SAF_STORE_COPY_H
#define SALLYPORT_SAF_STORE_COPY_H

#include "base/buf.h"
#include "base/err.h"

#define STORE_FILE "saf/racf.db"
#define STORE_STANDBY "saf/standby.db"
/* It follows the database, also after the next start. */
#define STORE_FOLLOWS "saf/standby.follows"
#define STORE_DAMAGED "saf/racf.db.damaged"
/* There once a database has been in use: from then on a missing one is a loss
 * and no first start. */
#define STORE_MADE "saf/racf.made"
#define STORE_ID_CHARS 32u

/* A consistent copy, complete or not there at all; its owner is the owner of
 * the folder it lies in, its mode 0600. */
MUST_CHECK enum err store_copy(const char *from, const char *to,
                               struct err_info *why);
/* A log that lies beside a file belongs to it alone: gone before another file
 * takes its place. */
void store_drop_log(const char *path);
/* What was renamed in the folder of `path` stays so after a power failure. */
MUST_CHECK enum err store_sync_folder(const char *path, struct err_info *why);
/* ERR_NOT_FOUND: there has been a database and it is gone, or empty. */
MUST_CHECK enum err store_is_there(const char *path, const char *made,
                                   struct err_info *why);
struct store_facts {
    char id[STORE_ID_CHARS + 1]; /* which line of databases it belongs to */
    char master_id[STORE_ID_CHARS + 1]; /* of the key its secrets are sealed
                                           under (rekey.h); "": the first */
    int64_t last_id;                    /* highest number a name ever got */
    int64_t users, groups, profiles;
};
/* ERR_SYNTAX: damaged, or no database of this program; ERR_NOT_FOUND. */
MUST_CHECK enum err store_check(const char *path, struct store_facts *out,
                                struct err_info *why);
/* A sealed value of it and whose it is, whichever is found first.
 * ERR_NOT_FOUND: it has none. */
MUST_CHECK enum err store_sealed(const char *path, struct buf *sealed,
                                 struct buf *owner, struct err_info *why);
/* No name gets a number again that one had in the database before. */
MUST_CHECK enum err store_raise_ids(const char *path, int64_t last_id,
                                    struct err_info *why);

#endif
