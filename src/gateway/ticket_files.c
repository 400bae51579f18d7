#include "gateway/ticket_files.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/secret.h"

#define LOGGER "com.ibm.ws.channel.ssl.internal.SSLChannel"
#define PATH_BYTES 4096u

struct ticket_file {
    char path[PATH_BYTES];
    uint64_t lives_s;
    struct tickets *tickets;
    struct timespec changed;
    ino_t inode;
    bool is_broken; /* said already */
    struct ticket_file *next;
};

struct ticket_files {
    struct messages_log *log;
    struct ticket_file *files;
};

/* Servers take turns; the lock is a file beside it, since the file itself is
 * replaced. -1: it cannot be had. */
static int
lock_of(const struct ticket_file *f)
{
    char path[PATH_BYTES + 8];
    int fd;

    snprintf(path, sizeof path, "%s.lock", f->path);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static enum err
read_keys(const struct ticket_file *f, struct ticket_keys *keys,
          struct err_info *why)
{
    struct buf text;
    struct stat st;
    enum err e;

    if (stat(f->path, &st) == 0 && (st.st_mode & 077) != 0)
        return err_set(why, ERR_DENIED,
                       "others may read or write it: it must be mode 600");
    buf_init(&text, TICKETS_FILE_MAX);
    e = file_read_plain(f->path, &text, why);
    if (e == ERR_OK)
        e = tickets_parse(buf_view(&text), keys, why);
    if (text.p != NULL)
        secret_wipe(text.p, text.n);
    buf_fini(&text);
    return e;
}

static enum err
write_keys(const struct ticket_file *f, const struct ticket_keys *keys,
           struct err_info *why)
{
    struct buf text;
    enum err e;

    buf_init(&text, TICKETS_FILE_MAX);
    tickets_print(keys, &text);
    e = buf_check(&text, why);
    if (e == ERR_OK)
        e = file_write_atomic(f->path, buf_view(&text), 0600, why);
    if (text.p != NULL)
        secret_wipe(text.p, text.n);
    buf_fini(&text);
    return e;
}

static void
remember(struct ticket_file *f)
{
    struct stat st;

    if (stat(f->path, &st) != 0)
        return;
    f->changed = st.st_mtim;
    f->inode = st.st_ino;
}

static bool
has_changed(const struct ticket_file *f)
{
    struct stat st;

    return stat(f->path, &st) == 0 &&
           (st.st_ino != f->inode || st.st_mtim.tv_sec != f->changed.tv_sec ||
            st.st_mtim.tv_nsec != f->changed.tv_nsec);
}

/* Read, and rotate when it is time and nobody else is doing it. */
static enum err
refresh(struct ticket_file *f, struct err_info *why)
{
    uint64_t now_s = clock_wall_ms() / 1000;
    struct ticket_keys keys = { .n = 0 };
    int lock = lock_of(f);
    enum err e = read_keys(f, &keys, why);

    if (e == ERR_NOT_FOUND && lock >= 0)
        e = ERR_OK; /* the first server makes it */
    if (e == ERR_OK && lock >= 0 &&
        tickets_rotate(&keys, now_s, f->lives_s / 2 + 1, f->lives_s))
        e = write_keys(f, &keys, why);
    if (e == ERR_OK) {
        tickets_set(f->tickets, &keys);
        remember(f);
    }
    tickets_wipe(&keys);
    if (lock >= 0)
        close(lock);
    return e;
}

enum err
ticket_files_new(struct messages_log *log, struct ticket_files **out,
                 struct err_info *why)
{
    struct ticket_files *t = calloc(1, sizeof *t);

    if (t == NULL)
        return err_set(why, ERR_MEMORY, "no storage for ticket keys");
    t->log = log;
    *out = t;
    return ERR_OK;
}

void
ticket_files_free(struct ticket_files **at)
{
    struct ticket_files *t = *at;

    *at = NULL;
    while (t != NULL && t->files != NULL) {
        struct ticket_file *f = t->files;

        t->files = f->next;
        tickets_unref(&f->tickets);
        free(f);
    }
    free(t);
}

static enum err
open_file(struct ticket_files *t, struct str path, uint64_t lives_s,
          struct ticket_file **out, struct err_info *why)
{
    struct ticket_file *f = calloc(1, sizeof *f);
    enum err e;

    if (f == NULL)
        return err_set(why, ERR_MEMORY, "no storage for ticket keys");
    f->lives_s = lives_s;
    e = str_copy_z(path, f->path, sizeof f->path)
            ? tickets_new(&f->tickets, why)
            : err_set(why, ERR_LIMIT, "the path is too long");
    if (e == ERR_OK)
        e = refresh(f, why);
    if (e != ERR_OK) {
        tickets_unref(&f->tickets);
        free(f);
        return e;
    }
    f->next = t->files;
    t->files = f;
    *out = f;
    return ERR_OK;
}

enum err
ticket_files_get(struct ticket_files *t, struct str path, uint64_t lives_s,
                 struct tickets **out, struct err_info *why)
{
    struct ticket_file *f = t->files;
    enum err e = ERR_OK;

    while (f != NULL && !str_eq_z(path, f->path))
        f = f->next;
    if (f == NULL)
        e = open_file(t, path, lives_s, &f, why);
    else
        f->lives_s = lives_s;
    if (e == ERR_OK)
        *out = f->tickets;
    return e;
}

/* A file that breaks later leaves the keys there were: said once. */
static void
look_at(struct ticket_files *t, struct ticket_file *f, uint64_t now_s)
{
    bool is_due = now_s % 60 == 0; /* rotation need not be exact */
    struct err_info why = { 0 };

    if (!has_changed(f) && !is_due)
        return;
    if (refresh(f, &why) == ERR_OK) {
        f->is_broken = false;
    } else if (!f->is_broken) {
        f->is_broken = true;
        MESSAGES_LOG(t->log, LOGGER, "SPT0414W", str_of(f->path),
                     str_of(why.text));
    }
}

void
ticket_files_tick(struct ticket_files *t)
{
    uint64_t now_s = clock_wall_ms() / 1000;

    for (struct ticket_file *f = t->files; f != NULL; f = f->next)
        look_at(t, f, now_s);
}
