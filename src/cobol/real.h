/*
 * COMP-1 and COMP-2: IEEE 754 little-endian, or IBM hexadecimal big-endian.
 * Text is the shortest decimal that reads back as the same bytes.
 */
#ifndef SALLYPORT_COBOL_REAL_H
#define SALLYPORT_COBOL_REAL_H

#include "base/err.h"
#include "base/str.h"

#define REAL_TEXT_MAX 400u

/* size 4 or 8. ERR_SYNTAX: not a number; ERR_RANGE: too large. */
MUST_CHECK enum err real_put(struct str text, bool is_hfp, uint32_t size,
                             uint8_t *out);
/* Returns the bytes written to text; 0 for infinity and NaN. Exponents only
 * from 1e21 on and below 1e-7. */
MUST_CHECK size_t real_get(const uint8_t *in, bool is_hfp, uint32_t size,
                           char text[REAL_TEXT_MAX]);

#endif
