/* Between load*.c and unload*.c. */
#ifndef SALLYPORT_SAF_UNLOAD_PRIVATE_H
#define SALLYPORT_SAF_UNLOAD_PRIVATE_H

#include "saf/unload.h"

/* Is it a companion, and all of it? ERR_SYNTAX; *line: where. */
MUST_CHECK enum err load_more_check(struct str text, uint64_t *line,
                                    struct err_info *why);
/* One line of a companion. only: "certificate" for these rows alone, NULL for
 * all others. ERR_SYNTAX. */
MUST_CHECK enum err load_more_line(struct saf_db *, struct arena *,
                                   struct str line, const char *only,
                                   struct err_info *why);

/* FIRST and OTHER of segment CDTINFO, which are a column for each word. */
struct unload_chars {
    const char *column, *field, *word;
};
#define UNLOAD_CHARS 8u
extern const struct unload_chars unload_chars[UNLOAD_CHARS];

/* Of a record: the column of that name, which is there; its text without
 * blanks behind it. */
const struct unload_column *unload_column_of(const struct unload_record *,
                                             const char *name);
struct str unload_raw(const struct unload_record *,
                      const struct unload_column *);
/* n digits from there; a character that no record holds. */
bool unload_digits(struct str text, size_t from, size_t n, int64_t *out);
bool unload_is_control(char c);

/* Between the two names of a certificate name filter. */
#define UNLOAD_NOT_SIGN "\xc2\xac"

#endif
