#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
require_failed(const char *cond, const char *file, int line)
{
    fprintf(stderr, "sallyport: %s:%d: internal error: %s does not hold\n",
            file, line, cond);
    abort();
}

const char *
err_name(enum err code)
{
    switch (code) {
    case ERR_OK:
        return "ERR_OK";
    case ERR_SYNTAX:
        return "ERR_SYNTAX";
    case ERR_LIMIT:
        return "ERR_LIMIT";
    case ERR_RANGE:
        return "ERR_RANGE";
    case ERR_NOT_FOUND:
        return "ERR_NOT_FOUND";
    case ERR_EXISTS:
        return "ERR_EXISTS";
    case ERR_DENIED:
        return "ERR_DENIED";
    case ERR_NOT_NOW:
        return "ERR_NOT_NOW";
    case ERR_UNSUPPORTED:
        return "ERR_UNSUPPORTED";
    case ERR_AGAIN:
        return "ERR_AGAIN";
    case ERR_TIMEOUT:
        return "ERR_TIMEOUT";
    case ERR_PEER:
        return "ERR_PEER";
    case ERR_IO:
        return "ERR_IO";
    case ERR_MEMORY:
        return "ERR_MEMORY";
    }
    return "ERR_?";
}

PRINTF_LIKE(5, 0)
static void
fill(struct err_info *why, size_t at, uint32_t line, uint32_t column,
     const char *fmt, va_list args)
{
    if (why == NULL)
        return;
    why->at = at;
    why->line = line;
    why->column = column;
    vsnprintf(why->text, sizeof why->text, fmt, args);
}

void
err_fill(struct err_info *why, size_t at, uint32_t line, uint32_t column,
         const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fill(why, at, line, column, fmt, args);
    va_end(args);
}

static enum err
code_of_errno(int number)
{
    switch (number) {
    case ENOMEM:
        return ERR_MEMORY;
    case ENOENT:
        return ERR_NOT_FOUND;
    case EEXIST:
        return ERR_EXISTS;
    case EACCES:
    case EPERM:
        return ERR_DENIED;
    case EAGAIN:
        return ERR_AGAIN;
    default:
        return ERR_IO;
    }
}

enum err
err_fill_sys(struct err_info *why, const char *fmt, ...)
{
    int number = errno;
    va_list args;

    va_start(args, fmt);
    fill(why, 0, 0, 0, fmt, args);
    va_end(args);
    if (why != NULL) {
        size_t n = strlen(why->text);

        snprintf(why->text + n, sizeof why->text - n, ": %s", strerror(number));
    }
    return code_of_errno(number);
}

void
err_prefix(struct err_info *why, const char *fmt, ...)
{
    char old[ERR_TEXT_MAX];
    va_list args;
    size_t n;

    if (why == NULL)
        return;
    memcpy(old, why->text, sizeof old);
    va_start(args, fmt);
    vsnprintf(why->text, sizeof why->text, fmt, args);
    va_end(args);
    n = strlen(why->text);
    snprintf(why->text + n, sizeof why->text - n, ": %s", old);
}

void
err_suffix(struct err_info *why, const char *fmt, ...)
{
    va_list args;
    size_t n;

    if (why == NULL)
        return;
    n = strlen(why->text);
    va_start(args, fmt);
    vsnprintf(why->text + n, sizeof why->text - n, fmt, args);
    va_end(args);
}
