#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *program_name = "sallyport";
static enum log_level threshold = LOG_WARN;

static _Atomic(bool (*)(const char *, size_t)) line_tap;
static _Thread_local bool is_tapping;

static const char *const names[] = { "debug", "info", "warn", "error" };

void
log_init(const char *program)
{
    const char *wanted = getenv("SALLYPORT_LOG");

    program_name = program;
    for (size_t i = 0; wanted != NULL && i < ARRAY_LEN(names); i++) {
        if (strcmp(wanted, names[i]) == 0)
            threshold = (enum log_level)i;
    }
}

void
log_write(enum log_level level, const char *fmt, ...)
{
    char line[1024];
    bool (*tap)(const char *, size_t);
    va_list args;
    size_t n;
    int head;

    if (level < threshold)
        return;
    head = snprintf(line, sizeof line, "%s: %s: ", program_name, names[level]);
    if (head < 0)
        return;
    va_start(args, fmt);
    vsnprintf(line + head, sizeof line - (size_t)head - 1, fmt, args);
    va_end(args);
    n = strlen(line);
    tap = line_tap;
    if (tap != NULL && !is_tapping) {
        bool is_wanted;

        is_tapping = true;
        is_wanted = tap(line, n);
        is_tapping = false;
        if (!is_wanted)
            return;
    }
    line[n++] = '\n';
    if (write(STDERR_FILENO, line, n) < 0)
        return;
}

void
log_tap(bool (*tap)(const char *line, size_t n))
{
    line_tap = tap;
}
