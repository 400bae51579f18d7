/*
 * PICTURE strings: category, size, digits, scale, sign.
 * Source: Enterprise COBOL for z/OS Language Reference, PICTURE clause.
 */
#ifndef SALLYPORT_COBOL_PIC_H
#define SALLYPORT_COBOL_PIC_H

#include "base/err.h"
#include "base/str.h"

#define PIC_DIGITS_MAX 31u      /* with ARITH(EXTEND) */
#define PIC_SIZE_MAX 134217727u /* positions of an X picture */

enum pic_class {
    PIC_ALPHA,       /* A only */
    PIC_TEXT,        /* X, or X A 9 mixed */
    PIC_NUMERIC,     /* S 9 V P */
    PIC_EDITED,      /* numeric-edited: Z * + - CR DB , . $ B 0 / */
    PIC_TEXT_EDITED, /* X A with B 0 / */
    PIC_NATIONAL,    /* N (and edited with B 0 /) */
    PIC_DBCS,        /* G */
    PIC_UTF8,        /* U */
    PIC_FLOAT,       /* external floating point: +9.9(8)E+99 */
};

struct pic {
    enum pic_class cls;
    uint32_t size;   /* positions: S, V, P count 0, CR and DB 2 */
    uint32_t digits; /* digit positions stored; PIC_NUMERIC only */
    int32_t scale;   /* value = digits x 10^-scale; negative with 99PP */
    bool is_signed;  /* S */
};

/*
 * Parse a PICTURE such as "S9(7)V99"; letters in either case.
 *
 *   currency  the currency symbol, 0 means '$'
 *   out       written only on ERR_OK
 *   why       ->at is the offending byte of text
 *
 * ERR_SYNTAX  not a picture, or its symbols do not go together
 * ERR_LIMIT   more than PIC_DIGITS_MAX digits or PIC_SIZE_MAX positions
 */
MUST_CHECK enum err pic_parse(struct str text, char currency, struct pic *out,
                              struct err_info *why);

#endif
