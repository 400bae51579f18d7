/*
 * CEEENV: the environment of a COBOL program, by the calls that programs for
 * Language Environment make. Integers are COBOL's 9(9) BINARY: big-endian.
 *   1 get, 2 add when absent, 3 delete, 5 set or replace
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 255u
#define VALUE_MAX_BYTES 4096u

void CEEENV(const unsigned char *function, const unsigned char *name_len,
            const char *name, unsigned char *value_len, char **value,
            unsigned char *feedback);

static uint32_t
get_be32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
           p[3];
}

static void
put_be32(unsigned char *p, uint32_t v)
{
    p[0] = (unsigned char)(v >> 24);
    p[1] = (unsigned char)(v >> 16);
    p[2] = (unsigned char)(v >> 8);
    p[3] = (unsigned char)v;
}

/* A condition token: severity, message number; zeros when all went well. */
static void
set_feedback(unsigned char *feedback, unsigned message)
{
    if (feedback == NULL)
        return;
    memset(feedback, 0, 12);
    if (message == 0)
        return;
    feedback[1] = 3;
    feedback[2] = (unsigned char)(message >> 8);
    feedback[3] = (unsigned char)message;
    memcpy(feedback + 5, "CEE", 3);
}

static void
get_value(const char *name, unsigned char *value_len, char **value,
          unsigned char *feedback)
{
    char *found = getenv(name);

    *value = found;
    put_be32(value_len, found == NULL ? 0 : (uint32_t)strlen(found));
    set_feedback(feedback, found == NULL ? 1 : 0);
}

__attribute__((visibility("default"))) void
CEEENV(const unsigned char *function, const unsigned char *name_len,
       const char *name, unsigned char *value_len, char **value,
       unsigned char *feedback)
{
    char key[NAME_MAX_BYTES + 1], text[VALUE_MAX_BYTES + 1];
    uint32_t what = get_be32(function), n = get_be32(name_len), length;
    int failed = 0;

    if (n == 0 || n > NAME_MAX_BYTES || memchr(name, '=', n) != NULL ||
        memchr(name, '\0', n) != NULL) {
        set_feedback(feedback, 2);
        return;
    }
    memcpy(key, name, n);
    key[n] = '\0';
    if (what == 1) {
        get_value(key, value_len, value, feedback);
        return;
    }
    if (what == 3) {
        set_feedback(feedback, unsetenv(key) == 0 ? 0 : 3);
        return;
    }
    length = get_be32(value_len);
    if ((what != 2 && what != 5) || length > VALUE_MAX_BYTES ||
        *value == NULL) {
        set_feedback(feedback, 4);
        return;
    }
    memcpy(text, *value, length);
    text[length] = '\0';
    failed = setenv(key, text, what == 5);
    set_feedback(feedback, failed == 0 ? 0 : 3);
}
