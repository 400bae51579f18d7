#include "ttls/syslogd.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LINE_BYTES_MAX 2048u

bool
syslogd_is_priority(uint8_t priority)
{
    uint8_t facility = priority & 0xf8u, severity = priority & 7u;

    return priority == SYSLOGD_NONE ||
           ((facility == SYSLOGD_DAEMON || facility == SYSLOGD_AUTH) &&
            severity >= SYSLOGD_ERROR);
}

void
syslogd_format(struct buf *out, uint8_t priority, const struct tm *when,
               const char *program, int pid, struct str line)
{
    /* The daemon knows English months only, whatever the locale. */
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    buf_printf(out, "<%u>%.3s %2d %02d:%02d:%02d %s[%d]: ", priority,
               months + (ptrdiff_t)(when->tm_mon % 12) * 3, when->tm_mday,
               when->tm_hour, when->tm_min, when->tm_sec, program, pid);
    for (size_t i = 0; i < line.n; i++) {
        unsigned char c = (unsigned char)line.p[i];

        buf_add_char(out, c < ' ' || c == 0x7f ? '?' : (char)c);
    }
}

/* By name each time: a daemon that is started again has another socket. */
void
syslogd_send(uint8_t priority, const char *program, struct str line)
{
    static const struct sockaddr_un at = { .sun_family = AF_UNIX,
                                           .sun_path = "/dev/log" };
    static int fd = -1;
    time_t now = time(NULL);
    struct tm when;
    struct buf text;

    if (priority == SYSLOGD_NONE)
        return;
    if (fd < 0)
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || localtime_r(&now, &when) == NULL)
        return;
    buf_init(&text, LINE_BYTES_MAX);
    syslogd_format(&text, priority, &when, program, (int)getpid(), line);
    if (!text.failed)
        IGNORE(sendto(fd, text.p, text.n, MSG_NOSIGNAL,
                      (const struct sockaddr *)&at, sizeof at) >= 0);
    buf_fini(&text);
}
