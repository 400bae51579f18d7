/* Private to copybook*.c: source text to tokens with COPY and REPLACE done. */
#ifndef SALLYPORT_COBOL_COPYBOOK_TOKENS_H
#define SALLYPORT_COBOL_COPYBOOK_TOKENS_H

#include "cobol/copybook.h"

#define COPYBOOK_TOKENS_MAX (4u << 20)

enum tok_kind {
    TOK_WORD,    /* words, numbers, picture strings */
    TOK_LITERAL, /* with its quotes and prefix */
    TOK_PERIOD,
    TOK_PSEUDO, /* ==text==, without the equal signs */
};

struct tok {
    struct str text;
    enum tok_kind kind;
    uint32_t line, column;
    struct str file; /* empty: the main text */
};

struct toks {
    struct tok *v;
    size_t n, cap;
};

struct tokenizer {
    struct arena *arena;
    const struct copybook_options *options;
    size_t n_bytes;                           /* of all texts so far */
    struct str nesting[COPYBOOK_NESTING_MAX]; /* members being expanded */
    unsigned depth;
};

/* All tokens of text, COPY and REPLACE applied. The vector is the caller's
 * (VEC_FREE), also after an error. */
MUST_CHECK enum err tokens_of(struct tokenizer *, struct str text,
                              struct toks *out, struct err_info *why);
/* Error at a token, with its file when that is a COPY member. */
enum err tok_error(struct err_info *why, enum err code, const struct tok *,
                   const char *fmt, ...) PRINTF_LIKE(4, 5);
bool tok_is(const struct tok *, const char *word); /* any case */

/* Private to copybook_lines.c and copybook_tokens.c. */
struct line_mark {
    size_t at; /* offset in the clean text */
    uint32_t line, column;
};
struct clean_text {
    struct buf text; /* code only, lines joined by '\n' or glued */
    struct {
        struct line_mark *v;
        size_t n, cap;
    } marks;
};
MUST_CHECK enum err clean_lines(struct str text, enum copybook_form form,
                                struct str file, struct clean_text *out,
                                struct err_info *why);
void clean_fini(struct clean_text *);

#endif
