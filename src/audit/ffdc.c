#include "audit/ffdc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "audit/log_file.h"
#include "base/buf.h"
#include "base/file.h"

#define DETAIL_BYTES_MAX (256u * 1024u)

struct kind {
    char exception[96], source[128], probe[64];
    char file[FFDC_NAME_BYTES];
    uint64_t count, first_ms, last_ms;
};

struct ffdc {
    char *folder;
    char summary[64]; /* its file; "" before the first incident */
    bool has_changed;
    struct kind kinds[FFDC_KINDS_MAX];
    size_t n;
};

/* "9/28/18 10:15:45:456 EDT" */
static void
put_time(struct buf *out, uint64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    char zone[16];
    struct tm tm;

    localtime_r(&seconds, &tm);
    strftime(zone, sizeof zone, "%Z", &tm);
    buf_printf(out, "%d/%d/%02d %d:%02d:%02d:%03u %s", tm.tm_mon + 1,
               tm.tm_mday, tm.tm_year % 100, tm.tm_hour, tm.tm_min, tm.tm_sec,
               (unsigned)(ms % 1000), zone);
}

/* ---- old files ---- */

static bool
is_ours(const char *name)
{
    struct str s = str_of(name);

    return (str_starts(s, STR("ffdc_")) ||
            str_starts(s, STR("exception_summary_"))) &&
           str_ends(s, STR(".log"));
}

/* Those older than max_age_ms (0: none); returns the oldest that is left. */
static size_t
prune(const char *folder, uint64_t max_age_ms, uint64_t now_ms,
      char oldest[256])
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    uint64_t least_ms = UINT64_MAX;
    size_t n = 0;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        struct stat st;
        uint64_t ms;

        if (!is_ours(entry->d_name) ||
            fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        ms = (uint64_t)st.st_mtim.tv_sec * 1000 +
             (uint64_t)st.st_mtim.tv_nsec / 1000000;
        if (max_age_ms > 0 && ms + max_age_ms < now_ms) {
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
            continue;
        }
        n++;
        if (ms < least_ms) {
            least_ms = ms;
            snprintf(oldest, 256, "%s", entry->d_name);
        }
    }
    if (dir != NULL)
        closedir(dir);
    return n;
}

static void
keep_room(const char *folder)
{
    char oldest[256], path[4096];

    while (prune(folder, 0, 0, oldest) >= FFDC_FILES_MAX)
        if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, oldest) >=
                sizeof path ||
            unlink(path) != 0)
            return;
}

/* ---- a file ---- */

static void
describe(const struct ffdc_incident *i, uint64_t now_ms, struct buf *out)
{
    buf_add_z(out, "------Start of DE processing------ = [");
    put_time(out, now_ms);
    buf_printf(out, "]\nException = %s\nSource = %s\nprobeid = %s\n",
               i->exception, i->source, i->probe);
    buf_add_z(out, "Stack Dump = ");
    buf_add(out, str_sub(i->details, 0, DETAIL_BYTES_MAX));
    buf_add_char(out, '\n');
}

static enum err
create(const char *folder, uint64_t now_ms, char *name, int *fd,
       struct err_info *why)
{
    char at[24], path[4096];

    log_stamp(now_ms, at);
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(name, FFDC_NAME_BYTES, "ffdc_%s.%u.log", at, i);
        if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >=
            sizeof path)
            return err_set(why, ERR_LIMIT, "%s: path too long", folder);
        *fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (*fd >= 0)
            return ERR_OK;
        if (errno != EEXIST)
            break;
    }
    return err_sys(why, "%s", path);
}

enum err
ffdc_write(const char *logs, const struct ffdc_incident *i, uint64_t now_ms,
           char *name, struct err_info *why)
{
    char folder[4096];
    struct buf text;
    int fd;
    enum err e;

    if ((size_t)snprintf(folder, sizeof folder, "%s/ffdc", logs) >=
        sizeof folder)
        return err_set(why, ERR_LIMIT, "%s: path too long", logs);
    if ((e = dir_make(folder, 0777, why)) != ERR_OK)
        return e;
    keep_room(folder);
    if ((e = create(folder, now_ms, name, &fd, why)) != ERR_OK)
        return e;
    buf_init(&text, DETAIL_BYTES_MAX + 4096);
    describe(i, now_ms, &text);
    if (!log_write_all(fd, buf_view(&text)))
        e = err_sys(why, "%s/%s", folder, name);
    close(fd);
    buf_fini(&text);
    return e;
}

/* ---- counting ---- */

enum err
ffdc_new(const char *folder, struct ffdc **out, struct err_info *why)
{
    struct ffdc *f = calloc(1, sizeof *f);

    if (f == NULL || (f->folder = strdup(folder)) == NULL) {
        free(f);
        return err_set(why, ERR_MEMORY, "no storage for first-failure data");
    }
    *out = f;
    return ERR_OK;
}

static struct kind *
find(struct ffdc *f, const struct ffdc_incident *i)
{
    for (size_t n = 0; n < f->n; n++)
        if (strcmp(f->kinds[n].exception, i->exception) == 0 &&
            strcmp(f->kinds[n].source, i->source) == 0 &&
            strcmp(f->kinds[n].probe, i->probe) == 0)
            return &f->kinds[n];
    return NULL;
}

static void
write_summary(struct ffdc *f)
{
    struct buf text;
    char path[4096];

    buf_init(&text, 1u << 20);
    buf_add_z(&text,
              "Index  Count  Time of first Occurrence    Time of last "
              "Occurrence     Exception SourceId ProbeId\n"
              "------+------+---------------------------+---------------------"
              "------+---------------------------\n");
    for (size_t i = 0; i < f->n; i++) {
        const struct kind *k = &f->kinds[i];

        buf_printf(&text, "%6zu %6llu     ", i, (unsigned long long)k->count);
        put_time(&text, k->first_ms);
        buf_add_z(&text, "     ");
        put_time(&text, k->last_ms);
        buf_printf(&text, " %s %s %s\n%46s - %s/ffdc/%s\n", k->exception,
                   k->source, k->probe, "", f->folder, k->file);
    }
    if (text.n > 0 && (size_t)snprintf(path, sizeof path, "%s/ffdc/%s",
                                       f->folder, f->summary) < sizeof path)
        (void)!file_write_atomic(path, buf_view(&text), 0666,
                                 &(struct err_info){ 0 });
    buf_fini(&text);
    f->has_changed = false;
}

bool
ffdc_note(struct ffdc *f, const struct ffdc_incident *i, uint64_t now_ms,
          char *name)
{
    struct kind *k = find(f, i);
    struct err_info why;
    char at[24];

    if (k != NULL) {
        k->count++;
        k->last_ms = now_ms;
        f->has_changed = true;
        return false;
    }
    if (f->n == FFDC_KINDS_MAX ||
        ffdc_write(f->folder, i, now_ms, name, &why) != ERR_OK)
        return false;
    k = &f->kinds[f->n++];
    *k = (struct kind){ .count = 1, .first_ms = now_ms, .last_ms = now_ms };
    snprintf(k->exception, sizeof k->exception, "%s", i->exception);
    snprintf(k->source, sizeof k->source, "%s", i->source);
    snprintf(k->probe, sizeof k->probe, "%s", i->probe);
    snprintf(k->file, sizeof k->file, "%s", name);
    log_stamp(now_ms, at);
    if (f->summary[0] == '\0')
        snprintf(f->summary, sizeof f->summary, "exception_summary_%s.0.log",
                 at);
    write_summary(f);
    return true;
}

void
ffdc_tick(struct ffdc *f, uint64_t max_age_ms, uint64_t now_ms)
{
    char oldest[256], folder[4096];

    if (f->has_changed)
        write_summary(f);
    if (max_age_ms > 0 && (size_t)snprintf(folder, sizeof folder, "%s/ffdc",
                                           f->folder) < sizeof folder)
        (void)prune(folder, max_age_ms, now_ms, oldest);
}

void
ffdc_free(struct ffdc **at)
{
    struct ffdc *f = *at;

    *at = NULL;
    if (f == NULL)
        return;
    if (f->has_changed)
        write_summary(f);
    free(f->folder);
    free(f);
}
