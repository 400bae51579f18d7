/*
 * Operands whose value is a secret: one table for everybody who keeps or shows
 * commands (history, SMF records, echoes, SYSTSPRT) or fields (listings,
 * sealing). Texts are judged without being parsed, so that this also holds for
 * what nobody could parse: `PASSWORD X`, `PASWORD(X)`. In doubt it is a secret.
 */
#ifndef SALLYPORT_SAF_SECRETS_H
#define SALLYPORT_SAF_SECRETS_H

#include "base/buf.h"
#include "base/str.h"

struct secret_operand {
    const char *name;    /* in full */
    const char *segment; /* where it stands, "" outside of segments */
};
/* The i-th row, NULL at the end. */
const struct secret_operand *secrets_at(size_t i);
/* A field that is stored sealed and never shown. */
bool secrets_is_field(struct str segment, struct str field);

/* May the word mean a secret operand: an abbreviation, misspelt, or something
 * like it? has_value: "(" follows, so that one letter is enough. */
bool secrets_is_word(struct str word, bool has_value);
/* Where the first such word begins at or behind `from`; STR_NPOS: nowhere. */
size_t secrets_find(struct str text, size_t from);
/* The text as it may be shown: each such word's value, in parentheses or the
 * word behind it, is "*". */
void secrets_add_shown(struct buf *out, struct str text);

#endif
