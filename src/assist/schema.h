/*
 * Inside of src/assist: a backing store as tables. One row for each key gives
 * its kind, its place in the struct and, for values, the parameter of the
 * policy that it becomes. Reading (model.c), writing (dump.c) and importing
 * (import.c) go by them.
 */
#ifndef SALLYPORT_ASSIST_SCHEMA_H
#define SALLYPORT_ASSIST_SCHEMA_H

#include "assist/model.h"

enum kind {
    NAME,    /* struct str: letters, digits, blanks, _ - . $ @ */
    SYSTEM,  /* struct str: 1 to 8 of A-Z 0-9 $ @ # */
    RELEASE, /* struct str: V2R3 */
    REF,     /* struct str: a name, resolved later */
    VALUE,   /* struct str: one parameter */
    VALUES,  /* struct store_texts: a list of them, or one */
    PORTS,   /* VALUES, with the words all and ephemeral */
    ADDRESSES,
    HISTORY,    /* struct store_texts: lines of an install history */
    BITS,       /* uint32_t: a list of words */
    GIVEN_BITS, /* struct store_bits: the same, which may be empty */
    ADVANCED,   /* struct store_params: an object of keywords */
    LIST,       /* pointer and count: objects */
};

#define MUST 1u

struct word {
    const char *text;
    uint32_t bit;
};

struct schema;
struct field {
    const char *key;
    enum kind kind;
    unsigned flags;
    size_t offset;
    enum ttls_stmt stmt;
    const char *keyword;
    const struct schema *item;
    const struct word *words; /* ends with NULL */
};

struct schema {
    size_t bytes;
    const struct field *fields;
    size_t n_fields;
};

extern const struct schema store_schema, image_schema, rule_schema, type_schema,
    level_schema;

/* The field that becomes this parameter; NULL: none. */
const struct field *schema_field(const struct schema *, const char *keyword);
/*
 * The parameter of an object "advanced", as the tables of statements spell it,
 * and its statement. NULL: there is none, or *key is what says it.
 */
const char *schema_advanced(struct str keyword, enum ttls_stmt *,
                            const char **key);

#endif
