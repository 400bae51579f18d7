#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "angel.h"
#include "audit/smf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/reader.h"
#include "saf/wire.h"

/*
 * The only writer of log/syslogall.log: one line for each message, with date,
 * time and job id in front. It has no database and no keys, so a flaw in
 * another process cannot rewrite what was recorded.
 */

struct system_log {
    int fd; /* -1: could not be opened */
    uint64_t tried_ms;
    bool has_complained;
};

/* A log that cannot be opened ends nobody, and nobody waits for it: lines are
 * lost, which is said once, and it is tried again now and then. */
#define AGAIN_MS 1000u

static void
open_log(struct system_log *l)
{
    struct arena a;
    char *path;
    int e = 0;

    arena_init(&a, 8192);
    path = root_path(&a, "log/syslogall.log");
    l->tried_ms = clock_mono_ms();
    l->fd =
        path == NULL
            ? -1
            : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
                   0640);
    if (l->fd < 0 || (!angel_is_private && geteuid() == 0 &&
                      fchown(l->fd, confine_uid(CHILD_RECORDER), 0) != 0))
        e = errno;
    if (e != 0 && !l->has_complained)
        log_error("system log %s: %s; its lines are lost",
                  path == NULL ? "" : path, strerror(e));
    l->has_complained = e != 0;
    arena_fini(&a);
}

static void
write_line(struct system_log *l, struct str job, struct str text)
{
    char line[WIRE_LINE_MAX + 128];
    uint64_t now_ms = clock_wall_ms();
    time_t now = (time_t)(now_ms / 1000);
    struct tm tm;
    int n;

    if (l->fd < 0 && clock_mono_ms() - l->tried_ms >= AGAIN_MS)
        open_log(l);
    if (l->fd < 0)
        return;
    localtime_r(&now, &tm);
    n = snprintf(
        line, sizeof line - 1, "%04d-%02d-%02d %02d:%02d:%02d.%02u %-8.*s ",
        tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
        tm.tm_sec, (unsigned)(now_ms % 1000 / 10), STR_ARG(job));
    if (n < 0)
        return;
    text = str_sub(text, 0, sizeof line - 1 - (size_t)n);
    for (size_t i = 0; i < text.n; i++) {
        /* A client must not forge a second line or move a terminal. */
        unsigned char c = (unsigned char)text.p[i];

        line[n++] = c < 0x20 || c == 0x7f ? ' ' : (char)c;
    }
    line[n++] = '\n';
    if (write(l->fd, line, (size_t)n) == n) {
        l->has_complained = false;
    } else if (!l->has_complained) {
        log_error("system log: %s", strerror(errno));
        l->has_complained = true;
    }
}

/* --- SMF: a file for each day, records appended whole or not at all ---------
 */

struct smf_file {
    int folder; /* -1: could not be opened */
    int fd;
    uint64_t tried_ms;
    bool has_complained;
    int year, day;
    uint64_t since_ms; /* first record that is not on the disk yet; 0: none */
};

/* Records survive the end of any process at once, that of the machine once
 * they are on the disk: within SYNC_MS, many at a time. */
#define SYNC_MS 500u

static void
sync_records(struct smf_file *f)
{
    if (f->since_ms != 0 && f->fd >= 0 && fdatasync(f->fd) != 0)
        log_error("SMF records not on the disk: %s", strerror(errno));
    f->since_ms = 0;
}

static int
sync_wait_ms(const struct smf_file *f)
{
    uint64_t now = clock_mono_ms();

    if (f->since_ms == 0)
        return -1;
    return now - f->since_ms >= SYNC_MS ? 0
                                        : (int)(SYNC_MS - (now - f->since_ms));
}

static void
open_folder(struct smf_file *f)
{
    struct arena a;
    char *path;

    arena_init(&a, 8192);
    path = root_path(&a, SMF_FOLDER);
    f->tried_ms = clock_mono_ms();
    f->folder =
        path == NULL
            ? -1
            : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    arena_fini(&a);
}

static void
open_day(struct smf_file *f, const struct tm *tm)
{
    char name[64];

    if (f->fd >= 0 && f->year == tm->tm_year && f->day == tm->tm_yday)
        return;
    sync_records(f);
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
    if (f->folder < 0 && clock_mono_ms() - f->tried_ms >= AGAIN_MS)
        open_folder(f);
    if (f->folder < 0) {
        errno = ENOENT;
        return;
    }
    (void)snprintf(name, sizeof name, "%04d-%02d-%02d.smf", tm->tm_year + 1900,
                   tm->tm_mon + 1, tm->tm_mday);
    f->fd =
        openat(f->folder, name,
               O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
    f->year = tm->tm_year;
    f->day = tm->tm_yday;
}

static void
write_record(struct smf_file *f, struct str record)
{
    time_t now = (time_t)(clock_wall_ms() / 1000);
    struct stat before;
    struct tm tm;

    localtime_r(&now, &tm);
    open_day(f, &tm);
    if (f->fd >= 0 && fstat(f->fd, &before) == 0) {
        if (write(f->fd, record.p, record.n) == (ssize_t)record.n) {
            f->has_complained = false;
            if (f->since_ms == 0)
                f->since_ms = clock_mono_ms();
            return;
        }
        /* Part of a record would make all that follow unreadable. */
        (void)!ftruncate(f->fd, before.st_size);
    }
    if (!f->has_complained)
        log_error("SMF record lost: %s", strerror(errno));
    f->has_complained = true;
}

static bool
is_record(struct str record)
{
    return record.n >= 18 && record.n <= SMF_RECORD_MAX &&
           (size_t)((unsigned char)record.p[0] << 8 |
                    (unsigned char)record.p[1]) == record.n;
}

/* Something came; what waits for the disk goes there in time. */
static bool
await(int fd, struct smf_file *smf)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };

    for (;;) {
        int wait_ms = sync_wait_ms(smf);
        int n = wait_ms == 0 ? 0 : poll(&p, 1, wait_ms);

        if (n > 0)
            return true;
        if (n < 0 && errno != EINTR)
            return false;
        if (n == 0)
            sync_records(smf);
    }
}

int
recorder_run(int fd)
{
    struct err_info why = { 0 };
    struct smf_file smf = { .fd = -1 };
    struct system_log log = { .fd = -1 };
    struct chan_msg msg;

    log_init("sallyport-angel recorder");
    tzset();
    umask(0027);
    open_log(&log);
    open_folder(&smf);
    if (confine(CONFINE_RECORDER, CHILD_RECORDER, &why) != ERR_OK) {
        log_error("%s", why.text);
        return 1;
    }
    while (await(fd, &smf) && chan_recv(fd, &msg, NULL) == ERR_OK) {
        struct reader in = reader_of(msg.payload);
        struct str job, text;
        bool is_good = msg.type == RECORD_LOG && reader_str(&in, 0, 8, &job) &&
                       reader_str(&in, 0, WIRE_LINE_MAX, &text) &&
                       reader_at_end(&in);

        if (is_good)
            write_line(&log, job, text);
        if (msg.type == RECORD_SMF && is_record(msg.payload)) {
            write_record(&smf, msg.payload);
            is_good = true;
        }
        chan_msg_fini(&msg);
        if (!is_good)
            return 1;
    }
    sync_records(&smf);
    return 0;
}
