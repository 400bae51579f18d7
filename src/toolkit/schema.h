/*
 * Record layouts to JSON schemas (3.6): of a whole message for a service
 * archive, of a message without some fields for a Swagger document.
 */
#ifndef SALLYPORT_TOOLKIT_SCHEMA_H
#define SALLYPORT_TOOLKIT_SCHEMA_H

#include "artefact/service.h"
#include "base/buf.h"
#include "parse/textout.h"

/* Fields that the document does not show: paths from the service root. */
struct schema_hidden {
    const struct str *paths;
    size_t n;
};

/* {"type": "object", "properties": {root: ...}}; type_first: Swagger's key
 * order (type, then constraints), otherwise the toolkit's. Nothing is written
 * and false returned when no property is left. */
bool schema_message(struct jsonout *, const struct service_message *,
                    const struct schema_hidden *hidden, bool type_first);
/* The constraints that a parameter mapped to this field has: maxLength. */
uint32_t schema_max_length(const struct field *);

#endif
