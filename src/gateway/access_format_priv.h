/* What the lines and the members of an access log share; private to them. */
#ifndef SALLYPORT_GATEWAY_ACCESS_FORMAT_PRIV_H
#define SALLYPORT_GATEWAY_ACCESS_FORMAT_PRIV_H

#include "gateway/access_format.h"

enum access_token {
    TOKEN_TEXT,
    TOKEN_REMOTE,          /* %a */
    TOKEN_REMOTE_HOST,     /* %h: the address too */
    TOKEN_LOCAL,           /* %A */
    TOKEN_BYTES,           /* %b: - when none */
    TOKEN_BYTES_0,         /* %B */
    TOKEN_COOKIE,          /* %{n}C, %C */
    TOKEN_ELAPSED,         /* %D */
    TOKEN_REQUEST_ELAPSED, /* %{R}W */
    TOKEN_HEADER,          /* %{n}i, %i */
    TOKEN_METHOD,          /* %m */
    TOKEN_ANSWER_HEADER,   /* %{n}o, %o */
    TOKEN_QUERY,           /* %q */
    TOKEN_REMOTE_PORT,     /* %{remote}p */
    TOKEN_LOCAL_PORT,      /* %p */
    TOKEN_LINE,            /* %r */
    TOKEN_STATUS,          /* %s */
    TOKEN_START,           /* %t */
    TOKEN_END,             /* %{t}W */
    TOKEN_USER,            /* %u */
    TOKEN_PATH,            /* %U */
};

struct access_part {
    enum access_token token;
    struct str text; /* of TOKEN_TEXT; the name in braces */
};

struct access_format {
    struct access_part *parts;
    size_t n;
};

/* A query parameter that looks like a password. */
bool access_is_secret_name(struct str);
/* What proves who somebody is does not belong in a log. */
bool access_is_secret_header(struct str);

#endif
