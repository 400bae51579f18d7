/*
 * A borrowed run of bytes: not NUL-terminated, may hold any byte. Valid until
 * its owner changes. The empty string may have p == NULL.
 */
#ifndef SALLYPORT_BASE_STR_H
#define SALLYPORT_BASE_STR_H

#include "base/arena.h"
#include "base/defs.h"

struct str {
    const char *p;
    size_t n;
};

#define STR(lit) ((struct str){ (lit), sizeof(lit) - 1 })
#define STR_FMT "%.*s"
#define STR_ARG(s) (int)(s).n, (s).p == NULL ? "" : (s).p
#define STR_NPOS ((size_t)-1)

struct str str_of(const char *text); /* NULL gives the empty string */
static inline struct str
str_n(const void *p, size_t n)
{
    return (struct str){ (const char *)p, n };
}

bool str_eq(struct str a, struct str b);
bool str_eq_z(struct str a, const char *b);
bool str_eq_nocase(struct str a, struct str b); /* ASCII */
bool str_eq_nocase_z(struct str a, const char *b);
int str_cmp(struct str a, struct str b); /* memcmp order, shorter first */
bool str_starts(struct str s, struct str prefix);
bool str_starts_nocase(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
/* Index of the first (last) such byte or text; STR_NPOS when absent. */
size_t str_find_char(struct str s, char c);
size_t str_rfind_char(struct str s, char c);
size_t str_find(struct str s, struct str what);
/* [from, to) cut to what there is. */
struct str str_sub(struct str s, size_t from, size_t to);
struct str str_trim(struct str s);       /* ASCII white space, both ends */
struct str str_trim_right(struct str s); /* blanks, tabs, CR, LF, NUL */

/*
 * Cut the next piece before `sep` off *rest; false when rest->p is NULL, as it
 * is after the last piece. "a,,b" yields "a", "", "b"; "" yields one "".
 */
bool str_token(struct str *rest, char sep, struct str *out);
/* The next line without its LF or CRLF; false at the end. */
bool str_line(struct str *rest, struct str *out);

/* Whole string, decimal digits only; false on anything else or overflow. */
MUST_CHECK bool str_to_u64(struct str s, uint64_t *out);
/* As above with an optional sign. */
MUST_CHECK bool str_to_i64(struct str s, int64_t *out);

/* Copies that live as long as the arena; p is NULL when there is no storage
 * (then n is 0). The copy is followed by a NUL that n does not count. */
struct str str_dup(struct arena *, struct str s);
struct str str_fmt(struct arena *, const char *fmt, ...) PRINTF_LIKE(2, 3);
struct str str_upper(struct arena *, struct str s); /* ASCII */
struct str str_lower(struct arena *, struct str s);
/* NUL-terminated copy; NULL when there is no storage. */
char *str_z(struct arena *, struct str s);
/* Copy into a fixed array, NUL-terminated; false when it does not fit or holds
 * a NUL: "ANN\0X" must not become ANN. */
MUST_CHECK bool str_copy_z(struct str s, char *out, size_t cap);

/* Equal, in a time that depends on the length of b only. */
bool str_eq_secret(struct str a, struct str b);
uint64_t str_hash(struct str s, uint64_t seed);

#endif
