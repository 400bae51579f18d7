/*
 * The head of an HTTP/1 message: start line and header fields. llhttp takes it
 * apart; before that our own check refuses what releases of llhttp and other
 * servers read differently, so that the verdict depends on neither (table in
 * doc/internals/http.md). Private to this folder.
 */
#ifndef SALLYPORT_HTTP_HEAD_H
#define SALLYPORT_HTTP_HEAD_H

#include "http/server.h"

enum http_body {
    HTTP_BODY_NONE,
    HTTP_BODY_LENGTH,
    HTTP_BODY_CHUNKED,
    HTTP_BODY_UNTIL_CLOSE, /* answers only */
};

struct http_head {
    struct str method, target, path, query; /* requests */
    unsigned status;                        /* answers */
    unsigned minor;                         /* of HTTP/1.minor: 0 or 1 */
    struct http_header *headers;
    size_t n_headers;
    enum http_body body;
    uint64_t length; /* HTTP_BODY_LENGTH */
    bool keep_alive;
    bool expects_continue;
};

struct http_head_limits {
    size_t max_field_bytes; /* start line, each field name, each value */
    size_t max_headers;
};

/*
 * Bytes of the head at the start of `in`, its empty line included; 0 when that
 * has not arrived. *scanned (0 at first) saves looking at bytes twice. A head
 * ended by bare line feeds counts as complete, so that it is refused at once.
 */
size_t http_head_end(struct str in, size_t *scanned);

/*
 * Parse a whole head, as http_head_end measured it. All strings are borrowed
 * from it; the array of headers is in the arena. Returns 0, or the status to
 * answer with and a sentence in *why (static).
 */
unsigned http_request_parse(struct arena *, struct str head,
                            const struct http_head_limits *,
                            struct http_head *out, const char **why);
/*
 * The same rules for a request that HPACK delivered field by field: method,
 * target and headers are filled in, a copy of :authority stands first as Host.
 * Sets the rest of *head. Its body is HTTP_BODY_LENGTH when its length is
 * announced and HTTP_BODY_NONE otherwise; the stream frames it.
 */
unsigned http_request_check(struct http_head *head,
                            const struct http_head_limits *, const char **why);
/* The same for an answer to `method`; false when it is not acceptable. */
MUST_CHECK bool http_answer_parse(struct arena *, struct str head,
                                  const struct http_head_limits *,
                                  struct str method, struct http_head *out,
                                  const char **why);

/* token and field content (RFC 9110, 5.1, 5.5), for what we send ourselves. */
bool http_is_token(struct str);
bool http_is_field_value(struct str);
bool http_is_target(struct str);

#endif
