/* Between token.c, who asks, and token_server.c, the process that answers. */
#ifndef SALLYPORT_SAF_TOKEN_PRIVATE_H
#define SALLYPORT_SAF_TOKEN_PRIVATE_H

#include "saf/token.h"

/*
 * Requests, each answered with its type: u8 enum err, str why, result.
 * str token comes first and may be empty.
 */
enum request {
    ASK_WRAP = 1, /* str label, str plain -> str */
    ASK_UNWRAP,   /* str label, str wrapped -> str */
    ASK_NEW_KEY,  /* str label, u8 kind, u32 bits -> str id, str spki */
    ASK_FIND_KEY, /* str label -> str id, str spki */
    ASK_DELETE,   /* str id */
    ASK_SIGN,     /* str id, u8 scheme, u8 digest, u16 salt, str hash -> str */
    ASK_HELLO,    /* -> nothing: the module is loaded */
    ASK_MANAGE,   /* u8 enum token_what, its request -> its result */
};

#define REQUEST_MAX (64u * 1024u)
#define RESULT_MAX (1u << 20)

/* The process: its end of the pair is fd. */
NORETURN void token_serve(const struct angel_conf *, int fd);

#endif
