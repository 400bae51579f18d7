/*
 * URLs (RFC 3986). Paths are split first and decoded segment by segment, so an
 * encoded slash is data and never a separator. Decoding is strict: a "%" needs
 * two hexadecimal digits, the result must be UTF-8 without control characters.
 */
#ifndef SALLYPORT_PARSE_URL_H
#define SALLYPORT_PARSE_URL_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* Decode one segment, name or value. plus_is_space: HTML form rule, for query
 * strings. The result is `in` itself when there was nothing to decode.
 * ERR_SYNTAX with the byte offset of the culprit; ERR_MEMORY. */
MUST_CHECK enum err url_decode(struct arena *, struct str in,
                               bool plus_is_space, struct str *out,
                               struct err_info *why);
/* Encode all but unreserved characters (letters, digits, "-._~"). */
void url_encode(struct buf *out, struct str text);

struct url_path {
    struct str *segments; /* decoded, "" for an empty one */
    size_t n;             /* "/" and "" have none, "/a/" has "a" and "" */
};

/*
 * Split a raw path that begins with "/" ("" stands for "/"), decode each
 * segment and resolve "." and ".." (spelled plainly or encoded).
 *
 * ERR_SYNTAX  no leading slash, bad encoding, or ".." leaves the root
 * ERR_LIMIT   more than URL_SEGMENTS_MAX segments
 */
#define URL_SEGMENTS_MAX 256u
MUST_CHECK enum err url_path_parse(struct arena *, struct str raw,
                                   struct url_path *out, struct err_info *why);

struct url_pair {
    struct str name, value; /* decoded */
    bool has_value;         /* false: "name" without "=" */
};

struct url_query {
    struct url_pair *pairs; /* in order; names may repeat */
    size_t n;
};

/* "a=1&b=&c"; empty pieces ("a&&b") are skipped. ERR_LIMIT over
 * URL_PAIRS_MAX. */
#define URL_PAIRS_MAX 1000u
MUST_CHECK enum err url_query_parse(struct arena *, struct str raw,
                                    struct url_query *out,
                                    struct err_info *why);
/* First value of that name; false when absent. */
bool url_query_get(const struct url_query *, struct str name, struct str *out);

/* An absolute http or https URL; all parts borrowed from the text. */
struct url {
    bool is_https;
    struct str host; /* without brackets; never empty */
    unsigned port;   /* 80 or 443 when not given */
    bool has_port;
    struct str path;  /* raw, "" or from "/" on */
    struct str query; /* raw, without "?" */
};

/* ERR_SYNTAX: other scheme, user information (a secret does not belong there),
 * fragment, empty host, port outside 1..65535, characters not allowed. */
MUST_CHECK enum err url_parse(struct str text, struct url *out,
                              struct err_info *why);

#endif
