/*
 * Errors: a code for the program and one sentence with a position for people.
 * A function that can fail returns enum err and takes a last parameter `why`
 * (may be NULL), written only on failure.
 */
#ifndef SALLYPORT_BASE_ERR_H
#define SALLYPORT_BASE_ERR_H

#include "base/defs.h"

enum err {
    ERR_OK = 0,
    ERR_SYNTAX,      /* the input does not follow its grammar */
    ERR_LIMIT,       /* a documented limit was exceeded */
    ERR_RANGE,       /* a value outside what its field may hold */
    ERR_NOT_FOUND,   /* the named thing does not exist */
    ERR_EXISTS,      /* the named thing is already there */
    ERR_DENIED,      /* not authorized */
    ERR_NOT_NOW,     /* not now: wrong state */
    ERR_UNSUPPORTED, /* understood, but not available here */
    ERR_AGAIN,       /* would block, or try later */
    ERR_TIMEOUT,     /* a deadline passed */
    ERR_PEER,        /* the other side went away or broke its protocol */
    ERR_IO,          /* the system refused: file, disk, socket */
    ERR_MEMORY,      /* no storage */
};

#define ERR_TEXT_MAX 512u

struct err_info {
    char text[ERR_TEXT_MAX]; /* one sentence, NUL-terminated, no newline */
    size_t at;               /* byte offset in the input; 0 when unknown */
    uint32_t line;           /* 1-based; 0 when unknown */
    uint32_t column;         /* 1-based; 0 when unknown */
};

/* "ERR_SYNTAX" and so on; never NULL. */
const char *err_name(enum err code);

/*
 * Fill `why` (may be NULL) and return code, so that failing is one return.
 * Macros over functions, so that readers of the code and analyzers alike see
 * that what comes back is `code` (err_sys: never ERR_OK).
 *
 *     err_at(why, code, at, fmt, ...)
 *     err_set(why, code, fmt, ...)
 *     err_pos(why, code, line, column, fmt, ...)
 *     err_sys(why, fmt, ...)   with ": <strerror(errno)>"; ENOMEM, ENOENT,
 *                              EEXIST, EACCES, EPERM and EAGAIN have their
 *                              codes, anything else is ERR_IO
 */
#define err_at(why, code, at, ...)                                             \
    ERR_FILLED(code, err_fill((why), (at), 0, 0, __VA_ARGS__))
#define err_set(why, code, ...)                                                \
    ERR_FILLED(code, err_fill((why), 0, 0, 0, __VA_ARGS__))
#define err_pos(why, code, line, column, ...)                                  \
    ERR_FILLED(code, err_fill((why), 0, (line), (column), __VA_ARGS__))
#define err_sys(why, ...)                                                      \
    ({                                                                         \
        enum err sys_code_ = err_fill_sys((why), __VA_ARGS__);                 \
        if (sys_code_ == ERR_OK)                                               \
            __builtin_unreachable();                                           \
        sys_code_;                                                             \
    })
#define ERR_FILLED(code, call)                                                 \
    ({                                                                         \
        enum err filled_code_ = (code);                                        \
        call;                                                                  \
        filled_code_;                                                          \
    })

void err_fill(struct err_info *why, size_t at, uint32_t line, uint32_t column,
              const char *fmt, ...) PRINTF_LIKE(5, 6);
enum err err_fill_sys(struct err_info *why, const char *fmt, ...)
    PRINTF_LIKE(2, 3);
/* Put "<text>: " in front of what `why` already says. */
void err_prefix(struct err_info *why, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Put text behind it. */
void err_suffix(struct err_info *why, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
