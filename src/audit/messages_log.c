/*
 * Lines are made outside the lock and leave in one write, so that several
 * threads and a reader with tail -f never see half a line.
 */
#include "audit/messages_log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/vec.h"

#define LINE_BYTES_MAX (64u * 1024u)
#define LOGGER_COLUMNS 60

struct hidden {
    char **v;
    size_t n, cap;
};

struct messages_log {
    pthread_mutex_t lock; /* of everything below */
    int fd;
    char *folder;
    char *file_name;
    char *header; /* the block at the top of each file */
    struct hidden hide;
    uint64_t file_bytes;
    uint64_t max_file_bytes;
    uint32_t max_files;
    bool iso_date;
    enum messages_level console;
    int console_out, console_err;
    void (*copy)(void *arg, const char *id, struct str line);
    void *arg;
    bool said_full; /* a failing disk is told once */
};

void
messages_log_defaults(struct messages_log_options *o)
{
    *o = (struct messages_log_options){
        .file_name = "messages.log",
        .max_file_bytes = 20u * 1024u * 1024u,
        .max_files = 2,
        .new_logs_on_start = true,
        .console = MESSAGES_AUDIT,
        .console_out = STDOUT_FILENO,
        .console_err = STDERR_FILENO,
    };
}

/* One write; a partial one is completed, a failing one is given up. */
static bool
write_line(int fd, struct str line)
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

/* ---- rolling over ---- */

/* messages.log -> "messages_" and ".log" */
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

/* stem_yy.MM.dd_HH.mm.ss.N.ext */
static bool
is_rolled(struct str name, struct str stem, struct str ext)
{
    return name.n > stem.n + ext.n + 1 && str_starts(name, stem) &&
           name.p[stem.n] == '_' && str_ends(name, ext);
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Keep the newest max_files - 1 old files; their names sort by age. */
static void
remove_oldest(const struct messages_log *log)
{
    struct hidden old = { 0 };
    struct dirent *entry;
    struct str stem, ext;
    size_t keep = log->max_files - 1;
    char path[4096];
    DIR *dir;

    if (log->max_files == 0 || (dir = opendir(log->folder)) == NULL)
        return;
    split_name(log->file_name, &stem, &ext);
    while ((entry = readdir(dir)) != NULL) {
        char *name;

        if (!is_rolled(str_of(entry->d_name), stem, ext))
            continue;
        name = strdup(entry->d_name);
        if (name == NULL || !VEC_PUSH(&old, name)) {
            free(name);
            break;
        }
    }
    closedir(dir);
    if (old.n > 1)
        qsort(old.v, old.n, sizeof *old.v, by_name);
    for (size_t i = 0; i < old.n; i++) {
        if (i + keep < old.n &&
            (size_t)snprintf(path, sizeof path, "%s/%s", log->folder,
                             old.v[i]) < sizeof path)
            (void)unlink(path);
        free(old.v[i]);
    }
    VEC_FREE(&old);
}

static void
roll(const struct messages_log *log, const char *path)
{
    struct str stem, ext;
    char stamp[96], to[4096];
    time_t now = (time_t)(clock_wall_ms() / 1000);
    struct tm tm;

    localtime_r(&now, &tm);
    snprintf(stamp, sizeof stamp, "%02d.%02d.%02d_%02d.%02d.%02d",
             tm.tm_year % 100, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
             tm.tm_sec);
    split_name(log->file_name, &stem, &ext);
    for (unsigned i = 0; i < 1000; i++) {
        if ((size_t)snprintf(to, sizeof to, "%s/" STR_FMT "_%s.%u" STR_FMT,
                             log->folder, STR_ARG(stem), stamp, i,
                             STR_ARG(ext)) >= sizeof to)
            return;
        if (link(path, to) == 0) {
            (void)unlink(path);
            break;
        }
        if (errno != EEXIST)
            break;
    }
    remove_oldest(log);
}

static enum err
open_file(struct messages_log *log, bool is_new, struct err_info *why)
{
    char path[4096];
    struct stat st;
    int fd;

    if ((size_t)snprintf(path, sizeof path, "%s/%s", log->folder,
                         log->file_name) >= sizeof path)
        return err_set(why, ERR_LIMIT, "%s: path too long", log->folder);
    if (is_new && stat(path, &st) == 0 && st.st_size > 0)
        roll(log, path);
    fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
              0666);
    if (fd < 0)
        return err_sys(why, "%s", path);
    if (fstat(fd, &st) != 0)
        st.st_size = 0;
    if (log->fd >= 0)
        close(log->fd);
    log->fd = fd;
    log->file_bytes = (uint64_t)st.st_size;
    if (log->file_bytes == 0 && write_line(fd, str_of(log->header)))
        log->file_bytes = strlen(log->header);
    return ERR_OK;
}

/* ---- options ---- */

static bool
set_header(struct messages_log *log, const struct messages_log_options *o)
{
    struct buf text;
    char *copy;

    buf_init(&text, LINE_BYTES_MAX);
    if (o->n_header > 0) {
        for (int i = 0; i < 80; i++)
            buf_add_char(&text, '*');
        buf_add_char(&text, '\n');
        for (size_t i = 0; i < o->n_header; i++)
            buf_printf(&text, "%s\n", o->header[i]);
        for (int i = 0; i < 80; i++)
            buf_add_char(&text, '*');
        buf_add_char(&text, '\n');
    }
    copy = strdup(buf_z(&text));
    buf_fini(&text);
    if (copy == NULL)
        return false;
    free(log->header);
    log->header = copy;
    return true;
}

static void
free_hidden(struct hidden *hide)
{
    for (size_t i = 0; i < hide->n; i++)
        free(hide->v[i]);
    VEC_FREE(hide);
}

static bool
set_hidden(struct messages_log *log, const struct messages_log_options *o)
{
    free_hidden(&log->hide);
    for (size_t i = 0; i < o->n_hide; i++) {
        char *id = strdup(o->hide[i]);

        if (id == NULL || !VEC_PUSH(&log->hide, id)) {
            free(id);
            return false;
        }
    }
    return true;
}

static bool
set_text(char **to, const char *from)
{
    char *copy = strdup(from);

    if (copy == NULL)
        return false;
    free(*to);
    *to = copy;
    return true;
}

static enum err
set_options(struct messages_log *log, const struct messages_log_options *o,
            bool is_start, struct err_info *why)
{
    bool has_moved = log->folder == NULL ||
                     strcmp(log->folder, o->folder) != 0 ||
                     strcmp(log->file_name, o->file_name) != 0;

    log->max_file_bytes = o->max_file_bytes;
    log->max_files = o->max_files;
    log->iso_date = o->iso_date;
    log->console = o->console;
    log->console_out = o->console_out;
    log->console_err = o->console_err;
    log->copy = o->copy;
    log->arg = o->arg;
    if (strchr(o->file_name, '/') != NULL)
        return err_set(why, ERR_SYNTAX,
                       "\"%s\" is not the name of a log file: it has a slash",
                       o->file_name);
    if (!set_text(&log->folder, o->folder) ||
        !set_text(&log->file_name, o->file_name) || !set_header(log, o) ||
        !set_hidden(log, o))
        return err_set(why, ERR_MEMORY, "no storage for the messages log");
    if (!has_moved)
        return ERR_OK;
    if (dir_make(log->folder, 0777, why) != ERR_OK)
        return ERR_IO;
    return open_file(log, is_start && o->new_logs_on_start, why);
}

enum err
messages_log_open(const struct messages_log_options *o,
                  struct messages_log **out, struct err_info *why)
{
    struct messages_log *log = calloc(1, sizeof *log);
    enum err e;

    if (log == NULL)
        return err_set(why, ERR_MEMORY, "no storage for the messages log");
    pthread_mutex_init(&log->lock, NULL);
    log->fd = -1;
    e = set_options(log, o, true, why);
    if (e == ERR_OK)
        *out = log;
    else
        messages_log_close(&log);
    return e;
}

enum err
messages_log_update(struct messages_log *log,
                    const struct messages_log_options *o, struct err_info *why)
{
    enum err e;

    pthread_mutex_lock(&log->lock);
    e = set_options(log, o, false, why);
    pthread_mutex_unlock(&log->lock);
    return e;
}

void
messages_log_close(struct messages_log **log)
{
    struct messages_log *l = *log;

    *log = NULL;
    if (l == NULL)
        return;
    if (l->fd >= 0)
        close(l->fd);
    free_hidden(&l->hide);
    free(l->header);
    free(l->folder);
    free(l->file_name);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

/* ---- lines ---- */

/* [10/18/21 14:49:26:246 EDT], or ISO 8601 */
static void
add_time(struct buf *out, bool is_iso)
{
    uint64_t now_ms = clock_wall_ms();
    time_t now = (time_t)(now_ms / 1000);
    unsigned ms = (unsigned)(now_ms % 1000);
    char zone[16], date[40];
    struct tm tm;

    localtime_r(&now, &tm);
    if (is_iso) {
        strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
        strftime(zone, sizeof zone, "%z", &tm);
        buf_printf(out, "[%s.%03u%s]", date, ms, zone);
        return;
    }
    strftime(zone, sizeof zone, "%Z", &tm);
    buf_printf(out, "[%d/%d/%02d %d:%02d:%02d:%03u %s]", tm.tm_mon + 1,
               tm.tm_mday, tm.tm_year % 100, tm.tm_hour, tm.tm_min, tm.tm_sec,
               ms, zone);
}

/* Ids whose letter says I but which the original writes at level AUDIT. */
static const char *const audit_ids[] = {
    "CWWKE0001I", "CWWKE0036I", "CWWKE0055I", "CWWKF0011I",
    "CWWKF0012I", "CWWKF0013I", "CWWKG0016I", "CWWKG0017I",
    "CWWKG0018I", "CWWKG0102I", "CWWKT0016I", "CWWKT0017I",
};

static enum messages_level
level_of(const char *id)
{
    for (size_t i = 0; i < ARRAY_LEN(audit_ids); i++)
        if (strcmp(id, audit_ids[i]) == 0)
            return MESSAGES_AUDIT;
    switch (id[0] == '\0' ? 'I' : id[strlen(id) - 1]) {
    case 'A':
        return MESSAGES_AUDIT;
    case 'W':
        return MESSAGES_WARNING;
    case 'E':
    case 'S':
        return MESSAGES_ERROR;
    default:
        return MESSAGES_INFO;
    }
}

static const struct {
    char letter;
    const char *console;
} levels[] = {
    [MESSAGES_INFO] = { 'I', "[INFO    ] " },
    [MESSAGES_AUDIT] = { 'A', "[AUDIT   ] " },
    [MESSAGES_WARNING] = { 'W', "[WARNING ] " },
    [MESSAGES_ERROR] = { 'E', "[ERROR   ] " },
};

static bool
is_hidden(const struct messages_log *log, const char *id)
{
    for (size_t i = 0; i < log->hide.n; i++)
        if (strcmp(log->hide.v[i], id) == 0)
            return true;
    return false;
}

static void
to_file(struct messages_log *log, struct str line)
{
    struct err_info why;

    if (log->max_file_bytes > 0 && log->file_bytes > 0 &&
        log->file_bytes + line.n > log->max_file_bytes)
        (void)open_file(log, true, &why);
    if (log->fd >= 0 && write_line(log->fd, line)) {
        log->file_bytes += line.n;
    } else if (!log->said_full) {
        log->said_full = true;
        log_error("%s/%s cannot be written: %s", log->folder, log->file_name,
                  strerror(errno));
    }
}

static void
to_console(const struct messages_log *log, enum messages_level level,
           const char *id, struct str text)
{
    int fd = level == MESSAGES_ERROR ? log->console_err : log->console_out;
    struct buf line;

    if (fd < 0 || level < log->console)
        return;
    buf_init(&line, LINE_BYTES_MAX);
    buf_add_z(&line, levels[level].console);
    if (id[0] != '\0')
        buf_printf(&line, "%s: ", id);
    buf_add(&line, text);
    buf_add_char(&line, '\n');
    (void)write_line(fd, buf_view(&line));
    buf_fini(&line);
}

void
messages_log_text(struct messages_log *log, const char *logger, const char *id,
                  struct str text)
{
    enum messages_level level = level_of(id);
    struct buf line, wto;

    buf_init(&line, LINE_BYTES_MAX);
    buf_init(&wto, LINE_BYTES_MAX);
    pthread_mutex_lock(&log->lock);
    add_time(&line, log->iso_date);
    buf_printf(&line, " %08x %-*.*s %c ", (unsigned)gettid(), LOGGER_COLUMNS,
               LOGGER_COLUMNS, logger, levels[level].letter);
    if (id[0] != '\0')
        buf_printf(&wto, "%s: ", id);
    buf_add(&wto, str_sub(text, 0, LINE_BYTES_MAX / 2));
    buf_add(&line, buf_view(&wto));
    buf_add_char(&line, '\n');
    if (!is_hidden(log, id))
        to_file(log, buf_view(&line));
    to_console(log, level, id, text);
    if (log->copy != NULL)
        log->copy(log->arg, id, buf_view(&wto));
    pthread_mutex_unlock(&log->lock);
    buf_fini(&line);
    buf_fini(&wto);
}

void
messages_log_msg(struct messages_log *log, const char *logger, const char *id,
                 const struct str *inserts, size_t n_inserts)
{
    struct buf text;

    buf_init(&text, LINE_BYTES_MAX);
    msg_text(&text, id, inserts, n_inserts);
    messages_log_text(log, logger, id, buf_view(&text));
    buf_fini(&text);
}
