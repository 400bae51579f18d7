/*
 * The server's answer to the stub: a strict HTTP/1.1 response head. Only what
 * our server sends is accepted; anything else is a bad response.
 *
 *     head   = "HTTP/1.1" SP 3DIGIT SP [ reason ] CRLF *( field CRLF ) CRLF
 *     field  = name ":" [ " " ] value
 */
#ifndef SALLYPORT_STUB_RESPONSE_H
#define SALLYPORT_STUB_RESPONSE_H

#include "base/err.h"
#include "base/str.h"

#define STUB_HEAD_MAX (16u * 1024u)
#define STUB_FIELDS_MAX 64u
#define STUB_BODY_MAX (64u * 1024u * 1024u)

enum stub_origin { STUB_ORIGIN_ZCEE, STUB_ORIGIN_API };

struct stub_head {
    unsigned status; /* 100..599 */
    enum stub_origin origin;
    unsigned api_status; /* Sallyport-Api-Status, or 0 */
    bool has_location;
    bool keeps_open;
    uint64_t body_bytes; /* Content-Length; 0 when there is none */
    size_t head_bytes;   /* up to and with the empty line */
};

/*
 * ERR_AGAIN    the empty line has not come yet
 * ERR_SYNTAX   not such a head, a field twice that must be once, or a body
 *              whose length is not announced
 * ERR_LIMIT    longer than the limits above
 */
MUST_CHECK enum err stub_head_parse(struct str in, struct stub_head *out,
                                    struct err_info *why);

#endif
