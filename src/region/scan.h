/*
 * COBOL source as lines and tokens, as far as the EXEC CICS translator needs
 * them: reference format, comments, literals and their continuation.
 */
#ifndef SALLYPORT_REGION_SCAN_H
#define SALLYPORT_REGION_SCAN_H

#include "base/arena.h"
#include "base/err.h"
#include "region/translate.h"

struct source_line {
    struct str text;   /* without line end, cut at column 72 (fixed) */
    struct str member; /* COPY member it came from, or empty */
    uint32_t number;   /* in that file, 1-based */
};

enum token_kind { TOKEN_WORD, TOKEN_LITERAL, TOKEN_PUNCT, TOKEN_PERIOD };

struct token {
    enum token_kind kind;
    struct str text;    /* a literal with its quotes, continuation joined */
    uint32_t line;      /* index of the line it begins on */
    uint32_t from;      /* byte in that line */
    uint32_t last_line; /* where it ends */
    uint32_t to;        /* first byte behind it */
};

struct scan {
    struct arena *arena;
    const struct translate_options *options;
    struct source_line *lines;
    size_t n_lines, cap_lines;
    struct token *tokens;
    size_t n_tokens, cap_tokens;
};

/* Split, expand COPY members that hold EXEC, and cut into tokens. */
MUST_CHECK enum err scan_source(struct scan *, struct arena *,
                                const struct translate_options *,
                                struct str source, struct err_info *why);
void scan_fini(struct scan *);
/* An error at token i (or the end). Returns code. */
enum err scan_fail(const struct scan *, size_t i, enum err code,
                   struct err_info *why, const char *fmt, ...)
    PRINTF_LIKE(5, 6);
/* Token i is this word (any case). */
bool scan_is(const struct scan *, size_t i, const char *word);

#endif
