/* The agent's log: a file that rolls over by size, or the system log. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "ttls/agent_priv.h"
#include "ttls/syslogd.h"

#define LINE_MAX_BYTES 1500u
#define DEFAULT_KB 300u
#define DEFAULT_FILES 3u
#define KB_MAX (1024u * 1024u)
#define FILES_MAX 1000u

/* PAGENT_LOG_FILE_CONTROL: kilobytes of one file, number of files
 * [unverified order]. */
static enum err
take_control(struct agent_log *log, const char *control, struct err_info *why)
{
    struct str text = str_of(control), kb, files = { 0 };
    uint64_t n_kb = DEFAULT_KB, n_files = DEFAULT_FILES;

    if (text.n > 0) {
        (void)str_token(&text, ',', &kb);
        if (!str_to_u64(str_trim(kb), &n_kb) || n_kb == 0 || n_kb > KB_MAX ||
            (str_token(&text, ',', &files) &&
             (!str_to_u64(str_trim(files), &n_files) || n_files == 0 ||
              n_files > FILES_MAX)) ||
            text.p != NULL)
            return err_set(why, ERR_SYNTAX,
                           "PAGENT_LOG_FILE_CONTROL=%.60s; expected "
                           "kilobytes,files such as 300,3",
                           control);
    }
    log->max_bytes = n_kb * 1024;
    log->max_files = (uint32_t)n_files;
    return ERR_OK;
}

static enum err
open_file(struct agent_log *log, struct err_info *why)
{
    struct stat st;

    log->fd =
        open(log->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
             0640);
    if (log->fd < 0)
        return err_sys(why, "%s", log->path);
    if (fstat(log->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(log->fd);
        log->fd = -1;
        return err_set(why, ERR_IO, "%s is not a file", log->path);
    }
    log->size = (uint64_t)st.st_size;
    return ERR_OK;
}

enum err
agent_log_open(struct agent_log *log, const char *file, const char *control,
               struct task *task, struct err_info *why)
{
    enum err e = take_control(log, control, why);

    log->fd = -1;
    log->program = task == NULL ? "PAGENT" : task_job_name(task);
    if (e != ERR_OK)
        return e;
    if (strcmp(file, "SYSLOGD") == 0)
        return saf_connect(task == NULL ? (struct str){ 0 } : task_token(task),
                           &log->saf, why);
    if (!str_copy_z(str_of(file), log->path, sizeof log->path))
        return err_set(why, ERR_LIMIT, "the log's name is too long");
    return open_file(log, why);
}

void
agent_log_close(struct agent_log *log)
{
    saf_disconnect(&log->saf);
    if (log->fd >= 0)
        close(log->fd);
    log->fd = -1;
}

/* log.2 to log.3, log.1 to log.2, log to log.1. */
static void
roll(struct agent_log *log)
{
    char from[1100], to[1100];

    close(log->fd);
    log->fd = -1;
    for (uint32_t i = log->max_files; i-- > 1;) {
        (void)snprintf(to, sizeof to, "%s.%u", log->path, i);
        (void)snprintf(from, sizeof from, i == 1 ? "%s" : "%s.%u", log->path,
                       i - 1);
        (void)rename(from, to);
    }
    if (log->max_files == 1)
        (void)unlink(log->path);
    if (open_file(log, NULL) != ERR_OK)
        log->size = 0; /* lines are lost until there is room again */
}

static const char *
level_name(enum agent_level level)
{
    switch (level) {
    case LEVEL_SYSERR:
        return "SYSERR";
    case LEVEL_OBJERR:
        return "OBJERR";
    case LEVEL_PROTERR:
        return "PROTERR";
    case LEVEL_WARNING:
        return "WARNING";
    case LEVEL_EVENT:
        return "EVENT";
    case LEVEL_ACTION:
        return "ACTION";
    case LEVEL_INFO:
        return "INFO";
    case LEVEL_ACNTING:
        return "ACNTING";
    case LEVEL_TRACE:
        return "TRACE";
    }
    return "?";
}

static enum syslogd_severity
severity_of(enum agent_level level)
{
    switch (level) {
    case LEVEL_SYSERR:
    case LEVEL_OBJERR:
    case LEVEL_PROTERR:
        return SYSLOGD_ERROR;
    case LEVEL_WARNING:
        return SYSLOGD_WARNING;
    case LEVEL_EVENT:
        return SYSLOGD_NOTICE;
    case LEVEL_ACTION:
    case LEVEL_INFO:
    case LEVEL_ACNTING:
        return SYSLOGD_INFO;
    case LEVEL_TRACE:
        break;
    }
    return SYSLOGD_DEBUG;
}

static void
write_line(struct agent_log *log, enum agent_level level, struct str text)
{
    time_t now = (time_t)(clock_wall_ms() / 1000);
    struct tm tm;
    struct buf line;

    if (log->saf != NULL) {
        saf_syslog(log->saf, text);
        syslogd_send((uint8_t)(SYSLOGD_DAEMON | severity_of(level)),
                     log->program, text);
        return;
    }
    if (log->fd < 0)
        return;
    buf_init(&line, LINE_MAX_BYTES + 64);
    (void)localtime_r(&now, &tm);
    buf_printf(&line, "%02d/%02d %02d:%02d:%02d %-7s: ", tm.tm_mon + 1,
               tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, level_name(level));
    buf_add(&line, text);
    buf_add_char(&line, '\n');
    if (log->size + line.n > log->max_bytes && log->size > 0)
        roll(log);
    if (log->fd >= 0 && write(log->fd, line.p, line.n) > 0)
        log->size += line.n;
    buf_fini(&line);
}

void
agent_logf(struct agent *a, enum agent_level level, const char *fmt, ...)
{
    char text[LINE_MAX_BYTES];
    va_list ap;

    if ((a->log.level & (uint32_t)level) == 0 && a->debug == 0)
        return;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    for (char *p = text; *p != '\0'; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = ' ';
    }
    write_line(&a->log, level, str_of(text));
}

void
agent_say(struct agent *a, const char *who, const char *id,
          const struct str *inserts, size_t n)
{
    struct buf text;

    buf_init(&text, 2048);
    buf_printf(&text, "%s ", id);
    msg_text(&text, id, inserts, n);
    if (a->task != NULL)
        task_wto(a->task, buf_view(&text));
    else
        fprintf(stderr, STR_FMT "\n", STR_ARG(buf_view(&text)));
    if (who == NULL)
        agent_logf(a, LEVEL_EVENT, STR_FMT, STR_ARG(buf_view(&text)));
    else
        agent_logf(a, LEVEL_EVENT, "%s: " STR_FMT, who,
                   STR_ARG(buf_view(&text)));
    buf_fini(&text);
}
