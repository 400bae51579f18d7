/*
 * Cards to statements: continuation joined, comments gone, every byte of the
 * operand knowing where it came from.
 */
#ifndef SALLYPORT_BATCH_JCL_CARD_H
#define SALLYPORT_BATCH_JCL_CARD_H

#include "batch/jcl.h"

/* Operand text; pos[i] is where text[i] stands, pos[n] where it ends. */
struct jcl_operand {
    char *text;
    struct jcl_pos *pos;
    size_t n;
    size_t cap;
};

enum jcl_card_kind {
    JCL_CARD_STATEMENT, /* // name operation operand */
    JCL_CARD_NULL,      /* // and nothing: end of the job */
    JCL_CARD_DATA,      /* a line that is no statement */
    JCL_CARD_END,       /* no more cards */
};

struct jcl_card {
    enum jcl_card_kind kind;
    struct str name;      /* may be empty */
    struct str operation; /* upper case as written; not checked */
    struct jcl_operand operand;
    struct jcl_pos pos;      /* of the statement */
    struct jcl_pos name_pos; /* of its name field */
    struct jcl_pos op_pos;   /* of its operation field */
};

struct jcl_deck {
    struct str text;
    size_t at;     /* the next line's first byte */
    uint32_t line; /* its number */
    uint16_t source;
};

struct jcl_parser;

void jcl_deck_init(struct jcl_deck *, struct str text, uint16_t source);
/* The next card; false when it is malformed (reported to the parser, the
 * deck then stands behind it) or there is no storage. */
MUST_CHECK bool jcl_card_next(struct jcl_parser *, struct jcl_deck *,
                              struct jcl_card *out);
/* In-stream data of a DD: up to the delimiter (two characters; NULL: the
 * slash-asterisk or, unless is_data, the next statement). */
MUST_CHECK bool jcl_deck_data(struct jcl_parser *, struct jcl_deck *,
                              const char *delimiter, bool is_data,
                              struct str *out);
/* Step back so that the line just read as JCL_CARD_DATA is read again. */
void jcl_deck_back(struct jcl_deck *, const struct jcl_card *);

/* Append bytes with one position each. False without storage or room. */
MUST_CHECK bool jcl_operand_add(struct jcl_parser *, struct jcl_operand *,
                                char c, struct jcl_pos pos);

#endif
