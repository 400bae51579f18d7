/* EXEC CICS commands about the task itself, the time and TD queues. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "region/task.h"

/* From 1900 to 1970. */
#define EPOCH_MS INT64_C(2208988800000)

static void
local_time(int64_t unix_ms, struct tm *out)
{
    time_t seconds = (time_t)(unix_ms / 1000);

    if (localtime_r(&seconds, out) == NULL)
        memset(out, 0, sizeof *out);
}

/* S9(7) COMP-3 of seven digits. */
static void
eib_packed(struct cics_task *task, size_t at, uint32_t value)
{
    unsigned char *p = task->eib + at;

    p[3] = (unsigned char)((value % 10) << 4 | 0x0c);
    value /= 10;
    for (int i = 2; i >= 0; i--) {
        p[i] = (unsigned char)((value / 10 % 10) << 4 | value % 10);
        value /= 100;
    }
}

static void
eib_clock(struct cics_task *task, const struct tm *t)
{
    eib_packed(task, EIB_TIME,
               (uint32_t)(t->tm_hour * 10000 + t->tm_min * 100 + t->tm_sec));
    eib_packed(task, EIB_DATE,
               (uint32_t)((t->tm_year / 100) * 100000 +
                          (t->tm_year % 100) * 1000 + t->tm_yday + 1));
}

void
eib_init(struct cics_task *task)
{
    struct tm t;

    memset(task->eib, 0, sizeof task->eib);
    local_time((int64_t)clock_wall_ms(), &t);
    eib_clock(task, &t);
    eib_text(task, EIB_TRNID, 4, str_of(task->transid));
    eib_packed(task, EIB_TASKN, task->number % 10000000u);
    eib_text(task, EIB_TRMID, 4, STR(""));
    eib_text(task, EIB_DS, 8, STR(""));
    eib_text(task, EIB_RSRCE, 8, STR(""));
}

struct response
do_assign(struct cics_task *task, const struct plan *plan)
{
    const struct frame *top = task->top;

    arg_put_text(plan, OPT_USERID, str_of(task->user));
    arg_put_text(plan, OPT_CHANNEL,
                 top->channel == NULL ? STR("") : str_of(top->channel->name));
    arg_put_text(plan, OPT_APPLID, task->defs->sit.applid);
    arg_put_text(plan, OPT_SYSID, task->defs->sit.sysid);
    arg_put_text(plan, OPT_PROGRAM, str_of(top->program));
    arg_put_text(plan, OPT_INVOKINGPROG, str_of(top->invoker));
    arg_put_text(plan, OPT_STARTCODE, STR("DS")); /* DPL, SYNCONRETURN */
    arg_put_text(plan, OPT_ABCODE, str_of(task->abcode));
    return NORMAL;
}

struct response
do_asktime(struct cics_task *task, const struct plan *plan)
{
    int64_t now = (int64_t)clock_wall_ms();
    struct tm t;

    local_time(now, &t);
    eib_clock(task, &t);
    arg_put_number(plan, OPT_ABSTIME,
                   now + EPOCH_MS + (int64_t)t.tm_gmtoff * 1000);
    return NORMAL;
}

/* --- FORMATTIME -----------------------------------------------------------*/

/* Y four-digit year, y its last two, m month, d day, j day of the year; "/"
 * is where the separator stands. */
static const struct {
    enum cics_option option;
    const char *form;
} dates[] = {
    { OPT_DATE, "m/d/y" },     { OPT_YYYYMMDD, "Y/m/d" },
    { OPT_DDMMYYYY, "d/m/Y" }, { OPT_MMDDYYYY, "m/d/Y" },
    { OPT_YYMMDD, "y/m/d" },   { OPT_DDMMYY, "d/m/y" },
    { OPT_MMDDYY, "m/d/y" },   { OPT_YYDDD, "y/j" },
    { OPT_YYYYDDD, "Y/j" },
};

/* The separator of DATESEP or TIMESEP; 0: the option is absent. */
static char
separator(const struct plan *plan, enum cics_option option, char usual)
{
    size_t n;
    const unsigned char *p = arg_data(plan, option, &n);

    if (!plan->has[option])
        return '\0';
    return p == NULL || n == 0 ? usual : (char)p[0];
}

static void
format_date(const struct tm *t, const char *form, char sep, char out[16])
{
    size_t n = 0;

    for (; *form != '\0'; form++) {
        char piece[16] = "";

        switch (*form) {
        case 'Y':
            (void)snprintf(piece, sizeof piece, "%04d",
                           (t->tm_year + 1900) % 10000);
            break;
        case 'y':
            (void)snprintf(piece, sizeof piece, "%02d", t->tm_year % 100);
            break;
        case 'm':
            (void)snprintf(piece, sizeof piece, "%02d", t->tm_mon + 1);
            break;
        case 'd':
            (void)snprintf(piece, sizeof piece, "%02d", t->tm_mday);
            break;
        case 'j':
            (void)snprintf(piece, sizeof piece, "%03d", t->tm_yday + 1);
            break;
        default:
            piece[0] = sep;
            piece[1] = '\0';
        }
        for (size_t i = 0; piece[i] != '\0' && n < 15; i++)
            out[n++] = piece[i];
    }
    out[n] = '\0';
}

struct response
do_formattime(struct cics_task *task, const struct plan *plan)
{
    int64_t abstime = arg_number(plan, OPT_ABSTIME, 0);
    char sep = separator(plan, OPT_TIMESEP, ':');
    char text[40];
    time_t seconds;
    struct tm t;

    (void)task;
    if (abstime < 0)
        return RESPONSE(RESP_INVREQ, 1);
    /* ABSTIME is local time already. */
    seconds = (time_t)((abstime - EPOCH_MS) / 1000);
    if (gmtime_r(&seconds, &t) == NULL)
        return RESPONSE(RESP_INVREQ, 1);
    for (size_t i = 0; i < ARRAY_LEN(dates); i++)
        if (plan->has[dates[i].option]) {
            format_date(&t, dates[i].form, separator(plan, OPT_DATESEP, '/'),
                        text);
            arg_put_text(plan, dates[i].option, str_of(text));
        }
    if (sep != '\0')
        (void)snprintf(text, sizeof text, "%02d%c%02d%c%02d", t.tm_hour, sep,
                       t.tm_min, sep, t.tm_sec);
    else
        (void)snprintf(text, sizeof text, "%02d%02d%02d", t.tm_hour, t.tm_min,
                       t.tm_sec);
    arg_put_text(plan, OPT_TIME, str_of(text));
    (void)strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &t);
    arg_put_text(plan, OPT_DATESTRING, str_of(text));
    arg_put_number(plan, OPT_DAYOFWEEK, t.tm_wday);
    arg_put_number(plan, OPT_DAYOFMONTH, t.tm_mday);
    arg_put_number(plan, OPT_MONTHOFYEAR, t.tm_mon + 1);
    arg_put_number(plan, OPT_YEAR, t.tm_year + 1900);
    return NORMAL;
}

/* --- transient data -------------------------------------------------------*/

/* Extrapartition queues of the region: files below its logs/. */
static const char *const queues[] = { "CSMT", "CSSL", "CSML", "CADL" };

struct response
do_writeq_td(struct cics_task *task, const struct plan *plan)
{
    struct str queue = arg_text(plan, OPT_QUEUE), data;
    const char *name = NULL;
    struct buf line;
    ssize_t n;
    int fd;

    for (size_t i = 0; i < ARRAY_LEN(queues); i++)
        if (str_eq_z(queue, queues[i]))
            name = queues[i];
    if (name == NULL || task->td_log < 0)
        return RESPONSE(RESP_QIDERR, 0);
    if (!arg_area(plan, OPT_FROM, OPT_LENGTH, &data) || data.n > 32767)
        return RESPONSE(RESP_LENGERR, 0);
    fd = openat(task->td_log, name,
                O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0)
        return RESPONSE(RESP_IOERR, 0);
    buf_init(&line, 65536);
    data = str_trim_right(data);
    for (size_t i = 0; i < data.n; i++) /* one record stays one line */
        buf_add_char(&line, (unsigned char)data.p[i] < ' ' ? ' ' : data.p[i]);
    buf_add_char(&line, '\n');
    n = line.failed ? -1 : write(fd, line.p, line.n);
    buf_fini(&line);
    (void)close(fd);
    return n < 0 ? RESPONSE(RESP_IOERR, 0) : NORMAL;
}
