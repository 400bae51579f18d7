/* Number schemas to COBOL numbers. */
#ifndef SALLYPORT_TOOLKIT_SHAPE_H
#define SALLYPORT_TOOLKIT_SHAPE_H

#include <jansson.h>

#include "cobol/layout.h"

/* A whole number under that key; false when there is none. */
bool shape_get_integer(const json_t *schema, const char *key, json_int_t *out);
/* "type", or what follows from other keywords; NULL when nothing does. */
const char *shape_type(const json_t *schema);
/* Set kind, digits, scale, sign and SYNC. is_wide: 31 digits of COMP-3. */
void shape_integer(const json_t *schema, struct field *);
void shape_number(const json_t *schema, bool is_wide, struct field *);

#endif
