#include "audit/log_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/vec.h"

#define MINUTE_MS 60000u
/* How often it is looked whether the file is still there. */
#define LOOK_MS 1000u
#define DAY_MINUTES 1440u

struct log_file {
    int fd;
    char *folder, *name, *header;
    uint64_t bytes, max_bytes;
    uint32_t max_files;
    int roll_minute;
    uint32_t roll_interval_minutes;
    uint64_t next_roll_ms, next_look_ms;
    char last_stamp[24];  /* of the file rolled last, */
    unsigned next_number; /* and the number of another one in that second */
    bool said_full;
};

bool
log_write_all(int fd, struct str line)
{
    while (line.n > 0) {
        ssize_t n = write(fd, line.p, line.n);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        line = str_sub(line, (size_t)n, line.n);
    }
    return true;
}

void
log_stamp(uint64_t ms, char out[24])
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;

    localtime_r(&seconds, &tm);
    snprintf(out, 24, "%02u.%02u.%02u_%02u.%02u.%02u",
             (unsigned)tm.tm_year % 100, ((unsigned)tm.tm_mon + 1) % 100,
             (unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100,
             (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
}

bool
log_file_roll_minute(struct str text, int *out)
{
    struct str rest = text, hours, minutes;
    uint64_t h, m;

    if (!str_token(&rest, ':', &hours) || !str_token(&rest, ':', &minutes) ||
        rest.p != NULL || !str_to_u64(hours, &h) || h > 23 || minutes.n != 2 ||
        !str_to_u64(minutes, &m) || m > 59)
        return false;
    *out = (int)(h * 60 + m);
    return true;
}

uint64_t
log_file_next_roll(int roll_minute, uint32_t interval, uint64_t now_ms)
{
    time_t now = (time_t)(now_ms / 1000), start;
    uint64_t start_ms, step = (uint64_t)interval * MINUTE_MS;
    struct tm tm;

    if (interval == 0)
        return 0;
    localtime_r(&now, &tm);
    tm.tm_hour = roll_minute / 60;
    tm.tm_min = roll_minute % 60;
    tm.tm_sec = 0;
    tm.tm_isdst = -1;
    start = mktime(&tm);
    if (start < 0)
        return 0;
    start_ms = (uint64_t)start * 1000;
    /* that time yesterday or earlier, then on in whole steps */
    while (start_ms > now_ms && start_ms >= step)
        start_ms -= step;
    return start_ms + ((now_ms - start_ms) / step + 1) * step;
}

/* ---- old files ---- */

/* messages.log -> "messages" and ".log" */
static void
split_name(const char *name, struct str *stem, struct str *ext)
{
    struct str all = str_of(name);
    size_t dot = str_rfind_char(all, '.');

    if (dot == STR_NPOS)
        dot = all.n;
    *stem = str_sub(all, 0, dot);
    *ext = str_sub(all, dot, all.n);
}

#define STAMP_BYTES 17u /* yy.MM.dd_HH.mm.ss */

struct old_file {
    char *name;
    size_t n_time;   /* bytes up to the end of the time */
    uint64_t number; /* behind it */
};
struct old_files {
    struct old_file *v;
    size_t n, cap;
};

/* stem_yy.MM.dd_HH.mm.ss.N.ext, and nothing else of that beginning */
static bool
is_rolled(struct str name, struct str stem, struct str ext, uint64_t *number)
{
    static const char form[] = "dd.dd.dd_dd.dd.dd";
    const char *stamp = name.p + stem.n + 1;

    if (name.n < stem.n + 1 + STAMP_BYTES + 2 + ext.n ||
        !str_starts(name, stem) || name.p[stem.n] != '_' ||
        !str_ends(name, ext) || stamp[STAMP_BYTES] != '.')
        return false;
    for (size_t i = 0; i < STAMP_BYTES; i++)
        if (form[i] == 'd' ? stamp[i] < '0' || stamp[i] > '9'
                           : stamp[i] != form[i])
            return false;
    return str_to_u64(
        str_sub(name, stem.n + 1 + STAMP_BYTES + 1, name.n - ext.n), number);
}

/* One stem and one form: the times stand at the same place. */
static int
by_age(const void *a, const void *b)
{
    const struct old_file *left = a, *right = b;
    int order = strncmp(left->name, right->name, left->n_time);

    if (order != 0)
        return order;
    return left->number < right->number ? -1 : left->number > right->number;
}

static void
collect(const struct log_file *f, DIR *dir, struct old_files *old)
{
    struct dirent *entry;
    struct str stem, ext;

    split_name(f->name, &stem, &ext);
    while ((entry = readdir(dir)) != NULL) {
        struct old_file one = { .n_time = stem.n + 1 + STAMP_BYTES };

        if (!is_rolled(str_of(entry->d_name), stem, ext, &one.number))
            continue;
        one.name = strdup(entry->d_name);
        if (one.name == NULL || !VEC_PUSH(old, one)) {
            free(one.name);
            return;
        }
    }
}

/* Keep the newest max_files - 1. */
static void
remove_oldest(const struct log_file *f)
{
    struct old_files old = { 0 };
    size_t keep = f->max_files - 1;
    char path[4096];
    DIR *dir;

    if (f->max_files == 0 || (dir = opendir(f->folder)) == NULL)
        return;
    collect(f, dir, &old);
    closedir(dir);
    if (old.n > 1)
        qsort(old.v, old.n, sizeof *old.v, by_age);
    for (size_t i = 0; i < old.n; i++) {
        if (i + keep < old.n &&
            (size_t)snprintf(path, sizeof path, "%s/%s", f->folder,
                             old.v[i].name) < sizeof path)
            (void)unlink(path);
        free(old.v[i].name);
    }
    VEC_FREE(&old);
}

static void
roll(struct log_file *f, const char *path, uint64_t now_ms)
{
    char stamp[24], to[4096];
    struct str stem, ext;

    log_stamp(now_ms, stamp);
    split_name(f->name, &stem, &ext);
    if (strcmp(stamp, f->last_stamp) != 0)
        f->next_number = 0;
    memcpy(f->last_stamp, stamp, sizeof stamp);
    for (unsigned tries = 0; tries < 1000; tries++) {
        unsigned i = f->next_number++;

        if ((size_t)snprintf(to, sizeof to, "%s/" STR_FMT "_%s.%u" STR_FMT,
                             f->folder, STR_ARG(stem), stamp, i,
                             STR_ARG(ext)) >= sizeof to)
            return;
        if (link(path, to) == 0) {
            (void)unlink(path);
            break;
        }
        if (errno != EEXIST)
            break;
    }
    remove_oldest(f);
}

/* ---- the file ---- */

static enum err
open_file(struct log_file *f, bool roll_old, uint64_t now_ms,
          struct err_info *why)
{
    char path[4096];
    struct stat st;
    int fd;

    if ((size_t)snprintf(path, sizeof path, "%s/%s", f->folder, f->name) >=
        sizeof path)
        return err_set(why, ERR_LIMIT, "%s: path too long", f->folder);
    if (dir_make(f->folder, 0777, why) != ERR_OK)
        return ERR_IO;
    if (roll_old && stat(path, &st) == 0 && st.st_size > 0)
        roll(f, path, now_ms);
    fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
              0666);
    if (fd < 0)
        return err_sys(why, "%s", path);
    if (fstat(fd, &st) != 0)
        st.st_size = 0;
    if (f->fd >= 0)
        close(f->fd);
    f->fd = fd;
    f->bytes = (uint64_t)st.st_size;
    if (f->bytes == 0 && log_write_all(fd, str_of(f->header)))
        f->bytes = strlen(f->header);
    return ERR_OK;
}

static void
take_rules(struct log_file *f, const struct log_file_options *o,
           uint64_t now_ms)
{
    f->max_bytes = o->max_bytes;
    f->max_files = o->max_files;
    if (f->next_roll_ms == 0 || f->roll_minute != o->roll_minute ||
        f->roll_interval_minutes != o->roll_interval_minutes)
        f->next_roll_ms = log_file_next_roll(o->roll_minute,
                                             o->roll_interval_minutes, now_ms);
    f->roll_minute = o->roll_minute;
    f->roll_interval_minutes = o->roll_interval_minutes;
}

static enum err
fill(struct log_file *f, const struct log_file_options *o, struct err_info *why)
{
    if (o->name[0] == '\0' || strchr(o->name, '/') != NULL)
        return err_set(why, ERR_SYNTAX, "\"%s\" is not the name of a log file",
                       o->name);
    f->folder = strdup(o->folder);
    f->name = strdup(o->name);
    f->header = strdup(o->header == NULL ? "" : o->header);
    if (f->folder == NULL || f->name == NULL || f->header == NULL)
        return err_set(why, ERR_MEMORY, "no storage for a log");
    return ERR_OK;
}

enum err
log_file_new(const struct log_file_options *o, bool roll_old, uint64_t now_ms,
             struct log_file **out, struct err_info *why)
{
    struct log_file *f = calloc(1, sizeof *f);
    enum err e;

    if (f == NULL)
        return err_set(why, ERR_MEMORY, "no storage for a log");
    f->fd = -1;
    e = fill(f, o, why);
    if (e == ERR_OK) {
        take_rules(f, o, now_ms);
        e = open_file(f, roll_old, now_ms, why);
    }
    if (e == ERR_OK)
        *out = f;
    else
        log_file_free(&f);
    return e;
}

enum err
log_file_set(struct log_file *f, const struct log_file_options *o,
             uint64_t now_ms, struct err_info *why)
{
    struct log_file next = { .fd = -1 }, *p = NULL;
    bool has_moved =
        strcmp(f->folder, o->folder) != 0 || strcmp(f->name, o->name) != 0;
    enum err e = ERR_OK;

    if (has_moved) { /* all of a new one, then change over */
        e = log_file_new(o, false, now_ms, &p, why);
        if (e != ERR_OK)
            return e;
        next = *p;
        *p = *f;
        *f = next;
        log_file_free(&p);
        return ERR_OK;
    }
    next.header = strdup(o->header == NULL ? "" : o->header);
    if (next.header == NULL)
        return err_set(why, ERR_MEMORY, "no storage for a log");
    free(f->header);
    f->header = next.header;
    take_rules(f, o, now_ms);
    return e;
}

/* Somebody may have removed the file, or moved it to keep it. */
static bool
is_there(const struct log_file *f)
{
    struct stat ours, there;
    char path[4096];

    if (f->fd < 0 || fstat(f->fd, &ours) != 0 ||
        (size_t)snprintf(path, sizeof path, "%s/%s", f->folder, f->name) >=
            sizeof path)
        return false;
    return lstat(path, &there) == 0 && ours.st_ino == there.st_ino &&
           ours.st_dev == there.st_dev;
}

static void
look_after(struct log_file *f, uint64_t now_ms)
{
    struct err_info why;

    if (now_ms < f->next_look_ms)
        return;
    f->next_look_ms = now_ms + LOOK_MS;
    if (!is_there(f))
        (void)!open_file(f, false, now_ms, &why);
}

void
log_file_tick(struct log_file *f, uint64_t now_ms)
{
    struct err_info why;

    look_after(f, now_ms);
    if (f->next_roll_ms == 0 || now_ms < f->next_roll_ms)
        return;
    f->next_roll_ms =
        log_file_next_roll(f->roll_minute, f->roll_interval_minutes, now_ms);
    (void)!open_file(f, true, now_ms, &why);
}

void
log_file_write(struct log_file *f, struct str line, uint64_t now_ms)
{
    struct err_info why;

    log_file_tick(f, now_ms);
    if (f->max_bytes > 0 && f->bytes > 0 && f->bytes + line.n > f->max_bytes)
        (void)!open_file(f, true, now_ms, &why);
    if (f->fd >= 0 && log_write_all(f->fd, line)) {
        f->bytes += line.n;
    } else if (!f->said_full) {
        f->said_full = true;
        log_error("%s/%s cannot be written: %s", f->folder, f->name,
                  strerror(errno));
    }
}

void
log_file_free(struct log_file **at)
{
    struct log_file *f = *at;

    *at = NULL;
    if (f == NULL)
        return;
    if (f->fd >= 0)
        close(f->fd);
    free(f->folder);
    free(f->name);
    free(f->header);
    free(f);
}
