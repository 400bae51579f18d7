/*
 * Generic profile names. A pattern is compiled to tokens, one byte each, such
 * that memcmp of two compiled patterns is their order of specificity: ordinary
 * characters, then the end, then % and the stars. Sorting and the snapshot's
 * trie both rest on that one order.
 */
#ifndef SALLYPORT_SAF_PATTERN_H
#define SALLYPORT_SAF_PATTERN_H

#include "base/err.h"
#include "base/str.h"
#include "saf/saf.h"

#define PATTERN_MAX (SAF_PROFILE_MAX + 16u) /* tokens, with the end */

enum pattern_token { /* bytes below are themselves */
                     PATTERN_FIRST = 0xf0,
                     PATTERN_END = 0xf0, /* the name ends here */
                     PATTERN_SOME_MID,  /* ".**." : "." and whole qualifiers, or
                                           "." */
                     PATTERN_SOME_END,  /* ".**" last: nothing, or "." and the
                                           rest */
                     PATTERN_VARIABLE,  /* "&NAME": its name and
                                           PATTERN_VARIABLE_END follow */
                     PATTERN_ONE,       /* "%" */
                     PATTERN_QUALIFIER, /* "*" as a first or middle qualifier;
                                           of data sets also the last */
                     PATTERN_QUALIFIER_END, /* "*" ending a first or middle
                                               qualifier; of data sets also the
                                               last */
                     PATTERN_REST,          /* "*" ending the last qualifier */
                     PATTERN_REST_QUALIFIERS, /* "*" as the last qualifier: one
                                                 or more */
                     PATTERN_SOME_FIRST, /* "**." first: any qualifiers, or none
                                          */
                     PATTERN_ALL,        /* "**" alone */
};
#define PATTERN_VARIABLE_END 0x01 /* ends the name of a variable */
#define PATTERN_VARIABLE_MAX 8u   /* characters of a variable's name */

struct pattern {
    unsigned char tokens[PATTERN_MAX];
    size_t n;
};

bool pattern_has_generics(struct str name); /* contains * or % or & */

/* Rules of general resource classes (`*` last: one or more qualifiers).
 * ERR_SYNTAX: a star where none may be, a variable without a name; ERR_LIMIT:
 * too long. */
MUST_CHECK enum err pattern_compile(struct str text, struct pattern *out,
                                    struct err_info *why);
/* Rules of data sets with EGN: `*` at the end of a qualifier stays in it, `*`
 * alone is one qualifier, `**` any number; none in the first qualifier. */
MUST_CHECK enum err pattern_compile_dataset(struct str text,
                                            struct pattern *out,
                                            struct err_info *why);

/* What variables stand for: value i (0, 1, ...) of one, false after the last.
 */
struct pattern_values {
    bool (*value)(const void *arg, struct str variable, size_t i,
                  struct str *out);
    const void *arg;
};
/* Variables of a pattern match nothing without values (NULL). */
bool pattern_matches(const struct pattern *, struct str name);
bool pattern_matches_tokens(const unsigned char *tokens, size_t n,
                            struct str name, const struct pattern_values *);
/* Nothing but what pattern_compile makes: for bytes of others. */
bool pattern_is_sound(const unsigned char *tokens, size_t n);
/* < 0: a is more specific and comes first. */
int pattern_compare(const struct pattern *a, const struct pattern *b);

/* Rules of data sets with EGN, also SEARCH FILTER: `AB*` to the end of its
 * qualifier, `*` exactly one qualifier, `**` any number, `%` one character. */
bool pattern_matches_dataset(struct str pattern, struct str name);

#endif
