#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/msg.h"
#include "region/supervisor_priv.h"

void
region_log_open(struct supervisor *s)
{
    char path[sizeof s->dir + 32];
    struct err_info why;

    (void)snprintf(path, sizeof path, "%s/logs", s->dir);
    if (dir_make(path, 0750, &why) != ERR_OK)
        log_warn("%s", why.text);
    (void)snprintf(path, sizeof path, "%s/logs/messages.log", s->dir);
    s->log_fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    if (s->log_fd < 0)
        log_warn("%s cannot be written", path);
}

static void
write_line(int fd, struct str line)
{
    if (fd >= 0 && write(fd, line.p, line.n) < 0)
        log_debug("a log line was lost");
}

void
region_log(struct supervisor *s, const char *id, const struct str *inserts,
           size_t n)
{
    struct buf text, line;
    char when[32] = "";
    time_t now = time(NULL);
    struct tm t;

    if (localtime_r(&now, &t) != NULL)
        (void)strftime(when, sizeof when, "%m/%d/%Y %H:%M:%S", &t);
    buf_init(&text, 8192);
    buf_init(&line, 16384);
    buf_printf(&text, "%s ", id);
    msg_text(&text, id, inserts, n);
    buf_printf(&line, "%s ", when);
    buf_add(&line, buf_view(&text));
    buf_add_char(&line, '\n');
    write_line(s->log_fd, buf_view(&line));
    write_line(STDOUT_FILENO, buf_view(&line));
    if (s->task != NULL)
        task_wto(s->task, buf_view(&text));
    buf_fini(&line);
    buf_fini(&text);
}
