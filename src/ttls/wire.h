/* What writing and reading of the compiled form share. */
#ifndef SALLYPORT_TTLS_WIRE_H
#define SALLYPORT_TTLS_WIRE_H

#include "ttls/build_priv.h"

#define WIRE_NONE UINT32_MAX /* no object */
#define WIRE_FILES_MAX 8u

/* Another build with other tables must not be believed. */
uint32_t wire_tables_digest(void);

/* Do two lists of suites lose their common order? */
static inline bool
wire_has_both(const struct ttls_cipher *c)
{
    return c->v3.n > 0 && c->v3_4.n > 0;
}

#endif
