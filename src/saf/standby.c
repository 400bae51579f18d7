#include "saf/standby.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "saf/store_copy.h"
#include "saf/store_private.h"

/* Of the log's format: https://www.sqlite.org/fileformat2.html, 4. */
#define LOG_HEADER 32u
#define FRAME_HEADER 24u
#define SALT_AT 16u
#define SALT_BYTES 8u

#define CHECKPOINT_FRAMES 1000
#define CHUNK (256u * 1024u)

enum standby_state { STANDBY_OFF, STANDBY_COPYING, STANDBY_FOLLOWING };

struct standby {
    char primary_log[4096], path[4096], log[4096];
    enum standby_state state;
    struct saf_db *db;
    sqlite3 *pinned; /* keeps the state that is being copied */
    atomic_bool is_cancelled;
    enum err e; /* of the copy */
    struct err_info why;
    int from, to; /* the two logs; -1 */
    char salt[SALT_BYTES];
    uint64_t at; /* bytes of the log that are there */
    dev_t dev;
    ino_t ino; /* of the file, as it was copied */
    bool has_failed;
    char failure[ERR_TEXT_MAX];
    char chunk[CHUNK];
};

enum err
standby_new(const char *primary, const char *path, struct standby **out,
            struct err_info *why)
{
    struct standby *s = calloc(1, sizeof *s);

    if (s == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    s->from = s->to = -1;
    (void)snprintf(s->primary_log, sizeof s->primary_log, "%s-wal", primary);
    (void)snprintf(s->path, sizeof s->path, "%s", path);
    (void)snprintf(s->log, sizeof s->log, "%s-wal", path);
    *out = s;
    return ERR_OK;
}

bool
standby_is_following(const struct standby *s)
{
    return s->state == STANDBY_FOLLOWING;
}

const char *
standby_failure(struct standby *s)
{
    bool has_failed = s->has_failed;

    s->has_failed = false;
    return has_failed ? s->failure : NULL;
}

static void
close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void
unpin(struct standby *s)
{
    (void)sqlite3_close(s->pinned);
    s->pinned = NULL;
}

static void
off(struct standby *s)
{
    unpin(s);
    close_fd(&s->from);
    close_fd(&s->to);
    s->state = STANDBY_OFF;
}

/* --- shipping --------------------------------------------------------------
 */

static bool
read_at(int fd, char *to, size_t n, uint64_t at)
{
    while (n > 0) {
        ssize_t got = pread(fd, to, n, (off_t)at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        to += got;
        at += (uint64_t)got;
        n -= (size_t)got;
    }
    return true;
}

static bool
write_at(int fd, const char *from, size_t n, uint64_t at)
{
    while (n > 0) {
        ssize_t put = pwrite(fd, from, n, (off_t)at);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        from += put;
        at += (uint64_t)put;
        n -= (size_t)put;
    }
    return true;
}

/* What its log holds goes into the standby's file, and the log away. */
static enum err
bring_in(struct standby *s, struct err_info *why)
{
    sqlite3 *db = NULL;
    int code = sqlite3_open_v2(
        s->path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, NULL);

    close_fd(&s->to);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL,
                            NULL);
    if (sqlite3_close(db) != SQLITE_OK || code != SQLITE_OK)
        return err_set(why, ERR_IO, "%s: %s", s->path, sqlite3_errstr(code));
    return ERR_OK;
}

static enum err
begin_log(struct standby *s, const char header[LOG_HEADER],
          struct err_info *why)
{
    close_fd(&s->to);
    s->to =
        open(s->log, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (s->to < 0 || !write_at(s->to, header, LOG_HEADER, 0))
        return err_sys(why, "%s", s->log);
    memcpy(s->salt, header + SALT_AT, SALT_BYTES);
    s->at = LOG_HEADER;
    return ERR_OK;
}

/* Somebody who opened the standby took its log away: what it held may be there
 * or not, so all of it comes again. */
static bool
is_log_ours(const struct standby *s)
{
    struct stat st;

    return s->to >= 0 && fstat(s->to, &st) == 0 && st.st_nlink > 0 &&
           st.st_size >= 0 && (uint64_t)st.st_size >= s->at;
}

static uint32_t
u32_at(const char *p)
{
    return (uint32_t)(unsigned char)p[0] << 24 |
           (uint32_t)(unsigned char)p[1] << 16 |
           (uint32_t)(unsigned char)p[2] << 8 | (uint32_t)(unsigned char)p[3];
}

static enum err
copy_frames(struct standby *s, uint64_t end, struct err_info *why)
{
    while (s->at < end) {
        size_t n = end - s->at < CHUNK ? (size_t)(end - s->at) : CHUNK;

        if (!read_at(s->from, s->chunk, n, s->at))
            return err_sys(why, "%s", s->primary_log);
        if (!write_at(s->to, s->chunk, n, s->at))
            return err_sys(why, "%s", s->log);
        s->at += n;
    }
    return ERR_OK;
}

/* The log has n_frames frames of committed pages. */
static enum err
ship(struct standby *s, uint32_t n_frames, struct err_info *why)
{
    char header[LOG_HEADER];
    struct stat st;
    enum err e = ERR_OK;
    uint64_t end;
    bool is_new;

    if (n_frames == 0)
        return ERR_OK;
    if (stat(s->path, &st) != 0)
        return err_sys(why, "%s", s->path);
    if (st.st_dev != s->dev || st.st_ino != s->ino)
        return err_set(why, ERR_IO, "%s is another file now", s->path);
    if (s->from < 0)
        s->from = open(s->primary_log, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (s->from < 0 || !read_at(s->from, header, LOG_HEADER, 0))
        return err_sys(why, "%s", s->primary_log);
    end = LOG_HEADER + (uint64_t)n_frames * (FRAME_HEADER + u32_at(header + 8));
    is_new = memcmp(header + SALT_AT, s->salt, SALT_BYTES) != 0;
    if (is_new && s->to >= 0)
        e = is_log_ours(s) ? bring_in(s, why)
                           : err_set(why, ERR_IO, "%s was taken away", s->log);
    if (e == ERR_OK && (is_new || !is_log_ours(s)))
        e = begin_log(s, header, why);
    if (e == ERR_OK && end < s->at)
        e = err_set(why, ERR_IO, "%s became shorter", s->primary_log);
    return e == ERR_OK ? copy_frames(s, end, why) : e;
}

static void
went_off(struct standby *s, const struct err_info *why)
{
    (void)snprintf(s->failure, sizeof s->failure, "%s", why->text);
    s->has_failed = true;
    off(s);
}

/* After each commit, in place of SQLite's own hook, which brings the log into
 * the file. While the file is copied the log must stay as it is. */
static int
committed(void *arg, sqlite3 *handle, const char *name, int n_frames)
{
    struct standby *s = arg;
    struct err_info why = { 0 };

    if (s->state == STANDBY_FOLLOWING &&
        ship(s, (uint32_t)n_frames, &why) != ERR_OK)
        went_off(s, &why);
    if (s->state != STANDBY_COPYING && n_frames >= CHECKPOINT_FRAMES)
        (void)sqlite3_wal_checkpoint_v2(handle, name, SQLITE_CHECKPOINT_PASSIVE,
                                        NULL, NULL);
    return SQLITE_OK;
}

/* --- the copy --------------------------------------------------------------
 */

enum err
standby_pin(struct standby *s, struct saf_db *db, struct err_info *why)
{
    const char *primary = sqlite3_db_filename(saf_db_handle(db), "main");
    int code;

    standby_stop(s);
    code = sqlite3_open_v2(primary, &s->pinned,
                           SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX |
                               SQLITE_OPEN_NOFOLLOW,
                           NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(s->pinned,
                            "PRAGMA query_only=ON; BEGIN;"
                            "SELECT count(*) FROM sqlite_master",
                            NULL, NULL, NULL);
    if (code != SQLITE_OK) {
        unpin(s);
        return err_set(why, ERR_IO, "%s: %s", primary, sqlite3_errstr(code));
    }
    s->db = db;
    atomic_store(&s->is_cancelled, false);
    s->state = STANDBY_COPYING;
    (void)sqlite3_wal_hook(saf_db_handle(db), committed, s);
    return ERR_OK;
}

void
standby_copy(struct standby *s)
{
    s->e = store_copy_from(s->pinned, s->path, &s->is_cancelled, &s->why);
}

void
standby_cancel(struct standby *s)
{
    atomic_store(&s->is_cancelled, true);
}

enum err
standby_follow(struct standby *s, struct err_info *why)
{
    struct stat st = { .st_size = 0 };
    enum err e = s->e;
    int n_frames = 0, n_in = 0;

    unpin(s);
    memset(s->salt, 0, sizeof s->salt);
    if (e != ERR_OK)
        (void)err_set(why, e, "%s", s->why.text);
    else if (stat(s->path, &st) != 0)
        e = err_sys(why, "%s", s->path);
    s->dev = st.st_dev;
    s->ino = st.st_ino;
    if (e == ERR_OK && sqlite3_wal_checkpoint_v2(saf_db_handle(s->db), "main",
                                                 SQLITE_CHECKPOINT_PASSIVE,
                                                 &n_frames, &n_in) != SQLITE_OK)
        e = err_set(why, ERR_IO, "%s", sqlite3_errmsg(saf_db_handle(s->db)));
    if (e == ERR_OK)
        e = ship(s, n_frames > 0 ? (uint32_t)n_frames : 0, why);
    if (e == ERR_OK)
        s->state = STANDBY_FOLLOWING;
    else
        off(s);
    return e;
}

void
standby_stop(struct standby *s)
{
    if (s->state == STANDBY_FOLLOWING && !is_log_ours(s)) {
        int n_frames = 0;
        struct err_info why = { 0 };

        if (sqlite3_wal_checkpoint_v2(saf_db_handle(s->db), "main",
                                      SQLITE_CHECKPOINT_PASSIVE, &n_frames,
                                      NULL) == SQLITE_OK &&
            n_frames > 0 && ship(s, (uint32_t)n_frames, &why) != ERR_OK)
            went_off(s, &why);
    }
    if (s->db != NULL)
        (void)sqlite3_wal_autocheckpoint(saf_db_handle(s->db),
                                         CHECKPOINT_FRAMES);
    s->db = NULL;
    off(s);
}

void
standby_free(struct standby **s)
{
    if (*s == NULL)
        return;
    standby_stop(*s);
    free(*s);
    *s = NULL;
}
