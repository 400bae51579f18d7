/*
 * Strict JSON (RFC 8259) pull reader: no tree, no allocation. Strings are
 * checked (escapes, UTF-8, no control bytes) and come out raw; json_unescape
 * gives their value. Numbers come out as their text. Duplicate keys are the
 * caller's to judge.
 */
#ifndef SALLYPORT_PARSE_JSON_READ_H
#define SALLYPORT_PARSE_JSON_READ_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define JSON_DEPTH_MAX 64u /* default nesting limit */

enum json_event {
    JSON_END, /* the one value is complete and only white space follows */
    JSON_OBJECT,
    JSON_OBJECT_END,
    JSON_ARRAY,
    JSON_ARRAY_END,
    JSON_KEY, /* text: raw string between the quotes */
    JSON_STRING,
    JSON_NUMBER, /* text: as written */
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL,
};

struct json_reader {
    struct str in;
    size_t pos;
    uint32_t depth;
    uint32_t depth_max; /* <= JSON_DEPTH_MAX */
    uint64_t is_object; /* bit d: level d is an object */
    uint8_t state;
    /* of the last event */
    struct str text;
    bool has_escape; /* text holds a backslash */
};

void json_reader_init(struct json_reader *, struct str in);
/* ERR_SYNTAX (why->at is the byte), ERR_LIMIT (nesting). */
MUST_CHECK enum err json_next(struct json_reader *, enum json_event *event,
                              struct err_info *why);
/* After JSON_KEY, or before an array element: pass over one whole value. */
MUST_CHECK enum err json_skip(struct json_reader *, struct err_info *why);
/* Value of a raw string; ERR_LIMIT / ERR_MEMORY of the buffer. */
MUST_CHECK enum err json_unescape(struct str raw, struct buf *out,
                                  struct err_info *why);
/* True when the raw string's value equals text. */
bool json_equals(const struct json_reader *, struct str text);

/*
 * Convenience for small documents: the string (unescaped into out) or number,
 * true, false text at a path of object keys "error/message".
 * ERR_NOT_FOUND when there is none.
 */
MUST_CHECK enum err json_find(struct str doc, struct str path, struct buf *out,
                              struct err_info *why);

/* Append text with JSON escapes; invalid UTF-8 becomes U+FFFD. */
void json_write_escaped(struct buf *out, struct str text);
/* The same between quotes. */
void json_write_string(struct buf *out, struct str text);

#endif
