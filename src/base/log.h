/*
 * A program's own diagnostics on standard error: one line each, for the person
 * who runs or debugs it. Operator messages (msg.h) and audit records are other
 * streams. Never give it a secret.
 */
#ifndef SALLYPORT_BASE_LOG_H
#define SALLYPORT_BASE_LOG_H

#include "base/defs.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* Program name as in "sallyport-angel: ..."; level from SALLYPORT_LOG
 * (debug, info, warn, error; default warn). */
void log_init(const char *program);
void log_write(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Each line (without its end) also goes to `tap`; it says whether standard
 * error is to have it as well. NULL: no more. A line that is written while the
 * tap runs goes to standard error alone. */
void log_tap(bool (*tap)(const char *line, size_t n));

#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)
#define log_warn(...) log_write(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)

#endif
