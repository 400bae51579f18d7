/*
 * Decimal text and digit strings. No binary floating point is involved: a
 * number is carried as its digits from JSON to the record and back.
 */
#ifndef SALLYPORT_COBOL_DECIMAL_H
#define SALLYPORT_COBOL_DECIMAL_H

#include "base/err.h"
#include "base/str.h"

#define DECIMAL_DIGITS_MAX 40u /* on either side of the point */

/* A number as text, cut into its significant parts. */
struct decimal {
    bool is_negative;     /* never with the value zero */
    const char *integer;  /* without leading zeros */
    const char *fraction; /* without trailing zeros */
    uint32_t n_integer, n_fraction;
    char room[2 * DECIMAL_DIGITS_MAX]; /* digits of numbers with exponents */
};

/*
 * number = [ "-" ] digits [ "." digits ] [ "e" [sign] digits ] ; also "+" in
 * front and leading zeros, as strings may hold them. The pieces point into
 * text or room: do not copy the struct. False: not a number, or further than
 * DECIMAL_DIGITS_MAX digits from the point.
 */
MUST_CHECK bool decimal_parse(struct str text, struct decimal *out);

enum decimal_fit {
    DECIMAL_FITS,
    DECIMAL_TOO_LONG,    /* more digits left of the point */
    DECIMAL_TOO_PRECISE, /* non-zero digits right of the field's last */
};
/*
 * Value x 10^scale as exactly n digits ('0'..'9'), leading zeros included.
 * n <= DECIMAL_DIGITS_MAX.
 */
MUST_CHECK enum decimal_fit decimal_digits(const struct decimal *, uint32_t n,
                                           int32_t scale, char *digits);

/*
 * Digits ('0'..'9') x 10^-scale as JSON text: no leading zeros, no exponent,
 * fraction as short as it goes, no "-0". Returns the end; room for n + |scale|
 * + 3 bytes.
 */
char *decimal_write(char *p, const char *digits, uint32_t n, int32_t scale,
                    bool is_negative);

#endif
