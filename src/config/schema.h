/*
 * The registry for readers: as JSON for tools, as a page for people. Both come
 * from the rows alone, so they cannot say something else than the server does.
 */
#ifndef SALLYPORT_CONFIG_SCHEMA_H
#define SALLYPORT_CONFIG_SCHEMA_H

#include "base/buf.h"

struct cfg_attr;

/* One object: {"elements":[{"name","scope","attributes":[...]}...]}. */
void schema_json(struct buf *out);
/* doc/reference/configuration.md; the committed page is compared with it. */
void schema_markdown(struct buf *out);

/* Words for a reader: "boolean", "1 to 65535", "when the server starts". */
const char *schema_kind(const struct cfg_attr *);
const char *schema_scope(unsigned scope);
const char *schema_update(unsigned rule);

#endif
