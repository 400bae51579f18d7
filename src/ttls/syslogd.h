/*
 * Lines for the machine's syslog daemon (/dev/log), with facility and priority:
 * where the original sends EZD1281I to EZD1286I and the agent's log. The
 * image's own system log has all of them whatever becomes of these.
 */
#ifndef SALLYPORT_TTLS_SYSLOGD_H
#define SALLYPORT_TTLS_SYSLOGD_H

#include <stdint.h>
#include <time.h>

#include "base/buf.h"

/* As in RFC 3164: facility times eight and severity. */
#define SYSLOGD_DAEMON (3u << 3)
#define SYSLOGD_AUTH (4u << 3)
enum syslogd_severity {
    SYSLOGD_ERROR = 3,
    SYSLOGD_WARNING = 4,
    SYSLOGD_NOTICE = 5,
    SYSLOGD_INFO = 6,
    SYSLOGD_DEBUG = 7,
};
#define SYSLOGD_NONE 0xffu /* for the image's own log alone */

/* Is it one of these facilities with one of these severities, or NONE? */
bool syslogd_is_priority(uint8_t priority);
/* "<30>Nov 30 08:24:47 TCPIP1[4711]: line"; control characters become '?'. */
void syslogd_format(struct buf *out, uint8_t priority, const struct tm *when,
                    const char *program, int pid, struct str line);
/* Waits a tenth of a second for a daemon that is busy, and not again for five:
 * the line is dropped then, as without a daemon. */
void syslogd_send(uint8_t priority, const char *program, struct str line);

#endif
