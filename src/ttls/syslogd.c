#include "ttls/syslogd.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

#define LINE_BYTES_MAX 2048u
#define WAIT_MS 100
#define PATIENT_MS 5000u

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

static int
open_socket(void)
{
    const struct timeval limit = { .tv_usec = WAIT_MS * 1000 };
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd >= 0)
        IGNORE(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit));
    return fd;
}

/* By name each time: a daemon that is started again has another socket. */
static void
send_line(int fd, struct str text)
{
    static const struct sockaddr_un at = { .sun_family = AF_UNIX,
                                           .sun_path = "/dev/log" };
    static uint64_t wait_again_ms;
    uint64_t now_ms = clock_mono_ms();
    int flags = MSG_NOSIGNAL | (now_ms < wait_again_ms ? MSG_DONTWAIT : 0);

    if (sendto(fd, text.p, text.n, flags, (const struct sockaddr *)&at,
               sizeof at) < 0 &&
        errno == EAGAIN && (flags & MSG_DONTWAIT) == 0)
        wait_again_ms = now_ms + PATIENT_MS;
}

void
syslogd_send(uint8_t priority, const char *program, struct str line)
{
    static int fd = -1;
    time_t now = time(NULL);
    struct tm when;
    struct buf text;

    if (priority == SYSLOGD_NONE)
        return;
    if (fd < 0)
        fd = open_socket();
    if (fd < 0 || localtime_r(&now, &when) == NULL)
        return;
    buf_init(&text, LINE_BYTES_MAX);
    syslogd_format(&text, priority, &when, program, (int)getpid(), line);
    if (!text.failed)
        send_line(fd, buf_view(&text));
    buf_fini(&text);
}
