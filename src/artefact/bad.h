/* Private to artefact/: what is wrong with an XML entry of an archive. */
#ifndef SALLYPORT_ARTEFACT_BAD_H
#define SALLYPORT_ARTEFACT_BAD_H

#include "parse/xml.h"

/* "<entry>:<line>:<column>: <text>", about that element; returns code. */
enum err artefact_bad(struct err_info *why, enum err code, struct str entry,
                      const struct xml_node *at, const char *fmt, ...)
    PRINTF_LIKE(5, 6);

#endif
