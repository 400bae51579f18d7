/*
 * Writers for what archives hold: indented JSON and XML text. Both only append
 * to a buffer, whose `failed` is checked once at the end.
 */
#ifndef SALLYPORT_PARSE_TEXTOUT_H
#define SALLYPORT_PARSE_TEXTOUT_H

#include "base/buf.h"
#include "base/str.h"

/* JSON: jsonout_open('{'), jsonout_key, a value ... jsonout_close('}'). */
struct jsonout {
    struct buf *out;
    uint32_t depth;
    bool has_members; /* of the innermost container */
    bool after_key;
};

void jsonout_open(struct jsonout *, char bracket);
void jsonout_close(struct jsonout *, char bracket);
void jsonout_key(struct jsonout *, struct str key);
void jsonout_string(struct jsonout *, struct str);
void jsonout_raw(struct jsonout *, struct str); /* number, true, false, null */
void jsonout_printf(struct jsonout *, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Text as XML character data or attribute value. */
void xmlout_escape(struct buf *out, struct str text);
/* name="value" with a blank in front */
void xmlout_attr(struct buf *out, const char *name, struct str value);

#endif
