/*
 * Words every file uses. Nothing here allocates, fails or knows a protocol.
 */
#ifndef SALLYPORT_BASE_DEFS_H
#define SALLYPORT_BASE_DEFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define UNUSED __attribute__((unused))
#define NORETURN __attribute__((noreturn))

/* For the rare result that really does not matter; say why beside it. */
#define IGNORE(expr)                                                           \
    do {                                                                       \
        __typeof__(expr) ignored_ UNUSED = (expr);                             \
    } while (0)

#define CONTAINER_OF(ptr, type, member)                                        \
    ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* A bug, not bad input: says where and ends the process, in every build. */
#define REQUIRE(cond)                                                          \
    ((cond) ? (void)0 : require_failed(#cond, __FILE__, __LINE__))

NORETURN void require_failed(const char *cond, const char *file, int line);

/* a * b or a + b when it fits a size_t; false otherwise. */
MUST_CHECK static inline bool
size_mul(size_t a, size_t b, size_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

MUST_CHECK static inline bool
size_add(size_t a, size_t b, size_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}

#endif
