#include "saf/store_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "saf/store_private.h"

#define PAGES_A_STEP 256
#define BUSY_MS 10000

static enum err
open_file(const char *path, int flags, sqlite3 **db, struct err_info *why)
{
    enum err e = ERR_OK;

    if (access(path, F_OK) != 0 && (flags & SQLITE_OPEN_CREATE) == 0)
        return err_set(why, ERR_NOT_FOUND, "%s: there is no such file", path);
    if (sqlite3_open_v2(path, db, flags | SQLITE_OPEN_NOFOLLOW, NULL) !=
        SQLITE_OK) {
        e = err_set(why, ERR_IO, "%s: %s", path,
                    *db == NULL ? "no storage" : sqlite3_errmsg(*db));
        (void)sqlite3_close(*db);
        *db = NULL;
        return e;
    }
    (void)sqlite3_busy_timeout(*db, BUSY_MS);
    return e;
}

static bool
is_over(const atomic_bool *is_cancelled)
{
    return is_cancelled != NULL && atomic_load(is_cancelled);
}

static enum err
copy_pages(sqlite3 *from, sqlite3 *to, const char *path,
           const atomic_bool *is_cancelled, struct err_info *why)
{
    sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");
    int code = b == NULL ? sqlite3_errcode(to) : SQLITE_OK;

    /* A writer in between makes it begin again: short steps let writers in,
     * one step of all pages in the end lets nobody. */
    for (int i = 0;
         b != NULL && !is_over(is_cancelled) &&
         (code == SQLITE_OK || code == SQLITE_BUSY || code == SQLITE_LOCKED);
         i++)
        code = sqlite3_backup_step(b, i < 4000 ? PAGES_A_STEP : -1);
    if (b != NULL)
        (void)sqlite3_backup_finish(b);
    if (is_over(is_cancelled))
        return err_set(why, ERR_NOT_NOW, "%s: the copy was called off", path);
    return code == SQLITE_DONE
               ? ERR_OK
               : err_set(why, ERR_IO, "%s: %s", path, sqlite3_errstr(code));
}

/* As the folder's: the angel must be able to use it. The image's own folder
 * may be new and still root's; it will be the front's. */
static enum err
hand_over(const char *path, struct err_info *why)
{
    char folder[4096], own[4096];
    uid_t owner;
    char *slash;
    struct stat st;

    (void)snprintf(folder, sizeof folder, "%s", path);
    slash = strrchr(folder, '/');
    if (slash == NULL)
        (void)snprintf(folder, sizeof folder, ".");
    else
        *slash = '\0';
    (void)snprintf(own, sizeof own, "%s/saf", root_dir());
    if (stat(folder, &st) != 0 || chmod(path, 0600) != 0)
        return err_sys(why, "%s", path);
    owner = st.st_uid == 0 && strcmp(folder, own) == 0 && !root_is_private()
                ? UID_OWN_FIRST
                : st.st_uid;
    if (geteuid() == 0 && owner != 0 && chown(path, owner, (gid_t)-1) != 0)
        return err_sys(why, "%s", path);
    return ERR_OK;
}

static enum err
sync_file(const char *path, struct err_info *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum err e = fd >= 0 && fsync(fd) == 0 ? ERR_OK : err_sys(why, "%s", path);

    if (fd >= 0)
        close(fd);
    return e;
}

enum err
store_sync_folder(const char *path, struct err_info *why)
{
    char folder[4096];
    char *slash;

    (void)snprintf(folder, sizeof folder, "%s", path);
    slash = strrchr(folder, '/');
    if (slash == NULL)
        return sync_file(".", why);
    slash[slash == folder ? 1 : 0] = '\0';
    return sync_file(folder, why);
}

enum err
store_is_there(const char *path, const char *made, struct err_info *why)
{
    struct stat st;
    bool is_missing = stat(path, &st) != 0;

    if (is_missing && errno != ENOENT)
        return err_sys(why, "%s", path);
    if ((!is_missing && st.st_size > 0) || access(made, F_OK) != 0)
        return ERR_OK;
    return err_set(why, ERR_NOT_FOUND,
                   "%s is %s, but this image has had a security database. "
                   "Bring it back: sallyport db restore FILE. To begin with an "
                   "empty one, remove %s",
                   path, is_missing ? "gone" : "empty", made);
}

void
store_drop_log(const char *path)
{
    static const char *const parts[] = { "-wal", "-shm" };

    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        char name[4104];

        (void)snprintf(name, sizeof name, "%s%s", path, parts[i]);
        (void)unlink(name);
    }
}

enum err
store_copy_from(sqlite3 *source, const char *to,
                const atomic_bool *is_cancelled, struct err_info *why)
{
    sqlite3 *target = NULL;
    char temporary[4096];
    mode_t old = umask(0077);
    enum err e;

    (void)snprintf(temporary, sizeof temporary, "%s.new", to);
    (void)unlink(temporary);
    e = open_file(temporary, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                  &target, why);
    if (e == ERR_OK)
        e = copy_pages(source, target, to, is_cancelled, why);
    (void)sqlite3_close(target);
    if (e == ERR_OK)
        e = hand_over(temporary, why);
    if (e == ERR_OK)
        e = sync_file(temporary, why);
    if (e == ERR_OK && is_over(is_cancelled))
        e = err_set(why, ERR_NOT_NOW, "%s: the copy was called off", to);
    if (e == ERR_OK)
        store_drop_log(to);
    if (e == ERR_OK && rename(temporary, to) != 0)
        e = err_sys(why, "%s", to);
    if (e == ERR_OK)
        e = store_sync_folder(to, why);
    if (e != ERR_OK)
        (void)unlink(temporary);
    (void)umask(old);
    return e;
}

enum err
store_copy(const char *from, const char *to, struct err_info *why)
{
    sqlite3 *source = NULL;
    enum err e = open_file(from, SQLITE_OPEN_READWRITE, &source, why);

    if (e == ERR_OK)
        e = store_copy_from(source, to, NULL, why);
    (void)sqlite3_close(source);
    return e;
}

static bool
ask(sqlite3 *db, const char *sql, char *text, size_t cap, int64_t *number)
{
    sqlite3_stmt *stmt = NULL;
    bool ok = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
              sqlite3_step(stmt) == SQLITE_ROW;

    if (ok && text != NULL)
        (void)snprintf(text, cap, "%s", sqlite3_column_text(stmt, 0));
    if (ok && number != NULL)
        *number = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_finalize(stmt);
    return ok;
}

enum err
store_check(const char *path, struct store_facts *out, struct err_info *why)
{
    struct store_facts f = { .users = 0 };
    char text[256] = "";
    sqlite3 *db = NULL;
    int64_t level = 0;
    enum err e = open_file(path, SQLITE_OPEN_READWRITE, &db, why);

    if (e != ERR_OK)
        return e;
    if (!ask(db, "PRAGMA integrity_check(1)", text, sizeof text, NULL) ||
        strcmp(text, "ok") != 0)
        e = err_set(why, ERR_SYNTAX, "%s is damaged: %s", path,
                    text[0] == '\0' ? sqlite3_errmsg(db) : text);
    else if (!ask(db, "PRAGMA user_version", NULL, 0, &level) || level != 1 ||
             !ask(db, "SELECT text FROM options WHERE name='DATABASE.ID'", f.id,
                  sizeof f.id, NULL) ||
             !ask(db, "SELECT seq FROM sqlite_sequence WHERE name='principals'",
                  NULL, 0, &f.last_id) ||
             !ask(db, "SELECT count(*) FROM users", NULL, 0, &f.users) ||
             !ask(db, "SELECT count(*) FROM groups", NULL, 0, &f.groups) ||
             !ask(db, "SELECT count(*) FROM profiles", NULL, 0, &f.profiles))
        e = err_set(why, ERR_SYNTAX,
                    "%s is not a security database of this level", path);
    (void)ask(db, "SELECT text FROM options WHERE name='MASTER.ID'",
              f.master_id, sizeof f.master_id, NULL);
    (void)sqlite3_close(db);
    if (e == ERR_OK)
        *out = f;
    return e;
}

static void
put_hex(struct buf *out, const char *hex)
{
    for (; hex[0] != '\0' && hex[1] != '\0'; hex += 2) {
        unsigned value = 0;

        (void)sscanf(hex, "%2x", &value);
        buf_u8(out, (uint8_t)value);
    }
}

/* Private keys are bytes, PassTicket keys hexadecimal. */
static bool
one_sealed(sqlite3 *db, const char *sql, bool is_hex, struct buf *sealed,
           struct buf *owner)
{
    sqlite3_stmt *stmt = NULL;
    bool ok = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
              sqlite3_step(stmt) == SQLITE_ROW;

    if (ok && is_hex)
        put_hex(sealed, (const char *)sqlite3_column_text(stmt, 0));
    else if (ok)
        buf_add(sealed, str_n(sqlite3_column_blob(stmt, 0),
                              (size_t)sqlite3_column_bytes(stmt, 0)));
    if (ok)
        buf_add_z(owner, (const char *)sqlite3_column_text(stmt, 1));
    (void)sqlite3_finalize(stmt);
    return ok;
}

enum err
store_sealed(const char *path, struct buf *sealed, struct buf *owner,
             struct err_info *why)
{
    sqlite3 *db = NULL;
    enum err e = open_file(path, SQLITE_OPEN_READWRITE, &db, why);

    if (e != ERR_OK)
        return e;
    if (!one_sealed(db,
                    "SELECT key, owner FROM certs WHERE length(key)>0 LIMIT 1",
                    false, sealed, owner) &&
        !one_sealed(db,
                    "SELECT s.value, p.name FROM segments s JOIN profiles p ON"
                    " p.id=s.id WHERE s.segment='SSIGNON' AND s.field='KEY'"
                    " AND s.kind='R' AND length(s.value)>0 LIMIT 1",
                    true, sealed, owner))
        e = err_set(why, ERR_NOT_FOUND, "%s has no sealed value", path);
    (void)sqlite3_close(db);
    return e;
}

enum err
store_raise_ids(const char *path, int64_t last_id, struct err_info *why)
{
    sqlite3 *db = NULL;
    char sql[128];
    enum err e = open_file(path, SQLITE_OPEN_READWRITE, &db, why);

    if (e != ERR_OK)
        return e;
    (void)snprintf(sql, sizeof sql,
                   "UPDATE sqlite_sequence SET seq=max(seq,%lld) WHERE"
                   " name='principals'",
                   (long long)last_id);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        e = err_set(why, ERR_IO, "%s: %s", path, sqlite3_errmsg(db));
    (void)sqlite3_close(db);
    return e;
}
