/*
 * The statements of an AT-TLS policy as tables: one row for each parameter
 * gives parser, compiled form, defaults and displays. Statements and values
 * that only a manual can settle are marked [unverified] where they stand.
 */
#ifndef SALLYPORT_TTLS_STMT_H
#define SALLYPORT_TTLS_STMT_H

#include "ttls/policy.h"

enum ttls_kind {
    TTLS_K_WORD,    /* uint32_t: one of `words` */
    TTLS_K_NUMBER,  /* uint32_t: min..max */
    TTLS_K_TEXT,    /* struct str: 1..max bytes */
    TTLS_K_LABEL,   /* struct str: 0..max bytes, may hold blanks */
    TTLS_K_SECRET,  /* struct str: never shown */
    TTLS_K_TEXTS,   /* struct ttls_texts: each occurrence adds one */
    TTLS_K_CIPHER1, /* struct ttls_codes: SSLv2, one character a code */
    TTLS_K_CIPHER2, /* two hex digits a code, or a constant; adds */
    TTLS_K_CIPHER4, /* four hex digits a code, or a constant; adds */
    TTLS_K_PAIRS,   /* signature pairs: four hex digits or a constant; adds */
    TTLS_K_GROUPS,  /* named groups: four decimal digits, a name, or Any */
    TTLS_K_OBJECT,  /* pointer: inline block, or NameRef */
    TTLS_K_REF,     /* pointer: a name only */
    TTLS_K_ADDR,    /* struct ttls_addrs *: address, prefix, range or All */
    TTLS_K_PORT,    /* struct ttls_ports *: n, n-m or n m */
    TTLS_K_JOB,     /* struct str: 1..8 characters, '*' last */
    /* members of address and port statements */
    TTLS_K_ONE_ADDR, /* Addr */
    TTLS_K_PREFIX,   /* Prefix a/n */
    TTLS_K_RANGE,    /* Range a-b */
    TTLS_K_ONE_PORT, /* Port */
    TTLS_K_MEMBER,   /* IpAddr, PortRange...: inline block, or NameRef; adds */
    /* IpTimeCondition */
    TTLS_K_PERIOD,
    TTLS_K_MASK,
    TTLS_K_DAY_MASK,
    TTLS_K_OF_DAY,
};

struct ttls_word {
    const char *word;
    uint32_t value;
};

#define TTLS_F_REQUIRED 1u /* must be coded */
#define TTLS_F_IGNORED 2u  /* understood, has no effect here: warned */
#define TTLS_F_HOST 4u     /* each of TEXTS is hostname/label */
#define TTLS_F_ONE 8u      /* a list of one: coded again, the last one counts */

struct ttls_row {
    const char *name;
    enum ttls_kind kind;
    uint16_t offset;
    uint16_t flags;
    uint32_t min, max;             /* NUMBER; max of TEXT; bits of MASK */
    const struct ttls_word *words; /* WORD; ends with a NULL word */
    enum ttls_stmt target;         /* OBJECT, REF, MEMBER */
    const char *dflt;              /* as it would be coded; NULL: none */
};

struct ttls_type {
    const char *keyword; /* "TTLSRule" */
    size_t bytes;        /* of its struct */
    const struct ttls_row *rows;
    size_t n_rows;
};

const struct ttls_type *ttls_type_of(enum ttls_stmt);
/* A statement's or parameter's row by keyword, any case. */
const struct ttls_type *ttls_type_find(struct str keyword,
                                       enum ttls_stmt *stmt);
/* is_ref: the keyword was the row's name with Ref behind it. */
const struct ttls_row *ttls_row_find(const struct ttls_type *,
                                     struct str keyword, bool *is_ref);
/* Was this parameter coded? REQUIREs that the statement has it. */
bool ttls_is_coded(const struct ttls_obj *, const char *name);
uint64_t ttls_row_bit(const struct ttls_type *, const struct ttls_row *);

static inline const void *
ttls_field(const struct ttls_obj *obj, const struct ttls_row *row)
{
    return (const char *)obj + row->offset;
}

/* Are two fields of that row the same? Those that rows share are taken to be.
 */
bool ttls_value_same(const struct ttls_row *row, const void *a, const void *b);
bool ttls_texts_same(const struct ttls_texts *, const struct ttls_texts *);
bool ttls_codes_same(const struct ttls_codes *, const struct ttls_codes *);
/* The word of an enumerated value; "?" when there is none. */
const char *ttls_word_of(const struct ttls_row *, uint32_t value);
/* The default of a WORD or NUMBER row; 0 without one. */
uint32_t ttls_row_default(const struct ttls_row *);

/* --- codes -------------------------------------------------------------- */

/* A constant such as TLS_RSA_WITH_AES_128_CBC_SHA. */
bool ttls_cipher_find(struct str constant, uint16_t *code);
bool ttls_cipher_is_known(uint16_t code);
bool ttls_signature_find(struct str constant, uint16_t *pair);
bool ttls_group_find(struct str name, uint16_t *group);

/* --- addresses ---------------------------------------------------------- */

/* IPv4 is read as inet_aton does. is_odd: it is not what ttls_addr_print would
 * write: fewer than four parts, or octal or hexadecimal ones. */
MUST_CHECK bool ttls_addr_parse(struct str text, uint8_t out[16], bool *is_odd);
bool ttls_addr_is_v4(const uint8_t addr[16]);
/* "10.1.1.2", "fe80::1" */
void ttls_addr_print(const uint8_t addr[16], char out[48]);
extern const struct ttls_addr ttls_addr_all;

#endif
